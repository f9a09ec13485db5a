/* SPDX-License-Identifier: MIT */
/* control/run.c - see run.h. Start reading at: run_machine(). */
#include "control/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/bringup.h"
#include "control/finding.h"
#include "control/join.h"
#include "control/record.h"
#include "control/refusal.h"
#include "control/server.h"
#include "control/statedir.h"
#include "explore/detail.h"
#include "explore/lab.h"
#include "host/host.h"
#include "host/netns.h"
#include "host/rundir.h"
#include "ndis/admin.h"
#include "nt/profile.h"
#include "pnp/reg.h"
#include "verify/verify.h"

#define DETAIL_BYTES (768ull << 20) /* address space, not memory */
#define STOP_S       10u            /* a driver has so long to complete what programs asked */

enum { EXIT_OK = 0, EXIT_FOUND = 1, EXIT_OUR_FAULT = 3, EXIT_CANNOT = 4 };

/* Worker to supervisor; the worker is not believed more than it must be. */
struct run_shared {
    volatile uint32_t state; /* enum worker_state */
    enum up_result up;
    struct run_result result;
    bool clean; /* everything went down as it should */
    char text[256];
};

enum worker_state { WORKER_STARTING, WORKER_RUNNING, WORKER_ENDED };

static void __attribute__((format(printf, 1, 2))) complain(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("undis run: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

/* ------------------------------------------------------------------ worker */

static void
on_stop(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)info;
    (void)context;
    live_stop();
}

static void
print_adapter(const struct running_adapter *a)
{
    struct ndis_layer_info layer[16];
    unsigned n = ndis_stack(a->nic, layer, 16);

    printf("%s: %s", a->config->name, a->wire ? a->config->wire : a->config->miniport);
    for (unsigned i = 0; i < n && i < 16; i++)
        printf("%s%s", i ? ", " : " - ", layer[i].driver);
    printf("%s%s\n", n == 0 ? " - disabled" : "", a->host ? "" : n > 0 ? " (no Linux interface above)" : "");
    if (a->host)
        printf("%s: Linux has it as %s\n", a->config->name, wire_info(a->host)->name);
}

/* The machine is up: until somebody wants it to stop, or it stops by itself. Then down again. */
static void
work(struct running *running, const struct statedir *dir, struct run_shared *sh, int ready)
{
    if (server_start(dir->socket, running, sh->text)) {
        sh->up = UP_INPUT;
        machine_down(running, &sh->result);
        return;
    }
    sh->state = WORKER_RUNNING;
    (void)!write(ready, "R", 1);
    while (!live_wait(&sh->result, -1))
        join_map();
    if (sh->result.end != RUN_DONE)
        return;
    if (refusal_found()[0]) {
        live_enter();
        snprintf(sh->result.text, sizeof(sh->result.text), "%s", refusal_found());
        return;
    }
    if (!server_stop(STOP_S)) {
        live_enter();
        sh->result = (struct run_result){ .end = RUN_HANG };
        snprintf(sh->result.text, sizeof(sh->result.text),
                 "the end of a program waits for a driver that does not "
                 "complete its requests");
        return;
    }
    sh->clean = machine_down(running, &sh->result);
}

static _Noreturn void
worker_main(const struct run_options *o, const struct stack *stack, struct stack_files *files,
            const struct statedir *dir, struct run_shared *sh, struct detail *d, struct record *record, int ready)
{
    static struct running running;
    static struct explorer none;

    if (setpgid(0, 0) || host_sandbox_ready())
        _exit(EXIT_OUR_FAULT);
    host_on_signal(SIGTERM, on_stop);
    running.pid = getppid();
    running.verbose = o->verbose;
    sh->up = machine_up(stack, files, o->vps ? o->vps : stack->vps, o->verbose, record, &running, &sh->result,
                        sh->text);
    if (sh->up == UP_RUNNING) {
        if (!o->quiet)
            for (unsigned i = 0; i < running.adapter_count; i++)
                print_adapter(&running.adapter[i]);
        fflush(stdout);
        work(&running, dir, sh, ready);
    }
    if (sh->result.end != RUN_DONE || sh->result.text[0] || verify_violation_count() > 0)
        detail_collect(d, &sh->result, &none, NULL);
    fflush(stdout);
    sh->state = WORKER_ENDED;
    _exit(0);
}

/* ------------------------------------------------------------------ supervisor */

static volatile sig_atomic_t stop_signals;

static void
on_signal(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)info;
    (void)context;
    stop_signals++;
}

