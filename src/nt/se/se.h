/* SPDX-License-Identifier: MIT */
/*
 * nt/se/se.h - security: SIDs, ACLs, descriptors, two tokens, access checks.
 *
 * Model: programs run as an administrator who is elevated, everything else as SYSTEM. An access check walks the
 * DACL in order as documented (first deny or allow that settles a bit wins; no DACL allows all, an empty one nothing);
 * kernel mode is never checked. Auditing, restricted tokens, object ACEs and integrity levels do not exist here.
 */
#ifndef NT_SE_SE_H
#define NT_SE_SE_H

#include "ddk/ntifs.h"
#include "nt/nt.h"

#define SE_GROUPS_MAX 8u

/* Body of a token object; the SIDs lie in struct se_sids. */
struct se_token {
    PSID user;
    PSID groups[SE_GROUPS_MAX];
    ULONG group_count;
    LUID authentication_id;
    ULONG administrator;
};

#define SE_SIDS(X)                                                                                                   \
    X(null)                                                                                                          \
    X(world) X(local) X(creator_owner) X(creator_group) X(dialup) X(network) X(batch) X(interactive) X(service)      \
        X(anonymous) X(authenticated) X(restricted) X(system) X(local_service) X(network_service) X(admins) X(users) \
            X(guests) X(power_users) X(account_ops) X(system_ops) X(print_ops) X(backup_ops) X(owner_rights) X(person)

/* Monitor memory; const after init. */
struct se_state {
#define X(name) PSID name;
    SE_SIDS(X)
#undef X
    struct se_token *system_token, *admin_token;
    PSE_EXPORTS *exports; /* what SeExports is bound to: machine memory */
};

/* The running fiber's effective token. */
struct se_token *se_current_token(void);
void se_capture_subject(PSECURITY_SUBJECT_CONTEXT subject);

/* May token have access? mapping: for generic bits in the request and in ACEs. *granted may be NULL. */
bool se_check(const struct se_token *token, PSECURITY_DESCRIPTOR sd, ACCESS_MASK access, const GENERIC_MAPPING *mapping,
              ACCESS_MASK *granted);
/* For the running fiber's token. */
bool se_allows(PSECURITY_DESCRIPTOR sd, ACCESS_MASK access, const GENERIC_MAPPING *mapping);

/*
 * A self-relative descriptor (heap memory, the caller's) from SDDL text. Reads O:, G:, D: with flags and ACEs of type
 * A and D, rights by letters or number, SIDs by alias or S-1-...; STATUS_INVALID_PARAMETER for anything else.
 */
NTSTATUS se_from_sddl(PCUNICODE_STRING sddl, PSECURITY_DESCRIPTOR *out);

/* Parts of a descriptor, absolute or self-relative; NULL: absent. *dacl_present may be NULL. */
PSID se_owner(PSECURITY_DESCRIPTOR sd);
PSID se_group(PSECURITY_DESCRIPTOR sd);
PACL se_dacl(PSECURITY_DESCRIPTOR sd, bool *dacl_present);
PACL se_sacl(PSECURITY_DESCRIPTOR sd);

/* ------------------------------------------------------------------ exported, but declared by no DDK header */

BOOLEAN NTAPI SeTokenIsAdmin(PACCESS_TOKEN Token);
NTSTATUS NTAPI SeCaptureSecurityDescriptor(PSECURITY_DESCRIPTOR OriginalSecurityDescriptor,
                                           KPROCESSOR_MODE CurrentMode, POOL_TYPE PoolType, BOOLEAN CaptureIfKernel,
                                           PSECURITY_DESCRIPTOR *CapturedSecurityDescriptor);
NTSTATUS NTAPI RtlAddAccessDeniedAce(PACL Acl, ULONG AceRevision, ACCESS_MASK AccessMask, PSID Sid);

#endif
