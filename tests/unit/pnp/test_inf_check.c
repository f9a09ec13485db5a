/* SPDX-License-Identifier: MIT */
/*
 * unit/pnp/test_inf_check.c - remarks about INF files: a file without any, and each of its lines made wrong.
 */
#include "test.h"

#include <errno.h>

#include "base/str.h"
#include "pnp/inf_check.h"
#include "pnp/inf_text.h"

static const char miniport[] = "[Version]\n"
                               "Signature = \"$Windows NT$\"\n"
                               "Class = Net\n"
                               "ClassGuid = {4d36e972-e325-11ce-bfc1-08002be10318}\n"
                               "Provider = %Maker%\n"
                               "DriverVer = 11/21/2026,1.0.0.0\n"
                               "CatalogFile = card.cat\n"
                               "PnpLockdown = 1\n"
                               "[Manufacturer]\n"
                               "%Maker% = Cards,NTamd64.10.0...16299\n"
                               "[Cards.NTamd64.10.0...16299]\n"
                               "%Card% = Card,PCI\\VEN_1234\n"
                               "[Card]\n"
                               "Characteristics = 0x84\n"
                               "BusType = 5\n"
                               "*IfType = 6\n"
                               "*MediaType = 0\n"
                               "*PhysicalMediaType = 14\n"
                               "AddReg = Card.Reg\n"
                               "CopyFiles = Card.Files\n"
                               "[Card.Reg]\n"
                               "HKR, Ndi, Service, , \"card\"\n"
                               "HKR, Ndi\\Interfaces, UpperRange, , \"ndis5\"\n"
                               "HKR, Ndi\\Interfaces, LowerRange, , \"ethernet\"\n"
                               "HKR, Ndi\\Params\\Depth, ParamDesc, , \"Depth\"\n"
                               "HKR, Ndi\\Params\\Depth, type, , \"int\"\n"
                               "HKR, Ndi\\Params\\Depth, default, , \"64\"\n"
                               "HKR, Ndi\\Params\\Depth, min, , \"16\"\n"
                               "HKR, Ndi\\Params\\Depth, max, , \"256\"\n"
                               "HKR, Ndi\\Params\\Depth, step, , \"16\"\n"
                               "HKR, Ndi\\Params\\*Speed, ParamDesc, , \"Speed\"\n"
                               "HKR, Ndi\\Params\\*Speed, type, , \"enum\"\n"
                               "HKR, Ndi\\Params\\*Speed, default, , \"0\"\n"
                               "HKR, Ndi\\Params\\*Speed\\enum, 0, , \"Auto\"\n"
                               "HKR, Ndi\\Params\\*Speed\\enum, 6, , \"1 Gb\"\n"
                               "HKR, Ndi\\Params\\Address, ParamDesc, , \"Address\"\n"
                               "HKR, Ndi\\Params\\Address, type, , \"edit\"\n"
                               "HKR, Ndi\\Params\\Address, LimitText, , \"12\"\n"
                               "HKR, Ndi\\Params\\Address, optional, , \"1\"\n"
                               "[Card.Services]\n"
                               "AddService = card,2,Card.Service\n"
                               "[Card.Service]\n"
                               "ServiceType = 1\n"
                               "StartType = 3\n"
                               "ErrorControl = 1\n"
                               "ServiceBinary = %13%\\card.sys\n"
                               "[Card.Files]\n"
                               "card.sys\n"
                               "[SourceDisksNames]\n"
                               "1 = %Card%\n"
                               "[SourceDisksFiles]\n"
                               "card.sys = 1\n"
                               "[DestinationDirs]\n"
                               "DefaultDestDir = 13\n"
                               "[Strings]\n"
                               "Maker = \"undis\"\n"
                               "Card = \"A card\"\n";

