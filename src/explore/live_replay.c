/* SPDX-License-Identifier: MIT */
/* explore/live_replay.c - see live_replay.h. Start reading at: live_replay(). */
#include "explore/live_replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "explore/findings.h"
#include "explore/recording.h"
#include "host/host.h"

#include <openssl/sha.h>

#define FRAMES_MAX 256u

enum { AGAIN = 1, NOT = 3, INPUT = 4 };

/* What is tried, the likeliest and cheapest first. k: preemptions; FOLLOW: the recorded order. */
#define FOLLOW 99u
static const struct {
    uint8_t sources, each, k;
} tries[] = {
    { 1, 1, FOLLOW }, { 2, 1, FOLLOW }, { 3, 1, FOLLOW }, { 1, 2, FOLLOW }, { 2, 2, FOLLOW }, { 3, 2, FOLLOW },
    { 1, 4, FOLLOW }, { 2, 4, FOLLOW }, { 3, 4, FOLLOW }, { 8, 1, FOLLOW }, { 8, 4, FOLLOW }, { 8, 8, FOLLOW },
    { 1, 1, 1 },      { 2, 1, 1 },      { 1, 2, 1 },      { 2, 2, 1 },      { 1, 4, 1 },      { 3, 2, 1 },
    { 2, 4, 1 },      { 3, 4, 1 },      { 4, 4, 1 },      { 1, 4, 2 },      { 2, 2, 2 },      { 3, 4, 2 },
};

struct attempt {
    const struct live_replay_options *o;
    struct recording r;
    struct lab_subjects subjects;
    struct follow_list *follow;
    char out[600]; /* folder of what is found */
    uint64_t end_ns;
};

static int
fail(const char *what, const char *text)
{
    fprintf(stderr, "undis replay: %s: %s\n", what, text);
    return INPUT;
}

bool
live_replay_possible(const char *folder)
{
    char path[1100];

    snprintf(path, sizeof(path), "%s/record", folder);
    return access(path, R_OK) == 0;
}

/* ------------------------------------------------------------------ drivers */

/* The one that the bucket names goes first: ops about "the driver under test" mean it. */
static void
put_first(struct attempt *a)
{
    const char *module = strchr(a->r.bucket, '_');
    char image[80];

    for (unsigned i = 1; i < a->subjects.count && module != NULL; i++) {
        const struct pnp_driver *d = &a->subjects.driver[i];
        size_t stem;

        str_copy(image, sizeof(image), str_leaf(d->sys));
        stem = strcspn(image, ".");
        if (str_icmp_n(module + 1, image, stem) == 0 && module[1 + stem] == '!') {
            struct pnp_driver first = a->subjects.driver[i];

            a->subjects.driver[i] = a->subjects.driver[0];
            a->subjects.driver[0] = first;
            return;
        }
    }
}

static int
read_drivers(struct attempt *a)
{
    char hash[65], err[256];
    uint8_t sha[32];

    for (unsigned i = 0; i < a->r.driver_count; i++) {
        const char *path = i == 0 && a->o->driver ? a->o->driver : a->r.driver[i].path;
        struct pnp_driver *d;

        if (lab_subjects_add(&a->subjects, path, &d, err))
            return fail(path, err);
        SHA256(d->bytes, d->len, sha);
        hex_of(sha, 32, hash);
        if (strcmp(hash, a->r.driver[i].sha256) != 0)
            return fail(d->sys, "this is another build of the driver than the record was made with (sha256 differs)");
    }
    put_first(a);
    return 0;
}

/* ------------------------------------------------------------------ one scenario */

static const struct finding_record *
same_bucket(const struct attempt *a, const struct test_result *result)
{
    for (unsigned i = 0; i < result->finding_count; i++)
        if (strcmp(result->finding[i].verdict.bucket, a->r.bucket) == 0)
            return &result->finding[i];
    return NULL;
}

static void
print_others(const struct test_result *result)
{
    for (unsigned i = 0; i < result->finding_count; i++)
        printf("    another finding: %s, read %s/analysis.txt\n", result->finding[i].verdict.bucket,
               result->finding[i].folder);
}

static const char *
step_text(const struct attempt *a, uint32_t at, char text[160])
{
    const struct follow_step *s = &a->follow->step[at];
    const struct ddi_export *e = s->index == FOLLOW_OP ? NULL : ddi_get(s->index);

    if (s->who == FOLLOW_TIME)
        return "a timer expires";
    snprintf(text, 160, "%s: %s", s->who == FOLLOW_DPC ? "a DPC" : a->follow->name[s->who],
             e != NULL ? e->name : "its next op");
    return text;
}

/* How far the recorded order could be kept to. */
static void
print_followed(const struct attempt *a)
{
    const struct follow_list *l = a->follow;
    unsigned best = l->run[1].taken > l->run[0].taken;
    uint32_t left = l->run[best].first_left;
    char text[160];

    printf("    %u of %u recorded steps came in their turn", l->run[best].taken, l->count);
    if (left < l->count)
        printf("; step %u did not (%s)", left + 1, step_text(a, left, text));
    printf("\n");
}

