/* SPDX-License-Identifier: MIT */
/*
 * OID requests and status over wiretest, a filter made of host handlers, and proto: clones, queue, cancel, timeout,
 * combined sets, answers of NDIS's own, completions that nobody asked for, detaching with a request out.
 */
#include "test.h"

#include "machine/testing.h"
#include "ndis/driver.h"
#include "ndis/ends/ends.h"
#include "ndis/misc.h"
#include "nt/ke/ke.h"
#include "nt/nt.h"

static NDIS_HANDLE filter_driver, module;
static ndis_fn f[6];
static struct ndis_nic *nic;

static enum { FORWARD, HOLD, HOLD_AND_ANSWER } mode;
static NDIS_OID_REQUEST *held;
static unsigned asked, cancels, statuses;
static uint32_t seen_value;
static uint64_t cancel_id;

/* What the events said. */
static unsigned completes, pends, not_pending, misuses;
static int32_t last_status;

static uint64_t
attach(const uint64_t *a)
{
    uint64_t mark = guest_mark();
    NDIS_FILTER_ATTRIBUTES *attributes = guest_alloc(sizeof(*attributes));
    NDIS_STATUS status;

    ndis_header_set(&attributes->Header, NDIS_OBJECT_TYPE_FILTER_ATTRIBUTES, NDIS_FILTER_ATTRIBUTES_REVISION_1,
                    NDIS_SIZEOF_FILTER_ATTRIBUTES_REVISION_1);
    module = (NDIS_HANDLE)a[0];
    status = NdisFSetAttributes(module, module, attributes);
    guest_release(mark);
    return (uint32_t)status;
}

static uint64_t
nothing(const uint64_t *a)
{
    (void)a;
    return 0;
}

static void
finish_clone(NDIS_OID_REQUEST *original, NDIS_OID_REQUEST *clone)
{
    original->DATA.QUERY_INFORMATION.BytesWritten = clone->DATA.QUERY_INFORMATION.BytesWritten;
    original->DATA.QUERY_INFORMATION.BytesNeeded = clone->DATA.QUERY_INFORMATION.BytesNeeded;
    NdisFreeCloneOidRequest(module, clone);
}

static uint64_t
oid_request(const uint64_t *a)
{
    NDIS_OID_REQUEST *request = (NDIS_OID_REQUEST *)a[1], *clone;
    NDIS_STATUS status;

    asked++;
    if (request->RequestType == NdisRequestSetInformation)
        seen_value = *(uint32_t *)request->DATA.SET_INFORMATION.InformationBuffer;
    if (mode != FORWARD) {
        held = request;
        return (uint32_t)(mode == HOLD ? NDIS_STATUS_PENDING : NDIS_STATUS_SUCCESS);
    }
    status = NdisAllocateCloneOidRequest((NDIS_HANDLE)a[0], request, 'tset', &clone);
    assert_int_equal(status, NDIS_STATUS_SUCCESS);
    *(NDIS_OID_REQUEST **)clone->SourceReserved = request;
    status = NdisFOidRequest((NDIS_HANDLE)a[0], clone);
    if (status != NDIS_STATUS_PENDING)
        finish_clone(request, clone);
    return (uint32_t)status;
}

static uint64_t
oid_complete(const uint64_t *a)
{
    NDIS_OID_REQUEST *clone = (NDIS_OID_REQUEST *)a[1], *request = *(NDIS_OID_REQUEST **)clone->SourceReserved;

    finish_clone(request, clone);
    NdisFOidRequestComplete((NDIS_HANDLE)a[0], request, (NDIS_STATUS)a[2]);
    return 0;
}

static uint64_t
oid_cancel(const uint64_t *a)
{
    cancels++;
    cancel_id = a[1];
    return 0;
}

static uint64_t
status_seen(const uint64_t *a)
{
    statuses++;
    NdisFIndicateStatus((NDIS_HANDLE)a[0], (NDIS_STATUS_INDICATION *)a[1]);
    return 0;
}

