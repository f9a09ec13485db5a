/* SPDX-License-Identifier: MIT */
/* nt/ex/misc.c - UUIDs, local time, processor features; and the root of ex. */
#include "nt/ex/ex.h"

#include "base/prng.h"

void
ex_init(struct nt *nt)
{
    struct ex_state *ex = mon_alloc(sizeof(*ex));

    nt->ex = ex;
    ex->uuids = mon_alloc((fiber_limit() + 1) * sizeof(ex->uuids[0]));
    ex->lookaside_site = ke_site("ExDeleteLookasideListEx");
    ex_work_init(ex);
    ex_callback_init(ex);
    ex_timer_init(ex);
}

/*
 * ExUuidCreate - a UUID that differs from all others of the machine, of version 4's form: a function of the fiber and
 * how many it made. documented: STATUS_SUCCESS, STATUS_RETRY, RPC_NT_UUID_LOCAL_ONLY.
 */
NTSTATUS NTAPI
ExUuidCreate(UUID *Uuid)
{
    struct fiber *self = fiber_self();
    uint64_t n = NT->ex->uuids[self->id]++;
    uint64_t high = prng_at(0x75756964, (uint64_t)self->id << 32 | 2 * n);
    uint64_t low = prng_at(0x75756964, (uint64_t)self->id << 32 | (2 * n + 1));

    Uuid->Data1 = (uint32_t)high;
    Uuid->Data2 = (uint16_t)(high >> 32);
    Uuid->Data3 = (uint16_t)((high >> 48 & 0xfff) | 0x4000);
    RtlCopyMemory(Uuid->Data4, &low, 8);
    Uuid->Data4[0] = (Uuid->Data4[0] & 0x3f) | 0x80;
    return STATUS_SUCCESS;
}

/* assumed: the machine's time zone is UTC. */
VOID NTAPI
ExSystemTimeToLocalTime(PLARGE_INTEGER SystemTime, PLARGE_INTEGER LocalTime)
{
    *LocalTime = *SystemTime;
}

VOID NTAPI
ExLocalTimeToSystemTime(PLARGE_INTEGER LocalTime, PLARGE_INTEGER SystemTime)
{
    *SystemTime = *LocalTime;
}

/* assumed: what every x64 processor has (PF_* numbers): cmpxchg8b, MMX, SSE, rdtsc, PAE, SSE2, NX, cmpxchg16b, xsave. */
BOOLEAN NTAPI
ExIsProcessorFeaturePresent(ULONG ProcessorFeature)
{
    static const uint64_t present =
        1ull << 2 | 1ull << 3 | 1ull << 6 | 1ull << 8 | 1ull << 9 | 1ull << 10 | 1ull << 12 | 1ull << 14 | 1ull << 17;

    return ProcessorFeature < 64 && (present >> ProcessorFeature & 1) != 0;
}

/* documented: the resolution in effect, in 100 ns. Virtual time has no coarser one. */
ULONG NTAPI
ExSetTimerResolution(ULONG DesiredTime, BOOLEAN SetResolution)
{
    return SetResolution && DesiredTime != 0 && DesiredTime < KeQueryTimeIncrement() ? DesiredTime
                                                                                     : KeQueryTimeIncrement();
}
