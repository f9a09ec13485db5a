/* SPDX-License-Identifier: MIT */
/*
 * nt/io/file.c - file objects: opening a device, the last handle, the last reference.
 *
 * Model: opening walks the name to a device, checks access, makes a FILE_OBJECT for the device named and sends
 * IRP_MJ_CREATE to the top of its stack. The last handle sends IRP_MJ_CLEANUP in the closing thread; the last
 * reference (each request in progress holds one) sends IRP_MJ_CLOSE. A create that failed sends neither (documented).
 * Start reading at: io_open().
 */
#include "nt/io/io.h"

#include <string.h>

#include "nt/ke/ke.h"
#include "nt/ob/ob.h"
#include "nt/ps/ps.h"
#include "nt/se/se.h"
#include "trace/event.h"

/* ------------------------------------------------------------------ cleanup and close */

/* Send a request that has no parameters, for file. */
static void
send_end(PFILE_OBJECT file, UCHAR major, uint32_t site)
{
    PDEVICE_OBJECT device = io_top_device(file->DeviceObject);
    PIRP irp = io_irp_create(device->StackSize, false);
    PIO_STACK_LOCATION sl;

    if (irp == NULL)
        machine_bugcheck(NO_MORE_SYSTEM_PTES, 0, 0, 0, 0); /* Windows waits for memory; ours will not come back */
    sl = IoGetNextIrpStackLocation(irp);
    sl->MajorFunction = major;
    sl->FileObject = file;
    irp->Tail.Overlay.OriginalFileObject = file;
    irp->Flags = IRP_CLOSE_OPERATION;
    trace_emit(EV_IRP_CREATE, irp, major, (uint64_t)file);
    io_send_and_wait(site, device, irp, major == IRP_MJ_CLOSE ? "IRP_MJ_CLOSE" : "IRP_MJ_CLEANUP", NULL);
}

/* The last handle is gone. */
static void
file_close(void *body)
{
    PFILE_OBJECT file = body;

    if (file->DeviceObject == NULL || !(file->Flags & FO_HANDLE_CREATED))
        return;
    trace_emit(EV_HANDLE_CLEANUP, file, (uint64_t)file);
    sched_point(OP_INTERNAL, (uint64_t)file);
    guest_push_frame(io_site.ObpDecrementHandleCount, (uint64_t)file, 0, 0, 0);
    send_end(file, IRP_MJ_CLEANUP, io_site.IopCloseFile);
    guest_pop_frame();
    file->Flags |= FO_CLEANUP_COMPLETE;
}

static void
file_destroy(void *body)
{
    PFILE_OBJECT file = body;

    if (file->DeviceObject != NULL && (file->Flags & FO_FILE_OPEN)) {
        if (!(file->Flags & FO_HANDLE_CREATED))
            send_end(file, IRP_MJ_CLEANUP, io_site.IopCloseFile); /* observed: a file that never got a handle */
        trace_emit(EV_HANDLE_CLOSE, file, (uint64_t)file);
        guest_push_frame(NT->ob->delete_site, (uint64_t)file, 0, 0, 0);
        send_end(file, IRP_MJ_CLOSE, io_site.IopDeleteFile);
        guest_pop_frame();
    }
    if (file->FileName.Buffer != NULL)
        heap_free(file->FileName.Buffer);
    if (file->DeviceObject != NULL)
        io_device_put(file->DeviceObject);
}

/* ------------------------------------------------------------------ opening */

