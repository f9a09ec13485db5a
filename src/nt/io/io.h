/* SPDX-License-Identifier: MIT */
/*
 * nt/io/io.h - the I/O manager: drivers, devices, files, requests.
 *
 * Model: everything drivers see (DRIVER_OBJECT, DEVICE_OBJECT, FILE_OBJECT, IRP) is machine memory in Microsoft's
 * layout. A request goes down by io_call_driver() and comes up through io_complete() (IofCompleteRequest), whose last
 * step, io_finish(), does what Windows does in an APC of the issuing thread: copy, tell, free.
 *
 * assumed: that last step runs at once, in the completing thread, as if the APC reached the issuer's processor
 * immediately; so an IRP is poison as soon as it is completed, the earliest that Windows allows. A thread that walks
 * its own IRPs holds the step back (io_hold), as raising to APC_LEVEL does.
 *
 * What only we remember of an IRP (struct io_irp: where it was left, marked, returned) is monitor memory; nothing
 * acts on it but EV_IRP_MISUSE.
 * Start reading at: io_call_driver(), io_complete() (dispatch.c), io_finish() (finish.c), io_open() (file.c).
 */
#ifndef NT_IO_IO_H
#define NT_IO_IO_H

#include "ddk/ntddk.h"
#include "machine/fiber_set.h"
#include "nt/nt.h"
#include "nt/ob/ob.h"

#define IO_IRP_BUCKETS    256u
#define IO_IRP_LOCATIONS  8u          /* stack locations watched per IRP; deeper stacks are not judged */
#define IO_DELETE_PENDING 0x00000002u /* DEVOBJ_EXTENSION.ExtensionFlags: IoDeleteDevice was called */

/* One stack location of an IRP, as checkers see it. */
struct io_location {
    uint64_t dispatch;   /* routine that was called with it */
    int32_t returned;    /* what that returned */
    int32_t left_status; /* IoStatus.Status when completion left the location */
    bool has_returned, left, marked;
};

/* Monitor memory; reused when the IRP is gone and no dispatch routine that had it is still running. */
struct io_irp {
    uint64_t irp;        /* address */
    struct io_irp *next; /* in its bucket */
    uint32_t calls;      /* io_call_driver frames that will look at it again */
    bool freed;
    bool driver_made; /* by IoAllocateIrp &c. */
    bool allocated;   /* by IoAllocateIrp itself */
    struct io_location location[IO_IRP_LOCATIONS];
};

/* Monitor memory, one per fiber. */
struct io_thread {
    uint64_t freed; /* memory of its IRP that was freed last, if no IRP has it again; 0: none */
    uint32_t hold;  /* > 0: io_finish() of its IRPs is put off */
    bool at_rest;   /* in a system call, and there only waits for a request: ending it may begin */
    struct fiber_set waits; /* who waits until it has no IRPs, is out of its system call or at rest in it */
};

/* Machine memory. */
struct io_shared {
    KSPIN_LOCK *cancel_lock; /* a block of its own, which says its name */
    LIST_ENTRY shutdown; /* struct io_shutdown */
    GENERIC_MAPPING file_mapping;
    LIST_ENTRY irps[]; /* per fiber, IRP.ThreadListEntry: those of its thread; then io_state.held */
};

/* Names for frames below driver code. */
#define IO_SITES(X)                                                                                                    \
    X(IofCallDriver)                                                                                                   \
    X(IofCompleteRequest)                                                                                              \
    X(IopUnloadSafeCompletion)                                                                                         \
    X(IoCancelIrp)                                                                                                     \
    X(IopSynchronousServiceTail)                                                                                       \
    X(IopParseDevice)                                                                                                  \
    X(IopXxxControlFile)                                                                                               \
    X(IopCloseFile) X(IopDeleteFile) X(IopLoadDriver) X(IopLoadUnloadDriver) X(IopProcessWorkItem) X(IoStartPacket)    \
        X(IoStartNextPacket) X(IopTimerDispatch) X(IopInvalidDeviceRequest) X(ObOpenObjectByName) X(ObpCloseHandle)    \
            X(ObpDecrementHandleCount) X(ObfDereferenceObject) X(NtCreateFile) X(NtReadFile) X(NtWriteFile)            \
                X(NtDeviceIoControlFile) X(NtClose) X(NtCancelIoFile) X(NtCancelIoFileEx) X(NtCancelSynchronousIoFile) \
                    X(NtTerminateThread) X(NtTerminateProcess) X(PspExitThread) X(ObKillProcess)                       \
                        X(IopCancelIrpsInThreadList) X(KiSystemServiceCopyEnd) X(IoShutdownSystem) X(PnpCallAddDevice) \
                            X(IopCsqCancelRoutine) X(IoCsqInsertIrpEx) X(IoCsqRemoveIrp) X(IoCsqRemoveNextIrp)         \
                                X(PiProcessDeviceInterface) X(NtDuplicateObject)        \
                                    X(MmCallDllInitialize) X(MiUnloadSystemImage)      \
                                        X(IopCallDriverReinitializationRoutines)

