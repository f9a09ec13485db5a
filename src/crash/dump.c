/* SPDX-License-Identifier: MIT */
/*
 * crash/dump.c - the machine as a minidump that stock debuggers open.
 *
 * Model: a user-mode MDMP with full memory (kernel addresses are fine in it): fibers are its threads, the failing
 * one named by the exception stream; modules carry their real time stamp and CodeView record; a comment holds the
 * stop code. All directories come first and the bulk memory last, so every 32-bit file offset fits.
 * Layout: documented (MINIDUMP_HEADER and its streams).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf.h"
#include "crash/bugcheck.h"
#include "crash/finding.h"

enum stream {
    STREAM_THREADS = 3,
    STREAM_MODULES = 4,
    STREAM_EXCEPTION = 6,
    STREAM_SYSTEM = 7,
    STREAM_MEMORY64 = 9,
    STREAM_COMMENT = 10,
    STREAM_MISC = 15,
    STREAM_MEMORY_INFO = 16,
    STREAM_THREAD_NAMES = 24,
    STREAMS = 9,
};

#define CONTEXT_SIZE 1232u
#define CONTEXT_ALL  0x10001fu /* AMD64: control, integer, segments, floating point, debug registers */

struct blob {
    uint8_t *at;
    size_t len, room;
    bool failed;
};

static size_t
blob_reserve(struct blob *b, size_t len)
{
    size_t at = (b->len + 7) & ~(size_t)7;

    if (b->failed)
        return 0;
    if (at + len > b->room) {
        size_t room = b->room ? b->room : 65536;
        uint8_t *grown;

        while (room < at + len)
            room *= 2;
        grown = realloc(b->at, room);
        if (grown == NULL) {
            b->failed = true;
            return 0;
        }
        b->at = grown;
        b->room = room;
    }
    memset(b->at + b->len, 0, at + len - b->len);
    b->len = at + len;
    return at;
}

static void
put(struct blob *b, size_t at, const void *from, size_t len)
{
    if (!b->failed)
        memcpy(b->at + at, from, len);
}

static void
put16(struct blob *b, size_t at, uint16_t v)
{
    put(b, at, &v, 2);
}
static void
put32(struct blob *b, size_t at, uint32_t v)
{
    put(b, at, &v, 4);
}
static void
put64(struct blob *b, size_t at, uint64_t v)
{
    put(b, at, &v, 8);
}

/* MINIDUMP_STRING: byte length, UTF-16LE, NUL. Returns its offset. */
static uint32_t
put_string(struct blob *b, const char *text)
{
    uint16_t wide[600];
    size_t units = utf8_to_utf16(text, strlen(text), wide, 600);
    size_t at;

    if (units > 599)
        units = 599;
    at = blob_reserve(b, 4 + 2 * (units + 1));
    put32(b, at, (uint32_t)(2 * units));
    put(b, at + 4, wide, 2 * units);
    return (uint32_t)at;
}

static uint32_t
put_context(struct blob *b, const uint64_t gpr[16], uint64_t rip, uint64_t rflags, const struct xmm *xmm,
            uint32_t mxcsr)
{
    size_t at = blob_reserve(b, CONTEXT_SIZE + 8);

    at = (at + 15) & ~(size_t)15;
    put32(b, at + 0x30, CONTEXT_ALL);
    put32(b, at + 0x34, mxcsr);
    put16(b, at + 0x38, 0x33);
    put16(b, at + 0x42, 0x2b);
    put32(b, at + 0x44, (uint32_t)rflags);
    put(b, at + 0x78, gpr, 16 * 8);
    put64(b, at + 0xf8, rip);
    put32(b, at + 0x118, mxcsr);
    put(b, at + 0x1a0, xmm, 16 * sizeof(struct xmm));
    return (uint32_t)at;
}

static uint32_t
put_fiber_context(struct blob *b, const struct finding_input *in, const struct finding_fiber *f)
{
    const struct trap *t = in->trap;
    const struct cpu_context *c = &f->context;

    if (t != NULL && f->id == in->fiber)
        return put_context(b, t->gpr, t->rip, t->rflags, t->xmm, t->mxcsr);
    return put_context(b, c->gpr, c->rip, c->rflags, c->xmm, c->mxcsr);
}

