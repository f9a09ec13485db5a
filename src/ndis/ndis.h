/* SPDX-License-Identifier: MIT */
/*
 * ndis/ndis.h - what the files of src/ndis share.
 *
 * Model. Three kinds of layer make a stack: a miniport adapter (struct
 * ndis_adapter), filter modules (struct ndis_filter) over it, protocol bindings
 * (struct ndis_binding) on top. Each begins with a struct ndis_layer: its state,
 * its handlers, and for each handler kind the nearest neighbour that wants the
 * call, so a send costs one indirect call per layer. Layers are objects of the
 * machine's heap: the handle a driver holds is the address of one, and freeing
 * it poisons it. Nothing checks a handle: a stale one faults here as it does in
 * ndis.sys.
 *
 * What outlives them is kept beside them in monitor memory: a struct ndis_nic is
 * one network device of the machine whether enabled or not, a struct ndis_link
 * says that a driver is wanted over a nic. bind.c compares links with layers and
 * walks the stack to where it should be, one legal step at a time.
 *
 * What only checkers read (who holds which NBL, how many are out) is in struct
 * ndis_ledger and struct nbl_track, monitor memory too; NDIS acts on none of it
 * but closing a binding, which waits for what is out.
 *
 * Start reading at: bind.c (life), chain.c and send.c (data path), nbl.c (buffers).
 */
#ifndef NDIS_NDIS_H
#define NDIS_NDIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "ddk/ntddk.h"
#include "ddk/ndis.h"
#include "machine/machine.h"
#include "ndis/sites.h"
#include "trace/event.h"

/* Ours is at fault: stops at once. Never on what a driver can cause. */
#define NDIS_ASSERT(x) ((x) ? (void)0 : machine_assert_failed(#x, __FILE__, __LINE__))
_Noreturn void machine_assert_failed(const char *what, const char *file, int line); /* machine/ */

/* ------------------------------------------------------------------ objects */

#define NDIS_SIGNATURE(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

/* First field of every object whose address a driver may hold as a handle. */
struct ndis_object {
    uint32_t signature; /* enum below */
    uint32_t size;
};

enum {
    NDIS_SIG_ADAPTER = NDIS_SIGNATURE('N', 'd', 'M', 'a'),
    NDIS_SIG_FILTER = NDIS_SIGNATURE('N', 'd', 'F', 'm'),
    NDIS_SIG_BINDING = NDIS_SIGNATURE('N', 'd', 'P', 'o'),
    NDIS_SIG_MINIPORT_DRIVER = NDIS_SIGNATURE('N', 'd', 'M', 'd'),
    NDIS_SIG_FILTER_DRIVER = NDIS_SIGNATURE('N', 'd', 'F', 'd'),
    NDIS_SIG_PROTOCOL_DRIVER = NDIS_SIGNATURE('N', 'd', 'P', 'd'),
    NDIS_SIG_BIND_CONTEXT = NDIS_SIGNATURE('N', 'd', 'P', 'b'),
    NDIS_SIG_NBL_POOL = NDIS_SIGNATURE('N', 'd', 'L', 'p'),
    NDIS_SIG_PORT = NDIS_SIGNATURE('N', 'd', 'p', 't'),
    NDIS_SIG_NB_POOL = NDIS_SIGNATURE('N', 'd', 'B', 'p'),
    NDIS_SIG_POLL = NDIS_SIGNATURE('N', 'd', 'P', 'l'),
};

/* Memory of the machine, zeroed, labelled for reports; NULL when it is out or the choice says so. tag: pool tag. */
void *ndis_alloc(size_t size_bytes, uint32_t tag, const char *what);
void ndis_free(void *p);
/* A UNICODE_STRING in machine memory with its text, zero-terminated; never NULL (set-up and administration only). */
UNICODE_STRING *ndis_string(const char *text);
/* A new object with its signature set; the same failures. */
void *ndis_object_alloc(uint32_t signature, size_t size_bytes, const char *what);

/* One revision of a characteristics structure: revisions count from 1 in the order of the sizes. */
struct ndis_header_spec {
    const char *name;
    uint8_t type;
    uint8_t revisions;
    uint16_t size[6];
};

