/* SPDX-License-Identifier: MIT */
/* ke_cpu.c - processors, IRQL and time by their exports, stacks, device queues, bug check callbacks. */
#include "ddi.h"

static VOID
IrqlByExports(VOID)
{
    DDI_EXPORT(KIRQL, KeGetCurrentIrql, (VOID));
    DDI_EXPORT(KIRQL, KfRaiseIrql, (KIRQL));
    DDI_EXPORT(VOID, KfLowerIrql, (KIRQL));
    DDI_EXPORT(VOID, KeLowerIrql, (KIRQL));
    DDI_EXPORT(KIRQL, KeRaiseIrqlToDpcLevel, (VOID));
    DDI_EXPORT(KIRQL, KeRaiseIrqlToSynchLevel, (VOID));
    KIRQL old;

    CHECK(pKeGetCurrentIrql() == PASSIVE_LEVEL);
    old = pKfRaiseIrql(APC_LEVEL);
    CHECK(old == PASSIVE_LEVEL && pKeGetCurrentIrql() == APC_LEVEL);
    CHECK(pKeRaiseIrqlToDpcLevel() == APC_LEVEL && pKeGetCurrentIrql() == DISPATCH_LEVEL);
    CHECK(pKeRaiseIrqlToSynchLevel() == DISPATCH_LEVEL && pKeGetCurrentIrql() > DISPATCH_LEVEL);
    pKfLowerIrql(DISPATCH_LEVEL);
    CHECK(pKeGetCurrentIrql() == DISPATCH_LEVEL);
    pKeLowerIrql(old);
    CHECK(pKeGetCurrentIrql() == PASSIVE_LEVEL);
}

NTHALAPI KIRQL NTAPI KfAcquireSpinLock(PKSPIN_LOCK SpinLock);
NTHALAPI VOID NTAPI KfReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql);
NTHALAPI KIRQL NTAPI KfRaiseIrql(KIRQL NewIrql);
NTHALAPI VOID NTAPI KfLowerIrql(KIRQL NewIrql);
KIRQL NTAPI ImportedIrql(VOID) __asm__("KeGetCurrentIrql"); /* the headers have an inline of that name */

/* This driver is linked to hal before ntoskrnl (cc.flags), as old ones are: the direct calls are hal's. */
static VOID
HalByImports(VOID)
{
    static KSPIN_LOCK lock;
    LARGE_INTEGER before = KeQueryPerformanceCounter(NULL);
    KIRQL old = KfRaiseIrql(APC_LEVEL);

    CHECK(old == PASSIVE_LEVEL && ImportedIrql() == APC_LEVEL);
    CHECK(KeRaiseIrqlToDpcLevel() == APC_LEVEL && ImportedIrql() == DISPATCH_LEVEL);
    CHECK(KeRaiseIrqlToSynchLevel() == DISPATCH_LEVEL && ImportedIrql() > DISPATCH_LEVEL);
    KfLowerIrql(PASSIVE_LEVEL);
    CHECK(ImportedIrql() == PASSIVE_LEVEL);
    KeInitializeSpinLock(&lock);
    old = KfAcquireSpinLock(&lock);
    CHECK(old == PASSIVE_LEVEL && ImportedIrql() == DISPATCH_LEVEL);
    KfReleaseSpinLock(&lock, old);
    KeStallExecutionProcessor(1);
    CHECK(KeQueryPerformanceCounter(NULL).QuadPart > before.QuadPart);
}

