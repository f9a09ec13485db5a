/* SPDX-License-Identifier: MIT */
/* nbl_more.c - pools of net buffers, lists moved as a whole, fragments and their reassembly, out-of-band data. */
#include "ddi.h"

#define FRAME 100

static UCHAR FrameBytes[FRAME];
static NDIS_HANDLE ListPool, BufferPool;

static VOID
MakePools(VOID)
{
    NET_BUFFER_LIST_POOL_PARAMETERS lists;
    NET_BUFFER_POOL_PARAMETERS buffers;
    ULONG i;

    for (i = 0; i < FRAME; i++)
        FrameBytes[i] = (UCHAR)i;
    NdisZeroMemory(&lists, sizeof(lists));
    lists.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    lists.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    lists.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    lists.fAllocateNetBuffer = TRUE;
    lists.PoolTag = DDI_TAG;
    ListPool = NdisAllocateNetBufferListPool(DdiFilterDriver, &lists);
    NdisZeroMemory(&buffers, sizeof(buffers));
    buffers.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    buffers.Header.Revision = NET_BUFFER_POOL_PARAMETERS_REVISION_1;
    buffers.Header.Size = NDIS_SIZEOF_NET_BUFFER_POOL_PARAMETERS_REVISION_1;
    buffers.PoolTag = DDI_TAG;
    buffers.DataSize = 128;
    BufferPool = NdisAllocateNetBufferPool(DdiFilterDriver, &buffers);
    CHECK(ListPool != NULL && BufferPool != NULL);
}

static VOID
FreePools(VOID)
{
    NdisFreeNetBufferListPool(ListPool);
    NdisFreeNetBufferPool(BufferPool);
}

static VOID
BufferPools(VOID)
{
    PMDL mdl = NdisAllocateMdl(DdiFilterDriver, FrameBytes, FRAME);
    PNET_BUFFER nb;

    MakePools();
    REQUIRE(ListPool != NULL && BufferPool != NULL && mdl != NULL);
    nb = NdisAllocateNetBufferMdlAndData(BufferPool);
    CHECK(nb != NULL);
    if (nb != NULL) {
        CHECK(NdisGetPoolFromNetBuffer(nb) == BufferPool && NET_BUFFER_FIRST_MDL(nb) != NULL);
        CHECK(NdisRetreatNetBufferDataStart(nb, 100, 0, NULL) == NDIS_STATUS_SUCCESS);
        CHECK(NET_BUFFER_DATA_LENGTH(nb) == 100);
        NdisAdvanceNetBufferDataStart(nb, 100, FALSE, NULL);
        NdisFreeNetBuffer(nb);
    }
    nb = NdisAllocateNetBuffer(ListPool, mdl, 10, 50);
    if (nb != NULL) { /* documented: only for pools that have no buffers of their own, yet some allow it */
        CHECK(NET_BUFFER_DATA_OFFSET(nb) == 10 && NET_BUFFER_DATA_LENGTH(nb) == 50);
        NdisFreeNetBuffer(nb);
    }
    FreePools();
    NdisFreeMdl(mdl);
}

static VOID
BuffersOverMdls(VOID)
{
    NET_BUFFER_POOL_PARAMETERS parameters;
    PMDL mdl = NdisAllocateMdl(DdiFilterDriver, FrameBytes, FRAME);
    NDIS_HANDLE pool;
    PNET_BUFFER nb;

    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    parameters.Header.Revision = NET_BUFFER_POOL_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_NET_BUFFER_POOL_PARAMETERS_REVISION_1;
    parameters.PoolTag = DDI_TAG;
    pool = NdisAllocateNetBufferPool(DdiFilterDriver, &parameters);
    REQUIRE(pool != NULL && mdl != NULL);
    nb = NdisAllocateNetBuffer(pool, mdl, 10, 50);
    CHECK(nb != NULL);
    if (nb != NULL) {
        CHECK(NET_BUFFER_CURRENT_MDL(nb) == mdl && NET_BUFFER_DATA_OFFSET(nb) == 10);
        CHECK(NET_BUFFER_DATA_LENGTH(nb) == 50 && NdisGetPoolFromNetBuffer(nb) == pool);
        NdisFreeNetBuffer(nb);
    }
    NdisFreeNetBufferPool(pool);
    NdisFreeMdl(mdl);
    parameters.Header.Revision = 0;
    CHECK(NdisAllocateNetBufferPool(DdiFilterDriver, &parameters) == NULL);
}

static PMDL NTAPI
NoMdl(PULONG BufferSize)
{
    UNREFERENCED_PARAMETER(BufferSize);
    return NULL;
}

