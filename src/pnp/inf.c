/* SPDX-License-Identifier: MIT */
/*
 * pnp/inf.c - the lexical side of INF files (see inf.h).
 *
 * Model: the file becomes UTF-8 with '\n' line ends; a scanner walks it once and files lines under sections,
 * keeping %tokens% as they stand, since [Strings] usually comes last; then every field is expanded. Documented:
 * "General Syntax Rules for INF Files", whose limits bound what a hostile file can make us allocate.
 * Start reading at: inf_parse().
 */
#include "pnp/inf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "base/utf.h"
#include "pnp/inf_text.h"

enum {
    FILE_BYTES_MAX = 4 << 20,     /* assumed: real ones stay below 1 MB */
    MEMORY_BYTES_MAX = 256 << 20, /* strings can multiply a file's size */
    FIELD_MAX = 4096,             /* documented: with its terminator, before and after substitution */
    SECTION_NAME_MAX = 255,       /* documented */
    SECTIONS_MAX = 16384,         /* assumed, as the file's size */
    TOKENS_MAX = 1000,            /* more are not remembered */
    CHUNK_BYTES = 64 << 10,
};

struct inf_chunk {
    struct inf_chunk *next;
    size_t used, size;
    _Alignas(8) char data[];
};

struct inf {
    struct inf_memory memory;
    struct inf_section **sections; /* in file order */
    unsigned count, room;
    unsigned *index; /* open addressing over names: number + 1 */
    unsigned index_size;
    bool template;
    struct inf_token *tokens; /* that nothing replaced */
    unsigned token_count, token_room;
};

struct string_ref {
    uint64_t hash;
    unsigned rank;
    const char *key, *value;
};

struct scanner {
    struct inf *inf;
    const char *at, *end;
    unsigned line;
    struct inf_section *section;
    struct inf_error *err;
    char field[FIELD_MAX];
    const char **values;
    unsigned value_count, value_room;
    struct string_ref *strings;
    unsigned string_count;
};

void *
inf_alloc(struct inf_memory *memory, size_t size)
{
    struct inf_chunk *chunk = memory->chunks;
    void *at;

    size = (size + 7) & ~(size_t)7;
    if (memory->limit && (size > memory->limit || memory->used + size > memory->limit))
        return NULL;
    if (chunk == NULL || chunk->size - chunk->used < size) {
        size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;

        chunk = calloc(1, sizeof(*chunk) + room);
        if (chunk == NULL)
            return NULL;
        chunk->size = room;
        chunk->next = memory->chunks;
        memory->chunks = chunk;
    }
    at = chunk->data + chunk->used;
    chunk->used += size;
    memory->used += size;
    return at;
}

char *
inf_strndup(struct inf_memory *memory, const char *text, size_t len)
{
    char *copy = inf_alloc(memory, len + 1);

    if (copy != NULL)
        memcpy(copy, text, len);
    return copy;
}

void
inf_memory_fini(struct inf_memory *memory)
{
    while (memory->chunks != NULL) {
        struct inf_chunk *next = memory->chunks->next;

        free(memory->chunks);
        memory->chunks = next;
    }
    memory->used = 0;
}

static int __attribute__((format(printf, 3, 4))) fail(struct inf_error *err, unsigned line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    err->line = line;
    fmt_v(err->text, sizeof(err->text), format, args);
    va_end(args);
    return -EINVAL;
}

/* Double an array when it is full. */
static int
grow(void *array, unsigned count, unsigned *room, size_t size)
{
    void **base = array;
    unsigned want = *room ? *room * 2 : 8;
    void *bigger;

    if (count < *room)
        return 0;
    bigger = realloc(*base, want * size);
    if (bigger == NULL)
        return -ENOMEM;
    *base = bigger;
    *room = want;
    return 0;
}

/* ---- sections -------------------------------------------------------------------------------------------------- */

/* Where name is or would go in the index. */
static unsigned *
index_slot(const struct inf *inf, const char *name)
{
    unsigned at = (unsigned)str_ihash(name) & (inf->index_size - 1);

    while (inf->index[at] != 0 && !str_ieq(inf->sections[inf->index[at] - 1]->name, name))
        at = (at + 1) & (inf->index_size - 1);
    return &inf->index[at];
}

