/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl/inet.c - IPv4 and IPv6 addresses as text.
 *
 * Model: addresses are bytes in network order. documented: the text is terminated; the ToString functions return where
 * the terminator is; the Ex forms want room for the whole text and tell its length with terminator.
 */
#include "nt/rtl/rtl.h"

#define PORT_NONE 0

struct text {
    char *out;
    size_t len;
};

static void
add(struct text *t, const char *format, uint64_t value)
{
    struct rtl_output to = { t->out + t->len, 16, false, false };

    t->len += rtl_format(&to, format, &value);
}

static void
put_ipv4(struct text *t, const uint8_t *a)
{
    for (unsigned i = 0; i < 4; i++)
        add(t, i == 0 ? "%u" : ".%u", a[i]);
}

/* documented: the longest run of zero groups, of two at least, becomes "::"; an IPv4 tail is shown dotted. */
static void
put_ipv6(struct text *t, const uint8_t *a)
{
    uint16_t group[8];
    unsigned best = 0, best_len = 1, groups = 8;

    for (unsigned i = 0; i < 8; i++)
        group[i] = (uint16_t)(a[2 * i] << 8 | a[2 * i + 1]);
    if (group[0] == 0 && group[1] == 0 && group[2] == 0 && group[3] == 0 && group[4] == 0 &&
        (group[5] == 0xffff || (group[5] == 0 && group[6] != 0)))
        groups = 6; /* mapped or compatible */
    for (unsigned i = 0; i < groups; i++) {
        unsigned n = 0;

        while (i + n < groups && group[i + n] == 0)
            n++;
        if (n > best_len) {
            best = i;
            best_len = n;
        }
    }
    for (unsigned i = 0; i < groups; i++) {
        if (best_len > 1 && i == best) {
            add(t, "::", 0);
            i += best_len - 1;
            continue;
        }
        if (i != 0 && !(best_len > 1 && i == best + best_len))
            add(t, ":", 0);
        add(t, "%x", group[i]);
    }
    if (groups == 6) {
        if (!(best_len > 1 && best + best_len == 6))
            add(t, ":", 0);
        put_ipv4(t, a + 12);
    }
}

PSTR NTAPI
RtlIpv4AddressToStringA(const struct in_addr *Addr, PSTR S)
{
    struct text t = { S, 0 };

    put_ipv4(&t, (const uint8_t *)Addr);
    S[t.len] = 0;
    return S + t.len;
}

PSTR NTAPI
RtlIpv6AddressToStringA(const struct in6_addr *Addr, PSTR S)
{
    char buffer[64];
    struct text t = { buffer, 0 };

    put_ipv6(&t, (const uint8_t *)Addr);
    __builtin_memcpy(S, buffer, t.len);
    S[t.len] = 0;
    return S + t.len;
}

static NTSTATUS
give(const struct text *t, PSTR out, PULONG room)
{
    ULONG need = (ULONG)t->len + 1;
    NTSTATUS status = STATUS_INVALID_PARAMETER; /* documented: for a buffer that is too small as well */

    if (*room >= need) {
        __builtin_memcpy(out, t->out, t->len);
        out[t->len] = 0;
        status = STATUS_SUCCESS;
    }
    *room = need;
    return status;
}

static uint16_t
swap16(uint16_t v)
{
    return (uint16_t)(v >> 8 | v << 8);
}

NTSTATUS NTAPI
RtlIpv4AddressToStringExA(const struct in_addr *Address, USHORT Port, PSTR AddressString, PULONG AddressStringLength)
{
    char buffer[64];
    struct text t = { buffer, 0 };

    if (Address == NULL || AddressString == NULL || AddressStringLength == NULL)
        return STATUS_INVALID_PARAMETER;
    put_ipv4(&t, (const uint8_t *)Address);
    if (Port != PORT_NONE)
        add(&t, ":%u", swap16(Port));
    return give(&t, AddressString, AddressStringLength);
}

NTSTATUS NTAPI
RtlIpv6AddressToStringExA(const struct in6_addr *Address, ULONG ScopeId, USHORT Port, PSTR AddressString,
                          PULONG AddressStringLength)
{
    char buffer[96];
    struct text t = { buffer, 0 };

    if (Address == NULL || AddressString == NULL || AddressStringLength == NULL)
        return STATUS_INVALID_PARAMETER;
    if (Port != PORT_NONE)
        add(&t, "[", 0);
    put_ipv6(&t, (const uint8_t *)Address);
    if (ScopeId != 0)
        add(&t, "%%%u", ScopeId);
    if (Port != PORT_NONE)
        add(&t, "]:%u", swap16(Port));
    return give(&t, AddressString, AddressStringLength);
}

/* ------------------------------------------------------------------ parsing */

static unsigned
digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c = (char)crt_tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 99;
}

