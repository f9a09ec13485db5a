/* SPDX-License-Identifier: MIT */
/*
 * nt/cm/rtlreg.c - RtlQueryRegistryValues and its simpler relatives.
 *
 * Model: RelativeTo and Path name a key; the query table is walked entry by entry over it or a subkey of it. A value
 * reaches the driver through its QueryRoutine or, with RTL_QUERY_REGISTRY_DIRECT, in the variable EntryContext points
 * at. Every pointer handed to a routine is machine memory.
 */
#include "nt/cm/cm.h"

#include <string.h>

#include "nt/ex/ex.h"
#include "nt/ke/ke.h"
#include "nt/ob/ob.h"

static uint32_t query_site; /* const after init */

/* The key that RelativeTo and Path mean. create: make it. */
static NTSTATUS
key_at(ULONG relative_to, PCWSTR path, bool create, struct cm_key **out)
{
    static const char *const bases[] = { NULL,
                                         "\\Registry\\Machine\\System\\CurrentControlSet\\Services",
                                         "\\Registry\\Machine\\System\\CurrentControlSet\\Control",
                                         "\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion",
                                         "\\Registry\\Machine\\Hardware\\DeviceMap",
                                         "\\Registry\\User\\.Default" };
    struct cm_key *base = NULL;
    UNICODE_STRING rest = { 0, 0, (PWSTR)(uintptr_t)path };
    ULONG kind = relative_to & ~RTL_REGISTRY_OPTIONAL & ~RTL_REGISTRY_HANDLE;

    *out = NULL;
    if (relative_to & RTL_REGISTRY_HANDLE)
        return cm_key_of((HANDLE)(uintptr_t)path, out);
    if (kind >= sizeof(bases) / sizeof(bases[0]))
        return STATUS_INVALID_PARAMETER;
    if (bases[kind] != NULL) {
        WCHAR text[128];
        UNICODE_STRING s = ob_text(bases[kind], text, 128);

        base = cm_find(NULL, &s);
        if (base == NULL)
            return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    for (size_t n = 0; path != NULL && path[n] != 0; n++)
        rest.Length += (USHORT)sizeof(WCHAR);
    if (create)
        return cm_make(base, &rest, out, NULL);
    *out = cm_find(base, &rest);
    return *out != NULL ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
}

static UNICODE_STRING
counted(PCWSTR text)
{
    UNICODE_STRING s = { 0, 0, (PWSTR)(uintptr_t)text };

    while (text != NULL && text[s.Length / sizeof(WCHAR)] != 0)
        s.Length += (USHORT)sizeof(WCHAR);
    s.MaximumLength = s.Length;
    return s;
}

/* ------------------------------------------------------------------ the simple ones */

NTSTATUS NTAPI
RtlCheckRegistryKey(ULONG RelativeTo, PWSTR Path)
{
    struct cm_key *key;

    return key_at(RelativeTo, Path, false, &key);
}

NTSTATUS NTAPI
RtlCreateRegistryKey(ULONG RelativeTo, PWSTR Path)
{
    struct cm_key *key;

    return ex_fault('eKmC') ? STATUS_INSUFFICIENT_RESOURCES : key_at(RelativeTo, Path, true, &key);
}

/* The key is made if it is not there (documented). */
NTSTATUS NTAPI
RtlWriteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName, ULONG ValueType, PVOID ValueData,
                      ULONG ValueLength)
{
    UNICODE_STRING name = counted(ValueName);
    struct cm_key *key;
    NTSTATUS status = ex_fault('aVmC') ? STATUS_INSUFFICIENT_RESOURCES : key_at(RelativeTo, Path, true, &key);

    return status != STATUS_SUCCESS ? status : cm_value_set(key, &name, ValueType, ValueData, ValueLength);
}

NTSTATUS NTAPI
RtlDeleteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName)
{
    UNICODE_STRING name = counted(ValueName);
    struct cm_key *key;
    NTSTATUS status = key_at(RelativeTo, Path, false, &key);

    return status != STATUS_SUCCESS ? status : cm_value_delete(key, &name);
}

/* ------------------------------------------------------------------ the query table */

static bool
is_string(ULONG type)
{
    return type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ;
}

