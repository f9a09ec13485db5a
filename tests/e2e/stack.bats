#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# stack.bats - more than one driver in a machine: a scenario's stack, several drivers on the command line.

load common

miniport=$UNDIS_BUILD_DIR/drivers/netmini
filter=$UNDIS_BUILD_DIR/drivers/npf

# stack LINE - a scenario with that stack: a program writes while the second adapter, or the only one, goes
stack() {
    cat <<END
name: stacked
stack: $1
actors:
  - name: writer
    kind: program
    ops:
      - { op: open, device: each }
      - { op: write, len: 60, count: 2 }
  - { name: administrator, kind: admin, ops: [ { op: disable, adapter: ${2:-0} } ] }
END
}

@test "a filter stands over a miniport that is named on the command line" {
    undis test "$filter" "$miniport" --only write-while-disabled --k 1
    exits 0
    prints 'write-while-disabled +clean'
    grep -q '"service": "netmini"' findings/certificates/*.json
}

@test "the miniport of a scenario is an INF, beside it or by path" {
    needs "$zoo/pause-check-race/npf.sys"
    mkdir s
    cp "$miniport"/netmini.* s
    stack '{ miniport: netmini.inf }' >s/x.yaml
    undis test "$zoo/pause-check-race" --scenario s/x.yaml
    exits 1
    prints 'FINDING'
    grep -q '^# driver: .*netmini.inf' findings/[0-9]*/trace
    grep -q 'miniport: netmini$' findings/[0-9]*/scenario.yaml
    undis replay findings/[0-9]* --times 3
    exits 1
    prints 'equal over 3 replays'
}

@test "a finding with two drivers replays with both builds or not at all" {
    needs "$zoo/pause-check-race/npf.sys"
    cp -r "$miniport" mini
    chmod -R u+w mini
    undis test "$zoo/pause-check-race" mini --only write-while-disabled --first
    exits 1
    printf '\0' >>mini/netmini.sys
    undis replay findings/[0-9]*
    exits 4
    complains 'another build of the driver'
}

@test "two adapters, each with the filter; an op says which one" {
    stack '{ adapters: 2, filters: [npf], protocols: [test] }' 1 >x.yaml
    undis test "$filter" --scenario x.yaml --k 1 -v
    exits 0
    prints 'stacked +clean'
}

@test "the race is found on the second adapter too" {
    needs "$zoo/pause-check-race/npf.sys"
    stack '{ adapters: 2 }' 1 >x.yaml
    undis test "$zoo/pause-check-race" --scenario x.yaml --first
    exits 1
}

@test "what a stack cannot have is refused in one sentence" {
    stack '{ filters: [nowhere.inf] }' >x.yaml
    refuses 4 'nowhere.inf.*no such file' test "$filter" --scenario x.yaml
    stack "{ filters: [$miniport/netmini.inf] }" >x.yaml
    refuses 4 'netmini is a miniport driver' test "$filter" --scenario x.yaml
    stack '{ filters: [npf, npf] }' >x.yaml
    refuses 4 'npf stands twice' test "$filter" --scenario x.yaml
    stack '{ adapters: 2 }' 2 >x.yaml
    refuses 4 'adapter 2, the stack has 2' test "$filter" --scenario x.yaml
    stack "{ miniport: pcap, wire: x.pcap }" >x.yaml
    refuses 4 'its own wire' test "$filter" "$miniport" --scenario x.yaml
    refuses 4 'service npf is that of' test "$filter" "$zoo/pause-check-race"
}

@test "a protocol finds its adapters in the registry when it starts, below a miniport of undis and below another" {
    needs "$drivers/reads-adapters/reads_adapters.sys"
    undis test "$drivers/reads-adapters/reads_adapters.sys" --only init-halt
    exits 0
    undis test "$drivers/reads-adapters/reads_adapters.sys" "$miniport" --only init-halt
    exits 0
    printf 'adapters: [ { name: E, wire: loop } ]\nprotocols: [ %s ]\n' \
        "$drivers/reads-adapters/reads_adapters.sys" >m.yaml
    XDG_RUNTIME_DIR=$PWD timeout 60 "$UNDIS" run m.yaml >log 2>&1 &
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        XDG_RUNTIME_DIR=$PWD "$UNDIS" stop >/dev/null 2>&1 && break
        sleep 0.2
    done
    wait %1
    grep -q 'nothing was left behind' log
}

@test "a 5.x protocol opens an adapter later, and twice; each open has its own packet filter" {
    needs "$drivers/opens-often/opens_often.sys"
    cat >x.yaml <<'END'
name: opens
stack: { miniport: loop, protocols: [opens_often] }
actors: [ { name: reader, kind: program, ops: [ { op: open, device: each }, { op: read, len: 60 }, close ] } ]
END
    undis test "$drivers/opens-often/opens_often.sys" --scenario x.yaml --k 1 --faults 0 -v
    exits 0
    prints 'opens +clean +k<=1 exhausted'
    prints 'both opens saw what they asked for'
}

@test "a 5.x protocol resets a miniport of NDIS 6 that can be: it pends, and is completed" {
    needs "$drivers/opens-often/opens_often.sys" "$zoo/reset-forgotten-fixed/reset_forgotten_fixed.sys"
    cat >x.yaml <<'END'
name: resets
stack: { protocols: [opens_often] }
actors:
  - { name: writer, kind: program, ops: [ { op: open, device: '\\.\OpensOften' }, { op: write, len: 60 }, close ] }
END
    undis test "$drivers/opens-often/opens_often.sys" "$zoo/reset-forgotten-fixed" --scenario x.yaml --k 1 --faults 0 -v
    exits 0
    prints 'reset: 00000103, then 00000000'
    undis test "$drivers/opens-often/opens_often.sys" --scenario x.yaml --k 1 --faults 0 -v
    exits 0
    prints 'reset: 80010001, then 80010001' # NDIS_STATUS_NOT_RESETTABLE: the test miniport has no reset
}

@test "work items that wait for each other are all served, also when the fibers of a run are used up" {
    needs "$drivers/items-wait/items_wait.sys"
    cat >x.yaml <<'END'
name: items
actors: [ { name: writer, kind: program, ops: [ { op: open, device: each }, { op: write, len: 60 }, close ] } ]
END
    undis test "$drivers/items-wait/items_wait.sys" --scenario x.yaml --k 0 --faults 0 --runs 3 -v
    exits 2
    prints 'the row: 00000000'
    no prints 'the row: 00000102|FINDING'
}

@test "threads that a driver keeps may wait, with and without a limit, as long as it is loaded" {
    needs "$drivers/keeps-threads/keeps_threads.sys"
    undis test "$drivers/keeps-threads/keeps_threads.sys" --k 1 --only init-halt
    exits 0
    undis test "$drivers/keeps-threads/keeps_threads.sys" --k 1 --only exit-while-writing
    exits 0
    prints 'exhausted'
    undis test "$drivers/keeps-threads/keeps_threads.sys" --only load-unload
    exits 0
}
