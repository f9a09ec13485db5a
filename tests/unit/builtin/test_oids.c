/* SPDX-License-Identifier: MIT */
/*
 * unit/builtin/test_oids.c - what wirenic, with NDIS above it, is asked: every OID that is mandatory, and buffers of
 * every wrong length.
 *
 * documented: "Mandatory OIDs for miniport drivers" in the network driver design guide; for Ethernet the pages
 * of OID_802_3_*.
 */
#include "unit/test.h"

#include "builtin/builtin.h"
#include "machine/testing.h"
#include "ndis/admin.h"
#include "ndis/driver.h"
#include "ndis/ndis.h"
#include "nt/nt.h"
#include "wire/wire.h"

#define UNTOUCHED 0xa5

static struct ndis_nic *nic;
static uint8_t *buffer; /* machine memory */
static uint32_t written;

static void
make(void *arg)
{
    struct wire_options options = { .alloc = mon_alloc };
    struct wire *cable;
    char text[200];

    (void)arg;
    assert_int_equal(wire_open("loop,far,frames=8,gso=20000", &options, &cable, text), 0);
    builtin_init();
    nic = wirenic_add("Ethernet 1", cable, NULL);
    assert_non_null(nic);
}

static int
group_setup(void **state)
{
    (void)state;
    nt_register_exports();
    ndis_register_exports();
    builtin_register_exports();
    machine_start(1);
    nt_init();
    ndis_init();
    assert_int_equal(machine_test(make, NULL, FIBER_SYSTEM, NULL), RUN_DONE);
    return machine_snapshot();
}

static int
restore(void **state)
{
    (void)state;
    machine_restore();
    buffer = NULL;
    return 0;
}

static void
run(void (*fn)(void *))
{
    struct run_result result;

    if (machine_test(fn, NULL, FIBER_SYSTEM, &result) != RUN_DONE)
        fail_msg("%s", result.text);
}

/* ------------------------------------------------------------------ asking */

static NDIS_STATUS
query(uint32_t oid, uint32_t length)
{
    buffer = buffer != NULL ? buffer : heap_alloc(1024, 'tset');
    memset(buffer, UNTOUCHED, 1024);
    return ndis_oid_query(ndis_oid_top(nic->adapter), NdisRequestQueryInformation, oid, buffer, length, &written);
}

static NDIS_STATUS
set(uint32_t oid, const void *value, uint32_t length)
{
    buffer = buffer != NULL ? buffer : heap_alloc(1024, 'tset');
    memset(buffer, UNTOUCHED, 1024);
    memcpy(buffer, value, length);
    return ndis_oid_ask(ndis_oid_top(nic->adapter), NdisRequestSetInformation, oid, buffer, length);
}

static uint32_t
number(uint32_t oid)
{
    uint32_t value;

    CHECK_EQ(query(oid, 1024), NDIS_STATUS_SUCCESS);
    CHECK_EQ(written, 4);
    memcpy(&value, buffer, 4);
    return value;
}

/* Queries with an answer of a fixed size. */
static const struct {
    uint32_t oid, size;
} queries[] = {
    { OID_GEN_CURRENT_LOOKAHEAD, 4 },
    { OID_GEN_CURRENT_PACKET_FILTER, 4 },
    { OID_GEN_INTERRUPT_MODERATION, NDIS_SIZEOF_INTERRUPT_MODERATION_PARAMETERS_REVISION_1 },
    { OID_GEN_MAXIMUM_TOTAL_SIZE, 4 },
    { OID_GEN_RCV_OK, 8 },
    { OID_GEN_RECEIVE_BLOCK_SIZE, 4 },
    { OID_GEN_RECEIVE_BUFFER_SPACE, 4 },
    { OID_GEN_STATISTICS, NDIS_SIZEOF_STATISTICS_INFO_REVISION_1 },
    { OID_GEN_TRANSMIT_BLOCK_SIZE, 4 },
    { OID_GEN_TRANSMIT_BUFFER_SPACE, 4 },
    { OID_GEN_VENDOR_DESCRIPTION, sizeof("undis wirenic") },
    { OID_GEN_VENDOR_DRIVER_VERSION, 4 },
    { OID_GEN_VENDOR_ID, 4 },
    { OID_GEN_XMIT_OK, 8 },
    { OID_802_3_PERMANENT_ADDRESS, 6 },
    { OID_802_3_CURRENT_ADDRESS, 6 },
    { OID_802_3_MAXIMUM_LIST_SIZE, 4 },
    { OID_802_3_RCV_ERROR_ALIGNMENT, 4 },
    { OID_802_3_XMIT_ONE_COLLISION, 4 },
    { OID_802_3_XMIT_MORE_COLLISIONS, 4 },
};

