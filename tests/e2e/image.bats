#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# image.bats - what Windows does with a driver's image: guarded calls, sections, other drivers' exports, loading again.

load common

# finds DRIVER SCENARIO BUCKET [OPTION...] - exactly one kind of finding, in out/
finds() {
    local driver=$1 scenario=$2 bucket=$3
    shift 3
    needs "$drivers/$driver"
    undis test "$drivers/$driver" --only "$scenario" --first --out out "$@"
    exits 1
    prints "^FINDING  $bucket"
    analysis out >analysis
}

# says PATTERN - so does the analysis
says() {
    grep -Eq -- "$1" analysis || {
        printf 'no "%s" in\n' "$1"
        cat analysis
        return 1
    }
}

# clean DRIVER SCENARIO [OPTION...] - nothing is found
clean() {
    local driver=$1 scenario=$2
    shift 2
    needs "$drivers/$driver"
    undis test "$drivers/$driver" --only "$scenario" --out out "$@"
    exits 0
    no prints 'vacuous'
}

@test "guard-bad-target: an indirect call into a function is a fast fail that no handler sees" {
    finds guard-bad-target open-while-disabled '0x139_guard_bad_target!GuardWrite' --k 0
    says '^KERNEL_SECURITY_CHECK_FAILURE \(139\)'
    says '^Arg1: 0*a, .*control flow guard'
    says 'nt!_guard_dispatch_icall'
    says 'guard_bad_target!GuardWrite.*guard_bad_target\.c @ 31'
}

@test "guard-good-target: its own functions and the kernel's may be called" {
    clean guard-good-target open-while-disabled --k 0
}

@test "fast-fail-list: an entry taken off its list twice" {
    finds fast-fail-list open-while-disabled '0x139_fast_fail_list!' --k 0
    says '^EXCEPTION_CODE: \(NTSTATUS\) 0xc0000409'
    says '^Arg1: 0*3, a list is corrupted'
    says 'fast_fail_list!ListWrite'
}

@test "paged-at-dispatch: a function of a PAGE section is entered with a spin lock held" {
    finds paged-at-dispatch open-while-disabled '0xc4_PagedCode_XDV_VRF_paged_at_dispatch!Sum' --k 0
    says 'rule PagedCode'
    says 'pageable code runs at IRQL 2'
}

@test "paged-raises: a PAGE function goes on above DISPATCH_LEVEL after it took a spin lock" {
    finds paged-raises open-while-disabled '0xc4_PagedCode_XDV_VRF_paged_raises!PagedWrite' --k 0
    says 'rule PagedCode'
}

@test "paged-locked: a PAGE section that is locked meanwhile, and one that is only run below" {
    clean paged-locked open-while-disabled --k 1
}

@test "init-called: the INIT section is gone after DriverEntry" {
    finds init-called open-while-disabled '0x50_init_called!Twice' --k 0
    says '^Arg2: 0*10\b'
}

@test "reload: a driver's variables and its INIT section are fresh each time" {
    needs "$drivers/reload"
    undis test "$drivers/reload" --scenario "$root/tests/scenario/load-twice.yaml" --k 1 --out out
    exits 0
    prints 'load-twice +clean'
}

@test "a filter and a protocol are loaded, unloaded and loaded again" {
    needs "$UNDIS_BUILD_DIR/drivers/npf" "$UNDIS_BUILD_DIR/drivers/ndisprot"
    for driver in npf ndisprot; do
        undis test "$UNDIS_BUILD_DIR/drivers/$driver" --scenario "$root/tests/scenario/load-twice.yaml" --k 0 --out out
        exits 0
        prints 'load-twice +clean'
    done
}

# library CC [FLAG...] - counter.sys, and uses.sys that imports from it, each in the compiler's way
library() {
    local cc=$1
    shift
    "$UNDIS" cc --cc "$cc" -Wall -Wextra -Werror "$@" "$root"/tests/e2e/library/counter.c \
        "$root"/tests/e2e/library/counter.def -o counter.sys
    "$UNDIS" cc --cc "$cc" -Wall -Wextra -Werror "$root"/tests/e2e/library/uses.c counter.lib -o uses.sys
}

@test "export drivers: DllInitialize, the exports and DllUnload of a driver that another imports from" {
    needs "$drivers/reload"
    for cc in gcc clang; do
        library "$cc"
        undis test uses.sys --scenario "$root/tests/scenario/load-twice.yaml" --k 0 --out out
        exits 0
        prints 'load-twice +clean'
    done
}

@test "export drivers: when DllInitialize fails, so does loading who imports" {
    needs "$drivers/reload"
    library gcc -DREFUSES
    undis test uses.sys --only init-halt --out out
    exits 1
    prints '0x[cC]00000[aA]3'
}

@test "export drivers: what DllUnload leaves behind is a leak of the library" {
    needs "$drivers/reload"
    library gcc -DLEAKS
    undis test uses.sys --only init-halt --k 0 --out out
    exits 1
    prints '^FINDING  0xc4_62_VRF_counter!DllInitialize'
}

@test "export drivers: without its library a driver ends as unsupported, by name" {
    needs "$drivers/reload"
    library gcc
    rm counter.sys
    undis test uses.sys --only init-halt --k 0 --out out
    exits 4
    complains 'counter\.sys!CounterAdd' || prints 'counter\.sys!CounterAdd'
}

# constructed CC VALUE [FLAG...] - what the constructor of ctor.cpp left when DriverEntry began
constructed() {
    local cc=$1 value=$2
    shift 2
    run --separate-stderr "$UNDIS" cc --cc "$cc" -Wall -Wextra "$@" "$root/tests/e2e/ctor.cpp" -o ctor.sys
    exits 0
    complains 'ctor\.cpp has static constructors'
    undis test ctor.sys --only init-halt --first --out "out-$cc"
    exits 1
    analysis "out-$cc" >analysis
    says "^Arg1: 0*$value\b"
}

@test "C++: static constructors are called by nobody, and by a driver that walks its own table" {
    needs "$drivers/seh/seh.sys"
    constructed gcc 0
    constructed clang 0
    rm -r out-clang
    constructed clang 11 -DWALKS # 17
}

@test "reinitializes: routines after DriverEntry, which may ask for another call, still have the INIT section" {
    clean reinitializes open-while-disabled --k 0
}
