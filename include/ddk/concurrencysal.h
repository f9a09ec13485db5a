/* SPDX-License-Identifier: MIT */
/* ddk/concurrencysal.h - the annotations live in sal.h; WDK sources name this header too. */
#ifndef UNDIS_DDK_CONCURRENCYSAL_H
#define UNDIS_DDK_CONCURRENCYSAL_H

#include "sal.h"

#endif /* UNDIS_DDK_CONCURRENCYSAL_H */
