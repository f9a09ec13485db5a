/* SPDX-License-Identifier: MIT */
/* handler.h - a filter whose write path goes through a pointer that is chosen anew at each restart: see handler.c. */
#ifndef HANDLER_H
#define HANDLER_H

#include "../word-common/word.h"

/* Counts a send. FALSE: none may begin. */
typedef BOOLEAN (*HS_BEGIN)(PSF_FILTER Filter);

typedef struct _HS_FILTER {
    SF_FILTER Sf;
    HS_BEGIN volatile Begin; /* NULL before the first restart, and while it is chosen */
} HS_FILTER, *PHS_FILTER;

FILTER_RESTART HsRestart;

#endif
