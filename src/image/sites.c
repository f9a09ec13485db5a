/* SPDX-License-Identifier: MIT */
/*
 * image/sites.c - finding the instructions that need patching, and deciding how.
 *
 * Model: code is what .pdata lists, and leaf functions (which have no entry)
 * that direct calls, exports, relocated pointers or lea point at: a linear sweep
 * of sections would decode data as code. Inside a function that jumps through a
 * table the sweep ends where the table begins.
 *
 * A site shorter than a 5-byte jmp takes the following instructions along, unless
 * something may land on them: a branch from anywhere, a jump table, an exception
 * handler. Where a jump's table was not understood nothing is moved, and the site
 * becomes an int3.
 */
#include "image/sites.h"

#include <errno.h>
#include <stdlib.h>

#define LEAF_MAX 0x1000u /* bytes */

struct scan {
    struct loaded *l;
    struct image_error *err;
    ZydisDecoder decoder;
    uint32_t *root; /* where leaf functions may begin: a worklist */
    unsigned root_count, root_room, site_room;
    uint8_t *landing; /* a bit per byte of the image: something may jump there */
    bool short_sites, watch;
    const struct planted_list *planted;
};

static bool watch_next;

void
image_watch(bool on)
{
    watch_next = on;
}

void
decoder_init(ZydisDecoder *d)
{
    ZydisDecoderInit(d, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
}

bool
decode(const ZydisDecoder *d, const uint8_t *p, uint32_t left, insn *in)
{
    return ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(d, NULL, p, left, in));
}

/* A constant that is an address of KUSER_SHARED_DATA: mov reg, imm64 or mov rax, [imm64] and its like. */
static bool
is_kuser(const insn *in, const uint8_t *p)
{
    unsigned at = in->raw.imm[0].size == 64 ? in->raw.imm[0].offset : in->raw.disp.size == 64 ? in->raw.disp.offset : 0;

    return at && in->length >= at + 8 && (get64(p + at) & ~0xfffull) == KUSER_ADDRESS;
}

/*
 * Through gs, and neither the IRQL nor the current thread: what else the KPCR holds, drivers follow to the number of
 * the processor (machine/kpcr.c).
 */
static bool
reads_processor(const insn *in)
{
    bool absolute = in->raw.modrm.mod == 0 && in->raw.modrm.rm == 4 && in->raw.sib.base == 5 && in->raw.sib.index == 4;

    if (!insn_has_memory(in) || !(in->attributes & ZYDIS_ATTRIB_HAS_SEGMENT_GS))
        return false;
    return !absolute || (in->raw.disp.value != KPCR_IRQL && in->raw.disp.value != KPCR_THREAD);
}

static bool
is_privileged(const insn *in)
{
    switch (in->mnemonic) {
    case ZYDIS_MNEMONIC_CLI:
    case ZYDIS_MNEMONIC_STI:
    case ZYDIS_MNEMONIC_IN:
    case ZYDIS_MNEMONIC_OUT:
    case ZYDIS_MNEMONIC_INSB:
    case ZYDIS_MNEMONIC_INSW:
    case ZYDIS_MNEMONIC_INSD:
    case ZYDIS_MNEMONIC_OUTSB:
    case ZYDIS_MNEMONIC_OUTSW:
    case ZYDIS_MNEMONIC_OUTSD:
        return true;
    default:
        return in->attributes & ZYDIS_ATTRIB_IS_PRIVILEGED;
    }
}

