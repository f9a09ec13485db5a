/* SPDX-License-Identifier: MIT */
/*
 * machine/ddi.h - exports: what drivers bind to.
 *
 * Drivers never see the address of a host function. Each export owns a 256-byte
 * slot in a pseudo image (ntoskrnl.exe, ndis.sys, hal.dll ...) at an address that
 * is the same in every run and in every build of undis. The slot enters
 * ddi_enter (crossing.S), which moves from the driver's stack to the fiber's
 * host stack, passes the scheduling point, checks IRQL, emits the event and
 * calls the C implementation.
 *
 * A folder lists its exports in exports.def, an X-macro file:
 *
 *     FN(module, name, nargs, irql, touch, flags)
 *     VFN(module, name, nargs, irql, touch, flags)   variadic; nargs counts the named ones
 *     DATA(module, name, object)                     object: a C lvalue inside the arena, made by the folder's init
 *     RAW(module, name, bytes, length)               runs as it is on the guest stack: __chkstk and its like
 *     SYM(module, name)                              no export: a name for a frame below driver code
 *
 *   module  ntoskrnl ndis hal (…): which pseudo image; import tables name it without case
 *   nargs   number of integer/pointer arguments (0..16)
 *   irql    PASSIVE APC DISPATCH (highest allowed), EXACT_DISPATCH, ANY
 *   touch   what the call depends on, for happens-before caching and partial-order sampling:
 *           NONE     touches nothing another fiber can see: no scheduling point at all
 *           ARG0..ARG7  the object that argument points at
 *           WORLD    anything (sound, prunes nothing)
 *           SELF     the implementation calls sched_point()/sched_touch() itself
 *   flags   0, or one of: AFTER (a point after the call, for calls that release), RAISES (may raise an SEH
 *           exception), BYVAL1 BYVAL4 BYVAL8 (see DDI_RESULT), FREE FREE_AFTER FREE_RAISES (a live machine calls it
 *           without the machine lock: safe by construction when VPs call it at once)
 *
 * The implementation is `RET NTAPI name(args)` with the DDK's prototype; for a
 * VFN it is `RET NTAPI name_va(named args, const uint64_t *va)` where va walks
 * 8-byte argument slots. ms_abi costs nothing and keeps one prototype.
 */
#ifndef MACHINE_DDI_H
#define MACHINE_DDI_H

#include <stdbool.h>
#include <stdint.h>

struct crossing;

enum ddi_irql { DDI_PASSIVE = 0, DDI_APC = 1, DDI_DISPATCH = 2, DDI_ANY = 15, DDI_EXACT_DISPATCH = 18 };

enum ddi_touch {
    TOUCH_ARG0,
    TOUCH_ARG1,
    TOUCH_ARG2,
    TOUCH_ARG3,
    TOUCH_ARG4,
    TOUCH_ARG5,
    TOUCH_ARG6,
    TOUCH_ARG7,
    TOUCH_NONE,
    TOUCH_WORLD,
    TOUCH_SELF,
};

/* DDI_RAW: function points at nargs bytes of position-independent machine code, copied into the slot (<= 0x80). */
enum ddi_kind { DDI_FUNCTION, DDI_VARIADIC, DDI_DATA, DDI_SYMBOL, DDI_RAW };

#define DDI_0           0u
#define DDI_AFTER       1u
#define DDI_RAISES      2u
#define DDI_FREE        4u /* live: runs without the machine lock */
#define DDI_FREE_AFTER  (DDI_FREE | DDI_AFTER)
#define DDI_FREE_RAISES (DDI_FREE | DDI_RAISES)
#define DDI_BYVAL1      0u
#define DDI_BYVAL4      0u
#define DDI_BYVAL8      0u

struct ddi_export {
    const char *module; /* "ntoskrnl", "ndis", "hal" */
    const char *name;
    void *function; /* host implementation; data: the arena object (NULL until the folder's init) */
    uint8_t kind;   /* enum ddi_kind */
    uint8_t nargs;
    uint8_t irql;  /* enum ddi_irql */
    uint8_t touch; /* enum ddi_touch */
    uint8_t flags;
    uint8_t result; /* bytes of the result, 0 for void; DDI_RESULT_UNKNOWN: all eight are taken */
};

/*
 * How many bytes of rax a function fills; the rest is zeroed, so no garbage of ours reaches a driver. The compiler
 * says it from a call that is never made, with a zero for each argument; so it checks nargs, too. Zero is no argument
 * of a union or structure type: a function that takes one by value has BYVAL<bytes of the result> as its flags.
 */
