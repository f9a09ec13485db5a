/* SPDX-License-Identifier: MIT */
/*
 * ndis/legacy/legacy.h - NDIS 5.x over NDIS 6: what the files of this folder share.
 *
 * Model. The wrapper is an NDIS 6 miniport driver and an NDIS 6 protocol driver whose handlers are host functions: the
 * core knows nothing else of it. Per 5.x adapter there is a struct legacy_adapter in monitor memory and, in the
 * machine's heap, the NDIS_MINIPORT_BLOCK that the driver holds as its handle; per adapter of a 5.x protocol a
 * struct legacy_binding, and per open of it a struct legacy_open and an NDIS_OPEN_BLOCK. At each edge a frame
 * changes its clothes: an NBL's net buffers become packets (translate.c), a packet becomes an NBL; both stay alive
 * until the far side is done, and each is completed once.
 *
 * A serialized miniport runs under its miniport lock (lock.c): who comes while it is held leaves his work to the
 * holder. Pausing a 5.x miniport is simulated (stop sends, wait for both directions); a 5.x protocol is unbound for
 * the time of a pause, both as contracts and pages say.
 *
 * Start reading at: adapter.c (life), send.c and receive.c (data path), protocol.c (the other edge).
 */
#ifndef NDIS_LEGACY_LEGACY_H
#define NDIS_LEGACY_LEGACY_H

#include "ndis/misc.h"
#include "ndis/nbl.h"
#include "nt/ke/ke.h"

enum {
    NDIS_SIG_WRAPPER = NDIS_SIGNATURE('N', '5', 'w', 'r'),
    NDIS_SIG_BLOCK = NDIS_SIGNATURE('N', '5', 'M', 'b'),
    NDIS_SIG_OPEN = NDIS_SIGNATURE('N', '5', 'o', 'p'),
    NDIS_SIG_PROTOCOL5 = NDIS_SIGNATURE('N', '5', 'p', 'r'),
    NDIS_SIG_BIND5 = NDIS_SIGNATURE('N', '5', 'b', 'c'),
    NDIS_SIG_PACKET_POOL = NDIS_SIGNATURE('N', '5', 'p', 'p'),
    NDIS_SIG_PACKET = NDIS_SIGNATURE('N', '5', 'p', 'k'),
    NDIS_SIG_BUFFER_POOL = NDIS_SIGNATURE('N', '5', 'b', 'p'),
    NDIS_SIG_REQUEST = NDIS_SIGNATURE('N', '5', 'r', 'q'),
};

/* ------------------------------------------------------------------ packets (packet.c, translate.c) */

/* To whom NDIS has given a packet of its own; what a driver has handed to NDIS. A packet may be in both at once. */
enum packet_given { PACKET_NOT_GIVEN, PACKET_QUEUED, PACKET_AT_MINIPORT, PACKET_AT_PROTOCOL };
enum packet_taken { PACKET_NOT_TAKEN, PACKET_SENT, PACKET_INDICATED, PACKET_LENT };

/* Emitted as PACKET_MISUSE a0 `what`. */
enum packet_misuse {
    PACKET_COMPLETED_TWICE = 1, /* completed by a miniport that does not have it */
    PACKET_SENT_TWICE,          /* sent by a protocol while on its way */
    PACKET_INDICATED_TWICE,     /* indicated while above */
    PACKET_RETURNED_TWICE,      /* returned by a protocol that does not have it */
    PACKET_HELD_RESOURCES,      /* ProtocolReceivePacket keeps a packet that was lent */
    PACKET_FREED_IN_FLIGHT,
    PACKET_POOL_NOT_EMPTY,
    PACKET_NO_RETURN_HANDLER,  /* indicated for good by a miniport without MiniportReturnPacket */
    PACKET_RESOURCES_DEFERRED, /* a deserialized miniport says NDIS_STATUS_RESOURCES to a send: it is no deferral */
};

