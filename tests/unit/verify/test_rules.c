/* SPDX-License-Identifier: MIT */
/* The rule engine and the rules, fed with events by hand. */
#include "unit/crash/fakes.h"

#include "base/str.h"
#include "ndis/hw/hw.h"
#include "ndis/legacy/legacy.h"
#include "ndis/nbl.h"
#include "nt/io/io.h"
#include "nt/nt.h"
#include "nt/ob/ob.h"
#include "verify/rule.h"
#include "verify/verify.h"

static struct fiber fiber;

static int
setup(void **state)
{
    (void)state;
    fiber.id = 1;
    fake_current(&fiber);
    fake_code = 0;
    if (fake_machine.verify == NULL) {
        verify_init();
        fake_snapshot();
    }
    fake_restore();
    verify_run_begin();
    return 0;
}

static struct event next;

/* Fill in who did it, as the machine's hook does. */
static void
fill_in(struct event *ev)
{
    ev->fiber = next.fiber ? next.fiber : 1;
    ev->ip = next.ip;
    ev->irql = next.irql;
}

/* false: a fatal rule stopped the machine. */
static bool
emit(struct event ev)
{
    next = ev;
    trace_set_context(fill_in);
    if (setjmp(fake_stop))
        return false;
    trace_emit(ev.kind, ev.object, ev.a[0], ev.a[1], ev.a[2], ev.a[3], ev.a[4], ev.a[5]);
    return true;
}

#define EMIT(...) emit((struct event){ __VA_ARGS__ })

static const char *
first_rule(void)
{
    return verify_violation_count() > 0 ? verify_violation(0)->rule->id : "none";
}

TEST(verify, ids_and_numbers_are_unique_and_sorted)
{
    const struct verify_rule *r, *other;

    for (unsigned i = 0; (r = verify_rule_get(i)) != NULL; i++) {
        CHECK(r->id[0] && r->summary[0] && r->why[0] && r->fix[0] && r->source != NULL && r->ddi != NULL);
        CHECK(str_starts(r->source, "documented: ") || str_starts(r->source, "assumed: "));
        CHECK(r->watches[0] != EV_NONE && r->on_event != NULL);
        CHECK(verify_rule_find(r->id) == r);
        CHECK_EQ(verify_rule_index(r), i);
        for (unsigned j = 0; (other = verify_rule_get(j)) != NULL; j++)
            CHECK(i == j || r->bugcheck.code != other->bugcheck.code || r->bugcheck.p1 != other->bugcheck.p1);
    }
}

TEST(verify, noted_rule_keeps_the_violation_and_goes_on)
{
    CHECK(EMIT(.kind = EV_STATE_MISUSE, .object = 0x7e9040001000ull, .ip = 0x7e9010001234ull,
               .a = { NDIS_MISUSE_SEND_WHILE_PAUSED, NDIS_LAYER_FILTER, 0x7e9040001000ull, NDIS_STATE_PAUSED }));
    CHECK_EQ(verify_violation_count(), 1);
    CHECK_STR(first_rule(), "NdisFilterSendWhilePaused");
    CHECK_STR(verify_violation(0)->text, "filter module 00007e9040001000 sends while Paused");
    CHECK_EQ(fake_code, 0);
}

TEST(verify, same_rule_at_the_same_place_counts_once)
{
    for (int i = 0; i < 100; i++)
        EMIT(.kind = EV_STATE_MISUSE, .ip = 0x7e9010001234ull,
             .a = { NDIS_MISUSE_SEND_WHILE_PAUSED, NDIS_LAYER_FILTER });
    CHECK_EQ(verify_violation_count(), 1);
    CHECK_EQ(verify_violations_lost(), 0);
}

TEST(verify, violations_beyond_the_kept_ones_are_counted)
{
    for (unsigned i = 0; i < VERIFY_VIOLATIONS + 5; i++)
        EMIT(.kind = EV_STATE_MISUSE, .ip = 0x7e9010001000ull + i,
             .a = { NDIS_MISUSE_SEND_WHILE_PAUSED, NDIS_LAYER_FILTER });
    CHECK_EQ(verify_violation_count(), VERIFY_VIOLATIONS);
    CHECK_EQ(verify_violations_lost(), 5);
}

