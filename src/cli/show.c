/* SPDX-License-Identifier: MIT */
/* cli/show.c - see show.h. */
#include "cli/show.h"

#include <stdio.h>
#include <string.h>

json_int_t
show_number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

const char *
show_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

void
show_adapters(const json_t *answer)
{
    size_t i, k;
    json_t *adapter, *layer;

    json_array_foreach(json_object_get(answer, "adapters"), i, adapter)
    {
        const json_t *wire = json_object_get(adapter, "wire"), *host = json_object_get(adapter, "hostif");

        printf("%s  %s", show_text(adapter, "name"), show_text(adapter, "state"));
        if (wire)
            printf("  wire %s %s, link %s", show_text(wire, "kind"), show_text(wire, "name"),
                   show_text(adapter, "link"));
        if (host)
            printf("  Linux interface %s", show_text(host, "name"));
        printf("\n");
        json_array_foreach(json_object_get(adapter, "layers"), k, layer)
        {
            printf("    %-9s %-16s %s\n", show_text(layer, "kind"), show_text(layer, "driver"),
                   show_text(layer, "state"));
        }
    }
}