static const char filter[] = "[Version]\n"
                             "Signature = \"$Windows NT$\"\n"
                             "Class = NetService\n"
                             "ClassGuid = {4d36e974-e325-11ce-bfc1-08002be10318}\n"
                             "Provider = undis\n"
                             "DriverVer = 11/21/2026\n"
                             "CatalogFile = f.cat\n"
                             "PnpLockdown = 1\n"
                             "[Manufacturer]\n"
                             "m = Models,NTamd64\n"
                             "[Models.NTamd64]\n"
                             "Filter = Install,f\n"
                             "[Install]\n"
                             "Characteristics = 0x40000\n"
                             "NetCfgInstanceId = \"{5cbf81bd-5055-47cd-9055-a76b2b4e3697}\"\n"
                             "AddReg = Reg\n"
                             "CopyFiles = @f.sys\n"
                             "[Reg]\n"
                             "HKR, Ndi, Service, , f\n"
                             "HKR, Ndi, CoServices, 0x10000, f\n"
                             "HKR, Ndi, FilterClass, , compression\n"
                             "HKR, Ndi, FilterType, 0x10001, 2\n"
                             "HKR, Ndi, FilterRunType, 0x10001, 1\n"
                             "HKR, Ndi\\Interfaces, UpperRange, , noupper\n"
                             "HKR, Ndi\\Interfaces, LowerRange, , nolower\n"
                             "HKR, Ndi\\Interfaces, FilterMediaTypes, , \"ethernet, wlan\"\n"
                             "[Install.Services]\n"
                             "AddService = f,,Service\n"
                             "[Service]\n"
                             "ServiceType = 1\n"
                             "StartType = 1\n"
                             "ErrorControl = 1\n"
                             "ServiceBinary = %12%\\f.sys\n"
                             "[SourceDisksNames]\n"
                             "1 = disk\n"
                             "[SourceDisksFiles]\n"
                             "f.sys = 1\n"
                             "[DestinationDirs]\n"
                             "DefaultDestDir = 12\n";

/* text with its first `from` replaced; the caller frees. */
static char *
changed(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    char *out = calloc(1, strlen(text) + strlen(to) + 1);

    if (at == NULL)
        fail_msg("the file has no \"%s\"", from);
    memcpy(out, text, (size_t)(at - text));
    strcat(out, to);
    strcat(out, at + strlen(from));
    return out;
}

static unsigned
line_number(const char *text, const char *what)
{
    unsigned line = 1;

    for (const char *at = text; at < strstr(text, what); at++)
        line += *at == '\n';
    return line;
}

static void
check_clean(const char *text)
{
    struct inf_remarks r;

    CHECK_EQ(inf_check(text, strlen(text), &r), 0);
    for (unsigned i = 0; i < r.count; i++)
        fprintf(stderr, "%u: %s\n", r.remark[i].line, r.remark[i].text);
    CHECK_EQ(r.count, 0);
    inf_remarks_fini(&r);
}

struct wrong {
    const char *from, *to;
    enum inf_severity severity;
    const char *at; /* where the remark must stand; NULL: anywhere */
    const char *sentence;
};

/* Each change alone gives the remark, of that weight, on that line. */
static void
check_each(const char *text, const struct wrong *wrong, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *file = changed(text, wrong[i].from, wrong[i].to);
        struct inf_remarks r;
        bool found = false;

        CHECK_EQ(inf_check(file, strlen(file), &r), 0);
        for (unsigned j = 0; j < r.count; j++)
            found |= strcmp(r.remark[j].text, wrong[i].sentence) == 0 && r.remark[j].severity == wrong[i].severity &&
                     (wrong[i].at == NULL || r.remark[j].line == line_number(file, wrong[i].at));
        for (unsigned j = 0; !found && j < r.count; j++)
            fprintf(stderr, "%u: %s: %s\n", r.remark[j].line, inf_severity_name(r.remark[j].severity),
                    r.remark[j].text);
        if (!found)
            fail_msg("not said: %s", wrong[i].sentence);
        inf_remarks_fini(&r);
        free(file);
    }
}

TEST(inf_check, a_good_file_gets_no_remark)
{
    check_clean(miniport);
    check_clean(filter);
}

