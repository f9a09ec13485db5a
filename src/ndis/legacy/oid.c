/* SPDX-License-Identifier: MIT */
/*
 * ndis/legacy/oid.c - OID requests and status indications of 5.x miniports.
 *
 * Model: the core gives a miniport one regular request at a time (documented for both generations); it becomes a call
 * of MiniportQueryInformation or MiniportSetInformation at DISPATCH_LEVEL, whose counts stand in the adapter's block
 * because a handler that pends fills them later. The wrapper asks a few things itself while it starts an adapter.
 */
#include "ndis/legacy/legacy.h"

#include <string.h>

/* The answer has come: at once or by completion. */
static void
finish(struct legacy_adapter *la, NDIS_STATUS status)
{
    NDIS_OID_REQUEST *r = la->oid;

    if (la->oid_query) {
        r->DATA.QUERY_INFORMATION.BytesWritten = status == NDIS_STATUS_SUCCESS ? la->block->oid_done : 0;
        r->DATA.QUERY_INFORMATION.BytesNeeded = la->block->oid_needed;
    } else {
        r->DATA.SET_INFORMATION.BytesRead = la->block->oid_done;
        r->DATA.SET_INFORMATION.BytesNeeded = la->block->oid_needed;
    }
    la->oid = NULL;
    la->oid_age = 0;
}

static void
complete(struct legacy_adapter *la, NDIS_STATUS status)
{
    NDIS_OID_REQUEST *r = la->oid;

    finish(la, status);
    if (la->oid_own)
        ndis_wait_done(&la->oid_wait, status);
    else
        NdisMOidRequestComplete(la->ad, r, status);
}

static NDIS_STATUS
call(struct legacy_adapter *la)
{
    NDIS_OID_REQUEST *r = la->oid;
    const NDIS_MINIPORT_CHARACTERISTICS *c = &la->ld->chars;
    uint8_t irql = irql_raise(IRQL_DISPATCH);
    NDIS_STATUS status;

    la->oid_inside = true;
    la->oid_early = false;
    la->block->oid_done = la->block->oid_needed = 0;
    la->oid_query = r->RequestType != NdisRequestSetInformation;
    status = (NDIS_STATUS)NDIS_CALL(
        legacy_site.ndisMDoRequest5,
        la->oid_query ? (ndis_fn)c->QueryInformationHandler : (ndis_fn)c->SetInformationHandler, la->context, oid_of(r),
        (uint64_t)r->DATA.QUERY_INFORMATION.InformationBuffer, r->DATA.QUERY_INFORMATION.InformationBufferLength,
        (uint64_t)&la->block->oid_done, (uint64_t)&la->block->oid_needed);
    la->oid_inside = false;
    irql_lower(irql);
    return la->oid_early ? la->oid_status : status;
}

static void
call_deferred(struct legacy_adapter *la, void *arg)
{
    NDIS_STATUS *answer = arg;
    NDIS_STATUS status = call(la);

    if (answer != NULL)
        *answer = status;
    else if (status != NDIS_STATUS_PENDING)
        complete(la, status);
}

/* Under the lock if there is one. PENDING: complete() follows. */
static NDIS_STATUS
ask(struct legacy_adapter *la, NDIS_OID_REQUEST *r)
{
    NDIS_STATUS status = NDIS_STATUS_PENDING;

    sched_touch((uint64_t)la);
    la->oid = r;
    if (!la->deserialized && la->held)
        legacy_run(la, call_deferred, NULL);
    else
        legacy_run(la, call_deferred, &status);
    if (status != NDIS_STATUS_PENDING)
        finish(la, status);
    return status;
}

uint64_t
legacy_oid(const uint64_t *args)
{
    struct legacy_adapter *la = (struct legacy_adapter *)args[0];
    NDIS_OID_REQUEST *r = (NDIS_OID_REQUEST *)args[1];

    if (r->RequestType == NdisRequestMethod)
        return (uint32_t)NDIS_STATUS_NOT_SUPPORTED; /* NDIS 5.x has none */
    if (la->resetting)
        return (uint32_t)NDIS_STATUS_RESET_IN_PROGRESS;
    return (uint32_t)ask(la, r);
}

/* The wrapper's own request, waited for. */
static NDIS_STATUS
own_request(struct legacy_adapter *la, NDIS_OID_REQUEST *r)
{
    NDIS_STATUS status;

    la->oid_own = true;
    la->oid_wait = (struct ndis_wait){ 0 };
    status = ask(la, r);
    if (status == NDIS_STATUS_PENDING)
        status = ndis_wait(
            &la->oid_wait, (uint64_t)la->block,
            ndis_words("waits for %s to complete an OID request%s", ndis_layer_driver_name(&la->ad->layer), ""));
    la->oid_own = false;
    return status;
}

NDIS_STATUS
legacy_query(struct legacy_adapter *la, NDIS_OID oid, void *buffer, uint32_t length, uint32_t *written)
{
    NDIS_OID_REQUEST *r = ndis_alloc(sizeof(*r) + length, NDIS_SIG_OID, "OID request of NDIS");
    NDIS_STATUS status;

    *written = 0;
    if (r == NULL)
        return NDIS_STATUS_RESOURCES;
    r->RequestType = NdisRequestQueryInformation;
    r->DATA.QUERY_INFORMATION.Oid = oid;
    r->DATA.QUERY_INFORMATION.InformationBuffer = r + 1;
    r->DATA.QUERY_INFORMATION.InformationBufferLength = length;
    status = own_request(la, r);
    if (status == NDIS_STATUS_SUCCESS && r->DATA.QUERY_INFORMATION.BytesWritten <= length) {
        *written = r->DATA.QUERY_INFORMATION.BytesWritten;
        memcpy(buffer, r + 1, *written);
    }
    ndis_free(r);
    return status;
}

