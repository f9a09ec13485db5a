/* SPDX-License-Identifier: MIT */
/*
 * unit/pnp/test_inf.c - the INF reader: syntax, encodings, errors, and what it says about drivers.
 */
#include "test.h"

#include <errno.h>

#include "pnp/inf.h"

#define HEAD "[Version]\nSignature=\"$Windows NT$\"\n"

static struct inf *
parse(const char *text)
{
    struct inf_error err;
    struct inf *inf = NULL;

    if (inf_parse(text, strlen(text), &inf, &err) != 0)
        fail_msg("line %u: %s", err.line, err.text);
    return inf;
}

static void
check_fails(const char *text, size_t len, unsigned line, const char *sentence)
{
    struct inf_error err;
    struct inf *inf = NULL;

    CHECK_EQ(inf_parse(text, len, &inf, &err), -EINVAL);
    CHECK_STR(err.text, sentence);
    CHECK_EQ(err.line, line);
    CHECK(inf == NULL);
}

static char *
read_corpus(const char *name, size_t *len)
{
    char path[512];
    FILE *file;
    char *bytes = calloc(1, 65536);

    snprintf(path, sizeof(path), "%s/tests/fuzz/inf_corpus/%s", UNDIS_SOURCE_DIR, name);
    file = fopen(path, "rb");
    CHECK(file != NULL && bytes != NULL);
    *len = fread(bytes, 1, 65535, file);
    fclose(file);
    return bytes;
}

static struct inf *
parse_corpus(const char *name)
{
    struct inf_error err;
    struct inf *inf = NULL;
    size_t len;
    char *bytes = read_corpus(name, &len);

    if (inf_parse(bytes, len, &inf, &err) != 0)
        fail_msg("%s line %u: %s", name, err.line, err.text);
    free(bytes);
    return inf;
}

/* Whatever the last line of [a] holds. */
static const char *
value_of(struct inf *inf, const char *key, unsigned i)
{
    return inf_value(inf_find(inf_section(inf, "a"), key, NULL), i);
}

TEST(inf, names_compare_without_case_and_equal_sections_are_one)
{
    struct inf *inf = parse(HEAD "[A]\nx=1\n[b]\n[a]\nX=2\nlone, values\n");
    const struct inf_section *a = inf_section(inf, "a");
    unsigned at = 0;

    CHECK_EQ(a->count, 3);
    CHECK_STR(inf_value(inf_find(a, "x", &at), 0), "1");
    CHECK_STR(inf_value(inf_find(a, "x", &at), 0), "2");
    CHECK(inf_find(a, "x", &at) == NULL);
    CHECK(a->lines[2].key == NULL);
    CHECK_STR(inf_value(&a->lines[2], 1), "values");
    CHECK_STR(inf_value(&a->lines[2], 2), "");
    CHECK_EQ(a->lines[2].line, 8);
    CHECK_EQ(inf_section(inf, "b")->count, 0);
    CHECK(inf_section(inf, "c") == NULL);
    CHECK_EQ(inf_section_count(inf), 3);
    inf_free(inf);
}

TEST(inf, quotes_comments_and_blanks_follow_the_documented_rules)
{
    struct inf *inf = parse(HEAD "[a] ; comment\n"
                                 "  k = one two , \" kept \" ,, \"a;b,c=d\"; gone\n"
                                 "q = \"say \"\"hi\"\"\"\n"
                                 "j = pre\" mid \"post\n"
                                 "e =\n"
                                 "HKR,, name, 0x1, a=b\n");

    CHECK_STR(value_of(inf, "k", 0), "one two");
    CHECK_STR(value_of(inf, "k", 1), " kept ");
    CHECK_STR(value_of(inf, "k", 2), "");
    CHECK_STR(value_of(inf, "k", 3), "a;b,c=d");
    CHECK_EQ(inf_find(inf_section(inf, "a"), "k", NULL)->count, 4);
    CHECK_STR(value_of(inf, "q", 0), "say \"hi\"");
    CHECK_STR(value_of(inf, "j", 0), "pre mid post");
    CHECK_EQ(inf_find(inf_section(inf, "a"), "e", NULL)->count, 1);
    CHECK_STR(inf_value(&inf_section(inf, "a")->lines[4], 4), "a=b");
    inf_free(inf);
}