struct io_sites {
#define X(name) uint32_t name;
    IO_SITES(X)
#undef X
};

/* Monitor memory. */
struct io_state {
    struct io_shared *shared;
    struct io_irp *bucket[IO_IRP_BUCKETS];
    struct io_thread *thread; /* per fiber */
    LIST_ENTRY *held;         /* per fiber, IRP.Tail.Overlay.ListEntry: complete, waiting for io_release() */
    uint64_t invalid_request;        /* address of nt!IopInvalidDeviceRequest */
    uint64_t csq_cancel;             /* address of nt!IopCsqCancelRoutine */
    uint64_t synchronous_completion; /* address of nt!IopSynchronousCompletion */
    uint64_t unload_safe_completion; /* address of nt!IopUnloadSafeCompletion */
    void (*user_done)(const void *iosb); /* user_on_done() */
    struct io_leak_hook {
        void (*fn)(uint64_t base, uint64_t size, void *arg);
        void *arg;
    } leak_hook;
    void (*unload_hook)(PDRIVER_OBJECT driver); /* io_driver_on_unload() */
    uint64_t user_iosb; /* one IO_STATUS_BLOCK per fiber, in the user window */
    struct io_interface *interfaces;
    struct io_notification *notifications;
    uint64_t error_log_entries;
    uint32_t generated_names;
    uint64_t timer_dpc;
    struct list work; /* queued and running work items: workitem.c */
    struct fiber *work_waiter;
    struct io_devnode *devnodes; /* devnode.c */
    PDRIVER_OBJECT root_bus;     /* of devices that no bus has found; NULL: none yet */
    uint32_t library[LAYOUT_IMAGE_MAX]; /* references to export drivers, by image: library.c */
};

extern struct io_sites io_site; /* const after init */

/* a0 of EV_IO_MISUSE. */
enum io_misuse {
    IO_MISUSE_DEVICE_DELETED_TWICE = 1,
    IO_MISUSE_DEVICE_ATTACHED,       /* deleted while another device is attached to it: a1 that device */
    IO_MISUSE_WORK_ITEM_FREED,       /* freed while queued: a1 routine */
    IO_MISUSE_WORK_ITEM_QUEUED,      /* queued while queued: a1 routine */
    IO_MISUSE_INFORMATION_TOO_LARGE, /* Information beyond the caller's buffer: a1 Information */
    IO_MISUSE_REMOVE_LOCK,           /* released more often than acquired: a1 tag */
    IO_MISUSE_OWN_IRP_COMPLETED,     /* a driver's own IRP ran off the top of its stack; object: IRP */
    IO_MISUSE_SYSTEM_BUFFER,         /* a driver wrote outside the system buffer: a1 buffer */
    IO_MISUSE_FREED_IN_USE,          /* IoFreeIrp of an IRP that is on a thread's list */
    IO_MISUSE_NO_UNLOAD,             /* a driver without DriverUnload is asked to go: a1 its AddDevice */
    IO_MISUSE_FREED_IN_FLIGHT,       /* IoFreeIrp of an IRP that a lower driver has */
    IO_MISUSE_REUSED,                /* IoReuseIrp of one: a1 1; of one that IoAllocateIrp did not make: a1 0 */
    IO_MISUSE_STACK_NOT_SET,         /* sent on with an empty stack location */
    IO_MISUSE_FORWARD_IRQL,          /* sent on too high: a1 major function, a2 IRQL */
    IO_MISUSE_COMPLETED_LOCKED,      /* completed with a spin lock held: a1 the lock */
    IO_MISUSE_CANCEL_LOCK_KEPT,      /* a cancel routine returned with it: a1 routine, a2 IRQL */
    IO_MISUSE_CANCEL_FOREIGN,        /* a driver cancels an IRP it did not make */
    IO_MISUSE_CANCEL_LOST, /* the routine: set after the IRP was cancelled, and never called */
};

