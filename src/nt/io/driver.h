/* SPDX-License-Identifier: MIT */
/*
 * nt/io/driver.h - driver objects, for whoever loads and unloads images.
 *
 * Model: io_driver_create() makes \Driver\<service> around an image, io_driver_start() calls DriverEntry,
 * io_driver_unload() calls DriverUnload and drops the object. The service's registry key
 * (\Registry\Machine\System\CurrentControlSet\Services\<service>) is made if it is not there.
 */
#ifndef NT_IO_DRIVER_H
#define NT_IO_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "ddk/ntddk.h"

/* STATUS_SUCCESS, STATUS_OBJECT_NAME_COLLISION if it is loaded, STATUS_INSUFFICIENT_RESOURCES. */
NTSTATUS io_driver_create(const uint16_t *service, uint64_t entry, uint64_t image_base, uint64_t image_size,
                          PDRIVER_OBJECT *out);

/*
 * Call DriverEntry(DriverObject, RegistryPath) in the running fiber (a system thread); its status. On failure the
 * driver object is gone, and with it what the driver left behind (the leak hook ran). CALLS_DRIVER.
 */
NTSTATUS io_driver_start(PDRIVER_OBJECT driver);

/* AddDevice for a physical device object; STATUS_NOT_SUPPORTED if the driver has none. CALLS_DRIVER. */
NTSTATUS io_driver_add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo);

/*
 * Unload as NtUnloadDriver: STATUS_INVALID_DEVICE_REQUEST if there is no DriverUnload, STATUS_DEVICE_BUSY while one of
 * its devices is open. Calls the unload hook, DriverUnload, then the leak hook, emits DRIVER_UNLOAD, drops the object.
 * CALLS_DRIVER.
 */
NTSTATUS io_driver_unload(PDRIVER_OBJECT driver);

/* Called before a DriverUnload that nothing stands in the way of: the driver's devices go. It may call the driver. */
void io_driver_on_unload(void (*fn)(PDRIVER_OBJECT driver));

/* One of its devices is open. */
bool io_driver_busy(PDRIVER_OBJECT driver);

/* Called when an image has run for the last time (DriverUnload, a failed DriverEntry); it looks for leaks and emits. */
void io_driver_on_leak_check(void (*fn)(uint64_t base, uint64_t size, void *arg), void *arg);

/* The driver object of a service, NULL: not loaded. Not referenced. */
PDRIVER_OBJECT io_driver_find(const char *service);
/* The driver whose image holds address; NULL: none. */
PDRIVER_OBJECT io_driver_at(uint64_t address);
/* Service name, cut to room. */
const char *io_driver_name(PDRIVER_OBJECT driver, char *buffer, size_t room);

#endif
