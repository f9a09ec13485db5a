/* SPDX-License-Identifier: MIT */
/*
 * nt/io/irp.c - making and freeing IRPs.
 *
 * Model: an IRP is a heap block, so a freed one is poison. Its memory may become the thread's next IRP of the same size
 * at once, as with Windows' lookaside lists; that is a choice (CHOICE_VALUE), and the dull answer is no. The thread is
 * the one that issued it, since Windows frees it there, or the one that called IoFreeIrp. Those of the I/O manager
 * (io_irp_create, IoBuildSynchronousFsdRequest, IoBuildDeviceIoControlRequest) hang on their thread and are freed by
 * io_finish(); those of IoAllocateIrp and IoBuildAsynchronousFsdRequest are the driver's to free.
 */
#include "nt/io/io.h"

#include <string.h>

#include "nt/ke/ke.h"
#include "nt/ps/ps.h"
#include "trace/event.h"

/* ------------------------------------------------------------------ records */

static struct io_irp **
bucket_of(const IRP *irp)
{
    return &NT->io->bucket[((uint64_t)irp >> 4) % IO_IRP_BUCKETS];
}

struct io_irp *
io_irp_record(const IRP *irp)
{
    struct io_irp *r;

    for (r = *bucket_of(irp); r != NULL && r->irp != (uint64_t)irp; r = r->next)
        ;
    return r;
}

static void
record_make(PIRP irp, bool driver_made)
{
    struct io_irp *r = mon_alloc(sizeof(*r));

    r->irp = (uint64_t)irp;
    r->driver_made = driver_made;
    r->next = *bucket_of(irp);
    *bucket_of(irp) = r;
}

static void
record_drop(struct io_irp *r)
{
    struct io_irp **at = bucket_of((const IRP *)r->irp);

    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    mon_free(r, sizeof(*r));
}

/* ------------------------------------------------------------------ life */

static void
init_irp(PIRP irp, USHORT packet_size, CCHAR stack_size)
{
    memset(irp, 0, packet_size);
    irp->Type = IO_TYPE_IRP;
    irp->Size = packet_size;
    irp->StackCount = stack_size;
    irp->CurrentLocation = (CHAR)(stack_size + 1);
    irp->ThreadListEntry.Flink = irp->ThreadListEntry.Blink = &irp->ThreadListEntry;
    irp->Tail.Overlay.CurrentStackLocation = (PIO_STACK_LOCATION)(irp + 1) + stack_size;
}

/* Memory for an IRP: the thread's last one, if it has the size and the explorer wants it; else fresh. */
static PIRP
irp_memory(USHORT size)
{
    uint32_t self = fiber_self()->id;
    uint64_t freed = NT->io->thread[self].freed;

    if (freed == 0 || heap_find(freed)->size != size)
        return heap_alloc(size, ' prI');
    sched_touch((uint64_t)&NT->io->shared->irps[self]); /* who frees it touches that, too */
    if (choose(CHOICE_VALUE, 2, ' prI') == 0)
        return heap_alloc(size, ' prI');
    NT->io->thread[self].freed = 0;
    heap_reuse((PIRP)freed);
    return (PIRP)freed;
}

PIRP
io_irp_create(CCHAR stack_size, bool driver_made)
{
    USHORT size = IoSizeOfIrp(stack_size);
    PIRP irp = irp_memory(size);

    if (irp == NULL)
        return NULL;
    init_irp(irp, size, stack_size);
    irp->AllocationFlags = IRP_ALLOCATED_FIXED_SIZE;
    heap_find((uint64_t)irp)->use = NT_USE_IRP;
    record_make(irp, driver_made);
    return irp;
}

void
io_irp_free(PIRP irp, struct fiber *f)
{
    struct io_irp *r = io_irp_record(irp);
    bool pended = irp->PendingReturned; /* else nobody can have kept it but by mistake, and poison shows that better */

    trace_emit(EV_IRP_FREE, irp);
    if (r != NULL) {
        r->freed = true;
        if (r->calls == 0)
            record_drop(r);
    }
    if (heap_free(irp) == HEAP_FREED && pended)
        NT->io->thread[f->id].freed = (uint64_t)irp;
}

void
io_irp_issue(PIRP irp)
{
    LIST_ENTRY *list = &NT->io->shared->irps[fiber_self()->id];

    sched_touch((uint64_t)list);
    irp->Tail.Overlay.Thread = ps_current_thread();
    ke_list_insert_tail(list, &irp->ThreadListEntry);
}

bool
io_irp_in_flight(const struct io_irp *r)
{
    for (unsigned i = 0; r != NULL && i < IO_IRP_LOCATIONS; i++)
        if (r->location[i].dispatch != 0 && !r->location[i].left)
            return true;
    return false;
}

void
io_irp_call_done(struct io_irp *r)
{
    if (--r->calls == 0 && r->freed)
        record_drop(r);
}

