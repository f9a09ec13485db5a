/* SPDX-License-Identifier: MIT */
/* locks.c - rules about spin locks, IRQL and regions; see rules.h. */
#include "rules.h"

static KSPIN_LOCK *
NewLock(BOOLEAN Initialize)
{
    KSPIN_LOCK *lock = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*lock), PLAIN_TAG);

    if (lock != NULL && Initialize)
        KeInitializeSpinLock(lock);
    return lock;
}

static VOID
FreeLock(KSPIN_LOCK *Lock)
{
    ExFreePoolWithTag(Lock, PLAIN_TAG);
}

static NTSTATUS
ReleaseTimes(RULES_REQUEST *Request, ULONG Times)
{
    KSPIN_LOCK *lock = NewLock(TRUE);
    KIRQL irql;

    if (lock != NULL) {
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        KeAcquireSpinLockAtDpcLevel(lock);
        for (ULONG i = 0; i < Times; i++)
            KeReleaseSpinLockFromDpcLevel(lock);
        KeLowerIrql(irql);
        FreeLock(lock);
    }
    return RulesDone(Request);
}

NTSTATUS
BreakReleasedTwice(RULES_REQUEST *Request)
{
    return ReleaseTimes(Request, 2);
}

NTSTATUS
KeepReleasedTwice(RULES_REQUEST *Request)
{
    return ReleaseTimes(Request, 1);
}

static NTSTATUS
ReturnLocked(RULES_REQUEST *Request, BOOLEAN Release)
{
    static KSPIN_LOCK lock;
    KIRQL irql;

    KeAcquireSpinLock(&lock, &irql);
    if (Release)
        KeReleaseSpinLock(&lock, irql);
    else
        KeLowerIrql(irql);
    return RulesDone(Request);
}

NTSTATUS
BreakReturnsLocked(RULES_REQUEST *Request)
{
    return ReturnLocked(Request, FALSE);
}

NTSTATUS
KeepReturnsLocked(RULES_REQUEST *Request)
{
    return ReturnLocked(Request, TRUE);
}

static NTSTATUS
FreeWhileHeld(RULES_REQUEST *Request, BOOLEAN Held)
{
    KSPIN_LOCK *lock = NewLock(TRUE);
    KIRQL irql;

    if (lock != NULL) {
        KeAcquireSpinLock(lock, &irql);
        if (!Held)
            KeReleaseSpinLock(lock, irql);
        FreeLock(lock);
    }
    return RulesDone(Request);
}

NTSTATUS
BreakFreesLocked(RULES_REQUEST *Request)
{
    return FreeWhileHeld(Request, TRUE);
}

NTSTATUS
KeepFreesLocked(RULES_REQUEST *Request)
{
    return FreeWhileHeld(Request, FALSE);
}

static NTSTATUS
DpcForm(RULES_REQUEST *Request, KIRQL At)
{
    KSPIN_LOCK *lock = NewLock(TRUE);
    KIRQL irql;

    if (lock != NULL) {
        KeRaiseIrql(At, &irql);
        KeAcquireSpinLockAtDpcLevel(lock);
        KeReleaseSpinLockFromDpcLevel(lock);
        KeLowerIrql(irql);
        FreeLock(lock);
    }
    return RulesDone(Request);
}

NTSTATUS
BreakAtDpcFormLow(RULES_REQUEST *Request)
{
    return DpcForm(Request, APC_LEVEL);
}

NTSTATUS
KeepAtDpcFormLow(RULES_REQUEST *Request)
{
    return DpcForm(Request, DISPATCH_LEVEL);
}

static NTSTATUS
ReleaseByForm(RULES_REQUEST *Request, BOOLEAN Counterpart)
{
    static EX_SPIN_LOCK lock;
    KIRQL irql = ExAcquireSpinLockExclusive(&lock);

    if (Counterpart)
        ExReleaseSpinLockExclusive(&lock, irql);
    else
        ExReleaseSpinLockShared(&lock, irql);
    return RulesDone(Request);
}

NTSTATUS
BreakOtherForm(RULES_REQUEST *Request)
{
    return ReleaseByForm(Request, FALSE);
}

NTSTATUS
KeepOtherForm(RULES_REQUEST *Request)
{
    return ReleaseByForm(Request, TRUE);
}

