/* SPDX-License-Identifier: MIT */
/*
 * nt/etw/etw.h - event tracing: providers and what they wrote.
 *
 * Model: a provider is a machine object; its REGHANDLE is the object's address. Nobody consumes events: no session
 * enables a provider, so EtwEventEnabled says FALSE and enable callbacks are not called. What a driver writes all the
 * same is counted, and logged in monitor memory.
 */
#ifndef NT_ETW_ETW_H
#define NT_ETW_ETW_H

#include "ddk/ntddk.h"
#include "nt/nt.h"

struct etw_provider {
    struct etw_provider *next;
    GUID id;
    uint64_t callback, context;
    uint64_t caller; /* driver address that registered it */
    uint32_t classic;
    uint32_t written;
};

#define ETW_LOG_MAX 256u

/* One event or WPP message. */
struct etw_entry {
    uint64_t step;
    uint64_t caller;
    GUID id;
    uint16_t number; /* event id or message number */
    uint8_t level;
    uint8_t wpp;
};

/* Monitor memory. */
struct etw_state {
    struct etw_provider *providers;
    uint32_t count; /* of all entries of the run; the log keeps the last ETW_LOG_MAX */
    struct etw_entry *log;
};

/* Walk what was written, oldest first. */
void etw_each(void (*fn)(const struct etw_entry *e, void *arg), void *arg);

/*
 * Driver unload: providers registered from code in [base, base+size) and still there. documented: Driver Verifier's
 * bugcheck 0xC4 (0xDD, caller, driver start, handle). Returns the first, NULL if none.
 */
const struct etw_provider *etw_leak(uint64_t base, uint64_t size);

NTSTATUS NTAPI WmiTraceMessage_va(ULONG64 LoggerHandle, ULONG MessageFlags, const GUID *MessageGuid,
                                  USHORT MessageNumber, const uint64_t *va);
NTSTATUS NTAPI EtwActivityIdControl(ULONG ControlCode, GUID *ActivityId);
NTSTATUS NTAPI EtwWriteString(REGHANDLE RegHandle, UCHAR Level, ULONGLONG Keyword, const GUID *ActivityId,
                              PCWSTR String);

#endif
