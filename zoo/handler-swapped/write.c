/* SPDX-License-Identifier: MIT */
/*
 * write.c - may a write begin?
 *
 * The bug: the pointer is looked at twice. That it is volatile makes sure of it: what was no NULL in the condition may
 * be NULL in the call, in the middle of a restart, and is none again right after.
 */
#include "../handler-common/handler.h"

BOOLEAN
SfMayWrite(PSF_FILTER Filter)
{
    return Filter->Begin != NULL && Filter->Begin(Filter);
}
