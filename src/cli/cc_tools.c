/* SPDX-License-Identifier: MIT */
/*
 * cli/cc_tools.c - the two tool chains of `undis cc` (cc_tools.h): their flags, how they are run, what they made.
 * Start reading at: cc_compile(), cc_link().
 */
#include "cli/cc_tools.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/str.h"
#include "cli/redeclare.h"

extern char **environ;

/* What every source is compiled with; the comment says why where it is not plain. */
static const char *const flags_common[] = {
    "-g",
    "-ffreestanding",
    "-fms-extensions",
    "-fno-strict-aliasing",         /* MSVC has none, and driver sources rely on that */
    "-fno-optimize-sibling-calls",  /* a tail jump would show the caller's line as the failing call */
    "-fasynchronous-unwind-tables", /* without it clang gives C functions no .pdata */
    "-fno-stack-protector",
    "-mno-stack-arg-probe", /* the stack is never grown by touching it: no probe needed */
    "-Wno-unknown-pragmas", /* alloc_text, warning, prefast */
    "-Wno-multichar",       /* pool tags */
};

static const char *const flags_kernel[] = { "-D_KERNEL_MODE=1" };

/* Of a kernel there is no C++ run time: no exceptions thrown, no type information, no guards of statics. */
static const char *const flags_cxx[] = {
    "-std=gnu++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-fno-use-cxa-atexit",
};

static const char *const flags_c[] = { "-std=gnu11" };

/* documented: MSVC warns of these where the compilers of today refuse; sources of drivers have them. */
#define LENIENT(name) "-Wno-error=" name
static const char *const flags_clang[] = {
    "-target",
    "x86_64-pc-windows-msvc",
    "-nostdlibinc",
    "-fasync-exceptions",
    LENIENT("implicit-int"),
    LENIENT("implicit-function-declaration"),
    LENIENT("int-conversion"),
    LENIENT("incompatible-function-pointer-types"),
    LENIENT("invalid-token-paste"),
};

/*
 * Only hooks before plain accesses; what is atomic stays an instruction. gcc has no switch for the latter: it would
 * turn each Interlocked operation into a call.
 */
static const char *const flags_race[] = {
    "-Xclang", "-fsanitize=thread",
    "-mllvm",  "-tsan-instrument-atomics=0",
    "-mllvm",  "-tsan-instrument-func-entry-exit=0",
    "-mllvm",  "-tsan-instrument-memintrinsics=0",
    "-mllvm",  "-tsan-instrument-read-before-write=1",
};

/* Indirect calls go through a pointer (CC_GUARD_SOURCE). */
static const char *const flags_guard[] = { "-Xclang", "-cfguard" };

/*
 * Calls before each access, as a kernel's address sanitizer has them (src/nt/ex/kasan.c), none for locals and globals:
 * these would need shadow memory.
 */
static const char *const flags_sanitize_gcc[] = {
    "-fsanitize=kernel-address",
    "--param=asan-instrumentation-with-call-threshold=0",
    "--param=asan-stack=0",
    "--param=asan-globals=0",
};
static const char *const flags_sanitize_clang[] = {
    "-Xclang", "-fsanitize=kernel-address", "-mllvm", "-asan-instrumentation-with-call-threshold=0",
    "-mllvm",  "-asan-recover=1",           "-mllvm", "-asan-stack=0",
    "-mllvm",  "-asan-globals=0",           "-mllvm", "-asan-constructor-kind=none",
};

/* A call at the beginning of each block (src/image/cover.h). */
static const char *const flags_coverage_gcc[] = { "-fsanitize-coverage=trace-pc" };
static const char *const flags_coverage_clang[] = {
    "-Xclang", "-fsanitize-coverage-type=3",         "-Xclang", "-fsanitize-coverage-trace-pc",
    "-mllvm",  "-sanitizer-coverage-prune-blocks=0",
};

/* No DLL, imports only by declaration, relocatable, exports nothing. */
static const char *const link_gcc[] = {
    "-nostdlib",
    "-Wl,--subsystem,native",
    "-Wl,--entry,DriverEntry",
    "-Wl,--image-base,0x140000000",
    "-Wl,--dynamicbase",
    "-Wl,--nxcompat",
    "-Wl,--exclude-all-symbols",
    "-Wl,--disable-auto-import",
    "-Wl,--disable-runtime-pseudo-reloc",
    "-Wl,--no-insert-timestamp",
};

