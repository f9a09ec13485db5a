/* SPDX-License-Identifier: MIT */
/* cm_key.c - keys: making, opening, naming, counting, enumerating, deleting; the Rtl routines over them. */
#include "ddi.h"

#define KEY_NAME L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\ddi\\Keys"

typedef union _INFORMATION {
    KEY_BASIC_INFORMATION Basic;
    KEY_FULL_INFORMATION Full;
    KEY_VALUE_BASIC_INFORMATION ValueBasic;
    KEY_VALUE_FULL_INFORMATION ValueFull;
    UCHAR Bytes[256];
} INFORMATION;

static HANDLE
MakeKey(HANDLE Parent, PCWSTR Text, PULONG Disposition)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;
    HANDLE key = NULL;

    RtlInitUnicodeString(&name, Text);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, Parent, NULL);
    CHECK(ZwCreateKey(&key, KEY_ALL_ACCESS, &attributes, 0, NULL, REG_OPTION_VOLATILE, Disposition) == STATUS_SUCCESS);
    return key;
}

static VOID
MakeAndDelete(VOID)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;
    ULONG disposition = 0;
    HANDLE key = MakeKey(NULL, KEY_NAME, &disposition), child, again;

    REQUIRE(key != NULL);
    CHECK(disposition == REG_CREATED_NEW_KEY);
    child = MakeKey(key, L"child", &disposition);
    REQUIRE(child != NULL);
    CHECK(disposition == REG_CREATED_NEW_KEY);
    again = MakeKey(key, L"CHILD", &disposition);
    REQUIRE(again != NULL);
    CHECK(disposition == REG_OPENED_EXISTING_KEY);
    ZwClose(again);
    RtlInitUnicodeString(&name, L"child");
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, key, NULL);
    CHECK(ZwOpenKeyEx(&again, KEY_READ, &attributes, 0) == STATUS_SUCCESS);
    ZwClose(again);
    CHECK(ZwFlushKey(child) == STATUS_SUCCESS);
    CHECK(ZwDeleteKey(key) == STATUS_CANNOT_DELETE); /* documented: not while it has subkeys */
    CHECK(ZwDeleteKey(child) == STATUS_SUCCESS);
    ZwClose(child);
    CHECK(ZwOpenKeyEx(&again, KEY_READ, &attributes, 0) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(ZwDeleteKey(key) == STATUS_SUCCESS);
    ZwClose(key);
}

