/* SPDX-License-Identifier: MIT */
/*
 * nt/ke/time.c - clocks and stalling.
 *
 * Model: virtual time, in 100 ns since boot; it moves only when the scheduler lets a timer expire. The performance
 * counter runs at 10 MHz (observed: Windows 10), a tick is 15.625 ms. Stalling is waiting for a timer without
 * leaving the VP.
 */
#include "nt/ke/state.h"

#define TICK_100NS 156250u

int64_t
ke_system_time(void)
{
    return (int64_t)(machine->boot_time_100ns + machine_now());
}

uint64_t
ke_interrupt_time(void)
{
    return machine_now();
}

VOID NTAPI
KeQuerySystemTime(PLARGE_INTEGER CurrentTime)
{
    CurrentTime->QuadPart = ke_system_time();
}

VOID NTAPI
KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime)
{
    CurrentTime->QuadPart = ke_system_time();
}

ULONGLONG NTAPI
KeQueryInterruptTime(VOID)
{
    return ke_interrupt_time();
}

ULONGLONG NTAPI
KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp)
{
    *QpcTimeStamp = ke_interrupt_time();
    return ke_interrupt_time();
}

/* assumed: this machine never sleeps, so nothing is biased. */
ULONGLONG NTAPI
KeQueryUnbiasedInterruptTime(VOID)
{
    return ke_interrupt_time();
}

VOID NTAPI
KeQueryTickCount(PLARGE_INTEGER CurrentCount)
{
    CurrentCount->QuadPart = (LONGLONG)(ke_interrupt_time() / TICK_100NS);
}

ULONG NTAPI
KeQueryTimeIncrement(VOID)
{
    return TICK_100NS;
}

LARGE_INTEGER NTAPI
KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency)
{
    LARGE_INTEGER now;

    if (PerformanceFrequency != NULL)
        PerformanceFrequency->QuadPart = 10000000;
    now.QuadPart = (LONGLONG)ke_interrupt_time();
    return now;
}

/* documented: any IRQL; the processor is kept. */
VOID NTAPI
KeStallExecutionProcessor(ULONG MicroSeconds)
{
    if (!machine_stall(MicroSeconds))
        ke_sleep(-(int64_t)MicroSeconds * 10, "stalls");
}
