/* SPDX-License-Identifier: MIT */
/*
 * nt/io/request.c - read, write and control requests on an open file.
 *
 * Model: io_submit() builds the IRP from a struct io_request, sends it to the top of the file's stack and, if the file
 * is synchronous, waits on the file's event. Transfer follows the device's flags (DO_BUFFERED_IO, DO_DIRECT_IO,
 * neither) or the control code's method. Buffers of programs lie in the user window and are checked here as the system
 * calls do: a bad one is STATUS_ACCESS_VIOLATION; with "neither" transfer only the driver can check (documented).
 */
#include "nt/io/io.h"

#include <string.h>

#include "base/fmt.h"
#include "nt/ke/ke.h"
#include "nt/ob/ob.h"
#include "nt/ps/ps.h"
#include "trace/event.h"

/* ------------------------------------------------------------------ buffers */

static bool
user_range(const void *p, size_t len)
{
    uint64_t at = (uint64_t)p;

    return at >= LAYOUT_USER_BASE && at + len >= at && at + len <= LAYOUT_USER_BASE + LAYOUT_USER_SIZE;
}

static bool
readable(const struct io_request *r, const void *p, ULONG len)
{
    return len == 0 || ((!r->user || user_range(p, len)) && machine_readable((uint64_t)p, len));
}

static bool
writable(const struct io_request *r, const void *p, ULONG len)
{
    return len == 0 || ((!r->user || user_range(p, len)) && machine_writable((uint64_t)p, len));
}