static bool
has_thread(const struct finding_fiber *f)
{
    return f->stack_base > f->stack_limit;
}

static uint32_t
thread_count(const struct finding_input *in)
{
    uint32_t n = 0;

    for (unsigned i = 0; i < in->fiber_count; i++)
        n += has_thread(&in->fibers[i]);
    return n;
}

struct streams {
    struct {
        uint32_t type, size, rva;
    } dir[STREAMS];
    unsigned count;
};

static void
stream_add(struct streams *s, uint32_t type, size_t at, size_t size)
{
    s->dir[s->count].type = type;
    s->dir[s->count].size = (uint32_t)size;
    s->dir[s->count].rva = (uint32_t)at;
    s->count++;
}

static void
system_stream(struct blob *b, struct streams *s, const struct finding_input *in)
{
    size_t at = blob_reserve(b, 56);
    unsigned major = 10, minor = 0;

    if (in->os_profile != NULL)
        sscanf(in->os_profile, "%u.%u", &major, &minor);
    put16(b, at, 9); /* AMD64 */
    put16(b, at + 2, 6);
    if (!b->failed) {
        b->at[at + 6] = (uint8_t)in->vps;
        b->at[at + 7] = 1; /* workstation */
    }
    put32(b, at + 8, major);
    put32(b, at + 12, minor);
    put32(b, at + 16, in->os_build);
    put32(b, at + 20, 2); /* Win32NT */
    put32(b, at + 24, put_string(b, ""));
    put16(b, at + 28, 0x110);
    put(b, at + 32, "GenuineIntel", 12);
    stream_add(s, STREAM_SYSTEM, at, 56);
}

static void
misc_stream(struct blob *b, struct streams *s, const struct finding_input *in)
{
    size_t at = blob_reserve(b, 24);

    put32(b, at, 24);
    put32(b, at + 4, 3); /* process id and times are there */
    put32(b, at + 8, 4); /* System */
    put32(b, at + 12, (uint32_t)((in->time_100ns - in->uptime_100ns) / 10000000 - 11644473600ull));
    stream_add(s, STREAM_MISC, at, 24);
}

static void
thread_stream(struct blob *b, struct streams *s, const struct finding_input *in, uint32_t *failing_context)
{
    uint32_t count = thread_count(in), n = 0;
    size_t size = 4 + 48 * (size_t)count, at = blob_reserve(b, size);

    put32(b, at, count);
    for (unsigned i = 0; i < in->fiber_count; i++) {
        const struct finding_fiber *f = &in->fibers[i];
        size_t to = at + 4 + 48 * (size_t)n;
        uint32_t context;

        if (!has_thread(f))
            continue;
        n++;
        context = put_fiber_context(b, in, f);
        if (f->id == in->fiber)
            *failing_context = context;
        put32(b, to, f->id);
        put64(b, to + 24, f->stack_limit);
        put32(b, to + 32, 0); /* the bytes are in the memory list */
        put32(b, to + 36, 0);
        put32(b, to + 40, CONTEXT_SIZE);
        put32(b, to + 44, context);
    }
    stream_add(s, STREAM_THREADS, at, size);
}

static void
thread_name_stream(struct blob *b, struct streams *s, const struct finding_input *in)
{
    uint32_t count = thread_count(in), n = 0;
    size_t size = 4 + 12 * (size_t)count, at = blob_reserve(b, size);

    put32(b, at, count);
    for (unsigned i = 0; i < in->fiber_count; i++) {
        size_t to = at + 4 + 12 * (size_t)n;

        if (!has_thread(&in->fibers[i]))
            continue;
        n++;
        put32(b, to, in->fibers[i].id);
        put64(b, to + 4, put_string(b, in->fibers[i].name));
    }
    stream_add(s, STREAM_THREAD_NAMES, at, size);
}

