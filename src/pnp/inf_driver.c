/* SPDX-License-Identifier: MIT */
/*
 * pnp/inf_driver.c - what an INF installs: model, service, registry values, kind of network driver (see inf.h).
 *
 * Model: Manufacturer names a models section, its first line an install section; beside that stand .HW and
 * .Services. Each may carry AddReg directives, whose lines become struct inf_reg; what NDIS wants to know of a
 * driver (FilterType, ranges ...) is then read from those values, not from the text.
 * Documented: INF Manufacturer, Models, DDInstall, DDInstall.Services, AddService and AddReg; the network
 * pages on INF files for filters, protocols and miniports.
 * Start reading at: inf_describe_driver().
 */
#include "pnp/inf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "base/utf.h"
#include "pnp/inf_text.h"

#define NCF_FILTER    0x400u
#define NCF_LW_FILTER 0x40000u

enum {
    NAME_MAX_BYTES = 512,
    SPSVCINST_ASSOCSERVICE = 2,
    /* assumed: no real INF comes near these; they bound what a hostile one costs */
    REGS_MAX = 8192,
    FILES_MAX = 8192,
    MANUFACTURERS_MAX = 1024,
    MEMORY_BYTES_MAX = 64 << 20,
};

struct builder {
    const struct inf *inf;
    struct inf_driver *out;
    struct inf_error *err;
    struct inf_memory *memory;
    struct inf_reg *regs; /* malloced */
    unsigned reg_count, reg_room;
    const char **files; /* malloced */
    unsigned file_count, file_room;
};

static int __attribute__((format(printf, 3, 4))) fail(struct builder *b, unsigned line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    b->err->line = line;
    fmt_v(b->err->text, sizeof(b->err->text), format, args);
    va_end(args);
    return -EINVAL;
}

static const char *
or_empty(const char *text)
{
    return text ? text : "";
}

/* ---- which section --------------------------------------------------------------------------------------------- */

/*
 * How well a decoration (what follows "name." in a section's name) fits amd64 Windows 10; 0: not at all.
 * documented: NT[Architecture][.[Major][.[Minor][.[ProductType][.[SuiteMask][.[Build]]]]]]; the closest match wins.
 * assumed: any build fits; a plain name or plain NT is taken when nothing names amd64.
 */
static uint64_t
decoration_rank(const char *text)
{
    uint64_t fields[5] = { 0 }; /* major minor product suite build */
    bool amd64 = str_istarts(text, "NTamd64");

    if (*text == 0)
        return 1;
    if (!str_istarts(text, "NT"))
        return 0;
    text += amd64 ? 7 : 2;
    for (unsigned i = 0; *text == '.' && i < 5; i++) {
        text++;
        for (; *text >= '0' && *text <= '9'; text++)
            fields[i] = fields[i] < 1000000 ? fields[i] * 10 + (uint64_t)(*text - '0') : fields[i];
    }
    if (*text != 0 || fields[0] > 10 || (fields[0] == 10 && fields[1] > 0))
        return 0;
    return 2 + ((uint64_t)amd64 << 60) + (fields[0] << 40) + (fields[1] << 32) + fields[4];
}

/* The section called name, or name with the decoration that fits best. */
static const struct inf_section *
best_section(const struct inf *inf, const char *name)
{
    const struct inf_section *best = NULL;
    size_t len = strlen(name);
    uint64_t best_rank = 0;

    for (unsigned i = 0; i < inf_section_count(inf); i++) {
        const struct inf_section *section = inf_section_at(inf, i);
        const char *rest = section->name + len;
        uint64_t rank;

        if (!str_istarts(section->name, name) || (*rest != 0 && *rest != '.'))
            continue;
        rank = decoration_rank(*rest ? rest + 1 : rest);
        if (rank > best_rank) {
            best_rank = rank;
            best = section;
        }
    }
    return best;
}

/* The section beside an install section: with its full name, else with the undecorated one. NULL: none. */
static const struct inf_section *
section_beside(const struct builder *b, const char *base, const char *suffix)
{
    char name[NAME_MAX_BYTES];
    const struct inf_section *section;

    fmt(name, sizeof(name), "%s%s", b->out->install_section, suffix);
    section = inf_section(b->inf, name);
    if (section == NULL) {
        fmt(name, sizeof(name), "%s%s", base, suffix);
        section = inf_section(b->inf, name);
    }
    return section;
}

