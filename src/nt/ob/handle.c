/* SPDX-License-Identifier: MIT */
/*
 * nt/ob/handle.c - handle tables.
 *
 * Model: a handle is 4 * index; kernel handles have the upper bits set and mean the kernel's table in every process
 * (observed: x64 Windows). A freed index is used again only after the search has gone round the table, so that a stale
 * handle stays stale for a while (assumed; Windows's order is not documented).
 */
#include "nt/ob/ob.h"

#include <string.h>

#include "nt/ps/ps.h"
#include "trace/event.h"

#define KERNEL_HANDLE   0xffffffff80000000ull
#define CURRENT_PROCESS ((HANDLE)(LONG_PTR)-1)
#define CURRENT_THREAD  ((HANDLE)(LONG_PTR)-2)

/* ------------------------------------------------------------------ tables */

struct ob_table *
ob_table_of(void *process)
{
    PEPROCESS p = process;
    struct ob_table *table;

    if (p == NULL || p->System)
        return NT->ob->kernel_table;
    if (p->HandleTable == NULL) {
        table = heap_alloc(sizeof(*table), 'bTbO');
        if (table == NULL)
            return NULL;
        memset(table, 0, sizeof(*table));
        heap_label(table, "handle table");
        p->HandleTable = table;
    }
    return p->HandleTable;
}

/* Index of a free entry; 0: the table is full or memory is out. */
static uint32_t
take_index(struct ob_table *table)
{
    for (uint32_t tried = 0; tried < table->capacity; tried++) {
        uint32_t i = table->next;

        table->next = i + 1 < table->capacity ? i + 1 : 1;
        if (i != 0 && table->chunk[i / OB_CHUNK][i % OB_CHUNK].object == NULL)
            return i;
    }
    if (table->capacity < OB_CHUNK * OB_CHUNK_MAX) {
        struct ob_entry *chunk = heap_alloc(OB_CHUNK * sizeof(*chunk), 'bTbO');
        uint32_t first = table->capacity != 0 ? table->capacity : 1;

        if (chunk == NULL)
            return 0;
        memset(chunk, 0, OB_CHUNK * sizeof(*chunk));
        table->chunk[table->capacity / OB_CHUNK] = chunk;
        table->capacity += OB_CHUNK;
        table->next = first + 1;
        return first;
    }
    return 0;
}

static struct ob_entry *
entry_at(struct ob_table *table, uint64_t index)
{
    struct ob_entry *e;

    if (table == NULL || index == 0 || index >= table->capacity)
        return NULL;
    e = &table->chunk[index / OB_CHUNK][index % OB_CHUNK];
    return e->object != NULL ? e : NULL;
}

/* The table a handle value belongs to and its index there; NULL: user code named a kernel handle. */
static struct ob_table *
table_for(HANDLE handle, bool user, uint64_t *index)
{
    uint64_t value = (uint64_t)handle;
    struct ob_table *table;

    if ((value & KERNEL_HANDLE) == KERNEL_HANDLE) {
        if (user)
            return NULL;
        table = NT->ob->kernel_table;
        value &= ~KERNEL_HANDLE;
    } else {
        table = ob_table_of(ps_current_process());
    }
    *index = value / 4;
    return table;
}

/*
 * What a look-up depends on: one that succeeds on the object, which closing the handle touches too; one that fails on
 * the table. So look-ups of different handles do not depend on each other.
 */
struct ob_entry *
ob_handle_find(HANDLE handle, bool user)
{
    uint64_t index = 0;
    struct ob_table *table = table_for(handle, user, &index);
    struct ob_entry *e = entry_at(table, index);

    sched_touch(e != NULL ? (uint64_t)e->object : (uint64_t)table);
    return e;
}

