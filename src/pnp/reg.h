/* SPDX-License-Identifier: MIT */
/*
 * pnp/reg.h - registry files (.reg), and a registry outside the machine.
 *
 * Model: a file is a list of changes, in order: make a key, set a value, delete one or the other. reg_parse() reads all
 * of it or refuses it; reg_apply() carries it out on a sink, which is the machine's registry or a tree on the host.
 * Whoever installs a driver writes to a sink as well, so that what it would write can be shown without a machine.
 * Key paths are UTF-8 and begin with \Registry, as the kernel has them. Names compare without case.
 */
#ifndef PNP_REG_H
#define PNP_REG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pnp/inf.h"

/* Where changes go. Each returns 0, or a negative errno that ends the work; deleting what is not there is no error. */
struct reg_sink {
    int (*make)(void *context, const char *key);
    int (*set)(void *context, const char *key, const char *name, uint32_t type, const void *data, uint32_t len);
    int (*delete_key)(void *context, const char *key); /* with all below it */
    int (*delete_value)(void *context, const char *key, const char *name);
    /* A value's length, or -ENOENT; at most room bytes are copied; type may be NULL. */
    int (*get)(void *context, const char *key, const char *name, uint32_t *type, void *data, uint32_t room);
    void *context;
};

/* ------------------------------------------------------------------ files */

struct reg_file;

/*
 * Encodings: UTF-16 with BOM, UTF-8, else code page 1252. Both headers, "Windows Registry Editor Version 5.00" and
 * "REGEDIT4" (strings in hex(2) and hex(7) are single bytes there). 0; -EINVAL with *err; -ENOMEM.
 */
int reg_parse(const void *bytes, size_t len, struct reg_file **out, struct inf_error *err);
/* 0, or what the sink returned; *line gets the file's line at which. */
int reg_apply(const struct reg_file *file, const struct reg_sink *sink, unsigned *line);
void reg_file_free(struct reg_file *file);

/* ------------------------------------------------------------------ a registry on the host */

struct reg_tree;

struct reg_tree *reg_tree_create(void); /* NULL: out of memory */
void reg_tree_free(struct reg_tree *tree);
struct reg_sink reg_tree_sink(struct reg_tree *tree);
int reg_tree_get(const struct reg_tree *tree, const char *key, const char *name, uint32_t *type, void *data,
                 uint32_t room);
bool reg_tree_has(const struct reg_tree *tree, const char *key);

enum reg_format { REG_FORMAT_5, REG_FORMAT_5_UTF8, REG_FORMAT_4 };

/*
 * Everything below key as a .reg file, which reg_parse() reads back as the same: UTF-16LE with BOM, the same in UTF-8,
 * or REGEDIT4 in code page 1252. *out is malloced. 0; -ENOMEM; -EILSEQ: a name that code page 1252 does not have.
 */
int reg_tree_write(const struct reg_tree *tree, const char *key, enum reg_format format, char **out, size_t *len);

/* For the above and whoever walks a registry: HKEY_LOCAL_MACHINE\... of \Registry\Machine\...; false: no such root. */
bool reg_user_path(const char *key, char *out, size_t room);
/* The other way. */
bool reg_kernel_path(const char *key, char *out, size_t room);

/* ------------------------------------------------------------------ short hands */

int reg_set_text(const struct reg_sink *sink, const char *key, const char *name, uint32_t type, const char *text);
int reg_set_dword(const struct reg_sink *sink, const char *key, const char *name, uint32_t value);
/* count strings as REG_MULTI_SZ */
int reg_set_texts(const struct reg_sink *sink, const char *key, const char *name, const char *const *texts,
                  unsigned count);

#endif
