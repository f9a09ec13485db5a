/* SPDX-License-Identifier: MIT */
/*
 * pnp/inf_text.h - what the files of the INF reader share: memory that is freed together, which section counts.
 */
#ifndef PNP_INF_TEXT_H
#define PNP_INF_TEXT_H

#include <stddef.h>

#include "pnp/inf.h"

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

/* ------------------------------------------------------------------ text (inf_text.c) */

/* A file as UTF-8 with '\n' line ends; *out is malloced. 0; -EINVAL with *err; -ENOMEM. */
int inf_to_text(const void *bytes, size_t len, char **out, size_t *out_len, struct inf_error *err);
/* A byte of code page 1252 as UTF-16, and back; -1: the code page has no such character. */
uint16_t inf_cp1252(uint8_t byte);
int inf_to_cp1252(uint32_t c);

/* ------------------------------------------------------------------ which section (inf_model.c) */

/*
 * How well a decoration ("NTamd64.10.0...16299", what follows "name." in a section's name) fits the target; 0: not at
 * all. The greatest wins.
 */
uint64_t inf_decoration_rank(const char *text, const struct inf_target *target);
/* Is it one at all, for whatever Windows and processor? */
bool inf_is_decoration(const char *text);
/* The section called name, or name with the decoration that fits best. */
const struct inf_section *inf_best_section(const struct inf *inf, const char *name, const struct inf_target *target);
/* The section beside an install section: [install.suffix], else [base.suffix]. NULL: none. */
const struct inf_section *inf_section_beside(const struct inf *inf, const char *install, const char *base,
                                             const char *suffix);
/*
 * The fitting model of that number, over all manufacturers. Returns its line, or NULL past the last; *processors then
 * gets the line of [Manufacturer] whose models are for none of ours, if there is one. A file without [Manufacturer]
 * has no models.
 */
const struct inf_line *inf_model(const struct inf *inf, const struct inf_target *target, unsigned number,
                                 const struct inf_line **processors);

/* As inf_describe_model, for one install section: base is its name as a model has it. */
int inf_describe_install(const struct inf *inf, const struct inf_target *target, const char *base,
                         const struct inf_section *install, struct inf_driver *out, struct inf_error *err);

/* ------------------------------------------------------------------ sections of Windows' own INFs (inf_include.c) */

/* What a section of an INF that comes with Windows gives; NULL: not known here. */
const char *inf_include_gives(const char *section);
/* Does that INF come with Windows, as far as known here? */
bool inf_include_known(const char *name);

/* ------------------------------------------------------------------ parameters (inf_param.c) */

/* Gather Ndi\Params of driver->regs. 0 or -ENOMEM. */
int inf_params_gather(struct inf_memory *memory, struct inf_driver *driver);
/* Decimal, or hexadecimal with 0x, perhaps negative. */
bool inf_number(const char *text, uint64_t *out);

#endif
