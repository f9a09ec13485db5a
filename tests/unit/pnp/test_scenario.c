/* SPDX-License-Identifier: MIT */
/*
 * unit/pnp/test_scenario.c - scenario files: what is read, what is refused and where, and the way back.
 */
#include "test.h"

#include <errno.h>

#include "pnp/scenario.h"

static struct scenario *
parse(const char *text)
{
    struct scn_error err;
    struct scenario *scn = NULL;

    if (scenario_parse(text, strlen(text), &scn, &err) != 0)
        fail_msg("line %u: %s", err.line, err.text);
    return scn;
}

static const char whole[] = "name: write while disabled\n"
                            "vps: 2\n"
                            "os: win10\n"
                            "stack: { miniport: loop, adapters: 2, filters: [npf.inf, 'a b.inf'], protocols: [test] }\n"
                            "actors:\n"
                            "  - name: writer\n"
                            "    kind: program\n"
                            "    repeat: 3\n"
                            "    ops:\n"
                            "      - { op: open, device: '\\\\.\\npf_{1}' }\n"
                            "      - { op: write, len: 60, shape: bytes, count: 2 }\n"
                            "      - { op: ioctl, code: 0x12c804, in: 4 }\n"
                            "      - { op: wait, ms: 10 }\n"
                            "      - close\n"
                            "  - name: operator\n"
                            "    kind: admin\n"
                            "    ops: [disable, { op: enable, adapter: 1 }, filter-remove, filter-insert]\n"
                            "  - name: cable\n"
                            "    kind: wire\n"
                            "    ops: [{ op: receive, frames: 4, len: 0 }, link-down, link-up]\n"
                            "  - name: p\n"
                            "    kind: protocol\n"
                            "    ops: [{ op: send, len: 1, shape: each, virtual: 2 },\n"
                            "          { op: oid, oid: 0x10106, out: 4 }, cancel]\n";

static void
check_whole(const struct scenario *scn)
{
    CHECK_STR(scn->name, "write while disabled");
    CHECK_STR(scn->os, "win10");
    CHECK_EQ(scn->vps, 2);
    CHECK_STR(scn->stack.miniport, "loop");
    CHECK_EQ(scn->stack.adapters, 2);
    CHECK_EQ(scn->stack.filters_count, 2);
    CHECK_STR(scn->stack.filters[1], "a b.inf");
    CHECK_EQ(scn->stack.protocols_count, 1);
    CHECK_EQ(scn->actors_count, 4);
    CHECK_STR(scn->actors[0].name, "writer");
    CHECK_EQ(scn->actors[0].kind, ACTOR_PROGRAM);
    CHECK_EQ(scn->actors[0].repeat, 3);
    CHECK_EQ(scn->actors[0].ops_count, 5);
    CHECK_STR(scn->actors[0].ops[0].device, "\\\\.\\npf_{1}");
    CHECK_EQ(scn->actors[0].ops[1].shape, SHAPE_BYTES);
    CHECK_EQ(scn->actors[0].ops[1].count, 2);
    CHECK_EQ(scn->actors[0].ops[2].code, 0x12c804);
    CHECK_EQ(scn->actors[0].ops[2].in, 4);
    CHECK_EQ(scn->actors[0].ops[2].out, 0);
    CHECK_EQ(scn->actors[0].ops[2].count, 1);
    CHECK_EQ(scn->actors[0].ops[3].ms, 10);
    CHECK_EQ(scn->actors[0].ops[4].kind, OP_CLOSE);
    CHECK_EQ(scn->actors[1].repeat, 1);
    CHECK_EQ(scn->actors[1].ops[1].adapter, 1);
    CHECK_EQ(scn->actors[1].ops[3].kind, OP_FILTER_INSERT);
    CHECK_EQ(scn->actors[2].ops[0].frames, 4);
    CHECK_EQ(scn->actors[3].ops[0].shape, SHAPE_EACH);
    CHECK_EQ(scn->actors[3].ops[0].virtual, 2);
    CHECK_EQ(scn->actors[3].ops[1].virtual, 0);
    CHECK_EQ(scn->actors[3].ops[1].oid, 0x10106);
}

TEST(scenario, every_field_is_read)
{
    struct scenario *scn = parse(whole);

    check_whole(scn);
    scenario_free(scn);
}

TEST(scenario, a_saved_file_reads_back_as_the_same_scenario)
{
    struct scenario *scn = parse(whole);
    struct scenario *again;
    char *text = NULL, *text_again = NULL;
    size_t len;
    FILE *file = open_memstream(&text, &len);

    CHECK_EQ(scenario_save(scn, file), 0);
    fclose(file);
    again = parse(text);
    check_whole(again);
    file = open_memstream(&text_again, &len);
    CHECK_EQ(scenario_save(again, file), 0);
    fclose(file);
    CHECK_STR(text, text_again);
    scenario_free(scn);
    scenario_free(again);
    free(text);
    free(text_again);
}

