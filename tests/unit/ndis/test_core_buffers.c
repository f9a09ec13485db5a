/* SPDX-License-Identifier: MIT */
/* NBLs, net buffers, MDLs: what drivers do with them outside the data path. */
#include "test.h"

#include "machine/testing.h"
#include "ndis/buffers.h"
#include "ndis/driver.h"
#include "nt/nt.h"

static uint32_t misuses, last_misuse;

static void
on_event(void *context, const struct event *ev)
{
    (void)context;
    misuses++;
    last_misuse = (uint32_t)ev->a[0];
}

static struct event_listener listener = { .on_event = on_event };

static NDIS_HANDLE
nbl_pool(bool with_buffer, uint32_t data, uint16_t context)
{
    NET_BUFFER_LIST_POOL_PARAMETERS *p = guest_alloc(sizeof(*p));

    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_DEFAULT, 1, NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1);
    p->fAllocateNetBuffer = with_buffer;
    p->DataSize = data;
    p->ContextSize = context;
    p->PoolTag = 'tset';
    return NdisAllocateNetBufferListPool(NULL, p);
}

static NDIS_HANDLE
nb_pool(uint32_t data)
{
    NET_BUFFER_POOL_PARAMETERS *p = guest_alloc(sizeof(*p));

    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_DEFAULT, 1, NDIS_SIZEOF_NET_BUFFER_POOL_PARAMETERS_REVISION_1);
    p->DataSize = data;
    return NdisAllocateNetBufferPool(NULL, p);
}

/* A net buffer of bytes 0, 1, 2 ... over MDLs of the given lengths, with offset unused bytes in front. */
static NET_BUFFER_LIST *
make(NDIS_HANDLE pool, const uint32_t *lengths, unsigned count, uint32_t offset)
{
    MDL *first = NULL, **end = &first;
    uint32_t total = 0;
    uint8_t *bytes, value = 0;

    for (unsigned i = 0; i < count; i++)
        total += lengths[i];
    bytes = heap_alloc(total, 'tset');
    for (uint32_t i = 0; i < total; i++)
        bytes[i] = i < offset ? 0xee : value++;
    for (unsigned i = 0, at = 0; i < count; at += lengths[i++]) {
        *end = NdisAllocateMdl(NULL, bytes + at, lengths[i]);
        end = &(*end)->Next;
    }
    return NdisAllocateNetBufferAndNetBufferList(pool, 0, 0, first, offset, total - offset);
}

static bool
counts_up(const NET_BUFFER *nb, uint32_t skip, uint32_t from, uint32_t length)
{
    uint8_t bytes[256];

    if (ndis_nb_read(nb, skip, bytes, length) != length)
        return false;
    for (uint32_t i = 0; i < length; i++)
        if (bytes[i] != (uint8_t)(from + i))
            return false;
    return true;
}

/* ------------------------------------------------------------------ bodies, in a fiber */

static void
get_data_buffer(void *arg)
{
    NDIS_HANDLE pool = nbl_pool(true, 0, 0);
    NET_BUFFER_LIST *nbl = make(pool, (const uint32_t[]){ 4, 6, 50 }, 3, 4);
    NET_BUFFER *nb = nbl->FirstNetBuffer;
    uint8_t *storage = guest_alloc(64);

    (void)arg;
    assert_ptr_equal(nb->CurrentMdl, nb->MdlChain->Next);
    assert_int_equal(nb->CurrentMdlOffset, 0);
    assert_ptr_equal(NdisGetDataBuffer(nb, 6, NULL, 1, 0), nb->CurrentMdl->MappedSystemVa);
    assert_null(NdisGetDataBuffer(nb, 7, NULL, 1, 0));
    assert_ptr_equal(NdisGetDataBuffer(nb, 7, storage, 1, 0), storage);
    assert_int_equal(storage[6], 6);
    assert_null(NdisGetDataBuffer(nb, 57, storage, 1, 0));
    assert_non_null(NdisGetDataBuffer(nb, 56, storage, 1, 0));
    NdisFreeNetBufferList(nbl);
    NdisFreeNetBufferListPool(pool);
}

