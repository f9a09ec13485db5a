/* SPDX-License-Identifier: MIT */
/*
 * pnp/inf_model.c - which sections of an INF are for this Windows.
 *
 * Model: names of models and install sections carry decorations:
 * NT[processor][.major[.minor[.product[.suite[.build]]]]].
 * Each field that stands there is a least or wanted value; of those that fit, the one that says most wins.
 * Documented: "INF Manufacturer Section" (TargetOSVersion), "INF Models Section".
 */
#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "pnp/inf_text.h"

enum {
    NAME_MAX_BYTES = 512,
    MANUFACTURERS_MAX = 1024, /* more are not looked at; no real INF comes near */
};

const struct inf_target inf_target_default = { 10, 0, 19041, 1 };

static const char *const processors[] = { "amd64", "x86", "ia64", "arm64", "arm" };

/* ".10.0..0x80.16299": up to five numbers, empty ones 0. false: something else stands there. */
static bool
read_fields(const char *text, uint64_t fields[5])
{
    memset(fields, 0, 5 * sizeof(*fields));
    for (unsigned i = 0; *text == '.' && i < 5; i++) {
        char number[24];
        size_t n = strcspn(++text, ".");

        if (n >= sizeof(number))
            return false;
        memcpy(number, text, n);
        number[n] = 0;
        if (n != 0 && (!str_to_u64(number, &fields[i]) || fields[i] > UINT32_MAX))
            return false;
        text += n;
    }
    return *text == 0;
}

/* Behind "NT" and the processor; *amd64: it is named. NULL: no decoration, or another processor's. */
static const char *
behind_processor(const char *text, bool *amd64, bool any)
{
    *amd64 = false;
    if (!str_istarts(text, "NT"))
        return NULL;
    text += 2;
    for (size_t i = 0; i < sizeof(processors) / sizeof(processors[0]); i++)
        if (str_istarts(text, processors[i])) {
            *amd64 = i == 0;
            return i == 0 || any ? text + strlen(processors[i]) : NULL;
        }
    return text;
}

bool
inf_is_decoration(const char *text)
{
    uint64_t fields[5];
    bool amd64;

    text = behind_processor(text, &amd64, true);
    return text != NULL && read_fields(text, fields);
}

/* assumed: a suite mask is for a suite that this Windows is not; plain NT is taken when nothing names amd64. */
uint64_t
inf_decoration_rank(const char *text, const struct inf_target *target)
{
    uint64_t fields[5]; /* major minor product suite build */
    uint64_t wanted, here = (uint64_t)target->major << 32 | target->minor;
    bool amd64;

    if (*text == 0)
        return 1;
    text = behind_processor(text, &amd64, false);
    if (text == NULL || !read_fields(text, fields))
        return 0;
    wanted = fields[0] << 32 | fields[1];
    if (wanted > here || (wanted == here && fields[4] > target->build))
        return 0;
    if ((fields[2] != 0 && fields[2] != target->product) || fields[3] != 0)
        return 0;
    if (fields[0] > 127 || fields[1] > 255 || fields[4] >= 1u << 24)
        return 0;
    return 2 + ((uint64_t)amd64 << 60) + (fields[0] << 50) + (fields[1] << 40) + (fields[4] << 2) + (fields[2] != 0);
}

const struct inf_section *
inf_best_section(const struct inf *inf, const char *name, const struct inf_target *target)
{
    const struct inf_section *best = NULL;
    size_t len = strlen(name);
    uint64_t best_rank = 0;

    for (unsigned i = 0; i < inf_section_count(inf); i++) {
        const struct inf_section *section = inf_section_at(inf, i);
        const char *rest;
        uint64_t rank;

        if (!str_istarts(section->name, name))
            continue;
        rest = section->name + len;
        if (*rest != 0 && *rest != '.')
            continue;
        rank = inf_decoration_rank(*rest ? rest + 1 : rest, target);
        if (rank > best_rank) {
            best_rank = rank;
            best = section;
        }
    }
    return best;
}

const struct inf_section *
inf_section_beside(const struct inf *inf, const char *install, const char *base, const char *suffix)
{
    char name[NAME_MAX_BYTES];
    const struct inf_section *section;

    fmt(name, sizeof(name), "%s%s", install, suffix);
    section = inf_section(inf, name);
    if (section == NULL) {
        fmt(name, sizeof(name), "%s%s", base, suffix);
        section = inf_section(inf, name);
    }
    return section;
}

/*
 * The models of a line of [Manufacturer]: name, then decorations it has models for. documented: the best of those
 * that are listed; without a list the undecorated section. assumed: sections that are there and not listed count, too,
 * as the reader of so many INFs with wrong lists has to.
 */
static const struct inf_section *
models_of(const struct inf *inf, const struct inf_line *line, const struct inf_target *target)
{
    const char *name = line->key && !*inf_value(line, 0) ? line->key : inf_value(line, 0);

    return inf_best_section(inf, name, target);
}

const struct inf_line *
inf_model(const struct inf *inf, const struct inf_target *target, unsigned number, const struct inf_line **refused)
{
    const struct inf_section *manufacturers = inf_section(inf, "Manufacturer");

    *refused = NULL;
    for (unsigned i = 0; manufacturers != NULL && i < manufacturers->count && i < MANUFACTURERS_MAX; i++) {
        const struct inf_section *models = models_of(inf, &manufacturers->lines[i], target);

        if (models == NULL) {
            *refused = *refused ? *refused : &manufacturers->lines[i];
            continue;
        }
        for (unsigned j = 0; j < models->count; j++)
            if (models->lines[j].key != NULL && *inf_value(&models->lines[j], 0) && number-- == 0)
                return &models->lines[j];
    }
    return NULL;
}
