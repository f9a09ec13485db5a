/* SPDX-License-Identifier: MIT */
/*
 * ddk/poppack.h - the packing from before; may be included any number of times.
 */
#pragma pack(pop)
