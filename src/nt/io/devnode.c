/* SPDX-License-Identifier: MIT */
/*
 * nt/io/devnode.c - physical device objects: what the PnP manager knows of their devices, and what a bus answers.
 *
 * Model: a device node is a PDO and its instance id, in monitor memory; everything else about the device stands in the
 * registry, where installing put it: the hardware key (Enum\<id>) and the software key that its Driver value names.
 * Start reading at: IoGetDeviceProperty().
 */
#include "nt/io/devnode.h"

#include <string.h>

#include "base/fmt.h"
#include "nt/cm/cm.h"
#include "nt/hal/hal.h"
#include "nt/io/driver.h"

#define CONTROL_SET "\\Registry\\Machine\\System\\CurrentControlSet"

struct io_devnode {
    struct io_devnode *next;
    PDEVICE_OBJECT pdo;
    char id[200];
};

static const struct io_devnode *
find(const DEVICE_OBJECT *pdo)
{
    const struct io_devnode *node = NT->io->devnodes;

    while (node != NULL && node->pdo != pdo)
        node = node->next;
    return node;
}

void
io_devnode_set(PDEVICE_OBJECT pdo, const char *instance_id)
{
    struct io_devnode *node = (struct io_devnode *)find(pdo);

    if (node == NULL) {
        node = mon_alloc(sizeof(*node));
        node->pdo = pdo;
        node->next = NT->io->devnodes;
        NT->io->devnodes = node;
    }
    fmt(node->id, sizeof(node->id), "%s", instance_id);
}

PDEVICE_OBJECT
io_root_device_create(void)
{
    struct io_state *io = NT->io;
    PDEVICE_OBJECT pdo;

    if (io->root_bus == NULL) {
        if (io_driver_create(u"PnpManager", 0, 0, 0, &io->root_bus) != STATUS_SUCCESS)
            return NULL;
        io_bus_driver(io->root_bus);
    }
    if (io_device_create(io->root_bus, 0, NULL, FILE_DEVICE_NETWORK, 0, false, NULL, &pdo) != STATUS_SUCCESS)
        return NULL;
    pdo->Flags = (pdo->Flags & ~(ULONG)DO_DEVICE_INITIALIZING) | DO_BUS_ENUMERATED_DEVICE;
    return pdo;
}

/* ------------------------------------------------------------------ what a bus answers */

void
io_bus_driver(PDRIVER_OBJECT driver)
{
    uint64_t dispatch = ddi_address((unsigned)ddi_lookup("ntoskrnl", "IopBusDispatch"));

    driver->MajorFunction[IRP_MJ_PNP] = (PDRIVER_DISPATCH)dispatch;
    driver->MajorFunction[IRP_MJ_POWER] = (PDRIVER_DISPATCH)dispatch;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = (PDRIVER_DISPATCH)dispatch;
}

/* assumed: a device like most: full power awake, none asleep, and it can be pulled out. */
static void
fill_capabilities(PDEVICE_CAPABILITIES c)
{
    c->SurpriseRemovalOK = 1;
    for (unsigned state = PowerSystemUnspecified; state < PowerSystemMaximum; state++)
        c->DeviceState[state] = PowerDeviceD3;
    c->DeviceState[PowerSystemUnspecified] = PowerDeviceUnspecified;
    c->DeviceState[PowerSystemWorking] = PowerDeviceD0;
}

/* false: a bus leaves the status as it finds it (documented for minor codes that it does not handle). */
static bool
bus_succeeds(PIO_STACK_LOCATION at)
{
    if (at->MajorFunction == IRP_MJ_POWER)
        return at->MinorFunction == IRP_MN_SET_POWER || at->MinorFunction == IRP_MN_QUERY_POWER;
    if (at->MajorFunction != IRP_MJ_PNP)
        return false;
    switch (at->MinorFunction) {
    case IRP_MN_QUERY_CAPABILITIES:
        fill_capabilities(at->Parameters.DeviceCapabilities.Capabilities);
        return true;
    case IRP_MN_START_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        return true;
    default:
        return false;
    }
}

