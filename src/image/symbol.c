/* SPDX-License-Identifier: MIT */
/*
 * image/symbol.c - functions, files and lines of a driver, by llvm-symbolizer.
 *
 * Model: one start of the program answers a whole batch (documented: "llvm-symbolizer", option --relative-address):
 * addresses go in on standard input; for each come pairs of lines, the function and file:line:column, and an empty
 * line. The first pair is the innermost function that was taken in line there, the last the function whose code it
 * became. Short names come from the debug information; linkage names would come from the COFF symbols, which in
 * mingw's images name the first function ___something. It reads DWARF inside the image and the PDB that lies beside
 * it. A PDB elsewhere is made visible by a folder of links.
 *
 * What is taken in line differs by compiler and flags. The name given is the innermost one that the driver's author
 * wrote: helpers that stand in headers of the DDK (RemoveEntryList) are part of whoever uses them.
 * Only the supervisor calls this: it forks and blocks.
 */
#include "image/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fmt.h"
#include "base/str.h"
#include "host/host.h"

extern char **environ;

static const char *const programs[] = { "llvm-symbolizer-19", "llvm-symbolizer", "llvm-symbolizer-14" };

struct child {
    pid_t pid;
    int in, out;
};

static int
start(struct child *c, const char *object)
{
    int in[2], out[2], rc = ENOENT;
    posix_spawn_file_actions_t fa;
    char option[600];

    if (pipe2(in, O_CLOEXEC) != 0)
        return -errno;
    if (pipe2(out, O_CLOEXEC) != 0) {
        rc = -errno;
        close(in[0]);
        close(in[1]);
        return rc;
    }
    fmt(option, sizeof(option), "--obj=%s", object);
    posix_spawn_file_actions_init(&fa);
    posix_spawn_file_actions_adddup2(&fa, in[0], 0);
    posix_spawn_file_actions_adddup2(&fa, out[1], 1);
    posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", O_WRONLY, 0);
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]) && rc == ENOENT; i++) {
        char *argv[] = {
            (char *)programs[i], "--relative-address", "--functions=short", "--inlines", "--demangle", option, NULL
        };

        rc = posix_spawnp(&c->pid, programs[i], &fa, NULL, argv, environ);
    }
    posix_spawn_file_actions_destroy(&fa);
    close(in[0]);
    close(out[1]);
    c->in = in[1];
    c->out = out[0];
    if (rc == 0)
        return 0;
    close(c->in);
    close(c->out);
    return -rc;
}

/* Write all of text and read all of the answer at once, so that neither pipe can fill up for good. NULL: no memory. */
static char *
talk(struct child *c, const char *text, size_t len)
{
    size_t room = 65536, have = 0, sent = 0;
    char *answer = malloc(room);

    fcntl(c->in, F_SETFL, O_NONBLOCK);
    while (answer) {
        struct pollfd p[2] = { { .fd = c->out, .events = POLLIN },
                               { .fd = sent < len ? c->in : -1, .events = POLLOUT } };
        ssize_t n;

        if (poll(p, 2, -1) < 0 && errno != EINTR)
            break;
        if (p[1].revents) {
            n = write(c->in, text + sent, len - sent);
            sent = n < 0 && errno != EAGAIN ? len : sent + (size_t)(n > 0 ? n : 0);
            if (sent == len) {
                close(c->in);
                c->in = -1;
            }
        }
        if (!p[0].revents)
            continue;
        if (room - have < 4096) {
            char *more = realloc(answer, room *= 2);

            if (!more) {
                free(answer);
                answer = NULL;
                break;
            }
            answer = more;
        }
        n = read(c->out, answer + have, room - have - 1);
        if (n == 0 || (n < 0 && errno != EINTR))
            break;
        have += (size_t)(n > 0 ? n : 0);
    }
    if (answer)
        answer[have] = 0;
    return answer;
}

/* Next line of *at, without its end; NULL at the end of the text. */
static char *
next_line(char **at)
{
    char *line = *at, *end;

    if (!*line)
        return NULL;
    end = strchr(line, '\n');
    if (end) {
        *end = 0;
        *at = end + 1;
    } else {
        *at = line + strlen(line);
    }
    return line;
}

/* "path:line:column"; "??:0:0" and "path:?" say that nothing is known. */
static void
read_place(char *text, struct symbol *s)
{
    uint64_t number = 0;

    for (int i = 0; i < 2; i++) {
        char *colon = strrchr(text, ':');

        if (!colon)
            break;
        if (i == 1 && !str_to_u64(colon + 1, &number))
            number = 0;
        *colon = 0;
    }
    if (strcmp(text, "??") == 0)
        return;
    str_copy(s->file, sizeof(s->file), text);
    s->line = (unsigned)number;
}

/* Is there a folder of this name in path? Both ways to write paths are met: drivers come from Windows, too. */
static bool
in_folder(const char *path, const char *folder)
{
    size_t n = strlen(folder);

    for (const char *at = path; *at; at++)
        if ((at == path || at[-1] == '/' || at[-1] == '\\') && str_icmp_n(at, folder, n) == 0 &&
            (at[n] == '/' || at[n] == '\\'))
            return true;
    return false;
}

/* A header of a DDK, by the folder it lies in: ours, mingw-w64's and WDK 7's, and those of later kits. */
static bool
ddk_header(const char *path)
{
    return str_iends(path, ".h") && (in_folder(path, "ddk") || in_folder(path, "Windows Kits"));
}

