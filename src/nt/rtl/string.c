/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl/string.c - STRING and UNICODE_STRING: making, comparing, copying, appending.
 *
 * Model: lengths are bytes; MaximumLength is the room. Nothing needs a terminator; where Windows adds one when there
 * is room, so does this. Comparison without case goes by simple upper-casing, unit by unit (documented).
 */
#include "nt/rtl/state.h"

#include "base/utf.h"

uint16_t
rtl_upcase(uint16_t unit)
{
    return utf16_upper(unit);
}

/* The inverse of rtl_upcase() for letters with a 1:1 pair, which lie 0x20, 0x50 or 1 apart. */
uint16_t
rtl_downcase(uint16_t unit)
{
    static const uint16_t apart[] = { 0x20, 0x50, 1 };

    if (rtl_upcase(unit) != unit)
        return unit;
    for (unsigned i = 0; i < sizeof(apart) / sizeof(apart[0]); i++)
        if (rtl_upcase((uint16_t)(unit + apart[i])) == unit)
            return (uint16_t)(unit + apart[i]);
    return unit;
}

/* ------------------------------------------------------------------ making */

static void
init_string(PSTRING s, PCSZ text)
{
    size_t len = 0;

    s->Buffer = (PCHAR)text;
    s->Length = s->MaximumLength = 0;
    if (text == NULL)
        return;
    while (text[len] != 0)
        len++;
    if (len > 0xfffe)
        len = 0xfffe;
    s->Length = (USHORT)len;
    s->MaximumLength = (USHORT)(len + 1);
}

VOID NTAPI
RtlInitString(PSTRING DestinationString, PCSZ SourceString)
{
    init_string(DestinationString, SourceString);
}

VOID NTAPI
RtlInitAnsiString(PANSI_STRING DestinationString, PCSZ SourceString)
{
    init_string(DestinationString, SourceString);
}

/* documented: a source longer than UNICODE_STRING_MAX_BYTES allows is cut. */
VOID NTAPI
RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    size_t len = 0;

    DestinationString->Buffer = (PWCH)SourceString;
    DestinationString->Length = DestinationString->MaximumLength = 0;
    if (SourceString == NULL)
        return;
    while (SourceString[len] != 0)
        len++;
    if (len > 0x7ffe)
        len = 0x7ffe;
    DestinationString->Length = (USHORT)(len * 2);
    DestinationString->MaximumLength = (USHORT)(len * 2 + 2);
}

/* documented: STATUS_NAME_TOO_LONG instead of cutting. */
NTSTATUS NTAPI
RtlInitUnicodeStringEx(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    size_t len = 0;

    if (SourceString != NULL)
        while (SourceString[len] != 0)
            len++;
    if (len > 0x7ffe)
        return STATUS_NAME_TOO_LONG;
    RtlInitUnicodeString(DestinationString, SourceString);
    return STATUS_SUCCESS;
}

UNICODE_STRING
rtl_unicode(const char *text, uint32_t tag)
{
    UNICODE_STRING s = { 0, 0, NULL };
    size_t len = utf8_to_utf16(text, __builtin_strlen(text), NULL, 0);

    if (len > 0x7ffe)
        return s;
    s.Buffer = heap_alloc((len + 1) * 2, tag);
    if (s.Buffer == NULL)
        return s;
    utf8_to_utf16(text, __builtin_strlen(text), s.Buffer, len + 1);
    s.Length = (USHORT)(len * 2);
    s.MaximumLength = (USHORT)(len * 2 + 2);
    return s;
}

const char *
rtl_utf8(PCUNICODE_STRING s, char *out, size_t room)
{
    utf16_to_utf8(s->Buffer, s->Length / 2u, out, room);
    return out;
}

bool
rtl_unicode_ieq(PCUNICODE_STRING s, const char *text)
{
    size_t n = 0;

    for (; text[n] != 0; n++)
        if (n >= s->Length / 2u || rtl_upcase(s->Buffer[n]) != rtl_upcase((uint8_t)text[n]))
            return false;
    return n == s->Length / 2u;
}

/* ------------------------------------------------------------------ comparing */

static LONG
compare_units(const WCHAR *a, size_t a_len, const WCHAR *b, size_t b_len, BOOLEAN no_case)
{
    size_t n = a_len < b_len ? a_len : b_len;

    for (size_t i = 0; i < n; i++) {
        LONG d = no_case ? rtl_upcase(a[i]) - rtl_upcase(b[i]) : a[i] - b[i];

        if (d != 0)
            return d;
    }
    return (LONG)a_len - (LONG)b_len;
}

LONG NTAPI
RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    return compare_units(String1->Buffer, String1->Length / 2u, String2->Buffer, String2->Length / 2u, CaseInSensitive);
}

BOOLEAN NTAPI
RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    return String1->Length == String2->Length && RtlCompareUnicodeString(String1, String2, CaseInSensitive) == 0;
}

BOOLEAN NTAPI
RtlPrefixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    size_t n = String1->Length / 2u;

    return n <= String2->Length / 2u && compare_units(String1->Buffer, n, String2->Buffer, n, CaseInSensitive) == 0;
}

BOOLEAN NTAPI
RtlSuffixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    size_t n = String1->Length / 2u;
    size_t m = String2->Length / 2u;

    return n <= m && compare_units(String1->Buffer, n, String2->Buffer + (m - n), n, CaseInSensitive) == 0;
}

