/* SPDX-License-Identifier: MIT */
/*
 * ndis/driver.c - what registering has in common for the three kinds of driver.
 *
 * Model: the handle a driver gets is the address of its struct ndis_filter_driver, ndis_miniport_driver or
 * ndis_protocol_driver, which begins with a struct ndis_driver. What is remembered of it after it deregistered is its
 * record in monitor memory.
 */
#include "ndis/driver.h"
#include "ndis/idle.h"

#include "base/fmt.h"
#include "base/str.h"

bool
ndis_version_ok(uint8_t major, uint8_t minor, const void *where, const char *name, uint32_t site)
{
    static const uint8_t minors[] = { 0, 1, 20, 30, 40, 50, 51, 52, 60, 70, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89 };

    if (major == 6)
        for (unsigned i = 0; i < sizeof(minors); i++)
            if (minors[i] == minor)
                return true;
    trace_emit(EV_HEADER_MISUSE, where, site, NDIS_HEADER_VERSION, (uint64_t)major << 8 | minor, 0x600, (uint64_t)name);
    return false;
}

bool
ndis_handlers_ok(const void *where, uint32_t site, const struct ndis_handler *required, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (required[i].handler == 0) {
            trace_emit(EV_HEADER_MISUSE, where, site, NDIS_HEADER_HANDLER, 0, 0, (uint64_t)required[i].name);
            return false;
        }
    return true;
}

bool
ndis_name_ok(const void *where, uint32_t site, const char *name, const UNICODE_STRING *string)
{
    if (string->Length == 0)
        trace_emit(EV_HEADER_MISUSE, where, site, NDIS_HEADER_NAME, 0, 0, (uint64_t)name);
    return string->Length != 0;
}

void
ndis_name_from_path(const UNICODE_STRING *path, char *name, size_t room)
{
    const WCHAR *text = path->Buffer;
    unsigned length = path->Length / 2, from = 0, at = 0;

    for (unsigned i = 0; i < length; i++)
        if (text[i] == '\\')
            from = i + 1;
    for (; from < length && at + 1 < room; from++)
        name[at++] = text[from] < 0x7f ? (char)text[from] : '_';
    name[at] = 0;
}

int
ndis_driver_init(struct ndis_driver *driver, enum ndis_layer_kind kind, DRIVER_OBJECT *driver_object,
                 const UNICODE_STRING *name)
{
    struct ndis_root *root = ndis_root();
    struct ndis_driver_record *record = mon_alloc(sizeof(*record));

    driver->kind = (uint8_t)kind;
    driver->driver_object = driver_object;
    driver->bind_by_default = true;
    driver->record = record;
    record->handle = (uint64_t)driver;
    record->kind = (uint8_t)kind;
    ndis_name_from_path(name, record->name, sizeof(record->name));
    sched_touch((uint64_t)&root->drivers);
    list_add_tail(&root->records, &record->node);
    list_add_tail(&root->drivers, &driver->node);
    return 0;
}

void
ndis_driver_remove(struct ndis_driver *driver)
{
    trace_emit(EV_NDIS_DEREGISTER, driver, driver->kind, (uint64_t)driver);
    sched_touch((uint64_t)&ndis_root()->drivers);
    list_del(&driver->node);
    driver->record->gone = true;
    ndis_free(driver);
}

struct ndis_driver *
ndis_driver_find(const char *service)
{
    struct ndis_driver *driver;

    list_for_each (driver, &ndis_root()->drivers, node)
        if (str_ieq(driver->record->name, service))
            return driver;
    return NULL;
}

/*
 * NdisSetOptionalHandlers - set handlers that registration does not have.
 *
 * Source:    documented. A filter module sets its partial characteristics with its module handle.
 * IRQL:      PASSIVE_LEVEL
 * Returns:   NDIS_STATUS_SUCCESS, _BAD_CHARACTERISTICS, _NOT_SUPPORTED.
 */
NDIS_STATUS NTAPI
NdisSetOptionalHandlers(NDIS_HANDLE NdisHandle, PNDIS_DRIVER_OPTIONAL_HANDLERS OptionalHandlers)
{
    struct ndis_object *object = NdisHandle;
    NDIS_OBJECT_HEADER *header = (NDIS_OBJECT_HEADER *)OptionalHandlers;

    switch (object->signature) {
    case NDIS_SIG_FILTER:
        if (header->Type == NDIS_OBJECT_TYPE_FILTER_PARTIAL_CHARACTERISTICS)
            return ndis_filter_set_partial((struct ndis_filter *)object, header);
        break;
    case NDIS_SIG_MINIPORT_DRIVER:
        if (header->Type == NDIS_OBJECT_TYPE_MINIPORT_PNP_CHARACTERISTICS)
            return ndis_miniport_set_pnp((struct ndis_miniport_driver *)object, header);
        if (header->Type == NDIS_OBJECT_TYPE_MINIPORT_SS_CHARACTERISTICS)
            return ndis_miniport_set_idle((struct ndis_miniport_driver *)object, header);
        break;
    default:
        break;
    }
    return NDIS_STATUS_NOT_SUPPORTED;
}
