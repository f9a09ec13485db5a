/* SPDX-License-Identifier: MIT */
/* changes.c - how each rule is broken and kept; see rules_miniport.h. */
#include "rules_miniport.h"

/* ------------------------------------------------------------------ initializing */

static NDIS_STATUS
SayNothing(PADAPTER Adapter)
{
    UNREFERENCED_PARAMETER(Adapter);

    return NDIS_STATUS_SUCCESS;
}

CHANGE(BreakSaysNothing, .Describe = SayNothing)
CHANGE(KeepSaysNothing, .Describe = Describe)

/* ------------------------------------------------------------------ frames out of season */

/* Without asking whether the adapter runs, some time after the handler that queued it has returned. */
static VOID NTAPI
IndicateLater(PVOID Context, NDIS_HANDLE WorkItem)
{
    LARGE_INTEGER soon = { .QuadPart = -50 * 10000 }; /* 50 ms */
    PADAPTER adapter = Context;

    UNREFERENCED_PARAMETER(WorkItem);

    KeDelayExecutionThread(KernelMode, FALSE, &soon);
    OutGo(&adapter->Out);
    NdisMIndicateReceiveNetBufferLists(adapter->Handle, adapter->Own, NDIS_DEFAULT_PORT_NUMBER, 1, 0);
}

static LONG Late; /* once is enough */

static VOID
QueueLate(PADAPTER Adapter, NDIS_IO_WORKITEM_ROUTINE Routine)
{
    if (InterlockedExchange(&Late, 1) == 0)
        NdisQueueIoWorkItem(Adapter->WorkItem, Routine, Adapter);
}

static NDIS_STATUS
PauseAndIndicate(NDIS_HANDLE MiniportAdapterContext, PNDIS_MINIPORT_PAUSE_PARAMETERS PauseParameters)
{
    QueueLate(MiniportAdapterContext, IndicateLater);
    return Pause(MiniportAdapterContext, PauseParameters);
}

static NDIS_STATUS
IndicateAndPause(NDIS_HANDLE MiniportAdapterContext, PNDIS_MINIPORT_PAUSE_PARAMETERS PauseParameters)
{
    IndicateOwn(MiniportAdapterContext, NDIS_DEFAULT_PORT_NUMBER);
    return Pause(MiniportAdapterContext, PauseParameters);
}

CHANGE(BreakIndicatesPaused, .Pause = PauseAndIndicate)
CHANGE(KeepIndicatesPaused, .Pause = IndicateAndPause)

static BOOLEAN
IsPower(const NDIS_OID_REQUEST *Request)
{
    return Request->RequestType == NdisRequestSetInformation && Request->DATA.SET_INFORMATION.Oid == OID_PNP_SET_POWER;
}

static BOOLEAN
FallsAsleep(const NDIS_OID_REQUEST *Request)
{
    return IsPower(Request) &&
           *(const NDIS_DEVICE_POWER_STATE *)Request->DATA.SET_INFORMATION.InformationBuffer != NdisDeviceStateD0;
}

static NDIS_STATUS
SleepAndIndicate(NDIS_HANDLE MiniportAdapterContext, PNDIS_OID_REQUEST OidRequest)
{
    if (FallsAsleep(OidRequest))
        QueueLate(MiniportAdapterContext, IndicateLater);
    return Oid(MiniportAdapterContext, OidRequest);
}

static NDIS_STATUS
IndicateAndSleep(NDIS_HANDLE MiniportAdapterContext, PNDIS_OID_REQUEST OidRequest)
{
    if (FallsAsleep(OidRequest))
        IndicateOwn(MiniportAdapterContext, NDIS_DEFAULT_PORT_NUMBER); /* if it still runs */
    return Oid(MiniportAdapterContext, OidRequest);
}

CHANGE(BreakIndicatesAsleep, .Oid = SleepAndIndicate)
CHANGE(KeepIndicatesAsleep, .Oid = IndicateAndSleep)

/* ------------------------------------------------------------------ power */

static NDIS_STATUS
RefusePower(NDIS_HANDLE MiniportAdapterContext, PNDIS_OID_REQUEST OidRequest)
{
    return IsPower(OidRequest) ? NDIS_STATUS_FAILURE : Oid(MiniportAdapterContext, OidRequest);
}

CHANGE(BreakFailsPower, .Oid = RefusePower)
CHANGE(KeepFailsPower, .Oid = Oid)