static void
register_filter(void)
{
    NDIS_FILTER_DRIVER_CHARACTERISTICS *c = heap_alloc(sizeof(*c), 'tset');
    DRIVER_OBJECT *driver = heap_alloc(sizeof(*driver), 'tset');

    memset(c, 0, sizeof(*c));
    ndis_header_set(&c->Header, NDIS_OBJECT_TYPE_FILTER_DRIVER_CHARACTERISTICS, 2,
                    NDIS_SIZEOF_FILTER_DRIVER_CHARACTERISTICS_REVISION_2);
    c->MajorNdisVersion = 6;
    c->MinorNdisVersion = 30;
    c->FriendlyName = *ndis_string("A filter");
    c->UniqueName = *ndis_string("{00000000-0000-4000-8000-0000000000f1}");
    c->ServiceName = *ndis_string("filter");
    c->AttachHandler = (void *)f[0];
    c->DetachHandler = (void *)f[1];
    c->PauseHandler = (void *)f[1];
    c->RestartHandler = (void *)f[1];
    c->OidRequestHandler = (void *)f[2];
    c->OidRequestCompleteHandler = (void *)f[3];
    c->CancelOidRequestHandler = (void *)f[4];
    c->StatusHandler = (void *)f[5];
    assert_int_equal(NdisFRegisterFilterDriver(driver, NULL, c, &filter_driver), NDIS_STATUS_SUCCESS);
}

static unsigned headers;
static const char *header_name;

static void
on_event(void *context, const struct event *ev)
{
    (void)context;
    switch (ev->kind) {
    case EV_OID_PEND:
        pends++;
        break;
    case EV_STATE_MISUSE:
        misuses++;
        break;
    case EV_HEADER_MISUSE:
        headers++;
        header_name = (const char *)ev->a[4];
        break;
    case EV_OID_COMPLETE:
        completes++;
        last_status = (int32_t)ev->a[3];
        not_pending += ev->a[4] == 0;
        break;
    default:
        break;
    }
}

static struct event_listener listener = { .on_event = on_event };

static void
make(void *arg)
{
    (void)arg;
    ends_proto_start();
    nic = ends_wire_add("Ethernet 1", NULL);
    assert_non_null(nic);
    register_filter();
    assert_int_equal(ndis_nic_enable(nic), 0);
    assert_non_null(module);
}

static int
group_setup(void **state)
{
    static const ndis_host_fn fn[] = { attach, nothing, oid_request, oid_complete, oid_cancel, status_seen };
    static const unsigned kinds[] = { EV_OID_PEND, EV_OID_COMPLETE, EV_STATE_MISUSE, EV_HEADER_MISUSE };

    (void)state;
    nt_register_exports();
    ndis_register_exports();
    machine_start(2);
    nt_init();
    ndis_init();
    for (unsigned i = 0; i < sizeof(fn) / sizeof(fn[0]); i++)
        f[i] = ndis_host_handler(fn[i]);
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        listener.mask[kinds[i] / 64] |= EV_BIT(kinds[i]);
    trace_listen(&listener);
    assert_int_equal(machine_test(make, NULL, FIBER_SYSTEM, NULL), RUN_DONE);
    return machine_snapshot();
}

static int
restore(void **state)
{
    (void)state;
    machine_restore();
    asked = cancels = statuses = completes = pends = not_pending = misuses = 0;
    mode = FORWARD;
    held = NULL;
    return 0;
}

static enum run_end
run(void (*fn)(void *), struct run_result *result)
{
    struct run_result local;
    enum run_end end;

    result = result ? result : &local;
    end = machine_test(fn, NULL, FIBER_SYSTEM, result);
    if (end != RUN_DONE && end != RUN_BUGCHECK)
        print_message("ended %d: %s\n", end, result->text);
    return end;
}

static struct ndis_binding *
binding(void)
{
    struct ndis_binding *b;

    list_for_each (b, &nic->adapter->bindings, node)
        return b;
    return NULL;
}

static NDIS_OID_REQUEST *
request_new(NDIS_REQUEST_TYPE type, uint32_t oid, uint32_t length)
{
    NDIS_OID_REQUEST *r = heap_alloc(sizeof(*r), 'tset');

    memset(r, 0, sizeof(*r));
    ndis_header_set(&r->Header, NDIS_OBJECT_TYPE_OID_REQUEST, 1, NDIS_SIZEOF_OID_REQUEST_REVISION_1);
    r->RequestType = type;
    r->RequestId = (PVOID)0x1234;
    r->DATA.QUERY_INFORMATION.Oid = oid;
    r->DATA.QUERY_INFORMATION.InformationBuffer = heap_alloc(length, 'tset');
    r->DATA.QUERY_INFORMATION.InformationBufferLength = length;
    memset(r->DATA.QUERY_INFORMATION.InformationBuffer, 0, length);
    return r;
}

