/* SPDX-License-Identifier: MIT */
/*
 * builtin/import.h - what the drivers of this folder call.
 *
 * Model: their import table. Each function they use is wrapped so that the call passes what a slot in a pseudo image
 * makes every driver's call pass (machine/native.h); the macros at the end put the wrappers in the functions' places,
 * so that their code reads as a driver's does.
 */
#ifndef BUILTIN_IMPORT_H
#define BUILTIN_IMPORT_H

#include "base/args.h"
#include "ddk/ntddk.h"
#include "ddk/ndis.h"
#include "machine/native.h"

/* void functions, then those with a result: module, name, arguments */
#define BUILTIN_VOIDS(X)                                                                                        \
    X(ndis, NdisMPauseComplete, (NDIS_HANDLE, a))                                                               \
    X(ndis, NdisMSendNetBufferListsComplete, (NDIS_HANDLE, a), (PNET_BUFFER_LIST, b), (ULONG, c))               \
    X(ndis, NdisMIndicateReceiveNetBufferLists, (NDIS_HANDLE, a), (PNET_BUFFER_LIST, b), (NDIS_PORT_NUMBER, c), \
      (ULONG, d), (ULONG, e))                                                                                   \
    X(ndis, NdisMIndicateStatusEx, (NDIS_HANDLE, a), (PNDIS_STATUS_INDICATION, b))                              \
    X(ndis, NdisReadConfiguration, (PNDIS_STATUS, a), (PNDIS_CONFIGURATION_PARAMETER *, b), (NDIS_HANDLE, c),   \
      (PNDIS_STRING, d), (NDIS_PARAMETER_TYPE, e))                                                              \
    X(ndis, NdisReadNetworkAddress, (PNDIS_STATUS, a), (PVOID *, b), (PUINT, c), (NDIS_HANDLE, d))              \
    X(ndis, NdisCloseConfiguration, (NDIS_HANDLE, a))                                                           \
    X(ndis, NdisFreeNetBufferListPool, (NDIS_HANDLE, a))                                                        \
    X(ndis, NdisFreeNetBufferList, (PNET_BUFFER_LIST, a))                                                       \
    X(ndis, NdisFreeMdl, (PMDL, a))                                                                             \
    X(ndis, NdisFreeMemory, (PVOID, a), (UINT, b), (UINT, c))                                                   \
    X(ndis, NdisAllocateSpinLock, (PNDIS_SPIN_LOCK, a))                                                         \
    X(ndis, NdisFreeSpinLock, (PNDIS_SPIN_LOCK, a))                                                             \
    X(ndis, NdisAcquireSpinLock, (PNDIS_SPIN_LOCK, a))                                                          \
    X(ndis, NdisReleaseSpinLock, (PNDIS_SPIN_LOCK, a))                                                          \
    X(ndis, NdisInitializeEvent, (PNDIS_EVENT, a))                                                              \
    X(ndis, NdisSetEvent, (PNDIS_EVENT, a))                                                                     \
    X(ndis, NdisSendNetBufferLists, (NDIS_HANDLE, a), (PNET_BUFFER_LIST, b), (NDIS_PORT_NUMBER, c), (ULONG, d)) \
    X(ndis, NdisReturnNetBufferLists, (NDIS_HANDLE, a), (PNET_BUFFER_LIST, b), (ULONG, c))                      \
    X(ndis, NdisCancelSendNetBufferLists, (NDIS_HANDLE, a), (PVOID, b))                                         \
    X(ndis, NdisCompleteNetPnPEvent, (NDIS_HANDLE, a), (PNET_PNP_EVENT_NOTIFICATION, b), (NDIS_STATUS, c))      \
    X(ntoskrnl, KeInitializeDpc, (PRKDPC, a), (PKDEFERRED_ROUTINE, b), (PVOID, c))                              \
    X(ntoskrnl, KeSetTargetProcessorDpc, (PRKDPC, a), (CCHAR, b))                                               \
    X(ntoskrnl, KeFlushQueuedDpcs)

