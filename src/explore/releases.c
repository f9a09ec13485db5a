/* SPDX-License-Identifier: MIT */
/* explore/releases.c - see releases.h. Start reading at: releases_known(). */
#include "explore/releases.h"

#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "nt/profile.h"

void
releases_installs(const struct lab_subjects *s, uint64_t installs[LAB_DRIVERS_MAX])
{
    for (unsigned i = 0; i < s->count; i++) {
        const struct pnp_driver *d = &s->driver[i];
        const struct inf_driver *infos[] = { d->parsed ? &d->info : NULL,
                                             d->miniport_parsed ? &d->miniport_info : NULL };
        uint64_t h = 0;

        for (unsigned k = 0; k < 2; k++)
            if (infos[k] != NULL)
                h = hash64_add(hash64_bytes(h, infos[k]->install_section, strlen(infos[k]->install_section)),
                               infos[k]->model_line);
        installs[i] = h;
    }
}

static void
take_findings(const struct test_result *from, const char *scenario, struct test_result *out)
{
    for (unsigned i = 0; i < from->finding_count && out->finding_count < FINDINGS_MAX; i++)
        if (str_eq(from->finding[i].scenario, scenario))
            out->finding[out->finding_count++] = from->finding[i];
}

bool
releases_known(const struct earlier *e, const char *scenario, struct scenario_result *s, struct test_result *out)
{
    for (; e != NULL; e = e->next)
        for (unsigned i = 0; i < e->result->scenario_count; i++) {
            const struct scenario_result *known = &e->result->scenario[i];

            if (!str_eq(known->name, scenario) || known->state > 2 || known->asked == UINT32_MAX ||
                !nt_profile_agree(e->release, nt_profile(), known->asked) ||
                memcmp(e->result->installs, out->installs, sizeof(out->installs)) != 0)
                continue;
            *s = *known;
            if (s->searched_on == NULL)
                s->searched_on = e->release->name;
            s->seconds = s->cpu_seconds = 0;
            take_findings(e->result, scenario, out);
            return true;
        }
    return false;
}
