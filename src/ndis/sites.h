/* SPDX-License-Identifier: MIT */
/*
 * ndis/sites.h - the names that NDIS's own frames and exports have in stack traces and findings.
 *
 * Model: a name stands for an address of the pseudo image; each is looked up once, in ndis_init().
 */
#ifndef NDIS_SITES_H
#define NDIS_SITES_H

#include <stdint.h>

/* Symbols that stand for NDIS's own frames below a driver's. Names as public stack traces show them. */
#define NDIS_SITES(X)                          \
    X(ndisMInitializeAdapter)                  \
    X(ndisMHaltMiniport)                       \
    X(ndisMPauseMiniport)                      \
    X(ndisMRestartMiniport)                    \
    X(ndisMShutdownMiniport)                   \
    X(ndisMInvokeSetOptions)                   \
    X(ndisMAddDevice)                          \
    X(ndisMRemoveDevice)                       \
    X(ndisAttachFilterInner)                   \
    X(ndisDetachFilterInner)                   \
    X(ndisPauseFilter)                         \
    X(ndisRestartFilter)                       \
    X(ndisFInvokeSetOptions)                   \
    X(ndisFInvokeSetModuleOptions)             \
    X(ndisFInvokeNetPnPEvent)                  \
    X(ndisFInvokeDevicePnPEventNotify)         \
    X(ndisBindNdis6Protocol)                   \
    X(ndisUnbindProtocol)                      \
    X(ndisPnPNotifyBinding)                    \
    X(ndisPInvokeSetOptions)                   \
    X(ndisInvokeCloseComplete)                 \
    X(ndisMDevicePnPEventNotifyInternal)       \
    X(ndisSendNBLToFilter)                     \
    X(ndisMSendNBLToMiniport)                  \
    X(ndisInvokeNextSendCompleteHandler)       \
    X(ndisMSendCompleteNetBufferListsInternal) \
    X(ndisCancelSendToNext)                    \
    X(ndisInvokeNextReceiveHandler)            \
    X(ndisMIndicateNetBufferListsToOpen)       \
    X(ndisReturnNblToNext)                     \
    X(ndisMReturnNetBufferListsInternal)       \
    X(ndisInvokeOidRequest)                    \
    X(ndisInvokeOidRequestComplete)            \
    X(ndisInvokeCancelOidRequest)              \
    X(ndisInvokeStatus)                        \
    X(ndisInvokeTimer)                         \
    X(ndisInvokeWorkItem)                      \
    X(ndisInvokeDispatch)                      \
    X(ndisMiniportIsr)                         \
    X(ndisMiniportMessageIsr)                  \
    X(ndisMiniportDpc)                         \
    X(ndisMiniportMessageDpc)                  \
    X(ndisMSynchronizeWithInterrupt)           \
    X(ndisMProcessSGList)                      \
    X(ndisMResetMiniportInternal)              \
    X(ndisMCheckForHang)                       \
    X(ndisMStartDevice)                        \
    X(ndisMFilterResourceRequirements)         \
    X(ndisMQueuedAllocateSharedHandler)        \
    X(ndisInvokePoll)                          \
    X(ndisSetPollNotification)                 \
    X(ndisMIdleNotification)                   \
    X(ndisMCancelIdleNotification)

struct ndis_sites {
#define X(name) uint32_t name;
    NDIS_SITES(X)
#undef X
};
extern struct ndis_sites ndis_site; /* const after init */

/* Exports that name themselves in HEADER_MISUSE. */
#define NDIS_EXPORT_SITES(X)         \
    X(NdisFRegisterFilterDriver)     \
    X(NdisFSetAttributes)            \
    X(NdisSetOptionalHandlers)       \
    X(NdisMRegisterMiniportDriver)   \
    X(NdisMSetMiniportAttributes)    \
    X(NdisRegisterProtocolDriver)    \
    X(NdisRegisterProtocol)          \
    X(NdisOpenAdapterEx)             \
    X(NdisAllocateNetBufferListPool) \
    X(NdisAllocateNetBufferPool)     \
    X(NdisMAllocatePort)             \
    X(NdisMNetPnPEvent)              \
    X(NdisFNetPnPEvent)              \
    X(NdisRegisterPoll)

struct ndis_exports {
#define X(name) uint32_t name;
    NDIS_EXPORT_SITES(X)
#undef X
};
extern struct ndis_exports ndis_export; /* const after init */

#endif
