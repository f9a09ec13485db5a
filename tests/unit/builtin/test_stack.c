/* SPDX-License-Identifier: MIT */
/*
 * unit/builtin/test_stack.c - wirenic and hostif, one over the other between two wires in memory, under exploration.
 *
 * The test plays both far ends: what "Linux" sends must come out of the cable and the reverse, with the words that go
 * with it; disable, pause, a cable that is pulled, wires that are full. Then the same under many random schedules.
 */
#include "unit/test.h"

#include <errno.h>

#include "builtin/builtin.h"
#include "machine/testing.h"
#include "ndis/admin.h"
#include "ndis/ends/ends.h"
#include "ndis/ndis.h"
#include "nt/cm/cm.h"
#include "nt/ke/ke.h"
#include "nt/nt.h"
#include "wire/segment.h"

#define KEY "\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class\\Test\\0001"

static struct wire *cable, *lin; /* below wirenic; above hostif */
static struct ndis_nic *nic;
static uint32_t misuses, irql_misuses;
static char text[200];

static void
on_event(void *context, const struct event *ev)
{
    (void)context;
    if (ev->kind == EV_STATE_MISUSE || ev->kind == EV_NBL_MISUSE)
        misuses++;
    if (ev->kind == EV_IRQL_TOO_HIGH)
        irql_misuses++;
}

static struct event_listener listener = { .on_event = on_event };

static struct wire *
opened(const char *spec)
{
    struct wire_options options = { .alloc = mon_alloc };
    struct wire *w;

    if (wire_open(spec, &options, &w, text) != 0)
        fail_msg("%s: %s", spec, text);
    return w;
}

static void
make(void *arg)
{
    (void)arg;
    cable = opened("loop,far,frames=8,gso=20000");
    lin = opened("loop,far,frames=8,gso=20000");
    builtin_init();
    assert_int_equal(cm_create(KEY), 0);
    nic = wirenic_add("Ethernet 1", cable, KEY);
    assert_non_null(nic);
    assert_int_equal(hostif_add(nic, lin), 0);
    assert_int_equal(hostif_add(nic, lin), -EEXIST);
}

static int
group_setup(void **state)
{
    (void)state;
    nt_register_exports();
    ndis_register_exports();
    builtin_register_exports();
    machine_start(2);
    nt_init();
    ndis_init();
    listener.mask[EV_STATE_MISUSE / 64] |= EV_BIT(EV_STATE_MISUSE);
    listener.mask[EV_NBL_MISUSE / 64] |= EV_BIT(EV_NBL_MISUSE);
    listener.mask[EV_IRQL_TOO_HIGH / 64] |= EV_BIT(EV_IRQL_TOO_HIGH);
    trace_listen(&listener);
    assert_int_equal(machine_test(make, NULL, FIBER_SYSTEM, NULL), RUN_DONE);
    return machine_snapshot();
}

static int
restore(void **state)
{
    (void)state;
    machine_restore();
    misuses = irql_misuses = 0;
    return 0;
}

static void
run(void (*fn)(void *))
{
    struct run_result result;
    enum run_end end = machine_test(fn, NULL, FIBER_SYSTEM, &result);

    if (end != RUN_DONE)
        fail_msg("ended %d: %s", end, result.text);
    CHECK_EQ(misuses, 0);
    CHECK_EQ(irql_misuses, 0);
}

/* ------------------------------------------------------------------ frames */

static uint8_t frame[20000], got_bytes[20000];
static struct wire_rx got;

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };

static void
plain(uint8_t mark, uint32_t length)
{
    memset(frame, 0, length);
    memset(frame, 0xff, 6);
    frame[12] = 0x88;
    frame[13] = 0xb5;
    frame[14] = mark;
}

