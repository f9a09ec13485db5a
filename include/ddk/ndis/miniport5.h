/* SPDX-License-Identifier: MIT */
/*
 * ddk/ndis/miniport5.h - NDIS 5.x: miniport and intermediate drivers.
 *
 * Model: a driver holds the address of its NDIS_MINIPORT_BLOCK as MiniportAdapterHandle, and what looks like a call of
 * NdisMSendComplete and its kin goes through a pointer in that block. So the offsets of those pointers are part of
 * the interface of compiled drivers; every other field is NDIS's own. Layout: observed, mingw-w64's ddk/ndis.h.
 */
#ifndef UNDIS_DDK_NDIS_MINIPORT5_H
#define UNDIS_DDK_NDIS_MINIPORT5_H

#include "miniport.h"
#include "packet5.h"

typedef struct _NDIS_MINIPORT_BLOCK NDIS_MINIPORT_BLOCK, *PNDIS_MINIPORT_BLOCK;

#define NDIS_ATTRIBUTE_IGNORE_PACKET_TIMEOUT 0x00000001
#define NDIS_ATTRIBUTE_IGNORE_REQUEST_TIMEOUT 0x00000002
#define NDIS_ATTRIBUTE_IGNORE_TOKEN_RING_ERRORS 0x00000004
#define NDIS_ATTRIBUTE_BUS_MASTER 0x00000008
#define NDIS_ATTRIBUTE_INTERMEDIATE_DRIVER 0x00000010
#define NDIS_ATTRIBUTE_DESERIALIZE 0x00000020
#define NDIS_ATTRIBUTE_NO_HALT_ON_SUSPEND 0x00000040
#define NDIS_ATTRIBUTE_SURPRISE_REMOVE_OK 0x00000080
#define NDIS_ATTRIBUTE_NOT_CO_NDIS 0x00000100
#define NDIS_ATTRIBUTE_USES_SAFE_BUFFER_APIS 0x00000200

/* --- handlers of a miniport --- */

typedef BOOLEAN(NTAPI *W_CHECK_FOR_HANG_HANDLER)(NDIS_HANDLE MiniportAdapterContext);
typedef VOID(NTAPI *W_DISABLE_INTERRUPT_HANDLER)(NDIS_HANDLE MiniportAdapterContext);
typedef VOID(NTAPI *W_ENABLE_INTERRUPT_HANDLER)(NDIS_HANDLE MiniportAdapterContext);
typedef VOID(NTAPI *W_HALT_HANDLER)(NDIS_HANDLE MiniportAdapterContext);
typedef VOID(NTAPI *W_HANDLE_INTERRUPT_HANDLER)(NDIS_HANDLE MiniportAdapterContext);
typedef NDIS_STATUS(NTAPI *W_INITIALIZE_HANDLER)(PNDIS_STATUS OpenErrorStatus, PUINT SelectedMediumIndex,
                                                 PNDIS_MEDIUM MediumArray, UINT MediumArraySize,
                                                 NDIS_HANDLE MiniportAdapterHandle,
                                                 NDIS_HANDLE WrapperConfigurationContext);
typedef VOID(NTAPI *W_ISR_HANDLER)(PBOOLEAN InterruptRecognized, PBOOLEAN QueueMiniportHandleInterrupt,
                                   NDIS_HANDLE MiniportAdapterContext);
typedef NDIS_STATUS(NTAPI *W_QUERY_INFORMATION_HANDLER)(NDIS_HANDLE MiniportAdapterContext, NDIS_OID Oid,
                                                        PVOID InformationBuffer, ULONG InformationBufferLength,
                                                        PULONG BytesWritten, PULONG BytesNeeded);
typedef NDIS_STATUS(NTAPI *W_RECONFIGURE_HANDLER)(PNDIS_STATUS OpenErrorStatus, NDIS_HANDLE MiniportAdapterContext,
                                                  NDIS_HANDLE WrapperConfigurationContext);
typedef NDIS_STATUS(NTAPI *W_RESET_HANDLER)(PBOOLEAN AddressingReset, NDIS_HANDLE MiniportAdapterContext);
typedef NDIS_STATUS(NTAPI *W_SEND_HANDLER)(NDIS_HANDLE MiniportAdapterContext, PNDIS_PACKET Packet, UINT Flags);
typedef NDIS_STATUS(NTAPI *W_SET_INFORMATION_HANDLER)(NDIS_HANDLE MiniportAdapterContext, NDIS_OID Oid,
                                                      PVOID InformationBuffer, ULONG InformationBufferLength,
                                                      PULONG BytesRead, PULONG BytesNeeded);