/* A system buffer of size bytes holding in_length bytes of input. */
static NTSTATUS
make_system_buffer(PIRP irp, ULONG size, const void *input, ULONG in_length)
{
    void *buffer = heap_alloc(size, '  oI');

    if (buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (in_length != 0)
        memcpy(buffer, input, in_length);
    irp->AssociatedIrp.SystemBuffer = buffer;
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    return STATUS_SUCCESS;
}

static NTSTATUS
make_mdl(PIRP irp, const struct io_request *r, void *buffer, ULONG length, LOCK_OPERATION operation)
{
    PMDL mdl;

    if (operation == IoReadAccess ? !readable(r, buffer, length) : !writable(r, buffer, length))
        return STATUS_ACCESS_VIOLATION;
    mdl = IoAllocateMdl(buffer, length, FALSE, TRUE, irp);
    if (mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmProbeAndLockPages(mdl, r->user ? UserMode : KernelMode, operation);
    return STATUS_SUCCESS;
}

static NTSTATUS
transfer_buffers(PIRP irp, PDEVICE_OBJECT device, const struct io_request *r)
{
    bool read = r->major == IRP_MJ_READ;
    NTSTATUS status;

    irp->UserBuffer = r->buffer;
    irp->Flags |= read ? IRP_READ_OPERATION : IRP_WRITE_OPERATION;
    if (read ? !writable(r, r->buffer, r->length) : !readable(r, r->buffer, r->length))
        return STATUS_ACCESS_VIOLATION;
    if (r->length == 0)
        return STATUS_SUCCESS;
    if (device->Flags & DO_BUFFERED_IO) {
        status = make_system_buffer(irp, r->length, r->buffer, read ? 0 : r->length);
        if (read)
            irp->Flags |= IRP_INPUT_OPERATION;
        return status;
    }
    if (device->Flags & DO_DIRECT_IO)
        return make_mdl(irp, r, r->buffer, r->length, read ? IoWriteAccess : IoReadAccess);
    return STATUS_SUCCESS;
}

static NTSTATUS
control_buffers(PIRP irp, PIO_STACK_LOCATION sl, const struct io_request *r)
{
    unsigned method = METHOD_FROM_CTL_CODE(r->code);
    NTSTATUS status = STATUS_SUCCESS;

    irp->UserBuffer = r->buffer;
    if (method == METHOD_NEITHER) {
        sl->Parameters.DeviceIoControl.Type3InputBuffer = r->input;
        return STATUS_SUCCESS;
    }
    if (!readable(r, r->input, r->input_length))
        return STATUS_ACCESS_VIOLATION;
    if (method == METHOD_BUFFERED) {
        ULONG size = r->length > r->input_length ? r->length : r->input_length;

        if (!writable(r, r->buffer, r->length))
            return STATUS_ACCESS_VIOLATION;
        if (size != 0)
            status = make_system_buffer(irp, size, r->input, r->input_length);
        if (r->length != 0)
            irp->Flags |= IRP_INPUT_OPERATION;
        return status;
    }
    if (r->input_length != 0)
        status = make_system_buffer(irp, r->input_length, r->input, r->input_length);
    if (status == STATUS_SUCCESS && r->length != 0)
        status = make_mdl(irp, r, r->buffer, r->length, method == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess);
    return status;
}

static NTSTATUS
fill(PIRP irp, PDEVICE_OBJECT device, const struct io_request *r)
{
    PIO_STACK_LOCATION sl = IoGetNextIrpStackLocation(irp);

    sl->MajorFunction = r->major;
    sl->FileObject = r->file;
    irp->RequestorMode = r->user ? UserMode : KernelMode;
    irp->Tail.Overlay.OriginalFileObject = r->file;
    irp->UserIosb = r->iosb;
    irp->UserEvent = r->event;
    switch (r->major) {
    case IRP_MJ_READ:
    case IRP_MJ_WRITE:
        sl->Parameters.Read.Length = r->length; /* Read and Write lie alike */
        sl->Parameters.Read.ByteOffset = r->offset;
        return transfer_buffers(irp, device, r);
    case IRP_MJ_QUERY_INFORMATION:
    case IRP_MJ_SET_INFORMATION:
        sl->Parameters.QueryFile.Length = r->length; /* QueryFile and SetFile lie alike so far */
        sl->Parameters.QueryFile.FileInformationClass = (FILE_INFORMATION_CLASS)r->code;
        irp->UserBuffer = r->buffer;
        if (r->major == IRP_MJ_QUERY_INFORMATION)
            irp->Flags |= IRP_INPUT_OPERATION;
        return make_system_buffer(irp, r->length, r->buffer, r->major == IRP_MJ_SET_INFORMATION ? r->length : 0);
    default:
        sl->Parameters.DeviceIoControl.OutputBufferLength = r->length;
        sl->Parameters.DeviceIoControl.InputBufferLength = r->input_length;
        sl->Parameters.DeviceIoControl.IoControlCode = r->code;
        return control_buffers(irp, sl, r);
    }
}

/* Never sent: take back what fill() made. */
static void
drop(PIRP irp)
{
    if (irp->Flags & IRP_DEALLOCATE_BUFFER)
        heap_free(irp->AssociatedIrp.SystemBuffer);
    for (PMDL mdl = irp->MdlAddress, next; mdl != NULL; mdl = next) {
        next = mdl->Next;
        if (mdl->MdlFlags & MDL_PAGES_LOCKED)
            MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
    io_irp_free(irp, fiber_self());
}

/* ------------------------------------------------------------------ one request at a time on a synchronous file */

static void
lock_file(PFILE_OBJECT file)
{
    sched_touch((uint64_t)&file->Busy);
    while (__atomic_exchange_n(&file->Busy, 1, __ATOMIC_ACQUIRE) != 0) {
        __atomic_add_fetch(&file->Waiters, 1, __ATOMIC_RELAXED);
        io_wait(&file->Lock, "waits for another request on the same synchronous file");
        __atomic_sub_fetch(&file->Waiters, 1, __ATOMIC_RELAXED);
    }
}

static void
unlock_file(PFILE_OBJECT file)
{
    sched_touch((uint64_t)&file->Busy);
    __atomic_store_n(&file->Busy, 0, __ATOMIC_RELEASE);
    if (file->Waiters != 0)
        ke_event_set(&file->Lock);
}

static NTSTATUS
wait_done(const struct io_request *r, uint64_t irp)
{
    char words[192], name[64];

    fmt(words, sizeof(words), "%s waits for IRP %p of %s", r->name, (void *)irp,
        io_device_words(r->file->DeviceObject, name, sizeof(name)));
    io_wait(&r->file->Event, words);
    return r->file->FinalStatus;
}

NTSTATUS
io_submit(const struct io_request *r)
{
    PFILE_OBJECT file = r->file;
    PDEVICE_OBJECT device = io_top_device(file->DeviceObject);
    bool synchronous = (file->Flags & FO_SYNCHRONOUS_IO) != 0;
    PIRP irp;
    NTSTATUS status;

    if (synchronous)
        lock_file(file);
    ke_event_clear(&file->Event);
    irp = io_irp_create(device->StackSize, false);
    status = irp != NULL ? fill(irp, device, r) : STATUS_INSUFFICIENT_RESOURCES;
    if (r->user && ps_self()->Process->Exiting)
        status = STATUS_CANCELLED; /* its process began to end while this waited its turn */
    if (status != STATUS_SUCCESS) {
        if (irp != NULL)
            drop(irp);
        if (synchronous)
            unlock_file(file);
        return status;
    }
    ob_reference(file); /* until the request is complete */
    if (r->event != NULL)
        ob_reference(r->event);
    trace_emit(EV_IRP_CREATE, irp, r->major, (uint64_t)file);
    io_irp_issue(irp);
    status = io_call_driver(r->site, device, irp);
    if (status == STATUS_PENDING && (synchronous || r->wait))
        status = wait_done(r, (uint64_t)irp);
    if (synchronous)
        unlock_file(file);
    return status;
}

/* ------------------------------------------------------------------ for drivers */

/* Common to ZwReadFile &c.: the handle's file, the event, then the request. */
static NTSTATUS
submit_by_handle(HANDLE handle, HANDLE event_handle, PIO_APC_ROUTINE apc, struct io_request *r)
{
    PKEVENT event = NULL;
    NTSTATUS status;

    if (apc != NULL)
        machine_unsupported(r->site, "an APC routine for a file request");
    status = ob_handle_reference(handle, 0, NT->ob->variables->IoFileObjectType, false, (void **)&r->file, NULL);
    if (status != STATUS_SUCCESS)
        return status;
    if (event_handle != NULL) {
        status = ob_handle_reference(event_handle, EVENT_MODIFY_STATE, NT->ob->variables->ExEventObjectType, false,
                                     (void **)&event, NULL);
        if (status == STATUS_SUCCESS)
            ke_event_clear(event);
    }
    if (status == STATUS_SUCCESS) {
        r->event = event;
        status = io_submit(r);
        if (event != NULL)
            ob_dereference(event);
    }
    ob_dereference(r->file);
    return status;
}

/* Returns: the driver's status, STATUS_INVALID_HANDLE, _OBJECT_TYPE_MISMATCH, _INSUFFICIENT_RESOURCES. */
NTSTATUS NTAPI
ZwReadFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
           PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length, PLARGE_INTEGER ByteOffset, PULONG Key)
{
    struct io_request r = { .major = IRP_MJ_READ,
                            .site = io_site.IopSynchronousServiceTail,
                            .name = "ZwReadFile",
                            .iosb = IoStatusBlock,
                            .buffer = Buffer,
                            .length = Length };

    (void)ApcContext;
    (void)Key;
    if (ByteOffset != NULL)
        r.offset = *ByteOffset;
    return submit_by_handle(FileHandle, Event, ApcRoutine, &r);
}

NTSTATUS NTAPI
ZwWriteFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
            PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length, PLARGE_INTEGER ByteOffset, PULONG Key)
{
    struct io_request r = { .major = IRP_MJ_WRITE,
                            .site = io_site.IopSynchronousServiceTail,
                            .name = "ZwWriteFile",
                            .iosb = IoStatusBlock,
                            .buffer = Buffer,
                            .length = Length };

    (void)ApcContext;
    (void)Key;
    if (ByteOffset != NULL)
        r.offset = *ByteOffset;
    return submit_by_handle(FileHandle, Event, ApcRoutine, &r);
}

NTSTATUS NTAPI
ZwDeviceIoControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                      PIO_STATUS_BLOCK IoStatusBlock, ULONG IoControlCode, PVOID InputBuffer, ULONG InputBufferLength,
                      PVOID OutputBuffer, ULONG OutputBufferLength)
{
    struct io_request r = { .major = IRP_MJ_DEVICE_CONTROL,
                            .site = io_site.IopXxxControlFile,
                            .name = "ZwDeviceIoControlFile",
                            .iosb = IoStatusBlock,
                            .buffer = OutputBuffer,
                            .length = OutputBufferLength,
                            .input = InputBuffer,
                            .input_length = InputBufferLength,
                            .code = IoControlCode };

    (void)ApcContext;
    return submit_by_handle(FileHandle, Event, ApcRoutine, &r);
}

/* Cancels what this thread asked of the file; does not wait for it (assumed: contracts leave it open). */
NTSTATUS NTAPI
ZwCancelIoFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock)
{
    PFILE_OBJECT file;
    NTSTATUS status =
        ob_handle_reference(FileHandle, 0, NT->ob->variables->IoFileObjectType, false, (void **)&file, NULL);

    if (status != STATUS_SUCCESS)
        return status;
    io_cancel_thread(fiber_self(), &(struct io_which){ .file = file });
    ob_dereference(file);
    IoStatusBlock->Status = STATUS_SUCCESS;
    IoStatusBlock->Information = 0;
    return STATUS_SUCCESS;
}