/* IoAllocateIrp - NULL when memory is out (documented). The driver frees it. */
PIRP NTAPI
IoAllocateIrp(CCHAR StackSize, BOOLEAN ChargeQuota)
{
    PIRP irp;

    (void)ChargeQuota;
    if (StackSize <= 0 || ex_fault(' prI'))
        return NULL;
    irp = io_irp_create(StackSize, true);
    if (irp != NULL) {
        io_irp_record(irp)->allocated = true;
        trace_emit(EV_IRP_CREATE, irp, 0xff, 0);
    }
    return irp;
}

/*
 * IoFreeIrp - the IRP must be the driver's and not queued anywhere.
 * documented: bugcheck 0x44 is what freeing an IRP that is no IRP, or still linked to a thread, looks like (observed).
 */
VOID NTAPI
IoFreeIrp(PIRP Irp)
{
    if (Irp->Type != IO_TYPE_IRP)
        machine_bugcheck(MULTIPLE_IRP_COMPLETE_REQUESTS, (uint64_t)Irp, 0, 0, 0);
    if (Irp->ThreadListEntry.Flink != &Irp->ThreadListEntry)
        trace_emit(EV_IO_MISUSE, Irp, IO_MISUSE_FREED_IN_USE);
    else if (io_irp_in_flight(io_irp_record(Irp)))
        trace_emit(EV_IO_MISUSE, Irp, IO_MISUSE_FREED_IN_FLIGHT);
    io_irp_free(Irp, fiber_self());
}

VOID NTAPI
IoInitializeIrp(PIRP Irp, USHORT PacketSize, CCHAR StackSize)
{
    init_irp(Irp, PacketSize, StackSize);
}

/* IoReuseIrp - as new, with this status; only for IRPs of IoAllocateIrp (documented). */
VOID NTAPI
IoReuseIrp(PIRP Irp, NTSTATUS Iostatus)
{
    UCHAR flags = Irp->AllocationFlags;
    struct io_irp *r = io_irp_record(Irp);

    if (r != NULL && (io_irp_in_flight(r) || !r->allocated))
        trace_emit(EV_IO_MISUSE, Irp, IO_MISUSE_REUSED, io_irp_in_flight(r));
    init_irp(Irp, Irp->Size, Irp->StackCount);
    Irp->AllocationFlags = flags;
    Irp->IoStatus.Status = Iostatus;
    if (r != NULL)
        memset(r->location, 0, sizeof(r->location));
}

PIRP NTAPI
IoMakeAssociatedIrp(PIRP Irp, CCHAR StackSize)
{
    PIRP irp = ex_fault(' prI') ? NULL : io_irp_create(StackSize, true);

    if (irp == NULL)
        return NULL;
    irp->Flags |= IRP_ASSOCIATED_IRP;
    irp->Tail.Overlay.Thread = Irp->Tail.Overlay.Thread;
    irp->AssociatedIrp.MasterIrp = Irp;
    trace_emit(EV_IRP_CREATE, irp, 0xff, 0);
    return irp;
}

/* ------------------------------------------------------------------ requests built for drivers */

/* Buffers for read and write by the device's flags. false: no memory or bad buffer. */
static bool
transfer_buffers(PIRP irp, PDEVICE_OBJECT device, ULONG major, PVOID buffer, ULONG length)
{
    if (length == 0)
        return true;
    if (device->Flags & DO_BUFFERED_IO) {
        irp->AssociatedIrp.SystemBuffer = heap_alloc(length, '  oI');
        if (irp->AssociatedIrp.SystemBuffer == NULL)
            return false;
        heap_find((uint64_t)irp->AssociatedIrp.SystemBuffer)->use = NT_USE_POOL; /* the driver may ExFreePool it */
        irp->Flags = IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
        if (major == IRP_MJ_WRITE) {
            memcpy(irp->AssociatedIrp.SystemBuffer, buffer, length);
        } else {
            irp->Flags |= IRP_INPUT_OPERATION;
            irp->UserBuffer = buffer;
        }
    } else if (device->Flags & DO_DIRECT_IO) {
        PMDL mdl = IoAllocateMdl(buffer, length, FALSE, FALSE, irp);

        if (mdl == NULL)
            return false;
        MmProbeAndLockPages(mdl, KernelMode, major == IRP_MJ_READ ? IoWriteAccess : IoReadAccess);
    } else {
        irp->UserBuffer = buffer;
    }
    return true;
}

static void
drop_unsent(PIRP irp)
{
    if (irp->Flags & IRP_DEALLOCATE_BUFFER)
        heap_free(irp->AssociatedIrp.SystemBuffer);
    for (PMDL mdl = irp->MdlAddress, next; mdl != NULL; mdl = next) {
        next = mdl->Next;
        IoFreeMdl(mdl);
    }
    io_irp_free(irp, fiber_self());
}

static PIRP
build_fsd(ULONG major, PDEVICE_OBJECT device, PVOID buffer, ULONG length, PLARGE_INTEGER offset, PIO_STATUS_BLOCK iosb)
{
    PIRP irp = ex_fault(' prI') ? NULL : io_irp_create(device->StackSize, true);
    PIO_STACK_LOCATION sl;

    if (irp == NULL)
        return NULL;
    sl = IoGetNextIrpStackLocation(irp);
    sl->MajorFunction = (UCHAR)major;
    irp->UserIosb = iosb;
    if (major == IRP_MJ_READ || major == IRP_MJ_WRITE) {
        if (!transfer_buffers(irp, device, major, buffer, length)) {
            drop_unsent(irp);
            return NULL;
        }
        sl->Parameters.Read.Length = length; /* Read and Write lie alike */
        sl->Parameters.Read.ByteOffset.QuadPart = offset != NULL ? offset->QuadPart : 0;
    }
    irp->Tail.Overlay.Thread = ps_current_thread();
    trace_emit(EV_IRP_CREATE, irp, major, 0);
    return irp;
}