int
site_kind(const insn *in, const uint8_t *p)
{
    if (in->attributes & ZYDIS_ATTRIB_HAS_LOCK)
        return insn_has_memory(in) ? SITE_LOCKED : -1;
    switch (in->mnemonic) {
    case ZYDIS_MNEMONIC_XCHG:
        return insn_has_memory(in) ? SITE_LOCKED : -1;
    case ZYDIS_MNEMONIC_RDTSC:
        return SITE_RDTSC;
    case ZYDIS_MNEMONIC_RDTSCP:
        return SITE_RDTSCP;
    case ZYDIS_MNEMONIC_CPUID:
        return SITE_CPUID;
    case ZYDIS_MNEMONIC_XGETBV:
        return SITE_XGETBV;
    case ZYDIS_MNEMONIC_PAUSE:
        return SITE_PAUSE;
    case ZYDIS_MNEMONIC_MOV:
        if (in->opcode_map == ZYDIS_OPCODE_MAP_0F && (in->opcode == 0x20 || in->opcode == 0x22) &&
            (in->raw.modrm.reg | in->raw.rex.R << 3) == 8)
            return in->opcode == 0x20 ? SITE_CR8_READ : SITE_CR8_WRITE;
        if (is_kuser(in, p))
            return SITE_KUSER;
        break;
    default:
        break;
    }
    if (is_privileged(in))
        return SITE_PRIVILEGED;
    return reads_processor(in) ? SITE_PROCESSOR : -1;
}

/* ------------------------------------------------------------------ growing lists */

static int
grow(void **list, unsigned *room, unsigned count, size_t size)
{
    unsigned want = *room ? *room * 2 : 64;
    void *more;

    if (count < *room)
        return 0;
    more = realloc(*list, want * size);
    if (!more)
        return -ENOMEM;
    *list = more;
    *room = want;
    return 0;
}

static bool
executable(struct pe *pe, uint32_t rva)
{
    const struct pe_section *s = pe_section_of(pe, rva);

    return s && (s->characteristics & SCN_EXECUTE);
}

static int
add_root(struct scan *s, uint64_t rva)
{
    int rc;

    if (rva >= s->l->pe.size_of_image || !executable(&s->l->pe, (uint32_t)rva) || pdata_find(s->l, (uint32_t)rva))
        return 0;
    rc = grow((void **)&s->root, &s->root_room, s->root_count, sizeof(s->root[0]));
    if (!rc)
        s->root[s->root_count++] = (uint32_t)rva;
    return rc;
}

static int
add_site(struct scan *s, uint32_t rva, int kind, const insn *in)
{
    struct image *im = &s->l->im;
    int rc;

    if (im->site_count == PE_SITES_MAX)
        return image_bad(s->err, "%s has more than %u instructions to patch", im->file, PE_SITES_MAX);
    rc = grow((void **)&im->sites, &s->site_room, im->site_count, sizeof(im->sites[0]));
    if (rc)
        return rc;
    im->sites[im->site_count++] =
        (struct image_site){ .rva = rva, .kind = (uint8_t)kind, .patch = PATCH_TRAP, .length = in->length };
    if (in->length < 5 && kind != SITE_PRIVILEGED)
        s->short_sites = true;
    return 0;
}

/* ------------------------------------------------------------------ sweeping functions */

/* Bytes of the code of [begin, end), as many as the file has. */
static const uint8_t *
code_of(struct pe *pe, uint32_t begin, uint32_t end, uint32_t *len)
{
    const uint8_t *p = pe_run(pe, begin, len);

    if (p && *len > end - begin)
        *len = end - begin;
    return p;
}

/* Is this the load of an entry of a jump table inside [pc, end)? Such tables are addressed from the image base. */
static bool
loads_inner_table(const insn *in, uint32_t pc, uint32_t end)
{
    return insn_has_memory(in) && in->raw.modrm.mod == 2 && in->raw.modrm.rm == 4 && in->raw.disp.size == 32 &&
           (in->mnemonic == ZYDIS_MNEMONIC_MOV || in->mnemonic == ZYDIS_MNEMONIC_MOVZX ||
            in->mnemonic == ZYDIS_MNEMONIC_MOVSXD) &&
           in->raw.disp.value > pc && in->raw.disp.value < end;
}

/* A load or store that is planted, or watched with all others. */
static int
add_access(struct scan *s, uint32_t rva, const uint8_t *p, uint32_t left, const insn *in)
{
    bool planted = planted_has(s->planted, image_number(&s->l->im), rva);
    struct image_site access = { 0 };
    struct image_site *site;
    int rc;

    if (!(planted || s->watch) || !insn_has_memory(in) || !access_of(s->l, &s->decoder, rva, p, left, false, &access))
        return 0;
    rc = add_site(s, rva, planted ? SITE_PLAIN : SITE_WATCHED, in);
    if (rc)
        return rc;
    site = &s->l->im.sites[s->l->im.site_count - 1];
    site->size = access.size;
    site->access = access.access;
    site->source = access.source;
    site->constant = access.constant;
    plain_used |= planted;
    return 0;
}