/* Monitor memory, found from the word in front of the packet. */
struct packet_track {
    struct list_node node;   /* in legacy_adapter.queue or .given */
    struct list_node behind; /* in legacy_adapter.returns */
    NDIS_PACKET *packet;
    struct packet_pool *pool;
    uint8_t given, taken;
    bool shown;     /* ProtocolReceivePacket has it and has not returned */
    bool inside;    /* indicated, and that call has not returned */
    bool returned;  /* back while inside */
    bool resources; /* given to a protocol, lent */
    bool own_mdls;  /* the chain was made for it (translate.c) */
    uint8_t age;    /* checks for hang since the miniport has it */
    bool listed;    /* has a scatter-gather list of ours */
    int refs;       /* NdisReturnPackets calls that are due */
    void *holder;   /* struct legacy_adapter or legacy_open that it is given to */
    void *flat;     /* copy of the data, where the chain would not do */
};

struct packet_pool {
    struct ndis_object object;
    uint32_t reserved; /* bytes of ProtocolReserved */
    uint32_t room;     /* packets there may be */
    uint32_t out;
    uint32_t protocol_id;
    bool own; /* the wrapper's */
};

#define PACKETS_ANY UINT32_MAX
struct packet_pool *packet_pool_create(uint32_t packets, uint32_t reserved);
NDIS_PACKET *packet_create(struct packet_pool *pool);
void packet_free(NDIS_PACKET *packet);
/* Free a packet that is free: bugcheck 0xC2, as the pool does. What a release with that flaw does (nt/profile.h). */
void packet_free_again(const NDIS_PACKET *packet);
/* NULL: not a packet of this machine, or one that is freed. Never faults on a readable packet. */
struct packet_track *packet_track_of(const NDIS_PACKET *packet);
void packet_misuse(const void *packet, enum packet_misuse what, const void *handle, enum ndis_layer_kind layer);
/* Bytes of a chain, and a copy of some of them; returns how many. */
uint32_t chain_length(const MDL *mdl);
size_t chain_copy(const MDL *mdl, size_t offset, uint8_t *bytes, size_t length, bool in);

/*
 * A packet over the data of one net buffer; NULL: no memory. contiguous: bytes that the first buffer has to hold.
 * packet_unmake frees it with what was made for it.
 */
struct packet_track *packet_make(struct packet_pool *pool, NET_BUFFER_LIST *nbl, NET_BUFFER *nb, uint32_t contiguous);
void packet_unmake(struct packet_track *track);
NET_BUFFER_LIST *packet_nbl(const NDIS_PACKET *packet); /* whose data it is */
/* An NBL over a packet's chain. send: which way. */
NET_BUFFER_LIST *nbl_make(NDIS_HANDLE pool, NDIS_PACKET *packet, NDIS_HANDLE source, bool send);
NDIS_HANDLE nbl_pool_create(NDIS_HANDLE owner);

/* ------------------------------------------------------------------ drivers (wrapper.c) */

struct legacy_wrapper;

/* One registered 5.x miniport driver; the context of the NDIS 6 driver that stands for it. Heap. */
struct legacy_driver {
    struct ndis_object object;
    struct legacy_wrapper *wrapper;
    struct ndis_miniport_driver *driver;
    NDIS_MINIPORT_CHARACTERISTICS chars; /* zero where the driver's version has none */
    bool layered;
};

/* NdisWrapperHandle. Heap. */
struct legacy_wrapper {
    struct ndis_object object;
    struct list_node node; /* legacy_root.wrappers */
    DRIVER_OBJECT *driver_object;
    UNICODE_STRING path; /* text behind this structure */
    uint64_t unload;     /* NdisMRegisterUnloadHandler */
    struct legacy_driver *driver, *layered;
};

/* ------------------------------------------------------------------ adapters (adapter.c) */

/* What the heap holds of an adapter; the driver's handle is its address. */
struct legacy_block {
    NDIS_MINIPORT_BLOCK block; /* its Header is a struct ndis_object */
    struct {
        NDIS_MINIPORT_BLOCK *miniport;
    } filter; /* what EthDB points at */
    KTIMER hang_timer;
    KDPC hang_dpc, return_dpc;
    ULONG oid_done, oid_needed; /* what MiniportQuery/SetInformation is given */
    NDIS_STATUS open_error;
    UINT medium;
    BOOLEAN addressing_reset;
    NDIS_MEDIUM media[8];
};

