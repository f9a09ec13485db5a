/* SPDX-License-Identifier: MIT */
/* pnp/install.c - see install.h. */
#include "pnp/install.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "base/utf.h"
#include "image/image.h"
#include "ndis/admin.h"
#include "ndis/misc.h"
#include "ndis/hw/nic.h"
#include "nt/cm/cm.h"
#include "nt/io/driver.h"

#define SERVICES "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\"

/* assumed: a filter that comes without an INF stands where most products put theirs */
#define CLASS_WITHOUT_INF "compression"

int
pnp_load(const struct pnp_driver *d, struct pnp_service *out, char text[256])
{
    const char *slash = strrchr(d->sys, '/');
    struct image_error err;

    *out = (struct pnp_service){ .file = d };
    if (image_load(d->bytes, d->len, slash ? slash + 1 : d->sys, d->sys, &out->image, &err)) {
        fmt(text, 256, "%.120s: %.120s", d->sys, err.text);
        return -EINVAL;
    }
    return 0;
}

/* A component key of its own: the adapter's of a miniport. Filters and protocols have none but their service's. */
static bool
per_device(const struct pnp_driver *d)
{
    return d->kind != INF_FILTER && d->kind != INF_PROTOCOL;
}

/* The lines of the INF that lie under root, to key. */
static void
write_lines(const struct pnp_driver *d, enum inf_root root, const char *key)
{
    char full[600];

    for (unsigned i = 0; d->parsed && i < d->info.reg_count; i++) {
        const struct inf_reg *r = &d->info.regs[i];

        if (r->root != root || (r->flags & INF_REG_DELVAL))
            continue;
        fmt(full, sizeof(full), "%s%s%s", key, r->key[0] ? "\\" : "", r->key);
        cm_set(full, r->name, r->type, r->data, r->len);
    }
}

static void
write_parameters(const char *key, const struct pnp_parameter *p, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (p[i].text)
            cm_set_string(key, p[i].name, p[i].text);
        else
            cm_set_dword(key, p[i].name, p[i].number);
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

    fmt(key, sizeof(key), SERVICES "%s", d->service);
    cm_set_string(key, "ImagePath", d->parsed ? d->info.image_path : d->sys);
    cm_set_dword(key, "Type", 1);
    write_lines(d, INF_HKLM, "\\Registry\\Machine");
    write_lines(d, INF_HKR_SERVICE, key);
    if (!per_device(d))
        write_lines(d, INF_HKR, key);
    fmt(key, sizeof(key), SERVICES "%s\\Parameters", d->service);
    write_parameters(key, parameters, count);
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

/* The device that the INF names, if it is one we simulate: its physical device object. */
static void *
hardware(const struct pnp_driver *file)
{
    if (file == NULL || !file->parsed || !str_ieq(file->info.component_id, HW_NIC_HARDWARE_ID))
        return NULL;
    return hw_nic_pdo(hw_nic_create(wants_messages(file) ? HW_NIC_MESSAGES : 0));
}

struct ndis_nic *
pnp_nic_add(const struct pnp_driver *file, const char *service, const char *name,
            const struct pnp_parameter *parameters, unsigned count)
{
    struct ndis_nic_config config = { .name = name, .service = service, .pdo = hardware(file) };
    struct ndis_nic *nic = ndis_nic_add(&config);
    char key[200];

    if (nic == NULL)
        return NULL;
    ndis_config_nic_path(nic, key, sizeof(key));
    if (file != NULL)
        write_lines(file, INF_HKR, key);
    write_parameters(key, parameters, count);
    return nic;
}

void
pnp_nic_parameters(const struct ndis_nic *nic, const struct pnp_parameter *parameters, unsigned count)
{
    char key[200];

    ndis_config_nic_path(nic, key, sizeof(key));
    write_parameters(key, parameters, count);
}

void
pnp_filter_parameters(const struct ndis_nic *nic, const char *service, const struct pnp_parameter *parameters,
                      unsigned count)
{
    char key[200];

    fmt(key, sizeof(key), SERVICES "%s\\Parameters\\Adapters\\%wZ", service, (const void *)&nic->instance_guid);
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
