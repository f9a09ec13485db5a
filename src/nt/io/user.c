/* SPDX-License-Identifier: MIT */
/* nt/io/user.c - system calls of actors' programs: see user.h. */
#include "nt/io/user.h"

#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "nt/io/io.h"
#include "nt/ke/ke.h"
#include "nt/ob/ob.h"
#include "nt/ps/ps.h"
#include "trace/event.h"

/* Where the call instruction of a program lies: one pseudo address per system call, below the user buffers. */
#define USER_TEXT (LAYOUT_USER_BASE + 0x1000)

/* ------------------------------------------------------------------ entering and leaving */

struct call {
    uint64_t mark;
    uint64_t outer_rip;
    unsigned operation;
};

/* false: the process is ending. */
static bool
enter(struct call *c, unsigned operation, uint32_t site, uint64_t a0, uint64_t a1, uint64_t length)
{
    struct fiber *f = fiber_self();

    if (ps_self()->Process->Exiting)
        return false;
    c->operation = operation;
    c->mark = guest_mark();
    c->outer_rip = f->user_rip;
    if (f->user_rip == 0) /* else it is the program's own code that calls */
        f->user_rip = USER_TEXT + operation * 0x20 + 0x14;
    f->syscall_site = site;
    trace_emit(EV_USER_REQUEST, a0, operation, length, a0);
    guest_push_frame(io_site.KiSystemServiceCopyEnd, a0, a1, length, 0);
    guest_push_frame(site, a0, a1, length, 0);
    return true;
}

static int32_t
leave(const struct call *c, uint64_t object, int32_t status, uint64_t information)
{
    struct fiber *f = fiber_self();

    guest_pop_frame();
    guest_pop_frame();
    guest_release(c->mark);
    f->user_rip = c->outer_rip;
    f->syscall_site = 0;
    trace_emit(EV_USER_RESULT, object, c->operation, (uint32_t)status, information);
    io_wake_waiter(f);
    return status;
}

static PIO_STATUS_BLOCK
own_iosb(void)
{
    PIO_STATUS_BLOCK iosb = (PIO_STATUS_BLOCK)NT->io->user_iosb + fiber_self()->id;

    iosb->Status = 0;
    iosb->Information = 0;
    return iosb;
}

static void
give(uint64_t *information, const IO_STATUS_BLOCK *iosb, int32_t status)
{
    if (information != NULL)
        *information = NT_ERROR(status) ? 0 : iosb->Information;
}

static NTSTATUS
file_of(HANDLE handle, ACCESS_MASK access, PFILE_OBJECT *file)
{
    return ob_handle_reference(handle, access, NT->ob->variables->IoFileObjectType, true, (void **)file, NULL);
}

/* ------------------------------------------------------------------ open and close */

/* What opening name depends on: the device, or the directory it is missing from. */
static uint64_t
named_object(const UNICODE_STRING *name)
{
    struct ob_walk w;

    if (ob_walk(&w, name, NULL, 0) == STATUS_SUCCESS)
        return (uint64_t)w.object;
    return (uint64_t)(w.parent != NULL ? w.parent : NT->ob->root);
}

int32_t
user_open(const char *path, unsigned flags, void **handle)
{
    struct io_open how = { .access = FILE_GENERIC_READ | FILE_GENERIC_WRITE,
                           .attributes = FILE_ATTRIBUTE_NORMAL,
                           .share = FILE_SHARE_READ | FILE_SHARE_WRITE,
                           .disposition = FILE_OPEN,
                           .options = FILE_NON_DIRECTORY_FILE,
                           .user = true,
                           .site = io_site.IopParseDevice };
    char native[256];
    WCHAR text[256];
    UNICODE_STRING name;
    PFILE_OBJECT file;
    ULONG_PTR information = 0;
    struct call c;
    NTSTATUS status;

    *handle = NULL;
    if (!(flags & USER_OVERLAPPED))
        how.options |= FILE_SYNCHRONOUS_IO_NONALERT;
    if (flags & USER_READ_ONLY)
        how.access = FILE_GENERIC_READ;
    if (flags & USER_WRITE_ONLY)
        how.access = FILE_GENERIC_WRITE;
    if (str_starts(path, "\\\\.\\") || str_starts(path, "\\\\?\\"))
        fmt(native, sizeof(native), "\\\?\?\\%s", path + 4);
    else
        str_copy(native, sizeof(native), path);
    name = ob_text(native, text, sizeof(text) / sizeof(text[0]));
    if (!enter(&c, USER_OPEN, io_site.NtCreateFile, 0, 0, 0))
        return STATUS_PROCESS_IS_TERMINATING;
    guest_push_frame(io_site.ObOpenObjectByName, 0, 0, 0, 0);
    sched_point(OP_INTERNAL, named_object(&name)); /* the device may go here, or come */
    status = ps_self()->Process->Exiting ? STATUS_CANCELLED : io_open(&name, NULL, &how, &file, &information);
    guest_pop_frame();
    if (NT_SUCCESS(status)) {
        file->Flags |= FO_HANDLE_CREATED;
        status = ob_handle_create(file, how.access, false, handle);
        if (status != STATUS_SUCCESS)
            file->Flags &= ~(ULONG)FO_HANDLE_CREATED;
        ob_dereference(file);
    }
    return leave(&c, (uint64_t)*handle, status, information);
}

