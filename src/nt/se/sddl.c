/* SPDX-License-Identifier: MIT */
/*
 * nt/se/sddl.c - security descriptors from text, as IoCreateDeviceSecure takes them.
 *
 * Model: "D:P(A;;GA;;;SY)(A;;GA;;;BA)": a letter and a colon begin a part; the DACL is flags and ACEs of six fields
 * (type;flags;rights;object;inherited object;SID). documented: the SDDL subset for device objects.
 */
#include <string.h>

#include "nt/ob/ob.h"
#include "nt/se/se.h"

struct reader {
    const WCHAR *at, *end;
};

struct building {
    PSID owner, group;
    bool dacl;
    ULONG ace_count;
    struct {
        UCHAR type;
        ACCESS_MASK mask;
        PSID sid;
    } ace[32];
    struct {
        ULONG64 align;
        UCHAR bytes[72];
    } literal[8]; /* SIDs written out as S-1-... */
    unsigned literals;
};

static bool
eat(struct reader *r, char c)
{
    if (r->at == r->end || *r->at != (WCHAR)c)
        return false;
    r->at++;
    return true;
}

static bool
pair(const struct reader *r, const char *two)
{
    return r->end - r->at >= 2 && r->at[0] == (WCHAR)two[0] && r->at[1] == (WCHAR)two[1];
}

static bool
number(struct reader *r, ULONG64 *out)
{
    const WCHAR *from;
    ULONG64 value = 0;
    unsigned base = 10;

    if (pair(r, "0x") || pair(r, "0X")) {
        base = 16;
        r->at += 2;
    }
    for (from = r->at; r->at < r->end; r->at++) {
        WCHAR c = *r->at;
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 99;

        if (digit >= base)
            break;
        value = value * base + digit;
    }
    *out = value;
    return r->at > from;
}

/* S-1-authority-sub-sub... */
static PSID
read_literal_sid(struct reader *r, struct building *b)
{
    PISID sid;
    ULONG64 n;

    if (b->literals == 8)
        return NULL;
    sid = (PISID)b->literal[b->literals++].bytes;
    memset(sid, 0, sizeof(b->literal[0].bytes));
    if (!eat(r, 'S') || !eat(r, '-') || !number(r, &n) || n != 1 || !eat(r, '-') || !number(r, &n))
        return NULL;
    sid->Revision = 1;
    for (unsigned i = 0; i < 6; i++)
        sid->IdentifierAuthority.Value[5 - i] = (UCHAR)(n >> (8 * i));
    while (eat(r, '-')) {
        if (sid->SubAuthorityCount == 15 || !number(r, &n))
            return NULL;
        sid->SubAuthority[sid->SubAuthorityCount++] = (ULONG)n;
    }
    return sid;
}

