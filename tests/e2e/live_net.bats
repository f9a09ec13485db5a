#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# live_net.bats - real traffic through wirenic, npf and hostif: two namespaces, Linux's TCP/IP at both ends.
#
#     namespace of the machine           namespace of the peer
#     lan0 - hostif - npf - wirenic ---- wan0 (its tap, moved there)

load common

npf=$UNDIS_BUILD_DIR/drivers/npf/npf.inf

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
    for tool in unshare nsenter ip ping jq; do
        command -v "$tool" >/dev/null || skip "$tool is not installed"
    done
    [ -w /dev/net/tun ] || skip "/dev/net/tun cannot be opened here"
    unshare -Urn true 2>/dev/null || skip "user and network namespaces cannot be made here"
    cat >m.yaml <<END
adapters:
  - { name: Ethernet, wire: "tap:wan0", hostif: lan0 }
filters: [ $npf ]
END
    timeout 20 "$UNDIS" run m.yaml --detach --netns new
    machine=$(cat undis/m/lock)
    nsenter -t "$machine" -U -n --preserve-credentials unshare -n sh -c 'echo $$ >peer; exec sleep 600' 3>&- &
    while [ ! -s peer ]; do sleep 0.1; done
    peer=$(cat peer)
    here ip link set wan0 netns "$peer"
    here ip addr add 10.9.0.1/24 dev lan0
    here ip link set lan0 up
    there ip link set lo up
    there ip addr add 10.9.0.2/24 dev wan0
    there ip link set wan0 up
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        here ping -c 1 -W 1 10.9.0.2 >/dev/null && break
    done
}

teardown() {
    [ -z "${peer:-}" ] || kill "$peer" 2>/dev/null || true
    timeout 20 "$UNDIS" stop >/dev/null 2>&1 || true
    end_machines
}

here() {
    nsenter -t "$machine" -U -n --preserve-credentials timeout 60 "$@"
}

there() {
    nsenter -t "$peer" -U -n --preserve-credentials timeout 60 "$@"
}

@test "ping in both directions" {
    here ping -c 5 -i 0.2 -W 2 10.9.0.2
    there ping -c 5 -i 0.2 -W 2 10.9.0.1
    here ping -c 3 -i 0.2 -W 2 -s 1400 10.9.0.2
    timeout 20 "$UNDIS" stop
    grep -q 'nothing was left behind' undis/m.log
}

@test "curl gets a file of 20 MB, every byte right" {
    command -v curl >/dev/null || skip "curl is not installed"
    command -v python3 >/dev/null || skip "python3 is not installed"
    mkdir www
    head -c 20000000 /dev/urandom >www/file
    (cd www && there python3 -m http.server -b 10.9.0.2 8080 >/dev/null 2>&1) &
    sleep 1
    here curl -s --retry 5 --retry-connrefused -m 50 -o got http://10.9.0.2:8080/file
    cmp www/file got
    timeout 20 "$UNDIS" stop
    grep -q 'nothing was left behind' undis/m.log
}

@test "iperf3 in both directions" {
    command -v iperf3 >/dev/null || skip "iperf3 is not installed"
    for reverse in "" -R; do
        there iperf3 -s -1 >/dev/null &
        sleep 0.5
        here iperf3 -c 10.9.0.2 -t 2 $reverse --json >iperf.json
        [ "$(jq '.end.sum_received.bytes > 10000000' iperf.json)" = true ]
    done
    undis stats -s 0 --json
    [ "$(printf '%s' "$output" | jq '.adapters[0].wire.tx_packets > 100')" = true ]
    here ping -f -c 100000 -w 3 10.9.0.2 >/dev/null &
    sleep 0.5
    undis stats Ethernet --json
    wait "$!" || true
    for driver in wirenic npf hostif; do # each handed packets on and took its time
        printf '%s' "$output" | jq -e --arg d $driver '.adapters[0].layers[] | select(.driver == $d) | .measured |
            .sent.packets + .indicated.packets > 10 and (.held_256ns_log2 | add) > 10' >/dev/null
    done
    timeout 20 "$UNDIS" stop
    grep -q 'nothing was left behind' undis/m.log
}

# capture_both ARGUMENTS... - tcpdump on the wire's side and undis capture, with the same options and expression
capture_both() {
    command -v tshark >/dev/null || skip "tshark is not installed"
    command -v tcpdump >/dev/null || skip "tcpdump is not installed"
    [ "$(id -u)" -eq 0 ] || skip "tcpdump cannot drop rights in a user namespace: it needs root here"
    nsenter -t "$peer" -n tcpdump -Z root -U -B 65536 --immediate-mode -i wan0 -w wire.pcap "$@" 2>tcpdump.err 3>&- &
    tcpdump=$!
    "$UNDIS" capture -i Ethernet -w undis.pcapng "$@" 2>capture.err 3>&- &
    capture=$!
    for _ in $(seq 200); do # a capture that began has a file with a head
        grep -q 'listening on' tcpdump.err && [ -s undis.pcapng ] && return
        sleep 0.1
    done
    cat tcpdump.err capture.err
    return 1
}