int32_t
user_close(void *handle)
{
    struct call c;
    NTSTATUS status;

    if (!enter(&c, USER_CLOSE, io_site.NtClose, (uint64_t)handle, 0, 0))
        return STATUS_PROCESS_IS_TERMINATING;
    guest_push_frame(io_site.ObpCloseHandle, (uint64_t)handle, 0, 0, 0);
    status = ob_handle_close(handle, true);
    guest_pop_frame();
    return leave(&c, (uint64_t)handle, status, 0);
}

int32_t
user_duplicate(void *handle, void **duplicate)
{
    ACCESS_MASK access;
    void *object;
    struct call c;
    NTSTATUS status;

    *duplicate = NULL;
    if (!enter(&c, USER_DUPLICATE, io_site.NtDuplicateObject, (uint64_t)handle, 0, 0))
        return STATUS_PROCESS_IS_TERMINATING;
    status = ob_handle_reference(handle, 0, NULL, true, &object, &access);
    if (status == STATUS_SUCCESS) {
        status = ob_handle_create(object, access, false, duplicate);
        ob_dereference(object);
    }
    return leave(&c, (uint64_t)handle, status, 0);
}

/* ------------------------------------------------------------------ requests */

/* The call around io_submit(). event: handle or NULL. */
static int32_t
request(unsigned operation, uint32_t call_site, HANDLE handle, ACCESS_MASK access, HANDLE event_handle,
        struct io_request *r)
{
    PKEVENT event = NULL;
    struct call c;
    NTSTATUS status;

    if (!enter(&c, operation, call_site, (uint64_t)handle, (uint64_t)r->buffer, r->length))
        return STATUS_PROCESS_IS_TERMINATING;
    status = file_of(handle, access, &r->file);
    if (status == STATUS_SUCCESS) {
        sched_point(OP_INTERNAL, (uint64_t)r->file);
        if (event_handle != NULL)
            status = ob_handle_reference(event_handle, EVENT_MODIFY_STATE, NT->ob->variables->ExEventObjectType, true,
                                         (void **)&event, NULL);
        if (status == STATUS_SUCCESS) {
            if (event != NULL)
                ke_event_clear(event);
            r->event = event;
            r->user = true;
            status = io_submit(r);
            if (event != NULL)
                ob_dereference(event);
        }
        ob_dereference(r->file);
    }
    return leave(&c, (uint64_t)handle, status, NT_ERROR(status) ? 0 : r->iosb->Information);
}

static int32_t
do_read(HANDLE handle, void *buffer, uint32_t length, PIO_STATUS_BLOCK iosb, HANDLE event)
{
    struct io_request r = { .major = IRP_MJ_READ,
                            .site = io_site.IopSynchronousServiceTail,
                            .name = "NtReadFile",
                            .iosb = iosb,
                            .buffer = buffer,
                            .length = length };

    return request(USER_READ, io_site.NtReadFile, handle, FILE_READ_DATA, event, &r);
}

static int32_t
do_write(HANDLE handle, const void *buffer, uint32_t length, PIO_STATUS_BLOCK iosb, HANDLE event)
{
    struct io_request r = { .major = IRP_MJ_WRITE,
                            .site = io_site.IopSynchronousServiceTail,
                            .name = "NtWriteFile",
                            .iosb = iosb,
                            .buffer = (void *)(uintptr_t)buffer,
                            .length = length };

    return request(USER_WRITE, io_site.NtWriteFile, handle, FILE_WRITE_DATA, event, &r);
}

