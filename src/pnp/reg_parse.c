/* SPDX-License-Identifier: MIT */
/*
 * pnp/reg_parse.c - reading .reg files (see reg.h).
 *
 * Model: the text is made UTF-8, then read line by line; a value is collected into a buffer and becomes one change.
 * Documented: the format of both versions, deletions by a minus sign, hex(n) for any type, a backslash at a line's end
 * for continuation. Observed in regedit's exports: a string may run over several lines, hex(b) is a QWORD.
 * Start reading at: reg_parse().
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "base/utf.h"
#include "pnp/inf_text.h"
#include "pnp/reg.h"

enum {
    KEY_BYTES_MAX = 1024,
    NAME_BYTES_MAX = 1024,
    VALUE_BYTES_MAX = 1 << 20, /* documented: a value may have a megabyte */
    MEMORY_BYTES_MAX = 64 << 20,
};

enum change_kind { MAKE_KEY, DELETE_KEY, SET_VALUE, DELETE_VALUE };

struct change {
    struct change *next;
    const char *key, *name;
    const void *data;
    uint32_t type, len;
    enum change_kind kind;
    unsigned line;
};

struct reg_file {
    struct inf_memory memory;
    struct change *first, **last;
};

struct reader {
    struct reg_file *file;
    struct inf_error *err;
    const char *at, *end;
    unsigned line;
    bool ansi;       /* REGEDIT4 */
    const char *key; /* NULL: none yet, or one that is deleted */
    bool deleted;
    uint8_t *bytes; /* of the value being read; VALUE_BYTES_MAX + 2 */
};

static int __attribute__((format(printf, 2, 3))) fail(struct reader *r, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    r->err->line = r->line;
    fmt_v(r->err->text, sizeof(r->err->text), format, args);
    va_end(args);
    return -EINVAL;
}

static int
add_change(struct reader *r, const struct change *change)
{
    struct change *copy = inf_alloc(&r->file->memory, sizeof(*copy));
    void *data = change->len ? inf_alloc(&r->file->memory, change->len) : NULL;

    if (copy == NULL || (change->len && data == NULL))
        return -ENOMEM;
    if (change->len)
        memcpy(data, change->data, change->len);
    *copy = *change;
    copy->data = data;
    *r->file->last = copy;
    r->file->last = &copy->next;
    return 0;
}

/* ------------------------------------------------------------------ lines */

static bool
at_end_of_line(const struct reader *r)
{
    return r->at >= r->end || *r->at == '\n';
}

static void
skip_blanks(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
        r->at++;
}

static void
next_line(struct reader *r)
{
    while (!at_end_of_line(r))
        r->at++;
    if (r->at < r->end) {
        r->at++;
        r->line++;
    }
}

/* Nothing but a comment may stand on the rest of the line. */
static int
finish_line(struct reader *r)
{
    skip_blanks(r);
    if (!at_end_of_line(r) && *r->at != ';')
        return fail(r, "text follows a value on its line");
    next_line(r);
    return 0;
}

/* ------------------------------------------------------------------ keys */

static const struct {
    const char *user, *kernel;
} roots[] = {
    { "HKEY_LOCAL_MACHINE", "\\Registry\\Machine" },
    { "HKLM", "\\Registry\\Machine" },
    { "HKEY_USERS", "\\Registry\\User" },
    { "HKU", "\\Registry\\User" },
    { "HKEY_CURRENT_USER", "\\Registry\\User\\.Default" }, /* assumed: the machine has no users */
    { "HKCU", "\\Registry\\User\\.Default" },
    { "HKEY_CLASSES_ROOT", "\\Registry\\Machine\\Software\\Classes" },
    { "HKCR", "\\Registry\\Machine\\Software\\Classes" },
};

static bool
translate(const char *key, const char *from, const char *to, char *out, size_t room)
{
    size_t len = strlen(from);

    if (!str_istarts(key, from) || (key[len] != 0 && key[len] != '\\'))
        return false;
    return fmt(out, room, "%s%s", to, key + len) < room;
}

bool
reg_kernel_path(const char *key, char *out, size_t room)
{
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
        if (translate(key, roots[i].user, roots[i].kernel, out, room))
            return true;
    return false;
}

