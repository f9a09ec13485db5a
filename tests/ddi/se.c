/* SPDX-License-Identifier: MIT */
/* se.c - SIDs, access lists, security descriptors, tokens, access checks. */
#include "ddi.h"
#include <ntifs.h>

#define TOKEN_USER_CLASS 1
#define TOKEN_CLASS_NONE 999

static const SID_IDENTIFIER_AUTHORITY NtAuthority = { { 0, 0, 0, 0, 0, 5 } };

typedef union _SID_ROOM {
    SID Sid;
    UCHAR Bytes[32];
} SID_ROOM;

/* S-1-5-32-Rid */
static VOID
MakeSid(SID_ROOM *Room, ULONG Rid)
{
    CHECK(RtlInitializeSid(&Room->Sid, (PSID_IDENTIFIER_AUTHORITY)&NtAuthority, 2) == STATUS_SUCCESS);
    *RtlSubAuthoritySid(&Room->Sid, 0) = 32;
    *RtlSubAuthoritySid(&Room->Sid, 1) = Rid;
}

static VOID
Sids(VOID)
{
    SID_ROOM a, b, c;

    MakeSid(&a, 544);
    MakeSid(&b, 545);
    CHECK(RtlLengthRequiredSid(2) == 16 && RtlLengthSid(&a.Sid) == 16);
    CHECK(a.Sid.Revision == 1 && a.Sid.SubAuthorityCount == 2 && a.Sid.SubAuthority[1] == 544);
    CHECK(RtlInitializeSid(&c.Sid, (PSID_IDENTIFIER_AUTHORITY)&NtAuthority, 16) == STATUS_INVALID_PARAMETER);
    CHECK(RtlValidSid(&a.Sid));
    CHECK(!RtlEqualSid(&a.Sid, &b.Sid));
    CHECK(RtlCopySid(8, &c.Sid, &a.Sid) == STATUS_BUFFER_TOO_SMALL);
    CHECK(RtlCopySid(sizeof(c), &c.Sid, &a.Sid) == STATUS_SUCCESS && RtlEqualSid(&a.Sid, &c.Sid));
    c.Sid.Revision = 9;
    CHECK(!RtlValidSid(&c.Sid));
    c.Sid.Revision = 1;
    c.Sid.SubAuthorityCount = 16;
    CHECK(!RtlValidSid(&c.Sid));
}

typedef union _ACL_ROOM {
    ACL Acl;
    UCHAR Bytes[64];
} ACL_ROOM;

static VOID
AccessLists(VOID)
{
    DDI_EXPORT(NTSTATUS, RtlAddAccessDeniedAce, (PACL, ULONG, ACCESS_MASK, PSID));
    ACL_ROOM room;
    SID_ROOM sid, bad;

    MakeSid(&sid, 544);
    bad = sid;
    bad.Sid.Revision = 7;
    CHECK(RtlCreateAcl(&room.Acl, 4, ACL_REVISION) == STATUS_BUFFER_TOO_SMALL);
    CHECK(RtlCreateAcl(&room.Acl, sizeof(room), 77) == STATUS_INVALID_PARAMETER);
    REQUIRE(RtlCreateAcl(&room.Acl, sizeof(room), ACL_REVISION) == STATUS_SUCCESS);
    CHECK(room.Acl.AceCount == 0 && room.Acl.AclSize == sizeof(room) && room.Acl.AclRevision == ACL_REVISION);
    CHECK(pRtlAddAccessDeniedAce(&room.Acl, ACL_REVISION, GENERIC_WRITE, &sid.Sid) == STATUS_SUCCESS);
    CHECK(RtlAddAccessAllowedAce(&room.Acl, ACL_REVISION, GENERIC_READ, &sid.Sid) == STATUS_SUCCESS);
    CHECK(room.Acl.AceCount == 2);
    CHECK(RtlAddAccessAllowedAce(&room.Acl, ACL_REVISION, GENERIC_READ, &sid.Sid) == STATUS_ALLOTTED_SPACE_EXCEEDED);
    CHECK(RtlAddAccessAllowedAce(&room.Acl, ACL_REVISION, GENERIC_READ, &bad.Sid) == STATUS_INVALID_SID);
    CHECK(RtlAddAccessAllowedAce(&room.Acl, 99, GENERIC_READ, &sid.Sid) == STATUS_REVISION_MISMATCH);
    CHECK(pRtlAddAccessDeniedAce(&room.Acl, 99, GENERIC_READ, &sid.Sid) == STATUS_REVISION_MISMATCH);
    room.Acl.AclRevision = 55;
    CHECK(RtlAddAccessAllowedAce(&room.Acl, ACL_REVISION, GENERIC_READ, &sid.Sid) == STATUS_INVALID_ACL);
}

