/* SPDX-License-Identifier: MIT */
/*
 * machine/ddi.c - the export table, the pseudo images, and what happens between a driver's call and our function.
 *
 * Model: every registered export has an index; its module gives the pseudo
 * image, its order of registration within the module the slot. ddi_dispatch() is
 * the whole of L0: scheduling point, IRQL check, events, the call, the point
 * after a release.
 */
#include "machine/internal.h"
#include "machine/live_internal.h"

#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "host/host.h"
#include "trace/event.h"

#define EXPORTS_MAX 4096u
#define LACKING_MAX 512u

void ddi_enter(void);
void guest_return(void);

static const struct {
    const char *stem, *file, *short_name;
} modules[] = {
    { "ntoskrnl", "ntoskrnl.exe", "nt" },
    { "ndis", "ndis.sys", "ndis" },
    { "hal", "hal.dll", "hal" },
    { "netio", "netio.sys", "netio" },
    { "fwpkclnt", "fwpkclnt.sys", "fwpkclnt" },
    { "wdfldr", "wdfldr.sys", "wdfldr" },
    { "wmilib", "wmilib.sys", "wmilib" },
    { "undisrt", "undisrt.sys", "undisrt" },
    { "kernel32", "kernel32.dll", "kernel32" }, /* of programs: src/user */
    { "lacking", "lacking", "lacking" },
};
#define MODULES        (sizeof(modules) / sizeof(modules[0]))
#define LACKING_MODULE (MODULES - 1)

static struct {
    struct ddi_export e;
    uint8_t module;
    uint16_t slot;
    uint8_t failure_count;
    uint64_t calls;
    uint32_t failure[DDI_FAILURES_MAX];
} table[EXPORTS_MAX];
static unsigned count;
static uint16_t slots[MODULES];
static unsigned by_slot[MODULES][LAYOUT_PSEUDO_SIZE / LAYOUT_SLOT_SIZE];
static bool mapped;
static bool sealed; /* as mapped: the pseudo images are as drivers may see them */
static struct {
    char module[40];
    char name[96];
} lacking_names[LACKING_MAX];
static unsigned lacking_count;

static int
module_index(const char *name)
{
    for (unsigned i = 0; i < MODULES; i++) {
        if (str_ieq(name, modules[i].stem) || str_ieq(name, modules[i].file))
            return (int)i;
        if (strcmp(name, modules[i].short_name) == 0)
            return (int)i;
    }
    return -1;
}

static uint64_t
slot_address(unsigned module, unsigned slot)
{
    return LAYOUT_PSEUDO_BASE + module * LAYOUT_PSEUDO_SIZE + LAYOUT_SLOT_FIRST + (uint64_t)slot * LAYOUT_SLOT_SIZE;
}

static void
write_slot(uint64_t at, unsigned index)
{
    uint8_t *p = (uint8_t *)at;
    uint64_t enter = (uint64_t)ddi_enter, ret = (uint64_t)guest_return;

    memset(p, 0xcc, LAYOUT_SLOT_SIZE);
    p[0] = 0xb8; /* mov eax, index */
    memcpy(p + 1, &index, 4);
    p[5] = 0x49; /* mov r11, ddi_enter */
    p[6] = 0xbb;
    memcpy(p + 7, &enter, 8);
    memcpy(p + 15, "\x41\xff\xe3", 3); /* jmp r11 */
    p[LAYOUT_SLOT_GATE] = 0x49;        /* mov r11, guest_return */
    p[LAYOUT_SLOT_GATE + 1] = 0xbb;
    memcpy(p + LAYOUT_SLOT_GATE + 2, &ret, 8);
    memcpy(p + LAYOUT_SLOT_GATE + 10, "\x41\xff\xe3", 3);
}

static uint8_t *
put(uint8_t *p, const char *code, unsigned length, uint32_t value)
{
    memcpy(p, code, length);
    memcpy(p + length, &value, 4);
    return p + length + 4;
}

