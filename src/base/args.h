/* SPDX-License-Identifier: MIT */
/* base/args.h - a list of integers and pointers, 0 to 12 (none: one 0), each as a uint64_t. */
#ifndef BASE_ARGS_H
#define BASE_ARGS_H

#include <stdint.h>

#define U64_ARGS(...)                                             U64_ARGS_N(_, ##__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)(__VA_ARGS__)
#define U64_ARGS_N(_, a, b, c, d, e, f, g, h, i, j, k, l, n, ...) U64_ARGS_##n
#define U64_ARGS_0()                                              0
#define U64_ARGS_1(a)                                             (uint64_t)(a)
#define U64_ARGS_2(a, ...)                                        (uint64_t)(a), U64_ARGS_1(__VA_ARGS__)
#define U64_ARGS_3(a, ...)                                        (uint64_t)(a), U64_ARGS_2(__VA_ARGS__)
#define U64_ARGS_4(a, ...)                                        (uint64_t)(a), U64_ARGS_3(__VA_ARGS__)
#define U64_ARGS_5(a, ...)                                        (uint64_t)(a), U64_ARGS_4(__VA_ARGS__)
#define U64_ARGS_6(a, ...)                                        (uint64_t)(a), U64_ARGS_5(__VA_ARGS__)
#define U64_ARGS_7(a, ...)                                        (uint64_t)(a), U64_ARGS_6(__VA_ARGS__)
#define U64_ARGS_8(a, ...)                                        (uint64_t)(a), U64_ARGS_7(__VA_ARGS__)
#define U64_ARGS_9(a, ...)                                        (uint64_t)(a), U64_ARGS_8(__VA_ARGS__)
#define U64_ARGS_10(a, ...)                                       (uint64_t)(a), U64_ARGS_9(__VA_ARGS__)
#define U64_ARGS_11(a, ...)                                       (uint64_t)(a), U64_ARGS_10(__VA_ARGS__)
#define U64_ARGS_12(a, ...)                                       (uint64_t)(a), U64_ARGS_11(__VA_ARGS__)

#endif
