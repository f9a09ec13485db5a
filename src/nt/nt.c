/* SPDX-License-Identifier: MIT */
/*
 * nt/nt.c - the kernel's root and its table of exports.
 *
 * Model: the table is built at compile time from exports.def; entries for data get their address in nt_init(),
 * when the objects exist.
 */
#include "nt/nt.h"
#include "nt/profile.h"

#include "nt/exports.h"

#include "nt/rtl/names.h"

#define FN(m, n, a, i, t, f) { #m, #n, (void *)n, DDI_FUNCTION, a, DDI_##i, TOUCH_##t, DDI_##f, DDI_RESULT(n, a, f) },
#define VFN(m, n, a, i, t, f) \
    { #m, #n, (void *)n##_va, DDI_VARIADIC, a, DDI_##i, TOUCH_##t, DDI_##f, DDI_RESULT_VA(n##_va, a) },
#define DATA(m, n, o) { #m, #n, NULL, DDI_DATA, 0, 0, TOUCH_NONE, 0, 0 },
#define SYM(m, n)     { #m, #n, NULL, DDI_SYMBOL, 0, 0, TOUCH_NONE, 0, 0 },
static const struct ddi_export exports[] = {
#include "nt/exports.def"
};
#undef FN
#undef VFN
#undef DATA
#undef SYM

static unsigned first_export;

void
nt_register_exports(void)
{
    first_export = ddi_register(exports, sizeof(exports) / sizeof(exports[0]));
    kasan_register_exports();
}

static void
bind_data(void)
{
    unsigned at = first_export;

#define FN(m, n, a, i, t, f)  at++;
#define VFN(m, n, a, i, t, f) at++;
#define DATA(m, n, o)         ddi_set_data(at++, &(o));
#define SYM(m, n)             at++;
#include "nt/exports.def"
    (void)at;
}

void
nt_init(void)
{
    struct nt *nt = mon_alloc(sizeof(*nt));

    machine->nt = nt;
    kpcr_version(nt_profile()->major, nt_profile()->minor, nt_profile()->build);
    rtl_init(nt);
    mm_init(nt);
    ob_init(nt);
    mm_section_init(nt);
    ps_init(nt);
    ke_init(nt);
    ex_init(nt);
    etw_init(nt);
    se_init(nt);
    cm_init(nt);
    io_init(nt);
    po_init(nt);
    hal_init(nt);
    bind_data();
}
