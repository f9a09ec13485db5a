#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# rules.bats - each rule of tests/drivers/rules/rules.def is broken by a driver and named, and is quiet about its twin.

load common

list=$root/tests/drivers/rules/rules.def

# scenario FILE CODE... - one program asks the driver for these
scenario() {
    local file=$1
    shift
    {
        echo "name: rules"
        echo "vps: 2"
        echo "stack: { miniport: loop, adapters: 1, protocols: [test] }"
        echo "actors:"
        echo "  - name: program"
        echo "    kind: program"
        echo "    ops:"
        echo "      - { op: open, device: each }"
        printf '      - { op: ioctl, code: 0x%x, in: 32, out: 32 }\n' "$@"
    } >"$file"
}

# code N - of the N-th routine
code() {
    echo $((0x22 << 16 | (0x800 + $1) << 2))
}

@test "every rule of the list is found in the driver that breaks it, and named" {
    needs "$drivers/rules"
    n=0
    wrong=
    while read -r id; do
        scenario "$id.yaml" "$(code $n)"
        undis test "$drivers/rules" --scenario "$id.yaml" --k 0 --faults 0 --runs 4 --first --out "out-$id"
        if [ "$status" -ne 1 ] || ! prints "^  rule $id\$" >/dev/null; then
            wrong="$wrong $id"
            printf '%s: exit %s\n%s\n%s\n' "$id" "$status" "$output" "$stderr"
        fi
        n=$((n + 2))
    done < <(sed -n 's/^RULE([A-Za-z]*, "\(.*\)")$/\1/p' "$list")
    [ "$n" -ge 72 ]
    [ -z "$wrong" ] || {
        echo "not found:$wrong"
        return 1
    }
}

@test "done right, one after the other, nothing of it is a finding" {
    needs "$drivers/rules"
    codes=()
    for n in $(seq 1 2 $((2 * $(grep -c '^RULE(' "$list")))); do
        codes+=("$(code "$n")")
    done
    scenario right.yaml "${codes[@]}"
    undis test "$drivers/rules" --scenario right.yaml --k 0 --out out
    exits 0
    ! grep -q . <(ls out/[0-9]* 2>/dev/null)
}
