/* SPDX-License-Identifier: MIT */
/*
 * nt/ke/bugcheck.c - drivers that stop the machine, and those that want to be told.
 *
 * Model: KeBugCheckEx ends the run. Callback records are kept and checked as documented; the callbacks themselves are
 * not called: the run is over, and what they would add to a dump is nothing the machine has.
 */
#include "nt/ke/state.h"

#define RECORD_INSERTED 1 /* BufferEmpty + 1: KBUGCHECK_*_CALLBACK_RECORD.State of a registered record */

VOID NTAPI
KeBugCheck(ULONG BugCheckCode)
{
    machine_bugcheck(BugCheckCode, 0, 0, 0, 0);
}

VOID NTAPI
KeBugCheckEx(ULONG BugCheckCode, ULONG_PTR BugCheckParameter1, ULONG_PTR BugCheckParameter2,
             ULONG_PTR BugCheckParameter3, ULONG_PTR BugCheckParameter4)
{
    machine_bugcheck(BugCheckCode, BugCheckParameter1, BugCheckParameter2, BugCheckParameter3, BugCheckParameter4);
}

/* documented: FALSE if the record is registered already. */
BOOLEAN NTAPI
KeRegisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD CallbackRecord,
                                 PKBUGCHECK_REASON_CALLBACK_ROUTINE CallbackRoutine, KBUGCHECK_CALLBACK_REASON Reason,
                                 PUCHAR Component)
{
    if (CallbackRecord->State != 0)
        return FALSE;
    CallbackRecord->CallbackRoutine = CallbackRoutine;
    CallbackRecord->Component = Component;
    CallbackRecord->Reason = Reason;
    CallbackRecord->Checksum = (ULONG_PTR)CallbackRoutine + Reason + (ULONG_PTR)Component;
    CallbackRecord->State = RECORD_INSERTED;
    return TRUE;
}

/* documented: FALSE if the record is not registered. */
BOOLEAN NTAPI
KeDeregisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD CallbackRecord)
{
    if (CallbackRecord->State != RECORD_INSERTED)
        return FALSE;
    CallbackRecord->State = 0;
    return TRUE;
}

/* documented: TRUE if there is no kernel debugger. */
BOOLEAN NTAPI
KdRefreshDebuggerNotPresent(VOID)
{
    return TRUE;
}
