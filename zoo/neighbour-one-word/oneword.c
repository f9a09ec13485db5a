/* SPDX-License-Identifier: MIT */
/*
 * oneword.c - a filter whose state and count of sends are one word: zoo/word-common as it is.
 *
 * SfBeginSend is the point: one operation looks at the word and counts, and does so only while the module runs.
 */
#include "../word-common/word.h"

ZOO_DRIVER ZooDriver = {
    .ServiceName = RTL_CONSTANT_STRING(L"neighbour_one_word"),
    .FriendlyName = RTL_CONSTANT_STRING(L"undis zoo: neighbour-one-word"),
    .UniqueName = RTL_CONSTANT_STRING(L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7a10}"),
    .FilterSize = sizeof(SF_FILTER),
    .Restart = SfRestart,
    SF_HANDLERS,
};

BOOLEAN
SfMayWrite(PSF_FILTER Filter)
{
    return SfBeginSend(Filter);
}
