/* SPDX-License-Identifier: MIT */
/* ndis_misc.c - services for every driver: memory, locks, events, timers, work, strings, configuration, names. */
#include "ddi.h"

/* A local pName to an export of ndis that the headers do not declare. */
#define NDIS_EXPORT(type, name, arguments) \
    type(NTAPI *p##name) arguments = (type(NTAPI *) arguments)NdisRoutine(L## #name)

static PVOID
NdisRoutine(PCWSTR Name)
{
    NDIS_STRING name;
    PVOID routine;

    NdisInitUnicodeString(&name, Name);
    routine = NdisGetRoutineAddress(&name);
    CHECK(routine != NULL);
    return routine;
}

static VOID
Routines(VOID)
{
    NDIS_STRING name = NDIS_STRING_CONST("NdisNoSuchRoutine");
    ULONG version = NdisGetVersion();

    CHECK(NdisGetRoutineAddress(&name) == NULL);
    CHECK((version >> 16) == 6 && (version & 0xffff) >= 30);
}

static VOID
Memory(VOID)
{
    NDIS_EXPORT(NDIS_STATUS, NdisAllocateMemory, (PVOID *, UINT, UINT, NDIS_PHYSICAL_ADDRESS));
    NDIS_PHYSICAL_ADDRESS highest = { .QuadPart = -1 };
    PNDIS_GENERIC_OBJECT object;
    PVOID p = NULL;

    CHECK(NdisAllocateMemoryWithTag(&p, 100, DDI_TAG) == NDIS_STATUS_SUCCESS && p != NULL);
    NdisFreeMemory(p, 100, 0);
    CHECK(NdisAllocateMemoryWithTag(&p, 100, DDI_TAG) == NDIS_STATUS_SUCCESS && p != NULL);
    NdisFreeMemoryWithTag(p, DDI_TAG);
    p = NdisAllocateMemoryWithTagPriority(DdiFilterDriver, 100, DDI_TAG, NormalPoolPriority);
    REQUIRE(p != NULL);
    NdisFreeMemoryWithTagPriority(DdiFilterDriver, p, DDI_TAG);
    REQUIRE(pNdisAllocateMemory(&p, 100, 0, highest) == NDIS_STATUS_SUCCESS);
    NdisFreeMemory(p, 100, 0);
    object = NdisAllocateGenericObject(DdiDriverObject, DDI_TAG, 0);
    REQUIRE(object != NULL);
    CHECK(object->DriverObject == DdiDriverObject);
    p = NdisAllocateMemoryWithTagPriority(object, 100, DDI_TAG, NormalPoolPriority);
    CHECK(p != NULL);
    if (p != NULL)
        NdisFreeMemory(p, 0, 0);
    NdisFreeGenericObject(object);
}

static VOID
Buffers(VOID)
{
    static UCHAR bytes[100];
    PMDL mdl = NdisAllocateMdl(DdiFilterDriver, bytes, sizeof(bytes));
    PVOID address = NULL;
    UINT length = 0;

    REQUIRE(mdl != NULL);
    NdisQueryBuffer(mdl, &address, &length);
    CHECK(address == bytes && length == 100);
    NdisQueryBuffer(mdl, NULL, &length);
    CHECK(length == 100);
    NdisFreeMdl(mdl);
}

static VOID
SpinLocks(VOID)
{
    static NDIS_SPIN_LOCK lock;
    static LIST_ENTRY head, a, b;
    ULONG sum = 40;
    KIRQL old;

    NdisAllocateSpinLock(&lock);
    NdisAcquireSpinLock(&lock);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL && !KeTestSpinLock(&lock.SpinLock));
    NdisReleaseSpinLock(&lock);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    NdisDprAcquireSpinLock(&lock);
    CHECK(!KeTestSpinLock(&lock.SpinLock));
    NdisDprReleaseSpinLock(&lock);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL && KeTestSpinLock(&lock.SpinLock));
    KeLowerIrql(old);

    InitializeListHead(&head);
    CHECK(NdisInterlockedInsertTailList(&head, &a, &lock) == NULL);
    CHECK(NdisInterlockedInsertHeadList(&head, &b, &lock) == &a);
    CHECK(NdisInterlockedRemoveHeadList(&head, &lock) == &b);
    CHECK(NdisInterlockedRemoveHeadList(&head, &lock) == &a);
    CHECK(NdisInterlockedRemoveHeadList(&head, &lock) == NULL);
    CHECK(NdisInterlockedAddUlong(&sum, 2, &lock) == 40 && sum == 42);
    NdisFreeSpinLock(&lock);
}

