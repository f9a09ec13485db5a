/* SPDX-License-Identifier: MIT */
/*
 * word.h - a filter whose state and count of sends are one word, and which sends what programs write.
 *
 * Model: bit 0 of Uses says that the module runs, the rest counts sends that are out. So one interlocked operation both
 * looks at the state and counts, and the one that makes the word zero is unique: it ends the pause. Everything here is
 * meant to be right; a driver adds ZooDriver, whether a write may begin, and how it restarts.
 */
#ifndef WORD_H
#define WORD_H

#include "../common/zoo.h"

#define SF_RUNNING 1
#define SF_SEND    2

typedef struct _SF_FILTER {
    ZOO_FILTER Common;
    volatile LONG Uses; /* interlocked */
} SF_FILTER, *PSF_FILTER;

/* word.c */
BOOLEAN SfBeginSend(PSF_FILTER Filter); /* TRUE: the send is counted, and a pause waits for it */
FILTER_PAUSE SfPause;
FILTER_RESTART SfRestart;
NDIS_STATUS SfAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters);
VOID SfOwnSendsDone(PZOO_FILTER Filter, ULONG Count);

/* The driver's: as SfBeginSend, or what it has in its place. */
BOOLEAN SfMayWrite(PSF_FILTER Filter);

/* Of ZooDriver; FilterSize and Restart are the driver's to name. */
#define SF_HANDLERS .Attach = SfAttach, .Pause = SfPause, .OwnSendsDone = SfOwnSendsDone

#endif
