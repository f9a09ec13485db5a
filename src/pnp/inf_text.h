/* SPDX-License-Identifier: MIT */
/*
 * pnp/inf_text.h - memory of an INF: strings and arrays that are freed together.
 */
#ifndef PNP_INF_TEXT_H
#define PNP_INF_TEXT_H

#include <stddef.h>

struct inf_chunk;

struct inf_memory {
    struct inf_chunk *chunks;
    size_t used;  /* bytes handed out */
    size_t limit; /* above it inf_alloc() fails; 0: none */
};

/* Aligned to 8, zeroed. NULL: out of memory, or the limit. */
void *inf_alloc(struct inf_memory *memory, size_t size);
char *inf_strndup(struct inf_memory *memory, const char *text, size_t len);
void inf_memory_fini(struct inf_memory *memory);

#endif