TEST(scenario, odd_names_survive_saving)
{
    static const char *const names[] = { "- x",  "a: b",     "\"q\"\\", "#c", " s ", "",
                                         "t\tn", "\xc3\xa4", "yes",     "~",  "[1]" };

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct scenario *scn = parse("actors: [{ name: x, kind: admin, ops: [load] }]");
        struct scenario *again;
        char *text = NULL;
        size_t len;
        FILE *file = open_memstream(&text, &len);

        free(scn->name);
        scn->name = strdup(names[i]);
        CHECK_EQ(scenario_save(scn, file), 0);
        fclose(file);
        again = parse(text);
        CHECK_STR(again->name, names[i]);
        CHECK_STR(again->stack.miniport, "loop");
        CHECK_EQ(again->vps, 2);
        scenario_free(scn);
        scenario_free(again);
        free(text);
    }
}

TEST(scenario, a_capture_gives_the_frames_and_survives_saving)
{
    struct scenario *scn = parse("stack: { miniport: pcap, wire: a/b.pcap, wire_sha256: '0123', registry: b/c.reg }\n"
                                 "actors: [{ name: x, kind: wire, ops: [receive, { op: receive, frames: 0 },\n"
                                 "                                      { op: receive, frames: 3, shape: split }] }]");
    struct scenario *again;
    char *text = NULL;
    size_t len;
    FILE *file = open_memstream(&text, &len);

    CHECK_EQ(scenario_save(scn, file), 0);
    fclose(file);
    again = parse(text);
    CHECK_STR(again->stack.miniport, "pcap");
    CHECK_STR(again->stack.wire, "a/b.pcap");
    CHECK_STR(again->stack.wire_sha256, "0123");
    CHECK_STR(again->stack.registry, "b/c.reg");
    CHECK_EQ(again->actors[0].ops[0].frames, 1);
    CHECK_EQ(again->actors[0].ops[1].frames, 0);
    CHECK_EQ(again->actors[0].ops[2].frames, 3);
    CHECK_EQ(again->actors[0].ops[2].shape, SHAPE_SPLIT);
    scenario_free(scn);
    scenario_free(again);
    free(text);
}

TEST(scenario, threads_of_one_process_and_their_requests_survive_saving)
{
    struct scenario *scn =
        parse("actors:\n"
              "  - { name: reader, kind: program, process: p,\n"
              "      ops: [{ op: open, device: each, mode: overlapped }, { op: read, len: 9 }, result,\n"
              "            { op: result, request: 2 }, exit-thread] }\n"
              "  - { name: other, kind: program, process: p,\n"
              "      ops: [cancel-io, cancel-io-ex, { op: cancel-io-ex, actor: reader, request: 1 },\n"
              "            { op: cancel-synchronous, actor: reader }, exit] }\n"
              "  - { name: a, kind: admin, ops: [{ op: kill, actor: other }] }\n");
    struct scenario *again;
    char *text = NULL;
    size_t len;
    FILE *file = open_memstream(&text, &len);

    CHECK_EQ(scenario_save(scn, file), 0);
    fclose(file);
    again = parse(text);
    CHECK_STR(again->actors[0].process, "p");
    CHECK_EQ(again->actors[0].ops[0].mode, MODE_OVERLAPPED);
    CHECK_EQ(again->actors[0].ops[2].request, 0);
    CHECK_EQ(again->actors[0].ops[3].request, 2);
    CHECK_EQ(again->actors[0].ops[4].kind, OP_EXIT_THREAD);
    CHECK(again->actors[1].ops[1].actor == NULL);
    CHECK_STR(again->actors[1].ops[2].actor, "reader");
    CHECK_EQ(again->actors[1].ops[2].request, 1);
    CHECK_EQ(again->actors[1].ops[3].kind, OP_CANCEL_SYNCHRONOUS);
    CHECK_EQ(again->actors[1].ops[4].kind, OP_EXIT);
    CHECK(again->actors[2].process == NULL);
    CHECK_STR(again->actors[2].ops[0].actor, "other");
    scenario_free(scn);
    scenario_free(again);
    free(text);
}

static void
check_fails(const char *text, unsigned line, const char *sentence)
{
    struct scn_error err;
    struct scenario *scn = NULL;

    CHECK_EQ(scenario_parse(text, strlen(text), &scn, &err), -EINVAL);
    CHECK_STR(err.text, sentence);
    CHECK_EQ(err.line, line);
    CHECK(scn == NULL);
}

