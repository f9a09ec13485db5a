/* SPDX-License-Identifier: MIT */
/* explore/plant.c - see plant.h. Worker side. Start reading at: plant_begin(). */
#include "explore/plant.h"

#include <unistd.h>

#include "machine/plain.h"
#include "machine/strategy.h"

static struct planting *planting;

/* Signal context: the run goes round a loop. Plant the loops it is in and end, so that a worker begins with them. */
static void
on_spin(struct fiber *f, const struct trap *t)
{
    struct stack_frame sf[64];
    unsigned n = stack_walk(f, t->in_host ? NULL : t, sf, 64);

    for (unsigned i = 0; i < n; i++)
        if (!sf[i].pseudo && image_plant_loops(sf[i].ip, i > 0, &planting->list) > 0) {
            planting->again = 1;
            _exit(0);
        }
}

/* Both become points. Locked instructions are points anyway; what is patched nowhere is a compiler's hook. */
static void
on_race(const struct race *r)
{
    for (unsigned i = 0; i < 2; i++) {
        struct image *im = image_find(r->ip[i]);
        const struct image_site *s = im ? image_site_at(im, (uint32_t)(r->ip[i] - im->base)) : NULL;

        if (im && (!s || s->kind == SITE_WATCHED))
            planting->racing += planted_add(&planting->list, (struct planted){ .image = (uint8_t)image_number(im),
                                                                               .rva = (uint32_t)(r->ip[i] - im->base),
                                                                               .kind = s ? SITE_PLAIN : SITE_HOOK });
    }
}

int
plant_begin(struct planting *p, const struct planted_list *have, bool watch)
{
    planting = p;
    if (have)
        p->list = *have;
    image_plant(have);
    image_watch(watch);
    machine_on_spin(on_spin);
    return watch ? race_watch(on_race) : 0;
}

void
plant_end(struct planting *p)
{
    p->again = p->racing > 0;
}
