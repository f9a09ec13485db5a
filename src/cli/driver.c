/* SPDX-License-Identifier: MIT */
/* cli/driver.c - undis driver: into a running machine, and out of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/show.h"

static const char help[] =
    "usage: undis driver load FILE [ADAPTER] [--hostif INTERFACE]\n"
    "       undis driver unload SERVICE\n"
    "Loads a driver into a running machine, or unloads one; done when it returns. A protocol binds to the adapters\n"
    "that run, a filter is inserted by its class, a miniport brings an adapter, an intermediate driver binds and\n"
    "brings one above. What a driver leaves behind when it is unloaded is a finding, written when the machine ends.\n"
    "  FILE     a folder, .inf or .sys; after unload also another build of the same driver\n"
    "  ADAPTER  name of a miniport's adapter, or of an intermediate driver's first; without it that of the service\n"
    "  SERVICE  name of the driver's service (npf); adapters of a miniport driver are removed first\n"
    "  --hostif INTERFACE  that adapter as a Linux interface: lan0\n"
    "  --name NAME  which machine; not needed while only one runs\n"
    "  --json       the machine's answer as JSON\n"
    "exit: 0 done, 1 unloaded, and it left something behind, 4 no such machine, file or driver, or the driver\n"
    "      refused, 64 usage\n";

/* The machine has a working folder of its own. */
static bool
whole_path(struct command *c, const char *path)
{
    char *whole = realpath(path, NULL);
    bool fits = whole != NULL && strlen(whole) < sizeof(c->file);

    if (fits)
        memcpy(c->file, whole, strlen(whole) + 1);
    else
        fprintf(stderr, "undis driver: %s: %s\n", path, strerror(whole != NULL ? ENAMETOOLONG : errno));
    free(whole);
    return fits;
}

int
cmd_driver(int argc, char **argv)
{
    struct ask a = { .command = "driver", .help = help, .takes_hostif = true };
    struct command c = { 0 };
    int status = ask_options(&a, argc, argv, 2, 3, false);
    bool load;

    if (status >= 0)
        return status;
    load = strcmp(a.word[0], "load") == 0;
    if ((!load && strcmp(a.word[0], "unload") != 0) || (!load && (a.words > 2 || a.hostif != NULL))) {
        fprintf(stderr, "undis driver: load and a file, or unload and a service\n");
        return EXIT_USAGE;
    }
    c.kind = load ? COMMAND_DRIVER_LOAD : COMMAND_DRIVER_UNLOAD;
    if (load && !whole_path(&c, a.word[1]))
        return EXIT_INPUT;
    if ((!load && !ask_text(&a, c.driver, sizeof(c.driver), a.word[1])) ||
        (a.hostif != NULL && !ask_text(&a, c.hostif, sizeof(c.hostif), a.hostif)) ||
        (a.words == 3 && !ask_text(&a, c.adapter, sizeof(c.adapter), a.word[2])))
        return EXIT_USAGE;
    return ask_machine(&a, &c, show_adapters);
}