LONG NTAPI
RtlCompareString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    size_t n = String1->Length < String2->Length ? String1->Length : String2->Length;

    for (size_t i = 0; i < n; i++) {
        UCHAR a = (UCHAR)String1->Buffer[i];
        UCHAR b = (UCHAR)String2->Buffer[i];
        LONG d = CaseInSensitive ? (UCHAR)RtlUpperChar((CHAR)a) - (UCHAR)RtlUpperChar((CHAR)b) : a - b;

        if (d != 0)
            return d;
    }
    return String1->Length - String2->Length;
}

BOOLEAN NTAPI
RtlEqualString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    return String1->Length == String2->Length && RtlCompareString(String1, String2, CaseInSensitive) == 0;
}

/* documented: algorithms 0 (default) and 1 (x65599); STATUS_INVALID_PARAMETER for others. */
NTSTATUS NTAPI
RtlHashUnicodeString(PCUNICODE_STRING String, BOOLEAN CaseInSensitive, ULONG HashAlgorithm, PULONG HashValue)
{
    ULONG hash = 0;

    if (HashValue == NULL || String == NULL || HashAlgorithm > 1)
        return STATUS_INVALID_PARAMETER;
    for (unsigned i = 0; i < String->Length / 2u; i++)
        hash = hash * 65599 + (CaseInSensitive ? rtl_upcase(String->Buffer[i]) : String->Buffer[i]);
    *HashValue = hash;
    return STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ copying, appending */

VOID NTAPI
RtlCopyString(PSTRING DestinationString, const STRING *SourceString)
{
    USHORT n = 0;

    if (SourceString != NULL) {
        n = SourceString->Length < DestinationString->MaximumLength ? SourceString->Length
                                                                    : DestinationString->MaximumLength;
        RtlMoveMemory(DestinationString->Buffer, SourceString->Buffer, n);
    }
    DestinationString->Length = n;
}

VOID NTAPI
RtlCopyUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString)
{
    USHORT n = 0;

    if (SourceString != NULL) {
        n = SourceString->Length < DestinationString->MaximumLength ? SourceString->Length
                                                                    : DestinationString->MaximumLength;
        n &= (USHORT)~1u;
        RtlMoveMemory(DestinationString->Buffer, SourceString->Buffer, n);
        if (n + 2 <= DestinationString->MaximumLength)
            DestinationString->Buffer[n / 2] = 0;
    }
    DestinationString->Length = n;
}

static NTSTATUS
append(PUNICODE_STRING to, const WCHAR *text, size_t bytes)
{
    if (to->Length + bytes > to->MaximumLength)
        return STATUS_BUFFER_TOO_SMALL;
    RtlMoveMemory((PCHAR)to->Buffer + to->Length, text, bytes);
    to->Length = (USHORT)(to->Length + bytes);
    if (to->Length + 2 <= to->MaximumLength)
        to->Buffer[to->Length / 2] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
RtlAppendUnicodeStringToString(PUNICODE_STRING Destination, PCUNICODE_STRING Source)
{
    return append(Destination, Source->Buffer, Source->Length);
}

NTSTATUS NTAPI
RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source)
{
    size_t len = 0;

    if (Source == NULL)
        return STATUS_SUCCESS;
    while (Source[len] != 0)
        len++;
    return append(Destination, Source, len * 2);
}

/* ------------------------------------------------------------------ case */

WCHAR NTAPI
RtlUpcaseUnicodeChar(WCHAR SourceCharacter)
{
    return rtl_upcase(SourceCharacter);
}

WCHAR NTAPI
RtlDowncaseUnicodeChar(WCHAR SourceCharacter)
{
    return rtl_downcase(SourceCharacter);
}

CHAR NTAPI
RtlUpperChar(CHAR Character)
{
    return (CHAR)rtl_ansi_from_unicode(rtl_upcase(rtl_unicode_from_ansi((uint8_t)Character)));
}

VOID NTAPI
RtlUpperString(PSTRING DestinationString, const STRING *SourceString)
{
    USHORT n = SourceString->Length < DestinationString->MaximumLength ? SourceString->Length
                                                                       : DestinationString->MaximumLength;

    for (USHORT i = 0; i < n; i++)
        DestinationString->Buffer[i] = RtlUpperChar(SourceString->Buffer[i]);
    DestinationString->Length = n;
}

static NTSTATUS
change_case(PUNICODE_STRING to, PCUNICODE_STRING from, BOOLEAN allocate, uint16_t (*change)(uint16_t))
{
    if (allocate) {
        to->Buffer = rtl_alloc_string(from->Length);
        if (to->Buffer == NULL)
            return STATUS_NO_MEMORY;
        to->MaximumLength = from->Length;
    } else if (to->MaximumLength < from->Length) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (unsigned i = 0; i < from->Length / 2u; i++)
        to->Buffer[i] = change(from->Buffer[i]);
    to->Length = from->Length;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
RtlUpcaseUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                       BOOLEAN AllocateDestinationString)
{
    return change_case(DestinationString, SourceString, AllocateDestinationString, rtl_upcase);
}

NTSTATUS NTAPI
RtlDowncaseUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                         BOOLEAN AllocateDestinationString)
{
    return change_case(DestinationString, SourceString, AllocateDestinationString, rtl_downcase);
}
