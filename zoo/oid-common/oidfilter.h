/* SPDX-License-Identifier: MIT */
/*
 * oidfilter.h - a filter that sees requests and nothing else; what it does with one is each driver's own.
 *
 * Model: frames go past it. OfDecide() says what becomes of a request: passed on as a clone, kept until the filter
 * restarts, or answered here. One request at a time is below, as NDIS has it; one can be kept.
 */
#ifndef OIDFILTER_H
#define OIDFILTER_H

#ifndef NDIS630
#define NDIS630 1
#endif

#include <ndis.h>

typedef enum _OF_DECISION { OfPass, OfKeep, OfAnswer } OF_DECISION;

typedef struct _OF_FILTER {
    NDIS_HANDLE Handle;     /* const */
    NDIS_SPIN_LOCK Lock;
    BOOLEAN Running;        /* Lock */
    PNDIS_OID_REQUEST Kept; /* Lock */
} OF_FILTER, *POF_FILTER;

extern NDIS_STRING OfServiceName, OfUniqueName; /* the driver's */
OF_DECISION OfDecide(POF_FILTER Filter, PNDIS_OID_REQUEST Request);

#endif
