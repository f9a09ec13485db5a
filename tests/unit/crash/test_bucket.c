/* SPDX-License-Identifier: MIT */
/* Blame and buckets: each form, and who is passed over. */
#include "unit/crash/sample.h"

#include "crash/bucket.h"
#include "crash/bugcheck.h"

static const char *
bucket(void)
{
    static struct finding_verdict v;

    finding_conclude(&sample.in, &v);
    return v.bucket;
}

TEST(bucket, blames_the_first_frame_that_is_not_the_system)
{
    struct finding_verdict v;

    finding_conclude(sample_build(), &v);
    CHECK_EQ(v.blamed, 1);
    CHECK_STR(v.bucket, "0x3B_npf!NPF_Write");
    CHECK_STR(v.hash, "2eb5e15e-9853-313b-618d-2ac277a2bfb5");
    CHECK_STR(v.symbol, "npf!NPF_Write+40");
    CHECK_STR(v.image, "npf.sys");
    CHECK(v.violation == &sample.violations[0]);
}

TEST(bucket, without_symbols_keeps_the_offset_in_the_module)
{
    sample_build();
    sample.frames[1].function[0] = 0;
    sample.frames[1].offset = 0x1040;
    CHECK_STR(bucket(), "0x3B_npf+1040");
}

TEST(bucket, without_a_driver_frame_names_the_image)
{
    sample_build();
    sample.in.frame_count = 1;
    CHECK_STR(bucket(), "0x3B_IMAGE_npf.sys");
}

TEST(bucket, without_anything_is_invalid)
{
    sample_build();
    sample.in.frame_count = 0;
    sample.in.module_count = 2;
    CHECK_STR(bucket(), "0x3B_INVALID");
}

TEST(bucket, passes_over_helpers_of_the_compiler)
{
    const char *owner;

    CHECK(triage_skips("npf", "memcpy", &owner));
    CHECK(triage_skips("NDIS", "anything", &owner));
    CHECK(triage_skips("npf", "__security_check_cookie", &owner));
    CHECK(!triage_skips("npf", "memcpy_chain", &owner));
    CHECK_STR(owner, "MachineOwner");
}

TEST(bucket, passes_over_functions_of_the_ddk)
{
    sample_build();
    sample.frames[0].ddk = true;
    CHECK_STR(bucket(), "0x3B_npf!NPF_Write");
    str_copy(sample.frames[2].module, 32, "npf");
    str_copy(sample.frames[2].function, 160, "NpfSendAll");
    sample.frames[1].ddk = true;
    CHECK_STR(bucket(), "0x3B_npf!NpfSendAll");
}

TEST(bucket, prefix_carries_what_a_debugger_adds)
{
    sample_build();
    sample.in.violation_count = 0;
    sample.in.code = 0x1e;
    sample.trap.vector = 14;
    sample.trap.error_code = 2;
    CHECK_STR(bucket(), "0x1E_c0000005_W_npf!NPF_Write");
    sample.in.code = 0xd1;
    CHECK_STR(bucket(), "0xD1_npf!NPF_Write");
    sample.in.code = 0xc4;
    sample.in.p[0] = 0x62;
    CHECK_STR(bucket(), "0xc4_62_VRF_npf!NPF_Write");
    sample.in.code = 0;
    sample.in.kind = FINDING_LIVELOCK;
    CHECK_STR(bucket(), "LIVELOCK_npf!NPF_Write");
}

/* A loop is looked at anywhere on its way round. */
TEST(bucket, a_loop_without_symbols_has_the_name_of_its_function)
{
    sample_build();
    sample.in.code = 0;
    sample.in.kind = FINDING_LIVELOCK;
    sample.frames[1].function[0] = 0;
    sample.frames[1].offset = 0x1040;
    CHECK_STR(bucket(), "LIVELOCK_npf+1040");
    sample.frames[1].begin = 0x1010;
    CHECK_STR(bucket(), "LIVELOCK_npf+1010");
    sample.frames[1].offset = 0x1052;
    CHECK_STR(bucket(), "LIVELOCK_npf+1010");
}

TEST(bucket, replaces_what_a_key_may_not_hold)
{
    sample_build();
    str_copy(sample.frames[1].function, 160, "list<int>::`dtor'");
    CHECK_STR(bucket(), "0x3B_npf!list_int_::_dtor'");
}

TEST(bucket, hang_blames_the_driver_frame_of_who_is_stuck)
{
    sample_build();
    sample.in.kind = FINDING_HANG;
    sample.in.code = 0;
    sample.in.frame_count = 0;
    sample.fibers[1].state = FIBER_BLOCKED;
    sample.fibers[1].block_kind = BLOCK_WAIT;
    sample.fibers[1].frames = sample.frames;
    sample.fibers[1].frame_count = 4;
    CHECK_STR(bucket(), "HANG_npf!NPF_Write");
    sample.fibers[1].frame_count = 0;
    CHECK_STR(bucket(), "HANG_IMAGE_npf.sys");
}

