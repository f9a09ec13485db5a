/* SPDX-License-Identifier: MIT */
/*
 * pnp/stack.h - stack files: what `undis run` brings up.
 *
 * Model: data only; the drivers it names are read by whoever runs it. Relative paths are from the file's own folder,
 * and stack_load() makes them so. YAML:
 *
 *     name: office                 of the machine, default: the file's name
 *     vps: 2
 *     os: win10                    the release that drivers see, default win10
 *     adapters:
 *       - name: Ethernet
 *         miniport: wirenic        built in; or a driver: folder, .inf or .sys
 *         wire: tap:wan0           what it is plugged into (wire/wire.h): wirenic, or a driver of the simulated card
 *         hostif: tap:lan0         Linux's view of the top of the stack; also a bare interface name
 *         vp: 0                    which processor polls the wire, modulo their number
 *         enabled: yes
 *         unbound: [npf]           services that do not bind here, though their INF would have them
 *         parameters: { NetworkAddress: 02-00-00-00-00-01, "*JumboPacket": 1514 }
 *     drivers:                     of adapters, if named there as services, and others
 *       - net/mynic.inf
 *     filters:                     from the bottom up
 *       - npf.inf
 *       - { driver: edr.inf, parameters: { Level: 3 }, adapters: { Ethernet: { Level: 9 } } }
 *     protocols: [ ndisprot.inf ]
 *
 * A parameter that is a number becomes a REG_DWORD, other text a REG_SZ; quotes make text of a number.
 */
#ifndef PNP_STACK_H
#define PNP_STACK_H

#include <stdbool.h>

#include "pnp/install.h"
#include "pnp/scenario.h"

#define STACK_ADAPTERS_MAX   16u
#define STACK_DRIVERS_MAX    16u
#define STACK_PARAMETERS_MAX 64u
#define STACK_VPS_MAX        4u

struct stack_parameters {
    struct pnp_parameter *p;
    unsigned count;
};

struct stack_adapter {
    char *name;
    char *miniport; /* "wirenic", or a path */
    bool built_in;  /* wirenic */
    char *wire;     /* spec; wirenic has one, a driver of the simulated card may; else NULL */
    char *hostif;   /* spec; NULL: none */
    unsigned vp;    /* that polls the wire */
    bool disabled;
    char **unbound;
    unsigned unbound_count;
    struct stack_parameters parameters;
    unsigned line;
};

/* Parameters of a filter's module on one adapter. */
struct stack_module {
    char *adapter;
    struct stack_parameters parameters;
};

struct stack_driver {
    enum inf_kind kind; /* where it stands in the file: filter, protocol; INF_OTHER: in `drivers` */
    char *path;
    struct stack_parameters parameters;
    struct stack_module *module;
    unsigned module_count;
    unsigned line;
};

struct stack {
    char *name;
    unsigned vps;
    char *os; /* of a release: nt/profile.h; whether there is such a one the runner says */
    unsigned os_line; /* 0: the file does not name one */
    struct stack_adapter *adapter;
    unsigned adapter_count;
    struct stack_driver *driver; /* others, then filters bottom up, then protocols */
    unsigned driver_count;
};

/* 0 and *out; -EINVAL or another negative errno with *err. The caller frees *out. */
int stack_load(const char *path, struct stack **out, struct scn_error *err);
/* The same from memory. name: default name of the machine; folder: what paths are relative to, "" or with a slash. */
int stack_parse(const void *bytes, size_t len, const char *name, const char *folder, struct stack **out,
                struct scn_error *err);
void stack_free(struct stack *stack);
/* An interface's name alone, which means a tap of that name, becomes a spec of a wire. 0 or -ENOMEM. */
int stack_whole_hostif(struct stack_adapter *a);

#endif