static VOID
RwLocks(VOID)
{
    PNDIS_RW_LOCK_EX lock = NdisAllocateRWLock(DdiFilterDriver);
    LOCK_STATE_EX state, second;
    KIRQL old;

    REQUIRE(lock != NULL);
    NdisAcquireRWLockRead(lock, &state, 0);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    NdisAcquireRWLockRead(lock, &second, NDIS_RWL_AT_DISPATCH_LEVEL); /* readers do not exclude one another */
    NdisReleaseRWLock(lock, &second);
    NdisReleaseRWLock(lock, &state);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    NdisAcquireRWLockWrite(lock, &state, 0);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    NdisReleaseRWLock(lock, &state);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    NdisAcquireRWLockWrite(lock, &state, NDIS_RWL_AT_DISPATCH_LEVEL);
    NdisReleaseRWLock(lock, &state);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    KeLowerIrql(old);
    NdisFreeRWLock(lock);
}

static VOID
OldRwLocks(VOID)
{
    static NDIS_RW_LOCK lock;
    LOCK_STATE state;
    KIRQL old;

    NdisInitializeReadWriteLock(&lock);
    NdisAcquireReadWriteLock(&lock, FALSE, &state);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    NdisReleaseReadWriteLock(&lock, &state);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    NdisAcquireReadWriteLock(&lock, TRUE, &state);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    NdisReleaseReadWriteLock(&lock, &state);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    NdisDprAcquireReadWriteLock(&lock, TRUE, &state);
    NdisDprReleaseReadWriteLock(&lock, &state);
    NdisDprAcquireReadWriteLock(&lock, FALSE, &state);
    NdisDprReleaseReadWriteLock(&lock, &state);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    KeLowerIrql(old);
}

static NDIS_EVENT Event;
static PVOID SeenContext;
static KIRQL SeenIrql;

static VOID
Events(VOID)
{
    NdisInitializeEvent(&Event);
    CHECK(!NdisWaitEvent(&Event, 1)); /* documented: FALSE when the time is over */
    NdisSetEvent(&Event);
    CHECK(NdisWaitEvent(&Event, 1) && NdisWaitEvent(&Event, 0)); /* it stays set; 0 waits for ever */
    NdisResetEvent(&Event);
    CHECK(!NdisWaitEvent(&Event, 1));
}

static VOID NTAPI
TimerRan(PVOID SystemSpecific1, PVOID FunctionContext, PVOID SystemSpecific2, PVOID SystemSpecific3)
{
    UNREFERENCED_PARAMETER(SystemSpecific1);
    UNREFERENCED_PARAMETER(SystemSpecific2);
    UNREFERENCED_PARAMETER(SystemSpecific3);
    SeenContext = FunctionContext;
    SeenIrql = KeGetCurrentIrql();
    NdisSetEvent(&Event);
}

