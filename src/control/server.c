/* SPDX-License-Identifier: MIT */
/* control/server.c - see server.h. Start reading at: serve(). */
#include "control/server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/join.h"
#include "control/message.h"
#include "control/program.h"
#include "control/trace.h"
#include "host/thread.h"
#include "nt/ps/ps.h"

#define CLIENTS_MAX 40u
#define ADMIN_MAX   4u      /* requests of one administrator under way */
#define BURST       32u     /* packets of one client, read or written, before it is the next one's turn */
#define ANSWER_MAX  200000u /* bytes: what a packet may have without more rights */
#define PRINTS      256u
#define PRINT_BYTES 240u

struct answer {
    struct answer *next;
    size_t length;
    int fd; /* goes with it; -1: none */
    uint8_t bytes[];
};

/* An answer on its way. */
struct packet_out {
    struct iovec iov;
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } ctl;
};

struct client {
    int fd;              /* -1: the peer is gone */
    unsigned admin_jobs; /* under way */
    struct program *program;
    bool begun, ending; /* its process exists; its end was posted */
    uint64_t hello;     /* id of its UNDIS_HELLO */
    struct answer *first, **last;
};

/* A line for standard output; written by fibers, read by the control thread. */
struct print {
    uint32_t state; /* 0 free, 1 being written, 2 full */
    uint16_t length;
    char text[PRINT_BYTES];
};

static struct server {
    struct running *running;
    int listen, wake;
    bool stopping;    /* no new work: set by the runner */
    uint32_t stopped; /* 1: the thread has ended (futex) */
    struct client *client[CLIENTS_MAX];
    struct job *finished; /* pushed by fibers */
    struct print print[PRINTS];
    uint32_t print_next, print_lost;
    uint32_t print_shown; /* control thread */
} server;

/* ------------------------------------------------------------------ jobs */

static void
run_job(void *arg)
{
    struct job *j = arg;

    j->run(j);
    if (fiber_self()->thread != NULL)
        ps_thread_exit(0); /* what it called wanted a thread: it goes with the fiber */
}

int
job_post(struct job *j)
{
    return live_call("control", FIBER_SYSTEM, run_job, j);
}

