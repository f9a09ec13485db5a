/* SPDX-License-Identifier: MIT */
/* driver.c - registers a filter that attaches to nothing, runs the tests, stops the machine; see ddi.h. */
#include "ddi.h"

DRIVER_INITIALIZE DriverEntry;
static FILTER_ATTACH DdiAttach;
static FILTER_DETACH DdiDetach;
static FILTER_RESTART DdiRestart;
static FILTER_PAUSE DdiPause;

extern const DDI_GROUP rtlGroup, stringGroup, crtGroup, miscGroup, seGroup, atomicGroup, exGroup, poolGroup, lockGroup,
    execGroup, keGroup, cpuGroup, mmGroup, pagesGroup, cmGroup, keyGroup, obGroup, psGroup, etwGroup, poGroup, ioGroup,
    irpGroup, devGroup, nblGroup, listsGroup, ndisGroup, nd5Group, binaryGroup;

static const DDI_GROUP *const Groups[] = {
    &rtlGroup,  &stringGroup, &crtGroup,  &miscGroup,  &seGroup,   &atomicGroup, &exGroup,
    &poolGroup, &lockGroup,   &execGroup, &keGroup,    &cpuGroup,  &mmGroup,     &pagesGroup,
    &cmGroup,   &keyGroup,    &obGroup,   &psGroup,    &etwGroup,  &poGroup,     &ioGroup,
    &irpGroup,  &devGroup,    &nblGroup,  &listsGroup, &ndisGroup, &nd5Group,    &binaryGroup,
};

NDIS_HANDLE DdiFilterDriver;
PDRIVER_OBJECT DdiDriverObject;
UNICODE_STRING DdiRegistryPath;

_Use_decl_annotations_ NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_FILTER_DRIVER_CHARACTERISTICS chars;
    ULONG total = 0;
    ULONG failed = 0;
    ULONG i;
    NDIS_STATUS status;

    DdiDriverObject = DriverObject;
    DdiRegistryPath = *RegistryPath;

    NdisZeroMemory(&chars, sizeof(chars));
    chars.Header.Type = NDIS_OBJECT_TYPE_FILTER_DRIVER_CHARACTERISTICS;
    chars.Header.Revision = NDIS_FILTER_CHARACTERISTICS_REVISION_2;
    chars.Header.Size = NDIS_SIZEOF_FILTER_DRIVER_CHARACTERISTICS_REVISION_2;
    chars.MajorNdisVersion = 6;
    chars.MinorNdisVersion = 30;
    RtlInitUnicodeString(&chars.FriendlyName, L"undis tests: ddi");
    RtlInitUnicodeString(&chars.UniqueName, L"{6f0a8c52-1d1b-4c55-8f0e-3a6b2f1c7c01}");
    RtlInitUnicodeString(&chars.ServiceName, L"ddi");
    chars.AttachHandler = DdiAttach;
    chars.DetachHandler = DdiDetach;
    chars.RestartHandler = DdiRestart;
    chars.PauseHandler = DdiPause;
    status = NdisFRegisterFilterDriver(DriverObject, (NDIS_HANDLE)DriverObject, &chars, &DdiFilterDriver);
    if (status != NDIS_STATUS_SUCCESS)
        return status;

    for (i = 0; i < RTL_NUMBER_OF(Groups); i++) {
        total += Groups[i]->Count;
        failed += DdiRunGroup(Groups[i]);
    }
    NdisFDeregisterFilterDriver(DdiFilterDriver);
    KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, total - failed, failed, 0, 0);
}

_Use_decl_annotations_ static NDIS_STATUS
DdiAttach(NDIS_HANDLE NdisFilterHandle, NDIS_HANDLE FilterDriverContext,
          PNDIS_FILTER_ATTACH_PARAMETERS AttachParameters)
{
    UNREFERENCED_PARAMETER(NdisFilterHandle);
    UNREFERENCED_PARAMETER(FilterDriverContext);
    UNREFERENCED_PARAMETER(AttachParameters);

    return NDIS_STATUS_FAILURE;
}

_Use_decl_annotations_ static VOID
DdiDetach(NDIS_HANDLE FilterModuleContext)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
}

_Use_decl_annotations_ static NDIS_STATUS
DdiRestart(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_RESTART_PARAMETERS RestartParameters)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(RestartParameters);

    return NDIS_STATUS_SUCCESS;
}

_Use_decl_annotations_ static NDIS_STATUS
DdiPause(NDIS_HANDLE FilterModuleContext, PNDIS_FILTER_PAUSE_PARAMETERS PauseParameters)
{
    UNREFERENCED_PARAMETER(FilterModuleContext);
    UNREFERENCED_PARAMETER(PauseParameters);

    return NDIS_STATUS_SUCCESS;
}
