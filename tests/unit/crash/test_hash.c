/* SPDX-License-Identifier: MIT */
/* crash/hash.c against published reports, bit for bit. */
#include "unit/crash/fakes.h"

#include "base/str.h"
#include "crash/finding.h"
#include "crash/hash.h"

TEST(hash, failure_hash_equals_published_guids)
{
    static const char *const known[][2] = {
        { "km:0x3b_npf!npf_write", "2eb5e15e-9853-313b-618d-2ac277a2bfb5" },
        { "km:x64_0x7e_man+1ce7", "ceed7a1b-a47b-c452-63c1-012e444d5204" },
        { "km:0x5a_c0000428_image_filecrypt.sys", "35f25777-b01e-70a1-c502-f690dab6cb3a" },
        { "km:lkd_0x117_image_igdkmd64.sys", "df5cc292-6e03-34f8-7849-e22c43f13df4" },
        { "km:0x1e_c0000005_r_nt!cmpcreatekeybody", "c4b33015-e33f-270e-d1a4-e4a9a8d630df" },
        { "km:av_vrf_npcap!npf_freenbcopies", "35be24f4-dc28-ccad-e493-9cc776d83253" },
        { "km:wrong_symbols", "70b057e8-2462-896f-28e7-ac72d4d365f8" },
        { "km:ip_misaligned", "201b0e5d-db2a-63d2-77be-8ce8ff234750" },
    };
    char guid[37];

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        failure_hash(known[i][0], guid);
        CHECK_STR(guid, known[i][1]);
    }
}

TEST(hash, failure_string_is_lower_case)
{
    char text[64], guid[37];

    failure_hash_string("0x3B_npf!NPF_Write", text, sizeof(text));
    CHECK_STR(text, "km:0x3b_npf!npf_write");
    failure_hash(text, guid);
    CHECK_STR(guid, "2eb5e15e-9853-313b-618d-2ac277a2bfb5");
}

static struct finding_frame
named(const char *module, const char *function, uint32_t offset)
{
    struct finding_frame f = { .offset = offset };

    str_copy(f.module, sizeof(f.module), module);
    str_copy(f.function, sizeof(f.function), function);
    return f;
}

/* The report of 2016 whose bug this project began with; the last frame is a user address without module. */
TEST(hash, thread_hashes_equal_the_public_report)
{
    const struct finding_frame frames[] = {
        named("ndis", "NdisFSendNetBufferLists", 0xc0),  named("npf", "NPF_Write", 0x214),
        named("nt", "IopSynchronousServiceTail", 0x1a5), named("nt", "NtWriteFile", 0x67a),
        named("nt", "KiSystemServiceCopyEnd", 0x13),     named("", "", 0),
    };
    char hash[41];

    thread_hash(frames, 6, THREAD_HASH_MOD, hash);
    CHECK_STR(hash, "bccfea03237cfde6486a55b63bb95e3341833378");
    thread_hash(frames, 6, THREAD_HASH_MOD_FUNC, hash);
    CHECK_STR(hash, "8de63a100febe6f9f89153a5a9abc9ba86d452de");
    thread_hash(frames, 6, THREAD_HASH_MOD_FUNC_OFFSET, hash);
    CHECK_STR(hash, "c12fe9b8d789ae102dec8036452ef91cdcd180b3");
}

TEST_MAIN(TEST_CASE(hash, failure_hash_equals_published_guids), TEST_CASE(hash, failure_string_is_lower_case),
          TEST_CASE(hash, thread_hashes_equal_the_public_report))