void
job_finish(struct job *j)
{
    struct job *old = __atomic_load_n(&server.finished, __ATOMIC_RELAXED);

    do
        j->next = old;
    while (!__atomic_compare_exchange_n(&server.finished, &old, j, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    live_notify(server.wake);
}

static void
take_finished(void)
{
    struct job *j = __atomic_exchange_n(&server.finished, NULL, __ATOMIC_ACQUIRE), *in_order = NULL, *next;

    for (; j != NULL; j = next) {
        next = j->next;
        j->next = in_order;
        in_order = j;
    }
    for (; in_order != NULL; in_order = next) {
        next = in_order->next;
        in_order->finished(in_order);
    }
}

/* ------------------------------------------------------------------ lines */

void
server_print(const char *text, size_t length)
{
    uint32_t i = __atomic_fetch_add(&server.print_next, 1, __ATOMIC_RELAXED);
    struct print *p = &server.print[i % PRINTS];
    uint32_t empty = 0;

    if (!__atomic_compare_exchange_n(&p->state, &empty, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        __atomic_fetch_add(&server.print_lost, 1, __ATOMIC_RELAXED);
        return;
    }
    p->length = (uint16_t)(length < PRINT_BYTES ? length : PRINT_BYTES);
    memcpy(p->text, text, p->length);
    __atomic_store_n(&p->state, 2, __ATOMIC_RELEASE);
    live_notify(server.wake);
}

static void
show_prints(void)
{
    uint32_t lost;

    for (uint32_t i = 0; i < PRINTS; i++) {
        struct print *p = &server.print[(server.print_shown + i) % PRINTS];
        int n = p->length;

        if (__atomic_load_n(&p->state, __ATOMIC_ACQUIRE) != 2)
            continue;
        n = p->length;
        while (n > 0 && (p->text[n - 1] == '\n' || p->text[n - 1] == '\r'))
            n--;
        printf("    | %.*s\n", n, p->text);
        __atomic_store_n(&p->state, 0, __ATOMIC_RELEASE);
    }
    server.print_shown = __atomic_load_n(&server.print_next, __ATOMIC_RELAXED);
    lost = __atomic_exchange_n(&server.print_lost, 0, __ATOMIC_RELAXED);
    if (lost > 0)
        printf("    | (%u lines were lost)\n", lost);
    fflush(stdout);
}

/* ------------------------------------------------------------------ answers */

/* Packets for the oldest answers, as many as fit; how many. */
static unsigned
fill_packets(struct client *c, struct packet_out p[BURST], struct mmsghdr m[BURST])
{
    unsigned count = 0;

    memset(m, 0, BURST * sizeof(*m));
    for (const struct answer *a = c->first; a != NULL && count < BURST; a = a->next, count++) {
        p[count].iov = (struct iovec){ (void *)a->bytes, a->length };
        m[count].msg_hdr.msg_iov = &p[count].iov;
        m[count].msg_hdr.msg_iovlen = 1;
        if (a->fd < 0)
            continue;
        p[count].ctl.header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
                                                .cmsg_type = SCM_RIGHTS,
                                                .cmsg_len = CMSG_LEN(sizeof(int)) };
        memcpy(CMSG_DATA(&p[count].ctl.header), &a->fd, sizeof(int));
        m[count].msg_hdr.msg_control = &p[count].ctl;
        m[count].msg_hdr.msg_controllen = sizeof(p[count].ctl);
    }
    return count;
}

/* Write what waits, as far as the peer takes it. */
static void
flush_answers(struct client *c)
{
    while (c->first != NULL && c->fd >= 0) {
        struct packet_out p[BURST];
        struct mmsghdr m[BURST];
        unsigned count = fill_packets(c, p, m);
        int sent = sendmmsg(c->fd, m, count, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        /* the first is not sent for another reason: for a peer that is going, whose end comes as a hang-up */
        for (count = sent < 0 ? 1 : (unsigned)sent; count > 0; count--) {
            struct answer *a = c->first;

            c->first = a->next;
            if (c->first == NULL)
                c->last = &c->first;
            free(a);
        }
    }
}

static void
flush_all(void)
{
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        if (server.client[i] != NULL)
            flush_answers(server.client[i]);
}

/* It goes out with flush_answers(), when the control thread has done what there is to do. */
static void
answer(struct client *c, const void *bytes, size_t length, int fd)
{
    struct answer *a;

    if (c->fd < 0)
        return;
    a = malloc(sizeof(*a) + length);
    if (a == NULL) {
        shutdown(c->fd, SHUT_RDWR); /* better no answer at all than one that is missing */
        return;
    }
    *a = (struct answer){ .length = length, .fd = fd };
    memcpy(a->bytes, bytes, length);
    *c->last = a;
    c->last = &a->next;
}

static void
answer_json(struct client *c, json_t *j)
{
    char *text = json_dumps(j, JSON_COMPACT);

    if (text != NULL && strlen(text) <= ANSWER_MAX)
        answer(c, text, strlen(text), -1);
    else
        shutdown(c->fd, SHUT_RDWR);
    free(text);
    json_decref(j);
}

static void
refuse_json(struct client *c, const char *why, int exit_status)
{
    answer_json(c, json_pack("{s:b, s:s, s:i}", "ok", 0, "error", why, "exit", exit_status));
}

/* ------------------------------------------------------------------ administrators */

/* Nothing listens any more: the file is complete. */
static void
answer_trace(struct client *c)
{
    unsigned long written, lost;
    const char *file = trace_close(&written, &lost);

    if (c->fd >= 0)
        answer_json(c, json_pack("{s:b, s:s, s:I, s:I}", "ok", 1, "file", file, "events", (json_int_t)written, "lost",
                                 (json_int_t)lost));
}

static void
admin_finished(struct job *job)
{
    struct admin_job *j = (struct admin_job *)job;
    struct client *c = j->owner;

    c->admin_jobs--;
    if (j->command.kind == COMMAND_TRACE && !j->command.on)
        answer_trace(c);
    else if (c->fd >= 0)
        answer_json(c, admin_answer(j));
    join_end(j);
    free(j);
}

static void
admin_packet(struct client *c, const char *text, size_t length)
{
    struct command command;
    struct admin_job *j;
    char why[256];

    if (command_parse(text, length, &command, why)) {
        refuse_json(c, why, 64);
        return;
    }
    if (command.kind == COMMAND_STOP) {
        answer_json(c, json_pack("{s:b, s:i}", "ok", 1, "pid", server.running->pid));
        live_stop();
        return;
    }
    if (command.kind == COMMAND_TRACE && command.on && trace_open(command.file, why)) {
        refuse_json(c, why, 4);
        return;
    }
    j = admin_job_create(server.running, &command, admin_finished);
    snprintf(why, sizeof(why), "the machine takes no more requests now");
    if (j != NULL)
        j->owner = c;
    if (j == NULL || (command.kind == COMMAND_DRIVER_LOAD ? join_begin(j, why) : job_post(&j->job))) {
        if (j != NULL)
            join_end(j);
        free(j);
        refuse_json(c, why, 4);
        return;
    }
    c->admin_jobs++;
}

/* ------------------------------------------------------------------ programs */

static void
program_answered(struct job *job)
{
    struct program_job *j = (struct program_job *)job;
    struct client *c = j->program->owner;

    if (c->fd >= 0)
        answer(c, &j->a, sizeof(j->a), -1);
    program_job_free(j);
}

/* Somebody set an event of a program's. */
static void
program_event_set(struct job *told)
{
    struct program_event *e = (struct program_event *)told;
    struct client *c = e->program->owner;
    struct undis_answer a = { .magic = UNDIS_MAGIC, .op = UNDIS_EVENT_TOLD, .handle = e->number };

    program_event_telling(e);
    if (c->fd >= 0)
        answer(c, &a, sizeof(a), -1);
}

static void
program_begun(struct job *job)
{
    struct program_turn *t = (struct program_turn *)job;
    struct client *c = t->program->owner;
    struct undis_answer a = { .magic = UNDIS_MAGIC, .op = UNDIS_HELLO, .id = c->hello };

    c->begun = true;
    a.information = UNDIS_WINDOW;
    answer(c, &a, sizeof(a), t->program->memory);
    free(t);
}

static void
program_gone(struct job *job)
{
    struct program_turn *t = (struct program_turn *)job;
    struct client *c = t->program->owner;

    program_destroy(t->program);
    c->program = NULL;
    free(t);
}

static void
program_hello(struct client *c, const struct undis_request *q)
{
    struct undis_answer a = { .magic = UNDIS_MAGIC, .op = UNDIS_HELLO, .id = q->id };
    char name[40];
    struct job *j;
    int err;

    snprintf(name, sizeof(name), "%.*s", (int)strnlen(q->path, sizeof(name) - 1), q->path);
    a.status = (int32_t)0xc000009a; /* STATUS_INSUFFICIENT_RESOURCES */
    c->program = program_create(name[0] ? name : "program", &err);
    if (c->program == NULL) {
        answer(c, &a, sizeof(a), -1);
        return;
    }
    c->program->owner = c;
    c->hello = q->id;
    j = program_begin(c->program, program_begun);
    if (j == NULL || job_post(j)) {
        free(j);
        program_destroy(c->program);
        c->program = NULL;
        answer(c, &a, sizeof(a), -1);
    }
}

static void
program_packet(struct client *c, const struct undis_request *q)
{
    struct undis_answer refused;
    struct program_job *j;

    if (q->op == UNDIS_HELLO && c->program == NULL) {
        program_hello(c, q);
        return;
    }
    if (!c->begun || c->ending || q->op == UNDIS_HELLO) {
        shutdown(c->fd, SHUT_RDWR); /* it does not speak the protocol */
        return;
    }
    j = program_request(c->program, q, program_answered, &refused);
    if (j != NULL && job_post(&j->job)) {
        program_job_free(j);
        j = NULL;
    }
    if (j == NULL)
        answer(c, &refused, sizeof(refused), -1);
}

/* ------------------------------------------------------------------ connections */

static void
accept_one(void)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);
    unsigned i = 0;
    int fd = accept4(server.listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    while (i < CLIENTS_MAX && server.client[i] != NULL)
        i++;
    if (i == CLIENTS_MAX || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) ||
        (peer.uid != geteuid() && peer.uid != 0) || (server.client[i] = calloc(1, sizeof(struct client))) == NULL) {
        close(fd);
        return;
    }
    server.client[i]->fd = fd;
    server.client[i]->last = &server.client[i]->first;
}

static void
hang_up(struct client *c)
{
    flush_answers(c);
    close(c->fd);
    c->fd = -1;
    while (c->first != NULL) {
        struct answer *a = c->first;

        c->first = a->next;
        free(a);
    }
    c->last = &c->first;
}

/* The peer is gone: end its process, then forget it. true: nothing of it is left. */
static bool
wind_down(struct client *c)
{
    struct job *j;

    if (c->program != NULL && !c->ending && c->begun) {
        j = program_end(c->program, program_gone);
        if (j != NULL && job_post(j) == 0)
            c->ending = true; /* else next time round */
        else
            free(j);
    }
    return c->program == NULL && c->admin_jobs == 0;
}

/* false: nothing is there any more. */
static bool
read_one(struct client *c)
{
    static union {
        char bytes[UNDIS_PACKET];
        struct undis_request request;
    } packet;
    ssize_t n = recv(c->fd, packet.bytes, sizeof(packet.bytes), MSG_DONTWAIT | MSG_TRUNC);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n <= 0) {
        hang_up(c);
        return false;
    }
    switch (message_kind(packet.bytes, (size_t)n, sizeof(packet.bytes))) {
    case MESSAGE_ADMIN:
        admin_packet(c, packet.bytes, (size_t)n);
        break;
    case MESSAGE_PROGRAM:
        program_packet(c, &packet.request);
        break;
    case MESSAGE_NONSENSE:
        if (c->program == NULL) {
            refuse_json(c, "the request is no JSON object", 64);
            break;
        }
        /* fall through */
    case MESSAGE_TOO_LONG:
        hang_up(c); /* a program that does not speak the protocol */
        break;
    }
    return c->fd >= 0;
}

