/* SPDX-License-Identifier: MIT */
/*
 * reads_adapters.c - a protocol that wants to know in DriverEntry which adapters there are, as protocols did before
 * NDIS bound them: it reads the Export value of the first adapter's Linkage key, and will not load without one.
 */
#include <ndis.h>

DRIVER_INITIALIZE DriverEntry;

static NDIS_HANDLE DriverHandle;

/* Is it a list that begins with a device's name? */
static BOOLEAN
IsExport(const KEY_VALUE_PARTIAL_INFORMATION *Value)
{
    static const WCHAR prefix[] = L"\\Device\\{";

    return Value->Type == REG_MULTI_SZ && Value->DataLength > sizeof(prefix) &&
           RtlCompareMemory(Value->Data, prefix, sizeof(prefix) - sizeof(WCHAR)) == sizeof(prefix) - sizeof(WCHAR);
}

static NTSTATUS
FindAdapter(VOID)
{
    static UNICODE_STRING linkage =
        RTL_CONSTANT_STRING(L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class\\"
                            L"{4D36E972-E325-11CE-BFC1-08002BE10318}\\0001\\Linkage");
    static UNICODE_STRING name = RTL_CONSTANT_STRING(L"Export");
    OBJECT_ATTRIBUTES attributes;
    union {
        KEY_VALUE_PARTIAL_INFORMATION Value;
        UCHAR Bytes[256];
    } read;
    ULONG length;
    HANDLE key;
    NTSTATUS status;

    InitializeObjectAttributes(&attributes, &linkage, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    status = ZwOpenKey(&key, KEY_READ, &attributes);
    if (!NT_SUCCESS(status))
        return status;
    status = ZwQueryValueKey(key, &name, KeyValuePartialInformation, &read, sizeof(read), &length);
    ZwClose(key);
    if (NT_SUCCESS(status) && !IsExport(&read.Value))
        status = STATUS_OBJECT_TYPE_MISMATCH;
    return status;
}

static NDIS_STATUS NTAPI
ReadsBind(NDIS_HANDLE Driver, NDIS_HANDLE Context, PNDIS_BIND_PARAMETERS Parameters)
{
    UNREFERENCED_PARAMETER(Driver);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Parameters);
    return NDIS_STATUS_NOT_SUPPORTED;
}

static NDIS_STATUS NTAPI
ReadsUnbind(NDIS_HANDLE UnbindContext, NDIS_HANDLE Binding)
{
    UNREFERENCED_PARAMETER(UnbindContext);
    UNREFERENCED_PARAMETER(Binding);
    return NDIS_STATUS_SUCCESS;
}

static VOID NTAPI
ReadsComplete(NDIS_HANDLE Binding, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(Binding);
    UNREFERENCED_PARAMETER(Status);
}

static VOID NTAPI
ReadsClosed(NDIS_HANDLE Binding)
{
    UNREFERENCED_PARAMETER(Binding);
}

static NDIS_STATUS NTAPI
ReadsEvent(NDIS_HANDLE Binding, PNET_PNP_EVENT_NOTIFICATION Event)
{
    UNREFERENCED_PARAMETER(Binding);
    UNREFERENCED_PARAMETER(Event);
    return NDIS_STATUS_SUCCESS;
}

static VOID NTAPI
ReadsOidDone(NDIS_HANDLE Binding, PNDIS_OID_REQUEST Request, NDIS_STATUS Status)
{
    UNREFERENCED_PARAMETER(Binding);
    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Status);
}

static VOID NTAPI
ReadsStatus(NDIS_HANDLE Binding, PNDIS_STATUS_INDICATION Indication)
{
    UNREFERENCED_PARAMETER(Binding);
    UNREFERENCED_PARAMETER(Indication);
}

static VOID NTAPI
ReadsReceive(NDIS_HANDLE Binding, PNET_BUFFER_LIST Lists, NDIS_PORT_NUMBER Port, ULONG Count, ULONG Flags)
{
    UNREFERENCED_PARAMETER(Port);
    UNREFERENCED_PARAMETER(Count);
    if (NDIS_TEST_RECEIVE_CAN_PEND(Flags))
        NdisReturnNetBufferLists(Binding, Lists, 0);
}

static VOID NTAPI
ReadsSent(NDIS_HANDLE Binding, PNET_BUFFER_LIST Lists, ULONG Flags)
{
    UNREFERENCED_PARAMETER(Binding);
    UNREFERENCED_PARAMETER(Lists);
    UNREFERENCED_PARAMETER(Flags);
}

_Use_decl_annotations_ static VOID
ReadsUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    NdisDeregisterProtocolDriver(DriverHandle);
}

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_PROTOCOL_DRIVER_CHARACTERISTICS protocol;
    NTSTATUS status = FindAdapter();

    UNREFERENCED_PARAMETER(RegistryPath);
    if (!NT_SUCCESS(status))
        return status;
    NdisZeroMemory(&protocol, sizeof(protocol));
    protocol.Header.Type = NDIS_OBJECT_TYPE_PROTOCOL_DRIVER_CHARACTERISTICS;
    protocol.Header.Revision = NDIS_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_1;
    protocol.Header.Size = NDIS_SIZEOF_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_1;
    protocol.MajorNdisVersion = 6;
    NdisInitUnicodeString(&protocol.Name, L"ReadsAdapters");
    protocol.BindAdapterHandlerEx = ReadsBind;
    protocol.UnbindAdapterHandlerEx = ReadsUnbind;
    protocol.OpenAdapterCompleteHandlerEx = ReadsComplete;
    protocol.CloseAdapterCompleteHandlerEx = ReadsClosed;
    protocol.NetPnPEventHandler = ReadsEvent;
    protocol.OidRequestCompleteHandler = ReadsOidDone;
    protocol.StatusHandlerEx = ReadsStatus;
    protocol.ReceiveNetBufferListsHandler = ReadsReceive;
    protocol.SendNetBufferListsCompleteHandler = ReadsSent;
    DriverObject->DriverUnload = ReadsUnload;
    return NdisRegisterProtocolDriver(NULL, &protocol, &DriverHandle);
}
