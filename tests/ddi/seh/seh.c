/* SPDX-License-Identifier: MIT */
/* seh.c - exceptions raised and caught, finally blocks, frames walked and unwound. Built by clang, which has __try. */
#include "frames.h"

DRIVER_INITIALIZE DriverEntry;
NTSYSAPI VOID NTAPI RtlRaiseStatus(NTSTATUS Status);
NTSYSAPI VOID NTAPI _local_unwind(PVOID Frame, PVOID TargetIp);

NDIS_HANDLE DdiFilterDriver; /* ddi.h: none here */
PDRIVER_OBJECT DdiDriverObject;
UNICODE_STRING DdiRegistryPath;

/* The code of what `call` raises; 0: nothing. */
#define RAISED(code, call)                       \
    do {                                         \
        NTSTATUS seen = 0;                       \
        __try {                                  \
            call;                                \
        } __except (EXCEPTION_EXECUTE_HANDLER) { \
            seen = GetExceptionCode();           \
        }                                        \
        CHECK(seen == (code));                   \
    } while (0)

static VOID
Raises(VOID)
{
    RAISED(STATUS_INSUFFICIENT_RESOURCES, ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES));
    RAISED(STATUS_NOT_SUPPORTED, RtlRaiseStatus(STATUS_NOT_SUPPORTED));
    RAISED(STATUS_ACCESS_VIOLATION, ExRaiseAccessViolation());
    RAISED(STATUS_DATATYPE_MISALIGNMENT, ExRaiseDatatypeMisalignment());
}

static VOID
Breakpoints(VOID)
{
    RAISED(STATUS_BREAKPOINT, DbgBreakPoint());
    RAISED(STATUS_BREAKPOINT, DbgBreakPointWithStatus(7));
    RAISED(STATUS_ASSERTION_FAILURE, DbgRaiseAssertionFailure());
    RAISED(STATUS_ASSERTION_FAILURE, RtlAssert((PVOID) "0 == 1", (PVOID) "seh.c", 1, NULL));
}

static VOID
Probes(VOID)
{
    static UCHAR own[16]; /* the kernel's, so no program's */

    RAISED(STATUS_ACCESS_VIOLATION, ProbeForRead(own, sizeof(own), 1));
    RAISED(STATUS_ACCESS_VIOLATION, ProbeForWrite(own, sizeof(own), 1));
    RAISED(STATUS_DATATYPE_MISALIGNMENT, ProbeForRead((PVOID)(ULONG_PTR)0x10001, 8, 4));
    RAISED(STATUS_DATATYPE_MISALIGNMENT, ProbeForWrite((PVOID)(ULONG_PTR)0x10001, 8, 4));
}

static VOID
Objects(VOID)
{
    static KSEMAPHORE semaphore;
    static KMUTEX mutex;

    KeInitializeSemaphore(&semaphore, 1, 1);
    RAISED(STATUS_SEMAPHORE_LIMIT_EXCEEDED, KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 1, FALSE));
    CHECK(KeReadStateSemaphore(&semaphore) == 1);
    KeInitializeMutex(&mutex, 0);
    RAISED(STATUS_MUTANT_NOT_OWNED, KeReleaseMutex(&mutex, FALSE));
}

static volatile LONG Finals;

static __attribute__((noinline)) VOID
RaisesInside(VOID)
{
    __try {
        ExRaiseStatus(STATUS_CANCELLED);
    } __finally {
        Finals++;
    }
}

static VOID
FinallyRuns(VOID)
{
    Finals = 0;
    RAISED(STATUS_CANCELLED, RaisesInside());
    CHECK(Finals == 1);
}

