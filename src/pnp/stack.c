/* SPDX-License-Identifier: MIT */
/* pnp/stack.c - reading stack files; see stack.h. Start reading at: read_stack(). */
#include "pnp/stack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "host/host.h"
#include "host/rundir.h"
#include "pnp/yaml_fields.h"

#define BUILT_IN "wirenic"

static const char *const yes_words[] = { "yes", "no", "true", "false", NULL };

enum { A_NAME, A_MINIPORT, A_WIRE, A_HOSTIF, A_ENABLED, A_PARAMETERS, A_UNBOUND, A_VP };

static const struct yaml_field adapter_fields[] = {
    [A_NAME] = TEXT(struct stack_adapter, name),
    [A_MINIPORT] = TEXT(struct stack_adapter, miniport),
    [A_WIRE] = TEXT(struct stack_adapter, wire),
    [A_HOSTIF] = TEXT(struct stack_adapter, hostif),
    [A_ENABLED] = NODE("enabled"),
    [A_PARAMETERS] = NODE("parameters"),
    [A_UNBOUND] = TEXTS(struct stack_adapter, unbound),
    [A_VP] = NUMBER(struct stack_adapter, vp, 0, STACK_VPS_MAX - 1),
};

enum { D_DRIVER, D_PARAMETERS, D_ADAPTERS };

static const struct yaml_field driver_fields[] = {
    [D_DRIVER] = { "driver", YAML_FIELD_TEXT, offsetof(struct stack_driver, path), 0, 0, NULL },
    [D_PARAMETERS] = NODE("parameters"),
    [D_ADAPTERS] = NODE("adapters"),
};

enum { S_NAME, S_VPS, S_OS, S_ADAPTERS, S_DRIVERS, S_FILTERS, S_PROTOCOLS };

static const struct yaml_field stack_fields[] = {
    [S_NAME] = TEXT(struct stack, name),
    [S_VPS] = NUMBER(struct stack, vps, 1, STACK_VPS_MAX),
    [S_OS] = TEXT(struct stack, os),
    [S_ADAPTERS] = NODE("adapters"),
    [S_DRIVERS] = NODE("drivers"),
    [S_FILTERS] = NODE("filters"),
    [S_PROTOCOLS] = NODE("protocols"),
};

struct context {
    struct stack *stack;
    const char *name, *folder;
};

/* ------------------------------------------------------------------ parameters */

static int
read_parameter(struct yaml_reader *r, const yaml_node_t *key, const yaml_node_t *value, struct pnp_parameter *p)
{
    const char *text = yaml_scalar(value);
    uint64_t number;
    int err = yaml_text(r, key, "a parameter's name", &p->name);

    if (err)
        return err;
    if (p->name[0] == 0 || strlen(p->name) > 100)
        return yaml_fail(r->err, key, "a parameter's name has 1 to 100 characters");
    if (text == NULL)
        return yaml_fail(r->err, value, "the parameter \"%.60s\" must be a number or one line of text", p->name);
    if (value->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && str_to_u64(text, &number)) {
        if (number > UINT32_MAX)
            return yaml_fail(r->err, value, "the parameter \"%.60s\" is more than a REG_DWORD holds", p->name);
        p->number = (uint32_t)number;
        return 0;
    }
    return yaml_text(r, value, p->name, &p->text);
}

static int
read_parameters(struct yaml_reader *r, const yaml_node_t *node, struct stack_parameters *out)
{
    const yaml_node_pair_t *pair;
    int err = 0;

    if (node == NULL)
        return 0;
    if (node->type != YAML_MAPPING_NODE ||
        node->data.mapping.pairs.top - node->data.mapping.pairs.start > (ptrdiff_t)STACK_PARAMETERS_MAX)
        return yaml_fail(r->err, node, "parameters must be a mapping of at most %u names to values",
                         STACK_PARAMETERS_MAX);
    out->p = calloc(STACK_PARAMETERS_MAX, sizeof(*out->p));
    if (out->p == NULL)
        return -ENOMEM;
    for (pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top && !err; pair++) {
        const yaml_node_t *key = yaml_at(r, pair->key);
        unsigned n = out->count++;

        err = read_parameter(r, key, yaml_at(r, pair->value), &out->p[n]);
        for (unsigned i = 0; i < n && !err; i++)
            if (str_ieq(out->p[i].name, out->p[n].name))
                err = yaml_fail(r->err, key, "the parameter \"%.60s\" stands there twice", out->p[n].name);
    }
    return err;
}

