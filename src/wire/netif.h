/* SPDX-License-Identifier: MIT */
/*
 * wire/netif.h - the Linux interface behind a tap or a packet socket: its address, MTU and state, and news of them.
 */
#ifndef WIRE_NETIF_H
#define WIRE_NETIF_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/wire.h"

struct netif {
    int control; /* a socket for ioctls; -1: not open */
    int news;    /* netlink, in the namespace where it was opened */
    int index;
    unsigned up; /* flags of an interface whose link is up */
};

void netif_init(struct netif *n);
/* 0 or -errno. The interface is there; its link is up while it has all flags of `up`: IFF_UP, IFF_RUNNING. */
int netif_open(struct netif *n, int index, unsigned up);
void netif_close(struct netif *n);

int netif_mac(const struct netif *n, uint8_t mac[6]);
int netif_mtu(const struct netif *n, uint32_t *mtu);
int netif_set_mtu(const struct netif *n, uint32_t mtu);
int netif_set_up(const struct netif *n);

/* What is so now. */
void netif_link(const struct netif *n, struct wire_link *link);
/* Read the news. up, gone: of *link; false: there was none. bit_s is left alone. */
bool netif_news(const struct netif *n, struct wire_link *link);

#endif
