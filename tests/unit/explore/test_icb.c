/* SPDX-License-Identifier: MIT */
/* Bounding: a run with more questions than are kept is told, so that no bound counts as exhausted. */
#include "unit/test.h"

#include "explore/explore.h"
#include "machine/testing.h"

/* Every run asks for two of something, `questions` times; how many runs until there is no more. */
static unsigned
runs_of(unsigned questions, unsigned nodes, bool *dropped)
{
    const struct icb_bound bound = { .values = questions, .nodes = nodes };
    struct explorer *x = icb_create(&bound, false, false);
    struct run_result none = { .end = RUN_DONE };
    static bool started;
    unsigned runs = 0;

    if (!started)
        machine_start(2); /* who runs is asked of it: nobody */
    started = true;
    CHECK(x != NULL);
    do {
        x->begin(x);
        for (unsigned i = 0; i < questions; i++)
            x->s.choose(&x->s, CHOICE_VALUE, 2, i);
        runs++;
    } while (x->more(x, &none));
    *dropped = x->dropped;
    return runs;
}

static void
test_icb_tries_every_answer_of_every_question(void **state)
{
    bool dropped;

    (void)state;
    CHECK(runs_of(3, 0, &dropped) == 8 && !dropped);
    CHECK(runs_of(3, 3, &dropped) == 8 && !dropped);
}

static void
test_icb_that_keeps_too_few_questions_says_so(void **state)
{
    bool dropped;

    (void)state;
    CHECK(runs_of(3, 2, &dropped) == 4 && dropped);
    CHECK(runs_of(2, 2, &dropped) == 4 && !dropped); /* the next search begins anew */
}

TEST_MAIN(TEST_CASE(icb, tries_every_answer_of_every_question), TEST_CASE(icb, that_keeps_too_few_questions_says_so))
