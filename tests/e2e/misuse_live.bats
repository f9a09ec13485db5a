#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# misuse_live.bats - what would corrupt memory or the system is told by a machine that runs, too.

load common

programs=$UNDIS_BUILD_DIR/tests/programs
list=$root/tests/drivers/rules/rules.def

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
}

teardown() {
    end_machines
}

# with LINE... - a machine with one adapter on a loop and these lines; a new one each time
with() {
    rm -rf findings undis
    printf 'adapters:\n  - { name: Ethernet, wire: "loop,frames=2" }\n' >m.yaml
    printf '%s\n' "$@" >>m.yaml
    timeout 60 "$UNDIS" run m.yaml --detach >/dev/null
}

# ended - stop it, unless it has stopped by itself; sets said to what it found and which rules it names
ended() {
    timeout 60 "$UNDIS" stop >/dev/null 2>&1 || true
    for _ in $(seq 100); do
        [ -e undis/m ] || break
        sleep 0.1
    done
    said=$(grep -E '^FINDING|^  rule|nothing was left behind' undis/m.log)
}

# tells PATTERN - and the analysis is there
tells() {
    ended
    printf '%s\n' "$said" | grep -Eq "^FINDING +$1" && [ -s findings/live-*/analysis.txt ] || {
        echo "not $1 but: $said"
        return 1
    }
}

@test "rules that cost nothing while they are kept are told, one driver each" {
    needs "$drivers/rules/rules.sys" "$programs/ioctl_once"
    local n=0 told=0 wrong= name id
    while read -r name id; do
        [ "$name" != KeepsIrql ] || id= # a machine that runs does not note how a lock was acquired
        case $id in
            IrqlKeReleaseSpinLock | SpinLockDprRelease | IrqlKeRaiseLower | IrqlKeRaiseLower2 | IoVerif-InfoTooLarge | \
                SystemBufferOverrun | IoVerif-FreeThreadIrp | IrpStackNotSet | \
                IrpOwnCompleted | IoVerif-ForwardCancelSet | IoVerif-RemoveLockTags | IoVerif-DeleteTwice | \
                DeviceDeletedAttached | WorkItemQueuedTwice | Misc-FreeWithWorkItem | MdlFreeLocked | MdlUnlock | \
                MdlMap | MdlUnmap | MdlLockDescribed | MemoryOverlap | HandleLeak)
                with "drivers: [ $drivers/rules/rules.sys ]"
                timeout 20 "$programs/ioctl_once" '\\.\Rules' $((0x22 << 16 | (0x800 + n) << 2)) >/dev/null 2>&1 || true
                ended
                printf '%s\n' "$said" | grep -q "^  rule $id:" || wrong="$wrong $id ($said)"
                told=$((told + 1))
                ;;
        esac
        n=$((n + 2))
    done < <(sed -n 's/^RULE(\([A-Za-z]*\), "\(.*\)")$/\1 \2/p' "$list")
    [ "$told" -ge 22 ]
    [ -z "$wrong" ] || {
        echo "not told: $wrong"
        return 1
    }
}

@test "the same driver, doing all of it right, leaves nothing" {
    needs "$drivers/rules/rules.sys" "$programs/ioctl_once"
    local codes=() n
    for n in $(seq 1 2 $((2 * $(grep -c '^RULE(' "$list")))); do
        codes+=($((0x22 << 16 | (0x800 + n) << 2)))
    done
    with "drivers: [ $drivers/rules/rules.sys ]"
    timeout 60 "$programs/ioctl_once" '\\.\Rules' "${codes[@]}"
    ended
    [ "$said" = "stopped: everything is down, nothing was left behind" ] || {
        echo "$said"
        return 1
    }
}

@test "a pool block that is freed twice, one that is written after, a broken list, a routine that keeps its IRQL" {
    local name device pattern
    while read -r name device pattern; do
        needs "$drivers/$name"
        with "drivers: [ $drivers/$name ]"
        timeout 20 "$programs/write_once" "\\\\.\\$device" >/dev/null 2>&1 || true
        tells "$pattern"
    done <<'END'
double-free DoubleFree 0xC2_.*TwiceWrite
use-after-free UseAfterFree 0x3B_.*
pool-overrun PoolOverrun 0x
fast-fail-list FastFailList 0x139_.*ListWrite
irql-leak IrqlLeak 0xc4_IrqlReturn_.*LeakWrite
END
}

# nbl N - three frames that ask nbl_misuse for N, while a protocol receives
nbl() {
    needs "$drivers/nbl-misuse/nbl_misuse.sys"
    cp "$drivers/nbl-misuse/nbl_misuse.sys" "$root/tests/drivers/nbl-misuse/nbl_misuse.inf" .
    with "filters: [ nbl_misuse.inf, $UNDIS_BUILD_DIR/drivers/npf ]" "protocols: [ $UNDIS_BUILD_DIR/drivers/ndisprot ]"
    device=$(printf '\\\\.\\NPF_%s' "$("$UNDIS" status --json | jq -r '.adapters[0].guid')")
    "$UNDIS_BUILD_DIR/drivers/ndisprot/rawframes" 0 receive 100 >/dev/null 2>&1 3>&- &
    for _ in $(seq 100); do
        [ "$("$UNDIS" status --json | jq .machine.memory.files)" -eq 0 ] || break
        sleep 0.05
    done
    for _ in 1 2 3; do
        timeout 20 "$programs/write_once" "$device" $((0x88c0 + $1)) >/dev/null 2>&1 || true
    done
    sleep 0.2
}

@test "NBLs: completed twice, returned twice, freed twice, indicated twice; and passed on as they should be" {
    nbl 0
    ended
    [ "$said" = "stopped: everything is down, nothing was left behind" ]
    nbl 1
    tells '0xD1_nbl_misuse!MisuseSend'
    nbl 2
    tells '0xc4_NblReturnedTwice_XDV_VRF_nbl_misuse!MisuseReturn'
    nbl 3
    tells '0x3B_nbl_misuse!FreeOwn'
    nbl 5
    tells '0xc4_NblReturnedTwice_XDV_VRF_nbl_misuse!'
}
