/* SPDX-License-Identifier: MIT */
/*
 * cli/cli.h - the subcommands of undis, one file each.
 *
 * Exit: 0 clean, 1 finding, 2 budget ended first, 3 our own fault, 4 the input or the host cannot do it, 64 usage.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#define EXIT_CLEAN   0
#define EXIT_FINDING 1
#define EXIT_BUDGET  2
#define EXIT_OURS    3
#define EXIT_INPUT   4
#define EXIT_USAGE   64

#include <stdbool.h>

struct test_options;

/* Does the finding in this folder vanish when its trace runs on a machine without the flaws of its release? */
bool replay_blames_release(const char *folder);
/* undis test --os all: one row per release. Exit status. */
int test_all_releases(struct test_options *o);

int cmd_cc(int argc, char **argv);
int cmd_test(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_ddi(int argc, char **argv);
int cmd_ddi_status(int argc, char **argv);
int cmd_inf(int argc, char **argv);
int cmd_net(int argc, char **argv);
int cmd_reg(int argc, char **argv);
int cmd_zoo(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_adapter(int argc, char **argv);
int cmd_filter(int argc, char **argv);
int cmd_driver(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_trace(int argc, char **argv);
int cmd_capture(int argc, char **argv);
int cmd_stop(int argc, char **argv);
int cmd_version(int argc, char **argv);

#endif
