#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# pcap_live.bats - a machine whose wire plays a capture file: Linux above it gets every frame, in order and in time.

load common

npf=$UNDIS_BUILD_DIR/drivers/npf/npf.inf

# capture COUNT - broadcast frames of 60 bytes, a tenth of a second apart, each with its number
capture() {
    local i
    le32 $((0xa1b2c3d4)) $((2 | 4 << 16)) 0 0 65535 1
    for i in $(seq "$1"); do
        le32 100 $((i * 100000)) 60 60
        printf '\377\377\377\377\377\377\002\000\000\000\000\167\210\265%05d' "$i"
        head -c 41 /dev/zero
    done
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
    unshare -Urn true 2>/dev/null || skip "no user and network namespaces here"
    [ -w /dev/net/tun ] || skip "no /dev/net/tun here"
    command -v tshark >/dev/null || skip "tshark is not installed"
    needs "$npf"
    capture 9 >in.pcap
}

# play OPTIONS COMMANDS - a machine with the wire, the commands while it runs; its statistics
play() {
    printf 'adapters:\n  - { name: Ethernet, wire: "pcap:%s/in.pcap%s", hostif: "tap:lan0,up" }\nfilters: [ %s ]\n' \
        "$PWD" "$1" "$npf" >m.yaml
    printf '%s\n' 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6' '"$UNDIS" run m.yaml --detach >/dev/null' \
        "$2" '"$UNDIS" stats' 'timeout 20 "$UNDIS" stop' 'cat undis/m.log' >script.sh
    run --separate-stderr timeout 60 unshare -Urn bash -u script.sh
    exits 0
    prints 'nothing was left behind'
}

@test "at full speed nothing is played before somebody listens, and then all of it, as often as asked" {
    play ,speed=full,loops=200 'sleep 1'
    prints 'wire pcap in.pcap: received 1800 packets, 108000 bytes'
    prints 'Linux tap lan0: .*; sent 1800 packets, 108000 bytes'
}

@test "at the recorded speed frames come in order and at their times; then the link is gone and the machine sleeps" {
    play "" '"$UNDIS" capture -i Ethernet -w seen.pcapng 2>/dev/null & capture=$!
        sleep 2
        kill -INT $capture; wait $capture
        machine=$(pgrep -P "$(cat undis/m/lock)")
        used() { cat /proc/$machine/task/*/schedstat | awk "{ s += \$1 } END { printf \"%.0f\n\", s }"; }
        before=$(used); sleep 1; echo used $((($(used) - before) / 1000000)) ms
        "$UNDIS" adapter list'
    prints 'Linux tap lan0: .*; sent 9 packets, 540 bytes'
    prints 'Ethernet  enabled  wire pcap in.pcap, link gone'
    [ "$(printf '%s\n' "$output" | sed -n 's/^used \([0-9]*\) ms/\1/p')" -lt 20 ]
    # the capture began a moment late: those it has are consecutive, about a tenth of a second apart
    tshark -r seen.pcapng -T fields -e frame.time_delta -e data 2>/dev/null >seen
    cat seen
    [ "$(wc -l <seen)" -ge 4 ]
    awk 'NR > 1 && ($1 < 0.02 || $1 > 0.5) { print "after", $1; exit 1 }' seen
    cut -f 2 seen | cut -c 1-10 | sort -c
    [ "$(tail -n 1 seen | cut -f 2 | cut -c 1-10)" = 3030303039 ] # 00009, the last
}

@test "longer frames than 1500 bytes are played where the wire's MTU is larger, and refused by name where it is not" {
    { le32 $((0xa1b2c3d4)) $((2 | 4 << 16)) 0 0 65535 1 100 0 5014 5014
        printf '\377\377\377\377\377\377\002\000\000\000\000\167\210\265'
        head -c 5000 /dev/zero; } >in.pcap
    play ,mtu=5000 'sleep 1; ip -o link show lan0'
    prints 'lan0: .* mtu 5000 '
    prints 'received 1 packets, 5014 bytes'
    prints 'sent 1 packets, 5014 bytes'
    printf 'adapters:\n  - { name: Ethernet, wire: "pcap:%s/in.pcap,mtu=4981" }\n' "$PWD" >x.yaml
    refuses 4 "Ethernet: frame 1 has 5014 bytes: the wire's MTU is 4981 .4999 bytes at most." run x.yaml
}

@test "a file that is cut while it is played: what was read is played, the loss is counted, the link is gone" {
    play ,loops=3 'sleep 0.5; : >in.pcap; sleep 1.5; "$UNDIS" adapter list'
    prints 'Ethernet  enabled  wire pcap in.pcap, link gone'
    prints 'received 9 packets'
    prints 'dropped: 1 lost_before'
}

@test "a file that ends within a frame, or has a frame no wire could carry, is refused before a driver runs" {
    head -c 300 in.pcap >cut.pcap
    printf 'adapters:\n  - { name: Ethernet, wire: "pcap:%s/cut.pcap" }\n' "$PWD" >x.yaml
    refuses 4 'Ethernet: after frame 3 the capture ends within a frame' run x.yaml
}
