/* SPDX-License-Identifier: MIT */
/*
 * ddk/ndis/objectheader.h - the header of every versioned NDIS structure.
 */
#ifndef UNDIS_DDK_NDIS_OBJECTHEADER_H
#define UNDIS_DDK_NDIS_OBJECTHEADER_H

#include "../ntdef.h"

typedef struct _NDIS_OBJECT_HEADER {
    UCHAR Type;
    UCHAR Revision;
    USHORT Size;
} NDIS_OBJECT_HEADER, *PNDIS_OBJECT_HEADER;

DDK_ASSERT_SIZE(NDIS_OBJECT_HEADER, 4);

#endif /* UNDIS_DDK_NDIS_OBJECTHEADER_H */