struct legacy_adapter;

/* A lookahead frame on its way, while its rest is fetched; what the miniport has to fill lies in the heap. */
struct legacy_transfer {
    uint8_t *frame;
    uint32_t header, have, size;
    NDIS_PACKET *packet; /* over the part that is lacking; NULL: no transfer is under way */
    UINT *transferred;   /* heap */
};

/* Work that waits for the miniport lock. */
struct legacy_work {
    struct list_node node;
    void (*fn)(struct legacy_adapter *la, void *arg);
    void *arg;
};

struct legacy_adapter {
    struct legacy_block *block;
    struct ndis_adapter *ad;
    struct legacy_driver *ld;
    uint64_t context; /* MiniportAdapterContext */
    bool attributes_set, deserialized, running, pausing, paused_once;
    bool linked; /* link state as it was last said */
    /* lock.c */
    bool held;
    struct list deferred;
    struct ndis_wait lock_wait;
    bool lock_waited;
    /* send.c */
    struct packet_pool *packets;
    struct list queue; /* struct packet_track: not given yet */
    struct list given; /* at the miniport, oldest first */
    bool blocked;      /* the miniport said NDIS_STATUS_RESOURCES */
    bool in_send;      /* inside MiniportSend(Packets) of a serialized miniport */
    uint32_t sends;    /* packets that exist */
    uint32_t max_packets;
    /* hardware.c */
    bool sg_lists;          /* packets get scatter-gather lists */
    uint32_t map_registers; /* reserved */
    uint64_t mapped;        /* of those: in use */
    /* receive.c */
    NDIS_HANDLE nbls;
    uint32_t receives; /* packets that are above or wait to be returned */
    uint32_t inside;   /* indications under way */
    struct list returns;
    struct legacy_transfer transfer;
    /* oid.c */
    NDIS_OID_REQUEST *oid;
    struct ndis_wait oid_wait; /* of a request of the wrapper's own */
    bool oid_own, oid_inside, oid_early, oid_query;
    NDIS_STATUS oid_status;
    /* reset.c */
    bool resetting, hanging;
    bool restoring; /* addresses are being set again */
    uint32_t oid_age;
    uint64_t shutdown, shutdown_context;
};

/* The adapter behind a driver's handle: reads the block, so a stale one faults. */
struct legacy_adapter *legacy_adapter_of(NDIS_HANDLE handle);
/* Was that the last thing a pause waits for? */
void legacy_check_pause(struct legacy_adapter *la);

/* The adapter behind a miniport's handle of either generation. */
struct ndis_adapter *legacy_adapter_behind(NDIS_HANDLE handle);

/* hardware.c: where a packet's data lies, in its ScatterGatherListPacketInfo; false: no memory. */
bool legacy_list_make(NDIS_PACKET *packet);
void legacy_list_free(NDIS_PACKET *packet);
void legacy_hardware_init(void);

/* lock.c: run fn under the miniport lock, at DISPATCH_LEVEL; at once, or by who holds it. Deserialized: at once. */
void legacy_run(struct legacy_adapter *la, void (*fn)(struct legacy_adapter *la, void *arg), void *arg);
/* Wait until nobody holds the lock. PASSIVE. */
void legacy_lock_drain(struct legacy_adapter *la);

/* send.c */
uint64_t legacy_send(const uint64_t *args);
uint64_t legacy_cancel_send(const uint64_t *args);
void legacy_send_kick(struct legacy_adapter *la);
void legacy_send_drop_queue(struct legacy_adapter *la, NDIS_STATUS status);
void legacy_send_drop_given(struct legacy_adapter *la, NDIS_STATUS status);
/* receive.c */
uint64_t legacy_return(const uint64_t *args);
void legacy_receive_dpc(uint64_t dpc, uint64_t context, uint64_t a1, uint64_t a2);
/* oid.c, status.c */
uint64_t legacy_oid(const uint64_t *args);
/* PASSIVE, before anybody else can ask. */
NDIS_STATUS legacy_query(struct legacy_adapter *la, NDIS_OID oid, void *buffer, uint32_t length, uint32_t *written);
/* reset.c: a protocol wants it; legacy_reset_told() follows, maybe before it returns. <= DISPATCH */
void legacy_reset_ask(struct legacy_adapter *la);
void legacy_hang_start(struct legacy_adapter *la);
void legacy_hang_stop(struct legacy_adapter *la);
void legacy_hang_dpc(uint64_t dpc, uint64_t context, uint64_t a1, uint64_t a2);
/* timer.c */
void legacy_miniport_timer_dpc(uint64_t dpc, uint64_t context, uint64_t a1, uint64_t a2);