static VOID
ListsMove(VOID)
{
    PMDL mdl = NdisAllocateMdl(DdiFilterDriver, FrameBytes, FRAME);
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER nb;

    MakePools();
    REQUIRE(ListPool != NULL && mdl != NULL);
    nbl = NdisAllocateNetBufferAndNetBufferList(ListPool, 0, 0, mdl, 0, FRAME);
    REQUIRE(nbl != NULL);
    nb = NET_BUFFER_LIST_FIRST_NB(nbl);
    NdisAdvanceNetBufferListDataStart(nbl, 14, FALSE, NULL);
    CHECK(NET_BUFFER_DATA_OFFSET(nb) == 14 && NET_BUFFER_DATA_LENGTH(nb) == FRAME - 14);
    CHECK(NdisRetreatNetBufferListDataStart(nbl, 14, 0, NULL, NULL) == NDIS_STATUS_SUCCESS);
    CHECK(NET_BUFFER_DATA_OFFSET(nb) == 0 && NET_BUFFER_FIRST_MDL(nb) == mdl);
    CHECK(NdisRetreatNetBufferListDataStart(nbl, 8, 0, NULL, NULL) == NDIS_STATUS_SUCCESS);
    CHECK(NET_BUFFER_DATA_LENGTH(nb) == FRAME + 8 && NET_BUFFER_FIRST_MDL(nb) != mdl);
    NdisAdvanceNetBufferListDataStart(nbl, 8, TRUE, NULL);
    CHECK(NET_BUFFER_DATA_LENGTH(nb) == FRAME);
    CHECK(NdisRetreatNetBufferDataStart(nb, 8, 0, NoMdl) == NDIS_STATUS_RESOURCES);
    CHECK(NdisRetreatNetBufferListDataStart(nbl, 8, 0, NoMdl, NULL) == NDIS_STATUS_RESOURCES);
    CHECK(NET_BUFFER_DATA_LENGTH(nb) == FRAME && NET_BUFFER_FIRST_MDL(nb) == mdl);
    NdisFreeNetBufferList(nbl);
    FreePools();
    NdisFreeMdl(mdl);
}

static VOID
FragmentsAndBack(VOID)
{
    PMDL mdl = NdisAllocateMdl(DdiFilterDriver, FrameBytes, FRAME);
    PNET_BUFFER_LIST nbl, pieces, whole = NULL;
    PNET_BUFFER nb;
    UCHAR storage[FRAME];
    ULONG count = 0, length = 0;
    PUCHAR data;

    MakePools();
    REQUIRE(ListPool != NULL && mdl != NULL);
    nbl = NdisAllocateNetBufferAndNetBufferList(ListPool, 0, 0, mdl, 0, FRAME);
    REQUIRE(nbl != NULL);
    pieces = NdisAllocateFragmentNetBufferList(nbl, ListPool, NULL, 20, 30, 0, 0, 0);
    CHECK(pieces != NULL);
    if (pieces != NULL) {
        for (nb = NET_BUFFER_LIST_FIRST_NB(pieces); nb != NULL; nb = NET_BUFFER_NEXT_NB(nb)) {
            CHECK(NET_BUFFER_DATA_LENGTH(nb) <= 30);
            length += NET_BUFFER_DATA_LENGTH(nb);
            count++;
        }
        CHECK(count == 3 && length == 80);
        whole = NdisAllocateReassembledNetBufferList(pieces, ListPool, 0, 0, 0, 0);
        CHECK(whole != NULL);
    }
    if (whole != NULL) {
        nb = NET_BUFFER_LIST_FIRST_NB(whole);
        CHECK(NET_BUFFER_DATA_LENGTH(nb) == 80 && NET_BUFFER_NEXT_NB(nb) == NULL);
        data = NdisGetDataBuffer(nb, 80, storage, 1, 0);
        CHECK(data != NULL && data[0] == 20 && data[79] == 99);
        NdisFreeReassembledNetBufferList(whole, 0, 0);
    }
    if (pieces != NULL)
        NdisFreeFragmentNetBufferList(pieces, 0, 0);
    NdisFreeNetBufferList(nbl);
    FreePools();
    NdisFreeMdl(mdl);
}

static VOID
OutOfBand(VOID)
{
    PNET_BUFFER_LIST from, to;

    MakePools();
    REQUIRE(ListPool != NULL);
    from = NdisAllocateNetBufferList(ListPool, 0, 0);
    to = NdisAllocateNetBufferList(ListPool, 0, 0);
    REQUIRE(from != NULL && to != NULL);
    NET_BUFFER_LIST_INFO(from, Ieee8021QNetBufferListInfo) = (PVOID)(ULONG_PTR)0x1234;
    NdisCopySendNetBufferListInfo(to, from);
    CHECK(NET_BUFFER_LIST_INFO(to, Ieee8021QNetBufferListInfo) == (PVOID)(ULONG_PTR)0x1234);
    NET_BUFFER_LIST_INFO(from, Ieee8021QNetBufferListInfo) = (PVOID)(ULONG_PTR)0x5678;
    NdisCopyReceiveNetBufferListInfo(to, from);
    CHECK(NET_BUFFER_LIST_INFO(to, Ieee8021QNetBufferListInfo) == (PVOID)(ULONG_PTR)0x5678);
    NET_BUFFER_LIST_INFO(to, Ieee8021QNetBufferListInfo) = NULL;
    NdisFreeNetBufferList(to);
    NdisFreeNetBufferList(from);
    FreePools();
}

DDI_TESTS(lists, { "buffer_pools", BufferPools }, { "buffers_over_mdls", BuffersOverMdls }, { "lists_move", ListsMove },
          { "fragments_and_back", FragmentsAndBack }, { "out_of_band", OutOfBand });
