/* SPDX-License-Identifier: MIT */
/* control/measure.c - see measure.h. Start reading at: on_event(). */
#include "control/measure.h"

#include <string.h>

#include "ddk/ndis.h"
#include "host/host.h"
#include "nt/ke/ke.h"
#include "trace/event.h"

#define LAYERS 64u
#define SEEN   4096u /* NBLs on their way whose times are known; older ones give way */

static struct {
    uint32_t lock;
    unsigned measuring;
    struct measured layer[LAYERS];
    unsigned layers;
    struct {
        uint64_t nbl, at_ns;
    } seen[SEEN];
    /* the event before on each VP: is this one of the same call? */
    struct {
        uint64_t layer, next;
        uint16_t kind;
    } last[VP_MAX];
} m;

static void
lock(void)
{
    while (__atomic_exchange_n(&m.lock, 1, __ATOMIC_ACQUIRE))
        __builtin_ia32_pause();
}

static void
unlock(void)
{
    __atomic_store_n(&m.lock, 0, __ATOMIC_RELEASE);
}

static struct measured *
find(uint64_t layer)
{
    for (unsigned i = 0; i < m.layers; i++)
        if (m.layer[i].layer == layer)
            return &m.layer[i];
    return NULL;
}

static void
count_flow(struct measure_flow *f, const struct event *ev)
{
    const NET_BUFFER_LIST *nbl = (const NET_BUFFER_LIST *)ev->object;
    unsigned vp = ev->vp < VP_MAX ? ev->vp : 0;

    for (const NET_BUFFER *nb = nbl->FirstNetBuffer; nb != NULL; nb = nb->Next) {
        f->packets++;
        f->bytes += nb->DataLength;
    }
    if (m.last[vp].next != ev->object || m.last[vp].layer != ev->a[1] || m.last[vp].kind != ev->kind)
        f->batches++;
    m.last[vp].next = (uint64_t)nbl->Next;
    m.last[vp].layer = ev->a[1];
    m.last[vp].kind = ev->kind;
}

static void
count_failure(struct measured *l, uint32_t status)
{
    unsigned i = 0;

    if (status == NDIS_STATUS_SUCCESS)
        return;
    while (i + 1 < MEASURE_FAILS && l->failed[i].count > 0 && l->failed[i].status != status)
        i++;
    l->failed[i].status = i + 1 < MEASURE_FAILS ? status : 0;
    l->failed[i].count++;
}

/* fresh: the layer made the NBL, or has had it back, so it held nothing of anybody's. */
static void
count_time(struct measured *l, uint64_t nbl, bool fresh)
{
    uint64_t now = host_now_ns(), slot = (nbl >> 4) % SEEN;
    unsigned n = 0;

    if (!fresh && m.seen[slot].nbl == nbl) {
        for (uint64_t held = (now - m.seen[slot].at_ns) >> 8; held > 0 && n + 1 < MEASURE_BUCKETS; held >>= 1)
            n++;
        l->held[n]++;
    }
    m.seen[slot].nbl = nbl;
    m.seen[slot].at_ns = now;
}

static void
on_event(void *context, const struct event *ev)
{
    struct measured *l;
    bool own = ev->kind == EV_SEND ? ev->a[4] == ev->a[1] : ev->kind == EV_RECEIVE && ev->a[4] == ev->a[1];

    (void)context;
    lock();
    l = find(ev->a[1]);
    if (l == NULL && m.layers < LAYERS) {
        l = &m.layer[m.layers++];
        l->layer = ev->a[1];
    }
    if (l != NULL && m.measuring > 0) {
        count_time(l, ev->object, own);
        if (ev->kind == EV_SEND)
            count_flow(&l->sent, ev);
        else if (ev->kind == EV_RECEIVE)
            count_flow(&l->indicated, ev);
        else if (ev->kind == EV_RETURN)
            l->returned++;
        else
            l->completed++;
        if (ev->kind == EV_SEND_COMPLETE)
            count_failure(l, (uint32_t)ev->a[3]);
    }
    unlock();
}

static struct event_listener listener = { .on_event = on_event };

static void
listen(bool on)
{
    static const uint16_t kinds[] = { EV_SEND, EV_SEND_COMPLETE, EV_RECEIVE, EV_RETURN };

    uint64_t mask[2] = { 0, 0 };

    for (unsigned i = 0; on && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        mask[kinds[i] / 64] |= EV_BIT(kinds[i]);
    trace_listen_to(&listener, mask);
}

void
measure_prepare(void)
{
    trace_listen(&listener);
}

void
measure(unsigned seconds)
{
    bool last;

    if (seconds == 0)
        return;
    lock();
    if (m.measuring++ == 0) {
        m.layers = 0;
        memset(m.layer, 0, sizeof(m.layer));
        memset(m.seen, 0, sizeof(m.seen));
    }
    unlock();
    listen(true);
    ke_sleep(-(int64_t)seconds * 10000000, "measures what goes through the layers");
    lock();
    last = --m.measuring == 0;
    unlock();
    if (last)
        listen(false);
}

bool
measure_get(uint64_t layer, struct measured *out)
{
    const struct measured *l;

    lock();
    l = find(layer);
    if (l != NULL)
        *out = *l;
    unlock();
    return l != NULL;
}
