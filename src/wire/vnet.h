/* SPDX-License-Identifier: MIT */
/*
 * wire/vnet.h - offload words as Linux's tap and packet sockets carry them: struct virtio_net_hdr, in front of a frame.
 */
#ifndef WIRE_VNET_H
#define WIRE_VNET_H

#include "wire/wire.h"

#define WIRE_VNET_SIZE 10u

/*
 * The header's words. What wire_offload does not know becomes a flag that wire_offload_check() refuses, so the two
 * belong together.
 */
void wire_vnet_read(const uint8_t header[WIRE_VNET_SIZE], struct wire_offload *out);
/* The reverse; the words were checked. */
void wire_vnet_write(const struct wire_offload *o, uint8_t header[WIRE_VNET_SIZE]);

/*
 * Words and a frame of at most WIRE_VNET_SHORT bytes in one piece: cheaper than having Linux walk pieces. Returns the
 * length of both.
 */
#define WIRE_VNET_SHORT 256u
size_t wire_vnet_pack(const struct wire_tx *tx, uint8_t out[WIRE_VNET_SIZE + WIRE_VNET_SHORT]);

#endif
