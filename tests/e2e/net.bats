#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# net.bats - undis net on a stack file: what binds, and switching it off and on.

load common

filter=$UNDIS_BUILD_DIR/drivers/npf
protocol=$UNDIS_BUILD_DIR/drivers/ndisprot

stack() {
    needs "$filter/npf.sys" "$protocol/ndisprot.sys"
    {
        printf 'adapters:\n  # the first\n  - name: Ethernet\n    wire: "loop:"\n\n'
        printf '  - name: Other\n    wire: "loop:"\n'
    } >s.yaml
    printf 'filters: [%s]\nprotocols: [%s]\n' "$filter" "$protocol" >>s.yaml
}

# state ADAPTER COMPONENT
state() {
    undis net show s.yaml --json
    jq -r --arg a "$1" --arg c "$2" '.[] | select(.name == $a).bindings[] | select(.component == $c).state' <<<"$output"
}

@test "what the INFs let bind is bound, and can be switched off at one adapter and on again" {
    stack
    cp s.yaml before.yaml
    undis net show s.yaml
    exits 0
    prints '^Ethernet  wirenic$'
    prints 'filter +npf +enabled, class diagnostic$'
    undis net disable s.yaml Ethernet npf
    exits 0
    [ "$(state Ethernet npf)" = disabled ]
    [ "$(state Other npf)" = enabled ]
    undis net disable s.yaml Ethernet ndisprot
    grep -q '^    unbound: \[npf, ndisprot\]$' s.yaml
    undis net enable s.yaml Ethernet npf
    exits 0
    [ "$(state Ethernet npf)" = enabled ]
    [ "$(state Ethernet ndisprot)" = disabled ]
    undis net enable s.yaml Ethernet ndisprot
    grep -v unbound s.yaml >after.yaml
    cmp before.yaml after.yaml
}

@test "a filter of another medium does not bind" {
    stack
    mkdir wlan
    cp "$filter"/* wlan
    sed -i 's/FilterMediaTypes, , "ethernet"/FilterMediaTypes, , "wlan"/' wlan/npf.inf
    sed -i "s|$filter|wlan|" s.yaml
    [ "$(state Ethernet npf)" = "does not bind" ]
    undis net disable s.yaml Ethernet npf
    exits 4
    complains 'no interface in common'
}

@test "undis run refuses a malformed .reg file with its line" {
    stack
    printf 'REGEDIT4\n[HKLM\\a]\n"b"=what\n' >bad.reg
    undis run s.yaml --reg bad.reg
    exits 4
    complains 'bad.reg.*line 3.*a value is a'
}

@test "an adapter, a component or a file that is not there is named" {
    stack
    undis net disable s.yaml Nowhere npf
    exits 4
    complains 'no adapter called "Nowhere"'
    undis net disable s.yaml Ethernet nothing
    exits 4
    complains 'the service "nothing"'
    undis net show nowhere.yaml
    exits 4
    undis net
    exits 64
}
