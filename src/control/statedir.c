/* SPDX-License-Identifier: MIT */
/* control/statedir.c - see statedir.h. */
#include "control/statedir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/rundir.h"

#define LOOKS 20u

static int
base_dir(char base[64], char text[200])
{
    int err = host_rundir(base, 64);

    if (err == -EPERM)
        snprintf(text, 200, "%.63s must be a folder of yours that nobody else may write to", base);
    else if (err)
        snprintf(text, 200, "there is no place for a machine's socket (%s)", strerror(-err));
    return err;
}

static int
pid_of(int lock)
{
    char text[16] = "";

    return pread(lock, text, sizeof(text) - 1, 0) > 0 ? (int)strtol(text, NULL, 10) : 0;
}

static int
write_pid(int lock)
{
    char number[16];
    int n = snprintf(number, sizeof(number), "%d\n", (int)getpid());

    return ftruncate(lock, 0) || pwrite(lock, number, (size_t)n, 0) != n ? -errno : 0;
}

void
statedir_moved(struct statedir *d)
{
    write_pid(d->lock);
}

/*
 * The lock file, locked; -EBUSY with the descriptor open: somebody has it. Who had it before may have taken folder and
 * file away between our steps: then again, or two would each hold a file of that name.
 */
static int
lock_file(struct statedir *d, const char *path)
{
    for (unsigned busy = 0;;) {
        struct stat mine, there;

        if (mkdir(d->path, 0700) && errno != EEXIST)
            return -errno;
        d->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (d->lock < 0 && errno == ENOENT)
            continue;
        if (d->lock < 0)
            return -errno;
        if (flock(d->lock, LOCK_EX | LOCK_NB)) {
            if (++busy == LOOKS)
                return -EBUSY;
            poll(NULL, 0, 1); /* perhaps somebody only looks who has it */
        } else if (fstat(d->lock, &mine) == 0 && stat(path, &there) == 0 && mine.st_ino == there.st_ino) {
            return 0;
        }
        close(d->lock);
        d->lock = -1;
    }
}

int
statedir_claim(struct statedir *d, const char *name, int *pid, char text[200])
{
    char base[64], path[200];
    int err = base_dir(base, text);

    d->lock = -1;
    if (err)
        return err;
    snprintf(d->path, sizeof(d->path), "%s/%.32s", base, name);
    snprintf(path, sizeof(path), "%s/lock", d->path);
    snprintf(d->socket, sizeof(d->socket), "%.100s/socket", d->path);
    err = lock_file(d, path);
    if (err && err != -EBUSY) {
        snprintf(text, 200, "%.110s cannot be made (%s)", d->path, strerror(-err));
        return err;
    }
    if (err) {
        *pid = pid_of(d->lock);
        snprintf(text, 200, "a machine called %.32s is running already (process %d)", name, *pid);
        close(d->lock);
        d->lock = -1;
        return -EBUSY;
    }
    unlink(d->socket); /* of one that was killed */
    err = write_pid(d->lock);
    if (err) {
        snprintf(text, 200, "%.110s cannot be written (%s)", d->path, strerror(-err));
        statedir_release(d);
        return err;
    }
    return 0;
}

void
statedir_release(struct statedir *d)
{
    char path[200];

    if (d->lock < 0)
        return;
    unlink(d->socket);
    snprintf(path, sizeof(path), "%s/lock", d->path);
    unlink(path);
    rmdir(d->path);
    close(d->lock);
    d->lock = -1;
}

/* The pid of who holds the lock of that machine; 0: it does not run. */
static int
running(const char *base, const char *name)
{
    char path[200];
    int lock, pid = 0;

    snprintf(path, sizeof(path), "%s/%.32s/lock", base, name);
    lock = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (lock < 0)
        return 0;
    if (flock(lock, LOCK_SH | LOCK_NB))
        pid = pid_of(lock);
    close(lock);
    return pid;
}

int
statedir_each(void (*fn)(const char *name, int pid, void *arg), void *arg)
{
    char base[64], text[200];
    struct dirent *e;
    int count = 0, err = base_dir(base, text);
    DIR *dir;

    if (err)
        return err;
    dir = opendir(base);
    if (dir == NULL)
        return -errno;
    while ((e = readdir(dir)) != NULL) {
        int pid = host_machine_name_ok(e->d_name) ? running(base, e->d_name) : 0;

        if (pid > 0) {
            count++;
            fn(e->d_name, pid, arg);
        }
    }
    closedir(dir);
    return count;
}

struct names {
    char first[33], list[160];
};

static void
note_name(const char *name, int pid, void *arg)
{
    struct names *n = arg;
    size_t len = strlen(n->list);

    (void)pid;
    if (!n->first[0])
        snprintf(n->first, sizeof(n->first), "%s", name);
    snprintf(n->list + len, sizeof(n->list) - len, "%s%s", len ? ", " : "", name);
}

int
statedir_find(const char *name, char socket[108], char text[200])
{
    struct names names = { "", "" };
    char base[64];
    int count, err = base_dir(base, text);

    if (err)
        return err;
    if (name == NULL) {
        count = statedir_each(note_name, &names);
        if (count < 1)
            snprintf(text, 200, "no machine is running; start one with undis run");
        else if (count > 1)
            snprintf(text, 200, "several machines are running, name one with --name: %.120s", names.list);
        if (count != 1)
            return -ENOENT;
        name = names.first;
    } else if (!host_machine_name_ok(name) || running(base, name) == 0) {
        snprintf(text, 200, "no machine called %.40s is running", name);
        return -ENOENT;
    }
    snprintf(socket, 108, "%.63s/%.32s/socket", base, name);
    return 0;
}
