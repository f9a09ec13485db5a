/* SPDX-License-Identifier: MIT */
/*
 * explore/supervisor.c - workers, budgets, verdicts, finding folders.
 *
 * Start reading at: supervisor_test().
 */
#include "explore/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "explore/battery.h"
#include "explore/findings.h"
#include "explore/plant.h"
#include "explore/releases.h"
#include "explore/trust.h"
#include "host/host.h"
#include "nt/profile.h"
#include "pnp/install.h"
#include "ndis/hw/nic.h"

#define DETAIL_BYTES (768ull << 20) /* address space, not memory */
#define CHECK_EVERY  1000u
#define STUCK_MS     1500u /* CPU time within one run that leads nowhere and is no loop that could be planted */
#define TICK_MS      20u   /* CPU time between looks at whether a run gets on */
#define REPLANTS_MAX 64u
#define WATCH_RUNS   200u /* of a sample that looks for races */

struct shared {
    struct search_report report;
    struct lab_reached reached;
    struct run_result setup;
    int32_t entry_status;
    int setup_error;
    char text[256];
    struct planting planting;
};

/* It drives a card that we simulate. */
static bool
has_card(const struct pnp_driver *d)
{
    return d->parsed && strcmp(d->info.component_id, HW_NIC_HARDWARE_ID) == 0;
}

/* ------------------------------------------------------------------ a worker */

static _Noreturn void
worker_main(const struct lab_config *lab, const struct search_job *job, struct shared *sh, struct detail *d)
{
    struct search_hooks hooks = { .run_check = lab_run_check };
    char text[256] = "";

    sh->report.state = SEARCH_SETUP;
    if (plant_begin(&sh->planting, lab->planted, job->watch))
        _exit(3);
    if (d)
        findings_worker_begin(d, &hooks);
    host_tick(TICK_MS);
    sh->setup_error = lab_setup(lab, &sh->reached, &sh->setup, &sh->entry_status, text);
    snprintf(sh->text, sizeof(sh->text), "%s", text);
    if (sh->setup_error) {
        sh->report.state = SEARCH_FAILED;
        _exit(0);
    }
    if (sh->setup.end != RUN_DONE || sh->entry_status < 0) {
        if (sh->setup.end == RUN_DONE) /* the machine is well, the driver said no: that is what there is to tell */
            snprintf(sh->setup.text, sizeof(sh->setup.text), "%.150s", text);
        lab_collect(&sh->reached);
        if (d)
            findings_worker_setup(d, &sh->setup);
        sh->report.state = SEARCH_DONE;
        _exit(0);
    }
    search_run(job, &hooks, &sh->report);
    plant_end(&sh->planting);
    lab_collect(&sh->reached);
    _exit(0);
}

struct watch {
    const struct test_options *o;
    const char *name;
    double time_s;
    bool progress;
};

static double
seconds_now(void)
{
    return (double)host_now_ns() / 1e9;
}

/* CPU time of a worker so far, and when each of its failures was met first: seen from outside, every few ms. */
struct worker_time {
    double cpu_s, found_s[FOUND_MAX];
    unsigned found;
};

static void
note_time(struct worker_time *t, const struct shared *sh, pid_t pid)
{
    t->cpu_s = host_process_cpu_s(pid);
    while (t->found < FOUND_MAX && t->found < sh->report.found_count)
        t->found_s[t->found++] = t->cpu_s;
}

/*
 * Fork, watch, reap. Returns 0, or -ECHILD when the worker died by a signal (status in *status). The worker is
 * told to stop when its time is over, signalled when one run takes too long, killed when that does not help.
 */
