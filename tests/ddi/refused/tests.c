/* SPDX-License-Identifier: MIT */
/*
 * tests.c - each asks until it is not refused, and looks what a refusal leaves behind.
 *
 * A refusal is the status that the page of the function names for missing memory; any other is a failure of the test.
 */
#include "refused.h"

#define BYTES 40

NDIS_STATUS
RefusedName(NDIS_HANDLE BindContext)
{
    NDIS_STRING name;
    NDIS_STATUS status;

    while ((status = NdisQueryBindInstanceName(&name, BindContext)) == NDIS_STATUS_RESOURCES)
        ;
    if (status == NDIS_STATUS_SUCCESS)
        NdisFreeMemory(name.Buffer, 0, 0);
    return status;
}

static VOID
AdapterName(VOID)
{
    NDIS_STRING name;
    NDIS_STATUS status;

    while ((status = NdisQueryAdapterInstanceName(&name, RefusedBinding)) == NDIS_STATUS_RESOURCES)
        ;
    REQUIRE(status == NDIS_STATUS_SUCCESS && name.Length > 0);
    NdisFreeMemory(name.Buffer, 0, 0);
}

static VOID
CloneOfARequest(VOID)
{
    PNDIS_OID_REQUEST clone;
    NDIS_OID_REQUEST request;
    NDIS_STATUS status;

    NdisZeroMemory(&request, sizeof(request));
    request.Header.Type = NDIS_OBJECT_TYPE_OID_REQUEST;
    request.Header.Revision = NDIS_OID_REQUEST_REVISION_1;
    request.Header.Size = NDIS_SIZEOF_OID_REQUEST_REVISION_1;
    request.RequestType = NdisRequestQueryInformation;
    request.DATA.QUERY_INFORMATION.Oid = OID_GEN_VENDOR_ID;
    while ((status = NdisAllocateCloneOidRequest(RefusedModule, &request, DDI_TAG, &clone)) == NDIS_STATUS_RESOURCES)
        ;
    REQUIRE(status == NDIS_STATUS_SUCCESS);
    CHECK(clone->DATA.QUERY_INFORMATION.Oid == OID_GEN_VENDOR_ID);
    NdisFreeCloneOidRequest(RefusedModule, clone);
}

/* Locked pages with no address in system space; NULL: refused. */
static PMDL
LockedPages(PVOID Bytes)
{
    PMDL mdl = IoAllocateMdl(Bytes, BYTES, FALSE, FALSE, NULL);

    if (mdl != NULL)
        MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
    return mdl;
}

static VOID
FreeLockedPages(PMDL Mdl)
{
    if (Mdl == NULL)
        return;
    MmUnlockPages(Mdl);
    IoFreeMdl(Mdl);
}

/* Both can only be read and written once they are mapped. */
static VOID
CopyBetween(PNET_BUFFER To, PNET_BUFFER From, PUCHAR Bytes)
{
    ULONG copied = 77;
    NDIS_STATUS status;
    PUCHAR data;

    while ((status = NdisCopyFromNetBufferToNetBuffer(To, 0, 2 * BYTES, From, 0, &copied)) == NDIS_STATUS_RESOURCES)
        CHECK(copied == 0 && Bytes[0] == 0);
    CHECK(status == NDIS_STATUS_SUCCESS && copied == BYTES && Bytes[0] == 0x5a && Bytes[BYTES - 1] == 0x5a);
    data = NdisGetDataBuffer(From, BYTES, NULL, 1, 0);
    CHECK(data != NULL && data[0] == 0x5a);
}

