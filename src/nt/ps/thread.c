/* SPDX-License-Identifier: MIT */
/*
 * nt/ps/thread.c - system threads and what is asked about threads.
 *
 * Model: a thread is a fiber plus a KTHREAD. The fiber holds one reference to the KTHREAD while it lives; handles and
 * drivers hold others. When its routine returns or calls PsTerminateSystemThread the thread is checked for what it
 * still holds, becomes signalled, and the fiber ends. Thread ids follow the fiber's number, so they do not depend on
 * who ran first.
 * Start reading at: ps_thread_create(), ps_thread_exit().
 */
#include "nt/ps/ps.h"

#include "nt/ex/ex.h"
#include "nt/ke/ke.h"
#include "nt/ob/ob.h"

#define TAG_THREAD      0x72687454u /* 'Tthr' */
#define FIRST_THREAD_ID 0x1000u     /* process ids stay below */

/* ------------------------------------------------------------------ host side */

static PKTHREAD
thread_new(struct fiber *f, PEPROCESS process)
{
    PKTHREAD thread = ob_create(NT->ps->variables->PsThreadType, sizeof(*thread), TAG_THREAD);

    if (thread == NULL)
        return NULL;
    ke_header_init(&thread->Header, ThreadObject, sizeof(*thread), 0);
    InitializeListHead(&thread->MutantListHead);
    thread->Fiber = f->id;
    thread->BasePriority = thread->Priority = 8;
    thread->SystemThread = f->kind != FIBER_USER;
    thread->PreviousMode = f->kind == FIBER_USER ? UserMode : KernelMode;
    thread->Process = process;
    thread->Cid.UniqueProcess = process->UniqueProcessId;
    thread->Cid.UniqueThread = ULongToHandle(FIRST_THREAD_ID + 4 * f->id);
    thread->CreateTime.QuadPart = ke_system_time();
    thread->ExitStatus = STATUS_PENDING;
    for (unsigned i = 0; i < sizeof(thread->Name) - 1 && f->name[i] != 0; i++)
        thread->Name[i] = f->name[i];
    process->ThreadCount++;
    f->thread = thread;
    f->process = process;
    return thread;
}

PKTHREAD
ps_thread_of(struct fiber *f)
{
    if (f->thread == NULL && thread_new(f, ps_system_process()) == NULL)
        machine_bugcheck(0xc000009a, TAG_THREAD, 0, 0, 0); /* a lane is full: nothing of the kernel can go on */
    return f->thread;
}

PKTHREAD
ps_self(void)
{
    return ps_thread_of(fiber_self());
}

struct fiber *
ps_fiber_of(PKTHREAD thread)
{
    return &machine->fiber[thread->Fiber];
}

static void
thread_main(void *arg)
{
    uint32_t id = fiber_self()->id;

    (void)arg;
    NT->ps->start[id].entry(NT->ps->start[id].arg);
    ps_thread_exit(STATUS_SUCCESS);
}

struct fiber *
ps_thread_create(const char *name, enum fiber_kind kind, void *process, void (*entry)(void *), void *arg, bool daemon,
                 void **thread)
{
    struct fiber *f = fiber_create(name, kind, thread_main, NULL, daemon);

    if (f == NULL)
        return NULL;
    NT->ps->start[f->id].entry = entry;
    NT->ps->start[f->id].arg = arg;
    if (process == NULL)
        process = ps_system_process();
    if (thread_new(f, process) == NULL)
        machine_bugcheck(0xc000009a, TAG_THREAD, 0, 0, 0);
    if (thread != NULL) {
        ob_reference(f->thread);
        *thread = f->thread;
    }
    return f;
}

struct fiber *
ps_call_fiber(const char *name, enum fiber_kind kind, void (*entry)(void *), void *arg)
{
    return ps_thread_create(name, kind, NULL, entry, arg, true, NULL);
}

/*
 * documented: 0x20 for a thread that exits with APCs disabled or above PASSIVE_LEVEL, 0x4000008A for one that owns a
 * mutex.
 */
static void
check_exit(PKTHREAD self)
{
    if (!IsListEmpty(&self->MutantListHead))
        machine_bugcheck(0x4000008a, (uint64_t)self,
                         (uint64_t)CONTAINING_RECORD(self->MutantListHead.Flink, KMUTANT, MutantListEntry), 0, 0);
    if (irql_get() != IRQL_PASSIVE || self->KernelApcDisable != 0 || self->SpecialApcDisable != 0)
        machine_bugcheck(
            0x20, 0,
            (uint64_t)(int64_t)(self->KernelApcDisable != 0 ? self->KernelApcDisable : self->SpecialApcDisable),
            irql_get(), 0);
}