static VOID
Enumerates(VOID)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Speed");
    UNICODE_STRING other = RTL_CONSTANT_STRING(L"Label");
    HANDLE key = MakeKey(NULL, KEY_NAME, NULL), a, b;
    INFORMATION info;
    ULONG value = 100, length = 0;

    REQUIRE(key != NULL);
    a = MakeKey(key, L"a", NULL);
    b = MakeKey(key, L"longer", NULL);
    CHECK(ZwSetValueKey(key, &name, 0, REG_DWORD, &value, sizeof(value)) == STATUS_SUCCESS);
    CHECK(ZwSetValueKey(key, &other, 0, REG_SZ, (PVOID)L"x", 4) == STATUS_SUCCESS);

    CHECK(ZwQueryKey(key, KeyFullInformation, &info, sizeof(info), &length) == STATUS_SUCCESS);
    CHECK(info.Full.SubKeys == 2 && info.Full.Values == 2);
    CHECK(info.Full.MaxNameLen == 12 && info.Full.MaxValueNameLen == 10 && info.Full.MaxValueDataLen == 4);
    CHECK(ZwQueryKey(key, KeyBasicInformation, &info, 4, &length) == STATUS_BUFFER_TOO_SMALL);
    CHECK(ZwQueryKey(key, KeyBasicInformation, &info, FIELD_OFFSET(KEY_BASIC_INFORMATION, Name) + 2, &length) ==
          STATUS_BUFFER_OVERFLOW);
    CHECK(length == FIELD_OFFSET(KEY_BASIC_INFORMATION, Name) + 8);
    CHECK(ZwQueryKey(key, (KEY_INFORMATION_CLASS)99, &info, sizeof(info), &length) == STATUS_INVALID_PARAMETER);

    CHECK(ZwEnumerateKey(key, 0, KeyBasicInformation, &info, sizeof(info), &length) == STATUS_SUCCESS);
    CHECK(info.Basic.NameLength == 2 && info.Basic.Name[0] == L'a');
    CHECK(ZwEnumerateKey(key, 1, KeyBasicInformation, &info, sizeof(info), &length) == STATUS_SUCCESS);
    CHECK(info.Basic.NameLength == 12);
    CHECK(ZwEnumerateKey(key, 2, KeyBasicInformation, &info, sizeof(info), &length) == STATUS_NO_MORE_ENTRIES);
    CHECK(ZwEnumerateKey(key, 0, KeyBasicInformation, &info, 4, &length) == STATUS_BUFFER_TOO_SMALL);
    CHECK(ZwEnumerateKey(key, 0, (KEY_INFORMATION_CLASS)99, &info, sizeof(info), &length) == STATUS_INVALID_PARAMETER);

    CHECK(ZwEnumerateValueKey(key, 0, KeyValueBasicInformation, &info, sizeof(info), &length) == STATUS_SUCCESS);
    CHECK(info.ValueBasic.NameLength == 10);
    CHECK(ZwEnumerateValueKey(key, 1, KeyValueFullInformation, &info, sizeof(info), &length) == STATUS_SUCCESS);
    CHECK(info.ValueFull.DataLength == 4);
    CHECK(ZwEnumerateValueKey(key, 2, KeyValueBasicInformation, &info, sizeof(info), &length) ==
          STATUS_NO_MORE_ENTRIES);
    CHECK(ZwEnumerateValueKey(key, 0, KeyValueBasicInformation, &info, 4, &length) == STATUS_BUFFER_TOO_SMALL);
    ZwDeleteKey(a);
    ZwDeleteKey(b);
    ZwClose(a);
    ZwClose(b);
    CHECK(ZwDeleteKey(key) == STATUS_SUCCESS);
    ZwClose(key);
}

static VOID
Refuses(VOID)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Speed");
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING path;
    ULONG value = 1;
    HANDLE key = MakeKey(NULL, KEY_NAME, NULL), other, none = (HANDLE)(ULONG_PTR)0x7ff0;

    REQUIRE(key != NULL);
    RtlInitUnicodeString(&path, KEY_NAME);
    InitializeObjectAttributes(&attributes, &path, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK(ZwDeleteValueKey(key, &name) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(ZwSetValueKey(none, &name, 0, REG_DWORD, &value, sizeof(value)) == STATUS_INVALID_HANDLE);
    CHECK(ZwDeleteValueKey(none, &name) == STATUS_INVALID_HANDLE);
    CHECK(ZwDeleteKey(none) == STATUS_INVALID_HANDLE);
    CHECK(ZwFlushKey(none) == STATUS_INVALID_HANDLE);
    CHECK(ZwOpenKeyEx(&other, KEY_READ, &attributes, 0x8000) == STATUS_INVALID_PARAMETER_4);
    RtlInitUnicodeString(&path, L"Keys");
    CHECK(ZwOpenKeyEx(&other, KEY_READ, &attributes, 0) == STATUS_OBJECT_PATH_SYNTAX_BAD);
    attributes.RootDirectory = none;
    CHECK(ZwOpenKey(&other, KEY_READ, &attributes) == STATUS_INVALID_HANDLE);
    CHECK(ZwDeleteKey(key) == STATUS_SUCCESS);
    ZwClose(key);
}

static VOID
RtlRoutines(VOID)
{
    RTL_QUERY_REGISTRY_TABLE table[2];
    ULONG written = 7, read = 0;

    CHECK(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, (PWSTR)L"ddi\\Rtl") == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, (PWSTR)L"ddi\\Rtl") == STATUS_SUCCESS);
    CHECK(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, (PWSTR)L"ddi\\Rtl") == STATUS_SUCCESS);
    CHECK(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"ddi\\Rtl", L"Depth", REG_DWORD, &written, sizeof(written)) ==
          STATUS_SUCCESS);
    RtlZeroMemory(table, sizeof(table));
    table[0].Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK | RTL_QUERY_REGISTRY_REQUIRED;
    table[0].Name = (PWSTR)L"Depth";
    table[0].EntryContext = &read;
    table[0].DefaultType = (REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_NONE;
    CHECK(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"ddi\\Rtl", table, NULL, NULL) == STATUS_SUCCESS);
    CHECK(read == 7);
    table[0].DefaultType = (REG_SZ << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_NONE;
    CHECK(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"ddi\\Rtl", table, NULL, NULL) == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, L"ddi\\Rtl", L"Depth") == STATUS_SUCCESS);
    CHECK(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, L"ddi\\Rtl", L"Depth") == STATUS_OBJECT_NAME_NOT_FOUND);
    table[0].DefaultType = (REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_NONE;
    CHECK(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"ddi\\Rtl", table, NULL, NULL) ==
          STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"ddi\\Made", L"Depth", REG_DWORD, &written, sizeof(written)) ==
          STATUS_SUCCESS); /* a key that is not there is made */
    CHECK(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, (PWSTR)L"ddi\\Made") == STATUS_SUCCESS);
}

