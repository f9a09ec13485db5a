/* SPDX-License-Identifier: MIT */
/* analysis.txt: fixed lines, order of the fields, what is said in words. */
#include "unit/crash/sample.h"

#include <unistd.h>

#include "crash/report.h"
#include "crash/story.h"
#include "crash/text.h"

static char *
analysis(const struct finding_input *in)
{
    char *text = finding_analysis(in);

    CHECK(text != NULL);
    return text;
}

static void
check_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        print_error("lacks: %s\n", part);
        fail();
    }
}

static void
check_lacks(const char *text, const char *part)
{
    if (strstr(text, part) != NULL) {
        print_error("has: %s\n", part);
        fail();
    }
}

TEST(analyze, begins_as_a_debugger_does)
{
    static const char head[] = "*******************************************************************************\n"
                               "*                                                                             *\n"
                               "*                        Bugcheck Analysis                                    *\n"
                               "*                                                                             *\n"
                               "*******************************************************************************\n"
                               "\n"
                               "SYSTEM_SERVICE_EXCEPTION (3b)\n";
    char *text = analysis(sample_build());

    CHECK(str_starts(text, head));
    check_has(text, "\nArg1: 00000000c0000005, exception code\nArg2: 00007e90001010c0, ");
    check_has(text, "\nDebugging Details:\n------------------\n");
    free(text);
}

TEST(analyze, stack_text_has_the_columns_of_the_public_report)
{
    char *text = analysis(sample_build());

    check_has(text, "STACK_TEXT:  \n"
                    "00007e90`90005000 00007e90`10001040 : 00007e90`40001000 00000000`00000001 00000000`00000002 "
                    "00000000`00000003 : ndis!NdisFSendNetBufferLists+0xc0\n"
                    "00007e90`90005100 00007e90`00003180 : 00000000`00000010 00000000`00000011 00000000`00000012 "
                    "00000000`00000013 : npf!NPF_Write+0x40 [/src/npf/write.c @ 90]\n"
                    "00007e90`90005200 00007ff6`a0001234 : 00000000`00000020 00000000`00000021 00000000`00000022 "
                    "00000000`00000023 : nt!NtWriteFile+0x80\n"
                    "00007e90`90005300 00000000`00000000 : 00000000`00000030 00000000`00000031 00000000`00000032 "
                    "00000000`00000033 : 00007ff6`a0001234\n");
    check_has(text, "LAST_CONTROL_TRANSFER:  from 00007e9010001040 to 00007e90001010c0\n");
    free(text);
}