static void
retreat_and_advance(void *arg)
{
    NDIS_HANDLE pool = nbl_pool(true, 0, 0);
    NET_BUFFER_LIST *nbl = make(pool, (const uint32_t[]){ 24, 16 }, 2, 8);
    NET_BUFFER *nb = nbl->FirstNetBuffer;
    MDL *first = nb->MdlChain;
    ULONG done = 0;

    (void)arg;
    assert_int_equal(NdisRetreatNetBufferDataStart(nb, 6, 0, NULL), NDIS_STATUS_SUCCESS);
    assert_int_equal(nb->DataOffset, 2); /* unused space was enough */
    assert_ptr_equal(nb->MdlChain, first);
    assert_int_equal(NdisRetreatNetBufferDataStart(nb, 14, 10, NULL), NDIS_STATUS_SUCCESS);
    assert_ptr_not_equal(nb->MdlChain, first); /* 2 unused bytes, 12 new ones behind a backfill of 10 */
    assert_int_equal(nb->DataOffset, 10);
    assert_int_equal(nb->DataLength, 32 + 20);
    assert_true(counts_up(nb, 20, 0, 32));
    NdisAdvanceNetBufferDataStart(nb, 20, TRUE, NULL);
    assert_ptr_equal(nb->MdlChain, first);
    assert_int_equal(nb->DataOffset, 8);
    assert_true(counts_up(nb, 0, 0, 32));
    NdisAdvanceNetBufferDataStart(nb, 20, FALSE, NULL);
    assert_ptr_equal(nb->CurrentMdl, first->Next);
    assert_int_equal(nb->CurrentMdlOffset, 4);
    assert_int_equal(NdisCopyFromNetBufferToNetBuffer(nb, 0, 40, nb, 4, &done), NDIS_STATUS_SUCCESS);
    assert_int_equal(done, 8);
    assert_true(counts_up(nb, 0, 24, 8));
}

static void
contexts(void *arg)
{
    NDIS_HANDLE pool = nbl_pool(true, 0, 16);
    NET_BUFFER_LIST *nbl = NdisAllocateNetBufferList(pool, 16, 16);
    NET_BUFFER_LIST_CONTEXT *own = nbl->Context;

    (void)arg;
    assert_int_equal(own->Size, 32);
    assert_int_equal(own->Offset, 16);
    assert_int_equal(NdisAllocateNetBufferListContext(nbl, 16, 0, 'tset'), NDIS_STATUS_SUCCESS);
    assert_ptr_equal(nbl->Context, own); /* from the backfill */
    assert_int_equal(NdisAllocateNetBufferListContext(nbl, 24, 8, 'tset'), NDIS_STATUS_SUCCESS);
    assert_ptr_not_equal(nbl->Context, own);
    assert_ptr_equal(nbl->Context->Next, own);
    memset(NET_BUFFER_LIST_CONTEXT_DATA_START(nbl), 1, 24);
    NdisFreeNetBufferListContext(nbl, 24);
    assert_ptr_equal(nbl->Context, own);
    NdisFreeNetBufferListContext(nbl, 16);
    assert_int_equal(own->Offset, 16);
    NdisFreeNetBufferList(nbl);
    NdisFreeNetBufferListPool(pool);
}

