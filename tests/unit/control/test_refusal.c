/* SPDX-License-Identifier: MIT */
/* When writes that are refused are a finding, and what makes them none. A machine without adapters: all is Running. */
#include "unit/test.h"

#include "control/admin.h"
#include "control/refusal.h"
#include "ddk/ntstatus.h"
#include "machine/strategy.h"
#include "trace/event.h"

#define PAUSED ((int32_t)0xc023002a)

static struct running machine_of;
static struct refusal_files files;
static const char frame[60] = "a frame", other[60] = "another";

static int
begin(void **state)
{
    char text[160];

    (void)state;
    if (machine_init(1, text))
        return -1;
    refusal_prepare(&machine_of);
    return 0;
}

/* A new device; its first write is taken, then a layer's state changes, then it is opened anew. */
static void
device(const char *path)
{
    refusal_opened(&files, 1, path);
    refusal_written(&files, 1, frame, sizeof(frame), STATUS_SUCCESS);
    refusal_closed(&files, 1);
    trace_emit(EV_FILTER_STATE, 0, 0);
    refusal_opened(&files, 2, path);
}

/* n writes, each a while after the one before. */
static void
writes(uint64_t handle, const char *bytes, int32_t status, unsigned n, unsigned ms)
{
    for (unsigned i = 0; i < n; i++) {
        machine->now_100ns += ms * 10000u;
        refusal_written(&files, handle, bytes, sizeof(frame), status);
    }
}

static void
close_all(void)
{
    refusal_closed(&files, 1);
    refusal_closed(&files, 2);
}

TEST(refusal, of_what_was_never_accepted_is_none)
{
    device("\\\\.\\never");
    writes(2, other, PAUSED, 100, 100);
    CHECK_STR(refusal_found(), "");
    close_all();
}

TEST(refusal, is_none_while_others_are_accepted)
{
    device("\\\\.\\mixed");
    for (unsigned i = 0; i < 20; i++) {
        writes(2, frame, PAUSED, 5, 200);
        writes(2, other, STATUS_SUCCESS, 1, 1);
    }
    CHECK_STR(refusal_found(), "");
    close_all();
}

TEST(refusal, through_a_handle_from_before_the_change_is_none)
{
    device("\\\\.\\old");
    trace_emit(EV_ADAPTER_STATE, 0, 0);
    writes(2, frame, PAUSED, 100, 100);
    CHECK_STR(refusal_found(), "");
    close_all();
}

TEST(refusal, begins_anew_with_every_change_and_every_status)
{
    device("\\\\.\\changes");
    for (unsigned i = 0; i < 10; i++) {
        writes(2, frame, PAUSED, 7, 300);
        trace_emit(EV_BINDING_STATE, 0, 0);
        close_all();
        refusal_opened(&files, 2, "\\\\.\\changes");
        writes(2, frame, STATUS_UNSUCCESSFUL, 7, 300);
    }
    writes(2, frame, STATUS_CANCELLED, 100, 100);
    CHECK_STR(refusal_found(), "");
    close_all();
}

TEST(refusal, for_less_than_a_second_is_none)
{
    device("\\\\.\\short");
    writes(2, frame, PAUSED, 100, 5);
    CHECK_STR(refusal_found(), "");
    close_all();
}

TEST(refusal, again_and_again_for_a_second_is_the_finding)
{
    device("\\\\.\\found");
    writes(2, frame, PAUSED, 7, 200);
    CHECK_STR(refusal_found(), "");
    writes(2, frame, PAUSED, 1, 200);
    CHECK_STR(refusal_found(), "the adapter is Running again, but \\\\.\\found refuses writes it accepted before "
                               "(status 0xC023002A)");
    close_all();
}

TEST_MAIN(TEST_CASE_WITH(refusal, of_what_was_never_accepted_is_none, begin, NULL),
          TEST_CASE(refusal, is_none_while_others_are_accepted),
          TEST_CASE(refusal, through_a_handle_from_before_the_change_is_none),
          TEST_CASE(refusal, begins_anew_with_every_change_and_every_status),
          TEST_CASE(refusal, for_less_than_a_second_is_none),
          TEST_CASE(refusal, again_and_again_for_a_second_is_the_finding))
