/* SPDX-License-Identifier: MIT */
/*
 * ndis/native.c - handlers of drivers that are part of undis.
 *
 * Model: as with the built-in ends (chain.c), a handler is a small number, so that no host address stands in memory
 * that drivers see; behind it is an NTAPI function with the handler's documented prototype.
 */
#include "machine/native.h"

#include "ndis/ndis.h"

static const void *table[NDIS_NATIVE_MAX]; /* filled in init: const while drivers run */

ndis_fn
ndis_native_handler(const void *function)
{
    for (unsigned i = 0; i < NDIS_NATIVE_MAX; i++) {
        if (table[i] == NULL)
            table[i] = function;
        if (table[i] == function)
            return NDIS_HOST_MAX + i;
    }
    NDIS_ASSERT(!"more native handlers than NDIS_NATIVE_MAX");
    return 0;
}

uint64_t
ndis_native_call(uint32_t site, ndis_fn fn, unsigned nargs, const uint64_t *args)
{
    return native_call(site, table[fn - NDIS_HOST_MAX], fn, nargs, args);
}
