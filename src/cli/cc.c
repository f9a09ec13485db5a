/* SPDX-License-Identifier: MIT */
/*
 * cli/cc.c - `undis cc`: build a Windows driver from its own source, on Linux.
 *
 * Model: the options given are sorted into those for the compiler and those for the linker; cc_tools.c runs both.
 * Start reading at: cmd_cc().
 */
#include "cli/cc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/cc_tools.h"
#include "cli/wpp.h"

static const char usage[] =
    "usage: undis cc [options] FILE... -o NAME.sys\n"
    "Builds a Windows x64 driver from C and C++ sources against the DDK of undis.\n"
    "A .def file lists what an export driver exports; NAME.lib, for those who import it, is written beside it.\n"
    "Resource scripts (.rc) are left out; headers of WPP tracing (.tmh) are made for the build.\n"
    "\n"
    "  --cc gcc|clang     mingw gcc (default; also --cc mingw), or clang and lld-link\n"
    "  --pdb, --dwarf     debug information: gcc writes DWARF, clang a PDB unless told otherwise\n"
    "  -O0 .. -O3         optimisation (default -O2)\n"
    "  -I DIR, -D NAME[=VALUE], -U NAME, -W..., -f..., -m..., -std=..., -include FILE\n"
    "                     handed to the compiler\n"
    "  --race             hooks before each load and store, for races of plain memory; needs --cc clang\n"
    "  --guard            control flow guard: indirect calls are checked; needs --cc clang\n"
    "  --sanitize=address checks before each access: what touches freed memory, or beyond a block, stops there\n"
    "  --coverage         undis test tells which lines ran\n"
    "  --program          a user-mode program, NAME.exe, that scenarios run: main(), <undis/undis.h>, kernel32\n"
    "  --wpp FUNCTION     a function of WPP tracing that no configuration block in the sources names (tracewpp -func)\n"
    "  -l NAME            link another import library; objects and libraries may stand among the files\n"
    "  --ddk DIR          headers to use, default: those that come with undis\n"
    "  --lib DIR          import libraries to use, default: those that come with undis\n"
    "  -v                 show the commands\n";

/* Find ddk/ or lib/ beside the executable (a build tree) or in ../share/undis (installed). */
static bool
find_beside_executable(char *out, const char *what)
{
    static const char *const places[] = { "%s/%s", "%s/../share/undis/%s" };
    char self[PATH_MAX - 64];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    if (len <= 0)
        return false;
    self[len] = 0;
    slash = strrchr(self, '/');
    if (slash == NULL)
        return false;
    *slash = 0;
    for (unsigned i = 0; i < COUNT(places); i++) {
        snprintf(out, PATH_MAX, places[i], self, what);
        if (access(out, R_OK | X_OK) == 0)
            return true;
    }
    return false;
}

/* The folder of undis/undis.h: in a build tree, or where it is installed. */
static bool
find_include(char out[PATH_MAX - 32])
{
    char share[PATH_MAX];
    int len;

    if (find_beside_executable(share, "include/undis") || find_beside_executable(share, "../../include/undis")) {
        len = (int)strlen(share) - (int)strlen("/undis");
        snprintf(out, PATH_MAX - 32, "%.*s", len, share);
        return true;
    }
    return false;
}

static int __attribute__((format(printf, 1, 2))) fail_usage(const char *format, ...)
{
    va_list list;

    fputs("undis cc: ", stderr);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputs("; undis cc --help shows the options\n", stderr);
    return EXIT_USAGE;
}

/* The value of an option that takes one, in the same word or the next; NULL if it is lacking. */
static const char *
option_value(char **argv, int argc, int *at, size_t prefix)
{
    if (argv[*at][prefix] != 0)
        return argv[*at] + prefix;
    return *at + 1 < argc ? argv[++*at] : NULL;
}

/* 0 or EXIT_USAGE. */
static int
parse_option(struct cc *cc, int argc, char **argv, int *at)
{
    static const char *const pass[] = { "-O", "-W", "-f", "-m", "-std=", "-g" };
    const char *arg = argv[*at];
    const char *value;

    if (str_eq(arg, "--cc")) {
        value = option_value(argv, argc, at, 4);
        if (value == NULL || (!str_eq(value, "gcc") && !str_eq(value, "mingw") && !str_eq(value, "clang")))
            return fail_usage("--cc takes gcc or clang (mingw is gcc)");
        cc->clang = str_eq(value, "clang");
    } else if (str_eq(arg, "--pdb")) {
        cc->pdb = true;
        cc->dwarf = false;
    } else if (str_eq(arg, "--dwarf")) {
        cc->dwarf = true;
        cc->pdb = false;
    } else if (str_eq(arg, "--wpp")) {
        value = option_value(argv, argc, at, 5);
        if (value == NULL)
            return fail_usage("--wpp takes a trace function");
        args_add(&cc->wpp, "%s", value);
    } else if (str_eq(arg, "--race")) {
        cc->race = true;
    } else if (str_eq(arg, "--program")) {
        cc->program = true;
    } else if (str_eq(arg, "--guard")) {
        cc->guard = true;
    } else if (str_eq(arg, "--coverage")) {
        cc->coverage = true;
    } else if (str_starts(arg, "--sanitize")) {
        if (!str_eq(arg, "--sanitize=address"))
            return fail_usage("the only sanitizer is --sanitize=address");
        cc->sanitize = true;
    } else if (str_eq(arg, "-v")) {
        cc->verbose = true;
    } else if (str_eq(arg, "--ddk") || str_eq(arg, "--lib")) {
        value = option_value(argv, argc, at, 5);
        if (value == NULL || !str_copy(arg[2] == 'd' ? cc->ddk : cc->lib, PATH_MAX, value))
            return fail_usage("%s takes a folder", arg);
    } else if (arg[1] == 'o') {
        cc->output = option_value(argv, argc, at, 2);
        if (cc->output == NULL)
            return fail_usage("-o takes the name of the image");
    } else if (arg[1] == 'I' || arg[1] == 'D' || arg[1] == 'U' || arg[1] == 'l') {
        value = option_value(argv, argc, at, 2);
        if (value == NULL)
            return fail_usage("-%c takes a value", arg[1]);
        args_add(arg[1] == 'l' ? &cc->link : &cc->options, "-%c%s", arg[1], value);
        if (arg[1] == 'I')
            args_add(&cc->includes, "%s", value);
    } else if (str_eq(arg, "-include")) {
        value = option_value(argv, argc, at, 8);
        if (value == NULL)
            return fail_usage("-include takes a file");
        args_add(&cc->options, "-include");
        args_add(&cc->options, "%s", value);
    } else {
        for (unsigned i = 0; i < COUNT(pass); i++) {
            if (str_starts(arg, pass[i])) {
                args_add(&cc->options, "%s", arg);
                return 0;
            }
        }
        return fail_usage("unknown option %s", arg);
    }
    return 0;
}

