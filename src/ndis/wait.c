/* SPDX-License-Identifier: MIT */
/*
 * ndis/wait.c - how NDIS waits for drivers, and its own thread.
 *
 * Model: an operation that a driver pended has a struct ndis_wait with one waiter; its completion sets it. Work that
 * may not be done where it is asked for (a completion at DISPATCH_LEVEL that must lead to a call at PASSIVE_LEVEL, a
 * restart asked for from inside a handler) is queued to one daemon thread.
 */
#include "ndis/ndis.h"

#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "nt/nt.h"

int32_t
ndis_wait(struct ndis_wait *w, uint64_t object, const char *why)
{
    sched_touch((uint64_t)w);
    while (!w->done) {
        w->waiter = fiber_self();
        sched_block(BLOCK_INTERNAL, object, NULL, why);
    }
    w->waiter = NULL;
    return w->status;
}

void
ndis_wait_done(struct ndis_wait *w, int32_t status)
{
    struct fiber *waiter = w->waiter;

    sched_touch((uint64_t)w);
    w->status = status;
    w->done = true;
    w->waiter = NULL;
    if (waiter != NULL)
        sched_wake(waiter);
}

const char *
ndis_words(const char *format, const char *a, const char *b)
{
    struct ndis_root *root = ndis_root();
    struct ndis_words *words;
    char text[sizeof(words->text)];

    fmt(text, sizeof(text), format, a, b);
    for (words = root->words; words != NULL; words = words->next)
        if (str_eq(words->text, text))
            return words->text;
    words = mon_alloc_shared(sizeof(*words));
    memcpy(words->text, text, sizeof(text));
    words->next = root->words;
    root->words = words;
    return words->text;
}

static void
worker(void *arg)
{
    struct ndis_root *root = arg;

    for (;;) {
        struct list_node *node;

        sched_touch((uint64_t)&root->work);
        node = list_pop_head(&root->work);
        if (node == NULL) {
            root->worker_idle = true;
            sched_block(BLOCK_IDLE, (uint64_t)&root->work, NULL, "waits for work");
            continue;
        }
        struct ndis_work *work = list_entry(node, struct ndis_work, node);

        void (*fn)(void *) = work->fn;
        void *fn_arg = work->arg;

        mon_free(work, sizeof(*work));
        fn(fn_arg);
    }
}

void
ndis_worker_start(void)
{
    struct ndis_root *root = ndis_root();

    root->worker = ps_thread_create("ndis", FIBER_SYSTEM, NULL, worker, root, true, NULL);
    NDIS_ASSERT(root->worker != NULL);
}

void
ndis_work_queue(void (*fn)(void *arg), void *arg)
{
    struct ndis_root *root = ndis_root();
    struct ndis_work *work = mon_alloc(sizeof(*work));

    sched_touch((uint64_t)&root->work);
    work->fn = fn;
    work->arg = arg;
    list_add_tail(&root->work, &work->node);
    if (root->worker_idle) {
        root->worker_idle = false;
        sched_wake(root->worker);
    }
}
