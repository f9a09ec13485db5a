/* SPDX-License-Identifier: MIT */
/*
 * tunnel/card.h - the virtual LAN card of a running machine, for the tunnel.
 *
 * Model: a thread reads the card's frames into a ring of TUNNEL_RING; when that is full the newest are dropped and
 * counted. The event descriptor is readable while the ring is not empty.
 */
#ifndef TUNNEL_CARD_H
#define TUNNEL_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TUNNEL_RING 512u

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
void card_write(const uint8_t *frame, size_t length);
struct card_counts card_counts(void);
/* The device is gone: the machine ended. */
bool card_gone(void);

#endif
