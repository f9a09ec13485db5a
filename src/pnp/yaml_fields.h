/* SPDX-License-Identifier: MIT */
/*
 * pnp/yaml_fields.h - mappings of a YAML document into structs, by tables of fields.
 *
 * Model: libyaml builds a tree of nodes that know their lines; a table says which keys a mapping may have, where each
 * goes and within which bounds. Every mistake is told with its line. Used by scenario.c and stack.c.
 */
#ifndef PNP_YAML_FIELDS_H
#define PNP_YAML_FIELDS_H

#include <stddef.h>
#include <yaml.h>

#include "pnp/scenario.h"

struct yaml_reader {
    yaml_document_t *doc;
    struct scn_error *err;
    unsigned facts; /* the caller's, about what was read so far */
};

enum yaml_field_type { YAML_FIELD_NUMBER, YAML_FIELD_TEXT, YAML_FIELD_TEXTS, YAML_FIELD_WORD, YAML_FIELD_NODE };

struct yaml_field {
    const char *name;
    enum yaml_field_type type;
    size_t offset;            /* TEXTS: of the char **; the count follows it */
    unsigned low, high;       /* NUMBER: bounds */
    const char *const *words; /* WORD: NULL terminated; the value is an int-sized enum */
};

#define NUMBER(type, field, low, high) { #field, YAML_FIELD_NUMBER, offsetof(type, field), low, high, NULL }
#define TEXT(type, field)              { #field, YAML_FIELD_TEXT, offsetof(type, field), 0, 0, NULL }
#define TEXTS(type, field)             { #field, YAML_FIELD_TEXTS, offsetof(type, field), 0, 0, NULL }
#define WORD(type, field, name, words) { name, YAML_FIELD_WORD, offsetof(type, field), 0, 0, words }
#define NODE(name)                     { name, YAML_FIELD_NODE, 0, 0, 0, NULL }

#define BIT(n)       (1u << (n))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* at NULL: about the file as a whole. Returns -EINVAL. */
int yaml_fail(struct scn_error *err, const yaml_node_t *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

yaml_node_t *yaml_at(const struct yaml_reader *r, int index);
size_t yaml_count(const yaml_node_t *node); /* of a sequence */
/* The text of a scalar, NULL if the node is none or holds a NUL. */
const char *yaml_scalar(const yaml_node_t *node);
int yaml_text(struct yaml_reader *r, const yaml_node_t *node, const char *name, char **out);
int yaml_word(struct yaml_reader *r, const yaml_node_t *node, const struct yaml_field *field, int *out);

/*
 * Read a mapping into base. what: "an actor", for messages. nodes, if not NULL, gets the value of each field by
 * its number; the return is 0 or negative, *seen the set of fields there were.
 */
int yaml_mapping(struct yaml_reader *r, const yaml_node_t *node, const char *what, const struct yaml_field *fields,
                 unsigned count, void *base, const yaml_node_t **nodes, unsigned *seen);

/* Room for a list of 1 to max items of size bytes; *out belongs to the caller's struct from the start. */
int yaml_list(struct yaml_reader *r, const yaml_node_t *node, const char *what, unsigned max, size_t size, void *out);

/*
 * Parse a document and hand its root to read(). What read() returns, or -EINVAL with *err for no YAML or nothing,
 * -ENOMEM with *err.
 */
int yaml_read(const void *bytes, size_t len, struct scn_error *err,
              int (*read)(struct yaml_reader *r, const yaml_node_t *root, void *arg), void *arg);

#endif