/* count: a pointer at `ledger` of the first argument leads to it; the second one is the chain. NULL: no counting. */
static void
write_hop(unsigned index, const struct ddi_hop *h, const struct live_hop_count *count)
{
    uint8_t *p = (uint8_t *)slot_address(table[index].module, table[index].slot), *slow[5], ordinary[18];
    unsigned n = 0;

    if (!machine_live)
        return;
    memcpy(ordinary, p, sizeof(ordinary));
    p = put(p, "\x83\x3c\x25", 3, (uint32_t)(uint64_t)&trace_frames); /* cmp dword [trace_frames], 0 */
    *p++ = 0;
    *p++ = 0x75; /* jne slow */
    slow[n++] = p++;
    p = put(p, "\x4c\x8b\x91", 3, h->next); /* mov r10, [rcx + next] */
    memcpy(p, "\x4d\x85\xd2\x74", 4);       /* test r10, r10; jz slow */
    slow[n++] = p + 4;
    p = put(p + 5, "\x41\x80\xba", 3, h->kind); /* cmp byte [r10 + kind], kind_is */
    *p++ = h->kind_is;
    if (!count) {
        *p++ = 0x74; /* je over the next compare */
        *p++ = 10;
        p = put(p, "\x41\x80\xba", 3, h->state); /* cmp byte [r10 + state], state_is */
        *p++ = h->state_is;
    }
    *p++ = 0x75; /* jne slow */
    slow[n++] = p++;
    p = put(p, "\x49\x8b\x82", 3, h->op);   /* mov rax, [r10 + op] */
    p = put(p, "\x48\x3d", 2, h->host_max); /* cmp rax, host_max */
    *p++ = 0x72;                            /* jb slow */
    slow[n++] = p++;
    if (count) {
        /* mov [rsp+8], rax; mov rax, rdx; xor r11d, r11d; inc r11d; mov rax, [rax]; test rax, rax; jnz to the inc */
        memcpy(p, "\x48\x89\x44\x24\x08\x48\x89\xd0\x45\x31\xdb", 11);
        memcpy(p + 11, "\x41\xff\xc3\x48\x8b\x00\x48\x85\xc0\x75\xf5", 11);
        p = put(p + 22, "\x48\x8b\x81", 3, count->ledger); /* mov rax, [rcx + ledger] */
        p = put(p, "\xf0\x44\x01\x98", 4, count->count);   /* lock add [rax + count], r11d */
        memcpy(p, "\x48\x8b\x44\x24\x08", 5);              /* mov rax, [rsp + 8] */
        p += 5;
    }
    p = put(p, "\x49\x8b\x8a", 3, h->context); /* mov rcx, [r10 + context] */
    memcpy(p, "\xff\xe0", 2);                  /* jmp rax */
    p += 2;
    for (unsigned i = 0; i < n; i++)
        *slow[i] = (uint8_t)(p - (slow[i] + 1));
    memcpy(p, ordinary, sizeof(ordinary));
    MACHINE_ASSERT(p + sizeof(ordinary) <=
                   (uint8_t *)slot_address(table[index].module, table[index].slot) + LAYOUT_SLOT_GATE);
}

void
ddi_hop(unsigned index, const struct ddi_hop *h)
{
    write_hop(index, h, NULL);
}

void
live_hop_counting(unsigned index, const struct ddi_hop *h, const struct live_hop_count *count)
{
    write_hop(index, h, count);
}

static void
map_pseudo(void)
{
    if (!mapped)
        MACHINE_ASSERT(host_map_fixed(LAYOUT_PSEUDO_BASE, MODULES * LAYOUT_PSEUDO_SIZE, HOST_RWX, -1, 0, false) == 0);
    else if (sealed)
        MACHINE_ASSERT(host_protect(LAYOUT_PSEUDO_BASE, MODULES * LAYOUT_PSEUDO_SIZE, HOST_RWX) == 0);
    mapped = true;
    sealed = false;
}