/* TCP over IPv4 that is to be cut, with all sums as Linux gives them. */
static struct wire_offload
segments(uint32_t length)
{
    struct wire_headers h;
    uint16_t pseudo;

    plain(0, length);
    memcpy(frame + 12, (uint8_t[]){ 8, 0, 0x45 }, 3);
    memcpy(frame + 22, (uint8_t[]){ 64, 6, 0, 0, 10, 9, 0, 1, 10, 9, 0, 2 }, 12);
    frame[46] = 5 << 4;
    frame[47] = 0x10;
    for (uint32_t i = 54; i < length; i++)
        frame[i] = (uint8_t)(i * 7);
    CHECK(wire_headers(frame, length, &h) == NULL);
    wire_ip_fill(frame, &h, length - 14);
    pseudo = wire_pseudo(frame, &h, length - 34);
    memcpy(frame + 50, &pseudo, 2);
    return (struct wire_offload){ .flags = WIRE_NEEDS_CSUM,
                                  .gso = WIRE_GSO_TCP4,
                                  .gso_size = 1000,
                                  .hdr_len = 54,
                                  .csum_start = 34,
                                  .csum_offset = 16 };
}

/* Let everybody work who can. */
static void
settle(void)
{
    ke_sleep(-10000, "lets DPCs run");
}

static int
take(struct wire *w)
{
    got = (struct wire_rx){ .buffer = got_bytes, .room = sizeof(got_bytes) };
    return wire_take(w, &got);
}

static void
check_through(struct wire *from, struct wire *to, uint32_t length, const struct wire_offload *o)
{
    CHECK_EQ(wire_put(from, frame, length, o), 0);
    settle();
    CHECK_EQ(take(to), 0);
    CHECK_EQ(got.length, length);
    CHECK_MEM(got_bytes, frame, length);
    if (o != NULL)
        CHECK_MEM(&got.offload, o, sizeof(*o));
    else
        CHECK_EQ(got.offload.flags, 0);
    CHECK_EQ(take(to), -EAGAIN);
}

static void
frames_both_ways(void *arg)
{
    struct wire_offload o;
    struct hostif_stats stats;

    (void)arg;
    CHECK_EQ(ndis_nic_enable(nic), 0);
    plain(1, 60);
    check_through(lin, cable, 60, NULL);
    check_through(cable, lin, 60, NULL);
    plain(2, 1514);
    check_through(lin, cable, 1514, NULL);
    check_through(cable, lin, 1514, NULL);

    /* a checksum left undone stays undone, and whole */
    o = segments(1054);
    o = (struct wire_offload){ .flags = WIRE_NEEDS_CSUM, .csum_start = 34, .csum_offset = 16 };
    check_through(lin, cable, 1054, &o);
    check_through(cable, lin, 1054, &o);

    /* frames to be cut stay whole: LSO down, RSC up */
    o = segments(9054);
    check_through(lin, cable, 9054, &o);
    check_through(cable, lin, 9054, &o);

    hostif_stats(nic, &stats);
    CHECK_EQ(stats.from_linux, 4);
    CHECK_EQ(stats.to_linux, 4);
    ndis_nic_disable(nic);
}

TEST(builtin, frames_and_their_words_go_through_both_ways)
{
    run(frames_both_ways);
}

/* As an administrator does by an OID; the adapter is enabled. */
static void
switch_offloads_off(void)
{
    NDIS_OFFLOAD_PARAMETERS *p = heap_alloc(sizeof(*p), 'tset');
    NDIS_OID_REQUEST *request = heap_alloc(sizeof(*request), 'tset');

    memset(p, 0, sizeof(*p));
    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_DEFAULT, NDIS_OFFLOAD_PARAMETERS_REVISION_3,
                    NDIS_SIZEOF_OFFLOAD_PARAMETERS_REVISION_3);
    p->IPv4Checksum = p->TCPIPv4Checksum = p->UDPIPv4Checksum = NDIS_OFFLOAD_PARAMETERS_TX_RX_DISABLED;
    p->LsoV1 = p->LsoV2IPv4 = NDIS_OFFLOAD_PARAMETERS_LSOV2_DISABLED;
    p->RscIPv4 = NDIS_OFFLOAD_PARAMETERS_RSC_DISABLED;
    memset(request, 0, sizeof(*request));
    ndis_header_set(&request->Header, NDIS_OBJECT_TYPE_OID_REQUEST, NDIS_OID_REQUEST_REVISION_1,
                    NDIS_SIZEOF_OID_REQUEST_REVISION_1);
    request->RequestType = NdisRequestSetInformation;
    request->DATA.SET_INFORMATION.Oid = OID_TCP_OFFLOAD_PARAMETERS;
    request->DATA.SET_INFORMATION.InformationBuffer = p;
    request->DATA.SET_INFORMATION.InformationBufferLength = sizeof(*p);
    CHECK_EQ((NDIS_STATUS)NDIS_CALL(ndis_site.ndisInvokeOidRequest, nic->adapter->layer.op[NDIS_OP_OID],
                                    nic->adapter->layer.context, request),
             NDIS_STATUS_SUCCESS);
}

