/* SPDX-License-Identifier: MIT */
/*
 * control/program_event.h - events of programs that use libundis, as objects of the machine.
 *
 * Model: an event that a program creates is an event of the machine with a handle in the program's table, so that a
 * driver may be handed it. The program waits by itself: whenever somebody sets the event, a packet without a request
 * tells its library, which then asks for the signal (UNDIS_EVENT_TAKE). A driver that sets one event a thousand times
 * before the program looks causes one packet or a few.
 *
 * Threads. All of it is host code of the machine but for the one line marked so.
 */
#ifndef CONTROL_PROGRAM_EVENT_H
#define CONTROL_PROGRAM_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "control/job.h"

#define PROGRAM_EVENTS_MAX 1024u

struct program;
struct undis_request;

struct program_event {
    struct job told; /* on its way to the control thread while `telling`; first */
    struct program *program;
    struct program_event *next; /* of those with the same hash */
    void *object;               /* the event; NULL: this one is free */
    unsigned handles;
    uint64_t number; /* the program's, of UNDIS_EVENT_CREATE */
    bool telling;
};

/* Runner, before the machine runs. tell: in the control thread, with a struct program_event. */
void program_events_prepare(void (*tell)(struct job *told));
/* Control thread, in tell(), before it sends: what is set from here on is told anew. */
void program_event_telling(struct program_event *e);

/* By a thread of the program. NTSTATUS; create: *handle is the program's. */
int32_t program_event_create(struct program *p, unsigned flags, uint64_t number, void **handle);
/* UNDIS_EVENT_SET, _RESET, _TAKE: STATUS_SUCCESS; _TAKE: STATUS_TIMEOUT, it is not set. */
int32_t program_event_do(unsigned op, void *handle);
/* The program has one handle more, or one less, of whatever this one names. */
void program_event_opened(struct program *p, void *handle);
void program_event_closing(struct program *p, void *handle);
/* The program is gone: nobody wants to know any more. */
void program_events_gone(struct program *p);

#endif
