/* SPDX-License-Identifier: MIT */
/*
 * pnp/inf.h - Windows INF files: reading one, and what it says about a network driver.
 *
 * Model: an INF is an ordered list of sections, a section an ordered list of lines, a line an optional key and
 * values. inf_parse() does everything lexical once: encodings, comments, continuation, quotes, %strings%; what
 * one looks up afterwards is plain UTF-8. Names compare without case; sections of one name are one section.
 * Everything handed out by an inf is lent until inf_free().
 *
 * inf_describe_driver() then reads the sections the way the installer would: which models fit this machine
 * (amd64, Windows 10), which section installs the first of them, which service, which registry values.
 */
#ifndef PNP_INF_H
#define PNP_INF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inf;

struct inf_error {
    unsigned line;  /* 0: about the file as a whole */
    char text[200]; /* one sentence without full stop */
};

struct inf_line {
    const char *key; /* NULL: the line has no '=' */
    const char *const *values;
    unsigned count;
    unsigned line; /* in the file, from 1 */
};

struct inf_section {
    const char *name;
    struct inf_line *lines;
    unsigned count;
    unsigned line; /* of its first header */
};

/*
 * inf_parse - read an INF from memory.
 *
 * Encodings: UTF-16 of both byte orders with BOM, UTF-8 with or without, else code page 1252.
 * Borrows bytes for the call. Returns 0 and *out; -EINVAL and *err filled; -ENOMEM.
 */
int inf_parse(const void *bytes, size_t len, struct inf **out, struct inf_error *err);
void inf_free(struct inf *inf);

/* NULL if there is none. */
const struct inf_section *inf_section(const struct inf *inf, const char *name);
unsigned inf_section_count(const struct inf *inf);
const struct inf_section *inf_section_at(const struct inf *inf, unsigned i);

/* The first line with that key at or after *from (NULL: the first); *from gets the place behind it. NULL: none. */
const struct inf_line *inf_find(const struct inf_section *section, const char *key, unsigned *from);

/* Value i of a line, "" if there is none. */
const char *inf_value(const struct inf_line *line, unsigned i);

/* First value of the first line with that key in that section; NULL if section or key is lacking. */
const char *inf_get(const struct inf *inf, const char *section, const char *key);

enum inf_kind { INF_OTHER, INF_MINIPORT, INF_FILTER, INF_PROTOCOL, INF_INTERMEDIATE };
enum inf_filter_type { INF_FILTER_NONE, INF_FILTER_MONITORING, INF_FILTER_MODIFYING };
enum inf_run_type { INF_RUN_NONE, INF_RUN_MANDATORY, INF_RUN_OPTIONAL };

/* What a registry path is relative to. */
enum inf_root {
    INF_HKR,          /* the component's own key: adapter software key, or the filter's or protocol's network key */
    INF_HKR_HARDWARE, /* the device's hardware key */
    INF_HKR_SERVICE,  /* Services\<service> */
    INF_HKLM,
    INF_HKCR,
    INF_HKCU,
    INF_HKU,
};

/* documented: registry value types */
enum inf_reg_type {
    INF_REG_NONE = 0,
    INF_REG_SZ = 1,
    INF_REG_EXPAND_SZ = 2,
    INF_REG_BINARY = 3,
    INF_REG_DWORD = 4,
    INF_REG_MULTI_SZ = 7,
    INF_REG_QWORD = 11,
};

/* Flags of a registry line that are not its type. documented: FLG_ADDREG_* */
#define INF_REG_NOCLOBBER     0x00000002u
#define INF_REG_DELVAL        0x00000004u
#define INF_REG_APPEND        0x00000008u
#define INF_REG_KEYONLY       0x00000010u
#define INF_REG_OVERWRITEONLY 0x00000020u

struct inf_reg {
    enum inf_root root;
    const char *key;  /* below root, "" for root itself */
    const char *name; /* "" for the default value */
    uint32_t type;
    uint32_t flags;      /* INF_REG_* */
    const uint8_t *data; /* as the registry keeps it: strings are UTF-16LE with terminator */
    uint32_t len;        /* bytes */
    const char *text;    /* UTF-8 of a string (the first of a MULTI_SZ); numbers and bytes: as written */
    unsigned line;
    bool is_default; /* not a line of its own: the default of an Ndi\Params keyword */
};

struct inf_driver {
    enum inf_kind kind;
    const char *class_name, *class_guid, *provider, *driver_version;
    const char *description;     /* of the model, "" without one */
    const char *component_id;    /* hardware id of the model */
    const char *install_section; /* with its decoration, e.g. "Install.NTamd64" */
    uint32_t characteristics;    /* NCF_* */

    const char *service;    /* "npf" */
    const char *image;      /* "npf.sys" */
    const char *image_path; /* as Services\<service>\ImagePath has it */
    uint32_t service_type, start_type;
    const char *load_group;

    const char *filter_class; /* "" unless a filter */
    enum inf_filter_type filter_type;
    enum inf_run_type run_type;
    const char *filter_media;        /* FilterMediaTypes, e.g. "ethernet" */
    const char *net_cfg_instance_id; /* UniqueName of FilterDriverCharacteristics: "{...}" */
    const char *upper_range, *lower_range;
    const char *co_services; /* first of Ndi\CoServices, else Ndi\Service */

    const char *const *files; /* what CopyFiles copies: names without folder */
    unsigned file_count;
    const struct inf_reg *regs; /* in the order the installer would write them */
    unsigned reg_count;

    void *memory; /* of this description */
};

/*
 * inf_describe_driver - what installing the first fitting model would set up.
 *
 * Strings are lent by inf and by out: inf must outlive it. Absent texts are "", never NULL.
 * Returns 0, -EINVAL with *err (no model for amd64, a section that is named but lacking, a number that is none),
 * -ENOMEM. err may be NULL.
 */
int inf_describe_driver(const struct inf *inf, struct inf_driver *out, struct inf_error *err);
void inf_driver_fini(struct inf_driver *driver);

const char *inf_kind_name(enum inf_kind kind);

#endif
