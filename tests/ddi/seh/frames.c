/* SPDX-License-Identifier: MIT */
/*
 * frames.c - frames as other compilers make them: a handler of the driver's own in front of __C_specific_handler, with
 * a stack cookie to look at (__GSHandlerCheck_SEH), and exceptions inside the dispatching of others.
 */
#include "frames.h"

NTSYSAPI EXCEPTION_DISPOSITION NTAPI __C_specific_handler(PEXCEPTION_RECORD Record, PVOID Frame, PCONTEXT Context,
                                                          PDISPATCHER_CONTEXT Dispatcher);

/* ------------------------------------------------------------------ a cookie before the scopes */

ULONG64 GuardCookie = 0x1122334455667788;
static volatile LONG Checked, CheckedUnwinding;

/*
 * rcx is called inside a __try whose handler gives 1. The cookie lies at rsp + 0x28, xored with rsp, as the word
 * behind the scope table says. edx: bits to damage it with before the call.
 */
ULONG64 NTAPI GuardedTry(ULONG64 (*Function)(VOID), ULONG Damage);
__asm__(".text\n"
        ".globl GuardedTry\n"
        ".seh_proc GuardedTry\n"
        "GuardedTry:\n"
        "    subq $0x38, %rsp\n"
        "    .seh_stackalloc 0x38\n"
        "    .seh_endprologue\n"
        "    movq GuardCookie(%rip), %rax\n"
        "    xorq %rsp, %rax\n"
        "    xorq %rdx, %rax\n"
        "    movq %rax, 0x28(%rsp)\n"
        "Lguarded_begin:\n"
        "    callq *%rcx\n"
        "    nop\n"
        "Lguarded_end:\n"
        "    jmp Lguarded_out\n"
        "Lguarded_handler:\n"
        "    movl $1, %eax\n"
        "Lguarded_out:\n"
        "    addq $0x38, %rsp\n"
        "    retq\n"
        "    .seh_handler GuardedHandler, @except, @unwind\n"
        "    .seh_handlerdata\n"
        "    .long 1\n"
        "    .long Lguarded_begin@IMGREL, Lguarded_end@IMGREL, 1, Lguarded_handler@IMGREL\n"
        "    .long 0x28\n"
        "    .text\n"
        "    .seh_endproc\n");

EXCEPTION_DISPOSITION NTAPI
GuardedHandler(PEXCEPTION_RECORD Record, PVOID Frame, PCONTEXT Context, PDISPATCHER_CONTEXT Dispatcher)
{
    const ULONG *data = Dispatcher->HandlerData;
    ULONG offset = data[1 + 4 * data[0]];

    Checked++;
    if (Record->ExceptionFlags & EXCEPTION_UNWINDING)
        CheckedUnwinding++;
    if ((*(PULONG64)((PUCHAR)Frame + offset) ^ (ULONG64)Frame) != GuardCookie)
        RtlFailFast(2 /* FAST_FAIL_STACK_COOKIE_CHECK_FAILURE */);
    return __C_specific_handler(Record, Frame, Context, Dispatcher);
}

static ULONG64
Raises(VOID)
{
    ExRaiseStatus(STATUS_CANCELLED);
}

static ULONG64
Returns(VOID)
{
    return 7;
}

static ULONG64
RaisesGuarded(VOID)
{
    return GuardedTry(Raises, 0) == 1 ? 9 : 0;
}

VOID
CookieHandler(VOID)
{
    Checked = CheckedUnwinding = 0;
    CHECK(GuardedTry(Returns, 0) == 7 && Checked == 0);
    CHECK(GuardedTry(Raises, 0) == 1);
    CHECK(Checked == 2 && CheckedUnwinding == 1); /* once to offer it, once for the frame that took it */
    CHECK(GuardedTry(RaisesGuarded, 0) == 9 && Checked == 4);
}

/* ------------------------------------------------------------------ exceptions while others are dispatched */

static LONG
FilterThatRaises(VOID)
{
    LONG caught = 0;

    __try {
        ExRaiseStatus(STATUS_DEVICE_BUSY);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        caught = GetExceptionCode() == STATUS_DEVICE_BUSY;
    }
    return caught ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH;
}

VOID
NestedInFilter(VOID)
{
    NTSTATUS seen = 0;

    __try {
        ExRaiseStatus(STATUS_CANCELLED);
    } __except (FilterThatRaises()) {
        seen = GetExceptionCode();
    }
    CHECK(seen == STATUS_CANCELLED);
}

static volatile LONG Order[8], Steps;
#define STEP(n) (Order[Steps++ & 7] = (n))

static LONG
FilterThatFails(PEXCEPTION_POINTERS Pointers)
{
    BOOLEAN nested = (Pointers->ExceptionRecord->ExceptionFlags & EXCEPTION_NESTED_CALL) != 0;

    if (Pointers->ExceptionRecord->ExceptionCode == STATUS_CANCELLED && !nested)
        ExRaiseStatus(STATUS_DEVICE_BUSY);
    STEP(nested ? 5 : 6);
    return EXCEPTION_CONTINUE_SEARCH;
}

