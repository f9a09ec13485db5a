/* SPDX-License-Identifier: MIT */
#ifndef IMAGE_IOCTLS_H
#define IMAGE_IOCTLS_H

#include "image/image.h"

/* Control codes that stand as immediates in the code of a loaded image, in order of appearance; at most max. */
unsigned image_find_ioctls(const struct image *im, uint32_t *out, unsigned max);

#endif
