/* SPDX-License-Identifier: MIT */
/*
 * ndis/misc.h - what the service files of src/ndis share: OID requests, status, devices, timers, configuration.
 *
 * Model: one root in monitor memory (ndis_root.misc). An OID request lives one hop, from the layer that asked to the
 * layer that answers; a struct oid_record remembers the hop. Everything else here hangs off objects drivers hold.
 * Start reading at: oid_submit() (oid.c).
 */
#ifndef NDIS_MISC_H
#define NDIS_MISC_H

#include "ndis/ndis.h"

/* Signatures of objects made here. */
enum {
    NDIS_SIG_DEVICE = NDIS_SIGNATURE('N', 'd', 'd', 'v'),
    NDIS_SIG_TIMER = NDIS_SIGNATURE('N', 'd', 't', 'm'),
    NDIS_SIG_WORK_ITEM = NDIS_SIGNATURE('N', 'd', 'w', 'i'),
    NDIS_SIG_CONFIG = NDIS_SIGNATURE('N', 'd', 'c', 'f'),
    NDIS_SIG_RW_LOCK = NDIS_SIGNATURE('N', 'd', 'r', 'w'),
    NDIS_SIG_OID = NDIS_SIGNATURE('N', 'd', 'o', 'r'),
    NDIS_SIG_GENERIC = NDIS_SIGNATURE('N', 'd', 'g', 'o'),
};

/* ------------------------------------------------------------------ OID requests (oid.c) */

enum oid_state {
    OID_QUEUED,   /* waits until the target has answered an earlier one */
    OID_STARTING, /* a worker is about to call the target */
    OID_IN_HANDLER,
    OID_PENDED, /* the handler returned NDIS_STATUS_PENDING */
    OID_EARLY,  /* completed while its handler still runs */
};

struct oid_record;
typedef void (*oid_done_fn)(struct oid_record *r, NDIS_STATUS status);

/* One hop of one request. Monitor memory, reused. */
struct oid_record {
    struct list_node node; /* ndis_misc.oids, in order of submission */
    NDIS_OID_REQUEST *request;
    struct ndis_layer *source;  /* who is told; NULL: `done` is */
    struct ndis_ledger *ledger; /* the source's */
    struct ndis_layer *target;  /* whose handler it is */
    oid_done_fn done;           /* requests of NDIS's own */
    uint64_t done_arg;
    uint64_t request_id; /* as the request had it when it came */
    uint32_t oid;
    uint8_t state; /* enum oid_state */
    bool direct;
    bool cancelled;        /* the target was asked to give it up */
    uint32_t serial;       /* of this use of the record */
    struct mtimer timeout; /* armed if the request has a Timeout */
    uint32_t overdue;      /* the serial whose time was over last */
};

/* Per layer; what adapter.oid, filter.oid and binding.oid point at. Monitor memory. */
struct oid_gate {
    bool closed; /* being drained */
    bool draining;
    uint32_t synchronous;  /* synchronous requests that have this layer on their way */
    struct ndis_wait wait; /* set when the last request that this layer handles is done */
};

/* Queue or deliver. NDIS_STATUS_PENDING: `source` (or done) is told later. */
NDIS_STATUS oid_submit(struct ndis_layer *source, struct ndis_layer *from, NDIS_OID_REQUEST *request, bool direct,
                       oid_done_fn done, uint64_t done_arg);

/* The same, to a layer that is known. */
NDIS_STATUS oid_submit_to(struct ndis_layer *source, struct ndis_layer *target, NDIS_OID_REQUEST *request, bool direct,
                          oid_done_fn done, uint64_t done_arg);

/* Let target have the next request that waits for it, if there is one and it may have one. */
void oid_start_next(struct ndis_layer *target);

/* Is the target at it, or about to be? */
bool oid_record_active(const struct oid_record *r);
/* Completion that was not returned by the handler. Emits, makes room for the next, tells who asked; r is gone. */
void oid_record_complete(struct oid_record *r, NDIS_STATUS status);
/* Ask the target to give r up; one that still waits is completed here. */
void oid_record_cancel(struct oid_record *r);

struct oid_gate *oid_gate_of(const struct ndis_layer *layer);
/* A request that layer was handling is gone: a drain may be waiting for the last. */
void oid_gate_check(struct ndis_layer *layer);

/*
 * Tell who asked: done, or source by its handler. A source that is gone faults here, as it does in ndis.sys. copy: the
 * record as it was.
 */
