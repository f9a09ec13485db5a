/* SPDX-License-Identifier: MIT */
/* machine/testing.c - the harness of machine/testing.h. */
#include "machine/testing.h"

#include <string.h>

#include "base/fmt.h"
#include "base/hash.h"
#include "host/host.h"
#include "machine/internal.h"

void
machine_assert_failed(const char *what, const char *file, int line)
{
    static char text[200];

    (void)file;
    fmt(text, sizeof(text), "%s", what);
    host_crash(text, (uint64_t)line, (uint64_t)__builtin_return_address(0));
}

void
machine_start(unsigned vps)
{
    static char text[160];

    if (machine_init(vps, text))
        host_crash(text, 0, 0);
}

static unsigned
dull_pick(struct strategy *s, const struct sched_view *v)
{
    (void)s;
    (void)v;
    return 0;
}

struct strategy strategy_dull = { .pick = dull_pick };

static struct {
    struct strategy s;
    uint64_t state;
} chance;

static unsigned
chance_pick(struct strategy *s, const struct sched_view *v)
{
    (void)s;
    chance.state = hash64_add(chance.state, 1);
    return (unsigned)(chance.state % v->count);
}

static unsigned
chance_choose(struct strategy *s, enum choice_kind kind, unsigned n, uint64_t key)
{
    (void)s;
    chance.state = hash64_add(chance.state, kind + key);
    return (unsigned)(chance.state % n);
}

struct strategy *
machine_test_random(uint64_t seed)
{
    chance.s.pick = chance_pick;
    chance.s.choose = chance_choose;
    chance.state = seed;
    return &chance.s;
}

enum run_end
machine_test(void (*fn)(void *), void *arg, enum fiber_kind kind, struct run_result *r)
{
    struct run_result mine;

    if (!fiber_create("test", kind, fn, arg, false))
        host_crash("no fiber left for a test", 0, 0);
    trap_init(); /* a test framework takes the signals for itself before each test */
    machine_run(&strategy_dull, r ? r : &mine);
    return r ? r->end : mine.end;
}

uint64_t
machine_test_code(const void *code, size_t len)
{
    static uint64_t at = LAYOUT_IMAGE_BASE + (LAYOUT_IMAGE_MAX - 1) * LAYOUT_IMAGE_STRIDE;
    uint64_t here = at, size = (len + 4095) & ~4095ull;

    if (host_map_fixed(here, size, HOST_RW, -1, 0, false))
        host_crash("no page for test code", 0, here);
    memcpy((void *)here, code, len);
    host_protect(here, size, HOST_RX);
    at += size;
    return here;
}
