/* SPDX-License-Identifier: MIT */
/* cm.c - the registry: what the INF wrote under the service's Parameters, and a key of our own. */
#include "ddi.h"

typedef union _VALUE {
    KEY_VALUE_PARTIAL_INFORMATION Info;
    UCHAR Bytes[128];
} VALUE;

static NTSTATUS
OpenParameters(PHANDLE Key)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Parameters");
    OBJECT_ATTRIBUTES attributes;
    HANDLE service;
    NTSTATUS status;

    InitializeObjectAttributes(&attributes, &DdiRegistryPath, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    status = ZwOpenKey(&service, KEY_READ, &attributes);
    if (status != STATUS_SUCCESS)
        return status;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, service, NULL);
    status = ZwOpenKey(Key, KEY_READ | KEY_WRITE, &attributes);
    ZwClose(service);
    return status;
}

static NTSTATUS
Query(PCWSTR Name, VALUE *Value, ULONG Room)
{
    UNICODE_STRING name;
    ULONG length;
    HANDLE key;
    NTSTATUS status = OpenParameters(&key);

    if (status != STATUS_SUCCESS)
        return status;
    RtlInitUnicodeString(&name, Name);
    status = ZwQueryValueKey(key, &name, KeyValuePartialInformation, Value, Room, &length);
    ZwClose(key);
    return status;
}

static VOID
ReadsDword(VOID)
{
    VALUE value;

    REQUIRE(Query(L"RingSize", &value, sizeof(value)) == STATUS_SUCCESS);
    CHECK(value.Info.Type == REG_DWORD);
    CHECK(value.Info.DataLength == sizeof(ULONG));
    CHECK(*(ULONG *)value.Info.Data == 256);
}

static VOID
ReadsString(VOID)
{
    VALUE value;

    REQUIRE(Query(L"Mode", &value, sizeof(value)) == STATUS_SUCCESS);
    CHECK(value.Info.Type == REG_SZ);
    CHECK(value.Info.DataLength == 14);
    CHECK(RtlCompareMemory(value.Info.Data, L"inject", 14) == 14);
}

static VOID
MissingValueAndSmallBuffer(VOID)
{
    VALUE value;

    CHECK(Query(L"Nothing", &value, sizeof(value)) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(Query(L"Mode", &value, 4) == STATUS_BUFFER_TOO_SMALL);
    CHECK(Query(L"Mode", &value, FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data) + 2) == STATUS_BUFFER_OVERFLOW);
}

static VOID
WriteReadDelete(VOID)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Seen");
    ULONG written = 77;
    VALUE value;
    HANDLE key;
    ULONG length;

    REQUIRE(OpenParameters(&key) == STATUS_SUCCESS);
    CHECK(ZwSetValueKey(key, &name, 0, REG_DWORD, &written, sizeof(written)) == STATUS_SUCCESS);
    CHECK(ZwQueryValueKey(key, &name, KeyValuePartialInformation, &value, sizeof(value), &length) == STATUS_SUCCESS);
    CHECK(*(ULONG *)value.Info.Data == 77);
    CHECK(ZwDeleteValueKey(key, &name) == STATUS_SUCCESS);
    CHECK(ZwQueryValueKey(key, &name, KeyValuePartialInformation, &value, sizeof(value), &length) ==
          STATUS_OBJECT_NAME_NOT_FOUND);
    ZwClose(key);
}

static VOID
TableQuery(VOID)
{
    RTL_QUERY_REGISTRY_TABLE table[2];
    ULONG size = 0;

    RtlZeroMemory(table, sizeof(table));
    table[0].Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK;
    table[0].Name = (PWSTR)L"RingSize";
    table[0].EntryContext = &size;
    table[0].DefaultType = (REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_NONE;
    CHECK(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"ddi\\Parameters", table, NULL, NULL) == STATUS_SUCCESS);
    CHECK(size == 256);
}

DDI_TESTS(cm, { "reads_dword", ReadsDword }, { "reads_string", ReadsString },
          { "missing_value_and_small_buffer", MissingValueAndSmallBuffer }, { "write_read_delete", WriteReadDelete },
          { "table_query", TableQuery });
