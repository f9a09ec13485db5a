#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# os.bats - releases of Windows: one driver on each, and whose fault a failure is.

load common

# releases DRIVER - the table, one scenario of the battery
releases() {
    needs "$zoo/$1/nd5.inf"
    undis test "$zoo/$1" --os all --only pause-restart-under-traffic --out out
}

@test "serialized 5.x falls on win8cp only, and the release is to blame" {
    releases nd5-serialized
    exits 1
    prints '^win8cp .* finding .*0xC2_nd5!Nd5Timer +the release$'
    [ "$(grep -c ' clean ' <<<"$output")" = 5 ]
}

@test "deserialized 5.x stands on every release" {
    releases nd5-deserialized
    exits 0
    [ "$(grep -c ' clean ' <<<"$output")" = 6 ]
}

@test "a serialized driver that completes twice itself is blamed on every release" {
    releases nd5-completes-twice
    exits 1
    [ "$(grep -c 'finding .* the driver$' <<<"$output")" = 6 ]
}

@test "a finding on another release is replayed on that release" {
    needs "$zoo/nd5-serialized/nd5.inf"
    undis test "$zoo/nd5-serialized" --os win8cp --first --only pause-restart-under-traffic --out found
    exits 1
    prints "whose fault: the release"
    undis replay found/01-*
    exits 1
    prints '^bugcheck 0xC2'
}

@test "a release that is not there is refused" {
    needs "$zoo/nd5-serialized/nd5.inf"
    undis test "$zoo/nd5-serialized" --os win95
    exits 64
    complains 'win95'
}
