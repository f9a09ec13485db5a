/* SPDX-License-Identifier: MIT */
/* Fibers, crossings, faults, snapshot and restore on a real machine with hand-made driver code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "machine/testing.h"

#define MS __attribute__((ms_abi))

static uint64_t seen[6];

static uint64_t MS
TestAdd(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    seen[0] = a;
    seen[1] = b;
    seen[2] = c;
    seen[3] = d;
    seen[4] = e;
    seen[5] = f;
    return a + b + c + d + e + f;
}

static const struct ddi_export table[] = {
    { "ntoskrnl", "TestAdd", TestAdd, DDI_FUNCTION, 6, DDI_ANY, TOUCH_WORLD, 0, 8 },
    { "ntoskrnl", "TestCaller", NULL, DDI_SYMBOL, 0, DDI_ANY, TOUCH_NONE, 0, 0 },
};
static uint64_t code_add, code_fault, code_return;

/* Calls its first argument (a DDI) with 1..6 and returns the sum plus its own second argument. */
static const uint8_t add_bytes[] = {
    0x53,                                     /* push rbx */
    0x48, 0x83, 0xec, 0x30,                   /* sub rsp, 0x30 */
    0x48, 0x89, 0xd3,                         /* mov rbx, rdx */
    0x48, 0x89, 0xc8,                         /* mov rax, rcx */
    0xb9, 1,    0,    0,    0,                /* mov ecx, 1 */
    0xba, 2,    0,    0,    0,                /* mov edx, 2 */
    0x41, 0xb8, 3,    0,    0,    0,          /* mov r8d, 3 */
    0x41, 0xb9, 4,    0,    0,    0,          /* mov r9d, 4 */
    0x48, 0xc7, 0x44, 0x24, 0x20, 5, 0, 0, 0, /* mov qword [rsp+0x20], 5 */
    0x48, 0xc7, 0x44, 0x24, 0x28, 6, 0, 0, 0, /* mov qword [rsp+0x28], 6 */
    0xff, 0xd0,                               /* call rax */
    0x48, 0x01, 0xd8,                         /* add rax, rbx */
    0x48, 0x83, 0xc4, 0x30,                   /* add rsp, 0x30 */
    0x5b, 0xc3,                               /* pop rbx; ret */
};
static const uint8_t fault_bytes[] = { 0x48, 0x8b, 0x01, 0xc3 }; /* mov rax, [rcx]; ret */
static const uint8_t return_bytes[] = { 0xc3 };

static int
setup(void **state)
{
    (void)state;
    ddi_register(table, 2);
    machine_start(2);
    code_add = machine_test_code(add_bytes, sizeof(add_bytes));
    code_fault = machine_test_code(fault_bytes, sizeof(fault_bytes));
    code_return = machine_test_code(return_bytes, sizeof(return_bytes));
    return 0;
}

static uint64_t result;

static void
call_add(void *arg)
{
    (void)arg;
    result = GUEST_CALL((uint32_t)ddi_lookup("nt", "TestCaller"), code_add,
                        ddi_address((unsigned)ddi_lookup("nt", "TestAdd")), 100);
}

static void
driver_code_calls_a_ddi_with_six_arguments(void **state)
{
    struct run_result r;

    (void)state;
    assert_int_equal(machine_test(call_add, NULL, FIBER_SYSTEM, &r), RUN_DONE);
    assert_int_equal(result, 121);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(seen[i], i + 1);
}

static void
call_fault(void *arg)
{
    GUEST_CALL((uint32_t)ddi_lookup("nt", "TestCaller"), code_fault, (uint64_t)arg);
}

static void
a_fault_in_a_system_thread_is_7e_and_in_a_user_thread_3b(void **state)
{
    struct run_result r;

    (void)state;
    assert_int_equal(machine_test(call_fault, (void *)0x10, FIBER_SYSTEM, &r), RUN_BUGCHECK);
    assert_int_equal(r.code, 0x7e);
    assert_int_equal((uint32_t)r.p[0], 0xc0000005);
    assert_int_equal(r.p[1], code_fault);
    machine_restore();
    assert_int_equal(machine_test(call_fault, (void *)HEAP_POISON_FREE, FIBER_USER, &r), RUN_BUGCHECK);
    assert_int_equal(r.code, 0x3b);
    machine_restore();
    assert_int_equal(machine_test(call_fault, (void *)(LAYOUT_SYSTEM_BASE + 0x8000000), FIBER_USER, &r), RUN_BUGCHECK);
    assert_int_equal(r.code, 0x50);
    machine_restore();
}

static void
at_dispatch(void *arg)
{
    irql_raise(IRQL_DISPATCH);
    call_fault(arg);
}

static void
a_fault_at_dispatch_is_d1(void **state)
{
    struct run_result r;

    (void)state;
    assert_int_equal(machine_test(at_dispatch, (void *)HEAP_POISON_FREE, FIBER_SYSTEM, &r), RUN_BUGCHECK);
    assert_int_equal(r.code, 0xd1);
    machine_restore();
}

