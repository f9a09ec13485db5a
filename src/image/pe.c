/* SPDX-License-Identifier: MIT */
/*
 * image/pe.c - the headers of a PE32+ file, read as if its author wished us harm.
 *
 * Model: pe_parse() accepts what the Windows kernel loader accepts of a driver
 * (documented: "PE Format") and turns the rest away with one sentence. After it,
 * sections are in ascending order, disjoint, inside the image, and their bytes
 * are inside the file; everything else is reached through pe_at() and pe_string(),
 * which cannot leave them.
 */
#include "image/internal.h"

#include <errno.h>

#include "base/fmt.h"

#define MACHINE_I386  0x014c
#define MACHINE_AMD64 0x8664
#define MACHINE_ARM64 0xaa64
#define MACHINE_ARMNT 0x01c4

#define FILE_RELOCS_STRIPPED 0x0001

#define RELOC_ABSOLUTE 0
#define RELOC_DIR64    10

int
image_bad(struct image_error *err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fmt_v(err->text, sizeof(err->text), format, args);
    va_end(args);
    return -ENOEXEC;
}

static int
check_machine(unsigned machine, const char *name, struct image_error *err)
{
    switch (machine) {
    case MACHINE_AMD64:
        return 0;
    case MACHINE_I386:
        return image_bad(err, "%s is a 32-bit (x86) driver: build it for x64", name);
    case MACHINE_ARM64:
        return image_bad(err, "%s is an ARM64 driver: build it for x64", name);
    case MACHINE_ARMNT:
        return image_bad(err, "%s is a 32-bit ARM driver: build it for x64", name);
    default:
        return image_bad(err, "%s is for machine type 0x%04x: undis runs x64 (0x8664) drivers", name, machine);
    }
}

static bool
power_of_two(uint32_t v)
{
    return v != 0 && (v & (v - 1)) == 0;
}

static int
read_sections(struct pe *pe, const uint8_t *table, unsigned count, const char *name, struct image_error *err)
{
    uint32_t next = pe->size_of_headers;

    for (unsigned i = 0; i < count; i++) {
        const uint8_t *h = table + i * 40;
        struct pe_section *s = &pe->section[pe->section_count];
        uint64_t raw_end;

        memcpy(s->name, h, 8);
        s->name[8] = 0;
        for (unsigned k = 0; k < 8 && s->name[k]; k++)
            if (s->name[k] < 0x20 || s->name[k] > 0x7e)
                s->name[k] = '?';
        s->size = get32(h + 8);
        s->rva = get32(h + 12);
        s->raw_size = get32(h + 16);
        s->raw = get32(h + 20);
        s->characteristics = get32(h + 36);
        if (s->size == 0)
            s->size = s->raw_size;
        if (s->size == 0)
            continue;
        if (s->raw == 0)
            s->raw_size = 0;
        if (s->raw_size > s->size)
            s->raw_size = s->size;
        raw_end = (uint64_t)s->raw + s->raw_size;
        if (s->raw_size && raw_end > pe->len)
            return image_bad(err,
                             "%s is cut short: section %s ends at file offset 0x%llx of 0x%zx: copy the file again",
                             name, s->name, (unsigned long long)raw_end, pe->len);
        if (s->rva & (pe->section_align - 1))
            return image_bad(err, "%s is malformed: section %s is not aligned", name, s->name);
        if (s->rva < next)
            return image_bad(err, "%s is malformed: section %s overlaps what lies before it", name, s->name);
        if (s->size > pe->size_of_image || s->rva > pe->size_of_image - s->size)
            return image_bad(err, "%s is malformed: section %s ends behind the image", name, s->name);
        next = s->rva + s->size;
        pe->section_count++;
    }
    return 0;
}