/* Two processors, one group. */
static VOID
Affinity(VOID)
{
    GROUP_AFFINITY wanted = { .Mask = 2 }, before, inner, wrong = { .Mask = 1, .Group = 1 };
    KIRQL old;

    KeSetSystemGroupAffinityThread(&wanted, &before);
    CHECK(before.Mask == 0 && before.Group == 0 && KeGetCurrentProcessorNumberEx(NULL) == 1);
    wanted.Mask = 1;
    KeSetSystemGroupAffinityThread(&wanted, &inner);
    CHECK(inner.Mask == 2 && KeGetCurrentProcessorNumberEx(NULL) == 0);
    KeRevertToUserGroupAffinityThread(&inner);
    CHECK(KeGetCurrentProcessorNumberEx(NULL) == 1);
    KeSetSystemGroupAffinityThread(&wrong, &inner); /* documented: nothing changes, and zeros are told */
    CHECK(inner.Mask == 0 && KeGetCurrentProcessorNumberEx(NULL) == 1);
    wanted.Mask = 0x80;
    inner.Mask = 5;
    KeSetSystemGroupAffinityThread(&wanted, &inner);
    CHECK(inner.Mask == 0 && KeGetCurrentProcessorNumberEx(NULL) == 1);
    KeRevertToUserGroupAffinityThread(&before);
    CHECK(KeSetSystemAffinityThreadEx(1) == 0 && KeGetCurrentProcessorNumberEx(NULL) == 0);
    CHECK(KeSetSystemAffinityThreadEx(2) == 1 && KeGetCurrentProcessorNumberEx(NULL) == 1);
    CHECK(KeSetSystemAffinityThreadEx(0) == 0 && KeGetCurrentProcessorNumberEx(NULL) == 1);
    KeRevertToUserAffinityThreadEx(1);
    CHECK(KeGetCurrentProcessorNumberEx(NULL) == 0);
    old = KeRaiseIrqlToDpcLevel();
    KeSetSystemAffinityThread(2);
    CHECK(KeGetCurrentProcessorNumberEx(NULL) == 0); /* documented: it moves when it may */
    KeLowerIrql(old);
    CHECK(KeGetCurrentProcessorNumberEx(NULL) == 1);
    KeRevertToUserAffinityThread();
    KeRevertToUserAffinityThreadEx(0);
}

static VOID
TimeByExports(VOID)
{
    DDI_EXPORT(VOID, KeQuerySystemTime, (PLARGE_INTEGER));
    DDI_EXPORT(VOID, KeQueryTickCount, (PLARGE_INTEGER));
    DDI_EXPORT(ULONGLONG, KeQueryInterruptTime, (VOID));
    DDI_EXPORT(LARGE_INTEGER, KeQueryPerformanceCounter, (PLARGE_INTEGER));
    DDI_EXPORT(VOID, KeStallExecutionProcessor, (ULONG));
    LARGE_INTEGER time, later, precise, ticks, more, frequency, wait;
    ULONGLONG interrupt, unbiased;
    ULONG64 stamp = 0;

    wait.QuadPart = -50 * 10000; /* 50 ms */
    pKeQuerySystemTime(&time);
    pKeQueryTickCount(&ticks);
    interrupt = pKeQueryInterruptTime();
    unbiased = KeQueryUnbiasedInterruptTime();
    CHECK(interrupt == KeQueryInterruptTime() && unbiased <= interrupt);
    CHECK(KeDelayExecutionThread(KernelMode, FALSE, &wait) == STATUS_SUCCESS);
    pKeQuerySystemTime(&later);
    pKeQueryTickCount(&more);
    CHECK(later.QuadPart - time.QuadPart >= -wait.QuadPart);
    CHECK(pKeQueryInterruptTime() - interrupt >= (ULONGLONG)-wait.QuadPart);
    CHECK(KeQueryTimeIncrement() >= 5000 && KeQueryTimeIncrement() <= 156250 * 2);
    CHECK(more.QuadPart - ticks.QuadPart >= -wait.QuadPart / KeQueryTimeIncrement() - 1);
    KeQuerySystemTimePrecise(&precise);
    CHECK(precise.QuadPart >= later.QuadPart);
    CHECK(KeQueryInterruptTimePrecise(&stamp) >= pKeQueryInterruptTime() && stamp != 0);
    time = pKeQueryPerformanceCounter(&frequency);
    pKeStallExecutionProcessor(5);
    CHECK(frequency.QuadPart >= 1000000 && pKeQueryPerformanceCounter(NULL).QuadPart > time.QuadPart);
}

