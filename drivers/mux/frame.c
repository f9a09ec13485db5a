/* SPDX-License-Identifier: MIT */
/*
 * frame.c - frames down and up, tags in and out.
 *
 * Model: 802.1Q: behind the two addresses four bytes, 0x8100 and priority, flag and VLAN. A port without VLAN has
 * untagged frames, those of another tag protocol, and those of VLAN 0, which is a priority only. A frame that ends
 * inside its tag belongs to nobody.
 */
#include "mux.h"

#define MUX_TPID      0x8100
#define MUX_ADDRESSES 12

/* Length bytes from Source+Offset; FALSE: they are not there, or cannot be mapped. */
static BOOLEAN
MuxCopy(const MUX_SOURCE *Source, ULONG Offset, PUCHAR To, ULONG Length)
{
    ULONG skip = Source->Offset + Offset;
    PMDL mdl;

    for (mdl = Source->Mdl; mdl != NULL && Length > 0; mdl = mdl->Next) {
        ULONG count = MmGetMdlByteCount(mdl);
        ULONG part;
        PUCHAR from;

        if (skip >= count) {
            skip -= count;
            continue;
        }
        part = count - skip < Length ? count - skip : Length;
        from = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
        if (from == NULL)
            return FALSE;
        NdisMoveMemory(To, from + skip, part);
        To += part;
        Length -= part;
        skip = 0;
    }
    return Length == 0;
}

/* A free frame; counted in Port->Busy until MuxGiveFrame. NULL: none, or the port does not run. */
static PMUX_FRAME
MuxTakeFrame(PMUX_PORT Port)
{
    PMUX_FRAME frame = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&Port->Lock, &irql);
    if (Port->State == MuxRunning && !IsListEmpty(&Port->Free)) {
        frame = CONTAINING_RECORD(RemoveHeadList(&Port->Free), MUX_FRAME, Link);
        if (Port->Busy == 0)
            KeClearEvent(&Port->Idle);
        Port->Busy++;
    }
    KeReleaseSpinLock(&Port->Lock, irql);
    return frame;
}

static VOID
MuxGiveFrame(PMUX_FRAME Frame)
{
    PMUX_PORT port = Frame->Port;
    KIRQL irql;

    KeAcquireSpinLock(&port->Lock, &irql);
    InsertHeadList(&port->Free, &Frame->Link);
    if (--port->Busy == 0)
        KeSetEvent(&port->Idle, IO_NO_INCREMENT, FALSE);
    KeReleaseSpinLock(&port->Lock, irql);
}

static VOID
MuxCountSend(PMUX_PORT Port, ULONG Length, BOOLEAN Sent)
{
    KIRQL irql;

    KeAcquireSpinLock(&Port->Lock, &irql);
    if (Sent) {
        Port->Statistics.Sent++;
        Port->Statistics.SentBytes += Length;
    } else {
        Port->Statistics.SendDropped++;
    }
    KeReleaseSpinLock(&Port->Lock, irql);
}

/* Source, with the port's tag, into Frame. */
static BOOLEAN
MuxTagFrame(PMUX_PORT Port, PMUX_FRAME Frame, const MUX_SOURCE *Source)
{
    ULONG tag = Port->Vlan != 0 ? MUX_VLAN_TAG : 0;

    if (!MuxCopy(Source, 0, Frame->Data, MUX_ADDRESSES) ||
        !MuxCopy(Source, MUX_ADDRESSES, Frame->Data + MUX_ADDRESSES + tag, Source->Length - MUX_ADDRESSES))
        return FALSE;
    if (tag != 0) {
        Frame->Data[12] = MUX_TPID >> 8;
        Frame->Data[13] = MUX_TPID & 0xff;
        Frame->Data[14] = (UCHAR)(Port->Vlan >> 8);
        Frame->Data[15] = (UCHAR)Port->Vlan;
    }
    Frame->Length = Source->Length + tag;
    return TRUE;
}

