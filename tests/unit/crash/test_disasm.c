/* SPDX-License-Identifier: MIT */
/* Instructions and names: the layout of a Windows debugger, lines of calls, tail calls. */
#include "unit/crash/sample.h"

#include "crash/disasm.h"

static const char *
line_of(const uint8_t *code, size_t len, const struct trap *t)
{
    static char out[300];
    struct text text = { 0 };
    char *s;

    sample_build();
    memset(sample.code, 0xcc, sizeof(sample.code));
    memcpy(sample.code, code, len);
    disasm_line(&text, &sample.in, SAMPLE_NPF + 0x1000, t);
    s = text_done(&text);
    str_copy(out, sizeof(out), s);
    free(s);
    return out;
}

#define LINE(t, ...) line_of((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), t)

TEST(disasm, puts_mnemonics_in_their_column)
{
    CHECK_STR(LINE(NULL, 0x8b, 0x6c, 0x24, 0x78), "00007e90`10001000 8b6c2478        mov     ebp,dword ptr [rsp+78h]");
    CHECK_STR(LINE(NULL, 0x74, 0x05), "00007e90`10001000 7405            je      npf+0x1007 (00007e90`10001007)");
    CHECK_STR(LINE(NULL, 0xf0, 0x48, 0x0f, 0xb1, 0x11),
              "00007e90`10001000 f0480fb111      lock cmpxchg qword ptr [rcx],rdx");
    CHECK_STR(LINE(NULL, 0x48, 0x81, 0xec, 0x00, 0x01, 0x00, 0x00),
              "00007e90`10001000 4881ec00010000  sub     rsp,100h");
    CHECK_STR(LINE(NULL, 0xc3), "00007e90`10001000 c3              ret");
    CHECK_STR(LINE(NULL, 0x06), "00007e90`10001000 ??              ???");
}

TEST(disasm, shows_what_the_operand_refers_to)
{
    struct trap t = { .gpr = { [1] = HEAP_POISON_FREE, [4] = 0x7e9090004000ull } };

    CHECK_STR(
        LINE(&t, 0x48, 0x8b, 0x41, 0x08),
        "00007e90`10001000 488b4108        mov     rax,qword ptr [rcx+8] ds:0000:deadf4ee`deadf4f6=????????????????");
    CHECK_STR(LINE(&t, 0x8b, 0x44, 0x24, 0x10),
              "00007e90`10001000 8b442410        mov     eax,dword ptr [rsp+10h] ss:002b:00007e90`90004010=00000000");
}

TEST(disasm, unreadable_code_is_said_to_be)
{
    struct text text = { 0 };
    char *s;

    sample_build();
    disasm_line(&text, &sample.in, 0x1234, NULL);
    s = text_done(&text);
    CHECK_STR(s, "00000000`00001234 ??              ???");
    free(s);
}

static int
resolve(const uint32_t *rvas, unsigned count, struct symbol *out)
{
    for (unsigned i = 0; i < count; i++) {
        if (rvas[i] < 0x1000)
            continue;
        str_copy(out[i].function, sizeof(out[i].function), "NPF_Write");
        str_copy(out[i].file, sizeof(out[i].file), "write.c");
        out[i].offset = rvas[i] - 0x1000;
        out[i].line = rvas[i] >= 0x1040 ? 90 : 88;
    }
    return 0;
}

TEST(symbolize, finds_the_line_of_the_call)
{
    uint64_t import = FAKE_NDIS + LAYOUT_SLOT_FIRST;

    sample_build();
    memset(sample.frames[1].function, 0, sizeof(sample.frames[1].function));
    memcpy(sample.code + 0x50, &import, 8);
    fake_resolve = resolve;
    CHECK_EQ(finding_symbolize_all(&sample.in, NULL), 0);
    CHECK_STR(sample.frames[0].function, "NdisFSendNetBufferLists");
    CHECK_STR(sample.frames[0].module, "ndis");
    CHECK_STR(sample.frames[1].function, "NPF_Write");
    CHECK_EQ(sample.frames[1].line, 90);
    CHECK_EQ(sample.frames[1].call_line, 88);
    CHECK(!sample.frames[1].tail_call);
    CHECK_EQ(sample.frames[3].module[0], 0);
    CHECK_EQ(sample.in.name_count, 1); /* where the NBL was allocated */
    CHECK_STR(sample.in.names[0].name, "npf!NPF_Write+20");
    finding_names_free(&sample.in);
}

/* The call at 0x103b, which returns to 0x1040, is the last of NpfSend, taken in line by NPF_Write. */
static int
resolve_in_line(const uint32_t *rvas, unsigned count, struct symbol *out)
{
    resolve(rvas, count, out);
    for (unsigned i = 0; i < count; i++)
        if (rvas[i] >= 0x1030 && rvas[i] < 0x1040) {
            str_copy(out[i].function, sizeof(out[i].function), "NpfSend");
            out[i].line = 30;
        }
    return 0;
}

TEST(symbolize, a_call_belongs_to_the_function_that_makes_it)
{
    sample_build();
    fake_resolve = resolve_in_line;
    finding_symbolize(&sample.in, sample.frames, 4, NULL);
    CHECK_STR(sample.frames[1].function, "NpfSend");
    CHECK_EQ(sample.frames[1].offset, 0x40);
    CHECK_EQ(sample.frames[1].line, 30);
    CHECK_EQ(sample.frames[1].call_line, 30);
}

TEST(symbolize, sees_that_another_function_was_called)
{
    uint64_t import = FAKE_NDIS + LAYOUT_SLOT_FIRST + 2 * LAYOUT_SLOT_SIZE;

    sample_build();
    memcpy(sample.code + 0x50, &import, 8);
    fake_resolve = resolve;
    finding_symbolize(&sample.in, sample.frames, 4, NULL);
    CHECK(sample.frames[1].tail_call);
}

TEST(symbolize, without_symbols_keeps_the_offset)
{
    sample_build();
    fake_resolve = NULL;
    CHECK_EQ(finding_symbolize(&sample.in, sample.frames, 4, NULL), 0);
    CHECK_STR(sample.frames[1].module, "npf");
    CHECK_STR(sample.frames[1].function, "");
    CHECK_EQ(sample.frames[1].offset, 0x1040);
}

TEST_MAIN(TEST_CASE(disasm, puts_mnemonics_in_their_column), TEST_CASE(disasm, shows_what_the_operand_refers_to),
          TEST_CASE(disasm, unreadable_code_is_said_to_be), TEST_CASE(symbolize, finds_the_line_of_the_call),
          TEST_CASE(symbolize, a_call_belongs_to_the_function_that_makes_it),
          TEST_CASE(symbolize, sees_that_another_function_was_called),
          TEST_CASE(symbolize, without_symbols_keeps_the_offset))