TEST(scenario, mistakes_are_told_with_their_line)
{
#define ACTOR(kind, ops) "actors:\n  - name: x\n    kind: " kind "\n    ops:\n      - " ops "\n"
    struct scenario *scn = NULL;
    struct scn_error err;

    check_fails("", 0, "the file is empty");
    check_fails("a: [", 2, "the file is no YAML: did not find expected node content");
    check_fails("- a\n", 1, "a scenario must be a mapping of keys to values");
    check_fails("name: x\nvp: 2\n", 2, "a scenario has no key \"vp\"");
    check_fails("name: x\nname: y\n", 2, "a scenario has the key \"name\" twice");
    check_fails("vps: 0\n", 1, "vps \"0\" is no number from 1 to 32");
    check_fails("vps: two\n", 1, "vps \"two\" is no number from 1 to 32");
    check_fails("name: x\n", 1, "a scenario needs \"actors\"");
    check_fails("actors: []\n", 1, "actors must be a list of 1 to 64 entries");
    check_fails("stack:\n  filters: npf\nactors: []\n", 2, "filters must be a list of at most 32 names");
    check_fails("actors:\n  - name: x\n    ops: [close]\n", 2, "an actor needs \"kind\"");
    check_fails(ACTOR("user", "close"), 3, "kind \"user\" is none of program, admin, wire, protocol");
    check_fails(ACTOR("admin", "close"), 5, "an actor of kind admin cannot do \"close\"");
    check_fails(ACTOR("program", "{ len: 4 }"), 5, "an op needs \"op\", which says what to do");
    check_fails(ACTOR("program", "{ op: write }"), 5, "the op \"write\" needs \"len\"");
    check_fails(ACTOR("program", "{ op: close, len: 4 }"), 5, "the op \"close\" takes no \"len\"");
    check_fails(ACTOR("admin", "{ op: unload, virtual: 1 }"), 5, "the op \"unload\" takes no \"virtual\"");
    check_fails(ACTOR("admin", "{ op: disable, adapter: 0, virtual: 1 }"), 5,
                "the op \"disable\" is for one of \"adapter\" and \"virtual\"");
    check_fails(ACTOR("program", "{ op: write, len: 4, shape: round }"), 5,
                "shape \"round\" is none of plain, offset, split, bytes, nbs, chain, each");
    check_fails("stack: { miniport: pcap }\n" ACTOR("wire", "receive"), 1,
                "the miniport \"pcap\" needs \"wire\", the capture file it plays");
    check_fails("stack: { wire: x.pcap }\n" ACTOR("wire", "receive"), 1,
                "\"wire\" is for the miniport \"pcap\"; this stack's is \"loop\"");
    check_fails("stack: { wire_sha256: '00' }\n" ACTOR("wire", "receive"), 1,
                "\"wire_sha256\" is of \"wire\", which is not there");
    check_fails("stack: { miniport: pcap, wire: x.pcap }\n" ACTOR("wire", "{ op: receive, len: 60 }"), 6,
                "the op \"receive\" takes no \"len\"");
    check_fails(ACTOR("wire", "{ op: receive, len: 60, frames: 0 }"), 5,
                "frames 0 means all frames of a capture, and the stack has none");
    check_fails(ACTOR("program", "{ op: kill, actor: y }"), 2,
                "the op \"kill\" names \"y\", and no program is called so");
    check_fails(ACTOR("admin", "{ op: kill, actor: x }"), 2,
                "the op \"kill\" names \"x\", and no program is called so");
    check_fails(ACTOR("program", "{ op: cancel-io-ex, actor: x }"), 2,
                "the op \"cancel-io-ex\" with \"actor\" needs \"request\": which of its requests");
    check_fails(ACTOR("program", "{ op: open, device: each, mode: fast }"), 5,
                "mode \"fast\" is none of synchronous, overlapped");
    check_fails("actors:\n  - name: x\n    kind: wire\n    process: p\n    ops: [receive]\n", 4,
                "only an actor of kind program is a thread of a process");
    CHECK_EQ(scenario_load("/nonexistent/x.yaml", &scn, &err), -ENOENT);
    CHECK_STR(err.text, "it cannot be read: No such file or directory");
}

TEST_MAIN(TEST_CASE(scenario, every_field_is_read), TEST_CASE(scenario, a_saved_file_reads_back_as_the_same_scenario),
          TEST_CASE(scenario, odd_names_survive_saving),
          TEST_CASE(scenario, a_capture_gives_the_frames_and_survives_saving),
          TEST_CASE(scenario, threads_of_one_process_and_their_requests_survive_saving),
          TEST_CASE(scenario, mistakes_are_told_with_their_line))
