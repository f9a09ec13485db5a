/* SPDX-License-Identifier: MIT */
/* ndis6.h - the NDIS 6 edges of the multiplexer. */
#ifndef NDIS6_H
#define NDIS6_H

#include "mux.h"

#define MUX_STATISTICS_FLAGS                                                                       \
    (NDIS_STATISTICS_FLAGS_VALID_DIRECTED_FRAMES_RCV | NDIS_STATISTICS_FLAGS_VALID_BYTES_RCV |     \
     NDIS_STATISTICS_FLAGS_VALID_DIRECTED_FRAMES_XMIT | NDIS_STATISTICS_FLAGS_VALID_BYTES_XMIT |   \
     NDIS_STATISTICS_FLAGS_VALID_RCV_DISCARDS | NDIS_STATISTICS_FLAGS_VALID_XMIT_DISCARDS)

/* Lower->Edge */
typedef struct _MUX_BINDING {
    NDIS_HANDLE PendingContext; /* bind or unbind that pended; NDIS has one at a time */
    NDIS_MEDIUM Medium;
    UINT MediumIndex;
} MUX_BINDING, *PMUX_BINDING;

/* driver.c */
extern NDIS_HANDLE MuxMiniportHandle, MuxProtocolHandle;
DRIVER_INITIALIZE DriverEntry;

/* binding.c */
PROTOCOL_BIND_ADAPTER_EX MuxBindAdapter;
PROTOCOL_UNBIND_ADAPTER_EX MuxUnbindAdapter;
PROTOCOL_OPEN_ADAPTER_COMPLETE_EX MuxOpenAdapterComplete;
PROTOCOL_CLOSE_ADAPTER_COMPLETE_EX MuxCloseAdapterComplete;
PROTOCOL_NET_PNP_EVENT MuxNetPnPEvent;
PROTOCOL_STATUS_EX MuxStatus;
PROTOCOL_OID_REQUEST_COMPLETE MuxOidRequestComplete;

/* adapter.c */
MINIPORT_INITIALIZE MuxInitializeEx;
MINIPORT_HALT MuxHaltEx;
MINIPORT_PAUSE MuxPause;
MINIPORT_RESTART MuxRestart;
MINIPORT_SHUTDOWN MuxShutdown;
MINIPORT_DEVICE_PNP_EVENT_NOTIFY MuxDevicePnPEventNotify;

/* data.c */
MINIPORT_SEND_NET_BUFFER_LISTS MuxSendNetBufferLists;
MINIPORT_CANCEL_SEND MuxCancelSend;
MINIPORT_RETURN_NET_BUFFER_LISTS MuxReturnNetBufferLists;
PROTOCOL_RECEIVE_NET_BUFFER_LISTS MuxReceiveNetBufferLists;
PROTOCOL_SEND_NET_BUFFER_LISTS_COMPLETE MuxSendNetBufferListsComplete;

/* request.c */
MINIPORT_OID_REQUEST MuxOidRequest;
MINIPORT_CANCEL_OID_REQUEST MuxCancelOidRequest;

#endif
