/* SPDX-License-Identifier: MIT */
/* nt/etw/etw.c - see etw.h. */
#include "nt/etw/etw.h"

#include "nt/ex/ex.h"

#define TAG_ETW 0x52777445u /* 'EtwR' */

void
etw_init(struct nt *nt)
{
    nt->etw = mon_alloc(sizeof(*nt->etw));
}

static void
log_entry(const GUID *id, unsigned number, unsigned level, bool wpp)
{
    struct etw_state *etw = NT->etw;
    struct etw_entry *e;

    if (etw->log == NULL)
        etw->log = mon_alloc_shared(ETW_LOG_MAX * sizeof(*etw->log));
    e = &etw->log[etw->count++ % ETW_LOG_MAX];
    e->step = machine->step;
    e->caller = guest_caller();
    e->id = *id;
    e->number = (uint16_t)number;
    e->level = (uint8_t)level;
    e->wpp = wpp;
}

void
etw_each(void (*fn)(const struct etw_entry *e, void *arg), void *arg)
{
    struct etw_state *etw = NT->etw;
    uint32_t first = etw->count > ETW_LOG_MAX ? etw->count - ETW_LOG_MAX : 0;

    for (uint32_t i = first; i < etw->count; i++)
        fn(&etw->log[i % ETW_LOG_MAX], arg);
}

const struct etw_provider *
etw_leak(uint64_t base, uint64_t size)
{
    for (struct etw_provider *p = NT->etw->providers; p != NULL; p = p->next)
        if (p->caller - base < size)
            return p;
    return NULL;
}

/* ------------------------------------------------------------------ providers */

