/* SPDX-License-Identifier: MIT */
/*
 * ndis/hw/nic.c - the simulated Ethernet card of nic.h.
 *
 * Model: `seen` is what the card knows of its registers; poll() compares it with the memory the driver writes to,
 * takes what changed and puts back what is read-only. A live machine says what is written (written()). Either ends in
 * act(). Without a cable sending is a timer of the machine, so that it may happen before or after whatever else
 * goes on.
 * Start reading at: poll(), act().
 */
#include "ndis/hw/nic.h"

#include <string.h>

#include "machine/irq.h"
#include "ndis/hw/hw.h"
#include "nt/hal/hal.h"

enum {
    R_ID,
    R_CONTROL,
    R_STATUS,
    R_CAUSE,
    R_CLEAR,
    R_MASK,
    R_ADDRESS,
    R_ADDRESS_HIGH,
    R_TX = 0x20 / 4,
    R_RX = 0x40 / 4,
    R_COUNT = 0x54 / 4,
};

/* Of a ring, from R_TX or R_RX on. */
enum { RING_BASE, RING_BASE_HIGH, RING_COUNT, RING_TAIL, RING_HEAD };

#define ID               0x554e4943u
#define NO_POWER         0xffffffffu /* what a bus reads where nobody answers */
#define CONTROL_RX       1u
#define CONTROL_TX       2u
#define CONTROL_LOOP     4u
#define CONTROL_RESET    0x80000000u
#define CAUSE_RX         1u
#define CAUSE_TX         2u
#define CAUSE_LINK       4u
#define DESCRIPTOR_END   1u
#define DESCRIPTOR_DONE  2u
#define RING_MAX         4096u
#define SEND_TAKES_100NS 10u

struct descriptor {
    uint64_t address;
    uint32_t length, flags;
};

/* Monitor memory. */
struct hw_nic {
    struct mdevice device; /* first: poll() is given its address */
    struct hal_device *hal;
    volatile uint32_t *reg; /* what the driver sees */
    uint32_t seen[R_COUNT];
    uint32_t high; /* message n was sent for what is set now: bit n */
    struct mtimer send;
    const struct hw_nic_cable *cable;
    bool short_of_room; /* whoever has the cable found that nothing can be received */
    uint32_t told;      /* R_TX's head when the driver was told last */
    enum { ON, OFF, GONE } state;
    struct hw_nic_counts counts;
    uint8_t frame[HW_NIC_FRAME_MAX];
    uint8_t address[8];
};

static struct hw_nic *
of_timer(struct mtimer *t)
{
    return list_entry(t, struct hw_nic, send);
}

static void
set(struct hw_nic *n, unsigned r, uint32_t value)
{
    n->seen[r] = value;
    n->reg[r] = value;
}

/* ------------------------------------------------------------------ interrupts */

static void
message_level(struct hw_nic *n, unsigned message, bool up)
{
    if (up && !(n->high >> message & 1)) {
        n->counts.interrupts++;
        hal_message_send(n->hal, message);
    }
    n->high = up ? n->high | 1u << message : n->high & ~(1u << message);
}

static void
update_interrupt(struct hw_nic *n)
{
    uint32_t on = n->seen[R_CAUSE] & n->seen[R_MASK];

    if (n->hal->message_count != 0) {
        message_level(n, 0, (on & CAUSE_RX) != 0);
        message_level(n, 1, (on & ~CAUSE_RX) != 0);
        return;
    }
    if (on && !n->high)
        n->counts.interrupts++;
    n->high = on != 0;
    hal_line_set(n->hal, on != 0);
}

static void
raise(struct hw_nic *n, uint32_t cause)
{
    set(n, R_CAUSE, n->seen[R_CAUSE] | cause);
    update_interrupt(n);
}

/* ------------------------------------------------------------------ rings */

static bool
ring_empty(const struct hw_nic *n, unsigned ring)
{
    const uint32_t *r = &n->seen[ring];

    return r[RING_COUNT] == 0 || r[RING_COUNT] > RING_MAX || r[RING_TAIL] >= r[RING_COUNT] ||
           r[RING_HEAD] == r[RING_TAIL];
}

static struct descriptor *
ring_next(struct hw_nic *n, unsigned ring)
{
    const uint32_t *r = &n->seen[ring];
    uint64_t base = (uint64_t)r[RING_BASE_HIGH] << 32 | r[RING_BASE];

    return hal_dma_reach(n->hal, base + r[RING_HEAD] * sizeof(struct descriptor), sizeof(struct descriptor));
}

static void
ring_advance(struct hw_nic *n, unsigned ring)
{
    set(n, ring + RING_HEAD, (n->seen[ring + RING_HEAD] + 1) % n->seen[ring + RING_COUNT]);
}

static bool
receiver_on(const struct hw_nic *n)
{
    return n->state == ON && (n->seen[R_CONTROL] & CONTROL_RX) && (n->seen[R_STATUS] & 1);
}