static VOID
Descriptors(VOID)
{
    static UCHAR bytes[256];
    PISECURITY_DESCRIPTOR relative = (PISECURITY_DESCRIPTOR)bytes;
    SECURITY_DESCRIPTOR sd;
    ACL_ROOM room;
    SID_ROOM sid;
    BOOLEAN there, defaulted;
    ULONG length = 8;
    PACL list;
    PSID part;

    MakeSid(&sid, 544);
    CHECK(RtlCreateAcl(&room.Acl, sizeof(room), ACL_REVISION) == STATUS_SUCCESS);
    CHECK(RtlAddAccessAllowedAce(&room.Acl, ACL_REVISION, GENERIC_ALL, &sid.Sid) == STATUS_SUCCESS);
    CHECK(RtlCreateSecurityDescriptor(&sd, 9) == STATUS_UNKNOWN_REVISION);
    REQUIRE(RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION) == STATUS_SUCCESS);
    CHECK(RtlValidSecurityDescriptor(&sd) && RtlLengthSecurityDescriptor(&sd) == sizeof(sd));
    CHECK(RtlSetDaclSecurityDescriptor(&sd, TRUE, &room.Acl, FALSE) == STATUS_SUCCESS);
    CHECK((sd.Control & SE_DACL_PRESENT) && sd.Dacl == &room.Acl);
    CHECK(RtlSetOwnerSecurityDescriptor(&sd, &sid.Sid, FALSE) == STATUS_SUCCESS && sd.Owner == &sid.Sid);
    CHECK(RtlSetGroupSecurityDescriptor(&sd, &sid.Sid, TRUE) == STATUS_SUCCESS && (sd.Control & SE_GROUP_DEFAULTED));
    CHECK(RtlLengthSecurityDescriptor(&sd) == sizeof(sd) + 2 * 16 + sizeof(room));
    CHECK(RtlGetDaclSecurityDescriptor(&sd, &there, &list, &defaulted) == STATUS_SUCCESS && there && !defaulted);
    CHECK(list == &room.Acl);
    CHECK(RtlGetSaclSecurityDescriptor(&sd, &there, &list, &defaulted) == STATUS_SUCCESS && !there);
    CHECK(list == &room.Acl); /* documented: left alone */
    CHECK(RtlGetOwnerSecurityDescriptor(&sd, &part, &defaulted) == STATUS_SUCCESS && !defaulted && part == &sid.Sid);
    CHECK(RtlGetGroupSecurityDescriptor(&sd, &part, &defaulted) == STATUS_SUCCESS && defaulted && part == &sid.Sid);

    CHECK(RtlAbsoluteToSelfRelativeSD(&sd, bytes, &length) == STATUS_BUFFER_TOO_SMALL);
    CHECK(length == 20 + 2 * 16 + sizeof(room)); /* documented: what it needs */
    length = sizeof(bytes);
    REQUIRE(RtlAbsoluteToSelfRelativeSD(&sd, bytes, &length) == STATUS_SUCCESS);
    CHECK((relative->Control & SE_SELF_RELATIVE) && RtlValidSecurityDescriptor(relative));
    CHECK(RtlGetOwnerSecurityDescriptor(relative, &part, &defaulted) == STATUS_SUCCESS && RtlEqualSid(part, &sid.Sid));
    length = RtlLengthSecurityDescriptor(relative);
    CHECK(length == 20 + 2 * 16 + sizeof(room));
    CHECK(RtlValidRelativeSecurityDescriptor(relative, length, OWNER_SECURITY_INFORMATION));
    CHECK(!RtlValidRelativeSecurityDescriptor(relative, 24, OWNER_SECURITY_INFORMATION));
    CHECK(!RtlValidRelativeSecurityDescriptor(&sd, sizeof(sd), 0)); /* an absolute one */
    CHECK(RtlSetDaclSecurityDescriptor(relative, FALSE, NULL, FALSE) == STATUS_INVALID_SECURITY_DESCR);
    CHECK(RtlSetOwnerSecurityDescriptor(relative, NULL, FALSE) == STATUS_INVALID_SECURITY_DESCR);
    CHECK(RtlSetGroupSecurityDescriptor(relative, NULL, FALSE) == STATUS_INVALID_SECURITY_DESCR);
    length = sizeof(bytes);
    CHECK(RtlAbsoluteToSelfRelativeSD(relative, &room, &length) == STATUS_BAD_DESCRIPTOR_FORMAT);
    sd.Revision = 3;
    CHECK(!RtlValidSecurityDescriptor(&sd));
    CHECK(RtlSetDaclSecurityDescriptor(&sd, FALSE, NULL, FALSE) == STATUS_UNKNOWN_REVISION);
    CHECK(RtlGetDaclSecurityDescriptor(&sd, &there, &list, &defaulted) == STATUS_UNKNOWN_REVISION);
    CHECK(RtlGetSaclSecurityDescriptor(&sd, &there, &list, &defaulted) == STATUS_UNKNOWN_REVISION);
    CHECK(RtlGetOwnerSecurityDescriptor(&sd, &part, &defaulted) == STATUS_UNKNOWN_REVISION);
    CHECK(RtlGetGroupSecurityDescriptor(&sd, &part, &defaulted) == STATUS_UNKNOWN_REVISION);
}

