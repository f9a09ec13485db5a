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
    for (uint32_t at = 0x1000; n < 16 && at < 0x1060; at += 6)
        rva[n++] = at;
    CHECK_EQ(symbols_resolve(path, move_pdb ? folder : NULL, rva, n, s), 0);
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
                TEST_CASE(symbol, lines_from_pdb_in_the_symbol_path), TEST_CASE(symbol, missing_image_is_an_error))
