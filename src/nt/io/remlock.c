/* SPDX-License-Identifier: MIT */
/*
 * nt/io/remlock.c - remove locks.
 *
 * Model: IoCount starts at 1 and counts holders; IoReleaseRemoveLockAndWait drops the caller's and the initial one and
 * waits for the event that the last holder sets. From then on acquiring fails (documented).
 */
#include "nt/io/io.h"

#include <string.h>

#include "nt/ke/ke.h"
#include "trace/event.h"

VOID NTAPI
IoInitializeRemoveLockEx(PIO_REMOVE_LOCK Lock, ULONG AllocateTag, ULONG MaxLockedMinutes, ULONG HighWatermark,
                         ULONG RemlockSize)
{
    (void)AllocateTag;
    (void)MaxLockedMinutes;
    (void)HighWatermark;
    memset(Lock, 0, RemlockSize);
    Lock->Common.IoCount = 1;
    ke_event_init(&Lock->Common.RemoveEvent, SynchronizationEvent, false);
}

static void
put(PIO_REMOVE_LOCK lock, PVOID tag)
{
    LONG left = __atomic_sub_fetch(&lock->Common.IoCount, 1, __ATOMIC_ACQ_REL);

    if (left < 0 || (left == 0 && !lock->Common.Removed)) /* what IoInitializeRemoveLock counted is taken by removal */
        trace_emit(EV_IO_MISUSE, lock, IO_MISUSE_REMOVE_LOCK, (uint64_t)tag);
    if (left == 0)
        ke_event_set(&lock->Common.RemoveEvent);
}

/* Returns STATUS_SUCCESS, or STATUS_DELETE_PENDING once the device is being removed (documented). */
NTSTATUS NTAPI
IoAcquireRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, PCSTR File, ULONG Line, ULONG RemlockSize)
{
    (void)File;
    (void)Line;
    (void)RemlockSize;
    __atomic_add_fetch(&RemoveLock->Common.IoCount, 1, __ATOMIC_ACQ_REL);
    if (!RemoveLock->Common.Removed)
        return STATUS_SUCCESS;
    put(RemoveLock, Tag);
    return STATUS_DELETE_PENDING;
}

VOID NTAPI
IoReleaseRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    (void)RemlockSize;
    put(RemoveLock, Tag);
}

VOID NTAPI
IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    (void)RemlockSize;
    RemoveLock->Common.Removed = TRUE;
    put(RemoveLock, Tag);
    if (__atomic_sub_fetch(&RemoveLock->Common.IoCount, 1, __ATOMIC_ACQ_REL) > 0)
        ke_wait(&RemoveLock->Common.RemoveEvent, NULL, "IoReleaseRemoveLockAndWait waits for the last holder");
}
