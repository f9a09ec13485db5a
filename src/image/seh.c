/* SPDX-License-Identifier: MIT */
/*
 * image/seh.c - exceptions: dispatch, unwinding, __C_specific_handler.
 *
 * Model (documented: "x64 exception handling", "Structured exception handling").
 * Phase one walks from the frame that raised to its callers and offers the
 * exception to each frame's handler; __C_specific_handler runs the filters. Who
 * takes it starts phase two: the same frames again up to the target, running
 * __finally blocks, then execution goes on in the target frame. Frames are those
 * of drivers; host code between them has none and is dropped by guest_resume().
 *
 * Handlers are driver code (__GSHandlerCheck and its kind) or a jump to
 * __C_specific_handler, and are called in both phases with real EXCEPTION_RECORD,
 * CONTEXT and DISPATCHER_CONTEXT on the guest stack. While they run, a seh_record
 * on the host stack tells walks where the interrupted code is; an exception
 * in a __finally block thus continues the unwinding it interrupted (a collided
 * unwind) and does not run that frame's finished blocks again.
 */
#include "image/internal.h"

#include "ddk/wdm/seh.h"
#include "image/seh.h"
#include "trace/event.h"

#define NT_ACCESS_VIOLATION 0xC0000005u
#define NT_NONCONTINUABLE   0xC0000025u
#define NT_UNWIND           0xC0000027u
#define NT_INVALID_TARGET   0xC0000029u
#define NT_BREAKPOINT       0x80000003u
#define VECTOR_BREAKPOINT   3u
#define VECTOR_PAGE_FAULT   14u

#define RAX 0u
#define RSP 4u

_Static_assert(sizeof(CONTEXT) == TRAP_RECORD_BEHIND && TRAP_RECORD_BEHIND % 16 == 0, "guest_alloc() leaves no gap");

/* DISPATCHER_CONTEXT.Fill0, which nobody else uses: ControlPc is a return address. */
#define FILL_AFTER_CALL 1u

static struct seh_record **heads; /* per fiber, in monitor memory; the records lie on host stacks */
static uint32_t site_dispatch, site_unwind, site_c_handler;

/* ------------------------------------------------------------------ records */

/* Host stacks grow down: records below `from` were left behind by a jump out of their functions. */
static void
records_drop(const struct fiber *f, uint64_t from)
{
    while (heads[f->id] && (uint64_t)heads[f->id] < from)
        heads[f->id] = heads[f->id]->prev;
}

static void
record_push(struct seh_record *r, struct fiber *f)
{
    records_drop(f, (uint64_t)r);
    r->prev = heads[f->id];
    r->crossing = f->crossing;
    r->outer = f->outer;
    heads[f->id] = r;
}

const struct seh_record *
seh_record_of(const struct fiber *f, const struct guest_call *call)
{
    const struct seh_record *r = heads ? heads[f->id] : NULL;

    while (r && (r->crossing != call->inner || r->outer != call->prev || (uint64_t)r < (uint64_t)call))
        r = r->prev;
    return r;
}

/* ------------------------------------------------------------------ contexts */

void
seh_context_from(CONTEXT *to, const struct cpu_context *cx)
{
    memset(to, 0, sizeof(*to));
    to->ContextFlags = CONTEXT_FULL | CONTEXT_SEGMENTS;
    to->MxCsr = to->FltSave.MxCsr = cx->mxcsr;
    to->FltSave.ControlWord = 0x27f;
    to->SegCs = 0x10;
    to->SegSs = 0x18;
    to->SegDs = to->SegEs = to->SegGs = 0x2b;
    to->SegFs = 0x53;
    to->EFlags = (uint32_t)cx->rflags;
    memcpy(&to->Rax, cx->gpr, sizeof(cx->gpr)); /* the same order */
    to->Rip = cx->rip;
    memcpy(&to->Xmm0, cx->xmm, sizeof(cx->xmm));
}