static VOID
Timers(VOID)
{
    NDIS_TIMER_CHARACTERISTICS chars;
    NDIS_HANDLE timer = NULL;
    LARGE_INTEGER due;

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_TIMER_CHARACTERISTICS_REVISION_1;
    chars.Header.Size = NDIS_SIZEOF_TIMER_CHARACTERISTICS_REVISION_1;
    chars.AllocationTag = DDI_TAG;
    chars.TimerFunction = TimerRan;
    chars.FunctionContext = &chars;
    REQUIRE(NdisAllocateTimerObject(DdiFilterDriver, &chars, &timer) == NDIS_STATUS_SUCCESS);
    NdisInitializeEvent(&Event);
    due.QuadPart = -10 * 1000;
    CHECK(!NdisSetTimerObject(timer, due, 0, NULL));
    CHECK(NdisWaitEvent(&Event, 1000) && SeenContext == &chars && SeenIrql == DISPATCH_LEVEL);
    NdisResetEvent(&Event);
    CHECK(!NdisSetCoalescableTimerObject(timer, due, 0, &Event, 5));
    CHECK(NdisWaitEvent(&Event, 1000) && SeenContext == &Event); /* documented: this context in place of the other */
    due.QuadPart = -1000 * 1000 * 10;
    CHECK(!NdisSetTimerObject(timer, due, 0, NULL));
    CHECK(NdisSetTimerObject(timer, due, 0, NULL)); /* documented: TRUE when it was in the system's queue */
    CHECK(NdisCancelTimerObject(timer) && !NdisCancelTimerObject(timer));
    NdisFreeTimerObject(timer);
    chars.Header.Revision = 0;
    CHECK(NdisAllocateTimerObject(DdiFilterDriver, &chars, &timer) == NDIS_STATUS_BAD_CHARACTERISTICS);
}

static VOID NTAPI
WorkRan(PVOID WorkItemContext, NDIS_HANDLE NdisIoWorkItemHandle)
{
    SeenContext = WorkItemContext;
    SeenIrql = KeGetCurrentIrql();
    CHECK(NdisIoWorkItemHandle != NULL);
    NdisSetEvent(&Event);
}

static VOID
WorkItems(VOID)
{
    NDIS_HANDLE item = NdisAllocateIoWorkItem(DdiFilterDriver);

    REQUIRE(item != NULL);
    NdisInitializeEvent(&Event);
    NdisQueueIoWorkItem(item, WorkRan, &item);
    CHECK(NdisWaitEvent(&Event, 1000) && SeenContext == &item && SeenIrql == PASSIVE_LEVEL);
    NdisFreeIoWorkItem(item);
}

static VOID
Strings(VOID)
{
    UNICODE_STRING wide, upper = RTL_CONSTANT_STRING(L"ADAPTER"), mixed = RTL_CONSTANT_STRING(L"Adapter");
    WCHAR buffer[8];
    CHAR text[8];
    UNICODE_STRING to = { 0, sizeof(buffer), buffer };
    UNICODE_STRING small = { 0, 4, buffer };
    ANSI_STRING narrow = { 0, sizeof(text), text };
    ANSI_STRING tiny = { 0, 3, text };
    ANSI_STRING from = RTL_CONSTANT_STRING("adapter");

    NdisInitUnicodeString(&wide, L"npf");
    CHECK(wide.Length == 6 && wide.MaximumLength == 8);
    NdisInitializeString(&wide, (PUCHAR) "npf");
    REQUIRE(wide.Buffer != NULL);
    CHECK(wide.Length == 6 && wide.Buffer[2] == L'f');
    NdisFreeString(wide);
    CHECK(NdisAnsiStringToUnicodeString(&to, &from) == NDIS_STATUS_SUCCESS && to.Length == 14);
    CHECK(NdisEqualString(&to, &mixed, TRUE) && !NdisEqualString(&to, &mixed, FALSE));
    CHECK(NdisUnicodeStringToAnsiString(&narrow, &to) == NDIS_STATUS_SUCCESS && narrow.Length == 7);
    CHECK(NdisUpcaseUnicodeString(&to, &mixed) == NDIS_STATUS_SUCCESS && NdisEqualString(&to, &upper, FALSE));
    CHECK(NdisAnsiStringToUnicodeString(&small, &from) == NDIS_STATUS_FAILURE);
    CHECK(NdisUnicodeStringToAnsiString(&tiny, &mixed) == NDIS_STATUS_FAILURE);
    CHECK(NdisUpcaseUnicodeString(&small, &mixed) == NDIS_STATUS_FAILURE);
}

