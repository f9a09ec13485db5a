/* SPDX-License-Identifier: MIT */
/*
 * nt/io/driver.c - driver objects: see driver.h.
 *
 * Model: one object [DRIVER_OBJECT][struct driver_tail]. Devices hold references to it; it is named \Driver\x.
 */
#include "nt/io/driver.h"

#include <string.h>

#include "base/fmt.h"
#include "base/utf.h"
#include "image/image.h"
#include "nt/cm/cm.h"
#include "nt/io/io.h"
#include "nt/ke/ke.h"
#include "nt/ob/ob.h"
#include "trace/event.h"

#define SERVICES "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\"

/* What IoAllocateDriverObjectExtension made. */
struct client_extension {
    struct client_extension *next;
    PVOID id;
    PVOID reserved[2];
};

#define REINITIALIZE_MAX 8u

struct driver_tail {
    DRIVER_EXTENSION extension;
    struct client_extension *clients;
    struct {
        PDRIVER_REINITIALIZE routine;
        PVOID context;
    } reinitialize[REINITIALIZE_MAX]; /* in order */
    ULONG reinitialize_count;
    UNICODE_STRING registry_path;
    WCHAR service[64];
    WCHAR name[80];
    WCHAR path[160];
};

static void reinitialize(PDRIVER_OBJECT driver);

static struct driver_tail *
tail_of(PDRIVER_OBJECT driver)
{
    return (struct driver_tail *)(driver + 1);
}

static void
driver_destroy(void *body)
{
    struct client_extension *c = tail_of(body)->clients;

    while (c != NULL) {
        struct client_extension *next = c->next;

        heap_free(c);
        c = next;
    }
}

void
io_driver_init(void)
{
    NT->ob->variables->IoDriverObjectType = ob_type_create("Driver", -1, driver_destroy, NULL);
}

NTSTATUS
io_driver_create(const uint16_t *service, uint64_t entry, uint64_t image_base, uint64_t image_size, PDRIVER_OBJECT *out)
{
    char name[64], text[160];
    size_t units = 0;
    PDRIVER_OBJECT driver;
    struct driver_tail *t;
    NTSTATUS status;

    *out = NULL;
    while (service[units] != 0 && units < 63)
        units++;
    utf16_to_utf8(service, units, name, sizeof(name));
    driver = ob_create(NT->ob->variables->IoDriverObjectType, sizeof(*driver) + sizeof(*t), 'virD');
    if (driver == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    t = tail_of(driver);
    driver->Type = IO_TYPE_DRIVER;
    driver->Size = sizeof(*driver);
    driver->DriverStart = (PVOID)image_base;
    driver->DriverSize = (ULONG)image_size;
    driver->DriverInit = (PDRIVER_INITIALIZE)entry;
    driver->DriverExtension = &t->extension;
    t->extension.DriverObject = driver;
    t->extension.ServiceKeyName = ob_text(name, t->service, 64);
    fmt(text, sizeof(text), "\\Driver\\%s", name);
    driver->DriverName = ob_text(text, t->name, 80);
    fmt(text, sizeof(text), SERVICES "%s", name);
    t->registry_path = ob_text(text, t->path, 160);
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = (PDRIVER_DISPATCH)NT->io->invalid_request;
    status = ob_insert(driver, &driver->DriverName, NULL, true);
    if (status == STATUS_SUCCESS && cm_create(text) != 0)
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (status != STATUS_SUCCESS) {
        ob_unname(driver);
        ob_dereference(driver);
        return status;
    }
    fmt(text, sizeof(text), "driver %s", name);
    heap_label(ob_header(driver), text);
    *out = driver;
    return STATUS_SUCCESS;
}

/* The driver ran for the last time: look what it left, then forget it. */
static void
driver_gone(PDRIVER_OBJECT driver)
{
    struct image *image = image_find((uint64_t)driver->DriverStart);

    io_work_wait(driver);
    ob_handles_left((uint64_t)driver->DriverStart, driver->DriverSize);
    trace_emit(EV_DRIVER_UNLOAD, driver, (uint64_t)driver->DriverStart, driver->DriverSize);
    io_left_behind((uint64_t)driver->DriverStart, driver->DriverSize);
    if (image != NULL)
        io_libraries_put(image);
    ob_unname(driver);
    ob_dereference(driver);
}

NTSTATUS
io_driver_start(PDRIVER_OBJECT driver)
{
    struct image *image = image_find((uint64_t)driver->DriverStart);
    struct driver_tail *t = tail_of(driver);
    NTSTATUS status = image != NULL ? io_libraries_get(image, 0) : STATUS_SUCCESS;

    if (!NT_SUCCESS(status)) {
        ob_unname(driver);
        ob_dereference(driver);
        return status;
    }
    status =
        (NTSTATUS)GUEST_CALL(io_site.IopLoadDriver, driver->DriverInit, (uint64_t)driver, (uint64_t)&t->registry_path);
    trace_emit(EV_DRIVER_ENTRY, driver, (uint32_t)status);
    if (!NT_SUCCESS(status)) {
        driver_gone(driver);
        return status;
    }
    /* documented: the I/O manager clears the flag of devices made in DriverEntry */
    for (PDEVICE_OBJECT d = driver->DeviceObject; d != NULL; d = d->NextDevice)
        d->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        if (driver->MajorFunction[i] == NULL) /* observed */
            driver->MajorFunction[i] = (PDRIVER_DISPATCH)NT->io->invalid_request;
    driver->Flags |= DRVO_INITIALIZED;
    reinitialize(driver);
    return status;
}

NTSTATUS
io_driver_add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    if (driver->DriverExtension->AddDevice == NULL)
        return STATUS_NOT_SUPPORTED;
    return (NTSTATUS)GUEST_CALL(io_site.PnpCallAddDevice, driver->DriverExtension->AddDevice, (uint64_t)driver,
                                (uint64_t)pdo);
}

