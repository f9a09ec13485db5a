/* SPDX-License-Identifier: MIT */
/*
 * pnp/scenario.c - reading and writing scenario files (see scenario.h).
 *
 * Model: libyaml builds a tree of nodes that know their lines; tables say which keys a mapping may have, where
 * each goes and within which bounds, and which of them an op needs or may have. So every mistake is told with
 * its line, and a new op is a row. (libcyaml would fill the structs, but forget the lines before a check that
 * comes after, such as that of a write op by an administrator, can name one.)
 * Start reading at: scenario_parse().
 */
#include "pnp/scenario.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "host/host.h"
#include "pnp/yaml_fields.h"

enum { ACTORS_MAX = 64, OPS_MAX = 1024 };

static const char *const actor_words[] = { "program", "admin", "wire", "protocol", NULL };
static const char *const shape_words[] = { "plain", "offset", "split", "bytes", "nbs", "chain", "each", NULL };
static const char *const mode_words[] = { "synchronous", "overlapped", NULL };
static const char *const order_words[] = { "forward", "backward", NULL };
static const char *const op_words[] = {
    "open",
    "read",
    "write",
    "ioctl",
    "close",
    "bad-requests",
    "result",
    "cancel-io",
    "cancel-io-ex",
    "cancel-synchronous",
    "exit-thread",
    "exit",
    "run",
    "kill",
    "disable",
    "enable",
    "pause",
    "restart",
    "filter-insert",
    "filter-remove",
    "unload",
    "load",
    "remove",
    "surprise-remove",
    "rebalance",
    "reset",
    "sleep",
    "wake",
    "system-sleep",
    "system-wake",
    "shutdown",
    "wake-signal",
    "receive",
    "link-down",
    "link-up",
    "interrupt",
    "send",
    "oid",
    "cancel",
    "wait",
    NULL,
};

enum {
    F_OP,
    F_DEVICE,
    F_LEN,
    F_SHAPE,
    F_COUNT,
    F_FRAMES,
    F_CODE,
    F_OID,
    F_IN,
    F_OUT,
    F_ADAPTER,
    F_MS,
    F_ACTOR,
    F_MODE,
    F_REQUEST,
    F_FILE,
    F_VIRTUAL,
    F_ORDER
};

static const struct yaml_field op_fields[] = {
    [F_OP] = WORD(struct scn_op, kind, "op", op_words),
    [F_DEVICE] = TEXT(struct scn_op, device),
    [F_LEN] = NUMBER(struct scn_op, len, 0, 1 << 20),
    [F_SHAPE] = WORD(struct scn_op, shape, "shape", shape_words),
    [F_COUNT] = NUMBER(struct scn_op, count, 1, 4096),
    [F_FRAMES] = NUMBER(struct scn_op, frames, 0, 4096),
    [F_CODE] = NUMBER(struct scn_op, code, 0, UINT32_MAX),
    [F_OID] = NUMBER(struct scn_op, oid, 0, UINT32_MAX),
    [F_IN] = NUMBER(struct scn_op, in, 0, 1 << 20),
    [F_OUT] = NUMBER(struct scn_op, out, 0, 1 << 20),
    [F_ADAPTER] = NUMBER(struct scn_op, adapter, 0, 15),
    [F_MS] = NUMBER(struct scn_op, ms, 0, 1000 * 3600),
    [F_ACTOR] = TEXT(struct scn_op, actor),
    [F_MODE] = WORD(struct scn_op, mode, "mode", mode_words),
    [F_REQUEST] = NUMBER(struct scn_op, request, 0, SCN_REQUESTS_MAX),
    [F_FILE] = TEXT(struct scn_op, file),
    [F_VIRTUAL] = NUMBER(struct scn_op, virtual, 1, 16),
    [F_ORDER] = WORD(struct scn_op, order, "order", order_words),
};

enum { A_NAME, A_KIND, A_REPEAT, A_OPS, A_PROCESS };

static const struct yaml_field actor_fields[] = {
    [A_NAME] = TEXT(struct scn_actor, name),
    [A_KIND] = WORD(struct scn_actor, kind, "kind", actor_words),
    [A_REPEAT] = NUMBER(struct scn_actor, repeat, 1, 1000000),
    [A_OPS] = NODE("ops"),
    [A_PROCESS] = TEXT(struct scn_actor, process),
};