/* a0 of EV_IRP_MISUSE: argument 1 of bugcheck 0xC9 (documented). */
enum {
    IO_RULE_CANCEL_ROUTINE_SET = 0x07,
    IO_RULE_FORWARD_CANCEL_SET = 0x203,
    IO_RULE_STATUS_MISMATCH = 0x224,
    IO_RULE_NOT_COMPLETED = 0x226,
    IO_RULE_PENDING_LOST = 0x228, /* value: the completion routine */
    IO_RULE_NOT_MARKED = 0x23d,
    IO_RULE_MARKED_NOT_RETURNED = 0x23e,
};

/* ------------------------------------------------------------------ requests (irp.c, dispatch.c, finish.c) */

/* A new IRP; NULL: no memory. driver_made: through a DDI. */
PIRP io_irp_create(CCHAR stack_size, bool driver_made);
/* Its memory may become the next IRP of fiber f. */
void io_irp_free(PIRP irp, struct fiber *f);
/* Link to the running thread, which then owns its completion. */
void io_irp_issue(PIRP irp);
struct io_irp *io_irp_record(const IRP *irp);  /* NULL: not one of ours */
bool io_irp_in_flight(const struct io_irp *r); /* a driver has it and has not completed it */
void io_irp_call_done(struct io_irp *r);       /* a frame that counted itself in r->calls is done with it */

/* Hand irp to device's driver, as IoCallDriver. site names the frame below the driver's. CALLS_DRIVER. */
NTSTATUS io_call_driver(uint32_t site, PDEVICE_OBJECT device, PIRP irp);
void io_complete(PIRP irp);
/* The last step of completion, or put it off. irp is gone after this or after its thread's io_release(). */
void io_finish(PIRP irp);
void io_hold(struct fiber *f);
void io_release(struct fiber *f);

/*
 * Send irp, whose first stack location is filled, and wait until it is complete; irp is gone afterwards. what: for
 * hang reports ("IRP_MJ_CLOSE"). iosb may be NULL. CALLS_DRIVER.
 */
NTSTATUS io_send_and_wait(uint32_t site, PDEVICE_OBJECT device, PIRP irp, const char *what, IO_STATUS_BLOCK *iosb);

/* Wait for a request's event, as the I/O manager does in a system call. words: for hang reports. */
void io_wait(PKEVENT event, const char *words);
/* Whoever waits for f's requests or system call to end looks again. */
void io_wake_waiter(struct fiber *f);

/* The image at base ran for the last time: whoever looks for leaks looks now, and its data is again as loaded. */
void io_left_behind(uint64_t base, uint64_t size);

/*
 * The export drivers that an image imports from (library.c). get: before the image runs, in a system thread; calls
 * DllInitialize of those nobody else has, and returns the first failure, with none held. put: when it is gone.
 * depth: 0. CALLS_DRIVER.
 */
struct image;
NTSTATUS io_libraries_get(struct image *im, unsigned depth);
void io_libraries_put(struct image *im);

/* Cancel (cancel.c): as IoCancelIrp. */
void io_note_lost_cancels(void); /* when all is quiet */
bool io_cancel(uint32_t site, PIRP irp);

/* Which IRPs of a thread: all, unless a field narrows it. */
struct io_which {
    PFILE_OBJECT file;     /* of this file */
    PIO_STATUS_BLOCK iosb; /* the one request with this status block */
    bool synchronous;      /* that the thread itself waits for */
};
/* Cancel IRPs of fiber f. Returns how many it asked; each is asked once in its life. */
unsigned io_cancel_thread(struct fiber *f, const struct io_which *which);
bool io_cancelable(struct fiber *f, const struct io_which *which); /* is there one it would ask? */

/* ------------------------------------------------------------------ devices (device.c) */

void io_device_init(void);
void io_file_init(void);
void io_driver_init(void);
void io_startio_init(void);
void io_work_wait(PDRIVER_OBJECT driver); /* until no work item of driver is queued or running */
void io_shutdown(void);                   /* IRP_MJ_SHUTDOWN to whoever registered. CALLS_DRIVER */
NTSTATUS io_device_create(PDRIVER_OBJECT driver, ULONG extension_size, const UNICODE_STRING *name, DEVICE_TYPE type,
                          ULONG characteristics, bool exclusive, PSECURITY_DESCRIPTOR security, PDEVICE_OBJECT *out);
