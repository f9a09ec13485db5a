/* SPDX-License-Identifier: MIT */
/*
 * ddk/ndis/nblqueue.h - queues of NET_BUFFER_LISTs, plain and counted.
 *
 * Model: a queue has its first list and the place of the last link; none of these functions takes a lock or frees.
 * A chain is linked by Next and ends in NULL.
 * documented: "NBL_QUEUE" and the pages of ndis/nblqueue.h, ndis/nblchain.h.
 */
#ifndef UNDIS_DDK_NDIS_NBLQUEUE_H
#define UNDIS_DDK_NDIS_NBLQUEUE_H

#include "nbl.h"

#ifndef NDIS_ASSERT_VALID_NBL_QUEUE

typedef struct NBL_QUEUE_t {
    NET_BUFFER_LIST *First;
    NET_BUFFER_LIST **Last;
} NBL_QUEUE;

typedef struct NBL_COUNTED_QUEUE_t {
    NBL_QUEUE Queue;
    SIZE_T NblCount;
} NBL_COUNTED_QUEUE;

#define NDIS_ASSERT_VALID_NBL_QUEUE(queue) \
    NT_ASSERT((queue)->Last != NULL && *(queue)->Last == NULL && \
              ((queue)->First != NULL || (queue)->Last == &(queue)->First))
#define NDIS_ASSERT_VALID_NBL_COUNTED_QUEUE(queue) NDIS_ASSERT_VALID_NBL_QUEUE(&(queue)->Queue)

/* The last list of a chain that is not empty. */
FORCEINLINE NET_BUFFER_LIST *
NdisLastNblInNblChain(NET_BUFFER_LIST *NblChain)
{
    while (NblChain->Next != NULL)
        NblChain = NblChain->Next;
    return NblChain;
}

FORCEINLINE NET_BUFFER_LIST *
NdisLastNblInNblChainWithCount(NET_BUFFER_LIST *NblChain, SIZE_T *NblCount)
{
    for (*NblCount = 1; NblChain->Next != NULL; ++*NblCount)
        NblChain = NblChain->Next;
    return NblChain;
}

FORCEINLINE SIZE_T
NdisNumNblsInNblChain(const NET_BUFFER_LIST *NblChain)
{
    SIZE_T count = 0;

    for (; NblChain != NULL; NblChain = NblChain->Next)
        count++;
    return count;
}

FORCEINLINE void
NdisSetStatusInNblChain(NET_BUFFER_LIST *NblChain, NDIS_STATUS NdisStatus)
{
    for (; NblChain != NULL; NblChain = NblChain->Next)
        NblChain->Status = NdisStatus;
}

FORCEINLINE void
NdisInitializeNblQueue(NBL_QUEUE *NblQueue)
{
    NblQueue->First = NULL;
    NblQueue->Last = &NblQueue->First;
}

FORCEINLINE BOOLEAN
NdisIsNblQueueEmpty(const NBL_QUEUE *NblQueue)
{
    return NblQueue->First == NULL;
}

/* NblChainTail is the last list of the chain. */
FORCEINLINE void
NdisAppendNblChainToNblQueueFast(NBL_QUEUE *NblQueue, NET_BUFFER_LIST *NblChain, NET_BUFFER_LIST *NblChainTail)
{
    *NblQueue->Last = NblChain;
    NblQueue->Last = &NblChainTail->Next;
}

FORCEINLINE void
NdisAppendNblChainToNblQueue(NBL_QUEUE *NblQueue, NET_BUFFER_LIST *NblChain)
{
    NdisAppendNblChainToNblQueueFast(NblQueue, NblChain, NdisLastNblInNblChain(NblChain));
}

FORCEINLINE void
NdisAppendSingleNblToNblQueue(NBL_QUEUE *NblQueue, NET_BUFFER_LIST *Nbl)
{
    NdisAppendNblChainToNblQueueFast(NblQueue, Nbl, Nbl);
}

/* Move all of the source; it is empty afterwards. */
FORCEINLINE void
NdisAppendNblQueueToNblQueueFast(NBL_QUEUE *Destination, NBL_QUEUE *Source)
{
    if (NdisIsNblQueueEmpty(Source))
        return;
    *Destination->Last = Source->First;
    Destination->Last = Source->Last;
    NdisInitializeNblQueue(Source);
}

