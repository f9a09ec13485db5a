#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# power.bats - what goes through filters when an adapter sleeps, and what wakes it, as tests/drivers/watches-power sees.

load common

# scenario WIRE ADMIN - what the wire does after two seconds; after ten all adapters are woken for the scenario's end
scenario() {
    printf '%s\n' 'name: asleep' \
        'stack: { miniport: loop, adapters: 1, filters: [watches_power, npf], protocols: [test] }' 'actors:' \
        "  - { name: wire, kind: wire, ops: [ { op: wait, ms: 2000 }$1 ] }" \
        "  - { name: administrator, kind: admin, ops: [ $2, { op: wait, ms: 10000 } ] }" >asleep.yaml
}

# sleeps OUT SECONDS - through npf and past it comes one OID_PM_PARAMETERS, with the magic packet (2), before D3 (4)
sleeps() {
    needs "$UNDIS_BUILD_DIR/drivers/npf/npf.inf" "$drivers/watches-power/watches_power.sys"
    undis test "$UNDIS_BUILD_DIR/drivers/npf" "$drivers/watches-power" --scenario asleep.yaml \
        --k 0 --faults 0 --first --out "$1"
    exits 1
    prints 'FINDING *0xE2_watches_power'
    analysis "$1" >told
    grep -q '^BUGCHECK_P1: 1$' told
    grep -q '^BUGCHECK_P2: 2$' told
    grep -q '^BUGCHECK_P3: 4$' told
    grep -q "^BUGCHECK_P4: $2\$" told
}

@test "an adapter that sleeps is told through npf what may wake it, and its device's signal wakes it" {
    scenario ', wake-signal' sleep
    sleeps signal 2
}

@test "the system sleeps, and the signal of an adapter's device wakes it" {
    scenario ', wake-signal' system-sleep
    sleeps system 2
}

@test "without a signal it sleeps on" {
    scenario '' sleep
    sleeps none a
}
