/* SPDX-License-Identifier: MIT */
/* Names, links, handles, references, access checks. */
#include "test.h"

#include "machine/testing.h"
#include "nt/ob/ob.h"
#include "nt/se/se.h"

static int
setup(void **state)
{
    (void)state;
    machine_restore();
    return 0;
}

static NTSTATUS status[8];
static struct run_result ended;

static enum run_end
in_thread(void (*fn)(void *))
{
    return machine_test(fn, NULL, FIBER_SYSTEM, &ended);
}

static NTSTATUS
walk(struct ob_walk *w, const char *path, unsigned flags)
{
    static WCHAR buffer[512];
    UNICODE_STRING s = ob_text(path, buffer, 512);

    return ob_walk(w, &s, NULL, flags);
}

static void
link_to(const char *name, const char *target)
{
    WCHAR a[128], b[128];
    UNICODE_STRING from = ob_text(name, a, 128), to = ob_text(target, b, 128);

    CHECK_EQ(ob_symlink_create(&from, &to), STATUS_SUCCESS);
}

TEST(ob, a_dos_name_leads_to_the_same_directory_by_all_its_paths)
{
    struct ob_walk w;
    void *global;

    CHECK_EQ(walk(&w, "\\GLOBAL\?\?", 0), STATUS_SUCCESS);
    global = w.object;
    CHECK_EQ(walk(&w, "\\\?\?", 0), STATUS_SUCCESS);
    CHECK(w.object == global);
    CHECK_EQ(walk(&w, "\\dosdevices", 0), STATUS_SUCCESS);
    CHECK(w.object == global);
    CHECK_EQ(walk(&w, "\\DosDevices\\Global\\GLOBALROOT\\\?\?", 0), STATUS_SUCCESS);
    CHECK(w.object == global);
}

