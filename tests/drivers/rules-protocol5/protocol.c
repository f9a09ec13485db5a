/* SPDX-License-Identifier: MIT */
/* protocol.c - the protocol that is right, and the choice of what it does wrong; see rules_protocol5.h. */
#include "rules_protocol5.h"

#include "../common/choice.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD Unload;

static const RULES_CHANGE Nothing;

#define RULE(name, id) &Break##name, &Keep##name,
static const RULES_CHANGE *const Changes[] = {
    &Nothing,
#include "rules_protocol5.def"
};
#undef RULE

static const RULES_CHANGE *Change; /* const after DriverEntry */
static NDIS_HANDLE ProtocolHandle;
static LONG Seen; /* a frame */

BOOLEAN
GoesOut(PBINDING Binding)
{
    BOOLEAN open;

    NdisAcquireSpinLock(&Binding->Lock);
    open = !Binding->Closing;
    Binding->Out += open;
    NdisReleaseSpinLock(&Binding->Lock);
    return open;
}

VOID
IsBack(PBINDING Binding)
{
    NdisAcquireSpinLock(&Binding->Lock);
    if (--Binding->Out == 0)
        NdisSetEvent(&Binding->Drained);
    NdisReleaseSpinLock(&Binding->Lock);
}

/* ------------------------------------------------------------------ packets */

NDIS_STATUS
SendOwn(PBINDING Binding)
{
    NDIS_STATUS status;

    NdisSend(&status, Binding->Handle, Binding->Own);
    return status;
}

VOID
FreeOwn(PBINDING Binding)
{
    PNDIS_PACKET own = Binding->Own;

    Binding->Own = NULL;
    if (own != NULL)
        NdisFreePacket(own);
    if (own != NULL && Binding->Buffer != NULL)
        NdisFreeBuffer(Binding->Buffer);
}

static VOID NTAPI
SendComplete(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet, NDIS_STATUS Status)
{
    PBINDING binding = ProtocolBindingContext;

    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Status);

    if (Change->OwnIsBack != NULL)
        Change->OwnIsBack(binding);
    IsBack(binding);
}

static VOID NTAPI
ReturnKept(PVOID SystemSpecific1, PVOID FunctionContext, PVOID SystemSpecific2, PVOID SystemSpecific3)
{
    PBINDING binding = FunctionContext;
    PNDIS_PACKET kept;

    UNREFERENCED_PARAMETER(SystemSpecific1);
    UNREFERENCED_PARAMETER(SystemSpecific2);
    UNREFERENCED_PARAMETER(SystemSpecific3);

    NdisAcquireSpinLock(&binding->Lock);
    kept = binding->Kept;
    binding->Kept = NULL;
    NdisReleaseSpinLock(&binding->Lock);
    if (Change->Return != NULL)
        Change->Return(kept);
    else
        NdisReturnPackets(&kept, 1);
    IsBack(binding);
}

static BOOLEAN
Keep(PBINDING Binding, PNDIS_PACKET Packet)
{
    BOOLEAN kept;

    NdisAcquireSpinLock(&Binding->Lock);
    kept = Binding->Kept == NULL && !Binding->Closing;
    if (kept) {
        Binding->Kept = Packet;
        Binding->Out++;
    }
    NdisReleaseSpinLock(&Binding->Lock);
    return kept;
}

static INT NTAPI
ReceivePacket(NDIS_HANDLE ProtocolBindingContext, PNDIS_PACKET Packet)
{
    PBINDING binding = ProtocolBindingContext;

    if (Change->FirstFrame != NULL && InterlockedExchange(&Seen, 1) == 0)
        Change->FirstFrame(binding);
    if (NDIS_GET_PACKET_STATUS(Packet) == NDIS_STATUS_RESOURCES)
        return Change->Lent != NULL ? Change->Lent() : 0;
    if (!Keep(binding, Packet))
        return 0;
    NdisSetTimer(&binding->Timer, 1);
    return 1;
}

static NDIS_STATUS NTAPI
Receive(NDIS_HANDLE ProtocolBindingContext, NDIS_HANDLE MacReceiveContext, PVOID HeaderBuffer, UINT HeaderBufferSize,
        PVOID LookAheadBuffer, UINT LookaheadBufferSize, UINT PacketSize)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(MacReceiveContext);
    UNREFERENCED_PARAMETER(HeaderBuffer);
    UNREFERENCED_PARAMETER(HeaderBufferSize);
    UNREFERENCED_PARAMETER(LookAheadBuffer);
    UNREFERENCED_PARAMETER(LookaheadBufferSize);
    UNREFERENCED_PARAMETER(PacketSize);

    return NDIS_STATUS_NOT_ACCEPTED; /* ReceivePacket sees all */
}

