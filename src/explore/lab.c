/* SPDX-License-Identifier: MIT */
/*
 * explore/lab.c - making the machine, installing and starting drivers, the snapshot, what every run ends with.
 *
 * Model: set-up runs in one system fiber with choice 0 everywhere. Actors are fibers
 * too; each does its leading `open` ops before the snapshot and parks. A run is:
 * all actors, concurrently; when they are done, the epilogue (epilogue.c) looks
 * whether everything still works, ends the programs and takes the machine down.
 */
#include "explore/lab_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "builtin/builtin.h"
#include "explore/findings.h"
#include "host/host.h"
#include "image/image.h"
#include "image/ioctls.h"
#include "ndis/admin.h"
#include "ndis/ends/ends.h"
#include "ndis/ndis.h"
#include "nt/ex/ex.h"
#include "nt/io/driver.h"
#include "nt/nt.h"
#include "nt/ob/ob.h"
#include "nt/profile.h"
#include "user/user.h"

struct lab lab;

void
lab_register_exports(void)
{
    static bool done;

    if (done)
        return;
    done = true;
    nt_register_exports();
    image_register_exports();
    ndis_register_exports();
    builtin_register_exports();
    program_register_exports();
}

/* What the driver allocated and did not free: the pool emits an event for each block. */
static void
check_pool(uint64_t base, uint64_t size, void *arg)
{
    (void)arg;
    ex_pool_leaks(base, size, NULL);
}

static bool
start_driver(unsigned i)
{
    lab.failed_driver = i;
    lab.entry_status = pnp_start(&lab.driver[i], NULL, 0);
    return lab.entry_status >= 0;
}

static bool
miniport_is(const char *word)
{
    return strcmp(lab.scenario->stack.miniport, word) == 0;
}

/* The scenario's number of adapters for each miniport driver, else for our own; "Ethernet", "Ethernet 2" ... */
static void
add_nics(const struct pnp_driver *miniport)
{
    for (unsigned i = 0; i < lab.scenario->stack.adapters && lab.nic_count < LAB_NICS_MAX; i++) {
        struct ndis_nic *nic;
        char name[32];

        snprintf(name, sizeof(name), lab.nic_count ? "Ethernet %u" : "Ethernet", lab.nic_count + 1);
        if (miniport)
            nic = pnp_nic_add(miniport, name, NULL, 0);
        else if ((nic = ends_wire_add(name, NULL)) != NULL)
            pnp_nic_install(nic, NULL, NULL, 0);
        if (!nic) {
            lab.failure = "the miniport driver registered no miniport with NDIS";
            return;
        }
        if (!miniport) {
            ends_wire_mode(nic, miniport_is("inline") ? ENDS_COMPLETE_INLINE : ENDS_COMPLETE_LATER,
                           miniport_is("loop"));
            ends_wire_oids_later(nic, miniport_is("pending"));
        }
        lab.nic[lab.nic_count++] = nic;
    }
}

/* A scenario that lists protocols has those, and "none" adds none; one that lists none has the test protocol. */
static bool
wants_test_protocol(void)
{
    const struct scn_stack *stack = &lab.scenario->stack;

    for (unsigned i = 0; i < stack->protocols_count; i++)
        if (strcmp(stack->protocols[i], "test") == 0)
            return true;
    return stack->protocols_count == 0;
}

/* The driver under test once more, after it was unloaded: where it was, it is installed again. */
static void
load_again(void)
{
    struct pnp_service *s = &lab.driver[0];

    if (io_driver_find(s->file->service) != NULL)
        return;
    lab.entry_status = pnp_start(s, NULL, 0);
    for (unsigned i = 0; i < lab.nic_count && lab.entry_status >= 0; i++) {
        if (s->file->kind == INF_FILTER || s->file->kind == INF_PROTOCOL)
            ndis_driver_attach(lab.nic[i], s->file->service);
        ndis_nic_enable(lab.nic[i]);
    }
    ndis_settle();
}

/* Adapters before what stands on them; all are enabled when everything has started. */
void
lab_load(void)
{
    unsigned at = 0;

    if (LAB_RUN != NULL && LAB_RUN->loaded) {
        load_again();
        return;
    }
    if (LAB_RUN != NULL)
        LAB_RUN->loaded = true;
    lab.nic_count = 0;
    lab.failure = NULL;
    pnp_user_parameters(lab.scenario->stack.parameters, lab.scenario->stack.parameters_count,
                        lab.driver[0].file->service);
    if (wants_test_protocol())
        ends_proto_start();
    for (; at < lab.driver_count && lab.driver[lab.order[at]].file->kind == INF_MINIPORT; at++) {
        if (!start_driver(lab.order[at]))
            return;
        add_nics(lab.driver[lab.order[at]].file);
    }
    lab.own_wire = at == 0;
    if (lab.own_wire)
        add_nics(NULL);
    for (; at < lab.driver_count; at++)
        if (!start_driver(lab.order[at]))
            return;
    for (unsigned i = 0; i < lab.nic_count && !lab.failure; i++)
        if (ndis_nic_enable(lab.nic[i]))
            lab.failure = "the adapter could not be started: the miniport or a mandatory filter refused";
    ndis_settle();
}