TEST(verify, fatal_rule_stops_the_machine_with_its_number)
{
    CHECK(!EMIT(.kind = EV_NBL_MISUSE, .object = 0x7e9040002000ull, .ip = 0x7e9010001234ull,
                .a = { NDIS_NBL_COMPLETED_TWICE, 0x7e9040001000ull, NDIS_LAYER_FILTER }));
    CHECK_EQ(fake_code, 0xc4);
    CHECK_EQ(fake_p[1], 0x7e9040002000ull);
    CHECK_STR(first_rule(), "NblDoubleComplete");
    CHECK_EQ(fake_p[0], verify_violation(0)->rule->bugcheck.p1);
    CHECK(EMIT(.kind = EV_NBL_MISUSE, .object = 1, .a = { NDIS_NBL_SENT_TWICE }));
    CHECK_EQ(verify_violation_count(), 1);
}

TEST(verify, receives_of_a_filter_and_of_a_miniport_are_told_apart)
{
    EMIT(.kind = EV_STATE_MISUSE, .a = { NDIS_MISUSE_RECEIVE_WHILE_PAUSED, NDIS_LAYER_MINIPORT, 1, NDIS_STATE_DOWN });
    CHECK_STR(first_rule(), "NdisMiniportReceiveWhilePaused");
    CHECK(strstr(verify_violation(0)->text, "Halted") != NULL);
}

/* Driver routine entered, lock acquired, routine returns. */
TEST(verify, spin_lock_held_at_return_stops_the_machine)
{
    CHECK(EMIT(.kind = EV_CALLBACK_ENTER, .a = { 0x7e9010001000ull, 1 }));
    CHECK(EMIT(.kind = EV_LOCK_ACQUIRE, .object = 0x7e9040003000ull, .a = { LOCK_SPIN }));
    CHECK(!EMIT(.kind = EV_CALLBACK_LEAVE, .a = { 0x7e9010001000ull, 1, 0, 0, 0 }));
    CHECK_EQ(fake_code, 0xc4);
    CHECK_STR(first_rule(), "SpinLockBalanced");
    CHECK_EQ(fake_p[1], 0x7e9040003000ull);
    CHECK_EQ(fake_p[2], 0x7e9010001000ull);
}

TEST(verify, spin_lock_held_across_a_nested_routine_is_no_violation)
{
    EMIT(.kind = EV_CALLBACK_ENTER, .a = { 0x7e9010001000ull, 1 });
    EMIT(.kind = EV_LOCK_ACQUIRE, .object = 0x7e9040003000ull, .a = { LOCK_SPIN });
    EMIT(.kind = EV_CALLBACK_ENTER, .a = { 0x7e9010002000ull, 1 });
    CHECK(EMIT(.kind = EV_CALLBACK_LEAVE, .a = { 0x7e9010002000ull, 1, 0, 2, 2 }));
    EMIT(.kind = EV_LOCK_RELEASE, .object = 0x7e9040003000ull, .a = { LOCK_SPIN });
    CHECK(EMIT(.kind = EV_CALLBACK_LEAVE, .a = { 0x7e9010001000ull, 1, 0, 0, 0 }));
    CHECK_EQ(verify_violation_count(), 0);
}

TEST(verify, another_fibers_return_does_not_blame_the_holder)
{
    EMIT(.kind = EV_CALLBACK_ENTER, .fiber = 1, .a = { 0x7e9010001000ull, 1 });
    EMIT(.kind = EV_LOCK_ACQUIRE, .fiber = 1, .object = 0x7e9040003000ull, .a = { LOCK_SPIN });
    EMIT(.kind = EV_CALLBACK_ENTER, .fiber = 2, .a = { 0x7e9010002000ull, 1 });
    CHECK(EMIT(.kind = EV_CALLBACK_LEAVE, .fiber = 2, .a = { 0x7e9010002000ull, 1, 0, 0, 0 }));
    CHECK_EQ(verify_violation_count(), 0);
}

TEST(verify, changed_irql_stops_the_machine_except_for_cancel_routines)
{
    CHECK(EMIT(.kind = EV_IRQL_RETURN, .a = { 0x7e9010001000ull, 4 /* IoCancelIrp */, 0, 2, 0 }));
    CHECK(!EMIT(.kind = EV_IRQL_RETURN, .a = { 0x7e9010001000ull, 1, 0, 0, 2 }));
    CHECK_STR(first_rule(), "IrqlReturn");
    CHECK_EQ(fake_p[0], 0x2001d);
}

