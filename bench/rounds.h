/* SPDX-License-Identifier: MIT */
/*
 * bench/rounds.h - the rule by which benchmarks are judged: the median of the rounds' ratios, peer and undis measured
 * in turn. A spread (upper over lower quartile) above 1.5 says that the machine was not quiet enough to tell.
 */
#ifndef BENCH_ROUNDS_H
#define BENCH_ROUNDS_H

#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 15u

static int
rounds_compare(const void *a, const void *b)
{
    double d = *(const double *)a - *(const double *)b;

    return d < 0 ? -1 : d > 0;
}

/* Sorts. */
static inline double
rounds_quantile(double *v, unsigned count, unsigned quarters)
{
    qsort(v, count, sizeof(*v), rounds_compare);
    return v[(count - 1) * quarters / 4];
}

/* Prints the verdict on count ratios of which more is better, then ends the line. */
static inline void
rounds_judge(double *ratio, unsigned count, double goal)
{
    double low = rounds_quantile(ratio, count, 1), median = rounds_quantile(ratio, count, 2);
    double high = rounds_quantile(ratio, count, 3);

    printf("  ratio %.2f (quartiles %.2f %.2f)", median, low, high);
    if (goal > 0)
        printf("  goal %.2f %s", goal, median >= goal ? "met" : high > 1.5 * low ? "inconclusive" : "missed");
    printf("\n");
    fflush(stdout);
}

#endif
