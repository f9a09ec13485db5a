#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# race.bats - lost updates of plain memory, in builds with hooks, and what is left out by the cache.

load common

# race_build NAME - zoo/NAME with a hook before each access, in folder NAME
race_build() {
    local service=${1//-/_}
    needs "$zoo/$1" "$UNDIS_BUILD_DIR/lib/undisrt.lib"
    mkdir "$1"
    undis cc --race --cc clang -O2 "$root/zoo/$1/framecount.c" "$root"/zoo/common/{driver,passthru,send}.c \
        -o "$1/$service.sys"
    exits 0
    cp "$root/zoo/$1/$service.inf" "$1"
}

@test "lost-update: found in a --race build, with both stacks and what is held" {
    race_build lost-update
    undis test lost-update --only pause-restart-under-traffic --out out
    exits 1
    prints '^FINDING  DATA_RACE_lost_update!FcPassing'
    prints ', 1 preemption \(minimal'
    grep -q '^# planted: 0 [0-9a-f]* access hook$' out/01-*/trace
    grep -q '^The two accesses' out/01-*/analysis.txt
    [ "$(grep -c 'holding no lock' out/01-*/analysis.txt)" = 2 ]
    [ "$(sed -n '/^The two accesses/,/^In which/p' out/01-*/analysis.txt | grep -c 'framecount.c @')" -ge 2 ]
    undis replay out/01-* --times 2
    exits 1
}

@test "lost-update-fixed: clean in a --race build, and the certificate says what was watched" {
    race_build lost-update-fixed
    undis test lost-update-fixed --only pause-restart-under-traffic --out out
    exits 0
    prints '^  pause-restart-under-traffic .* 0 in 200 runs watched$'
}

@test "lost-update: found in a plain -O2 build, where the instruction itself becomes a point" {
    needs "$zoo/lost-update"
    grep -q -- -O2 "$root/zoo/lost-update/cc.flags"
    no grep -q race "$root/zoo/lost-update/cc.flags"
    undis test "$zoo/lost-update" --only pause-restart-under-traffic --out out
    exits 1
    prints '^FINDING  DATA_RACE_lost_update!FcPassing'
    prints ', 1 preemption \(minimal'
    grep -q '^# planted: 0 [0-9a-f]* plain access$' out/01-*/trace
    undis replay out/01-* --times 2
    exits 1
}

@test "lost-update-fixed: clean in a plain -O2 build, and the certificate says what was watched" {
    needs "$zoo/lost-update-fixed"
    undis test "$zoo/lost-update-fixed" --only pause-restart-under-traffic --out out
    exits 0
    prints '^  pause-restart-under-traffic .* 0 in 200 runs watched$'
}

# Every scenario of theirs is in zoo.bats; these two have the most going on at once.
@test "poll-ends-before-isr-fixed: registers that a card pulled out changed are no update that was lost" {
    needs "$zoo/poll-ends-before-isr-fixed"
    command -v clang-19 >/dev/null || command -v clang >/dev/null || skip "clang is not installed"
    cp "$root"/zoo/poll-ends-before-isr-fixed/*.inf .
    (cd "$root/zoo/poll-ends-before-isr-fixed" && xargs "$UNDIS" cc --cc clang -O2 \
        -o "$BATS_TEST_TMPDIR/poll_ends_before_isr_fixed.sys" <sources)
    undis test . --only surprise-removal-under-traffic --k 1 --out out
    exits 0
    prints 'surprise-removal-under-traffic +1 .*L0\+L1 and [0-9]+ plain'
}

@test "no race is reported on a driver that is said to be clean" {
    needs "$zoo/lost-update-fixed"
    n=0
    for readme in "$root"/drivers/*/README.md "$root"/zoo/*/README.md; do
        sed -n '2,/^---/p' "$readme" | grep -qx 'verdict: clean' || continue
        driver=$(dirname "$readme")
        driver=$UNDIS_BUILD_DIR/${driver#"$root/"}
        [ -d "$driver" ] || continue
        for scenario in pause-restart-under-traffic write-while-restarted; do
            undis test "$driver" --only $scenario --k 1 --out out
            exits 0
            no prints DATA_RACE
        done
        n=$((n + 1))
    done
    [ $n -ge 30 ]
}

@test "--race with gcc is refused by name" {
    undis cc --race "$root/zoo/lost-update/framecount.c" -o x.sys
    exits 64
    complains 'needs --cc clang'
}

# no_order_left_out DRIVER - the row that compare-traces printed: every bound compared, none differs, some orders equal
no_order_left_out() {
    [ "$status" = 0 ]
    awk -v driver="$1" '$1 == driver { split($2, b, "/"); good = b[1] > 0 && b[1] == b[2] && !$5 && $6 && !$7 }
                        END { exit !good }' <<<"$output"
}

@test "lost-update: the cache leaves no order of events out" {
    needs "$zoo/lost-update"
    command -v python3 >/dev/null || skip "no python3"
    run "$root/tools/compare-traces" --undis "$UNDIS" "$zoo/lost-update"
    no_order_left_out lost-update
}

# A timer that expires while its DPC runs is another order than one that expires before: time acts like a fiber.
@test "pause-from-dpc-fixed: no order of events with a timer is left out by the cache" {
    needs "$zoo/pause-from-dpc-fixed"
    command -v python3 >/dev/null || skip "no python3"
    run "$root/tools/compare-traces" --undis "$UNDIS" --only filter-insert-remove "$zoo/pause-from-dpc-fixed"
    no_order_left_out pause-from-dpc-fixed
}

# cuts_nothing_new SCENARIO DRIVER - one preemption in one scenario, where something once led the cache astray
cuts_nothing_new() {
    needs "$2"
    command -v python3 >/dev/null || skip "no python3"
    run "$root/tools/compare-traces" --undis "$UNDIS" --only "$1" "$2"
    no_order_left_out "${2##*/}"
}

