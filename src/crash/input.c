/* SPDX-License-Identifier: MIT */
/*
 * crash/input.c - looking things up in a finding's input.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "crash/finding.h"

bool
finding_read(const struct finding_input *in, uint64_t address, void *out, size_t len)
{
    uint8_t *to = out;

    while (len > 0) {
        size_t got = 0;

        for (unsigned i = 0; i < in->range_count && got == 0; i++) {
            const struct finding_range *r = &in->ranges[i];

            if (address >= r->address && address - r->address < r->size) {
                uint64_t left = r->size - (address - r->address);

                got = left < len ? (size_t)left : len;
                memcpy(to, (const uint8_t *)r->bytes + (address - r->address), got);
            }
        }
        if (got == 0)
            return false;
        to += got;
        address += got;
        len -= got;
    }
    return true;
}

const struct finding_module *
finding_module_at(const struct finding_input *in, uint64_t address)
{
    for (unsigned i = 0; i < in->module_count; i++)
        if (address >= in->modules[i].base && address - in->modules[i].base < in->modules[i].size)
            return &in->modules[i];
    return NULL;
}

const struct finding_fiber *
finding_fiber_by_id(const struct finding_input *in, uint32_t id)
{
    for (unsigned i = 0; i < in->fiber_count; i++)
        if (in->fibers[i].id == id)
            return &in->fibers[i];
    return NULL;
}

const struct heap_block *
finding_object_at(const struct finding_input *in, uint64_t address)
{
    for (unsigned i = 0; i < in->object_count; i++)
        if (address >= in->objects[i].block.address &&
            address - in->objects[i].block.address < in->objects[i].block.size)
            return &in->objects[i].block;
    return NULL;
}

void
finding_name_of(const struct finding_input *in, uint64_t address, char *out, size_t room)
{
    const struct finding_module *m;

    for (unsigned i = 0; i < in->name_count; i++) {
        if (in->names[i].address == address) {
            str_copy(out, room, in->names[i].name);
            return;
        }
    }
    m = finding_module_at(in, address);
    if (m != NULL)
        snprintf(out, room, "%s+%llx", m->name, (unsigned long long)(address - m->base));
    else
        snprintf(out, room, "%llx", (unsigned long long)address);
}