FORCEINLINE NET_BUFFER_LIST *
NdisGetNblChainFromNblQueue(const NBL_QUEUE *NblQueue)
{
    return NblQueue->First;
}

FORCEINLINE NET_BUFFER_LIST *
NdisPopAllFromNblQueue(NBL_QUEUE *NblQueue)
{
    NET_BUFFER_LIST *chain = NblQueue->First;

    NdisInitializeNblQueue(NblQueue);
    return chain;
}

/* The queue is not empty. */
FORCEINLINE NET_BUFFER_LIST *
NdisPopFirstNblFromNblQueue(NBL_QUEUE *NblQueue)
{
    NET_BUFFER_LIST *nbl = NblQueue->First;

    NblQueue->First = nbl->Next;
    if (NblQueue->First == NULL)
        NblQueue->Last = &NblQueue->First;
    nbl->Next = NULL;
    return nbl;
}

FORCEINLINE void
NdisInitializeNblCountedQueue(NBL_COUNTED_QUEUE *NblCountedQueue)
{
    NdisInitializeNblQueue(&NblCountedQueue->Queue);
    NblCountedQueue->NblCount = 0;
}

FORCEINLINE BOOLEAN
NdisIsNblCountedQueueEmpty(const NBL_COUNTED_QUEUE *NblCountedQueue)
{
    return NdisIsNblQueueEmpty(&NblCountedQueue->Queue);
}

FORCEINLINE void
NdisAppendNblChainToNblCountedQueueFast(NBL_COUNTED_QUEUE *NblCountedQueue, NET_BUFFER_LIST *NblChain,
                                        NET_BUFFER_LIST *NblChainTail, SIZE_T NblCount)
{
    NdisAppendNblChainToNblQueueFast(&NblCountedQueue->Queue, NblChain, NblChainTail);
    NblCountedQueue->NblCount += NblCount;
}

FORCEINLINE void
NdisAppendNblChainToNblCountedQueue(NBL_COUNTED_QUEUE *NblCountedQueue, NET_BUFFER_LIST *NblChain)
{
    SIZE_T count;
    NET_BUFFER_LIST *last = NdisLastNblInNblChainWithCount(NblChain, &count);

    NdisAppendNblChainToNblCountedQueueFast(NblCountedQueue, NblChain, last, count);
}

FORCEINLINE void
NdisAppendSingleNblToNblCountedQueue(NBL_COUNTED_QUEUE *NblCountedQueue, NET_BUFFER_LIST *Nbl)
{
    NdisAppendNblChainToNblCountedQueueFast(NblCountedQueue, Nbl, Nbl, 1);
}

FORCEINLINE void
NdisAppendNblCountedQueueToNblCountedQueueFast(NBL_COUNTED_QUEUE *Destination, NBL_COUNTED_QUEUE *Source)
{
    NdisAppendNblQueueToNblQueueFast(&Destination->Queue, &Source->Queue);
    Destination->NblCount += Source->NblCount;
    Source->NblCount = 0;
}

FORCEINLINE NET_BUFFER_LIST *
NdisGetNblChainFromNblCountedQueue(const NBL_COUNTED_QUEUE *NblCountedQueue)
{
    return NdisGetNblChainFromNblQueue(&NblCountedQueue->Queue);
}

FORCEINLINE NET_BUFFER_LIST *
NdisPopAllFromNblCountedQueue(NBL_COUNTED_QUEUE *NblCountedQueue)
{
    NblCountedQueue->NblCount = 0;
    return NdisPopAllFromNblQueue(&NblCountedQueue->Queue);
}

FORCEINLINE NET_BUFFER_LIST *
NdisPopFirstNblFromNblCountedQueue(NBL_COUNTED_QUEUE *NblCountedQueue)
{
    NblCountedQueue->NblCount--;
    return NdisPopFirstNblFromNblQueue(&NblCountedQueue->Queue);
}

#endif /* NDIS_ASSERT_VALID_NBL_QUEUE */

#endif /* UNDIS_DDK_NDIS_NBLQUEUE_H */
