/* SPDX-License-Identifier: MIT */
/* explore/lab_internal.h - what lab.c, actors.c, programs.c and epilogue.c share. Worker side. */
#ifndef EXPLORE_LAB_INTERNAL_H
#define EXPLORE_LAB_INTERNAL_H

#include "ddk/wdm.h"
#include "explore/lab.h"
#include "nt/io/user.h"
#include "pnp/install.h"

#define LAB_DEVICES_MAX 16u
#define LAB_HANDLES_MAX 16u
#define LAB_IOCTLS_MAX  32u
#define LAB_ACTORS_MAX  16u
#define LAB_NICS_MAX    16u

struct ndis_nic;

/* A process of actors; monitor memory, so it is put back with the machine. */
struct lab_program {
    const char *name;
    void *process;
    void *handle[LAB_HANDLES_MAX]; /* one per device opened, NULL: not open */
    bool overlapped[LAB_HANDLES_MAX];
    bool any_overlapped; /* in its script */
    unsigned threads;    /* that have not ended by exit-thread */
};

/* An overlapped request that was started and not collected. */
struct lab_request {
    struct user_async async;
    void *buffer; /* user memory */
};

/* An actor at work; monitor memory. */
struct lab_actor {
    const struct scn_actor *script;
    struct fiber *fiber;
    struct lab_program *program; /* NULL: it is none */
    void *buffer;                /* user memory, 2 * half bytes, enough for each of its ops */
    unsigned half;
    struct lab_request request[SCN_REQUESTS_MAX];
    unsigned requests;   /* used, from the front, oldest first */
    void *stack;         /* user memory, of the program it runs; NULL: it runs none */
    unsigned first_op;   /* ops before it were done before the snapshot */
    uint32_t next_frame; /* of the capture, for a wire */
    bool ending;         /* in exit, exit-thread or kill: to wait there for ever is a finding */
    bool ended;          /* it does nothing any more */
    bool done;
};

/* State of one run; monitor memory. */
struct lab_run {
    bool epilogue_started;
    bool loaded; /* by the op `load` */
    uint32_t requests, requests_ok;
    char check[160];
};

/* Set once, before the snapshot; counters are only for reports. */
struct lab {
    const struct scenario *scenario;
    const struct wire_capture *wire;
    struct lab_reached *reached;
    struct pnp_service driver[LAB_DRIVERS_MAX];
    unsigned driver_count;
    unsigned order[LAB_DRIVERS_MAX]; /* in which they start */
    struct ndis_nic *nic[LAB_NICS_MAX];
    unsigned nic_count;
    uint8_t own_address[6]; /* of the first one, as programs know it from before the run */
    bool address_known;
    bool own_wire;          /* no miniport is under test: ours plays the wire */
    unsigned failed_driver; /* whose DriverEntry failed */
    int32_t entry_status;
    const char *failure;
    char device[LAB_DEVICES_MAX][128];
    unsigned device_count;
    int32_t baseline[LAB_DEVICES_MAX]; /* status of a write before anything happened */
    bool baseline_known[LAB_DEVICES_MAX];
    uint32_t join[LAB_DEVICES_MAX]; /* the control code that gives a handle its adapter; 0: none is needed, or known */
    uint32_t ioctl[LAB_IOCTLS_MAX];
    unsigned ioctl_count;
    struct lab_actor *actor; /* monitor memory */
    unsigned actor_count;
    struct lab_program *program; /* monitor memory */
    unsigned program_count;
    struct lab_run *run; /* monitor memory */
    struct fiber *epilogue;
    struct image *program_image[LAB_ACTORS_MAX]; /* what the actor of that number runs, NULL: nothing */
    uint32_t states_seen;
    uint64_t requests, requests_ok;
};

extern struct lab lab;
#define LAB_RUN (lab.run)

extern struct strategy strategy_none; /* answers 0 */

void lab_actors_create(void);
void lab_actors_release(void); /* the next run starts them */
void lab_epilogue_create(void);
void lab_load(void);   /* start the drivers and build the stack; later in a run: the driver under test again */
void lab_unload(void); /* the driver under test */
struct fiber *lab_epilogue_start(void *arg);

/* The adapter that an op of an administrator or a protocol is for; NULL: there is no such virtual one. */
struct ndis_nic *lab_nic(const struct scn_op *op);

void lab_fill_frame(uint8_t *p, unsigned len);

/* bad_requests.c: to a device that is open for overlapped requests */
void lab_bad_requests(struct lab_actor *a, void *handle);

/* Most memory of programs that an actor takes; requests: it may start some. */
size_t lab_actor_bytes(const struct scn_actor *s, bool requests);

/* programs.c */
void lab_count(int32_t status);
void lab_programs_create(void); /* processes of the scenario's programs, for lab.actor[] */
void lab_program_prepare(struct lab_actor *a);
void lab_program_op(struct lab_actor *a, const struct scn_op *op);
void lab_oid_op(const struct scn_op *op, struct ndis_nic *nic); /* of a protocol actor: oids.c */
void lab_kill(struct lab_actor *a, const struct scn_op *op);
void lab_program_parked(struct lab_actor *a);

/* progfile.c */
const struct scn_op *lab_program_of(const struct scn_actor *s); /* its op `run`, NULL: it has none */
int lab_program_images(const struct scenario *s, char text[256]);
void lab_program_hooks(void);
void lab_program_run(struct lab_actor *a); /* does not return when the program ends itself */

/* join.c: find out what lab_open() has to do; set-up calls it once, before programs exist; how it ended in *r. */
void lab_join_learn(struct run_result *r);

/* A frame as lab_fill_frame() makes it, from the first adapter's own address: what a program may send. */
void lab_learn_address(void); /* before the snapshot */
void lab_own_frame(uint8_t *p, unsigned len);

/* A new handle of lab.device[device] that is ready for requests: the status of opening it. */
int32_t lab_open(unsigned device, bool overlapped, uint8_t *buffer, void **handle);
#define LAB_OPEN_BYTES 512u /* of user memory at buffer */

/* A write of one frame of len bytes on a device, as a program would: its final status. */
int32_t lab_write(struct lab_actor *a, void *handle, unsigned len);

#endif