/* ---- registry values ------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum inf_root root;
} roots[] = {
    { "HKLM", INF_HKLM },
    { "HKCR", INF_HKCR },
    { "HKCU", INF_HKCU },
    { "HKU", INF_HKU },
};

static bool
parse_number(const char *text, uint64_t *out)
{
    bool negative = *text == '-';

    if (!str_to_u64(text + negative, out))
        return false;
    if (negative)
        *out = 0 - *out;
    return true;
}

/* Append text to data as UTF-16LE with terminator. */
static size_t
put_string(uint8_t *data, size_t at, const char *text)
{
    size_t room = strlen(text) + 1;

    /* data is 8-aligned and at is even */
    return at + 2 * (utf8_to_utf16(text, strlen(text), (uint16_t *)(void *)(data + at), room) + 1);
}

/* Strings of values from..: one, or all of them with an empty one behind. */
static int
reg_strings(struct builder *b, struct inf_reg *reg, const struct inf_line *line, unsigned from, bool multi)
{
    unsigned last = multi ? line->count : from + 1;
    size_t size = 4;
    size_t at = 0;
    uint8_t *data;

    for (unsigned i = from; i < last; i++)
        size += 2 * strlen(inf_value(line, i)) + 2;
    data = inf_alloc(b->memory, size);
    if (data == NULL)
        return -ENOMEM;
    for (unsigned i = from; i < last; i++)
        at = put_string(data, at, inf_value(line, i));
    reg->data = data;
    reg->len = (uint32_t)(multi ? at + 2 : at);
    return 0;
}

/* A number of size bytes, or bytes one by one (any number of them if size is 0). */
static int
reg_binary(struct builder *b, struct inf_reg *reg, const struct inf_line *line, unsigned from, unsigned size)
{
    unsigned count = line->count > from ? line->count - from : 0;
    uint8_t *data = inf_alloc(b->memory, (count > 8 ? count : 8) + 1);
    uint64_t number = 0;

    if (data == NULL)
        return -ENOMEM;
    reg->data = data;
    reg->len = size ? size : count;
    if (size && count <= 1) {
        if (*inf_value(line, from) && !parse_number(inf_value(line, from), &number))
            return fail(b, line->line, "\"%.40s\" is no number", inf_value(line, from));
        memcpy(data, &number, 8);
        return 0;
    }
    if (size && count != size)
        return fail(b, line->line, "a value of %u bytes is given %u bytes", size, count);
    if (count == 1 && !*inf_value(line, from))
        reg->len = count = 0;
    for (unsigned i = 0; i < count; i++) {
        char hex[16] = "0x";
        const char *text = inf_value(line, from + i);

        str_copy(hex + 2, sizeof(hex) - 2, str_istarts(text, "0x") ? text + 2 : text);
        if (!str_to_u64(hex, &number) || number > 255)
            return fail(b, line->line, "\"%.40s\" is no byte", text);
        data[i] = (uint8_t)number;
    }
    return 0;
}

static int
reg_push(struct builder *b, const struct inf_reg *reg)
{
    if (b->reg_count == REGS_MAX)
        return fail(b, reg->line, "the driver sets more than %d registry values", REGS_MAX);
    if (b->reg_count == b->reg_room) {
        unsigned room = b->reg_room ? b->reg_room * 2 : 32;
        struct inf_reg *bigger = realloc(b->regs, room * sizeof(*bigger));

        if (bigger == NULL)
            return -ENOMEM;
        b->regs = bigger;
        b->reg_room = room;
    }
    b->regs[b->reg_count++] = *reg;
    return 0;
}

