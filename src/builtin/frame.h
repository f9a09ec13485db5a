/* SPDX-License-Identifier: MIT */
/* builtin/frame.h - net buffers as the pieces that wires take. */
#ifndef BUILTIN_FRAME_H
#define BUILTIN_FRAME_H

#include "builtin/import.h"
#include "wire/segment.h"
#include "wire/wire.h"

#define FRAME_HEAD 256u /* headers up to here are looked at */
#define FRAME_TAG  4u   /* bytes of an 802.1Q tag */

enum { FRAME_TOO_MANY = -1, FRAME_UNMAPPED = -2 };

/* The pieces of nb from byte `skip` on. Returns how many, at most max; FRAME_TOO_MANY, FRAME_UNMAPPED. */
int frame_pieces(const NET_BUFFER *nb, uint32_t skip, struct iovec *iov, unsigned max);

/* Memory that wire_receive() fills, with its margins. NULL: there is none. The same at the end. */
void *frame_memory(NDIS_HANDLE handle, uint32_t size, ULONG tag);
void frame_memory_free(void *data);

/*
 * The headers of nb in one piece: where they lie if they do, else copied to `copy` (FRAME_HEAD bytes). *have: how many
 * bytes there are.
 */
const uint8_t *frame_head(const NET_BUFFER *nb, uint8_t *copy, size_t *have);

/*
 * The 802.1Q tag of a frame in memory goes out of band: its addresses move FRAME_TAG bytes on. Returns
 * Ieee8021QNetBufferListInfo; *skip: where the frame begins now, 0 if it had no tag. o: words of the frame, or NULL.
 */
PVOID frame_take_tag(uint8_t *frame, uint32_t length, uint32_t *skip, struct wire_offload *o);
/*
 * The reverse: a head whose first *copied bytes are those of nb, with room for FRAME_TAG more, gets the tag that `info`
 * tells of. Reads what the tag needs if *copied is less. Returns the head's length; 0: nb is too short for one.
 */
uint32_t frame_put_tag(PVOID info, const NET_BUFFER *nb, uint8_t *head, uint32_t *copied, struct wire_offload *o);

#endif
