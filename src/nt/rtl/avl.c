/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl/avl.c - generic tables: AVL trees with the driver's compare, allocate and free.
 *
 * Model: a node is RTL_BALANCED_LINKS with the driver's bytes 0x20 behind it. BalancedRoot.RightChild is the root; its
 * Parent is BalancedRoot. Balance is the height of the right subtree less that of the left. The driver's routines are
 * called before the tree changes, except FreeRoutine, which is called after.
 */
#include "nt/rtl/state.h"

#include "nt/ke/ke.h"

typedef RTL_BALANCED_LINKS node;

#define BODY(n) ((PVOID)((n) + 1))

/* Sites of the exports that call the driver, for stack traces. */
static uint32_t site_insert, site_delete, site_lookup;

void
rtl_avl_init(void)
{
    site_insert = ke_site("RtlInsertElementGenericTableAvl");
    site_delete = ke_site("RtlDeleteElementGenericTableAvl");
    site_lookup = ke_site("RtlLookupElementGenericTableAvl");
}

static RTL_GENERIC_COMPARE_RESULTS
compare(PRTL_AVL_TABLE table, uint32_t site, PVOID first, PVOID second)
{
    return (RTL_GENERIC_COMPARE_RESULTS)GUEST_CALL(site, table->CompareRoutine, (uint64_t)table, (uint64_t)first,
                                                   (uint64_t)second);
}

/* The node equal to buffer, or where it would hang: *parent and which side. */
static node *
search(PRTL_AVL_TABLE table, uint32_t site, PVOID buffer, node **parent, bool *right)
{
    node *at = table->BalancedRoot.RightChild;

    *parent = &table->BalancedRoot;
    *right = true;
    while (at != NULL) {
        switch (compare(table, site, buffer, BODY(at))) {
        case GenericEqual:
            return at;
        case GenericLessThan:
            *right = false;
            break;
        default:
            *right = true;
        }
        *parent = at;
        at = *right ? at->RightChild : at->LeftChild;
    }
    return NULL;
}

static void
replace(node *old, node *new)
{
    if (old->Parent->RightChild == old)
        old->Parent->RightChild = new;
    else
        old->Parent->LeftChild = new;
    if (new != NULL)
        new->Parent = old->Parent;
}

/* Rotate n's child on the heavy side into n's place. right: that side. */
static node *
rotate(node *n, bool right)
{
    node *child = right ? n->RightChild : n->LeftChild;
    node *inner = right ? child->LeftChild : child->RightChild;

    replace(n, child);
    if (right) {
        n->RightChild = inner;
        child->LeftChild = n;
    } else {
        n->LeftChild = inner;
        child->RightChild = n;
    }
    if (inner != NULL)
        inner->Parent = n;
    n->Parent = child;
    return child;
}

/* n is two too heavy on one side. Returns the new top; *shrunk: the subtree became lower. */
static node *
rebalance(node *n, bool *shrunk)
{
    bool right = n->Balance > 0;
    int sign = right ? 1 : -1;
    node *child = right ? n->RightChild : n->LeftChild;
    node *top;

    *shrunk = child->Balance != 0;
    if (child->Balance == -sign) {
        node *inner = right ? child->LeftChild : child->RightChild;
        int balance = inner->Balance;

        rotate(child, !right);
        top = rotate(n, right);
        n->Balance = (CHAR)(balance == sign ? -sign : 0);
        child->Balance = (CHAR)(balance == -sign ? sign : 0);
        top->Balance = 0;
        return top;
    }
    top = rotate(n, right);
    n->Balance = (CHAR)(child->Balance == 0 ? sign : 0);
    top->Balance = (CHAR)(child->Balance == 0 ? -sign : 0);
    return top;
}

static void
after_insert(PRTL_AVL_TABLE table, node *n)
{
    for (node *parent = n->Parent; parent != &table->BalancedRoot; n = parent, parent = n->Parent) {
        bool shrunk;

        parent->Balance += parent->RightChild == n ? 1 : -1;
        if (parent->Balance == 0)
            return;
        if (parent->Balance == 2 || parent->Balance == -2) {
            rebalance(parent, &shrunk);
            return;
        }
    }
    table->DepthOfTree++;
}

/* The subtree under parent on one side became lower. */
static void
after_delete(PRTL_AVL_TABLE table, node *parent, bool right)
{
    while (parent != &table->BalancedRoot) {
        node *top = parent;
        bool shrunk = true;

        parent->Balance += right ? -1 : 1;
        if (parent->Balance == 2 || parent->Balance == -2)
            top = rebalance(parent, &shrunk);
        else if (parent->Balance != 0)
            return;
        if (!shrunk)
            return;
        parent = top->Parent;
        right = parent->RightChild == top;
    }
    table->DepthOfTree--;
}

static node *
first_of(node *n)
{
    while (n != NULL && n->LeftChild != NULL)
        n = n->LeftChild;
    return n;
}