bool
io_driver_busy(PDRIVER_OBJECT driver)
{
    for (PDEVICE_OBJECT d = driver->DeviceObject; d != NULL; d = d->NextDevice)
        if (d->ReferenceCount != 0)
            return true;
    return false;
}

NTSTATUS
io_driver_unload(PDRIVER_OBJECT driver)
{
    sched_touch((uint64_t)driver);
    if (driver->DriverUnload == NULL) {
        trace_emit(EV_IO_MISUSE, driver, IO_MISUSE_NO_UNLOAD, (uint64_t)driver->DriverExtension->AddDevice);
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (io_driver_busy(driver))
        return STATUS_DEVICE_BUSY;
    if (NT->io->unload_hook != NULL)
        NT->io->unload_hook(driver);
    driver->Flags |= DRVO_UNLOAD_INVOKED;
    GUEST_CALL(io_site.IopLoadUnloadDriver, driver->DriverUnload, (uint64_t)driver);
    driver_gone(driver);
    return STATUS_SUCCESS;
}

void
io_driver_on_unload(void (*fn)(PDRIVER_OBJECT driver))
{
    NT->io->unload_hook = fn;
}

void
io_driver_on_leak_check(void (*fn)(uint64_t base, uint64_t size, void *arg), void *arg)
{
    NT->io->leak_hook.fn = fn;
    NT->io->leak_hook.arg = arg;
}

void
io_left_behind(uint64_t base, uint64_t size)
{
    struct image *image = image_find(base);

    if (NT->io->leak_hook.fn != NULL)
        NT->io->leak_hook.fn(base, size, NT->io->leak_hook.arg);
    if (image != NULL && NT->io->library[image_number(image)] == 0)
        image_renew(image);
}

PDRIVER_OBJECT
io_driver_find(const char *service)
{
    char text[80];
    WCHAR buffer[80];
    UNICODE_STRING path;
    struct ob_walk w;

    fmt(text, sizeof(text), "\\Driver\\%s", service);
    path = ob_text(text, buffer, 80);
    if (ob_walk(&w, &path, NULL, 0) != STATUS_SUCCESS || ob_type(w.object) != NT->ob->variables->IoDriverObjectType)
        return NULL;
    return w.object;
}

PDRIVER_OBJECT
io_driver_at(uint64_t address)
{
    WCHAR buffer[16];
    UNICODE_STRING path = ob_text("\\Driver", buffer, 16);
    struct ob_walk w;

    if (ob_walk(&w, &path, NULL, 0) != STATUS_SUCCESS)
        return NULL;
    for (struct ob_header *h = ((struct ob_directory *)w.object)->first; h != NULL; h = h->next) {
        PDRIVER_OBJECT driver = (PDRIVER_OBJECT)(h + 1);

        if (h->type == NT->ob->variables->IoDriverObjectType &&
            address - (uint64_t)driver->DriverStart < driver->DriverSize)
            return driver;
    }
    return NULL;
}

const char *
io_driver_name(PDRIVER_OBJECT driver, char *buffer, size_t room)
{
    fmt(buffer, room, "%wZ", (const struct fmt_ustring *)&driver->DriverExtension->ServiceKeyName);
    return buffer;
}

/* ------------------------------------------------------------------ what drivers call */

/*
 * IoAllocateDriverObjectExtension - memory that goes with the driver object. Returns: STATUS_SUCCESS,
 * _INSUFFICIENT_RESOURCES, _OBJECT_NAME_COLLISION if the id is in use (documented).
 */
NTSTATUS NTAPI
IoAllocateDriverObjectExtension(PDRIVER_OBJECT DriverObject, PVOID ClientIdentificationAddress,
                                ULONG DriverObjectExtensionSize, PVOID *DriverObjectExtension)
{
    struct client_extension *c;

    *DriverObjectExtension = NULL;
    if (IoGetDriverObjectExtension(DriverObject, ClientIdentificationAddress) != NULL)
        return STATUS_OBJECT_NAME_COLLISION;
    if (ex_fault('virD') || (c = heap_alloc(sizeof(*c) + DriverObjectExtensionSize, 'virD')) == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(c, 0, sizeof(*c) + DriverObjectExtensionSize);
    c->id = ClientIdentificationAddress;
    c->next = tail_of(DriverObject)->clients;
    tail_of(DriverObject)->clients = c;
    *DriverObjectExtension = c + 1;
    return STATUS_SUCCESS;
}

PVOID NTAPI
IoGetDriverObjectExtension(PDRIVER_OBJECT DriverObject, PVOID ClientIdentificationAddress)
{
    for (struct client_extension *c = tail_of(DriverObject)->clients; c != NULL; c = c->next)
        if (c->id == ClientIdentificationAddress)
            return c + 1;
    return NULL;
}

/* ------------------------------------------------------------------ once more after DriverEntry */

static void
register_reinitialize(PDRIVER_OBJECT driver, PDRIVER_REINITIALIZE routine, void *context)
{
    struct driver_tail *t = tail_of(driver);

    if (t->reinitialize_count == REINITIALIZE_MAX)
        machine_unsupported((uint32_t)ddi_lookup("ntoskrnl", "IoRegisterDriverReinitialization"),
                            "IoRegisterDriverReinitialization of more than 8 routines at a time");
    t->reinitialize[t->reinitialize_count].routine = routine;
    t->reinitialize[t->reinitialize_count++].context = context;
}

/* Those that are registered, and those that they register. */
static void
reinitialize(PDRIVER_OBJECT driver)
{
    struct driver_tail *t = tail_of(driver);

    while (t->reinitialize_count > 0) {
        PDRIVER_REINITIALIZE routine = t->reinitialize[0].routine;
        void *context = t->reinitialize[0].context;

        t->reinitialize_count--;
        memmove(t->reinitialize, t->reinitialize + 1, t->reinitialize_count * sizeof(t->reinitialize[0]));
        GUEST_CALL(io_site.IopCallDriverReinitializationRoutines, routine, (uint64_t)driver, (uint64_t)context,
                   ++t->extension.Count);
    }
}

/*
 * IoRegisterDriverReinitialization - a routine to be called after DriverEntry, when that succeeded.
 *
 * Source:    documented: called once for each registration, with the number of calls so far; it may register itself
 *            again. The INIT section stays until then. A driver is started by itself here, so it is called when
 *            DriverEntry has returned.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: Context is lent until the routine returns
 * Tests:     tests/drivers/reinitializes
 */
VOID NTAPI
IoRegisterDriverReinitialization(PDRIVER_OBJECT DriverObject, PDRIVER_REINITIALIZE DriverReinitializationRoutine,
                                 PVOID Context)
{
    register_reinitialize(DriverObject, DriverReinitializationRoutine, Context);
}

/*
 * IoRegisterBootDriverReinitialization - documented: the same for drivers that start at boot, when all devices have
 * been started. assumed: devices of the machine come after their drivers, so there is nothing to wait for.
 *
 * IRQL:      PASSIVE_LEVEL
 * Ownership: Context is lent until the routine returns
 */
VOID NTAPI
IoRegisterBootDriverReinitialization(PDRIVER_OBJECT DriverObject, PDRIVER_REINITIALIZE DriverReinitializationRoutine,
                                     PVOID Context)
{
    register_reinitialize(DriverObject, DriverReinitializationRoutine, Context);
}
