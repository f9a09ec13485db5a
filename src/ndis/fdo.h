/* SPDX-License-Identifier: MIT */
/* ndis/fdo.h - the functional device object of an adapter; see fdo.c. */
#ifndef NDIS_FDO_H
#define NDIS_FDO_H

#include "ndis/ndis.h"

/* The device objects of a nic that appears: nic->pdo if the bus gave none, nic->fdo over it. false: no memory. */
bool ndis_fdo_create(struct ndis_nic *nic);

/*
 * IRP_MN_WAIT_WAKE to the device stack, and its end before the device signals (done by the bus that keeps it, since the
 * request itself may be gone meanwhile). PASSIVE_LEVEL
 */
void ndis_wake_arm(struct ndis_nic *nic);
void ndis_wake_disarm(struct ndis_nic *nic);

/* Exported, for the table of NDIS's driver object. */
NTSTATUS NTAPI ndisPnPDispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI ndisPowerDispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp);
VOID NTAPI ndisWaitWakeComplete(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction, uint64_t PowerState, PVOID Context,
                                PIO_STATUS_BLOCK IoStatus);
NTSTATUS NTAPI ndisDeviceControlIrpHandler(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI ndisCreateIrpHandler(PDEVICE_OBJECT DeviceObject, PIRP Irp);

#endif
