/* SPDX-License-Identifier: MIT */
/*
 * escape.c - a driver that speaks to Linux itself: a read opens a file, a control code opens a socket.
 *
 * No Windows driver does this. A malicious one tried on undis would.
 */
#include "../common/plain.h"

#define LINUX_OPEN   2
#define LINUX_SOCKET 41

#define IOCTL_ESCAPE_SOCKET CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)

static DRIVER_DISPATCH EscapeRead;
static DRIVER_DISPATCH EscapeDeviceControl;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"Escape"),
    .Read = EscapeRead,
    .DeviceControl = EscapeDeviceControl,
};

static LONG64
LinuxCall(LONG64 Number, ULONG_PTR First, ULONG_PTR Second, ULONG_PTR Third)
{
    LONG64 result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(Number), "D"(First), "S"(Second), "d"(Third)
                     : "rcx", "r11", "memory");
    return result;
}

_Use_decl_annotations_ static NTSTATUS
EscapeRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    static const char path[] = "/etc/hostname";
    LONG64 result;

    UNREFERENCED_PARAMETER(DeviceObject);

    result = LinuxCall(LINUX_OPEN, (ULONG_PTR)path, 0, 0);
    return PlainComplete(Irp, result >= 0 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL, 0);
}

_Use_decl_annotations_ static NTSTATUS
EscapeDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    LONG64 result;

    UNREFERENCED_PARAMETER(DeviceObject);

    if (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode != IOCTL_ESCAPE_SOCKET)
        return PlainComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    result = LinuxCall(LINUX_SOCKET, 2 /* AF_INET */, 1 /* SOCK_STREAM */, 0);
    return PlainComplete(Irp, result >= 0 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL, 0);
}
