/* SPDX-License-Identifier: MIT */
/* host/host.c - memory, clock, files, signals. */
#include "host/host.h"

#include <asm/prctl.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/tsan.h"

#define HUGE_PAGE ((size_t)2 << 20)

static int
prot_bits(enum host_prot prot)
{
    return (prot & 1 ? PROT_READ : 0) | (prot & 2 ? PROT_WRITE : 0) | (prot & 4 ? PROT_EXEC : 0);
}

int
host_map_fixed(uint64_t va, uint64_t size, enum host_prot prot, int fd, uint64_t offset, bool shared)
{
    int flags =
        MAP_FIXED_NOREPLACE | MAP_NORESERVE | (shared ? MAP_SHARED : MAP_PRIVATE) | (fd < 0 ? MAP_ANONYMOUS : 0);
    void *p = mmap((void *)va, size, prot_bits(prot), flags, fd, (off_t)offset);

    if (p == MAP_FAILED)
        return -errno;
    if (p != (void *)va) { /* a kernel without MAP_FIXED_NOREPLACE took it as a hint */
        munmap(p, size);
        return -EEXIST;
    }
    return 0;
}

int
host_remap_fixed(uint64_t va, uint64_t size, enum host_prot prot, int fd, uint64_t offset)
{
    void *p = mmap((void *)va, size, prot_bits(prot), MAP_FIXED | MAP_SHARED, fd, (off_t)offset);

    return p == MAP_FAILED ? -errno : 0;
}

void
host_give_back(uint64_t va, uint64_t size)
{
    (void)madvise((void *)va, size, MADV_REMOVE); /* what Linux does not take back stays as it is: no harm */
}

int
host_protect(uint64_t va, uint64_t size, enum host_prot prot)
{
    return mprotect((void *)va, size, prot_bits(prot)) ? -errno : 0;
}

int
host_unmap(uint64_t va, uint64_t size)
{
    return munmap((void *)va, size) ? -errno : 0;
}

int
host_memfd(const char *name, uint64_t size)
{
    int fd = memfd_create(name, MFD_CLOEXEC);

    if (fd < 0)
        return -errno;
    if (ftruncate(fd, (off_t)size)) {
        int err = -errno;

        close(fd);
        return err;
    }
    return fd;
}

static uint64_t
clock_ns(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t
host_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t
host_cpu_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

void
host_sleep_us(unsigned us)
{
    usleep(us);
}

void
host_set_gs(uint64_t base)
{
    syscall(SYS_arch_prctl, ARCH_SET_GS, base);
}

uint64_t
host_gs(void)
{
    uint64_t base = 0;

    syscall(SYS_arch_prctl, ARCH_GET_GS, &base);
    return base;
}

uint64_t
host_system_time_100ns(void)
{
    return clock_ns(CLOCK_REALTIME) / 100 + 116444736000000000ull; /* from 1601 to 1970 */
}

void *
host_large_alloc(size_t size)
{
    void *p;

    if (size < 2 * HUGE_PAGE)
        return malloc(size);
    p = aligned_alloc(HUGE_PAGE, (size + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
    if (p)
        madvise(p, size, MADV_HUGEPAGE); /* not to be had: small pages, then */
    return p;
}

int
host_read_file(const char *path, uint8_t **out, size_t *len)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
    uint8_t *bytes = NULL;
    size_t have = 0;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st)) {
        err = -errno;
        goto out;
    }
    if (S_ISDIR(st.st_mode)) {
        err = -EISDIR;
        goto out;
    }
    if (!S_ISREG(st.st_mode) || st.st_size > (off_t)INT_MAX) {
        err = -EFBIG;
        goto out;
    }
    bytes = host_large_alloc((size_t)st.st_size + 1);
    if (!bytes) {
        err = -ENOMEM;
        goto out;
    }
    while (have < (size_t)st.st_size) {
        ssize_t n = read(fd, bytes + have, (size_t)st.st_size - have);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            err = n < 0 ? -errno : 0;
            break;
        }
        have += (size_t)n;
    }
    if (!err) {
        bytes[have] = 0;
        *out = bytes;
        *len = have;
        bytes = NULL;
    }
out:
    free(bytes);
    close(fd);
    return err;
}