/* ------------------------------------------------------------------ paths */

/* *path as it is from where undis was started. */
static int
make_path(char **path, const char *folder)
{
    size_t room = strlen(folder) + strlen(*path) + 1;
    char *full;

    if ((*path)[0] == '/' || folder[0] == 0)
        return 0;
    full = malloc(room);
    if (full == NULL)
        return -ENOMEM;
    fmt(full, room, "%s%s", folder, *path);
    free(*path);
    *path = full;
    return 0;
}

/* ------------------------------------------------------------------ adapters */

static struct stack_adapter *
find_adapter(const struct stack *s, const char *name, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (str_ieq(s->adapter[i].name, name))
            return &s->adapter[i];
    return NULL;
}

int
stack_whole_hostif(struct stack_adapter *a)
{
    char *spec;

    if (a->hostif == NULL || strchr(a->hostif, ':') != NULL)
        return 0;
    spec = malloc(strlen(a->hostif) + 5);
    if (spec == NULL)
        return -ENOMEM;
    fmt(spec, strlen(a->hostif) + 5, "tap:%s", a->hostif);
    free(a->hostif);
    a->hostif = spec;
    return 0;
}

static int
read_adapter(struct yaml_reader *r, const yaml_node_t *node, const struct context *c, unsigned number)
{
    struct stack_adapter *a = &c->stack->adapter[number];
    const yaml_node_t *nodes[COUNT(adapter_fields)] = { 0 };
    struct yaml_field enabled = { "enabled", YAML_FIELD_WORD, 0, 0, 0, yes_words };
    unsigned seen;
    int word = 0, err;

    a->line = (unsigned)node->start_mark.line + 1;
    err = yaml_mapping(r, node, "an adapter", adapter_fields, COUNT(adapter_fields), a, nodes, &seen);
    if (err)
        return err;
    if (!(seen & BIT(A_NAME)) || a->name[0] == 0 || strlen(a->name) > 60)
        return yaml_fail(r->err, node, "an adapter needs \"name\", of at most 60 characters");
    if (find_adapter(c->stack, a->name, number))
        return yaml_fail(r->err, node, "there are two adapters called \"%.60s\"", a->name);
    if (!(seen & BIT(A_MINIPORT)) && (a->miniport = strdup(BUILT_IN)) == NULL)
        return -ENOMEM;
    a->built_in = str_eq(a->miniport, BUILT_IN);
    if (a->built_in && !a->wire)
        return yaml_fail(r->err, node, "the adapter \"%.60s\" needs \"wire\", what " BUILT_IN " is plugged into",
                         a->name);
    if (nodes[A_ENABLED]) {
        err = yaml_word(r, nodes[A_ENABLED], &enabled, &word);
        a->disabled = word & 1;
    }
    if (!err)
        err = read_parameters(r, nodes[A_PARAMETERS], &a->parameters);
    if (!err)
        err = stack_whole_hostif(a);
    if (!err && !a->built_in)
        err = make_path(&a->miniport, c->folder);
    return err;
}

/* ------------------------------------------------------------------ drivers */