PDEVICE_OBJECT io_top_device(PDEVICE_OBJECT device);
/* The device's last name component for people ("NPF_{...}"), or its address. */
const char *io_device_words(PDEVICE_OBJECT device, char *buffer, size_t room);
void io_device_get(PDEVICE_OBJECT device); /* an open count more: neither the device nor its driver goes */
void io_device_put(PDEVICE_OBJECT device); /* an open count goes; deletes the device if that was waited for */

/* ------------------------------------------------------------------ files (file.c) */

struct io_open {
    ACCESS_MASK access;
    ULONG attributes, share, disposition, options;
    PVOID ea; /* machine memory */
    ULONG ea_length;
    bool user;
    bool check; /* access, though it is not a program that opens (OBJ_FORCE_ACCESS_CHECK) */
    uint32_t site;
};

/* Open path; *file is referenced and has no handle yet. Sends IRP_MJ_CREATE. CALLS_DRIVER. */
NTSTATUS io_open(const UNICODE_STRING *path, struct ob_directory *root, const struct io_open *how, PFILE_OBJECT *file,
                 ULONG_PTR *information);

/* One read, write or control request. */
struct io_request {
    UCHAR major;
    bool user;        /* RequestorMode */
    uint32_t site;    /* frame below the driver's */
    const char *name; /* "NtReadFile" */
    PFILE_OBJECT file;
    PKEVENT event;         /* referenced by the caller for the request; NULL: the file's own */
    PIO_STATUS_BLOCK iosb; /* of the caller's memory */
    PVOID buffer;          /* read, write; output of a control code */
    ULONG length;
    PVOID input;
    ULONG input_length;
    ULONG code; /* of a control request; information class */
    LARGE_INTEGER offset;
    bool wait; /* also on a file that is not synchronous */
};

/*
 * Start the request and, on a synchronous file, wait. STATUS_PENDING only on an asynchronous one. The IOSB is written
 * unless the request failed at once (documented: then only the status says so). CALLS_DRIVER.
 */
NTSTATUS io_submit(const struct io_request *r);

/* ------------------------------------------------------------------ exported, but declared by no DDK header */

NTSTATUS NTAPI IopInvalidDeviceRequest(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI IopBusDispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp); /* devnode.c */
NTSTATUS NTAPI IopSynchronousCompletion(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context);
NTSTATUS NTAPI IopUnloadSafeCompletion(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context);
VOID NTAPI IopCsqCancelRoutine(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI WdmlibIoCreateDeviceSecure(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize,
                                          PUNICODE_STRING DeviceName, DEVICE_TYPE DeviceType,
                                          ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                                          PCUNICODE_STRING DefaultSDDLString, const GUID *DeviceClassGuid,
                                          PDEVICE_OBJECT *DeviceObject);
NTSTATUS NTAPI IoCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                            PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER AllocationSize, ULONG FileAttributes,
                            ULONG ShareAccess, ULONG Disposition, ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength,
                            ULONG CreateFileType, PVOID InternalParameters, ULONG Options);
NTSTATUS NTAPI IoAttachDeviceToDeviceStackSafe(PDEVICE_OBJECT SourceDevice, PDEVICE_OBJECT TargetDevice,
                                               PDEVICE_OBJECT *AttachedToDeviceObject);
NTSTATUS NTAPI IoSetCompletionRoutineEx(PDEVICE_OBJECT DeviceObject, PIRP Irp, PIO_COMPLETION_ROUTINE CompletionRoutine,
                                        PVOID Context, BOOLEAN InvokeOnSuccess, BOOLEAN InvokeOnError,
                                        BOOLEAN InvokeOnCancel);
BOOLEAN NTAPI IoForwardIrpSynchronously(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI IoSynchronousCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp);
PIRP NTAPI IoMakeAssociatedIrp(PIRP Irp, CCHAR StackSize);
NTSTATUS NTAPI ZwCancelIoFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock);
NTSTATUS NTAPI IoRegisterLastChanceShutdownNotification(PDEVICE_OBJECT DeviceObject);

#endif