static VOID
Processors(VOID)
{
    DDI_EXPORT(ULONG, KeGetCurrentProcessorNumber, (VOID));
    ULONG active = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    KAFFINITY mask = 0;
    PROCESSOR_NUMBER number = { 0, 0, 0 };
    GROUP_AFFINITY node;
    USHORT count = 0;
    ULONG i;

    CHECK(active >= 1 && KeQueryActiveProcessorCount(&mask) == active);
    CHECK(RtlNumberOfSetBitsUlongPtr(mask) == active && KeQueryActiveProcessors() == mask);
    CHECK(KeQueryGroupAffinity(0) == mask && KeQueryGroupAffinity(9) == 0); /* documented: 0 for no such group */
    CHECK(KeQueryMaximumProcessorCount() >= active && KeQueryMaximumProcessorCountEx(0) >= active);
    CHECK(KeQueryActiveGroupCount() == 1 && KeQueryMaximumGroupCount() >= 1);
    for (i = 0; i < active; i++) {
        CHECK(KeGetProcessorNumberFromIndex(i, &number) == STATUS_SUCCESS);
        CHECK(KeGetProcessorIndexFromNumber(&number) == i);
    }
    CHECK(KeGetProcessorNumberFromIndex(active + 100, &number) == STATUS_INVALID_PARAMETER);
    number.Group = 7;
    CHECK(KeGetProcessorIndexFromNumber(&number) == INVALID_PROCESSOR_INDEX);
    CHECK(pKeGetCurrentProcessorNumber() == KeGetCurrentProcessorNumber());
    CHECK(pKeGetCurrentProcessorNumber() == KeGetCurrentProcessorNumberEx(&number) && number.Group == 0);
    CHECK(KeGetCurrentNodeNumber() <= KeQueryHighestNodeNumber());
    KeQueryNodeActiveAffinity(0, &node, &count);
    CHECK(node.Group == 0 && node.Mask == mask && count == active);
    (VOID) KeShouldYieldProcessor(); /* a hint: either answer is right */
}

static ULONG Announced;
static NTSTATUS AnnounceWith;

static VOID NTAPI
ProcessorComes(PVOID Context, PKE_PROCESSOR_CHANGE_NOTIFY_CONTEXT Change, PNTSTATUS OperationStatus)
{
    CHECK(Context == &Announced);
    if (Change->State == KeProcessorAddStartNotify) {
        Announced++;
        if (AnnounceWith != STATUS_SUCCESS)
            *OperationStatus = AnnounceWith;
    }
}

static VOID
ProcessorCallbacks(VOID)
{
    PVOID handle;

    Announced = 0;
    AnnounceWith = STATUS_SUCCESS;
    handle = KeRegisterProcessorChangeCallback(ProcessorComes, &Announced, 1); /* ..._ADD_EXISTING */
    REQUIRE(handle != NULL);
    CHECK(Announced == KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS));
    KeDeregisterProcessorChangeCallback(handle);
    Announced = 0;
    AnnounceWith = STATUS_INSUFFICIENT_RESOURCES; /* documented: an error refuses the registration */
    CHECK(KeRegisterProcessorChangeCallback(ProcessorComes, &Announced, 1) == NULL);
    Announced = 0;
    handle = KeRegisterProcessorChangeCallback(ProcessorComes, &Announced, 0);
    CHECK(handle != NULL && Announced == 0);
    if (handle != NULL)
        KeDeregisterProcessorChangeCallback(handle);
}

static PVOID CalloutSaw;

static VOID NTAPI
Callout(PVOID Parameter)
{
    CalloutSaw = Parameter;
}