static const struct wrong miniport_faults[] = {
    { "[Version]", "[Verzion]", INF_ERROR, NULL, "there is no [Version] section" },
    { "ClassGuid = {4d36e972-e325-11ce-bfc1-08002be10318}\n", "", INF_ERROR, "[Version]",
      "[Version] has no ClassGuid" },
    { "08002be10318}", "08002be1031}", INF_ERROR, "ClassGuid",
      "ClassGuid \"{4d36e972-e325-11ce-bfc1-08002be1031}\" is no GUID" },
    { "{4d36e972", "{4d36e975", INF_ERROR, "ClassGuid",
      "Class and ClassGuid do not belong together: the GUID of class Net is "
      "{4d36e972-e325-11ce-bfc1-08002be10318}" },
    { "Provider = %Maker%\n", "", INF_ERROR, "[Version]", "[Version] has no Provider" },
    { "Maker = \"undis\"", "Maker = \"Microsoft\"", INF_WARNING, "Provider",
      "Provider is \"Microsoft\", which only Microsoft's own drivers may say" },
    { "11/21/2026", "21/11/2026", INF_ERROR, "DriverVer", "DriverVer has the date \"21/11/2026\"" },
    { "1.0.0.0", "1.0.0.65536", INF_WARNING, "DriverVer", "DriverVer has the version \"1.0.0.65536\"" },
    { "card.cat", "card.inf", INF_ERROR, "CatalogFile", "CatalogFile \"card.inf\" is no catalog" },
    { "PnpLockdown = 1\n", "", INF_WARNING, "[Version]", "the driver's files are not protected from other programs" },
    { "Cards,NTamd64.10.0...16299", "Cards,NTamd64.10.0...17763", INF_ERROR, "%Maker% = Cards",
      "the models section [Cards.NTamd64.10.0...17763] is not there" },
    { "Cards,NTamd64.10.0...16299", "Cards,amd64", INF_ERROR, "%Maker% = Cards",
      "\"amd64\" is no target operating system" },
    { "Card,PCI\\VEN_1234", "Card", INF_ERROR, "%Card% =", "the model \"A card\" has no hardware id" },
    { "%Card% = Card,PCI", "%Card% = Cart,PCI", INF_ERROR, "%Card% =", "the install section [Cart] is not there" },
    { "Characteristics = 0x84\n", "", INF_WARNING, "[Card]\n", "[Card] has no Characteristics" },
    { "0x84", "0x85", INF_ERROR, "Characteristics",
      "Characteristics has more than one of NCF_VIRTUAL, NCF_SOFTWARE_ENUMERATED and NCF_PHYSICAL" },
    { "0x84", "0x94", INF_ERROR, "Characteristics",
      "Characteristics has NCF_NO_SERVICE together with the kind of an adapter" },
    { "0x84", "0x4", INF_WARNING, "Characteristics", "the adapter has parameters, and no NCF_HAS_UI to show them by" },
    { "BusType = 5\n", "", INF_WARNING, "[Card]\n", "[Card] is a physical adapter without BusType" },
    { "*IfType = 6\n", "", INF_WARNING, "[Card]\n", "[Card] has no *IfType, which an adapter of NDIS 6 needs" },
    { "AddReg = Card.Reg", "AddReg = Card.Rek", INF_ERROR, "AddReg", "AddReg names [Card.Rek], which is not there" },
    { "CopyFiles = Card.Files", "CopyFiles = Card.Filez", INF_ERROR, "CopyFiles",
      "CopyFiles names [Card.Filez], which is not there" },
    { "Service, , \"card\"", "Service, , \"cart\"", INF_ERROR, "HKR, Ndi, Service",
      "Ndi, Service is \"cart\", and [Card.Services] adds \"card\"" },
    { "HKR, Ndi, Service, , \"card\"\n", "", INF_ERROR, "[Card]\n",
      "no Ndi, Service says which service drives the component" },
    { "UpperRange, , \"ndis5\"", "UpperRange, , \"ndis4\"", INF_WARNING, "HKR, Ndi\\Interfaces, UpperRange",
      "UpperRange has the interface \"ndis4\"" },
    { "LowerRange, , \"ethernet\"", "LowerRange, 0x10000, \"ethernet\"", INF_ERROR, "HKR, Ndi\\Interfaces, LowerRange",
      "LowerRange is no REG_SZ" },
    { "HKR, Ndi\\Interfaces, LowerRange, , \"ethernet\"\n", "", INF_ERROR, "[Card]\n",
      "no Ndi\\Interfaces, LowerRange: the component can bind to nothing" },
    { "\"64\"", "\"65\"", INF_ERROR, "HKR, Ndi\\Params\\Depth",
      "the default of Depth goes from 16 in steps of 16: 65 is none of them" },
    { "\"64\"", "\"1024\"", INF_ERROR, NULL, "the default of Depth goes from 16 to 256: 1024 is outside" },
    { "\"64\"", "\"many\"", INF_ERROR, NULL, "the default of Depth is of type int: \"many\" is no number" },
    { "\"256\"", "\"8\"", INF_ERROR, NULL, "the parameter Depth goes from 16 to 8, which is nothing" },
    { "\"int\"", "\"integer\"", INF_ERROR, NULL, "the parameter Depth has the type \"integer\"" },
    { "HKR, Ndi\\Params\\Depth, type, , \"int\"\n", "", INF_ERROR, NULL, "the parameter Depth has no type" },
    { "HKR, Ndi\\Params\\Depth, ParamDesc, , \"Depth\"\n", "", INF_ERROR, NULL,
      "the parameter Depth has no ParamDesc" },
    { "HKR, Ndi\\Params\\Depth, default, , \"64\"\n", "", INF_WARNING, NULL,
      "the parameter Depth is required and has no default" },
    { "*Speed, default, , \"0\"", "*Speed, default, , \"1\"", INF_ERROR, NULL,
      "the default of *Speed is one of 0 (Auto), 6 (1 Gb): \"1\" is none of them" },
    { "HKR, Ndi\\Params\\Address, ParamDesc",
      "HKR, Ndi\\Params\\BusType, type, , edit\n"
      "HKR, Ndi\\Params\\Address, ParamDesc",
      INF_ERROR, "HKR, Ndi\\Params\\BusType", "\"BusType\" is reserved and cannot be a parameter" },
    { "card,2,Card", "card,0,Card", INF_ERROR, "AddService",
      "no service is marked as the adapter's driver, so Windows starts none for it" },
    { "card,2,Card.Service", "card,2,Card.Servise", INF_ERROR, "AddService",
      "AddService names [Card.Servise], which is not there" },
    { "StartType = 3\n", "", INF_ERROR, "[Card.Service]", "[Card.Service] has no StartType" },
    { "StartType = 3", "StartType = 7", INF_ERROR, "AddService", "the service card has the StartType 7" },
    { "ServiceType = 1", "ServiceType = 2", INF_ERROR, "AddService",
      "the service card is a driver of type 2, not SERVICE_KERNEL_DRIVER" },
    { "%13%\\card.sys", "%13%\\other.sys", INF_WARNING, "AddService",
      "the service card runs other.sys, which this INF does not copy" },
    { "card.sys = 1", "cart.sys = 1", INF_ERROR, NULL,
      "the file \"card.sys\" is copied, and no [SourceDisksFiles] says from where" },
    { "1 = %Card%", "2 = %Card%", INF_ERROR, "card.sys = 1",
      "the file \"card.sys\" is on disk \"1\", which is not there" },
    { "DefaultDestDir = 13\n", "", INF_ERROR, "CopyFiles", "no folder is given for the files of Card.Files" },
    { "DefaultDestDir = 13", "DefaultDestDir = drivers", INF_ERROR, "DefaultDestDir",
      "\"drivers\" is no folder number" },
    { "[Strings]", "[Forgotten]\nx = 1\n[Strings]", INF_WARNING, "[Forgotten]",
      "nothing refers to the section [Forgotten]" },
    { "Maker = \"undis\"\n", "", INF_WARNING, "Provider", "%Maker% is no string of this file, and stays as it is" },
    { "[Strings]", "[Card]\nCopyFiles =\n[Strings]", INF_WARNING, NULL,
      "[Card] stands there for the second time (first in line 13)" },
    { "CopyFiles = Card", "Needs = usbrndis6.ndi\nCopyFiles = Card", INF_ERROR, "Needs",
      "Needs names [usbrndis6.ndi], and no Include says of which INF" },
    { "CopyFiles = Card", "Include = netrndis.inf\nNeeds = usbrndis6.ndi\nCopyFiles = Card", INF_NOTE, "Needs",
      "[usbrndis6.ndi] gives the Remote NDIS miniport of Windows for NDIS 6, with its registry values; undis "
      "leaves that out" },
    { "CopyFiles = Card", "Include = my.inf\nNeeds = mine\nCopyFiles = Card", INF_NOTE, "Include",
      "my.inf is not known here; if Windows does not bring it, Include fails" },
    { "[Card.Services]",
      "[Card.CoInstallers]\nAddReg = Co\n[Co]\nHKR,,CoInstallers32,0x10000,\"c.dll,F\"\n"
      "[Card.Services]",
      INF_NOTE, "[Card]\n", "the co-installer \"c.dll,F\" is not run" },
};

