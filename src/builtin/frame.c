/* SPDX-License-Identifier: MIT */
/* builtin/frame.c - see frame.h. */
#include "builtin/frame.h"

#include <string.h>

#include "ndis/nbl.h"

#define ADDRESSES 12u /* bytes: where a tag is */

void *
frame_memory(NDIS_HANDLE handle, uint32_t size, ULONG tag)
{
    uint8_t *p = NdisAllocateMemoryWithTagPriority(handle, size + 2 * WIRE_MARGIN, tag, NormalPoolPriority);

    return p != NULL ? p + WIRE_MARGIN : NULL;
}

void
frame_memory_free(void *data)
{
    NdisFreeMemory((uint8_t *)data - WIRE_MARGIN, 0, 0);
}

int
frame_pieces(const NET_BUFFER *nb, uint32_t skip, struct iovec *iov, unsigned max)
{
    const MDL *mdl = nb->CurrentMdl;
    uint32_t offset = nb->CurrentMdlOffset, left = nb->DataLength;
    unsigned count = 0;

    for (; left > 0 && mdl != NULL; mdl = mdl->Next, offset = 0) {
        uint32_t n = mdl->ByteCount > offset ? mdl->ByteCount - offset : 0;
        uint8_t *at;

        if (n > left)
            n = left;
        left -= n;
        if (n <= skip) {
            skip -= n;
            continue;
        }
        if (count == max)
            return FRAME_TOO_MANY;
        at = MmGetSystemAddressForMdlSafe((MDL *)mdl, NormalPagePriority);
        if (at == NULL)
            return FRAME_UNMAPPED;
        iov[count++] = (struct iovec){ at + offset + skip, n - skip };
        skip = 0;
    }
    return left == 0 ? (int)count : FRAME_UNMAPPED;
}

const uint8_t *
frame_head(const NET_BUFFER *nb, uint8_t *copy, size_t *have)
{
    struct iovec first;
    size_t want = nb->DataLength < FRAME_HEAD ? nb->DataLength : FRAME_HEAD;

    if (frame_pieces(nb, 0, &first, 1) == 1) {
        *have = first.iov_len;
        return first.iov_base;
    }
    *have = ndis_nb_read(nb, 0, copy, want);
    return copy;
}

PVOID
frame_take_tag(uint8_t *frame, uint32_t length, uint32_t *skip, struct wire_offload *o)
{
    NDIS_NET_BUFFER_LIST_8021Q_INFO info = { .Value = NULL };
    bool words = o != NULL && (o->flags & WIRE_NEEDS_CSUM);

    *skip = 0;
    if (length < WIRE_HEADER + FRAME_TAG || frame[ADDRESSES] != 0x81 || frame[ADDRESSES + 1] != 0 ||
        (words && o->csum_start < WIRE_HEADER + FRAME_TAG))
        return NULL;
    info.TagHeader.UserPriority = frame[ADDRESSES + 2] >> 5;
    info.TagHeader.CanonicalFormatId = frame[ADDRESSES + 2] >> 4 & 1;
    info.TagHeader.VlanId = (frame[ADDRESSES + 2] & 15u) << 8 | frame[ADDRESSES + 3];
    memmove(frame + FRAME_TAG, frame, ADDRESSES);
    *skip = FRAME_TAG;
    if (words)
        o->csum_start = (uint16_t)(o->csum_start - FRAME_TAG);
    if (o != NULL && o->gso != WIRE_GSO_NONE)
        o->hdr_len = (uint16_t)(o->hdr_len - FRAME_TAG);
    return info.Value;
}

uint32_t
frame_put_tag(PVOID info, const NET_BUFFER *nb, uint8_t *head, uint32_t *copied, struct wire_offload *o)
{
    NDIS_NET_BUFFER_LIST_8021Q_INFO tag = { .Value = info };

    if (*copied < ADDRESSES) {
        if (ndis_nb_read(nb, 0, head, ADDRESSES) != ADDRESSES)
            return 0;
        *copied = ADDRESSES;
    }
    memmove(head + ADDRESSES + FRAME_TAG, head + ADDRESSES, *copied - ADDRESSES);
    head[ADDRESSES] = 0x81;
    head[ADDRESSES + 1] = 0;
    head[ADDRESSES + 2] = (uint8_t)(tag.TagHeader.UserPriority << 5 | tag.TagHeader.CanonicalFormatId << 4 |
                                    tag.TagHeader.VlanId >> 8);
    head[ADDRESSES + 3] = (uint8_t)tag.TagHeader.VlanId;
    if (o->flags & WIRE_NEEDS_CSUM)
        o->csum_start = (uint16_t)(o->csum_start + FRAME_TAG);
    if (o->gso != WIRE_GSO_NONE)
        o->hdr_len = (uint16_t)(o->hdr_len + FRAME_TAG);
    return *copied + FRAME_TAG;
}
