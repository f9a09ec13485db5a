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

DDI_TESTS(ps, { "threads_identity", ThreadsIdentity }, { "processes_identity", ProcessesIdentity },
          { "process_notification", ProcessNotification }, { "priorities", Priorities }, { "attaching", Attaching });
