/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl/once.c - one-time initialisation.
 *
 * Model: the word is 0 before, 1 while somebody initialises, and context | 2 afterwards (documented: the context is a
 * multiple of four). Others wait for the one who initialises; if that fails the next one tries.
 */
#include "nt/rtl/state.h"

#include "nt/ke/ke.h"

#define RUNNING 1ull
#define DONE    2ull

VOID NTAPI
RtlRunOnceInitialize(PRTL_RUN_ONCE RunOnce)
{
    RunOnce->Ptr = NULL;
}

/* documented: STATUS_SUCCESS, or STATUS_UNSUCCESSFUL when InitFn failed. */
NTSTATUS NTAPI
RtlRunOnceExecuteOnce(PRTL_RUN_ONCE RunOnce, PRTL_RUN_ONCE_INIT_FN InitFn, PVOID Parameter, PVOID *Context)
{
    struct rtl_state *rtl = NT->rtl;
    PVOID *result;

    while ((uint64_t)RunOnce->Ptr == RUNNING) {
        ke_block(&rtl->once_wait, (uint64_t)RunOnce, NULL, "waits for a one-time initialisation");
        sched_touch((uint64_t)RunOnce);
    }
    if (RunOnce->Ptr == NULL) {
        RunOnce->Ptr = (PVOID)RUNNING;
        result = guest_alloc(sizeof(*result));
        if ((uint32_t)GUEST_CALL(rtl->once_site, InitFn, (uint64_t)RunOnce, (uint64_t)Parameter, (uint64_t)result) ==
            0) {
            RunOnce->Ptr = NULL;
            ke_unblock_all(&rtl->once_wait);
            return STATUS_UNSUCCESSFUL;
        }
        RunOnce->Ptr = (PVOID)((uint64_t)*result | DONE);
        ke_unblock_all(&rtl->once_wait);
    }
    if (Context != NULL)
        *Context = (PVOID)((uint64_t)RunOnce->Ptr & ~3ull);
    return STATUS_SUCCESS;
}
