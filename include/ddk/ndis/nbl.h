/* SPDX-License-Identifier: MIT */
/*
 * ddk/ndis/nbl.h - NET_BUFFER_LIST and NET_BUFFER: layout, accessors, pools.
 *
 * Model: an NBL is a chain link that owns a chain of NET_BUFFERs; each NB is one
 * frame, described by an MDL chain, an offset of its first used byte (DataOffset)
 * and a length. Accessors are macros, so every offset here is in binaries.
 */
#ifndef UNDIS_DDK_NDIS_NBL_H
#define UNDIS_DDK_NDIS_NBL_H

#include "types.h"

typedef struct _NET_BUFFER NET_BUFFER, *PNET_BUFFER;
typedef struct _NET_BUFFER_LIST NET_BUFFER_LIST, *PNET_BUFFER_LIST;
typedef struct _NET_BUFFER_LIST_CONTEXT NET_BUFFER_LIST_CONTEXT, *PNET_BUFFER_LIST_CONTEXT;
typedef struct _NET_BUFFER_SHARED_MEMORY NET_BUFFER_SHARED_MEMORY, *PNET_BUFFER_SHARED_MEMORY;

typedef union _NET_BUFFER_DATA_LENGTH {
    ULONG DataLength;
    SIZE_T stDataLength;
} NET_BUFFER_DATA_LENGTH, *PNET_BUFFER_DATA_LENGTH;

typedef struct _NET_BUFFER_DATA {
    PNET_BUFFER Next;
    PMDL CurrentMdl;
    ULONG CurrentMdlOffset;
    NET_BUFFER_DATA_LENGTH NbDataLength;
    PMDL MdlChain;
    ULONG DataOffset;
} NET_BUFFER_DATA, *PNET_BUFFER_DATA;

typedef union _NET_BUFFER_HEADER {
    NET_BUFFER_DATA NetBufferData;
    SLIST_HEADER Link;
} NET_BUFFER_HEADER, *PNET_BUFFER_HEADER;

struct _NET_BUFFER_SHARED_MEMORY {
    PNET_BUFFER_SHARED_MEMORY NextSharedMemorySegment;
    ULONG SharedMemoryFlags;
    NDIS_HANDLE SharedMemoryHandle;
    ULONG SharedMemoryOffset;
    ULONG SharedMemoryLength;
};

struct _NET_BUFFER {
    union {
        struct {
            PNET_BUFFER Next;
            PMDL CurrentMdl;
            ULONG CurrentMdlOffset;
            union {
                ULONG DataLength;
                SIZE_T stDataLength;
            };
            PMDL MdlChain;
            ULONG DataOffset;
        };
        SLIST_HEADER Link;
        NET_BUFFER_HEADER NetBufferHeader;
    };
    USHORT ChecksumBias;
    USHORT Reserved;
    NDIS_HANDLE NdisPoolHandle;
    PVOID DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) NdisReserved[2];
    PVOID DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) ProtocolReserved[6];
    PVOID DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) MiniportReserved[4];
    NDIS_PHYSICAL_ADDRESS DataPhysicalAddress;
    union {
        PNET_BUFFER_SHARED_MEMORY SharedMemoryInfo;
        PSCATTER_GATHER_LIST ScatterGatherList;
    };
};

/* Context space grows towards lower offsets inside ContextData, like stack frames. */
struct _NET_BUFFER_LIST_CONTEXT {
    PNET_BUFFER_LIST_CONTEXT Next;
    USHORT Size;
    USHORT Offset;
    UCHAR DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) ContextData[];
};

typedef enum _NDIS_NET_BUFFER_LIST_INFO {
    TcpIpChecksumNetBufferListInfo,
    TcpOffloadBytesTransferred = TcpIpChecksumNetBufferListInfo,
    IPsecOffloadV1NetBufferListInfo,
    IPsecOffloadV2NetBufferListInfo = IPsecOffloadV1NetBufferListInfo,
    TcpLargeSendNetBufferListInfo,
    TcpReceiveNoPush = TcpLargeSendNetBufferListInfo,
    ClassificationHandleNetBufferListInfo,
    Ieee8021QNetBufferListInfo,
    NetBufferListCancelId,
    MediaSpecificInformation,
    NetBufferListFrameType,
    NetBufferListProtocolId = NetBufferListFrameType,
    NetBufferListHashValue,
    NetBufferListHashInfo,
    WfpNetBufferListInfo,
#if NDIS_SUPPORT_NDIS61
    IPsecOffloadV2TunnelNetBufferListInfo,
    IPsecOffloadV2HeaderNetBufferListInfo,
#endif
#if NDIS_SUPPORT_NDIS620
    NetBufferListCorrelationId,
    NetBufferListFilteringInfo,
    MediaSpecificInformationEx,
    NblOriginalInterfaceIfIndex,
    NblReAuthWfpFlowContext = NblOriginalInterfaceIfIndex,
    TcpReceiveBytesTransferred,
    NrtNameResolutionId = TcpReceiveBytesTransferred,
#endif
#if NDIS_SUPPORT_NDIS630
    SwitchForwardingReserved,
    SwitchForwardingDetail,
    VirtualSubnetInfo,
    IMReserved,
    TcpRecvSegCoalesceInfo,
#if NDIS_SUPPORT_NDIS683
    UdpSegmentationOffloadInfo = TcpRecvSegCoalesceInfo,
#endif
    RscTcpTimestampDelta,
    TcpSendOffloadsSupplementalNetBufferListInfo = RscTcpTimestampDelta,
#endif
#if NDIS_SUPPORT_NDIS650
    GftOffloadInformation,
    GftFlowEntryId,
#endif
#if NDIS_SUPPORT_NDIS680
    NetBufferListInfoReserved3,
    NetBufferListInfoReserved4,
#endif
    MaxNetBufferListInfo
} NDIS_NET_BUFFER_LIST_INFO,
    *PNDIS_NET_BUFFER_LIST_INFO;