/* A frame that the stack sends on a port. The caller has it back when this returns. */
NDIS_STATUS
MuxSend(PMUX_PORT Port, const MUX_SOURCE *Source)
{
    PMUX_LOWER lower = Port->Lower;
    NDIS_STATUS status = NDIS_STATUS_SUCCESS;
    PMUX_FRAME frame;

    if (Source->Length < MUX_HEADER || Source->Length > lower->Mtu + MUX_HEADER) {
        MuxCountSend(Port, 0, FALSE);
        return NDIS_STATUS_INVALID_LENGTH;
    }
    frame = MuxTakeFrame(Port);
    if (frame == NULL || !MuxTagFrame(Port, frame, Source))
        status = NDIS_STATUS_RESOURCES;
    else if (!MuxBegin(lower))
        status = NDIS_STATUS_FAILURE; /* paused, asleep or gone */
    MuxCountSend(Port, Source->Length, status == NDIS_STATUS_SUCCESS);
    if (status == NDIS_STATUS_SUCCESS)
        EdgeSend(lower, frame);
    else if (frame != NULL)
        MuxGiveFrame(frame);
    return status;
}

/* The frame first: the lower is not freed before its count is back, and then its ports are halted. */
VOID
MuxSendDone(PMUX_FRAME Frame)
{
    PMUX_LOWER lower = Frame->Port->Lower;

    MuxGiveFrame(Frame);
    MuxEnd(lower, 1);
}

/* What MuxReceive knows of a frame before it copies it. */
typedef struct _MUX_PARSED {
    UCHAR Head[MUX_HEADER + MUX_VLAN_TAG];
    ULONG Vlan;
    ULONG Tag; /* bytes to leave out */
} MUX_PARSED;

static BOOLEAN
MuxParse(const MUX_SOURCE *Source, ULONG StrippedVlan, MUX_PARSED *Parsed)
{
    ULONG length = Source->Length < sizeof(Parsed->Head) ? Source->Length : sizeof(Parsed->Head);

    if (length < MUX_HEADER || !MuxCopy(Source, 0, Parsed->Head, length))
        return FALSE;
    Parsed->Vlan = StrippedVlan;
    Parsed->Tag = 0;
    if (StrippedVlan != 0 || (Parsed->Head[12] << 8 | Parsed->Head[13]) != MUX_TPID)
        return TRUE;
    if (length < sizeof(Parsed->Head))
        return FALSE;
    Parsed->Vlan = (ULONG)(Parsed->Head[14] & 0x0f) << 8 | Parsed->Head[15];
    Parsed->Tag = MUX_VLAN_TAG;
    return TRUE;
}

static VOID
MuxReceiveOn(PMUX_PORT Port, const MUX_SOURCE *Source, const MUX_PARSED *Parsed)
{
    ULONG length = Source->Length - Parsed->Tag;
    BOOLEAN wanted, filled = FALSE;
    PMUX_FRAME frame = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&Port->Lock, &irql);
    wanted = Port->State == MuxRunning && MuxWanted(Port, Parsed->Head);
    KeReleaseSpinLock(&Port->Lock, irql);
    if (!wanted)
        return;
    if (length <= Port->Lower->Mtu + MUX_HEADER)
        frame = MuxTakeFrame(Port);
    if (frame != NULL) {
        frame->Length = length;
        filled = MuxCopy(Source, 0, frame->Data, MUX_ADDRESSES) &&
                 MuxCopy(Source, MUX_ADDRESSES + Parsed->Tag, frame->Data + MUX_ADDRESSES, length - MUX_ADDRESSES);
    }
    KeAcquireSpinLock(&Port->Lock, &irql);
    if (filled) {
        Port->Statistics.Received++;
        Port->Statistics.ReceivedBytes += length;
    } else {
        Port->Statistics.ReceiveDropped++;
    }
    KeReleaseSpinLock(&Port->Lock, irql);
    if (filled)
        EdgeIndicate(Port, frame);
    else if (frame != NULL)
        MuxGiveFrame(frame);
}

/* A frame from below, which the caller has back when this returns. StrippedVlan: of a tag that is out of band. */
VOID
MuxReceive(PMUX_LOWER Lower, const MUX_SOURCE *Source, ULONG StrippedVlan)
{
    MUX_PARSED parsed;
    ULONG i;

    if (!MuxParse(Source, StrippedVlan, &parsed) || !MuxBegin(Lower))
        return;
    for (i = 0; i < Lower->PortCount; i++)
        if (Lower->Ports[i]->Vlan == parsed.Vlan)
            MuxReceiveOn(Lower->Ports[i], Source, &parsed);
    MuxEnd(Lower, 1);
}

VOID
MuxReturn(PMUX_FRAME Frame)
{
    MuxGiveFrame(Frame);
}
