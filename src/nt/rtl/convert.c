/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl/convert.c - between ANSI, UTF-8 and 16-bit text.
 *
 * Model: ANSI is code page 1252, one byte a character, so sizes are known in advance. Buffers that these functions
 * allocate are paged pool of the calling driver (documented), freed by RtlFreeUnicodeString or RtlFreeAnsiString.
 */
#include "nt/rtl/state.h"

#include "base/utf.h"
#include "nt/ex/ex.h"

#define TAG_STRING 0x67727453u /* 'Strg' */

void *
rtl_alloc_string(size_t size)
{
    return ex_pool_alloc(PagedPool, size, TAG_STRING, 0);
}

VOID NTAPI
RtlFreeUnicodeString(PUNICODE_STRING UnicodeString)
{
    if (UnicodeString->Buffer != NULL)
        ex_pool_free(UnicodeString->Buffer, 0);
    UnicodeString->Buffer = NULL;
    UnicodeString->Length = UnicodeString->MaximumLength = 0;
}

VOID NTAPI
RtlFreeAnsiString(PANSI_STRING AnsiString)
{
    if (AnsiString->Buffer != NULL)
        ex_pool_free(AnsiString->Buffer, 0);
    AnsiString->Buffer = NULL;
    AnsiString->Length = AnsiString->MaximumLength = 0;
}

/*
 * RtlAnsiStringToUnicodeString - documented: STATUS_INVALID_PARAMETER_2 when the result cannot be described,
 * STATUS_BUFFER_OVERFLOW when the caller's buffer is too small, STATUS_NO_MEMORY. The result is terminated.
 */
NTSTATUS NTAPI
RtlAnsiStringToUnicodeString(PUNICODE_STRING DestinationString, PCANSI_STRING SourceString,
                             BOOLEAN AllocateDestinationString)
{
    ULONG size = (SourceString->Length + 1u) * 2;

    if (size > 0xfffe)
        return STATUS_INVALID_PARAMETER_2;
    if (AllocateDestinationString) {
        DestinationString->Buffer = rtl_alloc_string(size);
        if (DestinationString->Buffer == NULL)
            return STATUS_NO_MEMORY;
        DestinationString->MaximumLength = (USHORT)size;
    } else if (DestinationString->MaximumLength < size) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (USHORT i = 0; i < SourceString->Length; i++)
        DestinationString->Buffer[i] = rtl_unicode_from_ansi((uint8_t)SourceString->Buffer[i]);
    DestinationString->Length = (USHORT)(size - 2);
    DestinationString->Buffer[SourceString->Length] = 0;
    return STATUS_SUCCESS;
}

/* As above; a buffer that is too small is filled as far as it goes, and terminated (observed). */
NTSTATUS NTAPI
RtlUnicodeStringToAnsiString(PANSI_STRING DestinationString, PCUNICODE_STRING SourceString,
                             BOOLEAN AllocateDestinationString)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG len = SourceString->Length / 2u;

    if (AllocateDestinationString) {
        DestinationString->Buffer = rtl_alloc_string(len + 1);
        if (DestinationString->Buffer == NULL)
            return STATUS_NO_MEMORY;
        DestinationString->MaximumLength = (USHORT)(len + 1);
    } else if (DestinationString->MaximumLength < len + 1) {
        if (DestinationString->MaximumLength == 0)
            return STATUS_BUFFER_OVERFLOW;
        len = DestinationString->MaximumLength - 1u;
        status = STATUS_BUFFER_OVERFLOW;
    }
    for (ULONG i = 0; i < len; i++)
        DestinationString->Buffer[i] = (CHAR)rtl_ansi_from_unicode(SourceString->Buffer[i]);
    DestinationString->Buffer[len] = 0;
    DestinationString->Length = (USHORT)len;
    return status;
}

ULONG NTAPI
RtlxUnicodeStringToAnsiSize(PCUNICODE_STRING UnicodeString)
{
    return UnicodeString->Length / 2u + 1;
}

ULONG NTAPI
RtlUnicodeStringToAnsiSize(PUNICODE_STRING UnicodeString)
{
    return UnicodeString->Length / 2u + 1;
}

ULONG NTAPI
RtlxAnsiStringToUnicodeSize(PCANSI_STRING AnsiString)
{
    return (AnsiString->Length + 1u) * 2;
}

