/* SPDX-License-Identifier: MIT */
/*
 * crash/symbolize.c - addresses to names.
 *
 * Model: pseudo images are named by the export table; drivers by their debug information, one batch per module,
 * each frame twice: at its address, as a debugger looks it up, and one byte before, which is the call itself. Where the
 * two lie in different functions (the call was the last of one that was taken in line) the call's is meant. Where
 * the call that returns to a frame does not lead to the frame above, the callee left by a tail call and no line
 * of this frame is the right one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "crash/bucket.h"
#include "crash/disasm.h"
#include "crash/finding.h"

/* More distinct addresses than this keep module+offset. */
#define NAMES_MAX 2048u

static void
frame_module(const struct finding_input *in, struct finding_frame *f)
{
    const struct finding_module *m = finding_module_at(in, f->f.ip);
    const char *module, *name;
    uint32_t offset;

    f->module[0] = f->function[0] = f->file[0] = f->call_file[0] = 0;
    f->line = f->call_line = f->offset = f->begin = 0;
    f->tail_call = f->ddk = false;
    if (ddi_symbolize(f->f.ip, &module, &name, &offset)) {
        str_copy(f->module, sizeof(f->module), m != NULL ? m->name : module);
        str_copy(f->function, sizeof(f->function), name);
        f->offset = offset;
        return;
    }
    if (m == NULL)
        return;
    str_copy(f->module, sizeof(f->module), m->name);
    f->offset = (uint32_t)(f->f.ip - m->base);
}

/* Resolve the frames that lie in m. */
static unsigned
module_frames(const struct finding_input *in, const struct finding_module *m, struct finding_frame *frames,
              unsigned count, const char *symbol_path)
{
    uint32_t *rvas = calloc(2 * (size_t)count + 1, sizeof(*rvas));
    struct symbol *symbols = calloc(2 * (size_t)count + 1, sizeof(*symbols));
    unsigned n = 0, named = 0;

    if (rvas == NULL || symbols == NULL)
        goto out;
    for (unsigned i = 0; i < count; i++) {
        if (finding_module_at(in, frames[i].f.ip) != m)
            continue;
        rvas[n++] = (uint32_t)(frames[i].f.ip - m->base);
        rvas[n++] = (uint32_t)(frames[i].f.ip - m->base - 1);
    }
    if (n == 0)
        goto out;
    symbols_resolve(m->path, symbol_path, rvas, n, symbols); /* without a symbolizer they have no names */
    n = 0;
    for (unsigned i = 0; i < count; i++) {
        struct finding_frame *f = &frames[i];
        const struct symbol *at, *call;
        uint32_t past = 0;

        if (finding_module_at(in, f->f.ip) != m)
            continue;
        at = &symbols[n++];
        call = &symbols[n++];
        if (in->trap != NULL && f->f.ip == in->trap->rip) {
            call = at; /* where it stands, not where it returns to */
        } else if (at->offset != 0 && call->function[0] != 0 && !str_eq(call->function, at->function)) {
            at = call; /* at 0 a routine begins: nothing returns there */
            past = 1;
        }
        if (at->function[0] == 0) {
            f->begin = call->offset != 0 ? f->offset - (call != at) - call->offset : 0;
            continue;
        }
        named++;
        str_copy(f->function, sizeof(f->function), at->function);
        str_copy(f->file, sizeof(f->file), at->file);
        f->line = at->line;
        f->offset = at->offset + past;
        f->ddk = at->ddk;
        str_copy(f->call_file, sizeof(f->call_file), call->file);
        f->call_line = call->line;
    }
out:
    free(rvas);
    free(symbols);
    return named;
}

/* Is `target`, or the import thunk it leads to (jmp [rip+n]), the function of the frame above? */
static bool
call_leads_to(const struct finding_input *in, uint64_t target, const struct finding_frame *above)
{
    uint8_t b[6];
    int32_t rel;
    uint64_t through;

    if (above->f.pseudo && target / LAYOUT_SLOT_SIZE == above->f.ip / LAYOUT_SLOT_SIZE)
        return true;
    if (!above->f.pseudo)
        return target <= above->f.ip;
    if (!finding_read(in, target, b, sizeof(b)) || b[0] != 0xff || b[1] != 0x25)
        return false;
    memcpy(&rel, b + 2, 4);
    return finding_read(in, target + 6 + (uint64_t)(int64_t)rel, &through, 8) &&
           through / LAYOUT_SLOT_SIZE == above->f.ip / LAYOUT_SLOT_SIZE;
}

/* Mark frames whose callee is not the one above them: one stack, innermost first. */
static void
find_tail_calls(const struct finding_input *in, struct finding_frame *frames, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        uint64_t target;

        if (!frames[i].f.pseudo && frames[i - 1].f.pseudo && disasm_call_target(in, frames[i].f.ip, &target))
            frames[i].tail_call = !call_leads_to(in, target, &frames[i - 1]);
    }
}

/* Names only: any frames, of whatever stacks. */
static unsigned
name_frames(const struct finding_input *in, struct finding_frame *frames, unsigned count, const char *symbol_path)
{
    unsigned named = 0;

    for (unsigned i = 0; i < count; i++)
        frame_module(in, &frames[i]);
    for (unsigned i = 0; i < in->module_count; i++)
        if (!in->modules[i].pseudo && in->modules[i].path[0] != 0)
            named += module_frames(in, &in->modules[i], frames, count, symbol_path);
    return named;
}

