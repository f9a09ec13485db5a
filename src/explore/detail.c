/* SPDX-License-Identifier: MIT */
/* explore/detail.c - recording and collecting one run. See detail.h. */
#include "explore/detail.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "host/host.h"
#include "image/image.h"
#include "machine/live.h"
#include "nt/nt.h"
#include "nt/rtl/rtl.h"

#define FRAMES_MAX 64u

struct detail *
detail_create(uint64_t size)
{
    struct detail *d = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (d == MAP_FAILED)
        return NULL;
    d->size = size;
    d->next = (sizeof(*d) + 63) & ~63ull;
    return d;
}

void
detail_destroy(struct detail *d)
{
    if (d)
        munmap(d, d->size);
}

void *
detail_alloc(struct detail *d, size_t size)
{
    uint64_t at = d->next;

    if (at + size > d->size)
        return NULL;
    d->next = (at + size + 15) & ~15ull;
    return (uint8_t *)d + at;
}

static struct event *events;
static struct finding_frame *violation_frames;
static unsigned violation_frame_count, violations_seen, violation_fiber;
static const struct verify_rule *about;
static bool violation_in_setup; /* then each run begins with it, and its stack is from before */

static void
frames_from(const struct stack_frame *sf, unsigned n, struct finding_frame *out)
{
    for (unsigned i = 0; i < n; i++)
        out[i].f = sf[i];
}

/* Stacks of the last plain writes: one of them is the other side of a race. */
#define WRITES_KEPT 32u
static struct {
    uint64_t address, size;
    uint32_t fiber;
    unsigned count;
    struct stack_frame frames[16];
} wrote[WRITES_KEPT];
static unsigned wrote_next;
static struct finding_frame *other_frames;
static unsigned other_frame_count;

static void
keep_write(const struct event *ev)
{
    unsigned i = wrote_next++ % WRITES_KEPT;

    wrote[i].address = ev->object;
    wrote[i].size = ev->kind == EV_LOCKED_OP ? 8 : ev->a[0];
    wrote[i].fiber = ev->fiber;
    wrote[i].count = stack_walk(sched_current, NULL, wrote[i].frames, 16);
}

static void
keep_other(const struct event *ev)
{
    for (unsigned k = 0; k < WRITES_KEPT && k < wrote_next && other_frame_count == 0; k++) {
        unsigned i = (wrote_next - 1 - k) % WRITES_KEPT;

        if (wrote[i].fiber != ev->a[3] || wrote[i].address >= ev->object + ev->a[0] ||
            ev->object >= wrote[i].address + wrote[i].size)
            continue;
        other_frame_count = wrote[i].count;
        frames_from(wrote[i].frames, wrote[i].count, other_frames);
    }
}

static void
on_event(void *context, const struct event *ev)
{
    struct detail *d = context;

    if (d->event_total < DETAIL_EVENTS_MAX)
        events[d->event_total] = *ev;
    d->event_total++;
    if ((ev->kind == EV_PLAIN_WRITE || (ev->kind == EV_LOCKED_OP && plain_used)) && sched_current)
        keep_write(ev);
    else if (ev->kind == EV_LOST_UPDATE)
        keep_other(ev);
}

/* The broken rule that the finding is about: the first of d->about, else the first. */
static unsigned
violation_told(void)
{
    for (unsigned i = 0; about && i < verify_violation_count(); i++)
        if (verify_violation(i)->rule == about)
            return i;
    return 0;
}

/* Its stack is the finding's, should the run end by itself. */
static void
on_violation(void)
{
    struct stack_frame sf[FRAMES_MAX];

    if (!sched_current || violations_seen)
        return;
    if (about && verify_violation(verify_violation_count() - 1)->rule != about)
        return;
    violations_seen = 1;
    violation_in_setup = machine->setup;
    violation_fiber = sched_current->id;
    violation_frame_count = stack_walk(sched_current, NULL, sf, FRAMES_MAX);
    frames_from(sf, violation_frame_count, violation_frames);
}

void
detail_listen(struct detail *d)
{
    static struct event_listener l;

    about = d->about;
    events = detail_alloc(d, sizeof(*events) * DETAIL_EVENTS_MAX);
    violation_frames = detail_alloc(d, sizeof(*violation_frames) * FRAMES_MAX);
    other_frames = detail_alloc(d, sizeof(*other_frames) * 16);
    l.on_event = on_event;
    l.context = d;
    l.mask[0] = l.mask[1] = UINT64_MAX;
    trace_listen(&l);
    verify_on_violation(on_violation);
}

