/* SPDX-License-Identifier: MIT */
/* tunnel/peer.c - one TLS connection to the other end (peer.h). */
#include "tunnel/peer.h"

#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tunnel/card.h"
#include "tunnel/frames.h"

struct peer {
    SSL *ssl;
    int fd;
    struct tunnel_stream in;
    uint8_t out[PEER_OUT_MAX];
    size_t out_at, out_used; /* bytes sent of those there are */
    time_t heard, told;
    short wants; /* POLLOUT when TLS cannot go on without it */
    char *why;
};

static time_t
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

SSL_CTX *
peer_context(const char *ca, const char *cert, const char *key, char text[256])
{
    SSL_CTX *c = SSL_CTX_new(TLS_method());
    const char *what = NULL, *file = "";

    if (c == NULL || !SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION))
        what = "TLS 1.3 is not there";
    else if (!SSL_CTX_load_verify_locations(c, file = ca, NULL))
        what = "no certificate of an authority can be read from it";
    else if (!SSL_CTX_use_certificate_chain_file(c, file = cert))
        what = "no certificate can be read from it";
    else if (!SSL_CTX_use_PrivateKey_file(c, file = key, SSL_FILETYPE_PEM))
        what = "no private key can be read from it, or it is not the certificate's";
    if (what != NULL) {
        snprintf(text, 256, "%.120s: %.100s", file, what);
        SSL_CTX_free(c);
        return NULL;
    }
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_num_tickets(c, 0);
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return c;
}

/* What an SSL call that returned r means: true: go on when the socket is ready. */
static bool
go_on(struct peer *p, int r, const char *doing)
{
    unsigned long code;

    switch (SSL_get_error(p->ssl, r)) {
    case SSL_ERROR_WANT_READ:
        return true;
    case SSL_ERROR_WANT_WRITE:
        p->wants = POLLOUT;
        return true;
    case SSL_ERROR_ZERO_RETURN:
        snprintf(p->why, 256, "the other end closed the connection");
        return false;
    default:
        code = ERR_get_error();
        snprintf(p->why, 256, "%s: %.180s", doing,
                 SSL_get_verify_result(p->ssl) != X509_V_OK
                     ? X509_verify_cert_error_string(SSL_get_verify_result(p->ssl))
                     : (code != 0 ? ERR_reason_error_string(code) : "the connection broke"));
        return false;
    }
}

static void
to_card(void *arg, const uint8_t *frame, size_t length)
{
    (void)arg;
    card_write(frame, length);
}

static bool
receive(struct peer *p)
{
    uint8_t bytes[16384];
    int n;

    for (unsigned burst = 0; burst < 16; burst++) {
        n = SSL_read(p->ssl, bytes, sizeof(bytes));
        if (n <= 0)
            return go_on(p, n, "receiving");
        p->heard = now();
        if (!tunnel_take(&p->in, bytes, (size_t)n, to_card, NULL)) {
            snprintf(p->why, 256, "the other end sent what is no frame");
            return false;
        }
    }
    return true;
}

/* Frames of the card, as many as fit. */
static void
fill(struct peer *p)
{
    uint8_t frame[TUNNEL_FRAME_MAX];
    size_t length;

    if (p->out_at == p->out_used)
        p->out_at = p->out_used = 0;
    while (PEER_OUT_MAX - p->out_used >= TUNNEL_LENGTH + TUNNEL_FRAME_MAX) {
        length = card_next(frame, sizeof(frame));
        if (length == 0)
            return;
        if (length >= TUNNEL_FRAME_MIN)
            p->out_used += tunnel_put(p->out + p->out_used, PEER_OUT_MAX - p->out_used, frame, length);
    }
}

static bool
transmit(struct peer *p)
{
    fill(p);
    if (p->out_used == 0 && now() - p->told >= PEER_ALIVE_S)
        p->out_used = tunnel_put(p->out, PEER_OUT_MAX, NULL, 0);
    while (p->out_at < p->out_used) {
        int n = SSL_write(p->ssl, p->out + p->out_at, (int)(p->out_used - p->out_at));

        if (n <= 0)
            return go_on(p, n, "sending");
        p->out_at += (size_t)n;
        p->told = now();
        fill(p);
    }
    return true;
}

/* Until the socket or the card has something, at most a second. While the socket is full the card is left alone. */
static void
pause_until_ready(struct peer *p)
{
    struct pollfd fds[2] = { { .fd = p->fd, .events = POLLIN | p->wants },
                             { .fd = p->wants ? -1 : card_event(), .events = POLLIN } };

    if (SSL_pending(p->ssl) > 0)
        return;
    p->wants = 0;
    poll(fds, 2, 1000);
}

static bool
handshake(struct peer *p)
{
    time_t until = now() + PEER_HANDSHAKE_S;
    int r;

    while ((r = SSL_do_handshake(p->ssl)) <= 0) {
        struct pollfd fd = { .fd = p->fd };

        p->wants = 0;
        if (!go_on(p, r, "handshake"))
            return false;
        if (now() >= until) {
            snprintf(p->why, 256, "the other end did not finish the handshake in %d s", PEER_HANDSHAKE_S);
            return false;
        }
        fd.events = p->wants ? POLLOUT : POLLIN;
        poll(&fd, 1, 1000);
    }
    p->wants = 0;
    return true;
}

void
peer_run(SSL_CTX *context, int fd, bool server, const volatile sig_atomic_t *ended, char why[256])
{
    static struct peer p;

    memset(&p, 0, sizeof(p));
    p.fd = fd;
    p.why = why;
    why[0] = '\0';
    ERR_clear_error();
    p.ssl = SSL_new(context);
    if (p.ssl != NULL && SSL_set_fd(p.ssl, fd)) {
        if (server)
            SSL_set_accept_state(p.ssl);
        else
            SSL_set_connect_state(p.ssl);
        if (handshake(&p)) {
            fprintf(stderr, "undis-tunnel: connected\n");
            p.heard = p.told = now();
            snprintf(why, 256, "this end was told to stop");
            while (!*ended && !card_gone() && receive(&p) && transmit(&p)) {
                if (now() - p.heard >= PEER_SILENCE_S) {
                    snprintf(why, 256, "nothing was heard of the other end for %d s", PEER_SILENCE_S);
                    break;
                }
                pause_until_ready(&p);
            }
            SSL_shutdown(p.ssl);
        }
    }
    SSL_free(p.ssl);
    close(fd);
}
