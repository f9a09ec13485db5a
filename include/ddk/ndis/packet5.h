/* SPDX-License-Identifier: MIT */
/*
 * ddk/ndis/packet5.h - NDIS 5.x: packets, buffers, pools, timers, requests.
 *
 * Model: a packet is a header, the protocol's reserved bytes, out-of-band data and per-packet information, in one
 * block; Private.NdisPacketOobOffset leads to the third. A buffer is an MDL. Most of what looks like a function is a
 * macro over these fields, so the layout is part of the interface of compiled drivers.
 */
#ifndef UNDIS_DDK_NDIS_PACKET5_H
#define UNDIS_DDK_NDIS_PACKET5_H

#include "services.h"

typedef struct _NDIS_PACKET NDIS_PACKET, *PNDIS_PACKET, **PPNDIS_PACKET;
typedef NDIS_HANDLE PNDIS_PACKET_POOL;

#define fPACKET_WRAPPER_RESERVED 0x3f
#define fPACKET_CONTAINS_MEDIA_SPECIFIC_INFO 0x40
#define fPACKET_ALLOCATED_BY_NDIS 0x80

#define NDIS_FLAGS_PROTOCOL_ID_MASK 0x0000000f
#define NDIS_FLAGS_MULTICAST_PACKET 0x00000010
#define NDIS_FLAGS_DONT_LOOPBACK 0x00000080
#define NDIS_FLAGS_IS_LOOPBACK_PACKET 0x00000100
#define NDIS_FLAGS_LOOPBACK_ONLY 0x00000200
#define NDIS_FLAGS_DOUBLE_BUFFERED 0x00000800
#define NDIS_FLAGS_SENT_AT_DPC 0x00001000
#define NDIS_FLAGS_USES_SG_BUFFER_LIST 0x00002000
#define NDIS_FLAGS_USES_ORIGINAL_PACKET 0x00004000
#define NDIS_FLAGS_PADDED 0x00010000
#define NDIS_FLAGS_XLATE_AT_TOP 0x00020000

typedef struct _NDIS_PACKET_PRIVATE {
    UINT PhysicalCount;
    UINT TotalLength;
    PNDIS_BUFFER Head;
    PNDIS_BUFFER Tail;
    PNDIS_PACKET_POOL Pool;
    UINT Count;
    ULONG Flags;
    BOOLEAN ValidCounts;
    UCHAR NdisPacketFlags;
    USHORT NdisPacketOobOffset;
} NDIS_PACKET_PRIVATE, *PNDIS_PACKET_PRIVATE;

struct _NDIS_PACKET {
    NDIS_PACKET_PRIVATE Private;
    union {
        struct {
            UCHAR MiniportReserved[2 * sizeof(PVOID)];
            UCHAR WrapperReserved[2 * sizeof(PVOID)];
        };
        struct {
            UCHAR MiniportReservedEx[3 * sizeof(PVOID)];
            UCHAR WrapperReservedEx[sizeof(PVOID)];
        };
        struct {
            UCHAR MacReserved[4 * sizeof(PVOID)];
        };
    };
    ULONG_PTR Reserved[2];
    UCHAR ProtocolReserved[1];
};

typedef struct _NDIS_PACKET_STACK {
    ULONG_PTR IMReserved[2];
    ULONG_PTR NdisReserved[4];
} NDIS_PACKET_STACK, *PNDIS_PACKET_STACK;

typedef struct _NDIS_PACKET_OOB_DATA {
    union {
        ULONGLONG TimeToSend;
        ULONGLONG TimeSent;
    };
    ULONGLONG TimeReceived;
    UINT HeaderSize;
    UINT SizeMediaSpecificInfo;
    PVOID MediaSpecificInformation;
    NDIS_STATUS Status;
} NDIS_PACKET_OOB_DATA, *PNDIS_PACKET_OOB_DATA;

