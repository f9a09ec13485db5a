/* SPDX-License-Identifier: MIT */
/*
 * machine/native.h - host code that acts as a driver: the drivers that are part of undis.
 *
 * Model: such a driver's functions run on the host stack, and call the implementation of an export, not its slot. What
 * a slot does besides the call is done by native_enter() and native_leave(): under exploration the scheduling points,
 * the check of the IRQL and the events; in a live machine the machine lock, unless the export is free of it.
 * native_call() is the other direction, what guest_call() is for a driver's image.
 */
#ifndef MACHINE_NATIVE_H
#define MACHINE_NATIVE_H

#include <stdbool.h>
#include <stdint.h>

/* Bracket a call of export `index`. args: its first four arguments at least. Returns what native_leave() takes. */
bool native_enter(unsigned index, const uint64_t args[4]);
void native_leave(unsigned index, bool was);

/* Call function (ms_abi, up to 6 arguments) as a driver's. id: its number in events, the same in every build. */
uint64_t native_call(uint32_t site, const void *function, uint64_t id, unsigned nargs, const uint64_t *args);

#endif
