/* SPDX-License-Identifier: MIT */
/* choice.c - see choice.h. */
#include "choice.h"

#define PATH_CHARS 200

ULONG
ReadChoice(PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Choice");
    UCHAR buffer[sizeof(KEY_VALUE_PARTIAL_INFORMATION) + sizeof(ULONG)];
    PKEY_VALUE_PARTIAL_INFORMATION value = (PKEY_VALUE_PARTIAL_INFORMATION)buffer;
    WCHAR path[PATH_CHARS];
    UNICODE_STRING where = { 0, sizeof(path), path };
    OBJECT_ATTRIBUTES attributes;
    ULONG length, choice = 0;
    HANDLE key;

    RtlCopyUnicodeString(&where, RegistryPath);
    if (!NT_SUCCESS(RtlAppendUnicodeToString(&where, L"\\Parameters")))
        return 0;
    InitializeObjectAttributes(&attributes, &where, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    if (!NT_SUCCESS(ZwOpenKey(&key, KEY_READ, &attributes)))
        return 0;
    if (NT_SUCCESS(ZwQueryValueKey(key, &name, KeyValuePartialInformation, value, sizeof(buffer), &length)) &&
        value->Type == REG_DWORD)
        RtlCopyMemory(&choice, value->Data, sizeof(choice));
    ZwClose(key);
    return choice;
}
