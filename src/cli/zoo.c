/* SPDX-License-Identifier: MIT */
/*
 * cli/zoo.c - undis zoo: every driver of a folder, each against what its README expects.
 *
 * A README begins with a block of `name: value` lines between two lines `---`:
 * verdict (finding or clean), bucket, preemptions, rule. What is not stated is not compared.
 * A failing driver's `twin: zoo/NAME` is its repair, and `certify: SCENARIO K` the scenario that breaks it: it must be
 * found there, and for the twin that scenario is exhausted with K preemptions, beyond what the battery asks for. A
 * driver without a twin means itself. SCENARIO is one of the battery, or a file FILE.yaml beside the README.
 *
 * Model: a process per driver and per certificate, --jobs of them at a time; each writes its row into a pipe, and rows
 * are printed in order, whoever ends first: drivers by name, then certificates, one for all that ask for the same.
 * Start reading at: test_all().
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/cli.h"
#include "explore/certificate.h"
#include "explore/supervisor.h"
#include "host/host.h"

static const char help[] =
    "usage: undis zoo [--dir DIR]... [--out DIR] [--jobs N] [NAME...]\n"
    "Tests every driver folder below the given ones (default: build/zoo and build/drivers) that has a README.md\n"
    "stating what to expect, and prints one table: ms is wall time of the whole battery, CPU s what the scenario\n"
    "that found the failure took until then (a clean driver: every scenario). After the drivers come certificates\n"
    "of the repaired ones for the scenarios that break their twins. --jobs: drivers tested at a time, 2 if not given.\n"
    "\n"
    "exit: 0 each verdict is the expected one, 1 otherwise\n";

struct expect {
    char verdict[16], bucket[160], rule[64];
    char twin[64];    /* the folder's name, "": itself */
    char certify[64]; /* a scenario, "": none */
    char file[1024];  /* where it is, "": in the battery */
    unsigned certify_k;
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
            sscanf(line, "certify: %63s %u", e->certify, &e->certify_k);
            sscanf(line, "twin: %*[^/]/%63s", e->twin);
        }
    }
    free(text);
    if (str_iends(e->certify, ".yaml")) {
        snprintf(e->file, sizeof(e->file), "%s/%s", folder, e->certify);
        *strrchr(e->certify, '.') = '\0';
    }
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
print_result(FILE *row, const char *name, const char *verdict, const char *what, char relation, unsigned k,
             const struct test_result *r, double cpu_seconds, const char *problem)
{
    fprintf(row, "%-28s %-8s %-36s %c%u %9llu %8.0f %7.2f %s%s\n", name, verdict, what, relation, k,
            (unsigned long long)r->runs, r->seconds * 1000, cpu_seconds, problem[0] ? "WRONG: " : "ok", problem);
}

/* One scenario of a driver, exhausted with k preemptions, and its row. True: it has its certificate. */
static bool
certify_one(const char *folder, const char *name, const struct expect *e, const char *out, FILE *row)
{
    struct test_options o = { .path = folder, .k = e->certify_k, .quiet = true, .seed = 1 };
    const struct scenario_result *s;
    const char *refusal;
    struct test_result r;
    char dir[1024];

    snprintf(dir, sizeof(dir), "%s/%s", out, name);
    o.out = dir;
    if (e->file[0])
        o.scenario = e->file;
    else
        o.only = e->certify;
    supervisor_test(&o, &r);
    certificates_write(&o, &r);
    s = r.scenario_count == 1 ? &r.scenario[0] : NULL;
    refusal = s == NULL ? "there is no such scenario for it" : certificate_refusal(s);
    print_result(row, name, refusal ? "refused" : "proven", e->certify, '<', s ? s->k : e->certify_k, &r, r.cpu_seconds,
                 refusal ? refusal : "");
    test_result_free(&r);
    return !refusal;
}

/* Was one of the findings of the battery, o and r, made in the scenario to certify? One of its own is run for that. */
static bool
breaks_there(const struct test_options *o, const struct test_result *r, const struct expect *e)
{
    struct test_options own = *o;
    struct test_result found;
    bool breaks;

    if (!e->file[0]) {
        for (unsigned i = 0; i < r->scenario_count; i++)
            if (str_eq(r->scenario[i].name, e->certify))
                return r->scenario[i].state == EXIT_FINDING; /* before its first run, too */
        return false;
    }
    own.scenario = e->file;
    own.k = e->preemptions > 0 ? (unsigned)e->preemptions : 0;
    own.counts_only = true;
    breaks = supervisor_test(&own, &found) == EXIT_FINDING;
    test_result_free(&found);
    return breaks;
}

