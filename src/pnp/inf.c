/* SPDX-License-Identifier: MIT */
/*
 * pnp/inf.c - an INF file that was read: looking things up in it (see inf.h).
 *
 * Model: sections in the order of the file, with an index by name. inf_lexer.h says how a file becomes that.
 * Start reading at: inf_parse().
 */
#include "pnp/inf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "pnp/inf_lexer.h"

enum { MEMORY_BYTES_MAX = 256 << 20 }; /* strings can multiply a file's size */

unsigned *
inf_index_slot(const struct inf *inf, const char *name)
{
    unsigned at = (unsigned)str_ihash(name) & (inf->index_size - 1);

    while (inf->index[at] != 0 && !str_ieq(inf->sections[inf->index[at] - 1]->name, name))
        at = (at + 1) & (inf->index_size - 1);
    return &inf->index[at];
}

bool
inf_is_template(const struct inf *inf)
{
    return inf->template;
}

const struct inf_token *
inf_unknown_token(const struct inf *inf, unsigned i)
{
    return i < inf->token_count ? &inf->tokens[i] : NULL;
}

const struct inf_section *
inf_section(const struct inf *inf, const char *name)
{
    unsigned *slot = inf->index_size ? inf_index_slot(inf, name) : NULL;

    return slot != NULL && *slot != 0 ? inf->sections[*slot - 1] : NULL;
}

unsigned
inf_section_count(const struct inf *inf)
{
    return inf->count;
}

const struct inf_section *
inf_section_at(const struct inf *inf, unsigned i)
{
    return inf->sections[i];
}

const struct inf_line *
inf_find(const struct inf_section *section, const char *key, unsigned *from)
{
    for (unsigned i = from ? *from : 0; section != NULL && i < section->count; i++) {
        const struct inf_line *line = &section->lines[i];

        if (line->key != NULL && str_ieq(line->key, key)) {
            if (from != NULL)
                *from = i + 1;
            return line;
        }
    }
    return NULL;
}

const char *
inf_value(const struct inf_line *line, unsigned i)
{
    return line != NULL && i < line->count ? line->values[i] : "";
}

const char *
inf_get(const struct inf *inf, const char *section, const char *key)
{
    const struct inf_line *line = inf_find(inf_section(inf, section), key, NULL);

    return line != NULL ? inf_value(line, 0) : NULL;
}

/* documented: INF Version section. Without one of the two signatures the system takes the file for none. */
static int
check_signature(const struct inf *inf, struct inf_error *err)
{
    const char *signature = inf_get(inf, "Version", "Signature");

    if (inf_section(inf, "Version") == NULL)
        return inf_fail(err, 0, "there is no [Version] section");
    if (signature == NULL)
        return inf_fail(err, inf_section(inf, "Version")->line, "[Version] has no Signature");
    if (!str_ieq(signature, "$Windows NT$") && !str_ieq(signature, "$Chicago$"))
        return inf_fail(err, inf_find(inf_section(inf, "Version"), "Signature", NULL)->line,
                        "Signature is \"%.60s\", not \"$Windows NT$\" or \"$Chicago$\"", signature);
    return 0;
}

int
inf_parse(const void *bytes, size_t len, struct inf **out, struct inf_error *err)
{
    struct inf *inf = calloc(1, sizeof(*inf));
    struct inf_scanner *s = calloc(1, sizeof(*s));
    char *text = NULL;
    size_t text_len = 0;
    int result = -ENOMEM;

    memset(err, 0, sizeof(*err));
    if (inf == NULL || s == NULL)
        goto out;
    inf->memory.limit = MEMORY_BYTES_MAX;
    result = inf_to_text(bytes, len, &text, &text_len, err);
    if (result)
        goto out;
    s->inf = inf;
    inf->template = inf_stamp(text, &text_len);
    s->at = text;
    s->end = text + text_len;
    s->line = 1;
    s->err = err;
    result = inf_scan(s);
    if (result == 0)
        result = inf_expand(s);
    if (result == 0)
        result = check_signature(inf, err);
    if (result)
        goto out;
    *out = inf;
    inf = NULL;
out:
    if (result == -ENOMEM)
        inf_fail(err, 0, "out of memory while reading the file");
    if (s != NULL) {
        free(s->values);
        free(s->strings);
    }
    free(s);
    free(text);
    inf_free(inf);
    return result;
}

void
inf_free(struct inf *inf)
{
    if (inf == NULL)
        return;
    for (unsigned i = 0; i < inf->count; i++) {
        free(inf->sections[i]->lines);
        free(inf->sections[i]);
    }
    free(inf->sections);
    free(inf->index);
    free(inf->tokens);
    inf_memory_fini(&inf->memory);
    free(inf);
}
