/* SPDX-License-Identifier: MIT */
/* control/request.c - see request.h. */
#include "control/request.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define NEEDS_ADAPTER 1u
#define NEEDS_DRIVER  2u
#define MAY_ADAPTER   4u
#define MAY_FILE      8u
#define NEEDS_ON      16u
#define MAY_SECONDS   32u
#define NEEDS_FILE    64u
#define MAY_HOSTIF    128u

static const struct {
    const char *name;
    unsigned fields;
} commands[COMMAND_KINDS] = {
    [COMMAND_STATUS] = { "status", 0 },
    [COMMAND_STATS] = { "stats", MAY_ADAPTER | MAY_SECONDS },
    [COMMAND_ADAPTER_LIST] = { "adapter-list", 0 },
    [COMMAND_ADAPTER_ENABLE] = { "adapter-enable", NEEDS_ADAPTER },
    [COMMAND_ADAPTER_DISABLE] = { "adapter-disable", NEEDS_ADAPTER },
    [COMMAND_ADAPTER_REMOVE] = { "adapter-remove", NEEDS_ADAPTER },
    [COMMAND_FILTER_INSERT] = { "filter-insert", NEEDS_DRIVER | MAY_ADAPTER },
    [COMMAND_FILTER_REMOVE] = { "filter-remove", NEEDS_DRIVER | MAY_ADAPTER },
    [COMMAND_FILTER_RAISE] = { "filter-raise", NEEDS_DRIVER | NEEDS_ADAPTER },
    [COMMAND_FILTER_LOWER] = { "filter-lower", NEEDS_DRIVER | NEEDS_ADAPTER },
    [COMMAND_DRIVER_LOAD] = { "driver-load", NEEDS_FILE | MAY_ADAPTER | MAY_HOSTIF },
    [COMMAND_DRIVER_UNLOAD] = { "driver-unload", NEEDS_DRIVER },
    [COMMAND_TRACE] = { "trace", NEEDS_ON | MAY_FILE },
    [COMMAND_STOP] = { "stop", 0 },
};

const char *
command_name(enum command_kind kind)
{
    return commands[kind].name;
}

static int
take_text(const json_t *value, const char *key, char *out, size_t room, char text[200])
{
    if (!json_is_string(value) || json_string_length(value) >= room || json_string_length(value) == 0 ||
        strlen(json_string_value(value)) != json_string_length(value)) {
        snprintf(text, 200, "\"%.20s\" must be 1 to %zu characters of text", key, room - 1);
        return -EINVAL;
    }
    memcpy(out, json_string_value(value), json_string_length(value) + 1);
    return 0;
}

static int
take_field(const char *key, const json_t *value, unsigned fields, struct command *out, char text[200])
{
    if (strcmp(key, "do") == 0)
        return 0;
    if (strcmp(key, "adapter") == 0 && (fields & (NEEDS_ADAPTER | MAY_ADAPTER)))
        return take_text(value, key, out->adapter, sizeof(out->adapter), text);
    if (strcmp(key, "driver") == 0 && (fields & NEEDS_DRIVER))
        return take_text(value, key, out->driver, sizeof(out->driver), text);
    if (strcmp(key, "file") == 0 && (fields & (MAY_FILE | NEEDS_FILE)))
        return take_text(value, key, out->file, sizeof(out->file), text);
    if (strcmp(key, "hostif") == 0 && (fields & MAY_HOSTIF))
        return take_text(value, key, out->hostif, sizeof(out->hostif), text);
    if (strcmp(key, "on") == 0 && (fields & NEEDS_ON) && json_is_boolean(value)) {
        out->on = json_is_true(value);
        return 0;
    }
    if (strcmp(key, "seconds") == 0 && (fields & MAY_SECONDS) && json_is_integer(value) &&
        json_integer_value(value) >= 0 && json_integer_value(value) <= 60) {
        out->seconds = (unsigned)json_integer_value(value);
        return 0;
    }
    snprintf(text, 200, "the request \"%s\" takes no such \"%.40s\"", commands[out->kind].name, key);
    return -EINVAL;
}

static int
take_object(json_t *root, struct command *out, char text[200])
{
    const char *name = json_string_value(json_object_get(root, "do"));
    unsigned kind = 0, fields;
    const char *key;
    json_t *value;
    int err = 0;

    while (kind < COMMAND_KINDS && (name == NULL || strcmp(name, commands[kind].name) != 0))
        kind++;
    if (kind == COMMAND_KINDS) {
        snprintf(text, 200, "\"do\" must say what to do, and undis cannot \"%.40s\"", name ? name : "");
        return -EINVAL;
    }
    out->kind = (enum command_kind)kind;
    fields = commands[kind].fields;
    json_object_foreach(root, key, value)
    {
        if (!err)
            err = take_field(key, value, fields, out, text);
    }
    if (!err && ((fields & NEEDS_ADAPTER && !out->adapter[0]) || (fields & NEEDS_DRIVER && !out->driver[0]) ||
                 (fields & NEEDS_FILE && !out->file[0]) ||
                 (fields & NEEDS_ON && json_object_get(root, "on") == NULL))) {
        snprintf(text, 200, "the request \"%s\" needs %s", commands[kind].name,
                 fields & NEEDS_ADAPTER  ? "\"adapter\""
                 : fields & NEEDS_DRIVER ? "\"driver\""
                 : fields & NEEDS_FILE   ? "\"file\""
                                         : "\"on\"");
        err = -EINVAL;
    }
    return err;
}

int
command_parse(const char *json, size_t len, struct command *out, char text[200])
{
    json_error_t problem;
    json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, &problem);
    int err;

    memset(out, 0, sizeof(*out));
    if (!json_is_object(root)) {
        snprintf(text, 200, "the request is no JSON object%s%.100s", root ? "" : ": ", root ? "" : problem.text);
        json_decref(root);
        return -EINVAL;
    }
    err = take_object(root, out, text);
    json_decref(root);
    return err;
}

char *
command_text(const struct command *c)
{
    unsigned fields = commands[c->kind].fields;
    json_t *root = json_pack("{s:s}", "do", commands[c->kind].name);
    char *text;

    if (c->adapter[0])
        json_object_set_new(root, "adapter", json_string(c->adapter));
    if (c->driver[0])
        json_object_set_new(root, "driver", json_string(c->driver));
    if (c->file[0])
        json_object_set_new(root, "file", json_string(c->file));
    if (c->hostif[0])
        json_object_set_new(root, "hostif", json_string(c->hostif));
    if (c->seconds)
        json_object_set_new(root, "seconds", json_integer(c->seconds));
    if (fields & NEEDS_ON)
        json_object_set_new(root, "on", json_boolean(c->on));
    text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}
