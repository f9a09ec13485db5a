/* SPDX-License-Identifier: MIT */
/* cli/filter.c - undis filter: into a running stack, and out of it. */
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/show.h"

static const char help[] = "usage: undis filter insert|remove DRIVER [ADAPTER]\n"
                           "Binds a filter or protocol that is loaded to an adapter of a running machine, or unbinds "
                           "it.\n"
                           "  DRIVER   its service name (npf)\n"
                           "  ADAPTER  at this adapter only; without it at each\n"
                           "  --name NAME  which machine; not needed while only one runs\n"
                           "  --json       the machine's answer as JSON\n"
                           "exit: 0 done, 4 no such machine, adapter or driver, or the driver refused, 64 usage\n";

int
cmd_filter(int argc, char **argv)
{
    struct ask a = { .command = "filter", .help = help };
    struct command c = { 0 };
    int status = ask_options(&a, argc, argv, 2, 3, false);

    if (status >= 0)
        return status;
    if (strcmp(a.word[0], "insert") != 0 && strcmp(a.word[0], "remove") != 0) {
        fprintf(stderr, "undis filter: insert or remove, not \"%s\"\n", a.word[0]);
        return EXIT_USAGE;
    }
    c.kind = a.word[0][0] == 'i' ? COMMAND_FILTER_INSERT : COMMAND_FILTER_REMOVE;
    if (!ask_text(&a, c.driver, sizeof(c.driver), a.word[1]) ||
        (a.words == 3 && !ask_text(&a, c.adapter, sizeof(c.adapter), a.word[2])))
        return EXIT_USAGE;
    return ask_machine(&a, &c, show_adapters);
}
