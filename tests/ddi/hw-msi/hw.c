/* SPDX-License-Identifier: MIT */
/*
 * hw.c - a miniport that asks the DDI questions about its hardware, from MiniportInitializeEx.
 *
 * Model: as ../driver.c: each test prints a line, the counts are the parameters of the stop. It is built with two
 * INFs: ddi_line gets the simulated card with a line, ddi_msi with messages (registers: src/ndis/hw/nic.h). What only
 * one of them can ask looks at Messages.
 */
#define NDIS_MINIPORT_DRIVER 1
#define NDIS630_MINIPORT 1
#include "../ddi.h"

#define REG_CONTROL 1
#define REG_CAUSE   3
#define REG_CLEAR   4
#define REG_MASK    5
#define REG_TX      8
#define CAUSE_TX    2
#define CARD_ID     0x554e4943

DRIVER_INITIALIZE DriverEntry;
NDIS_HANDLE DdiFilterDriver; /* ddi.h: none here */
PDRIVER_OBJECT DdiDriverObject;
UNICODE_STRING DdiRegistryPath;

static NDIS_HANDLE Adapter;
static PNDIS_RESOURCE_LIST Resources;
static PDEVICE_OBJECT Pdo;
static NDIS_HANDLE Dma;
static volatile ULONG *Registers;
static ULONG Messages;
static PHYSICAL_ADDRESS BarStart;
static ULONG Vector;
static KIRQL VectorIrql;
static PULONG64 Ring; /* shared: one descriptor, then a frame */
static NDIS_PHYSICAL_ADDRESS RingAddress;

static PCSTR FailedCondition;
static PCSTR FailedFile;
static ULONG FailedLine;

VOID
DdiFailed(PCSTR Condition, PCSTR File, ULONG Line)
{
    if (FailedCondition != NULL)
        return;
    FailedCondition = Condition;
    FailedFile = File;
    FailedLine = Line;
}

static VOID
Sleep(LONG Milliseconds)
{
    LARGE_INTEGER due;

    due.QuadPart = -10000LL * Milliseconds;
    KeDelayExecutionThread(KernelMode, FALSE, &due);
}

/* ------------------------------------------------------------------ resources */

static VOID
ResourceList(VOID)
{
    ULONG i;

    REQUIRE(Resources != NULL && Resources->Count >= 2);
    for (i = 0; i < Resources->Count; i++) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR r = &Resources->PartialDescriptors[i];

        if (r->Type == CmResourceTypeMemory) {
            BarStart = r->u.Memory.Start;
            CHECK(r->u.Memory.Length == 4096);
        }
        if (r->Type == CmResourceTypeInterrupt) {
            Vector = r->u.Interrupt.Vector;
            VectorIrql = (KIRQL)r->u.Interrupt.Level;
            Messages += (r->Flags & CM_RESOURCE_INTERRUPT_MESSAGE) != 0;
            CHECK(VectorIrql > DISPATCH_LEVEL && r->u.Interrupt.Affinity != 0);
        }
    }
    CHECK(BarStart.QuadPart != 0 && Vector != 0);
    CHECK(Messages == 0 || Messages == 2);
}

static VOID
MapRegisters(VOID)
{
    PHYSICAL_ADDRESS elsewhere;
    PHYSICAL_ADDRESS translated;
    ULONG space = 0;
    PVOID va = (PVOID)1;

    CHECK(NdisMMapIoSpace((PVOID *)&Registers, Adapter, BarStart, 4096) == NDIS_STATUS_SUCCESS);
    REQUIRE(Registers != NULL);
    CHECK(READ_REGISTER_ULONG(&Registers[0]) == CARD_ID);
    WRITE_REGISTER_ULONG(&Registers[0], 5);
    CHECK(READ_REGISTER_ULONG(&Registers[0]) == CARD_ID); /* read-only */
    elsewhere.QuadPart = BarStart.QuadPart + 4096;
    CHECK(NdisMMapIoSpace(&va, Adapter, elsewhere, 4096) == NDIS_STATUS_RESOURCE_CONFLICT && va == NULL);
    va = MmMapIoSpace(BarStart, 4096, MmNonCached);
    CHECK(va != NULL && *(volatile ULONG *)va == CARD_ID);
    MmUnmapIoSpace(va, 4096);
    CHECK(MmMapIoSpace(elsewhere, 4096, MmNonCached) == NULL);
    va = MmMapIoSpaceEx(BarStart, 64, PAGE_READWRITE | PAGE_NOCACHE);
    CHECK(va != NULL);
    MmUnmapIoSpace(va, 64);
    CHECK(MmMapIoSpaceEx(BarStart, 64, PAGE_NOACCESS) == NULL);
    CHECK(HalTranslateBusAddress(PCIBus, 0, BarStart, &space, &translated) && translated.QuadPart == BarStart.QuadPart);
    space = 1;
    CHECK(!HalTranslateBusAddress(PCIBus, 0, BarStart, &space, &translated));
}

