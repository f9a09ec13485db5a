/* SPDX-License-Identifier: MIT */
/*
 * undis/undis.h - the devices of a running machine (undis run), for Linux programs, by the names Win32 has for them.
 *
 * Model: a program that links libundis is a process of the machine. Its first CreateFileW() connects it to the machine
 * that runs, or to the one undis_connect() named; when it ends, however that happens, its requests are cancelled and
 * its handles closed as Windows does it. Threads are told apart, so CancelIo() means what the calling thread began.
 *
 *     HANDLE h = CreateFileW(u"\\\\.\\NPF_{...}", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
 *
 * Functions fail as in Windows: FALSE, NULL or INVALID_HANDLE_VALUE, and GetLastError() says why. A WCHAR is 16 bits
 * here, too: write u"..." for L"...". Buffers are copied to and from memory that the machine shares; one request moves
 * at most UNDIS_REQUEST_MAX bytes. A child of fork() has no connection and cannot make one.
 *
 * Link with -lundis (pkg-config undis). The same program can be an actor in a scenario: `undis cc --program` builds it
 * against kernel32 of the machine under test (docs/undis-cc.md), where it has threads, Sleep() and ExitProcess(), too.
 */
#ifndef UNDIS_UNDIS_H
#define UNDIS_UNDIS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define UNDIS_API __declspec(dllimport)
#else
#define UNDIS_API
#endif

typedef int BOOL;
typedef uint32_t DWORD;
typedef int32_t LONG;
typedef uint32_t ULONG;
typedef uint16_t USHORT;
typedef uint8_t UCHAR;
typedef int64_t LONGLONG;
typedef uint64_t ULONGLONG;
typedef uint64_t ULONG64;
typedef uint16_t WCHAR;
typedef void *HANDLE;
typedef uintptr_t ULONG_PTR;
typedef const void *LPCVOID;
typedef void *LPVOID;

#ifndef TRUE
#define TRUE  1
#define FALSE 0
#endif

#define INVALID_HANDLE_VALUE ((HANDLE)(intptr_t)-1)
#define INFINITE             0xffffffffu
#define WAIT_OBJECT_0        0u
#define WAIT_TIMEOUT         258u
#define WAIT_FAILED          0xffffffffu
#define MAXIMUM_WAIT_OBJECTS 64u

#define GENERIC_READ         0x80000000u
#define GENERIC_WRITE        0x40000000u
#define FILE_SHARE_READ      1u
#define FILE_SHARE_WRITE     2u
#define OPEN_EXISTING        3u
#define FILE_FLAG_OVERLAPPED 0x40000000u

#define DUPLICATE_CLOSE_SOURCE 1u
#define DUPLICATE_SAME_ACCESS  2u
#define THREAD_TERMINATE       1u /* the access CancelSynchronousIo() wants; not checked */

/* As <winioctl.h> has it, so that a driver's own header of codes can be included after this one. */
#ifndef CTL_CODE
#define CTL_CODE(DeviceType, Function, Method, Access) \
    ((DWORD)(DeviceType) << 16 | (DWORD)(Access) << 14 | (DWORD)(Function) << 2 | (DWORD)(Method))
#define METHOD_BUFFERED         0
#define METHOD_IN_DIRECT        1
#define METHOD_OUT_DIRECT       2
#define METHOD_NEITHER          3
#define FILE_ANY_ACCESS         0
#define FILE_READ_ACCESS        1
#define FILE_WRITE_ACCESS       2
#define FILE_DEVICE_NETWORK     0x12
#define FILE_DEVICE_PHYSICAL_NETCARD 0x17
#define FILE_DEVICE_UNKNOWN     0x22
#endif

