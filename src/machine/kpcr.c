/* SPDX-License-Identifier: MIT */
/*
 * machine/kpcr.c - the processor control region that drivers read through gs.
 *
 * Model: gs never changes; the contents of the one KPCR follow the running fiber.
 * Offsets that binaries read (observed in production drivers): 0x18 self, 0x20
 * current PRCB, 0x50 IRQL, 0x184 and 0x1a4 processor number, 0x188 current thread.
 * The page at +0x2000 is the readable image of KUSER_SHARED_DATA (offsets documented: its declaration): tick
 * multiplier 0x4, interrupt time 0x8, system time 0x14, build and version 0x260, tick count 0x320, active
 * processors 0x3c0. It is not restored with the machine: the clock is written whenever a fiber is loaded.
 */
#include "machine/internal.h"

#include "host/host.h"

#define SHARED     0x2000u /* KUSER_SHARED_DATA, from LAYOUT_KPCR */
#define TICK_100NS 156250u

static void
put8(unsigned offset, uint8_t v)
{
    *(volatile uint8_t *)(LAYOUT_KPCR + offset) = v;
}

static void
put64(unsigned offset, uint64_t v)
{
    *(volatile uint64_t *)(LAYOUT_KPCR + offset) = v;
}

static void
put32(unsigned offset, uint32_t v)
{
    *(volatile uint32_t *)(LAYOUT_KPCR + offset) = v;
}

/* A KSYSTEM_TIME: 64 bits, and the upper 32 once more for those who read in parts. */
static void
put_time(unsigned offset, uint64_t v)
{
    put64(SHARED + offset, v);
    put32(SHARED + offset + 8, (uint32_t)(v >> 32));
}

void
kpcr_init(void)
{
    put64(0x18, LAYOUT_KPCR);
    put64(0x20, LAYOUT_KPCR + 0x180);
    put32(SHARED + 0x4, 0x0fa00000); /* ms per tick, 8.24 fixed point: 15.625 */
    put32(SHARED + 0x260, 19041);
    put32(SHARED + 0x26c, 10);
    put32(SHARED + 0x3c0, machine->vp_count);
    kpcr_time();
    host_set_gs(LAYOUT_KPCR);
}

void
kpcr_time(void)
{
    put_time(0x8, machine->now_100ns);
    put_time(0x14, machine->boot_time_100ns + machine->now_100ns);
    put_time(0x320, machine->now_100ns / TICK_100NS);
}

void
kpcr_load(const struct fiber *f)
{
    put8(0x50, f->irql);
    put32(0x184, f->vp);
    put32(0x1a4, f->vp);
    put64(0x188, (uint64_t)f->thread);
    kpcr_time();
}

void
kpcr_irql(unsigned irql)
{
    put8(0x50, (uint8_t)irql);
}
