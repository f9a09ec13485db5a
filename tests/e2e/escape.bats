#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# escape.bats - a driver that speaks to Linux itself is stopped, and that is the finding.

load common

stopped() { # SCENARIO FUNCTION CALL
    needs "$drivers/escape/escape.sys"
    undis test "$drivers/escape" --only "$1" --k 0 --first --out out
    exits 1
    prints "FINDING +ESCAPE_escape!$2"
    analysis out | grep -Eiq "system call.*$3|$3.*system call"
}

@test "open by a raw system call" {
    stopped read-while-disabled EscapeRead open
}

@test "socket by a raw system call" {
    stopped ioctl-while-disabled EscapeDeviceControl socket
}

@test "the finding replays" {
    needs "$drivers/escape/escape.sys"
    undis test "$drivers/escape" --only read-while-disabled --k 0 --first --out out
    undis replay out/[0-9]* --times 5
    exits 1
    prints 'equal over 5 replays'
}

@test "in a machine that runs, too" {
    needs "$drivers/escape/escape.sys"
    needs "$UNDIS_BUILD_DIR/tests/programs/read_once"
    cd "$BATS_TEST_TMPDIR"
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
    printf 'adapters:\n  - { name: Ethernet, wire: loop }\ndrivers: [ %s ]\n' "$drivers/escape/escape.sys" >m.yaml
    timeout 20 "$UNDIS" run m.yaml --detach
    timeout 20 "$UNDIS_BUILD_DIR/tests/programs/read_once" '\\.\Escape' || true
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        grep -q FINDING undis/m.log && break
        sleep 0.5
    done
    grep -q 'FINDING *ESCAPE_escape!EscapeRead' undis/m.log
}
