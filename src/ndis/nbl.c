/* SPDX-License-Identifier: MIT */
/*
 * ndis/nbl.c - pools of NBLs and net buffers.
 *
 * Model: an NBL is one heap block: a word that leads to its record (track.c), the NET_BUFFER_LIST, if the pool says so
 * a NET_BUFFER and its MDL and data, and the first context. So a driver that writes past one of them is seen when
 * the block is freed, and everything of a freed NBL faults. Under exploration nothing is kept for reuse here: the
 * heap's quarantine is what finds late uses. In a live machine each VP keeps what it freed, and takes the last first.
 * Fields that NDIS leaves open (ProtocolReserved, MiniportReserved, Scratch) are poisoned.
 */
#include "ndis/buffers.h"

#include <string.h>

static const struct ndis_header_spec nbl_pool_parameters = {
    "NET_BUFFER_LIST_POOL_PARAMETERS",
    NDIS_OBJECT_TYPE_DEFAULT,
    1,
    { NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1 },
};

static const struct ndis_header_spec nb_pool_parameters = {
    "NET_BUFFER_POOL_PARAMETERS",
    NDIS_OBJECT_TYPE_DEFAULT,
    1,
    { NDIS_SIZEOF_NET_BUFFER_POOL_PARAMETERS_REVISION_1 },
};

#define HEAD_ROOM sizeof(struct nbl_head)
#define CACHE_MAX 1024u /* NBLs that a VP keeps of a pool */

/* ------------------------------------------------------------------ pools */

/*
 * NdisAllocateNetBufferListPool - a pool that NBLs come from.
 *
 * Source:    documented; assumed: parameters NDIS does not take give NULL.
 * IRQL:      <= DISPATCH_LEVEL
 * Returns:   the pool, the caller's until NdisFreeNetBufferListPool; NULL.
 */
NDIS_HANDLE NTAPI
NdisAllocateNetBufferListPool(NDIS_HANDLE NdisHandle, PNET_BUFFER_LIST_POOL_PARAMETERS Parameters)
{
    struct ndis_nbl_pool *pool;

    if (!ndis_header_ok(&Parameters->Header, &nbl_pool_parameters, ndis_export.NdisAllocateNetBufferListPool))
        return NULL;
    if (Parameters->DataSize != 0 && !Parameters->fAllocateNetBuffer)
        return NULL; /* documented: DataSize needs fAllocateNetBuffer */
    pool = ndis_object_alloc(NDIS_SIG_NBL_POOL, sizeof(*pool), "NBL pool");
    if (pool == NULL)
        return NULL;
    pool->owner = (uint64_t)NdisHandle;
    pool->params = *Parameters;
    if (machine_is_native())
        pool->cache = ndis_alloc(sizeof(*pool->cache) * VP_MAX, NDIS_TAG_NBL, "NBL cache");
    trace_emit(EV_NBL_POOL_ALLOC, pool, 0);
    return pool;
}

/* No VP uses the pool any more: the driver's duty. */
static void
cache_drop(struct ndis_nbl_pool *pool)
{
    for (unsigned i = 0; i < VP_MAX && pool->cache != NULL; i++) {
        struct nbl_head *next;

        pool->out += (uint32_t)pool->cache[i].out;
        for (struct nbl_head *head = pool->cache[i].first; head != NULL; head = next) {
            next = (struct nbl_head *)head->check;
            ndis_free(head);
        }
    }
    ndis_free(pool->cache);
    pool->cache = NULL;
}

/* NdisFreeNetBufferListPool - free a pool; its NBLs have to be free. Source: documented. IRQL: <= DISPATCH_LEVEL */
void NTAPI
NdisFreeNetBufferListPool(NDIS_HANDLE PoolHandle)
{
    struct ndis_nbl_pool *pool = PoolHandle;

    cache_drop(pool);
    trace_emit(EV_NBL_POOL_FREE, pool, pool->out);
    if (pool->out != 0)
        trace_emit(EV_NBL_MISUSE, 0, NDIS_NBL_POOL_NOT_EMPTY, (uint64_t)pool, pool->out);
    ndis_free(pool);
}

