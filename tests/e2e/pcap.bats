#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# pcap.bats - a scenario whose wire plays a capture file; the driver is npf with a print in its read handler and a
# stop at a control code it does not know, so that a run that went well ends in a finding that tells what was read.

load common

# frame SECOND TEXT - a record of 60 bytes: broadcast from 02:00:00:00:00:77, type 0x88b5, TEXT (9 bytes), zeros
frame() {
    le32 "$1" 0 60 60
    printf '\377\377\377\377\377\377\002\000\000\000\000\167\210\265%s' "$2"
    head -c 37 /dev/zero
}

capture() {
    le32 $((0xa1b2c3d4)) $((2 | 4 << 16)) 0 0 65535 "${1:-1}"
    frame 100 'frame-one'
    frame 101 'frame-two'
    frame 107 'the-third'
}

scenario() {
    cat <<END
name: replayed
stack: { miniport: pcap, wire: ${1:-some.pcap} }
actors:
  - name: cable
    kind: wire
    ops: [ { op: receive, frames: 0 } ]
  - name: program
    kind: program
    ops:
      - { op: open, device: each }
      - { op: read, len: 100 }
      - { op: read, len: 100 }
      - { op: read, len: 100 }
      - { op: write, len: 64 }
      - { op: ioctl, code: 0x00128ff0 }
END
}

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    cp -r "$root/drivers/npf" npf
    sed -i '/^NpfRingGet(PNPF_OPEN Open, PUCHAR/,/^}/ s/^    \*Information = end;/&\n    DbgPrint("%u bytes read, with %.9s\\n", end, (PCSTR)Buffer + sizeof(NPF_FRAME_HEADER) + 14);/' npf/read.c
    sed -i '/^NPF_IoControl(PDEVICE_OBJECT/,/^}/ s/^    UNREFERENCED_PARAMETER(DeviceObject);/&\n    if (code == 0x128ff0)\n        KeBugCheckEx(0xE2, 1, 2, 3, 4);/' npf/device.c
    "$UNDIS_BUILD_DIR/undis-cc" npf/*.c -o npf/npf.sys >cc.log 2>&1 || true
    rm -f npf/*.[ch] npf/README.md
    mkdir s
    capture >s/some.pcap
    scenario >s/x.yaml
    "$UNDIS" test npf --scenario s/x.yaml --k 0 --first --out out --write-scenario written >log 2>&1 || echo $? >status
}

setup() {
    cd "$BATS_FILE_TMPDIR" || return 1
    needs npf/npf.sys
}

@test "pcap: a read returns the frames of the capture, one after the other" {
    cat log
    [ "$(cat status)" -eq 1 ]
    grep -Eq '^FINDING  0xE2' log
    grep -Eo '[0-9]+ bytes read, with [a-z-]+' out/[0-9]*/analysis.txt | sed -n 1,3p >read
    printf '%s\n' '84 bytes read, with frame-one' '84 bytes read, with frame-two' '84 bytes read, with the-third' |
        diff - read
}

@test "pcap: the finding holds what was played and what was on the wire" {
    cmp s/some.pcap out/[0-9]*/wire-in.pcap
    # three frames of 60 bytes received, one of 64 sent
    [ "$(stat -c %s out/[0-9]*/wire.pcap)" -eq $((24 + 3 * 76 + 80)) ]
    for text in frame-one frame-two the-third; do
        grep -aq "$text" out/[0-9]*/wire.pcap
    done
}

@test "pcap: a finding replays from its folder alone, and not with another capture" {
    cp -r out/[0-9]*/ moved
    undis replay moved
    exits 1
    prints 'bugcheck 0xE2'
    capture | sed 's/frame-one/frame-0ne/' >moved/wire-in.pcap
    refuses 4 'another capture than the scenario was made with' replay moved
    rm moved/wire-in.pcap
    refuses 4 'wire-in.pcap: cannot read the capture: No such file' replay moved
}

@test "pcap: a written scenario has its capture beside it" {
    undis test npf --scenario written/replayed.yaml --k 0 --first --out again
    exits 1
    cmp again/[0-9]*/scenario.yaml out/[0-9]*/scenario.yaml
}

@test "pcap: captures that cannot be played are refused in one sentence" {
    scenario absent.pcap >s/absent.yaml
    refuses 4 'absent.pcap: cannot read the capture: No such file' test npf --scenario s/absent.yaml
    capture 105 >s/wifi.pcap
    scenario wifi.pcap >s/wifi.yaml
    refuses 4 'link type 105 .*, not Ethernet' test npf --scenario s/wifi.yaml
    scenario x.yaml >s/text.yaml
    refuses 4 'no capture file' test npf --scenario s/text.yaml
    scenario some.pcap | sed 's/, wire: some.pcap//' >s/none.yaml
    refuses 4 'line 2: the miniport "pcap" needs "wire"' test npf --scenario s/none.yaml
    needs "$UNDIS_BUILD_DIR/drivers/netmini/netmini.sys"
    refuses 4 'a miniport under test is its own wire' test "$UNDIS_BUILD_DIR/drivers/netmini" --scenario s/x.yaml
}
