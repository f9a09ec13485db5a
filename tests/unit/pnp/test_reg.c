/* SPDX-License-Identifier: MIT */
/*
 * unit/pnp/test_reg.c - .reg files: both versions, encodings, every type, deletions, errors; writing, reading back.
 */
#include "test.h"

#include <errno.h>

#include "pnp/reg.h"

#define FIVE "Windows Registry Editor Version 5.00\r\n\r\n"
#define KEY  "\\Registry\\Machine\\Software\\A"

static struct reg_tree *
load(const char *bytes, size_t len)
{
    struct reg_tree *tree = reg_tree_create();
    struct reg_sink sink = reg_tree_sink(tree);
    struct reg_file *file = NULL;
    struct inf_error err;
    unsigned line = 0;

    if (reg_parse(bytes, len, &file, &err) != 0)
        fail_msg("line %u: %s", err.line, err.text);
    CHECK_EQ(reg_apply(file, &sink, &line), 0);
    reg_file_free(file);
    return tree;
}

static void
check_value(const struct reg_tree *tree, const char *key, const char *name, uint32_t type, const void *data, int len)
{
    uint8_t bytes[256];
    uint32_t found = 99;

    CHECK_EQ(reg_tree_get(tree, key, name, &found, bytes, sizeof(bytes)), len);
    CHECK_EQ(found, type);
    CHECK_MEM(bytes, data, (size_t)len);
}

TEST(reg, every_form_of_value_is_read)
{
    static const char text[] = "\xef\xbb\xbf" FIVE "; a comment\r\n"
                               "[HKEY_LOCAL_MACHINE\\Software\\A]\r\n"
                               "@=\"default\"\r\n"
                               "\"quote\\\"d\"=\"a\\\\b\"\r\n"
                               "\"dword\"=dword:0000001f\r\n"
                               "\"bytes\"=hex:00,ff,\\\r\n  1a ; the last\r\n"
                               "\"none\"=hex(0):\r\n"
                               "\"expand\"=hex(2):25,00,25,00,00,00\r\n"
                               "\"multi\"=hex(7):61,00,00,00,00,00\r\n"
                               "\"qword\"=hex(b):01,00,00,00,00,00,00,80\r\n"
                               "\"odd\"=hex(38):01\r\n"
                               "\"lines\"=\"one\r\ntwo\"\r\n";
    struct reg_tree *tree = load(text, sizeof(text) - 1);

    check_value(tree, KEY, "", INF_REG_SZ, u"default", 16);
    check_value(tree, "\\REGISTRY\\machine\\SOFTWARE\\a", "QUOTE\"D", INF_REG_SZ, u"a\\b", 8);
    check_value(tree, KEY, "dword", INF_REG_DWORD, "\x1f\0\0\0", 4);
    check_value(tree, KEY, "bytes", INF_REG_BINARY, "\x00\xff\x1a", 3);
    check_value(tree, KEY, "none", INF_REG_NONE, "", 0);
    check_value(tree, KEY, "expand", INF_REG_EXPAND_SZ, u"%%", 6);
    check_value(tree, KEY, "multi", INF_REG_MULTI_SZ, u"a\0", 6);
    check_value(tree, KEY, "qword", INF_REG_QWORD, "\1\0\0\0\0\0\0\x80", 8);
    check_value(tree, KEY, "odd", 0x38, "\1", 1);
    check_value(tree, KEY, "lines", INF_REG_SZ, u"one\ntwo", 16);
    reg_tree_free(tree);
}

