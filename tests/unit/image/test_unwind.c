/* SPDX-License-Identifier: MIT */
/*
 * Unwinding from every instruction: a driver runs with the trap flag set, and at each step the frames that unwinding
 * finds are compared with what the calls really left: return addresses, stack pointers, non-volatile registers.
 */
#include "build.h"

#include "../../fuzz/pe_base.h"
#include "image/internal.h"
#include "machine/testing.h"

static const char source[] =
    "typedef unsigned long long u;\nint _fltused = 1;\n"
    "#define NOINLINE __attribute__((noinline))\n"
    "volatile u one = 1;\n"
    "NOINLINE u leaf(u x) { return x * 3 + one; }\n"
    "NOINLINE u many(u a, u b, u c, u d, u e, u f, u g) { return leaf(a + b) + leaf(c * d) + leaf(e - f) + g; }\n"
    "NOINLINE u recurse(u n, u *sum) { if (n == 0) return leaf(*sum); *sum += n; return recurse(n - 1, sum) + n; }\n"
    "NOINLINE double floats(double a, double b, double c, double d, u n)\n"
    "{ double e = a * b, f = b * c, g = c * d, h = d * a; for (u i = 0; i < n; i++) { e += (double)leaf(i); f -= e; g "
    "+= f; "
    "h -= g; } return a + b + c + d + e + f + g + h; }\n"
    "NOINLINE u big(u n) { volatile char room[3000]; room[n] = 5; room[2 * n] = 6; return many(room[n], 1, 2, 3, 4, 5, "
    "n); }\n"
    "NOINLINE u dynamic(u n) { volatile char *p = __builtin_alloca(n * 16 + 16); p[n] = (char)n; return leaf(p[n]) + "
    "many(p[n], n, 1, 2, 3, 4, 5); }\n"
    "NOINLINE u early(u x) { if (x & 1) return 5; u s = 0; for (u i = 0; i < 3; i++) s += recurse(i, &s); if (s & 1) "
    "return "
    "leaf(s); return many(s, s, s, 1, 2, 3, x); }\n"
    "NOINLINE u choose(u x) { switch (x) { case 0: return leaf(1); case 1: return big(9); case 2: return dynamic(4); "
    "case 3: "
    "return early(2); case 4: return early(3); case 5: return (u)floats(1.5, 2.5, 3.5, 4.5, 3); default: return 0; } "
    "}\n"
    "void trace_on(void); void trace_off(void);\n"
    "__asm__(\".text\\ntrace_on: pushfq\\n orq $0x100, (%rsp)\\n popfq\\n ret\\ntrace_off: pushfq\\n andq $~0x100, "
    "(%rsp)\\n popfq\\n ret\\n\");\n"
    "u DriverEntry(u a, u b) { u s = 0; trace_on(); for (u i = 0; i < 6; i++) s += choose(i * one); trace_off(); "
    "return s + a + "
    "b; }\n";

static const uint8_t saved[] = { 3, 5, 6, 7, 12, 13, 14, 15 };

static struct {
    uint64_t slot, ret, gpr[16];
    struct xmm xmm[16];
} shadow[64];
static unsigned depth, deepest, steps, checks, wrong;
static char first_wrong[200];
static struct image *image;
static struct loaded *l;

static void
blame(uint64_t rip, unsigned frame, const char *what)
{
    if (wrong++ == 0)
        snprintf(first_wrong, sizeof(first_wrong), "at rva 0x%x, frame %u of %u: %s", (unsigned)(rip - image->base),
                 frame, depth, what);
}

