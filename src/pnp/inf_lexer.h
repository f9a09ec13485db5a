/* SPDX-License-Identifier: MIT */
/*
 * pnp/inf_lexer.h - what the files that read an INF's text share (inf_text.c, inf_scan.c, inf_strings.c, inf.c).
 *
 * Model: bytes become UTF-8 lines (inf_text.c), lines become sections (inf_scan.c), %tokens% become what [Strings]
 * says (inf_strings.c), and the result is looked things up in (inf.c).
 */
#ifndef PNP_INF_LEXER_H
#define PNP_INF_LEXER_H

#include <stddef.h>
#include <stdint.h>

#include "pnp/inf.h"
#include "pnp/inf_text.h"

enum { INF_FIELD_MAX = 4096 }; /* documented: with its terminator, before and after substitution */

struct inf {
    struct inf_memory memory;
    struct inf_section **sections; /* in file order */
    unsigned count, room;
    unsigned *index; /* open addressing over names: number + 1 */
    unsigned index_size;
    bool template;
    struct inf_token *tokens; /* that nothing replaced */
    unsigned token_count, token_room;
};

/* A string of [Strings], in the order of lookup. */
struct inf_string {
    uint64_t hash;
    unsigned rank;
    const char *key, *value;
};

/* Reading one file; lives as long as inf_parse(). */
struct inf_scanner {
    struct inf *inf;
    const char *at, *end;
    unsigned line;
    struct inf_section *section;
    struct inf_error *err;
    char field[INF_FIELD_MAX];
    const char **values; /* of the line at hand */
    unsigned value_count, value_room;
    struct inf_string *strings;
    unsigned string_count;
};

/* -EINVAL, with the sentence in *err. */
int inf_fail(struct inf_error *err, unsigned line, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Double an array when it is full; array: address of the pointer. 0 or -ENOMEM. */
int inf_grow(void *array, unsigned count, unsigned *room, size_t size);
bool inf_is_blank(char c);

/*
 * Take the variables that stampinf, or a vendor's own tool, fills in when a driver is built. documented: $ARCH$ is the
 * processor; others stay as they are. text only gets shorter. Returns whether there was one.
 */
bool inf_stamp(char *text, size_t *len);

/* Where name is or would go in the index, which has room. */
unsigned *inf_index_slot(const struct inf *inf, const char *name);
/* File all lines under sections. 0; -EINVAL with *s->err; -ENOMEM. */
int inf_scan(struct inf_scanner *s);
/* Append n bytes to the field that has *len. 0, or -EINVAL when that is too long. */
int inf_field_put(struct inf_scanner *s, size_t *len, const char *text, size_t n);
/* Replace the tokens of every section but [Strings]. As inf_scan(). */
int inf_expand(struct inf_scanner *s);

#endif