static node *
next_of(PRTL_AVL_TABLE table, node *n)
{
    if (n->RightChild != NULL)
        return first_of(n->RightChild);
    while (n->Parent != &table->BalancedRoot && n->Parent->RightChild == n)
        n = n->Parent;
    return n->Parent == &table->BalancedRoot ? NULL : n->Parent;
}

static void
unlink_node(PRTL_AVL_TABLE table, node *n)
{
    node *from = n->Parent;
    bool right = from->RightChild == n;

    if (n->LeftChild != NULL && n->RightChild != NULL) {
        node *heir = first_of(n->RightChild); /* takes n's place */

        from = heir->Parent == n ? heir : heir->Parent;
        right = heir->Parent == n;
        if (!right) {
            replace(heir, heir->RightChild);
            heir->RightChild = n->RightChild;
            heir->RightChild->Parent = heir;
        }
        heir->LeftChild = n->LeftChild;
        heir->LeftChild->Parent = heir;
        heir->Balance = n->Balance;
        replace(n, heir);
    } else {
        replace(n, n->LeftChild != NULL ? n->LeftChild : n->RightChild);
    }
    after_delete(table, from, right);
}

/* ------------------------------------------------------------------ exports */

VOID NTAPI
RtlInitializeGenericTableAvl(PRTL_AVL_TABLE Table, PRTL_AVL_COMPARE_ROUTINE CompareRoutine,
                             PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine, PRTL_AVL_FREE_ROUTINE FreeRoutine,
                             PVOID TableContext)
{
    __builtin_memset(Table, 0, sizeof(*Table));
    Table->BalancedRoot.Parent = &Table->BalancedRoot;
    Table->CompareRoutine = CompareRoutine;
    Table->AllocateRoutine = AllocateRoutine;
    Table->FreeRoutine = FreeRoutine;
    Table->TableContext = TableContext;
}

/* documented: the element in the table, new or old; NULL when AllocateRoutine gave nothing. */
PVOID NTAPI
RtlInsertElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize, PBOOLEAN NewElement)
{
    node *parent;
    bool right;
    node *n = search(Table, site_insert, Buffer, &parent, &right);

    if (NewElement != NULL)
        *NewElement = n == NULL;
    if (n != NULL)
        return BODY(n);
    n = (node *)GUEST_CALL(site_insert, Table->AllocateRoutine, (uint64_t)Table, BufferSize + sizeof(node));
    if (n == NULL) {
        if (NewElement != NULL)
            *NewElement = FALSE;
        return NULL;
    }
    __builtin_memset(n, 0, sizeof(*n));
    __builtin_memcpy(BODY(n), Buffer, BufferSize);
    n->Parent = parent;
    if (right)
        parent->RightChild = n;
    else
        parent->LeftChild = n;
    Table->NumberGenericTableElements++;
    Table->OrderedPointer = NULL;
    Table->WhichOrderedElement = 0;
    after_insert(Table, n);
    return BODY(n);
}

/* documented: FALSE if no element matches; the element is freed by FreeRoutine. */
BOOLEAN NTAPI
RtlDeleteElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer)
{
    node *parent;
    bool right;
    node *n = search(Table, site_delete, Buffer, &parent, &right);

    if (n == NULL)
        return FALSE;
    if (Table->RestartKey == n)
        Table->RestartKey = NULL;
    Table->DeleteCount++;
    Table->NumberGenericTableElements--;
    Table->OrderedPointer = NULL;
    Table->WhichOrderedElement = 0;
    unlink_node(Table, n);
    GUEST_CALL(site_delete, Table->FreeRoutine, (uint64_t)Table, (uint64_t)n);
    return TRUE;
}

PVOID NTAPI
RtlLookupElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer)
{
    node *parent;
    bool right;
    node *n = search(Table, site_lookup, Buffer, &parent, &right);

    return n != NULL ? BODY(n) : NULL;
}

/* documented: in order; Restart begins anew; NULL after the last. */
PVOID NTAPI
RtlEnumerateGenericTableAvl(PRTL_AVL_TABLE Table, BOOLEAN Restart)
{
    if (Restart)
        Table->RestartKey = NULL;
    Table->RestartKey =
        Table->RestartKey == NULL ? first_of(Table->BalancedRoot.RightChild) : next_of(Table, Table->RestartKey);
    return Table->RestartKey != NULL ? BODY(Table->RestartKey) : NULL;
}

/* documented: the I-th in order, from 0; NULL if there are not so many. */
PVOID NTAPI
RtlGetElementGenericTableAvl(PRTL_AVL_TABLE Table, ULONG I)
{
    node *n = first_of(Table->BalancedRoot.RightChild);

    for (; n != NULL && I > 0; I--)
        n = next_of(Table, n);
    return n != NULL ? BODY(n) : NULL;
}

ULONG NTAPI
RtlNumberGenericTableElementsAvl(PRTL_AVL_TABLE Table)
{
    return Table->NumberGenericTableElements;
}

BOOLEAN NTAPI
RtlIsGenericTableEmptyAvl(PRTL_AVL_TABLE Table)
{
    return Table->NumberGenericTableElements == 0;
}
