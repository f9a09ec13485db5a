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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct inf_error err;
    struct inf *inf = NULL;
    struct inf_driver driver;

    if (inf_parse(data, size, &inf, &err) != 0) {
        REQUIRE(inf == NULL && err.text[0] != 0);
        return 0;
    }
    read_everything(inf);
    if (inf_describe_driver(inf, &driver, &err) == 0) {
        read_driver(&driver);
        inf_driver_fini(&driver);
    } else {
        REQUIRE(err.text[0] != 0);
    }
    inf_free(inf);
    return 0;
}