/* The code says which access the handle must have been opened with (documented: FILE_READ_ACCESS ...). */
static int32_t
do_ioctl(HANDLE handle, uint32_t code, void *in, uint32_t in_length, void *out, uint32_t out_length,
         PIO_STATUS_BLOCK iosb, HANDLE event)
{
    struct io_request r = { .major = IRP_MJ_DEVICE_CONTROL,
                            .site = io_site.IopXxxControlFile,
                            .name = "NtDeviceIoControlFile",
                            .iosb = iosb,
                            .buffer = out,
                            .length = out_length,
                            .input = in,
                            .input_length = in_length,
                            .code = code };
    ACCESS_MASK wanted = (code >> 14) & 3; /* FILE_READ_ACCESS and FILE_READ_DATA are equal, and so for writing */

    return request(USER_IOCTL, io_site.NtDeviceIoControlFile, handle, wanted, event, &r);
}

int32_t
user_read(void *handle, void *user_buffer, uint32_t length, uint64_t *information)
{
    PIO_STATUS_BLOCK iosb = own_iosb();
    int32_t status = do_read(handle, user_buffer, length, iosb, NULL);

    give(information, iosb, status);
    return status;
}

int32_t
user_write(void *handle, const void *user_buffer, uint32_t length, uint64_t *information)
{
    PIO_STATUS_BLOCK iosb = own_iosb();
    int32_t status = do_write(handle, user_buffer, length, iosb, NULL);

    give(information, iosb, status);
    return status;
}

int32_t
user_ioctl(void *handle, uint32_t code, void *in, uint32_t in_length, void *out, uint32_t out_length,
           uint64_t *information)
{
    PIO_STATUS_BLOCK iosb = own_iosb();
    int32_t status = do_ioctl(handle, code, in, in_length, out, out_length, iosb, NULL);

    give(information, iosb, status);
    return status;
}

/* ------------------------------------------------------------------ overlapped requests */

static int32_t
prepare(struct user_async *a, unsigned operation)
{
    PIO_STATUS_BLOCK iosb = a->block;
    int32_t status = STATUS_SUCCESS;

    a->operation = operation;
    iosb->Status = STATUS_PENDING;
    iosb->Information = 0;
    if (ps_self()->Process->Exiting) /* a handle made now would be closed by nobody */
        return STATUS_PROCESS_IS_TERMINATING;
    if (a->event == NULL)
        status = ob_event_create(true, false, &a->event);
    return status;
}

int32_t
user_read_start(void *handle, void *user_buffer, uint32_t length, struct user_async *a)
{
    a->status = prepare(a, USER_READ);
    if (a->status == STATUS_SUCCESS)
        a->status = do_read(handle, user_buffer, length, a->block, a->event);
    return a->status;
}

int32_t
user_write_start(void *handle, const void *user_buffer, uint32_t length, struct user_async *a)
{
    a->status = prepare(a, USER_WRITE);
    if (a->status == STATUS_SUCCESS)
        a->status = do_write(handle, user_buffer, length, a->block, a->event);
    return a->status;
}

int32_t
user_ioctl_start(void *handle, uint32_t code, void *in, uint32_t in_length, void *out, uint32_t out_length,
                 struct user_async *a)
{
    a->status = prepare(a, USER_IOCTL);
    if (a->status == STATUS_SUCCESS)
        a->status = do_ioctl(handle, code, in, in_length, out, out_length, a->block, a->event);
    return a->status;
}

int32_t
user_done(const struct user_async *a, uint64_t *information)
{
    const IO_STATUS_BLOCK *iosb = a->block;

    give(information, iosb, iosb->Status);
    trace_emit(EV_USER_RESULT, a->event, USER_WAIT, (uint32_t)iosb->Status, iosb->Information);
    return iosb->Status;
}

void
user_on_done(void (*fn)(const void *block))
{
    NT->io->user_done = fn;
}

int32_t
user_request(unsigned operation, const struct user_call *c, uint64_t *information)
{
    PIO_STATUS_BLOCK iosb = c->iosb != NULL ? c->iosb : own_iosb();
    int32_t status;

    if (operation == USER_READ)
        status = do_read(c->handle, c->buffer, c->length, iosb, c->event);
    else if (operation == USER_WRITE)
        status = do_write(c->handle, c->buffer, c->length, iosb, c->event);
    else
        status = do_ioctl(c->handle, c->code, c->input, c->input_length, c->buffer, c->length, iosb, c->event);
    give(information, iosb, status);
    return status;
}

bool
user_is_overlapped(void *handle)
{
    PFILE_OBJECT file;
    bool overlapped;

    if (file_of(handle, 0, &file) != STATUS_SUCCESS)
        return false;
    overlapped = !(file->Flags & FO_SYNCHRONOUS_IO);
    ob_dereference(file);
    return overlapped;
}

