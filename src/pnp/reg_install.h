/* SPDX-License-Identifier: MIT */
/*
 * pnp/reg_install.h - what installing a driver writes to the registry.
 *
 * Model: Services\<service> for each service; Control\Network\<class>\<guid> for a component that is no device;
 * Control\Class\<Net>\<number>, Control\Network\<Net>\<guid>\Connection and Enum\... for each adapter; Linkage keys for
 * what binds to what. Everything goes to a sink: the machine's registry, or one to look at.
 */
#ifndef PNP_REG_INSTALL_H
#define PNP_REG_INSTALL_H

#include "pnp/driver.h"
#include "pnp/reg.h"

#define REG_CONTROL_SET "\\Registry\\Machine\\System\\CurrentControlSet"
#define REG_SERVICES    REG_CONTROL_SET "\\Services\\"
#define REG_NET_GUID    "{4d36e972-e325-11ce-bfc1-08002be10318}"
#define REG_NET_CLASS   REG_CONTROL_SET "\\Control\\Class\\" REG_NET_GUID

/* An adapter, as far as its driver's INF does not say. */
struct reg_adapter {
    const struct pnp_driver *driver; /* NULL: one of undis */
    const char *service;
    const char *name;  /* "Ethernet" */
    const char *guid;  /* "{...}" */
    const char *key;   /* its class key, a whole path */
    unsigned if_index; /* also NetLuidIndex */
};

/* The driver's services and, unless it is for a device, its component. 0 or what the sink returned. */
int reg_install_driver(const struct reg_sink *sink, const struct pnp_driver *d);
/* One adapter of it. */
int reg_install_adapter(const struct reg_sink *sink, const struct reg_adapter *a);
/* A protocol's service: guids of the adapters it is bound to, in binding order. */
int reg_install_linkage(const struct reg_sink *sink, const char *service, const char *const *guids, unsigned count);
/* What is above an adapter: names of filter modules from the bottom, and services of protocols. */
int reg_install_upper(const struct reg_sink *sink, const char *key, const char *guid, const char *const *modules,
                      unsigned module_count, const char *const *services, unsigned service_count);

/* Where an adapter's device is: "ROOT\NET\0001". */
void reg_device_id(const struct reg_adapter *a, char *out, size_t room);

/*
 * What a user wants a parameter to be: may it? Values are checked against the INF's Ndi\Params; a name that it does not
 * offer is refused for an adapter whose INF offers any (assumed to be a mistake; NetworkAddress and names it sets
 * otherwise are not). 0, or -EINVAL with one sentence.
 */
int reg_check_parameter(const struct inf_driver *info, const char *name, const char *value, char text[256]);

#endif
