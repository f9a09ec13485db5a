/* SPDX-License-Identifier: MIT */
/* cli/main.c - undis: which subcommand. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "undis/version.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} commands[] = {
    { "test", cmd_test, "find the bugs of a driver; every finding replays and explains itself" },
    { "replay", cmd_replay, "run a finding again and print its hashes" },
    { "zoo", cmd_zoo, "test every driver of a zoo folder against what its README expects" },
    { "run", cmd_run, "run a driver stack on real traffic; adapters appear as Linux interfaces" },
    { "status", cmd_status, "show a running machine" },
    { "adapter", cmd_adapter, "list, enable, disable or remove adapters of a running machine" },
    { "filter", cmd_filter, "insert a filter into a running stack, or remove it" },
    { "driver", cmd_driver, "load a driver into a running machine, or unload one" },
    { "net", cmd_net, "what binds to what, in a stack file or a running machine; switch a binding on or off" },
    { "stats", cmd_stats, "packets, bytes and drops per layer of a running machine" },
    { "trace", cmd_trace, "switch tracing of a running machine on and off" },
    { "capture", cmd_capture, "capture an adapter's packets to a file, through npf" },
    { "stop", cmd_stop, "take a running machine down" },
    { "ddi", cmd_ddi, "list what a driver imports, bound or lacking, and the patched instructions" },
    { "inf", cmd_inf, "check INF files, or show what one installs" },
    { "reg", cmd_reg, "check .reg files, or show what installing drivers writes" },
    { "cc", cmd_cc, "build a driver on Linux from its own source" },
    { "version", cmd_version, "print the version" },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void
usage(FILE *out)
{
    fprintf(out, "undis runs Windows network drivers in an ordinary Linux process and finds their bugs.\n\n"
                 "usage: undis COMMAND [options]; undis COMMAND --help tells more\n\n");
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].what);
}

int
cmd_version(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        printf("usage: undis version\nPrints the version of undis and the commit it was built from.\n");
        return EXIT_CLEAN;
    }
    printf("undis %s%s%s\n", UNDIS_VERSION, UNDIS_COMMIT[0] ? " " : "", UNDIS_COMMIT);
    return EXIT_CLEAN;
}

int
main(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return EXIT_CLEAN;
    }
    if (strcmp(argv[1], "--version") == 0)
        return cmd_version(0, NULL);
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "undis: there is no command \"%s\"; undis --help lists them\n", argv[1]);
    return EXIT_USAGE;
}
