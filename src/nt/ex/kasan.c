/* SPDX-License-Identifier: MIT */
/*
 * nt/ex/kasan.c - the checks that a compiler puts before each access (`undis cc --sanitize=address`).
 *
 * Model: as the kernel address sanitizer of Windows: an access to memory that is not valid stops the machine with
 * bugcheck 0x1F2 before it is made. Windows keeps a byte of shadow for eight bytes of memory; here the heap knows
 * every block, and the shadow code is computed from the block that the address lies in or beside. So pool, NBLs, IRPs
 * and all other blocks of machine memory are watched, and paged pool at DISPATCH_LEVEL. Locals and globals are not.
 * The names are those of gcc and clang for kernels; they are imports from a pseudo image, as those of --race.
 * documented: "Kernel Address Sanitizer", "Bug Check 0x1F2".
 * Start reading at: check().
 */
#include "nt/ex/ex.h"
#include "nt/rtl/rtl.h"

#define KASAN_ILLEGAL_ACCESS 0x1f2u
#define KASAN_WRITE          0x100u
#define NEAR                 32u /* bytes beside a block that count as its redzone: guard and rounding */

/* documented: shadow codes */
enum { CODE_PAGED = 0x09, CODE_REDZONE = 0x85, CODE_RIGHT = 0x86, CODE_FREED = 0x87, CODE_LEFT = 0x8d };

/* The code of an invalid byte that lies in no block. */
static unsigned
code_between(uint64_t at)
{
    for (unsigned i = 1; i <= NEAR; i++) {
        const struct heap_block *b = heap_find(at - i);

        if (b != NULL) {
            uint64_t end = b->address + b->size;

            /* documented: a cell of eight bytes that is valid in part has the number of its valid bytes */
            return (at & ~7ull) < end ? (unsigned)(end & 7) : CODE_RIGHT;
        }
        if (heap_find(at + i) != NULL)
            return CODE_LEFT;
    }
    return CODE_REDZONE;
}

/* The shadow code that forbids the access; 0: it is allowed, or not to memory that is watched. */
static unsigned
forbids(uint64_t address, uint64_t size)
{
    const struct heap_block *b;

    if (address - LAYOUT_HOT_BASE >= LAYOUT_LANE_MAX * LAYOUT_LANE_SIZE)
        return 0;
    b = heap_find(address);
    if (b == NULL)
        return code_between(address);
    if (b->freed)
        return CODE_FREED;
    if (size > b->address + b->size - address)
        return code_between(b->address + b->size);
    return b->use == NT_USE_PAGED_POOL && irql_get() >= IRQL_DISPATCH ? CODE_PAGED : 0;
}

static void
check(uint64_t address, uint64_t size, uint64_t write)
{
    unsigned code = size != 0 ? forbids(address, size) : 0;

    if (code != 0)
        machine_bugcheck(KASAN_ILLEGAL_ACCESS, address, size, guest_caller(), write | code);
}

static void *
do_READ(uint64_t address, uint64_t size, uint64_t unused)
{
    (void)unused;
    check(address, size, 0);
    return NULL;
}

static void *
do_WRITE(uint64_t address, uint64_t size, uint64_t unused)
{
    (void)unused;
    check(address, size, KASAN_WRITE);
    return NULL;
}

static void *
do_COPY(uint64_t to, uint64_t from, uint64_t size)
{
    check(from, size, 0);
    check(to, size, KASAN_WRITE);
    return crt_memcpy((void *)to, (const void *)from, size);
}

static void *
do_MOVE(uint64_t to, uint64_t from, uint64_t size)
{
    check(from, size, 0);
    check(to, size, KASAN_WRITE);
    return crt_memmove((void *)to, (const void *)from, size);
}

static void *
do_SET(uint64_t to, uint64_t byte, uint64_t size)
{
    check(to, size, KASAN_WRITE);
    return crt_memset((void *)to, (int)byte, size);
}

static void *
do_NOTHING(uint64_t a, uint64_t b, uint64_t c)
{
    (void)a;
    (void)b;
    (void)c;
    return NULL;
}

#define FN(module, name, size, access)                                                    \
    static __attribute__((ms_abi)) void *kasan_##name(uint64_t a, uint64_t b, uint64_t c) \
    {                                                                                     \
        return do_##access(a, size ? size : b, c);                                        \
    }
#include "nt/ex/kasan.def"
#undef FN

#define FN(m, n, size, access) { #m, #n, (void *)kasan_##n, DDI_FUNCTION, 3, DDI_ANY, TOUCH_NONE, DDI_FREE, 8 },
static const struct ddi_export exports[] = {
#include "nt/ex/kasan.def"
};
#undef FN

void
kasan_register_exports(void)
{
    ddi_register(exports, sizeof(exports) / sizeof(exports[0]));
}
