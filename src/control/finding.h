/* SPDX-License-Identifier: MIT */
/* control/finding.h - the folder of what a running machine died of, or left behind. Supervisor. */
#ifndef CONTROL_FINDING_H
#define CONTROL_FINDING_H

#include "control/bringup.h"
#include "control/run.h"
#include "explore/detail.h"

/* Write the folder and say so on standard output; record: into it, NULL: nothing was recorded. 0 or -errno. */
int finding_of_run(const struct run_options *o, const struct stack *stack, const struct stack_files *files,
                   struct detail *d, const struct record *record);

#endif
