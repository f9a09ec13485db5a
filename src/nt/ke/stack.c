/* SPDX-License-Identifier: MIT */
/*
 * nt/ke/stack.c - how much of the kernel stack is left, and calling on a bigger one.
 *
 * Model: the stack is the guest stack of the fiber; what the driver has used of it is known at the call's entry.
 * There are no expansion stacks: KeExpandKernelStackAndCallout calls on the same stack when enough of it is left,
 * and otherwise fails as documented for lack of memory.
 */
#include "nt/ke/state.h"

static uint32_t site_expand;

void
ke_stack_init(void)
{
    site_expand = ke_site("KeExpandKernelStackAndCalloutEx");
}

VOID NTAPI
IoGetStackLimits(PULONG_PTR LowLimit, PULONG_PTR HighLimit)
{
    *LowLimit = fiber_self()->stack_limit;
    *HighLimit = fiber_self()->stack_base;
}

VOID NTAPI
KeGetStackLimits(PULONG_PTR LowLimit, PULONG_PTR HighLimit)
{
    IoGetStackLimits(LowLimit, HighLimit);
}

/* What IoGetRemainingStackSize, an inline of the kit, finds. */
static ULONG_PTR
remaining(void)
{
    struct fiber *self = fiber_self();
    uint64_t at = self->crossing != NULL ? self->crossing->guest_rsp : self->guest_sp;

    return at - self->stack_limit;
}

/*
 * KeExpandKernelStackAndCalloutEx - call Callout with at least Size bytes of stack.
 *
 * Source:  documented: STATUS_INVALID_PARAMETER_3 for a Size above MAXIMUM_EXPANSION_SIZE, _4 for Wait at
 *          DISPATCH_LEVEL, STATUS_NO_MEMORY when no stack could be had, STATUS_STACK_OVERFLOW for too many segments.
 * IRQL:    <= DISPATCH_LEVEL (Wait FALSE above APC_LEVEL)
 */
NTSTATUS NTAPI
KeExpandKernelStackAndCalloutEx(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter, SIZE_T Size, BOOLEAN Wait,
                                PVOID Context)
{
    if (Size > MAXIMUM_EXPANSION_SIZE)
        return STATUS_INVALID_PARAMETER_3;
    if (Wait && irql_get() >= DISPATCH_LEVEL)
        return STATUS_INVALID_PARAMETER_4;
    if (Context != NULL)
        return STATUS_INVALID_PARAMETER_5;
    if (remaining() < Size)
        return STATUS_NO_MEMORY;
    GUEST_CALL(site_expand, Callout, (uint64_t)Parameter);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
KeExpandKernelStackAndCallout(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter, SIZE_T Size)
{
    return KeExpandKernelStackAndCalloutEx(Callout, Parameter, Size, irql_get() < DISPATCH_LEVEL, NULL);
}