/*
 * ndis_header_ok - is the header one that NDIS accepts? Type must match or be NDIS_OBJECT_TYPE_DEFAULT (observed: the
 * sample multiplexer of Windows' own registers so), the revision be at least 1 and the size at least that revision's; a
 * newer revision than we know is taken as the newest we know (assumed). If not, emits HEADER_MISUSE for export `site`
 * naming the field; a4 is the address of the structure's name, of the member's where one is lacking.
 */
bool ndis_header_ok(const NDIS_OBJECT_HEADER *header, const struct ndis_header_spec *spec, uint32_t site);
enum ndis_header_field {
    NDIS_HEADER_TYPE,
    NDIS_HEADER_REVISION,
    NDIS_HEADER_SIZE,
    NDIS_HEADER_VERSION, /* value: major << 8 | minor */
    NDIS_HEADER_HANDLER, /* a required handler is NULL */
    NDIS_HEADER_NAME,    /* a required name is empty */
    NDIS_HEADER_LENGTH,  /* 5.x: the length beside the structure */
};

/* Fill a header for a structure that NDIS hands to a driver. */
static inline void
ndis_header_set(NDIS_OBJECT_HEADER *header, unsigned type, unsigned revision, unsigned size)
{
    header->Type = (UCHAR)type;
    header->Revision = (UCHAR)revision;
    header->Size = (USHORT)size;
}

/* Copy what the driver's structure has of `size` bytes and zero the rest. dst: `size` bytes. */
void ndis_copy_versioned(void *dst, size_t size, const NDIS_OBJECT_HEADER *src);

/* ------------------------------------------------------------------ handlers */

/*
 * A handler: the address of a driver's function, or a small number that names a host function of the built-in
 * ends (ndis_host_handler). Host addresses never stand in memory that drivers see.
 */
typedef uint64_t ndis_fn;
typedef uint64_t (*ndis_host_fn)(const uint64_t *args);
#define NDIS_HOST_MAX 64u
ndis_fn ndis_host_handler(ndis_host_fn fn); /* in init only */
/* The same for an NTAPI function with a handler's own prototype (native.c). */
#define NDIS_NATIVE_MAX 64u
ndis_fn ndis_native_handler(const void *function); /* in init only */
uint64_t ndis_native_call(uint32_t site, ndis_fn fn, unsigned nargs, const uint64_t *args);

/* Call a handler. site: symbol index (ndis_sites) shown below the driver's frame. */
uint64_t ndis_call(uint32_t site, ndis_fn fn, unsigned nargs, const uint64_t *args);
#define NDIS_CALL(site, fn, ...)                                               \
    ndis_call((site), (fn), sizeof((uint64_t[]){ U64_ARGS(__VA_ARGS__) }) / 8, \
              (const uint64_t[]){ U64_ARGS(__VA_ARGS__) })

/* Handler kinds of a layer. Those before NDIS_OP_DOWN_END travel towards the miniport, the rest away from it. */
enum ndis_op {
    NDIS_OP_SEND,
    NDIS_OP_CANCEL_SEND,
    NDIS_OP_RETURN,
    NDIS_OP_OID,
    NDIS_OP_CANCEL_OID,
    NDIS_OP_DIRECT_OID,
    NDIS_OP_CANCEL_DIRECT_OID,
    NDIS_OP_SYNC_OID,
    NDIS_OP_DEVICE_PNP,
    NDIS_OP_DOWN_END,
    NDIS_OP_SEND_COMPLETE = NDIS_OP_DOWN_END,
    NDIS_OP_RECEIVE,
    NDIS_OP_OID_COMPLETE,
    NDIS_OP_DIRECT_OID_COMPLETE,
    NDIS_OP_SYNC_OID_COMPLETE,
    NDIS_OP_STATUS,
    NDIS_OP_NET_PNP,
    NDIS_OP_COUNT,
};

/* ------------------------------------------------------------------ layers and their states */

enum ndis_layer_kind { NDIS_LAYER_MINIPORT, NDIS_LAYER_FILTER, NDIS_LAYER_PROTOCOL };