static int
read_modules(struct yaml_reader *r, const yaml_node_t *node, const struct context *c, struct stack_driver *d)
{
    const yaml_node_pair_t *pair;
    int err = 0;

    if (node == NULL)
        return 0;
    if (d->kind != INF_FILTER)
        return yaml_fail(r->err, node, "only a filter has parameters by adapter");
    if (node->type != YAML_MAPPING_NODE ||
        node->data.mapping.pairs.top - node->data.mapping.pairs.start > (ptrdiff_t)STACK_ADAPTERS_MAX)
        return yaml_fail(r->err, node, "a filter's adapters must be a mapping of names to parameters");
    d->module = calloc(STACK_ADAPTERS_MAX, sizeof(*d->module));
    if (d->module == NULL)
        return -ENOMEM;
    for (pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top && !err; pair++) {
        struct stack_module *m = &d->module[d->module_count++];

        err = yaml_text(r, yaml_at(r, pair->key), "an adapter's name", &m->adapter);
        if (!err && !find_adapter(c->stack, m->adapter, c->stack->adapter_count))
            err = yaml_fail(r->err, yaml_at(r, pair->key), "there is no adapter called \"%.60s\"", m->adapter);
        if (!err)
            err = read_parameters(r, yaml_at(r, pair->value), &m->parameters);
    }
    return err;
}

static int
read_driver(struct yaml_reader *r, const yaml_node_t *node, const struct context *c, enum inf_kind kind)
{
    struct stack_driver *d = &c->stack->driver[c->stack->driver_count++];
    const yaml_node_t *nodes[COUNT(driver_fields)] = { 0 };
    unsigned seen;
    int err;

    d->kind = kind;
    d->line = (unsigned)node->start_mark.line + 1;
    if (node->type == YAML_SCALAR_NODE) {
        err = yaml_text(r, node, "a driver", &d->path);
    } else {
        err = yaml_mapping(r, node, "a driver", driver_fields, COUNT(driver_fields), d, nodes, &seen);
        if (!err && !(seen & BIT(D_DRIVER)))
            err = yaml_fail(r->err, node, "a driver needs \"driver\": its folder, .inf or .sys");
        if (!err)
            err = read_parameters(r, nodes[D_PARAMETERS], &d->parameters);
        if (!err)
            err = read_modules(r, nodes[D_ADAPTERS], c, d);
    }
    return err ? err : make_path(&d->path, c->folder);
}

static int
read_drivers(struct yaml_reader *r, const yaml_node_t *node, const struct context *c, const char *what,
             enum inf_kind kind)
{
    int err = 0;

    if (node == NULL)
        return 0;
    if (node->type != YAML_SEQUENCE_NODE)
        return yaml_fail(r->err, node, "%s must be a list of drivers", what);
    for (size_t i = 0; i < yaml_count(node) && !err; i++) {
        if (c->stack->driver_count == STACK_DRIVERS_MAX)
            return yaml_fail(r->err, node, "a machine has at most %u drivers", STACK_DRIVERS_MAX);
        err = read_driver(r, yaml_at(r, node->data.sequence.items.start[i]), c, kind);
    }
    return err;
}

/* ------------------------------------------------------------------ the file */

static int
read_adapters(struct yaml_reader *r, const yaml_node_t *node, const struct context *c)
{
    int err = yaml_list(r, node, "adapters", STACK_ADAPTERS_MAX, sizeof(*c->stack->adapter), &c->stack->adapter);

    for (size_t i = 0; !err && i < yaml_count(node); i++) {
        c->stack->adapter_count++;
        err = read_adapter(r, yaml_at(r, node->data.sequence.items.start[i]), c, (unsigned)i);
    }
    return err;
}

