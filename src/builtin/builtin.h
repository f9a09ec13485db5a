/* SPDX-License-Identifier: MIT */
/*
 * builtin/builtin.h - the drivers that are part of undis: wirenic, a miniport whose hardware is a wire, and hostif, a
 * protocol that shows an adapter to Linux as an interface.
 *
 * Model: to NDIS they are drivers like any other: they register, are bound, paused, restarted, and what they call
 * passes the same scheduling points and checks. What makes them built in is that their functions are ours and that
 * below wirenic and above hostif there is a wire (wire/wire.h), which is opened by whoever builds the stack and
 * outlives disable and halt.
 *
 * Their interrupt is the wire's readiness: a poller of the machine's idle loop, or a loop's own call, queues a DPC;
 * the DPC moves up to WIRE_BURST frames and queues itself again while there are more.
 */
#ifndef BUILTIN_BUILTIN_H
#define BUILTIN_BUILTIN_H

#include <stdbool.h>
#include <stdint.h>

struct ndis_nic;
struct wire;

/* With the other folders' exports, before the machine is made. */
void builtin_register_exports(void);
/* Register both drivers. After ndis_init(), before the first *_add(); set-up, a system fiber, PASSIVE_LEVEL. */
void builtin_init(void);

/*
 * A nic of wirenic on this wire, disabled. Its configuration is its registry key, read at each enable: NetworkAddress,
 * *JumboPacket, *ReceiveBuffers, *TransmitBuffers, *IPChecksumOffloadIPv4, *TCPChecksumOffloadIPv4/6,
 * *UDPChecksumOffloadIPv4/6, *LsoV1IPv4, *LsoV2IPv4/6, *RscIPv4/6, *PriorityVLANTag.
 * config_key: full registry path or NULL for the default. NULL: no room.
 */
struct ndis_nic *wirenic_add(const char *name, struct wire *w, const char *config_key);

/* Before it is enabled: which VP polls the wire, modulo their number; 0 unless said. */
void wirenic_set_vp(struct ndis_nic *nic, unsigned vp);

/* Show nic to Linux by this wire, a tap. Binds at once if the nic is enabled. 0, -ENOMEM, -EEXIST. */
int hostif_add(struct ndis_nic *nic, struct wire *w);
/* Unbind for ever; the wire is the caller's again. */
void hostif_remove(struct ndis_nic *nic);

/* How many frames Linux sent while the adapter was down, and other drops. */
struct hostif_stats {
    uint64_t from_linux, to_linux; /* frames */
    uint64_t down;                 /* Linux sent while the adapter was down */
    uint64_t refused;              /* of a length or with words that the adapter cannot send */
    uint64_t dropped;              /* for Linux, which did not read them */
};
void hostif_stats(const struct ndis_nic *nic, struct hostif_stats *out);

#endif
