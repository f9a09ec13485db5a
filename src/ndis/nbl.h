/* SPDX-License-Identifier: MIT */
/*
 * ndis/nbl.h - net buffer lists: their pools, who has them, and how they travel (send.c, receive.c, track.c, nbl.c).
 *
 * Model: an NBL belongs to who allocated it, and every movement is one call that notes it: down and completed up, or up
 * and returned down. What is noted is for checkers and in struct nbl_track, beside the NBL; NDIS acts on none of it but
 * on the closing of a binding.
 * Start reading at: ndis_send_down() (send.c).
 */
#ifndef NDIS_NBL_H
#define NDIS_NBL_H

#include "ndis/ndis.h"

/* Emitted as NBL_MISUSE a0 `what`. */
enum ndis_nbl_misuse {
    NDIS_NBL_NOT_YOURS = 1,   /* sent, completed, indicated or returned by a layer that does not hold it */
    NDIS_NBL_SENT_TWICE,      /* sent again while on its way */
    NDIS_NBL_COMPLETED_TWICE, /* completed while at home */
    NDIS_NBL_RETURNED_TWICE,
    NDIS_NBL_INDICATED_TWICE,
    NDIS_NBL_FREED_IN_FLIGHT, /* freed while on its way or held by others */
    NDIS_NBL_WRONG_SOURCE,       /* SourceHandle is not the sender's where it must be, or was changed on the way */
    NDIS_NBL_NO_OWNER,           /* went past its owner: nobody above or below claims it */
    NDIS_NBL_RESOURCES_RETURNED, /* return called for an NBL lent with RESOURCES */
    NDIS_NBL_BAD_COUNT,          /* NumberOfNetBufferLists is not the length of the chain */
    NDIS_NBL_POOL_NOT_EMPTY,     /* pool freed while NBLs of it are out */
};

enum nbl_where { NBL_HOME, NBL_SENT, NBL_INDICATED, NBL_LENT, NBL_FREED };

/* A passage that waits while an intermediate driver has the NBL go through its other edge. */
struct nbl_passage {
    struct ndis_ledger *source, *holder, *lender;
    uint64_t source_handle;
    uint8_t where;
    struct nbl_passage *outer;
};

/* Where an NBL is; monitor memory, found from the word in front of the NBL. track.c writes it. */
struct nbl_track {
    uint64_t nbl;
    uint64_t pool;
    struct ndis_ledger *source; /* who sent or indicated it */
    struct ndis_ledger *holder; /* whose it is now; NULL at home */
    struct ndis_ledger *lender; /* lent by who has to return it; NULL: by its owner, or not lent */
    uint64_t source_handle;     /* SourceHandle when it left */
    uint8_t where;              /* enum nbl_where */
    struct nbl_passage *outer;  /* it comes home into this one; NULL: to its allocator */
};

/*
 * In front of every NBL of ours. In a live machine track says whether the block may go to its pool's cache, where check
 * links it.
 */
struct nbl_head {
    uint64_t track; /* struct nbl_track * */
    uint64_t check; /* track ^ address of the NBL ^ a constant: what is not ours does not look like it */
};

/* The NBL's record; NULL if nbl did not come from a pool of this machine. Never faults on a readable nbl. */
struct nbl_track *nbl_track_of(const NET_BUFFER_LIST *nbl);
struct nbl_track *nbl_track_new(NET_BUFFER_LIST *nbl, uint64_t pool);
void nbl_track_end(struct nbl_track *track);

/*
 * The chain nbls moves from layer `from` towards `to` (NULL: ends at the bottom or is handed to its owner). One of
 * these per movement; each emits the event and the misuses it sees.
 */
void nbl_note_send(struct ndis_layer *from, struct ndis_layer *to, NET_BUFFER_LIST *nbls, uint32_t flags);
void nbl_note_send_complete(struct ndis_layer *from, struct ndis_layer *to, NET_BUFFER_LIST *nbls, uint32_t flags);
void nbl_note_receive(struct ndis_layer *from, struct ndis_layer *to, NET_BUFFER_LIST *nbls, uint32_t flags);
void nbl_note_return(struct ndis_layer *from, struct ndis_layer *to, NET_BUFFER_LIST *nbls, uint32_t flags);
/* The call in which they were lent (RESOURCES) returned. */
void nbl_note_lent_back(struct ndis_layer *from, NET_BUFFER_LIST *nbls);

/* Paths as NDIS walks them, from layer `from` on. */
/* The last hop of a send: the miniport, or NDIS for one that is paused. */
void ndis_send_to_miniport(struct ndis_layer *to, NET_BUFFER_LIST *nbls, uint32_t port, uint32_t flags);
void ndis_send_down(struct ndis_layer *from, NET_BUFFER_LIST *nbls, uint32_t port, uint32_t flags);
void ndis_send_complete_up(struct ndis_layer *from, NET_BUFFER_LIST *nbls, uint32_t flags);
/* Does a packet filter pass this frame of the adapter? */
bool ndis_filter_wants(uint32_t packet_filter, const struct ndis_adapter *ad, const NET_BUFFER_LIST *nbl);
void ndis_receive_up(struct ndis_layer *from, NET_BUFFER_LIST *nbls, uint32_t port, uint32_t count, uint32_t flags);
void ndis_return_down(struct ndis_layer *from, NET_BUFFER_LIST *nbls, uint32_t flags);

/*
 * A binding's close waits for what it has out and for who is in one of its handlers. enter and leave bracket such a
 * call, without the machine lock; after leave the binding may be gone. count: a live machine's stand-in for track.c.
 */
static inline void
ndis_binding_enter(struct ndis_ledger *ledger)
{
    __atomic_add_fetch(&ledger->calls, 1, __ATOMIC_ACQUIRE);
}
void ndis_binding_leave(struct ndis_ledger *ledger);
/* Held over nothing that can block or call. */
void ndis_bindings_lock(struct ndis_adapter *ad);
void ndis_bindings_unlock(struct ndis_adapter *ad);
static inline void
ndis_binding_count(uint32_t *count, int32_t by)
{
    if (machine_is_native())
        __atomic_add_fetch(count, (uint32_t)by, __ATOMIC_RELAXED);
}
static inline uint32_t
ndis_chain_length(const NET_BUFFER_LIST *nbl)
{
    uint32_t n = 0;

    for (; nbl != NULL; nbl = nbl->Next)
        n++;
    return n;
}

/* ------------------------------------------------------------------ buffers (nbl.c, nb.c, mdl.c) */

struct ndis_nbl_pool {
    struct ndis_object object;
    uint64_t owner; /* NdisHandle given */
    uint64_t context;
    NET_BUFFER_LIST_POOL_PARAMETERS params;
    uint32_t out; /* NBLs allocated and not freed; a live machine counts in cache[] */
    bool freed;
    struct ndis_nbl_cache *cache; /* a live machine: one per VP; NULL: none */
};

/* Free NBLs of a pool that a VP keeps, the last freed first. Only that VP touches it. */
struct ndis_nbl_cache {
    struct nbl_head *first;
    uint32_t count;
    int32_t out; /* allocated here less freed here */
} __attribute__((aligned(64)));

struct ndis_nb_pool {
    struct ndis_object object;
    uint64_t owner;
    NET_BUFFER_POOL_PARAMETERS params;
    uint32_t out;
};

/* Bytes of a net buffer, from offset after its data start. Return how many were copied. */
size_t ndis_nb_read(const NET_BUFFER *nb, size_t offset, void *to, size_t len);
size_t ndis_nb_write(NET_BUFFER *nb, size_t offset, const void *from, size_t len);

#endif
