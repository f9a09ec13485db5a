/* SPDX-License-Identifier: MIT */
/*
 * cli/cc_tools.h - what `undis cc` was asked for, and the compilers and linkers that do it.
 *
 * Model: two tool chains make the same kind of file, a PE32+ image with subsystem native whose entry is DriverEntry and
 * whose imports are the kernel's: mingw gcc with GNU ld (DWARF), and clang for windows-msvc with lld-link (PDB or
 * DWARF). The command lines are built, run and, with -v, shown. The output is a function of the inputs: its time stamp
 * is a hash of its contents.
 */
#ifndef CLI_CC_TOOLS_H
#define CLI_CC_TOOLS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Sources that come with undis, below the folders of the DDK and of undis/undis.h: what a run time library brings. */
#define CC_GUARD_SOURCE   "%s/crt/guard.c"
#define CC_PROGRAM_SOURCE "%s/undis/start.c"

enum { EXIT_INPUT = 4, EXIT_USAGE = 64 };

struct args {
    char **v; /* NULL terminated */
    unsigned count;
};

struct cc {
    bool clang;
    bool pdb, dwarf, verbose, race, guard, sanitize, coverage;
    const char *output;
    bool program;    /* user mode: an .exe for the op `run` of scenarios */
    const char *def; /* of what an export driver exports */
    char ddk[PATH_MAX], lib[PATH_MAX];
    char include[PATH_MAX - 32]; /* folder of undis/undis.h */
    char tmh[PATH_MAX];          /* folder of the trace headers made for this build, or empty */
    struct args options;         /* for the compiler, in the order given */
    struct args includes;        /* folders of -I, as in options */
    struct args resources;       /* left out, with a note */
    struct args wpp;             /* trace functions of --wpp */
    struct args sources;
    struct args link; /* objects, libraries and -l, in the order given */
};

/* One more word, printed; out of memory ends the process. */
void args_add(struct args *args, const char *format, ...) __attribute__((format(printf, 2, 3)));
void args_fini(struct args *args);

bool cc_is_cxx(const char *source);
/* The output's name with another extension, PATH_MAX bytes at out. */
void cc_beside(const struct cc *cc, char *out, const char *extension);
/* Every source to an object beside the output, whose names are added. 0, 1: refused, EXIT_INPUT: a tool is lacking. */
int cc_compile(const struct cc *cc, struct args *objects);
/* Notes on objects that have static constructors. */
void cc_note_constructors(const struct cc *cc, const struct args *objects);
/* The image out of these and what the options name. As cc_compile(). */
int cc_link(const struct cc *cc, const struct args *objects);
/* The files go, and the list. */
void cc_remove(struct args *files);

#endif
