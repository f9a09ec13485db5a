/* SPDX-License-Identifier: MIT */
/*
 * ndis/device.c - devices that NDIS drivers make for programs to open.
 *
 * Model: a device and its symbolic link by nt's I/O manager. The driver's dispatch table goes straight into the
 * driver object, so requests reach the driver without a frame of ndis. A driver object has one table: when a second
 * device comes with another, the entries that differ become ndis's own routine, which looks the device up and calls
 * what its table says (assumed: on Windows ndis routes always; the driver cannot tell).
 *
 * The device extension begins with that table, which so lives as long as the last open file; the driver's own part
 * follows.
 * Start reading at: NdisRegisterDeviceEx().
 */
#include "ndis/misc.h"

#include <string.h>

#include "nt/io/io.h"

#define MAJORS (IRP_MJ_MAXIMUM_FUNCTION + 1)

/* Machine memory; NdisDeviceHandle is its address. */
struct ndis_device {
    struct ndis_object object;
    DEVICE_OBJECT *device;
    DRIVER_OBJECT *driver_object;
    UNICODE_STRING link; /* text behind this structure; empty: none */
};

struct device_extension {
    uint64_t major[MAJORS]; /* 0: not handled */
    /* the driver's part follows */
};
_Static_assert(sizeof(struct device_extension) % 16 == 0, "the driver's part is aligned as pool is");

/* Which devices there are; monitor memory. */
struct ndis_device_record {
    struct list_node node; /* ndis_misc.devices */
    struct ndis_device *device;
};

static struct device_extension *
extension_of(const DEVICE_OBJECT *device)
{
    return device->DeviceExtension;
}

static const struct ndis_header_spec device_attributes = {
    "NDIS_DEVICE_OBJECT_ATTRIBUTES",
    NDIS_OBJECT_TYPE_DEVICE_OBJECT_ATTRIBUTES,
    1,
    { NDIS_SIZEOF_DEVICE_OBJECT_ATTRIBUTES_REVISION_1 },
};

DEVICE_OBJECT *
ndis_device_object(NDIS_HANDLE handle)
{
    return ((struct ndis_device *)handle)->device;
}

static struct ndis_driver *
driver_of(NDIS_HANDLE handle)
{
    struct ndis_object *object = handle;

    switch (object->signature) {
    case NDIS_SIG_FILTER_DRIVER:
    case NDIS_SIG_MINIPORT_DRIVER:
        return handle;
    case NDIS_SIG_ADAPTER:
        return &((struct ndis_adapter *)handle)->nic->driver->driver;
    default:
        return NULL;
    }
}

/* Make the driver object's table lead to d's: directly if nobody else's entry stands there. */
static void
install_table(struct ndis_device *d)
{
    struct ndis_misc *misc = ndis_misc();
    DRIVER_OBJECT *driver = d->driver_object;
    const uint64_t *mine = extension_of(d->device)->major, *other = NULL;
    struct ndis_device_record *r;

    sched_touch((uint64_t)driver);
    list_for_each (r, &misc->devices, node)
        if (r->device->driver_object == driver && r->device != d)
            other = extension_of(r->device->device)->major;
    for (unsigned i = 0; i < MAJORS; i++) {
        if (other == NULL && mine[i] != 0)
            driver->MajorFunction[i] = (PDRIVER_DISPATCH)mine[i];
        else if (other != NULL && other[i] != mine[i])
            driver->MajorFunction[i] = (PDRIVER_DISPATCH)misc->dispatch;
    }
}

static struct ndis_device *
device_create(DRIVER_OBJECT *driver, const NDIS_DEVICE_OBJECT_ATTRIBUTES *a)
{
    size_t text = a->SymbolicName != NULL ? a->SymbolicName->Length : 0;
    struct ndis_device *d = ndis_object_alloc(NDIS_SIG_DEVICE, sizeof(*d) + text, "NDIS device");

    if (d == NULL)
        return NULL;
    d->driver_object = driver;
    d->link.Length = d->link.MaximumLength = (USHORT)text;
    d->link.Buffer = (WCHAR *)(d + 1);
    if (text != 0)
        memcpy(d->link.Buffer, a->SymbolicName->Buffer, text);
    return d;
}

static NTSTATUS
make_device(struct ndis_device *d, const NDIS_DEVICE_OBJECT_ATTRIBUTES *a)
{
    ULONG size = sizeof(struct device_extension) + a->ExtensionSize;
    UNICODE_STRING *name = (UNICODE_STRING *)a->DeviceName;
    NTSTATUS status;

    if (a->DefaultSDDLString != NULL)
        status = IoCreateDeviceSecure(d->driver_object, size, name, FILE_DEVICE_NETWORK, FILE_DEVICE_SECURE_OPEN, FALSE,
                                      a->DefaultSDDLString, a->DeviceClassGuid, &d->device);
    else
        status = IoCreateDevice(d->driver_object, size, name, FILE_DEVICE_NETWORK, FILE_DEVICE_SECURE_OPEN, FALSE,
                                &d->device);
    if (status != STATUS_SUCCESS)
        return status;
    memset(d->device->DeviceExtension, 0, size);
    memcpy(extension_of(d->device)->major, a->MajorFunctions, sizeof(extension_of(d->device)->major));
    if (d->link.Length != 0)
        status = IoCreateSymbolicLink(&d->link, name);
    if (status != STATUS_SUCCESS)
        IoDeleteDevice(d->device);
    return status;
}

