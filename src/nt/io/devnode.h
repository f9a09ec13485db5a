/* SPDX-License-Identifier: MIT */
/* nt/io/devnode.h - physical device objects and what the PnP manager knows of their devices; see devnode.c. */
#ifndef NT_IO_DEVNODE_H
#define NT_IO_DEVNODE_H

#include "nt/io/io.h"

/* A device that no bus has found: it is the PnP manager's own. NULL: no memory. System fiber. */
PDEVICE_OBJECT io_root_device_create(void);
/* A physical device object of a bus driver. NULL: no memory. System fiber. */
PDEVICE_OBJECT io_pdo_create(PDRIVER_OBJECT bus);
/* Make driver one that answers for buses: its devices succeed what a bus driver succeeds. */
void io_bus_driver(PDRIVER_OBJECT driver);
/* The device's instance id, "ROOT\NET\0001": its hardware key is that under Enum. The id is copied. */
void io_devnode_set(PDEVICE_OBJECT pdo, const char *instance_id);

/*
 * An IRP_MJ_PNP request of the PnP manager's to the top of the device's stack. type: of IRP_MN_QUERY_DEVICE_RELATIONS.
 * Its status; *information, if wanted, is the answer's, 0 on failure. PASSIVE_LEVEL, CALLS_DRIVER.
 */
NTSTATUS io_pnp_send(PDEVICE_OBJECT pdo, unsigned minor, unsigned type, ULONG_PTR *information);

#endif
