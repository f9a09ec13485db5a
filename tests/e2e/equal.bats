#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# equal.bats - builds of undis by other compilers, or with sanitizers, agree to the last byte.
#
# UNDIS_OTHERS names the other executables, with colons between; UNDIS_CLANG is one more.

load common

setup_file() {
    local other list=${UNDIS_OTHERS:-}:${UNDIS_CLANG:-}

    IFS=: read -ra others <<<"$list"
    for other in "${others[@]}"; do
        [ -n "$other" ] && printf '%s\n' "$other" >>"$BATS_FILE_TMPDIR/others"
    done
    return 0
}

setup() {
    [ -s "$BATS_FILE_TMPDIR/others" ] || skip "neither UNDIS_OTHERS nor UNDIS_CLANG names another build of undis"
    cd "$BATS_TEST_TMPDIR" || return 1
}

# agree FOLDER... - every build replays each finding of these drivers as the one that found it
agree() {
    local driver other finding count=0

    for driver; do
        "$UNDIS" test "$driver" --time 2 --out "out-${driver##*/}" >log 2>&1 || true
    done
    for finding in out-*/[0-9]*; do
        [ -e "$finding/trace" ] || continue
        "$UNDIS" replay "$finding" >expected 2>&1 || true
        while read -r other; do
            echo "$finding under $other"
            "$other" replay "$finding" >got 2>&1 || true
            diff expected got
        done <"$BATS_FILE_TMPDIR/others"
        count=$((count + 1))
    done
    [ "$count" -gt 0 ]
}

@test "replays of the zoo are equal under each build" {
    needs "$zoo/pause-check-race/npf.inf"
    agree "$zoo"/pause-*
}

@test "replays of drivers that misbehave are equal under each build" {
    needs "$drivers/double-free"
    agree "$drivers"/*
}

@test "each build finds the same by itself" {
    needs "$zoo/pause-check-race/npf.inf"
    "$UNDIS" test "$zoo/pause-check-race" --only write-while-disabled --first --out ours >log 2>&1 || true
    while read -r other; do
        rm -rf theirs
        "$other" test "$zoo/pause-check-race" --only write-while-disabled --first --out theirs >log 2>&1 || true
        diff ours/*/trace theirs/*/trace
        diff <(grep sha256 ours/*/finding.json) <(grep sha256 theirs/*/finding.json)
    done <"$BATS_FILE_TMPDIR/others"
}
