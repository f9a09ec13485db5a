/* SPDX-License-Identifier: MIT */
/* nbl.c - NET_BUFFER_LIST and NET_BUFFER: pools, data offsets, contiguous data, contexts, clones. */
#include "ddi.h"

#define FRAME 60

static UCHAR FrameBytes[FRAME];

static NDIS_HANDLE
CreatePool(USHORT ContextSize, ULONG DataSize)
{
    NET_BUFFER_LIST_POOL_PARAMETERS parameters;

    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    parameters.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.fAllocateNetBuffer = TRUE;
    parameters.ContextSize = ContextSize;
    parameters.DataSize = DataSize;
    parameters.PoolTag = DDI_TAG;
    return NdisAllocateNetBufferListPool(DdiFilterDriver, &parameters);
}

static VOID
FillFrame(VOID)
{
    ULONG i;

    for (i = 0; i < FRAME; i++)
        FrameBytes[i] = (UCHAR)i;
}

/* A list with one buffer over FrameBytes in one MDL; *Pool and *Mdl are the caller's. */
static PNET_BUFFER_LIST
CreateList(NDIS_HANDLE *Pool, PMDL *Mdl, USHORT ContextSize, ULONG DataOffset)
{
    PNET_BUFFER_LIST nbl = NULL;

    FillFrame();
    *Pool = CreatePool(ContextSize, 0);
    *Mdl = *Pool != NULL ? NdisAllocateMdl(DdiFilterDriver, FrameBytes, FRAME) : NULL;
    if (*Mdl != NULL)
        nbl = NdisAllocateNetBufferAndNetBufferList(*Pool, ContextSize, 0, *Mdl, DataOffset, FRAME - DataOffset);
    CHECK(nbl != NULL);
    return nbl;
}

static VOID
DestroyList(PNET_BUFFER_LIST Nbl, NDIS_HANDLE Pool, PMDL Mdl)
{
    if (Nbl != NULL)
        NdisFreeNetBufferList(Nbl);
    if (Mdl != NULL)
        NdisFreeMdl(Mdl);
    if (Pool != NULL)
        NdisFreeNetBufferListPool(Pool);
}

static VOID
AllocatedFields(VOID)
{
    NDIS_HANDLE pool;
    PMDL mdl;
    PNET_BUFFER_LIST nbl = CreateList(&pool, &mdl, 32, 14);

    if (nbl != NULL) {
        PNET_BUFFER nb = NET_BUFFER_LIST_FIRST_NB(nbl);

        CHECK(NET_BUFFER_LIST_NEXT_NBL(nbl) == NULL);
        CHECK(nb != NULL && NET_BUFFER_NEXT_NB(nb) == NULL);
        CHECK(NET_BUFFER_FIRST_MDL(nb) == mdl && NET_BUFFER_CURRENT_MDL(nb) == mdl);
        CHECK(NET_BUFFER_DATA_OFFSET(nb) == 14 && NET_BUFFER_CURRENT_MDL_OFFSET(nb) == 14);
        CHECK(NET_BUFFER_DATA_LENGTH(nb) == FRAME - 14);
        CHECK(NdisGetPoolFromNetBufferList(nbl) == pool);
        CHECK(NET_BUFFER_LIST_INFO(nbl, Ieee8021QNetBufferListInfo) == NULL);
    }
    DestroyList(nbl, pool, mdl);
}

static VOID
ContextIsWritable(VOID)
{
    NDIS_HANDLE pool;
    PMDL mdl;
    PNET_BUFFER_LIST nbl = CreateList(&pool, &mdl, 32, 0);

    if (nbl != NULL) {
        CHECK(NET_BUFFER_LIST_CONTEXT_DATA_SIZE(nbl) == 32);
        CHECK(((ULONG_PTR)NET_BUFFER_LIST_CONTEXT_DATA_START(nbl) & (MEMORY_ALLOCATION_ALIGNMENT - 1)) == 0);
        RtlFillMemory(NET_BUFFER_LIST_CONTEXT_DATA_START(nbl), 32, 0x11);
        CHECK(NdisAllocateNetBufferListContext(nbl, 16, 0, DDI_TAG) == NDIS_STATUS_SUCCESS);
        RtlFillMemory(NET_BUFFER_LIST_CONTEXT_DATA_START(nbl), 16, 0x22);
        NdisFreeNetBufferListContext(nbl, 16);
        CHECK(*(PUCHAR)NET_BUFFER_LIST_CONTEXT_DATA_START(nbl) == 0x11);
    }
    DestroyList(nbl, pool, mdl);
}

