/* SPDX-License-Identifier: MIT */
/* Exceptions in drivers with __try (clang): raised by DDIs, by faults, across host code, in __finally. */
#include "build.h"

#include "image/image.h"
#include "machine/testing.h"

#define MS __attribute__((ms_abi))

static const char source[] =
    "typedef unsigned long long u;\n"
    "typedef struct { int code; unsigned flags; void *next; void *address; unsigned count; u info[15]; } REC;\n"
    "typedef struct { REC *rec; char *ctx; } PTRS;\n"
    "__declspec(dllimport) void ExRaiseStatus(int);\n"
    "__declspec(dllimport) u TestCallback(void *fn, u arg);\n"
    "__declspec(dllimport) void TestMark(u);\n"
    "#define NOINLINE __attribute__((noinline))\n"
    "NOINLINE void raise(u s) { ExRaiseStatus((int)s); }\n"
    "NOINLINE u touch(volatile u *p) { return *p; }\n"
    "NOINLINE void illegal(void) { __asm__ volatile(\"ud2\"); TestMark(77); }\n"
    "NOINLINE int filter(PTRS *p, u want) { TestMark(p->rec->code); return (u)(unsigned)p->rec->code == want; }\n"
    "NOINLINE int skip(PTRS *p) { *(u *)(p->ctx + 0xf8) += 2; return -1; }\n"
    "NOINLINE int show(PTRS *p) { TestMark(p->rec->info[0]); TestMark(p->rec->info[1]); return 1; }\n"
    "u case1(u x) { __try { raise(x); } __except (1) { return __builtin_offsetof(REC, info) + 1; } return 0; }\n"
    "u case2(u x) { __try { touch((void *)x); } __except (show((PTRS *)_exception_info())) { return 2; } return 0; }\n"
    "NOINLINE u inner3(u x) { volatile u n = 5; __try { raise(x); } __finally { TestMark(n); } return 1; }\n"
    "u case3(u x) { __try { inner3(x); } __except (filter((PTRS *)_exception_info(), x)) { return 3; } return 0; }\n"
    "u case4(u x) { __try { TestCallback((void *)raise, x); } __except (_exception_code() == x) { return 4; } return "
    "0; }\n"
    "NOINLINE u inner5(u x) { __try { raise(x); } __finally { TestMark(50); raise(x + 1); } return 1; }\n"
    "NOINLINE u middle5(u x) { __try { inner5(x); } __finally { TestMark(51); } return 1; }\n"
    "u case5(u x) { __try { middle5(x); } __except (filter((PTRS *)_exception_info(), x + 1) | "
    " filter((PTRS *)_exception_info(), x)) { return _exception_code() == (int)(x + 1) ? 5 : 55; } return 0; }\n"
    "u case6(u x) { __try { illegal(); } __except (skip((PTRS *)_exception_info())) { return 0; } return 6; }\n"
    "u case7(u x) { __try { raise(x); } __except (filter((PTRS *)_exception_info(), 1)) { return 0; } return 7; }\n"
    "NOINLINE u wild(u x) { return ((u (*)(u))x)(x) + 1; }\n"
    "u case8(u x) { __try { wild(x); } __except (1) { return 8; } return 0; }\n"
    "NOINLINE void locked(u x) { __asm__ volatile(\"lock incl (%0)\" : : \"r\"(x) : \"memory\", \"cc\"); }\n"
    "NOINLINE int where(PTRS *p) { TestMark((u)p->rec->address); TestMark((u)locked); TestMark(p->rec->info[0]); "
    "return 1; }\n"
    "u case9(u x) { __try { locked(x); } __except (where((PTRS *)_exception_info())) { return 9; } return 0; }\n"
    "u DriverEntry(u which, u x) { switch (which) { case 1: return case1(x); case 2: return case2(x); case 3: return "
    "case3(x); case 4: return case4(x); case 5: return case5(x); case 6: return case6(x); case 7: return case7(x); "
    "case 8: return case8(x); case 9: return case9(x); default: return 0; } }\n";

static uint64_t marks[16];
static unsigned mark_count;
static struct stack_frame stack[32];
static unsigned frames;

static void MS
TestMark(uint64_t x)
{
    if (mark_count < 16)
        marks[mark_count++] = x;
    frames = stack_walk(fiber_self(), NULL, stack, 32);
}

static uint64_t MS
TestCallback(uint64_t fn, uint64_t arg)
{
    return GUEST_CALL((uint32_t)ddi_lookup("ntoskrnl", "TestCallback"), fn, arg) + 1;
}

static const struct ddi_export exports[] = {
    { "ntoskrnl", "TestMark", (void *)TestMark, DDI_FUNCTION, 1, DDI_ANY, TOUCH_NONE, 0, DDI_RESULT_UNKNOWN },
    { "ntoskrnl", "TestCallback", (void *)TestCallback, DDI_FUNCTION, 2, DDI_ANY, TOUCH_NONE, 0, DDI_RESULT_UNKNOWN },
    { "ntoskrnl", "TestHost", NULL, DDI_SYMBOL, 0, 0, TOUCH_NONE, 0, 0 },
};

static struct image *image;
static uint64_t which, argument, result;

