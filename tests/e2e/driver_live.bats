#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# driver_live.bats - drivers that join a machine that runs, and leave it; nothing here needs rights or a network.

load common

built=$UNDIS_BUILD_DIR/drivers
echo=$UNDIS_BUILD_DIR/tests/programs/npf_echo

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
    needs "$built/npf/npf.sys" "$built/netmini/netmini.sys"
    cat >m.yaml <<END
adapters:
  - { name: Ethernet, miniport: $built/netmini/netmini.inf, parameters: { Loopback: 1 } }
END
    timeout 60 "$UNDIS" run m.yaml --detach
}

teardown() {
    end_machines
}

# layers [ADAPTER] - the drivers over an adapter from the bottom, each with its state
layers() {
    "$UNDIS" status --json | jq -r --arg a "${1:-Ethernet}" \
        '[.adapters[] | select(.name == $a).layers[] | "\(.driver):\(.state)"] | join(" ")'
}

# device - npf's at the first adapter
device() {
    printf '\\\\.\\NPF_%s' "$("$UNDIS" status --json | jq -r '.adapters[0].guid')"
}

down() {
    timeout 30 "$UNDIS" stop
    grep -q 'nothing was left behind' undis/m.log
}

@test "a filter joins, works, leaves and joins again; what the machine holds stays the same" {
    for round in 1 2 3 4 5 6; do
        undis driver load "$built/npf/npf.inf"
        exits 0
        prints 'npf +Running'
        run timeout 20 "$echo" "$(device)" 20
        exits 0
        prints '20 frames back'
        undis driver unload npf
        exits 0
        [ "$(layers)" = "netmini:Running" ]
        [ $round -ne 2 ] || "$UNDIS" status --json | jq -c '.machine.memory | [.blocks - .nbls, .irps, .files]' >second
    done
    "$UNDIS" status --json | jq -c '.machine.memory | [.blocks - .nbls, .irps, .files]' | diff second -
    down
}

# null-filter comes without an INF: its class is compression, npf's diagnostic.
@test "filters are inserted by their class, whichever comes first" {
    undis driver load "$UNDIS_BUILD_DIR/tests/drivers/null-filter"
    exits 0
    first=$(layers)
    undis driver load "$built/npf"
    exits 0
    both=$(layers)
    undis driver unload null_filter
    exits 0
    undis driver unload npf
    undis driver load "$built/npf"
    undis driver load "$UNDIS_BUILD_DIR/tests/drivers/null-filter"
    exits 0
    [ "$first" != "$both" ]
    [ "$(layers)" = "$both" ]
    down
}

@test "a protocol binds to the adapters that run; it does not leave while a program has its device open" {
    undis driver load "$built/ndisprot/ndisprot.inf"
    exits 0
    prints 'NDISPROT +Running'
    run timeout 20 "$built/ndisprot/rawframes"
    exits 0
    prints 'Ethernet|DEVICE|Device'
    "$built/ndisprot/rawframes" 0 receive 10 3>&- >held 2>&1 &
    for _ in $(seq 100); do
        [ "$("$UNDIS" status --json | jq .machine.memory.files)" -eq 0 ] || break
        sleep 0.05
    done
    refuses 4 'has a device of the driver "ndisprot" open' driver unload ndisprot
    kill -9 %%
    wait %% 2>/dev/null || true
    for _ in $(seq 100); do
        [ "$("$UNDIS" status --json | jq .machine.memory.files)" -ne 0 ] || break
        sleep 0.05
    done
    undis driver unload ndisprot
    exits 0
    no prints NDISPROT
    down
}

@test "a miniport brings an adapter, others join above it, and it goes with its driver" {
    undis driver load "$built/npf"
    exits 0
    for round in 1 2 3; do
        undis driver load "$built/vlan-card" Card
        exits 0
        [ "$(layers Card)" = "vlancard:Running npf:Running" ]
        undis adapter disable Card
        exits 0
        undis adapter enable Card
        exits 0
        [ "$(layers Card)" = "vlancard:Running npf:Running" ]
        refuses 4 'is loaded already' driver load "$built/vlan-card" Second
        "$UNDIS_BUILD_DIR/tests/programs/vlancard_wrong" VlanCard0 hold >held 3>&- &
        for _ in $(seq 100); do
            grep -q holding held && break
            sleep 0.05
        done
        refuses 4 'has a device of the driver "vlancard" open' driver unload vlancard
        [ "$(layers Card)" = "vlancard:Running npf:Running" ]
        kill -9 %%
        wait %% 2>/dev/null || true
        for _ in $(seq 100); do
            [ "$("$UNDIS" status --json | jq .machine.memory.files)" -ne 0 ] || break
            sleep 0.05
        done
        rm held
        undis driver unload vlancard
        exits 0
        prints 'Card +removed'
    done
    down
}

@test "another build of a driver that left is the one that runs" {
    needs "$zoo/pause-never-cleared/npf.sys"
    cp -r "$built/npf" mine
    for _ in 1 2 3; do
        cp "$built/npf/npf.sys" mine/npf.sys
        undis driver load mine
        exits 0
        run timeout 20 "$echo" "$(device)" 2
        exits 0
        undis driver unload npf
        exits 0
        cp "$zoo/pause-never-cleared/npf.sys" mine/npf.sys
        undis driver load mine
        exits 0
        run timeout 20 "$echo" "$(device)" 2 # this one has no such control code
        exits 1
        prints 'adapter name: .*status 0xc0000010'
        undis driver unload npf
        exits 0
    done
    down
}

@test "adapters of the stack file come back with their driver, as they were" {
    undis driver unload netmini
    exits 0
    prints 'Ethernet +removed'
    undis driver load "$built/npf"
    undis driver load "$built/netmini"
    exits 0
    [ "$(layers)" = "netmini:Running npf:Running" ]
    run timeout 20 "$echo" "$(device)" 20 # Loopback is a parameter of the file
    exits 0
    prints '20 frames back'
    refuses 4 'there is an adapter called "Ethernet"' driver load "$built/vlan-card" Ethernet
    down
}

@test "what a driver leaves behind when it is unloaded is told then, and is a finding" {
    needs "$drivers/pool-leak/pool_leak.sys"
    undis driver load "$drivers/pool-leak"
    exits 0
    refuses 1 'left something behind' driver unload pool_leak
    timeout 30 "$UNDIS" stop
    for _ in $(seq 50); do
        [ -d findings ] && grep -q FINDING undis/m.log && break
        sleep 0.1
    done
    grep -q 'pool_leak' findings/*/analysis.txt
}

@test "a driver that cannot join is refused in one sentence, and the machine goes on" {
    refuses 4 'No such file' driver load nowhere.inf
    printf 'no driver' >text.sys
    refuses 4 'text.sys' driver load text.sys
    refuses 4 'is loaded already' driver load "$built/netmini"
    refuses 4 'it brings no adapter' driver load "$built/npf" Second
    refuses 4 'it brings no adapter' driver load "$built/npf" --hostif lan0
    refuses 4 'hostif: ' driver load "$built/vlan-card" Second --hostif 'no:such'
    refuses 4 'DriverEntry of .* returned 0x' driver load "$drivers/entry-fails"
    refuses 4 'no driver called "nope" is loaded' driver unload nope
    refuses 64 'load and a file' driver swap npf
    [ "$(layers)" = "netmini:Running" ]
    down
}
