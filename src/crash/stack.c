/* SPDX-License-Identifier: MIT */
/*
 * crash/stack.c - STACK_TEXT, and the source lines beside it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "crash/disasm.h"
#include "crash/report.h"
#include "host/host.h"

void
report_stack(struct text *out, const struct finding_frame *frames, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct finding_frame *f = &frames[i];
        char symbol[224];

        frame_symbol(f, "0x", symbol, sizeof(symbol));
        text_add(out, TICK_FMT " " TICK_FMT " : " TICK_FMT " " TICK_FMT " " TICK_FMT " " TICK_FMT " : %s",
                 TICK(f->f.child_sp), TICK(f->f.ret_addr), TICK(f->f.args[0]), TICK(f->f.args[1]), TICK(f->f.args[2]),
                 TICK(f->f.args[3]), symbol);
        if (f->line != 0)
            text_add(out, " [%s @ %u]", f->file, f->line);
        text_put(out, "\n");
    }
}

/* The file's bytes: at its mapped path, at the recorded one, or beside the driver it belongs to. */
static char *
source_read(const struct finding_input *in, const char *path, size_t *len)
{
    uint8_t *bytes = NULL;
    char at[1024];

    for (const char *const *m = in->src_map; m != NULL && m[0] != NULL && m[1] != NULL; m += 2) {
        if (!str_starts(path, m[0]))
            continue;
        snprintf(at, sizeof(at), "%s%s", m[1], path + strlen(m[0]));
        for (char *c = at; *c; c++)
            *c = *c == '\\' ? '/' : *c;
        if (host_read_file(at, &bytes, len) == 0)
            return (char *)bytes;
    }
    if (host_read_file(path, &bytes, len) == 0)
        return (char *)bytes;
    for (unsigned i = 0; i < in->module_count; i++) {
        const char *image = in->modules[i].path;

        if (image[0] == 0)
            continue;
        snprintf(at, sizeof(at), "%.*s%s", (int)(str_leaf(image) - image), image, str_leaf(path));
        if (host_read_file(at, &bytes, len) == 0)
            return (char *)bytes;
    }
    return NULL;
}

bool
report_source(struct text *out, const struct finding_input *in, const char *path, unsigned line, unsigned call_line)
{
    unsigned first = line > 4 ? line - 4 : 1, number = 1;
    size_t len = 0, at = 0;
    char *file;

    if (path[0] == 0 || line == 0)
        return false;
    file = source_read(in, path, &len);
    if (file == NULL)
        return false;
    while (at < len && number < first + 10) {
        const char *end = memchr(file + at, '\n', len - at);
        size_t width = end != NULL ? (size_t)(end - file) - at : len - at;

        if (number >= first) {
            size_t shown = width > 0 && file[at + width - 1] == '\r' ? width - 1 : width;

            text_add(out, "%c%5u: %.*s\n",
                     number == line        ? '>'
                     : number == call_line ? '*'
                                           : ' ',
                     number, (int)shown, file + at);
        }
        at += width + 1;
        number++;
    }
    free(file);
    return true;
}
