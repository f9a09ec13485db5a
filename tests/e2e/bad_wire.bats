#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# bad_wire.bats - wires that cannot be opened, and interfaces that go away under a machine: one sentence, or a link that
# is down, and nothing left behind.

load common

npf=$UNDIS_BUILD_DIR/drivers/npf/npf.inf

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
}

in_net() {
    unshare -Urn true 2>/dev/null || skip "no user and network namespaces here"
    [ -w /dev/net/tun ] || skip "no /dev/net/tun here"
    needs "$npf"
    printf '%s\n' "$1" >script.sh
    run --separate-stderr timeout 60 unshare -Urn bash -u script.sh
}

# stack FILE WIRE [HOSTIF]
stack() {
    printf 'adapters:\n  - { name: Ethernet, wire: "%s"%s }\n' "$2" "${3:+, hostif: \"$3\"}" >"$1"
    [ ! -e "$npf" ] || echo "filters: [ $npf ]" >>"$1"
}

# cannot WIRE PATTERN - a machine on it does not come up, and says why in a sentence
cannot() {
    stack x.yaml "$1"
    undis run x.yaml
    exits 4
    one_sentence "undis run"
    complains "Ethernet: .*$2"
    [ ! -e undis/x ] || [ -z "$(ls undis/x)" ] # nothing left
}

@test "a wire that cannot be opened is refused in one sentence" {
    cannot "cable:x" 'there is no wire "cable"; there are tap, afpacket, pcap, link and loop'
    cannot "loop:x" 'the wire loop takes no argument'
    cannot "loop,frames=0" 'option frames is a number from 1 to'
    cannot "loop,colour=red" 'has no option "colour"'
    cannot "loop,far,far" 'the option far of the wire is given twice'
    cannot "loop,=5" 'an option of the wire loop has no name'
    cannot "loop,mac=01:00:00:00:00:01" 'is a multicast address'
    cannot "tap:a-name-too-long-for-linux" 'needs a name of 1 to 15 characters'
    cannot "afpacket:" 'needs the name of an interface'
    cannot "afpacket:nowhere0" 'there is no interface nowhere0'
    cannot "link:" 'needs a path of 1 to'
    cannot "link:/nonexistent/cable" 'cannot make /nonexistent/cable.lock: No such file'
    cannot "pcap:" 'needs a file to play or to write'
    cannot "pcap:/nonexistent.pcap" 'cannot read the capture: No such file'
    cannot "pcap:,write=/nonexistent/x.pcap" 'cannot write /nonexistent/x.pcap: No such file'
    cannot "pcap:$BATS_TEST_TMPDIR/x.yaml" 'this is no capture file'
    cannot "pcap:$BATS_TEST_TMPDIR" 'cannot read the capture: Is a directory'
}

@test "interfaces that are not ours to use are refused in one sentence" {
    stack taken.yaml tap:wan0
    stack attach.yaml tap:lo,attach
    stack below.yaml tap:wan1 tap:wan0
    in_net 'ip link add wan0 type veth peer name wan9
            for stack in taken attach below; do "$UNDIS" run $stack.yaml; echo "exit $?"; done
            ip -o link | grep -c wan1'
    exits 1 # no wan1 is left of the stack whose other wire could not be opened
    [ "$(printf '%s\n' "$output" | grep -c '^exit 4')" -eq 3 ]
    [ "$(printf '%s\n' "$stderr" | wc -l)" -eq 3 ]
    complains 'there is an interface wan0 already; the option attach uses it'
    complains 'the interface lo is no tap that can be attached to'
    complains 'Ethernet: hostif: there is an interface wan0 already'
}

