/* SPDX-License-Identifier: MIT */
/*
 * kasan.c - a driver whose write touches memory that it may not, in the way that WRONG names; 0: in no way.
 *
 * The block has 13 bytes: its last cell of eight is valid for five of them.
 */
#include "../drivers/common/plain.h"

#define SIZE 13

static DRIVER_DISPATCH KasanWrite;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"Kasan"),
    .Write = KasanWrite,
};

_Use_decl_annotations_ static NTSTATUS
KasanWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    POOL_TYPE type = WRONG == 6 || WRONG == 0 ? PagedPool : NonPagedPoolNx;
    UCHAR volatile *block = ExAllocatePoolWithTag(type, SIZE, PLAIN_TAG);
    UCHAR from[64] = { 0 };
    ULONG_PTR sum = 0;
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (block == NULL)
        return PlainComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    RtlFillMemory((PVOID)block, SIZE, 7);
    RtlCopyMemory((PVOID)block, from, WRONG == 5 ? length : SIZE); /* length is 60 in the battery */
    sum += block[SIZE - 1];
#if WRONG == 1
    sum += block[SIZE];
#elif WRONG == 2
    block[SIZE + 3] = 1;
#elif WRONG == 3
    sum += *(ULONG volatile *)(block + SIZE - 3);
#elif WRONG == 4
    sum += block[-1];
#elif WRONG == 6
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    sum += block[0];
    KeLowerIrql(irql);
#endif
    ExFreePoolWithTag((PVOID)block, PLAIN_TAG);
#if WRONG == 7
    block[0] = 1;
#endif
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    sum += from[0];
    KeLowerIrql(irql);
    return PlainComplete(Irp, STATUS_SUCCESS, length + sum * 0);
}