TEST(ob, missing_names_say_what_is_missing)
{
    struct ob_walk w;

    CHECK_EQ(walk(&w, "\\Device\\none", 0), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(w.parent != NULL);
    CHECK_EQ(walk(&w, "\\none\\none", 0), STATUS_OBJECT_PATH_NOT_FOUND);
    CHECK_EQ(walk(&w, "Device", 0), STATUS_OBJECT_PATH_SYNTAX_BAD);
    CHECK_EQ(walk(&w, "\\Device\\\\x", 0), STATUS_OBJECT_NAME_INVALID);
}

TEST(ob, links_that_lead_to_each_other_end_the_walk)
{
    struct ob_walk w;

    link_to("\\\?\?\\A", "\\\?\?\\B");
    link_to("\\\?\?\\B", "\\\?\?\\A");
    CHECK_EQ(walk(&w, "\\\?\?\\A", 0), STATUS_OBJECT_PATH_NOT_FOUND);
    CHECK_EQ(walk(&w, "\\\?\?\\A", OB_WALK_NO_FOLLOW), STATUS_SUCCESS);
    CHECK(ob_type(w.object) == NT->ob->symlink_type);
}

static void
named_event(void *arg)
{
    WCHAR text[64];
    UNICODE_STRING name = ob_text("\\BaseNamedObjects\\ready", text, 64);
    OBJECT_ATTRIBUTES oa;
    HANDLE first, second, third;

    (void)arg;
    InitializeObjectAttributes(&oa, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    status[0] = ZwCreateEvent(&first, EVENT_ALL_ACCESS, &oa, NotificationEvent, FALSE);
    status[1] = ZwCreateEvent(&second, EVENT_ALL_ACCESS, &oa, NotificationEvent, FALSE);
    oa.Attributes |= OBJ_OPENIF;
    status[2] = ZwCreateEvent(&second, EVENT_ALL_ACCESS, &oa, NotificationEvent, FALSE);
    ZwSetEvent(second, NULL);
    status[3] = ZwWaitForSingleObject(first, FALSE, NULL);
    ZwClose(first);
    ZwClose(second);
    status[4] = ZwOpenEvent(&third, EVENT_ALL_ACCESS, &oa);
    status[5] = ZwClose(second);
}

TEST(ob, a_named_event_is_shared_and_its_name_goes_with_the_last_handle)
{
    CHECK_EQ(in_thread(named_event), RUN_DONE);
    CHECK_EQ(status[0], STATUS_SUCCESS);
    CHECK_EQ(status[1], STATUS_OBJECT_NAME_COLLISION);
    CHECK_EQ(status[2], STATUS_OBJECT_NAME_EXISTS);
    CHECK_EQ(status[3], STATUS_SUCCESS);
    CHECK_EQ(status[4], STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(status[5], STATUS_INVALID_HANDLE);
}

static void
many_handles(void *arg)
{
    KEVENT *event = ob_create(NT->ob->variables->ExEventObjectType, sizeof(*event), 'tset');
    HANDLE handle[100];
    void *same;

    (void)arg;
    ke_event_init(event, 0, true);
    status[0] = STATUS_SUCCESS;
    for (int i = 0; i < 100; i++)
        status[0] |= ob_handle_create(event, 0, true, &handle[i]);
    status[1] = ob_handle_reference(handle[99], 0, NULL, false, &same, NULL);
    status[2] = ob_handle_reference(handle[99], 0, NULL, true, &same, NULL);
    status[3] = ob_handle_reference(handle[99], 0, NT->ob->directory_type, false, &same, NULL);
    status[4] = (NTSTATUS)ob_header(event)->pointer_count;
    for (int i = 0; i < 100; i++)
        ZwClose(handle[i]);
    status[5] = (NTSTATUS)ob_header(event)->pointer_count;
}

TEST(ob, handles_count_and_a_program_cannot_name_the_kernels)
{
    CHECK_EQ(in_thread(many_handles), RUN_DONE);
    CHECK_EQ(status[0], STATUS_SUCCESS);
    CHECK_EQ(status[1], STATUS_SUCCESS);
    CHECK_EQ(status[2], STATUS_INVALID_HANDLE);
    CHECK_EQ(status[3], STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(status[4], 102);
    CHECK_EQ(status[5], 2);
}

static void
one_too_many(void *arg)
{
    KEVENT *event = ob_create(NT->ob->variables->ExEventObjectType, sizeof(*event), 'tset');

    (void)arg;
    ob_dereference(event);
    ob_dereference(event);
}

TEST(ob, a_reference_too_many_dropped_is_bugcheck_18)
{
    CHECK_EQ(in_thread(one_too_many), RUN_BUGCHECK);
    CHECK_EQ(ended.code, 0x18);
}

/* ------------------------------------------------------------------ se */

static bool
allows(const char *sddl, const struct se_token *token, ACCESS_MASK access)
{
    const GENERIC_MAPPING mapping = { 1, 2, 4, 7 };
    WCHAR buffer[256];
    UNICODE_STRING s = ob_text(sddl, buffer, 256);
    PSECURITY_DESCRIPTOR sd;

    CHECK_EQ(se_from_sddl(&s, &sd), STATUS_SUCCESS);
    CHECK(RtlValidRelativeSecurityDescriptor(sd, RtlLengthSecurityDescriptor(sd), 0));
    return se_check(token, sd, access, &mapping, NULL);
}

TEST(se, text_becomes_a_descriptor_that_decides_in_order)
{
    const struct se_token *admin = NT->se->admin_token, *system = NT->se->system_token;
    WCHAR buffer[64];
    UNICODE_STRING bad = ob_text("D:(X;;GA;;;SY)", buffer, 64);
    PSECURITY_DESCRIPTOR sd;

    CHECK(allows("D:P(A;;GA;;;SY)(A;;GR;;;BA)", admin, GENERIC_READ));
    CHECK(!allows("D:P(A;;GA;;;SY)(A;;GR;;;BA)", admin, GENERIC_WRITE));
    CHECK(allows("D:P(A;;GA;;;SY)(A;;GR;;;BA)", system, GENERIC_ALL));
    CHECK(!allows("D:(D;;GW;;;WD)(A;;GA;;;BA)", admin, GENERIC_WRITE));
    CHECK(allows("D:(A;;GA;;;BA)(D;;GW;;;WD)", admin, GENERIC_WRITE));
    CHECK(!allows("D:P", admin, GENERIC_READ));
    CHECK(allows("D:(A;;0x3;;;S-1-5-32-544)", admin, GENERIC_WRITE));
    CHECK(allows("O:BAG:BA", admin, GENERIC_ALL));
    CHECK_EQ(se_from_sddl(&bad, &sd), STATUS_INVALID_PARAMETER);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE_WITH(ob, a_dos_name_leads_to_the_same_directory_by_all_its_paths, setup, NULL),
        TEST_CASE_WITH(ob, missing_names_say_what_is_missing, setup, NULL),
        TEST_CASE_WITH(ob, links_that_lead_to_each_other_end_the_walk, setup, NULL),
        TEST_CASE_WITH(ob, a_named_event_is_shared_and_its_name_goes_with_the_last_handle, setup, NULL),
        TEST_CASE_WITH(ob, handles_count_and_a_program_cannot_name_the_kernels, setup, NULL),
        TEST_CASE_WITH(ob, a_reference_too_many_dropped_is_bugcheck_18, setup, NULL),
        TEST_CASE_WITH(se, text_becomes_a_descriptor_that_decides_in_order, setup, NULL),
    };

    nt_register_exports();
    machine_start(2);
    nt_init();
    machine_snapshot();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
