/* SPDX-License-Identifier: MIT */
/* port.c - a virtual adapter: start, stop, halt, and who uses it. */
#include "mux.h"

/* The port that NDIS was given as an adapter's context, if it is still there: an administrator may enable it late. */
PMUX_PORT
MuxFindPort(PVOID Context)
{
    PMUX_PORT found = NULL;
    PLIST_ENTRY entry;
    KIRQL irql;
    ULONG i;

    KeAcquireSpinLock(&MuxLock, &irql);
    for (entry = MuxLowers.Flink; entry != &MuxLowers; entry = entry->Flink) {
        PMUX_LOWER lower = CONTAINING_RECORD(entry, MUX_LOWER, Link);

        for (i = 0; i < lower->PortCount; i++)
            if (lower->Ports[i] == Context)
                found = Context;
    }
    KeReleaseSpinLock(&MuxLock, irql);
    return found;
}

/* Frames that EdgeMakePacket refused have Packet and Mdl NULL; MuxHalt frees all. */
NDIS_STATUS
MuxAllocateFrames(PMUX_PORT Port)
{
    ULONG room = Port->Lower->Mtu + MUX_HEADER + MUX_VLAN_TAG;
    NDIS_STATUS status;
    ULONG i;

    for (i = 0; i < MUX_FRAMES; i++) {
        PMUX_FRAME frame;

        status = NdisAllocateMemoryWithTag((PVOID *)&frame, sizeof(*frame) + room, MUX_TAG);
        if (status != NDIS_STATUS_SUCCESS)
            return status;
        NdisZeroMemory(frame, sizeof(*frame));
        frame->Port = Port;
        Port->Frames[i] = frame;
        status = EdgeMakePacket(Port, frame, room);
        if (status != NDIS_STATUS_SUCCESS)
            return status;
        InsertTailList(&Port->Free, &frame->Link); /* nobody looks before MuxStart */
    }
    return NDIS_STATUS_SUCCESS;
}

VOID
MuxStart(PMUX_PORT Port)
{
    KIRQL irql;

    KeAcquireSpinLock(&Port->Lock, &irql);
    Port->State = MuxRunning;
    KeReleaseSpinLock(&Port->Lock, irql);
}

/* No sends, no indications from here on; returns when the last frame is back. PASSIVE_LEVEL. */
VOID
MuxStop(PMUX_PORT Port)
{
    KIRQL irql;

    KeAcquireSpinLock(&Port->Lock, &irql);
    Port->State = MuxPaused;
    KeReleaseSpinLock(&Port->Lock, irql);
    KeWaitForSingleObject(&Port->Idle, Executive, KernelMode, FALSE, NULL);
    KeAcquireSpinLock(&Port->Lock, &irql); /* whoever set the event has let go of the lock when we have had it */
    KeReleaseSpinLock(&Port->Lock, irql);
}

/* The adapter goes; it is stopped, or never was started. */
VOID
MuxHalt(PMUX_PORT Port)
{
    KIRQL irql;
    ULONG i;

    KeAcquireSpinLock(&Port->Lock, &irql);
    Port->State = MuxHalted;
    Port->Handle = NULL;
    Port->PacketFilter = 0;
    Port->MulticastCount = 0;
    InitializeListHead(&Port->Free);
    KeReleaseSpinLock(&Port->Lock, irql);
    for (i = 0; i < MUX_FRAMES; i++) {
        if (Port->Frames[i] == NULL)
            continue;
        EdgeFreePacket(Port, Port->Frames[i]);
        NdisFreeMemory(Port->Frames[i], 0, 0);
        Port->Frames[i] = NULL;
    }
}

/* Until MuxEndPort the adapter stays. FALSE: it does not run. */
BOOLEAN
MuxBeginPort(PMUX_PORT Port)
{
    BOOLEAN running;
    KIRQL irql;

    KeAcquireSpinLock(&Port->Lock, &irql);
    running = Port->State == MuxRunning;
    if (running) {
        if (Port->Busy == 0)
            KeClearEvent(&Port->Idle);
        Port->Busy++;
    }
    KeReleaseSpinLock(&Port->Lock, irql);
    return running;
}

/* Whoever has no other count does not touch the port after it. */
VOID
MuxEndPort(PMUX_PORT Port)
{
    KIRQL irql;

    KeAcquireSpinLock(&Port->Lock, &irql);
    if (--Port->Busy == 0)
        KeSetEvent(&Port->Idle, IO_NO_INCREMENT, FALSE);
    KeReleaseSpinLock(&Port->Lock, irql);
}
