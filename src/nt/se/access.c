/* SPDX-License-Identifier: MIT */
/* nt/se/access.c - tokens, subjects, access checks, SeExports: see se.h. */
#include <string.h>

#include "nt/ex/ex.h"
#include "nt/ob/ob.h"
#include "nt/ps/ps.h"
#include "nt/se/se.h"

/* ------------------------------------------------------------------ who */

struct se_token *
se_current_token(void)
{
    return ps_user_mode() ? NT->se->admin_token : NT->se->system_token;
}

void
se_capture_subject(PSECURITY_SUBJECT_CONTEXT subject)
{
    subject->ClientToken = NULL;
    subject->ImpersonationLevel = SecurityAnonymous;
    subject->PrimaryToken = se_current_token();
    subject->ProcessAuditId = (PVOID)(uintptr_t)ps_process_id(ps_current_process());
}

VOID NTAPI
SeCaptureSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext)
{
    se_capture_subject(SubjectContext);
    ob_reference(SubjectContext->PrimaryToken);
}

VOID NTAPI
SeReleaseSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext)
{
    ob_dereference(SubjectContext->PrimaryToken);
    SubjectContext->PrimaryToken = NULL;
    SubjectContext->ClientToken = NULL;
}

/* Tokens never change here, so holding them still takes nothing. */
VOID NTAPI
SeLockSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext)
{
    (void)SubjectContext;
}

VOID NTAPI
SeUnlockSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext)
{
    (void)SubjectContext;
}

static bool
is_member(const struct se_token *token, PSID sid)
{
    if (RtlEqualSid(token->user, sid))
        return true;
    for (ULONG i = 0; i < token->group_count; i++)
        if (RtlEqualSid(token->groups[i], sid))
            return true;
    return false;
}

/* ------------------------------------------------------------------ may they */

bool
se_check(const struct se_token *token, PSECURITY_DESCRIPTOR sd, ACCESS_MASK access, const GENERIC_MAPPING *mapping,
         ACCESS_MASK *granted)
{
    bool present = false, maximum = (access & MAXIMUM_ALLOWED) != 0;
    ACCESS_MASK allowed = 0, denied = 0, want;
    PACL dacl = sd != NULL ? se_dacl(sd, &present) : NULL;
    PSID owner = sd != NULL ? se_owner(sd) : NULL;
    const char *at;

    RtlMapGenericMask(&access, mapping);
    want = access & ~MAXIMUM_ALLOWED;
    if (!present || dacl == NULL) {
        if (granted != NULL)
            *granted = maximum ? want | mapping->GenericAll : want;
        return true;
    }
    if (owner != NULL && is_member(token, owner))
        allowed = READ_CONTROL | WRITE_DAC; /* documented: an owner's implicit rights */
    at = (const char *)(dacl + 1);
    for (unsigned i = 0; i < dacl->AceCount; i++, at += ((const ACE_HEADER *)at)->AceSize) {
        const ACCESS_ALLOWED_ACE *ace = (const ACCESS_ALLOWED_ACE *)at;
        ACCESS_MASK mask = ace->Mask;

        if (ace->Header.AceType > 1 || !is_member(token, (PSID)(uintptr_t)&ace->SidStart))
            continue;
        RtlMapGenericMask(&mask, mapping);
        if (ace->Header.AceType == 0)
            allowed |= mask & ~denied;
        else
            denied |= mask & ~allowed;
    }
    if (granted != NULL)
        *granted = maximum ? allowed : want & allowed;
    return (want & ~allowed) == 0 && (!maximum || allowed != 0);
}

bool
se_allows(PSECURITY_DESCRIPTOR sd, ACCESS_MASK access, const GENERIC_MAPPING *mapping)
{
    return se_check(se_current_token(), sd, access, mapping, NULL);
}

/*
 * SeAccessCheck - documented: kernel mode is granted everything; a NULL descriptor grants in kernel mode and denies
 * otherwise (STATUS_ACCESS_DENIED).
 */
