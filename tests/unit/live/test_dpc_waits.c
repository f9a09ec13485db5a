/* SPDX-License-Identifier: MIT */
/* Somebody waits inside a live machine's DPC fiber: it stops, as on Windows, instead of losing its processor. */
#include "unit/test.h"

#include "host/host.h"
#include "image/image.h"
#include "machine/live.h"
#include "ndis/ndis.h"
#include "nt/nt.h"

static unsigned
waits(void *arg, unsigned budget)
{
    (void)arg;
    (void)budget;
    sched_block(BLOCK_INTERNAL, 1, NULL, "waits for what never comes");
    return 0;
}

static struct live_poller poller = { .fn = waits };

TEST(dpc, that_waits_stops_the_machine)
{
    struct run_result r;
    char text[256];

    nt_register_exports();
    image_register_exports();
    ndis_register_exports();
    CHECK_EQ(live_init(1, text), 0);
    image_init();
    seh_init();
    nt_init();
    ndis_init();
    CHECK_EQ(live_start(text), 0);
    CHECK_EQ(live_poller_add(&poller), 0);
    live_leave();
    CHECK(live_wait(&r, 20000));
    CHECK_EQ(r.end, RUN_BUGCHECK);
    CHECK_EQ(r.code, 0xb8);
    CHECK_EQ(machine->fiber[r.fiber].kind, FIBER_DPC);
}

TEST_MAIN(TEST_CASE(dpc, that_waits_stops_the_machine))
