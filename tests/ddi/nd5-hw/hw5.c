/* SPDX-License-Identifier: MIT */
/*
 * hw5.c - hardware functions of NDIS 5, from MiniportInitialize of a serialized miniport over the simulated card.
 *
 * Model: what needs no interrupt is asked before and after the attributes; then the card sends a frame, once with
 * MiniportISR and once with MiniportDisableInterrupt. drivers/netcard5 uses all that for traffic.
 */
#define NDIS_LEGACY_DRIVER 1
#define NDIS51_MINIPORT    1
#include "../ddi.h"

#include "../../../drivers/netcard/registers.h"

DRIVER_INITIALIZE DriverEntry;

NDIS_HANDLE DdiFilterDriver;
PDRIVER_OBJECT DdiDriverObject;
UNICODE_STRING DdiRegistryPath;

static NDIS_HANDLE Adapter, Configuration;
static volatile ULONG *Registers;
static NDIS_PHYSICAL_ADDRESS Start;
static ULONG Length, Vector, Level;
static NDIS_MINIPORT_INTERRUPT Interrupt;

static VOID
BeforeAttributes(VOID)
{
    NDIS_PHYSICAL_ADDRESS nowhere = { .QuadPart = 0x1000 };
    PVOID mapped = &nowhere;

    CHECK(NdisMMapIoSpace(&mapped, Adapter, nowhere, 16) == NDIS_STATUS_FAILURE && mapped == NULL);
    CHECK(NdisMRegisterInterrupt(&Interrupt, Adapter, 1, 1, TRUE, TRUE, NdisInterruptLevelSensitive) ==
          NDIS_STATUS_FAILURE);
    CHECK(NdisMInitializeScatterGatherDma(Adapter, TRUE, 1514) == NDIS_STATUS_FAILURE);
}

static VOID
Resources(VOID)
{
    UCHAR buffer[512];
    PNDIS_RESOURCE_LIST list = (PNDIS_RESOURCE_LIST)(PVOID)buffer;
    NDIS_STATUS status;
    UINT size = 4, need;
    ULONG i;

    NdisMQueryAdapterResources(&status, Configuration, list, &size);
    need = size;
    CHECK(status == NDIS_STATUS_RESOURCES && need > 4 && need <= sizeof(buffer));
    size = sizeof(buffer);
    NdisMQueryAdapterResources(&status, Configuration, list, &size);
    CHECK(status == NDIS_STATUS_SUCCESS && size == need);
    for (i = 0; i < list->Count; i++)
        if (list->PartialDescriptors[i].Type == CmResourceTypeMemory) {
            Start = list->PartialDescriptors[i].u.Memory.Start;
            Length = list->PartialDescriptors[i].u.Memory.Length;
        } else if (list->PartialDescriptors[i].Type == CmResourceTypeInterrupt) {
            Vector = list->PartialDescriptors[i].u.Interrupt.Vector;
            Level = list->PartialDescriptors[i].u.Interrupt.Level;
        }
    CHECK(Length != 0 && Vector != 0);
}

static VOID
ConfigurationSpace(VOID)
{
    USHORT command = 0, changed, word;

    CHECK(NdisReadPciSlotInformation(Adapter, 0, 0, &word, 2) == 2 && word == 0x554e);
    CHECK(NdisReadPciSlotInformation(Adapter, 0, 4, &command, 2) == 2);
    changed = command ^ 4; /* bus master */
    CHECK(NdisWritePciSlotInformation(Adapter, 0, 4, &changed, 2) == 2);
    CHECK(NdisReadPciSlotInformation(Adapter, 0, 4, &word, 2) == 2 && word == changed);
    CHECK(NdisWritePciSlotInformation(Adapter, 0, 4, &command, 2) == 2);
    CHECK(NdisReadPciSlotInformation(Adapter, 0, 0x10000, &word, 2) == 0);
}