TEST(inf, backslash_before_line_end_or_comment_continues_the_line)
{
    struct inf *inf = parse(HEAD "[a]\nk = x, \\\n   y, \\ ; comment\r\n z\n"
                                 "p = \"Dir\\\"\\\n,File\nd = c:\\dir\\f\nlast = %12%\\x.sys \\");

    CHECK_STR(value_of(inf, "k", 1), "y");
    CHECK_STR(value_of(inf, "k", 2), "z");
    CHECK_STR(value_of(inf, "p", 0), "Dir\\");
    CHECK_STR(value_of(inf, "p", 1), "File");
    CHECK_STR(value_of(inf, "d", 0), "c:\\dir\\f");
    CHECK_STR(value_of(inf, "last", 0), "%12%\\x.sys \\");
    inf_free(inf);
}

TEST(inf, string_tokens_are_replaced_and_unknown_ones_stay)
{
    struct inf *inf = parse(HEAD "[a]\n%K% = %v%, \"x%v%y\", %none%, 100%%, %%v%%, %odd;key%\n"
                                 "[Strings]\nK = key\nV = \"a value\"\nodd;key = no\n\"odd;key\" = semi\n"
                                 "lang = neutral\n[Strings.0409]\nlang = english\n[Strings.0407]\nlang = deutsch\n"
                                 "[b]\nl = %lang%\n");

    CHECK_STR(value_of(inf, "key", 0), "a value");
    CHECK_STR(value_of(inf, "key", 1), "xa valuey");
    CHECK_STR(value_of(inf, "key", 2), "%none%");
    CHECK_STR(value_of(inf, "key", 3), "100%");
    CHECK_STR(value_of(inf, "key", 4), "%v%");
    CHECK_STR(value_of(inf, "key", 5), "semi");
    CHECK_STR(inf_get(inf, "b", "l"), "english");
    inf_free(inf);
}

TEST(inf, every_encoding_gives_the_same_text)
{
    static const char *const names[] = { "protocol.inf", "utf16le.inf", "utf16be.inf" };
    struct inf *inf;

    for (unsigned i = 0; i < 3; i++) {
        inf = parse_corpus(names[i]);
        CHECK_STR(inf_get(inf, "svc", "ServiceBinary"), "%13%\\proto.sys");
        CHECK_EQ(inf_find(inf_section(inf, "svc"), "StartType", NULL)->line, 20);
        inf_free(inf);
    }
    inf = parse_corpus("utf8bom.inf");
    CHECK_STR(inf_get(inf, "strings", "m"), "M\xc3\xbcller");
    inf_free(inf);
    inf = parse_corpus("cp1252.inf");
    CHECK_STR(inf_get(inf, "strings", "m"), "M\xc3\xbcller \xe2\x82\xac");
    inf_free(inf);
}

TEST(inf, malformed_files_get_one_sentence_and_a_line)
{
#define FAILS(text, line, sentence) check_fails(text, sizeof(text) - 1, line, sentence)
    char long_field[5000];

    FAILS("", 0, "there is no [Version] section");
    FAILS("a=b\n", 1, "text stands before the first [section]");
    FAILS("[Version]\n", 1, "[Version] has no Signature");
    FAILS("\n[Version]\nSignature=\"$Linux$\"\n", 3, "Signature is \"$Linux$\", not \"$Windows NT$\" or \"$Chicago$\"");
    FAILS("[Version]\nSignature=\"$Windows NT$\n", 2, "a quoted string does not end on its line");
    FAILS("[Version\n", 1, "a section name does not end with ]");
    FAILS("[]\n", 1, "a section has no name");
    FAILS("[Version] x\n", 1, "text follows the name of a section on its line");
    FAILS("MZ\x90\0\3", 1, "character 0x00 is no text");
    FAILS("\xff\xfe[", 0, "the file ends in the middle of a UTF-16 character");
    memset(long_field, 'x', sizeof(long_field));
    memcpy(long_field, "[a]\nk=", 6);
    check_fails(long_field, sizeof(long_field), 2, "a field is longer than 4095 characters");
}

static const struct inf_reg *
reg(const struct inf_driver *d, enum inf_root root, const char *key, const char *name)
{
    for (unsigned i = 0; i < d->reg_count; i++)
        if (d->regs[i].root == root && strcmp(d->regs[i].key, key) == 0 && strcmp(d->regs[i].name, name) == 0)
            return &d->regs[i];
    return NULL;
}

