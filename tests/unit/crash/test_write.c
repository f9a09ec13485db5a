/* SPDX-License-Identifier: MIT */
/* finding.json, the minidump, and the folder. */
#include "unit/crash/sample.h"

#include <jansson.h>
#include <unistd.h>

#include "host/host.h"

TEST(json, has_its_stable_keys)
{
    char *text = finding_json(sample_build());
    json_t *o = json_loads(text, 0, NULL);
    json_t *location = json_object_get(o, "location");

    CHECK(o != NULL);
    CHECK_EQ(json_integer_value(json_object_get(o, "format")), 1);
    CHECK_STR(json_string_value(json_object_get(o, "kind")), "bugcheck");
    CHECK_STR(json_string_value(json_object_get(o, "bucket")), "0x3B_npf!NPF_Write");
    CHECK_STR(json_string_value(json_object_get(o, "hash")), "2eb5e15e-9853-313b-618d-2ac277a2bfb5");
    CHECK_STR(json_string_value(json_object_get(o, "rule")), "NdisFilterSendWhilePaused");
    CHECK_STR(json_string_value(json_object_get(json_object_get(o, "bugcheck"), "code")), "0x3b");
    CHECK_STR(json_string_value(json_object_get(location, "file")), "/src/npf/write.c");
    CHECK_EQ(json_integer_value(json_object_get(location, "line")), 88);
    CHECK_STR(json_string_value(json_object_get(location, "function")), "NPF_Write");
    CHECK_EQ(json_integer_value(json_object_get(o, "k")), 1);
    CHECK(json_is_true(json_object_get(o, "k_minimal")));
    CHECK_EQ(json_array_size(json_object_get(o, "stack")), 4);
    CHECK_EQ(json_array_size(json_object_get(o, "choices")), 1);
    CHECK_EQ(json_array_size(json_object_get(o, "debug_print")), 2);
    CHECK(json_is_null(json_object_get(o, "passing")));
    json_decref(o);
    free(text);
}

TEST(json, stays_json_when_a_driver_prints_rubbish)
{
    static const char *const lines[] = { "caf\xe9 \xff\x01" };
    char *text;
    json_t *o;

    sample_build();
    sample.in.debug_lines = lines;
    sample.in.debug_line_count = 1;
    text = finding_json(&sample.in);
    o = json_loads(text, 0, NULL);
    CHECK(o != NULL);
    CHECK_STR(json_string_value(json_array_get(json_object_get(o, "debug_print"), 0)), "caf? ?\x01");
    json_decref(o);
    free(text);
}

static uint32_t
get32(const uint8_t *at)
{
    uint32_t v;

    memcpy(&v, at, 4);
    return v;
}

static uint64_t
get64(const uint8_t *at)
{
    uint64_t v;

    memcpy(&v, at, 8);
    return v;
}

static const uint8_t *
stream(const uint8_t *dump, uint32_t type, uint32_t *size)
{
    const uint8_t *dir = dump + get32(dump + 12);

    for (uint32_t i = 0; i < get32(dump + 8); i++, dir += 12) {
        if (get32(dir) == type) {
            *size = get32(dir + 4);
            return dump + get32(dir + 8);
        }
    }
    return NULL;
}

TEST(dump, has_every_stream_where_the_directory_says)
{
    const uint8_t *s, *context;
    uint8_t *dump;
    uint32_t size;
    size_t len;

    CHECK_EQ(finding_dump(sample_build(), &dump, &len), 0);
    CHECK_MEM(dump, "MDMP\x93\xa7", 6);
    CHECK_EQ(get64(dump + 24), 2);

    s = stream(dump, 7, &size); /* SystemInfo */
    CHECK(s != NULL && size == 56 && s[0] == 9);
    CHECK_EQ(get32(s + 8), 10);
    CHECK_EQ(get32(s + 16), 19041);
    CHECK_EQ(get32(s + 20), 2);

    s = stream(dump, 3, &size); /* ThreadList */
    CHECK(s != NULL && get32(s) == 2 && size == 4 + 2 * 48);
    CHECK_EQ(get32(s + 4), 1);
    context = dump + get32(s + 4 + 44);
    CHECK_EQ((uintptr_t)(context - dump) % 16, 0);
    CHECK_EQ(get64(context + 0xf8), sample.trap.rip);
    CHECK_EQ(get64(context + 0x80), sample.trap.gpr[1]);

    s = stream(dump, 4, &size); /* ModuleList */
    CHECK(s != NULL && get32(s) == 3);
    CHECK_EQ(get64(s + 4 + 2 * 108), SAMPLE_NPF);
    CHECK_EQ(get32(s + 4 + 2 * 108 + 16), 0x5f000001);

    s = stream(dump, 6, &size); /* Exception */
    CHECK(s != NULL && size == 168);
    CHECK_EQ(get32(s), 1);
    CHECK_EQ(get32(s + 8), 0xc0000005);
    CHECK_EQ(get64(s + 24), sample.trap.rip);

    s = stream(dump, 10, &size); /* CommentA */
    CHECK(s != NULL && strstr((const char *)s, "SYSTEM_SERVICE_EXCEPTION (3b)") != NULL);
    CHECK(strstr((const char *)s, "0x3B_npf!NPF_Write") != NULL);

    s = stream(dump, 9, &size); /* Memory64List */
    CHECK(s != NULL && get64(s) == 2);
    CHECK_EQ(get64(s + 16), SAMPLE_NPF + 0x1000);
    CHECK_EQ(get64(s + 8) + 0x100 + 0x1000, len);
    CHECK_MEM(dump + get64(s + 8), sample.code, 0x100);

    for (uint32_t type = 15; type <= 24; type += type == 15 ? 1 : 8) /* MiscInfo, MemoryInfoList, ThreadNames */
        CHECK(stream(dump, type, &size) != NULL);
    free(dump);
}