static VOID
Stacks(VOID)
{
    DDI_EXPORT(VOID, KeGetStackLimits, (PULONG_PTR, PULONG_PTR));
    ULONG_PTR low = 0, high = 0, other = 0, top = 0, here = (ULONG_PTR)&low;
    KIRQL old;

    IoGetStackLimits(&low, &high);
    CHECK(low < here && here < high);
    pKeGetStackLimits(&other, &top);
    CHECK(other == low && top == high);
    CalloutSaw = NULL;
    CHECK(KeExpandKernelStackAndCallout(Callout, &low, 4096) == STATUS_SUCCESS && CalloutSaw == &low);
    CHECK(KeExpandKernelStackAndCalloutEx(Callout, &high, 4096, TRUE, NULL) == STATUS_SUCCESS && CalloutSaw == &high);
    CHECK(KeExpandKernelStackAndCalloutEx(Callout, NULL, 1 << 20, TRUE, NULL) == STATUS_INVALID_PARAMETER_3);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    CHECK(KeExpandKernelStackAndCalloutEx(Callout, NULL, 4096, TRUE, NULL) == STATUS_INVALID_PARAMETER_4);
    CHECK(KeExpandKernelStackAndCalloutEx(Callout, NULL, 512, FALSE, NULL) == STATUS_SUCCESS);
    KeLowerIrql(old);
    CHECK(CalloutSaw == NULL);
}

static VOID
DeviceQueue(VOID)
{
    static KDEVICE_QUEUE queue;
    static KDEVICE_QUEUE_ENTRY a, b, c;
    KIRQL old;

    KeInitializeDeviceQueue(&queue);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    CHECK(!KeInsertDeviceQueue(&queue, &a)); /* documented: the first only makes the queue busy */
    CHECK(KeInsertByKeyDeviceQueue(&queue, &b, 20));
    CHECK(KeInsertByKeyDeviceQueue(&queue, &c, 10));
    CHECK(KeInsertDeviceQueue(&queue, &a));
    CHECK(KeRemoveDeviceQueue(&queue) == &c);
    CHECK(KeRemoveEntryDeviceQueue(&queue, &a) && !KeRemoveEntryDeviceQueue(&queue, &a));
    CHECK(KeRemoveDeviceQueue(&queue) == &b);
    CHECK(KeRemoveDeviceQueue(&queue) == NULL); /* and is not busy any more */
    CHECK(!KeInsertByKeyDeviceQueue(&queue, &b, 5));
    CHECK(KeRemoveDeviceQueue(&queue) == NULL);
    KeLowerIrql(old);
}

static VOID NTAPI
AtBugCheck(KBUGCHECK_CALLBACK_REASON Reason, PKBUGCHECK_REASON_CALLBACK_RECORD Record, PVOID Data, ULONG Length)
{
    UNREFERENCED_PARAMETER(Reason);
    UNREFERENCED_PARAMETER(Record);
    UNREFERENCED_PARAMETER(Data);
    UNREFERENCED_PARAMETER(Length);
}

static VOID
BugCheckCallbacks(VOID)
{
    static KBUGCHECK_REASON_CALLBACK_RECORD record;

    KeInitializeCallbackRecord(&record);
    CHECK(KeRegisterBugCheckReasonCallback(&record, AtBugCheck, KbCallbackSecondaryDumpData, (PUCHAR) "ddi"));
    CHECK(!KeRegisterBugCheckReasonCallback(&record, AtBugCheck, KbCallbackSecondaryDumpData, (PUCHAR) "ddi"));
    CHECK(KeDeregisterBugCheckReasonCallback(&record));
    CHECK(!KeDeregisterBugCheckReasonCallback(&record));
    CHECK(KdRefreshDebuggerNotPresent()); /* there is none */
}