static VOID
Data(VOID)
{
    static UCHAR bytes[2][BYTES];
    NET_BUFFER_POOL_PARAMETERS parameters;
    PNET_BUFFER buffer[2] = { NULL, NULL };
    PMDL mdl[2], behind;
    NDIS_HANDLE pool;
    ULONG i;

    NdisZeroMemory(bytes[0], BYTES);
    RtlFillMemory(bytes[1], BYTES, 0x5a);
    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    parameters.Header.Revision = NET_BUFFER_POOL_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_NET_BUFFER_POOL_PARAMETERS_REVISION_1;
    parameters.PoolTag = DDI_TAG;
    pool = NdisAllocateNetBufferPool(DdiFilterDriver, &parameters);
    for (i = 0; i < 2; i++) {
        mdl[i] = LockedPages(bytes[i]);
        if (pool != NULL && mdl[i] != NULL)
            buffer[i] = NdisAllocateNetBuffer(pool, mdl[i], 0, BYTES);
    }
    behind = IoAllocateMdl(bytes[1], BYTES, FALSE, FALSE, NULL); /* no pages yet: it must be left alone */
    if (buffer[0] != NULL && buffer[1] != NULL) {
        mdl[1]->Next = behind;
        CopyBetween(buffer[0], buffer[1], bytes[0]);
    }
    if (behind != NULL)
        IoFreeMdl(behind);
    for (i = 0; i < 2; i++) {
        if (buffer[i] != NULL)
            NdisFreeNetBuffer(buffer[i]);
        FreeLockedPages(mdl[i]);
    }
    if (pool != NULL)
        NdisFreeNetBufferPool(pool);
}

/* Mapped by nobody before: then it may be NULL although the data is in one piece (documented). */
static VOID
DataBuffer(VOID)
{
    static UCHAR bytes[BYTES];
    MDL *mdl = LockedPages(bytes);
    NET_BUFFER buffer;
    PVOID data;

    if (mdl == NULL)
        return;
    NdisZeroMemory(&buffer, sizeof(buffer));
    NET_BUFFER_FIRST_MDL(&buffer) = NET_BUFFER_CURRENT_MDL(&buffer) = mdl;
    NET_BUFFER_DATA_LENGTH(&buffer) = BYTES;
    while ((data = NdisGetDataBuffer(&buffer, BYTES, NULL, 1, 0)) == NULL)
        ;
    CHECK(RtlCompareMemory(data, bytes, BYTES) == BYTES);
    FreeLockedPages(mdl);
}

static ULONG Routines;

static NTSTATUS NTAPI
CameBack(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    if (Context == &Routines)
        Routines++;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* nt!IopUnloadSafeCompletion stands for it until it runs. The device has no routine: the I/O manager completes it. */
static VOID
CompletionRoutine(VOID)
{
    PDEVICE_OBJECT device = NULL;
    NTSTATUS status;
    PIRP irp;

    if (!NT_SUCCESS(IoCreateDevice(DdiDriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device)))
        return;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    irp = IoAllocateIrp(device->StackSize, FALSE);
    if (irp != NULL) {
        Routines = 0;
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
        while ((status = IoSetCompletionRoutineEx(device, irp, CameBack, &Routines, TRUE, TRUE, TRUE)) ==
               STATUS_INSUFFICIENT_RESOURCES)
            CHECK(IoGetNextIrpStackLocation(irp)->CompletionRoutine == NULL);
        CHECK(status == STATUS_SUCCESS);
        CHECK(IoCallDriver(device, irp) == STATUS_INVALID_DEVICE_REQUEST);
        CHECK(Routines == 1);
        IoFreeIrp(irp);
    }
    IoDeleteDevice(device);
}

static VOID
ModuleRestarts(VOID)
{
    NDIS_STATUS status;

    while ((status = NdisFRestartFilter(RefusedModule)) == NDIS_STATUS_RESOURCES)
        ;
    CHECK(status == NDIS_STATUS_SUCCESS);
}

/* Last: the binding may be gone after it (documented). */
static VOID
Leaves(VOID)
{
    NDIS_STATUS status;

    while ((status = NdisUnbindAdapter(RefusedBinding)) == NDIS_STATUS_RESOURCES)
        ;
    CHECK(status == NDIS_STATUS_SUCCESS);
}

DDI_TESTS(refused, { "adapter_name", AdapterName }, { "clone_of_a_request", CloneOfARequest }, { "data", Data },
          { "data_buffer", DataBuffer }, { "completion_routine", CompletionRoutine },
          { "module_restarts", ModuleRestarts }, { "leaves", Leaves });