static VOID
ContextSizes(VOID)
{
    NDIS_HANDLE pool;
    PMDL mdl;
    PNET_BUFFER_LIST nbl = CreateList(&pool, &mdl, 32, 0);

    if (nbl != NULL) {
        PVOID before = NET_BUFFER_LIST_CONTEXT_DATA_START(nbl);

        /* documented: a multiple of the alignment of allocations; context and back fill share a count of 16 bits */
        CHECK(NdisAllocateNetBufferListContext(nbl, 20, 0, DDI_TAG) == NDIS_STATUS_FAILURE);
        CHECK(NdisAllocateNetBufferListContext(nbl, 0xfff0, 0x10, DDI_TAG) == NDIS_STATUS_FAILURE);
        CHECK(NET_BUFFER_LIST_CONTEXT_DATA_START(nbl) == before && NET_BUFFER_LIST_CONTEXT_DATA_SIZE(nbl) == 32);
    }
    DestroyList(nbl, pool, mdl);
}

static VOID
AdvanceThenRetreat(VOID)
{
    NDIS_HANDLE pool;
    PMDL mdl;
    PNET_BUFFER_LIST nbl = CreateList(&pool, &mdl, 0, 0);

    if (nbl != NULL) {
        PNET_BUFFER nb = NET_BUFFER_LIST_FIRST_NB(nbl);

        NdisAdvanceNetBufferDataStart(nb, 14, FALSE, NULL);
        CHECK(NET_BUFFER_DATA_OFFSET(nb) == 14 && NET_BUFFER_DATA_LENGTH(nb) == FRAME - 14);
        CHECK(NdisRetreatNetBufferDataStart(nb, 14, 0, NULL) == NDIS_STATUS_SUCCESS);
        CHECK(NET_BUFFER_DATA_OFFSET(nb) == 0 && NET_BUFFER_DATA_LENGTH(nb) == FRAME);
        CHECK(NET_BUFFER_FIRST_MDL(nb) == mdl);
    }
    DestroyList(nbl, pool, mdl);
}

static VOID
RetreatAddsMdl(VOID)
{
    NDIS_HANDLE pool;
    PMDL mdl;
    PNET_BUFFER_LIST nbl = CreateList(&pool, &mdl, 0, 0);

    if (nbl != NULL) {
        PNET_BUFFER nb = NET_BUFFER_LIST_FIRST_NB(nbl);

        if (NdisRetreatNetBufferDataStart(nb, 8, 16, NULL) == NDIS_STATUS_SUCCESS) {
            CHECK(NET_BUFFER_DATA_LENGTH(nb) == FRAME + 8);
            CHECK(NET_BUFFER_DATA_OFFSET(nb) == 16);
            CHECK(NET_BUFFER_FIRST_MDL(nb) != mdl && NET_BUFFER_FIRST_MDL(nb)->Next == mdl);
            CHECK(NET_BUFFER_CURRENT_MDL(nb) == NET_BUFFER_FIRST_MDL(nb));
            NdisAdvanceNetBufferDataStart(nb, 8, TRUE, NULL);
            CHECK(NET_BUFFER_DATA_LENGTH(nb) == FRAME);
            CHECK(NET_BUFFER_CURRENT_MDL(nb) == mdl && NET_BUFFER_CURRENT_MDL_OFFSET(nb) == 0);
        } else {
            CHECK(!"NdisRetreatNetBufferDataStart");
        }
    }
    DestroyList(nbl, pool, mdl);
}

static VOID
DataBufferInPlace(VOID)
{
    UCHAR storage[14];
    NDIS_HANDLE pool;
    PMDL mdl;
    PNET_BUFFER_LIST nbl = CreateList(&pool, &mdl, 0, 2);

    if (nbl != NULL) {
        PNET_BUFFER nb = NET_BUFFER_LIST_FIRST_NB(nbl);

        CHECK(NdisGetDataBuffer(nb, 14, NULL, 1, 0) == FrameBytes + 2);
        CHECK(NdisGetDataBuffer(nb, 14, storage, 1, 0) == FrameBytes + 2);
        CHECK(NdisGetDataBuffer(nb, FRAME - 1, NULL, 1, 0) == NULL); /* more than there is */
    }
    DestroyList(nbl, pool, mdl);
}

static VOID
DataBufferOverTwoMdls(VOID)
{
    UCHAR storage[14];
    NDIS_HANDLE pool;
    PMDL mdl;
    PMDL second;
    PNET_BUFFER_LIST nbl = NULL;

    FillFrame();
    pool = CreatePool(0, 0);
    REQUIRE(pool != NULL);
    mdl = NdisAllocateMdl(DdiFilterDriver, FrameBytes, 10);
    second = NdisAllocateMdl(DdiFilterDriver, FrameBytes + 10, FRAME - 10);
    if (mdl != NULL && second != NULL) {
        mdl->Next = second;
        nbl = NdisAllocateNetBufferAndNetBufferList(pool, 0, 0, mdl, 0, FRAME);
    }
    if (nbl != NULL) {
        PNET_BUFFER nb = NET_BUFFER_LIST_FIRST_NB(nbl);

        CHECK(NdisGetDataBuffer(nb, 14, NULL, 1, 0) == NULL);
        CHECK(NdisGetDataBuffer(nb, 14, storage, 1, 0) == storage);
        CHECK(storage[0] == 0 && storage[9] == 9 && storage[10] == 10 && storage[13] == 13);
        NdisAdvanceNetBufferDataStart(nb, 12, FALSE, NULL);
        CHECK(NET_BUFFER_CURRENT_MDL(nb) == second && NET_BUFFER_CURRENT_MDL_OFFSET(nb) == 2);
        CHECK(NET_BUFFER_DATA_OFFSET(nb) == 12);
    } else {
        CHECK(!"allocated");
    }
    if (second != NULL)
        NdisFreeMdl(second);
    DestroyList(nbl, pool, mdl);
}

