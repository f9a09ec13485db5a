/* SPDX-License-Identifier: MIT */
/*
 * ddk/crt/malloc.h - memory of the stack.
 */
#ifndef UNDIS_DDK_CRT_MALLOC_H
#define UNDIS_DDK_CRT_MALLOC_H

#define _alloca(size) __builtin_alloca(size)
#define alloca(size) __builtin_alloca(size)

#endif /* UNDIS_DDK_CRT_MALLOC_H */
