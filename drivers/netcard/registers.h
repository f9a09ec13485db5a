/* SPDX-License-Identifier: MIT */
/* registers.h - the card's registers and descriptors (src/ndis/hw/nic.h says what they do). */
#ifndef NETCARD_REGISTERS_H
#define NETCARD_REGISTERS_H

/* Registers, by number of ULONG. */
#define NC_REG_ID           0
#define NC_REG_CONTROL      1
#define NC_REG_STATUS       2
#define NC_REG_CAUSE        3
#define NC_REG_CLEAR        4
#define NC_REG_MASK         5
#define NC_REG_ADDRESS      6
#define NC_REG_TX           8
#define NC_REG_RX           16
#define NC_RING_BASE        0 /* from NC_REG_TX or NC_REG_RX on */
#define NC_RING_BASE_HIGH   1
#define NC_RING_COUNT       2
#define NC_RING_TAIL        3
#define NC_RING_HEAD        4

#define NC_ID               0x554e4943
#define NC_CONTROL_RX       0x00000001
#define NC_CONTROL_TX       0x00000002
#define NC_CONTROL_RESET    0x80000000
#define NC_STATUS_LINK      0x00000001
#define NC_CAUSE_RX         0x00000001
#define NC_CAUSE_TX         0x00000002
#define NC_CAUSE_LINK       0x00000004
#define NC_CAUSES           0x00000007
#define NC_DESCRIPTOR_END   0x00000001

typedef struct _NC_DESCRIPTOR {
    ULONG64 Address;
    ULONG Length;
    ULONG Flags;
} NC_DESCRIPTOR, *PNC_DESCRIPTOR;

#endif