static VOID NTAPI
ReceiveComplete(NDIS_HANDLE ProtocolBindingContext)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
}

/* ------------------------------------------------------------------ requests, status */

static VOID
Finished(PBINDING Binding, NDIS_STATUS Status)
{
    Binding->Status = Status;
    NdisSetEvent(&Binding->Done);
}

/* Waits when it pends. */
static NDIS_STATUS
Wait(PBINDING Binding, NDIS_STATUS Status)
{
    if (Status != NDIS_STATUS_PENDING)
        return Status;
    NdisWaitEvent(&Binding->Done, 0);
    NdisResetEvent(&Binding->Done);
    return Binding->Status;
}

static VOID NTAPI
RequestComplete(NDIS_HANDLE ProtocolBindingContext, PNDIS_REQUEST NdisRequest, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(NdisRequest);

    Finished(ProtocolBindingContext, Status);
}

static NDIS_STATUS
SetFilter(PBINDING Binding, ULONG Filter)
{
    NDIS_STATUS status;

    Binding->PacketFilter = Filter;
    NdisZeroMemory(&Binding->Request, sizeof(Binding->Request));
    Binding->Request.RequestType = NdisRequestSetInformation;
    Binding->Request.DATA.SET_INFORMATION.Oid = OID_GEN_CURRENT_PACKET_FILTER;
    Binding->Request.DATA.SET_INFORMATION.InformationBuffer = &Binding->PacketFilter;
    Binding->Request.DATA.SET_INFORMATION.InformationBufferLength = sizeof(Binding->PacketFilter);
    NdisRequest(&status, Binding->Handle, &Binding->Request);
    return Wait(Binding, status);
}

static VOID NTAPI
Status(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS GeneralStatus, PVOID StatusBuffer, UINT StatusBufferSize)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(GeneralStatus);
    UNREFERENCED_PARAMETER(StatusBuffer);
    UNREFERENCED_PARAMETER(StatusBufferSize);
}

static VOID NTAPI
StatusComplete(NDIS_HANDLE ProtocolBindingContext)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
}

/* ------------------------------------------------------------------ bind and unbind */

static VOID NTAPI
OpenComplete(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS OpenStatus, NDIS_STATUS OpenErrorStatus)
{
    UNREFERENCED_PARAMETER(OpenErrorStatus);

    Finished(ProtocolBindingContext, OpenStatus);
}

static VOID NTAPI
CloseComplete(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS CloseStatus)
{
    Finished(ProtocolBindingContext, CloseStatus);
}

static VOID
BindingFree(PBINDING Binding)
{
    if (Change->FreePackets != NULL && Binding->PacketPool != NULL) {
        Change->FreePackets(Binding);
    } else {
        FreeOwn(Binding);
        if (Binding->PacketPool != NULL)
            NdisFreePacketPool(Binding->PacketPool);
    }
    if (Binding->BufferPool != NULL)
        NdisFreeBufferPool(Binding->BufferPool);
    NdisFreeSpinLock(&Binding->Lock);
    NdisFreeMemory(Binding, 0, 0);
}

static NDIS_STATUS
MakeOwn(PBINDING Binding)
{
    NDIS_STATUS status;

    NdisAllocatePacketPool(&status, &Binding->PacketPool, 1, PROTOCOL_RESERVED_SIZE_IN_PACKET);
    if (status == NDIS_STATUS_SUCCESS)
        NdisAllocateBufferPool(&status, &Binding->BufferPool, 1);
    if (status == NDIS_STATUS_SUCCESS)
        NdisAllocatePacket(&status, &Binding->Own, Binding->PacketPool);
    if (status == NDIS_STATUS_SUCCESS)
        NdisAllocateBuffer(&status, &Binding->Buffer, Binding->BufferPool, Binding->Frame, OWN_FRAME);
    if (status == NDIS_STATUS_SUCCESS)
        NdisChainBufferAtFront(Binding->Own, Binding->Buffer);
    return status;
}

