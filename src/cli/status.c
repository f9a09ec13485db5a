/* SPDX-License-Identifier: MIT */
/* cli/status.c - undis status: what runs. */
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/show.h"

static const char help[] = "usage: undis status [--name NAME] [--json]\n"
                           "Shows the running machine: adapters, the layers of their stacks, their states.\n"
                           "  --name NAME  which machine; not needed while only one runs\n"
                           "  --json       the same as JSON\n"
                           "exit: 0 it runs, 4 no such machine runs\n";

static void
print(const json_t *answer)
{
    const json_t *machine = json_object_get(answer, "machine");
    const json_t *memory = json_object_get(machine, "memory");

    printf("%s  process %lld, up %.0f s, %zu VPs, OS profile %s\n", json_string_value(json_object_get(machine, "name")),
           (long long)json_integer_value(json_object_get(machine, "pid")),
           json_real_value(json_object_get(machine, "up_seconds")), json_array_size(json_object_get(machine, "vps")),
           json_string_value(json_object_get(machine, "os")));
    printf("memory  %lld blocks, %lld bytes; %lld IRPs, %lld NBLs, %lld files\n",
           (long long)show_number(memory, "blocks"), (long long)show_number(memory, "bytes"),
           (long long)show_number(memory, "irps"), (long long)show_number(memory, "nbls"),
           (long long)show_number(memory, "files"));
    show_adapters(answer);
}

int
cmd_status(int argc, char **argv)
{
    struct ask a = { .command = "status", .help = help };
    struct command c = { .kind = COMMAND_STATUS };
    int status = ask_options(&a, argc, argv, 0, 0, false);

    return status >= 0 ? status : ask_machine(&a, &c, print);
}
