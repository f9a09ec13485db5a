/* SPDX-License-Identifier: MIT */
/* frames.c - rules about NBLs and their flags; see rules_filter.h. */
#include "rules_filter.h"

/* ------------------------------------------------------------------ a frame of its own */

static VOID
IndicateAsTwo(PMODULE Module)
{
    IndicateOwn(Module, 2, 0);
}

static VOID
IndicateAsOne(PMODULE Module)
{
    IndicateOwn(Module, 1, 0);
}

CHANGE(BreakCountsWrong, .Running = IndicateAsTwo)
CHANGE(KeepCountsWrong, .Running = IndicateAsOne)

static VOID
IndicateTwice(PMODULE Module)
{
    IndicateOwn(Module, 1, 0);
    IndicateOwn(Module, 1, 0);
}

CHANGE(BreakIndicatesTwice, .Running = IndicateTwice)
CHANGE(KeepIndicatesTwice, .Running = IndicateAsOne)

static VOID
SendOnce(PMODULE Module)
{
    SendOwn(Module, 0);
}

static VOID
SendTwice(PMODULE Module)
{
    SendOwn(Module, 0);
    SendOwn(Module, 0);
}

CHANGE(BreakSendsTwice, .Running = SendTwice)
CHANGE(KeepSendsTwice, .Running = SendOnce)

static VOID
SendAndFree(PMODULE Module)
{
    SendOwn(Module, 0);
    NdisFreeNetBufferList(Module->Own);
}

CHANGE(BreakFreesSent, .Running = SendAndFree)
CHANGE(KeepFreesSent, .Running = SendOnce) /* Detach frees it */

static VOID
SendUnnamed(PMODULE Module)
{
    Module->Own->SourceHandle = NULL;
    SendOwn(Module, 0);
}

CHANGE(BreakNamesNobody, .Running = SendUnnamed)
CHANGE(KeepNamesNobody, .Running = SendOnce)

static VOID
ReturnAll(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, ULONG ReturnFlags)
{
    PMODULE module = FilterModuleContext;

    NdisFReturnNetBufferLists(module->Handle, NetBufferLists, ReturnFlags);
}

CHANGE(BreakReturnsTwice, .Running = IndicateAsOne, .Return = ReturnAll)
CHANGE(KeepReturnsTwice, .Running = IndicateAsOne)

CHANGE(BreakTakesNoReturns, .Running = IndicateAsOne, .NoReturns = TRUE)
CHANGE(KeepTakesNoReturns, .Running = IndicateAsOne)

static VOID
CompleteAll(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, ULONG SendCompleteFlags)
{
    PMODULE module = FilterModuleContext;

    NdisFSendNetBufferListsComplete(module->Handle, NetBufferLists, SendCompleteFlags);
}

CHANGE(BreakCompletesTwice, .Running = SendOnce, .SendComplete = CompleteAll)
CHANGE(KeepCompletesTwice, .Running = SendOnce)

/* ------------------------------------------------------------------ pools */

static VOID
UsePool(PMODULE Module, BOOLEAN Empty)
{
    NDIS_HANDLE pool = CreatePool(Module->Handle, NDIS_OBJECT_TYPE_DEFAULT);
    PNET_BUFFER_LIST nbl = pool != NULL ? CreateFrame(pool, Module) : NULL;

    if (nbl != NULL && Empty)
        NdisFreeNetBufferList(nbl);
    if (pool != NULL)
        NdisFreeNetBufferListPool(pool);
}

static VOID
FreeFullPool(PMODULE Module)
{
    UsePool(Module, FALSE);
}

static VOID
FreeEmptyPool(PMODULE Module)
{
    UsePool(Module, TRUE);
}

CHANGE(BreakFreesPool, .Running = FreeFullPool)
CHANGE(KeepFreesPool, .Running = FreeEmptyPool)

/* ------------------------------------------------------------------ frames of others */

static VOID
SendTheirsTwice(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber,
                ULONG SendFlags)
{
    PMODULE module = FilterModuleContext;

    NdisFSendNetBufferLists(module->Handle, NetBufferLists, PortNumber, SendFlags);
    NdisFSendNetBufferLists(module->Handle, NetBufferLists, PortNumber, SendFlags);
}

CHANGE(BreakSendsTheirs, .Send = SendTheirsTwice)
CHANGE(KeepSendsTheirs, .Send = Send)

/* Refuses every frame from above. */
static VOID
Refuse(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, ULONG CompleteFlags)
{
    PMODULE module = FilterModuleContext;
    PNET_BUFFER_LIST nbl;

    for (nbl = NetBufferLists; nbl != NULL; nbl = NET_BUFFER_LIST_NEXT_NBL(nbl))
        NET_BUFFER_LIST_STATUS(nbl) = NDIS_STATUS_FAILURE;
    NdisFSendNetBufferListsComplete(module->Handle, NetBufferLists, CompleteFlags);
}

static VOID
CompleteWithFlag(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber,
                 ULONG SendFlags)
{
    UNREFERENCED_PARAMETER(PortNumber);
    UNREFERENCED_PARAMETER(SendFlags);

    Refuse(FilterModuleContext, NetBufferLists, NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL);
}

