/* SPDX-License-Identifier: MIT */
/*
 * user/kernel32.c - what programs call: files, requests, events, waits, threads.
 *
 * Model: each function is the thin part of kernel32 above a system call of nt/io/user.h: it turns arguments and
 * NTSTATUS values around, sets the last error, and does the system call between program_enter_kernel() and
 * program_leave_kernel(). An OVERLAPPED begins with the request's IO_STATUS_BLOCK (documented). All are documented in
 * the Win32 reference unless a comment says otherwise; PASSIVE_LEVEL, as all of user mode.
 */
#include <string.h>

#include "base/utf.h"
#include "nt/io/user.h"
#include "nt/ke/ke.h"
#include "nt/ob/ob.h"
#include "nt/ps/ps.h"
#include "nt/rtl/rtl.h"
#include "trace/event.h"
#include "user/internal.h"

#define ERROR_INVALID_HANDLE    6u
#define ERROR_NOT_SUPPORTED     50u
#define ERROR_INVALID_PARAMETER 87u
#define ERROR_IO_INCOMPLETE     996u
#define ERROR_IO_PENDING        997u
#define INVALID_HANDLE          ((HANDLE)(intptr_t)-1)
#define WAIT_FAILED             0xffffffffu
#define WAIT_OBJECTS_MAX        63u /* the kernel's 64, with the process */

#define FILE_FLAG_OVERLAPPED 0x40000000u

struct overlapped {
    ULONG_PTR internal, internal_high;
    ULONG64 offset;
    HANDLE event;
};

static BOOLEAN
fail(uint32_t error)
{
    program_self()->error = error;
    return FALSE;
}

/* documented: warnings are failures to Win32 callers, informational statuses are not. */
static BOOLEAN
result(int32_t status)
{
    return (uint32_t)status >> 30 < 2 && status != STATUS_PENDING ? TRUE : fail(RtlNtStatusToDosErrorNoTeb(status));
}

static __attribute__((noinline)) _Noreturn void
lacking(const char *function, const char *what)
{
    machine_unsupported((uint32_t)ddi_lookup("kernel32", function), what);
}

/* ------------------------------------------------------------------ last error, numbers */

static uint32_t NTAPI
k32_GetLastError(void)
{
    return program_self()->error;
}

static void NTAPI
k32_SetLastError(uint32_t ErrCode)
{
    program_self()->error = ErrCode;
}

static uint32_t NTAPI
k32_GetCurrentThreadId(void)
{
    return (uint32_t)ps_thread_id(ps_self());
}

static uint32_t NTAPI
k32_GetCurrentProcessId(void)
{
    return (uint32_t)(uint64_t)ps_self()->Process->UniqueProcessId;
}

/* Shown where DbgPrint's lines are. */
static void NTAPI
k32_OutputDebugStringA(const char *OutputString)
{
    const uint64_t va = (uint64_t)OutputString;

    DbgPrint_va("%s", &va);
}

/* ------------------------------------------------------------------ files */

static HANDLE
create_file(const char *path, uint32_t access, uint32_t flags)
{
    struct program_call c;
    unsigned how = flags & FILE_FLAG_OVERLAPPED ? USER_OVERLAPPED : 0;
    void *handle;
    int32_t status;

    if (access & GENERIC_READ && !(access & (GENERIC_WRITE | GENERIC_ALL)))
        how |= USER_READ_ONLY;
    if (access & GENERIC_WRITE && !(access & (GENERIC_READ | GENERIC_ALL)))
        how |= USER_WRITE_ONLY;
    program_enter_kernel(&c);
    status = user_open(path, how, &handle);
    program_leave_kernel(&c);
    return result(status) ? handle : INVALID_HANDLE;
}

/* ShareMode, disposition and other attributes mean nothing to a device (as in libundis). */
static HANDLE NTAPI
k32_CreateFileW(const WCHAR *FileName, uint32_t DesiredAccess, uint32_t ShareMode, void *SecurityAttributes,
                uint32_t CreationDisposition, uint32_t FlagsAndAttributes, HANDLE TemplateFile)
{
    size_t units = 0;
    char path[256];

    (void)ShareMode;
    (void)SecurityAttributes;
    (void)CreationDisposition;
    (void)TemplateFile;
    while (FileName[units] != 0 && units < 255)
        units++;
    utf16_to_utf8(FileName, units, path, sizeof(path));
    return create_file(path, DesiredAccess, FlagsAndAttributes);
}