/* One numbering for the three state machines; ndis_state_name() has each kind's own word. */
enum ndis_state {
    NDIS_STATE_DOWN,     /* Halted, Detached, Unbound */
    NDIS_STATE_STARTING, /* Initializing, Attaching, Opening */
    NDIS_STATE_PAUSED,
    NDIS_STATE_RESTARTING,
    NDIS_STATE_RUNNING,
    NDIS_STATE_PAUSING,
    NDIS_STATE_CLOSING,  /* bindings only */
    NDIS_STATE_SHUTDOWN, /* adapters only */
    NDIS_STATE_COUNT,
};

/* What moves a layer; each is a row of the tables in state.c. */
enum ndis_move {
    NDIS_MOVE_START, /* MiniportInitializeEx, FilterAttach, ProtocolBindAdapterEx entered */
    NDIS_MOVE_STARTED,
    NDIS_MOVE_START_FAILED,
    NDIS_MOVE_RESTART,
    NDIS_MOVE_RESTARTED,
    NDIS_MOVE_RESTART_FAILED,
    NDIS_MOVE_PAUSE,
    NDIS_MOVE_PAUSE_DONE,
    NDIS_MOVE_STOP,    /* MiniportHaltEx, FilterDetach, ProtocolUnbindAdapterEx entered */
    NDIS_MOVE_STOPPED, /* bindings: unbind done */
    NDIS_MOVE_SHUTDOWN,
    NDIS_MOVE_COUNT,
};

/* What is pended at a layer: a bit each, so that a second completion or one that nobody asked for is seen. */
enum ndis_pending { NDIS_PENDING_PAUSE = 1, NDIS_PENDING_RESTART = 2 };

struct ndis_adapter;
struct ndis_nic;
struct ndis_link;
struct ndis_driver;

/* What is remembered of a driver, deregistered or not; monitor memory. */
struct ndis_driver_record {
    struct list_node node; /* ndis_root.records */
    uint64_t handle;
    uint8_t kind;            /* enum ndis_layer_kind */
    bool gone;               /* deregistered */
    bool host;               /* one of the built-in ends */
    uint32_t states_reached; /* bit per enum ndis_state */
    char name[32];           /* service name */
};

/*
 * What the checkers and the host know of a layer; monitor memory, outlives the layer. Counts move in ndis_nbl_*()
 * of track.c only.
 */
struct ndis_ledger {
    uint64_t handle; /* the layer's address */
    uint8_t kind;    /* enum ndis_layer_kind */
    uint8_t state;   /* copy of the layer's */
    bool freed;
    struct ndis_driver_record *driver;
    struct ndis_nic *nic;
    bool closing;           /* a binding's NdisCloseAdapterEx was called */
    uint32_t own_sends;     /* NBLs whose SourceHandle it is, on their way */
    uint32_t held_sends;    /* sends of layers above that it was given and has not passed on or completed */
    uint32_t own_receives;  /* NBLs it indicated that are not back */
    uint32_t held_receives; /* NBLs indicated to it that it has not passed on or returned */
    uint32_t oids;          /* requests of its own that are not complete (oid.c) */
    uint32_t calls;         /* bindings: handlers of it that NDIS is in, and its own calls of return; atomic */
    struct oid_gate *gate;  /* oid.c */
    struct list_node free;  /* ndis_root.ledger_free */
};

/* An internal wait: one waiter, set by whoever completes. */
struct ndis_wait {
    bool done;
    int32_t status; /* NDIS_STATUS given at completion */
    struct fiber *waiter;
};

struct ndis_layer {
    struct ndis_object object;
    struct ndis_adapter *adapter;
    uint64_t context;                       /* first argument of its handlers */
    struct ndis_layer *next[NDIS_OP_COUNT]; /* chain.c: nearest neighbour that has this handler; NULL: the end */
    ndis_fn op[NDIS_OP_COUNT];              /* 0: bypassed */
    uint8_t kind, state;                    /* state: ndis_layer_move() only */
    uint8_t pending;                        /* enum ndis_pending */
    uint8_t events;                         /* net-PnP events that a binding has not answered yet */
    uint32_t flags;
    struct ndis_layer *below, *above; /* as stacked; a binding: below = top of the stack */
    struct ndis_ledger *ledger;
    struct ndis_link *link;    /* NULL for an adapter */
    struct ndis_wait wait;     /* of the pended pause, restart or event */
    struct fiber *detached_by; /* a filter: who is in FilterDetach, NULL before */
};