TEST(reg, deletions_come_in_their_order)
{
    static const char text[] = FIVE "[HKEY_LOCAL_MACHINE\\Software\\A\\B]\r\n\"x\"=dword:1\r\n\"y\"=dword:2\r\n"
                                    "\"x\"=-\r\n"
                                    "[HKEY_LOCAL_MACHINE\\Software\\AB]\r\n"
                                    "[HKLM\\Software\\C\\D]\r\n[-HKEY_LOCAL_MACHINE\\Software\\C]\r\n"
                                    "[-HKEY_LOCAL_MACHINE\\Software\\Nothing]\r\n[HKEY_USERS\\S]\r\n@=-\r\n";
    struct reg_tree *tree = load(text, sizeof(text) - 1);

    CHECK_EQ(reg_tree_get(tree, KEY "\\B", "x", NULL, NULL, 0), -ENOENT);
    CHECK_EQ(reg_tree_get(tree, KEY "\\B", "y", NULL, NULL, 0), 4);
    CHECK(reg_tree_has(tree, KEY "B"));
    CHECK(!reg_tree_has(tree, "\\Registry\\Machine\\Software\\C\\D"));
    CHECK(!reg_tree_has(tree, "\\Registry\\Machine\\Software\\C"));
    CHECK(reg_tree_has(tree, "\\Registry\\User\\S"));
    reg_tree_free(tree);
}

TEST(reg, version_4_has_single_bytes_in_its_strings)
{
    static const char text[] = "REGEDIT4\n[HKEY_LOCAL_MACHINE\\Software\\A]\n\"t\xe4xt\"=\"\x80\"\n"
                               "\"expand\"=hex(2):25,80,00\n\"multi\"=hex(7):61,00,00\n\"bytes\"=hex:61,00\n";
    struct reg_tree *tree = load(text, sizeof(text) - 1);

    check_value(tree, KEY, "t\xc3\xa4xt", INF_REG_SZ, u"\x20ac", 4);
    check_value(tree, KEY, "expand", INF_REG_EXPAND_SZ, u"%\x20ac", 6);
    check_value(tree, KEY, "multi", INF_REG_MULTI_SZ, u"a\0", 6);
    check_value(tree, KEY, "bytes", INF_REG_BINARY, "a\0", 2);
    reg_tree_free(tree);
}

TEST(reg, what_is_malformed_is_refused_with_its_line)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *sentence;
    } bad[] = {
        { "hello\n", 1, "the first line is neither \"Windows Registry Editor Version 5.00\" nor \"REGEDIT4\"" },
        { FIVE "[HKEY_LOCAL_MACHINE\\a\r\n", 3, "a key does not end with ]" },
        { FIVE "[HKEY_NOWHERE\\a]\r\n", 3, "\"HKEY_NOWHERE\\a\" begins with no root, such as HKEY_LOCAL_MACHINE" },
        { FIVE "[HKEY_LOCAL_MACHINE\\a\\\\b]\r\n", 3,
          "a part of the key's name is empty or longer than 255 characters" },
        { FIVE "[-HKEY_LOCAL_MACHINE]\r\n", 3, "a root cannot be deleted" },
        { FIVE "\"a\"=\"b\"\r\n", 3, "a value stands before the first [key]" },
        { FIVE "[HKLM\\a]\r\n\"a\"=word:1\r\n", 4, "a value is a \"string\", dword:, hex: or -" },
        { FIVE "[HKLM\\a]\r\n\"a\"=dword:123456789\r\n", 4, "a dword has 1 to 8 hexadecimal digits" },
        { FIVE "[HKLM\\a]\r\n\"a\"=dword:\r\n", 4, "a dword has 1 to 8 hexadecimal digits" },
        { FIVE "[HKLM\\a]\r\n\"a\"=hex:1,g\r\n", 4, "a byte is written with hexadecimal digits, and \"g\" is none" },
        { FIVE "[HKLM\\a]\r\n\"a\"=hex:1 2\r\n", 4, "a comma belongs between two bytes" },
        { FIVE "[HKLM\\a]\r\n\"a\"=hex(x):1\r\n", 4, "a type is written as hex(7), for one" },
        { FIVE "[HKLM\\a]\r\n\"a\"=hex:1,\\ 2\r\n", 4, "text follows the backslash that continues a line" },
        { FIVE "[HKLM\\a]\r\n\"a\"\"b\"\r\n", 4, "= belongs behind the name of a value" },
        { FIVE "[HKLM\\a]\r\n\"a\"=\"b\r\n\r\n", 6, "a string has no closing quote" },
        { FIVE "[HKLM\\a]\r\n\"a\"=\"b\" c\r\n", 4, "text follows a value on its line" },
        { FIVE "[-HKLM\\a]\r\n\"a\"=\"b\"\r\n", 4, "a value stands under a key that is deleted" },
        { FIVE "a=b\r\n", 3, "a line begins with [key], \"name\", @ or a semicolon" },
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct reg_file *file = NULL;
        struct inf_error err;

        CHECK_EQ(reg_parse(bad[i].text, strlen(bad[i].text), &file, &err), -EINVAL);
        CHECK_STR(err.text, bad[i].sentence);
        CHECK_EQ(err.line, bad[i].line);
        CHECK(file == NULL);
    }
}