static void
setup_main(void *arg)
{
    (void)arg;
    lab_load();
    lab_learn_address();
}

bool
lab_loads(const struct scenario *s)
{
    for (unsigned i = 0; i < s->actors_count; i++)
        for (unsigned k = 0; k < s->actors[i].ops_count; k++)
            if (s->actors[i].ops[k].kind == OP_LOAD)
                return true;
    return false;
}

/* Where a layer of the driver under test stands now; "" without one. */
static void
note_states(void)
{
    lab.states_seen |= ndis_states_reached(lab.driver[0].file->service);
}

/* A virtual adapter is one that the scenario did not ask for: an intermediate driver made it. */
static struct ndis_nic *
virtual_nic(unsigned number)
{
    struct ndis_nic *nic;

    for (unsigned i = 0; (nic = ndis_nic_get(i)) != NULL; i++) {
        unsigned k = 0;

        while (k < lab.nic_count && lab.nic[k] != nic)
            k++;
        if (k == lab.nic_count && --number == 0)
            return nic;
    }
    return NULL;
}

struct ndis_nic *
lab_nic(const struct scn_op *op)
{
    return op->virtual ? virtual_nic(op->virtual) : lab.nic[op->adapter];
}

/* 0, or LAB_INPUT with text: the scenario acts on a virtual adapter that nobody made. */
static int
check_virtual(char text[256])
{
    const struct scenario *s = lab.scenario;

    for (unsigned i = 0; i < s->actors_count; i++)
        for (unsigned k = 0; k < s->actors[i].ops_count; k++)
            if (lab_nic(&s->actors[i].ops[k]) == NULL) {
                snprintf(text, 256, "actor %.60s: the op \"%s\" is for virtual adapter %u, which no driver made",
                         s->actors[i].name, scn_op_name(s->actors[i].ops[k].kind), s->actors[i].ops[k].virtual);
                return LAB_INPUT;
            }
    return 0;
}

static void
find_resets(struct lab_reached *reached)
{
    const struct scenario *s = lab.scenario;

    for (unsigned i = 0; i < s->actors_count; i++)
        for (unsigned k = 0; k < s->actors[i].ops_count; k++)
            if (s->actors[i].ops[k].kind == OP_RESET && !ndis_nic_can_reset(lab.nic[s->actors[i].ops[k].adapter]))
                reached->cannot_reset = true;
}

static void
find_devices(struct lab_reached *reached)
{
    size_t len = 0;

    lab.device_count = 0;
    for (unsigned i = 0; i < lab.driver_count; i++)
        for (PDEVICE_OBJECT dev = lab.driver[i].object->DeviceObject; dev && lab.device_count < LAB_DEVICES_MAX;
             dev = dev->NextDevice) {
            char *name = lab.device[lab.device_count];

            if (ob_name(dev, name, sizeof(lab.device[0])) == 0)
                continue;
            lab.device_count++;
            len += (size_t)snprintf(reached->devices + len,
                                    len < sizeof(reached->devices) ? sizeof(reached->devices) - len : 0, "%s%s",
                                    len ? ", " : "", name);
            if (len >= sizeof(reached->devices))
                len = sizeof(reached->devices) - 1;
        }
}

static int
load_images(const struct lab_config *c, char text[256])
{
    lab_start_order(c, lab.order);
    for (unsigned i = 0; i < c->driver_count; i++)
        if (pnp_load(&c->driver[i], &lab.driver[i], text))
            return LAB_INPUT;
    lab.driver_count = c->driver_count;
    return 0;
}

static void
describe_end(const struct run_result *r, char text[256])
{
    if (r->end == RUN_BUGCHECK)
        snprintf(text, 256, "bugcheck 0x%X before the scenario began: at start, first open or first write", r->code);
    else if (r->end == RUN_SYSCALL)
        snprintf(text, 256, "%.120s before the scenario began", r->text);
    else if (r->end == RUN_UNSUPPORTED)
        snprintf(text, 256, "the driver calls %.100s, which undis does not have", r->text);
    else if (r->end == RUN_HANG)
        snprintf(text, 256, "starting the driver never ends: %.120s", r->text);
    else if (r->end == RUN_LIVELOCK)
        snprintf(text, 256, "starting the driver never ends: it spins");
    else
        snprintf(text, 256, "DriverEntry of %.60s returned 0x%08X", lab.driver[lab.failed_driver].file->service,
                 (unsigned)lab.entry_status);
}

/* Codes that look like IOCTLs and stand as immediates in the drivers' code. */
static void
find_ioctls(void)
{
    for (unsigned i = 0; i < lab.driver_count; i++)
        lab.ioctl_count +=
            image_find_ioctls(lab.driver[i].image, lab.ioctl + lab.ioctl_count, LAB_IOCTLS_MAX - lab.ioctl_count);
}

