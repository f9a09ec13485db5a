/* SPDX-License-Identifier: MIT */
/*
 * device.c - the adapter's device objects: properties, keys, and requests that PnP, power and programs send; the bus
 * below is undis's own (IopBusDispatch).
 */
#include "stack.h"

#define IOCTL_QUERY_GLOBAL_STATS CTL_CODE(0x17, 0, METHOD_OUT_DIRECT, FILE_ANY_ACCESS)

#define DESCRIPTION L"undis tests: a stack of its own" /* of the INF */

static PDEVICE_OBJECT Pdo, Fdo, Next;

/* A PnP or power request to the top of the stack; its status. */
static NTSTATUS
SendTyped(UCHAR Major, UCHAR Minor, POWER_STATE_TYPE Type, ULONG State)
{
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(Pdo);
    IO_STATUS_BLOCK iosb;
    KEVENT event;
    PIRP irp;
    NTSTATUS status;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, top, NULL, 0, NULL, &event, &iosb);
    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED; /* documented: so PnP requests begin */
    IoGetNextIrpStackLocation(irp)->MajorFunction = Major;
    IoGetNextIrpStackLocation(irp)->MinorFunction = Minor;
    if (Major == IRP_MJ_POWER) {
        IoGetNextIrpStackLocation(irp)->Parameters.Power.Type = Type;
        IoGetNextIrpStackLocation(irp)->Parameters.Power.State.SystemState = State;
    }
    status = IoCallDriver(top, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = iosb.Status;
    }
    ObDereferenceObject(top);
    return status;
}

static NTSTATUS
Send(UCHAR Major, UCHAR Minor, DEVICE_POWER_STATE State)
{
    return SendTyped(Major, Minor, DevicePowerState, State);
}

static NTSTATUS
SendPower(UCHAR Minor, POWER_STATE_TYPE Type, ULONG State)
{
    return SendTyped(IRP_MJ_POWER, Minor, Type, State);
}

static VOID
DeviceObjects(VOID)
{
    PCM_RESOURCE_LIST raw = (PCM_RESOURCE_LIST)&raw, translated = (PCM_RESOURCE_LIST)&raw;

    NdisMGetDeviceProperty(StackPort, &Pdo, &Fdo, &Next, &raw, &translated);
    REQUIRE(Pdo != NULL && Fdo != NULL && Next != NULL);
    CHECK(Fdo != Pdo && Next == Pdo && Fdo->StackSize == Pdo->StackSize + 1);
    CHECK(raw == NULL && translated == NULL); /* it has no hardware */
    NdisMGetDeviceProperty(StackPort, NULL, NULL, NULL, NULL, NULL);
}

