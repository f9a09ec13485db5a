/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl/version.c - which Windows this is: a workstation of the release that nt/profile.h says.
 */
#include "nt/profile.h"
#include "nt/rtl/rtl.h"

#define MAJOR nt_profile_ask(PROFILE_MAJOR)
#define MINOR nt_profile_ask(PROFILE_MINOR)
#define BUILD nt_profile_ask(PROFILE_BUILD)

/* documented: STATUS_SUCCESS always. The extended structure is told by its size. */
NTSTATUS NTAPI
RtlGetVersion(PRTL_OSVERSIONINFOW lpVersionInformation)
{
    RTL_OSVERSIONINFOEXW *ex = (RTL_OSVERSIONINFOEXW *)lpVersionInformation;

    lpVersionInformation->dwMajorVersion = MAJOR;
    lpVersionInformation->dwMinorVersion = MINOR;
    lpVersionInformation->dwBuildNumber = BUILD;
    lpVersionInformation->dwPlatformId = VER_PLATFORM_WIN32_NT;
    RtlZeroMemory(lpVersionInformation->szCSDVersion, sizeof(lpVersionInformation->szCSDVersion));
    if (lpVersionInformation->dwOSVersionInfoSize >= sizeof(*ex)) {
        ex->wServicePackMajor = ex->wServicePackMinor = 0;
        ex->wSuiteMask = 0x100; /* VER_SUITE_SINGLEUSERTS */
        ex->wProductType = NtProductWinNt;
        ex->wReserved = 0;
    }
    return STATUS_SUCCESS;
}

/* documented: TRUE on a checked build; any argument may be NULL. */
BOOLEAN NTAPI
PsGetVersion(PULONG MajorVersion, PULONG MinorVersion, PULONG BuildNumber, PUNICODE_STRING CSDVersion)
{
    if (MajorVersion != NULL)
        *MajorVersion = MAJOR;
    if (MinorVersion != NULL)
        *MinorVersion = MINOR;
    if (BuildNumber != NULL)
        *BuildNumber = BUILD;
    if (CSDVersion != NULL)
        CSDVersion->Length = 0;
    return (BOOLEAN)nt_profile_ask(PROFILE_CHECKED);
}

/* documented: is this WDM or a later one offered? From Vista on it is 6.00 (documented), whatever the release. */
BOOLEAN NTAPI
IoIsWdmVersionAvailable(UCHAR MajorVersion, UCHAR MinorVersion)
{
    return MajorVersion < 6 || (MajorVersion == 6 && MinorVersion == 0);
}

/* documented: three bits of condition per type, in the order of the VER_* bits. */
ULONGLONG NTAPI
VerSetConditionMask(ULONGLONG ConditionMask, ULONG TypeMask, UCHAR Condition)
{
    for (unsigned i = 0; i < 8; i++)
        if (TypeMask >> i & 1)
            return ConditionMask | (ULONGLONG)(Condition & VER_CONDITION_MASK) << (i * VER_NUM_BITS_PER_CONDITION_MASK);
    return ConditionMask;
}

static unsigned
condition_of(ULONGLONG mask, ULONG type)
{
    return (unsigned)(mask >> ((unsigned)__builtin_ctz(type) * VER_NUM_BITS_PER_CONDITION_MASK)) & VER_CONDITION_MASK;
}

static bool
holds(ULONG have, unsigned condition, ULONG want)
{
    switch (condition) {
    case VER_EQUAL:
        return have == want;
    case VER_GREATER:
        return have > want;
    case VER_GREATER_EQUAL:
        return have >= want;
    case VER_LESS:
        return have < want;
    case VER_LESS_EQUAL:
        return have <= want;
    default:
        return false;
    }
}

/* documented: major, minor and service pack are compared one after the other, by the condition of the first asked. */
NTSTATUS NTAPI
RtlVerifyVersionInfo(PRTL_OSVERSIONINFOEXW VersionInfo, ULONG TypeMask, ULONGLONG ConditionMask)
{
    const struct {
        ULONG type, have, want;
    } ordered[] = {
        { VER_MAJORVERSION, MAJOR, VersionInfo->dwMajorVersion },
        { VER_MINORVERSION, MINOR, VersionInfo->dwMinorVersion },
        { VER_SERVICEPACKMAJOR, 0, VersionInfo->wServicePackMajor },
        { VER_SERVICEPACKMINOR, 0, VersionInfo->wServicePackMinor },
    };
    bool decided = false;

    if (TypeMask == 0 || ConditionMask == 0)
        return STATUS_INVALID_PARAMETER;
    for (unsigned i = 0; i < 4 && !decided; i++) {
        unsigned condition = condition_of(ConditionMask, ordered[i].type);

        if (!(TypeMask & ordered[i].type))
            continue;
        if (ordered[i].have != ordered[i].want) {
            if (!holds(ordered[i].have, condition, ordered[i].want))
                return STATUS_REVISION_MISMATCH;
            decided = true;
        } else if (condition == VER_GREATER || condition == VER_LESS) {
            bool last = true;

            for (unsigned k = i + 1; k < 4; k++)
                last &= !(TypeMask & ordered[k].type);
            if (last)
                return STATUS_REVISION_MISMATCH;
        }
    }
    if ((TypeMask & VER_BUILDNUMBER) &&
        !holds(BUILD, condition_of(ConditionMask, VER_BUILDNUMBER), VersionInfo->dwBuildNumber))
        return STATUS_REVISION_MISMATCH;
    if ((TypeMask & VER_PLATFORMID) &&
        !holds(VER_PLATFORM_WIN32_NT, condition_of(ConditionMask, VER_PLATFORMID), VersionInfo->dwPlatformId))
        return STATUS_REVISION_MISMATCH;
    if ((TypeMask & VER_PRODUCT_TYPE) &&
        !holds(NtProductWinNt, condition_of(ConditionMask, VER_PRODUCT_TYPE), VersionInfo->wProductType))
        return STATUS_REVISION_MISMATCH;
    return STATUS_SUCCESS;
}

/* documented: is this Windows the given version (sspv encoding 0xMMmmSSpp) or later? */
BOOLEAN NTAPI
RtlIsNtDdiVersionAvailable(ULONG Version)
{
    return (Version & 0xffff) == 0 && Version <= (MAJOR << 24 | MINOR << 16);
}
