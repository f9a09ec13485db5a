/* SPDX-License-Identifier: MIT */
/*
 * crash/bucket.h - whose fault, in one short text that is the same for the same bug.
 */
#ifndef CRASH_BUCKET_H
#define CRASH_BUCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crash/finding.h"

/* Prefix of the bucket: "0x3B", "0x1E_c0000005_R", "0xc4_62", "0xc4_NdisOidDoubleComplete_XDV", "HANG". */
void bucket_prefix(const struct finding_input *in, const struct violation *v, char *out, size_t room);

/* Is this frame one that triage.def passes over? owner gets who to follow up with otherwise. */
bool triage_skips(const char *module, const char *function, const char **owner);

/* Index of the first frame with an owner; -1 if there is none. */
int bucket_blame(const struct finding_frame *frames, unsigned count);

/* The driver address the broken rule points at: a routine that returned wrongly, the place of a call; 0 none. */
uint64_t bucket_culprit(const struct finding_input *in);

#endif
