/* SPDX-License-Identifier: MIT */
/*
 * pnp/inf_check_net.c - checks of what an INF says about a network component (see inf_check.h).
 *
 * Model: one install section, as it was described; the kind of component decides which checks apply. Documented:
 * "DDInstall Section in a Network INF File", "Specifying Binding Interfaces", "Adding Service-Related Values to the Ndi
 * Key", "Configuring an INF File for a Modifying (Monitoring) Filter Driver", "Specifying Configuration Parameters for
 * the Advanced Properties Page", the reference of each.
 * Start reading at: inf_check_network().
 */
#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "pnp/inf_check.h"
#include "pnp/inf_text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* documented: NCF_xxx */
enum {
    NCF_VIRTUAL = 0x1,
    NCF_SOFTWARE_ENUMERATED = 0x2,
    NCF_PHYSICAL = 0x4,
    NCF_NO_SERVICE = 0x10,
    NCF_HAS_UI = 0x80,
    NCF_FILTER = 0x400,
    NCF_LW_FILTER = 0x40000,
    NCF_DEVICE = NCF_VIRTUAL | NCF_SOFTWARE_ENUMERATED | NCF_PHYSICAL,
    SPSVCINST_ASSOCSERVICE = 2,
};

struct net {
    const struct inf *inf;
    const struct inf_driver *d;
    const struct inf_section *install;
    unsigned line; /* of the install section */
    struct inf_remarks *out;
};

/* The last line that sets a value below HKR, NULL if none. */
static const struct inf_reg *
value(const struct net *n, const char *key, const char *name)
{
    for (unsigned i = n->d->reg_count; i-- > 0;) {
        const struct inf_reg *reg = &n->d->regs[i];

        if (reg->root == INF_HKR && !reg->is_default &&
            !(reg->flags & (INF_REG_DELETE | INF_REG_DELVAL | INF_REG_KEYONLY)) && str_ieq(reg->key, key) &&
            str_ieq(reg->name, name))
            return reg;
    }
    return NULL;
}

/* ------------------------------------------------------------------ Characteristics */

static unsigned
line_of(const struct net *n, const char *directive)
{
    const struct inf_line *line = inf_find(n->install, directive, NULL);

    return line ? line->line : n->line;
}

static void
check_characteristics(struct net *n)
{
    uint32_t bits = n->d->characteristics, device = bits & NCF_DEVICE;
    unsigned line = line_of(n, "Characteristics");

    if (inf_find(n->install, "Characteristics", NULL) == NULL && n->d->need_count == 0)
        inf_remark(n->out, INF_WARNING, n->line, "documented: each install section of a network INF has one",
                   "[%.80s] has no Characteristics", n->install->name);
    if ((device & (device - 1)) != 0)
        inf_remark(n->out, INF_ERROR, line, "keep one of them",
                   "Characteristics has more than one of NCF_VIRTUAL, NCF_SOFTWARE_ENUMERATED and NCF_PHYSICAL");
    if (device && (bits & NCF_NO_SERVICE))
        inf_remark(n->out, INF_ERROR, line, "take NCF_NO_SERVICE (0x10) out; an adapter has a driver",
                   "Characteristics has NCF_NO_SERVICE together with the kind of an adapter");
    if (device && !str_ieq(n->d->class_name, "Net"))
        inf_remark(n->out, INF_WARNING, line, "only class Net has adapters",
                   "Characteristics says what kind of adapter this is, and it is none");
    if (n->d->kind == INF_FILTER && (bits & NCF_FILTER))
        inf_remark(n->out, INF_ERROR, line, "NCF_LW_FILTER (0x40000) is the flag of a filter driver",
                   "a filter driver has NCF_FILTER, the flag of filter intermediate drivers");
    if (n->d->kind == INF_FILTER && !(bits & NCF_LW_FILTER))
        inf_remark(n->out, INF_ERROR, line, "set Characteristics = 0x40000",
                   "a filter driver has no NCF_LW_FILTER (0x40000)");
    if ((bits & NCF_LW_FILTER) && !str_ieq(n->d->class_name, "NetService"))
        inf_remark(n->out, INF_ERROR, line, "set Class = NetService, with its GUID",
                   "NCF_LW_FILTER is for class NetService, and this is class %.40s", n->d->class_name);
    if (n->d->param_count && n->d->kind == INF_MINIPORT && !(bits & NCF_HAS_UI) &&
        inf_find(n->install, "Characteristics", NULL) != NULL)
        inf_remark(n->out, INF_WARNING, line, "add 0x80",
                   "the adapter has parameters, and no NCF_HAS_UI to show them by");
}

/* ------------------------------------------------------------------ services */

