/* SPDX-License-Identifier: MIT */
/* builtin/frame.c - see frame.h. */
#include "builtin/frame.h"

#include "ndis/nbl.h"

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
