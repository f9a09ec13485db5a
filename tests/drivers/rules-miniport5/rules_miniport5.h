/* SPDX-License-Identifier: MIT */
/*
 * rules_miniport5.h - an NDIS 5.1 miniport that breaks one rule of packets, whichever Choice says, and does nothing
 * else wrong.
 *
 * Model: the deserialized miniport of zoo/nd5-common, which is right. A rule is broken by what stands in for its
 * MiniportSend (a RULES_CHANGE), and kept by another that does the same work rightly.
 */
#ifndef RULES_MINIPORT5_H
#define RULES_MINIPORT5_H

#include "../../../zoo/nd5-common/nd5.h"

typedef struct _RULES_CHANGE {
    NDIS_STATUS (*Send)(ND5_ADAPTER *Adapter, PNDIS_PACKET Packet); /* NULL: as in zoo/nd5-common */
} RULES_CHANGE;

#define CHANGE(name, ...) const RULES_CHANGE name = { __VA_ARGS__ };

#define RULE(name, id) extern const RULES_CHANGE Break##name, Keep##name;
#include "rules_miniport5.def"
#undef RULE

#endif