TEST(inf_check, each_fault_of_a_miniport_file_is_told_with_its_line)
{
    check_each(miniport, miniport_faults, sizeof(miniport_faults) / sizeof(miniport_faults[0]));
}

TEST(inf_check, each_fault_of_a_filter_file_is_told_with_its_line)
{
    static const struct wrong wrong[] = {
        { "0x40000\n", "0x40400\n", INF_ERROR, "Characteristics",
          "a filter driver has NCF_FILTER, the flag of filter intermediate drivers" },
        { "{5cbf81bd", "{5cbf81b", INF_ERROR, "NetCfgInstanceId",
          "NetCfgInstanceId \"{5cbf81b-5055-47cd-9055-a76b2b4e3697}\" is no GUID" },
        { "HKR, Ndi, FilterClass, , compression\n", "", INF_ERROR, "[Install]\n",
          "a modifying filter needs Ndi, FilterClass, which places it among the others" },
        { "compression", "compressor", INF_ERROR, "HKR, Ndi, FilterClass", "\"compressor\" is no FilterClass" },
        { "FilterType, 0x10001, 2", "FilterType, 0x10001, 1", INF_WARNING, "HKR, Ndi, FilterClass",
          "a monitoring filter has no FilterClass" },
        { "FilterType, 0x10001, 2", "FilterType, 0x10001, 3", INF_ERROR, NULL,
          "a filter's INF must set Ndi, FilterType to 1 (monitoring) or 2 (modifying)" },
        { "HKR, Ndi, FilterRunType, 0x10001, 1\n", "", INF_ERROR, "[Install]\n", "a filter needs Ndi, FilterRunType" },
        { "noupper", "ndis5", INF_ERROR, "HKR, Ndi\\Interfaces, UpperRange", "a filter's UpperRange is \"ndis5\"" },
        { "nolower", "ethernet", INF_ERROR, "HKR, Ndi\\Interfaces, LowerRange",
          "a filter's LowerRange is \"ethernet\"" },
        { "\"ethernet, wlan\"", "\"ethernet, nolower\"", INF_ERROR, "HKR, Ndi\\Interfaces, FilterMediaTypes",
          "FilterMediaTypes may not have nolower" },
        { "HKR, Ndi\\Interfaces, FilterMediaTypes, , \"ethernet, wlan\"\n", "", INF_ERROR, "[Install]\n",
          "no FilterMediaTypes: the filter attaches to no adapter" },
        { "HKR, Ndi, CoServices, 0x10000, f\n", "", INF_WARNING, "[Install]\n",
          "Ndi, CoServices is documented as required for class NetService" },
        { "CoServices, 0x10000, f", "CoServices, , f", INF_ERROR, "HKR, Ndi, CoServices",
          "Ndi, CoServices is no REG_MULTI_SZ" },
        { "StartType = 1", "StartType = 3", INF_WARNING, "AddService",
          "a filter driver that starts after the adapters makes each of them stop and start again" },
        { "\"ethernet, wlan\"", "\"ethernet, mine\"", INF_NOTE, "HKR, Ndi\\Interfaces, FilterMediaTypes",
          "FilterMediaTypes has the interface \"mine\", which is none of Microsoft's: it binds only to components that "
          "name it, too" },
    };

    check_each(filter, wrong, sizeof(wrong) / sizeof(wrong[0]));
}

