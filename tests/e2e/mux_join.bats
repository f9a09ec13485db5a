#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mux_join.bats - intermediate drivers that join a machine that runs, and leave it; without rights or a network.

load common

built=$UNDIS_BUILD_DIR/drivers

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
    needs "$built/mux/mux.sys" "$built/mux5/mux5.sys" "$built/netmini/netmini.sys" "$built/ndisprot/ndisprot.sys"
    cat >m.yaml <<END
adapters:
  - { name: Ethernet, miniport: $built/netmini/netmini.inf, parameters: { Loopback: 1 } }
  - { name: Second, miniport: $built/netmini/netmini.inf, parameters: { Loopback: 1 } }
END
    timeout 60 "$UNDIS" run m.yaml --detach
}

teardown() {
    end_machines
}

# layers ADAPTER - the drivers over an adapter from the bottom, each with its state
layers() {
    "$UNDIS" status --json | jq -r --arg a "$1" \
        '[.adapters[] | select(.name == $a).layers[] | "\(.driver):\(.state)"] | join(" ")'
}

held() { # of what the machine holds, all but spare NBLs
    "$UNDIS" status --json | jq -c '.machine.memory | [.blocks - .nbls, .irps, .files]'
}

adapters() { # those that are there
    "$UNDIS" status --json | jq '[.adapters[] | select(.state == "enabled")] | length'
}

down() {
    timeout 30 "$UNDIS" stop
    grep -q 'nothing was left behind' undis/m.log
}

# joins_and_leaves DRIVER - four times, a program sending through the virtual adapter each time
joins_and_leaves() {
    undis driver load "$built/ndisprot"
    exits 0
    for round in 1 2 3 4; do
        undis driver load "$built/$1" Mux
        exits 0
        [ "$(layers Ethernet)" = "netmini:Running NDISPROT:Running $1:Running" ]
        [ "$(layers Mux)" = "$1:Running NDISPROT:Running" ]
        [ "$(adapters)" = 4 ] # one above each
        run timeout 20 "$built/ndisprot/rawframes"
        exits 0
        guid=$("$UNDIS" status --json | jq -r '.adapters[] | select(.name == "Mux").guid')
        at=$(grep -F "$guid" <<<"$output" | cut -d ' ' -f 1)
        run timeout 20 "$built/ndisprot/rawframes" "$at" send 5
        exits 0
        for below in Ethernet Second; do # which of the two it stands on is not said
            undis adapter disable $below
            exits 0
        done
        [ -z "$(layers Mux)" ] # it follows the one below
        for below in Ethernet Second; do
            undis adapter enable $below
            exits 0
        done
        [ "$(layers Mux)" = "$1:Running NDISPROT:Running" ]
        undis driver unload "$1"
        exits 0
        prints 'Mux +removed'
        [ "$(layers Ethernet)" = "netmini:Running NDISPROT:Running" ]
        [ "$(adapters)" = 2 ]
        [ $round -ne 2 ] || held >second
    done
    held | diff second -
    down
}

@test "mux joins: bound below, its virtual adapters up with what binds to them; unloading takes all of it away" {
    joins_and_leaves mux
}

@test "mux of NDIS 5 joins and leaves the same way" {
    joins_and_leaves mux5
}

@test "a name that is taken is refused; virtual adapters come back under the names they had" {
    undis driver load "$built/ndisprot"
    undis driver load "$built/mux" Mux
    exits 0
    refuses 4 'there is an adapter called "Mux"' driver load "$built/mux5" Mux
    undis driver unload mux
    exits 0
    refuses 4 'comes back under its name, "Mux"' driver load "$built/mux" Other
    undis driver load "$built/mux"
    exits 0
    [ "$(layers Mux)" = "mux:Running NDISPROT:Running" ]
    down
}

@test "two intermediate drivers stand one on the other, and go in either order" {
    for first in mux mux5; do
        undis driver load "$built/mux" Upper
        exits 0
        undis driver load "$built/mux5" Other
        exits 0
        [ "$(layers Upper)" = "mux:Running mux5:Running" ]
        undis driver unload $first
        exits 0
        undis driver unload mux5
        undis driver unload mux
        [ "$(adapters)" = 2 ]
    done
    down
}

@test "a packet that an intermediate driver leaks is a finding when it is unloaded" {
    needs "$zoo/im-leaks-packet/mux.sys"
    undis driver load "$zoo/im-leaks-packet" # its one INF says protocol
    exits 0
    prints 'miniport +mux +Running'
    undis driver unload mux # the machine ends of it, as Windows does
    exits 4
    for _ in $(seq 50); do
        [ -d findings ] && grep -q FINDING undis/m.log && break
        sleep 0.1
    done
    grep -q 'FINDING.*NblPoolNotEmpty.*mux!MuxHaltEx' undis/m.log
}
