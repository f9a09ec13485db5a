/* SPDX-License-Identifier: MIT */
/*
 * ndis/object.c - memory of NDIS's own objects, and the headers of structures that drivers hand over.
 *
 * Model: an object is one heap block that begins with its signature; freeing poisons it, so a driver that keeps
 * the handle faults at our first look through one of its pointers. Every allocation is one question to ex_fault().
 */
#include "ndis/ndis.h"

#include <string.h>

#include "nt/nt.h"

void *
ndis_alloc(size_t size, uint32_t tag, const char *what)
{
    void *p;

    if (ex_fault(tag))
        return NULL;
    p = heap_alloc(size, tag);
    if (p == NULL)
        return NULL;
    memset(p, 0, size);
    heap_label(p, what);
    return p;
}

void
ndis_free(void *p)
{
    enum heap_free_result result;

    if (p == NULL)
        return;
    result = heap_free(p);
    if (result == HEAP_OVERRUN || result == HEAP_UNDERRUN)
        trace_emit(EV_POOL_CORRUPT, p, result, 0);
}

void *
ndis_object_alloc(uint32_t signature, size_t size, const char *what)
{
    struct ndis_object *object = ndis_alloc(size, signature, what);

    if (object != NULL) {
        object->signature = signature;
        object->size = (uint32_t)size;
    }
    return object;
}

bool
ndis_header_ok(const NDIS_OBJECT_HEADER *header, const struct ndis_header_spec *spec, uint32_t site)
{
    unsigned revision;

    if (header->Type != spec->type && header->Type != NDIS_OBJECT_TYPE_DEFAULT) {
        trace_emit(EV_HEADER_MISUSE, header, site, NDIS_HEADER_TYPE, header->Type, spec->type, (uint64_t)spec->name);
        return false;
    }
    if (header->Revision == 0) {
        trace_emit(EV_HEADER_MISUSE, header, site, NDIS_HEADER_REVISION, 0, 1, (uint64_t)spec->name);
        return false;
    }
    revision = header->Revision < spec->revisions ? header->Revision : spec->revisions;
    if (header->Size < spec->size[revision - 1]) {
        trace_emit(EV_HEADER_MISUSE, header, site, NDIS_HEADER_SIZE, header->Size, spec->size[revision - 1],
                   (uint64_t)spec->name);
        return false;
    }
    return true;
}

void
ndis_copy_versioned(void *dst, size_t size, const NDIS_OBJECT_HEADER *src)
{
    size_t have = src->Size < size ? src->Size : size;

    memcpy(dst, src, have);
    memset((char *)dst + have, 0, size - have);
}

UNICODE_STRING *
ndis_string(const char *text)
{
    size_t length = strlen(text);
    UNICODE_STRING *string = heap_alloc(sizeof(*string) + (length + 1) * 2, NDIS_SIG_ADAPTER);

    NDIS_ASSERT(string != NULL);
    string->Buffer = (WCHAR *)(string + 1);
    string->Length = (USHORT)(length * 2);
    string->MaximumLength = (USHORT)(length * 2 + 2);
    for (size_t i = 0; i <= length; i++)
        string->Buffer[i] = (unsigned char)text[i];
    return string;
}
