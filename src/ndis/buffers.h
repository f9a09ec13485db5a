/* SPDX-License-Identifier: MIT */
/* ndis/buffers.h - what mdl.c, nbl.c and clone.c share. */
#ifndef NDIS_BUFFERS_H
#define NDIS_BUFFERS_H

#include "ndis/nbl.h"

#define NDIS_TAG_MDL     NDIS_SIGNATURE('N', 'd', 'M', 'l')
#define NDIS_TAG_RETREAT NDIS_SIGNATURE('N', 'd', 'R', 't')
#define NDIS_TAG_NBL     NDIS_SIGNATURE('N', 'd', 'N', 'l')
#define NDIS_TAG_NB      NDIS_SIGNATURE('N', 'd', 'N', 'b')
#define NDIS_TAG_CONTEXT NDIS_SIGNATURE('N', 'd', 'N', 'c')

/* Where an MDL's bytes are for us. */
uint8_t *ndis_mdl_bytes(const MDL *mdl);
/* Room an MDL over these bytes takes, and making one there. */
size_t ndis_mdl_size(const void *bytes, uint32_t length);
void ndis_mdl_init(MDL *mdl, void *bytes, uint32_t length);
/* CurrentMdl and CurrentMdlOffset from MdlChain and DataOffset. */
void ndis_nb_set_current(NET_BUFFER *nb);

/* For clones without a pool handle. NULL: no memory. */
struct ndis_nbl_pool *ndis_default_nbl_pool(void);
struct ndis_nb_pool *ndis_default_nb_pool(void);

#endif
