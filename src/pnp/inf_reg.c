/* SPDX-License-Identifier: MIT */
/*
 * pnp/inf_reg.c - AddReg and DelReg lines as registry values (see inf.h).
 *
 * Model: each line becomes one struct inf_reg, in the order the installer carries them out; the data are bytes as the
 * registry keeps them. Documented: "INF AddReg Directive", "INF DelReg Directive".
 */
#include <errno.h>
#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "base/utf.h"
#include "pnp/inf_build.h"

static const struct {
    const char *name;
    enum inf_root root;
} roots[] = {
    { "HKLM", INF_HKLM },
    { "HKCR", INF_HKCR },
    { "HKCU", INF_HKCU },
    { "HKU", INF_HKU },
};

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
reg_strings(struct inf_builder *b, struct inf_reg *reg, const struct inf_line *line, unsigned from, bool multi)
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
reg_binary(struct inf_builder *b, struct inf_reg *reg, const struct inf_line *line, unsigned from, unsigned size)
{
    unsigned count = line->count > from ? line->count - from : 0;
    uint8_t *data = inf_alloc(b->memory, (count > 8 ? count : 8) + 1);
    uint64_t number = 0;

    if (data == NULL)
        return -ENOMEM;
    reg->data = data;
    reg->len = size ? size : count;
    if (size && count <= 1) {
        if (*inf_value(line, from) && !inf_number(inf_value(line, from), &number))
            return inf_build_fail(b, line->line, "\"%.40s\" is no number", inf_value(line, from));
        memcpy(data, &number, 8);
        return 0;
    }
    if (size && count != size)
        return inf_build_fail(b, line->line, "a value of %u bytes is given %u bytes", size, count);
    if (count == 1 && !*inf_value(line, from))
        reg->len = count = 0;
    for (unsigned i = 0; i < count; i++) {
        char hex[16] = "0x";
        const char *text = inf_value(line, from + i);

        str_copy(hex + 2, sizeof(hex) - 2, str_istarts(text, "0x") ? text + 2 : text);
        if (!str_to_u64(hex, &number) || number > 255)
            return inf_build_fail(b, line->line, "\"%.40s\" is no byte", text);
        data[i] = (uint8_t)number;
    }
    return 0;
}

static int
reg_push(struct inf_builder *b, const struct inf_reg *reg)
{
    return inf_build_push(b, &b->regs, reg, sizeof(*reg), "registry values");
}

