/* SPDX-License-Identifier: MIT */
/*
 * crash/words.c - events, objects and actors in words.
 *
 * Model: an object is named by the label of its heap block, where it has one, or by its kind and the order in which
 * objects of that kind first appear among the events (IRP #1, NBL #2): names that do not change with addresses.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "crash/story.h"
#include "nt/io/user.h"
#include "verify/rule.h"

/* More objects of one kind than this share the last number. */
#define OBJECTS_MAX 512u

/* What kind of object the events of this kind are about; NULL: nothing to count. */
static const char *
object_kind(unsigned kind)
{
    switch (kind) {
    case EV_IRP_CREATE:
    case EV_IRP_DISPATCH:
    case EV_IRP_DISPATCHED:
    case EV_IRP_PENDING:
    case EV_IRP_COMPLETE:
    case EV_IRP_CANCEL:
    case EV_IRP_FREE:
    case EV_IRP_MISUSE:
        return "IRP";
    case EV_NBL_ALLOC:
    case EV_NBL_FREE:
    case EV_SEND:
    case EV_SEND_COMPLETE:
    case EV_RECEIVE:
    case EV_RETURN:
    case EV_NBL_MISUSE:
        return "NBL";
    case EV_OID_REQUEST:
    case EV_OID_PEND:
    case EV_OID_COMPLETE:
    case EV_OID_CANCEL:
        return "OID request";
    case EV_LOCK_ACQUIRE:
    case EV_LOCK_RELEASE:
    case EV_LOCK_MISUSE:
        return "lock";
    case EV_EVENT_SET:
    case EV_EVENT_WAIT:
        return "event";
    case EV_TIMER_SET:
    case EV_TIMER_CANCEL:
    case EV_TIMER_FIRE:
    case EV_TIMER_LEFT:
        return "timer";
    case EV_DPC_QUEUE:
    case EV_DPC_RUN:
    case EV_DPC_DONE:
        return "DPC";
    case EV_WORK_QUEUE:
    case EV_WORK_RUN:
        return "work item";
    case EV_FILTER_STATE:
        return "filter module";
    case EV_ADAPTER_STATE:
        return "adapter";
    case EV_BINDING_STATE:
        return "binding";
    case EV_DEVICE_CREATE:
    case EV_DEVICE_DELETE:
        return "device";
    default:
        return NULL;
    }
}

/* The number of the object among those of its kind, by first appearance. */
static unsigned
object_number(const struct finding_input *in, const char *kind, uint64_t address)
{
    uint64_t seen[OBJECTS_MAX];
    unsigned number = 0;

    for (unsigned i = 0; i < in->event_count; i++) {
        const struct event *ev = &in->events[i];
        const char *k = object_kind(ev->kind);
        unsigned j = 0;

        if (k == NULL || !str_eq(k, kind))
            continue;
        while (j < number && seen[j] != ev->object)
            j++;
        if (j == number && number < OBJECTS_MAX)
            seen[number++] = ev->object;
        if (ev->object == address)
            return j + 1;
    }
    return number;
}

/* Its kind by the events, and a label that says more than the kind; then number, label and offset, or the address. */
void
story_object_name(const struct finding_input *in, uint64_t address, char *out, size_t room)
{
    const struct heap_block *b = finding_object_at(in, address);
    const char *label = b != NULL && b->what[0] != 0 ? b->what : NULL, *kind = NULL;

    for (unsigned i = 0; i < in->event_count && kind == NULL; i++)
        if (in->events[i].object == address)
            kind = object_kind(in->events[i].kind);
    if (label != NULL && b->address == address && (kind == NULL || strlen(label) > strlen(kind)))
        str_copy(out, room, label);
    else if (kind != NULL)
        snprintf(out, room, "%s #%u", kind, object_number(in, kind, address));
    else if (label != NULL)
        snprintf(out, room, "%s+0x%llx", label, (unsigned long long)(address - b->address));
    else
        snprintf(out, room, "%llx", (unsigned long long)address);
}

/* Value of the 16 hexadecimal digits at s; 0 if there are not exactly so many. */
static uint64_t
address_at(const char *s)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < 16; i++) {
        char c = s[i];

        if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
            return 0;
        value = value << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return value;
}

/* name without the words that `said`, n bytes, ends with: "sends NBL " and "NBL #1" say them once. */
static const char *
unsaid(const char *said, size_t n, const char *name)
{
    const char *rest = name;

    for (const char *end = name; (end = strchr(end, ' ')) != NULL;) {
        size_t words = (size_t)(++end - name);

        if (words <= n && strncmp(said + n - words, name, words) == 0)
            rest = end;
    }
    return rest;
}

