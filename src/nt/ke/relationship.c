/* SPDX-License-Identifier: MIT */
/*
 * nt/ke/relationship.c - how processors belong together.
 *
 * Model: each VP is a core of its own (chosen: nothing shares what a hyperthread would), all are one package, one NUMA
 * node, one group, and no caches are told of. An answer is a row of structures, each as long as its Size says.
 */
#include "nt/ke/state.h"

#include <string.h>

/* Where an answer goes; past room it only counts. */
struct answer {
    char *out;
    ULONG room, length;
};

/* The next structure; NULL: there is no room. */
static PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX
add(struct answer *a, LOGICAL_PROCESSOR_RELATIONSHIP what, ULONG size)
{
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX info = NULL;

    if (a->out != NULL && a->length + size <= a->room) {
        info = (PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX)(a->out + a->length);
        memset(info, 0, size);
        info->Relationship = what;
        info->Size = size;
    }
    a->length += size;
    return info;
}

#define SIZE_WITH(member)                                               \
    (ULONG)(offsetof(SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX, member) + \
            sizeof(((SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX *)0)->member))

static void
add_processors(struct answer *a, LOGICAL_PROCESSOR_RELATIONSHIP what, KAFFINITY mask)
{
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX info = add(a, what, SIZE_WITH(Processor));

    if (info == NULL)
        return;
    info->Processor.GroupCount = 1;
    info->Processor.GroupMask[0].Mask = mask;
}

static void
add_node(struct answer *a, LOGICAL_PROCESSOR_RELATIONSHIP what, KAFFINITY mask)
{
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX info = add(a, what, SIZE_WITH(NumaNode));

    if (info != NULL)
        info->NumaNode.GroupMask.Mask = mask;
}

static void
add_group(struct answer *a, KAFFINITY mask)
{
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX info = add(a, RelationGroup, SIZE_WITH(Group));

    if (info == NULL)
        return;
    info->Group.MaximumGroupCount = info->Group.ActiveGroupCount = 1;
    info->Group.GroupInfo[0].MaximumProcessorCount = (UCHAR)machine->vp_count;
    info->Group.GroupInfo[0].ActiveProcessorCount = (UCHAR)machine->vp_count;
    info->Group.GroupInfo[0].ActiveProcessorMask = mask;
}

/*
 * KeQueryLogicalProcessorRelationship - which processors share a core, a package, a node, a group.
 *
 * Source:    documented; assumed: a relationship that is unknown has no structures, and a processor that is asked about
 *            is in each that holds it.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: borrows everything; *Length becomes what the answer takes, also when it does not fit.
 * Returns:   STATUS_SUCCESS, _INFO_LENGTH_MISMATCH, _INVALID_PARAMETER for a processor that is not there.
 * Tests:     tests/ddi/ke_cpu.c
 */
NTSTATUS NTAPI
KeQueryLogicalProcessorRelationship(PPROCESSOR_NUMBER ProcessorNumber, LOGICAL_PROCESSOR_RELATIONSHIP RelationshipType,
                                    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX Information, PULONG Length)
{
    KAFFINITY all = ((KAFFINITY)1 << machine->vp_count) - 1;
    struct answer a = { (char *)Information, Information != NULL ? *Length : 0, 0 };
    LOGICAL_PROCESSOR_RELATIONSHIP what = RelationshipType;

    if (ProcessorNumber != NULL &&
        (ProcessorNumber->Group != 0 || ProcessorNumber->Reserved != 0 || ProcessorNumber->Number >= machine->vp_count))
        return STATUS_INVALID_PARAMETER;
    if (what == RelationProcessorCore || what == RelationAll)
        for (unsigned vp = 0; vp < machine->vp_count; vp++)
            if (ProcessorNumber == NULL || ProcessorNumber->Number == vp)
                add_processors(&a, RelationProcessorCore, (KAFFINITY)1 << vp);
    if (what == RelationNumaNode || what == RelationNumaNodeEx || what == RelationAll)
        add_node(&a, RelationNumaNode, all);
    if (what == RelationProcessorPackage || what == RelationAll)
        add_processors(&a, RelationProcessorPackage, all);
    if (what == RelationProcessorDie || what == RelationAll)
        add_processors(&a, RelationProcessorDie, all);
    if (what == RelationGroup || what == RelationAll)
        add_group(&a, all);
    *Length = a.length;
    return a.length <= a.room ? STATUS_SUCCESS : STATUS_INFO_LENGTH_MISMATCH;
}
