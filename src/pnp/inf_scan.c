/* SPDX-License-Identifier: MIT */
/*
 * pnp/inf_scan.c - lines of text, filed under sections.
 *
 * Model: one walk over the text. A line is an optional key and values; %tokens% are kept as they stand, since
 * [Strings] usually comes last. documented: "General Syntax Rules for INF Files", with its limits.
 * Start reading at: inf_scan().
 */
#include "pnp/inf_lexer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    SECTION_NAME_MAX = 255, /* documented */
    SECTIONS_MAX = 16384,   /* assumed, as the file's size */
};

static int
index_grow(struct inf *inf)
{
    unsigned size = inf->index_size ? inf->index_size * 2 : 64;
    unsigned *index;

    if (inf->count * 2 < inf->index_size)
        return 0;
    index = calloc(size, sizeof(*index));
    if (index == NULL)
        return -ENOMEM;
    free(inf->index);
    inf->index = index;
    inf->index_size = size;
    for (unsigned i = 0; i < inf->count; i++)
        *inf_index_slot(inf, inf->sections[i]->name) = i + 1;
    return 0;
}

/* Find or make a section. */
static int
section_open(struct inf_scanner *s, const char *name, size_t len)
{
    struct inf *inf = s->inf;
    char *copy = inf_strndup(&inf->memory, name, len);
    struct inf_section *section;
    unsigned *slot;

    if (copy == NULL || index_grow(inf) != 0 ||
        inf_grow(&inf->sections, inf->count, &inf->room, sizeof(*inf->sections)) != 0)
        return -ENOMEM;
    slot = inf_index_slot(inf, copy);
    if (*slot != 0) {
        s->section = inf->sections[*slot - 1];
        if (s->section->again == 0)
            s->section->again = s->line;
        return 0;
    }
    if (inf->count == SECTIONS_MAX)
        return inf_fail(s->err, s->line, "there are more than %d sections", SECTIONS_MAX);
    section = calloc(1, sizeof(*section));
    if (section == NULL)
        return -ENOMEM;
    section->name = copy;
    section->line = s->line;
    section->number = inf->count;
    inf->sections[inf->count++] = section;
    *slot = inf->count;
    s->section = section;
    return 0;
}

static void
skip_blanks(struct inf_scanner *s)
{
    while (s->at < s->end && inf_is_blank(*s->at))
        s->at++;
}

static bool
at_line_end(const struct inf_scanner *s)
{
    return s->at >= s->end || *s->at == '\n';
}

static void
skip_line(struct inf_scanner *s)
{
    while (!at_line_end(s))
        s->at++;
}

/* A backslash with nothing but blanks and a comment behind it joins the next line: go there. */
static bool
take_continuation(struct inf_scanner *s)
{
    const char *at = s->at + 1;

    while (at < s->end && inf_is_blank(*at))
        at++;
    if (at < s->end && *at == ';')
        while (at < s->end && *at != '\n')
            at++;
    if (at >= s->end || *at != '\n')
        return false;
    s->at = at + 1;
    s->line++;
    return true;
}

/* Length of a %token% at s->at, 0 if what stands there is none. Such a token may hold a ';'. */
static size_t
token_length(const struct inf_scanner *s)
{
    for (const char *at = s->at + 1; at < s->end; at++) {
        if (*at == '%')
            return (size_t)(at - s->at) + 1;
        if (*at == '\n' || *at == ',' || *at == '"' || *at == '=')
            break;
    }
    return 0;
}

int
inf_field_put(struct inf_scanner *s, size_t *len, const char *text, size_t n)
{
    if (n >= INF_FIELD_MAX - *len)
        return inf_fail(s->err, s->line, "a field is longer than %d characters", INF_FIELD_MAX - 1);
    memcpy(s->field + *len, text, n);
    *len += n;
    return 0;
}

/* The inside of a quoted string; s->at is behind the opening quote, and ends behind the closing one. */
static int
scan_quoted(struct inf_scanner *s, size_t *len)
{
    for (;;) {
        if (at_line_end(s))
            return inf_fail(s->err, s->line, "a quoted string does not end on its line");
        if (*s->at == '"') {
            s->at++;
            if (s->at >= s->end || *s->at != '"')
                return 0;
        }
        if (inf_field_put(s, len, s->at++, 1) != 0)
            return -EINVAL;
    }
}

/*
 * One field: up to ',' or the line's end, or to '=' if it may be a key. The result is in s->field, trimmed
 * outside quotes; *stop is the character it ended at, 0 for the end of the line.
 */
