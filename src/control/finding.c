/* SPDX-License-Identifier: MIT */
/* control/finding.c - see finding.h. */
#include "control/finding.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/record.h"
#include "explore/findings.h"
#include "explore/live_finding.h"
#include "host/host.h"

/* Lines for the trace file: which builds of which drivers. */
static char *
driver_lines(const struct stack_files *files)
{
    char *text = NULL, hash[65];
    size_t len = 0;
    uint8_t sha[32];
    FILE *f = open_memstream(&text, &len);

    if (f == NULL)
        return NULL;
    for (unsigned i = 0; i < files->count; i++) {
        const struct pnp_driver *d = &files->driver[i];

        SHA256(d->bytes, d->len, sha);
        hex_of(sha, 32, hash);
        fprintf(f, "# driver: %s\n# sha256: %s\n", d->inf[0] ? d->inf : d->sys, hash);
    }
    fclose(f);
    return text;
}

/* The stack file as it is now, with an end. */
static char *
file_text(const char *path)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    char *text;

    if (host_read_file(path, &bytes, &len))
        return NULL;
    text = malloc(len + 1);
    if (text != NULL) {
        memcpy(text, bytes, len);
        text[len] = '\0';
    }
    free(bytes);
    return text;
}

int
finding_of_run(const struct run_options *o, const struct stack *stack, const struct stack_files *files,
               struct detail *d, const struct record *record)
{
    struct finding_verdict verdict;
    char folder[512], path[600], command[800], *drivers = driver_lines(files), *yaml = file_text(o->file);
    struct live_finding how = { .parent = o->out,
                                .stack_name = stack->name,
                                .stack_text = yaml,
                                .symbols = o->symbols,
                                .src_map = o->src_map,
                                .again = command,
                                .recorded = record != NULL,
                                .drivers = drivers };
    int err = d->complete ? host_mkdir_p(o->out) : -EINVAL;

    snprintf(command, sizeof(command), "undis run %s", o->file);
    if (!err)
        err = live_finding_of(&how, d, o->vps ? o->vps : stack->vps, folder, &verdict);
    if (!err && yaml != NULL) {
        snprintf(path, sizeof(path), "%s/stack.yaml", folder);
        err = host_write_file(path, yaml, strlen(yaml));
    }
    if (!err && record != NULL) {
        snprintf(path, sizeof(path), "%s/record", folder);
        err = record_write(record, path, stack, files, o->vps ? o->vps : stack->vps, verdict.bucket);
    }
    if (err) {
        fprintf(stderr, "undis run: the machine failed, and the finding could not be written to %s (%s)\n", o->out,
                strerror(-err));
    } else {
        printf("\nFINDING  %s\n", verdict.bucket);
        for (unsigned i = 0; i < d->in.violation_count; i++)
            printf("  rule %s: %s\n", d->in.violations[i].rule->id, d->in.violations[i].text);
        printf("  read %s/analysis.txt\n", folder);
        if (record != NULL)
            printf("  undis replay %s looks for it among recorded inputs\n", folder);
        fflush(stdout);
    }
    free(drivers);
    free(yaml);
    return err;
}
