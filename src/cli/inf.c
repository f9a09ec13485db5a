/* SPDX-License-Identifier: MIT */
/* cli/inf.c - undis inf: what is wrong with INF files, and what one installs. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "host/host.h"
#include "pnp/inf_check.h"

static const char help[] =
    "usage: undis inf check FILE... [--json]\n"
    "       undis inf show FILE [--json]\n"
    "\n"
    "check: what Windows would refuse or never bind (error), what the documentation asks for and Windows lets pass\n"
    "(warning), and what undis leaves out (note), each with file, line and what to do.\n"
    "show: what the file installs: kind, service, files, bindings, parameters and their limits.\n"
    "\n"
    "  --json   the same as JSON\n"
    "\n"
    "exit: 0 no errors, 1 an error in an INF, 4 a file cannot be read, 64 usage\n";

struct options {
    const char *file[256];
    unsigned count;
    bool json;
};

/* ------------------------------------------------------------------ check */

static void
print_remarks(const char *path, const struct inf_remarks *r)
{
    for (unsigned i = 0; i < r->count; i++) {
        const struct inf_remark *m = &r->remark[i];

        if (m->line)
            printf("%s:%u: %s: %s%s%s\n", path, m->line, inf_severity_name(m->severity), m->text,
                   m->advice[0] ? "; " : "", m->advice);
        else
            printf("%s: %s: %s%s%s\n", path, inf_severity_name(m->severity), m->text, m->advice[0] ? "; " : "",
                   m->advice);
    }
}

static json_t *
remarks_json(const char *path, const struct inf_remarks *r)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < r->count; i++)
        json_array_append_new(list, json_pack("{s:s, s:i, s:s, s:s}", "severity",
                                              inf_severity_name(r->remark[i].severity), "line", (int)r->remark[i].line,
                                              "text", r->remark[i].text, "advice", r->remark[i].advice));
    return json_pack("{s:s, s:i, s:i, s:o}", "file", path, "errors", (int)inf_remarks_count(r, INF_ERROR), "warnings",
                     (int)inf_remarks_count(r, INF_WARNING), "remarks", list);
}

static int
read_bytes(const char *path, uint8_t **bytes, size_t *len)
{
    int err = host_read_file(path, bytes, len);

    if (err)
        fprintf(stderr, "undis inf: %s: %s\n", path, strerror(-err));
    return err;
}

