/* SPDX-License-Identifier: MIT */
/*
 * rules.h - a driver that breaks one rule of WDM, whichever it is asked to, and does nothing else wrong.
 *
 * Model: rules.def lists the rules. A routine gets the request and completes it, as a dispatch routine does; most are
 * about something else and are of the first kind, which needs no request.
 */
#ifndef RULES_H
#define RULES_H

#include "../common/plain.h"

typedef struct _RULES_REQUEST {
    PDEVICE_OBJECT Device;
    PIRP Irp;
} RULES_REQUEST;

#define RULE(name, id)                         \
    NTSTATUS Break##name(RULES_REQUEST *Request); \
    NTSTATUS Keep##name(RULES_REQUEST *Request);
#include "rules.def"
#undef RULE

DRIVER_DISPATCH RulesRead; /* pending.c */
VOID RulesUnload(VOID);

/* The request is done with; what a routine returns. */
NTSTATUS RulesDone(RULES_REQUEST *Request);

#endif