static int
worker_run(const struct lab_config *lab, const struct search_job *job, struct shared *sh, struct detail *d,
           const struct watch *w, struct worker_time *time, int *status)
{
    double begin = seconds_now(), last_progress = begin, stuck_since = 0;
    uint64_t last_run = 0;
    pid_t pid;
    unsigned nudges = 0;

    fflush(NULL);
    pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0) {
        if (host_sandbox_ready())
            _exit(3);
        worker_main(lab, job, sh, d);
    }
    for (unsigned turns = 0;; turns++) {
        double now, used;
        pid_t got = waitpid(pid, status, WNOHANG);

        if (got == pid)
            break;
        now = seconds_now();
        note_time(time, sh, pid);
        used = time->cpu_s;
        if (w->time_s > 0 && now - begin > w->time_s)
            sh->report.stop = 1;
        if (sh->report.in_run != last_run) {
            last_run = sh->report.in_run;
            stuck_since = used;
            nudges = 0;
        } else if (used - stuck_since > STUCK_MS / 1000.0) {
            kill(pid, nudges++ < 2 ? SIGUSR1 : SIGKILL);
            stuck_since = used;
        }
        if (w->progress && now - begin > 1 && now - last_progress > 0.2) {
            last_progress = now;
            fprintf(stderr, "\r  %-28s k=%u  %llu runs  %.0f runs/s  %.1f s ", w->name, sh->report.k,
                    (unsigned long long)sh->report.runs, (double)sh->report.runs / (now - begin), now - begin);
        }
        host_sleep_us(turns < 200 ? 500 : 5000);
    }
    if (w->progress && last_progress > begin)
        fprintf(stderr, "\r%78s\r", "");
    return WIFSIGNALED(*status) ? -ECHILD : 0;
}

/* ------------------------------------------------------------------ one scenario */

static struct shared *
shared_create(void)
{
    return host_shared(sizeof(struct shared));
}

static void
judge(struct scenario_result *s, const struct shared *sh, bool first, int werr, int status)
{
    const struct search_report *r = &s->report;
    const char *damaged;

    s->report = sh->report; /* copied first: judged is what is used */
    s->reached = sh->reached;
    damaged = trust_report(&s->report);
    if (!damaged)
        damaged = trust_reached(&s->reached);
    if (damaged) {
        memset(&s->report, 0, sizeof(s->report));
        memset(&s->reached, 0, sizeof(s->reached));
        s->searched = s->exhausted = false;
        s->state = 3;
        snprintf(s->text, sizeof(s->text), "the worker's report is damaged (%s): the driver wrote over it", damaged);
        return;
    }
    s->searched = true;
    for (unsigned k = 0; k <= s->k; k++)
        s->searched &= r->level[k].exhausted;
    s->faults = r->fault_level.runs != 0 ? s->faults : 0;
    s->values = r->value_level.runs != 0 ? s->values : 0;
    s->searched &= (s->faults == 0 || r->fault_level.exhausted) && (s->values == 0 || r->value_level.exhausted);
    s->exhausted = s->searched && r->found_count == 0;
    if (werr == -ECHILD) {
        s->state = 3;
        snprintf(s->text, sizeof(s->text), "the worker died (signal %d) in run %llu", WTERMSIG(status),
                 (unsigned long long)r->in_run);
    } else if (WEXITSTATUS(status) != 0) {
        s->state = 3;
        snprintf(s->text, sizeof(s->text), "the worker ended with status %d: see above", WEXITSTATUS(status));
    } else if (r->state == SEARCH_FAILED) {
        s->state = sh->setup_error;
        snprintf(s->text, sizeof(s->text), "%.255s", sh->text);
    } else if (sh->setup.end != RUN_DONE || sh->entry_status < 0) {
        s->setup_failed = true;
        s->state = sh->setup.end == RUN_UNSUPPORTED ? 4 : 1;
        snprintf(s->text, sizeof(s->text), "%.255s", sh->text);
    } else if (r->divergences > r->same_differ) {
        s->state = 3;
        snprintf(s->text, sizeof(s->text), "nondeterminism: %llu of %llu runs that were made twice differed",
                 (unsigned long long)(r->divergences - r->same_differ), (unsigned long long)r->double_runs);
    } else if (r->same_differ > 0) {
        /* A driver that fails may have written what is not its own any more; without a failure it is our fault. */
        s->state = r->found_count > 0 ? 1 : 3;
        snprintf(s->text, sizeof(s->text), "%llu of %llu equal orders of events ended in unequal memory",
                 (unsigned long long)r->same_differ, (unsigned long long)r->same_orders);
    } else if (r->found_count > 0) {
        s->state = 1;
        if (r->found_lost > 0)
            snprintf(s->text, sizeof(s->text), "more than %u failures: %llu failing runs are not told of", FOUND_MAX,
                     (unsigned long long)r->found_lost);
        else if (!s->searched && !first)
            snprintf(s->text, sizeof(s->text), "not searched to its end");
    } else if (r->unsupported[0]) {
        s->state = 4;
        snprintf(s->text, sizeof(s->text), "the driver calls %s, which undis does not have", r->unsupported);
    } else if (!s->exhausted) {
        s->state = 2;
        snprintf(s->text, sizeof(s->text), "the budget ended first");
    } else {
        s->state = 0;
    }
}

