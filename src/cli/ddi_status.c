/* SPDX-License-Identifier: MIT */
/*
 * cli/ddi_status.c - undis ddi --status: what undis exports, and what of it drivers called in the run just made.
 *
 * Model: every number is counted now, nothing is kept. *Exported* is the table drivers bind to. *Tested* is called at
 * least once by one of the drivers given, in any scenario of their battery. Where a function's public page names
 * failing codes (statuses.def), one of these must have been its answer once. *Lacking* are the names of --wanted
 * files that nothing exports.
 * Start reading at: cmd_ddi_status().
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/cli.h"
#include "ddk/ndis.h"
#include "explore/supervisor.h"

#define DRIVERS_MAX 64u
#define MODULES_MAX 16u

static const struct page_status {
    const char *function;
    int32_t status;
} page[] = {
#define STATUS_OF(function, status) { #function, (int32_t)(status) },
#include "cli/statuses.def"
#undef STATUS_OF
};
#define PAGE_COUNT (sizeof(page) / sizeof(page[0]))

struct counts {
    const char *module;
    unsigned exported, tested, documented, seen;
};

struct tally {
    uint64_t calls[LAB_EXPORTS_MAX];
    struct lab_failures failures[LAB_EXPORTS_MAX];
};

static void
add_failures(struct lab_failures *into, const struct lab_failures *from)
{
    for (unsigned i = 0; i < from->count && i < DDI_FAILURES_MAX; i++) {
        bool have = false;

        for (unsigned k = 0; k < into->count; k++)
            have = have || into->status[k] == from->status[i];
        if (!have && into->count < DDI_FAILURES_MAX)
            into->status[into->count++] = from->status[i];
    }
}

/*
 * The battery of one driver at bound 0, then with each allocation failing in its turn. Findings are not written: many
 * of these drivers stop the machine on purpose, and what they call before that is all there is to see.
 */
static int
run_driver(const char *path, struct tally *t)
{
    struct test_options o = {
        .path = path,
        .quiet = true,
        .counts_only = true,
        .k = 0,
        .faults = 1,
        .first = true,
        .strategy = STRATEGY_ICB,
    };
    static struct test_result result;

    memset(&result, 0, sizeof(result));
    supervisor_test(&o, &result);
    if (result.exit_status == EXIT_INPUT || result.exit_status == EXIT_OURS) {
        fprintf(stderr, "undis ddi: %s: %s\n", path, result.text[0] ? result.text : "its battery could not be run");
        test_result_free(&result);
        return result.exit_status;
    }
    for (unsigned s = 0; s < result.scenario_count; s++)
        for (unsigned i = 0; i < LAB_EXPORTS_MAX; i++) {
            t->calls[i] += result.scenario[s].reached.calls[i];
            add_failures(&t->failures[i], &result.scenario[s].reached.failures[i]);
        }
    test_result_free(&result);
    return EXIT_CLEAN;
}

/* Does the page of this function name failing codes, and was one of them an answer? */
static void
judge_failures(const char *name, const struct lab_failures *f, bool *documented, bool *seen)
{
    *documented = *seen = false;
    for (size_t i = 0; i < PAGE_COUNT; i++) {
        if (page[i].status >= 0 || strcmp(page[i].function, name) != 0)
            continue;
        *documented = true;
        for (unsigned k = 0; k < f->count; k++)
            *seen = *seen || (int32_t)f->status[k] == page[i].status;
    }
}

static struct counts *
counts_of(struct counts *c, const char *module)
{
    for (unsigned i = 0; i < MODULES_MAX - 1; i++) {
        if (!c[i].module)
            c[i].module = module;
        if (strcasecmp(c[i].module, module) == 0)
            return &c[i];
    }
    return &c[MODULES_MAX - 1];
}

