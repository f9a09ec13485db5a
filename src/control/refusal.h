/* SPDX-License-Identifier: MIT */
/*
 * control/refusal.h - does a driver refuse for ever what it accepted before?
 *
 * Model: what undis test asks at the end of a run, asked of a machine that runs. A write counts when the device took
 * the same bytes before, and its handle is not older than the last change of any layer's state: a driver may well ask
 * that a device is opened anew after a pause. When every layer of every adapter is Running, every cable is in, and such
 * writes are refused with one status again and again for a second and none is accepted, that is the finding.
 *
 * Watched are the first REFUSAL_DEVICES devices that programs write to and REFUSAL_FILES handles of each program.
 */
#ifndef CONTROL_REFUSAL_H
#define CONTROL_REFUSAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REFUSAL_DEVICES 32u
#define REFUSAL_FILES   32u

struct running;
struct refusal_device;

/* Of one program. */
struct refusal_files {
    struct refusal_file {
        uint64_t handle; /* 0: none */
        uint32_t epoch;  /* when it was opened */
        struct refusal_device *device;
    } file[REFUSAL_FILES];
};

/* Worker, before live_start(). */
void refusal_prepare(const struct running *running);

/* Host code of the machine: a program was given a handle, closed one, was told what became of a write. */
void refusal_opened(struct refusal_files *f, uint64_t handle, const char *path);
void refusal_closed(struct refusal_files *f, uint64_t handle);
void refusal_written(struct refusal_files *f, uint64_t handle, const void *bytes, size_t length, int32_t status);

/* One sentence; "": there is none. Any thread. The machine was asked to stop when it was found. */
const char *refusal_found(void);

#endif