/* Walk a function: its sites, where its code ends, and where leaf functions may begin. */
static int
sweep(struct scan *s, struct pe_function *f)
{
    uint32_t len = 0, table = f->end;
    const uint8_t *p = code_of(&s->l->pe, f->begin, f->end, &len);
    const struct pe_section *section = pe_section_of(&s->l->pe, f->begin);
    bool indirect = false, tables = true, paged = section && paged_section(section);
    int rc = 0;
    insn in;

    s->l->has_paged |= paged;
    for (uint32_t at = 0; p && at < len && !rc; at += in.length) {
        uint32_t pc = f->begin + at;
        int kind;

        if (pc >= table) {
            if (indirect)
                break;
            tables = false; /* it was the displacement of a structure */
            table = f->end;
        }
        if (!decode(&s->decoder, p + at, len - at, &in)) {
            in.length = 1;
            continue;
        }
        kind = site_kind(&in, p + at);
        if (at == 0 && paged && kind < 0 && thunk_can_move(&in))
            rc = add_site(s, pc, SITE_PAGED, &in);
        if (kind >= 0)
            rc = add_site(s, pc, kind, &in);
        else if (insn_relative_branch(&in))
            rc = add_root(s, (uint64_t)((int64_t)pc + in.length + in.raw.imm[0].value.s));
        else if (in.mnemonic == ZYDIS_MNEMONIC_LEA && insn_rip_relative(&in))
            rc = add_root(s, (uint64_t)((int64_t)pc + in.length + in.raw.disp.value));
        else if (insn_indirect_jump(&in) && in.raw.modrm.mod == 3)
            indirect = true;
        else if (tables && loads_inner_table(&in, pc, table))
            table = (uint32_t)in.raw.disp.value;
        if (kind < 0 && !rc && !(at == 0 && paged))
            rc = add_access(s, pc, p + at, len - at, &in);
    }
    f->code_end = table;
    return rc;
}

/* Does a leaf function begin at rva? Only if all of it decodes, up to where nothing goes on. Its end, or 0. */
static uint32_t
leaf_end(struct scan *s, uint32_t rva)
{
    uint32_t len = 0, furthest = 0;
    const uint8_t *p = code_of(&s->l->pe, rva, rva + LEAF_MAX, &len);
    insn in;

    for (uint32_t at = 0; p && at < len; at += in.length) {
        if (pdata_find(s->l, rva + at) || !decode(&s->decoder, p + at, len - at, &in))
            return 0;
        if (in.mnemonic == ZYDIS_MNEMONIC_PUSH || in.mnemonic == ZYDIS_MNEMONIC_CALL)
            return 0; /* a leaf does neither */
        if (insn_relative_branch(&in) && in.raw.imm[0].value.s > 0 && in.raw.imm[0].value.s < (int64_t)LEAF_MAX) {
            uint32_t to = at + in.length + (uint32_t)in.raw.imm[0].value.s;

            if (to > furthest && in.mnemonic != ZYDIS_MNEMONIC_JMP)
                furthest = to;
        }
        if (insn_ends_flow(&in) && at + in.length > furthest)
            return rva + at + in.length;
    }
    return 0;
}

static int
compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static int
compare_sites(const void *a, const void *b)
{
    return compare_u32(&((const struct image_site *)a)->rva, &((const struct image_site *)b)->rva);
}

static void
relocated_root(void *ctx, uint32_t rva)
{
    struct scan *s = ctx;
    const uint8_t *p = pe_at(&s->l->pe, rva, 8);

    if (p)
        add_root(s, get64(p) - s->l->pe.preferred_base); /* out of memory: found again below or not at all */
}

