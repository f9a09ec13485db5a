/* SPDX-License-Identifier: MIT */
/*
 * cli/os.c - undis test --os all: the driver on every release of Windows.
 *
 * Whose fault a finding is, is computed: where the release has a flaw, the finding's trace runs once more on a machine
 * without it. If it passes, the release is to blame; if it fails all the same, the driver is.
 * A scenario is searched once for all releases that answer alike what was asked of them in it (explore/releases.h); the
 * table says for each release how many were searched on it, and what that cost.
 */
#include <stdio.h>

#include "cli/cli.h"
#include "explore/certificate.h"
#include "explore/releases.h"
#include "explore/supervisor.h"
#include "nt/profile.h"

#define RELEASES_MAX 16u

/* Whose faults the findings are; the bucket to name is that of the first that is the driver's own, if one is. */
struct blame {
    const char *bucket, *words;
};

static struct blame
blame(const struct test_result *r)
{
    const struct finding_record *own = NULL, *release = NULL;

    for (unsigned i = 0; i < r->finding_count; i++) {
        const struct finding_record *f = &r->finding[i];
        const struct finding_record **first = nt_profile_flawed() && replay_blames_release(f->folder) ? &release : &own;

        if (*first == NULL)
            *first = f;
    }
    if (own != NULL)
        return (struct blame){ own->verdict.bucket, release ? "the driver, and the release" : "the driver" };
    return release ? (struct blame){ release->verdict.bucket, "the release" } : (struct blame){ "-", "" };
}

static void
print_row(const struct nt_profile *p, const struct test_result *r)
{
    static const char *const words[] = { "clean", "finding", "budget", "error", "not for it" };
    struct blame b = blame(r);
    unsigned searched = 0;
    char of[24];

    for (unsigned i = 0; i < r->scenario_count; i++)
        searched += r->scenario[i].searched_on == NULL;
    snprintf(of, sizeof(of), "%u of %u", searched, r->scenario_count);
    printf("%-8s %-28s %-10s %-40s %8s %8.2f  %s\n", p->name, p->words, words[r->exit_status],
           b.bucket, of, r->cpu_seconds, b.words);
    fflush(stdout);
}

int
test_all_releases(struct test_options *o)
{
    struct test_result result[RELEASES_MAX];
    struct earlier earlier[RELEASES_MAX];
    const char *out = o->out;
    const struct nt_profile *p;
    char dir[1024];
    int worst = EXIT_INPUT;
    unsigned count = 0;

    o->quiet = true;
    o->earlier = NULL;
    printf("%-8s %-28s %-10s %-40s %8s %8s  %s\n", "release", "", "verdict", "bucket", "searched", "CPU s",
           "whose fault");
    for (; count < RELEASES_MAX && (p = nt_profile_get(count)) != NULL; count++) {
        struct test_result *r = &result[count];
        int status;

        nt_profile_select(p->name);
        snprintf(dir, sizeof(dir), "%s/%s", out, p->name);
        o->out = dir;
        status = supervisor_test(o, r);
        if (r->text[0])
            fprintf(stderr, "undis test: %s: %s\n", p->name, r->text);
        certificates_write(o, r);
        print_row(p, r);
        earlier[count] = (struct earlier){ .release = p, .result = r, .next = o->earlier };
        o->earlier = &earlier[count];
        if (worst == EXIT_INPUT) /* an INF need not be for every release */
            worst = status;
        else if (status != EXIT_INPUT && (worst == EXIT_CLEAN || status == EXIT_FINDING || status == EXIT_OURS))
            worst = status > EXIT_CLEAN ? status : worst;
    }
    o->earlier = NULL;
    while (count > 0)
        test_result_free(&result[--count]);
    return worst;
}
