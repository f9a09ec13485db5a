/* SPDX-License-Identifier: MIT */
/*
 * image/map.c - loading: from the file to memory a driver can run in.
 *
 * Model: image number i lies at LAYOUT_IMAGE_BASE + i * LAYOUT_IMAGE_STRIDE. The
 * whole range is mapped writable, filled, relocated, bound and patched, and then
 * each page gets the union of the rights of the sections on it. Runs of writable
 * pages move into the hot file. Behind the image, on pages of their own, lie the
 * thunks of patched instructions. The same work up to the mapping is done for
 * image_inspect(), so what a fuzzer feeds there has been through all parsers.
 */
#include "image/guard.h"
#include "image/sites.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/fmt.h"
#include "base/hash.h"
#include "base/str.h"
#include "host/host.h"
#include "machine/user.h"

/* Drivers, then programs. */
static struct loaded *loaded[LAYOUT_IMAGE_MAX];
static unsigned loaded_count, program_count;
enum kind { INSPECTED, DRIVER, PROGRAM };

#define PAGES(n) (((uint64_t)(n) + PAGE - 1) & ~(uint64_t)(PAGE - 1))

static void
set_names(struct image *im, const char *name, const char *path)
{
    const char *leaf = str_leaf(name);
    char *dot;

    str_copy(im->file, sizeof(im->file), leaf);
    str_copy(im->name, sizeof(im->name), leaf);
    for (char *c = im->name; *c; c++)
        *c = str_lower(*c);
    dot = strrchr(im->name, '.');
    if (dot && dot != im->name)
        *dot = 0;
    str_copy(im->path, sizeof(im->path), path ? path : name);
}

static void
count_relocation(void *ctx, uint32_t rva)
{
    (void)ctx;
    (void)rva;
}

/* Everything that only reads the file. On failure the caller frees l. */
static int
read_all(struct loaded *l, const uint8_t *bytes, size_t len, struct image_error *err)
{
    int rc;

    l->copy = malloc(len ? len : 1);
    if (!l->copy)
        return -ENOMEM;
    memcpy(l->copy, bytes, len);
    l->im.raw = l->copy;
    l->im.raw_len = len;
    rc = pe_parse(&l->pe, l->copy, len, l->im.file, err);
    if (rc)
        return rc;
    EVP_Digest(l->copy, len, l->im.sha256, NULL, EVP_sha256(), NULL);
    pe_facts(&l->pe, &l->im);
    l->im.entry = l->im.base + l->pe.entry;
    rc = pe_relocate(&l->pe, count_relocation, NULL, err);
    if (!rc)
        rc = pdata_read(l, err);
    if (!rc)
        rc = imports_read(l, err);
    if (!rc)
        rc = sites_plan(l, err);
    return rc;
}

static int
create(const uint8_t *bytes, size_t len, const char *name, const char *path, enum kind kind, struct loaded **out,
       struct image_error *err)
{
    bool map = kind != INSPECTED;
    struct loaded *l = calloc(1, sizeof(*l));
    unsigned index = map ? loaded_count : 0;
    int rc;

    *out = NULL;
    err->text[0] = 0;
    if (!l) {
        fmt(err->text, sizeof(err->text), "no memory to load %s", name);
        return -ENOMEM;
    }
    set_names(&l->im, name, path);
    l->mapped = map;
    l->im.base = kind == PROGRAM ? PROGRAM_IMAGE_BASE + program_count * PROGRAM_IMAGE_STRIDE
                                 : LAYOUT_IMAGE_BASE + index * LAYOUT_IMAGE_STRIDE;
    for (unsigned i = 0; map && i < loaded_count; i++)
        l->first_site += loaded[i]->im.site_count;
    rc = read_all(l, bytes, len, err);
    if (rc) {
        if (!err->text[0])
            fmt(err->text, sizeof(err->text), "no memory to load %s", name);
        l->mapped = false;
        image_free(&l->im);
        return rc;
    }
    *out = l;
    return 0;
}

int
image_inspect(const uint8_t *bytes, size_t len, const char *name, struct image **out, struct image_error *err)
{
    struct loaded *l;
    int rc = create(bytes, len, name, NULL, INSPECTED, &l, err);

    *out = l ? &l->im : NULL;
    return rc;
}

void
image_free(struct image *im)
{
    struct loaded *l = loaded_of(im);

    if (!im || l->mapped) /* a mapped image stays for the life of the process */
        return;
    free(l->copy);
    free(l->function);
    free(l->plan);
    free(l->thunk_bytes);
    free(l->pristine);
    free(im->imports);
    free(im->sites);
    free(l);
}

/* documented: what lies in sections named INIT goes after DriverEntry. Data stays: its pages are the machine's. */
static bool
is_init(const struct pe_section *s)
{
    return str_starts(s->name, "INIT") && !(s->characteristics & SCN_WRITE);
}

