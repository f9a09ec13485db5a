/* SPDX-License-Identifier: MIT */
/*
 * idle.c - selective suspend: the miniport is asked after five seconds without use, goes to low power, and comes back.
 */
#include "stack.h"

/* Within twice the time-out and something. */
static BOOLEAN
Reaches(volatile LONG *Count, LONG Value)
{
    ULONG i;

    for (i = 0; i < 6; i++)
        if (StackReaches(Count, Value))
            return TRUE;
    return FALSE;
}

static NDIS_STATUS
AskVendor(VOID)
{
    NDIS_OID_REQUEST request;
    ULONG value = 0;

    StackRequest(&request, NdisRequestQueryInformation, OID_GEN_VENDOR_ID, &value, sizeof(value));
    return StackAsk(NdisOidRequest, &Seen.BindingOidsDone, &request);
}

/* documented: a miniport that refuses is asked again */
static VOID
Refuses(VOID)
{
    LONG idles = StackIdles, cancels = StackIdleCancels;
    ULONG power = StackPower;

    StackIdleMode = StackIdleRefuses;
    CHECK(Reaches(&StackIdles, idles + 1) && Reaches(&StackIdles, idles + 2));
    CHECK(StackIdleCancels == cancels && StackPower == power && StackIdlesForced == 0);
}

static VOID
SuspendedByCall(LONG Mode)
{
    LONG idles = StackIdles, cancels = StackIdleCancels, sets = StackPm.ParametersSets, powers = Seen.PortPowers;
    LONG oids = Seen.ModuleOids;

    StackIdleMode = Mode;
    REQUIRE(Reaches(&StackIdles, idles + 1));
    REQUIRE(StackReaches(&Seen.PortPowers, powers + 1));
    /* documented: first what may wake it, past the filters, then the state that it named itself */
    CHECK(StackPower == NdisDeviceStateD2 && StackPm.ParametersSets == sets + 1 && StackPm.Powers == powers);
    CHECK(StackPm.Parameters.WakeUpFlags == NDIS_PM_SELECTIVE_SUSPEND_ENABLED);
    CHECK(StackPm.Parameters.EnabledWoLPacketPatterns == 0 && Seen.ModuleOids == oids);
    StackIdleMode = StackIdleRefuses;
    CHECK(!StackReaches(&StackIdles, idles + 2)); /* it stays so */
    CHECK(AskVendor() == NDIS_STATUS_SUCCESS);
    CHECK(StackIdleCancels == cancels + 1 && StackPower == NdisDeviceStateD0 && Seen.PortPowers == powers + 2);
}

static VOID
RequestWakes(VOID)
{
    SuspendedByCall(StackIdleConfirms);
}

static VOID
ConfirmedLater(VOID)
{
    SuspendedByCall(StackIdleConfirmsLater);
}

static VOID
DirectRequestWakes(VOID)
{
    LONG powers = Seen.PortPowers;
    NDIS_OID_REQUEST request;
    ULONG value = 0;
    KIRQL old;
    LONG done = Seen.BindingDirectsDone;

    StackIdleMode = StackIdleConfirms;
    REQUIRE(Reaches(&Seen.PortPowers, powers + 1));
    StackIdleMode = StackIdleRefuses;
    StackRequest(&request, NdisRequestQueryInformation, OID_GEN_VENDOR_ID, &value, sizeof(value));
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    CHECK(NdisDirectOidRequest(StackBinding, &request) == NDIS_STATUS_PENDING);
    KeLowerIrql(old);
    CHECK(StackReaches(&Seen.BindingDirectsDone, done + 1) && value == 0x554e44 && StackPower == NdisDeviceStateD0);
}

/* A frame waits for full power, and is not lost. */
static VOID
SendWakes(VOID)
{
    LONG powers = Seen.PortPowers, sends = Seen.PortSends, done = Seen.BindingSendsDone;
    PNET_BUFFER_LIST list;

    StackIdleMode = StackIdleConfirms;
    REQUIRE(Reaches(&Seen.PortPowers, powers + 1));
    StackIdleMode = StackIdleRefuses;
    list = StackFrame();
    REQUIRE(list != NULL);
    list->SourceHandle = StackBinding;
    NdisSendNetBufferLists(StackBinding, list, NDIS_DEFAULT_PORT_NUMBER, 0);
    CHECK(StackReaches(&Seen.BindingSendsDone, done + 1) && Seen.PortSends == sends + 1);
    CHECK(StackPowerAtSend == NdisDeviceStateD0 && StackPower == NdisDeviceStateD0);
    StackFreeFrame();
}

/* documented: the miniport may end it by its own wish */
static VOID
MiniportWakes(VOID)
{
    LONG powers = Seen.PortPowers, cancels = StackIdleCancels;

    StackIdleMode = StackIdleConfirms;
    REQUIRE(Reaches(&Seen.PortPowers, powers + 1));
    StackIdleMode = StackIdleRefuses;
    NdisMIdleNotificationComplete(StackPort);
    CHECK(StackReaches(&Seen.PortPowers, powers + 2) && StackPower == NdisDeviceStateD0);
    CHECK(StackIdleCancels == cancels);
}

/* A change of the stack finds the miniport awake. */
static VOID
PauseWakes(VOID)
{
    LONG powers = Seen.PortPowers, restarts = Seen.BindingRestarts;

    StackIdleMode = StackIdleConfirms;
    REQUIRE(Reaches(&Seen.PortPowers, powers + 1));
    StackIdleMode = StackIdleRefuses;
    CHECK(NdisFRestartFilter(StackModule) == NDIS_STATUS_SUCCESS);
    CHECK(StackReaches(&Seen.BindingRestarts, restarts + 1) && StackPower == NdisDeviceStateD0);
}

DDI_TESTS(idle, { "refuses", Refuses }, { "request_wakes", RequestWakes }, { "confirmed_later", ConfirmedLater },
          { "direct_request_wakes", DirectRequestWakes }, { "send_wakes", SendWakes },
          { "miniport_wakes", MiniportWakes }, { "pause_wakes", PauseWakes });
