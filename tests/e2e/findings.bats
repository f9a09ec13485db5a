#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# findings.bats - small drivers that misbehave in one way each: verdict, bucket, and what the analysis says.

load common

# finds DRIVER SCENARIO BUCKET [OPTION...] - exactly one kind of finding, in out/
finds() {
    local driver=$1 scenario=$2 bucket=$3
    shift 3
    needs "$drivers/$driver"
    case $scenario in
    *.yaml) undis test "$drivers/$driver" --scenario "$root/tests/scenario/$scenario" --first --out out "$@" ;;
    *) undis test "$drivers/$driver" --only "$scenario" --first --out out "$@" ;;
    esac
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

@test "entry-fails: a DriverEntry that fails is a result about the driver" {
    finds entry-fails init-halt ''
    says 'DriverEntry'
    says '0x[cC]0000182'
}

@test "bugcheck-itself: the driver's own stop code and parameters" {
    finds bugcheck-itself open-while-disabled '0xE2_bugcheck_itself!BugWrite' --k 0
    says '^MANUALLY_INITIATED_CRASH \(e2\)'
    says '^Arg1: 0*1\b'
    says '^Arg4: 0*4\b'
}

@test "pool-overrun: the byte behind the buffer, at its statement or at the free" {
    finds pool-overrun open-while-disabled '0x.*_pool_overrun!OverrunWrite' --k 0
    says 'pool_overrun\.c'
    says 'nalP|Plan'
}

@test "use-after-free: a freed pool block is poison" {
    finds use-after-free open-while-disabled '0x.*_use_after_free!UafWrite' --k 0
    says 'use_after_free\.c'
}

@test "double-free: BAD_POOL_CALLER with the tag" {
    finds double-free open-while-disabled '0x(C2|c4|19).*_double_free!TwiceWrite' --k 0
    says 'double_free\.c'
}

@test "alloc-unchecked: an allocation that fails is found without preemptions" {
    finds alloc-unchecked open-while-disabled '0x.*_alloc_unchecked!UncheckedWrite' --k 0
    prints '0 preemptions.*1 failing allocation'
    says 'alloc_unchecked\.c'
    says 'fault .*1 of 2'
}

@test "alloc-unchecked: nothing is found when no allocation may fail, and the certificate says so" {
    needs "$drivers/alloc-unchecked"
    undis test "$drivers/alloc-unchecked" --only open-while-disabled --k 0 --faults 0 --out out
    exits 0
    prints '^  open-while-disabled .* L0\+L1 +none '
    grep -q '"faults": 0' out/certificates/open-while-disabled.json
}

@test "alloc-checked: the driver that asks is certified with one failing allocation" {
    needs "$drivers/alloc-checked"
    undis test "$drivers/alloc-checked" --only open-while-disabled --k 0 --out out
    exits 0
    prints '^  open-while-disabled .* L0\+L1 +1 with k <= 0 '
    grep -q '"faults": 1' out/certificates/open-while-disabled.json
}

@test "ioctl-unprobed: a pointer of the program that nobody looked at" {
    finds ioctl-unprobed bad-requests '0x.*_ioctl_unprobed!UnprobedControl' --k 0
    says 'ioctl_unprobed\.c'
}

@test "ioctl-probed: no length and no pointer hurts a driver that lets the I/O manager look" {
    needs "$drivers/ioctl-probed"
    undis test "$drivers/ioctl-probed" --only bad-requests --out out
    exits 0
    [ -e out/certificates/bad-requests.json ]
}

@test "entry-leaks: a DriverEntry that gives up and leaves something behind" {
    finds entry-leaks load-unload '0xc4_62' --k 0
    prints '1 failing allocation'
}

@test "entry-unwinds: the one that takes back what it did is certified" {
    needs "$drivers/entry-unwinds"
    undis test "$drivers/entry-unwinds" --only load-unload --out out
    exits 0
    [ -e out/certificates/load-unload.json ]
}

@test "pool-leak: what unload leaves, with tag and size" {
    finds pool-leak init-halt '0xc4_62' --k 0
    says 'PoolTracking-Leak'
    says '512|0x200|00000200'
    says 'pool_leak!LeakLoad'
}

@test "unload-missing: a driver with AddDevice has to have it, another need not" {
    finds unload-missing init-halt '0xc4_DriverUnloadMissing_.*unload_missing' --k 0
    for choice in 1 2; do
        undis test "$drivers/unload-missing" --only init-halt --k 0 --param Choice=$choice --out clean
        exits 0
    done
}

@test "recursive-lock: who holds what it waits for" {
    finds recursive-lock open-while-disabled '.*recursive_lock!' --k 0
    says 'CountOne'
}