void oid_tell(struct ndis_layer *source, oid_done_fn done, struct oid_record *copy, NDIS_STATUS status);
/* oid_statistics.c: a counter that is asked of a miniport. true: *status is the answer, or NDIS_STATUS_PENDING. */
bool oid_statistics(struct ndis_layer *source, struct ndis_layer *target, NDIS_OID_REQUEST *request, oid_done_fn done,
                    uint64_t done_arg, NDIS_STATUS *status);
/* oid_answer.c: requests that NDIS answers for a miniport. false: the miniport is asked. */
bool oid_answer(struct ndis_adapter *ad, NDIS_OID_REQUEST *request, NDIS_STATUS *status);
/* oid_set.c: sets whose effect is the sum over bindings. true: *status is what NdisOidRequest returns. */
bool oid_set_combined(struct ndis_binding *b, NDIS_OID_REQUEST *request, NDIS_STATUS *status);
/* The multicast addresses of all bindings, without repetition, in bytes; for how many there must be room. */
uint32_t ndis_multicast_bytes(const struct ndis_adapter *ad);
uint32_t ndis_multicast_union(const struct ndis_adapter *ad, uint8_t *out);

/* The OID number of a request of any type. */
static inline uint32_t
oid_of(const NDIS_OID_REQUEST *request)
{
    return request->DATA.QUERY_INFORMATION.Oid; /* all three variants begin with it */
}

extern const struct ndis_header_spec ndis_oid_request_header;

/* ------------------------------------------------------------------ the root */

/* Exports that name themselves in HEADER_MISUSE or in stack traces. */
#define MISC_SITES(X)                                                                                     \
    X(NdisOidRequest)                                                                                     \
    X(NdisFOidRequest)                                                                                    \
    X(NdisDirectOidRequest)                                                                               \
    X(NdisFDirectOidRequest)                                                                              \
    X(NdisSynchronousOidRequest)                                                                          \
    X(NdisFSynchronousOidRequest)                                                                         \
    X(NdisRegisterDeviceEx)                                                                               \
    X(NdisAllocateTimerObject) X(NdisOpenConfigurationEx) X(NdisMIndicateStatusEx) X(NdisFIndicateStatus) \
        X(NdisMOidRequestComplete)

struct misc_sites {
#define X(name) uint32_t name;
    MISC_SITES(X)
#undef X
};
extern struct misc_sites misc_site; /* const after init */

/* ndis_root.misc. Monitor memory. */
struct ndis_misc {
    struct list oids; /* struct oid_record */
    uint32_t oid_serial;
    struct list if_stack; /* struct if_stack_entry (misc_log.c) */
    struct list devices; /* struct ndis_device_record */
    uint64_t dispatch;    /* address of ndis!ndisDummyIrpHandler: routes IRPs by device */
};

static inline struct ndis_misc *
ndis_misc(void)
{
    return ndis_root()->misc;
}

/* Device object of an NdisDeviceHandle. */
DEVICE_OBJECT *ndis_device_object(NDIS_HANDLE handle);

/* ------------------------------------------------------------------ configuration (config.c) */

/*
 * Registry path, UTF-8, of the key that NdisOpenConfigurationEx opens for an NDIS handle (driver, adapter, module,
 * binding, bind parameters). false: not such a handle.
 */
bool ndis_config_path(void *handle, char *out, size_t room);
/* The same for a nic, enabled or not: ndis_nic.config, a path of the host's, or else one by number. */
void ndis_config_nic_path(const struct ndis_nic *nic, char *out, size_t room);

void ndis_timer_init(void);

#define NDIS_BUGCHECK                   0x7cu
#define BUGCHECK_INVALID_OID_COMPLETION 0x26u

/* Exported, but declared by no DDK header. */
VOID NTAPI NdisGetSystemUpTime(PULONG pSystemUpTime);
ULONG NTAPI NdisSystemActiveProcessorCount(PKAFFINITY ActiveProcessors);
ULONG NTAPI NdisGroupMaxProcessorCount(USHORT Group);
NDIS_STATUS NTAPI NdisAllocateMemory(PVOID *VirtualAddress, UINT Length, UINT MemoryFlags,
                                     NDIS_PHYSICAL_ADDRESS HighestAcceptableAddress);
void NTAPI NdisWriteErrorLogEntry_va(NDIS_HANDLE NdisAdapterHandle, ULONG ErrorCode, ULONG NumberOfErrorValues,
                                     const uint64_t *va);
NTSTATUS NTAPI NdisProcessorIndexToNumber(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNum);

/* device.c: in the table of exports, so that a driver object can point at it. */
NTSTATUS NTAPI ndisDummyIrpHandler(PDEVICE_OBJECT DeviceObject, PIRP Irp);

#endif
