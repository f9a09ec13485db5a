/* SPDX-License-Identifier: MIT */
/* pnp/netcfg.c - see netcfg.h. */
#include "pnp/netcfg.h"

#include <string.h>

#include "base/str.h"

void
netcfg_builtin(enum inf_kind kind, const char *service, struct netcfg_component *out)
{
    *out = (struct netcfg_component){ .kind = kind,
                                      .service = service,
                                      .upper = kind == INF_MINIPORT ? "ndis5" : "noupper",
                                      .lower = kind == INF_MINIPORT ? "ethernet"
                                               : kind == INF_FILTER ? "nolower"
                                                                    : "ndis5",
                                      .media = kind == INF_FILTER ? "ethernet" : "",
                                      .filter_class = kind == INF_FILTER ? "custom" : "" };
}

void
netcfg_component_of(const struct pnp_driver *d, struct netcfg_component *out)
{
    netcfg_builtin(d->kind, d->service, out);
    if (d->parsed == NULL)
        return;
    out->upper = d->info.upper_range;
    out->lower = d->info.lower_range;
    out->media = d->info.filter_media;
    out->filter_class = d->info.filter_class;
    out->mandatory = d->info.run_type == INF_RUN_MANDATORY;
    out->monitoring = d->info.filter_type == INF_FILTER_MONITORING;
}

bool
netcfg_virtual_of(const struct pnp_driver *d, struct netcfg_component *out)
{
    if (d->miniport_parsed == NULL)
        return false;
    netcfg_builtin(INF_MINIPORT, d->service, out);
    out->upper = d->miniport_info.upper_range;
    out->lower = d->miniport_info.lower_range;
    return true;
}

bool
netcfg_meet(const char *a, const char *b)
{
    while (*a) {
        size_t len = strcspn(a, ", \t");

        for (const char *at = b; len && *at;) {
            size_t other = strcspn(at, ", \t");

            if (other == len && str_icmp_n(a, at, len) == 0)
                return true;
            at += other;
            at += strspn(at, ", \t");
        }
        a += len;
        a += strspn(a, ", \t");
    }
    return false;
}

/* documented: "NDIS LWF drivers can't attach to adapters that have nolower"; noupper and nolower meet nothing. */
bool
netcfg_binds(const struct netcfg_component *upper, const struct netcfg_component *lower)
{
    if (lower->kind != INF_MINIPORT)
        return false;
    if (upper->kind == INF_FILTER)
        return netcfg_meet(upper->media, lower->lower) && !netcfg_meet("nolower", lower->lower);
    return upper->kind != INF_MINIPORT && netcfg_meet(upper->lower, lower->upper) &&
           !netcfg_meet("noupper", lower->upper);
}
