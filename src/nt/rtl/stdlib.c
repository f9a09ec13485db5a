/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl/stdlib.c - numbers, random numbers and sorting from the C library, RtlRandom.
 *
 * Model: rand() and srand() share one seed per machine (assumed: Windows keeps it per process); RtlRandomEx is a
 * function of the caller's seed alone, so equal seeds give equal numbers in every run.
 */
#include "nt/rtl/state.h"

#include "base/prng.h"
#include "nt/ke/ke.h"

static uint32_t site_qsort;

void
rtl_stdlib_init(void)
{
    site_qsort = ke_site("qsort");
    NT->rtl->rand_seed = 1; /* documented: as after srand(1) */
}

static int
digit_of(char c)
{
    if (crt_isdigit((unsigned char)c))
        return c - '0';
    return crt_isalpha((unsigned char)c) ? crt_tolower((unsigned char)c) - 'a' + 10 : 99;
}

/* Magnitude of a number, clamped to 33 bits; *negative its sign. */
static uint64_t
scan(const char *s, char **end, int base, bool *negative)
{
    const char *at = s;
    const char *digits;
    uint64_t value = 0;

    while (crt_isspace((unsigned char)*at))
        at++;
    *negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    if ((base == 0 || base == 16) && at[0] == '0' && crt_tolower((unsigned char)at[1]) == 'x' && digit_of(at[2]) < 16) {
        at += 2;
        base = 16;
    } else if (base == 0) {
        base = *at == '0' ? 8 : 10;
    }
    for (digits = at; digit_of(*at) < base; at++)
        value = value >> 33 != 0 ? value : value * (unsigned)base + (unsigned)digit_of(*at);
    if (end != NULL)
        *end = (char *)(at == digits ? s : at);
    return value;
}

LONG NTAPI
crt_strtol(const char *s, char **end, int base)
{
    bool negative;
    uint64_t value = scan(s, end, base, &negative);

    if (negative)
        return value > 0x80000000ull ? MINLONG : (LONG) - (int64_t)value;
    return value > 0x7fffffff ? MAXLONG : (LONG)value;
}

ULONG NTAPI
crt_strtoul(const char *s, char **end, int base)
{
    bool negative;
    uint64_t value = scan(s, end, base, &negative);

    if (value > MAXULONG)
        return MAXULONG;
    return negative ? -(ULONG)value : (ULONG)value;
}

int NTAPI
crt_atoi(const char *s)
{
    return crt_strtol(s, NULL, 10);
}

LONG NTAPI
crt_atol(const char *s)
{
    return crt_strtol(s, NULL, 10);
}

/* documented: 0..RAND_MAX, which is 0x7fff. */
int NTAPI
crt_rand(void)
{
    NT->rtl->rand_seed = NT->rtl->rand_seed * 214013u + 2531011u;
    return (int)(NT->rtl->rand_seed >> 16 & 0x7fff);
}

void NTAPI
crt_srand(unsigned seed)
{
    NT->rtl->rand_seed = seed;
}

/* documented: 0..MAXLONG-1, and the seed is updated. */
ULONG NTAPI
RtlRandom(PULONG Seed)
{
    *Seed = (ULONG)prng_reduce(prng_at(*Seed, 0), MAXLONG);
    return *Seed;
}

ULONG NTAPI
RtlRandomEx(PULONG Seed)
{
    *Seed = (ULONG)prng_reduce(prng_at(*Seed, 1), MAXLONG);
    return *Seed;
}

/* Heapsort: no extra memory, and no state that the driver's compare could leave behind. */
static bool
less(uint8_t *base, size_t size, size_t a, size_t b, void *compare)
{
    return (int)GUEST_CALL(site_qsort, compare, (uint64_t)(base + a * size), (uint64_t)(base + b * size)) < 0;
}

static void
swap(uint8_t *base, size_t size, size_t a, size_t b)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t t = base[a * size + i];

        base[a * size + i] = base[b * size + i];
        base[b * size + i] = t;
    }
}

static void
sift(uint8_t *base, size_t size, size_t root, size_t count, void *compare)
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && less(base, size, child, child + 1, compare))
            child++;
        if (!less(base, size, root, child, compare))
            return;
        swap(base, size, root, child);
    }
}

void NTAPI
crt_qsort(void *base, size_t count, size_t size, void *compare)
{
    for (size_t i = count / 2; i-- > 0;)
        sift(base, size, i, count, compare);
    for (size_t i = count; i-- > 1;) {
        swap(base, size, 0, i);
        sift(base, size, 0, i, compare);
    }
}
