/* SPDX-License-Identifier: MIT */
/*
 * image/import.c - what a driver imports and exports.
 *
 * Model: imports_read() lists every import of the plain and the delayed table
 * and looks each up; imports_bind() writes addresses into the import address
 * table. A name is looked for in drivers loaded before, then among our exports;
 * what neither has gets a slot of its own, and calling that stops the run as
 * unsupported. Data exports need nothing special: their address is that of the
 * variable. Bound-import stamps are ignored: nobody bound against us.
 */
#include "image/internal.h"

#include <errno.h>
#include <stdlib.h>

#include "base/fmt.h"
#include "base/str.h"

#define ORDINAL_FLAG  0x8000000000000000ull
#define LACKING_LIMIT 400u /* distinct names; ddi_lacking() has room for a few more */

static struct loaded *
driver_named(const char *module)
{
    struct image *im;
    char stem[64];
    char *dot;

    str_copy(stem, sizeof(stem), module);
    dot = strrchr(stem, '.');
    if (dot)
        *dot = 0;
    for (unsigned i = 0; (im = image_get(i)); i++)
        if (str_ieq(im->file, module) || str_ieq(im->name, stem))
            return loaded_of(im);
    return NULL;
}

static int
add_import(struct loaded *l, const char *module, const char *name, uint32_t slot_rva, struct image_error *err)
{
    struct image *im = &l->im;
    struct image_import *imp;
    struct loaded *other;

    if (im->import_count == PE_IMPORTS_MAX)
        return image_bad(err, "%s is malformed: more than %u imports", im->file, PE_IMPORTS_MAX);
    if ((im->import_count & (im->import_count - 1)) == 0) { /* grow at powers of two */
        unsigned room = im->import_count ? im->import_count * 2 : 16;
        void *more;

        if (im->import_count >= 16 || !im->imports) {
            more = realloc(im->imports, room * sizeof(im->imports[0]));
            if (!more)
                return -ENOMEM;
            im->imports = more;
        }
    }
    imp = &im->imports[im->import_count++];
    str_copy(imp->module, sizeof(imp->module), module);
    str_copy(imp->name, sizeof(imp->name), name);
    imp->slot_va = im->base + slot_rva;
    imp->export_index = IMPORT_LACKING;
    other = driver_named(imp->module);
    if (other && image_export(&other->im, imp->name))
        imp->export_index = IMPORT_DRIVER;
    else
        imp->export_index = ddi_lookup(imp->module, imp->name);
    if (imp->export_index == -1)
        imp->export_index = IMPORT_LACKING;
    return 0;
}

/* One module's thunks: names at lookup_rva, slots at slots_rva. */
static int
read_thunks(struct loaded *l, const char *module, uint32_t lookup_rva, uint32_t slots_rva, struct image_error *err)
{
    struct pe *pe = &l->pe;
    const char *file = l->im.file;

    for (uint64_t i = 0;; i++) {
        uint64_t at = lookup_rva + i * 8, slot = slots_rva + i * 8, thunk;
        const uint8_t *p = at < UINT32_MAX ? pe_at(pe, (uint32_t)at, 8) : NULL;
        const char *name;
        char ordinal[16];
        int rc;

        if (!p)
            return image_bad(err, "%s is malformed: the imports from %s run out of the file", file, module);
        thunk = get64(p);
        if (thunk == 0)
            return 0;
        if (slot + 8 > pe->size_of_image || !pe_section_of(pe, (uint32_t)slot))
            return image_bad(err, "%s is malformed: the import table of %s lies outside the image", file, module);
        if (thunk & ORDINAL_FLAG) {
            fmt(ordinal, sizeof(ordinal), "#%u", (unsigned)(thunk & 0xffff));
            name = ordinal;
        } else {
            name = thunk < UINT32_MAX - 2 ? pe_string(pe, (uint32_t)thunk + 2, 512) : NULL;
            if (!name)
                return image_bad(err, "%s is malformed: import %llu of %s has no name", file, (unsigned long long)i,
                                 module);
        }
        rc = add_import(l, module, name, (uint32_t)slot, err);
        if (rc)
            return rc;
    }
}

static int
read_table(struct loaded *l, enum pe_dir dir, uint32_t entry_size, struct image_error *err)
{
    struct pe *pe = &l->pe;
    bool delay = dir == DIR_DELAY_IMPORT;

    if (pe->dir[dir].size == 0)
        return 0;
    for (uint64_t at = pe->dir[dir].rva;; at += entry_size) {
        const uint8_t *d = at < UINT32_MAX ? pe_at(pe, (uint32_t)at, entry_size) : NULL;
        uint32_t lookup, name_rva, slots;
        const char *module;
        int rc;

        if (!d)
            return image_bad(err, "%s is malformed: its import table runs out of the file", l->im.file);
        name_rva = get32(d + (delay ? 4 : 12));
        slots = get32(d + (delay ? 12 : 16));
        lookup = get32(d + (delay ? 16 : 0));
        if (name_rva == 0 && slots == 0)
            return 0;
        if (delay && !(get32(d) & 1))
            return image_bad(err, "%s is malformed: its delay imports use addresses instead of RVAs", l->im.file);
        module = pe_string(pe, name_rva, 256);
        if (!module)
            return image_bad(err, "%s is malformed: an imported module has no name", l->im.file);
        rc = read_thunks(l, module, lookup ? lookup : slots, slots, err);
        if (rc)
            return rc;
    }
}

