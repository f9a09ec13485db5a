/* SPDX-License-Identifier: MIT */
/*
 * machine/arena.c - the ranges of layout.h, monitor memory, and their part of a snapshot.
 *
 * Model: the hot file (a memfd) backs the heap lanes and, at LAYOUT_HOT_IMAGE,
 * the writable pages of every image, which are mapped a second time at their
 * image addresses. Which regions exist never changes after the snapshot; how far
 * they are used may.
 */
#include "machine/internal.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/fmt.h"
#include "host/host.h"

int arena_hot_fd = -1;
struct machine *const machine = (struct machine *)LAYOUT_MONITOR_BASE;
bool (*machine_image_readable)(uint64_t p, size_t len);

/*
 * Monitor memory comes from lanes: one for all that comes before the snapshot or from nobody, and in it the machine
 * itself; one per fiber for what it allocates in a run, so that an address depends on that fiber's history alone, as
 * in the heap. What is given back goes to the lane of who gave it.
 */
#define MON_UNIT    64u
#define MON_CLASSES 16u /* blocks of 1 to so many units can be given back */
struct mon_lane {
    uint64_t next; /* 0: never used */
    uint64_t end;
    void *free[MON_CLASSES + 1]; /* by units; the first word of each is the next */
};
#define MON_OWN ((struct mon_lane *)(LAYOUT_MONITOR_BASE + ((sizeof(struct machine) + 63) & ~63ull)))
_Static_assert(LAYOUT_MONITOR_OWN + FIBER_MAX * LAYOUT_MONITOR_LANE <= LAYOUT_MONITOR_SIZE, "a lane per fiber");
static uint64_t image_data_used; /* bytes of LAYOUT_HOT_IMAGE in use */
static struct {
    uint64_t va, size, hot;
} image_data[LAYOUT_IMAGE_MAX * 4];
static unsigned image_data_count;
#define USER_FIRST (LAYOUT_USER_BASE + 0x10000) /* the first 64 KB are no program's */
static uint64_t user_next;

static int
arena_map(uint64_t va, uint64_t size, enum host_prot prot, int fd, bool shared, const char *what, char text[160])
{
    int err = host_map_fixed(va, size, prot, fd, 0, shared);

    if (err)
        fmt(text, 160, "address range 0x%llx for %s is taken in this process (%s): undis cannot run here",
            (unsigned long long)va, what, err == -EEXIST ? "something is mapped there" : "the kernel refused");
    return err;
}

int
machine_init(unsigned vps, char text[160])
{
    int err;

    text[0] = '\0';
    arena_hot_fd = host_memfd("undis-hot", LAYOUT_HOT_SIZE);
    if (arena_hot_fd < 0) {
        fmt(text, 160, "no anonymous file for machine memory (memfd_create: error %d)", -arena_hot_fd);
        return arena_hot_fd;
    }
    err = arena_map(LAYOUT_MONITOR_BASE, LAYOUT_MONITOR_SIZE, HOST_RW, -1, false, "the monitor arena", text);
    if (!err)
        err = arena_map(LAYOUT_HSTACK_BASE, (uint64_t)LAYOUT_HSTACK_SLOT * (FIBER_SLOTS + 1), HOST_NONE, -1, false,
                        "host stacks", text);
    if (!err)
        err = arena_map(LAYOUT_STACK_BASE, (uint64_t)LAYOUT_STACK_SLOT * (FIBER_SLOTS + 1), HOST_NONE, -1, false,
                        "kernel stacks", text);
    if (!err)
        err = arena_map(LAYOUT_HOT_BASE, LAYOUT_HOT_SIZE, HOST_RW, arena_hot_fd, true, "machine memory", text);
    if (!err)
        err = arena_map(LAYOUT_USER_BASE, LAYOUT_USER_SIZE, HOST_RW, -1, false, "user memory", text);
    if (!err)
        err = arena_map(LAYOUT_KPCR, LAYOUT_KPCR_STRIDE * (VP_MAX + 1), HOST_RW, -1, false,
                        "the processor control regions", text);
    if (err)
        return err;
    MON_OWN->next = (uint64_t)(MON_OWN + 1);
    MON_OWN->end = LAYOUT_MONITOR_BASE + (machine_live ? LAYOUT_MONITOR_SIZE : LAYOUT_MONITOR_OWN);
    user_next = USER_FIRST;
    machine->vp_count = vps;
    machine->setup = true;
    machine->boot_time_100ns = 133801632000000000ull; /* 2025-01-01 00:00 UTC, every boot */
    for (unsigned i = 0; i < vps; i++)
        machine->vp[i].number = i;
    heap_init();
    fiber_init();
    kpcr_init();
    sched_init();
    clock_init();
    vp_init();
    spin_init();
    trap_init();
    return 0;
}

