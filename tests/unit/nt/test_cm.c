/* SPDX-License-Identifier: MIT */
/* The registry by paths, by handles and by query tables. */
#include "test.h"

#include <errno.h>

#include "machine/testing.h"
#include "nt/cm/cm.h"
#include "nt/ob/ob.h"

#define SERVICE "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\npf"

static int
setup(void **state)
{
    (void)state;
    machine_restore();
    return 0;
}

/* Run fn in a system thread and fail the test if the run does not end well. */
static void
in_thread(void (*fn)(void *))
{
    struct run_result r;

    CHECK_EQ(machine_test(fn, NULL, FIBER_SYSTEM, &r), RUN_DONE);
}

TEST(cm, values_written_by_an_installer_are_read_back_without_case)
{
    char text[32];
    uint32_t type, number;

    CHECK_EQ(cm_set_string(SERVICE, "DisplayName", "Packet filter"), 0);
    CHECK_EQ(cm_set_dword(SERVICE "\\Parameters", "Depth", 7), 0);
    CHECK_EQ(cm_get_string("\\REGISTRY\\machine\\SYSTEM\\CurrentControlSet\\services\\NPF", "displayname", text, 32),
             0);
    CHECK_STR(text, "Packet filter");
    CHECK_EQ(cm_get(SERVICE "\\Parameters", "DEPTH", &type, &number, 4), 4);
    CHECK_EQ(type, REG_DWORD);
    CHECK_EQ(number, 7);
    CHECK_EQ(cm_get(SERVICE, "none", NULL, NULL, 0), -ENOENT);
    CHECK(cm_subkey(SERVICE, 0, text, 32));
    CHECK_STR(text, "Parameters");
    CHECK(!cm_subkey(SERVICE, 1, text, 32));
    CHECK_EQ(cm_delete(SERVICE), 0);
    CHECK(!cm_exists(SERVICE));
}

TEST(cm, a_path_outside_the_registry_is_refused)
{
    CHECK_EQ(cm_create("\\Device\\x"), -EINVAL);
    CHECK_EQ(cm_create("Registry\\Machine"), -EINVAL);
    CHECK_EQ(cm_create("\\RegistryX\\Machine"), -EINVAL);
}

static NTSTATUS
open_key(const char *path, HANDLE root, HANDLE *key)
{
    WCHAR buffer[128];
    UNICODE_STRING name = ob_text(path, buffer, 128);
    OBJECT_ATTRIBUTES oa;

    InitializeObjectAttributes(&oa, &name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, root, NULL);
    return ZwOpenKey(key, KEY_READ, &oa);
}

static NTSTATUS status[8];
static ULONG lengths[8];
static uint64_t buffer[16];

static void
query_partial(void *arg)
{
    KEY_VALUE_PARTIAL_INFORMATION *info = (void *)buffer;
    WCHAR text[16];
    UNICODE_STRING name = ob_text("Name", text, 16);
    HANDLE root, key;

    (void)arg;
    cm_set_string(SERVICE, "Name", "abc");
    status[0] = open_key("\\Registry\\Machine\\System", NULL, &root);
    status[1] = open_key("CurrentControlSet\\Services\\npf", root, &key);
    status[2] = ZwQueryValueKey(key, &name, KeyValuePartialInformation, info, 8, &lengths[2]);
    status[3] = ZwQueryValueKey(key, &name, KeyValuePartialInformation, info, 14, &lengths[3]);
    status[4] = ZwQueryValueKey(key, &name, KeyValuePartialInformation, info, sizeof(buffer), &lengths[4]);
    status[5] = ZwDeleteKey(key);
    status[6] = ZwQueryValueKey(key, &name, KeyValuePartialInformation, info, sizeof(buffer), &lengths[6]);
    ZwClose(key);
    ZwClose(root);
    status[7] = open_key(SERVICE, NULL, &key);
}

TEST(cm, a_query_says_too_small_then_overflow_then_succeeds_and_a_deleted_key_says_so)
{
    KEY_VALUE_PARTIAL_INFORMATION *info = (void *)buffer;

    in_thread(query_partial);
    CHECK_EQ(status[0], STATUS_SUCCESS);
    CHECK_EQ(status[1], STATUS_SUCCESS);
    CHECK_EQ(status[2], STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(lengths[2], 12 + 8);
    CHECK_EQ(status[3], STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(status[4], STATUS_SUCCESS);
    CHECK_EQ(info->DataLength, 8);
    CHECK_MEM(info->Data, u"abc", 8);
    CHECK_EQ(status[5], STATUS_SUCCESS);
    CHECK_EQ(status[6], STATUS_KEY_DELETED);
    CHECK_EQ(status[7], STATUS_OBJECT_NAME_NOT_FOUND);
}

static uint32_t direct_number;
static UNICODE_STRING direct_text;
static WCHAR direct_buffer[16];

static void
query_direct(void *arg)
{
    RTL_QUERY_REGISTRY_TABLE table[4] = {
        { .Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_REQUIRED | RTL_QUERY_REGISTRY_TYPECHECK,
          .Name = (PWSTR)(uintptr_t)u"Depth",
          .EntryContext = &direct_number,
          .DefaultType = REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT | REG_NONE },
        { .Flags = RTL_QUERY_REGISTRY_DIRECT,
          .Name = (PWSTR)(uintptr_t)u"Absent",
          .EntryContext = &direct_text,
          .DefaultType = REG_SZ,
          .DefaultData = (PVOID)(uintptr_t)u"dflt" },
    };

    (void)arg;
    direct_text = (UNICODE_STRING){ 0, sizeof(direct_buffer), direct_buffer };
    cm_set_dword(SERVICE, "Depth", 42);
    status[0] = RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, u"npf", table, NULL, NULL);
    table[0].DefaultType = REG_SZ << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT | REG_NONE;
    status[1] = RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, u"npf", table, NULL, NULL);
    status[2] = RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, u"none", table, NULL, NULL);
    status[3] = RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, (PWSTR)(uintptr_t)u"npf");
}

TEST(cm, a_query_table_fills_variables_checks_types_and_uses_defaults)
{
    in_thread(query_direct);
    CHECK_EQ(status[0], STATUS_SUCCESS);
    CHECK_EQ(direct_number, 42);
    CHECK_EQ(direct_text.Length, 8);
    CHECK_MEM(direct_buffer, u"dflt", 10);
    CHECK_EQ(status[1], STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(status[2], STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(status[3], STATUS_SUCCESS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE_WITH(cm, values_written_by_an_installer_are_read_back_without_case, setup, NULL),
        TEST_CASE_WITH(cm, a_path_outside_the_registry_is_refused, setup, NULL),
        TEST_CASE_WITH(cm, a_query_says_too_small_then_overflow_then_succeeds_and_a_deleted_key_says_so, setup, NULL),
        TEST_CASE_WITH(cm, a_query_table_fills_variables_checks_types_and_uses_defaults, setup, NULL),
    };

    nt_register_exports();
    machine_start(2);
    nt_init();
    machine_snapshot();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
