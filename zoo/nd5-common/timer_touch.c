/* SPDX-License-Identifier: MIT */
/* timer_touch.c - a frame that was sent is counted by its length, which is asked when the send is complete. */
#include "nd5.h"

VOID NTAPI
Nd5Timer(PVOID SystemSpecific1, PVOID FunctionContext, PVOID SystemSpecific2, PVOID SystemSpecific3)
{
    ND5_ADAPTER *adapter = FunctionContext;
    PNDIS_PACKET packet;
    BOOLEAN refused;
    BOOLEAN idle = FALSE;
    PNDIS_BUFFER buffer;
    PVOID bytes;
    UINT first, length;

    UNREFERENCED_PARAMETER(SystemSpecific1);
    UNREFERENCED_PARAMETER(SystemSpecific2);
    UNREFERENCED_PARAMETER(SystemSpecific3);

    while (!idle) {
        while ((packet = Nd5Take(adapter)) != NULL) {
            Nd5Loop(adapter, packet);
            NdisMSendComplete(adapter->Handle, packet, NDIS_STATUS_SUCCESS);
            NdisGetFirstBufferFromPacketSafe(packet, &buffer, &bytes, &first, &length, NormalPagePriority);
            adapter->Sent += length;
        }
        Nd5Lock(adapter);
        refused = adapter->Refused;
        adapter->Refused = FALSE;
        if (adapter->First == NULL && !refused) {
            adapter->TimerSet = FALSE;
            idle = TRUE;
            NdisSetEvent(&adapter->Idle); /* under the lock: after it the adapter may be gone */
        }
        Nd5Unlock(adapter);
        if (refused)
            NdisMSendResourcesAvailable(adapter->Handle);
    }
}
