/* SPDX-License-Identifier: MIT */
/*
 * nt/ps/ps.h - threads and processes.
 *
 * Model: KTHREAD and ETHREAD are one object, as are KPROCESS and EPROCESS; both are opaque to drivers, begin with a
 * dispatcher header and are object manager objects. A thread names its fiber by number. A fiber that was made without
 * a thread gets one when somebody asks for it.
 */
#ifndef NT_PS_PS_H
#define NT_PS_PS_H

#include "ddk/ntddk.h"
#include "nt/nt.h"

/* Written by its own thread, except where noted. Machine memory. */
struct _KTHREAD {
    DISPATCHER_HEADER Header;
    LIST_ENTRY MutantListHead; /* KMUTANTs it owns */
    KWAIT_BLOCK WaitBlock[THREAD_WAIT_OBJECTS + 1];
    PKWAIT_BLOCK WaitBlockList; /* blocks of the wait it is in; NULL: none. Cleared by who ends the wait */
    ULONG WaitCount;
    LONG WaitStatus; /* written by who ends the wait */
    ULONG Fiber;
    LONG BasePriority;       /* anybody */
    LONG Priority;           /* anybody */
    SHORT KernelApcDisable;  /* -1 per critical region */
    SHORT SpecialApcDisable; /* -1 per guarded region */
    BOOLEAN WaitNext;        /* KeSetEvent(.., TRUE) &c.: the next call is a wait */
    KIRQL WaitIrql;
    KPROCESSOR_MODE PreviousMode;
    BOOLEAN SystemThread;
    BOOLEAN Terminated;
    PKPROCESS Process;  /* the process it belongs to */
    PKPROCESS Attached; /* KeStackAttachProcess; NULL: none */
    CLIENT_ID Cid;
    LARGE_INTEGER CreateTime;
    LARGE_INTEGER ExitTime;
    NTSTATUS ExitStatus;
    PVOID StartAddress;
    PVOID StartContext;
    GROUP_AFFINITY Affinity; /* all zero: any processor */
    HANDLE ImpersonationToken;
    char Name[40];
};

/* Const after creation, except the exit fields. Machine memory. */
struct _KPROCESS {
    DISPATCHER_HEADER Header;
    HANDLE UniqueProcessId;
    HANDLE ParentProcessId;
    LARGE_INTEGER CreateTime;
    LARGE_INTEGER ExitTime;
    NTSTATUS ExitStatus;
    ULONG ThreadCount;
    ULONG64 StartKey;
    PVOID HandleTable; /* ob's */
    PVOID Token;       /* se's */
    PVOID Win32Process;
    BOOLEAN System;
    BOOLEAN Exiting;
    char ImageFileName[16]; /* cut to 15 characters, as Windows keeps it */
    WCHAR ImagePath[64];
};

/* Machine memory: the variables that data exports are bound to. */
struct ps_variables {
    POBJECT_TYPE PsThreadType, PsProcessType;
    PEPROCESS PsInitialSystemProcess;
    ULONG InitSafeBootMode; /* documented: 0 is an ordinary start, which every start here is */
};

#define PS_NOTIFY_MAX  64u /* documented limit of process notify routines */
#define PS_PROCESS_MAX 64u

/* Monitor memory. */
struct ps_state {
    struct ps_variables *variables;
    PEPROCESS process[PS_PROCESS_MAX]; /* in order of creation; ended ones stay until the last reference goes */
    uint32_t process_count;
    uint32_t thread_site; /* nt!PspSystemThreadStartup */
    uint32_t notify_site; /* nt!PspCallProcessNotifyRoutines */
    uint64_t notify[PS_NOTIFY_MAX];
    uint32_t notify_count;
    struct {
        void (*entry)(void *);
        void *arg;
    } *start; /* per fiber: what it was made to run */
};

/* The running fiber's thread, or f's; made if there is none yet. */
PKTHREAD ps_self(void);
PKTHREAD ps_thread_of(struct fiber *f);
struct fiber *ps_fiber_of(PKTHREAD thread);
/* For machine_on_call(). */
struct fiber *ps_call_fiber(const char *name, enum fiber_kind kind, void (*entry)(void *), void *arg);

/* End the running thread: checks what it still holds, signals, lets go. */
_Noreturn void ps_thread_exit(NTSTATUS status);

/* The process ends: its object is signalled. ob closes its handles first. */
void ps_process_exit(void *process, NTSTATUS status);

/* Process and thread by id; NULL: none. Not referenced. */
PEPROCESS ps_process_by_id(uint64_t id);
PKTHREAD ps_thread_by_id(uint64_t id);

PEPROCESS NTAPI IoGetCurrentProcess(VOID);
BOOLEAN NTAPI PsIsThreadTerminating(PETHREAD Thread);
HANDLE NTAPI PsGetThreadProcessId(PETHREAD Thread);
PEPROCESS NTAPI PsGetThreadProcess(PETHREAD Thread);
PCHAR NTAPI PsGetProcessImageFileName(PEPROCESS Process);
LONGLONG NTAPI PsGetProcessCreateTimeQuadPart(PEPROCESS Process);
NTSTATUS NTAPI PsGetProcessExitStatus(PEPROCESS Process);
VOID NTAPI KeAttachProcess(PRKPROCESS Process);
VOID NTAPI KeDetachProcess(VOID);

#endif