static VOID
Properties(VOID)
{
    WCHAR text[100];
    ULONG length = 0, number = 7;

    REQUIRE(Pdo != NULL);
    CHECK(IoGetDeviceProperty(Pdo, DevicePropertyClassName, 2, text, &length) == STATUS_BUFFER_TOO_SMALL);
    CHECK(length == sizeof(L"Net"));
    CHECK(IoGetDeviceProperty(Pdo, DevicePropertyClassName, sizeof(text), text, &length) == STATUS_SUCCESS);
    CHECK(length == sizeof(L"Net") && RtlCompareMemory(text, L"Net", length) == length);
    CHECK(IoGetDeviceProperty(Pdo, DevicePropertyEnumeratorName, sizeof(text), text, &length) == STATUS_SUCCESS);
    CHECK(length == sizeof(L"ROOT") && RtlCompareMemory(text, L"ROOT", length) == length);
    CHECK(IoGetDeviceProperty(Pdo, DevicePropertyFriendlyName, sizeof(text), text, &length) == STATUS_SUCCESS);
    CHECK(length == sizeof(DESCRIPTION) && RtlCompareMemory(text, DESCRIPTION, length) == length);
    CHECK(IoGetDeviceProperty(Pdo, DevicePropertyInstallState, sizeof(number), &number, &length) == STATUS_SUCCESS);
    CHECK(number == 0 && length == sizeof(number)); /* InstallStateInstalled */
    CHECK(IoGetDeviceProperty(Pdo, DevicePropertyAddress, sizeof(number), &number, &length) == STATUS_SUCCESS);
    CHECK(number == 0xffffffff); /* documented: the bus driver gave none */
    CHECK(IoGetDeviceProperty(Pdo, DevicePropertyCompatibleIDs, sizeof(text), text, &length) ==
          STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(IoGetDeviceProperty(Pdo, 99, sizeof(text), text, &length) == STATUS_INVALID_PARAMETER_2);
    CHECK(IoGetDeviceProperty(Fdo, DevicePropertyClassName, sizeof(text), text, &length) ==
          STATUS_INVALID_DEVICE_REQUEST);
}

static VOID
Keys(VOID)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"NetCfgInstanceId");
    UCHAR value[200];
    ULONG length;
    HANDLE key = NULL;

    REQUIRE(Pdo != NULL);
    CHECK(IoOpenDeviceRegistryKey(Pdo, PLUGPLAY_REGKEY_DRIVER, KEY_READ, &key) == STATUS_SUCCESS && key != NULL);
    if (key != NULL) {
        CHECK(ZwQueryValueKey(key, &name, KeyValuePartialInformation, value, sizeof(value), &length) == STATUS_SUCCESS);
        ZwClose(key);
    }
    CHECK(IoOpenDeviceRegistryKey(Pdo, PLUGPLAY_REGKEY_DEVICE, KEY_READ, &key) == STATUS_SUCCESS);
    if (key != NULL)
        ZwClose(key);
    CHECK(IoOpenDeviceRegistryKey(Pdo, PLUGPLAY_REGKEY_DEVICE | PLUGPLAY_REGKEY_DRIVER, KEY_READ, &key) ==
          STATUS_INVALID_PARAMETER);
    CHECK(IoOpenDeviceRegistryKey(Fdo, PLUGPLAY_REGKEY_DEVICE, KEY_READ, &key) == STATUS_INVALID_PARAMETER);
}

static VOID
StatisticsForPrograms(VOID)
{
    ULONG oid = OID_GEN_VENDOR_ID, value = 0;
    IO_STATUS_BLOCK iosb;
    KEVENT event;
    NTSTATUS status;
    PIRP irp;

    REQUIRE(Fdo != NULL);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(IOCTL_QUERY_GLOBAL_STATS, Fdo, &oid, sizeof(oid), &value, sizeof(value), FALSE,
                                        &event, &iosb);
    REQUIRE(irp != NULL);
    status = IoCallDriver(Fdo, irp);
    if (status == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    CHECK(iosb.Status == STATUS_SUCCESS && iosb.Information == sizeof(value) && value == 0x554e44);
}

/* documented: an adapter's device has its NetCfgInstanceId for a name */
static VOID
ProgramsOpenIt(VOID)
{
    UNICODE_STRING id = RTL_CONSTANT_STRING(L"NetCfgInstanceId"), name, prefix = RTL_CONSTANT_STRING(L"\\Device\\");
    KEY_VALUE_PARTIAL_INFORMATION *value;
    UCHAR bytes[200];
    WCHAR text[64];
    PDEVICE_OBJECT top = NULL;
    PFILE_OBJECT file;
    HANDLE key = NULL;
    ULONG length;
    NTSTATUS status;

    REQUIRE(Pdo != NULL);
    REQUIRE(IoOpenDeviceRegistryKey(Pdo, PLUGPLAY_REGKEY_DRIVER, KEY_READ, &key) == STATUS_SUCCESS);
    status = ZwQueryValueKey(key, &id, KeyValuePartialInformation, bytes, sizeof(bytes), &length);
    ZwClose(key);
    REQUIRE(status == STATUS_SUCCESS);
    value = (KEY_VALUE_PARTIAL_INFORMATION *)bytes;
    RtlInitEmptyUnicodeString(&name, text, sizeof(text));
    CHECK(RtlAppendUnicodeStringToString(&name, &prefix) == STATUS_SUCCESS);
    RtlInitUnicodeString(&id, (PCWSTR)value->Data);
    CHECK(RtlAppendUnicodeStringToString(&name, &id) == STATUS_SUCCESS);
    REQUIRE(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &top) == STATUS_SUCCESS);
    CHECK(top == Fdo && file->DeviceObject == Fdo);
    ObDereferenceObject(file);
}

