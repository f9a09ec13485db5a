/* SPDX-License-Identifier: MIT */
/*
 * nt/ob/name.c - the name space: directories, symbolic links, walking a path.
 *
 * Model: a tree of directory objects; \?? and \DosDevices are links to \GLOBAL?? (assumed: one session, so no device
 * map of a logon session lies before it). A walk copies the path and, at a link, puts the link's target in place of
 * what was walked and begins again. It ends at the first object that is neither directory nor link; what is left of
 * the path is that object's business (a device makes a file name of it).
 */
#include "nt/ob/ob.h"

#include <string.h>

#include "base/fmt.h"
#include "base/utf.h"

#define LINKS_MAX 32u /* links followed before a walk gives up, as in a loop of links */

UNICODE_STRING
ob_text(const char *text, WCHAR *buffer, size_t room)
{
    UNICODE_STRING s = { 0, 0, buffer };
    size_t n = utf8_to_utf16(text, strlen(text), buffer, room);

    if (n >= room)
        n = room - 1;
    s.Length = (USHORT)(n * sizeof(WCHAR));
    s.MaximumLength = (USHORT)(s.Length + sizeof(WCHAR));
    return s;
}

static bool
same_name(const UNICODE_STRING *a, const WCHAR *b, size_t units)
{
    if (a->Length != units * sizeof(WCHAR))
        return false;
    for (size_t i = 0; i < units; i++)
        if (a->Buffer[i] != b[i] && utf16_upper(a->Buffer[i]) != utf16_upper(b[i]))
            return false;
    return true;
}

static struct ob_header *
find(struct ob_directory *dir, const WCHAR *name, size_t units)
{
    struct ob_header *h;

    for (h = dir->first; h != NULL && !same_name(&h->name, name, units); h = h->next)
        ;
    /* found: it depends on who takes that name away; not found: on who adds one. Directories stay. */
    if (h == NULL)
        sched_touch((uint64_t)dir);
    else if (h->type != NT->ob->directory_type)
        sched_touch((uint64_t)(h + 1));
    return h;
}

static UNICODE_STRING
piece(WCHAR *at, size_t units)
{
    UNICODE_STRING s = { (USHORT)(units * sizeof(WCHAR)), (USHORT)(units * sizeof(WCHAR)), at };

    return s;
}

/* One pass over w->text[0..len). Returns STATUS_REPARSE with *at behind the component that is a link. */
static NTSTATUS
walk_once(struct ob_walk *w, struct ob_directory *dir, size_t len, unsigned flags, size_t *at)
{
    size_t pos = *at;

    w->object = dir;
    w->parent = NULL;
    w->rest = piece(w->text, 0);
    while (pos < len) {
        size_t end = pos;
        struct ob_header *h;

        while (end < len && w->text[end] != '\\')
            end++;
        if (end == pos)
            return STATUS_OBJECT_NAME_INVALID;
        h = find(dir, w->text + pos, end - pos);
        if (h == NULL) {
            if (end < len)
                return STATUS_OBJECT_PATH_NOT_FOUND;
            w->parent = dir;
            w->last = piece(w->text + pos, end - pos);
            return STATUS_OBJECT_NAME_NOT_FOUND;
        }
        w->object = h + 1;
        if (h->type == NT->ob->symlink_type) {
            if (end == len && (flags & OB_WALK_NO_FOLLOW)) {
                w->parent = dir;
                w->last = piece(w->text + pos, end - pos);
                return STATUS_SUCCESS;
            }
            *at = end;
            return STATUS_REPARSE;
        }
        if (h->type != NT->ob->directory_type) {
            w->parent = end == len ? dir : NULL;
            w->last = piece(w->text + pos, end - pos);
            w->rest = piece(w->text + end, len - end);
            return STATUS_SUCCESS;
        }
        dir = w->object;
        pos = end < len ? end + 1 : end;
    }
    return STATUS_SUCCESS;
}