static void
sample_stuck(unsigned i, uint64_t waits_for, uint32_t owner, const struct finding_frame *frame)
{
    struct finding_fiber *f = &sample.fibers[i];

    f->state = FIBER_BLOCKED;
    f->block_kind = BLOCK_SPIN;
    f->block_object = waits_for;
    f->block_owner = owner;
    f->frames = frame;
    f->frame_count = 1;
    sample_event(EV_BLOCK, f->id, waits_for, BLOCK_SPIN, 0, 0, 0);
}

TEST(bucket, a_deadlock_blames_who_closed_the_ring)
{
    static const struct finding_frame first = { .module = "npf", .function = "NPF_Read" };
    static const struct finding_frame last = { .module = "npf", .function = "NPF_Close" };

    sample_build();
    sample.in.kind = FINDING_HANG;
    sample.in.code = 0;
    sample.in.frame_count = 0;
    sample_stuck(0, SAMPLE_MODULE, 2, &first);
    sample_stuck(1, SAMPLE_MODULE + 8, 1, &last);
    CHECK_STR(bucket(), "HANG_npf!NPF_Close");
    sample_stuck(0, SAMPLE_MODULE, 2, &first); /* the other way round */
    CHECK_STR(bucket(), "HANG_npf!NPF_Read");
    sample.fibers[0].block_owner = 0; /* no ring: the first that is stuck */
    sample_stuck(1, SAMPLE_MODULE + 8, 1, &last);
    CHECK_STR(bucket(), "HANG_npf!NPF_Read");
}

/* A routine that returned wrongly has no frame any more: the event names it. */
TEST(bucket, blames_the_routine_the_rule_points_at)
{
    struct finding_frame culprit = { .module = "npf", .function = "NPF_Read" };

    sample_build();
    sample.violations[0].ev.kind = EV_IRQL_RETURN;
    sample.violations[0].ev.a[0] = SAMPLE_NPF + 0x1080;
    CHECK_EQ(bucket_culprit(&sample.in), SAMPLE_NPF + 0x1080);
    sample.in.frame_count = 1;
    sample.in.culprit = &culprit;
    CHECK_STR(bucket(), "0x3B_npf!NPF_Read");
}

TEST(bugcheck, arguments_depend_on_the_first)
{
    CHECK_STR(bugcheck_text(0x7c, 0x27).name, "BUGCODE_NDIS_DRIVER");
    CHECK(str_starts(bugcheck_text(0x7c, 0x27).arg[0], "NDIS_BUGCHECK_LEAKED_NBL"));
    CHECK_STR(bugcheck_text(0x7c, 0x77).arg[0], "kind of violation");
    CHECK_STR(bugcheck_text(0xd1, 0x10).arg[1], "IRQL at that time");
    CHECK_STR(bugcheck_text(0xbadc0de, 0).name, "UNKNOWN_BUGCHECK");
}

/* Every stop has a row of arguments that fits anything. */
TEST(bugcheck, every_known_stop_has_arguments)
{
    static const uint32_t codes[] = {
#define STOP(code, name, meaning) code,
#define ARGS(code, p1, a1, a2, a3, a4)
#include "crash/bugchecks.def"
#undef STOP
#undef ARGS
    };

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct bugcheck_text t = bugcheck_text(codes[i], 0x123456789abull);

        CHECK(strcmp(t.arg[0], "argument 1") != 0);
        CHECK(i == 0 || codes[i] > codes[i - 1]);
    }
}

TEST_MAIN(TEST_CASE(bucket, blames_the_first_frame_that_is_not_the_system),
          TEST_CASE(bucket, without_symbols_keeps_the_offset_in_the_module),
          TEST_CASE(bucket, without_a_driver_frame_names_the_image), TEST_CASE(bucket, without_anything_is_invalid),
          TEST_CASE(bucket, passes_over_helpers_of_the_compiler),
          TEST_CASE(bucket, passes_over_functions_of_the_ddk),
          TEST_CASE(bucket, prefix_carries_what_a_debugger_adds),
          TEST_CASE(bucket, a_loop_without_symbols_has_the_name_of_its_function),
          TEST_CASE(bucket, replaces_what_a_key_may_not_hold),
          TEST_CASE(bucket, hang_blames_the_driver_frame_of_who_is_stuck),
          TEST_CASE(bucket, a_deadlock_blames_who_closed_the_ring),
          TEST_CASE(bucket, blames_the_routine_the_rule_points_at), TEST_CASE(bugcheck, arguments_depend_on_the_first),
          TEST_CASE(bugcheck, every_known_stop_has_arguments))
