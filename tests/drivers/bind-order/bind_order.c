/* SPDX-License-Identifier: MIT */
/*
 * bind_order.c - a protocol that looks at the list of its bindings when it is told that their order changed.
 *
 * Model: it binds to nothing, but notes what it is offered. On NetEventBindList it reads Linkage\Bind of its own key,
 * compares the two lists, and stops the machine with how many names there are, whether the lists are equal, and which
 * of the adapters, in the order they were offered in, comes first.
 */
#define NDIS630 1
#include <ndis.h>

#define NAMES_MAX 8

DRIVER_INITIALIZE DriverEntry;

static NDIS_HANDLE Protocol;
static WCHAR LinkageText[200];
static UNICODE_STRING Linkage;
static WCHAR Offered[NAMES_MAX][80];
static ULONG OfferedCount;

/* The strings of a list, up to the empty one. */
static ULONG
Split(PCWSTR List, ULONG Bytes, PUNICODE_STRING Names)
{
    PCWSTR end = List + Bytes / sizeof(WCHAR);
    ULONG count = 0;

    while (List < end && *List != 0 && count < NAMES_MAX) {
        RtlInitUnicodeString(&Names[count], List);
        List += Names[count++].Length / sizeof(WCHAR) + 1;
    }
    return count;
}

static VOID
Look(PCWSTR List, ULONG Bytes)
{
    static UCHAR buffer[1024];
    UNICODE_STRING value = RTL_CONSTANT_STRING(L"Bind"), told[NAMES_MAX], written[NAMES_MAX], name;
    KEY_VALUE_PARTIAL_INFORMATION *information = (KEY_VALUE_PARTIAL_INFORMATION *)buffer;
    ULONG count = Split(List, Bytes, told), length, i, first = (ULONG)-1;
    OBJECT_ATTRIBUTES attributes;
    BOOLEAN equal = FALSE;
    HANDLE key;

    InitializeObjectAttributes(&attributes, &Linkage, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (NT_SUCCESS(ZwOpenKey(&key, KEY_READ, &attributes))) {
        if (NT_SUCCESS(ZwQueryValueKey(key, &value, KeyValuePartialInformation, buffer, sizeof(buffer), &length)))
            equal = Split((PCWSTR)information->Data, information->DataLength, written) == count;
        ZwClose(key);
    }
    for (i = 0; i < count && equal; i++)
        equal = RtlEqualUnicodeString(&told[i], &written[i], TRUE);
    for (i = 0; i < OfferedCount && count > 0; i++) {
        RtlInitUnicodeString(&name, Offered[i]);
        if (RtlEqualUnicodeString(&told[0], &name, TRUE))
            first = i;
    }
    KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, count, equal, first, OfferedCount);
}

static NDIS_STATUS NTAPI
NetPnP(NDIS_HANDLE ProtocolBindingContext, PNET_PNP_EVENT_NOTIFICATION NetPnPEvent)
{
    if (NetPnPEvent->NetPnPEvent.NetEvent == NetEventBindList && ProtocolBindingContext == NULL)
        Look(NetPnPEvent->NetPnPEvent.Buffer, NetPnPEvent->NetPnPEvent.BufferLength);
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS NTAPI
Bind(NDIS_HANDLE ProtocolDriverContext, NDIS_HANDLE BindContext, PNDIS_BIND_PARAMETERS BindParameters)
{
    UNREFERENCED_PARAMETER(ProtocolDriverContext);
    UNREFERENCED_PARAMETER(BindContext);
    if (OfferedCount < NAMES_MAX && BindParameters->AdapterName->Length < sizeof(Offered[0]))
        RtlCopyMemory(Offered[OfferedCount++], BindParameters->AdapterName->Buffer,
                      BindParameters->AdapterName->Length);
    return NDIS_STATUS_NOT_RECOGNIZED;
}

static NDIS_STATUS NTAPI
Unbind(NDIS_HANDLE UnbindContext, NDIS_HANDLE ProtocolBindingContext)
{
    UNREFERENCED_PARAMETER(UnbindContext);
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    return NDIS_STATUS_SUCCESS;
}

static VOID NTAPI
OpenComplete(NDIS_HANDLE ProtocolBindingContext, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(Status);
}

static VOID NTAPI
CloseComplete(NDIS_HANDLE ProtocolBindingContext)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
}

static VOID NTAPI
OidComplete(NDIS_HANDLE ProtocolBindingContext, PNDIS_OID_REQUEST OidRequest, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(OidRequest);
    UNREFERENCED_PARAMETER(Status);
}

static VOID NTAPI
StatusIndicated(NDIS_HANDLE ProtocolBindingContext, PNDIS_STATUS_INDICATION StatusIndication)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(StatusIndication);
}

static VOID NTAPI
Receive(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber,
        ULONG NumberOfNetBufferLists, ULONG ReceiveFlags)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(NetBufferLists);
    UNREFERENCED_PARAMETER(PortNumber);
    UNREFERENCED_PARAMETER(NumberOfNetBufferLists);
    UNREFERENCED_PARAMETER(ReceiveFlags);
}

static VOID NTAPI
SendComplete(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferList, ULONG SendCompleteFlags)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(NetBufferList);
    UNREFERENCED_PARAMETER(SendCompleteFlags);
}

static VOID NTAPI
Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    NdisDeregisterProtocolDriver(Protocol);
}

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING tail = RTL_CONSTANT_STRING(L"\\Linkage");
    NDIS_PROTOCOL_DRIVER_CHARACTERISTICS chars;

    RtlInitEmptyUnicodeString(&Linkage, LinkageText, sizeof(LinkageText));
    RtlCopyUnicodeString(&Linkage, RegistryPath);
    if (!NT_SUCCESS(RtlAppendUnicodeStringToString(&Linkage, &tail)))
        return STATUS_NAME_TOO_LONG;
    DriverObject->DriverUnload = Unload;
    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_PROTOCOL_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = 30;
    RtlInitUnicodeString(&chars.Name, L"bind_order"); /* documented: as its key under Services */
    chars.BindAdapterHandlerEx = Bind;
    chars.UnbindAdapterHandlerEx = Unbind;
    chars.OpenAdapterCompleteHandlerEx = OpenComplete;
    chars.CloseAdapterCompleteHandlerEx = CloseComplete;
    chars.NetPnPEventHandler = NetPnP;
    chars.OidRequestCompleteHandler = OidComplete;
    chars.StatusHandlerEx = StatusIndicated;
    chars.ReceiveNetBufferListsHandler = Receive;
    chars.SendNetBufferListsCompleteHandler = SendComplete;
    return NdisRegisterProtocolDriver(NULL, &chars, &Protocol);
}
