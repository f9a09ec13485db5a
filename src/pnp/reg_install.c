/* SPDX-License-Identifier: MIT */
/*
 * pnp/reg_install.c - see reg_install.h.
 *
 * Documented: "Registry Trees and Keys for Devices and Drivers", "INF AddReg Directive", "INF AddService Directive".
 * Observed on Windows: the values of class, Connection and Linkage keys. The order of work is Windows': services, then
 * the component's key, then what the INF adds.
 */
#include "pnp/reg_install.h"

#include <errno.h>
#include <string.h>

#include "base/fmt.h"
#include "base/hash.h"
#include "base/str.h"

enum { PATH_BYTES = 600, APPEND_BYTES = 2048, LIST_MAX = 16 };

#define NETWORK REG_CONTROL_SET "\\Control\\Network\\"

/* ------------------------------------------------------------------ lines of the INF */

/* documented: FLG_ADDREG_APPEND adds a string to a REG_MULTI_SZ; assumed: none is longer than here. */
static int
append(const struct reg_sink *sink, const char *key, const struct inf_reg *r)
{
    uint8_t all[APPEND_BYTES];
    uint32_t type = 0;
    int len = sink->get(sink->context, key, r->name, &type, all, sizeof(all));

    if (len < 2 || type != INF_REG_MULTI_SZ)
        return sink->set(sink->context, key, r->name, INF_REG_MULTI_SZ, r->data, r->len);
    if ((uint32_t)len + r->len > sizeof(all))
        return -EINVAL;
    memcpy(all + len - 2, r->data, r->len);
    return sink->set(sink->context, key, r->name, INF_REG_MULTI_SZ, all, (uint32_t)len - 2 + r->len);
}

static int
write_line(const struct reg_sink *sink, const char *base, const struct inf_reg *r)
{
    char key[PATH_BYTES];
    bool there;

    if (fmt(key, sizeof(key), "%s%s%s", base, r->key[0] ? "\\" : "", r->key) >= sizeof(key))
        return -EINVAL;
    if (r->flags & (INF_REG_DELETE | INF_REG_DELVAL))
        return r->name[0] ? sink->delete_value(sink->context, key, r->name) : sink->delete_key(sink->context, key);
    if (r->flags & INF_REG_KEYONLY)
        return sink->make(sink->context, key);
    there = sink->get(sink->context, key, r->name, NULL, NULL, 0) >= 0;
    if ((there && (r->flags & INF_REG_NOCLOBBER)) || (!there && (r->flags & INF_REG_OVERWRITEONLY)))
        return 0;
    if (r->flags & INF_REG_APPEND)
        return append(sink, key, r);
    return sink->set(sink->context, key, r->name, r->type, r->data, r->len);
}

/* Lines below one root, to base; service: of those that belong to one, NULL: any. */
static int
write_lines(const struct reg_sink *sink, const struct inf_driver *d, enum inf_root root, const char *service,
            const char *base)
{
    int err = 0;

    for (unsigned i = 0; i < d->reg_count && err == 0; i++)
        if (d->regs[i].root == root && (service == NULL || str_ieq(d->regs[i].service, service)))
            err = write_line(sink, base, &d->regs[i]);
    return err;
}

/* ------------------------------------------------------------------ services */

static int
write_service(const struct reg_sink *sink, const struct inf_driver *d, const struct inf_service *s)
{
    char key[PATH_BYTES];
    int err;

    fmt(key, sizeof(key), REG_SERVICES "%s", s->name);
    err = reg_set_text(sink, key, "ImagePath", INF_REG_EXPAND_SZ, s->image_path);
    if (err == 0)
        err = reg_set_dword(sink, key, "Type", s->type);
    if (err == 0)
        err = reg_set_dword(sink, key, "Start", s->start);
    if (err == 0)
        err = reg_set_dword(sink, key, "ErrorControl", s->error_control);
    if (err == 0 && *s->display)
        err = reg_set_text(sink, key, "DisplayName", INF_REG_SZ, s->display);
    if (err == 0 && *s->description)
        err = reg_set_text(sink, key, "Description", INF_REG_SZ, s->description);
    if (err == 0 && *s->load_group)
        err = reg_set_text(sink, key, "Group", INF_REG_SZ, s->load_group);
    if (err == 0 && s->dependency_count)
        err = reg_set_texts(sink, key, "DependOnService", s->dependencies, s->dependency_count);
    return err ? err : write_lines(sink, d, INF_HKR_SERVICE, s->name, key);
}

