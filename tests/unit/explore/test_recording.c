/* SPDX-License-Identifier: MIT */
/* From the text of a record to a scenario and an order of calls; and what is no record. */
#include "unit/test.h"

#include "explore/recording.h"

#define HEADER                                                                           \
    "# undis record 1\n# undis: 0.1.0\n# name: m\n# vps: 2\n# bucket: 0x3B_npf!NPF_Write\n" \
    "# driver: /a/npf.inf\n# sha256: 00\n"
#define LOOP HEADER "# adapter: loop\nwho 8 1 flood:7\nwho 9 0 control\nwho 10 1 flood:9\nwho 1 2 DPC/0\n"

/* input AT ENDED WHO WORD OVERLAPPED CODE IN OUT PLACE ID TARGET HANDLE STATUS TEXT */
#define WRITE_RACE                                  \
    LOOP "input 10 11 8 open 0 0 0 0 0 1 0 a0 0 d\n" \
         "input 20 24 8 write 0 0 60 0 0 2 0 a0 0 -\n" \
         "call 21 8 0 ndis!NdisFSendNetBufferLists\n"  \
         "input 30 0 8 write 0 0 64 0 0 3 0 a0 0 -\n"  \
         "call 31 8 0 ndis!NdisAcquireSpinLock\n"      \
         "input 40 44 9 disable 0 0 0 0 0 0 0 0 0 -\n" \
         "call 41 9 1 ndis!NdisFreeSpinLock\n"         \
         "call 43 1 1 ndis!NdisDprAcquireSpinLock\n"   \
         "call 45 1 1 timer\n"                         \
         "call 46 8 0 ndis!NdisFSendNetBufferLists\n"

static struct recording r;
static struct follow_list follow;
static struct lab_subjects subjects;

static bool
parses(const char *text)
{
    char why[256] = "";
    bool good;

    lab_register_exports();
    good = recording_parse(text, strlen(text), &r, why) == 0;
    CHECK(good || why[0] != '\0');
    return good;
}

/* The scenario of a part; the caller frees. */
static char *
scene(const char *text, unsigned sources, unsigned each)
{
    const struct recording_part part = { sources, each, "frames.pcap" };
    struct wire_record frame[4];
    uint32_t frames;

    CHECK(parses(text));
    snprintf(subjects.driver[0].inf, sizeof(subjects.driver[0].inf), "/a/npf.inf");
    snprintf(subjects.driver[0].service, sizeof(subjects.driver[0].service), "npf");
    subjects.driver[0].kind = INF_FILTER;
    subjects.count = 1;
    return recording_scenario(&r, &subjects, &part, &follow, frame, 4, &frames);
}

/* Scenario has these ops, in this order, and no other. */
static void
check_ops(const char *yaml, const char *const *ops)
{
    const char *at = strstr(yaml, "actors:");

    CHECK(at != NULL);
    for (; *ops != NULL; ops++) {
        at = strstr(at, "      - ");
        CHECK(at != NULL);
        at += 8;
        CHECK(strncmp(at, *ops, strlen(*ops)) == 0);
    }
    CHECK(strstr(at, "      - ") == NULL);
}

static void
check_step(unsigned i, const char *who, const char *call)
{
    const struct follow_step *s = &follow.step[i];

    CHECK(i < follow.count);
    if (who != NULL)
        CHECK_STR(follow.name[s->who], who);
    if (call != NULL)
        CHECK_STR(ddi_get(s->index)->name, call);
    else if (who != NULL)
        CHECK_EQ(s->index, FOLLOW_OP);
}

TEST(recording, takes_the_last_ops_of_whoever_was_there)
{
    char *yaml = scene(WRITE_RACE, 2, 1);

    check_ops(yaml, (const char *const[]){ "{ op: disable, adapter: 0 }",
                                           "{ op: open, device: each, mode: synchronous }",
                                           "{ op: write, len: 64 }", NULL });
    free(yaml);
    recording_free(&r);
}

TEST(recording, keeps_the_order_of_calls_since_its_first_op)
{
    char *yaml = scene(WRITE_RACE, 2, 1);

    CHECK_EQ(follow.count, 7);
    check_step(0, "flood:7", NULL);
    check_step(1, "flood:7", "NdisAcquireSpinLock");
    check_step(2, "administrator-0", NULL);
    check_step(3, "administrator-0", "NdisFreeSpinLock");
    CHECK_EQ(follow.step[4].who, FOLLOW_DPC);
    CHECK_EQ(follow.step[5].who, FOLLOW_TIME);
    check_step(6, "flood:7", "NdisFSendNetBufferLists");
    free(yaml);
    recording_free(&r);
}

TEST(recording, of_one_source_takes_who_ran_last)
{
    char *yaml = scene(WRITE_RACE, 1, 8);

    check_ops(yaml, (const char *const[]){ "{ op: open", "{ op: write, len: 60 }", "{ op: write, len: 64 }", NULL });
    CHECK_EQ(follow.name[0][0], 'f');
    free(yaml);
    recording_free(&r);
}

