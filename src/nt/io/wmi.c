/* SPDX-License-Identifier: MIT */
/*
 * nt/io/wmi.c - Windows Management Instrumentation, as drivers provide for it.
 *
 * Model: nobody queries WMI in this machine and nobody listens to its events, so no request ever comes; an event is
 * taken and thrown away.
 */
#include "nt/io/io.h"

#include "ddk/wmistr.h"
#include "nt/ex/ex.h"

enum { EVENT_MAX = 64 << 10 }; /* assumed; on Windows a value of the registry */

/*
 * IoWMIRegistrationControl - documented: registering makes the device a WMI provider, which WMI then asks by
 * IRP_MN_REGINFO.
 *
 * IRQL:      PASSIVE_LEVEL
 * Ownership: none; on Windows the device is WMI's until it deregisters.
 * Returns:   STATUS_SUCCESS, _INVALID_PARAMETER for an unknown action.
 */
NTSTATUS NTAPI
IoWMIRegistrationControl(PDEVICE_OBJECT DeviceObject, ULONG Action)
{
    (void)DeviceObject;
    switch (Action) {
    case WMIREG_ACTION_REGISTER:
    case WMIREG_ACTION_DEREGISTER:
    case WMIREG_ACTION_REREGISTER:
    case WMIREG_ACTION_UPDATE_GUIDS:
    case WMIREG_ACTION_BLOCK_IRPS:
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

/*
 * IoWMIDeviceObjectToProviderId - the number by which WMI knows a device.
 *
 * Source:    documented: 32 bits made of the device's address; assumed: its low half.
 * IRQL:      <= DISPATCH_LEVEL
 * Ownership: borrows the device.
 * Tests:     tests/ddi/io_dev.c
 */
ULONG NTAPI
IoWMIDeviceObjectToProviderId(PDEVICE_OBJECT DeviceObject)
{
    return (ULONG)(uint64_t)DeviceObject;
}

/*
 * IoWMIWriteEvent - an event for whoever listens.
 *
 * Source:    documented. Assumed: the largest is 64 KB; one for a trace (WNODE_FLAG_TRACED_GUID) is _UNSUCCESSFUL, as
 *            no logger runs.
 * IRQL:      <= APC_LEVEL
 * Ownership: STATUS_SUCCESS takes the event, which is pool; else it stays the caller's.
 * Returns:   STATUS_SUCCESS, _BUFFER_OVERFLOW, _UNSUCCESSFUL, _INSUFFICIENT_RESOURCES.
 * Tests:     tests/ddi/io_dev.c
 */
NTSTATUS NTAPI
IoWMIWriteEvent(PVOID WnodeEventItem)
{
    const WNODE_HEADER *node = WnodeEventItem;

    if (node->Flags & WNODE_FLAG_TRACED_GUID)
        return STATUS_UNSUCCESSFUL;
    if (node->BufferSize > EVENT_MAX)
        return STATUS_BUFFER_OVERFLOW;
    if (ex_fault('imWE'))
        return STATUS_INSUFFICIENT_RESOURCES;
    ex_pool_free(WnodeEventItem, 0);
    return STATUS_SUCCESS;
}
