/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl/splay.c - generic tables of the older kind: splay trees with the driver's compare, allocate and free.
 *
 * Model: an element is splay links, a link of the list of all elements in order of insertion, and the driver's bytes.
 * Whatever is found or inserted becomes the root. documented: the sizes that AllocateRoutine is asked for hold the
 * links too; RtlGetElementGenericTable counts in order of insertion, the enumerations go in order of comparison. The
 * driver's routines are called before the tree changes, except FreeRoutine, which is called after.
 */
#include "nt/rtl/state.h"

#include "nt/ke/ke.h"

typedef RTL_SPLAY_LINKS node;

/* observed: the layout that elements have in memory dumps. */
struct element {
    node links;
    LIST_ENTRY inserted;
    char body[];
};
_Static_assert(offsetof(struct element, body) == 40, "the driver's bytes follow links and list entry");

/* Sites of the exports that call the driver, for stack traces. */
static uint32_t site_insert, site_delete, site_lookup;

void
rtl_splay_init(void)
{
    site_insert = ke_site("RtlInsertElementGenericTable");
    site_delete = ke_site("RtlDeleteElementGenericTable");
    site_lookup = ke_site("RtlLookupElementGenericTable");
}

static struct element *
element_of(node *n)
{
    return (struct element *)n; /* links come first */
}

static RTL_GENERIC_COMPARE_RESULTS
compare(PRTL_GENERIC_TABLE table, uint32_t site, PVOID first, PVOID second)
{
    return (RTL_GENERIC_COMPARE_RESULTS)GUEST_CALL(site, table->CompareRoutine, (uint64_t)table, (uint64_t)first,
                                                   (uint64_t)second);
}

/* ------------------------------------------------------------------ the tree; a root is its own parent */

/* n takes its parent's place. */
static void
rotate_up(node *n)
{
    node *parent = n->Parent, *above = parent->Parent;
    bool left = parent->LeftChild == n;
    node *inner = left ? n->RightChild : n->LeftChild;

    if (left) {
        parent->LeftChild = inner;
        n->RightChild = parent;
    } else {
        parent->RightChild = inner;
        n->LeftChild = parent;
    }
    if (inner != NULL)
        inner->Parent = parent;
    if (above == parent) {
        n->Parent = n;
    } else {
        n->Parent = above;
        if (above->LeftChild == parent)
            above->LeftChild = n;
        else
            above->RightChild = n;
    }
    parent->Parent = n;
}

/* n becomes the root: two levels at a time, which is what keeps paths short. Returns n. */
static node *
splay(node *n)
{
    while (n->Parent != n) {
        node *parent = n->Parent, *above = parent->Parent;

        if (above != parent)
            rotate_up((above->LeftChild == parent) == (parent->LeftChild == n) ? parent : n);
        rotate_up(n);
    }
    return n;
}

static node *
first_of(node *n)
{
    while (n != NULL && n->LeftChild != NULL)
        n = n->LeftChild;
    return n;
}

static node *
next_of(node *n)
{
    if (n->RightChild != NULL)
        return first_of(n->RightChild);
    while (n->Parent != n && n->Parent->RightChild == n)
        n = n->Parent;
    return n->Parent == n ? NULL : n->Parent;
}

/* Take the root out; what is left has the root that is returned, NULL when nothing is. */
static node *
without_root(node *root)
{
    node *left = root->LeftChild, *right = root->RightChild;

    if (left != NULL)
        left->Parent = left;
    if (right != NULL)
        right->Parent = right;
    if (left == NULL || right == NULL)
        return left != NULL ? left : right;
    right = splay(first_of(right));
    right->LeftChild = left;
    left->Parent = right;
    return right;
}

/* The element equal to buffer, or the last on the way: *equal tells, *less on which side buffer would hang. */
static node *
search(PRTL_GENERIC_TABLE table, uint32_t site, PVOID buffer, bool *equal, bool *less)
{
    node *at = table->TableRoot, *last = NULL;

    *equal = *less = false;
    while (at != NULL && !*equal) {
        RTL_GENERIC_COMPARE_RESULTS result = compare(table, site, buffer, element_of(at)->body);

        last = at;
        *equal = result == GenericEqual;
        *less = result == GenericLessThan;
        at = *less ? at->LeftChild : at->RightChild;
    }
    return last;
}

static PVOID
body(PRTL_GENERIC_TABLE table, node *n)
{
    table->TableRoot = splay(n);
    return element_of(n)->body;
}

/* ------------------------------------------------------------------ exports */

/*
 * RtlInitializeGenericTable - an empty table.
 *
 * Source:    documented.
 * IRQL:      <= DISPATCH_LEVEL, as of all of these
 * Ownership: borrows nothing but the routines; elements are allocated and freed by them.
 * Tests:     tests/ddi/rtl_misc.c
 */