void
detail_begin(struct detail *d)
{
    d->event_total = 0;
    if (!violation_in_setup)
        violations_seen = violation_frame_count = 0;
    wrote_next = other_frame_count = 0;
}

static void
collect_fibers(struct detail *d)
{
    unsigned n = machine->fiber_count;

    d->fibers = detail_alloc(d, sizeof(*d->fibers) * n);
    for (unsigned i = 0; i < n; i++) {
        const struct fiber *f = &machine->fiber[i + 1];
        struct finding_fiber *out = &d->fibers[i];
        struct stack_frame sf[FRAMES_MAX];
        struct finding_frame *ff;
        unsigned count;

        out->id = f->id;
        snprintf(out->name, sizeof(out->name), "%s", f->name);
        out->kind = f->kind;
        out->state = f->state;
        out->irql = f->irql;
        out->vp = f->vp;
        out->block_kind = f->block_kind;
        out->daemon = f->daemon;
        out->block_object = f->block_object;
        out->block_owner = f->block_owner ? f->block_owner->id : 0;
        snprintf(out->block_why, sizeof(out->block_why), "%s", f->block_why ? f->block_why : "");
        out->stack_limit = f->stack_limit;
        out->stack_base = f->stack_base;
        if (f->state == FIBER_DONE || f->state == FIBER_FREE || (!f->crossing && !f->outer))
            continue;
        count = stack_walk((struct fiber *)f, live_stopped_at(f), sf, FRAMES_MAX);
        ff = detail_alloc(d, sizeof(*ff) * (count + 1));
        if (!ff)
            continue;
        frames_from(sf, count, ff);
        if (count > 0) {
            out->context.rip = sf[0].ip;
            out->context.gpr[4] = sf[0].child_sp;
        }
        out->frames = ff;
        out->frame_count = count;
    }
    d->in.fibers = d->fibers;
    d->in.fiber_count = n;
}

static void
collect_modules(struct detail *d)
{
    struct finding_module *m = detail_alloc(d, sizeof(*m) * (LAYOUT_IMAGE_MAX + LAYOUT_PSEUDO_MAX));
    unsigned n = 0;
    const char *file, *name;
    uint64_t base, size;
    struct image *im;

    for (unsigned i = 0; ddi_module(i, &file, &name, &base, &size); i++, n++) {
        snprintf(m[n].name, sizeof(m[n].name), "%s", name);
        snprintf(m[n].file, sizeof(m[n].file), "%s", file);
        m[n].base = base;
        m[n].size = size;
        m[n].pseudo = true;
    }
    for (unsigned i = 0; (im = image_get(i)) != NULL; i++, n++) {
        snprintf(m[n].name, sizeof(m[n].name), "%s", im->name);
        snprintf(m[n].file, sizeof(m[n].file), "%s", im->file);
        snprintf(m[n].path, sizeof(m[n].path), "%s", im->path);
        snprintf(m[n].version, sizeof(m[n].version), "%s", im->version);
        m[n].base = im->base;
        m[n].size = im->size;
        m[n].timestamp = im->timestamp;
        m[n].checksum = im->checksum;
        memcpy(m[n].sha256, im->sha256, 32);
    }
    d->in.modules = m;
    d->in.module_count = n;
}

static void
add_range(struct detail *d, struct finding_range *out, unsigned *n, uint64_t va, uint64_t size, const void *from,
          unsigned prot)
{
    void *copy = detail_alloc(d, size);

    if (!copy || size == 0)
        return;
    memcpy(copy, from, size);
    out[(*n)++] = (struct finding_range){ va, size, copy, (uint8_t)prot };
}

/* Last byte + 1 of the pages from va on, within end, that are like it: all read-only, or all not. */
static uint64_t
same_pages(uint64_t va, uint64_t end, bool *read_only)
{
    bool like = *read_only = machine_readable(va, 0x1000) && !machine_writable(va, 0x1000);

    while (va < end && like == *read_only) {
        va += 0x1000;
        like = machine_readable(va, 0x1000) && !machine_writable(va, 0x1000);
    }
    return va;
}