/*
 * NdisRegisterDeviceEx - a device of the driver's, with a link for programs.
 *
 * Source:    documented; observed: an adapter's handle counts as its driver's (OpenVPN's tap-windows6 gives it);
 *            assumed: device type network, FILE_DEVICE_SECURE_OPEN, DO_DEVICE_INITIALIZING already
 *            cleared (drivers call this from FilterAttach and do not clear it); entries of MajorFunctions that are
 *            NULL leave the driver object's as it was.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows the attributes; the caller takes *NdisDeviceHandle until NdisDeregisterDeviceEx.
 * Returns:   NDIS_STATUS_SUCCESS, _NOT_SUPPORTED if NdisHandle is no miniport's or filter driver's,
 *            _BAD_CHARACTERISTICS for a bad header, _RESOURCES, what the I/O manager says.
 */
NDIS_STATUS NTAPI
NdisRegisterDeviceEx(NDIS_HANDLE NdisHandle, PNDIS_DEVICE_OBJECT_ATTRIBUTES DeviceObjectAttributes,
                     PDEVICE_OBJECT *pDeviceObject, PNDIS_HANDLE NdisDeviceHandle)
{
    struct ndis_driver *driver = driver_of(NdisHandle);
    struct ndis_device_record *r;
    struct ndis_device *d;
    NTSTATUS status;

    *pDeviceObject = NULL;
    if (driver == NULL)
        return NDIS_STATUS_NOT_SUPPORTED;
    if (!ndis_header_ok(&DeviceObjectAttributes->Header, &device_attributes, misc_site.NdisRegisterDeviceEx))
        return NDIS_STATUS_BAD_CHARACTERISTICS;
    d = device_create(driver->driver_object, DeviceObjectAttributes);
    if (d == NULL)
        return NDIS_STATUS_RESOURCES;
    status = make_device(d, DeviceObjectAttributes);
    if (status != STATUS_SUCCESS) {
        ndis_free(d);
        return (NDIS_STATUS)status;
    }
    r = mon_alloc(sizeof(*r));
    r->device = d;
    list_add_tail(&ndis_misc()->devices, &r->node);
    install_table(d);
    d->device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    *pDeviceObject = d->device;
    *NdisDeviceHandle = d;
    return NDIS_STATUS_SUCCESS;
}

/*
 * NdisDeregisterDeviceEx - remove link and device; the device's memory goes when its last file is closed.
 *
 * Source:    documented; assumed: the driver object's table stays as it is, for files that are still open.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: takes NdisDeviceHandle.
 */
void NTAPI
NdisDeregisterDeviceEx(NDIS_HANDLE NdisDeviceHandle)
{
    struct ndis_device *d = NdisDeviceHandle;
    DEVICE_OBJECT *device = d->device;
    struct ndis_device_record *r;

    sched_touch((uint64_t)device->DriverObject);
    if (d->link.Length != 0)
        IoDeleteSymbolicLink(&d->link);
    list_for_each (r, &ndis_misc()->devices, node)
        if (r->device == d) {
            list_del(&r->node);
            mon_free(r, sizeof(*r));
            break;
        }
    ndis_free(d);
    IoDeleteDevice(device);
}

/*
 * NdisGetDeviceReservedExtension - the part of the device extension that the driver asked for.
 *
 * Source:    documented: NULL if it asked for none. IRQL: <= DISPATCH_LEVEL.
 */
PVOID NTAPI
NdisGetDeviceReservedExtension(PDEVICE_OBJECT DeviceObject)
{
    struct device_extension *extension = extension_of(DeviceObject);
    size_t size = DeviceObject->Size - sizeof(*DeviceObject);

    return size > sizeof(*extension) ? extension + 1 : NULL;
}

/* An IRP of a driver with several tables: the I/O manager calls this in place of the driver's routine. */
NTSTATUS NTAPI
ndisDummyIrpHandler(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    uint64_t routine = extension_of(DeviceObject)->major[IoGetCurrentIrpStackLocation(Irp)->MajorFunction];

    if (routine != 0)
        return (NTSTATUS)NDIS_CALL(ndis_site.ndisInvokeDispatch, routine, (uint64_t)DeviceObject, (uint64_t)Irp);
    Irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    Irp->IoStatus.Information = 0;
    IofCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}