static VOID
UnmapRegisters(VOID)
{
    NdisMUnmapIoSpace(Adapter, (PVOID)Registers, 4096);
    CHECK(NdisMMapIoSpace((PVOID *)&Registers, Adapter, BarStart, 4096) == NDIS_STATUS_SUCCESS);
}

static VOID
BusData(VOID)
{
    USHORT id[2];
    UCHAR timer = 0x40;

    CHECK(NdisMGetBusData(Adapter, PCI_WHICHSPACE_CONFIG, 0, id, sizeof(id)) == sizeof(id));
    CHECK(id[0] == 0x554e && id[1] == 1);
    CHECK(NdisMGetBusData(Adapter, 5, 0, id, sizeof(id)) == 0);
    CHECK(NdisMGetBusData(Adapter, PCI_WHICHSPACE_CONFIG, 4096, id, sizeof(id)) == 0);
    CHECK(NdisMSetBusData(Adapter, PCI_WHICHSPACE_CONFIG, FIELD_OFFSET(PCI_COMMON_HEADER, LatencyTimer), &timer, 1) ==
          1);
    timer = 0;
    NdisMGetBusData(Adapter, PCI_WHICHSPACE_CONFIG, FIELD_OFFSET(PCI_COMMON_HEADER, LatencyTimer), &timer, 1);
    CHECK(timer == 0x40);
    id[0] = 0;
    NdisMSetBusData(Adapter, PCI_WHICHSPACE_CONFIG, 0, id, 2);
    NdisMGetBusData(Adapter, PCI_WHICHSPACE_CONFIG, 0, id, 2);
    CHECK(id[0] == 0x554e);
}

static VOID
Ports(VOID)
{
    PVOID offset = (PVOID)1;

    CHECK(NdisMRegisterIoPortRange(&offset, Adapter, 0x3f8, 8) == NDIS_STATUS_RESOURCE_CONFLICT && offset == NULL);
    NdisMDeregisterIoPortRange(Adapter, 0, 8, NULL);
}

static VOID
RssProcessors(VOID)
{
    UCHAR buffer[256];
    PNDIS_RSS_PROCESSOR_INFO info = (PNDIS_RSS_PROCESSOR_INFO)buffer;
    SIZE_T size = 0;
    PNDIS_RSS_PROCESSOR cpu;

    CHECK(NdisGetRssProcessorInformation(Adapter, NULL, &size) == NDIS_STATUS_BUFFER_TOO_SHORT);
    REQUIRE(size != 0 && size <= sizeof(buffer));
    CHECK(NdisGetRssProcessorInformation(Adapter, info, &size) == NDIS_STATUS_SUCCESS);
    CHECK(info->Header.Type == NDIS_OBJECT_TYPE_RSS_PROCESSOR_INFO);
    CHECK(info->RssProcessorCount == KeQueryActiveProcessorCountEx(0));
    cpu = (PNDIS_RSS_PROCESSOR)(buffer + info->RssProcessorArrayOffset);
    CHECK(cpu[0].ProcNum.Number == 0);
}

/* ------------------------------------------------------------------ DMA */

static PSCATTER_GATHER_LIST SeenList;
static PVOID SeenContext;
static KIRQL SeenIrql;

static VOID NTAPI
ProcessList(PDEVICE_OBJECT pDO, PVOID Reserved, PSCATTER_GATHER_LIST List, PVOID Context)
{
    UNREFERENCED_PARAMETER(Reserved);

    Pdo = pDO;
    SeenList = List;
    SeenContext = Context;
    SeenIrql = KeGetCurrentIrql();
}

static PVOID AsyncMemory;
static NDIS_PHYSICAL_ADDRESS AsyncAddress;

static VOID NTAPI
AsyncDone(NDIS_HANDLE Context, PVOID VirtualAddress, PNDIS_PHYSICAL_ADDRESS PhysicalAddress, ULONG Length, PVOID Mine)
{
    CHECK(Context == (NDIS_HANDLE)&Adapter && Length == 512 && Mine == &AsyncMemory);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    AsyncAddress = *PhysicalAddress;
    AsyncMemory = VirtualAddress;
}

