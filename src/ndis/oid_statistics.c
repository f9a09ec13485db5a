/* SPDX-License-Identifier: MIT */
/*
 * ndis/oid_statistics.c - counters that NDIS takes from OID_GEN_STATISTICS.
 *
 * Model: documented: NDIS 6 miniports are asked for all their counters at once, and for none of the OIDs in the table
 * ("NDIS handles this OID", or "not requested"). So a request for one of them becomes a request of NDIS's own at the
 * miniport, and is answered from what that brings. A 5.x miniport is asked itself.
 */
#include <string.h>

#include "ndis/driver.h"
#include "ndis/legacy/legacy.h"
#include "ndis/misc.h"

/* Machine memory: the miniport fills it. */
struct statistics_request {
    struct ndis_object object;
    NDIS_OID_REQUEST request;
    NDIS_STATISTICS_INFO info;
    NDIS_OID_REQUEST *original;
    struct ndis_layer *source; /* who is told; NULL: `done` is */
    oid_done_fn done;
    uint64_t done_arg;
};

/* Where in NDIS_STATISTICS_INFO the counter stands; 0: none. */
static size_t
counter(uint32_t oid)
{
#define FIELD(name) offsetof(NDIS_STATISTICS_INFO, name)
    static const struct {
        uint32_t oid;
        uint16_t at;
    } counters[] = {
        { OID_GEN_BYTES_RCV, FIELD(ifHCInOctets) },
        { OID_GEN_BYTES_XMIT, FIELD(ifHCOutOctets) },
        { OID_GEN_RCV_DISCARDS, FIELD(ifInDiscards) },
        { OID_GEN_XMIT_DISCARDS, FIELD(ifOutDiscards) },
        { OID_GEN_RCV_ERROR, FIELD(ifInErrors) },
        { OID_GEN_XMIT_ERROR, FIELD(ifOutErrors) },
        { OID_GEN_RCV_NO_BUFFER, FIELD(ifInDiscards) }, /* assumed: the nearest that there is */
        { OID_GEN_DIRECTED_FRAMES_RCV, FIELD(ifHCInUcastPkts) },
        { OID_GEN_MULTICAST_FRAMES_RCV, FIELD(ifHCInMulticastPkts) },
        { OID_GEN_BROADCAST_FRAMES_RCV, FIELD(ifHCInBroadcastPkts) },
        { OID_GEN_DIRECTED_FRAMES_XMIT, FIELD(ifHCOutUcastPkts) },
        { OID_GEN_MULTICAST_FRAMES_XMIT, FIELD(ifHCOutMulticastPkts) },
        { OID_GEN_BROADCAST_FRAMES_XMIT, FIELD(ifHCOutBroadcastPkts) },
        { OID_GEN_DIRECTED_BYTES_RCV, FIELD(ifHCInUcastOctets) },
        { OID_GEN_MULTICAST_BYTES_RCV, FIELD(ifHCInMulticastOctets) },
        { OID_GEN_BROADCAST_BYTES_RCV, FIELD(ifHCInBroadcastOctets) },
        { OID_GEN_DIRECTED_BYTES_XMIT, FIELD(ifHCOutUcastOctets) },
        { OID_GEN_MULTICAST_BYTES_XMIT, FIELD(ifHCOutMulticastOctets) },
        { OID_GEN_BROADCAST_BYTES_XMIT, FIELD(ifHCOutBroadcastOctets) },
    };
#undef FIELD

    for (unsigned i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
        if (counters[i].oid == oid)
            return counters[i].at;
    return 0;
}

/* The original gets its number: eight bytes, or four where there is room for no more (assumed: as 5.x drivers do). */
static NDIS_STATUS
answer(struct statistics_request *own, NDIS_STATUS status)
{
    NDIS_OID_REQUEST *original = own->original;
    uint32_t room = original->DATA.QUERY_INFORMATION.InformationBufferLength;
    uint32_t size = room >= sizeof(uint64_t) ? sizeof(uint64_t) : sizeof(uint32_t);

    original->DATA.QUERY_INFORMATION.BytesWritten = 0;
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    original->DATA.QUERY_INFORMATION.BytesNeeded = sizeof(uint64_t);
    if (room < size)
        return NDIS_STATUS_BUFFER_TOO_SHORT;
    memcpy(original->DATA.QUERY_INFORMATION.InformationBuffer, (const char *)&own->info + counter(oid_of(original)),
           size);
    original->DATA.QUERY_INFORMATION.BytesWritten = size;
    return NDIS_STATUS_SUCCESS;
}

static void
own_done(struct oid_record *r, NDIS_STATUS status)
{
    struct statistics_request *own = (struct statistics_request *)r->done_arg;
    struct oid_record told = { .request = own->original, .done_arg = own->done_arg };
    struct ndis_layer *source = own->source;
    oid_done_fn done = own->done;

    status = answer(own, status);
    ndis_free(own);
    if (source != NULL)
        source->ledger->oids--;
    oid_tell(source, done, &told, status);
}

bool
oid_statistics(struct ndis_layer *source, struct ndis_layer *target, NDIS_OID_REQUEST *request, oid_done_fn done,
               uint64_t done_arg, NDIS_STATUS *status)
{
    struct statistics_request *own;

    if ((request->RequestType != NdisRequestQueryInformation && request->RequestType != NdisRequestQueryStatistics) ||
        counter(oid_of(request)) == 0 || target->kind != NDIS_LAYER_MINIPORT ||
        target->op[NDIS_OP_OID] == legacy_handler.oid)
        return false;
    own = ndis_object_alloc(NDIS_SIG_OID, sizeof(*own), "OID request of NDIS");
    if (own == NULL) {
        *status = NDIS_STATUS_RESOURCES;
        return true;
    }
    own->original = request;
    own->source = source;
    own->done = done;
    own->done_arg = done_arg;
    ndis_header_set(&own->request.Header, NDIS_OBJECT_TYPE_OID_REQUEST, NDIS_OID_REQUEST_REVISION_1,
                    NDIS_SIZEOF_OID_REQUEST_REVISION_1);
    own->request.RequestType = NdisRequestQueryInformation;
    own->request.PortNumber = request->PortNumber;
    own->request.DATA.QUERY_INFORMATION.Oid = OID_GEN_STATISTICS;
    own->request.DATA.QUERY_INFORMATION.InformationBuffer = &own->info;
    own->request.DATA.QUERY_INFORMATION.InformationBufferLength = sizeof(own->info);
    if (source != NULL)
        source->ledger->oids++;
    *status = oid_submit_to(NULL, target, &own->request, false, own_done, (uint64_t)own);
    if (*status == NDIS_STATUS_PENDING)
        return true;
    *status = answer(own, *status);
    ndis_free(own);
    if (source != NULL)
        source->ledger->oids--;
    return true;
}