TEST(inf_driver, filter_is_described_with_the_best_fitting_model)
{
    struct inf *inf = parse_corpus("filter.inf");
    struct inf_driver d;
    const struct inf_reg *r;

    CHECK_EQ(inf_describe_driver(inf, &d, NULL), 0);
    CHECK_EQ(d.kind, INF_FILTER);
    CHECK_STR(d.provider, "Sample; Inc.");
    CHECK_STR(d.driver_version, "1.2.3.4");
    CHECK_STR(d.description, "Sample Filter");
    CHECK_STR(d.component_id, "sample_flt");
    CHECK_STR(d.service, "flt");
    CHECK_STR(d.image, "flt.sys");
    CHECK_STR(d.image_path, "\\SystemRoot\\System32\\drivers\\flt.sys");
    CHECK_EQ(d.start_type, 1);
    CHECK_STR(d.filter_class, "compression");
    CHECK_EQ(d.filter_type, INF_FILTER_MODIFYING);
    CHECK_EQ(d.run_type, INF_RUN_MANDATORY);
    CHECK_STR(d.filter_media, "ethernet, wlan");
    CHECK_STR(d.net_cfg_instance_id, "{5cbf81bd-5055-47cd-9055-a76b2b4e3697}");
    CHECK_STR(d.lower_range, "nolower");
    CHECK_STR(d.co_services, "flt");
    CHECK_EQ(d.characteristics, 0x40000);
    CHECK_EQ(d.file_count, 2);
    CHECK_STR(d.files[0], "flt.sys");
    CHECK_STR(d.files[1], "extra.dll");

    r = reg(&d, INF_HKLM, "Software\\%Sample%", "Bytes");
    CHECK(r != NULL && r->type == INF_REG_BINARY && r->len == 4);
    CHECK_MEM(r->data, "\x01\x02\x0a\xff", 4);
    r = reg(&d, INF_HKR_SERVICE, "Parameters", "Depth");
    CHECK(r != NULL && r->type == INF_REG_DWORD && r->len == 4);
    CHECK_MEM(r->data, "\x10\0\0\0", 4);
    r = reg(&d, INF_HKR, "", "Level");
    CHECK(r != NULL && r->is_default && r->type == INF_REG_SZ && r->len == 4);
    CHECK_MEM(r->data, "5\0\0\0", 4);
    CHECK_STR(reg(&d, INF_HKR, "Ndi\\Params\\Level", "ParamDesc")->text, "say \"how much\"");
    r = reg(&d, INF_HKR, "Ndi", "CoServices");
    CHECK(r->type == INF_REG_MULTI_SZ && r->len == 10);
    CHECK_MEM(r->data, "f\0l\0t\0\0\0\0\0", 10);
    inf_driver_fini(&d);
    inf_free(inf);
}

TEST(inf_driver, protocol_and_miniport_are_told_apart_by_class)
{
    struct inf *inf = parse_corpus("utf16le.inf");
    struct inf_driver d;

    CHECK_EQ(inf_describe_driver(inf, &d, NULL), 0);
    CHECK_EQ(d.kind, INF_PROTOCOL);
    CHECK_STR(d.service, "proto");
    CHECK_STR(d.lower_range, "ndis5,ndis4");
    CHECK_STR(d.install_section, "inst.ntamd64");
    CHECK_STR(d.filter_class, "");
    inf_driver_fini(&d);
    inf_free(inf);

    inf = parse_corpus("miniport.inf");
    CHECK_EQ(inf_describe_driver(inf, &d, NULL), 0);
    CHECK_EQ(d.kind, INF_MINIPORT);
    CHECK_STR(d.component_id, "pci\\ven_1234");
    inf_driver_fini(&d);
    inf_free(inf);
}

static void
check_refused(const char *text, unsigned line, const char *sentence)
{
    struct inf *inf = parse(text);
    struct inf_driver d;
    struct inf_error err;

    CHECK_EQ(inf_describe_driver(inf, &d, &err), -EINVAL);
    CHECK_STR(err.text, sentence);
    CHECK_EQ(err.line, line);
    inf_free(inf);
}

