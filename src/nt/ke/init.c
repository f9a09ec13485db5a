/* SPDX-License-Identifier: MIT */
/* nt/ke/init.c - makes the root of ke. */
#include "nt/ke/state.h"

void
ke_init(struct nt *nt)
{
    nt->ke = mon_alloc(sizeof(*nt->ke));
    nt->ke->wait = mon_alloc((fiber_limit() + 1) * sizeof(nt->ke->wait[0]));
    nt->ke->spin_max_100ns = KE_SPIN_MAX;
    ke_dpc_init();
    ke_timer_init();
    ke_stack_init();
    ke_processor_init();
}
