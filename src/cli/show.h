/* SPDX-License-Identifier: MIT */
/* cli/show.h - printing what a running machine answered. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <jansson.h>

json_int_t show_number(const json_t *object, const char *key);
const char *show_text(const json_t *object, const char *key); /* "" if there is none */

/* A line per adapter: its name, state, layers from the bottom up, Linux's side. */
void show_adapters(const json_t *answer);

#endif