static int
index_grow(struct inf *inf)
{
    unsigned size = inf->index_size ? inf->index_size * 2 : 64;
    unsigned *index;

    if (inf->count * 2 < inf->index_size)
        return 0;
    index = calloc(size, sizeof(*index));
    if (index == NULL)
        return -ENOMEM;
    free(inf->index);
    inf->index = index;
    inf->index_size = size;
    for (unsigned i = 0; i < inf->count; i++)
        *index_slot(inf, inf->sections[i]->name) = i + 1;
    return 0;
}

/* Find or make a section. */
static int
section_open(struct scanner *s, const char *name, size_t len)
{
    struct inf *inf = s->inf;
    char *copy = inf_strndup(&inf->memory, name, len);
    struct inf_section *section;
    unsigned *slot;

    if (copy == NULL || index_grow(inf) != 0 ||
        grow(&inf->sections, inf->count, &inf->room, sizeof(*inf->sections)) != 0)
        return -ENOMEM;
    slot = index_slot(inf, copy);
    if (*slot != 0) {
        s->section = inf->sections[*slot - 1];
        if (s->section->again == 0)
            s->section->again = s->line;
        return 0;
    }
    if (inf->count == SECTIONS_MAX)
        return fail(s->err, s->line, "there are more than %d sections", SECTIONS_MAX);
    section = calloc(1, sizeof(*section));
    if (section == NULL)
        return -ENOMEM;
    section->name = copy;
    section->line = s->line;
    inf->sections[inf->count++] = section;
    *slot = inf->count;
    s->section = section;
    return 0;
}

bool
inf_is_template(const struct inf *inf)
{
    return inf->template;
}

const struct inf_token *
inf_unknown_token(const struct inf *inf, unsigned i)
{
    return i < inf->token_count ? &inf->tokens[i] : NULL;
}

const struct inf_section *
inf_section(const struct inf *inf, const char *name)
{
    unsigned *slot = inf->index_size ? index_slot(inf, name) : NULL;

    return slot != NULL && *slot != 0 ? inf->sections[*slot - 1] : NULL;
}

unsigned
inf_section_count(const struct inf *inf)
{
    return inf->count;
}

const struct inf_section *
inf_section_at(const struct inf *inf, unsigned i)
{
    return inf->sections[i];
}

const struct inf_line *
inf_find(const struct inf_section *section, const char *key, unsigned *from)
{
    for (unsigned i = from ? *from : 0; section != NULL && i < section->count; i++) {
        const struct inf_line *line = &section->lines[i];

        if (line->key != NULL && str_ieq(line->key, key)) {
            if (from != NULL)
                *from = i + 1;
            return line;
        }
    }
    return NULL;
}

const char *
inf_value(const struct inf_line *line, unsigned i)
{
    return line != NULL && i < line->count ? line->values[i] : "";
}

const char *
inf_get(const struct inf *inf, const char *section, const char *key)
{
    const struct inf_line *line = inf_find(inf_section(inf, section), key, NULL);

    return line != NULL ? inf_value(line, 0) : NULL;
}

/* ---- scanning -------------------------------------------------------------------------------------------------- */

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\f';
}

static void
skip_blanks(struct scanner *s)
{
    while (s->at < s->end && is_blank(*s->at))
        s->at++;
}

static bool
at_line_end(const struct scanner *s)
{
    return s->at >= s->end || *s->at == '\n';
}

static void
skip_line(struct scanner *s)
{
    while (!at_line_end(s))
        s->at++;
}

/* A backslash with nothing but blanks and a comment behind it joins the next line: go there. */
static bool
take_continuation(struct scanner *s)
{
    const char *at = s->at + 1;

    while (at < s->end && is_blank(*at))
        at++;
    if (at < s->end && *at == ';')
        while (at < s->end && *at != '\n')
            at++;
    if (at >= s->end || *at != '\n')
        return false;
    s->at = at + 1;
    s->line++;
    return true;
}

/* Length of a %token% at s->at, 0 if what stands there is none. Such a token may hold a ';'. */
static size_t
token_length(const struct scanner *s)
{
    for (const char *at = s->at + 1; at < s->end; at++) {
        if (*at == '%')
            return (size_t)(at - s->at) + 1;
        if (*at == '\n' || *at == ',' || *at == '"' || *at == '=')
            break;
    }
    return 0;
}