static VOID
CompleteSameLevel(NDIS_HANDLE FilterModuleContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber,
                  ULONG SendFlags)
{
    UNREFERENCED_PARAMETER(PortNumber);

    Refuse(FilterModuleContext, NetBufferLists,
           NDIS_TEST_SEND_AT_DISPATCH_LEVEL(SendFlags) ? NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL : 0);
}

CHANGE(BreakSendCompleteFlag, .Send = CompleteWithFlag)
CHANGE(KeepSendCompleteFlag, .Send = CompleteSameLevel)

/* Gives back what comes; what is lent goes back by itself. */
static VOID
GiveBack(PMODULE Module, PNET_BUFFER_LIST NetBufferLists, ULONG ReceiveFlags, BOOLEAN LentToo)
{
    ULONG flags = NDIS_TEST_RECEIVE_AT_DISPATCH_LEVEL(ReceiveFlags) ? NDIS_RETURN_FLAGS_DISPATCH_LEVEL : 0;

    if (LentToo || NDIS_TEST_RECEIVE_CAN_PEND(ReceiveFlags))
        NdisFReturnNetBufferLists(Module->Handle, NetBufferLists, flags);
}

static VOID
ReturnLent(PMODULE Module, PNET_BUFFER_LIST NetBufferLists, ULONG ReceiveFlags)
{
    GiveBack(Module, NetBufferLists, ReceiveFlags, TRUE);
}

static VOID
ReturnNotLent(PMODULE Module, PNET_BUFFER_LIST NetBufferLists, ULONG ReceiveFlags)
{
    GiveBack(Module, NetBufferLists, ReceiveFlags, FALSE);
}

CHANGE(BreakReturnsLent, .Takes = ReturnLent)
CHANGE(KeepReturnsLent, .Takes = ReturnNotLent)

/* ------------------------------------------------------------------ flags */

static VOID
SendWithFlag(PMODULE Module)
{
    SendOwn(Module, NDIS_SEND_FLAGS_DISPATCH_LEVEL);
}

static VOID
SendHighWithFlag(PMODULE Module)
{
    KIRQL irql = KeRaiseIrqlToDpcLevel();

    SendOwn(Module, NDIS_SEND_FLAGS_DISPATCH_LEVEL);
    KeLowerIrql(irql);
}

CHANGE(BreakSendFlag, .Running = SendWithFlag)
CHANGE(KeepSendFlag, .Running = SendHighWithFlag)

static VOID
IndicateWithFlag(PMODULE Module)
{
    IndicateOwn(Module, 1, NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL);
}

static VOID
IndicateHighWithFlag(PMODULE Module)
{
    KIRQL irql = KeRaiseIrqlToDpcLevel();

    IndicateOwn(Module, 1, NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL);
    KeLowerIrql(irql);
}

CHANGE(BreakReceiveFlag, .Running = IndicateWithFlag)
CHANGE(KeepReceiveFlag, .Running = IndicateHighWithFlag)

/* A frame that arrives is kept until a work item gives it back. */
static VOID
ReturnKept(PMODULE Module, ULONG Flags)
{
    NdisFReturnNetBufferLists(Module->Handle, Module->KeptFrames, Flags);
    IsBack(Module);
}

static VOID NTAPI
ReturnKeptWithFlag(PVOID Context, NDIS_HANDLE WorkItem)
{
    UNREFERENCED_PARAMETER(WorkItem);

    ReturnKept(Context, NDIS_RETURN_FLAGS_DISPATCH_LEVEL);
}

static VOID NTAPI
ReturnKeptWithout(PVOID Context, NDIS_HANDLE WorkItem)
{
    UNREFERENCED_PARAMETER(WorkItem);

    ReturnKept(Context, 0);
}

static VOID
KeepFrames(PMODULE Module, PNET_BUFFER_LIST NetBufferLists, ULONG ReceiveFlags, NDIS_IO_WORKITEM_ROUTINE Routine)
{
    if (NDIS_TEST_RECEIVE_CANNOT_PEND(ReceiveFlags))
        return;
    if (Module->KeptFrames == NULL && OutMayGo(&Module->Out)) {
        Module->KeptFrames = NetBufferLists; /* the first; those that come later go back at once */
        NdisQueueIoWorkItem(Module->WorkItem, Routine, Module);
    } else {
        GiveBack(Module, NetBufferLists, ReceiveFlags, FALSE);
    }
}

static VOID
KeepAndFlag(PMODULE Module, PNET_BUFFER_LIST NetBufferLists, ULONG ReceiveFlags)
{
    KeepFrames(Module, NetBufferLists, ReceiveFlags, ReturnKeptWithFlag);
}

static VOID
KeepAndReturn(PMODULE Module, PNET_BUFFER_LIST NetBufferLists, ULONG ReceiveFlags)
{
    KeepFrames(Module, NetBufferLists, ReceiveFlags, ReturnKeptWithout);
}

CHANGE(BreakReturnFlag, .Takes = KeepAndFlag)
CHANGE(KeepReturnFlag, .Takes = KeepAndReturn)
