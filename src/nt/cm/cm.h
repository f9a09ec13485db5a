/* SPDX-License-Identifier: MIT */
/*
 * nt/cm/cm.h - the registry.
 *
 * Model: a tree of keys in machine memory; a key has subkeys and values in the order they were made (Windows sorts
 * subkeys by name: assumed to matter to nobody). A handle is to a Key object that names a key. A deleted key leaves the
 * tree at once and its memory when its last handle goes; until then it answers STATUS_KEY_DELETED.
 * Everything is volatile: the machine has no disk.
 *
 * The cm_ functions are for installers and other host code; paths are UTF-8 and begin with \Registry\.
 */
#ifndef NT_CM_CM_H
#define NT_CM_CM_H

#include "ddk/ntddk.h"
#include "nt/nt.h"

struct cm_value {
    struct cm_value *next;
    UNICODE_STRING name; /* empty: the default value */
    ULONG type;
    ULONG length;
    void *data; /* NULL when length is 0 */
};

struct cm_key {
    struct cm_key *parent; /* NULL: the root, or deleted */
    struct cm_key *next;   /* sibling */
    struct cm_key *first;  /* subkey */
    struct cm_value *values;
    UNICODE_STRING name;
    UNICODE_STRING class_name;
    LARGE_INTEGER written;
    ULONG handles; /* Key objects that name it */
    ULONG deleted;
};

/* Body of a Key object. */
struct cm_object {
    struct cm_key *key;
};

/* Monitor memory. */
struct cm_state {
    struct cm_key *root; /* \Registry */
    struct cm_waiter *waiters; /* notify.c */
};

/* Make the key and those above it. 0, -ENOMEM, -EINVAL for a path that cannot be. */
int cm_create(const char *path);
bool cm_exists(const char *path);
/* Set a value; the key is made if need be. type: REG_xxx. data is copied. 0, -ENOMEM, -EINVAL. */
int cm_set(const char *path, const char *name, uint32_t type, const void *data, uint32_t length);
int cm_set_dword(const char *path, const char *name, uint32_t value);
int cm_set_string(const char *path, const char *name, const char *text); /* REG_SZ from UTF-8 */
/* REG_MULTI_SZ from strings in UTF-8, NULL at the end. */
int cm_set_multi(const char *path, const char *name, const char *const *texts);
/*
 * Read a value: its length, -ENOENT if there is none. At most room bytes are copied; type and data may be NULL.
 */
int cm_get(const char *path, const char *name, uint32_t *type, void *data, uint32_t room);
int cm_get_string(const char *path, const char *name, char *out, size_t room); /* as UTF-8; 0 or -ENOENT */
int cm_unset(const char *path, const char *name);                              /* 0 or -ENOENT */
int cm_delete(const char *path);                                               /* with all below it; 0 or -ENOENT */
/* The i-th subkey's name; false past the last. */
bool cm_subkey(const char *path, unsigned i, char *out, size_t room);

/* ------------------------------------------------------------------ for cm's files and ndis/config */

/* NULL: there is none. base NULL: path begins with \Registry. */
struct cm_key *cm_find(struct cm_key *base, const UNICODE_STRING *path);
/* As cm_find, making what is missing. *created may be NULL. */
NTSTATUS cm_make(struct cm_key *base, const UNICODE_STRING *path, struct cm_key **out, bool *created);
struct cm_value *cm_value_find(struct cm_key *key, const UNICODE_STRING *name);
NTSTATUS cm_value_set(struct cm_key *key, const UNICODE_STRING *name, ULONG type, const void *data, ULONG length);
NTSTATUS cm_value_delete(struct cm_key *key, const UNICODE_STRING *name);
/* STATUS_CANNOT_DELETE while it has subkeys. */
NTSTATUS cm_key_delete(struct cm_key *key);
/* A handle to key. */
NTSTATUS cm_handle(struct cm_key *key, ACCESS_MASK access, bool kernel, HANDLE *handle);
/* The key behind a handle; it stays as long as the handle. STATUS_KEY_DELETED too. */
NTSTATUS cm_key_of(HANDLE handle, struct cm_key **key);
void cm_rtl_init(void);

/* notify.c: key changed in that way (REG_NOTIFY_CHANGE_xxx); whoever watches it hears. */
void cm_changed(struct cm_key *key, unsigned what);
/* A handle's object goes, and what it asked to be told with it. */
void cm_watch_ends(const struct cm_object *object);

#endif
