/* SPDX-License-Identifier: MIT */
/*
 * ddk/pshpack1.h - structures packed to 1; may be included any number of times.
 */
#pragma pack(push, 1)
