/* SPDX-License-Identifier: MIT */
/*
 * cli/net.c - undis net: which component is bound to which adapter, and switching a binding on or off.
 *
 * Model: with a stack file, what undis run would bind, computed from the INFs (pnp/netcfg.h); a change rewrites the one
 * line `unbound` of the adapter. Without, the running machine is asked.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/show.h"
#include "control/bringup.h"
#include "host/host.h"
#include "ndis/admin.h"
#include "pnp/netcfg.h"

static const char help[] =
    "usage: undis net show [STACK.yaml] [--json]\n"
    "       undis net enable|disable [STACK.yaml] ADAPTER COMPONENT\n"
    "       undis net raise|lower ADAPTER COMPONENT\n"
    "\n"
    "Which filters and protocols are bound to which adapter, by UpperRange, LowerRange and FilterMediaTypes of their\n"
    "INFs, filters from the bottom; as Get-NetAdapterBinding, Enable- and Disable-NetAdapterBinding do. With a stack\n"
    "file: what undis run would bind, and the change is written to the file. Without: the running machine.\n"
    "raise, lower: a filter changes places with its neighbour of the same FilterClass, in the running machine; in a\n"
    "stack file their order is that of the list. The adapter comes sooner or later in a protocol's list of bindings.\n"
    "\n"
    "  COMPONENT    a service (npf)\n"
    "  --name NAME  which machine; not needed while only one runs\n"
    "  --json       the same as JSON\n"
    "\n"
    "exit: 0 done, 4 no such file, machine, adapter or component, 64 usage\n";

/* ------------------------------------------------------------------ a stack file */

struct offline {
    const char *path;
    struct stack *stack;
    struct stack_files files;
};

static int
load(struct offline *o)
{
    struct scn_error err;
    char text[256];
    unsigned line = 0;

    if (stack_load(o->path, &o->stack, &err)) {
        fprintf(stderr, err.line ? "undis net: %s, line %u: %s\n" : "undis net: %s%.0u: %s\n", o->path, err.line,
                err.text);
        return -1;
    }
    if (stack_files_read(o->stack, &o->files, &line, text)) {
        fprintf(stderr, line ? "undis net: %s, line %u: %s\n" : "undis net: %s%.0u: %s\n", o->path, line, text);
        return -1;
    }
    return 0;
}

static bool
is_unbound(const struct stack_adapter *a, const char *service)
{
    for (unsigned i = 0; i < a->unbound_count; i++)
        if (str_ieq(a->unbound[i], service))
            return true;
    return false;
}

/* "enabled", "disabled", or NULL: the INFs do not let them bind. */
static const char *
binding(const struct offline *o, unsigned adapter, const struct pnp_driver *d)
{
    struct netcfg_component upper, lower;
    int miniport = o->files.miniport[adapter];

    netcfg_component_of(d, &upper);
    netcfg_builtin(INF_MINIPORT, "wirenic", &lower);
    if (miniport >= 0)
        netcfg_component_of(&o->files.driver[miniport], &lower);
    if (!netcfg_binds(&upper, &lower))
        return NULL;
    return is_unbound(&o->stack->adapter[adapter], d->service) ? "disabled" : "enabled";
}

static json_t *
binding_json(const struct offline *o, unsigned adapter, const struct pnp_driver *d)
{
    const char *state = binding(o, adapter, d);

    return json_pack("{s:s, s:s, s:s, s:s}", "component", d->service, "kind", inf_kind_name(d->kind), "class",
                     d->parsed ? d->info.filter_class : "", "state", state ? state : "does not bind");
}

