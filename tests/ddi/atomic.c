/* SPDX-License-Identifier: MIT */
/* atomic.c - interlocked operations, which the compiler inlines and the loader patches. */
#include "ddi.h"

static volatile LONG Value;
static volatile LONG64 Value64;
static PVOID volatile Pointer;

static VOID
IncrementReturnsNew(VOID)
{
    Value = 41;
    CHECK(InterlockedIncrement(&Value) == 42);
    CHECK(InterlockedDecrement(&Value) == 41);
    CHECK(Value == 41);
}

static VOID
AddReturnsNewExchangeAddOld(VOID)
{
    Value = 10;
    CHECK(InterlockedAdd(&Value, 5) == 15);
    CHECK(InterlockedExchangeAdd(&Value, 5) == 15);
    CHECK(Value == 20);
}

static VOID
CompareExchange(VOID)
{
    Value = 3;
    CHECK(InterlockedCompareExchange(&Value, 4, 9) == 3);
    CHECK(Value == 3);
    CHECK(InterlockedCompareExchange(&Value, 4, 3) == 3);
    CHECK(Value == 4);
}

static VOID
Exchange(VOID)
{
    Value = 1;
    Pointer = NULL;
    CHECK(InterlockedExchange(&Value, 2) == 1);
    CHECK(InterlockedExchangePointer(&Pointer, (PVOID)&Value) == NULL);
    CHECK(InterlockedCompareExchangePointer(&Pointer, NULL, (PVOID)&Value) == (PVOID)&Value);
    CHECK(Pointer == NULL);
}

static VOID
AndOrReturnOld(VOID)
{
    Value = 0x0f;
    CHECK(InterlockedAnd(&Value, 0x3c) == 0x0f);
    CHECK(InterlockedOr(&Value, 0x41) == 0x0c);
    CHECK(InterlockedXor(&Value, 0xff) == 0x4d);
    CHECK(Value == 0xb2);
}

static VOID
BitTestAndSet(VOID)
{
    Value = 0;
    CHECK(InterlockedBitTestAndSet(&Value, 5) == 0);
    CHECK(InterlockedBitTestAndSet(&Value, 5) == 1);
    CHECK(InterlockedBitTestAndReset(&Value, 5) == 1);
    CHECK(Value == 0);
}

static VOID
Wide(VOID)
{
    Value64 = 0x7fffffffffffffffLL - 1;
    CHECK(InterlockedIncrement64(&Value64) == 0x7fffffffffffffffLL);
    CHECK(InterlockedExchangeAdd64(&Value64, -0x7fffffffffffffffLL) == 0x7fffffffffffffffLL);
    CHECK(Value64 == 0);
}

static VOID
SListIsLifo(VOID)
{
    static SLIST_HEADER head;
    static SLIST_ENTRY first, second;

    InitializeSListHead(&head);
    CHECK(InterlockedPushEntrySList(&head, &first) == NULL);
    CHECK(InterlockedPushEntrySList(&head, &second) == &first);
    CHECK(ExQueryDepthSList(&head) == 2);
    CHECK(InterlockedPopEntrySList(&head) == &second);
    CHECK(InterlockedPopEntrySList(&head) == &first);
    CHECK(InterlockedPopEntrySList(&head) == NULL);
}

DDI_TESTS(atomic, { "increment_returns_new", IncrementReturnsNew },
          { "add_returns_new_exchange_add_old", AddReturnsNewExchangeAddOld }, { "compare_exchange", CompareExchange },
          { "exchange", Exchange }, { "and_or_return_old", AndOrReturnOld }, { "bit_test_and_set", BitTestAndSet },
          { "wide", Wide }, { "slist_is_lifo", SListIsLifo });
