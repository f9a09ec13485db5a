/* SPDX-License-Identifier: MIT */
/* Every case of a switch over control codes is found, whatever a compiler makes of the switch. */
#include "build.h"

#include "image/image.h"
#include "image/ioctls.h"
#include "machine/testing.h"

/* Six codes in a row, four with holes between, one with another method, and two far away. */
static const uint32_t codes[] = { 0x122400, 0x122404, 0x122408, 0x12240c, 0x122410, 0x122414, 0x222000,
                                  0x222008, 0x222020, 0x222034, 0x22203b, 0x80002004, 0x8000a010 };
#define CODES (sizeof(codes) / sizeof(codes[0]))

static void
finds_all(enum compiler compiler, const char *name, const char *flags)
{
    char source[4096], path[512];
    struct image *image;
    struct image_error err;
    uint32_t found[64];
    size_t len, n = 0;
    unsigned count;
    uint8_t *bytes;

    n += (size_t)snprintf(source, sizeof(source), "__declspec(dllimport) int Callee(int);\nvolatile int sink;\n");
    for (unsigned part = 0; part < 3; part++) { /* a dense switch, a sparse one, and one of two cases */
        static const unsigned first[] = { 0, 6, 11, CODES };

        n += (size_t)snprintf(source + n, sizeof(source) - n,
                              "__attribute__((noinline)) int part%u(unsigned code, int x)\n{\n    switch (code) {\n",
                              part);
        for (unsigned i = first[part]; i < first[part + 1]; i++)
            n += (size_t)snprintf(source + n, sizeof(source) - n, "    case 0x%xu: %s break;\n", codes[i],
                                  i % 3 == 0   ? "x = Callee(x + 7);"
                                  : i % 3 == 1 ? "x *= sink; Callee(3);"
                                               : "sink = x; Callee(x); return 5;");
        n += (size_t)snprintf(source + n, sizeof(source) - n, "    default: return -1;\n    }\n    return x;\n}\n");
    }
    snprintf(source + n, sizeof(source) - n,
             "int DriverEntry(unsigned c, int x) { return part0(c, x) + part1(c, x) + part2(c, x); }\n");
    bytes = build_driver(compiler, name, source, "Callee", flags, &len, path);
    if (!bytes)
        SKIP("no such compiler");
    if (image_load(bytes, len, path, path, &image, &err) != 0)
        fail_msg("%s", err.text);
    free(bytes);
    count = image_find_ioctls(image, found, 64);
    for (unsigned i = 0; i < CODES; i++) {
        bool seen = false;

        for (unsigned k = 0; k < count; k++)
            seen |= found[k] == codes[i];
        if (!seen)
            fail_msg("%s %s: 0x%x is not found", name, flags, codes[i]);
    }
}

TEST(ioctls, switch_built_by_gcc)
{
    machine_start(1);
    image_init();
    finds_all(MINGW, "ioctl_gcc0", "-O0");
    finds_all(MINGW, "ioctl_gcc1", "-O1");
    finds_all(MINGW, "ioctl_gcc2", "-O2");
    finds_all(MINGW, "ioctl_gccs", "-Os");
}

TEST(ioctls, switch_built_by_clang)
{
    finds_all(CLANG, "ioctl_clang0", "-O0");
    finds_all(CLANG, "ioctl_clang1", "-O1");
    finds_all(CLANG, "ioctl_clang2", "-O2");
    finds_all(CLANG, "ioctl_clangs", "-Os");
}

BUILD_TEST_MAIN(TEST_CASE(ioctls, switch_built_by_gcc), TEST_CASE(ioctls, switch_built_by_clang))