TEST(verify, dispatch_flag_below_dispatch_level_is_noted)
{
    EMIT(.kind = EV_SEND, .irql = 2, .a = { NDIS_LAYER_FILTER, 0, 1 });
    EMIT(.kind = EV_SEND, .irql = 0, .a = { NDIS_LAYER_FILTER, 0, 0 });
    CHECK_EQ(verify_violation_count(), 0);
    EMIT(.kind = EV_SEND, .irql = 0, .a = { NDIS_LAYER_FILTER, 0, 1 });
    CHECK_STR(first_rule(), "SendFlagIrqlMismatch");
}

TEST(verify, oid_completed_when_not_pending_is_noted)
{
    EMIT(.kind = EV_OID_COMPLETE, .object = 5, .a = { NDIS_LAYER_FILTER, 0, 0, 0, 0 });
    CHECK_STR(first_rule(), "NdisOidDoubleComplete");
    CHECK_EQ(verify_violation(0)->rule->bugcheck.p1, 0x91002);
}

TEST(verify, irp_never_completed_is_told_at_the_end)
{
    EMIT(.kind = EV_IRP_DISPATCH, .object = 0x7e9040007000ull, .a = { 0, 4 });
    EMIT(.kind = EV_IRP_DISPATCH, .object = 0x7e9040008000ull, .a = { 0, 3 });
    EMIT(.kind = EV_IRP_COMPLETE, .object = 0x7e9040007000ull);
    verify_run_end();
    CHECK_STR(first_rule(), "IrpLeft");
    CHECK_EQ(verify_violation(0)->ev.object, 0x7e9040008000ull);
}

TEST(verify, call_above_its_irql_names_the_function)
{
    EMIT(.kind = EV_IRQL_TOO_HIGH, .a = { 3, 2, 1 });
    CHECK_STR(first_rule(), "IrqlTooHigh");
    CHECK_STR(verify_violation(0)->text, "KeWaitForSingleObject is called at IRQL 2; 1 is the highest allowed");
}

TEST(verify, pool_left_at_unload_names_the_tag)
{
    EMIT(.kind = EV_POOL_LEAK, .object = 0x7e9040009000ull, .a = { 64, 0x3146504e });
    CHECK_STR(first_rule(), "PoolTracking-Leak");
    CHECK(strstr(verify_violation(0)->text, "'NPF1'") != NULL);
}

TEST(verify, timer_left_in_freed_memory_is_noted)
{
    EMIT(.kind = EV_TIMER_LEFT, .object = 0x7e904000a080ull, .a = { 0x7e904000a080ull, 0x80 });
    CHECK_STR(first_rule(), "Auto-UnloadTimersDpcs");
}

TEST(verify, device_left_at_unload_is_noted)
{
    EMIT(.kind = EV_DEVICE_CREATE, .object = 0x7e904000b000ull, .a = { 0x7e904000c000ull });
    EMIT(.kind = EV_DRIVER_UNLOAD, .object = 0x7e904000d000ull);
    CHECK_EQ(verify_violation_count(), 0);
    EMIT(.kind = EV_DRIVER_UNLOAD, .object = 0x7e904000c000ull);
    CHECK_STR(first_rule(), "DeviceLeft");
}

TEST(verify, filter_without_memory_may_fail_a_power_request)
{
    EMIT(.kind = EV_STATE_MISUSE, .a = { NDIS_MISUSE_POWER_BLOCKED, NDIS_LAYER_FILTER, 0x10, 0xc000009a });
    CHECK_EQ(verify_violation_count(), 0);
}

