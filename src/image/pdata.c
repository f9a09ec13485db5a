/* SPDX-License-Identifier: MIT */
/*
 * image/pdata.c - the table of functions.
 *
 * Model: .pdata has one {begin, end, unwind info} for each function that is no
 * leaf, in ascending order (documented: x64 exception handling). Entries that are
 * empty, out of order or outside code are left out and noted: what remains is
 * disjoint, so work over all functions is bounded by the size of the file.
 */
#include "image/internal.h"

#include <errno.h>
#include <stdlib.h>

int
pdata_read(struct loaded *l, struct image_error *err)
{
    struct pe *pe = &l->pe;
    uint32_t count = pe->dir[DIR_EXCEPTION].size / 12, kept = 0, next = 0;
    const uint8_t *p = pe_at(pe, pe->dir[DIR_EXCEPTION].rva, count * 12);

    (void)err;
    if (!p)
        count = 0;
    if (pe->dir[DIR_EXCEPTION].size && count == 0)
        l->im.facts |= IMAGE_BAD_PDATA;
    if (count == 0)
        return 0;
    l->function = malloc(count * sizeof(l->function[0]));
    if (!l->function)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++, p += 12) {
        struct pe_function f = {
            .begin = get32(p), .end = get32(p + 4), .unwind = get32(p + 8), .code_end = get32(p + 4)
        };
        const struct pe_section *s;

        if (f.begin == 0 && f.end == 0)
            continue; /* padding */
        s = pe_section_of(pe, f.begin);
        if (f.begin < next || f.end <= f.begin || !s || !(s->characteristics & SCN_EXECUTE) ||
            f.end - s->rva > s->size) {
            l->im.facts |= IMAGE_BAD_PDATA;
            continue;
        }
        l->function[kept++] = f;
        next = f.end;
    }
    l->function_count = kept;
    l->im.pdata = l->function;
    l->im.pdata_count = kept;
    return 0;
}

const struct pe_function *
pdata_find(const struct loaded *l, uint32_t rva)
{
    unsigned lo = 0, hi = l->function_count;

    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        const struct pe_function *f = &l->function[mid];

        if (rva < f->begin)
            hi = mid;
        else if (rva >= f->end)
            lo = mid + 1;
        else
            return f;
    }
    return NULL;
}

uint64_t
pdata_entry_va(struct loaded *l, const struct pe_function *f)
{
    uint32_t rva = l->pe.dir[DIR_EXCEPTION].rva, lo = 0, hi = l->pe.dir[DIR_EXCEPTION].size / 12;
    const uint8_t *p = pe_at(&l->pe, rva, hi * 12);

    while (p && lo < hi) {
        uint32_t mid = (lo + hi) / 2, begin = get32(p + mid * 12);

        if (begin == f->begin && f->unwind)
            return l->im.base + rva + mid * 12;
        if (begin < f->begin)
            lo = mid + 1;
        else
            hi = mid;
    }
    return 0;
}
