/* SPDX-License-Identifier: MIT */
/* tests.c - the questions, and DriverEntry; see stack.h. */
#include "stack.h"

DRIVER_INITIALIZE DriverEntry;

STACK_SEEN Seen;
NDIS_HANDLE DdiFilterDriver;
PDRIVER_OBJECT DdiDriverObject;
UNICODE_STRING DdiRegistryPath;

static UCHAR FrameBytes[100];
static NDIS_HANDLE Pool;
static PMDL Mdl;
static PNET_BUFFER_LIST List;

VOID
StackLater(NDIS_HANDLE Owner, NDIS_IO_WORKITEM_ROUTINE Routine, PVOID Context)
{
    NDIS_HANDLE item = NdisAllocateIoWorkItem(Owner);

    CHECK(item != NULL);
    if (item != NULL)
        NdisQueueIoWorkItem(item, Routine, Context);
}

BOOLEAN
StackReaches(volatile LONG *Count, LONG Value)
{
    LARGE_INTEGER wait;
    ULONG i;

    wait.QuadPart = -10 * 1000;
    for (i = 0; i < 2000 && *Count < Value; i++)
        KeDelayExecutionThread(KernelMode, FALSE, &wait);
    return *Count >= Value;
}

VOID
StackRequest(PNDIS_OID_REQUEST Request, NDIS_REQUEST_TYPE Type, NDIS_OID Oid, PVOID Buffer, ULONG Length)
{
    NdisZeroMemory(Request, sizeof(*Request));
    Request->Header.Type = NDIS_OBJECT_TYPE_OID_REQUEST;
    Request->Header.Revision = NDIS_OID_REQUEST_REVISION_1;
    Request->Header.Size = NDIS_SIZEOF_OID_REQUEST_REVISION_1;
    Request->RequestType = Type;
    Request->RequestId = (PVOID)(ULONG_PTR)0x77;
    Request->DATA.QUERY_INFORMATION.Oid = Oid;
    Request->DATA.QUERY_INFORMATION.InformationBuffer = Buffer;
    Request->DATA.QUERY_INFORMATION.InformationBufferLength = Length;
}

static BOOLEAN
MakeList(VOID)
{
    NET_BUFFER_LIST_POOL_PARAMETERS parameters;

    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    parameters.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.fAllocateNetBuffer = TRUE;
    parameters.PoolTag = DDI_TAG;
    FrameBytes[0] = 0xff;
    FrameBytes[12] = 0x88;
    FrameBytes[13] = 0xb5; /* an experimental Ethertype */
    Pool = NdisAllocateNetBufferListPool(DdiFilterDriver, &parameters);
    Mdl = NdisAllocateMdl(DdiFilterDriver, FrameBytes, sizeof(FrameBytes));
    List = Pool != NULL && Mdl != NULL ? NdisAllocateNetBufferAndNetBufferList(Pool, 0, 0, Mdl, 0, sizeof(FrameBytes))
                                       : NULL;
    CHECK(List != NULL);
    return List != NULL;
}

static VOID
FreeList(VOID)
{
    NdisFreeNetBufferList(List);
    NdisFreeMdl(Mdl);
    NdisFreeNetBufferListPool(Pool);
}

PNET_BUFFER_LIST
StackFrame(VOID)
{
    return MakeList() ? List : NULL;
}

VOID
StackFreeFrame(VOID)
{
    FreeList();
}

static VOID
EverythingCameUp(VOID)
{
    CHECK(StackPort != NULL && StackModule != NULL && StackBinding != NULL);
    CHECK(Seen.ModuleRestarts >= 1 && Seen.BindingBinds == 1 && Seen.BindingRestarts >= 1);
}

static VOID
SendsFromTheTop(VOID)
{
    REQUIRE(MakeList());
    List->SourceHandle = StackBinding;
    NdisSendNetBufferLists(StackBinding, List, NDIS_DEFAULT_PORT_NUMBER, 0);
    REQUIRE(StackReaches(&Seen.BindingSendsDone, 1));
    CHECK(StackLastStatus == NDIS_STATUS_SUCCESS);
    CHECK(Seen.ModuleSends == 1 && Seen.PortSends == 1 && Seen.ModuleSendsDone == 1);
    FreeList();
}

