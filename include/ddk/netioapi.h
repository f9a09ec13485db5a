/* SPDX-License-Identifier: MIT */
/*
 * ddk/netioapi.h - the IP helper for kernel code: interfaces, addresses, routes, neighbours.
 *
 * A driver built with these functions loads, and a call of one ends the run as unsupported, by name: a machine of undis
 * has adapters, and no IP over them.
 */
#ifndef UNDIS_DDK_NETIOAPI_H
#define UNDIS_DDK_NETIOAPI_H

#include "ifdef.h"
#include "nldef.h"
#include "ntddndis.h"
#include "ws2ipdef.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NETIO_STATUS NTSTATUS
#define NETIOAPI_API_ NTAPI
#define NETIOAPI_API NTSYSAPI NETIO_STATUS NETIOAPI_API_
#define IF_NAMESIZE NDIS_IF_MAX_STRING_SIZE

typedef enum _MIB_NOTIFICATION_TYPE {
    MibParameterNotification = 0,
    MibAddInstance = 1,
    MibDeleteInstance = 2,
    MibInitialNotification = 3
} MIB_NOTIFICATION_TYPE,
    *PMIB_NOTIFICATION_TYPE;

typedef enum _MIB_IF_TABLE_LEVEL {
    MibIfTableNormal = 0,
    MibIfTableRaw = 1,
    MibIfTableNormalWithoutStatistics = 2
} MIB_IF_TABLE_LEVEL,
    *PMIB_IF_TABLE_LEVEL;

typedef struct DDK_MS_STRUCT _MIB_IF_ROW2 {
    NET_LUID InterfaceLuid;
    NET_IFINDEX InterfaceIndex;
    GUID InterfaceGuid;
    WCHAR Alias[IF_MAX_STRING_SIZE + 1];
    WCHAR Description[IF_MAX_STRING_SIZE + 1];
    ULONG PhysicalAddressLength;
    UCHAR PhysicalAddress[IF_MAX_PHYS_ADDRESS_LENGTH];
    UCHAR PermanentPhysicalAddress[IF_MAX_PHYS_ADDRESS_LENGTH];
    ULONG Mtu;
    IFTYPE Type;
    TUNNEL_TYPE TunnelType;
    NDIS_MEDIUM MediaType;
    NDIS_PHYSICAL_MEDIUM PhysicalMediumType;
    NET_IF_ACCESS_TYPE AccessType;
    NET_IF_DIRECTION_TYPE DirectionType;
    struct DDK_MS_STRUCT {
        BOOLEAN HardwareInterface : 1;
        BOOLEAN FilterInterface : 1;
        BOOLEAN ConnectorPresent : 1;
        BOOLEAN NotAuthenticated : 1;
        BOOLEAN NotMediaConnected : 1;
        BOOLEAN Paused : 1;
        BOOLEAN LowPower : 1;
        BOOLEAN EndPointInterface : 1;
    } InterfaceAndOperStatusFlags;
    IF_OPER_STATUS OperStatus;
    NET_IF_ADMIN_STATUS AdminStatus;
    NET_IF_MEDIA_CONNECT_STATE MediaConnectState;
    NET_IF_NETWORK_GUID NetworkGuid;
    NET_IF_CONNECTION_TYPE ConnectionType;
    ULONG64 TransmitLinkSpeed;
    ULONG64 ReceiveLinkSpeed;
    ULONG64 InOctets;
    ULONG64 InUcastPkts;
    ULONG64 InNUcastPkts;
    ULONG64 InDiscards;
    ULONG64 InErrors;
    ULONG64 InUnknownProtos;
    ULONG64 InUcastOctets;
    ULONG64 InMulticastOctets;
    ULONG64 InBroadcastOctets;
    ULONG64 OutOctets;
    ULONG64 OutUcastPkts;
    ULONG64 OutNUcastPkts;
    ULONG64 OutDiscards;
    ULONG64 OutErrors;
    ULONG64 OutUcastOctets;
    ULONG64 OutMulticastOctets;
    ULONG64 OutBroadcastOctets;
    ULONG64 OutQLen;
} MIB_IF_ROW2, *PMIB_IF_ROW2;

typedef struct _MIB_IF_TABLE2 {
    ULONG NumEntries;
    MIB_IF_ROW2 Table[1];
} MIB_IF_TABLE2, *PMIB_IF_TABLE2;

