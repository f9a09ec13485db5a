/* SPDX-License-Identifier: MIT */
/* answer.c - a question that was received becomes an answer that is sent. */
#include "responder.h"

#define NBL_ANSWER(Nbl) (NET_BUFFER_LIST_PROTOCOL_RESERVED(Nbl)[0])

static const UCHAR RsBroadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const CHAR RsName[RS_NAME] = "undis responder";

/* A free answer, counted in Busy. NULL: none is free, or the binding does not run. */
static PRS_ANSWER
RsTake(PRS_BINDING Binding)
{
    PRS_ANSWER answer = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&Binding->Lock, &irql);
    if (Binding->Running && !IsListEmpty(&Binding->Free)) {
        answer = CONTAINING_RECORD(RemoveHeadList(&Binding->Free), RS_ANSWER, Link);
        if (Binding->Busy++ == 0)
            KeClearEvent(&Binding->Idle);
    }
    KeReleaseSpinLock(&Binding->Lock, irql);
    return answer;
}

/* The event is set under the lock: who waits for it may free the binding once the lock is free. */
static VOID
RsGive(PRS_BINDING Binding, PRS_ANSWER Answer)
{
    KIRQL irql;

    KeAcquireSpinLock(&Binding->Lock, &irql);
    InsertTailList(&Binding->Free, &Answer->Link);
    if (--Binding->Busy == 0)
        KeSetEvent(&Binding->Idle, IO_NO_INCREMENT, FALSE);
    KeReleaseSpinLock(&Binding->Lock, irql);
}

/* The frame in the first bytes of Answer->Data, Length of them, becomes its answer. Its length; 0: it gets none. */
static ULONG
RsAnswer(PRS_BINDING Binding, PUCHAR Frame, ULONG Length)
{
    PUCHAR body = Frame + RS_HEADER;
    BOOLEAN mine = RtlEqualMemory(Frame, Binding->Address, 6);
    BOOLEAN all = RtlEqualMemory(Frame, RsBroadcast, 6);

    if (Length < RS_HEADER + RS_BODY || Frame[12] != 0x88 || Frame[13] != 0xb6 || body[1] != 1 || (Frame[6] & 1) != 0)
        return 0;
    if (body[0] == RsDiscover && (mine || all)) {
        body[0] = RsHere;
        NdisMoveMemory(body + RS_BODY, RsName, RS_NAME);
        NdisZeroMemory(body + RS_BODY + RS_NAME, RS_FRAME_MIN - RS_HEADER - RS_BODY - RS_NAME);
        Length = RS_FRAME_MIN;
    } else if (body[0] == RsEcho && mine) {
        body[0] = RsEchoed;
    } else {
        return 0;
    }
    NdisMoveMemory(Frame, Frame + 6, 6);
    NdisMoveMemory(Frame + 6, Binding->Address, 6);
    return Length;
}

static VOID
RsQuestion(PRS_BINDING Binding, PNET_BUFFER NetBuffer)
{
    ULONG length = NET_BUFFER_DATA_LENGTH(NetBuffer);
    PRS_ANSWER answer;
    PUCHAR bytes;

    if (length > RS_FRAME_MAX || length < RS_HEADER + RS_BODY)
        return;
    answer = RsTake(Binding);
    if (answer == NULL)
        return;
    bytes = NdisGetDataBuffer(NetBuffer, length, answer->Data, 1, 0);
    if (bytes != NULL && bytes != answer->Data)
        NdisMoveMemory(answer->Data, bytes, length);
    length = bytes != NULL ? RsAnswer(Binding, answer->Data, length) : 0;
    if (length == 0) {
        RsGive(Binding, answer);
        return;
    }
    NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(answer->Nbl)) = length;
    NET_BUFFER_LIST_NEXT_NBL(answer->Nbl) = NULL;
    answer->Nbl->SourceHandle = Binding->Handle;
    NdisSendNetBufferLists(Binding->Handle, answer->Nbl, NDIS_DEFAULT_PORT_NUMBER, 0);
}

_Use_decl_annotations_
VOID
RsReceive(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferLists, NDIS_PORT_NUMBER PortNumber,
          ULONG NumberOfNetBufferLists, ULONG ReceiveFlags)
{
    PRS_BINDING binding = ProtocolBindingContext;
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER nb;

    UNREFERENCED_PARAMETER(PortNumber);
    UNREFERENCED_PARAMETER(NumberOfNetBufferLists);

    for (nbl = NetBufferLists; nbl != NULL; nbl = NET_BUFFER_LIST_NEXT_NBL(nbl))
        for (nb = NET_BUFFER_LIST_FIRST_NB(nbl); nb != NULL; nb = NET_BUFFER_NEXT_NB(nb))
            RsQuestion(binding, nb);
    if (!NDIS_TEST_RECEIVE_CANNOT_PEND(ReceiveFlags))
        NdisReturnNetBufferLists(binding->Handle, NetBufferLists, 0);
}

_Use_decl_annotations_
VOID
RsSendComplete(NDIS_HANDLE ProtocolBindingContext, PNET_BUFFER_LIST NetBufferList, ULONG SendCompleteFlags)
{
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER_LIST next;

    UNREFERENCED_PARAMETER(SendCompleteFlags);

    for (nbl = NetBufferList; nbl != NULL; nbl = next) {
        next = NET_BUFFER_LIST_NEXT_NBL(nbl);
        RsGive(ProtocolBindingContext, NBL_ANSWER(nbl));
    }
}

/* What was made is in the binding also when this fails. */
NDIS_STATUS
RsCreateAnswers(PRS_BINDING Binding)
{
    NET_BUFFER_LIST_POOL_PARAMETERS pool;
    ULONG i;

    NdisZeroMemory(&pool, sizeof(pool));
    pool.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    pool.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    pool.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    pool.ProtocolId = NDIS_PROTOCOL_ID_DEFAULT;
    pool.fAllocateNetBuffer = TRUE;
    pool.PoolTag = RS_TAG;
    Binding->Pool = NdisAllocateNetBufferListPool(RsProtocolHandle, &pool);
    if (Binding->Pool == NULL)
        return NDIS_STATUS_RESOURCES;
    for (i = 0; i < RS_ANSWERS; i++) {
        PRS_ANSWER answer = &Binding->Answers[i];

        answer->Mdl = NdisAllocateMdl(RsProtocolHandle, answer->Data, RS_FRAME_MAX);
        if (answer->Mdl == NULL)
            return NDIS_STATUS_RESOURCES;
        answer->Nbl = NdisAllocateNetBufferAndNetBufferList(Binding->Pool, 0, 0, answer->Mdl, 0, 0);
        if (answer->Nbl == NULL)
            return NDIS_STATUS_RESOURCES;
        NBL_ANSWER(answer->Nbl) = answer;
        InsertTailList(&Binding->Free, &answer->Link);
    }
    return NDIS_STATUS_SUCCESS;
}

VOID
RsDestroyAnswers(PRS_BINDING Binding)
{
    ULONG i;

    for (i = 0; i < RS_ANSWERS; i++) {
        if (Binding->Answers[i].Nbl != NULL)
            NdisFreeNetBufferList(Binding->Answers[i].Nbl);
        if (Binding->Answers[i].Mdl != NULL)
            NdisFreeMdl(Binding->Answers[i].Mdl);
    }
    if (Binding->Pool != NULL)
        NdisFreeNetBufferListPool(Binding->Pool);
}