static VOID
RegistersAndMemory(VOID)
{
    NDIS_PHYSICAL_ADDRESS physical = { .QuadPart = 0 };
    PVOID memory = NULL;

    CHECK(NdisMMapIoSpace((PVOID *)&Registers, Adapter, Start, Length) == NDIS_STATUS_SUCCESS);
    CHECK(Registers[NC_REG_ID] == NC_ID);
    NdisMAllocateSharedMemory(Adapter, 4096, TRUE, &memory, &physical);
    CHECK(memory != NULL && physical.QuadPart != 0);
    NdisMFreeSharedMemory(Adapter, 4096, TRUE, memory, physical);
    CHECK(NdisMInitializeScatterGatherDma(Adapter, TRUE, 1514) == NDIS_STATUS_NOT_SUPPORTED); /* no bus master */
}

/* ---- memory that comes later */

static ULONG Told, ToldWrong;
static PVOID ToldMemory;
static NDIS_PHYSICAL_ADDRESS ToldAddress;

static VOID NTAPI
AllocateComplete(NDIS_HANDLE MiniportAdapterContext, PVOID VirtualAddress, PNDIS_PHYSICAL_ADDRESS PhysicalAddress,
                 ULONG Bytes, PVOID Context)
{
    if (MiniportAdapterContext != &Adapter || Context != &Told || KeGetCurrentIrql() != DISPATCH_LEVEL ||
        (VirtualAddress == NULL) != (PhysicalAddress == NULL) || (VirtualAddress == NULL) != (Bytes == 0))
        ToldWrong++;
    ToldMemory = VirtualAddress;
    if (PhysicalAddress != NULL)
        ToldAddress = *PhysicalAddress;
    Told++;
}

static VOID
MemoryLater(VOID)
{
    LARGE_INTEGER wait = { .QuadPart = -10 * 1000 * 50 };
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    CHECK(NdisMAllocateSharedMemoryAsync(Adapter, 3000, TRUE, &Told) == NDIS_STATUS_PENDING);
    CHECK(Told == 0);
    KeLowerIrql(irql);
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    CHECK(Told == 1 && ToldWrong == 0 && ToldMemory != NULL);
    CHECK(ToldAddress.QuadPart == MmGetPhysicalAddress(ToldMemory).QuadPart);
    NdisMFreeSharedMemory(Adapter, 3000, TRUE, ToldMemory, ToldAddress);
    CHECK(NdisMAllocateSharedMemoryAsync(Adapter, 0, TRUE, &Told) == NDIS_STATUS_PENDING);
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    CHECK(Told == 2 && ToldWrong == 0 && ToldMemory == NULL);
}

static VOID
MapRegisters(VOID)
{
    static UCHAR bytes[3 * PAGE_SIZE];
    NDIS_PHYSICAL_ADDRESS_UNIT unit[8];
    PNDIS_BUFFER buffer;
    NDIS_HANDLE pool;
    NDIS_STATUS status;
    UINT count = 0, length = 0, i;

    CHECK(NdisMAllocateMapRegisters(Adapter, 0, NDIS_DMA_32BITS, 65, 1514) == NDIS_STATUS_RESOURCES);
    CHECK(NdisMAllocateMapRegisters(Adapter, 1, NDIS_DMA_32BITS, 4, 1514) == NDIS_STATUS_RESOURCES);
    CHECK(NdisMAllocateMapRegisters(Adapter, 0, NDIS_DMA_32BITS, 4, 1514) == NDIS_STATUS_SUCCESS);
    NdisAllocateBufferPool(&status, &pool, 1);
    NdisAllocateBuffer(&status, &buffer, pool, bytes + 100, 2 * PAGE_SIZE);
    CHECK(status == NDIS_STATUS_SUCCESS);
    NdisMStartBufferPhysicalMapping(Adapter, buffer, 3, TRUE, unit, &count);
    CHECK(count >= 1 && unit[0].PhysicalAddress.QuadPart == MmGetPhysicalAddress(bytes + 100).QuadPart);
    for (i = 0; i < count; i++)
        length += unit[i].Length;
    CHECK(length == 2 * PAGE_SIZE);
    NdisMCompleteBufferPhysicalMapping(Adapter, buffer, 3);
    NdisFreeBuffer(buffer);
    NdisFreeBufferPool(pool);
    NdisMFreeMapRegisters(Adapter);
}

/* ---- interrupts */

static volatile LONG Isrs, Disables, Enables, Handled, Wrong;