void
seh_context_to(const CONTEXT *from, struct cpu_context *cx)
{
    memcpy(cx->gpr, &from->Rax, sizeof(cx->gpr));
    cx->rip = from->Rip;
    cx->rflags = from->EFlags;
    cx->mxcsr = from->MxCsr;
    memcpy(cx->xmm, &from->Xmm0, sizeof(cx->xmm));
}

_Noreturn void
seh_resume(struct fiber *f, const struct cpu_context *cx, struct guest_call *segment)
{
    struct trap t;

    memset(&t, 0, sizeof(t));
    memcpy(t.gpr, cx->gpr, sizeof(t.gpr));
    memcpy(t.xmm, cx->xmm, sizeof(t.xmm));
    t.rip = cx->rip;
    t.rflags = (cx->rflags & 0xcd5) | 0x202; /* what a driver can have set without a trap */
    t.mxcsr = cx->mxcsr;
    records_drop(f, segment->host_sp);
    guest_resume(&t, segment);
}

/* ------------------------------------------------------------------ one frame */

/* Step *at to the caller, across host code. false: the stack ends or makes no sense. */
static bool
step(struct cursor *at, uint64_t *establisher, uint64_t *handler, uint64_t *data, bool first_phase)
{
    uint64_t before = at->cx.gpr[RSP];

    if (!at->call || !unwind_frame(&at->cx, at->after_call, establisher, handler, data, first_phase) ||
        at->cx.gpr[RSP] <= before || at->cx.gpr[RSP] > at->call->guest_rsp + 8)
        return false;
    at->after_call = true;
    at->via = NULL;
    if (cursor_at_gate(at))
        cursor_enter_host(at);
    return true;
}

/* To the driver frame below; a driver that jumped to an export (a tail call) leaves none, so maybe to host code again. */
static bool
leave_host(struct cursor *at)
{
    if (!cursor_leave_host(at))
        return false;
    at->via = NULL;
    if (cursor_at_gate(at))
        cursor_enter_host(at);
    return true;
}

static uint64_t
call_handler(uint32_t site, const struct cursor *frame, uint64_t establisher, uint64_t handler, uint64_t data,
             EXCEPTION_RECORD *record, CONTEXT *context, DISPATCHER_CONTEXT *d)
{
    struct image *im = image_find(frame->cx.rip);
    struct loaded *l = loaded_of(im);
    const struct pe_function *f;

    if (!im)
        return ExceptionContinueSearch;
    f = pdata_find(l, (uint32_t)(frame->cx.rip - im->base) - frame->after_call);
    d->ControlPc = frame->cx.rip;
    d->ImageBase = im->base;
    d->FunctionEntry = (PRUNTIME_FUNCTION)(f ? pdata_entry_va(l, f) : 0);
    d->EstablisherFrame = establisher;
    d->LanguageHandler = (PEXCEPTION_ROUTINE)handler;
    d->HandlerData = (PVOID)data;
    d->HistoryTable = NULL;
    d->Fill0 = frame->after_call ? FILL_AFTER_CALL : 0;
    return GUEST_CALL(site, handler, (uint64_t)record, establisher, (uint64_t)context, (uint64_t)d) & 0xffffffffu;
}

/* ------------------------------------------------------------------ phase one */

/*
 * Offer the exception to the frames from start on. Returns when nobody wants it. context is that of start and what
 * a filter may edit before it says "continue".
 */
