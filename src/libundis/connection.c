/* SPDX-License-Identifier: MIT */
/*
 * libundis/connection.c - the socket to the machine, the window both see, requests and their answers.
 *
 * Model: the window is handed out by pages under one lock, first fit; requests under way stand in a list. The reading
 * thread takes each answer to its request: it wakes who waits, or completes what is overlapped. When the socket ends,
 * everything under way ends as if the device had been removed.
 * Start reading at: lib_call(), read_answers().
 */
#include "libundis/lib.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/statedir.h"

#define PAGE  4096u
#define PAGES (UNDIS_WINDOW / PAGE)
#define LIMIT 160u                  /* requests under way that may take long; the machine takes 200 */
#define EXTRA 39u                   /* and of the others: those that end them */
#define ANSWERS 32u                 /* read at a time */
#define GONE  ((int32_t)0xc000009d) /* STATUS_DEVICE_NOT_CONNECTED */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* an answer, a free page */
    pthread_once_t once;
    pthread_key_t thread_key; /* set: this thread is known to the machine */
    char machine[40];         /* "": the only one */
    char error[200];
    int fd;
    pid_t pid;
    bool up;
    bool can_probe; /* the kernel tells whether memory is accessible */
    uint8_t *window;
    bool page[PAGES];
    uint64_t next_id;
    unsigned under_way;
    struct lib_request *first;
} c = { .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
        .once = PTHREAD_ONCE_INIT,
        .fd = -1,
        .next_id = 1 };

/* ------------------------------------------------------------------ answers */

/* The driver's bytes to the caller's buffer. */
static void
take_out(struct lib_request *r)
{
    uint64_t bytes = r->copy_all ? r->out_length : r->a.information;
    /* documented: an error status moves nothing; a warning does */
    bool moved = (uint32_t)r->a.status >> 30 != 3 || r->copy_all;

    if (r->out != 0 && moved)
        memcpy(r->out_buffer, c.window + r->out, bytes < r->out_length ? bytes : r->out_length);
}

static struct lib_request *
unlink_request(uint64_t id)
{
    struct lib_request **at = &c.first, *r;

    while (*at != NULL && (*at)->q.id != id)
        at = &(*at)->next;
    r = *at;
    if (r != NULL) {
        *at = r->next;
        c.under_way--;
    }
    return r;
}

/* lock */
static void
complete(struct lib_request *r)
{
    take_out(r);
    if (r->overlapped == NULL) {
        r->done = true;
    } else {
        lib_overlapped_done(r->overlapped, r->a.status, r->a.information);
        lib_release(r);
        free(r);
    }
    pthread_cond_broadcast(&c.changed);
}

static void
take_answer(const struct undis_answer *a)
{
    struct lib_request *r;

    if (a->op == UNDIS_EVENT_TOLD) {
        lib_event_told(a->handle);
        return;
    }
    pthread_mutex_lock(&c.lock);
    r = unlink_request(a->id);
    if (r != NULL) {
        r->a = *a;
        complete(r);
    }
    pthread_mutex_unlock(&c.lock);
}

/* As many as there are, at least one. How many; negative: the socket has ended, or the machine talks nonsense. */
static int
receive_answers(struct undis_answer a[ANSWERS])
{
    struct mmsghdr m[ANSWERS];
    struct iovec iov[ANSWERS];
    int n;

    memset(m, 0, sizeof(m));
    for (unsigned i = 0; i < ANSWERS; i++) {
        iov[i] = (struct iovec){ &a[i], sizeof(a[i]) };
        m[i].msg_hdr.msg_iov = &iov[i];
        m[i].msg_hdr.msg_iovlen = 1;
    }
    do
        n = recvmmsg(c.fd, m, ANSWERS, MSG_WAITFORONE, NULL);
    while (n < 0 && errno == EINTR);
    for (int i = 0; i < n; i++)
        if (m[i].msg_len != sizeof(a[i]) || a[i].magic != UNDIS_MAGIC) {
            shutdown(c.fd, SHUT_RDWR); /* nothing after it counts */
            return i > 0 ? i : -1;
        }
    return n > 0 ? n : -1;
}

static void *
read_answers(void *arg)
{
    struct undis_answer a[ANSWERS];
    int n;

    (void)arg;
    while ((n = receive_answers(a)) > 0)
        for (int i = 0; i < n; i++)
            take_answer(&a[i]);
    pthread_mutex_lock(&c.lock);
    c.up = false;
    while (c.first != NULL) {
        struct lib_request *r = unlink_request(c.first->q.id);

        r->a = (struct undis_answer){ .status = GONE };
        complete(r);
    }
    pthread_cond_broadcast(&c.changed);
    pthread_mutex_unlock(&c.lock);
    return NULL;
}