@test "irql-leak: the rule names handler and IRQL" {
    finds irql-leak open-while-disabled '.*irql_leak!' --k 0
    says 'IrqlReturn|IRQL_GT_ZERO_AT_SYSTEM_SERVICE|IRQL'
    says 'LeakWrite'
}

@test "deadlock-abba: one preemption, and each lock has holder and waiter" {
    finds deadlock-abba read-and-write.yaml 'HANG_deadlock_abba!' --k 1
    prints ', 1 preemption \(minimal'
    says 'AbbaRead'
    says 'AbbaWrite'
    says 'deadlock|waits for'
}

@test "deadlock-abba: without a preemption nothing is found, and the certificate says so" {
    needs "$drivers/deadlock-abba"
    undis test "$drivers/deadlock-abba" --scenario "$root/tests/scenario/read-and-write.yaml" --k 0 --out out
    exits 0
    prints 'k<=0 exhausted'
}

@test "wrong-always: what goes wrong in every run does not hide what needs a switch, or two" {
    needs "$drivers/wrong-always"
    undis test "$drivers/wrong-always" --scenario "$root/tests/scenario/read-and-write.yaml" --k 2 --out out
    exits 1
    prints 'k<=2 exhausted'
    no prints '^CERTIFICATES'
    [ "$(grep '^FINDING' <<<"$output")" = "FINDING  0xc4_SpinLockDprRelease_XDV_VRF_wrong_always!CountBytes
FINDING  DATA_RACE_wrong_always!CountBytes
FINDING  0x3B_wrong_always!AlwaysWrite" ]
    [ "$(grep -o '[0-9] preemptions* (minimal' <<<"$output" | cut -c1 | tr -d '\n')" = 012 ]
    for n in 01 02 03; do
        undis replay out/$n-* --times 3
        exits 1
        prints 'equal over 3 replays'
    done
    grep -q '^# about: DataRace$' out/02-*/trace
    undis test "$drivers/wrong-always" --scenario "$root/tests/scenario/read-and-write.yaml" --k 2 --first --out first
    exits 1
    [ "$(grep -c '^FINDING' <<<"$output")" = 1 ]
    no prints 'k<=2 exhausted'
}

@test "wrong-always: what a search did not reach the end of is not said to be minimal" {
    needs "$drivers/wrong-always"
    undis test "$drivers/wrong-always" --scenario "$root/tests/scenario/read-and-write.yaml" --runs 3 --out out
    exits 1
    prints 'not searched to its end'
    no prints 'k<=[0-9] exhausted'
}

@test "deadlock-abba: the battery finds it, and the one between two control codes that follow a third" {
    finds deadlock-abba programs-at-once 'HANG_deadlock_abba!' --k 1
    says 'AbbaRead'
    says 'AbbaWrite'
    rm -rf out
    finds deadlock-ioctls programs-at-once 'HANG_deadlock_ioctls!' --k 1
    prints ', 1 preemption \(minimal'
    says 'TakeBoth'
}

@test "spins-stalling: a loop that only stalls is a livelock" {
    finds spins-stalling open-while-disabled '(LIVELOCK|HANG)_spins_stalling!SpinsWrite' --k 0
    says 'spins_stalling\.c'
}

@test "spins-silently: a loop without any call is stopped, too" {
    finds spins-silently open-while-disabled 'LIVELOCK_spins_silently!SpinsWrite' --k 0
    says 'spins_silently\.c'
    says 'the same state again'
    grep -Eq '^# planted: 0 [0-9a-f]+ back edge$' out/*/trace
    undis replay out/01-* --times 3
    exits 1
    prints 'equal over 3 replays'
}

@test "spins-looping: loops closed by LOOP and JRCXZ, which reach no further than 127 bytes" {
    for way in open-while-disabled:SpinsWrite exit-while-reading:SpinsRead; do
        rm -rf out
        finds spins-looping "${way%:*}" "LIVELOCK_spins_looping!${way#*:}" --k 0
        says 'goes round a loop'
        grep -Eq '^# planted: 0 [0-9a-f]+ back edge$' out/*/trace
        undis replay out/01-* --times 3
        exits 1
        prints 'equal over 3 replays'
    done
}

@test "spins-silently: it does not matter when the loop was sampled" {
    needs "$drivers/spins-silently"
    for n in 1 2 3; do
        undis test "$drivers/spins-silently" --only open-while-disabled --first --out out
        exits 1
        cp out/01-*/trace "trace.$n"
    done
    cmp trace.1 trace.2
    cmp trace.1 trace.3
}

@test "spins-silently: without symbols the loop has the name of its function's first byte" {
    needs "$drivers/spins-silently"
    command -v x86_64-w64-mingw32-strip >/dev/null || skip "no strip for PE images"
    mkdir stripped
    x86_64-w64-mingw32-strip -o stripped/spins_silently.sys "$drivers/spins-silently/spins_silently.sys"
    begin=$(x86_64-w64-mingw32-nm "$drivers/spins-silently/spins_silently.sys" |
        sed -n 's/^0*14000*\([0-9a-f]*\) t SpinsWrite$/\1/p')
    undis test stripped --only open-while-disabled --k 0 --out out
    exits 1
    prints "^FINDING  LIVELOCK_spins_silently\+$begin\$"
    [ "$(grep -c '^FINDING' <<<"$output")" = 1 ]
}

@test "waits-forever: an unload that never ends says what for" {
    finds waits-forever init-halt 'HANG_waits_forever!WaitsUnload' --k 0
    says 'event'
    says 'waits_forever\.c'
}

@test "pause-never-completes: NDIS waits for the filter" {
    finds pause-never-completes pause-restart-under-traffic 'HANG_' --k 0
    says 'waits for pause_never_completes to complete FilterPause'
}

@test "seh: bad user pointers are caught, and the driver is clean" {
    needs "$drivers/seh/seh.sys"
    undis test "$drivers/seh" --k 0 --out out
    exits 0
}

@test "a finding is a folder with everything in it" {
    finds bugcheck-itself open-while-disabled '0xE2' --k 0
    for file in finding.json trace dump analysis.txt diagram.txt scenario.yaml; do
        [ -s out/[0-9]*/$file ]
    done
}

@test "--json is one JSON document that agrees with the text" {
    needs "$drivers/bugcheck-itself"
    undis test "$drivers/bugcheck-itself" --only open-while-disabled --k 0 --first --out out --json
    exits 1
    [ -z "$stderr" ]
    printf '%s\n' "$output" | head -n 1 | grep -qx '{'
    prints '"exit": 1'
    prints '"bucket": "0xE2_bugcheck_itself!BugWrite"'
    prints '"preemptions": 0'
}

@test "a written scenario runs again to the same finding" {
    needs "$drivers/bugcheck-itself"
    undis test "$drivers/bugcheck-itself" --only open-while-disabled --k 0 --out one --write-scenario scenarios
    exits 1
    [ -s scenarios/open-while-disabled.yaml ]
    undis test "$drivers/bugcheck-itself" --scenario scenarios/open-while-disabled.yaml --k 0 --out two
    exits 1
    prints 'FINDING  0xE2_bugcheck_itself!BugWrite'
}

@test "a budget that ends first is exit 2, and is no certificate" {
    needs "$drivers/deadlock-abba"
    undis test "$drivers/deadlock-abba" --only open-while-disabled --k 3 --runs 5 --out out
    exits 2
    prints 'budget ended'
    printf '%s\n' "$output" | no grep -q 'exhausted'
}

@test "random strategies find what is found without preemption" {
    needs "$drivers/bugcheck-itself"
    for strategy in pos random; do
        undis test "$drivers/bugcheck-itself" --only open-while-disabled --strategy $strategy --runs 50 --out $strategy
        exits 1
        prints 'FINDING  0xE2_bugcheck_itself!BugWrite'
    done
}

@test "random strategies find what takes a preemption" {
    needs "$zoo/pause-check-race/npf.inf"
    for strategy in pos random; do
        undis test "$zoo/pause-check-race" --only write-while-disabled --strategy $strategy --runs 2000 \
            --out $strategy
        exits 1
        prints 'FINDING  0x3B_npf!NPF_Write'
    done
}

@test "output that is not a terminal has no progress lines" {
    needs "$drivers/deadlock-abba"
    undis test "$drivers/deadlock-abba" --only open-while-disabled --out out
    printf '%s%s' "$output" "$stderr" | no grep -q "$(printf '\r')"
}

@test "a driver with a megabyte of read-only data gives a whole finding" {
    needs "$drivers/pool-leak"
    command -v x86_64-w64-mingw32-gcc >/dev/null || skip "x86_64-w64-mingw32-gcc is not installed"
    printf 'extern const unsigned char Table[1 << 20];\nconst unsigned char Table[1 << 20] = { 1, 2, 3 };\n' >table.c
    "$UNDIS_BUILD_DIR/undis-cc" -O1 -I"$root/tests/drivers/common" "$root/tests/drivers/pool-leak/pool_leak.c" \
        "$root/tests/drivers/common/plain.c" table.c -o pool_leak.sys
    undis test pool_leak.sys --only init-halt --first --out out
    exits 1
    analysis out >analysis
    says 'PoolTracking-Leak'
    [ "$(wc -c <out/*/dump)" -gt 1000000 ]
    grep -qa 'cannot be run in DOS mode' pool_leak.sys && grep -qa 'cannot be run in DOS mode' out/*/dump
}
