/* SPDX-License-Identifier: MIT */
/*
 * crash/hash.h - the hashes a Windows debugger prints, bit for bit.
 *
 * Observed: recomputed from published reports (tests/unit/crash/test_hash.c holds them).
 */
#ifndef CRASH_HASH_H
#define CRASH_HASH_H

#include <stddef.h>

struct finding_frame;

/* FAILURE_ID_HASH: MD5 of the UTF-16LE text, printed as a GUID with little-endian fields; out: 37 bytes. */
void failure_hash(const char *text, char out[37]);

/* FAILURE_ID_HASH_STRING: "km:" and the bucket in lower case. */
void failure_hash_string(const char *bucket, char *out, size_t room);

enum thread_hash { THREAD_HASH_MOD_FUNC, THREAD_HASH_MOD_FUNC_OFFSET, THREAD_HASH_MOD };

/* THREAD_SHA1_HASH_*: SHA-1 of the frames' names joined without separator; out: 41 bytes. */
void thread_hash(const struct finding_frame *frames, unsigned count, enum thread_hash kind, char out[41]);

#endif
