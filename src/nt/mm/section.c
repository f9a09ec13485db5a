/* SPDX-License-Identifier: MIT */
/*
 * nt/mm/section.c - sections: memory that can be mapped more than once.
 *
 * Model: a section is an object with pages of the heap, zeroed, that live as long as it does. There are no files with
 * contents here, so a section is backed by the paging file; one over a file is refused. All processes share one address
 * space, so every view shows the pages where they are, at whatever address was asked for; a view holds a reference, and
 * each process's views are counted by address.
 * Start reading at: ZwCreateSection(), then map().
 */
#include "nt/mm/mm.h"

#include <string.h>

#include "nt/ex/ex.h"
#include "nt/ob/ob.h"
#include "nt/ps/ps.h"

#define TAG_SECTION 0x7463534du /* 'MSct' */

/* Body of a Section object. */
struct section {
    char *pages;
    SIZE_T size; /* a multiple of PAGE_SIZE */
    ULONG protection;
};

/* Monitor memory; reused. */
struct view {
    struct view *next;
    struct section *section; /* NULL: free */
    const void *process;     /* NULL: system space */
    uint64_t base;
};

static void
section_destroy(void *body)
{
    heap_free(((struct section *)body)->pages);
}

void
mm_section_init(struct nt *nt)
{
    nt->mm->section_type = ob_type_create("Section", 0, section_destroy, NULL);
}

static bool
protection_known(ULONG protection)
{
    switch (protection & 0xff) {
    case PAGE_READONLY:
    case PAGE_READWRITE:
    case PAGE_WRITECOPY:
    case PAGE_EXECUTE:
    case PAGE_EXECUTE_READ:
    case PAGE_EXECUTE_READWRITE:
        return true;
    default:
        return false;
    }
}

/* May a view with that protection be had of a section with this one? documented: it may not allow more. */
static bool
compatible(ULONG view, ULONG section)
{
    bool write = (view & (PAGE_READWRITE | PAGE_EXECUTE_READWRITE)) != 0;

    return !write || (section & (PAGE_READWRITE | PAGE_EXECUTE_READWRITE)) != 0;
}

/* ------------------------------------------------------------------ views */

/* The whole of what is mapped: [*base, *base + *size). documented: 0 for the size means to the end. */
static NTSTATUS
map(struct section *s, const void *process, uint64_t offset, PVOID *base, PSIZE_T size)
{
    struct mm_state *mm = NT->mm;
    struct view *v = mm->views;
    SIZE_T length = *size != 0 ? *size : s->size - offset;

    if (offset >= s->size || length > s->size - offset)
        return STATUS_INVALID_VIEW_SIZE;
    if (ex_fault(TAG_SECTION))
        return STATUS_INSUFFICIENT_RESOURCES;
    while (v != NULL && v->section != NULL)
        v = v->next;
    if (v == NULL) {
        v = mon_alloc(sizeof(*v));
        v->next = mm->views;
        mm->views = v;
    }
    ob_reference(s);
    v->section = s;
    v->process = process;
    v->base = (uint64_t)s->pages + offset;
    *base = (PVOID)v->base;
    *size = ROUND_TO_PAGES(length);
    return STATUS_SUCCESS;
}

static NTSTATUS
unmap(const void *process, uint64_t base)
{
    for (struct view *v = NT->mm->views; v != NULL; v = v->next)
        if (v->section != NULL && v->process == process && v->base == base) {
            struct section *s = v->section;

            v->section = NULL;
            ob_dereference(s);
            return STATUS_SUCCESS;
        }
    return STATUS_NOT_MAPPED_VIEW;
}

/*
 * ZwCreateSection - memory that views can be had of.
 *
 * Source:    documented; assumed: one over a file is STATUS_INVALID_FILE_FOR_SECTION, as no file here has contents.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: the caller takes *SectionHandle until ZwClose; pages live until the last handle and view are gone.
 * Returns:   STATUS_SUCCESS, _INVALID_PAGE_PROTECTION, _INVALID_PARAMETER_4 without a size, _INSUFFICIENT_RESOURCES,
 *            _INVALID_FILE_FOR_SECTION, what naming it gives (_OBJECT_NAME_EXISTS with OBJ_OPENIF).
 * Tests:     tests/ddi/mm_pages.c
 */
