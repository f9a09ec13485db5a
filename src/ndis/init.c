/* SPDX-License-Identifier: MIT */
/*
 * ndis/init.c - NDIS's root, its table of exports, and the names of its own frames.
 */
#include "ndis/driver.h"

#include "ndis/ends/ends.h"
#include "ndis/exports.h"
#include "ndis/legacy/legacy.h"
#include "nt/io/driver.h"

struct ndis_sites ndis_site;
struct ndis_exports ndis_export;

#define FN(m, n, a, i, t, f) { #m, #n, (void *)n, DDI_FUNCTION, a, DDI_##i, TOUCH_##t, DDI_##f, DDI_RESULT(n, a, f) },
#define VFN(m, n, a, i, t, f) \
    { #m, #n, (void *)n##_va, DDI_VARIADIC, a, DDI_##i, TOUCH_##t, DDI_##f, DDI_RESULT_VA(n##_va, a) },
#define DATA(m, n, o) { #m, #n, NULL, DDI_DATA, 0, 0, TOUCH_NONE, 0, 0 },
#define SYM(m, n)     { #m, #n, NULL, DDI_SYMBOL, 0, 0, TOUCH_NONE, 0, 0 },
static const struct ddi_export exports[] = {
#include "ndis/exports.def"
#define X(name) SYM(ndis, name)
    NDIS_SITES(X)
#undef X
};
#undef FN
#undef VFN
#undef DATA
#undef SYM

void
ndis_register_exports(void)
{
    ddi_register(exports, sizeof(exports) / sizeof(exports[0]));
#define X(name) ndis_site.name = (uint32_t)ddi_lookup("ndis", #name);
    NDIS_SITES(X)
#undef X
#define X(name) ndis_export.name = (uint32_t)ddi_lookup("ndis", #name);
    NDIS_EXPORT_SITES(X)
#undef X
}

void
ndis_init(void)
{
    struct ndis_root *root = mon_alloc(sizeof(*root));

    machine->ndis = root;
    list_init(&root->drivers);
    list_init(&root->records);
    list_init(&root->nics);
    list_init(&root->installs);
    list_init(&root->work);
    list_init(&root->ledger_free);
    list_init(&root->link_free);
    root->poison_reserved = true;
    ndis_chain_hops();
    ndis_worker_start();
    ndis_misc_init();
    io_driver_on_unload(ndis_miniport_unloading);
    legacy_init();
    ends_init();
}
