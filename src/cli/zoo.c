/* SPDX-License-Identifier: MIT */
/*
 * cli/zoo.c - undis zoo: every driver of a folder, each against what its README expects.
 *
 * A README begins with a block of `name: value` lines between two lines `---`:
 * verdict (finding or clean), bucket, preemptions, rule. What is not stated is not compared.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "explore/certificate.h"
#include "explore/supervisor.h"
#include "host/host.h"

static const char help[] =
    "usage: undis zoo [--dir DIR]... [--out DIR] [NAME...]\n"
    "Tests every driver folder below the given ones (default: build/zoo and build/drivers) that has a README.md\n"
    "stating what to expect, and prints one table: ms is wall time of the whole battery, CPU s what the scenario\n"
    "that found the failure took in all (a clean driver: every scenario).\n"
    "\n"
    "exit: 0 each verdict is the expected one, 1 otherwise\n";

struct expect {
    char verdict[16], bucket[160], rule[64];
    int preemptions; /* -1: not stated */
};

static bool
read_expect(const char *folder, struct expect *e)
{
    char path[1024];
    uint8_t *text;
    size_t len;
    bool inside = false;

    memset(e, 0, sizeof(*e));
    e->preemptions = -1;
    snprintf(path, sizeof(path), "%s/README.md", folder);
    if (host_read_file(path, &text, &len))
        return false;
    for (char *line = (char *)text, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (strncmp(line, "---", 3) == 0) {
            if (inside)
                break;
            inside = true;
        } else if (inside) {
            sscanf(line, "verdict: %15s", e->verdict);
            sscanf(line, "bucket: %159s", e->bucket);
            sscanf(line, "rule: %63s", e->rule);
            sscanf(line, "preemptions: %d", &e->preemptions);
        }
    }
    free(text);
    return e->verdict[0] != '\0';
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct totals {
    unsigned drivers, wrong;
};

static void
test_one(const char *folder, const char *name, const char *out, struct totals *t)
{
    struct expect e;
    struct test_options o = { .path = folder, .k = K_DEFAULT, .quiet = true, .seed = 1 };
    struct test_result r;
    char dir[1024], problem[400] = "";
    const struct finding_record *f;
    bool finding;
    unsigned k = 0;

    if (!read_expect(folder, &e))
        return;
    snprintf(dir, sizeof(dir), "%s/%s", out, name);
    o.out = dir;
    supervisor_test(&o, &r);
    certificates_write(&o, &r);
    t->drivers++;
    f = r.finding_count ? &r.finding[0] : NULL;
    finding = r.exit_status == 1;
    for (unsigned i = 0; i < r.scenario_count; i++)
        if (r.scenario[i].exhausted && r.scenario[i].k > k)
            k = r.scenario[i].k;
    if (r.exit_status > 1)
        snprintf(problem, sizeof(problem), "exit %d %s", r.exit_status, r.text);
    else if (finding != (strcmp(e.verdict, "finding") == 0))
        snprintf(problem, sizeof(problem), "expected %s", e.verdict);
    else if (finding && e.bucket[0] && strncmp(e.bucket, f->verdict.bucket, strcspn(e.bucket, "*")) != 0)
        snprintf(problem, sizeof(problem), "expected bucket %.150s, got %.100s", e.bucket, f->verdict.bucket);
    else if (finding && e.preemptions >= 0 && (f->k != (unsigned)e.preemptions || !f->minimal))
        snprintf(problem, sizeof(problem), "expected exactly %d preemptions", e.preemptions);
    else if (finding && e.rule[0] && strcmp(e.rule, f->rule) != 0)
        snprintf(problem, sizeof(problem), "expected rule %.60s", e.rule);
    t->wrong += problem[0] != '\0';
    printf("%-28s %-8s %-36s %c%u %9llu %8.0f %7.2f %s%s\n", name,
           finding         ? "finding"
           : r.exit_status ? "error"
                           : "clean",
           f ? f->verdict.bucket : "-", finding ? '=' : '<', finding ? f->k : k, (unsigned long long)r.runs,
           r.seconds * 1000, f ? f->cpu_seconds : r.cpu_seconds, problem[0] ? "WRONG: " : "ok", problem);
    fflush(stdout);
    test_result_free(&r);
}

static void
test_folder(const char *dir, const char *out, char **names, int name_count, struct totals *t)
{
    DIR *d = opendir(dir);
    struct dirent *ent;
    char *found[512];
    unsigned n = 0;

    if (!d) {
        fprintf(stderr, "undis zoo: there is no folder %s; build the drivers first (make build)\n", dir);
        t->wrong++;
        return;
    }
    while ((ent = readdir(d)) != NULL && n < 512)
        if (ent->d_name[0] != '.')
            found[n++] = strdup(ent->d_name);
    closedir(d);
    qsort(found, n, sizeof(found[0]), by_name);
    for (unsigned i = 0; i < n; i++) {
        char path[900];
        bool wanted = name_count == 0;

        for (int k = 0; k < name_count; k++)
            wanted |= strcmp(names[k], found[i]) == 0;
        snprintf(path, sizeof(path), "%s/%s", dir, found[i]);
        if (wanted)
            test_one(path, found[i], out, t);
        free(found[i]);
    }
}

int
cmd_zoo(int argc, char **argv)
{
    const char *dirs[16], *out = "findings/zoo";
    unsigned dir_count = 0;
    struct totals t = { 0 };
    int names = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(help, stdout);
            return EXIT_CLEAN;
        } else if (strcmp(argv[i], "--dir") == 0 && i + 1 < argc && dir_count < 16) {
            dirs[dir_count++] = argv[++i];
        } else if (strcmp(argv[i], "--out") == 0 && i + 1 < argc) {
            out = argv[++i];
        } else if (argv[i][0] == '-') {
            fprintf(stderr, "undis zoo: unknown option \"%s\"; undis zoo --help tells more\n", argv[i]);
            return EXIT_USAGE;
        } else {
            argv[1 + names++] = argv[i];
        }
    }
    if (dir_count == 0) {
        dirs[dir_count++] = "build/zoo";
        dirs[dir_count++] = "build/drivers";
    }
    printf("%-28s %-8s %-36s %2s %9s %8s %7s\n", "driver", "verdict", "bucket", "k", "runs", "ms", "CPU s");
    for (unsigned i = 0; i < dir_count; i++)
        test_folder(dirs[i], out, argv + 1, names, &t);
    printf("%u drivers, %u not as expected\n", t.drivers, t.wrong);
    return t.drivers == 0 || t.wrong ? EXIT_FINDING : EXIT_CLEAN;
}