static VOID
RegisterDma(VOID)
{
    NDIS_SG_DMA_DESCRIPTION d;
    NDIS_SHARED_MEMORY_PARAMETERS p;
    NDIS_HANDLE handle;

    NdisZeroMemory(&p, sizeof(p));
    p.Header.Size = sizeof(p);
    p.Length = 256;
    CHECK(NdisAllocateSharedMemory(Adapter, &p, &handle) == NDIS_STATUS_FAILURE); /* no DMA yet */
    NdisZeroMemory(&d, sizeof(d));
    CHECK(NdisMRegisterScatterGatherDma(Adapter, &d, &Dma) == NDIS_STATUS_BAD_VERSION);
    d.Header.Type = NDIS_OBJECT_TYPE_SG_DMA_DESCRIPTION;
    d.Header.Revision = NDIS_SG_DMA_DESCRIPTION_REVISION_1;
    d.Header.Size = NDIS_SIZEOF_SG_DMA_DESCRIPTION_REVISION_1;
    d.MaximumPhysicalMapping = 1514;
    d.ProcessSGListHandler = ProcessList;
    d.SharedMemAllocateCompleteHandler = AsyncDone;
    CHECK(NdisMRegisterScatterGatherDma(Adapter, &d, &Dma) == NDIS_STATUS_SUCCESS);
    CHECK(d.ScatterGatherListSize >= sizeof(SCATTER_GATHER_LIST) + sizeof(SCATTER_GATHER_ELEMENT));
}

static VOID
NetBufferList(VOID)
{
    static UCHAR first[64], second[64];
    UCHAR room[256];
    NET_BUFFER_LIST_POOL_PARAMETERS parameters;
    NDIS_HANDLE pool;
    PMDL a, b;
    PNET_BUFFER_LIST nbl;
    PNET_BUFFER nb;
    KIRQL irql;

    NdisZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    parameters.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.fAllocateNetBuffer = TRUE;
    parameters.PoolTag = DDI_TAG;
    pool = NdisAllocateNetBufferListPool(Adapter, &parameters);
    a = NdisAllocateMdl(Adapter, first, 30);
    b = NdisAllocateMdl(Adapter, second, 40);
    REQUIRE(pool != NULL && a != NULL && b != NULL);
    a->Next = b;
    nbl = NdisAllocateNetBufferAndNetBufferList(pool, 0, 0, a, 10, 50);
    REQUIRE(nbl != NULL);
    nb = NET_BUFFER_LIST_FIRST_NB(nbl);
    irql = KeRaiseIrqlToDpcLevel();
    CHECK(NdisMAllocateNetBufferSGList(Dma, nb, room, NDIS_SG_LIST_WRITE_TO_DEVICE, room, sizeof(room)) ==
          NDIS_STATUS_SUCCESS);
    CHECK(SeenContext == room && SeenIrql == DISPATCH_LEVEL && (PVOID)SeenList == (PVOID)room);
    CHECK(SeenList->NumberOfElements == 2); /* documented: from the beginning of the current MDL */
    CHECK(SeenList->Elements[0].Address.QuadPart == MmGetPhysicalAddress(first).QuadPart);
    CHECK(SeenList->Elements[0].Length == 30 && SeenList->Elements[1].Length == 30);
    NdisMFreeNetBufferSGList(Dma, SeenList, nb);
    CHECK(NdisMAllocateNetBufferSGList(Dma, nb, NULL, 0, room, 8) == NDIS_STATUS_SUCCESS);
    CHECK((PVOID)SeenList != (PVOID)room); /* too small: NDIS's own */
    NdisMFreeNetBufferSGList(Dma, SeenList, nb);
    KeLowerIrql(irql);
    CHECK(Pdo != NULL);
    NdisFreeNetBufferList(nbl);
    NdisFreeMdl(a);
    NdisFreeMdl(b);
    NdisFreeNetBufferListPool(pool);
}

