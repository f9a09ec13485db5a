/* SPDX-License-Identifier: MIT */
/*
 * pnp/inf_param.c - Ndi\Params: what an adapter lets people set, of which type and within which limits.
 *
 * Documented: "Specifying Configuration Parameters for the Advanced Properties Page"; the limits of the types are those
 * of their names on Windows. observed in Microsoft's INFs: LimitText and UpperCase of edit, base of numbers.
 */
#include <errno.h>
#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "pnp/inf_text.h"

#define PARAMS "Ndi\\Params\\"

static const struct {
    const char *word;
    enum inf_param_type type;
    int64_t min, max;
} types[] = {
    { "int", INF_PARAM_INT, INT16_MIN, UINT16_MAX }, /* observed: 16 bits, signed or not, in Microsoft's INFs */
    { "long", INF_PARAM_LONG, INT32_MIN, INT32_MAX },
    { "word", INF_PARAM_WORD, 0, UINT16_MAX },
    { "dword", INF_PARAM_DWORD, 0, UINT32_MAX },
    { "edit", INF_PARAM_EDIT, 0, 0 },
    { "enum", INF_PARAM_ENUM, 0, 0 },
};
#define TYPES (sizeof(types) / sizeof(types[0]))

bool
inf_number(const char *text, uint64_t *out)
{
    bool negative = *text == '-';

    if (!str_to_u64(text + negative, out))
        return false;
    if (negative)
        *out = 0 - *out;
    return true;
}

/* "Ndi\Params\<keyword>[\enum]": the keyword's length, 0 if the key is another. */
static size_t
keyword_of(const struct inf_reg *reg, const char **keyword, bool *choices)
{
    const char *rest;
    size_t n;

    if (reg->root != INF_HKR || (reg->flags & (INF_REG_DELETE | INF_REG_DELVAL)) || !str_istarts(reg->key, PARAMS))
        return 0;
    *keyword = reg->key + strlen(PARAMS);
    n = strcspn(*keyword, "\\");
    rest = *keyword + n;
    *choices = str_ieq(rest, "\\enum");
    return *rest == 0 || *choices ? n : 0;
}

/* The value of a registry line as text, whatever its type. */
static const char *
value_text(struct inf_memory *memory, const struct inf_reg *reg)
{
    char text[24];
    uint32_t number;

    if (reg->type != INF_REG_DWORD)
        return reg->text;
    memcpy(&number, reg->data, sizeof(number));
    fmt(text, sizeof(text), "%u", number);
    return inf_strndup(memory, text, strlen(text));
}

static int
set_property(struct inf_memory *memory, struct inf_param *p, const struct inf_reg *reg)
{
    const char *text = value_text(memory, reg);
    uint64_t number = 0;

    if (text == NULL)
        return -ENOMEM;
    if (str_ieq(reg->name, "ParamDesc")) {
        p->description = text;
    } else if (str_ieq(reg->name, "type")) {
        p->type_text = text;
        p->type = INF_PARAM_UNKNOWN;
        for (unsigned i = 0; i < TYPES; i++)
            if (str_ieq(text, types[i].word))
                p->type = types[i].type;
    } else if (str_ieq(reg->name, "default")) {
        p->standard = text;
        p->has_standard = true;
    } else if (str_ieq(reg->name, "min")) {
        p->min = text;
    } else if (str_ieq(reg->name, "max")) {
        p->max = text;
    } else if (str_ieq(reg->name, "step")) {
        p->step = text;
    } else if (str_ieq(reg->name, "base")) {
        p->base = text;
    } else if (str_ieq(reg->name, "optional")) {
        p->optional = inf_number(text, &number) && number != 0;
    } else if (str_ieq(reg->name, "LimitText")) {
        p->limit_text = inf_number(text, &number) ? (uint32_t)number : 0;
    } else if (str_ieq(reg->name, "UpperCase")) {
        p->upper_case = inf_number(text, &number) && number != 0;
    }
    return 0;
}

static struct inf_param *
find(struct inf_param *params, unsigned count, const char *keyword, size_t len)
{
    for (unsigned i = 0; i < count; i++)
        if (strlen(params[i].keyword) == len && str_icmp_n(params[i].keyword, keyword, len) == 0)
            return &params[i];
    return NULL;
}

/* How many lines name a parameter, and how many a choice: no more of either are there. */
static void
count_lines(const struct inf_driver *d, unsigned *params, unsigned *choices)
{
    const char *keyword;
    bool choice;

    *params = *choices = 0;
    for (unsigned i = 0; i < d->reg_count; i++) {
        const struct inf_reg *before = i > 0 ? &d->regs[i - 1] : NULL;

        if (keyword_of(&d->regs[i], &keyword, &choice) == 0)
            continue;
        *choices += choice;
        *params += before == NULL || !str_ieq(before->key, d->regs[i].key);
    }
}

/* The choices of one parameter, in the order of their lines. */
static unsigned
gather_choices(const struct inf_driver *d, const char *wanted, struct inf_choice *out)
{
    unsigned count = 0;

    for (unsigned i = 0; i < d->reg_count; i++) {
        const struct inf_reg *reg = &d->regs[i];
        const char *keyword;
        bool choice;
        size_t len = keyword_of(reg, &keyword, &choice);

        if (len == 0 || !choice || len != strlen(wanted) || str_icmp_n(keyword, wanted, len) != 0 || !*reg->name)
            continue;
        out[count++] = (struct inf_choice){ reg->name, reg->text };
    }
    return count;
}

