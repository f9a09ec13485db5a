/* SPDX-License-Identifier: MIT */
/*
 * nt/nt.h - the NT kernel subset: its root, and what its subsystems ask of each other.
 *
 * Model: one root per machine (machine->nt) with a sub-root per subsystem; a sub-root's layout is private to the
 * folder. Objects that drivers see are heap memory in Microsoft's layouts; what only we remember about them is
 * monitor memory. Functions named ke_, ex_, ... are for host code: they make their own touches and never pass a
 * scheduling point unless they say so. Functions in Microsoft's names are what drivers bind to.
 *
 * Start reading at: nt_init().
 */
#ifndef NT_NT_H
#define NT_NT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/machine.h"

struct ke_state;
struct ex_state;
struct ps_state;
struct mm_state;
struct rtl_state;
struct etw_state;
struct io_state;
struct ob_state;
struct cm_state;
struct se_state;
struct po_state;
struct hal_state;

/* Monitor memory. Each pointer is written once, by its folder's init. */
struct nt {
    struct ke_state *ke;
    struct ex_state *ex;
    struct ps_state *ps;
    struct mm_state *mm;
    struct rtl_state *rtl;
    struct etw_state *etw;
    struct io_state *io;
    struct ob_state *ob;
    struct cm_state *cm;
    struct se_state *se;
    struct po_state *po;
    struct hal_state *hal;
};

#define NT ((struct nt *)machine->nt)

/* Add ntoskrnl and hal to the export registry. Once, before machine_init(). */
void nt_register_exports(void);

/*
 * nt_init - make the kernel of a fresh machine. Once, after machine_init(), before any driver is loaded.
 * Order: rtl, mm, ob, ps, ke, ex, etw, se, cm, io, po, hal; each may use those before it.
 */
void nt_init(void);

void rtl_init(struct nt *nt);
void mm_init(struct nt *nt);
void mm_section_init(struct nt *nt); /* after ob_init() */
void ob_init(struct nt *nt);
void ps_init(struct nt *nt);
void ke_init(struct nt *nt);
void ex_init(struct nt *nt);
void etw_init(struct nt *nt);
void se_init(struct nt *nt);
void cm_init(struct nt *nt);
void io_init(struct nt *nt);
void po_init(struct nt *nt);
void hal_init(struct nt *nt);

/* What a heap block holds: heap_block.use. Other folders number theirs from NT_USE_END on. */
enum nt_use {
    NT_USE_PLAIN,
    NT_USE_POOL,   /* a driver's pool allocation */
    NT_USE_OBJECT, /* an object manager object: header, then body */
    NT_USE_MDL,
    NT_USE_IRP,
    NT_USE_THREAD,
    NT_USE_PROCESS,
    NT_USE_DEVICE,
    NT_USE_FILE,
    NT_USE_WORK_ITEM,
    NT_USE_TIMER,
    NT_USE_LOOKASIDE,
    NT_USE_CALLBACK,
    NT_USE_RUNDOWN,
    NT_USE_PAGED_POOL, /* as NT_USE_POOL */
    NT_USE_END = 64,
};

/* a0 of EV_LOCK_*: what kind of lock. */
enum lock_kind {
    LOCK_SPIN,
    LOCK_QUEUED_SPIN,
    LOCK_EX_SHARED,
    LOCK_EX_EXCLUSIVE,
    LOCK_MUTEX,
    LOCK_FAST_MUTEX,
    LOCK_GUARDED_MUTEX,
    LOCK_RESOURCE_SHARED,
    LOCK_RESOURCE_EXCLUSIVE,
    LOCK_PUSH_SHARED,
    LOCK_PUSH_EXCLUSIVE,
    LOCK_CANCEL, /* the global cancel spin lock */
    LOCK_INTERRUPT,
    LOCK_NDIS_RW_READ, /* NDIS_RW_LOCK and NDIS_RW_LOCK_EX */
    LOCK_NDIS_RW_WRITE,
    LOCK_NDIS_SPIN,
};