int
imports_read(struct loaded *l, struct image_error *err)
{
    int rc = read_table(l, DIR_IMPORT, 20, err);
    unsigned lacking = 0;

    if (l->pe.dir[DIR_DELAY_IMPORT].size)
        l->im.facts |= IMAGE_DELAY;
    if (!rc)
        rc = read_table(l, DIR_DELAY_IMPORT, 32, err);
    for (unsigned i = 0; !rc && i < l->im.import_count; i++)
        lacking += l->im.imports[i].export_index == IMPORT_LACKING;
    if (!rc && l->mapped && lacking > LACKING_LIMIT)
        rc = image_bad(err, "%s imports %u functions that undis lacks (undis ddi lists them)", l->im.file, lacking);
    return rc;
}

void
imports_bind(struct loaded *l, void (*store)(struct loaded *l, uint64_t slot_va, uint64_t value))
{
    for (unsigned i = 0; i < l->im.import_count; i++) {
        const struct image_import *imp = &l->im.imports[i];
        uint64_t value = 0;

        if (imp->export_index == IMPORT_DRIVER)
            value = image_export(&driver_named(imp->module)->im, imp->name);
        else if (imp->export_index >= 0)
            value = ddi_address((unsigned)imp->export_index);
        if (value == 0)
            value = ddi_lacking(imp->module, imp->name);
        store(l, imp->slot_va, value);
    }
}

struct image *
image_library(const struct image *im, unsigned i)
{
    for (unsigned k = 0; k < im->import_count; k++) {
        struct loaded *l = im->imports[k].export_index == IMPORT_DRIVER ? driver_named(im->imports[k].module) : NULL;
        bool again = l == NULL;

        for (unsigned j = 0; j < k && !again; j++)
            again = im->imports[j].export_index == IMPORT_DRIVER && driver_named(im->imports[j].module) == l;
        if (!again && i-- == 0)
            return &l->im;
    }
    return NULL;
}

/*
 * export_find - RVA of an export by name or "#ordinal"; 0: none. A forwarder gives 0 and *forward, "MODULE.Name".
 * Export directory: base +16, functions +20, names +24, tables +28 (functions) +32 (names) +36 (ordinals).
 */
uint32_t
export_find(struct loaded *l, const char *name, const char **forward)
{
    struct pe *pe = &l->pe;
    const uint8_t *d = pe_at(pe, pe->dir[DIR_EXPORT].rva, 40);
    uint32_t functions, names, index = UINT32_MAX, rva;
    const uint8_t *p;
    uint64_t number;

    *forward = NULL;
    if (pe->dir[DIR_EXPORT].size < 40 || !d)
        return 0;
    functions = get32(d + 20);
    names = get32(d + 24);
    if (functions > 0x10000 || names > 0x10000)
        return 0;
    if (name[0] == '#' && str_to_u64(name + 1, &number)) {
        index = (uint32_t)number - get32(d + 16);
    } else {
        const uint8_t *name_table = pe_at(pe, get32(d + 32), names * 4);
        const uint8_t *ordinals = pe_at(pe, get32(d + 36), names * 2);

        for (uint32_t i = 0; name_table && ordinals && i < names; i++) {
            const char *n = pe_string(pe, get32(name_table + i * 4), 512);

            if (n && strcmp(n, name) == 0) {
                index = get16(ordinals + i * 2);
                break;
            }
        }
    }
    p = pe_at(pe, get32(d + 28), functions * 4);
    if (!p || index >= functions)
        return 0;
    rva = get32(p + index * 4);
    if (rva - pe->dir[DIR_EXPORT].rva < pe->dir[DIR_EXPORT].size) {
        *forward = pe_string(pe, rva, 256);
        return 0;
    }
    return rva < pe->size_of_image ? rva : 0;
}

uint64_t
image_export(struct image *im, const char *name)
{
    for (unsigned depth = 0; depth < 8; depth++) {
        struct loaded *l = loaded_of(im);
        const char *forward, *dot;
        uint32_t rva = export_find(l, name, &forward);
        char module[64];
        int index;

        if (rva)
            return im->base + rva;
        dot = forward ? strrchr(forward, '.') : NULL;
        if (!dot || (size_t)(dot - forward) >= sizeof(module))
            return 0;
        memcpy(module, forward, (size_t)(dot - forward));
        module[dot - forward] = 0;
        name = dot + 1;
        index = ddi_lookup(module, name);
        if (index >= 0)
            return ddi_address((unsigned)index);
        l = driver_named(module);
        if (!l)
            return 0;
        im = &l->im;
    }
    return 0;
}