typedef struct _NET_BUFFER_LIST_DATA {
    PNET_BUFFER_LIST Next;
    PNET_BUFFER FirstNetBuffer;
} NET_BUFFER_LIST_DATA, *PNET_BUFFER_LIST_DATA;

typedef union _NET_BUFFER_LIST_HEADER {
    NET_BUFFER_LIST_DATA NetBufferListData;
    SLIST_HEADER Link;
} NET_BUFFER_LIST_HEADER, *PNET_BUFFER_LIST_HEADER;

struct _NET_BUFFER_LIST {
    union {
        struct {
            PNET_BUFFER_LIST Next;
            PNET_BUFFER FirstNetBuffer;
        };
        SLIST_HEADER Link;
        NET_BUFFER_LIST_HEADER NetBufferListHeader;
    };
    PNET_BUFFER_LIST_CONTEXT Context;
    PNET_BUFFER_LIST ParentNetBufferList;
    NDIS_HANDLE NdisPoolHandle;
    PVOID DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) NdisReserved[2];
    PVOID DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) ProtocolReserved[4];
    PVOID DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) MiniportReserved[2];
    PVOID Scratch;
    NDIS_HANDLE SourceHandle;
    ULONG NblFlags;
    LONG ChildRefCount;
    ULONG Flags;
    union {
        NDIS_STATUS Status;
        ULONG NdisReserved2;
    };
    PVOID NetBufferListInfo[MaxNetBufferListInfo];
};

/* --- NetBufferListInfo slots: a pointer's worth of bits each --- */

typedef union DDK_MS_STRUCT _NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO {
    struct DDK_MS_STRUCT {
        ULONG IsIPv4 : 1;
        ULONG IsIPv6 : 1;
        ULONG TcpChecksum : 1;
        ULONG UdpChecksum : 1;
        ULONG IpHeaderChecksum : 1;
        ULONG Reserved : 11;
        ULONG TcpHeaderOffset : 10;
    } Transmit;
    struct DDK_MS_STRUCT {
        ULONG TcpChecksumFailed : 1;
        ULONG UdpChecksumFailed : 1;
        ULONG IpChecksumFailed : 1;
        ULONG TcpChecksumSucceeded : 1;
        ULONG UdpChecksumSucceeded : 1;
        ULONG IpChecksumSucceeded : 1;
        ULONG Loopback : 1;
        ULONG TcpChecksumValueInvalid : 1;
        ULONG IpChecksumValueInvalid : 1;
    } Receive;
    PVOID Value;
} NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO, *PNDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO;

#define NDIS_TCP_LARGE_SEND_OFFLOAD_V1_TYPE 0
#define NDIS_TCP_LARGE_SEND_OFFLOAD_V2_TYPE 1
#define NDIS_TCP_LARGE_SEND_OFFLOAD_IPv4 0
#define NDIS_TCP_LARGE_SEND_OFFLOAD_IPv6 1

typedef union DDK_MS_STRUCT _NDIS_TCP_LARGE_SEND_OFFLOAD_NET_BUFFER_LIST_INFO {
    struct DDK_MS_STRUCT {
        ULONG Unused : 30;
        ULONG Type : 1;
        ULONG Reserved2 : 1;
    } Transmit;
    struct DDK_MS_STRUCT {
        ULONG MSS : 20;
        ULONG TcpHeaderOffset : 10;
        ULONG Type : 1;
        ULONG Reserved2 : 1;
    } LsoV1Transmit;
    struct DDK_MS_STRUCT {
        ULONG TcpPayload : 30;
        ULONG Type : 1;
        ULONG Reserved2 : 1;
    } LsoV1TransmitComplete;
    struct DDK_MS_STRUCT {
        ULONG MSS : 20;
        ULONG TcpHeaderOffset : 10;
        ULONG Type : 1;
        ULONG IPVersion : 1;
    } LsoV2Transmit;
    struct DDK_MS_STRUCT {
        ULONG Reserved : 30;
        ULONG Type : 1;
        ULONG Reserved2 : 1;
    } LsoV2TransmitComplete;
    PVOID Value;
} NDIS_TCP_LARGE_SEND_OFFLOAD_NET_BUFFER_LIST_INFO, *PNDIS_TCP_LARGE_SEND_OFFLOAD_NET_BUFFER_LIST_INFO;