/*
 * ndis_layer_move - the one place where a state changes. Illegal by the table: an assertion, since only NDIS's own
 * steps come here (a driver's wrong completion is answered before). Emits ADAPTER_/FILTER_/BINDING_STATE.
 */
void ndis_layer_move(struct ndis_layer *layer, enum ndis_move move);
/* The state that move leads to, -1 if it is illegal. */
int ndis_state_next(enum ndis_layer_kind kind, enum ndis_state state, enum ndis_move move);
const char *ndis_state_name(enum ndis_layer_kind kind, enum ndis_state state);

/* Recompute next[] of the whole stack after a layer came, went or changed its handlers. */
void ndis_chain_compute(struct ndis_adapter *ad);

/* ------------------------------------------------------------------ drivers */

/* What the three driver kinds have in common; the handle is its address. */
struct ndis_driver {
    struct ndis_object object;
    uint8_t kind;         /* enum ndis_layer_kind */
    uint8_t major, minor; /* NDIS version it registered with */
    bool leaving;         /* deregistering */
    bool bind_by_default; /* wanted over every nic as it appears */
    bool host;            /* one of the built-in ends: handlers are host functions */
    DRIVER_OBJECT *driver_object;
    uint64_t context;      /* MiniportDriverContext, FilterDriverContext, ProtocolDriverContext */
    struct list_node node; /* ndis_root.drivers, in order of registration */
    struct ndis_driver_record *record;
};

struct ndis_filter_driver {
    struct ndis_driver driver;
    NDIS_FILTER_DRIVER_CHARACTERISTICS chars; /* strings point into this object's own copies */
    uint8_t class_rank;                       /* 0 is the lowest place in a stack; filter.c */
    bool mandatory;
    bool monitoring;
};

struct ndis_miniport_driver {
    struct ndis_driver driver;
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS chars;
    NDIS_MINIPORT_PNP_CHARACTERISTICS pnp; /* NdisSetOptionalHandlers; handlers 0 if not set */
    NDIS_MINIPORT_SS_CHARACTERISTICS idle; /* the same */
    struct ndis_driver *associated;        /* the protocol edge of an intermediate driver; NULL: none */
};

struct ndis_protocol_driver {
    struct ndis_driver driver;
    NDIS_PROTOCOL_DRIVER_CHARACTERISTICS chars;
    bool told_binds_complete;
    bool order_changed; /* and not told yet: NetEventBindList */
};

/* ------------------------------------------------------------------ nics and links */

/* One network device, enabled or not. Strings live in machine memory (drivers see them). */
struct ndis_nic {
    struct list_node node; /* ndis_root.nics */
    struct list links;     /* struct ndis_link, filters from the lowest up, then protocols */
    struct ndis_miniport_driver *driver;
    struct ndis_adapter *adapter;  /* NULL while halted */
    char name[64];                 /* as an administrator calls it: "Ethernet 1" */
    UNICODE_STRING *guid_name;     /* \DEVICE\{...}: BaseMiniportName, AdapterName */
    UNICODE_STRING instance_guid;  /* the {...} in it */
    UNICODE_STRING *instance_name; /* friendly: BaseMiniportInstanceName */
    void *pdo;                     /* PhysicalDeviceObject */
    void *fdo;                     /* fdo.c: NDIS's device over it */
    void *config;                  /* config.c: registry key of this adapter; set through ndis_adapter_config */
    uint32_t if_index;
    uint64_t luid;
    uint64_t add_device_context; /* from MiniportAddDevice */
    void *host;                  /* ends/: state of a wiretest adapter, monitor memory */
    struct ndis_idle *idle;      /* idle.c; NULL: its miniport was never watched */
    struct ndis_reset *reset;    /* reset.c; NULL: nothing of the kind has happened yet */
    uint64_t im_context;         /* DeviceContext of an intermediate driver's virtual adapter */
    const char *im_name;         /* by which its driver asks for it; NULL: it has not, or by the GUID; monitor memory */
    bool im_asked;               /* its intermediate driver has asked for it, and it has not been halted since */
    bool want_present;           /* enabled: initialize it */
    bool want_running;           /* restart it, and keep it restarted */
    bool want_shutdown;          /* the system goes down: no other change any more */
    uint8_t want_power;          /* NDIS_DEVICE_POWER_STATE */
    bool wake_armed;             /* an IRP_MN_WAIT_WAKE of NDIS's is out: fdo.c */
    bool idle_power;             /* NDIS itself sends a power request for a selective suspend: idle.c */
    bool failed;                 /* the miniport or a mandatory filter failed: being removed until enabled again */
    uint8_t halt_action;         /* NDIS_HALT_ACTION: why it is halted next */
    bool dirty;                  /* the worker should look at it */
    bool cycle;                  /* pause and restart once */
    bool options_done;           /* FilterSetModuleOptions called since the stack was last paused */
    struct fiber *walker;        /* who changes this stack now */
    struct list turns;           /* who waits to */
};

