/* SPDX-License-Identifier: MIT */
/* pnp/yaml_fields.c - see yaml_fields.h. */
#include "pnp/yaml_fields.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/str.h"

enum { NAMES_MAX = 32, TEXT_MAX = 512 };

int
yaml_fail(struct scn_error *err, const yaml_node_t *at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    err->line = at ? (unsigned)at->start_mark.line + 1 : 0;
    fmt_v(err->text, sizeof(err->text), format, args);
    va_end(args);
    return -EINVAL;
}

yaml_node_t *
yaml_at(const struct yaml_reader *r, int index)
{
    return yaml_document_get_node(r->doc, index);
}

const char *
yaml_scalar(const yaml_node_t *node)
{
    if (node->type != YAML_SCALAR_NODE)
        return NULL;
    return strlen((char *)node->data.scalar.value) == node->data.scalar.length ? (char *)node->data.scalar.value : NULL;
}

size_t
yaml_count(const yaml_node_t *node)
{
    return (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
}

/* "a, b, c" of the words, for a message. */
static const char *
list_words(char *out, size_t room, const char *const *words)
{
    out[0] = 0;
    for (unsigned i = 0; words[i] != NULL; i++)
        fmt_append(out, room, "%s%s", i ? ", " : "", words[i]);
    return out;
}

int
yaml_word(struct yaml_reader *r, const yaml_node_t *node, const struct yaml_field *field, int *out)
{
    const char *text = yaml_scalar(node);
    char known[300];

    for (int i = 0; text != NULL && field->words[i] != NULL; i++) {
        if (str_eq(text, field->words[i])) {
            *out = i;
            return 0;
        }
    }
    return yaml_fail(r->err, node, "%s \"%.30s\" is none of %s", field->name, text ? text : "",
                     list_words(known, sizeof(known), field->words));
}

int
yaml_text(struct yaml_reader *r, const yaml_node_t *node, const char *name, char **out)
{
    const char *text = yaml_scalar(node);

    if (text == NULL || strlen(text) > TEXT_MAX)
        return yaml_fail(r->err, node, "%s must be one line of text", name);
    *out = strdup(text);
    return *out ? 0 : -ENOMEM;
}

static int
read_texts(struct yaml_reader *r, const yaml_node_t *node, const char *name, char ***out)
{
    unsigned *count = (unsigned *)(void *)(out + 1); /* fields of this type are a char ** and its count */
    size_t n = node->type == YAML_SEQUENCE_NODE ? yaml_count(node) : 0;
    int err = 0;

    if (node->type != YAML_SEQUENCE_NODE || n > NAMES_MAX)
        return yaml_fail(r->err, node, "%s must be a list of at most %d names", name, NAMES_MAX);
    *out = calloc(n + 1, sizeof(**out));
    if (*out == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < n && err == 0; i++) {
        err = yaml_text(r, yaml_at(r, node->data.sequence.items.start[i]), name, &(*out)[i]);
        *count += err == 0;
    }
    return err;
}

static int
read_field(struct yaml_reader *r, const yaml_node_t *node, const struct yaml_field *field, void *base)
{
    void *at = (char *)base + field->offset;
    const char *text;
    uint64_t number;

    switch (field->type) {
    case YAML_FIELD_TEXT:
        return yaml_text(r, node, field->name, at);
    case YAML_FIELD_TEXTS:
        return read_texts(r, node, field->name, at);
    case YAML_FIELD_WORD:
        return yaml_word(r, node, field, at);
    case YAML_FIELD_NUMBER:
        text = yaml_scalar(node);
        if (text == NULL || !str_to_u64(text, &number) || number < field->low || number > field->high)
            return yaml_fail(r->err, node, "%s \"%.30s\" is no number from %u to %u", field->name, text ? text : "",
                             field->low, field->high);
        *(unsigned *)at = (unsigned)number;
        return 0;
    case YAML_FIELD_NODE:
        return 0; /* the caller's */
    }
    return 0;
}

int
yaml_mapping(struct yaml_reader *r, const yaml_node_t *node, const char *what, const struct yaml_field *fields,
             unsigned count, void *base, const yaml_node_t **nodes, unsigned *seen)
{
    *seen = 0;
    if (node->type != YAML_MAPPING_NODE)
        return yaml_fail(r->err, node, "%s must be a mapping of keys to values", what);
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_at(r, pair->key);
        const char *name = yaml_scalar(key);
        unsigned i = 0;
        int err;

        while (name != NULL && i < count && !str_eq(fields[i].name, name))
            i++;
        if (name == NULL || i == count)
            return yaml_fail(r->err, key, "%s has no key \"%.40s\"", what, name ? name : "");
        if (*seen & BIT(i))
            return yaml_fail(r->err, key, "%s has the key \"%s\" twice", what, name);
        *seen |= BIT(i);
        if (nodes != NULL)
            nodes[i] = yaml_at(r, pair->value);
        err = read_field(r, yaml_at(r, pair->value), &fields[i], base);
        if (err)
            return err;
    }
    return 0;
}

int
yaml_list(struct yaml_reader *r, const yaml_node_t *node, const char *what, unsigned max, size_t size, void *out)
{
    void **items = out;

    if (node->type != YAML_SEQUENCE_NODE || yaml_count(node) > max || yaml_count(node) == 0)
        return yaml_fail(r->err, node, "%s must be a list of 1 to %u entries", what, max);
    *items = calloc(yaml_count(node), size);
    return *items ? 0 : -ENOMEM;
}

int
yaml_read(const void *bytes, size_t len, struct scn_error *err,
          int (*read)(struct yaml_reader *r, const yaml_node_t *root, void *arg), void *arg)
{
    yaml_parser_t parser;
    yaml_document_t doc;
    struct yaml_reader r = { &doc, err, 0 };
    const yaml_node_t *root;
    int result = -ENOMEM;

    *err = (struct scn_error){ 0 };
    if (!yaml_parser_initialize(&parser)) {
        yaml_fail(err, NULL, "out of memory while reading the file");
        return -ENOMEM;
    }
    yaml_parser_set_input_string(&parser, bytes, len);
    if (!yaml_parser_load(&parser, &doc)) {
        result = yaml_fail(err, NULL, "the file is no YAML: %s", parser.problem ? parser.problem : "unreadable");
        err->line = (unsigned)(parser.problem_mark.line + 1);
        goto out;
    }
    root = yaml_document_get_root_node(&doc);
    result = root ? read(&r, root, arg) : yaml_fail(err, NULL, "the file is empty");
    if (result == -ENOMEM)
        yaml_fail(err, NULL, "out of memory while reading the file");
    yaml_document_delete(&doc);
out:
    yaml_parser_delete(&parser);
    return result;
}
