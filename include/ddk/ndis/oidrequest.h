/* SPDX-License-Identifier: MIT */
/*
 * ddk/ndis/oidrequest.h - OID requests and status indications.
 *
 * Model: a request travels down the stack and its answer up; a filter passes it on
 * as a clone. A status indication only travels up.
 */
#ifndef UNDIS_DDK_NDIS_OIDREQUEST_H
#define UNDIS_DDK_NDIS_OIDREQUEST_H

#include "types.h"

#define NDIS_OID_REQUEST_NDIS_RESERVED_SIZE 16
#define NDIS_OID_REQUEST_TIMEOUT_INFINITE 0
#define NDIS_OID_REQUEST_FLAGS_VPORT_ID_VALID 0x0001

typedef struct _NDIS_OID_REQUEST {
    NDIS_OBJECT_HEADER Header;
    NDIS_REQUEST_TYPE RequestType;
    NDIS_PORT_NUMBER PortNumber;
    UINT Timeout;
    PVOID RequestId;
    NDIS_HANDLE RequestHandle;
    union _REQUEST_DATA {
        NDIS_OID Oid; /* the same place in every kind of request */
        struct _QUERY {
            NDIS_OID Oid;
            PVOID InformationBuffer;
            UINT InformationBufferLength;
            UINT BytesWritten;
            UINT BytesNeeded;
        } QUERY_INFORMATION;
        struct _SET {
            NDIS_OID Oid;
            PVOID InformationBuffer;
            UINT InformationBufferLength;
            UINT BytesRead;
            UINT BytesNeeded;
        } SET_INFORMATION;
        struct _METHOD {
            NDIS_OID Oid;
            PVOID InformationBuffer;
            ULONG InputBufferLength;
            ULONG OutputBufferLength;
            ULONG MethodId;
            UINT BytesWritten;
            UINT BytesRead;
            UINT BytesNeeded;
        } METHOD_INFORMATION;
    } DATA;
    UCHAR NdisReserved[NDIS_OID_REQUEST_NDIS_RESERVED_SIZE * sizeof(PVOID)];
    UCHAR MiniportReserved[2 * sizeof(PVOID)];
    UCHAR SourceReserved[2 * sizeof(PVOID)];
    UCHAR SupportedRevision;
    UCHAR Reserved1;
    USHORT Reserved2;
#if NDIS_SUPPORT_NDIS650
    NDIS_NIC_SWITCH_ID SwitchId;
    NDIS_NIC_SWITCH_VPORT_ID VPortId;
    ULONG Flags;
#endif
} NDIS_OID_REQUEST, *PNDIS_OID_REQUEST;
#define NDIS_OID_REQUEST_REVISION_1 1
#define NDIS_SIZEOF_OID_REQUEST_REVISION_1 RTL_SIZEOF_THROUGH_FIELD(NDIS_OID_REQUEST, Reserved2)
#if NDIS_SUPPORT_NDIS650
#define NDIS_OID_REQUEST_REVISION_2 2
#define NDIS_SIZEOF_OID_REQUEST_REVISION_2 RTL_SIZEOF_THROUGH_FIELD(NDIS_OID_REQUEST, Flags)
#endif

typedef struct _NDIS_STATUS_INDICATION {
    NDIS_OBJECT_HEADER Header;
    NDIS_HANDLE SourceHandle;
    NDIS_PORT_NUMBER PortNumber;
    NDIS_STATUS StatusCode;
    ULONG Flags;
    NDIS_HANDLE DestinationHandle;
    PVOID RequestId;
    PVOID StatusBuffer;
    ULONG StatusBufferSize;
    GUID Guid;
    PVOID NdisReserved[4];
} NDIS_STATUS_INDICATION, *PNDIS_STATUS_INDICATION;
#define NDIS_STATUS_INDICATION_REVISION_1 1
#define NDIS_SIZEOF_STATUS_INDICATION_REVISION_1 RTL_SIZEOF_THROUGH_FIELD(NDIS_STATUS_INDICATION, NdisReserved)
#define NDIS_STATUS_INDICATION_FLAGS_NDIS_RESERVED 0xFFF
#define NDIS_STATUS_INDICATION_FLAGS_MEDIA_CONNECT_TO_CONNECT 0x1000

DDK_ASSERT_OFFSET(NDIS_OID_REQUEST, RequestId, 0x10);
DDK_ASSERT_OFFSET(NDIS_OID_REQUEST, DATA.QUERY_INFORMATION.Oid, 0x20);
DDK_ASSERT_OFFSET(NDIS_OID_REQUEST, DATA.QUERY_INFORMATION.InformationBuffer, 0x28);
DDK_ASSERT_OFFSET(NDIS_OID_REQUEST, DATA.QUERY_INFORMATION.InformationBufferLength, 0x30);
DDK_ASSERT_OFFSET(NDIS_OID_REQUEST, DATA.QUERY_INFORMATION.BytesWritten, 0x34);
DDK_ASSERT_OFFSET(NDIS_OID_REQUEST, DATA.QUERY_INFORMATION.BytesNeeded, 0x38);
DDK_ASSERT_OFFSET(NDIS_STATUS_INDICATION, StatusCode, 0x14);
DDK_ASSERT_OFFSET(NDIS_STATUS_INDICATION, StatusBuffer, 0x30);
DDK_ASSERT_OFFSET(NDIS_STATUS_INDICATION, StatusBufferSize, 0x38);

#endif /* UNDIS_DDK_NDIS_OIDREQUEST_H */
