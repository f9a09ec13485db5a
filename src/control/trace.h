/* SPDX-License-Identifier: MIT */
/*
 * control/trace.h - the events of a running machine in a file, switched on and off while it runs.
 *
 * Model: a listener copies each event into a ring, from whichever VP it comes; the control thread writes them as lines.
 * A ring that is full loses events, and the file says how many. Off, nothing listens and an event costs one branch.
 */
#ifndef CONTROL_TRACE_H
#define CONTROL_TRACE_H

#include <stdbool.h>

/* Once, before live_start(). 0 or -ENOMEM. */
int trace_prepare(void);

/* Control thread: where events go. 0, or -errno with one sentence; -EBUSY: a trace is being written. */
int trace_open(const char *file, char text[200]);
/* System fiber: from now on, or no longer. */
void trace_switch(bool on);
/* Control thread: write what came. true: a trace is being written, so call again within some 20 ms. */
bool trace_drain(void);
/* Control thread: the file is complete. The name of the file, "" if there was none; lost: events that did not fit. */
const char *trace_close(unsigned long *written, unsigned long *lost);

#endif
