/* SPDX-License-Identifier: MIT */
/*
 * fuzz/reg_fuzz.c - no file may crash the reader of .reg files; what it reads can be written, and read back the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pnp/reg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A tree with what the file says; NULL: it was refused. */
static struct reg_tree *
load(const void *bytes, size_t len)
{
    struct reg_tree *tree = reg_tree_create();
    struct reg_sink sink = reg_tree_sink(tree);
    struct reg_file *file = NULL;
    struct inf_error err;
    unsigned line;
    int result = reg_parse(bytes, len, &file, &err);

    if (result == 0)
        result = reg_apply(file, &sink, &line);
    else if (file != NULL || err.text[0] == 0)
        abort();
    reg_file_free(file);
    if (result == 0)
        return tree;
    reg_tree_free(tree);
    return NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reg_tree *tree = load(data, size), *again;
    char *once = NULL, *twice = NULL;
    size_t once_len, twice_len;

    if (tree == NULL)
        return 0;
    if (reg_tree_write(tree, "\\Registry", REG_FORMAT_5_UTF8, &once, &once_len) != 0)
        abort();
    again = load(once, once_len);
    if (again == NULL || reg_tree_write(again, "\\Registry", REG_FORMAT_5_UTF8, &twice, &twice_len) != 0)
        abort();
    if (once_len != twice_len || memcmp(once, twice, once_len) != 0)
        abort();
    free(once);
    free(twice);
    reg_tree_free(again);
    reg_tree_free(tree);
    return 0;
}
