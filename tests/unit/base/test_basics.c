/* SPDX-License-Identifier: MIT */
/*
 * unit/base/test_basics.c - lists, hashes, generators, strings, UTF.
 */
#include "test.h"

#include "base/hash.h"
#include "base/list.h"
#include "base/prng.h"
#include "base/str.h"
#include "base/utf.h"

struct item {
    int value;
    struct list_node link;
};

TEST(list, keeps_insertion_order_and_survives_removal_while_walking)
{
    struct list list = LIST_INIT(list);
    struct item items[5];
    struct item *pos, *tmp;
    int expect = 0;

    for (int i = 0; i < 5; i++) {
        items[i].value = i;
        list_add_tail(&list, &items[i].link);
    }
    list_for_each (pos, &list, link)
        CHECK_EQ(pos->value, expect++);
    CHECK_EQ(expect, 5);
    list_for_each_safe (pos, tmp, &list, link)
        if (pos->value % 2)
            list_del(&pos->link);
    CHECK_EQ(list_count(&list), 3);
    CHECK(!list_linked(&items[1].link));
    list_del(&items[1].link); /* harmless */
    CHECK_EQ(list_entry(list_pop_head(&list), struct item, link)->value, 0);
    CHECK_EQ(list_entry(list_pop_tail(&list), struct item, link)->value, 4);
    CHECK_EQ(list_entry(list_first(&list), struct item, link)->value, 2);
    CHECK(list_next(&list, list_first(&list)) == NULL);
    list_del(&items[2].link);
    CHECK(list_empty(&list) && list_pop_head(&list) == NULL && list_last(&list) == NULL);
}

TEST(list, splice_moves_everything_to_the_end)
{
    struct list a = LIST_INIT(a), b = LIST_INIT(b);
    struct item items[4];
    struct item *pos;
    int expect = 0;

    for (int i = 0; i < 4; i++) {
        items[i].value = i;
        list_add_tail(i < 2 ? &a : &b, &items[i].link);
    }
    list_splice_tail(&a, &b);
    list_splice_tail(&a, &b);
    CHECK(list_empty(&b));
    list_for_each (pos, &a, link)
        CHECK_EQ(pos->value, expect++);
    CHECK_EQ(expect, 4);
    CHECK(list_last(&a) == &items[3].link);
}

TEST(hash, is_the_published_splitmix_and_depends_on_order_and_length)
{
    /* the first outputs of splitmix64 seeded with 0, as its author's page lists them */
    CHECK_EQ(hash_mix64(1 * HASH_GOLDEN), 0xe220a8397b1dcdafull);
    CHECK_EQ(hash_mix64(2 * HASH_GOLDEN), 0x6e789e6aa1b965f4ull);
    CHECK_NE(hash64_add(hash64_add(0, 1), 2), hash64_add(hash64_add(0, 2), 1));
    CHECK_NE(hash64_bytes(0, "\0", 1), hash64_bytes(0, "\0\0", 2));
    CHECK_EQ(hash64_string(7, "abcdefghij"), hash64_string(7, "abcdefghij"));
    CHECK_NE(hash64_string(7, "abcdefghij"), hash64_string(7, "abcdefghik"));
}

TEST(hash, of_memory_sees_every_byte_and_the_length)
{
    static const struct hash128 zero;
    unsigned char bytes[101] = { 0 };

    for (size_t len = 0; len < sizeof(bytes); len++) {
        struct hash128 plain = hash128_memory(zero, bytes, len);

        CHECK(!hash128_equal(plain, hash128_memory(zero, bytes, len + 1)));
        for (size_t i = 0; i < len * 8; i++) {
            bytes[i / 8] ^= (unsigned char)(1 << i % 8);
            CHECK(!hash128_equal(plain, hash128_memory(zero, bytes, len)));
            bytes[i / 8] ^= (unsigned char)(1 << i % 8);
        }
    }
}

/* A change of two words of one lane, 32 bytes apart, in their highest bits: what a rotation alone would let cancel. */
TEST(hash, of_memory_does_not_cancel_two_changes)
{
    static const struct hash128 zero;
    uint64_t word[8] = { 0 };
    struct hash128 plain = hash128_memory(zero, word, sizeof(word));

    for (unsigned a = 0; a < 64; a++)
        for (unsigned b = 0; b < 64; b++) {
            word[0] = 1ull << a;
            word[4] = 1ull << b;
            CHECK(!hash128_equal(plain, hash128_memory(zero, word, sizeof(word))));
        }
}

TEST(hash, words_of_128_bits_do_not_collide_and_join_commutes)
{
    struct hash128 zero = { 0, 0 };
    struct hash128 a = hash128_add(zero, 1), b = hash128_add(zero, 2);

    CHECK(!hash128_equal(a, b));
    CHECK(hash128_equal(hash128_join(a, b), hash128_join(b, a)));
    CHECK(!hash128_equal(hash128_add(a, 2), hash128_add(b, 1)));
    for (unsigned bit = 0; bit < 64; bit++) {
        struct hash128 c = hash128_add(zero, 1ull << bit);
        int lo = __builtin_popcountll(c.lo ^ hash128_add(zero, 0).lo);
        int hi = __builtin_popcountll(c.hi ^ hash128_add(zero, 0).hi);

        CHECK(lo > 10 && lo < 54 && hi > 10 && hi < 54);
    }
}

