/* SPDX-License-Identifier: MIT */
/*
 * nt/io/iface.c - device interfaces, PnP notification, shutdown notification, error log.
 *
 * Model: an interface is a class, a device and a link name \??\<device>#{class}[\reference]; enabling it makes the
 * link and tells who registered for the class. Both lists are monitor memory with the driver-visible strings on the
 * heap.
 */
#include "nt/io/io.h"

#include <string.h>

#include "base/fmt.h"
#include "nt/ex/ex.h"
#include "nt/ke/ke.h"
#include "nt/ob/ob.h"
#include "trace/event.h"

/* Monitor memory; never removed within a run. */
struct io_interface {
    struct io_interface *next;
    GUID class_guid;
    PDEVICE_OBJECT pdo;
    UNICODE_STRING link; /* heap */
    bool enabled;
};

struct io_notification {
    struct io_notification *next;
    void *entry; /* heap block: what the driver holds */
    GUID class_guid;
    unsigned category;
    uint64_t routine, context;
    bool gone;
};

/* documented values of DEVICE_INTERFACE_CHANGE_NOTIFICATION.Event */
static const GUID interface_arrival = {
    0xcb3a4004, 0x46f0, 0x11d0, { 0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f }
};
static const GUID interface_removal = {
    0xcb3a4005, 0x46f0, 0x11d0, { 0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f }
};