static VOID
TimeAndProcessors(VOID)
{
    NDIS_EXPORT(VOID, NdisGetSystemUpTime, (PULONG));
    NDIS_EXPORT(ULONG, NdisSystemActiveProcessorCount, (PKAFFINITY));
    NDIS_EXPORT(ULONG, NdisGroupMaxProcessorCount, (USHORT));
    NDIS_EXPORT(NDIS_STATUS, NdisProcessorIndexToNumber, (ULONG, PPROCESSOR_NUMBER));
    LARGE_INTEGER before, after, up;
    PROCESSOR_NUMBER number;
    KAFFINITY mask = 0;
    ULONG i, count = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS), milliseconds = 0, alignment;

    NdisGetCurrentSystemTime(&before);
    NdisMSleep(20000);
    NdisGetCurrentSystemTime(&after);
    CHECK(after.QuadPart - before.QuadPart >= 20000 * 10);
    pNdisGetSystemUpTime(&milliseconds);
    NdisGetSystemUpTimeEx(&up);
    CHECK(up.QuadPart >= milliseconds && milliseconds >= 20);
    CHECK(NdisSystemProcessorCount() == count && NdisGroupActiveProcessorCount(0) == count);
    CHECK(pNdisSystemActiveProcessorCount(&mask) == count && mask == KeQueryActiveProcessors());
    CHECK(pNdisGroupMaxProcessorCount(0) >= count);
    for (i = 0; i < count; i++) {
        CHECK(pNdisProcessorIndexToNumber(i, &number) == NDIS_STATUS_SUCCESS);
        CHECK(NdisProcessorNumberToIndex(number) == i);
    }
    CHECK(pNdisProcessorIndexToNumber(count + 100, &number) != NDIS_STATUS_SUCCESS);
    alignment = NdisGetSharedDataAlignment();
    CHECK(alignment >= 16 && (alignment & (alignment - 1)) == 0);
}

static NDIS_HANDLE
OpenConfiguration(NDIS_STATUS Expected, UCHAR Revision)
{
    NDIS_CONFIGURATION_OBJECT object;
    NDIS_HANDLE configuration = NULL;

    NdisZeroMemory(&object, sizeof(object));
    object.Header.Type = NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT;
    object.Header.Revision = Revision;
    object.Header.Size = NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1;
    object.NdisHandle = DdiFilterDriver;
    CHECK(NdisOpenConfigurationEx(&object, &configuration) == Expected);
    return configuration;
}

static VOID
Configuration(VOID)
{
    NDIS_STRING ring = NDIS_STRING_CONST("RingSize"), mode = NDIS_STRING_CONST("Mode");
    NDIS_STRING seen = NDIS_STRING_CONST("NdisSeen"), none = NDIS_STRING_CONST("Nothing");
    NDIS_HANDLE configuration = OpenConfiguration(NDIS_STATUS_SUCCESS, NDIS_CONFIGURATION_OBJECT_REVISION_1),
                key = NULL;
    PNDIS_CONFIGURATION_PARAMETER parameter = NULL;
    NDIS_CONFIGURATION_PARAMETER written;
    NDIS_STATUS status;
    WCHAR buffer[32];
    NDIS_STRING name = { 0, sizeof(buffer), buffer };
    PVOID address = NULL;
    UINT length = 9;

    REQUIRE(configuration != NULL);
    NdisReadConfiguration(&status, &parameter, configuration, &ring, NdisParameterInteger);
    CHECK(status == NDIS_STATUS_SUCCESS && parameter->ParameterData.IntegerData == 256);
    NdisReadConfiguration(&status, &parameter, configuration, &mode, NdisParameterString);
    CHECK(status == NDIS_STATUS_SUCCESS && parameter->ParameterData.StringData.Length == 12);
    NdisReadConfiguration(&status, &parameter, configuration, &none, NdisParameterInteger);
    CHECK(status == NDIS_STATUS_FAILURE);
    written.ParameterType = NdisParameterInteger;
    written.ParameterData.IntegerData = 33;
    NdisWriteConfiguration(&status, configuration, &seen, &written);
    CHECK(status == NDIS_STATUS_SUCCESS);
    NdisReadConfiguration(&status, &parameter, configuration, &seen, NdisParameterInteger);
    CHECK(status == NDIS_STATUS_SUCCESS && parameter->ParameterData.IntegerData == 33);
    NdisReadNetworkAddress(&status, &address, &length, configuration);
    CHECK(status == NDIS_STATUS_FAILURE && length == 0); /* nobody set one */
    NdisOpenConfigurationKeyByName(&status, configuration, &none, &key);
    CHECK(status == NDIS_STATUS_FAILURE);

    CHECK(RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, (PWSTR)L"ddi\\Parameters\\Sub") == STATUS_SUCCESS);
    NdisInitUnicodeString(&none, L"Sub");
    NdisOpenConfigurationKeyByName(&status, configuration, &none, &key);
    CHECK(status == NDIS_STATUS_SUCCESS);
    if (status == NDIS_STATUS_SUCCESS)
        NdisCloseConfiguration(key);
    NdisOpenConfigurationKeyByIndex(&status, configuration, 0, &name, &key);
    CHECK(status == NDIS_STATUS_SUCCESS && RtlEqualUnicodeString(&name, &none, TRUE));
    if (status == NDIS_STATUS_SUCCESS)
        NdisCloseConfiguration(key);
    NdisOpenConfigurationKeyByIndex(&status, configuration, 50, &name, &key);
    CHECK(status == NDIS_STATUS_FAILURE);
    NdisCloseConfiguration(configuration);
    CHECK(OpenConfiguration(NDIS_STATUS_FAILURE, 0) == NULL);
}

