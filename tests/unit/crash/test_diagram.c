/* SPDX-License-Identifier: MIT */
/* diagram.txt: golden. */
#include "unit/crash/sample.h"

TEST(diagram, shows_lanes_preemption_and_joined_accesses)
{
    static const char golden[] =
        "0x3B_npf!NPF_Write  NdisFilterSendWhilePaused  k=1 (proved minimal)  run 4\n"
        "\n"
        " IRQL  CPU0 thread \"prog1.exe\"                                 CPU1 thread \"pnp\"\n"
        "       ... 1 event on other objects\n"
        "  ----------------- preempted here (1) "
        "---------------------------------------------------------------------------\n"
        "   0                                                           filter module npf: Running -> Pausing  (1)\n"
        "   0                                                           filter module npf: Pausing -> Paused  (2)\n"
        "  ----------------- back "
        "-----------------------------------------------------------------------------------------\n"
        "   0   NdisFSendNetBufferLists(filter module npf)  (3) after (2)\n"
        "   0   filter module npf sends an NBL of its own while Paused  (4) after (2)  <-- breaks "
        "NdisFilterSendWhilePaused\n"
        "   0   exception 0xc0000005: read of deadf4eedeadf4ee\n"
        "  ----------------- the machine stops: 0x3B "
        "----------------------------------------------------------------------\n"
        "\n"
        "Rule: NdisFilterSendWhilePaused: a filter module sends NBLs of its own only while Running. Why: the layers "
        "below are gone.\n"
        "Replay: undis replay findings/01\n";
    char *text = finding_diagram(sample_build());

    CHECK_STR(text, golden);
    free(text);
}

TEST(diagram, keeps_the_last_events_of_a_long_story)
{
    static struct event many[1000];
    char *text;

    sample_build();
    for (unsigned i = 0; i < 1000; i++)
        many[i] = (struct event){ .kind = EV_FILTER_STATE,
                                  .fiber = 1 + i % 2,
                                  .object = SAMPLE_MODULE,
                                  .a = { NDIS_STATE_PAUSED, i == 999 ? NDIS_STATE_DOWN : NDIS_STATE_RUNNING } };
    sample.in.events = many;
    sample.in.event_count = 1000;
    text = finding_diagram(&sample.in);
    CHECK(strstr(text, "... earlier events left out\n") != NULL);
    CHECK(strstr(text, "Paused -> Detached") != NULL);
    CHECK(strlen(text) < 16384);
    free(text);
}

TEST(diagram, shares_the_last_lane_when_many_take_part)
{
    static struct event many[8];
    char *text;

    sample_build();
    sample.in.violation_count = 0;
    for (unsigned i = 0; i < 8; i++)
        many[i] = (struct event){ .kind = EV_FILTER_STATE, .fiber = 1 + i, .object = SAMPLE_MODULE };
    sample.in.events = many;
    sample.in.event_count = 8;
    text = finding_diagram(&sample.in);
    CHECK(strstr(text, "others\n") != NULL);
    CHECK(strstr(text, "[fiber 8] filter module npf") != NULL);
    free(text);
}

TEST_MAIN(TEST_CASE(diagram, shows_lanes_preemption_and_joined_accesses),
          TEST_CASE(diagram, keeps_the_last_events_of_a_long_story),
          TEST_CASE(diagram, shares_the_last_lane_when_many_take_part))
