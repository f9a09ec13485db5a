/* SPDX-License-Identifier: MIT */
/* image/guard.h - control flow guard at load; see guard.c. */
#ifndef IMAGE_GUARD_H
#define IMAGE_GUARD_H

#include "image/internal.h"

/* The image is mapped and writable: its pointers lead to the checks, its functions may be called. 0 or -errno. */
int guard_bind(struct loaded *l, void (*store)(struct loaded *l, uint64_t slot_va, uint64_t value));

#endif
