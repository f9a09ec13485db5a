/* SPDX-License-Identifier: MIT */
/*
 * ndis/pnp.c - what the PnP manager and the power manager do to an adapter: IRPs to the top of its device stack.
 *
 * Model: an operation is the requests that Windows sends for it, in order, so that a device which a driver attached
 * over the adapter's sees them first, and NDIS's own device (fdo.c) does what they ask. The system falls asleep and
 * wakes device by device; documented: every device is asked before the first is told.
 * assumed: a device is started again when it was only stopped; one that was removed comes back when it is enabled.
 */
#include "ndis/admin.h"

#include <errno.h>

#include "ndis/driver.h"
#include "ndis/hw/nic.h"
#include "ndis/power.h"
#include "nt/io/devnode.h"
#include "nt/po/po.h"

/* documented: all that were asked hear that the device stays, whoever refused. */
static int
query(struct ndis_nic *nic, unsigned ask, unsigned cancel)
{
    if (NT_SUCCESS(io_pnp_send(nic->pdo, ask, 0, NULL)))
        return 0;
    io_pnp_send(nic->pdo, cancel, 0, NULL);
    return -EBUSY;
}

int
ndis_pnp_remove(struct ndis_nic *nic)
{
    int err = query(nic, IRP_MN_QUERY_REMOVE_DEVICE, IRP_MN_CANCEL_REMOVE_DEVICE);

    if (err == 0)
        io_pnp_send(nic->pdo, IRP_MN_REMOVE_DEVICE, 0, NULL);
    return err;
}

int
ndis_pnp_rebalance(struct ndis_nic *nic)
{
    int err = query(nic, IRP_MN_QUERY_STOP_DEVICE, IRP_MN_CANCEL_STOP_DEVICE);

    if (err)
        return err;
    io_pnp_send(nic->pdo, IRP_MN_STOP_DEVICE, 0, NULL);
    return NT_SUCCESS(io_pnp_send(nic->pdo, IRP_MN_START_DEVICE, 0, NULL)) ? 0 : -EIO;
}

void
ndis_pnp_surprise_remove(struct ndis_nic *nic)
{
    struct hw_nic *card = hw_nic_of(nic);

    if (card != NULL)
        hw_nic_unplug(card);
    io_pnp_send(nic->pdo, IRP_MN_SURPRISE_REMOVAL, 0, NULL);
    io_pnp_send(nic->pdo, IRP_MN_REMOVE_DEVICE, 0, NULL);
}

void
ndis_pnp_set_power(struct ndis_nic *nic, unsigned state)
{
    POWER_STATE to = { .DeviceState = (DEVICE_POWER_STATE)(PowerDeviceD0 + state) };

    po_send(nic->pdo, IRP_MN_SET_POWER, DevicePowerState, to, PowerActionNone);
}

/* One system power request to every device; the first that refuses ends it. */
static bool
to_all(UCHAR minor, SYSTEM_POWER_STATE state)
{
    POWER_STATE to = { .SystemState = state };
    struct ndis_nic *nic;

    list_for_each (nic, &ndis_root()->nics, node) {
        sched_point(OP_INTERNAL, (uint64_t)nic);
        if (!NT_SUCCESS(po_send(nic->pdo, minor, SystemPowerState, to, PowerActionSleep)) &&
            minor == IRP_MN_QUERY_POWER)
            return false;
    }
    return true;
}

void
ndis_pnp_system_power(bool asleep)
{
    struct ndis_root *root = ndis_root();

    sched_touch((uint64_t)&root->nics);
    if (root->asleep == asleep)
        return;
    /* documented: whoever agreed hears that the system stays awake after all */
    if (asleep && !to_all(IRP_MN_QUERY_POWER, PowerSystemSleeping3)) {
        to_all(IRP_MN_SET_POWER, PowerSystemWorking);
        return;
    }
    root->asleep = asleep;
    to_all(IRP_MN_SET_POWER, asleep ? PowerSystemSleeping3 : PowerSystemWorking);
}

bool
ndis_pnp_wake_signal(struct ndis_nic *nic)
{
    return po_wake_end(nic->pdo, STATUS_SUCCESS);
}
