/* SPDX-License-Identifier: MIT */
/*
 * base/list.h - intrusive doubly linked lists.
 *
 * Model: a list is a ring through a head; an object carries a list_node per list it can be on. A node that is
 * on no list points at itself (list_node_init, list_del), so list_linked() can ask. A list whose memory was
 * zeroed is not initialised: call list_init() first. Order is insertion order; nothing depends on addresses.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list_node {
    struct list_node *next, *prev;
};

struct list {
    struct list_node head;
};

#define LIST_INIT(list)                \
    {                                  \
        {                              \
            &(list).head, &(list).head \
        }                              \
    }

/* The object of type `type` whose field `member` is *node. */
#define list_entry(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void
list_init(struct list *list)
{
    list->head.next = list->head.prev = &list->head;
}

static inline void
list_node_init(struct list_node *node)
{
    node->next = node->prev = node;
}

/* Is node on a list? */
static inline bool
list_linked(const struct list_node *node)
{
    return node->next != node;
}

static inline bool
list_empty(const struct list *list)
{
    return list->head.next == &list->head;
}

static inline void
list_insert_after(struct list_node *where, struct list_node *node)
{
    node->prev = where;
    node->next = where->next;
    where->next->prev = node;
    where->next = node;
}

static inline void
list_insert_before(struct list_node *where, struct list_node *node)
{
    list_insert_after(where->prev, node);
}

static inline void
list_add_tail(struct list *list, struct list_node *node)
{
    list_insert_after(list->head.prev, node);
}

static inline void
list_add_head(struct list *list, struct list_node *node)
{
    list_insert_after(&list->head, node);
}

/* Take node off its list, if it is on one. */
static inline void
list_del(struct list_node *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_node_init(node);
}

/* First node, NULL if the list is empty. */
static inline struct list_node *
list_first(const struct list *list)
{
    return list_empty(list) ? NULL : list->head.next;
}

static inline struct list_node *
list_last(const struct list *list)
{
    return list_empty(list) ? NULL : list->head.prev;
}

/* The node after this one, NULL at the end. */
static inline struct list_node *
list_next(const struct list *list, const struct list_node *node)
{
    return node->next == &list->head ? NULL : node->next;
}

/* Take the first node off, NULL if the list is empty. */
static inline struct list_node *
list_pop_head(struct list *list)
{
    struct list_node *node = list_first(list);

    if (node != NULL)
        list_del(node);
    return node;
}

static inline struct list_node *
list_pop_tail(struct list *list)
{
    struct list_node *node = list_last(list);

    if (node != NULL)
        list_del(node);
    return node;
}

/* Move all of from to the end of to. */
static inline void
list_splice_tail(struct list *to, struct list *from)
{
    if (list_empty(from))
        return;
    from->head.next->prev = to->head.prev;
    to->head.prev->next = from->head.next;
    from->head.prev->next = &to->head;
    to->head.prev = from->head.prev;
    list_init(from);
}

static inline size_t
list_count(const struct list *list)
{
    size_t count = 0;

    for (const struct list_node *node = list->head.next; node != &list->head; node = node->next)
        count++;
    return count;
}

/* pos: a pointer to the object; the body may not take pos off the list (that needs _safe). */
#define list_for_each(pos, list, member)                                                               \
    for (pos = list_entry((list)->head.next, __typeof__(*pos), member); &pos->member != &(list)->head; \
         pos = list_entry(pos->member.next, __typeof__(*pos), member))

/* As list_for_each; the body may free pos, but not the object after it. tmp: another pointer of pos's type. */
#define list_for_each_safe(pos, tmp, list, member)                      \
    for (pos = list_entry((list)->head.next, __typeof__(*pos), member), \
        tmp = list_entry(pos->member.next, __typeof__(*pos), member);   \
         &pos->member != &(list)->head; pos = tmp, tmp = list_entry(tmp->member.next, __typeof__(*pos), member))

#endif
