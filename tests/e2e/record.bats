#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# record.bats - findings of a running machine, looked for again under exploration with what undis run --record noted.

load common

bucket_dpc='0xD1_pause_from_dpc!KeepAliveDpc'
bucket_exit='0x44_ndisprot!NpCompleteIrp'

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
}

teardown() {
    end_machines
}

# up KIND INF [OPTION ...] - a machine with one driver over a loop, recorded
up() {
    needs "${2%%,*}"
    printf 'adapters:\n  - { name: Ethernet, wire: "loop,frames=2" }\n%s: [ %s ]\n' "$1" "$2" >m.yaml
    timeout 60 "$UNDIS" run m.yaml --detach --record "${@:3}" >/dev/null
}

# ended - wait until the machine has
ended() {
    for _ in $(seq 100); do
        [ -e undis/m ] || return 0
        sleep 0.1
    done
    return 1
}

# fell - the same, and there is a finding: sets finding
fell() {
    ended
    finding=$(echo findings/live-*)
    [ -s "$finding/record" ] || {
        cat undis/m.log
        return 1
    }
}

# Made once for the tests below: a timer's DPC that sends after its adapter was disabled.
dpc_finding() {
    up filters "$zoo/pause-from-dpc/pause_from_dpc.inf"
    timeout 20 "$UNDIS" adapter disable Ethernet >/dev/null || true
    fell
}

@test "a timer that sends after a pause: the same bucket in the recorded order, and a trace that replays" {
    dpc_finding
    grep -q "undis replay $finding" undis/m.log
    grep -q 'undis replay' "$finding/analysis.txt"
    undis replay "$finding"
    exits 1
    prints "^$bucket_dpc again, in the recorded order of calls"
    grep -q 'op: disable' "$finding/replayed/recorded.yaml"
    undis replay "$finding"/replayed/01-* --times 2
    exits 1
    prints 'bugcheck 0xD1'
    prints 'equal over 2 replays'
}

@test "frames that came in on a wire are in the record" {
    local inf=$zoo/pause-from-dpc/pause_from_dpc.inf
    needs "$inf"
    python3 - <<'END'
import struct
with open("in.pcap", "wb") as f:
    f.write(struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
    for i in range(50):
        frame = b"\xff" * 6 + b"\x02\0\0\0\0\x01\x88\xb5" + bytes([i]) * (46 + i)
        f.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)
END
    printf 'adapters:\n  - { name: E, wire: "pcap:in.pcap,speed=full", hostif: "loop:" }\nfilters: [ %s ]\n' \
        "$inf" >m.yaml
    timeout 60 "$UNDIS" run m.yaml --detach --record >log 2>&1 || {
        grep -q libpcap log && skip "undis was built without libpcap"
        cat log
        return 1
    }
    sleep 1
    timeout 20 "$UNDIS" adapter disable E >/dev/null || true
    fell
    [ "$(grep -c ' frame 0 .* ffffffffffff02000000000188b5' "$finding/record")" -eq 50 ]
    undis replay "$finding"
    exits 1
    prints "^$bucket_dpc again"
}

@test "what --reg changed is told when a record is replayed" {
    printf 'REGEDIT4\n[HKEY_LOCAL_MACHINE\\Software\\a]\n"b"=dword:1\n' >c.reg
    up filters "$zoo/pause-from-dpc/pause_from_dpc.inf" --reg c.reg
    timeout 20 "$UNDIS" adapter disable Ethernet >/dev/null || true
    fell
    undis replay "$finding"
    exits 1
    prints '^not as it was: what --reg changed in the registry'
}

@test "drivers that joined and events of programs are told when a record is replayed" {
    up filters "$zoo/pause-from-dpc/pause_from_dpc.inf"
    timeout 20 "$UNDIS" driver load "$UNDIS_BUILD_DIR/drivers/npf" >/dev/null
    timeout 20 "$UNDIS_BUILD_DIR/tests/programs/overlapped_many" \
        "$(printf '\\\\.\\NPF_%s' "$("$UNDIS" status --json | jq -r '.adapters[0].guid')")" 3
    timeout 20 "$UNDIS" driver unload npf >/dev/null
    timeout 20 "$UNDIS" adapter disable Ethernet >/dev/null || true
    fell
    undis replay "$finding"
    prints '^not as it was: 2 times that a driver joined or left while the machine ran'
    prints '^not as it was: 3 calls of programs that made, set, reset or looked at events'
}

@test "what did not happen does not happen again, and that is said" {
    dpc_finding
    sed -i "s/^# bucket: .*/# bucket: 0x50_pause_from_dpc!Another/" "$finding/record"
    undis replay "$finding" --time 4
    exits 3
    complains '0x50_pause_from_dpc!Another did not happen again'
    prints 'in the recorded order: not it'
    prints "another finding: $bucket_dpc"
    prints 'recorded steps came in their turn'
}