static void
check_named_service(struct net *n)
{
    const struct inf_reg *service = value(n, "Ndi", "Service");

    if (service == NULL) {
        if (n->d->service_count)
            inf_remark(n->out, INF_ERROR, n->line, "add HKR, Ndi, Service, , \"name\"",
                       "no Ndi, Service says which service drives the component");
        return;
    }
    for (unsigned i = 0; i < n->d->service_count; i++)
        if (str_ieq(n->d->services[i].name, service->text))
            return;
    if (n->d->service_count)
        inf_remark(n->out, INF_ERROR, service->line, "both must be the same name",
                   "Ndi, Service is \"%.50s\", and [%.50s.Services] adds \"%.50s\"", service->text, n->install->name,
                   n->d->service);
}

static void
check_services(struct net *n)
{
    const struct inf_reg *co = value(n, "Ndi", "CoServices");
    bool adapter = str_ieq(n->d->class_name, "Net"), driven = false;

    check_named_service(n);
    if (n->d->service_count && !adapter && co == NULL)
        inf_remark(n->out, INF_WARNING, n->line, "add HKR, Ndi, CoServices, 0x00010000, \"name\"",
                   "Ndi, CoServices is documented as required for class %.20s", n->d->class_name);
    if (adapter && co != NULL)
        inf_remark(n->out, INF_WARNING, co->line, "take it out", "an adapter has one service and no CoServices");
    if (co != NULL && co->type != INF_REG_MULTI_SZ)
        inf_remark(n->out, INF_ERROR, co->line, "use the flags 0x00010000", "Ndi, CoServices is no REG_MULTI_SZ");
    for (unsigned i = 0; i < n->d->service_count; i++) {
        const struct inf_service *s = &n->d->services[i];

        driven |= (s->flags & SPSVCINST_ASSOCSERVICE) != 0;
        if (s->has_type && s->type != 1 && str_iends(s->image, ".sys"))
            inf_remark(n->out, INF_ERROR, s->line, "set ServiceType = 1",
                       "the service %.60s is a driver of type %u, not SERVICE_KERNEL_DRIVER", s->name, s->type);
        if (s->has_start && s->start > 4)
            inf_remark(n->out, INF_ERROR, s->line, "0 boot, 1 system, 2 automatic, 3 demand, 4 disabled",
                       "the service %.60s has the StartType %u", s->name, s->start);
        if (n->d->kind == INF_FILTER && s->has_start && s->start > 1 && str_ieq(s->name, n->d->service))
            inf_remark(n->out, INF_WARNING, s->line, "set StartType = 1",
                       "a filter driver that starts after the adapters makes each of them stop and start again");
    }
    if (adapter && n->d->service_count && !driven && n->d->need_count == 0)
        inf_remark(n->out, INF_ERROR, n->d->services[0].line, "give AddService the flag 2 (SPSVCINST_ASSOCSERVICE)",
                   "no service is marked as the adapter's driver, so Windows starts none for it");
}

/* ------------------------------------------------------------------ binding interfaces */

static const char *const upper_tokens[] = { "netbios",   "ipx",       "tdi",     "ndis5",       "ndisatm",   "ndiswan",
                                            "ndiscowan", "noupper",   "winsock", "ndis5_atalk", "ndis5_dlc", "ndis5_ip",
                                            "ndis5_ipx", "ndis5_nbf", "flpp4",   "flpp6" };
static const char *const lower_tokens[] = { "ethernet",  "atm",       "tokenring", "serial",        "fddi",
                                            "baseband",  "broadband", "bluetooth", "arcnet",        "isdn",
                                            "localtalk", "wan",       "nolower",   "ndis5",         "ndisatm",
                                            "wlan",      "ppip",      "vwifi",     "vmnetextension" };
static const char *const old_tokens[] = { "ndis2", "ndis3", "ndis4", "ndis5_streams" };

static bool
is_one_of(const char *text, size_t len, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(words[i]) == len && str_icmp_n(text, words[i], len) == 0)
            return true;
    return false;
}

/* Each token of a list; what: its name. */
static void
check_tokens(struct net *n, const struct inf_reg *reg, const char *what, const char *const *known, size_t count)
{
    const char *at = reg->text;

    while (*at) {
        size_t len = strcspn(at, ", \t");

        if (len && is_one_of(at, len, old_tokens, COUNT(old_tokens)))
            inf_remark(n->out, INF_WARNING, reg->line, "documented: it should no longer be used",
                       "%s has the interface \"%.*s\"", what, (int)(len < 60 ? len : 60), at);
        else if (len && !is_one_of(at, len, known, count))
            inf_remark(n->out, INF_NOTE, reg->line, "is it spelled right?",
                       "%s has the interface \"%.*s\", which is none of Microsoft's: it binds only to components that "
                       "name it, too",
                       what, (int)(len < 60 ? len : 60), at);
        at += len;
        at += strspn(at, ", \t");
    }
    if (reg->type != INF_REG_SZ)
        inf_remark(n->out, INF_ERROR, reg->line, "leave the flags out", "%s is no REG_SZ", what);
}

