/* SPDX-License-Identifier: MIT */
/* ob.c - references, handles, names, events by handle, directories, symbolic links. */
#include "ddi.h"

static VOID
Name(POBJECT_ATTRIBUTES Attributes, PUNICODE_STRING Room, PCWSTR Text)
{
    RtlInitUnicodeString(Room, Text);
    InitializeObjectAttributes(Attributes, Room, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
}

static VOID
References(VOID)
{
    DDI_EXPORT(LONG_PTR, ObfReferenceObjectWithTag, (PVOID, ULONG));
    DDI_EXPORT(LONG_PTR, ObfDereferenceObjectWithTag, (PVOID, ULONG));
    DDI_EXPORT(VOID, ObDereferenceObjectDeferDeleteWithTag, (PVOID, ULONG));
    DDI_EXPORT(NTSTATUS, ObReferenceObjectByPointerWithTag, (PVOID, ACCESS_MASK, POBJECT_TYPE, KPROCESSOR_MODE, ULONG));
    DDI_EXPORT(POBJECT_TYPE, ObGetObjectType, (PVOID));
    PVOID thread = KeGetCurrentThread();
    LONG_PTR before = ObfReferenceObject(thread);

    CHECK(ObfReferenceObject(thread) == before + 1);
    CHECK(ObfDereferenceObject(thread) == before);
    CHECK(pObfReferenceObjectWithTag(thread, DDI_TAG) == before + 1);
    CHECK(pObfDereferenceObjectWithTag(thread, DDI_TAG) == before);
    CHECK(pObGetObjectType(thread) == *PsThreadType);
    CHECK(ObReferenceObjectByPointer(thread, 0, *PsThreadType, KernelMode) == STATUS_SUCCESS);
    ObDereferenceObjectDeferDelete(thread);
    CHECK(ObReferenceObjectByPointer(thread, 0, *ExEventObjectType, KernelMode) == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(pObReferenceObjectByPointerWithTag(thread, 0, *PsThreadType, KernelMode, DDI_TAG) == STATUS_SUCCESS);
    pObDereferenceObjectDeferDeleteWithTag(thread, DDI_TAG);
    CHECK(pObReferenceObjectByPointerWithTag(thread, 0, *ExEventObjectType, KernelMode, DDI_TAG) ==
          STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(ObfDereferenceObject(thread) == before - 1);
}

static VOID
Handles(VOID)
{
    DDI_EXPORT(NTSTATUS, ObReferenceObjectByHandleWithTag,
               (HANDLE, ACCESS_MASK, POBJECT_TYPE, KPROCESSOR_MODE, ULONG, PVOID *, POBJECT_HANDLE_INFORMATION));
    DDI_EXPORT(NTSTATUS, NtClose, (HANDLE));
    PVOID thread = KeGetCurrentThread(), object = NULL;
    OBJECT_HANDLE_INFORMATION information;
    HANDLE handle, bad = (HANDLE)(ULONG_PTR)0x7ffffff0;

    CHECK(ObOpenObjectByPointer(thread, OBJ_KERNEL_HANDLE, NULL, SYNCHRONIZE, *ExEventObjectType, KernelMode,
                                &handle) == STATUS_OBJECT_TYPE_MISMATCH);
    REQUIRE(ObOpenObjectByPointer(thread, OBJ_KERNEL_HANDLE, NULL, SYNCHRONIZE, *PsThreadType, KernelMode, &handle) ==
            STATUS_SUCCESS);
    CHECK(ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode, &object, &information) ==
          STATUS_SUCCESS);
    CHECK(object == thread && information.GrantedAccess == SYNCHRONIZE);
    ObDereferenceObject(thread);
    CHECK(ObReferenceObjectByHandle(handle, SYNCHRONIZE, *ExEventObjectType, KernelMode, &object, NULL) ==
          STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(ObReferenceObjectByHandle(bad, SYNCHRONIZE, NULL, KernelMode, &object, NULL) == STATUS_INVALID_HANDLE);
    CHECK(pObReferenceObjectByHandleWithTag(handle, SYNCHRONIZE, *PsThreadType, KernelMode, DDI_TAG, &object, NULL) ==
          STATUS_SUCCESS);
    ObDereferenceObject(thread);
    CHECK(pObReferenceObjectByHandleWithTag(handle, SYNCHRONIZE, *ExEventObjectType, KernelMode, DDI_TAG, &object,
                                            NULL) == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(ObCloseHandle(handle, KernelMode) == STATUS_SUCCESS);

    REQUIRE(ObOpenObjectByPointer(thread, 0, NULL, SYNCHRONIZE, *PsThreadType, KernelMode, &handle) == STATUS_SUCCESS);
    CHECK(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, UserMode, &object, NULL) ==
          STATUS_ACCESS_DENIED);
    CHECK(pNtClose(handle) == STATUS_SUCCESS);
}

/* documented for these routines; a kernel handle that is not there stops Windows, a program's does not */
static VOID
BadHandles(VOID)
{
    DDI_EXPORT(NTSTATUS, ZwResetEvent, (HANDLE, PLONG));
    DDI_EXPORT(NTSTATUS, ZwClearEvent, (HANDLE));
    DDI_EXPORT(NTSTATUS, NtClose, (HANDLE));
    LARGE_INTEGER zero;
    LONG previous;

    zero.QuadPart = 0;
    CHECK(ZwWaitForSingleObject((HANDLE)(ULONG_PTR)0x7ff0, FALSE, &zero) == STATUS_INVALID_HANDLE);
    CHECK(ZwSetEvent((HANDLE)(ULONG_PTR)0x7ff0, &previous) == STATUS_INVALID_HANDLE);
    CHECK(pZwResetEvent((HANDLE)(ULONG_PTR)0x7ff0, &previous) == STATUS_INVALID_HANDLE);
    CHECK(pZwClearEvent((HANDLE)(ULONG_PTR)0x7ff0) == STATUS_INVALID_HANDLE);
    CHECK(ZwClose((HANDLE)(ULONG_PTR)0x7ff0) == STATUS_INVALID_HANDLE);
    CHECK(ObCloseHandle((HANDLE)(ULONG_PTR)0x7ff0, UserMode) == STATUS_INVALID_HANDLE);
    CHECK(pNtClose((HANDLE)(ULONG_PTR)0x7ff0) == STATUS_INVALID_HANDLE);
    CHECK(ZwMakeTemporaryObject((HANDLE)(ULONG_PTR)0x7ff0) == STATUS_INVALID_HANDLE);
}

static VOID
Events(VOID)
{
    DDI_EXPORT(NTSTATUS, ZwOpenEvent, (PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES));
    DDI_EXPORT(NTSTATUS, ZwResetEvent, (HANDLE, PLONG));
    DDI_EXPORT(NTSTATUS, ZwClearEvent, (HANDLE));
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING room;
    LARGE_INTEGER zero;
    HANDLE event, again;
    LONG previous = 9;

    zero.QuadPart = 0;
    REQUIRE(ZwCreateEvent(&event, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE) == STATUS_SUCCESS);
    CHECK(ZwWaitForSingleObject(event, FALSE, &zero) == STATUS_TIMEOUT);
    CHECK(ZwSetEvent(event, &previous) == STATUS_SUCCESS && previous == 0);
    CHECK(ZwWaitForSingleObject(event, FALSE, &zero) == STATUS_SUCCESS);
    CHECK(pZwResetEvent(event, &previous) == STATUS_SUCCESS && previous == 1);
    CHECK(ZwSetEvent(event, NULL) == STATUS_SUCCESS && pZwClearEvent(event) == STATUS_SUCCESS);
    CHECK(ZwWaitForSingleObject(event, FALSE, &zero) == STATUS_TIMEOUT);
    CHECK(ZwClose(event) == STATUS_SUCCESS);

    Name(&attributes, &room, L"\\BaseNamedObjects\\ddi event");
    REQUIRE(ZwCreateEvent(&event, EVENT_ALL_ACCESS, &attributes, SynchronizationEvent, TRUE) == STATUS_SUCCESS);
    CHECK(ZwCreateEvent(&again, EVENT_ALL_ACCESS, &attributes, SynchronizationEvent, TRUE) ==
          STATUS_OBJECT_NAME_COLLISION);
    attributes.Attributes |= OBJ_OPENIF;
    CHECK(ZwCreateEvent(&again, EVENT_ALL_ACCESS, &attributes, SynchronizationEvent, TRUE) ==
          STATUS_OBJECT_NAME_EXISTS);
    ZwClose(again);
    attributes.Attributes &= ~(ULONG)OBJ_OPENIF;
    REQUIRE(pZwOpenEvent(&again, EVENT_QUERY_STATE | SYNCHRONIZE, &attributes) == STATUS_SUCCESS);
    CHECK(ZwWaitForSingleObject(again, FALSE, &zero) == STATUS_SUCCESS);
    CHECK(ZwWaitForSingleObject(again, FALSE, &zero) == STATUS_TIMEOUT);
    ZwClose(again);
    ZwClose(event);
    CHECK(pZwOpenEvent(&again, EVENT_ALL_ACCESS, &attributes) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(ZwCreateEvent(&event, EVENT_ALL_ACCESS, NULL, (EVENT_TYPE)7, FALSE) == STATUS_INVALID_PARAMETER_4);
    Name(&attributes, &room, L"no root");
    CHECK(ZwCreateEvent(&event, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE) ==
          STATUS_OBJECT_PATH_SYNTAX_BAD);
    CHECK(pZwOpenEvent(&event, EVENT_ALL_ACCESS, &attributes) == STATUS_OBJECT_PATH_SYNTAX_BAD);
    Name(&attributes, &room, L"\\No such place\\event");
    CHECK(pZwOpenEvent(&event, EVENT_ALL_ACCESS, &attributes) == STATUS_OBJECT_PATH_NOT_FOUND);
}

static VOID
MadeTemporary(VOID)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING room;
    HANDLE event, again;

    Name(&attributes, &room, L"\\BaseNamedObjects\\ddi temporary");
    REQUIRE(ZwCreateEvent(&event, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE) == STATUS_SUCCESS);
    CHECK(ZwSetEvent(event, NULL) == STATUS_SUCCESS);
    CHECK(ZwMakeTemporaryObject(event) == STATUS_SUCCESS);
    ZwClose(event);
    CHECK(ZwCreateEvent(&again, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE) == STATUS_SUCCESS);
    ZwClose(again);
}

static VOID
NamedEvents(VOID)
{
    DDI_EXPORT(PKEVENT, IoCreateNotificationEvent, (PUNICODE_STRING, PHANDLE));
    DDI_EXPORT(PKEVENT, IoCreateSynchronizationEvent, (PUNICODE_STRING, PHANDLE));
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\ddi notification");
    UNICODE_STRING other = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\ddi synchronization");
    UNICODE_STRING bad = RTL_CONSTANT_STRING(L"\\No such place\\event");
    HANDLE first = NULL, second = NULL;
    PDEVICE_OBJECT device;
    PFILE_OBJECT file;
    PKEVENT event = pIoCreateNotificationEvent(&name, &first);

    REQUIRE(event != NULL);
    CHECK(KeReadStateEvent(event) != 0); /* documented: it is made signaled */
    CHECK(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &device) == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(pIoCreateNotificationEvent(&name, &second) == event);
    ZwClose(second);
    ZwClose(first);
    event = pIoCreateSynchronizationEvent(&other, &first);
    REQUIRE(event != NULL);
    CHECK(KeReadStateEvent(event) != 0);
    ZwClose(first);
    CHECK(pIoCreateNotificationEvent(&bad, &first) == NULL && pIoCreateSynchronizationEvent(&bad, &first) == NULL);
}

static VOID
Directories(VOID)
{
    DDI_EXPORT(NTSTATUS, ZwOpenDirectoryObject, (PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES));
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING room;
    HANDLE directory, again;

    Name(&attributes, &room, L"\\ddi directory");
    REQUIRE(ZwCreateDirectoryObject(&directory, DIRECTORY_ALL_ACCESS, &attributes) == STATUS_SUCCESS);
    CHECK(ZwCreateDirectoryObject(&again, DIRECTORY_ALL_ACCESS, &attributes) == STATUS_OBJECT_NAME_COLLISION);
    REQUIRE(pZwOpenDirectoryObject(&again, DIRECTORY_QUERY, &attributes) == STATUS_SUCCESS);
    ZwClose(again);
    ZwClose(directory);
    CHECK(pZwOpenDirectoryObject(&again, DIRECTORY_QUERY, &attributes) == STATUS_OBJECT_NAME_NOT_FOUND);
    Name(&attributes, &room, L"ddi directory");
    CHECK(pZwOpenDirectoryObject(&again, DIRECTORY_QUERY, &attributes) == STATUS_OBJECT_PATH_SYNTAX_BAD);
    Name(&attributes, &room, L"\\Nowhere\\ddi directory");
    CHECK(pZwOpenDirectoryObject(&again, DIRECTORY_QUERY, &attributes) == STATUS_OBJECT_PATH_NOT_FOUND);
}

static VOID
Links(VOID)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\ddi link");
    UNICODE_STRING target = RTL_CONSTANT_STRING(L"\\Device\\Null");
    WCHAR buffer[32];
    UNICODE_STRING room = { 0, sizeof(buffer), buffer };
    UNICODE_STRING small = { 0, 4, buffer };
    OBJECT_ATTRIBUTES attributes;
    ULONG length = 0;
    HANDLE handle;

    InitializeObjectAttributes(&attributes, &link, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK(ZwOpenSymbolicLinkObject(&handle, GENERIC_READ, &attributes) == STATUS_OBJECT_NAME_NOT_FOUND);
    REQUIRE(IoCreateSymbolicLink(&link, &target) == STATUS_SUCCESS);
    REQUIRE(ZwOpenSymbolicLinkObject(&handle, GENERIC_READ, &attributes) == STATUS_SUCCESS);
    CHECK(ZwQuerySymbolicLinkObject(handle, &small, &length) == STATUS_BUFFER_TOO_SMALL);
    CHECK(length >= target.Length);
    CHECK(ZwQuerySymbolicLinkObject(handle, &room, NULL) == STATUS_SUCCESS);
    CHECK(RtlEqualUnicodeString(&room, &target, FALSE));
    ZwClose(handle);
    CHECK(IoDeleteSymbolicLink(&link) == STATUS_SUCCESS);
}

static VOID
SecureDevices(VOID)
{
    DDI_EXPORT(NTSTATUS, WdmlibIoCreateDeviceSecure,
               (PDRIVER_OBJECT, ULONG, PUNICODE_STRING, DEVICE_TYPE, ULONG, BOOLEAN, PCUNICODE_STRING, const GUID *,
                PDEVICE_OBJECT *));
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\ddi secure"), sddl = RTL_CONSTANT_STRING(L"D:P(A;;GA;;;SY)");
    UNICODE_STRING nonsense = RTL_CONSTANT_STRING(L"what is this");
    PDEVICE_OBJECT device = NULL;

    CHECK(!NT_SUCCESS(pWdmlibIoCreateDeviceSecure(DdiDriverObject, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &nonsense,
                                                  NULL, &device)));
    REQUIRE(pWdmlibIoCreateDeviceSecure(DdiDriverObject, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &sddl, NULL,
                                        &device) == STATUS_SUCCESS);
    IoDeleteDevice(device);
}

static VOID
NamesOfObjects(VOID)
{
    union {
        OBJECT_NAME_INFORMATION Info;
        UCHAR Bytes[128];
    } name;
    UNICODE_STRING wanted = RTL_CONSTANT_STRING(L"\\Device\\ddi named");
    PDEVICE_OBJECT device;
    ULONG length = 0;

    REQUIRE(IoCreateDevice(DdiDriverObject, 0, &wanted, FILE_DEVICE_UNKNOWN, 0, FALSE, &device) == STATUS_SUCCESS);
    CHECK(ObQueryNameString(device, &name.Info, 4, &length) == STATUS_INFO_LENGTH_MISMATCH);
    CHECK(length == sizeof(OBJECT_NAME_INFORMATION) + wanted.Length + sizeof(WCHAR));
    CHECK(ObQueryNameString(device, &name.Info, sizeof(name), &length) == STATUS_SUCCESS);
    CHECK(RtlEqualUnicodeString(&name.Info.Name, &wanted, FALSE));
    IoDeleteDevice(device);
    CHECK(ObQueryNameString(KeGetCurrentThread(), &name.Info, sizeof(name), &length) == STATUS_SUCCESS);
    CHECK(name.Info.Name.Length == 0 && name.Info.Name.Buffer == NULL); /* documented: no name is an empty one */
}

DDI_TESTS(ob, { "references", References }, { "handles", Handles }, { "bad_handles", BadHandles }, { "events", Events },
          { "made_temporary", MadeTemporary }, { "named_events", NamedEvents }, { "directories", Directories },
          { "links", Links }, { "names_of_objects", NamesOfObjects }, { "secure_devices", SecureDevices });
