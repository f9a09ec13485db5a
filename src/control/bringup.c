/* SPDX-License-Identifier: MIT */
/* control/bringup.c - see bringup.h. Start reading at: machine_up(), bring_up(). */
#include "control/bringup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "builtin/cable.h"
#include "control/measure.h"
#include "control/record.h"
#include "control/refusal.h"
#include "control/server.h"
#include "control/trace.h"
#include "control/up.h"
#include "host/host.h"
#include "image/image.h"
#include "ndis/admin.h"
#include "ndis/hw/nic.h"
#include "ndis/ndis.h"
#include "nt/ex/ex.h"
#include "nt/io/driver.h"
#include "nt/nt.h"
#include "pnp/reg_install.h"
#include "verify/verify.h"

/* ------------------------------------------------------------------ files */

static int
add_file(struct stack_files *f, const char *path, const struct stack_driver *config, char text[256])
{
    struct pnp_driver d;

    if (pnp_driver_read(path, &d, text))
        return -EINVAL;
    for (unsigned i = 0; i < f->count; i++)
        if (str_ieq(f->driver[i].service, d.service)) {
            bool same = f->driver[i].len == d.len && memcmp(f->driver[i].bytes, d.bytes, d.len) == 0;

            pnp_driver_free(&d);
            if (same && (config == NULL || f->config[i] == NULL)) {
                f->config[i] = config ? config : f->config[i];
                return (int)i;
            }
            snprintf(text, 256, "%.110s: the service %.30s is that of %.80s already", path, f->driver[i].service,
                     f->driver[i].sys);
            return -EINVAL;
        }
    f->driver[f->count] = d;
    f->config[f->count] = config;
    return (int)f->count++;
}

/* A protocol that may have virtual adapters: whether it does is seen when they are made. */
static bool
layered(const struct pnp_driver *d)
{
    return d->kind == INF_PROTOCOL || d->kind == INF_INTERMEDIATE;
}

static int
check_kind(const struct pnp_driver *d, enum inf_kind wanted, char text[256])
{
    if (wanted == INF_OTHER || d->kind == wanted || (layered(d) && (wanted == INF_MINIPORT || wanted == INF_PROTOCOL)))
        return 0;
    snprintf(text, 256, "%.150s is %s %s driver, not a %s", d->service,
             d->kind == INF_INTERMEDIATE ? "an" : "a", inf_kind_name(d->kind), inf_kind_name(wanted));
    return -EINVAL;
}

/* Parameters against the INF of the driver they are for. */
static int
check_parameters(const struct pnp_driver *d, const struct stack_parameters *p, char text[256])
{
    char number[16];

    for (unsigned i = 0; d->parsed && i < p->count; i++) {
        snprintf(number, sizeof(number), "%u", p->p[i].number);
        if (reg_check_parameter(&d->info, p->p[i].name, p->p[i].text ? p->p[i].text : number, text))
            return -EINVAL;
    }
    return 0;
}

int
stack_files_read(const struct stack *stack, struct stack_files *f, unsigned *line, char text[256])
{
    const struct pnp_driver *filter[STACK_DRIVERS_MAX];
    unsigned filters = 0;

    memset(f, 0, sizeof(*f));
    for (unsigned i = 0; i < stack->driver_count; i++) {
        int at = add_file(f, stack->driver[i].path, &stack->driver[i], text);

        *line = stack->driver[i].line;
        if (at < 0 || check_kind(&f->driver[at], stack->driver[i].kind, text))
            return -EINVAL;
        if (stack->driver[i].kind == INF_FILTER)
            filter[filters++] = &f->driver[at];
    }
    *line = 0;
    if (pnp_filter_order(filter, filters, text))
        return -EINVAL;
    for (unsigned i = 0; i < stack->adapter_count; i++) {
        f->miniport[i] = -1;
        if (stack->adapter[i].built_in)
            continue;
        *line = stack->adapter[i].line;
        f->miniport[i] = add_file(f, stack->adapter[i].miniport, NULL, text);
        if (f->miniport[i] < 0 || check_kind(&f->driver[f->miniport[i]], INF_MINIPORT, text) ||
            check_parameters(&f->driver[f->miniport[i]], &stack->adapter[i].parameters, text))
            return -EINVAL;
        if (stack->adapter[i].wire != NULL && !pnp_driver_has_card(&f->driver[f->miniport[i]])) {
            snprintf(text, 256,
                     "the adapter \"%.60s\" has a wire, but its driver's INF does not name the simulated card "
                     "(%s); only that and wirenic are plugged into wires",
                     stack->adapter[i].name, HW_NIC_HARDWARE_ID);
            return -EINVAL;
        }
    }
    return 0;
}

