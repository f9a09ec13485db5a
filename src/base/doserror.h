/* SPDX-License-Identifier: MIT */
/* base/doserror.h - the Win32 error of an NTSTATUS; 0 for one that is no failure, 317 for one without counterpart. */
#ifndef BASE_DOSERROR_H
#define BASE_DOSERROR_H

#include <stdint.h>

uint32_t dos_error(int32_t status);

#endif