static const struct yaml_field stack_fields[] = {
    TEXT(struct scn_stack, miniport),    NUMBER(struct scn_stack, adapters, 1, 16),
    TEXTS(struct scn_stack, filters),    TEXTS(struct scn_stack, protocols),
    TEXT(struct scn_stack, wire),        TEXT(struct scn_stack, wire_sha256),
    TEXTS(struct scn_stack, parameters), TEXT(struct scn_stack, registry),
};

enum { S_NAME, S_VPS, S_OS, S_STACK, S_ACTORS };

static const struct yaml_field scenario_fields[] = {
    [S_NAME] = TEXT(struct scenario, name),
    [S_VPS] = NUMBER(struct scenario, vps, 1, 32),
    [S_OS] = TEXT(struct scenario, os),
    [S_STACK] = NODE("stack"),
    [S_ACTORS] = NODE("actors"),
};

#define BY_PROGRAM  BIT(ACTOR_PROGRAM)
#define BY_ADMIN    BIT(ACTOR_ADMIN)
#define BY_WIRE     BIT(ACTOR_WIRE)
#define BY_PROTOCOL BIT(ACTOR_PROTOCOL)
#define WHICH       (BIT(F_ADAPTER) | BIT(F_VIRTUAL))

static const struct {
    unsigned actors; /* kinds that can do it */
    unsigned needs;  /* fields it must have */
    unsigned may;    /* fields it may have besides */
} op_rules[OP_KINDS] = {
    [OP_OPEN] = { BY_PROGRAM, BIT(F_DEVICE), BIT(F_MODE) },
    [OP_READ] = { BY_PROGRAM, BIT(F_LEN), BIT(F_COUNT) },
    [OP_WRITE] = { BY_PROGRAM, BIT(F_LEN), BIT(F_COUNT) | BIT(F_SHAPE) },
    [OP_IOCTL] = { BY_PROGRAM, BIT(F_CODE), BIT(F_IN) | BIT(F_OUT) | BIT(F_COUNT) | BIT(F_ORDER) },
    [OP_CLOSE] = { BY_PROGRAM, 0, 0 },
    [OP_BAD_REQUESTS] = { BY_PROGRAM, 0, 0 },
    [OP_RESULT] = { BY_PROGRAM, 0, BIT(F_REQUEST) },
    [OP_CANCEL_IO] = { BY_PROGRAM, 0, 0 },
    [OP_CANCEL_IO_EX] = { BY_PROGRAM, 0, BIT(F_REQUEST) | BIT(F_ACTOR) },
    [OP_CANCEL_SYNCHRONOUS] = { BY_PROGRAM, BIT(F_ACTOR), 0 },
    [OP_EXIT_THREAD] = { BY_PROGRAM, 0, 0 },
    [OP_EXIT] = { BY_PROGRAM, 0, 0 },
    [OP_RUN] = { BY_PROGRAM, BIT(F_FILE), 0 },
    [OP_KILL] = { BY_PROGRAM | BY_ADMIN, BIT(F_ACTOR), 0 },
    [OP_DISABLE] = { BY_ADMIN, 0, WHICH },
    [OP_ENABLE] = { BY_ADMIN, 0, WHICH },
    [OP_PAUSE] = { BY_ADMIN, 0, WHICH },
    [OP_RESTART] = { BY_ADMIN, 0, WHICH },
    [OP_FILTER_INSERT] = { BY_ADMIN, 0, BIT(F_ADAPTER) },
    [OP_FILTER_REMOVE] = { BY_ADMIN, 0, BIT(F_ADAPTER) },
    [OP_UNLOAD] = { BY_ADMIN, 0, 0 },
    [OP_LOAD] = { BY_ADMIN, 0, 0 },
    [OP_REMOVE] = { BY_ADMIN, 0, BIT(F_ADAPTER) },
    [OP_SURPRISE_REMOVE] = { BY_ADMIN, 0, BIT(F_ADAPTER) },
    [OP_REBALANCE] = { BY_ADMIN, 0, BIT(F_ADAPTER) },
    [OP_RESET] = { BY_ADMIN, 0, BIT(F_ADAPTER) },
    [OP_SLEEP] = { BY_ADMIN, 0, WHICH },
    [OP_WAKE] = { BY_ADMIN, 0, WHICH },
    [OP_SYSTEM_SLEEP] = { BY_ADMIN, 0, 0 },
    [OP_SYSTEM_WAKE] = { BY_ADMIN, 0, 0 },
    [OP_WAKE_SIGNAL] = { BY_WIRE, 0, BIT(F_ADAPTER) },
    [OP_SHUTDOWN] = { BY_ADMIN, 0, 0 },
    [OP_RECEIVE] = { BY_WIRE, BIT(F_LEN), BIT(F_FRAMES) | BIT(F_SHAPE) | BIT(F_ADAPTER) },
    [OP_LINK_DOWN] = { BY_WIRE, 0, BIT(F_ADAPTER) },
    [OP_LINK_UP] = { BY_WIRE, 0, BIT(F_ADAPTER) },
    [OP_INTERRUPT] = { BY_WIRE, 0, BIT(F_COUNT) | BIT(F_ADAPTER) },
    [OP_SEND] = { BY_PROTOCOL, BIT(F_LEN), BIT(F_COUNT) | BIT(F_SHAPE) | WHICH },
    [OP_OID] = { BY_PROTOCOL, BIT(F_OID), BIT(F_IN) | BIT(F_OUT) | BIT(F_COUNT) | WHICH },
    [OP_CANCEL] = { BY_PROGRAM | BY_PROTOCOL, 0, WHICH },
    [OP_WAIT] = { BY_PROGRAM | BY_ADMIN | BY_WIRE | BY_PROTOCOL, BIT(F_MS), 0 },
};

