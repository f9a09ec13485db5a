/* SPDX-License-Identifier: MIT */
/* explore/recording.c - reading the file `record` of a live finding: see recording.h. */
#include "explore/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "host/host.h"

#define LINES_MAX 200000u /* of a kind */

/* Room for one more of *list, which doubles. */
static void *
one_more(void *list, unsigned *count, size_t size)
{
    void **at = list;

    if ((*count & (*count - 1)) == 0) {
        unsigned room = *count ? *count * 2 : 1;
        void *bigger = *count >= LINES_MAX ? NULL : realloc(*at, room * size);

        if (bigger == NULL)
            return NULL;
        *at = bigger;
    }
    return memset((char *)*at + (*count)++ * size, 0, size);
}

static uint8_t *
unhex(const char *text, uint32_t len)
{
    uint8_t *bytes = strlen(text) == 2 * (size_t)len ? malloc(len + 1) : NULL;

    for (uint32_t i = 0; bytes != NULL && i < len; i++) {
        unsigned value;

        if (sscanf(text + 2 * i, "%2x", &value) != 1) {
            free(bytes);
            return NULL;
        }
        bytes[i] = (uint8_t)value;
    }
    return bytes;
}

static int
input_line(struct recording *r, const char *line)
{
    struct recorded_input *in = one_more(&r->input, &r->input_count, sizeof(*in));
    unsigned long long at, ended, id, target, handle;
    unsigned status;
    int used = 0;

    if (in == NULL)
        return -ENOMEM;
    if (sscanf(line, "input %llu %llu %u %15s %u %x %u %u %u %llx %llx %llx %x %63s %n", &at, &ended, &in->who,
               in->word, &in->overlapped, &in->code, &in->in, &in->out, &in->place, &id, &target, &handle, &status,
               in->text, &used) != 14)
        return -EINVAL;
    in->at = at;
    in->ended = ended;
    in->id = id;
    in->target = target;
    in->handle = handle;
    in->status = (int32_t)status;
    if (!str_eq(in->word, "frame") && !str_eq(in->word, "host-frame"))
        return 0;
    in->bytes = in->in <= WIRE_FRAME_MAX ? unhex(line + used, in->in) : NULL;
    return in->bytes != NULL ? 0 : -EINVAL;
}

static int
call_line(struct recording *r, const char *line)
{
    struct recorded_call *c = one_more(&r->call, &r->call_count, sizeof(*c));
    unsigned long long at;
    char what[160], *bang;

    if (c == NULL)
        return -ENOMEM;
    if (sscanf(line, "call %llu %u %*u %159s", &at, &c->who, what) != 3)
        return -EINVAL;
    c->at = at;
    c->index = str_eq(what, "timer") ? RECORDED_TIMER : RECORDED_OTHER;
    bang = strchr(what, '!');
    if (bang != NULL) {
        *bang = '\0';
        c->index = ddi_lookup(what, bang + 1);
        if (c->index < 0)
            c->index = RECORDED_OTHER;
    }
    return 0;
}

static int
who_line(struct recording *r, const char *line)
{
    struct recorded_who *w = one_more(&r->who, &r->who_count, sizeof(*w));

    if (w == NULL)
        return -ENOMEM;
    return sscanf(line, "who %u %u %39s", &w->birth, &w->kind, w->name) == 3 ? 0 : -EINVAL;
}

static int
header_line(struct recording *r, const char *line)
{
    char text[600];

    if (sscanf(line, "# driver: %511[^\n]", text) == 1) {
        if (r->driver_count == LAB_DRIVERS_MAX)
            return -E2BIG;
        str_copy(r->driver[r->driver_count++].path, sizeof(r->driver[0].path), text);
    } else if (sscanf(line, "# sha256: %64s", text) == 1 && r->driver_count > 0) {
        str_copy(r->driver[r->driver_count - 1].sha256, sizeof(r->driver[0].sha256), text);
    } else if (sscanf(line, "# adapter: %79[^\n]", text) == 1) {
        if (r->adapter_count < sizeof(r->adapter) / sizeof(r->adapter[0]))
            str_copy(r->adapter[r->adapter_count++], sizeof(r->adapter[0]), text);
    } else if (sscanf(line, "# parameter: %255[^\n]", text) == 1) {
        if (r->parameter_count < sizeof(r->parameter) / sizeof(r->parameter[0]))
            r->parameter[r->parameter_count++] = strdup(text);
    } else if (sscanf(line, "# lacking: %159[^\n]", text) == 1) {
        if (r->lacking_count < RECORDING_LACKING_MAX)
            str_copy(r->lacking[r->lacking_count++], sizeof(r->lacking[0]), text);
    } else if (str_starts(line, "# hostif: ")) {
        r->hostif = true;
    } else if (sscanf(line, "# name: %39s", r->name) != 1 && sscanf(line, "# bucket: %255s", r->bucket) != 1 &&
               sscanf(line, "# os: %31s", r->os) != 1) {
        sscanf(line, "# vps: %u", &r->vps);
    }
    return 0;
}

static int
one_line(struct recording *r, const char *line)
{
    if (line[0] == '#')
        return header_line(r, line);
    if (str_starts(line, "input "))
        return input_line(r, line);
    if (str_starts(line, "call "))
        return call_line(r, line);
    return str_starts(line, "who ") ? who_line(r, line) : -EINVAL;
}

int
recording_parse(const char *bytes, size_t len, struct recording *r, char text[256])
{
    static const char magic[] = "# undis record 1\n";
    unsigned number = 0;
    char line[4096];
    int err = 0;

    memset(r, 0, sizeof(*r));
    if (len < sizeof(magic) - 1 || memcmp(bytes, magic, sizeof(magic) - 1) != 0) {
        snprintf(text, 256, "not a record: its first line is not \"# undis record 1\"");
        return -EINVAL;
    }
    while (len > 0 && err == 0) {
        const char *nl = memchr(bytes, '\n', len);
        size_t n = nl ? (size_t)(nl - bytes) : len;

        number++;
        err = n < sizeof(line) ? 0 : -EINVAL;
        if (!err) {
            memcpy(line, bytes, n);
            line[n] = '\0';
            err = one_line(r, line);
        }
        bytes += n + (nl != NULL);
        len -= n + (nl != NULL);
    }
    if (!err && (r->driver_count == 0 || r->adapter_count == 0 || r->vps < 1 || r->vps > VP_MAX))
        err = -EINVAL;
    if (err)
        snprintf(text, 256, "line %u of the record: %.200s", number,
                 err == -EINVAL ? "it is none of its kinds of lines" : strerror(-err));
    if (err)
        recording_free(r);
    return err;
}

int
recording_read(const char *path, struct recording *r, char text[256])
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    int err = host_read_file(path, &bytes, &len);

    if (err) {
        snprintf(text, 256, "cannot read %.150s: %.80s", path, strerror(-err));
        return err;
    }
    err = recording_parse((const char *)bytes, len, r, text);
    free(bytes);
    return err;
}

void
recording_free(struct recording *r)
{
    for (unsigned i = 0; i < r->parameter_count; i++)
        free(r->parameter[i]);
    for (unsigned i = 0; i < r->input_count; i++)
        free(r->input[i].bytes);
    free(r->who);
    free(r->input);
    free(r->call);
    memset(r, 0, sizeof(*r));
}
