/* SPDX-License-Identifier: MIT */
/*
 * crash/story.c - which events matter.
 *
 * Model: seeds are the objects the failure is about: those of broken rules, the block a bad pointer lay in or came
 * from, what stuck fibers wait for. An event belongs to the story if it is about a seed, changes the state of a
 * layer, moves a driver through its life, breaks a rule, ends the run, or is a preemption. Accesses to one seed by
 * more than one fiber get numbers and are joined. Everything else is counted, not told.
 */
#include "crash/story.h"

#include "crash/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "verify/rule.h"

static uint64_t
seed_address(const struct finding_input *in, uint64_t address)
{
    const struct heap_block *b = finding_object_at(in, address);

    return b != NULL ? b->address : address;
}

static bool
story_is_seed(const struct finding_input *in, const struct story *s, uint64_t address, uint64_t *seed)
{
    uint64_t a;

    if (address < 0x10000)
        return false;
    a = seed_address(in, address);
    for (unsigned i = 0; i < s->seeds; i++) {
        if (s->seed[i] == a) {
            *seed = a;
            return true;
        }
    }
    return false;
}

static void
seed_add(const struct finding_input *in, struct story *s, uint64_t address)
{
    uint64_t seed;

    if (address < 0x10000 || s->seeds == STORY_SEEDS || story_is_seed(in, s, address, &seed))
        return;
    s->seed[s->seeds++] = seed_address(in, address);
}

static void
seed_add_block(const struct finding_input *in, struct story *s, uint64_t address, bool freed_only)
{
    const struct heap_block *b = finding_object_at(in, address);

    if (b != NULL && (b->freed || !freed_only))
        seed_add(in, s, address);
}

static void
collect_seeds(const struct finding_input *in, struct story *s)
{
    for (unsigned i = 0; i < in->violation_count; i++) {
        const struct event *ev = &in->violations[i].ev;

        seed_add(in, s, ev->object);
        for (unsigned k = 0; k < 6; k++)
            seed_add_block(in, s, ev->a[k], false);
    }
    for (unsigned k = 0; k < 4 && in->code != 0; k++)
        seed_add_block(in, s, in->p[k], false);
    if (in->trap != NULL) {
        seed_add_block(in, s, in->trap->address, false);
        for (unsigned k = 0; k < 16; k++)
            if (k != 4 && k != 5)
                seed_add_block(in, s, in->trap->gpr[k], true);
    }
    for (unsigned i = 0; i < in->frame_count && i < 2; i++)
        if (in->frames[i].f.pseudo)
            seed_add_block(in, s, in->frames[i].f.args[0], false);
    for (unsigned i = 0; i < in->fiber_count; i++) {
        const struct finding_fiber *f = &in->fibers[i];

        if (in->kind == FINDING_HANG && f->state == FIBER_BLOCKED && !f->daemon && f->block_kind != BLOCK_IDLE)
            seed_add(in, s, f->block_object);
    }
}

/* Calls into a driver that move it through its life. */
static bool
is_life_call(const struct event *ev)
{
    static const char *const parts[] = { "Pause", "Restart", "Attach", "Detach",  "Initialize",
                                         "Halt",  "Bind",    "Unload", "Shutdown" };
    const char *site = rule_site_name(ev->a[1]);

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (strstr(site, parts[i]) != NULL)
            return true;
    return false;
}

