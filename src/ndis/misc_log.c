/* SPDX-License-Identifier: MIT */
/*
 * ndis/misc_log.c - error log entries, addresses of routines, names and indexes of interfaces, statuses translated.
 */
#include "ndis/misc.h"

#include <string.h>

#include "nt/ex/ex.h"

#define BUGCHECK_IF_STACK_TABLE_LOOP 0x1bu

#define NAME_TAG 0x6D6E444Eu /* NDnm */

/* ------------------------------------------------------------------ error log */

/* I/O error log entry: header, then as many 32-bit values as were given. documented: IO_ERROR_LOG_PACKET. */
struct log_entry {
    UCHAR major, retry;
    USHORT dump_bytes, strings, string_offset, category;
    ULONG error_code, unique;
    LONG final_status;
    ULONG sequence, control_code;
    LARGE_INTEGER offset;
    ULONG value[];
};

/*
 * NdisWriteErrorLogEntry - an entry in the system's error log: NumberOfErrorValues ULONGs follow.
 *
 * Source:    documented. IRQL: <= DISPATCH_LEVEL.
 */
void NTAPI
NdisWriteErrorLogEntry_va(NDIS_HANDLE NdisAdapterHandle, ULONG ErrorCode, ULONG NumberOfErrorValues, const uint64_t *va)
{
    struct ndis_adapter *ad = NdisAdapterHandle;
    size_t size = sizeof(struct log_entry) + NumberOfErrorValues * sizeof(ULONG);
    struct log_entry *entry;

    sched_touch(ad->layer.ledger->handle);
    if (size > 240)
        return; /* more than an entry holds (documented: ERROR_LOG_MAXIMUM_SIZE) */
    entry = IoAllocateErrorLogEntry(ad->driver->driver.driver_object, (UCHAR)size);
    if (entry == NULL)
        return;
    entry->error_code = ErrorCode;
    entry->dump_bytes = (USHORT)(NumberOfErrorValues * sizeof(ULONG));
    for (ULONG i = 0; i < NumberOfErrorValues; i++)
        entry->value[i] = (ULONG)va[i];
    IoWriteErrorLogEntry(entry);
}

/* ------------------------------------------------------------------ routines */

/*
 * NdisGetRoutineAddress - Source: documented; NULL for what is not exported. IRQL: PASSIVE_LEVEL.
 */
PVOID NTAPI
NdisGetRoutineAddress(PNDIS_STRING NdisRoutineName)
{
    char name[64];
    unsigned length = NdisRoutineName->Length / 2u;
    int index;

    if (length >= sizeof(name))
        return NULL;
    for (unsigned i = 0; i < length; i++)
        name[i] = (char)NdisRoutineName->Buffer[i];
    name[length] = 0;
    index = ddi_lookup("ndis", name);
    if (index < 0 || ddi_get((unsigned)index)->kind == DDI_SYMBOL || strncmp(name, "ndis", 4) == 0)
        return NULL;
    return (PVOID)ddi_address((unsigned)index);
}

/* ------------------------------------------------------------------ names */

/*
 * NdisQueryAdapterInstanceName - the friendly name of what a binding is bound to.
 *
 * Source:    documented. IRQL: <= DISPATCH_LEVEL.
 * Ownership: the caller takes the string's buffer until NdisFreeMemory.
 * Returns:   NDIS_STATUS_SUCCESS, _RESOURCES.
 */
NDIS_STATUS NTAPI
NdisQueryAdapterInstanceName(PNDIS_STRING pAdapterInstanceName, NDIS_HANDLE NdisBindingHandle)
{
    struct ndis_layer *layer = NdisBindingHandle;
    const UNICODE_STRING *name = layer->adapter->nic->instance_name;

    pAdapterInstanceName->Buffer = ex_pool_alloc(NonPagedPool, name->Length + 2u, NAME_TAG, EX_POOL_ZERO);
    if (pAdapterInstanceName->Buffer == NULL)
        return NDIS_STATUS_RESOURCES;
    memcpy(pAdapterInstanceName->Buffer, name->Buffer, name->Length);
    pAdapterInstanceName->Length = name->Length;
    pAdapterInstanceName->MaximumLength = (USHORT)(name->Length + 2);
    return NDIS_STATUS_SUCCESS;
}

/* NdisQueryBindInstanceName - the same inside ProtocolBindAdapterEx, by its BindContext. Source: documented. */
NDIS_STATUS NTAPI
NdisQueryBindInstanceName(PNDIS_STRING pAdapterInstanceName, NDIS_HANDLE BindingContext)
{
    struct ndis_bind_context *bc = BindingContext;

    return NdisQueryAdapterInstanceName(pAdapterInstanceName, bc->binding);
}

/* ------------------------------------------------------------------ interfaces */

/* Higher lies over lower. Monitor memory. */
struct if_stack_entry {
    struct list_node node; /* ndis_misc.if_stack */
    NET_IFINDEX higher, lower;
};

static bool
reaches(NET_IFINDEX from, NET_IFINDEX to)
{
    struct if_stack_entry *e;

    if (from == to)
        return true;
    list_for_each (e, &ndis_misc()->if_stack, node)
        if (e->higher == from && reaches(e->lower, to))
            return true;
    return false;
}