TEST(analyze, fields_come_in_the_order_of_2016)
{
    static const char *const order[] = {
        "\nDUMP_CLASS: ",
        "\nDUMP_QUALIFIER: ",
        "\nBUILD_VERSION_STRING:  ",
        "\nSYSTEM_PRODUCT_NAME:  ",
        "\nDUMP_TYPE:  ",
        "\nBUGCHECK_P1: c0000005\n",
        "\nBUGCHECK_P4: 0\n",
        "\nEXCEPTION_CODE: (NTSTATUS) 0xc0000005 - ",
        "\nFAULTING_IP: \nndis!NdisFSendNetBufferLists+c0\n",
        "\nCONTEXT:  00007e9090004000 -- (.cxr 0x7e9090004000)\n",
        "\nCPU_COUNT: 2\n",
        "\nCUSTOMER_CRASH_COUNT:  1\n",
        "\nDEFAULT_BUCKET_ID:  WIN8_DRIVER_FAULT\n",
        "\nBUGCHECK_STR:  0x3B\n",
        "\nPROCESS_NAME:  prog1.exe\n",
        "\nCURRENT_IRQL:  0\n",
        "\nANALYSIS_VERSION: ",
        "\nLAST_CONTROL_TRANSFER:  ",
        "\nSTACK_TEXT:  \n",
        "\nTHREAD_SHA1_HASH_MOD_FUNC:  ",
        "\nTHREAD_SHA1_HASH_MOD_FUNC_OFFSET:  ",
        "\nTHREAD_SHA1_HASH_MOD:  ",
        "\nFOLLOWUP_IP: \nnpf!NPF_Write+40 [/src/npf/write.c @ 90]\n",
        "\nFAULT_INSTR_CODE:  78246c8b\n",
        "\nFAULTING_SOURCE_LINE:  /src/npf/write.c\n",
        "\nFAULTING_SOURCE_FILE:  /src/npf/write.c\n",
        "\nFAULTING_SOURCE_LINE_NUMBER:  90\n",
        "\nFAULTING_SOURCE_CODE:  \n",
        "\nSYMBOL_STACK_INDEX:  1\n",
        "\nSYMBOL_NAME:  npf!NPF_Write+40\n",
        "\nFOLLOWUP_NAME:  MachineOwner\n",
        "\nMODULE_NAME: npf\n",
        "\nIMAGE_NAME:  npf.sys\n",
        "\nDEBUG_FLR_IMAGE_TIMESTAMP:  5f000001\n",
        "\nSTACK_COMMAND:  .cxr 0x7e9090004000 ; kb\n",
        "\nBUCKET_ID_FUNC_OFFSET:  40\n",
        "\nFAILURE_BUCKET_ID:  0x3B_npf!NPF_Write\n",
        "\nBUCKET_ID:  0x3B_npf!NPF_Write\n",
        "\nPRIMARY_PROBLEM_CLASS:  0x3B_npf!NPF_Write\n",
        "\nTARGET_TIME:  2020-01-01T00:00:00.000Z\n",
        "\nOSBUILD:  19041\n",
        "\nOSPLATFORM_TYPE:  x64\n",
        "\nANALYSIS_SOURCE:  KM\n",
        "\nFAILURE_ID_HASH_STRING:  km:0x3b_npf!npf_write\n",
        "\nFAILURE_ID_HASH:  {2eb5e15e-9853-313b-618d-2ac277a2bfb5}\n",
        "\nFollowup:     MachineOwner\n---------\n",
    };
    char *text = analysis(sample_build());
    const char *at = text;

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        const char *found = strstr(at, order[i]);

        if (found == NULL)
            print_error("missing or out of order: %s\n", order[i]);
        CHECK(found != NULL);
        at = found;
    }
    free(text);
}

TEST(analyze, names_the_line_of_the_call_itself)
{
    char *text = analysis(sample_build());

    check_has(text, "CALL_SOURCE_LINE:  /src/npf/write.c @ 88 (the call itself");
    check_has(text, "npf!NPF_Write+40 (write.c line 88) called\n  NdisFSendNetBufferLists.");
    free(text);

    sample.frames[1].tail_call = true;
    text = analysis(&sample.in);
    check_has(text, "tail call");
    check_lacks(text, "line 88");
    free(text);
}

TEST(analyze, shows_ten_lines_of_source)
{
    char path[] = UNDIS_BUILD_DIR "/source-XXXXXX";
    const char *map[] = { "/src/npf/write.c", path, NULL };
    int fd = mkstemp(path);
    struct text out = { 0 };
    char *text;

    CHECK(fd >= 0);
    for (int i = 1; i <= 100; i++)
        dprintf(fd, "line %d;\r\n", i);
    close(fd);
    sample_build();
    sample.in.src_map = map;
    CHECK(report_source(&out, &sample.in, "/src/npf/write.c", 90, 88));
    text = text_done(&out);
    CHECK_STR(text, "    86: line 86;\n    87: line 87;\n*   88: line 88;\n    89: line 89;\n>   90: line 90;\n"
                    "    91: line 91;\n    92: line 92;\n    93: line 93;\n    94: line 94;\n    95: line 95;\n");
    free(text);
    CHECK(!report_source(&out, &sample.in, "/nowhere/at/all.c", 90, 0));
    text_drop(&out);
    unlink(path);
}