typedef NDIS_STATUS(NTAPI *W_TRANSFER_DATA_HANDLER)(PNDIS_PACKET Packet, PUINT BytesTransferred,
                                                    NDIS_HANDLE MiniportAdapterContext,
                                                    NDIS_HANDLE MiniportReceiveContext, UINT ByteOffset,
                                                    UINT BytesToTransfer);
typedef VOID(NTAPI *W_RETURN_PACKET_HANDLER)(NDIS_HANDLE MiniportAdapterContext, PNDIS_PACKET Packet);
typedef VOID(NTAPI *W_SEND_PACKETS_HANDLER)(NDIS_HANDLE MiniportAdapterContext, PPNDIS_PACKET PacketArray,
                                            UINT NumberOfPackets);
typedef VOID(NTAPI *W_ALLOCATE_COMPLETE_HANDLER)(NDIS_HANDLE MiniportAdapterContext, PVOID VirtualAddress,
                                                 PNDIS_PHYSICAL_ADDRESS PhysicalAddress, ULONG Length, PVOID Context);
typedef VOID(NTAPI *W_CANCEL_SEND_PACKETS_HANDLER)(NDIS_HANDLE MiniportAdapterContext, PVOID CancelId);
typedef VOID(NTAPI *W_PNP_EVENT_NOTIFY_HANDLER)(NDIS_HANDLE MiniportAdapterContext, NDIS_DEVICE_PNP_EVENT PnPEvent,
                                                PVOID InformationBuffer, ULONG InformationBufferLength);
typedef VOID(NTAPI *W_MINIPORT_SHUTDOWN_HANDLER)(PVOID ShutdownContext);
typedef VOID(NTAPI *ADAPTER_SHUTDOWN_HANDLER)(PVOID ShutdownContext);

#define DDK_NDIS30_MINIPORT_FIELDS                        \
    UCHAR MajorNdisVersion;                               \
    UCHAR MinorNdisVersion;                               \
    UINT Reserved;                                        \
    W_CHECK_FOR_HANG_HANDLER CheckForHangHandler;         \
    W_DISABLE_INTERRUPT_HANDLER DisableInterruptHandler;  \
    W_ENABLE_INTERRUPT_HANDLER EnableInterruptHandler;    \
    W_HALT_HANDLER HaltHandler;                           \
    W_HANDLE_INTERRUPT_HANDLER HandleInterruptHandler;    \
    W_INITIALIZE_HANDLER InitializeHandler;               \
    W_ISR_HANDLER ISRHandler;                             \
    W_QUERY_INFORMATION_HANDLER QueryInformationHandler;  \
    W_RECONFIGURE_HANDLER ReconfigureHandler;             \
    W_RESET_HANDLER ResetHandler;                         \
    W_SEND_HANDLER SendHandler;                           \
    W_SET_INFORMATION_HANDLER SetInformationHandler;      \
    W_TRANSFER_DATA_HANDLER TransferDataHandler;
#define DDK_NDIS40_MINIPORT_FIELDS                        \
    DDK_NDIS30_MINIPORT_FIELDS                            \
    W_RETURN_PACKET_HANDLER ReturnPacketHandler;          \
    W_SEND_PACKETS_HANDLER SendPacketsHandler;            \
    W_ALLOCATE_COMPLETE_HANDLER AllocateCompleteHandler;
/* The six of connection-oriented NDIS have no type here: undis has none of it. */
#define DDK_NDIS50_MINIPORT_FIELDS                        \
    DDK_NDIS40_MINIPORT_FIELDS                            \
    PVOID CoCreateVcHandler;                              \
    PVOID CoDeleteVcHandler;                              \
    PVOID CoActivateVcHandler;                            \
    PVOID CoDeactivateVcHandler;                          \
    PVOID CoSendPacketsHandler;                           \
    PVOID CoRequestHandler;
