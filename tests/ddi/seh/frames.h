/* SPDX-License-Identifier: MIT */
/* frames.h - the tests of frames.c. */
#ifndef FRAMES_H
#define FRAMES_H

#include "../ddi.h"

VOID CookieHandler(VOID);
VOID NestedInFilter(VOID);
VOID RaisedInFilter(VOID);
VOID CollidedUnwinds(VOID);
VOID CaughtInFinally(VOID);
VOID AcrossTheKernel(VOID);

#endif
