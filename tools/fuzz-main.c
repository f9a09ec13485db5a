/* SPDX-License-Identifier: MIT */
/*
 * tools/fuzz-main.c - runs a fuzz target over a corpus once, without libFuzzer.
 *
 * Arguments are files or folders. Used where the compiler has no libFuzzer, and as a test that
 * inputs which once failed stay fixed.
 */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned files;

static void
run_file(const char *path, size_t size)
{
    /* exactly size bytes: an overread is then seen by ASan */
    uint8_t *bytes = malloc(size ? size : 1);
    FILE *file = fopen(path, "rb");

    if (bytes == NULL || file == NULL || fread(bytes, 1, size, file) != size) {
        fprintf(stderr, "fuzz-main: cannot read %s\n", path);
        exit(1);
    }
    fclose(file);
    LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    files++;
}

static void
run_path(const char *path)
{
    struct stat st;
    struct dirent **names = NULL;
    int count;

    if (stat(path, &st) != 0) {
        fprintf(stderr, "fuzz-main: no %s\n", path);
        exit(1);
    }
    if (!S_ISDIR(st.st_mode)) {
        run_file(path, (size_t)st.st_size);
        return;
    }
    count = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char *child = NULL;

        if (names[i]->d_name[0] != '.' && asprintf(&child, "%s/%s", path, names[i]->d_name) > 0)
            run_path(child);
        free(child);
        free(names[i]);
    }
    free(names);
}

int
main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run_path(argv[i]);
    printf("%u inputs\n", files);
    return files == 0;
}
