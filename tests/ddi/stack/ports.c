/* SPDX-License-Identifier: MIT */
/* ports.c - NDIS ports, and the events that a miniport originates. */
#include "stack.h"

static VOID
Describe(PNDIS_PORT_CHARACTERISTICS Port)
{
    NdisZeroMemory(Port, sizeof(*Port));
    Port->Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    Port->Header.Revision = NDIS_PORT_CHARACTERISTICS_REVISION_1;
    Port->Header.Size = NDIS_SIZEOF_PORT_CHARACTERISTICS_REVISION_1;
    Port->Flags = NDIS_PORT_CHAR_USE_DEFAULT_AUTH_SETTINGS;
    Port->MediaConnectState = MediaConnectStateConnected;
    Port->XmitLinkSpeed = Port->RcvLinkSpeed = 1000;
    Port->Direction = NET_IF_DIRECTION_SENDRECEIVE;
}

static NDIS_STATUS
Allocate(PNDIS_PORT_NUMBER Number)
{
    NDIS_PORT_CHARACTERISTICS port;
    NDIS_STATUS status;

    Describe(&port);
    status = NdisMAllocatePort(StackPort, &port);
    *Number = port.PortNumber;
    return status;
}

static NDIS_STATUS
Tell(NET_PNP_EVENT_CODE Code, PVOID Buffer, ULONG Length)
{
    NET_PNP_EVENT_NOTIFICATION event;

    NdisZeroMemory(&event, sizeof(event));
    event.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    event.Header.Revision = NET_PNP_EVENT_NOTIFICATION_REVISION_1;
    event.Header.Size = NDIS_SIZEOF_NET_PNP_EVENT_NOTIFICATION_REVISION_1;
    event.NetPnPEvent.NetEvent = Code;
    event.NetPnPEvent.Buffer = Buffer;
    event.NetPnPEvent.BufferLength = Length;
    return NdisMNetPnPEvent(StackPort, &event);
}

/* Second: NDIS_DEFAULT_PORT_NUMBER for none, unless it is First. */
static NDIS_STATUS
Activate(NDIS_PORT_NUMBER First, NDIS_PORT_NUMBER Second)
{
    NDIS_PORT port[2];

    NdisZeroMemory(port, sizeof(port));
    Describe(&port[0].PortCharacteristics);
    Describe(&port[1].PortCharacteristics);
    port[0].PortCharacteristics.PortNumber = First;
    port[1].PortCharacteristics.PortNumber = Second;
    port[0].Next = Second != NDIS_DEFAULT_PORT_NUMBER ? &port[1] : NULL;
    return Tell(NetEventPortActivation, port, sizeof(port[0]));
}

static NDIS_STATUS
Deactivate(NDIS_PORT_NUMBER Number)
{
    return Tell(NetEventPortDeactivation, &Number, sizeof(Number));
}

/* A query of the binding's that NDIS answers. */
static NDIS_STATUS
Query(NDIS_OID Oid, NDIS_PORT_NUMBER Port, PVOID Buffer, ULONG Length)
{
    NDIS_OID_REQUEST request;
    LONG before = Seen.BindingOidsDone;
    NDIS_STATUS status;

    StackRequest(&request, NdisRequestQueryInformation, Oid, Buffer, Length);
    request.PortNumber = Port;
    status = NdisOidRequest(StackBinding, &request);
    if (status == NDIS_STATUS_PENDING)
        status = StackReaches(&Seen.BindingOidsDone, before + 1) ? StackLastStatus : NDIS_STATUS_PENDING;
    return status;
}

