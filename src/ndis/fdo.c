/* SPDX-License-Identifier: MIT */
/*
 * ndis/fdo.c - the functional device object of an adapter, and the IRPs that come to it.
 *
 * Model: a nic has a physical device object, its bus's or one of the PnP manager's, and over it the device that NDIS
 * makes for it: \Device\{GUID}, with a link of that name for programs. PnP and power IRPs that reach it become what an
 * administrator may do (admin.h), before or after they go on to the bus, as documented for each; a program may ask
 * for statistics. On Windows this device is the miniport driver's, whose dispatch table NDIS takes over; here it is
 * NDIS's own (chosen), so that a driver's table is the driver's.
 * Start reading at: ndisPnPDispatch().
 */
#include "ndis/fdo.h"

#include "base/fmt.h"
#include "ndis/admin.h"
#include "ndis/driver.h"
#include "ndis/idle.h"
#include "nt/hal/hal.h"
#include "nt/io/devnode.h"
#include "nt/io/driver.h"
#include "nt/po/po.h"

#define NETCARD                  0x17u
#define IOCTL_QUERY_GLOBAL_STATS CTL_CODE(NETCARD, 0, METHOD_OUT_DIRECT, FILE_ANY_ACCESS)

struct extension {
    struct ndis_nic *nic;
    PDEVICE_OBJECT next; /* what it is attached to */
};

static struct extension *
extension_of(const DEVICE_OBJECT *device)
{
    return device->DeviceExtension;
}

/* ------------------------------------------------------------------ the devices */

static uint64_t
address_of(const char *name)
{
    return ddi_address((unsigned)ddi_lookup("ndis", name));
}

static PDRIVER_OBJECT
driver_object(void)
{
    struct ndis_root *root = ndis_root();
    PDRIVER_OBJECT driver;
    uint64_t create;

    if (root->driver_object != NULL)
        return root->driver_object;
    if (io_driver_create(u"NDIS", 0, 0, 0, &driver) != STATUS_SUCCESS)
        return NULL;
    create = address_of("ndisCreateIrpHandler");
    driver->MajorFunction[IRP_MJ_CREATE] = (PDRIVER_DISPATCH)create;
    driver->MajorFunction[IRP_MJ_CLEANUP] = (PDRIVER_DISPATCH)create;
    driver->MajorFunction[IRP_MJ_CLOSE] = (PDRIVER_DISPATCH)create;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = (PDRIVER_DISPATCH)address_of("ndisDeviceControlIrpHandler");
    driver->MajorFunction[IRP_MJ_PNP] = (PDRIVER_DISPATCH)address_of("ndisPnPDispatch");
    driver->MajorFunction[IRP_MJ_POWER] = (PDRIVER_DISPATCH)address_of("ndisPowerDispatch");
    root->driver_object = driver;
    return driver;
}

bool
ndis_fdo_create(struct ndis_nic *nic)
{
    PDRIVER_OBJECT driver = driver_object();
    PDEVICE_OBJECT device;
    UNICODE_STRING *link;
    char text[128];

    if (nic->pdo == NULL)
        nic->pdo = io_root_device_create();
    if (driver == NULL || nic->pdo == NULL ||
        io_device_create(driver, sizeof(struct extension), nic->guid_name, FILE_DEVICE_PHYSICAL_NETCARD,
                         FILE_DEVICE_SECURE_OPEN, false, NULL, &device) != STATUS_SUCCESS)
        return false;
    extension_of(device)->nic = nic;
    extension_of(device)->next = IoAttachDeviceToDeviceStack(device, nic->pdo);
    fmt(text, sizeof(text), "\\DosDevices\\%wZ", (const void *)&nic->instance_guid);
    link = ndis_string(text);
    IoCreateSymbolicLink(link, nic->guid_name);
    heap_free(link);
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    nic->fdo = device;
    return true;
}