/* NdisAllocateNetBufferPool - a pool of net buffers. Source: documented. IRQL: <= DISPATCH_LEVEL */
NDIS_HANDLE NTAPI
NdisAllocateNetBufferPool(NDIS_HANDLE NdisHandle, PNET_BUFFER_POOL_PARAMETERS Parameters)
{
    struct ndis_nb_pool *pool;

    if (!ndis_header_ok(&Parameters->Header, &nb_pool_parameters, ndis_export.NdisAllocateNetBufferPool))
        return NULL;
    pool = ndis_object_alloc(NDIS_SIG_NB_POOL, sizeof(*pool), "NET_BUFFER pool");
    if (pool == NULL)
        return NULL;
    pool->owner = (uint64_t)NdisHandle;
    pool->params = *Parameters;
    return pool;
}

/* NdisFreeNetBufferPool - free a pool of net buffers. Source: documented. IRQL: <= DISPATCH_LEVEL */
void NTAPI
NdisFreeNetBufferPool(NDIS_HANDLE PoolHandle)
{
    struct ndis_nb_pool *pool = PoolHandle;

    if (pool->out != 0)
        trace_emit(EV_NBL_MISUSE, 0, NDIS_NBL_POOL_NOT_EMPTY, (uint64_t)pool, pool->out);
    ndis_free(pool);
}

struct ndis_nbl_pool *
ndis_default_nbl_pool(void)
{
    struct ndis_root *root = ndis_root();

    if (root->default_pool == NULL) {
        struct ndis_nbl_pool *pool = ndis_object_alloc(NDIS_SIG_NBL_POOL, sizeof(*pool), "NDIS's own NBL pool");

        if (pool != NULL)
            pool->params.fAllocateNetBuffer = TRUE;
        if (pool != NULL && machine_is_native())
            pool->cache = ndis_alloc(sizeof(*pool->cache) * VP_MAX, NDIS_TAG_NBL, "NBL cache");
        root->default_pool = pool;
    }
    return root->default_pool;
}

struct ndis_nb_pool *
ndis_default_nb_pool(void)
{
    struct ndis_root *root = ndis_root();

    if (root->default_nb_pool == NULL)
        root->default_nb_pool = ndis_object_alloc(NDIS_SIG_NB_POOL, sizeof(struct ndis_nb_pool), "NDIS's own NB pool");
    return root->default_nb_pool;
}

/* ------------------------------------------------------------------ net buffers */

static void
poison(void *at, size_t size)
{
    uint64_t *word = at;

    if (ndis_root()->poison_reserved)
        for (size_t i = 0; i < size / 8; i++)
            word[i] = HEAP_POISON_FRESH;
}

static void
nb_init(NET_BUFFER *nb, NDIS_HANDLE pool, MDL *mdl, uint32_t offset, size_t length)
{
    nb->NdisPoolHandle = pool;
    nb->MdlChain = mdl;
    nb->DataOffset = offset;
    nb->stDataLength = length;
    poison(nb->ProtocolReserved, sizeof(nb->ProtocolReserved));
    poison(nb->MiniportReserved, sizeof(nb->MiniportReserved));
    ndis_nb_set_current(nb);
}

/* Room for an MDL over size bytes and the bytes. */
static size_t
data_room(uint32_t size)
{
    return size == 0 ? 0 : ((ndis_mdl_size((void *)0xfff, size) + 15) & ~15ull) + size;
}

static MDL *
data_init(uint8_t *at, uint32_t size)
{
    size_t head = (ndis_mdl_size((void *)0xfff, size) + 15) & ~15ull;

    ndis_mdl_init((MDL *)at, at + head, size);
    return (MDL *)at;
}

static NET_BUFFER *
nb_alloc(struct ndis_nb_pool *pool, uint32_t data_size)
{
    NET_BUFFER *nb = ndis_alloc(sizeof(*nb) + data_room(data_size), NDIS_TAG_NB, "NET_BUFFER");

    if (nb != NULL)
        __atomic_add_fetch(&pool->out, 1, __ATOMIC_RELAXED);
    return nb;
}