/* The CodeView record of the image in memory: RSDS, GUID, age, path. 0 if it has none. */
static size_t
codeview_of(const struct finding_input *in, const struct finding_module *m, uint8_t *out, size_t room)
{
    uint32_t pe = 0, rva = 0, size = 0, entry[7];
    uint16_t magic = 0;

    if (!finding_read(in, m->base + 0x3c, &pe, 4) || pe > 0x1000 || !finding_read(in, m->base + pe + 24, &magic, 2) ||
        magic != 0x20b || !finding_read(in, m->base + pe + 24 + 112 + 6 * 8, &rva, 4) ||
        !finding_read(in, m->base + pe + 24 + 112 + 6 * 8 + 4, &size, 4) || rva == 0)
        return 0;
    for (uint32_t at = 0; at + 28 <= size && at < 28 * 16; at += 28) {
        uint32_t len;

        if (!finding_read(in, m->base + rva + at, entry, 28))
            return 0;
        len = entry[4] < room ? entry[4] : (uint32_t)room;
        if (entry[3] == 2 && len >= 24 && finding_read(in, m->base + entry[5], out, len) && memcmp(out, "RSDS", 4) == 0)
            return len;
    }
    return 0;
}

static void
module_stream(struct blob *b, struct streams *s, const struct finding_input *in)
{
    size_t size = 4 + 108 * (size_t)in->module_count, at = blob_reserve(b, size);

    put32(b, at, in->module_count);
    for (unsigned i = 0; i < in->module_count; i++) {
        const struct finding_module *m = &in->modules[i];
        size_t to = at + 4 + 108 * (size_t)i;
        uint8_t codeview[512];
        size_t len = m->pseudo ? 0 : codeview_of(in, m, codeview, sizeof(codeview));
        char path[160];

        snprintf(path, sizeof(path), "C:\\Windows\\System32\\drivers\\%s", m->file);
        put64(b, to, m->base);
        put32(b, to + 8, (uint32_t)m->size);
        put32(b, to + 12, m->checksum);
        put32(b, to + 16, m->timestamp);
        put32(b, to + 20, put_string(b, path));
        if (len > 0) {
            size_t record = blob_reserve(b, len);

            put(b, record, codeview, len);
            put32(b, to + 76, (uint32_t)len);
            put32(b, to + 80, (uint32_t)record);
        }
    }
    stream_add(s, STREAM_MODULES, at, size);
}

/* NTSTATUS of the fault; for a stop without one the stop code itself. */
static uint32_t
exception_code(const struct finding_input *in)
{
    if (in->code == 0x3b || in->code == 0x7e || in->code == 0x1e)
        return (uint32_t)in->p[0];
    if (in->code == 0x139)
        return TRAP_FAST_FAIL;
    return in->trap != NULL && (in->trap->vector == 14 || in->trap->vector == 13) ? 0xc0000005u : in->code;
}

static void
exception_stream(struct blob *b, struct streams *s, const struct finding_input *in, uint32_t context)
{
    size_t at = blob_reserve(b, 168);
    const struct trap *t = in->trap;

    put32(b, at, in->fiber);
    put32(b, at + 8, exception_code(in));
    if (t != NULL) {
        put64(b, at + 24, t->rip);
        put32(b, at + 32, 2);
        put64(b, at + 40, t->error_code & 0x10 ? 8 : t->error_code & 2 ? 1 : 0);
        put64(b, at + 48, t->address);
    } else {
        put64(b, at + 24, in->frame_count > 0 ? in->frames[0].f.ip : 0);
        put32(b, at + 32, 4);
        for (unsigned i = 0; i < 4; i++)
            put64(b, at + 40 + 8 * i, in->p[i]);
    }
    put32(b, at + 160, CONTEXT_SIZE);
    put32(b, at + 164, context);
    stream_add(s, STREAM_EXCEPTION, at, 168);
}

static void
comment_stream(struct blob *b, struct streams *s, const struct finding_input *in)
{
    struct finding_verdict v;
    char text[512];
    size_t at, len;

    finding_conclude(in, &v);
    snprintf(text, sizeof(text), "%s (%x) %llx %llx %llx %llx\n%.255s\nhash {%s}\n",
             in->code != 0 ? bugcheck_text(in->code, in->p[0]).name : v.bugcheck_str, in->code,
             (unsigned long long)in->p[0], (unsigned long long)in->p[1], (unsigned long long)in->p[2],
             (unsigned long long)in->p[3], v.bucket, v.hash);
    len = strlen(text) + 1;
    at = blob_reserve(b, len);
    put(b, at, text, len);
    stream_add(s, STREAM_COMMENT, at, len);
}