/* install.c: class, order and kind that the filter's INF gave it. */
void ndis_install_apply(struct ndis_filter_driver *fd);

/* A driver is wanted over a nic. */
struct ndis_link {
    struct list_node node; /* ndis_nic.links, or ndis_root.link_free */
    struct ndis_nic *nic;
    struct ndis_driver *driver;
    struct ndis_layer *layer;  /* the module or binding; NULL while there is none */
    UNICODE_STRING *guid_name; /* of the module: FilterModuleGuidName */
    uint32_t if_index;
    uint64_t luid;
    bool wanted;  /* bound in the administrator's list */
    bool refused; /* attach or bind failed: not tried again until the nic is enabled anew */
    bool restart; /* NdisFRestartFilter asks for a pause and restart */
    uint32_t order; /* of a protocol: its place among the driver's, for requests that may go to any of them */
};

/* ------------------------------------------------------------------ the three layers */

struct ndis_adapter {
    struct ndis_layer layer;
    struct ndis_nic *nic;
    struct ndis_miniport_driver *driver;
    struct ndis_layer *top; /* the highest filter module, or the adapter itself */
    struct list bindings;   /* struct ndis_binding.node, open ones in order of opening */
    struct list sets;       /* oid_set.c: sets that wait for the one that is under way */
    bool setting;
    uint32_t
        bindings_lock; /* a live machine: over changes of the list, and over looks at it without the machine lock */
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES registration;
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES general;
    bool registration_set, general_set, device_added;
    bool default_port_active;             /* port.c */
    uint8_t power, power_next;            /* NDIS_DEVICE_POWER_STATE: is in, is asked to go to; power.c */
    uint8_t power_told;                   /* what those above were last told */
    bool power_reached;                   /* the miniport itself was given the last OID_PNP_SET_POWER */
    bool suspended;                       /* halted for low power: NDIS_STATE_DOWN, but everything else stays */
    bool pause_required, binds_inhibited; /* its miniport asked for it: netpnp.c */
    struct list ports;                    /* port.c: all but the default one */
    struct list polls;                    /* struct ndis_poll.node */
    struct list pm_items;                 /* pm.c: what layers want of it in low power */
    uint32_t pm_id;                       /* the last identifier that an item had */
    struct ndis_idle *idle;               /* idle.c watches it; NULL: nobody does */
    bool pm_arming;                       /* NDIS sends OID_PM_PARAMETERS */
    NDIS_OBJECT_HEADER *hardware_assist, *native; /* copies of further attributes, NULL if not set */
    NDIS_OFFLOAD *offload, *offload_hardware;     /* what it offloads now, and what it could; NULL: nothing */
    NET_IF_MEDIA_CONNECT_STATE connect_state;               /* status.c keeps them */
    NET_IF_MEDIA_DUPLEX_STATE duplex_state;
    uint64_t xmit_speed, rcv_speed;
    uint32_t lookahead;
    NDIS_RESTART_ATTRIBUTES *restart_attributes; /* built for the restart under way */
    void *oid;                                   /* oid.c: its queue */
    void *hw;                                    /* hw/: what it took of its device; NULL: nothing */
    bool halting; /* hw/shared.c: from the halt on no memory is promised */
};

/* hw/: bug check 0x7C with this reason if the adapter's interrupt is still registered. */
void ndis_hw_check(struct ndis_adapter *ad, uint32_t reason);
/* hw/shared.c. The adapter will be halted: what was asked for is told before; tell false: it never was initialized. */
void ndis_shared_finish(struct ndis_adapter *ad, bool tell);
void ndis_hw_init(void);
/* The partial resource list that MiniportInitializeEx is shown; NULL: it has no hardware. */
void *ndis_hw_resources(const struct ndis_nic *nic);

