/* SPDX-License-Identifier: MIT */
/*
 * explore/programs.c - the ops of programs: open, read, write, IOCTL, close; cancelling; ending.
 *
 * Model: a program is a process; each actor of it a thread, and handles belong to the process. An op goes to every
 * device that is open. On a handle that was opened `overlapped` it starts a request, which stands in the actor's list
 * until `result` has collected it; when the list is full the oldest is waited for first. A thread whose ops are done
 * stays in its program, idle, as long as requests of its own are under way: Windows ends a thread only with them.
 * Start reading at: lab_program_op().
 */
#include <string.h>

#include "explore/lab_internal.h"
#include "nt/nt.h"

/* For certificates: did requests get as far as the driver? One that was pended and then cancelled did. */
void
lab_count(int32_t status)
{
    LAB_RUN->requests++;
    if (status >= 0 || status == (int32_t)STATUS_CANCELLED)
        LAB_RUN->requests_ok++;
}

int32_t
lab_write(struct lab_actor *a, void *handle, unsigned len)
{
    uint64_t done = 0;

    lab_own_frame(a->buffer, len);
    return user_write(handle, a->buffer, len, &done);
}

/* ------------------------------------------------------------------ processes */

static struct lab_program *
program_named(const char *name)
{
    for (unsigned i = 0; i < lab.program_count; i++)
        if (strcmp(lab.program[i].name, name) == 0)
            return &lab.program[i];
    return NULL;
}

static bool
starts_requests(const struct scn_actor *s)
{
    for (unsigned i = 0; i < s->ops_count; i++)
        if ((s->ops[i].kind == OP_OPEN && s->ops[i].mode == MODE_OVERLAPPED) || s->ops[i].kind == OP_BAD_REQUESTS)
            return true;
    return false;
}

size_t
lab_user_bytes(const struct scenario *s)
{
    bool requests = false;
    size_t bytes = 0;

    for (unsigned i = 0; i < s->actors_count; i++)
        requests |= starts_requests(&s->actors[i]);
    for (unsigned i = 0; i < s->actors_count; i++)
        bytes += lab_actor_bytes(&s->actors[i], requests);
    return bytes;
}

void
lab_programs_create(void)
{
    lab.program = mon_alloc(sizeof(*lab.program) * LAB_ACTORS_MAX);
    lab.program_count = 0;
    for (unsigned i = 0; i < lab.actor_count; i++) {
        struct lab_actor *a = &lab.actor[i];
        const char *shared = a->script->process;
        struct lab_program *p = shared ? program_named(shared) : NULL;

        if (a->script->kind != ACTOR_PROGRAM)
            continue;
        if (p == NULL) {
            p = &lab.program[lab.program_count++];
            p->name = shared ? shared : a->script->name;
            p->process = ps_process_create(p->name);
        }
        p->threads++;
        p->any_overlapped |= starts_requests(a->script);
        a->program = p;
    }
}

/* Memory that must lie at the same address in every run. */
void
lab_program_prepare(struct lab_actor *a)
{
    if (a->program == NULL || !a->program->any_overlapped)
        return;
    for (unsigned i = 0; i < SCN_REQUESTS_MAX; i++) {
        a->request[i].buffer = user_alloc(2 * (size_t)a->half);
        a->request[i].async.block = user_alloc(USER_ASYNC_BYTES);
    }
}

static struct lab_actor *
actor_named(const char *name)
{
    for (unsigned i = 0; i < lab.actor_count; i++)
        if (lab.actor[i].program && strcmp(lab.actor[i].script->name, name) == 0)
            return &lab.actor[i];
    return NULL;
}

/* ------------------------------------------------------------------ overlapped requests */

/* Wait for request i and take it off the list. */
static void
collect(struct lab_actor *a, unsigned i)
{
    struct lab_request r;

    user_wait(&a->request[i].async, NULL);
    r = a->request[i];
    for (; i + 1 < a->requests; i++)
        a->request[i] = a->request[i + 1];
    a->request[i] = r; /* its buffer and event serve again */
    a->requests--;
}

static void
results(struct lab_actor *a, unsigned which)
{
    if (which > a->requests)
        return;
    if (which != 0) {
        collect(a, which - 1);
        return;
    }
    while (a->requests > 0 && !user_process_ending(a->program->process))
        collect(a, 0);
}

static void
start(struct lab_actor *a, void *handle, const struct scn_op *op)
{
    struct lab_request *r;
    uint8_t *buffer;
    int32_t status;

    if (a->requests == SCN_REQUESTS_MAX)
        collect(a, 0);
    r = &a->request[a->requests];
    buffer = r->buffer;
    switch (op->kind) {
    case OP_READ:
        status = user_read_start(handle, buffer, op->len, &r->async);
        break;
    case OP_WRITE:
        lab_own_frame(buffer, op->len);
        status = user_write_start(handle, buffer, op->len, &r->async);
        break;
    default:
        memset(buffer, 0, op->in);
        status = user_ioctl_start(handle, op->code, buffer, op->in, buffer + a->half, op->out, &r->async);
        break;
    }
    if (status >= 0)
        a->requests++;
    lab_count(status);
}