/* Sleep until the worker has ended or a signal comes, which is let in only meanwhile. */
static void
sleep_for(int worker, const sigset_t *signals)
{
    static const struct timespec look_again = { .tv_nsec = 10000000 };
    struct pollfd fd = { .fd = worker, .events = POLLIN };

    ppoll(&fd, 1, worker < 0 ? &look_again : NULL, signals); /* < 0: Linux before 5.3 has none */
}

/* Wait for the worker; a first signal asks it to stop, a second one ends it. */
static int
watch(pid_t pid)
{
    int status, worker = (int)syscall(SYS_pidfd_open, pid, 0);
    sig_atomic_t told = 0;
    sigset_t all, before;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (told < 2 && stop_signals > told) {
            told++;
            kill(pid, told == 1 ? SIGTERM : SIGKILL);
            continue;
        }
        sleep_for(worker, &before);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (worker >= 0)
        close(worker);
    return status;
}

/* What there is to say when the worker has ended. */
static int
verdict(const struct run_options *o, const struct stack *stack, const struct stack_files *files, struct run_shared *sh,
        struct detail *d, const struct record *record, int status)
{
    if (WIFSIGNALED(status) && stop_signals >= 2) {
        complain("ended before the machine was down, as asked twice");
        return EXIT_FOUND;
    }
    if (WIFSIGNALED(status) || sh->state != WORKER_ENDED) {
        complain("the machine's process died (%s %d): what a driver overwrote cannot be told",
                 WIFSIGNALED(status) ? "signal" : "status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        return EXIT_OUR_FAULT;
    }
    if (sh->up == UP_INPUT) {
        complain("%.255s", sh->text);
        return EXIT_CANNOT;
    }
    if (sh->result.end == RUN_FAULT) {
        complain("%.159s", sh->result.text);
        return EXIT_OUR_FAULT;
    }
    if (sh->result.end == RUN_UNSUPPORTED) {
        complain("a driver calls %.100s, which undis does not have", sh->result.text);
        return EXIT_CANNOT;
    }
    if (sh->result.end != RUN_DONE || sh->result.text[0] || d->in.violation_count > 0)
        return finding_of_run(o, stack, files, d, record) ? EXIT_OUR_FAULT : EXIT_FOUND;
    if (sh->up == UP_FAILED) {
        complain("%.255s", sh->text);
        return EXIT_FOUND;
    }
    if (!o->quiet)
        printf("stopped: everything is down, nothing was left behind\n");
    return EXIT_OK;
}

static int
supervise(const struct run_options *o, const struct stack *stack, struct stack_files *files,
          const struct statedir *dir, int ready)
{
    struct run_shared *sh = host_shared(sizeof(*sh));
    struct detail *d = detail_create(DETAIL_BYTES);
    struct record *record = o->record ? record_create() : NULL;
    int status;
    pid_t pid;

    if (sh == NULL || d == NULL || (o->record && record == NULL)) {
        complain("out of memory");
        return EXIT_CANNOT;
    }
    host_on_signal(SIGINT, on_signal);
    host_on_signal(SIGTERM, on_signal);
    host_on_signal(SIGHUP, on_signal);
    fflush(NULL);
    pid = fork();
    if (pid < 0) {
        complain("no further process can be started (%s)", strerror(errno));
        return EXIT_CANNOT;
    }
    if (pid == 0)
        worker_main(o, stack, files, dir, sh, d, record, ready);
    close(ready);
    status = watch(pid);
    status = verdict(o, stack, files, sh, d, record, status);
    fflush(NULL); /* before the name is given back: who waits for that reads the log next */
    return status;
}

/* ------------------------------------------------------------------ the foreground */

static int
log_file(const char *name)
{
    char base[72], path[120];

    if (host_rundir(base, sizeof(base)))
        return -1;
    snprintf(path, sizeof(path), "%s/%.32s.log", base, name);
    return open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_APPEND, 0600);
}