int
host_write_file(const char *path, const void *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), err = 0;
    const char *at = data;

    if (fd < 0)
        return -errno;
    while (len > 0) {
        ssize_t n = write(fd, at, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            err = -errno;
            break;
        }
        at += n;
        len -= (size_t)n;
    }
    if (close(fd) && !err)
        err = -errno;
    return err;
}

int
host_mkdir_p(const char *path)
{
    char buf[PATH_MAX];
    size_t n = strlen(path);

    if (n == 0 || n >= sizeof(buf))
        return -ENAMETOOLONG;
    memcpy(buf, path, n + 1);
    for (char *p = buf + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (mkdir(buf, 0755) && errno != EEXIST)
            return -errno;
        *p = '/';
    }
    return mkdir(buf, 0755) && errno != EEXIST ? -errno : 0;
}

void *
host_shared(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

void *
host_alloc(size_t size)
{
    return malloc(size);
}

void *
host_alloc_zeroed(size_t size)
{
    return calloc(1, size);
}

void
host_free(void *p)
{
    free(p);
}

double
host_process_cpu_s(int pid)
{
    clockid_t id;
    struct timespec ts;

    if (clock_getcpuclockid(pid, &id) || clock_gettime(id, &ts))
        return 0;
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void
host_unshare(void *p, size_t size)
{
    munmap(p, size);
}

int
host_sandbox_ready(void)
{
    signal(SIGINT, SIG_IGN); /* the supervisor ends us */
    return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) ? -errno : 0;
}

int
host_signal_stack(void)
{
    stack_t ss, old;

    if (sigaltstack(NULL, &old) == 0 && !(old.ss_flags & SS_DISABLE))
        return 0;
    ss = (stack_t){ .ss_size = 128 * 1024 };
    ss.ss_sp = mmap(NULL, ss.ss_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (ss.ss_sp == MAP_FAILED)
        return -ENOMEM;
    return sigaltstack(&ss, NULL) ? -errno : 0;
}

#ifdef WITH_TSAN
/*
 * TSan's sigaction() calls handlers of asynchronous signals later, with a copy of the registers. Ours must run at once
 * and may change them, so the kernel is asked directly.
 */
__asm__(".text\n"
        "host_signal_restorer:\n"
        "    mov $15, %eax\n" /* rt_sigreturn */
        "    syscall\n");
void host_signal_restorer(void);

static int
set_handler(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct {
        void (*handler)(int, siginfo_t *, void *);
        unsigned long flags;
        void (*restorer)(void);
        uint64_t mask;
    } sa = { handler, (unsigned long)flags | 0x04000000 /* SA_RESTORER */, host_signal_restorer, 0 };

    return syscall(SYS_rt_sigaction, sig, &sa, NULL, sizeof(sa.mask)) ? -errno : 0;
}
#else
static int
set_handler(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction sa = { .sa_sigaction = handler, .sa_flags = flags };

    return sigaction(sig, &sa, NULL) ? -errno : 0;
}
#endif

int
host_on_signal(int sig, void (*handler)(int, siginfo_t *, void *))
{
    int err = host_signal_stack();

    return err ? err : set_handler(sig, handler, SA_SIGINFO | SA_ONSTACK | SA_NODEFER);
}

int
host_tick(unsigned ms)
{
    struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
    struct itimerval it = { tv, tv };

    return setitimer(ITIMER_VIRTUAL, &it, NULL) ? -errno : 0;
}

void
host_crash(const char *what, uint64_t rip, uint64_t address)
{
    static const char digits[] = "0123456789abcdef";
    char buf[256];
    size_t n = 0;

    for (const char *p = "undis: our own fault: "; *p; p++)
        buf[n++] = *p;
    while (*what && n < 160)
        buf[n++] = *what++;
    for (int k = 0; k < 2; k++) {
        uint64_t v = k ? address : rip;

        for (const char *p = k ? ", address 0x" : " at 0x"; *p; p++)
            buf[n++] = *p;
        for (int s = 60; s >= 0; s -= 4)
            buf[n++] = digits[v >> s & 15];
    }
    buf[n++] = '\n';
    if (write(2, buf, n) < 0)
        _exit(3);
    _exit(3);
}