static int
field_put(struct scanner *s, size_t *len, const char *text, size_t n)
{
    if (n >= FIELD_MAX - *len)
        return fail(s->err, s->line, "a field is longer than %d characters", FIELD_MAX - 1);
    memcpy(s->field + *len, text, n);
    *len += n;
    return 0;
}

/* The inside of a quoted string; s->at is behind the opening quote, and ends behind the closing one. */
static int
scan_quoted(struct scanner *s, size_t *len)
{
    for (;;) {
        if (at_line_end(s))
            return fail(s->err, s->line, "a quoted string does not end on its line");
        if (*s->at == '"') {
            s->at++;
            if (s->at >= s->end || *s->at != '"')
                return 0;
        }
        if (field_put(s, len, s->at++, 1) != 0)
            return -EINVAL;
    }
}

/*
 * One field: up to ',' or the line's end, or to '=' if it may be a key. The result is in s->field, trimmed
 * outside quotes; *stop is the character it ended at, 0 for the end of the line.
 */
static int
scan_field(struct scanner *s, bool may_be_key, size_t *field_len, char *stop)
{
    size_t len = 0;
    size_t keep = 0; /* up to the last character that is not trailing space */

    *stop = 0;
    skip_blanks(s);
    while (!at_line_end(s)) {
        char c = *s->at;
        size_t n = 1;

        if (c == ';') {
            skip_line(s);
            break;
        }
        if (c == ',' || (c == '=' && may_be_key)) {
            *stop = c;
            s->at++;
            break;
        }
        if (c == '\\' && take_continuation(s)) {
            skip_blanks(s);
            continue;
        }
        if (c == '"') {
            s->at++;
            if (scan_quoted(s, &len) != 0)
                return -EINVAL;
            keep = len;
            continue;
        }
        if (c == '%' && token_length(s) != 0)
            n = token_length(s);
        if (field_put(s, &len, s->at, n) != 0)
            return -EINVAL;
        s->at += n;
        if (!is_blank(c))
            keep = len;
    }
    *field_len = keep;
    s->field[keep] = 0;
    return 0;
}

static int
value_add(struct scanner *s, const char *text, size_t len)
{
    char *copy;

    if (grow(&s->values, s->value_count, &s->value_room, sizeof(*s->values)) != 0)
        return -ENOMEM;
    copy = inf_strndup(&s->inf->memory, text, len);
    if (copy == NULL)
        return -ENOMEM;
    s->values[s->value_count++] = copy;
    return 0;
}

/* key = value, value ... or value, value ... */
static int
scan_line(struct scanner *s)
{
    struct inf_line line = { .line = s->line };
    struct inf_section *section = s->section;
    const char **values;
    struct inf_line *lines;
    size_t len;
    char stop;
    int err = scan_field(s, true, &len, &stop);

    s->value_count = 0;
    if (err == 0 && stop == '=') {
        line.key = inf_strndup(&s->inf->memory, s->field, len);
        if (line.key == NULL)
            return -ENOMEM;
        err = scan_field(s, false, &len, &stop);
    } else if (err == 0 && stop == 0 && len == 0) {
        return 0; /* a comment, or a lone continuation */
    }
    while (err == 0) {
        err = value_add(s, s->field, len);
        if (err || stop == 0)
            break;
        err = scan_field(s, false, &len, &stop);
    }
    if (err)
        return err;
    if (section == NULL)
        return fail(s->err, line.line, "text stands before the first [section]");

    values = inf_alloc(&s->inf->memory, s->value_count * sizeof(*values));
    if (values == NULL)
        return -ENOMEM;
    memcpy(values, s->values, s->value_count * sizeof(*values));
    line.values = values;
    line.count = s->value_count;
    if ((section->count & (section->count - 1)) == 0) { /* full at 0 and at powers of two */
        lines = realloc(section->lines, (section->count ? section->count * 2 : 1) * sizeof(*lines));
        if (lines == NULL)
            return -ENOMEM;
        section->lines = lines;
    }
    section->lines[section->count++] = line;
    return 0;
}

static int
scan_section_name(struct scanner *s)
{
    const char *name;
    size_t len;

    s->at++;
    skip_blanks(s);
    name = s->at;
    while (!at_line_end(s) && *s->at != ']')
        s->at++;
    if (at_line_end(s))
        return fail(s->err, s->line, "a section name does not end with ]");
    len = (size_t)(s->at - name);
    while (len > 0 && is_blank(name[len - 1]))
        len--;
    s->at++;
    skip_blanks(s);
    if (!at_line_end(s) && *s->at != ';')
        return fail(s->err, s->line, "text follows the name of a section on its line");
    skip_line(s);
    if (len == 0)
        return fail(s->err, s->line, "a section has no name");
    if (len > SECTION_NAME_MAX)
        return fail(s->err, s->line, "a section name is longer than %d characters", SECTION_NAME_MAX);
    return section_open(s, name, len);
}

