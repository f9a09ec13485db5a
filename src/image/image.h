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
#include "machine/plain.h"

struct image_import {
    char module[64];
    char name[128];   /* or "#ordinal" */
    uint64_t slot_va; /* IAT entry */
    int export_index; /* ddi index; IMPORT_LACKING: a call stops the run as unsupported; IMPORT_DRIVER */
};

#define IMPORT_LACKING (-1)
#define IMPORT_DRIVER  (-2) /* bound to an export of a driver loaded before */

enum site_kind {
    SITE_LOCKED, /* LOCK prefix, or xchg with memory */
    SITE_CR8_READ,
    SITE_CR8_WRITE,
    SITE_RDTSC,
    SITE_CPUID,
    SITE_PAUSE,
    SITE_KUSER,      /* an address of KUSER_SHARED_DATA as an immediate */
    SITE_PRIVILEGED, /* other instructions of ring 0: traps, nothing is patched */
    SITE_RDTSCP,
    SITE_XGETBV,
    SITE_BACK_EDGE, /* planted: the branch back of a loop that was seen to spin */
    SITE_PLAIN,     /* planted: a load or store that was seen to race */
    SITE_WATCHED,   /* a load or store, only where races are looked for */
    SITE_PAGED,     /* where a function of a PAGE section begins: paged.c */
    SITE_HOOK,      /* planted: the return address of a compiler's access hook; nothing is patched */
    SITE_PROCESSOR, /* a read through gs that may tell the processor */
    SITE_KINDS,
};

enum site_patch {
    PATCH_JMP,       /* a 5-byte jmp fits into the instruction */
    PATCH_JMP_MOVED, /* following instructions moved along */
    PATCH_INT3,      /* somebody may jump into the five bytes: int3, image_fixup_trap() goes to the thunk */
    PATCH_TRAP,      /* left alone: the processor traps */
    PATCH_IMMEDIATE, /* the constant was replaced */
    PATCH_INSIDE,    /* it moved along into the thunk of the site before it, and is told there */
};

/* Where thunks call, with the protocol of crossing.S ("patched instructions"). */
enum thunk_target {
    THUNK_LOCKED,
    THUNK_CR8,
    THUNK_RDTSC,
    THUNK_RDTSCP,
    THUNK_CPUID,
    THUNK_XGETBV,
    THUNK_PAUSE,
    THUNK_SPIN,
    THUNK_PLAIN,
    THUNK_WATCH,
    THUNK_PAGED,
    THUNK_PROCESSOR,
    THUNK_COUNT,
};

struct image_site {
    uint32_t number; /* global site number */
    uint32_t rva;
    uint8_t kind, patch, length;
    uint8_t size, access, source; /* of its memory operand: bytes, ACCESS_*, enum plain_source; size 0: none */
    uint64_t constant;            /* see struct plain_site */
    uint64_t thunk;               /* where the replaced instructions run */
};

/*
 * Instructions that are made points because of what earlier runs showed; part of what a replay depends on.
 * kind: SITE_BACK_EDGE, SITE_PLAIN or SITE_HOOK.
 */
#define PLANTED_MAX 1024u
struct planted {
    uint32_t rva;
    uint8_t image; /* in load order */
    uint8_t kind;
};
struct planted_list {
    uint32_t count;
    struct planted at[PLANTED_MAX];
};

#define IMAGE_SIGNED       0x01u /* has an Authenticode signature (not checked) */
#define IMAGE_NOT_NATIVE   0x02u /* subsystem is not native */
#define IMAGE_TLS          0x04u /* has a TLS directory: the kernel ignores it */
#define IMAGE_CFG          0x08u /* control flow guard pointers */
#define IMAGE_SHARED_PAGES 0x10u /* sections share pages */
#define IMAGE_BAD_PDATA    0x20u /* some .pdata entries are no use and were left out */
#define IMAGE_COOKIE       0x40u /* has a security cookie */
#define IMAGE_DELAY        0x80u /* has delay imports (bound at load) */

