/* SPDX-License-Identifier: MIT */
/*
 * explore/regfile.c - the .reg file of a scenario's stack.
 *
 * Model: the supervisor reads and parses it before it forks; each worker's setup applies it after what INFs say
 * (pnp/install.h). A finding's folder has a copy, so it replays from there alone.
 * Start reading at: lab_registry_read().
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explore/lab.h"
#include "host/host.h"
#include "pnp/install.h"
#include "pnp/reg.h"

static struct {
    uint8_t *bytes; /* NULL: there is none */
    size_t len;
    struct reg_file *parsed;
} registry;

static void
forget(void)
{
    pnp_registry_changes(NULL);
    reg_file_free(registry.parsed);
    free(registry.bytes);
    memset(&registry, 0, sizeof(registry));
}

int
lab_registry_read(const char *scenario_path, struct scn_stack *stack, char text[256])
{
    const char *slash = strrchr(scenario_path, '/');
    struct inf_error why;
    char path[1200], *name;
    int err;

    forget();
    if (stack->registry == NULL)
        return LAB_OK;
    snprintf(path, sizeof(path), "%.*s%s", slash && stack->registry[0] != '/' ? (int)(slash - scenario_path + 1) : 0,
             scenario_path, stack->registry);
    err = host_read_file(path, &registry.bytes, &registry.len);
    if (err) {
        snprintf(text, 256, "%.150s: the .reg file cannot be read (%s)", path, strerror(-err));
        return LAB_INPUT;
    }
    if (reg_parse(registry.bytes, registry.len, &registry.parsed, &why)) {
        snprintf(text, 256, "%.100s, line %u: %.120s", path, why.line, why.text);
        forget();
        return LAB_INPUT;
    }
    name = strdup(LAB_REGISTRY_FILE);
    if (name == NULL) {
        snprintf(text, 256, "out of memory");
        forget();
        return LAB_OURS;
    }
    free(stack->registry);
    stack->registry = name;
    pnp_registry_changes(registry.parsed);
    return LAB_OK;
}

void
lab_registry_write(const char *folder)
{
    char path[1200];

    snprintf(path, sizeof(path), "%.1000s/%s", folder, LAB_REGISTRY_FILE);
    if (registry.bytes != NULL)
        host_write_file(path, (const char *)registry.bytes, registry.len);
}