unsigned
finding_symbolize(const struct finding_input *in, struct finding_frame *frames, unsigned count, const char *symbol_path)
{
    unsigned named = name_frames(in, frames, count, symbol_path);

    find_tail_calls(in, frames, count);
    return named;
}

void
finding_name_address(const struct finding_input *in, uint64_t address, const char *symbol_path, char *out, size_t room)
{
    struct finding_frame f = { .f.ip = address };
    const struct finding_module *m = finding_module_at(in, address);

    out[0] = 0;
    if (m == NULL)
        return;
    name_frames(in, &f, 1, symbol_path);
    frame_symbol(&f, "", out, room);
}

static unsigned
address_add(const struct finding_input *in, uint64_t address, uint64_t *out, unsigned n)
{
    const struct finding_module *m = finding_module_at(in, address);

    if (m == NULL || m->pseudo || n == NAMES_MAX)
        return n;
    for (unsigned i = 0; i < n; i++)
        if (out[i] == address)
            return n;
    out[n] = address;
    return n + 1;
}

/* Driver addresses that the files of a finding name, without repetition. */
static unsigned
collect_addresses(const struct finding_input *in, uint64_t out[NAMES_MAX])
{
    unsigned n = address_add(in, bucket_culprit(in), out, 0);

    for (unsigned i = 0; i < in->violation_count; i++)
        n = address_add(in, in->violations[i].ev.ip, out, n);
    for (unsigned i = 0; i < in->object_count; i++) {
        n = address_add(in, in->objects[i].block.site, out, n);
        n = address_add(in, in->objects[i].block.free_site, out, n);
    }
    for (unsigned i = 0; i < in->event_count; i++) {
        const struct event *ev = &in->events[i];

        switch (ev->kind) {
        case EV_CALLBACK_ENTER:
        case EV_DPC_QUEUE:
        case EV_DPC_RUN:
        case EV_WORK_QUEUE:
        case EV_WORK_RUN:
            n = address_add(in, ev->a[0], out, n);
            break;
        case EV_LOCK_ACQUIRE:
            n = address_add(in, ev->ip, out, n);
            break;
        default:
            break;
        }
    }
    return n;
}

int
finding_symbolize_all(struct finding_input *in, const char *symbol_path)
{
    uint64_t address[NAMES_MAX];
    unsigned names = collect_addresses(in, address), others = in->other_frame_count, at = 0;
    unsigned total = in->frame_count + others + names;
    struct finding_frame *all, *culprit;
    struct finding_name *name;

    for (unsigned i = 0; i < in->fiber_count; i++)
        total += in->fibers[i].frame_count;
    all = calloc(total + 1, sizeof(*all));
    name = calloc(names + 1, sizeof(*name));
    culprit = calloc(1, sizeof(*culprit));
    if (all == NULL || name == NULL || culprit == NULL) {
        free(all);
        free(name);
        free(culprit);
        return -ENOMEM;
    }
    if (in->frame_count > 0)
        memcpy(all, in->frames, in->frame_count * sizeof(*all));
    at = in->frame_count;
    for (unsigned i = 0; i < in->fiber_count; i++) {
        if (in->fibers[i].frame_count > 0)
            memcpy(all + at, in->fibers[i].frames, in->fibers[i].frame_count * sizeof(*all));
        at += in->fibers[i].frame_count;
    }
    if (others > 0)
        memcpy(all + at, in->other_frames, others * sizeof(*all));
    at += others;
    for (unsigned i = 0; i < names; i++)
        all[at + i].f.ip = address[i];

    name_frames(in, all, total, symbol_path);

    find_tail_calls(in, all, in->frame_count);
    if (in->frame_count > 0)
        memcpy((struct finding_frame *)in->frames, all, in->frame_count * sizeof(*all));
    at = in->frame_count;
    for (unsigned i = 0; i < in->fiber_count; i++) {
        unsigned n = in->fibers[i].frame_count;

        find_tail_calls(in, all + at, n);
        if (n > 0)
            memcpy((struct finding_frame *)in->fibers[i].frames, all + at, n * sizeof(*all));
        at += n;
    }
    if (others > 0)
        memcpy((struct finding_frame *)in->other_frames, all + at, others * sizeof(*all));
    at += others;
    for (unsigned i = 0; i < names; i++) {
        char symbol[224];

        name[i].address = address[i];
        frame_symbol(&all[at + i], "", symbol, sizeof(symbol));
        str_copy(name[i].name, sizeof(name[i].name), symbol);
    }
    if (names > 0 && address[0] == bucket_culprit(in)) {
        *culprit = all[at];
    } else {
        free(culprit);
        culprit = NULL;
    }
    in->names = name;
    in->name_count = names;
    in->culprit = culprit;
    free(all);
    return 0;
}

void
finding_names_free(struct finding_input *in)
{
    free((void *)in->names);
    free((void *)in->culprit);
    in->names = NULL;
    in->name_count = 0;
    in->culprit = NULL;
}
