/* SPDX-License-Identifier: MIT */
/* control/program.c - see program.h. Start reading at: program_request(), thread_main(). */
#include "control/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fmt.h"
#include "base/str.h"
#include "control/message.h"
#include "control/record.h"
#include "ddk/ntstatus.h"
#include "host/host.h"
#include "machine/machine.h"
#include "nt/nt.h"
#include "nt/ob/ob.h"

#define WINDOW(slot) (LAYOUT_USER_BASE + LAYOUT_USER_OWN + (slot) * UNDIS_WINDOW)

_Static_assert(LAYOUT_USER_OWN + PROGRAMS_MAX * UNDIS_WINDOW <= LAYOUT_USER_SIZE, "the windows fit");
_Static_assert(PROGRAM_REQUESTS_MAX *USER_ASYNC_BYTES <= MESSAGE_WINDOW_FIRST, "the status blocks fit");
_Static_assert(UNDIS_OPEN_OVERLAPPED == USER_OVERLAPPED && UNDIS_OPEN_READ_ONLY == USER_READ_ONLY &&
                   UNDIS_OPEN_WRITE_ONLY == USER_WRITE_ONLY,
               "flags are handed on");

static bool slot_used[PROGRAMS_MAX];            /* control thread */
static struct program *program_in[PROGRAMS_MAX]; /* fiber: those that have a process */

/* ------------------------------------------------------------------ control thread */

/* Memory that its other holder can neither shrink nor grow: touching it never fails. */
static int
window_memory(void)
{
    int fd = memfd_create("undis window", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0)
        return -errno;
    if (ftruncate(fd, (off_t)UNDIS_WINDOW) || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
        int err = -errno;

        close(fd);
        return err;
    }
    return fd;
}

struct program *
program_create(const char *name, int *err)
{
    struct program *p;
    unsigned slot = 0;

    while (slot < PROGRAMS_MAX && slot_used[slot])
        slot++;
    *err = -EAGAIN;
    if (slot == PROGRAMS_MAX)
        return NULL;
    p = calloc(1, sizeof(*p));
    *err = -ENOMEM;
    if (p == NULL)
        return NULL;
    p->slot = slot;
    p->window = WINDOW(slot);
    str_copy(p->name, sizeof(p->name), name);
    p->memory = window_memory();
    *err = p->memory < 0 ? p->memory : host_remap_fixed(p->window, UNDIS_WINDOW, HOST_RW, p->memory, 0);
    if (*err) {
        if (p->memory >= 0)
            close(p->memory);
        free(p);
        return NULL;
    }
    slot_used[slot] = true;
    return p;
}

void
program_destroy(struct program *p)
{
    /* The window stays mapped, empty, until another program gets the slot: a driver that kept a pointer reads zeros. */
    (void)!fallocate(p->memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)UNDIS_WINDOW);
    close(p->memory);
    slot_used[p->slot] = false;
    free(p);
}

static void run_request(struct job *j);

struct program_job *
program_request(struct program *p, const struct undis_request *q, void (*answered)(struct job *j),
                struct undis_answer *refused)
{
    struct program_job *j;

    *refused = (struct undis_answer){ .magic = UNDIS_MAGIC, .op = q->op, .id = q->id };
    refused->status = message_check(q);
    if (refused->status == STATUS_SUCCESS && p->under_way >= PROGRAM_REQUESTS_MAX)
        refused->status = STATUS_INSUFFICIENT_RESOURCES;
    if (refused->status != STATUS_SUCCESS)
        return NULL;
    j = calloc(1, sizeof(*j));
    refused->status = STATUS_INSUFFICIENT_RESOURCES;
    if (j == NULL)
        return NULL;
    j->job.run = run_request;
    j->job.finished = answered;
    j->program = p;
    j->q = *q;
    j->a = *refused;
    while (p->status_block[j->block])
        j->block++;
    p->status_block[j->block] = true;
    j->async.block = (void *)(p->window + j->block * USER_ASYNC_BYTES);
    p->under_way++;
    return j;
}

void
program_job_free(struct program_job *j)
{
    j->program->under_way--;
    j->program->status_block[j->block] = false;
    free(j);
}

/* ------------------------------------------------------------------ in the machine */

static void *
at(const struct program_job *j, uint32_t offset)
{
    return (void *)(j->program->window + offset);
}

/* One of the program's fibers ends: the last one ends the program. */
static void
fiber_gone(struct program *p)
{
    struct job *end;

    p->fibers--;
    if (!p->ending || p->fibers > 0 || p->end == NULL)
        return;
    end = p->end;
    p->end = NULL;
    ob_dereference(p->process);
    job_finish(end);
}