static const GENERIC_MAPPING Mapping = { 1, 2, 4, 7 };

static VOID
MapsGenericRights(VOID)
{
    ACCESS_MASK mask = GENERIC_READ | GENERIC_EXECUTE | DELETE;

    RtlMapGenericMask(&mask, &Mapping);
    CHECK(mask == (1 | 4 | DELETE));
    mask = GENERIC_ALL;
    RtlMapGenericMask(&mask, &Mapping);
    CHECK(mask == 7);
}

/* May the caller, as a program would, do Desired to an object whose list denies Denied and allows Allowed? */
static NTSTATUS
Ask(PSECURITY_SUBJECT_CONTEXT Subject, PSID Sid, ACCESS_MASK Denied, ACCESS_MASK Allowed, ACCESS_MASK Desired,
    PACCESS_MASK Granted)
{
    DDI_EXPORT(NTSTATUS, RtlAddAccessDeniedAce, (PACL, ULONG, ACCESS_MASK, PSID));
    SECURITY_DESCRIPTOR sd;
    ACL_ROOM room;
    PPRIVILEGE_SET privileges = NULL;
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    BOOLEAN allowed;

    RtlCreateAcl(&room.Acl, sizeof(room), ACL_REVISION);
    if (Denied != 0)
        CHECK(pRtlAddAccessDeniedAce(&room.Acl, ACL_REVISION, Denied, Sid) == STATUS_SUCCESS);
    if (Allowed != 0)
        CHECK(RtlAddAccessAllowedAce(&room.Acl, ACL_REVISION, Allowed, Sid) == STATUS_SUCCESS);
    RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
    RtlSetDaclSecurityDescriptor(&sd, TRUE, &room.Acl, FALSE);
    SeLockSubjectContext(Subject);
    allowed = SeAccessCheck(&sd, Subject, TRUE, Desired, 0, &privileges, (PGENERIC_MAPPING)&Mapping, UserMode, Granted,
                            &status);
    SeUnlockSubjectContext(Subject);
    CHECK(allowed == (status == STATUS_SUCCESS));
    return status;
}

typedef struct _TOKEN_USER_FACTS {
    PSID Sid;
    ULONG Attributes;
} TOKEN_USER_FACTS;

