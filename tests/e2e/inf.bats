#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# inf.bats - undis inf: INF files checked and shown.

load common

@test "the INFs of this tree have no errors" {
    undis inf check "$root"/drivers/*/*.inf
    exits 0
    prints ' 0 errors, '
}

@test "a fault is told with file, line, weight and what to do, and the exit status is 1" {
    sed 's/^HKR, Ndi, *FilterClass.*/HKR, Ndi, FilterClass, , "capture"/' "$root/drivers/npf/npf.inf" >npf.inf
    line=$(grep -n '"capture"' npf.inf | cut -d: -f1)
    undis inf check npf.inf
    exits 1
    prints "^npf.inf:$line: error: \"capture\" is no FilterClass; "
    prints '^1 file, 1 error, 0 warnings$'
    undis inf check --json npf.inf
    exits 1
    [ "$(jq -r '.[0].remarks[0].line' <<<"$output")" = "$line" ]
    [ "$(jq -r '.[0].errors' <<<"$output")" = 1 ]
}

@test "a file that is no INF, and one that is not there" {
    printf 'hello\n' >hello.inf
    undis inf check hello.inf
    exits 1
    prints '^hello.inf:1: error: '
    undis inf check nowhere.inf
    exits 4
    complains 'nowhere.inf: No such file'
}

@test "undis inf show says what is installed" {
    undis inf show "$root/drivers/npf/npf.inf"
    exits 0
    prints '\(filter, class NetService, npf\)$'
    prints 'npf, .SystemRoot.System32.drivers.npf.sys, start 1$'
    undis inf show --json "$root/drivers/npf/npf.inf"
    [ "$(jq -r '.[0].service' <<<"$output")" = npf ]
}

@test "undis inf alone is a usage error" {
    undis inf
    exits 64
    undis inf check
    exits 64
}
