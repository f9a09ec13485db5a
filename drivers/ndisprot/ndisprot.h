/* SPDX-License-Identifier: MIT */
/* ndisprot.h - the NDIS 6 edge. */
#ifndef NDISPROT_H
#define NDISPROT_H

#ifndef NDIS630
#define NDIS630 1
#endif

#include "np.h"

/* driver.c */
extern NDIS_HANDLE NpProtocolHandle;
extern NDIS_HANDLE NpNblPool;
DRIVER_INITIALIZE DriverEntry;

/* binding.c */
PROTOCOL_BIND_ADAPTER_EX NpBindAdapter;
PROTOCOL_UNBIND_ADAPTER_EX NpUnbindAdapter;
PROTOCOL_OPEN_ADAPTER_COMPLETE_EX NpOpenAdapterComplete;
PROTOCOL_CLOSE_ADAPTER_COMPLETE_EX NpCloseAdapterComplete;

/* event.c */
PROTOCOL_NET_PNP_EVENT NpNetPnPEvent;
PROTOCOL_STATUS_EX NpStatus;

/* read.c */
PROTOCOL_RECEIVE_NET_BUFFER_LISTS NpReceive;

/* send.c */
PROTOCOL_SEND_NET_BUFFER_LISTS_COMPLETE NpSendComplete;
NDIS_HANDLE NpAllocateSendPool(NDIS_HANDLE NdisHandle);

/* oid.c */
PROTOCOL_OID_REQUEST_COMPLETE NpOidRequestComplete;

#endif