static void
check_round_trip(const struct reg_tree *tree, enum reg_format format)
{
    char *once = NULL, *twice = NULL;
    size_t once_len, twice_len;
    struct reg_tree *again;

    CHECK_EQ(reg_tree_write(tree, "\\Registry", format, &once, &once_len), 0);
    again = load(once, once_len);
    CHECK_EQ(reg_tree_write(again, "\\Registry", format, &twice, &twice_len), 0);
    CHECK_EQ(once_len, twice_len);
    CHECK_MEM(once, twice, once_len);
    reg_tree_free(again);
    free(once);
    free(twice);
}

TEST(reg, what_is_written_reads_back_the_same)
{
    struct reg_tree *tree = reg_tree_create();
    struct reg_sink sink = reg_tree_sink(tree);
    const char *const texts[] = { "one", "", "two" };
    uint8_t many[100];
    char *bytes = NULL;
    size_t len;

    for (unsigned i = 0; i < sizeof(many); i++)
        many[i] = (uint8_t)i;
    CHECK_EQ(reg_set_text(&sink, KEY "\\B", "say \"\\\"", INF_REG_SZ, "\xc3\xa4 \\ \"x\""), 0);
    CHECK_EQ(reg_set_text(&sink, KEY, "", INF_REG_EXPAND_SZ, "%SystemRoot%"), 0);
    CHECK_EQ(reg_set_dword(&sink, KEY, "n", 0xdeadbeef), 0);
    CHECK_EQ(reg_set_texts(&sink, KEY, "m", texts, 3), 0);
    CHECK_EQ(sink.set(sink.context, KEY, "b", INF_REG_BINARY, many, sizeof(many)), 0);
    CHECK_EQ(sink.set(sink.context, KEY, "unterminated", INF_REG_SZ, u"ab", 4), 0);
    CHECK_EQ(sink.set(sink.context, KEY, "short", INF_REG_DWORD, "\1", 1), 0);
    check_round_trip(tree, REG_FORMAT_5);
    check_round_trip(tree, REG_FORMAT_5_UTF8);
    check_round_trip(tree, REG_FORMAT_4);
    CHECK_EQ(reg_set_text(&sink, KEY, "w", INF_REG_SZ, "\xe4\xb8\xad"), 0);
    check_round_trip(tree, REG_FORMAT_5);
    CHECK_EQ(reg_tree_write(tree, "\\Registry", REG_FORMAT_4, &bytes, &len), -EILSEQ);
    reg_tree_free(tree);
}

TEST_MAIN(TEST_CASE(reg, every_form_of_value_is_read), TEST_CASE(reg, deletions_come_in_their_order),
          TEST_CASE(reg, version_4_has_single_bytes_in_its_strings),
          TEST_CASE(reg, what_is_malformed_is_refused_with_its_line),
          TEST_CASE(reg, what_is_written_reads_back_the_same))
