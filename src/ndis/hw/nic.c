/* SPDX-License-Identifier: MIT */
/*
 * ndis/hw/nic.c - the simulated Ethernet card of nic.h.
 *
 * Model: `seen` is what the card knows of its registers; poll() compares it with the memory the driver writes to,
 * takes what changed and puts back what is read-only. Sending is a timer of the machine, so that it may happen before
 * or after whatever else goes on.
 * Start reading at: poll().
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
#define FRAME_MAX        1518u
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
    enum { ON, OFF, GONE } state;
    struct hw_nic_counts counts;
    uint8_t frame[FRAME_MAX];
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

bool
hw_nic_receive(struct hw_nic *n, const void *frame, uint32_t length)
{
    struct descriptor *d;

    mdevice_poll();
    if (n->state != ON || !(n->seen[R_CONTROL] & CONTROL_RX) || !(n->seen[R_STATUS] & 1) || ring_empty(n, R_RX)) {
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

/* The card's clock: it sends all there is. Frames may consist of several descriptors. */
static void
send_now(struct mtimer *t)
{
    struct hw_nic *n = of_timer(t);
    uint32_t length = 0;
    bool any = false;

    while ((n->seen[R_CONTROL] & CONTROL_TX) && !ring_empty(n, R_TX)) {
        struct descriptor *d = ring_next(n, R_TX);
        uint32_t room = FRAME_MAX - length, bytes = d->length < room ? d->length : room;

        memcpy(n->frame + length, hal_dma_reach(n->hal, d->address, bytes), bytes);
        length += bytes;
        d->flags |= DESCRIPTOR_DONE;
        if (d->flags & DESCRIPTOR_END) {
            n->counts.sent++;
            if (n->seen[R_CONTROL] & CONTROL_LOOP)
                hw_nic_receive(n, n->frame, length);
            length = 0;
        }
        ring_advance(n, R_TX);
        any = true;
    }
    if (any) {
        raise(n, CAUSE_TX);
        mdevice_changed();
    }
}

/* ------------------------------------------------------------------ registers */

static void
reset(struct hw_nic *n)
{
    static const uint8_t address[8] = { 0x02, 0x55, 0x4e, 0x00, 0x00, 0x01 };
    uint32_t status = n->seen[R_STATUS], half[2];

    if (n->send.armed)
        mtimer_cancel(&n->send);
    for (unsigned i = 0; i < R_COUNT; i++)
        set(n, i, 0);
    memcpy(half, address, sizeof(half));
    set(n, R_ID, ID);
    set(n, R_STATUS, status);
    set(n, R_ADDRESS, half[0]);
    set(n, R_ADDRESS_HIGH, half[1] + (n->hal->number << 8));
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

static enum mdevice_news
poll(struct mdevice *d)
{
    struct hw_nic *n = (struct hw_nic *)d;
    uint32_t cleared;

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
    if (n->seen[R_CONTROL] & CONTROL_RESET) {
        reset(n);
        return MDEVICE_VISIBLE;
    }
    cleared = n->seen[R_CAUSE] & n->seen[R_CLEAR];
    set(n, R_CAUSE, n->seen[R_CAUSE] & ~n->seen[R_CLEAR]);
    set(n, R_CLEAR, 0);
    update_interrupt(n);
    if ((n->seen[R_CONTROL] & CONTROL_TX) && !ring_empty(n, R_TX) && !n->send.armed)
        mtimer_set(&n->send, machine->now_100ns + SEND_TAKES_100NS, send_now);
    return cleared ? MDEVICE_VISIBLE : MDEVICE_TAKEN;
}

/* ------------------------------------------------------------------ the world outside */

struct hw_nic *
hw_nic_create(unsigned messages)
{
    struct hw_nic *n = mon_alloc(sizeof(*n));
    const struct hal_device_config config = {
        .name = "undis NIC", .vendor = 0x554e, .device = 0x0001, .bar_bytes = { 4096 }, .messages = messages
    };

    n->hal = hal_device_create(&config);
    n->hal->model = n;
    n->reg = (volatile uint32_t *)n->hal->bar[0].memory;
    n->seen[R_STATUS] = 1;
    reset(n);
    n->device.poll = poll;
    mdevice_add(&n->device);
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
