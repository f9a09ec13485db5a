/* SPDX-License-Identifier: MIT */
/*
 * ddk/minwindef.h - the names of Win32's basic types; kernel code has them from ntdef.h.
 */
#ifndef UNDIS_DDK_MINWINDEF_H
#define UNDIS_DDK_MINWINDEF_H

#include "ntdef.h"

#endif /* UNDIS_DDK_MINWINDEF_H */