bool
reg_user_path(const char *key, char *out, size_t room)
{
    return translate(key, "\\Registry\\Machine", "HKEY_LOCAL_MACHINE", out, room) ||
           translate(key, "\\Registry\\User", "HKEY_USERS", out, room);
}

/* No empty part, none over 255 characters: documented limits of key names. */
static bool
well_formed(const char *key)
{
    for (const char *at = strchr(key + 1, '\\'); at != NULL; at = strchr(at + 1, '\\')) {
        size_t part = strcspn(at + 1, "\\");

        if (part == 0 || part > 255)
            return false;
    }
    return true;
}

/* [key] or [-key] */
static int
read_key(struct reader *r)
{
    const char *from = ++r->at, *close = NULL;
    struct change change = { .line = r->line, .name = "" };
    char text[KEY_BYTES_MAX], path[KEY_BYTES_MAX];
    size_t len;

    for (; !at_end_of_line(r); r->at++)
        if (*r->at == ']')
            close = r->at; /* a key's name may have one, too */
    if (close == NULL)
        return fail(r, "a key does not end with ]");
    change.kind = *from == '-' ? DELETE_KEY : MAKE_KEY;
    from += *from == '-';
    len = (size_t)(close - from);
    if (len >= sizeof(text))
        return fail(r, "a key is longer than %d bytes", KEY_BYTES_MAX - 1);
    memcpy(text, from, len);
    text[len] = 0;
    while (len > 0 && text[len - 1] == '\\')
        text[--len] = 0;
    if (!reg_kernel_path(text, path, sizeof(path)))
        return fail(r, "\"%.80s\" begins with no root, such as HKEY_LOCAL_MACHINE", text);
    if (!well_formed(path))
        return fail(r, "a part of the key's name is empty or longer than 255 characters");
    if (change.kind == DELETE_KEY && strchr(text, '\\') == NULL)
        return fail(r, "a root cannot be deleted");
    change.key = inf_strndup(&r->file->memory, path, strlen(path));
    if (change.key == NULL)
        return -ENOMEM;
    r->key = change.key;
    r->deleted = change.kind == DELETE_KEY;
    r->at = close + 1;
    len = (size_t)add_change(r, &change);
    return len ? -ENOMEM : finish_line(r);
}

/* ------------------------------------------------------------------ values */

/* A quoted string behind its first quote; \\ and \" are the character. It may run over lines. */
static int
read_quoted(struct reader *r, char *out, size_t room, size_t *len)
{
    *len = 0;
    for (; r->at < r->end && *r->at != '"'; r->at++) {
        if (*r->at == '\\' && r->at + 1 < r->end && (r->at[1] == '\\' || r->at[1] == '"'))
            r->at++;
        r->line += *r->at == '\n';
        if (*len + 1 >= room)
            return fail(r, "a string is longer than %zu bytes", room - 1);
        out[(*len)++] = *r->at;
    }
    if (r->at >= r->end)
        return fail(r, "a string has no closing quote");
    r->at++;
    out[*len] = 0;
    return 0;
}

/* A registry string: UTF-16 with its terminator, in r->bytes. */
static uint32_t
put_string(struct reader *r, const char *text, size_t len)
{
    size_t units = utf8_to_utf16(text, len, (uint16_t *)(void *)r->bytes, VALUE_BYTES_MAX / 2);

    return (uint32_t)(units < VALUE_BYTES_MAX / 2 ? units * 2 + 2 : VALUE_BYTES_MAX);
}