NTSTATUS
ob_walk(struct ob_walk *w, const UNICODE_STRING *path, struct ob_directory *root, unsigned flags)
{
    size_t len = path->Length / sizeof(WCHAR);

    w->object = NULL;
    w->parent = NULL;
    if (len >= OB_PATH_MAX || path->Length % sizeof(WCHAR) != 0)
        return STATUS_OBJECT_NAME_INVALID;
    memcpy(w->text, path->Buffer, path->Length);
    if (root == NULL && (len == 0 || w->text[0] != '\\'))
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    if (root != NULL && len > 0 && w->text[0] == '\\')
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    for (unsigned links = 0; links < LINKS_MAX; links++) {
        size_t at = root == NULL ? 1 : 0;
        NTSTATUS status = walk_once(w, root ? root : NT->ob->root, len, flags, &at);
        const UNICODE_STRING *target;
        size_t target_len;

        if (status != STATUS_REPARSE)
            return status;
        target = &((struct ob_symlink *)w->object)->target;
        target_len = target->Length / sizeof(WCHAR);
        if (target_len + (len - at) >= OB_PATH_MAX)
            return STATUS_OBJECT_NAME_INVALID;
        memmove(w->text + target_len, w->text + at, (len - at) * sizeof(WCHAR));
        memcpy(w->text, target->Buffer, target->Length);
        len = target_len + (len - at);
        root = NULL;
        if (len == 0 || w->text[0] != '\\')
            return STATUS_OBJECT_PATH_SYNTAX_BAD;
    }
    return STATUS_OBJECT_PATH_NOT_FOUND;
}

/* ------------------------------------------------------------------ giving and taking names */

