/* SPDX-License-Identifier: MIT */
/*
 * pnp/inf_driver.c - what an INF installs: model, services, registry values, kind of network driver (see inf.h).
 *
 * Model: Manufacturer names a models section, its line an install section; beside that stand .HW, .Services,
 * .CoInstallers and .Interfaces. Each may carry directives; what NDIS wants to know of a driver (FilterType, ranges
 * ...) is then read from the registry values they make, not from the text. Needs continues with another section, here
 * or in an INF of Windows, which is only remembered.
 * Documented: INF Manufacturer, Models, DDInstall and the sections beside it, AddService; the network pages on INF
 * files for filters, protocols and miniports.
 * Start reading at: inf_describe_model().
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "pnp/inf_build.h"

#define NCF_NO_SERVICE 0x10u
#define NCF_FILTER     0x400u
#define NCF_LW_FILTER  0x40000u

enum {
    NAME_MAX_BYTES = 512,
    SPSVCINST_ASSOCSERVICE = 2,
    /* assumed: no real INF comes near these; they bound what a hostile one costs */
    LIST_MAX = 8192,
    VISITS_MAX = 256,
    MEMORY_BYTES_MAX = 64 << 20,
};

int
inf_build_fail(struct inf_builder *b, unsigned line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    b->err->line = line;
    fmt_v(b->err->text, sizeof(b->err->text), format, args);
    va_end(args);
    return -EINVAL;
}

int
inf_build_push(struct inf_builder *b, struct inf_list *list, const void *item, size_t size, const char *what)
{
    if (list->count == LIST_MAX)
        return inf_build_fail(b, 0, "the driver has more than %d %s", LIST_MAX, what);
    if (list->count == list->room) {
        unsigned room = list->room ? list->room * 2 : 16;
        void *bigger = realloc(list->items, room * size);

        if (bigger == NULL)
            return -ENOMEM;
        list->items = bigger;
        list->room = room;
    }
    memcpy((char *)list->items + list->count++ * size, item, size);
    return 0;
}

static const char *
or_empty(const char *text)
{
    return text ? text : "";
}

/* ---- texts and files ------------------------------------------------------------------------------------------- */

static int
push_text(struct inf_builder *b, struct inf_list *list, const char *text, const char *what)
{
    return *text ? inf_build_push(b, list, &text, sizeof(text), what) : 0;
}

/* Value i of every line with that key. */
static int
push_values(struct inf_builder *b, const struct inf_section *section, const char *key, unsigned i,
            struct inf_list *list)
{
    const struct inf_line *line;
    unsigned at = 0;
    int err = 0;

    while (err == 0 && (line = inf_find(section, key, &at)) != NULL)
        err = push_text(b, list, inf_value(line, i), key);
    return err;
}

/* CopyFiles = @file | section[, section ...] */
static int
add_files(struct inf_builder *b, const struct inf_section *section)
{
    const struct inf_line *line;
    unsigned at = 0;
    int err = 0;

    while (err == 0 && (line = inf_find(section, "CopyFiles", &at)) != NULL) {
        for (unsigned i = 0; i < line->count && err == 0; i++) {
            const char *name = inf_value(line, i);
            const struct inf_section *list = inf_section(b->inf, name);

            if (*name == '@') {
                err = push_text(b, &b->files, str_leaf(name + 1), "files");
                continue;
            }
            if (*name == 0)
                continue;
            if (list == NULL)
                return inf_build_fail(b, line->line, "CopyFiles names [%.80s], which is not there", name);
            for (unsigned j = 0; j < list->count && err == 0; j++)
                err = push_text(b, &b->files, str_leaf(inf_value(&list->lines[j], 0)), "files");
        }
    }
    return err;
}