static struct mon_lane *
fiber_lane(unsigned fiber)
{
    return (struct mon_lane *)(LAYOUT_MONITOR_BASE + LAYOUT_MONITOR_OWN + (fiber - 1) * LAYOUT_MONITOR_LANE);
}

static struct mon_lane *
own_lane(void)
{
    unsigned fiber = machine_live || machine->setup ? 0 : machine_allocator();
    struct mon_lane *lane;

    if (fiber == 0)
        return MON_OWN;
    lane = fiber_lane(fiber);
    if (lane->next == 0) {
        lane->next = ((uint64_t)(lane + 1) + MON_UNIT - 1) & ~(uint64_t)(MON_UNIT - 1);
        lane->end = (uint64_t)lane + LAYOUT_MONITOR_LANE;
    }
    return lane;
}

static void *
lane_alloc(struct mon_lane *lane, size_t size)
{
    size_t units = (size + MON_UNIT - 1) / MON_UNIT;
    uint64_t at;

    if (units <= MON_CLASSES && lane->free[units] != NULL) {
        void *p = lane->free[units];

        lane->free[units] = *(void **)p;
        return memset(p, 0, size);
    }
    if (units * MON_UNIT > lane->end - lane->next)
        lane = MON_OWN; /* it is full */
    at = lane->next;
    MACHINE_ASSERT(units * MON_UNIT <= lane->end - at);
    lane->next = at + units * MON_UNIT;
    return (void *)at;
}

void *
mon_alloc(size_t size)
{
    return lane_alloc(own_lane(), size);
}

void *
mon_alloc_shared(size_t size)
{
    return lane_alloc(MON_OWN, size);
}

void
mon_free(void *p, size_t size)
{
    struct mon_lane *lane = own_lane();
    size_t units = (size + MON_UNIT - 1) / MON_UNIT;

    MACHINE_ASSERT(size >= sizeof(void *) && units <= MON_CLASSES);
    *(void **)p = lane->free[units];
    lane->free[units] = p;
}

uint64_t
mon_used(void)
{
    return MON_OWN->next - LAYOUT_MONITOR_BASE;
}

void *
user_alloc(size_t size)
{
    uint64_t at = user_next;

    MACHINE_ASSERT(at + size + 16 <= LAYOUT_USER_BASE + LAYOUT_USER_OWN);
    user_next = (at + size + 15) & ~15ull;
    return (void *)at;
}

/*
 * machine_image_data - make the populated, page-aligned range [va, va+size) of an image hot: its bytes move into the
 * hot file and the same pages are mapped at va. 0 or -errno.
 */
int
machine_image_data(uint64_t va, uint64_t size)
{
    uint64_t hot = LAYOUT_HOT_IMAGE + image_data_used;
    int err;

    if (image_data_count == sizeof(image_data) / sizeof(image_data[0]) ||
        hot + size > LAYOUT_HOT_BASE + LAYOUT_HOT_SIZE)
        return -ENOSPC;
    memcpy((void *)hot, (const void *)va, size);
    err = host_remap_fixed(va, size, HOST_RW, arena_hot_fd, hot - LAYOUT_HOT_BASE);
    if (err)
        return err;
    image_data[image_data_count].va = va;
    image_data[image_data_count].size = size;
    image_data[image_data_count++].hot = hot;
    image_data_used += size;
    return 0;
}

/* Of the fibers that there are: most of struct machine is slots that were never handed out. */
static uint64_t
fibers_end(uint32_t count)
{
    return (uint64_t)&machine->fiber[count + 1];
}

static uint64_t
lane_end(const struct mon_lane *lane)
{
    return lane->next ? lane->next : (uint64_t)lane;
}

int
arena_save(struct copy *c)
{
    const uint64_t own = (uint64_t)&machine->fiber[FIBER_SLOTS + 1];
    int err = kept_save(&c->image, LAYOUT_HOT_IMAGE, image_data_used);

    c->fiber_count = machine->fiber_count;
    if (!err)
        err = kept_save(&c->user, USER_FIRST, user_next - USER_FIRST);
    for (uint32_t i = 1; !err && i <= c->fiber_count; i++)
        err = kept_save(&c->monitor[i], (uint64_t)fiber_lane(i), lane_end(fiber_lane(i)) - (uint64_t)fiber_lane(i));
    if (!err)
        err = kept_save(&c->fibers, LAYOUT_MONITOR_BASE, fibers_end(c->fiber_count) - LAYOUT_MONITOR_BASE);
    if (!err)
        err = kept_save(&c->monitor_own, own, MON_OWN->next - own);
    return err;
}