/* root, [subkey], [name], [flags], [value ...] */
static int
add_reg_line(struct builder *b, const struct inf_line *line, enum inf_root relative)
{
    struct inf_reg reg = { .root = relative, .line = line->line };
    const char *root = inf_value(line, 0);
    uint64_t flags = 0;
    uint32_t type;
    int err;

    if (line->key != NULL)
        return fail(b, line->line, "a registry line has an = where a comma belongs");
    if (!str_ieq(root, "HKR")) {
        unsigned i = 0;

        while (i < sizeof(roots) / sizeof(roots[0]) && !str_ieq(root, roots[i].name))
            i++;
        if (i == sizeof(roots) / sizeof(roots[0]))
            return fail(b, line->line, "\"%.40s\" is no registry root", root);
        reg.root = roots[i].root;
    }
    if (*inf_value(line, 3) && !parse_number(inf_value(line, 3), &flags))
        return fail(b, line->line, "the flags \"%.40s\" are no number", inf_value(line, 3));
    reg.key = inf_value(line, 1);
    reg.name = inf_value(line, 2);
    reg.text = inf_value(line, 4);
    reg.flags = (uint32_t)flags &
                (INF_REG_NOCLOBBER | INF_REG_DELVAL | INF_REG_APPEND | INF_REG_KEYONLY | INF_REG_OVERWRITEONLY);
    if (flags & 0x2000) /* FLG_ADDREG_KEYONLY_COMMON */
        reg.flags |= INF_REG_KEYONLY;
    type = (uint32_t)flags >> 16;
    if (!(flags & 1)) {
        reg.type = type == 1 ? INF_REG_MULTI_SZ : type == 2 ? INF_REG_EXPAND_SZ : INF_REG_SZ;
        err = reg_strings(b, &reg, line, 4, type == 1);
    } else {
        reg.type = type == 0 ? INF_REG_BINARY : type == 1 ? INF_REG_DWORD : type == 2 ? INF_REG_NONE : type;
        err = reg_binary(b, &reg, line, 4, reg.type == INF_REG_DWORD ? 4 : reg.type == INF_REG_QWORD ? 8 : 0);
    }
    return err ? err : reg_push(b, &reg);
}

/* All AddReg directives of a section. */
static int
add_regs(struct builder *b, const struct inf_section *section, enum inf_root relative)
{
    const struct inf_line *line;
    unsigned at = 0;

    while ((line = inf_find(section, "AddReg", &at)) != NULL) {
        for (unsigned i = 0; i < line->count; i++) {
            const struct inf_section *list = inf_section(b->inf, inf_value(line, i));

            if (!*inf_value(line, i))
                continue;
            if (list == NULL)
                return fail(b, line->line, "AddReg names [%.80s], which is not there", inf_value(line, i));
            for (unsigned j = 0; j < list->count; j++) {
                int err = add_reg_line(b, &list->lines[j], relative);

                if (err)
                    return err;
            }
        }
    }
    return 0;
}

/* The last value the installer writes there, NULL if none. */
static const struct inf_reg *
find_reg(const struct builder *b, const char *key, const char *name)
{
    for (unsigned i = b->reg_count; i-- > 0;) {
        const struct inf_reg *reg = &b->regs[i];

        if (reg->root == INF_HKR && !(reg->flags & (INF_REG_DELVAL | INF_REG_KEYONLY)) && str_ieq(reg->key, key) &&
            str_ieq(reg->name, name))
            return reg;
    }
    return NULL;
}

static const char *
reg_text(const struct builder *b, const char *key, const char *name)
{
    const struct inf_reg *reg = find_reg(b, key, name);

    return reg ? reg->text : "";
}

static uint32_t
reg_number(const struct builder *b, const char *key, const char *name)
{
    const struct inf_reg *reg = find_reg(b, key, name);
    uint64_t number = 0;
    uint32_t dword;

    if (reg != NULL && reg->type == INF_REG_DWORD) {
        memcpy(&dword, reg->data, 4);
        return dword;
    }
    return reg != NULL && parse_number(reg->text, &number) ? (uint32_t)number : 0;
}

/*
 * Ndi\Params\<keyword>,default: the class installer writes the default as value <keyword> of the component's key.
 * documented: "Specifying Configuration Parameters for the Advanced Properties Page".
 */
