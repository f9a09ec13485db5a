/* SPDX-License-Identifier: MIT */
/* nt/se/sid.c - SIDs, ACLs and security descriptors as data; nothing here knows who asks. */
#include <string.h>

#include "nt/se/se.h"

#define SID_MAX_SUB_AUTHORITIES 15u

/* ------------------------------------------------------------------ SIDs */

ULONG NTAPI
RtlLengthRequiredSid(ULONG SubAuthorityCount)
{
    return (ULONG)(offsetof(SID, SubAuthority) + SubAuthorityCount * sizeof(ULONG));
}

ULONG NTAPI
RtlLengthSid(PSID Sid)
{
    return RtlLengthRequiredSid(((PISID)Sid)->SubAuthorityCount);
}

BOOLEAN NTAPI
RtlValidSid(PSID Sid)
{
    PISID sid = Sid;

    return sid != NULL && sid->Revision == 1 && sid->SubAuthorityCount <= SID_MAX_SUB_AUTHORITIES;
}

NTSTATUS NTAPI
RtlInitializeSid(PSID Sid, PSID_IDENTIFIER_AUTHORITY IdentifierAuthority, UCHAR SubAuthorityCount)
{
    PISID sid = Sid;

    if (SubAuthorityCount > SID_MAX_SUB_AUTHORITIES)
        return STATUS_INVALID_PARAMETER;
    sid->Revision = 1;
    sid->SubAuthorityCount = SubAuthorityCount;
    sid->IdentifierAuthority = *IdentifierAuthority;
    return STATUS_SUCCESS;
}

PULONG NTAPI
RtlSubAuthoritySid(PSID Sid, ULONG SubAuthority)
{
    return &((PISID)Sid)->SubAuthority[SubAuthority];
}

BOOLEAN NTAPI
RtlEqualSid(PSID Sid1, PSID Sid2)
{
    ULONG length = RtlLengthSid(Sid1);

    return length == RtlLengthSid(Sid2) && memcmp(Sid1, Sid2, length) == 0;
}

