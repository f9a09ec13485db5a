/* SPDX-License-Identifier: MIT */
/* cli/stop.c - undis stop: end a machine, and wait until it has ended. */
#include <stdbool.h>
#include <stdio.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/show.h"
#include "control/statedir.h"
#include "host/host.h"

static const char help[] = "usage: undis stop [--name NAME] [--json]\n"
                           "Takes a running machine down: adapters are disabled, drivers unloaded. Waits until it has "
                           "ended.\n"
                           "What drivers left behind is a finding of undis run.\n"
                           "  --name NAME  which machine; not needed while only one runs\n"
                           "exit: 0 it has ended, 2 it has not within 30 seconds, 4 no such machine runs\n";

static int pid;
static bool runs;

static void
note_running(const char *name, int its_pid, void *arg)
{
    (void)name;
    (void)arg;
    runs = runs || its_pid == pid;
}

/* By its lock, not by its pid: a process that has ended may wait for its parent to notice. */
static bool
still_runs(void)
{
    runs = false;
    statedir_each(note_running, NULL);
    return runs;
}

static void
take_pid(const json_t *answer)
{
    pid = (int)show_number(answer, "pid");
}

int
cmd_stop(int argc, char **argv)
{
    struct ask a = { .command = "stop", .help = help };
    struct command c = { .kind = COMMAND_STOP };
    int status = ask_options(&a, argc, argv, 0, 0, false);
    bool json = a.json;

    if (status >= 0)
        return status;
    a.json = false;
    status = ask_machine(&a, &c, take_pid);
    for (unsigned i = 0; status == EXIT_CLEAN && still_runs(); i++) {
        if (i == 3000) {
            fprintf(stderr, "undis stop: process %d has not ended: a driver does not let it go\n", pid);
            return EXIT_BUDGET;
        }
        host_sleep_us(10000);
    }
    if (status == EXIT_CLEAN && json)
        printf("{ \"ok\": true, \"pid\": %d }\n", pid);
    return status;
}