/* HKR and the others; -1: none of them. */
static int
root_of(const char *text, enum inf_root relative)
{
    if (str_ieq(text, "HKR"))
        return (int)relative;
    for (unsigned i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
        if (str_ieq(text, roots[i].name))
            return (int)roots[i].root;
    return -1;
}

/* root, [subkey], [name], [flags], [value ...] */
static int
add_reg_line(struct inf_builder *b, const struct inf_line *line, enum inf_root relative)
{
    struct inf_reg reg = { .service = b->service, .line = line->line };
    int root = root_of(inf_value(line, 0), relative);
    uint64_t flags = 0;
    uint32_t type;
    int err;

    if (line->key != NULL)
        return inf_build_fail(b, line->line, "a registry line has an = where a comma belongs");
    if (root < 0)
        return inf_build_fail(b, line->line, "\"%.40s\" is no registry root", inf_value(line, 0));
    reg.root = (enum inf_root)root;
    if (*inf_value(line, 3) && !inf_number(inf_value(line, 3), &flags))
        return inf_build_fail(b, line->line, "the flags \"%.40s\" are no number", inf_value(line, 3));
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

/*
 * root, subkey [, name [, flags [, value]]]. documented: "INF DelReg Directive". Of its flags only the one that takes a
 * string out of a REG_MULTI_SZ is not carried out; it is refused by name.
 */
static int
del_reg_line(struct inf_builder *b, const struct inf_line *line, enum inf_root relative)
{
    int root = root_of(inf_value(line, 0), relative);
    struct inf_reg reg = { .flags = INF_REG_DELETE, .text = "", .service = b->service, .line = line->line };
    uint64_t flags = 0;

    if (line->key != NULL)
        return inf_build_fail(b, line->line, "a registry line has an = where a comma belongs");
    if (root < 0)
        return inf_build_fail(b, line->line, "\"%.40s\" is no registry root", inf_value(line, 0));
    if (*inf_value(line, 3) && !inf_number(inf_value(line, 3), &flags))
        return inf_build_fail(b, line->line, "the flags \"%.40s\" are no number", inf_value(line, 3));
    if ((flags & 0x18002) == 0x18002)
        return inf_build_fail(b, line->line, "FLG_DELREG_MULTI_SZ_DELSTRING is not carried out here");
    reg.root = (enum inf_root)root;
    reg.key = inf_value(line, 1);
    reg.name = inf_value(line, 2);
    if (*reg.key == 0 && *reg.name == 0)
        return inf_build_fail(b, line->line, "a DelReg line names neither a key nor a value");
    return reg_push(b, &reg);
}

static int
directive(struct inf_builder *b, const struct inf_section *section, const char *name, enum inf_root relative,
          int (*take)(struct inf_builder *, const struct inf_line *, enum inf_root))
{
    const struct inf_line *line;
    unsigned at = 0;

    while ((line = inf_find(section, name, &at)) != NULL) {
        for (unsigned i = 0; i < line->count; i++) {
            const struct inf_section *list = inf_section(b->inf, inf_value(line, i));

            if (!*inf_value(line, i))
                continue;
            if (list == NULL)
                return inf_build_fail(b, line->line, "%s names [%.80s], which is not there", name, inf_value(line, i));
            for (unsigned j = 0; j < list->count; j++) {
                int err = take(b, &list->lines[j], relative);

                if (err)
                    return err;
            }
        }
    }
    return 0;
}

/* assumed: a section's deletions come before its additions, as SetupInstallFromInfSection lists them. */
int
inf_build_regs(struct inf_builder *b, const struct inf_section *section, enum inf_root relative)
{
    int err = directive(b, section, "DelReg", relative, del_reg_line);

    return err ? err : directive(b, section, "AddReg", relative, add_reg_line);
}

/* The last value the installer writes there, NULL if none. */
const struct inf_reg *
inf_build_find(const struct inf_builder *b, const char *key, const char *name)
{
    for (unsigned i = b->regs.count; i-- > 0;) {
        const struct inf_reg *reg = (const struct inf_reg *)b->regs.items + i;

        if (reg->root == INF_HKR && !(reg->flags & (INF_REG_DELETE | INF_REG_DELVAL | INF_REG_KEYONLY)) &&
            str_ieq(reg->key, key) && str_ieq(reg->name, name))
            return reg;
    }
    return NULL;
}

const char *
inf_build_text(const struct inf_builder *b, const char *key, const char *name)
{
    const struct inf_reg *reg = inf_build_find(b, key, name);

    return reg ? reg->text : "";
}

uint32_t
inf_build_number(const struct inf_builder *b, const char *key, const char *name)
{
    const struct inf_reg *reg = inf_build_find(b, key, name);
    uint64_t number = 0;
    uint32_t dword;

    if (reg != NULL && reg->type == INF_REG_DWORD) {
        memcpy(&dword, reg->data, 4);
        return dword;
    }
    return reg != NULL && inf_number(reg->text, &number) ? (uint32_t)number : 0;
}

/*
 * Ndi\Params\<keyword>,default: the class installer writes the default as value <keyword> of the component's key.
 * documented: "Specifying Configuration Parameters for the Advanced Properties Page".
 */
int
inf_build_defaults(struct inf_builder *b)
{
    unsigned count = b->regs.count;
    int err = 0;

    for (unsigned i = 0; i < count && err == 0; i++) {
        struct inf_reg reg = ((const struct inf_reg *)b->regs.items)[i];

        if (reg.root != INF_HKR || (reg.flags & (INF_REG_DELETE | INF_REG_DELVAL)) ||
            !str_istarts(reg.key, "Ndi\\Params\\") || !str_ieq(reg.name, "default"))
            continue;
        reg.name = reg.key + strlen("Ndi\\Params\\");
        if (*reg.name == 0 || strchr(reg.name, '\\') || inf_build_find(b, "", reg.name) != NULL)
            continue;
        reg.key = "";
        reg.is_default = true;
        err = reg_push(b, &reg);
    }
    return err;
}