static char *block;

static void
scribble(void *arg)
{
    (void)arg;
    memset(block, 'x', 16);
    heap_alloc(100, 0x74736574);
    mon_alloc(1000);
}

static void
restore_puts_every_byte_back(void **state)
{
    uint8_t before[32], after[32], during[32];

    (void)state;
    block = heap_alloc(16, 0x74736574);
    memset(block, 'a', 16);
    assert_int_equal(machine_snapshot(), 0);
    machine_hash(before);
    assert_int_equal(machine_test(scribble, NULL, FIBER_SYSTEM, NULL), RUN_DONE);
    machine_hash(during);
    machine_restore();
    machine_hash(after);
    assert_memory_equal(before, after, 32);
    assert_memory_not_equal(before, during, 32);
    assert_int_equal(block[0], 'a');
}

static void
heap_tells_double_free_and_overrun(void **state)
{
    char *p = heap_alloc(20, 0x74736574), *q = heap_alloc(20, 0x74736574);

    (void)state;
    assert_int_equal(heap_free(p), HEAP_FREED);
    assert_int_equal(heap_free(p), HEAP_DOUBLE_FREE);
    q[20] = 1;
    assert_ptr_equal(heap_check(), heap_find((uint64_t)q));
    assert_int_equal(heap_free(q), HEAP_OVERRUN);
    assert_int_equal(heap_free(q + 16), HEAP_BAD_POINTER);
    assert_int_equal(*(uint64_t *)p, HEAP_POISON_FREE);
    machine_restore();
}

static void
what_is_written_to_freed_memory_is_not_compared_on_the_way(void **state)
{
    char *p = heap_alloc(32, 0x74736574), *q = heap_alloc(32, 0x74736574);
    struct hash128 before, after;

    (void)state;
    memset(q, 'q', 32);
    assert_int_equal(heap_free(p), HEAP_FREED);
    before = machine_digest_on_the_way();
    memset(p, 'x', 32);
    after = machine_digest_on_the_way();
    assert_true(hash128_equal(before, after));
    q[0] = 'x';
    after = machine_digest_on_the_way();
    assert_false(hash128_equal(before, after));
    q[0] = 'q';
    p[32] = 'x'; /* behind it */
    after = machine_digest_on_the_way();
    assert_false(hash128_equal(before, after));
    p[32] = (char)0xfd;
    assert_int_equal(heap_free(q), HEAP_FREED);
    after = machine_digest_on_the_way();
    assert_false(hash128_equal(before, after));
    machine_restore();
}

static struct fiber *sleeper;

static void
sleeps(void *arg)
{
    (void)arg;
    sleeper = fiber_self();
    sched_block(BLOCK_WAIT, 7, NULL, "waits for a test");
}

static void
a_fiber_nobody_wakes_is_a_hang(void **state)
{
    (void)state;
    assert_int_equal(machine_test(sleeps, NULL, FIBER_SYSTEM, NULL), RUN_HANG);
    assert_string_equal(sleeper->block_why, "waits for a test");
    machine_restore();
}

static void
spins(void *arg)
{
    (void)arg;
    for (;;)
        sched_give_way();
}

static void
spinning_alone_is_a_livelock(void **state)
{
    (void)state;
    assert_int_equal(machine_test(spins, NULL, FIBER_SYSTEM, NULL), RUN_LIVELOCK);
    machine_restore();
}

static unsigned order[3], order_count;

static void
note(void *arg)
{
    sched_point(OP_INTERNAL, OBJECT_WORLD);
    order[order_count++ % 3] = (unsigned)(uintptr_t)arg;
}

static void
same_seed_same_order(void **state)
{
    unsigned first[3], differ = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 16; seed++) {
        for (int pass = 0; pass < 2; pass++) {
            struct run_result r;

            order_count = 0;
            for (uintptr_t i = 1; i <= 3; i++)
                fiber_create("n", FIBER_SYSTEM, note, (void *)i, false);
            machine_run(machine_test_random(seed), &r);
            assert_int_equal(r.end, RUN_DONE);
            if (pass == 0)
                memcpy(first, order, sizeof(order));
            else
                assert_memory_equal(first, order, sizeof(order));
            machine_restore();
        }
        differ += first[0] != 1;
    }
    assert_true(differ > 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(driver_code_calls_a_ddi_with_six_arguments),
        cmocka_unit_test(restore_puts_every_byte_back),
        cmocka_unit_test(a_fault_in_a_system_thread_is_7e_and_in_a_user_thread_3b),
        cmocka_unit_test(a_fault_at_dispatch_is_d1),
        cmocka_unit_test(heap_tells_double_free_and_overrun),
        cmocka_unit_test(what_is_written_to_freed_memory_is_not_compared_on_the_way),
        cmocka_unit_test(a_fiber_nobody_wakes_is_a_hang),
        cmocka_unit_test(spinning_alone_is_a_livelock),
        cmocka_unit_test(same_seed_same_order),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