static __attribute__((noinline)) VOID
FailsInFilter(VOID)
{
    __try {
        __try {
            ExRaiseStatus(STATUS_CANCELLED);
        } __finally {
            STEP(1);
        }
    } __except (FilterThatFails(GetExceptionInformation())) {
        STEP(2);
    }
}

static LONG
Outside(PEXCEPTION_POINTERS Pointers)
{
    STEP(Pointers->ExceptionRecord->ExceptionFlags & EXCEPTION_NESTED_CALL ? 7 : 8);
    return EXCEPTION_EXECUTE_HANDLER;
}

/*
 * What a filter raises goes to its own frame again, as nested, and then outside, as not nested; the unwinding passes
 * the filter's frame and what it was to judge.
 */
VOID
RaisedInFilter(VOID)
{
    NTSTATUS seen = 0;

    Steps = 0;
    __try {
        FailsInFilter();
    } __except (Outside(GetExceptionInformation())) {
        seen = GetExceptionCode();
    }
    CHECK(seen == STATUS_DEVICE_BUSY);
    CHECK(Steps == 3 && Order[0] == 5 && Order[1] == 8 && Order[2] == 1);
}

/* Through a pointer: a block that the compiler knows to raise always is taken for the end, and those outside go. */
static VOID (*volatile Raise)(NTSTATUS Status);
static VOID
RaiseStatus(NTSTATUS Status)
{
    ExRaiseStatus(Status);
}

static __attribute__((noinline)) VOID
FailsInFinally(VOID)
{
    __try {
        __try {
            __try {
                ExRaiseStatus(STATUS_CANCELLED);
            } __finally {
                STEP(1);
            }
        } __finally {
            STEP(2);
            Raise(STATUS_DEVICE_BUSY);
        }
    } __finally {
        STEP(3);
    }
}

static __attribute__((noinline)) VOID
FailsInFinallyAgain(VOID)
{
    __try {
        FailsInFinally();
    } __finally {
        STEP(4);
        Raise(STATUS_NOT_SUPPORTED);
    }
}

/* Two unwindings collide with the one before: each finally block runs once, the last code arrives. */
VOID
CollidedUnwinds(VOID)
{
    NTSTATUS seen = 0;

    Steps = 0;
    Raise = RaiseStatus;
    __try {
        FailsInFinallyAgain();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        seen = GetExceptionCode();
    }
    CHECK(seen == STATUS_NOT_SUPPORTED);
    CHECK(Steps == 4 && Order[0] == 1 && Order[1] == 2 && Order[2] == 3 && Order[3] == 4);
}

/* A collided unwinding in an inner frame that is caught there: the outer one goes on where it was. */
static __attribute__((noinline)) VOID
FinallyThatCatches(VOID)
{
    __try {
        ExRaiseStatus(STATUS_CANCELLED);
    } __finally {
        __try {
            ExRaiseStatus(STATUS_DEVICE_BUSY);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            STEP(GetExceptionCode() == STATUS_DEVICE_BUSY ? 1 : 9);
        }
        STEP(2);
    }
}

VOID
CaughtInFinally(VOID)
{
    NTSTATUS seen = 0;

    Steps = 0;
    __try {
        FinallyThatCatches();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        seen = GetExceptionCode();
    }
    CHECK(seen == STATUS_CANCELLED && Steps == 2 && Order[0] == 1 && Order[1] == 2);
}

/* ------------------------------------------------------------------ through frames that are not the driver's */

static RTL_QUERY_REGISTRY_ROUTINE QueryRaises;
static NTSTATUS
QueryRaises(PWSTR Name, ULONG Type, PVOID Data, ULONG Length, PVOID Context, PVOID EntryContext)
{
    UNREFERENCED_PARAMETER(Name);
    UNREFERENCED_PARAMETER(Type);
    UNREFERENCED_PARAMETER(Data);
    UNREFERENCED_PARAMETER(Length);
    UNREFERENCED_PARAMETER(EntryContext);
    if (*(PULONG)Context == 0)
        ExRaiseStatus(STATUS_CANCELLED);
    --*(PULONG)Context;
    return STATUS_SUCCESS;
}

/* driver -> kernel -> driver: a filter sees the exception across the kernel's frames, and they are dropped. */
VOID
AcrossTheKernel(VOID)
{
    static RTL_QUERY_REGISTRY_TABLE table[2];
    static ULONG calls;
    NTSTATUS seen = 0;

    calls = 0;
    table[0].QueryRoutine = QueryRaises;
    table[0].Flags = RTL_QUERY_REGISTRY_REQUIRED;
    table[0].Name = L"ImagePath";
    table[0].DefaultType = REG_NONE;
    __try {
        RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, DdiRegistryPath.Buffer, table, &calls, NULL);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        seen = GetExceptionCode();
    }
    CHECK(seen == STATUS_CANCELLED && KeGetCurrentIrql() == PASSIVE_LEVEL);
}
