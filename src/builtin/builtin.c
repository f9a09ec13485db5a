/* SPDX-License-Identifier: MIT */
/* builtin/builtin.c - see builtin.h. */
#include "builtin/builtin.h"

#include "builtin/driver.h"
#include "builtin/import.h"
#include "machine/live.h"
#include "machine/machine.h"
#include "nt/ke/ke.h"

uint32_t builtin_import[BUILTIN_IMPORTS];

/* Names of our DPC routines, as events and stacks show them. */
static const struct ddi_export symbols[] = {
    { "ndis", "wirenic_dpc", NULL, DDI_SYMBOL, 0, 0, TOUCH_NONE, 0, 0 },
    { "ndis", "hostif_dpc", NULL, DDI_SYMBOL, 0, 0, TOUCH_NONE, 0, 0 },
};

uint64_t
builtin_dpc(const char *symbol, void (*fn)(uint64_t dpc, uint64_t context, uint64_t a, uint64_t b))
{
    return ke_host_routine("ndis", symbol, fn);
}

void
builtin_poller_add(struct live_poller *p)
{
    bool was = machine_lock();

    live_poller_add(p); /* fails for a descriptor that cannot be waited for; wires have none such */
    machine_unlock(was);
}

void
builtin_poller_remove(struct live_poller *p)
{
    bool was = machine_lock();

    live_poller_remove(p);
    machine_unlock(was);
}

void
builtin_register_exports(void)
{
    ddi_register(symbols, sizeof(symbols) / sizeof(symbols[0]));
}

void
builtin_init(void)
{
#define X(module, name, ...) builtin_import[IMPORT_##name] = (uint32_t)ddi_lookup(#module, #name);
    BUILTIN_VOIDS(X)
#undef X
#define X(module, type, name, ...) builtin_import[IMPORT_##name] = (uint32_t)ddi_lookup(#module, #name);
    BUILTIN_RESULTS(X)
#undef X
    builtin_wirenic_init();
    builtin_hostif_init();
}
