/* SPDX-License-Identifier: MIT */
/* host/netns.h - a network of one's own, without root. */
#ifndef HOST_NETNS_H
#define HOST_NETNS_H

/*
 * host_netns_new - this process enters a new user and network namespace, where it is root, with lo up. It must have one
 * thread only. 0, or -errno with one sentence.
 */
int host_netns_new(char text[200]);

#endif
