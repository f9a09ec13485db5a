/* SPDX-License-Identifier: MIT */
/*
 * wirenic/config.c - what the registry, the wire and the OIDs say that this adapter is and offloads.
 *
 * Model: offloads are bits (enum wn_offload). The wire says which there can be; standardized INF keywords and
 * OID_TCP_OFFLOAD_PARAMETERS say which of them are on (documented: "Using Registry Values to Enable and Disable Task
 * Offloading").
 */
#include "builtin/wirenic/wirenic.h"

#include <string.h>

#include "machine/machine.h"
#include "ndis/ndis.h"

/* ------------------------------------------------------------------ registry */

static bool
number(NDIS_HANDLE configuration, const char *keyword, uint32_t from, uint32_t to, uint32_t *out)
{
    NDIS_STATUS *status = guest_alloc(sizeof(*status));
    NDIS_CONFIGURATION_PARAMETER **parameter = guest_alloc(sizeof(*parameter));
    UNICODE_STRING *name = guest_alloc(sizeof(*name));
    size_t length = strlen(keyword);
    uint32_t value;

    name->Buffer = guest_alloc((length + 1) * 2);
    name->Length = (USHORT)(length * 2);
    name->MaximumLength = (USHORT)(length * 2 + 2);
    for (size_t i = 0; i < length; i++)
        name->Buffer[i] = (WCHAR)keyword[i];
    NdisReadConfiguration(status, parameter, configuration, name, NdisParameterInteger);
    if (*status != NDIS_STATUS_SUCCESS || (*parameter)->ParameterType != NdisParameterInteger)
        return false;
    value = (*parameter)->ParameterData.IntegerData;
    if (value < from || value > to)
        return false; /* as drivers do: the default stands */
    *out = value;
    return true;
}

/* Checksums: 0 none, 1 sent, 2 received, 3 both. The rest: 0 off, 1 on. */
static const struct {
    const char *keyword;
    uint32_t tx; /* its bit; the received one is WN_RX_SHIFT higher. 0: no checksum */
    uint32_t on;
} keywords[] = {
    { "*IPChecksumOffloadIPv4", WN_TX_IP4, 0 },
    { "*TCPChecksumOffloadIPv4", WN_TX_TCP4, 0 },
    { "*UDPChecksumOffloadIPv4", WN_TX_UDP4, 0 },
    { "*TCPChecksumOffloadIPv6", WN_TX_TCP6, 0 },
    { "*UDPChecksumOffloadIPv6", WN_TX_UDP6, 0 },
    { "*LsoV1IPv4", 0, WN_LSO1 },
    { "*LsoV2IPv4", 0, WN_LSO4 },
    { "*LsoV2IPv6", 0, WN_LSO6 },
    { "*RscIPv4", 0, WN_RSC4 },
    { "*RscIPv6", 0, WN_RSC6 },
};

static void
read_offloads(struct wn_adapter *a, NDIS_HANDLE configuration)
{
    uint32_t value;

    for (unsigned i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (!number(configuration, keywords[i].keyword, 0, keywords[i].tx ? 3 : 1, &value))
            continue;
        if (keywords[i].tx == 0 && value == 0)
            a->config &= ~keywords[i].on;
        if (keywords[i].tx != 0 && !(value & 1))
            a->config &= ~keywords[i].tx;
        if (keywords[i].tx != 0 && !(value & 2))
            a->config &= ~(keywords[i].tx << WN_RX_SHIFT);
    }
}

static void
read_address(struct wn_adapter *a, NDIS_HANDLE configuration)
{
    NDIS_STATUS *status = guest_alloc(sizeof(*status));
    PVOID *address = guest_alloc(sizeof(*address));
    UINT *length = guest_alloc(sizeof(*length));

    NdisReadNetworkAddress(status, address, length, configuration);
    if (*status == NDIS_STATUS_SUCCESS && *length == WN_ADDRESS && !(*(uint8_t *)*address & 1))
        memcpy(a->address, *address, WN_ADDRESS);
}

/* What a wire's words can say. */
static uint32_t
hardware(const struct wire_info *info)
{
    uint32_t offloads = 0;

    if (info->checksums)
        offloads |= WN_TX_ALL | WN_RX_ALL;
    if (info->checksums && info->tcp4)
        offloads |= WN_LSO1 | WN_LSO4 | WN_RSC4;
    if (info->checksums && info->tcp6)
        offloads |= WN_LSO6 | WN_RSC6;
    return offloads;
}

