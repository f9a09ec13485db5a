/* SPDX-License-Identifier: MIT */
/*
 * ddk/guiddef.h - GUID, and DEFINE_GUID in its two meanings.
 *
 * Model: DEFINE_GUID declares. After initguid.h has been included it defines, in
 * a section the linker folds, so several files may define the same GUID.
 */
#ifndef UNDIS_DDK_GUIDDEF_H
#define UNDIS_DDK_GUIDDEF_H

#include "ddkenv.h"

#ifndef GUID_DEFINED
#define GUID_DEFINED
typedef struct _GUID {
    __UINT32_TYPE__ Data1;
    __UINT16_TYPE__ Data2;
    __UINT16_TYPE__ Data3;
    __UINT8_TYPE__ Data4[8];
} GUID, *PGUID, *LPGUID, UUID;
typedef const GUID *LPCGUID, *PCGUID;
typedef GUID CLSID, *LPCLSID, IID, *LPIID;
#define REFGUID const GUID *
#define REFIID const GUID *
#define REFCLSID const GUID *
#endif

#define IsEqualGUID(a, b) (!__builtin_memcmp((a), (b), sizeof(GUID)))
#define InlineIsEqualGUID(a, b) IsEqualGUID(a, b)
#define IsEqualIID(a, b) IsEqualGUID(a, b)

#endif /* UNDIS_DDK_GUIDDEF_H */

#undef DEFINE_GUID
#if defined(INITGUID)
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
    extern const GUID name; \
    const GUID __attribute__((weak)) name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) extern const GUID name
#endif
