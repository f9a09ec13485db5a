/* SPDX-License-Identifier: MIT */
/* handler.h - a filter whose write path goes through a pointer that is chosen anew at each restart: see handler.c. */
#ifndef HANDLER_H
#define HANDLER_H

#include "../common/zoo.h"

typedef struct _SF_FILTER SF_FILTER, *PSF_FILTER;

/* Counts a send. FALSE: the module is paused. */
typedef BOOLEAN (*SF_BEGIN)(PSF_FILTER Filter);

struct _SF_FILTER {
    ZOO_FILTER Common;
    SF_BEGIN volatile Begin; /* NULL before the first restart, and while it is chosen */
    volatile LONG Uses;      /* interlocked: bit 0 says that the module runs, the rest counts sends that are out */
};

/* handler.c */
FILTER_PAUSE SfPause;
FILTER_RESTART SfRestart;
NDIS_STATUS SfAttach(PZOO_FILTER Filter, PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters);
VOID SfOwnSendsDone(PZOO_FILTER Filter, ULONG Count);

#define SF_HANDLERS                                                                             \
    .FilterSize = sizeof(SF_FILTER), .Attach = SfAttach, .Pause = SfPause, .Restart = SfRestart, \
    .OwnSendsDone = SfOwnSendsDone

/* write.c, which also defines ZooDriver: TRUE, a send is counted. */
BOOLEAN SfMayWrite(PSF_FILTER Filter);

#endif
