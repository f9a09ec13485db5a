/* SPDX-License-Identifier: MIT */
/* edges.h - the mutex of both edges. */
#ifndef EDGES_H
#define EDGES_H

#include "../../drivers/mux/mux.h"

VOID MuxLockEdges(VOID);
VOID MuxUnlockEdges(VOID);

#endif
