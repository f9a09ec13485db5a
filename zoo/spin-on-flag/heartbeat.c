/* SPDX-License-Identifier: MIT */
/*
 * heartbeat.c - a filter with a heartbeat: a timer of its module that ticks while the module runs.
 *
 * Model: Restart starts the timer, whose DPC counts and sets it again. Pause forbids that, takes the timer back and
 * then waits, at PASSIVE_LEVEL, for a DPC that may be on its way: the DPC that finds Stopping set says so in Idle.
 * It forgets the common case: the timer was taken back before it expired, so no DPC will ever say anything.
 */
#include "../common/zoo.h"

#define HB_PERIOD_100NS (-10000000LL)

typedef struct _HB_FILTER {
    ZOO_FILTER Common;
    KTIMER Timer;
    KDPC Dpc;
    ULONG Ticks;           /* Common.Lock */
    BOOLEAN Stopping;      /* Common.Lock */
    volatile BOOLEAN Idle; /* no DPC will run any more: set by the last one, polled by HbPause */
} HB_FILTER, *PHB_FILTER;

static KDEFERRED_ROUTINE HbDpc;
static FILTER_PAUSE HbPause;
static FILTER_RESTART HbRestart;
static NDIS_STATUS HbAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters);

ZOO_DRIVER ZooDriver = {
    .ServiceName = RTL_CONSTANT_STRING(L"spin_on_flag"),
    .FriendlyName = RTL_CONSTANT_STRING(L"undis zoo: spin-on-flag"),
    .UniqueName = RTL_CONSTANT_STRING(L"{2a9d4c11-7be3-4f0a-9d55-51c0e7a3b801}"),
    .FilterSize = sizeof(HB_FILTER),
    .Attach = HbAttach,
    .Pause = HbPause,
    .Restart = HbRestart,
};

_Use_decl_annotations_
static VOID
HbDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PHB_FILTER filter = DeferredContext;
    LARGE_INTEGER due = { .QuadPart = HB_PERIOD_100NS };
    BOOLEAN stopping;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);

    NdisDprAcquireSpinLock(&filter->Common.Lock);
    stopping = filter->Stopping;
    if (!stopping) {
        filter->Ticks++;
        KeSetTimer(&filter->Timer, due, &filter->Dpc);
    }
    NdisDprReleaseSpinLock(&filter->Common.Lock);
    if (stopping)
        filter->Idle = TRUE; /* last: the module may go with it */
}

_Use_decl_annotations_
static NDIS_STATUS
HbPause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    PHB_FILTER filter = FilterModuleContext;

    UNREFERENCED_PARAMETER(PauseParameters);

    NdisAcquireSpinLock(&filter->Common.Lock);
    filter->Stopping = TRUE;
    NdisReleaseSpinLock(&filter->Common.Lock);
    KeCancelTimer(&filter->Timer);
    while (!filter->Idle)
        ;
    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_
static NDIS_STATUS
HbRestart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    PHB_FILTER filter = FilterModuleContext;
    LARGE_INTEGER due = { .QuadPart = HB_PERIOD_100NS };

    UNREFERENCED_PARAMETER(RestartParameters);

    NdisAcquireSpinLock(&filter->Common.Lock);
    filter->Stopping = FALSE;
    filter->Idle = FALSE;
    KeSetTimer(&filter->Timer, due, &filter->Dpc);
    NdisReleaseSpinLock(&filter->Common.Lock);
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
HbAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters)
{
    PHB_FILTER filter = (PHB_FILTER)Filter;

    UNREFERENCED_PARAMETER(AttachParameters);

    KeInitializeTimer(&filter->Timer);
    KeInitializeDpc(&filter->Dpc, HbDpc, filter);
    return NDIS_STATUS_SUCCESS;
}