void
ps_thread_exit(NTSTATUS status)
{
    PKTHREAD self = ps_self();

    check_exit(self);
    self->ExitStatus = status;
    self->ExitTime.QuadPart = ke_system_time();
    self->Terminated = TRUE;
    self->Process->ThreadCount--;
    sched_touch((uint64_t)self);
    self->Header.SignalState = 1;
    ke_signal(&self->Header);
    ob_dereference(self);
    fiber_exit();
}

void *
ps_current_thread(void)
{
    return ps_self();
}

uint64_t
ps_thread_id(const void *thread)
{
    return (uint64_t)((const struct _KTHREAD *)thread)->Cid.UniqueThread;
}

PKTHREAD
ps_thread_by_id(uint64_t id)
{
    for (uint32_t i = 1; i <= machine->fiber_count; i++) {
        struct fiber *f = &machine->fiber[i];

        if (f->state != FIBER_DONE && f->thread != NULL && ps_thread_id(f->thread) == id)
            return f->thread;
    }
    return NULL;
}

bool
ps_user_mode(void)
{
    PKTHREAD self = ps_self();

    return self->PreviousMode == UserMode;
}

/* ------------------------------------------------------------------ system threads */

static void
system_thread(void *arg)
{
    PKTHREAD self = ps_self();

    (void)arg;
    GUEST_CALL(NT->ps->thread_site, self->StartAddress, (uint64_t)self->StartContext);
}

/*
 * PsCreateSystemThread - start a thread in kernel mode.
 *
 * Source:    documented: ProcessHandle NULL is the system process. STATUS_INSUFFICIENT_RESOURCES stands for what the
 *            page calls "the thread could not be created".
 * IRQL:      PASSIVE_LEVEL
 * Ownership: the caller closes *ThreadHandle with ZwClose; the thread does not end by that.
 */
NTSTATUS NTAPI
PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                     HANDLE ProcessHandle, PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine, PVOID StartContext)
{
    void *process = NULL;
    PKTHREAD thread;
    NTSTATUS status = STATUS_SUCCESS;
    void *made;

    if (ProcessHandle != NULL) {
        status = ob_handle_reference(ProcessHandle, 0, NT->ps->variables->PsProcessType, false, &process, NULL);
        if (!NT_SUCCESS(status))
            return status;
    }
    status = STATUS_INSUFFICIENT_RESOURCES;
    if (ex_fault(TAG_THREAD) ||
        ps_thread_create("system thread", FIBER_SYSTEM, process, system_thread, NULL, false, &made) == NULL)
        goto out;
    thread = made;
    ps_fiber_of(thread)->service = true;
    thread->StartAddress = (PVOID)StartRoutine;
    thread->StartContext = StartContext;
    if (ClientId != NULL)
        *ClientId = thread->Cid;
    status = ob_handle_create(thread, DesiredAccess,
                              process == NULL ||
                                  (ObjectAttributes != NULL && (ObjectAttributes->Attributes & OBJ_KERNEL_HANDLE)),
                              ThreadHandle);
    ob_dereference(thread);
out:
    if (process != NULL)
        ob_dereference(process);
    return status;
}

/* documented: ends the calling system thread; for another kind of thread STATUS_INVALID_PARAMETER. */
NTSTATUS NTAPI
PsTerminateSystemThread(NTSTATUS ExitStatus)
{
    if (!ps_self()->SystemThread)
        return STATUS_INVALID_PARAMETER;
    ps_thread_exit(ExitStatus);
}

/* ------------------------------------------------------------------ questions */

PKTHREAD NTAPI
KeGetCurrentThread(VOID)
{
    return ps_self();
}

HANDLE NTAPI
PsGetCurrentThreadId(VOID)
{
    return ps_self()->Cid.UniqueThread;
}

HANDLE NTAPI
PsGetThreadId(PETHREAD Thread)
{
    return Thread->Cid.UniqueThread;
}

HANDLE NTAPI
PsGetThreadProcessId(PETHREAD Thread)
{
    return Thread->Cid.UniqueProcess;
}

PEPROCESS NTAPI
PsGetThreadProcess(PETHREAD Thread)
{
    return Thread->Process;
}

LONGLONG NTAPI
PsGetThreadCreateTime(PETHREAD Thread)
{
    return Thread->CreateTime.QuadPart;
}

BOOLEAN NTAPI
PsIsSystemThread(PETHREAD Thread)
{
    return Thread->SystemThread;
}

BOOLEAN NTAPI
PsIsThreadTerminating(PETHREAD Thread)
{
    return Thread->Terminated;
}

