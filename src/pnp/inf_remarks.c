/* SPDX-License-Identifier: MIT */
/*
 * pnp/inf_remarks.c - what the checks of an INF have to say, gathered (see inf_check.h).
 *
 * Model: a remark is said once for a line; a file gets a bounded number of them.
 * Start reading at: inf_remark().
 */
#include "pnp/inf_check.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/fmt.h"
#include "base/str.h"

enum { REMARKS_MAX = 2000 };

void
inf_remark(struct inf_remarks *to, enum inf_severity severity, unsigned line, const char *advice, const char *format,
           ...)
{
    struct inf_remark remark = { .severity = severity, .line = line };
    va_list args;

    if (to->count == REMARKS_MAX)
        return;
    va_start(args, format);
    fmt_v(remark.text, sizeof(remark.text), format, args);
    va_end(args);
    str_copy(remark.advice, sizeof(remark.advice), advice ? advice : "");
    for (unsigned i = 0; i < to->count; i++)
        if (to->remark[i].line == line && str_eq(to->remark[i].text, remark.text))
            return;
    if (to->count == to->room) {
        unsigned room = to->room ? to->room * 2 : 32;
        struct inf_remark *bigger = realloc(to->remark, room * sizeof(*bigger));

        if (bigger == NULL) {
            to->out_of_memory = true;
            return;
        }
        to->remark = bigger;
        to->room = room;
    }
    to->remark[to->count++] = remark;
}

bool
inf_remarks_error_at(const struct inf_remarks *remarks, unsigned line)
{
    for (unsigned i = 0; i < remarks->count; i++)
        if (remarks->remark[i].line == line && remarks->remark[i].severity == INF_ERROR)
            return true;
    return false;
}

void
inf_remarks_sort(struct inf_remarks *r)
{
    /* insertion, as it keeps the order of equals */
    for (unsigned i = 1; i < r->count; i++) {
        struct inf_remark moved = r->remark[i];
        unsigned j = i;

        for (; j > 0 && r->remark[j - 1].line > moved.line; j--)
            r->remark[j] = r->remark[j - 1];
        r->remark[j] = moved;
    }
}

unsigned
inf_remarks_count(const struct inf_remarks *remarks, enum inf_severity severity)
{
    unsigned count = 0;

    for (unsigned i = 0; i < remarks->count; i++)
        count += remarks->remark[i].severity == severity;
    return count;
}

void
inf_remarks_fini(struct inf_remarks *remarks)
{
    free(remarks->remark);
    *remarks = (struct inf_remarks){ 0 };
}

const char *
inf_severity_name(enum inf_severity severity)
{
    static const char *const names[] = { "note", "warning", "error" };

    return names[severity];
}
