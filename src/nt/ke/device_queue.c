/* SPDX-License-Identifier: MIT */
/*
 * nt/ke/device_queue.c - KDEVICE_QUEUE.
 *
 * Model: the first insertion makes the queue busy and is refused (the caller goes on with its request), later ones are
 * queued. Removal from an empty queue makes it idle. The queue's spin lock is never held across a call.
 */
#include "nt/ke/state.h"

VOID NTAPI
KeInitializeDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    DeviceQueue->Type = DeviceQueueObject;
    DeviceQueue->Size = sizeof(*DeviceQueue);
    InitializeListHead(&DeviceQueue->DeviceListHead);
    DeviceQueue->Lock = 0;
    DeviceQueue->Busy = FALSE;
}

static BOOLEAN
insert(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry, bool by_key)
{
    LIST_ENTRY *at = &queue->DeviceListHead;

    entry->Inserted = queue->Busy;
    queue->Busy = TRUE;
    if (!entry->Inserted)
        return FALSE;
    if (by_key) /* before the first with a greater key: equal keys keep their order */
        for (at = queue->DeviceListHead.Flink; at != &queue->DeviceListHead; at = at->Flink)
            if (CONTAINING_RECORD(at, KDEVICE_QUEUE_ENTRY, DeviceListEntry)->SortKey > entry->SortKey)
                break;
    ke_list_insert_tail(at, &entry->DeviceListEntry);
    return TRUE;
}

BOOLEAN NTAPI
KeInsertDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry)
{
    return insert(DeviceQueue, DeviceQueueEntry, false);
}

BOOLEAN NTAPI
KeInsertByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry, ULONG SortKey)
{
    DeviceQueueEntry->SortKey = SortKey;
    return insert(DeviceQueue, DeviceQueueEntry, true);
}

PKDEVICE_QUEUE_ENTRY NTAPI
KeRemoveDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    PKDEVICE_QUEUE_ENTRY entry;

    if (IsListEmpty(&DeviceQueue->DeviceListHead)) {
        DeviceQueue->Busy = FALSE;
        return NULL;
    }
    entry = CONTAINING_RECORD(DeviceQueue->DeviceListHead.Flink, KDEVICE_QUEUE_ENTRY, DeviceListEntry);
    ke_list_remove(&entry->DeviceListEntry);
    entry->Inserted = FALSE;
    return entry;
}

/* documented: FALSE if the entry was not queued. */
BOOLEAN NTAPI
KeRemoveEntryDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry)
{
    (void)DeviceQueue;
    if (!DeviceQueueEntry->Inserted)
        return FALSE;
    ke_list_remove(&DeviceQueueEntry->DeviceListEntry);
    DeviceQueueEntry->Inserted = FALSE;
    return TRUE;
}
