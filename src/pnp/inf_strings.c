/* SPDX-License-Identifier: MIT */
/*
 * pnp/inf_strings.c - %tokens%: what [Strings] puts in their place.
 *
 * Model: all strings sorted by hash once, then every key and value of every other section is expanded.
 * Start reading at: inf_expand().
 */
#include "pnp/inf_lexer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { TOKENS_MAX = 1000 }; /* more are not remembered */

/* The string tables by precedence. documented: [Strings.LanguageID] goes before [Strings]; assumed: U.S. English. */
static const char *const string_sections[] = { "Strings.0409", "Strings.0009", "Strings" };

static int
string_order(const void *a, const void *b)
{
    const struct inf_string *x = a;
    const struct inf_string *y = b;

    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->rank < y->rank ? -1 : 1;
}

/* Gather all strings, sorted by hash of key; among equals the one that counts comes first. */
static int
strings_gather(struct inf_scanner *s)
{
    unsigned room = 0;

    for (unsigned i = 0; i < sizeof(string_sections) / sizeof(string_sections[0]); i++) {
        const struct inf_section *section = inf_section(s->inf, string_sections[i]);

        for (unsigned j = 0; section != NULL && j < section->count; j++) {
            const struct inf_line *line = &section->lines[j];

            if (line->key == NULL)
                continue;
            if (inf_grow(&s->strings, s->string_count, &room, sizeof(*s->strings)) != 0)
                return -ENOMEM;
            s->strings[s->string_count] =
                (struct inf_string){ str_ihash(line->key), s->string_count, line->key, inf_value(line, 0) };
            s->string_count++;
        }
    }
    if (s->string_count > 0)
        qsort(s->strings, s->string_count, sizeof(*s->strings), string_order);
    return 0;
}

/* Text of a %key%, NULL if there is none. */
static const char *
string_lookup(const struct inf_scanner *s, const char *key, size_t len)
{
    char name[INF_FIELD_MAX];
    uint64_t hash;
    unsigned low = 0;
    unsigned high = s->string_count;

    if (len >= sizeof(name))
        return NULL;
    memcpy(name, key, len);
    name[len] = 0;
    hash = str_ihash(name);
    while (low < high) {
        unsigned middle = low + (high - low) / 2;

        if (s->strings[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < s->string_count && s->strings[low].hash == hash; low++)
        if (str_ieq(s->strings[low].key, name))
            return s->strings[low].value;
    return NULL;
}

/* %12% is a folder, %12,path% too; documented: "Using Dirids". */
static bool
is_folder(const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!(name[i] >= '0' && name[i] <= '9') && !(name[i] == '-' && i == 0))
            return name[i] == ',' && i > 0;
    return len > 0;
}

/* Remember a token that no string replaces. */
static int
token_missed(struct inf_scanner *s, unsigned line, const char *name, size_t len)
{
    struct inf *inf = s->inf;
    char *copy;

    if (memchr(name, ' ', len) != NULL || memchr(name, '\\', len) != NULL || inf->token_count == TOKENS_MAX)
        return 0;
    copy = inf_strndup(&inf->memory, name, len);
    if (copy == NULL || inf_grow(&inf->tokens, inf->token_count, &inf->token_room, sizeof(*inf->tokens)) != 0)
        return -ENOMEM;
    inf->tokens[inf->token_count++] = (struct inf_token){ copy, line };
    return 0;
}

/* Replace the tokens of *text. A key that is not defined stays as written (%12% is a folder, not a string). */
static int
expand(struct inf_scanner *s, unsigned line, const char **text)
{
    size_t len = 0;
    const char *at = *text;

    if (strchr(at, '%') == NULL)
        return 0;
    s->line = line;
    while (*at) {
        const char *end = *at == '%' ? strchr(at + 1, '%') : NULL;
        const char *value;

        if (end != NULL && is_folder(at + 1, (size_t)(end - at) - 1)) {
            if (inf_field_put(s, &len, at, (size_t)(end - at) + 1) != 0)
                return -EINVAL;
            at = end + 1;
            continue;
        }
        if (end == at + 1) {
            value = "%";
        } else if (end != NULL) {
            value = string_lookup(s, at + 1, (size_t)(end - at) - 1);
            if (value == NULL && token_missed(s, line, at + 1, (size_t)(end - at) - 1) != 0)
                return -ENOMEM;
        } else {
            value = NULL;
        }
        if (value != NULL) {
            if (inf_field_put(s, &len, value, strlen(value)) != 0)
                return -EINVAL;
            at = end + 1;
        } else {
            if (inf_field_put(s, &len, at++, 1) != 0)
                return -EINVAL;
        }
    }
    *text = inf_strndup(&s->inf->memory, s->field, len);
    return *text == NULL ? -ENOMEM : 0;
}

static int
expand_section(struct inf_scanner *s, struct inf_section *section)
{
    int err = 0;

    for (unsigned i = 0; i < section->count && err == 0; i++) {
        struct inf_line *line = &section->lines[i];

        if (line->key != NULL)
            err = expand(s, line->line, &line->key);
        for (unsigned j = 0; j < line->count && err == 0; j++)
            err = expand(s, line->line, (const char **)&line->values[j]);
    }
    return err;
}

int
inf_expand(struct inf_scanner *s)
{
    if (strings_gather(s) != 0)
        return -ENOMEM;
    for (unsigned i = 0; i < s->inf->count; i++) {
        struct inf_section *section = s->inf->sections[i];
        int err = 0;

        if (!str_ieq(section->name, "Strings") && !str_istarts(section->name, "Strings."))
            err = expand_section(s, section);
        if (err)
            return err;
    }
    return 0;
}