BOOLEAN NTAPI
SeAccessCheck(PSECURITY_DESCRIPTOR SecurityDescriptor, PSECURITY_SUBJECT_CONTEXT SubjectSecurityContext,
              BOOLEAN SubjectContextLocked, ACCESS_MASK DesiredAccess, ACCESS_MASK PreviouslyGrantedAccess,
              PPRIVILEGE_SET *Privileges, PGENERIC_MAPPING GenericMapping, KPROCESSOR_MODE AccessMode,
              PACCESS_MASK GrantedAccess, PNTSTATUS AccessStatus)
{
    const struct se_token *token = SubjectSecurityContext->ClientToken != NULL ? SubjectSecurityContext->ClientToken
                                                                               : SubjectSecurityContext->PrimaryToken;
    ACCESS_MASK granted = 0;
    bool ok;

    (void)SubjectContextLocked;
    if (Privileges != NULL)
        *Privileges = NULL;
    if (AccessMode == KernelMode) {
        granted = DesiredAccess;
        if (granted & MAXIMUM_ALLOWED)
            granted = (granted & ~MAXIMUM_ALLOWED) | GenericMapping->GenericAll;
        RtlMapGenericMask(&granted, GenericMapping);
        ok = true;
    } else {
        ok = SecurityDescriptor != NULL && se_check(token, SecurityDescriptor, DesiredAccess, GenericMapping, &granted);
    }
    *GrantedAccess = ok ? granted | PreviouslyGrantedAccess : 0;
    *AccessStatus = ok ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
    return ok;
}

/*
 * SeSinglePrivilegeCheck - documented: TRUE in kernel mode. An administrator holds every privilege but those of the
 * operating system's own (create token 2, assign primary token 3, lock memory 4, TCB 7, create permanent 16, audit 21).
 */
BOOLEAN NTAPI
SeSinglePrivilegeCheck(LUID PrivilegeValue, KPROCESSOR_MODE PreviousMode)
{
    static const ULONG not_for_admins[] = { 2, 3, 4, 7, 16, 21 };

    if (PreviousMode == KernelMode)
        return TRUE;
    if (PrivilegeValue.HighPart != 0 || PrivilegeValue.LowPart < 2 || PrivilegeValue.LowPart > 36)
        return FALSE;
    for (unsigned i = 0; i < sizeof(not_for_admins) / sizeof(not_for_admins[0]); i++)
        if (PrivilegeValue.LowPart == not_for_admins[i])
            return FALSE;
    return TRUE;
}

BOOLEAN NTAPI
SeTokenIsAdmin(PACCESS_TOKEN Token)
{
    return ((const struct se_token *)Token)->administrator != 0;
}

NTSTATUS NTAPI
SeQueryAuthenticationIdToken(PACCESS_TOKEN Token, PLUID AuthenticationId)
{
    *AuthenticationId = ((const struct se_token *)Token)->authentication_id;
    return STATUS_SUCCESS;
}

#define TOKEN_USER_CLASS 1u

/*
 * SeQueryInformationToken - TokenUser only, in pool that the caller frees; STATUS_INVALID_INFO_CLASS for the rest,
 * which this token does not hold.
 */