static VOID
Queries(VOID)
{
    LONG events = Seen.BindingNetPnP;

    REQUIRE(Pdo != NULL);
    CHECK(Send(IRP_MJ_PNP, IRP_MN_QUERY_REMOVE_DEVICE, 0) == STATUS_SUCCESS && Seen.BindingNetPnP == events + 1);
    CHECK(Send(IRP_MJ_PNP, IRP_MN_CANCEL_REMOVE_DEVICE, 0) == STATUS_SUCCESS && Seen.BindingNetPnP == events + 2);
    StackRefusesRemoval = TRUE;
    CHECK(Send(IRP_MJ_PNP, IRP_MN_QUERY_STOP_DEVICE, 0) == STATUS_UNSUCCESSFUL);
    StackRefusesRemoval = FALSE;
    CHECK(Send(IRP_MJ_PNP, IRP_MN_CANCEL_STOP_DEVICE, 0) == STATUS_SUCCESS);
    CHECK(Send(IRP_MJ_PNP, 0x7f, 0) == STATUS_NOT_SUPPORTED); /* documented: nobody's, so the status stays */
}

/* documented: the stack is told, paused, and the miniport gets the OID; back in the other order */
static VOID
SleepsAndWakes(VOID)
{
    LONG powers = Seen.PortPowers, pauses = Seen.BindingPauses;
    LONG restarts = Seen.BindingRestarts, sets = Seen.BindingPowers, parameters = StackPm.ParametersSets;
    NDIS_OID_REQUEST request;
    ULONG value = 0;

    REQUIRE(Pdo != NULL);
    CHECK(Send(IRP_MJ_POWER, IRP_MN_SET_POWER, PowerDeviceD3) == STATUS_SUCCESS);
    /* before that it was told what may wake it: what tests of pm.c and the user left enabled */
    CHECK(StackPm.ParametersSets == parameters + 1 && StackPm.Powers == powers);
    CHECK(StackPm.Parameters.EnabledWoLPacketPatterns ==
          (NDIS_PM_WOL_BITMAP_PATTERN_ENABLED | NDIS_PM_WOL_MAGIC_PACKET_ENABLED));
    CHECK(Seen.PortPowers == powers + 1 && StackPower == NdisDeviceStateD3 && Seen.BindingPauses == pauses + 1);
    CHECK(Seen.BindingPowers == sets + 1 && Seen.BindingRestarts == restarts);
    StackRequest(&request, NdisRequestQueryInformation, OID_GEN_VENDOR_ID, &value, sizeof(value));
    CHECK(NdisOidRequest(StackBinding, &request) == NDIS_STATUS_LOW_POWER_STATE);
    CHECK(Send(IRP_MJ_POWER, IRP_MN_SET_POWER, PowerDeviceD0) == STATUS_SUCCESS);
    CHECK(Seen.PortPowers == powers + 2 && StackPower == NdisDeviceStateD0);
    CHECK(StackReaches(&Seen.BindingRestarts, restarts + 1) && Seen.BindingPowers == sets + 2);
}

