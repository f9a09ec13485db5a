#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# vlan_live.bats - programs that use a virtual LAN card wrongly, at random, and die; two cards with one address.

load common

wrong=$UNDIS_BUILD_DIR/tests/programs/vlancard_wrong

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
    needs "$wrong"
}

teardown() {
    for pid in $(jobs -p); do kill -9 "$pid" 2>/dev/null || true; done
    for pid in $(cat undis/*/lock 2>/dev/null); do kill -9 "$pid" 2>/dev/null || true; done
}

up() { # CARD
    cat >m.yaml <<END
adapters:
  - { name: Card, miniport: $UNDIS_BUILD_DIR/drivers/$1 }
filters: [ $UNDIS_BUILD_DIR/drivers/npf/npf.inf ]
END
    timeout 30 "$UNDIS" run m.yaml --detach
}

down() { # and nothing is left
    timeout 20 "$UNDIS" stop
    for _ in $(seq 50); do
        grep -q 'nothing was left behind' undis/m.log && return
        sleep 0.1
    done
    cat undis/m.log
    return 1
}

each() { # COMMAND... for the three kinds; its first argument is the device
    local card device
    for card in vlan-card:VlanCard0 vlan-card5:VlanCard5-0 vlan-card5s:VlanCard5s-0; do
        device=${card#*:}
        up "${card%:*}"
        "$@" "$device"
        down
        rm -rf undis
    done
}

lengths() {
    run timeout 60 "$wrong" "$1" lengths
    exits 0
    prints '^1819 frames, 314 of wrong length$'
    timeout 20 "$UNDIS" adapter disable Card
    run timeout 60 "$wrong" "$1" lengths
    exits 1
    prints '0xc00000a3' # STATUS_DEVICE_NOT_READY
    timeout 20 "$UNDIS" adapter enable Card
}

codes() {
    for seed in 1 2; do
        run timeout 60 "$wrong" "$1" codes $seed 2000
        exits 0
    done
    run timeout 60 "$wrong" "$1" lengths # it still works
    exits 0
}

npf() { # npf's device at the card
    printf '\\\\.\\NPF_%s' "$("$UNDIS" status --json | jq -r '.adapters[0].guid')"
}

blocks() { # all but NBLs, of which processors keep spare ones
    "$UNDIS" status --json | jq -c '.machine.memory | [.blocks - .nbls, .files, .irps]'
}

until_quiet() { # FILE - for five seconds at most: until the machine holds what it held
    for _ in $(seq 100); do
        blocks | diff -q "$1" - >/dev/null && return
        sleep 0.05
    done
    blocks | diff "$1" -
}

events() {
    blocks >quiet
    for _ in 1 2 3; do
        run timeout 60 "$wrong" "$1" event "$(npf)"
        exits 0
        until_quiet quiet
    done
    for _ in 1 2 3; do # who dies holding one
        "$wrong" "$1" hold-event "$(npf)" >held 3>&- &
        for _ in $(seq 100); do
            grep -q holding held && break
            sleep 0.05
        done
        grep -q holding held
        kill -9 %% && wait %% 2>/dev/null || true
        until_quiet quiet
        run timeout 60 "$wrong" "$1" event "$(npf)" # the card is the next one's
        exits 0
        rm held
    done
}

dies() {
    for _ in 1 2 3; do
        "$wrong" "$1" hold >held 3>&- &
        for _ in $(seq 100); do
            grep -q holding held && break
            sleep 0.05
        done
        "$UNDIS" status --json | jq -e '.machine.memory | .files == 4 and .irps >= 24' >/dev/null
        kill -9 %% && wait %% 2>/dev/null || true
        for _ in $(seq 100); do
            "$UNDIS" status --json | jq -e '.machine.memory | .files == 0 and .irps == 0' >/dev/null && break
            sleep 0.05
        done
        "$UNDIS" status --json | jq -e '.machine.memory | .files == 0 and .irps == 0'
        run timeout 60 "$wrong" "$1" lengths
        exits 0
    done
}

@test "frames of every wrong length are refused with the right status, and counted" { each lengths; }
@test "control codes with wrong lengths and random contents get the right status" { each codes; }
@test "the card sets a program's event when frames wait; who dies holding one leaves nothing" { each events; }
@test "a program that dies with requests under way leaves nothing, and the card to the next" { each dies; }

@test "two cards with one address: both are there, and each has its own frames" {
    for tool in unshare nsenter ip python3 openssl; do
        command -v "$tool" >/dev/null || skip "$tool is not installed"
    done
    [ -w /dev/net/tun ] || skip "/dev/net/tun cannot be opened here"
    unshare -Urn true 2>/dev/null || skip "user and network namespaces cannot be made here"
    for kind in vlan-card:VlanCard vlan-card5:VlanCard5-; do
        card=$UNDIS_BUILD_DIR/drivers/${kind%:*}
        cat >m.yaml <<END
adapters:
  - { name: One, miniport: $card, hostif: lan0, parameters: { NetworkAddress: "020000000009" } }
  - { name: Two, miniport: $card, hostif: lan1, parameters: { NetworkAddress: "020000000009" } }
END
        timeout 30 "$UNDIS" run m.yaml --detach --netns new
        here() { nsenter -t "$(cat undis/m/lock)" -U -n --preserve-credentials timeout 30 "$@"; }
        for i in lan0 lan1; do
            here ip link set $i up
            here ip link show $i | grep -q 02:00:00:00:00:09
        done
        for unit in 0 1; do # a frame for that address written to one card comes out of that card's interface only
            here python3 - >seen 3>&- <<'END' &
import select, socket, time
s = { n: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5)) for n in ("lan0", "lan1") }
for n in s:
    s[n].bind((n, 0x88b5))
print("ready", flush=True)
end, seen = time.monotonic() + 3, []
while not seen and time.monotonic() < end or time.monotonic() < end - 2.5:
    seen += [n for n in s if s[n] in select.select(s.values(), [], [], 0.1)[0] and s[n].recv(2000)]
print(*seen)
END
            for _ in $(seq 50); do
                grep -q ready seen && break
                sleep 0.1
            done
            timeout 10 "$UNDIS_BUILD_DIR/tests/programs/write_once" "\\\\.\\${kind#*:}$unit" || true
            wait %% || true
            grep -q "^lan$unit\$" seen || { cat seen; false; }
        done
        down
        rm -rf undis
    done
}