@test "a record without its driver, of another build, or broken is refused in one sentence" {
    dpc_finding
    cp "$finding/record" whole
    sed -i 's/^# sha256: ./# sha256: z/' "$finding/record"
    refuses 4 'another build of the driver' replay "$finding"
    sed 's|^# driver: .*|# driver: nowhere.inf|' whole >"$finding/record"
    refuses 4 'nowhere.inf' replay "$finding"
    head -c 2000 whole >"$finding/record"
    echo 'input 1' >>"$finding/record"
    refuses 4 'line [0-9]+ of the record' replay "$finding"
    echo '# undis trace 1' >"$finding/record"
    refuses 4 'not a record' replay "$finding"
}

@test "a program that dies with a write under way: the same bucket again" {
    up protocols "$zoo/exit-while-writing/ndisprot.inf"
    timeout 60 "$UNDIS_BUILD_DIR/tests/programs/ndisprot_stress" 1 20 2 2 >/dev/null 2>&1 || true
    ended || skip "no program died with a write under way within 20 s"
    fell
    [ "$(sed -n 's/^# bucket: //p' "$finding/record")" = "$bucket_exit" ] || skip "it fell otherwise this time"
    undis replay "$finding"
    exits 1
    prints "^$bucket_exit again"
    prints 'what stood in the buffers of programs'
}

@test "a race between a write and a pause: the same bucket again" {
    up filters "$zoo/pause-check-race/npf.inf"
    timeout 60 "$UNDIS_BUILD_DIR/tests/programs/npf_flood" '\\.\NPF_{00000000-0000-4000-8000-000000000001}' 40 \
        >/dev/null 2>&1 &
    while kill -0 $! 2>/dev/null && [ -e undis/m ]; do
        timeout 20 "$UNDIS" adapter disable Ethernet >/dev/null 2>&1 || break
        timeout 20 "$UNDIS" adapter enable Ethernet >/dev/null 2>&1 || break
    done
    timeout 30 "$UNDIS" stop >/dev/null 2>&1 || true
    wait
    ended
    [ -n "$(ls findings 2>/dev/null)" ] || skip "no processor was taken away in the window of this race within 40 s"
    fell
    [ "$(sed -n 's/^# bucket: //p' "$finding/record")" = '0x3B_npf!NPF_Write' ] || skip "it fell otherwise this time"
    undis replay "$finding"
    exits 1
    prints '^0x3B_npf!NPF_Write again'
}

# pauses NPF_INF - a program writes for a while; a neighbour leaves the stack and comes back, so everyone is paused
pauses() {
    local neighbour=$zoo/pause-from-dpc-fixed/pause_from_dpc_fixed.inf
    needs "$1" "$neighbour"
    up filters "$1, $neighbour"
    timeout 60 "$UNDIS_BUILD_DIR/tests/programs/npf_flood" '\\.\NPF_{00000000-0000-4000-8000-000000000001}' 8 \
        >flood.log 2>&1 &
    sleep 1
    timeout 20 "$UNDIS" filter remove pause_from_dpc_fixed >/dev/null
    timeout 20 "$UNDIS" filter insert pause_from_dpc_fixed >/dev/null
    wait
}

@test "a filter that refuses for ever what it took before a pause: a finding, and the same again" {
    pauses "$zoo/pause-never-cleared/npf.inf"
    fell
    grep -q 'refuses writes it accepted before (status 0xC023002A)' "$finding/analysis.txt"
    undis replay "$finding"
    exits 1
    prints '^CHECK_IMAGE_npf.sys again'
}

@test "a filter that takes writes again after a pause stands" {
    pauses "$UNDIS_BUILD_DIR/drivers/npf/npf.inf"
    undis stop
    exits 0
    ended
    grep -q 'nothing was left behind' undis/m.log
    [ ! -e findings ]
}

@test "without --record a live finding says that nothing was noted" {
    needs "$zoo/pause-from-dpc/pause_from_dpc.inf"
    printf 'adapters:\n  - { name: Ethernet, wire: loop }\nfilters: [ %s ]\n' \
        "$zoo/pause-from-dpc/pause_from_dpc.inf" >m.yaml
    timeout 60 "$UNDIS" run m.yaml --detach >/dev/null
    timeout 20 "$UNDIS" adapter disable Ethernet >/dev/null || true
    ended
    grep -q 'without --record notes no choices' findings/live-*/trace
    refuses 4 'not a trace' replay findings/live-*
}
