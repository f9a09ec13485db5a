#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ddi.bats - tests of the DDI from inside a driver (tests/ddi); the driver stops with (passed, failed, 0, 0).

load common

setup_file() {
    [ -e "$UNDIS_BUILD_DIR/tests/ddi/ddi.sys" ] || return 0
    cd "$BATS_FILE_TMPDIR" || return 1
    "$UNDIS" test "$UNDIS_BUILD_DIR/tests/ddi" --only init-halt --first --out out >log 2>&1 || true
    cat out/[0-9]*/analysis.txt >analysis 2>/dev/null || cat log >analysis
    grep -Eo '(PASS|FAIL) [a-z0-9]+ [a-z0-9_]+.*' analysis >results || true
}

setup() {
    needs "$UNDIS_BUILD_DIR/tests/ddi/ddi.sys"
    cd "$BATS_FILE_TMPDIR" || return 1
}

# group NAME FILE - every test its source has is there and passed
group() {
    count=$(sed -n '/^DDI_TESTS/,$p' "$root/tests/ddi/$2.c" | grep -o '{ "[a-z0-9_]*"' | wc -l)
    grep "^FAIL $1 " results && return 1
    passed=$(grep -c "^PASS $1 " results || true)
    [ "$passed" -eq "$count" ] || {
        echo "$passed of $count tests of $1 passed"
        cat analysis
        return 1
    }
}

@test "ddi: strings, conversions, formatting, bitmaps" { group rtl rtl; }
@test "ddi: interlocked operations" { group atomic atomic; }
@test "ddi: pools, lookaside lists, rundown, mutexes, resources" { group ex ex; }
@test "ddi: IRQL, locks, dispatcher objects, DPCs, timers, threads" { group ke ke; }
@test "ddi: memory descriptor lists" { group mm mm; }
@test "ddi: registry" { group cm cm; }
@test "ddi: devices, IRPs, cancel, work items" { group io io; }
@test "ddi: IRPs of a driver's own, cancel-safe queues, StartIo" { group irp io_irp; }
@test "ddi: stacks of devices, files, interfaces, notifications" { group dev io_dev; }
@test "ddi: net buffer lists" { group nbl nbl; }
@test "ddi: NDIS 5.x: packets, buffers, timers, registration" { group nd5 nd5; }
@test "ddi: counted strings of either width, conversions" { group string rtl_string; }
@test "ddi: the C library" { group crt rtl_crt; }
@test "ddi: bits, tables, versions, addresses, run-once" { group misc rtl_misc; }
@test "ddi: security" { group se se; }
@test "ddi: pools of every kind, lists, lookaside lists" { group pool ex_pool; }
@test "ddi: locks of every kind" { group lock ex_lock; }
@test "ddi: work items, callbacks, timers, DPCs" { group exec ex_exec; }
@test "ddi: processors, time, stacks, device queues" { group cpu ke_cpu; }
@test "ddi: objects and handles" { group ob ob; }
@test "ddi: threads and processes" { group ps ps; }
@test "ddi: event tracing" { group etw etw; }
@test "ddi: pages, mappings, probes" { group pages mm_pages; }
@test "ddi: keys" { group key cm_key; }
@test "ddi: power" { group po po; }
@test "ddi: net buffers, fragments, out-of-band data" { group lists nbl_more; }
@test "ddi: NDIS 5.x by calls in place of macros" { group binary nd5_binary; }
@test "ddi: services of NDIS" { group ndis ndis_misc; }

@test "ddi: the driver counted no failure" {
    grep -Eq '^MANUALLY_INITIATED_CRASH \(e2\)' analysis
    grep -Eq '^Arg2: 0+\b' analysis
}

# inside FOLDER GROUP SOURCE - the tests of a driver of its own: all are there, and passed
inside() {
    needs "$UNDIS_BUILD_DIR/tests/ddi/$1"
    undis test "$UNDIS_BUILD_DIR/tests/ddi/$1" --only init-halt --first --out "$1"
    cat "$1"/[0-9]*/analysis.txt >"$1.txt" 2>/dev/null || printf '%s\n%s\n' "$output" "$stderr" >"$1.txt"
    grep -E "FAIL $2 " "$1.txt" && return 1
    count=$(sed -n '/^DDI_TESTS/,/;/p' "$root/tests/ddi/$1/$3.c" | grep -o '{ "[a-z0-9_]*"' | wc -l)
    [ "$(grep -Ec "PASS $2 [a-z0-9_]+" "$1.txt")" -eq "$count" ] || {
        cat "$1.txt"
        return 1
    }
}