static VOID
ToldOfChanges(VOID)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Told"), below = RTL_CONSTANT_STRING(L"Below");
    ULONG number = 1;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK iosb, tree;
    HANDLE key = NULL, sub = NULL, event = NULL;
    LARGE_INTEGER now;

    now.QuadPart = 0;
    REQUIRE(RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, (PWSTR)L"ddi\\Told") == STATUS_SUCCESS);
    InitializeObjectAttributes(&attributes, &DdiRegistryPath, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, NULL);
    REQUIRE(ZwOpenKey(&key, KEY_ALL_ACCESS, &attributes) == STATUS_SUCCESS);
    REQUIRE(ZwCreateEvent(&event, EVENT_ALL_ACCESS, NULL, NotificationEvent, TRUE) == STATUS_SUCCESS);
    CHECK(ZwNotifyChangeKey(key, event, NULL, NULL, &iosb, 0, FALSE, NULL, 0, TRUE) == STATUS_INVALID_PARAMETER);
    CHECK(ZwNotifyChangeKey(event, event, NULL, NULL, &iosb, REG_NOTIFY_CHANGE_LAST_SET, FALSE, NULL, 0, TRUE) ==
          STATUS_OBJECT_TYPE_MISMATCH);
    iosb.Status = tree.Status = STATUS_PENDING;
    CHECK(ZwNotifyChangeKey(key, event, NULL, NULL, &iosb, REG_NOTIFY_CHANGE_LAST_SET, FALSE, NULL, 0, TRUE) ==
          STATUS_PENDING);
    CHECK(ZwNotifyChangeKey(key, NULL, NULL, NULL, &tree, REG_NOTIFY_CHANGE_NAME, TRUE, NULL, 0, TRUE) ==
          STATUS_PENDING);
    CHECK(ZwWaitForSingleObject(event, FALSE, &now) == STATUS_TIMEOUT); /* asking clears it */
    CHECK(ZwSetValueKey(key, &name, 0, REG_DWORD, &number, sizeof(number)) == STATUS_SUCCESS);
    CHECK(ZwWaitForSingleObject(event, FALSE, &now) == STATUS_SUCCESS && NT_SUCCESS(iosb.Status));
    CHECK(iosb.Status != STATUS_PENDING && tree.Status == STATUS_PENDING);
    InitializeObjectAttributes(&attributes, &below, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, key, NULL);
    CHECK(ZwCreateKey(&sub, KEY_ALL_ACCESS, &attributes, 0, NULL, 0, NULL) == STATUS_SUCCESS);
    CHECK(tree.Status != STATUS_PENDING);
    /* closing the handle ends what it asked for */
    iosb.Status = STATUS_PENDING;
    CHECK(ZwNotifyChangeKey(sub, event, NULL, NULL, &iosb, REG_NOTIFY_CHANGE_NAME, FALSE, NULL, 0, TRUE) ==
          STATUS_PENDING);
    CHECK(ZwDeleteKey(sub) == STATUS_SUCCESS && ZwClose(sub) == STATUS_SUCCESS);
    CHECK(iosb.Status == STATUS_NOTIFY_CLEANUP && ZwWaitForSingleObject(event, FALSE, &now) == STATUS_SUCCESS);
    iosb.Status = STATUS_PENDING;
    CHECK(ZwNotifyChangeKey(key, event, NULL, NULL, &iosb, REG_NOTIFY_CHANGE_LAST_SET, FALSE, NULL, 0, TRUE) ==
          STATUS_PENDING);
    CHECK(ZwSetValueKey(key, &name, 0, REG_DWORD, &number, sizeof(number)) == STATUS_SUCCESS);
    CHECK(iosb.Status == STATUS_PENDING); /* documented: a value that was the same before is no change */
    CHECK(ZwDeleteValueKey(key, &name) == STATUS_SUCCESS && iosb.Status != STATUS_PENDING);
    ZwClose(key);
    ZwClose(event);
}

