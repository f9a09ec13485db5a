/* SPDX-License-Identifier: MIT */
/*
 * crash/analyze.c - analysis.txt: the report of `!analyze -v`, in its fields and their order.
 *
 * Model: the order is that of a 2016 debugger. Values are those of our machine and true; a field that means nothing
 * here is left out, and the end of the report says which and why. Below the followup line comes what a debugger
 * cannot say (explain.c). Start reading at: finding_analysis().
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "crash/bucket.h"
#include "crash/bugcheck.h"
#include "crash/disasm.h"
#include "crash/finding.h"
#include "crash/hash.h"
#include "crash/report.h"
#include "crash/story.h"
#include "crash/text.h"

#define STARS "*******************************************************************************"

static const char *
known(const char *s)
{
    return s != NULL ? s : "unknown";
}

static void
title(struct text *t)
{
    text_add(t, "%s\n*%77s*\n*%24s%-53s*\n*%77s*\n%s\n\n", STARS, "", "", "Bugcheck Analysis", "", STARS);
}

static void
headline(struct text *t, const struct finding_input *in, const struct finding_verdict *v)
{
    static const char *const without[][2] = {
        { "", "" },
        { "", "" },
        { "NO_PROGRESS", "Nobody can run, and somebody is not done." },
        { "LIVELOCK", "The same state came again at the same loop, and nobody else can change it." },
        { "CHECK_FAILED", "A check of the scenario failed." },
        { "ESCAPE", "The driver left the machine it runs in." },
        { "DATA_RACE", "Two processors change the same memory at once, and nothing orders them." },
    };
    struct bugcheck_text words;

    if (in->code == 0) {
        text_add(t, "%s\n%s\nArguments: none, as no stop code of Windows fits.\n", without[in->kind][0],
                 without[in->kind][1]);
        if (in->check_text != NULL)
            text_add(t, "%s\n", in->check_text);
        return;
    }
    words = bugcheck_text(in->code, in->p[0]);
    text_add(t, "%s (%x)\n%s\n", words.name, in->code, words.meaning);
    if (in->kind == FINDING_VIOLATION)
        text_put(t, "The machine did not stop: this is the stop a verifier of the rule would have made.\n");
    text_put(t, "Arguments:\n");
    for (unsigned i = 0; i < 4; i++) {
        const char *meaning = words.arg[i];

        if (i == 0 && v->violation != NULL && v->violation->rule->bugcheck.code == in->code &&
            v->violation->rule->bugcheck.p1 == in->p[0])
            text_add(t, "Arg1: %016" PRIx64 ", %s (rule %s)\n", in->p[0], v->violation->rule->summary,
                     v->violation->rule->id);
        else
            text_add(t, "Arg%u: %016" PRIx64 ", %s\n", i + 1, in->p[i], meaning);
    }
}

static bool
carries_exception(uint32_t code)
{
    return code == 0x3b || code == 0x7e || code == 0x1e;
}

static bool
carries_address(uint32_t code)
{
    return code == 0xd1 || code == 0x0a || code == 0x50 || code == 0xce || code == 0xd5 || code == 0xd6;
}

static void
data_address(struct text *t, const struct finding_input *in)
{
    const struct heap_block *b;
    char what[80];

    if (!carries_address(in->code) || in->trap == NULL)
        return;
    b = finding_object_at(in, in->p[0]);
    text_add(t, "%s_ADDRESS:  %016" PRIx64, in->trap->error_code & 2 ? "WRITE" : "READ", in->p[0]);
    if (b != NULL) {
        story_object_name(in, in->p[0], what, sizeof(what));
        text_add(t, " %s%s", b->freed ? "freed: " : "", what);
    }
    text_put(t, "\n\n");
}

static void
exception(struct text *t, const struct finding_input *in)
{
    const char *words;

    if (carries_exception(in->code) || in->code == 0x139) {
        uint32_t status = in->code == 0x139 ? TRAP_FAST_FAIL : (uint32_t)in->p[0];

        words = exception_text(status);
        text_add(t, "EXCEPTION_CODE: (NTSTATUS) 0x%08x - %s\n\n", (unsigned)status,
                 words != NULL ? words : "no words for this status");
    }
    if (in->trap == NULL)
        return;
    if (in->frame_count > 0) {
        char symbol[224];

        frame_symbol(&in->frames[0], "", symbol, sizeof(symbol));
        text_add(t, "FAULTING_IP: \n%s\n", symbol);
        if (in->trap->in_host)
            text_add(t, TICK_FMT " (inside undis' own code of this function: no instruction of a driver)",
                     TICK(in->trap->rip));
        else
            disasm_line(t, in, in->trap->rip, NULL);
        text_put(t, "\n\n");
    }
    if (in->trap_address == 0)
        text_add(t, "%s:  (kept by undis, not in machine memory)\n",
                 carries_exception(in->code) ? "CONTEXT" : "TRAP_FRAME");
    else
        text_add(t,
                 carries_exception(in->code) ? "CONTEXT:  %016" PRIx64 " -- (.cxr 0x%" PRIx64 ")\n"
                                             : "TRAP_FRAME:  %016" PRIx64 " -- (.trap 0x%" PRIx64 ")\n",
                 in->trap_address, in->trap_address);
    registers_block(t, in, in->trap);
    text_put(t, "Resetting default scope\n\n");
}

static void
stack_fields(struct text *t, const struct finding_input *in)
{
    char hash[41];

    if (in->frame_count == 0)
        return;
    text_add(t, "LAST_CONTROL_TRANSFER:  from %016" PRIx64 " to %016" PRIx64 "\n\n", in->frames[0].f.ret_addr,
             in->frames[0].f.ip);
    text_put(t, "STACK_TEXT:  \n");
    report_stack(t, in->frames, in->frame_count);
    text_put(t, "\n\n");
    thread_hash(in->frames, in->frame_count, THREAD_HASH_MOD_FUNC, hash);
    text_add(t, "THREAD_SHA1_HASH_MOD_FUNC:  %s\n\n", hash);
    thread_hash(in->frames, in->frame_count, THREAD_HASH_MOD_FUNC_OFFSET, hash);
    text_add(t, "THREAD_SHA1_HASH_MOD_FUNC_OFFSET:  %s\n\n", hash);
    thread_hash(in->frames, in->frame_count, THREAD_HASH_MOD, hash);
    text_add(t, "THREAD_SHA1_HASH_MOD:  %s\n\n", hash);
}

/* The line a debugger prints is where the call returns to; the call itself is the line of the byte before. */
static void
call_line_note(struct text *t, const struct finding_frame *f, bool marked)
{
    if (f->tail_call) {
        text_put(t, "CALL_SOURCE_LINE:  unknown. This frame's callee left by a tail call: the function called here is "
                    "not the one above, and the line is that of its caller.\n\n");
        return;
    }
    if (f->call_line == 0 || (f->call_line == f->line && str_eq(f->call_file, f->file)))
        return;
    text_add(t, "CALL_SOURCE_LINE:  %s @ %u (the call itself%s; the line above is where it returns to)\n\n",
             f->call_file, f->call_line, marked ? ", marked *" : "");
}

