/* SPDX-License-Identifier: MIT */
/*
 * machine/plain.h - plain accesses of driver code to memory that others may use (L2).
 *
 * Model: an access is watched (race.c: is it ordered with what others do?) or, when it was seen to race, a
 * scheduling point (plain.c). Both come from a patched instruction, or from a hook that a compiler put before it.
 */
#ifndef MACHINE_PLAIN_H
#define MACHINE_PLAIN_H

#include <stdbool.h>
#include <stdint.h>

#define ACCESS_READ  1u
#define ACCESS_WRITE 2u /* both: one instruction reads, changes and writes */

enum plain_source { SOURCE_UNKNOWN, SOURCE_CONSTANT, SOURCE_REGISTER };

/* What the instruction at a patched site does to its operand. */
struct plain_site {
    uint64_t ip;
    uint64_t constant; /* SOURCE_CONSTANT: what it writes; SOURCE_REGISTER: that register's number */
    uint8_t size;      /* bytes */
    uint8_t access;    /* ACCESS_* */
    uint8_t source;    /* enum plain_source */
};

/* image sets it: the access at a patched site; false: it is none. */
extern bool (*machine_site_access)(uint32_t site, struct plain_site *out);

/* Two accesses that nothing orders, at least one of them a write. */
struct race {
    uint64_t address; /* of the later one */
    uint64_t ip[2];   /* the earlier, the later */
    uint8_t fiber[2], access[2];
};

/*
 * race_watch - from now on report each pair of accesses that races, in the order they are met, as often as they
 * are. Once, before the first run. 0 or -ENOMEM.
 */
int race_watch(void (*report)(const struct race *r));

/* A patched instruction trapped while races are watched for; how often that was. Each costs some 2 us. */
void race_trapped(void);
uint64_t race_traps(void);

/* Some plain access is a point: then locked instructions that write are remembered, too. */
extern bool plain_used;

/* An access through a compiler's hook; ip: its return address. planted: it is a point. */
void plain_hooked(uint64_t address, unsigned size, unsigned access, bool planted);

#endif