@test "ddi: exceptions, finally blocks, frames; KeBugCheck has no parameters" {
    inside seh seh seh
    grep -Eq '^MANUALLY_INITIATED_CRASH \(e2\)' seh.txt
    [ "$(grep -Ec '^Arg[1-4]: 0+\b' seh.txt)" -eq 4 ]
}
@test "ddi: a miniport, a filter and a protocol over one another" { inside stack stack tests; }
@test "ddi: ports, and events of a miniport" { inside stack ports ports; }
@test "ddi: check-for-hang, and reset" { inside stack reset reset; }
@test "ddi: poll mode" { inside stack poll poll; }
@test "ddi: an adapter's device: properties, keys, requests of PnP, power and programs" { inside stack device device; }
@test "ddi: wake-up patterns, protocol offloads, and what is enabled in low power" { inside stack pm pm; }
@test "ddi: what may wake an NDIS 6.1 miniport" { inside stack-older older older; }
@test "ddi: selective suspend" { inside stack idle idle; }
@test "ddi: a protocol that leaves" { inside stack leave leave; }

@test "ddi: whichever allocation fails, it says so as documented, and asked again it does its work" {
    needs "$UNDIS_BUILD_DIR/tests/ddi/refused"
    undis test "$UNDIS_BUILD_DIR/tests/ddi/refused" --only load-unload -v --out refused
    [ "$status" -eq 0 ]
    grep -Eq '^ +load-unload +0 .* 1 with k <= 0 ' <<<"$output"
    no grep FAIL <<<"$output"
    count=$(sed -n '/^DDI_TESTS/,/;/p' "$root/tests/ddi/refused/tests.c" | grep -o '{ "[a-z0-9_]*"' | wc -l)
    [ "$(grep -c 'PASS refused' <<<"$output")" -eq "$count" ]
}

# nd5 FOLDER - the tests of tests/ddi/nd5-stack, whose port takes its sends one by one or as arrays
nd5() {
    needs "$UNDIS_BUILD_DIR/tests/ddi/$1"
    undis test "$UNDIS_BUILD_DIR/tests/ddi/$1" --only init-halt --first --out "$1"
    cat "$1"/[0-9]*/analysis.txt >"$1.txt" 2>/dev/null || printf '%s\n%s\n' "$output" "$stderr" >"$1.txt"
    grep -E 'FAIL stack5' "$1.txt" && return 1
    count=$(sed -n '/^DDI_TESTS/,/;/p' "$root/tests/ddi/nd5-stack/tests.c" | grep -o '{ "[a-z0-9_]*"' | wc -l)
    [ "$(grep -Ec 'PASS stack5 [a-z_]+' "$1.txt")" -eq "$count" ] || {
        cat "$1.txt"
        return 1
    }
}

@test "ddi: NDIS 5: a miniport, an intermediate one and a protocol over them" { nd5 nd5-stack; }
@test "ddi: NDIS 5: the same with MiniportSendPackets" { nd5 nd5-arrays; }

@test "ddi: NDIS 5: interrupts, resources and shared memory of a card" { inside nd5-hw hw5 hw5; }

@test "ddi: NDIS 5: shared memory that was asked for is told before the adapter is halted, and none is promised then" {
    needs "$UNDIS_BUILD_DIR/tests/drivers/asks-memory5/asks_memory5.sys"
    printf '%s\n' 'name: asks' 'actors:' '  - name: a' '    kind: admin' \
        '    ops: [ { op: wait, ms: 10 }, disable, enable, { op: wait, ms: 10 }, disable ]' >asks.yaml
    undis test "$UNDIS_BUILD_DIR/tests/drivers/asks-memory5" --scenario asks.yaml --k 2 --faults 0 --out asks
    exits 0
    prints 'asks +clean +k<=2 exhausted'
}