NTSTATUS NTAPI
RtlCopySid(ULONG DestinationSidLength, PSID DestinationSid, PSID SourceSid)
{
    ULONG length = RtlLengthSid(SourceSid);

    if (DestinationSidLength < length)
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(DestinationSid, SourceSid, length);
    return STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ ACLs */

NTSTATUS NTAPI
RtlCreateAcl(PACL Acl, ULONG AclLength, ULONG AclRevision)
{
    if (AclLength < sizeof(ACL))
        return STATUS_BUFFER_TOO_SMALL;
    if (AclRevision < 2 || AclRevision > 4 || AclLength > 0xffff)
        return STATUS_INVALID_PARAMETER;
    memset(Acl, 0, sizeof(*Acl));
    Acl->AclRevision = (UCHAR)AclRevision;
    Acl->AclSize = (USHORT)(AclLength & ~3u);
    return STATUS_SUCCESS;
}

static NTSTATUS
add_ace(PACL acl, UCHAR type, ACCESS_MASK mask, PSID sid)
{
    ULONG size = (ULONG)offsetof(ACCESS_ALLOWED_ACE, SidStart) + RtlLengthSid(sid);
    char *at = (char *)(acl + 1);
    ACCESS_ALLOWED_ACE *ace;

    if (acl->AclRevision < 2 || acl->AclRevision > 4)
        return STATUS_INVALID_ACL;
    for (unsigned i = 0; i < acl->AceCount; i++)
        at += ((PACE_HEADER)at)->AceSize;
    if (at + size > (char *)acl + acl->AclSize)
        return STATUS_ALLOTTED_SPACE_EXCEEDED;
    ace = (ACCESS_ALLOWED_ACE *)at;
    ace->Header.AceType = type;
    ace->Header.AceFlags = 0;
    ace->Header.AceSize = (USHORT)size;
    ace->Mask = mask;
    memcpy(&ace->SidStart, sid, RtlLengthSid(sid));
    acl->AceCount++;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
RtlAddAccessAllowedAce(PACL Acl, ULONG AceRevision, ACCESS_MASK AccessMask, PSID Sid)
{
    if (AceRevision > 4)
        return STATUS_REVISION_MISMATCH;
    if (!RtlValidSid(Sid))
        return STATUS_INVALID_SID;
    return add_ace(Acl, 0, AccessMask, Sid);
}

NTSTATUS NTAPI
RtlAddAccessDeniedAce(PACL Acl, ULONG AceRevision, ACCESS_MASK AccessMask, PSID Sid)
{
    if (AceRevision > 4)
        return STATUS_REVISION_MISMATCH;
    if (!RtlValidSid(Sid))
        return STATUS_INVALID_SID;
    return add_ace(Acl, 1, AccessMask, Sid);
}

/* ------------------------------------------------------------------ descriptors */

/* A self-relative descriptor has offsets where the other has pointers. */
struct relative_sd {
    UCHAR revision, sbz1;
    USHORT control;
    ULONG owner, group, sacl, dacl;
};

static void *
part(PSECURITY_DESCRIPTOR sd, void *pointer, ULONG offset)
{
    if (((PISECURITY_DESCRIPTOR)sd)->Control & SE_SELF_RELATIVE)
        return offset != 0 ? (char *)sd + offset : NULL;
    return pointer;
}

PSID
se_owner(PSECURITY_DESCRIPTOR sd)
{
    return part(sd, ((PISECURITY_DESCRIPTOR)sd)->Owner, ((struct relative_sd *)sd)->owner);
}

PSID
se_group(PSECURITY_DESCRIPTOR sd)
{
    return part(sd, ((PISECURITY_DESCRIPTOR)sd)->Group, ((struct relative_sd *)sd)->group);
}

PACL
se_dacl(PSECURITY_DESCRIPTOR sd, bool *dacl_present)
{
    bool present = (((PISECURITY_DESCRIPTOR)sd)->Control & SE_DACL_PRESENT) != 0;

    if (dacl_present != NULL)
        *dacl_present = present;
    return present ? part(sd, ((PISECURITY_DESCRIPTOR)sd)->Dacl, ((struct relative_sd *)sd)->dacl) : NULL;
}

PACL
se_sacl(PSECURITY_DESCRIPTOR sd)
{
    if (!(((PISECURITY_DESCRIPTOR)sd)->Control & SE_SACL_PRESENT))
        return NULL;
    return part(sd, ((PISECURITY_DESCRIPTOR)sd)->Sacl, ((struct relative_sd *)sd)->sacl);
}

NTSTATUS NTAPI
RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Revision)
{
    PISECURITY_DESCRIPTOR sd = SecurityDescriptor;

    if (Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    memset(sd, 0, sizeof(*sd));
    sd->Revision = SECURITY_DESCRIPTOR_REVISION;
    return STATUS_SUCCESS;
}

/* The three setters take absolute descriptors only: STATUS_INVALID_SECURITY_DESCR otherwise (documented). */
static NTSTATUS
absolute(PISECURITY_DESCRIPTOR sd)
{
    if (sd->Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    return sd->Control & SE_SELF_RELATIVE ? STATUS_INVALID_SECURITY_DESCR : STATUS_SUCCESS;
}

static void
set_bits(PISECURITY_DESCRIPTOR sd, USHORT bits, bool on)
{
    sd->Control = (USHORT)(on ? sd->Control | bits : sd->Control & ~bits);
}

NTSTATUS NTAPI
RtlSetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, BOOLEAN DaclPresent, PACL Dacl,
                             BOOLEAN DaclDefaulted)
{
    PISECURITY_DESCRIPTOR sd = SecurityDescriptor;
    NTSTATUS status = absolute(sd);

    if (status != STATUS_SUCCESS)
        return status;
    set_bits(sd, SE_DACL_PRESENT, DaclPresent);
    sd->Dacl = DaclPresent ? Dacl : NULL;
    set_bits(sd, SE_DACL_DEFAULTED, DaclPresent && DaclDefaulted);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
RtlSetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PSID Owner, BOOLEAN OwnerDefaulted)
{
    PISECURITY_DESCRIPTOR sd = SecurityDescriptor;
    NTSTATUS status = absolute(sd);

    if (status != STATUS_SUCCESS)
        return status;
    sd->Owner = Owner;
    set_bits(sd, SE_OWNER_DEFAULTED, OwnerDefaulted);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
RtlSetGroupSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PSID Group, BOOLEAN GroupDefaulted)
{
    PISECURITY_DESCRIPTOR sd = SecurityDescriptor;
    NTSTATUS status = absolute(sd);

    if (status != STATUS_SUCCESS)
        return status;
    sd->Group = Group;
    set_bits(sd, SE_GROUP_DEFAULTED, GroupDefaulted);
    return STATUS_SUCCESS;
}

/*
 * The four getters take descriptors of either form; what they give lies in the descriptor, or where it points.
 *
 * Source:    documented: STATUS_UNKNOWN_REVISION; of a list that is not there only *Present is written.
 * IRQL:      <= APC_LEVEL
 * Ownership: borrows the descriptor; the caller may use the parts as long as it has it.
 * Tests:     tests/ddi/se.c
 */
static bool
is_known(PSECURITY_DESCRIPTOR sd)
{
    return ((PISECURITY_DESCRIPTOR)sd)->Revision == SECURITY_DESCRIPTOR_REVISION;
}

static bool
has_bit(PSECURITY_DESCRIPTOR sd, USHORT bit)
{
    return (((PISECURITY_DESCRIPTOR)sd)->Control & bit) != 0;
}

NTSTATUS NTAPI
RtlGetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PBOOLEAN DaclPresent, PACL *Dacl,
                             PBOOLEAN DaclDefaulted)
{
    bool present;
    PACL dacl;

    if (!is_known(SecurityDescriptor))
        return STATUS_UNKNOWN_REVISION;
    dacl = se_dacl(SecurityDescriptor, &present);
    *DaclPresent = present;
    if (present) {
        *Dacl = dacl;
        *DaclDefaulted = has_bit(SecurityDescriptor, SE_DACL_DEFAULTED);
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
RtlGetSaclSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PBOOLEAN SaclPresent, PACL *Sacl,
                             PBOOLEAN SaclDefaulted)
{
    if (!is_known(SecurityDescriptor))
        return STATUS_UNKNOWN_REVISION;
    *SaclPresent = has_bit(SecurityDescriptor, SE_SACL_PRESENT);
    if (*SaclPresent) {
        *Sacl = se_sacl(SecurityDescriptor);
        *SaclDefaulted = has_bit(SecurityDescriptor, SE_SACL_DEFAULTED);
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
RtlGetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PSID *Owner, PBOOLEAN OwnerDefaulted)
{
    if (!is_known(SecurityDescriptor))
        return STATUS_UNKNOWN_REVISION;
    *Owner = se_owner(SecurityDescriptor);
    *OwnerDefaulted = has_bit(SecurityDescriptor, SE_OWNER_DEFAULTED);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI
RtlGetGroupSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PSID *Group, PBOOLEAN GroupDefaulted)
{
    if (!is_known(SecurityDescriptor))
        return STATUS_UNKNOWN_REVISION;
    *Group = se_group(SecurityDescriptor);
    *GroupDefaulted = has_bit(SecurityDescriptor, SE_GROUP_DEFAULTED);
    return STATUS_SUCCESS;
}

static ULONG
rounded(ULONG n)
{
    return (n + 3) & ~3u;
}

ULONG NTAPI
RtlLengthSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor)
{
    PISECURITY_DESCRIPTOR sd = SecurityDescriptor;
    bool relative = (sd->Control & SE_SELF_RELATIVE) != 0;
    ULONG size = relative ? sizeof(struct relative_sd) : sizeof(*sd);
    PACL dacl = se_dacl(sd, NULL), sacl = se_sacl(sd);

    if (se_owner(sd) != NULL)
        size += rounded(RtlLengthSid(se_owner(sd)));
    if (se_group(sd) != NULL)
        size += rounded(RtlLengthSid(se_group(sd)));
    if (dacl != NULL)
        size += rounded(dacl->AclSize);
    if (sacl != NULL)
        size += rounded(sacl->AclSize);
    return size;
}

static bool
valid_acl(const ACL *acl)
{
    const char *at = (const char *)(acl + 1), *end = (const char *)acl + acl->AclSize;

    if (acl->AclRevision < 2 || acl->AclRevision > 4 || acl->AclSize < sizeof(*acl))
        return false;
    for (unsigned i = 0; i < acl->AceCount; i++) {
        const ACE_HEADER *ace = (const ACE_HEADER *)at;

        if (at + sizeof(*ace) > end || ace->AceSize < sizeof(*ace) || at + ace->AceSize > end)
            return false;
        at += ace->AceSize;
    }
    return true;
}

BOOLEAN NTAPI
RtlValidSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor)
{
    PISECURITY_DESCRIPTOR sd = SecurityDescriptor;

    if (sd == NULL || sd->Revision != SECURITY_DESCRIPTOR_REVISION)
        return FALSE;
    if (se_owner(sd) != NULL && !RtlValidSid(se_owner(sd)))
        return FALSE;
    if (se_group(sd) != NULL && !RtlValidSid(se_group(sd)))
        return FALSE;
    return se_dacl(sd, NULL) == NULL || valid_acl(se_dacl(sd, NULL));
}

/* true if [offset, offset + need) lies within the descriptor; 0 is "absent". */
static bool
inside(ULONG offset, ULONG need, ULONG length)
{
    return offset >= sizeof(struct relative_sd) && offset <= length && need <= length - offset;
}

static bool
sid_inside(const char *sd, ULONG offset, ULONG length)
{
    return inside(offset, offsetof(SID, SubAuthority), length) && RtlValidSid((PSID)(uintptr_t)(sd + offset)) &&
           inside(offset, RtlLengthSid((PSID)(uintptr_t)(sd + offset)), length);
}

BOOLEAN NTAPI
RtlValidRelativeSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptorInput, ULONG SecurityDescriptorLength,
                                   SECURITY_INFORMATION RequiredInformation)
{
    const struct relative_sd *sd = SecurityDescriptorInput;
    const char *bytes = SecurityDescriptorInput;
    ULONG len = SecurityDescriptorLength;

    if (len < sizeof(*sd) || sd->revision != SECURITY_DESCRIPTOR_REVISION || !(sd->control & SE_SELF_RELATIVE))
        return FALSE;
    if (sd->owner != 0 ? !sid_inside(bytes, sd->owner, len) : (RequiredInformation & OWNER_SECURITY_INFORMATION) != 0)
        return FALSE;
    if (sd->group != 0 ? !sid_inside(bytes, sd->group, len) : (RequiredInformation & GROUP_SECURITY_INFORMATION) != 0)
        return FALSE;
    if ((RequiredInformation & DACL_SECURITY_INFORMATION) && !(sd->control & SE_DACL_PRESENT))
        return FALSE;
    if ((sd->control & SE_DACL_PRESENT) && sd->dacl != 0) {
        const ACL *acl = (const ACL *)(bytes + sd->dacl);

        if (!inside(sd->dacl, sizeof(*acl), len) || !inside(sd->dacl, acl->AclSize, len) || !valid_acl(acl))
            return FALSE;
    }
    return TRUE;
}

