/* SPDX-License-Identifier: MIT */
/*
 * pnp/inf_include.c - sections that network INFs take from INFs of Windows (Include, Needs).
 *
 * Model: a table of what is known from Microsoft's pages and samples. Those INFs are not here, so what they set up is
 * not done; a report can say by name what is missing. Documented: "Remote NDIS INF Template", "INF Requirements for PF
 * Miniport Drivers", "Specifying an INF for a UMDF driver"; observed in samples: the wireless ones.
 */
#include "base/str.h"
#include "pnp/inf_text.h"

static const char *const known_infs[] = {
    "netrndis.inf", "netvwifibus.inf", "netcxrd.inf",  "wudfrd.inf",  "pci.inf",    "machine.inf", "nettcpip.inf",
    "netimm.inf",   "netserv.inf",     "netnwifi.inf", "ndisuio.inf", "winusb.inf", "usb.inf",     "netavpna.inf",
    "netsstpa.inf", "nettrans.inf",    "netip6.inf",   "bth.inf",     "mdmcpq.inf", "ks.inf",
};

static const struct {
    const char *section, *gives;
} known[] = {
    { "Usb_Rndis.ndi", "the Remote NDIS miniport of Windows for NDIS 5.1, with its registry values" },
    { "Usb_Rndis.ndi.Services", "the service of that miniport" },
    { "usbrndis6.ndi", "the Remote NDIS miniport of Windows for NDIS 6, with its registry values" },
    { "usbrndis6.ndi.Services", "the service usb_rndisx" },
    { "VWiFiBus.CopyFiles", "the files of the virtual WiFi bus" },
    { "VWiFiBus.Services", "the service of the virtual WiFi bus" },
    { "VWiFiBus.PnPFilterRegistration.HW", "the virtual WiFi bus as lower filter of the device" },
    { "WUDFRD.NT", "the UMDF reflector" },
    { "WUDFRD.NT.HW", "the UMDF reflector's hardware values" },
    { "WUDFRD.NT.Services", "the service WUDFRd" },
    { "netcxrd_Filter.NT", "the network adapter class reflector" },
    { "netcxrd_Filter.NT.HW", "the network adapter class reflector's hardware values" },
    { "netcxrd_Filter.NT.Services", "the service netcxrd" },
    { "netcxrd_Filter.NT.Filters", "the network adapter class reflector as a filter of the device" },
    { "PciD3ColdSupported.HW", "that the device may lose power in D3" },
    { "PciIoSpaceNotRequired.HW", "that the device starts without its I/O ports" },
    { "PciSriovSupported.HW", "that Windows may make virtual functions of the device" },
};

const char *
inf_include_gives(const char *section)
{
    for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (str_ieq(section, known[i].section))
            return known[i].gives;
    return NULL;
}

bool
inf_include_known(const char *name)
{
    for (unsigned i = 0; i < sizeof(known_infs) / sizeof(known_infs[0]); i++)
        if (str_ieq(name, known_infs[i]))
            return true;
    return false;
}