int
inf_params_gather(struct inf_memory *memory, struct inf_driver *d)
{
    unsigned room, choice_room, count = 0, used = 0;
    struct inf_choice *choices;
    struct inf_param *params;

    count_lines(d, &room, &choice_room);
    params = inf_alloc(memory, (room + 1) * sizeof(*params));
    choices = inf_alloc(memory, (choice_room + 1) * sizeof(*choices));
    if (params == NULL || choices == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < d->reg_count; i++) {
        const char *keyword = NULL;
        bool choice;
        size_t len = keyword_of(&d->regs[i], &keyword, &choice);
        struct inf_param *p = len ? find(params, count, keyword, len) : NULL;

        if (len == 0)
            continue;
        if (p == NULL) {
            p = &params[count++];
            *p = (struct inf_param){ "", "", "", 0, "", "", "", "", "", 0, 0, 0, 0, NULL, 0, d->regs[i].line };
            p->keyword = inf_strndup(memory, keyword, len);
        }
        if (p->keyword == NULL || (!choice && set_property(memory, p, &d->regs[i]) != 0))
            return -ENOMEM;
    }
    for (unsigned i = 0; i < count; i++) {
        params[i].choices = choices + used;
        params[i].choice_count = gather_choices(d, params[i].keyword, choices + used);
        used += params[i].choice_count;
    }
    d->params = params;
    d->param_count = count;
    return 0;
}

const struct inf_param *
inf_param(const struct inf_driver *d, const char *keyword)
{
    for (unsigned i = 0; i < d->param_count; i++)
        if (str_ieq(d->params[i].keyword, keyword))
            return &d->params[i];
    return NULL;
}

/* A number as the parameter's base has it: base 16 means hexadecimal without 0x. */
static bool
param_number(const struct inf_param *p, const char *text, int64_t *out)
{
    char hex[40] = "0x";
    uint64_t number;
    bool ok;

    if (str_ieq(p->base, "16") && !str_istarts(text, "0x") && *text != '-') {
        ok = str_copy(hex + 2, sizeof(hex) - 2, text) && inf_number(hex, &number);
    } else {
        ok = inf_number(text, &number);
    }
    *out = ok ? (int64_t)number : 0;
    return ok;
}

bool
inf_param_range(const struct inf_param *p, int64_t *min, int64_t *max, uint64_t *step)
{
    int64_t given;

    for (unsigned i = 0; i < TYPES; i++) {
        if (types[i].type != p->type || types[i].max == 0)
            continue;
        *min = types[i].min;
        *max = types[i].max;
        *step = 1;
        if (*p->min && param_number(p, p->min, &given))
            *min = given;
        if (*p->max && param_number(p, p->max, &given))
            *max = given;
        if (*p->step && param_number(p, p->step, &given) && given > 0)
            *step = (uint64_t)given;
        return true;
    }
    return false;
}

static int
check_number(const struct inf_param *p, const char *value, char text[256])
{
    int64_t number, min = 0, max = 0;
    uint64_t step = 1;

    inf_param_range(p, &min, &max, &step);
    if (!param_number(p, value, &number))
        fmt(text, 256, "%.60s is of type %s: \"%.60s\" is no number", p->keyword, p->type_text, value);
    else if (number < min || number > max)
        fmt(text, 256, "%.60s goes from %lld to %lld: %lld is outside", p->keyword, (long long)min, (long long)max,
            (long long)number);
    else if (((uint64_t)number - (uint64_t)min) % step != 0)
        fmt(text, 256, "%.60s goes from %lld in steps of %llu: %lld is none of them", p->keyword, (long long)min,
            (unsigned long long)step, (long long)number);
    else
        return 0;
    return -EINVAL;
}

static int
check_choice(const struct inf_param *p, const char *value, char text[256])
{
    char list[140] = "";

    for (unsigned i = 0; i < p->choice_count; i++) {
        if (str_ieq(p->choices[i].value, value))
            return 0;
        fmt_append(list, sizeof(list), "%s%.20s (%.30s)", i ? ", " : "", p->choices[i].value, p->choices[i].words);
    }
    fmt(text, 256, "%.60s is one of %.130s: \"%.40s\" is none of them", p->keyword, list, value);
    return -EINVAL;
}

int
inf_param_check(const struct inf_param *p, const char *value, char text[256])
{
    text[0] = 0;
    if (*value == 0 && p->optional)
        return 0; /* not present */
    switch (p->type) {
    case INF_PARAM_ENUM:
        return check_choice(p, value, text);
    case INF_PARAM_EDIT:
        if (p->limit_text == 0 || strlen(value) <= p->limit_text)
            return 0;
        fmt(text, 256, "%.60s takes at most %u characters: \"%.60s\" has more", p->keyword, p->limit_text, value);
        return -EINVAL;
    case INF_PARAM_INT:
    case INF_PARAM_LONG:
    case INF_PARAM_WORD:
    case INF_PARAM_DWORD:
        return check_number(p, value, text);
    default:
        return 0; /* its type says nothing that could be checked; inf check tells */
    }
}