static bool
is_only(const struct inf_reg *reg, const char *word)
{
    return reg != NULL && str_ieq(reg->text, word);
}

static void
check_ranges(struct net *n)
{
    const struct inf_reg *upper = value(n, "Ndi\\Interfaces", "UpperRange");
    const struct inf_reg *lower = value(n, "Ndi\\Interfaces", "LowerRange");
    bool filter = n->d->kind == INF_FILTER;

    if (upper == NULL && n->d->need_count == 0)
        inf_remark(n->out, filter ? INF_WARNING : INF_ERROR, n->line,
                   filter ? "add HKR, Ndi\\Interfaces, UpperRange, , \"noupper\""
                          : "add HKR, Ndi\\Interfaces, UpperRange, , \"ndis5\", or what it is",
                   "no Ndi\\Interfaces, UpperRange: nothing can bind to the component");
    if (lower == NULL && n->d->need_count == 0)
        inf_remark(n->out, filter ? INF_WARNING : INF_ERROR, n->line,
                   filter ? "add HKR, Ndi\\Interfaces, LowerRange, , \"nolower\""
                          : "add HKR, Ndi\\Interfaces, LowerRange, , \"ethernet\", or what it is",
                   "no Ndi\\Interfaces, LowerRange: the component can bind to nothing");
    if (upper != NULL)
        check_tokens(n, upper, "UpperRange", upper_tokens, COUNT(upper_tokens));
    if (lower != NULL)
        check_tokens(n, lower, "LowerRange", lower_tokens, COUNT(lower_tokens));
    if (filter && upper != NULL && !is_only(upper, "noupper"))
        inf_remark(n->out, INF_ERROR, upper->line, "set it to \"noupper\"", "a filter's UpperRange is \"%.60s\"",
                   upper->text);
    if (filter && lower != NULL && !is_only(lower, "nolower"))
        inf_remark(n->out, INF_ERROR, lower->line, "set it to \"nolower\"; FilterMediaTypes says what it filters",
                   "a filter's LowerRange is \"%.60s\"", lower->text);
}

/* ------------------------------------------------------------------ filters */

static void
check_filter(struct net *n)
{
    static const char *const filter_classes[] = {
        "scheduler",         "encryption",        "compression",      "vpn",
        "loadbalance",       "failover",          "diagnostic",       "custom",
        "provider_address",  "ms_switch_capture", "ms_switch_filter", "ms_switch_forward",
        "ms_firewall_upper", "ms_firewall_lower"
    };
    const struct inf_reg *class = value(n, "Ndi", "FilterClass"), *run = value(n, "Ndi", "FilterRunType");
    const struct inf_reg *media = value(n, "Ndi\\Interfaces", "FilterMediaTypes");

    if (n->d->filter_type == INF_FILTER_MODIFYING && class == NULL)
        inf_remark(n->out, INF_ERROR, n->line, "add HKR, Ndi, FilterClass, , compression, or what it is",
                   "a modifying filter needs Ndi, FilterClass, which places it among the others");
    if (n->d->filter_type == INF_FILTER_MONITORING && class != NULL)
        inf_remark(n->out, INF_WARNING, class->line, "take it out", "a monitoring filter has no FilterClass");
    if (class != NULL && !is_one_of(class->text, strlen(class->text), filter_classes, COUNT(filter_classes)))
        inf_remark(n->out, INF_ERROR, class->line, "see the documented classes, from scheduler down to custom",
                   "\"%.60s\" is no FilterClass", class->text);
    if (run == NULL)
        inf_remark(n->out, INF_ERROR, n->line, "add HKR, Ndi, FilterRunType, 0x00010001, 1 (mandatory) or 2 (optional)",
                   "a filter needs Ndi, FilterRunType");
    else if (n->d->run_type == INF_RUN_NONE)
        inf_remark(n->out, INF_ERROR, run->line, "1 is mandatory, 2 optional", "FilterRunType is \"%.20s\"", run->text);
    if (media == NULL)
        inf_remark(n->out, INF_ERROR, n->line, "add HKR, Ndi\\Interfaces, FilterMediaTypes, , \"ethernet\"",
                   "no FilterMediaTypes: the filter attaches to no adapter");
    else
        check_tokens(n, media, "FilterMediaTypes", lower_tokens, COUNT(lower_tokens));
    if (media != NULL && strstr(media->text, "nolower") != NULL)
        inf_remark(n->out, INF_ERROR, media->line, "name the media it filters",
                   "FilterMediaTypes may not have nolower");
    if (!inf_is_guid(n->d->net_cfg_instance_id))
        inf_remark(n->out, INF_ERROR, line_of(n, "NetCfgInstanceId"), "write {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}",
                   "NetCfgInstanceId \"%.60s\" is no GUID", n->d->net_cfg_instance_id);
}

