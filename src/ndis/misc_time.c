/* SPDX-License-Identifier: MIT */
/*
 * ndis/misc_time.c - sleeping, time, version and processors.
 */
#include "ndis/misc.h"

#include "nt/profile.h"
#include "nt/ke/ke.h"
#include "nt/nt.h"

#define NO_INDEX 0xffffffffu /* INVALID_PROCESSOR_INDEX */

/*
 * NdisMSleep - sleep for at least so many microseconds.
 *
 * Source:    documented. IRQL: below DISPATCH_LEVEL.
 */
void NTAPI
NdisMSleep(ULONG MicrosecondsToSleep)
{
    ke_sleep(-(int64_t)MicrosecondsToSleep * 10, "sleeps in NdisMSleep");
}

/* NdisGetCurrentSystemTime - 100 ns since 1601. Source: documented. IRQL: any. */
void NTAPI
NdisGetCurrentSystemTime(PLARGE_INTEGER pSystemTime)
{
    pSystemTime->QuadPart = ke_system_time();
}

/* NdisGetSystemUpTimeEx - milliseconds since boot. Source: documented. IRQL: any. */
void NTAPI
NdisGetSystemUpTimeEx(PLARGE_INTEGER pSystemUpTime)
{
    pSystemUpTime->QuadPart = (LONGLONG)(ke_interrupt_time() / 10000);
}

void NTAPI
NdisGetSystemUpTime(PULONG pSystemUpTime)
{
    *pSystemUpTime = (ULONG)(ke_interrupt_time() / 10000);
}

/*
 * NdisGetVersion - the NDIS version of this machine: major in the upper half, minor in the lower.
 *
 * Source:    documented: a version per release (nt/profile.c).
 * IRQL:      any
 */
UINT NTAPI
NdisGetVersion(void)
{
    return nt_profile_ask(PROFILE_NDIS);
}

/* NdisSystemProcessorCount, NdisGroupActiveProcessorCount - Source: documented. IRQL: any. */
ULONG NTAPI
NdisSystemProcessorCount(void)
{
    return machine->vp_count;
}

ULONG NTAPI
NdisGroupActiveProcessorCount(USHORT Group)
{
    return Group == 0 || Group == ALL_PROCESSOR_GROUPS ? machine->vp_count : 0;
}

ULONG NTAPI
NdisGroupMaxProcessorCount(USHORT Group)
{
    return NdisGroupActiveProcessorCount(Group);
}

ULONG NTAPI
NdisSystemActiveProcessorCount(PKAFFINITY ActiveProcessors)
{
    if (ActiveProcessors != NULL)
        *ActiveProcessors = (1ull << machine->vp_count) - 1;
    return machine->vp_count;
}

/* NdisGetSharedDataAlignment - what keeps two processors' data apart: a cache line. Source: documented. */
ULONG NTAPI
NdisGetSharedDataAlignment(void)
{
    return 64;
}

/* NdisProcessorNumberToIndex, NdisProcessorIndexToNumber - Source: documented. One group. */
ULONG NTAPI
NdisProcessorNumberToIndex(PROCESSOR_NUMBER ProcNum)
{
    return ProcNum.Group == 0 && ProcNum.Number < machine->vp_count ? ProcNum.Number : NO_INDEX;
}

NTSTATUS NTAPI
NdisProcessorIndexToNumber(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNum)
{
    if (ProcIndex >= machine->vp_count)
        return STATUS_INVALID_PARAMETER;
    *ProcNum = (PROCESSOR_NUMBER){ .Number = (UCHAR)ProcIndex };
    return STATUS_SUCCESS;
}
