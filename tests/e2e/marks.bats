#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# marks.bats - a search whose runs begin at marks is the search whose runs all begin at the snapshot.

load common

# alike DRIVER OPTION... - the same runs, orders of events, verdicts and findings either way
alike() {
    needs "$1"
    for with in "" --no-marks; do
        # shellcheck disable=SC2086
        undis test "$@" $with --json --out "out$with"
        printf '%s\n' "$output" | grep -Ev '"[a-z_]*seconds"|"folder"' >"report$with"
        printf '%s\n' "$status" >>"report$with"
    done
    grep -q '"trace_set"' report
    diff report report--no-marks
}

@test "a filter, within a bound and beyond it" {
    alike "$UNDIS_BUILD_DIR/drivers/npf" --only write-while-disabled --k 2
    alike "$UNDIS_BUILD_DIR/drivers/npf" --only programs-at-once --no-cache --runs 3000
}

@test "a driver that fails" {
    alike "$zoo/pause-check-race" --only write-while-disabled
}

@test "a card with interrupts, whose registers are simulated" {
    alike "$UNDIS_BUILD_DIR/drivers/netcard" --runs 300
}

@test "plain accesses that are points, requests that are cancelled" {
    alike "$zoo/lost-update" --runs 500
    alike "$zoo/cancel-read-race" --runs 300
}

@test "a driver that is loaded and unloaded in each run: all runs begin at the snapshot" {
    alike "$UNDIS_BUILD_DIR/drivers/npf" --only load-unload --runs 500
}