static void
let_others_run(void)
{
    ke_sleep(-10000, "lets others run");
}

/* ------------------------------------------------------------------ the way down and up */

static void
query_through_filter(void *arg)
{
    NDIS_OID_REQUEST *r = request_new(NdisRequestQueryInformation, OID_GEN_MAXIMUM_FRAME_SIZE, 4);

    (void)arg;
    assert_int_equal(NdisOidRequest(binding(), r), NDIS_STATUS_SUCCESS);
    assert_int_equal(r->DATA.QUERY_INFORMATION.BytesWritten, 4);
    assert_int_equal(*(uint32_t *)r->DATA.QUERY_INFORMATION.InformationBuffer, nic->adapter->general.MtuSize);
    assert_int_equal(asked, 1);
    assert_int_equal(binding()->layer.ledger->oids, 0);
    r = request_new(NdisRequestQueryInformation, OID_GEN_LINK_STATE, 4);
    assert_int_equal(NdisOidRequest(binding(), r), NDIS_STATUS_BUFFER_TOO_SHORT);
    assert_int_equal(r->DATA.QUERY_INFORMATION.BytesNeeded, sizeof(NDIS_LINK_STATE));
}

TEST(ndis_oid, ndis_answers_a_query_below_the_filter)
{
    assert_int_equal(run(query_through_filter, NULL), RUN_DONE);
    assert_int_equal(completes, 4);
    assert_int_equal(pends + not_pending + misuses, 0);
}

static void
queue_behind_pended(void *arg)
{
    NDIS_OID_REQUEST *first = request_new(NdisRequestQueryInformation, OID_GEN_STATISTICS, 8);
    NDIS_OID_REQUEST *second = request_new(NdisRequestQueryInformation, OID_GEN_STATISTICS, 8);

    (void)arg;
    mode = HOLD;
    assert_int_equal(NdisOidRequest(binding(), first), NDIS_STATUS_PENDING);
    assert_int_equal(NdisOidRequest(binding(), second), NDIS_STATUS_PENDING);
    assert_int_equal(asked, 1);
    assert_ptr_equal(held, first);
    mode = HOLD_AND_ANSWER;
    NdisFOidRequestComplete(module, first, NDIS_STATUS_SUCCESS);
    let_others_run();
    assert_int_equal(asked, 2);
    assert_ptr_equal(held, second);
    assert_int_equal(completes, 2);
    assert_int_equal(binding()->layer.ledger->oids, 0);
}

TEST(ndis_oid, a_filter_has_one_request_at_a_time)
{
    assert_int_equal(run(queue_behind_pended, NULL), RUN_DONE);
    assert_int_equal(not_pending, 0);
}

static void
ask_at_dispatch(void *arg)
{
    NDIS_OID_REQUEST *r = request_new(NdisRequestQueryInformation, OID_GEN_MAXIMUM_FRAME_SIZE, 4);

    (void)arg;
    irql_raise(IRQL_DISPATCH);
    assert_int_equal(NdisOidRequest(binding(), r), NDIS_STATUS_PENDING);
    irql_lower(IRQL_PASSIVE);
    let_others_run();
    assert_int_equal(asked, 1);
    assert_int_equal(r->DATA.QUERY_INFORMATION.BytesWritten, 4);
}

TEST(ndis_oid, a_request_made_at_dispatch_level_is_delivered_later)
{
    assert_int_equal(run(ask_at_dispatch, NULL), RUN_DONE);
}

static void
bad_header(void *arg)
{
    NDIS_OID_REQUEST *r = request_new(NdisRequestQueryInformation, OID_GEN_MAXIMUM_FRAME_SIZE, 4);

    (void)arg;
    r->Header.Type = 1;
    assert_int_equal(NdisFOidRequest(module, r), NDIS_STATUS_INVALID_PARAMETER);
}

TEST(ndis_oid, a_filter_request_with_a_bad_header_is_refused)
{
    assert_int_equal(run(bad_header, NULL), RUN_DONE);
}

/* ------------------------------------------------------------------ combined sets */