TEST(inf_check, a_template_is_read_as_amd64_and_says_so)
{
    char *file = changed(filter, "Models,NTamd64", "Models,NT$ARCH$");
    char *whole = changed(file, "Models.NTamd64", "Models.NT$ARCH$");
    struct inf_remarks r;

    CHECK_EQ(inf_check(whole, strlen(whole), &r), 0);
    CHECK_EQ(r.count, 1);
    CHECK_EQ(r.remark[0].severity, INF_NOTE);
    inf_remarks_fini(&r);
    free(whole);
    free(file);
}

/* ------------------------------------------------------------------ what the sections give */

static struct inf *
parse(const char *text)
{
    struct inf_error err;
    struct inf *inf = NULL;

    if (inf_parse(text, strlen(text), &inf, &err) != 0)
        fail_msg("line %u: %s", err.line, err.text);
    return inf;
}

TEST(inf_model, the_decoration_that_says_most_of_what_fits_wins)
{
    static const struct inf_target win10 = { 10, 0, 19041, 1 }, win7 = { 6, 1, 7601, 1 }, server = { 10, 0, 17763, 3 };

    CHECK(inf_decoration_rank("NTamd64", &win10) > inf_decoration_rank("NT", &win10));
    CHECK(inf_decoration_rank("NTamd64.6.1", &win10) > inf_decoration_rank("NTamd64", &win10));
    CHECK(inf_decoration_rank("NTamd64.10.0", &win10) > inf_decoration_rank("NTamd64.6.3", &win10));
    CHECK(inf_decoration_rank("NTamd64.10.0...16299", &win10) > inf_decoration_rank("NTamd64.10.0", &win10));
    CHECK_EQ(inf_decoration_rank("NTamd64.10.0...25341", &win10), 0);
    CHECK_EQ(inf_decoration_rank("NTamd64.10.0", &win7), 0);
    CHECK(inf_decoration_rank("NTamd64.6.1", &win7) != 0);
    CHECK_EQ(inf_decoration_rank("NTarm64", &win10), 0);
    CHECK_EQ(inf_decoration_rank("NTx86", &win10), 0);
    CHECK_EQ(inf_decoration_rank("NTamd64.10.0.3", &win10), 0);
    CHECK(inf_decoration_rank("NTamd64.10.0.3", &server) > inf_decoration_rank("NTamd64.10.0", &server));
    CHECK_EQ(inf_decoration_rank("NTamd64.ten", &win10), 0);
    CHECK(inf_is_decoration("NTarm64.10.0...22000"));
    CHECK(!inf_is_decoration("Services"));
}

