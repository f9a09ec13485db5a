/* SPDX-License-Identifier: MIT */
/* states.c - rules about attach, pause and detach, and about requests; see rules_filter.h. */
#include "rules_filter.h"

/* ------------------------------------------------------------------ attach */

static NDIS_STATUS
Begin(PMODULE Module, NDIS_OID Oid)
{
    NdisZeroMemory(&Module->Request, sizeof(Module->Request));
    Module->Request.Header.Type = NDIS_OBJECT_TYPE_OID_REQUEST;
    Module->Request.Header.Revision = NDIS_OID_REQUEST_REVISION_1;
    Module->Request.Header.Size = NDIS_SIZEOF_OID_REQUEST_REVISION_1;
    Module->Request.RequestType = NdisRequestQueryInformation;
    Module->Request.RequestId = Module;
    Module->Request.DATA.QUERY_INFORMATION.Oid = Oid;
    Module->Request.DATA.QUERY_INFORMATION.InformationBuffer = &Module->Answer;
    Module->Request.DATA.QUERY_INFORMATION.InformationBufferLength = sizeof(Module->Answer);
    return NdisFOidRequest(Module->Handle, &Module->Request);
}

static VOID
Await(PMODULE Module)
{
    KeWaitForSingleObject(&Module->Answered, Executive, KernelMode, FALSE, NULL);
}

static VOID
AskPacketFilter(PMODULE Module)
{
    if (Begin(Module, OID_GEN_CURRENT_PACKET_FILTER) == NDIS_STATUS_PENDING)
        Await(Module);
}

static VOID
Say(NDIS_HANDLE Handle)
{
    NDIS_STATUS_INDICATION indication;

    NdisZeroMemory(&indication, sizeof(indication));
    indication.Header.Type = NDIS_OBJECT_TYPE_STATUS_INDICATION;
    indication.Header.Revision = NDIS_STATUS_INDICATION_REVISION_1;
    indication.Header.Size = NDIS_SIZEOF_STATUS_INDICATION_REVISION_1;
    indication.SourceHandle = Handle;
    indication.StatusCode = NDIS_STATUS_MEDIA_SPECIFIC_INDICATION;
    NdisFIndicateStatus(Handle, &indication);
}

/* Attach, with something said before the attributes are set, and something done after it. */
static NDIS_STATUS
AttachAnd(NDIS_HANDLE NdisFilterHandle, NDIS_HANDLE SpeaksBefore, NDIS_HANDLE SpeaksAfter, BOOLEAN Asks)
{
    PMODULE module = ModuleCreate(NdisFilterHandle);
    NDIS_STATUS status;

    if (module == NULL)
        return NDIS_STATUS_RESOURCES;
    if (SpeaksBefore != NULL)
        Say(SpeaksBefore);
    status = ModuleSetAttributes(module);
    if (status == NDIS_STATUS_SUCCESS && SpeaksAfter != NULL)
        Say(SpeaksAfter);
    if (status == NDIS_STATUS_SUCCESS && Asks)
        AskPacketFilter(module);
    return status;
}

#define ATTACH(name, before, after, asks)                                                  \
    static NDIS_STATUS name(NDIS_HANDLE NdisFilterHandle, NDIS_HANDLE FilterDriverContext, \
                            PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters)               \
    {                                                                                      \
        UNREFERENCED_PARAMETER(FilterDriverContext);                                       \
        UNREFERENCED_PARAMETER(AttachParameters);                                          \
        return AttachAnd(NdisFilterHandle, before, after, asks);                           \
    }

ATTACH(AttachAndAsk, NULL, NULL, TRUE)
CHANGE(BreakAsksEarly, .Attach = AttachAndAsk)
CHANGE(KeepAsksEarly, .Running = AskPacketFilter)

ATTACH(SayAndAttach, NdisFilterHandle, NULL, FALSE)
ATTACH(AttachAndSay, NULL, NdisFilterHandle, FALSE)
CHANGE(BreakSaysEarly, .Attach = SayAndAttach)
CHANGE(KeepSaysEarly, .Attach = AttachAndSay)

static NDIS_HANDLE Detached; /* of the module that was there before */

static VOID
DetachAndRemember(NDIS_HANDLE FilterModuleContext)
{
    Detached = ((PMODULE)FilterModuleContext)->Handle;
    ModuleFree(FilterModuleContext);
}

ATTACH(AttachAndSayOfOld, NULL, Detached, FALSE)
CHANGE(BreakUsesOldHandle, .Attach = AttachAndSayOfOld, .Detach = DetachAndRemember)
CHANGE(KeepUsesOldHandle, .Attach = AttachAndSay, .Detach = DetachAndRemember)

