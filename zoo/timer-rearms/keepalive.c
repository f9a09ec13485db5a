/* SPDX-License-Identifier: MIT */
/*
 * keepalive.c - a filter that sends a keep-alive frame every second, from a timer's DPC, while its module runs.
 *
 * Model: timer and frame belong to the module. Restart starts the timer; pause takes the timer back, waits for a DPC
 * that is already on its way, and then for the frame.
 *
 * The bug: nothing tells the DPC that it must not set the timer again. One that was on its way when the timer was taken
 * back sets it anew, and the pause, which waits for that DPC, does not look at the timer again.
 */
#include "../common/zoo.h"

#define KA_PERIOD_100NS (-10000000LL)

static const UCHAR KaFrameBytes[60] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* everybody */
    0x02, 0x00, 0x5e, 0x00, 0x00, 0x01, /* a locally administered address */
    0x88, 0xb5,                         /* IEEE's first type for experiments */
    'k',  'e',  'e',  'p',  '-',  'a',  'l', 'i', 'v', 'e',
};

typedef struct _KA_FILTER {
    ZOO_FILTER Common;
    PMDL Mdl;             /* const after attach, as Nbl */
    PNET_BUFFER_LIST Nbl;
    KTIMER Timer;
    KDPC Dpc;
    UCHAR Frame[sizeof(KaFrameBytes)];
    BOOLEAN Running;      /* Common.Lock; the DPC may send */
    BOOLEAN NblOut;       /* Common.Lock */
    BOOLEAN PausePending; /* Common.Lock; KaPause returned PENDING */
} KA_FILTER, *PKA_FILTER;

static KDEFERRED_ROUTINE KeepAliveDpc;
static FILTER_PAUSE KaPause;
static FILTER_RESTART KaRestart;
static NDIS_STATUS KaAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters);
static VOID KaDetach(PZOO_FILTER Filter);
static VOID KaOwnSendsDone(PZOO_FILTER Filter, ULONG Count);

ZOO_DRIVER ZooDriver = {
    .ServiceName = RTL_CONSTANT_STRING(L"timer_rearms"),
    .FriendlyName = RTL_CONSTANT_STRING(L"undis zoo: timer-rearms"),
    .UniqueName = RTL_CONSTANT_STRING(L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7a14}"),
    .FilterSize = sizeof(KA_FILTER),
    .Attach = KaAttach,
    .Detach = KaDetach,
    .Pause = KaPause,
    .Restart = KaRestart,
    .OwnSendsDone = KaOwnSendsDone,
};

_Use_decl_annotations_
static VOID
KeepAliveDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PKA_FILTER filter = DeferredContext;
    LARGE_INTEGER due = { .QuadPart = KA_PERIOD_100NS };
    BOOLEAN send = FALSE;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);

    NdisDprAcquireSpinLock(&filter->Common.Lock);
    send = !filter->NblOut && filter->Running; /* else the last frame is still out, or the module is to pause */
    if (send)
        filter->NblOut = TRUE;
    KeSetTimer(&filter->Timer, due, &filter->Dpc);
    NdisDprReleaseSpinLock(&filter->Common.Lock);

    if (send)
        NdisFSendNetBufferLists(filter->Common.FilterHandle, filter->Nbl, NDIS_DEFAULT_PORT_NUMBER,
                                NDIS_SEND_FLAGS_DISPATCH_LEVEL);
}

/* Whether the frame is out is asked last: a DPC that was on its way may still have sent it. */
_Use_decl_annotations_
static NDIS_STATUS
KaPause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    PKA_FILTER filter = FilterModuleContext;
    NDIS_STATUS status = NDIS_STATUS_SUCCESS;

    UNREFERENCED_PARAMETER(PauseParameters);

    NdisAcquireSpinLock(&filter->Common.Lock);
    filter->Running = FALSE;
    NdisReleaseSpinLock(&filter->Common.Lock);
    KeCancelTimer(&filter->Timer);
    KeFlushQueuedDpcs();

    NdisAcquireSpinLock(&filter->Common.Lock);
    if (filter->NblOut) {
        filter->PausePending = TRUE;
        status = NDIS_STATUS_PENDING;
    }
    NdisReleaseSpinLock(&filter->Common.Lock);
    return status;
}

_Use_decl_annotations_
static NDIS_STATUS
KaRestart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    PKA_FILTER filter = FilterModuleContext;
    LARGE_INTEGER due = { .QuadPart = KA_PERIOD_100NS };

    UNREFERENCED_PARAMETER(RestartParameters);

    NdisAcquireSpinLock(&filter->Common.Lock);
    filter->Running = TRUE;
    KeSetTimer(&filter->Timer, due, &filter->Dpc);
    NdisReleaseSpinLock(&filter->Common.Lock);
    return NDIS_STATUS_SUCCESS;
}

static VOID
KaOwnSendsDone(PZOO_FILTER Filter, ULONG Count)
{
    PKA_FILTER filter = (PKA_FILTER)Filter;
    NDIS_HANDLE filterHandle = Filter->FilterHandle;
    BOOLEAN paused;

    UNREFERENCED_PARAMETER(Count); /* there is one frame */

    NdisAcquireSpinLock(&Filter->Lock);
    filter->NblOut = FALSE;
    paused = filter->PausePending;
    filter->PausePending = FALSE;
    NdisReleaseSpinLock(&Filter->Lock);

    if (paused)
        NdisFPauseComplete(filterHandle);
}

static NDIS_STATUS
KaAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters)
{
    PKA_FILTER filter = (PKA_FILTER)Filter;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(AttachParameters);

    KeInitializeTimer(&filter->Timer);
    KeInitializeDpc(&filter->Dpc, KeepAliveDpc, filter);
    NdisMoveMemory(filter->Frame, KaFrameBytes, sizeof(filter->Frame));

    status = ZooCreateSendPool(Filter);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    filter->Mdl = NdisAllocateMdl(Filter->FilterHandle, filter->Frame, sizeof(filter->Frame));
    if (filter->Mdl == NULL)
        return NDIS_STATUS_RESOURCES;
    filter->Nbl = ZooAllocateNbl(Filter->NblPool, filter->Mdl, sizeof(filter->Frame));
    if (filter->Nbl == NULL)
        return NDIS_STATUS_RESOURCES;
    filter->Nbl->SourceHandle = Filter->FilterHandle;
    return NDIS_STATUS_SUCCESS;
}

/* Paused: no DPC runs and the frame is back. */
static VOID
KaDetach(PZOO_FILTER Filter)
{
    PKA_FILTER filter = (PKA_FILTER)Filter;

    if (filter->Nbl != NULL)
        NdisFreeNetBufferList(filter->Nbl);
    if (filter->Mdl != NULL)
        NdisFreeMdl(filter->Mdl);
}
