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

/* A device's request to be woken; wake.c. */
struct po_wake {
    struct po_wake *next;
    const DEVICE_OBJECT *pdo;
    PIRP irp; /* NULL: it has none */
};

/* The deepest sleep from which devices wake the system (assumed: from standby, as most do). */
#define PO_SYSTEM_WAKE PowerSystemSleeping3

/* Monitor memory. */
struct po_state {
    struct po_device *devices;
    struct po_wake *wakes;
    uint32_t request_site;
    uint64_t completion;  /* address of nt!PopRequestCompletion */
    uint64_t wake_cancel; /* address of nt!IopWaitWakeCancel */
};

/*
 * A bus was sent IRP_MN_WAIT_WAKE for pdo. STATUS_PENDING: it keeps it; another: what to complete it with (documented:
 * STATUS_DEVICE_BUSY, STATUS_INVALID_DEVICE_STATE). <= DISPATCH_LEVEL
 */
NTSTATUS po_wake_keep(PDEVICE_OBJECT pdo, PIRP irp);
/*
 * Complete what is kept for pdo: STATUS_SUCCESS, the device signals; STATUS_CANCELLED, it is to signal no more. false:
 * nothing is. <= DISPATCH_LEVEL, CALLS_DRIVER
 */
bool po_wake_end(PDEVICE_OBJECT pdo, NTSTATUS status);

/*
 * Send IRP_MJ_POWER (query or set) to device's stack and wait: for pnp's power transitions. CALLS_DRIVER.
 */
NTSTATUS po_send(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE_TYPE type, POWER_STATE state, POWER_ACTION action);

/* ------------------------------------------------------------------ exported, but declared by no DDK header */

#undef PoCallDriver
NTSTATUS NTAPI PoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI PopRequestCompletion(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context);
VOID NTAPI IopWaitWakeCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp);

#endif