static HANDLE NTAPI
k32_CreateFileA(const char *FileName, uint32_t DesiredAccess, uint32_t ShareMode, void *SecurityAttributes,
                uint32_t CreationDisposition, uint32_t FlagsAndAttributes, HANDLE TemplateFile)
{
    (void)ShareMode;
    (void)SecurityAttributes;
    (void)CreationDisposition;
    (void)TemplateFile;
    return create_file(FileName, DesiredAccess, FlagsAndAttributes);
}

static BOOLEAN NTAPI
k32_CloseHandle(HANDLE Object)
{
    struct program_call c;
    int32_t status;

    program_enter_kernel(&c);
    status = user_close(Object);
    program_leave_kernel(&c);
    return result(status);
}

/* ------------------------------------------------------------------ requests */

/* documented: bit 0 of the handle keeps the request from a completion port. */
static HANDLE
event_of(const struct overlapped *overlapped)
{
    return (HANDLE)((uint64_t)overlapped->event & ~1ull);
}

/* One request; overlapped NULL: the thread waits. documented: a pending one fails with ERROR_IO_PENDING. */
static uint32_t
request(unsigned operation, struct user_call *r, uint32_t *bytes, struct overlapped *overlapped)
{
    struct program_call c;
    uint64_t done = 0;
    int32_t status;

    if (bytes != NULL)
        *bytes = 0;
    program_enter_kernel(&c);
    if (overlapped == NULL && user_is_overlapped(r->handle)) {
        program_leave_kernel(&c);
        return fail(ERROR_INVALID_PARAMETER);
    }
    if (overlapped != NULL) {
        overlapped->internal = STATUS_PENDING;
        overlapped->internal_high = 0;
        r->iosb = overlapped;
        r->event = event_of(overlapped);
    }
    status = user_request(operation, r, &done);
    program_leave_kernel(&c);
    if (status == STATUS_PENDING)
        return fail(ERROR_IO_PENDING);
    if (bytes != NULL)
        *bytes = (uint32_t)done;
    return result(status);
}

static uint32_t NTAPI
k32_ReadFile(HANDLE File, void *Buffer, uint32_t BytesToRead, uint32_t *BytesRead, struct overlapped *Overlapped)
{
    struct user_call r = { .handle = File, .buffer = Buffer, .length = BytesToRead };

    return request(USER_READ, &r, BytesRead, Overlapped);
}

static uint32_t NTAPI
k32_WriteFile(HANDLE File, void *Buffer, uint32_t BytesToWrite, uint32_t *BytesWritten, struct overlapped *Overlapped)
{
    struct user_call r = { .handle = File, .buffer = Buffer, .length = BytesToWrite };

    return request(USER_WRITE, &r, BytesWritten, Overlapped);
}

static uint32_t NTAPI
k32_DeviceIoControl(HANDLE Device, uint32_t IoControlCode, void *InBuffer, uint32_t InBufferSize, void *OutBuffer,
                    uint32_t OutBufferSize, uint32_t *BytesReturned, struct overlapped *Overlapped)
{
    struct user_call r = { .handle = Device,
                           .code = IoControlCode,
                           .input = InBuffer,
                           .input_length = InBufferSize,
                           .buffer = OutBuffer,
                           .length = OutBufferSize };

    return request(USER_IOCTL, &r, BytesReturned, Overlapped);
}

/* ------------------------------------------------------------------ waiting */

/*
 * Wait in kernel mode for what one of the handles means, or for the end of the process, which ends the thread.
 * milliseconds: 0xffffffff is for ever. The index, STATUS_TIMEOUT, or a failing status.
 */
