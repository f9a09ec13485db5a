/* SPDX-License-Identifier: MIT */
/* ddk/ntifs.h - the few file system routines network drivers use, beside ntddk.h. */
#ifndef UNDIS_DDK_NTIFS_H
#define UNDIS_DDK_NTIFS_H

#ifndef _NTIFS_
#define _NTIFS_
#endif

#include "ntddk.h"

NTSYSAPI ULONG NTAPI RtlNtStatusToDosError(NTSTATUS Status);
NTSYSAPI ULONG NTAPI RtlNtStatusToDosErrorNoTeb(NTSTATUS Status);
NTKERNELAPI NTSTATUS NTAPI SeQueryAuthenticationIdToken(PACCESS_TOKEN Token, PLUID AuthenticationId);
NTKERNELAPI NTSTATUS NTAPI SeQueryInformationToken(PACCESS_TOKEN Token, ULONG TokenInformationClass,
                                                   PVOID *TokenInformation);
NTKERNELAPI BOOLEAN NTAPI RtlValidRelativeSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptorInput,
                                                             ULONG SecurityDescriptorLength,
                                                             SECURITY_INFORMATION RequiredInformation);
NTKERNELAPI LONGLONG NTAPI PsGetThreadCreateTime(PETHREAD Thread);
NTKERNELAPI ULONGLONG NTAPI PsGetProcessStartKey(PEPROCESS Process);

#endif /* UNDIS_DDK_NTIFS_H */
