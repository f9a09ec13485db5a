#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# replay.bats - a finding happens again, to the last byte: same stop code, step, memory and events.

load common

setup_file() {
    [ -e "$zoo/pause-check-race/npf.inf" ] || return 0
    cd "$BATS_FILE_TMPDIR" || return 1
    cp -r "$zoo/pause-check-race" driver
    "$UNDIS" test "$PWD/driver" --only write-while-disabled --first --out out >log 2>&1 || true
    mv out/[0-9]* finding || cat log
    "$UNDIS" replay finding >expected 2>&1 || true
}

setup() {
    needs "$zoo/pause-check-race/npf.inf"
    cd "$BATS_FILE_TMPDIR" || return 1
}

same() {
    diff expected <(printf '%s\n' "$output")
}

@test "a replay prints stop code, step, and the hashes of memory and events" {
    undis replay finding
    exits 1
    prints '^bugcheck 0x3B \('
    prints '^step [0-9]+$'
    prints '^arena sha256 [0-9a-f]{64}$'
    prints '^events sha256 [0-9a-f]{64}$'
}

@test "the hashes are those of the finding" {
    grep -q "$(sed -n 's/^arena sha256 //p' expected)" finding/finding.json
    grep -q "$(sed -n 's/^events sha256 //p' expected)" finding/finding.json
}

@test "a hundred replays are equal" {
    undis replay finding --times 100
    exits 1
    prints 'equal over 100 replays'
    output=$(printf '%s\n' "$output" | grep -v 'equal over')
    same
}

@test "equal across processes" {
    for i in 1 2 3 4 5; do
        undis replay finding
        exits 1
        same
    done
}

@test "equal without any environment" {
    run --separate-stderr env -i "$UNDIS" replay finding
    exits 1
    same
}

@test "equal with a large environment" {
    big=()
    for i in $(seq 200); do big+=("FILLER_$i=$(printf 'x%.0s' $(seq 400))"); done
    run --separate-stderr env "${big[@]}" LANG=tr_TR.UTF-8 TZ=Asia/Tokyo LD_BIND_NOW=1 MALLOC_PERTURB_=165 \
        "$UNDIS" replay finding
    exits 1
    same
}

@test "equal with address space randomization on and off" {
    command -v setarch >/dev/null || skip "setarch is not installed"
    setarch -R true 2>/dev/null || skip "personality(ADDR_NO_RANDOMIZE) is not allowed here"
    run --separate-stderr setarch -R "$UNDIS" replay finding
    exits 1
    same
}

@test "equal with a small and with an unlimited stack" {
    for limit in 512 unlimited; do
        run --separate-stderr bash -c 'ulimit -S -s "$0" 2>/dev/null; exec "$@"' $limit "$UNDIS" replay finding
        exits 1
        same
    done
}

@test "equal from another folder, with the driver elsewhere" {
    mkdir -p elsewhere/deep
    cp -r driver elsewhere/deep/moved
    cp -r finding elsewhere/copied
    cd elsewhere
    undis replay copied --driver deep/moved
    exits 1
    cd ..
    same
}

@test "equal under another build of undis" {
    [ -n "${UNDIS_CLANG:-}" ] || skip "UNDIS_CLANG names no undis built by clang"
    run --separate-stderr "$UNDIS_CLANG" replay finding
    exits 1
    same
}

@test "another build of the driver is refused by name" {
    rm -rf other
    cp -r driver other
    printf '\0' >>other/npf.sys
    undis replay finding --driver other
    exits 4
    one_sentence 'undis replay'
    complains 'npf.sys: .*another build'
}

@test "a driver that is gone is named" {
    undis replay finding --driver nowhere
    exits 4
    one_sentence 'undis replay'
    complains 'nowhere: the driver is not there any more; --driver'
}

@test "a trace that was edited by hand is refused at its line" {
    rm -rf edited
    cp -r finding edited
    echo 'this is no choice' >>edited/trace
    undis replay edited
    exits 4
    one_sentence 'undis replay'
    complains 'edited/trace: line'
}

@test "a finding without its preemption does not happen again" {
    rm -rf passing
    cp -r finding passing
    sed -i '/^#/!d' passing/trace
    undis replay passing
    exits 3
    complains 'undis replay: '
}
