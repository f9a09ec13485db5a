/* SPDX-License-Identifier: MIT */
/* ndis6.h - the NDIS 6 edge of a card. */
#ifndef NDIS6_H
#define NDIS6_H

#include "card.h"

#define CARD_STATISTICS                                                                            \
    (NDIS_STATISTICS_FLAGS_VALID_DIRECTED_FRAMES_RCV | NDIS_STATISTICS_FLAGS_VALID_BYTES_RCV |     \
     NDIS_STATISTICS_FLAGS_VALID_DIRECTED_FRAMES_XMIT | NDIS_STATISTICS_FLAGS_VALID_BYTES_XMIT |   \
     NDIS_STATISTICS_FLAGS_VALID_RCV_DISCARDS | NDIS_STATISTICS_FLAGS_VALID_XMIT_DISCARDS)

typedef struct _CARD_EDGE {
    NDIS_HANDLE Pool;
    NDIS_HANDLE Timer;
} CARD_EDGE, *PCARD_EDGE;

/* driver.c */
extern NDIS_HANDLE CardDriverHandle;
DRIVER_INITIALIZE DriverEntry;

/* adapter.c */
MINIPORT_INITIALIZE CardInitializeEx;
MINIPORT_HALT CardHaltEx;
MINIPORT_PAUSE CardPause;
MINIPORT_RESTART CardRestart;
MINIPORT_SHUTDOWN CardShutdown;
MINIPORT_DEVICE_PNP_EVENT_NOTIFY CardDevicePnPEventNotify;

/* edge.c */
MINIPORT_SEND_NET_BUFFER_LISTS CardSendNetBufferLists;
MINIPORT_CANCEL_SEND CardCancelSend;
MINIPORT_RETURN_NET_BUFFER_LISTS CardReturnNetBufferLists;
NDIS_TIMER_FUNCTION CardTimer;

/* request.c */
MINIPORT_OID_REQUEST CardOidRequest;
MINIPORT_CANCEL_OID_REQUEST CardCancelOidRequest;

#endif