static void
check(const struct trap *t)
{
    struct cpu_context cx;
    uint64_t establisher, handler, data;

    memcpy(cx.gpr, t->gpr, sizeof(cx.gpr));
    memcpy(cx.xmm, t->xmm, sizeof(cx.xmm));
    cx.rip = t->rip;
    for (unsigned i = depth; i-- > 0;) {
        checks++;
        if (!unwind_frame(&cx, i + 1 != depth, &establisher, &handler, &data, true)) {
            blame(t->rip, i, "no frame");
            return;
        }
        if (cx.rip != shadow[i].ret || cx.gpr[4] != shadow[i].slot + 8) {
            blame(t->rip, i, "return address or stack pointer");
            return;
        }
        for (unsigned k = 0; k < sizeof(saved); k++)
            if (cx.gpr[saved[k]] != shadow[i].gpr[saved[k]])
                blame(t->rip, i, "non-volatile register");
        if (memcmp(&cx.xmm[6], &shadow[i].xmm[6], sizeof(struct xmm) * 10) != 0)
            blame(t->rip, i, "xmm register");
    }
}

/* Called for each instruction of the driver, in signal context. */
static bool
on_step(struct trap *t)
{
    const struct pe_function *f;

    if (t->vector != 1)
        return image_fixup_trap(t);
    steps++;
    while (depth && t->gpr[4] > shadow[depth - 1].slot)
        depth--;
    f = pdata_find(l, (uint32_t)(t->rip - image->base));
    if (!f || f->unwind == 0) /* trace_on, trace_off */
        return true;
    if (t->rip - image->base == f->begin && depth < 64) {
        if (!depth || shadow[depth - 1].slot != t->gpr[4]) /* else: a tail call */
            depth++;
        shadow[depth - 1].slot = t->gpr[4];
        memcpy(&shadow[depth - 1].ret, (void *)t->gpr[4], 8);
        memcpy(shadow[depth - 1].gpr, t->gpr, sizeof(t->gpr));
        memcpy(shadow[depth - 1].xmm, t->xmm, sizeof(t->xmm));
        if (depth > deepest)
            deepest = depth;
    }
    check(t);
    return true;
}

static const struct ddi_export exports[] = {
    { "ntoskrnl", "TestHost", NULL, DDI_SYMBOL, 0, 0, TOUCH_NONE, 0, 0 },
};

static uint64_t result;

static void
run_entry(void *arg)
{
    (void)arg;
    result = GUEST_CALL((uint32_t)ddi_lookup("ntoskrnl", "TestHost"), image->entry, 1, 2);
}

static void
start_machine(void)
{
    static bool done;

    if (done)
        return;
    ddi_register(exports, 1);
    machine_start(1);
    image_init();
    machine_fixup_trap = on_step;
    done = true;
}

static void
unwinds(enum compiler compiler, const char *name, const char *flags)
{
    struct image_error err;
    struct run_result r;
    char path[512];
    size_t len;
    uint8_t *bytes = build_driver(compiler, name, source, "Unused", flags, &len, path);

    if (!bytes)
        SKIP("no such compiler");
    start_machine();
    if (image_load(bytes, len, path, path, &image, &err) != 0)
        fail_msg("%s", err.text);
    free(bytes);
    l = loaded_of(image);
    depth = deepest = steps = checks = wrong = 0;
    CHECK_EQ(machine_test(run_entry, NULL, FIBER_SYSTEM, &r), RUN_DONE);
    if (wrong)
        fail_msg("%s: %u of %u frames wrong, first %s", name, wrong, checks, first_wrong);
    if (steps < 200 || deepest < 2 || checks <= steps)
        fail_msg("too little was seen: %u steps, %u deep, %u frames", steps, deepest, checks);
}

/* One step from rip with these quadwords on the stack. */
static bool
one(uint32_t rva, const uint64_t *words, unsigned count, struct cpu_context *cx, uint64_t *handler, uint64_t *data)
{
    uint64_t *stack = user_alloc(256), establisher;

    memcpy(stack, words, count * 8);
    memset(cx, 0, sizeof(*cx));
    cx->rip = image->base + rva;
    cx->gpr[4] = (uint64_t)stack;
    if (!unwind_step(cx, &establisher, handler, data, true))
        return false;
    cx->gpr[4] -= (uint64_t)stack;
    return true;
}