/* ------------------------------------------------------------------ adapters */

static void
check_adapter(struct net *n)
{
    static const char *const media[] = { "*IfType", "*MediaType", "*PhysicalMediaType" };

    for (unsigned i = 0; i < COUNT(media) && n->d->need_count == 0; i++)
        if (inf_find(n->install, media[i], NULL) == NULL)
            inf_remark(n->out, INF_WARNING, n->line, "an NDIS 5 driver does without",
                       "[%.80s] has no %s, which an adapter of NDIS 6 needs", n->install->name, media[i]);
    if ((n->d->characteristics & NCF_PHYSICAL) && n->d->bus_type < 0 && n->d->need_count == 0)
        inf_remark(n->out, INF_WARNING, n->line, "add BusType = 5 for PCI, 15 for USB",
                   "[%.80s] is a physical adapter without BusType", n->install->name);
}

/* ------------------------------------------------------------------ parameters */

static const char *const reserved[] = {
    "BundleId",         "BusType",          "Characteristics", "ComponentId",        "Description",
    "DeviceInstanceId", "DriverDate",       "DriverDesc",      "DriverVersion",      "InfPath",
    "InfSection",       "InfSectionExt",    "*IfType",         "InstallTimeStamp",   "Manufacturer",
    "*MediaType",       "NetCfgInstanceId", "NetLuidIndex",    "*PhysicalMediaType", "Provider",
    "ProviderName",
};

static void
check_limits(struct net *n, const struct inf_param *p)
{
    int64_t min, max;
    uint64_t step;
    char text[256];

    if (inf_param_range(p, &min, &max, &step) && min > max)
        inf_remark(n->out, INF_ERROR, p->line, "the type bounds them, too",
                   "the parameter %.60s goes from %lld to %lld, which is nothing", p->keyword, (long long)min,
                   (long long)max);
    else if (inf_is_template(n->inf) && strchr(p->standard, '$') != NULL)
        return; /* a tool fills it in */
    else if (p->has_standard && *p->standard && inf_param_check(p, p->standard, text) != 0)
        inf_remark(n->out, INF_ERROR, p->line, "change the default, or the limits", "the default of %.200s", text);
    if (p->type == INF_PARAM_ENUM && p->choice_count == 0)
        inf_remark(n->out, INF_ERROR, p->line, "add HKR, Ndi\\Params\\...\\enum, \"0\", 0, \"words\"",
                   "the parameter %.60s is an enum without values", p->keyword);
}

static void
check_parameters(struct net *n)
{
    for (unsigned i = 0; i < n->d->param_count; i++) {
        const struct inf_param *p = &n->d->params[i];

        if (is_one_of(p->keyword, strlen(p->keyword), reserved, COUNT(reserved)))
            inf_remark(n->out, INF_ERROR, p->line, "call it something else",
                       "\"%.60s\" is reserved and cannot be a parameter", p->keyword);
        if (!*p->description)
            inf_remark(n->out, INF_ERROR, p->line, "add its name for people", "the parameter %.60s has no ParamDesc",
                       p->keyword);
        if (p->type == INF_PARAM_NONE)
            inf_remark(n->out, INF_ERROR, p->line, "one of int, long, word, dword, edit and enum",
                       "the parameter %.60s has no type", p->keyword);
        if (p->type == INF_PARAM_UNKNOWN)
            inf_remark(n->out, INF_ERROR, p->line, "one of int, long, word, dword, edit and enum",
                       "the parameter %.60s has the type \"%.40s\"", p->keyword, p->type_text);
        if (!p->has_standard && !p->optional)
            inf_remark(n->out, INF_WARNING, p->line, "add a default, or optional = 1",
                       "the parameter %.60s is required and has no default", p->keyword);
        check_limits(n, p);
    }
}

void
inf_check_network(const struct inf *inf, const struct inf_driver *d, unsigned line, struct inf_remarks *to)
{
    struct net n = { inf, d, inf_section(inf, d->install_section), line, to };

    if (d->kind == INF_OTHER)
        return;
    check_characteristics(&n);
    check_services(&n);
    check_ranges(&n);
    if (d->kind == INF_FILTER)
        check_filter(&n);
    if (d->kind == INF_MINIPORT)
        check_adapter(&n);
    check_parameters(&n);
}