/* What is done, and to what: "acquires lock #1", "acquires lock: cancel spin lock". */
static void
done_to(const char *done, const char *object, char *out, size_t room)
{
    char said[96];
    size_t n = (size_t)snprintf(said, sizeof(said), "%s ", done);
    const char *rest = n < sizeof(said) ? unsaid(said, n, object) : object;

    snprintf(out, room, rest != object ? "%s %s" : "%s: %s", done, rest);
}

void
finding_name_text(const struct finding_input *in, const char *text, char *out, size_t room)
{
    size_t len = 0;

    while (*text && len + 1 < room) {
        uint64_t address = address_at(text);
        char name[80];
        size_t digits;

        if (address < 0x10000) {
            out[len++] = *text++;
            continue;
        }
        text += 16;
        story_object_name(in, address, name, sizeof(name));
        digits = strspn(name, "0123456789abcdef");
        if (name[digits] == 0) /* no name but the address */
            finding_name_of(in, address, name, sizeof(name));
        for (const char *rest = unsaid(out, len, name); *rest && len + 1 < room; rest++)
            out[len++] = *rest;
    }
    if (room > 0)
        out[len] = 0;
}

void
story_actor(const struct finding_input *in, uint32_t fiber, char *out, size_t room)
{
    static const char *const kinds[] = { "thread", "thread", "DPC", "ISR" };
    const struct finding_fiber *f = finding_fiber_by_id(in, fiber);

    if (f == NULL)
        snprintf(out, room, "fiber %u", fiber);
    else
        snprintf(out, room, "CPU%u %s \"%s\"", f->vp, f->kind < 4 ? kinds[f->kind] : "fiber", f->name);
}

static void
state_text(const struct finding_input *in, const struct event *ev, uint64_t layer, char *out, size_t room)
{
    char name[64];

    story_object_name(in, ev->object, name, sizeof(name));
    snprintf(out, room, "%s: %s -> %s", name, rule_state_name(layer, ev->a[0]), rule_state_name(layer, ev->a[1]));
}

static void
request_text(const struct event *ev, char *out, size_t room)
{
    static const char *const operations[] = {
        [USER_OPEN] = "opens the device",
        [USER_CLOSE] = "closes its handle",
        [USER_READ] = "reads",
        [USER_WRITE] = "writes",
        [USER_IOCTL] = "sends an IOCTL",
        [USER_CANCEL] = "cancels its requests",
        [USER_EXIT] = "exits",
        [USER_WAIT] = "waits for its request",
        [USER_EXIT_THREAD] = "ends a thread",
        [USER_DUPLICATE] = "duplicates its handle",
    };
    uint64_t op = ev->a[0];

    if (op >= sizeof(operations) / sizeof(operations[0]) || operations[op] == NULL)
        snprintf(out, room, "the program asks for operation %llu", (unsigned long long)op);
    else if (op == USER_READ || op == USER_WRITE)
        snprintf(out, room, "the program %s %llu bytes", operations[op], (unsigned long long)ev->a[1]);
    else
        snprintf(out, room, "the program %s", operations[op]);
}