int32_t
ob_handle_create(void *body, uint32_t access, bool kernel, void **handle)
{
    struct ob_table *table = kernel ? NT->ob->kernel_table : ob_table_of(ps_current_process());
    struct ob_header *h = ob_header(body);
    uint32_t index;
    struct ob_entry *e;

    *handle = NULL;
    if (table == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    sched_touch((uint64_t)table);
    index = take_index(table);
    if (index == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    ob_reference(body);
    e = &table->chunk[index / OB_CHUNK][index % OB_CHUNK];
    e->object = body;
    e->access = access;
    e->attributes = kernel ? OBJ_KERNEL_HANDLE : 0;
    e->site = guest_caller();
    table->used++;
    h->handle_count++;
    h->type->TotalNumberOfHandles++;
    *handle = (HANDLE)((uint64_t)index * 4 | (kernel ? KERNEL_HANDLE : 0));
    return STATUS_SUCCESS;
}

/* A handle to body went away. CALLS_DRIVER. */
static void
handle_gone(void *body)
{
    struct ob_header *h = ob_header(body);
    struct ob_type_ops *ops = &NT->ob->type[h->type->Index];

    sched_touch((uint64_t)body);
    h->type->TotalNumberOfHandles--;
    if (--h->handle_count == 0) {
        if (ops->close != NULL)
            ops->close(body);
        if (!h->permanent)
            ob_unname(body);
    }
    ob_dereference(body);
}

static void
close_entry(struct ob_table *table, struct ob_entry *e)
{
    void *body = e->object;

    memset(e, 0, sizeof(*e));
    table->used--;
    handle_gone(body);
}

NTSTATUS
ob_handle_close(HANDLE handle, bool user)
{
    uint64_t index = 0;
    struct ob_table *table = table_for(handle, user, &index);
    struct ob_entry *e = entry_at(table, index);

    if (handle == CURRENT_PROCESS || handle == CURRENT_THREAD)
        return STATUS_SUCCESS;
    sched_touch((uint64_t)table);
    if (e == NULL) {
        if (!user)
            trace_emit(EV_OB_MISUSE, handle, OB_MISUSE_BAD_HANDLE, (uint64_t)handle);
        return STATUS_INVALID_HANDLE;
    }
    close_entry(table, e);
    return STATUS_SUCCESS;
}

void
ob_process_close(void *process)
{
    struct ob_table *table = ((PEPROCESS)process)->HandleTable;

    for (uint32_t i = 1; table != NULL && i < table->capacity; i++) {
        struct ob_entry *e = entry_at(table, i);

        sched_touch((uint64_t)table);
        if (e == NULL)
            continue;
        if (e->site != 0)
            trace_emit(EV_OB_MISUSE, (uint64_t)i * 4, OB_MISUSE_HANDLE_LEAK, (uint64_t)i * 4);
        close_entry(table, e);
    }
}

void
ob_process_gone(void *process)
{
    struct ob_table *table = ((PEPROCESS)process)->HandleTable;

    if (table == NULL)
        return;
    for (uint32_t i = 0; i < table->capacity / OB_CHUNK; i++)
        heap_free(table->chunk[i]);
    heap_free(table);
    ((PEPROCESS)process)->HandleTable = NULL;
}

void
ob_handles_left(uint64_t base, uint64_t size)
{
    struct ob_table *table = NT->ob->kernel_table;

    for (uint32_t i = 1; i < table->capacity; i++) {
        struct ob_entry *e = entry_at(table, i);
        uint64_t handle = (uint64_t)i * 4 | KERNEL_HANDLE;

        if (e != NULL && e->site - base < size)
            trace_emit(EV_OB_MISUSE, handle, OB_MISUSE_HANDLE_LEAK, handle);
    }
}

void
ob_process_each(void *process, void (*fn)(HANDLE handle, void *body, void *arg), void *arg)
{
    struct ob_table *table = ob_table_of(process);

    for (uint32_t i = 1; table != NULL && i < table->capacity; i++) {
        struct ob_entry *e = entry_at(table, i);

        if (e != NULL)
            fn((HANDLE)((uint64_t)i * 4), e->object, arg);
    }
}

/* ------------------------------------------------------------------ looking up */

NTSTATUS
ob_handle_reference(HANDLE handle, ACCESS_MASK access, POBJECT_TYPE type, bool user, void **body, ACCESS_MASK *granted)
{
    struct ob_entry *e;

    *body = NULL;
    if (handle == CURRENT_PROCESS || handle == CURRENT_THREAD) {
        void *self = handle == CURRENT_PROCESS ? ps_current_process() : ps_current_thread();

        if (type != NULL && ob_type(self) != type)
            return STATUS_OBJECT_TYPE_MISMATCH;
        ob_reference(self);
        *body = self;
        if (granted != NULL)
            *granted = PROCESS_ALL_ACCESS;
        return STATUS_SUCCESS;
    }
    e = ob_handle_find(handle, user);
    if (e == NULL)
        return STATUS_INVALID_HANDLE;
    if (type != NULL && ob_type(e->object) != type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    if (user && (access & ~e->access) != 0)
        return STATUS_ACCESS_DENIED;
    ob_reference(e->object);
    *body = e->object;
    if (granted != NULL)
        *granted = e->access;
    return STATUS_SUCCESS;
}

/*
 * ObReferenceObjectByHandle - the object behind a handle of the current process (or a kernel handle), referenced.
 * Source:  documented. A NULL ObjectType means any type; access is checked only when AccessMode is UserMode.
 * Returns: STATUS_SUCCESS, _OBJECT_TYPE_MISMATCH, _ACCESS_DENIED, _INVALID_HANDLE.
 */
NTSTATUS NTAPI
ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                          PVOID *Object, POBJECT_HANDLE_INFORMATION HandleInformation)
{
    ACCESS_MASK granted = 0;
    NTSTATUS status =
        ob_handle_reference(Handle, DesiredAccess, ObjectType, AccessMode != KernelMode, Object, &granted);

    if (status == STATUS_INVALID_HANDLE && AccessMode == KernelMode)
        trace_emit(EV_OB_MISUSE, Handle, OB_MISUSE_BAD_HANDLE, (uint64_t)Handle);
    if (status == STATUS_SUCCESS && HandleInformation != NULL) {
        HandleInformation->HandleAttributes = 0;
        HandleInformation->GrantedAccess = granted;
    }
    return status;
}

NTSTATUS NTAPI
ObReferenceObjectByHandleWithTag(HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                 KPROCESSOR_MODE AccessMode, ULONG Tag, PVOID *Object,
                                 POBJECT_HANDLE_INFORMATION HandleInformation)
{
    (void)Tag;
    return ObReferenceObjectByHandle(Handle, DesiredAccess, ObjectType, AccessMode, Object, HandleInformation);
}

/*
 * ObOpenObjectByPointer - a handle to an object. Returns: STATUS_SUCCESS, _OBJECT_TYPE_MISMATCH,
 * _INSUFFICIENT_RESOURCES (documented: STATUS_OBJECT_TYPE_MISMATCH, STATUS_INSUFFICIENT_RESOURCES and others).
 */
NTSTATUS NTAPI
ObOpenObjectByPointer(PVOID Object, ULONG HandleAttributes, PACCESS_STATE PassedAccessState, ACCESS_MASK DesiredAccess,
                      POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode, PHANDLE Handle)
{
    (void)PassedAccessState;
    *Handle = NULL;
    if (ob_type(Object) != ObjectType && (ObjectType != NULL || AccessMode != KernelMode))
        return STATUS_OBJECT_TYPE_MISMATCH;
    if (ex_fault('bTbO'))
        return STATUS_INSUFFICIENT_RESOURCES;
    return ob_handle_create(Object, DesiredAccess, (HandleAttributes & OBJ_KERNEL_HANDLE) != 0, Handle);
}

/* ObCloseHandle - as ZwClose, with the mode the handle was made in. */
NTSTATUS NTAPI
ObCloseHandle(HANDLE Handle, KPROCESSOR_MODE PreviousMode)
{
    return ob_handle_close(Handle, PreviousMode != KernelMode);
}

NTSTATUS NTAPI
ZwClose(HANDLE Handle)
{
    return ob_handle_close(Handle, false);
}

NTSTATUS NTAPI
NtClose(HANDLE Handle)
{
    return ob_handle_close(Handle, ps_user_mode());
}
