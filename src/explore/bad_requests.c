/* SPDX-License-Identifier: MIT */
/*
 * explore/bad_requests.c - what a careless or hostile program sends a device.
 *
 * Model: every control code that stands in the driver's image is sent with lengths that fit nothing and with pointers
 * that are NULL, unmapped, odd, or the kernel's; reads and writes likewise. What the driver answers is its own affair;
 * it may not crash, leak, or write where it must not. A request that stays pending is cancelled; one that stays even
 * then keeps its place, and when all are taken the program stops asking.
 * Start reading at: lab_bad_requests().
 */
#include "explore/lab_internal.h"
#include "nt/nt.h"

static const unsigned lengths[] = { 0, 1, 4, 8, 60, 1024 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { BAD_NULL, BAD_UNMAPPED, BAD_ODD, BAD_KERNEL, BAD_KINDS };

static void *
bad_pointer(unsigned kind, uint8_t *good)
{
    switch (kind) {
    case BAD_UNMAPPED:
        return (void *)0x10000;
    case BAD_ODD:
        return good + 1;
    case BAD_KERNEL:
        return (void *)LAYOUT_HOT_BASE;
    default:
        return NULL;
    }
}

/* A place for one more request; NULL: none is left. */
static struct lab_request *
place(struct lab_actor *a)
{
    return a->requests < SCN_REQUESTS_MAX ? &a->request[a->requests] : NULL;
}

/* It was sent. If it is under way, see to it that it ends, or leave it its place. */
static void
sent(struct lab_actor *a, void *handle, struct lab_request *r, int32_t status)
{
    lab_count(status);
    if (status != STATUS_PENDING)
        return;
    if (user_poll(&r->async) == STATUS_PENDING)
        user_cancel_io_ex(handle, &r->async);
    if (user_poll(&r->async) == STATUS_PENDING)
        a->requests++;
}

static void
control(struct lab_actor *a, void *handle, uint32_t code, void *in, unsigned in_length, void *out, unsigned out_length)
{
    struct lab_request *r = place(a);

    if (r != NULL)
        sent(a, handle, r, user_ioctl_start(handle, code, in, in_length, out, out_length, &r->async));
}

static void
controls(struct lab_actor *a, void *handle, uint32_t code, uint8_t *in, uint8_t *out)
{
    for (unsigned i = 0; i < COUNT(lengths); i++) {
        control(a, handle, code, in, lengths[i], out, lengths[i]);
        if (lengths[i] != 0) {
            control(a, handle, code, in, lengths[i], out, 0);
            control(a, handle, code, in, 0, out, lengths[i]);
        }
    }
    for (unsigned kind = 0; kind < BAD_KINDS; kind++) {
        control(a, handle, code, bad_pointer(kind, in), 60, out, 60);
        control(a, handle, code, in, 60, bad_pointer(kind, out), 60);
    }
}

static void
transfer(struct lab_actor *a, void *handle, void *buffer, unsigned length)
{
    struct lab_request *r = place(a);

    if (r != NULL)
        sent(a, handle, r, user_write_start(handle, buffer, length, &r->async));
    r = place(a);
    if (r != NULL)
        sent(a, handle, r, user_read_start(handle, buffer, length, &r->async));
}

void
lab_bad_requests(struct lab_actor *a, void *handle)
{
    uint8_t *in = a->buffer, *out = in + a->half;

    lab_fill_frame(in, a->half);
    for (unsigned i = 0; i < COUNT(lengths); i++)
        transfer(a, handle, in, lengths[i]);
    for (unsigned kind = 0; kind < BAD_KINDS; kind++)
        transfer(a, handle, bad_pointer(kind, in), 60);
    for (unsigned i = 0; i < lab.ioctl_count; i++)
        controls(a, handle, lab.ioctl[i], in, out);
}
