/* SPDX-License-Identifier: MIT */
/*
 * crash/bucket.c - blame and bucket.
 *
 * Model: walk down from the failure, pass over what is never at fault (triage.def, and functions of the DDK's headers,
 * which are part of the driver's image and of nobody's work), blame the first frame left.
 * The bucket is a prefix that says how it ended and the blamed function without its offset, so that it survives a
 * rebuild. Forms as a Windows debugger prints them (observed in published reports):
 *
 *     0x3B_npf!NPF_Write   0x3B_npf+1ce7   0x3B_IMAGE_npf.sys   0xc4_NdisOidDoubleComplete_XDV_VRF_npf!NPF_Oid
 *
 * A hang has no stop code; its prefix is ours: HANG, LIVELOCK, CHECK, ESCAPE, DATA_RACE.
 */
#include "crash/bucket.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "crash/hash.h"
#include "crash/report.h"

static const struct {
    const char *pattern, *owner;
} triage[] = {
#define TRIAGE(pattern, owner) { pattern, owner },
#include "crash/triage.def"
#undef TRIAGE
};

static bool
name_matches(const char *pattern, size_t len, const char *name)
{
    if (len > 0 && pattern[len - 1] == '*')
        return str_icmp_n(pattern, name, len - 1) == 0;
    return strlen(name) == len && str_icmp_n(pattern, name, len) == 0;
}

bool
triage_skips(const char *module, const char *function, const char **owner)
{
    for (size_t i = 0; i < sizeof(triage) / sizeof(triage[0]); i++) {
        const char *bang = strchr(triage[i].pattern, '!');
        size_t len = (size_t)(bang - triage[i].pattern);

        if (name_matches(triage[i].pattern, len, module) && name_matches(bang + 1, strlen(bang + 1), function)) {
            *owner = triage[i].owner;
            return triage[i].owner == NULL;
        }
    }
    *owner = "MachineOwner";
    return false;
}

int
bucket_blame(const struct finding_frame *frames, unsigned count)
{
    const char *owner;

    for (unsigned i = 0; i < count; i++)
        if (frames[i].module[0] != 0 && !frames[i].ddk &&
            !triage_skips(frames[i].module, frames[i].function, &owner))
            return (int)i;
    return -1;
}

static char
access_letter(const struct finding_input *in)
{
    if (in->trap == NULL || in->trap->vector != 14)
        return 0;
    return in->trap->error_code & 0x10 ? 'X' : in->trap->error_code & 2 ? 'W' : 'R';
}

void
bucket_prefix(const struct finding_input *in, const struct violation *v, char *out, size_t room)
{
    char access = access_letter(in);

    switch (in->kind) {
    case FINDING_HANG:
    case FINDING_LIVELOCK:
    case FINDING_CHECK:
    case FINDING_ESCAPE:
    case FINDING_RACE:
        if (in->code == 0) {
            static const char *const names[] = { "", "", "HANG", "LIVELOCK", "CHECK", "ESCAPE", "DATA_RACE" };

            str_copy(out, room, names[in->kind]);
            return;
        }
        break;
    default:
        break;
    }
    if ((in->code == 0xc4 || in->code == 0xc9) && v != NULL && v->rule->bugcheck.code == in->code && in->p[0] > 0xfff)
        snprintf(out, room, "0x%x_%s_XDV", in->code, v->rule->id);
    else if (in->code == 0xc4 || in->code == 0xc9)
        snprintf(out, room, "0x%x_%llx", in->code, (unsigned long long)in->p[0]);
    else if (in->code == 0x1e && access != 0)
        snprintf(out, room, "0x1E_%08x_%c", (unsigned)in->p[0], access);
    else
        snprintf(out, room, "0x%X", in->code);
}

/* Which broken rule explains the failure: the one that stopped the machine, else the first. */
static const struct violation *
explaining_violation(const struct finding_input *in)
{
    for (unsigned i = in->violation_count; i-- > 0 && in->kind == FINDING_BUGCHECK;) {
        const struct violation *v = &in->violations[i];

        if (v->rule->severity == RULE_FATAL && v->rule->bugcheck.code == in->code && v->rule->bugcheck.p1 == in->p[0])
            return v;
    }
    return in->violation_count > 0 ? &in->violations[0] : NULL;
}

/*
 * A hang has no failing frame: blame the innermost driver frame of who closed a deadlock, else of the first fiber that
 * is stuck and has one.
 */
