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
    unsigned number; /* inf_section_at() */
    unsigned line;   /* of its first header */
    unsigned again;  /* of its second header; 0: there is one */
};

/* A %token% that no string replaces, and that names no folder. */
struct inf_token {
    const char *name; /* without the %s */
    unsigned line;
};

/*
 * inf_parse - read an INF from memory.
 *
 * Encodings: UTF-16 of both byte orders with BOM, UTF-8 with or without, else code page 1252.
 * Borrows bytes for the call. Returns 0 and *out; -EINVAL and *err filled; -ENOMEM.
 */
int inf_parse(const void *bytes, size_t len, struct inf **out, struct inf_error *err);
void inf_free(struct inf *inf);

/* Is it what stampinf or a like tool makes an INF of: does it hold variables like $ARCH$? That one is read as amd64. */
bool inf_is_template(const struct inf *inf);

/* The i-th in the file, NULL past the last. */
const struct inf_token *inf_unknown_token(const struct inf *inf, unsigned i);

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

/* The Windows that installs; amd64. */
struct inf_target {
    uint32_t major, minor, build;
    uint32_t product; /* VER_NT_xxx: 1 workstation, 2 domain controller, 3 server */
};

extern const struct inf_target inf_target_default; /* Windows 10 version 2004, a workstation */

enum inf_kind { INF_OTHER, INF_MINIPORT, INF_FILTER, INF_PROTOCOL, INF_INTERMEDIATE };
enum inf_filter_type { INF_FILTER_NONE, INF_FILTER_MONITORING, INF_FILTER_MODIFYING };
enum inf_run_type { INF_RUN_NONE, INF_RUN_MANDATORY, INF_RUN_OPTIONAL };

/* What a registry path is relative to. */
enum inf_root {
    INF_HKR,          /* the component's own key: adapter software key, or the filter's or protocol's network key */
    INF_HKR_HARDWARE, /* the device's hardware key */
    INF_HKR_SERVICE,  /* Services\<inf_reg.service> */
    INF_HKR_EVENT,    /* Services\EventLog\System\<inf_reg.service> */
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
#define INF_REG_DELETE        0x80000000u /* ours: a line of a DelReg section; without a name the whole key goes */

struct inf_reg {
    enum inf_root root;
    const char *key;     /* below root, "" for root itself */
    const char *name;    /* "" for the default value */
    const char *service; /* of INF_HKR_SERVICE and INF_HKR_EVENT; else "" */
    uint32_t type;
    uint32_t flags;      /* INF_REG_* */
    const uint8_t *data; /* as the registry keeps it: strings are UTF-16LE with terminator */
    uint32_t len;        /* bytes */
    const char *text;    /* UTF-8 of a string (the first of a MULTI_SZ); numbers and bytes: as written */
    unsigned line;
    bool is_default; /* not a line of its own: the default of an Ndi\Params keyword */
};

/* What AddService makes under Services. */
struct inf_service {
    const char *name;
    const char *display, *description;
    const char *image;      /* "npf.sys" */
    const char *image_path; /* as ImagePath has it */
    uint32_t type, start, error_control;
    bool has_type, has_start, has_error_control;
    const char *load_group;
    const char *const *dependencies;
    unsigned dependency_count;
    uint32_t flags; /* SPSVCINST_* of the AddService line */
    unsigned line;
};

/* A Needs directive that names a section of another INF. */
struct inf_need {
    const char *inf;     /* as Include has it, "" when the line of Needs stands without one */
    const char *section; /* what Needs asks of it */
    const char *gives;   /* what that section of Windows does; NULL: not known here */
    unsigned line;
};

/* documented: "Specifying Configuration Parameters for the Advanced Properties Page" */
enum inf_param_type {
    INF_PARAM_NONE,
    INF_PARAM_INT,
    INF_PARAM_LONG,
    INF_PARAM_WORD,
    INF_PARAM_DWORD,
    INF_PARAM_EDIT,
    INF_PARAM_ENUM,
    INF_PARAM_UNKNOWN, /* another word */
};

struct inf_choice {
    const char *value, *words;
};

/* Ndi\Params\<keyword>. Texts are "" when absent. */
struct inf_param {
    const char *keyword;
    const char *description; /* ParamDesc */
    const char *type_text;
    enum inf_param_type type;
    const char *standard, *min, *max, *step, *base; /* standard: Default */
    bool optional, has_standard;
    uint32_t limit_text; /* edit: LimitText; 0: none */
    bool upper_case;     /* edit: UpperCase */
    const struct inf_choice *choices;
    unsigned choice_count;
    unsigned line;
};

struct inf_driver {
    enum inf_kind kind;
    const char *class_name, *class_guid, *provider, *driver_version;
    const char *description;     /* of the model, "" without one */
    const char *component_id;    /* hardware id of the model */
    unsigned model_line;         /* of the file; 0 without one */
    const char *install_section; /* with its decoration, e.g. "Install.NTamd64" */
    uint32_t characteristics;    /* NCF_* */
    /* documented: *IfType, *MediaType and *PhysicalMediaType of a miniport, BusType; -1: not there */
    int64_t if_type, media_type, physical_media_type, bus_type;
    bool hidden_from_select; /* ExcludeFromSelect names the model */

    const struct inf_service *services; /* all of them */
    unsigned service_count;
    const char *const *deleted_services; /* DelService */
    unsigned deleted_service_count;
    const char *const *co_installers; /* DLLs of .CoInstallers; they are not run */
    unsigned co_installer_count;
    const char *const *interfaces; /* AddInterface: class GUIDs */
    unsigned interface_count;
    const char *const *more_infs; /* CopyINF: an intermediate driver's miniport half */
    unsigned more_inf_count;
    const struct inf_need *needs;
    unsigned need_count;
    const struct inf_param *params;
    unsigned param_count;

    /* the service that drives the component */
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
/* The same for another Windows, and with the fitting model of that number, from 0; -ENOENT past the last. */
int inf_describe_model(const struct inf *inf, const struct inf_target *target, unsigned model, struct inf_driver *out,
                       struct inf_error *err);
void inf_driver_fini(struct inf_driver *driver);

const char *inf_kind_name(enum inf_kind kind);

/* The parameter with that keyword, NULL if the INF offers none. */
const struct inf_param *inf_param(const struct inf_driver *driver, const char *keyword);
/*
 * May the parameter have this value? documented: type, Min, Max, Step from Min, enum. What stands there is stored as
 * REG_SZ, as the Advanced page does. 0, or -EINVAL with one sentence in text.
 */
int inf_param_check(const struct inf_param *param, const char *value, char text[256]);
/* The type's limits as numbers; false when it is no number. */
bool inf_param_range(const struct inf_param *param, int64_t *min, int64_t *max, uint64_t *step);

#endif