static PSID
read_sid(struct reader *r, struct building *b)
{
    const struct se_state *se = NT->se;
    const struct {
        const char *alias;
        PSID sid;
    } aliases[] = {
        { "SY", se->system },       { "BA", se->admins },        { "BU", se->users },
        { "BG", se->guests },       { "WD", se->world },         { "AU", se->authenticated },
        { "IU", se->interactive },  { "NU", se->network },       { "SU", se->service },
        { "AN", se->anonymous },    { "LS", se->local_service }, { "NS", se->network_service },
        { "RC", se->restricted },   { "CO", se->creator_owner }, { "CG", se->creator_group },
        { "OW", se->owner_rights }, { "PU", se->power_users },   { "AO", se->account_ops },
        { "SO", se->system_ops },   { "PO", se->print_ops },     { "BO", se->backup_ops },
    };

    if (pair(r, "S-"))
        return read_literal_sid(r, b);
    for (unsigned i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
        if (pair(r, aliases[i].alias)) {
            r->at += 2;
            return aliases[i].sid;
        }
    return NULL;
}

static bool
read_rights(struct reader *r, ACCESS_MASK *mask)
{
    static const struct {
        char text[3];
        ACCESS_MASK mask;
    } rights[] = {
        { "GA", GENERIC_ALL },
        { "GR", GENERIC_READ },
        { "GW", GENERIC_WRITE },
        { "GX", GENERIC_EXECUTE },
        { "RC", READ_CONTROL },
        { "SD", DELETE },
        { "WD", WRITE_DAC },
        { "WO", WRITE_OWNER },
        { "FA", FILE_ALL_ACCESS },
        { "FR", FILE_GENERIC_READ },
        { "FW", FILE_GENERIC_WRITE },
        { "FX", STANDARD_RIGHTS_EXECUTE | FILE_READ_ATTRIBUTES | FILE_EXECUTE | SYNCHRONIZE },
        { "RP", 0x10 },
        { "WP", 0x20 },
        { "CC", 0x1 },
        { "DC", 0x2 },
        { "LC", 0x4 },
        { "SW", 0x8 },
        { "LO", 0x80 },
        { "DT", 0x40 },
        { "CR", 0x100 },
    };
    ULONG64 n;

    *mask = 0;
    if (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        bool ok = number(r, &n);

        *mask = (ACCESS_MASK)n;
        return ok;
    }
    while (r->at < r->end && *r->at != ';') {
        unsigned i;

        for (i = 0; i < sizeof(rights) / sizeof(rights[0]) && !pair(r, rights[i].text); i++)
            ;
        if (i == sizeof(rights) / sizeof(rights[0]))
            return false;
        *mask |= rights[i].mask;
        r->at += 2;
    }
    return true;
}

/* After the opening parenthesis. */
static bool
read_ace(struct reader *r, struct building *b)
{
    unsigned i = b->ace_count++;

    if (i == sizeof(b->ace) / sizeof(b->ace[0]))
        return false;
    if (eat(r, 'A'))
        b->ace[i].type = 0;
    else if (eat(r, 'D'))
        b->ace[i].type = 1;
    else
        return false;
    if (!eat(r, ';'))
        return false;
    while (r->at < r->end && *r->at != ';') /* inheritance flags: devices have no children to inherit */
        r->at++;
    if (!eat(r, ';') || !read_rights(r, &b->ace[i].mask) || !eat(r, ';') || !eat(r, ';') || !eat(r, ';'))
        return false;
    b->ace[i].sid = read_sid(r, b);
    return b->ace[i].sid != NULL && eat(r, ')');
}

static bool
read_dacl(struct reader *r, struct building *b)
{
    b->dacl = true;
    while (r->at < r->end && (*r->at == 'P' || *r->at == 'A' || *r->at == 'I' || *r->at == 'R'))
        r->at++; /* protected, auto-inherited: nothing inherits here */
    while (eat(r, '('))
        if (!read_ace(r, b))
            return false;
    return true;
}

static bool
read_all(struct reader *r, struct building *b)
{
    while (r->at < r->end) {
        if (pair(r, "O:")) {
            r->at += 2;
            b->owner = read_sid(r, b);
            if (b->owner == NULL)
                return false;
        } else if (pair(r, "G:")) {
            r->at += 2;
            b->group = read_sid(r, b);
            if (b->group == NULL)
                return false;
        } else if (pair(r, "D:")) {
            r->at += 2;
            if (!read_dacl(r, b))
                return false;
        } else {
            return false;
        }
    }
    return true;
}

NTSTATUS
se_from_sddl(PCUNICODE_STRING sddl, PSECURITY_DESCRIPTOR *out)
{
    struct building b = { .owner = NULL };
    struct reader r = { sddl->Buffer, sddl->Buffer + sddl->Length / sizeof(WCHAR) };
    union {
        ACL acl;
        UCHAR bytes[4096];
    } dacl;
    SECURITY_DESCRIPTOR sd;
    ULONG length = 0;

    *out = NULL;
    if (!read_all(&r, &b))
        return STATUS_INVALID_PARAMETER;
    RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
    sd.Owner = b.owner;
    sd.Group = b.group;
    if (b.dacl) {
        ULONG size = sizeof(ACL);

        for (unsigned i = 0; i < b.ace_count; i++)
            size += (ULONG)offsetof(ACCESS_ALLOWED_ACE, SidStart) + RtlLengthSid(b.ace[i].sid);
        RtlCreateAcl(&dacl.acl, size, ACL_REVISION);
        for (unsigned i = 0; i < b.ace_count; i++)
            if (b.ace[i].type == 0)
                RtlAddAccessAllowedAce(&dacl.acl, ACL_REVISION, b.ace[i].mask, b.ace[i].sid);
            else
                RtlAddAccessDeniedAce(&dacl.acl, ACL_REVISION, b.ace[i].mask, b.ace[i].sid);
        RtlSetDaclSecurityDescriptor(&sd, TRUE, &dacl.acl, FALSE);
    }
    RtlAbsoluteToSelfRelativeSD(&sd, NULL, &length);
    *out = heap_alloc(length, 'dSeS');
    if (*out == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    return RtlAbsoluteToSelfRelativeSD(&sd, *out, &length);
}
