/* SPDX-License-Identifier: MIT */
/*
 * control/server.h - the control socket of a running machine.
 *
 * Model: one helper thread owns the socket and every connection. It reads packets, makes jobs of them, posts them into
 * the machine and writes the answers; it never runs driver code and the machine never writes to a socket. A peer that
 * does not read its answers is not read from either, until it does.
 */
#ifndef CONTROL_SERVER_H
#define CONTROL_SERVER_H

#include "control/admin.h"

/* Runner, after nt_init(): programs' requests, and what they are told, pass through here. */
void server_prepare(void);

/*
 * server_start - listen on socket_path and serve in a thread of its own. 0 or -errno with one sentence. Once a process,
 * after live_start().
 */
int server_start(const char *socket_path, struct running *running, char text[200]);

/*
 * Runner: nobody is connected any more and every program has ended in the machine. Not inside live_enter(). false: a
 * driver has kept a program's requests, or an administrator's, for timeout_s seconds.
 */
bool server_stop(unsigned timeout_s);

/* Any fiber: text for whoever watches the machine's standard output, cut to one line. Dropped, and counted, if full. */
void server_print(const char *text, size_t length);

#endif