/* What was switched off in the registry or by an OID is done by the processor. */
static void
offloads_off(void *arg)
{
    struct wire_offload o;
    uint32_t done = 0;

    (void)arg;
    CHECK_EQ(ndis_nic_enable(nic), 0);
    switch_offloads_off();
    for (unsigned way = 0; way < 2; way++) {
        struct wire *from = way ? cable : lin, *to = way ? lin : cable;

        o = segments(3254);
        CHECK_EQ(wire_put(from, frame, 3254, &o), 0);
        settle();
        for (done = 54; take(to) == 0; done += got.length - 54) {
            uint8_t sum[2] = { got_bytes[50], got_bytes[51] };
            struct wire_offload fill = { .flags = WIRE_NEEDS_CSUM, .csum_start = 34, .csum_offset = 16 };
            struct wire_headers h;
            uint16_t pseudo;

            CHECK_EQ(got.offload.flags, 0);
            CHECK(got.length <= 1054);
            CHECK_MEM(got_bytes + 54, frame + done, got.length - 54);
            CHECK(wire_headers(got_bytes, got.length, &h) == NULL);
            pseudo = wire_pseudo(got_bytes, &h, got.length - 34);
            memcpy(got_bytes + 50, &pseudo, 2);
            wire_csum_fill(got_bytes, got.length, &fill);
            CHECK_MEM(got_bytes + 50, sum, 2);
        }
        CHECK_EQ(done, 3254);
    }
    o = segments(9000);
    o.gso_size = 1470; /* 1524 with headers: cut, it would be longer than the MTU and a VLAN tag allow */
    CHECK_EQ(wire_put(cable, frame, 9000, &o), 0);
    settle();
    CHECK_EQ(take(lin), -EAGAIN);
    ndis_nic_disable(nic);
}

TEST(builtin, offloads_that_are_off_are_done_by_the_processor)
{
    run(offloads_off);
}

/* Of hostif there are eight buffers, and eight frames go into the cable; the last two frames are not to be cut. */
static void
cut_into_many(void *arg)
{
    struct wire_offload o = segments(19054);
    struct hostif_stats stats;
    uint32_t done = 54;

    (void)arg;
    CHECK_EQ(ndis_nic_enable(nic), 0);
    switch_offloads_off();
    for (unsigned round = 0; round < 2; round++, done = 54) {
        CHECK_EQ(wire_put(lin, frame, 19054, &o), 0);
        settle();
        for (; done < 19054 && take(cable) == 0; done += got.length - 54) {
            CHECK_MEM(got_bytes + 54, frame + done, got.length - 54);
            settle();
        }
        CHECK_EQ(done, 19054);
    }
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ(wire_put(lin, frame, 19054, &o), 0);
        settle();
    }
    ndis_nic_disable(nic);
    hostif_stats(nic, &stats);
    CHECK_EQ(stats.from_linux, 3); /* the last two are still with Linux */
    CHECK(stats.down >= 1); /* it waited for buffers */
    CHECK_EQ(ndis_nic_enable(nic), 0);
    while (take(cable) == 0)
        settle();
    plain(99, 60);
    check_through(lin, cable, 60, NULL);
    ndis_nic_disable(nic);
}

TEST(builtin, a_frame_to_be_cut_waits_for_buffers_and_loses_no_segment)
{
    run(cut_into_many);
}

/* Puts a tag into `frame`, and the words on. */
static void
put_tag(uint32_t length, uint8_t priority, uint8_t vlan, struct wire_offload *o)
{
    memmove(frame + 16, frame + 12, length - 12);
    memcpy(frame + 12, (uint8_t[]){ 0x81, 0, (uint8_t)(priority << 5), vlan }, 4);
    if (o != NULL) {
        o->csum_start = (uint16_t)(o->csum_start + 4);
        o->hdr_len = (uint16_t)(o->gso ? o->hdr_len + 4 : 0);
    }
}

