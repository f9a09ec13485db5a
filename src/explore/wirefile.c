/* SPDX-License-Identifier: MIT */
/*
 * explore/wirefile.c - captures around a run: the one a scenario plays, the one a finding gets.
 *
 * Model: the supervisor reads what is played before it forks, and from then on the scenario names it as it will
 * lie beside scenario.yaml in every folder we write (LAB_WIRE_FILE), with its sha256: so a finding replays from its
 * folder alone, and never with another capture. What was on the wire is recorded in detail mode only, into the mapping
 * that worker and supervisor share, so the search pays nothing for it.
 */
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "explore/findings.h"
#include "host/host.h"
#include "ndis/ends/ends.h"

#define PLAYED_BYTES_MAX (64u << 20) /* each finding has a copy */
#define PLAYED_MAX       65536u
#define RECORDS_MAX      65536u
#define RECORD_BYTES_MAX 262144u

static int
set_text(char **text, const char *value)
{
    char *copy = strdup(value);

    if (copy == NULL)
        return LAB_OURS;
    free(*text);
    *text = copy;
    return LAB_OK;
}

int
lab_wire_read(const char *scenario_path, const struct lab_subjects *s, struct scenario *scn, struct wire_capture **out,
              char text[256])
{
    const char *slash = strrchr(scenario_path, '/');
    struct scn_stack *stack = &scn->stack;
    char path[1200], why[200], hash[65];
    uint8_t sha[32];

    *out = NULL;
    if (stack->wire == NULL)
        return LAB_OK;
    for (unsigned i = 0; i < s->count; i++)
        if (s->driver[i].kind == INF_MINIPORT) {
            snprintf(text, 256, "%.150s: a miniport under test is its own wire: no capture can be played to it",
                     scenario_path);
            return LAB_INPUT;
        }
    snprintf(path, sizeof(path), "%.*s%s", slash && stack->wire[0] != '/' ? (int)(slash - scenario_path + 1) : 0,
             scenario_path, stack->wire);
    if (wire_capture_read(path, PLAYED_BYTES_MAX, out, why)) {
        snprintf(text, 256, "%.100s: %.150s", path, why);
        return LAB_INPUT;
    }
    if ((*out)->count > PLAYED_MAX) {
        snprintf(text, 256, "%.150s: the capture has more than %u frames", path, PLAYED_MAX);
        wire_capture_free(*out);
        *out = NULL;
        return LAB_INPUT;
    }
    SHA256((*out)->file, (*out)->file_length, sha);
    hex_of(sha, 32, hash);
    if (stack->wire_sha256 && strcasecmp(stack->wire_sha256, hash) != 0) {
        snprintf(text, 256, "%.150s: this is another capture than the scenario was made with (sha256 differs)", path);
        wire_capture_free(*out);
        *out = NULL;
        return LAB_INPUT;
    }
    if (set_text(&stack->wire, LAB_WIRE_FILE) || set_text(&stack->wire_sha256, hash)) {
        snprintf(text, 256, "out of memory");
        wire_capture_free(*out);
        *out = NULL;
        return LAB_OURS;
    }
    return LAB_OK;
}

static uint8_t *
room(void *context, bool sent, size_t length)
{
    struct detail *d = context;
    uint8_t *bytes;

    (void)sent; /* pcap has no place for it */
    if (d->wire_count == RECORDS_MAX || length > RECORD_BYTES_MAX || (bytes = detail_alloc(d, length)) == NULL) {
        d->wire_lost++;
        return NULL;
    }
    d->wire[d->wire_count++] =
        (struct wire_record){ machine->boot_time_100ns + machine->now_100ns, bytes, (uint32_t)length };
    return bytes;
}

void
wire_record_begin(struct detail *d)
{
    d->wire = detail_alloc(d, sizeof(*d->wire) * RECORDS_MAX);
    if (d->wire != NULL)
        ends_wire_tap(room, d);
}

void
wire_files_write(const char *folder, const struct wire_capture *played, const struct detail *d)
{
    char path[700];

    snprintf(path, sizeof(path), "%s/%s", folder, LAB_WIRE_FILE);
    if (played != NULL)
        host_write_file(path, played->file, played->file_length);
    else if (d != NULL)
        unlink(path); /* of an earlier finding in this folder */
    if (d == NULL)
        return;
    snprintf(path, sizeof(path), "%s/wire.pcap", folder);
    if (d->wire_count > 0)
        wire_records_write(path, d->wire, d->wire_count);
    else
        unlink(path);
    if (d->wire_lost > 0)
        fprintf(stderr, "undis: wire.pcap lacks %u frames that did not fit\n", d->wire_lost);
}