static NTSTATUS NTAPI
DeviceDispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static VOID
Devices(VOID)
{
    static PDRIVER_DISPATCH dispatch[IRP_MJ_MAXIMUM_FUNCTION + 1];
    NDIS_STRING name = NDIS_STRING_CONST("\\Device\\ddi ndis"), link = NDIS_STRING_CONST("\\DosDevices\\ddi ndis");
    NDIS_DEVICE_OBJECT_ATTRIBUTES attributes;
    PNDIS_GENERIC_OBJECT object;
    PDEVICE_OBJECT device = NULL;
    NDIS_HANDLE handle = NULL;
    PFILE_OBJECT file;
    PDEVICE_OBJECT found;

    NdisZeroMemory(&attributes, sizeof(attributes));
    attributes.Header.Type = NDIS_OBJECT_TYPE_DEVICE_OBJECT_ATTRIBUTES;
    attributes.Header.Revision = NDIS_DEVICE_OBJECT_ATTRIBUTES_REVISION_1;
    attributes.Header.Size = NDIS_SIZEOF_DEVICE_OBJECT_ATTRIBUTES_REVISION_1;
    attributes.DeviceName = &name;
    attributes.SymbolicName = &link;
    attributes.MajorFunctions = dispatch;
    attributes.ExtensionSize = 64;
    dispatch[IRP_MJ_CREATE] = dispatch[IRP_MJ_CLEANUP] = dispatch[IRP_MJ_CLOSE] = DeviceDispatch;
    REQUIRE(NdisRegisterDeviceEx(DdiFilterDriver, &attributes, &device, &handle) == NDIS_STATUS_SUCCESS);
    RtlFillMemory(NdisGetDeviceReservedExtension(device), 64, 0x5a);
    CHECK(IoGetDeviceObjectPointer(&link, FILE_READ_DATA, &file, &found) == STATUS_SUCCESS);
    CHECK(found == device);
    ObDereferenceObject(file);
    NdisDeregisterDeviceEx(handle);
    CHECK(!NT_SUCCESS(IoGetDeviceObjectPointer(&link, FILE_READ_DATA, &file, &found)));
    object = NdisAllocateGenericObject(DdiDriverObject, DDI_TAG, 0);
    REQUIRE(object != NULL);
    CHECK(NdisRegisterDeviceEx(object, &attributes, &device, &handle) == NDIS_STATUS_NOT_SUPPORTED);
    NdisFreeGenericObject(object);
}

static VOID
Statuses(VOID)
{
    CHECK(NdisConvertNdisStatusToNtStatus(NDIS_STATUS_SUCCESS) == STATUS_SUCCESS);
    CHECK(NdisConvertNdisStatusToNtStatus(NDIS_STATUS_BUFFER_TOO_SHORT) == STATUS_BUFFER_TOO_SMALL);
    CHECK(NdisConvertNdisStatusToNtStatus(NDIS_STATUS_RESOURCES) == STATUS_INSUFFICIENT_RESOURCES);
    CHECK(NdisConvertNtStatusToNdisStatus(STATUS_SUCCESS) == NDIS_STATUS_SUCCESS);
    CHECK(NdisConvertNtStatusToNdisStatus(STATUS_BUFFER_TOO_SMALL) == NDIS_STATUS_BUFFER_TOO_SHORT);
    CHECK(NdisConvertNtStatusToNdisStatus(STATUS_INSUFFICIENT_RESOURCES) == NDIS_STATUS_RESOURCES);
}

