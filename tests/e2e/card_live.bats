#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# card_live.bats - drivers of the simulated card on real traffic: registers, DMA rings and interrupts in a machine that
# runs, by messages (netcard, NDIS 6) and by a line (netcard5, NDIS 5).
#
#     namespace of the machine                          namespace of the peer
#     lan0 - hostif - netcard - the card - a cable ---- wan0 (a tap, moved there)

load common

drivers_dir=$UNDIS_BUILD_DIR/drivers

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
    for tool in unshare nsenter ip ping jq; do
        command -v "$tool" >/dev/null || skip "$tool is not installed"
    done
    [ -w /dev/net/tun ] || skip "/dev/net/tun cannot be opened here"
    unshare -Urn true 2>/dev/null || skip "user and network namespaces cannot be made here"
}

teardown() {
    [ -z "${peer:-}" ] || kill "$peer" 2>/dev/null || true
    timeout 30 "$UNDIS" stop >/dev/null 2>&1 || true
    end_machines
}

here() {
    nsenter -t "$machine" -U -n --preserve-credentials timeout 60 "$@"
}

there() {
    nsenter -t "$peer" -U -n --preserve-credentials timeout 60 "$@"
}

# up MINIPORT [KEYS] - a machine whose adapter's card has a peer at the other end of its cable
up() {
    needs "$1"
    echo "adapters: [ { name: Ethernet, miniport: $1, wire: \"tap:wan0\", hostif: lan0 ${2:-} } ]" >m.yaml
    timeout 60 "$UNDIS" run m.yaml --detach --netns new
    machine=$(cat undis/m/lock)
    rm -f peer
    nsenter -t "$machine" -U -n --preserve-credentials unshare -n sh -c 'echo $$ >peer; exec sleep 600' 3>&- &
    while [ ! -s peer ]; do sleep 0.1; done
    peer=$(cat peer)
    here ip link set wan0 netns "$peer"
    here ip addr add 10.9.0.1/24 dev lan0
    here ip link set lan0 up
    there ip link set lo up
    there ip addr add 10.9.0.2/24 dev wan0
    there ip link set wan0 up
    reached
}

# reached - the peer answers, within some seconds
reached() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        here ping -c 1 -W 1 10.9.0.2 >/dev/null && return
    done
    echo "the peer does not answer"
    return 1
}

down() {
    timeout 30 "$UNDIS" stop
    grep -q 'nothing was left behind' undis/m.log
}

both_ways() {
    here ping -c 5 -i 0.2 -W 2 10.9.0.2
    there ping -c 5 -i 0.2 -W 2 10.9.0.1
    here ping -c 3 -i 0.2 -W 2 -s 1472 -M do 10.9.0.2
    down
}

@test "netcard: ping in both directions, by messages" {
    up "$drivers_dir/netcard/netcard.inf"
    both_ways
}

@test "netcard5: ping in both directions, by a line" {
    up "$drivers_dir/netcard5/netcard5.inf"
    both_ways
}

# With vp: 1 the card works beside the processor that it interrupts; else between what its driver does there.
@test "iperf3 in both directions; nothing stalls, whichever processor the wire is polled by" {
    command -v iperf3 >/dev/null || skip "iperf3 is not installed"
    for driver in netcard netcard5; do
        for vp in 0 1; do
            up "$drivers_dir/$driver/$driver.inf" ", vp: $vp"
            for reverse in "" -R; do
                there iperf3 -s -1 >/dev/null &
                sleep 0.5
                here iperf3 -c 10.9.0.2 -t 2 $reverse --json >iperf.json
                [ "$(jq '.end.sum_received.bytes > 1000000' iperf.json)" = true ]
                wait "$!"
            done
            reached
            down
            kill "$peer"
        done
    done
}

@test "the adapter comes and goes under traffic, 20 times; memory is as before" {
    up "$drivers_dir/netcard/netcard.inf"
    here ping -f -c 1000000 -w 30 10.9.0.2 >/dev/null &
    for round in $(seq 20); do
        timeout 20 "$UNDIS" adapter disable Ethernet
        case $round in
        2 | 20) "$UNDIS" status --json | jq -c '.machine.memory | [.blocks - .nbls, .irps, .files]' >"at-$round" ;;
        esac
        timeout 20 "$UNDIS" adapter enable Ethernet
    done
    diff at-2 at-20
    reached
    down
}