/* A worker that died at once leaves little to tell: every part copes with nothing. */
static void
put32(uint8_t *at, uint32_t v)
{
    memcpy(at, &v, 4);
}

/* A debugger finds the PDB by the record in the image's debug directory. */
TEST(dump, carries_the_codeview_record_of_an_image)
{
    static uint8_t header[0x400];
    struct finding_range ranges[1] = { { SAMPLE_NPF, sizeof(header), header, 1 } };
    const uint8_t *s, *record;
    uint8_t *dump;
    uint32_t size;
    size_t len;

    put32(header + 0x3c, 0x80);
    header[0x80 + 24] = 0x0b; /* PE32+ */
    header[0x80 + 25] = 0x02;
    put32(header + 0x80 + 24 + 112 + 6 * 8, 0x200);
    put32(header + 0x80 + 24 + 112 + 6 * 8 + 4, 28);
    put32(header + 0x200 + 12, 2); /* CodeView */
    put32(header + 0x200 + 16, 32);
    put32(header + 0x200 + 20, 0x300);
    memcpy(header + 0x300, "RSDS0123456789abcdef\1\0\0\0npf.pdb", 32);
    sample_build();
    sample.in.ranges = ranges;
    sample.in.range_count = 1;
    CHECK_EQ(finding_dump(&sample.in, &dump, &len), 0);
    s = stream(dump, 4, &size) + 4 + 2 * 108;
    CHECK_EQ(get32(s + 76), 32);
    record = dump + get32(s + 80);
    CHECK_MEM(record, "RSDS0123456789abcdef\1\0\0\0npf.pdb", 32);
    CHECK_EQ(get32(s - 108 + 76), 0); /* a pseudo image has none */
    free(dump);
}

TEST(folder, parts_cope_with_an_empty_input)
{
    for (int kind = FINDING_BUGCHECK; kind <= FINDING_RACE; kind++) {
        struct finding_input in = { .kind = (enum finding_kind)kind, .code = kind == FINDING_BUGCHECK ? 0x3b : 0 };
        struct trap trap = { .rip = 1 };
        uint8_t *dump = NULL;
        size_t len;

        for (int with_trap = 0; with_trap < 2; with_trap++) {
            char *text[3];

            in.trap = with_trap ? &trap : NULL;
            text[0] = finding_analysis(&in);
            text[1] = finding_diagram(&in);
            text[2] = finding_json(&in);
            for (int i = 0; i < 3; i++) {
                CHECK(text[i] != NULL && text[i][0] != 0);
                free(text[i]);
            }
            CHECK_EQ(finding_dump(&in, &dump, &len), 0);
            free(dump);
        }
    }
}

TEST(folder, holds_the_five_files)
{
    static const char *const names[] = { "finding.json", "trace", "dump", "analysis.txt", "diagram.txt" };
    char dir[] = UNDIS_BUILD_DIR "/finding-XXXXXX";
    char path[600];

    CHECK(mkdtemp(dir) != NULL);
    CHECK_EQ(finding_write(dir, sample_build()), 0);
    for (size_t i = 0; i < 5; i++) {
        uint8_t *bytes = NULL;
        size_t len = 0;

        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        CHECK_EQ(host_read_file(path, &bytes, &len), 0);
        CHECK(len > 0);
        free(bytes);
        unlink(path);
    }
    rmdir(dir);
    CHECK(finding_write("/proc/no-such-folder/x", sample_build()) < 0);
}

TEST_MAIN(TEST_CASE(json, has_its_stable_keys), TEST_CASE(json, stays_json_when_a_driver_prints_rubbish),
          TEST_CASE(dump, has_every_stream_where_the_directory_says),
          TEST_CASE(dump, carries_the_codeview_record_of_an_image), TEST_CASE(folder, parts_cope_with_an_empty_input),
          TEST_CASE(folder, holds_the_five_files))
