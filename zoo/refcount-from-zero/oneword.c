/* SPDX-License-Identifier: MIT */
/*
 * oneword.c - may a write begin? The rest of the filter is zoo/word-common.
 *
 * The bug: it looks at the word and counts in two operations. Between them a pause may make it zero, and find that
 * nothing is out.
 */
#include "../word-common/word.h"

ZOO_DRIVER ZooDriver = {
    .ServiceName = RTL_CONSTANT_STRING(L"refcount_from_zero"),
    .FriendlyName = RTL_CONSTANT_STRING(L"undis zoo: refcount-from-zero"),
    .UniqueName = RTL_CONSTANT_STRING(L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7a11}"),
    .FilterSize = sizeof(SF_FILTER),
    .Restart = SfRestart,
    SF_HANDLERS,
};

BOOLEAN
SfMayWrite(PSF_FILTER Filter)
{
    if (InterlockedCompareExchange(&Filter->Uses, 0, 0) == 0)
        return FALSE;
    InterlockedAdd(&Filter->Uses, SF_SEND);
    return TRUE;
}
