/* SPDX-License-Identifier: MIT */
/* ex_exec.c - work items, callback objects, EX timers, UUIDs, local time; DPCs and timers of the rarer kinds. */
#include "ddi.h"

static KEVENT Ran;
static volatile LONG Calls;
static PVOID SeenArgument;
static KIRQL SeenIrql;

static VOID
Reset(VOID)
{
    KeInitializeEvent(&Ran, NotificationEvent, FALSE);
    Calls = 0;
}

/* Has it run within a second? */
static BOOLEAN
HasRun(VOID)
{
    LARGE_INTEGER second;

    second.QuadPart = -10 * 1000 * 1000;
    return KeWaitForSingleObject(&Ran, Executive, KernelMode, FALSE, &second) == STATUS_SUCCESS;
}

static VOID NTAPI
Work(PVOID Parameter)
{
    SeenArgument = Parameter;
    SeenIrql = KeGetCurrentIrql();
    InterlockedIncrement(&Calls);
    KeSetEvent(&Ran, IO_NO_INCREMENT, FALSE);
}

static VOID
WorkItem(VOID)
{
    static WORK_QUEUE_ITEM item;

    Reset();
    ExInitializeWorkItem(&item, Work, &item);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    CHECK(HasRun() && SeenArgument == &item && SeenIrql == PASSIVE_LEVEL);
}

static VOID NTAPI
Notified(PVOID Context, PVOID Argument1, PVOID Argument2)
{
    CHECK(Context == &Calls && Argument2 == (PVOID)2);
    SeenArgument = Argument1;
    InterlockedIncrement(&Calls);
}

static VOID
CallbackObject(VOID)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Callback\\ddi");
    OBJECT_ATTRIBUTES attributes;
    PCALLBACK_OBJECT callback = NULL, again = NULL;
    PVOID registration, second;

    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    CHECK(!NT_SUCCESS(ExCreateCallback(&callback, &attributes, FALSE, TRUE))); /* nobody made it yet */
    REQUIRE(ExCreateCallback(&callback, &attributes, TRUE, FALSE) == STATUS_SUCCESS);
    CHECK(ExCreateCallback(&again, &attributes, FALSE, TRUE) == STATUS_SUCCESS && again == callback);
    registration = ExRegisterCallback(callback, Notified, (PVOID)&Calls);
    CHECK(registration != NULL);
    second = ExRegisterCallback(callback, Notified, (PVOID)&Calls);
    CHECK(second == NULL); /* documented: only one where multiple callbacks are not allowed */
    Calls = 0;
    ExNotifyCallback(callback, (PVOID)1, (PVOID)2);
    CHECK(Calls == 1 && SeenArgument == (PVOID)1);
    if (registration != NULL)
        ExUnregisterCallback(registration);
    ExNotifyCallback(callback, (PVOID)1, (PVOID)2);
    CHECK(Calls == 1);
    if (again != NULL)
        ObDereferenceObject(again);
    ObDereferenceObject(callback);
}

static VOID NTAPI
TimerRan(PEX_TIMER Timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(Timer);
    SeenArgument = Context;
    SeenIrql = KeGetCurrentIrql();
    InterlockedIncrement(&Calls);
    KeSetEvent(&Ran, IO_NO_INCREMENT, FALSE);
}

static VOID NTAPI
TimerDeleted(PVOID Context)
{
    SeenArgument = Context;
}

static VOID
ExTimers(VOID)
{
    EXT_DELETE_PARAMETERS deletion;
    PEX_TIMER timer = ExAllocateTimer(TimerRan, &Ran, 0);

    REQUIRE(timer != NULL);
    Reset();
    CHECK(!ExSetTimer(timer, -10 * 1000, 0, NULL));
    CHECK(HasRun() && SeenArgument == &Ran && SeenIrql == DISPATCH_LEVEL);
    CHECK(!ExCancelTimer(timer, NULL)); /* it has expired */
    CHECK(!ExSetTimer(timer, -1000 * 1000 * 10, 0, NULL));
    CHECK(ExSetTimer(timer, -1000 * 1000 * 10, 0, NULL)); /* documented: TRUE when it cancels one that was pending */
    CHECK(ExCancelTimer(timer, NULL));
    CHECK(Calls == 1);
    RtlZeroMemory(&deletion, sizeof(deletion));
    deletion.DeleteCallback = TimerDeleted;
    deletion.DeleteContext = &deletion;
    CHECK(!ExDeleteTimer(timer, TRUE, TRUE, &deletion));
    CHECK(SeenArgument == &deletion);
}

static VOID NTAPI
DpcRan(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    SeenArgument = Context;
    SeenIrql = KeGetCurrentIrql();
    InterlockedIncrement(&Calls);
    KeSetEvent(&Ran, IO_NO_INCREMENT, FALSE);
}

static VOID
ThreadedDpc(VOID)
{
    static KDPC dpc;

    Reset();
    KeInitializeThreadedDpc(&dpc, DpcRan, &dpc);
    CHECK(KeInsertQueueDpc(&dpc, NULL, NULL));
    CHECK(HasRun() && SeenArgument == &dpc && SeenIrql <= DISPATCH_LEVEL);
}

static ULONG DpcProcessor;

static VOID NTAPI
DpcWhere(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    DpcProcessor = KeGetCurrentProcessorNumberEx(NULL);
    DpcRan(Dpc, Context, Argument1, Argument2);
}