/* Names of a file, one a line, # begins a comment: those nothing exports. */
static int
count_lacking(const char *path, bool verbose, unsigned *wanted, unsigned *lacking)
{
    static const char *const modules[] = { "ntoskrnl", "ndis", "hal" };
    FILE *f = fopen(path, "r");
    char line[256];

    if (!f) {
        fprintf(stderr, "undis ddi: %s: cannot be read\n", path);
        return EXIT_INPUT;
    }
    while (fgets(line, sizeof(line), f)) {
        bool have = false;

        line[strcspn(line, "#\r\n \t")] = '\0';
        if (!line[0])
            continue;
        for (unsigned m = 0; m < 3 && !have; m++)
            have = ddi_lookup(modules[m], line) >= 0;
        ++*wanted;
        *lacking += !have;
        if (!have && verbose)
            printf("  lacking          %s\n", line);
    }
    fclose(f);
    return EXIT_CLEAN;
}

static bool
print_table(const struct tally *t, bool ran, bool verbose)
{
    static struct counts by_module[MODULES_MAX];
    struct counts all = { .module = "all" };

    for (unsigned i = 0; i < ddi_count() && i < LAB_EXPORTS_MAX; i++) {
        const struct ddi_export *e = ddi_get(i);
        struct counts *c = counts_of(by_module, e->module);
        bool documented, seen, tested = t->calls[i] > 0;

        if ((e->kind != DDI_FUNCTION && e->kind != DDI_VARIADIC) || !e->function)
            continue;
        judge_failures(e->name, &t->failures[i], &documented, &seen);
        c->exported++;
        c->tested += tested;
        c->documented += documented;
        c->seen += seen;
        if (verbose)
            printf("  %-16s %s!%s\n",
                   !tested               ? "not tested"
                   : documented && !seen ? "no failure seen"
                                         : "tested",
                   e->module, e->name);
    }
    printf("%-12s %9s %9s %22s %9s\n", "module", "exported", "tested", "page names failures", "one seen");
    for (unsigned i = 0; i < MODULES_MAX; i++) {
        const struct counts *c = &by_module[i];

        if (c->exported == 0)
            continue;
        printf("%-12s %9u %9u %22u %9u\n", c->module, c->exported, c->tested, c->documented, c->seen);
        all.exported += c->exported;
        all.tested += c->tested;
        all.documented += c->documented;
        all.seen += c->seen;
    }
    printf("%-12s %9u %9u %22u %9u\n", all.module, all.exported, all.tested, all.documented, all.seen);
    return !ran || (all.tested == all.exported && all.seen == all.documented);
}

int
cmd_ddi_status(int argc, char **argv)
{
    static struct tally t;
    const char *drivers[DRIVERS_MAX], *wanted_file = NULL;
    unsigned count = 0, wanted = 0, lacking = 0;
    bool verbose = false, complete;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--status") == 0)
            continue;
        if (strcmp(argv[i], "-v") == 0) {
            verbose = true;
        } else if (strcmp(argv[i], "--wanted") == 0 && i + 1 < argc) {
            wanted_file = argv[++i];
        } else if (argv[i][0] == '-' || count == DRIVERS_MAX) {
            fprintf(stderr, "undis ddi: unexpected \"%s\"; undis ddi --help tells more\n", argv[i]);
            return EXIT_USAGE;
        } else {
            drivers[count++] = argv[i];
        }
    }
    if (wanted_file && access(wanted_file, R_OK)) {
        fprintf(stderr, "undis ddi: %s: cannot be read\n", wanted_file);
        return EXIT_INPUT;
    }
    lab_register_exports();
    for (unsigned i = 0; i < count; i++) {
        int err = run_driver(drivers[i], &t);

        if (err)
            return err;
    }
    complete = print_table(&t, count > 0, verbose);
    if (wanted_file) {
        int err = count_lacking(wanted_file, verbose, &wanted, &lacking);

        if (err)
            return err;
        printf("%u names wanted, %u lacking\n", wanted, lacking);
    }
    return complete && lacking == 0 ? EXIT_CLEAN : EXIT_FINDING;
}
