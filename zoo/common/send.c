/* SPDX-License-Identifier: MIT */
/*
 * common/send.c - frames of our own: built from a program's write, or from a driver's buffer.
 *
 * Model: a write's MDL is the frame's data, and the NBL's context area names its IRP, which is completed when the NBL
 * comes back. An NBL without IRP belongs to the driver, which uses it again.
 */
#include "zoo.h"

typedef struct _ZOO_SEND_CONTEXT {
    PIRP Irp; /* NULL: the NBL is kept */
    PVOID Reserved;
} ZOO_SEND_CONTEXT, *PZOO_SEND_CONTEXT;

C_ASSERT(sizeof(ZOO_SEND_CONTEXT) % MEMORY_ALLOCATION_ALIGNMENT == 0);

#define ZOO_SEND_CONTEXT_OF(Nbl) ((PZOO_SEND_CONTEXT)NET_BUFFER_LIST_CONTEXT_DATA_START(Nbl))

/* The pool is the driver's, not the module's: it serves handles that outlive the module. */
NDIS_STATUS
ZooCreateSendPool(PZOO_FILTER Filter)
{
    Filter->NblPool = ZooAllocatePool(ZooDriverHandle);
    return Filter->NblPool != NULL ? NDIS_STATUS_SUCCESS : NDIS_STATUS_RESOURCES;
}

NDIS_HANDLE
ZooAllocatePool(NDIS_HANDLE NdisHandle)
{
    NET_BUFFER_LIST_POOL_PARAMETERS parameters;

    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    parameters.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.ProtocolId = NDIS_PROTOCOL_ID_DEFAULT;
    parameters.fAllocateNetBuffer = TRUE;
    parameters.ContextSize = sizeof(ZOO_SEND_CONTEXT);
    parameters.PoolTag = ZOO_TAG;
    return NdisAllocateNetBufferListPool(NdisHandle, &parameters);
}

/* An NBL without IRP and without SourceHandle, NULL if there is none. */
PNET_BUFFER_LIST
ZooAllocateNbl(NDIS_HANDLE Pool, PMDL Mdl, ULONG Length)
{
    PNET_BUFFER_LIST nbl;

    nbl = NdisAllocateNetBufferAndNetBufferList(Pool, sizeof(ZOO_SEND_CONTEXT), 0, Mdl, 0, Length);
    if (nbl != NULL)
        NdisZeroMemory(ZOO_SEND_CONTEXT_OF(nbl), sizeof(ZOO_SEND_CONTEXT));
    return nbl;
}

/*
 * ZooBuildSend - make a write ready for NdisFSendNetBufferLists.
 * On success the IRP is marked pending and completed when the NBL comes back; on failure both are the caller's still.
 */
NTSTATUS
ZooBuildSend(PZOO_FILTER Filter, PIRP Irp, PNET_BUFFER_LIST *NetBufferList)
{
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    PNET_BUFFER_LIST nbl;

    if (Irp->MdlAddress == NULL || length < ZOO_ETHERNET_HEADER || length > ZOO_MAX_FRAME)
        return STATUS_INVALID_BUFFER_SIZE;
    nbl = ZooAllocateNbl(Filter->NblPool, Irp->MdlAddress, length);
    if (nbl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    nbl->SourceHandle = Filter->FilterHandle;
    ZOO_SEND_CONTEXT_OF(nbl)->Irp = Irp;
    IoMarkIrpPending(Irp);
    *NetBufferList = nbl;
    return STATUS_SUCCESS;
}

NTSTATUS
ZooCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NETWORK_INCREMENT);
    return Status;
}

/* One NBL of ours is back from below. */
VOID
ZooOwnSendComplete(PNET_BUFFER_LIST NetBufferList)
{
    PIRP irp = ZOO_SEND_CONTEXT_OF(NetBufferList)->Irp;
    NDIS_STATUS status = NET_BUFFER_LIST_STATUS(NetBufferList);
    ULONG length = NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(NetBufferList));

    if (irp == NULL)
        return;
    NdisFreeNetBufferList(NetBufferList); /* before the IRP: its MDL is the data */
    ZooCompleteIrp(irp, status, status == NDIS_STATUS_SUCCESS ? length : 0);
}