NDIS_STATUS
wn_configure(struct wn_adapter *a)
{
    const struct wire_info *info = wire_info(a->wire);
    NDIS_CONFIGURATION_OBJECT *object = guest_alloc(sizeof(*object));
    NDIS_HANDLE *configuration = guest_alloc(sizeof(*configuration));
    uint32_t jumbo = 0;
    NDIS_STATUS status;

    a->mtu = info->mtu;
    a->receive_buffers = info->depth;
    a->send_max = WN_SEND_DEFAULT;
    a->hardware = a->config = hardware(info);
    memcpy(a->address, a->nic->address, WN_ADDRESS);
    ndis_header_set(&object->Header, NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT, NDIS_CONFIGURATION_OBJECT_REVISION_1,
                    NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1);
    object->NdisHandle = a->handle;
    status = NdisOpenConfigurationEx(object, configuration);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    if (number(*configuration, "*JumboPacket", 590, WIRE_MTU_MAX + WIRE_HEADER, &jumbo) && jumbo - WIRE_HEADER < a->mtu)
        a->mtu = jumbo - WIRE_HEADER;
    number(*configuration, "*ReceiveBuffers", 8, 4096, &a->receive_buffers);
    number(*configuration, "*TransmitBuffers", 8, 65536, &a->send_max);
    number(*configuration, "*PriorityVLANTag", 0, WN_TAG_PRIORITY | WN_TAG_VLAN, &a->tags);
    read_offloads(a, *configuration);
    read_address(a, *configuration);
    NdisCloseConfiguration(*configuration);
    a->frame_max = info->frame_max;
    a->lookahead = a->mtu;
    return NDIS_STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ offloads as NDIS says them */

#define ON(bit) (offloads & (bit) ? NDIS_OFFLOAD_SUPPORTED : NDIS_OFFLOAD_NOT_SUPPORTED)

void
wn_offload_describe(uint32_t offloads, NDIS_OFFLOAD *out)
{
    NDIS_TCP_IP_CHECKSUM_OFFLOAD *c = &out->Checksum;
    uint32_t tx4 = offloads & (WN_TX_IP4 | WN_TX_TCP4 | WN_TX_UDP4), tx6 = offloads & (WN_TX_TCP6 | WN_TX_UDP6);
    uint32_t rx4 = offloads & (WN_RX_IP4 | WN_RX_TCP4 | WN_RX_UDP4), rx6 = offloads & (WN_RX_TCP6 | WN_RX_UDP6);

    memset(out, 0, sizeof(*out));
    ndis_header_set(&out->Header, NDIS_OBJECT_TYPE_OFFLOAD, NDIS_OFFLOAD_REVISION_3,
                    NDIS_SIZEOF_NDIS_OFFLOAD_REVISION_3);
    c->IPv4Transmit.Encapsulation = tx4 ? NDIS_ENCAPSULATION_IEEE_802_3 : NDIS_ENCAPSULATION_NOT_SUPPORTED;
    c->IPv4Transmit.IpOptionsSupported = c->IPv4Transmit.TcpOptionsSupported = ON(tx4);
    c->IPv4Transmit.TcpChecksum = ON(WN_TX_TCP4);
    c->IPv4Transmit.UdpChecksum = ON(WN_TX_UDP4);
    c->IPv4Transmit.IpChecksum = ON(WN_TX_IP4);
    c->IPv4Receive.Encapsulation = rx4 ? NDIS_ENCAPSULATION_IEEE_802_3 : NDIS_ENCAPSULATION_NOT_SUPPORTED;
    c->IPv4Receive.IpOptionsSupported = c->IPv4Receive.TcpOptionsSupported = ON(rx4);
    c->IPv4Receive.TcpChecksum = ON(WN_RX_TCP4);
    c->IPv4Receive.UdpChecksum = ON(WN_RX_UDP4);
    c->IPv4Receive.IpChecksum = ON(WN_RX_IP4);
    c->IPv6Transmit.Encapsulation = tx6 ? NDIS_ENCAPSULATION_IEEE_802_3 : NDIS_ENCAPSULATION_NOT_SUPPORTED;
    c->IPv6Transmit.IpExtensionHeadersSupported = c->IPv6Transmit.TcpOptionsSupported = ON(tx6);
    c->IPv6Transmit.TcpChecksum = ON(WN_TX_TCP6);
    c->IPv6Transmit.UdpChecksum = ON(WN_TX_UDP6);
    c->IPv6Receive.Encapsulation = rx6 ? NDIS_ENCAPSULATION_IEEE_802_3 : NDIS_ENCAPSULATION_NOT_SUPPORTED;
    c->IPv6Receive.IpExtensionHeadersSupported = c->IPv6Receive.TcpOptionsSupported = ON(rx6);
    c->IPv6Receive.TcpChecksum = ON(WN_RX_TCP6);
    c->IPv6Receive.UdpChecksum = ON(WN_RX_UDP6);
    if (offloads & WN_LSO1) {
        out->LsoV1.IPv4.Encapsulation = NDIS_ENCAPSULATION_IEEE_802_3;
        out->LsoV1.IPv4.MaxOffLoadSize = 65535 - 14 - 120;
        out->LsoV1.IPv4.MinSegmentCount = 2;
        out->LsoV1.IPv4.TcpOptions = out->LsoV1.IPv4.IpOptions = NDIS_OFFLOAD_SUPPORTED;
    }
    if (offloads & WN_LSO4) {
        out->LsoV2.IPv4.Encapsulation = NDIS_ENCAPSULATION_IEEE_802_3;
        out->LsoV2.IPv4.MaxOffLoadSize = 65535 - 14 - 120;
        out->LsoV2.IPv4.MinSegmentCount = 2;
    }
    if (offloads & WN_LSO6) {
        out->LsoV2.IPv6.Encapsulation = NDIS_ENCAPSULATION_IEEE_802_3;
        out->LsoV2.IPv6.MaxOffLoadSize = 65535 - 14 - 120;
        out->LsoV2.IPv6.MinSegmentCount = 2;
        out->LsoV2.IPv6.IpExtensionHeadersSupported = out->LsoV2.IPv6.TcpOptionsSupported = NDIS_OFFLOAD_SUPPORTED;
    }
    out->Rsc.IPv4.Enabled = (offloads & WN_RSC4) != 0;
    out->Rsc.IPv6.Enabled = (offloads & WN_RSC6) != 0;
}

/* One of the parameters for checksums: which of the two directions are on. */
static bool
set_checksum(UCHAR parameter, uint32_t tx, uint32_t *config)
{
    switch (parameter) {
    case NDIS_OFFLOAD_PARAMETERS_NO_CHANGE:
        return true;
    case NDIS_OFFLOAD_PARAMETERS_TX_RX_DISABLED:
        *config &= ~(tx | tx << WN_RX_SHIFT);
        return true;
    case NDIS_OFFLOAD_PARAMETERS_TX_ENABLED_RX_DISABLED:
        *config = (*config | tx) & ~(tx << WN_RX_SHIFT);
        return true;
    case NDIS_OFFLOAD_PARAMETERS_RX_ENABLED_TX_DISABLED:
        *config = (*config | tx << WN_RX_SHIFT) & ~tx;
        return true;
    case NDIS_OFFLOAD_PARAMETERS_TX_RX_ENABLED:
        *config |= tx | tx << WN_RX_SHIFT;
        return true;
    default:
        return false;
    }
}

static bool
set_switch(UCHAR parameter, uint32_t bit, uint32_t *config)
{
    if (parameter == NDIS_OFFLOAD_PARAMETERS_NO_CHANGE)
        return true;
    if (parameter == NDIS_OFFLOAD_PARAMETERS_LSOV2_DISABLED)
        *config &= ~bit;
    else if (parameter == NDIS_OFFLOAD_PARAMETERS_LSOV2_ENABLED)
        *config |= bit;
    else
        return false;
    return true;
}

bool
wn_offload_set(const struct wn_adapter *a, const NDIS_OFFLOAD_PARAMETERS *p, uint32_t length, uint32_t *config)
{
    uint32_t to = *config;
    bool ok;

    if (length < NDIS_SIZEOF_OFFLOAD_PARAMETERS_REVISION_1 || p->Header.Size > length)
        return false;
    ok = set_checksum(p->IPv4Checksum, WN_TX_IP4, &to) && set_checksum(p->TCPIPv4Checksum, WN_TX_TCP4, &to) &&
         set_checksum(p->UDPIPv4Checksum, WN_TX_UDP4, &to) && set_checksum(p->TCPIPv6Checksum, WN_TX_TCP6, &to) &&
         set_checksum(p->UDPIPv6Checksum, WN_TX_UDP6, &to) && set_switch(p->LsoV1, WN_LSO1, &to) &&
         set_switch(p->LsoV2IPv4, WN_LSO4, &to) && set_switch(p->LsoV2IPv6, WN_LSO6, &to);
    if (ok && p->Header.Revision >= NDIS_OFFLOAD_PARAMETERS_REVISION_3 &&
        length >= NDIS_SIZEOF_OFFLOAD_PARAMETERS_REVISION_3)
        ok = set_switch(p->RscIPv4, WN_RSC4, &to) && set_switch(p->RscIPv6, WN_RSC6, &to);
    if (!ok)
        return false;
    *config = to & a->hardware;
    return true;
}
