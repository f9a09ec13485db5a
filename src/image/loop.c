/* SPDX-License-Identifier: MIT */
/*
 * image/loop.c - which loops an address lies in, and the back edges to plant points on.
 *
 * Model: in a function a loop is a branch backwards, from `from` to `to`; what lies between is its body (compilers
 * lay loops out so). Of the loops around an address that call nobody, the outermost is taken, with every loop inside
 * it: wherever in it a sample lands, the same edges are planted. If each of them calls somebody (a helper of the
 * driver that was sampled, a call that makes no point), the innermost is taken.
 *
 * Runs in signal context: reads the private copy of the file, allocates nothing.
 * Start reading at: image_plant_loops().
 */
#include "image/sites.h"

#define EDGES_MAX 128u

struct edge {
    uint32_t to, from;
    bool calls;
};

static const struct planted_list *wanted;

void
image_plant(const struct planted_list *list)
{
    wanted = list;
    hooks_plant(list);
}

const struct planted_list *
image_planted(void)
{
    return wanted;
}

bool
planted_has(const struct planted_list *list, uint32_t image, uint32_t rva)
{
    for (uint32_t i = 0; list && i < list->count; i++)
        if (list->at[i].image == image && list->at[i].rva == rva)
            return true;
    return false;
}

bool
planted_add(struct planted_list *list, struct planted p)
{
    if (planted_has(list, p.image, p.rva))
        return false;
    if (list->count == PLANTED_MAX)
        return false;
    list->at[list->count++] = p;
    return true;
}

/* The back edges of the function, and which of their bodies call. Branches of forms that cannot move are left out. */
static unsigned
edges_of(struct loaded *l, const struct pe_function *f, struct edge *e)
{
    uint32_t len = 0;
    const uint8_t *p = pe_run(&l->pe, f->begin, &len);
    ZydisDecoder d;
    unsigned n = 0;
    insn in;

    decoder_init(&d);
    if (len > f->code_end - f->begin)
        len = f->code_end - f->begin;
    for (uint32_t at = 0; p && at < len && n < EDGES_MAX; at += in.length) {
        int64_t to;

        if (!decode(&d, p + at, len - at, &in)) {
            in.length = 1;
            continue;
        }
        if (!insn_relative_branch(&in) || in.mnemonic == ZYDIS_MNEMONIC_CALL || !thunk_can_move(&in))
            continue;
        to = (int64_t)f->begin + at + in.length + in.raw.imm[0].value.s;
        if (to >= (int64_t)f->begin && to <= (int64_t)f->begin + at)
            e[n++] = (struct edge){ (uint32_t)to, f->begin + at, false };
    }
    for (uint32_t at = 0; p && n && at < len; at += in.length) {
        if (!decode(&d, p + at, len - at, &in))
            in.length = 1;
        else if (in.mnemonic == ZYDIS_MNEMONIC_CALL)
            for (unsigned i = 0; i < n; i++)
                e[i].calls |= f->begin + at >= e[i].to && f->begin + at < e[i].from;
    }
    return n;
}

/* The widest that calls nobody, else the narrowest. */
static bool
better(const struct edge *a, const struct edge *b)
{
    if (a->calls != b->calls)
        return b->calls;
    return a->calls ? a->from - a->to < b->from - b->to : a->from - a->to > b->from - b->to;
}

int
image_plant_loops(uint64_t address, bool after_call, struct planted_list *list)
{
    struct loaded *l = image_at(address);
    uint32_t rva = l ? (uint32_t)(address - l->im.base) - after_call : 0;
    const struct pe_function *f = l ? pdata_find(l, rva) : NULL;
    struct edge e[EDGES_MAX], take = { 0 };
    unsigned n = f ? edges_of(l, f, e) : 0;
    bool have = false;
    int added = 0;

    for (unsigned i = 0; i < n; i++) {
        if (rva < e[i].to || rva > e[i].from || (have && !better(&e[i], &take)))
            continue;
        take = e[i];
        have = true;
    }
    if (!have)
        return -1;
    for (unsigned i = 0; i < n; i++)
        if (take.calls ? e[i].to == take.to && e[i].from == take.from : e[i].to >= take.to && e[i].from <= take.from)
            added += planted_add(
                list,
                (struct planted){ .image = (uint8_t)image_number(&l->im), .rva = e[i].from, .kind = SITE_BACK_EDGE });
    return added;
}