/* NdisAllocateNetBuffer - a net buffer over the caller's MDLs. Source: documented. IRQL: <= DISPATCH_LEVEL */
PNET_BUFFER NTAPI
NdisAllocateNetBuffer(NDIS_HANDLE PoolHandle, PMDL MdlChain, ULONG DataOffset, SIZE_T DataLength)
{
    struct ndis_nb_pool *pool = PoolHandle;
    NET_BUFFER *nb = nb_alloc(pool, 0);

    if (nb != NULL)
        nb_init(nb, pool, MdlChain, DataOffset, DataLength);
    return nb;
}

/*
 * NdisAllocateNetBufferMdlAndData - with the pool's MDL and data; the data are unused space.
 *
 * Source: documented. IRQL: <= DISPATCH_LEVEL
 */
PNET_BUFFER NTAPI
NdisAllocateNetBufferMdlAndData(NDIS_HANDLE PoolHandle)
{
    struct ndis_nb_pool *pool = PoolHandle;
    uint32_t size = pool->params.DataSize;
    NET_BUFFER *nb = size != 0 ? nb_alloc(pool, size) : NULL;

    if (nb != NULL)
        nb_init(nb, pool, data_init((uint8_t *)(nb + 1), size), size, 0);
    return nb;
}

/* NdisFreeNetBuffer - back to its pool. Source: documented. IRQL: <= DISPATCH_LEVEL */
void NTAPI
NdisFreeNetBuffer(PNET_BUFFER NetBuffer)
{
    struct ndis_nb_pool *pool = NetBuffer->NdisPoolHandle;

    __atomic_sub_fetch(&pool->out, 1, __ATOMIC_RELAXED);
    ndis_free(NetBuffer);
}

/* NdisGetPoolFromNetBuffer. Source: documented. IRQL: <= DISPATCH_LEVEL */
NDIS_HANDLE NTAPI
NdisGetPoolFromNetBuffer(PNET_BUFFER NetBuffer)
{
    return NetBuffer->NdisPoolHandle;
}

/* ------------------------------------------------------------------ NBLs */

/* Documented: the pool's context size is the least; what the caller uses now lies at the end of the space. */
static void
context_init(NET_BUFFER_LIST *nbl, NET_BUFFER_LIST_CONTEXT *context, uint32_t total, uint32_t used)
{
    context->Next = nbl->Context;
    context->Size = (USHORT)total;
    context->Offset = (USHORT)(total - used);
    nbl->Context = context;
}

/* The last that this VP freed, cleared as far as NDIS fills it; NULL: none. */
static NET_BUFFER_LIST *
cache_take(struct ndis_nbl_pool *pool, size_t clear)
{
    struct ndis_nbl_cache *cache = &pool->cache[vp_self()->number];
    struct nbl_head *head = cache->first;

    cache->out++;
    if (head == NULL)
        return NULL;
    cache->first = (struct nbl_head *)head->check;
    cache->count--;
    memset(head + 1, 0, clear);
    return (NET_BUFFER_LIST *)(head + 1);
}

/* false: the caller frees the block. */
static bool
cache_put(struct ndis_nbl_pool *pool, NET_BUFFER_LIST *nbl)
{
    struct ndis_nbl_cache *cache = &pool->cache[vp_self()->number];
    struct nbl_head *head = (struct nbl_head *)nbl - 1;

    cache->out--;
    if (!head->track || cache->count == CACHE_MAX)
        return false;
    head->check = (uint64_t)cache->first;
    cache->first = head;
    cache->count++;
    nbl->NdisPoolHandle = (NDIS_HANDLE)HEAP_POISON_FREE; /* who frees or uses it again faults there */
    nbl->FirstNetBuffer = (PNET_BUFFER)HEAP_POISON_FREE;
    return true;
}

