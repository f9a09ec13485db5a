/* SPDX-License-Identifier: MIT */
/* ps.c - threads and processes: identities, look-ups, priorities, attaching. */
#include "ddi.h"
#include <ntifs.h>

static VOID
ThreadsIdentity(VOID)
{
    DDI_EXPORT(PKTHREAD, KeGetCurrentThread, (VOID));
    DDI_EXPORT(HANDLE, PsGetThreadProcessId, (PETHREAD));
    DDI_EXPORT(PEPROCESS, PsGetThreadProcess, (PETHREAD));
    DDI_EXPORT(BOOLEAN, PsIsThreadTerminating, (PETHREAD));
    DDI_EXPORT(PEPROCESS, PsGetCurrentProcess, (VOID));
    PETHREAD self = (PETHREAD)pKeGetCurrentThread(), found = NULL;
    LARGE_INTEGER now;

    KeQuerySystemTime(&now);
    CHECK((PVOID)self == (PVOID)KeGetCurrentThread());
    CHECK(PsGetThreadId(self) == PsGetCurrentThreadId() && PsGetThreadId(self) != NULL);
    CHECK(pPsGetThreadProcessId(self) == PsGetCurrentProcessId());
    CHECK(pPsGetThreadProcess(self) == pPsGetCurrentProcess());
    CHECK(PsGetThreadCreateTime(self) <= now.QuadPart);
    CHECK(PsIsSystemThread(self) && !pPsIsThreadTerminating(self));
    CHECK(ExGetPreviousMode() == KernelMode);
    REQUIRE(PsLookupThreadByThreadId(PsGetThreadId(self), &found) == STATUS_SUCCESS);
    CHECK(found == self);
    ObDereferenceObject(found);
    CHECK(PsLookupThreadByThreadId((HANDLE)(ULONG_PTR)0x7ffffff0, &found) == STATUS_INVALID_PARAMETER);
}

static VOID
ProcessesIdentity(VOID)
{
    DDI_EXPORT(PUCHAR, PsGetProcessImageFileName, (PEPROCESS));
    DDI_EXPORT(LONGLONG, PsGetProcessCreateTimeQuadPart, (PEPROCESS));
    DDI_EXPORT(NTSTATUS, PsGetProcessExitStatus, (PEPROCESS));
    PEPROCESS self = IoGetCurrentProcess(), found = NULL;
    LARGE_INTEGER now;

    KeQuerySystemTime(&now);
    CHECK(PsGetProcessId(self) == PsGetCurrentProcessId());
    CHECK(strcmp((const char *)pPsGetProcessImageFileName(self), "System") == 0);
    CHECK(pPsGetProcessCreateTimeQuadPart(self) <= now.QuadPart);
    CHECK(pPsGetProcessExitStatus(self) == STATUS_PENDING); /* it has not ended */
    CHECK(PsGetProcessStartKey(self) == PsGetProcessStartKey(self));
    REQUIRE(PsLookupProcessByProcessId(PsGetProcessId(self), &found) == STATUS_SUCCESS);
    CHECK(found == self);
    ObDereferenceObject(found);
    CHECK(PsLookupProcessByProcessId((HANDLE)(ULONG_PTR)0x7ffffff0, &found) == STATUS_INVALID_CID);
}

static VOID NTAPI
ProcessComesOrGoes(HANDLE ParentId, HANDLE ProcessId, BOOLEAN Create)
{
    UNREFERENCED_PARAMETER(ParentId);
    UNREFERENCED_PARAMETER(ProcessId);
    UNREFERENCED_PARAMETER(Create);
}

static VOID
ProcessNotification(VOID)
{
    CHECK(PsSetCreateProcessNotifyRoutine(ProcessComesOrGoes, TRUE) == STATUS_INVALID_PARAMETER); /* not registered */
    REQUIRE(PsSetCreateProcessNotifyRoutine(ProcessComesOrGoes, FALSE) == STATUS_SUCCESS);
    CHECK(PsSetCreateProcessNotifyRoutine(ProcessComesOrGoes, FALSE) == STATUS_INVALID_PARAMETER); /* already */
    CHECK(PsSetCreateProcessNotifyRoutine(ProcessComesOrGoes, TRUE) == STATUS_SUCCESS);
}