static VOID NTAPI
MaskLater(PVOID Context, NDIS_HANDLE WorkItem)
{
    LARGE_INTEGER soon = { .QuadPart = -50 * 10000 }; /* 50 ms */

    UNREFERENCED_PARAMETER(WorkItem);

    KeDelayExecutionThread(KernelMode, FALSE, &soon);
    MaskInterrupts(Context);
}

static NDIS_STATUS
SleepAndMask(NDIS_HANDLE MiniportAdapterContext, PNDIS_OID_REQUEST OidRequest)
{
    if (FallsAsleep(OidRequest))
        QueueLate(MiniportAdapterContext, MaskLater);
    return Oid(MiniportAdapterContext, OidRequest);
}

static NDIS_STATUS
MaskAndSleep(NDIS_HANDLE MiniportAdapterContext, PNDIS_OID_REQUEST OidRequest)
{
    if (FallsAsleep(OidRequest))
        MaskInterrupts(MiniportAdapterContext);
    return Oid(MiniportAdapterContext, OidRequest);
}

CHANGE(BreakWritesAsleep, .Oid = SleepAndMask)
CHANGE(KeepWritesAsleep, .Oid = MaskAndSleep)

/* ------------------------------------------------------------------ selective suspend */

/* It is awake already, and says that it may sleep. */
static VOID
CompleteAndConfirm(NDIS_HANDLE MiniportAdapterContext)
{
    PADAPTER adapter = MiniportAdapterContext;

    NdisMIdleNotificationComplete(adapter->Handle);
    NdisMIdleNotificationConfirm(adapter->Handle, NdisDeviceStateD3);
}

static VOID
CompleteIdle(NDIS_HANDLE MiniportAdapterContext)
{
    PADAPTER adapter = MiniportAdapterContext;

    NdisMIdleNotificationComplete(adapter->Handle);
}

CHANGE(BreakConfirmsLate, .CancelIdle = CompleteAndConfirm)
CHANGE(KeepConfirmsLate, .CancelIdle = CompleteIdle)

/* ------------------------------------------------------------------ ports */

static NDIS_STATUS
AllocatePort(PADAPTER Adapter)
{
    NDIS_PORT_CHARACTERISTICS port;
    NDIS_STATUS status;

    NdisZeroMemory(&port, sizeof(port));
    port.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    port.Header.Revision = NDIS_PORT_CHARACTERISTICS_REVISION_1;
    port.Header.Size = NDIS_SIZEOF_PORT_CHARACTERISTICS_REVISION_1;
    port.Flags = NDIS_PORT_CHAR_USE_DEFAULT_AUTH_SETTINGS;
    port.MediaConnectState = MediaConnectStateConnected;
    port.XmitLinkSpeed = port.RcvLinkSpeed = LINK_SPEED;
    port.Direction = NET_IF_DIRECTION_SENDRECEIVE;
    status = NdisMAllocatePort(Adapter->Handle, &port);
    if (status == NDIS_STATUS_SUCCESS)
        Adapter->Port = port.PortNumber;
    return status;
}

static VOID
HaltAndForgetPort(NDIS_HANDLE MiniportAdapterContext, NDIS_HALT_ACTION HaltAction)
{
    PADAPTER adapter = MiniportAdapterContext;

    adapter->Port = NDIS_DEFAULT_PORT_NUMBER;
    Halt(adapter, HaltAction);
}

CHANGE(BreakLeavesPort, .Initialized = AllocatePort, .Halt = HaltAndForgetPort)
CHANGE(KeepLeavesPort, .Initialized = AllocatePort)

/* Allocated, and nobody has activated it. */
static VOID
IndicateOnPort(PADAPTER Adapter)
{
    IndicateOwn(Adapter, Adapter->Port);
}

static VOID
IndicateOnDefault(PADAPTER Adapter)
{
    IndicateOwn(Adapter, NDIS_DEFAULT_PORT_NUMBER);
}

CHANGE(BreakUsesPort, .Initialized = AllocatePort, .Running = IndicateOnPort)
CHANGE(KeepUsesPort, .Initialized = AllocatePort, .Running = IndicateOnDefault)

/* ------------------------------------------------------------------ Poll objects */

static NDIS_POLL NothingPolled, FlagsPolled;
static NDIS_SET_POLL_NOTIFICATION NothingEnabled;

/* Nothing came. */
_Use_decl_annotations_ static VOID
NothingPolled(PVOID Context, NDIS_POLL_DATA *PollData)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(PollData);
}

_Use_decl_annotations_ static VOID
FlagsPolled(PVOID Context, NDIS_POLL_DATA *PollData)
{
    UNREFERENCED_PARAMETER(Context);

    PollData->Receive.Flags = NDIS_RECEIVE_FLAGS_RESOURCES;
}