/* Filters from the bottom, then what binds on top. */
static json_t *
adapter_json(const struct offline *o, unsigned adapter)
{
    const struct stack_adapter *a = &o->stack->adapter[adapter];
    int miniport = o->files.miniport[adapter];
    json_t *list = json_array();

    for (unsigned rank = 0; rank < 16; rank++)
        for (unsigned i = 0; i < o->files.count; i++) {
            struct netcfg_component c;

            netcfg_component_of(&o->files.driver[i], &c);
            if (c.kind == INF_FILTER && ndis_filter_class_rank(c.filter_class) == rank)
                json_array_append_new(list, binding_json(o, adapter, &o->files.driver[i]));
        }
    for (unsigned i = 0; i < o->files.count; i++)
        if (o->files.driver[i].kind == INF_PROTOCOL || o->files.driver[i].kind == INF_INTERMEDIATE)
            json_array_append_new(list, binding_json(o, adapter, &o->files.driver[i]));
    return json_pack("{s:s, s:s, s:b, s:o}", "name", a->name, "miniport",
                     miniport >= 0 ? o->files.driver[miniport].service : "wirenic", "enabled", !a->disabled, "bindings",
                     list);
}

static void
print_adapter(const json_t *adapter)
{
    size_t i;
    json_t *one;

    printf("%s  %s%s\n", show_text(adapter, "name"), show_text(adapter, "miniport"),
           json_is_true(json_object_get(adapter, "enabled")) ? "" : ", disabled");
    json_array_foreach(json_object_get(adapter, "bindings"), i, one)
    {
        printf("    %-9s %-16s %s%s%s\n", show_text(one, "kind"), show_text(one, "component"), show_text(one, "state"),
               *show_text(one, "class") ? ", class " : "", show_text(one, "class"));
    }
}

static void
show_offline(const struct offline *o, bool json)
{
    json_t *all = json_array();

    for (unsigned i = 0; i < o->stack->adapter_count; i++) {
        json_t *adapter = adapter_json(o, i);

        if (!json)
            print_adapter(adapter);
        json_array_append_new(all, adapter);
    }
    if (json) {
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(all);
}

/* ------------------------------------------------------------------ changing a file */

static size_t
indent_of(const char *line, size_t len)
{
    size_t n = 0;

    while (n < len && line[n] == ' ')
        n++;
    return n;
}

static void
print_unbound(FILE *out, const struct stack_adapter *a, const char *service, bool enable)
{
    const char *comma = "";

    fputs("unbound: [", out);
    for (unsigned i = 0; i < a->unbound_count; i++)
        if (!str_ieq(a->unbound[i], service)) {
            fprintf(out, "%s%s", comma, a->unbound[i]);
            comma = ", ";
        }
    fprintf(out, "%s%s]\n", enable ? "" : comma, enable ? "" : service);
}

/* The file with the adapter's line changed or added. The adapter must be written over several lines. */
static int
rewrite(const struct offline *o, const struct stack_adapter *a, const char *service, bool enable)
{
    uint8_t *bytes = NULL;
    size_t len = 0, column = 0;
    unsigned line = 0;
    bool inside = false;
    FILE *out;

    if (host_read_file(o->path, &bytes, &len))
        return -1;
    out = fopen(o->path, "w");
    if (out == NULL) {
        free(bytes);
        return -1;
    }
    for (const char *at = (const char *)bytes, *end = at + len; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t n = newline ? (size_t)(newline - at) + 1 : (size_t)(end - at);
        size_t indent = indent_of(at, n);

        if (++line == a->line) {
            column = indent + 2;
            inside = true;
            fwrite(at, 1, n, out);
            fprintf(out, "%s%*s", newline ? "" : "\n", (int)column, "");
            print_unbound(out, a, service, enable);
        } else {
            inside = inside && (indent >= column || indent + 1 >= n);
            if (!(inside && indent == column && n > indent + 8 && strncmp(at + indent, "unbound:", 8) == 0))
                fwrite(at, 1, n, out);
        }
        at += n;
    }
    free(bytes);
    return fclose(out) == 0 ? 0 : -1;
}

/* Is the adapter's first line "- name: ..." with nothing of flow style? */
static bool
in_block_style(const struct offline *o, const struct stack_adapter *a)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    unsigned line = 1;
    bool block = false;

    if (host_read_file(o->path, &bytes, &len))
        return false;
    for (size_t at = 0; at < len; at++) {
        if (line == a->line && bytes[at] != ' ') {
            block = at + 2 < len && bytes[at] == '-' && bytes[at + 1] == ' ' && bytes[at + 2] != '{' &&
                    bytes[at + 2] != ' ';
            break;
        }
        line += bytes[at] == '\n';
    }
    free(bytes);
    return block;
}

