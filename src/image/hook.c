/* SPDX-License-Identifier: MIT */
/*
 * image/hook.c - the calls that a compiler puts before each plain access (`undis cc --race`).
 *
 * Model: the names are those of the compilers' thread sanitizer; only the hooks of that are used, and they are
 * imports from a pseudo image of their own. A hook is told the address, its name says size and direction, and its
 * return address says where: planted ones are points, the others are looked at where races are looked for. A driver
 * with hooks has no load or store patched. Memory that a compiler does not know to be memory accesses (inline
 * assembly, memcpy) is not seen; what it keeps in registers is no access in either kind of build.
 */
#include "image/sites.h"

#include "base/hash.h"
#include "base/str.h"
#include "machine/plain.h"

#define HOOKS 4096u /* twice what can be planted, and a power of 2 */

static uint64_t planted[HOOKS];

/* image_plant() was told these. */
void
hooks_plant(const struct planted_list *list)
{
    memset(planted, 0, sizeof(planted));
    for (uint32_t i = 0; list && i < list->count; i++) {
        uint64_t ip = LAYOUT_IMAGE_BASE + list->at[i].image * LAYOUT_IMAGE_STRIDE + list->at[i].rva;
        uint32_t at = (uint32_t)hash_mix64(ip) & (HOOKS - 1);

        if (list->at[i].kind != SITE_HOOK)
            continue;
        while (planted[at])
            at = (at + 1) & (HOOKS - 1);
        planted[at] = ip;
        plain_used = true;
    }
}

static bool
is_planted(uint64_t ip)
{
    uint32_t at = (uint32_t)hash_mix64(ip) & (HOOKS - 1);

    while (planted[at] && planted[at] != ip)
        at = (at + 1) & (HOOKS - 1);
    return planted[at] != 0;
}

/* Does the driver import hooks of accesses? The module has others. */
bool
hooks_used(const struct loaded *l)
{
    for (unsigned i = 0; i < l->im.import_count; i++)
        if (str_istarts(l->im.imports[i].module, "undisrt") && str_starts(l->im.imports[i].name, "__tsan_"))
            return true;
    return false;
}

static void
hooked(uint64_t address, unsigned size, unsigned access)
{
    if (size)
        plain_hooked(address, size, access, is_planted(guest_caller()));
}

#define FN(module, name, size, access)                             \
    static __attribute__((ms_abi)) void hook_##name(void *address) \
    {                                                              \
        hooked((uint64_t)address, size, access);                   \
    }
#include "image/hook.def"
#undef FN

#define FN(m, n, size, access) { #m, #n, (void *)hook_##n, DDI_FUNCTION, 1, DDI_ANY, TOUCH_SELF, DDI_0, 0 },
static const struct ddi_export exports[] = {
#include "image/hook.def"
};

void
hooks_register(void)
{
    ddi_register(exports, sizeof(exports) / sizeof(exports[0]));
}
