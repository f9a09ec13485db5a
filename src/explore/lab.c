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

#include "base/fmt.h"
#include "base/utf.h"

#include "explore/findings.h"
#include "host/host.h"
#include "image/image.h"
#include "image/ioctls.h"
#include "ndis/admin.h"
#include "ndis/ends/ends.h"
#include "ndis/ndis.h"
#include "nt/cm/cm.h"
#include "nt/ex/ex.h"
#include "nt/io/driver.h"
#include "nt/nt.h"
#include "nt/ob/ob.h"

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
}

/* Registry values of an INF, under the keys the installer would use. */
static void
install_registry(const struct lab_driver *d)
{
    char path[400];

    snprintf(path, sizeof(path), "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\%s", d->service);
    cm_set_string(path, "ImagePath", d->parsed ? d->info.image_path : d->sys);
    cm_set_dword(path, "Type", 1);
    for (unsigned i = 0; d->parsed && i < d->info.reg_count; i++) {
        const struct inf_reg *r = &d->info.regs[i];
        const char *root = r->root == INF_HKLM ? "\\Registry\\Machine"
                           : r->root == INF_HKR_SERVICE || d->kind == INF_FILTER || d->kind == INF_PROTOCOL
                               ? path
                               : LAB_ADAPTER_KEY;
        char full[600];

        if (r->root != INF_HKLM && r->root != INF_HKR && r->root != INF_HKR_SERVICE)
            continue;
        snprintf(full, sizeof(full), "%s%s%s", root, r->key[0] ? "\\" : "", r->key);
        if (!(r->flags & INF_REG_DELVAL))
            cm_set(full, r->name, r->type, r->data, r->len);
    }
}

/* What the driver allocated and did not free: the pool emits an event for each block. */
static void
check_pool(PDRIVER_OBJECT driver, void *arg)
{
    (void)arg;
    ex_pool_leaks((uint64_t)driver->DriverStart, driver->DriverSize, NULL);
}

static bool
setup_driver(struct lab_driver_state *s)
{
    const struct lab_driver *d = s->file;
    uint16_t service[64];

    install_registry(d);
    service[utf8_to_utf16(d->service, strlen(d->service), service, 63)] = 0;
    if (d->kind == INF_FILTER)
        ndis_install_filter(d->service, d->parsed && d->info.filter_class[0] ? d->info.filter_class : "compression",
                            d->parsed && d->info.run_type == INF_RUN_MANDATORY,
                            d->parsed && d->info.filter_type == INF_FILTER_MONITORING);
    lab.entry_status = io_driver_create(service, s->image->entry, s->image->base, s->image->size, &s->object);
    if (lab.entry_status >= 0)
        lab.entry_status = io_driver_start(s->object);
    if (lab.entry_status >= 0)
        image_discard_init(s->image);
    return lab.entry_status >= 0;
}

static void
setup_main(void *arg)
{
    struct ndis_nic_config nic = { .name = "Ethernet", .service = lab.driver[0].file->service };

    (void)arg;
    ends_proto_start();
    for (unsigned i = 0; i < lab.driver_count; i++)
        if (!setup_driver(&lab.driver[i]))
            return;
    lab.nic = lab.driver[0].file->kind == INF_MINIPORT ? ndis_nic_add(&nic) : ends_wire_add("Ethernet", NULL);
    if (lab.nic && lab.driver[0].file->kind != INF_MINIPORT)
        ends_wire_mode(lab.nic, ENDS_COMPLETE_LATER, lab.wire == NULL);
    if (!lab.nic) {
        lab.failure = "the miniport driver registered no miniport with NDIS";
        return;
    }
    if (ndis_nic_enable(lab.nic))
        lab.failure = "the adapter could not be started: the miniport or a mandatory filter refused";
    ndis_settle();
}

/* Where a layer of the driver under test stands now; "" without one. */
static void
note_states(void)
{
    lab.states_seen |= ndis_states_reached(lab.driver[0].file->service);
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
    for (unsigned i = 0; i < c->driver_count; i++) {
        const struct lab_driver *d = &c->driver[i];
        const char *slash = strrchr(d->sys, '/');
        struct image_error err;

        lab.driver[i].file = d;
        if (image_load(d->bytes, d->len, slash ? slash + 1 : d->sys, d->sys, &lab.driver[i].image, &err)) {
            snprintf(text, 256, "%.120s: %.120s", d->sys, err.text);
            return LAB_INPUT;
        }
    }
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
        snprintf(text, 256, "DriverEntry of %.60s returned 0x%08X", lab.driver[0].file->service,
                 (unsigned)lab.entry_status);
}

/* Codes that look like IOCTLs and stand as immediates in the driver's code. */
static void
find_ioctls(void)
{
    lab.ioctl_count = image_find_ioctls(lab.driver[0].image, lab.ioctl, LAB_IOCTLS_MAX);
}

int
lab_setup(const struct lab_config *c, struct lab_reached *reached, struct run_result *r, int32_t *entry_status,
          char text[256])
{
    char problem[160];
    uint8_t sha[32];
    char *scn = NULL;
    size_t len = 0;
    FILE *f;
    int err;

    memset(r, 0, sizeof(*r));
    lab.scenario = c->scenario;
    lab.wire = c->wire;
    lab.reached = reached;
    reached->vps = c->vps;
    SHA256(c->driver[0].bytes, c->driver[0].len, sha);
    hex_of(sha, 32, reached->driver_sha256);
    f = open_memstream(&scn, &len);
    if (f) {
        scenario_save(c->scenario, f);
        fclose(f);
        SHA256((const uint8_t *)scn, len, sha);
        hex_of(sha, 32, reached->scenario_sha256);
    }
    lab_register_exports();
    if (machine_init(c->vps, problem)) {
        snprintf(text, 256, "%s", problem);
        return LAB_INPUT;
    }
    image_init();
    seh_init();
    verify_init();
    nt_init();
    io_driver_on_leak_check(check_pool, NULL);
    ndis_init();
    ends_init();
    err = load_images(c, text);
    if (err)
        return err;
    find_ioctls();
    err = host_sandbox();
    if (err) {
        snprintf(text, 256, "the worker's sandbox could not be set up (error %d): a driver is not run without it",
                 -err);
        return LAB_INPUT;
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
    find_devices(reached);
    lab_actors_create();
    machine_run(&strategy_none, r);
    if (r->end != RUN_DONE) {
        describe_end(r, text);
        return 0;
    }
    lab_actors_release();
    machine_on_quiet(lab_epilogue_start, NULL);
    return machine_snapshot() ? LAB_OURS : 0;
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

    for (unsigned i = 0; i < ddi_count() && i < 4096; i++)
        reached->calls[i] = ddi_calls(i);
    reached->states = lab.states_seen;
    reached->requests = lab.requests;
    reached->requests_ok = lab.requests_ok;
    for (unsigned i = 0; i < 8; i++)
        if (lab.states_seen >> i & 1)
            len += (size_t)snprintf(reached->states_text + len, sizeof(reached->states_text) - len, "%s%s",
                                    len ? ", " : "", names[i]);
    reached->ran = lab.states_seen == 0 || (lab.states_seen >> 4 & 1);
}
