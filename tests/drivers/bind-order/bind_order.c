/* SPDX-License-Identifier: MIT */
/*
 * bind_order.c - a protocol that looks at the list of its bindings when it is told that their order changed.
 *
 * Model: it binds to nothing, but notes what it is offered. On NetEventBindList it reads Linkage\Bind of its own key,
 * compares the two lists, and stops the machine with how many names there are, whether the lists are equal, and which
 * of the adapters, in the order they were offered in, comes first.
 */
#include "../common/onlooker.h"

#define NAMES_MAX 8

DRIVER_INITIALIZE DriverEntry;

static WCHAR LinkageText[200];
static UNICODE_STRING Linkage;
static WCHAR Offered[NAMES_MAX][80];
static ULONG OfferedCount;

/* The strings of a list, up to the empty one. */
static ULONG
Split(PCWSTR List, ULONG Bytes, PUNICODE_STRING Names)
{
    PCWSTR end = List + Bytes / sizeof(WCHAR);
    ULONG count = 0;

    while (List < end && *List != 0 && count < NAMES_MAX) {
        RtlInitUnicodeString(&Names[count], List);
        List += Names[count++].Length / sizeof(WCHAR) + 1;
    }
    return count;
}

static VOID
Look(PCWSTR List, ULONG Bytes)
{
    static UCHAR buffer[1024];
    UNICODE_STRING value = RTL_CONSTANT_STRING(L"Bind"), told[NAMES_MAX], written[NAMES_MAX], name;
    KEY_VALUE_PARTIAL_INFORMATION *information = (KEY_VALUE_PARTIAL_INFORMATION *)buffer;
    ULONG count = Split(List, Bytes, told), length, i, first = (ULONG)-1;
    OBJECT_ATTRIBUTES attributes;
    BOOLEAN equal = FALSE;
    HANDLE key;

    InitializeObjectAttributes(&attributes, &Linkage, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (NT_SUCCESS(ZwOpenKey(&key, KEY_READ, &attributes))) {
        if (NT_SUCCESS(ZwQueryValueKey(key, &value, KeyValuePartialInformation, buffer, sizeof(buffer), &length)))
            equal = Split((PCWSTR)information->Data, information->DataLength, written) == count;
        ZwClose(key);
    }
    for (i = 0; i < count && equal; i++)
        equal = RtlEqualUnicodeString(&told[i], &written[i], TRUE);
    for (i = 0; i < OfferedCount && count > 0; i++) {
        RtlInitUnicodeString(&name, Offered[i]);
        if (RtlEqualUnicodeString(&told[0], &name, TRUE))
            first = i;
    }
    KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, count, equal, first, OfferedCount);
}

static VOID
Told(PNET_PNP_EVENT Event)
{
    if (Event->NetEvent == NetEventBindList)
        Look(Event->Buffer, Event->BufferLength);
}

static VOID
Note(PNDIS_STRING AdapterName)
{
    if (OfferedCount < NAMES_MAX && AdapterName->Length < sizeof(Offered[0]))
        RtlCopyMemory(Offered[OfferedCount++], AdapterName->Buffer, AdapterName->Length);
}

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING tail = RTL_CONSTANT_STRING(L"\\Linkage");

    RtlInitEmptyUnicodeString(&Linkage, LinkageText, sizeof(LinkageText));
    RtlCopyUnicodeString(&Linkage, RegistryPath);
    if (!NT_SUCCESS(RtlAppendUnicodeStringToString(&Linkage, &tail)))
        return STATUS_NAME_TOO_LONG;
    return OnlookerRegister(DriverObject, L"bind_order", Note, Told);
}