static VOID
PoolWithData(VOID)
{
    NDIS_HANDLE pool = CreatePool(0, 128);
    PNET_BUFFER_LIST nbl;

    REQUIRE(pool != NULL);
    nbl = NdisAllocateNetBufferList(pool, 0, 0);
    if (nbl != NULL) {
        PNET_BUFFER nb = NET_BUFFER_LIST_FIRST_NB(nbl);

        CHECK(nb != NULL && NET_BUFFER_FIRST_MDL(nb) != NULL);
        CHECK(NET_BUFFER_DATA_OFFSET(nb) == 128 && NET_BUFFER_DATA_LENGTH(nb) == 0);
        CHECK(NdisRetreatNetBufferDataStart(nb, 100, 0, NULL) == NDIS_STATUS_SUCCESS);
        CHECK(NET_BUFFER_DATA_OFFSET(nb) == 28 && NET_BUFFER_DATA_LENGTH(nb) == 100);
        NdisAdvanceNetBufferDataStart(nb, 100, FALSE, NULL);
        NdisFreeNetBufferList(nbl);
    } else {
        CHECK(!"NdisAllocateNetBufferList");
    }
    NdisFreeNetBufferListPool(pool);
}

static VOID
CloneSharesData(VOID)
{
    NDIS_HANDLE pool;
    PMDL mdl;
    PNET_BUFFER_LIST nbl = CreateList(&pool, &mdl, 0, 4);
    PNET_BUFFER_LIST clone = NULL;

    if (nbl != NULL) {
        clone = NdisAllocateCloneNetBufferList(nbl, pool, NULL, NDIS_CLONE_FLAGS_USE_ORIGINAL_MDLS);
        CHECK(clone != NULL);
    }
    if (clone != NULL) {
        PNET_BUFFER nb = NET_BUFFER_LIST_FIRST_NB(clone);

        CHECK(nb != NET_BUFFER_LIST_FIRST_NB(nbl));
        CHECK(NET_BUFFER_DATA_LENGTH(nb) == FRAME - 4);
        CHECK(NET_BUFFER_CURRENT_MDL(nb) == mdl);
        NdisFreeCloneNetBufferList(clone, NDIS_CLONE_FLAGS_USE_ORIGINAL_MDLS);
    }
    DestroyList(nbl, pool, mdl);
}

static VOID
CopyBetweenBuffers(VOID)
{
    static UCHAR target[FRAME];
    NDIS_HANDLE pool, target_pool;
    PMDL mdl;
    PMDL target_mdl;
    PNET_BUFFER_LIST nbl = CreateList(&pool, &mdl, 0, 0);
    PNET_BUFFER_LIST to = NULL;
    ULONG copied = 0;

    target_pool = CreatePool(0, 0);
    target_mdl = target_pool != NULL ? NdisAllocateMdl(DdiFilterDriver, target, FRAME) : NULL;
    if (target_mdl != NULL)
        to = NdisAllocateNetBufferAndNetBufferList(target_pool, 0, 0, target_mdl, 0, FRAME);
    if (nbl != NULL && to != NULL) {
        CHECK(NdisCopyFromNetBufferToNetBuffer(NET_BUFFER_LIST_FIRST_NB(to), 5, 20, NET_BUFFER_LIST_FIRST_NB(nbl), 10,
                                               &copied) == NDIS_STATUS_SUCCESS);
        CHECK(copied == 20);
        CHECK(target[5] == 10 && target[24] == 29 && target[25] == 0);
    }
    DestroyList(to, target_pool, target_mdl);
    DestroyList(nbl, pool, mdl);
}

DDI_TESTS(nbl, { "allocated_fields", AllocatedFields }, { "context_is_writable", ContextIsWritable },
          { "context_sizes", ContextSizes },
          { "advance_then_retreat", AdvanceThenRetreat }, { "retreat_adds_mdl", RetreatAddsMdl },
          { "data_buffer_in_place", DataBufferInPlace }, { "data_buffer_over_two_mdls", DataBufferOverTwoMdls },
          { "pool_with_data", PoolWithData }, { "clone_shares_data", CloneSharesData },
          { "copy_between_buffers", CopyBetweenBuffers });
