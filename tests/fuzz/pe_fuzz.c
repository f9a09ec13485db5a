/* SPDX-License-Identifier: MIT */
/*
 * fuzz/pe_fuzz.c - no file can crash the loader.
 *
 * Feeds image_inspect(), which goes through every parser of image_load() and plans every patch. Mutations are
 * libFuzzer's and, every other time, one of the changes of pe_base.h (a field set to 0, its maximum, one more, one
 * less). With --write-seeds DIR as the first argument the program writes one file for each of those changes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "image/image.h"
#include "pe_base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct image *im;
    struct image_error err;

    if (image_inspect(data, size, "fuzz.sys", &im, &err) != 0) {
        if (err.text[0] == 0)
            abort(); /* every refusal says why */
        return 0;
    }
    image_export(im, "Alpha");
    image_export(im, "#2");
    image_free(im);
    return 0;
}

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    if (size < PE_BASE_SIZE && max >= PE_BASE_SIZE && seed % 64 == 0) {
        pe_base(data);
        size = PE_BASE_SIZE;
    }
    if (size >= PE_BASE_SIZE && seed % 2) {
        uint32_t i = seed / 2 % 24576;

        while (!pe_change(data, i))
            i /= 2;
        return size;
    }
    return LLVMFuzzerMutate(data, size, max);
}
#endif

static void
write_seed(const char *dir, const char *name, uint32_t number, const uint8_t *bytes)
{
    char path[512];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s-%05u", dir, name, number);
    f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, PE_BASE_SIZE, f) != PE_BASE_SIZE)
        exit(1);
    fclose(f);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    uint8_t b[PE_BASE_SIZE];

    if (*argc < 3 || strcmp((*argv)[1], "--write-seeds") != 0)
        return 0;
    pe_base(b);
    write_seed((*argv)[2], "base", 0, b);
    for (uint32_t i = 0;; i++) {
        pe_base(b);
        if (!pe_change(b, i))
            break;
        write_seed((*argv)[2], "field", i, b);
    }
    exit(0);
}
