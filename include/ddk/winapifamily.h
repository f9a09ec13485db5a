/* SPDX-License-Identifier: MIT */
/*
 * ddk/winapifamily.h - which kinds of program a declaration is for: here, drivers, which see them all.
 */
#ifndef UNDIS_DDK_WINAPIFAMILY_H
#define UNDIS_DDK_WINAPIFAMILY_H

#define WINAPI_PARTITION_DESKTOP 1
#define WINAPI_PARTITION_APP 1
#define WINAPI_PARTITION_SYSTEM 1
#define WINAPI_PARTITION_GAMES 1
#define WINAPI_FAMILY_PARTITION(Partitions) (Partitions)

#endif /* UNDIS_DDK_WINAPIFAMILY_H */
