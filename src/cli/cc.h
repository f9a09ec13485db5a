/* SPDX-License-Identifier: MIT */
/*
 * cli/cc.h - `undis cc`: build a Windows driver on Linux.
 */
#ifndef CLI_CC_H
#define CLI_CC_H

/* argv[0] is the subcommand's name. Returns the exit status: 0, 1 (the compiler failed), 4 (a tool is lacking), 64. */
int cmd_cc(int argc, char **argv);

#endif
