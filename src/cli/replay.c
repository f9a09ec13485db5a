/* SPDX-License-Identifier: MIT */
/* cli/replay.c - undis replay: a finding again, from its folder alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/cli.h"
#include "explore/findings.h"
#include "explore/live_replay.h"
#include "host/host.h"
#include "nt/profile.h"

#include <openssl/sha.h>

static const char help[] =
    "usage: undis replay FINDING [--times N] [--driver PATH] [--time SECONDS]\n"
    "Runs a finding's trace again and prints bugcheck, step, sha256 of the machine's memory and of its events.\n"
    "One that undis run --record made is looked for with its last inputs: in the order of calls that was recorded,\n"
    "then in others; what leads to the same bucket is written to FINDING/replayed with a trace of its own.\n"
    "  --times N      so many times, each in a fresh process; all must be equal\n"
    "  --driver PATH  the driver, if it is no longer where the trace says\n"
    "  --time SECONDS to look for a recorded finding (default 60)\n"
    "exit: 1 the finding happened again, 3 it did not or runs differed, 4 the folder or driver cannot be used\n";

static int
fail(const char *folder, const char *what)
{
    fprintf(stderr, "undis replay: %s: %s\n", folder, what);
    return EXIT_INPUT;
}

/* EXIT_CLEAN: the finding did not happen. */
static int
once(const struct lab_config *lab, const struct trace_file *trace, char line[400])
{
    struct detail *d = supervisor_detail(lab, &trace->choices, trace->about);
    char arena[65], events[65];
    bool again;

    if (!d) {
        fprintf(stderr, "undis replay: the worker did not finish\n");
        return EXIT_OURS;
    }
    again = d->in.kind != FINDING_VIOLATION ||
            (d->in.violation_count > 0 && (!trace->about || d->in.violations[0].rule == trace->about));
    hex_of(d->arena_sha256, 32, arena);
    hex_of(d->events_sha256, 32, events);
    if (d->in.code)
        snprintf(line, 400, "bugcheck 0x%X (%llx, %llx, %llx, %llx)\nstep %llu\narena sha256 %s\nevents sha256 %s\n",
                 d->in.code, (unsigned long long)d->in.p[0], (unsigned long long)d->in.p[1],
                 (unsigned long long)d->in.p[2], (unsigned long long)d->in.p[3], (unsigned long long)d->in.step, arena,
                 events);
    else
        snprintf(line, 400, "%s\nstep %llu\narena sha256 %s\nevents sha256 %s\n",
                 d->in.check_text ? d->in.check_text : "a rule was broken", (unsigned long long)d->in.step, arena,
                 events);
    detail_destroy(d);
    if (again)
        return EXIT_FINDING;
    return EXIT_CLEAN;
}

/* One of the trace's drivers, which must be the very one. */
static int
read_driver(struct lab_subjects *s, const char *path, const char *sha256)
{
    struct pnp_driver *d;
    uint8_t sha[32];
    char hash[65], err[256];

    if (access(path, F_OK) != 0)
        return fail(path, "the driver is not there any more; --driver says where it is now");
    if (lab_subjects_add(s, path, &d, err)) {
        fprintf(stderr, "undis replay: %s\n", err);
        return EXIT_INPUT;
    }
    SHA256(d->bytes, d->len, sha);
    hex_of(sha, 32, hash);
    if (strcmp(hash, sha256) == 0)
        return 0;
    return fail(d->sys, "this is another build of the driver than the trace was made with (sha256 differs)");
}

