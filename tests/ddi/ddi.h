/* SPDX-License-Identifier: MIT */
/*
 * ddi.h - a filter driver that asks the DDI questions from inside, as drivers do.
 *
 * Model: a test is a function; the tests of a file are a group, a table of names and functions. DriverEntry registers
 * the filter, runs each test, prints a line for it ("PASS rtl append_too_long"), deregisters, and stops the machine
 * with the counts as parameters: the lines and the counts are in the finding. tests/e2e/ddi.bats reads them there.
 * Expected values are documented ones, unless a comment says otherwise.
 */
#ifndef DDI_H
#define DDI_H

#ifndef NDIS630
#define NDIS630 1
#endif

#include <ndis.h>
#include <ntstrsafe.h>

#define DDI_TAG 'IDDt'

typedef struct _DDI_TEST {
    PCSTR Name;
    VOID (*Run)(VOID);
} DDI_TEST;

typedef struct _DDI_GROUP {
    PCSTR Name;
    const DDI_TEST *Tests;
    ULONG Count;
} DDI_GROUP;

#define DDI_TESTS(group, ...)                               \
    static const DDI_TEST group##Tests[] = { __VA_ARGS__ }; \
    const DDI_GROUP group##Group = { #group, group##Tests, RTL_NUMBER_OF(group##Tests) }

/* In a test: remember the first thing that is not so, go on. */
#define CHECK(condition)                               \
    do {                                               \
        if (!(condition))                              \
            DdiFailed(#condition, __FILE__, __LINE__); \
    } while (0)

/* The same, and leave the test: what follows makes no sense without it. */
#define REQUIRE(condition)                             \
    do {                                               \
        if (!(condition)) {                            \
            DdiFailed(#condition, __FILE__, __LINE__); \
            return;                                    \
        }                                              \
    } while (0)

/* A local pName to the export itself: for names that the headers make a macro or an inline, or do not declare. */
#define DDI_EXPORT(type, name, arguments) \
    type(NTAPI *p##name) arguments = (type(NTAPI *) arguments)DdiRoutine(L## #name)

PVOID DdiRoutine(PCWSTR Name); /* of ntoskrnl, then hal; one that is not there fails the test and stops the machine */

HANDLE DdiThread(PKSTART_ROUTINE Start, PVOID Context); /* a system thread, NULL: none was to be had */
VOID DdiJoin(HANDLE Thread);                            /* waits for its end */

ULONG DdiRunGroup(const DDI_GROUP *Group); /* prints a line for each test; how many failed */
VOID DdiFailed(PCSTR Condition, PCSTR File, ULONG Line);

extern NDIS_HANDLE DdiFilterDriver; /* from registration to deregistration */
extern PDRIVER_OBJECT DdiDriverObject;
extern UNICODE_STRING DdiRegistryPath; /* as given to DriverEntry */

#endif
