#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# rules.bats - each rule of tests/drivers/rules*/*.def is broken by a driver and named, and is quiet about its twin.

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
    [ "$n" -ge 92 ]
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

# ------------------------------------------------------------------ NDIS: which rule, the parameter Choice says

# chosen CHOICE SCENARIO DRIVER... - Choice is the first driver's
chosen() {
    local choice=$1 scenario=$2
    shift 2
    undis test "$@" --scenario "$root/tests/scenario/$scenario.yaml" --k 0 --faults 0 --runs 2000 --first \
        --param "$(basename "${1%.*}"):Choice=$choice" --out out
}

# names RULE - the last run found something, and said that this rule is broken
names() {
    [ "$status" -eq 1 ] && prints "^  rule $1\$" >/dev/null
}

# judged KIND LEAST - each rule of rules_KIND.def is found by its name when it is broken, and kept it is no finding;
# those that take the other drivers too have tests of their own
judged() {
    local driver=$drivers/rules-$1/rules_$1.sys n=0 wrong= id
    needs "$driver"
    [ ! -e "${driver%.sys}.inf" ] || driver=${driver%.sys}.inf
    while read -r id; do
        case $id in
        NblIndicatedTwice | NblNoOwner | NdisStopWithOids) ;;
        *)
            chosen $((n + 1)) "rules-$1" "$driver"
            names "$id" || {
                wrong="$wrong $id"
                printf '%s, broken: exit %s\n%s\n%s\n' "$id" "$status" "$output" "$stderr"
            }
            chosen $((n + 2)) "rules-$1" "$driver"
            [ "$status" -eq 0 ] || {
                wrong="$wrong $id"
                printf '%s, kept: exit %s\n%s\n%s\n' "$id" "$status" "$output" "$stderr"
            }
            ;;
        esac
        n=$((n + 2))
    done < <(sed -n 's/^RULE([A-Za-z]*, "\(.*\)")$/\1/p' "$root/tests/drivers/rules-$1/rules_$1.def")
    [ "$n" -ge $((2 * $2)) ]
    [ -z "$wrong" ] || {
        echo "wrong:$wrong"
        return 1
    }
}

@test "rules of filters: broken they are named, kept they are quiet" {
    judged filter 30
}

@test "rules of miniports: broken they are named, kept they are quiet" {
    judged miniport 12
}

@test "rules of protocols: broken they are named, kept they are quiet" {
    judged protocol 6
}

@test "rules of NDIS 5.x protocols and miniports: broken they are named, kept they are quiet" {
    judged protocol5 5
    judged miniport5 3
}

@test "rules that take a neighbour: a frame that is kept above, a request that is kept below" {
    stack=("$drivers/rules-filter/rules_filter.sys" "$drivers/rules-miniport/rules_miniport.sys"
        "$drivers/rules-protocol/rules_protocol.sys")
    needs "${stack[@]}"
    n=0
    found=0
    while read -r id; do
        case $id in
        NblIndicatedTwice | NblNoOwner | NdisStopWithOids)
            chosen $((n + 1)) rules-stack "${stack[@]}"
            names "$id"
            chosen $((n + 2)) rules-stack "${stack[@]}"
            exits 0
            found=$((found + 1))
            ;;
        esac
        n=$((n + 2))
    done < <(sed -n 's/^RULE([A-Za-z]*, "\(.*\)")$/\1/p' "$root/tests/drivers/rules-filter/rules_filter.def")
    [ "$found" -eq 3 ]
}

@test "each rule has a driver that breaks it, or a line in elsewhere.txt" {
    sed -n 's/^ *\.id = "\(.*\)",$/\1/p' "$root"/src/verify/rules/*.c | sort >rules
    {
        sed -n 's/^RULE([A-Za-z]*, "\(.*\)")$/\1/p' "$root"/tests/drivers/rules*/*.def
        grep -v '^#' "$root/tests/drivers/rules/elsewhere.txt" | cut -d ' ' -f 1
    } | sort -u >shown
    diff rules shown
    while read -r _ where _; do
        case $where in
        never:) ;;
        *) [ -d "$root/$where" ] ;;
        esac
    done < <(grep -v '^#' "$root/tests/drivers/rules/elsewhere.txt")
}