/* Said after the options of drivers, which they replace. */
static const char *const link_gcc_program[] = { "-Wl,--subsystem,console", "-Wl,--entry,mainCRTStartup" };
static const char *const link_lld_program[] = {
    "/nologo", "/subsystem:console", "/entry:mainCRTStartup", "/release", "/nodefaultlib", "/dynamicbase", "/nxcompat",
    "/Brepro",
};

/* /Brepro makes the time stamp a hash, /release sets the checksum. */
static const char *const link_lld[] = {
    "/nologo",      "/driver",   "/subsystem:native", "/entry:DriverEntry", "/release", "/nodefaultlib",
    "/dynamicbase", "/nxcompat", "/Brepro",
};

static const char *const import_libraries[] = { "ntoskrnl", "hal", "ndis", "netio" };

void
args_add(struct args *args, const char *format, ...)
{
    char *text = NULL;
    va_list list;

    va_start(list, format);
    if (vasprintf(&text, format, list) < 0)
        abort();
    va_end(list);
    args->v = realloc(args->v, (args->count + 2) * sizeof(*args->v));
    if (args->v == NULL)
        abort();
    args->v[args->count++] = text;
    args->v[args->count] = NULL;
}

static void
args_add_all(struct args *args, const char *const *more, size_t count)
{
    for (size_t i = 0; i < count; i++)
        args_add(args, "%s", more[i]);
}

static void
args_join(struct args *args, const struct args *more)
{
    args_add_all(args, (const char *const *)more->v, more->count);
}

void
args_fini(struct args *args)
{
    for (unsigned i = 0; i < args->count; i++)
        free(args->v[i]);
    free(args->v);
    *args = (struct args){ 0 };
}

/* Print a command so that a shell would read it back. */
static void
show_command(const struct args *args)
{
    for (unsigned i = 0; i < args->count; i++) {
        const char *at = args->v[i];

        if (i > 0)
            fputc(' ', stderr);
        if (*at &&
            strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%") == strlen(at)) {
            fputs(at, stderr);
            continue;
        }
        fputc('\'', stderr);
        for (; *at; at++)
            *at == '\'' ? fputs("'\\''", stderr) : fputc(*at, stderr);
        fputc('\'', stderr);
    }
    fputc('\n', stderr);
}

/*
 * Run a command; programs are the names to try in its first place, NULL terminated. said: where its stderr goes; NULL:
 * to ours. 0, 1 when it failed, EXIT_INPUT when there is no such program (said, with the package that has it).
 */
