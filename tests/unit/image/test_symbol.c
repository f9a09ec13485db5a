/* SPDX-License-Identifier: MIT */
/* Functions and lines from DWARF (mingw) and from a PDB (clang), beside the image and elsewhere. */
#include "build.h"

#include <errno.h>

#include "image/image.h"

static const char source[] = "__declspec(dllimport) void Callee(int);\n"                                         /* 1 */
                             "__attribute__((noinline)) int first(int x)\n"                                      /* 2 */
                             "{\n"                                                                               /* 3 */
                             "    Callee(x);\n"                                                                  /* 4 */
                             "    return x * 3;\n"                                                               /* 5 */
                             "}\n"                                                                               /* 6 */
                             "__attribute__((noinline)) int second(int x) { Callee(x); return first(x) + 1; }\n" /* 7 */
                             "int DriverEntry(int x) { return second(x) + first(x); }\n";                        /* 8 */

static void
resolves(enum compiler compiler, const char *name, bool move_pdb)
{
    struct image *im;
    struct image_error err;
    struct symbol s[16];
    uint32_t rva[16];
    char path[512], folder[512] = "";
    unsigned n = 0, seen = 0;
    size_t len;
    uint8_t *bytes;

    if (!build_have("llvm-symbolizer-19") && !build_have("llvm-symbolizer"))
        SKIP("no llvm-symbolizer");
    bytes = build_driver(compiler, name, source, "Callee", "-O1 -fno-optimize-sibling-calls", &len, path);
    if (!bytes)
        SKIP("no such compiler");
    if (image_inspect(bytes, len, path, &im, &err) != 0)
        fail_msg("%s", err.text);
    free(bytes);
    if (move_pdb) {
        snprintf(folder, sizeof(folder), "%s/symbols", build_dir);
        CHECK(build_run("mkdir -p %s && mv %s/%s.pdb %s", folder, build_dir, name, folder));
    }
    rva[n++] = 0x50; /* no code: nothing is known, and it puts nobody out */
    for (uint32_t at = 0x1000; n < 16 && at < 0x1060; at += 6)
        rva[n++] = at;
    CHECK_EQ(symbols_resolve(path, move_pdb ? folder : NULL, rva, n, s), 0);
    CHECK_STR(s[0].function, "");
    CHECK_EQ(s[0].line, 0);
    for (unsigned i = 0; i < n; i++) {
        if (s[i].line == 0) /* padding between functions */
            continue;
        if (strcmp(s[i].function, "first") == 0) {
            seen |= 1;
            CHECK(s[i].line >= 2 && s[i].line <= 6 && s[i].offset < 0x40);
        } else if (strcmp(s[i].function, "second") == 0) {
            seen |= 2;
            CHECK_EQ(s[i].line, 7);
        } else if (strcmp(s[i].function, "DriverEntry") == 0) {
            seen |= 4;
            CHECK_EQ(s[i].line, 8);
        }
        CHECK(strstr(s[i].file, name) != NULL);
    }
    CHECK_EQ(seen, 7);
    image_free(im);
}

/*
 * A helper taken in line and one that was not, both from a header of the DDK; and an in-line function of the author's
 * own, from a header beside his source.
 */
static const char helped[] = "#line 1 \"/kit/ddk/wdm.h\"\n"
                             "__declspec(dllimport) void Callee(int);\n"
                             "static inline __attribute__((always_inline)) int Link(int *p)\n"
                             "{ p[1] = p[0] / p[2]; Callee(p[1]); return p[3]; }\n"
                             "__attribute__((noinline)) int Unlink(int *p) { Callee(p[4]); return p[0]; }\n"
                             "#line 1 \"/home/author/own.h\"\n"
                             "static inline __attribute__((always_inline)) int Own(int *p)\n"
                             "{ Callee(p[7]); return p[6] / p[8]; }\n"
                             "#line 1 \"/home/author/own.c\"\n"
                             "__attribute__((noinline)) int User(int *p)\n"
                             "{\n"
                             "    return Link(p);\n" /* 3 */
                             "}\n"
                             "int DriverEntry(int *p) { return User(p) + Unlink(p) + Own(p); }\n"; /* 5 */

static void
blames_the_author(enum compiler compiler, const char *name, const char *flags)
{
    enum { USER = 1, UNLINK = 2, OWN = 4, ENTRY = 8, USES_LINK = 16 };
    static struct symbol s[0x200];
    uint32_t rva[0x200];
    char path[512];
    unsigned seen = 0;
    uint8_t *bytes;
    size_t len;

    if (!build_have("llvm-symbolizer-19") && !build_have("llvm-symbolizer"))
        SKIP("no llvm-symbolizer");
    bytes = build_driver(compiler, name, helped, "Callee", flags, &len, path);
    if (!bytes)
        SKIP("no such compiler");
    free(bytes);
    for (uint32_t i = 0; i < 0x200; i++)
        rva[i] = 0x1000 + i;
    CHECK_EQ(symbols_resolve(path, NULL, rva, 0x200, s), 0);
    for (unsigned i = 0; i < 0x200; i++) {
        if (s[i].line == 0 || s[i].function[0] == 0) /* padding */
            continue;
        CHECK(strcmp(s[i].function, "Link") != 0); /* part of who uses it */
        CHECK_EQ(s[i].ddk, strcmp(s[i].function, "Unlink") == 0);
        if (s[i].ddk) {
            seen |= UNLINK;
        } else if (strcmp(s[i].function, "Own") == 0) {
            seen |= OWN;
            CHECK(strstr(s[i].file, "own.h") != NULL);
        } else {
            seen |= strcmp(s[i].function, "User") == 0 ? USER : ENTRY;
            CHECK(strstr(s[i].file, "own.c") != NULL);
            if (s[i].line == 3)
                seen |= USES_LINK;
        }
    }
    CHECK_EQ(seen, USER | UNLINK | OWN | ENTRY | USES_LINK);
}

TEST(symbol, helpers_of_the_ddk_are_their_users_by_dwarf)
{
    blames_the_author(MINGW, "helpdwarf0", "-O0");
    blames_the_author(MINGW, "helpdwarf2", "-O2");
}

TEST(symbol, helpers_of_the_ddk_are_their_users_by_pdb)
{
    blames_the_author(CLANG, "helppdb0", "-O0");
    blames_the_author(CLANG, "helppdb2", "-O2");
}

TEST(symbol, lines_from_dwarf)
{
    resolves(MINGW, "symdwarf", false);
}

TEST(symbol, lines_from_pdb_beside_the_image)
{
    resolves(CLANG, "sympdb", false);
}

TEST(symbol, lines_from_pdb_in_the_symbol_path)
{
    resolves(CLANG, "sympath", true);
}

TEST(symbol, missing_image_is_an_error)
{
    struct symbol s;
    uint32_t rva = 0x1000;

    CHECK_EQ(symbols_resolve("no/such/file.sys", NULL, &rva, 1, &s), -ENOENT);
}

BUILD_TEST_MAIN(TEST_CASE(symbol, lines_from_dwarf), TEST_CASE(symbol, lines_from_pdb_beside_the_image),
                TEST_CASE(symbol, lines_from_pdb_in_the_symbol_path), TEST_CASE(symbol, missing_image_is_an_error),
                TEST_CASE(symbol, helpers_of_the_ddk_are_their_users_by_dwarf),
                TEST_CASE(symbol, helpers_of_the_ddk_are_their_users_by_pdb))