static VOID
Allocates(VOID)
{
    NDIS_PORT_CHARACTERISTICS bad;
    NDIS_PORT_NUMBER first, second, again;

    NdisZeroMemory(&bad, sizeof(bad));
    CHECK(NdisMAllocatePort(StackPort, &bad) == NDIS_STATUS_INVALID_DATA);
    REQUIRE(Allocate(&first) == NDIS_STATUS_SUCCESS && Allocate(&second) == NDIS_STATUS_SUCCESS);
    CHECK(first != NDIS_DEFAULT_PORT_NUMBER && second != NDIS_DEFAULT_PORT_NUMBER && first != second);
    CHECK(NdisMFreePort(StackPort, first) == NDIS_STATUS_SUCCESS);
    CHECK(NdisMFreePort(StackPort, first) == NDIS_STATUS_INVALID_PORT);
    CHECK(Allocate(&again) == NDIS_STATUS_SUCCESS && again != second);
    CHECK(NdisMFreePort(StackPort, again) == NDIS_STATUS_SUCCESS);
    CHECK(NdisMFreePort(StackPort, second) == NDIS_STATUS_SUCCESS);
    CHECK(NdisMFreePort(StackPort, NDIS_DEFAULT_PORT_NUMBER) == NDIS_STATUS_INVALID_PORT);
    CHECK(NdisMFreePort(StackPort, 0x1000000) == NDIS_STATUS_INVALID_DATA);
}

static VOID
ActivatesAllOrNone(VOID)
{
    LONG on = Seen.BindingPortsOn, off = Seen.BindingPortsOff;
    NDIS_PORT_NUMBER first, second, both[2];

    REQUIRE(Allocate(&first) == NDIS_STATUS_SUCCESS && Allocate(&second) == NDIS_STATUS_SUCCESS);
    CHECK(Activate(first, 77) == NDIS_STATUS_INVALID_PORT && Seen.BindingPortsOn == on);
    CHECK(Deactivate(first) == NDIS_STATUS_INVALID_PORT_STATE);
    CHECK(Activate(first, second) == NDIS_STATUS_SUCCESS && Seen.BindingPortsOn == on + 2);
    CHECK(Activate(second, NDIS_DEFAULT_PORT_NUMBER) == NDIS_STATUS_INVALID_PORT_STATE);
    CHECK(NdisMFreePort(StackPort, first) == NDIS_STATUS_INVALID_PORT_STATE);
    CHECK(Deactivate(77) == NDIS_STATUS_INVALID_PORT && Seen.BindingPortsOff == off);
    CHECK(Tell(NetEventPortDeactivation, NULL, 4) == NDIS_STATUS_INVALID_PARAMETER);
    CHECK(Tell(NetEventPortDeactivation, &first, 0) == NDIS_STATUS_INVALID_PARAMETER);
    both[0] = first;
    both[1] = NDIS_DEFAULT_PORT_NUMBER;
    CHECK(Tell(NetEventPortDeactivation, both, sizeof(both)) == NDIS_STATUS_INVALID_PORT);
    both[1] = second;
    CHECK(Tell(NetEventPortDeactivation, both, sizeof(both)) == NDIS_STATUS_SUCCESS && Seen.BindingPortsOff == off + 2);
    CHECK(NdisMFreePort(StackPort, first) == NDIS_STATUS_SUCCESS);
    CHECK(NdisMFreePort(StackPort, second) == NDIS_STATUS_SUCCESS);
}

static VOID
Enumerates(VOID)
{
    union {
        NDIS_PORT_ARRAY Array;
        UCHAR Bytes[sizeof(NDIS_PORT_ARRAY) + 4 * sizeof(NDIS_PORT_CHARACTERISTICS)];
    } u;
    PNDIS_PORT_CHARACTERISTICS port;
    NDIS_PORT_NUMBER number, inactive;

    REQUIRE(Allocate(&number) == NDIS_STATUS_SUCCESS && Allocate(&inactive) == NDIS_STATUS_SUCCESS);
    REQUIRE(Activate(number, NDIS_DEFAULT_PORT_NUMBER) == NDIS_STATUS_SUCCESS);
    CHECK(Query(OID_GEN_ENUMERATE_PORTS, 0, &u, 8) == NDIS_STATUS_BUFFER_TOO_SHORT);
    CHECK(Query(OID_GEN_ENUMERATE_PORTS, 0, &u, sizeof(u)) == NDIS_STATUS_SUCCESS);
    CHECK(u.Array.NumberOfPorts == 2); /* documented: those that are not active are left out */
    port = (PNDIS_PORT_CHARACTERISTICS)(u.Bytes + u.Array.OffsetFirstPort + u.Array.ElementSize);
    CHECK(port->PortNumber == number && port->XmitLinkSpeed == 1000);
    CHECK(Deactivate(number) == NDIS_STATUS_SUCCESS);
    CHECK(NdisMFreePort(StackPort, number) == NDIS_STATUS_SUCCESS);
    CHECK(NdisMFreePort(StackPort, inactive) == NDIS_STATUS_SUCCESS);
}