static VOID
SharedMemory(VOID)
{
    SCATTER_GATHER_LIST *list = (SCATTER_GATHER_LIST *)(UCHAR[64]){ 0 };
    NDIS_SHARED_MEMORY_PARAMETERS p;
    NDIS_PHYSICAL_ADDRESS address;
    NDIS_HANDLE handle;
    PVOID va = (PVOID)1;

    NdisMAllocateSharedMemory(Adapter, 0, TRUE, &va, &address);
    CHECK(va == NULL);
    NdisMAllocateSharedMemory(Adapter, 4096, TRUE, (PVOID *)&Ring, &RingAddress);
    REQUIRE(Ring != NULL);
    CHECK(RingAddress.QuadPart == MmGetPhysicalAddress(Ring).QuadPart);
    NdisMAllocateSharedMemory(Adapter, 100, FALSE, &va, &address);
    CHECK(va != NULL);
    NdisMFreeSharedMemory(Adapter, 100, FALSE, va, address);

    NdisZeroMemory(&p, sizeof(p));
    p.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    p.Header.Revision = NDIS_SHARED_MEMORY_PARAMETERS_REVISION_1;
    p.Header.Size = sizeof(p);
    CHECK(NdisAllocateSharedMemory(Adapter, &p, &handle) == NDIS_STATUS_INVALID_PARAMETER);
    p.Length = 2048;
    p.SGListBuffer = list;
    p.SGListBufferLength = 64;
    CHECK(NdisAllocateSharedMemory(Adapter, &p, &handle) == NDIS_STATUS_SUCCESS);
    CHECK(p.VirtualAddress != NULL && list->NumberOfElements == 1 && list->Elements[0].Length == 2048);
    CHECK(list->Elements[0].Address.QuadPart == MmGetPhysicalAddress(p.VirtualAddress).QuadPart);
    NdisFreeSharedMemory(Adapter, handle);

    CHECK(NdisMAllocateSharedMemoryAsyncEx(Dma, 512, TRUE, &AsyncMemory) == NDIS_STATUS_PENDING);
    Sleep(1);
    REQUIRE(AsyncMemory != NULL);
    NdisMFreeSharedMemory(Adapter, 512, TRUE, AsyncMemory, AsyncAddress);
}

static PSCATTER_GATHER_LIST WdmList;

static VOID NTAPI
WdmListReady(PDEVICE_OBJECT Device, PIRP Irp, PSCATTER_GATHER_LIST List, PVOID Context)
{
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);

    CHECK(Device == Pdo);
    WdmList = List;
}

/*
 * The table leads to HalPutDmaAdapter, HalAllocateCommonBuffer, HalFreeCommonBuffer, HalGetDmaAlignment,
 * HalGetScatterGatherList, HalPutScatterGatherList, HalCalculateScatterGatherListSize, HalBuildScatterGatherList.
 */
static VOID
DmaAdapter(VOID)
{
    static UCHAR data[128];
    DEVICE_DESCRIPTION description;
    PHYSICAL_ADDRESS address;
    PDMA_ADAPTER dma;
    UCHAR room[128];
    PVOID buffer;
    ULONG registers = 0, size = 0;
    PMDL mdl;
    KIRQL irql;

    NdisZeroMemory(&description, sizeof(description));
    description.Version = DEVICE_DESCRIPTION_VERSION;
    description.InterfaceType = PCIBus;
    description.MaximumLength = 2048;
    CHECK(IoGetDmaAdapter(Pdo, &description, &registers) == NULL); /* no bus master */
    description.Master = TRUE;
    description.ScatterGather = TRUE;
    dma = IoGetDmaAdapter(Pdo, &description, &registers);
    REQUIRE(dma != NULL && registers != 0);
    CHECK(dma->DmaOperations->Size >= sizeof(DMA_OPERATIONS));
    buffer = dma->DmaOperations->AllocateCommonBuffer(dma, 256, &address, TRUE);
    CHECK(buffer != NULL && address.QuadPart == MmGetPhysicalAddress(buffer).QuadPart);
    dma->DmaOperations->FreeCommonBuffer(dma, 256, address, buffer, TRUE);
    CHECK(dma->DmaOperations->GetDmaAlignment(dma) != 0);
    mdl = IoAllocateMdl(data, sizeof(data), FALSE, FALSE, NULL);
    REQUIRE(mdl != NULL);
    MmBuildMdlForNonPagedPool(mdl);
    CHECK(dma->DmaOperations->CalculateScatterGatherList(dma, mdl, data, sizeof(data), &size, NULL) == STATUS_SUCCESS);
    CHECK(size >= sizeof(SCATTER_GATHER_LIST));
    irql = KeRaiseIrqlToDpcLevel();
    CHECK(dma->DmaOperations->GetScatterGatherList(dma, Pdo, mdl, data + 8, 100, WdmListReady, NULL, TRUE) ==
          STATUS_SUCCESS);
    REQUIRE(WdmList != NULL);
    CHECK(WdmList->NumberOfElements >= 1);
    CHECK(WdmList->Elements[0].Address.QuadPart == MmGetPhysicalAddress(data + 8).QuadPart);
    dma->DmaOperations->PutScatterGatherList(dma, WdmList, TRUE);
    CHECK(dma->DmaOperations->BuildScatterGatherList(dma, Pdo, mdl, data, 128, WdmListReady, NULL, TRUE, room, 8) ==
          STATUS_BUFFER_TOO_SMALL);
    CHECK(dma->DmaOperations->BuildScatterGatherList(dma, Pdo, mdl, data, 128, WdmListReady, NULL, TRUE, room,
                                                     sizeof(room)) == STATUS_SUCCESS);
    CHECK((PVOID)WdmList == (PVOID)room);
    dma->DmaOperations->PutScatterGatherList(dma, WdmList, TRUE);
    KeLowerIrql(irql);
    IoFreeMdl(mdl);
    dma->DmaOperations->PutDmaAdapter(dma);
}

