/* SPDX-License-Identifier: MIT */
/*
 * fuzz/inf_fuzz.c - no file may crash the INF reader, hang it, or make it contradict itself.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pnp/inf.h"
#include "pnp/inf_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t sink; /* so that every string is really read */

#define REQUIRE(condition)                                 \
    do {                                                   \
        if (!(condition)) {                                \
            fprintf(stderr, "inf_fuzz: %s\n", #condition); \
            abort();                                       \
        }                                                  \
    } while (0)

static void
read_everything(const struct inf *inf)
{
    for (unsigned i = 0; i < inf_section_count(inf); i++) {
        const struct inf_section *section = inf_section_at(inf, i);

        REQUIRE(inf_section(inf, section->name) == section);
        for (unsigned j = 0; j < section->count; j++) {
            const struct inf_line *line = &section->lines[j];

            REQUIRE(line->count > 0 && line->line > 0);
            for (unsigned k = 0; k <= line->count; k++)
                sink += strlen(inf_value(line, k));
            if (line->key != NULL)
                sink += strlen(line->key);
        }
    }
}

static void
read_driver(const struct inf_driver *d)
{
    const char *const texts[] = {
        d->class_name,  d->class_guid,  d->provider,    d->driver_version,      d->description,     d->component_id,
        d->service,     d->image,       d->image_path,  d->load_group,          d->filter_class,    d->filter_media,
        d->upper_range, d->lower_range, d->co_services, d->net_cfg_instance_id, d->install_section,
    };

    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        sink += strlen(texts[i]);
    for (unsigned i = 0; i < d->file_count; i++)
        sink += strlen(d->files[i]);
    for (unsigned i = 0; i < d->reg_count; i++) {
        const struct inf_reg *reg = &d->regs[i];

        sink += strlen(reg->key) + strlen(reg->name) + strlen(reg->text);
        for (uint32_t j = 0; j < reg->len; j++)
            sink += reg->data[j];
    }
}

/* Every value may be asked about; what it says of limits holds together. */
static void
read_params(const struct inf_driver *d)
{
    for (unsigned i = 0; i < d->param_count; i++) {
        const struct inf_param *p = &d->params[i];
        char text[256];

        REQUIRE(inf_param(d, p->keyword) != NULL);
        if (inf_param_check(p, p->standard, text) != 0)
            REQUIRE(text[0] != 0);
        for (unsigned k = 0; k < p->choice_count; k++)
            sink += strlen(p->choices[k].value) + strlen(p->choices[k].words);
        if (p->type == INF_PARAM_ENUM && p->choice_count > 0)
            REQUIRE(inf_param_check(p, p->choices[0].value, text) == 0);
    }
}

/* A file that cannot be read gets exactly that as an error. */
static void
check_remarks(const uint8_t *data, size_t size, bool read)
{
    struct inf_remarks remarks;

    if (inf_check(data, size, &remarks) == 0) {
        REQUIRE(read || inf_remarks_count(&remarks, INF_ERROR) == 1);
        for (unsigned i = 1; i < remarks.count; i++)
            REQUIRE(remarks.remark[i - 1].line <= remarks.remark[i].line);
    }
    inf_remarks_fini(&remarks);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct inf_error err;
    struct inf *inf = NULL;
    struct inf_driver driver;

    if (inf_parse(data, size, &inf, &err) != 0) {
        REQUIRE(inf == NULL && err.text[0] != 0);
        check_remarks(data, size, false);
        return 0;
    }
    check_remarks(data, size, true);
    read_everything(inf);
    if (inf_describe_driver(inf, &driver, &err) == 0) {
        read_driver(&driver);
        read_params(&driver);
        inf_driver_fini(&driver);
    } else {
        REQUIRE(err.text[0] != 0);
    }
    inf_free(inf);
    return 0;
}
