/* SPDX-License-Identifier: MIT */
/*
 * pnp/reg_tree.c - a registry on the host, and writing it as a .reg file (see reg.h).
 *
 * Model: keys in the order they were made, each with its whole path; values likewise. Few enough for linear search.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "base/utf.h"
#include "pnp/inf_text.h"
#include "pnp/reg.h"

enum { KEY_BYTES_MAX = 1024 };

struct value {
    struct value *next;
    char *name;
    uint32_t type, len;
    uint8_t *data;
};

struct key {
    struct key *next;
    char *path;
    struct value *values;
};

struct reg_tree {
    struct key *first;
};

struct reg_tree *
reg_tree_create(void)
{
    return calloc(1, sizeof(struct reg_tree));
}

static void
value_free(struct value *v)
{
    free(v->name);
    free(v->data);
    free(v);
}

static void
key_free(struct key *k)
{
    while (k->values != NULL) {
        struct value *next = k->values->next;

        value_free(k->values);
        k->values = next;
    }
    free(k->path);
    free(k);
}

void
reg_tree_free(struct reg_tree *tree)
{
    while (tree != NULL && tree->first != NULL) {
        struct key *next = tree->first->next;

        key_free(tree->first);
        tree->first = next;
    }
    free(tree);
}

static struct key *
find_key(const struct reg_tree *tree, const char *path)
{
    struct key *k = tree->first;

    while (k != NULL && !str_ieq(k->path, path))
        k = k->next;
    return k;
}

static struct value **
find_value(struct key *k, const char *name)
{
    struct value **at = &k->values;

    while (*at != NULL && !str_ieq((*at)->name, name))
        at = &(*at)->next;
    return at;
}

/* Is path the key itself or below it? */
static bool
is_within(const char *path, const char *key)
{
    size_t len = strlen(key);

    return str_istarts(path, key) && (path[len] == 0 || path[len] == '\\');
}

/* ------------------------------------------------------------------ the sink */

/* Behind the last key that is below the same parent, so that a tree is written in its own order. */
static struct key **
place_of(struct reg_tree *tree, const char *path)
{
    struct key **at = &tree->first, **place = NULL;
    char parent[KEY_BYTES_MAX];
    char *cut;

    str_copy(parent, sizeof(parent), path);
    cut = strrchr(parent, '\\');
    if (cut != NULL)
        *cut = 0;
    for (; *at != NULL; at = &(*at)->next)
        if (is_within((*at)->path, parent))
            place = &(*at)->next;
    return place ? place : at;
}

static int
tree_make(void *context, const char *path)
{
    struct reg_tree *tree = context;
    char parent[KEY_BYTES_MAX];
    struct key *k, **place;
    char *cut;
    int err;

    if (find_key(tree, path) != NULL)
        return 0;
    if (!str_copy(parent, sizeof(parent), path))
        return -EINVAL;
    cut = strrchr(parent, '\\');
    if (cut != NULL && cut != parent) {
        *cut = 0;
        err = tree_make(tree, parent);
        if (err)
            return err;
    }
    k = calloc(1, sizeof(*k));
    if (k == NULL || (k->path = strdup(path)) == NULL) {
        free(k);
        return -ENOMEM;
    }
    place = place_of(tree, path);
    k->next = *place;
    *place = k;
    return 0;
}

static int
tree_set(void *context, const char *key, const char *name, uint32_t type, const void *data, uint32_t len)
{
    int err = tree_make(context, key);
    struct value **at, *v;
    uint8_t *copy;

    if (err)
        return err;
    at = find_value(find_key(context, key), name);
    copy = malloc(len ? len : 1);
    if (copy == NULL)
        return -ENOMEM;
    if (len)
        memcpy(copy, data, len);
    v = *at;
    if (v == NULL) {
        v = calloc(1, sizeof(*v));
        if (v == NULL || (v->name = strdup(name)) == NULL) {
            free(v);
            free(copy);
            return -ENOMEM;
        }
        *at = v;
    }
    free(v->data);
    v->data = copy;
    v->type = type;
    v->len = len;
    return 0;
}

static int
tree_delete_key(void *context, const char *key)
{
    struct reg_tree *tree = context;

    for (struct key **at = &tree->first; *at != NULL;) {
        struct key *k = *at;

        if (!is_within(k->path, key)) {
            at = &k->next;
            continue;
        }
        *at = k->next;
        key_free(k);
    }
    return 0;
}

