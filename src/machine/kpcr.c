/* SPDX-License-Identifier: MIT */
/*
 * machine/kpcr.c - the processor control region that drivers read through gs.
 *
 * Model: gs never changes; the contents of the one KPCR follow the running fiber.
 * Offsets that binaries read (observed in production drivers): 0x18 self, 0x20
 * current PRCB, 0x50 IRQL, 0x184 and 0x1a4 processor number, 0x188 current thread.
 * The page at +0x2000 is the readable image of KUSER_SHARED_DATA.
 */
#include "machine/internal.h"

#include "host/host.h"

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

void
kpcr_init(void)
{
    put64(0x18, LAYOUT_KPCR);
    put64(0x20, LAYOUT_KPCR + 0x180);
    host_set_gs(LAYOUT_KPCR);
}

void
kpcr_load(const struct fiber *f)
{
    put8(0x50, f->irql);
    *(volatile uint32_t *)(LAYOUT_KPCR + 0x184) = f->vp;
    *(volatile uint32_t *)(LAYOUT_KPCR + 0x1a4) = f->vp;
    put64(0x188, (uint64_t)f->thread);
}

void
kpcr_irql(unsigned irql)
{
    put8(0x50, (uint8_t)irql);
}
