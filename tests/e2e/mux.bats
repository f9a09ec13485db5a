#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mux.bats - the virtual adapters of intermediate drivers: the battery uses them, and they follow the adapter below.

load common

# follows DRIVER HOW - tests/drivers/watches-link over it stops the machine after a sleep, and no other scenario does
follows() {
    needs "$UNDIS_BUILD_DIR/drivers/$1/$1.inf" "$drivers/watches-link/watches_link.sys"
    undis test "$UNDIS_BUILD_DIR/drivers/$1" "$drivers/watches-link/watches_link.sys" \
        --only sleep-wake-under-traffic --k 0 --first --runs 500 --out slept
    exits 1
    prints 'FINDING *0xE2_watches_link!Followed'
    analysis slept | grep -q "Arg1: 0*$2,"
    undis test "$UNDIS_BUILD_DIR/drivers/$1" "$drivers/watches-link/watches_link.sys" \
        --only pause-restart-under-traffic --k 0 --first --runs 200 --out paused
    no prints 'FINDING'
}

@test "mux: a virtual adapter has no link while the adapter below sleeps, and has it again" { follows mux 1; }
@test "mux5: a virtual adapter goes while the adapter below sleeps, and comes again" { follows mux5 2; }

# sends DRIVER HANDLERS - the battery calls each of these
sends() {
    needs "$UNDIS_BUILD_DIR/drivers/$1/$1m.inf"
    undis test "$UNDIS_BUILD_DIR/drivers/$1" --k 0 --faults 0 --out out
    exits 0
    prints 'virtual-adapter-cycled *clean'
    prints 'oid-cancelled *clean'
    prints 'sends-cancelled *clean'
    no prints "^not called.*$1!($2)"
}

@test "mux: the battery sends and asks through a virtual adapter" {
    sends mux 'MuxSendNetBufferLists|MuxSendNetBufferListsComplete|MuxOidRequest|MuxReceiveNetBufferLists|MuxShutdown'
    no prints '^not called.*mux!MuxCancelSend'
}
@test "mux5: the battery sends and asks through a virtual adapter" {
    sends mux5 'MuxSendPackets5|MuxSendComplete5|MuxQuery5|MuxSet5|MuxReceivePacket5|MuxShutdown5|MuxCancelSends5'
}

@test "an op for a virtual adapter that nobody made is refused, by its number" {
    needs "$UNDIS_BUILD_DIR/drivers/mux/mux.inf"
    cat >two.yaml <<END
name: two
stack: { protocols: [test] }
actors:
  - { name: p, kind: protocol, ops: [ { op: send, len: 64, virtual: 2 } ] }
END
    undis test "$UNDIS_BUILD_DIR/drivers/mux" --scenario two.yaml --out out
    exits 4
    prints 'actor p: the op "send" is for virtual adapter 2, which no driver made'
    sed -i 's/^stack: {/& parameters: ["Ports=2"],/' two.yaml
    undis test "$UNDIS_BUILD_DIR/drivers/mux" --scenario two.yaml --out out
    exits 0
}
