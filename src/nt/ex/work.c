/* SPDX-License-Identifier: MIT */
/*
 * nt/ex/work.c - worker threads.
 *
 * Model: every queued item runs on a fresh worker fiber, so any two items may run at once and in either order, as the
 * kernel's pool of workers allows. When no fiber is left, items wait for a worker that ends or for one in reserve: one
 * is made at init, and the last fibers that serve as workers stay on as such.
 * The item's routine and parameter are read when the worker begins; the item may be gone when it returns.
 */
#include "nt/ex/ex.h"

#include "nt/ps/ps.h"
#include "trace/event.h"

/* documented: 0xE1 when a routine comes back at DISPATCH_LEVEL or above. */
static void
run(struct ex_work_item *item)
{
    struct ex_state *ex = NT->ex;
    void (*entry)(void *) = item->entry;
    void *arg = item->arg;
    void *object = item->object;
    uint64_t routine = item->routine;

    mon_free(item, sizeof(*item));
    ex->work_queued--;
    ex->work_running++;
    trace_emit(EV_WORK_RUN, object, routine);
    entry(arg);
    if (irql_get() >= IRQL_DISPATCH)
        machine_bugcheck(0xe1, routine, irql_get(), (uint64_t)arg, (uint64_t)object);
    if (irql_get() != IRQL_PASSIVE)
        irql_lower(IRQL_PASSIVE);
    ex->work_running--;
}

static void
run_waiting(void)
{
    struct list_node *next;

    while ((next = list_pop_head(&NT->ex->work_waiting)) != NULL)
        run(list_entry(next, struct ex_work_item, link));
}

static void
reserve_worker(void *arg)
{
    (void)arg;
    for (;;) {
        run_waiting();
        sched_block(BLOCK_IDLE, 0, NULL, "has no work");
    }
}

/*
 * Fibers of an explored machine serve once. The last of them stay: an item that waits for another one must not be the
 * end of both.
 */
static void
worker(void *arg)
{
    struct ex_state *ex = NT->ex;

    run(arg);
    run_waiting();
    if (machine_is_native() || machine->fiber_count + EX_RESERVES < FIBER_MAX || ex->reserves == EX_RESERVES)
        return;
    fiber_self()->daemon = true;
    ex->reserve[ex->reserves++] = fiber_self();
    reserve_worker(NULL);
}

void
ex_work_init(struct ex_state *ex)
{
    list_init(&ex->work_waiting);
    ex->worker_site = ke_site("ExpWorkerThread");
    ex->reserve[ex->reserves++] =
        ps_thread_create("reserve worker", FIBER_SYSTEM, NULL, reserve_worker, NULL, true, NULL);
}

bool
ex_work(const char *name, void *object, uint64_t routine, void (*entry)(void *), void *arg)
{
    struct ex_state *ex = NT->ex;
    struct ex_work_item *item = mon_alloc(sizeof(*item));

    list_node_init(&item->link);
    item->object = object;
    item->routine = routine;
    item->entry = entry;
    item->arg = arg;
    ex->work_queued++;
    trace_emit(EV_WORK_QUEUE, object, routine);
    if (ps_thread_create(name, FIBER_SYSTEM, NULL, worker, item, false, NULL) == NULL) {
        list_add_tail(&ex->work_waiting, &item->link);
        for (unsigned i = 0; i < ex->reserves; i++)
            sched_wake(ex->reserve[i]);
    }
    return true;
}

unsigned
ex_work_pending(void)
{
    return NT->ex->work_queued + NT->ex->work_running;
}

/* ------------------------------------------------------------------ WORK_QUEUE_ITEM */

static void
run_queue_item(void *arg)
{
    PWORK_QUEUE_ITEM item = arg;
    uint64_t routine, parameter;

    sched_point(OP_INTERNAL, (uint64_t)item); /* dequeued: from here on it may be queued again */
    routine = (uint64_t)item->WorkerRoutine;
    parameter = (uint64_t)item->Parameter;
    item->List.Flink = NULL;
    ke_call(NT->ex->worker_site, routine, 1, (const uint64_t[4]){ parameter });
}

/*
 * ExQueueWorkItem - documented: an item that is queued already must not be queued again (bugcheck 0x96). observed: an
 * item is queued while List.Flink is not NULL.
 */
VOID NTAPI
ExQueueWorkItem(PWORK_QUEUE_ITEM WorkItem, WORK_QUEUE_TYPE QueueType)
{
    (void)QueueType;
    if (WorkItem->List.Flink != NULL)
        machine_bugcheck(0x96, (uint64_t)WorkItem, (uint64_t)WorkItem->List.Flink, 0, 0);
    WorkItem->List.Flink = WorkItem->List.Blink = &WorkItem->List;
    ex_work("worker", WorkItem, (uint64_t)WorkItem->WorkerRoutine, run_queue_item, WorkItem);
}