#define DDK_NDIS51_MINIPORT_FIELDS                        \
    DDK_NDIS50_MINIPORT_FIELDS                            \
    W_CANCEL_SEND_PACKETS_HANDLER CancelSendPacketsHandler; \
    W_PNP_EVENT_NOTIFY_HANDLER PnPEventNotifyHandler;     \
    W_MINIPORT_SHUTDOWN_HANDLER AdapterShutdownHandler;   \
    PVOID Reserved1;                                      \
    PVOID Reserved2;                                      \
    PVOID Reserved3;                                      \
    PVOID Reserved4;

typedef struct _NDIS30_MINIPORT_CHARACTERISTICS {
    DDK_NDIS30_MINIPORT_FIELDS
} NDIS30_MINIPORT_CHARACTERISTICS;
typedef struct _NDIS40_MINIPORT_CHARACTERISTICS {
    DDK_NDIS40_MINIPORT_FIELDS
} NDIS40_MINIPORT_CHARACTERISTICS;
typedef struct _NDIS50_MINIPORT_CHARACTERISTICS {
    DDK_NDIS50_MINIPORT_FIELDS
} NDIS50_MINIPORT_CHARACTERISTICS;
typedef struct _NDIS51_MINIPORT_CHARACTERISTICS {
    DDK_NDIS51_MINIPORT_FIELDS
} NDIS51_MINIPORT_CHARACTERISTICS;
typedef struct _NDIS_MINIPORT_CHARACTERISTICS {
#if defined(NDIS40_MINIPORT)
    DDK_NDIS40_MINIPORT_FIELDS
#elif defined(NDIS50_MINIPORT)
    DDK_NDIS50_MINIPORT_FIELDS
#else
    DDK_NDIS51_MINIPORT_FIELDS
#endif
} NDIS_MINIPORT_CHARACTERISTICS, *PNDIS_MINIPORT_CHARACTERISTICS;

/* --- the block --- */

typedef struct _REFERENCE {
    KSPIN_LOCK SpinLock;
    USHORT ReferenceCount;
    BOOLEAN Closing;
} REFERENCE, *PREFERENCE;

typedef VOID(NTAPI *FILTER_PACKET_INDICATION_HANDLER)(NDIS_HANDLE Miniport, PPNDIS_PACKET PacketArray,
                                                      UINT NumberOfPackets);
typedef VOID(NTAPI *NDIS_M_SEND_COMPLETE_HANDLER)(NDIS_HANDLE MiniportAdapterHandle, PNDIS_PACKET Packet,
                                                  NDIS_STATUS Status);
typedef VOID(NTAPI *NDIS_M_SEND_RESOURCES_HANDLER)(NDIS_HANDLE MiniportAdapterHandle);
typedef VOID(NTAPI *NDIS_M_RESET_COMPLETE_HANDLER)(NDIS_HANDLE MiniportAdapterHandle, NDIS_STATUS Status,
                                                   BOOLEAN AddressingReset);
typedef VOID(NTAPI *ETH_RCV_INDICATE_HANDLER)(PVOID Filter, NDIS_HANDLE MacReceiveContext, PCHAR Address,
                                              PVOID HeaderBuffer, UINT HeaderBufferSize, PVOID LookaheadBuffer,
                                              UINT LookaheadBufferSize, UINT PacketSize);
typedef VOID(NTAPI *ETH_RCV_COMPLETE_HANDLER)(PVOID Filter);
typedef VOID(NTAPI *NDIS_M_STATUS_HANDLER)(NDIS_HANDLE MiniportHandle, NDIS_STATUS GeneralStatus, PVOID StatusBuffer,
                                           UINT StatusBufferSize);
typedef VOID(NTAPI *NDIS_M_STS_COMPLETE_HANDLER)(NDIS_HANDLE MiniportAdapterHandle);
typedef VOID(NTAPI *NDIS_M_TD_COMPLETE_HANDLER)(NDIS_HANDLE MiniportAdapterHandle, PNDIS_PACKET Packet,
                                                NDIS_STATUS Status, UINT BytesTransferred);
typedef VOID(NTAPI *NDIS_M_REQ_COMPLETE_HANDLER)(NDIS_HANDLE MiniportAdapterHandle, NDIS_STATUS Status);