static int
check_inputs(const struct args *files)
{
    for (unsigned i = 0; i < files->count; i++) {
        if (files->v[i][0] != '-' && access(files->v[i], R_OK) != 0) {
            fprintf(stderr, "undis cc: cannot read %s: %s\n", files->v[i], strerror(errno));
            return EXIT_INPUT;
        }
    }
    return 0;
}

static int
build(struct cc *cc)
{
    struct args objects = { 0 };
    int err = check_inputs(&cc->sources);
    int count;

    if (err == 0)
        err = check_inputs(&cc->link);
    if (err)
        return err;
    if (!cc->ddk[0] && !find_beside_executable(cc->ddk, "ddk")) {
        fprintf(stderr, "undis cc: found no DDK headers beside the program; name their folder with --ddk\n");
        return EXIT_INPUT;
    }
    if (!cc->lib[0] && !find_beside_executable(cc->lib, "lib")) {
        fprintf(stderr, "undis cc: found no import libraries beside the program; name their folder with --lib\n");
        return EXIT_INPUT;
    }
    if (cc->program && !find_include(cc->include)) {
        fprintf(stderr, "undis cc: found no undis/undis.h beside the program\n");
        return EXIT_INPUT;
    }
    for (unsigned i = 0; i < cc->resources.count; i++)
        fprintf(stderr, "undis cc: note: %s is left out: nothing here reads resources\n", cc->resources.v[i]);
    cc_beside(cc, cc->tmh, ".tmh");
    count = wpp_generate(cc->sources.v, cc->includes.v, cc->wpp.v, cc->tmh);
    if (count < 0)
        return EXIT_INPUT;
    if (count == 0)
        cc->tmh[0] = 0;
    if (cc->guard)
        args_add(&cc->sources, CC_GUARD_SOURCE, cc->ddk);
    if (cc->program)
        args_add(&cc->sources, CC_PROGRAM_SOURCE, cc->include);
    err = cc_compile(cc, &objects);
    if (err == 0)
        cc_note_constructors(cc, &objects);
    if (err == 0)
        err = cc_link(cc, &objects);
    cc_remove(&objects);
    if (cc->tmh[0])
        wpp_remove(cc->tmh);
    if (err)
        unlink(cc->output);
    return err;
}

int
cmd_cc(int argc, char **argv)
{
    static const char *const linked[] = { ".o", ".obj", ".a", ".lib" };
    struct cc cc = { 0 };
    int err = 0;

    for (int i = 1; i < argc && err == 0; i++) {
        bool is_linked = false;

        if (str_eq(argv[i], "--help") || str_eq(argv[i], "-h")) {
            fputs(usage, stdout);
            goto out;
        }
        if (argv[i][0] == '-') {
            err = parse_option(&cc, argc, argv, &i);
            continue;
        }
        for (unsigned j = 0; j < COUNT(linked); j++)
            is_linked |= str_iends(argv[i], linked[j]);
        if (str_iends(argv[i], ".def"))
            cc.def = argv[i];
        else if (str_iends(argv[i], ".rc"))
            args_add(&cc.resources, "%s", argv[i]);
        else if (!is_linked && !str_iends(argv[i], ".c") && !cc_is_cxx(argv[i]))
            err = fail_usage("%s is neither a C source (or C++) nor an object or library", argv[i]);
        else
            args_add(is_linked ? &cc.link : &cc.sources, "%s", argv[i]);
    }
    if (err == 0 && cc.sources.count == 0 && cc.link.count == 0)
        err = fail_usage("no sources given");
    else if (err == 0 && cc.output == NULL)
        err = fail_usage("-o is missing");
    else if (err == 0 && cc.pdb && !cc.clang)
        err = fail_usage("gcc writes DWARF only: --pdb needs --cc clang");
    else if (err == 0 && cc.race && !cc.clang)
        err = fail_usage("gcc would call a library for each Interlocked operation: --race needs --cc clang");
    else if (err == 0 && cc.program && (cc.race || cc.guard || cc.sanitize || cc.coverage || cc.def))
        err = fail_usage("--program takes no --race, --guard, --sanitize or --coverage, and no .def file");
    else if (err == 0 && cc.guard && !cc.clang)
        err = fail_usage("gcc has no control flow guard: --guard needs --cc clang");
    if (err == 0) {
        cc.pdb = cc.clang && !cc.dwarf;
        err = build(&cc);
    }
out:
    args_fini(&cc.options);
    args_fini(&cc.includes);
    args_fini(&cc.resources);
    args_fini(&cc.wpp);
    args_fini(&cc.sources);
    args_fini(&cc.link);
    return err;
}