/* One search, k: FOLLOW or how many preemptions. AGAIN: it led to the same bucket, which is told. */
static int
search(struct attempt *a, const struct scenario *scn, const struct wire_capture *wire, unsigned k)
{
    struct test_options o = { .out = a->out,
                              .strategy = k == FOLLOW ? STRATEGY_FOLLOW : STRATEGY_ICB,
                              .strategy_given = true,
                              .time_s = (double)(a->end_ns - host_now_ns()) / 1e9 / 2,
                              .k = K_DEFAULT,
                              .quiet = true,
                              .follow = a->follow };
    struct test_result result = { 0 };
    const struct finding_record *found;
    int status = NOT;

    if (supervisor_scenario(&o, &a->subjects, scn, wire, k, &result)) {
        status = fail(scn->name, result.text);
    } else if (result.scenario[0].state == LAB_INPUT) {
        status = fail(scn->name, result.scenario[0].text);
    } else if (result.scenario[0].state == LAB_OURS) { /* of one of many tries: the others may do better */
        printf("  %s: %.255s\n", scn->name, result.scenario[0].text);
    } else {
        found = same_bucket(a, &result);
        if (found != NULL) {
            printf("%s again, %s\n", a->r.bucket,
                   k == FOLLOW ? "in the recorded order of calls" : "in another order than the recorded");
            printf("  %s with %u preemption%s: undis replay %s\n", scn->name, found->k, found->k == 1 ? "" : "s",
                   found->folder);
            status = AGAIN;
        } else {
            printf("  %s, %s: not it%s\n", scn->name,
                   k == FOLLOW ? "in the recorded order"
                   : k == 1    ? "up to 1 preemption"
                               : "up to 2 preemptions",
                   k != FOLLOW && result.scenario[0].state == 2 ? ", its time was over" : "");
            print_others(&result);
        }
        if (k == FOLLOW)
            print_followed(a);
    }
    fflush(stdout);
    test_result_free(&result);
    return status;
}

static int
attempt(struct attempt *a, const struct recording_part *part, unsigned k)
{
    struct wire_record frame[FRAMES_MAX];
    struct wire_capture *wire = NULL;
    struct scenario *scn = NULL;
    struct scn_error err;
    char path[700], why[256];
    uint32_t frames;
    char *text = recording_scenario(&a->r, &a->subjects, part, a->follow, frame, FRAMES_MAX, &frames);
    int status = INPUT;

    if (text == NULL)
        return fail(a->o->folder, "nothing stands in its record that can be done again");
    snprintf(path, sizeof(path), "%s/%s", a->out, part->wire);
    if (frames > 0)
        wire_records_write(path, frame, frames);
    snprintf(path, sizeof(path), "%s/recorded.yaml", a->out);
    host_write_file(path, text, strlen(text));
    if (scenario_load(path, &scn, &err))
        fail(path, err.text);
    else if (lab_subjects_of_stack(&a->subjects, path, &scn->stack, why) ||
             lab_wire_read(path, &a->subjects, scn, &wire, why))
        fail(path, why);
    else
        status = search(a, scn, wire, k);
    wire_capture_free(wire);
    scenario_free(scn);
    free(text);
    return status;
}

/* From one try to the next, until one leads there or the time is over. */
static int
try_all(struct attempt *a)
{
    for (unsigned i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        const struct recording_part part = { tries[i].sources, tries[i].each, "frames.pcap" };
        int status;

        if (host_now_ns() >= a->end_ns) {
            printf("  the time is over, with %zu of %zu searches made\n", (size_t)i, sizeof(tries) / sizeof(tries[0]));
            return NOT;
        }
        status = attempt(a, &part, tries[i].k);
        if (status != NOT)
            return status;
    }
    return NOT;
}

int
live_replay(const struct live_replay_options *o)
{
    struct attempt a = { .o = o, .end_ns = host_now_ns() + (uint64_t)(o->time_s * 1e9) };
    char path[1100], err[256];
    int status;

    lab_register_exports();
    snprintf(path, sizeof(path), "%s/record", o->folder);
    if (recording_read(path, &a.r, err))
        return fail(o->folder, err);
    snprintf(a.out, sizeof(a.out), "%s/replayed", o->folder);
    a.follow = host_shared(sizeof(*a.follow));
    status = a.follow == NULL ? fail(o->folder, "out of memory") : read_drivers(&a);
    if (!status && host_mkdir_p(a.out))
        status = fail(a.out, "what is found cannot be written there");
    if (!status)
        status = try_all(&a);
    for (unsigned i = 0; i < a.r.lacking_count && status != INPUT; i++)
        printf("not as it was: %s\n", a.r.lacking[i]);
    if (status == NOT)
        fprintf(stderr, "undis replay: %s did not happen again under exploration\n", a.r.bucket);
    if (a.follow != NULL)
        host_unshare(a.follow, sizeof(*a.follow));
    lab_subjects_free(&a.subjects);
    recording_free(&a.r);
    return status;
}
