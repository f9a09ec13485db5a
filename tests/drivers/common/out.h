/* SPDX-License-Identifier: MIT */
/*
 * out.h - what an NDIS layer of the tests has out, and how that ends a pause. Everything here is meant to be right.
 *
 * Model: while the layer runs, whatever goes out is counted, and counted down when it is back. A pause that finds some
 * out is pending; who brings the last one back completes it.
 */
#ifndef OUT_H
#define OUT_H

#include <ndis.h>

typedef struct _OUT_COUNT {
    NDIS_SPIN_LOCK Lock; /* may guard more of its owner */
    LONG Count;          /* Lock */
    BOOLEAN Running;     /* Lock */
    BOOLEAN Pausing;     /* Lock: the pause is complete when Count becomes zero */
} OUT_COUNT, *POUT_COUNT;

/* Zeroed before. */
VOID OutInitialize(POUT_COUNT Out);
VOID OutFree(POUT_COUNT Out);

VOID OutRun(POUT_COUNT Out);
VOID OutStop(POUT_COUNT Out);         /* no more goes out; nobody waits for what does */
NDIS_STATUS OutPause(POUT_COUNT Out); /* OutStop; NDIS_STATUS_PENDING: the OutBack that says TRUE completes the pause */

BOOLEAN OutMayGo(POUT_COUNT Out); /* counts one. FALSE: the layer does not run */
VOID OutGo(POUT_COUNT Out);       /* counts one, whether or not it runs */
BOOLEAN OutBack(POUT_COUNT Out);  /* TRUE: complete the pause, and do not touch the layer after that */

#endif