static VOID
DpcTargets(VOID)
{
    static KDPC dpc;
    PROCESSOR_NUMBER number;
    KIRQL old;

    KeInitializeDpc(&dpc, DpcWhere, NULL);
    KeSetTargetProcessorDpc(&dpc, 1);
    Reset();
    CHECK(KeInsertQueueDpc(&dpc, NULL, NULL) && HasRun() && DpcProcessor == 1);
    REQUIRE(KeGetProcessorNumberFromIndex(0, &number) == STATUS_SUCCESS);
    CHECK(KeSetTargetProcessorDpcEx(&dpc, &number) == STATUS_SUCCESS);
    Reset();
    CHECK(KeInsertQueueDpc(&dpc, NULL, NULL) && HasRun() && DpcProcessor == 0);
    number.Group = 9;
    CHECK(KeSetTargetProcessorDpcEx(&dpc, &number) == STATUS_INVALID_PARAMETER);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    CHECK(KeInsertQueueDpc(&dpc, NULL, NULL));
    KeLowerIrql(old);
    KeRemoveQueueDpcEx(&dpc, TRUE); /* waits for one that runs */
    CHECK(!KeRemoveQueueDpcEx(&dpc, FALSE));
}

static NTSTATUS WatchdogStatus;
static KDPC_WATCHDOG_INFORMATION Watchdog;

static VOID NTAPI
DpcAsksWatchdog(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    WatchdogStatus = KeQueryDpcWatchdogInformation(&Watchdog);
    DpcRan(Dpc, Context, Argument1, Argument2);
}

static VOID
DpcWatchdog(VOID)
{
    static KDPC dpc;

    CHECK(KeQueryDpcWatchdogInformation(&Watchdog) == STATUS_UNSUCCESSFUL); /* no DPC runs */
    Reset();
    KeInitializeDpc(&dpc, DpcAsksWatchdog, NULL);
    CHECK(KeInsertQueueDpc(&dpc, NULL, NULL) && HasRun());
    CHECK(WatchdogStatus == STATUS_SUCCESS);
    CHECK(Watchdog.DpcTimeCount <= Watchdog.DpcTimeLimit);
}

static VOID
CoalescableTimer(VOID)
{
    static KTIMER timer;
    static KDPC dpc;
    LARGE_INTEGER due;

    Reset();
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, DpcRan, NULL);
    due.QuadPart = -10 * 1000;
    CHECK(!KeSetCoalescableTimer(&timer, due, 0, 5, &dpc));
    CHECK(HasRun() && KeReadStateTimer(&timer));
    CHECK(!KeSetCoalescableTimer(&timer, due, 1000, 5, &dpc));
    CHECK(KeSetCoalescableTimer(&timer, due, 1000, 5, &dpc));
    CHECK(KeCancelTimer(&timer));
}

static KEVENT Pulsed;
static volatile LONG Woken;

static VOID NTAPI
WaitsForPulse(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeWaitForSingleObject(&Pulsed, Executive, KernelMode, FALSE, NULL);
    InterlockedIncrement(&Woken);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID
EventsPulseAndClear(VOID)
{
    LARGE_INTEGER wait;
    HANDLE thread;

    wait.QuadPart = -10 * 1000;
    KeInitializeEvent(&Pulsed, NotificationEvent, FALSE);
    Woken = 0;
    thread = DdiThread(WaitsForPulse, NULL);
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    CHECK(KePulseEvent(&Pulsed, IO_NO_INCREMENT, FALSE) == 0);
    DdiJoin(thread);
    CHECK(Woken == 1 && KeReadStateEvent(&Pulsed) == 0); /* documented: it is not signaled any more */
    KeSetEvent(&Pulsed, IO_NO_INCREMENT, FALSE);
    KeClearEvent(&Pulsed);
    CHECK(KeReadStateEvent(&Pulsed) == 0);
}

static VOID
MutexByItsOwnWait(VOID)
{
    DDI_EXPORT(NTSTATUS, KeWaitForMutexObject, (PVOID, KWAIT_REASON, KPROCESSOR_MODE, BOOLEAN, PLARGE_INTEGER));
    static KMUTEX mutex;

    KeInitializeMutex(&mutex, 0);
    CHECK(pKeWaitForMutexObject(&mutex, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
    CHECK(KeReadStateMutex(&mutex) == 0);
    CHECK(KeReleaseMutex(&mutex, FALSE) == 0 && KeReadStateMutex(&mutex) == 1);
}

static VOID
UuidsAndLocalTime(VOID)
{
    LARGE_INTEGER system, local, back;
    UUID a, b;

    CHECK(NT_SUCCESS(ExUuidCreate(&a)) && NT_SUCCESS(ExUuidCreate(&b)));
    CHECK(RtlCompareMemory(&a, &b, sizeof(a)) != sizeof(a));
    system.QuadPart = 132223104000000000LL;
    ExSystemTimeToLocalTime(&system, &local);
    ExLocalTimeToSystemTime(&local, &back);
    CHECK(back.QuadPart == system.QuadPart);
    CHECK((local.QuadPart - system.QuadPart) % (15LL * 60 * 10000000) == 0); /* a time zone is quarters of an hour */
    CHECK(ExIsProcessorFeaturePresent(10)); /* PF_XMMI64_INSTRUCTIONS_AVAILABLE: what x64 begins with */
    CHECK(!ExIsProcessorFeaturePresent(0x1000));
    CHECK(ExSetTimerResolution(10000, TRUE) > 0);
    CHECK(ExSetTimerResolution(0, FALSE) > 0);
}

DDI_TESTS(exec, { "work_item", WorkItem }, { "callback_object", CallbackObject }, { "ex_timers", ExTimers },
          { "threaded_dpc", ThreadedDpc }, { "dpc_targets", DpcTargets }, { "dpc_watchdog", DpcWatchdog },
          { "coalescable_timer", CoalescableTimer }, { "events_pulse_and_clear", EventsPulseAndClear },
          { "mutex_by_its_own_wait", MutexByItsOwnWait }, { "uuids_and_local_time", UuidsAndLocalTime });
