/* SPDX-License-Identifier: MIT */
/* ndis/legacy/init.c - the root of NDIS 5.x, addresses that stand in its blocks, names of its frames. */
#include "ndis/legacy/legacy.h"

struct legacy_sites legacy_site;
struct legacy_handlers legacy_handler;

void legacy_adapter_init(void);
void legacy_protocol_init(void);

struct legacy_root *
legacy_root(void)
{
    return ndis_root()->legacy;
}

static uint64_t
address_of(const char *name)
{
    int index = ddi_lookup("ndis", name);

    NDIS_ASSERT(index >= 0);
    return ddi_address((unsigned)index);
}

static void
find_addresses(void)
{
    struct legacy_handlers *h = &legacy_handler;

    h->unload = address_of("ndisMUnload");
    h->indicate_packet = address_of("ndisMIndicatePacket");
    h->send_complete_5 = address_of("NdisMSendComplete");
    h->send_resources = address_of("NdisMSendResourcesAvailable");
    h->reset_complete = address_of("NdisMResetComplete");
    h->eth_receive = address_of("EthFilterDprIndicateReceive");
    h->eth_complete = address_of("EthFilterDprIndicateReceiveComplete");
    h->status_5 = address_of("NdisMIndicateStatus");
    h->status_complete = address_of("NdisMIndicateStatusComplete");
    h->td_complete = address_of("NdisMTransferDataComplete");
    h->query_complete = address_of("NdisMQueryInformationComplete");
    h->set_complete = address_of("NdisMSetInformationComplete");
    h->p_send = address_of("ndisPSend");
    h->p_send_packets = address_of("ndisPSendPackets");
    h->p_transfer = address_of("ndisPTransferData");
    h->p_reset = address_of("ndisPReset");
    h->p_request = address_of("ndisPRequest");
}

void
legacy_init(void)
{
    struct legacy_root *root = mon_alloc(sizeof(*root));

    ndis_root()->legacy = root;
    list_init(&root->wrappers);
    list_init(&root->protocols);
    list_init(&root->bindings);
    list_init(&root->resets);
#define X(name) legacy_site.name = (uint32_t)ddi_lookup("ndis", #name);
    LEGACY_SITES(X)
#undef X
    find_addresses();
    legacy_handler.miniport_timer_dpc = ke_host_routine("ndis", "ndisMTimerDpc", legacy_miniport_timer_dpc);
    legacy_handler.return_dpc = ke_host_routine("ndis", "ndisMReturnPacketsDpc", legacy_receive_dpc);
    legacy_handler.hang_dpc = ke_host_routine("ndis", "ndisMWakeUpDpc", legacy_hang_dpc);
    legacy_adapter_init();
    legacy_hardware_init();
    legacy_protocol_init();
}
