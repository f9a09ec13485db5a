/* SPDX-License-Identifier: MIT */
/*
 * nt/io/fileinfo.c - what is known of an open file, and setting it.
 *
 * Model: the classes that the I/O manager keeps itself (documented: access, mode, alignment, position) are answered
 * here; every other goes to the driver as IRP_MJ_QUERY_INFORMATION or IRP_MJ_SET_INFORMATION with a system buffer.
 * Start reading at: ZwQueryInformationFile().
 */
#include "nt/io/io.h"

#include "nt/ob/ob.h"

/* Bytes of a class's fixed part; 0: no such class here. */
static ULONG
length_of(FILE_INFORMATION_CLASS class)
{
    switch ((int)class) {
    case FileBasicInformation:
        return sizeof(FILE_BASIC_INFORMATION);
    case FileStandardInformation:
        return sizeof(FILE_STANDARD_INFORMATION);
    case FileInternalInformation:
    case FilePositionInformation:
    case FileAllocationInformation:
    case FileEndOfFileInformation:
    case FileNameInformation: /* a length and one character, rounded */
        return sizeof(LARGE_INTEGER);
    case FileEaInformation:
    case FileAccessInformation:
    case FileModeInformation:
    case FileAlignmentInformation:
        return sizeof(ULONG);
    case FileDispositionInformation:
        return sizeof(BOOLEAN);
    case FileAllInformation:
        return 0x68; /* documented: all of them, one after the other */
    default:
        return 0;
    }
}

/* true: the I/O manager knows; *value and its size. */
static bool
known_here(const FILE_OBJECT *file, ACCESS_MASK granted, FILE_INFORMATION_CLASS class, LARGE_INTEGER *value)
{
    value->QuadPart = 0;
    switch ((int)class) {
    case FileAccessInformation:
        value->LowPart = granted;
        return true;
    case FileModeInformation:
        value->LowPart = (file->Flags & FO_WRITE_THROUGH ? FILE_WRITE_THROUGH : 0) |
                         (file->Flags & FO_NO_INTERMEDIATE_BUFFERING ? FILE_NO_INTERMEDIATE_BUFFERING : 0);
        if (file->Flags & FO_SYNCHRONOUS_IO)
            value->LowPart |= file->Flags & FO_ALERTABLE_IO ? FILE_SYNCHRONOUS_IO_ALERT : FILE_SYNCHRONOUS_IO_NONALERT;
        return true;
    case FileAlignmentInformation:
        value->LowPart = file->DeviceObject->AlignmentRequirement;
        return true;
    case FilePositionInformation:
        *value = file->CurrentByteOffset;
        return (file->Flags & FO_SYNCHRONOUS_IO) != 0; /* documented: others have none; the driver is asked */
    default:
        return false;
    }
}

static NTSTATUS
done(PFILE_OBJECT file, PIO_STATUS_BLOCK iosb, NTSTATUS status, ULONG_PTR information)
{
    ob_dereference(file);
    iosb->Status = status;
    iosb->Information = information;
    return status;
}

static NTSTATUS
ask_driver(PFILE_OBJECT file, UCHAR major, const char *name, PIO_STATUS_BLOCK iosb, PVOID buffer, ULONG length,
           FILE_INFORMATION_CLASS class)
{
    PIO_STATUS_BLOCK result = guest_alloc(sizeof(*result)); /* on an asynchronous file, too, the caller waits */
    struct io_request r = { .major = major,
                            .site = io_site.IopSynchronousServiceTail,
                            .name = name,
                            .file = file,
                            .iosb = result,
                            .buffer = buffer,
                            .length = length,
                            .code = (ULONG) class,
                            .wait = true };
    NTSTATUS status = io_submit(&r);

    return done(file, iosb, status, NT_ERROR(status) ? 0 : result->Information);
}

/*
 * ZwQueryInformationFile - what is known of a file.
 *
 * Source:    documented.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows both buffers; waits for the driver.
 * Returns:   STATUS_SUCCESS, _INVALID_HANDLE, _OBJECT_TYPE_MISMATCH, _INVALID_INFO_CLASS, _INFO_LENGTH_MISMATCH when
 *            the fixed part does not fit, what the driver says.
 * Tests:     tests/ddi/io_dev.c
 */
NTSTATUS NTAPI
ZwQueryInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID FileInformation, ULONG Length,
                       FILE_INFORMATION_CLASS FileInformationClass)
{
    ULONG fixed = length_of(FileInformationClass);
    uint64_t mark = guest_mark();
    LARGE_INTEGER value;
    ACCESS_MASK granted;
    PFILE_OBJECT file;
    NTSTATUS status;

    if (fixed == 0)
        return STATUS_INVALID_INFO_CLASS;
    if (Length < fixed)
        return STATUS_INFO_LENGTH_MISMATCH;
    status = ob_handle_reference(FileHandle, 0, NT->ob->variables->IoFileObjectType, false, (void **)&file, &granted);
    if (status != STATUS_SUCCESS)
        return status;
    if (known_here(file, granted, FileInformationClass, &value)) {
        __builtin_memcpy(FileInformation, &value, fixed);
        return done(file, IoStatusBlock, STATUS_SUCCESS, fixed);
    }
    status = ask_driver(file, IRP_MJ_QUERY_INFORMATION, "ZwQueryInformationFile", IoStatusBlock, FileInformation,
                        Length, FileInformationClass);
    guest_release(mark);
    return status;
}

/*
 * ZwSetInformationFile - change something about a file. The position of a synchronous one is the I/O manager's.
 *
 * Source:    documented. Assumed: a position below 0 is STATUS_INVALID_PARAMETER.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: borrows both buffers; waits for the driver.
 * Returns:   STATUS_SUCCESS, _INVALID_HANDLE, _OBJECT_TYPE_MISMATCH, _INVALID_INFO_CLASS for one that can only be
 *            queried or is none, _INFO_LENGTH_MISMATCH, _INVALID_PARAMETER, what the driver says.
 * Tests:     tests/ddi/io_dev.c
 */
NTSTATUS NTAPI
ZwSetInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID FileInformation, ULONG Length,
                     FILE_INFORMATION_CLASS FileInformationClass)
{
    ULONG fixed = length_of(FileInformationClass);
    const LARGE_INTEGER *value = FileInformation;
    uint64_t mark = guest_mark();
    PFILE_OBJECT file;
    NTSTATUS status;

    switch ((int)FileInformationClass) {
    case FileBasicInformation:
    case FilePositionInformation:
    case FileDispositionInformation:
    case FileAllocationInformation:
    case FileEndOfFileInformation:
        break;
    default:
        return STATUS_INVALID_INFO_CLASS;
    }
    if (Length < fixed)
        return STATUS_INFO_LENGTH_MISMATCH;
    status = ob_handle_reference(FileHandle, 0, NT->ob->variables->IoFileObjectType, false, (void **)&file, NULL);
    if (status != STATUS_SUCCESS)
        return status;
    if (FileInformationClass == FilePositionInformation && (file->Flags & FO_SYNCHRONOUS_IO)) {
        if (value->QuadPart < 0)
            return done(file, IoStatusBlock, STATUS_INVALID_PARAMETER, 0);
        file->CurrentByteOffset = *value;
        return done(file, IoStatusBlock, STATUS_SUCCESS, 0);
    }
    status = ask_driver(file, IRP_MJ_SET_INFORMATION, "ZwSetInformationFile", IoStatusBlock, FileInformation, Length,
                        FileInformationClass);
    guest_release(mark);
    return status;
}
