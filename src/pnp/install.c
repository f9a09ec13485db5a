/* SPDX-License-Identifier: MIT */
/* pnp/install.c - see install.h. */
#include "pnp/install.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "base/utf.h"
#include "host/host.h"
#include "image/image.h"
#include "ndis/admin.h"
#include "ndis/misc.h"
#include "ndis/hw/nic.h"
#include "nt/cm/cm.h"
#include "nt/io/devnode.h"
#include "nt/io/driver.h"
#include "pnp/netcfg.h"
#include "pnp/reg_cm.h"
#include "pnp/reg_install.h"

/* assumed: a filter that comes without an INF stands where most products put theirs */
#define CLASS_WITHOUT_INF "compression"

/* The image that was read from path and is this build; NULL: none was. */
static struct image *
loaded_from(const char *path, const uint8_t *bytes, size_t len)
{
    struct image *im;

    for (unsigned i = 0; (im = image_get(i)) != NULL; i++)
        if (strcmp(im->path, path) == 0 && im->raw_len == len && memcmp(im->raw, bytes, len) == 0)
            return im;
    return NULL;
}

static bool
is_ours(const char *module)
{
    const char *file, *name;
    uint64_t base, size;

    for (unsigned i = 0; ddi_module(i, &file, &name, &base, &size); i++)
        if (str_ieq(file, module))
            return true;
    return false;
}

/*
 * documented: "Creating Export Drivers": what a driver imports from comes with it. It is looked for beside the driver;
 * what is not there stays lacking. 0, or -EINVAL with one sentence in text.
 */
static int
load_libraries(const char *sys, const uint8_t *bytes, size_t len, unsigned depth, char text[256])
{
    const char *leaf = strrchr(sys, '/') ? strrchr(sys, '/') + 1 : sys;
    int rc = 0, dir = (int)(leaf - sys);
    struct image_error err;
    struct image *im;

    if (depth > 8 || image_inspect(bytes, len, leaf, &im, &err))
        return 0; /* what is wrong with it is said when it is loaded */
    for (unsigned i = 0; i < im->import_count && !rc; i++) {
        const char *module = im->imports[i].module;
        struct image *library;
        uint8_t *more;
        char path[512];
        size_t more_len;

        if (is_ours(module) || (i > 0 && strcmp(module, im->imports[i - 1].module) == 0))
            continue;
        fmt(path, sizeof(path), "%.*s%s", dir, sys, module);
        if (strcmp(path, sys) == 0 || host_read_file(path, &more, &more_len))
            continue;
        if (loaded_from(path, more, more_len)) {
            free(more);
            continue;
        }
        rc = load_libraries(path, more, more_len, depth + 1, text);
        if (!rc && image_load(more, more_len, module, path, &library, &err)) {
            fmt(text, 256, "%.*s%.120s", dir < 120 ? dir : 120, path, err.text);
            rc = -EINVAL;
        }
        free(more);
    }
    image_free(im);
    return rc;
}

int
pnp_load(const struct pnp_driver *d, struct pnp_service *out, char text[256])
{
    const char *leaf = strrchr(d->sys, '/') ? strrchr(d->sys, '/') + 1 : d->sys;
    int dir = (int)(leaf - d->sys);
    struct image_error err;

    *out = (struct pnp_service){ .file = d, .image = loaded_from(d->sys, d->bytes, d->len) };
    if (out->image) /* another driver imports from it */
        return 0;
    if (load_libraries(d->sys, d->bytes, d->len, 0, text))
        return -EINVAL;
    if (image_load(d->bytes, d->len, leaf, d->sys, &out->image, &err)) {
        fmt(text, 256, "%.*s%.120s", dir < 120 ? dir : 120, d->sys, err.text);
        return -EINVAL;
    }
    return 0;
}

/* ------------------------------------------------------------------ what is installed */

enum { COMPONENTS_MAX = 40, UNBOUND_MAX = 64 };