/*
 * IopBusDispatch - the PnP, power and system control routine of bus drivers that undis plays.
 *
 * Source: documented, for each minor code: what a bus driver does. IRQL: <= DISPATCH_LEVEL.
 */
NTSTATUS NTAPI
IopBusDispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    NTSTATUS status;

    (void)DeviceObject;
    if (bus_succeeds(IoGetCurrentIrpStackLocation(Irp)))
        Irp->IoStatus.Status = STATUS_SUCCESS;
    status = Irp->IoStatus.Status;
    IofCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

/* ------------------------------------------------------------------ properties */

/* The value of the hardware key that a property is; NULL: it is none. */
static const char *
value_of(DEVICE_REGISTRY_PROPERTY property)
{
    switch (property) {
    case DevicePropertyDeviceDescription:
        return "DeviceDesc";
    case DevicePropertyHardwareID:
        return "HardwareID";
    case DevicePropertyCompatibleIDs:
        return "CompatibleIDs";
    case DevicePropertyClassName:
        return "Class";
    case DevicePropertyClassGuid:
        return "ClassGUID";
    case DevicePropertyDriverKeyName:
        return "Driver";
    case DevicePropertyManufacturer:
        return "Mfg";
    case DevicePropertyFriendlyName:
        return "FriendlyName";
    case DevicePropertyLocationInformation:
        return "LocationInformation";
    case DevicePropertyContainerID:
        return "ContainerID";
    default:
        return NULL;
    }
}

static NTSTATUS
give(const void *data, ULONG size, ULONG room, void *out, ULONG *result)
{
    *result = size;
    if (room < size || out == NULL)
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(out, data, size);
    return STATUS_SUCCESS;
}

/* Text as far as end, or all of it, in UTF-16 with its zero. */
static NTSTATUS
give_text(const char *text, size_t length, ULONG room, void *out, ULONG *result)
{
    ULONG size = (ULONG)(length + 1) * sizeof(WCHAR);
    WCHAR *to = out;

    *result = size;
    if (room < size || out == NULL)
        return STATUS_BUFFER_TOO_SMALL;
    for (size_t i = 0; i < length; i++)
        to[i] = (unsigned char)text[i];
    to[length] = 0;
    return STATUS_SUCCESS;
}

static ULONG
list_size(const CM_RESOURCE_LIST *list)
{
    ULONG count = list->List[0].PartialResourceList.Count;

    return (ULONG)(offsetof(CM_RESOURCE_LIST, List[0].PartialResourceList.PartialDescriptors) +
                   count * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR));
}

/* What the bus, not the registry, knows. *known false: no property of a device. */
static NTSTATUS
from_bus(const struct io_devnode *node, DEVICE_REGISTRY_PROPERTY property, ULONG room, void *out, ULONG *result,
         bool *known)
{
    const struct hal_device *hal = hal_device_of(node->pdo);
    ULONG number = 0;
    char name[128];

    *known = true;
    switch (property) {
    case DevicePropertyEnumeratorName:
        return give_text(node->id, strcspn(node->id, "\\"), room, out, result);
    case DevicePropertyPhysicalDeviceObjectName:
        name[0] = 0;
        ob_name(node->pdo, name, sizeof(name));
        return give_text(name, strlen(name), room, out, result);
    case DevicePropertyLegacyBusType:
        number = hal != NULL ? PCIBus : PNPBus;
        break;
    case DevicePropertyBusNumber:
    case DevicePropertyInstallState: /* InstallStateInstalled */
        break;
    case DevicePropertyRemovalPolicy: /* RemovalPolicyExpectNoRemoval; a card that is pulled out is a surprise */
        number = 1;
        break;
    case DevicePropertyAddress:
        number = hal != NULL ? hal->number << 16 : 0xffffffff;
        break;
    case DevicePropertyUINumber:
        number = 0xffffffff; /* documented: unknown */
        break;
    case DevicePropertyAllocatedResources:
    case DevicePropertyBootConfiguration:
        return hal != NULL ? give(hal->raw, list_size(hal->raw), room, out, result) : STATUS_OBJECT_NAME_NOT_FOUND;
    case DevicePropertyBootConfigurationTranslated:
        return hal != NULL ? give(hal->translated, list_size(hal->translated), room, out, result)
                           : STATUS_OBJECT_NAME_NOT_FOUND;
    default:
        *known = false;
        return STATUS_INVALID_PARAMETER_2;
    }
    return give(&number, sizeof(number), room, out, result);
}