/* ------------------------------------------------------------------ interrupts */

static volatile ULONG IsrCalls, DpcCalls, LastMessage;
static volatile KIRQL IsrIrql, DpcIrql;
static PVOID volatile DpcContext;

/* Makes the card send one frame; it interrupts with CAUSE_TX soon after. */
static VOID
MakeInterrupt(VOID)
{
    WRITE_REGISTER_ULONG(&Registers[REG_CONTROL], 0x80000000);
    Ring[0] = (ULONG64)RingAddress.QuadPart + 64;
    Ring[1] = 60 | 1ull << 32; /* length, last of its frame */
    WRITE_REGISTER_ULONG(&Registers[REG_TX + 0], (ULONG)RingAddress.QuadPart);
    WRITE_REGISTER_ULONG(&Registers[REG_TX + 1], (ULONG)(RingAddress.QuadPart >> 32));
    WRITE_REGISTER_ULONG(&Registers[REG_TX + 2], 2);
    WRITE_REGISTER_ULONG(&Registers[REG_MASK], CAUSE_TX);
    WRITE_REGISTER_ULONG(&Registers[REG_CONTROL], 2);
    WRITE_REGISTER_ULONG(&Registers[REG_TX + 3], 1);
}

static BOOLEAN
Served(VOID)
{
    ULONG cause = READ_REGISTER_ULONG(&Registers[REG_CAUSE]);

    IsrCalls++;
    IsrIrql = KeGetCurrentIrql();
    WRITE_REGISTER_ULONG(&Registers[REG_CLEAR], cause);
    return cause != 0;
}

static BOOLEAN NTAPI
Isr(NDIS_HANDLE Context, PBOOLEAN Queue, PULONG Targets)
{
    UNREFERENCED_PARAMETER(Context);

    *Targets = 0;
    return *Queue = Served();
}

static BOOLEAN NTAPI
MessageIsr(NDIS_HANDLE Context, ULONG Message, PBOOLEAN Queue, PULONG Targets)
{
    LastMessage = Message;
    return Isr(Context, Queue, Targets);
}

static VOID NTAPI
IsrDpc(NDIS_HANDLE Context, PVOID MiniportDpcContext, PVOID Throttle, PVOID Reserved)
{
    UNREFERENCED_PARAMETER(Reserved);

    CHECK(Context == (NDIS_HANDLE)&IsrCalls && Throttle != NULL);
    DpcCalls++;
    DpcIrql = KeGetCurrentIrql();
    DpcContext = MiniportDpcContext;
}

static VOID NTAPI
MessageDpc(NDIS_HANDLE Context, ULONG Message, PVOID MiniportDpcContext, PVOID Throttle, PVOID Reserved)
{
    UNREFERENCED_PARAMETER(Message);

    IsrDpc(Context, MiniportDpcContext, Throttle, Reserved);
}

static VOID NTAPI
SwitchInterrupt(NDIS_HANDLE Context)
{
    UNREFERENCED_PARAMETER(Context);
}

static VOID NTAPI
SwitchMessage(NDIS_HANDLE Context, ULONG Message)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Message);
}

static BOOLEAN NTAPI
Synchronized(PVOID Context)
{
    *(PKIRQL)Context = KeGetCurrentIrql();
    return TRUE;
}

static NDIS_HANDLE Interrupt;

static NDIS_STATUS
RegisterInterrupt(NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS *Chars)
{
    NdisZeroMemory(Chars, sizeof(*Chars));
    Chars->Header.Type = NDIS_OBJECT_TYPE_MINIPORT_INTERRUPT;
    Chars->Header.Revision = NDIS_MINIPORT_INTERRUPT_REVISION_1;
    Chars->Header.Size = NDIS_SIZEOF_MINIPORT_INTERRUPT_CHARACTERISTICS_REVISION_1;
    Chars->InterruptHandler = Isr;
    Chars->InterruptDpcHandler = IsrDpc;
    Chars->DisableInterruptHandler = Chars->EnableInterruptHandler = SwitchInterrupt;
    Chars->MsiSupported = TRUE;
    Chars->MessageInterruptHandler = MessageIsr;
    Chars->MessageInterruptDpcHandler = MessageDpc;
    Chars->DisableMessageInterruptHandler = Chars->EnableMessageInterruptHandler = SwitchMessage;
    return NdisMRegisterInterruptEx(Adapter, (NDIS_HANDLE)&IsrCalls, Chars, &Interrupt);
}

