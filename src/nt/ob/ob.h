/* SPDX-License-Identifier: MIT */
/*
 * nt/ob/ob.h - objects, handles and names.
 *
 * Model: an object is a heap block, [struct ob_header][body]; drivers hold the address of the body. A name is an entry
 * of a directory object and holds one reference. A handle is an index into a table, one table per program and one for
 * the kernel, and holds one reference too. When the last reference goes the type's destroy routine runs and the block
 * is freed, so whoever still uses it reads poison.
 *
 * Memory drivers can see holds no address of ours: a type is a heap object with a number, its routines stand in the
 * monitor (struct ob_state).
 * Start reading at: ob_dereference() (object.c), ob_walk() (name.c), ob_handle_create() (handle.c).
 */
#ifndef NT_OB_OB_H
#define NT_OB_OB_H

#include "ddk/ntddk.h"
#include "nt/nt.h"

#define OB_TYPE_MAX  32u
#define OB_PATH_MAX  512u /* units of a name with all symbolic links followed */
#define OB_CHUNK     32u  /* handles per chunk of a table */
#define OB_CHUNK_MAX 64u

/* The last 0x30 bytes lie as in Windows, so that a debugger finds the two counts. Machine memory. */
struct ob_header {
    struct ob_header *next; /* in its directory, in order of insertion */
    struct ob_directory *directory;
    UNICODE_STRING name;  /* buffer is a heap block of its own; empty: no name */
    LONG64 pointer_count; /* ob_reference, ob_dereference */
    LONG64 handle_count;  /* handle.c */
    ULONG permanent;      /* its name outlives its last handle */
    ULONG exclusive;
    struct _OBJECT_TYPE *type; /* const */
    PVOID reserved;
    PSECURITY_DESCRIPTOR security;
};
_Static_assert(sizeof(struct ob_header) == 0x50, "the body is 16-byte aligned and the counts are at -0x30");

struct _OBJECT_TYPE {
    UNICODE_STRING Name;
    ULONG Index;     /* in ob_state.type[] */
    LONG WaitOffset; /* of the DISPATCHER_HEADER in the body; -1: cannot be waited for */
    LONG TotalNumberOfObjects;
    LONG TotalNumberOfHandles;
    GENERIC_MAPPING GenericMapping;
    WCHAR NameText[24];
};

/* Bodies of the two types that names are made of. */
struct ob_directory {
    struct ob_header *first;
};
struct ob_symlink {
    UNICODE_STRING target;
};

struct ob_entry {
    void *object; /* NULL: free */
    uint32_t access;
    uint32_t attributes; /* OBJ_KERNEL_HANDLE ... */
    uint64_t site;       /* driver address that opened it, 0: a program or the system */
};
struct ob_table {
    struct ob_entry *chunk[OB_CHUNK_MAX];
    uint32_t capacity; /* entries there is room for */
    uint32_t next;     /* where the search for a free one begins; 0 is never used */
    uint32_t used;
};

/* Data exports: the variables that drivers import. Machine memory. */
struct ob_variables {
    POBJECT_TYPE IoFileObjectType, IoDriverObjectType, IoDeviceObjectType, ExEventObjectType, CmKeyObjectType,
        SeTokenObjectType;
};

/* Monitor memory; written at init only. */
struct ob_state {
    struct ob_type_ops {
        POBJECT_TYPE type;
        void (*destroy)(void *body);
        void (*close)(void *body);
    } type[OB_TYPE_MAX];
    unsigned type_count;
    POBJECT_TYPE directory_type, symlink_type;
    struct ob_directory *root;
    struct ob_table *kernel_table;
    struct ob_variables *variables;
    uint32_t delete_site; /* nt!ObpRemoveObjectRoutine */
};

/* a0 of EV_OB_MISUSE. */
enum ob_misuse {
    OB_MISUSE_BAD_HANDLE,  /* kernel code closed or used a handle that names nothing: a1 handle */
    OB_MISUSE_HANDLE_LEAK, /* a driver's handle outlives it, or the process it was opened in: a1 handle */
};

struct ob_header *ob_header(const void *body);
POBJECT_TYPE ob_type(const void *body);
/* As ob_dereference(); if the object dies, a worker sees to it and not the caller. */
void ob_dereference_deferred(void *body);

/* ------------------------------------------------------------------ names (name.c) */

/* A walk along a path. object: what it found, not referenced. */
struct ob_walk {
    void *object;
    struct ob_directory *parent; /* set when only the last component is missing */
    UNICODE_STRING last;         /* that component */
    UNICODE_STRING rest;         /* what is left behind a device: begins with '\' or is empty */
    WCHAR text[OB_PATH_MAX];     /* last and rest point here */
};

enum { OB_WALK_NO_FOLLOW = 1 }; /* the last component may be a symbolic link and is what is wanted */