static VOID
StopsAndStarts(VOID)
{
    LONG binds = Seen.BindingBinds, restarts = Seen.BindingRestarts;

    REQUIRE(Pdo != NULL);
    CHECK(Send(IRP_MJ_PNP, IRP_MN_STOP_DEVICE, 0) == STATUS_SUCCESS);
    CHECK(StackPort == NULL && StackBinding == NULL && StackHaltAction == NdisHaltDeviceStopped);
    CHECK(Send(IRP_MJ_PNP, IRP_MN_START_DEVICE, 0) == STATUS_SUCCESS);
    CHECK(StackPort != NULL && StackReaches(&Seen.BindingBinds, binds + 1));
    CHECK(StackReaches(&Seen.BindingRestarts, restarts + 1));
}

/* A device of this driver over the adapter's: it sees what the PnP manager sends, and answers one of the questions. */
static PDRIVER_DISPATCH PnpBefore, PowerBefore;
static PDEVICE_OBJECT Over, Below;
static volatile LONG Minors[32], Removals; /* asked for; removals that are done */
static volatile LONG Powers[4], SystemPowers; /* power requests by minor code; how many of them for the system */
static ULONG_PTR DeviceState;
static BOOLEAN KeepsWake; /* the device over it plays the bus: IRP_MN_WAIT_WAKE stays with it */
static PIRP WakeKept;

static NTSTATUS NTAPI
OverPower(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION at = IoGetCurrentIrpStackLocation(Irp);

    if (DeviceObject != Over) {
        Irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_NOT_SUPPORTED;
    }
    InterlockedIncrement(&Powers[at->MinorFunction & 3]);
    if (at->MinorFunction == IRP_MN_SET_POWER && at->Parameters.Power.Type == SystemPowerState)
        InterlockedIncrement(&SystemPowers);
    if (at->MinorFunction == IRP_MN_WAIT_WAKE && KeepsWake) {
        IoMarkIrpPending(Irp);
        WakeKept = Irp;
        return STATUS_PENDING;
    }
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(Below, Irp);
}

static NTSTATUS NTAPI
OverPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UCHAR minor = IoGetCurrentIrpStackLocation(Irp)->MinorFunction;
    NTSTATUS status;

    if (DeviceObject != Over)
        return PnpBefore(DeviceObject, Irp);
    InterlockedIncrement(&Minors[minor & 31]);
    if (minor == IRP_MN_QUERY_PNP_DEVICE_STATE) {
        Irp->IoStatus.Status = STATUS_SUCCESS;
        Irp->IoStatus.Information = DeviceState;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_SUCCESS;
    }
    IoSkipCurrentIrpStackLocation(Irp);
    status = IoCallDriver(Below, Irp);
    if (minor == IRP_MN_REMOVE_DEVICE)
        InterlockedIncrement(&Removals);
    return status;
}

static BOOLEAN
PutOver(VOID)
{
    PnpBefore = DdiDriverObject->MajorFunction[IRP_MJ_PNP];
    if (!NT_SUCCESS(IoCreateDevice(DdiDriverObject, 0, NULL, FILE_DEVICE_NETWORK, 0, FALSE, &Over)))
        return FALSE;
    DdiDriverObject->MajorFunction[IRP_MJ_PNP] = OverPnp;
    PowerBefore = DdiDriverObject->MajorFunction[IRP_MJ_POWER];
    DdiDriverObject->MajorFunction[IRP_MJ_POWER] = OverPower;
    Below = IoAttachDeviceToDeviceStack(Over, Fdo);
    Over->Flags &= ~DO_DEVICE_INITIALIZING;
    return Below != NULL;
}

static VOID
TakeOff(VOID)
{
    IoDetachDevice(Below);
    IoDeleteDevice(Over);
    DdiDriverObject->MajorFunction[IRP_MJ_PNP] = PnpBefore;
    DdiDriverObject->MajorFunction[IRP_MJ_POWER] = PowerBefore;
}