TEST(inf_driver, the_release_decides_which_models_there_are)
{
    struct inf *inf = parse(miniport);
    struct inf_driver d;
    struct inf_error err;

    CHECK_EQ(inf_describe_model(inf, &inf_target_default, 0, &d, &err), 0);
    CHECK_EQ(d.if_type, 6);
    CHECK_EQ(d.physical_media_type, 14);
    CHECK_EQ(d.bus_type, 5);
    CHECK_EQ(d.service_count, 1);
    CHECK_STR(d.services[0].image_path, "\\SystemRoot\\System32\\drivers\\card.sys");
    inf_driver_fini(&d);
    CHECK_EQ(inf_describe_model(inf, &inf_target_default, 1, &d, &err), -ENOENT);
    CHECK_EQ(inf_describe_model(inf, &(struct inf_target){ 10, 0, 14393, 1 }, 0, &d, &err), -EINVAL);
    CHECK_STR(err.text, "there are no models for NTamd64 of Windows 10.0 build 14393, only for NTamd64.10.0...16299");
    inf_free(inf);
}

TEST(inf_driver, parameters_have_types_limits_and_choices)
{
    struct inf *inf = parse(miniport);
    struct inf_driver d;
    const struct inf_param *p;
    char text[256];

    CHECK_EQ(inf_describe_driver(inf, &d, NULL), 0);
    CHECK_EQ(d.param_count, 3);
    p = inf_param(&d, "depth");
    CHECK(p != NULL);
    CHECK_EQ(inf_param_check(p, "128", text), 0);
    CHECK_EQ(inf_param_check(p, "0x20", text), 0);
    CHECK(inf_param_check(p, "17", text) != 0);
    CHECK(inf_param_check(p, "0", text) != 0);
    CHECK(inf_param_check(p, "", text) != 0);
    p = inf_param(&d, "*Speed");
    CHECK_EQ(p->choice_count, 2);
    CHECK_EQ(inf_param_check(p, "6", text), 0);
    CHECK(inf_param_check(p, "5", text) != 0);
    CHECK_STR(text, "*Speed is one of 0 (Auto), 6 (1 Gb): \"5\" is none of them");
    p = inf_param(&d, "Address");
    CHECK_EQ(inf_param_check(p, "020000000001", text), 0);
    CHECK(inf_param_check(p, "02-00-00-00-00-01", text) != 0);
    CHECK(inf_param(&d, "Nothing") == NULL);
    inf_driver_fini(&d);
    inf_free(inf);
}

