/* SPDX-License-Identifier: MIT */
/*
 * ddk/ntverp.h - the version that a resource script names.
 */
#ifndef UNDIS_DDK_NTVERP_H
#define UNDIS_DDK_NTVERP_H

#define VER_PRODUCTMAJORVERSION 10
#define VER_PRODUCTMINORVERSION 0
#define VER_PRODUCTBUILD 19041
#define VER_PRODUCTBUILD_QFE 1

#endif /* UNDIS_DDK_NTVERP_H */
