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
    ! prints 'vacuous'
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
