/* SPDX-License-Identifier: MIT */
/*
 * protocol.c - an NDIS 5.0 protocol that answers frames: it sends back a copy of each, marked as an answer.
 *
 * Model: a binding counts what it has out, answers that are being sent and packets it keeps; unbinding closes the
 * gate, waits for the count, then closes. A packet that is only lent (NDIS_STATUS_RESOURCES) is copied at once and not
 * kept; any other is kept until its answer was sent.
 */
#include <ndis.h>

#ifndef P5_KEEPS
#define P5_KEEPS(Packet) (NDIS_GET_PACKET_STATUS(Packet) != NDIS_STATUS_RESOURCES)
#endif

#define P5_TAG       '5prP'
#define P5_FRAME_MAX 1514
#define P5_ANSWER    0xb688 /* ethertype 0x88b6 as it lies in the frame: nobody answers answers */

typedef struct _P5_BINDING {
    NDIS_HANDLE Handle;
    NDIS_SPIN_LOCK Lock;
    ULONG Out;       /* lock: answers under way; one more while the binding is open */
    BOOLEAN Closing; /* lock */
    NDIS_EVENT Drained;
    NDIS_EVENT Done; /* of a request or close that pended */
    NDIS_STATUS Status;
    NDIS_HANDLE PacketPool, BufferPool;
    ULONG PacketFilter;
    NDIS_REQUEST Request;
} P5_BINDING;

typedef struct _P5_ANSWER_DATA {
    PNDIS_PACKET Kept; /* NULL: the frame was only lent */
    UCHAR Frame[P5_FRAME_MAX];
} P5_ANSWER_DATA;

#define P5_DATA(Packet) (*(P5_ANSWER_DATA **)(PVOID)(Packet)->ProtocolReserved)

DRIVER_INITIALIZE DriverEntry;

static NDIS_HANDLE P5Protocol;

static BOOLEAN
P5Begin(P5_BINDING *Binding)
{
    BOOLEAN open;

    NdisAcquireSpinLock(&Binding->Lock);
    open = !Binding->Closing;
    if (open)
        Binding->Out++;
    NdisReleaseSpinLock(&Binding->Lock);
    return open;
}

static VOID
P5End(P5_BINDING *Binding)
{
    NdisAcquireSpinLock(&Binding->Lock);
    if (--Binding->Out == 0)
        NdisSetEvent(&Binding->Drained);
    NdisReleaseSpinLock(&Binding->Lock);
}

/* ---- sends ---- */

static VOID
P5FreeAnswer(PNDIS_PACKET Packet)
{
    P5_ANSWER_DATA *data = P5_DATA(Packet);
    PNDIS_BUFFER buffer;

    NdisUnchainBufferAtFront(Packet, &buffer);
    if (buffer != NULL)
        NdisFreeBuffer(buffer);
    if (data != NULL)
        NdisFreeMemory(data, 0, 0);
    NdisFreePacket(Packet);
}

static PNDIS_PACKET
P5MakeAnswer(P5_BINDING *Binding, PNDIS_PACKET Received)
{
    PNDIS_BUFFER buffer;
    PNDIS_PACKET packet;
    P5_ANSWER_DATA *data;
    NDIS_STATUS status;
    PVOID bytes;
    UINT length, total, copied = 0;

    NdisAllocatePacket(&status, &packet, Binding->PacketPool);
    if (status != NDIS_STATUS_SUCCESS)
        return NULL;
    P5_DATA(packet) = NULL;
    if (NdisAllocateMemoryWithTag((PVOID *)&data, sizeof(*data), P5_TAG) != NDIS_STATUS_SUCCESS) {
        P5FreeAnswer(packet);
        return NULL;
    }
    data->Kept = NULL;
    P5_DATA(packet) = data;
    NdisQueryPacket(Received, NULL, NULL, &buffer, &total);
    while (buffer != NULL) {
        NdisQueryBufferSafe(buffer, &bytes, &length, NormalPagePriority);
        if (length > P5_FRAME_MAX - copied)
            length = P5_FRAME_MAX - copied;
        NdisMoveMemory(data->Frame + copied, bytes, length);
        copied += length;
        NdisGetNextBuffer(buffer, &buffer);
    }
    NdisAllocateBuffer(&status, &buffer, Binding->BufferPool, data->Frame, copied);
    if (status != NDIS_STATUS_SUCCESS) {
        P5FreeAnswer(packet);
        return NULL;
    }
    *(USHORT *)(PVOID)(data->Frame + 12) = P5_ANSWER;
    NdisChainBufferAtBack(packet, buffer);
    return packet;
}

