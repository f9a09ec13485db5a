/* SPDX-License-Identifier: MIT */
/* Patched instructions: each kind is found, patched in the way its surroundings allow, and does what it did. */
#include "build.h"

#include "image/image.h"
#include "machine/testing.h"

/* One function per case; the argument points at 64 bytes of machine memory: four 8-byte cells and room. */
static const char source[] =
    "typedef unsigned long long u;\n"
    "#define CASE(n, body) __attribute__((noinline)) u case##n(u *p) { u r = 0; __asm__ volatile(body : \"+a\"(r), "
    "\"+c\"(p) : : \"rdx\", \"rbx\", \"r8\", \"r9\", \"r10\", \"r11\", \"memory\", \"cc\"); return r; }\n"
    "u global = 5;\n"
    /* short locked, flags survive: inc leaves the carry alone */
    "CASE(1, \"stc; lock incl (%%rcx); setc %%al; .byte 0x0f,0x1f,0x00\")\n"
    /* long locked: the jmp fits */
    "CASE(2, \"mov $3, %%eax; lock xaddq %%rax, 0x8(%%rcx)\")\n"
    /* rip-relative */
    "CASE(3, \"lock incl global(%%rip); mov global(%%rip), %%rax\")\n"
    /* operands in the registers that the thunk works with */
    "CASE(4, \"lea (%%rcx), %%r10; mov $1, %%r11d; mov $7, %%eax; lock xaddq %%rax, (%%r10,%%r11,8); mov %%r10, %%rdx; "
    "sub %%rcx, %%rdx; add %%rdx, %%rax; add %%r11, %%rax\")\n"
    /* on the stack */
    "CASE(5, \"sub $0x28, %%rsp; movq $9, 0x20(%%rsp); lock incq 0x20(%%rsp); mov 0x20(%%rsp), %%rax; add $0x28, "
    "%%rsp\")\n"
    "CASE(6, \"push $4; lock addl $2, (%%rsp); pop %%rax; nop; nop\")\n"
    /* xchg without lock; the following branch moves along */
    "CASE(7, \"mov $11, %%eax; 1: xchg %%rax, (%%rcx); test %%eax, %%eax; jz 2f; add $1, %%rax; 2:\")\n"
    /* a loop lands on the locked instruction itself, the branch back moves */
    "CASE(8, \"movl $3, 0x10(%%rcx); lea 0x10(%%rcx), %%rcx; 1: inc %%rax; lock decl (%%rcx); jnz 1b\")\n"
    /* something lands on the follower: int3 */
    "CASE(9, \"xor %%r8d, %%r8d; 1: test %%r8d, %%r8d; jnz 3f; lock incl (%%rcx); 2: inc %%r8d; cmp $2, %%r8d; jb 2b; "
    "jmp "
    "1b; 3: mov (%%rcx), %%eax\")\n"
    "CASE(10, \"mov %%cr8, %%rax; mov %%rax, %%r9; mov $2, %%r8d; mov %%r8, %%cr8; mov %%cr8, %%rdx; mov %%r9, %%cr8; "
    "mov "
    "%%cr8, %%rcx; shl $8, %%rax; or %%rdx, %%rax; shl $8, %%rax; or %%rcx, %%rax\")\n"
    "CASE(11, \"rdtsc; shl $32, %%rdx; or %%rdx, %%rax; mov %%rax, %%r8; rdtsc; shl $32, %%rdx; or %%rdx, %%rax; cmp "
    "%%r8, %%rax; setae %%al; movzbl %%al, %%eax\")\n"
    "CASE(12, \"xor %%eax, %%eax; cpuid; mov %%edx, %%eax\")\n"
    "CASE(13, \"xor %%ecx, %%ecx; xgetbv; nop; nop\")\n"
    "CASE(14, \"mov $6, %%eax; pause; add $1, %%eax\")\n"
    "CASE(15, \"movabs $0xFFFFF78000000260, %%rcx; mov (%%rcx), %%eax\")\n"
    "CASE(16, \"mov $0xFFFFF780, %%ecx; shl $32, %%rcx; mov 0x260(%%rcx), %%eax\")\n"
    "CASE(17, \"call leaf_inc; mov (%%rcx), %%eax\")\n"
    "__asm__(\".text\\nleaf_inc: lock incl (%rcx)\\n ret\\n .byte 0xf0, 0xff, 0x01, 0xcc\\n\");\n"
    "CASE(18, \"mov $2, %%eax; lock cmpxchgq %%rdx, (%%rcx); movabs 0xFFFFF78000000260, %%eax\")\n"
    "CASE(19, \"rdtscp; mov %%ecx, %%eax\")\n"
    /* watched: the second short access moves into the thunk of the first, also where its registers are operands */
    "CASE(20, \"mov %%rcx, %%r10; mov (%%r10), %%edx; add 8(%%r10), %%rdx; mov %%rdx, %%r11; mov (%%rcx), %%eax; "
    "add 8(%%rcx), %%eax; add %%r11, %%rax\")\n"
    /* through gs: what may lead to the processor, also by a register; the thread and the IRQL do not */
    "CASE(21, \"mov %%gs:0x18, %%rax; mov 0x20(%%rax), %%rax; mov $0x18, %%edx; sub %%gs:(%%rdx), %%rax; "
    "mov %%gs:0x188, %%r9; movzbl %%gs:0x50, %%r10d\")\n"
    "typedef u (*fn)(u *);\n"
    "fn const table[] = { case1, case2, case3, case4, case5, case6, case7, case8, case9, case10, case11, case12, "
    "case13, "
    "case14, case15, case16, case17, case18, case19, case20, case21 };\n"
    "u DriverEntry(u which, u *p) { return table[which - 1](p); }\n";

