/* SPDX-License-Identifier: MIT */
/*
 * nt/ps/process.c - processes: the System process and the programs of actors.
 *
 * Model: a process is an object with an id and an image name; ob hangs the handle table on it. Ids are multiples of
 * four in order of creation, System is 4 (observed). A process ends by ps_process_exit(), after ob has closed its
 * handles; drivers that asked are told of creation and end.
 */
#include "nt/ps/ps.h"

#include "nt/ke/ke.h"
#include "nt/ob/ob.h"

#define TAG_PROCESS 0x636f7250u /* 'Proc' */
#define SYSTEM_ID   4u
#define FIRST_ID    0x100u

static PEPROCESS
process_new(const char *image, uint32_t id)
{
    struct ps_state *ps = NT->ps;
    PEPROCESS process;
    size_t len = 0;

    if (ps->process_count == PS_PROCESS_MAX)
        return NULL;
    process = ob_create(ps->variables->PsProcessType, sizeof(*process), TAG_PROCESS);
    if (process == NULL)
        return NULL;
    ke_header_init(&process->Header, ProcessObject, sizeof(*process), 0);
    process->UniqueProcessId = ULongToHandle(id);
    process->ParentProcessId = ULongToHandle(id == SYSTEM_ID ? 0 : SYSTEM_ID);
    process->CreateTime.QuadPart = ke_system_time();
    process->ExitStatus = STATUS_PENDING;
    process->StartKey = 0x1000000000000ull + id; /* assumed: any number unique since boot */
    process->System = id == SYSTEM_ID;
    for (; image[len] != 0 && len < sizeof(process->ImagePath) / 2 - 1; len++) {
        process->ImagePath[len] = (uint8_t)image[len];
        if (len < sizeof(process->ImageFileName) - 1)
            process->ImageFileName[len] = image[len];
    }
    ps->process[ps->process_count++] = process;
    return process;
}

static void
process_destroy(void *body)
{
    struct ps_state *ps = NT->ps;

    ob_process_gone(body);
    for (uint32_t i = 0; i < ps->process_count; i++)
        if (ps->process[i] == body) {
            for (; i + 1 < ps->process_count; i++)
                ps->process[i] = ps->process[i + 1];
            ps->process_count--;
            return;
        }
}

static void
notify(PEPROCESS process, BOOLEAN create)
{
    struct ps_state *ps = NT->ps;

    for (uint32_t i = 0; i < ps->notify_count; i++)
        GUEST_CALL(ps->notify_site, ps->notify[i], (uint64_t)process->ParentProcessId,
                   (uint64_t)process->UniqueProcessId, create);
}

/* CALLS_DRIVER if a driver has a process notify routine. */
void *
ps_process_create(const char *image_name)
{
    uint32_t id = FIRST_ID;
    PEPROCESS process;

    while (ps_process_by_id(id) != NULL)
        id += 4;
    process = process_new(image_name, id);
    if (process != NULL)
        notify(process, TRUE);
    return process;
}

void
ps_process_exit(void *body, NTSTATUS status)
{
    PEPROCESS process = body;

    notify(process, FALSE);
    process->Exiting = TRUE;
    process->ExitStatus = status;
    process->ExitTime.QuadPart = ke_system_time();
    sched_touch((uint64_t)process);
    process->Header.SignalState = 1;
    ke_signal(&process->Header);
}

void *
ps_system_process(void)
{
    return NT->ps->variables->PsInitialSystemProcess;
}

void *
ps_current_process(void)
{
    PKTHREAD self = ps_self();

    return self->Attached != NULL ? self->Attached : self->Process;
}

uint64_t
ps_process_id(const void *process)
{
    return (uint64_t)((const struct _KPROCESS *)process)->UniqueProcessId;
}

const char *
ps_process_name(const void *process)
{
    return ((const struct _KPROCESS *)process)->ImageFileName;
}

PEPROCESS
ps_process_by_id(uint64_t id)
{
    struct ps_state *ps = NT->ps;

    for (uint32_t i = 0; i < ps->process_count; i++)
        if (ps_process_id(ps->process[i]) == id)
            return ps->process[i];
    return NULL;
}

