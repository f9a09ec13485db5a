/* SPDX-License-Identifier: MIT */
/*
 * interrupt.c - from the card's interrupt to the work it asks for.
 *
 * Model: the service routine may come over anything of this driver, also on another processor, until
 * NdisMDeregisterInterruptEx has returned. It shares one field with the rest, Cause, and every access to that is made
 * under the interrupt's lock: the routine holds it, the DPC goes through NdisMSynchronizeWithInterruptEx.
 */
#include "netcard.h"

static MINIPORT_ISR NcIsr;
static MINIPORT_INTERRUPT_DPC NcDpc;
static MINIPORT_DISABLE_INTERRUPT NcDisable;
static MINIPORT_ENABLE_INTERRUPT NcEnable;
static MINIPORT_MESSAGE_INTERRUPT NcMessageIsr;
static MINIPORT_MESSAGE_INTERRUPT_DPC NcMessageDpc;
static MINIPORT_DISABLE_MESSAGE_INTERRUPT NcDisableMessage;
static MINIPORT_ENABLE_MESSAGE_INTERRUPT NcEnableMessage;

/* At DIRQL with the interrupt's lock held. What was seen is cleared at once, so the line goes down. */
static BOOLEAN
NcAcknowledge(PNC_ADAPTER Adapter, ULONG Causes)
{
    ULONG cause = NcRead(Adapter, NC_REG_CAUSE) & NcRead(Adapter, NC_REG_MASK) & Causes;

    if (cause == 0)
        return FALSE; /* a neighbour's on the line */
    NcWrite(Adapter, NC_REG_CLEAR, cause);
    Adapter->Cause |= cause;
    return TRUE;
}

static BOOLEAN
NcIsr(NDIS_HANDLE MiniportInterruptContext, PBOOLEAN QueueDefaultInterruptDpc, PULONG TargetProcessors)
{
    BOOLEAN mine = NcAcknowledge(MiniportInterruptContext, NC_CAUSES);

    *QueueDefaultInterruptDpc = mine;
    *TargetProcessors = 0;
    return mine;
}

static BOOLEAN
NcMessageIsr(NDIS_HANDLE MiniportInterruptContext, ULONG MessageId, PBOOLEAN QueueDefaultInterruptDpc,
             PULONG TargetProcessors)
{
    BOOLEAN mine = NcAcknowledge(MiniportInterruptContext, NcCausesOf(MessageId));

    *QueueDefaultInterruptDpc = mine;
    *TargetProcessors = 0;
    return mine;
}

/*
 * The indication itself is counted in Busy, because the stack may return all buffers before the call has come back, and
 * a pause must not end before that.
 */
static VOID
NcReceive(PNC_ADAPTER Adapter)
{
    PNET_BUFFER_LIST chain;
    ULONG count;

    NdisDprAcquireSpinLock(&Adapter->Lock);
    count = NcTakeReceived(Adapter, NC_RING, &chain);
    if (count != 0)
        Adapter->Busy += count + 1;
    NdisDprReleaseSpinLock(&Adapter->Lock);

    if (count != 0) {
        NdisMIndicateReceiveNetBufferLists(Adapter->MiniportHandle, chain, NDIS_DEFAULT_PORT_NUMBER, count,
                                           NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL);
        NcReleaseBusy(Adapter, 1);
    }
}

static VOID
NcServe(PNC_ADAPTER Adapter, ULONG Message)
{
    ULONG cause = NcTakeCause(Adapter, Message);

    if (cause & NC_CAUSE_RX)
        NcReceive(Adapter);
    if (cause & NC_CAUSE_TX)
        NcReapSends(Adapter);
    if (cause & NC_CAUSE_LINK)
        NcIndicateLink(Adapter);
}

static VOID
NcDpc(NDIS_HANDLE MiniportInterruptContext, PVOID MiniportDpcContext, PVOID ReceiveThrottleParameters,
      PVOID NdisReserved2)
{
    UNREFERENCED_PARAMETER(MiniportDpcContext);
    UNREFERENCED_PARAMETER(ReceiveThrottleParameters);
    UNREFERENCED_PARAMETER(NdisReserved2);

    NcServe(MiniportInterruptContext, (ULONG)-1);
}

static VOID
NcMessageDpc(NDIS_HANDLE MiniportInterruptContext, ULONG MessageId, PVOID MiniportDpcContext,
             PVOID ReceiveThrottleParameters, PVOID NdisReserved2)
{
    UNREFERENCED_PARAMETER(MiniportDpcContext);
    UNREFERENCED_PARAMETER(ReceiveThrottleParameters);
    UNREFERENCED_PARAMETER(NdisReserved2);

    NcServe(MiniportInterruptContext, MessageId);
}

/* NDIS asks for these when it looks for trouble. */
static VOID
NcDisable(NDIS_HANDLE MiniportInterruptContext)
{
    PNC_ADAPTER adapter = MiniportInterruptContext;

    NcWrite(adapter, NC_REG_MASK, 0);
}

static VOID
NcEnable(NDIS_HANDLE MiniportInterruptContext)
{
    PNC_ADAPTER adapter = MiniportInterruptContext;

    NcWrite(adapter, NC_REG_MASK, NC_CAUSES);
}

static VOID
NcDisableMessage(NDIS_HANDLE MiniportInterruptContext, ULONG MessageId)
{
    PNC_ADAPTER adapter = MiniportInterruptContext;

    NcWrite(adapter, NC_REG_MASK, NcRead(adapter, NC_REG_MASK) & ~NcCausesOf(MessageId));
}

static VOID
NcEnableMessage(NDIS_HANDLE MiniportInterruptContext, ULONG MessageId)
{
    PNC_ADAPTER adapter = MiniportInterruptContext;

    NcWrite(adapter, NC_REG_MASK, NcRead(adapter, NC_REG_MASK) | NcCausesOf(MessageId));
}

/* All messages exclude each other: they share Cause. The card is told to interrupt last. */
NDIS_STATUS
NcConnectInterrupt(PNC_ADAPTER Adapter)
{
    NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS chars;
    NDIS_STATUS status;

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_INTERRUPT;
    chars.Header.Revision = NDIS_MINIPORT_INTERRUPT_REVISION_1;
    chars.Header.Size = NDIS_SIZEOF_MINIPORT_INTERRUPT_CHARACTERISTICS_REVISION_1;
    chars.InterruptHandler = NcIsr;
    chars.InterruptDpcHandler = NcDpc;
    chars.DisableInterruptHandler = NcDisable;
    chars.EnableInterruptHandler = NcEnable;
    chars.MsiSupported = TRUE;
    chars.MsiSyncWithAllMessages = TRUE;
    chars.MessageInterruptHandler = NcMessageIsr;
    chars.MessageInterruptDpcHandler = NcMessageDpc;
    chars.DisableMessageInterruptHandler = NcDisableMessage;
    chars.EnableMessageInterruptHandler = NcEnableMessage;
    status = NdisMRegisterInterruptEx(Adapter->MiniportHandle, Adapter, &chars, &Adapter->Interrupt);
    if (status == NDIS_STATUS_SUCCESS)
        NcWrite(Adapter, NC_REG_MASK, NC_CAUSES);
    return status;
}

/* After it neither NcIsr nor NcDpc runs: only then may go what they use. */
VOID
NcDisconnectInterrupt(PNC_ADAPTER Adapter)
{
    if (Adapter->Interrupt == NULL)
        return;
    NcWrite(Adapter, NC_REG_MASK, 0);
    NdisMDeregisterInterruptEx(Adapter->Interrupt);
    Adapter->Interrupt = NULL;
}
