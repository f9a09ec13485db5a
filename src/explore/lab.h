/* SPDX-License-Identifier: MIT */
/*
 * explore/lab.h - a machine with the drivers under test in it, ready to be explored.
 *
 * Model: the supervisor reads files and INFs (lab_driver_read) before it forks; the
 * worker then makes the machine, installs and starts the drivers, builds a stack
 * around them, lets programs open the devices they find, and takes the snapshot.
 * From there every run executes the scenario's actors.
 */
#ifndef EXPLORE_LAB_H
#define EXPLORE_LAB_H

#include "explore/search.h"
#include "pnp/inf.h"
#include "pnp/scenario.h"
#include "wire/pcap.h"

#define LAB_DRIVERS_MAX 8u

enum lab_error { LAB_OK = 0, LAB_INPUT = 4, LAB_OURS = 3 };

struct lab_driver {
    char service[64];        /* "npf" */
    char sys[512], inf[512]; /* paths; inf "" when there is none */
    uint8_t *bytes;
    size_t len;
    enum inf_kind kind;
    struct inf *parsed; /* NULL without an INF */
    struct inf_driver info;
};

/*
 * lab_driver_read - what the user named: a folder, an .inf or a .sys. 0, or LAB_INPUT with one sentence in text.
 * The description's strings live until lab_driver_free().
 */
int lab_driver_read(const char *path, struct lab_driver *out, char text[256]);
void lab_driver_free(struct lab_driver *d);

struct lab_config {
    struct lab_driver *driver;
    unsigned driver_count;
    const struct scenario *scenario;
    const struct wire_capture *wire; /* what the scenario's wire plays; NULL: it loops */
    unsigned vps;
};

#define LAB_WIRE_FILE "wire-in.pcap"

/*
 * lab_wire_read - the capture of a scenario that names one, else NULL. 0, or LAB_INPUT or LAB_OURS with one sentence.
 * From then on the scenario calls it LAB_WIRE_FILE and holds its sha256.
 */
int lab_wire_read(const char *scenario_path, const struct lab_driver *driver, struct scenario *scn,
                  struct wire_capture **out, char text[256]);

/* What a scenario reached, over all runs of a worker; in shared memory. */
struct lab_reached {
    uint64_t calls[4096];           /* per export: DDI calls */
    uint32_t states;                /* bit per enum ndis_state, of the driver under test, over all runs */
    char states_text[200];          /* the same in words */
    bool ran;                       /* a layer of the driver was Running at some time, or it has no layer */
    uint64_t requests, requests_ok; /* of programs */
    char devices[512];              /* names of devices the driver made, comma separated */
    unsigned vps;
    char driver_sha256[65], scenario_sha256[65];
};

/*
 * lab_setup - up to the snapshot. Runs in the worker. 0; LAB_INPUT or LAB_OURS with text. A bugcheck, hang or
 * failing DriverEntry before the snapshot is a result about the driver: *r and text say what, returns 0 with
 * r->end != RUN_DONE or *entry_status < 0.
 */
int lab_setup(const struct lab_config *c, struct lab_reached *reached, struct run_result *r, int32_t *entry_status,
              char text[256]);

/* Fill the export table (once per process). */
void lab_register_exports(void);

/* Hooks for search_run(). */
bool lab_run_check(void *arg, const struct run_result *r, char text[160]);
void lab_collect(struct lab_reached *reached);

#endif