/* Add sorted functions to the sorted table. */
static int
insert_functions(struct scan *s, const struct pe_function *more, unsigned count)
{
    struct loaded *l = s->l;
    unsigned a = l->function_count, b = count, n = a + b;
    struct pe_function *all = realloc(l->function, (n ? n : 1) * sizeof(*all));

    if (!all)
        return -ENOMEM;
    l->function = all;
    l->im.pdata = all;
    while (b) /* merge from the back; both are sorted */
        if (a && all[a - 1].begin > more[b - 1].begin)
            all[--n] = all[--a];
        else
            all[--n] = more[--b];
    l->function_count += count;
    return 0;
}

/* Turn the worklist into leaf functions and sweep them, in rounds: what one round finds may call more. */
static int
find_leaves(struct scan *s)
{
    int rc = 0;

    for (unsigned round = 0; round < 8 && s->root_count && !rc; round++) {
        struct pe_function *leaf = malloc(s->root_count * sizeof(*leaf));
        uint32_t next = 0;
        unsigned n = 0;

        if (!leaf)
            return -ENOMEM;
        qsort(s->root, s->root_count, sizeof(s->root[0]), compare_u32);
        for (unsigned i = 0; i < s->root_count; i++) {
            uint32_t end = s->root[i] < next ? 0 : leaf_end(s, s->root[i]);

            if (!end)
                continue;
            leaf[n++] = (struct pe_function){ s->root[i], end, 0, end, false };
            next = end;
        }
        s->root_count = 0;
        if (n)
            rc = insert_functions(s, leaf, n);
        for (unsigned i = 0; i < n && !rc; i++)
            rc = sweep(s, &leaf[i]);
        free(leaf);
    }
    return rc;
}

/* ------------------------------------------------------------------ where something may land */

static void
mark(struct scan *s, uint64_t rva)
{
    if (rva < s->l->pe.size_of_image)
        s->landing[rva / 8] |= (uint8_t)(1u << (rva % 8));
}

static bool
marked(const struct scan *s, uint32_t rva)
{
    return s->landing[rva / 8] >> (rva % 8) & 1;
}

static void
mark_relocated(void *ctx, uint32_t rva)
{
    struct scan *s = ctx;
    const uint8_t *p = pe_at(&s->l->pe, rva, 8);

    if (p)
        mark(s, get64(p) - s->l->pe.preferred_base);
}

/* Entries of 4 bytes, relative to the table (gcc, clang), as long as they lead into code. How many there are. */
static unsigned
mark_relative_table(struct scan *s, uint32_t table)
{
    unsigned n = 0;
    const uint8_t *p;

    while (n < 4096 && (p = pe_at(&s->l->pe, table + n * 4, 4))) {
        uint32_t to = table + get32(p);

        if (!executable(&s->l->pe, to))
            break;
        mark(s, to);
        n++;
    }
    return n;
}

/* Handler data that looks like a scope table: {count, {begin, end, handler, target}...}. */
static void
mark_scopes(struct scan *s, const struct pe_function *f)
{
    struct pe *pe = &s->l->pe;
    const uint8_t *p = f->unwind & 3 ? NULL : pe_at(pe, f->unwind, 4);
    uint32_t data, count;

    if (!p || !(p[0] >> 3 & 3))
        return;
    data = f->unwind + 4 + ((p[2] + 1u) & ~1u) * 2 + 4;
    p = pe_at(pe, data, 4);
    count = p ? get32(p) : 0;
    if (count > 256)
        return;
    p = pe_at(pe, data + 4, count * 16);
    for (uint32_t i = 0; p && i < count * 4; i++)
        mark(s, get32(p + i * 4));
}