NTSTATUS NTAPI
ZwCreateSection(PHANDLE SectionHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                PLARGE_INTEGER MaximumSize, ULONG SectionPageProtection, ULONG AllocationAttributes, HANDLE FileHandle)
{
    struct section *s;
    char *pages;

    (void)AllocationAttributes;
    *SectionHandle = NULL;
    if (!protection_known(SectionPageProtection))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (FileHandle != NULL)
        return STATUS_INVALID_FILE_FOR_SECTION;
    if (MaximumSize == NULL || MaximumSize->QuadPart <= 0)
        return STATUS_INVALID_PARAMETER_4;
    if (ex_fault(TAG_SECTION))
        return STATUS_INSUFFICIENT_RESOURCES;
    pages = heap_alloc_aligned(ROUND_TO_PAGES((SIZE_T)MaximumSize->QuadPart), PAGE_SIZE, TAG_SECTION);
    if (pages == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    s = ob_create(NT->mm->section_type, sizeof(*s), TAG_SECTION);
    if (s == NULL) {
        heap_free(pages);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    s->pages = pages;
    s->size = ROUND_TO_PAGES((SIZE_T)MaximumSize->QuadPart);
    s->protection = SectionPageProtection;
    memset(pages, 0, s->size);
    return ob_publish(s, ObjectAttributes, DesiredAccess, SectionHandle);
}

/*
 * ZwOpenSection - a handle to a section by its name.
 *
 * Source:    documented.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: the caller takes *SectionHandle until ZwClose.
 * Returns:   STATUS_SUCCESS, _INVALID_PARAMETER without a name, _OBJECT_NAME_NOT_FOUND, _OBJECT_TYPE_MISMATCH, what the
 *            name gives.
 * Tests:     tests/ddi/mm_pages.c
 */
NTSTATUS NTAPI
ZwOpenSection(PHANDLE SectionHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ob_open_named(ObjectAttributes, NT->mm->section_type, DesiredAccess, 0, SectionHandle);
}

/*
 * ZwMapViewOfSection - show a section, or a part, in a process.
 *
 * Source:    documented; assumed: the view is where the pages are (mm.h), whatever *BaseAddress asks for.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: the view is the process's until ZwUnmapViewOfSection.
 * Returns:   STATUS_SUCCESS, _INVALID_HANDLE, _OBJECT_TYPE_MISMATCH, _INVALID_VIEW_SIZE, _INVALID_PAGE_PROTECTION,
 *            _SECTION_PROTECTION for a view that may do more than the section, _MAPPED_ALIGNMENT for an offset that is
 *            no multiple of 64 KB, _INSUFFICIENT_RESOURCES.
 * Tests:     tests/ddi/mm_pages.c
 */
NTSTATUS NTAPI
ZwMapViewOfSection(HANDLE SectionHandle, HANDLE ProcessHandle, PVOID *BaseAddress, ULONG_PTR ZeroBits,
                   SIZE_T CommitSize, PLARGE_INTEGER SectionOffset, PSIZE_T ViewSize,
                   SECTION_INHERIT InheritDisposition, ULONG AllocationType, ULONG Win32Protect)
{
    void *s, *process;
    NTSTATUS status;

    (void)ZeroBits, (void)CommitSize, (void)InheritDisposition, (void)AllocationType;
    if (!protection_known(Win32Protect))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (SectionOffset != NULL && (SectionOffset->QuadPart & 0xffff) != 0)
        return STATUS_MAPPED_ALIGNMENT;
    status = ob_handle_reference(ProcessHandle, 0, NT->ps->variables->PsProcessType, false, &process, NULL);
    if (status != STATUS_SUCCESS)
        return status;
    status = ob_handle_reference(SectionHandle, 0, NT->mm->section_type, false, &s, NULL);
    if (status == STATUS_SUCCESS) {
        if (!compatible(Win32Protect, ((struct section *)s)->protection))
            status = STATUS_SECTION_PROTECTION;
        else
            status =
                map(s, process, SectionOffset != NULL ? (uint64_t)SectionOffset->QuadPart : 0, BaseAddress, ViewSize);
        ob_dereference(s);
    }
    ob_dereference(process);
    return status;
}

/*
 * ZwUnmapViewOfSection - take a view away.
 *
 * Source:    documented; assumed: BaseAddress is the start of the view.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: ends that of the view.
 * Returns:   STATUS_SUCCESS, _NOT_MAPPED_VIEW, _INVALID_HANDLE.
 * Tests:     tests/ddi/mm_pages.c
 */
NTSTATUS NTAPI
ZwUnmapViewOfSection(HANDLE ProcessHandle, PVOID BaseAddress)
{
    void *process;
    NTSTATUS status = ob_handle_reference(ProcessHandle, 0, NT->ps->variables->PsProcessType, false, &process, NULL);

    if (status != STATUS_SUCCESS)
        return status;
    status = unmap(process, (uint64_t)BaseAddress);
    ob_dereference(process);
    return status;
}

/*
 * MmMapViewInSystemSpace - show a section in system space. MmUnmapViewInSystemSpace - take that view away.
 *
 * Source:    documented.
 * IRQL:      PASSIVE_LEVEL
 * Ownership: the view is the caller's until it is unmapped; Section is an object, not a handle.
 * Returns:   STATUS_SUCCESS, _INVALID_VIEW_SIZE, _INSUFFICIENT_RESOURCES; unmapping: _NOT_MAPPED_VIEW.
 * Tests:     tests/ddi/mm_pages.c
 */
NTSTATUS NTAPI
MmMapViewInSystemSpace(PVOID Section, PVOID *MappedBase, PSIZE_T ViewSize)
{
    return map(Section, NULL, 0, MappedBase, ViewSize);
}

NTSTATUS NTAPI
MmUnmapViewInSystemSpace(PVOID MappedBase)
{
    return unmap(NULL, (uint64_t)MappedBase);
}
