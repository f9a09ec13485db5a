/* SPDX-License-Identifier: MIT */
/*
 * crash/finding.h - a proven failure, and the folder that tells about it.
 *
 * Model: the supervisor replays the failing run with everything recorded and fills one struct finding_input.
 * From that alone - no machine, no worker - each file of the finding is derived: finding.json, trace, dump,
 * analysis.txt, diagram.txt. Nothing here reads a clock, a host name or the environment, so one finding has one
 * folder content, byte for byte.
 *
 * Everything is borrowed for the length of the call. Text is UTF-8. Only the supervisor links this; it may malloc.
 * Start reading at: finding_write().
 */
#ifndef CRASH_FINDING_H
#define CRASH_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/image.h"
#include "machine/machine.h"
#include "trace/event.h"
#include "verify/verify.h"

enum finding_kind {
    FINDING_BUGCHECK,  /* the machine stopped: code and p say why */
    FINDING_VIOLATION, /* a rule was broken and the machine went on: code and p are the rule's */
    FINDING_HANG, /* nobody can run and somebody is not done: deadlock, lost wake-up, a completion that never comes */
    FINDING_LIVELOCK, /* the same state again at the same loop */
    FINDING_CHECK,    /* a check of the scenario failed: check_text */
    FINDING_ESCAPE,   /* the driver left the machine: a raw system call, a write outside the arena */
    FINDING_RACE,     /* plain accesses that nothing orders: an update was lost; the machine went on */
};

/* One frame of a stack with its names. */
struct finding_frame {
    struct stack_frame f;
    char module[32];    /* as debuggers print it: "npf", "nt"; "" when the address is in none */
    char function[160]; /* "" when there is no symbol: then offset counts from the module's base */
    uint32_t offset;
    uint32_t begin; /* of the function, from the module's base; only where there is no symbol, 0: unknown */
    bool ddk;       /* the function stands in a header of the DDK: part of whoever called it, never at fault */
    char file[256]; /* line record of f.ip, as a debugger looks it up; "" when none */
    unsigned line;
    char call_file[256]; /* line record of the call itself (f.ip - 1); frame 0 of a fault: same as file, line */
    unsigned call_line;
    bool tail_call; /* the frame above was not called from here: the caller's own last call became a jump */
};

struct finding_module {
    char name[64];  /* "npf", "nt" */
    char file[64];  /* "npf.sys" */
    char path[256]; /* where it was read; "" for a pseudo image */
    uint64_t base, size;
    uint32_t timestamp, checksum;
    char version[48];
    uint8_t sha256[32];
    bool pseudo; /* nt, ndis, hal */
};

struct finding_fiber {
    uint32_t id;
    char name[40];
    uint8_t kind;  /* enum fiber_kind */
    uint8_t state; /* enum fiber_state */
    uint8_t irql, vp;
    uint8_t block_kind; /* enum block_kind */
    bool daemon;
    uint64_t block_object;
    uint32_t block_owner; /* fiber id, 0: nobody */
    char block_why[96];
    uint64_t stack_limit, stack_base; /* guest stack, lowest address and highest + 1 */
    struct cpu_context context;       /* zero rip: it has no driver frame */
    const struct finding_frame *frames;
    unsigned frame_count;
};

/* A heap block of the machine, as heap_find() knows it; its sites named, if the caller did that ("" otherwise). */
struct finding_object {
    struct heap_block block;
    char alloc_where[128];
    char free_where[128];
};

/* The name of a driver address: "npf!NPF_Write+42". */
struct finding_name {
    uint64_t address;
    char name[120];
};

/* A nonzero choice of the run. */
struct finding_choice {
    uint8_t kind; /* enum choice_kind */
    char fiber[40];
    uint32_t point; /* that fiber's own n-th point */
    uint32_t n, value;
};

/* Memory of the machine, for the dump and for everything that reads an address. */
struct finding_range {
    uint64_t address, size;
    const void *bytes;
    uint8_t prot; /* enum host_prot bits: 1 read, 2 write, 4 execute */
};

struct finding_driver {
    char service[64]; /* "npf" */
    char module[64];
    uint64_t object; /* DRIVER_OBJECT */
    uint64_t entry, unload;
    uint16_t ndis_major, ndis_minor;
    char role[32];     /* "filter", "miniport", "protocol" */
    char devices[256]; /* names, comma separated */
};

struct finding_input {
    enum finding_kind kind;
    uint32_t code; /* bugcheck code; 0: none (a hang, a check) */
    uint64_t p[4];
    const char *check_text; /* FINDING_CHECK, FINDING_HANG, FINDING_ESCAPE: one sentence; may be NULL */

    const struct trap *trap; /* NULL: the bugcheck came from a call, not from a fault */
    uint64_t trap_address;   /* address of the context or trap record in machine memory; 0 none */
    uint8_t irql;
    uint8_t vp;
    uint32_t fiber;      /* id of the fiber that ran */
    const char *process; /* "program.exe", "System" */
    const struct finding_frame
        *frames; /* of the failing fiber, innermost first; a violation: where its event came from */
    unsigned frame_count;