/* An adapter that is enabled was disabled before, however few ops are taken. */
TEST(recording, an_enable_brings_its_disable)
{
    char *yaml = scene(LOOP "input 10 12 9 disable 0 0 0 0 0 0 0 0 0 -\n"
                            "input 20 0 9 enable 0 0 0 0 0 0 0 0 0 -\n",
                       1, 1);

    check_ops(yaml, (const char *const[]){ "{ op: disable", "{ op: enable", NULL });
    free(yaml);
    recording_free(&r);
    yaml = scene(LOOP "input 20 0 9 enable 0 0 0 0 0 0 0 0 0 -\n", 1, 1);
    check_ops(yaml, (const char *const[]){ "{ op: disable", "{ op: enable", NULL });
    free(yaml);
    recording_free(&r);
}

/* A request that had ended when its thread went on was collected; one that had not is cancelled by its number. */
TEST(recording, collects_what_had_ended_and_cancels_what_had_not)
{
    char *yaml = scene(LOOP "input 10 11 8 open 1 0 0 0 0 1 0 a0 0 d\n"
                            "input 20 22 8 write 1 0 60 0 0 2 0 a0 0 -\n"
                            "input 30 0 8 read 1 0 0 99 0 3 0 a0 0 -\n"
                            "input 40 41 10 cancel-ex 0 0 0 0 0 4 3 a0 0 -\n",
                       2, 8);

    check_ops(yaml, (const char *const[]){ "{ op: open, device: each, mode: synchronous }",
                                           "{ op: cancel-io-ex, actor: \"flood:7\", request: 1 }",
                                           "{ op: open, device: each, mode: overlapped }", "{ op: write, len: 60 }",
                                           "{ op: result, request: 1 }", "{ op: read, len: 99 }", NULL });
    free(yaml);
    recording_free(&r);
}

/* Requests on a second handle, and opens that failed, are none; the end of a program kills its thread. */
TEST(recording, leaves_other_handles_out_and_kills_who_died)
{
    char *yaml = scene(LOOP "input 10 11 8 write 1 0 61 0 0 1 0 a0 0 -\n"
                            "input 12 13 8 write 1 0 62 0 0 1 0 b0 0 -\n"
                            "input 14 15 8 open 0 0 0 0 0 1 0 0 c0000034 d\n"
                            "input 16 0 9 exit 0 0 0 0 0 0 0 0 0 flood\n",
                       4, 4);

    check_ops(yaml, (const char *const[]){ "{ op: kill, actor: \"flood:7\" }", "{ op: open, device: each, mode: ov",
                                           "{ op: write, len: 62 }", NULL });
    CHECK_EQ(r.lacking_count, 2);
    CHECK_STR(r.lacking[0], "requests on further handles of one program");
    free(yaml);
    recording_free(&r);
}

TEST(recording, plays_frames_that_came)
{
    const struct recording_part part = { 2, 8, "frames.pcap" };
    struct wire_record frame[4];
    uint32_t frames;
    char *yaml;

    CHECK(parses(HEADER "# adapter: tap\n# hostif: E\n"
                        "input 5 5 1 frame 0 0 3 0 0 0 0 0 0 - 0a0b0c\ninput 6 6 1 frame 0 0 2 0 0 0 0 0 0 - ffee\n"));
    yaml = recording_scenario(&r, &subjects, &part, &follow, frame, 4, &frames);
    CHECK_EQ(frames, 2);
    CHECK_EQ(frame[0].length, 3);
    CHECK_MEM(frame[0].bytes, "\x0a\x0b\x0c", 3);
    CHECK_MEM(frame[1].bytes, "\xff\xee", 2);
    CHECK(strstr(yaml, "miniport: pcap\n") != NULL && strstr(yaml, "wire: frames.pcap\n") != NULL);
    CHECK(strstr(yaml, "protocols: [ test ]") != NULL);
    free(yaml);
    recording_free(&r);
}

TEST(recording, refuses_what_is_none)
{
    CHECK(!parses(""));
    CHECK(!parses("# undis trace 1\n"));
    CHECK(!parses("# undis record 1\n"));
    CHECK(!parses("# undis record 1\n# vps: 9\n# driver: x\n# adapter: loop\n"));
    CHECK(!parses(LOOP "input 1 2\n"));
    CHECK(!parses(LOOP "call x\n"));
    CHECK(!parses(LOOP "nonsense\n"));
    CHECK(!parses(LOOP "input 5 5 1 frame 0 0 3 0 0 0 0 0 0 - 0a0b\n"));
    CHECK(!parses(LOOP "input 5 5 1 frame 0 0 3 0 0 0 0 0 0 - 0a0bxx\n"));
    CHECK(!parses(LOOP "input 5 5 1 frame 0 0 70000 0 0 0 0 0 0 - 0a0b\n"));
    CHECK(parses(LOOP));
    recording_free(&r);
}

TEST_MAIN(TEST_CASE(recording, takes_the_last_ops_of_whoever_was_there),
          TEST_CASE(recording, keeps_the_order_of_calls_since_its_first_op),
          TEST_CASE(recording, of_one_source_takes_who_ran_last), TEST_CASE(recording, an_enable_brings_its_disable),
          TEST_CASE(recording, collects_what_had_ended_and_cancels_what_had_not),
          TEST_CASE(recording, leaves_other_handles_out_and_kills_who_died),
          TEST_CASE(recording, plays_frames_that_came), TEST_CASE(recording, refuses_what_is_none))