/*
 * ob_walk - find the object that path names, from root (NULL: the root directory; then path begins with '\').
 * Case does not matter (documented: the object manager ignores case by default). STATUS_OBJECT_NAME_NOT_FOUND,
 * _PATH_NOT_FOUND, _PATH_SYNTAX_BAD, _NAME_INVALID; STATUS_SUCCESS.
 */
NTSTATUS ob_walk(struct ob_walk *w, const UNICODE_STRING *path, struct ob_directory *root, unsigned flags);

/* Give body the name path. The directory takes a reference of its own. STATUS_OBJECT_NAME_COLLISION and ob_walk's. */
NTSTATUS ob_insert(void *body, const UNICODE_STRING *path, struct ob_directory *root, bool permanent);
void ob_unname(void *body); /* drop the name and its reference; harmless if it has none */
NTSTATUS ob_symlink_create(const UNICODE_STRING *name, const UNICODE_STRING *target);
NTSTATUS ob_directory_create(const UNICODE_STRING *name, struct ob_directory *root, struct ob_directory **out);

/* Full name as UTF-8, "" if it has none. Returns its length. */
size_t ob_name(const void *body, char *out, size_t room);
/* ASCII to a UNICODE_STRING over room units of the caller's; for host code that names things. */
UNICODE_STRING ob_text(const char *text, WCHAR *buffer, size_t room);
/* The directory that attributes->RootDirectory names (NULL for none). Not referenced. */
NTSTATUS ob_attributes_root(const OBJECT_ATTRIBUTES *attributes, struct ob_directory **root);

/* ------------------------------------------------------------------ objects by name, with handles (named.c) */

/*
 * Give a new object its name, if the attributes have one, and a handle; drops the creator's reference either way. With
 * OBJ_OPENIF an object of that name and type is opened instead: STATUS_OBJECT_NAME_EXISTS. Failing: ob_insert's,
 * ob_handle_create's.
 */
NTSTATUS ob_publish(void *body, const OBJECT_ATTRIBUTES *oa, ACCESS_MASK access, HANDLE *handle);
/* Find a named object of a type, open a handle. flags: of ob_walk. Failing: ob_walk's, STATUS_OBJECT_TYPE_MISMATCH. */
NTSTATUS ob_open_named(const OBJECT_ATTRIBUTES *oa, POBJECT_TYPE type, ACCESS_MASK access, unsigned flags,
                       HANDLE *handle);
/* An event without a name, and a handle of the running fiber's process. STATUS_INSUFFICIENT_RESOURCES. */
NTSTATUS ob_event_create(bool notification, bool set, HANDLE *handle);

/* ------------------------------------------------------------------ handles (handle.c) */

struct ob_table *ob_table_of(void *process); /* made on first use */
/* Entry behind handle as the running fiber sees it; NULL: none. user: kernel handles do not count. */
struct ob_entry *ob_handle_find(HANDLE handle, bool user);
/* Look up, check type (NULL: any) and access (user only), reference. */
NTSTATUS ob_handle_reference(HANDLE handle, ACCESS_MASK access, POBJECT_TYPE type, bool user, void **body,
                             ACCESS_MASK *granted);
NTSTATUS ob_handle_close(HANDLE handle, bool user);
void *ob_waitable(void *body); /* the dispatcher object that waiting for body means; NULL: none */
/* Close all handles of a process, in order. CALLS_DRIVER. */
void ob_process_close(void *process);
void ob_process_gone(void *process); /* the process object dies: its table goes, empty by now */
/* EV_OB_MISUSE for each kernel handle that code in [base, base + size) opened and left. */
void ob_handles_left(uint64_t base, uint64_t size);
void ob_process_each(void *process, void (*fn)(HANDLE handle, void *body, void *arg), void *arg);

/* ------------------------------------------------------------------ exported, but declared by no DDK header */

LONG_PTR NTAPI ObfReferenceObjectWithTag(PVOID Object, ULONG Tag);
LONG_PTR NTAPI ObfDereferenceObjectWithTag(PVOID Object, ULONG Tag);
VOID NTAPI ObDereferenceObjectDeferDeleteWithTag(PVOID Object, ULONG Tag);
NTSTATUS NTAPI ObReferenceObjectByPointerWithTag(PVOID Object, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                                 KPROCESSOR_MODE AccessMode, ULONG Tag);
NTSTATUS NTAPI ObReferenceObjectByHandleWithTag(HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                                KPROCESSOR_MODE AccessMode, ULONG Tag, PVOID *Object,
                                                POBJECT_HANDLE_INFORMATION HandleInformation);
POBJECT_TYPE NTAPI ObGetObjectType(PVOID Object);
NTSTATUS NTAPI NtClose(HANDLE Handle);
NTSTATUS NTAPI ZwOpenEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI ZwResetEvent(HANDLE EventHandle, PLONG PreviousState);
NTSTATUS NTAPI ZwClearEvent(HANDLE EventHandle);
NTSTATUS NTAPI ZwOpenDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess,
                                     POBJECT_ATTRIBUTES ObjectAttributes);

#endif