    const struct finding_frame *other_frames; /* FINDING_RACE: where the other fiber wrote */
    unsigned other_frame_count;

    const struct finding_module *modules;
    unsigned module_count;
    const struct finding_driver *drivers;
    unsigned driver_count;
    const struct finding_fiber *fibers; /* every fiber that ever ran, in order of creation */
    unsigned fiber_count;
    const struct finding_object *objects; /* blocks of the machine, freed ones too */
    unsigned object_count;
    const struct finding_name *names; /* finding_symbolize_all() sets these three */
    unsigned name_count;
    const struct finding_frame *culprit; /* place or routine the rule points at: blamed when no frame is a driver's */
    const struct event *events;          /* every event of the run, in order */
    unsigned event_count;
    const struct violation *violations; /* the one that is told first, the others in order */
    unsigned violation_count;
    const char *const *debug_lines; /* DbgPrint text, in order, without line ends */
    unsigned debug_line_count;
    const struct finding_range *ranges;
    unsigned range_count;

    const struct finding_choice *choices;
    unsigned choice_count;
    unsigned preemptions;     /* k */
    bool preemptions_minimal; /* every schedule with fewer was run, and none comes to it */
    uint64_t runs;            /* runs until found */
    uint64_t step;            /* scheduling step of the failure */
    const char *trace_text;   /* written to the file `trace` as it is */
    const char *passing;      /* words: the nearest schedule that passes; NULL unknown */
    const char *replay;       /* the command that repeats it */
    const char *scenario;     /* name */
    const char *scenario_text;
    uint8_t scenario_sha256[32];
    uint8_t arena_sha256[32], events_sha256[32];

    unsigned vps;
    uint64_t time_100ns; /* virtual system time, 1601 epoch */
    uint64_t uptime_100ns;
    const char *undis_version; /* "0.1.0" */
    const char *undis_commit;
    const char *os_profile; /* "10.0.19041": what drivers were told */
    uint32_t os_build;
    bool verifier; /* rules were on */

    const char *const *src_map; /* pairs FROM, TO for source files; NULL-terminated; may be NULL */
};

/* What was concluded; filled by finding_conclude(). */
struct finding_verdict {
    char bugcheck_str[48];             /* "0x3B" */
    char bucket[256];                  /* "0x3B_npf!NPF_Write" */
    char hash_string[264];             /* "km:0x3b_npf!npf_write" */
    char hash[37];                     /* GUID */
    int blamed;                        /* index into frames, -1 none */
    char symbol[224];                  /* "npf!NPF_Write+24" of the blamed frame, "" */
    char module[64], image[64];        /* "npf", "npf.sys" */
    const struct violation *violation; /* the rule that explains it, or NULL */
};

void finding_conclude(const struct finding_input *in, struct finding_verdict *out);

/* The files of the folder; caller frees. NULL only when memory is out. */
char *finding_analysis(const struct finding_input *in);
char *finding_diagram(const struct finding_input *in);
char *finding_json(const struct finding_input *in);
/* A user-mode minidump with full memory; 0 or -errno. Caller frees *out. */
int finding_dump(const struct finding_input *in, uint8_t **out, size_t *len);

/* Make dir and write finding.json, trace, dump, analysis.txt, diagram.txt. 0 or -errno of the first that failed. */
int finding_write(const char *dir, const struct finding_input *in);

/*
 * finding_symbolize_all - name everything the files of a finding name, with one batch per module: frames, frames of
 * fibers (the caller's memory behind in->frames and in->fibers[].frames is written), callbacks, allocation sites, the
 * culprit. Pseudo images by the export table, drivers by symbols_resolve(); a module without symbols keeps
 * module+offset. 0 or -ENOMEM. finding_names_free() releases what it allocated.
 */
int finding_symbolize_all(struct finding_input *in, const char *symbol_path);
void finding_names_free(struct finding_input *in);

/* One stack alone. modules and ranges of in must be set. Returns how many frames of drivers got a function. */
unsigned finding_symbolize(const struct finding_input *in, struct finding_frame *frames, unsigned count,
                           const char *symbol_path);
/* One address alone ("npf!NPF_Write+42", "npf+1042", "" outside): a run of the symbolizer each, so for few only. */
void finding_name_address(const struct finding_input *in, uint64_t address, const char *symbol_path, char *out,
                          size_t room);

/* ------------------------------------------------------------------ reading an input */

/* Copy len bytes of machine memory; false if any byte is not in a range. */
bool finding_read(const struct finding_input *in, uint64_t address, void *out, size_t len);
const struct finding_module *finding_module_at(const struct finding_input *in, uint64_t address);
const struct finding_fiber *finding_fiber_by_id(const struct finding_input *in, uint32_t id);
const struct heap_block *finding_object_at(const struct finding_input *in, uint64_t address);
/* "npf!NPF_Write+42" from names, else "npf+1042", else the address. */
void finding_name_of(const struct finding_input *in, uint64_t address, char *out, size_t room);

/* text with its 16-digit addresses replaced by names, as all files of a finding show it: rules know addresses only. */
void finding_name_text(const struct finding_input *in, const char *text, char *out, size_t room);

#endif
