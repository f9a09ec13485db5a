/* SPDX-License-Identifier: MIT */
/*
 * image/guard.c - control flow guard: which addresses an indirect call may go to.
 *
 * Model (documented: "Control Flow Guard", "PE Format", load configuration): an image that was built for it calls
 * through two pointers, which the loader points at the kernel's check, and lists the functions whose address is taken.
 * The check (guard.S) looks into a map with two bits for each sixteen bytes of system addresses: may their first byte
 * be called, may any other. An image that was not built for it may be called wherever it has code, and of the pseudo
 * images the slots. The map is made when the first image comes that asks for it; it is no part of the machine's
 * memory, as what may be called does not change once all images are loaded.
 * assumed: the kernel enforces it (docs/assumptions.md, "control flow guard").
 */
#include "image/guard.h"

#include <errno.h>

#include "host/host.h"

#define CONFIG_CHECK    0x70u
#define CONFIG_DISPATCH 0x78u
#define CONFIG_TABLE    0x80u
#define CONFIG_COUNT    0x88u
#define CONFIG_FLAGS    0x90u

#define GUARD_CF_INSTRUMENTED 0x100u
#define GUARD_TABLE_PRESENT   0x400u
#define GUARD_STRIDE(flags)   ((flags) >> 28) /* bytes after each RVA of the table */
#define GUARD_COUNT_MAX       0x40000u

_Static_assert(LAYOUT_SYSTEM_BASE == 0x7e9000000000ull && LAYOUT_GUARD_BASE == 0x7e9480000000ull, "guard.S");
_Static_assert(LAYOUT_SYSTEM_END - LAYOUT_SYSTEM_BASE == 1ull << 32, "guard.S");
_Static_assert(LAYOUT_GUARD_SIZE == (1ull << 32) / 16 * 2 / 8, "two bits for sixteen bytes");

static bool enforced;

/* What the load configuration says; false: the image was not built for it, or lies about it. */
struct guard_table {
    uint64_t check, dispatch; /* RVAs of the pointers, 0: none */
    uint32_t table, count, entry;
};

static bool
read_table(struct pe *pe, struct guard_table *g)
{
    uint64_t flags = pe_load_config(pe, CONFIG_FLAGS) & UINT32_MAX, count = pe_load_config(pe, CONFIG_COUNT);
    uint64_t table = pe_load_config(pe, CONFIG_TABLE);

    memset(g, 0, sizeof(*g));
    if (!(flags & GUARD_CF_INSTRUMENTED))
        return false;
    g->check = pe_load_config_rva(pe, CONFIG_CHECK);
    g->dispatch = pe_load_config_rva(pe, CONFIG_DISPATCH);
    if (!(flags & GUARD_TABLE_PRESENT) || count == 0)
        return true;
    g->entry = 4 + (uint32_t)GUARD_STRIDE(flags);
    if (count > GUARD_COUNT_MAX || table - pe->preferred_base >= pe->size_of_image)
        return false;
    g->table = (uint32_t)(table - pe->preferred_base);
    g->count = (uint32_t)count;
    return pe_at(pe, g->table, g->count * g->entry) != NULL;
}

static void
allow(uint64_t address)
{
    uint64_t bit = (address - LAYOUT_SYSTEM_BASE) / 16 * 2;

    ((uint8_t *)LAYOUT_GUARD_BASE)[bit / 8] |= (uint8_t)((address & 15 ? 3u : 1u) << bit % 8);
}

/* Any byte of the range; from and to are multiples of 64. */
static void
allow_all(uint64_t from, uint64_t to)
{
    memset((uint8_t *)LAYOUT_GUARD_BASE + (from - LAYOUT_SYSTEM_BASE) / 64, 0xff, (to - from) / 64);
}

static void
allow_image(struct loaded *l)
{
    struct guard_table g;

    if (read_table(&l->pe, &g)) {
        for (uint32_t i = 0; i < g.count; i++) {
            const uint8_t *p = pe_at(&l->pe, g.table + i * g.entry, 4);

            if (p && get32(p) < l->pe.size_of_image)
                allow(l->im.base + get32(p));
        }
        allow(l->im.entry);
        return;
    }
    for (unsigned i = 0; i < l->pe.section_count; i++) {
        const struct pe_section *s = &l->pe.section[i];

        if (s->characteristics & SCN_EXECUTE)
            allow_all(l->im.base + s->rva, l->im.base + (((uint64_t)s->rva + s->size + 63) & ~63ull));
    }
}

/* From now on: what is loaded already, and every slot that drivers may be given the address of. */
static int
enforce(void)
{
    struct image *im;
    int rc = host_map_fixed(LAYOUT_GUARD_BASE, LAYOUT_GUARD_SIZE, HOST_RW, -1, 0, false);

    if (rc)
        return rc;
    for (unsigned m = 0; m < LAYOUT_PSEUDO_MAX; m++)
        for (uint64_t at = LAYOUT_SLOT_FIRST; at < LAYOUT_PSEUDO_SIZE; at += LAYOUT_SLOT_SIZE)
            allow(LAYOUT_PSEUDO_BASE + m * LAYOUT_PSEUDO_SIZE + at);
    for (unsigned i = 0; (im = image_get(i)); i++)
        allow_image(loaded_of(im));
    enforced = true;
    return 0;
}

int
guard_bind(struct loaded *l, void (*store)(struct loaded *l, uint64_t slot_va, uint64_t value))
{
    struct guard_table g;
    bool guarded = read_table(&l->pe, &g);
    int rc = 0;

    if (guarded && !enforced)
        rc = enforce();
    if (rc || !enforced)
        return rc;
    if (g.check)
        store(l, l->im.base + g.check, ddi_address((unsigned)ddi_lookup("ntoskrnl", "_guard_check_icall")));
    if (g.dispatch)
        store(l, l->im.base + g.dispatch, ddi_address((unsigned)ddi_lookup("ntoskrnl", "_guard_dispatch_icall")));
    allow_image(l);
    return 0;
}
