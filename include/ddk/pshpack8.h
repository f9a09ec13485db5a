/* SPDX-License-Identifier: MIT */
/*
 * ddk/pshpack8.h - structures packed to 8; may be included any number of times.
 */
#pragma pack(push, 8)
