/* SPDX-License-Identifier: MIT */
/*
 * nt/profile.c - the releases of Windows.
 *
 * Sources: versions and builds: documented (OSVERSIONINFOEX). NDIS versions: documented ("Overview of NDIS Versions").
 * assumed: the previews of Windows 8 answer 6.30 as the release does. observed: on the Consumer Preview serialized NDIS
 * 5.x miniports failed for memory that the wrapper freed twice; deserialized ones did not (docs/assumptions.md).
 */
#include "nt/profile.h"

#include <errno.h>
#include <string.h>

#include "base/fmt.h"
#include "machine/machine.h"

#define NDIS(major, minor) ((uint32_t)(major) << 16 | (minor))

static const struct nt_profile profiles[] = {
    { "vista", "Windows Vista SP1", 6, 0, 6001, NDIS(6, 1), false, false },
    { "win7", "Windows 7 SP1", 6, 1, 7601, NDIS(6, 20), false, false },
    { "win8dp", "Windows 8 Developer Preview", 6, 2, 8102, NDIS(6, 30), false, false },
    { "win8cp", "Windows 8 Consumer Preview", 6, 2, 8250, NDIS(6, 30), false, true },
    { "win8", "Windows 8", 6, 2, 9200, NDIS(6, 30), false, false },
    { "win10", "Windows 10 version 2004", 10, 0, 19041, NDIS(6, 83), false, false },
};
#define COUNT (sizeof(profiles) / sizeof(profiles[0]))

static struct nt_profile chosen = { "win10", "Windows 10 version 2004", 10, 0, 19041, NDIS(6, 83), false, false };

static uint32_t asked; /* a bit per enum nt_profile_field; grows over all runs of a process */
static bool flawless; /* flaws are left out of whatever is selected */

const struct nt_profile *
nt_profile(void)
{
    return &chosen;
}

static uint32_t
field_of(const struct nt_profile *p, enum nt_profile_field field)
{
    const uint32_t values[PROFILE_FIELDS] = {
        [PROFILE_MAJOR] = p->major,
        [PROFILE_MINOR] = p->minor,
        [PROFILE_BUILD] = p->build,
        [PROFILE_NDIS] = p->ndis,
        [PROFILE_CHECKED] = p->checked,
        [PROFILE_LEGACY_DOUBLE_FREE] = p->legacy_double_free,
    };

    return values[field];
}

uint32_t
nt_profile_ask(enum nt_profile_field field)
{
    __atomic_fetch_or(&asked, 1u << field, __ATOMIC_RELAXED);
    return field_of(&chosen, field);
}

uint32_t
nt_profile_asked(void)
{
    uint32_t shared = kpcr_shared_read() ? 1u << PROFILE_MAJOR | 1u << PROFILE_MINOR | 1u << PROFILE_BUILD : 0;

    return __atomic_load_n(&asked, __ATOMIC_RELAXED) | shared;
}

bool
nt_profile_agree(const struct nt_profile *a, const struct nt_profile *b, uint32_t fields)
{
    for (unsigned i = 0; i < PROFILE_FIELDS; i++)
        if ((fields >> i & 1) && field_of(a, i) != field_of(b, i))
            return false;
    return true;
}

const struct nt_profile *
nt_profile_get(unsigned i)
{
    return i < COUNT ? &profiles[i] : NULL;
}

int
nt_profile_select(const char *name)
{
    size_t length = strcspn(name, "-");

    if (name[length] != 0 && strcmp(name + length, "-checked") != 0)
        return -ENOENT;
    for (unsigned i = 0; i < COUNT; i++)
        if (strlen(profiles[i].name) == length && memcmp(profiles[i].name, name, length) == 0) {
            chosen = profiles[i];
            chosen.checked = name[length] != 0;
            if (flawless)
                chosen.legacy_double_free = false;
            return 0;
        }
    return -ENOENT;
}

bool
nt_profile_flawed(void)
{
    return chosen.legacy_double_free;
}

void
nt_profile_leave_flaws_out(bool leave_out)
{
    const char *name = chosen.name;
    bool checked = chosen.checked;

    flawless = leave_out;
    nt_profile_select(name);
    chosen.checked = checked;
}

void
nt_profile_version(char *text, size_t room)
{
    fmt(text, room, "%u.%u.%u", chosen.major, chosen.minor, chosen.build);
}

void
nt_profile_text(char *text, size_t room)
{
    fmt(text, room, "%s%s", chosen.name, chosen.checked ? "-checked" : "");
}
