/* SPDX-License-Identifier: MIT */
/*
 * pnp/driver.c - what the user named: a folder, an INF or a .sys, as one driver.
 *
 * Model: a folder holds exactly one INF, or the two of an intermediate driver, or without one exactly one .sys. The
 * image an INF names is looked for beside it. Without an INF the imports tell the kind; they also tell an intermediate
 * driver from a protocol.
 */
#include "pnp/driver.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "host/host.h"
#include "image/image.h"
#include "nt/profile.h"

static bool
ends_with(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);

    return n >= m && str_ieq(s + n - m, suffix);
}

/* The only file in dir with that ending. 0, -ENOENT, -E2BIG. */
static int
only_file(const char *dir, const char *suffix, char out[512])
{
    DIR *d = opendir(dir);
    struct dirent *e;
    unsigned n = 0;

    if (!d)
        return -errno;
    while ((e = readdir(d)) != NULL)
        if (ends_with(e->d_name, suffix) && n++ == 0)
            snprintf(out, 512, "%s/%s", dir, e->d_name);
    closedir(d);
    return n == 1 ? 0 : n == 0 ? -ENOENT : -E2BIG;
}

static const char *
base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static enum inf_kind
kind_by_imports(const uint8_t *bytes, size_t len, const char *name)
{
    struct image *im;
    struct image_error err;
    bool filter = false, miniport = false, protocol = false;

    if (image_inspect(bytes, len, name, &im, &err))
        return INF_OTHER;
    for (unsigned i = 0; i < im->import_count; i++) {
        filter |= strcmp(im->imports[i].name, "NdisFRegisterFilterDriver") == 0;
        miniport |= strcmp(im->imports[i].name, "NdisMRegisterMiniportDriver") == 0 ||
                    strcmp(im->imports[i].name, "NdisMRegisterMiniport") == 0 ||
                    strcmp(im->imports[i].name, "NdisIMRegisterLayeredMiniport") == 0;
        protocol |= strcmp(im->imports[i].name, "NdisRegisterProtocolDriver") == 0 ||
                    strcmp(im->imports[i].name, "NdisRegisterProtocol") == 0;
    }
    image_free(im);
    return filter                 ? INF_FILTER
           : miniport && protocol ? INF_INTERMEDIATE
           : miniport             ? INF_MINIPORT
           : protocol             ? INF_PROTOCOL
                                  : INF_OTHER;
}

/* Parse and describe for the machine's release. 0, or -EINVAL with one sentence. */
static int
describe_file(const char *path, struct inf **parsed, struct inf_driver *info, char text[256])
{
    const struct inf_target target = { nt_profile()->major, nt_profile()->minor, nt_profile()->build, 1 };
    struct inf_error err;
    uint8_t *bytes;
    size_t len;
    int e = host_read_file(path, &bytes, &len);

    if (e) {
        snprintf(text, 256, "%.200s: cannot be read (%s)", path, strerror(-e));
        return -EINVAL;
    }
    e = inf_parse(bytes, len, parsed, &err);
    free(bytes);
    if (!e && (e = inf_describe_model(*parsed, &target, 0, info, &err)) != 0) {
        inf_free(*parsed);
        *parsed = NULL;
    }
    if (e) {
        snprintf(text, 256, err.line ? "%.120s, line %u: %.110s" : "%.120s%.0u: %.110s", path, err.line,
                 e == -ENOMEM ? "out of memory" : err.text);
        return -EINVAL;
    }
    return 0;
}

static int
read_inf(struct pnp_driver *d, char text[256])
{
    char dir[512];

    if (describe_file(d->inf, &d->parsed, &d->info, text))
        return -EINVAL;
    d->kind = d->info.kind;
    snprintf(d->service, sizeof(d->service), "%s", d->info.service);
    snprintf(dir, sizeof(dir), "%.*s", (int)(base_name(d->inf) - d->inf), d->inf);
    if (!d->info.image[0]) {
        snprintf(text, 256, "%.150s: names no driver file (ServiceBinary of the AddService section)", d->inf);
        return -EINVAL;
    }
    snprintf(d->sys, sizeof(d->sys), "%.380s%.100s", dir, d->info.image);
    return 0;
}

/* ------------------------------------------------------------------ the two INFs of an intermediate driver */

