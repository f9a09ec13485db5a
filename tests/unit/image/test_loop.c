/* SPDX-License-Identifier: MIT */
/* Which back edges a sample in a loop asks for. */
#include "build.h"

#include "image/image.h"
#include "machine/testing.h"

/*
 * Offsets from the entry: two loops, one in the other, [0..5] and [1..2], call nobody; [0..12] around them calls.
 */
static const char source[] = "__asm__(\".text\\n.globl DriverEntry\\n.def DriverEntry; .scl 2; .type 32; .endef\\n\"\n"
                             "\".seh_proc DriverEntry\\nDriverEntry:\\n.seh_endprologue\\n\"\n"
                             "\"nop\\n1: nop\\njz 1b\\nnop\\njnz DriverEntry\\n\"\n"
                             "\"call helper\\n.byte 0xeb, 0xf2\\nret\\n.seh_endproc\\nhelper: ret\\n\");\n";

#define INNER  2u
#define MIDDLE 5u
#define OUTER  12u
#define BEHIND 14u

static struct image *
load(void)
{
    static struct image *image;
    struct image_error err;
    char path[512];
    uint8_t *bytes;
    size_t len;

    if (image)
        return image;
    bytes = build_driver(MINGW, "loop", source, "Unused", "-O1", &len, path);
    if (!bytes)
        return NULL;
    machine_start(1);
    image_init();
    if (image_load(bytes, len, path, path, &image, &err) != 0)
        fail_msg("%s", err.text);
    free(bytes);
    return image;
}

#define NEED_COMPILER(image)      \
    do {                          \
        if (!(image))             \
            SKIP("no mingw gcc"); \
    } while (0)

static bool
has(const struct planted_list *list, uint64_t address)
{
    struct image *im = image_find(address);

    for (uint32_t i = 0; i < list->count; i++)
        if (im->base + list->at[i].rva == address && list->at[i].kind == SITE_BACK_EDGE)
            return true;
    return false;
}

TEST(loop, wherever_a_silent_nest_is_hit_the_same_edges_are_planted)
{
    struct image *im = load();

    NEED_COMPILER(im);
    for (unsigned at = 0; at <= MIDDLE; at++) {
        struct planted_list list = { 0 };

        if (at == 3 || at == 6)
            continue; /* inside an instruction: no sample lands there */
        CHECK_EQ(image_plant_loops(im->entry + at, false, &list), 2);
        CHECK(has(&list, im->entry + INNER));
        CHECK(has(&list, im->entry + MIDDLE));
        CHECK_EQ(image_plant_loops(im->entry + at, false, &list), 0);
    }
}

TEST(loop, around_a_call_the_innermost_is_planted)
{
    struct image *im = load();
    struct planted_list list = { 0 };

    NEED_COMPILER(im);
    CHECK_EQ(image_plant_loops(im->entry + OUTER, true, &list), 1); /* the call's return address */
    CHECK(has(&list, im->entry + OUTER));
}

TEST(loop, outside_any_loop_nothing_is_planted)
{
    struct image *im = load();
    struct planted_list list = { 0 };

    NEED_COMPILER(im);
    CHECK_EQ(image_plant_loops(im->entry + BEHIND, false, &list), -1);
    CHECK_EQ(image_plant_loops(LAYOUT_PSEUDO_BASE, false, &list), -1);
    CHECK_EQ(list.count, 0);
}

BUILD_TEST_MAIN(TEST_CASE(loop, wherever_a_silent_nest_is_hit_the_same_edges_are_planted),
                TEST_CASE(loop, around_a_call_the_innermost_is_planted),
                TEST_CASE(loop, outside_any_loop_nothing_is_planted))
