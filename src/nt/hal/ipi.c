/* SPDX-License-Identifier: MIT */
/*
 * nt/hal/ipi.c - KeIpiGenericCall: one routine on all processors at once.
 *
 * Model: a message to each other VP at IPI_LEVEL; everybody waits at a barrier, then all call the routine, and the
 * caller waits until all are back (documented). Two callers take turns; who waits for its turn has not raised its IRQL
 * and so still takes part in the other's call.
 */
#include "nt/hal/hal.h"

#include "nt/nt.h"
#include "nt/ps/ps.h"

#define IPI_IRQL 14u

static uint32_t site_ipi, site_call; /* const after init */

/* Monitor memory. */
struct hal_ipi {
    struct irq_vector vector[VP_MAX];
    struct ke_queue moves; /* who waits for any of the below */
    bool busy, ready;
    uint32_t arrived, done;
    uint64_t routine, argument;
};

static void
wait_for(const uint32_t *count, const char *why)
{
    struct hal_ipi *ipi = hal_ipi_of();

    while (*count < machine->vp_count)
        ke_block(&ipi->moves, (uint64_t)ipi, NULL, why);
}

static uint64_t
take_part(void)
{
    struct hal_ipi *ipi = hal_ipi_of();
    static const char *const barrier = "waits for the other processors (KeIpiGenericCall)";
    uint64_t result;

    ipi->arrived++;
    ke_unblock_all(&ipi->moves);
    wait_for(&ipi->arrived, barrier);
    result = GUEST_CALL(site_ipi, ipi->routine, ipi->argument);
    ipi->done++;
    ke_unblock_all(&ipi->moves);
    return result;
}

static void
deliver(struct irq_vector *v)
{
    (void)v;
    take_part();
}

static void
connect(struct hal_ipi *ipi)
{
    for (unsigned i = 0; i < machine->vp_count; i++) {
        ipi->vector[i].irql = IPI_IRQL;
        ipi->vector[i].vp = (uint8_t)i;
        ipi->vector[i].deliver = deliver;
        irq_connect(&ipi->vector[i]);
        if (machine->vp[i].isr_fiber->thread == NULL)
            ps_thread_of(machine->vp[i].isr_fiber);
    }
    ipi->ready = true;
}

/* Source: documented. IRQL: any (documented: <= IPI_LEVEL - 1). Returns what the routine returned here. */
ULONG_PTR NTAPI
KeIpiGenericCall(PKIPI_BROADCAST_WORKER BroadcastFunction, ULONG_PTR Context)
{
    struct hal_ipi *ipi = hal_ipi_of();
    unsigned here;
    uint64_t result;
    uint8_t old;

    if (machine_is_native())
        machine_unsupported(site_call, "KeIpiGenericCall in a machine that runs");
    if (!ipi->ready)
        connect(ipi);
    while (ipi->busy)
        ke_block(&ipi->moves, (uint64_t)ipi, NULL, "waits for another KeIpiGenericCall to end");
    ipi->busy = true;
    ipi->arrived = ipi->done = 0;
    ipi->routine = (uint64_t)BroadcastFunction;
    ipi->argument = Context;
    old = irql_raise(IPI_IRQL);
    here = fiber_self()->vp;
    for (unsigned i = 0; i < machine->vp_count; i++)
        if (i != here)
            irq_assert(&ipi->vector[i]);
    result = take_part();
    wait_for(&ipi->done, "waits for the other processors to come back (KeIpiGenericCall)");
    ipi->busy = false;
    ke_unblock_all(&ipi->moves);
    irql_lower(old);
    return result;
}

struct hal_ipi *
hal_ipi_create(void)
{
    site_ipi = ke_site("KiIpiServiceRoutine");
    site_call = ke_site("KeIpiGenericCall");
    return mon_alloc(sizeof(struct hal_ipi));
}