struct ndis_filter {
    struct ndis_layer layer;
    struct ndis_filter_driver *driver;
    bool attributes_set;
    void *oid; /* oid.c */
};

/* Multicast addresses of a binding, each as often as it was added. Heap. */
struct ndis_multicast {
    uint32_t count;
    uint8_t address[];
};

struct ndis_binding {
    struct ndis_layer layer;
    struct ndis_protocol_driver *driver;
    struct list_node node;            /* ndis_adapter.bindings once open */
    struct ndis_bind_context *bind;   /* while binding or unbinding: BindContext, UnbindContext */
    struct ndis_bind_context *unbind; /* made in advance for the unbind */
    struct ndis_wait close_wait;      /* set when a pended close has completed */
    bool open, closing, close_pended, close_telling;
    uint32_t packet_filter; /* NDIS_PACKET_TYPE_xxx; oid.c sets it when the OID succeeded */
    uint32_t lookahead;
    struct ndis_multicast *multicast; /* NULL: none; as packet_filter */
    /*
     * A binding that several share (legacy/): the packet filter of all of them if the one that asks has this value;
     * taken: it has from now on. NULL: a value is the binding's.
     */
    uint32_t (*shared_filter)(NDIS_OID_REQUEST *request, uint32_t value, bool taken);
    void *oid;                        /* oid.c */
};

/* BindContext and UnbindContext: one bind or unbind operation. */
struct ndis_bind_context {
    struct ndis_object object;
    struct ndis_binding *binding;
    bool unbind;
    struct ndis_wait wait;
};

static inline struct ndis_filter *
ndis_filter_of(struct ndis_layer *layer)
{
    return (struct ndis_filter *)layer; /* layer is the first field */
}

static inline struct ndis_binding *
ndis_binding_of(struct ndis_layer *layer)
{
    return (struct ndis_binding *)layer;
}

static inline const char *
ndis_layer_driver_name(const struct ndis_layer *layer)
{
    return layer->ledger->driver->name;
}

/* ------------------------------------------------------------------ the root */

/* machine->ndis; monitor memory. */
struct ndis_root {
    struct list drivers;  /* struct ndis_driver */
    struct list records;  /* struct ndis_driver_record */
    struct list nics;     /* struct ndis_nic */
    struct list installs; /* what INFs said: install.c */
    struct fiber *worker; /* does what may not be done in the caller's context */
    bool worker_idle;
    bool held; /* ndis_settle_hold() */
    struct list work;        /* struct ndis_work */
    struct list ledger_free;     /* struct ndis_ledger, of layers that are gone; in a live machine */
    struct list link_free;       /* struct ndis_link, of drivers that are gone; in a live machine */
    struct ndis_words *words;    /* each sentence that was ever needed, once */
    uint32_t next_if_index;
    bool asleep;              /* the system: pnp.c */
    void *driver_object;      /* \Driver\NDIS, of the adapters' devices; NULL: there are none yet */
    uint32_t partial_cancel_id; /* NdisGeneratePartialCancelId */
    struct ndis_nbl_pool *default_pool; /* for NBLs that NDIS makes without a pool given */
    struct ndis_nb_pool *default_nb_pool;
    bool (*binds)(const char *service, const struct ndis_nic *nic); /* install.c; NULL: everything binds */
    bool poison_reserved; /* explore: fields NDIS leaves open are filled with poison */
    void *misc;           /* root of oid.c, timer.c, config.c ... */
    void *ends;           /* root of ends/ */
    void *legacy;         /* root of legacy/ */
};

static inline struct ndis_root *
ndis_root(void)
{
    return machine->ndis;
}

/* Called once while the machine is built, before any driver. exports must be registered before machine_init(). */
void ndis_register_exports(void);
void ndis_init(void);

/* ------------------------------------------------------------------ waiting and work (wait.c) */

/* Block until w->done. object, owner: for hang reports; why: words that live as long as the run (ndis_words). */
int32_t ndis_wait(struct ndis_wait *w, uint64_t object, const char *why);
void ndis_wait_done(struct ndis_wait *w, int32_t status);
/* Monitor memory: "waits for npf to complete FilterPause". */
const char *ndis_words(const char *format, const char *a, const char *b);