/* documented: as much as fits; the count of bytes written is optional. */
NTSTATUS NTAPI
RtlUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString, PULONG BytesInMultiByteString,
                       PCWCH UnicodeString, ULONG BytesInUnicodeString)
{
    ULONG n = BytesInUnicodeString / 2;

    if (n > MaxBytesInMultiByteString)
        n = MaxBytesInMultiByteString;
    for (ULONG i = 0; i < n; i++)
        MultiByteString[i] = (CHAR)rtl_ansi_from_unicode(UnicodeString[i]);
    if (BytesInMultiByteString != NULL)
        *BytesInMultiByteString = n;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
RtlMultiByteToUnicodeN(PWCH UnicodeString, ULONG MaxBytesInUnicodeString, PULONG BytesInUnicodeString,
                       const CHAR *MultiByteString, ULONG BytesInMultiByteString)
{
    ULONG n = BytesInMultiByteString;

    if (n > MaxBytesInUnicodeString / 2)
        n = MaxBytesInUnicodeString / 2;
    for (ULONG i = 0; i < n; i++)
        UnicodeString[i] = rtl_unicode_from_ansi((uint8_t)MultiByteString[i]);
    if (BytesInUnicodeString != NULL)
        *BytesInUnicodeString = n * 2;
    return STATUS_SUCCESS;
}

/*
 * RtlUTF8ToUnicodeN - documented: with no destination only the size is told; STATUS_SOME_NOT_MAPPED when something
 * became U+FFFD, STATUS_BUFFER_TOO_SMALL when not all of it fitted (what fits is written).
 */
NTSTATUS NTAPI
RtlUTF8ToUnicodeN(PWSTR UnicodeStringDestination, ULONG UnicodeStringMaxByteCount, PULONG UnicodeStringActualByteCount,
                  PCCH UTF8StringSource, ULONG UTF8StringByteCount)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG room = UnicodeStringDestination == NULL ? MAXULONG / 2 : UnicodeStringMaxByteCount / 2;
    ULONG out = 0;

    if (UTF8StringSource == NULL)
        return STATUS_INVALID_PARAMETER_4;
    if (UnicodeStringDestination == NULL && UnicodeStringActualByteCount == NULL)
        return STATUS_INVALID_PARAMETER;
    for (size_t at = 0, used; at < UTF8StringByteCount; at += used) {
        uint32_t c = utf8_decode(UTF8StringSource + at, UTF8StringByteCount - at, &used);
        ULONG units = c >= 0x10000 ? 2 : 1;

        if (c == UTF_REPLACEMENT && used == 1)
            status = STATUS_SOME_NOT_MAPPED;
        if (room - out < units) {
            status = STATUS_BUFFER_TOO_SMALL;
            break;
        }
        if (UnicodeStringDestination != NULL) {
            if (units == 2) {
                UnicodeStringDestination[out] = (WCHAR)(0xd800 + ((c - 0x10000) >> 10));
                UnicodeStringDestination[out + 1] = (WCHAR)(0xdc00 + ((c - 0x10000) & 0x3ff));
            } else {
                UnicodeStringDestination[out] = (WCHAR)c;
            }
        }
        out += units;
    }
    if (UnicodeStringActualByteCount != NULL)
        *UnicodeStringActualByteCount = out * 2;
    return status;
}

NTSTATUS NTAPI
RtlUnicodeToUTF8N(PCHAR UTF8StringDestination, ULONG UTF8StringMaxByteCount, PULONG UTF8StringActualByteCount,
                  PCWCH UnicodeStringSource, ULONG UnicodeStringByteCount)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG room = UTF8StringDestination == NULL ? MAXULONG : UTF8StringMaxByteCount;
    ULONG out = 0;

    if (UnicodeStringSource == NULL)
        return STATUS_INVALID_PARAMETER_4;
    if (UTF8StringDestination == NULL && UTF8StringActualByteCount == NULL)
        return STATUS_INVALID_PARAMETER;
    if (UnicodeStringByteCount % 2 != 0)
        return STATUS_INVALID_PARAMETER_5;
    for (size_t at = 0, used; at < UnicodeStringByteCount / 2; at += used) {
        char bytes[4];
        uint32_t c = utf16_decode(UnicodeStringSource + at, UnicodeStringByteCount / 2 - at, &used);
        size_t n = utf8_encode(c, bytes);

        if (c == UTF_REPLACEMENT && UnicodeStringSource[at] != UTF_REPLACEMENT)
            status = STATUS_SOME_NOT_MAPPED;
        if (room - out < n) {
            status = STATUS_BUFFER_TOO_SMALL;
            break;
        }
        for (size_t i = 0; UTF8StringDestination != NULL && i < n; i++)
            UTF8StringDestination[out + i] = bytes[i];
        out += (ULONG)n;
    }
    if (UTF8StringActualByteCount != NULL)
        *UTF8StringActualByteCount = out;
    return status;
}
