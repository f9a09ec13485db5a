/* SPDX-License-Identifier: MIT */
/*
 * interrupt.c - drivers/netcard's interrupt, with received frames in poll mode; the rest of the driver is its.
 *
 * Model: the service routine takes the receive interrupt out of the mask and requests a poll; NDIS polls (receive.c)
 * until nothing comes, and has the interrupt put into the mask again. Everything else goes through the DPC, as
 * there. The mask and Cause are changed at DIRQL under the interrupt's lock only.
 */
#include "poll.h"

static MINIPORT_ISR PollIsr;
static MINIPORT_INTERRUPT_DPC PollDpc;
static NDIS_SET_POLL_NOTIFICATION PollNotification;
static MINIPORT_SYNCHRONIZE_INTERRUPT PollUnmask;
static MINIPORT_SYNCHRONIZE_INTERRUPT PollMask;

/* On a line that may be shared. */
static BOOLEAN
PollIsr(NDIS_HANDLE MiniportInterruptContext, PBOOLEAN QueueDefaultInterruptDpc, PULONG TargetProcessors)
{
    PNC_ADAPTER adapter = MiniportInterruptContext;
    ULONG mask = NcRead(adapter, NC_REG_MASK);
    ULONG cause = NcRead(adapter, NC_REG_CAUSE) & mask;

    *TargetProcessors = 0;
    *QueueDefaultInterruptDpc = FALSE;
    if (cause == 0)
        return FALSE;
    NcWrite(adapter, NC_REG_CLEAR, cause);
    if (cause & NC_CAUSE_RX) {
        NcWrite(adapter, NC_REG_MASK, mask & ~NC_CAUSE_RX);
        NdisRequestPoll(adapter->Poll, NULL);
    }
    adapter->Cause |= cause & ~NC_CAUSE_RX;
    *QueueDefaultInterruptDpc = (cause & ~NC_CAUSE_RX) != 0;
    return TRUE;
}

static VOID
PollDpc(NDIS_HANDLE MiniportInterruptContext, PVOID MiniportDpcContext, PVOID ReceiveThrottleParameters,
        PVOID NdisReserved2)
{
    PNC_ADAPTER adapter = MiniportInterruptContext;
    ULONG cause = NcTakeCause(adapter, (ULONG)-1);

    UNREFERENCED_PARAMETER(MiniportDpcContext);
    UNREFERENCED_PARAMETER(ReceiveThrottleParameters);
    UNREFERENCED_PARAMETER(NdisReserved2);

    if (cause & NC_CAUSE_TX)
        NcReapSends(adapter);
    if (cause & NC_CAUSE_LINK)
        NcIndicateLink(adapter);
}

static BOOLEAN
PollUnmask(NDIS_HANDLE SynchronizeContext)
{
    PNC_ADAPTER adapter = SynchronizeContext;

    if (adapter->Poll != NULL)
        NcWrite(adapter, NC_REG_MASK, NcRead(adapter, NC_REG_MASK) | NC_CAUSE_RX);
    return TRUE;
}

static BOOLEAN
PollMask(NDIS_HANDLE SynchronizeContext)
{
    PNC_ADAPTER adapter = SynchronizeContext;

    NcWrite(adapter, NC_REG_MASK, NcRead(adapter, NC_REG_MASK) & ~NC_CAUSE_RX);
    return TRUE;
}

static VOID NTAPI
PollNotification(PVOID Context, NDIS_POLL_NOTIFICATION *Notification)
{
    PNC_ADAPTER adapter = Context;

    NdisMSynchronizeWithInterruptEx(adapter->Interrupt, 0, Notification->Enabled ? PollUnmask : PollMask, adapter);
}

/* The card is told to interrupt last. */
NDIS_STATUS
NcConnectInterrupt(PNC_ADAPTER Adapter)
{
    NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS chars;
    NDIS_POLL_CHARACTERISTICS poll;
    NDIS_STATUS status;

    NdisZeroMemory(&poll, sizeof(poll));
    poll.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    poll.Header.Revision = NDIS_POLL_CHARACTERISTICS_REVISION_1;
    poll.Header.Size = NDIS_SIZEOF_NDIS_POLL_CHARACTERISTICS_REVISION_1;
    poll.SetPollNotificationHandler = PollNotification;
    poll.PollHandler = PollReceive;
    status = NdisRegisterPoll(Adapter->MiniportHandle, Adapter, &poll, (NDIS_POLL_HANDLE *)&Adapter->Poll);
    if (status != NDIS_STATUS_SUCCESS)
        return status;

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_INTERRUPT;
    chars.Header.Revision = NDIS_MINIPORT_INTERRUPT_REVISION_1;
    chars.Header.Size = NDIS_SIZEOF_MINIPORT_INTERRUPT_CHARACTERISTICS_REVISION_1;
    chars.InterruptHandler = PollIsr;
    chars.InterruptDpcHandler = PollDpc;
    status = NdisMRegisterInterruptEx(Adapter->MiniportHandle, Adapter, &chars, &Adapter->Interrupt);
    if (status == NDIS_STATUS_SUCCESS)
        NcWrite(Adapter, NC_REG_MASK, NC_CAUSES);
    return status;
}
