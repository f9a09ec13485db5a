/* SPDX-License-Identifier: MIT */
/* ddk/specstrings.h - the annotations live in sal.h; WDK sources name this header too. */
#ifndef UNDIS_DDK_SPECSTRINGS_H
#define UNDIS_DDK_SPECSTRINGS_H

#include "sal.h"

#endif /* UNDIS_DDK_SPECSTRINGS_H */