static int32_t
wait_any(unsigned count, const HANDLE *handles, uint32_t milliseconds)
{
    PVOID *objects = guest_alloc((WAIT_OBJECTS_MAX + 1) * sizeof(*objects));
    PKWAIT_BLOCK blocks = guest_alloc((WAIT_OBJECTS_MAX + 1) * sizeof(*blocks));
    LARGE_INTEGER *due = guest_alloc(sizeof(*due));
    PVOID body[WAIT_OBJECTS_MAX];
    int32_t status = STATUS_SUCCESS;
    unsigned held = 0;

    for (; held < count && status == STATUS_SUCCESS; held++) {
        status = ob_handle_reference(handles[held], SYNCHRONIZE, NULL, true, &body[held], NULL);
        if (status != STATUS_SUCCESS)
            break;
        objects[held] = ob_waitable(body[held]);
        if (objects[held] == NULL)
            status = STATUS_OBJECT_TYPE_MISMATCH;
    }
    if (status == STATUS_SUCCESS) {
        objects[count] = ps_self()->Process;
        due->QuadPart = -(int64_t)milliseconds * 10000;
        for (unsigned i = 0; i < count; i++)
            sched_touch((uint64_t)objects[i]);
        status = KeWaitForMultipleObjects(count + 1, objects, WaitAny, UserRequest, UserMode, FALSE,
                                          milliseconds == 0xffffffffu ? NULL : due, blocks);
    }
    while (held-- > 0)
        ob_dereference(body[held]);
    if (user_process_ending(ps_self()->Process))
        program_exit_thread();
    return status;
}

static uint32_t
wait_for(unsigned count, const HANDLE *handles, uint32_t milliseconds)
{
    struct program_call c;
    int32_t status;

    program_enter_kernel(&c);
    status = wait_any(count, handles, milliseconds);
    program_leave_kernel(&c);
    if (status >= 0)
        return (uint32_t)status; /* WAIT_OBJECT_0 + i, WAIT_TIMEOUT: the same numbers (documented) */
    result(status);
    return WAIT_FAILED;
}

static uint32_t NTAPI
k32_WaitForSingleObject(HANDLE Handle, uint32_t Milliseconds)
{
    return wait_for(1, &Handle, Milliseconds);
}

static uint32_t NTAPI
k32_WaitForMultipleObjects(uint32_t Count, const HANDLE *Handles, uint32_t WaitAll, uint32_t Milliseconds)
{
    if (Count == 0 || Count > WAIT_OBJECTS_MAX) {
        fail(ERROR_INVALID_PARAMETER);
        return WAIT_FAILED;
    }
    if (WaitAll && Count > 1)
        lacking("WaitForMultipleObjects", "WaitForMultipleObjects for all of several objects");
    return wait_for(Count, Handles, Milliseconds);
}

static uint32_t NTAPI
k32_GetOverlappedResult(HANDLE File, struct overlapped *Overlapped, uint32_t *Bytes, uint32_t Wait)
{
    HANDLE on = event_of(Overlapped) ? event_of(Overlapped) : File;

    sched_saw(Overlapped->internal);
    if (Overlapped->internal == STATUS_PENDING && (!Wait || wait_for(1, &on, 0xffffffffu) == WAIT_FAILED))
        return Wait ? FALSE : fail(ERROR_IO_INCOMPLETE);
    if (Overlapped->internal == STATUS_PENDING) /* documented: another request of the file ended */
        return fail(ERROR_IO_INCOMPLETE);
    *Bytes = (uint32_t)Overlapped->internal_high;
    return result((int32_t)Overlapped->internal);
}

static void NTAPI
k32_Sleep(uint32_t Milliseconds)
{
    struct program_call c;

    program_enter_kernel(&c);
    if (Milliseconds == 0)
        sched_give_way();
    else
        wait_any(0, NULL, Milliseconds);
    program_leave_kernel(&c);
}

/* ------------------------------------------------------------------ cancelling */

static uint32_t NTAPI
k32_CancelIo(HANDLE File)
{
    struct program_call c;
    int32_t status;

    program_enter_kernel(&c);
    status = user_cancel_io(File);
    program_leave_kernel(&c);
    return result(status);
}

static uint32_t NTAPI
k32_CancelIoEx(HANDLE File, struct overlapped *Overlapped)
{
    const struct user_async one = { .block = Overlapped };
    struct program_call c;
    int32_t status;

    program_enter_kernel(&c);
    status = user_cancel_io_ex(File, Overlapped != NULL ? &one : NULL);
    program_leave_kernel(&c);
    return result(status);
}

