/* SPDX-License-Identifier: MIT */
/*
 * What a live machine does with drivers that fail: a fault stops it and becomes a finding; a thread that loops without
 * calling anything shares its VP with the others.
 */
#include "unit/test.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "explore/live_finding.h"
#include "host/host.h"
#include "image/image.h"
#include "machine/live.h"
#include "ndis/ndis.h"
#include "nt/io/driver.h"
#include "nt/io/user.h"
#include "nt/ke/state.h"
#include "nt/nt.h"
#include "nt/ps/ps.h"
#include "pnp/install.h"

static struct pnp_driver file;
static struct pnp_service service;
static int32_t status;
static const char *device;

static void
start(void *arg)
{
    (void)arg;
    status = pnp_start(&service, NULL, 0);
}

static void
begin(const char *sys, unsigned vps)
{
    char text[256], path[300];
    struct run_result r;

    snprintf(path, sizeof(path), "%s/tests/drivers/%s", UNDIS_BUILD_DIR, sys);
    CHECK_EQ(pnp_driver_read(path, &file, text), 0);
    nt_register_exports();
    image_register_exports();
    ndis_register_exports();
    CHECK_EQ(live_init(vps, text), 0);
    image_init();
    seh_init();
    nt_init();
    ndis_init();
    CHECK_EQ(live_start(text), 0);
    CHECK_EQ(pnp_load(&file, &service, text), 0);
    ps_thread_create("test", FIBER_SYSTEM, NULL, start, NULL, false, NULL);
    machine_run(NULL, &r);
    CHECK_EQ(r.end, RUN_DONE);
    CHECK_EQ(status, 0);
}

/* A program opens the device and writes. */
static void
writer(void *arg)
{
    void *handle;

    (void)arg;
    if (user_open(device, 0, &handle) == 0)
        user_write(handle, user_alloc(64), 64, NULL);
}

static bool
file_has(const char *folder, const char *name, const char *words)
{
    char path[600];
    uint8_t *text;
    size_t len;
    bool has;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (host_read_file(path, &text, &len))
        return false;
    has = strstr((char *)text, words) != NULL;
    free(text);
    return has;
}

TEST(live, a_use_after_free_stops_the_machine_and_is_told)
{
    struct live_finding how = { .parent = UNDIS_BUILD_DIR "/tests/live-findings", .stack_name = "a test" };
    struct finding_verdict verdict;
    struct run_result r;
    char folder[512], command[600];

    begin("use-after-free/use_after_free.sys", 2);
    device = "\\\\.\\UseAfterFree";
    ps_thread_create("program", FIBER_USER, ps_process_create("program"), writer, NULL, false, NULL);
    machine_run(NULL, &r);
    live_leave();
    CHECK_EQ(r.end, RUN_BUGCHECK);
    CHECK_EQ(r.code, 0x3b);
    CHECK_EQ(live_finding_write(&how, &r, folder, &verdict), 0);
    print_message("%s in %s\n", verdict.bucket, folder);
    CHECK(strstr(verdict.bucket, "UafWrite") != NULL);
    CHECK(file_has(folder, "analysis.txt", "use_after_free!UafWrite"));
    CHECK(file_has(folder, "trace", "no trace that can be replayed"));
    snprintf(command, sizeof(command), "rm -r '%s'", folder);
    CHECK_EQ(system(command), 0);
    CHECK_EQ(live_call("late", FIBER_SYSTEM, start, NULL), -ESHUTDOWN);
    live_fini();
}

static unsigned turns;

static void
takes_turns(void *arg)
{
    (void)arg;
    for (turns = 0; turns < 5; turns++)
        ke_sleep(-1000, "waits its turn");
}

TEST(live, a_loop_that_calls_nobody_shares_its_vp)
{
    begin("spins-silently/spins_silently.sys", 1);
    device = "\\\\.\\SpinsSilently";
    live_leave();
    CHECK_EQ(live_call("program", FIBER_SYSTEM, writer, NULL), 0);
    CHECK_EQ(live_call_wait("other", FIBER_SYSTEM, takes_turns, NULL), 0);
    CHECK_EQ(turns, 5);
    live_enter();
    live_fini();
}

