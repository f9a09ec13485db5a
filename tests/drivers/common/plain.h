/* SPDX-License-Identifier: MIT */
/*
 * plain.h - the part that small WDM drivers of the tests share: one device, and a table of what it does.
 *
 * Model: a driver is one file that defines PlainDriver. Everything it leaves NULL completes with success and no
 * bytes. The device uses direct I/O. Everything here is meant to be right.
 */
#ifndef PLAIN_H
#define PLAIN_H

#include <ntddk.h>

#define PLAIN_TAG 'nalP'

typedef struct _PLAIN_DRIVER {
    UNICODE_STRING DeviceName;
    UNICODE_STRING LinkName;
    NTSTATUS (*Load)(PDRIVER_OBJECT DriverObject); /* before the device is there */
    VOID (*Unload)(VOID);                          /* after the device is gone; not when Load failed */
    PDRIVER_DISPATCH Read;
    PDRIVER_DISPATCH Write;
    PDRIVER_DISPATCH DeviceControl;
} PLAIN_DRIVER;

#define PLAIN_NAMES(name) \
    .DeviceName = RTL_CONSTANT_STRING(L"\\Device\\" name), .LinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\" name)

extern PLAIN_DRIVER PlainDriver; /* the driver's */

NTSTATUS PlainComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);

#endif