static void
followup_fields(struct text *t, const struct finding_input *in, const struct finding_verdict *v)
{
    const struct finding_frame *f = v->blamed >= 0 ? &in->frames[v->blamed] : in->culprit;
    uint32_t instruction;
    bool shown;

    if (f == NULL)
        return;
    text_add(t, "FOLLOWUP_IP: \n%s", v->symbol);
    if (f->line != 0)
        text_add(t, " [%s @ %u]", f->file, f->line);
    text_put(t, "\n");
    if (!f->f.pseudo) {
        disasm_line(t, in, f->f.ip, NULL);
        text_put(t, "\n");
    }
    text_put(t, "\n");
    if (!f->f.pseudo && finding_read(in, f->f.ip, &instruction, sizeof(instruction)))
        text_add(t, "FAULT_INSTR_CODE:  %x\n\n", instruction);
    if (f->line != 0) {
        text_add(t, "FAULTING_SOURCE_LINE:  %s\n\nFAULTING_SOURCE_FILE:  %s\n\nFAULTING_SOURCE_LINE_NUMBER:  %u\n\n",
                 f->file, f->file, f->line);
        text_put(t, "FAULTING_SOURCE_CODE:  \n");
        shown = report_source(t, in, f->file, f->line, str_eq(f->file, f->call_file) ? f->call_line : 0);
        if (!shown)
            text_put(t, "No source found for this file (use --src FROM=TO)\n");
        text_put(t, "\n\n");
        call_line_note(t, f, shown && str_eq(f->file, f->call_file));
    }
    if (v->blamed >= 0)
        text_add(t, "SYMBOL_STACK_INDEX:  %x\n\n", v->blamed);
}

