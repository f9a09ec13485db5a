/* SPDX-License-Identifier: MIT */
/*
 * keepalive.c - a filter that sends a keep-alive frame every second, from a timer's DPC.
 *
 * Model: one timer and one frame for the whole driver. The first restart starts the timer, each tick sends the frame
 * on the adapter that was restarted last and sets the timer again, unload stops it.
 *
 * The bug: the timer knows nothing of pause and detach. KaPause waits for a frame that is out, and the next tick
 * sends another: through a paused module, and, once the adapter is gone, with a handle NDIS has freed - at
 * DISPATCH_LEVEL.
 */
#include "../common/zoo.h"

#define KA_PERIOD_100NS (-10000000LL)

static const UCHAR KaFrameBytes[60] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* everybody */
    0x02, 0x00, 0x5e, 0x00, 0x00, 0x01, /* a locally administered address */
    0x88, 0xb5,                         /* IEEE's first type for experiments */
    'k',  'e',  'e',  'p',  '-',  'a',  'l', 'i', 'v', 'e',
};

typedef struct _KA_DRIVER {
    NDIS_SPIN_LOCK Lock;
    NDIS_HANDLE Pool;         /* const after load, as Mdl and Nbl */
    PMDL Mdl;
    PNET_BUFFER_LIST Nbl;
    KTIMER Timer;
    KDPC Dpc;
    UCHAR Frame[sizeof(KaFrameBytes)];
    NDIS_HANDLE FilterHandle; /* Lock; where to send */
    BOOLEAN Loaded;
    BOOLEAN Ticking;          /* Lock; the timer is set or its DPC is on its way */
    BOOLEAN Stop;             /* Lock; the DPC does not set the timer again */
    BOOLEAN NblOut;           /* Lock */
    BOOLEAN PausePending;     /* Lock; KaPause returned PENDING */
} KA_DRIVER;

static KDEFERRED_ROUTINE KeepAliveDpc;
static FILTER_PAUSE KaPause;
static FILTER_RESTART KaRestart;
static NDIS_STATUS KaLoad(NDIS_HANDLE DriverHandle);
static VOID KaUnload(VOID);
static VOID KaOwnSendsDone(PZOO_FILTER Filter, ULONG Count);

static KA_DRIVER Ka;

ZOO_DRIVER ZooDriver = {
    .ServiceName = RTL_CONSTANT_STRING(L"pause_from_dpc"),
    .FriendlyName = RTL_CONSTANT_STRING(L"undis zoo: pause-from-dpc"),
    .UniqueName = RTL_CONSTANT_STRING(L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7a05}"),
    .FilterSize = sizeof(ZOO_FILTER),
    .Load = KaLoad,
    .Unload = KaUnload,
    .Pause = KaPause,
    .Restart = KaRestart,
    .OwnSendsDone = KaOwnSendsDone,
};

_Use_decl_annotations_
static VOID
KeepAliveDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    LARGE_INTEGER due = { .QuadPart = KA_PERIOD_100NS };
    NDIS_HANDLE filterHandle;
    BOOLEAN send = FALSE;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(DeferredContext);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);

    NdisDprAcquireSpinLock(&Ka.Lock);
    filterHandle = Ka.FilterHandle;
    if (!Ka.Stop) {
        send = !Ka.NblOut; /* else the last frame is still out: skip this tick */
        Ka.NblOut = TRUE;
        KeSetTimer(&Ka.Timer, due, &Ka.Dpc);
    }
    NdisDprReleaseSpinLock(&Ka.Lock);

    if (send) {
        Ka.Nbl->SourceHandle = filterHandle;
        NdisFSendNetBufferLists(filterHandle, Ka.Nbl, NDIS_DEFAULT_PORT_NUMBER, NDIS_SEND_FLAGS_DISPATCH_LEVEL);
    }
}

_Use_decl_annotations_
static NDIS_STATUS
KaPause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    PZOO_FILTER filter = FilterModuleContext;
    NDIS_STATUS status = NDIS_STATUS_SUCCESS;

    UNREFERENCED_PARAMETER(PauseParameters);

    NdisAcquireSpinLock(&Ka.Lock);
    if (Ka.NblOut && Ka.FilterHandle == filter->FilterHandle) {
        Ka.PausePending = TRUE;
        status = NDIS_STATUS_PENDING;
    }
    NdisReleaseSpinLock(&Ka.Lock);
    return status;
}

_Use_decl_annotations_
static NDIS_STATUS
KaRestart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    PZOO_FILTER filter = FilterModuleContext;
    LARGE_INTEGER due = { .QuadPart = KA_PERIOD_100NS };

    UNREFERENCED_PARAMETER(RestartParameters);

    NdisAcquireSpinLock(&Ka.Lock);
    Ka.FilterHandle = filter->FilterHandle;
    if (!Ka.Ticking) {
        Ka.Ticking = TRUE;
        KeSetTimer(&Ka.Timer, due, &Ka.Dpc);
    }
    NdisReleaseSpinLock(&Ka.Lock);
    return NDIS_STATUS_SUCCESS;
}

static VOID
KaOwnSendsDone(PZOO_FILTER Filter, ULONG Count)
{
    NDIS_HANDLE filterHandle = Filter->FilterHandle;
    BOOLEAN paused;

    UNREFERENCED_PARAMETER(Count); /* there is one frame */

    NdisAcquireSpinLock(&Ka.Lock);
    Ka.NblOut = FALSE;
    paused = Ka.PausePending;
    Ka.PausePending = FALSE;
    NdisReleaseSpinLock(&Ka.Lock);

    if (paused)
        NdisFPauseComplete(filterHandle);
}

static NDIS_STATUS
KaLoad(NDIS_HANDLE DriverHandle)
{
    NdisAllocateSpinLock(&Ka.Lock);
    KeInitializeTimer(&Ka.Timer);
    KeInitializeDpc(&Ka.Dpc, KeepAliveDpc, NULL);
    NdisMoveMemory(Ka.Frame, KaFrameBytes, sizeof(Ka.Frame));
    Ka.Loaded = TRUE;

    Ka.Pool = ZooAllocatePool(DriverHandle);
    if (Ka.Pool == NULL)
        return NDIS_STATUS_RESOURCES;
    Ka.Mdl = NdisAllocateMdl(DriverHandle, Ka.Frame, sizeof(Ka.Frame));
    if (Ka.Mdl == NULL)
        return NDIS_STATUS_RESOURCES;
    Ka.Nbl = ZooAllocateNbl(Ka.Pool, Ka.Mdl, sizeof(Ka.Frame));
    return Ka.Nbl != NULL ? NDIS_STATUS_SUCCESS : NDIS_STATUS_RESOURCES;
}

static VOID
KaUnload(VOID)
{
    if (!Ka.Loaded)
        return;

    NdisAcquireSpinLock(&Ka.Lock);
    Ka.Stop = TRUE;
    NdisReleaseSpinLock(&Ka.Lock);
    KeCancelTimer(&Ka.Timer);
    KeFlushQueuedDpcs();

    if (Ka.Nbl != NULL)
        NdisFreeNetBufferList(Ka.Nbl);
    if (Ka.Mdl != NULL)
        NdisFreeMdl(Ka.Mdl);
    if (Ka.Pool != NULL)
        NdisFreeNetBufferListPool(Ka.Pool);
    NdisFreeSpinLock(&Ka.Lock);
}