static NTSTATUS
register_provider(const GUID *id, uint64_t callback, PVOID context, bool classic, PREGHANDLE handle)
{
    struct etw_provider *p;

    if (id == NULL || handle == NULL)
        return STATUS_INVALID_PARAMETER;
    if (ex_fault(TAG_ETW) || (p = heap_alloc(sizeof(*p), TAG_ETW)) == NULL)
        return STATUS_NO_MEMORY;
    heap_label(p, "ETW provider");
    p->id = *id;
    p->callback = callback;
    p->context = (uint64_t)context;
    p->caller = guest_caller();
    p->classic = classic;
    p->written = 0;
    p->next = NT->etw->providers;
    NT->etw->providers = p;
    *handle = (REGHANDLE)p;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
EtwRegister(const GUID *ProviderId, PETWENABLECALLBACK EnableCallback, PVOID CallbackContext, PREGHANDLE RegHandle)
{
    return register_provider(ProviderId, (uint64_t)EnableCallback, CallbackContext, false, RegHandle);
}

/* What WPP registers with. Type is reserved. */
NTSTATUS NTAPI
EtwRegisterClassicProvider(const GUID *ProviderGuid, ULONG Type, PETWENABLECALLBACK EnableCallback,
                           PVOID CallbackContext, PREGHANDLE RegHandle)
{
    (void)Type;
    return register_provider(ProviderGuid, (uint64_t)EnableCallback, CallbackContext, true, RegHandle);
}

/* documented: STATUS_INVALID_HANDLE for what is no registration. A provider is found by walking, as its own memory
 * may be gone. */
static struct etw_provider **
find(REGHANDLE handle)
{
    struct etw_provider **at = &NT->etw->providers;

    while (*at != NULL && (REGHANDLE)*at != handle)
        at = &(*at)->next;
    return at;
}

NTSTATUS NTAPI
EtwUnregister(REGHANDLE RegHandle)
{
    struct etw_provider **at = find(RegHandle);
    struct etw_provider *p = *at;

    if (p == NULL)
        return STATUS_INVALID_HANDLE;
    *at = p->next;
    heap_free(p);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
EtwSetInformation(REGHANDLE RegHandle, ULONG InformationClass, PVOID EventInformation, ULONG InformationLength)
{
    (void)InformationClass, (void)EventInformation, (void)InformationLength;
    return *find(RegHandle) != NULL ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

BOOLEAN NTAPI
EtwEventEnabled(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor)
{
    (void)RegHandle, (void)EventDescriptor;
    return FALSE;
}

BOOLEAN NTAPI
EtwProviderEnabled(REGHANDLE RegHandle, UCHAR Level, ULONGLONG Keyword)
{
    (void)RegHandle, (void)Level, (void)Keyword;
    return FALSE;
}

/* ------------------------------------------------------------------ writing */

#define DATA_DESCRIPTORS_MAX 128u /* documented */

static NTSTATUS
write_event(REGHANDLE handle, unsigned number, unsigned level)
{
    struct etw_provider *p = *find(handle);

    if (p == NULL)
        return STATUS_INVALID_HANDLE;
    p->written++;
    log_entry(&p->id, number, level, false);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
EtwWrite(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor, const GUID *ActivityId, ULONG UserDataCount,
         PEVENT_DATA_DESCRIPTOR UserData)
{
    (void)ActivityId, (void)UserData;
    if (UserDataCount > DATA_DESCRIPTORS_MAX && *find(RegHandle) != NULL)
        return STATUS_INVALID_PARAMETER;
    return write_event(RegHandle, EventDescriptor->Id, EventDescriptor->Level);
}

NTSTATUS NTAPI
EtwWriteTransfer(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor, const GUID *ActivityId,
                 const GUID *RelatedActivityId, ULONG UserDataCount, PEVENT_DATA_DESCRIPTOR UserData)
{
    (void)RelatedActivityId;
    return EtwWrite(RegHandle, EventDescriptor, ActivityId, UserDataCount, UserData);
}

NTSTATUS NTAPI
EtwWriteString(REGHANDLE RegHandle, UCHAR Level, ULONGLONG Keyword, const GUID *ActivityId, PCWSTR String)
{
    (void)Keyword, (void)ActivityId, (void)String;
    return write_event(RegHandle, 0, Level);
}

/* documented: codes 1 to 5; getting gives zero as no activity is ever set. */
NTSTATUS NTAPI
EtwActivityIdControl(ULONG ControlCode, GUID *ActivityId)
{
    switch (ControlCode) {
    case 1: /* EVENT_ACTIVITY_CTRL_GET_ID */
    case 4: /* GET_SET_ID */
        RtlZeroMemory(ActivityId, sizeof(*ActivityId));
        return STATUS_SUCCESS;
    case 2: /* SET_ID */
        return STATUS_SUCCESS;
    case 3: /* CREATE_ID */
    case 5: /* CREATE_SET_ID */
        return ExUuidCreate(ActivityId);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

/* ------------------------------------------------------------------ WPP */

/* documented: STATUS_INVALID_HANDLE for what is no session's handle. No session runs; the message is kept for the
 * reader of a finding all the same. */
NTSTATUS NTAPI
WmiTraceMessage_va(ULONG64 LoggerHandle, ULONG MessageFlags, const GUID *MessageGuid, USHORT MessageNumber,
                   const uint64_t *va)
{
    (void)LoggerHandle, (void)MessageFlags, (void)va;
    log_entry(MessageGuid, MessageNumber, 0, true);
    return STATUS_INVALID_HANDLE;
}

/* documented: asks about a running trace session; there is none. */
NTSTATUS NTAPI
WmiQueryTraceInformation(TRACE_INFORMATION_CLASS TraceInformationClass, PVOID TraceInformation,
                         ULONG TraceInformationLength, PULONG RequiredLength, PVOID Buffer)
{
    (void)TraceInformation, (void)TraceInformationLength, (void)Buffer;
    if (TraceInformationClass > TraceEnableLevelClass)
        return STATUS_INVALID_INFO_CLASS;
    if (RequiredLength != NULL)
        *RequiredLength = 0;
    return STATUS_NOT_FOUND;
}
