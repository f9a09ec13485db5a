/* SPDX-License-Identifier: MIT */
/*
 * cli/os.c - undis test --os all: the driver on every release of Windows.
 *
 * Whose fault a finding is, is computed: where the release has a flaw, the finding's trace runs once more on a machine
 * without it. If it passes, the release is to blame; if it fails all the same, the driver is.
 */
#include <stdio.h>

#include "cli/cli.h"
#include "explore/certificate.h"
#include "explore/supervisor.h"
#include "nt/profile.h"

static void
print_row(const struct nt_profile *p, const struct test_result *r)
{
    static const char *const words[] = { "clean", "finding", "budget", "error", "input" };
    const struct finding_record *f = r->finding_count ? &r->finding[0] : NULL;
    const char *blame = "";

    if (f)
        blame = nt_profile_flawed() && replay_blames_release(f->folder) ? "the release" : "the driver";
    printf("%-8s %-30s %-8s %-40s %s\n", p->name, p->words, words[r->exit_status], f ? f->verdict.bucket : "-", blame);
    fflush(stdout);
}

int
test_all_releases(struct test_options *o)
{
    const char *out = o->out;
    const struct nt_profile *p;
    char dir[1024];
    int worst = EXIT_CLEAN;

    o->quiet = true;
    printf("%-8s %-30s %-8s %-40s %s\n", "release", "", "verdict", "bucket of the first finding", "whose fault");
    for (unsigned i = 0; (p = nt_profile_get(i)) != NULL; i++) {
        struct test_result r;
        int status;

        nt_profile_select(p->name);
        snprintf(dir, sizeof(dir), "%s/%s", out, p->name);
        o->out = dir;
        status = supervisor_test(o, &r);
        if (r.text[0])
            fprintf(stderr, "undis test: %s\n", r.text);
        certificates_write(o, &r);
        print_row(p, &r);
        test_result_free(&r);
        if (status == EXIT_INPUT)
            return status; /* the same on every release */
        if (worst == EXIT_CLEAN || status == EXIT_FINDING || status == EXIT_OURS)
            worst = status > EXIT_CLEAN ? status : worst;
    }
    return worst;
}
