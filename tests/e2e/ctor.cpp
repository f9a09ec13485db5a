// SPDX-License-Identifier: MIT
// ctor.cpp - a C++ driver with an object that has a constructor. With -DWALKS it calls its constructors itself.
extern "C" {
#include <ntddk.h>
DRIVER_INITIALIZE DriverEntry;
}

class Counter {
  public:
    Counter(ULONG start) : value(start) {}
    ULONG value;
};

static volatile ULONG start = 17;
static Counter counter(start);

#ifdef WALKS
typedef void (*Constructor)();
__attribute__((section(".CRT$XCA"))) static const Constructor first = nullptr;
__attribute__((section(".CRT$XCZ"))) static const Constructor last = nullptr;
#endif

extern "C" NTSTATUS
DriverEntry(PDRIVER_OBJECT, PUNICODE_STRING)
{
#ifdef WALKS
    for (const Constructor *at = (const Constructor *)(ULONG_PTR)&first + 1; at < &last; at++)
        if (*at)
            (*at)();
#endif
    KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, counter.value, 0, 0, 0);
    return STATUS_SUCCESS;
}
