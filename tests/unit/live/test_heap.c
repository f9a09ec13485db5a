/* SPDX-License-Identifier: MIT */
/* Memory of a machine that runs for days: what is freed and made again lies where it lay, and costs no more. */
#include "unit/test.h"

#include <sys/mman.h>

#include "host/host.h"
#include "machine/live.h"
#include "ndis/ndis.h"
#include "nt/nt.h"

#define LARGES 64u
#define LARGE  66000u
#define SLOTS  2000u

static int
begin(void **state)
{
    char text[256];

    (void)state;
    nt_register_exports();
    ndis_register_exports();
    if (live_init(1, text))
        return -1;
    nt_init();
    ndis_init();
    return 0;
}

static uint8_t *large[LARGES];

static void
make_larges(void)
{
    for (unsigned i = 0; i < LARGES; i++) {
        large[i] = heap_alloc(LARGE, 'tset');
        CHECK(large[i] != NULL);
        memset(large[i], (int)i, LARGE);
    }
}

static void
free_larges(void)
{
    for (unsigned i = 0; i < LARGES; i++)
        CHECK_EQ(heap_free(large[i]), HEAP_FREED);
}

/* Pages behind [p, p + size) that are in memory. */
static unsigned
resident(const uint8_t *p, size_t size)
{
    unsigned char page[LARGE / 4096 + 2];
    uint64_t from = (uint64_t)p & ~0xfffull, to = ((uint64_t)p + size + 0xfff) & ~0xfffull;
    unsigned n = 0;

    CHECK_EQ(mincore((void *)from, to - from, page), 0);
    for (uint64_t i = 0; i < (to - from) / 4096; i++)
        n += page[i] & 1;
    return n;
}

TEST(heap, large_blocks_come_back_where_they_were_whatever_small_ones_did_meanwhile)
{
    uint8_t *was[LARGES];
    static void *slot[SLOTS];

    make_larges();
    memcpy(was, large, sizeof(was));
    free_larges();
    for (unsigned i = 0; i < SLOTS; i++)
        CHECK((slot[i] = heap_alloc(1000, 'tset')) != NULL);
    make_larges();
    for (unsigned i = 0; i < LARGES; i++)
        CHECK(large[i] == was[i]);
    for (unsigned i = 0; i < SLOTS; i++)
        CHECK_EQ(heap_free(slot[i]), HEAP_FREED);
    free_larges();
}

TEST(heap, pages_of_many_freed_large_blocks_go_back_but_for_the_pattern)
{
    unsigned pages = 0, before = 0;

    make_larges();
    for (unsigned i = 0; i < LARGES; i++)
        before += resident(large[i], LARGE);
    CHECK(before >= LARGES * (LARGE / 4096));
    free_larges();
    for (unsigned i = 0; i < LARGES; i++) {
        pages += resident(large[i], LARGE);
        CHECK_EQ(*(uint64_t *)large[i], HEAP_POISON_FREE);
    }
    CHECK(pages < before / 2);
    make_larges(); /* and they are memory again, with whole guards */
    for (unsigned i = 0; i < LARGES; i++)
        CHECK_EQ(large[i][LARGE - 1], i);
    free_larges();
}

/* What a driver allocates and frees per packet must cost no call of the system. */
TEST(heap, one_large_block_again_and_again_keeps_its_pages)
{
    uint8_t *first = heap_alloc(LARGE, 'tset');

    memset(first, 1, LARGE);
    CHECK_EQ(heap_free(first), HEAP_FREED);
    for (unsigned i = 0; i < 1000; i++) {
        uint8_t *p = heap_alloc(LARGE, 'tset');

        CHECK(p == first);
        CHECK_EQ(heap_free(p), HEAP_FREED);
        CHECK(resident(p, LARGE) >= LARGE / 4096);
    }
}

TEST(heap, a_dump_has_both_halves)
{
    void *small = heap_alloc(100, 'tset');
    uint8_t *big = heap_alloc(LARGE, 'tset');
    struct machine_range range[16];
    unsigned n = machine_ranges(range, 16), with = 0;

    for (unsigned i = 0; i < n; i++) {
        with += (uint64_t)small >= range[i].base && (uint64_t)small < range[i].base + range[i].size;
        with += (uint64_t)big >= range[i].base && (uint64_t)big + LARGE <= range[i].base + range[i].size;
        CHECK(i == 0 || range[i].base >= range[i - 1].base + range[i - 1].size);
    }
    CHECK_EQ(with, 2);
    CHECK(heap_find((uint64_t)big + 5) != NULL && heap_find((uint64_t)small) != NULL);
}

TEST_MAIN(TEST_CASE_WITH(heap, large_blocks_come_back_where_they_were_whatever_small_ones_did_meanwhile, begin, NULL),
          TEST_CASE(heap, pages_of_many_freed_large_blocks_go_back_but_for_the_pattern),
          TEST_CASE(heap, one_large_block_again_and_again_keeps_its_pages), TEST_CASE(heap, a_dump_has_both_halves))