static int
hex_digit(char c)
{
    c = str_lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Digits of one number, at most `most`; how many there were. */
static unsigned
read_hex(struct reader *r, unsigned most, uint64_t *out)
{
    unsigned count = 0;

    for (*out = 0; r->at < r->end && count < most && hex_digit(*r->at) >= 0; count++)
        *out = *out << 4 | (unsigned)hex_digit(*r->at++);
    return count;
}

/* aa,bb,\ <newline> cc */
static int
read_bytes(struct reader *r, uint32_t *len)
{
    uint64_t byte;

    for (*len = 0;;) {
        skip_blanks(r);
        if (!at_end_of_line(r) && *r->at == '\\') {
            r->at++;
            skip_blanks(r);
            if (!at_end_of_line(r) && *r->at != ';')
                return fail(r, "text follows the backslash that continues a line");
            next_line(r);
            continue;
        }
        if (at_end_of_line(r) || *r->at == ';')
            return 0;
        if (*len >= VALUE_BYTES_MAX)
            return fail(r, "a value has more than %d bytes", VALUE_BYTES_MAX);
        if (read_hex(r, 2, &byte) == 0)
            return fail(r, "a byte is written with hexadecimal digits, and \"%c\" is none",
                        *r->at >= 0x20 && *r->at < 0x7f ? *r->at : '?');
        r->bytes[(*len)++] = (uint8_t)byte;
        skip_blanks(r);
        if (!at_end_of_line(r) && *r->at == ',')
            r->at++;
        else if (!at_end_of_line(r) && *r->at != '\\' && *r->at != ';')
            return fail(r, "a comma belongs between two bytes");
    }
}

/* Single bytes of REGEDIT4 as UTF-16: the same values, as far as code page 1252 has them. */
static int
widen(struct reader *r, uint32_t *len)
{
    uint32_t n = *len;

    if (n > VALUE_BYTES_MAX / 2)
        return fail(r, "a string has more than %d characters", VALUE_BYTES_MAX / 2);
    for (uint32_t i = n; i-- > 0;) {
        uint16_t unit = inf_cp1252(r->bytes[i]);

        r->bytes[2 * i] = (uint8_t)unit;
        r->bytes[2 * i + 1] = (uint8_t)(unit >> 8);
    }
    *len = n * 2;
    return 0;
}

/* hex: or hex(type): */
static int
read_hex_value(struct reader *r, struct change *change)
{
    uint64_t type = INF_REG_BINARY;
    int err;

    r->at += 3;
    if (r->at < r->end && *r->at == '(') {
        r->at++;
        if (read_hex(r, 8, &type) == 0 || r->at >= r->end || *r->at != ')')
            return fail(r, "a type is written as hex(7), for one");
        r->at++;
    }
    if (r->at >= r->end || *r->at != ':')
        return fail(r, "a colon belongs behind hex");
    r->at++;
    change->type = (uint32_t)type;
    err = read_bytes(r, &change->len);
    if (err == 0 && r->ansi && (type == INF_REG_SZ || type == INF_REG_EXPAND_SZ || type == INF_REG_MULTI_SZ))
        err = widen(r, &change->len);
    return err;
}

static int
read_dword(struct reader *r, struct change *change)
{
    uint64_t number;
    uint32_t dword;

    r->at += 6;
    skip_blanks(r);
    if (read_hex(r, 8, &number) == 0 || (r->at < r->end && hex_digit(*r->at) >= 0))
        return fail(r, "a dword has 1 to 8 hexadecimal digits");
    dword = (uint32_t)number;
    memcpy(r->bytes, &dword, 4);
    change->type = INF_REG_DWORD;
    change->len = 4;
    return 0;
}

static bool
at_word(const struct reader *r, const char *word)
{
    size_t len = strlen(word);

    return (size_t)(r->end - r->at) >= len && str_icmp_n(r->at, word, len) == 0;
}

static int
read_data(struct reader *r, struct change *change, char *text)
{
    size_t len = 0;
    int err;

    change->kind = SET_VALUE;
    change->data = r->bytes;
    if (at_word(r, "\"")) {
        r->at++;
        err = read_quoted(r, text, VALUE_BYTES_MAX / 2, &len);
        change->type = INF_REG_SZ;
        change->len = err == 0 ? put_string(r, text, len) : 0;
        return err;
    }
    if (at_word(r, "dword:"))
        return read_dword(r, change);
    if (at_word(r, "hex:") || at_word(r, "hex("))
        return read_hex_value(r, change);
    if (!at_word(r, "-"))
        return fail(r, "a value is a \"string\", dword:, hex: or -");
    r->at++;
    change->kind = DELETE_VALUE;
    return 0;
}

/* "name"=data or @=data */
static int
read_value(struct reader *r, char *text)
{
    struct change change = { .line = r->line, .name = "", .key = r->key };
    size_t len;
    int err = 0;

    if (r->key == NULL)
        return fail(r, "a value stands before the first [key]");
    if (r->deleted)
        return fail(r, "a value stands under a key that is deleted");
    if (*r->at++ == '"') {
        err = read_quoted(r, text, NAME_BYTES_MAX, &len);
        if (err == 0 && (change.name = inf_strndup(&r->file->memory, text, len)) == NULL)
            err = -ENOMEM;
    }
    if (err)
        return err;
    skip_blanks(r);
    if (at_end_of_line(r) || *r->at != '=')
        return fail(r, "= belongs behind the name of a value");
    r->at++;
    skip_blanks(r);
    err = read_data(r, &change, text);
    if (err == 0)
        err = add_change(r, &change);
    return err ? err : finish_line(r);
}

/* ------------------------------------------------------------------ the file */

static int
read_header(struct reader *r)
{
    while (r->at < r->end && (*r->at == '\n' || *r->at == ' ' || *r->at == '\t')) {
        r->line += *r->at == '\n';
        r->at++;
    }
    r->ansi = at_word(r, "REGEDIT4");
    if (!r->ansi && !at_word(r, "Windows Registry Editor Version 5.00"))
        return fail(r, "the first line is neither \"Windows Registry Editor Version 5.00\" nor \"REGEDIT4\"");
    r->at += r->ansi ? strlen("REGEDIT4") : strlen("Windows Registry Editor Version 5.00");
    return finish_line(r);
}

static int
read_file(struct reader *r, char *text)
{
    int err = read_header(r);

    while (err == 0 && r->at < r->end) {
        skip_blanks(r);
        if (at_end_of_line(r) || *r->at == ';')
            next_line(r);
        else if (*r->at == '[')
            err = read_key(r);
        else if (*r->at == '"' || *r->at == '@')
            err = read_value(r, text);
        else
            err = fail(r, "a line begins with [key], \"name\", @ or a semicolon");
    }
    return err;
}

int
reg_parse(const void *bytes, size_t len, struct reg_file **out, struct inf_error *err)
{
    struct reader r = { .line = 1, .err = err, .file = calloc(1, sizeof(*r.file)) };
    char *text = NULL, *scratch = malloc(VALUE_BYTES_MAX + 4);
    size_t text_len = 0;
    int result = -ENOMEM;

    *err = (struct inf_error){ 0 };
    r.bytes = malloc(VALUE_BYTES_MAX + 4);
    if (r.file != NULL && r.bytes != NULL && scratch != NULL)
        result = inf_to_text(bytes, len, &text, &text_len, err);
    if (result == 0) {
        r.file->memory.limit = MEMORY_BYTES_MAX;
        r.file->last = &r.file->first;
        r.at = text;
        r.end = text + text_len;
        result = read_file(&r, scratch);
    }
    if (result == 0) {
        *out = r.file;
        r.file = NULL;
    } else if (result == -ENOMEM) {
        r.line = 0;
        fail(&r, "out of memory while reading the file");
    }
    free(r.bytes);
    free(scratch);
    free(text);
    reg_file_free(r.file);
    return result;
}

int
reg_apply(const struct reg_file *file, const struct reg_sink *sink, unsigned *line)
{
    int err = 0;

    for (const struct change *c = file->first; c != NULL && err == 0; c = c->next) {
        *line = c->line;
        switch (c->kind) {
        case MAKE_KEY:
            err = sink->make(sink->context, c->key);
            break;
        case DELETE_KEY:
            err = sink->delete_key(sink->context, c->key);
            break;
        case SET_VALUE:
            err = sink->set(sink->context, c->key, c->name, c->type, c->data, c->len);
            break;
        case DELETE_VALUE:
            err = sink->delete_value(sink->context, c->key, c->name);
            break;
        }
    }
    return err;
}

void
reg_file_free(struct reg_file *file)
{
    if (file != NULL)
        inf_memory_fini(&file->memory);
    free(file);
}