typedef union DDK_MS_STRUCT _NDIS_NET_BUFFER_LIST_8021Q_INFO {
    struct DDK_MS_STRUCT {
        ULONG UserPriority : 3;
        ULONG CanonicalFormatId : 1;
        ULONG VlanId : 12;
        ULONG Reserved : 16;
    } TagHeader;
    struct DDK_MS_STRUCT {
        ULONG UserPriority : 3;
        ULONG CanonicalFormatId : 1;
        ULONG VlanId : 12;
        ULONG WMMInfo : 4;
        ULONG Reserved : 12;
    } WLanTagHeader;
    PVOID Value;
} NDIS_NET_BUFFER_LIST_8021Q_INFO, *PNDIS_NET_BUFFER_LIST_8021Q_INFO;

typedef struct _NDIS_NET_BUFFER_LIST_FILTERING_INFO {
    union {
        struct {
            USHORT FilterId;
            union {
                USHORT QueueId;
                USHORT VPortId;
            } QueueVPortInfo;
        } FilteringInfo;
        PVOID Value;
    };
} NDIS_NET_BUFFER_LIST_FILTERING_INFO, *PNDIS_NET_BUFFER_LIST_FILTERING_INFO;

typedef union _NDIS_RSC_NBL_INFO {
    struct {
        USHORT CoalescedSegCount;
        USHORT DupAckCount;
    } Info;
    PVOID Value;
} NDIS_RSC_NBL_INFO, *PNDIS_RSC_NBL_INFO;

#define NDIS_UDP_SEGMENTATION_OFFLOAD_IPV4 0
#define NDIS_UDP_SEGMENTATION_OFFLOAD_IPV6 1

#if NDIS_SUPPORT_NDIS683
typedef struct DDK_MS_STRUCT _NDIS_UDP_SEGMENTATION_OFFLOAD_NET_BUFFER_LIST_INFO {
    union DDK_MS_STRUCT {
        struct DDK_MS_STRUCT {
            ULONG MSS : 20;
            ULONG UdpHeaderOffset : 10;
            ULONG Reserved : 1;
            ULONG IPVersion : 1;
        } Transmit;
        PVOID Value;
    };
} NDIS_UDP_SEGMENTATION_OFFLOAD_NET_BUFFER_LIST_INFO, *PNDIS_UDP_SEGMENTATION_OFFLOAD_NET_BUFFER_LIST_INFO;
#endif

#if NDIS_SUPPORT_NDIS684
typedef struct _NDIS_UDP_RSC_OFFLOAD_NET_BUFFER_LIST_INFO {
    union {
        struct {
            USHORT SegCount;
            USHORT SegSize;
        } Receive;
        PVOID Value;
    };
} NDIS_UDP_RSC_OFFLOAD_NET_BUFFER_LIST_INFO, *PNDIS_UDP_RSC_OFFLOAD_NET_BUFFER_LIST_INFO;
#endif

#if NDIS_SUPPORT_NDIS620
#define NET_BUFFER_LIST_RECEIVE_FILTER_ID(_NBL) \
    (((NDIS_NET_BUFFER_LIST_FILTERING_INFO *)&(_NBL)->NetBufferListInfo[NetBufferListFilteringInfo]) \
         ->FilteringInfo.FilterId)
#define NET_BUFFER_LIST_RECEIVE_QUEUE_ID(_NBL)                                                    \
    (((NDIS_NET_BUFFER_LIST_FILTERING_INFO *)&(_NBL)->NetBufferListInfo[NetBufferListFilteringInfo]) \
         ->FilteringInfo.QueueVPortInfo.QueueId)
#define NET_BUFFER_LIST_RECEIVE_FILTER_VPORT_ID(_NBL)                                             \
    (((NDIS_NET_BUFFER_LIST_FILTERING_INFO *)&(_NBL)->NetBufferListInfo[NetBufferListFilteringInfo]) \
         ->FilteringInfo.QueueVPortInfo.VPortId)
#endif

#define NET_BUFFER_LIST_COALESCED_SEG_COUNT(_NBL) \
    (((NDIS_RSC_NBL_INFO *)&(_NBL)->NetBufferListInfo[TcpRecvSegCoalesceInfo])->Info.CoalescedSegCount)
#define NET_BUFFER_LIST_DUP_ACK_COUNT(_NBL) \
    (((NDIS_RSC_NBL_INFO *)&(_NBL)->NetBufferListInfo[TcpRecvSegCoalesceInfo])->Info.DupAckCount)

#if NDIS_SUPPORT_NDIS682
/* A time of a NIC or of software. assumed: its slot is the first of the two that 6.80 reserves. */
typedef struct _NET_BUFFER_LIST_TIMESTAMP {
    ULONG64 Timestamp;
} NET_BUFFER_LIST_TIMESTAMP, *PNET_BUFFER_LIST_TIMESTAMP;

