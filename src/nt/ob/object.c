/* SPDX-License-Identifier: MIT */
/*
 * nt/ob/object.c - object types, references, death.
 *
 * Model: pointer_count moves in ob_reference() and ob_dereference() only. A count that was not positive before is
 * bugcheck 0x18, and so is any use of a freed object, whose header holds poison. Destruction wants PASSIVE_LEVEL
 * (a file object sends IRP_MJ_CLOSE): at a raised IRQL a worker does it (documented: ObDereferenceObjectDeferDelete's
 * page says that the plain call may delete in place; observed: the kernel defers it above PASSIVE_LEVEL).
 */
#include "nt/ob/ob.h"

#include <string.h>

#include "nt/ke/ke.h"
#include "nt/ps/ps.h"

#define BUGCHECK_REFERENCE_BY_POINTER 0x18u

struct ob_header *
ob_header(const void *body)
{
    return (struct ob_header *)(uintptr_t)body - 1;
}

POBJECT_TYPE
ob_type(const void *body)
{
    return ob_header(body)->type;
}

/* ------------------------------------------------------------------ types */

void *
ob_type_create(const char *name, int wait_offset, void (*destroy)(void *body), void (*close)(void *body))
{
    struct ob_state *ob = NT->ob;
    struct ob_type_ops *ops = &ob->type[ob->type_count];
    struct _OBJECT_TYPE *type = heap_alloc(sizeof(*type), 'TjbO');

    memset(type, 0, sizeof(*type));
    type->Name = ob_text(name, type->NameText, sizeof(type->NameText) / 2);
    type->Index = ob->type_count++;
    type->WaitOffset = wait_offset;
    type->GenericMapping.GenericRead = STANDARD_RIGHTS_READ | 0x1;
    type->GenericMapping.GenericWrite = STANDARD_RIGHTS_WRITE | 0x2;
    type->GenericMapping.GenericExecute = STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE;
    type->GenericMapping.GenericAll = STANDARD_RIGHTS_ALL | 0xffff;
    ops->type = type;
    ops->destroy = destroy;
    ops->close = close;
    heap_label(type, name);
    return type;
}

/* ------------------------------------------------------------------ life */

void *
ob_create(void *type, size_t body_bytes, uint32_t tag)
{
    struct ob_header *h = heap_alloc(sizeof(*h) + body_bytes, tag);
    struct heap_block *b;

    if (h == NULL)
        return NULL;
    memset(h, 0, sizeof(*h) + body_bytes);
    h->pointer_count = 1;
    h->type = type;
    h->type->TotalNumberOfObjects++;
    b = heap_find((uint64_t)h);
    b->use = NT_USE_OBJECT;
    for (unsigned i = 0; i < sizeof(b->what) - 1 && h->type->NameText[i]; i++)
        b->what[i] = (char)h->type->NameText[i];
    return h + 1;
}

void
ob_reference(void *body)
{
    struct ob_header *h = ob_header(body);
    LONG64 count;

    sched_touch((uint64_t)body);
    count = __atomic_add_fetch(&h->pointer_count, 1, __ATOMIC_ACQ_REL);
    if (count <= 1)
        machine_bugcheck(BUGCHECK_REFERENCE_BY_POINTER, (uint64_t)h->type, (uint64_t)body, 0x10, (uint64_t)count);
}

static void
destroy(void *body)
{
    struct ob_header *h = ob_header(body);
    struct ob_type_ops *ops = &NT->ob->type[h->type->Index];

    if (ops->destroy != NULL)
        ops->destroy(body);
    h->type->TotalNumberOfObjects--;
    if (h->name.Buffer != NULL)
        heap_free(h->name.Buffer);
    heap_free(h);
}

/* Drop a reference. true: it was the last. */
static bool
drop(void *body)
{
    struct ob_header *h = ob_header(body);
    LONG64 count;

    sched_touch((uint64_t)body);
    count = __atomic_sub_fetch(&h->pointer_count, 1, __ATOMIC_ACQ_REL);
    if (count < 0)
        machine_bugcheck(BUGCHECK_REFERENCE_BY_POINTER, (uint64_t)h->type, (uint64_t)body, 1, (uint64_t)count);
    return count == 0;
}

static void
destroy_later(void *body)
{
    uint32_t site = NT->ob->delete_site;

    if (!ex_work("object removal", body, ddi_address(site), destroy, body))
        machine_unsupported(site, "more worker threads at once than this machine has");
}

void
ob_dereference(void *body)
{
    if (!drop(body))
        return;
    if (irql_get() > IRQL_PASSIVE && NT->ob->type[ob_type(body)->Index].destroy != NULL)
        destroy_later(body);
    else
        destroy(body);
}

void
ob_dereference_deferred(void *body)
{
    if (drop(body))
        destroy_later(body);
}

/* ------------------------------------------------------------------ what drivers call */

LONG_PTR NTAPI
ObfReferenceObject(PVOID Object)
{
    ob_reference(Object);
    return (LONG_PTR)ob_header(Object)->pointer_count;
}

/* Returns the new count (undocumented, observed); 0 when the object is gone. */
LONG_PTR NTAPI
ObfDereferenceObject(PVOID Object)
{
    LONG64 left = ob_header(Object)->pointer_count - 1;

    ob_dereference(Object);
    return (LONG_PTR)left;
}

LONG_PTR NTAPI
ObfReferenceObjectWithTag(PVOID Object, ULONG Tag)
{
    (void)Tag;
    return ObfReferenceObject(Object);
}

LONG_PTR NTAPI
ObfDereferenceObjectWithTag(PVOID Object, ULONG Tag)
{
    (void)Tag;
    return ObfDereferenceObject(Object);
}

/* Deletion, if it comes to that, is left to a worker (documented). */
VOID NTAPI
ObDereferenceObjectDeferDelete(PVOID Object)
{
    ob_dereference_deferred(Object);
}

VOID NTAPI
ObDereferenceObjectDeferDeleteWithTag(PVOID Object, ULONG Tag)
{
    (void)Tag;
    ob_dereference_deferred(Object);
}

/*
 * ObReferenceObjectByPointer - check the type, then reference.
 * Returns: STATUS_SUCCESS, STATUS_OBJECT_TYPE_MISMATCH. A NULL type is allowed in kernel mode (documented).
 */
NTSTATUS NTAPI
ObReferenceObjectByPointer(PVOID Object, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode)
{
    (void)DesiredAccess;
    if (ob_type(Object) != ObjectType && (ObjectType != NULL || AccessMode != KernelMode))
        return STATUS_OBJECT_TYPE_MISMATCH;
    ob_reference(Object);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
ObReferenceObjectByPointerWithTag(PVOID Object, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                  KPROCESSOR_MODE AccessMode, ULONG Tag)
{
    (void)Tag;
    return ObReferenceObjectByPointer(Object, DesiredAccess, ObjectType, AccessMode);
}

POBJECT_TYPE NTAPI
ObGetObjectType(PVOID Object)
{
    return ob_type(Object);
}
