/* SPDX-License-Identifier: MIT */
/*
 * card_event.c - asks a virtual LAN card (drivers/vlan-card*) about its event, from a system thread beside it.
 *
 * Model: a driver has files and events as a program has; libundis' programs have no events that a card could be given.
 * Built upon the harness of the DDI tests: a line for each test, then the machine is stopped with the counts. Which of
 * the three cards is there is found by its device.
 */
#include "../../ddi/ddi.h"

#include "../../../drivers/vlan-card/vlancardioctl.h"

DRIVER_INITIALIZE DriverEntry;

static UNICODE_STRING Device;
static UCHAR Frame[2048];

static HANDLE
Open(VOID)
{
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK io;
    HANDLE file = NULL;

    InitializeObjectAttributes(&attributes, &Device, OBJ_KERNEL_HANDLE, NULL, NULL);
    if (!NT_SUCCESS(ZwCreateFile(&file, GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE, &attributes, &io, NULL, 0,
                                 FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT, NULL,
                                 0)))
        return NULL;
    return file;
}

static HANDLE
NewEvent(VOID)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE event = NULL;

    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK(NT_SUCCESS(ZwCreateEvent(&event, EVENT_ALL_ACCESS, &attributes, SynchronizationEvent, FALSE)));
    return event;
}

/* Handles to an event, and references: those of the handles and of whoever else keeps it. */
static LONG
References(PKEVENT Event)
{
    LONG count = (LONG)ObReferenceObject(Event);

    ObDereferenceObject(Event);
    return count - 1;
}

static NTSTATUS
SetEvent(HANDLE File, HANDLE Event)
{
    IO_STATUS_BLOCK io;

    return ZwDeviceIoControlFile(File, NULL, NULL, NULL, &io, IOCTL_VLANCARD_SET_EVENT, &Event, sizeof(Event), NULL, 0);
}

static NTSTATUS
Read(HANDLE File)
{
    IO_STATUS_BLOCK io;

    return ZwReadFile(File, NULL, NULL, NULL, &io, Frame, sizeof(Frame), NULL, NULL);
}

static VOID
OneFileHasIt(VOID)
{
    HANDLE file = Open(), other = Open(), event = NewEvent();

    REQUIRE(file != NULL && other != NULL && event != NULL);
    CHECK(SetEvent(file, event) == STATUS_SUCCESS);
    CHECK(SetEvent(other, event) == STATUS_SHARING_VIOLATION);
    CHECK(SetEvent(other, NULL) == STATUS_SHARING_VIOLATION);
    CHECK(Read(file) == STATUS_NO_MORE_ENTRIES); /* it never waits */
    CHECK(SetEvent(file, NULL) == STATUS_SUCCESS);
    CHECK(SetEvent(other, event) == STATUS_SUCCESS);
    CHECK(SetEvent(file, file) == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(SetEvent(file, (HANDLE)(ULONG_PTR)0x7ffc) == STATUS_INVALID_HANDLE);
    ZwClose(other);
    ZwClose(file);
    ZwClose(event);
}

/* The card has a reference while it has the event, none after: replaced, taken back, or left by a file that closed. */
static VOID
ItIsGivenBack(VOID)
{
    HANDLE file = Open(), other, event = NewEvent(), second = NewEvent();
    PKEVENT object;
    LONG before;

    REQUIRE(file != NULL && event != NULL && second != NULL);
    REQUIRE(NT_SUCCESS(ObReferenceObjectByHandle(event, EVENT_ALL_ACCESS, *ExEventObjectType, KernelMode,
                                                 (PVOID *)&object, NULL)));
    before = References(object);
    CHECK(SetEvent(file, event) == STATUS_SUCCESS && References(object) == before + 1);
    CHECK(SetEvent(file, event) == STATUS_SUCCESS && References(object) == before + 1);
    CHECK(SetEvent(file, second) == STATUS_SUCCESS && References(object) == before);
    CHECK(SetEvent(file, event) == STATUS_SUCCESS && References(object) == before + 1);
    ZwClose(file); /* as when its program dies */
    CHECK(References(object) == before);
    other = Open();
    CHECK(other != NULL && SetEvent(other, event) == STATUS_SUCCESS && References(object) == before + 1);
    ZwClose(event); /* the program's own handle; the card still has the event */
    CHECK(References(object) == before);
    ZwClose(other);
    CHECK(References(object) == before - 1);
    ObDereferenceObject(object);
    ZwClose(second);
}

DDI_TESTS(event, { "one_file_has_it", OneFileHasIt }, { "it_is_given_back", ItIsGivenBack });

static VOID NTAPI
Thread(PVOID Context)
{
    static const UNICODE_STRING names[] = { RTL_CONSTANT_STRING(L"\\Device\\VlanCard0"),
                                            RTL_CONSTANT_STRING(L"\\Device\\VlanCard5-0"),
                                            RTL_CONSTANT_STRING(L"\\Device\\VlanCard5s-0") };
    HANDLE file = NULL;
    ULONG failed;
    ULONG i;

    UNREFERENCED_PARAMETER(Context);
    for (i = 0; i < RTL_NUMBER_OF(names) && file == NULL; i++) {
        Device = names[i];
        file = Open();
    }
    if (file != NULL)
        ZwClose(file);
    failed = DdiRunGroup(&eventGroup);
    KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, eventGroup.Count - failed, failed, 0, 0);
}

/* The card is there when NDIS offers its adapter, which is left alone. */
static NDIS_STATUS NTAPI
Bind(NDIS_HANDLE ProtocolDriverContext, NDIS_HANDLE BindContext, PNDIS_BIND_PARAMETERS BindParameters)
{
    static BOOLEAN started;
    HANDLE thread;

    UNREFERENCED_PARAMETER(ProtocolDriverContext);
    UNREFERENCED_PARAMETER(BindContext);
    UNREFERENCED_PARAMETER(BindParameters);
    if (started)
        return NDIS_STATUS_NOT_SUPPORTED;
    started = TRUE;
    thread = DdiThread(Thread, NULL);
    if (thread != NULL)
        ZwClose(thread);
    return NDIS_STATUS_NOT_SUPPORTED;
}

static NDIS_STATUS NTAPI
NetPnP(NDIS_HANDLE ProtocolBindingContext, PNET_PNP_EVENT_NOTIFICATION NetPnPEventNotification)
{
    UNREFERENCED_PARAMETER(ProtocolBindingContext);
    UNREFERENCED_PARAMETER(NetPnPEventNotification);
    return NDIS_STATUS_SUCCESS;
}

/* Never called: no adapter is opened. */
static VOID NTAPI
Never(VOID)
{
    CHECK(!"called");
}

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_PROTOCOL_DRIVER_CHARACTERISTICS chars;
    static NDIS_HANDLE handle;

    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_PROTOCOL_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = 30;
    RtlInitUnicodeString(&chars.Name, L"CARD_EVENT");
    chars.BindAdapterHandlerEx = Bind;
    chars.UnbindAdapterHandlerEx = (PVOID)Never;
    chars.OpenAdapterCompleteHandlerEx = (PVOID)Never;
    chars.CloseAdapterCompleteHandlerEx = (PVOID)Never;
    chars.NetPnPEventHandler = NetPnP;
    chars.OidRequestCompleteHandler = (PVOID)Never;
    chars.StatusHandlerEx = (PVOID)Never;
    chars.ReceiveNetBufferListsHandler = (PVOID)Never;
    chars.SendNetBufferListsCompleteHandler = (PVOID)Never;
    return NdisRegisterProtocolDriver(NULL, &chars, &handle);
}