/*
 * Host memory: which drivers a machine gets is decided before it runs, and installing one again gives the same.
 * A binding is asked for by service name; bindings that the user switched off are kept by adapter's name.
 */
static struct {
    struct netcfg_component component[COMPONENTS_MAX];
    const struct pnp_driver *file[COMPONENTS_MAX]; /* NULL: one of undis */
    unsigned count;
    struct {
        char adapter[64], service[64];
    } unbound[UNBOUND_MAX];
    unsigned unbound_count;
    const struct reg_file *changes; /* of the user, after what setup wrote */
    char *const *parameter;         /* likewise */
    unsigned parameter_count;
    const char *first; /* whose those are that name no service */
} installed;

static struct netcfg_component *
component(const char *service)
{
    for (unsigned i = 0; i < installed.count; i++)
        if (str_ieq(installed.component[i].service, service))
            return &installed.component[i];
    return NULL;
}

static void
remember(const struct pnp_driver *file)
{
    struct netcfg_component *c = component(file->service);

    if (c == NULL && installed.count < COMPONENTS_MAX)
        c = &installed.component[installed.count++];
    if (c == NULL)
        return;
    netcfg_component_of(file, c);
    installed.file[c - installed.component] = file;
}

static bool
switched_off(const char *adapter, const char *service)
{
    for (unsigned i = 0; i < installed.unbound_count; i++)
        if (str_ieq(installed.unbound[i].adapter, adapter) && str_ieq(installed.unbound[i].service, service))
            return true;
    return false;
}

/* What an adapter of that service is to those above it. */
static void
lower_of(const char *service, struct netcfg_component *out)
{
    const struct netcfg_component *c = component(service);

    if (c == NULL)
        netcfg_builtin(INF_MINIPORT, service, out);
    else if (!netcfg_virtual_of(installed.file[c - installed.component], out))
        *out = *c;
    out->kind = INF_MINIPORT;
}

static bool
is_gone(const struct ndis_nic *nic)
{
    return ndis_nic_service(nic)[0] == '\0';
}

static bool
binds(const char *service, const struct ndis_nic *nic)
{
    const struct netcfg_component *upper = component(service);
    struct netcfg_component lower;

    if (is_gone(nic) || switched_off(ndis_nic_name(nic), service))
        return false;
    if (upper == NULL ||
        upper->kind == INF_MINIPORT) /* one of undis; an adapter's driver that registers more than that,
                                                         for which no INF speaks (assumed: it binds) */
        return true;
    lower_of(ndis_nic_service(nic), &lower);
    return netcfg_binds(upper, &lower);
}

int
pnp_unbind(const char *adapter, const char *service)
{
    if (installed.unbound_count == UNBOUND_MAX)
        return -ENOSPC;
    fmt(installed.unbound[installed.unbound_count].adapter, 64, "%s", adapter);
    fmt(installed.unbound[installed.unbound_count++].service, 64, "%s", service);
    ndis_set_binding_policy(binds);
    return 0;
}

void
pnp_registry_changes(const struct reg_file *file)
{
    installed.changes = file;
}

bool
pnp_registry_is_changed(void)
{
    return installed.changes != NULL;
}

/* Deletions and values of the user's file go over what setup wrote. */
static void
apply_changes(void)
{
    unsigned line;

    if (installed.changes != NULL)
        reg_apply(installed.changes, &reg_cm, &line);
}

/* ------------------------------------------------------------------ Linkage */

#define ADAPTERS_MAX 16

/* As things stand: an administrator may have changed what the INFs led to. */
static bool
bound(const char *service, const struct ndis_nic *nic)
{
    const char *name;
    bool now;

    for (unsigned i = 0; (name = ndis_nic_link(nic, i, &now)) != NULL; i++)
        if (str_ieq(name, service))
            return now;
    return binds(service, nic);
}

