/* SPDX-License-Identifier: MIT */
/* counter.h - what counter.sys exports. */
#ifndef COUNTER_H
#define COUNTER_H

#include <ntddk.h>

#ifndef COUNTER_API
#define COUNTER_API DECLSPEC_IMPORT
#endif

COUNTER_API ULONG NTAPI CounterAdd(ULONG Value);
COUNTER_API extern ULONG CounterTotal;

#endif