static int
scan_file(struct scanner *s)
{
    int err = 0;

    while (err == 0 && s->at < s->end) {
        skip_blanks(s);
        if (at_line_end(s)) {
            s->at++;
            s->line++;
        } else if (*s->at == '[') {
            err = scan_section_name(s);
        } else {
            err = scan_line(s);
        }
    }
    return err;
}

/* ---- strings --------------------------------------------------------------------------------------------------- */

/* The string tables by precedence. documented: [Strings.LanguageID] goes before [Strings]; assumed: U.S. English. */
static const char *const string_sections[] = { "Strings.0409", "Strings.0009", "Strings" };

static int
string_order(const void *a, const void *b)
{
    const struct string_ref *x = a;
    const struct string_ref *y = b;

    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->rank < y->rank ? -1 : 1;
}

/* Gather all strings, sorted by hash of key; among equals the one that counts comes first. */
static int
strings_gather(struct scanner *s)
{
    unsigned room = 0;

    for (unsigned i = 0; i < sizeof(string_sections) / sizeof(string_sections[0]); i++) {
        const struct inf_section *section = inf_section(s->inf, string_sections[i]);

        for (unsigned j = 0; section != NULL && j < section->count; j++) {
            const struct inf_line *line = &section->lines[j];

            if (line->key == NULL)
                continue;
            if (grow(&s->strings, s->string_count, &room, sizeof(*s->strings)) != 0)
                return -ENOMEM;
            s->strings[s->string_count] =
                (struct string_ref){ str_ihash(line->key), s->string_count, line->key, inf_value(line, 0) };
            s->string_count++;
        }
    }
    if (s->string_count > 0)
        qsort(s->strings, s->string_count, sizeof(*s->strings), string_order);
    return 0;
}

