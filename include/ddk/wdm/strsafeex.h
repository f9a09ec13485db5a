/* SPDX-License-Identifier: MIT */
/*
 * ddk/wdm/strsafeex.h - the Ex forms of the bounded string routines: where the string ends, what is left, flags.
 *
 * Model: each is a check of its arguments (begin), the routine of ntstrsafe.h, and what the flags want done with the
 * destination (end). documented: the pages of each routine; a destination without room, and a NULL without
 * STRSAFE_IGNORE_NULLS, are STATUS_INVALID_PARAMETER.
 */
#ifndef UNDIS_DDK_WDM_STRSAFEEX_H
#define UNDIS_DDK_WDM_STRSAFEEX_H

#define STRSAFE_IGNORE_NULLS 0x00000100
#define STRSAFE_FILL_BEHIND_NULL 0x00000200
#define STRSAFE_FILL_ON_FAILURE 0x00000400
#define STRSAFE_NULL_ON_FAILURE 0x00000800
#define STRSAFE_NO_TRUNCATION 0x00001000
#define STRSAFE_VALID_FLAGS 0x00001fff /* with the fill byte */

/* clang-format off */
#define DDK_STRSAFE_EX(S, T) \
    /* Is the call one that is allowed? *src becomes a string in any case. */ \
    FORCEINLINE BOOLEAN ddk_strsafe_begin##S(const T *dst, SIZE_T cch, const T **src, DWORD flags) \
    { \
        static const T empty[1] = { 0 }; \
        BOOLEAN nulls = (flags & STRSAFE_IGNORE_NULLS) != 0; \
        if (*src == NULL) { \
            *src = empty; \
            if (!nulls) return FALSE; \
        } \
        if ((flags & ~(DWORD)STRSAFE_VALID_FLAGS) != 0 || cch > NTSTRSAFE_MAX_CCH) return FALSE; \
        if (dst == NULL && (!nulls || cch != 0)) return FALSE; \
        return cch != 0 || (nulls && **src == 0); \
    } \
    FORCEINLINE VOID ddk_strsafe_fill##S(T *dst, SIZE_T from, SIZE_T cch, DWORD flags) \
    { \
        UCHAR *p = (UCHAR *)(dst + from); \
        SIZE_T i; \
        for (i = 0; i < (cch - from) * sizeof(T); i++) p[i] = (UCHAR)flags; \
    } \
    /* dst holds a string of cch units, unless status says that the call was wrong. */ \
    FORCEINLINE NTSTATUS ddk_strsafe_end##S(T *dst, SIZE_T cch, T **end, SIZE_T *left, DWORD flags, NTSTATUS status) \
    { \
        SIZE_T n = 0; \
        if (!NT_SUCCESS(status) && dst != NULL && cch != 0 && cch <= NTSTRSAFE_MAX_CCH) { \
            if (flags & STRSAFE_FILL_ON_FAILURE) { \
                ddk_strsafe_fill##S(dst, 0, cch, flags); \
                dst[(UCHAR)flags == 0 ? 0 : cch - 1] = 0; \
            } \
            if (flags & STRSAFE_NULL_ON_FAILURE) dst[0] = 0; \
        } \
        if (status != STATUS_SUCCESS && status != STATUS_BUFFER_OVERFLOW) return status; \
        while (n < cch && dst[n] != 0) n++; \
        if (status == STATUS_SUCCESS && (flags & STRSAFE_FILL_BEHIND_NULL) && n + 1 < cch) \
            ddk_strsafe_fill##S(dst, n + 1, cch, flags); \
        if (end) *end = dst == NULL ? NULL : dst + n; \
        if (left) *left = cch - n; \
        return status; \
    } \
    /* Up to `most` units of src behind the `at` units that dst has, cut where dst ends. */ \
    FORCEINLINE NTSTATUS ddk_strsafe_put##S(T *dst, SIZE_T at, SIZE_T cch, const T *src, SIZE_T most, DWORD flags) \
    { \
        SIZE_T n = 0; \
        NTSTATUS status; \
        while (n < most && at + n < cch && src[n] != 0) n++; \
        status = at + n >= cch && cch != 0 ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS; \
        if (cch != 0 && (status == STATUS_SUCCESS || !(flags & STRSAFE_NO_TRUNCATION))) \
            RtlStringCchCopyN##S(dst + at, cch - at, src, most); \
        return status; \
    } \
    FORCEINLINE NTSTATUS RtlStringCchCopyNEx##S(T *pszDest, SIZE_T cchDest, const T *pszSrc, SIZE_T cchToCopy, \
                                                T **ppszDestEnd, SIZE_T *pcchRemaining, DWORD dwFlags) \
    { \
        NTSTATUS status = STATUS_INVALID_PARAMETER; \
        if (ddk_strsafe_begin##S(pszDest, cchDest, &pszSrc, dwFlags) && cchToCopy <= NTSTRSAFE_MAX_CCH) \
            status = ddk_strsafe_put##S(pszDest, 0, cchDest, pszSrc, cchToCopy, dwFlags); \
        return ddk_strsafe_end##S(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags, status); \
    } \
    FORCEINLINE NTSTATUS RtlStringCchCopyEx##S(T *pszDest, SIZE_T cchDest, const T *pszSrc, T **ppszDestEnd, \
                                               SIZE_T *pcchRemaining, DWORD dwFlags) \
    { \
        return RtlStringCchCopyNEx##S(pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_CCH, ppszDestEnd, pcchRemaining, \
                                   dwFlags); \
    } \
    FORCEINLINE NTSTATUS RtlStringCchCatNEx##S(T *pszDest, SIZE_T cchDest, const T *pszSrc, SIZE_T cchToAppend, \
                                               T **ppszDestEnd, SIZE_T *pcchRemaining, DWORD dwFlags) \
    { \
        NTSTATUS status = STATUS_INVALID_PARAMETER; \
        SIZE_T at = 0; \
        if (ddk_strsafe_begin##S(pszDest, cchDest, &pszSrc, dwFlags) && cchToAppend <= NTSTRSAFE_MAX_CCH) { \
            while (at < cchDest && pszDest[at] != 0) at++; \
            if (at < cchDest || cchDest == 0) \
                status = ddk_strsafe_put##S(pszDest, at, cchDest, pszSrc, cchToAppend, dwFlags); \
        } \
        return ddk_strsafe_end##S(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags, status); \
    } \
    FORCEINLINE NTSTATUS RtlStringCchCatEx##S(T *pszDest, SIZE_T cchDest, const T *pszSrc, T **ppszDestEnd, \
                                              SIZE_T *pcchRemaining, DWORD dwFlags) \
    { \
        return RtlStringCchCatNEx##S(pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_CCH, ppszDestEnd, pcchRemaining, \
                                   dwFlags); \
    } \
    /* The same by bytes; an odd byte at the end counts as left. */ \
    FORCEINLINE NTSTATUS RtlStringCbCopyNEx##S(T *pszDest, SIZE_T cbDest, const T *pszSrc, SIZE_T cbToCopy, \
                                               T **ppszDestEnd, SIZE_T *pcbRemaining, DWORD dwFlags) \
    { \
        SIZE_T left = 0; \
        NTSTATUS status = RtlStringCchCopyNEx##S(pszDest, cbDest / sizeof(T), pszSrc, cbToCopy / sizeof(T), \
                                                 ppszDestEnd, &left, dwFlags); \
        if (pcbRemaining) *pcbRemaining = left * sizeof(T) + cbDest % sizeof(T); \
        return status; \
    } \
    FORCEINLINE NTSTATUS RtlStringCbCopyEx##S(T *pszDest, SIZE_T cbDest, const T *pszSrc, T **ppszDestEnd, \
                                              SIZE_T *pcbRemaining, DWORD dwFlags) \
    { return RtlStringCbCopyNEx##S(pszDest, cbDest, pszSrc, NTSTRSAFE_MAX_CCH, ppszDestEnd, pcbRemaining, dwFlags); } \
    FORCEINLINE NTSTATUS RtlStringCbCatNEx##S(T *pszDest, SIZE_T cbDest, const T *pszSrc, SIZE_T cbToAppend, \
                                              T **ppszDestEnd, SIZE_T *pcbRemaining, DWORD dwFlags) \
    { \
        SIZE_T left = 0; \
        NTSTATUS status = RtlStringCchCatNEx##S(pszDest, cbDest / sizeof(T), pszSrc, cbToAppend / sizeof(T), \
                                                ppszDestEnd, &left, dwFlags); \
        if (pcbRemaining) *pcbRemaining = left * sizeof(T) + cbDest % sizeof(T); \
        return status; \
    } \
    FORCEINLINE NTSTATUS RtlStringCbCatEx##S(T *pszDest, SIZE_T cbDest, const T *pszSrc, T **ppszDestEnd, \
                                             SIZE_T *pcbRemaining, DWORD dwFlags) \
    { return RtlStringCbCatNEx##S(pszDest, cbDest, pszSrc, NTSTRSAFE_MAX_CCH, ppszDestEnd, pcbRemaining, dwFlags); }

/* How long it would be is asked first, so that a destination that may not be cut is left alone. */
#define DDK_STRSAFE_PRINTF_EX(S, T, VPRINT) \
    static inline __attribute__((unused)) NTSTATUS \
    RtlStringCchVPrintfEx##S(T *pszDest, SIZE_T cchDest, T **ppszDestEnd, SIZE_T *pcchRemaining, DWORD dwFlags, \
                             const T *pszFormat, va_list argList) \
    { \
        NTSTATUS status = STATUS_INVALID_PARAMETER; \
        if (ddk_strsafe_begin##S(pszDest, cchDest, &pszFormat, dwFlags)) { \
            va_list again; \
            int n; \
            va_copy(again, argList); \
            n = VPRINT(NULL, 0, pszFormat, again); \
            va_end(again); \
            status = cchDest != 0 && (n < 0 || (SIZE_T)n >= cchDest) ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS; \
            if (cchDest != 0 && (status == STATUS_SUCCESS || !(dwFlags & STRSAFE_NO_TRUNCATION))) \
                RtlStringCchVPrintf##S(pszDest, cchDest, pszFormat, argList); \
        } \
        return ddk_strsafe_end##S(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags, status); \
    } \
    static inline __attribute__((unused)) NTSTATUS \
    RtlStringCbVPrintfEx##S(T *pszDest, SIZE_T cbDest, T **ppszDestEnd, SIZE_T *pcbRemaining, DWORD dwFlags, \
                            const T *pszFormat, va_list argList) \
    { \
        SIZE_T left = 0; \
        NTSTATUS status = RtlStringCchVPrintfEx##S(pszDest, cbDest / sizeof(T), ppszDestEnd, &left, dwFlags, \
                                                   pszFormat, argList); \
        if (pcbRemaining) *pcbRemaining = left * sizeof(T) + cbDest % sizeof(T); \
        return status; \
    } \
    static inline __attribute__((unused)) NTSTATUS \
    RtlStringCchPrintfEx##S(T *pszDest, SIZE_T cchDest, T **ppszDestEnd, SIZE_T *pcchRemaining, DWORD dwFlags, \
                            const T *pszFormat, ...) \
    { \
        NTSTATUS status; \
        va_list ap; \
        va_start(ap, pszFormat); \
        status = RtlStringCchVPrintfEx##S(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags, pszFormat, ap); \
        va_end(ap); \
        return status; \
    } \
    static inline __attribute__((unused)) NTSTATUS \
    RtlStringCbPrintfEx##S(T *pszDest, SIZE_T cbDest, T **ppszDestEnd, SIZE_T *pcbRemaining, DWORD dwFlags, \
                           const T *pszFormat, ...) \
    { \
        NTSTATUS status; \
        va_list ap; \
        va_start(ap, pszFormat); \
        status = RtlStringCbVPrintfEx##S(pszDest, cbDest, ppszDestEnd, pcbRemaining, dwFlags, pszFormat, ap); \
        va_end(ap); \
        return status; \
    }
/* clang-format on */

DDK_STRSAFE_EX(A, char)
DDK_STRSAFE_EX(W, WCHAR)
#if !defined(UNDIS_HOST)
DDK_STRSAFE_PRINTF_EX(A, char, _vsnprintf)
DDK_STRSAFE_PRINTF_EX(W, WCHAR, _vsnwprintf)
#endif
#undef DDK_STRSAFE_EX
#undef DDK_STRSAFE_PRINTF_EX

#endif /* UNDIS_DDK_WDM_STRSAFEEX_H */