/* The image of pe_base.h: version 2 with a listed epilogue, a chained entry, a handler. */
TEST(unwind, version_2_chains_and_handlers)
{
    static const uint64_t pushed[] = { 0xb1b1, 0x1111 }, returned[] = { 0x2222 }, framed[] = { 1, 2, 3, 4, 5, 0x3333 };
    uint8_t bytes[PE_BASE_SIZE];
    struct image_error err;
    struct cpu_context cx;
    uint64_t handler, data;

    start_machine();
    pe_base(bytes);
    CHECK_EQ(image_load(bytes, sizeof(bytes), "base.sys", NULL, &image, &err), 0);
    CHECK(one(0x1040, returned, 1, &cx, &handler, &data) && cx.rip == 0x2222 && cx.gpr[4] == 8);
    CHECK(one(0x1041, pushed, 2, &cx, &handler, &data) && cx.rip == 0x1111 && cx.gpr[3] == 0xb1b1 && cx.gpr[4] == 16);
    CHECK(one(0x1058, pushed, 2, &cx, &handler, &data) && cx.rip == 0x1111 && cx.gpr[3] == 0xb1b1);
    CHECK(one(0x1059, returned, 1, &cx, &handler, &data) && cx.rip == 0x2222 && cx.gpr[4] == 8);
    CHECK(one(0x1072, pushed, 2, &cx, &handler, &data) && cx.rip == 0x1111 && cx.gpr[3] == 0xb1b1);
    CHECK(handler == 0);
    CHECK(one(0x1008, framed, 6, &cx, &handler, &data) && cx.rip == 0x3333 && cx.gpr[4] == 48);
    CHECK_EQ(handler, image->base + 0x1080);
    CHECK_EQ(data, image->base + 0x21cc);
    CHECK(one(0x1002, returned, 1, &cx, &handler, &data) && cx.rip == 0x2222 && handler == 0); /* before sub rsp */
    CHECK(one(0x1080, returned, 1, &cx, &handler, &data) && cx.rip == 0x2222);                 /* a leaf */
    CHECK(!one(0x4ff0, returned, 0, &cx, &handler, &data) || cx.rip == 0);
}

TEST(unwind, every_instruction_of_mingw_o0)
{
    unwinds(MINGW, "unwm0", "-O0");
}
TEST(unwind, every_instruction_of_mingw_o1)
{
    unwinds(MINGW, "unwm1", "-O1");
}
TEST(unwind, every_instruction_of_mingw_o2)
{
    unwinds(MINGW, "unwm2", "-O2");
}
TEST(unwind, every_instruction_of_mingw_with_frame_pointers)
{
    unwinds(MINGW, "unwmf", "-O1 -fno-omit-frame-pointer");
}
TEST(unwind, every_instruction_of_clang_o0)
{
    unwinds(CLANG, "unwc0", "-O0");
}
TEST(unwind, every_instruction_of_clang_o1)
{
    unwinds(CLANG, "unwc1", "-O1 -fno-optimize-sibling-calls");
}
TEST(unwind, every_instruction_of_clang_o2)
{
    unwinds(CLANG, "unwc2", "-O2");
}

BUILD_TEST_MAIN(TEST_CASE(unwind, version_2_chains_and_handlers), TEST_CASE(unwind, every_instruction_of_mingw_o0),
                TEST_CASE(unwind, every_instruction_of_mingw_o1), TEST_CASE(unwind, every_instruction_of_mingw_o2),
                TEST_CASE(unwind, every_instruction_of_mingw_with_frame_pointers),
                TEST_CASE(unwind, every_instruction_of_clang_o0), TEST_CASE(unwind, every_instruction_of_clang_o1),
                TEST_CASE(unwind, every_instruction_of_clang_o2))