static VOID
SendIsCancelled(VOID)
{
    PVOID id = (PVOID)(ULONG_PTR)((ULONG)NdisGeneratePartialCancelId() << 24 | 5);
    LONG before = Seen.BindingSendsDone;

    REQUIRE(MakeList());
    StackHoldsSends = 1;
    List->SourceHandle = StackBinding;
    NDIS_SET_NET_BUFFER_LIST_CANCEL_ID(List, id);
    NdisSendNetBufferLists(StackBinding, List, NDIS_DEFAULT_PORT_NUMBER, 0);
    CHECK(Seen.BindingSendsDone == before);
    NdisCancelSendNetBufferLists(StackBinding, id);
    StackHoldsSends = 0;
    REQUIRE(StackReaches(&Seen.BindingSendsDone, before + 1));
    CHECK(StackLastStatus == NDIS_STATUS_SEND_ABORTED && Seen.ModuleCancels == 1 && Seen.PortCancelSends == 1);
    FreeList();
}

static VOID
SendsFromTheMiddle(VOID)
{
    LONG before = Seen.ModuleSendsDone, above = Seen.BindingSendsDone;

    REQUIRE(MakeList());
    List->SourceHandle = StackModule;
    NdisFSendNetBufferLists(StackModule, List, NDIS_DEFAULT_PORT_NUMBER, 0);
    REQUIRE(StackReaches(&Seen.ModuleSendsDone, before + 1));
    CHECK(Seen.BindingSendsDone == above);
    FreeList();
}

/* One request of every kind from the top; what came of it. */
NDIS_STATUS
StackAsk(NDIS_STATUS(NTAPI *Send)(NDIS_HANDLE, PNDIS_OID_REQUEST), volatile LONG *Done, PNDIS_OID_REQUEST Request)
{
    LONG before = *Done;
    NDIS_STATUS status = Send(StackBinding, Request);

    if (status == NDIS_STATUS_PENDING)
        return StackReaches(Done, before + 1) ? StackLastStatus : NDIS_STATUS_PENDING;
    return status;
}

static VOID
Receives(VOID)
{
    LONG receives = Seen.BindingReceives, returns = Seen.PortReturns;
    ULONG filter = NDIS_PACKET_TYPE_PROMISCUOUS;
    NDIS_OID_REQUEST request;
    KIRQL old;

    StackRequest(&request, NdisRequestSetInformation, OID_GEN_CURRENT_PACKET_FILTER, &filter, sizeof(filter));
    CHECK(StackAsk(NdisOidRequest, &Seen.BindingOidsDone, &request) == NDIS_STATUS_SUCCESS);
    REQUIRE(MakeList());
    List->SourceHandle = StackPort;
    NdisMIndicateReceiveNetBufferLists(StackPort, List, NDIS_DEFAULT_PORT_NUMBER, 1, 0);
    REQUIRE(StackReaches(&Seen.PortReturns, returns + 1));
    CHECK(Seen.BindingReceives == receives + 1 && Seen.ModuleReceives >= 1 && Seen.ModuleReturns >= 1);
    /* documented: with this flag the miniport has it back when the call returns, and nobody returns it */
    returns = Seen.PortReturns;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    NdisMIndicateReceiveNetBufferLists(StackPort, List, NDIS_DEFAULT_PORT_NUMBER, 1,
                                       NDIS_RECEIVE_FLAGS_RESOURCES | NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL);
    KeLowerIrql(old);
    CHECK(Seen.BindingReceives == receives + 2 && Seen.PortReturns == returns);
    FreeList();
}

static VOID
Requests(VOID)
{
    NDIS_OID_REQUEST request;
    ULONG value = 0;

    StackRequest(&request, NdisRequestQueryInformation, OID_GEN_VENDOR_ID, &value, sizeof(value));
    CHECK(StackAsk(NdisOidRequest, &Seen.BindingOidsDone, &request) == NDIS_STATUS_SUCCESS);
    CHECK(value == 0x554e44 && request.DATA.QUERY_INFORMATION.BytesWritten == 4 && Seen.ModuleOids >= 1);
    StackRequest(&request, NdisRequestQueryInformation, OID_STACK_FAILS, &value, sizeof(value));
    CHECK(StackAsk(NdisOidRequest, &Seen.BindingOidsDone, &request) == NDIS_STATUS_INVALID_DATA);
    StackRequest(&request, NdisRequestQueryInformation, OID_STACK_SHORT, &value, sizeof(value));
    CHECK(StackAsk(NdisOidRequest, &Seen.BindingOidsDone, &request) == NDIS_STATUS_BUFFER_TOO_SHORT);
    CHECK(request.DATA.QUERY_INFORMATION.BytesNeeded == 100);
    StackRequest(&request, NdisRequestQueryInformation, 0xff019999, &value, sizeof(value));
    CHECK(StackAsk(NdisOidRequest, &Seen.BindingOidsDone, &request) == NDIS_STATUS_NOT_SUPPORTED);
}

