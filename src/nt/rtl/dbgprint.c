/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl/dbgprint.c - DbgPrint and breakpoints.
 *
 * Model: what a driver prints goes to a log in monitor memory, so it is that of this run only, and to listeners as an
 * event. The log is a chain of chunks made as needed; past CHUNKS_MAX the oldest chunk is used again.
 *
 * documented: one call transmits at most 512 bytes. Every component and level is shown until a driver says otherwise
 * (chosen: on Windows most are hidden). Without a debugger a breakpoint is an exception that nobody handles.
 */
#include "nt/rtl/rtl.h"

#include "image/image.h"
#include "nt/rtl/state.h"
#include "trace/event.h"

#define PRINT_MAX 512u

static struct dbg_chunk *
chunk_with_room(size_t size)
{
    struct rtl_state *rtl = NT->rtl;
    struct dbg_chunk *c = rtl->last;

    if (c != NULL && DBG_CHUNK - c->used >= size)
        return c;
    if (rtl->chunks < DBG_CHUNKS_MAX) {
        c = mon_alloc_shared(sizeof(*c));
        rtl->chunks++;
    } else {
        c = rtl->first;
        rtl->first = c->next;
        rtl->dropped += c->prints;
        c->next = NULL;
        c->used = c->prints = 0;
    }
    if (rtl->last != NULL)
        rtl->last->next = c;
    else
        rtl->first = c;
    rtl->last = c;
    return c;
}

/* documented: a level up to 31 is the number of a bit, another is a mask. */
static uint32_t
levels(ULONG level)
{
    return level < 32 ? 1u << level : level;
}

static bool
shown(ULONG component, ULONG level)
{
    if (component >= DBG_COMPONENTS)
        component = DPFLTR_DEFAULT_ID;
    return (~NT->rtl->hidden[component] & levels(level)) != 0;
}

static ULONG
print(const char *prefix, uint32_t component, uint32_t level, const char *format, const uint64_t *va)
{
    char text[PRINT_MAX + 1];
    size_t at = 0;
    struct rtl_output to = { NULL, 0, false, true };
    size_t len;
    size_t size;
    struct dbg_chunk *chunk;
    struct dbgprint *p;

    if (!shown(component, level))
        return STATUS_SUCCESS;
    for (; prefix[at] != 0 && at < PRINT_MAX; at++)
        text[at] = prefix[at];
    to.out = text + at;
    to.room = PRINT_MAX - at;
    len = at + rtl_format(&to, format, va);
    if (len > PRINT_MAX)
        len = PRINT_MAX;
    text[len] = 0;
    size = (sizeof(*p) + len + 1 + 7) & ~(size_t)7;
    chunk = chunk_with_room(size);
    p = (struct dbgprint *)(chunk->bytes + chunk->used);
    p->step = machine->step;
    p->caller = guest_caller();
    p->component = component;
    p->level = level;
    p->fiber = fiber_self()->id;
    p->vp = fiber_self()->vp;
    p->irql = (uint8_t)irql_get();
    p->length = (uint16_t)len;
    p->text = (char *)(p + 1);
    __builtin_memcpy(p + 1, text, len + 1);
    chunk->used += (uint32_t)size;
    chunk->prints++;
    trace_emit(EV_DBGPRINT, 0, (uint64_t)p->text, len, level);
    return STATUS_SUCCESS;
}

void
dbgprint_each(void (*fn)(const struct dbgprint *p, void *arg), void *arg)
{
    for (struct dbg_chunk *c = NT->rtl->first; c != NULL; c = c->next)
        for (uint32_t at = 0; at < c->used;) {
            const struct dbgprint *p = (const struct dbgprint *)(c->bytes + at);

            fn(p, arg);
            at += (uint32_t)((sizeof(*p) + p->length + 1 + 7) & ~(size_t)7);
        }
}

uint64_t
dbgprint_dropped(void)
{
    return NT->rtl->dropped;
}

ULONG NTAPI
DbgPrint_va(PCSTR Format, const uint64_t *va)
{
    return print("", DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL, Format, va);
}

ULONG NTAPI
DbgPrintEx_va(ULONG ComponentId, ULONG Level, PCSTR Format, const uint64_t *va)
{
    return print("", ComponentId, Level, Format, va);
}

ULONG NTAPI
vDbgPrintEx(ULONG ComponentId, ULONG Level, PCCH Format, ddk_va_list arglist)
{
    return print("", ComponentId, Level, Format, (const uint64_t *)arglist);
}

ULONG NTAPI
vDbgPrintExWithPrefix(PCCH Prefix, ULONG ComponentId, ULONG Level, PCCH Format, ddk_va_list arglist)
{
    return print(Prefix, ComponentId, Level, Format, (const uint64_t *)arglist);
}

/* documented: TRUE: this level of this component is shown. */
NTSTATUS NTAPI
DbgQueryDebugFilterState(ULONG ComponentId, ULONG Level)
{
    return shown(ComponentId, Level);
}

/*
 * DbgSetDebugFilterState - show a component's levels, or do not.
 *
 * Source:    documented; assumed: a component that is not in the list is STATUS_INVALID_PARAMETER_1.
 * IRQL:      any
 * Returns:   STATUS_SUCCESS, _INVALID_PARAMETER_1.
 * Tests:     tests/ddi/rtl_misc.c
 */
NTSTATUS NTAPI
DbgSetDebugFilterState(ULONG ComponentId, ULONG Level, BOOLEAN State)
{
    if (ComponentId >= DBG_COMPONENTS)
        return STATUS_INVALID_PARAMETER_1;
    if (State)
        NT->rtl->hidden[ComponentId] &= ~levels(Level);
    else
        NT->rtl->hidden[ComponentId] |= levels(Level);
    return STATUS_SUCCESS;
}

VOID NTAPI
DbgBreakPoint(VOID)
{
    seh_raise_status(STATUS_BREAKPOINT);
}

VOID NTAPI
DbgBreakPointWithStatus(ULONG Status)
{
    (void)Status;
    seh_raise_status(STATUS_BREAKPOINT);
}

/* documented: prints, then breaks. */
VOID NTAPI
RtlAssert(PVOID FailedAssertion, PVOID FileName, ULONG LineNumber, PCHAR Message)
{
    const uint64_t va[4] = { (uint64_t)(Message != NULL ? Message : ""), (uint64_t)FailedAssertion, (uint64_t)FileName,
                             LineNumber };

    print("", DPFLTR_DEFAULT_ID, DPFLTR_ERROR_LEVEL, "\n*** Assertion failed: %s%s\n***   Source File: %s, line %u\n\n",
          va);
    seh_raise_status(STATUS_ASSERTION_FAILURE);
}
