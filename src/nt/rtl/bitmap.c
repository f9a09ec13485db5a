/* SPDX-License-Identifier: MIT */
/* nt/rtl/bitmap.c - RTL_BITMAP and bit questions. Bit n is bit n%32 of ULONG n/32. */
#include "nt/rtl/rtl.h"

#define NOT_FOUND 0xffffffffu

static bool
bit(const RTL_BITMAP *map, ULONG n)
{
    return (map->Buffer[n / 32] >> (n % 32) & 1) != 0;
}

static void
put(RTL_BITMAP *map, ULONG n, bool value)
{
    if (value)
        map->Buffer[n / 32] |= 1u << (n % 32);
    else
        map->Buffer[n / 32] &= ~(1u << (n % 32));
}

static void
put_run(RTL_BITMAP *map, ULONG start, ULONG count, bool value)
{
    for (ULONG i = 0; i < count; i++)
        put(map, start + i, value);
}

/* First run of `count` bits equal to value that begins in [from, to). */
static ULONG
find_from(const RTL_BITMAP *map, ULONG count, ULONG from, ULONG to, bool value)
{
    ULONG run = 0;

    for (ULONG i = from; i < map->SizeOfBitMap; i++) {
        run = bit(map, i) == value ? run + 1 : 0;
        if (run == 0 && i + 1 >= to)
            break;
        if (run == count)
            return i + 1 - count;
    }
    return NOT_FOUND;
}

/* documented: begins at the hint, then at the start; a count of 0 finds the hint rounded down to a byte. */
static ULONG
find(const RTL_BITMAP *map, ULONG count, ULONG hint, bool value)
{
    ULONG at;

    if (hint >= map->SizeOfBitMap)
        hint = 0;
    if (count == 0)
        return hint & ~7u;
    if (count > map->SizeOfBitMap)
        return NOT_FOUND;
    at = find_from(map, count, hint, map->SizeOfBitMap, value);
    return at != NOT_FOUND || hint == 0 ? at : find_from(map, count, 0, hint, value);
}

static ULONG
count_set(const RTL_BITMAP *map)
{
    ULONG n = 0;

    for (ULONG i = 0; i < map->SizeOfBitMap; i++)
        n += bit(map, i);
    return n;
}

VOID NTAPI
RtlInitializeBitMap(PRTL_BITMAP BitMapHeader, PULONG BitMapBuffer, ULONG SizeOfBitMap)
{
    BitMapHeader->SizeOfBitMap = SizeOfBitMap;
    BitMapHeader->Buffer = BitMapBuffer;
}

VOID NTAPI
RtlClearBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    put(BitMapHeader, BitNumber, false);
}

VOID NTAPI
RtlSetBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    put(BitMapHeader, BitNumber, true);
}

BOOLEAN NTAPI
RtlTestBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    return bit(BitMapHeader, BitNumber);
}

VOID NTAPI
RtlClearAllBits(PRTL_BITMAP BitMapHeader)
{
    __builtin_memset(BitMapHeader->Buffer, 0, (BitMapHeader->SizeOfBitMap + 31) / 32 * 4);
}

VOID NTAPI
RtlSetAllBits(PRTL_BITMAP BitMapHeader)
{
    __builtin_memset(BitMapHeader->Buffer, 0xff, (BitMapHeader->SizeOfBitMap + 31) / 32 * 4);
}

VOID NTAPI
RtlClearBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToClear)
{
    put_run(BitMapHeader, StartingIndex, NumberToClear, false);
}

VOID NTAPI
RtlSetBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToSet)
{
    put_run(BitMapHeader, StartingIndex, NumberToSet, true);
}

ULONG NTAPI
RtlFindClearBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    return find(BitMapHeader, NumberToFind, HintIndex, false);
}

ULONG NTAPI
RtlFindSetBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    return find(BitMapHeader, NumberToFind, HintIndex, true);
}

ULONG NTAPI
RtlFindClearBitsAndSet(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    ULONG at = find(BitMapHeader, NumberToFind, HintIndex, false);

    if (at != NOT_FOUND)
        put_run(BitMapHeader, at, NumberToFind, true);
    return at;
}

ULONG NTAPI
RtlFindSetBitsAndClear(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    ULONG at = find(BitMapHeader, NumberToFind, HintIndex, true);

    if (at != NOT_FOUND)
        put_run(BitMapHeader, at, NumberToFind, false);
    return at;
}

ULONG NTAPI
RtlNumberOfSetBits(PRTL_BITMAP BitMapHeader)
{
    return count_set(BitMapHeader);
}

ULONG NTAPI
RtlNumberOfClearBits(PRTL_BITMAP BitMapHeader)
{
    return BitMapHeader->SizeOfBitMap - count_set(BitMapHeader);
}

ULONG NTAPI
RtlNumberOfSetBitsUlongPtr(ULONG_PTR Target)
{
    return (ULONG)__builtin_popcountll(Target);
}

/* documented: -1 for an empty set. */
CCHAR NTAPI
RtlFindLeastSignificantBit(ULONGLONG Set)
{
    return (CCHAR)(Set == 0 ? -1 : __builtin_ctzll(Set));
}

CCHAR NTAPI
RtlFindMostSignificantBit(ULONGLONG Set)
{
    return (CCHAR)(Set == 0 ? -1 : 63 - __builtin_clzll(Set));
}
