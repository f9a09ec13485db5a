#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# coverage.bats - what of a driver's source ran, in builds by `undis cc --coverage`.

load common

covered() { # COMPILER OPTIMISATION
    [ -e "$UNDIS_BUILD_DIR/lib/undisrt.lib" ] || skip "no import libraries"
    command -v llvm-symbolizer-19 llvm-symbolizer >/dev/null || skip "no llvm-symbolizer"
    rm -rf npf out
    mkdir npf
    cp "$root"/drivers/npf/*.inf npf
    undis cc --cc "$1" "$2" --coverage "$root"/drivers/npf/*.c -o npf/npf.sys
    exits 0
}

@test "what a scenario does not reach is named, and another scenario reaches it" {
    for compiler in gcc clang; do
        covered $compiler -O1
        undis test npf --only init-halt --out out
        exits 0
        prints '^      never entered: NPF_Read$'
        grep -q '^FNDA:0,NPF_Read$' out/coverage.info
        grep -q '^FNDA:1,DriverEntry$' out/coverage.info

        undis test npf --only read-while-disabled --k 0 --out out
        exits 0
        no grep -q 'never entered: NPF_Read$' <<<"$output"
        prints '^  read\.c +[1-9][0-9]* of +[1-9][0-9]* lines'
        grep -q '^FNDA:1,NPF_Read$' out/coverage.info
        grep -q '^FNDA:0,NPF_IoControl$' out/coverage.info
    done
}

@test "every line that ran has code, and --json stays JSON" {
    covered gcc -O0
    undis test npf --only write-while-disabled --k 0 --out out --json
    exits 0
    command -v python3 >/dev/null || skip "no python3"
    python3 - "$output" "$root" out/coverage.info <<'END'
import json, sys
json.loads(sys.argv[1])
lines = ran = 0
for record in open(sys.argv[3]).read().split("end_of_record"):
    data = [l for l in record.splitlines() if l.startswith("DA:")]
    numbers = [int(l[3:].split(",")[0]) for l in data]
    assert len(numbers) == len(set(numbers)), record
    found = [int(l[3:]) for l in record.splitlines() if l.startswith("LF:")]
    hit = [int(l[3:]) for l in record.splitlines() if l.startswith("LH:")]
    assert found in ([], [len(data)]) and hit in ([], [sum(l.endswith(",1") for l in data)])
    lines += len(data)
    ran += sum(hit)
assert 0 < ran < lines, (ran, lines)
END
}

@test "a driver built without --coverage says nothing of it" {
    needs "$UNDIS_BUILD_DIR/drivers/npf"
    undis test "$UNDIS_BUILD_DIR/drivers/npf" --only init-halt --out out
    exits 0
    [ ! -e out/coverage.info ]
    no grep -q 'what ran' <<<"$output"
}

@test "entry points that nobody called are named at the end, of any driver" {
    needs "$UNDIS_BUILD_DIR/lib"
    mkdir d
    for compiler in gcc clang; do
        undis cc --cc $compiler -O2 "$root/tests/e2e/entries.c" "$root/tests/drivers/common/plain.c" -o d/entries.sys
        exits 0
        undis test d/entries.sys --k 0 --out out
        exits 0
        prints '^not called  by ndis or nt, .*entries!EntriesShutdown'
        no grep -q '^not called.*EntriesWrite' <<<"$output"
        undis test d/entries.sys --k 0 --out out --json
        grep -q '"name": "EntriesShutdown"' <<<"$output"
    done
}

# not_called SCENARIO - the entry points of npf that the scenario leaves out
not_called() {
    undis test "$UNDIS_BUILD_DIR/drivers/npf" --only "$1" --k 1 --out out --json
    exits 0
    sed -n '/"not_called"/,$s/.*"name": "\(.*\)".*/\1/p' <<<"$output" >names
    [ -s names ] # no scenario calls them all
    cat names
}

@test "the battery's OID requests, their cancelling and the changes of the link reach a filter" {
    needs "$UNDIS_BUILD_DIR/drivers/npf"
    not_called init-halt >none
    for name in NPF_OidRequest NPF_OidRequestComplete NPF_CancelOidRequest NPF_Status; do
        grep -qx $name none
    done
    not_called oid-requests >requests
    no grep -x NPF_OidRequest requests
    not_called oid-while-disabled >later
    no grep -x NPF_OidRequestComplete later
    not_called oid-cancelled >cancelled
    no grep -x NPF_CancelOidRequest cancelled
    not_called link-changes >link
    no grep -x NPF_Status link
}