struct _NDIS_MINIPORT_BLOCK {
    NDIS_OBJECT_HEADER Header;
    PNDIS_MINIPORT_BLOCK NextMiniport;
    PVOID DriverHandle;
    NDIS_HANDLE MiniportAdapterContext;
    UNICODE_STRING MiniportName;
    PVOID BindPaths;
    NDIS_HANDLE OpenQueue;
    REFERENCE ShortRef;
    NDIS_HANDLE DeviceContext;
    UCHAR Padding1;
    UCHAR LockAcquired;
    UCHAR PmodeOpens;
    UCHAR AssignedProcessor;
    KSPIN_LOCK Lock;
    PNDIS_REQUEST MediaRequest;
    PVOID Interrupt;
    ULONG Flags;
    ULONG PnPFlags;
    LIST_ENTRY PacketList;
    PNDIS_PACKET FirstPendingPacket;
    PNDIS_PACKET ReturnPacketsQueue;
    ULONG RequestBuffer;
    PVOID SetMCastBuffer;
    PNDIS_MINIPORT_BLOCK PrimaryMiniport;
    PVOID WrapperContext;
    PVOID BusDataContext;
    ULONG PnPCapabilities;
    PVOID Resources;
    NDIS_TIMER WakeUpDpcTimer;
    UNICODE_STRING BaseName;
    UNICODE_STRING SymbolicLinkName;
    ULONG CheckForHangSeconds;
    USHORT CFHangTicks;
    USHORT CFHangCurrentTick;
    NDIS_STATUS ResetStatus;
    NDIS_HANDLE ResetOpen;
    PVOID EthDB;
    PVOID TrDB;
    PVOID FddiDB;
    PVOID ArcDB;
    FILTER_PACKET_INDICATION_HANDLER PacketIndicateHandler;
    NDIS_M_SEND_COMPLETE_HANDLER SendCompleteHandler;
    NDIS_M_SEND_RESOURCES_HANDLER SendResourcesHandler;
    NDIS_M_RESET_COMPLETE_HANDLER ResetCompleteHandler;
    NDIS_MEDIUM MediaType;
    ULONG BusNumber;
    NDIS_INTERFACE_TYPE BusType;
    NDIS_INTERFACE_TYPE AdapterType;
    PDEVICE_OBJECT DeviceObject;
    PDEVICE_OBJECT PhysicalDeviceObject;
    PDEVICE_OBJECT NextDeviceObject;
    PVOID MapRegisters;
    PVOID CallMgrAfList;
    PVOID MiniportThread;
    PVOID SetInfoBuf;
    USHORT SetInfoBufLen;
    USHORT MaxSendPackets;
    NDIS_STATUS FakeStatus;
    PVOID LockHandler;
    PUNICODE_STRING pAdapterInstanceName;
    PVOID TimerQueue;
    UINT MacOptions;
    PNDIS_REQUEST PendingRequest;
    UINT MaximumLongAddresses;
    UINT MaximumShortAddresses;
    UINT CurrentLookahead;
    UINT MaximumLookahead;
    W_HANDLE_INTERRUPT_HANDLER HandleInterruptHandler;
    W_DISABLE_INTERRUPT_HANDLER DisableInterruptHandler;
    W_ENABLE_INTERRUPT_HANDLER EnableInterruptHandler;
    W_SEND_PACKETS_HANDLER SendPacketsHandler;
    PVOID DeferredSendHandler;
    ETH_RCV_INDICATE_HANDLER EthRxIndicateHandler;
    PVOID TrRxIndicateHandler;
    PVOID FddiRxIndicateHandler;
    ETH_RCV_COMPLETE_HANDLER EthRxCompleteHandler;
    PVOID TrRxCompleteHandler;
    PVOID FddiRxCompleteHandler;
    NDIS_M_STATUS_HANDLER StatusHandler;
    NDIS_M_STS_COMPLETE_HANDLER StatusCompleteHandler;
    NDIS_M_TD_COMPLETE_HANDLER TDCompleteHandler;
    NDIS_M_REQ_COMPLETE_HANDLER QueryCompleteHandler;
    NDIS_M_REQ_COMPLETE_HANDLER SetCompleteHandler;
    PVOID WanSendCompleteHandler;
    PVOID WanRcvHandler;
    PVOID WanRcvCompleteHandler;
};