static int
add_defaults(struct builder *b)
{
    unsigned count = b->reg_count;
    int err = 0;

    for (unsigned i = 0; i < count && err == 0; i++) {
        struct inf_reg reg = b->regs[i];

        if (reg.root != INF_HKR || !str_istarts(reg.key, "Ndi\\Params\\") || !str_ieq(reg.name, "default"))
            continue;
        reg.name = reg.key + strlen("Ndi\\Params\\");
        if (*reg.name == 0 || strchr(reg.name, '\\') || find_reg(b, "", reg.name) != NULL)
            continue;
        reg.key = "";
        reg.is_default = true;
        err = reg_push(b, &reg);
    }
    return err;
}

/* ---- files and services ---------------------------------------------------------------------------------------- */

static int
file_push(struct builder *b, const char *name)
{
    if (*name == 0)
        return 0;
    if (b->file_count == FILES_MAX)
        return fail(b, 0, "the driver copies more than %d files", FILES_MAX);
    if (b->file_count == b->file_room) {
        unsigned room = b->file_room ? b->file_room * 2 : 8;
        const char **bigger = realloc(b->files, room * sizeof(*bigger));

        if (bigger == NULL)
            return -ENOMEM;
        b->files = bigger;
        b->file_room = room;
    }
    b->files[b->file_count++] = str_leaf(name);
    return 0;
}

/* CopyFiles = @file | section[, section ...] */
static int
add_files(struct builder *b, const struct inf_section *section)
{
    const struct inf_line *line;
    unsigned at = 0;
    int err = 0;

    while ((line = inf_find(section, "CopyFiles", &at)) != NULL) {
        for (unsigned i = 0; i < line->count && err == 0; i++) {
            const char *name = inf_value(line, i);
            const struct inf_section *list = inf_section(b->inf, name);

            if (*name == '@') {
                err = file_push(b, name + 1);
                continue;
            }
            if (*name == 0)
                continue;
            if (list == NULL)
                return fail(b, line->line, "CopyFiles names [%.80s], which is not there", name);
            for (unsigned j = 0; j < list->count && err == 0; j++)
                err = file_push(b, inf_value(&list->lines[j], 0));
        }
    }
    return err;
}

static int
section_number(struct builder *b, const struct inf_section *section, const char *key, uint32_t *out)
{
    const struct inf_line *line = inf_find(section, key, NULL);
    uint64_t number;

    if (line == NULL)
        return 0;
    if (!parse_number(inf_value(line, 0), &number))
        return fail(b, line->line, "%s is \"%.40s\", which is no number", key, inf_value(line, 0));
    *out = (uint32_t)number;
    return 0;
}

/* ServiceBinary with its folder number replaced. documented: "Using Dirids"; assumed: 13 is where drivers run from. */
static int
set_image_path(struct builder *b, const char *binary)
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

    b->out->image = str_leaf(binary);
    fmt(path, sizeof(path), "%s", binary);
    for (unsigned i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        if (str_starts(binary, folders[i].dirid))
            fmt(path, sizeof(path), "%s%s", folders[i].folder, binary + 4);
    b->out->image_path = inf_strndup(b->memory, path, strlen(path));
    return b->out->image_path ? 0 : -ENOMEM;
}

static int
add_service(struct builder *b, const struct inf_line *line)
{
    const char *name = inf_value(line, 2);
    const struct inf_section *section = inf_section(b->inf, name);
    const struct inf_line *binary = inf_find(section, "ServiceBinary", NULL);
    int err;

    if (section == NULL)
        return fail(b, line->line, "AddService names [%.80s], which is not there", name);
    if (binary == NULL)
        return fail(b, section->line, "[%.80s] has no ServiceBinary", section->name);
    b->out->service = inf_value(line, 0);
    b->out->load_group = inf_value(inf_find(section, "LoadOrderGroup", NULL), 0);
    err = set_image_path(b, inf_value(binary, 0));
    if (err == 0)
        err = section_number(b, section, "ServiceType", &b->out->service_type);
    if (err == 0)
        err = section_number(b, section, "StartType", &b->out->start_type);
    if (err == 0)
        err = add_regs(b, section, INF_HKR_SERVICE);
    return err;
}