/*
 * NdisMGetDeviceProperty - the device objects and resources of an adapter.
 *
 * Source:    documented: every pointer is optional.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: lends all of them until MiniportHaltEx returns; an adapter without hardware has no resources: NULL.
 */
VOID NTAPI
NdisMGetDeviceProperty(NDIS_HANDLE MiniportAdapterHandle, PDEVICE_OBJECT *PhysicalDeviceObject,
                       PDEVICE_OBJECT *FunctionalDeviceObject, PDEVICE_OBJECT *NextDeviceObject,
                       PCM_RESOURCE_LIST *AllocatedResources, PCM_RESOURCE_LIST *AllocatedResourcesTranslated)
{
    struct ndis_adapter *ad = MiniportAdapterHandle;
    const struct hal_device *hal;

    sched_touch(ad->layer.ledger->handle);
    hal = hal_device_of(ad->nic->pdo);
    if (PhysicalDeviceObject != NULL)
        *PhysicalDeviceObject = ad->nic->pdo;
    if (FunctionalDeviceObject != NULL)
        *FunctionalDeviceObject = ad->nic->fdo;
    if (NextDeviceObject != NULL)
        *NextDeviceObject = extension_of(ad->nic->fdo)->next;
    if (AllocatedResources != NULL)
        *AllocatedResources = hal != NULL ? hal->raw : NULL;
    if (AllocatedResourcesTranslated != NULL)
        *AllocatedResourcesTranslated = hal != NULL ? hal->translated : NULL;
}

/* ------------------------------------------------------------------ requests */

static NTSTATUS
complete(PIRP irp, NTSTATUS status, uint64_t information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS
pass(PDEVICE_OBJECT device, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IofCallDriver(extension_of(device)->next, irp);
}

/* The bus first; the IRP is ours again with the bus's answer in it. */
static NTSTATUS
bus_first(PDEVICE_OBJECT device, PIRP irp)
{
    if (!IoForwardIrpSynchronously(extension_of(device)->next, irp))
        irp->IoStatus.Status = STATUS_UNSUCCESSFUL;
    return irp->IoStatus.Status;
}

/* MiniportStartDevice and its kin (documented: they may look at the IRP, and do not complete it). */
static NTSTATUS
ask_miniport(const struct ndis_nic *nic, uint64_t handler, uint32_t site, PIRP irp)
{
    return handler != 0 ? (NTSTATUS)NDIS_CALL(site, handler, nic->add_device_context, (uint64_t)irp) : STATUS_SUCCESS;
}

static NTSTATUS
start_device(PDEVICE_OBJECT device, struct ndis_nic *nic, PIRP irp)
{
    NTSTATUS status = bus_first(device, irp);

    if (NT_SUCCESS(status) && nic->driver != NULL)
        status =
            ask_miniport(nic, (uint64_t)nic->driver->pnp.MiniportStartDeviceHandler, ndis_site.ndisMStartDevice, irp);
    if (NT_SUCCESS(status) && ndis_nic_enable(nic) != 0)
        status = STATUS_UNSUCCESSFUL;
    return complete(irp, status, 0);
}

static NTSTATUS
filter_resources(PDEVICE_OBJECT device, struct ndis_nic *nic, PIRP irp)
{
    NTSTATUS status = bus_first(device, irp);

    if ((NT_SUCCESS(status) || status == STATUS_NOT_SUPPORTED) && nic->driver != NULL &&
        nic->driver->pnp.MiniportFilterResourceRequirementsHandler != NULL)
        status = ask_miniport(nic, (uint64_t)nic->driver->pnp.MiniportFilterResourceRequirementsHandler,
                              ndis_site.ndisMFilterResourceRequirements, irp);
    return complete(irp, status, irp->IoStatus.Information);
}

/*
 * ndisPnPDispatch - IRP_MJ_PNP of an adapter.
 *
 * Source: documented ("Removing a NIC", "Stopping a NIC", "Processing the Surprise Removal of a NIC"). Assumed: a
 *         refused query fails with STATUS_UNSUCCESSFUL; the device object stays after a removal, since the nic does.
 * IRQL:   PASSIVE_LEVEL
 */
NTSTATUS NTAPI
ndisPnPDispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct ndis_nic *nic = extension_of(DeviceObject)->nic;

    switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return start_device(DeviceObject, nic, Irp);
    case IRP_MN_FILTER_RESOURCE_REQUIREMENTS:
        return filter_resources(DeviceObject, nic, Irp);
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
        if (ndis_nic_query_remove(nic) != 0)
            return complete(Irp, STATUS_UNSUCCESSFUL, 0);
        break;
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
        bus_first(DeviceObject, Irp);
        ndis_nic_cancel_remove(nic);
        return complete(Irp, STATUS_SUCCESS, 0);
    case IRP_MN_SURPRISE_REMOVAL:
        ndis_nic_surprise_remove(nic);
        break;
    case IRP_MN_REMOVE_DEVICE:
        ndis_nic_disable(nic);
        break;
    case IRP_MN_STOP_DEVICE:
        ndis_nic_stop(nic);
        break;
    default: /* the bus's */
        return pass(DeviceObject, Irp);
    }
    Irp->IoStatus.Status = STATUS_SUCCESS; /* documented: who handles one sets it before passing it on */
    return pass(DeviceObject, Irp);
}