/* Into pool: the caller may free it. */
static NTSTATUS
copy_string(UNICODE_STRING *to, const UNICODE_STRING *from)
{
    to->Buffer = ex_pool_alloc(PagedPool, from->Length + sizeof(WCHAR), 'fIoI', EX_POOL_NOFAULT);
    if (to->Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(to->Buffer, from->Buffer, from->Length);
    to->Buffer[from->Length / sizeof(WCHAR)] = 0;
    to->Length = from->Length;
    to->MaximumLength = (USHORT)(from->Length + sizeof(WCHAR));
    return STATUS_SUCCESS;
}

static void
tell(const struct io_notification *n, const GUID *event, const struct io_interface *i)
{
    uint64_t mark = guest_mark();
    DEVICE_INTERFACE_CHANGE_NOTIFICATION *message = guest_alloc(sizeof(*message));
    UNICODE_STRING *link = guest_alloc(sizeof(*link));

    *link = i->link;
    message->Version = 1;
    message->Size = sizeof(*message);
    message->Event = *event;
    message->InterfaceClassGuid = i->class_guid;
    message->SymbolicLinkName = link;
    GUEST_CALL(io_site.PiProcessDeviceInterface, n->routine, (uint64_t)message, n->context);
    guest_release(mark);
}

/* documented: neither of the separators of paths may be in a reference string. */
static bool
has_separator(const UNICODE_STRING *text)
{
    for (unsigned i = 0; text != NULL && i < text->Length / sizeof(WCHAR); i++)
        if (text->Buffer[i] == '/' || text->Buffer[i] == '\\')
            return true;
    return false;
}

/*
 * IoRegisterDeviceInterface - a name by which programs find a device of a class; IoSetDeviceInterfaceState makes it
 * lead there.
 *
 * Source:    documented.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: the caller takes SymbolicLinkName's buffer until RtlFreeUnicodeString.
 * Returns:   STATUS_SUCCESS, _INSUFFICIENT_RESOURCES, _INVALID_DEVICE_REQUEST for what is no physical device object and
 *            for a reference string with a separator.
 */
NTSTATUS NTAPI
IoRegisterDeviceInterface(PDEVICE_OBJECT PhysicalDeviceObject, const GUID *InterfaceClassGuid,
                          PUNICODE_STRING ReferenceString, PUNICODE_STRING SymbolicLinkName)
{
    const GUID *g = InterfaceClassGuid;
    char text[256], name[64];
    WCHAR buffer[256];
    UNICODE_STRING link;
    struct io_interface *i;

    if (!(PhysicalDeviceObject->Flags & DO_BUS_ENUMERATED_DEVICE) || has_separator(ReferenceString))
        return STATUS_INVALID_DEVICE_REQUEST;
    if (ex_fault('fIoI'))
        return STATUS_INSUFFICIENT_RESOURCES;
    fmt(text, sizeof(text), "\\\?\?\\ROOT#%s#{%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}",
        io_device_words(PhysicalDeviceObject, name, sizeof(name)), g->Data1, g->Data2, g->Data3, g->Data4[0],
        g->Data4[1], g->Data4[2], g->Data4[3], g->Data4[4], g->Data4[5], g->Data4[6], g->Data4[7]);
    if (ReferenceString != NULL && ReferenceString->Length != 0)
        fmt_append(text, sizeof(text), "\\%wZ", (const struct fmt_ustring *)ReferenceString);
    link = ob_text(text, buffer, sizeof(buffer) / sizeof(buffer[0]));
    i = mon_alloc(sizeof(*i));
    i->class_guid = *g;
    i->pdo = PhysicalDeviceObject;
    if (copy_string(&i->link, &link) != STATUS_SUCCESS || copy_string(SymbolicLinkName, &link) != STATUS_SUCCESS)
        return STATUS_INSUFFICIENT_RESOURCES;
    i->next = NT->io->interfaces;
    NT->io->interfaces = i;
    return STATUS_SUCCESS;
}

static bool
same_string(const UNICODE_STRING *a, const UNICODE_STRING *b)
{
    return a->Length == b->Length && memcmp(a->Buffer, b->Buffer, a->Length) == 0;
}

/* STATUS_OBJECT_NAME_EXISTS when it was enabled, STATUS_OBJECT_NAME_NOT_FOUND when it was not (documented). */
NTSTATUS NTAPI
IoSetDeviceInterfaceState(PUNICODE_STRING SymbolicLinkName, BOOLEAN Enable)
{
    struct io_interface *i;
    char text[160];
    WCHAR buffer[160];
    UNICODE_STRING target;
    NTSTATUS status;

    for (i = NT->io->interfaces; i != NULL && !same_string(&i->link, SymbolicLinkName); i = i->next)
        ;
    if (i == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (i->enabled == (Enable != 0))
        return Enable ? STATUS_OBJECT_NAME_EXISTS : STATUS_OBJECT_NAME_NOT_FOUND;
    ob_name(i->pdo, text, sizeof(text));
    target = ob_text(text, buffer, 160);
    status = Enable ? ob_symlink_create(&i->link, &target) : IoDeleteSymbolicLink(&i->link);
    if (status != STATUS_SUCCESS)
        return status;
    i->enabled = Enable != 0;
    for (struct io_notification *n = NT->io->notifications; n != NULL; n = n->next)
        if (!n->gone && n->category == EventCategoryDeviceInterfaceChange &&
            memcmp(&n->class_guid, &i->class_guid, sizeof(GUID)) == 0)
            tell(n, Enable ? &interface_arrival : &interface_removal, i);
    return STATUS_SUCCESS;
}

/* Returns: STATUS_SUCCESS, _INSUFFICIENT_RESOURCES, _INVALID_PARAMETER, _NOT_SUPPORTED for other categories. */
NTSTATUS NTAPI
IoRegisterPlugPlayNotification(IO_NOTIFICATION_EVENT_CATEGORY EventCategory, ULONG EventCategoryFlags,
                               PVOID EventCategoryData, PDRIVER_OBJECT DriverObject,
                               PDRIVER_NOTIFICATION_CALLBACK_ROUTINE CallbackRoutine, PVOID Context,
                               PVOID *NotificationEntry)
{
    struct io_notification *n;

    *NotificationEntry = NULL;
    if (EventCategory != EventCategoryDeviceInterfaceChange && EventCategory != EventCategoryTargetDeviceChange &&
        EventCategory != EventCategoryHardwareProfileChange)
        return STATUS_NOT_SUPPORTED;
    if (EventCategory == EventCategoryDeviceInterfaceChange && EventCategoryData == NULL)
        return STATUS_INVALID_PARAMETER;
    if (ex_fault('nPoI'))
        return STATUS_INSUFFICIENT_RESOURCES;
    n = mon_alloc(sizeof(*n));
    n->entry = heap_alloc(32, 'nPoI');
    if (n->entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    n->category = EventCategory;
    n->routine = (uint64_t)CallbackRoutine;
    n->context = (uint64_t)Context;
    if (EventCategory == EventCategoryDeviceInterfaceChange)
        n->class_guid = *(const GUID *)EventCategoryData;
    n->next = NT->io->notifications;
    NT->io->notifications = n;
    ob_reference(DriverObject); /* documented: the driver cannot be unloaded before it unregisters */
    *(PDRIVER_OBJECT *)n->entry = DriverObject;
    *NotificationEntry = n->entry;
    if (EventCategoryFlags & PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES)
        for (struct io_interface *i = NT->io->interfaces; i != NULL; i = i->next)
            if (i->enabled && memcmp(&n->class_guid, &i->class_guid, sizeof(GUID)) == 0)
                tell(n, &interface_arrival, i);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
IoUnregisterPlugPlayNotificationEx(PVOID NotificationEntry)
{
    struct io_notification *n;
    PDRIVER_OBJECT driver = *(PDRIVER_OBJECT *)NotificationEntry;

    for (n = NT->io->notifications; n != NULL; n = n->next)
        if (n->entry == NotificationEntry)
            n->gone = true;
    heap_free(NotificationEntry);
    ob_dereference(driver);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
IoUnregisterPlugPlayNotification(PVOID NotificationEntry)
{
    return IoUnregisterPlugPlayNotificationEx(NotificationEntry);
}

/* ------------------------------------------------------------------ shutdown */

struct io_shutdown {
    LIST_ENTRY link;
    PDEVICE_OBJECT device;
};

/* The device gets IRP_MJ_SHUTDOWN before the system goes down and stays until it unregisters (documented). */
NTSTATUS NTAPI
IoRegisterShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    struct io_shutdown *s;

    if (ex_fault('hSoI') || (s = heap_alloc(sizeof(*s), 'hSoI')) == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    s->device = DeviceObject;
    ke_list_insert_tail(&NT->io->shared->shutdown, &s->link);
    DeviceObject->Flags |= DO_SHUTDOWN_REGISTERED;
    ob_reference(DeviceObject);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
IoRegisterLastChanceShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    return IoRegisterShutdownNotification(DeviceObject);
}

VOID NTAPI
IoUnregisterShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    LIST_ENTRY *head = &NT->io->shared->shutdown;

    for (LIST_ENTRY *at = head->Flink, *next; at != head; at = next) {
        struct io_shutdown *s = CONTAINING_RECORD(at, struct io_shutdown, link);

        next = at->Flink;
        if (s->device != DeviceObject)
            continue;
        ke_list_remove(at);
        heap_free(s);
        DeviceObject->Flags &= ~(ULONG)DO_SHUTDOWN_REGISTERED;
        ob_dereference(DeviceObject);
    }
}

/* Send IRP_MJ_SHUTDOWN to who asked for it, the last registered first (documented). */
void
io_shutdown(void)
{
    LIST_ENTRY *head = &NT->io->shared->shutdown;

    while (head->Blink != head) {
        struct io_shutdown *s = CONTAINING_RECORD(head->Blink, struct io_shutdown, link);
        PDEVICE_OBJECT device = s->device;
        PIRP irp = io_irp_create(io_top_device(device)->StackSize, false);

        ke_list_remove(&s->link);
        heap_free(s);
        if (irp != NULL) {
            IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_SHUTDOWN;
            trace_emit(EV_IRP_CREATE, irp, IRP_MJ_SHUTDOWN, 0);
            io_send_and_wait(io_site.IoShutdownSystem, io_top_device(device), irp, "IRP_MJ_SHUTDOWN", NULL);
        }
        ob_dereference(device);
    }
}

/* ------------------------------------------------------------------ error log */

#define ERROR_LOG_HEADER  0x20u
#define ERROR_LOG_MAXIMUM 240u

/* NULL when EntrySize is over ERROR_LOG_MAXIMUM_SIZE or memory is out (documented). */
PVOID NTAPI
IoAllocateErrorLogEntry(PVOID IoObject, UCHAR EntrySize)
{
    char *block;

    if (EntrySize > ERROR_LOG_MAXIMUM || ex_fault('rEoI'))
        return NULL;
    block = heap_alloc(ERROR_LOG_HEADER + EntrySize, 'rEoI');
    if (block == NULL)
        return NULL;
    memset(block, 0, ERROR_LOG_HEADER + EntrySize);
    *(PVOID *)block = IoObject;
    ob_reference(IoObject);
    return block + ERROR_LOG_HEADER;
}

VOID NTAPI
IoFreeErrorLogEntry(PVOID ElEntry)
{
    char *block = (char *)ElEntry - ERROR_LOG_HEADER;

    ob_dereference(*(PVOID *)block);
    heap_free(block);
}

/* Nobody reads the log here; it is counted. */
VOID NTAPI
IoWriteErrorLogEntry(PVOID ElEntry)
{
    NT->io->error_log_entries++;
    IoFreeErrorLogEntry(ElEntry);
}