/* ------------------------------------------------------------------ mapping */

static void
relocate_one(void *ctx, uint32_t rva)
{
    struct loaded *l = ctx;
    uint8_t *p = (uint8_t *)(l->im.base + rva);
    uint64_t v = get64(p) + (l->im.base - l->pe.preferred_base);

    memcpy(p, &v, 8);
}

static void
store_slot(struct loaded *l, uint64_t slot_va, uint64_t value)
{
    (void)l;
    memcpy((void *)slot_va, &value, 8);
}

/* As the Windows loader does; the value depends on nothing but the image, and its upper 16 bits are 0. */
static void
write_cookie(struct loaded *l)
{
    uint32_t rva = pe_cookie_rva(&l->pe);
    uint64_t cookie = hash_mix64(str_ihash(l->im.name) ^ l->pe.timestamp) & 0xffffffffffffull;

    if (!rva)
        return;
    if (cookie == 0 || cookie == 0x2b992ddfa232ull) /* the value that means "not written yet" */
        cookie = 0x5bd1e995a1b7ull;
    memcpy((void *)(l->im.base + rva), &cookie, 8);
}

/* Rights of the page at rva: the union of what the sections on it want. The headers are readable. */
static uint32_t
page_rights(const struct pe *pe, uint32_t rva)
{
    uint32_t rights = rva < pe->size_of_headers ? SCN_READ : 0;

    for (unsigned i = 0; i < pe->section_count; i++) {
        const struct pe_section *s = &pe->section[i];

        if (s->rva < rva + PAGE && s->rva + s->size > rva)
            rights |= s->characteristics & (SCN_EXECUTE | SCN_READ | SCN_WRITE);
    }
    return rights;
}

static int
protect(struct loaded *l)
{
    struct pe *pe = &l->pe;
    uint64_t end = PAGES(pe->size_of_image), at = 0;

    while (at < end) {
        uint32_t rights = page_rights(pe, (uint32_t)at);
        uint64_t from = at;
        bool exec = rights & SCN_EXECUTE;
        int rc = 0;

        do
            at += PAGE;
        while (at < end && page_rights(pe, (uint32_t)at) == rights);
        if (rights & SCN_WRITE) {
            if (l->writable_count == PE_SECTIONS_MAX)
                return -ENOSPC;
            l->writable[l->writable_count].rva = (uint32_t)from;
            l->writable[l->writable_count++].size = (uint32_t)(at - from);
            rc = machine_image_data(l->im.base + from, at - from);
            if (!rc && exec)
                rc = host_protect(l->im.base + from, at - from, HOST_RWX);
        } else {
            rc = host_protect(l->im.base + from, at - from, exec     ? HOST_RX
                                                   : rights || program_address(l->im.base) ? HOST_R
                                                                                           : HOST_NONE);
        }
        if (rc)
            return rc;
    }
    return 0;
}

/* Copy the writable pages of the image to the pristine ones, or back. */
static void
copy_writable(struct loaded *l, bool back)
{
    uint8_t *kept = l->pristine;

    for (unsigned i = 0; i < l->writable_count; i++) {
        uint8_t *bytes = (uint8_t *)(l->im.base + l->writable[i].rva);

        memcpy(back ? bytes : kept, back ? kept : bytes, l->writable[i].size);
        kept += l->writable[i].size;
    }
}

static int
keep_writable(struct loaded *l)
{
    size_t size = 0;

    for (unsigned i = 0; i < l->writable_count; i++)
        size += l->writable[i].size;
    l->pristine = malloc(size + 1);
    if (!l->pristine)
        return -ENOMEM;
    copy_writable(l, false);
    return 0;
}

void
image_renew(struct image *im)
{
    copy_writable(loaded_of(im), true);
}

