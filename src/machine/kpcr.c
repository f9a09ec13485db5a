/* SPDX-License-Identifier: MIT */
/*
 * machine/kpcr.c - the processor control region that drivers read through gs.
 *
 * Model: one KPCR per VP. gs of a VP's thread never changes; the contents follow the fiber that runs there (under
 * exploration one thread is all VPs in turn, with the first KPCR). Writes go through gs, so each VP writes its own.
 * Offsets that binaries read (observed in production drivers): 0x18 self, 0x20
 * current PRCB, 0x50 IRQL, 0x184 and 0x1a4 processor number, 0x188 current thread. Under exploration an instruction
 * that reads through gs has seen the processor, unless it reads the IRQL or the thread (SITE_PROCESSOR in image.h).
 * The page at +0x2000 is the readable image of KUSER_SHARED_DATA (offsets documented: its declaration): tick
 * multiplier 0x4, interrupt time 0x8, system time 0x14, build and version 0x260, tick count 0x320, active
 * processors 0x3c0. It is not restored with the machine: the clock is written whenever a fiber is loaded.
 */
#include "machine/internal.h"

#include "base/tsan.h"
#include "host/host.h"

#define SHARED     0x2000u /* KUSER_SHARED_DATA, from LAYOUT_KPCR */
#define TICK_100NS 156250u

static void
put8(uint64_t offset, uint8_t v)
{
    __asm__ volatile("movb %0, %%gs:(%1)" : : "q"(v), "r"(offset));
}

static void
put32(uint64_t offset, uint32_t v)
{
    __asm__ volatile("movl %0, %%gs:(%1)" : : "r"(v), "r"(offset));
}

static void
put64(uint64_t offset, uint64_t v)
{
    __asm__ volatile("movq %0, %%gs:(%1)" : : "r"(v), "r"(offset));
}

TSAN_SKIP static void
share32(unsigned offset, uint32_t v)
{
    *(volatile uint32_t *)(LAYOUT_KPCR + SHARED + offset) = v;
}

/* A KSYSTEM_TIME: 64 bits, and the upper 32 once more for those who read in parts. */
TSAN_SKIP static void
share_time(unsigned offset, uint64_t v)
{
    *(volatile uint64_t *)(LAYOUT_KPCR + SHARED + offset) = v;
    share32(offset + 8, (uint32_t)(v >> 32));
}

void
kpcr_attach(uint32_t number)
{
    uint64_t base = LAYOUT_KPCR + (uint64_t)number * LAYOUT_KPCR_STRIDE;
    struct vp_local *l = (struct vp_local *)(base + LAYOUT_KPCR_OURS);

    host_set_gs(base);
    put64(0x18, base);
    put64(0x20, base + 0x180);
    l->self = l;
    l->number = number;
}

void
kpcr_version(uint32_t major, uint32_t minor, uint32_t build)
{
    share32(0x260, build);
    share32(0x26c, major);
    share32(0x270, minor);
}

static bool shared_used; /* once set it stays, over all runs */

void
kpcr_shared_used(void)
{
    __atomic_store_n(&shared_used, true, __ATOMIC_RELAXED);
}

bool
kpcr_shared_read(void)
{
    return __atomic_load_n(&shared_used, __ATOMIC_RELAXED);
}

void
kpcr_init(void)
{
    share32(0x4, 0x0fa00000); /* ms per tick, 8.24 fixed point: 15.625 */
    kpcr_version(10, 0, 19041);
    share32(0x3c0, machine->vp_count);
    kpcr_time();
    kpcr_attach(0);
}

TSAN_SKIP void
kpcr_time(void)
{
    uint64_t now = machine_live ? machine_now() : machine->now_100ns; /* nobody has seen it yet */

    share_time(0x8, now);
    share_time(0x14, machine->boot_time_100ns + now);
    share_time(0x320, now / TICK_100NS);
}

void
kpcr_load(const struct fiber *f)
{
    put8(0x50, f->irql);
    put32(0x184, f->vp);
    put32(0x1a4, f->vp);
    put64(0x188, (uint64_t)f->thread);
}

void
kpcr_irql(unsigned irql)
{
    put8(0x50, (uint8_t)irql);
}