/* ------------------------------------------------------------------ connecting */

/* A thread that the machine knows ends. */
static void
thread_ends(void *known)
{
    struct lib_request r = { .q.op = UNDIS_THREAD_EXIT };

    (void)known;
    if (c.pid == getpid())
        lib_call(&r);
}

static int
receive_window(int *memory)
{
    struct undis_answer a;
    struct iovec iov = { &a, sizeof(a) };
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } ctl;
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &ctl, .msg_controllen = sizeof(ctl) };
    struct cmsghdr *got;

    if (recvmsg(c.fd, &m, MSG_CMSG_CLOEXEC) != sizeof(a) || a.status != 0 || a.information != UNDIS_WINDOW)
        return -EPROTO;
    got = CMSG_FIRSTHDR(&m);
    if (got == NULL || got->cmsg_type != SCM_RIGHTS)
        return -EPROTO;
    memcpy(memory, CMSG_DATA(got), sizeof(int));
    return 0;
}

static int
say_hello(void)
{
    struct undis_request hello = { .magic = UNDIS_MAGIC, .op = UNDIS_HELLO, .id = c.next_id++ };
    int memory, err;

    snprintf(hello.path, sizeof(hello.path), "%s", program_invocation_short_name);
    if (send(c.fd, &hello, sizeof(hello), MSG_NOSIGNAL) != sizeof(hello))
        return -errno;
    err = receive_window(&memory);
    if (err)
        return err;
    c.window = mmap(NULL, UNDIS_WINDOW, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    close(memory);
    return c.window == MAP_FAILED ? -ENOMEM : 0;
}

/* A thread of ours takes no signals of the program's. */
static int
start_reader(void)
{
    pthread_t thread;
    sigset_t all, before;
    int err;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(&thread, NULL, read_answers, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err == 0)
        pthread_detach(thread);
    return -err;
}

static void
connect_once(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char path[108];
    int err;

    if (statedir_find(c.machine[0] ? c.machine : NULL, path, c.error))
        return;
    memcpy(address.sun_path, path, sizeof(address.sun_path));
    c.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    err = c.fd < 0 || connect(c.fd, (const struct sockaddr *)&address, sizeof(address)) ? -errno : say_hello();
    if (!err)
        err = -pthread_key_create(&c.thread_key, thread_ends);
    if (!err) {
        c.page[0] = true; /* the machine's */
        c.can_probe = madvise(c.window, PAGE, MADV_POPULATE_READ) == 0;
        c.up = true;
        c.pid = getpid();
        err = start_reader();
    }
    if (err) {
        c.up = false;
        snprintf(c.error, sizeof(c.error), "the machine's socket %.100s: %s", path, strerror(-err));
        if (c.fd >= 0)
            close(c.fd);
    }
}

bool
lib_connected(void)
{
    pthread_once(&c.once, connect_once);
    return __atomic_load_n(&c.up, __ATOMIC_ACQUIRE) && c.pid == getpid();
}

BOOL
undis_connect(const char *machine)
{
    if (machine != NULL)
        snprintf(c.machine, sizeof(c.machine), "%s", machine);
    return lib_connected() ? TRUE : lib_fail(ERROR_SERVICE_NOT_ACTIVE);
}

const char *
undis_connect_error(void)
{
    return c.error;
}

/* ------------------------------------------------------------------ the window */

/* lock: a place for length bytes; 0: none now. */
static uint32_t
take_pages(uint32_t length, uint32_t *pages)
{
    uint32_t want = (length + PAGE - 1) / PAGE, run = 0;

    for (uint32_t i = 0; i < PAGES; i++) {
        run = c.page[i] ? 0 : run + 1;
        if (run == want) {
            memset(c.page + i + 1 - want, true, want);
            *pages = want;
            return (i + 1 - want) * PAGE;
        }
    }
    return 0;
}

static void
give_pages(uint32_t at, uint32_t pages)
{
    if (at != 0)
        memset(c.page + at / PAGE, false, pages);
}

/* lock */
void
lib_release(struct lib_request *r)
{
    give_pages(r->in, r->in_pages);
    give_pages(r->out, r->out_pages);
    r->in = r->out = 0;
}

/* lock: both buffers have a place, or neither. */
static bool
take_both(struct lib_request *r, uint32_t in_length, uint32_t out_length)
{
    if (in_length > 0 && (r->in = take_pages(in_length, &r->in_pages)) == 0)
        return false;
    if (out_length > 0 && (r->out = take_pages(out_length, &r->out_pages)) == 0) {
        lib_release(r);
        return false;
    }
    return true;
}

/*
 * May length bytes at p be read, or written? Brings them in. A program whose other thread unmaps them meanwhile gets
 * its SIGSEGV, and any gets it on a kernel without MADV_POPULATE_* (before 5.14).
 */
static bool
accessible(const void *p, uint32_t length, int how)
{
    uintptr_t first = (uintptr_t)p & ~(uintptr_t)(PAGE - 1);

    if (length == 0)
        return true;
    if (p == NULL || (uintptr_t)p + length < (uintptr_t)p)
        return false;
    return madvise((void *)first, (uintptr_t)p + length - first, how) == 0 || !c.can_probe;
}

bool
lib_prepare(struct lib_request *r, LPCVOID in, uint32_t in_length, LPVOID out, uint32_t out_length, bool out_is_in)
{
    if (!lib_connected())
        return lib_fail(ERROR_SERVICE_NOT_ACTIVE);
    if ((uint64_t)in_length + out_length > UNDIS_REQUEST_MAX)
        return lib_fail(ERROR_NO_SYSTEM_RESOURCES);
    if (!accessible(in, in_length, MADV_POPULATE_READ) || !accessible(out, out_length, MADV_POPULATE_WRITE))
        return lib_fail(ERROR_NOACCESS);
    pthread_mutex_lock(&c.lock);
    while (c.up && !take_both(r, in_length, out_length))
        pthread_cond_wait(&c.changed, &c.lock); /* what is under way gives its pages back */
    pthread_mutex_unlock(&c.lock);
    if (in_length > 0 && r->in != 0)
        memcpy(c.window + r->in, in, in_length);
    if (out_length > 0 && r->out != 0 && out_is_in)
        memcpy(c.window + r->out, out, out_length);
    r->out_buffer = out;
    r->out_length = out_length;
    r->q.in_offset = r->in;
    r->q.in_length = in_length;
    r->q.out_offset = r->out;
    r->q.out_length = out_length;
    return true;
}

/* ------------------------------------------------------------------ requests */

static bool
may_take_long(const struct lib_request *r)
{
    return r->q.op >= UNDIS_OPEN && r->q.op <= UNDIS_IOCTL && r->q.op != UNDIS_CLOSE;
}

/* lock */
static bool
send_request(struct lib_request *r)
{
    r->q.magic = UNDIS_MAGIC;
    r->q.thread = (uint32_t)syscall(SYS_gettid);
    while (c.up && c.under_way >= (may_take_long(r) ? LIMIT : LIMIT + EXTRA))
        pthread_cond_wait(&c.changed, &c.lock);
    if (!c.up)
        return false;
    r->q.id = c.next_id++;
    r->next = c.first;
    c.first = r;
    c.under_way++;
    if (r->q.op != UNDIS_THREAD_EXIT)
        pthread_setspecific(c.thread_key, &c);
    while (send(c.fd, &r->q, sizeof(r->q), MSG_NOSIGNAL) < 0) {
        if (errno == EINTR)
            continue;
        unlink_request(r->q.id);
        return false;
    }
    return true;
}

bool
lib_call(struct lib_request *r)
{
    bool sent;

    if (!lib_connected())
        return lib_fail(ERROR_SERVICE_NOT_ACTIVE);
    pthread_mutex_lock(&c.lock);
    sent = send_request(r);
    while (sent && !r->done)
        pthread_cond_wait(&c.changed, &c.lock);
    lib_release(r);
    pthread_mutex_unlock(&c.lock);
    return sent ? true : lib_fail(ERROR_SERVICE_NOT_ACTIVE);
}

bool
lib_start(struct lib_request *r)
{
    bool sent;

    r->overlapped->InternalHigh = 0;
    r->overlapped->Internal = 0x103;
    lib_overlapped_begins(r->overlapped);
    pthread_mutex_lock(&c.lock);
    sent = send_request(r);
    if (!sent)
        lib_release(r);
    pthread_mutex_unlock(&c.lock);
    return sent ? true : lib_fail(ERROR_SERVICE_NOT_ACTIVE);
}

uint64_t
lib_find(LPOVERLAPPED overlapped)
{
    uint64_t id = 0;

    pthread_mutex_lock(&c.lock);
    for (const struct lib_request *r = c.first; r != NULL && id == 0; r = r->next)
        if (r->overlapped == overlapped)
            id = r->q.id;
    pthread_mutex_unlock(&c.lock);
    return id;
}
