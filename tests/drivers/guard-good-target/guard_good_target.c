/* SPDX-License-Identifier: MIT */
/* guard_good_target.c - calls through pointers as they should be: own functions, and one of the kernel's. */
#include "../common/plain.h"

static DRIVER_DISPATCH GuardWrite;
static NTSTATUS GuardLoad(PDRIVER_OBJECT DriverObject);

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"GuardGoodTarget"),
    .Load = GuardLoad,
    .Write = GuardWrite,
};

typedef KIRQL (*volatile GET_IRQL)(VOID);

static ULONG
Count(ULONG Length)
{
    return Length;
}

static ULONG
CountTwice(ULONG Length)
{
    return 2 * Length;
}

static ULONG (*const volatile Handlers[2])(ULONG Length) = { Count, CountTwice };

static NTSTATUS
GuardLoad(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"KeGetCurrentIrql");
    GET_IRQL irql = (GET_IRQL)(ULONG_PTR)MmGetSystemRoutineAddress(&name);

    UNREFERENCED_PARAMETER(DriverObject);

    return irql != NULL && irql() == PASSIVE_LEVEL ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

_Use_decl_annotations_ static NTSTATUS
GuardWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;

    UNREFERENCED_PARAMETER(DeviceObject);

    return PlainComplete(Irp, STATUS_SUCCESS, Handlers[1](length) - Handlers[0](length));
}