/* The DLLs that a CoInstallers32 value names ("x.dll,Entry"), in its REG_MULTI_SZ. */
static int
add_co_installers(struct inf_builder *b, const struct inf_section *section)
{
    const struct inf_line *line;
    unsigned at = 0;
    int err = 0;

    while (err == 0 && (line = inf_find(section, "AddReg", &at)) != NULL) {
        for (unsigned i = 0; i < line->count && err == 0; i++) {
            const struct inf_section *list = inf_section(b->inf, inf_value(line, i));

            for (unsigned j = 0; list != NULL && j < list->count && err == 0; j++)
                for (unsigned k = 4;
                     str_ieq(inf_value(&list->lines[j], 2), "CoInstallers32") && err == 0 && k < list->lines[j].count;
                     k++)
                    err = push_text(b, &b->co_installers, inf_value(&list->lines[j], k), "co-installers");
        }
    }
    return err;
}

/* ---- services -------------------------------------------------------------------------------------------------- */

static int
number_of(struct inf_builder *b, const struct inf_section *section, const char *key, uint32_t *out, bool *there)
{
    const struct inf_line *line = inf_find(section, key, NULL);
    uint64_t number;

    if (line == NULL)
        return 0;
    if (!inf_number(inf_value(line, 0), &number))
        return inf_build_fail(b, line->line, "%s is \"%.40s\", which is no number", key, inf_value(line, 0));
    *out = (uint32_t)number;
    if (there != NULL)
        *there = true;
    return 0;
}

