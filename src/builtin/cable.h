/* SPDX-License-Identifier: MIT */
/*
 * builtin/cable.h - the simulated card of ndis/hw/nic.h joined to a wire, in a live machine.
 *
 * Model: a poller moves frames between the wire and the card's rings, a burst at a time, under the machine lock for the
 * copies and without it for the wire. The card is paced, not flooded: frames are read as far as there are receive
 * descriptors, and taken as far as the wire has room. A wire may leave work undone (wire.h: offload words); the card
 * can do none of it, so checksums are filled in and joined frames cut here, as the machine at the other end would have.
 */
#ifndef BUILTIN_CABLE_H
#define BUILTIN_CABLE_H

struct cable;
struct hw_nic;
struct wire;

/*
 * Plug it in, polled by that VP, modulo their number; the card gets the wire's address, if that has one. Host code in a
 * fiber, PASSIVE_LEVEL, before the card's driver looks. The wire stays the caller's and must outlive the cable. NULL:
 * the wire cannot be polled.
 */
struct cable *cable_add(struct hw_nic *card, struct wire *w, unsigned vp);
/* Pull it: when this returns neither end is touched any more. Host code in a fiber, PASSIVE_LEVEL; may block. */
void cable_remove(struct cable *c);

#endif