typedef struct _MIB_IPINTERFACE_ROW {
    ADDRESS_FAMILY Family;
    NET_LUID InterfaceLuid;
    NET_IFINDEX InterfaceIndex;
    ULONG MaxReassemblySize;
    ULONG64 InterfaceIdentifier;
    ULONG MinRouterAdvertisementInterval;
    ULONG MaxRouterAdvertisementInterval;
    BOOLEAN AdvertisingEnabled;
    BOOLEAN ForwardingEnabled;
    BOOLEAN WeakHostSend;
    BOOLEAN WeakHostReceive;
    BOOLEAN UseAutomaticMetric;
    BOOLEAN UseNeighborUnreachabilityDetection;
    BOOLEAN ManagedAddressConfigurationSupported;
    BOOLEAN OtherStatefulConfigurationSupported;
    BOOLEAN AdvertiseDefaultRoute;
    NL_ROUTER_DISCOVERY_BEHAVIOR RouterDiscoveryBehavior;
    ULONG DadTransmits;
    ULONG BaseReachableTime;
    ULONG RetransmitTime;
    ULONG PathMtuDiscoveryTimeout;
    NL_LINK_LOCAL_ADDRESS_BEHAVIOR LinkLocalAddressBehavior;
    ULONG LinkLocalAddressTimeout;
    ULONG ZoneIndices[ScopeLevelCount];
    ULONG SitePrefixLength;
    ULONG Metric;
    ULONG NlMtu;
    BOOLEAN Connected;
    BOOLEAN SupportsWakeUpPatterns;
    BOOLEAN SupportsNeighborDiscovery;
    BOOLEAN SupportsRouterDiscovery;
    ULONG ReachableTime;
    NL_INTERFACE_OFFLOAD_ROD TransmitOffload;
    NL_INTERFACE_OFFLOAD_ROD ReceiveOffload;
    BOOLEAN DisableDefaultRoutes;
} MIB_IPINTERFACE_ROW, *PMIB_IPINTERFACE_ROW;

typedef struct _MIB_IPINTERFACE_TABLE {
    ULONG NumEntries;
    MIB_IPINTERFACE_ROW Table[1];
} MIB_IPINTERFACE_TABLE, *PMIB_IPINTERFACE_TABLE;

typedef struct _MIB_UNICASTIPADDRESS_ROW {
    SOCKADDR_INET Address;
    NET_LUID InterfaceLuid;
    NET_IFINDEX InterfaceIndex;
    NL_PREFIX_ORIGIN PrefixOrigin;
    NL_SUFFIX_ORIGIN SuffixOrigin;
    ULONG ValidLifetime;
    ULONG PreferredLifetime;
    UINT8 OnLinkPrefixLength;
    BOOLEAN SkipAsSource;
    NL_DAD_STATE DadState;
    SCOPE_ID ScopeId;
    LARGE_INTEGER CreationTimeStamp;
} MIB_UNICASTIPADDRESS_ROW, *PMIB_UNICASTIPADDRESS_ROW;

typedef struct _MIB_UNICASTIPADDRESS_TABLE {
    ULONG NumEntries;
    MIB_UNICASTIPADDRESS_ROW Table[1];
} MIB_UNICASTIPADDRESS_TABLE, *PMIB_UNICASTIPADDRESS_TABLE;

typedef struct _IP_ADDRESS_PREFIX {
    SOCKADDR_INET Prefix;
    UINT8 PrefixLength;
} IP_ADDRESS_PREFIX, *PIP_ADDRESS_PREFIX;

typedef struct _MIB_IPFORWARD_ROW2 {
    NET_LUID InterfaceLuid;
    NET_IFINDEX InterfaceIndex;
    IP_ADDRESS_PREFIX DestinationPrefix;
    SOCKADDR_INET NextHop;
    UCHAR SitePrefixLength;
    ULONG ValidLifetime;
    ULONG PreferredLifetime;
    ULONG Metric;
    NL_ROUTE_PROTOCOL Protocol;
    BOOLEAN Loopback;
    BOOLEAN AutoconfigureAddress;
    BOOLEAN Publish;
    BOOLEAN Immortal;
    ULONG Age;
    NL_ROUTE_ORIGIN Origin;
} MIB_IPFORWARD_ROW2, *PMIB_IPFORWARD_ROW2;

typedef struct _MIB_IPFORWARD_TABLE2 {
    ULONG NumEntries;
    MIB_IPFORWARD_ROW2 Table[1];
} MIB_IPFORWARD_TABLE2, *PMIB_IPFORWARD_TABLE2;

