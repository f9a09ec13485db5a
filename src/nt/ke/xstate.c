/* SPDX-License-Identifier: MIT */
/*
 * nt/ke/xstate.c - extended processor state.
 *
 * Model: the processor that drivers see (cpuid, xgetbv: machine/trap.c) has x87 and SSE and no more, and x64 code may
 * use these at any IRQL without saving them (documented). So no state is enabled that would have to be saved, and
 * saving notes whose it is.
 */
#include "nt/ke/ke.h"
#include "nt/ps/ps.h"

/* RtlGetEnabledExtendedFeatures - documented: those of FeatureMask that are enabled. Any IRQL. */
ULONG64 NTAPI
RtlGetEnabledExtendedFeatures(ULONG64 FeatureMask)
{
    return FeatureMask & XSTATE_MASK_LEGACY;
}

/*
 * KeSaveExtendedProcessorState
 *
 * Source:    documented; assumed: features that are not enabled, which a caller must not name, are left out
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: XStateSave is lent until KeRestoreExtendedProcessorState
 * Returns:   STATUS_SUCCESS; STATUS_INSUFFICIENT_RESOURCES is documented, and nothing is allocated here
 * Tests:     tests/ddi/ke_cpu.c
 */
NTSTATUS NTAPI
KeSaveExtendedProcessorState(ULONG64 Mask, PXSTATE_SAVE XStateSave)
{
    *XStateSave = (XSTATE_SAVE){ .Thread = ps_self(), .Level = irql_get() };
    XStateSave->XStateContext.Mask = RtlGetEnabledExtendedFeatures(Mask);
    return STATUS_SUCCESS;
}

/* KeRestoreExtendedProcessorState - documented: undoes the save. <= DISPATCH_LEVEL. */
VOID NTAPI
KeRestoreExtendedProcessorState(PXSTATE_SAVE XStateSave)
{
    XStateSave->Thread = NULL;
}
