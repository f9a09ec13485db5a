/* SPDX-License-Identifier: MIT */
/*
 * pnp/netcfg.h - which network component binds to which.
 *
 * Model: a component offers interfaces at its upper edge and takes others at its lower edge, both lists of words in
 * its INF; where the lists meet, the binding engine binds. A filter goes by the media at an adapter's lower edge.
 * documented: "Specifying Binding Interfaces", "Specifying Filter Driver Binding Relationships". No machine and
 * no registry here: data in, answers out.
 */
#ifndef PNP_NETCFG_H
#define PNP_NETCFG_H

#include "pnp/driver.h"

struct netcfg_component {
    enum inf_kind kind;
    const char *service;
    const char *upper, *lower; /* ranges, as the INF has them */
    const char *media;         /* FilterMediaTypes */
    const char *filter_class;
    bool mandatory, monitoring;
};

/*
 * What a driver's INF says. Without an INF: an Ethernet adapter, a filter of Ethernet of class custom, a protocol over
 * NDIS (assumed). Lent by d.
 */
void netcfg_component_of(const struct pnp_driver *d, struct netcfg_component *out);
/* The virtual adapters of an intermediate driver; false: it has none, or d is no such driver. */
bool netcfg_virtual_of(const struct pnp_driver *d, struct netcfg_component *out);
/* A driver of undis: its adapters are Ethernet, its protocols bind to all of NDIS. */
void netcfg_builtin(enum inf_kind kind, const char *service, struct netcfg_component *out);

/* Do two lists of interfaces have a word in common? */
bool netcfg_meet(const char *a, const char *b);
/* Does upper, a filter, protocol or intermediate driver, bind to adapters of lower? */
bool netcfg_binds(const struct netcfg_component *upper, const struct netcfg_component *lower);

#endif