/* Its answer is there. */
static void
answer(struct program_job *j)
{
    if (j->q.op == UNDIS_WRITE)
        refusal_written(&j->program->files, j->q.handle, at(j, j->q.in_offset), j->q.in_length, j->a.status);
    record_end(j->recorded, j->a.status, j->a.handle);
    job_finish(&j->job);
}

/* The program's request with status block number n is done, and was waited for. */
static void
overlapped_done(struct program *p, unsigned n)
{
    struct program_job *j = p->waiting[n];

    p->waiting[n] = NULL;
    j->a.status = user_done(&j->async, &j->a.information);
    answer(j);
}

/* A request of somebody ended: one of a program's? Its status block says whose. */
static void
on_done(const void *block)
{
    uint64_t at = (uint64_t)block - WINDOW(0);
    struct program *p = at < PROGRAMS_MAX * UNDIS_WINDOW ? program_in[at / UNDIS_WINDOW] : NULL;
    uint64_t n = at % UNDIS_WINDOW / USER_ASYNC_BYTES;

    if (p != NULL && n < PROGRAM_REQUESTS_MAX && p->waiting[n] != NULL)
        overlapped_done(p, (unsigned)n);
}

void
program_prepare(void (*event_set)(struct job *told))
{
    user_on_done(on_done);
    program_events_prepare(event_set);
}

/* A request was started: answer now, or when it is done. */
static void
started(struct program_job *j)
{
    j->program->event[j->block] = j->async.event;
    if (user_poll(&j->async) == STATUS_PENDING) {
        j->program->waiting[j->block] = j;
        return;
    }
    j->a.status = user_wait(&j->async, &j->a.information);
    answer(j);
}

static struct program_thread *
thread_of(struct program *p, uint32_t number)
{
    for (unsigned i = 0; i < PROGRAM_THREADS_MAX; i++)
        if (p->thread[i].used && p->thread[i].number == number)
            return &p->thread[i];
    return NULL;
}

static const struct program_job *
find_overlapped(const struct program *p, uint64_t id)
{
    for (unsigned i = 0; i < PROGRAM_REQUESTS_MAX; i++)
        if (p->waiting[i] != NULL && p->waiting[i]->q.id == id)
            return p->waiting[i];
    return NULL;
}

static int32_t
cancel(struct program_job *j)
{
    struct program *p = j->program;
    void *handle = (void *)j->q.handle;

    if (j->q.op == UNDIS_CANCEL)
        return user_cancel_io(handle);
    if (j->q.op == UNDIS_CANCEL_SYNC) {
        struct program_thread *t = thread_of(p, (uint32_t)j->q.target);

        return t != NULL ? user_cancel_synchronous(t->fiber) : STATUS_NOT_FOUND;
    }
    if (j->q.target != 0) {
        const struct program_job *one = find_overlapped(p, j->q.target);

        return one != NULL ? user_cancel_io_ex(handle, &one->async) : STATUS_NOT_FOUND;
    }
    return user_cancel_io_ex(handle, NULL);
}

static void
carry_out(struct program_job *j)
{
    const struct undis_request *q = &j->q;
    struct undis_answer *a = &j->a;
    void *handle = (void *)q->handle, *in = at(j, q->in_offset), *out = at(j, q->out_offset);

    if (q->flags & UNDIS_OPEN_OVERLAPPED && q->op >= UNDIS_READ && q->op <= UNDIS_IOCTL) {
        j->async.event = j->program->event[j->block];
        if (q->op == UNDIS_READ)
            user_read_start(handle, out, q->out_length, &j->async);
        else if (q->op == UNDIS_WRITE)
            user_write_start(handle, in, q->in_length, &j->async);
        else
            user_ioctl_start(handle, q->code, in, q->in_length, out, q->out_length, &j->async);
        started(j);
        return;
    }
    switch (q->op) {
    case UNDIS_OPEN:
        a->status = user_open(q->path, q->flags, &handle);
        a->handle = (uint64_t)handle;
        if (a->status >= 0)
            refusal_opened(&j->program->files, a->handle, q->path);
        break;
    case UNDIS_DUPLICATE:
        a->status = user_duplicate(handle, &handle);
        a->handle = (uint64_t)handle;
        if (a->status >= 0)
            program_event_opened(j->program, handle);
        break;
    case UNDIS_CLOSE:
        refusal_closed(&j->program->files, q->handle);
        program_event_closing(j->program, handle);
        a->status = user_close(handle);
        break;
    case UNDIS_READ:
        a->status = user_read(handle, out, q->out_length, &a->information);
        break;
    case UNDIS_WRITE:
        a->status = user_write(handle, in, q->in_length, &a->information);
        break;
    case UNDIS_IOCTL:
        a->status = user_ioctl(handle, q->code, in, q->in_length, out, q->out_length, &a->information);
        break;
    case UNDIS_EVENT_CREATE:
        a->status = program_event_create(j->program, q->flags, q->target, &handle);
        a->handle = (uint64_t)handle;
        break;
    case UNDIS_EVENT_SET:
    case UNDIS_EVENT_RESET:
    case UNDIS_EVENT_TAKE:
        a->status = program_event_do(q->op, handle);
        break;
    default:
        a->status = cancel(j);
        break;
    }
    answer(j);
}