static void
pool_data(void *arg)
{
    NDIS_HANDLE lists = nbl_pool(true, 128, 0), buffers = nb_pool(64);
    NET_BUFFER_LIST *nbl = NdisAllocateNetBufferList(lists, 0, 0);
    NET_BUFFER *nb = NdisAllocateNetBufferMdlAndData(buffers);

    (void)arg;
    assert_int_equal(nbl->FirstNetBuffer->DataOffset, 128);
    assert_int_equal(NdisRetreatNetBufferDataStart(nbl->FirstNetBuffer, 60, 0, NULL), NDIS_STATUS_SUCCESS);
    memset(NdisGetDataBuffer(nbl->FirstNetBuffer, 60, NULL, 1, 0), 0x55, 60);
    assert_int_equal(NdisRetreatNetBufferDataStart(nb, 64, 0, NULL), NDIS_STATUS_SUCCESS);
    memset(NdisGetDataBuffer(nb, 64, NULL, 1, 0), 0x55, 64);
    assert_ptr_equal(NdisGetPoolFromNetBufferList(nbl), lists);
    assert_ptr_equal(NdisGetPoolFromNetBuffer(nb), buffers);
    NdisFreeNetBuffer(nb);
    NdisFreeNetBufferList(nbl);
    NdisFreeNetBufferPool(buffers);
    NdisFreeNetBufferListPool(lists);
}

static void
clones(void *arg)
{
    NDIS_HANDLE pool = nbl_pool(true, 0, 0);
    NET_BUFFER_LIST *nbl = make(pool, (const uint32_t[]){ 10, 30, 20 }, 3, 4), *clone;

    (void)arg;
    clone = NdisAllocateCloneNetBufferList(nbl, NULL, NULL, 0);
    assert_non_null(clone);
    assert_int_equal(clone->FirstNetBuffer->DataLength, 56);
    assert_int_equal(clone->FirstNetBuffer->DataOffset, 0);
    assert_true(counts_up(clone->FirstNetBuffer, 0, 0, 56));
    assert_ptr_not_equal(clone->FirstNetBuffer->MdlChain, nbl->FirstNetBuffer->MdlChain);
    NdisFreeCloneNetBufferList(clone, 0);
    clone = NdisAllocateCloneNetBufferList(nbl, NULL, NULL, NDIS_CLONE_FLAGS_USE_ORIGINAL_MDLS);
    assert_ptr_equal(clone->FirstNetBuffer->MdlChain, nbl->FirstNetBuffer->CurrentMdl);
    assert_true(counts_up(clone->FirstNetBuffer, 0, 0, 56));
    NdisFreeCloneNetBufferList(clone, NDIS_CLONE_FLAGS_USE_ORIGINAL_MDLS);
    assert_true(counts_up(nbl->FirstNetBuffer, 0, 0, 56));
}

static void
fragments(void *arg)
{
    NDIS_HANDLE pool = nbl_pool(true, 0, 0);
    NET_BUFFER_LIST *nbl = make(pool, (const uint32_t[]){ 10, 30, 20 }, 3, 4), *pieces, *whole;
    uint32_t at = 6, count = 0;

    (void)arg;
    pieces = NdisAllocateFragmentNetBufferList(nbl, NULL, NULL, 6, 20, 14, 2, 0);
    assert_non_null(pieces);
    for (NET_BUFFER *nb = pieces->FirstNetBuffer; nb != NULL; nb = nb->Next, count++) {
        assert_int_equal(nb->DataLength, 14 + (count < 2 ? 20 : 10));
        assert_true(counts_up(nb, 14, at, nb->DataLength - 14));
        at += nb->DataLength - 14;
    }
    assert_int_equal(count, 3);
    whole = NdisAllocateReassembledNetBufferList(pieces, NULL, 14, 0, 0, 0);
    assert_int_equal(whole->FirstNetBuffer->DataLength, 50);
    assert_null(whole->FirstNetBuffer->Next);
    assert_true(counts_up(whole->FirstNetBuffer, 0, 6, 50));
    NdisFreeReassembledNetBufferList(whole, 0, 0);
    NdisFreeFragmentNetBufferList(pieces, 14, 0);
    assert_true(counts_up(nbl->FirstNetBuffer, 0, 0, 56));
}