static int
read_optional(struct pe *pe, const uint8_t *opt, unsigned opt_len, const char *name, struct image_error *err)
{
    uint32_t dirs;

    if (opt_len < 2)
        return image_bad(err, "%s is malformed: no optional header", name);
    if (get16(opt) == 0x10b)
        return image_bad(err, "%s is a 32-bit (PE32) driver: build it for x64", name);
    if (get16(opt) != 0x20b || opt_len < 112)
        return image_bad(err, "%s is malformed: optional header has magic 0x%x and %u bytes", name, get16(opt),
                         opt_len);
    pe->entry = get32(opt + 16);
    pe->preferred_base = get64(opt + 24);
    pe->section_align = get32(opt + 32);
    pe->size_of_image = get32(opt + 56);
    pe->size_of_headers = get32(opt + 60);
    pe->checksum = get32(opt + 64);
    pe->subsystem = get16(opt + 68);
    dirs = get32(opt + 108);
    if (dirs > DIR_COUNT)
        dirs = DIR_COUNT;
    if (dirs > (opt_len - 112) / 8)
        dirs = (opt_len - 112) / 8;
    for (uint32_t i = 0; i < dirs; i++) {
        pe->dir[i].rva = get32(opt + 112 + i * 8);
        pe->dir[i].size = get32(opt + 116 + i * 8);
        if (pe->dir[i].rva == 0 || pe->dir[i].size == 0)
            pe->dir[i].rva = pe->dir[i].size = 0;
    }
    if (!power_of_two(pe->section_align) || !power_of_two(get32(opt + 36)) || get32(opt + 36) > pe->section_align)
        return image_bad(err, "%s is malformed: section alignment 0x%x with file alignment 0x%x", name,
                         pe->section_align, get32(opt + 36));
    if (pe->size_of_image == 0)
        return image_bad(err, "%s is malformed: its image has no size", name);
    if (pe->size_of_image > PE_IMAGE_MAX)
        return image_bad(err, "%s wants 0x%x bytes of memory: undis loads images of up to 12 MB", name,
                         pe->size_of_image);
    if (pe->size_of_headers > pe->len || pe->size_of_headers > pe->size_of_image)
        return image_bad(err, "%s is malformed: headers of 0x%x bytes in a file of 0x%zx", name, pe->size_of_headers,
                         pe->len);
    return 0;
}

int
pe_parse(struct pe *pe, const uint8_t *raw, size_t len, const char *name, struct image_error *err)
{
    uint32_t nt, opt_len, sections;
    uint64_t table;
    const struct pe_section *s;
    int rc;

    memset(pe, 0, offsetof(struct pe, section));
    pe->raw = raw;
    pe->len = len;
    pe->name = name;
    if (len < 64 || raw[0] != 'M' || raw[1] != 'Z')
        return image_bad(err, "%s is no Windows image: it does not begin with MZ", name);
    if (len > 0x40000000)
        return image_bad(err, "%s has %zu bytes: too large for a driver", name, len);
    nt = get32(raw + 60);
    if (nt > len || len - nt < 24 || memcmp(raw + nt, "PE\0\0", 4) != 0)
        return image_bad(err, "%s is no Windows image: no PE header", name);
    rc = check_machine(get16(raw + nt + 4), name, err);
    if (rc)
        return rc;
    sections = get16(raw + nt + 6);
    pe->timestamp = get32(raw + nt + 8);
    opt_len = get16(raw + nt + 20);
    pe->characteristics = get16(raw + nt + 22);
    table = (uint64_t)nt + 24 + opt_len;
    if (table > len || (len - table) / 40 < sections)
        return image_bad(err, "%s is cut short: its section table ends behind the file: copy the file again", name);
    if (sections == 0 || sections > PE_SECTIONS_MAX)
        return image_bad(err, "%s is malformed: %u sections", name, sections);
    rc = read_optional(pe, raw + nt + 24, opt_len, name, err);
    if (!rc)
        rc = read_sections(pe, raw + table, sections, name, err);
    if (rc)
        return rc;
    if (pe->entry == 0)
        return image_bad(err, "%s has no entry point: a driver needs DriverEntry (link with /entry:DriverEntry)", name);
    s = pe_section_of(pe, pe->entry);
    if (!s || !(s->characteristics & (SCN_EXECUTE | SCN_CODE)))
        return image_bad(err, "%s is malformed: its entry point 0x%x is not in code", name, pe->entry);
    if ((pe->characteristics & FILE_RELOCS_STRIPPED) && pe->dir[DIR_BASERELOC].size == 0)
        return image_bad(err, "%s was linked without relocations: link it without /FIXED (or -Wl,--strip-reloc)", name);
    return 0;
}