/* Text of a %key%, NULL if there is none. */
static const char *
string_lookup(const struct scanner *s, const char *key, size_t len)
{
    char name[FIELD_MAX];
    uint64_t hash;
    unsigned low = 0;
    unsigned high = s->string_count;

    if (len >= sizeof(name))
        return NULL;
    memcpy(name, key, len);
    name[len] = 0;
    hash = str_ihash(name);
    while (low < high) {
        unsigned middle = low + (high - low) / 2;

        if (s->strings[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < s->string_count && s->strings[low].hash == hash; low++)
        if (str_ieq(s->strings[low].key, name))
            return s->strings[low].value;
    return NULL;
}

/* %12% is a folder, %12,path% too; documented: "Using Dirids". */
static bool
is_folder(const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!(name[i] >= '0' && name[i] <= '9') && !(name[i] == '-' && i == 0))
            return name[i] == ',' && i > 0;
    return len > 0;
}

/* Remember a token that no string replaces. */
static int
token_missed(struct scanner *s, unsigned line, const char *name, size_t len)
{
    struct inf *inf = s->inf;
    char *copy;

    if (memchr(name, ' ', len) != NULL || memchr(name, '\\', len) != NULL || inf->token_count == TOKENS_MAX)
        return 0;
    copy = inf_strndup(&inf->memory, name, len);
    if (copy == NULL || grow(&inf->tokens, inf->token_count, &inf->token_room, sizeof(*inf->tokens)) != 0)
        return -ENOMEM;
    inf->tokens[inf->token_count++] = (struct inf_token){ copy, line };
    return 0;
}

/* Replace the tokens of *text. A key that is not defined stays as written (%12% is a folder, not a string). */
static int
expand(struct scanner *s, unsigned line, const char **text)
{
    size_t len = 0;
    const char *at = *text;

    if (strchr(at, '%') == NULL)
        return 0;
    s->line = line;
    while (*at) {
        const char *end = *at == '%' ? strchr(at + 1, '%') : NULL;
        const char *value;

        if (end != NULL && is_folder(at + 1, (size_t)(end - at) - 1)) {
            if (field_put(s, &len, at, (size_t)(end - at) + 1) != 0)
                return -EINVAL;
            at = end + 1;
            continue;
        }
        if (end == at + 1) {
            value = "%";
        } else if (end != NULL) {
            value = string_lookup(s, at + 1, (size_t)(end - at) - 1);
            if (value == NULL && token_missed(s, line, at + 1, (size_t)(end - at) - 1) != 0)
                return -ENOMEM;
        } else {
            value = NULL;
        }
        if (value != NULL) {
            if (field_put(s, &len, value, strlen(value)) != 0)
                return -EINVAL;
            at = end + 1;
        } else {
            if (field_put(s, &len, at++, 1) != 0)
                return -EINVAL;
        }
    }
    *text = inf_strndup(&s->inf->memory, s->field, len);
    return *text == NULL ? -ENOMEM : 0;
}

static int
expand_section(struct scanner *s, struct inf_section *section)
{
    int err = 0;

    for (unsigned i = 0; i < section->count && err == 0; i++) {
        struct inf_line *line = &section->lines[i];

        if (line->key != NULL)
            err = expand(s, line->line, &line->key);
        for (unsigned j = 0; j < line->count && err == 0; j++)
            err = expand(s, line->line, (const char **)&line->values[j]);
    }
    return err;
}

static int
expand_all(struct scanner *s)
{
    if (strings_gather(s) != 0)
        return -ENOMEM;
    for (unsigned i = 0; i < s->inf->count; i++) {
        struct inf_section *section = s->inf->sections[i];
        int err = 0;

        if (!str_ieq(section->name, "Strings") && !str_istarts(section->name, "Strings."))
            err = expand_section(s, section);
        if (err)
            return err;
    }
    return 0;
}

/* ---- encodings ------------------------------------------------------------------------------------------------- */

/* Code page 1252 from 0x80 to 0x9f; the rest of it is Latin-1. */
static const uint16_t cp1252[32] = {
    0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,  0x2030, 0x160,
    0x2039, 0x152,  0x8d,   0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178,
};

uint16_t
inf_cp1252(uint8_t byte)
{
    return byte >= 0x80 && byte < 0xa0 ? cp1252[byte - 0x80] : byte;
}

int
inf_to_cp1252(uint32_t c)
{
    for (unsigned i = 0; i < 32; i++)
        if (cp1252[i] == c)
            return (int)(0x80 + i);
    return c < 0x80 || (c >= 0xa0 && c < 0x100) ? (int)c : -1;
}

static bool
is_utf8(const char *text, size_t len)
{
    for (size_t at = 0, used; at < len; at += used)
        if (utf8_decode(text + at, len - at, &used) == UTF_REPLACEMENT && used == 1)
            return false;
    return true;
}

/* The file as UTF-8; *out is malloced. */
static int
to_utf8(const uint8_t *bytes, size_t len, char **out, size_t *out_len, struct inf_error *err)
{
    bool little = len >= 2 && bytes[0] == 0xff && bytes[1] == 0xfe;
    bool big = len >= 2 && bytes[0] == 0xfe && bytes[1] == 0xff;
    size_t n = 0;
    char *text;

    if (len > FILE_BYTES_MAX)
        return fail(err, 0, "the file is larger than %d MB", FILE_BYTES_MAX >> 20);
    text = malloc(len * 3 + 4);
    if (text == NULL)
        return -ENOMEM;
    if (little || big) {
        uint8_t *units = malloc(len);

        if (units == NULL || len % 2) {
            free(units);
            free(text);
            return len % 2 ? fail(err, 0, "the file ends in the middle of a UTF-16 character") : -ENOMEM;
        }
        for (size_t i = 0; i < len; i += 2) {
            units[i] = bytes[i + big];
            units[i + 1] = bytes[i + !big];
        }
        n = utf16_to_utf8(units + 2, len / 2 - 1, text, len * 3 + 4);
        free(units);
    } else {
        size_t skip = len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

        if (is_utf8((const char *)bytes + skip, len - skip)) {
            memcpy(text, bytes + skip, len - skip);
            n = len - skip;
        } else {
            for (size_t i = skip; i < len; i++)
                n += utf8_encode(inf_cp1252(bytes[i]), text + n);
        }
    }
    *out = text;
    *out_len = n;
    return 0;
}

/* One kind of line end, and no control characters. Ctrl-Z ends a file, as it did under DOS. */
static int
normalise(char *text, size_t *len, struct inf_error *err)
{
    unsigned line = 1;
    size_t to = 0;

    for (size_t from = 0; from < *len; from++) {
        char c = text[from];

        if (c == 0x1a)
            break;
        if (c == '\r') {
            if (from + 1 < *len && text[from + 1] == '\n')
                continue;
            c = '\n';
        }
        if ((unsigned char)c < 0x20 && c != '\n' && !is_blank(c))
            return fail(err, line, "character 0x%02x is no text", (unsigned)c);
        line += c == '\n';
        text[to++] = c;
    }
    *len = to;
    return 0;
}

/*
 * Variables that stampinf, or a vendor's own tool, fills in when a driver is built. documented: $ARCH$ is the
 * processor; others stay as they are.
 */
static bool
stamp(char *text, size_t *len)
{
    static const char arch[] = "$ARCH$", amd64[] = "amd64";
    bool found = false;
    size_t to = 0;

    for (size_t from = 0; from < *len;) {
        size_t n = 1;

        if (text[from] != '$') {
            text[to++] = text[from++];
            continue;
        }
        if (*len - from >= sizeof(arch) - 1 && str_icmp_n(text + from, arch, sizeof(arch) - 1) == 0) {
            memcpy(text + to, amd64, sizeof(amd64) - 1);
            to += sizeof(amd64) - 1;
            from += sizeof(arch) - 1;
            found = true;
            continue;
        }
        while (from + n < *len && ((text[from + n] >= 'A' && text[from + n] <= 'Z') || text[from + n] == '_'))
            n++;
        found |= n > 3 && from + n < *len && text[from + n] == '$' && strncmp(text + from, "$CHICAGO$", 9) != 0;
        memmove(text + to, text + from, n);
        to += n;
        from += n;
    }
    *len = to;
    return found;
}

/* documented: INF Version section. Without one of the two signatures the system takes the file for none. */
static int
check_signature(const struct inf *inf, struct inf_error *err)
{
    const char *signature = inf_get(inf, "Version", "Signature");

    if (inf_section(inf, "Version") == NULL)
        return fail(err, 0, "there is no [Version] section");
    if (signature == NULL)
        return fail(err, inf_section(inf, "Version")->line, "[Version] has no Signature");
    if (!str_ieq(signature, "$Windows NT$") && !str_ieq(signature, "$Chicago$"))
        return fail(err, inf_find(inf_section(inf, "Version"), "Signature", NULL)->line,
                    "Signature is \"%.60s\", not \"$Windows NT$\" or \"$Chicago$\"", signature);
    return 0;
}

int
inf_to_text(const void *bytes, size_t len, char **out, size_t *out_len, struct inf_error *err)
{
    int result = to_utf8(bytes, len, out, out_len, err);

    return result ? result : normalise(*out, out_len, err);
}

int
inf_parse(const void *bytes, size_t len, struct inf **out, struct inf_error *err)
{
    struct inf *inf = calloc(1, sizeof(*inf));
    struct scanner *s = calloc(1, sizeof(*s));
    char *text = NULL;
    size_t text_len = 0;
    int result = -ENOMEM;

    memset(err, 0, sizeof(*err));
    if (inf == NULL || s == NULL)
        goto out;
    inf->memory.limit = MEMORY_BYTES_MAX;
    result = inf_to_text(bytes, len, &text, &text_len, err);
    if (result)
        goto out;
    s->inf = inf;
    inf->template = stamp(text, &text_len);
    s->at = text;
    s->end = text + text_len;
    s->line = 1;
    s->err = err;
    result = scan_file(s);
    if (result == 0)
        result = expand_all(s);
    if (result == 0)
        result = check_signature(inf, err);
    if (result)
        goto out;
    *out = inf;
    inf = NULL;
out:
    if (result == -ENOMEM)
        fail(err, 0, "out of memory while reading the file");
    if (s != NULL) {
        free(s->values);
        free(s->strings);
    }
    free(s);
    free(text);
    inf_free(inf);
    return result;
}

void
inf_free(struct inf *inf)
{
    if (inf == NULL)
        return;
    for (unsigned i = 0; i < inf->count; i++) {
        free(inf->sections[i]->lines);
        free(inf->sections[i]);
    }
    free(inf->sections);
    free(inf->index);
    free(inf->tokens);
    inf_memory_fini(&inf->memory);
    free(inf);
}