static void
set_packet_filter(void *arg)
{
    NDIS_OID_REQUEST *r = request_new(NdisRequestSetInformation, OID_GEN_CURRENT_PACKET_FILTER, 4);
    struct ndis_binding *other = heap_alloc(sizeof(*other), 'tset');

    (void)arg;
    memset(other, 0, sizeof(*other));
    other->packet_filter = 0x8;
    list_add_tail(&nic->adapter->bindings, &other->node);
    *(uint32_t *)r->DATA.SET_INFORMATION.InformationBuffer = 0x5;
    assert_int_equal(NdisOidRequest(binding(), r), NDIS_STATUS_SUCCESS);
    assert_int_equal(seen_value, 0xd);
    assert_int_equal(binding()->packet_filter, 0x5);
    assert_int_equal(*(uint32_t *)r->DATA.SET_INFORMATION.InformationBuffer, 0x5);
    mode = HOLD;
    assert_int_equal(NdisOidRequest(binding(), r), NDIS_STATUS_PENDING);
    assert_ptr_not_equal(held, r);
    NdisFOidRequestComplete(module, held, NDIS_STATUS_SUCCESS);
    assert_int_equal(binding()->layer.ledger->oids, 0);
    list_del(&other->node);
}

TEST(ndis_oid, packet_filters_of_all_bindings_are_combined)
{
    assert_int_equal(run(set_packet_filter, NULL), RUN_DONE);
}

static NDIS_OID_REQUEST *
add_address(uint8_t last)
{
    NDIS_OID_REQUEST *r = request_new(NdisRequestSetInformation, OID_802_3_ADD_MULTICAST_ADDRESS, 6);

    memcpy(r->DATA.SET_INFORMATION.InformationBuffer, (uint8_t[]){ 1, 0, 0x5e, 0, 0, last }, 6);
    assert_int_equal(NdisOidRequest(binding(), r), NDIS_STATUS_PENDING);
    return r;
}

/* What the second comes to is known when the first has ended. */
static void
add_two_at_once(void *arg)
{
    bool first_fails = *(bool *)arg;

    mode = HOLD;
    add_address(1);
    add_address(2);
    assert_int_equal(asked, 1);
    assert_int_equal(binding()->layer.ledger->oids, 2);
    NdisFOidRequestComplete(module, held, first_fails ? NDIS_STATUS_FAILURE : NDIS_STATUS_SUCCESS);
    let_others_run();
    assert_int_equal(asked, 2);
    assert_int_equal(held->DATA.SET_INFORMATION.InformationBufferLength, first_fails ? 6 : 12);
    NdisFOidRequestComplete(module, held, NDIS_STATUS_SUCCESS);
    let_others_run();
    assert_int_equal(binding()->multicast->count, first_fails ? 1 : 2);
    assert_int_equal(binding()->layer.ledger->oids, 0);
    assert_false(nic->adapter->setting);
}

TEST(ndis_oid, of_two_sets_under_way_the_second_adds_to_what_the_first_left)
{
    struct run_result r;

    for (unsigned i = 0; i < 2; i++) {
        bool first_fails = i == 1;

        assert_int_equal(machine_test(add_two_at_once, &first_fails, FIBER_SYSTEM, &r), RUN_DONE);
        if (i == 0)
            restore(NULL);
    }
}

/* ------------------------------------------------------------------ cancel, timeout, drain */

static void
cancel_both(void *arg)
{
    NDIS_OID_REQUEST *first = request_new(NdisRequestQueryInformation, OID_GEN_STATISTICS, 8);
    NDIS_OID_REQUEST *second = request_new(NdisRequestQueryInformation, OID_GEN_STATISTICS, 8);

    (void)arg;
    mode = HOLD;
    NdisOidRequest(binding(), first);
    NdisOidRequest(binding(), second);
    NdisCancelOidRequest(binding(), (PVOID)0x9999);
    assert_int_equal(cancels, 0);
    NdisCancelOidRequest(binding(), (PVOID)0x1234);
    assert_int_equal(cancels, 1);
    assert_int_equal(cancel_id, 0x1234);
    assert_int_equal(completes, 1);
    assert_int_equal(last_status, NDIS_STATUS_REQUEST_ABORTED);
    NdisFOidRequestComplete(module, first, NDIS_STATUS_REQUEST_ABORTED);
    let_others_run();
    assert_int_equal(asked, 1);
    assert_int_equal(binding()->layer.ledger->oids, 0);
}

TEST(ndis_oid, cancel_asks_for_what_is_pended_and_ends_what_is_queued)
{
    assert_int_equal(run(cancel_both, NULL), RUN_DONE);
}