static bool
is_milestone(const struct event *ev)
{
    switch (ev->kind) {
    case EV_ADAPTER_STATE:
    case EV_FILTER_STATE:
    case EV_BINDING_STATE:
    case EV_PAUSE_COMPLETE:
    case EV_RESTART_COMPLETE:
    case EV_ATTACH:
    case EV_DETACH:
    case EV_DRIVER_ENTRY:
    case EV_DRIVER_UNLOAD:
    case EV_BUGCHECK:
    case EV_EXCEPTION:
    case EV_UNSUPPORTED:
    case EV_POOL_CORRUPT:
    case EV_CHECK_FAILED:
    case EV_IRQL_TOO_HIGH:
    case EV_LOCK_MISUSE:
    case EV_NBL_MISUSE:
    case EV_STATE_MISUSE:
    case EV_STALE_HANDLE:
    case EV_IRP_MISUSE:
    case EV_WAIT_TIMEOUT_HANG:
        return true;
    case EV_CALLBACK_ENTER:
    case EV_CALLBACK_LEAVE:
        return is_life_call(ev);
    default:
        return false;
    }
}

/* Is the event an access to a seed? Kinds that only say who runs are not. */
static bool
touches_seed(const struct finding_input *in, const struct story *s, const struct event *ev, uint64_t *seed)
{
    switch (ev->kind) {
    case EV_SWITCH:
    case EV_WAKE:
    case EV_CHOICE:
    case EV_TIME:
    case EV_DDI_LEAVE:
    case EV_FIBER_CREATE:
    case EV_FIBER_EXIT:
    case EV_IRQL:
    case EV_CALLBACK_LEAVE:
        return false;
    case EV_SEND:
    case EV_SEND_COMPLETE:
    case EV_RECEIVE:
    case EV_RETURN:
    case EV_OID_REQUEST:
    case EV_OID_COMPLETE:
        return story_is_seed(in, s, ev->a[1], seed) || story_is_seed(in, s, ev->object, seed);
    default:
        return story_is_seed(in, s, ev->object, seed);
    }
}

static const struct violation *
violation_of(const struct finding_input *in, const struct event *ev)
{
    for (unsigned i = 0; i < in->violation_count; i++) {
        const struct event *v = &in->violations[i].ev;

        if (v->kind == ev->kind && v->step == ev->step && v->fiber == ev->fiber && v->object == ev->object &&
            v->ip == ev->ip && v->a[0] == ev->a[0])
            return &in->violations[i];
    }
    return NULL;
}

static struct story_item *
item_add(struct story *s)
{
    if (s->count == STORY_MAX) {
        memmove(&s->item[0], &s->item[1], (STORY_MAX - 1) * sizeof(s->item[0]));
        s->count--;
        s->cut = true;
    }
    s->item[s->count] = (struct story_item){ 0 };
    return &s->item[s->count++];
}

/* What the rule says is more than what its event says. */
static void
item_text(const struct finding_input *in, struct story_item *item)
{
    if (item->violation != NULL)
        finding_name_text(in, item->violation->text, item->text, sizeof(item->text));
    else
        story_event_text(in, item->ev, item->text, sizeof(item->text));
}

/* The call's own event says more than the call: a DDI_ENTER just before it, by the same caller, is taken back. */
static void
drop_call_before(struct story *s, const struct event *ev)
{
    struct story_item *last = s->count > 0 ? &s->item[s->count - 1] : NULL;

    if (last != NULL && last->ev != NULL && last->ev->kind == EV_DDI_ENTER && ev->kind != EV_DDI_ENTER &&
        last->ev->fiber == ev->fiber && last->ev->ip == ev->ip && ev->ip != 0)
        s->count--;
}

/*
 * What a fiber was doing when something worth telling happened on it: the program's request and the innermost call
 * into a driver. Each is told once, just before the event that made it interesting.
 */
struct doing {
    const struct event *request, *call;
};

static void
doing_note(struct doing *d, const struct event *ev)
{
    if (ev->fiber > FIBER_SLOTS)
        return;
    d += ev->fiber;
    switch (ev->kind) {
    case EV_USER_REQUEST:
        d->request = ev;
        d->call = NULL;
        break;
    case EV_USER_RESULT:
        d->request = NULL;
        break;
    case EV_CALLBACK_ENTER:
        d->call = ev;
        break;
    case EV_CALLBACK_LEAVE:
        d->call = NULL;
        break;
    default:
        break;
    }
}