int32_t
user_wait(struct user_async *a, uint64_t *information)
{
    if (information != NULL)
        *information = 0;
    if (NT_ERROR(a->status))
        return a->status; /* it failed at once: nothing to wait for */
    if (a->status == STATUS_PENDING) {
        PKEVENT event;
        int32_t status = ob_handle_reference(a->event, SYNCHRONIZE, NT->ob->variables->ExEventObjectType, true,
                                             (void **)&event, NULL);

        if (status != STATUS_SUCCESS)
            return status;
        ke_wait(event, NULL, "a program waits for its overlapped request");
        ob_dereference(event);
    }
    return user_done(a, information);
}

int32_t
user_poll(const struct user_async *a)
{
    const IO_STATUS_BLOCK *iosb = a->block;

    return NT_ERROR(a->status) ? a->status : iosb->Status;
}

/* ------------------------------------------------------------------ cancelling */

int32_t
user_cancel_io(void *handle)
{
    struct call c;
    PFILE_OBJECT file;
    NTSTATUS status;

    if (!enter(&c, USER_CANCEL, io_site.NtCancelIoFile, (uint64_t)handle, 0, 0))
        return STATUS_PROCESS_IS_TERMINATING;
    status = file_of(handle, 0, &file);
    if (status == STATUS_SUCCESS) {
        sched_point(OP_INTERNAL, (uint64_t)&NT->io->shared->cancel_lock);
        io_cancel_thread(fiber_self(), &(struct io_which){ .file = file });
        ob_dereference(file);
    }
    return leave(&c, (uint64_t)handle, status, 0);
}

int32_t
user_cancel_io_ex(void *handle, const struct user_async *one)
{
    void *process = ps_current_process();
    struct io_which which = { .iosb = one != NULL ? one->block : NULL };
    struct call c;
    NTSTATUS status;
    unsigned asked = 0;

    if (!enter(&c, USER_CANCEL, io_site.NtCancelIoFileEx, (uint64_t)handle, 0, 0))
        return STATUS_PROCESS_IS_TERMINATING;
    status = file_of(handle, 0, &which.file);
    if (status == STATUS_SUCCESS) {
        sched_point(OP_INTERNAL, (uint64_t)&NT->io->shared->cancel_lock);
        for (unsigned i = 1; i <= machine->fiber_count; i++)
            if (machine->fiber[i].process == process && machine->fiber[i].state != FIBER_FREE)
                asked += io_cancel_thread(&machine->fiber[i], &which);
        ob_dereference(which.file);
        if (asked == 0)
            status = STATUS_NOT_FOUND;
    }
    return leave(&c, (uint64_t)handle, status, asked);
}

int32_t
user_cancel_synchronous(struct fiber *thread)
{
    struct call c;
    unsigned asked;

    if (!enter(&c, USER_CANCEL, io_site.NtCancelSynchronousIoFile, (uint64_t)thread->thread, 0, 0))
        return STATUS_PROCESS_IS_TERMINATING;
    sched_point(OP_INTERNAL, (uint64_t)&NT->io->shared->cancel_lock);
    asked = io_cancel_thread(thread, &(struct io_which){ .synchronous = true });
    return leave(&c, (uint64_t)thread->thread, asked != 0 ? STATUS_SUCCESS : STATUS_NOT_FOUND, asked);
}

/* ------------------------------------------------------------------ the end of a thread and of a program */

static bool
thread_of(const struct fiber *f, const void *process)
{
    return f->process == process && f->kind == FIBER_USER && f->state != FIBER_FREE;
}

/* In no system call, or in one where it only waits for its request. */
static bool
may_end(const struct fiber *f)
{
    return f == fiber_self() || f->syscall_site == 0 || f->state == FIBER_DONE || NT->io->thread[f->id].at_rest;
}

static bool
has_ended(const struct fiber *f)
{
    const LIST_ENTRY *list = &NT->io->shared->irps[f->id];

    return list->Flink == list && (f == fiber_self() || f->syscall_site == 0 || f->state == FIBER_DONE);
}

/* Why f has not ended, as hang reports say it. */
static uint64_t
describe(struct fiber *f, char *words, size_t room)
{
    const LIST_ENTRY *list = &NT->io->shared->irps[f->id];
    PFILE_OBJECT file;
    char name[64];
    PIRP irp;

    if (!may_end(f) || list->Flink == list) {
        fmt(words, room, "the end of a process waits for its thread %s to come back from a driver", f->name);
        return (uint64_t)f->thread;
    }
    irp = CONTAINING_RECORD(list->Flink, IRP, ThreadListEntry);
    file = irp->Tail.Overlay.OriginalFileObject;
    fmt(words, room, "the end of a thread waits for IRP %p of %s", (void *)irp,
        file != NULL ? io_device_words(file->DeviceObject, name, sizeof(name)) : "a driver");
    return (uint64_t)irp;
}