void
ddi_seal(void)
{
    if (sealed || !mapped)
        return;
    sealed = true;
    for (unsigned m = 0; m < MODULES; m++) {
        uint64_t base = LAYOUT_PSEUDO_BASE + m * LAYOUT_PSEUDO_SIZE, end = slot_address(m, slots[m]);

        end = (end + 0xfff) & ~0xfffull;
        MACHINE_ASSERT(host_protect(base, end - base, HOST_RX) == 0);
        if (end < base + LAYOUT_PSEUDO_SIZE)
            MACHINE_ASSERT(host_protect(end, base + LAYOUT_PSEUDO_SIZE - end, HOST_NONE) == 0);
    }
}

static unsigned
add(const struct ddi_export *e, unsigned module)
{
    unsigned index = count++;

    MACHINE_ASSERT(index < EXPORTS_MAX);
    map_pseudo();
    table[index].e = *e;
    table[index].module = (uint8_t)module;
    table[index].slot = slots[module]++;
    by_slot[module][table[index].slot] = index + 1;
    if (e->kind == DDI_RAW) {
        MACHINE_ASSERT(e->nargs <= LAYOUT_SLOT_GATE);
        memset((void *)slot_address(module, table[index].slot), 0xcc, LAYOUT_SLOT_SIZE);
        memcpy((void *)slot_address(module, table[index].slot), e->function, e->nargs);
    } else if (e->kind != DDI_DATA)
        write_slot(slot_address(module, table[index].slot), index);
    return index;
}

unsigned
ddi_register(const struct ddi_export *tab, unsigned n)
{
    unsigned first = count;

    for (unsigned i = 0; i < n; i++) {
        int m = module_index(tab[i].module);

        MACHINE_ASSERT(m >= 0);
        add(&tab[i], (unsigned)m);
    }
    return first;
}

int
ddi_lookup(const char *module, const char *name)
{
    int m = module_index(module);

    if (m < 0)
        return -1;
    for (unsigned i = 0; i < count; i++)
        if (table[i].module == m && strcmp(table[i].e.name, name) == 0)
            return (int)i;
    return -1;
}

const struct ddi_export *
ddi_get(unsigned index)
{
    return index < count ? &table[index].e : NULL;
}

unsigned
ddi_count(void)
{
    return count;
}

void
ddi_set_data(unsigned index, void *object)
{
    MACHINE_ASSERT(index < count && table[index].e.kind == DDI_DATA);
    table[index].e.function = object;
}

uint64_t
ddi_address(unsigned index)
{
    if (index >= count)
        return 0;
    if (table[index].e.kind == DDI_DATA)
        return (uint64_t)table[index].e.function;
    return slot_address(table[index].module, table[index].slot);
}

uint64_t
ddi_lacking(const char *module, const char *name)
{
    unsigned i;
    struct ddi_export e = { .module = "lacking", .kind = DDI_FUNCTION, .touch = TOUCH_NONE, .irql = DDI_ANY };

    for (i = 0; i < lacking_count; i++)
        if (strcmp(lacking_names[i].module, module) == 0 && strcmp(lacking_names[i].name, name) == 0)
            return ddi_address((unsigned)ddi_lookup("lacking", lacking_names[i].name));
    MACHINE_ASSERT(lacking_count < LACKING_MAX);
    fmt(lacking_names[i].module, sizeof(lacking_names[i].module), "%s", module);
    fmt(lacking_names[i].name, sizeof(lacking_names[i].name), "%s", name);
    lacking_count++;
    e.name = lacking_names[i].name;
    return ddi_address(add(&e, LACKING_MODULE));
}

/* Module that a lacking import was asked from. */
static const char *
lacking_module(const char *name)
{
    for (unsigned i = 0; i < lacking_count; i++)
        if (lacking_names[i].name == name)
            return lacking_names[i].module;
    return "?";
}

bool
ddi_symbolize(uint64_t address, const char **module, const char **name, uint32_t *offset)
{
    uint64_t rel = address - LAYOUT_PSEUDO_BASE;
    unsigned m = (unsigned)(rel / LAYOUT_PSEUDO_SIZE);
    uint64_t in = rel % LAYOUT_PSEUDO_SIZE;
    unsigned slot, index;

    if (address < LAYOUT_PSEUDO_BASE || m >= MODULES || in < LAYOUT_SLOT_FIRST)
        return false;
    slot = (unsigned)((in - LAYOUT_SLOT_FIRST) / LAYOUT_SLOT_SIZE);
    index = by_slot[m][slot];
    if (index == 0)
        return false;
    *module = modules[m].short_name;
    *name = table[index - 1].e.name;
    *offset = (uint32_t)((in - LAYOUT_SLOT_FIRST) % LAYOUT_SLOT_SIZE);
    return true;
}

