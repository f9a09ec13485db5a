/* SPDX-License-Identifier: MIT */
/*
 * nt/cm/notify.c - being told that a key changed.
 *
 * Model: who waits is a record in monitor memory: the Key object it asked through, what it wants to hear of, and an
 * event and status block to tell it by. A change of a key looks at all records: those of the key, and those of keys
 * above it that watch the tree. A record is good for one change (documented); it ends when its handle's object goes.
 * Start reading at: cm_changed().
 */
#include "nt/cm/cm.h"

#include "nt/ke/ke.h"
#include "nt/ob/ob.h"

#define FILTERS                                                                                                        \
    (REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_ATTRIBUTES | REG_NOTIFY_CHANGE_LAST_SET | REG_NOTIFY_CHANGE_SECURITY | \
     REG_NOTIFY_THREAD_AGNOSTIC)

struct cm_waiter {
    struct cm_waiter *next;
    const struct cm_object *object; /* NULL: has been told */
    ULONG filter;
    bool tree;
    bool awaited;          /* who asked stands in queue, or has not come back from there: the record is not free */
    PKEVENT event;         /* referenced; NULL: none */
    PIO_STATUS_BLOCK iosb; /* NULL: who asked waits, and reads status */
    struct ke_queue queue;
    NTSTATUS status;
};

static void
tell(struct cm_waiter *w, NTSTATUS status)
{
    PKEVENT event = w->event;

    w->object = NULL;
    w->event = NULL;
    w->status = status;
    ke_unblock_all(&w->queue);
    if (w->iosb != NULL) {
        w->iosb->Status = status;
        w->iosb->Information = 0;
        w->iosb = NULL;
    }
    if (event != NULL) {
        ke_event_set(event);
        ob_dereference(event);
    }
}

void
cm_changed(struct cm_key *key, unsigned what)
{
    for (struct cm_waiter *w = NT->cm->waiters; w != NULL; w = w->next) {
        const struct cm_key *at = key;

        if (w->object == NULL || !(w->filter & what))
            continue;
        while (at != NULL && at != w->object->key)
            at = w->tree ? at->parent : NULL;
        if (at != NULL)
            tell(w, STATUS_NOTIFY_ENUM_DIR);
    }
}

void
cm_watch_ends(const struct cm_object *object)
{
    for (struct cm_waiter *w = NT->cm->waiters; w != NULL; w = w->next)
        if (w->object == object)
            tell(w, STATUS_NOTIFY_CLEANUP);
}

static struct cm_waiter *
new_waiter(void)
{
    struct cm_waiter *w = NT->cm->waiters;

    while (w != NULL && (w->object != NULL || w->awaited))
        w = w->next;
    if (w == NULL) {
        w = mon_alloc(sizeof(*w));
        w->next = NT->cm->waiters;
        NT->cm->waiters = w;
    }
    return w;
}

/*
 * ZwNotifyChangeKey - hear of the next change of a key, or of what is below it.
 *
 * Source:    documented; observed: the status is STATUS_NOTIFY_ENUM_DIR, and STATUS_NOTIFY_CLEANUP when the handle is
 *            closed first. Assumed: a filter with unknown bits or none is STATUS_INVALID_PARAMETER; Buffer is not used.
 *            An APC routine is unsupported.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: Asynchronous: takes IoStatusBlock, and a reference to Event, until the change or the handle's end.
 * Returns:   STATUS_SUCCESS, _PENDING, _INVALID_HANDLE, _OBJECT_TYPE_MISMATCH, _INVALID_PARAMETER, _KEY_DELETED.
 * Tests:     tests/ddi/cm_key.c
 */
NTSTATUS NTAPI
ZwNotifyChangeKey(HANDLE KeyHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                  PIO_STATUS_BLOCK IoStatusBlock, ULONG CompletionFilter, BOOLEAN WatchTree, PVOID Buffer,
                  ULONG BufferSize, BOOLEAN Asynchronous)
{
    struct cm_waiter *w;
    struct cm_key *key;
    PKEVENT event = NULL;
    NTSTATUS status;

    (void)ApcContext, (void)Buffer, (void)BufferSize;
    if (ApcRoutine != NULL)
        machine_unsupported((uint32_t)ddi_lookup("ntoskrnl", "ZwNotifyChangeKey"), "an APC routine");
    if (CompletionFilter == 0 || (CompletionFilter & ~(ULONG)FILTERS))
        return STATUS_INVALID_PARAMETER;
    status = cm_key_of(KeyHandle, &key);
    if (status != STATUS_SUCCESS)
        return status;
    if (Event != NULL) {
        status = ob_handle_reference(Event, EVENT_MODIFY_STATE, NT->ob->variables->ExEventObjectType, false,
                                     (void **)&event, NULL);
        if (status != STATUS_SUCCESS)
            return status;
        ke_event_clear(event);
    }
    w = new_waiter();
    w->object = ob_handle_find(KeyHandle, false)->object;
    w->filter = CompletionFilter;
    w->tree = WatchTree;
    w->event = event;
    w->iosb = Asynchronous ? IoStatusBlock : NULL;
    if (Asynchronous)
        return STATUS_PENDING;
    w->awaited = true;
    while (w->object != NULL)
        ke_block(&w->queue, (uint64_t)key, NULL, "waits for a registry key to change (ZwNotifyChangeKey)");
    w->awaited = false;
    IoStatusBlock->Status = w->status;
    IoStatusBlock->Information = 0;
    return STATUS_SUCCESS;
}
