/* SPDX-License-Identifier: MIT */
/* cli/coverage.c - blocks to lines, and the report (coverage.h). Start reading at: coverage_end(). */
#include "cli/coverage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/str.h"
#include "explore/lab.h"
#include "host/host.h"
#include "image/cover.h"

struct coverage {
    struct lab_subjects subjects; /* in load order, as workers load them */
    struct image *image[LAB_DRIVERS_MAX];
    uint8_t *called; /* COVER_BYTES for each, as the rest */
    uint8_t *bits;   /* NULL: none was built with --coverage */
};

/* A place in a driver's code; later, a line or a function of a file. */
struct place {
    uint32_t rva;
    bool ran, function;
    struct symbol symbol;
};

struct places {
    struct place *at;
    size_t count, room;
    const uint8_t *bits;
    const struct image *im;
    bool ran;
    uint32_t function; /* of the block before */
    bool failed;
};

static void
add(struct places *p, uint32_t rva, bool function)
{
    if (p->count == p->room) {
        size_t room = p->room ? 2 * p->room : 4096;
        struct place *at = realloc(p->at, room * sizeof(*at));

        p->failed |= at == NULL;
        if (at == NULL)
            return;
        p->at = at;
        p->room = room;
    }
    p->at[p->count++] = (struct place){ .rva = rva, .ran = p->ran, .function = function };
}

static void
add_instruction(uint32_t rva, void *arg)
{
    add(arg, rva, false);
}

static void
add_block(const struct cover_block *b, void *arg)
{
    struct places *p = arg;

    p->ran = bits_have(p->bits, b->mark);
    if (b->function != p->function)
        add(p, b->function, true); /* it was entered if its first block was */
    p->function = b->function;
    image_cover_instructions(p->im, b->begin, b->end, add_instruction, p);
}

static void
release(struct coverage *c)
{
    for (unsigned i = 0; c && i < LAB_DRIVERS_MAX; i++)
        if (c->image[i])
            image_free(c->image[i]);
    if (c)
        lab_subjects_free(&c->subjects);
    free(c);
}

struct coverage *
coverage_begin(const struct test_options *o)
{
    struct coverage *c = calloc(1, sizeof(*c));
    struct pnp_driver *d;
    struct image_error err;
    char text[256];
    unsigned blocks = 0;
    bool good = c != NULL && lab_subjects_add(&c->subjects, o->path, &d, text) == LAB_OK;

    for (unsigned i = 0; good && i < LAB_DRIVERS_MAX - 1 && o->more[i]; i++)
        good = lab_subjects_add(&c->subjects, o->more[i], &d, text) == LAB_OK;
    if (good)
        lab_register_exports();
    for (unsigned i = 0; good && i < c->subjects.count; i++) {
        d = &c->subjects.driver[i];
        good = image_inspect(d->bytes, d->len, d->sys, &c->image[i], &err) == 0;
        blocks += good ? image_cover_blocks(c->image[i], NULL, NULL) : 0;
    }
    if (good && blocks > 0)
        c->bits = host_shared(c->subjects.count * COVER_BYTES);
    if (good)
        c->called = host_shared(c->subjects.count * COVER_BYTES);
    if (!good || !c->called) {
        release(c);
        return NULL;
    }
    guest_note_calls(c->called, c->subjects.count * COVER_BYTES);
    if (c->bits)
        image_cover_into(c->bits, c->subjects.count);
    return c;
}

/* By file, functions before lines, by line; what ran first, so that the first of equals decides. */
static int
by_line(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    int files = strcmp(x->symbol.file, y->symbol.file);

    if (files)
        return files;
    if (x->function != y->function)
        return y->function - x->function;
    if (x->symbol.line != y->symbol.line)
        return x->symbol.line < y->symbol.line ? -1 : 1;
    return y->ran - x->ran;
}

/* Names and lines for every place; those without are left out. */
static void
resolve(struct places *p, const char *path, const char *symbols)
{
    uint32_t *rva = calloc(p->count + 1, sizeof(*rva));
    struct symbol *s = calloc(p->count + 1, sizeof(*s));
    size_t n = 0;

    for (size_t i = 0; rva && i < p->count; i++)
        rva[i] = p->at[i].rva;
    if (rva && s && symbols_resolve(path, symbols, rva, (unsigned)p->count, s) == 0)
        for (size_t i = 0; i < p->count; i++)
            if (s[i].file[0] && s[i].line) {
                p->at[n] = p->at[i];
                p->at[n++].symbol = s[i];
            }
    p->count = n;
    free(rva);
    free(s);
    if (p->count)
        qsort(p->at, p->count, sizeof(*p->at), by_line);
}