void
stack_files_free(struct stack_files *f)
{
    while (f->count > 0)
        pnp_driver_free(&f->driver[--f->count]);
}

/* ------------------------------------------------------------------ in the machine */

#define DOWN_S    20u /* a driver has so long to let the machine end */
struct up up;

static void
check_pool(uint64_t base, uint64_t size, void *arg)
{
    (void)arg;
    ex_pool_leaks(base, size, NULL);
}

/* Drivers without devices first, miniports, then their adapters; filters, then what binds to them. */
enum { START_OTHERS, START_MINIPORTS, START_FILTERS, START_INTERMEDIATE, START_PROTOCOLS };

static unsigned
start_rank(const struct pnp_driver *d)
{
    static const uint8_t ranks[] = {
        [INF_OTHER] = START_OTHERS,
        [INF_MINIPORT] = START_MINIPORTS,
        [INF_FILTER] = START_FILTERS,
        [INF_INTERMEDIATE] = START_INTERMEDIATE,
        [INF_PROTOCOL] = START_PROTOCOLS,
    };

    return ranks[d->kind];
}

bool
up_start_driver(unsigned file)
{
    const struct stack_driver *config = up.files->config[file];
    int32_t status =
        pnp_start(&up.service[file], config ? config->parameters.p : NULL, config ? config->parameters.count : 0);

    if (status < 0) {
        snprintf(up.failure, sizeof(up.failure), "DriverEntry of %.60s returned 0x%08X", up.files->driver[file].service,
                 (unsigned)status);
        up.refused = true;
        return false;
    }
    up.started[file] = true;
    return true;
}

static bool
start_drivers(unsigned first, unsigned last)
{
    for (unsigned rank = first; rank <= last; rank++)
        for (unsigned i = 0; i < up.files->count; i++)
            if (start_rank(&up.files->driver[i]) == rank && !up_start_driver(i))
                return false;
    return true;
}

/* What the file says for filters on this adapter alone. */
static void
module_parameters(const struct running_adapter *a)
{
    for (unsigned i = 0; i < up.files->count; i++) {
        const struct stack_driver *config = up.files->config[i];

        for (unsigned k = 0; config != NULL && k < config->module_count; k++)
            if (str_ieq(config->module[k].adapter, a->config->name))
                pnp_filter_parameters(a->nic, up.files->driver[i].service, config->module[k].parameters.p,
                                      config->module[k].parameters.count);
    }
}

static bool
is_virtual(const struct running_adapter *a)
{
    return a->miniport != NULL && layered(a->miniport);
}

bool
up_add_adapter(struct running_adapter *a)
{
    const struct stack_parameters *p = &a->config->parameters;

    if (a->miniport != NULL)
        a->nic = pnp_nic_add(a->miniport, a->config->name, p->p, p->count);
    else if ((a->nic = wirenic_add(a->config->name, a->wire, NULL)) != NULL) {
        wirenic_set_vp(a->nic, a->config->vp);
        pnp_nic_install(a->nic, NULL, p->p, p->count);
    }
    if (a->nic != NULL && a->miniport != NULL && a->wire != NULL) {
        a->cable = cable_add(hw_nic_of(a->nic), a->wire, a->config->vp);
        if (a->cable == NULL) {
            snprintf(up.failure, sizeof(up.failure), "%.60s: the wire cannot be waited for", a->config->name);
            return false;
        }
    }
    if (a->nic != NULL)
        return true;
    snprintf(up.failure, sizeof(up.failure), "%.60s: the miniport driver registered no miniport with NDIS",
             a->config->name);
    up.refused = true;
    return false;
}

bool
up_start_adapter(struct running_adapter *a)
{
    module_parameters(a);
    if (a->host != NULL && hostif_add(a->nic, a->host)) {
        snprintf(up.failure, sizeof(up.failure), "%.60s: hostif could not be put above it", a->config->name);
        return false;
    }
    if (is_virtual(a))
        return true; /* its driver brings it up, over an adapter that it has bound to */
    if (!a->config->disabled && ndis_nic_enable(a->nic)) {
        snprintf(up.failure, sizeof(up.failure),
                 "%.60s: the adapter could not be started: the miniport or a mandatory filter refused",
                 a->config->name);
        up.refused = true;
        return false;
    }
    return true;
}