static VOID
StatesAreKept(VOID)
{
    NDIS_STATUS_INDICATION indication;
    NDIS_PORT_STATE state;
    NDIS_PORT_NUMBER number;
    LONG before = Seen.BindingPortStates;

    REQUIRE(Allocate(&number) == NDIS_STATUS_SUCCESS);
    REQUIRE(Activate(number, NDIS_DEFAULT_PORT_NUMBER) == NDIS_STATUS_SUCCESS);
    NdisZeroMemory(&state, sizeof(state));
    state.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    state.Header.Revision = NDIS_PORT_STATE_REVISION_1;
    state.Header.Size = NDIS_SIZEOF_PORT_STATE_REVISION_1;
    state.MediaConnectState = MediaConnectStateDisconnected;
    state.XmitLinkSpeed = 7;
    NdisZeroMemory(&indication, sizeof(indication));
    indication.Header.Type = NDIS_OBJECT_TYPE_STATUS_INDICATION;
    indication.Header.Revision = NDIS_STATUS_INDICATION_REVISION_1;
    indication.Header.Size = NDIS_SIZEOF_STATUS_INDICATION_REVISION_1;
    indication.SourceHandle = StackPort;
    indication.PortNumber = number;
    indication.StatusCode = NDIS_STATUS_PORT_STATE;
    indication.StatusBuffer = &state;
    indication.StatusBufferSize = sizeof(state);
    NdisMIndicateStatusEx(StackPort, &indication);
    CHECK(Seen.BindingPortStates == before + 1);
    NdisZeroMemory(&state, sizeof(state));
    CHECK(Query(OID_GEN_PORT_STATE, number, &state, sizeof(state)) == NDIS_STATUS_SUCCESS);
    CHECK(state.MediaConnectState == MediaConnectStateDisconnected && state.XmitLinkSpeed == 7);
    CHECK(Query(OID_GEN_PORT_STATE, 99, &state, sizeof(state)) == NDIS_STATUS_INVALID_PORT);
    CHECK(Query(OID_GEN_PORT_STATE, 0, &state, sizeof(state)) == NDIS_STATUS_SUCCESS);
    CHECK(state.MediaConnectState == MediaConnectStateConnected && state.XmitLinkSpeed == 1000000000);
    CHECK(Deactivate(number) == NDIS_STATUS_SUCCESS && NdisMFreePort(StackPort, number) == NDIS_STATUS_SUCCESS);
}

/* documented: what miniport drivers tell others than ports is not theirs to tell, but an intermediate driver's */
static VOID
OthersAreRefused(VOID)
{
    NDIS_DEVICE_POWER_STATE state = NdisDeviceStateD3;
    LONG before = Seen.BindingNetPnP;

    CHECK(Tell(NetEventSetPower, &state, sizeof(state)) == NDIS_STATUS_INVALID_PARAMETER);
    CHECK(Seen.BindingNetPnP == before);
}