/* A frame of `from` comes out with this tag, and else as it was. */
static void
check_tag(struct wire *from, struct wire *to, uint8_t priority, uint8_t vlan)
{
    uint32_t length = 200;

    CHECK_EQ(wire_put(from, frame, length, NULL), 0);
    settle();
    frame[14] = (uint8_t)(priority << 5);
    frame[15] = vlan;
    CHECK_EQ(take(to), 0);
    CHECK_EQ(got.length, length);
    CHECK_MEM(got_bytes, frame, length);
}

static void
tagged(uint8_t priority, uint8_t vlan)
{
    plain(1, 200);
    put_tag(196, priority, vlan, NULL);
}

/* Each segment of a frame that nobody cuts but us has the tag. */
static void
check_cut(struct wire *from, struct wire *to)
{
    struct wire_offload o = segments(3254);
    uint32_t done = 58;

    put_tag(3254, 5, 7, &o);
    CHECK_EQ(wire_put(from, frame, 3258, &o), 0);
    settle();
    for (; take(to) == 0; done += got.length - 58) {
        CHECK_MEM(got_bytes, frame, 16);
        CHECK_MEM(got_bytes + 58, frame + done, got.length - 58);
    }
    CHECK_EQ(done, 3258);
}

/* What goes out of band comes back from there: a tag on both cables, whatever is between. */
static void
tags(void *arg)
{
    struct wire_offload o;

    (void)arg;
    for (uint32_t value = 0; value < 4; value++) {
        CHECK_EQ(cm_set_dword(KEY, "*PriorityVLANTag", value), 0);
        CHECK_EQ(ndis_nic_enable(nic), 0);
        for (unsigned way = 0; way < 2; way++) {
            struct wire *from = way ? cable : lin, *to = way ? lin : cable;
            bool loses = value == 2 && way == 1; /* its priority is not told */

            tagged(5, 7);
            check_tag(from, to, loses ? 0 : 5, 7);
            tagged(5, 0);
            if (!loses)
                check_tag(from, to, 5, 0);
            tagged(0, 7);
            check_tag(from, to, 0, 7);
            o = segments(1054);
            o = (struct wire_offload){ .flags = WIRE_NEEDS_CSUM, .csum_start = 34, .csum_offset = 16 };
            put_tag(1054, loses ? 0 : 3, 9, &o);
            check_through(from, to, 1058, &o);
            o = segments(9054);
            put_tag(9054, loses ? 0 : 3, 9, &o);
            check_through(from, to, 9058, &o);
            plain(1, 60);
            check_through(from, to, 60, NULL);
        }
        ndis_nic_disable(nic);
    }
    CHECK_EQ(cm_set_dword(KEY, "*LsoV2IPv4", 0), 0);
    CHECK_EQ(cm_set_dword(KEY, "*RscIPv4", 0), 0);
    CHECK_EQ(ndis_nic_enable(nic), 0);
    check_cut(lin, cable);
    check_cut(cable, lin);
    ndis_nic_disable(nic);
}

TEST(builtin, tags_go_out_of_band_where_that_is_switched_on_and_back_into_frames)
{
    run(tags);
}

static void
filtering(void *arg)
{
    (void)arg;
    CHECK_EQ(ndis_nic_enable(nic), 0);
    plain(1, 60);
    memcpy(frame, mac, 6);
    check_through(cable, lin, 60, NULL);
    frame[5] ^= 4; /* for somebody else */
    CHECK_EQ(wire_put(cable, frame, 60, NULL), 0);
    settle();
    CHECK_EQ(take(lin), -EAGAIN);
    memcpy(frame, (uint8_t[]){ 1, 0, 0x5e, 0, 0, 1 }, 6);
    check_through(cable, lin, 60, NULL);
    ndis_nic_disable(nic);
}

TEST(builtin, the_packet_filter_keeps_out_what_is_for_others)
{
    run(filtering);
}

/* A cable that takes no more holds sends back; they go when it takes again. */
static void
backpressure(void *arg)
{
    unsigned sent = 0, came = 0;
    struct wire_stats stats;

    (void)arg;
    CHECK_EQ(ndis_nic_enable(nic), 0);
    for (; sent < 20; sent++) {
        plain((uint8_t)sent, 60);
        CHECK_EQ(wire_put(lin, frame, 60, NULL), 0);
        settle();
    }
    while (take(cable) == 0) {
        CHECK_EQ(got_bytes[14], came);
        came++;
        settle();
    }
    CHECK_EQ(came, sent);
    wire_stats(cable, &stats);
    CHECK(stats.tx_full > 0);
    ndis_nic_disable(nic);
}

