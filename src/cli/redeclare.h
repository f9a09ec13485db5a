/* SPDX-License-Identifier: MIT */
/*
 * cli/redeclare.h - functions that a header declares otherwise than their source defines them.
 *
 * Model: documented: MSVC warns of such a parameter (C4028) and the definition counts; clang refuses. So for that
 * source the declaration loses its parameters: it is seen through an overlay in which they are blank. Nothing of the
 * user's is changed.
 */
#ifndef CLI_REDECLARE_H
#define CLI_REDECLARE_H

#include <limits.h>

enum { REDECLARED_MAX = 8 };

/* Of one source. Zero at first. */
struct redeclared {
    unsigned count;
    struct {
        char header[PATH_MAX], copy[PATH_MAX];
    } file[REDECLARED_MAX];
    char overlay[PATH_MAX]; /* for -ivfsoverlay; "" while count is 0 */
};

/*
 * Read what clang said of a source; files made are called base and something. How many declarations it blanked, each
 * with a note on stderr: then the source is to be compiled again. 0: nothing of the kind is there.
 */
unsigned redeclare(struct redeclared *r, const char *said, const char *base);
/* The files that were made. */
void redeclare_remove(struct redeclared *r);

#endif