# both_have COUNT - or more packets, as far as tcpdump tells; then they end, and undis is not waited for
both_have() {
    for _ in $(seq 100); do
        [ "$(tcpdump -nr wire.pcap 2>/dev/null | wc -l)" -lt "$1" ] || break
        sleep 0.1
    done
    kill -INT "$capture" "$tcpdump"
    wait "$capture"
    wait "$tcpdump"
    cat tcpdump.err capture.err
    grep -q ' 0 dropped by the driver' capture.err
    grep -q '^0 packets dropped by kernel' tcpdump.err
}

# frames FILE - the bytes of each IPv4 frame, one a line, in order
frames() {
    tshark -r "$1" -Y icmp -T fields -e eth.dst -e eth.src -e ip.id -e ip.src -e icmp.type -e icmp.seq -e data \
        2>/dev/null
}

@test "a capture has what tcpdump sees on the wire's side" {
    capture_both icmp
    here ping -c 20 -i 0.05 -W 2 -s 300 10.9.0.2
    there ping -c 20 -i 0.05 -W 2 10.9.0.1
    both_have 80
    frames wire.pcap >a
    frames undis.pcapng >b
    wc -l a b
    [ "$(wc -l <a)" -eq 80 ]
    cmp a b
}

# records FILE - what a capture says of each frame, and of it: lengths, who it is
records() {
    tshark -r "$1" -T fields -e frame.len -e frame.cap_len -e eth.src -e ip.src -e ip.id -e ip.proto 2>/dev/null
}

# stamps FILE - when each was seen, in seconds
stamps() {
    tshark -r "$1" -T fields -e frame.time_epoch 2>/dev/null
}

@test "a capture keeps lengths, order and times, cuts where asked, and takes the same expression as tcpdump" {
    capture_both -s 90 '(icmp[icmptype] == icmp-echo and greater 100) or (udp and dst port 4242)'
    for size in 10 57 58 59 300 1472 3000; do # the shorter are not wanted, the longest is in fragments
        here ping -c 3 -i 0.05 -W 2 -s "$size" 10.9.0.2
        here bash -c "head -c $size /dev/zero >/dev/udp/10.9.0.2/4242" || true
        there bash -c "head -c $size /dev/zero >/dev/udp/10.9.0.1/4243" || true
    done
    both_have 22
    records wire.pcap >a
    records undis.pcapng >b
    wc -l a b
    [ "$(wc -l <a)" -eq 22 ]
    cmp a b
    [ "$(cut -f 2 b | sort -nu | tail -n 1)" -eq 90 ]
    [ "$(cut -f 1 b | sort -nu | tail -n 1)" -ge 1500 ]
    stamps wire.pcap >ta
    stamps undis.pcapng >tb
    sort -nc tb
    paste ta tb | awk '{ d = $1 - $2; if (d > 0.5 || d < -0.5) { print; exit 1 } }'
}

# segments FILE WHICH - of each of these frames, in order: lengths, tag, and every byte that is carried
segments() {
    tshark -r "$1" -Y "$2" -T fields -e frame.len -e frame.cap_len -e eth.src -e vlan.id -e vlan.priority -e ip.len \
        -e ip.id -e tcp.seq_raw -e tcp.ack_raw -e tcp.flags -e tcp.payload -e data 2>/dev/null
}

@test "a capture has the frames that are not yet cut, and those with a VLAN tag, as tcpdump has them" {
    command -v curl >/dev/null || skip "curl is not installed"
    command -v python3 >/dev/null || skip "python3 is not installed"
    mkdir www
    head -c 300000 /dev/urandom >www/file
    (cd www && there python3 -m http.server 8080 >/dev/null 2>&1) &
    cat >tagged.py <<'END'
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0))
for number in range(20):
    tag = (7 if number % 2 else 8) | number % 8 << 13 # the priority is the number's
    head = b"\2\0\0\0\0\x77\2\0\0\0\0" + sys.argv[2].encode() + b"\x81\0" + tag.to_bytes(2, "big") + b"\x88\xb5"
    s.send(head + bytes([number]) * (50 + 70 * number))
END
    capture_both 'tcp port 8080 or vlan 7'
    here curl -s --retry 20 --retry-connrefused --retry-delay 1 -m 50 -o got http://10.9.0.2:8080/file
    cmp www/file got
    here python3 tagged.py lan0 H
    there python3 tagged.py wan0 T
    both_have 40
    for from in ip.src==10.9.0.1 ip.src==10.9.0.2 vlan; do # what one sends may pass before or after what comes
        segments wire.pcap $from >a
        segments undis.pcapng $from >b
        wc -l a b
        [ "$(wc -l <a)" -ge 5 ]
        cmp a b
        [ $from != ip.src==10.9.0.2 ] || [ "$(cut -f 1 b | sort -n | tail -n 1)" -gt 10000 ] # not yet cut
    done
    [ "$(wc -l <b)" -eq 20 ]
    [ "$(cut -f 4 b | sort -u)" = 7 ]
    [ "$(cut -f 5 b | sort -u | wc -l)" -eq 4 ]
}

