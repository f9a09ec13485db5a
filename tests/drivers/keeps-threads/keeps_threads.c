/* SPDX-License-Identifier: MIT */
/*
 * keeps_threads.c - a driver with two threads of its own from load to unload: one waits for work without a limit, one
 * wakes every ten milliseconds. A write is work for the first.
 */
#include "../common/plain.h"

static KEVENT Work, Stop, Worked;
static PVOID Worker, Watch;
static BOOLEAN Ending;

static VOID NTAPI
WorkerMain(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (;;) {
        KeWaitForSingleObject(&Work, Executive, KernelMode, FALSE, NULL);
        if (Ending)
            break;
        KeSetEvent(&Worked, 0, FALSE);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID NTAPI
WatchMain(PVOID Context)
{
    LARGE_INTEGER ten;

    UNREFERENCED_PARAMETER(Context);
    ten.QuadPart = -10 * 10000;
    while (KeWaitForSingleObject(&Stop, Executive, KernelMode, FALSE, &ten) == STATUS_TIMEOUT)
        ;
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static PVOID
Start(PKSTART_ROUTINE Main)
{
    PVOID thread = NULL;
    HANDLE handle;

    if (!NT_SUCCESS(PsCreateSystemThread(&handle, SYNCHRONIZE, NULL, NULL, NULL, Main, NULL)))
        return NULL;
    ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode, &thread, NULL);
    ZwClose(handle);
    return thread;
}

static VOID
End(PVOID Thread)
{
    if (Thread == NULL)
        return;
    KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Thread);
}

static VOID
KeepsUnload(VOID)
{
    Ending = TRUE;
    KeSetEvent(&Work, 0, FALSE);
    KeSetEvent(&Stop, 0, FALSE);
    End(Worker);
    End(Watch);
}

static NTSTATUS
KeepsLoad(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    KeInitializeEvent(&Work, SynchronizationEvent, FALSE);
    KeInitializeEvent(&Worked, SynchronizationEvent, FALSE);
    KeInitializeEvent(&Stop, NotificationEvent, FALSE);
    Worker = Start(WorkerMain);
    Watch = Start(WatchMain);
    if (Worker != NULL && Watch != NULL)
        return STATUS_SUCCESS;
    KeepsUnload();
    return STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS
KeepsWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    KeSetEvent(&Work, 0, FALSE);
    KeWaitForSingleObject(&Worked, Executive, KernelMode, FALSE, NULL);
    return PlainComplete(Irp, STATUS_SUCCESS, 0);
}

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"KeepsThreads"),
    .Load = KeepsLoad,
    .Unload = KeepsUnload,
    .Write = KeepsWrite,
};
