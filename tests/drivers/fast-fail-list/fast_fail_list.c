/* SPDX-License-Identifier: MIT */
/* fast_fail_list.c - a write takes an entry off its list twice; a __try around it does not help. */
#include "../common/plain.h"

static DRIVER_DISPATCH ListWrite;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"FastFailList"),
    .Write = ListWrite,
};

_Use_decl_annotations_ static NTSTATUS
ListWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    LIST_ENTRY head, entry[2];

    UNREFERENCED_PARAMETER(DeviceObject);

    InitializeListHead(&head);
    InsertTailList(&head, &entry[0]);
    InsertTailList(&head, &entry[1]);
    __try {
        RemoveEntryList(&entry[0]);
        RemoveEntryList(&entry[0]);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return PlainComplete(Irp, STATUS_UNSUCCESSFUL, 0);
    }
    return PlainComplete(Irp, STATUS_SUCCESS, 0);
}