static int
read_stack(struct yaml_reader *r, const yaml_node_t *root, void *arg)
{
    const struct context *c = arg;
    const yaml_node_t *nodes[COUNT(stack_fields)] = { 0 };
    unsigned seen;
    int err;

    c->stack->vps = 2;
    c->stack->driver = calloc(STACK_DRIVERS_MAX, sizeof(*c->stack->driver));
    if (c->stack->driver == NULL)
        return -ENOMEM;
    err = yaml_mapping(r, root, "a stack", stack_fields, COUNT(stack_fields), c->stack, nodes, &seen);
    if (err)
        return err;
    if (!(seen & BIT(S_NAME)) && (c->stack->name = strdup(c->name)) == NULL)
        return -ENOMEM;
    if (!host_machine_name_ok(c->stack->name))
        return yaml_fail(r->err, nodes[S_NAME],
                         "\"%.40s\" is no name for a machine: 1 to 32 letters, digits, '-', '_' or '.'",
                         c->stack->name);
    if (!(seen & BIT(S_ADAPTERS)))
        return yaml_fail(r->err, root, "a stack needs \"adapters\"");
    if (nodes[S_OS])
        c->stack->os_line = (unsigned)nodes[S_OS]->start_mark.line + 1;
    else if ((c->stack->os = strdup("win10")) == NULL)
        err = -ENOMEM;
    if (!err)
        err = read_adapters(r, nodes[S_ADAPTERS], c);
    if (!err)
        err = read_drivers(r, nodes[S_DRIVERS], c, "drivers", INF_OTHER);
    if (!err)
        err = read_drivers(r, nodes[S_FILTERS], c, "filters", INF_FILTER);
    if (!err)
        err = read_drivers(r, nodes[S_PROTOCOLS], c, "protocols", INF_PROTOCOL);
    return err;
}

int
stack_parse(const void *bytes, size_t len, const char *name, const char *folder, struct stack **out,
            struct scn_error *err)
{
    struct context c = { calloc(1, sizeof(*c.stack)), name, folder };
    int result;

    if (c.stack == NULL) {
        yaml_fail(err, NULL, "out of memory while reading the stack");
        return -ENOMEM;
    }
    result = yaml_read(bytes, len, err, read_stack, &c);
    if (result == 0)
        *out = c.stack;
    else
        stack_free(c.stack);
    return result;
}

int
stack_load(const char *path, struct stack **out, struct scn_error *err)
{
    const char *slash = strrchr(path, '/'), *leaf = slash ? slash + 1 : path, *dot = strrchr(leaf, '.');
    char folder[1024], name[64];
    uint8_t *bytes = NULL;
    size_t len = 0;
    int result;

    *err = (struct scn_error){ 0 };
    if ((size_t)(leaf - path) >= sizeof(folder))
        return yaml_fail(err, NULL, "its path is too long");
    str_copy(folder, (size_t)(leaf - path) + 1, path);
    str_copy(name, dot && dot > leaf && (size_t)(dot - leaf) < sizeof(name) ? (size_t)(dot - leaf) + 1 : sizeof(name),
             leaf);
    result = host_read_file(path, &bytes, &len);
    if (result) {
        yaml_fail(err, NULL, "it cannot be read: %s", strerror(-result));
        return result;
    }
    result = stack_parse(bytes, len, name, folder, out, err);
    free(bytes);
    return result;
}

/* ------------------------------------------------------------------ freeing */

static void
parameters_free(struct stack_parameters *p)
{
    for (unsigned i = 0; i < p->count; i++) {
        free(p->p[i].name);
        free(p->p[i].text);
    }
    free(p->p);
}

void
stack_free(struct stack *s)
{
    if (s == NULL)
        return;
    for (unsigned i = 0; i < s->adapter_count; i++) {
        free(s->adapter[i].name);
        free(s->adapter[i].miniport);
        free(s->adapter[i].wire);
        free(s->adapter[i].hostif);
        for (unsigned j = 0; j < s->adapter[i].unbound_count; j++)
            free(s->adapter[i].unbound[j]);
        free(s->adapter[i].unbound);
        parameters_free(&s->adapter[i].parameters);
    }
    for (unsigned i = 0; i < s->driver_count; i++) {
        for (unsigned j = 0; j < s->driver[i].module_count; j++) {
            free(s->driver[i].module[j].adapter);
            parameters_free(&s->driver[i].module[j].parameters);
        }
        free(s->driver[i].module);
        free(s->driver[i].path);
        parameters_free(&s->driver[i].parameters);
    }
    free(s->adapter);
    free(s->driver);
    free(s->name);
    free(s->os);
    free(s);
}