/* ServiceBinary with its folder number replaced. documented: "Using Dirids"; assumed: 13 is where drivers run from. */
static int
set_image_path(struct inf_builder *b, const char *binary, struct inf_service *service)
{
    static const struct {
        const char *dirid, *folder;
    } folders[] = {
        { "%10%", "\\SystemRoot" },
        { "%11%", "\\SystemRoot\\System32" },
        { "%12%", "\\SystemRoot\\System32\\drivers" },
        { "%13%", "\\SystemRoot\\System32\\drivers" },
    };
    char path[NAME_MAX_BYTES];

    service->image = str_leaf(binary);
    fmt(path, sizeof(path), "%s", binary);
    for (unsigned i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        if (str_starts(binary, folders[i].dirid))
            fmt(path, sizeof(path), "%s%s", folders[i].folder, binary + 4);
    service->image_path = inf_strndup(b->memory, path, strlen(path));
    return service->image_path ? 0 : -ENOMEM;
}

/* AddService = name, [flags], section [, event log section [, [log type], event name]] */
static int
add_service(struct inf_builder *b, const struct inf_line *line)
{
    const char *name = inf_value(line, 2);
    const struct inf_section *section = inf_section(b->inf, name);
    const struct inf_line *binary = inf_find(section, "ServiceBinary", NULL);
    const struct inf_line *dependencies = inf_find(section, "Dependencies", NULL);
    struct inf_service service = { .name = inf_value(line, 0), .line = line->line };
    uint64_t flags = 0;
    int err;

    if (section == NULL)
        return inf_build_fail(b, line->line, "AddService names [%.80s], which is not there", name);
    if (binary == NULL)
        return inf_build_fail(b, section->line, "[%.80s] has no ServiceBinary", section->name);
    if (*inf_value(line, 1) && !inf_number(inf_value(line, 1), &flags))
        return inf_build_fail(b, line->line, "the flags \"%.40s\" of AddService are no number", inf_value(line, 1));
    service.flags = (uint32_t)flags;
    service.display = inf_value(inf_find(section, "DisplayName", NULL), 0);
    service.description = inf_value(inf_find(section, "Description", NULL), 0);
    service.load_group = inf_value(inf_find(section, "LoadOrderGroup", NULL), 0);
    service.dependencies = dependencies ? dependencies->values : NULL;
    service.dependency_count = dependencies ? dependencies->count : 0;
    err = set_image_path(b, inf_value(binary, 0), &service);
    if (err == 0)
        err = number_of(b, section, "ServiceType", &service.type, &service.has_type);
    if (err == 0)
        err = number_of(b, section, "StartType", &service.start, &service.has_start);
    if (err == 0)
        err = number_of(b, section, "ErrorControl", &service.error_control, &service.has_error_control);
    b->service = service.name;
    if (err == 0)
        err = inf_build_regs(b, section, INF_HKR_SERVICE);
    if (*inf_value(line, 5))
        b->service = inf_value(line, 5);
    if (err == 0 && *inf_value(line, 3))
        err = inf_build_regs(b, inf_section(b->inf, inf_value(line, 3)), INF_HKR_EVENT);
    b->service = "";
    return err ? err : inf_build_push(b, &b->services, &service, sizeof(service), "services");
}

static int
add_services(struct inf_builder *b, const struct inf_section *section)
{
    const struct inf_line *line;
    unsigned at = 0;
    int err = 0;

    while (err == 0 && (line = inf_find(section, "AddService", &at)) != NULL)
        if (*inf_value(line, 0))
            err = add_service(b, line);
    return err ? err : push_values(b, section, "DelService", 0, &b->deleted);
}

/* The function driver's service if one is marked as such, else the one that Ndi\Service names, else the first. */
static const struct inf_service *
main_service(const struct inf_builder *b)
{
    const struct inf_service *services = b->services.items;
    const char *named = inf_build_text(b, "Ndi", "Service");

    for (unsigned i = 0; i < b->services.count; i++)
        if (services[i].flags & SPSVCINST_ASSOCSERVICE)
            return &services[i];
    for (unsigned i = 0; i < b->services.count; i++)
        if (str_ieq(services[i].name, named))
            return &services[i];
    return b->services.count ? services : NULL;
}

/* ---- sections and what they need ------------------------------------------------------------------------------- */

enum part { INSTALL, HARDWARE, SERVICES, CO_INSTALLERS, INTERFACES };

static int
carry_out(struct inf_builder *b, const struct inf_section *section, enum part part)
{
    int err = 0;

    switch (part) {
    case INSTALL:
        err = add_files(b, section);
        if (err == 0)
            err = inf_build_regs(b, section, INF_HKR);
        for (const struct inf_line *line = inf_find(section, "CopyINF", NULL); line && err == 0; line = NULL)
            for (unsigned i = 0; i < line->count && err == 0; i++)
                err = push_text(b, &b->more_infs, inf_value(line, i), "INFs");
        break;
    case HARDWARE:
        err = inf_build_regs(b, section, INF_HKR_HARDWARE);
        break;
    case SERVICES:
        err = add_services(b, section);
        break;
    case CO_INSTALLERS:
        err = add_co_installers(b, section);
        break;
    case INTERFACES:
        err = push_values(b, section, "AddInterface", 0, &b->interfaces);
        break;
    }
    return err;
}

/* A section and those it needs: of this file, carried out; of others, remembered. documented: Include and Needs. */
static int
add_section(struct inf_builder *b, const struct inf_section *section, enum part part)
{
    const char *include = inf_value(inf_find(section, "Include", NULL), 0);
    const struct inf_line *line;
    unsigned at = 0;
    int err = section ? carry_out(b, section, part) : 0;

    while (err == 0 && (line = inf_find(section, "Needs", &at)) != NULL) {
        for (unsigned i = 0; i < line->count && err == 0; i++) {
            const char *name = inf_value(line, i);
            const struct inf_section *here = inf_section(b->inf, name);
            struct inf_need need = { include, name, inf_include_gives(name), line->line };

            if (++b->visits > VISITS_MAX)
                return inf_build_fail(b, line->line, "Needs goes round in a circle, or names too many sections");
            if (here != NULL)
                err = add_section(b, here, part);
            else if (*name)
                err = inf_build_push(b, &b->needs, &need, sizeof(need), "sections needed");
        }
    }
    return err;
}

/* ---- model and kind -------------------------------------------------------------------------------------------- */

/* The processors a models section is for, when amd64 is none of them. */
static int
fail_processor(struct inf_builder *b, const struct inf_line *manufacturer)
{
    char list[80] = "";

    for (unsigned i = 1; i < manufacturer->count; i++)
        fmt_append(list, sizeof(list), "%s%.20s", i > 1 ? ", " : "", inf_value(manufacturer, i));
    if (strstr(list, "amd64") != NULL || strstr(list, "AMD64") != NULL)
        return inf_build_fail(b, manufacturer->line,
                              "there are no models for NTamd64 of Windows %u.%u build %u, only for %s",
                              b->target->major, b->target->minor, b->target->build, list);
    return inf_build_fail(b, manufacturer->line, "there are no models for NTamd64%s%s", *list ? ", only for " : "",
                          list);
}

/* Find the model of that number; *base gets the install section's name as the model has it. */
static int
choose_model(struct inf_builder *b, unsigned number, const char **base)
{
    const struct inf_section *manufacturers = inf_section(b->inf, "Manufacturer");
    const struct inf_line *refused = NULL;
    const struct inf_line *model;

    if (manufacturers == NULL || manufacturers->count == 0) {
        *base = "DefaultInstall";
        return number == 0 ? 0 : -ENOENT;
    }
    model = inf_model(b->inf, b->target, number, &refused);
    if (model != NULL) {
        b->out->description = model->key;
        b->out->component_id = inf_value(model, 1);
        b->out->model_line = model->line;
        *base = inf_value(model, 0);
        return 0;
    }
    if (number > 0)
        return -ENOENT;
    if (refused != NULL)
        return fail_processor(b, refused);
    return inf_build_fail(b, manufacturers->line, "no models section lists a device");
}

/* documented: "INF ControlFlags Section" */
static bool
excluded(const struct inf_builder *b)
{
    const struct inf_section *flags = inf_section(b->inf, "ControlFlags");

    for (unsigned i = 0; flags != NULL && i < flags->count; i++) {
        const struct inf_line *line = &flags->lines[i];

        if (line->key == NULL || !str_istarts(line->key, "ExcludeFromSelect"))
            continue;
        for (unsigned j = 0; j < line->count; j++)
            if (str_ieq(inf_value(line, j), "*") || str_ieq(inf_value(line, j), b->out->component_id))
                return true;
    }
    return false;
}

static enum inf_kind
find_kind(const struct inf_builder *b)
{
    const struct inf_driver *d = b->out;
    bool service =
        str_ieq(d->class_name, "NetService") || str_ieq(d->class_guid, "{4d36e974-e325-11ce-bfc1-08002be10318}");

    if (inf_build_find(b, "Ndi", "FilterDeviceInfId") != NULL ||
        (d->characteristics & (NCF_FILTER | NCF_LW_FILTER)) == NCF_FILTER)
        return INF_INTERMEDIATE;
    if (service && ((d->characteristics & NCF_LW_FILTER) || inf_build_find(b, "Ndi", "FilterType") != NULL ||
                    inf_build_find(b, "Ndi\\Interfaces", "FilterMediaTypes") != NULL))
        return INF_FILTER;
    if (str_ieq(d->class_name, "NetTrans") || str_ieq(d->class_guid, "{4d36e975-e325-11ce-bfc1-08002be10318}"))
        return INF_PROTOCOL;
    if (str_ieq(d->class_name, "Net") || str_ieq(d->class_guid, "{4d36e972-e325-11ce-bfc1-08002be10318}"))
        return INF_MINIPORT;
    return INF_OTHER;
}

static int
describe_network(struct inf_builder *b)
{
    struct inf_driver *d = b->out;
    uint32_t type = inf_build_number(b, "Ndi", "FilterType");
    uint32_t run = inf_build_number(b, "Ndi", "FilterRunType");

    d->kind = find_kind(b);
    d->upper_range = inf_build_text(b, "Ndi\\Interfaces", "UpperRange");
    d->lower_range = inf_build_text(b, "Ndi\\Interfaces", "LowerRange");
    d->co_services = inf_build_text(b, "Ndi", "CoServices");
    if (!*d->co_services)
        d->co_services = inf_build_text(b, "Ndi", "Service");
    if (d->kind == INF_FILTER) {
        d->filter_class = inf_build_text(b, "Ndi", "FilterClass");
        d->filter_media = inf_build_text(b, "Ndi\\Interfaces", "FilterMediaTypes");
        d->filter_type = type == 1 ? INF_FILTER_MONITORING : type == 2 ? INF_FILTER_MODIFYING : INF_FILTER_NONE;
        d->run_type = run == 1 ? INF_RUN_MANDATORY : run == 2 ? INF_RUN_OPTIONAL : INF_RUN_NONE;
        if (d->filter_type == INF_FILTER_NONE)
            return inf_build_fail(b, 0, "a filter's INF must set Ndi, FilterType to 1 (monitoring) or 2 (modifying)");
        if (!*d->net_cfg_instance_id)
            return inf_build_fail(b, 0, "a filter's INF must have NetCfgInstanceId in [%.80s]", d->install_section);
    }
    if (d->kind != INF_OTHER && !*d->service && !(d->characteristics & NCF_NO_SERVICE) && d->need_count == 0)
        return inf_build_fail(b, 0, "[%.80s.Services] adds no service", d->install_section);
    return 0;
}

/* Move a gathered list into the description's own memory. */
static const void *
keep(struct inf_builder *b, struct inf_list *list, size_t size, unsigned *count)
{
    void *items = inf_alloc(b->memory, (list->count + 1) * size);

    if (items != NULL && list->count > 0)
        memcpy(items, list->items, list->count * size);
    *count = list->count;
    return items;
}

static int
finish(struct inf_builder *b)
{
    struct inf_driver *d = b->out;

    d->regs = keep(b, &b->regs, sizeof(*d->regs), &d->reg_count);
    d->files = keep(b, &b->files, sizeof(*d->files), &d->file_count);
    d->services = keep(b, &b->services, sizeof(*d->services), &d->service_count);
    d->deleted_services = keep(b, &b->deleted, sizeof(*d->deleted_services), &d->deleted_service_count);
    d->co_installers = keep(b, &b->co_installers, sizeof(*d->co_installers), &d->co_installer_count);
    d->interfaces = keep(b, &b->interfaces, sizeof(*d->interfaces), &d->interface_count);
    d->more_infs = keep(b, &b->more_infs, sizeof(*d->more_infs), &d->more_inf_count);
    d->needs = keep(b, &b->needs, sizeof(*d->needs), &d->need_count);
    if (!d->regs || !d->files || !d->services || !d->deleted_services || !d->co_installers || !d->interfaces ||
        !d->more_infs || !d->needs)
        return -ENOMEM;
    return inf_params_gather(b->memory, d);
}

static int
signed_number(struct inf_builder *b, const struct inf_section *install, const char *key, int64_t *out)
{
    uint32_t number = 0;
    bool there = false;
    int err = number_of(b, install, key, &number, &there);

    *out = there ? (int64_t)number : -1;
    return err;
}

static int
describe_install(struct inf_builder *b, const struct inf_section *install)
{
    struct inf_driver *d = b->out;
    int err = number_of(b, install, "Characteristics", &d->characteristics, NULL);

    d->install_section = install->name;
    d->net_cfg_instance_id = inf_value(inf_find(install, "NetCfgInstanceId", NULL), 0);
    if (err == 0)
        err = signed_number(b, install, "*IfType", &d->if_type);
    if (err == 0)
        err = signed_number(b, install, "*MediaType", &d->media_type);
    if (err == 0)
        err = signed_number(b, install, "*PhysicalMediaType", &d->physical_media_type);
    if (err == 0)
        err = signed_number(b, install, "BusType", &d->bus_type);
    return err;
}

static void
describe_version(struct inf_builder *b)
{
    struct inf_driver *d = b->out;

    *d = (struct inf_driver){ .memory = b->memory };
    d->class_name = or_empty(inf_get(b->inf, "Version", "Class"));
    d->class_guid = or_empty(inf_get(b->inf, "Version", "ClassGuid"));
    d->provider = or_empty(inf_get(b->inf, "Version", "Provider"));
    d->driver_version = inf_value(inf_find(inf_section(b->inf, "Version"), "DriverVer", NULL), 1);
    d->description = d->component_id = d->install_section = d->service = d->image = d->image_path = "";
    d->load_group = d->filter_class = d->filter_media = d->net_cfg_instance_id = "";
}

static void
set_main_service(struct inf_builder *b)
{
    const struct inf_service *service = main_service(b);

    if (service == NULL)
        return;
    b->out->service = service->name;
    b->out->image = service->image;
    b->out->image_path = service->image_path;
    b->out->service_type = service->type;
    b->out->start_type = service->start;
    b->out->load_group = service->load_group;
}

/* install and the sections beside it. */
static int
describe(struct inf_builder *b, const char *base, const struct inf_section *install)
{
    static const struct {
        const char *suffix;
        enum part part;
    } beside[] = {
        { ".HW", HARDWARE },
        { ".Services", SERVICES },
        { ".CoInstallers", CO_INSTALLERS },
        { ".Interfaces", INTERFACES },
    };
    int err;

    b->out->hidden_from_select = excluded(b);
    err = describe_install(b, install);
    if (err == 0)
        err = add_section(b, install, INSTALL);
    for (unsigned i = 0; i < sizeof(beside) / sizeof(beside[0]) && err == 0; i++)
        err = add_section(b, inf_section_beside(b->inf, install->name, base, beside[i].suffix), beside[i].part);
    if (err)
        return err;
    err = inf_build_defaults(b);
    set_main_service(b);
    b->out->need_count = b->needs.count;
    if (err == 0)
        err = describe_network(b);
    return err ? err : finish(b);
}

/* A model's install section, or the one that is given. */
static int
describe_chosen(struct inf_builder *b, unsigned model, const char *base, const struct inf_section *install)
{
    int err;

    describe_version(b);
    if (install == NULL) {
        err = choose_model(b, model, &base);
        if (err)
            return err;
        install = inf_best_section(b->inf, base, b->target);
        if (install == NULL)
            return inf_build_fail(b, 0, "the section [%.80s] that installs the driver is not there", base);
    }
    return describe(b, base, install);
}

static int
describe_any(struct inf_builder *b, unsigned model, const char *base, const struct inf_section *install)
{
    struct inf_list *const lists[] = { &b->regs,          &b->files,      &b->services,  &b->deleted,
                                       &b->co_installers, &b->interfaces, &b->more_infs, &b->needs };
    int result = -ENOMEM;

    *b->err = (struct inf_error){ 0 };
    *b->out = (struct inf_driver){ 0 };
    b->service = "";
    b->memory = calloc(1, sizeof(*b->memory));
    if (b->memory != NULL) {
        b->memory->limit = MEMORY_BYTES_MAX;
        result = describe_chosen(b, model, base, install);
    }
    if (result == -ENOMEM)
        inf_build_fail(b, 0, "out of memory while reading the file");
    for (unsigned i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        free(lists[i]->items);
    if (result) {
        b->out->memory = b->memory;
        inf_driver_fini(b->out);
    }
    return result;
}

int
inf_describe_model(const struct inf *inf, const struct inf_target *target, unsigned model, struct inf_driver *out,
                   struct inf_error *err)
{
    struct inf_error unheard;
    struct inf_builder b = { .inf = inf, .target = target, .out = out, .err = err ? err : &unheard };

    return describe_any(&b, model, NULL, NULL);
}

int
inf_describe_install(const struct inf *inf, const struct inf_target *target, const char *base,
                     const struct inf_section *install, struct inf_driver *out, struct inf_error *err)
{
    struct inf_builder b = { .inf = inf, .target = target, .out = out, .err = err };

    return describe_any(&b, 0, base, install);
}

int
inf_describe_driver(const struct inf *inf, struct inf_driver *out, struct inf_error *err)
{
    return inf_describe_model(inf, &inf_target_default, 0, out, err);
}

void
inf_driver_fini(struct inf_driver *driver)
{
    if (driver->memory != NULL)
        inf_memory_fini(driver->memory);
    free(driver->memory);
    *driver = (struct inf_driver){ 0 };
}

const char *
inf_kind_name(enum inf_kind kind)
{
    static const char *const names[] = { "driver", "miniport", "filter", "protocol", "intermediate driver" };

    return names[kind];
}