static VOID
ExtendedState(VOID)
{
    XSTATE_SAVE save;

    CHECK(RtlGetEnabledExtendedFeatures(XSTATE_MASK_LEGACY | XSTATE_MASK_GSSE) == XSTATE_MASK_LEGACY); /* as xgetbv */
    REQUIRE(KeSaveExtendedProcessorState(XSTATE_MASK_LEGACY, &save) == STATUS_SUCCESS);
    KeRestoreExtendedProcessorState(&save);
    CHECK(*InitSafeBootMode == 0);
}

static VOID
Relationships(VOID)
{
    static UCHAR buffer[4096];
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX info = (PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX)buffer;
    PROCESSOR_NUMBER one = { 0, 0, 0 }, none = { 0, 63, 0 };
    ULONG length = 0, all, at, cores = 0, groups = 0;

    CHECK(KeQueryLogicalProcessorRelationship(NULL, RelationAll, NULL, &length) == STATUS_INFO_LENGTH_MISMATCH);
    REQUIRE(length > 0 && length <= sizeof(buffer));
    all = length;
    CHECK(KeQueryLogicalProcessorRelationship(NULL, RelationAll, info, &length) == STATUS_SUCCESS && length == all);
    for (at = 0; at < length; at += info->Size) {
        info = (PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX)(buffer + at);
        REQUIRE(info->Size != 0);
        cores += info->Relationship == RelationProcessorCore;
        groups += info->Relationship == RelationGroup;
        if (info->Relationship == RelationGroup)
            CHECK(info->Group.GroupInfo[0].ActiveProcessorMask == KeQueryActiveProcessors());
    }
    CHECK(at == length && cores == KeQueryActiveProcessorCount(NULL) && groups == 1);
    length = sizeof(buffer);
    info = (PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX)buffer;
    CHECK(KeQueryLogicalProcessorRelationship(&one, RelationProcessorCore, info, &length) == STATUS_SUCCESS);
    CHECK(length == info->Size && info->Processor.GroupMask[0].Mask == 1);
    CHECK(KeQueryLogicalProcessorRelationship(&none, RelationProcessorCore, info, &length) == STATUS_INVALID_PARAMETER);
}

static VOID
SystemInformation(VOID)
{
    UCHAR buffer[256];
    LARGE_INTEGER now;
    ULONG length = 0;

    CHECK(ZwQuerySystemInformation(0, buffer, 10, &length) == STATUS_INFO_LENGTH_MISMATCH && length == 64);
    CHECK(ZwQuerySystemInformation(0, buffer, sizeof(buffer), &length) == STATUS_SUCCESS);
    CHECK(buffer[56] == KeQueryActiveProcessorCount(NULL)); /* documented: NumberOfProcessors */
    CHECK(NtQuerySystemInformation(3, buffer, sizeof(buffer), &length) == STATUS_SUCCESS && length == 48);
    KeQuerySystemTime(&now);
    CHECK(*(LONGLONG *)(buffer + 8) <= now.QuadPart && *(LONGLONG *)buffer <= *(LONGLONG *)(buffer + 8));
    CHECK(ZwQuerySystemInformation(8, buffer, sizeof(buffer), NULL) == STATUS_SUCCESS);
    CHECK(ZwQuerySystemInformation(103, buffer, 8, &length) == STATUS_SUCCESS && length == 8);
    CHECK(ZwQuerySystemInformation(0x7fff, buffer, sizeof(buffer), NULL) == STATUS_INVALID_INFO_CLASS);
}

DDI_TESTS(cpu, { "irql_by_exports", IrqlByExports }, { "hal_by_imports", HalByImports },
          { "time_by_exports", TimeByExports }, { "processors", Processors }, { "affinity", Affinity },
          { "processor_callbacks", ProcessorCallbacks }, { "stacks", Stacks }, { "device_queue", DeviceQueue },
          { "bug_check_callbacks", BugCheckCallbacks }, { "extended_state", ExtendedState },
          { "relationships", Relationships }, { "system_information", SystemInformation });
