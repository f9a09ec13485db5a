/* SPDX-License-Identifier: MIT */
/*
 * pnp/driver.h - a driver as its files: what a user names, read into memory before any machine exists.
 */
#ifndef PNP_DRIVER_H
#define PNP_DRIVER_H

#include "pnp/inf.h"

/*
 * documented: "Installing an Intermediate Driver": the protocol's INF is the primary one, and names the miniport's with
 * CopyINF or stands beside it; both install the same file.
 */
struct pnp_driver {
    char service[64];        /* "npf" */
    char sys[512], inf[512]; /* paths; inf "" when there is none */
    uint8_t *bytes;
    size_t len;
    enum inf_kind kind;
    struct inf *parsed; /* NULL without an INF */
    struct inf_driver info;
    /* an intermediate driver's other INF, for its virtual miniports: file name beside inf, "" when there is none */
    char miniport_inf[512];
    struct inf *miniport_parsed;
    struct inf_driver miniport_info;
};

/*
 * pnp_driver_read - what the user named: a folder, an .inf or a .sys. 0, or -EINVAL with one sentence in text.
 * The description's strings live until pnp_driver_free(), which may be called for one that was only zeroed, too.
 */
int pnp_driver_read(const char *path, struct pnp_driver *out, char text[256]);
void pnp_driver_free(struct pnp_driver *d);

#endif
