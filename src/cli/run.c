/* SPDX-License-Identifier: MIT */
/* cli/run.c - undis run: a driver stack on real traffic. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/cli.h"
#include "control/run.h"
#include "host/rundir.h"

static const char help[] =
    "usage: undis run STACK.yaml [options]\n"
    "\n"
    "Brings up what the file describes (docs/running.md): adapters on wires, drivers, filters in order. Runs until\n"
    "undis stop, Ctrl-C or SIGTERM; a second signal ends it at once. Adapters appear as Linux interfaces by `hostif`.\n"
    "\n"
    "  --name NAME      of the machine, for undis status and the others (default: the file says, or is called so)\n"
    "  --netns new      in a user and network namespace of its own: needs no root, touches no network of the host\n"
    "  --detach         return when it runs\n"
    "  --vps N          virtual processors, 1 to 4 (default: the file says, or 2)\n"
    "  --out DIR        where a finding goes (default: findings)\n"
    "  --record         note inputs and the order of calls, so that undis replay can look for a finding again\n"
    "  --reg FILE       changes of this .reg file go over what installing the drivers writes\n"
    "  --symbols PATH   where PDB or DWARF files are\n"
    "  --src FROM=TO    sources recorded under FROM are under TO (up to 8 times)\n"
    "  -v               what the drivers print (DbgPrint)\n"
    "  -q               nothing but findings and errors\n"
    "\n"
    "exit: 0 stopped as asked, 1 finding, 3 undis failed, 4 the file or the host cannot do it, 64 usage\n";

static int
bad(const char *what, const char *arg)
{
    fprintf(stderr, "undis run: %s \"%s\"; undis run --help lists the options\n", what, arg);
    return EXIT_USAGE;
}

static int
take_option(struct run_options *o, const char *a, char *v, const char **maps, unsigned *map_count)
{
    uint64_t vps;
    char *eq;

    if (strcmp(a, "--name") == 0) {
        o->name = v;
        return host_machine_name_ok(v) ? -1 : bad("a name has 1 to 32 letters, digits, '-', '_' or '.', not", v);
    }
    if (strcmp(a, "--netns") == 0) {
        o->netns = true;
        return strcmp(v, "new") == 0 ? -1 : bad("--netns takes \"new\"; to use another, start undis in it, not", v);
    }
    if (strcmp(a, "--vps") == 0) {
        if (!str_to_u64(v, &vps) || vps < 1 || vps > STACK_VPS_MAX)
            return bad("--vps is 1 to 4, not", v);
        o->vps = (unsigned)vps;
        return -1;
    }
    if (strcmp(a, "--out") == 0) {
        o->out = v;
        return -1;
    }
    if (strcmp(a, "--reg") == 0) {
        o->reg = v;
        return -1;
    }
    if (strcmp(a, "--symbols") == 0) {
        o->symbols = v;
        return -1;
    }
    if (strcmp(a, "--src") != 0)
        return bad("unknown option", a);
    eq = strchr(v, '=');
    if (eq == NULL || *map_count >= 16)
        return bad("--src takes FROM=TO, at most 8 times, not", v);
    *eq = '\0';
    maps[(*map_count)++] = v;
    maps[(*map_count)++] = eq + 1;
    return -1;
}

int
cmd_run(int argc, char **argv)
{
    struct run_options o = { .out = "findings" };
    const char *maps[17] = { NULL };
    unsigned map_count = 0;
    int status = -1;

    for (int i = 1; i < argc && status < 0; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(help, stdout);
            return EXIT_CLEAN;
        } else if (strcmp(argv[i], "--detach") == 0) {
            o.detach = true;
        } else if (strcmp(argv[i], "--record") == 0) {
            o.record = true;
        } else if (strcmp(argv[i], "-v") == 0) {
            o.verbose = true;
        } else if (strcmp(argv[i], "-q") == 0) {
            o.quiet = true;
        } else if (argv[i][0] != '-') {
            if (o.file)
                return bad("one stack at a time, not also", argv[i]);
            o.file = argv[i];
        } else if (i + 1 == argc) {
            return bad("unknown option, or its value is missing:", argv[i]);
        } else {
            status = take_option(&o, argv[i], argv[i + 1], maps, &map_count);
            i++;
        }
    }
    if (status >= 0)
        return status;
    if (!o.file) {
        fprintf(stderr, "undis run: which stack? Name its YAML file; undis run --help tells more\n");
        return EXIT_USAGE;
    }
    o.src_map = map_count ? maps : NULL;
    return run_machine(&o);
}