static const struct finding_frame *
hang_frame(const struct finding_input *in, const char **owner)
{
    const struct finding_fiber *closer = waits_closer(in);
    int at = closer ? bucket_blame(closer->frames, closer->frame_count) : -1;
    const struct finding_fiber *f = closer;

    for (unsigned i = 0; i < in->fiber_count && at < 0; i++) {
        f = &in->fibers[i];
        if (f->state == FIBER_BLOCKED && !f->daemon && f->block_kind != BLOCK_IDLE)
            at = bucket_blame(f->frames, f->frame_count);
    }
    if (at < 0)
        return NULL;
    triage_skips(f->frames[at].module, f->frames[at].function, owner);
    return &f->frames[at];
}

/* Characters that are not valid in a bucket become '_'. */
static void
bucket_clean(char *s)
{
    for (; *s; s++)
        if (strchr("<>/` ", *s) != NULL)
            *s = '_';
}

static const struct finding_module *
module_by_name(const struct finding_input *in, const char *name)
{
    for (unsigned i = 0; i < in->module_count; i++)
        if (str_ieq(in->modules[i].name, name))
            return &in->modules[i];
    return NULL;
}

/* The first module that is a driver: who is under test when no frame says more. */
static const struct finding_module *
first_driver_module(const struct finding_input *in)
{
    const char *owner;

    for (unsigned i = 0; i < in->module_count; i++)
        if (!in->modules[i].pseudo && !triage_skips(in->modules[i].name, "", &owner))
            return &in->modules[i];
    return NULL;
}

void
finding_conclude(const struct finding_input *in, struct finding_verdict *out)
{
    const struct finding_frame *f = NULL;
    const struct finding_module *m = NULL;
    const char *owner = "MachineOwner", *join;
    size_t at;

    memset(out, 0, sizeof(*out));
    out->violation = explaining_violation(in);
    bucket_prefix(in, out->violation, out->bugcheck_str, sizeof(out->bugcheck_str));
    out->blamed = bucket_blame(in->frames, in->frame_count);
    if (out->blamed >= 0)
        f = &in->frames[out->blamed];
    else if (in->kind == FINDING_HANG || in->kind == FINDING_LIVELOCK)
        f = hang_frame(in, &owner);
    if (f == NULL && in->culprit != NULL && in->culprit->module[0] != 0 &&
        !triage_skips(in->culprit->module, in->culprit->function, &owner))
        f = in->culprit;
    m = f != NULL ? module_by_name(in, f->module) : first_driver_module(in);
    if (f == NULL && m == NULL && in->frame_count > 0) {
        f = &in->frames[0];
        out->blamed = 0;
        m = module_by_name(in, f->module);
    }

    join = in->code == 0xc4 || in->code == 0xc9 ? "_VRF" : "";
    snprintf(out->bucket, sizeof(out->bucket), "%s%s", out->bugcheck_str, join);
    at = strlen(out->bucket);
    if (f != NULL && f->module[0] != 0 && f->function[0] != 0) {
        snprintf(out->bucket + at, sizeof(out->bucket) - at, "_%.63s!%.120s", f->module, f->function);
        snprintf(out->symbol, sizeof(out->symbol), f->offset ? "%s!%s+%x" : "%s!%s", f->module, f->function, f->offset);
    } else if (f != NULL && f->module[0] != 0) {
        /* A loop is met anywhere on its way round: its function is what stays. */
        snprintf(out->bucket + at, sizeof(out->bucket) - at, "_%s+%x", f->module,
                 in->kind == FINDING_LIVELOCK && f->begin != 0 ? f->begin : f->offset);
        snprintf(out->symbol, sizeof(out->symbol), "%s+%x", f->module, f->offset);
    } else if (m != NULL) {
        snprintf(out->bucket + at, sizeof(out->bucket) - at, "_IMAGE_%s", m->file);
    } else {
        snprintf(out->bucket + at, sizeof(out->bucket) - at, "_INVALID");
    }
    bucket_clean(out->bucket);
    if (m != NULL) {
        str_copy(out->module, sizeof(out->module), m->name);
        str_copy(out->image, sizeof(out->image), m->file);
    } else if (f != NULL) {
        str_copy(out->module, sizeof(out->module), f->module);
    }
    failure_hash_string(out->bucket, out->hash_string, sizeof(out->hash_string));
    failure_hash(out->hash_string, out->hash);
}

uint64_t
bucket_culprit(const struct finding_input *in)
{
    const struct violation *v = explaining_violation(in);
    const struct finding_module *m;

    if (v == NULL)
        return 0;
    if (v->ev.kind == EV_CALLBACK_LEAVE || v->ev.kind == EV_CALLBACK_ENTER || v->ev.kind == EV_IRQL_RETURN)
        return v->ev.a[0];
    if (v->ev.kind == EV_POOL_LEAK || v->ev.kind == EV_IRP_MISUSE)
        return v->ev.a[2];
    m = finding_module_at(in, v->ev.ip);
    return m != NULL && !m->pseudo ? v->ev.ip : 0;
}
