/* SPDX-License-Identifier: MIT */
/*
 * fuzz/pe_base.h - a small driver image made by hand, and every change of one field that is worth a try.
 *
 * The image has all that the loader reads: imports (plain and delayed), exports, relocations, unwind info of both
 * versions, a scope table, load config, debug record, version resource, and code with instructions to patch. It has
 * a TLS directory with a callback, too, which the kernel's loader does not look at (documented: no driver has TLS).
 */
#ifndef FUZZ_PE_BASE_H
#define FUZZ_PE_BASE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PE_BASE_SIZE 0x1000u
#define PE_NT        0x80u
#define PE_OPT       (PE_NT + 24u)
#define PE_DIRS      (PE_OPT + 112u)
#define PE_SECTIONS  (PE_DIRS + 16u * 8u)
#define PE_TEXT      0x400u /* rva 0x1000 */
#define PE_RDATA     0x600u /* rva 0x2000 */
#define PE_DATA      0xc00u /* rva 0x3000 */
#define PE_RELOC     0xe00u /* rva 0x4000 */

static inline void
pe_w16(uint8_t *b, uint32_t at, uint32_t v)
{
    b[at] = (uint8_t)v;
    b[at + 1] = (uint8_t)(v >> 8);
}
static inline void
pe_w32(uint8_t *b, uint32_t at, uint32_t v)
{
    pe_w16(b, at, v & 0xffff);
    pe_w16(b, at + 2, v >> 16);
}
static inline void
pe_w64(uint8_t *b, uint32_t at, uint64_t v)
{
    pe_w32(b, at, (uint32_t)v);
    pe_w32(b, at + 4, (uint32_t)(v >> 32));
}

static inline void
pe_section_header(uint8_t *b, unsigned i, const char *name, uint32_t rva, uint32_t size, uint32_t raw,
                  uint32_t raw_size, uint32_t flags)
{
    uint32_t at = PE_SECTIONS + i * 40;

    memcpy(b + at, name, strlen(name));
    pe_w32(b, at + 8, size);
    pe_w32(b, at + 12, rva);
    pe_w32(b, at + 16, raw_size);
    pe_w32(b, at + 20, raw);
    pe_w32(b, at + 36, flags);
}

static inline void
pe_dir(uint8_t *b, unsigned i, uint32_t rva, uint32_t size)
{
    pe_w32(b, PE_DIRS + i * 8, rva);
    pe_w32(b, PE_DIRS + i * 8 + 4, size);
}

static inline void
pe_base_code(uint8_t *b)
{
    static const uint8_t entry[] = {
        /* 0x1000 */
        0x48, 0x83, 0xec, 0x28,                                  /* sub rsp, 28h */
        0xf0, 0xff, 0x01,                                        /* lock inc dword [rcx] */
        0x75, 0xfb,                                              /* jnz -5 */
        0x44, 0x0f, 0x20, 0xc0,                                  /* mov rax, cr8 */
        0xb9, 0x02, 0x00, 0x00, 0x00,                            /* mov ecx, 2 */
        0x44, 0x0f, 0x22, 0xc1,                                  /* mov cr8, rcx */
        0xf3, 0x90,                                              /* pause */
        0xe8, 0x60, 0x00, 0x00, 0x00,                            /* call 0x1080 (a leaf) */
        0x48, 0xb8, 0x14, 0,    0,    0, 0x80, 0xf7, 0xff, 0xff, /* mov rax, KUSER */
        0xff, 0x15, 0xd1, 0x0f, 0,    0,                         /* call [rip+..] */
        0x48, 0x83, 0xc4, 0x28, 0xc3,                            /* add rsp, 28h; ret */
    };
    static const uint8_t jumps[] = {
        /* 0x1040: a jump table of its own behind it */
        0x53, 0x48, 0x8d, 0x15, 0xb8, 0xef, 0xff, 0xff, /* push rbx; lea rdx, [image base] */
        0x8b, 0x84, 0x8a, 0x60, 0x10, 0,    0,          /* mov eax, [rdx+rcx*4+1060h] */
        0x48, 0x03, 0xc2, 0xff, 0xe0,                   /* add rax, rdx; jmp rax */
        0x0f, 0x31, 0x90, 0x90, 0x5b, 0xc3,             /* rdtsc; nop; nop; pop rbx; ret */
    };
    static const uint8_t leaf[] = { 0xf0, 0x48, 0x0f, 0xc1, 0x11, 0x0f, 0xa2, 0xfa, 0xc3 }; /* 0x1080 */

    memcpy(b + PE_TEXT, entry, sizeof(entry));
    memcpy(b + PE_TEXT + 0x40, jumps, sizeof(jumps));
    pe_w32(b, PE_TEXT + 0x60, 0x1054);
    pe_w32(b, PE_TEXT + 0x64, 0x1058);
    memcpy(b + PE_TEXT + 0x80, leaf, sizeof(leaf));
}

