/* SPDX-License-Identifier: MIT */
/* user/internal.h - what the files of src/user share. */
#ifndef USER_INTERNAL_H
#define USER_INTERNAL_H

#include "ddk/ntddk.h"
#include "machine/user.h"
#include "nt/nt.h"
#include "user/user.h"

/* Monitor memory, one per fiber; written by its own thread, and by CreateThread before it runs. */
struct program_thread {
    bool in_user;       /* the program's code runs */
    uint32_t error;     /* GetLastError() */
    uint64_t start;     /* of a thread that CreateThread made */
    uint64_t parameter;
    uint64_t stack;     /* lowest address; 0: none */
    uint64_t kernel_sp, kernel_base, kernel_limit;
};
struct program_thread *program_self(void);
struct program_thread *program_of(const struct fiber *f);

/* The edges to the program's code, while the kernel works for it. Host stack. */
struct program_call {
    struct crossing *crossing;
    struct guest_call *outer;
    uint64_t sp, base, limit, rip;
};
/* Ends the thread if its process is ending. */
void program_enter_kernel(struct program_call *c);
void program_leave_kernel(const struct program_call *c);

_Noreturn void program_exit_process(uint32_t code); /* in kernel mode */
_Noreturn void program_exit_thread(void);
int32_t program_create_thread(uint64_t start, uint64_t parameter, HANDLE *handle, uint32_t *id);

#endif
