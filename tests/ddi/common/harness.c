/* SPDX-License-Identifier: MIT */
/* harness.c - what the drivers of the DDI tests share: running a group, what failed, threads; see ../ddi.h. */
#include "../ddi.h"

static PCSTR FailedCondition; /* of the test that runs; NULL: none yet */
static PCSTR FailedFile;
static ULONG FailedLine;

VOID
DdiFailed(PCSTR Condition, PCSTR File, ULONG Line)
{
    PCSTR at;

    if (FailedCondition != NULL)
        return;
    for (at = File; *at != 0; at++)
        if (*at == '/' || *at == '\\')
            File = at + 1;
    FailedCondition = Condition;
    FailedFile = File;
    FailedLine = Line;
}

PVOID
DdiRoutine(PCWSTR Name)
{
    UNICODE_STRING name;
    PVOID routine;

    RtlInitUnicodeString(&name, Name);
    routine = MmGetSystemRoutineAddress(&name);
    if (routine == NULL)
        DbgPrint("FAIL ddi export: %wZ is not there\n", &name);
    return routine;
}

HANDLE
DdiThread(PKSTART_ROUTINE Start, PVOID Context)
{
    HANDLE thread = NULL;

    CHECK(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, Start, Context) == STATUS_SUCCESS);
    return thread;
}

VOID
DdiJoin(HANDLE Thread)
{
    CHECK(ZwWaitForSingleObject(Thread, FALSE, NULL) == STATUS_SUCCESS);
    CHECK(ZwClose(Thread) == STATUS_SUCCESS);
}

ULONG
DdiRunGroup(const DDI_GROUP *Group)
{
    ULONG failed = 0;
    ULONG i;

    for (i = 0; i < Group->Count; i++) {
        Group->Tests[i].Run(); /* what failed before it, in a callback, is put down to it */
        CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
        if (FailedCondition == NULL) {
            DbgPrint("PASS %s %s\n", Group->Name, Group->Tests[i].Name);
        } else {
            DbgPrint("FAIL %s %s: %s:%u: %s\n", Group->Name, Group->Tests[i].Name, FailedFile, FailedLine,
                     FailedCondition);
            failed++;
        }
        FailedCondition = NULL;
    }
    return failed;
}