/* assumed: every sleeping state of the system is D3 of an adapter. */
static unsigned
device_state(const IO_STACK_LOCATION *at)
{
    if (at->Parameters.Power.Type == DevicePowerState)
        return at->Parameters.Power.State.DeviceState - PowerDeviceD0;
    return at->Parameters.Power.State.SystemState == PowerSystemWorking ? 0 : 3;
}

/*
 * Documented ("Managing Device Power Policy"): who owns the device's power policy requests the device power state that
 * goes with the system's, before a system request to sleep goes down and after one to wake did.
 */
static NTSTATUS
system_power(PDEVICE_OBJECT device, struct ndis_nic *nic, PIRP irp, unsigned state)
{
    NTSTATUS status;

    if (state != 0) {
        ndis_pnp_set_power(nic, state);
        irp->IoStatus.Status = STATUS_SUCCESS;
        return pass(device, irp);
    }
    status = bus_first(device, irp);
    if (NT_SUCCESS(status))
        ndis_pnp_set_power(nic, 0);
    return complete(irp, status, 0);
}

/* The device signalled: it wakes, and with it the system if that sleeps. */
static void
woken(void *arg)
{
    struct ndis_nic *nic = arg;

    if (ndis_root()->asleep)
        ndis_pnp_system_power(false);
    else if (!ndis_idle_signal(nic->adapter)) /* documented: a suspended one is asked to complete its notification */
        ndis_pnp_set_power(nic, 0);
}

/*
 * ndisWaitWakeComplete - the wait for a wake-up signal is over: NDIS's callback of PoRequestPowerIrp.
 *
 * Source: documented ("Low Power for Wake on LAN"): on success the adapter goes to full power, by its power policy
 *         owner's request.
 * IRQL:   <= DISPATCH_LEVEL
 */
VOID NTAPI
ndisWaitWakeComplete(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction, uint64_t PowerState, PVOID Context,
                     PIO_STATUS_BLOCK IoStatus)
{
    struct ndis_nic *nic = extension_of(Context)->nic;

    (void)DeviceObject;
    (void)MinorFunction;
    (void)PowerState;
    sched_touch((uint64_t)nic);
    nic->wake_armed = false;
    if (IoStatus->Status == STATUS_SUCCESS)
        ndis_work_queue(woken, nic);
}

void
ndis_wake_arm(struct ndis_nic *nic)
{
    POWER_STATE from = { .SystemState = PO_SYSTEM_WAKE };

    sched_touch((uint64_t)nic);
    if (nic->wake_armed)
        return;
    nic->wake_armed = true; /* it may be over before the call returns */
    if (PoRequestPowerIrp(nic->pdo, IRP_MN_WAIT_WAKE, from,
                          (PREQUEST_POWER_COMPLETE)address_of("ndisWaitWakeComplete"), nic->fdo,
                          NULL) != STATUS_PENDING)
        nic->wake_armed = false;
}