/* A number as inet_addr reads it: 0x.. hexadecimal, 0.. octal. false: no digits, or over 32 bits. */
static bool
read_part(const char **at, bool strict, uint64_t *out)
{
    unsigned base = 10;
    const char *start;

    *out = 0;
    if (!strict && (*at)[0] == '0') {
        base = 8;
        if (crt_tolower((unsigned char)(*at)[1]) == 'x') {
            base = 16;
            *at += 2;
        }
    }
    for (start = *at; digit(**at) < base; ++*at) {
        *out = *out * base + digit(**at);
        if (*out > 0xffffffff)
            return false;
    }
    return *at != start;
}

/*
 * RtlIpv4StringToAddressA - documented: with Strict four decimal parts, else also one to three parts in any base as
 * inet_addr takes them; *Terminator is where parsing stopped. STATUS_INVALID_PARAMETER.
 */
NTSTATUS NTAPI
RtlIpv4StringToAddressA(PCSTR S, BOOLEAN Strict, PCSTR *Terminator, struct in_addr *Addr)
{
    uint64_t part[4];
    unsigned count = 0;
    uint32_t value = 0;
    const char *at = S;
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    for (;;) {
        if (!read_part(&at, Strict, &part[count]))
            goto out;
        count++;
        if (*at != '.' || count == 4)
            break;
        at++;
    }
    if (Strict && count != 4)
        goto out;
    for (unsigned i = 0; i < count; i++) {
        unsigned bits = i + 1 == count ? 8 * (5 - count) : 8;

        if (part[i] >> bits != 0)
            goto out;
        value = bits == 32 ? (uint32_t)part[i] : value << bits | (uint32_t)part[i];
    }
    value = __builtin_bswap32(value);
    __builtin_memcpy(Addr, &value, 4);
    status = STATUS_SUCCESS;
out:
    *Terminator = at;
    return status;
}

/* documented: STATUS_INVALID_PARAMETER; *Terminator as above. No scope and no port. */
NTSTATUS NTAPI
RtlIpv6StringToAddressA(PCSTR S, PCSTR *Terminator, struct in6_addr *Addr)
{
    uint8_t bytes[16] = { 0 };
    unsigned at_byte = 0;
    int gap = -1;
    const char *at = S;
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (at[0] == ':' && at[1] == ':') {
        gap = 0;
        at += 2;
    }
    while (at_byte < 16 && digit(*at) < 16) {
        const char *start = at;
        unsigned value = 0, n = 0;

        for (; n < 4 && digit(*at) < 16; n++, at++)
            value = value << 4 | digit(*at);
        if (*at == '.' && at_byte <= 12) {
            if (RtlIpv4StringToAddressA(start, TRUE, &at, (struct in_addr *)(bytes + at_byte)) != STATUS_SUCCESS)
                goto out;
            at_byte += 4;
            break;
        }
        bytes[at_byte++] = (uint8_t)(value >> 8);
        bytes[at_byte++] = (uint8_t)value;
        if (at[0] == ':' && at[1] == ':' && gap < 0) {
            gap = (int)at_byte;
            at += 2;
        } else if (at[0] == ':' && digit(at[1]) < 16 && at_byte < 16) {
            at++;
        } else {
            break;
        }
    }
    if ((gap < 0 && at_byte != 16) || (gap >= 0 && at_byte == 16))
        goto out;
    if (gap >= 0) {
        unsigned tail = at_byte - (unsigned)gap;

        __builtin_memmove(bytes + 16 - tail, bytes + gap, tail);
        __builtin_memset(bytes + gap, 0, 16 - at_byte);
    }
    __builtin_memcpy(Addr, bytes, 16);
    status = STATUS_SUCCESS;
out:
    *Terminator = at;
    return status;
}

/* ASCII of the front of a wide text; what is no ASCII ends it, as it ends an address. */
static void
narrow(PCWSTR from, char to[64])
{
    unsigned i = 0;

    for (; i < 63 && from[i] > 0 && from[i] < 0x7f; i++)
        to[i] = (char)from[i];
    to[i] = 0;
}

/* RtlIpv4StringToAddressW - documented: as ...A, of 16-bit characters. */
NTSTATUS NTAPI
RtlIpv4StringToAddressW(PCWSTR S, BOOLEAN Strict, PCWSTR *Terminator, struct in_addr *Addr)
{
    char text[64];
    PCSTR end;
    NTSTATUS status;

    narrow(S, text);
    status = RtlIpv4StringToAddressA(text, Strict, &end, Addr);
    *Terminator = S + (end - text);
    return status;
}

/* RtlIpv6StringToAddressW - documented: as ...A, of 16-bit characters. */
NTSTATUS NTAPI
RtlIpv6StringToAddressW(PCWSTR S, PCWSTR *Terminator, struct in6_addr *Addr)
{
    char text[64];
    PCSTR end;
    NTSTATUS status;

    narrow(S, text);
    status = RtlIpv6StringToAddressA(text, &end, Addr);
    *Terminator = S + (end - text);
    return status;
}