@test "a capture that is ended has what passed before, although it had not read that yet" {
    command -v tshark >/dev/null || skip "tshark is not installed"
    "$UNDIS" capture -i Ethernet -w undis.pcapng icmp 2>capture.err 3>&- &
    capture=$!
    for _ in $(seq 200); do
        [ ! -s undis.pcapng ] || break
        sleep 0.1
    done
    kill -STOP "$capture"
    here ping -c 10 -i 0.05 -W 2 10.9.0.2
    kill -INT "$capture"
    kill -CONT "$capture"
    wait "$capture"
    cat capture.err
    [ "$(tshark -r undis.pcapng 2>/dev/null | wc -l)" -eq 20 ]
}

# used - nanoseconds of processor time of the machine: the process that watches, and the one that it is
used() {
    cat /proc/"$machine"/task/*/schedstat /proc/"$(pgrep -P "$machine")"/task/*/schedstat |
        awk '{ s += $1 } END { printf "%.0f\n", s }'
}

@test "an idle machine takes less than a hundredth of a processor, wherever its interfaces are" {
    here ip link add v0 type veth peer name v1 # news in the namespace that wan0 has left
    here ip link set v0 up
    sleep 1
    before=$(used)
    sleep 4
    took=$(($(used) - before))
    echo "$took ns in 4 s"
    [ "$before" -gt 0 ]
    [ "$took" -lt 40000000 ]
}

@test "a user without any rights has a machine in a namespace of its own" {
    [ "$(id -u)" -eq 0 ] || skip "whoever runs this is such a user: every test here shows it"
    command -v setpriv >/dev/null || skip "setpriv is not installed"
    folder=$(mktemp -d /tmp/undis-live-XXXXXX)
    chmod 777 "$folder"
    cp m.yaml "$folder"
    cd "$folder"
    cat >script.sh <<'END'
set -e
export XDG_RUNTIME_DIR=$PWD
echo "user $(id -u), capabilities $(grep CapEff /proc/self/status)"
timeout 20 "$UNDIS" run m.yaml --detach --netns new
machine=$(cat undis/m/lock)
of() { nsenter -t "$1" -U -n --preserve-credentials "${@:2}"; }
of $machine unshare -n sh -c 'echo $$ >peer; exec sleep 60' &
while [ ! -s peer ]; do sleep 0.1; done
peer=$(cat peer)
of $machine ip link set wan0 netns $peer
of $machine ip addr add 10.9.0.1/24 dev lan0
of $machine ip link set lan0 up
of $peer ip addr add 10.9.0.2/24 dev wan0
of $peer ip link set wan0 up
of $machine ping -c 3 -i 0.3 -w 15 10.9.0.2
timeout 20 "$UNDIS" stop
kill $peer
cat undis/m.log
END
    # a node that everybody may open, where the system's is root's only
    run timeout 50 unshare -m sh -c 'mknod tun c 10 200 && chmod 666 tun && mount --bind tun /dev/net/tun &&
        exec setpriv --reuid 65534 --regid 65534 --clear-groups bash script.sh' 3>&-
    cd "$BATS_TEST_TMPDIR"
    rm -rf "$folder"
    case $output in *"mknod: "* | *"mount: "* | *"unshare: "*) skip "root may not make a device here" ;; esac
    exits 0
    prints 'user 65534, capabilities CapEff:.0000000000000000'
    prints '3 received, 0% packet loss'
    prints 'nothing was left behind'
}

@test "the adapter is disabled and enabled under traffic; interface, address and connection survive" {
    command -v iperf3 >/dev/null || skip "iperf3 is not installed"
    there iperf3 -s -1 >/dev/null &
    sleep 0.5
    here iperf3 -c 10.9.0.2 -t 8 --json >iperf.json &
    client=$!
    for _ in 1 2 3 4 5 6; do
        sleep 1
        "$UNDIS" adapter disable Ethernet >/dev/null
        here ip link show lan0 | grep -q NO-CARRIER
        "$UNDIS" adapter enable Ethernet >/dev/null
    done
    wait "$client"
    [ "$(jq '.end.sum_received.bytes > 1000000' iperf.json)" = true ]
    here ip addr show dev lan0 | grep -q 10.9.0.1
    here ping -c 3 -i 0.2 -W 2 10.9.0.2
    timeout 20 "$UNDIS" stop
    grep -q 'nothing was left behind' undis/m.log
}
