/* SPDX-License-Identifier: MIT */
/*
 * fuzz/record_fuzz.c - no file may crash the reader of records, nor what makes scenarios of them; what it refuses it
 * gives a reason for, and what it makes is a scenario.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explore/recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct recording r;
    static struct follow_list follow;
    static struct lab_subjects subjects;
    struct wire_record frame[8];
    char text[256] = "";
    uint32_t frames;

    lab_register_exports();
    if (recording_parse((const char *)data, size, &r, text) != 0) {
        if (text[0] == '\0')
            abort();
        return 0;
    }
    snprintf(subjects.driver[0].service, sizeof(subjects.driver[0].service), "npf");
    for (unsigned n = 1; n <= 8; n *= 2) {
        const struct recording_part part = { n, n, "frames.pcap" };
        char *yaml = recording_scenario(&r, &subjects, &part, &follow, frame, 8, &frames);

        if (yaml != NULL && (strstr(yaml, "actors:\n") == NULL || frames > 8 || follow.count > FOLLOW_STEPS_MAX))
            abort();
        for (uint32_t i = 0; i < follow.count; i++)
            if (follow.step[i].who < FOLLOW_TIME && follow.step[i].who >= follow.names)
                abort();
        free(yaml);
    }
    recording_free(&r);
    return 0;
}