void
arena_restore(const struct copy *c)
{
    uint32_t used = machine->fiber_count;

    kept_restore(&c->image, 0);
    kept_restore(&c->user, user_next);
    user_next = USER_FIRST + c->user.size;
    for (uint32_t i = 1; i <= c->fiber_count; i++)
        kept_restore(&c->monitor[i], lane_end(fiber_lane(i)));
    for (uint32_t i = c->fiber_count + 1; i <= used; i++)
        memset(fiber_lane(i), 0, lane_end(fiber_lane(i)) - (uint64_t)fiber_lane(i));
    kept_restore(&c->monitor_own, MON_OWN->next);
    kept_restore(&c->fibers, fibers_end(used));
}

unsigned
machine_ranges(struct machine_range *out, unsigned max)
{
    unsigned n = 0;

    if (n < max)
        out[n++] = (struct machine_range){ USER_FIRST, user_next - USER_FIRST, (void *)USER_FIRST };
    for (unsigned i = 0; i < image_data_count && n < max; i++)
        out[n++] = (struct machine_range){ image_data[i].va, image_data[i].size, (void *)image_data[i].hot };
    n += heap_ranges(out + n, max - n);
    n += fiber_ranges(out + n, max - n);
    return n;
}

void
machine_hash(uint8_t out[32])
{
    struct machine_range r[256];
    unsigned n = machine_ranges(r, 256);
    EVP_MD_CTX *md = EVP_MD_CTX_new();

    EVP_DigestInit_ex(md, EVP_sha256(), NULL);
    for (unsigned i = 0; i < n; i++) {
        EVP_DigestUpdate(md, &r[i].base, 16);
        EVP_DigestUpdate(md, r[i].bytes, r[i].size);
    }
    EVP_DigestFinal_ex(md, out, NULL);
    EVP_MD_CTX_free(md);
}

static struct hash128
digest(const struct machine_range *r, unsigned n)
{
    struct hash128 hash = { 0, 0 };

    for (unsigned i = 0; i < n; i++)
        hash = hash128_memory(hash128_add(hash, r[i].base), r[i].bytes, r[i].size);
    return hash;
}

struct hash128
machine_digest(void)
{
    struct machine_range r[256];

    return digest(r, machine_ranges(r, 256));
}

struct hash128
machine_digest_on_the_way(void)
{
    struct machine_range r[256];
    unsigned n = 0;

    for (unsigned i = 0; i < image_data_count && n < 256; i++)
        r[n++] = (struct machine_range){ image_data[i].va, image_data[i].size, (void *)image_data[i].hot };
    return heap_digest(digest(r, n));
}

bool
machine_readable(uint64_t p, size_t len)
{
    uint64_t end = p + len;

    if (end < p)
        return false;
    if (p >= LAYOUT_USER_BASE + 0x10000 && end <= LAYOUT_USER_BASE + LAYOUT_USER_SIZE)
        return true;
    if (p >= LAYOUT_HOT_BASE && end <= LAYOUT_HOT_BASE + LAYOUT_HOT_SIZE)
        return true;
    if (p >= LAYOUT_KPCR && end <= LAYOUT_KPCR + LAYOUT_KPCR_STRIDE * VP_MAX)
        return true;
    if (p >= LAYOUT_STACK_BASE && end <= LAYOUT_STACK_BASE + (uint64_t)LAYOUT_STACK_SLOT * (FIBER_SLOTS + 1)) {
        uint64_t slot = (p - LAYOUT_STACK_BASE) / LAYOUT_STACK_SLOT;
        const struct fiber *f = &machine->fiber[slot];

        return slot > 0 && slot <= machine->fiber_count && p >= f->stack_limit && end <= f->stack_base;
    }
    return machine_image_readable && machine_image_readable(p, len);
}

bool
machine_writable(uint64_t p, size_t len)
{
    if (p >= LAYOUT_IMAGE_BASE && p < LAYOUT_HOT_BASE) {
        for (unsigned i = 0; i < image_data_count; i++)
            if (p >= image_data[i].va && p + len <= image_data[i].va + image_data[i].size)
                return true;
        return false;
    }
    return machine_readable(p, len);
}