/* documented: the stack is asked for the state; one that is only not to be disabled stays */
static VOID
StateIsAskedFor(VOID)
{
    KIRQL old;

    REQUIRE(Pdo != NULL && PutOver());
    DeviceState = PNP_DEVICE_NOT_DISABLEABLE;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IoInvalidateDeviceState(Pdo);
    KeLowerIrql(old);
    CHECK(StackReaches(&Minors[IRP_MN_QUERY_PNP_DEVICE_STATE], 1) && StackPort != NULL);
    IoInvalidateDeviceRelations(Pdo, BusRelations);
    CHECK(StackReaches(&Minors[IRP_MN_QUERY_DEVICE_RELATIONS], 1));
    IoInvalidateDeviceRelations(Pdo, EjectionRelations); /* documented: asked for when it is ejected */
    CHECK(!StackReaches(&Minors[IRP_MN_QUERY_DEVICE_RELATIONS], 2));
    CHECK(Minors[IRP_MN_SURPRISE_REMOVAL] == 0);
    TakeOff();
}

/* documented: a device that failed is surprise-removed, then removed; one that is to be ejected is asked first */
static VOID
FailedDeviceIsRemoved(VOID)
{
    LONG binds = Seen.BindingBinds, restarts = Seen.BindingRestarts;

    REQUIRE(Pdo != NULL && PutOver());
    DeviceState = PNP_DEVICE_FAILED;
    IoInvalidateDeviceState(Pdo);
    CHECK(StackReaches(&Removals, 1) && Minors[IRP_MN_SURPRISE_REMOVAL] == 1);
    CHECK(StackPort == NULL && StackHaltAction == NdisHaltDeviceSurpriseRemoved);
    CHECK(Send(IRP_MJ_PNP, IRP_MN_START_DEVICE, 0) == STATUS_SUCCESS);
    CHECK(StackPort != NULL && StackReaches(&Seen.BindingBinds, binds + 1));
    CHECK(StackReaches(&Seen.BindingRestarts, restarts + 1));
    IoRequestDeviceEject(Pdo);
    CHECK(StackReaches(&Minors[IRP_MN_EJECT], 1) && Minors[IRP_MN_QUERY_REMOVE_DEVICE] == 1);
    CHECK(StackPort == NULL && Removals == 2);
    CHECK(Send(IRP_MJ_PNP, IRP_MN_START_DEVICE, 0) == STATUS_SUCCESS);
    CHECK(StackReaches(&Seen.BindingBinds, binds + 2) && StackReaches(&Seen.BindingRestarts, restarts + 2));
    TakeOff();
}

static NTSTATUS WakeStatus;
static volatile LONG WakesDone;

static VOID NTAPI
WakeDone(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction, POWER_STATE PowerState, PVOID Context,
         PIO_STATUS_BLOCK IoStatus)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    CHECK(MinorFunction == IRP_MN_WAIT_WAKE);
    CHECK(PowerState.SystemState >= PowerSystemSleeping3);
    WakeStatus = IoStatus->Status;
    InterlockedIncrement(&WakesDone);
}

/* documented: a bus keeps one request per device until it is cancelled, and none for a sleep it cannot end */
static VOID
BusKeepsWaitWake(VOID)
{
    POWER_STATE state = { .SystemState = PowerSystemSleeping3 };
    PIRP first = NULL;

    REQUIRE(Pdo != NULL);
    WakesDone = 0;
    REQUIRE(PoRequestPowerIrp(Pdo, IRP_MN_WAIT_WAKE, state, WakeDone, NULL, &first) == STATUS_PENDING);
    CHECK(WakesDone == 0);
    CHECK(PoRequestPowerIrp(Pdo, IRP_MN_WAIT_WAKE, state, WakeDone, NULL, NULL) == STATUS_PENDING);
    CHECK(WakesDone == 1 && WakeStatus == STATUS_DEVICE_BUSY);
    state.SystemState = PowerSystemHibernate;
    CHECK(PoRequestPowerIrp(Pdo, IRP_MN_WAIT_WAKE, state, WakeDone, NULL, NULL) == STATUS_PENDING);
    CHECK(WakesDone == 2 && WakeStatus == STATUS_INVALID_DEVICE_STATE);
    CHECK(IoCancelIrp(first));
    CHECK(StackReaches(&WakesDone, 3) && WakeStatus == STATUS_CANCELLED);
}

