/* SPDX-License-Identifier: MIT */
/*
 * nt/ke/processor.c - how many processors there are, and which one this is.
 *
 * Model: one group, one NUMA node, VPs 0..vp_count-1, none ever added.
 */
#include "nt/ke/state.h"

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
    return fiber_self()->vp;
}

ULONG NTAPI
KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber)
{
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

/* documented: another thread should get the processor soon: a DPC waits, or the quantum is over. */
BOOLEAN NTAPI
KeShouldYieldProcessor(VOID)
{
    return vp_self()->dpc_pending != 0;
}