static VOID
NdisInterrupt(VOID)
{
    NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS chars;
    GROUP_AFFINITY affinity;
    KIRQL irql = 0;
    KIRQL old;

    NdisZeroMemory(&chars, sizeof(chars));
    CHECK(NdisMRegisterInterruptEx(Adapter, NULL, &chars, &Interrupt) != NDIS_STATUS_SUCCESS);
    REQUIRE(RegisterInterrupt(&chars) == NDIS_STATUS_SUCCESS);
    CHECK(chars.InterruptType == (Messages ? NDIS_CONNECT_MESSAGE_BASED : NDIS_CONNECT_LINE_BASED));
    CHECK(Messages == 0 || chars.MessageInfoTable->MessageCount == Messages);
    MakeInterrupt();
    Sleep(1);
    CHECK(IsrCalls == 1 && IsrIrql == VectorIrql);
    CHECK(DpcCalls == 1 && DpcIrql == DISPATCH_LEVEL && DpcContext == NULL);
    CHECK(LastMessage == (Messages ? 1 : 0)); /* `sent` is message 1 */

    old = KeRaiseIrqlToDpcLevel();
    CHECK(NdisMQueueDpc(Interrupt, 0, 1, &irql) == 1);
    CHECK(NdisMQueueDpc(Interrupt, 0, 1, &irql) == 0); /* documented: queued already */
    KeLowerIrql(old);
    Sleep(1);
    CHECK(DpcCalls == 2 && DpcContext == &irql);
    NdisZeroMemory(&affinity, sizeof(affinity));
    affinity.Mask = 1;
    CHECK(NdisMQueueDpcEx(Interrupt, 0, &affinity, NULL) == 1);
    affinity.Group = 1;
    CHECK(NdisMQueueDpcEx(Interrupt, 0, &affinity, NULL) == 0);
    CHECK(NdisMSynchronizeWithInterruptEx(Interrupt, 0, Synchronized, &irql) == TRUE);
    CHECK(irql >= VectorIrql && KeGetCurrentIrql() == PASSIVE_LEVEL);
    NdisMDeregisterInterruptEx(Interrupt);
    CHECK(DpcCalls == 3); /* documented: it waits for DPCs */
    MakeInterrupt();
    Sleep(1);
    CHECK(IsrCalls == 1);
    WRITE_REGISTER_ULONG(&Registers[REG_CONTROL], 0x80000000);
}

static VOID
MsixTable(VOID)
{
    NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS chars;
    NDIS_MSIX_CONFIG_PARAMETERS p;

    NdisZeroMemory(&p, sizeof(p));
    p.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    p.Header.Revision = NDIS_MSIX_CONFIG_PARAMETERS_REVISION_1;
    p.Header.Size = NDIS_SIZEOF_MSIX_CONFIG_PARAMETERS_REVISION_1;
    p.ConfigOperation = NdisMSIXTableConfigMaskTableEntry;
    p.TableEntry = 1;
    if (Messages == 0) {
        CHECK(NdisMConfigMSIXTableEntry(Adapter, &p) == NDIS_STATUS_NOT_SUPPORTED);
        return;
    }
    REQUIRE(RegisterInterrupt(&chars) == NDIS_STATUS_SUCCESS);
    IsrCalls = 0;
    CHECK(NdisMConfigMSIXTableEntry(Adapter, &p) == NDIS_STATUS_SUCCESS);
    MakeInterrupt();
    Sleep(1);
    CHECK(IsrCalls == 0); /* masked: held back */
    p.ConfigOperation = NdisMSIXTableConfigUnmaskTableEntry;
    CHECK(NdisMConfigMSIXTableEntry(Adapter, &p) == NDIS_STATUS_SUCCESS);
    Sleep(1);
    CHECK(IsrCalls == 1 && LastMessage == 1);
    p.ConfigOperation = NdisMSIXTableConfigSetTableEntry;
    p.MessageNumber = 0;
    CHECK(NdisMConfigMSIXTableEntry(Adapter, &p) == NDIS_STATUS_SUCCESS);
    MakeInterrupt();
    Sleep(1);
    CHECK(IsrCalls == 2 && LastMessage == 0);
    p.TableEntry = 9;
    CHECK(NdisMConfigMSIXTableEntry(Adapter, &p) == NDIS_STATUS_INVALID_PARAMETER);
    p.TableEntry = 1;
    p.MessageNumber = 1;
    CHECK(NdisMConfigMSIXTableEntry(Adapter, &p) == NDIS_STATUS_SUCCESS);
    NdisMDeregisterInterruptEx(Interrupt);
    WRITE_REGISTER_ULONG(&Registers[REG_CONTROL], 0x80000000);
}