/* Read-only stretches of images (their writable pages are among the machine's ranges), then everything else. */
static void
collect_memory(struct detail *d)
{
    struct machine_range r[FIBER_SLOTS + 150];
    unsigned n = machine_ranges(r, FIBER_SLOTS + 150), room = n + LAYOUT_IMAGE_MAX * 8, out_n = 0;
    struct finding_range *out = detail_alloc(d, sizeof(*out) * room);
    struct image *im;

    if (!out)
        return;
    for (unsigned i = 0; (im = image_get(i)) != NULL; i++) {
        uint64_t end = im->base + ((im->size + 0xfff) & ~0xfffull), next;
        bool read_only;

        for (uint64_t va = im->base; va < end && out_n + n < room; va = next) {
            next = same_pages(va, end, &read_only);
            if (read_only)
                add_range(d, out, &out_n, va, next - va, (const void *)va, 5);
        }
    }
    for (unsigned i = 0; i < n; i++)
        add_range(d, out, &out_n, r[i].base, r[i].size, r[i].bytes, 3);
    d->in.ranges = out;
    d->in.range_count = out_n;
}

/* Objects the events speak of, freed ones too: enough to say whose it was. */
static void
collect_objects(struct detail *d)
{
    unsigned max = 256, n = 0;
    struct finding_object *o = detail_alloc(d, sizeof(*o) * max);
    uint64_t total = d->event_total < DETAIL_EVENTS_MAX ? d->event_total : DETAIL_EVENTS_MAX;

    for (uint64_t i = 0; i < total && n < max; i++) {
        const struct heap_block *b = heap_find(events[i].object);
        bool have = false;

        for (unsigned k = 0; k < n && b && !have; k++)
            have = o[k].block.address == b->address;
        if (b && !have)
            o[n++].block = *b;
    }
    d->objects = o;
    d->in.objects = o;
    d->in.object_count = n;
}

struct debug_walk {
    struct detail *d;
    const char **lines;
    unsigned n, max;
};

static void
one_debug_line(const struct dbgprint *p, void *arg)
{
    struct debug_walk *w = arg;
    size_t len = p->length;
    char *text;

    while (len > 0 && (p->text[len - 1] == '\n' || p->text[len - 1] == '\r'))
        len--;
    if (w->n == w->max || !(text = detail_alloc(w->d, len + 1)))
        return;
    memcpy(text, p->text, len);
    w->lines[w->n++] = text;
}

static void
collect_debug(struct detail *d)
{
    struct debug_walk w = { .d = d, .max = 4096 };

    w.lines = detail_alloc(d, sizeof(*w.lines) * w.max);
    if (!w.lines)
        return;
    dbgprint_each(one_debug_line, &w);
    d->in.debug_lines = w.lines;
    d->in.debug_line_count = w.n;
}

static const char *
process_of(struct detail *d, const struct fiber *f)
{
    char *name = detail_alloc(d, 64);

    snprintf(name, 64, "%s%s", f->kind == FIBER_USER && f->process ? ps_process_name(f->process) : "System",
             f->kind == FIBER_USER && f->process && !strchr(ps_process_name(f->process), '.') ? ".exe" : "");
    return name;
}

