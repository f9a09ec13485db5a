/* SPDX-License-Identifier: MIT */
/*
 * explore/lab.h - a machine with the drivers under test in it, ready to be explored.
 *
 * Model: the supervisor reads files and INFs (pnp_driver_read) before it forks; the
 * worker then makes the machine, installs and starts the drivers, builds a stack
 * around them, lets programs open the devices they find, and takes the snapshot.
 * From there every run executes the scenario's actors.
 */
#ifndef EXPLORE_LAB_H
#define EXPLORE_LAB_H

#include "explore/search.h"
#include "image/image.h"
#include "pnp/driver.h"
#include "pnp/scenario.h"
#include "wire/pcap.h"

#define LAB_DRIVERS_MAX 8u
#define LAB_EXPORTS_MAX 4096u

enum lab_error { LAB_OK = 0, LAB_INPUT = 4, LAB_OURS = 3 };

/* The drivers of a test; [0] is the one that findings and certificates are about. */
struct lab_subjects {
    struct pnp_driver driver[LAB_DRIVERS_MAX];
    unsigned count;
};

/* One more; *out is the one there is already when it is the same. 0, or LAB_INPUT with one sentence in text. */
int lab_subjects_add(struct lab_subjects *s, const char *path, struct pnp_driver **out, char text[256]);
/* Those a stack names; from then on it calls them by service name. 0, or LAB_INPUT with one sentence. */
int lab_subjects_of_stack(struct lab_subjects *s, const char *scenario_path, struct scn_stack *stack, char text[256]);
void lab_subjects_free(struct lab_subjects *s);

struct lab_config {
    const struct pnp_driver *driver; /* [0] is the one under test */
    unsigned driver_count;
    const struct scenario *scenario;
    const struct wire_capture *wire; /* what the scenario's wire plays; NULL: it loops */
    unsigned vps;
    const struct planted_list *planted; /* what earlier workers asked for; NULL: nothing */
};

/* Numbers of drivers in the order they are installed and started. */
void lab_start_order(const struct lab_config *c, unsigned order[LAB_DRIVERS_MAX]);

#define LAB_WIRE_FILE "wire-in.pcap"

/*
 * lab_wire_read - the capture of a scenario that names one, else NULL. 0, or LAB_INPUT or LAB_OURS with one sentence.
 * From then on the scenario calls it LAB_WIRE_FILE and holds its sha256.
 */
int lab_wire_read(const char *scenario_path, const struct lab_subjects *s, struct scenario *scn,
                  struct wire_capture **out, char text[256]);

/*
 * lab_program_files_read - the programs that the scenario runs, before any worker is forked. 0, LAB_INPUT or LAB_OURS
 * with one sentence. The scenario names them by their leaf then; lab_program_files_write() puts them into a folder.
 */
int lab_program_files_read(const char *scenario_path, struct scenario *scn, char text[256]);
void lab_program_files_write(const char *folder);

/*
 * lab_registry_read - the .reg file that the stack names: it goes over what setup writes, in every machine from now on;
 * a stack that names none takes an earlier one away. 0, LAB_INPUT or LAB_OURS with one sentence. The scenario calls the
 * file LAB_REGISTRY_FILE then, and lab_registry_write() puts it into a folder.
 */
#define LAB_REGISTRY_FILE "changes.reg"
int lab_registry_read(const char *scenario_path, struct scn_stack *stack, char text[256]);
void lab_registry_write(const char *folder);

/* What a scenario reached, over all runs of a worker; in shared memory. */
struct lab_reached {
    uint64_t calls[LAB_EXPORTS_MAX]; /* per export: DDI calls */
    struct lab_failures {
        uint32_t count, status[DDI_FAILURES_MAX];
    } failures[LAB_EXPORTS_MAX];    /* per export: failing results it gave, without repeats */
    bool collected;                 /* lab_collect() was called: the worker ended by itself */
    uint32_t asked;                 /* nt_profile_asked() */
    uint32_t states;                /* bit per enum ndis_state, of the driver under test, over all runs */
    char states_text[200];          /* the same in words */
    bool ran;                       /* a layer of the driver was Running at some time, or it has no layer */
    bool cannot_reset;              /* the scenario resets an adapter whose miniport has no reset */
    uint64_t requests, requests_ok; /* of programs */
    char devices[512];              /* names of devices the driver made, comma separated */
    unsigned vps;
    struct {
        char service[64], sha256[65];
    } driver[LAB_DRIVERS_MAX];
    unsigned driver_count;
    char scenario_sha256[65];
};

/*
 * lab_setup - up to the snapshot. Runs in the worker. 0; LAB_INPUT or LAB_OURS with text. A bugcheck, hang or
 * failing DriverEntry before the snapshot is a result about the driver: *r and text say what, returns 0 with
 * r->end != RUN_DONE or *entry_status < 0.
 */
int lab_setup(const struct lab_config *c, struct lab_reached *reached, struct run_result *r, int32_t *entry_status,
              char text[256]);

/* The scenario starts drivers itself: nothing is started before it, and images and `lab` change in its runs. */
bool lab_loads(const struct scenario *s);

/* Fill the export table (once per process). */
void lab_register_exports(void);

/* Most memory of programs that a scenario takes; there are LAB_USER_BYTES. */
size_t lab_user_bytes(const struct scenario *s);
#define LAB_USER_BYTES (15u << 20)

/* Hooks for search_run(). */
bool lab_run_check(void *arg, const struct run_result *r, char text[160]);
void lab_collect(struct lab_reached *reached);

#endif
