/* SPDX-License-Identifier: MIT */
/* control/join.c - see join.h. Start reading at: join_begin(), join_map(), join_start(). */
#include "control/join.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "control/record.h"
#include "control/up.h"
#include "ddk/ntstatus.h"
#include "ndis/admin.h"
#include "nt/io/driver.h"
#include "pnp/install.h"
#include "verify/verify.h"

/* From the control thread to the runner; one at a time. */
static struct admin_job *waiting;

/* ------------------------------------------------------------------ control thread */

static void
adapter_free(struct stack_adapter *a)
{
    if (a == NULL)
        return;
    free(a->name);
    free(a->miniport);
    free(a->hostif);
    free(a);
}

/* An adapter as a stack file would have it, and the Linux interface above it. 0, or -errno with one sentence. */
static int
adapter_of(struct admin_job *j, const struct pnp_driver *d, char text[256])
{
    const struct command *c = &j->command;
    struct stack_adapter *a = calloc(1, sizeof(*a));
    char why[200];

    snprintf(text, 256, "out of memory");
    j->joining_adapter = a;
    if (a == NULL)
        return -ENOMEM;
    a->name = strdup(c->adapter[0] ? c->adapter : d->service);
    a->miniport = strdup(d->sys);
    a->hostif = c->hostif[0] ? strdup(c->hostif) : NULL;
    if (a->name == NULL || a->miniport == NULL || (c->hostif[0] && a->hostif == NULL) || stack_whole_hostif(a))
        return -ENOMEM;
    if (a->hostif != NULL && wire_open(a->hostif, NULL, &j->joining_host, why)) {
        snprintf(text, 256, "hostif: %.190s", why);
        return -EINVAL;
    }
    return 0;
}

void
join_end(struct admin_job *j)
{
    free(j->joining); /* what it named is the machine's, or freed */
    adapter_free(j->joining_adapter);
    wire_close(j->joining_host);
}

/* A protocol that no INF calls more may turn out to have virtual adapters, too: those have NDIS's names. */
static bool
brings_adapter(const struct pnp_driver *d)
{
    return d->kind == INF_MINIPORT || d->kind == INF_INTERMEDIATE;
}

int
join_begin(struct admin_job *j, char text[256])
{
    struct pnp_driver *d;

    if (__atomic_load_n(&waiting, __ATOMIC_ACQUIRE) != NULL) {
        snprintf(text, 256, "another driver is being loaded");
        return -EBUSY;
    }
    d = calloc(1, sizeof(*d));
    if (d == NULL)
        return -ENOMEM;
    if (pnp_driver_read(j->command.file, d, text))
        goto refused;
    if (brings_adapter(d)) {
        if (adapter_of(j, d, text))
            goto refused;
    } else if (j->command.adapter[0] || j->command.hostif[0]) {
        snprintf(text, 256, "%.100s is a %.40s driver: it brings no adapter", d->service, inf_kind_name(d->kind));
        goto refused;
    }
    j->joining = d;
    __atomic_store_n(&waiting, j, __ATOMIC_RELEASE);
    live_poke();
    return 0;
refused:
    pnp_driver_free(d);
    free(d);
    return -EINVAL;
}

/* ------------------------------------------------------------------ runner */

