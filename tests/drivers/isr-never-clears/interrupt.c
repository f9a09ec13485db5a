/* SPDX-License-Identifier: MIT */
/*
 * interrupt.c - netcard's, but what was seen is never cleared: the service routine claims the interrupt, and the line
 * stays up. The rest of the driver is drivers/netcard.
 */
#include "../../../drivers/netcard/netcard.h"

#undef NcWrite
#define NcWrite(Adapter, Register, Value)                                          \
    do {                                                                           \
        if ((Register) != NC_REG_CLEAR)                                            \
            WRITE_REGISTER_ULONG(&(Adapter)->Registers[Register], (Value));        \
    } while (0)

#include "../../../drivers/netcard/interrupt.c"
