/* SPDX-License-Identifier: MIT */
/* wire/vnet.c - see vnet.h. */
#include "wire/vnet.h"

#include <linux/virtio_net.h>
#include <string.h>

#define GSO_UDP_L4 5u /* VIRTIO_NET_HDR_GSO_UDP_L4: newer than some headers */
#define UNKNOWN    0x80u

_Static_assert(sizeof(struct virtio_net_hdr) == WIRE_VNET_SIZE, "the header without the number of buffers");

void
wire_vnet_read(const uint8_t header[WIRE_VNET_SIZE], struct wire_offload *out)
{
    struct virtio_net_hdr h;

    memcpy(&h, header, sizeof(h));
    *out = (struct wire_offload){
        .gso_size = h.gso_size, .hdr_len = h.hdr_len, .csum_start = h.csum_start, .csum_offset = h.csum_offset
    };
    if (h.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
        out->flags |= WIRE_NEEDS_CSUM;
    if (h.flags & VIRTIO_NET_HDR_F_DATA_VALID)
        out->flags |= WIRE_DATA_VALID;
    if (h.flags & ~(VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID))
        out->flags |= UNKNOWN;
    if (h.gso_type & VIRTIO_NET_HDR_GSO_ECN)
        out->flags |= WIRE_ECN;
    switch (h.gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
    case VIRTIO_NET_HDR_GSO_NONE:
        break;
    case VIRTIO_NET_HDR_GSO_TCPV4:
        out->gso = WIRE_GSO_TCP4;
        break;
    case VIRTIO_NET_HDR_GSO_TCPV6:
        out->gso = WIRE_GSO_TCP6;
        break;
    case GSO_UDP_L4:
        out->gso = WIRE_GSO_UDP;
        break;
    default:
        out->flags |= UNKNOWN;
        break;
    }
}

void
wire_vnet_write(const struct wire_offload *o, uint8_t header[WIRE_VNET_SIZE])
{
    static const uint8_t type[] = { VIRTIO_NET_HDR_GSO_NONE, VIRTIO_NET_HDR_GSO_TCPV4, VIRTIO_NET_HDR_GSO_TCPV6,
                                    GSO_UDP_L4 };
    struct virtio_net_hdr h = { .gso_type = type[o->gso],
                                .hdr_len = o->hdr_len,
                                .gso_size = o->gso_size,
                                .csum_start = o->csum_start,
                                .csum_offset = o->csum_offset };

    if (o->flags & WIRE_NEEDS_CSUM)
        h.flags |= VIRTIO_NET_HDR_F_NEEDS_CSUM;
    if (o->flags & WIRE_DATA_VALID)
        h.flags |= VIRTIO_NET_HDR_F_DATA_VALID;
    if (o->flags & WIRE_ECN)
        h.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
    memcpy(header, &h, sizeof(h));
}

size_t
wire_vnet_pack(const struct wire_tx *tx, uint8_t out[WIRE_VNET_SIZE + WIRE_VNET_SHORT])
{
    size_t at = WIRE_VNET_SIZE;

    wire_vnet_write(&tx->offload, out);
    for (unsigned i = 0; i < tx->iov_count && at + tx->iov[i].iov_len <= WIRE_VNET_SIZE + WIRE_VNET_SHORT; i++) {
        memcpy(out + at, tx->iov[i].iov_base, tx->iov[i].iov_len);
        at += tx->iov[i].iov_len;
    }
    return at;
}