#define CASES 21u

static struct image *image;
static uint64_t results[CASES + 1], cells[CASES + 1][8];

static void
run_all(void *arg)
{
    (void)arg;
    for (unsigned i = 1; i <= CASES; i++) {
        uint64_t *p = heap_alloc(64, 'tseT');

        for (unsigned k = 0; k < 8; k++)
            p[k] = 100 + k;
        results[i] = GUEST_CALL((uint32_t)ddi_lookup("ntoskrnl", "TestHost"), image->entry, i, (uint64_t)p);
        memcpy(cells[i], p, 64);
    }
}

static const struct ddi_export exports[] = {
    { "ntoskrnl", "TestHost", NULL, DDI_SYMBOL, 0, 0, TOUCH_NONE, 0, 0 },
};

static bool
ready(void)
{
    static bool done, have;
    struct image_error err;
    struct run_result r;
    char path[512];
    size_t len;
    uint8_t *bytes;

    if (done)
        return have;
    done = true;
    bytes = build_driver(MINGW, "patch", source, "Unused", "-O1", &len, path);
    if (!bytes)
        return false;
    ddi_register(exports, 1);
    machine_start(1);
    image_init();
#ifdef PATCH_WATCHED
    image_watch(true);
#endif
    if (image_load(bytes, len, path, path, &image, &err) != 0)
        fail_msg("%s", err.text);
    free(bytes);
    *(uint32_t *)(KUSER_ALIAS + 0x260) = 19045;
    have = true;
    CHECK_EQ(machine_test(run_all, NULL, FIBER_SYSTEM, &r), RUN_DONE);
    return true;
}

#define NEED_COMPILER()           \
    do {                          \
        if (!ready())             \
            SKIP("no mingw gcc"); \
    } while (0)

TEST(patch, locked_instructions_do_their_work)
{
    NEED_COMPILER();
    CHECK_EQ((uint8_t)results[1], 1); /* carry kept */
    CHECK_EQ(cells[1][0], 101);
    CHECK_EQ(results[2], 101);
    CHECK_EQ(cells[2][1], 104);
    CHECK_EQ(results[3], 6);
    CHECK_EQ(results[4], 101 + 0 + 1);
    CHECK_EQ(cells[4][1], 108);
    CHECK_EQ(results[5], 10);
    CHECK_EQ(results[6], 6);
    CHECK_EQ(results[7], 101);
    CHECK_EQ(cells[7][0], 11);
    CHECK_EQ(results[8], 3);
    CHECK_EQ(results[9], 101);
    CHECK_EQ(cells[18][0], 100); /* the compare failed */
}