/* Replay what is in the folder. EXIT_CLEAN: the finding did not happen. quiet: print nothing but what goes wrong. */
static int
replay(const char *folder, const char *driver_path, uint64_t times, bool quiet)
{
    char path[1100], err[256], line[400], first[400] = "";
    uint8_t *bytes;
    size_t len;
    struct trace_file trace;
    struct lab_subjects subjects = { .count = 0 };
    struct scenario *scn;
    struct scn_error serr;
    struct lab_config lab;
    struct wire_capture *wire;
    int status = EXIT_OURS;

    snprintf(path, sizeof(path), "%s/trace", folder);
    if (host_read_file(path, &bytes, &len))
        return fail(folder, "no finding here: its file \"trace\" cannot be read");
    if (trace_parse((const char *)bytes, len, &trace, err))
        return fail(path, err);
    free(bytes);
    snprintf(path, sizeof(path), "%s/scenario.yaml", folder);
    if (scenario_load(path, &scn, &serr)) {
        snprintf(path + strlen(path), sizeof(path) - strlen(path), serr.line ? ", line %u" : "%.0u", serr.line);
        return fail(path, serr.text);
    }
    for (unsigned i = 0; i < trace.driver_count; i++) {
        const char *from = i == 0 && driver_path ? driver_path : trace.driver[i].path;

        if (read_driver(&subjects, from, trace.driver[i].sha256))
            return EXIT_INPUT;
    }
    if (trace.os[0] && nt_profile_select(trace.os))
        return fail(path, "made with an OS profile that this undis does not have");
    if (lab_subjects_of_stack(&subjects, path, &scn->stack, err))
        return fail(path, err);
    if (lab_wire_read(path, &subjects, scn, &wire, err) || lab_program_files_read(path, scn, err) ||
        lab_registry_read(path, &scn->stack, err)) {
        fprintf(stderr, "undis replay: %s\n", err);
        return EXIT_INPUT;
    }
    lab = (struct lab_config){ .driver = subjects.driver,
                               .driver_count = subjects.count,
                               .scenario = scn,
                               .wire = wire,
                               .vps = trace.vps,
                               .planted = &trace.planted };
    for (uint64_t i = 0; i < times; i++) {
        status = once(&lab, &trace, line);
        if (status != EXIT_FINDING)
            break;
        if (i == 0) {
            memcpy(first, line, sizeof(first));
            if (!quiet)
                fputs(line, stdout);
        } else if (strcmp(first, line) != 0) {
            fprintf(stderr, "undis replay: run %llu differs:\n%s", (unsigned long long)i + 1, line);
            return EXIT_OURS;
        }
    }
    if (times > 1 && status == EXIT_FINDING)
        printf("equal over %llu replays\n", (unsigned long long)times);
    wire_capture_free(wire);
    scenario_free(scn);
    lab_subjects_free(&subjects);
    return status;
}

bool
replay_blames_release(const char *folder)
{
    int status;

    nt_profile_leave_flaws_out(true);
    status = replay(folder, NULL, 1, true);
    nt_profile_leave_flaws_out(false);
    return status == EXIT_CLEAN;
}

int
cmd_replay(int argc, char **argv)
{
    const char *folder = NULL, *driver_path = NULL;
    uint64_t times = 1;
    double seconds = 60;
    int status;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(help, stdout);
            return EXIT_CLEAN;
        } else if (strcmp(argv[i], "--times") == 0 && i + 1 < argc && str_to_u64(argv[i + 1], &times) && times > 0) {
            i++;
        } else if (strcmp(argv[i], "--driver") == 0 && i + 1 < argc) {
            driver_path = argv[++i];
        } else if (strcmp(argv[i], "--time") == 0 && i + 1 < argc && (seconds = strtod(argv[i + 1], NULL)) > 0) {
            i++;
        } else if (argv[i][0] == '-' || folder) {
            fprintf(stderr, "undis replay: unexpected \"%s\"; undis replay --help tells more\n", argv[i]);
            return EXIT_USAGE;
        } else {
            folder = argv[i];
        }
    }
    if (!folder) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    if (live_replay_possible(folder))
        return live_replay(
            &(struct live_replay_options){ .folder = folder, .driver = driver_path, .time_s = seconds });
    status = replay(folder, driver_path, times, false);
    if (status != EXIT_CLEAN)
        return status;
    fprintf(stderr, "undis replay: the run ended clean: the finding did not happen again\n");
    return EXIT_OURS;
}