bool
hw_nic_receive(struct hw_nic *n, const void *frame, uint32_t length)
{
    struct descriptor *d;

    mdevice_poll();
    if (!receiver_on(n) || ring_empty(n, R_RX)) {
        n->counts.lost++;
        return false;
    }
    d = ring_next(n, R_RX);
    if (d->length < length) {
        n->counts.lost++;
        return false;
    }
    memcpy(hal_dma_reach(n->hal, d->address, length), frame, length);
    d->length = length;
    d->flags = DESCRIPTOR_END | DESCRIPTOR_DONE;
    ring_advance(n, R_RX);
    n->counts.received++;
    raise(n, CAUSE_RX);
    mdevice_changed();
    return true;
}

/* Frames may consist of several descriptors. */
uint32_t
hw_nic_take(struct hw_nic *n, uint8_t *frame)
{
    uint32_t length = 0;

    while ((n->seen[R_CONTROL] & CONTROL_TX) && !ring_empty(n, R_TX)) {
        struct descriptor *d = ring_next(n, R_TX);
        uint32_t room = HW_NIC_FRAME_MAX - length, bytes = d->length < room ? d->length : room;
        bool end = d->flags & DESCRIPTOR_END;

        memcpy(frame + length, hal_dma_reach(n->hal, d->address, bytes), bytes);
        length += bytes;
        d->flags |= DESCRIPTOR_DONE;
        ring_advance(n, R_TX);
        if (!end)
            continue;
        n->counts.sent++;
        if (n->seen[R_CONTROL] & CONTROL_LOOP)
            hw_nic_receive(n, frame, length);
        if (length != 0)
            return length;
    }
    return 0;
}

void
hw_nic_taken(struct hw_nic *n)
{
    if (n->told == n->seen[R_TX + RING_HEAD])
        return;
    n->told = n->seen[R_TX + RING_HEAD];
    raise(n, CAUSE_TX);
    mdevice_changed();
}

/* The card's clock: it sends all there is. */
static void
send_now(struct mtimer *t)
{
    struct hw_nic *n = of_timer(t);

    while (hw_nic_take(n, n->frame) != 0)
        ;
    hw_nic_taken(n);
}

uint32_t
hw_nic_room(struct hw_nic *n)
{
    const uint32_t *r = &n->seen[R_RX];

    n->short_of_room = !receiver_on(n) || ring_empty(n, R_RX);
    if (!receiver_on(n))
        return UINT32_MAX;
    return n->short_of_room ? 0 : (r[RING_TAIL] + r[RING_COUNT] - r[RING_HEAD]) % r[RING_COUNT];
}

/* The driver wrote something: has the cable to do with it? */
static bool
cable_wanted(const struct hw_nic *n)
{
    return n->cable != NULL && (((n->seen[R_CONTROL] & CONTROL_TX) && !ring_empty(n, R_TX)) ||
                                (n->short_of_room && receiver_on(n) && !ring_empty(n, R_RX)));
}

/* ------------------------------------------------------------------ registers */

static void
reset(struct hw_nic *n)
{
    uint32_t status = n->seen[R_STATUS], half[2];

    if (n->send.armed)
        mtimer_cancel(&n->send);
    n->told = 0;
    for (unsigned i = 0; i < R_COUNT; i++)
        set(n, i, 0);
    memcpy(half, n->address, sizeof(half));
    set(n, R_ID, ID);
    set(n, R_STATUS, status);
    set(n, R_ADDRESS, half[0]);
    set(n, R_ADDRESS_HIGH, half[1]);
    update_interrupt(n);
}

static bool
writable(unsigned r)
{
    return r == R_CONTROL || r == R_CLEAR || r == R_MASK || (r >= R_TX && r < R_TX + RING_HEAD) ||
           (r >= R_RX && r < R_RX + RING_HEAD);
}

/* Nothing takes what is written; a driver that does so in low power breaks a rule. */
static enum mdevice_news
unpowered_writes(struct hw_nic *n)
{
    bool any = false;

    for (unsigned r = 0; r < R_COUNT; r++)
        if (n->reg[r] != NO_POWER) {
            if (n->state == OFF)
                trace_emit(EV_HARDWARE_MISUSE, n->reg + r, NDIS_HW_WRITE_IN_LOW_POWER, r * 4, n->reg[r]);
            n->reg[r] = NO_POWER;
            any = true;
        }
    return any ? MDEVICE_TAKEN : MDEVICE_NOTHING;
}

/* What the registers say now. */
static enum mdevice_news
act(struct hw_nic *n)
{
    uint32_t cleared;

    if (n->seen[R_CONTROL] & CONTROL_RESET) {
        reset(n);
        return MDEVICE_VISIBLE;
    }
    cleared = n->seen[R_CAUSE] & n->seen[R_CLEAR];
    set(n, R_CAUSE, n->seen[R_CAUSE] & ~n->seen[R_CLEAR]);
    set(n, R_CLEAR, 0);
    update_interrupt(n);
    if (cable_wanted(n))
        n->cable->ready(n->cable->arg);
    else if (n->cable == NULL && (n->seen[R_CONTROL] & CONTROL_TX) && !ring_empty(n, R_TX) &&
             !n->send.armed)
        mtimer_set(&n->send, machine->now_100ns + SEND_TAKES_100NS, send_now);
    return cleared ? MDEVICE_VISIBLE : MDEVICE_TAKEN;
}