@test "dpc-loses-cause: a VP whose DPCs are done is not taken for one whose DPC stands at its last point" {
    cuts_nothing_new interrupt-while-disabled "$zoo/dpc-loses-cause"
}

@test "nd5-reset-later: an order has one name, whoever allocated first" {
    cuts_nothing_new surprise-removal-under-traffic "$zoo/nd5-reset-later"
}

@test "ndisprot5: an order has one name, whoever made a lock's record" {
    cuts_nothing_new ioctl-while-disabled "$UNDIS_BUILD_DIR/drivers/ndisprot5"
}

@test "reads-processor: a processor that is read without a call is part of the order, with the cache and without" {
    needs "$UNDIS_BUILD_DIR/tests/drivers/reads-processor"
    for cache in '' --no-cache; do
        undis test "$UNDIS_BUILD_DIR/tests/drivers/reads-processor" --scenario "$root/tests/scenario/processor.yaml" \
            --k 1 $cache --out "out$cache"
        exits 1
        prints '^FINDING  0xE2_reads_processor!Control'
        prints ', 1 preemption \(minimal'
    done
}

# MINIMAL=all asks of every driver whose README states preemptions; that takes several minutes.
@test "a preemption less, with the cache off, shows no finding that is said to need it" {
    needs "$zoo/pause-check-race"
    command -v python3 >/dev/null || skip "no python3"
    set -- pause-check-race lost-update cancel-write-race-a
    [ "${MINIMAL:-}" != all ] ||
        set -- $(cd "$root/zoo" && grep -l '^preemptions: [1-9]' ./*/README.md | xargs -n 1 dirname)
    run "$root/tools/compare-traces" --undis "$UNDIS" --minimal --first "${@/#/$zoo/}"
    [ "$status" = 0 ]
    [ "$(grep -c ' exhausted$' <<<"$output")" -ge $# ]
}