/* The miniport's INF beside the protocol's: the one CopyINF names that installs the same file. */
static int
read_miniport_half(struct pnp_driver *d, char text[256])
{
    for (unsigned i = 0; d->parsed && d->kind == INF_PROTOCOL && i < d->info.more_inf_count; i++) {
        snprintf(d->miniport_inf, sizeof(d->miniport_inf), "%.*s%.100s", (int)(base_name(d->inf) - d->inf), d->inf,
                 d->info.more_infs[i]);
        if (access(d->miniport_inf, R_OK) != 0) {
            snprintf(text, 256, "%.120s: CopyINF names %.80s, which is not beside it", d->inf, d->info.more_infs[i]);
            return -EINVAL;
        }
        if (describe_file(d->miniport_inf, &d->miniport_parsed, &d->miniport_info, text))
            return -EINVAL;
        if (d->miniport_info.kind == INF_MINIPORT && str_ieq(d->miniport_info.image, d->info.image)) {
            d->kind = INF_INTERMEDIATE;
            return 0;
        }
        inf_driver_fini(&d->miniport_info);
        inf_free(d->miniport_parsed);
        d->miniport_parsed = NULL;
    }
    d->miniport_inf[0] = 0;
    return 0;
}

/* Of a folder's INFs the one whose CopyINF names another of them: an intermediate driver's protocol. false: none. */
static bool
primary_inf(const char *dir, char out[512])
{
    DIR *folder = opendir(dir);
    struct dirent *e;
    bool found = false;

    while (folder != NULL && !found && (e = readdir(folder)) != NULL) {
        char path[512], ignored[256];
        struct inf *parsed = NULL;
        struct inf_driver info;

        if (!ends_with(e->d_name, ".inf") || snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) >= 512 ||
            describe_file(path, &parsed, &info, ignored))
            continue;
        found = info.kind == INF_PROTOCOL && info.more_inf_count > 0;
        if (found)
            snprintf(out, 512, "%s", path);
        inf_driver_fini(&info);
        inf_free(parsed);
    }
    if (folder != NULL)
        closedir(folder);
    return found;
}

int
pnp_driver_read(const char *path, struct pnp_driver *d, char text[256])
{
    struct stat st;
    struct image *im;
    struct image_error ierr;
    int err, dir;

    memset(d, 0, sizeof(*d));
    if (strlen(path) >= sizeof(d->inf) || stat(path, &st)) {
        snprintf(text, 256, "%.150s: there is no such file or folder; name a driver's folder, .inf or .sys", path);
        return -EINVAL;
    }
    if (S_ISDIR(st.st_mode)) {
        err = only_file(path, ".inf", d->inf);
        if (err == -E2BIG && !primary_inf(path, d->inf)) {
            snprintf(text, 256, "%.150s: holds more than one .inf; name the one to test", path);
            return -EINVAL;
        }
        if (err && err != -E2BIG && (err = only_file(path, ".sys", d->sys)) != 0) {
            snprintf(text, 256, "%.150s: holds no .inf and not exactly one .sys; build the driver first", path);
            return -EINVAL;
        }
    } else if (ends_with(path, ".inf")) {
        snprintf(d->inf, sizeof(d->inf), "%s", path);
    } else if (ends_with(path, ".sys")) {
        snprintf(d->sys, sizeof(d->sys), "%s", path);
    } else {
        snprintf(text, 256, "%.150s: neither a folder nor an .inf nor a .sys", path);
        return -EINVAL;
    }
    if (d->inf[0] && (read_inf(d, text) || read_miniport_half(d, text))) {
        pnp_driver_free(d);
        return -EINVAL;
    }
    err = host_read_file(d->sys, &d->bytes, &d->len);
    if (err) {
        snprintf(text, 256, "%.120s: cannot be read (%.40s)%s", d->sys, strerror(-err),
                 d->inf[0] ? "; the INF names it: build the driver into the INF's folder" : "");
        pnp_driver_free(d);
        return -EINVAL;
    }
    dir = (int)(base_name(d->sys) - d->sys);
    if (image_inspect(d->bytes, d->len, base_name(d->sys), &im, &ierr)) {
        /* the sentence begins with the file's name */
        snprintf(text, 256, "%.*s%.150s", dir < 100 ? dir : 100, d->sys, ierr.text);
        pnp_driver_free(d);
        return -EINVAL;
    }
    if (im->facts & IMAGE_NOT_NATIVE) {
        snprintf(text, 256, "%.150s: a user-mode image, its PE subsystem is not native; name a kernel driver", d->sys);
        image_free(im);
        pnp_driver_free(d);
        return -EINVAL;
    }
    image_free(im);
    if (!d->service[0])
        snprintf(d->service, sizeof(d->service), "%.*s", (int)strcspn(base_name(d->sys), "."), base_name(d->sys));
    if (!d->inf[0])
        d->kind = kind_by_imports(d->bytes, d->len, base_name(d->sys));
    return 0;
}

void
pnp_driver_free(struct pnp_driver *d)
{
    if (d->parsed) {
        inf_driver_fini(&d->info);
        inf_free(d->parsed);
    }
    if (d->miniport_parsed) {
        inf_driver_fini(&d->miniport_info);
        inf_free(d->miniport_parsed);
    }
    free(d->bytes);
    memset(d, 0, sizeof(*d));
}