static uint32_t NTAPI
k32_CancelSynchronousIo(HANDLE Thread)
{
    struct program_call c;
    void *thread;
    int32_t status;

    program_enter_kernel(&c);
    status = ob_handle_reference(Thread, 0, NT->ps->variables->PsThreadType, true, &thread, NULL);
    if (status == STATUS_SUCCESS) {
        status = user_cancel_synchronous(ps_fiber_of(thread));
        ob_dereference(thread);
    }
    program_leave_kernel(&c);
    return result(status);
}

/* ------------------------------------------------------------------ events */

static HANDLE NTAPI
k32_CreateEventW(void *EventAttributes, uint32_t ManualReset, uint32_t InitialState, const void *Name)
{
    struct program_call c;
    HANDLE handle = NULL;
    int32_t status;

    (void)EventAttributes;
    if (Name != NULL)
        lacking("CreateEventW", "CreateEventW with a name");
    program_enter_kernel(&c);
    status = ob_event_create(ManualReset, InitialState, &handle);
    program_leave_kernel(&c);
    return result(status) ? handle : NULL;
}

static HANDLE NTAPI
k32_CreateEventA(void *EventAttributes, uint32_t ManualReset, uint32_t InitialState, const void *Name)
{
    return k32_CreateEventW(EventAttributes, ManualReset, InitialState, Name);
}

static uint32_t
change_event(HANDLE handle, bool set)
{
    struct program_call c;
    void *event;
    int32_t status;

    program_enter_kernel(&c);
    status = ob_handle_reference(handle, EVENT_MODIFY_STATE, NT->ob->variables->ExEventObjectType, true, &event, NULL);
    if (status == STATUS_SUCCESS) {
        sched_point(OP_INTERNAL, (uint64_t)event);
        if (set)
            ke_event_set(event);
        else
            ke_event_clear(event);
        ob_dereference(event);
    }
    program_leave_kernel(&c);
    return result(status);
}

static uint32_t NTAPI
k32_SetEvent(HANDLE Event)
{
    return change_event(Event, true);
}

static uint32_t NTAPI
k32_ResetEvent(HANDLE Event)
{
    return change_event(Event, false);
}

/* ------------------------------------------------------------------ threads, the end */

/* The stack's size is fixed (docs/lacking.md); CREATE_SUSPENDED is lacking. */
static HANDLE NTAPI
k32_CreateThread(void *ThreadAttributes, ULONG64 StackSize, void *StartAddress, void *Parameter, uint32_t CreationFlags,
                 uint32_t *ThreadId)
{
    struct program_call c;
    HANDLE handle = NULL;
    uint32_t id = 0;
    int32_t status;

    (void)ThreadAttributes;
    (void)StackSize;
    if (CreationFlags & 4)
        lacking("CreateThread", "CreateThread with CREATE_SUSPENDED");
    program_enter_kernel(&c);
    status = program_create_thread((uint64_t)StartAddress, (uint64_t)Parameter, &handle, &id);
    program_leave_kernel(&c);
    if (ThreadId != NULL)
        *ThreadId = id;
    return result(status) ? handle : NULL;
}

static void NTAPI
k32_ExitThread(uint32_t ExitCode)
{
    struct program_call c;

    (void)ExitCode;
    program_enter_kernel(&c);
    program_exit_thread();
}

static void NTAPI
k32_ExitProcess(uint32_t ExitCode)
{
    struct program_call c;

    program_enter_kernel(&c);
    program_exit_process(ExitCode);
}

#define FN(m, n, a, i, t, f) \
    { #m, #n, (void *)k32_##n, DDI_FUNCTION, a, DDI_##i, TOUCH_##t, DDI_##f, DDI_RESULT(k32_##n, a, f) },
#define SYM(m, n) { #m, #n, NULL, DDI_SYMBOL, 0, 0, TOUCH_NONE, 0, 0 },
static const struct ddi_export exports[] = {
#include "user/exports.def"
};

void
program_register_exports(void)
{
    ddi_register(exports, sizeof(exports) / sizeof(exports[0]));
}