void
story_event_text(const struct finding_input *in, const struct event *ev, char *out, size_t room)
{
    char object[64] = "", other[128] = "", done[160];

    if (ev->object != 0)
        story_object_name(in, ev->object, object, sizeof(object));
    switch (ev->kind) {
    case EV_DDI_ENTER:
        if (ev->object > 0xffff)
            snprintf(out, room, "%s(%s)", rule_site_name(ev->a[0]), object);
        else
            snprintf(out, room, "%s", rule_site_name(ev->a[0]));
        break;
    case EV_DDI_LEAVE:
        snprintf(out, room, "%s returns 0x%llx", rule_site_name(ev->a[0]), (unsigned long long)ev->a[1]);
        break;
    case EV_USER_REQUEST:
        request_text(ev, out, room);
        break;
    case EV_CALLBACK_ENTER:
        finding_name_of(in, ev->a[0], other, sizeof(other));
        snprintf(out, room, "%s calls %s", rule_site_name(ev->a[1]), other);
        break;
    case EV_CALLBACK_LEAVE:
        finding_name_of(in, ev->a[0], other, sizeof(other));
        snprintf(out, room, "%s returns 0x%08x", other, (unsigned)ev->a[2]);
        break;
    case EV_IRQL_RETURN:
        finding_name_of(in, ev->a[0], other, sizeof(other));
        snprintf(out, room, "%s, called at IRQL %u, returns at IRQL %u", other, (unsigned)ev->a[3], (unsigned)ev->a[4]);
        break;
    case EV_ADAPTER_STATE:
        state_text(in, ev, 0, out, room);
        break;
    case EV_FILTER_STATE:
        state_text(in, ev, 1, out, room);
        break;
    case EV_BINDING_STATE:
        state_text(in, ev, 2, out, room);
        break;
    case EV_SEND:
    case EV_SEND_COMPLETE:
    case EV_RECEIVE:
    case EV_RETURN:
        story_object_name(in, ev->a[1], other, sizeof(other));
        done_to(event_text(ev->kind), object, done, sizeof(done));
        snprintf(out, room, "%s %s", other, done);
        break;
    case EV_PAUSE_COMPLETE:
    case EV_RESTART_COMPLETE:
        snprintf(out, room, "%s %s", object, event_text(ev->kind));
        break;
    case EV_LOCK_ACQUIRE:
    case EV_LOCK_RELEASE:
    case EV_LOCK_MISUSE:
    case EV_EVENT_SET:
    case EV_EVENT_WAIT:
    case EV_NBL_ALLOC:
    case EV_NBL_FREE:
    case EV_IRP_CREATE:
    case EV_IRP_PENDING:
    case EV_IRP_CANCEL:
    case EV_IRP_FREE:
    case EV_TIMER_SET:
    case EV_TIMER_CANCEL:
    case EV_TIMER_FIRE:
    case EV_TIMER_LEFT:
    case EV_DEVICE_CREATE:
    case EV_DEVICE_DELETE:
        done_to(event_text(ev->kind), object, out, room);
        break;
    case EV_IRP_COMPLETE:
        snprintf(out, room, "%s completed with status 0x%08x", object, (unsigned)ev->a[0]);
        break;
    case EV_IRP_DISPATCHED:
        snprintf(out, room, "%s: dispatch returned 0x%08x", object, (unsigned)ev->a[2]);
        break;
    case EV_OID_REQUEST:
    case EV_OID_PEND:
    case EV_OID_COMPLETE:
    case EV_OID_CANCEL:
        story_object_name(in, ev->a[1], other, sizeof(other));
        snprintf(out, room, "%s %s (%s, OID 0x%08x)", other, event_text(ev->kind), object, (unsigned)ev->a[2]);
        break;
    case EV_DPC_QUEUE:
    case EV_DPC_RUN:
    case EV_DPC_DONE:
    case EV_WORK_QUEUE:
    case EV_WORK_RUN:
        finding_name_of(in, ev->a[0], other, sizeof(other));
        snprintf(out, room, "%s: %s", event_text(ev->kind), other);
        break;
    case EV_POOL_ALLOC:
    case EV_POOL_FREE:
    case EV_POOL_LEAK:
    case EV_POOL_CORRUPT:
        snprintf(out, room, "%s %s (%llu bytes)", event_text(ev->kind), object, (unsigned long long)ev->a[0]);
        break;
    case EV_BLOCK: {
        const struct finding_fiber *f = finding_fiber_by_id(in, ev->fiber);

        if (f != NULL && f->state == FIBER_BLOCKED && f->block_object == ev->object && f->block_why[0] != 0)
            finding_name_text(in, f->block_why, out, room);
        else
            snprintf(out, room, "waits for %s", object);
        break;
    }
    case EV_WAKE:
        story_actor(in, (uint32_t)ev->a[0], other, sizeof(other));
        snprintf(out, room, "wakes %s", other);
        break;
    case EV_EXCEPTION:
        snprintf(out, room, "exception 0x%08x: %s of %llx", (unsigned)ev->a[0],
                 ev->a[3] == 1   ? "write"
                 : ev->a[3] == 8 ? "execution"
                                 : "read",
                 (unsigned long long)ev->a[1]);
        break;
    case EV_BUGCHECK:
        snprintf(out, room, "bugcheck 0x%X", (unsigned)ev->a[0]);
        break;
    case EV_IRQL:
        snprintf(out, room, "IRQL %llu -> %llu", (unsigned long long)ev->a[0], (unsigned long long)ev->a[1]);
        break;
    case EV_STALE_HANDLE:
        snprintf(out, room, "%s with a handle that is no longer valid", rule_site_name(ev->a[0]));
        break;
    default:
        if (ev->object > 0xffff)
            done_to(event_text(ev->kind), object, out, room);
        else
            snprintf(out, room, "%s", event_text(ev->kind));
        break;
    }
}
