/* SPDX-License-Identifier: MIT */
/*
 * tunnel/peer.h - one TLS connection to the other end.
 *
 * Model: TLS 1.3 only, and each side shows a certificate that the CA of --ca signed, and only that CA; without it the
 * handshake fails. A peer has PEER_HANDSHAKE_S to finish it and must be heard of every PEER_SILENCE_S. What waits to
 * be sent is at most PEER_OUT_MAX bytes; the card's ring stands behind that.
 */
#ifndef TUNNEL_PEER_H
#define TUNNEL_PEER_H

#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>

#define PEER_HANDSHAKE_S 5
#define PEER_ALIVE_S     5
#define PEER_SILENCE_S   20
#define PEER_OUT_MAX     65536u

/* NULL, with a sentence in text: a file cannot be read, or key and certificate do not belong together. */
SSL_CTX *peer_context(const char *ca, const char *cert, const char *key, char text[256]);

/* Serves the connection on fd until it ends or *ended is set, then closes fd; server: it was accepted. Why, in why. */
void peer_run(SSL_CTX *context, int fd, bool server, const volatile sig_atomic_t *ended, char why[256]);

#endif