/* One driver and its row. True: as expected. */
static bool
test_one(const char *folder, const char *name, const char *out, const struct expect *e, FILE *row)
{
    struct test_options o = { .path = folder, .k = K_DEFAULT, .quiet = true, .seed = 1 };
    struct test_result r;
    char dir[1024], problem[400] = "";
    const struct finding_record *f;
    bool finding;
    unsigned k = 0;

    snprintf(dir, sizeof(dir), "%s/%s", out, name);
    o.out = dir;
    supervisor_test(&o, &r);
    certificates_write(&o, &r);
    f = r.finding_count ? &r.finding[0] : NULL;
    finding = r.exit_status == 1;
    for (unsigned i = 0; i < r.scenario_count; i++)
        if (r.scenario[i].exhausted && r.scenario[i].k > k)
            k = r.scenario[i].k;
    if (r.exit_status > 1)
        snprintf(problem, sizeof(problem), "exit %d %s", r.exit_status, r.text);
    else if (finding != (strcmp(e->verdict, "finding") == 0))
        snprintf(problem, sizeof(problem), "expected %s", e->verdict);
    else if (finding && e->bucket[0] && strncmp(e->bucket, f->verdict.bucket, strcspn(e->bucket, "*")) != 0)
        snprintf(problem, sizeof(problem), "expected bucket %.150s, got %.100s", e->bucket, f->verdict.bucket);
    else if (finding && e->preemptions >= 0 && (f->k != (unsigned)e->preemptions || !f->minimal))
        snprintf(problem, sizeof(problem), "expected exactly %d preemptions", e->preemptions);
    else if (finding && e->rule[0] && strcmp(e->rule, f->rule) != 0)
        snprintf(problem, sizeof(problem), "expected rule %.60s", e->rule);
    else if (finding && e->certify[0] && !breaks_there(&o, &r, e))
        snprintf(problem, sizeof(problem), "expected to be found in %.60s, too", e->certify);
    print_result(row, name, finding ? "finding" : r.exit_status ? "error" : "clean", f ? f->verdict.bucket : "-",
                 finding ? '=' : '<', finding ? f->k : k, &r, f ? f->cpu_seconds : r.cpu_seconds, problem);
    test_result_free(&r);
    return !problem[0];
}

/* ------------------------------------------------------------------ several at a time */

#define DRIVERS_MAX 512u

struct zoo_job {
    char path[900], *name;
    struct expect expect;
    bool certificate; /* for expect.certify with expect.certify_k; else the whole battery */
    pid_t pid;
    int row; /* read end; a row fits into a pipe, so nobody need read before the end */
    int status;
    bool done;
};

static void
start_job(struct zoo_job *j, const char *out)
{
    int ends[2];

    if (pipe(ends)) {
        j->done = true;
        j->row = -1;
        return;
    }
    fflush(stdout);
    j->pid = fork();
    if (j->pid == 0) {
        FILE *row = fdopen(ends[1], "w");
        const struct expect *e = &j->expect;
        bool right = j->certificate ? certify_one(j->path, j->name, e, out, row)
                                    : test_one(j->path, j->name, out, e, row);

        fclose(row);
        fflush(NULL);
        _exit(right ? 0 : 1);
    }
    close(ends[1]);
    j->row = ends[0];
    j->done = j->pid < 0;
}

/* Prints the row of a job that is done. True: as expected. */
static bool
print_row(struct zoo_job *j)
{
    char row[1024];
    ssize_t n = j->row < 0 ? 0 : read(j->row, row, sizeof(row));

    if (j->row >= 0)
        close(j->row);
    if (n > 0)
        fwrite(row, 1, (size_t)n, stdout);
    else
        printf("%-28s error    WRONG: its process ended without a result (status 0x%x)\n", j->name, j->status);
    fflush(stdout);
    return n > 0 && j->pid > 0 && j->status == 0;
}

static void
test_all(struct zoo_job *jobs, unsigned count, uint64_t at_a_time, const char *out, struct totals *t)
{
    unsigned started = 0, printed = 0, running = 0;

    while (printed < count) {
        while (started < count && running < at_a_time) {
            start_job(&jobs[started], out);
            running += !jobs[started++].done;
        }
        while (printed < started && jobs[printed].done)
            t->wrong += !print_row(&jobs[printed++]);
        if (running > 0) {
            int status;
            pid_t pid = wait(&status);

            for (unsigned i = printed; i < started; i++)
                if (!jobs[i].done && (jobs[i].pid == pid || (pid < 0 && errno == ECHILD))) {
                    jobs[i].done = true;
                    jobs[i].status = status;
                    running--;
                }
        }
    }
}