static int
map(struct loaded *l, struct image_error *err)
{
    struct pe *pe = &l->pe;
    struct image *im = &l->im;
    uint64_t size = PAGES(pe->size_of_image);
    int rc = program_address(im->base) ? host_unmap(im->base, PROGRAM_IMAGE_STRIDE) : 0;

    if (!rc)
        rc = host_map_fixed(im->base, program_address(im->base) ? PROGRAM_IMAGE_STRIDE : size, HOST_RW, -1, 0, false);
    if (rc) {
        fmt(err->text, sizeof(err->text), "no room for %s at 0x%llx (error %d)", im->file, (unsigned long long)im->base,
            -rc);
        return rc;
    }
    memcpy((void *)im->base, pe->raw, pe->size_of_headers);
    for (unsigned i = 0; i < pe->section_count; i++)
        memcpy((void *)(im->base + pe->section[i].rva), pe->raw + pe->section[i].raw, pe->section[i].raw_size);
    pe_relocate(pe, relocate_one, l, err); /* cannot fail: read_all() went through it */
    write_cookie(l);
    imports_bind(l, store_slot);
    rc = program_address(im->base) ? 0 : guard_bind(l, store_slot);
    if (!rc && l->thunk_len) {
        im->thunks = im->base + size;
        im->thunks_size = PAGES(l->thunk_len);
        if (!program_address(im->base)) /* there it is part of the window */
            rc = host_map_fixed(im->thunks, im->thunks_size, HOST_RW, -1, 0, false);
        if (!rc) {
            memcpy((void *)im->thunks, l->thunk_bytes, l->thunk_len);
            memcpy((void *)im->thunks, image_thunk_target, sizeof(image_thunk_target));
            rc = host_protect(im->thunks, im->thunks_size, HOST_RX);
        }
    }
    if (!rc)
        sites_apply(l);
    if (!rc)
        rc = protect(l);
    if (!rc)
        rc = keep_writable(l);
    if (rc) {
        fmt(err->text, sizeof(err->text), "cannot map %s (error %d)", im->file, -rc);
        host_unmap(im->base, size + im->thunks_size);
    }
    return rc;
}

static int
load(const uint8_t *bytes, size_t len, const char *name, const char *path, enum kind kind, struct image **out,
     struct image_error *err)
{
    struct loaded *l;
    int rc;

    *out = NULL;
    if (loaded_count == LAYOUT_IMAGE_MAX) {
        fmt(err->text, sizeof(err->text), "%s is one driver too many: %u can be loaded", name, LAYOUT_IMAGE_MAX);
        return -ENOSPC;
    }
    rc = create(bytes, len, name, path, kind, &l, err);
    if (rc)
        return rc;
    rc = map(l, err);
    if (rc) {
        l->mapped = false;
        image_free(&l->im);
        return rc;
    }
    loaded[loaded_count++] = l;
    program_count += kind == PROGRAM;
    *out = &l->im;
    return 0;
}

int
image_load(const uint8_t *bytes, size_t len, const char *name, const char *path, struct image **out,
           struct image_error *err)
{
    *out = NULL;
    if (program_count > 0) {
        fmt(err->text, sizeof(err->text), "%s comes after programs: drivers are loaded first", name);
        return -EINVAL;
    }
    return load(bytes, len, name, path, DRIVER, out, err);
}

/* A driver's imports would be bound to nothing that a program can call, and the other way round. */
static int
check_program(const uint8_t *bytes, size_t len, const char *name, struct image_error *err)
{
    struct image *im;
    int rc = image_inspect(bytes, len, name, &im, err);

    if (rc)
        return rc;
    if (!(im->facts & IMAGE_NOT_NATIVE))
        rc = image_bad(err, "%s is a driver, no program: build it with undis cc --program", name);
    for (unsigned i = 0; i < im->import_count && !rc; i++)
        if (!str_starts(im->imports[i].module, "kernel32") && !str_starts(im->imports[i].module, "KERNEL32"))
            rc = image_bad(err, "%s imports from %s: a program has kernel32.dll here, and nothing else", name,
                           im->imports[i].module);
    image_free(im);
    return rc;
}

int
image_load_program(const uint8_t *bytes, size_t len, const char *name, const char *path, struct image **out,
                   struct image_error *err)
{
    int rc = check_program(bytes, len, name, err);

    *out = NULL;
    if (!rc && program_count == PROGRAM_IMAGE_MAX) {
        fmt(err->text, sizeof(err->text), "%s is one program too many: %u can run", name, PROGRAM_IMAGE_MAX);
        rc = -ENOSPC;
    }
    return rc ? rc : load(bytes, len, name, path, PROGRAM, out, err);
}

void
image_set_thunk_target(enum thunk_target which, uint64_t host_address)
{
    image_thunk_target[which] = host_address;
    for (unsigned i = 0; i < loaded_count; i++) {
        struct image *im = &loaded[i]->im;

        if (!im->thunks || host_protect(im->thunks, im->thunks_size, HOST_RW) != 0)
            continue;
        memcpy((void *)im->thunks, image_thunk_target, sizeof(image_thunk_target));
        host_protect(im->thunks, im->thunks_size, HOST_RX);
    }
}

/*
 * image_discard_init - sections named INIT are discarded after DriverEntry. Only pages that hold nothing else; they are
 * filled with int3, and touching them faults.
 */