static VOID
Priorities(VOID)
{
    PKTHREAD self = KeGetCurrentThread();
    KPRIORITY before = KeQueryPriorityThread(self);
    LONG increment;

    CHECK(before >= 1 && before <= HIGH_PRIORITY);
    CHECK(KeSetPriorityThread(self, LOW_REALTIME_PRIORITY) == before);
    CHECK(KeQueryPriorityThread(self) == LOW_REALTIME_PRIORITY);
    CHECK(KeSetPriorityThread(self, before) == LOW_REALTIME_PRIORITY);
    increment = KeSetBasePriorityThread(self, 1);
    CHECK(KeSetBasePriorityThread(self, increment) == 1);
}

static VOID
Attaching(VOID)
{
    DDI_EXPORT(VOID, KeAttachProcess, (PRKPROCESS));
    DDI_EXPORT(VOID, KeDetachProcess, (VOID));
    PEPROCESS self = IoGetCurrentProcess();
    KAPC_STATE state;

    KeStackAttachProcess((PRKPROCESS)self, &state);
    CHECK(IoGetCurrentProcess() == self);
    KeUnstackDetachProcess(&state);
    pKeAttachProcess((PRKPROCESS)self);
    CHECK(IoGetCurrentProcess() == self);
    pKeDetachProcess();
    CHECK(IoGetCurrentProcess() == self);
}

static VOID NTAPI
Returns(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
}

static VOID
ThreadInformation(VOID)
{
    PKTHREAD self = KeGetCurrentThread();
    KPRIORITY before = KeQueryPriorityThread(self);
    LONG value = LOW_REALTIME_PRIORITY, base;
    HANDLE thread = DdiThread(Returns, NULL);

    REQUIRE(thread != NULL);
    CHECK(ZwSetInformationThread(ZwCurrentThread(), ThreadPriority, &value, sizeof(value)) == STATUS_SUCCESS);
    CHECK(KeQueryPriorityThread(self) == LOW_REALTIME_PRIORITY);
    KeSetPriorityThread(self, before);
    CHECK(ZwSetInformationThread(thread, ThreadPriority, &value, sizeof(value)) == STATUS_SUCCESS);
    CHECK(ZwSetInformationThread(thread, ThreadPriority, &value, 2) == STATUS_INFO_LENGTH_MISMATCH);
    value = HIGH_PRIORITY + 1;
    CHECK(ZwSetInformationThread(thread, ThreadPriority, &value, sizeof(value)) == STATUS_INVALID_PARAMETER);
    value = 2;
    CHECK(ZwSetInformationThread(ZwCurrentThread(), ThreadBasePriority, &value, sizeof(value)) == STATUS_SUCCESS);
    base = KeSetBasePriorityThread(self, 0);
    CHECK(base == 2);
    KeSetPriorityThread(self, before);
    value = 16;
    CHECK(ZwSetInformationThread(thread, ThreadBasePriority, &value, sizeof(value)) == STATUS_INVALID_PARAMETER);
    CHECK(ZwSetInformationThread(thread, ThreadTimes, &value, sizeof(value)) == STATUS_INVALID_INFO_CLASS);
    value = 3;
    CHECK(ZwSetInformationThread(thread, (THREADINFOCLASS)24, &value, sizeof(value)) == STATUS_SUCCESS);
    value = 0;
    CHECK(ZwSetInformationThread(thread, (THREADINFOCLASS)24, &value, sizeof(value)) == STATUS_INVALID_PARAMETER);
    CHECK(ZwSetInformationThread((HANDLE)(ULONG_PTR)0x7ffffff0, ThreadPriority, &value, sizeof(value)) ==
          STATUS_INVALID_HANDLE);
    DdiJoin(thread);
    CHECK(ZwYieldExecution() == STATUS_SUCCESS);
}

DDI_TESTS(ps, { "threads_identity", ThreadsIdentity }, { "processes_identity", ProcessesIdentity },
          { "process_notification", ProcessNotification }, { "priorities", Priorities }, { "attaching", Attaching },
          { "thread_information", ThreadInformation });