/* documented: NDIS answers these from OID_GEN_STATISTICS, and the miniport is not asked for them */
static VOID
Counters(VOID)
{
    NDIS_OID_REQUEST request;
    ULONG64 count = 0;
    ULONG small = 0;

    StackRequest(&request, NdisRequestQueryInformation, OID_GEN_BYTES_XMIT, &count, sizeof(count));
    CHECK(StackAsk(NdisOidRequest, &Seen.BindingOidsDone, &request) == NDIS_STATUS_SUCCESS);
    CHECK(count == 0x100000007ULL && request.DATA.QUERY_INFORMATION.BytesWritten == sizeof(count));
    StackRequest(&request, NdisRequestQueryInformation, OID_GEN_RCV_ERROR, &small, sizeof(small));
    CHECK(StackAsk(NdisOidRequest, &Seen.BindingOidsDone, &request) == NDIS_STATUS_SUCCESS);
    CHECK(small == 3 && request.DATA.QUERY_INFORMATION.BytesWritten == sizeof(small));
    StackRequest(&request, NdisRequestQueryInformation, OID_GEN_BYTES_RCV, &small, 2);
    CHECK(StackAsk(NdisOidRequest, &Seen.BindingOidsDone, &request) == NDIS_STATUS_BUFFER_TOO_SHORT);
    StackRequest(&request, NdisRequestQueryInformation, OID_GEN_XMIT_OK, &count, sizeof(count));
    CHECK(StackAsk(NdisOidRequest, &Seen.BindingOidsDone, &request) == NDIS_STATUS_NOT_SUPPORTED); /* not among them */
}

static VOID
DirectRequests(VOID)
{
    NDIS_OID_REQUEST request;
    ULONG value = 0;

    StackRequest(&request, NdisRequestQueryInformation, OID_GEN_VENDOR_ID, &value, sizeof(value));
    CHECK(StackAsk(NdisDirectOidRequest, &Seen.BindingDirectsDone, &request) == NDIS_STATUS_SUCCESS);
    CHECK(value == 0x554e44 && Seen.PortDirects >= 1);
    StackRequest(&request, NdisRequestQueryInformation, OID_STACK_FAILS, &value, sizeof(value));
    CHECK(StackAsk(NdisDirectOidRequest, &Seen.BindingDirectsDone, &request) == NDIS_STATUS_INVALID_DATA);
}

static VOID
SynchronousRequests(VOID)
{
    NDIS_OID_REQUEST request;
    ULONG value = 0;

    StackRequest(&request, NdisRequestQueryInformation, OID_GEN_VENDOR_ID, &value, sizeof(value));
    CHECK(NdisSynchronousOidRequest(StackBinding, &request) == NDIS_STATUS_SUCCESS && value == 0x554e44);
    StackRequest(&request, NdisRequestQueryInformation, OID_STACK_FAILS, &value, sizeof(value));
    CHECK(NdisSynchronousOidRequest(StackBinding, &request) == NDIS_STATUS_INVALID_DATA);
    StackRequest(&request, NdisRequestQueryInformation, OID_GEN_VENDOR_ID, &value, sizeof(value));
    CHECK(NdisFSynchronousOidRequest(StackModule, &request) == NDIS_STATUS_SUCCESS);
    CHECK(Seen.PortSynchronous == 3);
}