/* May more be read from it? Only if it reads, too. */
static bool
listens(const struct client *c)
{
    return c->first == NULL && c->admin_jobs < ADMIN_MAX &&
           (c->program == NULL || !c->begun || c->program->under_way < PROGRAM_REQUESTS_MAX);
}

static void
serve_client(struct client **slot, short events)
{
    struct client *c = *slot;

    if (c->fd >= 0 && (events & POLLOUT))
        flush_answers(c);
    if (c->fd >= 0 && (events & POLLIN))
        for (unsigned i = 0; i < BURST && listens(c) && read_one(c); i++)
            ;
    else if (c->fd >= 0 && (events & (POLLHUP | POLLERR)))
        hang_up(c);
    if (c->fd < 0 && wind_down(c)) {
        free(c);
        *slot = NULL;
    }
}

static void
serve(void *arg)
{
    bool left = true;

    (void)arg;
    while (left || !__atomic_load_n(&server.stopping, __ATOMIC_ACQUIRE)) {
        struct pollfd fds[CLIENTS_MAX + 2] = { { server.listen, POLLIN, 0 }, { server.wake, POLLIN, 0 } };
        bool waits = false;

        for (unsigned i = 0; i < CLIENTS_MAX; i++) {
            struct client *c = server.client[i];

            fds[i + 2].fd = c != NULL ? c->fd : -1;
            if (c != NULL)
                fds[i + 2].events = (short)((listens(c) ? POLLIN : 0) | (c->first != NULL ? POLLOUT : 0));
            waits = waits || (c != NULL && c->fd < 0 && !c->ending);
        }
        poll(fds, CLIENTS_MAX + 2, trace_drain() || waits ? 10 : -1);
        if (fds[1].revents & POLLIN)
            host_eventfd_clear(server.wake);
        take_finished();
        flush_all(); /* who is not answered is not read */
        show_prints();
        if (__atomic_load_n(&server.stopping, __ATOMIC_ACQUIRE))
            for (unsigned i = 0; i < CLIENTS_MAX; i++)
                if (server.client[i] != NULL && server.client[i]->fd >= 0)
                    hang_up(server.client[i]);
        if (!__atomic_load_n(&server.stopping, __ATOMIC_ACQUIRE) && (fds[0].revents & POLLIN))
            accept_one();
        left = false;
        for (unsigned i = 0; i < CLIENTS_MAX; i++) {
            if (server.client[i] != NULL)
                serve_client(&server.client[i], fds[i + 2].fd >= 0 ? fds[i + 2].revents : 0);
            left = left || server.client[i] != NULL;
        }
        flush_all();
    }
    trace_close(&(unsigned long){ 0 }, &(unsigned long){ 0 });
    close(server.listen);
    __atomic_store_n(&server.stopped, 1, __ATOMIC_RELEASE);
    host_futex_wake(&server.stopped, 1);
}