TEST(analyze, says_whose_object_it_was_and_what_repairs_it)
{
    char *text = analysis(sample_build());

    check_has(text, "filter module npf at 7e9040001000, 512 bytes, tag 'NdFm'");
    check_has(text, "taken from freed memory");
    check_has(text, "NdisFilterSendWhilePaused: a filter module sends NBLs of its own only while Running.");
    check_has(text, "  refuse new sends under the lock\n");
    check_has(text, "CPU1 thread \"pnp\", IRQL 0: filter module npf: Pausing -> Paused\n");
    check_has(text, "prog1.exe @ point 5: 1 of 2\n");
    check_has(text, "  npf: write of 60 bytes\n  npf: paused\n");
    free(text);
}

/* The request and the routine that a fiber was in are told once, before the event that matters. */
TEST(analyze, tells_what_the_program_was_doing)
{
    char *text;

    sample_build();
    sample.events[1] = (struct event){ .kind = EV_USER_REQUEST, .fiber = 1, .a = { 4 /* write */, 60 } };
    text = analysis(&sample.in);
    check_has(text, "CPU0 thread \"prog1.exe\", IRQL 0: the program writes 60 bytes\n");
    free(text);
}

TEST(analyze, fault_at_dispatch_level_has_a_trap_frame)
{
    char *text;

    sample_build();
    sample.in.code = 0xd1;
    sample.in.p[0] = SAMPLE_MODULE + 8;
    sample.in.p[1] = 2;
    sample.in.irql = 2;
    sample.in.trap_address = 0;
    sample.trap.vector = 14;
    sample.trap.error_code = 2;
    text = analysis(&sample.in);
    check_has(text, "DRIVER_IRQL_NOT_LESS_OR_EQUAL (d1)\n");
    check_has(text, "WRITE_ADDRESS:  00007e9040001008 freed: filter module npf+0x8\n");
    check_has(text, "TRAP_FRAME:  (kept by undis, not in machine memory)\n");
    check_has(text, "STACK_COMMAND:  .thread ; kb\n");
    check_has(text, "CURRENT_IRQL:  2\n");
    check_has(text, "BUCKET_ID:  0xD1_npf!NPF_Write\n");
    free(text);
}

/* Rules know addresses; the report knows names. */
TEST(analyze, names_the_objects_that_rules_speak_of)
{
    char out[200];

    sample_build();
    sample_event(EV_SEND, 1, SAMPLE_NBL + 0x10, 1, SAMPLE_MODULE, 0, 0);
    finding_name_text(&sample.in, "filter module 00007e9040001000 sends NBL 00007e9040002010 from 00007e9010001040",
                      out, sizeof(out));
    CHECK_STR(out, "filter module npf sends NBL #1 from npf+1040");
    finding_name_text(&sample.in, "1234567 0000000000000002 00007e9040001000", out, 30);
    CHECK_STR(out, "1234567 0000000000000002 filt");
}

TEST(analyze, violation_takes_the_verifiers_stop)
{
    char *text;

    sample_build();
    sample.in.kind = FINDING_VIOLATION;
    sample.in.code = 0xc4;
    memset(sample.in.p, 0, sizeof(sample.in.p));
    sample.in.p[0] = 0x756e0001;
    sample.in.trap = NULL;
    text = analysis(&sample.in);
    check_has(text, "DRIVER_VERIFIER_DETECTED_VIOLATION (c4)\n");
    check_has(text, "Arg1: 00000000756e0001, a filter module sends NBLs of its own only while Running (rule "
                    "NdisFilterSendWhilePaused)\n");
    check_has(text, "BUCKET_ID:  0xc4_NdisFilterSendWhilePaused_XDV_VRF_npf!NPF_Write\n");
    check_lacks(text, "FAULTING_IP: \n");
    check_lacks(text, "The machine stopped with");
    free(text);
}