static void
answers(void *arg)
{
    uint32_t frame;

    (void)arg;
    CHECK_EQ(ndis_nic_enable(nic), 0);
    for (unsigned i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        NDIS_STATUS status = query(queries[i].oid, 1024);

        if (status != NDIS_STATUS_SUCCESS || written != queries[i].size)
            fail_msg("OID 0x%08x: status 0x%08x, %u bytes", queries[i].oid, (unsigned)status, written);
        for (uint32_t at = written; at < 1024; at++)
            CHECK_EQ(buffer[at], UNTOUCHED);
    }
    frame = number(OID_GEN_MAXIMUM_TOTAL_SIZE);
    CHECK_EQ(frame, 1514);
    CHECK_EQ(number(OID_GEN_TRANSMIT_BLOCK_SIZE), frame);
    CHECK(number(OID_GEN_RECEIVE_BLOCK_SIZE) >= frame);
    CHECK(number(OID_GEN_RECEIVE_BUFFER_SPACE) >= number(OID_GEN_RECEIVE_BLOCK_SIZE));
    CHECK(number(OID_GEN_TRANSMIT_BUFFER_SPACE) >= frame);
    CHECK_EQ(number(OID_GEN_VENDOR_ID), 0xffffff);
    query(OID_GEN_INTERRUPT_MODERATION, 1024);
    CHECK_EQ(((NDIS_INTERRUPT_MODERATION_PARAMETERS *)(void *)buffer)->InterruptModeration,
             NdisInterruptModerationNotSupported);
    query(OID_GEN_VENDOR_DESCRIPTION, 1024);
    CHECK_STR((const char *)buffer, "undis wirenic");
    ndis_nic_disable(nic);
}

TEST(oids, every_mandatory_query_is_answered)
{
    run(answers);
}

/* documented for each of these sets: it takes effect, or what status says why not. */
static void
takes(void *arg)
{
    static const NDIS_INTERRUPT_MODERATION_PARAMETERS moderation = {
        .InterruptModeration = NdisInterruptModerationEnabled
    };
    NDIS_LINK_PARAMETERS link = { .MediaDuplexState = MediaDuplexStateHalf, .AutoNegotiationFlags = 15 };
    uint32_t value = NDIS_PACKET_TYPE_DIRECTED;
    NDIS_LINK_STATE state;

    (void)arg;
    CHECK_EQ(ndis_nic_enable(nic), 0);
    CHECK_EQ(set(OID_GEN_CURRENT_PACKET_FILTER, &value, 4), NDIS_STATUS_SUCCESS);
    CHECK_EQ(number(OID_GEN_CURRENT_PACKET_FILTER), value);
    value = 200;
    CHECK_EQ(set(OID_GEN_CURRENT_LOOKAHEAD, &value, 4), NDIS_STATUS_SUCCESS);
    CHECK(number(OID_GEN_CURRENT_LOOKAHEAD) >= 200);
    CHECK_EQ(set(OID_GEN_INTERRUPT_MODERATION, &moderation, sizeof(moderation)), NDIS_STATUS_INVALID_DATA);

    CHECK_EQ(set(OID_GEN_LINK_PARAMETERS, &link, sizeof(link)), NDIS_STATUS_SUCCESS);
    CHECK_EQ(query(OID_GEN_LINK_STATE, 1024), NDIS_STATUS_SUCCESS);
    memcpy(&state, buffer, sizeof(state));
    CHECK_EQ(state.MediaDuplexState, MediaDuplexStateFull);
    link = (NDIS_LINK_PARAMETERS){ .MediaDuplexState = MediaDuplexStateFull,
                                   .XmitLinkSpeed = state.XmitLinkSpeed,
                                   .RcvLinkSpeed = state.RcvLinkSpeed,
                                   .PauseFunctions = NdisPauseFunctionsUnsupported };
    CHECK_EQ(set(OID_GEN_LINK_PARAMETERS, &link, sizeof(link)), NDIS_STATUS_SUCCESS);
    for (unsigned i = 0; i < 4; i++) { /* one thing each that it is not */
        NDIS_LINK_PARAMETERS other = link;

        other.XmitLinkSpeed += i == 0;
        other.RcvLinkSpeed += i == 1;
        other.MediaDuplexState = i == 2 ? MediaDuplexStateHalf : MediaDuplexStateFull;
        other.PauseFunctions = i == 3 ? NdisPauseFunctionsSendOnly : NdisPauseFunctionsUnsupported;
        CHECK_EQ(set(OID_GEN_LINK_PARAMETERS, &other, sizeof(other)), NDIS_STATUS_INVALID_DATA);
        other.AutoNegotiationFlags = 1u << i;
        CHECK_EQ(set(OID_GEN_LINK_PARAMETERS, &other, sizeof(other)), NDIS_STATUS_SUCCESS);
    }
    ndis_nic_disable(nic);
}

