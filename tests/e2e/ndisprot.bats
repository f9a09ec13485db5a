#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ndisprot.bats - ndisprot in a machine that runs, and Linux programs that use it well, wrongly and at random.

load common

ndisprot=$UNDIS_BUILD_DIR/drivers/ndisprot/ndisprot.inf
rawframes=$UNDIS_BUILD_DIR/drivers/ndisprot/rawframes
programs=$UNDIS_BUILD_DIR/tests/programs

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
    needs "$ndisprot"
}

teardown() {
    end_machines
}

# up WIRE [INF [OPTION...]] - a machine with ndisprot, or another, over that wire
up() {
    local wire=$1 inf=${2:-$ndisprot}
    shift $(($# > 2 ? 2 : $#))
    printf 'adapters:\n  - { name: Ethernet, wire: "%s" }\nprotocols: [ %s ]\n' "$wire" "$inf" >m.yaml
    timeout 60 "$UNDIS" run m.yaml --detach "$@"
}

# down - and nothing is left
down() {
    undis stop
    exits 0
    for i in $(seq 50); do
        grep -q 'nothing was left behind' undis/m.log && return
        sleep 0.1
    done
    cat undis/m.log
    return 1
}

# counts - files, IRPs, and blocks that are no spare NBL, once the programs before are gone
counts() {
    local i now
    for i in $(seq 50); do
        now=$("$UNDIS" status --json | jq -c '.machine.memory | [.files, .irps, .blocks - .nbls]')
        case $now in '[0,0,'*) break ;; esac
        sleep 0.1
    done
    printf '%s\n' "$now"
}

@test "a Linux program lists, binds, sends and receives" {
    up loop
    run timeout 20 "$rawframes"
    exits 0
    prints '^0  02:00:00:00:00:01  up to 1514 bytes  link up  \\DEVICE\\\{'
    run timeout 20 "$rawframes" 0 echo 200
    exits 0
    prints '200 frames back'
    run timeout 20 "$rawframes" 1 send 1
    exits 1
    prints 'no such adapter: error 259'
    undis adapter disable Ethernet
    run timeout 20 "$rawframes"
    exits 0
    [ -z "$output" ]
    undis adapter enable Ethernet
    run timeout 20 "$rawframes" 0 echo 5
    exits 0
    down
}

@test "the test program that is an actor of scenarios, unchanged, against a machine that runs" {
    needs "$programs/prot_cancel"
    up loop
    counts >before
    for _ in $(seq 20); do
        run timeout 20 "$programs/prot_cancel"
        exits 0
    done
    counts | diff before -
    down
}

@test "the same program over ndisprot5, which is shown packets, or as little as NDIS 5 promises" {
    needs "$UNDIS_BUILD_DIR/drivers/ndisprot5/ndisprot5.inf"
    for receive in 0 1; do
        up loop "{ driver: $UNDIS_BUILD_DIR/drivers/ndisprot5/ndisprot5.inf, parameters: { Receive: $receive } }"
        run timeout 20 "$rawframes"
        exits 0
        prints '^0  02:00:00:00:00:01  up to 1514 bytes  link up  \\DEVICE\\\{'
        run timeout 20 "$rawframes" 0 echo 200
        exits 0
        prints '200 frames back'
        undis adapter disable Ethernet
        undis adapter enable Ethernet
        run timeout 20 "$rawframes" 0 echo 5
        exits 0
        down
    done
}

@test "frames of Linux reach a program, and its frames Linux" {
    for tool in unshare nsenter ip ping python3; do
        command -v "$tool" >/dev/null || skip "$tool is not installed"
    done
    [ -w /dev/net/tun ] || skip "/dev/net/tun cannot be opened here"
    unshare -Urn true 2>/dev/null || skip "user and network namespaces cannot be made here"
    up tap:wan0 "$ndisprot" --netns new
    here() { nsenter -t "$(cat undis/m/lock)" -U -n --preserve-credentials timeout 30 "$@"; }
    here ip addr add 10.9.0.2/24 dev wan0
    here ip link set wan0 up
    timeout 20 "$rawframes" 0 receive 3 >received &
    for i in 1 2 3 4 5 6 7 8 9 10; do
        here ping -c 1 -W 1 10.9.0.77 >/dev/null || true # asks who has it
        grep -q 'type 0806' received && break
    done
    grep -q ' > ff:ff:ff:ff:ff:ff  type 0806' received
    here python3 - >seen <<'END' &
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5))
s.bind(("wan0", 0))
s.settimeout(20)
frame = s.recv(2000)
print(len(frame), frame[6:12].hex(), frame[12:14].hex())
END
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        timeout 20 "$rawframes" 0 send 1 >/dev/null
        [ -s seen ] && break
        sleep 0.1
    done
    grep -Eq '^100 [0-9a-f]{12} 88b5' seen
    wait %1 || true
    down
}

@test "wrong lengths, pointers and handles: each time the right NTSTATUS, and nothing is lost" {
    up loop
    before=$(counts)
    timeout 60 "$programs/ndisprot_wrong" >first &
    for i in $(seq 200); do
        [ -s first ] && break
        sleep 0.1
    done
    handle=$(sed -n 's/.*handle //p' first)
    run timeout 20 "$programs/ndisprot_wrong" "${handle:-0}"
    exits 0
    wait %1
    grep -q 'all right' first
    [ "$(counts)" = "$before" ]
    down
}

@test "garbage, half messages and deaths in every state: an answer or a closed connection, and nothing is lost" {
    up loop
    before=$(counts)
    for seed in 1 2 3; do
        run timeout 60 "$programs/socket_fuzz" undis/m/socket '\\.\NdisProt' "$seed" 200
        exits 0
        prints '200 connections'
    done
    [ "$(counts)" = "$before" ]
    down
}

@test "programs at random, some of them killed: the machine stands, and its counts are as before" {
    up loop,frames=2
    before=$(counts)
    run timeout 60 "$programs/ndisprot_stress" 7 3
    exits 0
    prints '[1-9][0-9]* killed'
    [ "$(counts)" = "$before" ]
    down
}

@test "under the same programs a driver that completes a write twice falls" {
    needs "$zoo/exit-while-writing/ndisprot.sys"
    up loop,frames=2 "$zoo/exit-while-writing/ndisprot.inf"
    run timeout 60 "$programs/ndisprot_stress" 1 30
    exits 2
    prints 'the machine is gone after'
    for i in $(seq 50); do
        grep -q '^FINDING' undis/m.log && break
        sleep 0.1
    done
    grep -q '^FINDING *0x44_ndisprot!NpCompleteIrp' undis/m.log
}

# The battery sends the control codes that it reads out of the code, and compilers hide them in different ways.
@test "ndisprot's control codes are found whatever compiler and optimisation built it" {
    needs "$UNDIS_BUILD_DIR/drivers/ndisprot"
    for flags in "gcc -O0" "gcc -O2" "clang -O0" "clang -O1" "clang -O2"; do
        rm -rf np out
        mkdir np
        cp "$root"/drivers/ndisprot/*.inf np
        # shellcheck disable=SC2086 # two words
        undis cc --cc $flags "$root"/drivers/ndisprot/*.c -o np/ndisprot.sys
        exits 0
        undis test np --only write-while-disabled --k 0 --out out
        exits 0
        prints '^  write-while-disabled .* 0 in [0-9]* runs watched$'
    done
}