static uint32_t
page_protection(uint8_t prot)
{
    switch (prot & 7) {
    case 1:
        return 0x02; /* PAGE_READONLY */
    case 3:
    case 2:
        return 0x04;
    case 4:
        return 0x10;
    case 5:
        return 0x20;
    case 7:
    case 6:
        return 0x40;
    default:
        return 0x01;
    }
}

static void
memory_info_stream(struct blob *b, struct streams *s, const struct finding_input *in)
{
    size_t size = 16 + 48 * (size_t)in->range_count, at = blob_reserve(b, size);

    put32(b, at, 16);
    put32(b, at + 4, 48);
    put64(b, at + 8, in->range_count);
    for (unsigned i = 0; i < in->range_count; i++) {
        const struct finding_range *r = &in->ranges[i];
        const struct finding_module *m = finding_module_at(in, r->address);
        size_t to = at + 16 + 48 * (size_t)i;

        put64(b, to, r->address);
        put64(b, to + 8, m != NULL ? m->base : r->address);
        put32(b, to + 16, page_protection(r->prot));
        put64(b, to + 24, r->size);
        put32(b, to + 32, 0x1000); /* MEM_COMMIT */
        put32(b, to + 36, page_protection(r->prot));
        put32(b, to + 40, m != NULL ? 0x1000000 : 0x20000); /* MEM_IMAGE, MEM_PRIVATE */
    }
    stream_add(s, STREAM_MEMORY_INFO, at, size);
}

static void
memory_stream(struct blob *b, struct streams *s, const struct finding_input *in)
{
    size_t size = 16 + 16 * (size_t)in->range_count, at = blob_reserve(b, size), bulk = 0;

    put64(b, at, in->range_count);
    for (unsigned i = 0; i < in->range_count; i++) {
        put64(b, at + 16 + 16 * (size_t)i, in->ranges[i].address);
        put64(b, at + 24 + 16 * (size_t)i, in->ranges[i].size);
        bulk += in->ranges[i].size;
    }
    stream_add(s, STREAM_MEMORY64, at, size);
    bulk = blob_reserve(b, bulk);
    put64(b, at + 8, bulk);
    for (unsigned i = 0; i < in->range_count; i++) {
        put(b, bulk, in->ranges[i].bytes, in->ranges[i].size);
        bulk += in->ranges[i].size;
    }
}

int
finding_dump(const struct finding_input *in, uint8_t **out, size_t *len)
{
    struct blob b = { 0 };
    struct streams s = { 0 };
    uint32_t context = 0;
    size_t dir;

    blob_reserve(&b, 32);
    dir = blob_reserve(&b, 12 * STREAMS);
    system_stream(&b, &s, in);
    misc_stream(&b, &s, in);
    thread_stream(&b, &s, in, &context);
    thread_name_stream(&b, &s, in);
    module_stream(&b, &s, in);
    exception_stream(&b, &s, in, context);
    comment_stream(&b, &s, in);
    memory_info_stream(&b, &s, in);
    memory_stream(&b, &s, in);
    put(&b, 0, "MDMP", 4);
    put32(&b, 4, 0xa793);
    put32(&b, 8, s.count);
    put32(&b, 12, (uint32_t)dir);
    put32(&b, 20, (uint32_t)(in->time_100ns / 10000000 - 11644473600ull));
    put64(&b, 24, 2); /* full memory */
    for (unsigned i = 0; i < s.count; i++) {
        put32(&b, dir + 12 * i, s.dir[i].type);
        put32(&b, dir + 12 * i + 4, s.dir[i].size);
        put32(&b, dir + 12 * i + 8, s.dir[i].rva);
    }
    if (b.failed) {
        free(b.at);
        return -ENOMEM;
    }
    *out = b.at;
    *len = b.len;
    return 0;
}
