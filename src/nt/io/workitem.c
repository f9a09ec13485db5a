/* SPDX-License-Identifier: MIT */
/*
 * nt/io/workitem.c - work items that belong to a device or driver.
 *
 * Model: queueing references the device, the worker drops the reference after the routine returned; so the device's
 * memory outlives queued work, and with it the driver's image (documented). The routine may free the item, so the
 * worker goes by a copy made when it was queued.
 */
#include "nt/io/io.h"

#include <string.h>

#include "nt/ke/ke.h"
#include "nt/ob/ob.h"
#include "trace/event.h"

/* Machine memory, opaque to drivers. */
struct _IO_WORKITEM {
    WORK_QUEUE_ITEM WorkItem;
    PVOID IoObject;
    PVOID Routine;
    PVOID Context;
    ULONG Queued;
    ULONG Type;
};

/* Monitor memory. */
struct queued {
    struct list_node link; /* io_state.work until the routine has returned */
    PIO_WORKITEM item;
    PVOID object;
    uint64_t routine, context;
    bool extended;
};

static void
init_item(PIO_WORKITEM item, PVOID object)
{
    memset(item, 0, sizeof(*item));
    item->IoObject = object;
}

PIO_WORKITEM NTAPI
IoAllocateWorkItem(PDEVICE_OBJECT DeviceObject)
{
    PIO_WORKITEM item = ex_fault('kWoI') ? NULL : heap_alloc(sizeof(*item), 'kWoI');

    if (item == NULL)
        return NULL;
    init_item(item, DeviceObject);
    heap_find((uint64_t)item)->use = NT_USE_WORK_ITEM;
    return item;
}

/* A queued item may not be freed (documented). */
static void
check_idle(PIO_WORKITEM item)
{
    sched_touch((uint64_t)item);
    if (item->Queued)
        trace_emit(EV_IO_MISUSE, item, IO_MISUSE_WORK_ITEM_FREED, (uint64_t)item->Routine);
}

VOID NTAPI
IoFreeWorkItem(PIO_WORKITEM IoWorkItem)
{
    check_idle(IoWorkItem);
    heap_free(IoWorkItem);
}

VOID NTAPI
IoInitializeWorkItem(PVOID IoObject, PIO_WORKITEM IoWorkItem)
{
    init_item(IoWorkItem, IoObject);
}

VOID NTAPI
IoUninitializeWorkItem(PIO_WORKITEM IoWorkItem)
{
    check_idle(IoWorkItem);
}

ULONG NTAPI
IoSizeofWorkItem(VOID)
{
    return sizeof(struct _IO_WORKITEM);
}

static void
run(void *arg)
{
    struct queued *q = arg;
    const struct heap_block *b = heap_find((uint64_t)q->item);

    sched_touch((uint64_t)q->item);
    if (b == NULL || !b->freed)
        q->item->Queued = 0; /* it may be queued again from its own routine */
    if (q->extended)
        GUEST_CALL(io_site.IopProcessWorkItem, q->routine, (uint64_t)q->object, q->context, (uint64_t)q->item);
    else
        GUEST_CALL(io_site.IopProcessWorkItem, q->routine, (uint64_t)q->object, q->context);
    list_del(&q->link);
    if (NT->io->work_waiter != NULL)
        sched_wake(NT->io->work_waiter);
    NT->io->work_waiter = NULL;
    ob_dereference(q->object);
}

/* A work item belongs to a device or to a driver itself (documented: IoInitializeWorkItem). */
static PDRIVER_OBJECT
driver_of(PVOID object)
{
    return ob_type(object) == NT->ob->variables->IoDriverObjectType ? object : ((PDEVICE_OBJECT)object)->DriverObject;
}

void
io_work_wait(PDRIVER_OBJECT driver)
{
    struct queued *q;

again:
    list_for_each (q, &NT->io->work, link) {
        if (driver_of(q->object) != driver)
            continue;
        NT->io->work_waiter = fiber_self();
        sched_block(BLOCK_INTERNAL, (uint64_t)q->item, NULL, "unloading a driver waits for its queued work items");
        goto again;
    }
}

static void
queue(PIO_WORKITEM item, PVOID routine, PVOID context, bool extended)
{
    struct queued *q;

    if (item->Queued) {
        trace_emit(EV_IO_MISUSE, item, IO_MISUSE_WORK_ITEM_QUEUED, (uint64_t)routine);
        return;
    }
    q = mon_alloc(sizeof(*q));
    *q = (struct queued){ .item = item,
                          .object = item->IoObject,
                          .routine = (uint64_t)routine,
                          .context = (uint64_t)context,
                          .extended = extended };
    list_add_tail(&NT->io->work, &q->link);
    item->Queued = 1;
    item->Routine = routine;
    item->Context = context;
    ob_reference(item->IoObject);
    if (!ex_work("work item", item, q->routine, run, q))
        machine_unsupported(io_site.IopProcessWorkItem, "more worker threads at once than this machine has");
}

VOID NTAPI
IoQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE WorkerRoutine, WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    (void)QueueType;
    queue(IoWorkItem, (PVOID)WorkerRoutine, Context, false);
}

VOID NTAPI
IoQueueWorkItemEx(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine, WORK_QUEUE_TYPE QueueType,
                  PVOID Context)
{
    (void)QueueType;
    queue(IoWorkItem, (PVOID)WorkerRoutine, Context, true);
}
