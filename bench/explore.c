/* SPDX-License-Identifier: MIT */
/*
 * bench/explore.c - how many runs a second, on a real driver, all rules on, caching off.
 *
 * Interleaved with a calibration loop of plain work (fill and sum 256 KB), so that a
 * figure can be compared between machines and minutes: what counts is runs per
 * calibration unit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explore/supervisor.h"
#include "host/host.h"

#define ROUNDS_MAX 99

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* Units of work a second: one unit is 256 KB written and summed. */
static double
calibrate(void)
{
    static uint64_t words[32768];
    uint64_t begin = host_cpu_ns(), sum = 0, units = 0;

    while (host_cpu_ns() - begin < 100000000) {
        for (unsigned r = 0; r < 64; r++, units++) {
            memset(words, (int)r, sizeof(words));
            for (unsigned i = 0; i < 32768; i++)
                sum += words[i];
        }
    }
    if (sum == 1)
        puts("");
    return (double)units * 1e9 / (double)(host_cpu_ns() - begin);
}

int
main(int argc, char **argv)
{
    const char *driver = argc > 1 ? argv[1] : "build/drivers/npf";
    int rounds = argc > 2 ? atoi(argv[2]) : 7;
    double rate[ROUNDS_MAX], ratio[ROUNDS_MAX], points = 0, before = 0;
    uint64_t total = 0;

    if (rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: bench_explore [DRIVER [ROUNDS, 1..%d]]\n", ROUNDS_MAX);
        return 64;
    }
    for (int i = 0; i < rounds; i++) {
        struct test_options o = { .path = driver,
                                  .k = 3,
                                  .runs = 50000,
                                  .cache_off = true,
                                  .quiet = true,
                                  .only = "write-while-disabled",
                                  .out = "findings/bench" };
        struct test_result r;
        double unit = calibrate();

        supervisor_test(&o, &r);
        if (r.scenario_count != 1 || r.exit_status == 1 || r.exit_status > 2) {
            fprintf(stderr, "bench: %s: exit %d %s\n", driver, r.exit_status, r.text);
            return 1;
        }
        rate[i] = (double)r.runs / r.cpu_seconds;
        ratio[i] = rate[i] / unit;
        points += (double)r.scenario[0].report.points;
        before += (double)r.scenario[0].report.points_before;
        total += r.runs;
        test_result_free(&r);
    }
    qsort(rate, (size_t)rounds, sizeof(rate[0]), by_value);
    qsort(ratio, (size_t)rounds, sizeof(ratio[0]), by_value);
    printf("explore: %.0f runs/s (min %.0f, max %.0f, %d rounds)  mean points per run %.1f, %.1f of them before the "
           "mark that it began at  runs per calibration unit %.3f\n",
           rate[rounds / 2], rate[0], rate[rounds - 1], rounds, points / (double)total, before / (double)total,
           ratio[rounds / 2]);
    return 0;
}