/* The function driver's service if one is marked as such, else the first. */
static int
add_services(struct builder *b, const struct inf_section *section)
{
    const struct inf_line *chosen = NULL;
    const struct inf_line *line;
    unsigned at = 0;

    while ((line = inf_find(section, "AddService", &at)) != NULL) {
        uint64_t flags = 0;

        if (!*inf_value(line, 0))
            continue;
        parse_number(inf_value(line, 1), &flags);
        if (chosen == NULL || (flags & SPSVCINST_ASSOCSERVICE)) {
            chosen = line;
            if (flags & SPSVCINST_ASSOCSERVICE)
                break;
        }
    }
    return chosen ? add_service(b, chosen) : 0;
}

/* ---- model and kind -------------------------------------------------------------------------------------------- */

/* The processors a models section is for, when amd64 is none of them. */
static int
fail_processor(struct builder *b, const struct inf_line *manufacturer)
{
    char list[80] = "";

    for (unsigned i = 1; i < manufacturer->count; i++)
        fmt_append(list, sizeof(list), "%s%.20s", i > 1 ? ", " : "", inf_value(manufacturer, i));
    return fail(b, manufacturer->line, "there are no models for NTamd64%s%s", *list ? ", only for " : "", list);
}

/* Find the first model; *base gets the install section's name as the model has it. */
static int
choose_model(struct builder *b, const char **base)
{
    const struct inf_section *manufacturers = inf_section(b->inf, "Manufacturer");
    const struct inf_line *refused = NULL;

    if (manufacturers == NULL || manufacturers->count == 0) {
        *base = "DefaultInstall";
        return 0;
    }
    if (manufacturers->count > MANUFACTURERS_MAX)
        return fail(b, manufacturers->line, "there are more than %d manufacturers", MANUFACTURERS_MAX);
    for (unsigned i = 0; i < manufacturers->count; i++) {
        const struct inf_line *line = &manufacturers->lines[i];
        const char *name = line->key && !*inf_value(line, 0) ? line->key : inf_value(line, 0);
        const struct inf_section *models = best_section(b->inf, name);

        if (models == NULL) {
            refused = refused ? refused : line;
            continue;
        }
        for (unsigned j = 0; j < models->count; j++) {
            const struct inf_line *model = &models->lines[j];

            if (model->key == NULL || !*inf_value(model, 0))
                continue;
            b->out->description = model->key;
            b->out->component_id = inf_value(model, 1);
            *base = inf_value(model, 0);
            return 0;
        }
    }
    if (refused != NULL)
        return fail_processor(b, refused);
    return fail(b, manufacturers->line, "no models section lists a device");
}

static enum inf_kind
find_kind(const struct builder *b)
{
    const struct inf_driver *d = b->out;
    bool service =
        str_ieq(d->class_name, "NetService") || str_ieq(d->class_guid, "{4d36e974-e325-11ce-bfc1-08002be10318}");

    if (find_reg(b, "Ndi", "FilterDeviceInfId") != NULL || (d->characteristics & NCF_FILTER))
        return INF_INTERMEDIATE;
    if (service && ((d->characteristics & NCF_LW_FILTER) || find_reg(b, "Ndi", "FilterType") != NULL ||
                    find_reg(b, "Ndi\\Interfaces", "FilterMediaTypes") != NULL))
        return INF_FILTER;
    if (str_ieq(d->class_name, "NetTrans") || str_ieq(d->class_guid, "{4d36e975-e325-11ce-bfc1-08002be10318}"))
        return INF_PROTOCOL;
    if (str_ieq(d->class_name, "Net") || str_ieq(d->class_guid, "{4d36e972-e325-11ce-bfc1-08002be10318}"))
        return INF_MINIPORT;
    return INF_OTHER;
}