/* What GetLastError() may say here; others come from the driver's NTSTATUS. */
#define ERROR_SUCCESS               0u
#define ERROR_INVALID_FUNCTION      1u
#define ERROR_FILE_NOT_FOUND        2u
#define ERROR_ACCESS_DENIED         5u
#define ERROR_INVALID_HANDLE        6u
#define ERROR_NOT_ENOUGH_MEMORY     8u
#define ERROR_NOT_READY             21u
#define ERROR_BAD_LENGTH            24u
#define ERROR_GEN_FAILURE           31u
#define ERROR_HANDLE_EOF            38u
#define ERROR_NOT_SUPPORTED         50u
#define ERROR_INVALID_PARAMETER     87u
#define ERROR_INSUFFICIENT_BUFFER   122u
#define ERROR_SEM_TIMEOUT           121u
#define ERROR_INVALID_NAME          123u
#define ERROR_BUSY                  170u
#define ERROR_MORE_DATA             234u
#define ERROR_NO_MORE_ITEMS         259u
#define ERROR_MR_MID_NOT_FOUND      317u
#define ERROR_OPERATION_ABORTED     995u
#define ERROR_IO_INCOMPLETE         996u
#define ERROR_IO_PENDING            997u
#define ERROR_NOACCESS              998u
#define ERROR_IO_DEVICE             1117u
#define ERROR_DEVICE_NOT_CONNECTED  1167u
#define ERROR_NOT_FOUND             1168u
#define ERROR_NO_SYSTEM_RESOURCES   1450u
#define ERROR_DEVICE_REMOVED        1617u
#define ERROR_SERVICE_NOT_ACTIVE    1062u /* no machine runs, or it ended */

/* Bytes of one request, both buffers together. */
#define UNDIS_REQUEST_MAX (4u << 20)

typedef struct _OVERLAPPED {
    ULONG_PTR Internal;     /* NTSTATUS; STATUS_PENDING while it goes on */
    ULONG_PTR InternalHigh; /* bytes */
    union {
        struct {
            DWORD Offset;
            DWORD OffsetHigh;
        };
        LPVOID Pointer;
    };
    HANDLE hEvent;
} OVERLAPPED, *LPOVERLAPPED;

#define HasOverlappedIoCompleted(o) ((DWORD)(o)->Internal != 0x103u)

/* Connect to a machine by name before anything else; NULL: the only one that runs. Once. */
#if defined(_WIN32) /* it runs in its machine */
static inline BOOL
undis_connect(const char *machine)
{
    (void)machine;
    return TRUE;
}
#else
BOOL undis_connect(const char *machine);
/* One sentence about why the last connection failed. */
const char *undis_connect_error(void);
#endif

/* FileName: "\\.\NAME". Disposition and attributes other than FILE_FLAG_OVERLAPPED mean nothing to a device. */
UNDIS_API HANDLE CreateFileW(const WCHAR *FileName, DWORD DesiredAccess, DWORD ShareMode, LPVOID SecurityAttributes,
                   DWORD CreationDisposition, DWORD FlagsAndAttributes, HANDLE TemplateFile);
/* The same with a name in UTF-8. */
UNDIS_API HANDLE CreateFileA(const char *FileName, DWORD DesiredAccess, DWORD ShareMode, LPVOID SecurityAttributes,
                   DWORD CreationDisposition, DWORD FlagsAndAttributes, HANDLE TemplateFile);

/*
 * Overlapped is for a file opened with FILE_FLAG_OVERLAPPED and NULL for others. Such a request returns FALSE with
 * ERROR_IO_PENDING whether it ends soon or late; its buffer and *Overlapped stay in use until it has ended.
 */
UNDIS_API BOOL ReadFile(HANDLE File, LPVOID Buffer, DWORD BytesToRead, DWORD *BytesRead, LPOVERLAPPED Overlapped);
UNDIS_API BOOL WriteFile(HANDLE File, LPCVOID Buffer, DWORD BytesToWrite, DWORD *BytesWritten, LPOVERLAPPED Overlapped);
UNDIS_API BOOL DeviceIoControl(HANDLE Device, DWORD IoControlCode, LPVOID InBuffer, DWORD InBufferSize,
                               LPVOID OutBuffer, DWORD OutBufferSize, DWORD *BytesReturned, LPOVERLAPPED Overlapped);