static int
run_to(const struct cc *cc, struct args *args, const char *const *programs, const char *package, const char *said)
{
    posix_spawn_file_actions_t actions;
    int status;
    int err = ENOENT;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    if (said != NULL)
        posix_spawn_file_actions_addopen(&actions, 2, said, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (unsigned i = 0; programs[i] != NULL && err == ENOENT; i++) {
        free(args->v[0]);
        args->v[0] = strdup(programs[i]);
        err = posix_spawnp(&pid, programs[i], &actions, NULL, args->v, environ);
    }
    posix_spawn_file_actions_destroy(&actions);
    if (err) {
        fprintf(stderr, "undis cc: cannot run %s: %s (Debian package %s)\n", programs[0],
                err == ENOENT ? "it is not installed" : strerror(err), package);
        return EXIT_INPUT;
    }
    if (cc->verbose)
        show_command(args);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

static int
run(const struct cc *cc, struct args *args, const char *const *programs, const char *package)
{
    return run_to(cc, args, programs, package, NULL);
}

/* The checksum of a PE image, as link.exe /release and every kernel-mode image has it. documented: ImageHlp. */
static uint32_t
pe_checksum(const uint8_t *image, size_t size, size_t field)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < size; i += 2) {
        if (i == field || i == field + 2)
            continue;
        sum += image[i] | (i + 1 < size ? (uint32_t)image[i + 1] << 8 : 0);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum + (uint32_t)size;
}

/* Give the image a time stamp made of its contents, and its checksum. 0 or -errno. */
static int
stamp_image(const char *path)
{
    FILE *file = fopen(path, "r+b");
    uint8_t *image = NULL;
    struct stat st;
    uint32_t pe, word;
    int err = -EIO;

    if (file == NULL)
        return -errno;
    if (fstat(fileno(file), &st) != 0 || st.st_size < 0x200 || st.st_size > INT_MAX)
        goto out;
    image = malloc((size_t)st.st_size);
    if (image == NULL || fread(image, 1, (size_t)st.st_size, file) != (size_t)st.st_size)
        goto out;
    memcpy(&pe, image + 0x3c, 4);
    if (pe > st.st_size - 0x60u || memcmp(image + pe, "PE\0", 4) != 0)
        goto out;
    memset(image + pe + 8, 0, 4);
    memset(image + pe + 0x58, 0, 4);
    word = (uint32_t)hash64_bytes(0, image, (size_t)st.st_size) | 1;
    memcpy(image + pe + 8, &word, 4);
    word = pe_checksum(image, (size_t)st.st_size, pe + 0x58);
    memcpy(image + pe + 0x58, &word, 4);
    rewind(file);
    err = fwrite(image, 1, (size_t)st.st_size, file) == (size_t)st.st_size ? 0 : -EIO;
out:
    free(image);
    if (fclose(file) != 0 && err == 0)
        err = -errno;
    return err;
}

/* The output's name with another extension. */
void
cc_beside(const struct cc *cc, char *out, const char *extension)
{
    const char *leaf = str_leaf(cc->output);
    const char *dot = strrchr(leaf, '.');
    int stem = dot ? (int)(dot - cc->output) : (int)strlen(cc->output);

    snprintf(out, PATH_MAX, "%.*s%s", stem, cc->output, extension);
}

bool
cc_is_cxx(const char *source)
{
    return str_iends(source, ".cpp") || str_iends(source, ".cxx") || str_iends(source, ".cc");
}

/*
 * Does the source put functions into sections of their own? clang would inline one into a function of another section,
 * and code that was to stay in memory would be pageable. observed: MSVC does not.
 */
static bool
places_functions(const char *source)
{
    FILE *file = fopen(source, "r");
    char line[512];
    bool found = false;

    while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL)
        found = line[0] == '#' && strstr(line, "alloc_text") != NULL;
    if (file != NULL)
        fclose(file);
    return found;
}

/* What the command lines of both compilers have. */
static void
add_compile(const struct cc *cc, struct args *args, const char *source, const char *object)
{
    if (cc_is_cxx(source))
        args_add_all(args, flags_cxx, COUNT(flags_cxx));
    else
        args_add_all(args, flags_c, COUNT(flags_c));
    args_add_all(args, flags_common, COUNT(flags_common));
    if (!cc->program)
        args_add_all(args, flags_kernel, COUNT(flags_kernel));
    args_add(args, "-O2");
    if (cc->clang && places_functions(source))
        args_add(args, "-finline-hint-functions");
    if (cc->clang)
        args_add(args, cc->pdb ? "-gcodeview" : "-gdwarf");
    if (cc->sanitize && cc->clang)
        args_add_all(args, flags_sanitize_clang, COUNT(flags_sanitize_clang));
    else if (cc->sanitize)
        args_add_all(args, flags_sanitize_gcc, COUNT(flags_sanitize_gcc));
    if (cc->coverage && cc->clang)
        args_add_all(args, flags_coverage_clang, COUNT(flags_coverage_clang));
    else if (cc->coverage)
        args_add_all(args, flags_coverage_gcc, COUNT(flags_coverage_gcc));
    args_join(args, &cc->options);
    if (cc->tmh[0])
        args_add(args, "-I%s", cc->tmh);
    if (cc->program) {
        args_add(args, "-I%s", cc->include);
    } else {
        args_add(args, "-I%s", cc->ddk);
        args_add(args, "-I%s/crt", cc->ddk);
    }
    args_add(args, "-c");
    args_add(args, "%s", source);
    args_add(args, "-o");
    args_add(args, "%s", object);
}