/* -v: what the drivers print in the plainest run, or in the first failing one, in order. */
static void
print_debug(const struct lab_config *lab, const struct scenario_result *s)
{
    static const struct choice_list empty;
    struct detail *d = supervisor_detail(lab, s->report.found_count ? &s->report.found[0].choices : &empty, NULL);

    for (unsigned i = 0; d && i < d->in.debug_line_count; i++)
        printf("    | %s\n", d->in.debug_lines[i]);
    detail_destroy(d);
}

/* One worker; true: it wants more planted, which s->planted now has. */
static bool
worker_again(struct lab_config *lab, const struct search_job *job, struct shared *sh, const struct watch *w,
             struct scenario_result *s, int *werr, int *status)
{
    struct worker_time time = { .cpu_s = 0 };

    memset(sh, 0, sizeof(*sh));
    *werr = worker_run(lab, job, sh, NULL, w, &time, status);
    for (unsigned i = 0; i < FOUND_MAX; i++)
        s->found_cpu_s[i] = s->cpu_seconds + (i < time.found ? time.found_s[i] : time.cpu_s);
    s->cpu_seconds += time.cpu_s;
    s->asked |= sh->reached.collected ? sh->reached.asked : UINT32_MAX;
    if (!sh->planting.again || sh->planting.list.count > PLANTED_MAX || sh->planting.list.count <= s->planted.count)
        return false;
    s->planted = sh->planting.list;
    return true;
}

/*
 * Look for races in a sample until no new access races, then search with those as points. A worker that wants more
 * planted is run again.
 */
static int
search_planted(struct lab_config *lab, const struct search_job *job, struct shared *sh, const struct watch *w,
               const struct test_result *out, struct scenario_result *s, int *status)
{
    struct search_job sample = { .strategy = STRATEGY_POS, .runs_max = WATCH_RUNS, .seed = 1, .watch = true };
    int werr = 0;

    lab->planted = &s->planted;
    if (out->scenario_count > 1) /* what another scenario showed of the same drivers holds here, too */
        s->planted = s[-1].planted;
    for (unsigned again = 0; again < REPLANTS_MAX; again++)
        if (!worker_again(lab, &sample, sh, w, s, &werr, status)) {
            s->watched_runs = sh->report.runs;
            s->races_unpromoted = sh->planting.racing;
            break;
        }
    for (unsigned again = 0; again < REPLANTS_MAX; again++)
        if (!worker_again(lab, job, sh, w, s, &werr, status))
            break;
    return werr;
}

static void
run_scenario(const struct test_options *o, const struct lab_subjects *subjects, const struct scenario *scn,
             const struct wire_capture *wire, const char *name, unsigned k, struct scenario_result *s,
             struct test_result *out)
{
    struct shared *sh = shared_create();
    struct lab_config lab = { .driver = subjects->driver,
                              .driver_count = subjects->count,
                              .scenario = scn,
                              .wire = wire,
                              .vps = o->vps     ? o->vps
                                     : scn->vps ? scn->vps
                                                : 2 };
    struct search_job job = { .strategy = o->strategy,
                              .k_first = 0,
                              .k_last = o->k == K_DEFAULT ? k : o->k,
                              .faults = o->faults,
                              .values = 1,
                              .cache = !o->cache_off,
                              .from_start = o->marks_off || lab_loads(scn),
                              .runs_max = o->runs,
                              .seed = o->seed,
                              .first = o->first,
                              .follow = o->follow,
                              .check_every = CHECK_EVERY };
    struct watch w = { .o = o, .name = name, .time_s = o->time_s, .progress = !o->quiet && isatty(2) };
    double begin = seconds_now();
    int status = 0, werr;

    memset(s, 0, sizeof(*s));
    snprintf(s->name, sizeof(s->name), "%s", name);
    if (!sh) {
        s->state = 3;
        snprintf(s->text, sizeof(s->text), "no memory to share with a worker");
        return;
    }
    s->k = job.k_last;
    s->faults = job.faults;
    s->values = job.values;
    werr = search_planted(&lab, &job, sh, &w, out, s, &status);
    s->seconds = seconds_now() - begin;
    judge(s, sh, o->first, werr, status);
    out->runs += s->report.runs;
    if (s->state == 1)
        if (!o->counts_only)
            findings_write(o, &lab, s, sh->setup.end != RUN_DONE || sh->entry_status < 0 ? &sh->setup : NULL, out);
    if (o->verbose && !o->quiet && s->state < 3)
        print_debug(&lab, s);
    host_unshare(sh, sizeof(*sh));
}