/* As the macros below, for whoever links instead: ndis.sys exports these too. */
#if defined(BINARY_COMPATIBLE) || defined(UNDIS_HOST)
NDISAPI VOID NTAPI NdisMSendComplete(NDIS_HANDLE MiniportAdapterHandle, PNDIS_PACKET Packet, NDIS_STATUS Status);
NDISAPI VOID NTAPI NdisMSendResourcesAvailable(NDIS_HANDLE MiniportAdapterHandle);
NDISAPI VOID NTAPI NdisMIndicateStatus(NDIS_HANDLE MiniportAdapterHandle, NDIS_STATUS GeneralStatus,
                                       PVOID StatusBuffer, UINT StatusBufferSize);
NDISAPI VOID NTAPI NdisMIndicateStatusComplete(NDIS_HANDLE MiniportAdapterHandle);
NDISAPI VOID NTAPI NdisMQueryInformationComplete(NDIS_HANDLE MiniportAdapterHandle, NDIS_STATUS Status);
NDISAPI VOID NTAPI NdisMSetInformationComplete(NDIS_HANDLE MiniportAdapterHandle, NDIS_STATUS Status);
NDISAPI VOID NTAPI NdisMTransferDataComplete(NDIS_HANDLE MiniportAdapterHandle, PNDIS_PACKET Packet,
                                             NDIS_STATUS Status, UINT BytesTransferred);
#else
#define DDK_NDIS_BLOCK(H) ((PNDIS_MINIPORT_BLOCK)(H))
#define NdisMSendComplete(H, Packet, Status) (DDK_NDIS_BLOCK(H)->SendCompleteHandler((H), (Packet), (Status)))
#define NdisMSendResourcesAvailable(H) (DDK_NDIS_BLOCK(H)->SendResourcesHandler(H))
#define NdisMResetComplete(H, Status, Addressing) \
    (DDK_NDIS_BLOCK(H)->ResetCompleteHandler((H), (Status), (Addressing)))
#define NdisMIndicateReceivePacket(H, Packets, Count) \
    (DDK_NDIS_BLOCK(H)->PacketIndicateHandler((H), (Packets), (Count)))
#define NdisMEthIndicateReceive(H, Context, Header, HeaderSize, Lookahead, LookaheadSize, PacketSize)               \
    (DDK_NDIS_BLOCK(H)->EthRxIndicateHandler(DDK_NDIS_BLOCK(H)->EthDB, (Context), (PCHAR)(Header), (Header),         \
                                             (HeaderSize), (Lookahead), (LookaheadSize), (PacketSize)))
#define NdisMEthIndicateReceiveComplete(H) (DDK_NDIS_BLOCK(H)->EthRxCompleteHandler(DDK_NDIS_BLOCK(H)->EthDB))
#define NdisMIndicateStatus(H, Status, Buffer, Size) \
    (DDK_NDIS_BLOCK(H)->StatusHandler((H), (Status), (Buffer), (Size)))
#define NdisMIndicateStatusComplete(H) (DDK_NDIS_BLOCK(H)->StatusCompleteHandler(H))
#define NdisMTransferDataComplete(H, Packet, Status, Bytes) \
    (DDK_NDIS_BLOCK(H)->TDCompleteHandler((H), (Packet), (Status), (Bytes)))
#define NdisMQueryInformationComplete(H, Status) (DDK_NDIS_BLOCK(H)->QueryCompleteHandler((H), (Status)))
#define NdisMSetInformationComplete(H, Status) (DDK_NDIS_BLOCK(H)->SetCompleteHandler((H), (Status)))
#endif

/* --- registration and attributes --- */

NDISAPI VOID NTAPI NdisInitializeWrapper(PNDIS_HANDLE NdisWrapperHandle, PVOID SystemSpecific1, PVOID SystemSpecific2,
                                         PVOID SystemSpecific3);
NDISAPI VOID NTAPI NdisTerminateWrapper(NDIS_HANDLE NdisWrapperHandle, PVOID SystemSpecific);
#define NdisMInitializeWrapper(Handle, A, B, C) NdisInitializeWrapper((Handle), (A), (B), (C))
NDISAPI NDIS_STATUS NTAPI NdisMRegisterMiniport(NDIS_HANDLE NdisWrapperHandle,
                                                PNDIS_MINIPORT_CHARACTERISTICS MiniportCharacteristics,
                                                UINT CharacteristicsLength);