#define BUILTIN_RESULTS(X)                                                                                            \
    X(ndis, NDIS_STATUS, NdisMRegisterMiniportDriver, (PDRIVER_OBJECT, a), (PUNICODE_STRING, b), (NDIS_HANDLE, c),    \
      (PNDIS_MINIPORT_DRIVER_CHARACTERISTICS, d), (PNDIS_HANDLE, e))                                                  \
    X(ndis, NDIS_STATUS, NdisMSetMiniportAttributes, (NDIS_HANDLE, a), (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES, b))        \
    X(ndis, NDIS_STATUS, NdisOpenConfigurationEx, (PNDIS_CONFIGURATION_OBJECT, a), (PNDIS_HANDLE, b))                 \
    X(ndis, NDIS_HANDLE, NdisAllocateNetBufferListPool, (NDIS_HANDLE, a), (PNET_BUFFER_LIST_POOL_PARAMETERS, b))      \
    X(ndis, PNET_BUFFER_LIST, NdisAllocateNetBufferAndNetBufferList, (NDIS_HANDLE, a), (USHORT, b), (USHORT, c),      \
      (PMDL, d), (ULONG, e), (SIZE_T, f))                                                                             \
    X(ndis, PMDL, NdisAllocateMdl, (NDIS_HANDLE, a), (PVOID, b), (UINT, c))                                           \
    X(ndis, PVOID, NdisAllocateMemoryWithTagPriority, (NDIS_HANDLE, a), (UINT, b), (ULONG, c), (EX_POOL_PRIORITY, d)) \
    X(ndis, UCHAR, NdisGeneratePartialCancelId)                                                                       \
    X(ndis, BOOLEAN, NdisWaitEvent, (PNDIS_EVENT, a), (UINT, b))                                                      \
    X(ndis, NDIS_STATUS, NdisRegisterProtocolDriver, (NDIS_HANDLE, a), (PNDIS_PROTOCOL_DRIVER_CHARACTERISTICS, b),    \
      (PNDIS_HANDLE, c))                                                                                              \
    X(ndis, NDIS_STATUS, NdisOpenAdapterEx, (NDIS_HANDLE, a), (NDIS_HANDLE, b), (PNDIS_OPEN_PARAMETERS, c),           \
      (NDIS_HANDLE, d), (PNDIS_HANDLE, e))                                                                            \
    X(ndis, NDIS_STATUS, NdisCloseAdapterEx, (NDIS_HANDLE, a))                                                        \
    X(ndis, NDIS_STATUS, NdisOidRequest, (NDIS_HANDLE, a), (PNDIS_OID_REQUEST, b))                                    \
    X(ntoskrnl, BOOLEAN, KeInsertQueueDpc, (PRKDPC, a), (PVOID, b), (PVOID, c))

enum builtin_import {
#define X(module, name, ...) IMPORT_##name,
    BUILTIN_VOIDS(X)
#undef X
#define X(module, type, name, ...) IMPORT_##name,
        BUILTIN_RESULTS(X)
#undef X
            BUILTIN_IMPORTS
};
extern uint32_t builtin_import[BUILTIN_IMPORTS]; /* index of each export; const after init */

/* (type, name) pairs into parameters, and into names. */
#define IMPORT_PARAMETER(type, name)                type name
#define IMPORT_NAME(type, name)                     name
#define IMPORT_EACH_0(m)                            void
#define IMPORT_EACH_1(m, a)                         m a
#define IMPORT_EACH_2(m, a, ...)                    m a, IMPORT_EACH_1(m, __VA_ARGS__)
#define IMPORT_EACH_3(m, a, ...)                    m a, IMPORT_EACH_2(m, __VA_ARGS__)
#define IMPORT_EACH_4(m, a, ...)                    m a, IMPORT_EACH_3(m, __VA_ARGS__)
#define IMPORT_EACH_5(m, a, ...)                    m a, IMPORT_EACH_4(m, __VA_ARGS__)
#define IMPORT_EACH_6(m, a, ...)                    m a, IMPORT_EACH_5(m, __VA_ARGS__)
#define IMPORT_COUNT(...)                           IMPORT_COUNT_N(_, ##__VA_ARGS__, 6, 5, 4, 3, 2, 1, 0)
#define IMPORT_COUNT_N(_, a, b, c, d, e, f, n, ...) n
#define IMPORT_PASTE(a, b)                          a##b
#define IMPORT_EACH(n)                              IMPORT_PASTE(IMPORT_EACH_, n)
#define IMPORT_PARAMETERS(...)                      IMPORT_PARAMETERS_OF(IMPORT_COUNT(__VA_ARGS__), ##__VA_ARGS__)
#define IMPORT_PARAMETERS_OF(n, ...)                IMPORT_EACH(n)(IMPORT_PARAMETER, ##__VA_ARGS__)
#define IMPORT_NAMES(...)                           IMPORT_NAMES_OF(IMPORT_COUNT(__VA_ARGS__), ##__VA_ARGS__)
#define IMPORT_NAMES_OF(n, ...)                     IMPORT_NAMES_N(n, ##__VA_ARGS__)
#define IMPORT_NAMES_N(n, ...)                      IMPORT_NAMES_##n(__VA_ARGS__)
#define IMPORT_NAMES_0()
#define IMPORT_NAMES_1(...) IMPORT_EACH_1(IMPORT_NAME, __VA_ARGS__)
#define IMPORT_NAMES_2(...) IMPORT_EACH_2(IMPORT_NAME, __VA_ARGS__)
#define IMPORT_NAMES_3(...) IMPORT_EACH_3(IMPORT_NAME, __VA_ARGS__)
#define IMPORT_NAMES_4(...) IMPORT_EACH_4(IMPORT_NAME, __VA_ARGS__)
#define IMPORT_NAMES_5(...) IMPORT_EACH_5(IMPORT_NAME, __VA_ARGS__)
#define IMPORT_NAMES_6(...) IMPORT_EACH_6(IMPORT_NAME, __VA_ARGS__)