static VOID NTAPI
P5SendComplete(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet, NDIS_STATUS Status)
{
    PNDIS_PACKET kept = P5_DATA(Packet)->Kept;

    UNREFERENCED_PARAMETER(Status);
    P5FreeAnswer(Packet);
    if (kept != NULL)
        NdisReturnPackets(&kept, 1);
    P5End(ProtocolBindingContext);
}

/* ---- receives ---- */

static INT NTAPI
P5ReceivePacket(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet)
{
    P5_BINDING *binding = ProtocolBindingContext;
    PNDIS_BUFFER first;
    PNDIS_PACKET answer;
    NDIS_STATUS status;
    PVOID bytes;
    UINT length, total;
    INT held;

    NdisGetFirstBufferFromPacketSafe(Packet, &first, &bytes, &length, &total, NormalPagePriority);
    if (bytes == NULL || length < 14 || *(const USHORT *)(PVOID)((PUCHAR)bytes + 12) == P5_ANSWER || !P5Begin(binding))
        return 0;
    answer = P5MakeAnswer(binding, Packet);
    if (answer == NULL) {
        P5End(binding);
        return 0;
    }
    held = P5_KEEPS(Packet) ? 1 : 0;
    if (held)
        P5_DATA(answer)->Kept = Packet;
    NdisSend(&status, binding->Handle, answer);
    if (status != NDIS_STATUS_PENDING) {
        P5_DATA(answer)->Kept = NULL;
        P5FreeAnswer(answer);
        P5End(binding);
        held = 0;
    }
    return held;
}

static NDIS_STATUS NTAPI
P5Receive(NDIS_HANDLE ProtocolBindingContext, NDIS_HANDLE MacReceiveContext, PVOID HeaderBuffer, UINT HeaderBufferSize,
          PVOID LookAheadBuffer, UINT LookaheadBufferSize, UINT PacketSize)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(MacReceiveContext);
    UNREFERENCED_PARAMETER(HeaderBuffer);
    UNREFERENCED_PARAMETER(HeaderBufferSize);
    UNREFERENCED_PARAMETER(LookAheadBuffer);
    UNREFERENCED_PARAMETER(LookaheadBufferSize);
    UNREFERENCED_PARAMETER(PacketSize);

    return NDIS_STATUS_NOT_ACCEPTED; /* P5ReceivePacket sees all */
}

static VOID NTAPI
P5ReceiveComplete(NDIS_HANDLE ProtocolBindingContext)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
}

/* ---- requests, status ---- */

static VOID
P5Finished(P5_BINDING *Binding, NDIS_STATUS Status)
{
    Binding->Status = Status;
    NdisSetEvent(&Binding->Done);
}

static VOID NTAPI
P5RequestComplete(NDIS_HANDLE ProtocolBindingContext, PNDIS_REQUEST NdisRequest, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(NdisRequest);

    P5Finished(ProtocolBindingContext, Status);
}

static NDIS_STATUS
P5SetFilter(P5_BINDING *Binding, ULONG Filter)
{
    NDIS_STATUS status;

    Binding->PacketFilter = Filter;
    NdisZeroMemory(&Binding->Request, sizeof(Binding->Request));
    Binding->Request.RequestType = NdisRequestSetInformation;
    Binding->Request.DATA.SET_INFORMATION.Oid = OID_GEN_CURRENT_PACKET_FILTER;
    Binding->Request.DATA.SET_INFORMATION.InformationBuffer = &Binding->PacketFilter;
    Binding->Request.DATA.SET_INFORMATION.InformationBufferLength = sizeof(Binding->PacketFilter);
    NdisResetEvent(&Binding->Done);
    NdisRequest(&status, Binding->Handle, &Binding->Request);
    if (status == NDIS_STATUS_PENDING) {
        NdisWaitEvent(&Binding->Done, 0);
        status = Binding->Status;
    }
    return status;
}

static VOID NTAPI
P5Status(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS GeneralStatus, PVOID StatusBuffer, UINT StatusBufferSize)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(GeneralStatus);
    UNREFERENCED_PARAMETER(StatusBuffer);
    UNREFERENCED_PARAMETER(StatusBufferSize);
}

static VOID NTAPI
P5StatusComplete(NDIS_HANDLE ProtocolBindingContext)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
}

/* ---- bind and unbind ---- */

static VOID NTAPI
P5OpenComplete(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status, NDIS_STATUS OpenErrorStatus)
{
    UNREFERENCED_PARAMETER(OpenErrorStatus);

    P5Finished(ProtocolBindingContext, Status);
}

static VOID NTAPI
P5CloseComplete(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status)
{
    P5Finished(ProtocolBindingContext, Status);
}