/* To our stderr, and away with it. */
static void
show_file(const char *path)
{
    FILE *in = fopen(path, "r");
    int c;

    while (in != NULL && (c = getc(in)) != EOF)
        putc(c, stderr);
    if (in != NULL)
        fclose(in);
    unlink(path);
}

/* Again as long as clang refuses only what a header declares otherwise than the source defines it. */
static int
compile_clang(const struct cc *cc, const struct args *command, const char *object)
{
    static const char *const clang[] = { "clang-19", "clang", NULL };
    struct redeclared redeclared = { 0 };
    char said[PATH_MAX];
    int err;

    snprintf(said, sizeof(said), "%.4000s.said", object);
    do {
        struct args args = { 0 };

        args_join(&args, command);
        if (isatty(2))
            args_add(&args, "-fcolor-diagnostics");
        if (redeclared.count > 0) {
            args_add(&args, "-Wno-deprecated-non-prototype"); /* of those that were blanked */
            args_add(&args, "-ivfsoverlay");
            args_add(&args, "%s", redeclared.overlay);
        }
        err = run_to(cc, &args, clang, "clang-19", said);
        args_fini(&args);
    } while (err == 1 && redeclare(&redeclared, said, object) > 0);
    show_file(said);
    redeclare_remove(&redeclared);
    return err;
}

/* Compile each source to an object beside the output, so that the names the debug information keeps stay the same. */
int
cc_compile(const struct cc *cc, struct args *objects)
{
    static const char *const gcc[] = { "x86_64-w64-mingw32-gcc", NULL };
    static const char *const gxx[] = { "x86_64-w64-mingw32-g++", NULL };
    int err = 0;

    for (unsigned i = 0; i < cc->sources.count && err == 0; i++) {
        const char *source = cc->sources.v[i];
        struct args args = { 0 };
        char extension[32];
        char object[PATH_MAX];

        snprintf(extension, sizeof(extension), ".%u.obj", i);
        cc_beside(cc, object, extension);
        args_add(objects, "%s", object);
        if (cc->clang) {
            args_add(&args, "clang"); /* which one is found when it runs */
            args_add_all(&args, flags_clang, COUNT(flags_clang));
            if (cc->race)
                args_add_all(&args, flags_race, COUNT(flags_race));
            if (cc->guard)
                args_add_all(&args, flags_guard, COUNT(flags_guard));
            add_compile(cc, &args, source, object);
            err = compile_clang(cc, &args, object);
        } else if (cc_is_cxx(source)) {
            args_add(&args, "%s", gxx[0]);
            add_compile(cc, &args, source, object);
            err = run(cc, &args, gxx, "g++-mingw-w64-x86-64");
        } else {
            args_add(&args, "%s", gcc[0]);
            add_compile(cc, &args, source, object);
            err = run(cc, &args, gcc, "gcc-mingw-w64-x86-64");
        }
        args_fini(&args);
    }
    return err;
}

/* Does the object have a section of static constructors? documented: "PE Format", object files. */
static bool
has_constructors(const char *object)
{
    FILE *file = fopen(object, "rb");
    uint8_t header[20], section[40];
    bool found = false;
    uint16_t count, optional;

    if (file == NULL)
        return false;
    if (fread(header, 1, sizeof(header), file) == sizeof(header)) {
        memcpy(&count, header + 2, 2);
        memcpy(&optional, header + 16, 2);
        for (fseek(file, optional, SEEK_CUR); count > 0 && !found; count--)
            found = fread(section, 1, sizeof(section), file) == sizeof(section) &&
                    (memcmp(section, ".CRT$XC", 7) == 0 || memcmp(section, ".ctors", 6) == 0);
    }
    fclose(file);
    return found;
}

/* documented: "C++ for kernel mode drivers": there is no run time library that would call them. */
void
cc_note_constructors(const struct cc *cc, const struct args *objects)
{
    for (unsigned i = 0; i < cc->sources.count; i++)
        if (cc_is_cxx(cc->sources.v[i]) && has_constructors(objects->v[i]))
            fprintf(stderr, "undis cc: note: %s has static constructors: nobody calls them in a kernel\n",
                    cc->sources.v[i]);
}