typedef enum _NDIS_PER_PACKET_INFO {
    TcpIpChecksumPacketInfo,
    IpSecPacketInfo,
    TcpLargeSendPacketInfo,
    ClassificationHandlePacketInfo,
    NdisReserved,
    ScatterGatherListPacketInfo,
    Ieee8021QInfo,
    OriginalPacketInfo,
    PacketCancelId,
    OriginalNetBufferList,
    CachedNetBufferList,
    ShortPacketPaddingInfo,
    MaxPerPacketInfo
} NDIS_PER_PACKET_INFO,
    *PNDIS_PER_PACKET_INFO;

typedef struct _NDIS_PACKET_EXTENSION {
    PVOID NdisPacketInfo[MaxPerPacketInfo];
} NDIS_PACKET_EXTENSION, *PNDIS_PACKET_EXTENSION;

#define PROTOCOL_RESERVED_SIZE_IN_PACKET (4 * sizeof(PVOID))

typedef struct _NDIS_TIMER {
    KTIMER Timer;
    KDPC Dpc;
} NDIS_TIMER, *PNDIS_TIMER;

typedef struct _NDIS_REQUEST {
    UCHAR MacReserved[4 * sizeof(PVOID)];
    NDIS_REQUEST_TYPE RequestType;
    union _NDIS5_DATA {
        struct {
            NDIS_OID Oid;
            PVOID InformationBuffer;
            UINT InformationBufferLength;
            UINT BytesWritten;
            UINT BytesNeeded;
        } QUERY_INFORMATION;
        struct {
            NDIS_OID Oid;
            PVOID InformationBuffer;
            UINT InformationBufferLength;
            UINT BytesRead;
            UINT BytesNeeded;
        } SET_INFORMATION;
    } DATA;
    UCHAR NdisReserved[9 * sizeof(PVOID)];
    union {
        UCHAR CallMgrReserved[2 * sizeof(PVOID)];
        UCHAR ProtocolReserved[2 * sizeof(PVOID)];
    };
    UCHAR MiniportReserved[2 * sizeof(PVOID)];
} NDIS_REQUEST, *PNDIS_REQUEST;

/* --- out-of-band data --- */

#define NDIS_OOB_DATA_FROM_PACKET(P) ((PNDIS_PACKET_OOB_DATA)((PUCHAR)(P) + (P)->Private.NdisPacketOobOffset))
#define NDIS_PACKET_EXTENSION_FROM_PACKET(P) ((PNDIS_PACKET_EXTENSION)(NDIS_OOB_DATA_FROM_PACKET(P) + 1))
#define NDIS_PER_PACKET_INFO_FROM_PACKET(P, Id) (NDIS_PACKET_EXTENSION_FROM_PACKET(P)->NdisPacketInfo[Id])
#define NDIS_GET_ORIGINAL_PACKET(P) NDIS_PER_PACKET_INFO_FROM_PACKET(P, OriginalPacketInfo)
#define NDIS_SET_ORIGINAL_PACKET(P, O) (NDIS_PER_PACKET_INFO_FROM_PACKET(P, OriginalPacketInfo) = (O))
#define NDIS_GET_PACKET_CANCEL_ID(P) NDIS_PER_PACKET_INFO_FROM_PACKET(P, PacketCancelId)
#define NDIS_SET_PACKET_CANCEL_ID(P, Id) (NDIS_PER_PACKET_INFO_FROM_PACKET(P, PacketCancelId) = (Id))
#define NDIS_GET_PACKET_STATUS(P) (NDIS_OOB_DATA_FROM_PACKET(P)->Status)
#define NDIS_SET_PACKET_STATUS(P, S) (NDIS_OOB_DATA_FROM_PACKET(P)->Status = (S))
#define NDIS_GET_PACKET_HEADER_SIZE(P) (NDIS_OOB_DATA_FROM_PACKET(P)->HeaderSize)
#define NDIS_SET_PACKET_HEADER_SIZE(P, Size) (NDIS_OOB_DATA_FROM_PACKET(P)->HeaderSize = (Size))
#define NDIS_GET_PACKET_TIME_TO_SEND(P) (NDIS_OOB_DATA_FROM_PACKET(P)->TimeToSend)
#define NDIS_SET_PACKET_TIME_TO_SEND(P, T) (NDIS_OOB_DATA_FROM_PACKET(P)->TimeToSend = (T))
#define NDIS_GET_PACKET_TIME_SENT(P) (NDIS_OOB_DATA_FROM_PACKET(P)->TimeSent)
#define NDIS_SET_PACKET_TIME_SENT(P, T) (NDIS_OOB_DATA_FROM_PACKET(P)->TimeSent = (T))
#define NDIS_GET_PACKET_TIME_RECEIVED(P) (NDIS_OOB_DATA_FROM_PACKET(P)->TimeReceived)
#define NDIS_SET_PACKET_TIME_RECEIVED(P, T) (NDIS_OOB_DATA_FROM_PACKET(P)->TimeReceived = (T))
#define NDIS_GET_PACKET_MEDIA_SPECIFIC_INFO(P, Info, Size)                          \
    do {                                                                            \
        *(Info) = NULL;                                                             \
        *(Size) = 0;                                                                \
        if ((P)->Private.NdisPacketFlags & fPACKET_CONTAINS_MEDIA_SPECIFIC_INFO) {  \
            *(Info) = NDIS_OOB_DATA_FROM_PACKET(P)->MediaSpecificInformation;       \
            *(Size) = NDIS_OOB_DATA_FROM_PACKET(P)->SizeMediaSpecificInfo;          \
        }                                                                           \
    } while (0)
