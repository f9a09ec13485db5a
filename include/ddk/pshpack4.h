/* SPDX-License-Identifier: MIT */
/*
 * ddk/pshpack4.h - structures packed to 4; may be included any number of times.
 */
#pragma pack(push, 4)