/* DIRECT with a string: into the UNICODE_STRING, whose buffer is allocated if it is NULL (documented). */
static NTSTATUS
direct_string(PUNICODE_STRING to, const void *data, ULONG length)
{
    if (length > 0xfffe)
        return STATUS_BUFFER_TOO_SMALL;
    if (to->Buffer == NULL) {
        to->Buffer = ex_pool_alloc(PagedPool, length, 'gRtR', 0);
        if (to->Buffer == NULL)
            return STATUS_NO_MEMORY;
        to->MaximumLength = (USHORT)length;
    } else if (to->MaximumLength < length) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    memcpy(to->Buffer, data, length);
    to->Length = (USHORT)(length >= sizeof(WCHAR) ? length - sizeof(WCHAR) : 0);
    return STATUS_SUCCESS;
}

/*
 * DIRECT with anything else. documented: up to 4 bytes are stored as they are; longer data goes into the buffer that
 * begins with its length in a LONG - negative: only the data is stored - or with length and type.
 */
static NTSTATUS
direct_binary(void *to, ULONG type, const void *data, ULONG length)
{
    LONG room;

    if (length <= sizeof(ULONG)) {
        memcpy(to, data, length);
        return STATUS_SUCCESS;
    }
    room = *(LONG *)to;
    if (room < 0) {
        if ((ULONG)-room < length)
            return STATUS_BUFFER_TOO_SMALL;
        memcpy(to, data, length);
        return STATUS_SUCCESS;
    }
    if ((ULONG)room < length + 2 * sizeof(ULONG))
        return STATUS_BUFFER_TOO_SMALL;
    ((ULONG *)to)[0] = length;
    ((ULONG *)to)[1] = type;
    memcpy((ULONG *)to + 2, data, length);
    return STATUS_SUCCESS;
}

/* Hand one value to the entry. name and data are machine memory. */
static NTSTATUS
deliver(const RTL_QUERY_REGISTRY_TABLE *e, PWSTR name, ULONG type, void *data, ULONG length, PVOID context)
{
    if (e->Flags & RTL_QUERY_REGISTRY_DIRECT) {
        if ((e->Flags & RTL_QUERY_REGISTRY_TYPECHECK) &&
            (e->DefaultType >> RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) != (type & 0xff))
            return STATUS_OBJECT_TYPE_MISMATCH;
        return is_string(type) ? direct_string(e->EntryContext, data, length)
                               : direct_binary(e->EntryContext, type, data, length);
    }
    if (type == REG_MULTI_SZ && !(e->Flags & RTL_QUERY_REGISTRY_NOEXPAND)) {
        WCHAR *at = data, *end = at + length / sizeof(WCHAR);

        while (at < end && *at != 0) {
            WCHAR *next = at;
            NTSTATUS status;

            while (next < end && *next != 0)
                next++;
            status = (NTSTATUS)GUEST_CALL(query_site, e->QueryRoutine, (uint64_t)name, REG_SZ, (uint64_t)at,
                                          (uint64_t)((char *)next - (char *)at) + sizeof(WCHAR), (uint64_t)context,
                                          (uint64_t)e->EntryContext);
            if (status == STATUS_BUFFER_TOO_SMALL)
                status = STATUS_SUCCESS; /* documented: ignored */
            if (!NT_SUCCESS(status))
                return status;
            at = next + 1;
        }
        return STATUS_SUCCESS;
    }
    return (NTSTATUS)GUEST_CALL(query_site, e->QueryRoutine, (uint64_t)name, type, (uint64_t)data, length,
                                (uint64_t)context, (uint64_t)e->EntryContext);
}

static ULONG
default_length(const RTL_QUERY_REGISTRY_TABLE *e, ULONG type)
{
    const WCHAR *at = e->DefaultData;
    ULONG n = 0;

    if (e->DefaultLength != 0 || !is_string(type) || at == NULL)
        return e->DefaultLength;
    if (type == REG_MULTI_SZ) {
        while (at[n] != 0 || at[n + 1] != 0)
            n++;
        n++;
    } else {
        while (at[n] != 0)
            n++;
    }
    return (n + 1) * (ULONG)sizeof(WCHAR);
}

/* The value of that name is missing. */
static NTSTATUS
missing(const RTL_QUERY_REGISTRY_TABLE *e, PVOID context)
{
    ULONG type = e->DefaultType & 0x00ffffff;

    if (e->Flags & RTL_QUERY_REGISTRY_REQUIRED)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (type == REG_NONE)
        return STATUS_SUCCESS;
    return deliver(e, e->Name, type, e->DefaultData, default_length(e, type), context);
}

