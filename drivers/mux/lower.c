/* SPDX-License-Identifier: MIT */
/*
 * lower.c - the real adapter below: its ports, its pauses, its link.
 *
 * Model: Running is what Paused, Asleep and Closing leave. While it is FALSE nothing is sent down; who clears it waits
 * for what is out. Upper adapters see a cable that is out then.
 */
#include "mux.h"

LIST_ENTRY MuxLowers = { &MuxLowers, &MuxLowers };
KSPIN_LOCK MuxLock;

/* "\Device\Mux", the port's number, and what follows the last backslash of the lower adapter's name. */
static NTSTATUS
MuxNamePort(PMUX_PORT Port, PUNICODE_STRING LowerName)
{
    WCHAR digit[2] = { (WCHAR)(L'0' + Port->Index), 0 };
    UNICODE_STRING rest = *LowerName;
    USHORT i;
    NTSTATUS status;

    for (i = rest.Length / sizeof(WCHAR); i > 0 && rest.Buffer[i - 1] != L'\\'; i--)
        ;
    rest.Buffer += i;
    rest.Length -= i * sizeof(WCHAR);
    Port->Name.Buffer = Port->NameBuffer;
    Port->Name.MaximumLength = sizeof(Port->NameBuffer);
    status = RtlAppendUnicodeToString(&Port->Name, L"\\Device\\Mux");
    if (status == STATUS_SUCCESS)
        status = RtlAppendUnicodeToString(&Port->Name, digit);
    if (status == STATUS_SUCCESS)
        status = RtlAppendUnicodeStringToString(&Port->Name, &rest);
    return status;
}

/* Ports of one VLAN have different addresses; each VLAN's first has the real adapter's. */
static VOID
MuxAddressPort(PMUX_PORT Port)
{
    PMUX_LOWER lower = Port->Lower;
    ULONG i;

    NdisMoveMemory(Port->Address, lower->Address, MUX_ADDRESS);
    for (i = 0; i < Port->Index; i++)
        if (MuxConfig.Vlan[i] == Port->Vlan) {
            Port->Address[0] |= 0x02; /* locally administered */
            Port->Address[3] ^= (UCHAR)(Port->Index + 1);
        }
}

static PMUX_PORT
MuxCreatePort(PMUX_LOWER Lower, ULONG Index, PUNICODE_STRING LowerName)
{
    PMUX_PORT port;

    if (NdisAllocateMemoryWithTag((PVOID *)&port, sizeof(*port), MUX_TAG) != NDIS_STATUS_SUCCESS)
        return NULL;
    NdisZeroMemory(port, sizeof(*port));
    port->Lower = Lower;
    port->Index = Index;
    port->Vlan = MuxConfig.Vlan[Index];
    KeInitializeSpinLock(&port->Lock);
    KeInitializeEvent(&port->Idle, NotificationEvent, TRUE);
    InitializeListHead(&port->Free);
    if (MuxNamePort(port, LowerName) != STATUS_SUCCESS) {
        NdisFreeMemory(port, 0, 0);
        return NULL;
    }
    return port;
}

/* A lower that is not open yet. NULL: no memory, or a name too long. */
PMUX_LOWER
MuxCreateLower(PUNICODE_STRING Name)
{
    PMUX_LOWER lower;

    if (NdisAllocateMemoryWithTag((PVOID *)&lower, sizeof(*lower), MUX_TAG) != NDIS_STATUS_SUCCESS)
        return NULL;
    NdisZeroMemory(lower, sizeof(*lower));
    lower->Paused = TRUE;
    KeInitializeSpinLock(&lower->Lock);
    KeInitializeEvent(&lower->Idle, NotificationEvent, TRUE);
    InitializeListHead(&lower->Link);
    for (; lower->PortCount < MuxConfig.Ports; lower->PortCount++) {
        PMUX_PORT port = MuxCreatePort(lower, lower->PortCount, Name);

        if (port == NULL) {
            MuxFreeLower(lower);
            return NULL;
        }
        lower->Ports[lower->PortCount] = port;
    }
    return lower;
}

/* What the adapter is, before it is opened or after; MuxOpened comes later. */
VOID
MuxDescribe(PMUX_LOWER Lower, const UCHAR *Address, ULONG Mtu, BOOLEAN Connected, ULONG64 Speed)
{
    ULONG i;

    NdisMoveMemory(Lower->Address, Address, MUX_ADDRESS);
    Lower->Mtu = Mtu;
    Lower->Connected = Connected;
    Lower->Speed = Speed;
    for (i = 0; i < Lower->PortCount; i++)
        MuxAddressPort(Lower->Ports[i]);
}

VOID
MuxFreeLower(PMUX_LOWER Lower)
{
    while (Lower->PortCount > 0)
        NdisFreeMemory(Lower->Ports[--Lower->PortCount], 0, 0);
    NdisFreeMemory(Lower, 0, 0);
}