void
cc_remove(struct args *files)
{
    for (unsigned i = 0; i < files->count; i++)
        unlink(files->v[i]);
    args_fini(files);
}

static int
link_gcc_image(const struct cc *cc, const struct args *objects)
{
    static const char *const linker[] = { "x86_64-w64-mingw32-gcc", NULL };
    static const char *const objcopy[] = { "x86_64-w64-mingw32-objcopy", NULL };
    struct args args = { 0 };
    char implib[PATH_MAX];
    int err;

    args_add(&args, "%s", linker[0]);
    args_join(&args, objects);
    args_add_all(&args, link_gcc, COUNT(link_gcc));
    if (cc->program)
        args_add_all(&args, link_gcc_program, COUNT(link_gcc_program));
    args_join(&args, &cc->link);
    args_add(&args, "-L%s", cc->lib);
    if (cc->sanitize) /* first: its memcpy and the like check, ntoskrnl's do not */
        args_add(&args, "-lundisrt");
    for (unsigned i = 0; i < COUNT(import_libraries) && !cc->program; i++)
        args_add(&args, "-l%s", import_libraries[i]);
    if (cc->program)
        args_add(&args, "-lkernel32");
    if (cc->coverage)
        args_add(&args, "-lundisrt");
    if (cc->def) {
        cc_beside(cc, implib, ".lib");
        args_add(&args, "%s", cc->def);
        args_add(&args, "-Wl,--out-implib,%s", implib);
    }
    args_add(&args, "-o");
    args_add(&args, "%s", cc->output);
    err = run(cc, &args, linker, "gcc-mingw-w64-x86-64");
    args_fini(&args);
    if (err)
        return err;

    /* the linker's own ___ symbols lie at section starts and would name the function there */
    args_add(&args, "%s", objcopy[0]);
    args_add(&args, "--wildcard");
    args_add(&args, "--strip-symbol=___*");
    args_add(&args, "%s", cc->output);
    err = run(cc, &args, objcopy, "binutils-mingw-w64-x86-64");
    args_fini(&args);
    if (err == 0 && stamp_image(cc->output) != 0) {
        fprintf(stderr, "undis cc: the linker's output %s is no PE image\n", cc->output);
        err = 1;
    }
    return err;
}

static int
link_clang_image(const struct cc *cc, const struct args *objects)
{
    static const char *const linker[] = { "lld-link-19", "lld-link", NULL };
    struct args args = { 0 };
    char pdb[PATH_MAX];
    int err;

    args_add(&args, "%s", linker[0]);
    if (cc->program)
        args_add_all(&args, link_lld_program, COUNT(link_lld_program));
    else
        args_add_all(&args, link_lld, COUNT(link_lld));
    if (cc->pdb) {
        cc_beside(cc, pdb, ".pdb");
        args_add(&args, "/debug");
        args_add(&args, "/pdb:%s", pdb);
        args_add(&args, "/pdbaltpath:%%_PDB%%");
    } else {
        args_add(&args, "/debug:dwarf");
    }
    args_add(&args, "/out:%s", cc->output);
    if (cc->def)
        args_add(&args, "/def:%s", cc->def);
    args_join(&args, objects);
    for (unsigned i = 0; i < cc->link.count; i++) {
        if (str_starts(cc->link.v[i], "-l"))
            args_add(&args, "%s.lib", cc->link.v[i] + 2);
        else
            args_add(&args, "%s", cc->link.v[i]);
    }
    args_add(&args, "/libpath:%s", cc->lib);
    if (cc->sanitize) /* first, as above */
        args_add(&args, "undisrt.lib");
    for (unsigned i = 0; i < COUNT(import_libraries) && !cc->program; i++)
        args_add(&args, "%s.lib", import_libraries[i]);
    if (cc->program)
        args_add(&args, "kernel32.lib");
    if (cc->race || cc->coverage)
        args_add(&args, "undisrt.lib");
    if (cc->guard)
        args_add(&args, "/guard:cf");
    err = run(cc, &args, linker, "lld-19");
    args_fini(&args);
    return err;
}

int
cc_link(const struct cc *cc, const struct args *objects)
{
    return cc->clang ? link_clang_image(cc, objects) : link_gcc_image(cc, objects);
}
