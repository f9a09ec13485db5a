/* SPDX-License-Identifier: MIT */
/*
 * libundis/lib.h - what the files of libundis share. Nothing here is exported.
 *
 * Model: one connection per process. Any thread sends requests; a thread of the library reads answers and completes
 * them, so a request is a struct request that lives until its answer has come: on the stack of who waits, or in the
 * heap for overlapped ones.
 */
#ifndef LIBUNDIS_LIB_H
#define LIBUNDIS_LIB_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "control/protocol.h"
#include "undis/undis.h"

struct lib_request {
    struct lib_request *next; /* under way, by connection.c */
    struct undis_request q;
    struct undis_answer a;
    uint32_t in, out; /* places in the window, 0: none */
    uint32_t in_pages, out_pages;
    void *out_buffer; /* the caller's, filled on completion */
    uint32_t out_length;
    bool copy_all; /* the driver wrote to the buffer itself: not only the bytes it reports */
    bool done;
    LPOVERLAPPED overlapped; /* NULL: somebody waits */
};

/* connection.c. All return an NTSTATUS-like a.status through the request; false: there is no machine. */
bool lib_connected(void);
/* Copy buffers into the window. false and an error set: too much, or no room. */
bool lib_prepare(struct lib_request *r, LPCVOID in, uint32_t in_length, LPVOID out, uint32_t out_length,
                 bool out_is_in);
/* Send and wait. false: the machine is gone. */
bool lib_call(struct lib_request *r);
/* Send; the answer completes r->overlapped and frees r, which is the library's from here on. false: it was not sent. */
bool lib_start(struct lib_request *r);
void lib_release(struct lib_request *r); /* the window's part of it */
/* Id of the overlapped request under way with that structure; 0: none. */
uint64_t lib_find(LPOVERLAPPED overlapped);

/* event.c */
enum object_kind { OBJECT_NONE, OBJECT_OURS, OBJECT_MACHINE };
/* Forget that handle. _MACHINE: the machine still has it, and closes it. _NONE: the library knows nothing of it. */
enum object_kind object_close(HANDLE h);
/* false: the library knows nothing of that handle. *to: NULL and an error set if there is no room. */
bool object_duplicate(HANDLE h, HANDLE *to);
uint32_t thread_number(HANDLE h);            /* 0: no thread's */
/* Wait until it has ended; false: so long it did not. */
bool lib_wait_overlapped(LPOVERLAPPED overlapped, DWORD milliseconds);
/* A request begins: its event is not set any more. */
void lib_overlapped_begins(LPOVERLAPPED overlapped);
/* The request has ended: fills the structure, sets its event. After that the structure is the caller's again. */
void lib_overlapped_done(LPOVERLAPPED overlapped, int32_t status, uint64_t bytes);

/* The machine: event number n was set there. */
void lib_event_told(uint64_t n);

/* error.c */
DWORD error_of_status(int32_t status);
BOOL lib_fail(DWORD error);
BOOL lib_result(int32_t status); /* sets last status and error */

#endif
