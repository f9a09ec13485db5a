/* SPDX-License-Identifier: MIT */
/* onlooker.h - a protocol of the tests that opens no adapter: what it is to do it does when it is loaded, or told. */
#ifndef ONLOOKER_H
#define ONLOOKER_H

#ifndef NDIS630
#define NDIS630 1
#endif

#include <ndis.h>

/*
 * From DriverEntry, once the rest is done: registers a protocol of NDIS 6.30, and its unload routine. Name: as its key
 * under Services. Offered is told of each adapter, Event of what concerns no binding; either may be NULL.
 */
NDIS_STATUS OnlookerRegister(PDRIVER_OBJECT DriverObject, PCWSTR Name, VOID (*Offered)(PNDIS_STRING AdapterName),
                             VOID (*Event)(PNET_PNP_EVENT Event));

#endif
