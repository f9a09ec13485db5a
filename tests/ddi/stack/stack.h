/* SPDX-License-Identifier: MIT */
/*
 * stack.h - one driver that is miniport, filter and protocol over one another, and tests from a work item above them.
 *
 * Model: port.c is the miniport, module.c the filter over it, binding.c the protocol over both; each notes in Seen
 * what it was called for. tests.c runs when all three are up. Restart, pause and the closing calls pend, and a work
 * item or another thread completes them. Nothing else in the machine uses the adapter, but NDIS's own.
 */
#ifndef STACK_H
#define STACK_H

#define NDIS_MINIPORT_DRIVER 1
#define NDIS685_MINIPORT     1
#define NDIS685              1
#include "../ddi.h"

#define OID_STACK_PENDS 0xff010001 /* the miniport holds it until a cancel or StackCompleteHeld() */
#define OID_STACK_FAILS 0xff010002 /* NDIS_STATUS_INVALID_DATA */
#define OID_STACK_SHORT 0xff010003 /* wants 100 bytes */

typedef struct _STACK_SEEN {
    volatile LONG PortPowers, PortHalts, BindingPowers;
    volatile LONG PortResets, PortChecks, PortFilters, BindingResetsBegun, BindingResetsEnded;
    volatile LONG PortSends, PortReturns, PortCancelSends, PortCancelOids, PortDirects, PortSynchronous;
    volatile LONG ModuleSends, ModuleSendsDone, ModuleReceives, ModuleReturns, ModuleCancels, ModuleRestarts,
        ModulePauses, ModuleStatuses, ModuleNetPnP, ModuleDevicePnP, ModuleOids, ModuleOptions;
    volatile LONG BindingSendsDone, BindingReceives, BindingStatuses, BindingOidsDone, BindingDirectsDone,
        BindingPauses, BindingRestarts, BindingBinds, BindingUnbinds, BindingNetPnP, BindingPortsOn, BindingPortsOff,
        BindingPortStates;
} STACK_SEEN;

/* What the miniport was told about low power, and how it answers. */
typedef struct _STACK_PM {
    ULONG Patterns, PatternsMax; /* it has, it takes at most */
    ULONG Offloads;
    ULONG AddedId, RemovedId;      /* of the last request */
    NDIS_PM_PARAMETERS Parameters; /* last told */
    ULONG WakeUp;                  /* likewise, by OID_PNP_ENABLE_WAKE_UP */
    LONG ParametersSets, Powers;   /* times told; Powers as it was then */
} STACK_PM;

/* Selective suspend: what the miniport says when it is asked, and how often it was. */
typedef enum _STACK_IDLE_MODE { StackIdleRefuses, StackIdleConfirms, StackIdleConfirmsLater } STACK_IDLE_MODE;
extern volatile LONG StackIdleMode, StackIdles, StackIdleCancels, StackIdlesForced;
extern ULONG StackPowerAtSend; /* what it had been told when the last frame came */

/* The interfaces as each of the three was told: of the adapter, of the module, of what the binding is bound to. */
typedef struct _STACK_INTERFACES {
    NET_LUID Port, ModuleBase, Module, Bound;
    NET_IFINDEX PortIndex, ModuleBaseIndex, ModuleIndex, BoundIndex;
} STACK_INTERFACES;
extern STACK_INTERFACES StackInterfaces;

extern STACK_PM StackPm;
extern NDIS_STATUS StackIndicated; /* the last status that the binding heard of, and its first four bytes */
extern ULONG StackIndicatedValue;
extern STACK_SEEN Seen;
extern NDIS_HANDLE StackPort;    /* the miniport adapter, NULL: halted */
extern NDIS_HANDLE StackModule;  /* the filter module */
extern NDIS_HANDLE StackBinding; /* the open binding */
extern NDIS_HANDLE StackProtocolDriver;
extern NDIS_HANDLE StackMiniportDriver;
extern volatile LONG StackRefusesRemoval;
extern ULONG StackPower;      /* what the miniport was told last */
extern ULONG StackHaltAction; /* of its last halt */
extern volatile LONG StackHangs;      /* what the miniport says when it is asked */
extern volatile LONG StackResetPends; /* and whether its reset takes a while */
extern volatile LONG StackHoldsSends; /* the miniport keeps what is sent until its cancel */
extern volatile LONG StackPendsEvents; /* the binding completes events later */
extern ULONG StackBoundPorts;          /* how many ports were active when it bound */
extern NDIS_STATUS StackLastStatus;   /* of the last request completed to the binding or the module */

NDIS_STATUS PortRegister(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath);
NDIS_STATUS ModuleRegister(PDRIVER_OBJECT DriverObject);
NDIS_STATUS BindingRegister(VOID);
VOID PortCompleteHeld(NDIS_STATUS Status);
PNET_BUFFER_LIST PortTakeHeld(VOID); /* the send that it holds, no longer held */

/* Runs Routine in a work item of its own; for what must be completed later, from elsewhere. */
VOID StackLater(NDIS_HANDLE Owner, NDIS_IO_WORKITEM_ROUTINE Routine, PVOID Context);
VOID StackRequest(PNDIS_OID_REQUEST Request, NDIS_REQUEST_TYPE Type, NDIS_OID Oid, PVOID Buffer, ULONG Length);

/* Within two seconds of machine time. */
BOOLEAN StackReaches(volatile LONG *Count, LONG Value);
VOID StackRunTests(VOID);
/* A frame of 100 bytes, one at a time. */
PNET_BUFFER_LIST StackFrame(VOID);
VOID StackFreeFrame(VOID);
/* NdisOidRequest and its like from the binding, waited for. */
NDIS_STATUS StackAsk(NDIS_STATUS(NTAPI *Send)(NDIS_HANDLE, PNDIS_OID_REQUEST), volatile LONG *Done,
                     PNDIS_OID_REQUEST Request);
extern const DDI_GROUP stackGroup, portsGroup, resetGroup, pollGroup, deviceGroup, pmGroup, idleGroup, leaveGroup;
extern const DDI_GROUP olderGroup; /* the only one of a build with STACK_OLDER, whose miniport is of NDIS 6.1 */

#endif
