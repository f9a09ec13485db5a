/* SPDX-License-Identifier: MIT */
/*
 * pnp/inf_build.h - a description of a driver under construction: what inf_driver.c and inf_reg.c share.
 */
#ifndef PNP_INF_BUILD_H
#define PNP_INF_BUILD_H

#include "pnp/inf_text.h"

/* A growing list of texts or structs; malloced, moved into the description's memory at the end. */
struct inf_list {
    void *items;
    unsigned count, room;
};

struct inf_builder {
    const struct inf *inf;
    const struct inf_target *target;
    struct inf_driver *out;
    struct inf_error *err;
    struct inf_memory *memory;
    unsigned visits;     /* of sections, by Needs */
    const char *service; /* whose AddReg lines are being read */
    struct inf_list regs, files, services, deleted, co_installers, interfaces, more_infs, needs;
};

int __attribute__((format(printf, 3, 4))) inf_build_fail(struct inf_builder *b, unsigned line, const char *format, ...);
/* Append one item of that size; what: what there are too many of. 0, -EINVAL with *b->err, -ENOMEM. */
int inf_build_push(struct inf_builder *b, struct inf_list *list, const void *item, size_t size, const char *what);

/* inf_reg.c: AddReg and DelReg directives of a section, deletions first; HKR means `relative`. */
int inf_build_regs(struct inf_builder *b, const struct inf_section *section, enum inf_root relative);
/* inf_reg.c: the values that the defaults of Ndi\Params make. */
int inf_build_defaults(struct inf_builder *b);
/* The last value the installer writes there, NULL if none. */
const struct inf_reg *inf_build_find(const struct inf_builder *b, const char *key, const char *name);
const char *inf_build_text(const struct inf_builder *b, const char *key, const char *name);
uint32_t inf_build_number(const struct inf_builder *b, const char *key, const char *name);

#endif