NTSTATUS
ob_insert(void *body, const UNICODE_STRING *path, struct ob_directory *root, bool permanent)
{
    struct ob_header *h = ob_header(body);
    struct ob_walk w;
    struct ob_header **last;
    NTSTATUS status = ob_walk(&w, path, root, OB_WALK_NO_FOLLOW);

    if (status == STATUS_SUCCESS)
        return STATUS_OBJECT_NAME_COLLISION;
    if (status != STATUS_OBJECT_NAME_NOT_FOUND || w.parent == NULL)
        return status;
    h->name.Buffer = heap_alloc(w.last.Length + sizeof(WCHAR), 'mNbO');
    if (h->name.Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(h->name.Buffer, w.last.Buffer, w.last.Length);
    h->name.Buffer[w.last.Length / sizeof(WCHAR)] = 0;
    h->name.Length = w.last.Length;
    h->name.MaximumLength = (USHORT)(w.last.Length + sizeof(WCHAR));
    h->permanent = permanent;
    h->directory = w.parent;
    h->next = NULL;
    for (last = &w.parent->first; *last != NULL; last = &(*last)->next)
        ;
    *last = h;
    sched_touch((uint64_t)w.parent);
    ob_reference(body);
    return STATUS_SUCCESS;
}

void
ob_unname(void *body)
{
    struct ob_header *h = ob_header(body);
    struct ob_header **at;

    if (h->directory == NULL)
        return;
    sched_touch((uint64_t)h->directory);
    sched_touch((uint64_t)body);
    for (at = &h->directory->first; *at != h; at = &(*at)->next)
        ;
    *at = h->next;
    h->next = NULL;
    h->directory = NULL;
    h->permanent = false;
    ob_dereference(body);
}

static void
symlink_destroy(void *body)
{
    struct ob_symlink *link = body;

    if (link->target.Buffer != NULL)
        heap_free(link->target.Buffer);
}

NTSTATUS
ob_symlink_create(const UNICODE_STRING *name, const UNICODE_STRING *target)
{
    struct ob_symlink *link = ob_create(NT->ob->symlink_type, sizeof(*link), 'LmyS');
    NTSTATUS status;

    if (link == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    link->target.Buffer = heap_alloc(target->Length + sizeof(WCHAR), 'LmyS');
    if (link->target.Buffer == NULL) {
        ob_dereference(link);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    memcpy(link->target.Buffer, target->Buffer, target->Length);
    link->target.Buffer[target->Length / sizeof(WCHAR)] = 0;
    link->target.Length = target->Length;
    link->target.MaximumLength = (USHORT)(target->Length + sizeof(WCHAR));
    status = ob_insert(link, name, NULL, true);
    ob_dereference(link); /* the directory holds it now, or it goes */
    return status;
}

NTSTATUS
ob_directory_create(const UNICODE_STRING *name, struct ob_directory *root, struct ob_directory **out)
{
    struct ob_directory *dir = ob_create(NT->ob->directory_type, sizeof(*dir), 'eriD');
    NTSTATUS status;

    *out = NULL;
    if (dir == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = ob_insert(dir, name, root, true);
    if (status != STATUS_SUCCESS)
        ob_dereference(dir);
    else
        *out = dir;
    return status;
}

size_t
ob_name(const void *body, char *out, size_t room)
{
    const struct ob_header *chain[16];
    unsigned n = 0;
    size_t len = 0;

    if (room > 0)
        out[0] = 0;
    for (const struct ob_header *h = ob_header(body); h->directory != NULL && n < 16; h = ob_header(h->directory))
        chain[n++] = h;
    while (n-- > 0)
        len = fmt_append(out, room, "\\%wZ", (const struct fmt_ustring *)&chain[n]->name);
    return len;
}

NTSTATUS
ob_attributes_root(const OBJECT_ATTRIBUTES *attributes, struct ob_directory **root)
{
    struct ob_entry *entry;

    *root = NULL;
    if (attributes == NULL || attributes->RootDirectory == NULL)
        return STATUS_SUCCESS;
    entry = ob_handle_find(attributes->RootDirectory, false);
    if (entry == NULL)
        return STATUS_INVALID_HANDLE;
    if (ob_type(entry->object) != NT->ob->directory_type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    *root = entry->object;
    return STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ init */

static void
make_directory(const char *path)
{
    WCHAR text[64];
    UNICODE_STRING name = ob_text(path, text, 64);
    struct ob_directory *dir;

    ob_directory_create(&name, NULL, &dir);
}

static void
make_link(const char *path, const char *target)
{
    WCHAR text[64], to[64];
    UNICODE_STRING name = ob_text(path, text, 64), target_name = ob_text(target, to, 64);

    ob_symlink_create(&name, &target_name);
}

void
ob_init(struct nt *nt)
{
    static const char *const directories[] = { "\\Device",           "\\Driver",        "\\FileSystem", "\\GLOBAL\?\?",
                                               "\\BaseNamedObjects", "\\KernelObjects", "\\Callback",   "\\Security" };
    struct ob_state *ob = nt->ob = mon_alloc(sizeof(*ob));

    ob->variables = heap_alloc(sizeof(*ob->variables), 'VjbO');
    memset(ob->variables, 0, sizeof(*ob->variables));
    heap_label(ob->variables, "object type variables");
    ob->directory_type = ob_type_create("Directory", -1, NULL, NULL);
    ob->symlink_type = ob_type_create("SymbolicLink", -1, symlink_destroy, NULL);
    ob->variables->ExEventObjectType = ob_type_create("Event", 0, NULL, NULL);
    ob->root = ob_create(ob->directory_type, sizeof(*ob->root), 'eriD');
    ob->kernel_table = heap_alloc(sizeof(*ob->kernel_table), 'bTbO');
    memset(ob->kernel_table, 0, sizeof(*ob->kernel_table));
    heap_label(ob->kernel_table, "kernel handle table");
    ob->delete_site = (uint32_t)ddi_lookup("ntoskrnl", "ObpRemoveObjectRoutine");
    for (unsigned i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
        make_directory(directories[i]);
    make_link("\\\?\?", "\\GLOBAL\?\?");
    make_link("\\DosDevices", "\\\?\?");
    make_link("\\GLOBAL\?\?\\Global", "\\GLOBAL\?\?");
    make_link("\\GLOBAL\?\?\\GLOBALROOT", ""); /* the root: what follows begins with '\' */
}
