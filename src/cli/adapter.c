/* SPDX-License-Identifier: MIT */
/* cli/adapter.c - undis adapter: list, enable, disable, remove. */
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/show.h"

static const char help[] = "usage: undis adapter list\n"
                           "       undis adapter enable|disable|remove ADAPTER\n"
                           "What an administrator does to an adapter of a running machine; done when it returns.\n"
                           "  disable  pause, unbind, detach, halt; the Linux interface stays, its carrier goes down\n"
                           "  remove   the device is pulled out (surprise removal); it does not come back\n"
                           "  --name NAME  which machine; not needed while only one runs\n"
                           "  --json       the machine's answer as JSON\n"
                           "exit: 0 done, 4 no such machine or adapter, or a driver refused, 64 usage\n";

static void
print_state(const json_t *answer)
{
    show_adapters(answer);
}

int
cmd_adapter(int argc, char **argv)
{
    static const struct {
        const char *word;
        enum command_kind kind;
        unsigned words;
    } verbs[] = {
        { "list", COMMAND_ADAPTER_LIST, 1 },
        { "enable", COMMAND_ADAPTER_ENABLE, 2 },
        { "disable", COMMAND_ADAPTER_DISABLE, 2 },
        { "remove", COMMAND_ADAPTER_REMOVE, 2 },
    };
    struct ask a = { .command = "adapter", .help = help };
    struct command c = { 0 };
    int status = ask_options(&a, argc, argv, 1, 2, false);
    unsigned i = 0;

    if (status >= 0)
        return status;
    while (i < 4 && strcmp(verbs[i].word, a.word[0]) != 0)
        i++;
    if (i == 4 || a.words != verbs[i].words) {
        fprintf(stderr, "undis adapter: list, or enable, disable or remove and an adapter's name\n");
        return EXIT_USAGE;
    }
    c.kind = verbs[i].kind;
    if (a.words == 2 && !ask_text(&a, c.adapter, sizeof(c.adapter), a.word[1]))
        return EXIT_USAGE;
    return ask_machine(&a, &c, print_state);
}