/* Either way the routine ends at the IRQL it began at. */
static NTSTATUS
ReleaseRaised(RULES_REQUEST *Request, KIRQL At)
{
    KSPIN_LOCK *lock = NewLock(TRUE);
    KIRQL irql, raised;

    if (lock != NULL) {
        KeRaiseIrql(At, &irql);
        if (At < DISPATCH_LEVEL)
            KeAcquireSpinLock(lock, &raised);
        else
            KeAcquireSpinLockAtDpcLevel(lock);
        KeReleaseSpinLockFromDpcLevel(lock);
        KeLowerIrql(irql);
        FreeLock(lock);
    }
    return RulesDone(Request);
}

NTSTATUS
BreakKeepsIrql(RULES_REQUEST *Request)
{
    return ReleaseRaised(Request, PASSIVE_LEVEL);
}

NTSTATUS
KeepKeepsIrql(RULES_REQUEST *Request)
{
    return ReleaseRaised(Request, DISPATCH_LEVEL);
}

static NTSTATUS
UseLock(RULES_REQUEST *Request, BOOLEAN Initialize)
{
    KSPIN_LOCK *lock = NewLock(Initialize);
    KIRQL irql;

    if (lock != NULL) {
        KeAcquireSpinLock(lock, &irql);
        KeReleaseSpinLock(lock, irql);
        FreeLock(lock);
    }
    return RulesDone(Request);
}

NTSTATUS
BreakNeverInitialized(RULES_REQUEST *Request)
{
    return UseLock(Request, FALSE);
}

NTSTATUS
KeepNeverInitialized(RULES_REQUEST *Request)
{
    return UseLock(Request, TRUE);
}

static NTSTATUS
RaiseTwice(RULES_REQUEST *Request, KIRQL First, KIRQL Second)
{
    KIRQL outer, inner;

    KeRaiseIrql(First, &outer);
    KeRaiseIrql(Second, &inner);
    KeLowerIrql(outer);
    return RulesDone(Request);
}

NTSTATUS
BreakRaisesDown(RULES_REQUEST *Request)
{
    return RaiseTwice(Request, DISPATCH_LEVEL, APC_LEVEL);
}

NTSTATUS
KeepRaisesDown(RULES_REQUEST *Request)
{
    return RaiseTwice(Request, APC_LEVEL, DISPATCH_LEVEL);
}

/* By the function: what the WDK inlines is a write of CR8, which raises as well as it lowers. */
static NTSTATUS
LowerTo(RULES_REQUEST *Request, KIRQL At, KIRQL To)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"KeLowerIrql");
    VOID(NTAPI * lower)(KIRQL) = (VOID(NTAPI *)(KIRQL))(ULONG_PTR)MmGetSystemRoutineAddress(&name);
    KIRQL irql;

    if (lower != NULL) {
        KeRaiseIrql(At, &irql);
        lower(To);
        lower(irql);
    }
    return RulesDone(Request);
}

NTSTATUS
BreakLowersUp(RULES_REQUEST *Request)
{
    return LowerTo(Request, APC_LEVEL, DISPATCH_LEVEL);
}

NTSTATUS
KeepLowersUp(RULES_REQUEST *Request)
{
    return LowerTo(Request, DISPATCH_LEVEL, APC_LEVEL);
}

static NTSTATUS
LookUpAt(RULES_REQUEST *Request, KIRQL At)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"KeBugCheckEx");
    KIRQL irql;

    KeRaiseIrql(At, &irql);
    (VOID)MmGetSystemRoutineAddress(&name);
    KeLowerIrql(irql);
    return RulesDone(Request);
}

NTSTATUS
BreakCalledHigh(RULES_REQUEST *Request)
{
    return LookUpAt(Request, DISPATCH_LEVEL);
}

NTSTATUS
KeepCalledHigh(RULES_REQUEST *Request)
{
    return LookUpAt(Request, PASSIVE_LEVEL);
}

NTSTATUS
BreakLeavesRegion(RULES_REQUEST *Request)
{
    KeLeaveCriticalRegion();
    return RulesDone(Request);
}

NTSTATUS
KeepLeavesRegion(RULES_REQUEST *Request)
{
    KeEnterCriticalRegion();
    KeLeaveCriticalRegion();
    return RulesDone(Request);
}

NTSTATUS
BreakCompletesLocked(RULES_REQUEST *Request)
{
    static KSPIN_LOCK lock;
    KIRQL irql;
    NTSTATUS status;

    KeAcquireSpinLock(&lock, &irql);
    status = RulesDone(Request);
    KeReleaseSpinLock(&lock, irql);
    return status;
}

NTSTATUS
KeepCompletesLocked(RULES_REQUEST *Request)
{
    static KSPIN_LOCK lock;
    KIRQL irql;

    KeAcquireSpinLock(&lock, &irql);
    KeReleaseSpinLock(&lock, irql);
    return RulesDone(Request);
}