/* documented: STATUS_INVALID_PARAMETER if there is none; the thread is referenced for the caller. */
NTSTATUS NTAPI
PsLookupThreadByThreadId(HANDLE ThreadId, PETHREAD *Thread)
{
    PKTHREAD thread = ps_thread_by_id((uint64_t)ThreadId);

    if (thread == NULL)
        return STATUS_INVALID_PARAMETER;
    ob_reference(thread);
    *Thread = thread;
    return STATUS_SUCCESS;
}

KPROCESSOR_MODE NTAPI
ExGetPreviousMode(VOID)
{
    return ps_self()->PreviousMode;
}

/* ------------------------------------------------------------------ priority: kept and told, the scheduler has none */

KPRIORITY NTAPI
KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority)
{
    KPRIORITY old = Thread->Priority;

    Thread->Priority = Priority;
    return old;
}

KPRIORITY NTAPI
KeQueryPriorityThread(PKTHREAD Thread)
{
    return Thread->Priority;
}

/* documented: returns the previous increment; the base is the process's. */
LONG NTAPI
KeSetBasePriorityThread(PKTHREAD Thread, LONG Increment)
{
    LONG old = Thread->BasePriority - 8;

    Thread->BasePriority = 8 + Increment;
    Thread->Priority = Thread->BasePriority;
    return old;
}

/* ------------------------------------------------------------------ what a handle's thread is told */

/*
 * ZwYieldExecution - observed: others go first; that nobody could (STATUS_NO_YIELD_PERFORMED) is not told.
 *
 * IRQL:      PASSIVE_LEVEL
 */
NTSTATUS NTAPI
ZwYieldExecution(VOID)
{
    sched_give_way();
    return STATUS_SUCCESS;
}

/* Thread information beyond the header's enumeration (documented by name; the numbers observed). */
#define THREAD_PAGE_PRIORITY    24
#define THREAD_POWER_THROTTLING 49

static NTSTATUS
set_information(PKTHREAD thread, ULONG class, const LONG *value, ULONG length)
{
    if (class != ThreadPriority && class != ThreadBasePriority && class != THREAD_PAGE_PRIORITY)
        return STATUS_INVALID_INFO_CLASS;
    if (length != sizeof(*value))
        return STATUS_INFO_LENGTH_MISMATCH;
    switch (class) {
    case ThreadPriority:
        if (*value <= LOW_PRIORITY || *value > HIGH_PRIORITY)
            return STATUS_INVALID_PARAMETER;
        KeSetPriorityThread(thread, *value);
        return STATUS_SUCCESS;
    case ThreadBasePriority:
        if (8 + *value <= LOW_PRIORITY || 8 + *value >= LOW_REALTIME_PRIORITY)
            return STATUS_INVALID_PARAMETER;
        KeSetBasePriorityThread(thread, *value);
        return STATUS_SUCCESS;
    default: /* nothing is paged, so it changes nothing */
        return *value >= 1 && *value <= 5 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    }
}

/*
 * ZwSetInformationThread - a thread's priority, base priority or page priority.
 *
 * Source:    documented; observed: another class is STATUS_INVALID_INFO_CLASS
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows ThreadInformation
 * Returns:   STATUS_SUCCESS, _INFO_LENGTH_MISMATCH, _INVALID_PARAMETER, _INVALID_INFO_CLASS, _INVALID_HANDLE,
 *            _OBJECT_TYPE_MISMATCH. Power throttling is lacking, by name.
 * Tests:     tests/ddi/ps.c
 */
NTSTATUS NTAPI
ZwSetInformationThread(HANDLE ThreadHandle, THREADINFOCLASS ThreadInformationClass, PVOID ThreadInformation,
                       ULONG ThreadInformationLength)
{
    void *thread = ps_self();
    NTSTATUS status = STATUS_SUCCESS;

    if ((ULONG)ThreadInformationClass == THREAD_POWER_THROTTLING)
        machine_unsupported((uint32_t)ddi_lookup("ntoskrnl", "ZwSetInformationThread"),
                            "ZwSetInformationThread of ThreadPowerThrottlingState");
    if (ThreadHandle == ZwCurrentThread())
        ob_reference(thread);
    else
        status = ob_handle_reference(ThreadHandle, THREAD_SET_INFORMATION, NT->ps->variables->PsThreadType, false,
                                     &thread, NULL);
    if (status != STATUS_SUCCESS)
        return status;
    status = set_information(thread, (ULONG)ThreadInformationClass, ThreadInformation, ThreadInformationLength);
    ob_dereference(thread);
    return status;
}