static int
describe_network(struct builder *b)
{
    struct inf_driver *d = b->out;
    uint32_t type = reg_number(b, "Ndi", "FilterType");
    uint32_t run = reg_number(b, "Ndi", "FilterRunType");

    d->kind = find_kind(b);
    d->upper_range = reg_text(b, "Ndi\\Interfaces", "UpperRange");
    d->lower_range = reg_text(b, "Ndi\\Interfaces", "LowerRange");
    d->co_services = reg_text(b, "Ndi", "CoServices");
    if (!*d->co_services)
        d->co_services = reg_text(b, "Ndi", "Service");
    if (d->kind == INF_FILTER) {
        d->filter_class = reg_text(b, "Ndi", "FilterClass");
        d->filter_media = reg_text(b, "Ndi\\Interfaces", "FilterMediaTypes");
        d->filter_type = type == 1 ? INF_FILTER_MONITORING : type == 2 ? INF_FILTER_MODIFYING : INF_FILTER_NONE;
        d->run_type = run == 1 ? INF_RUN_MANDATORY : run == 2 ? INF_RUN_OPTIONAL : INF_RUN_NONE;
        if (d->filter_type == INF_FILTER_NONE)
            return fail(b, 0, "a filter's INF must set Ndi, FilterType to 1 (monitoring) or 2 (modifying)");
        if (!*d->net_cfg_instance_id)
            return fail(b, 0, "a filter's INF must have NetCfgInstanceId in [%.80s]", d->install_section);
    }
    if (d->kind != INF_OTHER && !*d->service)
        return fail(b, 0, "[%.80s.Services] adds no service", d->install_section);
    return 0;
}

/* Move the gathered arrays into the description's own memory. */
static int
finish(struct builder *b)
{
    struct inf_reg *regs = inf_alloc(b->memory, (b->reg_count + 1) * sizeof(*regs));
    const char **files = inf_alloc(b->memory, (b->file_count + 1) * sizeof(*files));

    if (regs == NULL || files == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < b->reg_count; i++)
        regs[i] = b->regs[i];
    for (unsigned i = 0; i < b->file_count; i++)
        files[i] = b->files[i];
    b->out->regs = regs;
    b->out->reg_count = b->reg_count;
    b->out->files = files;
    b->out->file_count = b->file_count;
    return 0;
}

static int
describe(struct builder *b)
{
    const struct inf *inf = b->inf;
    struct inf_driver *d = b->out;
    const struct inf_section *version = inf_section(inf, "Version");
    const struct inf_section *install;
    const char *base = "";
    int err;

    *d = (struct inf_driver){ .memory = b->memory };
    d->class_name = or_empty(inf_get(inf, "Version", "Class"));
    d->class_guid = or_empty(inf_get(inf, "Version", "ClassGuid"));
    d->provider = or_empty(inf_get(inf, "Version", "Provider"));
    d->driver_version = inf_value(inf_find(version, "DriverVer", NULL), 1);
    d->description = d->component_id = d->install_section = d->service = d->image = d->image_path = "";
    d->load_group = d->filter_class = d->filter_media = d->net_cfg_instance_id = "";

    err = choose_model(b, &base);
    if (err)
        return err;
    install = best_section(inf, base);
    if (install == NULL)
        return fail(b, 0, "the section [%.80s] that installs the driver is not there", base);
    d->install_section = install->name;
    d->net_cfg_instance_id = inf_value(inf_find(install, "NetCfgInstanceId", NULL), 0);
    err = section_number(b, install, "Characteristics", &d->characteristics);
    if (err == 0)
        err = add_files(b, install);
    if (err == 0)
        err = add_regs(b, install, INF_HKR);
    if (err == 0)
        err = add_regs(b, section_beside(b, base, ".HW"), INF_HKR_HARDWARE);
    if (err == 0)
        err = add_services(b, section_beside(b, base, ".Services"));
    if (err == 0)
        err = add_defaults(b);
    if (err == 0)
        err = describe_network(b);
    return err ? err : finish(b);
}

int
inf_describe_driver(const struct inf *inf, struct inf_driver *out, struct inf_error *err)
{
    struct inf_error unheard;
    struct builder b = { .inf = inf, .out = out, .err = err ? err : &unheard };
    int result = -ENOMEM;

    *b.err = (struct inf_error){ 0 };
    *out = (struct inf_driver){ 0 };
    b.memory = calloc(1, sizeof(*b.memory));
    if (b.memory != NULL) {
        b.memory->limit = MEMORY_BYTES_MAX;
        result = describe(&b);
    }
    if (result == -ENOMEM)
        fail(&b, 0, "out of memory while reading the file");
    free(b.regs);
    free(b.files);
    if (result) {
        out->memory = b.memory;
        inf_driver_fini(out);
    }
    return result;
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
