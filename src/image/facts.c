/* SPDX-License-Identifier: MIT */
/*
 * image/facts.c - what a file says about itself and nothing depends on: version, PDB, signature, load config.
 *
 * Model: each reader takes what is well formed and leaves the rest out; none can fail the load.
 */
#include "image/internal.h"

#include "base/fmt.h"
#include "base/str.h"

#define DEBUG_CODEVIEW   2
#define RESOURCE_VERSION 16
#define FIXED_FILE_INFO  0xfeef04bdu
#define SUBSYSTEM_NATIVE 1

/* documented: "PE Format", debug directory; CodeView record RSDS, GUID, age, path */
static void
read_codeview(struct pe *pe, struct image *im)
{
    uint32_t count = pe->dir[DIR_DEBUG].size / 28;
    const uint8_t *d = pe_at(pe, pe->dir[DIR_DEBUG].rva, count * 28);

    for (uint32_t i = 0; d && i < count && i < 64; i++, d += 28) {
        uint32_t size = get32(d + 16), raw = get32(d + 24);
        const uint8_t *r;

        if (get32(d + 12) != DEBUG_CODEVIEW || size < 25 || raw > pe->len || size > pe->len - raw)
            continue;
        r = pe->raw + raw;
        if (memcmp(r, "RSDS", 4) != 0 || !memchr(r + 24, 0, size - 24))
            continue;
        str_copy(im->pdb_name, sizeof(im->pdb_name), str_leaf((const char *)r + 24));
        for (char *c = im->pdb_name; *c; c++)
            if ((unsigned char)*c < 0x20)
                *c = '?';
        return;
    }
}

/* One level of the resource tree: the entry with this id (or the first, if any): its offset field; 0: none. */
static uint32_t
resource_entry(struct pe *pe, uint32_t dir_offset, uint32_t id, bool any)
{
    uint32_t base = pe->dir[DIR_RESOURCE].rva;
    const uint8_t *d;
    uint32_t count;

    if (dir_offset > pe->size_of_image)
        return 0;
    d = pe_at(pe, base + dir_offset, 16);
    if (!d)
        return 0;
    count = (uint32_t)get16(d + 12) + get16(d + 14);
    if (count > 256)
        count = 256;
    d = pe_at(pe, base + dir_offset + 16, count * 8);
    for (uint32_t i = 0; d && i < count; i++, d += 8)
        if (any || get32(d) == id)
            return get32(d + 4);
    return 0;
}

static void
read_version(struct pe *pe, struct image *im)
{
    uint32_t type, name, lang, rva, size;
    const uint8_t *d;

    if (pe->dir[DIR_RESOURCE].size == 0)
        return;
    type = resource_entry(pe, 0, RESOURCE_VERSION, false);
    if (!(type & 0x80000000u))
        return;
    name = resource_entry(pe, type & 0x7fffffffu, 0, true);
    if (!(name & 0x80000000u))
        return;
    lang = resource_entry(pe, name & 0x7fffffffu, 0, true);
    if (lang == 0 || lang > pe->size_of_image)
        return;
    d = pe_at(pe, pe->dir[DIR_RESOURCE].rva + lang, 16);
    if (!d)
        return;
    rva = get32(d);
    size = get32(d + 4);
    d = pe_at(pe, rva, size);
    for (uint32_t at = 0; d && at + 52 <= size && at < 256; at += 4) {
        if (get32(d + at) == FIXED_FILE_INFO) {
            uint32_t ms = get32(d + at + 8), ls = get32(d + at + 12);

            fmt(im->version, sizeof(im->version), "%u.%u.%u.%u", ms >> 16, ms & 0xffff, ls >> 16, ls & 0xffff);
            return;
        }
    }
}

/* The u64 at this offset of the load config, if the directory is that long. */
uint64_t
pe_load_config(struct pe *pe, uint32_t offset)
{
    const uint8_t *d = pe_at(pe, pe->dir[DIR_LOAD_CONFIG].rva, 4);
    uint32_t size;

    if (pe->dir[DIR_LOAD_CONFIG].size == 0 || !d)
        return 0;
    size = get32(d);
    if (size < offset + 8)
        return 0;
    d = pe_at(pe, pe->dir[DIR_LOAD_CONFIG].rva, offset + 8);
    return d ? get64(d + offset) : 0;
}

uint32_t
pe_load_config_rva(struct pe *pe, uint32_t offset)
{
    uint64_t rva = pe_load_config(pe, offset) - pe->preferred_base;

    if (pe_load_config(pe, offset) == 0 || rva > pe->size_of_image - 8u || pe->size_of_image < 8 ||
        !pe_section_of(pe, (uint32_t)rva))
        return 0;
    return (uint32_t)rva;
}

/* documented: "PE Format", load configuration: the cookie's address stands at +0x58 */
uint32_t
pe_cookie_rva(struct pe *pe)
{
    return pe_load_config_rva(pe, 0x58);
}

void
pe_facts(struct pe *pe, struct image *im)
{
    im->preferred_base = pe->preferred_base;
    im->timestamp = pe->timestamp;
    im->checksum = pe->checksum;
    im->size = pe->size_of_image;
    if (pe->subsystem != SUBSYSTEM_NATIVE)
        im->facts |= IMAGE_NOT_NATIVE;
    /* the security directory's address is a file offset */
    if (pe->dir[DIR_SECURITY].size && pe->dir[DIR_SECURITY].rva < pe->len)
        im->facts |= IMAGE_SIGNED;
    if (pe->dir[DIR_TLS].size)
        im->facts |= IMAGE_TLS;
    if (pe_load_config(pe, 0x78))
        im->facts |= IMAGE_CFG;
    if (pe_cookie_rva(pe))
        im->facts |= IMAGE_COOKIE;
    for (unsigned i = 1; i < pe->section_count; i++)
        if (pe->section[i].rva / PAGE == (pe->section[i - 1].rva + pe->section[i - 1].size - 1) / PAGE)
            im->facts |= IMAGE_SHARED_PAGES;
    read_codeview(pe, im);
    read_version(pe, im);
}
