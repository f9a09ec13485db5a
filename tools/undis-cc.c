/* SPDX-License-Identifier: MIT */
/*
 * tools/undis-cc.c - `undis cc` as a program of its own.
 *
 * The build compiles the drivers of the tree with it, before and without the rest of undis.
 */
#include "cli/cc.h"

int
main(int argc, char **argv)
{
    return cmd_cc(argc, argv);
}
