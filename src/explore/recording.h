/* SPDX-License-Identifier: MIT */
/*
 * explore/recording.h - the record of a live machine, and what of it can be done again under exploration.
 *
 * Model: a text file, written by `undis run --record` beside a finding. From its end a scenario is made: the last
 * requests of each program's thread, the last commands of administrators, the last frames of each wire. Actors have the
 * names that fibers had; the calls that were made meanwhile, in their order, are the steps of a follow_list.
 */
#ifndef EXPLORE_RECORDING_H
#define EXPLORE_RECORDING_H

#include "explore/follow.h"
#include "explore/lab.h"
#include "wire/pcap.h"

#define RECORDING_LACKING_MAX 16u

/* A request, a command or a frame. */
struct recorded_input {
    uint64_t at, ended; /* 0: under way when the machine stopped */
    uint32_t who;
    char word[16];
    unsigned overlapped;
    uint32_t code, in, out;
    unsigned place; /* adapter; of a program's request: the program's place */
    uint64_t id, target, handle;
    int32_t status; /* when it ended */
    char text[64];
    uint8_t *bytes; /* of a frame; NULL */
};

struct recorded_call {
    uint64_t at;
    uint32_t who;
    int index; /* export; RECORDED_TIMER, RECORDED_OTHER */
};
enum { RECORDED_TIMER = -1, RECORDED_OTHER = -2 };

struct recorded_who {
    uint32_t birth;
    unsigned kind; /* enum fiber_kind */
    char name[40];
};

struct recording {
    char name[40], bucket[256], os[32]; /* of a release; "": win10 */
    unsigned vps;
    struct {
        char path[512], sha256[65];
    } driver[LAB_DRIVERS_MAX];
    unsigned driver_count;
    char adapter[16][80]; /* "loop", "tap", ..., "driver SERVICE" */
    unsigned adapter_count;
    bool hostif;
    char *parameter[64];
    unsigned parameter_count;
    char lacking[RECORDING_LACKING_MAX][160]; /* what cannot be done again, in words */
    unsigned lacking_count;
    struct recorded_who *who;
    struct recorded_input *input;
    struct recorded_call *call;
    unsigned who_count, input_count, call_count;
};

/* 0 and *out; -EINVAL or another negative errno with one sentence. Exports must be registered. */
int recording_read(const char *path, struct recording *out, char text[256]);
int recording_parse(const char *bytes, size_t len, struct recording *out, char text[256]);
void recording_free(struct recording *r);

/* How much of a record: so many of its sources, the nearest to what happened last, and so many inputs of each. */
struct recording_part {
    unsigned sources, each;
    const char *wire; /* name of the capture for frames that came in */
};

/*
 * The text of a scenario for undis test, over drivers by service name; the caller frees it. follow gets the order of
 * calls since its first input, frames what the capture is to have: borrowed from r, at most frame_max. What had to be
 * left out joins r->lacking. NULL: out of memory, or nothing happened that can be done again.
 */
char *recording_scenario(struct recording *r, const struct lab_subjects *s, const struct recording_part *part,
                         struct follow_list *follow, struct wire_record *frames, uint32_t frame_max,
                         uint32_t *frame_count);

#endif
