/* SPDX-License-Identifier: MIT */
/*
 * nt/ex/callback.c - callback objects: named lists of routines.
 *
 * Model: an object holds registrations in order; notifying calls each at the caller's IRQL. Unregistering waits until
 * no call of that registration runs, so its memory and its image may then go (documented).
 */
#include "nt/ex/ex.h"

#include "nt/ob/ob.h"

#define TAG_CALLBACK 0x6c6c6143u /* 'Call' */

struct registration {
    LIST_ENTRY link;
    PCALLBACK_OBJECT object;
    PCALLBACK_FUNCTION function;
    PVOID context;
    ULONG busy;         /* calls that run */
    BOOLEAN unregister; /* no new ones */
};

struct _CALLBACK_OBJECT {
    LIST_ENTRY registrations;
    BOOLEAN multiple;
};

void
ex_callback_init(struct ex_state *ex)
{
    ex->callback_type = ob_type_create("Callback", -1, NULL, NULL);
    ex->callback_site = ke_site("ExNotifyCallback");
}

/*
 * ExCreateCallback - open a callback object, or make it.
 *
 * Source:    documented: with Create FALSE a name that is not there gives STATUS_OBJECT_NAME_NOT_FOUND; an object that
 *            exists is opened. The system's own (\Callback\PowerState ...) do not exist here.
 * Ownership: the caller takes a reference on *CallbackObject.
 */
NTSTATUS NTAPI
ExCreateCallback(PCALLBACK_OBJECT *CallbackObject, POBJECT_ATTRIBUTES ObjectAttributes, BOOLEAN Create,
                 BOOLEAN AllowMultipleCallbacks)
{
    struct ob_walk *walk;
    struct _CALLBACK_OBJECT *object;
    NTSTATUS status = STATUS_OBJECT_NAME_NOT_FOUND;
    struct ob_directory *root = NULL;

    if (ObjectAttributes->ObjectName != NULL) {
        status = ob_attributes_root(ObjectAttributes, &root);
        if (!NT_SUCCESS(status))
            return status;
        walk = __builtin_alloca(sizeof(*walk));
        status = ob_walk(walk, ObjectAttributes->ObjectName, root, 0);
        if (NT_SUCCESS(status)) {
            if (ob_type(walk->object) != NT->ex->callback_type)
                return STATUS_OBJECT_TYPE_MISMATCH;
            ob_reference(walk->object);
            *CallbackObject = walk->object;
            return STATUS_SUCCESS;
        }
    }
    if (!Create)
        return status;
    if (ex_fault(TAG_CALLBACK) || (object = ob_create(NT->ex->callback_type, sizeof(*object), TAG_CALLBACK)) == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    InitializeListHead(&object->registrations);
    object->multiple = AllowMultipleCallbacks;
    if (ObjectAttributes->ObjectName != NULL) {
        status =
            ob_insert(object, ObjectAttributes->ObjectName, root, (ObjectAttributes->Attributes & OBJ_PERMANENT) != 0);
        if (!NT_SUCCESS(status)) {
            ob_dereference(object);
            return status;
        }
    }
    *CallbackObject = object;
    return STATUS_SUCCESS;
}

/* documented: NULL when the object allows one only and has it, or there is no memory. */
PVOID NTAPI
ExRegisterCallback(PCALLBACK_OBJECT CallbackObject, PCALLBACK_FUNCTION CallbackFunction, PVOID CallbackContext)
{
    struct registration *r;

    if (!CallbackObject->multiple && !IsListEmpty(&CallbackObject->registrations))
        return NULL;
    if (ex_fault(TAG_CALLBACK) || (r = heap_alloc(sizeof(*r), TAG_CALLBACK)) == NULL)
        return NULL;
    heap_find((uint64_t)r)->use = NT_USE_CALLBACK;
    r->object = CallbackObject;
    r->function = CallbackFunction;
    r->context = CallbackContext;
    r->busy = 0;
    r->unregister = FALSE;
    ob_reference(CallbackObject);
    ke_list_insert_tail(&CallbackObject->registrations, &r->link);
    return r;
}

/* documented: <= APC_LEVEL; waits for calls that run. */
VOID NTAPI
ExUnregisterCallback(PVOID CallbackRegistration)
{
    struct registration *r = CallbackRegistration;
    PCALLBACK_OBJECT object = r->object;

    sched_touch((uint64_t)object);
    r->unregister = TRUE;
    while (r->busy != 0)
        ke_block(&NT->ex->callback_wait, (uint64_t)r, NULL, "waits for a callback to end (ExUnregisterCallback)");
    ke_list_remove(&r->link);
    heap_free(r);
    ob_dereference(object);
}

VOID NTAPI
ExNotifyCallback(PVOID CallbackObject, PVOID Argument1, PVOID Argument2)
{
    PCALLBACK_OBJECT object = CallbackObject;
    LIST_ENTRY *at = object->registrations.Flink;

    while (at != &object->registrations) {
        struct registration *r = CONTAINING_RECORD(at, struct registration, link);

        if (r->unregister) {
            at = at->Flink;
            continue;
        }
        r->busy++;
        GUEST_CALL(NT->ex->callback_site, r->function, (uint64_t)r->context, (uint64_t)Argument1, (uint64_t)Argument2);
        at = r->link.Flink; /* still linked: it is busy */
        if (--r->busy == 0 && r->unregister)
            ke_unblock_all(&NT->ex->callback_wait);
    }
}
