/* SPDX-License-Identifier: MIT */
/*
 * closing.c - lower.c of drivers/mux, with a mutex for what changes when adapters come and go.
 *
 * Unbinding lets go of it before it calls NDIS.
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
    MuxUnlockEdges();
    MuxCloseLower(Lower);
}