static void
dispatch(struct fiber *f, const struct cursor *start, EXCEPTION_RECORD *record, CONTEXT *context)
{
    struct seh_record r = { .resume = *start };
    DISPATCHER_CONTEXT *d = guest_alloc(sizeof(*d));
    CONTEXT *unwound = guest_alloc(sizeof(*unwound));
    struct cursor at = *start;
    uint64_t nested = 0;

    record_push(&r, f);
    for (;;) {
        struct cursor frame;
        uint64_t establisher, handler, data;

        if (at.in_host) {
            if (!leave_host(&at))
                break;
            continue;
        }
        frame = at;
        if (!step(&at, &establisher, &handler, &data, true))
            break;
        /* observed: a frame whose filter raised is asked again, about what it raised, and told that it is nested */
        if (frame.via && !frame.via->scope_index && frame.via->frame > nested)
            nested = frame.via->frame;
        if (!handler)
            continue;
        r.frame = establisher;
        record->ExceptionFlags &= ~EXCEPTION_NESTED_CALL;
        if (establisher <= nested)
            record->ExceptionFlags |= EXCEPTION_NESTED_CALL;
        d->TargetIp = 0;
        d->ScopeIndex = frame.via && frame.via->scope_index ? *frame.via->scope_index : 0;
        d->ContextRecord = unwound;
        seh_context_from(unwound, &at.cx);
        if (call_handler(site_dispatch, &frame, establisher, handler, data, record, context, d) ==
            ExceptionContinueExecution) {
            struct cpu_context cx;

            if (record->ExceptionFlags & EXCEPTION_NONCONTINUABLE)
                seh_raise_record((int32_t)NT_NONCONTINUABLE, 0, NULL);
            seh_context_to(context, &cx);
            trace_emit(EV_EXCEPTION, record->ExceptionInformation[1], (uint32_t)record->ExceptionCode,
                       record->ExceptionInformation[1], (uint64_t)record->ExceptionAddress,
                       record->ExceptionInformation[0]);
            seh_resume(f, &cx, start->call);
        }
    }
    heads[f->id] = r.prev;
}

/* ------------------------------------------------------------------ phase two */

/* Nothing to unwind to, or no more stack: Windows raises the status; nobody could handle it here. */
static _Noreturn void
unwind_failed(const EXCEPTION_RECORD *record)
{
    machine_bugcheck(0x1e, (uint64_t)(int64_t)(int32_t)NT_INVALID_TARGET, (uint64_t)record->ExceptionAddress, 0, 0);
}

void
seh_unwind(uint64_t target_frame, uint64_t target_ip, EXCEPTION_RECORD *record, uint64_t value)
{
    struct fiber *f = fiber_self();
    struct seh_record r = { .prev = NULL };
    DISPATCHER_CONTEXT *d = guest_alloc(sizeof(*d));
    CONTEXT *context = guest_alloc(sizeof(*context));
    struct cursor at;

    cursor_at_crossing(&at, f);
    record_push(&r, f);
    r.scope_index = &d->ScopeIndex;
    if (!record) {
        record = guest_alloc(sizeof(*record));
        record->ExceptionCode = (NTSTATUS)NT_UNWIND;
        record->ExceptionAddress = (PVOID)guest_caller();
    }
    record->ExceptionFlags |= EXCEPTION_UNWINDING | (target_frame ? 0 : EXCEPTION_EXIT_UNWIND);
    for (;;) {
        struct cursor frame;
        uint64_t establisher, handler, data;

        if (at.in_host) {
            if (!leave_host(&at))
                unwind_failed(record);
            continue;
        }
        frame = at;
        if (!step(&at, &establisher, &handler, &data, false))
            unwind_failed(record);
        frame.cx.gpr[RAX] = value;
        if (establisher == target_frame)
            record->ExceptionFlags |= EXCEPTION_TARGET_UNWIND;
        if (handler) {
            d->TargetIp = target_ip;
            d->ScopeIndex = frame.via && frame.via->scope_index ? *frame.via->scope_index : 0;
            d->ContextRecord = context;
            seh_context_from(context, &frame.cx);
            r.resume = frame;
            call_handler(site_unwind, &frame, establisher, handler, data, record, context, d);
        }
        if (establisher == target_frame) {
            frame.cx.rip = target_ip;
            trace_emit(EV_EXCEPTION, record->ExceptionInformation[1], (uint32_t)record->ExceptionCode,
                       record->ExceptionInformation[1], (uint64_t)record->ExceptionAddress,
                       record->ExceptionInformation[0]);
            seh_resume(f, &frame.cx, frame.call);
        }
    }
}

/* ------------------------------------------------------------------ __C_specific_handler */

