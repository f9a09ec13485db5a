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
    prints '^win8cp .* finding .*0xC2_nd5!Nd5Timer .* the release$'
    [ "$(grep -c ' clean ' <<<"$output")" = 5 ]
    [ "$(grep -c ' 1 of 1 ' <<<"$output")" = 2 ] # the others answer as vista does
}

@test "deserialized 5.x stands on every release" {
    releases nd5-deserialized
    exits 0
    [ "$(grep -c ' clean ' <<<"$output")" = 6 ]
    [ "$(grep -c ' 1 of 1 ' <<<"$output")" = 1 ]
    run jq -r '"\(.os) \(.searched_on)"' out/*/certificates/pause-restart-under-traffic.json
    prints '^vista null$'
    prints '^win10 vista$'
}

@test "a serialized vlan-card falls on win8cp only, the release is to blame; the other two stand everywhere" {
    for card in vlan-card vlan-card5 vlan-card5s; do
        needs "$UNDIS_BUILD_DIR/drivers/$card"/*.sys
        undis test "$UNDIS_BUILD_DIR/drivers/$card" --os all --only read-while-sent --k 0 --out out
        if [ $card = vlan-card5s ]; then
            exits 1
            prints '^win8cp .* finding .*0xC2_vlancard5s!EdgeComplete .* the release$'
            [ "$(grep -c ' clean ' <<<"$output")" = 5 ]
        else
            exits 0
            [ "$(grep -c ' clean ' <<<"$output")" = 6 ]
        fi
    done
}

# sets RELEASE - which orders of events a search of that release met, bound by bound
sets() {
    "$UNDIS" test "$zoo/nd5-serialized" --os "$1" --only disable-enable --json --out out | jq -c '[.scenarios[].bounds]'
}

@test "what is not searched again on another release would have been the same, to the order of events" {
    needs "$zoo/nd5-serialized/nd5.inf"
    undis test "$zoo/nd5-serialized" --os all --only disable-enable --out out
    [ "$(grep -c ' 0 of 1 ' <<<"$output")" -ge 4 ]
    sets vista >vista
    grep -q trace_set vista
    for release in win7 win8 win10; do sets $release | diff vista -; done
}

@test "a driver that asks for the version is searched on each release that answers otherwise" {
    for driver in asks-version reads-version; do
        needs "$drivers/$driver/${driver/-/_}.sys"
        undis test "$drivers/$driver" --os all --only init-halt --out out
        exits 1
        prints '^win7 .* finding .* 1 of 1 .* the driver$'
        [ "$(grep -c ' clean ' <<<"$output")" = 5 ]
    done
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