FORCEINLINE VOID
NdisSetNblTimestampInfo(NET_BUFFER_LIST *Nbl, const NET_BUFFER_LIST_TIMESTAMP *NblTimestamp)
{
    Nbl->NetBufferListInfo[NetBufferListInfoReserved3] = (PVOID)(ULONG_PTR)NblTimestamp->Timestamp;
}

FORCEINLINE VOID
NdisGetNblTimestampInfo(const NET_BUFFER_LIST *Nbl, NET_BUFFER_LIST_TIMESTAMP *NblTimestamp)
{
    NblTimestamp->Timestamp = (ULONG64)(ULONG_PTR)Nbl->NetBufferListInfo[NetBufferListInfoReserved3];
}

FORCEINLINE VOID
NdisCopyNblTimestampInfo(NET_BUFFER_LIST *NblDest, const NET_BUFFER_LIST *NblSrc)
{
    NblDest->NetBufferListInfo[NetBufferListInfoReserved3] = NblSrc->NetBufferListInfo[NetBufferListInfoReserved3];
}
#endif

/* --- flags --- */

#define NDIS_SEND_FLAGS_DISPATCH_LEVEL 0x00000001
#define NDIS_SEND_FLAGS_CHECK_FOR_LOOPBACK 0x00000002
#define NDIS_SEND_FLAGS_SINGLE_QUEUE 0x00000004
#define NDIS_SEND_FLAGS_SWITCH_SINGLE_SOURCE 0x00000010
#define NDIS_SEND_FLAGS_SWITCH_DESTINATION_GROUP 0x00000020
#define NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL 0x00000001
#define NDIS_SEND_COMPLETE_FLAGS_SINGLE_QUEUE 0x00000002
#define NDIS_SEND_COMPLETE_FLAGS_SWITCH_SINGLE_SOURCE 0x00000004
#define NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL 0x00000001
#define NDIS_RECEIVE_FLAGS_RESOURCES 0x00000002
#define NDIS_RECEIVE_FLAGS_SINGLE_ETHER_TYPE 0x00000100
#define NDIS_RECEIVE_FLAGS_SINGLE_VLAN 0x00000200
#define NDIS_RECEIVE_FLAGS_PERFECT_FILTERED 0x00000400
#define NDIS_RECEIVE_FLAGS_SINGLE_QUEUE 0x00000800
#define NDIS_RECEIVE_FLAGS_SHARED_MEMORY_INFO_VALID 0x00001000
#define NDIS_RECEIVE_FLAGS_MORE_NBLS 0x00002000
#define NDIS_RECEIVE_FLAGS_SWITCH_SINGLE_SOURCE 0x00004000
#define NDIS_RECEIVE_FLAGS_SWITCH_DESTINATION_GROUP 0x00008000
#define NDIS_RETURN_FLAGS_DISPATCH_LEVEL 0x00000001
#define NDIS_RETURN_FLAGS_SINGLE_QUEUE 0x00000002
#define NDIS_RETURN_FLAGS_SWITCH_SINGLE_SOURCE 0x00000004
#define NDIS_CANCEL_SEND_FLAGS_DISPATCH_LEVEL 0x00000001

#define NDIS_TEST_SEND_FLAG(f, m) (((f) & (m)) != 0)
#define NDIS_SET_SEND_FLAG(f, m) ((f) |= (m))
#define NDIS_CLEAR_SEND_FLAG(f, m) ((f) &= ~(m))
#define NDIS_TEST_SEND_AT_DISPATCH_LEVEL(f) NDIS_TEST_SEND_FLAG((f), NDIS_SEND_FLAGS_DISPATCH_LEVEL)
#define NDIS_TEST_SEND_COMPLETE_FLAG(f, m) (((f) & (m)) != 0)
#define NDIS_SET_SEND_COMPLETE_FLAG(f, m) ((f) |= (m))
#define NDIS_CLEAR_SEND_COMPLETE_FLAG(f, m) ((f) &= ~(m))
#define NDIS_TEST_SEND_COMPLETE_AT_DISPATCH_LEVEL(f) \
    NDIS_TEST_SEND_COMPLETE_FLAG((f), NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL)
#define NDIS_TEST_RECEIVE_FLAG(f, m) (((f) & (m)) != 0)
#define NDIS_SET_RECEIVE_FLAG(f, m) ((f) |= (m))
#define NDIS_CLEAR_RECEIVE_FLAG(f, m) ((f) &= ~(m))
#define NDIS_TEST_RECEIVE_AT_DISPATCH_LEVEL(f) NDIS_TEST_RECEIVE_FLAG((f), NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL)
#define NDIS_TEST_RECEIVE_CANNOT_PEND(f) NDIS_TEST_RECEIVE_FLAG((f), NDIS_RECEIVE_FLAGS_RESOURCES)
#define NDIS_TEST_RECEIVE_CAN_PEND(f) (((f)&NDIS_RECEIVE_FLAGS_RESOURCES) == 0)
#define NDIS_TEST_RETURN_FLAG(f, m) (((f) & (m)) != 0)
#define NDIS_SET_RETURN_FLAG(f, m) ((f) |= (m))
#define NDIS_CLEAR_RETURN_FLAG(f, m) ((f) &= ~(m))
#define NDIS_TEST_RETURN_AT_DISPATCH_LEVEL(f) NDIS_TEST_RETURN_FLAG((f), NDIS_RETURN_FLAGS_DISPATCH_LEVEL)

