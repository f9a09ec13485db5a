/* SPDX-License-Identifier: MIT */
/*
 * machine/layout.h - where everything of a machine lies.
 *
 * Every address a driver can see is a constant or is derived from one, so two
 * runs of one trace are equal to the last byte. Ranges (low to high):
 *
 *     user window     buffers of user-mode actors; below MmUserProbeAddress
 *     pseudo images   ntoskrnl.exe, ndis.sys, hal.dll: one 256-byte slot per export
 *     KPCRs           what gs points at, one per VP
 *     images          loaded drivers; their writable pages alias the hot file
 *     hot             heap lanes + writable image pages: one memfd, one memcpy to reset
 *     stacks          guest (driver) stacks, guard page below each
 *     guard map       what an indirect call of a driver with control flow guard may go to; only with such a driver
 *     monitor         fibers, host stacks, rule state, logs: reset too, never dumped
 *
 * If a range is taken, undis says so and stops; it never moves silently.
 */
#ifndef MACHINE_LAYOUT_H
#define MACHINE_LAYOUT_H

#include <stdint.h>

#define LAYOUT_USER_BASE    0x7e8f00000000ull
#define LAYOUT_USER_SIZE    0x000010000000ull /* 256 MB of address, sparse */
#define LAYOUT_USER_OWN     0x000001000000ull /* the first 16 MB: user_alloc(); above, windows of Linux programs */
#define LAYOUT_SYSTEM_BASE  0x7e9000000000ull /* MmSystemRangeStart */
#define LAYOUT_PSEUDO_BASE  0x7e9000000000ull
#define LAYOUT_PSEUDO_SIZE  0x000000100000ull /* per pseudo image, 1 MB = 4096 slots */
#define LAYOUT_PSEUDO_MAX   16u
#define LAYOUT_SLOT_SIZE    0x100u
#define LAYOUT_SLOT_FIRST   0x1000u /* slots start after the header page */
#define LAYOUT_SLOT_GATE    0x80u   /* return address of a call from host into a driver */
#define LAYOUT_SLOT_FAULT   0xc0u   /* where a fault inside our own DDI code is said to be */
#define LAYOUT_KPCR         0x7e900f000000ull
#define LAYOUT_KPCR_STRIDE  0x4000u /* one per VP, and one for a thread of ours that is none */
#define LAYOUT_KPCR_OURS    0x3000u /* in it: struct vp_local, out of what drivers read */
#define LAYOUT_IMAGE_BASE   0x7e9010000000ull
#define LAYOUT_IMAGE_STRIDE 0x000001000000ull /* 16 MB per image */
#define LAYOUT_IMAGE_MAX    32u
#define LAYOUT_HOT_BASE     0x7e9040000000ull
#define LAYOUT_LANE_SIZE    0x000001000000ull /* 16 MB of address per lane */
#define LAYOUT_LANE_MAX     62u
#define LAYOUT_HOT_IMAGE    (LAYOUT_HOT_BASE + LAYOUT_LANE_MAX * LAYOUT_LANE_SIZE) /* aliases of image pages */
#define LAYOUT_HOT_SIZE     0x000040000000ull                                      /* 1 GB of address, sparse */
#define LAYOUT_STACK_BASE   0x7e9090000000ull
#define LAYOUT_STACK_SLOT   0x10000u /* 64 KB apart */
#define LAYOUT_STACK_SIZE   0x6000u  /* 24 KB usable, as KeGetStackLimits reports */
#define LAYOUT_STACK_MAX    256u
#define LAYOUT_SYSTEM_END   0x7e9100000000ull
#define LAYOUT_GUARD_BASE   0x7e9480000000ull
#define LAYOUT_GUARD_SIZE   0x000004000000ull /* 64 MB of address, sparse */
#define LAYOUT_MONITOR_BASE 0x7e9500000000ull
#define LAYOUT_MONITOR_SIZE 0x000010000000ull /* 256 MB of address, sparse */
#define LAYOUT_MONITOR_OWN  0x000004000000ull /* the first 64 MB; above, what fibers allocate in runs, a lane each */
#define LAYOUT_MONITOR_LANE 0x000000300000ull
#define LAYOUT_HSTACK_BASE  0x7e9600000000ull
#define LAYOUT_HSTACK_SLOT  0x40000u /* 256 KB apart */
#define LAYOUT_HSTACK_SIZE  0x30000u /* 192 KB; only touched pages cost */

#endif