/* The driver must free it in its completion routine (documented); it is not the thread's. */
PIRP NTAPI
IoBuildAsynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer, ULONG Length,
                              PLARGE_INTEGER StartingOffset, PIO_STATUS_BLOCK IoStatusBlock)
{
    return build_fsd(MajorFunction, DeviceObject, Buffer, Length, StartingOffset, IoStatusBlock);
}

/* Freed by the I/O manager when it completes; Event is set then (documented). */
PIRP NTAPI
IoBuildSynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer, ULONG Length,
                             PLARGE_INTEGER StartingOffset, PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock)
{
    PIRP irp = build_fsd(MajorFunction, DeviceObject, Buffer, Length, StartingOffset, IoStatusBlock);

    if (irp != NULL) {
        irp->UserEvent = Event;
        io_irp_issue(irp);
    }
    return irp;
}

/*
 * IoBuildDeviceIoControlRequest - buffers by the code's transfer method; as IoBuildSynchronousFsdRequest otherwise.
 * documented: with METHOD_BUFFERED one system buffer of the larger length; with direct methods InputBuffer is copied
 * and OutputBuffer described by an MDL; with METHOD_NEITHER both pointers are passed on.
 */
PIRP NTAPI
IoBuildDeviceIoControlRequest(ULONG IoControlCode, PDEVICE_OBJECT DeviceObject, PVOID InputBuffer,
                              ULONG InputBufferLength, PVOID OutputBuffer, ULONG OutputBufferLength,
                              BOOLEAN InternalDeviceIoControl, PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock)
{
    unsigned method = METHOD_FROM_CTL_CODE(IoControlCode);
    ULONG system_length =
        method == METHOD_BUFFERED && OutputBufferLength > InputBufferLength ? OutputBufferLength : InputBufferLength;
    PIRP irp = ex_fault(' prI') ? NULL : io_irp_create(DeviceObject->StackSize, true);
    PIO_STACK_LOCATION sl;

    if (irp == NULL)
        return NULL;
    sl = IoGetNextIrpStackLocation(irp);
    sl->MajorFunction = InternalDeviceIoControl ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL;
    sl->Parameters.DeviceIoControl.OutputBufferLength = OutputBufferLength;
    sl->Parameters.DeviceIoControl.InputBufferLength = InputBufferLength;
    sl->Parameters.DeviceIoControl.IoControlCode = IoControlCode;
    irp->UserIosb = IoStatusBlock;
    irp->UserEvent = Event;
    if (method == METHOD_NEITHER) {
        irp->UserBuffer = OutputBuffer;
        sl->Parameters.DeviceIoControl.Type3InputBuffer = InputBuffer;
    } else if (system_length != 0) {
        irp->AssociatedIrp.SystemBuffer = heap_alloc(system_length, '  oI');
        if (irp->AssociatedIrp.SystemBuffer == NULL) {
            io_irp_free(irp, fiber_self());
            return NULL;
        }
        irp->Flags = IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
        if (InputBuffer != NULL && InputBufferLength != 0)
            memcpy(irp->AssociatedIrp.SystemBuffer, InputBuffer, InputBufferLength);
        if (method == METHOD_BUFFERED && OutputBuffer != NULL) {
            irp->Flags |= IRP_INPUT_OPERATION;
            irp->UserBuffer = OutputBuffer;
        }
    }
    if ((method == METHOD_IN_DIRECT || method == METHOD_OUT_DIRECT) && OutputBuffer != NULL &&
        OutputBufferLength != 0) {
        PMDL mdl = IoAllocateMdl(OutputBuffer, OutputBufferLength, FALSE, FALSE, irp);

        if (mdl == NULL) {
            drop_unsent(irp);
            return NULL;
        }
        MmProbeAndLockPages(mdl, KernelMode, method == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess);
    }
    trace_emit(EV_IRP_CREATE, irp, sl->MajorFunction, 0);
    io_irp_issue(irp);
    return irp;
}

/* ------------------------------------------------------------------ who asked */

PEPROCESS NTAPI
IoGetRequestorProcess(PIRP Irp)
{
    PETHREAD thread = Irp->Tail.Overlay.Thread;

    return thread != NULL ? thread->Process : NULL;
}

ULONG NTAPI
IoGetRequestorProcessId(PIRP Irp)
{
    PEPROCESS process = IoGetRequestorProcess(Irp);

    return process != NULL ? (ULONG)ps_process_id(process) : 0;
}

/* All programs here are 64-bit. */
BOOLEAN NTAPI
IoIs32bitProcess(PIRP Irp)
{
    (void)Irp;
    return FALSE;
}