/* The certificate that j's README asks for, as a job of its own, if there is none for the same yet. */
static void
add_certificate(const struct zoo_job *j, const char *const *dirs, unsigned dir_count, struct zoo_job *jobs,
                unsigned *count)
{
    const char *name = j->expect.twin[0] ? j->expect.twin : j->name;
    struct zoo_job *to = &jobs[*count];

    for (unsigned i = 0; i < *count; i++)
        if (jobs[i].certificate && str_eq(jobs[i].name, name) && str_eq(jobs[i].expect.certify, j->expect.certify)) {
            if (jobs[i].expect.certify_k < j->expect.certify_k)
                jobs[i].expect.certify_k = j->expect.certify_k;
            return;
        }
    if (*count == DRIVERS_MAX)
        return;
    memset(to, 0, sizeof(*to));
    for (unsigned i = 0; i < dir_count && !to->name; i++) {
        snprintf(to->path, sizeof(to->path), "%s/%s", dirs[i], name);
        to->name = access(to->path, F_OK) == 0 ? strdup(name) : NULL;
    }
    if (!to->name) /* not built: its row says so */
        to->name = strdup(name);
    to->expect = j->expect;
    to->certificate = true;
    ++*count;
}

/* The folders below dir that say what to expect, by name. */
static void
list_folder(const char *dir, char **names, int name_count, struct zoo_job *jobs, unsigned *count, struct totals *t)
{
    DIR *d = opendir(dir);
    struct dirent *ent;
    char *found[DRIVERS_MAX];
    unsigned n = 0;

    if (!d) {
        fprintf(stderr, "undis zoo: there is no folder %s; build the drivers first (make build)\n", dir);
        t->wrong++;
        return;
    }
    while ((ent = readdir(d)) != NULL && n < DRIVERS_MAX)
        if (ent->d_name[0] != '.')
            found[n++] = strdup(ent->d_name);
    closedir(d);
    qsort(found, n, sizeof(found[0]), by_name);
    for (unsigned i = 0; i < n; i++) {
        struct zoo_job *j = &jobs[*count];
        bool wanted = name_count == 0;

        for (int k = 0; k < name_count; k++)
            wanted |= strcmp(names[k], found[i]) == 0;
        if (*count == DRIVERS_MAX || !wanted) {
            free(found[i]);
            continue;
        }
        memset(j, 0, sizeof(*j));
        snprintf(j->path, sizeof(j->path), "%s/%s", dir, found[i]);
        j->name = found[i];
        if (read_expect(j->path, &j->expect))
            ++*count;
        else
            free(found[i]);
    }
}

static bool
listed(const struct zoo_job *jobs, unsigned count, const char *name)
{
    while (count > 0)
        if (strcmp(jobs[--count].name, name) == 0)
            return true;
    return false;
}

int
cmd_zoo(int argc, char **argv)
{
    const char *dirs[16], *out = "findings/zoo";
    unsigned dir_count = 0, count = 0;
    uint64_t at_a_time = 2;
    static struct zoo_job jobs[DRIVERS_MAX];
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
        } else if (strcmp(argv[i], "--jobs") == 0 && i + 1 < argc) {
            if (!str_to_u64(argv[++i], &at_a_time) || at_a_time == 0) {
                fprintf(stderr, "undis zoo: --jobs is a number from 1, not \"%s\"; undis zoo --help tells more\n",
                        argv[i]);
                return EXIT_USAGE;
            }
        } else if (argv[i][0] == '-') {
            fprintf(stderr, "undis zoo: unknown option, or its value is missing: \"%s\"; undis zoo --help tells more\n",
                    argv[i]);
            return EXIT_USAGE;
        } else {
            argv[1 + names++] = argv[i];
        }
    }
    if (dir_count == 0) {
        dirs[dir_count++] = "build/zoo";
        dirs[dir_count++] = "build/drivers";
    }
    for (unsigned i = 0; i < dir_count; i++)
        list_folder(dirs[i], argv + 1, names, jobs, &count, &t);
    for (int i = 0; i < names; i++)
        if (!listed(jobs, count, argv[1 + i])) {
            fprintf(stderr, "undis zoo: no driver with a README that states a verdict is called \"%s\"\n", argv[1 + i]);
            return EXIT_USAGE;
        }
    printf("%-28s %-8s %-36s %2s %9s %8s %7s\n", "driver", "verdict", "bucket", "k", "runs", "ms", "CPU s");
    t.drivers = count;
    for (unsigned i = 0; i < t.drivers; i++)
        if (jobs[i].expect.certify[0])
            add_certificate(&jobs[i], dirs, dir_count, jobs, &count);
    test_all(jobs, count, at_a_time, out, &t);
    printf("%u drivers, %u certificates, %u not as expected\n", t.drivers, count - t.drivers, t.wrong);
    return t.drivers == 0 || t.wrong ? EXIT_FINDING : EXIT_CLEAN;
}