static PBINDING
BindingCreate(VOID)
{
    PBINDING binding;

    if (NdisAllocateMemoryWithTag((PVOID *)&binding, sizeof(*binding), RULES_TAG) != NDIS_STATUS_SUCCESS)
        return NULL;
    NdisZeroMemory(binding, sizeof(*binding));
    NdisAllocateSpinLock(&binding->Lock);
    NdisInitializeEvent(&binding->Drained);
    NdisInitializeEvent(&binding->Done);
    NdisInitializeTimer(&binding->Timer, ReturnKept, binding);
    binding->Frame[0] = 2; /* locally administered; to and from nobody, of a type nobody has */
    binding->Frame[6] = 2;
    binding->Frame[12] = 0x88;
    binding->Frame[13] = 0xb5;
    if (MakeOwn(binding) == NDIS_STATUS_SUCCESS)
        return binding;
    BindingFree(binding);
    return NULL;
}

static VOID
Close(PBINDING Binding)
{
    NDIS_STATUS status;

    NdisAcquireSpinLock(&Binding->Lock);
    Binding->Closing = TRUE;
    NdisReleaseSpinLock(&Binding->Lock);
    IsBack(Binding); /* the open binding's own */
    NdisWaitEvent(&Binding->Drained, 0);
    NdisAcquireSpinLock(&Binding->Lock); /* whoever set the event has let go of the lock when we have had it */
    NdisReleaseSpinLock(&Binding->Lock);
    NdisCloseAdapter(&status, Binding->Handle);
    Wait(Binding, status);
    BindingFree(Binding);
}

static VOID NTAPI
Bind(PNDIS_STATUS BindStatus, NDIS_HANDLE BindContext, PNDIS_STRING DeviceName, PVOID SystemSpecific1,
     PVOID SystemSpecific2)
{
    NDIS_MEDIUM medium = NdisMedium802_3;
    PBINDING binding = BindingCreate();
    NDIS_STATUS status, error;
    UINT index;

    UNREFERENCED_PARAMETER(BindContext);
    UNREFERENCED_PARAMETER(SystemSpecific1);
    UNREFERENCED_PARAMETER(SystemSpecific2);

    *BindStatus = NDIS_STATUS_RESOURCES;
    if (binding == NULL)
        return;
    NdisOpenAdapter(&status, &error, &binding->Handle, &index, &medium, 1, ProtocolHandle, binding, DeviceName, 0,
                    NULL);
    *BindStatus = Wait(binding, status);
    if (*BindStatus != NDIS_STATUS_SUCCESS) {
        BindingFree(binding);
        return;
    }
    binding->Out = 1;
    *BindStatus = SetFilter(binding, NDIS_PACKET_TYPE_PROMISCUOUS);
    if (*BindStatus != NDIS_STATUS_SUCCESS)
        Close(binding);
}

static VOID NTAPI
Unbind(PNDIS_STATUS UnbindStatus, NDIS_HANDLE ProtocolBindingContext, NDIS_HANDLE UnbindContext)
{
    UNREFERENCED_PARAMETER(UnbindContext);

    SetFilter(ProtocolBindingContext, 0);
    Close(ProtocolBindingContext);
    *UnbindStatus = NDIS_STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ entry */

_Use_decl_annotations_ static VOID
Unload(PDRIVER_OBJECT DriverObject)
{
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(DriverObject);

    NdisDeregisterProtocol(&status, ProtocolHandle);
}

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_PROTOCOL_CHARACTERISTICS chars;
    ULONG choice = ReadChoice(RegistryPath);
    NDIS_STATUS status;

    if (choice >= sizeof(Changes) / sizeof(Changes[0]))
        return STATUS_INVALID_PARAMETER;
    Change = Changes[choice];
    DriverObject->DriverUnload = Unload;
    NdisZeroMemory(&chars, sizeof(chars));
    chars.MajorNdisVersion = NDIS_PROTOCOL_MAJOR_VERSION;
    chars.MinorNdisVersion = NDIS_PROTOCOL_MINOR_VERSION;
    RtlInitUnicodeString(&chars.Name, L"rules_protocol5");
    chars.OpenAdapterCompleteHandler = OpenComplete;
    chars.CloseAdapterCompleteHandler = CloseComplete;
    chars.SendCompleteHandler = SendComplete;
    chars.RequestCompleteHandler = RequestComplete;
    chars.ReceiveHandler = Receive;
    chars.ReceiveCompleteHandler = ReceiveComplete;
    chars.StatusHandler = Status;
    chars.StatusCompleteHandler = StatusComplete;
    chars.ReceivePacketHandler = ReceivePacket;
    chars.BindAdapterHandler = Bind;
    chars.UnbindAdapterHandler = Unbind;
    NdisRegisterProtocol(&status, &ProtocolHandle, &chars, sizeof(chars));
    return status;
}