/* The snapshot: from here on runs begin. */
static int
lab_begin(char text[256])
{
    lab_actors_release();
    machine_on_quiet(lab_epilogue_start, NULL);
    if (machine_snapshot() == 0 && machine_guard() == 0)
        return 0;
    snprintf(text, 256, "no memory for a snapshot of the machine");
    return LAB_OURS;
}

/* What the reports say was tested. */
static void
identify(const struct lab_config *c, struct lab_reached *reached)
{
    uint8_t sha[32];
    char *scn = NULL;
    size_t len = 0;
    FILE *f;

    reached->vps = c->vps;
    reached->driver_count = c->driver_count;
    for (unsigned i = 0; i < c->driver_count; i++) {
        snprintf(reached->driver[i].service, sizeof(reached->driver[i].service), "%s", c->driver[i].service);
        SHA256(c->driver[i].bytes, c->driver[i].len, sha);
        hex_of(sha, 32, reached->driver[i].sha256);
    }
    f = open_memstream(&scn, &len);
    if (f) {
        scenario_save(c->scenario, f);
        fclose(f);
        SHA256((const uint8_t *)scn, len, sha);
        hex_of(sha, 32, reached->scenario_sha256);
    }
}

/* The machine with the drivers' images in it, and the sandbox around. */
static int
make_machine(const struct lab_config *c, char text[256])
{
    char problem[160];
    int err;

    lab_register_exports();
    if (machine_init(c->vps, problem)) {
        snprintf(text, 256, "%s", problem);
        return LAB_INPUT;
    }
    image_init();
    seh_init();
    verify_init();
    nt_init();
    program_init();
    lab_program_hooks();
    io_driver_on_leak_check(check_pool, NULL);
    ndis_init();
    ends_init();
    err = load_images(c, text);
    if (err)
        return err;
    find_ioctls();
    err = lab_program_images(c->scenario, text);
    if (err)
        return err;
    err = host_sandbox();
    if (err) {
        snprintf(text, 256, "the worker's sandbox could not be set up (error %d): a driver is not run without it",
                 -err);
        return LAB_INPUT;
    }
    return 0;
}

int
lab_setup(const struct lab_config *c, struct lab_reached *reached, struct run_result *r, int32_t *entry_status,
          char text[256])
{
    int err;

    memset(r, 0, sizeof(*r));
    lab.scenario = c->scenario;
    lab.wire = c->wire;
    lab.reached = reached;
    identify(c, reached);
    err = make_machine(c, text);
    if (err)
        return err;
    if (lab_loads(c->scenario)) {
        for (unsigned i = 0; i < lab.driver_count; i++)
            lab.driver[i].keep_init = true;
        lab_actors_create();
        machine_run(&strategy_none, r);
        return lab_begin(text);
    }
    ps_thread_create("PnP", FIBER_SYSTEM, NULL, setup_main, NULL, false, NULL);
    machine_run(&strategy_none, r);
    *entry_status = lab.entry_status;
    if (r->end == RUN_DONE && lab.entry_status >= 0 && lab.failure) {
        snprintf(text, 256, "%s", lab.failure);
        *entry_status = -1;
    }
    if (r->end != RUN_DONE || lab.entry_status < 0 || lab.failure) {
        if (!lab.failure)
            describe_end(r, text);
        return 0;
    }
    err = check_virtual(text);
    if (err)
        return err;
    find_devices(reached);
    find_resets(reached);
    lab_join_learn(r);
    if (r->end != RUN_DONE) {
        describe_end(r, text);
        return 0;
    }
    lab_actors_create();
    machine_run(&strategy_none, r);
    if (r->end != RUN_DONE) {
        describe_end(r, text);
        return 0;
    }
    return lab_begin(text);
}

bool
lab_run_check(void *arg, const struct run_result *r, char text[160])
{
    (void)arg;
    (void)r;
    note_states();
    lab.requests += LAB_RUN->requests;
    lab.requests_ok += LAB_RUN->requests_ok;
    if (LAB_RUN->check[0]) {
        snprintf(text, 160, "%s", LAB_RUN->check);
        return true;
    }
    return false;
}

void
lab_collect(struct lab_reached *reached)
{
    static const char *const names[] = { "Halted",  "Initializing", "Paused",  "Restarting",
                                         "Running", "Pausing",      "Closing", "Shutdown" };
    size_t len = 0;

    for (unsigned i = 0; i < ddi_count() && i < LAB_EXPORTS_MAX; i++) {
        const uint32_t *status;

        reached->calls[i] = ddi_calls(i);
        reached->failures[i].count = ddi_failures(i, &status);
        memcpy(reached->failures[i].status, status, sizeof(reached->failures[i].status));
    }
    reached->asked = nt_profile_asked();
    reached->states = lab.states_seen;
    reached->requests = lab.requests;
    reached->requests_ok = lab.requests_ok;
    for (unsigned i = 0; i < 8; i++)
        if (lab.states_seen >> i & 1)
            len += (size_t)snprintf(reached->states_text + len, sizeof(reached->states_text) - len, "%s%s",
                                    len ? ", " : "", names[i]);
    reached->ran = lab.states_seen == 0 || (lab.states_seen >> 4 & 1);
    reached->collected = true;
}
