/* SPDX-License-Identifier: MIT */
/* control/client.h - the other end of the control socket: one question, one answer. */
#ifndef CONTROL_CLIENT_H
#define CONTROL_CLIENT_H

#include <jansson.h>

#include "control/request.h"

/*
 * control_ask - ask the machine `name`, NULL: the only one that runs. 0 and *answer, which the caller decrefs; else the
 * exit status of a command, with one sentence.
 */
int control_ask(const char *name, const struct command *c, json_t **answer, char text[256]);

#endif