static NDIS_STATUS
AttachSilently(NDIS_HANDLE NdisFilterHandle, NDIS_HANDLE FilterDriverContext,
               PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters)
{
    PMODULE module = ModuleCreate(NdisFilterHandle);

    UNREFERENCED_PARAMETER(FilterDriverContext);
    UNREFERENCED_PARAMETER(AttachParameters);

    if (module == NULL)
        return NDIS_STATUS_RESOURCES;
    ModuleFree(module);
    return NDIS_STATUS_SUCCESS;
}

CHANGE(BreakSetsNoAttributes, .Attach = AttachSilently)
CHANGE(KeepSetsNoAttributes, .Attach = Attach)

/* ------------------------------------------------------------------ locks */

/* Either way it ends at the IRQL at which it began. */
static VOID
ReleaseByDpr(PMODULE Module)
{
    KIRQL irql = KeGetCurrentIrql();

    NdisAcquireSpinLock(&Module->Out.Lock);
    NdisDprReleaseSpinLock(&Module->Out.Lock);
    KeLowerIrql(irql);
}

static VOID
AcquireAndReleaseByDpr(PMODULE Module)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    NdisDprAcquireSpinLock(&Module->Out.Lock);
    NdisDprReleaseSpinLock(&Module->Out.Lock);
    KeLowerIrql(irql);
}

CHANGE(BreakDprReleases, .Running = ReleaseByDpr)
CHANGE(KeepDprReleases, .Running = AcquireAndReleaseByDpr)

/* ------------------------------------------------------------------ pause */

static NDIS_STATUS
PauseAndFail(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    NDIS_STATUS status = Pause(FilterModuleContext, PauseParameters);

    return status == NDIS_STATUS_SUCCESS ? NDIS_STATUS_FAILURE : status;
}

CHANGE(BreakPauseFails, .Pause = PauseAndFail)
CHANGE(KeepPauseFails, .Pause = Pause)

/* A last frame goes out, and is waited for, or not. */
static NDIS_STATUS
SendAndPause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    SendOwn(FilterModuleContext, 0);
    return Pause(FilterModuleContext, PauseParameters);
}

static NDIS_STATUS
SendAndPauseAtOnce(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    PMODULE module = FilterModuleContext;

    UNREFERENCED_PARAMETER(PauseParameters);

    SendOwn(module, 0);
    OutStop(&module->Out);
    return NDIS_STATUS_SUCCESS;
}

CHANGE(BreakPausesEarly, .Pause = SendAndPauseAtOnce)
CHANGE(KeepPausesEarly, .Pause = SendAndPause)

static VOID
CompletePause(PMODULE Module)
{
    NdisFPauseComplete(Module->Handle);
}

CHANGE(BreakCompletesUnasked, .Running = CompletePause)
CHANGE(KeepCompletesUnasked, .Pause = SendAndPause) /* IsBack() completes what is pending */

/* The module is paused when a work item, begun by the pause handler, goes on. */
static VOID
WhilePaused(PMODULE Module, BOOLEAN Sends)
{
    LARGE_INTEGER soon = { .QuadPart = -50 * 10000 }; /* 50 ms */

    KeDelayExecutionThread(KernelMode, FALSE, &soon);
    OutGo(&Module->Out);
    if (Sends)
        NdisFSendNetBufferLists(Module->Handle, Module->Own, NDIS_DEFAULT_PORT_NUMBER, 0);
    else
        NdisFIndicateReceiveNetBufferLists(Module->Handle, Module->Own, NDIS_DEFAULT_PORT_NUMBER, 1, 0);
}

static VOID NTAPI
SendWhilePaused(PVOID Context, NDIS_HANDLE WorkItem)
{
    UNREFERENCED_PARAMETER(WorkItem);

    WhilePaused(Context, TRUE);
}

static VOID NTAPI
IndicateWhilePaused(PVOID Context, NDIS_HANDLE WorkItem)
{
    UNREFERENCED_PARAMETER(WorkItem);

    WhilePaused(Context, FALSE);
}

static NDIS_STATUS
PauseAndSend(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    PMODULE module = FilterModuleContext;

    NdisQueueIoWorkItem(module->WorkItem, SendWhilePaused, module);
    return Pause(module, PauseParameters);
}

static NDIS_STATUS
PauseAndIndicate(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    PMODULE module = FilterModuleContext;

    NdisQueueIoWorkItem(module->WorkItem, IndicateWhilePaused, module);
    return Pause(module, PauseParameters);
}