/* AddService's event log; its lines say under which name. */
static int
write_event_log(const struct reg_sink *sink, const struct inf_driver *d)
{
    char key[PATH_BYTES];
    int err = 0;

    for (unsigned i = 0; i < d->reg_count && err == 0; i++)
        if (d->regs[i].root == INF_HKR_EVENT) {
            fmt(key, sizeof(key), REG_SERVICES "EventLog\\System\\%s", d->regs[i].service);
            err = write_line(sink, key, &d->regs[i]);
        }
    return err;
}

static int
write_services(const struct reg_sink *sink, const struct inf_driver *d)
{
    char key[PATH_BYTES];
    int err = 0;

    for (unsigned i = 0; i < d->deleted_service_count && err == 0; i++) {
        fmt(key, sizeof(key), REG_SERVICES "%s", d->deleted_services[i]);
        err = sink->delete_key(sink->context, key);
    }
    for (unsigned i = 0; i < d->service_count && err == 0; i++)
        err = write_service(sink, d, &d->services[i]);
    if (err == 0)
        err = write_event_log(sink, d);
    if (err == 0)
        err = write_lines(sink, d, INF_HKLM, NULL, "\\Registry\\Machine");
    if (err == 0)
        err = write_lines(sink, d, INF_HKCR, NULL, "\\Registry\\Machine\\Software\\Classes");
    return err;
}

/* ------------------------------------------------------------------ components */

/* What setup notes about the package that a component came from. */
static int
write_origin(const struct reg_sink *sink, const struct inf_driver *d, const char *inf, const char *key)
{
    int err = reg_set_text(sink, key, "ComponentId", INF_REG_SZ, d->component_id);

    if (err == 0)
        err = reg_set_dword(sink, key, "Characteristics", d->characteristics);
    if (err == 0)
        err = reg_set_text(sink, key, "InfPath", INF_REG_SZ, str_leaf(inf));
    if (err == 0)
        err = reg_set_text(sink, key, "InfSection", INF_REG_SZ, d->install_section);
    return err;
}

/* A component of NetTrans or NetService; NetCfgInstanceId of a protocol is Windows' choice: here, from its service. */
static int
write_component(const struct reg_sink *sink, const struct pnp_driver *d)
{
    const struct inf_driver *info = &d->info;
    char key[PATH_BYTES], guid[64];
    uint64_t hash = str_ihash(d->service);
    int err;

    fmt(guid, sizeof(guid), "{%08x-%04x-4%03x-8%03x-%012llx}", (unsigned)(hash >> 32), (unsigned)(hash >> 16) & 0xffff,
        (unsigned)(hash >> 4) & 0xfff, (unsigned)hash & 0xfff, (unsigned long long)(hash_mix64(hash) >> 16));
    fmt(key, sizeof(key), NETWORK "%s\\%s", info->class_guid,
        info->net_cfg_instance_id[0] ? info->net_cfg_instance_id : guid);
    err = write_origin(sink, info, d->inf, key);
    if (err == 0)
        err = reg_set_text(sink, key, "Description", INF_REG_SZ, info->description);
    return err ? err : write_lines(sink, info, INF_HKR, NULL, key);
}

int
reg_install_driver(const struct reg_sink *sink, const struct pnp_driver *d)
{
    char key[PATH_BYTES];
    int err;

    if (d->parsed == NULL) { /* no INF: as `sc create` would */
        fmt(key, sizeof(key), REG_SERVICES "%s", d->service);
        err = reg_set_text(sink, key, "ImagePath", INF_REG_EXPAND_SZ, d->sys);
        return err ? err : reg_set_dword(sink, key, "Type", 1);
    }
    err = write_services(sink, &d->info);
    if (err == 0 && d->kind != INF_MINIPORT && *d->info.class_guid)
        err = write_component(sink, d);
    if (err == 0 && d->miniport_parsed != NULL)
        err = write_services(sink, &d->miniport_info);
    return err;
}

