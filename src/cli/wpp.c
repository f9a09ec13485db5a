/* SPDX-License-Identifier: MIT */
/*
 * cli/wpp.c - the .tmh headers that sources with WPP tracing include.
 *
 * Model: under the WDK a preprocessor, tracewpp, reads each source, finds the calls of the trace functions that a
 * configuration block declares, and writes one header per source with a macro for each. Here the files that sources
 * include are followed by their names, the blocks between "begin_wpp config" and "end_wpp" give the functions, and
 * each function becomes a macro that does nothing and evaluates nothing, which is what a trace that nobody has
 * switched on does. documented: "WPP Software Tracing", "WPP_INIT_TRACING", "WPP configuration file".
 * Start reading at: wpp_generate().
 */
#include "cli/wpp.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

struct names {
    char **v;
    unsigned count;
};

struct wpp {
    char *const *includes;
    struct names files;     /* read already, or waiting to be */
    struct names headers;   /* x.tmh */
    struct names functions; /* DoTraceMessage and what the blocks declare */
};

/* Add a name that is not there yet. */
static void
names_add(struct names *names, const char *name, size_t len)
{
    for (unsigned i = 0; i < names->count; i++) {
        if (strlen(names->v[i]) == len && memcmp(names->v[i], name, len) == 0)
            return;
    }
    names->v = realloc(names->v, (names->count + 1) * sizeof(*names->v));
    if (names->v == NULL || (names->v[names->count] = strndup(name, len)) == NULL)
        abort();
    names->count++;
}

static void
names_fini(struct names *names)
{
    for (unsigned i = 0; i < names->count; i++)
        free(names->v[i]);
    free(names->v);
}

/* Follow an include to a file of the driver's own; one that is not found is the DDK's, or conditional. */
static void
follow(struct wpp *wpp, const char *includer, const char *name)
{
    const char *leaf = str_leaf(includer);
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%.*s%s", (int)(leaf - includer), includer, name) < (int)sizeof(path) &&
        access(path, R_OK) == 0) {
        names_add(&wpp->files, path, strlen(path));
        return;
    }
    for (unsigned i = 0; wpp->includes != NULL && wpp->includes[i] != NULL; i++) {
        if (snprintf(path, sizeof(path), "%s/%s", wpp->includes[i], name) < (int)sizeof(path) &&
            access(path, R_OK) == 0) {
            names_add(&wpp->files, path, strlen(path));
            return;
        }
    }
}

/* The rest of an include directive: <name> or "name". */
static void
read_include(struct wpp *wpp, const char *file, const char *at)
{
    char name[NAME_MAX + 1];
    const char *end;
    char close;

    at += strspn(at, " \t");
    if (*at != '"' && *at != '<')
        return;
    close = *at == '<' ? '>' : '"';
    end = strchr(++at, close);
    if (end == NULL || (size_t)(end - at) >= sizeof(name))
        return;
    memcpy(name, at, (size_t)(end - at));
    name[end - at] = 0;
    for (char *c = name; *c; c++)
        *c = *c == '\\' ? '/' : *c;
    if (str_iends(name, ".tmh"))
        names_add(&wpp->headers, name, strlen(name));
    else
        follow(wpp, file, name);
}

/* A line of a configuration block: "FUNC Name{...}(...)"; others say how a message is printed. */
static void
read_config(struct wpp *wpp, const char *at)
{
    size_t len;

    at += strspn(at, " \t/*;");
    if (!str_starts(at, "FUNC") || !isblank((unsigned char)at[4]))
        return;
    at += 4 + strspn(at + 4, " \t");
    for (len = 0; isalnum((unsigned char)at[len]) || at[len] == '_'; len++)
        ;
    if (len > 0)
        names_add(&wpp->functions, at, len);
}

static int
read_source(struct wpp *wpp, const char *path)
{
    FILE *file = fopen(path, "r");
    bool in_config = false;
    char *line = NULL;
    size_t room = 0;

    if (file == NULL)
        return -errno;
    while (getline(&line, &room, file) >= 0) {
        const char *at = line + strspn(line, " \t");

        if (strstr(at, "begin_wpp") != NULL && strstr(at, "config") != NULL)
            in_config = true;
        else if (strstr(at, "end_wpp") != NULL)
            in_config = false;
        else if (in_config)
            read_config(wpp, at);
        if (*at != '#')
            continue;
        at += 1 + strspn(at + 1, " \t");
        if (str_starts(at, "include"))
            read_include(wpp, path, at + 7);
    }
    free(line);
    fclose(file);
    return 0;
}

static void
define(FILE *file, const char *name, const char *value)
{
    fprintf(file, "#ifndef %s\n#define %s(...) %s\n#endif\n", name, name, value);
}

static int
write_header(const struct wpp *wpp, const char *folder, const char *name)
{
    static const char *const statements[] = { "WPP_INIT_TRACING", "WPP_CLEANUP" };
    static const char *const conditions[] = { "WPP_LEVEL_ENABLED", "WPP_FLAG_ENABLED", "WPP_FLAG_LEVEL_ENABLED" };
    char path[PATH_MAX];
    FILE *file;

    if (snprintf(path, sizeof(path), "%s/%s", folder, str_leaf(name)) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    file = fopen(path, "w");
    if (file == NULL)
        return -errno;
    for (unsigned i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
        define(file, statements[i], "((void)0)");
    for (unsigned i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
        define(file, conditions[i], "(0)");
    for (unsigned i = 0; i < wpp->functions.count; i++)
        define(file, wpp->functions.v[i], "((void)0)");
    return fclose(file) == 0 ? 0 : -errno;
}

int
wpp_generate(char *const *sources, char *const *includes, char *const *functions, const char *folder)
{
    struct wpp wpp = { .includes = includes };
    int err = 0;

    names_add(&wpp.functions, "DoTraceMessage", strlen("DoTraceMessage"));
    for (unsigned i = 0; functions != NULL && functions[i] != NULL; i++)
        names_add(&wpp.functions, functions[i], strcspn(functions[i], "({"));
    for (unsigned i = 0; sources != NULL && sources[i] != NULL; i++)
        names_add(&wpp.files, sources[i], strlen(sources[i]));
    for (unsigned i = 0; i < wpp.files.count && err == 0; i++) {
        err = read_source(&wpp, wpp.files.v[i]);
        if (err)
            fprintf(stderr, "undis cc: cannot read %s: %s\n", wpp.files.v[i], strerror(-err));
    }
    if (err == 0 && wpp.headers.count > 0 && mkdir(folder, 0777) != 0 && errno != EEXIST)
        err = -errno;
    for (unsigned i = 0; i < wpp.headers.count && err == 0; i++)
        err = write_header(&wpp, folder, wpp.headers.v[i]);
    if (err && wpp.headers.count > 0)
        fprintf(stderr, "undis cc: cannot write trace headers in %s: %s\n", folder, strerror(-err));
    if (err == 0)
        err = (int)wpp.headers.count;
    names_fini(&wpp.files);
    names_fini(&wpp.headers);
    names_fini(&wpp.functions);
    return err;
}

void
wpp_remove(const char *folder)
{
    DIR *dir = opendir(folder);
    char path[PATH_MAX];
    struct dirent *entry;

    if (dir == NULL)
        return;
    while ((entry = readdir(dir)) != NULL) {
        if (str_iends(entry->d_name, ".tmh") &&
            snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) < (int)sizeof(path))
            unlink(path);
    }
    closedir(dir);
    rmdir(folder);
}
