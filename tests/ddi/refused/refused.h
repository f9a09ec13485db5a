/* SPDX-License-Identifier: MIT */
/*
 * refused.h - a driver that asks again when memory is refused, and is right about it: what pages name for that is seen,
 * and nothing is lost.
 *
 * Model: one driver is a filter without handlers for data and a protocol over the same adapter (roles.c). When the
 * first binding runs, a work item asks for everything in tests.c. A test that fails stops the machine; none does,
 * whichever allocation fails: the driver has a certificate.
 */
#ifndef REFUSED_H
#define REFUSED_H

#include "../ddi.h"

extern NDIS_HANDLE RefusedModule;  /* the filter module under the first binding */
extern NDIS_HANDLE RefusedBinding; /* that binding */

NDIS_STATUS RefusedName(NDIS_HANDLE BindContext); /* in ProtocolBindAdapterEx; the status that was not a refusal */
extern const DDI_GROUP refusedGroup;

#endif
