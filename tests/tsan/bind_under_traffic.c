/* SPDX-License-Identifier: MIT */
/*
 * A protocol driver is bound and unbound again and again while frames are indicated on the other VP. The list of an
 * adapter's bindings has one lock; built without it (tsan_unlocked) ThreadSanitizer must say so.
 */
#include "unit/test.h"

#include "host/host.h"
#include "image/image.h"
#include "machine/live.h"
#include "ndis/admin.h"
#include "ndis/ends/ends.h"
#include "ndis/ndis.h"
#include "nt/ke/ke.h"
#include "nt/nt.h"
#include "nt/ps/ps.h"
#include "pnp/install.h"

#define TIMES 50u

static struct pnp_driver npf, ndisprot; /* a filter, so that frames come up outside the machine lock */
static struct pnp_service filter, protocol;
static struct ndis_nic *nic;
static bool bound, done;
static unsigned frames;

static void
bring_up(void *arg)
{
    (void)arg;
    ends_proto_start();
    bound = pnp_start(&filter, NULL, 0) >= 0 && pnp_start(&protocol, NULL, 0) >= 0;
    nic = ends_wire_add("Ethernet", NULL);
    bound = bound && ndis_nic_enable(nic) == 0;
    ndis_settle();
}

static void
traffic(void *arg)
{
    static uint8_t frame[60] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x08, 0x00 };

    (void)arg;
    while (!done) {
        for (unsigned i = 0; i < 64; i++)
            frames += ends_wire_receive(nic, frame, sizeof(frame), ENDS_PLAIN, ENDS_DISPATCH) == 0;
        sched_give_way();
    }
}

static void
binding(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < TIMES && bound; i++) {
        unsigned before = frames;

        bound = ndis_driver_detach(nic, "ndisprot") == 0 && ndis_driver_attach(nic, "ndisprot") == 0;
        while (frames == before)
            ke_sleep(-1000, "waits for a frame");
    }
    done = true;
}

int
main(void)
{
    char text[256];
    struct run_result r;

    CHECK_EQ(pnp_driver_read(UNDIS_BUILD_DIR "/drivers/npf/npf.inf", &npf, text), 0);
    CHECK_EQ(pnp_driver_read(UNDIS_BUILD_DIR "/drivers/ndisprot/ndisprot.inf", &ndisprot, text), 0);
    nt_register_exports();
    image_register_exports();
    ndis_register_exports();
    CHECK_EQ(live_init(2, text), 0);
    image_init();
    seh_init();
    nt_init();
    ndis_init();
    ends_init();
    CHECK_EQ(live_start(text), 0);
    CHECK_EQ(pnp_load(&npf, &filter, text), 0);
    CHECK_EQ(pnp_load(&ndisprot, &protocol, text), 0);
    ps_thread_create("PnP", FIBER_SYSTEM, NULL, bring_up, NULL, false, NULL);
    machine_run(NULL, &r);
    CHECK(bound);
    ps_thread_create("traffic", FIBER_SYSTEM, NULL, traffic, NULL, false, NULL);
    ps_thread_create("bindings", FIBER_SYSTEM, NULL, binding, NULL, false, NULL);
    machine_run(NULL, &r);
    CHECK_EQ(r.end, RUN_DONE);
    CHECK(bound);
    live_fini();
    printf("%u frames, %u times unbound and bound\n", frames, TIMES);
    return 0;
}
