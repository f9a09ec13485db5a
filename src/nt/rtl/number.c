/* SPDX-License-Identifier: MIT */
/* nt/rtl/number.c - integers and GUIDs to text and back. */
#include "nt/rtl/state.h"

/* documented: base 0 means 10 here; others than 2, 8, 10, 16 are STATUS_INVALID_PARAMETER. */
static NTSTATUS
to_unicode(ULONGLONG value, ULONG base, PUNICODE_STRING out)
{
    WCHAR digits[64];
    unsigned n = 0;

    if (base == 0)
        base = 10;
    if (base != 2 && base != 8 && base != 10 && base != 16)
        return STATUS_INVALID_PARAMETER;
    do {
        digits[n++] = (WCHAR)("0123456789ABCDEF"[value % base]);
        value /= base;
    } while (value != 0);
    if (n * 2 > out->MaximumLength)
        return STATUS_BUFFER_OVERFLOW;
    for (unsigned i = 0; i < n; i++)
        out->Buffer[i] = digits[n - 1 - i];
    out->Length = (USHORT)(n * 2);
    if (out->Length + 2 <= out->MaximumLength)
        out->Buffer[n] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String)
{
    return to_unicode(Value, Base, String);
}

NTSTATUS NTAPI
RtlInt64ToUnicodeString(ULONGLONG Value, ULONG Base, PUNICODE_STRING String)
{
    return to_unicode(Value, Base, String);
}

static unsigned
digit_value(WCHAR c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = rtl_upcase(c);
    return c >= 'A' && c <= 'F' ? c - 'A' + 10u : 99;
}

struct units {
    const void *text;
    size_t len; /* in units; a terminator ends it earlier */
    bool wide;
};

static WCHAR
unit_at(const struct units *u, size_t i)
{
    if (i >= u->len)
        return 0;
    return u->wide ? ((const WCHAR *)u->text)[i] : (WCHAR)((const UCHAR *)u->text)[i];
}

/*
 * documented: leading white space, a sign, then with base 0 a prefix 0x, 0o or 0b; ends at the first character that is
 * no digit; a number that is not there is 0. Overflow wraps.
 */
static NTSTATUS
to_integer(const struct units *u, ULONG base, PULONG out)
{
    size_t at = 0;
    bool negative;
    ULONG value = 0;

    while (unit_at(u, at) != 0 && unit_at(u, at) <= ' ')
        at++;
    negative = unit_at(u, at) == '-';
    if (negative || unit_at(u, at) == '+')
        at++;
    if (base == 0) {
        base = 10;
        if (unit_at(u, at) == '0') {
            switch (unit_at(u, at + 1)) {
            case 'x':
                base = 16;
                break;
            case 'o':
                base = 8;
                break;
            case 'b':
                base = 2;
                break;
            }
            if (base != 10)
                at += 2;
        }
    } else if (base != 2 && base != 8 && base != 10 && base != 16) {
        return STATUS_INVALID_PARAMETER;
    }
    for (; digit_value(unit_at(u, at)) < base; at++)
        value = value * base + digit_value(unit_at(u, at));
    *out = negative ? -value : value;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value)
{
    struct units u = { String->Buffer, String->Length / 2u, true };

    return to_integer(&u, Base, Value);
}

NTSTATUS NTAPI
RtlCharToInteger(PCSZ String, ULONG Base, PULONG Value)
{
    struct units u = { String, (size_t)-1, false };

    return to_integer(&u, Base, Value);
}

/* ------------------------------------------------------------------ GUIDs */

#define GUID_CHARS 38

/* documented: the buffer is allocated, RtlFreeUnicodeString frees it; STATUS_NO_MEMORY. */
NTSTATUS NTAPI
RtlStringFromGUID(const GUID *Guid, PUNICODE_STRING GuidString)
{
    const uint64_t va[11] = { Guid->Data1,    Guid->Data2,    Guid->Data3,    Guid->Data4[0],
                              Guid->Data4[1], Guid->Data4[2], Guid->Data4[3], Guid->Data4[4],
                              Guid->Data4[5], Guid->Data4[6], Guid->Data4[7] };
    struct rtl_output to = { NULL, GUID_CHARS, true, false };

    GuidString->Buffer = rtl_alloc_string((GUID_CHARS + 1) * 2);
    if (GuidString->Buffer == NULL) {
        GuidString->Length = GuidString->MaximumLength = 0;
        return STATUS_NO_MEMORY;
    }
    to.out = GuidString->Buffer;
    rtl_format(&to, u"{%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}", va);
    GuidString->Buffer[GUID_CHARS] = 0;
    GuidString->Length = GUID_CHARS * 2;
    GuidString->MaximumLength = GUID_CHARS * 2 + 2;
    return STATUS_SUCCESS;
}

/* documented: STATUS_INVALID_PARAMETER unless the string is a GUID in braces. */
NTSTATUS NTAPI
RtlGUIDFromString(PCUNICODE_STRING GuidString, GUID *Guid)
{
    static const uint8_t byte_at[16] = { 1, 3, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27, 29, 31, 33, 35 };
    const WCHAR *text = GuidString->Buffer;
    uint8_t bytes[16];

    if (GuidString->Length != GUID_CHARS * 2 || text[0] != '{' || text[9] != '-' || text[14] != '-' ||
        text[19] != '-' || text[24] != '-' || text[37] != '}')
        return STATUS_INVALID_PARAMETER;
    for (unsigned i = 0; i < 16; i++) {
        unsigned high = digit_value(text[byte_at[i]]);
        unsigned low = digit_value(text[byte_at[i] + 1]);

        if (high > 15 || low > 15)
            return STATUS_INVALID_PARAMETER;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    Guid->Data1 = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    Guid->Data2 = (uint16_t)(bytes[4] << 8 | bytes[5]);
    Guid->Data3 = (uint16_t)(bytes[6] << 8 | bytes[7]);
    for (unsigned i = 0; i < 8; i++)
        Guid->Data4[i] = bytes[8 + i];
    return STATUS_SUCCESS;
}
