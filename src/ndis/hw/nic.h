/* SPDX-License-Identifier: MIT */
/*
 * ndis/hw/nic.h - a simulated Ethernet card: small, but driven as real ones are.
 *
 * Model. A PCI function (vendor 554e, device 0001: numbers of our own, unassigned) with one block of 32-bit registers,
 * two descriptor rings in memory shared with the driver, DMA, and one interrupt line or two messages. Registers, from
 * the start of memory resource 0:
 *
 *     00 ID        ro  554e4943
 *     04 CONTROL   rw  bit 0 receive, bit 1 transmit, bit 2 sent frames are received too, bit 31 reset (reads 0)
 *     08 STATUS    ro  bit 0 link is up
 *     0c CAUSE     ro  why it interrupts: bit 0 received, bit 1 sent, bit 2 link changed
 *     10 CLEAR     wo  clears these bits of CAUSE; reads 0
 *     14 MASK      rw  bits of CAUSE that interrupt
 *     18 ADDRESS   ro  station address, 1c the last two bytes
 *     20 TX_BASE   rw  bus address of the ring, 24 its upper half; 28 TX_COUNT descriptors
 *     2c TX_TAIL   rw  descriptors before it are the device's; 30 TX_HEAD ro: those before it are done
 *     40 RX_BASE ... 50 RX_HEAD: the same for receiving
 *
 * A descriptor is 16 bytes: bus address (8), length (4), flags (4): bit 0 last of a frame, bit 1 done (by the device).
 * A ring is empty when HEAD is TAIL. The device sends some time after TX_TAIL moved, all up to TAIL; then marks the
 * descriptors done, moves TX_HEAD and raises CAUSE. Frames that come while the receive ring is empty are lost.
 *
 * On a line the card interrupts while CAUSE & MASK is not 0 (level-sensitive). With messages, message 0 is sent when
 * `received` becomes set and unmasked, message 1 for the other two.
 *
 * Register writes are posted: the card takes them at the fence that WRITE_REGISTER_XXX ends with, or at the next call
 * (in a live machine at once). It is memory, so a read has no side effect: hence CLEAR. Without power, or pulled out,
 * every register reads all ones.
 *
 * Whoever holds the other end of the cable is told when there is something to send or room to receive, and moves frames
 * with hw_nic_take() and hw_nic_receive(). Without a cable what is sent goes nowhere, a while after it was given.
 * All functions: under the machine lock, in any context that may not be a service routine's.
 */
#ifndef NDIS_HW_NIC_H
#define NDIS_HW_NIC_H

#include <stdbool.h>
#include <stdint.h>

#define HW_NIC_HARDWARE_ID "PCI\\VEN_554E&DEV_0001"
#define HW_NIC_MESSAGES    2u

struct hw_nic;

struct ndis_nic;

/* messages: 0 (a line, which all such cards share) or HW_NIC_MESSAGES. Never NULL. */
struct hw_nic *hw_nic_create(unsigned messages);
/* The card of a network device; NULL: it has none. */
struct hw_nic *hw_nic_of(const struct ndis_nic *nic);
void *hw_nic_pdo(const struct hw_nic *nic);

/* A frame arrives. false: lost (no descriptor, receiver off, too long). */
bool hw_nic_receive(struct hw_nic *nic, const void *frame, uint32_t length);
/*
 * The bus takes its power (D3), or gives it back: then the card is as after a reset. Without power its registers read
 * all ones, what arrives is lost, and a write to a register is a misuse.
 */
void hw_nic_power(struct hw_nic *nic, bool on);
/* It is pulled out of the machine: as without power, but a write goes nowhere. */
void hw_nic_unplug(struct hw_nic *nic);
/* One like it is in its place again; nothing if it was not pulled. */
void hw_nic_plug(struct hw_nic *nic);
/* The cable is pulled or plugged. */
void hw_nic_link(struct hw_nic *nic, bool up);
/* An interrupt that no traffic explains: a neighbour's on the line, or a link change with messages. */
void hw_nic_interrupt(struct hw_nic *nic);

/* The other end of the cable. */
struct hw_nic_cable {
    void (*ready)(void *arg); /* the driver gave frames or room; any IRQL; calls nobody but the machine */
    void *arg;
};
/* cable lives until the next call; NULL: it is out. */
void hw_nic_connect(struct hw_nic *nic, const struct hw_nic_cable *cable);
/* Before the driver looks: its station address. */
void hw_nic_set_address(struct hw_nic *nic, const uint8_t address[6]);
/* Frames that hw_nic_receive() would not lose now; UINT32_MAX: it loses any, as the receiver is off. */
uint32_t hw_nic_room(struct hw_nic *nic);
/* The next frame the driver gave, HW_NIC_FRAME_MAX bytes at most: its length; 0: there is none. */
#define HW_NIC_FRAME_MAX 1518u
uint32_t hw_nic_take(struct hw_nic *nic, uint8_t *frame);
/* After some, or none: tells the driver. */
void hw_nic_taken(struct hw_nic *nic);

struct hw_nic_counts {
    uint32_t sent, received, lost, interrupts;
};
struct hw_nic_counts hw_nic_counts(const struct hw_nic *nic);

#endif