UNDIS_API BOOL CloseHandle(HANDLE Object);

UNDIS_API BOOL GetOverlappedResult(HANDLE File, LPOVERLAPPED Overlapped, DWORD *Bytes, BOOL Wait);
#if !defined(_WIN32)
/* Fails with WAIT_TIMEOUT after Milliseconds, with ERROR_IO_INCOMPLETE if they are 0. */
UNDIS_API BOOL GetOverlappedResultEx(HANDLE File, LPOVERLAPPED Overlapped, DWORD *Bytes, DWORD Milliseconds,
                                     BOOL Alertable);
#endif

/* They ask and do not wait: what the calling thread began on File; what the program did, or that one request. */
UNDIS_API BOOL CancelIo(HANDLE File);
UNDIS_API BOOL CancelIoEx(HANDLE File, LPOVERLAPPED Overlapped);
/* What another thread waits for: an open, or a request on a file that is not overlapped. */
UNDIS_API BOOL CancelSynchronousIo(HANDLE Thread);

/* Name and security attributes must be NULL. The handle may be given to a driver, where a machine runs by then. */
UNDIS_API HANDLE CreateEventW(LPVOID EventAttributes, BOOL ManualReset, BOOL InitialState, const WCHAR *Name);
UNDIS_API BOOL SetEvent(HANDLE Event);
UNDIS_API BOOL ResetEvent(HANDLE Event);
UNDIS_API HANDLE CreateEventA(LPVOID EventAttributes, BOOL ManualReset, BOOL InitialState, const char *Name);
/* Of events. */
UNDIS_API DWORD WaitForSingleObject(HANDLE Event, DWORD Milliseconds);
UNDIS_API DWORD WaitForMultipleObjects(DWORD Count, const HANDLE *Handles, BOOL WaitAll, DWORD Milliseconds);

/* Threads are the program's (pthreads); a handle knows one by its number, and is there for CancelSynchronousIo(). */
UNDIS_API DWORD GetCurrentThreadId(void);
#if defined(_WIN32)
UNDIS_API DWORD GetCurrentProcessId(void);
UNDIS_API HANDLE CreateThread(LPVOID ThreadAttributes, size_t StackSize, DWORD (*StartAddress)(LPVOID),
                              LPVOID Parameter, DWORD CreationFlags, DWORD *ThreadId);
UNDIS_API void ExitThread(DWORD ExitCode);
UNDIS_API void ExitProcess(DWORD ExitCode);
UNDIS_API void Sleep(DWORD Milliseconds);
UNDIS_API void OutputDebugStringA(const char *OutputString); /* beside DbgPrint's lines */
#else
UNDIS_API HANDLE OpenThread(DWORD DesiredAccess, BOOL InheritHandle, DWORD ThreadId);
#endif
static inline HANDLE
GetCurrentThread(void)
{
    return (HANDLE)(intptr_t)-2;
}
static inline HANDLE
GetCurrentProcess(void)
{
    return (HANDLE)(intptr_t)-1;
}

#if !defined(_WIN32)
/* Within this process and with DUPLICATE_SAME_ACCESS: files, events, threads. */
UNDIS_API BOOL DuplicateHandle(HANDLE SourceProcess, HANDLE Source, HANDLE TargetProcess, HANDLE *Target,
                               DWORD DesiredAccess, BOOL InheritHandle, DWORD Options);
#endif

UNDIS_API DWORD GetLastError(void);
UNDIS_API void SetLastError(DWORD ErrCode);

#if !defined(_WIN32)
/* The last request's NTSTATUS of this thread, before it became a Win32 error. */
LONG undis_last_status(void);
#endif

#ifdef __cplusplus
}
#endif

#endif
