/* SPDX-License-Identifier: MIT */
/*
 * many_threads.c - 200 threads from load to unload, each with a resource held shared. A read succeeds when
 * all hold it; a write waits until they have let it go, and has it exclusively then.
 */
#include "../common/plain.h"

#define THREADS 200

static KEVENT Release, Stop;
static ERESOURCE Resource;
static PVOID Thread[THREADS];
static LONG Holding;

static VOID NTAPI
ManyMain(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&Resource, TRUE);
    InterlockedIncrement(&Holding);
    KeWaitForSingleObject(&Release, Executive, KernelMode, FALSE, NULL);
    InterlockedDecrement(&Holding);
    ExReleaseResourceLite(&Resource);
    KeLeaveCriticalRegion();
    KeWaitForSingleObject(&Stop, Executive, KernelMode, FALSE, NULL);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID
ManyUnload(VOID)
{
    KeSetEvent(&Release, 0, FALSE);
    KeSetEvent(&Stop, 0, FALSE);
    for (ULONG i = 0; i < THREADS; i++)
        if (Thread[i] != NULL) {
            KeWaitForSingleObject(Thread[i], Executive, KernelMode, FALSE, NULL);
            ObDereferenceObject(Thread[i]);
        }
    ExDeleteResourceLite(&Resource);
}

static NTSTATUS
ManyLoad(PDRIVER_OBJECT DriverObject)
{
    NTSTATUS status = STATUS_SUCCESS;
    HANDLE handle;

    UNREFERENCED_PARAMETER(DriverObject);
    KeInitializeEvent(&Release, NotificationEvent, FALSE);
    KeInitializeEvent(&Stop, NotificationEvent, FALSE);
    ExInitializeResourceLite(&Resource);
    for (ULONG i = 0; i < THREADS && NT_SUCCESS(status); i++) {
        status = PsCreateSystemThread(&handle, SYNCHRONIZE, NULL, NULL, NULL, ManyMain, NULL);
        if (!NT_SUCCESS(status))
            break;
        ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode, &Thread[i], NULL);
        ZwClose(handle);
    }
    if (!NT_SUCCESS(status))
        ManyUnload();
    return status;
}

static DRIVER_DISPATCH ManyRead, ManyWrite;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"ManyThreads"),
    .Load = ManyLoad,
    .Unload = ManyUnload,
    .Read = ManyRead,
    .Write = ManyWrite,
};

_Use_decl_annotations_ static NTSTATUS
ManyRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return PlainComplete(Irp, Holding == THREADS ? STATUS_SUCCESS : STATUS_DEVICE_NOT_READY, 0);
}

_Use_decl_annotations_ static NTSTATUS
ManyWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    BOOLEAN alone;

    UNREFERENCED_PARAMETER(DeviceObject);
    KeSetEvent(&Release, 0, FALSE);
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&Resource, TRUE);
    alone = Holding == 0;
    ExReleaseResourceLite(&Resource);
    KeLeaveCriticalRegion();
    return PlainComplete(Irp, alone ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL, 0);
}