/* a1 of EV_LOCK_MISUSE. */
enum lock_misuse {
    LOCK_MISUSE_RECURSIVE,      /* acquired by who holds it already: waits for itself */
    LOCK_MISUSE_NOT_HELD,       /* released while free */
    LOCK_MISUSE_NOT_OWNER,      /* released by another than who acquired it */
    LOCK_MISUSE_IRQL,           /* DISPATCH form below DISPATCH_LEVEL, or the IRQL given back is not the one got */
    LOCK_MISUSE_UNINITIALIZED,  /* the word holds what nobody could have put there */
    LOCK_MISUSE_WRONG_FORM,     /* released by another form than it was acquired by */
    LOCK_MISUSE_HELD_AT_RETURN, /* reserved for rules that look at callbacks' ends */
    LOCK_MISUSE_FREED,          /* memory freed while the lock in it is held */
};

/* ------------------------------------------------------------------ ke: dispatcher objects, for host code */

/*
 * Locks of a driver or of ours inside driver-visible memory. The word is the driver's; who owns it stands in
 * monitor memory. Block (and so may be abandoned) when somebody else holds it.
 */
void ke_spin_acquire(void *lock, enum lock_kind kind); /* at DISPATCH or above */
bool ke_spin_try(void *lock, enum lock_kind kind);
void ke_spin_release(void *lock, enum lock_kind kind);
struct fiber *ke_spin_owner(const void *lock); /* NULL: free, or not ours to know */

/* KEVENT. type: 0 notification, 1 synchronization. */
void ke_event_init(void *event, unsigned type, bool set);
int32_t ke_event_set(void *event); /* previous state */
void ke_event_clear(void *event);
int32_t ke_event_read(const void *event);

/*
 * ke_wait - wait for one dispatcher object (KEVENT, KMUTEX, KSEMAPHORE, KTIMER, KTHREAD, process). timeout as in
 * KeWaitForSingleObject: NULL for ever, 0 poll, negative relative, positive absolute system time. why: words for a
 * hang report, NULL for "waits for ...". STATUS_SUCCESS, STATUS_TIMEOUT. Blocks.
 */
int32_t ke_wait(void *object, const int64_t *timeout, const char *why);

/* System time (1601 epoch) and interrupt time now. */
int64_t ke_system_time(void);
uint64_t ke_interrupt_time(void);

/* ------------------------------------------------------------------ ps: threads and processes, for host code */

/*
 * ps_thread_create - a fiber with an ETHREAD. process NULL: System. The thread ends when entry returns. *thread
 * (may be NULL) gets the ETHREAD, referenced for the caller. NULL: no fiber is left.
 */
struct fiber *ps_thread_create(const char *name, enum fiber_kind kind, void *process, void (*entry)(void *), void *arg,
                               bool daemon, void **thread);

/* A process object for a program of an actor; image_name as in a task list ("prog1.exe"). Referenced for the caller. */
void *ps_process_create(const char *image_name);
void *ps_system_process(void);
void *ps_current_process(void);
void *ps_current_thread(void);
uint64_t ps_process_id(const void *process);
uint64_t ps_thread_id(const void *thread);
const char *ps_process_name(const void *process);
bool ps_user_mode(void); /* previous mode of the running fiber is user: it serves a program's request */

/* ------------------------------------------------------------------ ex: pool and workers, for host code */

/*
 * ex_work - run entry(arg) on a fresh worker fiber at PASSIVE_LEVEL. object and routine name it in EV_WORK_QUEUE and
 * EV_WORK_RUN. When no fiber is left the item waits for a worker that ends. Always true.
 */
bool ex_work(const char *name, void *object, uint64_t routine, void (*entry)(void *), void *arg);

/* A choice: should this allocation fail? Always no during set-up. Every allocating DDI asks once. */
bool ex_fault(uint32_t tag);

/* How many work items are queued or running. */
unsigned ex_work_pending(void);

/* ------------------------------------------------------------------ ob: objects and handles (nt-ob implements) */

/*
 * ob_type_create - an object type, at init. body is followed by nothing; wait_offset: where in the body its
 * DISPATCHER_HEADER is, -1 if it cannot be waited for. destroy (may be NULL) runs when the last reference goes,
 * close (may be NULL) when the last handle goes. Returns the POBJECT_TYPE.
 */
void *ob_type_create(const char *name, int wait_offset, void (*destroy)(void *body), void (*close)(void *body));
void *ob_create(void *type, size_t body_bytes, uint32_t tag); /* zeroed body with one reference; NULL: no memory */
void ob_reference(void *body);
void ob_dereference(void *body);
/* Add a handle (and a reference) to the current or kernel handle table. An NTSTATUS. */
int32_t ob_handle_create(void *body, uint32_t access, bool kernel, void **handle);

#endif