/* Nothing interrupts. */
_Use_decl_annotations_ static VOID
NothingEnabled(PVOID Context, NDIS_POLL_NOTIFICATION *Notification)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Notification);
}

static NDIS_STATUS
RegisterPoll(PADAPTER Adapter, NDIS_POLL *Handler)
{
    NDIS_POLL_CHARACTERISTICS poll;

    NdisZeroMemory(&poll, sizeof(poll));
    poll.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    poll.Header.Revision = NDIS_POLL_CHARACTERISTICS_REVISION_1;
    poll.Header.Size = NDIS_SIZEOF_NDIS_POLL_CHARACTERISTICS_REVISION_1;
    poll.SetPollNotificationHandler = NothingEnabled;
    poll.PollHandler = Handler;
    return NdisRegisterPoll(Adapter->Handle, Adapter, &poll, &Adapter->Poll);
}

static NDIS_STATUS
PollNothing(PADAPTER Adapter)
{
    return RegisterPoll(Adapter, NothingPolled);
}

static NDIS_STATUS
PollWithFlags(PADAPTER Adapter)
{
    return RegisterPoll(Adapter, FlagsPolled);
}

static VOID
RequestPoll(PADAPTER Adapter)
{
    NdisRequestPoll(Adapter->Poll, NULL);
}

CHANGE(BreakPollsWithFlags, .Initialized = PollWithFlags, .Running = RequestPoll)
CHANGE(KeepPollsWithFlags, .Initialized = PollNothing, .Running = RequestPoll)

static VOID
HaltAndForgetPoll(NDIS_HANDLE MiniportAdapterContext, NDIS_HALT_ACTION HaltAction)
{
    PADAPTER adapter = MiniportAdapterContext;

    adapter->Poll = NULL;
    Halt(adapter, HaltAction);
}

CHANGE(BreakLeavesPoll, .Initialized = PollNothing, .Halt = HaltAndForgetPoll)
CHANGE(KeepLeavesPoll, .Initialized = PollNothing)

/* ------------------------------------------------------------------ requests */

/* Statistics are answered by the reset, or when the adapter is paused; paused, at once. */
static NDIS_STATUS
KeepStatistics(NDIS_HANDLE MiniportAdapterContext, PNDIS_OID_REQUEST OidRequest)
{
    PADAPTER adapter = MiniportAdapterContext;

    if (OidRequest->RequestType != NdisRequestQueryInformation ||
        OidRequest->DATA.QUERY_INFORMATION.Oid != OID_GEN_STATISTICS || !adapter->Out.Running)
        return Oid(adapter, OidRequest);
    return Keep(adapter, OidRequest);
}

static NDIS_STATUS
ResetOnly(NDIS_HANDLE MiniportAdapterContext, PBOOLEAN AddressingReset)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);

    *AddressingReset = FALSE;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
AnswerAndPause(NDIS_HANDLE MiniportAdapterContext, PNDIS_MINIPORT_PAUSE_PARAMETERS PauseParameters)
{
    Release(MiniportAdapterContext, NDIS_STATUS_NOT_SUPPORTED);
    return Pause(MiniportAdapterContext, PauseParameters);
}

CHANGE(BreakResetsWithOid, .Oid = KeepStatistics, .Reset = ResetOnly, .Pause = AnswerAndPause)
CHANGE(KeepResetsWithOid, .Oid = KeepStatistics, .Pause = AnswerAndPause)

static VOID
AllowBinds(PADAPTER Adapter)
{
    NET_PNP_EVENT_NOTIFICATION event;

    NdisZeroMemory(&event, sizeof(event));
    event.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    event.Header.Revision = NET_PNP_EVENT_NOTIFICATION_REVISION_1;
    event.Header.Size = NDIS_SIZEOF_NET_PNP_EVENT_NOTIFICATION_REVISION_1;
    event.NetPnPEvent.NetEvent = NetEventAllowBindsAbove;
    NdisMNetPnPEvent(Adapter->Handle, &event);
}

static NDIS_STATUS
AllowAndAnswer(NDIS_HANDLE MiniportAdapterContext, PNDIS_OID_REQUEST OidRequest)
{
    if (OidRequest->RequestType == NdisRequestQueryInformation)
        AllowBinds(MiniportAdapterContext);
    return Oid(MiniportAdapterContext, OidRequest);
}

CHANGE(BreakEventDuringOid, .Oid = AllowAndAnswer)
CHANGE(KeepEventDuringOid, .Running = AllowBinds)