static void
thread_main(void *arg)
{
    struct program_thread *t = arg;
    struct program *p = t->program;
    bool last = false;

    while (!last) {
        struct program_job *j = t->first;

        if (j == NULL) {
            if (p->ending)
                break;
            t->idle = true;
            sched_block(BLOCK_IDLE, 0, NULL, "a thread of a program waits for its next call");
            t->idle = false;
            continue;
        }
        t->first = j->next;
        j->recorded = record_request(j);
        if (j->q.op == UNDIS_THREAD_EXIT) {
            last = true;
            user_thread_exit();
            j->a.status = STATUS_SUCCESS;
            answer(j);
        } else {
            carry_out(j);
        }
    }
    t->used = false;
    fiber_gone(p);
}

static struct program_thread *
thread_make(struct program *p, uint32_t number)
{
    struct program_thread *t = thread_of(p, number);
    char name[40];

    for (unsigned i = 0; t == NULL && i < PROGRAM_THREADS_MAX; i++)
        if (!p->thread[i].used)
            t = &p->thread[i];
    if (t == NULL || t->used)
        return t;
    fmt(name, sizeof(name), "%.24s:%u", p->name, number);
    *t = (struct program_thread){ .program = p, .number = number };
    t->fiber = ps_thread_create(name, FIBER_USER, p->process, thread_main, t, true, NULL);
    if (t->fiber == NULL)
        return NULL;
    t->used = true;
    p->fibers++;
    return t;
}

static void
wake(struct program_thread *t)
{
    if (!t->idle)
        return;
    t->idle = false;
    sched_wake(t->fiber);
}

/* Hand a request to its thread. CancelSynchronousIo and CancelIoEx are for requests that other threads wait for. */
static void
run_request(struct job *job)
{
    struct program_job *j = (struct program_job *)job, **end;
    struct program *p = j->program;
    struct program_thread *t;

    t = p->process != NULL && !p->ending ? thread_make(p, j->q.thread) : NULL;
    if (t == NULL) {
        j->a.status = p->ending ? STATUS_PROCESS_IS_TERMINATING : STATUS_INSUFFICIENT_RESOURCES;
        job_finish(job);
        return;
    }
    for (end = &t->first; *end != NULL;)
        end = &(*end)->next;
    *end = j;
    wake(t);
}

/* ------------------------------------------------------------------ its beginning and end */

static void
run_begin(struct job *job)
{
    struct program *p = ((struct program_turn *)job)->program;

    p->process = ps_process_create(p->name);
    program_in[p->slot] = p;
    job_finish(job);
}

static void
run_end_of_program(struct job *job)
{
    struct program *p = ((struct program_turn *)job)->program;
    uint64_t recorded;

    if (p->process == NULL) {
        p->ending = true;
        job_finish(job);
        return;
    }
    recorded = record_exit(p);
    program_events_gone(p);
    user_process_exit(p->process);
    record_end(recorded, 0, 0);
    program_in[p->slot] = NULL;
    p->ending = true;
    p->end = job;
    p->fibers++; /* this one */
    for (unsigned i = 0; i < PROGRAM_THREADS_MAX; i++)
        if (p->thread[i].used)
            wake(&p->thread[i]);
    fiber_gone(p);
}

static struct job *
turn(struct program *p, void (*run)(struct job *j), void (*finished)(struct job *j))
{
    struct program_turn *t = calloc(1, sizeof(*t));

    if (t == NULL)
        return NULL;
    t->job.run = run;
    t->job.finished = finished;
    t->program = p;
    return &t->job;
}

struct job *
program_begin(struct program *p, void (*begun)(struct job *j))
{
    return turn(p, run_begin, begun);
}

struct job *
program_end(struct program *p, void (*gone)(struct job *j))
{
    return turn(p, run_end_of_program, gone);
}
