/* SPDX-License-Identifier: MIT */
/*
 * ndis/ends/shape.c - NBLs in every legal shape, built from plain bytes.
 *
 * Model: the bytes of an NBL's net buffers lie in its own context space, one after the other, with the unused space
 * the shape asks for; the shape only decides how MDLs cut them.
 */
#include "ndis/ends/shape.h"

#include <string.h>

#include "base/hash.h"

#define HEADER 14u

static const struct shape {
    const char *name;
    uint8_t nbls, buffers;
    uint8_t before, after; /* unused bytes around the data, in the same MDL */
    bool unused_mdl;       /* an MDL of 16 unused bytes in front */
    uint8_t first;         /* bytes of data in the first MDL; 0: all */
    bool bytewise;
} shapes[ENDS_SHAPES] = {
    [ENDS_PLAIN] = { "plain", 1, 1, 0, 0, false, 0, false },
    [ENDS_HEADER_MDL] = { "header MDL", 1, 1, 0, 0, false, HEADER, false },
    [ENDS_BYTE_MDLS] = { "one-byte MDLs", 1, 1, 0, 0, false, 1, true },
    [ENDS_OFFSET] = { "offset", 1, 1, 32, 16, false, 0, false },
    [ENDS_UNUSED_MDL] = { "unused MDL", 1, 1, 0, 0, true, 0, false },
    [ENDS_TWO_BUFFERS] = { "two net buffers", 1, 2, 0, 0, false, 0, false },
    [ENDS_CHAIN] = { "three NBLs", 3, 1, 0, 0, false, 0, false },
    [ENDS_EVERYTHING] = { "three NBLs of two net buffers", 3, 2, 24, 8, false, HEADER, false },
};

const char *
ends_shape_name(enum ends_shape shape)
{
    return shapes[shape].name;
}

bool
shape_pools_init(struct shape_pools *pools, NDIS_HANDLE owner)
{
    uint64_t mark = guest_mark();
    NET_BUFFER_LIST_POOL_PARAMETERS *p = guest_alloc(sizeof(*p));
    NET_BUFFER_POOL_PARAMETERS *q = guest_alloc(sizeof(*q));

    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_DEFAULT, NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1,
                    NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1);
    p->ProtocolId = NDIS_PROTOCOL_ID_DEFAULT;
    p->fAllocateNetBuffer = TRUE;
    p->PoolTag = NDIS_SIGNATURE('e', 'n', 'd', 'L');
    ndis_header_set(&q->Header, NDIS_OBJECT_TYPE_DEFAULT, NET_BUFFER_POOL_PARAMETERS_REVISION_1,
                    NDIS_SIZEOF_NET_BUFFER_POOL_PARAMETERS_REVISION_1);
    q->PoolTag = NDIS_SIGNATURE('e', 'n', 'd', 'B');
    pools->nbl = NdisAllocateNetBufferListPool(owner, p);
    pools->nb = NdisAllocateNetBufferPool(owner, q);
    guest_release(mark);
    if (pools->nbl != NULL && pools->nb != NULL)
        return true;
    shape_pools_fini(pools);
    return false;
}

void
shape_pools_fini(struct shape_pools *pools)
{
    if (pools->nbl != NULL)
        NdisFreeNetBufferListPool(pools->nbl);
    if (pools->nb != NULL)
        NdisFreeNetBufferPool(pools->nb);
    pools->nbl = pools->nb = NULL;
}

static bool
add_mdl(MDL ***end, uint8_t *bytes, size_t length)
{
    **end = NdisAllocateMdl(NULL, bytes, (UINT)length);
    if (**end == NULL)
        return false;
    *end = &(**end)->Next;
    return true;
}

static void
free_mdls(MDL *mdl)
{
    while (mdl != NULL) {
        MDL *next = mdl->Next;

        NdisFreeMdl(mdl);
        mdl = next;
    }
}

