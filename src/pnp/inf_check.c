/* SPDX-License-Identifier: MIT */
/*
 * pnp/inf_check.c - checks of an INF that hold for every class of device (see inf_check.h).
 *
 * Model: the file is read; then [Version], [Manufacturer], each install section with what stands beside it, and last
 * what nothing refers to. Install sections for other processors and releases are looked at, too.
 * Documented: the page of each section and directive; "INF Validation Errors and Warnings" for what is worth telling.
 * Start reading at: inf_check().
 */
#include "pnp/inf_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/str.h"
#include "pnp/inf_text.h"

enum { BASES_MAX = 512, INSTALLS_MAX = 512 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct check {
    const struct inf *inf;
    struct inf_remarks *out;
    const char *base[BASES_MAX]; /* install sections as models name them */
    unsigned base_count;
    bool *used;  /* by number of section: something refers to it */
    bool layout; /* another file says where the sources are */
};

bool
inf_is_guid(const char *text)
{
    static const char form[] = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";

    if (strlen(text) != sizeof(form) - 1)
        return false;
    for (size_t i = 0; i < sizeof(form) - 1; i++) {
        char c = str_lower(text[i]);

        if (form[i] == 'x' ? !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) : c != form[i])
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------ which sections are used */

static void
use(struct check *c, const struct inf_section *section)
{
    if (section != NULL)
        c->used[section->number] = true;
}

/* Is name that base, perhaps with a decoration or a section's suffix behind it? */
static bool
belongs(const char *name, const char *base)
{
    size_t len = strlen(base);

    return str_istarts(name, base) && (name[len] == 0 || name[len] == '.');
}

static bool
well_known(const char *name)
{
    static const char *const names[] = {
        "Version",        "Manufacturer",     "SourceDisksNames", "SourceDisksFiles",   "DestinationDirs",
        "Strings",        "ControlFlags",     "ClassInstall32",   "InterfaceInstall32", "SignatureAttributes",
        "DefaultInstall", "DefaultUninstall", "Device",           "NetworkProvider",    "PrintProvider",
        "WinsockInstall", "WinsockRemove"
    };

    for (unsigned i = 0; i < COUNT(names); i++)
        if (belongs(name, names[i]))
            return true;
    return false;
}

/* Everything that any value names counts as used, so that nothing false is said. */
static void
mark_values(struct check *c)
{
    for (unsigned i = 0; i < inf_section_count(c->inf); i++) {
        const struct inf_section *section = inf_section_at(c->inf, i);

        if (belongs(section->name, "Strings"))
            continue;
        for (unsigned j = 0; j < section->count; j++)
            for (unsigned k = 0; k < section->lines[j].count; k++)
                if (*section->lines[j].values[k])
                    use(c, inf_section(c->inf, section->lines[j].values[k]));
    }
}

static void
check_unused(struct check *c)
{
    mark_values(c);
    for (unsigned i = 0; i < inf_section_count(c->inf); i++) {
        const struct inf_section *section = inf_section_at(c->inf, i);
        bool known = c->used[i] || well_known(section->name) || section->count == 0;

        for (unsigned j = 0; j < c->base_count && !known; j++)
            known = belongs(section->name, c->base[j]);
        if (!known)
            inf_remark(c->out, INF_WARNING, section->line, "name it where it belongs, or take it out",
                       "nothing refers to the section [%.100s]", section->name);
    }
}

/* ------------------------------------------------------------------ [Version] */

static const struct {
    const char *name, *guid;
} classes[] = {
    { "Net", "{4d36e972-e325-11ce-bfc1-08002be10318}" },
    { "NetClient", "{4d36e973-e325-11ce-bfc1-08002be10318}" },
    { "NetService", "{4d36e974-e325-11ce-bfc1-08002be10318}" },
    { "NetTrans", "{4d36e975-e325-11ce-bfc1-08002be10318}" },
};

static void
check_class(struct check *c, const struct inf_section *version)
{
    const struct inf_line *name = inf_find(version, "Class", NULL), *guid = inf_find(version, "ClassGuid", NULL);

    if (guid == NULL)
        inf_remark(c->out, INF_ERROR, version->line, "add the GUID of the device setup class",
                   "[Version] has no ClassGuid");
    else if (!inf_is_guid(inf_value(guid, 0)))
        inf_remark(c->out, INF_ERROR, guid->line, "write it as {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}",
                   "ClassGuid \"%.60s\" is no GUID", inf_value(guid, 0));
    if (name == NULL)
        inf_remark(c->out, INF_WARNING, version->line, "add the name beside the GUID", "[Version] has no Class");
    for (unsigned i = 0; name != NULL && guid != NULL && i < COUNT(classes); i++)
        if (str_ieq(inf_value(name, 0), classes[i].name) != str_ieq(inf_value(guid, 0), classes[i].guid)) {
            inf_remark(c->out, INF_ERROR, guid->line, NULL,
                       "Class and ClassGuid do not belong together: the GUID of class %s is %s", classes[i].name,
                       classes[i].guid);
            break;
        }
}

/* One number of a date or version, up to the separator. */
static const char *
take_number(const char *text, char separator, unsigned max, bool *ok)
{
    unsigned long number = 0;
    unsigned digits = 0;

    for (; *text >= '0' && *text <= '9'; text++, digits++)
        number = number <= max ? number * 10 + (unsigned)(*text - '0') : number;
    *ok = *ok && digits > 0 && number <= max && *text == separator;
    return *ok && separator ? text + 1 : text;
}

/* documented: DriverVer=mm/dd/yyyy,w.x.y.z, each part of the version up to 65535 */
static void
check_driver_version(struct check *c, const struct inf_section *version)
{
    const struct inf_line *line = inf_find(version, "DriverVer", NULL);
    const char *at;
    bool ok = true;

    if (line == NULL) {
        if (!inf_is_template(c->inf))
            inf_remark(c->out, INF_ERROR, version->line, "add DriverVer = mm/dd/yyyy,w.x.y.z",
                       "[Version] has no DriverVer, so Windows does not know which driver is newer");
        return;
    }
    at = take_number(inf_value(line, 0), '/', 12, &ok);
    at = take_number(at, '/', 31, &ok);
    take_number(at, 0, 9999, &ok);
    if (!ok && !(inf_is_template(c->inf) && (!*inf_value(line, 0) || strchr(inf_value(line, 0), '$'))))
        inf_remark(c->out, INF_ERROR, line->line, "write it as mm/dd/yyyy", "DriverVer has the date \"%.40s\"",
                   inf_value(line, 0));
    ok = true;
    at = inf_value(line, 1);
    for (unsigned i = 0; i < 4; i++)
        at = take_number(at, i == 3 ? 0 : '.', 65535, &ok);
    if (*inf_value(line, 1) && !ok && !(inf_is_template(c->inf) && strchr(inf_value(line, 1), '$')))
        inf_remark(c->out, INF_WARNING, line->line, "write it as w.x.y.z, each part from 0 to 65535",
                   "DriverVer has the version \"%.40s\"", inf_value(line, 1));
}

static void
check_catalog(struct check *c, const struct inf_section *version)
{
    bool found = false;

    for (unsigned i = 0; i < version->count; i++) {
        const struct inf_line *line = &version->lines[i];

        if (line->key == NULL || !belongs(line->key, "CatalogFile"))
            continue;
        found = true;
        if (!str_iends(inf_value(line, 0), ".cat") || strpbrk(inf_value(line, 0), "\\/") != NULL)
            inf_remark(c->out, INF_ERROR, line->line, "name a file without folder that ends with .cat",
                       "CatalogFile \"%.60s\" is no catalog", inf_value(line, 0));
    }
    if (!found)
        inf_remark(c->out, INF_WARNING, version->line, "add CatalogFile = name.cat",
                   "[Version] names no catalog, so the package cannot be signed");
}

static void
check_version(struct check *c)
{
    const struct inf_section *version = inf_section(c->inf, "Version");
    const struct inf_line *provider = inf_find(version, "Provider", NULL);
    const struct inf_line *lockdown = inf_find(version, "PnpLockdown", NULL);

    check_class(c, version);
    check_driver_version(c, version);
    check_catalog(c, version);
    c->layout = inf_find(version, "LayoutFile", NULL) != NULL;
    if (provider == NULL || !*inf_value(provider, 0))
        inf_remark(c->out, INF_ERROR, version->line, "add Provider = %YourName%", "[Version] has no Provider");
    else if (str_istarts(inf_value(provider, 0), "Microsoft"))
        inf_remark(c->out, INF_WARNING, provider->line, "name who made the driver",
                   "Provider is \"%.60s\", which only Microsoft's own drivers may say", inf_value(provider, 0));
    if (lockdown == NULL || !str_ieq(inf_value(lockdown, 0), "1"))
        inf_remark(c->out, INF_WARNING, lockdown ? lockdown->line : version->line, "set PnpLockdown = 1",
                   "the driver's files are not protected from other programs");
}

/* ------------------------------------------------------------------ [Manufacturer] and models */

static void
add_base(struct check *c, const char *base)
{
    for (unsigned i = 0; i < c->base_count; i++)
        if (str_ieq(c->base[i], base))
            return;
    if (c->base_count < BASES_MAX)
        c->base[c->base_count++] = base;
}

/* Is there an install section for that base at all? */
static bool
has_install(const struct check *c, const char *base)
{
    size_t len = strlen(base);

    for (unsigned i = 0; i < inf_section_count(c->inf); i++) {
        const char *name = inf_section_at(c->inf, i)->name;

        if (str_istarts(name, base) && (name[len] == 0 || (name[len] == '.' && inf_is_decoration(name + len + 1))))
            return true;
    }
    return false;
}

static void
check_models(struct check *c, const struct inf_section *models)
{
    use(c, models);
    for (unsigned i = 0; i < models->count; i++) {
        const struct inf_line *line = &models->lines[i];
        const char *base = inf_value(line, 0);

        if (line->key == NULL || !*base) {
            inf_remark(c->out, INF_ERROR, line->line, "write %Description% = install-section, hardware-id",
                       "a line of [%.80s] names no install section", models->name);
            continue;
        }
        if (!*inf_value(line, 1))
            inf_remark(c->out, INF_ERROR, line->line, "add it behind the install section",
                       "the model \"%.80s\" has no hardware id", line->key);
        if (!has_install(c, base))
            inf_remark(c->out, INF_ERROR, line->line, NULL, "the install section [%.80s] is not there", base);
        else
            add_base(c, base);
    }
}

static void
check_manufacturer_line(struct check *c, const struct inf_line *line)
{
    const char *name = line->key && !*inf_value(line, 0) ? line->key : inf_value(line, 0);
    const struct inf_section *models = inf_section(c->inf, name);
    unsigned targets = 0;

    if (!*name) {
        inf_remark(c->out, INF_ERROR, line->line, "write %Maker% = Models,NTamd64",
                   "a line of [Manufacturer] names no models section");
        return;
    }
    if (models != NULL)
        check_models(c, models);
    for (unsigned i = 1; i < line->count; i++) {
        char full[600];

        if (!*inf_value(line, i))
            continue;
        if (!inf_is_decoration(inf_value(line, i))) {
            inf_remark(c->out, INF_ERROR, line->line, "write it as NTamd64.10.0...16299, for one",
                       "\"%.60s\" is no target operating system", inf_value(line, i));
            continue;
        }
        targets++;
        fmt(full, sizeof(full), "%.300s.%.200s", name, inf_value(line, i));
        models = inf_section(c->inf, full);
        if (models != NULL)
            check_models(c, models);
        else
            inf_remark(c->out, INF_ERROR, line->line, NULL, "the models section [%.200s] is not there", full);
    }
    if (targets == 0 && inf_section(c->inf, name) == NULL)
        inf_remark(c->out, INF_ERROR, line->line, NULL, "the models section [%.200s] is not there", name);
    else if (inf_best_section(c->inf, name, &(struct inf_target){ 127, 255, (1u << 24) - 1, 1 }) == NULL &&
             inf_best_section(c->inf, name, &inf_target_default) == NULL)
        inf_remark(c->out, INF_NOTE, line->line, NULL, "there are no models for NTamd64, so undis cannot install this");
}

static void
check_manufacturers(struct check *c)
{
    const struct inf_section *manufacturers = inf_section(c->inf, "Manufacturer");

    if (manufacturers == NULL || manufacturers->count == 0) {
        if (has_install(c, "DefaultInstall"))
            add_base(c, "DefaultInstall");
        else
            inf_remark(c->out, INF_ERROR, manufacturers ? manufacturers->line : 0,
                       "add [Manufacturer], with a models section",
                       "there is neither a manufacturer nor a [DefaultInstall], so nothing is installed");
        return;
    }
    for (unsigned i = 0; i < manufacturers->count; i++)
        check_manufacturer_line(c, &manufacturers->lines[i]);
}

/* ------------------------------------------------------------------ files */

/* The line of a file in [SourceDisksFiles], also of one processor. */
static const struct inf_line *
source_of(const struct check *c, const char *file)
{
    for (unsigned i = 0; i < inf_section_count(c->inf); i++) {
        const struct inf_section *section = inf_section_at(c->inf, i);
        const struct inf_line *line = belongs(section->name, "SourceDisksFiles") ? inf_find(section, file, NULL) : NULL;

        if (line != NULL)
            return line;
    }
    return NULL;
}

static void
check_file(struct check *c, unsigned line, const char *file)
{
    if (!*file || c->layout)
        return;
    if (source_of(c, file) == NULL)
        inf_remark(c->out, INF_ERROR, line, "add it to [SourceDisksFiles]",
                   "the file \"%.80s\" is copied, and no [SourceDisksFiles] says from where", file);
}

static void
check_copy_files(struct check *c, const struct inf_line *line)
{
    const struct inf_section *folders = inf_section(c->inf, "DestinationDirs");

    for (unsigned i = 0; i < line->count; i++) {
        const char *name = inf_value(line, i);
        const struct inf_section *list = inf_section(c->inf, name);
        bool placed = inf_find(folders, "DefaultDestDir", NULL) != NULL || inf_find(folders, name, NULL) != NULL;

        if (*name == 0)
            continue;
        if (!placed)
            inf_remark(c->out, INF_ERROR, line->line, "add it to [DestinationDirs], or a DefaultDestDir",
                       "no folder is given for the files of %.80s", name);
        if (*name == '@') {
            check_file(c, line->line, name + 1);
        } else if (list == NULL) {
            inf_remark(c->out, INF_ERROR, line->line, NULL, "CopyFiles names [%.80s], which is not there", name);
        } else {
            for (unsigned j = 0; j < list->count; j++) {
                const struct inf_line *file = &list->lines[j];

                check_file(c, file->line, *inf_value(file, 1) ? inf_value(file, 1) : inf_value(file, 0));
            }
        }
    }
}

/* [SourceDisksFiles]: file = disk; [SourceDisksNames]: disk = ... */
static void
check_disks(struct check *c)
{
    for (unsigned i = 0; i < inf_section_count(c->inf); i++) {
        const struct inf_section *section = inf_section_at(c->inf, i);

        if (!belongs(section->name, "SourceDisksFiles"))
            continue;
        for (unsigned j = 0; j < section->count; j++) {
            const struct inf_line *line = &section->lines[j];
            bool found = false;

            for (unsigned k = 0; k < inf_section_count(c->inf) && !found; k++)
                found = belongs(inf_section_at(c->inf, k)->name, "SourceDisksNames") &&
                        inf_find(inf_section_at(c->inf, k), inf_value(line, 0), NULL) != NULL;
            if (line->key != NULL && !found)
                inf_remark(c->out, INF_ERROR, line->line, "add it to [SourceDisksNames]",
                           "the file \"%.80s\" is on disk \"%.20s\", which is not there", line->key,
                           inf_value(line, 0));
            if (line->key != NULL && str_iends(line->key, ".cat"))
                inf_remark(c->out, INF_ERROR, line->line, "take it out; CatalogFile names it",
                           "a catalog may not stand in [SourceDisksFiles]");
        }
    }
}

static void
check_folders(struct check *c)
{
    const struct inf_section *folders = inf_section(c->inf, "DestinationDirs");
    uint64_t number;

    for (unsigned i = 0; folders != NULL && i < folders->count; i++) {
        const struct inf_line *line = &folders->lines[i];

        if (!inf_number(inf_value(line, 0), &number))
            inf_remark(c->out, INF_ERROR, line->line, "write the number of a folder: 13, or 12 for drivers",
                       "\"%.60s\" is no folder number", inf_value(line, 0));
    }
}

/* ------------------------------------------------------------------ install sections */

/* Each section that a directive lists. */
static void
check_list(struct check *c, const struct inf_section *section, const char *directive)
{
    const struct inf_line *line;
    unsigned at = 0;

    while ((line = inf_find(section, directive, &at)) != NULL)
        for (unsigned i = 0; i < line->count; i++)
            if (*inf_value(line, i) && inf_section(c->inf, inf_value(line, i)) == NULL)
                inf_remark(c->out, INF_ERROR, line->line, NULL, "%s names [%.80s], which is not there", directive,
                           inf_value(line, i));
}

static void
check_needs(struct check *c, const struct inf_section *section)
{
    const struct inf_line *include = inf_find(section, "Include", NULL), *needs = inf_find(section, "Needs", NULL);

    for (unsigned i = 0; include != NULL && i < include->count; i++)
        if (*inf_value(include, i) && !inf_include_known(inf_value(include, i)))
            inf_remark(c->out, INF_NOTE, include->line, NULL,
                       "%.60s is not known here; if Windows does not bring it, Include fails", inf_value(include, i));
    if (include != NULL && needs == NULL)
        inf_remark(c->out, INF_WARNING, include->line, "add Needs = section", "Include without Needs does nothing");
    for (unsigned i = 0; needs != NULL && i < needs->count; i++) {
        const char *name = inf_value(needs, i), *gives = inf_include_gives(name);

        if (*name == 0 || inf_section(c->inf, name) != NULL)
            continue;
        if (include == NULL)
            inf_remark(c->out, INF_ERROR, needs->line, "add Include = the INF that has it",
                       "Needs names [%.80s], and no Include says of which INF", name);
        else if (gives != NULL)
            inf_remark(c->out, INF_NOTE, needs->line, NULL, "[%.60s] gives %s; undis leaves that out", name, gives);
        else
            inf_remark(c->out, INF_NOTE, needs->line, "is it spelled as in that INF?",
                       "[%.60s] of %.40s is not known here; undis leaves it out", name, inf_value(include, 0));
    }
}

static void
check_service(struct check *c, const struct inf_line *line)
{
    static const char *const wanted[] = { "ServiceType", "StartType", "ErrorControl", "ServiceBinary" };
    const struct inf_section *section = inf_section(c->inf, inf_value(line, 2));

    if (!*inf_value(line, 0))
        return; /* documented: AddService=,2 is a device without a driver */
    if (section == NULL) {
        inf_remark(c->out, INF_ERROR, line->line, NULL, "AddService names [%.80s], which is not there",
                   inf_value(line, 2));
        return;
    }
    for (unsigned i = 0; i < COUNT(wanted); i++)
        if (inf_find(section, wanted[i], NULL) == NULL)
            inf_remark(c->out, INF_ERROR, section->line, "every service needs it", "[%.80s] has no %s", section->name,
                       wanted[i]);
    check_list(c, section, "AddReg");
    if (*inf_value(line, 3) && inf_section(c->inf, inf_value(line, 3)) == NULL)
        inf_remark(c->out, INF_ERROR, line->line, NULL,
                   "AddService names the event log section [%.80s], which is not there", inf_value(line, 3));
}

/* The binary that a service runs must be one that is copied, to where the service looks. */
static void
check_binary(struct check *c, const struct inf_driver *d, const struct inf_service *s)
{
    for (unsigned i = 0; i < d->file_count; i++)
        if (str_ieq(d->files[i], s->image))
            return;
    if (d->need_count == 0)
        inf_remark(c->out, INF_WARNING, s->line, "add it to a CopyFiles section",
                   "the service %.60s runs %.60s, which this INF does not copy", s->name, s->image);
}

static void
check_described(struct check *c, const struct inf_section *install, const char *base)
{
    struct inf_driver d;
    struct inf_error err;
    int result = inf_describe_install(c->inf, &inf_target_default, base, install, &d, &err);

    if (result == -ENOMEM)
        c->out->out_of_memory = true;
    if (result) {
        if (result == -EINVAL && (err.line == 0 || !inf_remarks_error_at(c->out, err.line)))
            inf_remark(c->out, INF_ERROR, err.line ? err.line : install->line, NULL, "%s", err.text);
        return;
    }
    for (unsigned i = 0; i < d.service_count; i++)
        check_binary(c, &d, &d.services[i]);
    for (unsigned i = 0; i < d.co_installer_count; i++)
        inf_remark(c->out, INF_NOTE, install->line, "a universal driver package may not have one",
                   "the co-installer \"%.80s\" is not run", d.co_installers[i]);
    inf_check_network(c->inf, &d, install->line, c->out);
    inf_driver_fini(&d);
}

static void
check_install(struct check *c, const struct inf_section *install, const char *base)
{
    static const char *const suffixes[] = { ".HW", ".Services", ".CoInstallers", ".Interfaces" };
    const struct inf_section *services = inf_section_beside(c->inf, install->name, base, ".Services");
    const struct inf_line *line;
    unsigned at = 0;

    while ((line = inf_find(install, "CopyFiles", &at)) != NULL)
        check_copy_files(c, line);
    check_list(c, install, "AddReg");
    check_list(c, install, "DelReg");
    check_list(c, install, "DelFiles");
    check_needs(c, install);
    for (unsigned i = 0; i < COUNT(suffixes); i++) {
        const struct inf_section *beside = inf_section_beside(c->inf, install->name, base, suffixes[i]);

        check_list(c, beside, "AddReg");
        check_needs(c, beside);
    }
    for (at = 0; (line = inf_find(services, "AddService", &at)) != NULL;)
        check_service(c, line);
    check_described(c, install, base);
}

static void
check_installs(struct check *c)
{
    unsigned done = 0;

    for (unsigned i = 0; i < inf_section_count(c->inf); i++) {
        const struct inf_section *section = inf_section_at(c->inf, i);

        for (unsigned j = 0; j < c->base_count; j++) {
            size_t len = strlen(c->base[j]);

            if (str_istarts(section->name, c->base[j]) &&
                (section->name[len] == 0 ||
                 (section->name[len] == '.' && inf_is_decoration(section->name + len + 1))) &&
                done++ < INSTALLS_MAX)
                check_install(c, section, c->base[j]);
        }
    }
}

/* ------------------------------------------------------------------ the whole */

static void
check_texts(struct check *c)
{
    const struct inf_token *token;

    if (inf_is_template(c->inf))
        inf_remark(c->out, INF_NOTE, 0, NULL,
                   "the file is a template with variables, as stampinf fills them in; $ARCH$ is read as amd64");
    for (unsigned i = 0; (token = inf_unknown_token(c->inf, i)) != NULL; i++)
        inf_remark(c->out, INF_WARNING, token->line, "add it to [Strings]; a plain percent sign is written %%",
                   "%%%.80s%% is no string of this file, and stays as it is", token->name);
    for (unsigned i = 0; i < inf_section_count(c->inf); i++)
        if (inf_section_at(c->inf, i)->again != 0)
            inf_remark(c->out, INF_WARNING, inf_section_at(c->inf, i)->again, "put its lines together",
                       "[%.80s] stands there for the second time (first in line %u)", inf_section_at(c->inf, i)->name,
                       inf_section_at(c->inf, i)->line);
}

int
inf_check(const void *bytes, size_t len, struct inf_remarks *out)
{
    struct inf_error err;
    struct inf *inf = NULL;
    struct check *c = calloc(1, sizeof(*c));
    int result;

    *out = (struct inf_remarks){ 0 };
    if (c == NULL)
        return -ENOMEM;
    result = inf_parse(bytes, len, &inf, &err);
    if (result == -EINVAL)
        inf_remark(out, INF_ERROR, err.line, NULL, "%s", err.text);
    if (result == 0 && (c->used = calloc(inf_section_count(inf) + 1, sizeof(*c->used))) == NULL)
        result = -ENOMEM;
    if (result == 0) {
        c->inf = inf;
        c->out = out;
        check_texts(c);
        check_version(c);
        check_manufacturers(c);
        check_installs(c);
        check_disks(c);
        check_folders(c);
        check_unused(c);
        inf_remarks_sort(out);
    }
    free(c->used);
    free(c);
    inf_free(inf);
    return result == -ENOMEM || out->out_of_memory ? -ENOMEM : 0;
}
