/* SPDX-License-Identifier: MIT */
/* control/client.c - see client.h. */
#include "control/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/statedir.h"

enum { CANNOT = 4, OUR_FAULT = 3, ANSWER_MAX = 256 * 1024 };

static json_t *
exchange(const char *path, const char *request, char *room)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    ssize_t n = -1;

    if (fd < 0)
        return NULL;
    snprintf(address.sun_path, sizeof(address.sun_path), "%.107s", path);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
        send(fd, request, strlen(request), MSG_NOSIGNAL) == (ssize_t)strlen(request))
        do
            n = recv(fd, room, ANSWER_MAX, 0);
        while (n < 0 && errno == EINTR);
    close(fd);
    return n > 0 ? json_loadb(room, (size_t)n, 0, NULL) : NULL;
}

int
control_ask(const char *name, const struct command *c, json_t **answer, char text[256])
{
    char path[108], why[200], *request, *room;

    if (statedir_find(name, path, why)) {
        snprintf(text, 256, "%.199s", why);
        return CANNOT;
    }
    request = command_text(c);
    room = malloc(ANSWER_MAX);
    *answer = request && room ? exchange(path, request, room) : NULL;
    free(request);
    free(room);
    if (*answer == NULL) {
        snprintf(text, 256, "the machine did not answer on %.150s: it is starting, stopping or has just died", path);
        return CANNOT;
    }
    if (!json_is_true(json_object_get(*answer, "ok"))) {
        const char *error = json_string_value(json_object_get(*answer, "error"));
        int status = (int)json_integer_value(json_object_get(*answer, "exit"));

        snprintf(text, 256, "%.255s", error ? error : "the machine refused");
        json_decref(*answer);
        *answer = NULL;
        return status > 0 ? status : OUR_FAULT;
    }
    return 0;
}