/* ------------------------------------------------------------------ adapters */

void
reg_device_id(const struct reg_adapter *a, char *out, size_t room)
{
    const struct inf_driver *info = a->driver && a->driver->parsed ? &a->driver->info : NULL;

    if (info != NULL && strchr(info->component_id, '\\') != NULL)
        fmt(out, room, "%s\\%u", info->component_id, a->if_index);
    else
        fmt(out, room, "ROOT\\NET\\%04u", a->if_index);
}

static int
write_media(const struct reg_sink *sink, const struct inf_driver *info, const char *key)
{
    const struct {
        const char *name;
        int64_t value;
    } media[] = {
        { "*IfType", info->if_type },
        { "*MediaType", info->media_type },
        { "*PhysicalMediaType", info->physical_media_type },
        { "BusType", info->bus_type },
    };
    int err = 0;

    for (unsigned i = 0; i < sizeof(media) / sizeof(media[0]) && err == 0; i++)
        if (media[i].value >= 0)
            err = reg_set_dword(sink, key, media[i].name, (uint32_t)media[i].value);
    return err;
}

/* Control\Class: what Windows notes, then what the INF adds. */
static int
write_class_key(const struct reg_sink *sink, const struct reg_adapter *a, const struct inf_driver *info)
{
    char device[PATH_BYTES];
    int err = reg_set_text(sink, a->key, "NetCfgInstanceId", INF_REG_SZ, a->guid);

    reg_device_id(a, device, sizeof(device));
    if (err == 0)
        err = reg_set_text(sink, a->key, "DeviceInstanceID", INF_REG_SZ, device);
    if (err == 0)
        err = reg_set_dword(sink, a->key, "NetLuidIndex", a->if_index);
    if (err == 0)
        err = reg_set_text(sink, a->key, "DriverDesc", INF_REG_SZ, info ? info->description : a->service);
    if (err || info == NULL)
        return err;
    err = reg_set_text(sink, a->key, "ProviderName", INF_REG_SZ, info->provider);
    if (err == 0)
        err = reg_set_text(sink, a->key, "DriverVersion", INF_REG_SZ, info->driver_version);
    if (err == 0)
        err = reg_set_text(sink, a->key, "MatchingDeviceId", INF_REG_SZ, info->component_id);
    if (err == 0)
        err = write_origin(sink, info, a->driver->inf, a->key);
    if (err == 0)
        err = write_media(sink, info, a->key);
    return err ? err : write_lines(sink, info, INF_HKR, NULL, a->key);
}

static int
write_connection(const struct reg_sink *sink, const struct reg_adapter *a, const char *device)
{
    char key[PATH_BYTES];
    int err;

    fmt(key, sizeof(key), NETWORK REG_NET_GUID "\\%s\\Connection", a->guid);
    err = reg_set_text(sink, key, "Name", INF_REG_SZ, a->name);
    return err ? err : reg_set_text(sink, key, "PnpInstanceID", INF_REG_SZ, device);
}

static int
write_device(const struct reg_sink *sink, const struct reg_adapter *a, const struct inf_driver *info,
             const char *device)
{
    const char *number = strrchr(a->key, '\\');
    char key[PATH_BYTES], text[128];
    const char *id = info ? info->component_id : a->service;
    int err;

    fmt(key, sizeof(key), REG_CONTROL_SET "\\Enum\\%s", device);
    fmt(text, sizeof(text), REG_NET_GUID "%s", number ? number : "");
    err = reg_set_text(sink, key, "Class", INF_REG_SZ, "Net");
    if (err == 0)
        err = reg_set_text(sink, key, "ClassGUID", INF_REG_SZ, REG_NET_GUID);
    if (err == 0)
        err = reg_set_text(sink, key, "Driver", INF_REG_SZ, text);
    if (err == 0)
        err = reg_set_text(sink, key, "DeviceDesc", INF_REG_SZ, info ? info->description : a->service);
    if (err == 0)
        err = reg_set_text(sink, key, "FriendlyName", INF_REG_SZ, info ? info->description : a->service);
    if (err == 0)
        err = reg_set_text(sink, key, "Mfg", INF_REG_SZ, info ? info->provider : "undis");
    if (err == 0)
        err = reg_set_text(sink, key, "Service", INF_REG_SZ, a->service);
    if (err == 0)
        err = reg_set_texts(sink, key, "HardwareID", &id, 1);
    if (err == 0)
        err = reg_set_dword(sink, key, "ConfigFlags", 0);
    fmt(key, sizeof(key), REG_CONTROL_SET "\\Enum\\%s\\Device Parameters", device);
    if (err == 0)
        err = sink->make(sink->context, key);
    return err || info == NULL ? err : write_lines(sink, info, INF_HKR_HARDWARE, NULL, key);
}