TEST(patch, irql_moves_through_cr8)
{
    NEED_COMPILER();
    CHECK_EQ(results[10], 0x000200);
}

TEST(patch, processor_instructions_are_answered)
{
    NEED_COMPILER();
    CHECK_EQ(results[11], 1);
    CHECK_EQ((uint32_t)results[13], 3);
    CHECK_EQ(results[14], 7);
    CHECK_EQ(results[21], 0x180); /* observed: where the PRCB lies in the KPCR */
}

TEST(patch, shared_data_is_read)
{
    NEED_COMPILER();
    CHECK_EQ(results[15], 19045);
    CHECK_EQ(results[16], 19045);
    CHECK_EQ(results[18], 19045);
}

TEST(patch, leaf_function_is_found_by_its_caller)
{
    NEED_COMPILER();
    CHECK_EQ(results[17], 101);
}

/* Everywhere in the thunk before it the site that moved along there is known, with what is pushed. */
static void
check_inside(const struct image_site *before, const struct image_site *s)
{
    unsigned most = 0, seen = 0;
    uint64_t origin;
    unsigned pushed;

    for (uint64_t at = before->thunk; image_thunk_origin(at, &origin, &pushed); at++) {
        if (origin != image->base + s->rva)
            continue;
        seen++;
        if (pushed > most)
            most = pushed;
    }
    CHECK(seen > 20); /* two pushes, lea, mov, call, two pops and the instruction */
    CHECK_EQ(most, 16);
}

TEST(patch, adjacent_accesses_do_their_work)
{
    NEED_COMPILER();
    CHECK_EQ(results[20], 2 * (100 + 101));
}

TEST(patch, every_site_is_known)
{
    unsigned kind[SITE_KINDS] = { 0 }, patch[PATCH_INSIDE + 1] = { 0 };

    NEED_COMPILER();
    for (unsigned i = 0; i < image->site_count; i++) {
        const struct image_site *s = &image->sites[i];
        uint64_t origin;
        unsigned pushed;
        struct image *im = NULL;

        kind[s->kind]++;
        patch[s->patch]++;
        CHECK(image_site_get(s->number, &im) == s && im == image);
        if (s->thunk) {
            CHECK(image_thunk_origin(s->thunk, &origin, &pushed));
            CHECK_EQ(origin, image->base + s->rva);
            CHECK_EQ(pushed, 0);
        }
        if (s->patch == PATCH_INSIDE)
            check_inside(s - 1, s);
    }
    CHECK_EQ(kind[SITE_LOCKED], 11); /* cases 1-9 and 18, and the leaf; not the bytes behind it */
    CHECK_EQ(kind[SITE_CR8_READ], 3);
    CHECK_EQ(kind[SITE_CR8_WRITE], 2);
    CHECK_EQ(kind[SITE_RDTSC], 2);
    CHECK_EQ(kind[SITE_RDTSCP], 1);
    CHECK_EQ(kind[SITE_CPUID], 1);
    CHECK_EQ(kind[SITE_XGETBV], 1);
    CHECK_EQ(kind[SITE_PAUSE], 1);
    CHECK_EQ(kind[SITE_PROCESSOR], 2);
    CHECK_EQ(kind[SITE_KUSER], 2);
    CHECK(patch[PATCH_INT3] >= 1);
    CHECK(patch[PATCH_JMP_MOVED] >= 5);
    CHECK_EQ(patch[PATCH_IMMEDIATE], 2);
#ifdef PATCH_WATCHED
    CHECK(patch[PATCH_INSIDE] >= 2);
#else
    CHECK_EQ(patch[PATCH_INSIDE], 0);
#endif
}

BUILD_TEST_MAIN(TEST_CASE(patch, locked_instructions_do_their_work), TEST_CASE(patch, irql_moves_through_cr8),
                TEST_CASE(patch, processor_instructions_are_answered), TEST_CASE(patch, shared_data_is_read),
                TEST_CASE(patch, leaf_function_is_found_by_its_caller),
                TEST_CASE(patch, adjacent_accesses_do_their_work), TEST_CASE(patch, every_site_is_known))