static bool
is_known(const struct running *r, const struct ndis_nic *nic)
{
    for (unsigned i = 0; i < r->adapter_count; i++)
        if (r->adapter[i].nic == nic)
            return true;
    return false;
}

void
up_note_virtual(void)
{
    static struct stack_adapter noted[STACK_ADAPTERS_MAX]; /* their names are NDIS's */
    struct running *r = up.running;
    struct ndis_nic *nic;

    for (unsigned i = 0; (nic = ndis_nic_get(i)) != NULL && r->adapter_count < STACK_ADAPTERS_MAX; i++)
        for (unsigned k = 0; k < up.files->count && !is_known(r, nic); k++)
            if (str_ieq(up.files->driver[k].service, ndis_nic_service(nic))) {
                noted[r->adapter_count].name = (char *)ndis_nic_name(nic);
                r->adapter[r->adapter_count] = (struct running_adapter){
                    .config = &noted[r->adapter_count], .miniport = &up.files->driver[k], .nic = nic
                };
                r->adapter_count++;
            }
}

/* All adapters of one kind. */
static bool
each_adapter(bool virtual, bool (*fn)(struct running_adapter *))
{
    for (unsigned i = 0; i < up.running->adapter_count; i++)
        if (is_virtual(&up.running->adapter[i]) == virtual && !fn(&up.running->adapter[i]))
            return false;
    return true;
}

static void
bring_up(void *arg)
{
    (void)arg;
    builtin_init();
    for (unsigned i = 0; i < up.stack->adapter_count; i++)
        for (unsigned k = 0; k < up.stack->adapter[i].unbound_count; k++)
            if (pnp_unbind(up.stack->adapter[i].name, up.stack->adapter[i].unbound[k])) {
                snprintf(up.failure, sizeof(up.failure), "more than 64 bindings are switched off");
                return;
            }
    if (!start_drivers(START_OTHERS, START_MINIPORTS) || !each_adapter(false, up_add_adapter) ||
        !start_drivers(START_FILTERS, START_PROTOCOLS) || !each_adapter(true, up_add_adapter))
        return;
    /* virtual adapters are there before their driver asks for them */
    if (!each_adapter(true, up_start_adapter) || !each_adapter(false, up_start_adapter))
        return;
    ndis_settle();
}

static void
take_down(void *arg)
{
    (void)arg;
    for (unsigned i = up.running->adapter_count; i-- > 0;) {
        struct running_adapter *a = &up.running->adapter[i];

        if (a->nic == NULL)
            continue;
        ndis_nic_disable(a->nic);
        if (a->cable != NULL)
            cable_remove(a->cable);
        if (a->host != NULL && !a->removed)
            hostif_remove(a->nic);
    }
    for (unsigned rank = START_PROTOCOLS + 1; rank-- > 0;)
        for (unsigned i = up.files->count; i-- > 0;)
            if (up.started[i] && start_rank(&up.files->driver[i]) == rank)
                io_driver_unload(up.service[i].object);
    __atomic_store_n(&up.down, true, __ATOMIC_RELEASE);
}

/* ------------------------------------------------------------------ the runner */

static void
on_print(void *context, const struct event *ev)
{
    (void)context;
    server_print((const char *)ev->a[0], ev->a[1]);
}

static struct event_listener prints = { .on_event = on_print };

/* Rules that wait for what only happens when something is wrong: they cost nothing while all is well. */
static const uint16_t quiet_kinds[] = {
    EV_LOCK_MISUSE,  EV_NBL_MISUSE,    EV_STATE_MISUSE,  EV_IO_MISUSE,       EV_MDL_MISUSE,   EV_IRP_MISUSE,
    EV_OB_MISUSE,    EV_IRQL_MISUSE,   EV_REGION_MISUSE, EV_POOL_LEAK,       EV_POOL_CORRUPT, EV_MEMORY_OVERLAP,
    EV_STALE_HANDLE, EV_HEADER_MISUSE, EV_IRQL_TOO_HIGH, EV_HARDWARE_MISUSE, EV_IRQL_RETURN, EV_NONE,
};

static int
open_wires(struct running *running, char text[256])
{
    char why[200];

    for (unsigned i = 0; i < running->adapter_count; i++) {
        struct running_adapter *a = &running->adapter[i];

        if (a->config->wire != NULL && wire_open(a->config->wire, NULL, &a->wire, why)) {
            snprintf(text, 256, "%.50s: %.200s", a->config->name, why);
            return -EINVAL;
        }
        if (a->config->hostif != NULL && wire_open(a->config->hostif, NULL, &a->host, why)) {
            snprintf(text, 256, "%.50s: hostif: %.190s", a->config->name, why);
            return -EINVAL;
        }
        record_wire(a->wire, i, false);
        record_wire(a->host, i, true);
    }
    return 0;
}