static int
check(const struct options *o)
{
    json_t *all = json_array();
    unsigned errors = 0, warnings = 0;
    int status = EXIT_CLEAN;

    for (unsigned i = 0; i < o->count; i++) {
        struct inf_remarks remarks = { 0 };
        uint8_t *bytes = NULL;
        size_t len = 0;

        if (read_bytes(o->file[i], &bytes, &len)) {
            status = EXIT_INPUT;
            continue;
        }
        if (inf_check(bytes, len, &remarks)) {
            fprintf(stderr, "undis inf: %s: out of memory\n", o->file[i]);
            status = EXIT_OURS;
        }
        free(bytes);
        errors += inf_remarks_count(&remarks, INF_ERROR);
        warnings += inf_remarks_count(&remarks, INF_WARNING);
        if (o->json)
            json_array_append_new(all, remarks_json(o->file[i], &remarks));
        else
            print_remarks(o->file[i], &remarks);
        inf_remarks_fini(&remarks);
    }
    if (o->json) {
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        printf("%u file%s, %u error%s, %u warning%s\n", o->count, o->count == 1 ? "" : "s", errors,
               errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
    }
    json_decref(all);
    return status != EXIT_CLEAN ? status : errors ? EXIT_FINDING : EXIT_CLEAN;
}

/* ------------------------------------------------------------------ show */

static json_t *
params_json(const struct inf_driver *d)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < d->param_count; i++) {
        const struct inf_param *p = &d->params[i];
        json_t *one = json_pack("{s:s, s:s, s:s, s:s, s:b}", "keyword", p->keyword, "type", p->type_text, "description",
                                p->description, "default", p->standard, "optional", p->optional);
        json_t *choices = json_object();
        uint64_t step;
        int64_t min, max;

        if (inf_param_range(p, &min, &max, &step)) {
            json_object_set_new(one, "min", json_integer(min));
            json_object_set_new(one, "max", json_integer(max));
            json_object_set_new(one, "step", json_integer((json_int_t)step));
        }
        for (unsigned k = 0; k < p->choice_count; k++)
            json_object_set_new(choices, p->choices[k].value, json_string(p->choices[k].words));
        if (p->choice_count)
            json_object_set(one, "choices", choices);
        json_decref(choices);
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *
driver_json(const struct inf_driver *d)
{
    json_t *services = json_array(), *files = json_array();

    for (unsigned i = 0; i < d->service_count; i++)
        json_array_append_new(services, json_pack("{s:s, s:s, s:i}", "name", d->services[i].name, "image",
                                                  d->services[i].image_path, "start", (int)d->services[i].start));
    for (unsigned i = 0; i < d->file_count; i++)
        json_array_append_new(files, json_string(d->files[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "kind",
                     inf_kind_name(d->kind), "class", d->class_name, "description", d->description, "id",
                     d->component_id, "section", d->install_section, "service", d->service, "characteristics",
                     (int)d->characteristics, "upper", d->upper_range, "lower", d->lower_range, "media",
                     d->filter_media, "filter_class", d->filter_class, "services", services, "files", files, "params",
                     params_json(d));
}

static void
print_params(const struct inf_driver *d)
{
    for (unsigned i = 0; i < d->param_count; i++) {
        const struct inf_param *p = &d->params[i];
        uint64_t step;
        int64_t min, max;

        printf("  parameter   %s: %s, %s", p->keyword, p->description, p->type_text);
        if (inf_param_range(p, &min, &max, &step)) {
            printf(" %lld to %lld", (long long)min, (long long)max);
            if (step > 1)
                printf(" in steps of %llu", (unsigned long long)step);
        }
        if (p->has_standard)
            printf(", default \"%s\"", p->standard);
        printf("%s\n", p->optional ? ", optional" : "");
        for (unsigned k = 0; k < p->choice_count; k++)
            printf("                %s  %s\n", p->choices[k].value, p->choices[k].words);
    }
}

static void
print_driver(const struct inf_driver *d)
{
    printf("%s  (%s, class %s, %s)\n", d->description, inf_kind_name(d->kind), d->class_name, d->component_id);
    printf("  section     %s, characteristics 0x%x\n", d->install_section, d->characteristics);
    for (unsigned i = 0; i < d->service_count; i++)
        printf("  service     %s, %s, start %u\n", d->services[i].name, d->services[i].image_path,
               d->services[i].start);
    for (unsigned i = 0; i < d->file_count; i++)
        printf("  file        %s\n", d->files[i]);
    if (*d->upper_range || *d->lower_range)
        printf("  binds       upper %s, lower %s\n", d->upper_range, d->lower_range);
    if (d->kind == INF_FILTER)
        printf("  filters     %s, class %s, %s, %s\n", d->filter_media, *d->filter_class ? d->filter_class : "none",
               d->filter_type == INF_FILTER_MODIFYING ? "modifying" : "monitoring",
               d->run_type == INF_RUN_MANDATORY ? "mandatory" : "optional");
    for (unsigned i = 0; i < d->more_inf_count; i++)
        printf("  with        %s\n", d->more_infs[i]);
    for (unsigned i = 0; i < d->need_count; i++)
        printf("  left out    [%s] of %s\n", d->needs[i].section, d->needs[i].inf);
    for (unsigned i = 0; i < d->co_installer_count; i++)
        printf("  not run     co-installer %s\n", d->co_installers[i]);
    print_params(d);
}

static int
show(const struct options *o)
{
    json_t *all = json_array();
    struct inf *inf = NULL;
    struct inf_error err;
    uint8_t *bytes = NULL;
    size_t len = 0;
    int result = -1;

    if (read_bytes(o->file[0], &bytes, &len)) {
        json_decref(all);
        return EXIT_INPUT;
    }
    result = inf_parse(bytes, len, &inf, &err);
    free(bytes);
    for (unsigned i = 0; result == 0; i++) {
        struct inf_driver d;

        result = inf_describe_model(inf, &inf_target_default, i, &d, &err);
        if (result)
            break;
        if (o->json)
            json_array_append_new(all, driver_json(&d));
        else
            print_driver(&d);
        inf_driver_fini(&d);
    }
    inf_free(inf);
    if (result != -ENOENT)
        fprintf(stderr, "undis inf: %s:%u: %s\n", o->file[0], err.line, err.text);
    else if (o->json) {
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(all);
    return result == -ENOENT ? EXIT_CLEAN : EXIT_FINDING;
}

int
cmd_inf(int argc, char **argv)
{
    struct options o = { .count = 0 };
    bool checks = argc > 1 && strcmp(argv[1], "check") == 0, shows = argc > 1 && strcmp(argv[1], "show") == 0;

    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0) {
            fputs(help, stdout);
            return EXIT_CLEAN;
        }
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            o.json = true;
        else if (argv[i][0] == '-' || o.count == 256)
            return fprintf(stderr, "undis inf: unknown option, or more than 256 files: \"%s\"\n", argv[i]), EXIT_USAGE;
        else
            o.file[o.count++] = argv[i];
    }
    if ((!checks && !shows) || o.count == 0 || (shows && o.count > 1)) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    return checks ? check(&o) : show(&o);
}
