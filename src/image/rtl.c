/* SPDX-License-Identifier: MIT */
/*
 * image/rtl.c - what drivers call to raise, unwind and look at frames.
 *
 * Model: the public functions over seh.c and unwind.c. The context of a caller is
 * that of the innermost crossing: its non-volatile registers, stack pointer and
 * return address; volatile registers have no value across a call.
 */
#include "image/cover.h"
#include "image/internal.h"

#include "ddk/ntddk.h"
#include "image/seh.h"

#define NT_ACCESS_VIOLATION      ((int32_t)0xC0000005)
#define NT_DATATYPE_MISALIGNMENT ((int32_t)0x80000002)
#define NT_LONGJUMP              0x80000026u
#define NT_UNWIND_CONSOLIDATE    0x80000029u

static unsigned
index_of(const char *name)
{
    return (unsigned)ddi_lookup("ntoskrnl", name);
}

/*
 * ExRaiseStatus - raise a software exception that cannot be continued.
 *
 * Source:    documented
 * IRQL:      <= DISPATCH_LEVEL
 * Returns:   never
 * Tests:     tests/unit/image/test_seh.c
 */
VOID NTAPI
ExRaiseStatus(NTSTATUS Status)
{
    seh_raise_status(Status);
}

VOID NTAPI
RtlRaiseStatus(NTSTATUS Status)
{
    seh_raise_status(Status);
}

/* ExRaiseAccessViolation - documented: raises STATUS_ACCESS_VIOLATION; <= APC_LEVEL. */
VOID NTAPI
ExRaiseAccessViolation(VOID)
{
    seh_raise_status(NT_ACCESS_VIOLATION);
}

/* ExRaiseDatatypeMisalignment - documented: raises STATUS_DATATYPE_MISALIGNMENT; <= APC_LEVEL. */
VOID NTAPI
ExRaiseDatatypeMisalignment(VOID)
{
    seh_raise_status(NT_DATATYPE_MISALIGNMENT);
}

/* RtlUnwindEx - documented: unwind to TargetFrame and go on at TargetIp with ReturnValue in rax. */
VOID NTAPI
RtlUnwindEx(PVOID TargetFrame, PVOID TargetIp, PEXCEPTION_RECORD ExceptionRecord, PVOID ReturnValue,
            PCONTEXT OriginalContext, PUNWIND_HISTORY_TABLE HistoryTable)
{
    (void)OriginalContext; /* scratch of the caller's, not read */
    (void)HistoryTable;
    seh_unwind((uint64_t)TargetFrame, (uint64_t)TargetIp, ExceptionRecord, (uint64_t)ReturnValue);
}

VOID NTAPI
RtlUnwind(PVOID TargetFrame, PVOID TargetIp, PEXCEPTION_RECORD ExceptionRecord, PVOID ReturnValue)
{
    seh_unwind((uint64_t)TargetFrame, (uint64_t)TargetIp, ExceptionRecord, (uint64_t)ReturnValue);
}

/* _local_unwind - leave a __try by goto or return: run the __finally blocks on the way. observed: compilers call it. */
VOID NTAPI
_local_unwind(PVOID TargetFrame, PVOID TargetIp)
{
    seh_unwind((uint64_t)TargetFrame, (uint64_t)TargetIp, NULL, 0);
}

/* RtlCaptureContext - documented: the caller's registers; Rip is its return address. */
VOID NTAPI
RtlCaptureContext(PCONTEXT ContextRecord)
{
    struct cursor c;

    cursor_at_crossing(&c, fiber_self());
    if (!cursor_leave_host(&c))
        return;
    c.cx.gpr[1] = (uint64_t)ContextRecord;
    seh_context_from(ContextRecord, &c.cx);
}

/* RtlRestoreContext - documented: go on with these registers. The special codes of C++ and longjmp are lacking. */
VOID NTAPI
RtlRestoreContext(PCONTEXT ContextRecord, PEXCEPTION_RECORD ExceptionRecord)
{
    struct fiber *f = fiber_self();
    struct guest_call *segment = f->outer;
    struct cpu_context cx;

    if (ExceptionRecord && ((uint32_t)ExceptionRecord->ExceptionCode == NT_LONGJUMP ||
                            (uint32_t)ExceptionRecord->ExceptionCode == NT_UNWIND_CONSOLIDATE))
        machine_unsupported(index_of("RtlRestoreContext"), "RtlRestoreContext with a longjmp or consolidation record");
    seh_context_to(ContextRecord, &cx);
    while (segment && segment->prev && segment->guest_rsp < cx.gpr[4])
        segment = segment->prev;
    seh_resume(f, &cx, segment);
}