static void
time_out(void *arg)
{
    NDIS_OID_REQUEST *r = request_new(NdisRequestQueryInformation, OID_GEN_STATISTICS, 8);

    (void)arg;
    mode = HOLD;
    r->Timeout = 2;
    NdisOidRequest(binding(), r);
    ke_sleep(-10000000, "waits a second");
    assert_int_equal(cancels, 0);
    ke_sleep(-20000000, "waits two seconds");
    assert_int_equal(cancels, 1);
    NdisFOidRequestComplete(module, r, NDIS_STATUS_REQUEST_ABORTED);
}

TEST(ndis_oid, a_request_whose_time_is_over_is_cancelled)
{
    assert_int_equal(run(time_out, NULL), RUN_DONE);
}

static void
complete_later(void *arg)
{
    ke_sleep(-10000000, "answers later");
    NdisFOidRequestComplete(module, arg, NDIS_STATUS_SUCCESS);
}

static void
detach_with_request(void *arg)
{
    NDIS_OID_REQUEST *r = request_new(NdisRequestQueryInformation, OID_GEN_STATISTICS, 8);

    (void)arg;
    mode = HOLD;
    NdisOidRequest(binding(), r);
    ps_thread_create("answers", FIBER_SYSTEM, NULL, complete_later, r, false, NULL);
    assert_int_equal(ndis_driver_detach(nic, "filter"), 0);
    assert_int_equal(completes, 1);
}

TEST(ndis_oid, detach_waits_for_a_pended_request)
{
    assert_int_equal(run(detach_with_request, NULL), RUN_DONE);
    assert_int_equal(misuses, 0);
}

/* ------------------------------------------------------------------ what drivers do wrong */

static void
complete_twice(void *arg)
{
    NDIS_OID_REQUEST *r = request_new(NdisRequestQueryInformation, OID_GEN_STATISTICS, 8);

    (void)arg;
    mode = HOLD;
    NdisOidRequest(binding(), r);
    NdisFOidRequestComplete(module, r, NDIS_STATUS_SUCCESS);
    NdisFOidRequestComplete(module, r, NDIS_STATUS_SUCCESS);
}

TEST(ndis_oid, a_filters_second_completion_is_told)
{
    assert_int_equal(run(complete_twice, NULL), RUN_DONE);
    assert_int_equal(not_pending, 1);
}

static void
complete_unasked(void *arg)
{
    (void)arg;
    NdisMOidRequestComplete(nic->adapter, request_new(NdisRequestQueryInformation, 1, 8), NDIS_STATUS_SUCCESS);
}

TEST(ndis_oid, a_miniports_completion_that_nobody_asked_for_is_a_bugcheck)
{
    struct run_result result;

    assert_int_equal(run(complete_unasked, &result), RUN_BUGCHECK);
    assert_int_equal(result.code, 0x7c);
    assert_int_equal(result.p[0], 0x26);
    assert_int_equal(not_pending, 1);
}

static void
too_many_bytes(void *arg)
{
    NDIS_OID_REQUEST *r = request_new(NdisRequestQueryInformation, OID_GEN_STATISTICS, 8);

    (void)arg;
    mode = HOLD;
    NdisOidRequest(binding(), r);
    r->DATA.QUERY_INFORMATION.BytesWritten = 9;
    NdisFOidRequestComplete(module, r, NDIS_STATUS_SUCCESS);
}

TEST(ndis_oid, more_bytes_than_the_buffer_holds_is_a_bugcheck)
{
    struct run_result result;

    assert_int_equal(run(too_many_bytes, &result), RUN_BUGCHECK);
    assert_int_equal(result.p[0], 0x1d);
}

/* ------------------------------------------------------------------ status */

static void
link_goes_down(void *arg)
{
    NDIS_STATUS_INDICATION *s = heap_alloc(sizeof(*s), 'tset');
    NDIS_LINK_STATE *link = heap_alloc(sizeof(*link), 'tset');

    memset(s, 0, sizeof(*s));
    memset(link, 0, sizeof(*link));
    link->MediaConnectState = MediaConnectStateDisconnected;
    link->XmitLinkSpeed = link->RcvLinkSpeed = 77;
    s->StatusCode = NDIS_STATUS_LINK_STATE;
    s->StatusBuffer = link;
    s->StatusBufferSize = arg == NULL ? sizeof(*link) : 4;
    NdisMIndicateStatusEx(nic->adapter, s);
    assert_int_equal(statuses, 1);
    assert_int_equal(nic->adapter->connect_state, MediaConnectStateDisconnected);
    assert_int_equal(nic->adapter->xmit_speed, 77);
}

