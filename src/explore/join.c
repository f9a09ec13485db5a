/* SPDX-License-Identifier: MIT */
/*
 * explore/join.c - handles that must be given an adapter before they are of use.
 *
 * Model: a protocol has one device for all adapters, and a program names its adapter with a control code of the
 * driver's own. Nobody tells which code that is, so it is tried once, before the snapshot: where a fresh handle refuses
 * a write, each code found in the images is sent on new handles with the adapter's name as NDIS gives it to a protocol,
 * and with a name that no adapter has. The code that succeeds with the one and fails with the other is it; programs of
 * scenarios send it right after they open. A driver whose handles write at once is left alone.
 */
#include <string.h>

#include "explore/lab_internal.h"
#include "ndis/ndis.h"
#include "nt/io/user.h"
#include "nt/nt.h"

struct learner {
    uint8_t *buffer; /* user memory */
    struct user_async request;
};

/* The adapter's name, UTF-16 without end: its length in bytes. */
static uint32_t
adapter_name(void *to, uint32_t room)
{
    const UNICODE_STRING *name = lab.nic[0]->guid_name;
    uint32_t length = name->Length < room ? name->Length : room;

    memcpy(to, name->Buffer, length);
    return length;
}

static bool
writes(struct learner *l, void *handle)
{
    lab_own_frame(l->buffer + 1024, 60);
    user_write_start(handle, l->buffer + 1024, 60, &l->request);
    return user_wait(&l->request, NULL) >= 0;
}

/* The code's answer to a name; STATUS_PENDING is none: what it waits for has nothing to do with a name. */
static int32_t
answer(struct learner *l, const char *device, uint32_t code, bool wrong)
{
    uint32_t length = adapter_name(l->buffer, LAB_OPEN_BYTES);
    int32_t status;
    void *handle;

    if (wrong)
        l->buffer[length - 4] ^= 1; /* the last digit before the brace */
    status = user_open(device, USER_OVERLAPPED, &handle);
    if (status < 0)
        return status;
    status = user_ioctl_start(handle, code, l->buffer, length, l->buffer, 0, &l->request);
    user_close(handle);
    return status;
}

static bool
is_join(struct learner *l, const char *device, uint32_t code)
{
    return answer(l, device, code, false) == STATUS_SUCCESS && answer(l, device, code, true) < 0;
}

static bool
needs_join(struct learner *l, const char *device)
{
    void *handle;
    bool needs;

    if (user_open(device, USER_OVERLAPPED, &handle) < 0)
        return false;
    needs = !writes(l, handle);
    user_close(handle);
    return needs;
}

static void
learn(void *arg)
{
    struct learner *l = arg;

    l->buffer = user_alloc(2048);
    l->request.block = user_alloc(USER_ASYNC_BYTES);
    for (unsigned i = 0; i < lab.device_count; i++) {
        if (!needs_join(l, lab.device[i]))
            continue;
        for (unsigned k = 0; k < lab.ioctl_count && lab.join[i] == 0; k++)
            if (is_join(l, lab.device[i], lab.ioctl[k]))
                lab.join[i] = lab.ioctl[k];
    }
    user_process_exit(ps_current_process());
}

void
lab_join_learn(struct run_result *r)
{
    struct learner *l = mon_alloc(sizeof(*l));
    struct fiber *f;

    if (lab.ioctl_count == 0 || lab.nic_count == 0)
        return;
    f = ps_thread_create("learner", FIBER_USER, ps_process_create("learner"), learn, l, false, NULL);
    machine_run(&strategy_none, r);
    if (r->end == RUN_HANG) { /* inside a code that never returns: from here on nobody waits for the learner */
        f->daemon = true;
        r->end = RUN_DONE;
    }
}

void
lab_learn_address(void)
{
    const struct ndis_adapter *ad = lab.nic_count ? lab.nic[0]->adapter : NULL;

    lab.address_known = ad != NULL;
    if (ad != NULL)
        memcpy(lab.own_address, ad->general.CurrentMacAddress, 6);
}

void
lab_own_frame(uint8_t *p, unsigned len)
{
    lab_fill_frame(p, len);
    if (lab.address_known && len >= 12)
        memcpy(p + 6, lab.own_address, 6);
}

/* On an overlapped handle the code is waited for, as a program would. */
int32_t
lab_open(unsigned device, bool overlapped, uint8_t *buffer, void **handle)
{
    int32_t status = user_open(lab.device[device], overlapped ? USER_OVERLAPPED : 0, handle);
    uint64_t done;

    if (status >= 0 && lab.join[device] != 0) {
        uint32_t length = adapter_name(buffer, LAB_OPEN_BYTES);

        user_ioctl(*handle, lab.join[device], buffer, length, buffer, 0, &done);
    }
    return status;
}