@test "surprise removal under traffic: the driver halts, nothing is left behind" {
    for driver in netcard netcard5; do
        up "$drivers_dir/$driver/$driver.inf"
        here ping -f -c 1000000 -w 20 10.9.0.2 >/dev/null &
        sleep 0.5
        timeout 20 "$UNDIS" adapter remove Ethernet
        "$UNDIS" adapter list | grep -q 'Ethernet *removed'
        down
        kill "$peer"
    done
}

@test "two cards on one line serve each their own" {
    needs "$drivers_dir/netcard5/netcard5.inf"
    cat >m.yaml <<END
adapters:
  - { name: A, miniport: $drivers_dir/netcard5, wire: "tap:wan0", hostif: lan0 }
  - { name: B, miniport: $drivers_dir/netcard5, wire: "tap:wan1", hostif: lan1 }
END
    timeout 60 "$UNDIS" run m.yaml --detach --netns new
    machine=$(cat undis/m/lock)
    for side in wan0 wan1 lan0 lan1; do
        here ip link set "$side" up
    done
    for n in 0 1; do
        here ip addr add 10.9.$n.1/24 dev lan$n
        here ping -b -c 20 -i 0.01 -W 1 10.9.$n.255 >/dev/null 2>&1 || true # nobody answers
    done
    [ "$("$UNDIS" stats -s 0 --json | jq '[.adapters[].wire.tx_packets >= 20] | all')" = true ]
    timeout 20 "$UNDIS" adapter disable A
    here ping -b -c 20 -i 0.01 -W 1 10.9.1.255 >/dev/null 2>&1 || true
    [ "$("$UNDIS" stats -s 0 --json | jq '.adapters[1].wire.tx_packets >= 40')" = true ]
    down
}

# The card's end of the cable reads a file as fast as descriptors come back.
@test "a captured file is played into the card's ring, every frame" {
    command -v python3 >/dev/null || skip "python3 is not installed"
    needs "$drivers_dir/netcard/netcard.inf"
    python3 - >in.pcap <<'END'
import struct, sys
out = sys.stdout.buffer
out.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
for n in range(5000):
    frame = b'\xff' * 6 + bytes([2, 0, 0, 0, n >> 8, n & 255]) + b'\x88\xb5' + bytes(50 + n % 1400)
    out.write(struct.pack('<IIII', 0, n, len(frame), len(frame)) + frame)
END
    cat >m.yaml <<END
adapters: [ { name: Ethernet, miniport: $drivers_dir/netcard, wire: "pcap:$PWD/in.pcap,speed=full", hostif: lan0 } ]
END
    timeout 60 "$UNDIS" run m.yaml --detach --netns new
    for _ in $(seq 50); do
        got=$("$UNDIS" stats -s 0 --json | jq '.adapters[0].wire.rx_packets')
        [ "$got" -lt 5000 ] || break
        sleep 0.1
    done
    [ "$got" -eq 5000 ]
    down
}

@test "a service routine that never clears its cause ends the machine, which says so" {
    needs "$drivers/isr-never-clears/isr_never_clears.sys"
    cp "$drivers/isr-never-clears/isr_never_clears.sys" "$root/tests/drivers/isr-never-clears/isr_never_clears.inf" .
    cat >m.yaml <<END
adapters: [ { name: Ethernet, miniport: isr_never_clears.inf, wire: "tap:wan0", hostif: lan0 } ]
END
    timeout 60 "$UNDIS" run m.yaml --detach --out found --netns new
    machine=$(cat undis/m/lock)
    here ip link set wan0 up
    here ip link set lan0 up || true # what Linux sends first is its end
    for _ in $(seq 100); do
        kill -0 "$machine" 2>/dev/null || break
        sleep 0.2
    done
    grep -q 'FINDING *LIVELOCK_IMAGE_isr_never_clears.sys' undis/m.log
    grep -q 'an interrupt line stays asserted' found/*/analysis.txt
}

@test "what else a wire can be plugged into is told" {
    cp "$drivers_dir/netmini/netmini.inf" "$drivers_dir/netmini/netmini.sys" .
    echo 'adapters: [ { name: E, miniport: netmini.inf, wire: loop } ]' >m.yaml
    refuses 4 'only that and wirenic are plugged into wires' run m.yaml
}