static void
blame_fields(struct text *t, const struct finding_input *in, const struct finding_verdict *v)
{
    const struct finding_module *m = NULL;
    const struct finding_frame *f = v->blamed >= 0 ? &in->frames[v->blamed] : in->culprit;

    for (unsigned i = 0; i < in->module_count && m == NULL; i++)
        if (v->module[0] != 0 && str_eq(in->modules[i].name, v->module))
            m = &in->modules[i];
    if (v->symbol[0] != 0)
        text_add(t, "SYMBOL_NAME:  %s\n\n", v->symbol);
    text_put(t, "FOLLOWUP_NAME:  MachineOwner\n\n");
    if (m != NULL) {
        text_add(t, "MODULE_NAME: %s\n\nIMAGE_NAME:  %s\n\nDEBUG_FLR_IMAGE_TIMESTAMP:  %x\n\n", m->name, m->file,
                 m->timestamp);
        if (m->version[0] != 0)
            text_add(t, "IMAGE_VERSION:  %s\n\n", m->version);
    }
    if (in->trap != NULL && in->trap_address != 0)
        text_add(t, "STACK_COMMAND:  .%s 0x%" PRIx64 " ; kb\n\n", carries_exception(in->code) ? "cxr" : "trap",
                 in->trap_address);
    else
        text_put(t, "STACK_COMMAND:  .thread ; kb\n\n");
    if (f != NULL && f->function[0] != 0)
        text_add(t, "BUCKET_ID_FUNC_OFFSET:  %x\n\n", f->offset);
    text_add(t, "FAILURE_BUCKET_ID:  %s\n\nBUCKET_ID:  %s\n\nPRIMARY_PROBLEM_CLASS:  %s\n\n", v->bucket, v->bucket,
             v->bucket);
}

