/* SPDX-License-Identifier: MIT */
/*
 * control/job.h - work that goes from the control thread into the machine and back.
 *
 * Model: the control thread allocates a job and posts it; a fiber of the machine carries it out and gives it back with
 * job_finish(); the control thread's loop then calls finished(). Fibers never allocate, free or write to a socket.
 */
#ifndef CONTROL_JOB_H
#define CONTROL_JOB_H

struct job {
    struct job *next;
    void (*run)(struct job *j);      /* in a system fiber; ends with job_finish(), by itself or by another fiber */
    void (*finished)(struct job *j); /* in the control thread */
};

/* Control thread. 0, or -EAGAIN, -ESHUTDOWN as live_call(): then the job is the caller's again. */
int job_post(struct job *j);
/* Any fiber: j is the control thread's from here on. */
void job_finish(struct job *j);

#endif
