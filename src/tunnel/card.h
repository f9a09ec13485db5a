/* SPDX-License-Identifier: MIT */
/*
 * tunnel/card.h - the virtual LAN card of a running machine, for the tunnel.
 *
 * Model: a machine is a process of its own, and a request's way there and back takes longer than a frame's. So
 * TUNNEL_READS reads and as many writes are under way at a time; the card answers each kind in the order in which they
 * were made. A thread moves what was read into a ring of TUNNEL_RING; when that is full the newest are dropped and
 * counted. The event descriptor is readable while the ring is not empty.
 */
#ifndef TUNNEL_CARD_H
#define TUNNEL_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TUNNEL_RING   512u
#define TUNNEL_READS  32u
#define TUNNEL_WRITES 32u

struct card_counts {
    uint64_t read, written; /* frames */
    uint64_t overrun;       /* read, but the ring was full */
    uint64_t refused;       /* writes: the adapter is disabled, or did not like the frame */
};

/* False, with a sentence in text, if there is no such machine or device. Once. */
bool card_open(const char *machine, const char *device, char text[256]);
int card_event(void);
/* The oldest frame, at most room bytes; its length, 0: there is none. */
size_t card_next(uint8_t *frame, size_t room);
/* Copies frame. Waits while TUNNEL_WRITES are under way; from one thread. */
void card_write(const uint8_t *frame, size_t length);
/* Of the writing thread, at the end: what is still under way is cancelled. */
struct card_counts card_counts(void);
/* The device is gone: the machine ended. */
bool card_gone(void);

#endif