/* documented: where something may wake it, the adapter waits for that while it sleeps, and no longer */
static VOID
SleepWaitsForWake(VOID)
{
    POWER_STATE state = { .SystemState = PowerSystemSleeping3 };
    LONG restarts = Seen.BindingRestarts;

    REQUIRE(Pdo != NULL && PutOver());
    WakesDone = 0;
    Powers[IRP_MN_WAIT_WAKE] = 0;
    CHECK(Send(IRP_MJ_POWER, IRP_MN_SET_POWER, PowerDeviceD3) == STATUS_SUCCESS);
    CHECK(Powers[IRP_MN_WAIT_WAKE] == 1);
    CHECK(PoRequestPowerIrp(Pdo, IRP_MN_WAIT_WAKE, state, WakeDone, NULL, NULL) == STATUS_PENDING);
    CHECK(WakesDone == 1 && WakeStatus == STATUS_DEVICE_BUSY); /* NDIS's is there */
    CHECK(Send(IRP_MJ_POWER, IRP_MN_SET_POWER, PowerDeviceD0) == STATUS_SUCCESS);
    CHECK(StackReaches(&Seen.BindingRestarts, restarts + 1));
    BusKeepsWaitWake();
    TakeOff();
}

/* documented: the request that is completed with success is the signal, and the adapter goes to full power for it */
static VOID
SignalWakes(VOID)
{
    LONG powers = Seen.PortPowers, restarts = Seen.BindingRestarts;
    KIRQL old;

    REQUIRE(Pdo != NULL && PutOver());
    WakeKept = NULL;
    KeepsWake = TRUE;
    CHECK(Send(IRP_MJ_POWER, IRP_MN_SET_POWER, PowerDeviceD3) == STATUS_SUCCESS);
    KeepsWake = FALSE;
    CHECK(!StackReaches(&Seen.PortPowers, powers + 2) && StackPower == NdisDeviceStateD3);
    if (WakeKept != NULL) {
        WakeKept->IoStatus.Status = STATUS_SUCCESS;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        IoCompleteRequest(WakeKept, IO_NO_INCREMENT);
        KeLowerIrql(old);
    }
    CHECK(WakeKept != NULL && StackReaches(&Seen.PortPowers, powers + 2) && StackPower == NdisDeviceStateD0);
    CHECK(StackReaches(&Seen.BindingRestarts, restarts + 1));
    TakeOff();
}

/* documented: the owner of the power policy asks for the device's state by a request of its own */
static VOID
SystemSleepIsTheDevices(VOID)
{
    LONG powers = Seen.PortPowers, restarts = Seen.BindingRestarts;

    REQUIRE(Pdo != NULL && PutOver());
    SystemPowers = Powers[IRP_MN_SET_POWER] = 0;
    CHECK(SendPower(IRP_MN_QUERY_POWER, SystemPowerState, PowerSystemSleeping3) == STATUS_SUCCESS);
    CHECK(SendPower(IRP_MN_SET_POWER, SystemPowerState, PowerSystemSleeping3) == STATUS_SUCCESS);
    CHECK(SystemPowers == 1 && Powers[IRP_MN_SET_POWER] == 2);
    CHECK(Seen.PortPowers == powers + 1 && StackPower == NdisDeviceStateD3);
    CHECK(SendPower(IRP_MN_SET_POWER, SystemPowerState, PowerSystemWorking) == STATUS_SUCCESS);
    CHECK(SystemPowers == 2 && Powers[IRP_MN_SET_POWER] == 4 && StackPower == NdisDeviceStateD0);
    CHECK(StackReaches(&Seen.BindingRestarts, restarts + 1));
    TakeOff();
}

