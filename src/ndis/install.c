/* SPDX-License-Identifier: MIT */
/*
 * ndis/install.c - what INFs say about filters, and the order of filter classes.
 *
 * Model: installing a filter comes before its driver registers, so what the INF says is kept by service name and
 * applied at NdisFRegisterFilterDriver. Order of classes: documented ("Configuring an INF File for a Modifying Filter
 * Driver"); a filter without an INF is optional, modifying, of class custom (assumed).
 */
#include "ndis/driver.h"

#include "base/str.h"
#include "ndis/admin.h"

struct install {
    struct list_node node;
    char service[32];
    uint8_t rank;
    bool mandatory, monitoring;
};

/* From the lowest place in a stack up. */
static const char *const classes[] = {
    "ms_switch_forward", "ms_switch_filter", "ms_switch_capture", "custom",
    "diagnostic",        "failover",         "loadbalance",       "vpn",
    "compression",       "encryption",       "scheduler",
};
#define CLASS_CUSTOM 3u

unsigned
ndis_filter_class_rank(const char *name)
{
    for (unsigned i = 0; name != NULL && i < sizeof(classes) / sizeof(classes[0]); i++)
        if (str_ieq(name, classes[i]))
            return i;
    return CLASS_CUSTOM;
}

static struct install *
find(const char *service)
{
    struct install *at;

    list_for_each (at, &ndis_root()->installs, node)
        if (str_ieq(at->service, service))
            return at;
    return NULL;
}

void
ndis_install_filter(const char *service, const char *class_name, bool mandatory, bool monitoring)
{
    struct install *install = find(service);

    if (install == NULL) {
        install = mon_alloc(sizeof(*install));
        for (unsigned i = 0; service[i] && i + 1 < sizeof(install->service); i++)
            install->service[i] = service[i];
        list_add_tail(&ndis_root()->installs, &install->node);
    }
    install->rank = (uint8_t)ndis_filter_class_rank(class_name);
    install->mandatory = mandatory;
    install->monitoring = monitoring;
}

void
ndis_set_binding_policy(bool (*binds)(const char *service, const struct ndis_nic *nic))
{
    ndis_root()->binds = binds;
}

void
ndis_install_apply(struct ndis_filter_driver *fd)
{
    const struct install *install = find(fd->driver.record->name);

    fd->class_rank = CLASS_CUSTOM;
    if (install == NULL)
        return;
    fd->class_rank = install->rank;
    fd->mandatory = install->mandatory;
    fd->monitoring = install->monitoring;
}