/* A block for an NBL: from the VP's cache or the heap. NULL: no memory. */
static NET_BUFFER_LIST *
block_take(struct ndis_nbl_pool *pool, size_t size, size_t clear, bool standard)
{
    NET_BUFFER_LIST *nbl = pool->cache != NULL && standard ? cache_take(pool, clear) : NULL;
    struct nbl_head *head;

    if (nbl != NULL)
        return nbl;
    head = ndis_alloc(size, pool->params.PoolTag ? pool->params.PoolTag : NDIS_TAG_NBL, "NBL");
    if (head == NULL)
        return NULL;
    nbl = (NET_BUFFER_LIST *)(head + 1);
    if (pool->cache == NULL) {
        nbl_track_new(nbl, (uint64_t)pool)->where = NBL_HOME;
        return nbl;
    }
    if (!standard)
        pool->cache[vp_self()->number].out++;
    head->track = standard;
    return nbl;
}

static NET_BUFFER_LIST *
nbl_alloc(struct ndis_nbl_pool *pool, uint32_t context_used, uint32_t context_back_fill, bool with_nb)
{
    uint32_t context = context_used + context_back_fill;
    uint32_t data_size = pool->params.DataSize;
    size_t nb_size = with_nb ? (sizeof(NET_BUFFER) + 15) & ~15ull : 0;
    size_t nbl_size = (sizeof(NET_BUFFER_LIST) + 15) & ~15ull;
    size_t data = with_nb ? (data_room(data_size) + 15) & ~15ull : 0, size;
    NET_BUFFER_LIST *nbl;

    if (context < pool->params.ContextSize)
        context = pool->params.ContextSize;
    size = HEAD_ROOM + nbl_size + nb_size + data + (context ? sizeof(NET_BUFFER_LIST_CONTEXT) + context : 0);
    nbl = block_take(pool, size, nbl_size + nb_size,
                     context == pool->params.ContextSize && with_nb == (pool->params.fAllocateNetBuffer != 0));
    if (nbl == NULL)
        return NULL;
    nbl->NdisPoolHandle = pool;
    poison(nbl->ProtocolReserved, sizeof(nbl->ProtocolReserved));
    poison(nbl->MiniportReserved, sizeof(nbl->MiniportReserved));
    poison(&nbl->Scratch, sizeof(nbl->Scratch));
    *(uint8_t *)&nbl->NetBufferListInfo[NetBufferListProtocolId] = pool->params.ProtocolId;
    if (with_nb) {
        NET_BUFFER *nb = (NET_BUFFER *)((uint8_t *)nbl + nbl_size);
        MDL *mdl = data_size ? data_init((uint8_t *)nb + nb_size, data_size) : NULL;

        nb_init(nb, NULL, mdl, data_size, 0);
        nbl->FirstNetBuffer = nb;
    }
    if (context != 0)
        context_init(nbl, (NET_BUFFER_LIST_CONTEXT *)((uint8_t *)nbl + nbl_size + nb_size + data), context,
                     context_used);
    if (pool->cache == NULL)
        pool->out++;
    trace_emit(EV_NBL_ALLOC, nbl, (uint64_t)pool);
    return nbl;
}

/*
 * NdisAllocateNetBufferList - an NBL without net buffers (with one, if the pool has fAllocateNetBuffer: documented).
 *
 * Source:    documented. IRQL: <= DISPATCH_LEVEL
 * Returns:   the NBL, the caller's until NdisFreeNetBufferList; NULL.
 */
PNET_BUFFER_LIST NTAPI
NdisAllocateNetBufferList(NDIS_HANDLE PoolHandle, USHORT ContextSize, USHORT ContextBackFill)
{
    struct ndis_nbl_pool *pool = PoolHandle;

    return nbl_alloc(pool, ContextSize, ContextBackFill, pool->params.fAllocateNetBuffer);
}

/*
 * NdisAllocateNetBufferAndNetBufferList - an NBL with one net buffer over the caller's MDLs.
 *
 * Source:    documented; assumed: NULL from a pool that was made without fAllocateNetBuffer.
 * IRQL:      <= DISPATCH_LEVEL
 */
PNET_BUFFER_LIST NTAPI
NdisAllocateNetBufferAndNetBufferList(NDIS_HANDLE PoolHandle, USHORT ContextSize, USHORT ContextBackFill, PMDL MdlChain,
                                      ULONG DataOffset, SIZE_T DataLength)
{
    struct ndis_nbl_pool *pool = PoolHandle;
    NET_BUFFER_LIST *nbl;

    if (!pool->params.fAllocateNetBuffer)
        return NULL;
    nbl = nbl_alloc(pool, ContextSize, ContextBackFill, true);
    if (nbl != NULL && pool->params.DataSize == 0)
        nb_init(nbl->FirstNetBuffer, NULL, MdlChain, DataOffset, DataLength);
    return nbl;
}