/* Run fn(arg) at PASSIVE_LEVEL on NDIS's own thread. */
struct ndis_work {
    struct list_node node;
    void (*fn)(void *arg);
    void *arg;
};
/* Words that somebody may wait by, each kept once. */
struct ndis_words {
    struct ndis_words *next;
    char text[96];
};
void ndis_work_queue(void (*fn)(void *arg), void *arg);
void ndis_worker_start(void); /* in init */

/* ------------------------------------------------------------------ bind engine (bind.c) */

/* Walk nic to what is wanted and return when nothing is left to do. PASSIVE, any system fiber. */
void ndis_nic_settle(struct ndis_nic *nic);
/* Let the worker do that. */
void ndis_nic_kick(struct ndis_nic *nic);
#define NDIS_TAG_WORK NDIS_SIGNATURE('N', 'd', 'W', 'k') /* what a driver asks for may fail: asked of ex_fault() */
/* The same from a call of a driver's: if this fiber walks, its walk sees to it. */
void ndis_nic_settle_within(struct ndis_nic *nic);
/* Links for a driver that registered, over all nics; the reverse: detach or unbind everywhere and wait. */
void ndis_links_add(struct ndis_driver *driver);
void ndis_links_remove(struct ndis_driver *driver);
void ndis_links_add_nic(struct ndis_nic *nic);

/* Single steps; each is legal only in the state its table names. Return an NDIS_STATUS. */
NDIS_STATUS ndis_miniport_initialize(struct ndis_nic *nic);
/*
 * Before a driver's Unload: its adapters are halted. documented (MiniportDriverUnload): Unload is called when all
 * devices that the miniport driver services have been removed. CALLS_DRIVER.
 */
void ndis_miniport_unloading(PDRIVER_OBJECT driver);
NDIS_STATUS ndis_miniport_restart(struct ndis_adapter *ad);
void ndis_miniport_pause(struct ndis_adapter *ad, uint32_t reason);
void ndis_miniport_halt(struct ndis_adapter *ad);
/* The system goes down: MiniportShutdownEx, from Paused, Restarting, Running or Pausing; nothing more of it follows. */
void ndis_miniport_shutdown(struct ndis_adapter *ad);
void ndis_miniport_suspend(struct ndis_adapter *ad); /* halt for low power */
NDIS_STATUS ndis_miniport_resume(struct ndis_adapter *ad);
NDIS_STATUS ndis_filter_attach(struct ndis_link *link);
void ndis_filter_set_module_options(struct ndis_filter *fm);
NDIS_STATUS ndis_filter_restart(struct ndis_filter *fm);
void ndis_filter_pause(struct ndis_filter *fm, uint32_t reason);
void ndis_filter_detach(struct ndis_filter *fm);
NDIS_STATUS ndis_protocol_bind(struct ndis_link *link);
NDIS_STATUS ndis_protocol_restart(struct ndis_binding *b);
void ndis_protocol_binds_complete(struct ndis_protocol_driver *pd);
void ndis_protocol_bind_list(struct ndis_protocol_driver *pd);
void ndis_protocol_pause(struct ndis_binding *b, uint32_t reason);
void ndis_protocol_unbind(struct ndis_binding *b);

/*
 * Deliver a net-PnP event to one binding or, for a filter with a handler, to the module; waits if it pends.
 * event lies in machine memory.
 */
NDIS_STATUS ndis_net_pnp_deliver(struct ndis_layer *layer, NET_PNP_EVENT_NOTIFICATION *event);

/* ------------------------------------------------------------------ misuse */

/*
 * Emitted as STATE_MISUSE a0 `what`. Sends and receives: new ones of the layer's own. In Pausing NDIS emits none, since
 * a driver that counted one before its pause handler was entered may make the call after, and its pause then waits
 * for it; nor in Restarting, where a driver may let them go just before its restart handler returns and all below runs.
 */
