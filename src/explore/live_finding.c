/* SPDX-License-Identifier: MIT */
/* explore/live_finding.c - see live_finding.h. */
#include "explore/live_finding.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "explore/detail.h"
#include "explore/findings.h"
#include "nt/profile.h"
#include "undis/version.h"

#define DETAIL_BYTES (1ull << 31) /* of address; only what is used costs */

/* The next free number, with the bucket made a file name. */
static void
folder_of(const char *parent, const char *bucket, char folder[512])
{
    char clean[160];
    size_t n = 0;
    struct stat st;

    for (const char *p = bucket; *p && n + 1 < sizeof(clean); p++)
        clean[n++] = strchr("/\\ !:*?\"<>|", *p) ? '-' : *p;
    clean[n] = '\0';
    for (unsigned i = 1; i < 1000; i++) {
        snprintf(folder, 512, "%s/live-%02u-%s", parent, i, clean);
        if (stat(folder, &st))
            return;
    }
}

static char *
trace_of(const struct live_finding *how, unsigned vps)
{
    size_t size = 512 + (how->drivers ? strlen(how->drivers) : 0);
    char *text = malloc(size);

    if (text)
        snprintf(
            text, size,
            "# undis live 1\n# undis: %s\n%s# stack: %s\n# vps: %u\n# %s\n", UNDIS_VERSION,
            how->drivers ? how->drivers : "", how->stack_name, vps,
            how->recorded ? "inputs and the order of calls stand in the file record: undis replay looks for it there"
                          : "a live machine without --record notes no choices: this is no trace that can be replayed");
    return text;
}

int
live_finding_of(const struct live_finding *how, struct detail *d, unsigned vps, char folder[512],
                struct finding_verdict *v)
{
    struct finding_verdict mine;
    char *trace = trace_of(how, vps), again[600], os[24];
    int err;

    if (!trace)
        return -ENOMEM;
    d->in.trace_text = trace;
    d->in.scenario = how->stack_name;
    d->in.scenario_text = how->stack_text;
    if (how->stack_text)
        SHA256((const uint8_t *)how->stack_text, strlen(how->stack_text), d->in.scenario_sha256);
    d->in.replay = how->again;
    d->in.undis_version = UNDIS_VERSION;
    d->in.undis_commit = UNDIS_COMMIT;
    nt_profile_version(os, sizeof(os));
    d->in.os_profile = os;
    d->in.os_build = nt_profile()->build;
    d->in.src_map = how->src_map;
    finding_symbolize_all(&d->in, how->symbols);
    finding_conclude(&d->in, &mine);
    folder_of(how->parent, mine.bucket, folder);
    snprintf(again, sizeof(again), "undis replay %s", folder);
    if (how->recorded)
        d->in.replay = again;
    err = finding_write(folder, &d->in);
    finding_names_free(&d->in);
    mine.violation = NULL; /* it pointed into d */
    if (v)
        *v = mine;
    free(trace);
    return err;
}

int
live_finding_write(const struct live_finding *how, const struct run_result *r, char folder[512],
                   struct finding_verdict *v)
{
    static struct explorer no_choices;
    struct detail *d;
    int err;

    if (r->end != RUN_BUGCHECK && r->end != RUN_SYSCALL && r->end != RUN_LIVELOCK && r->end != RUN_HANG)
        return -EINVAL;
    d = detail_create(DETAIL_BYTES);
    if (!d)
        return -ENOMEM;
    detail_collect(d, r, &no_choices, NULL);
    err = live_finding_of(how, d, machine->vp_count, folder, v);
    detail_destroy(d);
    return err;
}
