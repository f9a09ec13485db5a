#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# undis cc: what driver sources of the WDK bring with them (trace headers, resource scripts, C++).
load common

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    command -v x86_64-w64-mingw32-gcc >/dev/null || skip "x86_64-w64-mingw32-gcc is not installed"
    command -v clang-19 >/dev/null || command -v clang >/dev/null || skip "clang is not installed"
    mkdir inc
    printf '%s\n' '// begin_wpp config' \
        '// FUNC TraceInfo{LEVEL=TRACE_LEVEL_INFORMATION}(FLAGS,MSG,...);' '// end_wpp' \
        >inc/trace.h
    printf '%s\n' '#include <ntddk.h>' '#include <trace.h>' '#include "driver.tmh"' \
        'NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)' '{' \
        '    WPP_INIT_TRACING(Driver, Path);' '    TraceInfo(NO_SUCH_FLAG, "%d", no_such_variable);' \
        '    Print(NO_SUCH_FLAG, "hello");' '    WPP_CLEANUP(Driver);' '    return STATUS_UNSUCCESSFUL;' '}' >driver.c
    echo '1 VERSIONINFO' >driver.rc
}

@test "trace headers are made for the build and taken away; a resource script is named and left out" {
    for cc in mingw clang; do
        undis cc --cc $cc -Iinc --wpp 'Print(LEVEL,MSG,...)' driver.c driver.rc -o driver.sys
        [ "$status" -eq 0 ]
        complains 'driver.rc is left out'
        [ -f driver.sys ]
        [ -z "$(find . -name '*.tmh')" ]
        rm driver.sys
    done
}

@test "a trace function that nobody declares is the compiler's error" {
    undis cc --cc clang -Iinc driver.c -o driver.sys
    [ "$status" -eq 1 ]
    complains Print
    [ ! -e driver.sys ]
    [ -z "$(find . -name '*.tmh')" ]
}

@test "a header may declare a function's pointers otherwise than its source: the definition counts" {
    mkdir own && cd own
    printf 'typedef struct _CARD CARD, *PCARD;\nNTSTATUS\nStart(PCARD Card,\n      PVOID Parameters);\n' >card.h
    cat >card.c <<'END'
#include <ntddk.h>
#include "card.h"
typedef struct _PARAMETERS { ULONG Size; } *PPARAMETERS;
NTSTATUS
Start(PCARD Card, PPARAMETERS Parameters)
{
    UNREFERENCED_PARAMETER(Card);
    return Parameters->Size;
}
NTSTATUS
DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    struct _PARAMETERS parameters = { 0 };

    UNREFERENCED_PARAMETER(Driver);
    UNREFERENCED_PARAMETER(Path);
    return Start(NULL, &parameters);
}
END
    cp card.h before.h
    undis cc --cc clang card.c -o card.sys
    exits 0
    complains 'card.h:3 declares Start otherwise than it is defined'
    ! complains 'error:'
    [ -s card.sys ]
    cmp card.h before.h
    [ "$(ls | tr '\n' ' ')" = "before.h card.c card.h card.pdb card.sys " ]
    echo 'int Start(void) { return nonsense; }' >>card.c
    undis cc --cc clang card.c -o card.sys
    exits 1
    complains 'nonsense'
}

@test "what MSVC pastes, clang pastes with a warning" {
    cat >pasted.c <<'EOF'
#include <ntddk.h>
#define MEMBER(s, f) s##.##f
static struct { NTSTATUS Value; } Whole;
DRIVER_INITIALIZE DriverEntry;
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    return MEMBER(Whole, Value);
}
EOF
    undis cc --cc clang pasted.c -o pasted.sys
    exits 0
    complains 'warning: pasting formed'
}

@test "a driver that uses netioapi.h builds with both compilers, and a call of it is unsupported by name" {
    for cc in gcc clang; do
        [ $cc = gcc ] || command -v clang-19 >/dev/null || command -v clang >/dev/null || continue
        undis cc --cc $cc -DNDIS630=1 "$BATS_TEST_DIRNAME/netio.c" -o routes.sys
        exits 0
        undis test routes.sys --only init-halt
        exits 4
        prints 'the driver calls netio.sys!GetIpForwardTable2, which undis does not have'
    done
}

@test "gcc says which compiler has __try" {
    printf '#include <ntddk.h>\nint f(int *p)\n{\n    __try { *p = 1; } __except (1) { return 1; }\n%s' \
        '    __try { *p = 2; } __finally { *p = 3; }\n    return 0;\n}\n' >try.c
    undis cc try.c -o try.sys
    exits 1
    complains '__try: build with undis cc --cc clang'
}