static bool
in_scope(const SCOPE_TABLE *t, uint32_t i, uint64_t rva)
{
    return rva >= t->ScopeRecord[i].BeginAddress && rva < t->ScopeRecord[i].EndAddress;
}

/* Is the place that is unwound to inside the same __try? (It may be listed in several pieces.) */
static bool
target_in_same_try(const SCOPE_TABLE *t, uint32_t i, uint64_t target)
{
    for (uint32_t k = 0; k < t->Count; k++)
        if (in_scope(t, k, target) && t->ScopeRecord[k].HandlerAddress == t->ScopeRecord[i].HandlerAddress &&
            t->ScopeRecord[k].JumpTarget == t->ScopeRecord[i].JumpTarget)
            return true;
    return false;
}

/*
 * __C_specific_handler - the handler of functions with __try.
 *
 * Source:    documented: "x64 exception handling" (language-specific handler, scope table); observed: handler 1 means
 *            always, target 0 means __finally.
 * IRQL:      any
 * Tests:     tests/unit/image/test_seh.c
 */
EXCEPTION_DISPOSITION NTAPI
__C_specific_handler(PEXCEPTION_RECORD ExceptionRecord, PVOID EstablisherFrame, PCONTEXT ContextRecord,
                     PDISPATCHER_CONTEXT DispatcherContext)
{
    DISPATCHER_CONTEXT *d = DispatcherContext;
    const SCOPE_TABLE *t = d->HandlerData;
    uint64_t pc = d->ControlPc - d->ImageBase - (d->Fill0 & FILL_AFTER_CALL), target = d->TargetIp - d->ImageBase;

    if (IS_DISPATCHING(ExceptionRecord->ExceptionFlags)) {
        EXCEPTION_POINTERS *pointers = guest_alloc(sizeof(*pointers));

        pointers->ExceptionRecord = ExceptionRecord;
        pointers->ContextRecord = ContextRecord;
        for (uint32_t i = d->ScopeIndex; i < t->Count; i++) {
            int32_t answer = EXCEPTION_EXECUTE_HANDLER;

            if (!in_scope(t, i, pc) || t->ScopeRecord[i].JumpTarget == 0)
                continue;
            if (t->ScopeRecord[i].HandlerAddress != 1)
                answer = (int32_t)GUEST_CALL(site_c_handler, d->ImageBase + t->ScopeRecord[i].HandlerAddress,
                                             (uint64_t)pointers, (uint64_t)EstablisherFrame);
            if (answer < 0)
                return ExceptionContinueExecution;
            if (answer > 0)
                seh_unwind((uint64_t)EstablisherFrame, d->ImageBase + t->ScopeRecord[i].JumpTarget, ExceptionRecord,
                           (uint32_t)ExceptionRecord->ExceptionCode);
        }
        return ExceptionContinueSearch;
    }
    for (uint32_t i = d->ScopeIndex; i < t->Count; i++) {
        if (!in_scope(t, i, pc))
            continue;
        if (IS_TARGET_UNWIND(ExceptionRecord->ExceptionFlags) &&
            (target_in_same_try(t, i, target) || t->ScopeRecord[i].JumpTarget == target))
            break;
        if (t->ScopeRecord[i].JumpTarget != 0)
            continue;
        d->ScopeIndex = i + 1;
        GUEST_CALL(site_c_handler, d->ImageBase + t->ScopeRecord[i].HandlerAddress, 1, (uint64_t)EstablisherFrame);
    }
    return ExceptionContinueSearch;
}

/* ------------------------------------------------------------------ raising */

/* Nobody handled what host code raised: the bugcheck of the context it happened in. */
static _Noreturn void
unhandled(const struct fiber *f, const EXCEPTION_RECORD *record, const CONTEXT *context)
{
    uint64_t code = (uint64_t)(int64_t)record->ExceptionCode, address = (uint64_t)record->ExceptionAddress;

    if (f->irql >= IRQL_DISPATCH)
        machine_bugcheck(0x1e, code, address, record->ExceptionInformation[0], record->ExceptionInformation[1]);
    if (f->kind == FIBER_USER)
        machine_bugcheck(0x3b, code & 0xffffffffu, address, (uint64_t)context, 0);
    machine_bugcheck(0x7e, code, address, (uint64_t)record, (uint64_t)context);
}

