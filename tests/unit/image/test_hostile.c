/* SPDX-License-Identifier: MIT */
/* Files that lie: each field of a small image set to what hurts most, and the sentences users get. */
#include "test.h"

#include <errno.h>

#include "../../fuzz/pe_base.h"
#include "image/image.h"

static uint8_t base[PE_BASE_SIZE];

static int
inspect(const uint8_t *bytes, size_t len, struct image_error *err)
{
    struct image *im;
    int rc = image_inspect(bytes, len, "d.sys", &im, err);

    if (rc == 0)
        image_free(im);
    else
        CHECK(err->text[0] != 0 && im == NULL);
    return rc;
}

TEST(hostile, the_unchanged_image_is_understood)
{
    struct image *im;
    struct image_error err;

    pe_base(base);
    if (image_inspect(base, sizeof(base), "folder/Base.SYS", &im, &err) != 0)
        fail_msg("%s", err.text);
    CHECK_STR(im->file, "Base.SYS");
    CHECK_STR(im->name, "base");
    CHECK_STR(im->version, "6.1.2.3");
    CHECK_STR(im->pdb_name, "d.pdb");
    CHECK_EQ(im->import_count, 4);
    CHECK_STR(im->imports[0].name, "DbgPrint");
    CHECK_STR(im->imports[1].name, "#7");
    CHECK_EQ(im->facts, IMAGE_SIGNED | IMAGE_TLS | IMAGE_CFG | IMAGE_COOKIE | IMAGE_DELAY);
    CHECK_EQ(image_export(im, "Alpha"), im->base + 0x1000);
    CHECK_EQ(image_export(im, "#1"), im->base + 0x1000);
    CHECK_EQ(image_export(im, "Gamma"), 0);
    CHECK_EQ(im->site_count, 9); /* lock, cr8 read and write, pause, shared data, rdtsc; the leaf: lock, cpuid, cli */
    image_free(im);
}

TEST(hostile, every_field_may_hold_anything)
{
    uint8_t changed[PE_BASE_SIZE];
    struct image_error err;
    unsigned refused = 0, i;

    pe_base(base);
    for (i = 0;; i++) {
        memcpy(changed, base, sizeof(base));
        if (!pe_change(changed, i))
            break;
        refused += inspect(changed, sizeof(changed), &err) != 0;
    }
    CHECK(i > 10000);
    CHECK(refused > 500 && refused < i);
}

TEST(hostile, a_file_may_end_anywhere)
{
    struct image_error err;

    pe_base(base);
    for (size_t len = 0; len < sizeof(base); len++) {
        uint8_t *cut = malloc(len ? len : 1); /* exactly as long: an overread is seen by ASan */

        memcpy(cut, base, len);
        inspect(cut, len, &err);
        free(cut);
    }
}

static void
says(uint32_t at, uint32_t v, unsigned size, const char *words)
{
    uint8_t changed[PE_BASE_SIZE];
    struct image_error err;

    pe_base(changed);
    memcpy(changed + at, &v, size);
    CHECK_EQ(inspect(changed, sizeof(changed), &err), -ENOEXEC);
    if (!strstr(err.text, words))
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

TEST(hostile, refusals_say_what_to_do)
{
    says(0, 'Z', 1, "does not begin with MZ");
    says(PE_NT + 4, 0x14c, 2, "32-bit (x86) driver: build it for x64");
    says(PE_NT + 4, 0xaa64, 2, "ARM64 driver: build it for x64");
    says(PE_OPT, 0x10b, 2, "32-bit (PE32)");
    says(PE_OPT + 16, 0, 4, "no entry point");
    says(PE_OPT + 16, 0x3000, 4, "not in code");
    says(PE_OPT + 56, 0x7fffffff, 4, "up to 12 MB");
    says(PE_SECTIONS + 40 + 12, 0x1000, 4, "overlaps");
    says(PE_RELOC + 8, 0x3020, 2, "relocation type 3");
}

TEST_MAIN(TEST_CASE(hostile, the_unchanged_image_is_understood), TEST_CASE(hostile, every_field_may_hold_anything),
          TEST_CASE(hostile, a_file_may_end_anywhere), TEST_CASE(hostile, refusals_say_what_to_do))
