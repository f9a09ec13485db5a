/* SPDX-License-Identifier: MIT */
/*
 * unit/crash/fakes.h - what reports and rules need of the machine, without one.
 *
 * The export table is five entries, symbols are a table of the test, monitor memory is an array, and a bugcheck is
 * remembered and unwinds to the test.
 */
#ifndef UNIT_CRASH_FAKES_H
#define UNIT_CRASH_FAKES_H

#include "unit/test.h"

#include <asm/prctl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "image/image.h"
#include "machine/machine.h"

bool machine_live; /* these tests have no live machine */

static struct machine fake_machine;
struct machine *const machine = &fake_machine;

/* f is the running fiber from now on. */
static inline void
fake_current(struct fiber *f)
{
    static uint8_t kpcr[LAYOUT_KPCR_STRIDE] __attribute__((aligned(64)));

    ((struct vp_local *)(kpcr + LAYOUT_KPCR_OURS))->current = f;
    if (syscall(SYS_arch_prctl, ARCH_SET_GS, kpcr))
        abort();
}

static const struct ddi_export fake_exports[] = {
    { .module = "ndis", .name = "NdisFSendNetBufferLists" }, { .module = "ndis", .name = "ndisPauseFilter" },
    { .module = "ntoskrnl", .name = "NtWriteFile" },         { .module = "ntoskrnl", .name = "KeWaitForSingleObject" },
    { .module = "ntoskrnl", .name = "IoCancelIrp" },
};

#define FAKE_NDIS (LAYOUT_PSEUDO_BASE + LAYOUT_PSEUDO_SIZE)

unsigned
ddi_count(void)
{
    return sizeof(fake_exports) / sizeof(fake_exports[0]);
}

const struct ddi_export *
ddi_get(unsigned index)
{
    return &fake_exports[index];
}

/* Slot i of both pseudo images is export i. */
bool
ddi_symbolize(uint64_t address, const char **module, const char **name, uint32_t *offset)
{
    uint64_t slot = (address & (LAYOUT_PSEUDO_SIZE - 1)) - LAYOUT_SLOT_FIRST;

    if (address < LAYOUT_PSEUDO_BASE || address >= LAYOUT_PSEUDO_BASE + 2 * LAYOUT_PSEUDO_SIZE ||
        slot / LAYOUT_SLOT_SIZE >= ddi_count())
        return false;
    *module = address >= FAKE_NDIS ? "ndis" : "nt";
    *name = fake_exports[slot / LAYOUT_SLOT_SIZE].name;
    *offset = (uint32_t)(slot % LAYOUT_SLOT_SIZE);
    return true;
}

static int (*fake_resolve)(const uint32_t *rvas, unsigned count, struct symbol *out);

int
symbols_resolve(const char *path, const char *symbol_path, const uint32_t *rvas, unsigned count, struct symbol *out)
{
    (void)path;
    (void)symbol_path;
    return fake_resolve != NULL ? fake_resolve(rvas, count, out) : -1;
}

/* Monitor memory, and putting it back as machine_restore() does. */
static uint8_t fake_monitor[1 << 20] __attribute__((aligned(16))), fake_kept[1 << 20];
static size_t fake_used, fake_kept_used;

void *
mon_alloc(size_t size_bytes)
{
    void *p = fake_monitor + fake_used;

    fake_used += (size_bytes + 15) & ~(size_t)15;
    CHECK(fake_used <= sizeof(fake_monitor));
    return p;
}

void *
mon_alloc_shared(size_t size_bytes)
{
    return mon_alloc(size_bytes);
}

static inline void
fake_snapshot(void)
{
    memcpy(fake_kept, fake_monitor, sizeof(fake_kept));
    fake_kept_used = fake_used;
}

static inline void
fake_restore(void)
{
    memcpy(fake_monitor, fake_kept, sizeof(fake_kept));
    fake_used = fake_kept_used;
}

jmp_buf fake_stop;
uint32_t fake_code;
uint64_t fake_p[4];

_Noreturn void
machine_bugcheck(uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3, uint64_t p4)
{
    fake_code = code;
    fake_p[0] = p1;
    fake_p[1] = p2;
    fake_p[2] = p3;
    fake_p[3] = p4;
    longjmp(fake_stop, 1);
}

#endif