/* ------------------------------------------------------------------ protocols (protocol.c, protocol_io.c) */

struct legacy_protocol {
    struct ndis_object object;
    struct list_node node; /* legacy_root.protocols */
    struct ndis_protocol_driver *driver;
    NDIS_PROTOCOL_CHARACTERISTICS chars;
    bool told_binds_complete;
    uint32_t telling; /* close-complete handlers that NDIS is in, or about to be */
    struct ndis_wait told;
};

struct bind5;

/* One NDIS 6 binding of a 5.x protocol. Monitor memory. */
struct legacy_binding {
    struct list_node node; /* legacy_root.bindings */
    struct legacy_protocol *protocol;
    struct ndis_binding *b;
    struct list opens; /* struct legacy_open, in order of opening */
    UNICODE_STRING *device, *section;
    struct packet_pool *packets;
    NDIS_HANDLE nbls;
    struct bind5 *context5; /* BindContext and UnbindContext; heap */
    bool up;                /* from the first ProtocolBindAdapter after a restart to the pause: may be opened */
    bool binding;           /* inside ProtocolBindAdapter, or until that has completed */
    bool refused;           /* the protocol did not open it when it was offered; it is not offered again */
    struct ndis_wait bind_wait;
};

/* What became of an NdisReset. */
enum open_reset { OPEN_RESET_NONE, OPEN_RESET_CALLS, OPEN_RESET_WAITS, OPEN_RESET_DONE };

/* What an NdisBindingHandle stands for. Monitor memory. */
struct legacy_open {
    struct list_node node; /* legacy_binding.opens */
    struct legacy_binding *binding;
    NDIS_OPEN_BLOCK *block; /* heap; NULL once it is closed */
    uint64_t context;       /* ProtocolBindingContext */
    uint32_t packet_filter;
    bool offered; /* opened in ProtocolBindAdapter */
    bool closing, close_pended;
    bool awaited;                              /* an unbind waits for close_wait, and gives this back then */
    uint32_t sends, receives, requests, calls; /* what a close waits for */
    struct list_node reset_node;               /* legacy_root.resets, while it waits for a reset */
    uint8_t reset;                             /* enum open_reset */
    NDIS_STATUS reset_status;
    struct ndis_wait close_wait;
};

struct legacy_open *legacy_open_of(NDIS_HANDLE handle);
/* Was that the last thing a close waits for? */
void legacy_open_check(struct legacy_open *lo);
/* What the adapter has to pass for all opens but this one. */
uint32_t legacy_filter_of_others(const struct legacy_open *lo);
/* struct ndis_binding.shared_filter: for all opens of the request's binding. */
uint32_t legacy_shared_filter(NDIS_OID_REQUEST *request, uint32_t value, bool taken);
/* A handler of the protocol is entered: a close waits until it is left. */
void legacy_enter(struct legacy_open *lo);
void legacy_leave(struct legacy_open *lo);
/*
 * The opens of a binding, each entered while it is looked at: start with NULL, go on with the last, and NULL is the
 * end. Those that close are left out.
 */
struct legacy_open *legacy_next_open(struct legacy_binding *lb, struct legacy_open *last);
uint64_t legacy_p_receive(const uint64_t *args);
uint64_t legacy_p_send_complete(const uint64_t *args);
uint64_t legacy_p_oid_complete(const uint64_t *args);
uint64_t legacy_p_status(const uint64_t *args);
/* protocol_reset.c: a reset of the adapter is over; who asked for it hears so. <= DISPATCH */
void legacy_reset_told(struct ndis_adapter *ad, NDIS_STATUS status);
/* Addresses for an open block. */
void legacy_open_handlers(NDIS_OPEN_BLOCK *open);

