/* SPDX-License-Identifier: MIT */
/*
 * crash/write.c - the folder of a finding.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash/finding.h"
#include "host/host.h"

/* Write len bytes to dir/name; data NULL: what makes it ran out of memory. */
static int
write_part(const char *dir, const char *name, const void *data, size_t len)
{
    char path[1024];

    if (data == NULL)
        return -ENOMEM;
    if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    return host_write_file(path, data, len);
}

static int
write_text(const char *dir, const char *name, char *text)
{
    int err = write_part(dir, name, text, text != NULL ? strlen(text) : 0);

    free(text);
    return err;
}

int
finding_write(const char *dir, const struct finding_input *in)
{
    const char *trace = in->trace_text != NULL ? in->trace_text : "";
    uint8_t *dump = NULL;
    size_t dump_len = 0;
    int err = host_mkdir_p(dir);

    if (err)
        return err;
    err = write_text(dir, "analysis.txt", finding_analysis(in));
    if (!err)
        err = write_text(dir, "diagram.txt", finding_diagram(in));
    if (!err)
        err = write_part(dir, "trace", trace, strlen(trace));
    if (!err)
        err = finding_dump(in, &dump, &dump_len);
    if (!err)
        err = write_part(dir, "dump", dump, dump_len);
    free(dump);
    /* last, so that a folder with a finding.json is complete */
    if (!err)
        err = write_text(dir, "finding.json", finding_json(in));
    return err;
}