static void
doing_tell(const struct finding_input *in, struct story *s, struct doing *d, const struct event *ev, uint64_t *folded)
{
    const struct event *told[2];

    if (ev->fiber > FIBER_SLOTS)
        return;
    d += ev->fiber;
    told[0] = d->request;
    told[1] = d->call;
    d->request = d->call = NULL;
    for (unsigned i = 0; i < 2; i++) {
        struct story_item *item;

        if (told[i] == NULL || told[i] == ev)
            continue;
        item = item_add(s);
        item->ev = told[i];
        item->folded = *folded;
        *folded = 0;
        story_event_text(in, told[i], item->text, sizeof(item->text));
    }
}

/* Give numbers to accesses of objects that more than one fiber accessed, and join each to the last by another. */
static void
join_accesses(struct story *s)
{
    unsigned number = 0;

    for (unsigned i = 0; i < s->count; i++) {
        bool shared = false;

        if (s->item[i].object == 0)
            continue;
        for (unsigned j = 0; j < s->count; j++)
            shared |= s->item[j].object == s->item[i].object && s->item[j].ev->fiber != s->item[i].ev->fiber;
        if (!shared)
            continue;
        s->item[i].number = ++number;
        for (unsigned j = i; j-- > 0 && s->item[i].joined == 0;)
            if (s->item[j].object == s->item[i].object && s->item[j].ev->fiber != s->item[i].ev->fiber)
                s->item[i].joined = s->item[j].number;
    }
}

struct story *
story_build(const struct finding_input *in)
{
    struct story *s = calloc(1, sizeof(*s));
    struct doing doing[FIBER_SLOTS + 1] = { 0 };
    uint64_t folded = 0, preemptions = 0;
    uint32_t preempted = 0;
    unsigned end;

    if (s == NULL)
        return NULL;
    collect_seeds(in, s);
    end = in->kind == FINDING_RACE ? race_event(in) + 1 : in->event_count; /* what follows a race is another story */
    for (unsigned i = 0; i < in->event_count && i < end; i++) {
        const struct event *ev = &in->events[i];
        struct story_item *item;
        uint64_t seed = 0;
        bool touches;

        if (ev->kind == EV_SWITCH) {
            bool free_of_charge = ev->a[2] <= preemptions;
            bool back = preempted != 0 && ev->a[1] == preempted;

            preemptions = ev->a[2];
            if (free_of_charge && !back)
                continue;
            if (!free_of_charge) /* what it is taken away from began before */
                doing_tell(in, s, doing, ev, &folded);
            item = item_add(s);
            item->mark = free_of_charge ? STORY_BACK : STORY_PREEMPTED;
            item->ev = ev;
            item->folded = folded;
            folded = 0;
            preempted = free_of_charge ? 0 : (uint32_t)ev->a[0];
            continue;
        }
        touches = touches_seed(in, s, ev, &seed);
        doing_note(doing, ev);
        if (!touches && !is_milestone(ev)) {
            folded++;
            continue;
        }
        drop_call_before(s, ev);
        doing_tell(in, s, doing, ev, &folded);
        item = item_add(s);
        item->ev = ev;
        item->violation = violation_of(in, ev);
        item->object = touches ? seed : 0;
        item->folded = folded;
        folded = 0;
        item_text(in, item);
    }
    /* A fatal rule stopped the machine inside its event: whoever recorded after the rules did not see it. */
    for (unsigned i = 0; i < in->violation_count; i++) {
        const struct violation *v = &in->violations[i];
        bool told = v->ev.fiber == 0;
        struct story_item *item;

        for (unsigned j = 0; j < s->count; j++)
            told |= s->item[j].violation == v;
        if (told)
            continue;
        item = item_add(s);
        item->ev = &v->ev;
        item->violation = v;
        item_text(in, item);
    }
    join_accesses(s);
    return s;
}
