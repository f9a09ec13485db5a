/* SPDX-License-Identifier: MIT */
/*
 * nt/ke/processor.c - how many processors there are, and which one this is.
 *
 * Model: one group, one NUMA node, VPs 0..vp_count-1, none ever added.
 */
#include "nt/ke/state.h"
#include "nt/ps/ps.h"

static KAFFINITY
all_processors(void)
{
    return ((KAFFINITY)1 << machine->vp_count) - 1;
}

static bool
group_exists(USHORT group)
{
    return group == 0 || group == ALL_PROCESSOR_GROUPS;
}

ULONG NTAPI
KeGetCurrentProcessorNumber(VOID)
{
    sched_saw(fiber_self()->vp);
    return fiber_self()->vp;
}

ULONG NTAPI
KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber)
{
    sched_saw(fiber_self()->vp);
    if (ProcNumber != NULL) {
        ProcNumber->Group = 0;
        ProcNumber->Number = fiber_self()->vp;
        ProcNumber->Reserved = 0;
    }
    return fiber_self()->vp;
}

/* documented: INVALID_PROCESSOR_INDEX for a processor that is not there. */
ULONG NTAPI
KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcNumber->Group != 0 || ProcNumber->Number >= machine->vp_count || ProcNumber->Reserved != 0)
        return 0xffffffff;
    return ProcNumber->Number;
}

NTSTATUS NTAPI
KeGetProcessorNumberFromIndex(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcIndex >= machine->vp_count)
        return STATUS_INVALID_PARAMETER;
    ProcNumber->Group = 0;
    ProcNumber->Number = (UCHAR)ProcIndex;
    ProcNumber->Reserved = 0;
    return STATUS_SUCCESS;
}

ULONG NTAPI
KeQueryActiveProcessorCount(PKAFFINITY ActiveProcessors)
{
    if (ActiveProcessors != NULL)
        *ActiveProcessors = all_processors();
    return machine->vp_count;
}

ULONG NTAPI
KeQueryActiveProcessorCountEx(USHORT GroupNumber)
{
    return group_exists(GroupNumber) ? machine->vp_count : 0;
}

ULONG NTAPI
KeQueryMaximumProcessorCount(VOID)
{
    return machine->vp_count;
}

ULONG NTAPI
KeQueryMaximumProcessorCountEx(USHORT GroupNumber)
{
    return group_exists(GroupNumber) ? machine->vp_count : 0;
}

USHORT NTAPI
KeQueryActiveGroupCount(VOID)
{
    return 1;
}

USHORT NTAPI
KeQueryMaximumGroupCount(VOID)
{
    return 1;
}

KAFFINITY NTAPI
KeQueryGroupAffinity(USHORT GroupNumber)
{
    return GroupNumber == 0 ? all_processors() : 0;
}

KAFFINITY NTAPI
KeQueryActiveProcessors(VOID)
{
    return all_processors();
}

USHORT NTAPI
KeGetCurrentNodeNumber(VOID)
{
    return 0;
}

USHORT NTAPI
KeQueryHighestNodeNumber(VOID)
{
    return 0;
}

/* documented: a node that is not there has an empty affinity. */
VOID NTAPI
KeQueryNodeActiveAffinity(USHORT NodeNumber, PGROUP_AFFINITY Affinity, PUSHORT Count)
{
    if (Affinity != NULL) {
        RtlZeroMemory(Affinity, sizeof(*Affinity));
        Affinity->Mask = NodeNumber == 0 ? all_processors() : 0;
    }
    if (Count != NULL)
        *Count = NodeNumber == 0 ? (USHORT)machine->vp_count : 0;
}

/* ------------------------------------------------------------------ on which a thread runs */

/* documented: a mask with other bits than processors', or none, changes nothing. What it was before. */
static KAFFINITY
set_affinity(KAFFINITY mask, bool *done)
{
    PKTHREAD self = ps_self();
    KAFFINITY before = self->Affinity.Mask;

    *done = mask != 0 && (mask & ~all_processors()) == 0;
    if (*done) {
        self->Affinity.Mask = mask;
        sched_affinity((uint8_t)mask);
    }
    return before;
}

static void
any_processor(void)
{
    ps_self()->Affinity.Mask = 0;
    sched_affinity(0);
}

/*
 * KeSetSystemGroupAffinityThread, KeSetSystemAffinityThreadEx, KeSetSystemAffinityThread - the calling thread runs on
 * these processors from now on; what it was before is told, zero when nobody had set it.
 *
 * Source:    documented; groups but the first are not valid here.
 * IRQL:      <= DISPATCH_LEVEL; at DISPATCH_LEVEL the thread moves when it lowers its IRQL
 */
