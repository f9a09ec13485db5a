/* SPDX-License-Identifier: MIT */
/*
 * choice.h - which of several things a driver of the tests is to do: the number `Choice` in its Parameters key.
 *
 * `undis test DRIVER --param Choice=N` sets it.
 */
#ifndef CHOICE_H
#define CHOICE_H

#include <ntddk.h>

/* From DriverEntry, at PASSIVE_LEVEL. 0: there is no such number. */
ULONG ReadChoice(PUNICODE_STRING RegistryPath);

#endif
