/* SPDX-License-Identifier: MIT */
/*
 * nt/ob/named.c - directories, symbolic links and events as drivers make and ask for them.
 *
 * Model: an event object is a KEVENT; a named one is shared by name, and its name goes with its last handle
 * (documented: temporary objects). ZwMakeTemporaryObject makes a permanent one so.
 */
#include "nt/ob/ob.h"

#include <string.h>

#include "nt/ps/ps.h"

NTSTATUS
ob_open_named(const OBJECT_ATTRIBUTES *oa, POBJECT_TYPE type, ACCESS_MASK access, unsigned flags, HANDLE *handle)
{
    struct ob_directory *root;
    struct ob_walk w;
    NTSTATUS status;

    *handle = NULL;
    if (oa == NULL || oa->ObjectName == NULL)
        return STATUS_INVALID_PARAMETER;
    status = ob_attributes_root(oa, &root);
    if (status == STATUS_SUCCESS)
        status = ob_walk(&w, oa->ObjectName, root, flags);
    if (status != STATUS_SUCCESS)
        return status;
    if (ob_type(w.object) != type || w.rest.Length != 0)
        return STATUS_OBJECT_TYPE_MISMATCH;
    return ob_handle_create(w.object, access, (oa->Attributes & OBJ_KERNEL_HANDLE) != 0, handle);
}

NTSTATUS
ob_publish(void *body, const OBJECT_ATTRIBUTES *oa, ACCESS_MASK access, HANDLE *handle)
{
    bool kernel = oa != NULL && (oa->Attributes & OBJ_KERNEL_HANDLE) != 0;
    struct ob_directory *root;
    NTSTATUS status = STATUS_SUCCESS;

    *handle = NULL;
    if (oa != NULL && oa->ObjectName != NULL && oa->ObjectName->Length != 0) {
        status = ob_attributes_root(oa, &root);
        if (status == STATUS_SUCCESS)
            status = ob_insert(body, oa->ObjectName, root, (oa->Attributes & OBJ_PERMANENT) != 0);
    }
    if (status == STATUS_OBJECT_NAME_COLLISION && (oa->Attributes & OBJ_OPENIF)) {
        status = ob_open_named(oa, ob_type(body), access, 0, handle);
        if (status == STATUS_SUCCESS)
            status = STATUS_OBJECT_NAME_EXISTS;
    } else if (status == STATUS_SUCCESS) {
        status = ob_handle_create(body, access, kernel, handle);
        if (status != STATUS_SUCCESS)
            ob_unname(body);
    }
    ob_dereference(body);
    return status;
}

/* ------------------------------------------------------------------ events */

NTSTATUS
ob_event_create(bool notification, bool set, HANDLE *handle)
{
    PKEVENT event = ob_create(NT->ob->variables->ExEventObjectType, sizeof(*event), 'nevE');

    *handle = NULL;
    if (event == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ke_event_init(event, notification ? NotificationEvent : SynchronizationEvent, set);
    return ob_publish(event, NULL, EVENT_ALL_ACCESS, handle);
}

/*
 * ZwCreateEvent - Returns: STATUS_SUCCESS, _INSUFFICIENT_RESOURCES, and what naming gives (documented: the object
 * name statuses, STATUS_OBJECT_NAME_EXISTS with OBJ_OPENIF, _INVALID_PARAMETER_4 for another event type).
 */
NTSTATUS NTAPI
ZwCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes, EVENT_TYPE EventType,
              BOOLEAN InitialState)
{
    PKEVENT event;

    if (EventType != NotificationEvent && EventType != SynchronizationEvent)
        return STATUS_INVALID_PARAMETER_4;
    if (ex_fault('nevE') || (event = ob_create(NT->ob->variables->ExEventObjectType, sizeof(*event), 'nevE')) == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ke_event_init(event, EventType, InitialState);
    return ob_publish(event, ObjectAttributes, DesiredAccess, EventHandle);
}

NTSTATUS NTAPI
ZwOpenEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ob_open_named(ObjectAttributes, NT->ob->variables->ExEventObjectType, DesiredAccess, 0, EventHandle);
}

/* Create or open a named event for the kernel; the event is lent until the handle is closed (documented). */
static PKEVENT
io_event(UNICODE_STRING *name, EVENT_TYPE type, HANDLE *handle)
{
    OBJECT_ATTRIBUTES oa;
    NTSTATUS status;
    struct ob_entry *entry;

    InitializeObjectAttributes(&oa, name, OBJ_OPENIF | OBJ_KERNEL_HANDLE, NULL, NULL);
    status = ZwCreateEvent(handle, EVENT_ALL_ACCESS, &oa, type, TRUE);
    if (!NT_SUCCESS(status))
        return NULL;
    entry = ob_handle_find(*handle, false);
    return entry->object;
}

/* Both start signalled when they are new (documented). */
PKEVENT NTAPI
IoCreateNotificationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle)
{
    return io_event(EventName, NotificationEvent, EventHandle);
}

PKEVENT NTAPI
IoCreateSynchronizationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle)
{
    return io_event(EventName, SynchronizationEvent, EventHandle);
}

static NTSTATUS
event_of(HANDLE handle, PKEVENT *event)
{
    return ob_handle_reference(handle, 0, NT->ob->variables->ExEventObjectType, false, (void **)event, NULL);
}