static VOID
P5Free(P5_BINDING *Binding)
{
    if (Binding->BufferPool != NULL)
        NdisFreeBufferPool(Binding->BufferPool);
    if (Binding->PacketPool != NULL)
        NdisFreePacketPool(Binding->PacketPool);
    NdisFreeSpinLock(&Binding->Lock);
    NdisFreeMemory(Binding, 0, 0);
}

static VOID
P5Close(P5_BINDING *Binding)
{
    NDIS_STATUS status;

    NdisAcquireSpinLock(&Binding->Lock);
    Binding->Closing = TRUE;
    NdisReleaseSpinLock(&Binding->Lock);
    P5End(Binding); /* the open binding's own */
    NdisWaitEvent(&Binding->Drained, 0);
    NdisResetEvent(&Binding->Done);
    NdisCloseAdapter(&status, Binding->Handle);
    if (status == NDIS_STATUS_PENDING)
        NdisWaitEvent(&Binding->Done, 0);
    P5Free(Binding);
}

static VOID NTAPI
P5Bind(PNDIS_STATUS Status, NDIS_HANDLE BindContext, PNDIS_STRING DeviceName, PVOID SystemSpecific1,
       PVOID SystemSpecific2)
{
    NDIS_MEDIUM medium = NdisMedium802_3;
    P5_BINDING *binding;
    NDIS_STATUS error;
    UINT index;

    UNREFERENCED_PARAMETER(BindContext);
    UNREFERENCED_PARAMETER(SystemSpecific1);
    UNREFERENCED_PARAMETER(SystemSpecific2);
    *Status = NdisAllocateMemoryWithTag((PVOID *)&binding, sizeof(*binding), P5_TAG);
    if (*Status != NDIS_STATUS_SUCCESS)
        return;
    NdisZeroMemory(binding, sizeof(*binding));
    NdisAllocateSpinLock(&binding->Lock);
    NdisInitializeEvent(&binding->Drained);
    NdisInitializeEvent(&binding->Done);
    NdisAllocatePacketPool(Status, &binding->PacketPool, 16, sizeof(PVOID));
    if (*Status == NDIS_STATUS_SUCCESS)
        NdisAllocateBufferPool(Status, &binding->BufferPool, 16);
    if (*Status == NDIS_STATUS_SUCCESS)
        NdisOpenAdapter(Status, &error, &binding->Handle, &index, &medium, 1, P5Protocol, binding, DeviceName, 0, NULL);
    if (*Status == NDIS_STATUS_PENDING) {
        NdisWaitEvent(&binding->Done, 0);
        *Status = binding->Status;
    }
    if (*Status != NDIS_STATUS_SUCCESS) {
        P5Free(binding);
        return;
    }
    binding->Out = 1;
    *Status = P5SetFilter(binding, NDIS_PACKET_TYPE_PROMISCUOUS);
    if (*Status != NDIS_STATUS_SUCCESS)
        P5Close(binding);
}

static VOID NTAPI
P5Unbind(PNDIS_STATUS Status, NDIS_HANDLE ProtocolBindingContext, NDIS_HANDLE UnbindContext)
{
    P5_BINDING *binding = ProtocolBindingContext;

    UNREFERENCED_PARAMETER(UnbindContext);
    P5SetFilter(binding, 0);
    P5Close(binding);
    *Status = NDIS_STATUS_SUCCESS;
}

/* ---- entry ---- */

static VOID NTAPI
P5Unload(PDRIVER_OBJECT DriverObject)
{
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(DriverObject);
    NdisDeregisterProtocol(&status, P5Protocol);
}

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_PROTOCOL_CHARACTERISTICS protocol;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    NdisZeroMemory(&protocol, sizeof(protocol));
    protocol.MajorNdisVersion = NDIS_PROTOCOL_MAJOR_VERSION;
    protocol.MinorNdisVersion = NDIS_PROTOCOL_MINOR_VERSION;
    RtlInitUnicodeString(&protocol.Name, L"p5");
    protocol.OpenAdapterCompleteHandler = P5OpenComplete;
    protocol.CloseAdapterCompleteHandler = P5CloseComplete;
    protocol.SendCompleteHandler = P5SendComplete;
    protocol.RequestCompleteHandler = P5RequestComplete;
    protocol.ReceiveHandler = P5Receive;
    protocol.ReceiveCompleteHandler = P5ReceiveComplete;
    protocol.StatusHandler = P5Status;
    protocol.StatusCompleteHandler = P5StatusComplete;
    protocol.ReceivePacketHandler = P5ReceivePacket;
    protocol.BindAdapterHandler = P5Bind;
    protocol.UnbindAdapterHandler = P5Unbind;
    DriverObject->DriverUnload = P5Unload;
    NdisRegisterProtocol(&status, &P5Protocol, &protocol, sizeof(protocol));
    return status;
}