NTSTATUS NTAPI
SeQueryInformationToken(PACCESS_TOKEN Token, ULONG TokenInformationClass, PVOID *TokenInformation)
{
    const struct se_token *token = Token;
    struct {
        PSID sid;
        ULONG attributes;
    } * user;
    ULONG length = RtlLengthSid(token->user);

    *TokenInformation = NULL;
    if (TokenInformationClass != TOKEN_USER_CLASS)
        return STATUS_INVALID_INFO_CLASS;
    user = ex_pool_alloc(PagedPool, sizeof(*user) + length, 'oTeS', 0);
    if (user == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(user + 1, token->user, length);
    user->sid = user + 1;
    user->attributes = 0;
    *TokenInformation = user;
    return STATUS_SUCCESS;
}

/* ------------------------------------------------------------------ init */

static PSID
make_sid(UCHAR authority, unsigned count, const ULONG *sub)
{
    PISID sid = heap_alloc(RtlLengthRequiredSid(count), 'iSeS');

    memset(sid, 0, RtlLengthRequiredSid(count));
    sid->Revision = 1;
    sid->SubAuthorityCount = (UCHAR)count;
    sid->IdentifierAuthority.Value[5] = authority;
    memcpy(sid->SubAuthority, sub, count * sizeof(ULONG));
    return sid;
}
#define SID_OF(authority, ...) \
    make_sid((authority), sizeof((ULONG[]){ __VA_ARGS__ }) / sizeof(ULONG), (const ULONG[]){ __VA_ARGS__ })

static struct se_token *
make_token(PSID user, ULONG logon, const PSID *groups)
{
    struct se_token *token = ob_create(NT->ob->variables->SeTokenObjectType, sizeof(*token), 'ekoT');

    token->user = user;
    token->authentication_id.LowPart = logon;
    token->administrator = 1;
    for (; groups[token->group_count] != NULL; token->group_count++)
        token->groups[token->group_count] = groups[token->group_count];
    return token;
}

/* documented: SE_EXPORTS, in this order. */
static void
fill_exports(struct se_state *se)
{
    enum { PRIVILEGES_1 = 23, SIDS_1 = 22, PRIVILEGES_2 = 3, SIDS_2 = 2, PRIVILEGES_3 = 8 };
    const ULONG privileges[PRIVILEGES_1] = { 2,  3,  4,  5,  6,  7,  8,  9,  10, 15, 14, 11,
                                             12, 13, 16, 17, 18, 19, 20, 21, 22, 23, 24 };
    const PSID sids[SIDS_1] = { se->null,        se->world,      se->local,     se->creator_owner, se->creator_group,
                                SID_OF(5, 0),    se->dialup,     se->network,   se->batch,         se->interactive,
                                se->system,      se->admins,     se->users,     se->guests,        se->power_users,
                                se->account_ops, se->system_ops, se->print_ops, se->backup_ops,    se->authenticated,
                                se->restricted,  se->anonymous };
    const ULONG more[PRIVILEGES_2] = { 25, 26, 27 }, last[PRIVILEGES_3] = { 28, 29, 30, 31, 32, 33, 34, 35 };
    struct {
        LUID privileges[PRIVILEGES_1];
        PSID sids[SIDS_1];
        LUID privileges_2[PRIVILEGES_2];
        PSID sids_2[SIDS_2];
        LUID privileges_3[PRIVILEGES_3];
        PSID sids_3[32]; /* later releases' additions: absent */
    } *e = heap_alloc(sizeof(*e), 'pxES');

    memset(e, 0, sizeof(*e));
    ((PISID)sids[5])->SubAuthorityCount = 0; /* S-1-5 */
    for (unsigned i = 0; i < PRIVILEGES_1; i++)
        e->privileges[i].LowPart = privileges[i];
    memcpy(e->sids, sids, sizeof(sids));
    for (unsigned i = 0; i < PRIVILEGES_2; i++)
        e->privileges_2[i].LowPart = more[i];
    e->sids_2[0] = se->local_service;
    e->sids_2[1] = se->network_service;
    for (unsigned i = 0; i < PRIVILEGES_3; i++)
        e->privileges_3[i].LowPart = last[i];
    heap_label(e, "SeExports");
    se->exports = heap_alloc(sizeof(*se->exports), 'pxES');
    *se->exports = (PSE_EXPORTS)e;
}

void
se_init(struct nt *nt)
{
    struct se_state *se = nt->se = mon_alloc(sizeof(*se));

    nt->ob->variables->SeTokenObjectType = ob_type_create("Token", -1, NULL, NULL);
    se->null = SID_OF(0, 0);
    se->world = SID_OF(1, 0);
    se->local = SID_OF(2, 0);
    se->creator_owner = SID_OF(3, 0);
    se->creator_group = SID_OF(3, 1);
    se->owner_rights = SID_OF(3, 4);
    se->dialup = SID_OF(5, 1);
    se->network = SID_OF(5, 2);
    se->batch = SID_OF(5, 3);
    se->interactive = SID_OF(5, 4);
    se->service = SID_OF(5, 6);
    se->anonymous = SID_OF(5, 7);
    se->authenticated = SID_OF(5, 11);
    se->restricted = SID_OF(5, 12);
    se->system = SID_OF(5, 18);
    se->local_service = SID_OF(5, 19);
    se->network_service = SID_OF(5, 20);
    se->admins = SID_OF(5, 32, 544);
    se->users = SID_OF(5, 32, 545);
    se->guests = SID_OF(5, 32, 546);
    se->power_users = SID_OF(5, 32, 547);
    se->account_ops = SID_OF(5, 32, 548);
    se->system_ops = SID_OF(5, 32, 549);
    se->print_ops = SID_OF(5, 32, 550);
    se->backup_ops = SID_OF(5, 32, 551);
    se->person = SID_OF(5, 21, 1001, 1002, 1003, 1000);
    se->system_token = make_token(se->system, 0x3e7, (const PSID[]){ se->admins, se->world, se->authenticated, NULL });
    se->admin_token = make_token(
        se->person, 0x12345,
        (const PSID[]){ se->admins, se->users, se->world, se->authenticated, se->interactive, se->local, NULL });
    fill_exports(se);
}
