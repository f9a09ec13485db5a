/* SPDX-License-Identifier: MIT */
/* rules.c - the device control that chooses; see rules.h. */
#include "rules.h"

static DRIVER_DISPATCH RulesControl;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"Rules"),
    .Read = RulesRead,
    .DeviceControl = RulesControl,
    .Unload = RulesUnload,
};

#define RULE(name, id) Break##name, Keep##name,
static NTSTATUS (*const Routines[])(RULES_REQUEST *Request) = {
#include "rules.def"
};
#undef RULE

NTSTATUS
RulesDone(RULES_REQUEST *Request)
{
    return PlainComplete(Request->Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_ static NTSTATUS
RulesControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG code = IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode;
    RULES_REQUEST request = { DeviceObject, Irp };
    ULONG function = (code >> 2) & 0xfff;

    if (DEVICE_TYPE_FROM_CTL_CODE(code) != FILE_DEVICE_UNKNOWN || function < 0x800 ||
        function - 0x800 >= sizeof(Routines) / sizeof(Routines[0]))
        return PlainComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    return Routines[function - 0x800](&request);
}