/* May the caller have this access to the device, or to a name behind it? */
static NTSTATUS
check_device(PDEVICE_OBJECT device, const UNICODE_STRING *name, const struct io_open *how)
{
    if ((device->Flags & DO_DEVICE_INITIALIZING) || (device->DeviceObjectExtension->ExtensionFlags & IO_DELETE_PENDING))
        return STATUS_NO_SUCH_DEVICE;
    if ((device->Flags & DO_EXCLUSIVE) && device->ReferenceCount != 0)
        return STATUS_ACCESS_DENIED;
    /*
     * documented (FILE_DEVICE_SECURE_OPEN): the descriptor is about opens of the device itself; names in its namespace
     * are the driver's to check, unless it asked for the same check on them.
     */
    if ((how->user || how->check) && (name->Length == 0 || (device->Characteristics & FILE_DEVICE_SECURE_OPEN)) &&
        !se_allows(device->SecurityDescriptor, how->access, &NT->io->shared->file_mapping))
        return STATUS_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

/* A new file object for device; it holds one of the device's open counts. */
static NTSTATUS
make_file(PDEVICE_OBJECT device, const UNICODE_STRING *name, const struct io_open *how, PFILE_OBJECT *out)
{
    PFILE_OBJECT file = ob_create(NT->ob->variables->IoFileObjectType, sizeof(*file), 'eliF');

    *out = NULL;
    if (file == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    file->Type = IO_TYPE_FILE;
    file->Size = sizeof(*file);
    file->ReadAccess = (how->access & (FILE_READ_DATA | FILE_EXECUTE)) != 0;
    file->WriteAccess = (how->access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
    file->DeleteAccess = (how->access & DELETE) != 0;
    file->SharedRead = (how->share & FILE_SHARE_READ) != 0;
    file->SharedWrite = (how->share & FILE_SHARE_WRITE) != 0;
    file->SharedDelete = (how->share & FILE_SHARE_DELETE) != 0;
    if (how->options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT))
        file->Flags |= FO_SYNCHRONOUS_IO;
    if (how->options & FILE_SYNCHRONOUS_IO_ALERT)
        file->Flags |= FO_ALERTABLE_IO;
    if (how->options & FILE_NO_INTERMEDIATE_BUFFERING)
        file->Flags |= FO_NO_INTERMEDIATE_BUFFERING;
    if (how->options & FILE_WRITE_THROUGH)
        file->Flags |= FO_WRITE_THROUGH;
    ke_event_init(&file->Lock, SynchronizationEvent, false);
    ke_event_init(&file->Event, NotificationEvent, false);
    file->IrpList.Flink = file->IrpList.Blink = &file->IrpList;
    if (name->Length != 0) {
        file->FileName.Buffer = heap_alloc(name->Length + sizeof(WCHAR), 'mNoI');
        if (file->FileName.Buffer == NULL) {
            ob_dereference(file);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        memcpy(file->FileName.Buffer, name->Buffer, name->Length);
        file->FileName.Buffer[name->Length / sizeof(WCHAR)] = 0;
        file->FileName.Length = name->Length;
        file->FileName.MaximumLength = (USHORT)(name->Length + sizeof(WCHAR));
    }
    io_device_get(device);
    file->DeviceObject = device;
    heap_find((uint64_t)file)->use = NT_USE_FILE;
    *out = file;
    return STATUS_SUCCESS;
}

static NTSTATUS
send_create(PFILE_OBJECT file, const struct io_open *how, ULONG_PTR *information)
{
    PDEVICE_OBJECT device = io_top_device(file->DeviceObject);
    uint64_t mark = guest_mark();
    PIO_SECURITY_CONTEXT security = guest_alloc(sizeof(*security));
    PACCESS_STATE state = guest_alloc(sizeof(*state));
    PIRP irp = io_irp_create(device->StackSize, false);
    PIO_STACK_LOCATION sl;
    IO_STATUS_BLOCK result = { .Information = 0 };
    NTSTATUS status;

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    state->OriginalDesiredAccess = how->access;
    state->PreviouslyGrantedAccess = how->access;
    se_capture_subject(&state->SubjectSecurityContext);
    security->AccessState = state;
    security->DesiredAccess = how->access;
    security->FullCreateOptions = how->options;
    irp->RequestorMode = how->user ? UserMode : KernelMode;
    irp->Flags = IRP_CREATE_OPERATION;
    irp->AssociatedIrp.SystemBuffer = how->ea;
    irp->Tail.Overlay.OriginalFileObject = file;
    sl = IoGetNextIrpStackLocation(irp);
    sl->MajorFunction = IRP_MJ_CREATE;
    sl->FileObject = file;
    sl->Parameters.Create.SecurityContext = security;
    sl->Parameters.Create.Options = how->disposition << 24 | (how->options & 0x00ffffff);
    sl->Parameters.Create.FileAttributes = (USHORT)how->attributes;
    sl->Parameters.Create.ShareAccess = (USHORT)how->share;
    sl->Parameters.Create.EaLength = how->ea_length;
    trace_emit(EV_IRP_CREATE, irp, IRP_MJ_CREATE, (uint64_t)file);
    status = io_send_and_wait(how->site, device, irp, "IRP_MJ_CREATE", &result);
    *information = result.Information;
    guest_release(mark);
    return status;
}

NTSTATUS
io_open(const UNICODE_STRING *path, struct ob_directory *root, const struct io_open *how, PFILE_OBJECT *out,
        ULONG_PTR *information)
{
    struct ob_walk w;
    PFILE_OBJECT file;
    NTSTATUS status = ob_walk(&w, path, root, 0);

    *out = NULL;
    *information = 0;
    if (status != STATUS_SUCCESS)
        return status;
    if (ob_type(w.object) != NT->ob->variables->IoDeviceObjectType)
        return STATUS_OBJECT_TYPE_MISMATCH;
    status = check_device(w.object, &w.rest, how);
    if (status == STATUS_SUCCESS)
        status = make_file(w.object, &w.rest, how, &file);
    if (status != STATUS_SUCCESS)
        return status;
    status = send_create(file, how, information);
    trace_emit(EV_HANDLE_OPEN, file, (uint64_t)file, (uint32_t)status);
    if (!NT_SUCCESS(status)) {
        ob_dereference(file); /* not open: no cleanup, no close */
        return status;
    }
    file->Flags |= FO_FILE_OPEN;
    *out = file;
    return status;
}

void
io_file_init(void)
{
    NT->ob->variables->IoFileObjectType =
        ob_type_create("File", (int)offsetof(FILE_OBJECT, Event), file_destroy, file_close);
}

/* ------------------------------------------------------------------ for drivers */

static ACCESS_MASK
file_access(ACCESS_MASK access)
{
    RtlMapGenericMask(&access, &NT->io->shared->file_mapping);
    return access;
}

/*
 * ZwCreateFile - open a device. Returns: STATUS_SUCCESS, what the driver answered, STATUS_OBJECT_NAME_NOT_FOUND and
 * its relatives, _NO_SUCH_DEVICE, _ACCESS_DENIED, _INVALID_PARAMETER. No file system is mounted: a path to a file
 * names nothing.
 */
NTSTATUS NTAPI
ZwCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
             PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
             ULONG CreateDisposition, ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength)
{
    struct io_open how = { .access = file_access(DesiredAccess),
                           .attributes = FileAttributes,
                           .share = ShareAccess,
                           .disposition = CreateDisposition,
                           .options = CreateOptions,
                           .ea = EaBuffer,
                           .ea_length = EaLength,
                           .site = io_site.IopParseDevice };
    struct ob_directory *root;
    PFILE_OBJECT file;
    ULONG_PTR information = 0;
    NTSTATUS status;

    (void)AllocationSize;
    *FileHandle = NULL;
    if (ObjectAttributes == NULL || ObjectAttributes->ObjectName == NULL || CreateDisposition > FILE_OVERWRITE_IF)
        return STATUS_INVALID_PARAMETER;
    if (ex_fault('eliF'))
        return STATUS_INSUFFICIENT_RESOURCES;
    how.check = (ObjectAttributes->Attributes & OBJ_FORCE_ACCESS_CHECK) != 0;
    status = ob_attributes_root(ObjectAttributes, &root);
    if (status == STATUS_SUCCESS) {
        guest_push_frame(io_site.ObOpenObjectByName, (uint64_t)ObjectAttributes, 0, 0, 0);
        status = io_open(ObjectAttributes->ObjectName, root, &how, &file, &information);
        guest_pop_frame();
    }
    if (!NT_SUCCESS(status))
        return status;
    file->Flags |= FO_HANDLE_CREATED;
    IoStatusBlock->Status = status;
    IoStatusBlock->Information = information;
    status = ob_handle_create(file, how.access, (ObjectAttributes->Attributes & OBJ_KERNEL_HANDLE) != 0, FileHandle);
    if (status != STATUS_SUCCESS)
        file->Flags &= ~(ULONG)FO_HANDLE_CREATED;
    ob_dereference(file);
    return status == STATUS_SUCCESS ? IoStatusBlock->Status : status;
}

NTSTATUS NTAPI
ZwOpenFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
           PIO_STATUS_BLOCK IoStatusBlock, ULONG ShareAccess, ULONG OpenOptions)
{
    return ZwCreateFile(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, NULL, 0, ShareAccess, FILE_OPEN,
                        OpenOptions, NULL, 0);
}

NTSTATUS NTAPI
IoCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
             PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
             ULONG Disposition, ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength, ULONG CreateFileType,
             PVOID InternalParameters, ULONG Options)
{
    (void)InternalParameters;
    (void)Options;
    if (CreateFileType != 0) /* named pipes and mailslots */
        return STATUS_NOT_SUPPORTED;
    return ZwCreateFile(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, AllocationSize, FileAttributes,
                        ShareAccess, Disposition, CreateOptions, EaBuffer, EaLength);
}