/* The adapter is open: frames are asked for, virtual adapters appear. On failure the caller closes it. */
NDIS_STATUS
MuxOpened(PMUX_LOWER Lower)
{
    ULONG filter = NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_ALL_MULTICAST | NDIS_PACKET_TYPE_BROADCAST;
    NDIS_STATUS status;
    KIRQL irql;
    ULONG i;

    for (i = 0; i < Lower->PortCount; i++)
        if (!RtlEqualMemory(Lower->Ports[i]->Address, Lower->Address, MUX_ADDRESS))
            filter |= NDIS_PACKET_TYPE_PROMISCUOUS;
    status = EdgeSetFilter(Lower, filter);
    if (status != NDIS_STATUS_SUCCESS)
        return status;
    KeAcquireSpinLock(&MuxLock, &irql);
    InsertTailList(&MuxLowers, &Lower->Link);
    KeReleaseSpinLock(&MuxLock, irql);
    for (i = 0; i < Lower->PortCount; i++) {
        status = EdgeInitializePort(Lower->Ports[i]);
        if (status != NDIS_STATUS_SUCCESS) {
            MuxClosing(Lower);
            return status;
        }
    }
    return NDIS_STATUS_SUCCESS;
}

/* The adapter will be closed: the virtual ones go first, then what they had sent comes back. */
VOID
MuxClosing(PMUX_LOWER Lower)
{
    NDIS_HANDLE handle;
    KIRQL irql;
    ULONG i;

    KeAcquireSpinLock(&MuxLock, &irql);
    RemoveEntryList(&Lower->Link); /* MuxFindPort finds its ports no longer */
    InitializeListHead(&Lower->Link);
    KeReleaseSpinLock(&MuxLock, irql);
    for (i = 0; i < Lower->PortCount; i++) {
        PMUX_PORT port = Lower->Ports[i];

        KeAcquireSpinLock(&port->Lock, &irql);
        handle = port->Handle;
        KeReleaseSpinLock(&port->Lock, irql);
        EdgeDeinitializePort(port, handle);
    }
    MuxSetState(Lower, &Lower->Closing, TRUE);
    EdgeSetFilter(Lower, 0);
}

/* Flag is one of Paused, Asleep and Closing; when it stops sends, this returns after the last is back. */
VOID
MuxSetState(PMUX_LOWER Lower, PBOOLEAN Flag, BOOLEAN Value)
{
    BOOLEAN running, connected, changed;
    ULONG64 speed;
    KIRQL irql;
    ULONG i;

    KeAcquireSpinLock(&Lower->Lock, &irql);
    *Flag = Value;
    running = !Lower->Paused && !Lower->Asleep && !Lower->Closing;
    changed = running != Lower->Running;
    Lower->Running = running;
    connected = running && Lower->Connected;
    speed = Lower->Speed;
    KeReleaseSpinLock(&Lower->Lock, irql);
    if (changed && !Lower->Closing)
        for (i = 0; i < Lower->PortCount; i++)
            if (MuxBeginPort(Lower->Ports[i])) {
                EdgeIndicateLink(Lower->Ports[i], connected, speed);
                MuxEndPort(Lower->Ports[i]);
            }
    if (running)
        return;
    KeWaitForSingleObject(&Lower->Idle, Executive, KernelMode, FALSE, NULL);
    KeAcquireSpinLock(&Lower->Lock, &irql); /* whoever set the event has let go of the lock when we have had it */
    KeReleaseSpinLock(&Lower->Lock, irql);
}

VOID
MuxSetLink(PMUX_LOWER Lower, BOOLEAN Connected, ULONG64 Speed)
{
    BOOLEAN running;
    KIRQL irql;
    ULONG i;

    KeAcquireSpinLock(&Lower->Lock, &irql);
    Lower->Connected = Connected;
    if (Speed != 0)
        Lower->Speed = Speed;
    Speed = Lower->Speed;
    running = Lower->Running;
    KeReleaseSpinLock(&Lower->Lock, irql);
    for (i = 0; running && i < Lower->PortCount; i++)
        if (MuxBeginPort(Lower->Ports[i])) {
            EdgeIndicateLink(Lower->Ports[i], Connected, Speed);
            MuxEndPort(Lower->Ports[i]);
        }
}

/* Until MuxEnd the lower may be used. FALSE: it does not run. */
BOOLEAN
MuxBegin(PMUX_LOWER Lower)
{
    BOOLEAN running;
    KIRQL irql;

    KeAcquireSpinLock(&Lower->Lock, &irql);
    running = Lower->Running;
    if (running) {
        if (Lower->Busy == 0)
            KeClearEvent(&Lower->Idle);
        Lower->Busy++;
    }
    KeReleaseSpinLock(&Lower->Lock, irql);
    return running;
}

VOID
MuxEnd(PMUX_LOWER Lower, ULONG Count)
{
    KIRQL irql;

    KeAcquireSpinLock(&Lower->Lock, &irql);
    Lower->Busy -= Count;
    if (Lower->Busy == 0)
        KeSetEvent(&Lower->Idle, IO_NO_INCREMENT, FALSE);
    KeReleaseSpinLock(&Lower->Lock, irql);
}