const struct pe_section *
pe_section_of(struct pe *pe, uint32_t rva)
{
    unsigned lo = 0, hi = pe->section_count;
    const struct pe_section *s = &pe->section[pe->last_section];

    if (pe->last_section < pe->section_count && rva >= s->rva && rva - s->rva < s->size)
        return s;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;

        s = &pe->section[mid];
        if (rva < s->rva) {
            hi = mid;
        } else if (rva - s->rva >= s->size) {
            lo = mid + 1;
        } else {
            pe->last_section = mid;
            return s;
        }
    }
    return NULL;
}

const uint8_t *
pe_run(struct pe *pe, uint32_t rva, uint32_t *len)
{
    const struct pe_section *s;

    if (rva < pe->size_of_headers) {
        *len = pe->size_of_headers - rva;
        return pe->raw + rva;
    }
    s = pe_section_of(pe, rva);
    if (!s || rva - s->rva >= s->raw_size)
        return NULL;
    *len = s->raw_size - (rva - s->rva);
    return pe->raw + s->raw + (rva - s->rva);
}

const uint8_t *
pe_at(struct pe *pe, uint32_t rva, uint32_t len)
{
    uint32_t have = 0;
    const uint8_t *p = pe_run(pe, rva, &have);

    return p && have >= len ? p : NULL;
}

const char *
pe_string(struct pe *pe, uint32_t rva, uint32_t max)
{
    uint32_t have = 0;
    const uint8_t *p = pe_run(pe, rva, &have);

    if (!p || !memchr(p, 0, have < max ? have : max))
        return NULL;
    return (const char *)p;
}

/*
 * pe_relocate - calls fn for each 8-byte address of the image that moves with it. Blocks are {page, size, entries of
 * 4 bits type and 12 bits offset}. Targets are inside the image; their bytes may lie in zero-filled memory.
 */
int
pe_relocate(struct pe *pe, void (*fn)(void *ctx, uint32_t rva), void *ctx, struct image_error *err)
{
    uint32_t left = pe->dir[DIR_BASERELOC].size, at = pe->dir[DIR_BASERELOC].rva;
    const uint8_t *p;

    if (left == 0)
        return 0;
    p = pe_at(pe, at, left);
    if (!p)
        return image_bad(err, "%s is malformed: relocations lie outside the file", pe->name);
    while (left >= 8) {
        uint32_t page = get32(p), size = get32(p + 4);

        if (size == 0)
            break;
        if (size < 8 || size > left || (size & 1))
            return image_bad(err, "%s is malformed: relocation block of 0x%x bytes", pe->name, size);
        for (uint32_t i = 8; i < size; i += 2) {
            uint32_t entry = get16(p + i), type = entry >> 12;
            uint64_t rva = (uint64_t)page + (entry & 0xfff);

            if (type == RELOC_ABSOLUTE)
                continue;
            if (type != RELOC_DIR64)
                return image_bad(err, "%s is malformed: relocation type %u is not one of x64", pe->name, type);
            if (rva + 8 > pe->size_of_image)
                return image_bad(err, "%s is malformed: relocation of 0x%llx behind the image", pe->name,
                                 (unsigned long long)rva);
            fn(ctx, (uint32_t)rva);
        }
        p += size;
        left -= size;
    }
    return 0;
}