/* NET_BUFFER_LIST.NblFlags and Flags */
#define NDIS_NBL_FLAGS_SEND_READ_ONLY 0x00000001
#define NDIS_NBL_FLAGS_RECV_READ_ONLY 0x00000002
#define NDIS_NBL_FLAGS_HD_SPLIT 0x00000100
#define NDIS_NBL_FLAGS_IS_IPV4 0x00000200
#define NDIS_NBL_FLAGS_IS_IPV6 0x00000400
#define NDIS_NBL_FLAGS_IS_TCP 0x00000800
#define NDIS_NBL_FLAGS_IS_UDP 0x00001000
#define NDIS_NBL_FLAGS_SPLIT_AT_UPPER_LAYER_PROTOCOL_HEADER 0x00002000
#define NDIS_NBL_FLAGS_SPLIT_AT_UPPER_LAYER_PROTOCOL_PAYLOAD 0x00004000
#define NDIS_NBL_FLAGS_IS_LOOPBACK_PACKET 0x00008000
#define NBL_FLAGS_PROTOCOL_RESERVED 0xFFF00000u
#define NBL_FLAGS_MINIPORT_RESERVED 0x0000F000u
#define NBL_FLAGS_SCRATCH 0x000F0000u
#define NBL_FLAGS_NDIS_RESERVED 0x00000FFFu
#define NBL_PROT_RSVD_FLAGS NBL_FLAGS_PROTOCOL_RESERVED
#define NBL_SET_PROTOCOL_RSVD_FLAG(_NBL, _F) ((_NBL)->Flags |= ((_F)&NBL_FLAGS_PROTOCOL_RESERVED))
#define NBL_CLEAR_PROTOCOL_RSVD_FLAG(_NBL, _F) ((_NBL)->Flags &= ~((_F)&NBL_FLAGS_PROTOCOL_RESERVED))
#define NBL_TEST_PROTOCOL_RSVD_FLAG(_NBL, _F) (((_NBL)->Flags & ((_F)&NBL_FLAGS_PROTOCOL_RESERVED)) != 0)
#define NBL_SET_PROT_RSVD_FLAG(_NBL, _F) NBL_SET_PROTOCOL_RSVD_FLAG(_NBL, _F)
#define NBL_CLEAR_PROT_RSVD_FLAG(_NBL, _F) NBL_CLEAR_PROTOCOL_RSVD_FLAG(_NBL, _F)
#define NBL_TEST_PROT_RSVD_FLAG(_NBL, _F) NBL_TEST_PROTOCOL_RSVD_FLAG(_NBL, _F)
#define NdisSetNblFlag(_NBL, _F) ((_NBL)->NblFlags |= (_F))
#define NdisClearNblFlag(_NBL, _F) ((_NBL)->NblFlags &= ~(_F))
#define NdisTestNblFlag(_NBL, _F) (((_NBL)->NblFlags & (_F)) != 0)
#define NdisTestNblFlags(_NBL, _F) (((_NBL)->NblFlags & (_F)) == (_F))

/* --- accessors --- */

#define NET_BUFFER_NEXT_NB(_NB) ((_NB)->Next)
#define NET_BUFFER_FIRST_MDL(_NB) ((_NB)->MdlChain)
#define NET_BUFFER_DATA_LENGTH(_NB) ((_NB)->DataLength)
#define NET_BUFFER_DATA_OFFSET(_NB) ((_NB)->DataOffset)
#define NET_BUFFER_CURRENT_MDL(_NB) ((_NB)->CurrentMdl)
#define NET_BUFFER_CURRENT_MDL_OFFSET(_NB) ((_NB)->CurrentMdlOffset)
#define NET_BUFFER_PROTOCOL_RESERVED(_NB) ((_NB)->ProtocolReserved)
#define NET_BUFFER_MINIPORT_RESERVED(_NB) ((_NB)->MiniportReserved)
#define NET_BUFFER_CHECKSUM_BIAS(_NB) ((_NB)->ChecksumBias)
#define NET_BUFFER_DATA_PHYSICAL_ADDRESS(_NB) ((_NB)->DataPhysicalAddress)
#define NET_BUFFER_FIRST_SHARED_MEM_INFO(_NB) ((_NB)->SharedMemoryInfo)
#define NET_BUFFER_SHARED_MEM_NEXT_SEGMENT(_S) ((_S)->NextSharedMemorySegment)
#define NET_BUFFER_SHARED_MEM_FLAGS(_S) ((_S)->SharedMemoryFlags)
#define NET_BUFFER_SHARED_MEM_HANDLE(_S) ((_S)->SharedMemoryHandle)
#define NET_BUFFER_SHARED_MEM_OFFSET(_S) ((_S)->SharedMemoryOffset)
#define NET_BUFFER_SHARED_MEM_LENGTH(_S) ((_S)->SharedMemoryLength)
#define NET_BUFFER_SCATTER_GATHER_LIST(_NB) ((_NB)->ScatterGatherList)