/* op_rules for a stack as it is: the frames of a capture have lengths of their own. */
static unsigned
needs_of(enum scn_op_kind kind, bool capture)
{
    return op_rules[kind].needs & ~(capture && kind == OP_RECEIVE ? BIT(F_LEN) : 0u);
}

static unsigned
may_of(enum scn_op_kind kind, bool capture)
{
    return needs_of(kind, capture) | op_rules[kind].may;
}

const char *
scn_op_name(enum scn_op_kind kind)
{
    return op_words[kind];
}

const char *
scn_actor_kind_name(enum scn_actor_kind kind)
{
    return actor_words[kind];
}

const char *
scn_shape_name(enum scn_shape shape)
{
    return shape_words[shape];
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static int
check_op(struct yaml_reader *r, const yaml_node_t *node, const struct scn_op *op, enum scn_actor_kind actor,
         unsigned seen)
{
    const char *name = op_words[op->kind];
    unsigned needs = needs_of(op->kind, r->facts);
    unsigned may = may_of(op->kind, r->facts) | BIT(F_OP);

    if (!(op_rules[op->kind].actors & BIT(actor)))
        return yaml_fail(r->err, node, "an actor of kind %s cannot do \"%s\"", actor_words[actor], name);
    for (unsigned i = 0; i < COUNT(op_fields); i++) {
        if ((needs & BIT(i)) && !(seen & BIT(i)))
            return yaml_fail(r->err, node, "the op \"%s\" needs \"%s\"", name, op_fields[i].name);
        if ((seen & BIT(i)) && !(may & BIT(i)))
            return yaml_fail(r->err, node, "the op \"%s\" takes no \"%s\"", name, op_fields[i].name);
    }
    if ((seen & WHICH) == WHICH)
        return yaml_fail(r->err, node, "the op \"%s\" is for one of \"adapter\" and \"virtual\"", name);
    if ((seen & BIT(F_FRAMES)) && op->frames == 0 && !r->facts)
        return yaml_fail(r->err, node, "frames 0 means all frames of a capture, and the stack has none");
    return 0;
}

/* { op: word, ... }, or just the word. */
static int
read_op(struct yaml_reader *r, const yaml_node_t *node, enum scn_actor_kind actor, struct scn_op *op)
{
    unsigned seen = BIT(F_OP);
    int kind = 0;
    int err;

    if (node->type == YAML_SCALAR_NODE) {
        err = yaml_word(r, node, &op_fields[F_OP], &kind);
        if (err == 0)
            op->kind = (enum scn_op_kind)kind;
    } else {
        err = yaml_mapping(r, node, "an op", op_fields, COUNT(op_fields), op, NULL, &seen);
        if (err == 0 && !(seen & BIT(F_OP)))
            err = yaml_fail(r->err, node, "an op needs \"op\", which says what to do");
    }
    if (err == 0)
        err = check_op(r, node, op, actor, seen);
    if (op->count == 0)
        op->count = 1;
    if (!(seen & BIT(F_FRAMES)))
        op->frames = 1;
    return err;
}

static int
read_actor(struct yaml_reader *r, const yaml_node_t *node, struct scn_actor *actor)
{
    const yaml_node_t *nodes[COUNT(actor_fields)] = { 0 };
    unsigned seen;
    int err;

    actor->repeat = 1;
    err = yaml_mapping(r, node, "an actor", actor_fields, COUNT(actor_fields), actor, nodes, &seen);
    if (err)
        return err;
    for (unsigned i = 0; i < COUNT(actor_fields); i++)
        if (i != A_REPEAT && i != A_PROCESS && !(seen & BIT(i)))
            return yaml_fail(r->err, node, "an actor needs \"%s\"", actor_fields[i].name);
    if ((seen & BIT(A_PROCESS)) && actor->kind != ACTOR_PROGRAM)
        return yaml_fail(r->err, nodes[A_PROCESS], "only an actor of kind program is a thread of a process");
    err = yaml_list(r, nodes[A_OPS], "ops", OPS_MAX, sizeof(*actor->ops), &actor->ops);
    if (err)
        return err;
    actor->ops_count = (unsigned)yaml_count(nodes[A_OPS]);
    for (unsigned i = 0; i < actor->ops_count && err == 0; i++)
        err = read_op(r, yaml_at(r, nodes[A_OPS]->data.sequence.items.start[i]), actor->kind, &actor->ops[i]);
    return err;
}

static int
set_default(char **text, const char *value)
{
    if (*text == NULL)
        *text = strdup(value);
    return *text ? 0 : -ENOMEM;
}

/* node: the stack's, NULL when there is none in the file. */
static int
check_stack(struct yaml_reader *r, const yaml_node_t *node, const struct scn_stack *stack)
{
    r->facts = str_eq(stack->miniport, "pcap");
    if (r->facts && stack->wire == NULL)
        return yaml_fail(r->err, node, "the miniport \"pcap\" needs \"wire\", the capture file it plays");
    if (!r->facts && stack->wire != NULL)
        return yaml_fail(r->err, node, "\"wire\" is for the miniport \"pcap\"; this stack's is \"%.60s\"",
                         stack->miniport);
    if (stack->wire == NULL && stack->wire_sha256 != NULL)
        return yaml_fail(r->err, node, "\"wire_sha256\" is of \"wire\", which is not there");
    return 0;
}

/* What ops say of other actors, when all are known. */
static int
check_others(struct yaml_reader *r, const yaml_node_t *node, const struct scenario *scn, const struct scn_actor *actor)
{
    for (unsigned i = 0; i < actor->ops_count; i++) {
        const struct scn_op *op = &actor->ops[i];
        unsigned k = 0;

        while (op->actor && k < scn->actors_count &&
               (scn->actors[k].kind != ACTOR_PROGRAM || !str_eq(scn->actors[k].name, op->actor)))
            k++;
        if (op->actor && k == scn->actors_count)
            return yaml_fail(r->err, node, "the op \"%s\" names \"%.60s\", and no program is called so",
                             op_words[op->kind], op->actor);
        if (op->kind == OP_CANCEL_IO_EX && op->actor && op->request == 0)
            return yaml_fail(r->err, node,
                             "the op \"cancel-io-ex\" with \"actor\" needs \"request\": which of its requests");
    }
    return 0;
}

static int
read_scenario(struct yaml_reader *r, const yaml_node_t *root, struct scenario *scn)
{
    const yaml_node_t *nodes[COUNT(scenario_fields)] = { 0 };
    unsigned seen;
    int err;

    scn->vps = 2;
    scn->stack.adapters = 1;
    err = yaml_mapping(r, root, "a scenario", scenario_fields, COUNT(scenario_fields), scn, nodes, &seen);
    if (err)
        return err;
    if (!(seen & BIT(S_ACTORS)))
        return yaml_fail(r->err, root, "a scenario needs \"actors\"");
    if (seen & BIT(S_STACK)) {
        err = yaml_mapping(r, nodes[S_STACK], "a stack", stack_fields, COUNT(stack_fields), &scn->stack, NULL, &seen);
        if (err)
            return err;
    }
    if (set_default(&scn->name, "scenario") != 0 || set_default(&scn->os, "") != 0 ||
        set_default(&scn->stack.miniport, "loop") != 0)
        return -ENOMEM;
    err = check_stack(r, nodes[S_STACK], &scn->stack);
    if (err)
        return err;
    err = yaml_list(r, nodes[S_ACTORS], "actors", ACTORS_MAX, sizeof(*scn->actors), &scn->actors);
    if (err)
        return err;
    scn->actors_count = (unsigned)yaml_count(nodes[S_ACTORS]);
    for (unsigned i = 0; i < scn->actors_count && err == 0; i++)
        err = read_actor(r, yaml_at(r, nodes[S_ACTORS]->data.sequence.items.start[i]), &scn->actors[i]);
    for (unsigned i = 0; i < scn->actors_count && err == 0; i++)
        err = check_others(r, yaml_at(r, nodes[S_ACTORS]->data.sequence.items.start[i]), scn, &scn->actors[i]);
    return err;
}

static int
read_root(struct yaml_reader *r, const yaml_node_t *root, void *scn)
{
    return read_scenario(r, root, scn);
}

int
scenario_parse(const void *bytes, size_t len, struct scenario **out, struct scn_error *err)
{
    struct scenario *scn = calloc(1, sizeof(*scn));
    int result;

    if (scn == NULL) {
        yaml_fail(err, NULL, "out of memory while reading the scenario");
        return -ENOMEM;
    }
    result = yaml_read(bytes, len, err, read_root, scn);
    if (result == 0)
        *out = scn;
    else
        scenario_free(scn);
    return result;
}

int
scenario_load(const char *path, struct scenario **out, struct scn_error *err)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    int result = host_read_file(path, &bytes, &len);

    *err = (struct scn_error){ 0 };
    if (result) {
        yaml_fail(err, NULL, "it cannot be read: %s", strerror(-result));
        return result;
    }
    result = scenario_parse(bytes, len, out, err);
    free(bytes);
    return result;
}

