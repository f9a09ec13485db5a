/* SPDX-License-Identifier: MIT */
/* cli/stats.c - undis stats: what went through. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/show.h"

static const char help[] =
    "usage: undis stats [ADAPTER] [-s SECONDS] [--name NAME] [--json]\n"
    "Measures for a second, or SECONDS, what passes each layer of each adapter's stack: packets,\n"
    "bytes, batches, how long the layer held them. Wires and Linux interfaces are counted all\n"
    "the time, with what was dropped there and why. -s 0 measures nothing.\n"
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
print_flow(const char *what, const json_t *flow)
{
    if (show_number(flow, "packets") > 0)
        printf("      %s %lld packets, %lld bytes in %lld batches\n", what, (long long)show_number(flow, "packets"),
               (long long)show_number(flow, "bytes"), (long long)show_number(flow, "batches"));
}

/* The least time that so much of all were held for less than. */
static double
quantile_us(const json_t *held, double part)
{
    json_int_t all = 0, sum = 0;
    size_t i, n = json_array_size(held);

    for (i = 0; i < n; i++)
        all += json_integer_value(json_array_get(held, i));
    for (i = 0; i < n && sum < part * (double)all; i++)
        sum += json_integer_value(json_array_get(held, i));
    return i == 0 ? 0 : 0.256 * (double)(1ull << (i - 1));
}

static void
print_layer(const json_t *layer, const json_t *measured)
{
    json_t *held = json_object_get(measured, "held_256ns_log2");

    printf("    %-9s %-16s %s\n", show_text(layer, "kind"), show_text(layer, "driver"), show_text(layer, "state"));
    print_flow("sent down", json_object_get(measured, "sent"));
    print_flow("indicated up", json_object_get(measured, "indicated"));
    if (quantile_us(held, 0.5) > 0)
        printf("      held: half under %.1f us, 99%% under %.1f us\n", quantile_us(held, 0.5), quantile_us(held, 0.99));
    print_drops(json_object_get(measured, "failed"));
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

            print_layer(layer, json_object_get(layer, "measured"));
            printf("      out there: sends %lld own, %lld held; receives %lld own, %lld held; OIDs %lld\n",
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
    struct command c = { .kind = COMMAND_STATS, .seconds = 1 };
    uint64_t seconds;
    int status;

    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "-s") == 0) {
            if (!str_to_u64(argv[i + 1], &seconds) || seconds > 60) {
                fprintf(stderr, "undis stats: -s takes 0 to 60 seconds, not \"%s\"\n", argv[i + 1]);
                return EXIT_USAGE;
            }
            c.seconds = (unsigned)seconds;
            memmove(argv + i, argv + i + 2, (size_t)(argc - i - 1) * sizeof(*argv));
            argc -= 2;
            break;
        }
    status = ask_options(&a, argc, argv, 0, 1, false);

    if (status >= 0)
        return status;
    if (a.words == 1 && !ask_text(&a, c.adapter, sizeof(c.adapter), a.word[0]))
        return EXIT_USAGE;
    return ask_machine(&a, &c, print);
}
