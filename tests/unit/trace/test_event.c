/* SPDX-License-Identifier: MIT */
/* Who listens to what decides which way frames take in a live machine. */
#include "unit/test.h"

#include "trace/event.h"

static void
ignore(void *context, const struct event *ev)
{
    (void)context;
    (void)ev;
}

static struct event_listener misuse = { .on_event = ignore }, paths = { .on_event = ignore };

static void
wants(struct event_listener *l, uint16_t kind)
{
    uint64_t mask[2] = { 0, 0 };

    mask[kind / 64] = EV_BIT(kind);
    trace_listen_to(l, mask);
}

TEST(event, rules_about_misuse_leave_frames_on_their_way)
{
    trace_listen(&misuse);
    trace_listen(&paths);
    wants(&misuse, EV_LOCK_MISUSE);
    CHECK(trace_wants(EV_LOCK_MISUSE));
    CHECK_EQ(trace_frames, 0);
}

TEST(event, who_listens_to_calls_or_to_frames_takes_them_off_it)
{
    static const uint16_t kinds[] = { EV_DDI_ENTER, EV_SEND, EV_SEND_COMPLETE, EV_RECEIVE, EV_RETURN };

    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        wants(&paths, kinds[i]);
        CHECK_NE(trace_frames, 0);
        trace_listen_to(&paths, (const uint64_t[2]){ 0, 0 });
        CHECK_EQ(trace_frames, 0);
    }
}

TEST_MAIN(TEST_CASE(event, rules_about_misuse_leave_frames_on_their_way),
          TEST_CASE(event, who_listens_to_calls_or_to_frames_takes_them_off_it))
