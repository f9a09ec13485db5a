/* SPDX-License-Identifier: MIT */
/* control/record.c - see record.h. Start reading at: on_event(), put_input(), record_write(). */
#include "control/record.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "control/bringup.h"
#include "control/program.h"
#include "explore/findings.h"
#include "host/host.h"
#include "machine/machine.h"
#include "pnp/install.h"
#include "trace/event.h"
#include "undis/version.h"

#define CALLS  32768u
#define INPUTS 4096u /* of each kind of source */
#define WHOS   1024u
#define BYTES  (2u << 20)
#define FRAME  1518u /* longest frame that a capture of a scenario may have */

enum input_kind {
    INPUT_NONE,
    INPUT_OPEN,
    INPUT_READ,
    INPUT_WRITE,
    INPUT_IOCTL,
    INPUT_CLOSE,
    INPUT_DUPLICATE,
    INPUT_CANCEL,
    INPUT_CANCEL_EX,
    INPUT_CANCEL_SYNC,
    INPUT_THREAD_EXIT,
    INPUT_EXIT,
    INPUT_ENABLE,
    INPUT_DISABLE,
    INPUT_REMOVE,
    INPUT_INSERT_FILTER,
    INPUT_REMOVE_FILTER,
    INPUT_FRAME,
    INPUT_HOST_FRAME,
    INPUT_KINDS
};

static const char *const words[INPUT_KINDS] = {
    "none",   "open",      "read",        "write",      "ioctl",  "close",   "duplicate",
    "cancel", "cancel-ex", "cancel-sync", "thread-end", "exit",   "enable",  "disable",
    "remove", "insert",    "take-out",    "frame",      "host-frame",
};

/* Each has a ring of its own: a program that asks without end does not wash away what an administrator did. */
enum source { SOURCE_PROGRAM, SOURCE_ADMINISTRATOR, SOURCE_WIRE, SOURCES };

/* Something from outside. */
struct input {
    uint64_t number;    /* of its ring, from 1, times SOURCES, plus which ring it is */
    uint64_t at, ended; /* of all that was noted; 0: not ended */
    uint32_t who;       /* fiber, by birth */
    uint16_t kind;      /* enum input_kind */
    uint16_t overlapped;
    uint32_t code, in, out; /* of a frame: in is its length, code where its bytes are */
    int32_t status;
    uint32_t adapter; /* number of it; of a program's: its place among programs */
    uint64_t id, target, handle;
    char text[64]; /* device, driver, program */
};

enum call_kind { CALL_NONE, CALL_DDI, CALL_TIMER, CALL_DPC };

struct call {
    uint64_t at;
    uint32_t who;
    uint16_t index; /* CALL_DDI: export */
    uint8_t kind, vp;
};

struct record {
    uint64_t count; /* of everything */
    uint64_t calls, inputs[SOURCES], bytes;
    uint32_t long_frames, event_calls, driver_commands, moves; /* what is counted only */
    struct {
        uint32_t birth;
        uint8_t kind;
        char name[40];
    } who[WHOS];
    struct call call[CALLS];
    struct input input[SOURCES][INPUTS];
    uint8_t byte[BYTES];
};

/* ------------------------------------------------------------------ worker */

static struct record *rec; /* NULL: nothing is recorded */
static struct heard {
    unsigned adapter;
    bool host;
} heard[2 * STACK_ADAPTERS_MAX];
static unsigned heard_count;