#define NET_BUFFER_LIST_NEXT_NBL(_NBL) ((_NBL)->Next)
#define NET_BUFFER_LIST_FIRST_NB(_NBL) ((_NBL)->FirstNetBuffer)
#define NET_BUFFER_LIST_FLAGS(_NBL) ((_NBL)->Flags)
#define NET_BUFFER_LIST_NBL_FLAGS(_NBL) ((_NBL)->NblFlags)
#define NET_BUFFER_LIST_PROTOCOL_RESERVED(_NBL) ((_NBL)->ProtocolReserved)
#define NET_BUFFER_LIST_MINIPORT_RESERVED(_NBL) ((_NBL)->MiniportReserved)
#define NET_BUFFER_LIST_CONTEXT_DATA_START(_NBL) ((PUCHAR)(((_NBL)->Context) + 1) + (_NBL)->Context->Offset)
#define NET_BUFFER_LIST_CONTEXT_DATA_SIZE(_NBL) (((_NBL)->Context)->Size)
#define NET_BUFFER_LIST_INFO(_NBL, _Id) ((_NBL)->NetBufferListInfo[(_Id)])
#define NET_BUFFER_LIST_STATUS(_NBL) ((_NBL)->Status)
#define NDIS_GET_NET_BUFFER_LIST_CANCEL_ID(_NBL) ((_NBL)->NetBufferListInfo[NetBufferListCancelId])
#define NDIS_SET_NET_BUFFER_LIST_CANCEL_ID(_NBL, _CancelId) \
    ((_NBL)->NetBufferListInfo[NetBufferListCancelId] = (_CancelId))
#define NdisGetNetBufferListProtocolId(_NBL) \
    (*((PUCHAR)(PVOID)(&(_NBL)->NetBufferListInfo[NetBufferListProtocolId])))
#define NdisSetNetBufferListProtocolId(_NBL, _ProtocolId) \
    (*((PUCHAR)(PVOID)(&(_NBL)->NetBufferListInfo[NetBufferListProtocolId])) = (_ProtocolId))
#define NET_BUFFER_LIST_GET_HASH_VALUE(_NBL) PtrToUlong((_NBL)->NetBufferListInfo[NetBufferListHashValue])
#define NET_BUFFER_LIST_SET_HASH_VALUE(_NBL, _V) \
    ((_NBL)->NetBufferListInfo[NetBufferListHashValue] = UlongToPtr(_V))
#define NET_BUFFER_LIST_GET_HASH_TYPE(_NBL) \
    (PtrToUlong((_NBL)->NetBufferListInfo[NetBufferListHashInfo]) & NDIS_HASH_TYPE_MASK)
#define NET_BUFFER_LIST_GET_HASH_FUNCTION(_NBL) \
    (PtrToUlong((_NBL)->NetBufferListInfo[NetBufferListHashInfo]) & NDIS_HASH_FUNCTION_MASK)
#define NET_BUFFER_LIST_SET_HASH_TYPE(_NBL, _T)                          \
    ((_NBL)->NetBufferListInfo[NetBufferListHashInfo] =                  \
         UlongToPtr(NET_BUFFER_LIST_GET_HASH_FUNCTION(_NBL) | ((_T)&NDIS_HASH_TYPE_MASK)))
#define NET_BUFFER_LIST_SET_HASH_FUNCTION(_NBL, _F)                  \
    ((_NBL)->NetBufferListInfo[NetBufferListHashInfo] =              \
         UlongToPtr(NET_BUFFER_LIST_GET_HASH_TYPE(_NBL) | ((_F)&NDIS_HASH_FUNCTION_MASK)))

/* --- pools and data: functions --- */

typedef struct _NET_BUFFER_LIST_POOL_PARAMETERS {
    NDIS_OBJECT_HEADER Header;
    UCHAR ProtocolId;
    BOOLEAN fAllocateNetBuffer;
    USHORT ContextSize;
    ULONG PoolTag;
    ULONG DataSize;
} NET_BUFFER_LIST_POOL_PARAMETERS, *PNET_BUFFER_LIST_POOL_PARAMETERS;
#define NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1 1
#define NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1 \
    RTL_SIZEOF_THROUGH_FIELD(NET_BUFFER_LIST_POOL_PARAMETERS, DataSize)

typedef struct _NET_BUFFER_POOL_PARAMETERS {
    NDIS_OBJECT_HEADER Header;
    ULONG PoolTag;
    ULONG DataSize;
} NET_BUFFER_POOL_PARAMETERS, *PNET_BUFFER_POOL_PARAMETERS;
#define NET_BUFFER_POOL_PARAMETERS_REVISION_1 1
#define NDIS_SIZEOF_NET_BUFFER_POOL_PARAMETERS_REVISION_1 \
    RTL_SIZEOF_THROUGH_FIELD(NET_BUFFER_POOL_PARAMETERS, DataSize)