/* One source file, at[0..n): its records, and its line of the table. */
static void
write_file(FILE *out, FILE *table, const struct place *at, size_t n)
{
    unsigned lines = 0, ran = 0, functions = 0, entered = 0;

    fprintf(out, "SF:%s\n", at[0].symbol.file);
    for (size_t i = 0; i < n; i++) {
        const struct place *p = &at[i];

        if (i > 0 && p[-1].function == p->function && p[-1].symbol.line == p->symbol.line &&
            (!p->function || str_eq(p[-1].symbol.function, p->symbol.function)))
            continue;
        if (p->function) {
            fprintf(out, "FN:%u,%s\nFNDA:%d,%s\n", p->symbol.line, p->symbol.function, p->ran, p->symbol.function);
            functions++;
            entered += p->ran;
        } else {
            fprintf(out, "DA:%u,%d\n", p->symbol.line, p->ran);
            lines++;
            ran += p->ran;
        }
    }
    fprintf(out, "FNF:%u\nFNH:%u\nLF:%u\nLH:%u\nend_of_record\n", functions, entered, lines, ran);
    if (functions == 0) /* a header whose code was taken in line */
        return;
    fprintf(table, "  %-40s %4u of %4u lines  %5.1f %%  %3u of %3u functions\n", str_leaf(at[0].symbol.file), ran,
            lines, lines ? 100.0 * ran / lines : 0.0, entered, functions);
    for (size_t i = 0; i < n && at[i].function; i++)
        if (!at[i].ran)
            fprintf(table, "      never entered: %s\n", at[i].symbol.function);
}

static void
write_driver(FILE *out, FILE *table, const struct coverage *c, unsigned i, const char *symbols)
{
    struct places p = { .im = c->image[i], .bits = c->bits + i * COVER_BYTES };

    if (image_cover_blocks(p.im, add_block, &p) > 0 && !p.failed) {
        resolve(&p, c->subjects.driver[i].sys, symbols);
        if (p.count == 0)
            fprintf(table, "  %s: nothing says which lines its code has (DWARF, PDB or llvm-symbolizer is missing)\n",
                    c->subjects.driver[i].sys);
        for (size_t from = 0, to; from < p.count; from = to) {
            for (to = from; to < p.count && str_eq(p.at[to].symbol.file, p.at[from].symbol.file);)
                to++;
            write_file(out, table, p.at + from, to - from);
        }
    }
    free(p.at);
}

static void
write_lines(const struct coverage *c, const struct test_options *o, FILE *table)
{
    char path[1100];
    FILE *out = NULL;

    snprintf(path, sizeof(path), "%s/coverage.info", o->out);
    if (host_mkdir_p(o->out) == 0)
        out = fopen(path, "we");
    if (out) {
        fprintf(table, "\nwhat ran of the source (%s):\n", path);
        fputs("TN:\n", out);
        for (unsigned i = 0; i < c->subjects.count; i++)
            write_driver(out, table, c, i, o->symbols);
    }
    if (!out || fclose(out))
        fprintf(stderr, "undis test: %s: %s\n", path, strerror(errno));
}

/* ------------------------------------------------------------------ entry points */

static void
add_entry(uint32_t rva, void *arg)
{
    struct places *p = arg;

    if (!bits_have(p->bits, rva))
        add(p, rva, true);
}

static void
not_called(const struct coverage *c, unsigned i, const struct test_options *o, json_t *out)
{
    struct places p = { .im = c->image[i], .bits = c->called + i * COVER_BYTES };
    struct symbol *s;
    uint32_t *rva;

    image_entry_points(p.im, add_entry, &p);
    s = calloc(p.count + 1, sizeof(*s));
    rva = calloc(p.count + 1, sizeof(*rva));
    for (size_t k = 0; rva && k < p.count; k++)
        rva[k] = p.at[k].rva;
    if (s && rva && p.count)
        symbols_resolve(c->subjects.driver[i].sys, o->symbols, rva, (unsigned)p.count, s);
    for (size_t k = 0; s && rva && k < p.count; k++) {
        char name[200];

        if (s[k].function[0])
            str_copy(name, sizeof(name), s[k].function);
        else
            snprintf(name, sizeof(name), "+%x", rva[k]);
        json_array_append_new(out, json_pack("{s:s, s:s}", "driver", p.im->name, "name", name));
    }
    free(p.at);
    free(s);
    free(rva);
}

json_t *
coverage_not_called(const struct coverage *c, const struct test_options *o)
{
    json_t *all = c ? json_array() : NULL;

    for (unsigned i = 0; all && i < c->subjects.count; i++)
        not_called(c, i, o, all);
    return all;
}

/* A scenario alone leaves most out, which is no news. */
static void
print_not_called(const struct coverage *c, const struct test_options *o)
{
    json_t *all = o->only || o->scenario || o->json ? NULL : coverage_not_called(c, o), *entry;
    size_t i;

    json_array_foreach(all, i, entry)
        printf("%s%s!%s", i ? ", " : "\nnot called  by ndis or nt, though the driver holds their addresses: ",
               json_string_value(json_object_get(entry, "driver")), json_string_value(json_object_get(entry, "name")));
    if (json_array_size(all))
        putchar('\n');
    json_decref(all);
}

void
coverage_end(struct coverage *c, const struct test_options *o, bool ran)
{
    if (c) {
        if (ran)
            print_not_called(c, o);
        image_cover_into(NULL, 0);
        guest_note_calls(NULL, 0);
        if (c->bits)
            write_lines(c, o, o->json ? stderr : stdout);
    }
    release(c);
}