static uint64_t
next(uint64_t *counter)
{
    return __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static uint32_t
self(void)
{
    const struct fiber *f = fiber_self();
    uint32_t birth = f ? (uint32_t)f->hb : 0;

    if (f && rec->who[birth % WHOS].birth != birth) {
        rec->who[birth % WHOS].birth = birth;
        rec->who[birth % WHOS].kind = f->kind;
        str_copy(rec->who[birth % WHOS].name, sizeof(rec->who[0].name), f->name);
    }
    return birth;
}

static void
on_event(void *context, const struct event *ev)
{
    struct call *c = &rec->call[(next(&rec->calls) - 1) % CALLS];

    (void)context;
    *c = (struct call){ .at = next(&rec->count), .who = self(), .vp = ev->vp };
    c->index = ev->kind == EV_DDI_ENTER ? (uint16_t)ev->a[0] : 0;
    c->kind = ev->kind == EV_DDI_ENTER ? CALL_DDI : ev->kind == EV_TIMER_FIRE ? CALL_TIMER : CALL_DPC;
}

static struct event_listener listener = { .on_event = on_event };

struct record *
record_create(void)
{
    return host_shared(sizeof(struct record));
}

void
record_begin(struct record *r)
{
    static const uint16_t kinds[] = { EV_DDI_ENTER, EV_TIMER_FIRE, EV_DPC_RUN };

    rec = r;
    if (r == NULL)
        return;
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        listener.mask[kinds[i] / 64] |= EV_BIT(kinds[i]);
    trace_listen(&listener);
}

static struct input *
put_input(enum input_kind kind)
{
    enum source s = kind >= INPUT_FRAME ? SOURCE_WIRE : kind >= INPUT_EXIT ? SOURCE_ADMINISTRATOR : SOURCE_PROGRAM;
    uint64_t number = next(&rec->inputs[s]);
    struct input *in = &rec->input[s][(number - 1) % INPUTS];

    *in = (struct input){ .number = number * SOURCES + s, .who = self(), .kind = (uint16_t)kind };
    in->at = next(&rec->count);
    return in;
}

static void
on_frames(void *arg, const struct wire_rx *rx, unsigned count)
{
    const struct heard *h = arg;

    for (unsigned i = 0; i < count; i++) {
        struct input *in;
        uint64_t end;

        if (rx[i].length > FRAME) {
            __atomic_add_fetch(&rec->long_frames, 1, __ATOMIC_RELAXED);
            continue;
        }
        end = __atomic_add_fetch(&rec->bytes, FRAME, __ATOMIC_RELAXED);
        in = put_input(h->host ? INPUT_HOST_FRAME : INPUT_FRAME);
        in->adapter = h->adapter;
        in->in = rx[i].length;
        in->code = (uint32_t)(end / FRAME % (BYTES / FRAME)) * FRAME;
        memcpy(rec->byte + in->code, rx[i].buffer, rx[i].length);
        in->ended = in->at;
    }
}

void
record_wire(struct wire *w, unsigned n, bool host)
{
    if (rec == NULL || w == NULL || str_eq(wire_info(w)->kind, "loop"))
        return; /* what a loop brings was sent: no input */
    heard[heard_count] = (struct heard){ n, host };
    wire_on_receive(w, on_frames, &heard[heard_count++]);
}

uint64_t
record_request(const struct program_job *j)
{
    static const uint8_t kinds[UNDIS_OPS] = {
        [UNDIS_OPEN] = INPUT_OPEN,           [UNDIS_CLOSE] = INPUT_CLOSE,
        [UNDIS_READ] = INPUT_READ,           [UNDIS_WRITE] = INPUT_WRITE,
        [UNDIS_IOCTL] = INPUT_IOCTL,         [UNDIS_CANCEL] = INPUT_CANCEL,
        [UNDIS_CANCEL_EX] = INPUT_CANCEL_EX, [UNDIS_CANCEL_SYNC] = INPUT_CANCEL_SYNC,
        [UNDIS_DUPLICATE] = INPUT_DUPLICATE, [UNDIS_THREAD_EXIT] = INPUT_THREAD_EXIT,
    };
    struct input *in;

    if (rec == NULL || j->q.op >= UNDIS_OPS)
        return 0;
    if (kinds[j->q.op] == INPUT_NONE) {
        __atomic_add_fetch(&rec->event_calls, 1, __ATOMIC_RELAXED);
        return 0;
    }
    in = put_input(kinds[j->q.op]);
    in->overlapped = (j->q.flags & UNDIS_OPEN_OVERLAPPED) != 0;
    in->code = j->q.code;
    in->in = j->q.in_length;
    in->out = j->q.out_length;
    in->id = j->q.id;
    in->target = j->q.target;
    in->handle = j->q.handle;
    in->adapter = j->program->slot;
    if (j->q.op == UNDIS_OPEN)
        str_copy(in->text, sizeof(in->text), j->q.path);
    return in->number;
}

uint64_t
record_command(const struct command *c, unsigned adapter)
{
    static const uint8_t kinds[COMMAND_KINDS] = {
        [COMMAND_ADAPTER_ENABLE] = INPUT_ENABLE,       [COMMAND_ADAPTER_DISABLE] = INPUT_DISABLE,
        [COMMAND_ADAPTER_REMOVE] = INPUT_REMOVE,       [COMMAND_FILTER_INSERT] = INPUT_INSERT_FILTER,
        [COMMAND_FILTER_REMOVE] = INPUT_REMOVE_FILTER,
    };
    struct input *in;

    if (rec == NULL)
        return 0;
    if (kinds[c->kind] == INPUT_NONE) {
        bool moved = c->kind == COMMAND_FILTER_RAISE || c->kind == COMMAND_FILTER_LOWER;

        __atomic_add_fetch(moved ? &rec->moves : &rec->driver_commands, 1, __ATOMIC_RELAXED);
        return 0;
    }
    in = put_input(kinds[c->kind]);
    in->adapter = adapter;
    str_copy(in->text, sizeof(in->text), c->driver);
    return in->number;
}

uint64_t
record_exit(const struct program *p)
{
    struct input *in;

    if (rec == NULL)
        return 0;
    in = put_input(INPUT_EXIT);
    in->adapter = p->slot;
    str_copy(in->text, sizeof(in->text), p->name);
    return in->number;
}

void
record_end(uint64_t number, int32_t status, uint64_t handle)
{
    struct input *in = number != 0 ? &rec->input[number % SOURCES][(number / SOURCES - 1) % INPUTS] : NULL;

    if (in == NULL || in->number != number)
        return; /* so many came since that it is forgotten */
    in->status = status;
    if (handle != 0)
        in->handle = handle;
    in->ended = next(&rec->count);
}

/* ------------------------------------------------------------------ supervisor: r may have been overwritten */

static void
write_word(FILE *f, const char *text, size_t room)
{
    size_t n = 0;

    for (; n < room && text[n] != '\0'; n++)
        fputc(text[n] > ' ' && text[n] < 0x7f ? text[n] : '_', f);
    if (n == 0)
        fputc('-', f);
}

static void
write_parameters(FILE *f, const char *service, const struct stack_parameters *p)
{
    for (unsigned i = 0; i < p->count; i++) {
        fprintf(f, "# parameter: %s:%s=", service, p->p[i].name);
        if (p->p[i].text != NULL)
            fprintf(f, "%s\n", p->p[i].text);
        else
            fprintf(f, "%u\n", p->p[i].number);
    }
}

/* The stack, as far as a scenario can have it; what it cannot have is told. */
static void
write_stack(FILE *f, const struct stack *stack, const struct stack_files *files)
{
    uint8_t sha[32];
    char hash[65];

    for (unsigned i = 0; i < files->count; i++) {
        const struct pnp_driver *d = &files->driver[i];

        SHA256(d->bytes, d->len, sha);
        hex_of(sha, 32, hash);
        fprintf(f, "# driver: %s\n# sha256: %s\n", d->inf[0] ? d->inf : d->sys, hash);
        if (files->config[i] != NULL) {
            write_parameters(f, d->service, &files->config[i]->parameters);
            if (files->config[i]->module_count > 0)
                fprintf(f, "# lacking: parameters of %s that are for one adapter only\n", d->service);
        }
    }
    if (pnp_registry_is_changed())
        fputs("# lacking: what --reg changed in the registry\n", f);
    for (unsigned i = 0; i < stack->adapter_count; i++) {
        const struct stack_adapter *a = &stack->adapter[i];
        int at = files->miniport[i];

        if (at < 0)
            fprintf(f, "# adapter: %.*s\n", (int)strcspn(a->wire, ":,"), a->wire);
        else
            fprintf(f, "# adapter: driver %s\n", files->driver[at].service);
        if (at >= 0)
            write_parameters(f, files->driver[at].service, &a->parameters);
        else if (a->parameters.count > 0)
            fprintf(f, "# lacking: parameters of the adapter %s\n", a->name);
        if (a->hostif != NULL)
            fprintf(f, "# hostif: %s\n", a->name);
        if (a->unbound_count > 0)
            fprintf(f, "# lacking: bindings of the adapter %s that are switched off\n", a->name);
        if (a->disabled)
            fprintf(f, "# lacking: the adapter %s was disabled at first\n", a->name);
    }
}

static void
write_input(FILE *f, const struct record *r, const struct input *in)
{
    fprintf(f, "input %llu %llu %u %s %u %x %u %u %u %llx %llx %llx %x ", (unsigned long long)in->at,
            (unsigned long long)in->ended, in->who, words[in->kind], in->overlapped, in->code, in->in, in->out,
            in->adapter, (unsigned long long)in->id, (unsigned long long)in->target,
            (unsigned long long)in->handle, (unsigned)in->status);
    write_word(f, in->text, sizeof(in->text));
    if ((in->kind == INPUT_FRAME || in->kind == INPUT_HOST_FRAME) && in->in <= FRAME && in->code <= BYTES - FRAME) {
        fputc(' ', f);
        for (uint32_t i = 0; i < in->in; i++)
            fprintf(f, "%02x", r->byte[in->code + i]);
    }
    fputc('\n', f);
}

static void
write_call(FILE *f, const struct call *c)
{
    const struct ddi_export *e = c->kind == CALL_DDI ? ddi_get(c->index) : NULL;

    fprintf(f, "call %llu %u %u ", (unsigned long long)c->at, c->who, c->vp);
    if (e != NULL)
        fprintf(f, "%s!%s\n", e->module, e->name);
    else
        fprintf(f, "%s\n", c->kind == CALL_TIMER ? "timer" : c->kind == CALL_DPC ? "dpc" : "none");
}

/* The rings, merged by number. */
static void
write_all(FILE *f, const struct record *r)
{
    uint64_t at[SOURCES], c = r->calls > CALLS ? r->calls - CALLS : 0, lost = 0;

    for (unsigned s = 0; s < SOURCES; s++) {
        at[s] = r->inputs[s] > INPUTS ? r->inputs[s] - INPUTS : 0;
        lost += at[s];
    }
    fprintf(f, "# earlier: %llu inputs and %llu calls are not kept\n", (unsigned long long)lost, (unsigned long long)c);
    for (unsigned w = 0; w < WHOS; w++)
        if (r->who[w].birth != 0) {
            fprintf(f, "who %u %u ", r->who[w].birth, r->who[w].kind);
            write_word(f, r->who[w].name, sizeof(r->who[w].name));
            fputc('\n', f);
        }
    for (;;) {
        const struct call *call = c < r->calls ? &r->call[c % CALLS] : NULL;
        const struct input *in = NULL;
        unsigned from = 0;

        for (unsigned s = 0; s < SOURCES; s++) {
            const struct input *first = at[s] < r->inputs[s] ? &r->input[s][at[s] % INPUTS] : NULL;

            if (first != NULL && (in == NULL || first->at < in->at)) {
                in = first;
                from = s;
            }
        }
        if (in == NULL && call == NULL)
            return;
        if (in != NULL && (call == NULL || in->at < call->at)) {
            if (in->kind < INPUT_KINDS)
                write_input(f, r, in);
            at[from]++;
        } else {
            write_call(f, call);
            c++;
        }
    }
}

int
record_write(const struct record *r, const char *path, const struct stack *stack, const struct stack_files *files,
             unsigned vps, const char *bucket)
{
    FILE *f = fopen(path, "we");
    int err;

    if (f == NULL)
        return -errno;
    fprintf(f, "# undis record 1\n# undis: %s\n# name: %s\n# vps: %u\n# os: %s\n# bucket: %s\n", UNDIS_VERSION,
            stack->name, vps, stack->os, bucket);
    write_stack(f, stack, files);
    if (r->long_frames > 0)
        fprintf(f, "# lacking: %u frames of more than %u bytes\n", r->long_frames, FRAME);
    if (r->event_calls > 0)
        fprintf(f, "# lacking: %u calls of programs that made, set, reset or looked at events\n", r->event_calls);
    if (r->driver_commands > 0)
        fprintf(f, "# lacking: %u times that a driver joined or left while the machine ran\n", r->driver_commands);
    if (r->moves > 0)
        fprintf(f, "# lacking: %u times that filters changed places\n", r->moves);
    write_all(f, r);
    err = ferror(f) ? -EIO : 0;
    if (fclose(f) != 0 && !err)
        err = -errno;
    return err;
}