static void
mark_function(struct scan *s, struct pe_function *f)
{
    struct pe *pe = &s->l->pe;
    uint32_t len = 0;
    const uint8_t *p = code_of(pe, f->begin, f->code_end, &len);
    bool indirect = false, known = f->code_end < f->end;
    insn in;

    mark(s, f->begin);
    mark_scopes(s, f);
    for (uint32_t at = 0; p && at < len; at += in.length) {
        int64_t next;

        if (!decode(&s->decoder, p + at, len - at, &in)) {
            in.length = 1;
            continue;
        }
        next = (int64_t)f->begin + at + in.length;
        if (insn_relative_branch(&in))
            mark(s, (uint64_t)(next + in.raw.imm[0].value.s));
        else if (in.mnemonic == ZYDIS_MNEMONIC_LEA && insn_rip_relative(&in))
            known |= mark_relative_table(s, (uint32_t)(next + in.raw.disp.value)) > 1;
        else if (insn_indirect_jump(&in) && in.raw.modrm.mod == 3)
            indirect = true;
    }
    for (uint32_t at = f->code_end; at + 4 <= f->end && (p = pe_at(pe, at, 4)); at += 4)
        mark(s, get32(p));
    f->fixed = indirect && !known;
}

/* ------------------------------------------------------------------ deciding */

/* It can be told of in the thunk of the site before it. */
static bool
can_go_inside(const struct image_site *site)
{
    return site->kind == SITE_WATCHED || site->kind == SITE_PLAIN;
}

/* How many bytes from site i on go into its thunk; 0: they cannot. *inside: offset of a site among them, 0: none. */
static unsigned
cover(struct scan *s, const struct pe_function *f, unsigned i, const uint8_t *p, uint32_t left, uint8_t *inside)
{
    const struct image_site *next = &s->l->im.sites[i + 1], *end = s->l->im.sites + s->l->im.site_count;
    uint32_t rva = next[-1].rva;
    unsigned n = 0, moved = 0;
    insn in;

    while (n < 5) {
        if (n >= left || !decode(&s->decoder, p + n, left - n, &in))
            return 0;
        if (n > 0) {
            if (f->fixed || ++moved >= MOVED_MAX || !thunk_can_move(&in))
                return 0;
            if (next < end && rva + n >= next->rva) {
                if (*inside || rva + n != next->rva || !can_go_inside(next))
                    return 0;
                *inside = (uint8_t)n;
                next++;
            }
            for (unsigned k = 0; k < in.length; k++)
                if (marked(s, rva + n + k))
                    return 0;
        }
        n += in.length;
        if (n < 5 && insn_ends_flow(&in))
            return 0;
    }
    return n;
}

/* Left as it is in a live machine: the processor does it, and nobody explores. */
static bool
runs_live(unsigned kind)
{
    switch (kind) {
    case SITE_LOCKED:
    case SITE_PAUSE:
    case SITE_RDTSC:
    case SITE_RDTSCP:
    case SITE_PAGED:
    case SITE_PROCESSOR:
        return true;
    default:
        return false;
    }
}

static int
plan_site(struct scan *s, unsigned i)
{
    struct loaded *l = s->l;
    struct image_site *site = &l->im.sites[i];
    struct site_plan *plan = &l->plan[i];
    const struct pe_function *f = pdata_find(l, site->rva);
    uint32_t left = 0;
    const uint8_t *p = f ? code_of(&l->pe, site->rva, f->code_end, &left) : NULL;
    insn in;

    site->number = l->first_site + i;
    if (site->patch == PATCH_INSIDE)
        return 0;
    if (p && site->kind == SITE_LOCKED)
        access_of(l, &s->decoder, site->rva, p, left, true, site);
    if (!p || !decode(&s->decoder, p, left, &in) || site->kind == SITE_PRIVILEGED)
        return 0;
    if (machine_is_native() && runs_live(site->kind))
        return 0;
    if (site->kind == SITE_KUSER) {
        unsigned at = in.raw.imm[0].size == 64 ? in.raw.imm[0].offset : in.raw.disp.offset;

        kpcr_shared_used();
        site->patch = PATCH_IMMEDIATE;
        plan->immediate_offset = (uint8_t)at;
        plan->immediate = KUSER_ALIAS + (get64(p + at) & 0xfff);
        return 0;
    }
    plan->cover = site->length;
    site->patch = PATCH_JMP;
    if (site->length < 5) {
        uint8_t inside = 0;
        unsigned n = cover(s, f, i, p, left, &inside);

        site->patch = n ? PATCH_JMP_MOVED : PATCH_INT3;
        if (n) {
            plan->cover = (uint8_t)n;
            plan->inside = inside;
        }
        if (n && inside) {
            site[1].number = site->number + 1;
            site[1].patch = PATCH_INSIDE;
        }
    }
    return thunk_write(l, &s->decoder, i, p);
}