void
scenario_free(struct scenario *scn)
{
    if (scn == NULL)
        return;
    for (unsigned i = 0; i < scn->actors_count; i++) {
        for (unsigned j = 0; j < scn->actors[i].ops_count; j++) {
            free(scn->actors[i].ops[j].device);
            free(scn->actors[i].ops[j].file);
            free(scn->actors[i].ops[j].actor);
        }
        free(scn->actors[i].process);
        free(scn->actors[i].ops);
        free(scn->actors[i].name);
    }
    free(scn->actors);
    for (unsigned i = 0; i < scn->stack.filters_count; i++)
        free(scn->stack.filters[i]);
    for (unsigned i = 0; i < scn->stack.protocols_count; i++)
        free(scn->stack.protocols[i]);
    for (unsigned i = 0; i < scn->stack.parameters_count; i++)
        free(scn->stack.parameters[i]);
    free(scn->stack.parameters);
    free(scn->stack.filters);
    free(scn->stack.protocols);
    free(scn->stack.miniport);
    free(scn->stack.wire);
    free(scn->stack.wire_sha256);
    free(scn->stack.registry);
    free(scn->name);
    free(scn->os);
    free(scn);
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

/* Plain where YAML reads it back as the same text, in double quotes otherwise. */
static void
write_text(FILE *file, const char *text)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./ -";
    bool plain = *text && strspn(text, safe) == strlen(text) && strchr(" -.", *text) == NULL &&
                 text[strlen(text) - 1] != ' ' && strstr(text, " -") == NULL;

    if (plain) {
        fputs(text, file);
        return;
    }
    fputc('"', file);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', file);
        if ((unsigned char)*text < 0x20)
            fprintf(file, "\\x%02x", (unsigned char)*text);
        else
            fputc(*text, file);
    }
    fputc('"', file);
}

