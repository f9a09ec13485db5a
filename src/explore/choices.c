/* SPDX-License-Identifier: MIT */
/* explore/choices.c - the list of nonzero choices: keys, text form. */
#include <stdio.h>
#include <string.h>

#include "explore/explore.h"

static const char *const kind_names[CHOICE_KINDS] = { "sched", "fault", "event", "value" };

void
explorer_begin(struct explorer *x)
{
    x->same = x->differ = 0;
    x->made.count = 0;
    x->made.overflow = false;
    x->mark = -1;
    memset(x->keys.last_point, 0xff, sizeof(x->keys.last_point));
    memset(x->keys.sub, 0, sizeof(x->keys.sub));
}

void
explorer_note(struct explorer *x, enum choice_kind kind, const struct fiber *f, uint64_t key, unsigned n,
              unsigned value, const struct fiber *to, bool preemption)
{
    unsigned id = f ? f->id : 0;
    uint32_t point = f ? f->points : 0;
    /* Counted apart: at a private object who runs next is asked in a replay, but not in a search. */
    bool other = kind != CHOICE_SCHED;
    struct choice *c;

    if (x->keys.last_point[other][id] != point) {
        x->keys.last_point[other][id] = point;
        x->keys.sub[other][id] = 0;
    } else {
        x->keys.sub[other][id]++;
    }
    if (value == 0)
        return;
    if (x->made.count == CHOICES_MAX) {
        x->made.overflow = true;
        return;
    }
    c = &x->made.c[x->made.count++];
    *c = (struct choice){ .kind = (uint8_t)kind,
                          .fiber = (uint8_t)id,
                          .value = (uint16_t)value,
                          .n = (uint16_t)n,
                          .sub = x->keys.sub[other][id],
                          .point = point,
                          .key = key,
                          .to = to ? (uint8_t)to->id : 0,
                          .preemption = preemption };
}

size_t
choices_print(const struct choice_list *list, char *out, size_t size)
{
    size_t len = 0;

    for (uint32_t i = 0; i < list->count && len < size; i++) {
        const struct choice *c = &list->c[i];
        int n = snprintf(out + len, size - len, "%s fiber=%u point=%u sub=%u key=%llx n=%u value=%u to=%u%s\n",
                         kind_names[c->kind], c->fiber, c->point, c->sub, (unsigned long long)c->key, c->n, c->value,
                         c->to, c->preemption ? " preemption" : "");

        len += (size_t)(n > 0 ? n : 0);
    }
    return len;
}

int
choices_parse(const char *text, size_t len, struct choice_list *out)
{
    const char *end = text + len;
    int line = 0;

    memset(out, 0, sizeof(*out));
    while (text < end) {
        const char *nl = memchr(text, '\n', (size_t)(end - text));
        size_t n = nl ? (size_t)(nl - text) : (size_t)(end - text);
        char buf[200], kind[16];
        unsigned fiber, point, sub, cn, value, to;
        unsigned long long key;
        struct choice *c;

        line++;
        if (n > 0 && text[0] != '#') {
            if (n >= sizeof(buf) || out->count == CHOICES_MAX)
                return line;
            memcpy(buf, text, n);
            buf[n] = '\0';
            if (sscanf(buf, "%15s fiber=%u point=%u sub=%u key=%llx n=%u value=%u to=%u", kind, &fiber, &point, &sub,
                       &key, &cn, &value, &to) != 8)
                return line;
            c = &out->c[out->count];
            for (c->kind = 0; c->kind < CHOICE_KINDS && strcmp(kind, kind_names[c->kind]) != 0; c->kind++)
                ;
            if (c->kind == CHOICE_KINDS || fiber > FIBER_MAX || value >= cn || cn > 0xffff || sub > 0xffff ||
                to > FIBER_MAX)
                return line;
            c->fiber = (uint8_t)fiber;
            c->point = point;
            c->sub = (uint16_t)sub;
            c->key = key;
            c->n = (uint16_t)cn;
            c->value = (uint16_t)value;
            c->to = (uint8_t)to;
            c->preemption = strstr(buf, " preemption") != NULL;
            out->count++;
        }
        text += n + (nl ? 1 : 0);
    }
    return 0;
}
