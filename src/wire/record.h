/* SPDX-License-Identifier: MIT */
/*
 * wire/record.h - write frames to a capture file while a machine runs.
 *
 * Model: a ring of bytes between whoever has frames and a thread that writes them: a file may block, a VP may not.
 * What the ring has no room for is counted, not waited for.
 */
#ifndef WIRE_RECORD_H
#define WIRE_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

struct wire_recorder;

/* pcapng if path ends so, else pcap; both with nanoseconds. 0; -errno and one sentence without full stop. */
int wire_recorder_open(const char *path, struct wire_recorder **out, char text[200]);
/* One frame, now; one writer at a time. Never blocks. false: no room. */
bool wire_recorder_put(struct wire_recorder *r, const struct iovec *iov, unsigned iov_count, uint32_t length);
/* Write what is left, and close. 0, or -errno of the first write that failed. */
int wire_recorder_close(struct wire_recorder *r);

#endif