/* What earlier runs asked for, if such an instruction is there. */
static int
add_planted(struct scan *s)
{
    const struct planted_list *list = s->planted;
    int rc = 0;

    for (uint32_t i = 0; list && i < list->count && !rc; i++) {
        const struct planted *want = &list->at[i];
        const struct pe_function *f = pdata_find(s->l, want->rva);
        uint32_t left = 0;
        const uint8_t *p = f ? code_of(&s->l->pe, want->rva, f->code_end, &left) : NULL;
        insn in;

        if (want->image != image_number(&s->l->im) || !p || !decode(&s->decoder, p, left, &in))
            continue;
        if (want->kind == SITE_BACK_EDGE && insn_relative_branch(&in) && thunk_can_move(&in))
            rc = add_site(s, want->rva, want->kind, &in);
    }
    return rc;
}

static int
plan_all(struct scan *s)
{
    struct loaded *l = s->l;
    struct image_error ignored;
    int rc = 0;

    s->planted = l->mapped ? image_planted() : NULL;
    s->watch = l->mapped && l->im.base >= LAYOUT_IMAGE_BASE && watch_next && !hooks_used(l);
    add_root(s, l->pe.entry);
    pe_relocate(&l->pe, relocated_root, s, &ignored);
    for (unsigned i = 0; i < l->function_count && !rc; i++)
        rc = sweep(s, &l->function[i]);
    if (!rc)
        rc = find_leaves(s);
    if (!rc)
        rc = add_planted(s);
    if (rc || l->im.site_count == 0)
        return rc;
    qsort(l->im.sites, l->im.site_count, sizeof(l->im.sites[0]), compare_sites);
    l->plan = calloc(l->im.site_count, sizeof(l->plan[0]));
    if (!l->plan)
        return -ENOMEM;
    if (s->short_sites) {
        s->landing = calloc(1, l->pe.size_of_image / 8 + 1);
        if (!s->landing)
            return -ENOMEM;
        pe_relocate(&l->pe, mark_relocated, s, &ignored);
        for (unsigned i = 0; i < l->function_count; i++)
            mark_function(s, &l->function[i]);
    }
    for (unsigned i = 0; i < l->im.site_count && !rc; i++)
        rc = plan_site(s, i);
    return rc;
}

int
sites_plan(struct loaded *l, struct image_error *err)
{
    struct scan s = { .l = l, .err = err };
    int rc;

    decoder_init(&s.decoder);
    rc = plan_all(&s);
    free(s.root);
    free(s.landing);
    if (rc == -ENOSPC)
        return image_bad(err, "%s needs more room for patched instructions than there is", l->im.file);
    return rc;
}

const char *
image_site_kind_name(unsigned kind)
{
    static const char *const names[SITE_KINDS] = {
        [SITE_LOCKED] = "locked",
        [SITE_CR8_READ] = "read of cr8",
        [SITE_CR8_WRITE] = "write of cr8",
        [SITE_RDTSC] = "rdtsc",
        [SITE_CPUID] = "cpuid",
        [SITE_PAUSE] = "pause",
        [SITE_KUSER] = "shared data",
        [SITE_PRIVILEGED] = "privileged",
        [SITE_RDTSCP] = "rdtscp",
        [SITE_XGETBV] = "xgetbv",
        [SITE_BACK_EDGE] = "back edge",
        [SITE_PLAIN] = "plain access",
        [SITE_WATCHED] = "watched access",
        [SITE_PAGED] = "pageable function",
        [SITE_HOOK] = "access hook",
        [SITE_PROCESSOR] = "read of gs",
    };

    return kind < SITE_KINDS ? names[kind] : "?";
}

const char *
image_site_patch_name(unsigned patch)
{
    static const char *const names[] = { "jmp",   "jmp, followers moved",          "int3",
                                         "traps", "constant", "in the thunk before it" };

    return patch <= PATCH_INSIDE ? names[patch] : "?";
}
