/* SPDX-License-Identifier: MIT */
/*
 * ddk/pshpack2.h - structures packed to 2; may be included any number of times.
 */
#pragma pack(push, 2)
