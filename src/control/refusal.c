/* SPDX-License-Identifier: MIT */
/* control/refusal.c - see refusal.h. Start reading at: refusal_written(). */
#include "control/refusal.h"

#include <string.h>

#include "base/fmt.h"
#include "base/hash.h"
#include "base/str.h"
#include "control/admin.h"
#include "ddk/ntstatus.h"
#include "machine/live.h"
#include "ndis/admin.h"
#include "trace/event.h"

#define TIMES      8u
#define TIME_100NS 10000000u /* a second */
#define ACCEPTED   16u
#define COMPARED   128u /* bytes of a write */

/* Written under the machine lock. */
struct refusal_device {
    char path[128];
    uint64_t accepted[ACCEPTED]; /* hashes of writes it took; a ring */
    unsigned accepted_count;
    uint32_t accepted_epoch; /* when it took the last one */
    unsigned refused;        /* in a row, since then */
    uint32_t refused_epoch;
    int32_t status;
    uint64_t since;
};

static struct {
    const struct running *running;
    struct refusal_device device[REFUSAL_DEVICES];
    unsigned device_count;
    uint32_t epoch; /* changes of any layer's state; any VP */
    uint32_t found; /* text is complete */
    char text[160];
} watch;

static void
on_state(void *context, const struct event *ev)
{
    (void)context;
    (void)ev;
    __atomic_add_fetch(&watch.epoch, 1, __ATOMIC_RELAXED);
}

static struct event_listener states = { .on_event = on_state };

void
refusal_prepare(const struct running *running)
{
    static const uint16_t kinds[] = { EV_ADAPTER_STATE, EV_FILTER_STATE, EV_BINDING_STATE };

    watch.running = running;
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        states.mask[kinds[i] / 64] |= EV_BIT(kinds[i]);
    trace_listen(&states);
}

static struct refusal_device *
device_of(const char *path)
{
    for (unsigned i = 0; i < watch.device_count; i++)
        if (str_ieq(watch.device[i].path, path))
            return &watch.device[i];
    if (watch.device_count == REFUSAL_DEVICES)
        return NULL;
    str_copy(watch.device[watch.device_count].path, sizeof(watch.device[0].path), path);
    return &watch.device[watch.device_count++];
}

static struct refusal_file *
file_of(struct refusal_files *f, uint64_t handle)
{
    for (unsigned i = 0; i < REFUSAL_FILES; i++)
        if (f->file[i].handle == handle)
            return &f->file[i];
    return NULL;
}

void
refusal_opened(struct refusal_files *f, uint64_t handle, const char *path)
{
    struct refusal_file *file = file_of(f, 0);

    if (file != NULL)
        *file = (struct refusal_file){ handle, watch.epoch, device_of(path) };
}

void
refusal_closed(struct refusal_files *f, uint64_t handle)
{
    struct refusal_file *file = handle != 0 ? file_of(f, handle) : NULL;

    if (file != NULL)
        file->handle = 0;
}

static bool
took(const struct refusal_device *d, uint64_t hash)
{
    for (unsigned i = 0; i < d->accepted_count && i < ACCEPTED; i++)
        if (d->accepted[i] == hash)
            return true;
    return false;
}

static bool
all_running(void)
{
    struct ndis_layer_info layer[ADMIN_LAYERS_MAX];

    for (unsigned i = 0; i < watch.running->adapter_count; i++) {
        const struct running_adapter *a = &watch.running->adapter[i];
        unsigned n = a->removed ? 0 : ndis_stack(a->nic, layer, ADMIN_LAYERS_MAX);
        struct wire_link link = { .up = true };

        if (a->wire != NULL)
            wire_link(a->wire, &link);
        if (n == 0 || !link.up)
            return false;
        for (unsigned k = 0; k < n && k < ADMIN_LAYERS_MAX; k++)
            if (!str_eq(layer[k].state_name, "Running"))
                return false;
    }
    return true;
}

static void
refused(struct refusal_device *d, int32_t status)
{
    if (d->refused == 0 || d->refused_epoch != watch.epoch || d->status != status) {
        d->refused = 0;
        d->refused_epoch = watch.epoch;
        d->status = status;
        d->since = machine_now();
    }
    if (++d->refused < TIMES || machine_now() - d->since < TIME_100NS || watch.found || !all_running())
        return;
    fmt(watch.text, sizeof(watch.text),
        "the adapter is Running again, but %.60s refuses writes it accepted before (status 0x%08X)", d->path,
        (unsigned)status);
    __atomic_store_n(&watch.found, 1, __ATOMIC_RELEASE);
    live_stop();
}

void
refusal_written(struct refusal_files *f, uint64_t handle, const void *bytes, size_t length, int32_t status)
{
    struct refusal_file *file = handle != 0 ? file_of(f, handle) : NULL;
    struct refusal_device *d = file != NULL ? file->device : NULL;
    uint64_t hash;

    if (d == NULL || status == STATUS_CANCELLED || status == STATUS_PROCESS_IS_TERMINATING)
        return;
    hash = hash64_bytes(length, bytes, length < COMPARED ? length : COMPARED);
    if (status >= 0) {
        if (!took(d, hash))
            d->accepted[d->accepted_count++ % ACCEPTED] = hash;
        d->accepted_epoch = watch.epoch;
        d->refused = 0;
    } else if (file->epoch == watch.epoch && d->accepted_epoch != watch.epoch && took(d, hash)) {
        refused(d, status);
    }
}

const char *
refusal_found(void)
{
    return __atomic_load_n(&watch.found, __ATOMIC_ACQUIRE) ? watch.text : "";
}