static ULONG
append(char *base, ULONG *used, const void *from, ULONG length)
{
    ULONG at = *used;

    if (from == NULL)
        return 0;
    memcpy(base + at, from, length);
    *used += rounded(length);
    return at;
}

/* STATUS_BUFFER_TOO_SMALL with the length wanted; STATUS_BAD_DESCRIPTOR_FORMAT if it is relative already. */
NTSTATUS NTAPI
RtlAbsoluteToSelfRelativeSD(PSECURITY_DESCRIPTOR AbsoluteSecurityDescriptor,
                            PSECURITY_DESCRIPTOR SelfRelativeSecurityDescriptor, PULONG BufferLength)
{
    PISECURITY_DESCRIPTOR sd = AbsoluteSecurityDescriptor;
    struct relative_sd *to = SelfRelativeSecurityDescriptor;
    PACL dacl = se_dacl(sd, NULL), sacl = se_sacl(sd);
    ULONG used = sizeof(*to), need;

    if (sd->Control & SE_SELF_RELATIVE)
        return STATUS_BAD_DESCRIPTOR_FORMAT;
    need = RtlLengthSecurityDescriptor(sd) - (ULONG)sizeof(*sd) + (ULONG)sizeof(*to);
    if (*BufferLength < need) {
        *BufferLength = need;
        return STATUS_BUFFER_TOO_SMALL;
    }
    memset(to, 0, need);
    to->revision = sd->Revision;
    to->control = sd->Control | SE_SELF_RELATIVE;
    to->sacl = append((char *)to, &used, sacl, sacl != NULL ? sacl->AclSize : 0);
    to->dacl = append((char *)to, &used, dacl, dacl != NULL ? dacl->AclSize : 0);
    to->owner = append((char *)to, &used, sd->Owner, sd->Owner != NULL ? RtlLengthSid(sd->Owner) : 0);
    to->group = append((char *)to, &used, sd->Group, sd->Group != NULL ? RtlLengthSid(sd->Group) : 0);
    return STATUS_SUCCESS;
}

VOID NTAPI
RtlMapGenericMask(PACCESS_MASK AccessMask, const GENERIC_MAPPING *GenericMapping)
{
    ACCESS_MASK mask = *AccessMask;

    if (mask & GENERIC_READ)
        mask |= GenericMapping->GenericRead;
    if (mask & GENERIC_WRITE)
        mask |= GenericMapping->GenericWrite;
    if (mask & GENERIC_EXECUTE)
        mask |= GenericMapping->GenericExecute;
    if (mask & GENERIC_ALL)
        mask |= GenericMapping->GenericAll;
    *AccessMask = mask & ~(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL);
}
