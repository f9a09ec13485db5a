/* SPDX-License-Identifier: MIT */
/*
 * tunnel/main.c - undis-tunnel: joins the virtual LAN cards of two machines over TLS.
 *
 * Model: one end listens, the other connects, and connects again when the connection ends. One peer at a time.
 * Start reading at: main(), then peer_run().
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tunnel/card.h"
#include "tunnel/peer.h"

static const char help[] =
    "usage: undis-tunnel (--listen ADDRESS:PORT | --connect ADDRESS:PORT) --ca FILE --cert FILE --key FILE\n"
    "                    [--machine NAME] [--device NAME]\n"
    "Joins a virtual LAN card of a running machine (drivers/vlan-card) with one of another, over TLS 1.3. Both ends\n"
    "show a certificate that the authority in --ca has signed; nobody else is let in. Files are PEM.\n"
    "\n"
    "  --machine NAME   the machine (default: the only one that runs)\n"
    "  --device NAME    the card (default: VlanCard0)\n"
    "\n"
    "exit: 0 the machine or the user ended it, 4 a file, address or card is not to be had, 64 usage\n";

enum { EXIT_INPUT = 4, EXIT_USAGE = 64 };

static volatile sig_atomic_t ended;

static void
on_signal(int sig)
{
    (void)sig;
    if (ended)
        _exit(0);
    ended = 1;
}

/* A socket for ADDRESS:PORT, bound and listening or connected; -1. */
static int
open_socket(const char *where, bool server)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = server ? AI_PASSIVE : 0 }, *found, *a;
    const char *colon = strrchr(where, ':');
    char host[256];
    int fd = -1, one = 1;

    if (colon == NULL || (size_t)(colon - where) >= sizeof(host))
        return -1;
    snprintf(host, sizeof(host), "%.*s", (int)(colon - where), where);
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
        return -1;
    for (a = found; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        if (server ? bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, 4) != 0
                   : connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

/* The next peer's socket, or -1 if none came within a second, or it could not be reached. */
static int
next_peer(int listener, const char *where)
{
    struct pollfd fd = { .fd = listener, .events = POLLIN };

    if (listener < 0)
        return open_socket(where, false);
    return poll(&fd, 1, 1000) == 1 ? accept4(listener, NULL, NULL, SOCK_CLOEXEC) : -1;
}

static void
serve(SSL_CTX *context, int listener, const char *where)
{
    while (!ended && !card_gone()) {
        int fd = next_peer(listener, where), one = 1;
        char why[256];

        if (fd >= 0) {
            fcntl(fd, F_SETFL, O_NONBLOCK);
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
            peer_run(context, fd, listener >= 0, &ended, why);
            fprintf(stderr, "undis-tunnel: disconnected: %s\n", why);
        }
        if (listener < 0 && !ended && !card_gone())
            sleep(1);
    }
}

int
main(int argc, char **argv)
{
    static const struct option options[] = { { "listen", 1, NULL, 'l' },  { "connect", 1, NULL, 'c' },
                                             { "ca", 1, NULL, 'a' },      { "cert", 1, NULL, 'e' },
                                             { "key", 1, NULL, 'k' },     { "machine", 1, NULL, 'm' },
                                             { "device", 1, NULL, 'd' },  { "help", 0, NULL, 'h' },
                                             { NULL, 0, NULL, 0 } };
    const char *value[128] = { ['d'] = "VlanCard0" };
    struct sigaction sa = { .sa_handler = on_signal };
    struct card_counts counts;
    int o, listener = -1;
    SSL_CTX *context;
    char text[256];

    while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (o == '?')
            return EXIT_USAGE;
        value[o] = optarg ? optarg : "";
    }
    if (value['h']) {
        fputs(help, stdout);
        return 0;
    }
    if (!value['l'] == !value['c'] || !value['a'] || !value['e'] || !value['k'] || optind != argc) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    context = peer_context(value['a'], value['e'], value['k'], text);
    if (context == NULL || !card_open(value['m'], value['d'], text)) {
        fprintf(stderr, "undis-tunnel: %s\n", text);
        return EXIT_INPUT;
    }
    if (value['l'] && (listener = open_socket(value['l'], true)) < 0) {
        fprintf(stderr, "undis-tunnel: %s: cannot listen there (%s)\n", value['l'], strerror(errno));
        return EXIT_INPUT;
    }
    serve(context, listener, value['c']);
    counts = card_counts();
    fprintf(stderr, "undis-tunnel: %llu frames read, %llu written, %llu overrun, %llu refused\n",
            (unsigned long long)counts.read, (unsigned long long)counts.written, (unsigned long long)counts.overrun,
            (unsigned long long)counts.refused);
    SSL_CTX_free(context);
    return 0;
}