static void
completed(NDIS_HANDLE handle, NDIS_STATUS status)
{
    struct legacy_adapter *la = legacy_adapter_of(handle);

    sched_touch((uint64_t)la);
    if (la->oid == NULL || la->oid_early) {
        trace_emit(EV_STATE_MISUSE, handle, NDIS_MISUSE_COMPLETE_UNEXPECTED, NDIS_LAYER_MINIPORT, (uint64_t)la->ad,
                   la->ad->layer.state);
        return;
    }
    if (la->oid_inside) {
        la->oid_early = true;
        la->oid_status = status;
        return;
    }
    complete(la, status);
}

/*
 * NdisMQueryInformationComplete, NdisMSetInformationComplete - a request that had been pended.
 *
 * Source: documented. IRQL: DISPATCH_LEVEL
 */
VOID NTAPI
NdisMQueryInformationComplete(NDIS_HANDLE MiniportAdapterHandle, NDIS_STATUS Status)
{
    completed(MiniportAdapterHandle, Status);
}

VOID NTAPI
NdisMSetInformationComplete(NDIS_HANDLE MiniportAdapterHandle, NDIS_STATUS Status)
{
    completed(MiniportAdapterHandle, Status);
}

/* ------------------------------------------------------------------ status */

static void
indicate_link(struct legacy_adapter *la, bool connected)
{
    struct ndis_adapter *ad = la->ad;
    NDIS_STATUS_INDICATION *s;
    NDIS_LINK_STATE *link;

    la->linked = connected;
    if (!ad->general_set)
        return; /* while it initializes: the attributes say it */
    s = guest_alloc(sizeof(*s));
    link = guest_alloc(sizeof(*link));
    ndis_header_set(&link->Header, NDIS_OBJECT_TYPE_DEFAULT, NDIS_LINK_STATE_REVISION_1,
                    NDIS_SIZEOF_LINK_STATE_REVISION_1);
    link->MediaConnectState = connected ? MediaConnectStateConnected : MediaConnectStateDisconnected;
    link->MediaDuplexState = ad->duplex_state;
    link->XmitLinkSpeed = connected ? ad->general.XmitLinkSpeed : NDIS_LINK_SPEED_UNKNOWN;
    link->RcvLinkSpeed = connected ? ad->general.RcvLinkSpeed : NDIS_LINK_SPEED_UNKNOWN;
    link->PauseFunctions = NdisPauseFunctionsUnknown;
    ndis_header_set(&s->Header, NDIS_OBJECT_TYPE_STATUS_INDICATION, NDIS_STATUS_INDICATION_REVISION_1,
                    NDIS_SIZEOF_STATUS_INDICATION_REVISION_1);
    s->SourceHandle = ad;
    s->StatusCode = NDIS_STATUS_LINK_STATE;
    s->StatusBuffer = link;
    s->StatusBufferSize = sizeof(*link);
    NdisMIndicateStatusEx(ad, s);
}

/*
 * NdisMIndicateStatus - a 5.x miniport says that something changed.
 *
 * Source:    documented; media connect and disconnect become NDIS_STATUS_LINK_STATE (documented), other codes go up as
 *            they are (assumed); before the attributes are set they are dropped (assumed).
 * IRQL:      DISPATCH_LEVEL; <= for deserialized drivers.
 * Ownership: borrows StatusBuffer.
 */
VOID NTAPI
NdisMIndicateStatus(NDIS_HANDLE MiniportAdapterHandle, NDIS_STATUS GeneralStatus, PVOID StatusBuffer,
                    UINT StatusBufferSize)
{
    struct legacy_adapter *la = legacy_adapter_of(MiniportAdapterHandle);
    NDIS_STATUS_INDICATION *s;

    sched_touch((uint64_t)la);
    if (GeneralStatus == NDIS_STATUS_MEDIA_CONNECT || GeneralStatus == NDIS_STATUS_MEDIA_DISCONNECT) {
        indicate_link(la, GeneralStatus == NDIS_STATUS_MEDIA_CONNECT);
        return;
    }
    if (!la->ad->general_set)
        return;
    s = guest_alloc(sizeof(*s));
    ndis_header_set(&s->Header, NDIS_OBJECT_TYPE_STATUS_INDICATION, NDIS_STATUS_INDICATION_REVISION_1,
                    NDIS_SIZEOF_STATUS_INDICATION_REVISION_1);
    s->SourceHandle = la->ad;
    s->StatusCode = GeneralStatus;
    s->StatusBuffer = StatusBuffer;
    s->StatusBufferSize = StatusBufferSize;
    NdisMIndicateStatusEx(la->ad, s);
}

/* NdisMIndicateStatusComplete - documented: one NDIS 6 indication stands for the pair; this half says nothing more. */
VOID NTAPI
NdisMIndicateStatusComplete(NDIS_HANDLE MiniportAdapterHandle)
{
    sched_touch((uint64_t)legacy_adapter_of(MiniportAdapterHandle));
}