static int
scan_field(struct inf_scanner *s, bool may_be_key, size_t *field_len, char *stop)
{
    size_t len = 0;
    size_t keep = 0; /* up to the last character that is not trailing space */

    *stop = 0;
    skip_blanks(s);
    while (!at_line_end(s)) {
        char c = *s->at;
        size_t n = 1;

        if (c == ';') {
            skip_line(s);
            break;
        }
        if (c == ',' || (c == '=' && may_be_key)) {
            *stop = c;
            s->at++;
            break;
        }
        if (c == '\\' && take_continuation(s)) {
            skip_blanks(s);
            continue;
        }
        if (c == '"') {
            s->at++;
            if (scan_quoted(s, &len) != 0)
                return -EINVAL;
            keep = len;
            continue;
        }
        if (c == '%' && token_length(s) != 0)
            n = token_length(s);
        if (inf_field_put(s, &len, s->at, n) != 0)
            return -EINVAL;
        s->at += n;
        if (!inf_is_blank(c))
            keep = len;
    }
    *field_len = keep;
    s->field[keep] = 0;
    return 0;
}

static int
value_add(struct inf_scanner *s, const char *text, size_t len)
{
    char *copy;

    if (inf_grow(&s->values, s->value_count, &s->value_room, sizeof(*s->values)) != 0)
        return -ENOMEM;
    copy = inf_strndup(&s->inf->memory, text, len);
    if (copy == NULL)
        return -ENOMEM;
    s->values[s->value_count++] = copy;
    return 0;
}

/* key = value, value ... or value, value ... */
static int
scan_line(struct inf_scanner *s)
{
    struct inf_line line = { .line = s->line };
    struct inf_section *section = s->section;
    const char **values;
    struct inf_line *lines;
    size_t len;
    char stop;
    int err = scan_field(s, true, &len, &stop);

    s->value_count = 0;
    if (err == 0 && stop == '=') {
        line.key = inf_strndup(&s->inf->memory, s->field, len);
        if (line.key == NULL)
            return -ENOMEM;
        err = scan_field(s, false, &len, &stop);
    } else if (err == 0 && stop == 0 && len == 0) {
        return 0; /* a comment, or a lone continuation */
    }
    while (err == 0) {
        err = value_add(s, s->field, len);
        if (err || stop == 0)
            break;
        err = scan_field(s, false, &len, &stop);
    }
    if (err)
        return err;
    if (section == NULL)
        return inf_fail(s->err, line.line, "text stands before the first [section]");

    values = inf_alloc(&s->inf->memory, s->value_count * sizeof(*values));
    if (values == NULL)
        return -ENOMEM;
    memcpy(values, s->values, s->value_count * sizeof(*values));
    line.values = values;
    line.count = s->value_count;
    if ((section->count & (section->count - 1)) == 0) { /* full at 0 and at powers of two */
        lines = realloc(section->lines, (section->count ? section->count * 2 : 1) * sizeof(*lines));
        if (lines == NULL)
            return -ENOMEM;
        section->lines = lines;
    }
    section->lines[section->count++] = line;
    return 0;
}

static int
scan_section_name(struct inf_scanner *s)
{
    const char *name;
    size_t len;

    s->at++;
    skip_blanks(s);
    name = s->at;
    while (!at_line_end(s) && *s->at != ']')
        s->at++;
    if (at_line_end(s))
        return inf_fail(s->err, s->line, "a section name does not end with ]");
    len = (size_t)(s->at - name);
    while (len > 0 && inf_is_blank(name[len - 1]))
        len--;
    s->at++;
    skip_blanks(s);
    if (!at_line_end(s) && *s->at != ';')
        return inf_fail(s->err, s->line, "text follows the name of a section on its line");
    skip_line(s);
    if (len == 0)
        return inf_fail(s->err, s->line, "a section has no name");
    if (len > SECTION_NAME_MAX)
        return inf_fail(s->err, s->line, "a section name is longer than %d characters", SECTION_NAME_MAX);
    return section_open(s, name, len);
}

int
inf_scan(struct inf_scanner *s)
{
    int err = 0;

    while (err == 0 && s->at < s->end) {
        skip_blanks(s);
        if (at_line_end(s)) {
            s->at++;
            s->line++;
        } else if (*s->at == '[') {
            err = scan_section_name(s);
        } else {
            err = scan_line(s);
        }
    }
    return err;
}