/* Of the driver, by the handle of one of its adapters. */
static VOID
DeviceByAdapter(VOID)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\StackByAdapter");
    PDRIVER_DISPATCH dispatch[IRP_MJ_MAXIMUM_FUNCTION + 1] = { NULL };
    NDIS_DEVICE_OBJECT_ATTRIBUTES attributes;
    PDEVICE_OBJECT device = NULL;
    NDIS_HANDLE handle = NULL;

    NdisZeroMemory(&attributes, sizeof(attributes));
    attributes.Header.Type = NDIS_OBJECT_TYPE_DEVICE_OBJECT_ATTRIBUTES;
    attributes.Header.Revision = NDIS_DEVICE_OBJECT_ATTRIBUTES_REVISION_1;
    attributes.Header.Size = NDIS_SIZEOF_DEVICE_OBJECT_ATTRIBUTES_REVISION_1;
    attributes.DeviceName = &name;
    attributes.MajorFunctions = dispatch;
    REQUIRE(NdisRegisterDeviceEx(StackPort, &attributes, &device, &handle) == NDIS_STATUS_SUCCESS);
    CHECK(device->DriverObject == DdiDriverObject);
    NdisDeregisterDeviceEx(handle);
}

static volatile LONG Creates[2]; /* by the first table, by the second */

static NTSTATUS
Created(ULONG Table, PIRP Irp)
{
    InterlockedIncrement(&Creates[Table]);
    Irp->IoStatus.Status = STATUS_NO_SUCH_FILE;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_NO_SUCH_FILE;
}

static NTSTATUS NTAPI
CreateFirst(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return Created(0, Irp);
}

static NTSTATUS NTAPI
CreateSecond(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return Created(1, Irp);
}

/* A driver object has one table, each device that NDIS makes one of its own. */
static VOID
EachDeviceHasItsTable(VOID)
{
    static UNICODE_STRING name[2] = { RTL_CONSTANT_STRING(L"\\Device\\StackFirst"),
                                      RTL_CONSTANT_STRING(L"\\Device\\StackSecond") };
    PDRIVER_DISPATCH dispatch[IRP_MJ_MAXIMUM_FUNCTION + 1] = { NULL };
    PDRIVER_DISPATCH before = DdiDriverObject->MajorFunction[IRP_MJ_CREATE];
    NDIS_DEVICE_OBJECT_ATTRIBUTES attributes;
    NDIS_HANDLE handle[2] = { NULL, NULL };
    PDEVICE_OBJECT device, top;
    PFILE_OBJECT file;
    ULONG i;

    NdisZeroMemory(&attributes, sizeof(attributes));
    attributes.Header.Type = NDIS_OBJECT_TYPE_DEVICE_OBJECT_ATTRIBUTES;
    attributes.Header.Revision = NDIS_DEVICE_OBJECT_ATTRIBUTES_REVISION_1;
    attributes.Header.Size = NDIS_SIZEOF_DEVICE_OBJECT_ATTRIBUTES_REVISION_1;
    attributes.MajorFunctions = dispatch;
    for (i = 0; i < 2; i++) {
        attributes.DeviceName = &name[i];
        dispatch[IRP_MJ_CREATE] = i == 0 ? CreateFirst : CreateSecond;
        CHECK(NdisRegisterDeviceEx(StackPort, &attributes, &device, &handle[i]) == NDIS_STATUS_SUCCESS);
    }
    for (i = 0; i < 2; i++)
        CHECK(IoGetDeviceObjectPointer(&name[i], FILE_READ_DATA, &file, &top) == STATUS_NO_SUCH_FILE &&
              Creates[i] == 1);
    for (i = 0; i < 2; i++)
        if (handle[i] != NULL)
            NdisDeregisterDeviceEx(handle[i]);
    DdiDriverObject->MajorFunction[IRP_MJ_CREATE] = before;
}

static const GUID InterfaceClass = { 0x1f3a7c11, 0x2b4d, 0x4e6f, { 1, 2, 3, 4, 5, 6, 7, 8 } };
static volatile LONG Told;