TEST(prng, numbered_draws_are_independent_of_each_other_and_bounded_draws_are_even)
{
    struct prng rng, again;
    unsigned seen[6] = { 0 };

    CHECK_EQ(prng_at(1, 5), prng_at(1, 5));
    CHECK_NE(prng_at(1, 5), prng_at(2, 5));
    CHECK_NE(prng_at(1, 5), prng_at(1, 6));
    prng_init(&rng, 42);
    prng_init(&again, 42);
    for (unsigned i = 0; i < 6000; i++) {
        uint64_t n = prng_below(&rng, 6);

        CHECK_EQ(n, prng_below(&again, 6));
        seen[n]++;
    }
    for (unsigned i = 0; i < 6; i++)
        CHECK(seen[i] > 850 && seen[i] < 1150);
    CHECK_EQ(prng_below(&rng, 0), 0);
    CHECK_EQ(prng_below(&rng, 1), 0);
}

TEST(str, compares_without_case_and_copies_within_bounds)
{
    char out[4];
    uint64_t n;

    CHECK(str_ieq("NDIS.SYS", "ndis.sys") && !str_ieq("ndis", "ndis.sys") && !str_ieq("ndis.sys", "ndis"));
    CHECK_EQ(str_ihash("NTOSKRNL"), str_ihash("ntoskrnl"));
    CHECK(str_istarts("Ndi\\Params", "ndi\\") && !str_istarts("Nd", "ndi"));
    CHECK(str_iends("a.SYS", ".sys") && !str_iends("s", ".sys"));
    CHECK_STR(str_leaf("a/b\\c.sys"), "c.sys");
    CHECK(!str_copy(out, sizeof(out), "abcd"));
    CHECK_STR(out, "abc");
    CHECK(str_copy(out, sizeof(out), "abc") && !str_copy(out, 0, ""));
    CHECK(str_to_u64("18446744073709551615", &n) && n == UINT64_MAX);
    CHECK(str_to_u64("0xFf", &n) && n == 255);
    CHECK(!str_to_u64("18446744073709551616", &n) && !str_to_u64("", &n) && !str_to_u64("1x", &n) &&
          !str_to_u64("0x", &n) && !str_to_u64("-1", &n));
}

TEST(utf, every_character_survives_the_round_trip)
{
    for (uint32_t c = 1; c <= 0x10ffff; c += c < 0x3000 ? 1 : 37) {
        char text[5] = { 0 };
        uint16_t units[3];
        char back[5];
        size_t len = utf8_encode(c, text);
        size_t used;

        if (c >= 0xd800 && c <= 0xdfff)
            continue;
        CHECK_EQ(utf8_decode(text, len, &used), c);
        CHECK_EQ(used, len);
        CHECK_EQ(utf8_to_utf16(text, len, units, 3), c >= 0x10000 ? 2 : 1);
        CHECK_EQ(utf16_to_utf8(units, c >= 0x10000 ? 2 : 1, back, sizeof(back)), len);
        CHECK_STR(back, text);
    }
}

TEST(utf, bad_input_becomes_replacement_characters)
{
    static const char *const bad[] = { "\x80", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                       "\xff", "\xe2\x82", "\xc3" };
    size_t used;

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_EQ(utf8_decode(bad[i], strlen(bad[i]), &used), UTF_REPLACEMENT);
        CHECK_EQ(used, 1);
    }
    CHECK_EQ(utf16_decode((uint16_t[]){ 0xdc00, 0xd800 }, 2, &used), UTF_REPLACEMENT);
    CHECK_EQ(utf16_decode((uint16_t[]){ 0xd800, 'a' }, 2, &used), UTF_REPLACEMENT);
    CHECK_EQ(used, 1);
}

TEST(utf, results_are_cut_between_characters)
{
    char out[4];
    uint16_t units[2];

    CHECK_EQ(utf16_to_utf8(u"a\u20acb", 3, out, sizeof(out)), 5);
    CHECK_STR(out, "a");
    CHECK_EQ(utf8_to_utf16("\xf0\x9f\x98\x80z", 5, units, 2), 3);
    CHECK_EQ(units[0], 0);
    CHECK_EQ(utf16_upper('a'), 'A');
    CHECK_EQ(utf16_upper(0xe4), 0xc4);
    CHECK_EQ(utf16_upper(0xf7), 0xf7);
    CHECK_EQ(utf16_upper(0x44f), 0x42f);
}

TEST_MAIN(TEST_CASE(list, keeps_insertion_order_and_survives_removal_while_walking),
          TEST_CASE(list, splice_moves_everything_to_the_end),
          TEST_CASE(hash, is_the_published_splitmix_and_depends_on_order_and_length),
          TEST_CASE(hash, of_memory_sees_every_byte_and_the_length),
          TEST_CASE(hash, of_memory_does_not_cancel_two_changes),
          TEST_CASE(hash, words_of_128_bits_do_not_collide_and_join_commutes),
          TEST_CASE(prng, numbered_draws_are_independent_of_each_other_and_bounded_draws_are_even),
          TEST_CASE(str, compares_without_case_and_copies_within_bounds),
          TEST_CASE(utf, every_character_survives_the_round_trip),
          TEST_CASE(utf, bad_input_becomes_replacement_characters), TEST_CASE(utf, results_are_cut_between_characters))