static void
target_time(struct text *t, uint64_t time_100ns)
{
    /* 1601 to 1970 in seconds */
    time_t seconds = (time_t)(time_100ns / 10000000) - (time_t)11644473600;
    struct tm tm = { 0 };
    char date[32] = "";

    if (gmtime_r(&seconds, &tm) == NULL || strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
        return;
    text_add(t, "TARGET_TIME:  %s.%03uZ\n\n", date, (unsigned)(time_100ns / 10000 % 1000));
}

static void
machine_fields(struct text *t, const struct finding_input *in)
{
    target_time(t, in->time_100ns);
    text_add(t, "OSBUILD:  %u\n\nOSSERVICEPACK:  0\n\nSERVICEPACK_NUMBER: 0\n\nOS_REVISION: 0\n\n", in->os_build);
    text_put(t, "SUITE_MASK:  272\n\nPRODUCT_TYPE:  1\n\nOSPLATFORM_TYPE:  x64\n\n");
    text_add(t, "OSNAME:  undis (as Windows %s)\n\n", known(in->os_profile));
    text_add(t, "BUILDLAB_STR:  undis\n\nBUILDOSVER_STR:  %s.amd64fre.undis.%s.%s\n\n", known(in->os_profile),
             known(in->undis_version), known(in->undis_commit));
}

static void
left_out(struct text *t, const struct finding_input *in)
{
    text_put(t, "Fields left out\n---------------\n");
    text_wrap(
        t, "  ", 118,
        "CPU_MHZ, CPU_VENDOR, CPU_FAMILY, CPU_MODEL, CPU_STEPPING, CPU_MICROCODE: time is virtual and the "
        "processor is no part of the machine.\n"
        "BIOS_*, BASEBOARD_*, SYSTEM_SKU, SYSTEM_VERSION: there is no firmware.\n"
        "ANALYSIS_SESSION_HOST, ANALYSIS_SESSION_TIME, ANALYSIS_SESSION_ELAPSED_TIME: two analyses of one finding "
        "are equal to the byte.\n"
        "OSEDITION, OS_LOCALE, USER_LCID, OSBUILD_TIMESTAMP, BUILDDATESTAMP_STR, FAILURE_ID_REPORT_LINK: they "
        "mean nothing here.\n");
    if (in->trap == NULL)
        text_wrap(t, "  ", 118, "FAULTING_IP, CONTEXT, TRAP_FRAME: nothing faulted; a check stopped the machine.\n");
}

char *
finding_analysis(const struct finding_input *in)
{
    struct finding_verdict v;
    struct text t = { 0 };

    finding_conclude(in, &v);
    title(&t);
    headline(&t, in, &v);
    text_put(&t, "\nDebugging Details:\n------------------\n\n\n");
    for (unsigned i = 0; i < in->module_count; i++) {
        const struct finding_module *m = &in->modules[i];
        bool named = false, met = false;

        for (unsigned k = 0; k < in->frame_count; k++) {
            met |= str_eq(in->frames[k].module, m->name);
            named |= str_eq(in->frames[k].module, m->name) && in->frames[k].function[0] != 0;
        }
        if (met && !named)
            text_add(&t, "*** WARNING: no symbols for %s (build it with debug information, or use --symbols)\n\n",
                     m->file);
    }
    text_put(&t, "DUMP_CLASS: 1\n\nDUMP_QUALIFIER: 402\n\n");
    text_add(&t, "BUILD_VERSION_STRING:  %s.amd64fre.undis.%s.%s\n\n", known(in->os_profile), known(in->undis_version),
             known(in->undis_commit));
    text_put(&t, "SYSTEM_MANUFACTURER:  undis\n\nSYSTEM_PRODUCT_NAME:  undis\n\nDUMP_TYPE:  0\n\n");
    if (in->code != 0)
        for (unsigned i = 0; i < 4; i++)
            text_add(&t, "BUGCHECK_P%u: %" PRIx64 "\n\n", i + 1, in->p[i]);
    data_address(&t, in);
    exception(&t, in);
    text_add(&t, "CPU_COUNT: %x\n\nCUSTOMER_CRASH_COUNT:  1\n\n", in->vps);
    text_add(&t, "DEFAULT_BUCKET_ID:  %s\n\n",
             in->code == 0xc4 || in->code == 0xc9 ? "VERIFIER_ENABLED_VISTA_MINIDUMP" : "WIN8_DRIVER_FAULT");
    text_add(&t, "BUGCHECK_STR:  %s\n\n", v.bugcheck_str);
    if (in->process != NULL)
        text_add(&t, "PROCESS_NAME:  %s\n\n", in->process);
    text_add(&t, "CURRENT_IRQL:  %x\n\n", in->irql);
    text_add(&t, "ANALYSIS_VERSION: undis %s (%s) amd64fre\n\n", known(in->undis_version), known(in->undis_commit));
    stack_fields(&t, in);
    followup_fields(&t, in, &v);
    blame_fields(&t, in, &v);
    machine_fields(&t, in);
    text_put(&t, "ANALYSIS_SOURCE:  KM\n\n");
    text_add(&t, "FAILURE_ID_HASH_STRING:  %s\n\nFAILURE_ID_HASH:  {%s}\n\n", v.hash_string, v.hash);
    text_put(&t, "Followup:     MachineOwner\n---------\n\n");
    report_explain(&t, in, &v);
    left_out(&t, in);
    return text_done(&t);
}