static void
write_texts(FILE *file, const char *name, char *const *texts, unsigned count)
{
    if (count == 0)
        return;
    fprintf(file, "  %s: [", name);
    for (unsigned i = 0; i < count; i++) {
        fputs(i ? ", " : "", file);
        write_text(file, texts[i]);
    }
    fputs("]\n", file);
}

static bool
is_default(const struct scn_op *op, unsigned field)
{
    const void *at = (const char *)op + op_fields[field].offset;

    if (op_fields[field].type == YAML_FIELD_TEXT)
        return *(char *const *)at == NULL;
    return *(const unsigned *)at == ((field == F_COUNT || field == F_FRAMES) ? 1u : 0u);
}

static void
write_op(FILE *file, const struct scn_op *op, bool capture)
{
    unsigned needs = needs_of(op->kind, capture);
    unsigned may = may_of(op->kind, capture);
    bool braces = needs != 0;

    for (unsigned i = F_OP + 1; i < COUNT(op_fields); i++)
        if ((may & BIT(i)) && !is_default(op, i))
            braces = true;
    fprintf(file, braces ? "      - { op: %s" : "      - %s", op_words[op->kind]);
    for (unsigned i = F_OP + 1; i < COUNT(op_fields); i++) {
        const struct yaml_field *field = &op_fields[i];
        const void *at = (const char *)op + field->offset;

        if (!((needs & BIT(i)) || ((may & BIT(i)) && !is_default(op, i))))
            continue;
        fprintf(file, ", %s: ", field->name);
        if (field->type == YAML_FIELD_TEXT)
            write_text(file, *(char *const *)at);
        else if (field->type == YAML_FIELD_WORD)
            fputs(field->words[*(const unsigned *)at], file);
        else
            fprintf(file, i == F_CODE || i == F_OID ? "0x%08x" : "%u", *(const unsigned *)at);
    }
    fputs(braces ? " }\n" : "\n", file);
}

