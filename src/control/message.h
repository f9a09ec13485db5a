/* SPDX-License-Identifier: MIT */
/*
 * control/message.h - what a packet from the control socket is, before anybody acts on it. All of it is untrusted.
 */
#ifndef CONTROL_MESSAGE_H
#define CONTROL_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "control/protocol.h"

enum message_kind {
    MESSAGE_ADMIN,    /* JSON, or what began like it: command_parse() decides */
    MESSAGE_PROGRAM,  /* a whole struct undis_request */
    MESSAGE_NONSENSE, /* neither; its sender may be an administrator's script, and is told so */
    MESSAGE_TOO_LONG,
};

/* length: what the packet had, which may be more than room, the bytes that were read of it. */
enum message_kind message_kind(const void *bytes, size_t length, size_t room);

#define MESSAGE_WINDOW_FIRST 4096u /* below it lie the machine's status blocks */

/*
 * STATUS_SUCCESS: the operation exists, both buffers lie in the program's part of the window, a path ends. Else what
 * the request is answered with: STATUS_INVALID_PARAMETER, _ACCESS_VIOLATION, _OBJECT_NAME_INVALID.
 */
int32_t message_check(const struct undis_request *q);

#endif