struct detail *
supervisor_detail(const struct lab_config *lab, const struct choice_list *choices, const struct verify_rule *about)
{
    struct shared *sh = shared_create();
    struct detail *d = detail_create(DETAIL_BYTES);
    static const struct test_options none;
    struct search_job job = { .strategy = STRATEGY_REPLAY, .detail = true, .replay = *choices };
    struct watch w = { .o = &none, .time_s = 60 };
    const char *damaged = NULL;
    struct worker_time time = { .cpu_s = 0 };
    int status = 0, err = -ENOMEM;

    lab_register_exports();
    if (d)
        d->about = about;
    if (sh && d)
        err = worker_run(lab, &job, sh, d, &w, &time, &status);

    if (!err && d->complete)
        damaged = trust_detail(d, DETAIL_BYTES);
    if (err || sh->planting.again || !d->complete || damaged) {
        if (damaged)
            fprintf(stderr, "undis: the recording worker's report is damaged (%s): the driver wrote over it\n",
                    damaged);
        else
            fprintf(stderr, "undis: the recording worker ended early (error %d, status 0x%x, state %u) %.255s\n", -err,
                    status, sh ? sh->report.state : 0, sh ? sh->text : "");
        detail_destroy(d);
        d = NULL;
    }
    if (sh)
        host_unshare(sh, sizeof(*sh));
    return d;
}

/* ------------------------------------------------------------------ the whole test */

static bool
any_device(const struct test_result *r)
{
    for (unsigned i = 0; i < r->scenario_count; i++)
        if (r->scenario[i].reached.devices[0])
            return true;
    return false;
}

static struct scenario_result *
next_result(struct test_result *out)
{
    out->scenario = realloc(out->scenario, (out->scenario_count + 1) * sizeof(*out->scenario));
    return &out->scenario[out->scenario_count++];
}

static void
print_line(const struct test_options *o, const struct scenario_result *s)
{
    static const char *const words[] = { "clean", "FINDING", "budget ended", "ERROR", "cannot run" };

    if (o->quiet)
        return;
    printf("  %-30s %-12s ", s->name, words[s->state]);
    if (o->strategy == STRATEGY_ICB)
        printf("k<=%u%s", s->k, s->searched ? " exhausted" : "          ");
    else
        printf("sampled");
    printf("  %8llu runs  %6.2f s%s%s\n", (unsigned long long)s->report.runs, s->seconds, s->text[0] ? "  " : "",
           s->text);
    fflush(stdout);
}

static void
fold_status(struct test_result *out)
{
    static const int rank[] = { 0, 3, 1, 4, 2 }; /* 3 before 1 before 4 before 2 */

    for (unsigned i = 0; i < out->scenario_count; i++)
        if (rank[out->scenario[i].state] > rank[out->exit_status])
            out->exit_status = out->scenario[i].state;
}

static void
save_scenario(const struct test_options *o, const struct scenario *scn, const struct wire_capture *wire,
              const char *name)
{
    char path[600];
    FILE *f;

    if (!o->write_scenario)
        return;
    snprintf(path, sizeof(path), "%s/%s.yaml", o->write_scenario, name);
    f = fopen(path, "w");
    if (f) {
        scenario_save(scn, f);
        fclose(f);
        wire_files_write(o->write_scenario, wire, NULL);
        lab_program_files_write(o->write_scenario);
        lab_registry_write(o->write_scenario);
    }
}

