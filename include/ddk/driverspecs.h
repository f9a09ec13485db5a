/* SPDX-License-Identifier: MIT */
/* ddk/driverspecs.h - the annotations live in sal.h; WDK sources name this header too. */
#ifndef UNDIS_DDK_DRIVERSPECS_H
#define UNDIS_DDK_DRIVERSPECS_H

#include "sal.h"

#endif /* UNDIS_DDK_DRIVERSPECS_H */
