/* SPDX-License-Identifier: MIT */
/* user/program.c - threads of programs: see user.h. Start reading at: program_run(). */
#include <string.h>

#include "base/fmt.h"
#include "nt/io/user.h"
#include "nt/ob/ob.h"
#include "nt/ps/ps.h"
#include "user/internal.h"

static struct program_thread *threads;
static uint32_t start_site;
static struct program_hooks hooks;

struct program_thread *
program_of(const struct fiber *f)
{
    return &threads[f->id];
}

struct program_thread *
program_self(void)
{
    return program_of(fiber_self());
}

void
program_on(const struct program_hooks *h)
{
    hooks = *h;
}

/* ------------------------------------------------------------------ between the two stacks */

void
program_enter_kernel(struct program_call *c)
{
    struct fiber *f = fiber_self();
    struct program_thread *t = program_of(f);

    *c = (struct program_call){ f->crossing, f->outer, f->guest_sp, f->stack_base, f->stack_limit, f->user_rip };
    f->user_rip = guest_caller();
    f->crossing = NULL;
    f->outer = NULL;
    f->guest_sp = t->kernel_sp;
    f->stack_base = t->kernel_base;
    f->stack_limit = t->kernel_limit;
    t->in_user = false;
    if (user_process_ending(f->process))
        program_exit_thread();
}

void
program_leave_kernel(const struct program_call *c)
{
    struct fiber *f = fiber_self();

    if (user_process_ending(f->process))
        program_exit_thread();
    f->crossing = c->crossing;
    f->outer = c->outer;
    f->guest_sp = c->sp;
    f->stack_base = c->base;
    f->stack_limit = c->limit;
    f->user_rip = c->rip;
    program_of(f)->in_user = true;
}

/* Run user code at entry; the fiber is in outermost kernel code. */
static uint64_t
run_user(uint64_t entry, uint64_t argument, uint64_t stack)
{
    struct fiber *f = fiber_self();
    struct program_thread *t = program_of(f);
    uint64_t result;

    t->kernel_sp = f->guest_sp;
    t->kernel_base = f->stack_base;
    t->kernel_limit = f->stack_limit;
    f->stack_limit = stack;
    f->stack_base = stack + PROGRAM_STACK_BYTES;
    f->guest_sp = f->stack_base - 0x40;
    t->in_user = true;
    result = GUEST_CALL(start_site, entry, argument);
    t->in_user = false;
    f->guest_sp = t->kernel_sp;
    f->stack_base = t->kernel_base;
    f->stack_limit = t->kernel_limit;
    return result;
}

uint64_t
program_run(const struct image *im, void *stack)
{
    return run_user(im->entry, 0, (uint64_t)stack);
}

/* ------------------------------------------------------------------ threads */

static void
thread_main(void *arg)
{
    struct program_thread *t = program_self();

    (void)arg;
    run_user(t->start, t->parameter, t->stack);
    program_exit_thread();
}

/* A thread of the calling program; the caller takes the handle. STATUS_INSUFFICIENT_RESOURCES: there are no more. */
int32_t
program_create_thread(uint64_t start, uint64_t parameter, HANDLE *handle, uint32_t *id)
{
    struct program_thread *t;
    void *thread;
    struct fiber *f = ps_thread_create("program thread", FIBER_USER, fiber_self()->process, thread_main, NULL, false,
                                       &thread);
    int32_t status;

    if (f == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    t = program_of(f);
    *t = (struct program_thread){ .start = start, .parameter = parameter };
    t->stack = (uint64_t)user_alloc(PROGRAM_STACK_BYTES);
    *id = (uint32_t)ps_thread_id(thread);
    status = ob_handle_create(thread, THREAD_ALL_ACCESS, false, handle);
    ob_dereference(thread);
    return status;
}

/* documented: with its last thread a process ends. */
_Noreturn void
program_exit_thread(void)
{
    PKTHREAD self = ps_self();

    if (!user_process_ending(self->Process)) {
        if (self->Process->ThreadCount == 1)
            program_exit_process(0);
        user_thread_exit();
    }
    ps_thread_exit(STATUS_SUCCESS);
}

_Noreturn void
program_exit_process(uint32_t code)
{
    if (hooks.exiting && !user_process_ending(ps_self()->Process))
        hooks.exiting(code);
    user_process_exit(ps_self()->Process);
    ps_thread_exit(STATUS_SUCCESS);
}

/* ------------------------------------------------------------------ exceptions */

/* documented: an exception that user mode does not handle ends the process. Programs have no handlers here. */
static void
on_exception(const struct trap *t, uint32_t status)
{
    struct program_thread *self = program_self();
    struct program_call call;
    struct image *im = image_find(t->rip);
    char sentence[160];

    if (!self->in_user)
        return;
    program_enter_kernel(&call);
    fiber_self()->user_rip = t->rip;
    fmt(sentence, sizeof(sentence), "the program %s ends by exception 0x%08x at %s+0x%x (address %p)",
        ps_self()->Process->ImageFileName, status, im ? im->name : "?", im ? (unsigned)(t->rip - im->base) : 0,
        (void *)t->address);
    if (hooks.crashed && !user_process_ending(ps_self()->Process))
        hooks.crashed(sentence);
    user_process_exit(ps_self()->Process);
    ps_thread_exit((NTSTATUS)status);
}

void
program_init(void)
{
    threads = mon_alloc((FIBER_MAX + 1) * sizeof(*threads));
    start_site = (uint32_t)ddi_lookup("kernel32", "BaseThreadInitThunk");
    machine_on_user_exception = on_exception;
}