TEST(builtin, a_full_cable_holds_sends_back_and_loses_none)
{
    run(backpressure);
}

/* Disabled with sends that the cable has not taken. */
static void
disable_while_full(void *arg)
{
    struct hostif_stats stats;

    (void)arg;
    CHECK_EQ(ndis_nic_enable(nic), 0);
    for (unsigned i = 0; i < 20; i++) {
        plain((uint8_t)i, 60);
        CHECK_EQ(wire_put(lin, frame, 60, NULL), 0);
        settle();
    }
    ndis_nic_disable(nic);
    hostif_stats(nic, &stats);
    CHECK_EQ(stats.refused, 8); /* cancelled; the others were still with Linux */
    CHECK_EQ(stats.down, 4);
    CHECK_EQ(ndis_nic_enable(nic), 0);
    while (take(cable) == 0)
        ;
    plain(99, 60);
    check_through(lin, cable, 60, NULL);
    ndis_nic_disable(nic);
}

TEST(builtin, a_disable_takes_back_what_the_cable_did_not_take)
{
    run(disable_while_full);
}

static void
paused(void *arg)
{
    struct hostif_stats stats;

    (void)arg;
    CHECK_EQ(ndis_nic_enable(nic), 0);
    ndis_nic_pause(nic);
    plain(1, 60);
    CHECK_EQ(wire_put(lin, frame, 60, NULL), 0);
    CHECK_EQ(wire_put(cable, frame, 60, NULL), 0);
    settle();
    CHECK_EQ(take(lin), -EAGAIN);
    CHECK_EQ(take(cable), -EAGAIN);
    hostif_stats(nic, &stats);
    CHECK_EQ(stats.down, 1);
    CHECK_EQ(ndis_nic_restart(nic), 0);
    check_through(lin, cable, 60, NULL);
    check_through(cable, lin, 60, NULL);
    ndis_nic_disable(nic);
}

TEST(builtin, while_paused_frames_are_dropped_and_counted)
{
    run(paused);
}

static void
unplug(void *arg)
{
    (void)arg;
    CHECK_EQ(ndis_nic_enable(nic), 0);
    CHECK_EQ(nic->adapter->connect_state, MediaConnectStateConnected);
    wire_plug(cable, false);
    settle();
    CHECK_EQ(nic->adapter->connect_state, MediaConnectStateDisconnected);
    wire_plug(cable, true);
    settle();
    CHECK_EQ(nic->adapter->connect_state, MediaConnectStateConnected);
    ndis_nic_disable(nic);
}

TEST(builtin, a_cable_that_is_pulled_is_a_link_that_is_down)
{
    run(unplug);
}

static void
wrong(void *arg)
{
    struct wire_offload lie = { .flags = WIRE_NEEDS_CSUM, .csum_start = 60, .csum_offset = 60 };
    struct wire_stats stats;

    (void)arg;
    CHECK_EQ(ndis_nic_enable(nic), 0);
    plain(1, 60);
    for (uint32_t length = 0; length < 14; length++) {
        CHECK_EQ(wire_put(cable, frame, length, NULL), 0);
        CHECK_EQ(wire_put(lin, frame, length, NULL), 0);
        settle();
    }
    CHECK_EQ(wire_put(cable, frame, 60, &lie), 0);
    CHECK_EQ(wire_put(lin, frame, 1519, NULL), 0); /* longer than the MTU and a VLAN tag allow */
    CHECK_EQ(wire_put(cable, frame, 1519, NULL), 0);
    settle();
    CHECK_EQ(take(lin), -EAGAIN);
    CHECK_EQ(take(cable), -EAGAIN);
    wire_stats(cable, &stats);
    CHECK_EQ(stats.rx_short, 14);
    CHECK_EQ(stats.rx_words, 1);
    wire_stats(lin, &stats);
    CHECK_EQ(stats.tx_refused, 0); /* no driver has seen what was too long */
    plain(1, 60);
    check_through(cable, lin, 60, NULL);
    plain(1, 1518);
    check_through(cable, lin, 1518, NULL);
    ndis_nic_disable(nic);
}