#define DDI_RESULT_UNKNOWN            255u
#define DDI_RESULT_OF(call)           (__builtin_types_compatible_p(__typeof__(call), void) ? 0 : sizeof(call))
#define DDI_RESULT_0(fn, n)           DDI_RESULT_OF(fn(DDI_ZEROS_##n))
#define DDI_RESULT_AFTER(fn, n)       DDI_RESULT_OF(fn(DDI_ZEROS_##n))
#define DDI_RESULT_RAISES(fn, n)      DDI_RESULT_OF(fn(DDI_ZEROS_##n))
#define DDI_RESULT_FREE(fn, n)        DDI_RESULT_OF(fn(DDI_ZEROS_##n))
#define DDI_RESULT_FREE_AFTER(fn, n)  DDI_RESULT_OF(fn(DDI_ZEROS_##n))
#define DDI_RESULT_FREE_RAISES(fn, n) DDI_RESULT_OF(fn(DDI_ZEROS_##n))
#define DDI_RESULT_BYVAL1(fn, n)      1
#define DDI_RESULT_BYVAL4(fn, n)      4
#define DDI_RESULT_BYVAL8(fn, n)      8
/* fn: the implementation; n: how many arguments it has; f: the flags column. A variadic one has one more, the rest. */
#define DDI_RESULT(fn, n, f) DDI_RESULT_##f(fn, n)
#define DDI_RESULT_VA(fn, n) DDI_RESULT_OF(fn(DDI_ZEROS_##n, 0))
#define DDI_ZEROS_0
#define DDI_ZEROS_1  0
#define DDI_ZEROS_2  DDI_ZEROS_1, 0
#define DDI_ZEROS_3  DDI_ZEROS_2, 0
#define DDI_ZEROS_4  DDI_ZEROS_3, 0
#define DDI_ZEROS_5  DDI_ZEROS_4, 0
#define DDI_ZEROS_6  DDI_ZEROS_5, 0
#define DDI_ZEROS_7  DDI_ZEROS_6, 0
#define DDI_ZEROS_8  DDI_ZEROS_7, 0
#define DDI_ZEROS_9  DDI_ZEROS_8, 0
#define DDI_ZEROS_10 DDI_ZEROS_9, 0
#define DDI_ZEROS_11 DDI_ZEROS_10, 0
#define DDI_ZEROS_12 DDI_ZEROS_11, 0
#define DDI_ZEROS_13 DDI_ZEROS_12, 0
#define DDI_ZEROS_14 DDI_ZEROS_13, 0
#define DDI_ZEROS_15 DDI_ZEROS_14, 0
#define DDI_ZEROS_16 DDI_ZEROS_15, 0

/*
 * ddi_register - add a folder's table of exports. Call once per folder before machine_init().
 * Borrows tab for the life of the process. Returns the index of the first entry.
 */
unsigned ddi_register(const struct ddi_export *tab, unsigned count);

/* Index of an export or symbol, -1 if there is none. module: with or without extension, any case. */
int ddi_lookup(const char *module, const char *name);
const struct ddi_export *ddi_get(unsigned index);
unsigned ddi_count(void);

/* Address drivers see: the slot for functions and symbols, the object for data; 0 if unknown. */
uint64_t ddi_address(unsigned index);

/* The folder's init tells where a DATA export lives (arena memory). */
void ddi_set_data(unsigned index, void *object);

/* Before drivers run: slots can be executed and read only, and what lies behind a pseudo image's last faults. */
void ddi_seal(void);

/*
 * ddi_hop - a live machine: let the function's slot go straight on to the next driver's handler on the driver's own
 * stack, as a last call does. Its first argument is an object that has, at `next`, the address of another (0: none);
 * that one's handler lies at `op`, and the handler's first argument at `context`; all others stay. Taken when nobody
 * listens to events, the handler is no host function (below host_max) and the byte at `kind` or the one at `state` has
 * the given value; else the call goes the ordinary way. Nothing under exploration.
 */
struct ddi_hop {
    uint32_t next, op, context, kind, state;
    uint8_t kind_is, state_is;
    uint32_t host_max;
};
void ddi_hop(unsigned index, const struct ddi_hop *hop);

/* Slot for a lacking import: calling it stops the run as unsupported, naming function and caller. */
uint64_t ddi_lacking(const char *module, const char *name);

/* Name the pseudo-image address: module, symbol and offset. false: not inside a pseudo image. */
bool ddi_symbolize(uint64_t address, const char **module, const char **name, uint32_t *offset);

/*
 * Pseudo image number i: name ("ntoskrnl.exe"), short name as debuggers print it ("nt"), base, size in bytes.
 * false past the last.
 */
bool ddi_module(unsigned i, const char **file, const char **short_name, uint64_t *base, uint64_t *size);

/* How often each export was called since start (survives resets). */
uint64_t ddi_calls(unsigned index);

/* Failing results (negative, of exports with four-byte results) an export gave since start, without repeats. */
#define DDI_FAILURES_MAX 8u
unsigned ddi_failures(unsigned index, const uint32_t **status);

#endif