/*
 * NdisFreeNetBufferList - back to its pool, with the net buffer that came with it.
 *
 * Source:    documented: other net buffers and MDLs are the caller's to free.
 * IRQL:      <= DISPATCH_LEVEL
 */
void NTAPI
NdisFreeNetBufferList(PNET_BUFFER_LIST NetBufferList)
{
    struct ndis_nbl_pool *pool = NetBufferList->NdisPoolHandle;
    struct nbl_track *track;

    if (pool->cache != NULL) { /* a freed NBL faults here, as does one whose pool is gone */
        if (!cache_put(pool, NetBufferList))
            ndis_free((uint8_t *)NetBufferList - HEAD_ROOM);
        return;
    }
    pool->out--;
    track = nbl_track_of(NetBufferList);
    trace_emit(EV_NBL_FREE, NetBufferList, (uint64_t)pool, track ? track->where : NBL_FREED);
    if (track == NULL)
        return; /* not from a pool of ours: the pool handle was a lie */
    if (track->where != NBL_HOME)
        trace_emit(EV_NBL_MISUSE, NetBufferList, NDIS_NBL_FREED_IN_FLIGHT, track->holder ? track->holder->handle : 0,
                   track->holder ? track->holder->kind : 0);
    nbl_track_end(track);
    ndis_free((uint8_t *)NetBufferList - HEAD_ROOM);
}

/* NdisGetPoolFromNetBufferList. Source: documented. IRQL: <= DISPATCH_LEVEL */
NDIS_HANDLE NTAPI
NdisGetPoolFromNetBufferList(PNET_BUFFER_LIST NetBufferList)
{
    return NetBufferList->NdisPoolHandle;
}

/* ------------------------------------------------------------------ contexts */

/*
 * NdisAllocateNetBufferListContext - context space for whoever has the NBL now, before what others have there.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL
 * Returns:   NDIS_STATUS_SUCCESS, _RESOURCES, _FAILURE for a size that is no multiple of a pointer.
 */
NDIS_STATUS NTAPI
NdisAllocateNetBufferListContext(PNET_BUFFER_LIST NetBufferList, USHORT ContextSize, USHORT ContextBackFill,
                                 ULONG PoolTag)
{
    NET_BUFFER_LIST_CONTEXT *context = NetBufferList->Context;
    uint32_t total = (uint32_t)ContextSize + ContextBackFill;

    if (ContextSize % sizeof(void *) != 0)
        return NDIS_STATUS_FAILURE;
    if (context != NULL && context->Offset >= ContextSize) {
        context->Offset = (USHORT)(context->Offset - ContextSize);
        return NDIS_STATUS_SUCCESS;
    }
    if (total > 0xffff)
        return NDIS_STATUS_FAILURE;
    context = ndis_alloc(sizeof(*context) + total, PoolTag ? PoolTag : NDIS_TAG_CONTEXT, "NBL context");
    if (context == NULL)
        return NDIS_STATUS_RESOURCES;
    context_init(NetBufferList, context, total, ContextSize);
    return NDIS_STATUS_SUCCESS;
}

/*
 * NdisFreeNetBufferListContext - give it back; the same size as allocated.
 *
 * Source: documented. IRQL: <= DISPATCH_LEVEL
 */
void NTAPI
NdisFreeNetBufferListContext(PNET_BUFFER_LIST NetBufferList, USHORT ContextSize)
{
    NET_BUFFER_LIST_CONTEXT *context = NetBufferList->Context;
    const struct heap_block *block;

    context->Offset = (USHORT)(context->Offset + ContextSize);
    if (context->Offset < context->Size)
        return;
    block = heap_find((uint64_t)context);
    if (block == NULL || block->address != (uint64_t)context)
        return; /* the one that came with the NBL */
    NetBufferList->Context = context->Next;
    ndis_free(context);
}
