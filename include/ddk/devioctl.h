/* SPDX-License-Identifier: MIT */
/*
 * ddk/devioctl.h - device types and CTL_CODE; they stand in wdm/io.h.
 */
#ifndef UNDIS_DDK_DEVIOCTL_H
#define UNDIS_DDK_DEVIOCTL_H

#include "ntdef.h"
#include "wdm/io.h"

#endif /* UNDIS_DDK_DEVIOCTL_H */