int
scenario_save(const struct scenario *scn, FILE *file)
{
    fputs("name: ", file);
    write_text(file, scn->name);
    fprintf(file, "\nvps: %u\n", scn->vps);
    if (*scn->os) {
        fputs("os: ", file);
        write_text(file, scn->os);
        fputc('\n', file);
    }
    fputs("stack:\n  miniport: ", file);
    write_text(file, scn->stack.miniport);
    fprintf(file, "\n  adapters: %u\n", scn->stack.adapters);
    write_texts(file, "filters", scn->stack.filters, scn->stack.filters_count);
    write_texts(file, "protocols", scn->stack.protocols, scn->stack.protocols_count);
    if (scn->stack.wire != NULL) {
        fputs("  wire: ", file);
        write_text(file, scn->stack.wire);
        fputc('\n', file);
    }
    if (scn->stack.wire_sha256 != NULL)
        fprintf(file, "  wire_sha256: \"%s\"\n", scn->stack.wire_sha256);
    if (scn->stack.parameters_count)
        write_texts(file, "parameters", scn->stack.parameters, scn->stack.parameters_count);
    if (scn->stack.registry != NULL) {
        fputs("  registry: ", file);
        write_text(file, scn->stack.registry);
        fputc('\n', file);
    }
    fputs("actors:\n", file);
    for (unsigned i = 0; i < scn->actors_count; i++) {
        const struct scn_actor *actor = &scn->actors[i];

        fputs("  - name: ", file);
        write_text(file, actor->name);
        fprintf(file, "\n    kind: %s\n", actor_words[actor->kind]);
        if (actor->process != NULL) {
            fputs("    process: ", file);
            write_text(file, actor->process);
            fputc('\n', file);
        }
        fprintf(file, "    repeat: %u\n    ops:\n", actor->repeat);
        for (unsigned j = 0; j < actor->ops_count; j++)
            write_op(file, &actor->ops[j], scn->stack.wire != NULL);
    }
    return fflush(file) == 0 && !ferror(file) ? 0 : -EIO;
}
