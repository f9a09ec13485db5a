/* SPDX-License-Identifier: MIT */
/* ddk/kernelspecs.h - the annotations live in sal.h; WDK sources name this header too. */
#ifndef UNDIS_DDK_KERNELSPECS_H
#define UNDIS_DDK_KERNELSPECS_H

#include "sal.h"

#endif /* UNDIS_DDK_KERNELSPECS_H */