TEST(ndis_status, link_state_is_kept_and_passes_the_filter)
{
    assert_int_equal(run(link_goes_down, NULL), RUN_DONE);
}

/* arg: 0 nothing is wrong, then Type, Revision and Size of the indication, and Size of what it carries. */
static void
link_with_wrong_header(void *arg)
{
    NDIS_STATUS_INDICATION *s = heap_alloc(sizeof(*s), 'tset');
    NDIS_LINK_STATE *link = heap_alloc(sizeof(*link), 'tset');

    memset(s, 0, sizeof(*s));
    memset(link, 0, sizeof(*link));
    ndis_header_set(&s->Header, NDIS_OBJECT_TYPE_STATUS_INDICATION, NDIS_STATUS_INDICATION_REVISION_1,
                    NDIS_SIZEOF_STATUS_INDICATION_REVISION_1);
    ndis_header_set(&link->Header, NDIS_OBJECT_TYPE_DEFAULT, NDIS_LINK_STATE_REVISION_1,
                    NDIS_SIZEOF_LINK_STATE_REVISION_1);
    s->StatusCode = NDIS_STATUS_LINK_STATE;
    s->StatusBuffer = link;
    s->StatusBufferSize = sizeof(*link);
    switch (*(int *)arg) {
    case 1:
        s->Header.Type = NDIS_OBJECT_TYPE_OID_REQUEST;
        break;
    case 2:
        s->Header.Revision = 0;
        break;
    case 3:
        s->Header.Size = NDIS_SIZEOF_STATUS_INDICATION_REVISION_1 - 1;
        break;
    case 4:
        link->Header.Size = NDIS_SIZEOF_LINK_STATE_REVISION_1 - 1;
        break;
    }
    NdisMIndicateStatusEx(nic->adapter, s);
    assert_int_equal(statuses, 1);
}

TEST(ndis_status, a_wrong_header_is_noted_and_the_status_goes_on)
{
    for (int what = 0; what <= 4; what++) {
        machine_restore();
        headers = statuses = 0;
        assert_int_equal(machine_test(link_with_wrong_header, &what, FIBER_SYSTEM, NULL), RUN_DONE);
        assert_int_equal(headers, what == 0 ? 0 : 1);
        if (what != 0)
            assert_string_equal(header_name, what == 4 ? "NDIS_LINK_STATE" : "NDIS_STATUS_INDICATION");
    }
}

TEST(ndis_status, a_buffer_too_small_for_its_status_is_a_bugcheck)
{
    struct run_result result;

    assert_int_equal(machine_test(link_goes_down, &result, FIBER_SYSTEM, &result), RUN_BUGCHECK);
    assert_int_equal(result.code, 0x7c);
    assert_int_equal(result.p[0], 0x20);
}

#define CASE(area, name) TEST_CASE_WITH(area, name, restore, NULL)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(ndis_oid, ndis_answers_a_query_below_the_filter),
        CASE(ndis_oid, a_filter_has_one_request_at_a_time),
        CASE(ndis_oid, a_request_made_at_dispatch_level_is_delivered_later),
        CASE(ndis_oid, a_filter_request_with_a_bad_header_is_refused),
        CASE(ndis_oid, packet_filters_of_all_bindings_are_combined),
        CASE(ndis_oid, of_two_sets_under_way_the_second_adds_to_what_the_first_left),
        CASE(ndis_oid, cancel_asks_for_what_is_pended_and_ends_what_is_queued),
        CASE(ndis_oid, a_request_whose_time_is_over_is_cancelled),
        CASE(ndis_oid, detach_waits_for_a_pended_request),
        CASE(ndis_oid, a_filters_second_completion_is_told),
        CASE(ndis_oid, a_miniports_completion_that_nobody_asked_for_is_a_bugcheck),
        CASE(ndis_oid, more_bytes_than_the_buffer_holds_is_a_bugcheck),
        CASE(ndis_status, link_state_is_kept_and_passes_the_filter),
        CASE(ndis_status, a_wrong_header_is_noted_and_the_status_goes_on),
        CASE(ndis_status, a_buffer_too_small_for_its_status_is_a_bugcheck),
    };

    return cmocka_run_group_tests(tests, group_setup, NULL);
}
