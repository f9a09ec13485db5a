/* SPDX-License-Identifier: MIT */
/*
 * explore/battery.h - the standard scenarios, by what kind of driver it is.
 *
 * Each is an ordinary struct scenario, so `--write-scenario` can save it and
 * `--scenario` run it. Names follow NDISTest and Driver Verifier where they have one.
 */
#ifndef EXPLORE_BATTERY_H
#define EXPLORE_BATTERY_H

#include <stdbool.h>

#include "pnp/inf.h"
#include "pnp/scenario.h"

/*
 * An intermediate driver is tested as a protocol is; what a protocol actor does it does on the first virtual adapter.
 */
#define BATTERY_CARD    (1u << 16)
#define BATTERY_IDLE    (1u << 18) /* a miniport that can be suspended: it imports NdisMIdleNotificationConfirm */
#define BATTERY_NO_CARD (1u << 17) /* not for that: its own activity would make the schedules too many */

struct battery_entry {
    const char *name;
    const char *what;  /* one line for the report */
    unsigned k;        /* bound to exhaust by default */
    unsigned kinds;    /* bit per enum inf_kind it applies to; BATTERY_CARD: a miniport of a card we simulate; ... */
    bool needs_device; /* only when the driver makes a device */
    struct scenario *(*make)(enum inf_kind kind);
};

const struct battery_entry *battery_get(unsigned i); /* NULL past the last */

#endif