static VOID NTAPI
Isr(PBOOLEAN InterruptRecognized, PBOOLEAN QueueMiniportHandleInterrupt, NDIS_HANDLE MiniportAdapterContext)
{
    ULONG cause = Registers[NC_REG_CAUSE];

    if (KeGetCurrentIrql() <= DISPATCH_LEVEL || MiniportAdapterContext != &Adapter)
        Wrong++;
    WRITE_REGISTER_ULONG(&Registers[NC_REG_CLEAR], cause);
    Isrs++;
    *InterruptRecognized = *QueueMiniportHandleInterrupt = cause != 0;
}

static VOID NTAPI
Disable(NDIS_HANDLE MiniportAdapterContext)
{
    if (KeGetCurrentIrql() <= DISPATCH_LEVEL || MiniportAdapterContext != &Adapter)
        Wrong++;
    WRITE_REGISTER_ULONG(&Registers[NC_REG_MASK], 0);
    Disables++;
}

static VOID NTAPI
Enable(NDIS_HANDLE MiniportAdapterContext)
{
    if (KeGetCurrentIrql() <= DISPATCH_LEVEL || MiniportAdapterContext != &Adapter)
        Wrong++;
    Enables++;
}

static VOID NTAPI
Handle(NDIS_HANDLE MiniportAdapterContext)
{
    if (KeGetCurrentIrql() != DISPATCH_LEVEL || MiniportAdapterContext != &Adapter)
        Wrong++;
    Handled++;
}

static BOOLEAN NTAPI
AtDirql(PVOID Context)
{
    *(KIRQL *)Context = KeGetCurrentIrql();
    return TRUE;
}

/* One frame of 60 bytes; the card interrupts when it is sent. */
static VOID
SendOne(VOID)
{
    static NDIS_PHYSICAL_ADDRESS address;
    static PNC_DESCRIPTOR ring;
    LARGE_INTEGER wait;

    NdisMAllocateSharedMemory(Adapter, 4096, TRUE, (PVOID *)&ring, &address);
    CHECK(ring != NULL);
    NdisZeroMemory(ring, 4096);
    ring[0].Address = (ULONG64)address.QuadPart + 2048;
    ring[0].Length = 60;
    ring[0].Flags = NC_DESCRIPTOR_END;
    WRITE_REGISTER_ULONG(&Registers[NC_REG_CONTROL], NC_CONTROL_RESET);
    WRITE_REGISTER_ULONG(&Registers[NC_REG_TX + NC_RING_BASE], (ULONG)address.QuadPart);
    WRITE_REGISTER_ULONG(&Registers[NC_REG_TX + NC_RING_BASE_HIGH], (ULONG)(address.QuadPart >> 32));
    WRITE_REGISTER_ULONG(&Registers[NC_REG_TX + NC_RING_COUNT], 16);
    WRITE_REGISTER_ULONG(&Registers[NC_REG_CONTROL], NC_CONTROL_TX);
    WRITE_REGISTER_ULONG(&Registers[NC_REG_MASK], NC_CAUSES);
    WRITE_REGISTER_ULONG(&Registers[NC_REG_TX + NC_RING_TAIL], 1);
    wait.QuadPart = -10 * 1000 * 50;
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    WRITE_REGISTER_ULONG(&Registers[NC_REG_MASK], 0);
    WRITE_REGISTER_ULONG(&Registers[NC_REG_CONTROL], NC_CONTROL_RESET);
    NdisMFreeSharedMemory(Adapter, 4096, TRUE, ring, address);
}

static VOID
InterruptsByIsr(VOID)
{
    KIRQL irql = 0;

    CHECK(NdisMRegisterInterrupt(&Interrupt, Adapter, Vector + 1, Level, TRUE, TRUE, NdisInterruptLevelSensitive) ==
          NDIS_STATUS_RESOURCE_CONFLICT);
    CHECK(NdisMRegisterInterrupt(&Interrupt, Adapter, Vector, Level, TRUE, TRUE, NdisInterruptLevelSensitive) ==
          NDIS_STATUS_SUCCESS);
    CHECK(NdisMSynchronizeWithInterrupt(&Interrupt, AtDirql, &irql) && irql > DISPATCH_LEVEL);
    SendOne();
    CHECK(Isrs == 1 && Handled == 1 && Enables == 1 && Disables == 0 && Wrong == 0);
    NdisMDeregisterInterrupt(&Interrupt);
    SendOne();
    CHECK(Isrs == 1 && Handled == 1);
}