static VOID
RequestsPendAndAreCancelled(VOID)
{
    LONG done = Seen.BindingOidsDone, direct = Seen.BindingDirectsDone;
    NDIS_OID_REQUEST request, second;
    ULONG value = 0;

    StackRequest(&request, NdisRequestQueryInformation, OID_STACK_PENDS, &value, sizeof(value));
    CHECK(NdisOidRequest(StackBinding, &request) == NDIS_STATUS_PENDING);
    StackRequest(&second, NdisRequestQueryInformation, OID_STACK_PENDS, &value, sizeof(value));
    CHECK(NdisDirectOidRequest(StackBinding, &second) == NDIS_STATUS_PENDING);
    CHECK(Seen.BindingOidsDone == done && Seen.BindingDirectsDone == direct);
    PortCompleteHeld(NDIS_STATUS_SUCCESS);
    CHECK(StackReaches(&Seen.BindingOidsDone, done + 1) && StackReaches(&Seen.BindingDirectsDone, direct + 1));

    StackRequest(&request, NdisRequestQueryInformation, OID_STACK_PENDS, &value, sizeof(value));
    CHECK(NdisOidRequest(StackBinding, &request) == NDIS_STATUS_PENDING);
    NdisCancelOidRequest(StackBinding, request.RequestId);
    CHECK(StackReaches(&Seen.BindingOidsDone, done + 2) && StackLastStatus == NDIS_STATUS_REQUEST_ABORTED);
    StackRequest(&second, NdisRequestQueryInformation, OID_STACK_PENDS, &value, sizeof(value));
    CHECK(NdisDirectOidRequest(StackBinding, &second) == NDIS_STATUS_PENDING);
    NdisCancelDirectOidRequest(StackBinding, second.RequestId);
    CHECK(StackReaches(&Seen.BindingDirectsDone, direct + 2) && StackLastStatus == NDIS_STATUS_REQUEST_ABORTED);
    CHECK(Seen.PortCancelOids == 2);
}

static VOID
Statuses(VOID)
{
    NDIS_STATUS_INDICATION indication;
    LONG module = Seen.ModuleStatuses, binding = Seen.BindingStatuses;
    ULONG value = 7;

    NdisZeroMemory(&indication, sizeof(indication));
    indication.Header.Type = NDIS_OBJECT_TYPE_STATUS_INDICATION;
    indication.Header.Revision = NDIS_STATUS_INDICATION_REVISION_1;
    indication.Header.Size = NDIS_SIZEOF_STATUS_INDICATION_REVISION_1;
    indication.SourceHandle = StackPort;
    indication.StatusCode = NDIS_STATUS_MEDIA_SPECIFIC_INDICATION;
    indication.StatusBuffer = &value;
    indication.StatusBufferSize = sizeof(value);
    NdisMIndicateStatusEx(StackPort, &indication);
    CHECK(StackReaches(&Seen.BindingStatuses, binding + 1) && Seen.ModuleStatuses == module + 1);
    indication.SourceHandle = StackModule;
    NdisFIndicateStatus(StackModule, &indication);
    CHECK(StackReaches(&Seen.BindingStatuses, binding + 2) && Seen.ModuleStatuses == module + 1);
}

static VOID
Names(VOID)
{
    NDIS_STRING adapter;

    REQUIRE(NdisQueryAdapterInstanceName(&adapter, StackBinding) == NDIS_STATUS_SUCCESS);
    CHECK(adapter.Length > 0);
    NdisFreeMemory(adapter.Buffer, 0, 0);
}

/* documented: an adapter and each module over it are interfaces; a protocol is bound to the topmost */
static VOID
Interfaces(VOID)
{
    const STACK_INTERFACES *i = &StackInterfaces;
    NET_IFINDEX index = 0;

    CHECK(i->Port.Value == i->ModuleBase.Value && i->PortIndex == i->ModuleBaseIndex);
    CHECK(i->Module.Value != i->Port.Value && i->ModuleIndex != i->PortIndex);
    CHECK(i->Bound.Value == i->Module.Value && i->BoundIndex == i->ModuleIndex);
    CHECK(i->Port.Info.IfType == IF_TYPE_ETHERNET_CSMACD);
    CHECK(NdisIfGetInterfaceIndexFromNetLuid(i->Port, &index) == NDIS_STATUS_SUCCESS && index == i->PortIndex);
    CHECK(NdisIfGetInterfaceIndexFromNetLuid(i->Module, &index) == NDIS_STATUS_SUCCESS && index == i->ModuleIndex);
}