/* One event each that breaks one rule and no other; fatal rules stop the machine. */
static const struct {
    struct event ev;
    const char *id;
} broken[] = {
#define STATE(what, layer, st)                                                             \
    {                                                                                      \
        .kind = EV_STATE_MISUSE, .a = { NDIS_MISUSE_##what, NDIS_LAYER_##layer, 0x10, st } \
    }
    { STATE(SEND_WHILE_PAUSING, FILTER, NDIS_STATE_PAUSING), "NdisFilterSendWhilePaused" },
    { STATE(SEND_WHILE_DOWN, FILTER, NDIS_STATE_DOWN), "NdisFilterSendWhilePaused" },
    { STATE(RECEIVE_WHILE_PAUSED, FILTER, NDIS_STATE_PAUSED), "NdisFilterReceiveWhilePaused" },
    { STATE(RECEIVE_WHILE_PAUSED, MINIPORT, NDIS_STATE_PAUSED), "NdisMiniportReceiveWhilePaused" },
    { STATE(SEND_WHILE_RESTARTING, PROTOCOL, NDIS_STATE_RESTARTING), "NdisProtocolSendWhilePaused" },
    { STATE(OID_WHILE_STARTING, FILTER, NDIS_STATE_STARTING), "NdisOidInWrongState" },
    { STATE(STATUS_WHILE_STARTING, FILTER, NDIS_STATE_STARTING), "NdisStatusInWrongState" },
    { STATE(PAUSE_RETURNED, MINIPORT, 0xc0000001), "MiniportPause_Return" },
    { STATE(PAUSE_WITH_SENDS, FILTER, 2), "NdisPauseWithOutstanding" },
    { STATE(STOP_WITH_RECEIVES, FILTER, 2), "NdisStopWithNbls" },
    { STATE(STOP_WITH_OIDS, FILTER, 2), "NdisStopWithOids" },
    { STATE(ATTACH_WITHOUT_ATTRIBUTES, FILTER, 0), "NdisFSetAttributesMissing" },
    { STATE(ATTACH_WITHOUT_ATTRIBUTES, MINIPORT, 0), "NdisMSetAttributesMissing" },
    { STATE(CLOSED_TWICE, PROTOCOL, 0), "NdisClosedTwice" },
    { STATE(IDLE_CONFIRM, MINIPORT, 1), "NdisIdleNotification" },
    { STATE(IDLE_COMPLETE, MINIPORT, 1), "NdisIdleNotification" },
    { STATE(IDLE_RETURNED, MINIPORT, 0), "NdisIdleNotification" },
    { STATE(STOP_WITH_PORTS, MINIPORT, 1), "NdisStopWithPorts" },
    { STATE(STOP_WITH_POLLS, MINIPORT, 0), "NdisStopWithPolls" },
    { STATE(POLL_OVER_LIMIT, MINIPORT, 65), "NdisPollData" },
    { STATE(POLL_COUNT, MINIPORT, 2), "NdisPollData" },
    { STATE(POLL_FLAGS, MINIPORT, 2), "NdisPollData" },
    { STATE(POLL_RESERVED, MINIPORT, 1), "NdisPollData" },
    { STATE(PORT_NOT_ACTIVE, PROTOCOL, 3), "NdisPortNotActive" },
    { STATE(EVENT_DURING_OID, MINIPORT, 0), "NdisNetPnPEventDuringOid" },
    { STATE(RESET_WITH_OID, MINIPORT, 7), "NdisResetWithOid" },
    { STATE(EVENT_REFUSED, PROTOCOL, 0), "NetPnPEventReturn" },
    { STATE(OID_IN_LOW_POWER, PROTOCOL, 0x10106), "NdisOidInLowPower" },
    { STATE(RECEIVE_IN_LOW_POWER, MINIPORT, 4), "NdisReceiveInLowPower" },
    { STATE(POWER_BLOCKED, FILTER, 0), "NdisPowerOidBlocked" },
    { { .kind = EV_OID_COMPLETE, .a = { NDIS_LAYER_MINIPORT, 0x10, OID_PNP_SET_POWER, 0xc00000bb, 1 } },
      "NdisPowerOidFailed" },
    { { .kind = EV_HARDWARE_MISUSE, .a = { NDIS_HW_WRITE_IN_LOW_POWER, 4, 1 } }, "NdisHardwareInLowPower" },
    { STATE(OPEN_OUTSIDE_BIND, PROTOCOL, 0), "NdisOpenOutsideBind" },
    { STATE(UNBIND_WITHOUT_CLOSE, PROTOCOL, 0), "NdisUnbindWithoutClose" },
    { STATE(COMPLETE_UNEXPECTED, FILTER, NDIS_STATE_RUNNING), "NdisCompleteUnexpected" },
#define NBL(what)                                                                                \
    {                                                                                            \
        .kind = EV_NBL_MISUSE, .object = 0x20, .a = { NDIS_NBL_##what, 0x10, NDIS_LAYER_FILTER } \
    }
    { NBL(NOT_YOURS), "NblTouchNotOwner" },
    { NBL(SENT_TWICE), "NblSentTwice" },
    { NBL(RETURNED_TWICE), "NblReturnedTwice" },
    { NBL(INDICATED_TWICE), "NblIndicatedTwice" },
    { NBL(FREED_IN_FLIGHT), "NblFreedInFlight" },
    { NBL(WRONG_SOURCE), "NblWrongSource" },
    { NBL(NO_OWNER), "NblNoOwner" },
    { NBL(RESOURCES_RETURNED), "NblReturnResources" },
    { NBL(BAD_COUNT), "NblBadCount" },
    { NBL(POOL_NOT_EMPTY), "NblPoolNotEmpty" },
#define LOCK(what)                                                                     \
    {                                                                                  \
        .kind = EV_LOCK_MISUSE, .object = 0x30, .a = { LOCK_SPIN, LOCK_MISUSE_##what } \
    }
    { LOCK(RECURSIVE), "SpinLock" },
    { LOCK(NOT_HELD), "SpinLockRelease" },
    { LOCK(NOT_OWNER), "SpinLockRelease" },
    { LOCK(IRQL), "IrqlKeReleaseSpinLock" },
    { LOCK(WRONG_FORM), "SpinLockDprRelease" },
    { LOCK(UNINITIALIZED), "SpinLockUninitialized" },
    { LOCK(FREED), "SpinLockFreed" },
#define IRP(rule)                                                                      \
    {                                                                                  \
        .kind = EV_IRP_MISUSE, .object = 0x40, .a = { rule, 0x103, 0x7e9010001000ull } \
    }
    { IRP(0x07), "IoVerif-CompleteCancelSet" },
    { IRP(0x203), "IoVerif-ForwardCancelSet" },
    { IRP(0x224), "IrpStatusMismatch" },
    { IRP(0x228), "IoVerif-PendingPropagate" },
    { IRP(0x226), "IrpProcessingComplete" },
    { IRP(0x23d), "MarkIrpPending2" },
    { IRP(0x23e), "MarkIrpPending" },
    { { .kind = EV_IRP_COMPLETE, .object = 0x40, .a = { 0x103 } }, "IrpCompletedPending" },
#define IO(what)                                                              \
    {                                                                         \
        .kind = EV_IO_MISUSE, .object = 0x50, .a = { IO_MISUSE_##what, 0x60 } \
    }
    { IO(DEVICE_DELETED_TWICE), "IoVerif-DeleteTwice" },
    { IO(DEVICE_ATTACHED), "DeviceDeletedAttached" },
    { IO(WORK_ITEM_FREED), "Misc-FreeWithWorkItem" },
    { IO(WORK_ITEM_QUEUED), "WorkItemQueuedTwice" },
    { IO(INFORMATION_TOO_LARGE), "IoVerif-InfoTooLarge" },
    { IO(REMOVE_LOCK), "IoVerif-RemoveLockTags" },
    { IO(OWN_IRP_COMPLETED), "IrpOwnCompleted" },
    { IO(SYSTEM_BUFFER), "SystemBufferOverrun" },
    { IO(FREED_IN_USE), "IoVerif-FreeThreadIrp" },
    { IO(FREED_IN_FLIGHT), "IoVerif-FreeBusyIrp" },
    { IO(REUSED), "IoVerif-ReuseBusy" },
    { IO(STACK_NOT_SET), "IrpStackNotSet" },
    { IO(FORWARD_IRQL), "ForwardedAtBadIrql" },
    { IO(COMPLETED_LOCKED), "SpinLockSafe" },
    { IO(CANCEL_LOCK_KEPT), "CancelSpinlockRelease" },
    { IO(CANCEL_FOREIGN), "IrpCancelForeign" },
    { IO(CANCEL_LOST), "IrpCancelField" },
    { IO(NO_UNLOAD), "DriverUnloadMissing" },
#define PACKET(rule)                                                                       \
    {                                                                                      \
        .kind = EV_PACKET_MISUSE, .object = 0x10, .a = { rule, 0x20, NDIS_LAYER_MINIPORT } \
    }
    { PACKET(PACKET_COMPLETED_TWICE), "PacketDoubleComplete" },
    { PACKET(PACKET_HELD_RESOURCES), "PacketHeldResources" },
    { PACKET(PACKET_RETURNED_TWICE), "PacketReturnedTwice" },
    { PACKET(PACKET_SENT_TWICE), "PacketInFlight" },
    { PACKET(PACKET_FREED_IN_FLIGHT), "PacketInFlight" },
    { PACKET(PACKET_INDICATED_TWICE), "PacketInFlight" },
    { PACKET(PACKET_POOL_NOT_EMPTY), "PacketPoolNotEmpty" },
    { PACKET(PACKET_NO_RETURN_HANDLER), "PacketStatus" },
    { PACKET(PACKET_RESOURCES_DEFERRED), "PacketStatus" },
    { { .kind = EV_OB_MISUSE, .a = { OB_MISUSE_BAD_HANDLE, 0x70 } }, "BadHandle" },
    { { .kind = EV_OB_MISUSE, .a = { OB_MISUSE_HANDLE_LEAK, 0x70 } }, "HandleLeak" },
    { { .kind = EV_MDL_MISUSE, .object = 0x80, .a = { 0xb4 } }, "MdlUnlock" },
    { { .kind = EV_MDL_MISUSE, .object = 0x80, .a = { 0xb3 } }, "MdlMap" },
    { { .kind = EV_MDL_MISUSE, .object = 0x80, .a = { 0xb5 } }, "MdlUnmap" },
    { { .kind = EV_MDL_MISUSE, .object = 0x80, .a = { 0xb8 } }, "MdlFreeLocked" },
    { { .kind = EV_MDL_MISUSE, .object = 0x80, .a = { 0xb0 } }, "MdlLockDescribed" },
    { { .kind = EV_IRQL_MISUSE, .a = { 0, 2, 0 } }, "IrqlKeRaiseLower" },
    { { .kind = EV_IRQL_MISUSE, .a = { 1, 0, 2 } }, "IrqlKeRaiseLower2" },
    { { .kind = EV_PAGED_CODE, .object = 0x88, .a = { 0x88, 2 } }, "PagedCode" },
    { { .kind = EV_REGION_MISUSE, .object = 0x90 }, "CriticalRegions" },
    { { .kind = EV_MEMORY_OVERLAP, .a = { 0x1000, 0x1008, 16 } }, "MemoryOverlap" },
    { { .kind = EV_OID_COMPLETE, .object = 0xa0, .a = { 1, 0, 0, 0x103, 1 } }, "NdisOidComplete" },
    { { .kind = EV_STALE_HANDLE, .a = { 0, 0xb0 } }, "NdisStaleHandle" },
    { { .kind = EV_HEADER_MISUSE, .a = { 0, 1, 2, 3 } }, "NdisObjectHeader" },
    { { .kind = EV_SEND_COMPLETE, .a = { 1, 0, 1 } }, "SendCompleteFlagIrqlMismatch" },
    { { .kind = EV_RECEIVE, .a = { 0, 0, 1 } }, "ReceiveFlagIrqlMismatch" },
    { { .kind = EV_RETURN, .a = { 1, 0, 1 } }, "ReturnFlagIrqlMismatch" },
};

TEST(verify, each_misuse_breaks_its_own_rule_only)
{
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        bool fatal = verify_rule_find(broken[i].id)->severity == RULE_FATAL;

        fake_restore();
        CHECK_EQ(emit(broken[i].ev), !fatal);
        CHECK_EQ(verify_violation_count(), 1);
        CHECK_STR(first_rule(), broken[i].id);
        CHECK(verify_violation(0)->text[0] != 0);
        CHECK(strstr(verify_violation(0)->text, "%") == NULL);
    }
}

/* Which field of which structure, and its value. */
TEST(verify, a_wrong_header_is_told_by_field_and_value)
{
    static const char name[] = "NDIS_LINK_STATE";
    static const struct {
        uint64_t field, value, wanted;
        const char *words;
    } cases[] = {
        { NDIS_HEADER_TYPE, 0x89, 0x80, "Header.Type of NDIS_LINK_STATE is 0x89, not 0x80" },
        { NDIS_HEADER_REVISION, 0, 1, "Header.Revision of NDIS_LINK_STATE is 0; the first is 1" },
        { NDIS_HEADER_SIZE, 4, 40, "Header.Size of NDIS_LINK_STATE is 4; its revision has 40 bytes" },
        { NDIS_HEADER_LENGTH, 4, 40, "the length of NDIS_LINK_STATE is 4; its version has 40 bytes" },
        { NDIS_HEADER_VERSION, 0x501, 0x600, "NDIS_LINK_STATE asks for NDIS 5.1, which is no version 6.x" },
        { NDIS_HEADER_HANDLER, 0, 0, "a required handler is NULL: NDIS_LINK_STATE" },
        { NDIS_HEADER_NAME, 0, 0, "a required name is empty: NDIS_LINK_STATE" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_restore();
        EMIT(.kind = EV_HEADER_MISUSE,
             .a = { UINT64_MAX, cases[i].field, cases[i].value, cases[i].wanted, (uint64_t)name });
        CHECK_EQ(verify_violation_count(), 1);
        CHECK(strstr(verify_violation(0)->text, cases[i].words) != NULL);
    }
}

TEST(verify, work_item_queued_at_unload_is_noted)
{
    EMIT(.kind = EV_WORK_QUEUE, .object = 0x7e904000e000ull, .a = { 0x7e9010001000ull });
    EMIT(.kind = EV_WORK_QUEUE, .object = 0x7e904000f000ull, .a = { 0x7e9020001000ull });
    EMIT(.kind = EV_DRIVER_UNLOAD, .object = 0x7e904000c000ull, .a = { 0x7e9010000000ull, 0x4000 });
    CHECK_EQ(verify_violation_count(), 1);
    CHECK_STR(first_rule(), "WorkItemLeft");
}

TEST(rule_set, keeps_insertion_order_through_growth_and_deletion)
{
    struct rule_ctx ctx = { 0 };
    struct rule_entry *e = NULL;

    for (uint64_t i = 0; i < 1000; i++)
        CHECK(rule_set_add(&ctx, i * 0x1000));
    CHECK(!rule_set_add(&ctx, 0x5000));
    for (uint64_t i = 0; i < 1000; i += 2)
        CHECK(rule_set_del(&ctx, i * 0x1000));
    CHECK(!rule_set_del(&ctx, 0));
    CHECK_EQ(rule_set_count(&ctx), 500);
    for (uint64_t i = 1; i < 1000; i += 2) {
        e = rule_set_next(&ctx, e);
        CHECK(e != NULL && e->key == i * 0x1000);
        CHECK(rule_set_find(&ctx, e->key) == e);
    }
    CHECK(rule_set_next(&ctx, e) == NULL);
    rule_set_put(&ctx, 7)->value = 9;
    CHECK_EQ(rule_set_find(&ctx, 7)->value, 9);
    CHECK_EQ(rule_set_next(&ctx, e)->key, 7);
}

#define CASE(name) TEST_CASE_WITH(verify, name, setup, NULL)

TEST_MAIN(CASE(ids_and_numbers_are_unique_and_sorted), CASE(noted_rule_keeps_the_violation_and_goes_on),
          CASE(same_rule_at_the_same_place_counts_once), CASE(violations_beyond_the_kept_ones_are_counted),
          CASE(fatal_rule_stops_the_machine_with_its_number),
          CASE(receives_of_a_filter_and_of_a_miniport_are_told_apart), CASE(spin_lock_held_at_return_stops_the_machine),
          CASE(spin_lock_held_across_a_nested_routine_is_no_violation),
          CASE(another_fibers_return_does_not_blame_the_holder),
          CASE(changed_irql_stops_the_machine_except_for_cancel_routines),
          CASE(dispatch_flag_below_dispatch_level_is_noted), CASE(oid_completed_when_not_pending_is_noted),
          CASE(irp_never_completed_is_told_at_the_end), CASE(call_above_its_irql_names_the_function),
          CASE(pool_left_at_unload_names_the_tag), CASE(each_misuse_breaks_its_own_rule_only),
          CASE(work_item_queued_at_unload_is_noted), CASE(a_wrong_header_is_told_by_field_and_value),
          CASE(timer_left_in_freed_memory_is_noted), CASE(device_left_at_unload_is_noted),
          CASE(filter_without_memory_may_fail_a_power_request),
          TEST_CASE(rule_set, keeps_insertion_order_through_growth_and_deletion))
