/* SPDX-License-Identifier: MIT */
/*
 * control/builtins.h - the built-in drivers, where this build has them. Without src/builtin an adapter on a wire is
 * refused by name, and so is a Linux interface above one.
 */
#ifndef CONTROL_BUILTINS_H
#define CONTROL_BUILTINS_H

#if __has_include("builtin/builtin.h")
#include "builtin/builtin.h"
#define HAVE_BUILTINS 1
#else
#include <stdint.h>
#define HAVE_BUILTINS 0
struct ndis_nic;
struct wire;
struct hostif_stats {
    uint64_t from_linux, to_linux, down, no_buffers, refused, dropped;
};
static inline void
builtin_init(void)
{
}
static inline struct ndis_nic *
wirenic_add(const char *name, struct wire *w, const char *config_key)
{
    (void)name, (void)w, (void)config_key;
    return NULL;
}
static inline int
hostif_add(struct ndis_nic *nic, struct wire *w)
{
    (void)nic, (void)w;
    return -1;
}
static inline void
hostif_remove(struct ndis_nic *nic)
{
    (void)nic;
}
static inline void
hostif_stats(const struct ndis_nic *nic, struct hostif_stats *out)
{
    (void)nic;
    *out = (struct hostif_stats){ 0 };
}
#endif

#endif