static KSTART_ROUTINE WaitForChange;

typedef struct _CHANGE_WAIT {
    HANDLE Key;
    NTSTATUS Status;
} CHANGE_WAIT;

_Use_decl_annotations_ static VOID
WaitForChange(PVOID Context)
{
    CHANGE_WAIT *wait = Context;
    IO_STATUS_BLOCK iosb;

    wait->Status = ZwNotifyChangeKey(wait->Key, NULL, NULL, NULL, &iosb, REG_NOTIFY_CHANGE_LAST_SET, FALSE, NULL, 0,
                                     FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* Who waited is told of the first change, even if another asks anew before it goes on. */
static VOID
WaitsForOneChange(VOID)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Awaited");
    CHANGE_WAIT wait = { NULL, STATUS_PENDING };
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK iosb;
    LARGE_INTEGER soon;
    ULONG number = 1;
    HANDLE thread;

    soon.QuadPart = -10000;
    InitializeObjectAttributes(&attributes, &DdiRegistryPath, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, NULL);
    REQUIRE(ZwOpenKey(&wait.Key, KEY_ALL_ACCESS, &attributes) == STATUS_SUCCESS);
    thread = DdiThread(WaitForChange, &wait);
    KeDelayExecutionThread(KernelMode, FALSE, &soon);
    CHECK(wait.Status == STATUS_PENDING);
    CHECK(ZwSetValueKey(wait.Key, &name, 0, REG_DWORD, &number, sizeof(number)) == STATUS_SUCCESS);
    iosb.Status = STATUS_PENDING;
    CHECK(ZwNotifyChangeKey(wait.Key, NULL, NULL, NULL, &iosb, REG_NOTIFY_CHANGE_LAST_SET, FALSE, NULL, 0, TRUE) ==
          STATUS_PENDING);
    KeDelayExecutionThread(KernelMode, FALSE, &soon);
    CHECK(wait.Status == STATUS_SUCCESS && iosb.Status == STATUS_PENDING);
    CHECK(ZwDeleteValueKey(wait.Key, &name) == STATUS_SUCCESS && iosb.Status != STATUS_PENDING);
    DdiJoin(thread);
    ZwClose(wait.Key);
}

DDI_TESTS(key, { "make_and_delete", MakeAndDelete }, { "enumerates", Enumerates }, { "refuses", Refuses },
          { "rtl_routines", RtlRoutines }, { "told_of_changes", ToldOfChanges },
          { "waits_for_one_change", WaitsForOneChange });
