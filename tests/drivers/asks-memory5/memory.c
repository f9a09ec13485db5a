/* SPDX-License-Identifier: MIT */
/*
 * memory.c - asks for shared memory until it is halted, and counts what it was told of.
 *
 * Model: in place of zoo/nd5-common/tick.c. A timer asks at DISPATCH_LEVEL, so a halt may come while a request is under
 * way. When MiniportHalt is called all has been told (docs/assumptions.md), and nothing is granted any more.
 */
#include "../../../zoo/nd5-common/nd5.h"

#define ASKS_MAX 4
#define BYTES    512

static PVOID Memory[ASKS_MAX];
static NDIS_PHYSICAL_ADDRESS Address[ASKS_MAX];
static LONG Asked, Told;

VOID NTAPI
Nd5AllocateComplete(NDIS_HANDLE MiniportAdapterContext, PVOID VirtualAddress, PNDIS_PHYSICAL_ADDRESS PhysicalAddress,
                    ULONG Length, PVOID Context)
{
    ND5_ADAPTER *adapter = MiniportAdapterContext;

    UNREFERENCED_PARAMETER(Length);
    if (VirtualAddress != NULL) {
        Memory[(ULONG_PTR)Context] = VirtualAddress;
        Address[(ULONG_PTR)Context] = *PhysicalAddress;
    }
    adapter->Ticks++; /* faults when the adapter was freed */
    Told++;
}

static NDIS_STATUS
Ask(ND5_ADAPTER *Adapter)
{
    return NdisMAllocateSharedMemoryAsync(Adapter->Handle, BYTES, TRUE, (PVOID)(ULONG_PTR)Asked);
}

static VOID NTAPI
Tick(PVOID SystemSpecific1, PVOID FunctionContext, PVOID SystemSpecific2, PVOID SystemSpecific3)
{
    UNREFERENCED_PARAMETER(SystemSpecific1);
    UNREFERENCED_PARAMETER(SystemSpecific2);
    UNREFERENCED_PARAMETER(SystemSpecific3);
    if (Asked < ASKS_MAX && Ask(FunctionContext) == NDIS_STATUS_PENDING)
        Asked++;
}

VOID
Nd5Start(ND5_ADAPTER *Adapter)
{
    Asked = Told = 0;
    NdisZeroMemory(Memory, sizeof(Memory));
    NdisMInitializeTimer(&Adapter->Tick, Adapter->Handle, Tick, Adapter);
    NdisMSetPeriodicTimer(&Adapter->Tick, 10);
}

VOID
Nd5Stop(ND5_ADAPTER *Adapter)
{
    BOOLEAN cancelled;
    ULONG i;

    NdisMCancelTimer(&Adapter->Tick, &cancelled);
    KeFlushQueuedDpcs(); /* cancelled or not: the DPC of the last tick may wait or run */
    if (Told != Asked || Ask(Adapter) != NDIS_STATUS_FAILURE)
        KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, (ULONG_PTR)Asked, (ULONG_PTR)Told, 0, 0);
    for (i = 0; i < ASKS_MAX; i++)
        if (Memory[i] != NULL)
            NdisMFreeSharedMemory(Adapter->Handle, BYTES, TRUE, Memory[i], Address[i]);
}