/* RtlLookupFunctionEntry - documented: the .pdata entry of a function, NULL for a leaf. */
PRUNTIME_FUNCTION NTAPI
RtlLookupFunctionEntry(ULONG64 ControlPc, PULONG64 ImageBase, PUNWIND_HISTORY_TABLE HistoryTable)
{
    struct image *im = image_find(ControlPc);
    const struct pe_function *f;

    (void)HistoryTable;
    if (!im)
        return NULL;
    *ImageBase = im->base;
    f = pdata_find(loaded_of(im), (uint32_t)(ControlPc - im->base));
    return f ? (PRUNTIME_FUNCTION)pdata_entry_va(loaded_of(im), f) : NULL;
}

/*
 * RtlVirtualUnwind - documented: one frame up, without running anything. FunctionEntry is taken to be that of
 * ControlPc. ContextPointers are lacking.
 */
PEXCEPTION_ROUTINE NTAPI
RtlVirtualUnwind(ULONG HandlerType, ULONG64 ImageBase, ULONG64 ControlPc, PRUNTIME_FUNCTION FunctionEntry,
                 PCONTEXT ContextRecord, PVOID *HandlerData, PULONG64 EstablisherFrame,
                 PKNONVOLATILE_CONTEXT_POINTERS ContextPointers)
{
    struct cpu_context cx;
    uint64_t establisher = 0, handler = 0, data = 0;

    (void)ImageBase;
    (void)FunctionEntry;
    if (ContextPointers)
        machine_unsupported(index_of("RtlVirtualUnwind"), "RtlVirtualUnwind with ContextPointers");
    seh_context_to(ContextRecord, &cx);
    cx.rip = ControlPc;
    if (!unwind_frame(&cx, false, &establisher, &handler, &data, HandlerType & UNW_FLAG_EHANDLER)) {
        cx.rip = 0; /* how Windows says that the walk is over */
        handler = 0;
    }
    *EstablisherFrame = establisher;
    *HandlerData = (PVOID)data;
    memcpy(&ContextRecord->Rax, cx.gpr, sizeof(cx.gpr));
    memcpy(&ContextRecord->Xmm0, cx.xmm, sizeof(cx.xmm));
    ContextRecord->Rip = cx.rip;
    return (PEXCEPTION_ROUTINE)handler;
}

/* RtlPcToFileHeader - documented: the base of the image that holds an address; NULL if none does. */
PVOID NTAPI
RtlPcToFileHeader(PVOID PcValue, PVOID *BaseOfImage)
{
    const char *file, *name;
    uint64_t base, size, pc = (uint64_t)PcValue;
    struct image *im = image_find(pc);

    *BaseOfImage = (PVOID)(im ? im->base : 0);
    for (unsigned i = 0; !im && ddi_module(i, &file, &name, &base, &size); i++)
        if (pc - base < size)
            *BaseOfImage = (PVOID)base;
    return *BaseOfImage;
}

/* chkstk.S, guard.S */
extern const uint8_t image_chkstk_code[], image_chkstk_end[];
extern const uint8_t image_guard_check_code[], image_guard_check_end[];
extern const uint8_t image_guard_dispatch_code[], image_guard_dispatch_end[];

#define FN(m, n, a, i, t, f) { #m, #n, (void *)n, DDI_FUNCTION, a, DDI_##i, TOUCH_##t, DDI_##f, DDI_RESULT(n, a, f) },
#define RAW(m, n, code, len) { #m, #n, NULL, DDI_RAW, 0, DDI_ANY, TOUCH_NONE, 0, 0 },
#define SYM(m, n)            { #m, #n, NULL, DDI_SYMBOL, 0, 0, TOUCH_NONE, 0, 0 },
static struct ddi_export exports[] = {
#include "image/exports.def"
};
#undef FN
#undef RAW
#undef SYM

/* The address and length of raw code are no compile-time constants. */
static void
set_raw(void)
{
    struct ddi_export *at = exports;

#define FN(m, n, a, i, t, f) at++;
#define SYM(m, n)            at++;
#define RAW(m, n, code, len) at->function = (void *)(uintptr_t)(code), (at++)->nargs = (uint8_t)(len);
#include "image/exports.def"
    (void)at;
}

void
image_register_exports(void)
{
    set_raw();
    ddi_register(exports, sizeof(exports) / sizeof(exports[0]));
    hooks_register();
    cover_register();
}