/* Where a filter stands over the nic: by its module, or if there is none yet, by class and then by installation. */
static unsigned
place(const struct netcfg_component *c, unsigned installed_as, const struct ndis_nic *nic)
{
    const char *name;
    bool now;

    for (unsigned i = 0; (name = ndis_nic_link(nic, i, &now)) != NULL; i++)
        if (str_ieq(name, c->service))
            return i;
    return (ndis_filter_class_rank(c->filter_class) + 1) * 1000 + installed_as;
}

static unsigned
next_place(const struct ndis_nic *nic, unsigned from)
{
    unsigned next = UINT32_MAX;

    for (unsigned i = 0; i < installed.count; i++) {
        unsigned at = installed.component[i].kind == INF_FILTER ? place(&installed.component[i], i, nic) : UINT32_MAX;

        if (at >= from && at < next)
            next = at;
    }
    return next;
}

/* As the protocol's bindings are ordered; those that it does not have yet come last, in order of appearance. */
static void
sort_by_order(const struct ndis_nic **nic, unsigned count, const char *service)
{
    for (unsigned i = 1; i < count; i++) {
        const struct ndis_nic *moved = nic[i];
        unsigned j = i;

        for (; j > 0 && ndis_nic_link_order(nic[j - 1], service) > ndis_nic_link_order(moved, service); j--)
            nic[j] = nic[j - 1];
        nic[j] = moved;
    }
}

/* Protocols: which adapters; those that are installed and bound as things stand. */
static void
write_protocol_linkage(void)
{
    for (unsigned i = 0; i < installed.count; i++) {
        const struct netcfg_component *c = &installed.component[i];
        char guids[ADAPTERS_MAX][64];
        const char *list[ADAPTERS_MAX];
        const struct ndis_nic *nic[ADAPTERS_MAX];
        unsigned count = 0;

        if (c->kind != INF_PROTOCOL && c->kind != INF_INTERMEDIATE)
            continue;
        for (unsigned k = 0; ndis_nic_get(k) != NULL && count < ADAPTERS_MAX; k++)
            if (!is_gone(ndis_nic_get(k)) && bound(c->service, ndis_nic_get(k)))
                nic[count++] = ndis_nic_get(k);
        sort_by_order(nic, count, c->service);
        for (unsigned k = 0; k < count; k++) {
            ndis_nic_guid(nic[k], guids[k], sizeof(guids[k]));
            list[k] = guids[k];
        }
        reg_install_linkage(&reg_cm, c->service, list, count);
    }
}

/* One adapter: what is above it, filters from the bottom. */
static void
write_adapter_linkage(const struct ndis_nic *nic)
{
    char modules[ADAPTERS_MAX][128], guid[64], key[200];
    const char *module_list[ADAPTERS_MAX], *services[ADAPTERS_MAX];
    unsigned module_count = 0, service_count = 0;

    ndis_nic_guid(nic, guid, sizeof(guid));
    ndis_config_nic_path(nic, key, sizeof(key));
    for (unsigned at = next_place(nic, 0); at != UINT32_MAX; at = next_place(nic, at + 1))
        for (unsigned i = 0; i < installed.count; i++) {
            const struct netcfg_component *c = &installed.component[i];
            const struct pnp_driver *file = installed.file[i];

            if (c->kind != INF_FILTER || module_count == ADAPTERS_MAX || !bound(c->service, nic) ||
                place(c, i, nic) != at)
                continue;
            fmt(modules[module_count], sizeof(modules[0]), "%s-%s-0000", guid,
                file->parsed ? file->info.net_cfg_instance_id : c->service);
            module_list[module_count] = modules[module_count];
            module_count++;
        }
    for (unsigned i = 0; i < installed.count && service_count < ADAPTERS_MAX; i++)
        if ((installed.component[i].kind == INF_PROTOCOL || installed.component[i].kind == INF_INTERMEDIATE) &&
            bound(installed.component[i].service, nic))
            services[service_count++] = installed.component[i].service;
    reg_install_upper(&reg_cm, key, guid, module_list, module_count, services, service_count);
}