/*
 * IoGetDeviceObjectPointer - documented: opens the device, references the file, closes the handle (so the driver sees
 * IRP_MJ_CLEANUP now and IRP_MJ_CLOSE when the caller drops the file). The device is not referenced by itself.
 */
NTSTATUS NTAPI
IoGetDeviceObjectPointer(PUNICODE_STRING ObjectName, ACCESS_MASK DesiredAccess, PFILE_OBJECT *FileObject,
                         PDEVICE_OBJECT *DeviceObject)
{
    OBJECT_ATTRIBUTES oa;
    IO_STATUS_BLOCK iosb;
    HANDLE handle;
    NTSTATUS status;

    InitializeObjectAttributes(&oa, ObjectName, OBJ_KERNEL_HANDLE, NULL, NULL);
    status = ZwCreateFile(&handle, DesiredAccess, &oa, &iosb, NULL, 0, 0, FILE_OPEN, FILE_NON_DIRECTORY_FILE, NULL, 0);
    if (!NT_SUCCESS(status))
        return status;
    status = ob_handle_reference(handle, 0, NT->ob->variables->IoFileObjectType, false, (void **)FileObject, NULL);
    if (status == STATUS_SUCCESS)
        *DeviceObject = io_top_device((*FileObject)->DeviceObject);
    ob_handle_close(handle, false);
    return status;
}

PGENERIC_MAPPING NTAPI
IoGetFileObjectGenericMapping(VOID)
{
    return &NT->io->shared->file_mapping;
}