typedef struct _MIB_IPPATH_ROW {
    SOCKADDR_INET Source;
    SOCKADDR_INET Destination;
    NET_LUID InterfaceLuid;
    NET_IFINDEX InterfaceIndex;
    SOCKADDR_INET CurrentNextHop;
    ULONG PathMtu;
    ULONG RttMean;
    ULONG RttDeviation;
    union {
        ULONG LastReachable;
        ULONG LastUnreachable;
    };
    BOOLEAN IsReachable;
    ULONG64 LinkTransmitSpeed;
    ULONG64 LinkReceiveSpeed;
} MIB_IPPATH_ROW, *PMIB_IPPATH_ROW;

typedef struct DDK_MS_STRUCT _MIB_IPNET_ROW2 {
    SOCKADDR_INET Address;
    NET_IFINDEX InterfaceIndex;
    NET_LUID InterfaceLuid;
    UCHAR PhysicalAddress[IF_MAX_PHYS_ADDRESS_LENGTH];
    ULONG PhysicalAddressLength;
    NL_NEIGHBOR_STATE State;
    union {
        struct DDK_MS_STRUCT {
            BOOLEAN IsRouter : 1;
            BOOLEAN IsUnreachable : 1;
        };
        UCHAR Flags;
    };
    union {
        ULONG LastReachable;
        ULONG LastUnreachable;
    } ReachabilityTime;
} MIB_IPNET_ROW2, *PMIB_IPNET_ROW2;

typedef struct _MIB_IPNET_TABLE2 {
    ULONG NumEntries;
    MIB_IPNET_ROW2 Table[1];
} MIB_IPNET_TABLE2, *PMIB_IPNET_TABLE2;

DDK_ASSERT_SIZE(MIB_IF_ROW2, 1352);
DDK_ASSERT_SIZE(MIB_IPINTERFACE_ROW, 168);
DDK_ASSERT_SIZE(MIB_UNICASTIPADDRESS_ROW, 80);
DDK_ASSERT_SIZE(MIB_IPFORWARD_ROW2, 104);
DDK_ASSERT_SIZE(MIB_IPNET_ROW2, 88);

typedef VOID NETIOAPI_API_ (*PIPINTERFACE_CHANGE_CALLBACK)(_In_ PVOID CallerContext,
                                                           _In_opt_ PMIB_IPINTERFACE_ROW Row,
                                                           _In_ MIB_NOTIFICATION_TYPE NotificationType);
typedef VOID NETIOAPI_API_ (*PUNICAST_IPADDRESS_CHANGE_CALLBACK)(_In_ PVOID CallerContext,
                                                                 _In_opt_ PMIB_UNICASTIPADDRESS_ROW Row,
                                                                 _In_ MIB_NOTIFICATION_TYPE NotificationType);
typedef VOID NETIOAPI_API_ (*PIPFORWARD_CHANGE_CALLBACK)(_In_ PVOID CallerContext, _In_opt_ PMIB_IPFORWARD_ROW2 Row,
                                                         _In_ MIB_NOTIFICATION_TYPE NotificationType);

NETIOAPI_API GetIfEntry2(_Inout_ PMIB_IF_ROW2 Row);
NETIOAPI_API GetIfTable2(_Outptr_ PMIB_IF_TABLE2 *Table);
NETIOAPI_API GetIfTable2Ex(_In_ MIB_IF_TABLE_LEVEL Level, _Outptr_ PMIB_IF_TABLE2 *Table);
NETIOAPI_API GetIpInterfaceEntry(_Inout_ PMIB_IPINTERFACE_ROW Row);
NETIOAPI_API GetIpInterfaceTable(_In_ ADDRESS_FAMILY Family, _Outptr_ PMIB_IPINTERFACE_TABLE *Table);
NETIOAPI_API SetIpInterfaceEntry(_Inout_ PMIB_IPINTERFACE_ROW Row);
NTSYSAPI VOID NETIOAPI_API_ InitializeIpInterfaceEntry(_Out_ PMIB_IPINTERFACE_ROW Row);
NETIOAPI_API NotifyIpInterfaceChange(_In_ ADDRESS_FAMILY Family, _In_ PIPINTERFACE_CHANGE_CALLBACK Callback,
                                     _In_opt_ PVOID CallerContext, _In_ BOOLEAN InitialNotification,
                                     _Inout_ HANDLE *NotificationHandle);