static NTSTATUS NTAPI
OnInterface(PVOID NotificationStructure, PVOID Context)
{
    PDEVICE_INTERFACE_CHANGE_NOTIFICATION change = NotificationStructure;

    UNREFERENCED_PARAMETER(Context);

    if (RtlCompareMemory(&change->InterfaceClassGuid, &InterfaceClass, sizeof(GUID)) == sizeof(GUID))
        InterlockedIncrement(&Told);
    return STATUS_SUCCESS;
}

/* documented: registered for a PDO, with a name that leads to the top of its stack while it is enabled */
static VOID
Interfaces(VOID)
{
    UNICODE_STRING apart = RTL_CONSTANT_STRING(L"a\\b"), also = RTL_CONSTANT_STRING(L"a/b");
    UNICODE_STRING link;
    PDEVICE_OBJECT top;
    PFILE_OBJECT file;
    PVOID entry;

    REQUIRE(Pdo != NULL && Fdo != NULL);
    CHECK(IoRegisterDeviceInterface(Fdo, &InterfaceClass, NULL, &link) == STATUS_INVALID_DEVICE_REQUEST);
    CHECK(IoRegisterDeviceInterface(Pdo, &InterfaceClass, &apart, &link) == STATUS_INVALID_DEVICE_REQUEST);
    CHECK(IoRegisterDeviceInterface(Pdo, &InterfaceClass, &also, &link) == STATUS_INVALID_DEVICE_REQUEST);
    REQUIRE(IoRegisterDeviceInterface(Pdo, &InterfaceClass, NULL, &link) == STATUS_SUCCESS);
    CHECK(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0, NULL, DdiDriverObject, OnInterface,
                                         NULL, &entry) == STATUS_INVALID_PARAMETER);
    REQUIRE(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0, (PVOID)&InterfaceClass,
                                           DdiDriverObject, OnInterface, NULL, &entry) == STATUS_SUCCESS);
    CHECK(IoSetDeviceInterfaceState(&link, FALSE) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(IoSetDeviceInterfaceState(&link, TRUE) == STATUS_SUCCESS);
    CHECK(IoSetDeviceInterfaceState(&link, TRUE) == STATUS_OBJECT_NAME_EXISTS);
    CHECK(Told == 1);
    REQUIRE(IoGetDeviceObjectPointer(&link, FILE_READ_DATA, &file, &top) == STATUS_SUCCESS);
    CHECK(top == Fdo);
    ObDereferenceObject(file);
    CHECK(IoUnregisterPlugPlayNotification(entry) == STATUS_SUCCESS);
    CHECK(IoSetDeviceInterfaceState(&link, FALSE) == STATUS_SUCCESS);
    CHECK(Told == 1);
    CHECK(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0, (PVOID)&InterfaceClass,
                                         DdiDriverObject, OnInterface, NULL, &entry) == STATUS_SUCCESS);
    CHECK(IoUnregisterPlugPlayNotificationEx(entry) == STATUS_SUCCESS);
    RtlFreeUnicodeString(&link);
}

DDI_TESTS(device, { "device_objects", DeviceObjects }, { "properties", Properties }, { "keys", Keys },
          { "device_by_adapter", DeviceByAdapter },
          { "each_device_has_its_table", EachDeviceHasItsTable }, { "interfaces", Interfaces },
          { "statistics_for_programs", StatisticsForPrograms },
          { "programs_open_it", ProgramsOpenIt }, { "queries", Queries },
          { "sleeps_and_wakes", SleepsAndWakes }, { "stops_and_starts", StopsAndStarts },
          { "bus_keeps_wait_wake", BusKeepsWaitWake }, { "sleep_waits_for_wake", SleepWaitsForWake },
          { "signal_wakes", SignalWakes },
          { "system_sleep_is_the_devices", SystemSleepIsTheDevices },
          { "state_is_asked_for", StateIsAskedFor }, { "failed_device_is_removed", FailedDeviceIsRemoved });
