/* SPDX-License-Identifier: MIT */
/*
 * unit/crash/sample.h - the bug of the first report, made by hand: a filter's write handler sends after FilterPause.
 *
 * Driver "npf" lies at the first image slot. NPF_Write calls NdisFSendNetBufferLists, which faults on a filter module
 * that another thread has detached meanwhile.
 */
#ifndef UNIT_CRASH_SAMPLE_H
#define UNIT_CRASH_SAMPLE_H

#include "unit/crash/fakes.h"

#include "base/str.h"
#include "crash/finding.h"
#include "ndis/ndis.h"

#define SAMPLE_NPF    LAYOUT_IMAGE_BASE
#define SAMPLE_MODULE 0x7e9040001000ull /* the filter module: a heap block */
#define SAMPLE_NBL    0x7e9040002000ull
#define SAMPLE_RET    (SAMPLE_NPF + 0x1040) /* NPF_Write+0x40: where the send returns to */

static const uint8_t sample_code[0x100] = {
    /* 0x3a: call [rip+0x10] (the import of NdisFSendNetBufferLists); 0x40: mov ebp,[rsp+78h] */
    [0x3a] = 0xff, 0x15, 0x10, 0x00, 0x00, 0x00, [0x40] = 0x8b, 0x6c, 0x24, 0x78,
};

static struct {
    struct finding_input in;
    struct finding_frame frames[4];
    struct finding_module modules[3];
    struct finding_fiber fibers[2];
    struct finding_object objects[2];
    struct event events[16];
    struct violation violations[1];
    struct trap trap;
    uint8_t code[0x100];
    uint8_t stack[0x1000];
    struct finding_range ranges[2];
    struct finding_choice choices[1];
    struct verify_rule rule;
} sample;

static inline void
sample_frame(unsigned i, uint64_t ip, uint64_t ret, bool pseudo, const char *module, const char *function,
             uint32_t offset)
{
    struct finding_frame *f = &sample.frames[i];

    f->f.child_sp = 0x7e9090005000ull + 0x100 * i;
    f->f.ip = ip;
    f->f.ret_addr = ret;
    f->f.pseudo = pseudo;
    for (unsigned k = 0; k < 4; k++)
        f->f.args[k] = 0x10 * i + k;
    str_copy(f->module, sizeof(f->module), module);
    str_copy(f->function, sizeof(f->function), function);
    f->offset = offset;
}

static inline void
sample_event(uint16_t kind, uint32_t fiber, uint64_t object, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
    struct finding_input *in = &sample.in;

    sample.events[in->event_count] = (struct event){
        .kind = kind,
        .fiber = fiber,
        .step = in->event_count,
        .object = object,
        .vp = (uint8_t)(fiber - 1),
        .a = { a0, a1, a2, a3 },
    };
    in->event_count++;
}