static VOID
Interfaces(VOID)
{
    NET_IFINDEX index = 0;
    NET_LUID luid;

    luid.Value = 0x0006777777000000ULL;
    CHECK(NdisIfGetInterfaceIndexFromNetLuid(luid, &index) == NDIS_STATUS_INTERFACE_NOT_FOUND);
    CHECK(NdisIfDeleteIfStackEntry(70001, 70002) == NDIS_STATUS_INTERFACE_NOT_FOUND);
    CHECK(NdisIfAddIfStackEntry(70001, 70002) == NDIS_STATUS_INTERFACE_NOT_FOUND);
}

/* Of a miniport that is taken back before anything could call it. */
static VOID NTAPI
Never(VOID)
{
    CHECK(!"called");
}

static VOID
MiniportTakenBack(VOID)
{
    PDRIVER_UNLOAD unload = DdiDriverObject->DriverUnload;
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS chars;
    NDIS_HANDLE handle = NULL;

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = 30;
    chars.InitializeHandlerEx = (PVOID)Never;
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
    REQUIRE(NdisMRegisterMiniportDriver(DdiDriverObject, &DdiRegistryPath, NULL, &chars, &handle) ==
            NDIS_STATUS_SUCCESS);
    NdisMDeregisterMiniportDriver(handle);
    DdiDriverObject->DriverUnload = unload;
}

static VOID
Registrations(VOID)
{
    NDIS_FILTER_DRIVER_CHARACTERISTICS filter;
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS miniport;
    NDIS_PROTOCOL_DRIVER_CHARACTERISTICS protocol;
    NDIS_HANDLE handle = NULL;
    UCHAR id = NdisGeneratePartialCancelId();

    CHECK(NdisGeneratePartialCancelId() != id); /* documented: unique to each call */
    NdisZeroMemory(&filter, sizeof(filter));
    CHECK(NdisFRegisterFilterDriver(DdiDriverObject, NULL, &filter, &handle) == NDIS_STATUS_BAD_CHARACTERISTICS);
    NdisZeroMemory(&miniport, sizeof(miniport));
    CHECK(NdisMRegisterMiniportDriver(DdiDriverObject, &DdiRegistryPath, NULL, &miniport, &handle) ==
          NDIS_STATUS_BAD_CHARACTERISTICS);
    NdisZeroMemory(&protocol, sizeof(protocol));
    CHECK(NdisRegisterProtocolDriver(NULL, &protocol, &handle) == NDIS_STATUS_BAD_CHARACTERISTICS);
    protocol.Header.Type = NDIS_OBJECT_TYPE_PROTOCOL_DRIVER_CHARACTERISTICS;
    protocol.Header.Revision = NDIS_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2;
    protocol.Header.Size = NDIS_SIZEOF_PROTOCOL_DRIVER_CHARACTERISTICS_REVISION_2;
    protocol.MajorNdisVersion = 9;
    CHECK(NdisRegisterProtocolDriver(NULL, &protocol, &handle) == NDIS_STATUS_BAD_VERSION);
}

DDI_TESTS(ndis, { "routines", Routines }, { "memory", Memory }, { "buffers", Buffers }, { "spin_locks", SpinLocks },
          { "rw_locks", RwLocks }, { "old_rw_locks", OldRwLocks }, { "events", Events }, { "timers", Timers },
          { "work_items", WorkItems }, { "strings", Strings }, { "time_and_processors", TimeAndProcessors },
          { "configuration", Configuration }, { "devices", Devices }, { "statuses", Statuses },
          { "interfaces", Interfaces }, { "registrations", Registrations },
          { "miniport_taken_back", MiniportTakenBack });
