/* SPDX-License-Identifier: MIT */
/*
 * items_wait.c - work items that wait for each other, after more of them than a machine has fibers.
 *
 * A write queues ITEMS one by one, each when the one before is done; then a row of ROW, each of which ends when the one
 * queued after it has. All of the row have to be served at once. The status of the write says whether they were.
 */
#include "../common/plain.h"

#define ITEMS 64
#define ROW   6

typedef struct _ITEM {
    PIO_WORKITEM WorkItem; /* keeps the device, and so the driver, until the routine returns */
    KEVENT Done;
} ITEM, *PITEM;

static ITEM Items[ROW];

static IO_WORKITEM_ROUTINE Nothing;
static IO_WORKITEM_ROUTINE WaitForNext;

_Use_decl_annotations_ static VOID
Nothing(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PITEM item = Context;

    UNREFERENCED_PARAMETER(DeviceObject);

    IoFreeWorkItem(item->WorkItem);
    KeSetEvent(&item->Done, 0, FALSE);
}

_Use_decl_annotations_ static VOID
WaitForNext(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PITEM item = Context;

    KeWaitForSingleObject(&item[1].Done, Executive, KernelMode, FALSE, NULL);
    Nothing(DeviceObject, item);
}

static VOID
Queue(PDEVICE_OBJECT DeviceObject, PITEM Item, PIO_WORKITEM_ROUTINE Routine)
{
    Item->WorkItem = IoAllocateWorkItem(DeviceObject);
    IoQueueWorkItem(Item->WorkItem, Routine, DelayedWorkQueue, Item);
}

_Use_decl_annotations_ static NTSTATUS
ItemsWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    LARGE_INTEGER limit = { .QuadPart = -10000000 }; /* 1 s */
    NTSTATUS status;

    for (ULONG i = 0; i < ITEMS; i++) {
        KeInitializeEvent(&Items[0].Done, NotificationEvent, FALSE);
        Queue(DeviceObject, &Items[0], Nothing);
        KeWaitForSingleObject(&Items[0].Done, Executive, KernelMode, FALSE, NULL);
    }
    for (ULONG i = 0; i < ROW; i++)
        KeInitializeEvent(&Items[i].Done, NotificationEvent, FALSE);
    for (ULONG i = 0; i < ROW; i++)
        Queue(DeviceObject, &Items[i], i + 1 < ROW ? WaitForNext : Nothing);
    status = KeWaitForSingleObject(&Items[0].Done, Executive, KernelMode, FALSE, &limit);
    DbgPrint("the row: %08x\n", status);
    return PlainComplete(Irp, status, 0);
}

PLAIN_DRIVER PlainDriver = { PLAIN_NAMES(L"ItemsWait"), .Write = ItemsWrite };
