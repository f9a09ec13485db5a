/* SPDX-License-Identifier: MIT */
/*
 * explore/subjects.c - the drivers of a test: those of the command line, and those a scenario's stack names.
 *
 * Model: an entry of a stack names a driver by its service name, when it is one of the command line's, or by a path
 * from the scenario's folder. Once read, the scenario calls it by service name, so a finding's scenario.yaml needs no
 * paths: those are in the trace, with sha256.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "explore/lab.h"
#include "pnp/install.h"

static struct pnp_driver *
find(struct lab_subjects *s, const char *service)
{
    for (unsigned i = 0; i < s->count; i++)
        if (str_ieq(s->driver[i].service, service))
            return &s->driver[i];
    return NULL;
}

int
lab_subjects_add(struct lab_subjects *s, const char *path, struct pnp_driver **out, char text[256])
{
    struct pnp_driver d, *same;

    if (pnp_driver_read(path, &d, text))
        return LAB_INPUT;
    same = find(s, d.service);
    if (same && same->len == d.len && memcmp(same->bytes, d.bytes, d.len) == 0) {
        pnp_driver_free(&d);
        *out = same;
        return LAB_OK;
    }
    if (same || s->count == LAB_DRIVERS_MAX) {
        if (same)
            snprintf(text, 256, "%.100s: the service %.30s is that of %.90s already", path, d.service, same->sys);
        else
            snprintf(text, 256, "%.150s: more than %u drivers in one machine", path, LAB_DRIVERS_MAX);
        pnp_driver_free(&d);
        return LAB_INPUT;
    }
    *out = &s->driver[s->count++];
    **out = d;
    return LAB_OK;
}

void
lab_subjects_free(struct lab_subjects *s)
{
    while (s->count > 0)
        pnp_driver_free(&s->driver[--s->count]);
}

/* A driver that the stack names; *name becomes its service. */
static int
resolve(struct lab_subjects *s, const char *scenario_path, char **name, enum inf_kind kind, struct pnp_driver **out,
        char text[256])
{
    const char *slash = strrchr(scenario_path, '/');
    char path[1100];

    *out = find(s, *name);
    if (*out == NULL) {
        snprintf(path, sizeof(path), "%.*s%s", slash && **name != '/' ? (int)(slash - scenario_path + 1) : 0,
                 scenario_path, *name);
        if (lab_subjects_add(s, path, out, text))
            return LAB_INPUT;
        free(*name);
        *name = strdup((*out)->service);
        if (*name == NULL)
            abort();
    }
    if ((*out)->kind != kind) {
        snprintf(text, 256, "%.100s: %.40s is a %s driver, and the stack has it for a %s", scenario_path,
                 (*out)->service, inf_kind_name((*out)->kind), inf_kind_name(kind));
        return LAB_INPUT;
    }
    return LAB_OK;
}

int
lab_subjects_of_stack(struct lab_subjects *s, const char *scenario_path, struct scn_stack *stack, char text[256])
{
    const struct pnp_driver *filter[LAB_DRIVERS_MAX];
    struct pnp_driver *d;
    char why[256];

    if (stack->filters_count > LAB_DRIVERS_MAX) {
        snprintf(text, 256, "%.150s: more than %u drivers in one machine", scenario_path, LAB_DRIVERS_MAX);
        return LAB_INPUT;
    }
    if (!str_eq(stack->miniport, "loop") && !str_eq(stack->miniport, "sink") && !str_eq(stack->miniport, "inline") &&
        !str_eq(stack->miniport, "pending") && !str_eq(stack->miniport, "pcap") &&
        resolve(s, scenario_path, &stack->miniport, INF_MINIPORT, &d, text))
        return LAB_INPUT;
    for (unsigned i = 0; i < stack->filters_count; i++) {
        if (resolve(s, scenario_path, &stack->filters[i], INF_FILTER, &d, text))
            return LAB_INPUT;
        filter[i] = d;
        for (unsigned j = 0; j < i; j++)
            if (filter[j] == d) {
                snprintf(text, 256, "%.150s: the filter %.60s stands twice in the stack", scenario_path, d->service);
                return LAB_INPUT;
            }
    }
    if (pnp_filter_order(filter, stack->filters_count, why)) {
        snprintf(text, 256, "%.70s: %.180s", scenario_path, why);
        return LAB_INPUT;
    }
    for (unsigned i = 0; i < stack->protocols_count; i++)
        if (!str_eq(stack->protocols[i], "test") && !str_eq(stack->protocols[i], "none") &&
            resolve(s, scenario_path, &stack->protocols[i], INF_PROTOCOL, &d, text))
            return LAB_INPUT;
    return LAB_OK;
}

/* Where a driver stands among those that start: filters in the order of the stack, and those it does not list above. */
static unsigned
start_rank(const struct pnp_driver *d, const struct scn_stack *stack)
{
    static const uint8_t ranks[] = {
        [INF_MINIPORT] = 0, [INF_OTHER] = 1, [INF_FILTER] = 2, [INF_INTERMEDIATE] = 3, [INF_PROTOCOL] = 4
    };
    unsigned at = 0;

    while (at < stack->filters_count && !str_ieq(stack->filters[at], d->service))
        at++;
    return ranks[d->kind] * 256u + (d->kind == INF_FILTER ? at : 0);
}

void
lab_start_order(const struct lab_config *c, unsigned order[LAB_DRIVERS_MAX])
{
    for (unsigned i = 0; i < c->driver_count; i++) {
        unsigned at = i, rank = start_rank(&c->driver[i], &c->scenario->stack);

        for (; at > 0 && start_rank(&c->driver[order[at - 1]], &c->scenario->stack) > rank; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
}