static VOID
BindingPendsAnEvent(VOID)
{
    LONG before = Seen.BindingNetPnP;
    NDIS_PORT_NUMBER number;

    REQUIRE(Allocate(&number) == NDIS_STATUS_SUCCESS);
    StackPendsEvents = 1;
    CHECK(Activate(number, NDIS_DEFAULT_PORT_NUMBER) == NDIS_STATUS_SUCCESS && Seen.BindingNetPnP == before + 1);
    CHECK(Deactivate(number) == NDIS_STATUS_SUCCESS && Seen.BindingNetPnP == before + 2);
    StackPendsEvents = 0;
    CHECK(NdisMFreePort(StackPort, number) == NDIS_STATUS_SUCCESS);
}

static VOID
StackIsHeldPaused(VOID)
{
    LONG pauses = Seen.BindingPauses, restarts = Seen.BindingRestarts;

    CHECK(Tell(NetEventRequirePause, NULL, 0) == NDIS_STATUS_SUCCESS);
    CHECK(Seen.BindingPauses == pauses + 1 && Seen.BindingRestarts == restarts); /* paused when the call returns */
    CHECK(Tell(NetEventAllowStart, NULL, 0) == NDIS_STATUS_SUCCESS);
    CHECK(StackReaches(&Seen.BindingRestarts, restarts + 1));
}

static VOID
BindsAreInhibited(VOID)
{
    LONG unbinds = Seen.BindingUnbinds, binds = Seen.BindingBinds, restarts = Seen.BindingRestarts;

    CHECK(Tell(NetEventInhibitBindsAbove, NULL, 0) == NDIS_STATUS_SUCCESS);
    CHECK(Seen.BindingUnbinds == unbinds + 1 && StackBinding == NULL && StackModule == NULL);
    CHECK(Tell(NetEventAllowBindsAbove, NULL, 0) == NDIS_STATUS_SUCCESS);
    CHECK(StackReaches(&Seen.BindingBinds, binds + 1) && StackReaches(&Seen.BindingRestarts, restarts + 1));
}

static VOID
DefaultPortHoldsTheBindings(VOID)
{
    LONG unbinds = Seen.BindingUnbinds, restarts = Seen.BindingRestarts;
    NDIS_PORT_NUMBER number;

    REQUIRE(Allocate(&number) == NDIS_STATUS_SUCCESS);
    CHECK(Activate(NDIS_DEFAULT_PORT_NUMBER, NDIS_DEFAULT_PORT_NUMBER) == NDIS_STATUS_INVALID_PORT_STATE);
    CHECK(Deactivate(NDIS_DEFAULT_PORT_NUMBER) == NDIS_STATUS_SUCCESS);
    CHECK(Seen.BindingUnbinds == unbinds + 1 && StackBinding == NULL && StackModule != NULL);
    CHECK(Deactivate(NDIS_DEFAULT_PORT_NUMBER) == NDIS_STATUS_INVALID_PORT_STATE);
    CHECK(Activate(number, NDIS_DEFAULT_PORT_NUMBER) == NDIS_STATUS_SUCCESS); /* nobody is told of it yet */
    CHECK(Activate(NDIS_DEFAULT_PORT_NUMBER, NDIS_DEFAULT_PORT_NUMBER) == NDIS_STATUS_SUCCESS);
    REQUIRE(StackReaches(&Seen.BindingRestarts, restarts + 1));
    CHECK(StackBoundPorts == 2);
    CHECK(Deactivate(number) == NDIS_STATUS_SUCCESS && NdisMFreePort(StackPort, number) == NDIS_STATUS_SUCCESS);
}

DDI_TESTS(ports, { "allocates", Allocates }, { "activates_all_or_none", ActivatesAllOrNone },
          { "enumerates", Enumerates }, { "states_are_kept", StatesAreKept },
          { "others_are_refused", OthersAreRefused }, { "binding_pends_an_event", BindingPendsAnEvent },
          { "stack_is_held_paused", StackIsHeldPaused }, { "binds_are_inhibited", BindsAreInhibited },
          { "default_port_holds_the_bindings", DefaultPortHoldsTheBindings });
