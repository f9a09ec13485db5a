/* SPDX-License-Identifier: MIT */
/*
 * nt/io/library.c - export drivers: images that other drivers import from, and that nobody starts.
 *
 * Model (documented: "Creating Export Drivers"): such an image comes with the first driver that imports from it, and
 * its DllInitialize runs before that driver's DriverEntry; with the last of them it goes, after its DllUnload. One that
 * lacks either of the two stays. References are counted in monitor memory, by image.
 */
#include <string.h>

#include "base/fmt.h"
#include "image/image.h"
#include "nt/io/driver.h"
#include "nt/io/io.h"
#include "nt/ob/ob.h"

#define SERVICES "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\"

static NTSTATUS
call_initialize(const struct image *im, uint64_t initialize)
{
    UNICODE_STRING *path = heap_alloc(sizeof(*path) + 160 * sizeof(WCHAR), 'llD ');
    char text[160];
    NTSTATUS status;

    if (path == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    fmt(text, sizeof(text), SERVICES "%s", im->name);
    *path = ob_text(text, (WCHAR *)(path + 1), 160);
    status = (NTSTATUS)GUEST_CALL(io_site.MmCallDllInitialize, initialize, (uint64_t)path);
    heap_free(path); /* documented: gone once DllInitialize returns */
    return status;
}

/* The libraries that im imports from, up to the one that refuses; those before it are let go again. */
static NTSTATUS
library_get(struct image *im, unsigned depth)
{
    uint32_t *references = &NT->io->library[image_number(im)];
    uint64_t initialize = image_export(im, "DllInitialize");
    NTSTATUS status = STATUS_SUCCESS;

    if (*references == 0)
        status = io_libraries_get(im, depth);
    if (NT_SUCCESS(status) && *references == 0 && initialize != 0) {
        status = call_initialize(im, initialize);
        if (!NT_SUCCESS(status))
            io_libraries_put(im);
    }
    if (NT_SUCCESS(status))
        ++*references;
    return status;
}

static void
library_put(struct image *im)
{
    uint32_t *references = &NT->io->library[image_number(im)];
    uint64_t unload = image_export(im, "DllUnload");

    if (*references == 0 || --*references > 0)
        return;
    if (unload == 0 || image_export(im, "DllInitialize") == 0) {
        ++*references; /* stays for ever */
        return;
    }
    GUEST_CALL(io_site.MiUnloadSystemImage, unload);
    io_left_behind(im->base, im->size);
    io_libraries_put(im);
}

NTSTATUS
io_libraries_get(struct image *im, unsigned depth)
{
    struct image *library;
    NTSTATUS status = STATUS_SUCCESS;
    unsigned i = 0;

    if (depth > LAYOUT_IMAGE_MAX) /* they import from each other in a ring */
        return STATUS_SUCCESS;
    for (; NT_SUCCESS(status) && (library = image_library(im, i)) != NULL; i++)
        status = library_get(library, depth + 1);
    if (!NT_SUCCESS(status))
        for (i--; i-- > 0;)
            library_put(image_library(im, i));
    return status;
}

void
io_libraries_put(struct image *im)
{
    struct image *library;

    for (unsigned i = 0; (library = image_library(im, i)) != NULL; i++)
        library_put(library);
}
