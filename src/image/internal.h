/* SPDX-License-Identifier: MIT */
/*
 * image/internal.h - what the files of src/image share.
 *
 * Model: a file is read through struct pe, whose accessors (pe_at, pe_u32 ...)
 * answer NULL or fail instead of leaving the file. struct loaded is an image with
 * everything private around it; the public struct image is its first member.
 * The private copy of the file never changes, so unwinding and patch planning
 * read it and not the mapped pages, which a driver may overwrite.
 */
#ifndef IMAGE_INTERNAL_H
#define IMAGE_INTERNAL_H

#include <stdarg.h>
#include <string.h>

#include "image/image.h"

#define PE_SECTIONS_MAX 96u
#define PE_IMAGE_MAX    0xC00000u /* 12 MB of image; the rest of the stride is for thunks */
#define PE_IMPORTS_MAX  8192u
#define PE_SITES_MAX    32768u
#define PAGE            0x1000u

enum pe_dir {
    DIR_EXPORT,
    DIR_IMPORT,
    DIR_RESOURCE,
    DIR_EXCEPTION,
    DIR_SECURITY,
    DIR_BASERELOC,
    DIR_DEBUG,
    DIR_ARCH,
    DIR_GLOBALPTR,
    DIR_TLS,
    DIR_LOAD_CONFIG,
    DIR_BOUND_IMPORT,
    DIR_IAT,
    DIR_DELAY_IMPORT,
    DIR_CLR,
    DIR_RESERVED,
    DIR_COUNT
};

#define SCN_CODE        0x00000020u
#define SCN_DISCARDABLE 0x02000000u
#define SCN_EXECUTE     0x20000000u
#define SCN_READ        0x40000000u
#define SCN_WRITE       0x80000000u

struct pe_section {
    char name[9];
    uint32_t rva, size;     /* in memory; size is not 0 */
    uint32_t raw, raw_size; /* in the file, already cut to size */
    uint32_t characteristics;
};

struct pe {
    const uint8_t *raw;
    size_t len;
    const char *name; /* for messages; borrowed, as raw is */
    uint32_t size_of_image, size_of_headers, entry, section_align;
    uint64_t preferred_base;
    uint32_t timestamp, checksum;
    uint16_t characteristics, subsystem;
    struct {
        uint32_t rva, size;
    } dir[DIR_COUNT];
    unsigned section_count;
    unsigned last_section; /* cache of pe_at() */
    struct pe_section section[PE_SECTIONS_MAX];
};

/* One .pdata entry, or a leaf function (unwind == 0). */
struct pe_function {
    uint32_t begin, end, unwind;
    uint32_t code_end; /* where its code ends and jump tables begin */
    bool fixed;        /* it jumps through a table that was not understood: nothing may move */
};

/* Part of a thunk that stands for an instruction of the driver. */
struct moved {
    uint8_t thunk_offset;
    uint32_t rva;
};
#define MOVED_MAX 5u

/* A site while and after it is planned; parallel to image.sites. */
struct site_plan {
    uint32_t thunk; /* offset in the thunk area, 0: none */
    uint8_t thunk_len;
    struct {
        uint8_t begin, end; /* offsets in the thunk of the two pushes and of the two pops; 0,0: it pushes nothing */
    } pushes[2];            /* of the site, and of one that moved along */
    uint8_t inside;         /* that one's offset from the site, 0: none */
    uint8_t moved_count;
    uint8_t cover; /* bytes of driver code replaced */
    struct moved moved[MOVED_MAX];
    uint64_t immediate;       /* PATCH_IMMEDIATE: the new value ... */
    uint8_t immediate_offset; /* ... at this offset in the instruction */
};

struct loaded {
    struct image im; /* first */
    struct pe pe;
    uint8_t *copy;                /* the file */
    struct pe_function *function; /* sorted by begin, disjoint */
    unsigned function_count;
    struct site_plan *plan;
    uint8_t *thunk_bytes; /* thunk area as it is to be mapped */
    uint32_t thunk_len;
    uint32_t first_site;
    bool mapped, init_discarded;
    struct {
        uint32_t rva, size;
    } writable[PE_SECTIONS_MAX]; /* whole pages, in order */
    unsigned writable_count;
    uint8_t *pristine; /* these as they were when it was loaded, one after the other */
    bool has_paged; /* functions in PAGE sections */
};