NTSTATUS NTAPI
ZwSetEvent(HANDLE EventHandle, PLONG PreviousState)
{
    PKEVENT event;
    NTSTATUS status = event_of(EventHandle, &event);
    LONG before;

    if (status != STATUS_SUCCESS)
        return status;
    before = ke_event_set(event);
    if (PreviousState != NULL)
        *PreviousState = before;
    ob_dereference(event);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
ZwResetEvent(HANDLE EventHandle, PLONG PreviousState)
{
    PKEVENT event;
    NTSTATUS status = event_of(EventHandle, &event);

    if (status != STATUS_SUCCESS)
        return status;
    if (PreviousState != NULL)
        *PreviousState = ke_event_read(event);
    ke_event_clear(event);
    ob_dereference(event);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
ZwClearEvent(HANDLE EventHandle)
{
    return ZwResetEvent(EventHandle, NULL);
}

/* The dispatcher object that waiting for body means; NULL: none. A file's is its Event (type File says where). */
void *
ob_waitable(void *body)
{
    LONG offset = ob_type(body)->WaitOffset;

    return offset < 0 ? NULL : (char *)body + offset;
}

/*
 * ZwWaitForSingleObject - Returns: KeWaitForSingleObject's, STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH for
 * what cannot be waited for.
 */
NTSTATUS NTAPI
ZwWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    int64_t timeout = Timeout != NULL ? Timeout->QuadPart : 0;
    void *body;
    NTSTATUS status = ob_handle_reference(Handle, SYNCHRONIZE, NULL, false, &body, NULL);

    (void)Alertable;
    if (status != STATUS_SUCCESS)
        return status;
    if (ob_waitable(body) == NULL)
        status = STATUS_OBJECT_TYPE_MISMATCH;
    else
        status = ke_wait(ob_waitable(body), Timeout != NULL ? &timeout : NULL, NULL);
    ob_dereference(body);
    return status;
}

/* ------------------------------------------------------------------ directories, links, names */

NTSTATUS NTAPI
ZwCreateDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes)
{
    struct ob_directory *dir;

    if (ex_fault('eriD') || (dir = ob_create(NT->ob->directory_type, sizeof(*dir), 'eriD')) == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    return ob_publish(dir, ObjectAttributes, DesiredAccess, DirectoryHandle);
}

NTSTATUS NTAPI
ZwOpenDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ob_open_named(ObjectAttributes, NT->ob->directory_type, DesiredAccess, 0, DirectoryHandle);
}

NTSTATUS NTAPI
ZwOpenSymbolicLinkObject(PHANDLE LinkHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ob_open_named(ObjectAttributes, NT->ob->symlink_type, DesiredAccess, OB_WALK_NO_FOLLOW, LinkHandle);
}

/* Returns STATUS_BUFFER_TOO_SMALL with the length when LinkTarget cannot hold the target. */
NTSTATUS NTAPI
ZwQuerySymbolicLinkObject(HANDLE LinkHandle, PUNICODE_STRING LinkTarget, PULONG ReturnedLength)
{
    struct ob_symlink *link;
    NTSTATUS status = ob_handle_reference(LinkHandle, 0, NT->ob->symlink_type, false, (void **)&link, NULL);

    if (status != STATUS_SUCCESS)
        return status;
    if (ReturnedLength != NULL)
        *ReturnedLength = link->target.MaximumLength;
    if (LinkTarget->MaximumLength < link->target.Length) {
        status = STATUS_BUFFER_TOO_SMALL;
    } else {
        memcpy(LinkTarget->Buffer, link->target.Buffer, link->target.Length);
        LinkTarget->Length = link->target.Length;
    }
    ob_dereference(link);
    return status;
}

NTSTATUS NTAPI
ZwMakeTemporaryObject(HANDLE Handle)
{
    void *body;
    NTSTATUS status = ob_handle_reference(Handle, 0, NULL, false, &body, NULL);

    if (status != STATUS_SUCCESS)
        return status;
    ob_header(body)->permanent = false;
    if (ob_header(body)->handle_count == 0)
        ob_unname(body);
    ob_dereference(body);
    return STATUS_SUCCESS;
}

/*
 * ObQueryNameString - Returns: STATUS_SUCCESS, STATUS_INFO_LENGTH_MISMATCH with the length that is wanted (documented).
 * A file object's name is its device's name and its own (observed).
 */
NTSTATUS NTAPI
ObQueryNameString(PVOID Object, POBJECT_NAME_INFORMATION ObjectNameInfo, ULONG Length, PULONG ReturnLength)
{
    char text[512];
    UNICODE_STRING tail = { 0, 0, NULL };
    size_t units;
    ULONG need;

    if (ob_type(Object) == NT->ob->variables->IoFileObjectType) {
        PFILE_OBJECT file = Object;

        tail = file->FileName;
        ob_name(file->DeviceObject, text, sizeof(text));
    } else {
        ob_name(Object, text, sizeof(text));
    }
    units = strlen(text);
    need = sizeof(*ObjectNameInfo);
    if (units != 0 || tail.Length != 0)
        need += (ULONG)(units * sizeof(WCHAR)) + tail.Length + (ULONG)sizeof(WCHAR);
    *ReturnLength = need;
    if (Length < need)
        return STATUS_INFO_LENGTH_MISMATCH;
    memset(ObjectNameInfo, 0, sizeof(*ObjectNameInfo));
    if (need > sizeof(*ObjectNameInfo)) {
        WCHAR *buffer = (WCHAR *)(ObjectNameInfo + 1);

        ObjectNameInfo->Name = ob_text(text, buffer, units + 1);
        if (tail.Length != 0)
            memcpy((char *)buffer + ObjectNameInfo->Name.Length, tail.Buffer, tail.Length);
        ObjectNameInfo->Name.Length = (USHORT)(ObjectNameInfo->Name.Length + tail.Length);
        ObjectNameInfo->Name.MaximumLength = (USHORT)(ObjectNameInfo->Name.Length + sizeof(WCHAR));
        buffer[ObjectNameInfo->Name.Length / sizeof(WCHAR)] = 0;
    }
    return STATUS_SUCCESS;
}