static int
tree_delete_value(void *context, const char *key, const char *name)
{
    struct key *k = find_key(context, key);
    struct value **at = k ? find_value(k, name) : NULL;

    if (at != NULL && *at != NULL) {
        struct value *v = *at;

        *at = v->next;
        value_free(v);
    }
    return 0;
}

static int
tree_get(void *context, const char *key, const char *name, uint32_t *type, void *data, uint32_t room)
{
    return reg_tree_get(context, key, name, type, data, room);
}

struct reg_sink
reg_tree_sink(struct reg_tree *tree)
{
    return (struct reg_sink){ tree_make, tree_set, tree_delete_key, tree_delete_value, tree_get, tree };
}

int
reg_tree_get(const struct reg_tree *tree, const char *key, const char *name, uint32_t *type, void *data, uint32_t room)
{
    struct key *k = find_key(tree, key);
    const struct value *v = k ? *find_value(k, name) : NULL;

    if (v == NULL)
        return -ENOENT;
    if (type != NULL)
        *type = v->type;
    if (data != NULL)
        memcpy(data, v->data, v->len < room ? v->len : room);
    return (int)v->len;
}

bool
reg_tree_has(const struct reg_tree *tree, const char *key)
{
    return find_key(tree, key) != NULL;
}

/* ------------------------------------------------------------------ writing */

/* Text that grows; UTF-8 until it is done. */
struct out {
    char *text;
    size_t len, room;
    bool failed;
};

static void
put(struct out *o, const char *text, size_t len)
{
    if (o->len + len + 1 > o->room) {
        size_t room = (o->len + len + 1) * 2;
        char *bigger = realloc(o->text, room);

        if (bigger == NULL) {
            o->failed = true;
            return;
        }
        o->text = bigger;
        o->room = room;
    }
    memcpy(o->text + o->len, text, len);
    o->len += len;
    o->text[o->len] = 0;
}

static void
put_text(struct out *o, const char *text)
{
    put(o, text, strlen(text));
}

static void
put_quoted(struct out *o, const char *text, size_t len)
{
    put_text(o, "\"");
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            put_text(o, "\\");
        put(o, text + i, 1);
    }
    put_text(o, "\"");
}

/* A REG_SZ that a quoted string can carry: one terminator, at its end, and nothing that text lacks. */
static bool
is_plain(const struct value *v, char *text, size_t room, size_t *len)
{
    size_t units = v->len / 2;
    uint16_t back[256], unit;

    if (v->type != INF_REG_SZ || v->len % 2 != 0 || units == 0 || units > 255)
        return false;
    for (size_t i = 0; i < units; i++) {
        memcpy(&unit, v->data + 2 * i, 2);
        if ((unit == 0) != (i == units - 1) || (unit != 0 && unit < 0x20) || unit == 0x7f || unit == 0xfeff)
            return false;
    }
    *len = utf16_to_utf8(v->data, units - 1, text, room);
    return *len < room && utf8_to_utf16(text, *len, back, 256) == units - 1 &&
           memcmp(back, v->data, 2 * (units - 1)) == 0;
}

static void
put_bytes(struct out *o, const struct value *v, bool narrow)
{
    char text[40];
    size_t column;

    if (v->type == INF_REG_BINARY)
        fmt(text, sizeof(text), "hex:");
    else
        fmt(text, sizeof(text), "hex(%x):", v->type);
    put_text(o, text);
    column = strlen(v->name) + strlen(text) + 3;
    for (uint32_t i = 0; i < v->len; i += narrow ? 2 : 1) {
        bool last = i + (narrow ? 2 : 1) >= v->len;

        fmt(text, sizeof(text), "%02x%s", v->data[i], last ? "" : ",");
        put_text(o, text);
        column += 3;
        if (column > 76 && !last) {
            put_text(o, "\\\r\n  ");
            column = 2;
        }
    }
}

static bool
is_text_type(uint32_t type)
{
    return type == INF_REG_SZ || type == INF_REG_EXPAND_SZ || type == INF_REG_MULTI_SZ;
}

