/* SPDX-License-Identifier: MIT */
/* pnp/reg_cm.c - see reg_cm.h. */
#include "pnp/reg_cm.h"

#include <errno.h>

#include "nt/cm/cm.h"

static int
make(void *context, const char *key)
{
    (void)context;
    return cm_create(key);
}

static int
set(void *context, const char *key, const char *name, uint32_t type, const void *data, uint32_t len)
{
    (void)context;
    return cm_set(key, name, type, data, len);
}

static int
delete_key(void *context, const char *key)
{
    int err = cm_delete(key);

    (void)context;
    return err == -ENOENT ? 0 : err;
}

static int
delete_value(void *context, const char *key, const char *name)
{
    int err = cm_unset(key, name);

    (void)context;
    return err == -ENOENT ? 0 : err;
}

static int
get(void *context, const char *key, const char *name, uint32_t *type, void *data, uint32_t room)
{
    (void)context;
    return cm_get(key, name, type, data, room);
}

const struct reg_sink reg_cm = { make, set, delete_key, delete_value, get, NULL };
