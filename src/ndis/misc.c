/* SPDX-License-Identifier: MIT */
/*
 * ndis/misc.c - the root of ndis's service files.
 */
#include "ndis/misc.h"
#include "ndis/poll.h"

#include "nt/ke/ke.h"

struct misc_sites misc_site;

void
ndis_misc_init(void)
{
    struct ndis_misc *misc = mon_alloc(sizeof(*misc));

    ndis_root()->misc = misc;
    list_init(&misc->oids);
    list_init(&misc->devices);
    list_init(&misc->if_stack);
    ndis_timer_init();
    ndis_poll_init();
    ndis_hw_init();
    misc->dispatch = ddi_address((unsigned)ddi_lookup("ndis", "ndisDummyIrpHandler"));
#define X(name) misc_site.name = (uint32_t)ddi_lookup("ndis", #name);
    MISC_SITES(X)
#undef X
}