TEST(inf_driver, needs_goes_on_in_this_file_and_remembers_what_others_have)
{
    char *file =
        changed(miniport, "CopyFiles = Card.Files",
                "CopyFiles = Card.Files\nInclude = netrndis.inf\nNeeds = Card.More, usbrndis6.ndi\nDelReg = Old");
    char *whole = changed(file, "[Strings]",
                          "[Old]\nHKR, Gone\nHKR, , Value\n[Card.More]\nAddReg = More\n[More]\n"
                          "HKR, , Extra, , \"yes\"\n[Strings]");
    struct inf *inf = parse(whole);
    struct inf_driver d;
    bool extra = false;

    CHECK_EQ(inf_describe_driver(inf, &d, NULL), 0);
    CHECK_EQ(d.need_count, 1);
    CHECK_STR(d.needs[0].section, "usbrndis6.ndi");
    CHECK_STR(d.needs[0].inf, "netrndis.inf");
    CHECK(d.needs[0].gives != NULL);
    for (unsigned i = 0; i < d.reg_count; i++)
        extra |= str_ieq(d.regs[i].name, "Extra");
    CHECK(extra);
    CHECK(d.regs[0].flags & INF_REG_DELETE);
    CHECK_STR(d.regs[0].key, "Gone");
    CHECK_STR(d.regs[1].name, "Value");
    inf_driver_fini(&d);
    inf_free(inf);
    free(whole);

    whole = changed(file, "[Strings]", "[Old]\n[Card.More]\nNeeds = Card.More\n[Strings]");
    inf = parse(whole);
    CHECK_EQ(inf_describe_driver(inf, &d, NULL), -EINVAL);
    inf_free(inf);
    free(whole);
    free(file);
}

TEST_MAIN(TEST_CASE(inf_check, a_good_file_gets_no_remark),
          TEST_CASE(inf_check, each_fault_of_a_miniport_file_is_told_with_its_line),
          TEST_CASE(inf_check, each_fault_of_a_filter_file_is_told_with_its_line),
          TEST_CASE(inf_check, a_template_is_read_as_amd64_and_says_so),
          TEST_CASE(inf_model, the_decoration_that_says_most_of_what_fits_wins),
          TEST_CASE(inf_driver, the_release_decides_which_models_there_are),
          TEST_CASE(inf_driver, parameters_have_types_limits_and_choices),
          TEST_CASE(inf_driver, needs_goes_on_in_this_file_and_remembers_what_others_have))
