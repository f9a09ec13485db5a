/* SPDX-License-Identifier: MIT */
/* cli/reg.c - undis reg: .reg files checked and merged, and what installing drivers writes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/cli.h"
#include "host/host.h"
#include "pnp/netcfg.h"
#include "pnp/reg_install.h"

static const char help[] =
    "usage: undis reg export DRIVER|FILE.reg... [options]\n"
    "       undis reg import FILE.reg...\n"
    "\n"
    "export: the registry after installing these drivers, each with one adapter if it has any, and then making the\n"
    "changes of these files, in the order given; as a .reg file.\n"
    "import: are the files well-formed? A line that is not is told, and nothing is taken from its file.\n"
    "\n"
    "  --out FILE      where it goes (default: standard output)\n"
    "  --format F      utf8 (default), 5 (UTF-16, as regedit writes it) or 4 (REGEDIT4, code page 1252)\n"
    "  --key KEY       this key and what is below it (default: everything)\n"
    "\n"
    "exit: 0 well, 4 a file is malformed or cannot be read, 64 usage\n";

enum { INPUTS_MAX = 32 };

struct options {
    const char *input[INPUTS_MAX];
    unsigned count;
    const char *out, *key;
    enum reg_format format;
};

static int
read_changes(const char *path, const struct reg_sink *sink)
{
    struct reg_file *file = NULL;
    struct inf_error err;
    uint8_t *bytes = NULL;
    size_t len = 0;
    unsigned line = 0;
    int result = host_read_file(path, &bytes, &len);

    if (result) {
        fprintf(stderr, "undis reg: %s: %s\n", path, strerror(-result));
        return result;
    }
    result = reg_parse(bytes, len, &file, &err);
    free(bytes);
    if (result) {
        fprintf(stderr, "undis reg: %s:%u: %s\n", path, err.line, err.text);
        return result;
    }
    result = reg_apply(file, sink, &line);
    if (result)
        fprintf(stderr, "undis reg: %s:%u: %s\n", path, line, strerror(-result));
    reg_file_free(file);
    return result;
}

/* ------------------------------------------------------------------ installing */

struct installed {
    struct pnp_driver driver[INPUTS_MAX];
    char guid[INPUTS_MAX][64], key[INPUTS_MAX][200]; /* of its adapter; "" without one */
    unsigned count;
};

static bool
has_adapter(const struct pnp_driver *d)
{
    return d->kind == INF_MINIPORT;
}

static int
install(struct installed *all, const char *path, const struct reg_sink *sink)
{
    struct pnp_driver *d = &all->driver[all->count];
    unsigned n = all->count;
    char text[256], name[40];
    int err;

    if (pnp_driver_read(path, d, text)) {
        fprintf(stderr, "undis reg: %s\n", text);
        return -EINVAL;
    }
    all->count++;
    err = reg_install_driver(sink, d);
    if (err || !has_adapter(d))
        return err;
    snprintf(name, sizeof(name), "Ethernet %u", n + 1);
    snprintf(all->guid[n], sizeof(all->guid[n]), "{00000000-0000-4000-8000-%012x}", n + 1);
    snprintf(all->key[n], sizeof(all->key[n]), REG_NET_CLASS "\\%04u", n + 1);
    return reg_install_adapter(sink, &(struct reg_adapter){ d, d->service, name, all->guid[n], all->key[n], n + 1 });
}

/* Which protocols have which adapters. */
static int
link_protocols(const struct installed *all, const struct reg_sink *sink)
{
    int err = 0;

    for (unsigned i = 0; i < all->count && err == 0; i++) {
        struct netcfg_component upper, lower;
        const char *guids[INPUTS_MAX];
        unsigned count = 0;

        netcfg_component_of(&all->driver[i], &upper);
        if (upper.kind != INF_PROTOCOL && upper.kind != INF_INTERMEDIATE)
            continue;
        for (unsigned k = 0; k < all->count; k++) {
            netcfg_component_of(&all->driver[k], &lower);
            if (all->guid[k][0] && netcfg_binds(&upper, &lower) && count < 16)
                guids[count++] = all->guid[k];
        }
        err = reg_install_linkage(sink, upper.service, guids, count);
    }
    return err;
}

