/* SPDX-License-Identifier: MIT */
/*
 * nt/ke/ke.h - kernel core: what the rest of nt, and ndis, ask of it beyond nt.h.
 *
 * Model: dispatcher objects and locks lie in driver memory with Windows's layout and values. What Windows keeps
 * nowhere a driver can see (who owns a spin lock, which fiber spins for it, which timers are armed) is monitor
 * memory, keyed by the object's address.
 */
#ifndef NT_KE_KE_H
#define NT_KE_KE_H

#include "ddk/ntddk.h"
#include "machine/fiber_set.h"
#include "nt/nt.h"

/* ------------------------------------------------------------------ locks by address (lock.c) */

/* What we remember of one lock. Entries are made on first use and stay for the run. */
struct ke_lock {
    uint64_t address;
    struct ke_lock *next;      /* in its bucket */
    struct ke_lock *next_made; /* all locks, youngest first */
    struct fiber_set shared;   /* who holds it shared */
    uint64_t ip;               /* driver address that acquired it last */
    uint32_t waiters;          /* fibers that blocked for it since it was last released */
    uint32_t depth;            /* of an exclusive holder's recursion, where the lock allows one */
    uint8_t owner;             /* fiber that holds it exclusively, 0 none */
    uint8_t kind;              /* enum lock_kind, as acquired */
    uint8_t irql;              /* before the acquisition */
    uint8_t pending;           /* fiber that waits to become exclusive owner and holds off new sharers, 0 none */
};

struct ke_lock *ke_lock_get(const void *address);
struct ke_lock *ke_lock_find(const void *address); /* NULL: never acquired */
struct fiber *ke_lock_owner(const struct ke_lock *l);
const struct ke_lock *ke_spin_held(const struct fiber *f); /* a spin lock of any kind that it holds; NULL: none */

/* Emit EV_LOCK_MISUSE. */
void ke_lock_misuse(const void *address, enum lock_kind kind, enum lock_misuse what);
/* Block until somebody releases l; the caller looks again. Emits RECURSIVE first if the running fiber owns it. */
void ke_lock_block(struct ke_lock *l, enum block_kind how, const char *why);
/* Wake everybody who blocked for l. */
void ke_lock_wake(struct ke_lock *l);
void ke_lock_owned(struct ke_lock *l, enum lock_kind kind);    /* the running fiber owns it now: event */
void ke_lock_released(struct ke_lock *l, enum lock_kind kind); /* checks the owner: event, misuse event */

/* Locks in [base, base + size) that somebody holds: EV_LOCK_MISUSE what=FREED for each. Their memory is going away. */
void ke_locks_freed(uint64_t base, uint64_t size);
/* Locks the fiber holds, for rules and reports. */
void ke_locks_of(const struct fiber *f, void (*fn)(const struct ke_lock *l, void *arg), void *arg);

/* ------------------------------------------------------------------ waiting (wait.c) */

/* Wake whom h's state satisfies. For whoever changed SignalState. */
void ke_signal(DISPATCHER_HEADER *h);
void ke_header_init(DISPATCHER_HEADER *h, unsigned type, size_t size_bytes, LONG state);

/* Sleep; interval as in KeDelayExecutionThread. */
void ke_sleep(int64_t interval, const char *why);
/* Interrupt time at which a timeout (relative if negative, absolute if positive) is over. */
uint64_t ke_due(int64_t timeout);

/*
 * A queue of fibers blocked in host code for something that is no dispatcher object. One per object, in monitor
 * memory or zeroed. ke_block: BLOCK_INTERNAL with these words. ke_unblock_all wakes everybody on it.
 */
struct ke_queue {
    struct fiber_set fibers;
};
void ke_block(struct ke_queue *q, uint64_t object, struct fiber *owner, const char *why);
void ke_unblock_all(struct ke_queue *q);

/* ------------------------------------------------------------------ DPCs, timers (dpc.c, timer.c) */

/* As KeInsertQueueDpc, without its touch. May switch before it returns. */
bool ke_dpc_queue(PKDPC dpc, void *arg1, void *arg2);
bool ke_dpc_remove(PKDPC dpc);
bool ke_timer_set(PKTIMER timer, int64_t due, uint32_t period_ms, PKDPC dpc);
bool ke_timer_cancel(PKTIMER timer);

/* Memory goes away: a queued DPC or an armed timer in it is bugcheck 0xC7, a held lock an event. */
void ke_memory_freed(uint64_t base, uint64_t size);
/* An image goes away: the same, and a queued DPC or timer whose routine lies in it. */
void ke_image_unloaded(uint64_t base, uint64_t size);

/*
 * Routines of ours where Windows's interface wants an address: a DPC, a work item, a thread. The address is that of
 * symbol module!symbol, which exports.def must list (SYM). ke_call() runs either kind: ours on the host stack, a
 * driver's through guest_call(site).
 */
typedef void (*ke_host_fn)(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3);
uint64_t ke_host_routine(const char *module, const char *symbol, ke_host_fn fn);
uint64_t ke_call(uint32_t site, uint64_t routine, unsigned nargs, const uint64_t args[4]);

/* Index of ntoskrnl symbol or export; it must exist. At init only. */
uint32_t ke_site(const char *name);

/* ------------------------------------------------------------------ lists in driver memory */

/* As InsertTailList/RemoveEntryList; a damaged neighbour is bugcheck 0x139 (3), as the kernel's fast fail. */
void ke_list_insert_tail(LIST_ENTRY *head, LIST_ENTRY *entry);
void ke_list_remove(LIST_ENTRY *entry);

/* ------------------------------------------------------------------ exported, but declared by no DDK header */

VOID NTAPI KiAcquireSpinLock(PKSPIN_LOCK SpinLock);
VOID NTAPI KiReleaseSpinLock(PKSPIN_LOCK SpinLock);
KIRQL NTAPI KfAcquireSpinLock(PKSPIN_LOCK SpinLock);
VOID NTAPI KfReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql);
KIRQL NTAPI KeAcquireSpinLockRaiseToSynch(PKSPIN_LOCK SpinLock);
VOID NTAPI KfLowerIrql(KIRQL NewIrql);
VOID NTAPI KeGetStackLimits(PULONG_PTR LowLimit, PULONG_PTR HighLimit);

#endif