TEST(oids, every_mandatory_set_is_taken_or_refused_as_documented)
{
    run(takes);
}

/* Of the counters four bytes are enough, of the others none too few are. */
static void
lengths(void *arg)
{
    static const uint32_t sets[] = { OID_GEN_CURRENT_PACKET_FILTER, OID_GEN_CURRENT_LOOKAHEAD, OID_GEN_LINK_PARAMETERS,
                                     OID_OFFLOAD_ENCAPSULATION, OID_TCP_OFFLOAD_PARAMETERS };

    (void)arg;
    CHECK_EQ(ndis_nic_enable(nic), 0);
    for (unsigned i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        bool counter = queries[i].oid == OID_GEN_RCV_OK || queries[i].oid == OID_GEN_XMIT_OK;

        for (uint32_t length = 0; length < queries[i].size; length++) {
            NDIS_STATUS status = query(queries[i].oid, length);

            if (counter && length >= 4)
                CHECK(status == NDIS_STATUS_SUCCESS && written == 4);
            else if (status != NDIS_STATUS_BUFFER_TOO_SHORT && status != NDIS_STATUS_INVALID_LENGTH)
                fail_msg("OID 0x%08x with %u bytes: status 0x%08x", queries[i].oid, length, (unsigned)status);
            for (uint32_t at = length; at < 1024; at++)
                CHECK_EQ(buffer[at], UNTOUCHED);
        }
    }
    for (unsigned i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
        for (uint32_t length = 0; length < 4; length++)
            CHECK(set(sets[i], "\0\0\0\0", length) != NDIS_STATUS_SUCCESS);
    for (uint32_t length = 1; length < 6; length++)
        CHECK_EQ(set(OID_802_3_MULTICAST_LIST, "\1\2\3\4\5\6", length), NDIS_STATUS_INVALID_LENGTH);
    CHECK_EQ(query(0x00ffffff, 1024), NDIS_STATUS_NOT_SUPPORTED);
    ndis_nic_disable(nic);
}

TEST(oids, buffers_that_are_too_short_are_refused_and_nothing_is_written_beyond)
{
    run(lengths);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE_WITH(oids, every_mandatory_query_is_answered, restore, NULL),
        TEST_CASE_WITH(oids, every_mandatory_set_is_taken_or_refused_as_documented, restore, NULL),
        TEST_CASE_WITH(oids, buffers_that_are_too_short_are_refused_and_nothing_is_written_beyond, restore, NULL),
    };

    return cmocka_run_group_tests(tests, group_setup, NULL);
}
