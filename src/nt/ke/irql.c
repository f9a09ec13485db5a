/* SPDX-License-Identifier: MIT */
/*
 * nt/ke/irql.c - raising and lowering IRQL, critical and guarded regions.
 *
 * Model: on x64 a driver lowers IRQL by writing CR8 and reads it the same way; only raising is a call. The kernel does
 * not check the direction (Driver Verifier does), so a wrong one takes effect and is told as an event.
 * Regions count in the thread: entering subtracts one from the APC disable counts, as Windows keeps them.
 */
#include "nt/ke/state.h"

#include "nt/ps/ps.h"
#include "trace/event.h"

KIRQL NTAPI
KeGetCurrentIrql(VOID)
{
    return (KIRQL)irql_get();
}

KIRQL NTAPI
KfRaiseIrql(KIRQL NewIrql)
{
    if (NewIrql < irql_get() || NewIrql > HIGH_LEVEL)
        trace_emit(EV_IRQL_MISUSE, 0, 0, irql_get(), NewIrql);
    return irql_raise(NewIrql);
}

KIRQL NTAPI
KeRaiseIrqlToDpcLevel(VOID)
{
    return KfRaiseIrql(DISPATCH_LEVEL);
}

KIRQL NTAPI
KeRaiseIrqlToSynchLevel(VOID)
{
    return KfRaiseIrql(SYNCH_LEVEL);
}

VOID NTAPI
KeLowerIrql(KIRQL NewIrql)
{
    if (NewIrql > irql_get())
        trace_emit(EV_IRQL_MISUSE, 0, 1, irql_get(), NewIrql);
    irql_lower(NewIrql);
}

VOID NTAPI
KfLowerIrql(KIRQL NewIrql)
{
    KeLowerIrql(NewIrql);
}

/* ------------------------------------------------------------------ regions */

VOID NTAPI
KeEnterCriticalRegion(VOID)
{
    ps_self()->KernelApcDisable--;
}

VOID NTAPI
KeLeaveCriticalRegion(VOID)
{
    PKTHREAD self = ps_self();

    if (self->KernelApcDisable >= 0)
        trace_emit(EV_REGION_MISUSE, self, 0, (uint64_t)(int64_t)self->KernelApcDisable);
    self->KernelApcDisable++;
}

VOID NTAPI
KeEnterGuardedRegion(VOID)
{
    ps_self()->SpecialApcDisable--;
}

VOID NTAPI
KeLeaveGuardedRegion(VOID)
{
    PKTHREAD self = ps_self();

    if (self->SpecialApcDisable >= 0)
        trace_emit(EV_REGION_MISUSE, self, 1, (uint64_t)(int64_t)self->SpecialApcDisable);
    self->SpecialApcDisable++;
}

BOOLEAN NTAPI
KeAreApcsDisabled(VOID)
{
    PKTHREAD self = ps_self();

    return self->KernelApcDisable != 0 || self->SpecialApcDisable != 0;
}

BOOLEAN NTAPI
KeAreAllApcsDisabled(VOID)
{
    return irql_get() >= IRQL_APC || ps_self()->SpecialApcDisable != 0;
}