struct image {
    char name[64];  /* "npf" */
    char file[64];  /* "npf.sys" */
    char path[256]; /* where it was read, for symbols */
    uint64_t base, size, entry;
    uint64_t preferred_base;
    uint32_t timestamp, checksum;
    uint32_t facts; /* IMAGE_* */
    char version[48];
    char pdb_name[128]; /* from the CodeView record */
    uint8_t sha256[32];
    struct image_import *imports;
    unsigned import_count;
    struct image_site *sites;
    unsigned site_count;
    uint64_t thunks, thunks_size; /* where the replaced instructions lie; 0: none */
    /* .pdata, sections and the rest: private to src/image */
    const void *pdata;
    unsigned pdata_count;
    const uint8_t *raw; /* the file as read */
    size_t raw_len;
};

struct image_error {
    char text[256]; /* a sentence that begins with the name that was given */
};

/*
 * image_load - bytes are borrowed. name: file name as the driver is known. 0; -ENOEXEC (malformed, 32-bit, ARM64,
 * not a driver: err->text says what and what to do), -ENOMEM, -ENOSPC (more than LAYOUT_IMAGE_MAX). Only before
 * the snapshot.
 */
int image_load(const uint8_t *bytes, size_t len, const char *name, const char *path, struct image **out,
               struct image_error *err);

/*
 * image_load_program - the same for a user-mode program, which gets data of its own in the user window; after all
 * drivers. -ENOEXEC too for what imports from anything but kernel32.dll.
 */
int image_load_program(const uint8_t *bytes, size_t len, const char *name, const char *path, struct image **out,
                       struct image_error *err);

/* What the next image_load() plants besides what every image gets; borrowed, NULL: nothing. */
void image_plant(const struct planted_list *list);
/* false: it is in the list, or that is full */
bool planted_add(struct planted_list *list, struct planted p);
bool planted_has(const struct planted_list *list, uint32_t image, uint32_t rva);
void image_watch(bool on); /* the next image_load() patches every load and store, to look for races */

/*
 * image_plant_loops - the back edges of the loops around an address of driver text, into list. after_call: it is a
 * return address. How many are new; -1: it lies in no loop. Safe in a signal handler.
 */
int image_plant_loops(uint64_t address, bool after_call, struct planted_list *list);

/* Only parse and describe (undis ddi): maps nothing, patches nothing. image_free() releases it. */
int image_inspect(const uint8_t *bytes, size_t len, const char *name, struct image **out, struct image_error *err);
void image_free(struct image *im);

/*
 * image_renew - the driver was unloaded: its writable pages are as image_load() left them, for when it is loaded again.
 * image_library - the i-th other image that im imports from; NULL past the last.
 */
void image_renew(struct image *im);
struct image *image_library(const struct image *im, unsigned i);

/* Discard INIT sections: poison-filled and no-access after DriverEntry. */
void image_discard_init(struct image *im);

/*
 * Pageable code (paged.c). image_paged - does address lie in code that is pageable and not locked?
 * image_section_lock - lock the section of address, however often; its handle, 0: in no image. image_section_relock -
 * one more (1) or one less (-1) of a handle; false: it is none, or not locked.
 */
bool image_paged(uint64_t address);
uint64_t image_section_lock(uint64_t address);
bool image_section_relock(uint64_t handle, int by);
void image_page_entire(const struct image *im, bool entire);

struct image *image_find(uint64_t address);                /* loaded image that holds address; NULL */
struct image *image_get(unsigned i);                       /* in load order; NULL past the last */
unsigned image_number(const struct image *im);             /* the i of image_get() */
uint64_t image_export(struct image *im, const char *name); /* address of a driver's own export ("#7": by ordinal), 0 */

/* Section number i of an image. false past the last. name: up to 8 characters. */
bool image_section(const struct image *im, unsigned i, char name[9], uint32_t *rva, uint32_t *size,
                   uint32_t *characteristics);

/* Hooks into the machine: readable pages, trap fixup, privileged instructions, targets of thunks. Before any load. */
void image_init(void);
void image_register_exports(void); /* what exports.def of this folder lists; ddi_register() */

/* ------------------------------------------------------------------ patched instructions (patch.c, trap.c) */