static void
run_entry(void *arg)
{
    (void)arg;
    result = GUEST_CALL((uint32_t)ddi_lookup("ntoskrnl", "TestHost"), image->entry, which, argument);
    result = GUEST_CALL((uint32_t)ddi_lookup("ntoskrnl", "TestHost"), image->entry, which, argument);
}

static bool
ready(void)
{
    static bool done, have;
    struct image_error err;
    char path[512];
    size_t len;
    uint8_t *bytes;

    if (done)
        return have;
    done = true;
    bytes = build_driver(CLANG, "seh", source, "ExRaiseStatus\nTestCallback\nTestMark\n__C_specific_handler",
                         "-O1 -fno-optimize-sibling-calls", &len, path);
    if (!bytes)
        return false;
    ddi_register(exports, 3);
    image_register_exports();
    machine_start(1);
    image_init();
    seh_init();
    if (image_load(bytes, len, path, path, &image, &err) != 0)
        fail_msg("%s", err.text);
    free(bytes);
    CHECK_EQ(machine_snapshot(), 0);
    return have = true;
}

static enum run_end
run_case(uint64_t n, uint64_t x, struct run_result *r)
{
    machine_restore();
    which = n;
    argument = x;
    result = 0;
    mark_count = 0;
    return machine_test(run_entry, NULL, FIBER_SYSTEM, r);
}

#define STATUS 0xE0001234u

static void
handled(uint64_t n, uint64_t x, uint64_t expected)
{
    struct run_result r;

    if (!ready())
        SKIP("no clang-19 with lld-link-19");
    CHECK_EQ(run_case(n, x, &r), RUN_DONE);
    CHECK_EQ(result, expected);
}

TEST(seh, raised_status_is_caught)
{
    handled(1, STATUS, 0x20 + 1);
}

TEST(seh, bad_user_pointer_is_caught_with_its_address)
{
    handled(2, 0x123450, 2);
    CHECK_EQ(mark_count, 4);
    CHECK_EQ(marks[0], 0);
    CHECK_EQ(marks[1], 0x123450);
}

TEST(seh, finally_runs_once_after_the_filter)
{
    handled(3, STATUS, 3);
    CHECK_EQ(mark_count, 4);
    CHECK_EQ((uint32_t)marks[0], STATUS);
    CHECK_EQ(marks[1], 5);
}

TEST(seh, exception_passes_host_code)
{
    handled(4, STATUS, 4);
}

TEST(seh, exception_in_finally_replaces_the_first)
{
    handled(5, STATUS, 5);
    CHECK_EQ(mark_count, 12);
    /* the first exception's two filters; its finally; the second's filters; the outer finally */
    CHECK_EQ(marks[2], 50);
    CHECK_EQ((uint32_t)marks[3], STATUS + 1);
    CHECK_EQ(marks[5 + 0], 51);
}

TEST(seh, filter_may_continue_execution)
{
    handled(6, 0, 6);
    CHECK_EQ(mark_count, 2);
    CHECK_EQ(marks[0], 77);
}

TEST(seh, unhandled_status_is_a_bugcheck)
{
    struct run_result r;

    if (!ready())
        SKIP("no clang-19 with lld-link-19");
    CHECK_EQ(run_case(7, STATUS, &r), RUN_BUGCHECK);
    CHECK_EQ(r.code, 0x7e);
    CHECK_EQ(r.p[0], 0xffffffffe0001234ull);
}

TEST(seh, jump_to_nowhere_is_caught)
{
    handled(8, 0x1000, 8);
}

TEST(seh, fault_of_a_patched_instruction_is_at_its_own_address)
{
    handled(9, 0x1000, 9);
    CHECK(marks[0] - marks[1] < 16);
    CHECK_EQ(marks[2], 1); /* a write */
}

TEST(seh, stack_in_a_filter_shows_the_fault)
{
    struct run_result r;
    const char *module, *name;
    uint32_t offset;
    bool seen = false;

    if (!ready())
        SKIP("no clang-19 with lld-link-19");
    CHECK_EQ(run_case(7, STATUS, &r), RUN_BUGCHECK);
    for (unsigned i = 0; i < frames; i++)
        if (ddi_symbolize(stack[i].ip, &module, &name, &offset))
            seen |= strcmp(name, "RtlpExecuteHandlerForException") == 0;
    CHECK(seen);
    CHECK(ddi_symbolize(stack[frames - 1].ip, &module, &name, &offset));
    CHECK_STR(name, "TestHost");
}

BUILD_TEST_MAIN(TEST_CASE(seh, raised_status_is_caught), TEST_CASE(seh, bad_user_pointer_is_caught_with_its_address),
                TEST_CASE(seh, finally_runs_once_after_the_filter), TEST_CASE(seh, exception_passes_host_code),
                TEST_CASE(seh, exception_in_finally_replaces_the_first), TEST_CASE(seh, filter_may_continue_execution),
                TEST_CASE(seh, jump_to_nowhere_is_caught),
                TEST_CASE(seh, fault_of_a_patched_instruction_is_at_its_own_address),
                TEST_CASE(seh, unhandled_status_is_a_bugcheck), TEST_CASE(seh, stack_in_a_filter_shows_the_fault))