/* ------------------------------------------------------------------ start and stop */

void
server_prepare(void)
{
    program_prepare(program_event_set);
}

int
server_start(const char *socket_path, struct running *running, char text[200])
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int err;

    server.running = running;
    snprintf(address.sun_path, sizeof(address.sun_path), "%.107s", socket_path);
    server.wake = host_eventfd();
    server.listen = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server.wake < 0 || server.listen < 0 ||
        bind(server.listen, (const struct sockaddr *)&address, sizeof(address)) || chmod(socket_path, 0600) ||
        listen(server.listen, 16)) {
        err = -errno;
        snprintf(text, 200, "the control socket %.100s cannot be made (%s)", socket_path, strerror(-err));
        return err;
    }
    err = host_thread(serve, NULL);
    if (err)
        snprintf(text, 200, "the control thread cannot be started (%s)", strerror(-err));
    return err;
}

bool
server_stop(unsigned timeout_s)
{
    if (server.running == NULL)
        return true;
    __atomic_store_n(&server.stopping, true, __ATOMIC_RELEASE);
    live_notify(server.wake);
    for (unsigned i = 0; i < timeout_s * 10 && !__atomic_load_n(&server.stopped, __ATOMIC_ACQUIRE); i++)
        host_futex_wait(&server.stopped, 0, 100000000);
    return __atomic_load_n(&server.stopped, __ATOMIC_ACQUIRE);
}