#define NDIS_SET_PACKET_MEDIA_SPECIFIC_INFO(P, Info, Size)                          \
    do {                                                                            \
        if ((P)->Private.NdisPacketFlags & fPACKET_ALLOCATED_BY_NDIS) {             \
            (P)->Private.NdisPacketFlags |= fPACKET_CONTAINS_MEDIA_SPECIFIC_INFO;   \
            NDIS_OOB_DATA_FROM_PACKET(P)->MediaSpecificInformation = (Info);        \
            NDIS_OOB_DATA_FROM_PACKET(P)->SizeMediaSpecificInfo = (Size);           \
        }                                                                           \
    } while (0)

#define NdisGetPacketFlags(P) ((P)->Private.Flags)
#define NdisSetPacketFlags(P, F) ((P)->Private.Flags |= (F))
#define NdisClearPacketFlags(P, F) ((P)->Private.Flags &= ~(F))
#define NdisReinitializePacket(P) ((P)->Private.Head = NULL, (P)->Private.ValidCounts = FALSE)
#define NdisSetSendFlags(P, F) ((P)->Private.Flags = (F))
#define NdisQuerySendFlags(P, F) (*(F) = (P)->Private.Flags)

/* --- chains of buffers --- */

FORCEINLINE VOID
NdisChainBufferAtFront(PNDIS_PACKET Packet, PNDIS_BUFFER Buffer)
{
    PNDIS_BUFFER last = Buffer;

    while (last->Next != NULL)
        last = last->Next;
    if (Packet->Private.Head == NULL)
        Packet->Private.Tail = last;
    last->Next = Packet->Private.Head;
    Packet->Private.Head = Buffer;
    Packet->Private.ValidCounts = FALSE;
}

FORCEINLINE VOID
NdisChainBufferAtBack(PNDIS_PACKET Packet, PNDIS_BUFFER Buffer)
{
    PNDIS_BUFFER last = Buffer;

    while (last->Next != NULL)
        last = last->Next;
    if (Packet->Private.Head != NULL)
        Packet->Private.Tail->Next = Buffer;
    else
        Packet->Private.Head = Buffer;
    Packet->Private.Tail = last;
    Packet->Private.ValidCounts = FALSE;
}