/* What a scenario file may say but nothing acts on: refused by name rather than left out in silence. */
static int
scenario_supported(const struct scenario *s, const struct lab_subjects *subjects, char text[256])
{
    unsigned nics = 0, loads = 0;
    bool card = false, own_wire;

    for (unsigned i = 0; i < subjects->count; i++)
        nics += subjects->driver[i].kind == INF_MINIPORT ? s->stack.adapters : 0;
    for (unsigned i = 0; i < subjects->count; i++)
        card |= has_card(&subjects->driver[i]);
    own_wire = nics == 0;
    if (own_wire)
        nics = s->stack.adapters;
    if (s->os && s->os[0] && nt_profile_select(s->os))
        return snprintf(text, 256, "%.60s: there is no OS profile \"%.40s\"; undis test --help lists them", s->name,
                        s->os);
    for (unsigned i = 0; i < s->actors_count; i++)
        for (unsigned k = 0; k < s->actors[i].ops_count; k++) {
            enum scn_op_kind op = s->actors[i].ops[k].kind;

            loads += op == OP_LOAD ? s->actors[i].repeat : 0;
            if (!card && (op == OP_INTERRUPT || (!own_wire && (op == OP_LINK_DOWN || op == OP_LINK_UP))))
                return snprintf(text, 256,
                                "%.60s: actor %.60s: the op \"%s\" needs a miniport whose INF names the simulated card",
                                s->name, s->actors[i].name, scn_op_name(op));
            if (s->actors[i].ops[k].adapter >= nics)
                return snprintf(text, 256, "%.60s: actor %.60s: the op \"%s\" is for adapter %u, the stack has %u",
                                s->name, s->actors[i].name, scn_op_name(op), s->actors[i].ops[k].adapter, nics);
        }
    if (lab_user_bytes(s) > LAB_USER_BYTES)
        return snprintf(text, 256, "%.60s: its programs need %zu KB for buffers, and have %u", s->name,
                        lab_user_bytes(s) >> 10, LAB_USER_BYTES >> 10);
    if (loads > 1 && (subjects->driver[0].kind == INF_MINIPORT || subjects->driver[0].kind == INF_INTERMEDIATE))
        return snprintf(text, 256, "%.60s: a miniport driver can be loaded once in a scenario, not %u times", s->name,
                        loads);
    return 0;
}

int
supervisor_scenario(const struct test_options *o, struct lab_subjects *s, const struct scenario *scn,
                    const struct wire_capture *wire, unsigned k, struct test_result *out)
{
    if (scenario_supported(scn, s, out->text))
        return LAB_INPUT;
    run_scenario(o, s, scn, wire, scn->name, k, next_result(out), out);
    return 0;
}

static int
read_subjects(const struct test_options *o, struct lab_subjects *s, char text[256])
{
    struct pnp_driver *d;
    int err = lab_subjects_add(s, o->path, &d, text);

    for (unsigned i = 0; i < LAB_DRIVERS_MAX && o->more[i] && !err; i++)
        err = lab_subjects_add(s, o->more[i], &d, text);
    return err;
}

/* --param: into the scenario, so that findings have it, after those it has. 0, or LAB_INPUT or LAB_OURS. */
static int
add_parameters(const struct test_options *o, const struct lab_subjects *s, struct scn_stack *stack, char text[256])
{
    const struct pnp_driver *driver[LAB_DRIVERS_MAX];
    unsigned more = 0;
    char **bigger;

    for (unsigned i = 0; i < s->count; i++)
        driver[i] = &s->driver[i];
    while (more < 16 && o->parameter[more] != NULL)
        more++;
    bigger = realloc(stack->parameters, (stack->parameters_count + more + 1) * sizeof(*bigger));
    if (bigger == NULL)
        return snprintf(text, 256, "out of memory"), LAB_OURS;
    stack->parameters = bigger;
    for (unsigned i = 0; i < more; i++) {
        if ((bigger[stack->parameters_count] = strdup(o->parameter[i])) == NULL)
            return snprintf(text, 256, "out of memory"), LAB_OURS;
        stack->parameters_count++;
    }
    for (unsigned i = 0; i < stack->parameters_count; i++)
        if (pnp_user_parameter_check(stack->parameters[i], driver, s->count, text))
            return LAB_INPUT;
    return 0;
}

/* --reg, in place of the file that the scenario may name from its folder; ours is from where we are. */
static int
add_registry(const struct test_options *o, const char *scenario_path, struct scn_stack *stack, char text[256])
{
    if (o->reg == NULL)
        return lab_registry_read(scenario_path, stack, text);
    free(stack->registry);
    stack->registry = strdup(o->reg);
    if (stack->registry == NULL)
        return snprintf(text, 256, "out of memory"), LAB_OURS;
    return lab_registry_read("", stack, text);
}