/* The functions at one address, innermost first, up to an empty line: the first that is the author's, else the last. */
static void
read_answer(char *text, unsigned count, struct symbol *out)
{
    for (unsigned i = 0; i < count; i++) {
        struct symbol found = { 0 };
        char *function;

        /* with a PDB an address that nothing is known of has an empty line for its function */
        for (bool first = true; (function = next_line(&text)) && (*function || first); first = false) {
            char *place = next_line(&text);
            struct symbol s = { 0 };

            if (!place)
                return;
            if (*function && strcmp(function, "??") != 0)
                str_copy(s.function, sizeof(s.function), function);
            read_place(place, &s);
            s.ddk = s.function[0] != 0 && ddk_header(s.file);
            if (found.function[0] == 0 || found.ddk)
                found = s;
        }
        found.offset = out[i].offset;
        out[i] = found;
    }
}

static bool
exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

/*
 * Symbols somewhere else: a folder that holds links to the image and to the PDB found under symbol_path. true: object[]
 * is the image there, and the folder dir[] is to be removed.
 */
static bool
link_beside(const char *path, const char *pdb, char dir[64], char object[512])
{
    char link_path[512];
    char *whole_image = realpath(path, NULL), *whole_pdb = realpath(pdb, NULL);
    bool ok = false;

    object[0] = 0;
    fmt(dir, 64, "%s/undis-symbols-XXXXXX", P_tmpdir);
    if (whole_image && whole_pdb && mkdtemp(dir)) {
        fmt(object, 512, "%s/%s", dir, str_leaf(path));
        fmt(link_path, sizeof(link_path), "%s/%s", dir, str_leaf(pdb));
        ok = symlink(whole_image, object) == 0 && symlink(whole_pdb, link_path) == 0;
    }
    free(whole_image);
    free(whole_pdb);
    return ok;
}

static void
remove_links(const char *dir, const char *object, const char *pdb)
{
    char link_path[512];

    fmt(link_path, sizeof(link_path), "%s/%s", dir, str_leaf(pdb));
    unlink(object);
    unlink(link_path);
    rmdir(dir);
}

/* One start of the symbolizer. */
static int
resolve(const char *object, const uint32_t *rvas, unsigned count, struct symbol *out)
{
    struct child c;
    size_t len = 0;
    char *text = malloc(count * 12u + 1), *answer;
    int rc, status;

    if (!text)
        return -ENOMEM;
    for (unsigned i = 0; i < count; i++)
        len += fmt(text + len, 12, "0x%x\n", rvas[i]);
    rc = start(&c, object);
    if (rc == 0) {
        answer = talk(&c, text, len);
        if (c.in >= 0)
            close(c.in);
        close(c.out);
        while (waitpid(c.pid, &status, 0) < 0 && errno == EINTR)
            ;
        rc = !answer ? -ENOMEM : WIFEXITED(status) && WEXITSTATUS(status) == 127 ? -ENOENT : 0;
        if (answer)
            read_answer(answer, count, out);
        free(answer);
    }
    free(text);
    return rc;
}

/* Where the function that holds rva begins, by .pdata: parts of one function lead to its first. 0: unknown. */
static uint32_t
function_begin(struct loaded *l, uint32_t rva)
{
    const struct pe_function *f = pdata_find(l, rva);
    uint32_t begin = f ? f->begin : 0, unwind = f ? f->unwind : 0;

    for (unsigned depth = 0; depth < 32 && unwind; depth++) {
        const uint8_t *p = pe_at(&l->pe, unwind, 4), *next;

        next = p && (p[0] >> 3 & 4) ? pe_at(&l->pe, unwind + 4 + ((p[2] + 1u) & ~1u) * 2, 12) : NULL;
        if (!next)
            break;
        begin = get32(next);
        unwind = get32(next + 8) & ~3u;
    }
    return begin;
}

/* Look for the PDB of im in the folders of symbol_path (separated by ; or :), under its own name or the image's. */
static bool
find_pdb(const struct image *im, const char *symbol_path, char pdb[512])
{
    while (*symbol_path) {
        size_t n = strcspn(symbol_path, ";:");

        fmt(pdb, 512, "%.*s/%s", (int)n, symbol_path, im->pdb_name);
        if (n && im->pdb_name[0] && exists(pdb))
            return true;
        fmt(pdb, 512, "%.*s/%s.pdb", (int)n, symbol_path, im->name);
        if (n && exists(pdb))
            return true;
        symbol_path += n + (symbol_path[n] != 0);
    }
    return false;
}

int
symbols_resolve(const char *path, const char *symbol_path, const uint32_t *rvas, unsigned count, struct symbol *out)
{
    char pdb[512], dir[64], object[512];
    struct image *im = NULL;
    struct image_error err;
    uint8_t *bytes;
    size_t len;
    int rc = host_read_file(path, &bytes, &len);

    memset(out, 0, count * sizeof(out[0]));
    if (rc)
        return rc;
    image_inspect(bytes, len, path, &im, &err);
    free(bytes);
    for (unsigned i = 0; im && i < count; i++) {
        uint32_t begin = function_begin(loaded_of(im), rvas[i]);

        out[i].offset = begin ? rvas[i] - begin : 0;
    }
    if (im && symbol_path && find_pdb(im, symbol_path, pdb)) {
        if (link_beside(path, pdb, dir, object))
            rc = resolve(object, rvas, count, out);
        else
            rc = -EIO;
        remove_links(dir, object, pdb);
    } else {
        rc = resolve(path, rvas, count, out);
    }
    image_free(im);
    return rc;
}
