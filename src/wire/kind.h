/* SPDX-License-Identifier: MIT */
/*
 * wire/kind.h - what the files of src/wire share: the operations of a kind of wire, and reading specs.
 *
 * Model: one struct wire_ops per kind, const. A kind's own struct begins with struct wire; wire.c allocates it zeroed,
 * fills ops, and counts what goes through the generic calls, so a kind counts only what it alone sees.
 */
#ifndef WIRE_KIND_H
#define WIRE_KIND_H

#include "wire/wire.h"

struct wire_spec; /* the options of a spec, each asked for once; wire.c refuses what nobody asked for */

struct wire_ops {
    const char *kind;
    size_t size; /* of the kind's struct */
    int (*open)(struct wire *w, struct wire_spec *spec, char text[200]);
    unsigned (*receive)(struct wire *w, struct wire_rx *rx, unsigned count);
    unsigned (*send)(struct wire *w, const struct wire_tx *tx, unsigned count); /* all lengths and words are right */
    void (*close)(struct wire *w);                                              /* after an open that failed, too */
    /* from here on: may be NULL */
    bool (*send_ready)(struct wire *w);
    void (*poll)(struct wire *w); /* updates w->link */
    int (*set_carrier)(struct wire *w, bool up);
    int (*set_mac)(struct wire *w, const uint8_t mac[6]);
    int (*set_mtu)(struct wire *w, uint32_t mtu);
    int (*take)(struct wire *w, struct wire_rx *rx);
    int (*set_plug)(struct wire *w, bool plugged);
    int (*put)(struct wire *w, const void *frame, size_t length, const struct wire_offload *offload);
};

struct wire {
    const struct wire_ops *ops;
    struct wire_info info;
    struct wire_stats stats;
    struct wire_link link;
    struct wire_options options;
    char name[108]; /* info.name */
    int epoll;      /* holds the descriptors; -1: there are none */
    int watched[4]; /* those */
    unsigned watched_count;
    int out;               /* the descriptor that is written to; -1: none */
    bool deaf;             /* wire_listen(): epoll does not tell of frames */
    bool waits;            /* epoll tells when out is writable */
    void (*ready)(void *); /* a loop's */
    void *ready_arg;
    void (*heard)(void *, const struct wire_rx *, unsigned); /* wire_on_receive() */
    void *heard_arg;
};

extern const struct wire_ops wire_tap, wire_afpacket, wire_pcap, wire_hop, wire_loop;

/* Let wire_fd() tell when fd is readable. 0 or -errno. */
int wire_watch(struct wire *w, int fd);
void wire_unwatch(struct wire *w, int fd);
/* Of several descriptors that are written to, the one that has no room: it is this that is waited for. */
void wire_sends_by(struct wire *w, int fd);

/* Is there such an option? *value: its text, NULL for one without =. It counts as known from then on. */
bool wire_option(struct wire_spec *spec, const char *name, const char **value);
/* The same for a number from..to. 0; -EINVAL with a sentence: it is none. Without the option *out stays as it is. */
int wire_option_number(struct wire_spec *spec, const char *name, uint64_t from, uint64_t to, uint64_t *out,
                       char text[200]);
int wire_option_mac(struct wire_spec *spec, const char *name, uint8_t out[6], char text[200]);
const char *wire_argument(const struct wire_spec *spec); /* what follows the colon; "" */

/* Gives back what options.alloc gave, if that was host memory. */
void wire_memory_free(struct wire *w, void *p);

/* Writes the sentence and returns err. */
int __attribute__((format(printf, 3, 4))) wire_fail(char text[200], int err, const char *format, ...);

/*
 * A frame that came: right in length and words? If not it is counted, and false. head: at least the first 256 bytes or
 * all of the frame.
 */
bool wire_frame_ok(struct wire *w, struct wire_offload *o, const uint8_t *head, size_t have, size_t length);

#endif
