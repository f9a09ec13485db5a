/* SPDX-License-Identifier: MIT */
/*
 * host/host.h - the one narrow door to Linux.
 *
 * Everything here may block, read clocks or fail; nothing above may do so by
 * itself. No function is callable from a fiber unless it says so.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum host_prot { HOST_NONE = 0, HOST_R = 1, HOST_RW = 3, HOST_RX = 5, HOST_RWX = 7 };

/* Map at exactly va or fail with -EEXIST/-ENOMEM; never moves. fd -1: anonymous. shared: MAP_SHARED. */
int host_map_fixed(uint64_t va, uint64_t size, enum host_prot prot, int fd, uint64_t offset, bool shared);
int host_protect(uint64_t va, uint64_t size, enum host_prot prot);
/* The pages of a memfd behind [va, va + size), page-aligned, go back to Linux and are zero when touched next. */
void host_give_back(uint64_t va, uint64_t size);
int host_unmap(uint64_t va, uint64_t size);
/* Replace what is mapped at va (inside one of our ranges) by pages of fd. */
int host_remap_fixed(uint64_t va, uint64_t size, enum host_prot prot, int fd, uint64_t offset);
int host_memfd(const char *name, uint64_t size); /* fd or -errno */

uint64_t host_now_ns(void);            /* monotonic */
uint64_t host_system_time_100ns(void); /* the wall clock, since 1601 */
uint64_t host_cpu_ns(void);            /* CPU time of this process */
void host_sleep_us(unsigned us);
void host_set_gs(uint64_t base);
uint64_t host_gs(void);

/* malloc(), for what may be very large: in huge pages then, which costs far less to touch. */
void *host_large_alloc(size_t size);
int host_read_file(const char *path, uint8_t **out, size_t *len); /* caller frees; -errno */
int host_write_file(const char *path, const void *data, size_t len);
int host_mkdir_p(const char *path);

/* Memory outside the machine: what a snapshot holds. Never while a fiber runs. NULL: none. */
void *host_alloc(size_t size);
void *host_alloc_zeroed(size_t size); /* much of it: pages cost nothing before they are used */
void host_free(void *p);

/* CPU seconds another process of ours has used; 0 when it is gone. */
double host_process_cpu_s(int pid);

/* Give the calling thread a signal stack, if it has none. 0 or -errno. */
int host_signal_stack(void);
/* Install a handler: SA_SIGINFO | SA_ONSTACK | SA_NODEFER on the thread's signal stack. */
int host_on_signal(int sig, void (*handler)(int, siginfo_t *, void *));

/* SIGVTALRM each time this process has used so much CPU time in user mode. 0 or -errno. */
int host_tick(unsigned ms);

/* Our own fault: one line on stderr with where, then exit status 3. Signal-safe. */
_Noreturn void host_crash(const char *what, uint64_t rip, uint64_t address);

/* Sandbox of a worker: no-new-privileges, a system call allow-list, none at all from driver addresses, rdtsc traps. */
int host_sandbox(void);

/*
 * Sandbox of a live machine: no-new-privileges and no system call from driver addresses, for this thread and those it
 * starts. Our own code opens wires and answers clients, so it has no allow-list. 0 or -errno.
 */
int host_sandbox_live(void);
/* The same for a thread that this one started since: host_thread() does it. 0 or -errno. */
int host_sandbox_thread(void);

/* "open"; "unknown" for a number Linux has no call for. */
const char *host_syscall_name(unsigned number);

/*
 * In a fresh worker, before any input is touched: survive nothing of the terminal, die with the supervisor.
 * host_sandbox() follows when the machine is mapped. 0 or -errno.
 */
int host_sandbox_ready(void);

/* Shared memory between supervisor and worker, zeroed. */
void *host_shared(size_t size);
void host_unshare(void *p, size_t size);

#endif