/* ------------------------------------------------------------------ ops on devices */

static void
open_devices(struct lab_actor *a, const struct scn_op *op)
{
    struct lab_program *p = a->program;

    for (unsigned i = 0; i < lab.device_count && i < LAB_HANDLES_MAX; i++) {
        bool overlapped = op->mode == MODE_OVERLAPPED;
        void *handle;
        int32_t status;

        if (op->device && strcmp(op->device, "each") != 0 && strcmp(op->device, lab.device[i]) != 0)
            continue;
        if (p->handle[i])
            continue;
        status = lab_open(i, overlapped, a->buffer, &handle);
        p->handle[i] = status < 0 ? NULL : handle;
        p->overlapped[i] = overlapped;
        lab_count(status);
    }
}

/* Buffer sizes to try a code with when the scenario names none: what it says, one number each way, and room enough. */
static void
ioctls(struct lab_actor *a, void *handle, const struct scn_op *op)
{
    const struct {
        unsigned in, out;
    } size[] = { { op->in, op->out }, { 4, 4 }, { 0, 1024 } };
    unsigned n = op->code ? 1 : lab.ioctl_count, sizes = op->code ? 1 : 3;
    uint64_t done;

    for (unsigned i = 0; i < n; i++)
        for (unsigned k = 0; k < sizes; k++) {
            uint32_t code = op->code ? op->code : lab.ioctl[op->order == ORDER_BACKWARD ? n - 1 - i : i];
            uint8_t *in = a->buffer, *out = in + a->half;

            memset(in, 0, size[k].in);
            lab_count(user_ioctl(handle, code, in, size[k].in, out, size[k].out, &done));
        }
}

static void
transfer(struct lab_actor *a, const struct scn_op *op, void *handle, bool overlapped)
{
    uint64_t done;

    if (op->kind == OP_IOCTL && !(overlapped && op->code)) {
        ioctls(a, handle, op); /* those found in the image: one after the other, each waited for */
        return;
    }
    for (unsigned n = 0; n < op->count; n++)
        if (overlapped)
            start(a, handle, op);
        else if (op->kind == OP_WRITE)
            lab_count(lab_write(a, handle, op->len));
        else
            lab_count(user_read(handle, a->buffer, op->len, &done));
}

static const struct user_async *
request_of(struct lab_actor *a, const struct scn_op *op)
{
    struct lab_actor *of = op->actor ? actor_named(op->actor) : a;

    return op->request != 0 && op->request <= of->requests ? &of->request[op->request - 1].async : NULL;
}

static void
on_handle(struct lab_actor *a, const struct scn_op *op, unsigned i)
{
    struct lab_program *p = a->program;
    void *handle = p->handle[i];

    switch (op->kind) {
    case OP_READ:
    case OP_WRITE:
    case OP_IOCTL:
        transfer(a, op, handle, p->overlapped[i]);
        break;
    case OP_CLOSE:
        p->handle[i] = NULL;
        user_close(handle);
        break;
    case OP_BAD_REQUESTS:
        lab_bad_requests(a, handle);
        break;
    case OP_CANCEL:
    case OP_CANCEL_IO:
        user_cancel_io(handle);
        break;
    case OP_CANCEL_IO_EX:
        if (op->request == 0 || request_of(a, op) != NULL)
            user_cancel_io_ex(handle, request_of(a, op));
        break;
    default:
        break;
    }
}

/* ------------------------------------------------------------------ ends */

void
lab_kill(struct lab_actor *a, const struct scn_op *op)
{
    struct lab_program *p = actor_named(op->actor)->program;

    a->ending = true;
    user_process_exit(p->process);
    a->ending = false;
}

static void
end_thread(struct lab_actor *a)
{
    a->ending = a->ended = true;
    if (--a->program->threads == 0)
        user_process_exit(a->program->process); /* documented: with its last thread a process ends */
    else
        user_thread_exit();
    a->ending = false;
}

static void
end_program(struct lab_actor *a)
{
    a->ending = a->ended = true;
    user_process_exit(a->program->process);
    a->ending = false;
}

void
lab_program_parked(struct lab_actor *a)
{
    if (a->program == NULL || a->requests == 0)
        return;
    fiber_self()->daemon = true;
    sched_block(BLOCK_IDLE, 0, NULL, "is done, but its requests are not");
}

void
lab_program_op(struct lab_actor *a, const struct scn_op *op)
{
    switch (op->kind) {
    case OP_OPEN:
        open_devices(a, op);
        return;
    case OP_RESULT:
        results(a, op->request);
        return;
    case OP_CANCEL_SYNCHRONOUS:
        user_cancel_synchronous(actor_named(op->actor)->fiber);
        return;
    case OP_EXIT_THREAD:
        end_thread(a);
        return;
    case OP_EXIT:
        end_program(a);
        return;
    case OP_KILL:
        lab_kill(a, op);
        return;
    case OP_RUN:
        lab_program_run(a);
        return;
    default:
        break;
    }
    for (unsigned i = 0; i < LAB_HANDLES_MAX; i++)
        if (a->program->handle[i])
            on_handle(a, op, i);
}