FORCEINLINE VOID
NdisRecalculatePacketCounts(PNDIS_PACKET Packet)
{
    PNDIS_BUFFER buffer = Packet->Private.Head;

    while (buffer != NULL && buffer->Next != NULL)
        buffer = buffer->Next;
    Packet->Private.Tail = buffer;
    Packet->Private.ValidCounts = FALSE;
}

/* Counts of a packet; they are kept in it until its chain changes. */
FORCEINLINE VOID
NdisQueryPacket(PNDIS_PACKET Packet, PUINT PhysicalBufferCount, PUINT BufferCount, PNDIS_BUFFER *FirstBuffer,
                PUINT TotalPacketLength)
{
    if (FirstBuffer != NULL)
        *FirstBuffer = Packet->Private.Head;
    if (!Packet->Private.ValidCounts) {
        UINT pages = 0, count = 0, length = 0;
        PNDIS_BUFFER buffer;

        for (buffer = Packet->Private.Head; buffer != NULL; buffer = buffer->Next) {
            pages += NDIS_MDL_TO_SPAN_PAGES(buffer);
            length += MmGetMdlByteCount(buffer);
            count++;
        }
        Packet->Private.Count = count;
        Packet->Private.TotalLength = length;
        Packet->Private.PhysicalCount = pages;
        Packet->Private.ValidCounts = TRUE;
    }
    if (PhysicalBufferCount != NULL)
        *PhysicalBufferCount = Packet->Private.PhysicalCount;
    if (BufferCount != NULL)
        *BufferCount = Packet->Private.Count;
    if (TotalPacketLength != NULL)
        *TotalPacketLength = Packet->Private.TotalLength;
}
#define NdisQueryPacketLength(P, Length) NdisQueryPacket((P), NULL, NULL, NULL, (Length))

#define NdisGetNextBuffer(Current, Next_) (*(Next_) = (Current)->Next)
#define NDIS_BUFFER_TO_SPAN_PAGES(Buffer) NDIS_MDL_TO_SPAN_PAGES(Buffer)
#define NdisBufferVirtualAddressSafe(Buffer, Priority) MmGetSystemAddressForMdlSafe((Buffer), (Priority))

/* Functions for who links to them, macros for the others. */
#if defined(BINARY_COMPATIBLE) || defined(UNDIS_HOST)
NDISAPI VOID NTAPI NdisFreeBuffer(PNDIS_BUFFER Buffer);
NDISAPI VOID NTAPI NdisAdjustBufferLength(PNDIS_BUFFER Buffer, UINT Length);
NDISAPI ULONG NTAPI NdisBufferLength(PNDIS_BUFFER Buffer);
NDISAPI PVOID NTAPI NdisBufferVirtualAddress(PNDIS_BUFFER Buffer);
NDISAPI VOID NTAPI NdisQueryBufferOffset(PNDIS_BUFFER Buffer, PUINT Offset, PUINT Length);
NDISAPI VOID NTAPI NdisQueryBufferSafe(PNDIS_BUFFER Buffer, PVOID *VirtualAddress, PUINT Length, UINT Priority);
NDISAPI VOID NTAPI NdisGetFirstBufferFromPacket(PNDIS_PACKET Packet, PNDIS_BUFFER *FirstBuffer, PVOID *FirstBufferVA,
                                                PUINT FirstBufferLength, PUINT TotalBufferLength);
NDISAPI VOID NTAPI NdisGetFirstBufferFromPacketSafe(PNDIS_PACKET Packet, PNDIS_BUFFER *FirstBuffer,
                                                    PVOID *FirstBufferVA, PUINT FirstBufferLength,
                                                    PUINT TotalBufferLength, ULONG Priority);
#else
#define NdisFreeBuffer(Buffer) IoFreeMdl(Buffer)
#define NdisAdjustBufferLength(Buffer, Length) ((Buffer)->ByteCount = (Length))
#define NdisBufferLength(Buffer) MmGetMdlByteCount(Buffer)
#define NdisBufferVirtualAddress(Buffer) MmGetSystemAddressForMdlSafe((Buffer), HighPagePriority)
#define NdisQueryBufferOffset(Buffer, Offset, Length) \
    (*(Offset) = MmGetMdlByteOffset(Buffer), *(Length) = MmGetMdlByteCount(Buffer))