/* One entry that names a value, or all values of the key if it names none. */
static NTSTATUS
query_entry(struct cm_key *key, const RTL_QUERY_REGISTRY_TABLE *e, PVOID context)
{
    NTSTATUS status = STATUS_SUCCESS;

    if (e->Flags & RTL_QUERY_REGISTRY_NOVALUE)
        return (NTSTATUS)GUEST_CALL(query_site, e->QueryRoutine, 0, REG_NONE, 0, 0, (uint64_t)context,
                                    (uint64_t)e->EntryContext);
    if (e->Name != NULL) {
        UNICODE_STRING name = counted(e->Name);
        struct cm_value *v = cm_value_find(key, &name);

        if (v == NULL)
            return missing(e, context);
        status = deliver(e, e->Name, v->type, v->data, v->length, context);
        if (NT_SUCCESS(status) && (e->Flags & RTL_QUERY_REGISTRY_DELETE))
            cm_value_delete(key, &name);
        return status;
    }
    if (e->Flags & RTL_QUERY_REGISTRY_DIRECT)
        return STATUS_INVALID_PARAMETER;
    for (struct cm_value *v = key->values, *next; v != NULL && NT_SUCCESS(status); v = next) {
        next = v->next;
        status = deliver(e, v->name.Buffer, v->type, v->data, v->length, context);
    }
    return status;
}

/*
 * RtlQueryRegistryValues - documented; the table ends with an entry whose QueryRoutine and Name are NULL.
 * Returns: STATUS_SUCCESS, _INVALID_PARAMETER, _OBJECT_NAME_NOT_FOUND, _BUFFER_TOO_SMALL, _OBJECT_TYPE_MISMATCH, or
 * what a routine answered.
 */
NTSTATUS NTAPI
RtlQueryRegistryValues(ULONG RelativeTo, PCWSTR Path, PRTL_QUERY_REGISTRY_TABLE QueryTable, PVOID Context,
                       PVOID Environment)
{
    struct cm_key *top, *key;
    NTSTATUS status = key_at(RelativeTo, Path, false, &top);

    (void)Environment;
    if (status == STATUS_OBJECT_NAME_NOT_FOUND && (RelativeTo & RTL_REGISTRY_OPTIONAL))
        return STATUS_SUCCESS;
    if (status != STATUS_SUCCESS)
        return status;
    key = top;
    for (PRTL_QUERY_REGISTRY_TABLE e = QueryTable;
         e->QueryRoutine != NULL || (e->Flags & (RTL_QUERY_REGISTRY_SUBKEY | RTL_QUERY_REGISTRY_DIRECT)); e++) {
        if ((e->Flags & RTL_QUERY_REGISTRY_DIRECT) &&
            (e->Name == NULL || (e->Flags & RTL_QUERY_REGISTRY_SUBKEY) || e->QueryRoutine != NULL))
            return STATUS_INVALID_PARAMETER;
        if (e->Flags & (RTL_QUERY_REGISTRY_TOPKEY | RTL_QUERY_REGISTRY_SUBKEY))
            key = top;
        if (e->Flags & RTL_QUERY_REGISTRY_SUBKEY) {
            UNICODE_STRING name = counted(e->Name);

            key = e->Name != NULL ? cm_find(top, &name) : NULL;
            if (e->Name == NULL)
                return STATUS_INVALID_PARAMETER;
            if (key == NULL) {
                if (e->Flags & RTL_QUERY_REGISTRY_REQUIRED)
                    return STATUS_OBJECT_NAME_NOT_FOUND;
                key = top;
                continue;
            }
            if (e->QueryRoutine == NULL)
                continue;
            /* the subkey's own values */
            {
                RTL_QUERY_REGISTRY_TABLE all = *e;

                all.Name = NULL;
                all.Flags &= ~(ULONG)RTL_QUERY_REGISTRY_SUBKEY;
                status = query_entry(key, &all, Context);
            }
        } else {
            status = query_entry(key, e, Context);
        }
        if (!NT_SUCCESS(status))
            return status;
    }
    return STATUS_SUCCESS;
}

void
cm_rtl_init(void)
{
    query_site = ke_site("RtlpCallQueryRegistryRoutine");
}