/* REGEDIT4 writes a text's units as single bytes: every one must be of the code page's first or last part. */
static bool
is_narrow(const struct value *v)
{
    for (uint32_t i = 0; i + 1 < v->len; i += 2)
        if (v->data[i + 1] != 0 || (v->data[i] >= 0x80 && v->data[i] < 0xa0))
            return false;
    return v->len % 2 == 0;
}

static int
put_value(struct out *o, const struct value *v, enum reg_format format)
{
    char text[1024];
    size_t len;
    uint32_t number;

    if (*v->name)
        put_quoted(o, v->name, strlen(v->name));
    else
        put_text(o, "@");
    put_text(o, "=");
    if (is_plain(v, text, sizeof(text), &len)) {
        put_quoted(o, text, len);
    } else if (v->type == INF_REG_DWORD && v->len == 4) {
        memcpy(&number, v->data, 4);
        fmt(text, sizeof(text), "dword:%08x", number);
        put_text(o, text);
    } else if (format == REG_FORMAT_4 && is_text_type(v->type)) {
        if (!is_narrow(v))
            return -EILSEQ;
        put_bytes(o, v, true);
    } else {
        put_bytes(o, v, false);
    }
    put_text(o, "\r\n");
    return 0;
}

/* UTF-8 as the file's own encoding. */
static int
encode(struct out *o, enum reg_format format, char **out, size_t *len)
{
    size_t used, n = 0;
    char *bytes;

    if (format == REG_FORMAT_5_UTF8) {
        *out = o->text;
        *len = o->len;
        o->text = NULL;
        return 0;
    }
    bytes = malloc(2 * (o->len + 2));
    if (bytes == NULL)
        return -ENOMEM;
    if (format == REG_FORMAT_5) {
        bytes[0] = (char)0xff;
        bytes[1] = (char)0xfe;
        n = 2 + 2 * utf8_to_utf16(o->text, o->len, (uint16_t *)(void *)(bytes + 2), o->len + 1);
    }
    for (size_t at = 0; format == REG_FORMAT_4 && at < o->len; at += used) {
        int byte = inf_to_cp1252(utf8_decode(o->text + at, o->len - at, &used));

        if (byte < 0) {
            free(bytes);
            return -EILSEQ;
        }
        bytes[n++] = (char)byte;
    }
    *out = bytes;
    *len = n;
    return 0;
}

int
reg_tree_write(const struct reg_tree *tree, const char *key, enum reg_format format, char **out, size_t *len)
{
    struct out o = { 0 };
    char path[KEY_BYTES_MAX];
    int err = 0;

    put_text(&o, format == REG_FORMAT_4 ? "REGEDIT4\r\n" : "Windows Registry Editor Version 5.00\r\n");
    for (struct key *k = tree->first; k != NULL && err == 0; k = k->next) {
        if (!is_within(k->path, key) || !reg_user_path(k->path, path, sizeof(path)))
            continue;
        put_text(&o, "\r\n[");
        put_text(&o, path);
        put_text(&o, "]\r\n");
        for (struct value *v = k->values; v != NULL && err == 0; v = v->next)
            err = put_value(&o, v, format);
    }
    if (err == 0)
        err = o.failed ? -ENOMEM : encode(&o, format, out, len);
    free(o.text);
    return err;
}

/* ------------------------------------------------------------------ short hands */

int
reg_set_text(const struct reg_sink *sink, const char *key, const char *name, uint32_t type, const char *text)
{
    uint16_t units[1024];
    size_t n = utf8_to_utf16(text, strlen(text), units, 1024);

    if (n >= 1024)
        return -EINVAL;
    return sink->set(sink->context, key, name, type, units, (uint32_t)(2 * n + 2));
}

int
reg_set_dword(const struct reg_sink *sink, const char *key, const char *name, uint32_t value)
{
    return sink->set(sink->context, key, name, INF_REG_DWORD, &value, sizeof(value));
}

int
reg_set_texts(const struct reg_sink *sink, const char *key, const char *name, const char *const *texts, unsigned count)
{
    uint16_t units[2048];
    size_t used = 0;

    for (unsigned i = 0; i < count; i++) {
        used += utf8_to_utf16(texts[i], strlen(texts[i]), units + used, 2047 - used) + 1;
        if (used >= 2047)
            return -EINVAL;
    }
    units[used++] = 0;
    return sink->set(sink->context, key, name, INF_REG_MULTI_SZ, units, (uint32_t)(2 * used));
}