static inline struct loaded *
loaded_of(const struct image *im)
{
    return (struct loaded *)(uintptr_t)im;
}

/* pe.c */
int image_bad(struct image_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
int pe_parse(struct pe *pe, const uint8_t *raw, size_t len, const char *name, struct image_error *err);
const uint8_t *pe_at(struct pe *pe, uint32_t rva, uint32_t len); /* bytes of the file behind [rva, rva+len), or NULL */
const uint8_t *pe_run(struct pe *pe, uint32_t rva, uint32_t *len); /* the same, as many as there are */
const char *pe_string(struct pe *pe, uint32_t rva, uint32_t max);  /* terminated within max, or NULL */
const struct pe_section *pe_section_of(struct pe *pe, uint32_t rva);
int pe_relocate(struct pe *pe, void (*fn)(void *ctx, uint32_t rva), void *ctx, struct image_error *err);

/* facts.c: what is only noted */
void pe_facts(struct pe *pe, struct image *im);
/* Where the loader writes the security cookie; 0: nowhere. */
uint32_t pe_cookie_rva(struct pe *pe);
/* The quadword at this offset of the load config, 0: it is not that long; as an RVA in a section, 0: it is none. */
uint64_t pe_load_config(struct pe *pe, uint32_t offset);
uint32_t pe_load_config_rva(struct pe *pe, uint32_t offset);

/* pdata.c */
int pdata_read(struct loaded *l, struct image_error *err);
const struct pe_function *pdata_find(const struct loaded *l, uint32_t rva);
uint64_t pdata_entry_va(struct loaded *l, const struct pe_function *f); /* address of the RUNTIME_FUNCTION; 0: a leaf */

/* import.c */
int imports_read(struct loaded *l, struct image_error *err);
void imports_bind(struct loaded *l, void (*store)(struct loaded *l, uint64_t slot_va, uint64_t value));
uint32_t export_find(struct loaded *l, const char *name, const char **forward); /* rva, 0 */

/* sites.c, thunk.c */
int sites_plan(struct loaded *l, struct image_error *err); /* fills im.sites, plan, thunk_bytes */
/* hook.c */
void hooks_register(void);
void hooks_plant(const struct planted_list *list);
bool hooks_used(const struct loaded *l);

const struct planted_list *image_planted(void);            /* loop.c: NULL or what to plant */
void sites_apply(struct loaded *l);                        /* writes to the mapped, still writable text */
extern uint64_t image_thunk_target[THUNK_COUNT];

/* paged.c */
bool paged_section(const struct pe_section *s);
void paged_init(void);

/* map.c */
struct loaded *image_at(uint64_t address); /* image or its thunks */

struct seh_record;

/* walk.c: the stack as records and registers tell it; used for traces and for exceptions */
struct cursor {
    struct fiber *f;
    struct cpu_context cx;     /* of the driver frame it stands at */
    struct guest_call *call;   /* the segment of driver code that frame runs in */
    struct crossing *crossing; /* in host code: the edge it was entered through; NULL: outermost */
    bool in_host, after_call;
    const struct seh_record *via; /* it came here out of a handler that this record called */
};
void cursor_at_trap(struct cursor *c, struct fiber *f, const struct trap *t);
void cursor_at_crossing(struct cursor *c, struct fiber *f); /* host code inside the innermost crossing */
bool cursor_leave_host(struct cursor *c);                   /* to the driver frame that called; false: outermost */
bool cursor_at_gate(const struct cursor *c);                /* the frame stepped to is host code: */
void cursor_enter_host(struct cursor *c);

/*
 * seh.c: an exception being dispatched, or a stack being unwound, by host code that calls handlers. resume: where the
 * walk goes on when it comes out of such a handler.
 */
struct seh_record {
    struct seh_record *prev;
    struct crossing *crossing; /* f->crossing and f->outer when it began */
    struct guest_call *outer;
    struct cursor resume;
    uint64_t frame;              /* first phase: establisher of the frame that is asked */
    const uint32_t *scope_index; /* second phase: resume is the frame whose handler runs, this how far that got */
};
const struct seh_record *seh_record_of(const struct fiber *f, const struct guest_call *call);

static inline uint16_t
get16(const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, 2);
    return v;
}
static inline uint32_t
get32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}
static inline uint64_t
get64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

#endif