void
pnp_write_linkage(void)
{
    write_protocol_linkage();
    for (unsigned i = 0; ndis_nic_get(i) != NULL; i++)
        if (!is_gone(ndis_nic_get(i)))
            write_adapter_linkage(ndis_nic_get(i));
}

/* ------------------------------------------------------------------ parameters */

static void
write_parameters(const char *key, const struct pnp_parameter *p, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (p[i].text)
            cm_set_string(key, p[i].name, p[i].text);
        else
            cm_set_dword(key, p[i].name, p[i].number);
}

/* "service:Name=Value": its parts. A keyword of NDIS may begin with '*' and has no colon. false: no such form. */
static bool
split(const char *text, char service[64], char name[128], const char **value)
{
    const char *equals = strchr(text, '='), *colon = strchr(text, ':');

    if (equals == NULL || equals == text)
        return false;
    if (colon != NULL && colon < equals) {
        if (colon == text || colon - text >= 64)
            return false;
        str_copy(service, (size_t)(colon - text) + 1, text);
        text = colon + 1;
    } else {
        service[0] = 0;
    }
    if (equals == text || equals - text >= 128)
        return false;
    str_copy(name, (size_t)(equals - text) + 1, text);
    *value = equals + 1;
    return true;
}

void
pnp_user_parameters(char *const *texts, unsigned count, const char *first)
{
    installed.parameter = texts;
    installed.parameter_count = count;
    installed.first = first;
}

/* The INF that offers an adapter's parameters; NULL: none. */
static const struct inf_driver *
offers(const struct pnp_driver *d)
{
    return d->miniport_parsed ? &d->miniport_info : d->parsed ? &d->info : NULL;
}

int
pnp_user_parameter_check(const char *parameter, const struct pnp_driver *const *drivers, unsigned count, char text[256])
{
    char service[64], name[128];
    const char *value;

    if (!split(parameter, service, name, &value)) {
        fmt(text, 256, "a parameter is Name=Value or service:Name=Value, not \"%.100s\"", parameter);
        return -EINVAL;
    }
    for (unsigned i = 0; i < count; i++)
        if (service[0] ? str_ieq(drivers[i]->service, service) : i == 0)
            return offers(drivers[i]) ? reg_check_parameter(offers(drivers[i]), name, value, text) : 0;
    fmt(text, 256, "the parameter \"%.80s\" is for the service %.60s, which is not there", parameter, service);
    return -EINVAL;
}

/* documented: a value that the Advanced page offers is REG_SZ. assumed: another number is meant as REG_DWORD. */
static void
write_user_parameters(const char *key, const char *of, const struct pnp_driver *d)
{
    for (unsigned i = 0; i < installed.parameter_count; i++) {
        char service[64], name[128];
        const char *value;
        uint64_t number;

        if (!split(installed.parameter[i], service, name, &value) ||
            !str_ieq(service[0] ? service : installed.first, of))
            continue;
        if (!(d && offers(d) && inf_param(offers(d), name)) && str_to_u64(value, &number) && number <= UINT32_MAX)
            cm_set_dword(key, name, (uint32_t)number);
        else
            cm_set_string(key, name, value);
    }
}

static const char *
filter_class(const struct pnp_driver *d)
{
    return d->parsed && d->info.filter_class[0] ? d->info.filter_class : CLASS_WITHOUT_INF;
}