static inline void
pe_base_tables(uint8_t *b)
{
    uint32_t r = PE_RDATA; /* rva 0x2000 */

    /* imports: one module with a name and an ordinal; names at 0x2080, slots at 0x2040 */
    pe_w32(b, r + 0x00, 0x2060);
    pe_w32(b, r + 0x0c, 0x20a0);
    pe_w32(b, r + 0x10, 0x2040);
    pe_w64(b, r + 0x60, 0x2080);
    pe_w64(b, r + 0x68, 0x8000000000000007ull);
    memcpy(b + r + 0x82, "DbgPrint", 8);
    memcpy(b + r + 0xa0, "ntoskrnl.exe", 12);
    /* delayed: the same names */
    pe_w32(b, r + 0xc0, 1);
    pe_w32(b, r + 0xc4, 0x20a0);
    pe_w32(b, r + 0xcc, 0x3040);
    pe_w32(b, r + 0xd0, 0x2060);
    /* exports: two functions, one forwarded */
    pe_w32(b, r + 0x10c, 0x20a0);
    pe_w32(b, r + 0x110, 1);
    pe_w32(b, r + 0x114, 2);
    pe_w32(b, r + 0x118, 2);
    pe_w32(b, r + 0x11c, 0x2130);
    pe_w32(b, r + 0x120, 0x2138);
    pe_w32(b, r + 0x124, 0x2140);
    pe_w32(b, r + 0x130, 0x1000);
    pe_w32(b, r + 0x134, 0x2160);
    pe_w32(b, r + 0x138, 0x2150);
    pe_w32(b, r + 0x13c, 0x2158);
    pe_w16(b, r + 0x142, 1);
    memcpy(b + r + 0x150, "Alpha", 5);
    memcpy(b + r + 0x158, "Beta", 4);
    memcpy(b + r + 0x160, "ntoskrnl.DbgPrint", 17);
    /* .pdata and unwind info: version 1 with a scope table, version 2, chained */
    pe_w32(b, r + 0x180, 0x1000), pe_w32(b, r + 0x184, 0x1034), pe_w32(b, r + 0x188, 0x21c0);
    pe_w32(b, r + 0x18c, 0x1040), pe_w32(b, r + 0x190, 0x1070), pe_w32(b, r + 0x194, 0x2200);
    pe_w32(b, r + 0x198, 0x1070), pe_w32(b, r + 0x19c, 0x1080), pe_w32(b, r + 0x1a0, 0x2220);
    memcpy(b + r + 0x1c0, "\x19\x04\x01\x00\x04\x42\x00\x00", 8);
    pe_w32(b, r + 0x1c8, 0x1080);
    pe_w32(b, r + 0x1cc, 1);
    pe_w32(b, r + 0x1d0, 0x1004), pe_w32(b, r + 0x1d4, 0x1010), pe_w32(b, r + 0x1d8, 1), pe_w32(b, r + 0x1dc, 0x102c);
    memcpy(b + r + 0x200, "\x02\x01\x03\x00\x02\x06\x18\x06\x01\x30\x00\x00", 12);
    memcpy(b + r + 0x220, "\x21\x00\x00\x00", 4);
    pe_w32(b, r + 0x224, 0x1040), pe_w32(b, r + 0x228, 0x1070), pe_w32(b, r + 0x22c, 0x2200);
    /* load config: cookie, CFG */
    pe_w32(b, r + 0x240, 0x94);
    pe_w64(b, r + 0x298, 0x140003000ull);
    pe_w64(b, r + 0x2b0, 0x140003010ull);
    pe_w64(b, r + 0x2b8, 0x140003018ull);
    /* debug directory and CodeView record */
    pe_w32(b, r + 0x2ec, 2), pe_w32(b, r + 0x2f0, 0x22), pe_w32(b, r + 0x2f4, 0x2300), pe_w32(b, r + 0x2f8, r + 0x300);
    memcpy(b + r + 0x300, "RSDS", 4);
    memcpy(b + r + 0x318, "C:\\d.pdb", 9);
    /* resources: version, one name, one language */
    pe_w16(b, r + 0x34e, 1), pe_w32(b, r + 0x350, 16), pe_w32(b, r + 0x354, 0x80000020u);
    pe_w16(b, r + 0x36e, 1), pe_w32(b, r + 0x370, 1), pe_w32(b, r + 0x374, 0x80000040u);
    pe_w16(b, r + 0x38e, 1), pe_w32(b, r + 0x390, 0x409), pe_w32(b, r + 0x394, 0x60);
    pe_w32(b, r + 0x3a0, 0x23c0), pe_w32(b, r + 0x3a4, 0x60);
    pe_w32(b, r + 0x3c0 + 40, 0xfeef04bdu), pe_w32(b, r + 0x3c0 + 48, 0x00060001),
        pe_w32(b, r + 0x3c0 + 52, 0x00020003);
    /* TLS: data, index, callbacks (one, the leaf) */
    pe_w64(b, r + 0x440, 0x140003000ull), pe_w64(b, r + 0x448, 0x140003010ull);
    pe_w64(b, r + 0x450, 0x140003038ull), pe_w64(b, r + 0x458, 0x140002470ull);
    pe_w32(b, r + 0x460, 8), pe_w32(b, r + 0x464, 0x00300000);
    pe_w64(b, r + 0x470, 0x140001080ull);
}