bool
ddi_module(unsigned i, const char **file, const char **short_name, uint64_t *base, uint64_t *size)
{
    if (i >= LACKING_MODULE)
        return false;
    *file = modules[i].file;
    *short_name = modules[i].short_name;
    *base = LAYOUT_PSEUDO_BASE + i * LAYOUT_PSEUDO_SIZE;
    *size = LAYOUT_PSEUDO_SIZE;
    return true;
}

uint64_t
ddi_calls(unsigned index)
{
    return index < count ? table[index].calls : 0;
}

unsigned
ddi_failures(unsigned index, const uint32_t **status)
{
    *status = index < count ? table[index].failure : NULL;
    return index < count ? table[index].failure_count : 0;
}

static void
note_failure(unsigned index, uint32_t status)
{
    for (unsigned i = 0; i < table[index].failure_count; i++)
        if (table[index].failure[i] == status)
            return;
    if (table[index].failure_count < DDI_FAILURES_MAX)
        table[index].failure[table[index].failure_count++] = status;
}

/* ------------------------------------------------------------------ a call */

#define A(n) a[n]
typedef uint64_t u;
#define MS __attribute__((ms_abi))

static uint64_t
call_ms(const void *fn, unsigned n, const uint64_t *a)
{
    switch (n) {
    case 0:
        return ((u(MS *)(void))fn)();
    case 1:
        return ((u(MS *)(u))fn)(A(0));
    case 2:
        return ((u(MS *)(u, u))fn)(A(0), A(1));
    case 3:
        return ((u(MS *)(u, u, u))fn)(A(0), A(1), A(2));
    case 4:
        return ((u(MS *)(u, u, u, u))fn)(A(0), A(1), A(2), A(3));
    case 5:
        return ((u(MS *)(u, u, u, u, u))fn)(A(0), A(1), A(2), A(3), A(4));
    case 6:
        return ((u(MS *)(u, u, u, u, u, u))fn)(A(0), A(1), A(2), A(3), A(4), A(5));
    case 7:
        return ((u(MS *)(u, u, u, u, u, u, u))fn)(A(0), A(1), A(2), A(3), A(4), A(5), A(6));
    case 8:
        return ((u(MS *)(u, u, u, u, u, u, u, u))fn)(A(0), A(1), A(2), A(3), A(4), A(5), A(6), A(7));
    default:
        return ((u(MS *)(u, u, u, u, u, u, u, u, u, u, u, u, u, u, u, u))fn)(
            A(0), A(1), A(2), A(3), A(4), A(5), A(6), A(7), n > 8 ? A(8) : 0, n > 9 ? A(9) : 0, n > 10 ? A(10) : 0,
            n > 11 ? A(11) : 0, n > 12 ? A(12) : 0, n > 13 ? A(13) : 0, n > 14 ? A(14) : 0, n > 15 ? A(15) : 0);
    }
}

uint64_t ddi_dispatch(struct crossing *c);
bool (*machine_paged)(uint64_t rip);

/* The function called: its result as a driver may see it. */
static uint64_t
call(const struct ddi_export *e, const uint64_t *a)
{
    uint64_t result;

    if (e->kind == DDI_VARIADIC) {
        uint64_t with_va[9];

        memcpy(with_va, a, e->nargs * 8u);
        with_va[e->nargs] = (uint64_t)(a + e->nargs);
        result = call_ms(e->function, e->nargs + 1u, with_va);
    } else {
        result = call_ms(e->function, e->nargs, a);
    }
    if (e->result == 0)
        return 0;
    return e->result < 8 ? result & ((1ull << (e->result * 8)) - 1) : result;
}

