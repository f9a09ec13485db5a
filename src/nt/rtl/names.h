/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl/names.h - exports whose name the host's C library or a macro of the kit has taken: what implements them.
 * Included last, by the file with the table of exports only.
 */
#undef InitializeSListHead
#undef ExInterlockedPopEntrySList
#undef ExInterlockedPushEntrySList
#undef ExInterlockedFlushSList
#define InitializeSListHead         InitializeSListHead_
#define ExInterlockedPopEntrySList  ExInterlockedPopEntrySList_
#define ExInterlockedPushEntrySList ExInterlockedPushEntrySList_
#define ExInterlockedFlushSList     ExInterlockedFlushSList_
#undef RtlCopyMemory
#undef RtlMoveMemory
#undef RtlFillMemory
#undef RtlZeroMemory
#define RtlCopyMemory rtl_RtlCopyMemory
#define RtlMoveMemory rtl_RtlMoveMemory
#define RtlFillMemory rtl_RtlFillMemory
#define RtlZeroMemory rtl_RtlZeroMemory
#define memcpy        crt_memcpy
#define memmove       crt_memmove
#define memset        crt_memset
#define memcmp        crt_memcmp
#define memchr        crt_memchr
#define memcpy_s      crt_memcpy_s
#define memmove_s     crt_memmove_s
#define strlen        crt_strlen
#define strnlen       crt_strnlen
#define strcmp        crt_strcmp
#define strncmp       crt_strncmp
#define _stricmp      crt__stricmp
#define _strnicmp     crt__strnicmp
#define strcpy        crt_strcpy
#define strncpy       crt_strncpy
#define strcat        crt_strcat
#define strncat       crt_strncat
#define strchr        crt_strchr
#define strrchr       crt_strrchr
#define strstr        crt_strstr
#define _strupr       crt__strupr
#define _strlwr       crt__strlwr
#define strcpy_s      crt_strcpy_s
#define strncpy_s     crt_strncpy_s
#define strcat_s      crt_strcat_s
#define wcslen        crt_wcslen
#define wcsnlen       crt_wcsnlen
#define wcscmp        crt_wcscmp
#define wcsncmp       crt_wcsncmp
#define _wcsicmp      crt__wcsicmp
#define _wcsnicmp     crt__wcsnicmp
#define wcscpy        crt_wcscpy
#define wcsncpy       crt_wcsncpy
#define wcscat        crt_wcscat
#define wcsncat       crt_wcsncat
#define wcschr        crt_wcschr
#define wcsrchr       crt_wcsrchr
#define wcsstr        crt_wcsstr
#define wcscpy_s      crt_wcscpy_s
#define wcsncpy_s     crt_wcsncpy_s
#define wcscat_s      crt_wcscat_s
#define toupper       crt_toupper
#define tolower       crt_tolower
#define towupper      crt_towupper
#define towlower      crt_towlower
#define isdigit       crt_isdigit
#define isxdigit      crt_isxdigit
#define isspace       crt_isspace
#define isalpha       crt_isalpha
#define isalnum       crt_isalnum
#define isprint       crt_isprint
#define isupper       crt_isupper
#define islower       crt_islower
#define atoi          crt_atoi
#define atol          crt_atol
#define strtol        crt_strtol
#define strtoul       crt_strtoul
#define rand          crt_rand
#define srand         crt_srand
#define qsort         crt_qsort
#define _vsnprintf    crt__vsnprintf
#define _vsnwprintf   crt__vsnwprintf
#define vsprintf      crt_vsprintf
#define vsprintf_s    crt_vsprintf_s
#define vswprintf_s   crt_vswprintf_s
#define _vsnprintf_s  crt__vsnprintf_s
#define _vsnwprintf_s crt__vsnwprintf_s
