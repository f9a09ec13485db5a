/* SPDX-License-Identifier: MIT */
/* changes.c - how each rule is broken and kept; see rules_protocol.h. */
#include "rules_protocol.h"

/* ------------------------------------------------------------------ open and close */

/* The name is wrong, so that nothing comes of it. */
static VOID
OpenAgain(PBINDING Binding, NDIS_HANDLE UnbindContext)
{
    NDIS_STRING nowhere = RTL_CONSTANT_STRING(L"\\Device\\{no adapter}");

    (VOID) Open(Binding, UnbindContext, &nowhere);
}

CHANGE(BreakOpensInUnbind, .Unbinding = OpenAgain)
CHANGE(KeepOpensInUnbind, .Unbinding = NULL)

CHANGE(BreakKeepsOpen, .KeepsOpen = TRUE)
CHANGE(KeepKeepsOpen, .KeepsOpen = FALSE)

CHANGE(BreakClosesTwice, .ClosesTwice = TRUE)
CHANGE(KeepClosesTwice, .ClosesTwice = FALSE)

/* ------------------------------------------------------------------ out of season */

static VOID
AWhile(VOID)
{
    LARGE_INTEGER soon = { .QuadPart = -50 * 10000 }; /* 50 ms */

    KeDelayExecutionThread(KernelMode, FALSE, &soon);
}

static LONG Queued; /* once is enough */

static VOID
QueueLate(PBINDING Binding, PWORKER_THREAD_ROUTINE Routine)
{
    if (InterlockedExchange(&Queued, 1) != 0)
        return;
    ExInitializeWorkItem(&Binding->Late, Routine, Binding);
    ExQueueWorkItem(&Binding->Late, DelayedWorkQueue);
}

/* Without asking whether the binding runs. */
static VOID NTAPI
SendWhilePaused(PVOID Context)
{
    PBINDING binding = Context;
    KIRQL irql;

    AWhile();
    KeAcquireSpinLock(&binding->Lock, &irql);
    binding->Out++;
    KeReleaseSpinLock(&binding->Lock, irql);
    NdisSendNetBufferLists(binding->Handle, binding->Own, NDIS_DEFAULT_PORT_NUMBER, 0);
}

static VOID
SendLater(PBINDING Binding)
{
    QueueLate(Binding, SendWhilePaused);
}

CHANGE(BreakSendsPaused, .Pausing = SendLater)
CHANGE(KeepSendsPaused, .Pausing = SendOwn)

static NDIS_STATUS
RefusePower(PBINDING Binding, NDIS_DEVICE_POWER_STATE State)
{
    UNREFERENCED_PARAMETER(Binding);
    UNREFERENCED_PARAMETER(State);

    return NDIS_STATUS_FAILURE;
}

static NDIS_STATUS
AcceptPower(PBINDING Binding, NDIS_DEVICE_POWER_STATE State)
{
    UNREFERENCED_PARAMETER(Binding);
    UNREFERENCED_PARAMETER(State);

    return NDIS_STATUS_SUCCESS;
}

CHANGE(BreakRefusesEvent, .SetsPower = RefusePower)
CHANGE(KeepRefusesEvent, .SetsPower = AcceptPower)

static VOID NTAPI
AskWhileAsleep(PVOID Context)
{
    AWhile();
    (VOID) Ask(Context, NdisRequestQueryInformation, OID_GEN_CURRENT_PACKET_FILTER, 0);
}

static NDIS_STATUS
SleepAndAsk(PBINDING Binding, NDIS_DEVICE_POWER_STATE State)
{
    if (State != NdisDeviceStateD0)
        QueueLate(Binding, AskWhileAsleep);
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS
AskAwake(PBINDING Binding, NDIS_DEVICE_POWER_STATE State)
{
    if (State == NdisDeviceStateD0)
        (VOID) Ask(Binding, NdisRequestQueryInformation, OID_GEN_CURRENT_PACKET_FILTER, 0);
    return NDIS_STATUS_SUCCESS;
}

CHANGE(BreakAsksAsleep, .SetsPower = SleepAndAsk)
CHANGE(KeepAsksAsleep, .SetsPower = AskAwake)
