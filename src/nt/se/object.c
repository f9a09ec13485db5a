/* SPDX-License-Identifier: MIT */
/*
 * nt/se/object.c - the security of objects, captured and set: see se.h.
 *
 * Model: a descriptor of a device is one block of heap memory, self-relative, which its device frees. Setting a part
 * makes a new block of what is new and what stays. Only devices have descriptors here.
 */
#include "ddk/ntifs.h"
#include "machine/machine.h"
#include "nt/ex/ex.h"
#include "nt/ob/ob.h"
#include "nt/se/se.h"

/* What info names comes from fresh, the rest from old (NULL: there is none). The parts stay where they are. */
static SECURITY_DESCRIPTOR
merged(SECURITY_INFORMATION info, PSECURITY_DESCRIPTOR fresh, PSECURITY_DESCRIPTOR old)
{
    PSECURITY_DESCRIPTOR from[] = { old, fresh };
    SECURITY_DESCRIPTOR sd, *part;

    RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
    for (unsigned i = 0; i < 2; i++) {
        SECURITY_INFORMATION mine = i == 1 ? info : ~info;

        part = from[i];
        if (part == NULL)
            continue;
        if (mine & OWNER_SECURITY_INFORMATION)
            sd.Owner = se_owner(part);
        if (mine & GROUP_SECURITY_INFORMATION)
            sd.Group = se_group(part);
        if (mine & DACL_SECURITY_INFORMATION) {
            sd.Dacl = se_dacl(part, NULL);
            sd.Control |= part->Control & (SE_DACL_PRESENT | SE_DACL_DEFAULTED);
        }
        if (mine & SACL_SECURITY_INFORMATION) {
            sd.Sacl = se_sacl(part);
            sd.Control |= part->Control & (SE_SACL_PRESENT | SE_SACL_DEFAULTED);
        }
    }
    return sd;
}

