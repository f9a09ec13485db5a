/* SPDX-License-Identifier: MIT */
/*
 * nt/cm/key.c - the tree of keys and values, and the host's way to it.
 *
 * Model: see cm.h. Names compare without case. The only link of a real registry that drivers meet, CurrentControlSet,
 * is a plain key here; there is no ControlSet001.
 */
#include "nt/cm/cm.h"

#include <errno.h>
#include <string.h>

#include "base/utf.h"
#include "nt/ke/ke.h"
#include "nt/ob/ob.h"

#define PATH_MAX_UNITS 512u

/* ------------------------------------------------------------------ names */

static bool
same(const UNICODE_STRING *a, const WCHAR *b, size_t units)
{
    if (a->Length != units * sizeof(WCHAR))
        return false;
    for (size_t i = 0; i < units; i++)
        if (a->Buffer[i] != b[i] && utf16_upper(a->Buffer[i]) != utf16_upper(b[i]))
            return false;
    return true;
}

static NTSTATUS
copy_name(UNICODE_STRING *to, const WCHAR *from, size_t units)
{
    to->Length = (USHORT)(units * sizeof(WCHAR));
    to->MaximumLength = (USHORT)(to->Length + sizeof(WCHAR));
    to->Buffer = heap_alloc(to->MaximumLength, 'nMmC');
    if (to->Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(to->Buffer, from, to->Length);
    to->Buffer[units] = 0;
    return STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ keys */

static void
written(struct cm_key *key)
{
    sched_touch((uint64_t)key);
    key->written.QuadPart = ke_system_time();
}

static struct cm_key *
new_key(struct cm_key *parent, const WCHAR *name, size_t units)
{
    struct cm_key *key = heap_alloc(sizeof(*key), 'eKmC');
    struct cm_key **last;

    if (key == NULL)
        return NULL;
    memset(key, 0, sizeof(*key));
    if (copy_name(&key->name, name, units) != STATUS_SUCCESS) {
        heap_free(key);
        return NULL;
    }
    key->parent = parent;
    if (parent != NULL) {
        for (last = &parent->first; *last != NULL; last = &(*last)->next)
            ;
        *last = key;
        written(parent);
        cm_changed(parent, REG_NOTIFY_CHANGE_NAME);
    }
    written(key);
    return key;
}

static struct cm_key *
subkey(struct cm_key *key, const WCHAR *name, size_t units)
{
    struct cm_key *at;

    sched_touch((uint64_t)key);
    for (at = key->first; at != NULL && !same(&at->name, name, units); at = at->next)
        ;
    return at;
}

/* Walk path from base; make what is missing if create. */
static NTSTATUS
walk(struct cm_key *base, const UNICODE_STRING *path, bool create, struct cm_key **out, bool *created)
{
    size_t len = path->Length / sizeof(WCHAR), pos = 0;
    struct cm_key *key = base != NULL ? base : NT->cm->root;

    *out = NULL;
    if (created != NULL)
        *created = false;
    if (base == NULL) {
        static const WCHAR registry[] = u"\\Registry";
        UNICODE_STRING head = { sizeof(registry) - 2, sizeof(registry) - 2, path->Buffer };

        if (len < 9 || !same(&head, registry, 9) || (len > 9 && path->Buffer[9] != '\\'))
            return len == 0 || path->Buffer[0] != '\\' ? STATUS_OBJECT_PATH_SYNTAX_BAD : STATUS_OBJECT_NAME_NOT_FOUND;
        pos = 9;
    } else if (len > 0 && path->Buffer[0] == '\\') {
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    }
    while (pos < len) {
        size_t end;
        struct cm_key *below;

        if (path->Buffer[pos] == '\\') {
            pos++;
            continue;
        }
        for (end = pos; end < len && path->Buffer[end] != '\\'; end++)
            ;
        below = subkey(key, path->Buffer + pos, end - pos);
        if (below == NULL) {
            if (!create)
                return STATUS_OBJECT_NAME_NOT_FOUND;
            below = new_key(key, path->Buffer + pos, end - pos);
            if (below == NULL)
                return STATUS_INSUFFICIENT_RESOURCES;
            if (created != NULL)
                *created = true;
        }
        key = below;
        pos = end;
    }
    *out = key;
    return STATUS_SUCCESS;
}

struct cm_key *
cm_find(struct cm_key *base, const UNICODE_STRING *path)
{
    struct cm_key *key;

    walk(base, path, false, &key, NULL);
    return key;
}

NTSTATUS
cm_make(struct cm_key *base, const UNICODE_STRING *path, struct cm_key **out, bool *created)
{
    return walk(base, path, true, out, created);
}

static void
free_value(struct cm_value *v)
{
    if (v->data != NULL)
        heap_free(v->data);
    heap_free(v->name.Buffer);
    heap_free(v);
}

static void
free_key(struct cm_key *key)
{
    while (key->values != NULL) {
        struct cm_value *v = key->values;

        key->values = v->next;
        free_value(v);
    }
    heap_free(key->name.Buffer);
    if (key->class_name.Buffer != NULL)
        heap_free(key->class_name.Buffer);
    heap_free(key);
}

NTSTATUS
cm_key_delete(struct cm_key *key)
{
    struct cm_key **at;

    if (key->first != NULL || key->parent == NULL)
        return STATUS_CANNOT_DELETE;
    for (at = &key->parent->first; *at != key; at = &(*at)->next)
        ;
    *at = key->next;
    written(key->parent);
    cm_changed(key->parent, REG_NOTIFY_CHANGE_NAME);
    key->parent = NULL;
    key->deleted = true;
    if (key->handles == 0)
        free_key(key);
    return STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ values */

struct cm_value *
cm_value_find(struct cm_key *key, const UNICODE_STRING *name)
{
    struct cm_value *v;

    sched_touch((uint64_t)key);
    for (v = key->values; v != NULL && !same(&v->name, name->Buffer, name->Length / sizeof(WCHAR)); v = v->next)
        ;
    return v;
}

/* A value of that name without contents, the key's last; NULL: there is no memory. */
static struct cm_value *
new_value(struct cm_key *key, const UNICODE_STRING *name)
{
    struct cm_value *v = heap_alloc(sizeof(*v), 'aVmC');
    struct cm_value **last;

    if (v == NULL)
        return NULL;
    if (copy_name(&v->name, name->Buffer, name->Length / sizeof(WCHAR)) != STATUS_SUCCESS) {
        heap_free(v);
        return NULL;
    }
    v->next = NULL;
    v->data = NULL;
    for (last = &key->values; *last != NULL; last = &(*last)->next)
        ;
    *last = v;
    return v;
}

NTSTATUS
cm_value_set(struct cm_key *key, const UNICODE_STRING *name, ULONG type, const void *data, ULONG length)
{
    struct cm_value *v = cm_value_find(key, name);
    bool same_as_before =
        v != NULL && v->type == type && v->length == length && (length == 0 || memcmp(v->data, data, length) == 0);
    void *copy = NULL;

    if (length != 0) {
        copy = heap_alloc(length, 'dVmC');
        if (copy == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        memcpy(copy, data, length);
    }
    if (v == NULL)
        v = new_value(key, name);
    if (v == NULL) {
        if (copy != NULL)
            heap_free(copy);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (v->data != NULL)
        heap_free(v->data);
    v->data = copy;
    v->length = length;
    v->type = type;
    written(key);
    if (!same_as_before) /* documented: who watches is not told of a value that was the same before */
        cm_changed(key, REG_NOTIFY_CHANGE_LAST_SET);
    return STATUS_SUCCESS;
}

NTSTATUS
cm_value_delete(struct cm_key *key, const UNICODE_STRING *name)
{
    struct cm_value *v = cm_value_find(key, name);
    struct cm_value **at;

    if (v == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    for (at = &key->values; *at != v; at = &(*at)->next)
        ;
    *at = v->next;
    free_value(v);
    written(key);
    cm_changed(key, REG_NOTIFY_CHANGE_LAST_SET);
    return STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ Key objects */

static void
key_destroy(void *body)
{
    struct cm_key *key = ((struct cm_object *)body)->key;

    cm_watch_ends(body);
    if (--key->handles == 0 && key->deleted)
        free_key(key);
}

NTSTATUS
cm_handle(struct cm_key *key, ACCESS_MASK access, bool kernel, HANDLE *handle)
{
    struct cm_object *object = ob_create(NT->ob->variables->CmKeyObjectType, sizeof(*object), 'eKmC');
    NTSTATUS status;

    *handle = NULL;
    if (object == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    object->key = key;
    key->handles++;
    status = ob_handle_create(object, access, kernel, handle);
    ob_dereference(object);
    return status;
}

NTSTATUS
cm_key_of(HANDLE handle, struct cm_key **key)
{
    struct ob_entry *entry = ob_handle_find(handle, false);

    *key = NULL;
    if (entry == NULL)
        return STATUS_INVALID_HANDLE;
    if (ob_type(entry->object) != NT->ob->variables->CmKeyObjectType)
        return STATUS_OBJECT_TYPE_MISMATCH;
    *key = ((struct cm_object *)entry->object)->key;
    sched_touch((uint64_t)*key);
    return (*key)->deleted ? STATUS_KEY_DELETED : STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ for host code */

int
cm_create(const char *path)
{
    WCHAR text[PATH_MAX_UNITS];
    UNICODE_STRING s = ob_text(path, text, PATH_MAX_UNITS);
    struct cm_key *key;
    NTSTATUS status = cm_make(NULL, &s, &key, NULL);

    return status == STATUS_SUCCESS ? 0 : status == STATUS_INSUFFICIENT_RESOURCES ? -ENOMEM : -EINVAL;
}

static struct cm_key *
find_path(const char *path)
{
    WCHAR text[PATH_MAX_UNITS];
    UNICODE_STRING s = ob_text(path, text, PATH_MAX_UNITS);

    return cm_find(NULL, &s);
}

bool
cm_exists(const char *path)
{
    return find_path(path) != NULL;
}

int
cm_set(const char *path, const char *name, uint32_t type, const void *data, uint32_t length)
{
    WCHAR text[256];
    UNICODE_STRING s = ob_text(name, text, 256);
    int err = cm_create(path);

    if (err)
        return err;
    return cm_value_set(find_path(path), &s, type, data, length) == STATUS_SUCCESS ? 0 : -ENOMEM;
}

int
cm_set_dword(const char *path, const char *name, uint32_t value)
{
    return cm_set(path, name, REG_DWORD, &value, sizeof(value));
}

int
cm_set_string(const char *path, const char *name, const char *text)
{
    WCHAR units[1024];
    size_t n = utf8_to_utf16(text, strlen(text), units, 1024);

    if (n >= 1024)
        return -EINVAL;
    return cm_set(path, name, REG_SZ, units, (uint32_t)((n + 1) * sizeof(WCHAR)));
}

int
cm_set_multi(const char *path, const char *name, const char *const *texts)
{
    WCHAR units[2048];
    size_t used = 0;

    for (; *texts != NULL; texts++) {
        size_t n = utf8_to_utf16(*texts, strlen(*texts), units + used, 2047 - used);

        if (used + n + 1 >= 2047)
            return -EINVAL;
        used += n + 1;
    }
    units[used++] = 0;
    return cm_set(path, name, REG_MULTI_SZ, units, (uint32_t)(used * sizeof(WCHAR)));
}

int
cm_get(const char *path, const char *name, uint32_t *type, void *data, uint32_t room)
{
    WCHAR text[256];
    UNICODE_STRING s = ob_text(name, text, 256);
    struct cm_key *key = find_path(path);
    struct cm_value *v = key != NULL ? cm_value_find(key, &s) : NULL;

    if (v == NULL)
        return -ENOENT;
    if (type != NULL)
        *type = v->type;
    if (data != NULL && v->length != 0)
        memcpy(data, v->data, v->length < room ? v->length : room);
    return (int)v->length;
}

int
cm_get_string(const char *path, const char *name, char *out, size_t room)
{
    WCHAR units[1024];
    int len = cm_get(path, name, NULL, units, sizeof(units));
    size_t n = 0;

    if (len < 0)
        return -ENOENT;
    while (n < (size_t)len / sizeof(WCHAR) && n < 1024 && units[n] != 0)
        n++;
    utf16_to_utf8(units, n, out, room);
    return 0;
}

int
cm_unset(const char *path, const char *name)
{
    WCHAR text[256];
    UNICODE_STRING s = ob_text(name, text, 256);
    struct cm_key *key = find_path(path);

    return key != NULL && cm_value_delete(key, &s) == STATUS_SUCCESS ? 0 : -ENOENT;
}

static void
delete_tree(struct cm_key *key)
{
    while (key->first != NULL)
        delete_tree(key->first);
    cm_key_delete(key);
}

int
cm_delete(const char *path)
{
    struct cm_key *key = find_path(path);

    if (key == NULL)
        return -ENOENT;
    delete_tree(key);
    return 0;
}

bool
cm_subkey(const char *path, unsigned i, char *out, size_t room)
{
    struct cm_key *key = find_path(path);

    for (key = key != NULL ? key->first : NULL; key != NULL && i > 0; i--)
        key = key->next;
    if (key == NULL)
        return false;
    utf16_to_utf8(key->name.Buffer, key->name.Length / sizeof(WCHAR), out, room);
    return true;
}

void
cm_init(struct nt *nt)
{
    struct cm_state *cm = nt->cm = mon_alloc(sizeof(*cm));

    nt->ob->variables->CmKeyObjectType = ob_type_create("Key", -1, key_destroy, NULL);
    cm->root = new_key(NULL, u"REGISTRY", 8);
    cm_rtl_init();
    cm_create("\\Registry\\User\\.Default");
    cm_create("\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class");
    cm_create("\\Registry\\Machine\\System\\CurrentControlSet\\Enum");
    cm_create("\\Registry\\Machine\\System\\CurrentControlSet\\Services");
    cm_create("\\Registry\\Machine\\Hardware\\DeviceMap");
    cm_create("\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion");
}