static _Noreturn void
call_lacking(unsigned index)
{
    const struct ddi_export *e = &table[index].e;
    char text[160];

    if (table[index].module == LACKING_MODULE)
        fmt(text, sizeof(text), "%s!%s", lacking_module(e->name), e->name);
    else
        fmt(text, sizeof(text), "%s!%s", e->module, e->name);
    machine_unsupported(index, text);
}

/*
 * In a live machine: no points, no checks of IRQL; the machine lock unless the export is free of it. Who listens to
 * calls hears of them in the order in which they took the lock; of free ones, in the order in which they came.
 */
static uint64_t
live_dispatch(struct fiber *f, struct crossing *c)
{
    unsigned index = (unsigned)c->index;
    const struct ddi_export *e = &table[index].e;
    struct vp_local *l;
    uint64_t result;

    f->in_driver = false;
    c->irql_at_entry = f->irql;
    if (f->guest_sp < f->stack_limit || f->guest_sp > f->stack_base)
        guest_stack_overflow(f);
    if (e->kind == DDI_SYMBOL || !e->function)
        call_lacking(index);
    if (e->flags & DDI_FREE) {
        trace_emit(EV_DDI_ENTER, 0, index);
        result = call(e, (const uint64_t *)(c->guest_rsp + 8));
    } else {
        live_lock();
        f->locked = true;
        trace_emit(EV_DDI_ENTER, 0, index);
        result = call(e, (const uint64_t *)(c->guest_rsp + 8));
        f->locked = false;
        live_unlock();
    }
    live_interrupts(f);
    if (f->irql < IRQL_DISPATCH) {
        l = vp_local();
        if (__atomic_load_n(&l->attention, __ATOMIC_RELAXED) || ++l->returns % LIVE_POLL_EVERY == 0)
            live_attend();
    }
    f->in_driver = true;
    return result;
}

uint64_t
ddi_dispatch(struct crossing *c)
{
    struct fiber *f = sched_current;
    unsigned index = (unsigned)c->index;
    const struct ddi_export *e = &table[index].e;
    const uint64_t *a = (const uint64_t *)(c->guest_rsp + 8);
    uint64_t result;

    if (machine_live)
        return live_dispatch(f, c);
    f->in_driver = false;
    c->irql_at_entry = f->irql;
    table[index].calls++;
    if (f->guest_sp < f->stack_limit || f->guest_sp > f->stack_base)
        guest_stack_overflow(f);
    if (e->kind == DDI_SYMBOL || !e->function)
        call_lacking(index);
    if (e->irql == DDI_EXACT_DISPATCH ? f->irql != IRQL_DISPATCH : f->irql > e->irql)
        trace_emit(EV_IRQL_TOO_HIGH, 0, index, f->irql, e->irql == DDI_EXACT_DISPATCH ? IRQL_DISPATCH : e->irql);
    if (e->touch <= TOUCH_ARG7)
        sched_point(OP_DDI, a[e->touch - TOUCH_ARG0]);
    else if (e->touch == TOUCH_WORLD)
        sched_point(OP_DDI, OBJECT_WORLD);
    trace_emit(EV_DDI_ENTER, e->nargs ? a[0] : 0, index, e->nargs > 0 ? a[0] : 0, e->nargs > 1 ? a[1] : 0,
               e->nargs > 2 ? a[2] : 0, e->nargs > 3 ? a[3] : 0);
    result = call(e, a);
    if (e->result == 4 && (int32_t)result < 0)
        note_failure(index, (uint32_t)result);
    if (e->flags & DDI_AFTER)
        sched_point(OP_AFTER, 0);
    trace_emit(EV_DDI_LEAVE, e->nargs ? a[0] : 0, index, result);
    if (f->irql >= IRQL_DISPATCH && c->irql_at_entry < IRQL_DISPATCH && machine_paged &&
        machine_paged(*(const uint64_t *)c->guest_rsp))
        trace_emit(EV_PAGED_CODE, *(const uint64_t *)c->guest_rsp, *(const uint64_t *)c->guest_rsp, f->irql);
    f->in_driver = true;
    return result;
}