void
detail_collect(struct detail *d, const struct run_result *r, const struct explorer *x, const struct found *f)
{
    struct finding_input *in = &d->in;
    const struct trap *t = machine_last_trap();
    unsigned n;
    EVP_MD_CTX *md;

    d->run = *r;
    if (r->end == RUN_BUGCHECK)
        in->kind = FINDING_BUGCHECK;
    else if (r->end == RUN_HANG)
        in->kind = FINDING_HANG;
    else if (r->end == RUN_LIVELOCK)
        in->kind = FINDING_LIVELOCK;
    else if (r->end == RUN_SYSCALL)
        in->kind = FINDING_ESCAPE;
    else if ((f && f->check[0]) || (r->end == RUN_DONE && r->text[0]))
        in->kind = FINDING_CHECK;
    else
        in->kind = FINDING_VIOLATION;
    in->code = r->code;
    memcpy(in->p, r->p, sizeof(in->p));
    if (in->kind == FINDING_VIOLATION && verify_violation_count() > 0) {
        const struct violation *v = verify_violation(violation_told());

        in->code = v->rule->bugcheck.code;
        in->p[0] = v->rule->bugcheck.p1;
        in->p[1] = v->ev.object;
        in->p[2] = v->ev.a[0];
        in->p[3] = v->ev.a[1];
        if (in->code == 0) { /* no verifier of Windows has a stop for it */
            in->kind = FINDING_RACE;
            memset(in->p, 0, sizeof(in->p));
            in->other_frames = other_frames;
            in->other_frame_count = other_frame_count;
        }
    }
    if (in->kind == FINDING_CHECK || in->kind == FINDING_HANG || in->kind == FINDING_LIVELOCK ||
        in->kind == FINDING_ESCAPE) {
        char *text = detail_alloc(d, 200);

        if (r->end == RUN_SYSCALL && t)
            snprintf(text, 200, "%s: %s (%u)", r->text, host_syscall_name((unsigned)t->gpr[0]), (unsigned)t->gpr[0]);
        else
            snprintf(text, 200, "%s", f && f->check[0] ? f->check : r->text);
        in->check_text = text;
    }
    if (t && (r->end == RUN_BUGCHECK || r->end == RUN_SYSCALL || (r->end == RUN_LIVELOCK && t->vector > 0xff))) {
        struct trap *copy = detail_alloc(d, sizeof(*copy));

        *copy = *t;
        in->trap = copy;
    }
    in->fiber = r->fiber;
    if ((in->kind == FINDING_VIOLATION || in->kind == FINDING_RACE) && violation_frame_count > 0) {
        in->fiber = violation_fiber;
        d->frames = violation_frames;
        in->frame_count = violation_frame_count;
    } else if (r->fiber && in->kind != FINDING_CHECK) {
        struct stack_frame sf[FRAMES_MAX];

        n = stack_walk(&machine->fiber[r->fiber], in->trap, sf, FRAMES_MAX);
        d->frames = detail_alloc(d, sizeof(*d->frames) * (n + 1));
        frames_from(sf, n, d->frames);
        in->frame_count = n;
    }
    in->frames = d->frames;
    if (in->fiber) {
        in->irql = machine->fiber[in->fiber].irql;
        in->vp = machine->fiber[in->fiber].vp;
        in->process = process_of(d, &machine->fiber[in->fiber]);
    }
    if (in->trap)
        in->trap_address = r->code == 0x3b ? r->p[2] : r->code == 0x7e ? r->p[3] : 0;
    collect_debug(d);
    collect_fibers(d);
    collect_modules(d);
    collect_memory(d);
    collect_objects(d);
    in->events = events;
    in->event_count = (unsigned)(d->event_total < DETAIL_EVENTS_MAX ? d->event_total : DETAIL_EVENTS_MAX);
    n = verify_violation_count();
    if (n > 0) {
        struct violation *v = detail_alloc(d, sizeof(*v) * n);

        v[0] = *verify_violation(violation_told());
        for (unsigned i = 0, at = 1; i < n; i++)
            if (i != violation_told())
                v[at++] = *verify_violation(i);
        in->violations = v;
        in->violation_count = n;
    }
    if (x->made.count > 0) {
        struct finding_choice *c = detail_alloc(d, sizeof(*c) * x->made.count);

        for (uint32_t i = 0; i < x->made.count; i++) {
            const struct choice *m = &x->made.c[i];

            c[i].kind = m->kind;
            snprintf(c[i].fiber, sizeof(c[i].fiber), "%s", m->fiber ? machine->fiber[m->fiber].name : "start");
            c[i].point = m->point;
            c[i].n = m->n;
            c[i].value = m->value;
        }
        in->choices = c;
        in->choice_count = x->made.count;
    }
    in->preemptions = r->preemptions;
    in->step = machine->step;
    in->vps = machine->vp_count;
    in->uptime_100ns = machine->now_100ns;
    in->time_100ns = machine->boot_time_100ns + machine->now_100ns;
    machine_hash(d->arena_sha256);
    md = EVP_MD_CTX_new();
    EVP_DigestInit_ex(md, EVP_sha256(), NULL);
    EVP_DigestUpdate(md, events, in->event_count * sizeof(*events));
    EVP_DigestFinal_ex(md, d->events_sha256, NULL);
    EVP_MD_CTX_free(md);
    memcpy(in->arena_sha256, d->arena_sha256, 32);
    memcpy(in->events_sha256, d->events_sha256, 32);
    d->complete = true;
}