/* What the log has, to our stderr. */
static void
show_log(int log)
{
    char text[4096];
    off_t at = 0;
    ssize_t got;

    for (; (got = pread(log, text, sizeof(text), at)) > 0; at += got)
        (void)!write(2, text, (size_t)got);
}

/*
 * --detach: a child goes on in a session of its own. The parent waits until the machine runs, or the child ended: then
 * its exit status is the parent's, and so is what it said. Returns in the child only, which holds no terminal or pipe
 * of the parent's: who reads from it comes to an end.
 */
static void
go_to_background(const struct stack *stack, struct statedir *dir, int ready[2])
{
    int status, log = log_file(stack->name), null;
    char byte;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid != 0) {
        close(ready[1]);
        if (pid > 0 && read(ready[0], &byte, 1) == 1) {
            printf("%s runs as process %d; undis stop --name %s ends it\n", stack->name, (int)pid, stack->name);
            fflush(stdout);
            _exit(EXIT_OK);
        }
        status = pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_CANNOT;
        if (log >= 0)
            show_log(log);
        _exit(status);
    }
    close(ready[0]);
    setsid();
    statedir_moved(dir);
    null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null >= 0)
        dup2(null, 0);
    if (log >= 0) {
        dup2(log, 1);
        dup2(log, 2);
    }
}

static int
fail_file(const char *file, unsigned line, const char *text)
{
    if (line)
        complain("%s, line %u: %s", file, line, text);
    else
        complain("%s: %s", file, text);
    return EXIT_CANNOT;
}

/* A .reg file, for when drivers are installed. 0 or the exit status. */
static int
read_changes(const char *path, struct reg_file **out)
{
    struct inf_error err;
    uint8_t *bytes = NULL;
    size_t len = 0;
    int result = host_read_file(path, &bytes, &len);

    if (result) {
        complain("%.150s: %s", path, strerror(-result));
        return EXIT_CANNOT;
    }
    result = reg_parse(bytes, len, out, &err);
    free(bytes);
    if (result)
        return fail_file(path, err.line, err.text);
    pnp_registry_changes(*out);
    return 0;
}

int
run_machine(const struct run_options *o)
{
    struct stack *stack;
    struct scn_error err;
    struct stack_files files;
    struct statedir dir;
    char text[256];
    unsigned line = 0;
    int ready[2], other, status = EXIT_CANNOT;
    struct reg_file *changes = NULL;

    lab_register_exports(); /* names of exports, for stacks; the worker inherits the table */
    builtin_register_exports();
    if (stack_load(o->file, &stack, &err))
        return fail_file(o->file, err.line, err.text);
    if (nt_profile_select(stack->os)) {
        snprintf(text, sizeof(text), "there is no OS profile \"%.40s\"; undis test --help lists them", stack->os);
        fail_file(o->file, stack->os_line, text);
        stack_free(stack);
        return EXIT_CANNOT;
    }
    if (o->name != NULL) {
        free(stack->name);
        stack->name = strdup(o->name);
        if (stack->name == NULL)
            abort();
    }
    if (stack_files_read(stack, &files, &line, text)) {
        fail_file(o->file, line, text);
        goto out;
    }
    if (o->reg != NULL && (status = read_changes(o->reg, &changes)) != 0)
        goto out;
    status = EXIT_CANNOT;
    if (statedir_claim(&dir, stack->name, &other, text)) {
        complain("%.199s", text);
        goto out;
    }
    if (o->netns && host_netns_new(text)) {
        complain("%.199s", text);
        goto release;
    }
    if (pipe2(ready, O_CLOEXEC)) {
        complain("no pipe (%s)", strerror(errno));
        goto release;
    }
    if (o->detach)
        go_to_background(stack, &dir, ready);
    status = supervise(o, stack, &files, &dir, ready[1]);
release:
    statedir_release(&dir);
out:
    pnp_registry_changes(NULL);
    reg_file_free(changes);
    stack_files_free(&files);
    stack_free(stack);
    return status;
}
