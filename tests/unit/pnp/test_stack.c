/* SPDX-License-Identifier: MIT */
/*
 * unit/pnp/test_stack.c - stack files: what is read, what is refused and where.
 */
#include "test.h"

#include <errno.h>

#include "pnp/stack.h"

static const char whole[] =
    "vps: 3\n"
    "os: win10\n"
    "adapters:\n"
    "  - name: Ethernet\n"
    "    wire: tap:wan0\n"
    "    hostif: lan0\n"
    "    parameters: { NetworkAddress: 02-00-00-00-00-01, '*JumboPacket': \"1514\", Depth: 0x10 }\n"
    "  - { name: Second, miniport: nic/nic.inf, enabled: no }\n"
    "filters:\n"
    "  - npf.inf\n"
    "  - { driver: /abs/edr.inf, parameters: { A: 1 }, adapters: { Ethernet: { B: two } } }\n"
    "protocols: [ prot ]\n";

TEST(stack, is_read_as_written)
{
    struct scn_error err;
    struct stack *s = NULL;

    if (stack_parse(whole, strlen(whole), "office", "etc/", &s, &err))
        fail_msg("line %u: %s", err.line, err.text);
    CHECK_STR(s->name, "office");
    CHECK_STR(s->os, "win10");
    CHECK_EQ(s->vps, 3);
    CHECK_EQ(s->adapter_count, 2);
    CHECK_STR(s->adapter[0].miniport, "wirenic");
    CHECK_STR(s->adapter[0].wire, "tap:wan0");
    CHECK_STR(s->adapter[0].hostif, "tap:lan0");
    CHECK_EQ(s->adapter[0].parameters.count, 3);
    CHECK_STR(s->adapter[0].parameters.p[0].text, "02-00-00-00-00-01");
    CHECK_STR(s->adapter[0].parameters.p[1].text, "1514"); /* quoted: text, as standardized keywords are */
    CHECK(s->adapter[0].parameters.p[2].text == NULL);
    CHECK_EQ(s->adapter[0].parameters.p[2].number, 16);
    CHECK(!s->adapter[0].disabled && s->adapter[1].disabled);
    CHECK_STR(s->adapter[1].miniport, "etc/nic/nic.inf");
    CHECK_EQ(s->driver_count, 3);
    CHECK_STR(s->driver[0].path, "etc/npf.inf");
    CHECK_STR(s->driver[1].path, "/abs/edr.inf");
    CHECK_STR(s->driver[1].module[0].parameters.p[0].text, "two");
    CHECK_EQ(s->driver[2].kind, INF_PROTOCOL);
    stack_free(s);
}

/* Each with the line that is wrong and words of what is said. */
static const struct {
    const char *text;
    unsigned line;
    const char *says;
} wrong[] = {
    { "", 0, "empty" },
    { "vps: 2\n", 1, "needs \"adapters\"" },
    { "vps: 99\nadapters: []\n", 1, "vps" },
    { "adapters: []\n", 1, "1 to 16" },
    { "os: [win7]\nadapters: [{ name: E, wire: loop }]\n", 1, "os" },
    { "name: a/b\nadapters: [{ name: E, wire: loop }]\n", 1, "no name for a machine" },
    { "adapters:\n  - { wire: loop }\n", 2, "name" },
    { "adapters:\n  - { name: E }\n", 2, "needs \"wire\"" },
    { "adapters:\n  - { name: E, wire: loop, vp: 4 }\n", 2, "vp" },
    { "adapters:\n  - { name: E, wire: loop }\n  - { name: e, wire: loop }\n", 3, "two adapters" },
    { "adapters:\n  - { name: E, wire: loop, enabled: perhaps }\n", 2, "perhaps" },
    { "adapters:\n  - name: E\n    wire: loop\n    parameters: [1]\n", 4, "mapping" },
    { "adapters:\n  - name: E\n    wire: loop\n    parameters: { A: 5000000000 }\n", 4, "REG_DWORD" },
    { "adapters:\n  - name: E\n    wire: loop\n    parameters: { A: 1, a: 2 }\n", 4, "twice" },
    { "adapters: [{ name: E, wire: loop }]\nfilters: x\n", 2, "list of drivers" },
    { "adapters: [{ name: E, wire: loop }]\nfilters:\n  - { parameters: {} }\n", 3, "needs \"driver\"" },
    { "adapters: [{ name: E, wire: loop }]\nfilters:\n  - { driver: x, adapters: { F: {} } }\n", 3, "no adapter" },
    { "adapters: [{ name: E, wire: loop }]\nprotocols:\n  - { driver: x, adapters: { E: {} } }\n", 3, "only a filter" },
    { "adapters: [{ name: E, wire: loop }]\nbridge: x\n", 2, "bridge" },
    { "adapters: [ {\n", 2, "no YAML" },
};

TEST(stack, mistakes_are_told_with_their_line)
{
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct scn_error err;
        struct stack *s = NULL;

        CHECK(stack_parse(wrong[i].text, strlen(wrong[i].text), "m", "", &s, &err) < 0);
        if (err.line != wrong[i].line || !strstr(err.text, wrong[i].says))
            fail_msg("case %u: line %u, \"%s\"", i, err.line, err.text);
    }
}

TEST(stack, a_file_that_is_not_there_is_said_so)
{
    struct scn_error err;
    struct stack *s;

    CHECK_EQ(stack_load("/nonexistent/x.yaml", &s, &err), -ENOENT);
    CHECK_EQ(err.line, 0);
    CHECK(strstr(err.text, "cannot be read") != NULL);
}

TEST_MAIN(TEST_CASE(stack, is_read_as_written), TEST_CASE(stack, mistakes_are_told_with_their_line),
          TEST_CASE(stack, a_file_that_is_not_there_is_said_so))
