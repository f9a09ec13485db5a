/* SPDX-License-Identifier: MIT */
/*
 * disconnect.c - the end of the interrupt and of its Poll object; the rest of the driver is zoo/poll-common.
 *
 * Model: a poll that is under way turns the interrupt on when it ends, so the Poll object goes first, with the card
 * reset: a card that is reset interrupts no more.
 */
#include "../poll-common/poll.h"

VOID
NcDisconnectInterrupt(PNC_ADAPTER Adapter)
{
    if (Adapter->Interrupt != NULL)
        NcWrite(Adapter, NC_REG_CONTROL, NC_CONTROL_RESET);
    if (Adapter->Poll != NULL)
        NdisDeregisterPoll(Adapter->Poll);
    if (Adapter->Interrupt != NULL)
        NdisMDeregisterInterruptEx(Adapter->Interrupt);
    Adapter->Interrupt = NULL;
}
