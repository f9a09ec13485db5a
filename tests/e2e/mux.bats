#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mux.bats - the virtual adapters of intermediate drivers follow the adapter below when it sleeps.

load common

# follows DRIVER HOW - tests/drivers/watches-link over it stops the machine after a sleep, and no other scenario does
follows() {
    needs "$UNDIS_BUILD_DIR/drivers/$1/$1.inf" "$drivers/watches-link/watches_link.sys"
    mkdir "$1"
    cp "$UNDIS_BUILD_DIR/drivers/$1/$1.sys" "$1"
    # the INF of the virtual adapters is not beside it: what is above them is said here
    sed 's/"noupper"/"ndis5"/' "$UNDIS_BUILD_DIR/drivers/$1/$1.inf" >"$1/$1.inf"
    undis test "$1/$1.inf" "$drivers/watches-link/watches_link.sys" --only sleep-wake-under-traffic --k 0 --first \
        --runs 500 --out slept
    exits 1
    prints 'FINDING *0xE2_watches_link!Followed'
    analysis slept | grep -q "Arg1: 0*$2,"
    undis test "$1/$1.inf" "$drivers/watches-link/watches_link.sys" --only pause-restart-under-traffic --k 0 --first \
        --runs 200 --out paused
    no prints 'FINDING'
}

@test "mux: a virtual adapter has no link while the adapter below sleeps, and has it again" { follows mux 1; }
@test "mux5: a virtual adapter goes while the adapter below sleeps, and comes again" { follows mux5 2; }