static enum mdevice_news
poll(struct mdevice *d)
{
    struct hw_nic *n = (struct hw_nic *)d;

    if (n->state != ON)
        return unpowered_writes(n);
    if (memcmp((const void *)n->reg, n->seen, sizeof(n->seen)) == 0)
        return MDEVICE_NOTHING;
    for (unsigned r = 0; r < R_COUNT; r++) {
        uint32_t value = n->reg[r];

        if (value == n->seen[r])
            continue;
        set(n, r, writable(r) ? value : n->seen[r]);
    }
    return act(n);
}

static void
written(struct mdevice *d, uint32_t offset, const uint8_t *bytes, unsigned size)
{
    struct hw_nic *n = (struct hw_nic *)d;

    for (unsigned r = offset / 4; r <= (offset + size - 1) / 4 && r < R_COUNT; r++) {
        uint32_t value = n->seen[r], from = r * 4 > offset ? r * 4 : offset;
        uint32_t to = r * 4 + 4 < offset + size ? r * 4 + 4 : offset + size;

        memcpy((uint8_t *)&value + from % 4, bytes + (from - offset), to - from);
        if (n->state == OFF)
            trace_emit(EV_HARDWARE_MISUSE, d->registers + r * 4, NDIS_HW_WRITE_IN_LOW_POWER, r * 4, value);
        else if (n->state == ON && writable(r))
            set(n, r, value);
    }
    if (n->state == ON)
        act(n);
}

/* ------------------------------------------------------------------ the world outside */

struct hw_nic *
hw_nic_create(unsigned messages)
{
    static const uint8_t address[6] = { 0x02, 0x55, 0x4e, 0x00, 0x00, 0x01 };
    struct hw_nic *n = mon_alloc(sizeof(*n));
    const struct hal_device_config config = {
        .name = "undis NIC",
        .vendor = 0x554e,
        .device = 0x0001,
        .bar_bytes = { 4096 },
        .messages = messages,
        .share = hal_device_with_line(),
    };

    n->hal = hal_device_create(&config);
    n->hal->model = n;
    n->device.poll = poll;
    n->device.write = written;
    mdevice_add(&n->device);
    n->reg = mdevice_registers(&n->device, n->hal->bar[0].memory, n->hal->bar[0].bytes);
    n->seen[R_STATUS] = 1;
    memcpy(n->address, address, sizeof(address));
    n->address[5] += (uint8_t)n->hal->number;
    reset(n);
    return n;
}

struct hw_nic *
hw_nic_of(const struct ndis_nic *nic)
{
    struct hal_device *d = hal_device_of(nic->pdo);

    return d != NULL ? d->model : NULL;
}

void *
hw_nic_pdo(const struct hw_nic *n)
{
    return n->hal->pdo;
}

void
hw_nic_connect(struct hw_nic *n, const struct hw_nic_cable *cable)
{
    n->cable = cable;
}

void
hw_nic_set_address(struct hw_nic *n, const uint8_t address[6])
{
    memcpy(n->address, address, 6);
    reset(n);
}

static void
lose_power(struct hw_nic *n)
{
    mdevice_poll();
    reset(n);
    for (unsigned r = 0; r < R_COUNT; r++)
        n->reg[r] = NO_POWER;
}

void
hw_nic_power(struct hw_nic *n, bool on)
{
    if (n->state == GONE || (n->state == ON) == on)
        return;
    if (on) {
        mdevice_poll(); /* what was written without power is lost */
        n->state = ON;
        reset(n);
    } else {
        lose_power(n);
        n->state = OFF;
    }
    mdevice_changed();
}

void
hw_nic_unplug(struct hw_nic *n)
{
    if (n->state == ON)
        lose_power(n);
    n->state = GONE;
    mdevice_changed();
}

void
hw_nic_plug(struct hw_nic *n)
{
    if (n->state != GONE)
        return;
    n->state = OFF;
    hw_nic_power(n, true);
}

void
hw_nic_link(struct hw_nic *n, bool up)
{
    mdevice_poll();
    if (n->state != ON) {
        n->seen[R_STATUS] = up;
        return;
    }
    set(n, R_STATUS, up);
    raise(n, CAUSE_LINK);
    mdevice_changed();
}

void
hw_nic_interrupt(struct hw_nic *n)
{
    if (n->state != ON && n->hal->message_count != 0)
        return;
    if (n->hal->message_count != 0)
        hw_nic_link(n, n->seen[R_STATUS] & 1);
    else
        hal_line_pulse(n->hal);
}

struct hw_nic_counts
hw_nic_counts(const struct hw_nic *n)
{
    return n->counts;
}