#define NdisQueryBufferSafe(Buffer, VirtualAddress, Length, Priority) \
    NdisQueryMdl((Buffer), (VirtualAddress), (Length), (Priority))

FORCEINLINE VOID
NdisGetFirstBufferFromPacketSafe(PNDIS_PACKET Packet, PNDIS_BUFFER *FirstBuffer, PVOID *FirstBufferVA,
                                 PUINT FirstBufferLength, PUINT TotalBufferLength, ULONG Priority)
{
    PNDIS_BUFFER buffer = Packet->Private.Head;

    *FirstBuffer = buffer;
    *FirstBufferVA = NULL;
    *FirstBufferLength = *TotalBufferLength = 0;
    if (buffer == NULL)
        return;
    *FirstBufferVA = MmGetSystemAddressForMdlSafe(buffer, Priority);
    *FirstBufferLength = MmGetMdlByteCount(buffer);
    for (; buffer != NULL; buffer = buffer->Next)
        *TotalBufferLength += MmGetMdlByteCount(buffer);
}
#define NdisGetFirstBufferFromPacket(Packet, FirstBuffer, FirstBufferVA, FirstBufferLength, TotalBufferLength) \
    NdisGetFirstBufferFromPacketSafe((Packet), (FirstBuffer), (FirstBufferVA), (FirstBufferLength),            \
                                     (TotalBufferLength), HighPagePriority)
#endif

/* --- pools --- */

NDISAPI VOID NTAPI NdisAllocatePacketPool(PNDIS_STATUS Status, PNDIS_HANDLE PoolHandle, UINT NumberOfDescriptors,
                                          UINT ProtocolReservedLength);
NDISAPI VOID NTAPI NdisAllocatePacketPoolEx(PNDIS_STATUS Status, PNDIS_HANDLE PoolHandle, UINT NumberOfDescriptors,
                                            UINT NumberOfOverflowDescriptors, UINT ProtocolReservedLength);
NDISAPI VOID NTAPI NdisFreePacketPool(NDIS_HANDLE PoolHandle);
NDISAPI UINT NTAPI NdisPacketPoolUsage(NDIS_HANDLE PoolHandle);
NDISAPI UINT NTAPI NdisPacketSize(UINT ProtocolReservedSize);
NDISAPI VOID NTAPI NdisSetPacketPoolProtocolId(NDIS_HANDLE PacketPoolHandle, UINT ProtocolId);
NDISAPI NDIS_HANDLE NTAPI NdisGetPoolFromPacket(PNDIS_PACKET Packet);
NDISAPI VOID NTAPI NdisAllocatePacket(PNDIS_STATUS Status, PNDIS_PACKET *Packet, NDIS_HANDLE PoolHandle);
NDISAPI VOID NTAPI NdisFreePacket(PNDIS_PACKET Packet);
NDISAPI VOID NTAPI NdisDprAllocatePacket(PNDIS_STATUS Status, PNDIS_PACKET *Packet, NDIS_HANDLE PoolHandle);
NDISAPI VOID NTAPI NdisDprAllocatePacketNonInterlocked(PNDIS_STATUS Status, PNDIS_PACKET *Packet,
                                                       NDIS_HANDLE PoolHandle);
NDISAPI VOID NTAPI NdisDprFreePacket(PNDIS_PACKET Packet);
NDISAPI VOID NTAPI NdisDprFreePacketNonInterlocked(PNDIS_PACKET Packet);
NDISAPI VOID NTAPI NdisUnchainBufferAtFront(PNDIS_PACKET Packet, PNDIS_BUFFER *Buffer);
NDISAPI VOID NTAPI NdisUnchainBufferAtBack(PNDIS_PACKET Packet, PNDIS_BUFFER *Buffer);
NDISAPI VOID NTAPI NdisCopyFromPacketToPacket(PNDIS_PACKET Destination, UINT DestinationOffset, UINT BytesToCopy,
                                              PNDIS_PACKET Source, UINT SourceOffset, PUINT BytesCopied);
