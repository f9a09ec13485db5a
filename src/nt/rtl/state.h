/* SPDX-License-Identifier: MIT */
/* nt/rtl/state.h - the root of rtl, for the files of this folder. Monitor memory. */
#ifndef NT_RTL_STATE_H
#define NT_RTL_STATE_H

#include "nt/ke/ke.h"
#include "nt/rtl/rtl.h"

#define DBG_CHUNK      4000u
#define DBG_CHUNKS_MAX 64u
#define DBG_COMPONENTS 160u /* assumed; dpfilter.h numbers them up to about that */

struct dbg_chunk {
    struct dbg_chunk *next;
    uint32_t used;
    uint32_t prints;
    uint8_t bytes[DBG_CHUNK];
};

struct rtl_state {
    struct dbg_chunk *first, *last; /* DbgPrint log */
    uint32_t chunks;
    uint32_t rand_seed; /* rand() and srand() */
    uint64_t dropped;
    struct ke_queue once_wait; /* who waits for RtlRunOnceExecuteOnce of another */
    uint32_t once_site;
    uint32_t hidden[DBG_COMPONENTS]; /* levels of a component that are not shown */
};

/* Pool for a string that RtlFree...String will free; NULL: none. */
void *rtl_alloc_string(size_t size_bytes);
void rtl_stdlib_init(void);
void rtl_avl_init(void);
void rtl_splay_init(void);

#endif