typedef PMDL NTAPI NET_BUFFER_ALLOCATE_MDL_HANDLER_FN(PULONG BufferSize);
typedef NET_BUFFER_ALLOCATE_MDL_HANDLER_FN *NET_BUFFER_ALLOCATE_MDL_HANDLER;
typedef VOID NTAPI NET_BUFFER_FREE_MDL_HANDLER_FN(PMDL Mdl);
typedef NET_BUFFER_FREE_MDL_HANDLER_FN *NET_BUFFER_FREE_MDL_HANDLER;
typedef NET_BUFFER_ALLOCATE_MDL_HANDLER_FN NDIS_NET_BUFFER_ALLOCATE_MDL_HANDLER;
typedef NET_BUFFER_FREE_MDL_HANDLER_FN NDIS_NET_BUFFER_FREE_MDL_HANDLER;

#define NDIS_CLONE_FLAGS_RESERVED 0x00000001
#define NDIS_CLONE_FLAGS_USE_ORIGINAL_MDLS 0x00000002

NDISAPI NDIS_HANDLE NTAPI NdisAllocateNetBufferPool(NDIS_HANDLE NdisHandle, PNET_BUFFER_POOL_PARAMETERS Parameters);
NDISAPI VOID NTAPI NdisFreeNetBufferPool(NDIS_HANDLE PoolHandle);
NDISAPI PNET_BUFFER NTAPI NdisAllocateNetBuffer(NDIS_HANDLE PoolHandle, PMDL MdlChain, ULONG DataOffset,
                                                SIZE_T DataLength);
NDISAPI PNET_BUFFER NTAPI NdisAllocateNetBufferMdlAndData(NDIS_HANDLE PoolHandle);
NDISAPI VOID NTAPI NdisFreeNetBuffer(PNET_BUFFER NetBuffer);
NDISAPI NDIS_HANDLE NTAPI NdisAllocateNetBufferListPool(NDIS_HANDLE NdisHandle,
                                                        PNET_BUFFER_LIST_POOL_PARAMETERS Parameters);
NDISAPI VOID NTAPI NdisFreeNetBufferListPool(NDIS_HANDLE PoolHandle);
NDISAPI PNET_BUFFER_LIST NTAPI NdisAllocateNetBufferList(NDIS_HANDLE PoolHandle, USHORT ContextSize,
                                                         USHORT ContextBackFill);
NDISAPI VOID NTAPI NdisFreeNetBufferList(PNET_BUFFER_LIST NetBufferList);
NDISAPI PNET_BUFFER_LIST NTAPI NdisAllocateNetBufferAndNetBufferList(NDIS_HANDLE PoolHandle, USHORT ContextSize,
                                                                     USHORT ContextBackFill, PMDL MdlChain,
                                                                     ULONG DataOffset, SIZE_T DataLength);
NDISAPI NDIS_HANDLE NTAPI NdisGetPoolFromNetBuffer(PNET_BUFFER NetBuffer);
NDISAPI NDIS_HANDLE NTAPI NdisGetPoolFromNetBufferList(PNET_BUFFER_LIST NetBufferList);
NDISAPI NDIS_STATUS NTAPI NdisAllocateNetBufferListContext(PNET_BUFFER_LIST NetBufferList, USHORT ContextSize,
                                                           USHORT ContextBackFill, ULONG PoolTag);
NDISAPI VOID NTAPI NdisFreeNetBufferListContext(PNET_BUFFER_LIST NetBufferList, USHORT ContextSize);
NDISAPI NDIS_STATUS NTAPI NdisRetreatNetBufferDataStart(PNET_BUFFER NetBuffer, ULONG DataOffsetDelta,
                                                        ULONG DataBackFill,
                                                        NET_BUFFER_ALLOCATE_MDL_HANDLER AllocateMdlHandler);
NDISAPI VOID NTAPI NdisAdvanceNetBufferDataStart(PNET_BUFFER NetBuffer, ULONG DataOffsetDelta, BOOLEAN FreeMdl,
                                                 NET_BUFFER_FREE_MDL_HANDLER FreeMdlHandler);
NDISAPI NDIS_STATUS NTAPI NdisRetreatNetBufferListDataStart(PNET_BUFFER_LIST NetBufferList, ULONG DataOffsetDelta,
                                                            ULONG DataBackFill,
                                                            NET_BUFFER_ALLOCATE_MDL_HANDLER AllocateMdlHandler,
                                                            NET_BUFFER_FREE_MDL_HANDLER FreeMdlHandler);
NDISAPI VOID NTAPI NdisAdvanceNetBufferListDataStart(PNET_BUFFER_LIST NetBufferList, ULONG DataOffsetDelta,
                                                     BOOLEAN FreeMdl, NET_BUFFER_FREE_MDL_HANDLER FreeMdlHandler);
