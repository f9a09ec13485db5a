/* SPDX-License-Identifier: MIT */
/* The name of a machine: many processes come and go for the same one, and one at a time has it. */
#include "unit/test.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/statedir.h"
#include "host/host.h"

#define PROCESSES 6u
#define ROUNDS    500u

static struct shared {
    uint32_t holders, most, claims, others;
} * shared;

static void
ignore(const char *name, int pid, void *arg)
{
    (void)name;
    (void)pid;
    (void)arg;
}

/* Who only looks keeps nobody from a name. */
TEST(statedir, looking_is_not_having)
{
    char folder[] = "/tmp/undis-test-XXXXXX", path[64], text[200];
    pid_t looker;

    CHECK(mkdtemp(folder) != NULL);
    setenv("XDG_RUNTIME_DIR", folder, 1);
    snprintf(path, sizeof(path), "%s/undis", folder);
    looker = fork();
    if (looker == 0)
        for (;;)
            statedir_each(ignore, NULL);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct statedir d;
        int pid;

        CHECK_EQ(statedir_claim(&d, "mine", &pid, text), 0);
        statedir_release(&d);
    }
    kill(looker, SIGKILL);
    waitpid(looker, NULL, 0);
    CHECK_EQ(rmdir(path), 0);
    CHECK_EQ(rmdir(folder), 0);
}

static void
come_and_go(void)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct statedir d;
        char text[200];
        int pid, err = statedir_claim(&d, "same", &pid, text);

        if (err == 0) {
            uint32_t now = __atomic_add_fetch(&shared->holders, 1, __ATOMIC_SEQ_CST);

            if (now > 1)
                __atomic_store_n(&shared->most, now, __ATOMIC_SEQ_CST);
            __atomic_add_fetch(&shared->claims, 1, __ATOMIC_RELAXED);
            __atomic_sub_fetch(&shared->holders, 1, __ATOMIC_SEQ_CST);
            statedir_release(&d);
        } else if (err != -EBUSY) {
            __atomic_store_n(&shared->others, (uint32_t)-err, __ATOMIC_RELAXED);
        }
    }
}

TEST(statedir, one_of_many_has_a_name_at_a_time)
{
    char folder[] = "/tmp/undis-test-XXXXXX", path[64];

    CHECK(mkdtemp(folder) != NULL);
    setenv("XDG_RUNTIME_DIR", folder, 1);
    shared = host_shared(sizeof(*shared));
    for (unsigned i = 0; i < PROCESSES; i++)
        if (fork() == 0) {
            come_and_go();
            _exit(0);
        }
    for (unsigned i = 0; i < PROCESSES; i++)
        wait(NULL);
    CHECK(shared->claims > ROUNDS);
    CHECK_EQ(shared->most, 0);
    CHECK_EQ(shared->others, 0);
    snprintf(path, sizeof(path), "%s/undis", folder);
    CHECK_EQ(rmdir(path), 0); /* the last one left nothing */
    CHECK_EQ(rmdir(folder), 0);
}

TEST_MAIN(TEST_CASE(statedir, one_of_many_has_a_name_at_a_time), TEST_CASE(statedir, looking_is_not_having))
