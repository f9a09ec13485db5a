/* SPDX-License-Identifier: MIT */
/* reinitializes.c - a driver that finishes its start in two more calls, whose code is in the INIT section. */
#include "../common/plain.h"

static NTSTATUS ReinitLoad(PDRIVER_OBJECT DriverObject);
static DRIVER_DISPATCH ReinitWrite;
static DRIVER_REINITIALIZE ReinitAgain, ReinitBoot;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"Reinitializes"),
    .Load = ReinitLoad,
    .Write = ReinitWrite,
};

static ULONG Calls;
static BOOLEAN BootCalled;

__attribute__((section("INIT"))) static VOID NTAPI
ReinitAgain(PDRIVER_OBJECT DriverObject, PVOID Context, ULONG Count)
{
    if (Context != &Calls || Count < ++Calls)
        KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, Calls, Count, 0, 0);
    if (Calls == 1)
        IoRegisterDriverReinitialization(DriverObject, ReinitAgain, Context);
}

__attribute__((section("INIT"))) static VOID NTAPI
ReinitBoot(PDRIVER_OBJECT DriverObject, PVOID Context, ULONG Count)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(Count);
    BootCalled = Context == NULL;
}

static NTSTATUS
ReinitLoad(PDRIVER_OBJECT DriverObject)
{
    Calls = 0;
    IoRegisterDriverReinitialization(DriverObject, ReinitAgain, &Calls);
    IoRegisterBootDriverReinitialization(DriverObject, ReinitBoot, NULL);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ static NTSTATUS
ReinitWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;

    UNREFERENCED_PARAMETER(DeviceObject);

    if (Calls != 2 || !BootCalled)
        KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, Calls, BootCalled, 1, 0);
    return PlainComplete(Irp, STATUS_SUCCESS, length);
}
