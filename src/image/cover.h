/* SPDX-License-Identifier: MIT */
/*
 * image/cover.h - which blocks of a driver ran (`undis cc --coverage`).
 *
 * Model: the compiler puts a call at the beginning of each basic block. A bit for each return address says that it
 * ran, in memory that workers share with who started them, so resets and the end of a worker keep it. A block reaches
 * from its call to the next one. Of any driver it is known which functions are entry points; who was called is the
 * machine's to say (guest_note_calls()).
 */
#ifndef IMAGE_COVER_H
#define IMAGE_COVER_H

#include "image/image.h"

/* Of each image in load order, a bit per byte of address. */
#define COVER_BYTES (LAYOUT_IMAGE_STRIDE / 8)

/* From now on count into `images` times COVER_BYTES of zeros (NULL, as at first: nowhere). Before workers start. */
void image_cover_into(uint8_t *bits, unsigned images);

struct cover_block {
    uint32_t function;   /* where its function begins */
    uint32_t begin, end; /* [begin, end) of its code; the first of a function includes the prologue */
    uint32_t mark;       /* the bit that says that it ran */
};

/* Each block of an inspected image in order of address. How many; 0: built without --coverage. fn may be NULL. */
unsigned image_cover_blocks(const struct image *im, void (*fn)(const struct cover_block *b, void *arg), void *arg);

/*
 * Each function whose address the image gives away, the entry point first: callbacks, as far as a driver does not call
 * them itself. Once each.
 */
void image_entry_points(const struct image *im, void (*fn)(uint32_t rva, void *arg), void *arg);

/* Each instruction of [begin, end). */
void image_cover_instructions(const struct image *im, uint32_t begin, uint32_t end, void (*fn)(uint32_t rva, void *arg),
                              void *arg);

void cover_register(void); /* ddi_register() */

#endif
