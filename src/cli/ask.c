/* SPDX-License-Identifier: MIT */
/* cli/ask.c - see ask.h. */
#include "cli/ask.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "control/client.h"

int
ask_options(struct ask *a, int argc, char **argv, unsigned words_min, unsigned words_max, bool takes_file)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(a->help, stdout);
            return EXIT_CLEAN;
        } else if (strcmp(argv[i], "--json") == 0) {
            a->json = true;
        } else if (strcmp(argv[i], "--name") == 0 && i + 1 < argc) {
            a->name = argv[++i];
        } else if (takes_file && strcmp(argv[i], "-w") == 0 && i + 1 < argc) {
            a->file = argv[++i];
        } else if (a->takes_hostif && strcmp(argv[i], "--hostif") == 0 && i + 1 < argc) {
            a->hostif = argv[++i];
        } else if (argv[i][0] == '-' || a->words == words_max) {
            fprintf(stderr, "undis %s: unexpected \"%s\"; undis %s --help tells more\n", a->command, argv[i],
                    a->command);
            return EXIT_USAGE;
        } else {
            a->word[a->words++] = argv[i];
        }
    }
    if (a->words < words_min) {
        size_t forms = strcspn(a->help, "\n") + 1;

        while (a->help[forms] == ' ') /* the help begins with the forms that the command has, one a line */
            forms += strcspn(a->help + forms, "\n") + 1;
        fprintf(stderr, "undis %s: something is missing\n%.*s", a->command, (int)forms, a->help);
        return EXIT_USAGE;
    }
    return -1;
}

bool
ask_text(const struct ask *a, char *to, size_t room, const char *text)
{
    int n = snprintf(to, room, "%s", text);

    if (n > 0 && (size_t)n < room)
        return true;
    fprintf(stderr, "undis %s: \"%.80s\" is no name\n", a->command, text);
    return false;
}

int
ask_machine(const struct ask *a, const struct command *c, void (*print)(const json_t *answer))
{
    json_t *answer;
    char text[256];
    int status = control_ask(a->name, c, &answer, text);

    if (status) {
        fprintf(stderr, "undis %s: %s\n", a->command, text);
        return status;
    }
    if (a->json) {
        json_dumpf(answer, stdout, JSON_INDENT(2));
        putchar('\n');
    } else if (print != NULL) {
        print(answer);
    }
    json_decref(answer);
    return EXIT_CLEAN;
}