static NDIS_STATUS
IndicateAndPause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    IndicateOwn(FilterModuleContext, 1, 0);
    return Pause(FilterModuleContext, PauseParameters);
}

CHANGE(BreakSendsPaused, .Pause = PauseAndSend)
CHANGE(KeepSendsPaused, .Pause = SendAndPause)
CHANGE(BreakIndicatesPaused, .Pause = PauseAndIndicate)
CHANGE(KeepIndicatesPaused, .Pause = IndicateAndPause)

/* ------------------------------------------------------------------ structures */

static VOID
CreatePoolOf(PMODULE Module, UCHAR Type)
{
    NDIS_HANDLE pool = CreatePool(Module->Handle, Type);

    if (pool != NULL)
        NdisFreeNetBufferListPool(pool);
}

static VOID
CreatePoolAsRequest(PMODULE Module)
{
    CreatePoolOf(Module, NDIS_OBJECT_TYPE_OID_REQUEST);
}

static VOID
CreatePoolAsPool(PMODULE Module)
{
    CreatePoolOf(Module, NDIS_OBJECT_TYPE_DEFAULT);
}

CHANGE(BreakOtherType, .Running = CreatePoolAsRequest)
CHANGE(KeepOtherType, .Running = CreatePoolAsPool)

/* ------------------------------------------------------------------ requests of others */

static BOOLEAN
IsStatistics(const NDIS_OID_REQUEST *Request)
{
    return Request->RequestType == NdisRequestQueryInformation &&
           Request->DATA.QUERY_INFORMATION.Oid == OID_GEN_STATISTICS;
}

/* Statistics are answered here, later as it were, by so many completions. */
static NDIS_STATUS
Answer(NDIS_HANDLE FilterModuleContext, PNDIS_OID_REQUEST OidRequest, NDIS_STATUS Status, ULONG Times)
{
    PMODULE module = FilterModuleContext;

    if (!IsStatistics(OidRequest))
        return Oid(module, OidRequest);
    while (Times-- > 0)
        NdisFOidRequestComplete(module->Handle, OidRequest, Status);
    return NDIS_STATUS_PENDING;
}

static NDIS_STATUS
AnswerPending(NDIS_HANDLE FilterModuleContext, PNDIS_OID_REQUEST OidRequest)
{
    return Answer(FilterModuleContext, OidRequest, NDIS_STATUS_PENDING, 1);
}

static NDIS_STATUS
AnswerOnce(NDIS_HANDLE FilterModuleContext, PNDIS_OID_REQUEST OidRequest)
{
    return Answer(FilterModuleContext, OidRequest, NDIS_STATUS_NOT_SUPPORTED, 1);
}

static NDIS_STATUS
AnswerTwice(NDIS_HANDLE FilterModuleContext, PNDIS_OID_REQUEST OidRequest)
{
    return Answer(FilterModuleContext, OidRequest, NDIS_STATUS_NOT_SUPPORTED, 2);
}

CHANGE(BreakOidPending, .Oid = AnswerPending)
CHANGE(KeepOidPending, .Oid = AnswerOnce)
CHANGE(BreakOidTwice, .Oid = AnswerTwice)
CHANGE(KeepOidTwice, .Oid = AnswerOnce)
/* A request to sleep or wake. */
static NDIS_STATUS
AnswerPower(NDIS_HANDLE FilterModuleContext, PNDIS_OID_REQUEST OidRequest)
{
    if (OidRequest->RequestType != NdisRequestSetInformation ||
        OidRequest->DATA.SET_INFORMATION.Oid != OID_PNP_SET_POWER)
        return Oid(FilterModuleContext, OidRequest);
    return NDIS_STATUS_NOT_SUPPORTED;
}

CHANGE(BreakAnswersPower, .Oid = AnswerPower)
CHANGE(KeepAnswersPower, .Oid = Oid)

/* ------------------------------------------------------------------ a request of its own that takes its time */

#define OID_RULES_KEPT 0xff020001 /* tests/drivers/rules-miniport keeps it */

static VOID
AskAndGo(PMODULE Module)
{
    Module->Asks = Begin(Module, OID_RULES_KEPT) == NDIS_STATUS_PENDING;
}

static VOID
CancelAndDetach(NDIS_HANDLE FilterModuleContext)
{
    PMODULE module = FilterModuleContext;

    if (module->Asks) {
        NdisFCancelOidRequest(module->Handle, module);
        Await(module);
    }
    Detach(module);
}

CHANGE(BreakOidOut, .Running = AskAndGo)
CHANGE(KeepOidOut, .Running = AskAndGo, .Detach = CancelAndDetach)