static bool
same_build(const struct pnp_driver *a, const struct pnp_driver *b)
{
    return strcmp(a->sys, b->sys) == 0 && a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/*
 * A place among the files, the image mapped; takes d. What a driver that left had named stays: the registry and the
 * list of components may still name it.
 */
static int
map(struct pnp_driver *d, unsigned *at, char text[256])
{
    struct stack_files *f = up.files;
    unsigned i = 0;
    int err;

    while (i < f->count && !str_ieq(f->driver[i].service, d->service))
        i++;
    *at = i;
    if (i < f->count && up.started[i])
        fmt(text, 256, "the driver \"%.60s\" is loaded already", d->service);
    else if (i == FILES_MAX)
        fmt(text, 256, "a machine has at most %u drivers", FILES_MAX);
    if (text[0] || (i < f->count && up.service[i].image != NULL && same_build(&f->driver[i], d))) {
        pnp_driver_free(d);
        return text[0] ? -EINVAL : 0;
    }
    f->driver[i] = *d;
    err = pnp_load(&f->driver[i], &up.service[i], text);
    if (i < f->count)
        return err;
    if (err)
        pnp_driver_free(&f->driver[i]);
    else
        f->config[f->count++] = NULL;
    return err;
}

void
join_map(void)
{
    struct admin_job *j = __atomic_load_n(&waiting, __ATOMIC_ACQUIRE);
    char text[256] = "";
    bool refused;

    if (j == NULL)
        return;
    live_enter();
    refused = map(j->joining, &j->joining_at, text) != 0;
    live_leave();
    __atomic_store_n(&waiting, NULL, __ATOMIC_RELEASE);
    if (!refused && job_post(&j->job) == 0)
        return; /* a fiber has it */
    admin_refuse(j, "%.190s", refused ? text : "the machine takes no more requests now");
    job_finish(&j->job);
}

/* ------------------------------------------------------------------ fiber */

/*
 * Adapters that left with their driver come back with it; the one that was named, if any was. An intermediate driver
 * asks for all that it had. Returns how many.
 */
static unsigned
bring_back(struct admin_job *j)
{
    const struct pnp_driver *file = &up.files->driver[j->joining_at];
    bool all = !j->command.adapter[0] || file->kind == INF_INTERMEDIATE;
    unsigned count = 0;

    for (unsigned i = 0; i < j->running->adapter_count && !j->exit; i++) {
        struct running_adapter *a = &j->running->adapter[i];

        if (!a->left || a->miniport != file || (!all && !str_ieq(a->config->name, j->command.adapter)))
            continue;
        count++;
        if (ndis_nic_adopt(a->nic, file->service)) {
            admin_refuse(j, "%s: the miniport driver registered no miniport with NDIS", a->config->name);
            continue;
        }
        a->left = a->removed = false;
        if (a->host == NULL) {
            a->host = j->joining_host;
            j->joining_host = NULL;
        }
        pnp_nic_install(a->nic, file, a->config->parameters.p, a->config->parameters.count);
        if (!up_start_adapter(a))
            admin_refuse(j, "%.190s", up.failure);
    }
    return count;
}

static void
new_adapter(struct admin_job *j)
{
    struct running *r = j->running;
    struct running_adapter *a = &r->adapter[r->adapter_count];

    *a = (struct running_adapter){ .config = j->joining_adapter,
                                   .miniport = &up.files->driver[j->joining_at],
                                   .host = j->joining_host };
    if (up_add_adapter(a)) {
        r->adapter_count++;
        j->joining_adapter = NULL; /* its config for good */
        j->joining_host = NULL;
        if (up_start_adapter(a))
            return;
    }
    admin_refuse(j, "%.190s", up.failure);
}

/*
 * May the driver bring an adapter of that name? One that left with it may come back; an intermediate driver's come back
 * under the names they had.
 */
static bool
name_is_free(struct admin_job *j)
{
    const struct pnp_driver *file = &up.files->driver[j->joining_at];
    const struct running *r = j->running;
    const char *had = NULL;
    bool back = false;

    for (unsigned i = 0; i < r->adapter_count; i++) {
        const struct running_adapter *a = &r->adapter[i];
        bool left = a->left && a->miniport == file;
        bool same = str_ieq(a->config->name, j->joining_adapter->name);

        if (same && !left) {
            admin_refuse(j, "there is an adapter called \"%s\" already: name another one behind the file",
                         j->joining_adapter->name);
            return false;
        }
        back |= same;
        had = left && had == NULL ? a->config->name : had;
    }
    if (file->kind == INF_INTERMEDIATE && j->command.adapter[0] && had != NULL && !back) {
        admin_refuse(j, "the driver \"%s\" had an adapter, which comes back under its name, \"%s\"", file->service,
                     had);
        return false;
    }
    if (had != NULL || r->adapter_count < STACK_ADAPTERS_MAX)
        return true;
    admin_refuse(j, "a machine has at most %u adapters", STACK_ADAPTERS_MAX);
    return false;
}

void
join_start(struct admin_job *j)
{
    record_command(&j->command, 0);
    if (j->joining_adapter != NULL && !name_is_free(j))
        return;
    up.failure[0] = '\0';
    if (up.files->driver[j->joining_at].kind == INF_INTERMEDIATE)
        ndis_settle_hold(); /* it asks for its virtual adapters as soon as it is bound */
    if (!up_start_driver(j->joining_at))
        admin_refuse(j, "%.190s", up.failure);
    else if (j->joining_adapter != NULL && bring_back(j) == 0)
        new_adapter(j);
    ndis_settle();
    pnp_write_linkage();
}

/* Its adapters go as when their device is uninstalled: those above are asked. */
static bool
remove_adapters(struct admin_job *j, const struct pnp_driver *file)
{
    for (unsigned i = 0; i < j->running->adapter_count; i++) {
        struct running_adapter *a = &j->running->adapter[i];

        if (a->miniport != file || a->removed)
            continue;
        if (ndis_pnp_remove(a->nic)) {
            admin_refuse(j, "a driver above the adapter \"%s\" does not let it go", a->config->name);
            return false;
        }
        a->left = a->removed = true;
        if (a->host != NULL)
            hostif_remove(a->nic);
    }
    return true;
}

void
join_leave(struct admin_job *j)
{
    unsigned before = verify_violation_count(), i = 0;

    while (i < up.files->count && !(up.started[i] && str_ieq(up.files->driver[i].service, j->command.driver)))
        i++;
    if (i == up.files->count) {
        admin_refuse(j, "no driver called \"%s\" is loaded", j->command.driver);
        return;
    }
    if (up.service[i].object->DriverUnload == NULL) {
        admin_refuse(j, "the driver \"%s\" has no unload routine: it stays until the machine ends", j->command.driver);
        return;
    }
    if (io_driver_busy(up.service[i].object)) {
        admin_refuse(j, "a program has a device of the driver \"%s\" open", j->command.driver);
        return;
    }
    record_command(&j->command, 0);
    if (!remove_adapters(j, &up.files->driver[i]))
        return;
    if (io_driver_unload(up.service[i].object) == STATUS_DEVICE_BUSY) {
        admin_refuse(j, "a program has just opened a device of the driver \"%s\"", j->command.driver);
        return;
    }
    up.started[i] = false;
    ndis_settle();
    pnp_write_linkage();
    if (verify_violation_count() > before) {
        admin_refuse(j, "the driver \"%s\" is gone and left something behind, which is a finding; undis stop writes it",
                     j->command.driver);
        j->exit = 1;
    }
}
