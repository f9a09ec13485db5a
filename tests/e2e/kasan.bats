#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# kasan.bats - drivers built with `undis cc --sanitize=address`, by both compilers.

load common

# builds COMPILER WRONG [OPTION...] - kasan.sys, whose write does WRONG
builds() {
    local compiler=$1 wrong=$2
    shift 2
    [ -e "$UNDIS_BUILD_DIR/lib/undisrt.lib" ] || skip "no import libraries"
    mkdir -p d
    undis cc --cc "$compiler" -O1 "$@" "-DWRONG=$wrong" "$root/tests/e2e/kasan.c" "$root/tests/drivers/common/plain.c" \
        -o d/kasan.sys
    exits 0
}

# stops CODE - at the first illegal access, whose shadow code is CODE, in the driver's own function
stops() {
    undis test d/kasan.sys --only open-while-disabled --k 0 --first --out out
    exits 1
    prints '^FINDING  0x1F2_kasan!KasanWrite$'
    analysis out >analysis
    grep -q '^KASAN_ILLEGAL_ACCESS (1f2)' analysis
    grep -Eq "^Arg4: 0*$1\b" analysis
    grep -q 'kasan\.c @' analysis
    rm -r out
}

for_both() {
    for compiler in gcc clang; do
        builds $compiler "$1" --sanitize=address
        stops "$2"
    done
}

@test "a byte behind the block, read: seen by the sanitizer alone" {
    for_both 1 5
    builds gcc 1
    undis test d/kasan.sys --only open-while-disabled --k 0 --out out
    exits 0
}

@test "a byte further behind, written" {
    for_both 2 186
    grep -q 'about to write 1 byte at 0x[0-9a-f]*; that reaches behind the end' analysis
}

@test "four bytes of which the last lies behind the block" {
    for_both 3 5
}

@test "a byte before the block" {
    for_both 4 8d
}

@test "a copy that is longer than the block" {
    for_both 5 105
    grep -Eq '^Arg2: 0*3c\b' analysis
}

@test "paged pool at DISPATCH_LEVEL" {
    for_both 6 9
}

@test "a freed block, written" {
    for_both 7 187
    grep -q '; that is freed\.' analysis
}

@test "a driver that does none of it is clean, and other sanitizers are refused by name" {
    for compiler in gcc clang; do
        builds $compiler 0 --sanitize=address
        undis test d/kasan.sys --only open-while-disabled --k 1 --out out
        exits 0
    done
    undis cc --sanitize=memory "$root/tests/e2e/kasan.c" -o x.sys
    exits 64
    complains 'the only sanitizer is --sanitize=address'
}
