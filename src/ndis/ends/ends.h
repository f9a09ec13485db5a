/* SPDX-License-Identifier: MIT */
/*
 * ndis/ends/ends.h - the built-in ends of a stack: miniport `wiretest` and protocol `proto`.
 *
 * Model: both are drivers like any other to NDIS - they register, are bound, paused, restarted, and call the same
 * functions - only their handlers are host functions. wiretest's wire is whoever calls ends_wire_receive(), and with
 * `loop` its own sends. Actors push frames in every legal shape through them and ask what came out.
 */
#ifndef NDIS_ENDS_ENDS_H
#define NDIS_ENDS_ENDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ndis/admin.h"

/* How a frame is laid out. Every shape carries the same bytes per net buffer. */
enum ends_shape {
    ENDS_PLAIN,       /* one NBL, one net buffer, one MDL */
    ENDS_HEADER_MDL,  /* the first 14 bytes in an MDL of their own */
    ENDS_BYTE_MDLS,   /* an MDL per byte */
    ENDS_OFFSET,      /* unused space before and after the data */
    ENDS_UNUSED_MDL,  /* a first MDL that is unused altogether */
    ENDS_TWO_BUFFERS, /* two net buffers in one NBL */
    ENDS_CHAIN,       /* three NBLs */
    ENDS_EVERYTHING,  /* three NBLs of two net buffers, header MDLs, offsets */
    ENDS_SHAPES,
};
const char *ends_shape_name(enum ends_shape shape);

/* Flags of a push. */
#define ENDS_DISPATCH  1u /* at DISPATCH_LEVEL, and said so in the flags */
#define ENDS_RESOURCES 2u /* receives: lent for the call */

/* When wiretest completes a send. */
enum ends_complete {
    ENDS_COMPLETE_INLINE, /* inside MiniportSendNetBufferLists */
    ENDS_COMPLETE_LATER,  /* from a thread of its own at DISPATCH_LEVEL */
    ENDS_COMPLETE_CHOICE, /* one of the two, a choice each time */
};

/* A nic driven by wiretest; disabled. mac NULL: 02:00:00:00:00:<number>. */
struct ndis_nic *ends_wire_add(const char *name, const uint8_t mac[6]);
void ends_wire_mode(struct ndis_nic *nic, enum ends_complete complete, bool loop);
/* OID requests are answered from its thread, or inside the call, as at first. */
void ends_wire_oids_later(struct ndis_nic *nic, bool later);
/* The link goes up or down, and the miniport says so. -ENETDOWN: it does not run. */
int ends_wire_link(struct ndis_nic *nic, bool up);
/* A frame arrives. 0; -ENETDOWN: the adapter does not run; -ENOMEM. */
int ends_wire_receive(struct ndis_nic *nic, const void *frame, size_t length, enum ends_shape shape, unsigned flags);

/*
 * A tap sees every frame that wiretest takes from a send or indicates: it answers where the frame's bytes are to be
 * copied, or NULL. Set before the snapshot; it must not depend on nor change the machine.
 */
typedef uint8_t *(*ends_tap_fn)(void *context, bool sent, size_t length);
void ends_wire_tap(ends_tap_fn tap, void *context);

struct ends_wire_stats {
    uint32_t sent; /* net buffers that reached the wire */
    uint64_t sent_bytes;
    uint64_t sent_hash;           /* over their bytes, in order */
    uint32_t refused;             /* NBLs completed with NDIS_STATUS_PAUSED */
    uint32_t indicated, returned; /* NBLs */
    uint32_t dropped;             /* frames that came while it did not run */
};
void ends_wire_stats(const struct ndis_nic *nic, struct ends_wire_stats *out);

/* What proto does with a receive. */
enum ends_hold {
    ENDS_RETURN,      /* inside ProtocolReceiveNetBufferLists */
    ENDS_HOLD,        /* keep until ends_proto_return() or a pause */
    ENDS_HOLD_CHOICE, /* one of the two */
};
/* Register proto; it binds to every nic that is or will be there. */
void ends_proto_start(void);
void ends_proto_mode(struct ndis_nic *nic, enum ends_hold hold);
/* Send on proto's binding to nic. 0; -ENETDOWN: there is none that runs; -ENOMEM. */
int ends_proto_send(struct ndis_nic *nic, const void *frame, size_t length, enum ends_shape shape, unsigned flags);
/* An OID request of proto. value goes first into what is set; the rest is zeros. */
struct ends_oid {
    uint32_t oid, length; /* of its buffer, bytes */
    uint32_t value;
    bool set;
    unsigned flags; /* ENDS_DISPATCH */
};
/* Ask and wait. 0, with the answer's NDIS_STATUS; -ENETDOWN: there is no binding, or it is being closed; -ENOMEM. */
int ends_proto_oid(struct ndis_nic *nic, const struct ends_oid *ask, int32_t *status);
/* NdisCancelOidRequest for each that is under way. 0 or -ENETDOWN. */
int ends_proto_cancel_oids(struct ndis_nic *nic);
/* NdisCancelSendNetBufferLists for all of its sends. 0; -ENETDOWN: none is under way. */
int ends_proto_cancel_sends(struct ndis_nic *nic);
/* Return what is held; in which order is a choice. */
void ends_proto_return(struct ndis_nic *nic);

struct ends_proto_stats {
    uint32_t sent, completed, refused, failed; /* NBLs; refused: completed with NDIS_STATUS_PAUSED */
    uint32_t received;                         /* net buffers */
    uint64_t received_bytes;
    uint64_t received_hash;
    uint32_t held; /* NBLs */
};
void ends_proto_stats(const struct ndis_nic *nic, struct ends_proto_stats *out);

/* Registers wiretest; proto waits for ends_proto_start(). */
void ends_init(void);

#endif