static int
build(const struct options *o, struct installed *all, const struct reg_sink *sink)
{
    int err = 0;

    for (unsigned i = 0; i < o->count && err == 0; i++)
        if (!str_iends(o->input[i], ".reg"))
            err = install(all, o->input[i], sink);
    if (err == 0)
        err = link_protocols(all, sink);
    for (unsigned i = 0; i < o->count && err == 0; i++)
        if (str_iends(o->input[i], ".reg"))
            err = read_changes(o->input[i], sink);
    return err;
}

static int
write_out(const struct options *o, const struct reg_tree *tree)
{
    char key[1024] = "\\Registry", *bytes = NULL;
    size_t len = 0;
    FILE *file = stdout;
    bool ok;
    int err;

    if (o->key && !reg_kernel_path(o->key, key, sizeof(key))) {
        fprintf(stderr, "undis reg: \"%s\" begins with no root, such as HKEY_LOCAL_MACHINE\n", o->key);
        return -EINVAL;
    }
    err = reg_tree_write(tree, key, o->format, &bytes, &len);
    if (err) {
        fprintf(stderr, "undis reg: %s\n",
                err == -EILSEQ ? "a text has characters that code page 1252 lacks; use --format 5" : "out of memory");
        return err;
    }
    if (o->out)
        file = fopen(o->out, "wb");
    ok = file != NULL && fwrite(bytes, 1, len, file) == len && fflush(file) == 0;
    if (!ok)
        fprintf(stderr, "undis reg: %s: %s\n", o->out ? o->out : "standard output", strerror(errno));
    if (file != NULL && o->out)
        fclose(file);
    free(bytes);
    return ok ? 0 : -EIO;
}

static int
work(const struct options *o, bool export)
{
    struct reg_tree *tree = reg_tree_create();
    struct installed *all = calloc(1, sizeof(*all));
    struct reg_sink sink = reg_tree_sink(tree);
    int err = tree && all ? 0 : -ENOMEM;

    if (err == 0 && export)
        err = build(o, all, &sink);
    for (unsigned i = 0; i < o->count && !export && tree; i++)
        if (read_changes(o->input[i], &sink))
            err = -EINVAL;
    if (err == 0 && export)
        err = write_out(o, tree);
    if (err == 0 && !export)
        printf("%u file%s, well-formed\n", o->count, o->count == 1 ? "" : "s");
    for (unsigned i = 0; all && i < all->count; i++)
        pnp_driver_free(&all->driver[i]);
    free(all);
    reg_tree_free(tree);
    return err == -ENOMEM ? EXIT_OURS : err ? EXIT_INPUT : EXIT_CLEAN;
}

static int
bad(const char *what, const char *arg)
{
    fprintf(stderr, "undis reg: %s \"%s\"; undis reg --help tells more\n", what, arg);
    return EXIT_USAGE;
}

static int
take_option(struct options *o, const char *a, const char *v)
{
    if (v == NULL)
        return bad("unknown option, or its value is missing:", a);
    if (strcmp(a, "--out") == 0)
        o->out = v;
    else if (strcmp(a, "--key") == 0)
        o->key = v;
    else if (strcmp(a, "--format") != 0)
        return bad("unknown option", a);
    else if (strcmp(v, "utf8") == 0)
        o->format = REG_FORMAT_5_UTF8;
    else if (strcmp(v, "5") == 0 || strcmp(v, "4") == 0)
        o->format = *v == '5' ? REG_FORMAT_5 : REG_FORMAT_4;
    else
        return bad("--format is utf8, 5 or 4, not", v);
    return -1;
}

int
cmd_reg(int argc, char **argv)
{
    struct options o = { .format = REG_FORMAT_5_UTF8 };
    bool export = argc > 1 && strcmp(argv[1], "export") == 0, import = argc > 1 && strcmp(argv[1], "import") == 0;
    int status = -1;

    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0) {
            fputs(help, stdout);
            return EXIT_CLEAN;
        }
    for (int i = 2; i < argc && status < 0; i++) {
        if (argv[i][0] == '-') {
            status = take_option(&o, argv[i], argv[i + 1]);
            i++;
        } else if (o.count == INPUTS_MAX) {
            status = bad("32 drivers and files at most, not also", argv[i]);
        } else {
            o.input[o.count++] = argv[i];
        }
    }
    if (status >= 0)
        return status;
    if ((!export && !import) || o.count == 0) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    return work(&o, export);
}
