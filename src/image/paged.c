/* SPDX-License-Identifier: MIT */
/*
 * image/paged.c - pageable code: which it is, and the check that it runs below DISPATCH_LEVEL.
 *
 * Model (documented: "Making Drivers Pageable"): sections whose names begin with PAGE are pageable until a driver locks
 * them, and all are after MmPageEntireDriver. Here nothing is ever paged out; instead each function of a PAGE section
 * is patched where it begins (sites.c), and says so when it is entered at DISPATCH_LEVEL or above; and a call of ours
 * that raised the IRQL looks where it goes back to. So the finding does not depend on what happens to be in memory.
 * Locks are counted in monitor memory.
 */
#include "image/internal.h"

#include "base/str.h"
#include "trace/event.h"

struct paging {
    uint16_t locks[PE_SECTIONS_MAX];
    bool entire;
};

static struct paging *paging; /* per image */

/* Number of the section at address; -1: it is in none. */
static int
section_at(const struct loaded *l, uint64_t address)
{
    uint64_t rva = address - l->im.base;

    for (unsigned i = 0; i < l->pe.section_count; i++)
        if (rva - l->pe.section[i].rva < l->pe.section[i].size)
            return (int)i;
    return -1;
}

bool
paged_section(const struct pe_section *s)
{
    return (s->characteristics & SCN_EXECUTE) && str_starts(s->name, "PAGE");
}

bool
image_paged(uint64_t address)
{
    const struct loaded *l = image_at(address);
    const struct paging *p;
    int i;

    if (!l || !l->mapped)
        return false;
    p = &paging[image_number(&l->im)];
    if (!l->has_paged && !p->entire)
        return false;
    i = section_at(l, address);
    return i >= 0 && p->locks[i] == 0 &&
           (paged_section(&l->pe.section[i]) || (p->entire && (l->pe.section[i].characteristics & SCN_EXECUTE)));
}

uint64_t
image_section_lock(uint64_t address)
{
    const struct loaded *l = image_at(address);
    int i = l ? section_at(l, address) : -1;

    if (i < 0)
        return 0;
    paging[image_number(&l->im)].locks[i]++;
    return l->im.base + l->pe.section[i].rva;
}

bool
image_section_relock(uint64_t handle, int by)
{
    const struct loaded *l = image_at(handle);
    int i = l ? section_at(l, handle) : -1;
    uint16_t *locks = i >= 0 ? &paging[image_number(&l->im)].locks[i] : NULL;

    if (!locks || (by < 0 && *locks == 0))
        return false;
    *locks = (uint16_t)(*locks + by);
    return true;
}

void
image_page_entire(const struct image *im, bool entire)
{
    paging[image_number(im)].entire = entire;
}

/* A function of a PAGE section is entered at this site, at DISPATCH_LEVEL or above. */
static void
entered(uint32_t number)
{
    struct image *im;
    const struct image_site *site = image_site_get(number, &im);

    if (site && image_paged(im->base + site->rva))
        trace_emit(EV_PAGED_CODE, im->base + site->rva, im->base + site->rva, irql_get());
}

void
paged_init(void)
{
    paging = mon_alloc(LAYOUT_IMAGE_MAX * sizeof(paging[0]));
    machine_paged = image_paged;
    machine_paged_entered = entered;
}
