#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mux_live.bats - real traffic through intermediate drivers of both generations, with and without a VLAN.
#
#     lan0 - hostif - mux - npf - wirenic ==== wirenic - npf - mux5 - hostif - lan0

load common

# machine NAME MUX VLAN ADDRESS
machine() {
    cat >"$1.yaml" <<END
adapters:
  - { name: Ethernet, wire: "link:$PWD/cable", parameters: { NetworkAddress: 02-00-00-00-00-0$4 } }
  - { name: Mux, miniport: $UNDIS_BUILD_DIR/drivers/$2, hostif: lan0 }
filters: [ $UNDIS_BUILD_DIR/drivers/npf/npf.inf ]
protocols:
  - { driver: $UNDIS_BUILD_DIR/drivers/$2, parameters: { Ports: 1, Vlan0: $3 } }
END
    timeout 20 "$UNDIS" run "$1.yaml" --detach --netns new
    on "$1" ip addr add "10.7.0.$4/24" dev lan0
    on "$1" ip link set lan0 up
}

on() { # MACHINE COMMAND...
    local name=$1
    shift
    nsenter -t "$(cat "undis/$name/lock")" -U -n --preserve-credentials timeout 60 "$@"
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
    for tool in unshare nsenter ip ping; do
        command -v "$tool" >/dev/null || skip "$tool is not installed"
    done
    [ -w /dev/net/tun ] || skip "/dev/net/tun cannot be opened here"
    unshare -Urn true 2>/dev/null || skip "user and network namespaces cannot be made here"
}

teardown() {
    for name in ma mb; do timeout 20 "$UNDIS" stop --name $name >/dev/null 2>&1 || true; done
    for pid in $(cat undis/*/lock 2>/dev/null); do kill -9 "$pid" 2>/dev/null || true; done
}

reaches() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        on ma ping -c 1 -W 1 10.7.0.2 >/dev/null && return 0
    done
    cat undis/*.log
    return 1
}

joined() { # VLAN OF A, VLAN OF B
    machine ma mux "$1" 1
    machine mb mux5 "$2" 2
}

@test "5.x and 6.x reach each other; the virtual adapter follows the one below" {
    joined 0 0
    reaches
    timeout 20 "$UNDIS" adapter disable Ethernet --name mb
    no on ma ping -c 1 -W 1 10.7.0.2
    timeout 20 "$UNDIS" adapter enable Ethernet --name mb
    reaches
    timeout 20 "$UNDIS" stop --name mb
    grep -q 'nothing was left behind' undis/mb.log || { cat undis/mb.log; false; }
}

@test "an intermediate driver joins with a Linux interface above, leaves, and comes back" {
    machine ma mux 0 1
    cat >mb.yaml <<END
adapters:
  - { name: Ethernet, wire: "link:$PWD/cable", parameters: { NetworkAddress: 02-00-00-00-00-02 } }
END
    timeout 20 "$UNDIS" run mb.yaml --detach --netns new
    for round in 1 2; do
        if [ $round = 1 ]; then
            timeout 20 "$UNDIS" driver load "$UNDIS_BUILD_DIR/drivers/mux5" Mux --hostif lan0 --name mb
            on mb ip addr add 10.7.0.2/24 dev lan0
            on mb ip link set lan0 up
        else
            timeout 20 "$UNDIS" driver load "$UNDIS_BUILD_DIR/drivers/mux5" --name mb # the interface is its adapter's
        fi
        reaches
        timeout 20 "$UNDIS" driver unload mux5 --name mb
        no on ma ping -c 1 -W 1 10.7.0.2
    done
    timeout 20 "$UNDIS" stop --name mb
    grep -q 'nothing was left behind' undis/mb.log || { cat undis/mb.log; false; }
}

@test "in one VLAN they reach each other, with full frames" {
    joined 10 10
    reaches
    on mb ping -c 3 -i 0.2 -W 2 -M do -s 1400 10.7.0.1
}

@test "in two VLANs they do not" {
    joined 10 11
    no on ma ping -c 3 -i 0.2 -W 1 10.7.0.2
}
