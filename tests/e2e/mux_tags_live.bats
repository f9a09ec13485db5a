#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mux_tags_live.bats - 802.1Q tags of every shape through intermediate drivers of both generations.
#
#     lan0 - hostif - port of VLAN 10 \
#                                      mux - wirenic - tap wan0
#     lan1 - hostif - port without    /

load common

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
    for tool in unshare nsenter ip python3; do
        command -v "$tool" >/dev/null || skip "$tool is not installed"
    done
    [ -w /dev/net/tun ] || skip "/dev/net/tun cannot be opened here"
    unshare -Urn true 2>/dev/null || skip "user and network namespaces cannot be made here"
    cat >frames.py <<'END'
# frames.py FROM TO... - sends frames of every shape into FROM; prints which of them came out of each TO, and its tag
import select, socket, struct, sys, time
AUXDATA, ALL = 8, socket.htons(3)

def bound(name):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, ALL)
    s.setsockopt(263, AUXDATA, 1)
    s.bind((name, 0))
    return s

shapes = {  # between the addresses and a mark
    "untagged": "88b5", "vlan10": "8100000a88b5", "priority10": "8100f00a88b5", "vlan11": "8100000b88b5",
    "vlan0": "8100600088b5", "vlan4095": "81000fff88b5", "twice": "8100000a8100001488b5",
    "service": "88a8000a8100000a88b5", "old": "9100000a88b5", "unknown": "8100000a0001" }
wan = bound(sys.argv[1])
outs = { name: bound(name) for name in sys.argv[2:] }
address = bytes.fromhex("ffffffffffff" "020000000077")
for number, shape in enumerate(shapes.values()):
    wan.send(address + bytes.fromhex(shape) + b"mark" + bytes([number]) + bytes(50))
for cut in ("81", "8100", "810000", "8100000a", "8100000a88"):
    try:
        wan.send(address + bytes.fromhex(cut))
    except OSError:
        pass # Linux does not send what has no whole header
wan.send(address + bytes.fromhex("8100000a88b5"))  # nothing behind the tag
seen = { name: [] for name in outs }
end = time.monotonic() + 1.5
while (left := end - time.monotonic()) > 0:
    for s in select.select(list(outs.values()), [], [], left)[0]:
        frame, aux, _, sender = s.recvmsg(4000, 64)
        name = next(n for n, o in outs.items() if o is s)
        if sender[2] == socket.PACKET_OUTGOING or frame[6:12] != address[6:12]:
            continue
        at = frame.find(b"mark")
        what = list(shapes)[frame[at + 4]] if at > 0 else "empty"
        status, tci = 0, 0
        for _, kind, data in aux:
            if kind == AUXDATA and len(data) >= 20:
                status, = struct.unpack_from("=I", data, 0)
                tci, = struct.unpack_from("=H", data, 16)
        tag = ""
        if status & 0x10: # Linux has taken it out
            tag = "/%d" % (tci & 0xfff)
        elif frame[12:14] in (b"\x81\x00", b"\x88\xa8", b"\x91\x00"):
            tag = "/%d" % (struct.unpack_from("!H", frame, 14)[0] & 0xfff)
        seen[name].append(what + tag)
for name in seen:
    print(name, *sorted(seen[name]))
END
}

here() { nsenter -t "$(cat undis/m/lock)" -U -n --preserve-credentials timeout 30 "$@"; }

teardown() {
    timeout 20 "$UNDIS" stop >/dev/null 2>&1 || true
    for pid in $(cat undis/*/lock 2>/dev/null); do kill -9 "$pid" 2>/dev/null || true; done
}

up() { # DRIVER [PARAMETER of the adapter below]
    cat >m.yaml <<END
adapters:
  - { name: Below, wire: "tap:wan0", parameters: { NetworkAddress: 02-00-00-00-00-05${2:+, $2} } }
  - { name: Ten, miniport: $UNDIS_BUILD_DIR/drivers/$1, hostif: lan0 }
  - { name: None, miniport: $UNDIS_BUILD_DIR/drivers/$1, hostif: lan1 }
protocols:
  - { driver: $UNDIS_BUILD_DIR/drivers/$1, parameters: { Ports: 2, Vlan0: 10, Vlan1: 0 } }
END
    timeout 20 "$UNDIS" run m.yaml --detach --netns new
    for i in wan0 lan0 lan1; do here ip link set $i up; done
    for _ in $(seq 50); do
        [ "$(here ip -o link show up | grep -c '[lw]an[01].*LOWER_UP')" -eq 3 ] && break
        sleep 0.1
    done
}

shapes_in() { # DRIVER [PARAMETER]
    up "$@"
    run here python3 frames.py wan0 lan0 lan1
    exits 0
    echo "$output"
    # a tag goes with its VLAN; the inner of two stays; a frame cut inside its tag belongs to nobody
    prints '^lan0 empty priority10 twice/20 unknown vlan10$'
    prints '^lan1 old/10 service/10 untagged vlan0$'
}

shapes_out() { # DRIVER [PARAMETER]
    up "$@"
    run here python3 frames.py lan0 wan0 lan1
    exits 0
    echo "$output"
    prints '^wan0 .*untagged/10'
    prints '^wan0 .*vlan11/10'
    prints '^lan1$'
    run here python3 frames.py lan1 wan0 lan0
    exits 0
    prints '^wan0 .*untagged '
    prints '^wan0 .*vlan11/11'
    prints '^lan0$'
}

gone() { # DRIVER
    up "$1"
    here ip -o link show lan0 | grep -q LOWER_UP
    timeout 20 "$UNDIS" adapter remove Below
    for _ in $(seq 50); do
        here ip -o link show up | grep -q 'lan[01].*LOWER_UP' || break
        sleep 0.1
    done
    here ip -o link show up | no grep 'lan[01].*LOWER_UP'
    timeout 20 "$UNDIS" stop
    grep -q 'nothing was left behind' undis/m.log || { cat undis/m.log; false; }
}

@test "mux: tagged frames from the wire reach the port of their VLAN" { shapes_in mux; }
@test "mux5: tagged frames from the wire reach the port of their VLAN" { shapes_in mux5; }
@test "mux: so do those whose tag the adapter below tells out of band" { shapes_in mux '"*PriorityVLANTag": 3'; }
@test "mux: what a port sends has its tag" { shapes_out mux; }
@test "mux: with an adapter below that puts in tags, too" { shapes_out mux '"*PriorityVLANTag": 3'; }
@test "mux5: what a port sends has its tag" { shapes_out mux5; }
@test "mux: with the adapter below pulled out, those above have no link" { gone mux; }
@test "mux5: with the adapter below pulled out, those above have no link" { gone mux5; }