NDISAPI VOID NTAPI NdisCopyFromPacketToPacketSafe(PNDIS_PACKET Destination, UINT DestinationOffset, UINT BytesToCopy,
                                                  PNDIS_PACKET Source, UINT SourceOffset, PUINT BytesCopied,
                                                  ULONG Priority);
NDISAPI VOID NTAPI NdisAllocateBufferPool(PNDIS_STATUS Status, PNDIS_HANDLE PoolHandle, UINT NumberOfDescriptors);
NDISAPI VOID NTAPI NdisFreeBufferPool(NDIS_HANDLE PoolHandle);
NDISAPI VOID NTAPI NdisAllocateBuffer(PNDIS_STATUS Status, PNDIS_BUFFER *Buffer, NDIS_HANDLE PoolHandle,
                                      PVOID VirtualAddress, UINT Length);
NDISAPI VOID NTAPI NdisCopyBuffer(PNDIS_STATUS Status, PNDIS_BUFFER *Buffer, NDIS_HANDLE PoolHandle,
                                  PVOID MemoryDescriptor, UINT Offset, UINT Length);
NDISAPI NDIS_STATUS NTAPI NdisAllocateMemory(PVOID *VirtualAddress, UINT Length, UINT MemoryFlags,
                                             NDIS_PHYSICAL_ADDRESS HighestAcceptableAddress);

/* --- timers of protocols and devices; miniports: miniport5.h --- */

NDISAPI VOID NTAPI NdisInitializeTimer(PNDIS_TIMER Timer, PNDIS_TIMER_FUNCTION TimerFunction, PVOID FunctionContext);
NDISAPI VOID NTAPI NdisSetTimer(PNDIS_TIMER Timer, UINT MillisecondsToDelay);
NDISAPI VOID NTAPI NdisSetTimerEx(PNDIS_TIMER Timer, UINT MillisecondsToDelay, PVOID FunctionContext);
NDISAPI VOID NTAPI NdisSetPeriodicTimer(PNDIS_TIMER Timer, UINT MillisecondsPeriod);
NDISAPI VOID NTAPI NdisCancelTimer(PNDIS_TIMER Timer, PBOOLEAN TimerCancelled);

/* --- work items --- */

struct _NDIS_WORK_ITEM;
typedef VOID(NTAPI *NDIS_PROC)(struct _NDIS_WORK_ITEM *WorkItem, PVOID Context);
typedef struct _NDIS_WORK_ITEM {
    PVOID Context;
    NDIS_PROC Routine;
    UCHAR WrapperReserved[8 * sizeof(PVOID)];
} NDIS_WORK_ITEM, *PNDIS_WORK_ITEM;
#define NdisInitializeWorkItem(WorkItem, Routine_, Context_) \
    ((WorkItem)->Routine = (Routine_), (WorkItem)->Context = (Context_))
NDISAPI NDIS_STATUS NTAPI NdisScheduleWorkItem(PNDIS_WORK_ITEM WorkItem);

DDK_ASSERT_SIZE(NDIS_PACKET_PRIVATE, 0x30);
DDK_ASSERT_OFFSET(NDIS_PACKET, ProtocolReserved, 0x60);
DDK_ASSERT_SIZE(NDIS_PACKET_OOB_DATA, 0x28);
DDK_ASSERT_SIZE(NDIS_PACKET_EXTENSION, 0x60);
DDK_ASSERT_SIZE(NDIS_REQUEST, 0xb0);
DDK_ASSERT_SIZE(NDIS_TIMER, 0x80);

#endif /* UNDIS_DDK_NDIS_PACKET5_H */
