/* SPDX-License-Identifier: MIT */
/*
 * host/sandbox.c - what a worker may ask of Linux: almost nothing, and driver code nothing at all.
 *
 * Model: two filters. The first is an allow-list of the few calls the worker's own
 * code makes after set-up. The second looks only at where the call came from: any
 * system call instruction at a machine address (driver images, stacks, heap)
 * raises SIGSYS, which the trap handler turns into a finding. rdtsc traps, so time
 * that drivers read is virtual; the worker itself reads no clock after this.
 *
 * A live machine makes a system call per frame, and a filter is run for each; where Linux can look at the origin
 * itself (syscall user dispatch of an area, 6.17), it does so thread by thread, at a third of the price.
 */
#include "host/host.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MACHINE_HIGH 0x7e90u /* upper half of addresses of the machine arena: 0x7e90........ */

/* PR_SET_SYSCALL_USER_DISPATCH and its mode for calls from inside an area: newer than some headers. */
#define DISPATCH         59
#define DISPATCH_INSIDE  2
#define DISPATCH_ADDRESS ((unsigned long)(MACHINE_HIGH - 1) << 32)
#define DISPATCH_BYTES   (17ul << 32)

static bool by_thread; /* the origin is looked at without a filter */

#ifndef UNDIS_SANITIZE
static int
allow_list(void)
{
    static const int calls[] = {
        SCMP_SYS(read),         SCMP_SYS(write),
        SCMP_SYS(exit),         SCMP_SYS(exit_group),
        SCMP_SYS(rt_sigreturn), SCMP_SYS(futex),
        SCMP_SYS(mmap),         SCMP_SYS(munmap),
        SCMP_SYS(mremap),       SCMP_SYS(brk),
        SCMP_SYS(mprotect),     SCMP_SYS(madvise),
        SCMP_SYS(getpid),       SCMP_SYS(gettid),
        SCMP_SYS(tgkill),       SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(rt_sigaction), SCMP_SYS(sigaltstack),
        SCMP_SYS(getrandom),    SCMP_SYS(clock_gettime),
        SCMP_SYS(close),        SCMP_SYS(restart_syscall),
    };
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_TRAP);
    int err = ctx ? 0 : -ENOMEM;

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]) && !err; i++)
        err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
    if (!err)
        err = seccomp_load(ctx);
    if (ctx)
        seccomp_release(ctx);
    return err;
}
#endif

static int
by_origin(void)
{
    struct sock_filter code[] = {
        /* upper 32 bits of the address of the system call instruction */
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, MACHINE_HIGH - 1, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, MACHINE_HIGH + 16, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog prog = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) ? -errno : 0;
}

int
host_sandbox(void)
{
    int err;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -errno;
    if (prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0))
        return -errno;
    err = by_origin();
#ifndef UNDIS_SANITIZE /* their reports read /proc and start a symbolizer */
    if (!err)
        err = allow_list();
#endif
    return err;
}

int
host_sandbox_live(void)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -errno;
    by_thread = prctl(DISPATCH, DISPATCH_INSIDE, DISPATCH_ADDRESS, DISPATCH_BYTES, NULL) == 0;
    return by_thread ? 0 : by_origin();
}

int
host_sandbox_thread(void)
{
    if (!by_thread)
        return 0; /* a filter is inherited */
    return prctl(DISPATCH, DISPATCH_INSIDE, DISPATCH_ADDRESS, DISPATCH_BYTES, NULL) ? -errno : 0;
}

/* The library allocates the name; a run names one call at most. */
const char *
host_syscall_name(unsigned number)
{
    const char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, (int)number);

    return name ? name : "unknown";
}
