/* SPDX-License-Identifier: MIT */
/* cli/ddi.c - undis ddi: what a driver imports and which of its instructions are patched. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "explore/lab.h"
#include "image/image.h"

static const char help[] =
    "usage: undis ddi DIR|FILE.inf|FILE.sys [-v]\n"
    "Lists every import as bound or lacking, and how each locked instruction and IRQL access was patched.\n"
    "exit: 0 everything is bound, 1 something is lacking, 4 the file cannot be used\n"
    "\n"
    "usage: undis ddi --status [-v] [--wanted FILE] [DIR|FILE.inf|FILE.sys ...]\n"
    "Counts what undis exports, what of it the given drivers call in their battery, and for how many functions whose\n"
    "page names failing codes one of these was seen. -v: a line for each function. --wanted: names, one a line; how\n"
    "many of them nothing exports.\n"
    "exit: 0 nothing is left to do, 1 something is lacking or not tested, 4 a file cannot be used\n";

int
cmd_ddi(int argc, char **argv)
{
    const char *path = NULL;
    bool verbose = false;
    struct pnp_driver d;
    struct image *im;
    struct image_error err;
    char text[256];
    unsigned lacking = 0;

    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--status") == 0)
            return cmd_ddi_status(argc, argv);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(help, stdout);
            return EXIT_CLEAN;
        } else if (strcmp(argv[i], "-v") == 0) {
            verbose = true;
        } else if (argv[i][0] == '-' || path) {
            fprintf(stderr, "undis ddi: unexpected \"%s\"; undis ddi --help tells more\n", argv[i]);
            return EXIT_USAGE;
        } else {
            path = argv[i];
        }
    }
    if (!path) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    if (pnp_driver_read(path, &d, text)) {
        fprintf(stderr, "undis ddi: %s\n", text);
        return EXIT_INPUT;
    }
    lab_register_exports();
    if (image_inspect(d.bytes, d.len, d.sys, &im, &err)) {
        fprintf(stderr, "undis ddi: %s\n", err.text);
        return EXIT_INPUT;
    }
    for (unsigned i = 0; i < im->import_count; i++)
        lacking += im->imports[i].export_index < 0;
    printf("%s  %u imports, %u lacking, %u patched sites\n", d.sys, im->import_count, lacking, im->site_count);
    for (unsigned i = 0; i < im->import_count; i++)
        if (verbose || im->imports[i].export_index < 0)
            printf("  %-8s %s!%s\n", im->imports[i].export_index < 0 ? "lacking" : "bound", im->imports[i].module,
                   im->imports[i].name);
    for (unsigned i = 0; i < im->site_count; i++)
        printf("  +%06x   %-14s %s\n", im->sites[i].rva, image_site_kind_name(im->sites[i].kind),
               image_site_patch_name(im->sites[i].patch));
    image_free(im);
    pnp_driver_free(&d);
    return lacking ? EXIT_FINDING : EXIT_CLEAN;
}
