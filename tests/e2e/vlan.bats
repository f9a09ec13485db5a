#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# vlan.bats - the virtual LAN card in three generations.

load common

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
}

@test "a serialized card falls on win8cp only, and the release is to blame" {
    timeout 200 "$UNDIS" test "$UNDIS_BUILD_DIR/drivers/vlan-card5s" --os all --only read-while-sent \
        --out out >table || true
    cat table
    [ "$(grep -c ' clean ' table)" -eq 5 ]
    grep -Eq '^win8cp .* finding +0xC2_vlancard5s!EdgeComplete .* the release$' table
}

@test "the deserialized and the NDIS 6 card stand on every release" {
    for card in vlan-card5 vlan-card; do
        timeout 200 "$UNDIS" test "$UNDIS_BUILD_DIR/drivers/$card" --os all --only read-while-sent --out out >table
        [ "$(grep -c ' clean ' table)" -eq 6 ]
    done
}

@test "the serialized card: the battery is clean" {
    timeout 300 "$UNDIS" test "$UNDIS_BUILD_DIR/drivers/vlan-card5s" --k 1 --out out
}

@test "a card's event: one file has it, and it is given back when that file is closed" {
    for card in vlan-card/vlancard vlan-card5/vlancard5 vlan-card5s/vlancard5s; do
        "$UNDIS" test "$UNDIS_BUILD_DIR/drivers/$card.inf" "$drivers/card-event/card_event.sys" --only init-halt \
            --first --out "${card#*/}" || true
        cat "${card#*/}"/[0-9]*/analysis.txt >analysis
        no grep 'FAIL event' analysis
        [ "$(grep -c 'PASS event' analysis)" -eq 2 ]
    done
}
