/* SPDX-License-Identifier: MIT */
/* cli/stats.c - undis stats: what went through. */
#include <stdio.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/show.h"

static const char help[] = "usage: undis stats [ADAPTER] [--name NAME] [--json]\n"
                           "Shows per layer of each adapter's stack what went through it, what is out there now, and\n"
                           "what was dropped and why.\n"
                           "  --name NAME  which machine; not needed while only one runs\n"
                           "  --json       the same as JSON\n"
                           "exit: 0 shown, 4 no such machine or adapter\n";

static void
print_drops(json_t *drops)
{
    const char *reason;
    json_t *count;
    bool any = false;

    json_object_foreach(drops, reason, count)
    {
        if (json_integer_value(count) == 0)
            continue;
        printf("%s %lld %s", any ? "," : "      dropped:", (long long)json_integer_value(count), reason);
        any = true;
    }
    if (any)
        printf("\n");
}

static void
print_side(const char *what, const json_t *wire)
{
    if (!wire)
        return;
    printf("    %s %s %s: received %lld packets, %lld bytes; sent %lld packets, %lld bytes; put off %lld times\n", what,
           show_text(wire, "kind"), show_text(wire, "name"), (long long)show_number(wire, "rx_packets"),
           (long long)show_number(wire, "rx_bytes"), (long long)show_number(wire, "tx_packets"),
           (long long)show_number(wire, "tx_bytes"), (long long)show_number(wire, "tx_put_off"));
    print_drops(json_object_get(wire, "drops"));
}

static void
print(const json_t *answer)
{
    size_t i, k;
    json_t *adapter, *layer;

    json_array_foreach(json_object_get(answer, "adapters"), i, adapter)
    {
        printf("%s  %s\n", show_text(adapter, "name"), show_text(adapter, "state"));
        print_side("wire", json_object_get(adapter, "wire"));
        json_array_foreach(json_object_get(adapter, "layers"), k, layer)
        {
            const json_t *out = json_object_get(layer, "outstanding");

            printf("    %-9s %-16s %-10s out: sends %lld own, %lld held; receives %lld own, %lld held; OIDs %lld\n",
                   show_text(layer, "kind"), show_text(layer, "driver"), show_text(layer, "state"),
                   (long long)show_number(out, "own_sends"), (long long)show_number(out, "held_sends"),
                   (long long)show_number(out, "own_receives"), (long long)show_number(out, "held_receives"),
                   (long long)show_number(out, "oids"));
        }
        print_side("Linux", json_object_get(adapter, "hostif"));
    }
}

int
cmd_stats(int argc, char **argv)
{
    struct ask a = { .command = "stats", .help = help };
    struct command c = { .kind = COMMAND_STATS };
    int status = ask_options(&a, argc, argv, 0, 1, false);

    if (status >= 0)
        return status;
    if (a.words == 1 && !ask_text(&a, c.adapter, sizeof(c.adapter), a.word[0]))
        return EXIT_USAGE;
    return ask_machine(&a, &c, print);
}