static int
change_offline(const struct offline *o, const char *adapter, const char *service, bool enable)
{
    for (unsigned i = 0; i < o->stack->adapter_count; i++) {
        const struct stack_adapter *a = &o->stack->adapter[i];

        if (!str_ieq(a->name, adapter))
            continue;
        for (unsigned k = 0; k < o->files.count; k++) {
            if (!str_ieq(o->files.driver[k].service, service))
                continue;
            if (binding(o, i, &o->files.driver[k]) == NULL)
                return fprintf(stderr, "undis net: %s does not bind to %s: their INFs have no interface in common\n",
                               service, adapter),
                       EXIT_INPUT;
            if (!in_block_style(o, a))
                return fprintf(stderr,
                               "undis net: %s, line %u: write the adapter over several lines, then this works\n",
                               o->path, a->line),
                       EXIT_INPUT;
            if (rewrite(o, a, o->files.driver[k].service, enable))
                return fprintf(stderr, "undis net: %s cannot be written\n", o->path), EXIT_INPUT;
            return EXIT_CLEAN;
        }
        return fprintf(stderr, "undis net: %s: no driver has the service \"%s\"\n", o->path, service), EXIT_INPUT;
    }
    return fprintf(stderr, "undis net: %s: there is no adapter called \"%s\"\n", o->path, adapter), EXIT_INPUT;
}

static int
with_file(const struct ask *a, const char *word)
{
    struct offline o = { .path = a->word[1] };
    int status = load(&o) ? EXIT_INPUT : EXIT_CLEAN;

    if (status == EXIT_CLEAN && strcmp(word, "show") == 0)
        show_offline(&o, a->json);
    else if (status == EXIT_CLEAN)
        status = change_offline(&o, a->word[2], a->word[3], word[0] == 'e');
    stack_files_free(&o.files);
    stack_free(o.stack);
    return status;
}

/* ------------------------------------------------------------------ a running machine */

static enum command_kind
command_of(const char *word)
{
    if (str_eq(word, "raise"))
        return COMMAND_FILTER_RAISE;
    if (str_eq(word, "lower"))
        return COMMAND_FILTER_LOWER;
    return str_eq(word, "enable") ? COMMAND_FILTER_INSERT : COMMAND_FILTER_REMOVE;
}

static int
with_machine(const struct ask *a, const char *word)
{
    struct command c = { .kind = COMMAND_STATUS };

    if (strcmp(word, "show") != 0) {
        c.kind = command_of(word);
        if (!ask_text(a, c.adapter, sizeof(c.adapter), a->word[1]) ||
            !ask_text(a, c.driver, sizeof(c.driver), a->word[2]))
            return EXIT_USAGE;
    }
    return ask_machine(a, &c, show_adapters);
}

int
cmd_net(int argc, char **argv)
{
    struct ask a = { .command = "net", .help = help };
    int status = ask_options(&a, argc, argv, 1, 4, false);
    const char *word = a.words ? a.word[0] : "";
    bool show = strcmp(word, "show") == 0, change = strcmp(word, "enable") == 0 || strcmp(word, "disable") == 0;
    bool move = strcmp(word, "raise") == 0 || strcmp(word, "lower") == 0;

    if (status >= 0)
        return status;
    if ((show && a.words == 1) || ((change || move) && a.words == 3))
        return with_machine(&a, word);
    if ((show && a.words == 2) || (change && a.words == 4))
        return with_file(&a, word);
    fputs(help, stderr);
    return EXIT_USAGE;
}
