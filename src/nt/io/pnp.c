/* SPDX-License-Identifier: MIT */
/*
 * nt/io/pnp.c - the PnP manager: what it asks of a device's stack when a driver says that something changed.
 *
 * Model: the routines here may be called at DISPATCH_LEVEL, so each queues a job, and a system thread sends the IRPs to
 * the top of the stack over the PDO, one after the other, with STATUS_NOT_SUPPORTED in them (documented). A device that
 * failed or is gone is removed as documented: surprise removal, then removal. Devices that a bus reports are taken note
 * of by nobody: there is no driver to load for them.
 * Start reading at: work().
 */
#include "nt/io/devnode.h"

#include "nt/ex/ex.h"
#include "nt/ob/ob.h"
#include "trace/event.h"

enum job_kind { JOB_STATE, JOB_RELATIONS, JOB_EJECT };

/* Monitor memory; reused. */
struct io_pnp_job {
    PDEVICE_OBJECT pdo; /* referenced */
    uint8_t kind;       /* enum job_kind */
    DEVICE_RELATION_TYPE type;
};

NTSTATUS
io_pnp_send(PDEVICE_OBJECT pdo, unsigned minor, unsigned type, ULONG_PTR *information)
{
    PDEVICE_OBJECT top = io_top_device(pdo);
    PIRP irp = io_irp_create(top->StackSize, false);
    IO_STATUS_BLOCK result = { .Information = 0 };
    PIO_STACK_LOCATION sl;
    NTSTATUS status;

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    sl = IoGetNextIrpStackLocation(irp);
    sl->MajorFunction = IRP_MJ_PNP;
    sl->MinorFunction = (UCHAR)minor;
    if (minor == IRP_MN_QUERY_DEVICE_RELATIONS)
        sl->Parameters.QueryDeviceRelations.Type = type;
    trace_emit(EV_IRP_CREATE, irp, IRP_MJ_PNP, 0);
    status = io_send_and_wait(io_site.IopSynchronousServiceTail, top, irp, "IRP_MJ_PNP", &result);
    if (information != NULL)
        *information = NT_SUCCESS(status) ? result.Information : 0;
    return status;
}

/* documented: the state is asked for; a device that failed or was removed is taken out of its stack. */
static void
look_at_state(PDEVICE_OBJECT pdo)
{
    ULONG_PTR state;

    if (!NT_SUCCESS(io_pnp_send(pdo, IRP_MN_QUERY_PNP_DEVICE_STATE, 0, &state)))
        return;
    if (!(state & (PNP_DEVICE_FAILED | PNP_DEVICE_REMOVED)))
        return;
    io_pnp_send(pdo, IRP_MN_SURPRISE_REMOVAL, 0, NULL);
    io_pnp_send(pdo, IRP_MN_REMOVE_DEVICE, 0, NULL);
}

/* documented: who answers allocates the list from paged pool and references each device in it; both are given back. */
static void
look_at_relations(PDEVICE_OBJECT pdo, DEVICE_RELATION_TYPE type)
{
    ULONG_PTR information;
    PDEVICE_RELATIONS relations;

    if (type != BusRelations && type != PowerRelations)
        return; /* documented: others are asked for when they are needed */
    if (!NT_SUCCESS(io_pnp_send(pdo, IRP_MN_QUERY_DEVICE_RELATIONS, type, &information)) || information == 0)
        return;
    relations = (PDEVICE_RELATIONS)information;
    for (ULONG i = 0; i < relations->Count; i++)
        ob_dereference(relations->Objects[i]);
    ex_pool_free(relations, 0);
}

/* documented: asked first, then removed, then ejected by the bus; a refusal ends it. */
static void
eject(PDEVICE_OBJECT pdo)
{
    if (!NT_SUCCESS(io_pnp_send(pdo, IRP_MN_QUERY_REMOVE_DEVICE, 0, NULL))) {
        io_pnp_send(pdo, IRP_MN_CANCEL_REMOVE_DEVICE, 0, NULL);
        return;
    }
    io_pnp_send(pdo, IRP_MN_REMOVE_DEVICE, 0, NULL);
    io_pnp_send(pdo, IRP_MN_EJECT, 0, NULL);
}

static void
work(void *arg)
{
    struct io_pnp_job *job = arg, copy = *job;

    mon_free(job, sizeof(*job));
    switch (copy.kind) {
    case JOB_STATE:
        look_at_state(copy.pdo);
        break;
    case JOB_RELATIONS:
        look_at_relations(copy.pdo, copy.type);
        break;
    case JOB_EJECT:
        eject(copy.pdo);
        break;
    }
    ob_dereference(copy.pdo);
}

static void
queue(PDEVICE_OBJECT pdo, enum job_kind kind, DEVICE_RELATION_TYPE type)
{
    struct io_pnp_job *job;

    if (pdo == NULL || !(pdo->Flags & DO_BUS_ENUMERATED_DEVICE)) /* PNP_DETECTED_FATAL_ERROR: no PDO */
        machine_bugcheck(0xca, 2, (uint64_t)pdo, 0, 0);
    job = mon_alloc(sizeof(*job));
    ob_reference(pdo);
    *job = (struct io_pnp_job){ pdo, (uint8_t)kind, type };
    ex_work("PnP manager", pdo, 0, work, job);
}

/*
 * IoInvalidateDeviceState - the PnP state of a device changed: its stack is asked by IRP_MN_QUERY_PNP_DEVICE_STATE.
 *
 * Source:    documented; bug check 0xCA (2) for what is no PDO. Of the answer PNP_DEVICE_FAILED and _REMOVED have
 *            consequences here; resources are not distributed anew.
 * IRQL:      <= DISPATCH_LEVEL; the IRPs come later, in a system thread.
 * Ownership: references the PDO until then.
 * Tests:     tests/ddi/stack/device.c
 */
VOID NTAPI
IoInvalidateDeviceState(PDEVICE_OBJECT PhysicalDeviceObject)
{
    queue(PhysicalDeviceObject, JOB_STATE, BusRelations);
}

/*
 * IoInvalidateDeviceRelations - a device's relations changed. For bus and power relations the stack is asked.
 *
 * Source:    documented; bug check 0xCA (2) for what is no PDO.
 * IRQL:      <= DISPATCH_LEVEL; the IRPs come later, in a system thread.
 * Ownership: references the PDO until then.
 * Tests:     tests/ddi/stack/device.c
 */
VOID NTAPI
IoInvalidateDeviceRelations(PDEVICE_OBJECT DeviceObject, DEVICE_RELATION_TYPE Type)
{
    queue(DeviceObject, JOB_RELATIONS, Type);
}

/*
 * IoRequestDeviceEject - somebody pressed the device's eject button.
 *
 * Source:    documented; bug check 0xCA (2) for what is no PDO. Assumed: the device can be ejected while the system
 *            runs.
 * IRQL:      <= DISPATCH_LEVEL; the IRPs come later, in a system thread.
 * Ownership: references the PDO until then.
 * Tests:     tests/ddi/stack/device.c
 */
VOID NTAPI
IoRequestDeviceEject(PDEVICE_OBJECT PhysicalDeviceObject)
{
    queue(PhysicalDeviceObject, JOB_EJECT, BusRelations);
}
