/* SPDX-License-Identifier: MIT */
/*
 * explore/progfile.c - programs that a scenario runs (the op `run`): their files, their images, their ends.
 *
 * Model: the supervisor reads the files before it forks, and from then on the scenario names each as it will lie beside
 * scenario.yaml in every folder we write. Each actor that runs one has an image of its own, as each process has its own
 * data. A program that ends with another exit code than 0 says that something is wrong; so does an exception in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "explore/findings.h"
#include "explore/lab_internal.h"
#include "host/host.h"
#include "user/user.h"

static struct program_file {
    char name[64];
    char path[1024];
    uint8_t *bytes;
    size_t len;
} files[LAB_ACTORS_MAX];
static unsigned file_count;

static struct program_file *
file_named(const char *name)
{
    for (unsigned i = 0; i < file_count; i++)
        if (strcmp(files[i].name, name) == 0)
            return &files[i];
    return NULL;
}

/* One op's file; the op calls it by its leaf from then on. */
static int
read_file(const char *scenario_path, struct scn_op *op, char text[256])
{
    const char *slash = strrchr(scenario_path, '/'), *leaf = str_leaf(op->file);
    struct program_file *p;
    char *name;
    int err;

    if (file_named(leaf) == NULL) {
        if (file_count == LAB_ACTORS_MAX || strlen(leaf) >= sizeof(p->name)) {
            snprintf(text, 256, "%.100s: one program too many, or too long a name", op->file);
            return LAB_INPUT;
        }
        p = &files[file_count];
        snprintf(p->name, sizeof(p->name), "%s", leaf);
        snprintf(p->path, sizeof(p->path), "%.*s%s", slash && op->file[0] != '/' ? (int)(slash - scenario_path + 1) : 0,
                 scenario_path, op->file);
        err = host_read_file(p->path, &p->bytes, &p->len);
        if (err) {
            snprintf(text, 256, "%.150s: the program cannot be read (%s)", p->path, strerror(-err));
            return LAB_INPUT;
        }
        file_count++;
    }
    name = strdup(leaf);
    if (name == NULL)
        return LAB_OURS;
    free(op->file);
    op->file = name;
    return LAB_OK;
}

int
lab_program_files_read(const char *scenario_path, struct scenario *scn, char text[256])
{
    int err = LAB_OK;

    for (unsigned i = 0; i < scn->actors_count; i++)
        for (unsigned k = 0; k < scn->actors[i].ops_count && !err; k++)
            if (scn->actors[i].ops[k].kind == OP_RUN)
                err = read_file(scenario_path, &scn->actors[i].ops[k], text);
    return err;
}

void
lab_program_files_write(const char *folder)
{
    char path[1200];

    for (unsigned i = 0; i < file_count; i++) {
        snprintf(path, sizeof(path), "%.1000s/%.63s", folder, files[i].name);
        host_write_file(path, (const char *)files[i].bytes, files[i].len);
    }
}

const struct scn_op *
lab_program_of(const struct scn_actor *s)
{
    for (unsigned k = 0; k < s->ops_count; k++)
        if (s->ops[k].kind == OP_RUN)
            return &s->ops[k];
    return NULL;
}

int
lab_program_images(const struct scenario *s, char text[256])
{
    struct image_error err;

    for (unsigned i = 0; i < s->actors_count && i < LAB_ACTORS_MAX; i++) {
        const struct scn_op *op = lab_program_of(&s->actors[i]);
        const struct program_file *p = op ? file_named(op->file) : NULL;

        lab.program_image[i] = NULL;
        if (p && image_load_program(p->bytes, p->len, p->name, p->path, &lab.program_image[i], &err)) {
            snprintf(text, 256, "%.100s: %.150s", p->path, err.text);
            return LAB_INPUT;
        }
    }
    return LAB_OK;
}

/* ------------------------------------------------------------------ in a run */

static struct lab_actor *
running_actor(void)
{
    for (unsigned i = 0; i < lab.actor_count; i++)
        if (lab.program_image[i] && lab.actor[i].program && lab.actor[i].program->process == fiber_self()->process)
            return &lab.actor[i];
    return NULL;
}

static void
note_end(const char *sentence)
{
    struct lab_actor *a = running_actor();

    if (a)
        a->ending = a->ended = true;
    if (a && sentence && !LAB_RUN->epilogue_started && LAB_RUN->check[0] == 0)
        snprintf(LAB_RUN->check, sizeof(LAB_RUN->check), "%s", sentence);
}

static void
exiting(uint32_t code)
{
    struct lab_actor *a = running_actor();
    char sentence[160];

    snprintf(sentence, sizeof(sentence), "the program %s ended with exit code %u", a ? a->script->name : "?", code);
    note_end(code ? sentence : NULL);
}

void
lab_program_hooks(void)
{
    program_on(&(struct program_hooks){ .exiting = exiting, .crashed = note_end });
}

void
lab_program_run(struct lab_actor *a)
{
    struct image *im = lab.program_image[a - lab.actor];

    if (im)
        program_run(im, a->stack);
}
