/* SPDX-License-Identifier: MIT */
/*
 * nt/po/po.h - power requests.
 *
 * Model: since Windows Vista power IRPs need no PoStartNextPowerIrp and PoCallDriver is IoCallDriver (documented). The
 * state of a device as its driver last reported it is monitor memory. A driver asks for a power IRP with
 * PoRequestPowerIrp; it goes to the top of the device's stack and the driver's callback runs when it is complete.
 */
#ifndef NT_PO_PO_H
#define NT_PO_PO_H

#include "ddk/ntddk.h"
#include "nt/nt.h"

struct po_device {
    struct po_device *next;
    uint64_t device;
    POWER_STATE system_state, device_state;
};

/* Monitor memory. */
struct po_state {
    struct po_device *devices;
    uint32_t request_site;
    uint64_t completion; /* address of nt!PopRequestCompletion */
};

/*
 * Send IRP_MJ_POWER (query or set) to device's stack and wait: for pnp's power transitions. CALLS_DRIVER.
 */
NTSTATUS po_send(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE_TYPE type, POWER_STATE state, POWER_ACTION action);

/* ------------------------------------------------------------------ exported, but declared by no DDK header */

#undef PoCallDriver
NTSTATUS NTAPI PoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI PopRequestCompletion(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context);

#endif