/* MDLs of one net buffer whose space starts at `at`; NULL: no memory. */
static MDL *
mdls(const struct shape *s, uint8_t *at, size_t length)
{
    MDL *first = NULL, **end = &first;
    size_t data = length, cut = s->first != 0 && s->first < length ? s->first : length;
    uint8_t *from = at;

    if (s->unused_mdl) {
        if (!add_mdl(&end, from, 16))
            goto fail;
        from += 16;
    }
    if (!add_mdl(&end, from, s->before + cut + (cut == data ? s->after : 0)))
        goto fail;
    from += s->before + cut;
    data -= cut;
    while (data > 0) {
        size_t piece = s->bytewise ? 1 : data;

        if (!add_mdl(&end, from, piece + (piece == data ? s->after : 0)))
            goto fail;
        from += piece;
        data -= piece;
    }
    return first;
fail:
    free_mdls(first);
    return NULL;
}

static NET_BUFFER_LIST *
build_one(const struct shape *s, struct shape_pools *pools, NDIS_HANDLE source, const uint8_t *frame, size_t length)
{
    uint32_t offset = s->before + (s->unused_mdl ? 16u : 0u);
    size_t space = (offset + length + s->after + 15) & ~15ull;
    NET_BUFFER_LIST *nbl = NdisAllocateNetBufferList(pools->nbl, (USHORT)(space * s->buffers), 0);
    NET_BUFFER **end;
    uint8_t *at;

    if (nbl == NULL)
        return NULL;
    nbl->SourceHandle = source;
    at = NET_BUFFER_LIST_CONTEXT_DATA_START(nbl);
    memset(at, 0xa5, space * s->buffers);
    end = &nbl->FirstNetBuffer;
    for (unsigned i = 0; i < s->buffers; i++, at += space) {
        MDL *chain = mdls(s, at, length);

        if (chain == NULL)
            goto fail;
        memcpy(at + offset, frame, length);
        if (i > 0)
            *end = NdisAllocateNetBuffer(pools->nb, NULL, 0, 0);
        if (*end == NULL) {
            free_mdls(chain);
            goto fail;
        }
        (*end)->MdlChain = chain;
        (*end)->DataOffset = offset;
        (*end)->stDataLength = length;
        (*end)->CurrentMdl = s->unused_mdl ? chain->Next : chain;
        (*end)->CurrentMdlOffset = s->unused_mdl ? 0 : offset;
        end = &(*end)->Next;
    }
    return nbl;
fail:
    shape_free(nbl);
    return NULL;
}

NET_BUFFER_LIST *
shape_build(struct shape_pools *pools, NDIS_HANDLE source, const uint8_t *frame, size_t length, enum ends_shape shape,
            uint32_t *count)
{
    const struct shape *s = &shapes[shape];
    NET_BUFFER_LIST *first = NULL, **end = &first;

    for (*count = 0; *count < s->nbls; (*count)++) {
        *end = build_one(s, pools, source, frame, length);
        if (*end == NULL)
            goto fail;
        end = &(*end)->Next;
    }
    return first;
fail:
    while (first != NULL) {
        NET_BUFFER_LIST *next = first->Next;

        shape_free(first);
        first = next;
    }
    return NULL;
}

void
shape_free(NET_BUFFER_LIST *nbl)
{
    NET_BUFFER *nb = nbl->FirstNetBuffer, *next;

    for (; nb != NULL; nb = next) {
        next = nb->Next;
        free_mdls(nb->MdlChain);
        nb->MdlChain = NULL;
        if (nb->NdisPoolHandle != NULL)
            NdisFreeNetBuffer(nb);
    }
    NdisFreeNetBufferList(nbl);
}

uint64_t
shape_digest(uint64_t hash, const NET_BUFFER_LIST *nbl, uint32_t *buffers, uint64_t *bytes)
{
    uint8_t piece[256];

    for (const NET_BUFFER *nb = nbl->FirstNetBuffer; nb != NULL; nb = nb->Next) {
        size_t at = 0, got;

        while ((got = ndis_nb_read(nb, at, piece, sizeof(piece))) != 0) {
            hash = hash64_bytes(hash, piece, got);
            at += got;
        }
        *bytes += at;
        (*buffers)++;
    }
    return hash;
}