void
seh_raise_record(int32_t ntstatus, unsigned count, const uint64_t *parameters)
{
    struct fiber *f = fiber_self();
    EXCEPTION_RECORD *record = guest_alloc(sizeof(*record));
    CONTEXT *context = guest_alloc(sizeof(*context));
    struct cursor at;

    cursor_at_crossing(&at, f);
    record->ExceptionCode = ntstatus;
    record->ExceptionFlags = EXCEPTION_NONCONTINUABLE;
    record->NumberParameters = count;
    for (unsigned i = 0; i < count && i < EXCEPTION_MAXIMUM_PARAMETERS; i++)
        record->ExceptionInformation[i] = parameters[i];
    if (cursor_leave_host(&at)) {
        record->ExceptionAddress = (PVOID)at.cx.rip;
        seh_context_from(context, &at.cx);
        dispatch(f, &at, record, context);
    }
    unhandled(f, record, context);
}

void
seh_raise_status(int32_t ntstatus)
{
    seh_raise_record(ntstatus, 0, NULL);
}

/*
 * A fault in driver code. On return f->guest_sp is the address of the CONTEXT and the EXCEPTION_RECORD lies behind
 * it, where parameters of a bugcheck may point.
 */
static void
on_exception(struct trap *t, uint32_t ntstatus)
{
    struct fiber *f = fiber_self();
    EXCEPTION_RECORD *record = guest_alloc(sizeof(*record));
    CONTEXT *context = guest_alloc(sizeof(*context));
    uint64_t mark = guest_mark();
    struct cursor at;

    cursor_at_trap(&at, f, t);
    if (t->vector == VECTOR_BREAKPOINT && ntstatus == NT_BREAKPOINT)
        at.cx.rip--;
    record->ExceptionCode = (NTSTATUS)ntstatus;
    record->ExceptionAddress = (PVOID)at.cx.rip;
    if (ntstatus == NT_ACCESS_VIOLATION) {
        bool page_fault = t->vector == VECTOR_PAGE_FAULT;

        record->NumberParameters = 2;
        record->ExceptionInformation[0] = page_fault && (t->error_code & 16)  ? 8
                                          : page_fault && (t->error_code & 2) ? 1
                                                                              : 0;
        record->ExceptionInformation[1] = page_fault ? t->address : UINT64_MAX;
    }
    if (ntstatus == TRAP_FAST_FAIL) {
        record->ExceptionFlags = EXCEPTION_NONCONTINUABLE;
        record->NumberParameters = 1;
        record->ExceptionInformation[0] = (uint32_t)t->gpr[1];
    }
    seh_context_from(context, &at.cx);
    if (ntstatus == TRAP_FAST_FAIL)
        return;
    /*
     * documented: a page fault at DISPATCH_LEVEL or on a system address is a bugcheck at once, no handler sees it
     * (IRQL_NOT_LESS_OR_EQUAL, PAGE_FAULT_IN_NONPAGED_AREA).
     */
    if (t->vector == VECTOR_PAGE_FAULT && (f->irql >= IRQL_DISPATCH || t->address >= LAYOUT_SYSTEM_BASE))
        return;
    dispatch(f, &at, record, context);
    guest_release(mark);
}

void
seh_init(void)
{
    heads = mon_alloc((fiber_limit() + 1) * sizeof(heads[0]));
    site_dispatch = (uint32_t)ddi_lookup("ntoskrnl", "RtlpExecuteHandlerForException");
    site_unwind = (uint32_t)ddi_lookup("ntoskrnl", "RtlpExecuteHandlerForUnwind");
    site_c_handler = (uint32_t)ddi_lookup("ntoskrnl", "__C_specific_handler");
    machine_on_exception(on_exception);
}