int
reg_install_adapter(const struct reg_sink *sink, const struct reg_adapter *a)
{
    const struct inf_driver *info = a->driver && a->driver->parsed ? &a->driver->info : NULL;
    char device[PATH_BYTES];
    int err;

    if (info != NULL && a->driver->miniport_parsed != NULL)
        info = &a->driver->miniport_info;
    reg_device_id(a, device, sizeof(device));
    err = write_class_key(sink, a, info);
    if (err == 0)
        err = write_connection(sink, a, device);
    return err ? err : write_device(sink, a, info, device);
}

/* ------------------------------------------------------------------ Linkage */

/* Each text with a prefix and a suffix, as one REG_MULTI_SZ. */
static int
set_list(const struct reg_sink *sink, const char *key, const char *name, const char *before, const char *const *texts,
         unsigned count, const char *after)
{
    char full[LIST_MAX][192];
    const char *list[LIST_MAX];

    if (count > LIST_MAX)
        return -EINVAL;
    for (unsigned i = 0; i < count; i++) {
        fmt(full[i], sizeof(full[i]), "%s%s%s", before, texts[i], after);
        list[i] = full[i];
    }
    return reg_set_texts(sink, key, name, list, count);
}

int
reg_install_linkage(const struct reg_sink *sink, const char *service, const char *const *guids, unsigned count)
{
    char key[PATH_BYTES], export[128];
    int err;

    fmt(key, sizeof(key), REG_SERVICES "%s\\Linkage", service);
    fmt(export, sizeof(export), "\\Device\\%s_", service);
    err = set_list(sink, key, "Bind", "\\Device\\", guids, count, "");
    if (err == 0)
        err = set_list(sink, key, "Export", export, guids, count, "");
    return err ? err : set_list(sink, key, "Route", "\"", guids, count, "\"");
}

int
reg_install_upper(const struct reg_sink *sink, const char *key, const char *guid, const char *const *modules,
                  unsigned module_count, const char *const *services, unsigned service_count)
{
    char linkage[PATH_BYTES];
    int err;

    fmt(linkage, sizeof(linkage), "%s\\Linkage", key);
    err = set_list(sink, linkage, "Export", "\\Device\\", &guid, 1, "");
    if (err == 0)
        err = set_list(sink, linkage, "RootDevice", "", &guid, 1, "");
    if (err == 0)
        err = set_list(sink, linkage, "FilterList", "", modules, module_count, "");
    return err ? err : set_list(sink, linkage, "UpperBind", "", services, service_count, "");
}

/* ------------------------------------------------------------------ what users set */

int
reg_check_parameter(const struct inf_driver *info, const char *name, const char *value, char text[256])
{
    const struct inf_param *p = inf_param(info, name);
    char list[120] = "";

    text[0] = 0;
    if (p != NULL)
        return inf_param_check(p, value, text);
    if (info->param_count == 0 || str_ieq(name, "NetworkAddress"))
        return 0;
    for (unsigned i = 0; i < info->reg_count; i++)
        if (info->regs[i].root == INF_HKR && info->regs[i].key[0] == 0 && str_ieq(info->regs[i].name, name))
            return 0;
    for (unsigned i = 0; i < info->param_count; i++)
        fmt_append(list, sizeof(list), "%s%.40s", i ? ", " : "", info->params[i].keyword);
    fmt(text, 256, "the INF offers no parameter %.60s; it has %.110s", name, list);
    return -EINVAL;
}
