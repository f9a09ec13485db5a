/* SPDX-License-Identifier: MIT */
/*
 * closing.c - lower.c of drivers/mux, with a mutex for what changes when adapters come and go.
 *
 * Unbinding holds it while NDIS halts the virtual adapters; their halt wants it, too.
 */
#define MuxClosing MuxCloseLower
#include "../../drivers/mux/lower.c"
#undef MuxClosing

#include "edges.h"

static ULONG MuxUnbinds;

VOID
MuxClosing(PMUX_LOWER Lower)
{
    MuxLockEdges();
    MuxUnbinds++;
    MuxCloseLower(Lower);
    MuxUnlockEdges();
}
