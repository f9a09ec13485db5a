/* SPDX-License-Identifier: MIT */
/* ndis/ends/shape.h - NBLs in every legal shape, built from plain bytes. */
#ifndef NDIS_ENDS_SHAPE_H
#define NDIS_ENDS_SHAPE_H

#include "ndis/ends/ends.h"
#include "ndis/nbl.h"

/* What NBLs are built from; both pools belong to the end. */
struct shape_pools {
    NDIS_HANDLE nbl, nb;
};

bool shape_pools_init(struct shape_pools *pools, NDIS_HANDLE owner);
void shape_pools_fini(struct shape_pools *pools);

/* A chain of NBLs; *count gets its length. NULL: no memory. source: their SourceHandle. */
NET_BUFFER_LIST *shape_build(struct shape_pools *pools, NDIS_HANDLE source, const uint8_t *frame, size_t length,
                             enum ends_shape shape, uint32_t *count);
/* Free one NBL of shape_build() with everything in it. */
void shape_free(NET_BUFFER_LIST *nbl);

/* Hash the bytes of each net buffer of one NBL onto hash; counts net buffers and bytes. */
uint64_t shape_digest(uint64_t hash, const NET_BUFFER_LIST *nbl, uint32_t *buffers, uint64_t *bytes);

#endif