@test "ddi: NDIS 5: the shutdown handler that was registered last is called, with its context, at PASSIVE_LEVEL" {
    printf 'name: off\nactors: [ { name: a, kind: admin, ops: [load, shutdown] } ]\n' >off.yaml
    timeout 60 "$UNDIS" test "$UNDIS_BUILD_DIR/tests/ddi/nd5-stack" --scenario off.yaml --k 0 --faults 0 --first \
        --out off || true
    cat off/*/analysis.txt >analysis
    grep -q '^BUGCHECK_P1: 5d$' analysis
    grep -q '^BUGCHECK_P2: 1$' analysis
    grep -q '^BUGCHECK_P3: 0$' analysis
}

# hardware FOLDER - the tests of tests/ddi/hw-msi with the card on a line or with messages
hardware() {
    needs "$UNDIS_BUILD_DIR/tests/ddi/$1"
    undis test "$UNDIS_BUILD_DIR/tests/ddi/$1" --only init-halt --first --out "$1"
    cat "$1"/[0-9]*/analysis.txt >"$1.txt" 2>/dev/null || printf '%s\n%s\n' "$output" "$stderr" >"$1.txt"
    grep -E 'FAIL hw' "$1.txt" && return 1
    count=$(sed -n '/^DDI_TESTS/,/;/p' "$root/tests/ddi/hw-msi/hw.c" | grep -o '{ "[a-z0-9_]*"' | wc -l)
    [ "$(grep -Ec 'PASS hw [a-z_]+' "$1.txt")" -eq "$count" ] || {
        cat "$1.txt"
        return 1
    }
}

@test "ddi: hardware of a miniport, interrupts by line" { hardware hw-line; }
@test "ddi: hardware of a miniport, interrupts by message" { hardware hw-msi; }

@test "ddi --status: counts what is exported and what the given drivers called" {
    needs "$UNDIS_BUILD_DIR/tests/ddi/ddi.sys"
    undis ddi --status "$UNDIS_BUILD_DIR/tests/ddi"
    [ "$status" -eq 1 ]
    # module, exported, tested, named, seen: more than a hundred are called, never more than there are
    awk '$1 == "all" { found = $2 >= $3 && $3 > 100 && $4 >= $5 && $5 > 0 } END { exit !found }' <<<"$output"
}

# The hooks of undisrt are called by what undis cc --race builds, kernel32 by programs; they are tested there.
@test "ddi --status: these drivers call every export, and see a failure of each whose page names some" {
    for folder in tests/ddi tests/ddi/hw-line tests/ddi/hw-msi tests/ddi/stack tests/ddi/seh tests/ddi/nd5-stack \
        tests/ddi/nd5-arrays tests/ddi/nd5-hw tests/ddi/refused tests/drivers/reinitializes zoo/nd5-protocol \
        zoo/nd5-serialized zoo/nd5-deserialized drivers/mux5; do
        needs "$UNDIS_BUILD_DIR/$folder"
        set -- "$@" "$UNDIS_BUILD_DIR/$folder"
    done
    undis ddi --status -v "$@"
    [ "$status" -eq 1 ]
    sed -n 's/^ *not tested *//p' <<<"$output" | grep -Ev '^(undisrt|kernel32)!' | sort -u >untested
    sed 's/#.*//; /^$/d; s/ .*//' "$root/tests/ddi/untested.txt" | sort -u >reasons
    diff reasons untested
    no grep 'no failure seen' <<<"$output"
}

@test "ddi --status: without a driver nothing is tested, and names that nothing exports are counted" {
    printf '# a comment\nDbgPrint\nNoSuchFunction\n' >wanted
    undis ddi --status -v --wanted wanted
    [ "$status" -eq 1 ]
    [[ "$output" == *"lacking          NoSuchFunction"* ]]
    [[ "$output" == *"2 names wanted, 1 lacking"* ]]
    awk '$1 == "all" { found = $3 == 0 } END { exit !found }' <<<"$output"
}

@test "ddi --status: a list that is not there" {
    undis ddi --status --wanted nowhere.txt
    [ "$status" -eq 4 ]
    [[ "$output$stderr" == *"nowhere.txt: cannot be read"* ]]
}