@test "an interface that goes down, or loses its cable, is a link that does, and wakes nobody meanwhile" {
    stack m.yaml afpacket:v1 lan0
    in_net 'ip link add v0 type veth peer name v1
            ip link set v0 up; ip link set v1 up
            "$UNDIS" run m.yaml --detach >/dev/null
            ip link set lan0 up; ip addr add 10.9.0.1/24 dev lan0
            unshare -n sleep 30 & far=$!
            until [ "$(readlink /proc/$far/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
            ip link set v0 netns $far
            nsenter -t $far -n sh -c "ip addr add 10.9.0.2/24 dev v0; ip link set v0 up"
            for _ in 1 2 3 4 5; do ping -c 1 -W 1 10.9.0.2 >/dev/null && break; done
            ip link set v1 down
            sleep 1.5
            ip -o link show lan0
            machine=$(pgrep -P "$(cat undis/m/lock)")
            used() { cat /proc/$machine/task/*/schedstat | awk "{ s += \$1 } END { printf \"%.0f\\n\", s }"; }
            before=$(used); sleep 2; echo used $((($(used) - before) / 1000000)) ms
            ip link set v1 up
            for _ in 1 2 3 4 5; do ping -c 1 -W 1 10.9.0.2 && break; done
            nsenter -t $far -n ip link set v0 down
            sleep 1.5
            echo cable: $(ip -o link show lan0)
            nsenter -t $far -n ip link set v0 up
            for _ in 1 2 3 4 5; do ping -c 1 -W 1 10.9.0.2 >/dev/null && echo again && break; done
            kill $far
            timeout 20 "$UNDIS" stop'
    printf '%s\n' "$output"
    prints 'lan0: .*NO-CARRIER'
    [ "$(printf '%s\n' "$output" | sed -n 's/^used \([0-9]*\) ms/\1/p')" -lt 20 ]
    prints '1 received'
    prints 'cable: .*NO-CARRIER'
    prints '^again'
}

@test "an interface that disappears is a link that is down; the machine goes on, asleep, and ends cleanly" {
    stack m.yaml afpacket:v1 lan0
    in_net 'ip link add v0 type veth peer name v1
            ip link set v0 up; ip link set v1 up
            "$UNDIS" run m.yaml --detach >/dev/null
            ip link set lan0 up
            sleep 0.5; cat /sys/class/net/lan0/carrier 2>/dev/null || ip -o link show lan0
            ip link del v0
            sleep 1.5
            ip -o link show lan0
            machine=$(pgrep -P "$(cat undis/m/lock)")
            used() { cat /proc/$machine/task/*/schedstat | awk "{ s += \$1 } END { printf \"%.0f\n\", s }"; }
            before=$(used); sleep 2; echo used $((($(used) - before) / 1000000)) ms
            "$UNDIS" adapter disable Ethernet && "$UNDIS" adapter enable Ethernet; echo enabled: $?
            ip link del lan0
            sleep 0.5
            "$UNDIS" adapter list
            timeout 20 "$UNDIS" stop; echo stopped: $?
            cat undis/m.log'
    printf '%s\n' "$output"
    prints 'lan0: .*NO-CARRIER'
    [ "$(printf '%s\n' "$output" | sed -n 's/^used \([0-9]*\) ms/\1/p')" -lt 20 ]
    prints '^enabled: 0'
    prints '^stopped: 0'
    prints 'nothing was left behind'
}

@test "a wire goes with its namespace, or to another, under traffic: its link is gone and all ends cleanly" {
    printf '%s\n' 'adapters:' '  - { name: One, wire: "tap:wan0", hostif: lan0 }' \
        '  - { name: Two, wire: "afpacket:v1", hostif: lan1 }' >m.yaml
    in_net 'ip link add v0 type veth peer name v1
            ip link set v0 up; ip link set v1 up
            "$UNDIS" run m.yaml --detach >/dev/null
            unshare -n sleep 30 & far=$!
            until [ "$(readlink /proc/$far/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
            ip link set wan0 netns $far
            nsenter -t $far -n ip link set wan0 up
            for n in 0 1; do ip link set lan$n up; ip addr add 10.9.$n.1/24 dev lan$n; done
            for n in 0 1; do ip neigh add 10.9.$n.2 lladdr 02:00:00:00:00:99 dev lan$n; done
            for n in 0 1; do ping -f -w 4 10.9.$n.2 >/dev/null & done
            sleep 1
            unshare -n sleep 30 & other=$!
            until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
            ip link set v1 netns $other
            kill $far
            sleep 2
            "$UNDIS" adapter list
            "$UNDIS" stats -s 0
            timeout 20 "$UNDIS" stop; echo stopped: $?
            kill $other
            cat undis/m.log'
    printf '%s\n' "$output"
    prints 'One .*wire tap wan0, link gone'
    prints 'Two .*wire afpacket v1, link gone'
    [ "$(printf '%s\n' "$output" | grep -c 'sent [0-9]\{2,\} packets')" -ge 2 ] # before that
    prints '^stopped: 0'
    prints 'nothing was left behind'
}
