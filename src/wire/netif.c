/* SPDX-License-Identifier: MIT */
/*
 * wire/netif.c - see netif.h.
 *
 * Model: ioctls for what is asked once, a netlink subscription for what changes. An interface that leaves its namespace
 * is reported there like one that was deleted; whoever holds a descriptor of it can tell the two apart.
 */
#include "wire/netif.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

void
netif_init(struct netif *n)
{
    *n = (struct netif){ .control = -1, .news = -1 };
}

int
netif_open(struct netif *n, int index, unsigned up)
{
    struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };

    n->index = index;
    n->up = up;
    n->control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    n->news = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (n->control < 0 || n->news < 0 || bind(n->news, (struct sockaddr *)&address, sizeof(address)) != 0)
        return -errno;
    return 0;
}

void
netif_close(struct netif *n)
{
    if (n->control >= 0)
        close(n->control);
    if (n->news >= 0)
        close(n->news);
    netif_init(n);
}

/* An ioctl by name, which may have changed since. */
static int
ask(const struct netif *n, unsigned long request, struct ifreq *ifr)
{
    if (if_indextoname((unsigned)n->index, ifr->ifr_name) == NULL)
        return -ENODEV;
    return ioctl(n->control, request, ifr) == 0 ? 0 : -errno;
}

int
netif_mac(const struct netif *n, uint8_t mac[6])
{
    struct ifreq ifr = { 0 };
    int err = ask(n, SIOCGIFHWADDR, &ifr);

    if (err == 0)
        memcpy(mac, ifr.ifr_hwaddr.sa_data, 6);
    return err;
}

int
netif_mtu(const struct netif *n, uint32_t *mtu)
{
    struct ifreq ifr = { 0 };
    int err = ask(n, SIOCGIFMTU, &ifr);

    if (err == 0)
        *mtu = (uint32_t)ifr.ifr_mtu;
    return err;
}

int
netif_set_mtu(const struct netif *n, uint32_t mtu)
{
    struct ifreq ifr = { .ifr_mtu = (int)mtu };

    return ask(n, SIOCSIFMTU, &ifr);
}

int
netif_set_up(const struct netif *n)
{
    struct ifreq ifr = { 0 };
    int err = ask(n, SIOCGIFFLAGS, &ifr);

    if (err)
        return err;
    ifr.ifr_flags |= IFF_UP;
    return ask(n, SIOCSIFFLAGS, &ifr);
}

/* 0: it does not say. */
static uint64_t
speed(const struct netif *n)
{
    struct ethtool_cmd command = { .cmd = ETHTOOL_GSET };
    struct ifreq ifr = { .ifr_data = (char *)&command };
    uint32_t mbit;

    if (ask(n, SIOCETHTOOL, &ifr) != 0)
        return 0;
    mbit = (uint32_t)command.speed_hi << 16 | command.speed;
    return mbit == UINT32_MAX || mbit == 0xffff ? 0 : (uint64_t)mbit * 1000000;
}

void
netif_link(const struct netif *n, struct wire_link *link)
{
    struct ifreq ifr = { 0 };
    int err = ask(n, SIOCGIFFLAGS, &ifr);

    link->gone = err == -ENODEV;
    link->up = err == 0 && ((unsigned)ifr.ifr_flags & n->up) == n->up;
    link->bit_s = speed(n);
}

bool
netif_news(const struct netif *n, struct wire_link *link)
{
    _Alignas(struct nlmsghdr) uint8_t buffer[8192];
    bool any = false, lost = false;
    ssize_t got;

    while ((got = recv(n->news, buffer, sizeof(buffer), MSG_DONTWAIT | MSG_TRUNC)) > 0) {
        const struct nlmsghdr *m;

        if ((size_t)got > sizeof(buffer)) { /* an interface with very much to tell */
            lost = true;
            continue;
        }
        for (size_t at = 0; at + NLMSG_HDRLEN <= (size_t)got; at += NLMSG_ALIGN(m->nlmsg_len)) {
            const struct ifinfomsg *info;

            m = (const void *)(buffer + at);
            if (m->nlmsg_len < NLMSG_HDRLEN || m->nlmsg_len > (size_t)got - at)
                break;
            info = NLMSG_DATA(m);
            if ((m->nlmsg_type != RTM_NEWLINK && m->nlmsg_type != RTM_DELLINK) ||
                m->nlmsg_len < NLMSG_LENGTH(sizeof(*info)) || info->ifi_index != n->index)
                continue;
            any = true;
            link->gone = m->nlmsg_type == RTM_DELLINK;
            link->up = !link->gone && (info->ifi_flags & n->up) == n->up;
        }
    }
    if (lost || (got < 0 && errno == ENOBUFS)) { /* some news were lost: look */
        uint64_t bit_s = link->bit_s;

        netif_link(n, link);
        link->bit_s = bit_s;
        any = true;
    }
    return any;
}
