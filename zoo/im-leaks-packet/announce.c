/* SPDX-License-Identifier: MIT */
/*
 * announce.c - port.c of drivers/mux, with one frame of each virtual adapter set aside for an announcement.
 *
 * Whoever sends it gives it back. When the adapter goes before that, nobody does.
 */
#define MuxAllocateFrames MuxAllocateAllFrames
#define MuxHalt           MuxHaltAll
#include "../../drivers/mux/port.c"
#undef MuxAllocateFrames
#undef MuxHalt

static PMUX_FRAME MuxAnnouncement[MUX_PORTS_MAX];

NDIS_STATUS
MuxAllocateFrames(PMUX_PORT Port)
{
    NDIS_STATUS status = MuxAllocateAllFrames(Port);

    if (status == NDIS_STATUS_SUCCESS) {
        MuxAnnouncement[Port->Index] = Port->Frames[0];
        RemoveEntryList(&Port->Frames[0]->Link);
        Port->Frames[0] = NULL;
    }
    return status;
}

VOID
MuxHalt(PMUX_PORT Port)
{
    MuxAnnouncement[Port->Index] = NULL;
    MuxHaltAll(Port);
}