enum ndis_state_misuse {
    NDIS_MISUSE_SEND_WHILE_PAUSED = 1,
    NDIS_MISUSE_SEND_WHILE_PAUSING,
    NDIS_MISUSE_SEND_WHILE_RESTARTING,
    NDIS_MISUSE_SEND_WHILE_STARTING, /* attaching, initializing, opening */
    NDIS_MISUSE_SEND_WHILE_DOWN,     /* detached, halted, unbound: inside that very handler */
    NDIS_MISUSE_RECEIVE_WHILE_PAUSED,
    NDIS_MISUSE_RECEIVE_WHILE_PAUSING,
    NDIS_MISUSE_RECEIVE_WHILE_RESTARTING,
    NDIS_MISUSE_RECEIVE_WHILE_STARTING,
    NDIS_MISUSE_RECEIVE_WHILE_DOWN,
    NDIS_MISUSE_OID_WHILE_STARTING, /* oid.c, status.c */
    NDIS_MISUSE_OID_WHILE_DOWN,
    NDIS_MISUSE_STATUS_WHILE_STARTING,
    NDIS_MISUSE_PAUSE_RETURNED,   /* pause handler returned neither SUCCESS nor PENDING */
    NDIS_MISUSE_PAUSE_WITH_SENDS, /* pause done with own or held sends out; state holds the count */
    NDIS_MISUSE_PAUSE_WITH_RECEIVES,
    NDIS_MISUSE_STOP_WITH_SENDS, /* detached, halted or closed with them */
    NDIS_MISUSE_STOP_WITH_RECEIVES,
    NDIS_MISUSE_STOP_WITH_OIDS,
    NDIS_MISUSE_ATTACH_WITHOUT_ATTRIBUTES,
    NDIS_MISUSE_OPEN_OUTSIDE_BIND,
    NDIS_MISUSE_CLOSE_OUTSIDE_UNBIND,
    NDIS_MISUSE_UNBIND_WITHOUT_CLOSE,
    NDIS_MISUSE_BIND_COMPLETE,       /* bind or unbind completion that nobody waits for */
    NDIS_MISUSE_COMPLETE_UNEXPECTED, /* pause, restart or event completion that nobody waits for */
    NDIS_MISUSE_STOP_WITH_PORTS,     /* halted with ports allocated; value: the number of the first */
    NDIS_MISUSE_PORT_NOT_ACTIVE,     /* a frame, request or status of such a port; value: its number */
    NDIS_MISUSE_EVENT_REFUSED,       /* a net-PnP event that must succeed; value: the event */
    NDIS_MISUSE_OID_IN_LOW_POWER,    /* value: the OID */
    NDIS_MISUSE_RECEIVE_IN_LOW_POWER,
    NDIS_MISUSE_POWER_BLOCKED,       /* OID_PNP_SET_POWER was answered above the miniport; value: the status */
    NDIS_MISUSE_RESET_WITH_OID,      /* a reset ended, and a request from before it did not */
    NDIS_MISUSE_EVENT_DURING_OID,    /* NdisMNetPnPEvent while the miniport has an OID request; value: the event */
    NDIS_MISUSE_POLL_OVER_LIMIT,     /* NdisPoll gave more NBLs than it may; value: how many */
    NDIS_MISUSE_POLL_COUNT,          /* NdisPoll miscounted; value: what it said */
    NDIS_MISUSE_POLL_FLAGS,          /* NdisPoll set a flag that is not its to set; value: the flags */
    NDIS_MISUSE_POLL_RESERVED,       /* NdisRequestPoll with a Reserved that is not zero; value: it */
    NDIS_MISUSE_STOP_WITH_POLLS,     /* halted with a Poll object registered */
    NDIS_MISUSE_IDLE_CONFIRM,        /* no idle notification to confirm; value: enum idle_state */
    NDIS_MISUSE_IDLE_COMPLETE,       /* none to complete */
    NDIS_MISUSE_IDLE_RETURNED,       /* MiniportIdleNotification returned neither _PENDING, _BUSY nor _FAILURE; value */
    NDIS_MISUSE_CLOSED_TWICE,
};

/* ------------------------------------------------------------------ what the core needs from the other files */

/* oid.c: layer has come (attributes set, module attached, binding open) or is about to go. */
void ndis_oid_layer_init(struct ndis_layer *layer);
/* Complete queued requests of and through layer with NDIS_STATUS_NOT_ACCEPTED or wait for those in a handler. */
void ndis_oid_drain(struct ndis_layer *layer);
/* Root and exports of the service files. */
void ndis_misc_init(void);

#endif
