/* SPDX-License-Identifier: MIT */
/*
 * ndis/misc_work.c - NDIS work items: a driver's routine on a worker thread.
 *
 * Model: documented as I/O work items of the device or driver behind the NDIS handle; so that object is referenced
 * while the item is queued. The routine may free its item.
 */
#include "ndis/misc.h"

#include "nt/io/io.h"
#include "nt/nt.h"

/* Machine memory; the handle is its address. */
struct ndis_work_item {
    struct ndis_object object;
    void *io_object; /* DRIVER_OBJECT or DEVICE_OBJECT */
    uint64_t queued;
};

/* One queueing; monitor memory. */
struct queued_item {
    struct ndis_work_item *item;
    void *io_object;
    uint64_t routine, context;
};

/* NULL: not a handle that a work item can belong to (documented: a protocol's). */
static void *
io_object_of(NDIS_HANDLE handle)
{
    const struct ndis_object *object = handle;

    switch (object->signature) {
    case NDIS_SIG_MINIPORT_DRIVER:
    case NDIS_SIG_FILTER_DRIVER:
        return ((const struct ndis_driver *)handle)->driver_object;
    case NDIS_SIG_ADAPTER:
        return ((const struct ndis_adapter *)handle)->driver->driver.driver_object;
    case NDIS_SIG_FILTER:
        return ((const struct ndis_filter *)handle)->driver->driver.driver_object;
    case NDIS_SIG_DEVICE:
        return ndis_device_object(handle);
    default:
        return NULL;
    }
}

/*
 * NdisAllocateIoWorkItem - Source: documented. IRQL: <= DISPATCH_LEVEL.
 * Ownership: the caller's until NdisFreeIoWorkItem. Returns NULL if there is no memory or the handle is none of a
 * miniport, filter or NDIS device.
 */
NDIS_HANDLE NTAPI
NdisAllocateIoWorkItem(NDIS_HANDLE NdisObjectHandle)
{
    void *io_object = io_object_of(NdisObjectHandle);
    struct ndis_work_item *item;

    if (io_object == NULL)
        return NULL;
    item = ndis_object_alloc(NDIS_SIG_WORK_ITEM, sizeof(*item), "NDIS work item");
    if (item != NULL)
        item->io_object = io_object;
    return item;
}

/* NdisFreeIoWorkItem - not while it is queued. Source: documented. IRQL: <= DISPATCH_LEVEL. */
void NTAPI
NdisFreeIoWorkItem(NDIS_HANDLE NdisIoWorkItemHandle)
{
    struct ndis_work_item *item = NdisIoWorkItemHandle;

    if (item->queued != 0)
        trace_emit(EV_IO_MISUSE, item, IO_MISUSE_WORK_ITEM_FREED, item->queued);
    ndis_free(item);
}

static void
run(void *arg)
{
    struct queued_item q = *(struct queued_item *)arg;
    const struct heap_block *block = heap_find((uint64_t)q.item);

    sched_touch((uint64_t)q.item);
    if (block == NULL || !block->freed)
        q.item->queued = 0; /* its routine may queue it again */
    NDIS_CALL(ndis_site.ndisInvokeWorkItem, q.routine, q.context, (uint64_t)q.item);
    ob_dereference(q.io_object);
}

/*
 * NdisQueueIoWorkItem - call Routine(WorkItemContext, handle) at PASSIVE_LEVEL on a worker thread.
 *
 * Source:    documented; an item that is queued already is an event and otherwise nothing (assumed: Windows corrupts
 *            its queue).
 * IRQL:      <= DISPATCH_LEVEL
 */
void NTAPI
NdisQueueIoWorkItem(NDIS_HANDLE NdisIoWorkItemHandle, NDIS_IO_WORKITEM_ROUTINE Routine, PVOID WorkItemContext)
{
    struct ndis_work_item *item = NdisIoWorkItemHandle;
    struct queued_item *q;

    if (item->queued != 0) {
        trace_emit(EV_IO_MISUSE, item, IO_MISUSE_WORK_ITEM_QUEUED, (uint64_t)Routine);
        return;
    }
    q = mon_alloc(sizeof(*q));
    *q = (struct queued_item){ item, item->io_object, (uint64_t)Routine, (uint64_t)WorkItemContext };
    ob_reference(q->io_object);
    item->queued = (uint64_t)Routine;
    if (!ex_work("NDIS work item", item, (uint64_t)Routine, run, q))
        machine_unsupported(ndis_site.ndisInvokeWorkItem, "more worker threads at once than this machine has");
}
