#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# program.bats - programs whose own code runs as an actor of a scenario (undis cc --program, the op `run`).

load common

protocol=$UNDIS_BUILD_DIR/drivers/ndisprot

# program CC SOURCE NAME [FLAG...] - NAME.exe here
program() {
    local cc=$1 source=$2 name=$3
    shift 3
    "$UNDIS" cc --program --cc "$cc" -Wall -Wextra -Werror "$@" "$root/tests/$source" -o "$name.exe"
}

# cancels DRIVER CC - undis test of the program that cancels its write
cancels() {
    needs "$1"
    cp "$root/tests/scenario/prot-cancel.yaml" .
    program "$2" programs/prot_cancel.c prot_cancel
    undis test "$1" --scenario prot-cancel.yaml --k 2 --first --out out
}

@test "a program cancels its write: clean with ndisprot, by both compilers" {
    for cc in gcc clang; do
        cancels "$protocol" $cc
        exits 0
        prints 'prot-cancel +clean'
        no prints 'vacuous'
    done
}

@test "a program cancels its write: the race of cancel-write-race-a is found, and replays from its folder" {
    cancels "$zoo/cancel-write-race-a" gcc
    exits 1
    prints '^FINDING  0xD1_ndisprot!NpCancelWrite'
    prints '1 preemption '
    rm prot_cancel.exe
    undis replay out/01-*
    exits 1
    prints '^bugcheck 0xD1'
    analysis out | grep -q 'nt!NtCancelIoFileEx'
    analysis out | grep -q 'prot_cancel!main.*prot_cancel\.c @'
}

# threads VARIANT - the program of several threads; the driver has nothing to do with it
threads() {
    needs "$drivers/reload"
    program gcc e2e/program/threads.c threads -DVARIANT="$1"
    printf '%s\n' 'name: threads' 'vps: 2' 'stack: { miniport: loop, adapters: 1, protocols: [none] }' 'actors:' \
        '  - { name: app, kind: program, ops: [{ op: run, file: threads.exe }] }' >threads.yaml
    undis test "$drivers/reload" --scenario threads.yaml --k 1 --first --out out
}

@test "threads of a program: events, waits with and without time, ends" {
    threads 0
    exits 0
    prints 'threads +clean'
}

@test "threads of a program: an update that one of them loses" {
    threads 1
    exits 1
    prints 'the program app ended with exit code 16'
}

@test "a program that crashes is a finding, and stops no machine" {
    threads 2
    exits 1
    prints 'the program app ends by exception 0xc0000005 at threads\+0x'
}

@test "a program that ends with another exit code than 0" {
    threads 3
    exits 1
    prints 'the program app ended with exit code 3'
}

@test "what kernel32 lacks is told by name" {
    threads 4
    exits 4
    complains 'CreateEventW with a name' || prints 'CreateEventW with a name'
}

@test "a file that is no program, or is not there, is refused" {
    needs "$drivers/reload"
    printf '%s\n' 'name: wrong' 'actors:' '  - { name: app, kind: program, ops: [{ op: run, file: app.exe }] }' \
        >wrong.yaml
    refuses 4 'app.exe: the program cannot be read' test "$drivers/reload" --scenario wrong.yaml
    cp "$drivers/reload/reload.sys" app.exe
    undis test "$drivers/reload" --scenario wrong.yaml --out out
    exits 4
    complains 'is a driver, no program' || prints 'is a driver, no program'
}

@test "undis cc --program: a driver's functions are not there, and --race is not for programs" {
    printf '#include <undis/undis.h>\nint KeGetCurrentIrql(void);\nint main(void) { return KeGetCurrentIrql(); }\n' >k.c
    undis cc --program k.c -o k.exe
    exits 1
    refuses 64 'takes no --race' cc --program --cc clang --race k.c -o k.exe
}