TEST(analyze, deadlock_names_the_ring)
{
    char *text;

    sample_build();
    sample.in.kind = FINDING_HANG;
    sample.in.code = 0;
    sample.in.trap = NULL;
    sample.in.event_count = 0;
    sample.in.violation_count = 0;
    sample.in.check_text = "The adapter was never disabled.";
    sample_event(EV_LOCK_ACQUIRE, 1, 0x7e9040003000ull, 0, 0, 0, 0);
    sample_event(EV_LOCK_ACQUIRE, 2, 0x7e9040004000ull, 0, 0, 0, 0);
    for (unsigned i = 0; i < 2; i++) {
        sample.fibers[i].state = FIBER_BLOCKED;
        sample.fibers[i].block_kind = BLOCK_SPIN;
        sample.fibers[i].block_object = i == 0 ? 0x7e9040004000ull : 0x7e9040003000ull;
        str_copy(sample.fibers[i].block_why, sizeof(sample.fibers[i].block_why), "spins for a lock");
    }
    text = analysis(&sample.in);
    check_has(text, "NO_PROGRESS\n");
    check_has(text, "CPU0 thread \"prog1.exe\", IRQL 0: spins for a lock (lock #2)\n    held by CPU1 thread \"pnp\"\n");
    check_has(text, "CPU0 thread \"prog1.exe\" waits for what CPU1\n"
                    "  thread \"pnp\" holds, which waits for what CPU0 thread \"prog1.exe\" holds: a deadlock.\n\n");
    check_has(text, "This is a deadlock: 2 of them wait for each other in a ring.\n");
    check_has(text, "BUCKET_ID:  HANG_npf!NPF_Write\n");
    free(text);
}

TEST(analyze, lost_wake_up_names_the_signal_before_the_wait)
{
    char *text;

    sample_build();
    sample.in.kind = FINDING_HANG;
    sample.in.code = 0;
    sample.in.trap = NULL;
    sample.in.event_count = 0;
    sample_event(EV_EVENT_SET, 2, 0x7e9040003000ull, 0, 0, 0, 0);
    sample_event(EV_BLOCK, 1, 0x7e9040003000ull, BLOCK_WAIT, 0, 0, 0);
    sample.fibers[0].state = FIBER_BLOCKED;
    sample.fibers[0].block_kind = BLOCK_WAIT;
    sample.fibers[0].block_object = 0x7e9040003000ull;
    text = analysis(&sample.in);
    check_has(text, "the last signal came from CPU1 thread \"pnp\" at step 0, and this wait did not see it\n");
    free(text);
}

TEST(analyze, same_input_gives_same_bytes)
{
    char *a = analysis(sample_build()), *b;

    setenv("TZ", "Asia/Tokyo", 1);
    b = analysis(sample_build());
    CHECK_STR(a, b);
    free(a);
    free(b);
}

TEST_MAIN(
    TEST_CASE(analyze, begins_as_a_debugger_does), TEST_CASE(analyze, stack_text_has_the_columns_of_the_public_report),
    TEST_CASE(analyze, fields_come_in_the_order_of_2016), TEST_CASE(analyze, names_the_line_of_the_call_itself),
    TEST_CASE(analyze, shows_ten_lines_of_source), TEST_CASE(analyze, says_whose_object_it_was_and_what_repairs_it),
    TEST_CASE(analyze, tells_what_the_program_was_doing), TEST_CASE(analyze, fault_at_dispatch_level_has_a_trap_frame),
    TEST_CASE(analyze, names_the_objects_that_rules_speak_of), TEST_CASE(analyze, violation_takes_the_verifiers_stop),
    TEST_CASE(analyze, deadlock_names_the_ring), TEST_CASE(analyze, lost_wake_up_names_the_signal_before_the_wait),
    TEST_CASE(analyze, same_input_gives_same_bytes))