TEST(builtin, frames_of_every_wrong_length_are_survived)
{
    run(wrong);
}

/* Everything comes home: buffers, NBLs, pools. */
static uint64_t blocks;

static void
count_block(struct heap_block *b, void *arg)
{
    (void)b;
    (void)arg;
    blocks++;
}

static void
cycles(void *arg)
{
    uint64_t first = 0;

    (void)arg;
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQ(ndis_nic_enable(nic), 0);
        plain(1, 60);
        check_through(lin, cable, 60, NULL);
        ndis_nic_disable(nic);
        blocks = 0;
        heap_each(count_block, NULL);
        if (i == 1)
            first = blocks;
    }
    CHECK_EQ(blocks, first);
}

TEST(builtin, disable_gives_everything_back)
{
    run(cycles);
}

/* ------------------------------------------------------------------ schedules */

static void
linux_sends(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 6; i++) {
        sched_point(OP_ACTOR, (uint64_t)lin);
        plain((uint8_t)i, 60);
        wire_put(lin, frame, 60, NULL);
        if (take(cable) == 0)
            CHECK_EQ(got.length, 60);
    }
}

static void
cable_brings(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 6; i++) {
        sched_point(OP_ACTOR, (uint64_t)cable);
        plain((uint8_t)i, 60);
        wire_put(cable, frame, 60, NULL);
        take(lin);
    }
}

static void
administrator(void *arg)
{
    (void)arg;
    CHECK_EQ(ndis_nic_enable(nic), 0);
    ndis_nic_cycle(nic);
    ndis_nic_disable(nic);
    CHECK_EQ(ndis_nic_enable(nic), 0);
    ndis_nic_disable(nic);
}

static unsigned
no_faults(struct strategy *s, enum choice_kind kind, unsigned n, uint64_t key)
{
    (void)s;
    (void)kind;
    (void)n;
    (void)key;
    return 0;
}

TEST(builtin, traffic_while_the_stack_comes_and_goes_never_hangs_or_misuses)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct strategy *strategy = machine_test_random(seed);
        struct run_result r;
        const char *what = NULL;

        machine_restore();
        misuses = irql_misuses = 0;
        fiber_create("administrator", FIBER_SYSTEM, administrator, NULL, false);
        fiber_create("linux", FIBER_SYSTEM, linux_sends, NULL, false);
        fiber_create("cable", FIBER_SYSTEM, cable_brings, NULL, false);
        strategy->choose = no_faults;
        machine_run(strategy, &r);
        if (r.end != RUN_DONE || misuses != 0 || irql_misuses != 0)
            fail_msg("seed %u: end %d, %u misuses, %u of IRQL: %s", (unsigned)seed, r.end, misuses, irql_misuses,
                     r.text);
        if (!ndis_idle(&what))
            fail_msg("seed %u: %s", (unsigned)seed, what);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE_WITH(builtin, frames_and_their_words_go_through_both_ways, restore, NULL),
        TEST_CASE_WITH(builtin, offloads_that_are_off_are_done_by_the_processor, restore, NULL),
        TEST_CASE_WITH(builtin, a_frame_to_be_cut_waits_for_buffers_and_loses_no_segment, restore, NULL),
        TEST_CASE_WITH(builtin, tags_go_out_of_band_where_that_is_switched_on_and_back_into_frames, restore, NULL),
        TEST_CASE_WITH(builtin, the_packet_filter_keeps_out_what_is_for_others, restore, NULL),
        TEST_CASE_WITH(builtin, a_full_cable_holds_sends_back_and_loses_none, restore, NULL),
        TEST_CASE_WITH(builtin, a_disable_takes_back_what_the_cable_did_not_take, restore, NULL),
        TEST_CASE_WITH(builtin, while_paused_frames_are_dropped_and_counted, restore, NULL),
        TEST_CASE_WITH(builtin, a_cable_that_is_pulled_is_a_link_that_is_down, restore, NULL),
        TEST_CASE_WITH(builtin, frames_of_every_wrong_length_are_survived, restore, NULL),
        TEST_CASE_WITH(builtin, disable_gives_everything_back, restore, NULL),
        TEST_CASE(builtin, traffic_while_the_stack_comes_and_goes_never_hangs_or_misuses),
    };

    return cmocka_run_group_tests(tests, group_setup, NULL);
}
