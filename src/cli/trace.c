/* SPDX-License-Identifier: MIT */
/* cli/trace.c - undis trace: the events of a running machine, on and off. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/show.h"

static const char help[] = "usage: undis trace on -w FILE\n"
                           "       undis trace off\n"
                           "Writes the events of a running machine to FILE, a line each, until switched off: IRPs,\n"
                           "NBLs, OIDs, states, threads; not every call of a driver. While it is on, packets take\n"
                           "their time.\n"
                           "  --name NAME  which machine; not needed while only one runs\n"
                           "  --json       the machine's answer as JSON\n"
                           "exit: 0 done, 4 no such machine, or the file cannot be written, 64 usage\n";

static void
print_off(const json_t *answer)
{
    if (show_text(answer, "file")[0])
        printf("%s: %lld events, %lld lost\n", show_text(answer, "file"), (long long)show_number(answer, "events"),
               (long long)show_number(answer, "lost"));
    else
        printf("no trace was being written\n");
}

int
cmd_trace(int argc, char **argv)
{
    struct ask a = { .command = "trace", .help = help };
    struct command c = { .kind = COMMAND_TRACE };
    int status = ask_options(&a, argc, argv, 1, 1, true);
    char folder[PATH_MAX] = "";
    int n = 0;

    if (status >= 0)
        return status;
    c.on = strcmp(a.word[0], "on") == 0;
    if ((!c.on && strcmp(a.word[0], "off") != 0) || c.on != (a.file != NULL)) {
        fprintf(stderr, "undis trace: on with -w FILE, or off\n");
        return EXIT_USAGE;
    }
    if (c.on && (a.file[0] == '/' || getcwd(folder, sizeof(folder))))
        n = snprintf(c.file, sizeof(c.file), "%s%s%s", folder, folder[0] ? "/" : "", a.file);
    if (n < 0 || (size_t)n >= sizeof(c.file)) {
        fprintf(stderr, "undis trace: %.80s...: the path is too long\n", a.file);
        return EXIT_USAGE;
    }
    return ask_machine(&a, &c, c.on ? NULL : print_off);
}
