/* SPDX-License-Identifier: MIT */
/*
 * nt/io/user.h - what a user-mode program of an actor asks of the system.
 *
 * Model: a program is a process (ps_process_create) with threads that are FIBER_USER fibers of it
 * (ps_thread_create). Each function below is one system call: it leaves frames of nt!KiSystemServiceCopyEnd and the
 * call on the guest stack, so that what a driver's dispatch routine shows below itself is what Windows shows, and it
 * may block. Buffers come from user_alloc(), before the snapshot where addresses should not depend on the schedule.
 *
 * Files are synchronous unless opened with USER_OVERLAPPED; then requests are started with user_*_start() and
 * collected with user_wait(). Nobody needs to be a user fiber for user_process_exit().
 */
#ifndef NT_IO_USER_H
#define NT_IO_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* a0 of EV_USER_REQUEST and EV_USER_RESULT. */
enum user_operation {
    USER_OPEN = 1,
    USER_CLOSE,
    USER_READ,
    USER_WRITE,
    USER_IOCTL,
    USER_CANCEL,
    USER_EXIT,
    USER_WAIT,
    USER_EXIT_THREAD,
    USER_DUPLICATE,
};

enum { USER_OVERLAPPED = 1, USER_READ_ONLY = 2, USER_WRITE_ONLY = 4 };

/*
 * Every function returns an NTSTATUS. information (may be NULL) gets IoStatusBlock.Information, 0 if none came.
 * STATUS_PROCESS_IS_TERMINATING once user_process_exit() began for the calling thread's process.
 */

/* path: "\\.\NPF_x", "\??\NPF_x" or "\Device\NPF_x", UTF-8. */
int32_t user_open(const char *path, unsigned flags, void **handle);
int32_t user_close(void *handle);
/* Another handle of the same object, with the same access; a file is cleaned up when the last of them is closed. */
int32_t user_duplicate(void *handle, void **duplicate);
int32_t user_read(void *handle, void *user_buffer, uint32_t length, uint64_t *information);
int32_t user_write(void *handle, const void *user_buffer, uint32_t length, uint64_t *information);
int32_t user_ioctl(void *handle, uint32_t code, void *in, uint32_t in_length, void *out, uint32_t out_length,
                   uint64_t *information);

/*
 * A request that goes on while the program does something else: one at a time per struct, which is the caller's and
 * lies in monitor memory. block: USER_ASYNC_BYTES of user_alloc() memory for the status block.
 */
#define USER_ASYNC_BYTES 16u
struct user_async {
    void *block; /* set by the caller */
    void *event; /* handle, made on first use */
    int32_t status;
    unsigned operation;
};
int32_t user_read_start(void *handle, void *user_buffer, uint32_t length, struct user_async *a);
int32_t user_write_start(void *handle, const void *user_buffer, uint32_t length, struct user_async *a);
int32_t user_ioctl_start(void *handle, uint32_t code, void *in, uint32_t in_length, void *out, uint32_t out_length,
                         struct user_async *a);
/* Wait for it; the request's own status. user_poll() does not wait: STATUS_PENDING while it goes on. */
int32_t user_wait(struct user_async *a, uint64_t *information);
int32_t user_poll(const struct user_async *a);
/* The same as user_wait() for one that is known to be done; any fiber. */
int32_t user_done(const struct user_async *a, uint64_t *information);
/*
 * fn is told of each request with an event that ends after it was pended: where its status block lies. Any fiber, up to
 * DISPATCH_LEVEL, under the machine lock; fn calls no driver and does not wait. Before the first request.
 */
void user_on_done(void (*fn)(const void *block));

/*
 * One request as a program's own code makes it: operation is USER_READ, USER_WRITE or USER_IOCTL. iosb and event are
 * the program's (a handle, NULL: the file's own serves), and may be NULL on a file that is not overlapped.
 */
struct user_call {
    void *handle, *buffer, *input, *iosb, *event;
    uint32_t length, input_length, code;
};
int32_t user_request(unsigned operation, const struct user_call *c, uint64_t *information);
bool user_is_overlapped(void *handle); /* false too for a handle that is none of a file */

struct fiber;

/*
 * They ask and do not wait (documented for all but the first):
 * CancelIo - the calling thread's requests on this file.
 * CancelIoEx - the whole process's, or the one that was started with *one (NULL: all). STATUS_NOT_FOUND: none there.
 * CancelSynchronousIo - what another thread waits for: an open, or a request on a synchronous file.
 * STATUS_NOT_FOUND: it waits for none.
 */
int32_t user_cancel_io(void *handle);
int32_t user_cancel_io_ex(void *handle, const struct user_async *one);
int32_t user_cancel_synchronous(struct fiber *thread);

/* The calling thread dies: its requests are cancelled and waited for; handles stay. Then it calls nothing any more. */
void user_thread_exit(void);

/*
 * The program dies: the requests of each of its threads are cancelled, once that thread is out of the driver it
 * called; all are waited for, calls under way return, then its handles are closed in order and the process object is
 * signalled. Any fiber may call it, one of the program's own threads too. From the beginning on its threads get
 * STATUS_PROCESS_IS_TERMINATING for every call, and user_process_ending() says so.
 */
void user_process_exit(void *process);
bool user_process_ending(const void *process);

#endif
