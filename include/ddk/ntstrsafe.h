/* SPDX-License-Identifier: MIT */
/*
 * ddk/ntstrsafe.h - bounded string routines, all inline.
 *
 * Model: each routine takes the destination's size, always terminates it and says
 * STATUS_BUFFER_OVERFLOW when it had to cut. Cch counts characters, Cb bytes. The
 * printf family rests on the kernel's _vsnprintf and _vsnwprintf, so it is for
 * drivers only.
 */
#ifndef UNDIS_DDK_NTSTRSAFE_H
#define UNDIS_DDK_NTSTRSAFE_H

#include "ntdef.h"
#include "ntstatus.h"
#include "wdm/rtl.h"

#define NTSTRSAFE_MAX_CCH 2147483647
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH 32767
#define STRSAFE_MAX_CCH NTSTRSAFE_MAX_CCH

typedef char *NTSTRSAFE_PSTR;
typedef const char *NTSTRSAFE_PCSTR;
typedef WCHAR *NTSTRSAFE_PWSTR;
typedef const WCHAR *NTSTRSAFE_PCWSTR;

/* One set for each character type T: Length, Copy, CopyN, Cat, by characters and by bytes. */
/* clang-format off */
#define DDK_STRSAFE(S, T, MAXCCH) \
    FORCEINLINE NTSTATUS RtlStringCchLength##S(const T *psz, SIZE_T cchMax, SIZE_T *pcchLength) \
    { \
        SIZE_T n = 0; \
        if (psz == NULL || cchMax > (MAXCCH)) { \
            if (pcchLength) *pcchLength = 0; \
            return STATUS_INVALID_PARAMETER; \
        } \
        while (n < cchMax && psz[n] != 0) n++; \
        if (n == cchMax) { \
            if (pcchLength) *pcchLength = 0; \
            return STATUS_INVALID_PARAMETER; \
        } \
        if (pcchLength) *pcchLength = n; \
        return STATUS_SUCCESS; \
    } \
    FORCEINLINE NTSTATUS RtlStringCbLength##S(const T *psz, SIZE_T cbMax, SIZE_T *pcbLength) \
    { \
        SIZE_T n = 0; \
        NTSTATUS status = RtlStringCchLength##S(psz, cbMax / sizeof(T), &n); \
        if (pcbLength) *pcbLength = n * sizeof(T); \
        return status; \
    } \
    FORCEINLINE NTSTATUS RtlStringCchCopyN##S(T *pszDest, SIZE_T cchDest, const T *pszSrc, SIZE_T cchToCopy) \
    { \
        SIZE_T n = 0; \
        if (cchDest == 0 || cchDest > (MAXCCH) || cchToCopy > (MAXCCH)) return STATUS_INVALID_PARAMETER; \
        while (n < cchDest - 1 && n < cchToCopy && pszSrc[n] != 0) { pszDest[n] = pszSrc[n]; n++; } \
        pszDest[n] = 0; \
        return n < cchToCopy && n == cchDest - 1 && pszSrc[n] != 0 ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS; \
    } \
    FORCEINLINE NTSTATUS RtlStringCchCopy##S(T *pszDest, SIZE_T cchDest, const T *pszSrc) \
    { return RtlStringCchCopyN##S(pszDest, cchDest, pszSrc, (MAXCCH)); } \
    FORCEINLINE NTSTATUS RtlStringCbCopy##S(T *pszDest, SIZE_T cbDest, const T *pszSrc) \
    { return RtlStringCchCopy##S(pszDest, cbDest / sizeof(T), pszSrc); } \
    FORCEINLINE NTSTATUS RtlStringCbCopyN##S(T *pszDest, SIZE_T cbDest, const T *pszSrc, SIZE_T cbToCopy) \
    { return RtlStringCchCopyN##S(pszDest, cbDest / sizeof(T), pszSrc, cbToCopy / sizeof(T)); } \
    FORCEINLINE NTSTATUS RtlStringCchCatN##S(T *pszDest, SIZE_T cchDest, const T *pszSrc, SIZE_T cchToAppend) \
    { \
        SIZE_T n; \
        NTSTATUS status = RtlStringCchLength##S(pszDest, cchDest, &n); \
        return NT_SUCCESS(status) ? RtlStringCchCopyN##S(pszDest + n, cchDest - n, pszSrc, cchToAppend) : status; \
    } \
    FORCEINLINE NTSTATUS RtlStringCchCat##S(T *pszDest, SIZE_T cchDest, const T *pszSrc) \
    { return RtlStringCchCatN##S(pszDest, cchDest, pszSrc, (MAXCCH)); } \
    FORCEINLINE NTSTATUS RtlStringCbCat##S(T *pszDest, SIZE_T cbDest, const T *pszSrc) \
    { return RtlStringCchCat##S(pszDest, cbDest / sizeof(T), pszSrc); } \
    FORCEINLINE NTSTATUS RtlStringCbCatN##S(T *pszDest, SIZE_T cbDest, const T *pszSrc, SIZE_T cbToAppend) \
    { return RtlStringCchCatN##S(pszDest, cbDest / sizeof(T), pszSrc, cbToAppend / sizeof(T)); }
/* clang-format on */

DDK_STRSAFE(A, char, NTSTRSAFE_MAX_CCH)
DDK_STRSAFE(W, WCHAR, NTSTRSAFE_MAX_CCH)
#undef DDK_STRSAFE

#if !defined(UNDIS_HOST)
/* clang-format off */
#define DDK_STRSAFE_PRINTF(S, T, VPRINT) \
    FORCEINLINE NTSTATUS RtlStringCchVPrintf##S(T *pszDest, SIZE_T cchDest, const T *pszFormat, va_list argList) \
    { \
        int n; \
        if (cchDest == 0 || cchDest > NTSTRSAFE_MAX_CCH) return STATUS_INVALID_PARAMETER; \
        n = VPRINT(pszDest, cchDest - 1, pszFormat, argList); \
        if (n < 0 || (SIZE_T)n > cchDest - 1) { \
            pszDest[cchDest - 1] = 0; \
            return STATUS_BUFFER_OVERFLOW; \
        } \
        pszDest[n] = 0; \
        return STATUS_SUCCESS; \
    } \
    FORCEINLINE NTSTATUS RtlStringCbVPrintf##S(T *pszDest, SIZE_T cbDest, const T *pszFormat, va_list argList) \
    { return RtlStringCchVPrintf##S(pszDest, cbDest / sizeof(T), pszFormat, argList); } \
    static inline __attribute__((unused)) NTSTATUS \
    RtlStringCchPrintf##S(T *pszDest, SIZE_T cchDest, const T *pszFormat, ...) \
    { \
        NTSTATUS status; \
        va_list ap; \
        va_start(ap, pszFormat); \
        status = RtlStringCchVPrintf##S(pszDest, cchDest, pszFormat, ap); \
        va_end(ap); \
        return status; \
    } \
    static inline __attribute__((unused)) NTSTATUS \
    RtlStringCbPrintf##S(T *pszDest, SIZE_T cbDest, const T *pszFormat, ...) \
    { \
        NTSTATUS status; \
        va_list ap; \
        va_start(ap, pszFormat); \
        status = RtlStringCbVPrintf##S(pszDest, cbDest, pszFormat, ap); \
        va_end(ap); \
        return status; \
    }
/* clang-format on */

DDK_STRSAFE_PRINTF(A, char, _vsnprintf)
DDK_STRSAFE_PRINTF(W, WCHAR, _vsnwprintf)
#undef DDK_STRSAFE_PRINTF
#endif

#include "wdm/strsafeex.h"

/* --- counted strings --- */

FORCEINLINE NTSTATUS
RtlUnicodeStringInit(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc)
{
    SIZE_T n = 0;
    NTSTATUS status = STATUS_SUCCESS;

    if (pszSrc != NULL)
        status = RtlStringCchLengthW(pszSrc, NTSTRSAFE_UNICODE_STRING_MAX_CCH, &n);
    if (!NT_SUCCESS(status))
        return status;
    DestinationString->Buffer = (PWCH)pszSrc;
    DestinationString->Length = (USHORT)(n * sizeof(WCHAR));
    DestinationString->MaximumLength = (USHORT)(pszSrc != NULL ? (n + 1) * sizeof(WCHAR) : 0);
    return STATUS_SUCCESS;
}

/* Appends as much as fits, from byte offset Length of the destination. */
FORCEINLINE NTSTATUS
ddk_unicode_append(PUNICODE_STRING dst, NTSTRSAFE_PCWSTR src, SIZE_T cch)
{
    SIZE_T at = dst->Length / sizeof(WCHAR);
    SIZE_T room = dst->MaximumLength / sizeof(WCHAR) - at;
    SIZE_T i;

    for (i = 0; i < cch && i < room; i++)
        dst->Buffer[at + i] = src[i];
    dst->Length = (USHORT)((at + i) * sizeof(WCHAR));
    return i < cch ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

FORCEINLINE NTSTATUS
RtlUnicodeStringCatString(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc)
{
    SIZE_T n;
    NTSTATUS status = RtlStringCchLengthW(pszSrc, NTSTRSAFE_UNICODE_STRING_MAX_CCH, &n);

    return NT_SUCCESS(status) ? ddk_unicode_append(DestinationString, pszSrc, n) : status;
}

FORCEINLINE NTSTATUS
RtlUnicodeStringCat(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString)
{
    return ddk_unicode_append(DestinationString, SourceString->Buffer, SourceString->Length / sizeof(WCHAR));
}

FORCEINLINE NTSTATUS
RtlUnicodeStringCopyString(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc)
{
    DestinationString->Length = 0;
    return RtlUnicodeStringCatString(DestinationString, pszSrc);
}

FORCEINLINE NTSTATUS
RtlUnicodeStringCopy(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString)
{
    DestinationString->Length = 0;
    return RtlUnicodeStringCat(DestinationString, SourceString);
}

#if !defined(UNDIS_HOST)
static inline __attribute__((unused)) NTSTATUS
RtlUnicodeStringPrintf(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszFormat, ...)
{
    SIZE_T room = DestinationString->MaximumLength / sizeof(WCHAR);
    va_list ap;
    int n;

    va_start(ap, pszFormat);
    n = _vsnwprintf(DestinationString->Buffer, room, pszFormat, ap);
    va_end(ap);
    if (n < 0 || (SIZE_T)n > room) {
        DestinationString->Length = (USHORT)(room * sizeof(WCHAR));
        return STATUS_BUFFER_OVERFLOW;
    }
    DestinationString->Length = (USHORT)((SIZE_T)n * sizeof(WCHAR));
    return STATUS_SUCCESS;
}
#endif

#endif /* UNDIS_DDK_NTSTRSAFE_H */