TEST(inf_driver, what_cannot_be_installed_is_refused_with_the_reason)
{
#define NET HEAD "Class=Net\n[Manufacturer]\nm=d,NTamd64\n[d.NTamd64]\nx=i,id\n"

    check_refused(HEAD "[Manufacturer]\nm=d,NTarm64,NTx86\n[d.NTarm64]\nx=i,id\n[d.NTx86]\nx=i,id\n", 4,
                  "there are no models for NTamd64, only for NTarm64, NTx86");
    check_refused(NET, 0, "the section [i] that installs the driver is not there");
    check_refused(NET "[i]\n", 0, "[i.Services] adds no service");
    check_refused(NET "[i]\nAddReg=r\n", 9, "AddReg names [r], which is not there");
    check_refused(NET "[i]\nAddReg=r\n[r]\nHKR,,a,0x10001,five\n", 11, "\"five\" is no number");
    check_refused(NET "[i]\nAddReg=r\n[r]\nHKX,,a\n", 11, "\"HKX\" is no registry root");
    check_refused(NET "[i]\n[i.Services]\nAddService=s,2,t\n", 10, "AddService names [t], which is not there");
    check_refused(NET "[i]\n[i.Services]\nAddService=s,2,t\n[t]\n", 11, "[t] has no ServiceBinary");
    check_refused(HEAD "Class=NetService\n[Manufacturer]\nm=d,NTamd64\n[d.NTamd64]\nx=i,id\n"
                       "[i]\nCharacteristics=0x40000\n",
                  0, "a filter's INF must set Ndi, FilterType to 1 (monitoring) or 2 (modifying)");
}

TEST(inf_driver, every_registry_type_is_stored_as_the_registry_keeps_it)
{
    struct inf *inf = parse(NET "[i]\nAddReg=r,r2\n[i.Services]\nAddService=,2\nAddService=s,2,t\n[t]\n"
                                "ServiceBinary=%12%\\s.sys\n[r]\n"
                                "HKR,k,q,0x000B0001,0x100000002\nHKR,k,e,0x20000,\"%%x%%\"\nHKR,k,n,0x20001,1,2\n"
                                "HKR,k,c,0x00380001,A,0B\nHKR,k,d4,0x10001,1,2,3,4\nHKR,k,m,0x10000,a,,b\n"
                                "HKR,k,dm,0x10001,-1\nHKR,k,,0x10\nHKR,k,none\n[r2]\nHKR,k,del,4\n");
    struct inf_driver d;

    CHECK_EQ(inf_describe_driver(inf, &d, NULL), 0);
    CHECK_STR(d.service, "s");
    CHECK_EQ(d.reg_count, 10);
    CHECK_MEM(reg(&d, INF_HKR, "k", "q")->data, "\2\0\0\0\1\0\0\0", 8);
    CHECK_EQ(reg(&d, INF_HKR, "k", "q")->type, INF_REG_QWORD);
    CHECK_EQ(reg(&d, INF_HKR, "k", "e")->type, INF_REG_EXPAND_SZ);
    CHECK_STR(reg(&d, INF_HKR, "k", "e")->text, "%x%");
    CHECK_EQ(reg(&d, INF_HKR, "k", "n")->type, INF_REG_NONE);
    CHECK_EQ(reg(&d, INF_HKR, "k", "n")->len, 2);
    CHECK_EQ(reg(&d, INF_HKR, "k", "c")->type, 0x38);
    CHECK_MEM(reg(&d, INF_HKR, "k", "c")->data, "\x0a\x0b", 2);
    CHECK_MEM(reg(&d, INF_HKR, "k", "d4")->data, "\1\2\3\4", 4);
    CHECK_EQ(reg(&d, INF_HKR, "k", "m")->len, 12);
    CHECK_MEM(reg(&d, INF_HKR, "k", "m")->data, "a\0\0\0\0\0b\0\0\0\0\0", 12);
    CHECK_MEM(reg(&d, INF_HKR, "k", "dm")->data, "\xff\xff\xff\xff", 4);
    CHECK_EQ(reg(&d, INF_HKR, "k", "")->flags, INF_REG_KEYONLY);
    CHECK_EQ(reg(&d, INF_HKR, "k", "none")->len, 2);
    CHECK_EQ(reg(&d, INF_HKR, "k", "del")->flags, INF_REG_DELVAL);
    inf_driver_fini(&d);
    inf_free(inf);
}

TEST_MAIN(TEST_CASE(inf, names_compare_without_case_and_equal_sections_are_one),
          TEST_CASE(inf, quotes_comments_and_blanks_follow_the_documented_rules),
          TEST_CASE(inf, backslash_before_line_end_or_comment_continues_the_line),
          TEST_CASE(inf, string_tokens_are_replaced_and_unknown_ones_stay),
          TEST_CASE(inf, every_encoding_gives_the_same_text),
          TEST_CASE(inf, malformed_files_get_one_sentence_and_a_line),
          TEST_CASE(inf_driver, filter_is_described_with_the_best_fitting_model),
          TEST_CASE(inf_driver, protocol_and_miniport_are_told_apart_by_class),
          TEST_CASE(inf_driver, what_cannot_be_installed_is_refused_with_the_reason),
          TEST_CASE(inf_driver, every_registry_type_is_stored_as_the_registry_keeps_it))