static VOID
AccessChecks(VOID)
{
    SECURITY_SUBJECT_CONTEXT subject;
    TOKEN_USER_FACTS *user = NULL;
    ACCESS_MASK granted = 0;
    NTSTATUS status = STATUS_UNSUCCESSFUL;

    SeCaptureSubjectContext(&subject);
    REQUIRE(subject.PrimaryToken != NULL);
    if (SeQueryInformationToken(subject.PrimaryToken, TOKEN_USER_CLASS, (PVOID *)&user) == STATUS_SUCCESS) {
        CHECK(Ask(&subject, user->Sid, 0, 1, 1, &granted) == STATUS_SUCCESS && granted == 1);
        CHECK(Ask(&subject, user->Sid, 0, 1, 2, &granted) == STATUS_ACCESS_DENIED);
        CHECK(Ask(&subject, user->Sid, 2, 7, 3, &granted) == STATUS_ACCESS_DENIED);
        CHECK(Ask(&subject, user->Sid, 2, 7, MAXIMUM_ALLOWED, &granted) == STATUS_SUCCESS && !(granted & 2));
        ExFreePool(user);
    } else {
        CHECK(!"SeQueryInformationToken");
    }
    /* documented: kernel mode is not refused, and needs no descriptor */
    CHECK(SeAccessCheck(NULL, &subject, FALSE, GENERIC_READ, 0, NULL, (PGENERIC_MAPPING)&Mapping, KernelMode, &granted,
                        &status));
    CHECK(status == STATUS_SUCCESS && granted == 1);
    CHECK(!SeAccessCheck(NULL, &subject, FALSE, GENERIC_READ, 0, NULL, (PGENERIC_MAPPING)&Mapping, UserMode, &granted,
                         &status));
    CHECK(status == STATUS_ACCESS_DENIED);
    SeReleaseSubjectContext(&subject);
}

/* assumed: it stands on no page */
static VOID
Captures(VOID)
{
    DDI_EXPORT(NTSTATUS, SeCaptureSecurityDescriptor,
               (PSECURITY_DESCRIPTOR, KPROCESSOR_MODE, POOL_TYPE, BOOLEAN, PSECURITY_DESCRIPTOR *));
    PSECURITY_DESCRIPTOR copy = NULL;
    SECURITY_DESCRIPTOR sd;
    BOOLEAN defaulted;
    SID_ROOM sid;
    PSID owner;

    MakeSid(&sid, 544);
    RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
    RtlSetOwnerSecurityDescriptor(&sd, &sid.Sid, FALSE);
    CHECK(pSeCaptureSecurityDescriptor(NULL, KernelMode, PagedPool, TRUE, &copy) == STATUS_SUCCESS && copy == NULL);
    CHECK(pSeCaptureSecurityDescriptor(&sd, KernelMode, PagedPool, FALSE, &copy) == STATUS_SUCCESS && copy == &sd);
    REQUIRE(pSeCaptureSecurityDescriptor(&sd, KernelMode, PagedPool, TRUE, &copy) == STATUS_SUCCESS && copy != &sd);
    CHECK(RtlValidRelativeSecurityDescriptor(copy, RtlLengthSecurityDescriptor(copy), OWNER_SECURITY_INFORMATION));
    CHECK(RtlGetOwnerSecurityDescriptor(copy, &owner, &defaulted) == STATUS_SUCCESS && RtlEqualSid(owner, &sid.Sid));
    ExFreePool(copy);
    sid.Sid.Revision = 9;
    CHECK(pSeCaptureSecurityDescriptor(&sd, KernelMode, PagedPool, TRUE, &copy) == STATUS_INVALID_SID && copy == NULL);
    sd.Revision = 2;
    CHECK(pSeCaptureSecurityDescriptor(&sd, KernelMode, PagedPool, TRUE, &copy) == STATUS_UNKNOWN_REVISION);
}

static VOID
Tokens(VOID)
{
    DDI_EXPORT(BOOLEAN, SeTokenIsAdmin, (PACCESS_TOKEN));
    SECURITY_SUBJECT_CONTEXT subject;
    PVOID information = NULL;
    LUID id = { 0, 0 };
    LUID load_driver = { 10, 0 }; /* SE_LOAD_DRIVER_PRIVILEGE */

    SeCaptureSubjectContext(&subject);
    CHECK(pSeTokenIsAdmin(subject.PrimaryToken)); /* DriverEntry runs as the system */
    CHECK(SeQueryAuthenticationIdToken(subject.PrimaryToken, &id) == STATUS_SUCCESS);
    CHECK(id.LowPart == 0x3e7 && id.HighPart == 0); /* SYSTEM_LUID */
    CHECK(SeQueryInformationToken(subject.PrimaryToken, TOKEN_CLASS_NONE, &information) == STATUS_INVALID_INFO_CLASS);
    SeReleaseSubjectContext(&subject);
    CHECK(SeSinglePrivilegeCheck(load_driver, KernelMode));
}

DDI_TESTS(se, { "sids", Sids }, { "access_lists", AccessLists }, { "descriptors", Descriptors },
          { "maps_generic_rights", MapsGenericRights }, { "access_checks", AccessChecks }, { "captures", Captures },
          { "tokens", Tokens });
