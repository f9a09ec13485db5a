#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# wire.bats - Linux's TCP/IP over hostif, npf and wirenic to another namespace, without root: ping, a file over HTTP,
# disable and enable.

load common

npf=$UNDIS_BUILD_DIR/drivers/npf/npf.inf

setup() {
    unshare -Urn true 2>/dev/null || skip "no user and network namespaces here"
    [ -w /dev/net/tun ] || skip "no /dev/net/tun here"
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
    cat >s.yaml <<EOT
adapters:
  - { name: Ethernet, wire: "tap:w0", hostif: "tap:h0" }
filters: [ $npf ]
EOT
    # between.sh COMMAND - run it in a namespace with h0 (10.9.0.2); w0 (10.9.0.1) is in another, whose pid is $far
    cat >between.sh <<'EOT'
set -eu
ip link set lo up
unshare -n sleep 60 &
far=$!
trap 'timeout 20 "$UNDIS" stop >/dev/null 2>&1; kill $far' EXIT
for i in $(seq 50); do
    [ "$(readlink /proc/$far/ns/net)" != "$(readlink /proc/self/ns/net)" ] && break
    sleep 0.1
done
timeout 60 "$UNDIS" run s.yaml --detach >/dev/null
ip link set w0 netns $far
nsenter -t $far -n sh -c 'ip addr add 10.9.0.1/24 dev w0; ip link set w0 up; ip link set lo up'
ip addr add 10.9.0.2/24 dev h0
ip link set h0 up
eval "$1"
EOT
}

# between COMMAND - see between.sh
between() {
    run timeout 100 unshare -Urn bash between.sh "$1"
}

@test "ping goes through the filter" {
    command -v ping >/dev/null || skip "no ping here"
    between 'ping -c 3 -i 0.2 -W 5 10.9.0.1'
    exits 0
    prints '3 received'
}

@test "a large file arrives as it was sent, with frames that stay joined on the way" {
    command -v curl >/dev/null || skip "no curl here"
    command -v python3 >/dev/null || skip "no python3 here"
    head -c 20000000 /dev/urandom >file
    between 'nsenter -t $far -n timeout 60 python3 -m http.server 8000 --bind 10.9.0.1 >/dev/null 2>&1 &
             curl -s --retry 20 --retry-connrefused --retry-delay 1 http://10.9.0.1:8000/file | cmp - file && echo equal
             kill $!; "$UNDIS" stats'
    prints '^equal'
    # the average frame to Linux is longer than any cable carries
    printf '%s\n' "$output" | sed -n 's/.*Linux tap h0:.*sent \([0-9]*\) packets, \([0-9]*\) bytes.*/\1 \2/p' |
        awk '{ print; exit !($2 / $1 > 3000) }'
}

@test "a disabled adapter is an interface without carrier that keeps its address" {
    command -v ping >/dev/null || skip "no ping here"
    between '"$UNDIS" adapter disable Ethernet; sleep 1.5
             echo carrier: $(cat /sys/class/net/h0/carrier 2>/dev/null || ip -o link show h0)
             ip -o -4 addr show h0
             ! ping -c 1 -W 1 10.9.0.1 >/dev/null && echo silent
             "$UNDIS" adapter enable Ethernet; sleep 1.5
             ping -c 2 -i 0.2 -W 5 10.9.0.1'
    exits 0
    prints 'NO-CARRIER|carrier: 0'
    prints '10.9.0.2/24'
    prints '^silent'
    prints '2 received'
}