/* Block until something changes for one of the threads in this set. */
static void
await(const struct fiber_set *threads, struct fiber *first)
{
    uint32_t self = fiber_self()->id;
    char words[160];
    uint64_t object = describe(first, words, sizeof(words));

    for (uint32_t i = 1; i <= machine->fiber_count; i++)
        if (fiber_set_has(threads, i))
            fiber_set_add(&NT->io->thread[i].waits, self);
    sched_block(BLOCK_INTERNAL, object, NULL, words);
    for (uint32_t i = 1; i <= machine->fiber_count; i++)
        if (fiber_set_has(threads, i))
            fiber_set_del(&NT->io->thread[i].waits, self);
}

/*
 * Threads of process, or one. Each one's requests are cancelled as soon as it is out of the driver that it called; then
 * all are waited for. So a request may be cancelled while another one, that it waits behind in a driver, still runs.
 */
static void
rundown(const void *process, struct fiber *only)
{
    static const struct io_which all = { .file = NULL };
    struct fiber *left;

    for (bool first = true;; first = false) {
        struct fiber_set threads = { 0 };

        for (unsigned i = 1; i <= machine->fiber_count; i++) {
            struct fiber *f = &machine->fiber[i];

            if ((only != NULL ? f != only : !thread_of(f, process)) || !may_end(f))
                continue;
            if (first)
                sched_point(OP_INTERNAL, (uint64_t)&NT->io->shared->cancel_lock);
            io_cancel_thread(f, &all);
        }
        left = NULL;
        for (unsigned i = machine->fiber_count; i > 0; i--) {
            struct fiber *f = &machine->fiber[i];

            if ((only != NULL ? f != only : !thread_of(f, process)) || has_ended(f))
                continue;
            left = f;
            fiber_set_add(&threads, i);
            if (may_end(f) && io_cancelable(f, &all)) {
                threads = (struct fiber_set){ 0 }; /* it came to rest meanwhile: again, without waiting */
                break;
            }
        }
        if (left == NULL)
            return;
        if (fiber_set_first(&threads) != 0)
            await(&threads, left);
    }
}

void
user_thread_exit(void)
{
    struct fiber *self = fiber_self();
    PKTHREAD thread = ps_self();

    if (thread->Process->Exiting)
        return; /* who ends the process does it */
    trace_emit(EV_USER_REQUEST, thread, USER_EXIT_THREAD, 0, 0);
    guest_push_frame(io_site.KiSystemServiceCopyEnd, (uint64_t)thread, 0, 0, 0);
    guest_push_frame(io_site.NtTerminateThread, (uint64_t)thread, 0, 0, 0);
    guest_push_frame(io_site.PspExitThread, (uint64_t)thread, 0, 0, 0);
    rundown(NULL, self);
    guest_pop_frame();
    guest_pop_frame();
    guest_pop_frame();
    trace_emit(EV_USER_RESULT, thread, USER_EXIT_THREAD, 0, 0);
}

bool
user_process_ending(const void *process)
{
    return ((const struct _KPROCESS *)process)->Exiting;
}

void
user_process_exit(void *process)
{
    PEPROCESS p = process;
    PKTHREAD thread = ps_self();
    PKPROCESS attached = thread->Attached;

    sched_touch((uint64_t)process);
    if (p->Exiting)
        return;
    p->Exiting = TRUE;
    trace_emit(EV_USER_REQUEST, process, USER_EXIT, 0, 0);
    guest_push_frame(io_site.KiSystemServiceCopyEnd, (uint64_t)process, 0, 0, 0);
    guest_push_frame(io_site.NtTerminateProcess, (uint64_t)process, 0, 0, 0);
    guest_push_frame(io_site.PspExitThread, (uint64_t)process, 0, 0, 0);
    rundown(process, NULL);
    guest_push_frame(io_site.ObKillProcess, (uint64_t)process, 0, 0, 0);
    thread->Attached = p; /* cleanup comes in the context of the process that ends (documented) */
    ob_process_close(process);
    thread->Attached = attached;
    guest_pop_frame();
    guest_pop_frame();
    guest_pop_frame();
    guest_pop_frame();
    ps_process_exit(process, STATUS_SUCCESS);
    trace_emit(EV_USER_RESULT, process, USER_EXIT, 0, 0);
}