/* ------------------------------------------------------------------ root */

/* Symbols of NDIS's frames below a 5.x driver's; names assumed. */
#define LEGACY_SITES(X)                                                                                                \
    X(ndisMInitializeAdapter5)                                                                                         \
    X(ndisMHaltMiniport5)                                                                                              \
    X(ndisMSendPackets5) X(ndisMReturnPacket5) X(ndisMTransferData5) X(ndisMDoRequest5) X(ndisMCheckForHang5)          \
        X(ndisMResetMiniport5) X(ndisMTimer5) X(ndisMShutdown5) X(ndisMPnPEvent5) X(ndisMCancelSends5) X(ndisMUnload5) \
            X(ndisPBindAdapter5) X(ndisPUnbindAdapter5) X(ndisPReceive5) X(ndisPReceivePacket5)                        \
                X(ndisPReceiveComplete5) X(ndisPSendComplete5) X(ndisPRequestComplete5) X(ndisPStatus5)                \
                    X(ndisPCloseComplete5) X(ndisPResetComplete5) X(ndisPPnPEvent5) X(ndisMIsr5)      \
                        X(ndisMHandleInterrupt5) X(ndisMDisableInterrupt5) X(ndisMEnableInterrupt5) X(ndisWorkItem5)

struct legacy_sites {
#define X(name) uint32_t name;
    LEGACY_SITES(X)
#undef X
};
extern struct legacy_sites legacy_site; /* const after init */

/* Host handlers and addresses; const after init. */
struct legacy_handlers {
    ndis_fn initialize, halt, pause, restart, oid, send, returned, cancel, pnp, shutdown, nothing;
    ndis_fn bind, unbind, close_complete, net_pnp, receive, send_complete, oid_complete, status;
    uint64_t miniport_timer_dpc, return_dpc, hang_dpc;
    uint64_t unload;
    uint64_t indicate_packet, send_complete_5, send_resources, reset_complete, eth_receive, eth_complete, status_5,
        status_complete, td_complete, query_complete, set_complete;
    uint64_t p_send, p_send_packets, p_transfer, p_reset, p_request;
};
extern struct legacy_handlers legacy_handler;

/* ndis_misc.legacy. Monitor memory. */
struct legacy_root {
    struct list wrappers, protocols, bindings, resets;
};
struct legacy_root *legacy_root(void);

/* In ndis_init(). */
void legacy_init(void);

/* Functions of the table that no header declares: where the macros of the blocks lead. */
VOID NTAPI ndisMIndicatePacket(NDIS_HANDLE MiniportAdapterHandle, PPNDIS_PACKET Packets, UINT NumberOfPackets);
VOID NTAPI EthFilterDprIndicateReceive(PVOID Filter, NDIS_HANDLE MacReceiveContext, PCHAR Address, PVOID HeaderBuffer,
                                       UINT HeaderBufferSize, PVOID LookaheadBuffer, UINT LookaheadBufferSize,
                                       UINT PacketSize);
VOID NTAPI EthFilterDprIndicateReceiveComplete(PVOID Filter);
VOID NTAPI ndisMUnload(PDRIVER_OBJECT DriverObject);
NDIS_STATUS NTAPI ndisPSend(NDIS_HANDLE NdisBindingHandle, PNDIS_PACKET Packet);
VOID NTAPI ndisPSendPackets(NDIS_HANDLE NdisBindingHandle, PPNDIS_PACKET PacketArray, UINT NumberOfPackets);
NDIS_STATUS NTAPI ndisPTransferData(NDIS_HANDLE NdisBindingHandle, NDIS_HANDLE MacReceiveContext, UINT ByteOffset,
                                    UINT BytesToTransfer, PNDIS_PACKET Packet, PUINT BytesTransferred);
NDIS_STATUS NTAPI ndisPReset(NDIS_HANDLE NdisBindingHandle);
NDIS_STATUS NTAPI ndisPRequest(NDIS_HANDLE NdisBindingHandle, PNDIS_REQUEST NdisRequest);

#endif