/*
 * IoGetDeviceProperty - what setup and the bus know of a device.
 *
 * Source:    documented; assumed: STATUS_OBJECT_NAME_NOT_FOUND for a property that nobody has given the device.
 *            DevicePropertyBusTypeGuid and DevicePropertyResourceRequirements are not known here and say so
 *            (STATUS_INVALID_PARAMETER_2).
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows PropertyBuffer.
 * Returns:   STATUS_SUCCESS, _BUFFER_TOO_SMALL (*ResultLength is what is needed), _INVALID_PARAMETER_2,
 *            _INVALID_DEVICE_REQUEST for what is no physical device object, _OBJECT_NAME_NOT_FOUND.
 */
NTSTATUS NTAPI
IoGetDeviceProperty(PDEVICE_OBJECT DeviceObject, DEVICE_REGISTRY_PROPERTY DeviceProperty, ULONG BufferLength,
                    PVOID PropertyBuffer, PULONG ResultLength)
{
    const struct io_devnode *node = find(DeviceObject);
    const char *value = value_of(DeviceProperty);
    char key[300];
    bool known;
    int length;

    *ResultLength = 0;
    if (node == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (value == NULL)
        return from_bus(node, DeviceProperty, BufferLength, PropertyBuffer, ResultLength, &known);
    fmt(key, sizeof(key), CONTROL_SET "\\Enum\\%s", node->id);
    length = cm_get(key, value, NULL, NULL, 0);
    if (length < 0)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    *ResultLength = (ULONG)length;
    if (BufferLength < (ULONG)length || PropertyBuffer == NULL)
        return STATUS_BUFFER_TOO_SMALL;
    cm_get(key, value, NULL, PropertyBuffer, BufferLength);
    return STATUS_SUCCESS;
}

/*
 * IoOpenDeviceRegistryKey - a device's hardware key or its software key.
 *
 * Source:    documented; the hardware key is Enum\<id>\Device Parameters (observed). Hardware profiles: refused.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: the caller takes *DeviceRegKey until ZwClose.
 * Returns:   STATUS_SUCCESS, _INVALID_PARAMETER, _OBJECT_NAME_NOT_FOUND, what a handle fails with.
 */
NTSTATUS NTAPI
IoOpenDeviceRegistryKey(PDEVICE_OBJECT DeviceObject, ULONG DevInstKeyType, ACCESS_MASK DesiredAccess,
                        PHANDLE DeviceRegKey)
{
    const struct io_devnode *node = find(DeviceObject);
    char hardware[260], key[300], driver[128];
    struct cm_key *found;
    UNICODE_STRING *path;
    uint64_t mark;

    *DeviceRegKey = NULL;
    if (node == NULL || (DevInstKeyType != PLUGPLAY_REGKEY_DEVICE && DevInstKeyType != PLUGPLAY_REGKEY_DRIVER))
        return STATUS_INVALID_PARAMETER;
    fmt(hardware, sizeof(hardware), CONTROL_SET "\\Enum\\%s", node->id);
    if (DevInstKeyType == PLUGPLAY_REGKEY_DEVICE)
        fmt(key, sizeof(key), "%s\\Device Parameters", hardware);
    else if (cm_get_string(hardware, "Driver", driver, sizeof(driver)) == 0)
        fmt(key, sizeof(key), CONTROL_SET "\\Control\\Class\\%s", driver);
    else
        return STATUS_OBJECT_NAME_NOT_FOUND;
    mark = guest_mark();
    path = guest_alloc(sizeof(*path) + sizeof(key) * sizeof(WCHAR));
    *path = ob_text(key, (WCHAR *)(path + 1), sizeof(key));
    found = cm_find(NULL, path);
    guest_release(mark);
    return found != NULL ? cm_handle(found, DesiredAccess, true, DeviceRegKey) : STATUS_OBJECT_NAME_NOT_FOUND;
}