void
ndis_wake_disarm(struct ndis_nic *nic)
{
    sched_touch((uint64_t)nic);
    if (nic->wake_armed)
        po_wake_end(nic->pdo, STATUS_CANCELLED);
}

/*
 * ndisPowerDispatch - IRP_MJ_POWER of an adapter.
 *
 * Source: documented: power goes up from the bus and down to it. Assumed: queries succeed, as every driver must.
 * IRQL:   PASSIVE_LEVEL
 */
NTSTATUS NTAPI
ndisPowerDispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct ndis_nic *nic = extension_of(DeviceObject)->nic;
    const IO_STACK_LOCATION *at = IoGetCurrentIrpStackLocation(Irp);
    unsigned state = device_state(at);

    if (at->MinorFunction != IRP_MN_SET_POWER || state > 3 || nic->idle_power)
        return pass(DeviceObject, Irp);
    if (at->Parameters.Power.Type == SystemPowerState)
        return system_power(DeviceObject, nic, Irp, state);
    if (state == 0) {
        NTSTATUS status = bus_first(DeviceObject, Irp);

        if (NT_SUCCESS(status))
            ndis_nic_set_power(nic, 0);
        return complete(Irp, status, 0);
    }
    ndis_nic_set_power(nic, state);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    return pass(DeviceObject, Irp);
}

/* A program asks for an OID: its number is the input. */
static NTSTATUS
query_statistics(struct ndis_nic *nic, PIRP irp, const IO_STACK_LOCATION *at)
{
    uint32_t length = at->Parameters.DeviceIoControl.OutputBufferLength;
    void *buffer = irp->MdlAddress != NULL ? MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority) : NULL;
    uint32_t written = 0;
    NDIS_STATUS status;

    if (at->Parameters.DeviceIoControl.InputBufferLength < sizeof(uint32_t))
        return complete(irp, STATUS_INVALID_PARAMETER, 0);
    if (nic->adapter == NULL)
        return complete(irp, STATUS_DEVICE_NOT_READY, 0);
    status = ndis_oid_query(ndis_oid_top(nic->adapter), NdisRequestQueryStatistics,
                            *(const uint32_t *)irp->AssociatedIrp.SystemBuffer, buffer, buffer != NULL ? length : 0,
                            &written);
    if (status == NDIS_STATUS_BUFFER_TOO_SHORT || status == NDIS_STATUS_INVALID_LENGTH)
        return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
    return complete(irp, (NTSTATUS)status, status == NDIS_STATUS_SUCCESS ? written : 0);
}

/*
 * ndisDeviceControlIrpHandler - what programs ask an adapter itself: IOCTL_NDIS_QUERY_GLOBAL_STATS.
 *
 * Source: documented ("Querying adapter statistics from user mode": the OID is the input, its data the output).
 *         Assumed: statuses of NDIS come back as they are, but for a short buffer.
 * IRQL:   PASSIVE_LEVEL
 */
NTSTATUS NTAPI
ndisDeviceControlIrpHandler(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    const IO_STACK_LOCATION *at = IoGetCurrentIrpStackLocation(Irp);

    if (at->Parameters.DeviceIoControl.IoControlCode == IOCTL_QUERY_GLOBAL_STATS)
        return query_statistics(extension_of(DeviceObject)->nic, Irp, at);
    return complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
}

/* ndisCreateIrpHandler - a program opens an adapter, or is done with it. Source: documented. IRQL: PASSIVE_LEVEL. */
NTSTATUS NTAPI
ndisCreateIrpHandler(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    (void)DeviceObject;
    return complete(Irp, STATUS_SUCCESS, 0);
}
