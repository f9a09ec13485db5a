#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# responder_live.bats - a link-layer responder on the wire of a machine is asked from Linux, and answers.
#
#     python3 - wan0 = tap ==== wirenic - responder

load common

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
    for tool in unshare nsenter ip python3; do
        command -v "$tool" >/dev/null || skip "$tool is not installed"
    done
    [ -w /dev/net/tun ] || skip "/dev/net/tun cannot be opened here"
    unshare -Urn true 2>/dev/null || skip "user and network namespaces cannot be made here"
    cat >m.yaml <<END
adapters:
  - { name: Ethernet, wire: "tap:wan0", parameters: { NetworkAddress: 02-00-00-00-00-05 } }
protocols: [ $UNDIS_BUILD_DIR/drivers/responder/responder.inf ]
END
    timeout 20 "$UNDIS" run m.yaml --detach --netns new
    here ip link set wan0 up
    cat >ask.py <<'END'
# ask.py TO BODY... - sends each body (hex) behind a header to TO, and prints the answers that come within a second
import socket, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b6))
s.bind(("wan0", 0x88b6))
own = s.getsockname()[4]
for body in sys.argv[2:]:
    s.send(bytes.fromhex(sys.argv[1]) + own + b"\x88\xb6" + bytes.fromhex(body))
end = time.monotonic() + 1
while (left := end - time.monotonic()) > 0:
    s.settimeout(left)
    try:
        frame, address = s.recvfrom(2000)
    except TimeoutError:
        break
    if address[2] != socket.PACKET_OUTGOING:
        print(frame[0:6] == own, frame[6:12].hex(), len(frame), frame[14:].hex())
END
}

here() { nsenter -t "$(cat undis/m/lock)" -U -n --preserve-credentials timeout 30 "$@"; }

teardown() {
    timeout 20 "$UNDIS" stop >/dev/null 2>&1 || true
    for pid in $(cat undis/*/lock 2>/dev/null); do kill -9 "$pid" 2>/dev/null || true; done
}

# asks TO BODY... - what came back, in $output
asks() {
    run here python3 ask.py "$@"
    exits 0
    echo "$output"
}

own=020000000005
all=ffffffffffff
name=$(printf 'undis responder\0' | od -An -tx1 | tr -d ' \n')

@test "asked who is there, alone or with all others, it says its name" {
    for to in $all $own; do
        asks $to 0101abcd
        prints "^True $own 60 0201abcd$name"
        [ "$(wc -l <<<"$output")" -eq 1 ]
    done
}

@test "an echo has every byte of the question, of a short frame and of a full one" {
    long=$(head -c 1496 /dev/zero | od -An -v -tx1 | tr -d ' \n' | sed 's/00/5a/g')
    asks $own "03010007$long" 0301000800112233
    prints "^True $own 1514 04010007$long$"
    prints "^True $own [0-9]+ 0401000800112233"
}

@test "an answer, another version, an echo for all, a frame for somebody else and one cut short get none" {
    asks $own 0201abcd 0401abcd 0102abcd 0501abcd 01
    [ -z "$output" ]
    asks $all 0301abcd
    [ -z "$output" ]
    asks 020000000006 0101abcd
    [ -z "$output" ]
}

@test "while the adapter is disabled nobody answers, and afterwards it does" {
    asks $all 0101abcd
    prints "^True"
    timeout 20 "$UNDIS" adapter disable Ethernet
    here ip link set wan0 up || true
    asks $all 0101abcd
    [ -z "$output" ]
    timeout 20 "$UNDIS" adapter enable Ethernet
    asks $all 0101abcd
    prints "^True"
    timeout 20 "$UNDIS" stop
    grep -q 'nothing was left behind' undis/m.log || { cat undis/m.log; false; }
}
