/* SPDX-License-Identifier: MIT */
/*
 * ndis/misc_string.c - counted strings: the kernel's run-time library in ndis's names.
 */
#include "ndis/misc.h"

#include <string.h>

#include "nt/ex/ex.h"

#define STRING_TAG 0x74734E44u /* DNst */

/* NdisInitUnicodeString - describe a zero-terminated string. Source: documented. IRQL: any. Borrows SourceString. */
void NTAPI
NdisInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    RtlInitUnicodeString(DestinationString, SourceString);
}

/*
 * NdisInitializeString - an ANSI string as a Unicode string in memory of its own.
 *
 * Source:    documented; assumed: without memory the string is empty with a NULL buffer.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: the caller takes Destination->Buffer until NdisFreeString, that is NdisFreeMemory.
 */
void NTAPI
NdisInitializeString(PNDIS_STRING Destination, PUCHAR Source)
{
    size_t length = strlen((const char *)Source);

    Destination->Length = Destination->MaximumLength = 0;
    Destination->Buffer = ex_pool_alloc(NonPagedPool, (length + 1) * sizeof(WCHAR), STRING_TAG, 0);
    if (Destination->Buffer == NULL)
        return;
    for (size_t i = 0; i <= length; i++)
        Destination->Buffer[i] = Source[i];
    Destination->Length = (USHORT)(length * sizeof(WCHAR));
    Destination->MaximumLength = (USHORT)((length + 1) * sizeof(WCHAR));
}

/* What the conversions below say of the run-time library's statuses. documented: SUCCESS, RESOURCES; else FAILURE. */
static NDIS_STATUS
converted(NTSTATUS status)
{
    switch (status) {
    case STATUS_SUCCESS:
        return NDIS_STATUS_SUCCESS;
    case STATUS_INSUFFICIENT_RESOURCES:
        return NDIS_STATUS_RESOURCES;
    default:
        return NDIS_STATUS_FAILURE;
    }
}

/*
 * NdisAnsiStringToUnicodeString, NdisUnicodeStringToAnsiString, NdisUpcaseUnicodeString - into the caller's buffer.
 *
 * Source:    documented. IRQL: PASSIVE_LEVEL.
 */
NDIS_STATUS NTAPI
NdisAnsiStringToUnicodeString(PUNICODE_STRING DestinationString, PANSI_STRING SourceString)
{
    return converted(RtlAnsiStringToUnicodeString(DestinationString, SourceString, FALSE));
}

NDIS_STATUS NTAPI
NdisUnicodeStringToAnsiString(PANSI_STRING DestinationString, PUNICODE_STRING SourceString)
{
    return converted(RtlUnicodeStringToAnsiString(DestinationString, SourceString, FALSE));
}

NDIS_STATUS NTAPI
NdisUpcaseUnicodeString(PUNICODE_STRING DestinationString, PUNICODE_STRING SourceString)
{
    return converted(RtlUpcaseUnicodeString(DestinationString, SourceString, FALSE));
}

/* NdisEqualString - Source: documented. IRQL: PASSIVE_LEVEL. */
BOOLEAN NTAPI
NdisEqualString(PNDIS_STRING String1, PNDIS_STRING String2, BOOLEAN CaseInsensitive)
{
    return RtlEqualUnicodeString(String1, String2, CaseInsensitive);
}