static BOOLEAN NTAPI
WdmIsr(PKINTERRUPT Object, PVOID Context)
{
    UNREFERENCED_PARAMETER(Object);

    CHECK(Context == &IsrCalls);
    return Served();
}

static BOOLEAN NTAPI
WdmMessageIsr(PKINTERRUPT Object, PVOID Context, ULONG Message)
{
    LastMessage = Message;
    return WdmIsr(Object, Context);
}

static VOID
WdmInterrupt(VOID)
{
    IO_CONNECT_INTERRUPT_PARAMETERS p;
    IO_DISCONNECT_INTERRUPT_PARAMETERS gone;
    PVOID connection = NULL;
    PKINTERRUPT object;
    KIRQL irql = 0;
    KIRQL old;

    NdisZeroMemory(&p, sizeof(p));
    CHECK(IoConnectInterruptEx(&p) == STATUS_INVALID_PARAMETER_1);
    p.Version = CONNECT_MESSAGE_BASED;
    CHECK(IoConnectInterruptEx(&p) == STATUS_INVALID_PARAMETER); /* no device */
    p.MessageBased.PhysicalDeviceObject = Pdo;
    p.MessageBased.ConnectionContext.Generic = &connection;
    p.MessageBased.MessageServiceRoutine = WdmMessageIsr;
    p.MessageBased.ServiceContext = (PVOID)&IsrCalls;
    if (Messages == 0)
        CHECK(IoConnectInterruptEx(&p) == STATUS_NOT_FOUND); /* no fallback */
    p.MessageBased.FallBackServiceRoutine = WdmIsr;
    REQUIRE(IoConnectInterruptEx(&p) == STATUS_SUCCESS);
    CHECK(p.Version == (Messages ? CONNECT_MESSAGE_BASED : CONNECT_LINE_BASED));
    object = Messages ? ((PIO_INTERRUPT_MESSAGE_INFO)connection)->MessageInfo[1].InterruptObject
                      : (PKINTERRUPT)connection;
    IsrCalls = 0;
    MakeInterrupt();
    Sleep(1);
    CHECK(IsrCalls == 1 && IsrIrql == VectorIrql);
    CHECK(KeSynchronizeExecution(object, Synchronized, &irql) && irql == VectorIrql);
    old = KeAcquireInterruptSpinLock(object);
    CHECK(old == PASSIVE_LEVEL && KeGetCurrentIrql() == VectorIrql);
    KeReleaseInterruptSpinLock(object, old);
    gone.Version = p.Version;
    gone.ConnectionContext.Generic = connection;
    IoDisconnectInterruptEx(&gone);

    CHECK(IoConnectInterrupt(&object, WdmIsr, (PVOID)&IsrCalls, NULL, 1, VectorIrql, VectorIrql, LevelSensitive, TRUE,
                             1, FALSE) == STATUS_INVALID_PARAMETER);
    REQUIRE(IoConnectInterrupt(&object, WdmIsr, (PVOID)&IsrCalls, NULL, Vector, VectorIrql, VectorIrql,
                               Messages ? Latched : LevelSensitive, TRUE, 1, FALSE) == STATUS_SUCCESS);
    MakeInterrupt();
    Sleep(1);
    CHECK(IsrCalls == 2);
    IoDisconnectInterrupt(object);
    MakeInterrupt();
    Sleep(1);
    CHECK(IsrCalls == 2);
    WRITE_REGISTER_ULONG(&Registers[REG_CONTROL], 0x80000000);
    if (Messages != 0) {
        p.Version = CONNECT_LINE_BASED;
        p.LineBased.PhysicalDeviceObject = Pdo;
        CHECK(IoConnectInterruptEx(&p) == STATUS_INVALID_DEVICE_REQUEST);
    }
}

static volatile LONG IpiCalls;
static volatile LONG IpiLow;