#define IMPORT_ENTER(name, ...)                          \
    const uint64_t args_[6] = { U64_ARGS(__VA_ARGS__) }; \
    bool was_ = native_enter(builtin_import[IMPORT_##name], args_)
#define X(module, name, ...)                                         \
    static inline void import_##name(IMPORT_PARAMETERS(__VA_ARGS__)) \
    {                                                                \
        IMPORT_ENTER(name, IMPORT_NAMES(__VA_ARGS__));               \
        name(IMPORT_NAMES(__VA_ARGS__));                             \
        native_leave(builtin_import[IMPORT_##name], was_);           \
    }
BUILTIN_VOIDS(X)
#undef X
#define X(module, type, name, ...)                                   \
    static inline type import_##name(IMPORT_PARAMETERS(__VA_ARGS__)) \
    {                                                                \
        IMPORT_ENTER(name, IMPORT_NAMES(__VA_ARGS__));               \
        type result_ = name(IMPORT_NAMES(__VA_ARGS__));              \
        native_leave(builtin_import[IMPORT_##name], was_);           \
        return result_;                                              \
    }
BUILTIN_RESULTS(X)
#undef X

#define NdisMPauseComplete                    import_NdisMPauseComplete
#define NdisMSendNetBufferListsComplete       import_NdisMSendNetBufferListsComplete
#define NdisMIndicateReceiveNetBufferLists    import_NdisMIndicateReceiveNetBufferLists
#define NdisMIndicateStatusEx                 import_NdisMIndicateStatusEx
#define NdisReadConfiguration                 import_NdisReadConfiguration
#define NdisReadNetworkAddress                import_NdisReadNetworkAddress
#define NdisCloseConfiguration                import_NdisCloseConfiguration
#define NdisFreeNetBufferListPool             import_NdisFreeNetBufferListPool
#define NdisFreeNetBufferList                 import_NdisFreeNetBufferList
#define NdisFreeMdl                           import_NdisFreeMdl
#define NdisFreeMemory                        import_NdisFreeMemory
#define NdisAllocateSpinLock                  import_NdisAllocateSpinLock
#define NdisFreeSpinLock                      import_NdisFreeSpinLock
#define NdisAcquireSpinLock                   import_NdisAcquireSpinLock
#define NdisReleaseSpinLock                   import_NdisReleaseSpinLock
#define NdisInitializeEvent                   import_NdisInitializeEvent
#define NdisSetEvent                          import_NdisSetEvent
#define NdisSendNetBufferLists                import_NdisSendNetBufferLists
#define NdisReturnNetBufferLists              import_NdisReturnNetBufferLists
#define NdisCancelSendNetBufferLists          import_NdisCancelSendNetBufferLists
#define NdisGeneratePartialCancelId           import_NdisGeneratePartialCancelId
#define NdisCompleteNetPnPEvent               import_NdisCompleteNetPnPEvent
#define KeInitializeDpc                       import_KeInitializeDpc
#define KeSetTargetProcessorDpc               import_KeSetTargetProcessorDpc
#define KeFlushQueuedDpcs                     import_KeFlushQueuedDpcs
#define NdisMRegisterMiniportDriver           import_NdisMRegisterMiniportDriver
#define NdisMSetMiniportAttributes            import_NdisMSetMiniportAttributes
#define NdisOpenConfigurationEx               import_NdisOpenConfigurationEx
#define NdisAllocateNetBufferListPool         import_NdisAllocateNetBufferListPool
#define NdisAllocateNetBufferAndNetBufferList import_NdisAllocateNetBufferAndNetBufferList
#define NdisAllocateMdl                       import_NdisAllocateMdl
#define NdisAllocateMemoryWithTagPriority     import_NdisAllocateMemoryWithTagPriority
#define NdisWaitEvent                         import_NdisWaitEvent
#define NdisRegisterProtocolDriver            import_NdisRegisterProtocolDriver
#define NdisOpenAdapterEx                     import_NdisOpenAdapterEx
#define NdisCloseAdapterEx                    import_NdisCloseAdapterEx
#define NdisOidRequest                        import_NdisOidRequest
#define KeInsertQueueDpc                      import_KeInsertQueueDpc

#endif