NETIOAPI_API CreateUnicastIpAddressEntry(_In_ const MIB_UNICASTIPADDRESS_ROW *Row);
NETIOAPI_API DeleteUnicastIpAddressEntry(_In_ const MIB_UNICASTIPADDRESS_ROW *Row);
NETIOAPI_API GetUnicastIpAddressEntry(_Inout_ PMIB_UNICASTIPADDRESS_ROW Row);
NETIOAPI_API GetUnicastIpAddressTable(_In_ ADDRESS_FAMILY Family, _Outptr_ PMIB_UNICASTIPADDRESS_TABLE *Table);
NTSYSAPI VOID NETIOAPI_API_ InitializeUnicastIpAddressEntry(_Out_ PMIB_UNICASTIPADDRESS_ROW Row);
NETIOAPI_API NotifyUnicastIpAddressChange(_In_ ADDRESS_FAMILY Family,
                                          _In_ PUNICAST_IPADDRESS_CHANGE_CALLBACK Callback,
                                          _In_opt_ PVOID CallerContext, _In_ BOOLEAN InitialNotification,
                                          _Inout_ HANDLE *NotificationHandle);
NETIOAPI_API CreateIpForwardEntry2(_In_ const MIB_IPFORWARD_ROW2 *Row);
NETIOAPI_API DeleteIpForwardEntry2(_In_ const MIB_IPFORWARD_ROW2 *Row);
NETIOAPI_API GetBestRoute2(_In_opt_ NET_LUID *InterfaceLuid, _In_ NET_IFINDEX InterfaceIndex,
                           _In_opt_ const SOCKADDR_INET *SourceAddress, _In_ const SOCKADDR_INET *DestinationAddress,
                           _In_ ULONG AddressSortOptions, _Out_ PMIB_IPFORWARD_ROW2 BestRoute,
                           _Out_ SOCKADDR_INET *BestSourceAddress);
NETIOAPI_API GetIpForwardTable2(_In_ ADDRESS_FAMILY Family, _Outptr_ PMIB_IPFORWARD_TABLE2 *Table);
NTSYSAPI VOID NETIOAPI_API_ InitializeIpForwardEntry(_Out_ PMIB_IPFORWARD_ROW2 Row);
NETIOAPI_API NotifyRouteChange2(_In_ ADDRESS_FAMILY AddressFamily, _In_ PIPFORWARD_CHANGE_CALLBACK Callback,
                                _In_ PVOID CallerContext, _In_ BOOLEAN InitialNotification,
                                _Inout_ HANDLE *NotificationHandle);
NETIOAPI_API GetIpPathEntry(_Inout_ PMIB_IPPATH_ROW Row);
NETIOAPI_API GetIpNetEntry2(_Inout_ PMIB_IPNET_ROW2 Row);
NETIOAPI_API GetIpNetTable2(_In_ ADDRESS_FAMILY Family, _Outptr_ PMIB_IPNET_TABLE2 *Table);
NETIOAPI_API ResolveIpNetEntry2(_Inout_ PMIB_IPNET_ROW2 Row, _In_opt_ const SOCKADDR_INET *SourceAddress);
NETIOAPI_API CancelMibChangeNotify2(_In_ HANDLE NotificationHandle);
NTSYSAPI VOID NETIOAPI_API_ FreeMibTable(_In_ PVOID Memory);

NETIOAPI_API ConvertInterfaceLuidToIndex(_In_ const NET_LUID *InterfaceLuid, _Out_ PNET_IFINDEX InterfaceIndex);
NETIOAPI_API ConvertInterfaceIndexToLuid(_In_ NET_IFINDEX InterfaceIndex, _Out_ PNET_LUID InterfaceLuid);
NETIOAPI_API ConvertInterfaceLuidToGuid(_In_ const NET_LUID *InterfaceLuid, _Out_ GUID *InterfaceGuid);
NETIOAPI_API ConvertInterfaceGuidToLuid(_In_ const GUID *InterfaceGuid, _Out_ PNET_LUID InterfaceLuid);
NETIOAPI_API ConvertInterfaceLuidToAlias(_In_ const NET_LUID *InterfaceLuid,
                                         _Out_writes_(Length) PWSTR InterfaceAlias, _In_ SIZE_T Length);

#ifdef __cplusplus
}
#endif

#endif /* UNDIS_DDK_NETIOAPI_H */
