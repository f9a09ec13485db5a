/* SPDX-License-Identifier: MIT */
/*
 * pnp/inf_check.h - what is wrong with an INF file: for people who write one.
 *
 * Model: a list of remarks, by line. An error is what Windows (or undis) would not install, or would install so that
 * the driver is never bound or started; a warning is what the documentation asks for and Windows lets pass; a note is
 * what undis leaves out, by name.
 */
#ifndef PNP_INF_CHECK_H
#define PNP_INF_CHECK_H

#include "pnp/inf.h"

enum inf_severity { INF_NOTE, INF_WARNING, INF_ERROR };

struct inf_remark {
    enum inf_severity severity;
    unsigned line;    /* 0: about the file as a whole */
    char text[240];   /* one sentence without full stop */
    char advice[160]; /* what to do, likewise; "" when the text says it */
};

struct inf_remarks {
    struct inf_remark *remark; /* by line; of one line, in the order found */
    unsigned count, room;
    bool out_of_memory;
};

/* Check a file. 0, or -ENOMEM. The caller frees with inf_remarks_fini(), in both cases. */
int inf_check(const void *bytes, size_t len, struct inf_remarks *out);
void inf_remarks_fini(struct inf_remarks *remarks);
unsigned inf_remarks_count(const struct inf_remarks *remarks, enum inf_severity severity);
const char *inf_severity_name(enum inf_severity severity);

/* ------------------------------------------------------------------ between the files of the check */

/* Add a remark, unless the same stands there. advice may be NULL. */
void __attribute__((format(printf, 5, 6))) inf_remark(struct inf_remarks *to, enum inf_severity severity, unsigned line,
                                                      const char *advice, const char *format, ...);

bool inf_remarks_error_at(const struct inf_remarks *remarks, unsigned line);
void inf_remarks_sort(struct inf_remarks *remarks); /* by line */

/* inf_check_net.c: a network component as one install section describes it; line: of that section. */
void inf_check_network(const struct inf *inf, const struct inf_driver *driver, unsigned line, struct inf_remarks *to);

bool inf_is_guid(const char *text);

#endif
