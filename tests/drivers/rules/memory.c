/* SPDX-License-Identifier: MIT */
/* memory.c - rules about MDLs, work items, handles and copies; see rules.h. */
#include "rules.h"

#define BYTES 64u

static PVOID
NewBytes(ULONG Length)
{
    return ExAllocatePoolWithTag(NonPagedPoolNx, Length, PLAIN_TAG);
}

/* What is done with an MDL of ours; in this order. */
typedef struct _STEPS {
    BOOLEAN Describe, Lock, Map, Unmap, Unlock;
} STEPS;

static NTSTATUS
UseMdl(RULES_REQUEST *Request, STEPS Steps)
{
    PVOID bytes = NewBytes(BYTES), mapped = NULL;
    PMDL mdl = bytes != NULL ? IoAllocateMdl(bytes, BYTES, FALSE, FALSE, NULL) : NULL;

    if (mdl != NULL) {
        if (Steps.Describe)
            MmBuildMdlForNonPagedPool(mdl);
        if (Steps.Lock)
            MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
        if (Steps.Map)
            mapped = MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
        if (Steps.Unmap && (mapped != NULL || !Steps.Map))
            MmUnmapLockedPages(mapped != NULL ? mapped : bytes, mdl);
        if (Steps.Unlock)
            MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
    if (bytes != NULL)
        ExFreePoolWithTag(bytes, PLAIN_TAG);
    return RulesDone(Request);
}

#define WHOLE ((STEPS){ .Lock = TRUE, .Map = TRUE, .Unmap = TRUE, .Unlock = TRUE })

NTSTATUS
BreakFreesLockedMdl(RULES_REQUEST *Request)
{
    return UseMdl(Request, (STEPS){ .Lock = TRUE });
}

NTSTATUS
KeepFreesLockedMdl(RULES_REQUEST *Request)
{
    return UseMdl(Request, (STEPS){ .Lock = TRUE, .Unlock = TRUE });
}

NTSTATUS
BreakUnlocksDescribed(RULES_REQUEST *Request)
{
    return UseMdl(Request, (STEPS){ .Describe = TRUE, .Unlock = TRUE });
}

NTSTATUS
KeepUnlocksDescribed(RULES_REQUEST *Request)
{
    return UseMdl(Request, (STEPS){ .Describe = TRUE });
}

NTSTATUS
BreakMapsUnlocked(RULES_REQUEST *Request)
{
    return UseMdl(Request, (STEPS){ .Map = TRUE });
}

NTSTATUS
KeepMapsUnlocked(RULES_REQUEST *Request)
{
    return UseMdl(Request, WHOLE);
}

NTSTATUS
BreakUnmapsUnmapped(RULES_REQUEST *Request)
{
    return UseMdl(Request, (STEPS){ .Lock = TRUE, .Unmap = TRUE, .Unlock = TRUE });
}

NTSTATUS
KeepUnmapsUnmapped(RULES_REQUEST *Request)
{
    return UseMdl(Request, WHOLE);
}

NTSTATUS
BreakLocksDescribed(RULES_REQUEST *Request)
{
    return UseMdl(Request, (STEPS){ .Describe = TRUE, .Lock = TRUE, .Unlock = TRUE });
}

NTSTATUS
KeepLocksDescribed(RULES_REQUEST *Request)
{
    return UseMdl(Request, (STEPS){ .Lock = TRUE, .Unlock = TRUE });
}

/* ------------------------------------------------------------------ copies */

static NTSTATUS
Copy(RULES_REQUEST *Request, ULONG Distance)
{
    volatile SIZE_T length = BYTES; /* a call, whatever the compiler would make of a constant */
    UCHAR *bytes = NewBytes(2 * BYTES);

    if (bytes != NULL) {
        RtlZeroMemory(bytes, 2 * BYTES);
        RtlCopyMemory(bytes + Distance, bytes, length);
        ExFreePoolWithTag(bytes, PLAIN_TAG);
    }
    return RulesDone(Request);
}

NTSTATUS
BreakCopiesOver(RULES_REQUEST *Request)
{
    return Copy(Request, BYTES / 2);
}

NTSTATUS
KeepCopiesOver(RULES_REQUEST *Request)
{
    return Copy(Request, BYTES);
}

/* ------------------------------------------------------------------ handles */

static NTSTATUS
OpenKey(RULES_REQUEST *Request, BOOLEAN Close)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Registry\\Machine\\System");
    OBJECT_ATTRIBUTES attributes;
    HANDLE key;

    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    if (NT_SUCCESS(ZwOpenKey(&key, KEY_READ, &attributes)) && Close)
        (VOID)ZwClose(key);
    return RulesDone(Request);
}

NTSTATUS
BreakKeepsHandle(RULES_REQUEST *Request)
{
    return OpenKey(Request, FALSE);
}

NTSTATUS
KeepKeepsHandle(RULES_REQUEST *Request)
{
    return OpenKey(Request, TRUE);
}

NTSTATUS
BreakClosesNothing(RULES_REQUEST *Request)
{
    (VOID)ZwClose((HANDLE)(ULONG_PTR)0x80001234ull);
    return RulesDone(Request);
}

NTSTATUS
KeepClosesNothing(RULES_REQUEST *Request)
{
    return OpenKey(Request, TRUE);
}

/* ------------------------------------------------------------------ work items */

static IO_WORKITEM_ROUTINE Work;

typedef struct _WORK {
    PIO_WORKITEM Item;
    KEVENT Done;
} WORK;

_Use_decl_annotations_ static VOID
Work(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    WORK *work = Context;

    UNREFERENCED_PARAMETER(DeviceObject);

    KeSetEvent(&work->Done, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS
QueueWork(RULES_REQUEST *Request, ULONG Times, BOOLEAN Wait)
{
    WORK work = { .Item = IoAllocateWorkItem(Request->Device) };

    if (work.Item != NULL) {
        KeInitializeEvent(&work.Done, NotificationEvent, FALSE);
        for (ULONG i = 0; i < Times; i++)
            IoQueueWorkItem(work.Item, Work, DelayedWorkQueue, &work);
        if (Wait)
            (VOID)KeWaitForSingleObject(&work.Done, Executive, KernelMode, FALSE, NULL);
        IoFreeWorkItem(work.Item);
    }
    return RulesDone(Request);
}

NTSTATUS
BreakQueuesTwice(RULES_REQUEST *Request)
{
    return QueueWork(Request, 2, TRUE);
}

NTSTATUS
KeepQueuesTwice(RULES_REQUEST *Request)
{
    return QueueWork(Request, 1, TRUE);
}

NTSTATUS
BreakFreesQueued(RULES_REQUEST *Request)
{
    return QueueWork(Request, 1, FALSE);
}

NTSTATUS
KeepFreesQueued(RULES_REQUEST *Request)
{
    return QueueWork(Request, 1, TRUE);
}