static VOID
InterruptsByDisable(VOID)
{
    Isrs = Handled = Enables = Wrong = 0;
    CHECK(NdisMRegisterInterrupt(&Interrupt, Adapter, Vector, Level, FALSE, FALSE, NdisInterruptLevelSensitive) ==
          NDIS_STATUS_SUCCESS);
    SendOne();
    CHECK(Isrs == 0 && Disables == 1 && Handled == 1 && Enables == 1 && Wrong == 0);
    NdisMDeregisterInterrupt(&Interrupt);
    NdisMUnmapIoSpace(Adapter, (PVOID)Registers, Length);
}

DDI_TESTS(hw5, { "resources", Resources }, { "configuration_space", ConfigurationSpace },
          { "registers_and_memory", RegistersAndMemory }, { "memory_later", MemoryLater },
          { "map_registers", MapRegisters }, { "interrupts_by_isr", InterruptsByIsr },
          { "interrupts_by_disable", InterruptsByDisable });

static NDIS_STATUS NTAPI
Initialize(PNDIS_STATUS OpenErrorStatus, PUINT SelectedMediumIndex, PNDIS_MEDIUM MediumArray, UINT MediumArraySize,
           NDIS_HANDLE MiniportAdapterHandle, NDIS_HANDLE WrapperConfigurationContext)
{
    ULONG failed;

    UNREFERENCED_PARAMETER(OpenErrorStatus);
    UNREFERENCED_PARAMETER(SelectedMediumIndex);
    UNREFERENCED_PARAMETER(MediumArray);
    UNREFERENCED_PARAMETER(MediumArraySize);
    Adapter = MiniportAdapterHandle;
    Configuration = WrapperConfigurationContext;
    BeforeAttributes();
    NdisMSetAttributesEx(Adapter, &Adapter, 0, 0, NdisInterfacePci);
    failed = DdiRunGroup(&hw5Group);
    KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, hw5Group.Count - failed, failed, 0, 0);
}

static VOID NTAPI
Halt(NDIS_HANDLE MiniportAdapterContext)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
}

static NDIS_STATUS NTAPI
Reset(PBOOLEAN AddressingReset, NDIS_HANDLE MiniportAdapterContext)
{
    UNREFERENCED_PARAMETER(AddressingReset);
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    return NDIS_STATUS_FAILURE;
}

static NDIS_STATUS NTAPI
Send(NDIS_HANDLE MiniportAdapterContext, PNDIS_PACKET Packet, UINT Flags)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(Flags);
    return NDIS_STATUS_FAILURE;
}

static NDIS_STATUS NTAPI
Information(NDIS_HANDLE MiniportAdapterContext, NDIS_OID Oid, PVOID InformationBuffer, ULONG InformationBufferLength,
            PULONG Done, PULONG Needed)
{
    UNREFERENCED_PARAMETER(MiniportAdapterContext);
    UNREFERENCED_PARAMETER(Oid);
    UNREFERENCED_PARAMETER(InformationBuffer);
    UNREFERENCED_PARAMETER(InformationBufferLength);
    *Done = *Needed = 0;
    return NDIS_STATUS_NOT_SUPPORTED;
}

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_MINIPORT_CHARACTERISTICS miniport;
    NDIS_HANDLE wrapper;

    DdiDriverObject = DriverObject;
    DdiRegistryPath = *RegistryPath;
    NdisMInitializeWrapper(&wrapper, DriverObject, RegistryPath, NULL);
    NdisZeroMemory(&miniport, sizeof(miniport));
    miniport.MajorNdisVersion = 5;
    miniport.MinorNdisVersion = 1;
    miniport.InitializeHandler = Initialize;
    miniport.HaltHandler = Halt;
    miniport.ResetHandler = Reset;
    miniport.SendHandler = Send;
    miniport.QueryInformationHandler = Information;
    miniport.SetInformationHandler = Information;
    miniport.ISRHandler = Isr;
    miniport.HandleInterruptHandler = Handle;
    miniport.DisableInterruptHandler = Disable;
    miniport.EnableInterruptHandler = Enable;
    miniport.AllocateCompleteHandler = AllocateComplete;
    return NdisMRegisterMiniport(wrapper, &miniport, sizeof(miniport));
}