VOID NTAPI
KeSetSystemGroupAffinityThread(PGROUP_AFFINITY Affinity, PGROUP_AFFINITY PreviousAffinity)
{
    KAFFINITY before = 0;
    bool done = false;

    if (Affinity->Group == 0)
        before = set_affinity(Affinity->Mask, &done);
    if (PreviousAffinity != NULL) {
        RtlZeroMemory(PreviousAffinity, sizeof(*PreviousAffinity));
        PreviousAffinity->Mask = done ? before : 0;
    }
}

KAFFINITY NTAPI
KeSetSystemAffinityThreadEx(KAFFINITY Affinity)
{
    bool done;
    KAFFINITY before = set_affinity(Affinity, &done);

    return done ? before : 0;
}

VOID NTAPI
KeSetSystemAffinityThread(KAFFINITY Affinity)
{
    bool done;

    set_affinity(Affinity, &done);
}

/*
 * KeRevertToUserGroupAffinityThread, KeRevertToUserAffinityThreadEx, KeRevertToUserAffinityThread - as it was before;
 * zero, and the last one always: on any processor.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL
 */
VOID NTAPI
KeRevertToUserGroupAffinityThread(PGROUP_AFFINITY PreviousAffinity)
{
    bool done;

    if (PreviousAffinity->Mask == 0)
        any_processor();
    else if (PreviousAffinity->Group == 0)
        set_affinity(PreviousAffinity->Mask, &done);
}

VOID NTAPI
KeRevertToUserAffinityThreadEx(KAFFINITY Affinity)
{
    bool done;

    if (Affinity == 0)
        any_processor();
    else
        set_affinity(Affinity, &done);
}

VOID NTAPI
KeRevertToUserAffinityThread(VOID)
{
    any_processor();
}

/* ------------------------------------------------------------------ processors that come: none does */

struct change_callback {
    PPROCESSOR_CALLBACK_FUNCTION function;
    PVOID context;
};

static uint32_t site_change;

void
ke_processor_init(void)
{
    site_change = ke_site("KeRegisterProcessorChangeCallback");
}

/*
 * KeRegisterProcessorChangeCallback - documented: with KE_PROCESSOR_CHANGE_ADD_EXISTING the callback is told of the
 * processors there are, first that each is about to start, then that all have; a failure told by the callback makes
 * the registration fail and is followed by KeProcessorAddFailureNotify. NULL then, or when there is no memory.
 */
PVOID NTAPI
KeRegisterProcessorChangeCallback(PPROCESSOR_CALLBACK_FUNCTION CallbackFunction, PVOID CallbackContext, ULONG Flags)
{
    struct change_callback *callback;
    PKE_PROCESSOR_CHANGE_NOTIFY_CONTEXT change = guest_alloc(sizeof(*change));
    PNTSTATUS status = guest_alloc(sizeof(*status));
    uint32_t told = 0;

    if (ex_fault('bCPK') || (callback = heap_alloc(sizeof(*callback), 'bCPK')) == NULL)
        return NULL;
    callback->function = CallbackFunction;
    callback->context = CallbackContext;
    if (!(Flags & KE_PROCESSOR_CHANGE_ADD_EXISTING))
        return callback;
    for (; told < machine->vp_count && NT_SUCCESS(*status); told++) {
        change->State = KeProcessorAddStartNotify;
        change->NtNumber = told;
        change->ProcNumber.Number = (UCHAR)told;
        GUEST_CALL(site_change, CallbackFunction, (uint64_t)CallbackContext, (uint64_t)change, (uint64_t)status);
    }
    change->State = NT_SUCCESS(*status) ? KeProcessorAddCompleteNotify : KeProcessorAddFailureNotify;
    change->Status = *status;
    for (uint32_t i = 0; i < told; i++) {
        change->NtNumber = i;
        change->ProcNumber.Number = (UCHAR)i;
        GUEST_CALL(site_change, CallbackFunction, (uint64_t)CallbackContext, (uint64_t)change, (uint64_t)status);
    }
    if (change->State == KeProcessorAddCompleteNotify)
        return callback;
    heap_free(callback);
    return NULL;
}

VOID NTAPI
KeDeregisterProcessorChangeCallback(PVOID CallbackHandle)
{
    heap_free(CallbackHandle);
}

/* documented: another thread should get the processor soon: a DPC waits, or the quantum is over. */
BOOLEAN NTAPI
KeShouldYieldProcessor(VOID)
{
    return vp_self()->dpc_pending != 0;
}
