/* SPDX-License-Identifier: MIT */
/*
 * nt/ke/sysinfo.c - what is known of the system as a whole.
 *
 * Model: the classes that Microsoft documents with their contents (winternl.h). Others say that they are lacking, with
 * their number: a zeroed answer would be a wrong one.
 */
#include "nt/ke/state.h"

#include <string.h>

#include "base/fmt.h"

enum { SYSTEM_BASIC = 0, SYSTEM_TIME_OF_DAY = 3, SYSTEM_PROCESSOR_TIMES = 8, SYSTEM_CODE_INTEGRITY = 103, LAST = 255 };

/* documented: only the count has a name. assumed: the other places, as debuggers show them. */
struct basic {
    ULONG reserved, timer_resolution, page_size, physical_pages, lowest_page, highest_page, granularity;
    ULONG_PTR lowest_user, highest_user, processors_mask;
    CCHAR processors;
};
_Static_assert(sizeof(struct basic) == 64, "documented: SYSTEM_BASIC_INFORMATION has 64 bytes");

/* documented: 48 bytes, opaque. assumed: boot time and now come first. */
struct time_of_day {
    LARGE_INTEGER boot, now, zone_bias;
    ULONG zone, reserved[5];
};
_Static_assert(sizeof(struct time_of_day) == 48, "documented: SYSTEM_TIMEOFDAY_INFORMATION has 48 bytes");

struct times {
    LARGE_INTEGER idle, kernel, user, reserved[2];
    ULONG reserved2;
};
_Static_assert(sizeof(struct times) == 48, "documented: SYSTEM_PROCESSOR_PERFORMANCE_INFORMATION");

static void
fill_basic(struct basic *b)
{
    memset(b, 0, sizeof(*b));
    b->timer_resolution = 156250;
    b->page_size = PAGE_SIZE;
    b->granularity = 0x10000;
    b->lowest_user = 0x10000;
    b->highest_user = LAYOUT_SYSTEM_BASE - 0x10001;
    b->processors_mask = ((ULONG_PTR)1 << machine->vp_count) - 1;
    b->processors = (CCHAR)machine->vp_count;
}

/*
 * ZwQuerySystemInformation, NtQuerySystemInformation - what is known of the system.
 *
 * Source:    documented: the classes basic, time of day, processor performance, code integrity. Assumed: processors
 *            were idle all the time.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows the buffer; *ReturnLength, if asked for, is what the answer takes.
 * Returns:   STATUS_SUCCESS, _INFO_LENGTH_MISMATCH, _INVALID_INFO_CLASS. A class that Windows has and undis not is
 *            unsupported, by number.
 * Tests:     tests/ddi/ke_cpu.c
 */
NTSTATUS NTAPI
ZwQuerySystemInformation(ULONG SystemInformationClass, PVOID SystemInformation, ULONG SystemInformationLength,
                         PULONG ReturnLength)
{
    union {
        struct basic basic;
        struct time_of_day day;
        struct times times[VP_MAX];
        ULONG integrity[2];
    } u;
    ULONG length;
    char *words;

    memset(&u, 0, sizeof(u));
    switch (SystemInformationClass) {
    case SYSTEM_BASIC:
        fill_basic(&u.basic);
        length = sizeof(u.basic);
        break;
    case SYSTEM_TIME_OF_DAY:
        u.day.now.QuadPart = ke_system_time();
        u.day.boot.QuadPart = u.day.now.QuadPart - (LONGLONG)machine_now();
        length = sizeof(u.day);
        break;
    case SYSTEM_PROCESSOR_TIMES:
        for (unsigned vp = 0; vp < machine->vp_count; vp++)
            u.times[vp].idle.QuadPart = u.times[vp].kernel.QuadPart = (LONGLONG)machine_now();
        length = sizeof(u.times[0]) * machine->vp_count;
        break;
    case SYSTEM_CODE_INTEGRITY: /* documented: the caller sets Length; nothing is enforced here */
        length = u.integrity[0] = sizeof(u.integrity);
        break;
    default:
        if (SystemInformationClass > LAST)
            return STATUS_INVALID_INFO_CLASS;
        words = mon_alloc(64);
        fmt(words, 64, "class %u of it", SystemInformationClass);
        machine_unsupported(ke_site("ZwQuerySystemInformation"), words);
    }
    if (ReturnLength != NULL)
        *ReturnLength = length;
    if (SystemInformationLength < length)
        return STATUS_INFO_LENGTH_MISMATCH;
    memcpy(SystemInformation, &u, length);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
NtQuerySystemInformation(ULONG SystemInformationClass, PVOID SystemInformation, ULONG SystemInformationLength,
                         PULONG ReturnLength)
{
    return ZwQuerySystemInformation(SystemInformationClass, SystemInformation, SystemInformationLength, ReturnLength);
}
