/* SPDX-License-Identifier: MIT */
/* nt/rtl/init.c - makes the root of rtl. */
#include "nt/rtl/state.h"

void
rtl_init(struct nt *nt)
{
    nt->rtl = mon_alloc(sizeof(*nt->rtl));
    nt->rtl->once_site = ke_site("RtlRunOnceExecuteOnce");
    rtl_stdlib_init();
    rtl_avl_init();
    rtl_splay_init();
}
