/* SPDX-License-Identifier: MIT */
/* nt/io/init.c - the I/O manager's root. */
#include "nt/io/io.h"

#include <string.h>

#include "nt/ke/ke.h"

struct io_sites io_site;

static uint64_t
address_of(const char *name)
{
    return ddi_address((unsigned)ddi_lookup("ntoskrnl", name));
}

static void
list_init_head(LIST_ENTRY *head)
{
    head->Flink = head->Blink = head;
}

void
io_init(struct nt *nt)
{
    struct io_state *io = nt->io = mon_alloc(sizeof(*io));
    size_t lists = 2 * (fiber_limit() + 1), bytes = sizeof(struct io_shared) + lists * sizeof(LIST_ENTRY);
    struct io_shared *shared = heap_alloc(bytes, '  oI');

#define X(name) io_site.name = ke_site(#name);
    IO_SITES(X)
#undef X
    memset(shared, 0, bytes);
    for (size_t i = 0; i < lists; i++)
        list_init_head(&shared->irps[i]);
    io->held = shared->irps + lists / 2;
    io->thread = mon_alloc((fiber_limit() + 1) * sizeof(io->thread[0]));
    list_init_head(&shared->shutdown);
    shared->file_mapping =
        (GENERIC_MAPPING){ FILE_GENERIC_READ, FILE_GENERIC_WRITE,
                           STANDARD_RIGHTS_EXECUTE | FILE_READ_ATTRIBUTES | FILE_EXECUTE | SYNCHRONIZE,
                           FILE_ALL_ACCESS };
    shared->cancel_lock = heap_alloc(sizeof(*shared->cancel_lock), 'lcnC');
    *shared->cancel_lock = 0;
    heap_label(shared->cancel_lock, "cancel spin lock");
    heap_label(shared, "I/O manager");
    io->shared = shared;
    list_init(&io->work);
    io->user_iosb = (uint64_t)user_alloc((fiber_limit() + 1) * sizeof(IO_STATUS_BLOCK));
    io->invalid_request = address_of("IopInvalidDeviceRequest");
    io->csq_cancel = address_of("IopCsqCancelRoutine");
    io->synchronous_completion = address_of("IopSynchronousCompletion");
    io->unload_safe_completion = address_of("IopUnloadSafeCompletion");
    io_driver_init();
    io_device_init();
    io_file_init();
    io_startio_init();
}
