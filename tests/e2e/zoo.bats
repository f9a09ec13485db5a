#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# zoo.bats - the main job: every driver of the zoo is judged as its README expects.

load common

setup_file() {
    [ -e "$zoo/pause-ignored/npf.inf" ] || return 0
    cd "$BATS_FILE_TMPDIR" || return 1
    rc=0
    "$UNDIS" zoo --dir "$zoo" --dir "$UNDIS_BUILD_DIR/drivers" --out out >table 2>errors || rc=$?
    echo $rc >status
}

setup() {
    needs "$zoo/pause-ignored/npf.inf"
    cd "$BATS_FILE_TMPDIR" || return 1
}

row() { # DRIVER PATTERN
    grep -E "^$1 +$2" table || {
        cat table errors
        return 1
    }
}

@test "every verdict is the expected one" {
    [ "$(cat status)" = 0 ] || {
        cat table errors
        return 1
    }
    grep -q ' 0 not as expected' table
    no grep WRONG table
}

@test "every driver of the tree that states a verdict is in the table" {
    for readme in "$root"/zoo/*/README.md "$root"/drivers/*/README.md; do
        grep -q '^verdict:' "$readme" || continue
        row "$(basename "$(dirname "$readme")")" '(finding|clean) '
    done
}

@test "each repaired driver is proven with three preemptions in the scenario that broke its twin" {
    for readme in "$root"/zoo/*/README.md; do
        grep -q '^twin:' "$readme" || continue
        grep -q '^certify:' "$readme" || {
            echo "$readme has a twin and no scenario to certify it for"
            return 1
        }
        twin=$(sed -n 's,^twin: .*/,,p' "$readme")
        scenario=$(sed -n 's/^certify: \(.*\) .*/\1/p' "$readme")
        scenario=${scenario%.yaml}
        k=$(sed -n 's/^certify: .* //p' "$readme")
        [ "$k" -ge 3 ]
        row "$twin" "proven +$scenario +<[$k-9] "
    done
}

@test "pause-ignored: 0x3B in the driver's write, no preemption" {
    row pause-ignored 'finding +0x3B_npf!NPF_Write +=0 '
}

@test "pause-check-race: exactly one preemption" {
    row pause-check-race 'finding +0x3B_npf!NPF_Write +=1 '
}

@test "pause-pending-only: no preemption" {
    row pause-pending-only 'finding +0x3B_npf!NPF_Write +=0 '
}

@test "pause-from-dpc: at DISPATCH_LEVEL, so 0xD1" {
    row pause-from-dpc 'finding +0xD1_pause_from_dpc!KeepAliveDpc +=0 '
}

@test "isr-after-free: the DPC reads what was freed" {
    row isr-after-free 'finding +0xD1_isr_after_free!NcTakeCause +=0 '
}

@test "dpc-loses-cause: the interrupt comes over the DPC" {
    row dpc-loses-cause 'finding +HANG_IMAGE_dpc_loses_cause.sys +=1 '
}

@test "pause-never-cleared: running, and refuses" {
    row pause-never-cleared 'finding .* =0 '
    grep -q 'refuses a write it accepted before' out/pause-never-cleared/*/analysis.txt
}

@test "cancel-write-race: which parts of the repair are needed" {
    row cancel-write-race-a 'finding +0xD1_ndisprot!NpCancelWrite +=1 '
    row cancel-write-race-b 'clean +- '
    row cancel-write-race-c 'finding +0x3B_ndisprot!NpCancelFrames +=1 '
    row ndisprot 'clean +- '
}

@test "a cancel that is lost is found though nothing crashes" {
    for driver in cancel-read-race cancel-tested-first; do
        row $driver 'finding +0xc4_IrpCancelField_[^ ]* +=1 '
    done
}

@test "the correct ones are clean" {
    for driver in neighbour-blocking-pause neighbour-never-originates neighbour-own-queue neighbour-rundown \
        pause-from-dpc-fixed ndisprot npf; do
        row $driver 'clean +- '
    done
}

@test "the analysis has the shape of a public report" {
    analysis out/pause-ignored >a
    grep -q '^SYSTEM_SERVICE_EXCEPTION (3b)' a
    grep -q '^STACK_TEXT:' a
    for frame in 'ndis!NdisFSendNetBufferLists' 'npf!NPF_Write' 'nt!NtWriteFile'; do
        grep -q "$frame" a
    done
    grep -q '^FAILURE_BUCKET_ID: *0x3B_npf!NPF_Write' a
    grep -q '^FAILURE_ID_HASH: *{[0-9a-f-]*}' a
}

@test "the finding names the line of the driver's own send" {
    line=$(grep -n 'NdisFSendNetBufferLists' "$root/zoo/pause-ignored/npf.c" | tail -n 1 | cut -d: -f1)
    grep -Eq "npf\.c(:| @ |\()$line" out/pause-ignored/*/analysis.txt
}

@test "drivers named on the command line are the only ones run" {
    undis zoo --dir "$zoo" --dir "$UNDIS_BUILD_DIR/drivers" --out named pause-ignored
    exits 0
    prints '^1 drivers?, 1 certificates?, 0 not as expected'
}

@test "an expectation that is wrong is said, and fails" {
    mkdir -p wrong/pause-ignored
    cp "$zoo"/pause-ignored/* wrong/pause-ignored/
    sed -i 's/^verdict: .*/verdict: clean/' wrong/pause-ignored/README.md
    undis zoo --dir wrong --out wrong-out
    exits 1
    prints 'WRONG: expected clean'
}

@test "a scenario file that does not break the failing driver is said, and fails" {
    mkdir -p harmless/removal-keeps-sends harmless/removal-keeps-sends-fixed
    cp "$zoo"/removal-keeps-sends/* harmless/removal-keeps-sends/
    cp "$zoo"/removal-keeps-sends-fixed/* harmless/removal-keeps-sends-fixed/
    sed -i '/surprise-remove/d' harmless/removal-keeps-sends/removal-while-sending.yaml
    undis zoo --dir harmless --out harmless-out removal-keeps-sends
    exits 1
    prints 'WRONG: expected to be found in removal-while-sending, too'
}

@test "a folder that is not there is said, and fails" {
    undis zoo --dir nowhere
    exits 1
    complains 'undis zoo: .*nowhere'
}
