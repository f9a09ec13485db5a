/* SPDX-License-Identifier: MIT */
/* wirenic/driver.c - registering the driver, and nics for it. */
#include "builtin/wirenic/wirenic.h"

#include <string.h>

#include "builtin/driver.h"
#include "machine/machine.h"
#include "ndis/admin.h"
#include "ndis/driver.h"

/* A loop has frames; any IRQL up to DISPATCH_LEVEL. */
static void
ready(void *arg)
{
    struct wn_nic *nic = arg;

    if (nic->adapter == NULL)
        return;
    nic->adapter->quiet = 0; /* it may be news of the link */
    KeInsertQueueDpc(&nic->adapter->dpc, NULL, NULL);
}

static unsigned
poll(void *arg, unsigned budget)
{
    struct wn_nic *nic = arg;

    return nic->adapter != NULL ? wn_poll(nic->adapter, budget) : 0;
}

struct ndis_nic *
wirenic_add(const char *name, struct wire *w, const char *config_key)
{
    struct ndis_nic_config config = { .name = name, .service = "wirenic", .config = (void *)config_key };
    struct ndis_nic *nic = ndis_nic_add(&config);
    struct wn_nic *wn;
    static const uint8_t none[WN_ADDRESS];

    if (nic == NULL)
        return NULL;
    wn = mon_alloc(sizeof(*wn));
    wn->wire = w;
    wn->fd = wire_fd(w);
    wn->poller = (struct live_poller){ .fn = poll, .arg = wn, .fds = &wn->fd, .fd_count = wn->fd >= 0 };
    memcpy(wn->address, wire_info(w)->mac, WN_ADDRESS);
    if (memcmp(wn->address, none, WN_ADDRESS) == 0)
        memcpy(wn->address, (uint8_t[]){ 2, 0, 0, 0, (uint8_t)(nic->if_index >> 8), (uint8_t)nic->if_index },
               WN_ADDRESS);
    nic->host = wn;
    wire_on_ready(w, ready, wn);
    wire_set_carrier(w, false); /* until it is initialized */
    return nic;
}

void
wirenic_set_vp(struct ndis_nic *nic, unsigned vp)
{
    struct wn_nic *wn = nic->host;

    wn->poller.vp = (uint8_t)(vp % machine->vp_count);
}

static VOID NTAPI
WnUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

void
builtin_wirenic_init(void)
{
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS *c = heap_alloc(sizeof(*c), NDIS_SIG_MINIPORT_DRIVER);
    NDIS_HANDLE *driver = heap_alloc(sizeof(*driver), NDIS_SIG_MINIPORT_DRIVER);
    NDIS_STATUS status;

    NDIS_ASSERT(c != NULL && driver != NULL);
    memset(c, 0, sizeof(*c));
    ndis_header_set(&c->Header, NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS,
                    NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2,
                    NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2);
    c->MajorNdisVersion = 6;
    c->MinorNdisVersion = 30;
    c->MajorDriverVersion = 1;
    c->InitializeHandlerEx = (void *)ndis_native_handler(WnInitialize);
    c->HaltHandlerEx = (void *)ndis_native_handler(WnHalt);
    c->UnloadHandler = (void *)ndis_native_handler(WnUnload);
    c->PauseHandler = (void *)ndis_native_handler(WnPause);
    c->RestartHandler = (void *)ndis_native_handler(WnRestart);
    c->OidRequestHandler = (void *)ndis_native_handler(WnOidRequest);
    c->SendNetBufferListsHandler = (void *)ndis_native_handler(WnSend);
    c->ReturnNetBufferListsHandler = (void *)ndis_native_handler(WnReturn);
    c->CancelSendHandler = (void *)ndis_native_handler(WnCancelSend);
    c->DevicePnPEventNotifyHandler = (void *)ndis_native_handler(WnDevicePnPEventNotify);
    c->ShutdownHandlerEx = (void *)ndis_native_handler(WnShutdown);
    c->CancelOidRequestHandler = (void *)ndis_native_handler(WnCancelOidRequest);
    status = NdisMRegisterMiniportDriver(NULL, ndis_string("\\Registry\\Machine\\System\\wirenic"), NULL, c, driver);
    NDIS_ASSERT(status == NDIS_STATUS_SUCCESS);
    ((struct ndis_driver *)*driver)->record->host = true;
    heap_free(c);
    heap_free(driver);
}
