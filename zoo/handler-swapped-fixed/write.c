/* SPDX-License-Identifier: MIT */
/* write.c - may a write begin? The pointer is looked at once. */
#include "../handler-common/handler.h"

BOOLEAN
SfMayWrite(PSF_FILTER Filter)
{
    SF_BEGIN begin = Filter->Begin;

    return begin != NULL && begin(Filter);
}