/* Threads that exist before anybody asks: DPC fibers run at the side of what they interrupt. */
void
ps_init(struct nt *nt)
{
    struct ps_state *ps = mon_alloc(sizeof(*ps));

    nt->ps = ps;
    ps->start = mon_alloc((fiber_limit() + 1) * sizeof(ps->start[0]));
    machine_on_call(ps_call_fiber);
    ps->variables = heap_alloc(sizeof(*ps->variables), TAG_PROCESS);
    ps->variables->InitSafeBootMode = 0;
    heap_label(ps->variables, "nt: Ps data");
    ps->thread_site = ke_site("PspSystemThreadStartup");
    ps->notify_site = ke_site("PspCallProcessNotifyRoutines");
    ps->variables->PsThreadType = ob_type_create("Thread", 0, NULL, NULL);
    ps->variables->PsProcessType = ob_type_create("Process", 0, process_destroy, NULL);
    ps->variables->PsInitialSystemProcess = process_new("System", SYSTEM_ID);
    for (uint32_t i = 0; i < machine->vp_count; i++)
        ps_thread_of(machine->vp[i].dpc_fiber);
}

/* ------------------------------------------------------------------ exports */

PEPROCESS NTAPI
IoGetCurrentProcess(VOID)
{
    return ps_current_process();
}

/* documented: the process of the thread, whatever it is attached to. */
HANDLE NTAPI
PsGetCurrentProcessId(VOID)
{
    return ps_self()->Cid.UniqueProcess;
}

HANDLE NTAPI
PsGetProcessId(PEPROCESS Process)
{
    return Process->UniqueProcessId;
}

ULONGLONG NTAPI
PsGetProcessStartKey(PEPROCESS Process)
{
    return Process->StartKey;
}

PCHAR NTAPI
PsGetProcessImageFileName(PEPROCESS Process)
{
    return Process->ImageFileName;
}

LONGLONG NTAPI
PsGetProcessCreateTimeQuadPart(PEPROCESS Process)
{
    return Process->CreateTime.QuadPart;
}

NTSTATUS NTAPI
PsGetProcessExitStatus(PEPROCESS Process)
{
    return Process->ExitStatus;
}

/* documented: STATUS_INVALID_CID if there is none (_PARAMETER up to Windows XP); referenced for the caller. */
NTSTATUS NTAPI
PsLookupProcessByProcessId(HANDLE ProcessId, PEPROCESS *Process)
{
    PEPROCESS process = ps_process_by_id((uint64_t)ProcessId);

    if (process == NULL || process->Exiting)
        return STATUS_INVALID_CID;
    ob_reference(process);
    *Process = process;
    return STATUS_SUCCESS;
}

/* documented: STATUS_INVALID_PARAMETER when registered already, or not found on removal, or the table is full. */
NTSTATUS NTAPI
PsSetCreateProcessNotifyRoutine(PCREATE_PROCESS_NOTIFY_ROUTINE NotifyRoutine, BOOLEAN Remove)
{
    struct ps_state *ps = NT->ps;
    uint32_t at = 0;

    while (at < ps->notify_count && ps->notify[at] != (uint64_t)NotifyRoutine)
        at++;
    if (!Remove) {
        if (at < ps->notify_count || ps->notify_count == PS_NOTIFY_MAX)
            return STATUS_INVALID_PARAMETER;
        ps->notify[ps->notify_count++] = (uint64_t)NotifyRoutine;
        return STATUS_SUCCESS;
    }
    if (at == ps->notify_count)
        return STATUS_INVALID_PARAMETER;
    for (; at + 1 < ps->notify_count; at++)
        ps->notify[at] = ps->notify[at + 1];
    ps->notify_count--;
    return STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ attaching: all processes share one address space */

/* documented: <= DISPATCH_LEVEL; the state is given back to KeUnstackDetachProcess. */
VOID NTAPI
KeStackAttachProcess(PRKPROCESS PROCESS, PRKAPC_STATE ApcState)
{
    PKTHREAD self = ps_self();

    RtlZeroMemory(ApcState, sizeof(*ApcState));
    ApcState->Process = self->Attached;
    self->Attached = PROCESS;
}

VOID NTAPI
KeUnstackDetachProcess(PRKAPC_STATE ApcState)
{
    ps_self()->Attached = ApcState->Process;
}

VOID NTAPI
KeAttachProcess(PRKPROCESS Process)
{
    PKTHREAD self = ps_self();

    if (self->Attached != NULL) /* INVALID_PROCESS_ATTACH_ATTEMPT */
        machine_bugcheck(5, (uint64_t)Process, (uint64_t)self->Attached, 0, 0);
    self->Attached = Process;
}

VOID NTAPI
KeDetachProcess(VOID)
{
    ps_self()->Attached = NULL;
}