/* As a filter that sends through the handle of a module that is gone. */
static void
sends_stale(void *arg)
{
    uint32_t site = (uint32_t)ddi_lookup("ndis", "ndisSendNBLToFilter");
    uint64_t *handle = heap_alloc(0x400, 0x656c6174);

    (void)arg;
    heap_free(handle);
    for (unsigned i = 0; i < 0x400 / 8; i++) /* as a freed layer reads: the poison all over */
        handle[i] = HEAP_POISON_FREE;
    GUEST_CALL(site, ddi_address((unsigned)ddi_lookup("ndis", "NdisFSendNetBufferLists")), handle, 0, 0, 0);
}

TEST(live, a_stale_handle_faults_in_the_function_that_it_was_given_to)
{
    struct live_finding how = { .parent = UNDIS_BUILD_DIR "/tests/live-findings", .stack_name = "a test" };
    struct run_result r;
    const char *module, *name;
    char folder[512], command[600];
    uint32_t offset;

    begin("spins-silently/spins_silently.sys", 1);
    ps_thread_create("sender", FIBER_SYSTEM, NULL, sends_stale, NULL, false, NULL);
    machine_run(NULL, &r);
    live_leave();
    CHECK_EQ(r.end, RUN_BUGCHECK);
    CHECK_EQ(r.code, 0x7e);
    CHECK(machine_last_trap() != NULL);
    CHECK(ddi_symbolize(machine_last_trap()->rip, &module, &name, &offset));
    CHECK_STR(module, "ndis");
    CHECK_STR(name, "NdisFSendNetBufferLists");
    CHECK_EQ(live_finding_write(&how, &r, folder, NULL), 0);
    CHECK(file_has(folder, "analysis.txt", "ndis!NdisFSendNetBufferLists"));
    snprintf(command, sizeof(command), "rm -r '%s'", folder);
    CHECK_EQ(system(command), 0);
    live_fini();
}

static KSPIN_LOCK *lock;

static void
forgets(void *arg)
{
    ke_spin_acquire(lock, LOCK_SPIN);
    if (arg != NULL)
        sched_block(BLOCK_IDLE, 0, NULL, "stays, with the lock");
}

static void
lock_is_never_released(void *first, const char *words)
{
    struct live_finding how = { .parent = UNDIS_BUILD_DIR "/tests/live-findings", .stack_name = "a test" };
    struct run_result r;
    char folder[512], command[600];

    begin("spins-silently/spins_silently.sys", 2);
    NT->ke->spin_max_100ns = 2000000;
    lock = heap_alloc(sizeof(*lock), 0x6b636f6c);
    *lock = 0;
    ps_thread_create("forgetful", FIBER_SYSTEM, NULL, forgets, first, false, NULL);
    machine_run(NULL, &r);
    CHECK_EQ(r.end, RUN_DONE);
    ps_thread_create("waiting", FIBER_SYSTEM, NULL, forgets, NULL, false, NULL);
    machine_run(NULL, &r);
    live_leave();
    CHECK_EQ(r.end, RUN_HANG);
    CHECK(strstr(r.text, words) != NULL);
    CHECK_EQ(live_finding_write(&how, &r, folder, NULL), 0);
    CHECK(file_has(folder, "analysis.txt", words));
    snprintf(command, sizeof(command), "rm -r '%s'", folder);
    CHECK_EQ(system(command), 0);
    live_fini();
}

TEST(live, a_lock_that_is_never_released_ends_the_machine_and_names_who_took_it)
{
    lock_is_never_released(&lock, "forgetful took and does not release");
}

TEST(live, a_lock_of_a_thread_that_ended_is_told)
{
    lock_is_never_released(NULL, "a thread that has ended took and does not release");
}

/* One machine a process. */
static int
in_child(void (*test)(void **))
{
    int how, pid = fork();

    if (pid == 0) {
        const struct CMUnitTest one[] = { { "live", test, NULL, NULL, NULL } };

        _exit(cmocka_run_group_tests(one, NULL, NULL));
    }
    waitpid(pid, &how, 0);
    return how;
}

int
main(void)
{
    return in_child(test_live_a_stale_handle_faults_in_the_function_that_it_was_given_to) ||
           in_child(test_live_a_lock_that_is_never_released_ends_the_machine_and_names_who_took_it) ||
           in_child(test_live_a_lock_of_a_thread_that_ended_is_told) ||
           in_child(test_live_a_use_after_free_stops_the_machine_and_is_told) ||
           in_child(test_live_a_loop_that_calls_nobody_shares_its_vp);
}
