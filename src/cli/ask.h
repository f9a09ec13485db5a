/* SPDX-License-Identifier: MIT */
/*
 * cli/ask.h - what the subcommands share that ask a running machine.
 *
 * Model: each names its help, which words it takes and how it prints an answer; reading the command line, asking and
 * --json are the same for all.
 */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include <jansson.h>
#include <stdbool.h>

#include "control/request.h"

#define ASK_WORDS_MAX 4u

struct ask {
    const char *command; /* "adapter" */
    const char *help;
    const char *word[ASK_WORDS_MAX]; /* what stood there besides options */
    unsigned words;
    const char *name; /* --name */
    const char *file; /* -w */
    bool takes_hostif;
    const char *hostif; /* --hostif */
    bool json;
};

/* Read options; a status to exit with, or -1. */
int ask_options(struct ask *a, int argc, char **argv, unsigned words_min, unsigned words_max, bool takes_file);

/* Ask and print: JSON if that was wanted, else by print(). Returns the exit status. */
int ask_machine(const struct ask *a, const struct command *c, void (*print)(const json_t *answer));

/* An adapter's name into a command. false: too long; said so. */
bool ask_text(const struct ask *a, char *to, size_t room, const char *text);

#endif
