/* SPDX-License-Identifier: MIT */
/*
 * unit/image/build.h - drivers compiled while the test runs, with the compilers that users have.
 *
 * A source imports from ntoskrnl.exe what `exports` names. Where a compiler is lacking build_driver() says so and
 * the test is skipped.
 */
#ifndef UNIT_IMAGE_BUILD_H
#define UNIT_IMAGE_BUILD_H

#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/host.h"
#include "test.h"

enum compiler { MINGW, CLANG };

static char build_dir[256];

static inline bool
build_have(const char *program)
{
    char command[128];

    snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", program);
    return system(command) == 0;
}

static inline bool
build_run(const char *format, ...)
{
    char command[2048];
    va_list args;

    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    if (system(command) == 0)
        return true;
    print_message("failed: %s\n", command);
    return false;
}

static inline void
build_write(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    fputs(text, f);
    fclose(f);
}

/*
 * Compile source into name.sys. exports: lines of a .def file. flags: for the compiler. Returns the file's bytes
 * (malloc'd), path in path[]; NULL: the compiler is lacking.
 */
static inline uint8_t *
build_driver(enum compiler compiler, const char *name, const char *source, const char *exports, const char *flags,
             size_t *len, char path[512])
{
    char base[400], def[512];
    uint8_t *bytes = NULL;

    if (compiler == MINGW && (!build_have("x86_64-w64-mingw32-gcc") || !build_have("x86_64-w64-mingw32-dlltool")))
        return NULL;
    if (compiler == CLANG && (!build_have("clang-19") || !build_have("lld-link-19") || !build_have("llvm-dlltool-19")))
        return NULL;
    if (!build_dir[0])
        snprintf(build_dir, sizeof(build_dir), "%s/tests/image-%d", UNDIS_BUILD_DIR, (int)getpid());
    build_run("mkdir -p %s", build_dir);
    snprintf(base, sizeof(base), "%s/%s", build_dir, name);
    snprintf(path, 512, "%s.sys", base);
    snprintf(def, sizeof(def), "%s.c", base);
    build_write(def, source);
    snprintf(def, sizeof(def), "%s.def", base);
    {
        FILE *f = fopen(def, "w");

        fprintf(f, "LIBRARY ntoskrnl.exe\nEXPORTS\n%s\n", exports);
        fclose(f);
    }
    if (compiler == MINGW) {
        CHECK(build_run("x86_64-w64-mingw32-dlltool -d %s -l %s.a", def, base));
        CHECK(build_run("x86_64-w64-mingw32-gcc %s -g -nostdlib -ffreestanding -mno-stack-arg-probe -shared "
                        "-Wl,--subsystem,native -Wl,-e,DriverEntry -o %s %s.c %s.a",
                        flags, path, base, base));
    } else {
        CHECK(build_run("llvm-dlltool-19 -m i386:x86-64 -d %s -l %s.lib", def, base));
        CHECK(build_run("clang-19 -target x86_64-pc-windows-msvc -g -gcodeview -ffreestanding -fms-extensions "
                        "-fasynchronous-unwind-tables -mno-stack-arg-probe %s -c -o %s.obj %s.c",
                        flags, base, base));
        CHECK(build_run("lld-link-19 /driver /subsystem:native /entry:DriverEntry /nodefaultlib /debug /pdb:%s.pdb "
                        "/out:%s %s.obj %s.lib",
                        base, path, base, base));
    }
    CHECK_EQ(host_read_file(path, &bytes, len), 0);
    return bytes;
}

static inline int
build_clean(void **state)
{
    (void)state;
    if (build_dir[0])
        build_run("rm -rf %s", build_dir);
    return 0;
}

#define BUILD_TEST_MAIN(...)                                     \
    int main(void)                                               \
    {                                                            \
        const struct CMUnitTest tests[] = { __VA_ARGS__ };       \
                                                                 \
        return cmocka_run_group_tests(tests, NULL, build_clean); \
    }

#endif
