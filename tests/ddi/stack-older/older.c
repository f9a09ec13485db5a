/* SPDX-License-Identifier: MIT */
/*
 * older.c - what may wake an adapter whose miniport is older than NDIS 6.20: it hears OID_PNP_ENABLE_WAKE_UP before it
 * sleeps, whichever of the two generations of OIDs the binding used. The rest of the driver is tests/ddi/stack.
 */
#include "../stack/stack.h"

static KEVENT Reached;

static VOID NTAPI
PowerDone(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction, POWER_STATE PowerState, PVOID Context,
          PIO_STATUS_BLOCK IoStatus)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(MinorFunction);
    UNREFERENCED_PARAMETER(PowerState);
    UNREFERENCED_PARAMETER(Context);
    CHECK(IoStatus->Status == STATUS_SUCCESS);
    KeSetEvent(&Reached, IO_NO_INCREMENT, FALSE);
}

static VOID
GoTo(DEVICE_POWER_STATE State)
{
    POWER_STATE power = { .DeviceState = State };
    PDEVICE_OBJECT pdo = NULL;

    NdisMGetDeviceProperty(StackPort, &pdo, NULL, NULL, NULL, NULL);
    KeInitializeEvent(&Reached, NotificationEvent, FALSE);
    REQUIRE(PoRequestPowerIrp(pdo, IRP_MN_SET_POWER, power, PowerDone, NULL, NULL) == STATUS_PENDING);
    KeWaitForSingleObject(&Reached, Executive, KernelMode, FALSE, NULL);
}

static NDIS_STATUS
Set(NDIS_OID Oid, PVOID Buffer, ULONG Length)
{
    NDIS_OID_REQUEST request;

    StackRequest(&request, NdisRequestSetInformation, Oid, Buffer, Length);
    return StackAsk(NdisOidRequest, &Seen.BindingOidsDone, &request);
}

/* Sleeps and wakes; Told times it was told before it slept. */
static VOID
Sleep(LONG Told)
{
    LONG powers = Seen.PortPowers, sets = StackPm.ParametersSets, restarts = Seen.BindingRestarts;

    GoTo(PowerDeviceD3);
    CHECK(Seen.PortPowers == powers + 1 && StackPower == NdisDeviceStateD3);
    CHECK(StackPm.ParametersSets == sets + Told && (Told == 0 || StackPm.Powers == powers));
    GoTo(PowerDeviceD0);
    CHECK(StackReaches(&Seen.BindingRestarts, restarts + 1) && StackPower == NdisDeviceStateD0);
}

/* documented: NDIS keeps what is wanted, and tells the miniport before the low-power state */
static VOID
ToldBeforeSleep(VOID)
{
    ULONG flags = NDIS_PNP_WAKE_UP_PATTERN_MATCH | NDIS_PNP_WAKE_UP_LINK_CHANGE;
    LONG sets = StackPm.ParametersSets;

    CHECK(Set(OID_PNP_ENABLE_WAKE_UP, &flags, sizeof(flags)) == NDIS_STATUS_SUCCESS);
    CHECK(StackPm.ParametersSets == sets);
    Sleep(1);
    CHECK(StackPm.WakeUp == NDIS_PNP_WAKE_UP_PATTERN_MATCH); /* documented: the flag for link changes is ignored */
    flags = 0;
    CHECK(Set(OID_PNP_ENABLE_WAKE_UP, &flags, sizeof(flags)) == NDIS_STATUS_SUCCESS);
    Sleep(0);
}

/* documented: what a newer protocol asks is translated, and such a miniport takes no newer patterns */
static VOID
NewerIsTranslated(VOID)
{
    NDIS_PM_PARAMETERS parameters;
    ULONG id = 2;

    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    parameters.Header.Revision = NDIS_PM_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1;
    parameters.EnabledWoLPacketPatterns = NDIS_PM_WOL_MAGIC_PACKET_ENABLED;
    CHECK(Set(OID_PM_PARAMETERS, &parameters, parameters.Header.Size) == NDIS_STATUS_SUCCESS);
    Sleep(1);
    CHECK(StackPm.WakeUp == NDIS_PNP_WAKE_UP_MAGIC_PACKET);
    CHECK(Set(OID_PM_REMOVE_WOL_PATTERN, &id, sizeof(id)) == NDIS_STATUS_NOT_SUPPORTED);
}

DDI_TESTS(older, { "told_before_sleep", ToldBeforeSleep }, { "newer_is_translated", NewerIsTranslated });