static inline void
pe_base(uint8_t b[PE_BASE_SIZE])
{
    memset(b, 0, PE_BASE_SIZE);
    memcpy(b, "MZ", 2);
    pe_w32(b, 60, PE_NT);
    memcpy(b + PE_NT, "PE\0\0", 4);
    pe_w16(b, PE_NT + 4, 0x8664);
    pe_w16(b, PE_NT + 6, 4);
    pe_w32(b, PE_NT + 8, 0x12345678);
    pe_w16(b, PE_NT + 20, 112 + 16 * 8);
    pe_w16(b, PE_NT + 22, 0x22);
    pe_w16(b, PE_OPT, 0x20b);
    pe_w32(b, PE_OPT + 16, 0x1000);
    pe_w64(b, PE_OPT + 24, 0x140000000ull);
    pe_w32(b, PE_OPT + 32, 0x1000);
    pe_w32(b, PE_OPT + 36, 0x200);
    pe_w32(b, PE_OPT + 56, 0x5000);
    pe_w32(b, PE_OPT + 60, 0x400);
    pe_w16(b, PE_OPT + 68, 1);
    pe_w32(b, PE_OPT + 108, 16);
    pe_section_header(b, 0, ".text", 0x1000, 0x200, PE_TEXT, 0x200, 0x68000020);
    pe_section_header(b, 1, ".rdata", 0x2000, 0x600, PE_RDATA, 0x600, 0x48000040);
    pe_section_header(b, 2, ".data", 0x3000, 0x400, PE_DATA, 0x200, 0xc8000040);
    pe_section_header(b, 3, ".reloc", 0x4000, 0x200, PE_RELOC, 0x200, 0x42000040);
    pe_dir(b, 0, 0x2100, 0x80);
    pe_dir(b, 1, 0x2000, 40);
    pe_dir(b, 2, 0x2340, 0xc0);
    pe_dir(b, 3, 0x2180, 36);
    pe_dir(b, 4, 0xff0, 0x10);
    pe_dir(b, 5, 0x4000, 24);
    pe_dir(b, 6, 0x22e0, 28);
    pe_dir(b, 9, 0x2440, 40);
    pe_dir(b, 10, 0x2240, 0x94);
    pe_dir(b, 12, 0x2040, 24);
    pe_dir(b, 13, 0x20c0, 64);
    pe_base_code(b);
    pe_base_tables(b);
    pe_w64(b, PE_DATA, 0x2b992ddfa232ull);
    pe_w64(b, PE_DATA + 0x20, 0x140001080ull);
    pe_w32(b, PE_RELOC, 0x3000), pe_w32(b, PE_RELOC + 4, 16);
    pe_w16(b, PE_RELOC + 8, 0xa020);
    pe_w32(b, PE_RELOC + 16, 0x2000), pe_w32(b, PE_RELOC + 20, 8);
}

/* Values worth trying in a field of n bytes that holds v. */
#define PE_VALUES 8u
static inline uint64_t
pe_value(unsigned k, unsigned n, uint64_t v)
{
    uint64_t max = n == 8 ? UINT64_MAX : (1ull << (n * 8)) - 1;

    switch (k) {
    case 0:
        return 0;
    case 1:
        return max;
    case 2:
        return v + 1;
    case 3:
        return v - 1;
    case 4:
        return max >> 1;
    case 5:
        return (max >> 1) + 1;
    case 6:
        return max - 0xfff;
    default:
        return 1;
    }
}

/* Parts of the image that hold fields. */
static const struct {
    uint32_t from, to;
} pe_fields[] = {
    { 0, 64 },
    { PE_NT, PE_SECTIONS + 160 },
    { PE_TEXT, PE_TEXT + 0x90 },
    { PE_RDATA, PE_RDATA + 0x480 },
    { PE_DATA, PE_DATA + 0x40 },
    { PE_RELOC, PE_RELOC + 24 },
};

/* Change number i of the image (a field of 1, 2, 4 or 8 bytes gets another value). Returns false past the last. */
static inline int
pe_change(uint8_t *b, uint32_t i)
{
    static const unsigned sizes[] = { 1, 2, 4, 8 };

    for (unsigned f = 0; f < sizeof(pe_fields) / sizeof(pe_fields[0]); f++)
        for (unsigned s = 0; s < 4; s++) {
            uint32_t count = (pe_fields[f].to - pe_fields[f].from) / sizes[s];
            uint64_t v = 0;

            if (i >= count * PE_VALUES) {
                i -= count * PE_VALUES;
                continue;
            }
            memcpy(&v, b + pe_fields[f].from + i / PE_VALUES * sizes[s], sizes[s]);
            v = pe_value(i % PE_VALUES, sizes[s], v);
            memcpy(b + pe_fields[f].from + i / PE_VALUES * sizes[s], &v, sizes[s]);
            return 1;
        }
    return 0;
}

#endif