int32_t
pnp_start(struct pnp_service *s, const struct pnp_parameter *parameters, unsigned count)
{
    const struct pnp_driver *d = s->file;
    uint16_t service[64];
    char key[200];
    int32_t status;

    remember(d);
    ndis_set_binding_policy(binds);
    if (reg_install_driver(&reg_cm, d))
        return STATUS_INSUFFICIENT_RESOURCES;
    fmt(key, sizeof(key), REG_SERVICES "%s\\Parameters", d->service);
    write_parameters(key, parameters, count);
    if (d->kind != INF_MINIPORT)
        write_user_parameters(key, d->service, d);
    pnp_write_linkage();
    apply_changes();
    if (d->kind == INF_FILTER)
        ndis_install_filter(d->service, filter_class(d), d->parsed && d->info.run_type == INF_RUN_MANDATORY,
                            d->parsed && d->info.filter_type == INF_FILTER_MONITORING);
    service[utf8_to_utf16(d->service, strlen(d->service), service, 63)] = 0;
    status = io_driver_create(service, s->image->entry, s->image->base, s->image->size, &s->object);
    if (status >= 0)
        status = io_driver_start(s->object);
    if (status >= 0 && !s->keep_init)
        image_discard_init(s->image);
    return status;
}

/* Documented: a device whose driver's INF asks for it gets messages, else its line. */
static bool
wants_messages(const struct pnp_driver *file)
{
    for (unsigned i = 0; i < file->info.reg_count; i++) {
        const struct inf_reg *r = &file->info.regs[i];

        if (r->root == INF_HKR_HARDWARE && str_ieq(r->name, "MSISupported") && r->len >= 4 && r->data[0] != 0 &&
            str_ieq(r->key, "Interrupt Management\\MessageSignaledInterruptProperties"))
            return true;
    }
    return false;
}

bool
pnp_driver_has_card(const struct pnp_driver *file)
{
    return file->parsed && str_ieq(file->info.component_id, HW_NIC_HARDWARE_ID);
}

/* The device that the INF names, if it is one we simulate: its physical device object. */
static void *
hardware(const struct pnp_driver *file)
{
    if (!pnp_driver_has_card(file))
        return NULL;
    return hw_nic_pdo(hw_nic_create(wants_messages(file) ? HW_NIC_MESSAGES : 0));
}

void
pnp_nic_install(const struct ndis_nic *nic, const struct pnp_driver *file, const struct pnp_parameter *parameters,
                unsigned count)
{
    const char *service = ndis_nic_service(nic);
    char key[200], guid[64], id[200];
    struct reg_adapter a;

    ndis_config_nic_path(nic, key, sizeof(key));
    ndis_nic_guid(nic, guid, sizeof(guid));
    a = (struct reg_adapter){ file, service, ndis_nic_name(nic), guid, key, nic->if_index };
    reg_install_adapter(&reg_cm, &a);
    reg_device_id(&a, id, sizeof(id));
    io_devnode_set(nic->pdo, id);
    write_parameters(key, parameters, count);
    write_user_parameters(key, service, file);
    pnp_write_linkage();
    apply_changes();
}

struct ndis_nic *
pnp_nic_add(const struct pnp_driver *file, const char *name, const struct pnp_parameter *parameters, unsigned count)
{
    struct ndis_nic_config config = { .name = name, .service = file->service, .pdo = hardware(file) };
    struct ndis_nic *nic = ndis_nic_add(&config);

    if (nic != NULL)
        pnp_nic_install(nic, file, parameters, count);
    return nic;
}

void
pnp_filter_parameters(const struct ndis_nic *nic, const char *service, const struct pnp_parameter *parameters,
                      unsigned count)
{
    char key[200];

    fmt(key, sizeof(key), REG_SERVICES "%s\\Parameters\\Adapters\\%wZ", service, (const void *)&nic->instance_guid);
    write_parameters(key, parameters, count);
}

int
pnp_filter_order(const struct pnp_driver *const *filter, unsigned count, char text[256])
{
    for (unsigned i = 1; i < count; i++) {
        const struct pnp_driver *below = filter[i - 1], *above = filter[i];

        if (ndis_filter_class_rank(filter_class(above)) < ndis_filter_class_rank(filter_class(below))) {
            fmt(text, 256, "filters are listed from the bottom up: %s (class %s) always stands below %s (class %s)",
                above->service, filter_class(above), below->service, filter_class(below));
            return -EINVAL;
        }
    }
    return 0;
}