/* Why a descriptor cannot be taken over. */
static NTSTATUS
check_form(PSECURITY_DESCRIPTOR sd, SECURITY_INFORMATION info)
{
    PSID owner, group;

    if (((PISECURITY_DESCRIPTOR)sd)->Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    owner = se_owner(sd);
    group = se_group(sd);
    if ((owner != NULL && !RtlValidSid(owner)) || (group != NULL && !RtlValidSid(group)))
        return STATUS_INVALID_SID;
    if (((info & OWNER_SECURITY_INFORMATION) && owner == NULL) ||
        ((info & GROUP_SECURITY_INFORMATION) && group == NULL))
        return STATUS_INVALID_SECURITY_DESCR; /* assumed: nobody owns nothing */
    return RtlValidSecurityDescriptor(sd) ? STATUS_SUCCESS : STATUS_INVALID_ACL;
}

static ACCESS_MASK
wanted(SECURITY_INFORMATION info)
{
    ACCESS_MASK access = 0;

    if (info & (OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION))
        access |= WRITE_OWNER;
    if (info & DACL_SECURITY_INFORMATION)
        access |= WRITE_DAC;
    if (info & SACL_SECURITY_INFORMATION)
        access |= ACCESS_SYSTEM_SECURITY;
    return access;
}

static NTSTATUS
set_device(PDEVICE_OBJECT device, SECURITY_INFORMATION info, PSECURITY_DESCRIPTOR fresh)
{
    SECURITY_DESCRIPTOR sd = merged(info, fresh, device->SecurityDescriptor);
    PSECURITY_DESCRIPTOR block;
    ULONG length = 0;

    RtlAbsoluteToSelfRelativeSD(&sd, NULL, &length);
    block = heap_alloc(length, 'dSeS');
    if (block == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlAbsoluteToSelfRelativeSD(&sd, block, &length);
    if (device->SecurityDescriptor != NULL)
        heap_free(device->SecurityDescriptor);
    device->SecurityDescriptor = block;
    return STATUS_SUCCESS;
}

/*
 * ZwSetSecurityObject - set parts of an object's security. Opens from then on are checked against it.
 *
 * Source:    documented; assumed: the order of the checks, and that the handle needs its access in kernel mode, too
 * IRQL:      PASSIVE_LEVEL
 * Ownership: SecurityDescriptor stays the caller's, absolute or self-relative
 * Returns:   STATUS_SUCCESS, _ACCESS_VIOLATION, _INVALID_HANDLE, _ACCESS_DENIED, _UNKNOWN_REVISION, _INVALID_SID,
 *            _INVALID_ACL, _INVALID_SECURITY_DESCR, _INSUFFICIENT_RESOURCES. Objects that are no devices are lacking,
 *            by name: a file's driver would be asked by IRP_MJ_SET_SECURITY.
 * Tests:     tests/ddi/se.c
 */
NTSTATUS NTAPI
ZwSetSecurityObject(HANDLE Handle, SECURITY_INFORMATION SecurityInformation, PSECURITY_DESCRIPTOR SecurityDescriptor)
{
    ACCESS_MASK granted = 0;
    NTSTATUS status;
    PVOID object;

    if (SecurityDescriptor == NULL)
        return STATUS_ACCESS_VIOLATION;
    status = ob_handle_reference(Handle, 0, NULL, false, &object, &granted);
    if (status != STATUS_SUCCESS)
        return status;
    if (wanted(SecurityInformation) & ~granted)
        status = STATUS_ACCESS_DENIED;
    else
        status = check_form(SecurityDescriptor, SecurityInformation);
    if (status == STATUS_SUCCESS && ob_type(object) != NT->ob->variables->IoDeviceObjectType)
        machine_unsupported((uint32_t)ddi_lookup("ntoskrnl", "ZwSetSecurityObject"),
                            "ZwSetSecurityObject of an object that is no device");
    if (status == STATUS_SUCCESS)
        status = set_device(object, SecurityInformation, SecurityDescriptor);
    ob_dereference(object);
    return status;
}

/*
 * SeCaptureSecurityDescriptor - a self-relative copy of a descriptor, in pool.
 *
 * Source:    assumed: it stands on no page. Of kernel mode the descriptor itself is the answer unless CaptureIfKernel
 * IRQL:      below DISPATCH_LEVEL
 * Ownership: a copy is the caller's, for ExFreePool
 * Returns:   STATUS_SUCCESS, _UNKNOWN_REVISION, _INVALID_SID, _INVALID_ACL, _INSUFFICIENT_RESOURCES. Of a program's
 *            memory (UserMode) it is lacking, by name.
 * Tests:     tests/ddi/se.c
 */
NTSTATUS NTAPI
SeCaptureSecurityDescriptor(PSECURITY_DESCRIPTOR OriginalSecurityDescriptor, KPROCESSOR_MODE CurrentMode,
                            POOL_TYPE PoolType, BOOLEAN CaptureIfKernel,
                            PSECURITY_DESCRIPTOR *CapturedSecurityDescriptor)
{
    PSECURITY_DESCRIPTOR copy;
    SECURITY_DESCRIPTOR sd;
    NTSTATUS status;
    ULONG length = 0;

    *CapturedSecurityDescriptor = NULL;
    if (OriginalSecurityDescriptor == NULL)
        return STATUS_SUCCESS;
    if (CurrentMode == KernelMode && !CaptureIfKernel) {
        *CapturedSecurityDescriptor = OriginalSecurityDescriptor;
        return STATUS_SUCCESS;
    }
    if (CurrentMode != KernelMode)
        machine_unsupported((uint32_t)ddi_lookup("ntoskrnl", "SeCaptureSecurityDescriptor"),
                            "SeCaptureSecurityDescriptor of a program's memory");
    status = check_form(OriginalSecurityDescriptor, 0);
    if (status != STATUS_SUCCESS)
        return status;
    sd = merged(~0u, OriginalSecurityDescriptor, NULL);
    RtlAbsoluteToSelfRelativeSD(&sd, NULL, &length);
    copy = ex_pool_alloc(PoolType, length, 'cSeS', 0);
    if (copy == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *CapturedSecurityDescriptor = copy;
    return RtlAbsoluteToSelfRelativeSD(&sd, copy, &length);
}