NDISAPI PVOID NTAPI NdisGetDataBuffer(PNET_BUFFER NetBuffer, ULONG BytesNeeded, PVOID Storage, UINT AlignMultiple,
                                      UINT AlignOffset);
NDISAPI NDIS_STATUS NTAPI NdisCopyFromNetBufferToNetBuffer(PNET_BUFFER Destination, ULONG DestinationOffset,
                                                           ULONG BytesToCopy, const NET_BUFFER *Source,
                                                           ULONG SourceOffset, PULONG BytesCopied);
NDISAPI PNET_BUFFER_LIST NTAPI NdisAllocateCloneNetBufferList(PNET_BUFFER_LIST OriginalNetBufferList,
                                                              NDIS_HANDLE NetBufferListPoolHandle,
                                                              NDIS_HANDLE NetBufferPoolHandle,
                                                              ULONG AllocateCloneFlags);
NDISAPI VOID NTAPI NdisFreeCloneNetBufferList(PNET_BUFFER_LIST CloneNetBufferList, ULONG FreeCloneFlags);
NDISAPI PNET_BUFFER_LIST NTAPI NdisAllocateFragmentNetBufferList(
    PNET_BUFFER_LIST OriginalNetBufferList, NDIS_HANDLE NetBufferListPool, NDIS_HANDLE NetBufferPool,
    ULONG StartOffset, ULONG MaximumLength, ULONG DataOffsetDelta, ULONG DataBackFill, ULONG AllocateFragmentFlags);
NDISAPI VOID NTAPI NdisFreeFragmentNetBufferList(PNET_BUFFER_LIST FragmentNetBufferList, ULONG DataOffsetDelta,
                                                 ULONG FreeFragmentFlags);
NDISAPI PNET_BUFFER_LIST NTAPI NdisAllocateReassembledNetBufferList(PNET_BUFFER_LIST FragmentNetBufferList,
                                                                    NDIS_HANDLE NetBufferAndNetBufferListPoolHandle,
                                                                    ULONG StartOffset, ULONG DataOffsetDelta,
                                                                    ULONG DataBackFill, ULONG AllocateReassembleFlags);
NDISAPI VOID NTAPI NdisFreeReassembledNetBufferList(PNET_BUFFER_LIST ReassembledNetBufferList,
                                                    ULONG DataOffsetDelta, ULONG FreeReassembleFlags);
NDISAPI VOID NTAPI NdisCopySendNetBufferListInfo(PNET_BUFFER_LIST DestNetBufferList,
                                                 PNET_BUFFER_LIST SrcNetBufferList);
NDISAPI VOID NTAPI NdisCopyReceiveNetBufferListInfo(PNET_BUFFER_LIST DestNetBufferList,
                                                    PNET_BUFFER_LIST SrcNetBufferList);

DDK_ASSERT_SIZE(NET_BUFFER, 0xb0);
DDK_ASSERT_OFFSET(NET_BUFFER, Next, 0x00);
DDK_ASSERT_OFFSET(NET_BUFFER, CurrentMdl, 0x08);
DDK_ASSERT_OFFSET(NET_BUFFER, CurrentMdlOffset, 0x10);
DDK_ASSERT_OFFSET(NET_BUFFER, DataLength, 0x18);
DDK_ASSERT_OFFSET(NET_BUFFER, MdlChain, 0x20);
DDK_ASSERT_OFFSET(NET_BUFFER, DataOffset, 0x28);
DDK_ASSERT_OFFSET(NET_BUFFER, ProtocolReserved, 0x50);
DDK_ASSERT_OFFSET(NET_BUFFER, MiniportReserved, 0x80);
DDK_ASSERT_OFFSET(NET_BUFFER_LIST, FirstNetBuffer, 0x08);
DDK_ASSERT_OFFSET(NET_BUFFER_LIST, Context, 0x10);
DDK_ASSERT_OFFSET(NET_BUFFER_LIST, ProtocolReserved, 0x40);
DDK_ASSERT_OFFSET(NET_BUFFER_LIST, MiniportReserved, 0x60);
DDK_ASSERT_OFFSET(NET_BUFFER_LIST, SourceHandle, 0x78);
DDK_ASSERT_OFFSET(NET_BUFFER_LIST, NblFlags, 0x80);
DDK_ASSERT_OFFSET(NET_BUFFER_LIST, Status, 0x8c);
DDK_ASSERT_OFFSET(NET_BUFFER_LIST, NetBufferListInfo, 0x90);
DDK_ASSERT_OFFSET(NET_BUFFER_LIST_CONTEXT, ContextData, 0x10);
DDK_ASSERT_SIZE(NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO, 8);
DDK_ASSERT_SIZE(NDIS_TCP_LARGE_SEND_OFFLOAD_NET_BUFFER_LIST_INFO, 8);
DDK_ASSERT_SIZE(NDIS_NET_BUFFER_LIST_8021Q_INFO, 8);

#endif /* UNDIS_DDK_NDIS_NBL_H */