/* Host routine that thunks of this kind call. May be set before or after images are loaded, not while one runs. */
void image_set_thunk_target(enum thunk_target which, uint64_t host_address);

/* A site by its global number; im: its image (may be NULL). NULL: no such site. */
const struct image_site *image_site_get(uint32_t number, struct image **im);
const struct image_site *image_site_at(const struct image *im, uint32_t rva); /* NULL: none */
const char *image_site_kind_name(unsigned kind);
const char *image_site_patch_name(unsigned patch);

/*
 * rip inside a thunk: the address in the driver that it stands for, and how many bytes the thunk has pushed
 * below the driver's rsp there. false: rip is in no thunk.
 */
bool image_thunk_origin(uint64_t rip, uint64_t *origin, unsigned *pushed_bytes);

/* Is the instruction at rip (driver text) one that only ring 0 may execute? text: its name, for the report. */
bool image_privileged(uint64_t rip, char text[32]);

#define KUSER_ADDRESS 0xFFFFF78000000000ull
#define KUSER_ALIAS   (LAYOUT_KPCR + 0x2000) /* page kept up to date by machine/kpcr.c */

/* ------------------------------------------------------------------ unwinding (unwind.c) */

struct cpu_context {
    uint64_t gpr[16];
    uint64_t rip;
    struct xmm xmm[16];
    uint64_t rflags;
    uint32_t mxcsr;
};

/*
 * unwind_step - one driver frame: from *cx to its caller's registers by .pdata (versions 1 and 2, chained entries,
 * epilogues). establisher: the frame's establisher; handler/handler_data as RtlVirtualUnwind. false: cannot
 * (no image, stack unreadable).
 */
bool unwind_step(struct cpu_context *cx, uint64_t *establisher, uint64_t *handler, uint64_t *handler_data,
                 bool want_exception_handler);

struct stack_frame {
    uint64_t child_sp, ret_addr, args[4];
    uint64_t ip; /* for frame 0 the faulting address, else the return address into this frame's function */
    bool pseudo; /* in a pseudo image (nt, ndis, hal) */
};

/*
 * stack_walk - frames of a fiber, innermost first: driver frames by .pdata, host segments from crossing,
 * guest_call and guest_frame records. start: the trap to begin at, or NULL for where the fiber stands. A walk that
 * starts inside a DDI begins with a pseudo frame of that export. Ends at a user address (0x7ff6...) for FIBER_USER.
 */
/* As unwind_step; after_call: cx->rip is a return address, so the function is looked up at rip - 1. */
bool unwind_frame(struct cpu_context *cx, bool after_call, uint64_t *establisher, uint64_t *handler,
                  uint64_t *handler_data, bool want_exception_handler);

unsigned stack_walk(struct fiber *f, const struct trap *start, struct stack_frame *out, unsigned max);

/* ------------------------------------------------------------------ exceptions (seh.c) */

/* Raise from host code inside a DDI flagged RAISES: never returns. Unhandled: the machine bugchecks. */
_Noreturn void seh_raise_status(int32_t ntstatus);
_Noreturn void seh_raise_record(int32_t ntstatus, unsigned count, const uint64_t *parameters);
void seh_init(
    void); /* registers with machine_on_exception, exports __C_specific_handler &c. through image/exports.def */

/* Signal context: called by machine/trap.c for a fault in driver text. true: t was edited (redirected to a thunk or emulated). */
bool image_fixup_trap(struct trap *t);
/* store.c: machine_store of machine.h. */
unsigned image_store(struct trap *t, uint8_t bytes[16]);

/* ------------------------------------------------------------------ symbols (symbol.c, supervisor only) */

struct symbol {
    char function[160]; /* the innermost function of the author's there; "" none */
    char file[256];
    unsigned line;
    uint32_t offset; /* from where the code begins that holds it, in line or not */
    bool ddk;        /* none there is the author's: it stands in a header of the DDK */
};

/* Batch: rvas[i] of the file at path (DWARF or PDB, found beside it or under symbol_path). 0 or -errno (no symbolizer). */
int symbols_resolve(const char *path, const char *symbol_path, const uint32_t *rvas, unsigned count,
                    struct symbol *out);

#endif