static VOID
ModuleRestarts(VOID)
{
    LONG pauses = Seen.ModulePauses, restarts = Seen.ModuleRestarts, bindings = Seen.BindingRestarts;

    CHECK(NdisFRestartFilter(StackModule) == NDIS_STATUS_SUCCESS);
    CHECK(StackReaches(&Seen.ModulePauses, pauses + 1) && StackReaches(&Seen.ModuleRestarts, restarts + 1));
    CHECK(StackReaches(&Seen.BindingRestarts, bindings + 1));
}

static VOID
EventsGoUp(VOID)
{
    NET_PNP_EVENT_NOTIFICATION event;
    LONG binding = Seen.BindingNetPnP;

    NdisZeroMemory(&event, sizeof(event));
    event.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    event.Header.Revision = NET_PNP_EVENT_NOTIFICATION_REVISION_1;
    event.Header.Size = NDIS_SIZEOF_NET_PNP_EVENT_NOTIFICATION_REVISION_1;
    event.NetPnPEvent.NetEvent = NetEventBindsComplete;
    CHECK(NdisFNetPnPEvent(StackModule, &event) == NDIS_STATUS_SUCCESS);
    CHECK(Seen.BindingNetPnP == binding + 1);
}

static VOID
EventsGoDown(VOID)
{
    NET_DEVICE_PNP_EVENT event;

    NdisZeroMemory(&event, sizeof(event));
    event.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    event.Header.Revision = NET_DEVICE_PNP_EVENT_REVISION_1;
    event.Header.Size = NDIS_SIZEOF_NET_DEVICE_PNP_EVENT_REVISION_1;
    event.DevicePnPEvent = NdisDevicePnPEventPowerProfileChanged;
    NdisFDevicePnPEventNotify(StackModule, &event);
    CHECK(Seen.ModuleDevicePnP == 0); /* it goes to those below */
}

static VOID
UnbindsAndBinds(VOID)
{
    LONG unbinds = Seen.BindingUnbinds, binds = Seen.BindingBinds;

    CHECK(NT_SUCCESS(NdisUnbindAdapter(StackBinding)));
    CHECK(StackReaches(&Seen.BindingUnbinds, unbinds + 1) && StackBinding == NULL);
    CHECK(NT_SUCCESS(NdisReEnumerateProtocolBindings(StackProtocolDriver)));
    CHECK(StackReaches(&Seen.BindingBinds, binds + 1));
}

DDI_TESTS(stack, { "everything_came_up", EverythingCameUp }, { "sends_from_the_top", SendsFromTheTop },
          { "send_is_cancelled", SendIsCancelled }, { "sends_from_the_middle", SendsFromTheMiddle },
          { "receives", Receives }, { "requests", Requests }, { "counters", Counters },
          { "direct_requests", DirectRequests }, { "synchronous_requests", SynchronousRequests },
          { "requests_pend_and_are_cancelled", RequestsPendAndAreCancelled }, { "statuses", Statuses },
          { "names", Names }, { "interfaces", Interfaces },
          { "module_restarts", ModuleRestarts }, { "events_go_up", EventsGoUp },
          { "events_go_down", EventsGoDown }, { "unbinds_and_binds", UnbindsAndBinds });

VOID
StackRunTests(VOID)
{
#ifdef STACK_OLDER
    static const DDI_GROUP *const groups[] = { &olderGroup };
#else
    static const DDI_GROUP *const groups[] = { &stackGroup, &portsGroup, &resetGroup, &pollGroup,
                                               &pmGroup,    &idleGroup,  &deviceGroup, &leaveGroup };
#endif
    ULONG i, failed = 0, count = 0;

    StackReaches(&Seen.BindingRestarts, 1);
    for (i = 0; i < RTL_NUMBER_OF(groups); i++) {
        failed += DdiRunGroup(groups[i]);
        count += groups[i]->Count;
    }
    KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, count - failed, failed, 0, 0);
}

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_STATUS status;

    DdiDriverObject = DriverObject;
    DdiRegistryPath = *RegistryPath;
    status = PortRegister(DriverObject, RegistryPath);
    if (status == NDIS_STATUS_SUCCESS)
        status = ModuleRegister(DriverObject);
    if (status == NDIS_STATUS_SUCCESS)
        status = BindingRegister();
    return status;
}