static void
leak_into_pool(void *arg)
{
    NDIS_HANDLE pool = nbl_pool(false, 0, 0);

    (void)arg;
    assert_non_null(NdisAllocateNetBufferList(pool, 0, 0));
    NdisFreeNetBufferListPool(pool);
}

static void
bad_header(void *arg)
{
    NET_BUFFER_LIST_POOL_PARAMETERS *p = guest_alloc(sizeof(*p));

    (void)arg;
    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_DEFAULT, 1, 4);
    assert_null(NdisAllocateNetBufferListPool(NULL, p));
    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_DEFAULT, 0, sizeof(*p));
    assert_null(NdisAllocateNetBufferListPool(NULL, p));
    ndis_header_set(&p->Header, NDIS_OBJECT_TYPE_OID_REQUEST, 1, sizeof(*p));
    assert_null(NdisAllocateNetBufferListPool(NULL, p));
}

/* ------------------------------------------------------------------ tests */

static int
group_setup(void **state)
{
    (void)state;
    nt_register_exports();
    ndis_register_exports();
    machine_start(1);
    nt_init();
    ndis_init();
    listener.mask[EV_NBL_MISUSE / 64] |= EV_BIT(EV_NBL_MISUSE);
    listener.mask[EV_HEADER_MISUSE / 64] |= EV_BIT(EV_HEADER_MISUSE);
    listener.mask[EV_POOL_CORRUPT / 64] |= EV_BIT(EV_POOL_CORRUPT);
    trace_listen(&listener);
    return machine_snapshot();
}

static void
run(void (*fn)(void *))
{
    machine_restore();
    misuses = 0;
    assert_int_equal(machine_test(fn, NULL, FIBER_SYSTEM, NULL), RUN_DONE);
}

TEST(ndis_nb, contiguous_bytes_are_found_in_place_and_others_copied)
{
    run(get_data_buffer);
    assert_int_equal(misuses, 0);
}

TEST(ndis_nb, advance_undoes_retreat_in_unused_and_in_new_space)
{
    run(retreat_and_advance);
    assert_int_equal(misuses, 0);
}

TEST(ndis_nbl, contexts_stack_and_unstack)
{
    run(contexts);
    assert_int_equal(misuses, 0);
}

TEST(ndis_nbl, data_of_the_pool_is_unused_space)
{
    run(pool_data);
    assert_int_equal(misuses, 0);
}

TEST(ndis_nbl, clones_describe_the_same_bytes)
{
    run(clones);
    assert_int_equal(misuses, 0);
}

TEST(ndis_nbl, fragments_and_reassembly_lose_no_byte)
{
    run(fragments);
    assert_int_equal(misuses, 0);
}

TEST(ndis_nbl, a_pool_freed_with_nbls_out_is_noticed)
{
    run(leak_into_pool);
    assert_int_equal(misuses, 1);
    assert_int_equal(last_misuse, NDIS_NBL_POOL_NOT_EMPTY);
}

TEST(ndis_nbl, a_bad_header_is_refused_and_named)
{
    run(bad_header);
    assert_int_equal(misuses, 3);
    assert_int_equal(last_misuse, ndis_export.NdisAllocateNetBufferListPool);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(ndis_nb, contiguous_bytes_are_found_in_place_and_others_copied),
        TEST_CASE(ndis_nb, advance_undoes_retreat_in_unused_and_in_new_space),
        TEST_CASE(ndis_nbl, contexts_stack_and_unstack),
        TEST_CASE(ndis_nbl, data_of_the_pool_is_unused_space),
        TEST_CASE(ndis_nbl, clones_describe_the_same_bytes),
        TEST_CASE(ndis_nbl, fragments_and_reassembly_lose_no_byte),
        TEST_CASE(ndis_nbl, a_pool_freed_with_nbls_out_is_noticed),
        TEST_CASE(ndis_nbl, a_bad_header_is_refused_and_named),
    };

    return cmocka_run_group_tests(tests, group_setup, NULL);
}
