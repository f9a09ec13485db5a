/* SPDX-License-Identifier: MIT */
/* cli/redeclare.c - see redeclare.h. Start reading at: redeclare(). */
#include "cli/redeclare.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file as text, the caller's. NULL: it cannot be read. */
static char *
read_text(const char *path)
{
    FILE *in = fopen(path, "r");
    char *text = NULL;
    size_t room = 0;

    if (in == NULL)
        return NULL;
    if (getdelim(&text, &room, 0, in) < 0) {
        free(text);
        text = NULL;
    }
    fclose(in);
    return text;
}

/* A terminal's colours. */
static void
without_colours(char *line)
{
    char *to = line;

    for (const char *from = line; *from; from++)
        if (from[0] == '\033' && from[1] == '[')
            from += strcspn(from, "mK");
        else
            *to++ = *from;
    *to = 0;
}

/* "FILE:LINE:COLUMN: WORDS": the parts. false: no such line. */
static bool
split(char *line, const char *words, char **file, unsigned *row, unsigned *column, char **rest)
{
    char *at = strstr(line, words), *colon;

    if (at == NULL)
        return false;
    *rest = at + strlen(words);
    *at = 0;
    colon = strrchr(line, ':');
    if (colon == NULL || sscanf(colon, ":%u", column) != 1)
        return false;
    *colon = 0;
    colon = strrchr(line, ':');
    if (colon == NULL || sscanf(colon, ":%u", row) != 1)
        return false;
    *colon = 0;
    *file = line;
    return true;
}

/* Where a line and a column are in text; NULL: nowhere. */
static char *
position(char *text, unsigned row, unsigned column)
{
    for (; row > 1 && text != NULL; row--) {
        text = strchr(text, '\n');
        text += text != NULL;
    }
    return text != NULL && strlen(text) >= column ? text + column - 1 : NULL;
}

/* What stands between the parentheses after the name becomes spaces. false: there are none. */
static bool
blank_parameters(char *name)
{
    char *at = strchr(name, '(');
    unsigned depth = 1;

    if (at == NULL)
        return false;
    for (char *end = at + 1; *end; end++) {
        depth += *end == '(';
        depth -= *end == ')';
        if (depth == 0) {
            for (char *c = at + 1; c < end; c++)
                if (*c != '\n')
                    *c = ' ';
            return true;
        }
    }
    return false;
}

/* The place of a header among those that have a copy; a new one, or -1. */
static int
slot_of(struct redeclared *r, const char *header, const char *base)
{
    char path[PATH_MAX];

    if (realpath(header, path) == NULL)
        return -1;
    for (unsigned i = 0; i < r->count; i++)
        if (strcmp(r->file[i].header, path) == 0)
            return (int)i;
    if (r->count == REDECLARED_MAX)
        return -1;
    snprintf(r->file[r->count].header, PATH_MAX, "%s", path);
    snprintf(r->file[r->count].copy, PATH_MAX, "%.4000s.%u.decl", base, r->count);
    return (int)r->count;
}

static bool
blank(struct redeclared *r, const char *header, unsigned row, unsigned column, const char *base)
{
    int slot = slot_of(r, header, base);
    char *text, *name;
    FILE *out;
    bool done;

    if (slot < 0)
        return false;
    text = read_text((unsigned)slot < r->count ? r->file[slot].copy : r->file[slot].header);
    if (text == NULL)
        return false;
    name = position(text, row, column);
    done = name != NULL && blank_parameters(name) && (out = fopen(r->file[slot].copy, "w")) != NULL;
    if (done) {
        fwrite(text, 1, strlen(text), out);
        done = fclose(out) == 0;
        r->count += (unsigned)slot == r->count;
    }
    free(text);
    return done;
}

static bool
write_overlay(struct redeclared *r, const char *base)
{
    FILE *out;
    char copy[PATH_MAX];

    snprintf(r->overlay, PATH_MAX, "%.4000s.overlay", base);
    out = fopen(r->overlay, "w");
    if (out == NULL)
        return false;
    fputs("{ \"version\": 0, \"use-external-names\": false, \"roots\": [", out);
    for (unsigned i = 0; i < r->count; i++)
        if (realpath(r->file[i].copy, copy) != NULL)
            fprintf(out, "%s{ \"type\": \"file\", \"name\": \"%s\", \"external-contents\": \"%s\" }", i ? ", " : " ",
                    r->file[i].header, copy);
    fputs(" ] }\n", out);
    return fclose(out) == 0;
}

unsigned
redeclare(struct redeclared *r, const char *said, const char *base)
{
    FILE *in = fopen(said, "r");
    char line[4096], function[128] = "";
    unsigned row, column, done = 0;
    char *file, *rest;

    while (in != NULL && fgets(line, sizeof(line), in) != NULL) {
        without_colours(line);
        if (split(line, ": error: conflicting types for '", &file, &row, &column, &rest))
            snprintf(function, sizeof(function), "%.*s", (int)strcspn(rest, "'"), rest);
        else if (function[0] && split(line, ": note: previous declaration is here", &file, &row, &column, &rest) &&
                 blank(r, file, row, column, base)) {
            fprintf(stderr, "undis cc: note: %s:%u declares %s otherwise than it is defined; the definition counts\n",
                    file, row, function);
            function[0] = 0;
            done++;
        }
    }
    if (in != NULL)
        fclose(in);
    return done > 0 && write_overlay(r, base) ? done : 0;
}

void
redeclare_remove(struct redeclared *r)
{
    for (unsigned i = 0; i < r->count; i++)
        unlink(r->file[i].copy);
    if (r->overlay[0])
        unlink(r->overlay);
}