static bool
interface_known(NET_IFINDEX index)
{
    struct ndis_nic *nic;
    struct ndis_link *link;

    list_for_each (nic, &ndis_root()->nics, node) {
        if (nic->if_index == index)
            return true;
        list_for_each (link, &nic->links, node)
            if (link->if_index == index)
                return true;
    }
    return false;
}

/*
 * NdisIfAddIfStackEntry - say that one interface lies over another. NdisIfDeleteIfStackEntry - take that back.
 *
 * Source:    documented; a cycle is bug check 0x7C, 0x1B.
 * IRQL:      <= DISPATCH_LEVEL
 * Returns:   NDIS_STATUS_SUCCESS, _INTERFACE_NOT_FOUND for an index that no interface has, _RESOURCES (documented;
 *            nothing here needs it).
 */
NDIS_STATUS NTAPI
NdisIfAddIfStackEntry(NET_IFINDEX HigherLayerIfIndex, NET_IFINDEX LowerLayerIfIndex)
{
    struct if_stack_entry *e;

    if (!interface_known(HigherLayerIfIndex) || !interface_known(LowerLayerIfIndex))
        return NDIS_STATUS_INTERFACE_NOT_FOUND;
    if (reaches(LowerLayerIfIndex, HigherLayerIfIndex))
        machine_bugcheck(NDIS_BUGCHECK, BUGCHECK_IF_STACK_TABLE_LOOP, HigherLayerIfIndex, LowerLayerIfIndex, 0);
    e = mon_alloc(sizeof(*e));
    e->higher = HigherLayerIfIndex;
    e->lower = LowerLayerIfIndex;
    list_add_tail(&ndis_misc()->if_stack, &e->node);
    return NDIS_STATUS_SUCCESS;
}

NDIS_STATUS NTAPI
NdisIfDeleteIfStackEntry(NET_IFINDEX HigherLayerIfIndex, NET_IFINDEX LowerLayerIfIndex)
{
    struct if_stack_entry *e;

    list_for_each (e, &ndis_misc()->if_stack, node)
        if (e->higher == HigherLayerIfIndex && e->lower == LowerLayerIfIndex) {
            list_del(&e->node);
            return NDIS_STATUS_SUCCESS;
        }
    return NDIS_STATUS_INTERFACE_NOT_FOUND;
}

/*
 * NdisIfGetInterfaceIndexFromNetLuid - Source: documented. IRQL: <= DISPATCH_LEVEL.
 * Returns: NDIS_STATUS_SUCCESS, _INTERFACE_NOT_FOUND.
 */
NDIS_STATUS NTAPI
NdisIfGetInterfaceIndexFromNetLuid(NET_LUID NetLuid, PNET_IFINDEX pIfIndex)
{
    struct ndis_nic *nic;
    struct ndis_link *link;

    list_for_each (nic, &ndis_root()->nics, node) {
        if (nic->luid == NetLuid.Value) {
            *pIfIndex = nic->if_index;
            return NDIS_STATUS_SUCCESS;
        }
        list_for_each (link, &nic->links, node)
            if (link->luid == NetLuid.Value) {
                *pIfIndex = link->if_index;
                return NDIS_STATUS_SUCCESS;
            }
    }
    return NDIS_STATUS_INTERFACE_NOT_FOUND;
}

/* ------------------------------------------------------------------ statuses */

/* Those that are no NTSTATUS under another name. assumed: no page gives the pairs. */
static const struct {
    NDIS_STATUS ndis;
    NTSTATUS nt;
} pairs[] = {
    { NDIS_STATUS_BUFFER_TOO_SHORT, STATUS_BUFFER_TOO_SMALL },
    { NDIS_STATUS_INVALID_LENGTH, STATUS_INVALID_BUFFER_SIZE },
    { NDIS_STATUS_INVALID_DATA, STATUS_INVALID_PARAMETER },
    { NDIS_STATUS_ADAPTER_NOT_FOUND, STATUS_NO_MORE_ENTRIES },
    { NDIS_STATUS_ADAPTER_NOT_READY, STATUS_DEVICE_NOT_READY },
    { NDIS_STATUS_REQUEST_ABORTED, STATUS_CANCELLED },
    { NDIS_STATUS_INVALID_OID, STATUS_NOT_SUPPORTED },
};

/* NdisConvertNdisStatusToNtStatus, NdisConvertNtStatusToNdisStatus - Source: assumed from the names. IRQL: any. */
NTSTATUS NTAPI
NdisConvertNdisStatusToNtStatus(NDIS_STATUS NdisStatus)
{
    for (unsigned i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (pairs[i].ndis == NdisStatus)
            return pairs[i].nt;
    return (NTSTATUS)NdisStatus;
}

NDIS_STATUS NTAPI
NdisConvertNtStatusToNdisStatus(NTSTATUS NtStatus)
{
    for (unsigned i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (pairs[i].nt == NtStatus && pairs[i].nt != STATUS_INVALID_PARAMETER && pairs[i].nt != STATUS_NOT_SUPPORTED)
            return pairs[i].ndis;
    return (NDIS_STATUS)NtStatus;
}
