/* SPDX-License-Identifier: MIT */
/*
 * pnp/inf_text.c - from a file's bytes to lines of UTF-8, and the memory that what is read from it lives in.
 *
 * Model: UTF-16 with a byte order mark, UTF-8, or code page 1252 becomes UTF-8 with '\n' line ends and nothing but
 * text. The limits bound what a hostile file can make us allocate.
 * Start reading at: inf_to_text().
 */
#include "pnp/inf_lexer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "base/utf.h"

enum {
    FILE_BYTES_MAX = 4 << 20, /* assumed: real ones stay below 1 MB */
    CHUNK_BYTES = 64 << 10,
};

struct inf_chunk {
    struct inf_chunk *next;
    size_t used, size;
    _Alignas(8) char data[];
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

int
inf_fail(struct inf_error *err, unsigned line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    err->line = line;
    fmt_v(err->text, sizeof(err->text), format, args);
    va_end(args);
    return -EINVAL;
}

int
inf_grow(void *array, unsigned count, unsigned *room, size_t size)
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

bool
inf_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\f';
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
        return inf_fail(err, 0, "the file is larger than %d MB", FILE_BYTES_MAX >> 20);
    text = malloc(len * 3 + 4);
    if (text == NULL)
        return -ENOMEM;
    if (little || big) {
        uint8_t *units = malloc(len);

        if (units == NULL || len % 2) {
            free(units);
            free(text);
            return len % 2 ? inf_fail(err, 0, "the file ends in the middle of a UTF-16 character") : -ENOMEM;
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
        if ((unsigned char)c < 0x20 && c != '\n' && !inf_is_blank(c))
            return inf_fail(err, line, "character 0x%02x is no text", (unsigned)c);
        line += c == '\n';
        text[to++] = c;
    }
    *len = to;
    return 0;
}

bool
inf_stamp(char *text, size_t *len)
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

int
inf_to_text(const void *bytes, size_t len, char **out, size_t *out_len, struct inf_error *err)
{
    int result = to_utf8(bytes, len, out, out_len, err);

    return result ? result : normalise(*out, out_len, err);
}