static void
describe_end(const struct run_result *r, char text[256])
{
    if (r->end == RUN_UNSUPPORTED)
        snprintf(text, 256, "a driver calls %.100s, which undis does not have", r->text);
    else if (r->end == RUN_BUGCHECK)
        snprintf(text, 256, "bugcheck 0x%X", r->code);
    else
        snprintf(text, 256, "%.150s", r->text);
}

static int
make(unsigned vps, bool verbose, struct record *record, char text[256])
{
    char problem[160];

    if (live_init(vps, problem)) {
        snprintf(text, 256, "%.159s", problem);
        return -EINVAL;
    }
    image_init();
    seh_init();
    verify_init_kinds(quiet_kinds);
    nt_init();
    io_driver_on_leak_check(check_pool, NULL);
    server_prepare();
    ndis_init();
    for (unsigned i = 0; i < up.files->count; i++)
        if (pnp_load(&up.files->driver[i], &up.service[i], text))
            return -EINVAL;
    if (verbose) {
        prints.mask[EV_DBGPRINT / 64] = EV_BIT(EV_DBGPRINT);
        trace_listen(&prints);
    }
    measure_prepare();
    record_begin(record);
    refusal_prepare(up.running);
    if (trace_prepare() || open_wires(up.running, text))
        return -EINVAL;
    if (host_sandbox_live()) {
        snprintf(text, 256, "the sandbox could not be set up: a driver is not run without it");
        return -EINVAL;
    }
    if (live_start(problem)) {
        snprintf(text, 256, "%.159s", problem);
        return -EINVAL;
    }
    return 0;
}

enum up_result
machine_up(const struct stack *stack, struct stack_files *files, unsigned vps, bool verbose,
           struct record *record, struct running *running, struct run_result *r, char text[256])
{
    memset(r, 0, sizeof(*r));
    text[0] = '\0';
    up.stack = stack;
    up.files = files;
    up.running = running;
    running->stack = stack;
    running->vps = vps;
    running->adapter_count = stack->adapter_count;
    running->started_ns = host_now_ns();
    for (unsigned i = 0; i < stack->adapter_count; i++) {
        running->adapter[i].config = &stack->adapter[i];
        running->adapter[i].miniport = files->miniport[i] >= 0 ? &files->driver[files->miniport[i]] : NULL;
    }
    if (make(vps, verbose, record, text)) {
        if (!text[0])
            snprintf(text, 256, "out of memory");
        return UP_INPUT;
    }
    ps_thread_create("PnP", FIBER_SYSTEM, NULL, bring_up, NULL, false, NULL);
    machine_run(NULL, r);
    if (r->end != RUN_DONE) {
        describe_end(r, text);
        return UP_FAILED;
    }
    if (up.failure[0]) {
        memcpy(text, up.failure, sizeof(up.failure));
        return up.refused ? UP_FAILED : UP_INPUT;
    }
    live_leave();
    return UP_RUNNING;
}

/* A driver does not let the machine end: who waits for what. */
static void
hangs(const struct fiber *pnp, struct run_result *r)
{
    *r = (struct run_result){ .end = RUN_HANG, .fiber = pnp->id };
    snprintf(r->text, sizeof(r->text), "taking the machine down never ends: it %.100s",
             pnp->state == FIBER_BLOCKED && pnp->block_why ? pnp->block_why : "runs and runs");
}

bool
machine_down(struct running *running, struct run_result *r)
{
    const struct fiber *pnp;

    live_enter();
    pnp = ps_thread_create("PnP", FIBER_SYSTEM, NULL, take_down, NULL, false, NULL);
    live_leave();
    for (unsigned i = 0; i < DOWN_S * 50 && !__atomic_load_n(&up.down, __ATOMIC_ACQUIRE); i++)
        if (live_wait(r, 20) && r->end != RUN_DONE)
            return false;
    live_enter();
    if (!up.down) {
        hangs(pnp, r);
        return false;
    }
    *r = (struct run_result){ .end = RUN_DONE };
    for (unsigned i = 0; i < running->adapter_count; i++) {
        wire_close(running->adapter[i].wire);
        wire_close(running->adapter[i].host);
    }
    return true;
}