NDISAPI VOID NTAPI NdisMRegisterUnloadHandler(NDIS_HANDLE NdisWrapperHandle, PDRIVER_UNLOAD UnloadHandler);
NDISAPI VOID NTAPI NdisMSetAttributesEx(NDIS_HANDLE MiniportAdapterHandle, NDIS_HANDLE MiniportAdapterContext,
                                        UINT CheckForHangTimeInSeconds, ULONG AttributeFlags,
                                        NDIS_INTERFACE_TYPE AdapterType);
#if defined(UNDIS_HOST)
NDISAPI VOID NTAPI NdisMSetAttributes(NDIS_HANDLE MiniportAdapterHandle, NDIS_HANDLE MiniportAdapterContext,
                                      BOOLEAN BusMaster, NDIS_INTERFACE_TYPE AdapterType);
#else
#define NdisMSetAttributes(H, Context, BusMaster, AdapterType) \
    NdisMSetAttributesEx((H), (Context), 0, (BusMaster) ? NDIS_ATTRIBUTE_BUS_MASTER : 0, (AdapterType))
#endif
NDISAPI VOID NTAPI NdisMRegisterAdapterShutdownHandler(NDIS_HANDLE MiniportHandle, PVOID ShutdownContext,
                                                       ADAPTER_SHUTDOWN_HANDLER ShutdownHandler);
NDISAPI VOID NTAPI NdisMDeregisterAdapterShutdownHandler(NDIS_HANDLE MiniportHandle);
NDISAPI NDIS_STATUS NTAPI NdisMRegisterDevice(NDIS_HANDLE NdisWrapperHandle, PNDIS_STRING DeviceName,
                                              PNDIS_STRING SymbolicName, PDRIVER_DISPATCH MajorFunctions[],
                                              PDEVICE_OBJECT *pDeviceObject, NDIS_HANDLE *NdisDeviceHandle);
NDISAPI NDIS_STATUS NTAPI NdisMDeregisterDevice(NDIS_HANDLE NdisDeviceHandle);

/* --- timers --- */

typedef struct _NDIS_MINIPORT_TIMER {
    KTIMER Timer;
    KDPC Dpc;
    PNDIS_TIMER_FUNCTION MiniportTimerFunction;
    PVOID MiniportTimerContext;
    PNDIS_MINIPORT_BLOCK Miniport;
    struct _NDIS_MINIPORT_TIMER *NextDeferredTimer;
} NDIS_MINIPORT_TIMER, *PNDIS_MINIPORT_TIMER;
NDISAPI VOID NTAPI NdisMInitializeTimer(PNDIS_MINIPORT_TIMER Timer, NDIS_HANDLE MiniportAdapterHandle,
                                        PNDIS_TIMER_FUNCTION TimerFunction, PVOID FunctionContext);
NDISAPI VOID NTAPI NdisMSetTimer(PNDIS_MINIPORT_TIMER Timer, UINT MillisecondsToDelay);
NDISAPI VOID NTAPI NdisMSetPeriodicTimer(PNDIS_MINIPORT_TIMER Timer, UINT MillisecondsPeriod);
NDISAPI VOID NTAPI NdisMCancelTimer(PNDIS_MINIPORT_TIMER Timer, PBOOLEAN TimerCancelled);

/* --- hardware: interrupts, DMA, resources --- */

typedef enum _NDIS_INTERRUPT_MODE { NdisInterruptLevelSensitive, NdisInterruptLatched } NDIS_INTERRUPT_MODE,
    *PNDIS_INTERRUPT_MODE;

/* Opaque to drivers. */
typedef struct _NDIS_MINIPORT_INTERRUPT {
    PVOID Reserved[19];
} NDIS_MINIPORT_INTERRUPT, *PNDIS_MINIPORT_INTERRUPT;

NDISAPI NDIS_STATUS NTAPI NdisMRegisterInterrupt(PNDIS_MINIPORT_INTERRUPT Interrupt, NDIS_HANDLE MiniportAdapterHandle,
                                                 UINT InterruptVector, UINT InterruptLevel, BOOLEAN RequestIsr,
                                                 BOOLEAN SharedInterrupt, NDIS_INTERRUPT_MODE InterruptMode);
NDISAPI VOID NTAPI NdisMDeregisterInterrupt(PNDIS_MINIPORT_INTERRUPT Interrupt);
NDISAPI BOOLEAN NTAPI NdisMSynchronizeWithInterrupt(PNDIS_MINIPORT_INTERRUPT Interrupt, PVOID SynchronizeFunction,
                                                    PVOID SynchronizeContext);
