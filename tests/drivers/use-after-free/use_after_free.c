/* SPDX-License-Identifier: MIT */
/* use_after_free.c - a write reads the length of a request from a structure it has just freed. */
#include "../common/plain.h"

typedef struct _UAF_REQUEST {
    ULONG_PTR Length;
    struct _UAF_REQUEST *Next;
} UAF_REQUEST, *PUAF_REQUEST;

static DRIVER_DISPATCH UafWrite;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"UseAfterFree"),
    .Write = UafWrite,
};

_Use_decl_annotations_ static NTSTATUS
UafWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PUAF_REQUEST volatile request;
    UAF_REQUEST none = { 0, NULL };

    UNREFERENCED_PARAMETER(DeviceObject);

    request = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*request), PLAIN_TAG);
    if (request == NULL)
        return PlainComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    request->Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    request->Next = &none;
    ExFreePoolWithTag(request, PLAIN_TAG);
    return PlainComplete(Irp, STATUS_SUCCESS, request->Next->Length);
}
