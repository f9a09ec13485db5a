/* SPDX-License-Identifier: MIT */
/*
 * spins_looping.c - loops without end that branch back by instructions with short forms only: LOOP, JRCXZ. The one of
 * the write has another inside that ends, after three rounds or with an exception.
 */
#include "../common/plain.h"

static DRIVER_DISPATCH SpinsRead;
static DRIVER_DISPATCH SpinsWrite;

PLAIN_DRIVER PlainDriver = {
    PLAIN_NAMES(L"SpinsLooping"),
    .Read = SpinsRead,
    .Write = SpinsWrite,
};

_Use_decl_annotations_ static NTSTATUS
SpinsRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    __asm__ volatile("1: xorl %%ecx, %%ecx\n\t"
                     "jrcxz 1b" ::
                         : "rcx", "cc");
    return PlainComplete(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_ static NTSTATUS
SpinsWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);

    __asm__ volatile("1: movl $3, %%ecx\n\t"
                     "xorl %%eax, %%eax\n"
                     "2: incl %%eax\n\t"
                     "loop 2b\n\t"
                     "cmpl $3, %%eax\n\t"
                     "je 3f\n\t"
                     "ud2\n"
                     "3: movl $2, %%ecx\n\t"
                     "loop 1b" ::
                         : "rax", "rcx", "cc");
    return PlainComplete(Irp, STATUS_SUCCESS, 0);
}