NDISAPI VOID NTAPI NdisMQueryAdapterResources(PNDIS_STATUS Status, NDIS_HANDLE WrapperConfigurationContext,
                                              PNDIS_RESOURCE_LIST ResourceList, PUINT BufferSize);
NDISAPI NDIS_STATUS NTAPI NdisMInitializeScatterGatherDma(NDIS_HANDLE MiniportAdapterHandle, BOOLEAN Dma64BitAddresses,
                                                          ULONG MaximumPhysicalMapping);
typedef enum _NDIS_DMA_SIZE { NDIS_DMA_24BITS, NDIS_DMA_32BITS, NDIS_DMA_64BITS } NDIS_DMA_SIZE;
typedef struct _NDIS_PHYSICAL_ADDRESS_UNIT {
    NDIS_PHYSICAL_ADDRESS PhysicalAddress;
    UINT Length;
} NDIS_PHYSICAL_ADDRESS_UNIT, *PNDIS_PHYSICAL_ADDRESS_UNIT;
NDISAPI NDIS_STATUS NTAPI NdisMAllocateSharedMemoryAsync(NDIS_HANDLE MiniportAdapterHandle, ULONG Length,
                                                         BOOLEAN Cached, PVOID Context);
NDISAPI NDIS_STATUS NTAPI NdisMAllocateMapRegisters(NDIS_HANDLE MiniportAdapterHandle, UINT DmaChannel,
                                                    NDIS_DMA_SIZE DmaSize, ULONG BaseMapRegistersNeeded,
                                                    ULONG MaximumBufferSize);
NDISAPI VOID NTAPI NdisMFreeMapRegisters(NDIS_HANDLE MiniportAdapterHandle);
NDISAPI VOID NTAPI NdisMStartBufferPhysicalMapping(NDIS_HANDLE MiniportAdapterHandle, PNDIS_BUFFER Buffer,
                                                   ULONG PhysicalMapRegister, BOOLEAN WriteToDevice,
                                                   PNDIS_PHYSICAL_ADDRESS_UNIT PhysicalAddressArray, PUINT ArraySize);
NDISAPI VOID NTAPI NdisMCompleteBufferPhysicalMapping(NDIS_HANDLE MiniportAdapterHandle, PNDIS_BUFFER Buffer,
                                                      ULONG PhysicalMapRegister);
NDISAPI ULONG NTAPI NdisReadPciSlotInformation(NDIS_HANDLE NdisAdapterHandle, ULONG SlotNumber, ULONG Offset,
                                               PVOID Buffer, ULONG Length);
NDISAPI ULONG NTAPI NdisWritePciSlotInformation(NDIS_HANDLE NdisAdapterHandle, ULONG SlotNumber, ULONG Offset,
                                                PVOID Buffer, ULONG Length);

/* --- intermediate drivers --- */

NDISAPI NDIS_STATUS NTAPI NdisIMRegisterLayeredMiniport(NDIS_HANDLE NdisWrapperHandle,
                                                        PNDIS_MINIPORT_CHARACTERISTICS MiniportCharacteristics,
                                                        UINT CharacteristicsLength, PNDIS_HANDLE DriverHandle);
NDISAPI VOID NTAPI NdisIMDeregisterLayeredMiniport(NDIS_HANDLE DriverHandle);
NDISAPI PNDIS_PACKET_STACK NTAPI NdisIMGetCurrentPacketStack(PNDIS_PACKET Packet, BOOLEAN *StacksRemaining);
NDISAPI VOID NTAPI NdisIMCopySendPerPacketInfo(PNDIS_PACKET DstPacket, PNDIS_PACKET SrcPacket);
NDISAPI VOID NTAPI NdisIMCopySendCompletePerPacketInfo(PNDIS_PACKET DstPacket, PNDIS_PACKET SrcPacket);

DDK_ASSERT_SIZE(REFERENCE, 0x10);
DDK_ASSERT_SIZE(NDIS_MINIPORT_TIMER, 0xa0);
DDK_ASSERT_SIZE(NDIS_MINIPORT_INTERRUPT, 0x98);

#endif /* UNDIS_DDK_NDIS_MINIPORT5_H */