void
image_discard_init(struct image *im)
{
    struct loaded *l = loaded_of(im);

    if (!l->mapped || l->init_discarded)
        return;
    l->init_discarded = true;
    for (unsigned i = 0; i < l->pe.section_count; i++) {
        const struct pe_section *s = &l->pe.section[i];
        uint64_t from = PAGES(s->rva), to = s->rva + s->size;

        if (!is_init(s))
            continue;
        if (i + 1 == l->pe.section_count || l->pe.section[i + 1].rva >= PAGES(to))
            to = PAGES(to);
        else
            to &= ~(uint64_t)(PAGE - 1);
        if (to <= from || host_protect(im->base + from, to - from, HOST_RW) != 0)
            continue;
        memset((void *)(im->base + from), 0xcc, to - from);
        host_protect(im->base + from, to - from, HOST_NONE);
    }
}

/* ------------------------------------------------------------------ looking up */

struct image *
image_get(unsigned i)
{
    return i < loaded_count ? &loaded[i]->im : NULL;
}

unsigned
image_number(const struct image *im)
{
    if (program_address(im->base))
        return loaded_count - program_count + (unsigned)((im->base - PROGRAM_IMAGE_BASE) / PROGRAM_IMAGE_STRIDE);
    return (unsigned)((im->base - LAYOUT_IMAGE_BASE) / LAYOUT_IMAGE_STRIDE);
}

struct loaded *
image_at(uint64_t address)
{
    uint64_t i = (address - LAYOUT_IMAGE_BASE) / LAYOUT_IMAGE_STRIDE, drivers = loaded_count - program_count;

    if (address >= LAYOUT_IMAGE_BASE)
        return i < drivers ? loaded[i] : NULL;
    i = (address - PROGRAM_IMAGE_BASE) / PROGRAM_IMAGE_STRIDE;
    return program_address(address) && i < program_count ? loaded[drivers + i] : NULL;
}

struct image *
image_find(uint64_t address)
{
    struct loaded *l = image_at(address);

    return l && address - l->im.base < l->im.size ? &l->im : NULL;
}

bool
image_section(const struct image *im, unsigned i, char name[9], uint32_t *rva, uint32_t *size,
              uint32_t *characteristics)
{
    const struct pe *pe = &loaded_of(im)->pe;

    if (i >= pe->section_count)
        return false;
    memcpy(name, pe->section[i].name, 9);
    *rva = pe->section[i].rva;
    *size = pe->section[i].size;
    *characteristics = pe->section[i].characteristics;
    return true;
}

/* machine_image_readable: pages that some section (or the headers) make readable and that were not discarded. */
static bool
readable(uint64_t p, size_t len)
{
    struct loaded *l = image_at(p);
    uint64_t end = p + len;

    if (!l || end < p)
        return false;
    if (l->im.thunks && p >= l->im.thunks && end <= l->im.thunks + l->im.thunks_size)
        return true;
    if (end > l->im.base + PAGES(l->pe.size_of_image))
        return false;
    for (uint64_t at = p & ~(uint64_t)(PAGE - 1); at < end; at += PAGE) {
        uint32_t rva = (uint32_t)(at - l->im.base);
        const struct pe_section *s;

        if (page_rights(&l->pe, rva) == 0)
            return false;
        s = pe_section_of(&l->pe, rva);
        if (l->init_discarded && s && is_init(s))
            return false;
    }
    return true;
}

static bool
privileged(uint64_t rip)
{
    char text[32];

    return image_privileged(rip, text);
}

/* machine/crossing.S */
void l1_enter(void);
void cr8_enter(void);
void rdtsc_enter(void);
void cpuid_enter(void);
void xgetbv_enter(void);
void pause_enter(void);
void spin_enter(void);
void plain_enter(void);
void watch_enter(void);
void paged_enter(void);
void processor_enter(void);

void
image_init(void)
{
    image_set_thunk_target(THUNK_LOCKED, (uint64_t)l1_enter);
    image_set_thunk_target(THUNK_CR8, (uint64_t)cr8_enter);
    image_set_thunk_target(THUNK_RDTSC, (uint64_t)rdtsc_enter);
    image_set_thunk_target(THUNK_RDTSCP, (uint64_t)rdtsc_enter);
    image_set_thunk_target(THUNK_CPUID, (uint64_t)cpuid_enter);
    image_set_thunk_target(THUNK_XGETBV, (uint64_t)xgetbv_enter);
    image_set_thunk_target(THUNK_PAUSE, (uint64_t)pause_enter);
    image_set_thunk_target(THUNK_SPIN, (uint64_t)spin_enter);
    image_set_thunk_target(THUNK_PLAIN, (uint64_t)plain_enter);
    image_set_thunk_target(THUNK_WATCH, (uint64_t)watch_enter);
    image_set_thunk_target(THUNK_PAGED, (uint64_t)paged_enter);
    image_set_thunk_target(THUNK_PROCESSOR, (uint64_t)processor_enter);
    paged_init();
    machine_image_readable = readable;
    machine_fixup_trap = image_fixup_trap;
    machine_store = image_store;
    machine_privileged = privileged;
    machine_site_access = image_site_access;
}