static __attribute__((noinline)) VOID
WalksFrom(VOID)
{
    CONTEXT context;
    PVOID data = NULL;
    ULONG64 image = 0, frame = 0;
    PRUNTIME_FUNCTION entry;

    RtlCaptureContext(&context);
    entry = RtlLookupFunctionEntry(context.Rip, &image, NULL);
    REQUIRE(entry != NULL);
    RtlVirtualUnwind(UNW_FLAG_NHANDLER, image, context.Rip, entry, &context, &data, &frame, NULL);
    CHECK(context.Rip == (ULONG64)__builtin_return_address(0) && context.Rsp > frame);
    CHECK(RtlPcToFileHeader((PVOID)context.Rip, &data) == DdiDriverObject->DriverStart);
    CHECK(RtlLookupFunctionEntry(16, &image, NULL) == NULL && RtlPcToFileHeader((PVOID)16, &data) == NULL);
}

static VOID
WalksAFrame(VOID)
{
    WalksFrom();
}

static volatile LONG Passes;

static VOID
RestoresContext(VOID)
{
    static CONTEXT context;

    Passes = 0;
    RtlCaptureContext(&context);
    if (Passes++ == 0)
        RtlRestoreContext(&context, NULL);
    CHECK(Passes == 2);
}

typedef VOID UNWIND_BY(PVOID Frame, PVOID Ip);

static VOID
ByUnwind(PVOID Frame, PVOID Ip)
{
    RtlUnwind(Frame, Ip, NULL, NULL);
}

static VOID
ByUnwindEx(PVOID Frame, PVOID Ip)
{
    static CONTEXT scratch;

    RtlUnwindEx(Frame, Ip, NULL, NULL, &scratch, NULL);
}

static VOID
ByLocalUnwind(PVOID Frame, PVOID Ip)
{
    _local_unwind(Frame, Ip);
}

static __attribute__((noinline)) VOID
UnwindsInside(UNWIND_BY *By, PVOID Frame, PVOID Ip)
{
    __try {
        By(Frame, Ip);
    } __finally {
        Finals++;
    }
}

/* Two calls deep, then back to here in one step; the finally block between runs. */
static __attribute__((noinline)) VOID
UnwindBack(UNWIND_BY *By)
{
    static CONTEXT context, copy;
    PVOID data = NULL;
    ULONG64 image = 0, frame = 0;
    PRUNTIME_FUNCTION entry;

    Passes = Finals = 0;
    RtlCaptureContext(&context);
    if (Passes++ == 0) {
        copy = context;
        entry = RtlLookupFunctionEntry(context.Rip, &image, NULL);
        REQUIRE(entry != NULL);
        RtlVirtualUnwind(UNW_FLAG_NHANDLER, image, copy.Rip, entry, &copy, &data, &frame, NULL);
        UnwindsInside(By, (PVOID)frame, (PVOID)context.Rip);
        CHECK(!"came back by returning");
    }
    CHECK(Passes == 2 && Finals == 1);
}

static VOID
Unwinds(VOID)
{
    UnwindBack(ByUnwind);
    UnwindBack(ByUnwindEx);
    UnwindBack(ByLocalUnwind);
}

DDI_TESTS(seh, { "raises", Raises }, { "breakpoints", Breakpoints }, { "probes", Probes }, { "objects", Objects },
          { "finally_runs", FinallyRuns }, { "walks_a_frame", WalksAFrame }, { "restores_context", RestoresContext },
          { "unwinds", Unwinds }, { "cookie_handler", CookieHandler }, { "nested_in_filter", NestedInFilter },
          { "raised_in_filter", RaisedInFilter }, { "collided_unwinds", CollidedUnwinds },
          { "caught_in_finally", CaughtInFinally }, { "across_the_kernel", AcrossTheKernel });

NTSTATUS NTAPI
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    ULONG failed;

    DdiDriverObject = DriverObject;
    DdiRegistryPath = *RegistryPath;
    failed = DdiRunGroup(&sehGroup);
    if (failed != 0)
        KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, sehGroup.Count - failed, failed, 0, 0);
    KeBugCheck(0xE2); /* documented: with no parameters */
}