static inline struct finding_input *
sample_build(void)
{
    static const char *const lines[] = { "npf: write of 60 bytes", "npf: paused" };
    struct finding_input *in = &sample.in;
    struct finding_frame *npf = &sample.frames[1];
    uint64_t slot = FAKE_NDIS + LAYOUT_SLOT_FIRST;

    memset(&sample, 0, sizeof(sample));
    in->kind = FINDING_BUGCHECK;
    in->code = 0x3b;
    in->p[0] = 0xc0000005;
    in->p[1] = slot + LAYOUT_SLOT_FAULT;
    in->p[2] = 0x7e9090004000ull;

    sample_frame(0, slot + LAYOUT_SLOT_FAULT, SAMPLE_RET, true, "ndis", "NdisFSendNetBufferLists", 0xc0);
    sample_frame(1, SAMPLE_RET, 0x7e9000003180ull, false, "npf", "NPF_Write", 0x40);
    sample_frame(2, 0x7e9000003180ull, 0x7ff6a0001234ull, true, "nt", "NtWriteFile", 0x80);
    sample_frame(3, 0x7ff6a0001234ull, 0, false, "", "", 0);
    sample.frames[0].f.args[0] = SAMPLE_MODULE;
    str_copy(npf->file, sizeof(npf->file), "/src/npf/write.c");
    npf->line = 90;
    str_copy(npf->call_file, sizeof(npf->call_file), "/src/npf/write.c");
    npf->call_line = 88;
    in->frames = sample.frames;
    in->frame_count = 4;

    str_copy(sample.modules[0].name, 64, "nt");
    str_copy(sample.modules[0].file, 64, "ntoskrnl.exe");
    sample.modules[0].base = LAYOUT_PSEUDO_BASE;
    sample.modules[0].size = LAYOUT_PSEUDO_SIZE;
    sample.modules[0].pseudo = true;
    sample.modules[1] = sample.modules[0];
    str_copy(sample.modules[1].name, 64, "ndis");
    str_copy(sample.modules[1].file, 64, "ndis.sys");
    sample.modules[1].base = FAKE_NDIS;
    str_copy(sample.modules[2].name, 64, "npf");
    str_copy(sample.modules[2].file, 64, "npf.sys");
    str_copy(sample.modules[2].path, 256, "/drv/npf.sys");
    sample.modules[2].base = SAMPLE_NPF;
    sample.modules[2].size = 0x3000;
    sample.modules[2].timestamp = 0x5f000001;
    in->modules = sample.modules;
    in->module_count = 3;

    sample.fibers[0] = (struct finding_fiber){ .id = 1,
                                               .name = "prog1.exe",
                                               .kind = FIBER_USER,
                                               .state = FIBER_READY,
                                               .stack_limit = 0x7e9090004000ull,
                                               .stack_base = 0x7e9090005000ull };
    sample.fibers[1] = (struct finding_fiber){ .id = 2,
                                               .name = "pnp",
                                               .kind = FIBER_SYSTEM,
                                               .state = FIBER_READY,
                                               .vp = 1,
                                               .stack_limit = 0x7e9090014000ull,
                                               .stack_base = 0x7e909001a000ull };
    in->fibers = sample.fibers;
    in->fiber_count = 2;
    in->fiber = 1;
    in->process = "prog1.exe";

    sample.objects[0].block = (struct heap_block){ .address = SAMPLE_MODULE,
                                                   .size = 0x200,
                                                   .tag = 0x6d46644e,
                                                   .fiber = 2,
                                                   .freed = true,
                                                   .free_fiber = 2,
                                                   .what = "filter module npf" };
    sample.objects[1].block = (struct heap_block){
        .address = SAMPLE_NBL, .size = 0x180, .tag = 0x3146504e, .fiber = 1, .site = SAMPLE_NPF + 0x1020
    };
    in->objects = sample.objects;
    in->object_count = 2;

    sample_event(EV_SWITCH, 1, 1, 0, 1, 0, 0);
    sample_event(EV_DDI_ENTER, 1, 0, 3, 0, 0, 0);
    sample_event(EV_SWITCH, 2, 2, 1, 2, 1, 0);
    sample_event(EV_FILTER_STATE, 2, SAMPLE_MODULE, NDIS_STATE_RUNNING, NDIS_STATE_PAUSING, 0, 0);
    sample_event(EV_FILTER_STATE, 2, SAMPLE_MODULE, NDIS_STATE_PAUSING, NDIS_STATE_PAUSED, 0, 0);
    sample_event(EV_SWITCH, 1, 1, 2, 1, 1, 0);
    sample_event(EV_DDI_ENTER, 1, SAMPLE_MODULE, 0, SAMPLE_MODULE, 0, 0);
    sample_event(EV_STATE_MISUSE, 1, SAMPLE_MODULE, NDIS_MISUSE_SEND_WHILE_PAUSED, NDIS_LAYER_FILTER, SAMPLE_MODULE,
                 NDIS_STATE_PAUSED);
    sample_event(EV_EXCEPTION, 1, 0xdeadf4eedeadf4eeull, 0xc0000005, 0xdeadf4eedeadf4eeull, 0, 0);
    in->events = sample.events;

    sample.rule = (struct verify_rule){
        .id = "NdisFilterSendWhilePaused",
        .bugcheck = { 0xc4, 0x756e0001 },
        .severity = RULE_NOTED,
        .summary = "a filter module sends NBLs of its own only while Running",
        .why = "the layers below are gone",
        .fix = "refuse new sends under the lock",
        .source = "documented: FilterPause",
        .ddi = "NdisFSendNetBufferLists",
    };
    sample.violations[0].rule = &sample.rule;
    sample.violations[0].ev = sample.events[7];
    str_copy(sample.violations[0].text, 200, "filter module npf sends an NBL of its own while Paused");
    in->violations = sample.violations;
    in->violation_count = 1;
    in->debug_lines = lines;
    in->debug_line_count = 2;

    sample.trap.rip = slot + LAYOUT_SLOT_FAULT;
    sample.trap.gpr[1] = SAMPLE_MODULE;
    sample.trap.gpr[0] = 0xdeadf4eedeadf4eeull;
    sample.trap.rflags = 0x10246;
    sample.trap.vector = 13;
    sample.trap.address = UINT64_MAX;
    sample.trap.in_host = true;
    in->trap = &sample.trap;
    in->trap_address = in->p[2];

    memcpy(sample.code, sample_code, sizeof(sample_code));
    sample.ranges[0] = (struct finding_range){ SAMPLE_NPF + 0x1000, sizeof(sample.code), sample.code, 5 };
    sample.ranges[1] = (struct finding_range){ 0x7e9090004000ull, sizeof(sample.stack), sample.stack, 3 };
    in->ranges = sample.ranges;
    in->range_count = 2;

    sample.choices[0] =
        (struct finding_choice){ .kind = CHOICE_SCHED, .fiber = "prog1.exe", .point = 5, .n = 2, .value = 1 };
    in->choices = sample.choices;
    in->choice_count = 1;
    in->preemptions = 1;
    in->preemptions_minimal = true;
    in->runs = 4;
    in->step = 8;
    in->trace_text = "# trace\n";
    in->replay = "undis replay findings/01";
    in->scenario = "write-while-disabled";
    in->vps = 2;
    in->time_100ns = 132223104000000000ull; /* 2020-01-01 */
    in->undis_version = "0.1.0";
    in->undis_commit = "abc";
    in->os_profile = "10.0.19041";
    in->os_build = 19041;
    return in;
}

#endif