VOID NTAPI
RtlInitializeGenericTable(PRTL_GENERIC_TABLE Table, PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine,
                          PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine, PRTL_GENERIC_FREE_ROUTINE FreeRoutine,
                          PVOID TableContext)
{
    __builtin_memset(Table, 0, sizeof(*Table));
    Table->InsertOrderList.Flink = Table->InsertOrderList.Blink = &Table->InsertOrderList;
    Table->CompareRoutine = CompareRoutine;
    Table->AllocateRoutine = AllocateRoutine;
    Table->FreeRoutine = FreeRoutine;
    Table->TableContext = TableContext;
}

/* RtlInsertElementGenericTable - documented: the element in the table, new or old; NULL: AllocateRoutine gave none. */
PVOID NTAPI
RtlInsertElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize, PBOOLEAN NewElement)
{
    bool equal, less;
    node *at = search(Table, site_insert, Buffer, &equal, &less);
    struct element *e;

    if (NewElement != NULL)
        *NewElement = FALSE;
    if (equal)
        return body(Table, at);
    e = (struct element *)GUEST_CALL(site_insert, Table->AllocateRoutine, (uint64_t)Table, BufferSize + sizeof(*e));
    if (e == NULL)
        return NULL;
    __builtin_memset(&e->links, 0, sizeof(e->links));
    __builtin_memcpy(e->body, Buffer, BufferSize);
    e->links.Parent = at != NULL ? at : &e->links;
    if (at != NULL && less)
        at->LeftChild = &e->links;
    else if (at != NULL)
        at->RightChild = &e->links;
    ke_list_insert_tail(&Table->InsertOrderList, &e->inserted);
    Table->NumberGenericTableElements++;
    if (NewElement != NULL)
        *NewElement = TRUE;
    return body(Table, &e->links);
}

/* RtlDeleteElementGenericTable - documented: FALSE if no element matches; the element is freed by FreeRoutine. */
BOOLEAN NTAPI
RtlDeleteElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer)
{
    bool equal, less;
    node *at = search(Table, site_delete, Buffer, &equal, &less);

    if (!equal)
        return FALSE;
    Table->TableRoot = without_root(splay(at));
    ke_list_remove(&element_of(at)->inserted);
    Table->NumberGenericTableElements--;
    GUEST_CALL(site_delete, Table->FreeRoutine, (uint64_t)Table, (uint64_t)at);
    return TRUE;
}

/* RtlLookupElementGenericTable - documented: NULL if no element matches. */
PVOID NTAPI
RtlLookupElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer)
{
    bool equal, less;
    node *at = search(Table, site_lookup, Buffer, &equal, &less);

    return equal ? body(Table, at) : NULL;
}

/*
 * RtlEnumerateGenericTableWithoutSplaying - documented: the element after *RestartKey, the first for NULL; NULL past
 * the last, *RestartKey then left alone (assumed).
 */
PVOID NTAPI
RtlEnumerateGenericTableWithoutSplaying(PRTL_GENERIC_TABLE Table, PVOID *RestartKey)
{
    node *n = *RestartKey == NULL ? first_of(Table->TableRoot) : next_of(*RestartKey);

    if (n == NULL)
        return NULL;
    *RestartKey = n;
    return element_of(n)->body;
}

/* RtlEnumerateGenericTable - documented: in order; Restart begins anew; NULL at the end. The tree becomes a list. */
PVOID NTAPI
RtlEnumerateGenericTable(PRTL_GENERIC_TABLE Table, BOOLEAN Restart)
{
    node *n;

    if (Table->TableRoot == NULL)
        return NULL;
    n = Restart ? first_of(Table->TableRoot) : next_of(Table->TableRoot);
    return n != NULL ? body(Table, n) : NULL; /* the one that was given last is the root */
}

/* RtlGetElementGenericTable - documented: the I-th that was inserted, from 0; NULL if there are not so many. */
PVOID NTAPI
RtlGetElementGenericTable(PRTL_GENERIC_TABLE Table, ULONG I)
{
    PLIST_ENTRY at = Table->InsertOrderList.Flink;

    if (I >= Table->NumberGenericTableElements)
        return NULL;
    while (I-- > 0)
        at = at->Flink;
    return CONTAINING_RECORD(at, struct element, inserted)->body;
}

/* RtlNumberGenericTableElements - documented: how many there are. */
ULONG NTAPI
RtlNumberGenericTableElements(PRTL_GENERIC_TABLE Table)
{
    return Table->NumberGenericTableElements;
}

/* RtlIsGenericTableEmpty - documented: TRUE if there is none. */
BOOLEAN NTAPI
RtlIsGenericTableEmpty(PRTL_GENERIC_TABLE Table)
{
    return Table->TableRoot == NULL;
}
