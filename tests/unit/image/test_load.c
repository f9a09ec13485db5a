/* SPDX-License-Identifier: MIT */
/* Loading drivers of both compilers: imports, relocations, data, execution, the stack of a call. */
#include "build.h"

#include "image/image.h"
#include "machine/testing.h"

#define MS __attribute__((ms_abi))

static const char source[] =
    "__declspec(dllimport) unsigned long long TestCall(unsigned long long, unsigned long long);\n"
    "__declspec(dllimport) int TestData;\n"
    "__declspec(dllimport) int NotThere(int);\n"
    "static int value = 7;\n"
    "int *pointer = &value;\n"
    "__attribute__((noinline)) unsigned long long inner(unsigned long long x)\n"
    "{ volatile char room[200]; room[3] = (char)x; unsigned long long r = TestCall(x, 5); return r + room[3]; }\n"
    "__attribute__((noinline)) unsigned long long middle(unsigned long long x) { return inner(x + 1) * 2; }\n"
    "int DriverEntry(unsigned long long a, void *b) { if (!b) return NotThere(1);\n"
    "  return (int)(middle(a) + *pointer + TestData); }\n";

static int the_data = 1000;
static unsigned frames;
static struct stack_frame stack[32];

static uint64_t MS
TestCall(uint64_t a, uint64_t b)
{
    frames = stack_walk(fiber_self(), NULL, stack, 32);
    return a * 10 + b;
}

static const struct ddi_export exports[] = {
    { "ntoskrnl", "TestCall", (void *)TestCall, DDI_FUNCTION, 2, DDI_ANY, TOUCH_NONE, 0, DDI_RESULT_UNKNOWN },
    { "ntoskrnl", "TestData", &the_data, DDI_DATA, 0, 0, TOUCH_NONE, 0, 0 },
    { "ntoskrnl", "TestHost", NULL, DDI_SYMBOL, 0, 0, TOUCH_NONE, 0, 0 },
};

static struct image *image;
static uint64_t result;

static void
run_entry(void *arg)
{
    uint64_t scratch = (uint64_t)heap_alloc(16, 'tseT');

    (void)arg;
    result = GUEST_CALL((uint32_t)ddi_lookup("ntoskrnl", "TestHost"), image->entry, 3, scratch);
}

static void
setup(void)
{
    static bool done;

    if (done)
        return;
    done = true;
    ddi_register(exports, 3);
    machine_start(1);
    image_init();
}

static void
loads_and_runs(enum compiler compiler, const char *name, const char *flags)
{
    struct run_result r;
    struct image_error err;
    char path[512];
    size_t len;
    uint8_t *bytes = build_driver(compiler, name, source, "TestCall\nTestData DATA\nNotThere", flags, &len, path);
    const char *module, *symbol;
    uint32_t offset;

    if (!bytes)
        SKIP("no such compiler");
    setup();
    if (image_load(bytes, len, path, path, &image, &err) != 0)
        fail_msg("%s", err.text);
    free(bytes);
    CHECK_STR(image->name, name);
    CHECK_EQ(image->import_count, 3);
    for (unsigned i = 0; i < 3; i++)
        CHECK((image->imports[i].export_index == IMPORT_LACKING) == (strcmp(image->imports[i].name, "NotThere") == 0));
    result = 0;
    CHECK_EQ(machine_test(run_entry, NULL, FIBER_SYSTEM, &r), RUN_DONE);
    CHECK_EQ((int)result, (4 * 10 + 5 + 4) * 2 + 7 + 1000);
    CHECK_EQ(frames, 5);
    CHECK(ddi_symbolize(stack[0].ip, &module, &symbol, &offset));
    CHECK_STR(symbol, "TestCall");
    CHECK_EQ(stack[0].args[0], 4);
    CHECK_EQ(stack[0].args[1], 5);
    for (unsigned i = 1; i < 4; i++)
        CHECK(image_find(stack[i].ip) == image && !stack[i].pseudo);
    CHECK(stack[3].ip - image->entry < 0x100);
    CHECK(ddi_symbolize(stack[4].ip, &module, &symbol, &offset));
    CHECK_STR(symbol, "TestHost");
    CHECK_EQ(stack[3].ret_addr, stack[4].ip);
    CHECK_EQ(stack[4].ret_addr, 0);
}

TEST(image, loads_mingw_driver)
{
    loads_and_runs(MINGW, "mingwo1", "-O1");
}

TEST(image, loads_mingw_driver_without_optimisation)
{
    loads_and_runs(MINGW, "mingwo0", "-O0");
}

TEST(image, loads_clang_driver)
{
    loads_and_runs(CLANG, "clango1", "-O1 -fno-optimize-sibling-calls");
}

TEST(image, loads_clang_driver_without_optimisation)
{
    loads_and_runs(CLANG, "clango0", "-O0");
}

static const char init_source[] = "__attribute__((section(\"INIT\"))) int setup(int x) { return x + 1; }\n"
                                  "int later(int x) { return x; }\n"
                                  "int DriverEntry(int x) { return setup(x) + later(x); }\n";

/* INIT is gone after image_discard_init(), everything else stays. */
TEST(image, init_section_is_discarded)
{
    struct image_error err;
    char path[512], name[9];
    size_t len;
    uint8_t *bytes = build_driver(MINGW, "init", init_source, "Unused", "-O1", &len, path);
    uint32_t rva, size, flags, init = 0;

    if (!bytes)
        SKIP("no mingw gcc");
    setup();
    for (size_t i = 0; i + 40 < 0x400; i++) /* set the flag that linkers set for it: discardable */
        if (memcmp(bytes + i, "INIT\0\0\0", 8) == 0)
            bytes[i + 39] |= 0x02;
    if (image_load(bytes, len, path, path, &image, &err) != 0)
        fail_msg("%s", err.text);
    free(bytes);
    for (unsigned i = 0; image_section(image, i, name, &rva, &size, &flags); i++)
        if (strcmp(name, "INIT") == 0)
            init = rva;
    CHECK(init != 0 && machine_readable(image->base + init, 4));
    image_discard_init(image);
    CHECK(!machine_readable(image->base + init, 4));
    CHECK(machine_readable(image->entry, 4));
    CHECK(machine_readable(image->base, 0x200));
}

BUILD_TEST_MAIN(TEST_CASE(image, init_section_is_discarded), TEST_CASE(image, loads_mingw_driver),
                TEST_CASE(image, loads_mingw_driver_without_optimisation), TEST_CASE(image, loads_clang_driver),
                TEST_CASE(image, loads_clang_driver_without_optimisation))
