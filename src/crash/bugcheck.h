/* SPDX-License-Identifier: MIT */
/*
 * crash/bugcheck.h - words for stop codes and exception codes.
 */
#ifndef CRASH_BUGCHECK_H
#define CRASH_BUGCHECK_H

#include <stdint.h>

struct bugcheck_text {
    const char *name;    /* "SYSTEM_SERVICE_EXCEPTION"; never NULL */
    const char *meaning; /* a sentence */
    const char *arg[4];  /* what the four arguments are */
};

/* Always answers; a code we have no words for says so. */
struct bugcheck_text bugcheck_text(uint32_t code, uint64_t p1);

/* Words for an NTSTATUS that is an exception code; NULL if none. */
const char *exception_text(uint32_t ntstatus);

#endif
