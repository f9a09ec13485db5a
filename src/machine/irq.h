/* SPDX-License-Identifier: MIT */
/*
 * machine/irq.h - interrupts, and devices that raise them.
 *
 * Model. A vector belongs to one VP and has a device IRQL. While it is asserted, the VP's ISR fiber (one per VP, made
 * with its first vector) can enter wherever the VP's IRQL is lower: over a thread, over a DPC. Entering over a fiber
 * that could go on is a preemption like any other; when it enters is the scheduler's choice, so an interrupt may come
 * at once or much later. While the ISR fiber is in service nothing else of that VP runs. A level-sensitive vector is
 * delivered again until its device takes the line down; a latched one (a message) once per assertion, and assertions
 * that come before it was delivered are one.
 *
 * assumed: an ISR is not interrupted by a higher vector of the same VP (on Windows it is). docs/assumptions.md.
 *
 * A device is memory that a driver reads and writes without a call. Under exploration its poll() looks at every
 * scheduling point for what the running fiber wrote since its last one, so a register write reaches the device with the
 * next call, fence or interlocked instruction. What a device changed that drivers can read (registers, DMA) counts as
 * one event that every fiber's next step depends on, since they see it without a call.
 *
 * In a live machine drivers cannot write to a device's registers at all: the instruction faults, and its value goes to
 * the device's write() at once, under the machine lock, whatever is written on other VPs meanwhile. All functions here
 * want that lock. An interrupt stops what runs on its VP there and then if that runs at a lower IRQL; else it comes
 * when the IRQL falls.
 */
#ifndef MACHINE_IRQ_H
#define MACHINE_IRQ_H

#include "machine/machine.h"

struct irq_vector {
    struct list_node link; /* of its VP, in order of irq_connect() */
    uint8_t irql, vp;
    bool level;    /* level-sensitive: delivered until deasserted */
    bool asserted; /* the line is up; latched: a message waits */
    bool connected;
    bool masked;        /* asserted but held back */
    uint32_t again;     /* deliveries since the line went up last */
    uint32_t delivered; /* of this run */
    /* Runs on the ISR fiber at irql; may call drivers. */
    void (*deliver)(struct irq_vector *v);
};

/* vector: zeroed monitor memory whose irql, vp, level and deliver are set. From now on it can be delivered. */
void irq_connect(struct irq_vector *v);
/* Not again. The caller has seen to it that deliver() is not running. */
void irq_disconnect(struct irq_vector *v);

/* The device's side; any context, also a timer's. */
void irq_assert(struct irq_vector *v);
void irq_deassert(struct irq_vector *v);
void irq_mask(struct irq_vector *v, bool masked);

/* Interrupts wait or run on some VP. */
bool irq_busy(void);

enum mdevice_news { MDEVICE_NOTHING, MDEVICE_TAKEN, MDEVICE_VISIBLE };

struct mdevice {
    struct list_node link;
    /*
     * The running fiber's writes since the last point. TAKEN: the device knows something new, drivers can read nothing
     * else than before; VISIBLE: they can. No scheduling points.
     */
    enum mdevice_news (*poll)(struct mdevice *d);
    /* Live: a driver stores size bytes at that offset of its registers. Calls no drivers, does not block. */
    void (*write)(struct mdevice *d, uint32_t offset, const uint8_t *bytes, unsigned size);
    uint64_t registers; /* mdevice_registers() */
    uint32_t register_bytes;
};
void mdevice_add(struct mdevice *d);
/*
 * Machine memory at `memory`, whole pages, is the device's registers from now on. Returns where the device itself
 * writes them: a live machine's drivers cannot, under exploration it is `memory`. Once per device, after mdevice_add().
 */
void *mdevice_registers(struct mdevice *d, void *memory, uint32_t bytes);
void mdevice_remove(struct mdevice *d);
/* The device changed registers or memory outside of poll(). */
void mdevice_changed(void);
/* See what the running fiber wrote, now: host code that looks at a device calls this first. true: a device took it. */
bool mdevice_poll(void);

#endif