/* --scenario FILE. 0 when it ran, else LAB_INPUT or LAB_OURS with out->text. */
static int
run_file(const struct test_options *o, struct lab_subjects *s, struct test_result *out)
{
    struct scenario *scn;
    struct scn_error serr;
    struct wire_capture *wire = NULL;
    int err;

    if (scenario_load(o->scenario, &scn, &serr)) {
        snprintf(out->text, sizeof(out->text), serr.line ? "%s, line %u: %s" : "%s%.0u: %s", o->scenario, serr.line,
                 serr.text);
        return LAB_INPUT;
    }
    err = lab_subjects_of_stack(s, o->scenario, &scn->stack, out->text);
    if (!err && scenario_supported(scn, s, out->text))
        err = LAB_INPUT;
    if (!err)
        err = add_parameters(o, s, &scn->stack, out->text);
    if (!err)
        err = lab_wire_read(o->scenario, s, scn, &wire, out->text);
    if (!err)
        err = lab_program_files_read(o->scenario, scn, out->text);
    if (!err)
        err = add_registry(o, o->scenario, &scn->stack, out->text);
    if (!err) {
        run_scenario(o, s, scn, wire, scn->name, 1, next_result(out), out);
        print_line(o, &out->scenario[out->scenario_count - 1]);
        save_scenario(o, scn, wire, scn->name);
        wire_capture_free(wire);
    }
    scenario_free(scn);
    return err;
}

/* An import by name stands in the file as it is. */
static bool
can_be_suspended(const struct pnp_driver *d)
{
    static const char name[] = "NdisMIdleNotificationConfirm";

    return d->bytes != NULL && memmem(d->bytes, d->len, name, sizeof(name)) != NULL;
}

static bool
fits(const struct battery_entry *b, const struct pnp_driver *d)
{
    bool card = has_card(d);

    if (card && (b->kinds & BATTERY_CARD))
        return true;
    if ((b->kinds & BATTERY_IDLE) && can_be_suspended(d))
        return true;
    return (b->kinds >> d->kind & 1) && !(card && (b->kinds & BATTERY_NO_CARD));
}

static int
run_battery(const struct test_options *o, const struct lab_subjects *s, struct test_result *out)
{
    for (unsigned i = 0; battery_get(i); i++) {
        const struct battery_entry *b = battery_get(i);
        const struct scenario_result *last;
        struct scenario *scn;
        int err;

        if (!fits(b, &s->driver[0]) || (o->only && strcmp(o->only, b->name) != 0))
            continue;
        if (b->needs_device && out->scenario_count > 0 && !any_device(out))
            continue;
        scn = b->make(s->driver[0].kind);
        err = add_parameters(o, s, &scn->stack, out->text);
        if (!err)
            err = add_registry(o, "", &scn->stack, out->text);
        if (err) {
            scenario_free(scn);
            return err;
        }
        if (!releases_known(o->earlier, b->name, next_result(out), out))
            run_scenario(o, s, scn, NULL, b->name, b->k, &out->scenario[out->scenario_count - 1], out);
        last = &out->scenario[out->scenario_count - 1];
        print_line(o, last);
        save_scenario(o, scn, NULL, b->name);
        scenario_free(scn);
        if (last->setup_failed || (o->first && last->state == 1))
            break;
    }
    return 0;
}

/* The folder that an option names, made if need be. 0, or LAB_INPUT with a text: nothing can be written there. */
static int
make_folder(const char *dir, const char *what, const char *option, char text[256])
{
    int err = host_mkdir_p(dir);

    if (!err && access(dir, W_OK | X_OK) == 0)
        return 0;
    snprintf(text, 256, "%.150s: %s cannot be written there (%s); name another with %s", dir, what,
             strerror(err ? -err : errno), option);
    return LAB_INPUT;
}

int
supervisor_test(const struct test_options *o, struct test_result *out)
{
    struct lab_subjects subjects = { .count = 0 };
    double begin = seconds_now();

    memset(out, 0, sizeof(*out));
    lab_register_exports(); /* names of exports, for stacks; workers inherit the table */
    out->exit_status = read_subjects(o, &subjects, out->text);
    if (out->exit_status)
        goto out;
    releases_installs(&subjects, out->installs);
    out->exit_status = o->counts_only ? 0 : make_folder(o->out, "findings", "--out", out->text);
    if (!out->exit_status && o->write_scenario)
        out->exit_status = make_folder(o->write_scenario, "scenarios", "--write-scenario", out->text);
    if (out->exit_status)
        goto out;
    if (o->scenario)
        out->exit_status = run_file(o, &subjects, out);
    else
        out->exit_status = run_battery(o, &subjects, out);
    if (out->exit_status)
        goto out;
    fold_status(out);
    out->seconds = seconds_now() - begin;
    for (unsigned i = 0; i < out->scenario_count; i++)
        out->cpu_seconds += out->scenario[i].cpu_seconds;
out:
    lab_subjects_free(&subjects);
    return out->exit_status;
}

void
test_result_free(struct test_result *r)
{
    free(r->scenario);
    r->scenario = NULL;
    r->scenario_count = 0;
}
