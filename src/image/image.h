/* SPDX-License-Identifier: MIT */
/*
 * image/image.h - drivers as Windows maps them.
 *
 * image_load() maps a PE32+ at its fixed slot, relocates it, binds imports to
 * export slots, sets the security cookie, patches locked instructions and IRQL
 * accesses (L1), and makes writable pages part of the hot memory. Nothing in a
 * file can make it crash: it answers with one sentence.
 */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/machine.h"

struct image_import {
    char module[64];
    char name[128];      /* or "#ordinal" */
    uint64_t slot_va;    /* IAT entry */
    int export_index;    /* ddi index; -1: lacking, a call stops the run as unsupported */
};

enum site_kind { SITE_LOCKED, SITE_CR8_READ, SITE_CR8_WRITE, SITE_RDTSC, SITE_CPUID, SITE_PAUSE, SITE_KUSER, SITE_PRIVILEGED };
enum site_patch { PATCH_JMP, PATCH_JMP_MOVED, PATCH_INT3, PATCH_TRAP, PATCH_IMMEDIATE };

struct image_site {
    uint32_t number;     /* global site number */
    uint32_t rva;
    uint8_t kind, patch, length;
    uint64_t thunk;      /* where the replaced instructions run */
};

struct image {
    char name[64];       /* "npf" */
    char file[64];       /* "npf.sys" */
    char path[256];      /* where it was read, for symbols */
    uint64_t base, size, entry;
    uint64_t preferred_base;
    uint32_t timestamp, checksum;
    char version[48];
    char pdb_name[128];  /* from the CodeView record */
    uint8_t sha256[32];
    struct image_import *imports;
    unsigned import_count;
    struct image_site *sites;
    unsigned site_count;
    /* .pdata, sections and the rest: private to src/image */
    const void *pdata;
    unsigned pdata_count;
    const uint8_t *raw;  /* the file as read */
    size_t raw_len;
};

struct image_error { char text[256]; };

/*
 * image_load - bytes are borrowed. name: file name as the driver is known. 0; -ENOEXEC (malformed, 32-bit, ARM64,
 * not a driver: err->text says what and what to do), -ENOMEM, -ENOSPC (more than LAYOUT_IMAGE_MAX). Only before
 * the snapshot.
 */
int image_load(const uint8_t *bytes, size_t len, const char *name, const char *path, struct image **out,
               struct image_error *err);

/* Only parse and describe (undis ddi): maps nothing, patches nothing. image_free() releases it. */
int image_inspect(const uint8_t *bytes, size_t len, const char *name, struct image **out, struct image_error *err);
void image_free(struct image *im);

/* Discard INIT sections: poison-filled and no-access after DriverEntry. */
void image_discard_init(struct image *im);

struct image *image_find(uint64_t address); /* loaded image that holds address; NULL */
struct image *image_get(unsigned i);        /* in load order; NULL past the last */
uint64_t image_export(struct image *im, const char *name); /* address of a driver's own export, 0 */

/* ------------------------------------------------------------------ unwinding (unwind.c) */

struct cpu_context { uint64_t gpr[16]; uint64_t rip; struct xmm xmm[16]; uint64_t rflags; uint32_t mxcsr; };

/*
 * unwind_step - one driver frame: from *cx to its caller's registers by .pdata (versions 1 and 2, chained entries,
 * epilogues). establisher: the frame's establisher; handler/handler_data as RtlVirtualUnwind. false: cannot
 * (no image, stack unreadable).
 */
bool unwind_step(struct cpu_context *cx, uint64_t *establisher, uint64_t *handler, uint64_t *handler_data,
                 bool want_exception_handler);

struct stack_frame {
    uint64_t child_sp, ret_addr, args[4];
    uint64_t ip;       /* for frame 0 the faulting address, else the return address into this frame's function */
    bool pseudo;       /* in a pseudo image (nt, ndis, hal) */
};

/*
 * stack_walk - frames of a fiber, innermost first: driver frames by .pdata, host segments from crossing,
 * guest_call and guest_frame records. start: the trap to begin at, or NULL for where the fiber stands. A walk that
 * starts inside a DDI begins with a pseudo frame of that export. Ends at a user address (0x7ff6...) for FIBER_USER.
 */
unsigned stack_walk(struct fiber *f, const struct trap *start, struct stack_frame *out, unsigned max);

/* ------------------------------------------------------------------ exceptions (seh.c) */

/* Raise from host code inside a DDI flagged RAISES: never returns. Unhandled: the machine bugchecks. */
_Noreturn void seh_raise_status(int32_t ntstatus);
void seh_init(void); /* registers with machine_on_exception, exports __C_specific_handler &c. through image/exports.def */

/* Signal context: called by machine/trap.c for a fault in driver text. true: t was edited (redirected to a thunk or emulated). */
bool image_fixup_trap(struct trap *t);

/* ------------------------------------------------------------------ symbols (symbol.c, supervisor only) */

struct symbol { char function[160]; char file[256]; unsigned line; uint32_t offset; /* from function start */ };

/* Batch: rvas[i] of the file at path (DWARF or PDB, found beside it or under symbol_path). 0 or -errno (no symbolizer). */
int symbols_resolve(const char *path, const char *symbol_path, const uint32_t *rvas, unsigned count, struct symbol *out);

#endif