static ULONG_PTR NTAPI
Broadcast(ULONG_PTR Argument)
{
    if (KeGetCurrentIrql() <= DISPATCH_LEVEL)
        InterlockedIncrement(&IpiLow);
    InterlockedIncrement(&IpiCalls);
    return Argument + KeGetCurrentProcessorNumberEx(NULL);
}

static VOID
IpiGeneric(VOID)
{
    CHECK(KeIpiGenericCall(Broadcast, 100) == 100 + KeGetCurrentProcessorNumberEx(NULL));
    CHECK((ULONG)IpiCalls == KeQueryActiveProcessorCountEx(0) && IpiLow == 0);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

static VOID
DeregisterDma(VOID)
{
    NdisMFreeSharedMemory(Adapter, 4096, TRUE, Ring, RingAddress);
    NdisMDeregisterScatterGatherDma(Dma);
}

DDI_TESTS(hw, { "resource_list", ResourceList }, { "map_registers", MapRegisters },
          { "unmap_registers", UnmapRegisters }, { "bus_data", BusData }, { "ports", Ports },
          { "rss_processors", RssProcessors }, { "register_dma", RegisterDma }, { "net_buffer_list", NetBufferList },
          { "shared_memory", SharedMemory }, { "dma_adapter", DmaAdapter }, { "ndis_interrupt", NdisInterrupt },
          { "msix_table", MsixTable }, { "wdm_interrupt", WdmInterrupt }, { "ipi_generic", IpiGeneric },
          { "deregister_dma", DeregisterDma });

/* ------------------------------------------------------------------ the miniport around it */

static VOID
RunAll(VOID)
{
    ULONG failed = 0;
    ULONG i;

    for (i = 0; i < hwGroup.Count; i++) {
        FailedCondition = NULL;
        hwGroup.Tests[i].Run();
        if (FailedCondition == NULL) {
            DbgPrint("PASS %s %s\n", hwGroup.Name, hwGroup.Tests[i].Name);
        } else {
            DbgPrint("FAIL %s %s: %u: %s\n", hwGroup.Name, hwGroup.Tests[i].Name, FailedLine, FailedCondition);
            failed++;
        }
    }
    KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, hwGroup.Count - failed, failed, 0, 0);
}

static NDIS_STATUS NTAPI
HwInitialize(NDIS_HANDLE NdisMiniportHandle, NDIS_HANDLE MiniportDriverContext,
             PNDIS_MINIPORT_INIT_PARAMETERS MiniportInitParameters)
{
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES registration;
    PVOID va = NULL;

    UNREFERENCED_PARAMETER(MiniportDriverContext);

    Adapter = NdisMiniportHandle;
    Resources = MiniportInitParameters->AllocatedResources;
    NdisMAllocateSharedMemory(Adapter, 100, TRUE, &va, &RingAddress);
    if (va != NULL) /* documented: nothing is granted before the attributes are set */
        return NDIS_STATUS_FAILURE;
    NdisZeroMemory(&registration, sizeof(registration));
    registration.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES;
    registration.Header.Revision = NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2;
    registration.Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2;
    registration.MiniportAdapterContext = (NDIS_HANDLE)&Adapter;
    registration.AttributeFlags = NDIS_MINIPORT_ATTRIBUTES_HARDWARE_DEVICE | NDIS_MINIPORT_ATTRIBUTES_BUS_MASTER;
    registration.InterfaceType = NdisInterfacePci;
    NdisMSetMiniportAttributes(Adapter, (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)&registration);
    RunAll();
    return NDIS_STATUS_FAILURE;
}

/* None of the others is ever called: the machine stops before. */
static VOID NTAPI
Never(VOID)
{
    KeBugCheckEx(0xE2, 0, 1, 0, 0);
}

NTSTATUS NTAPI
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS chars;
    NDIS_HANDLE handle;

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = 30;
    chars.InitializeHandlerEx = HwInitialize;
    chars.HaltHandlerEx = (PVOID)Never;
    chars.UnloadHandler = (PVOID)Never;
    chars.PauseHandler = (PVOID)Never;
    chars.RestartHandler = (PVOID)Never;
    chars.OidRequestHandler = (PVOID)Never;
    chars.SendNetBufferListsHandler = (PVOID)Never;
    chars.ReturnNetBufferListsHandler = (PVOID)Never;
    chars.CancelSendHandler = (PVOID)Never;
    chars.DevicePnPEventNotifyHandler = (PVOID)Never;
    chars.ShutdownHandlerEx = (PVOID)Never;
    chars.CancelOidRequestHandler = (PVOID)Never;
    return NdisMRegisterMiniportDriver(DriverObject, RegistryPath, NULL, &chars, &handle);
}
