#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# usage.bats - help, usage and what undis does with a command line it cannot use.

load common

# commands - the names of src/cli/main.c, where each has its row
commands() {
    sed -n 's/^    { "\([a-z]*\)", cmd_.*/\1/p' "$root/src/cli/main.c"
}

@test "undis alone shows the commands and is a usage error" {
    undis
    exits 64
    complains '^usage: undis COMMAND'
    for command in $(commands); do
        complains "^  $command +[a-z]"
        n=$((${n:-0} + 1))
    done
    [ "$n" -ge 18 ]
}

@test "undis --help shows the commands" {
    undis --help
    exits 0
    prints '^usage: undis COMMAND'
    [ -z "$stderr" ]
}

@test "an unknown command is named" {
    undis explode
    exits 64
    complains '^undis: .*"explode".*undis --help'
}

@test "each command has --help, which says how it ends" {
    for command in $(commands); do
        undis "$command" --help
        exits 0
        prints "^usage: undis $command"
        [ -z "$stderr" ]
    done
}

@test "help of the commands that judge names their exit codes" {
    for command in test replay run status adapter filter driver stats trace capture stop zoo ddi; do
        undis "$command" --help
        prints "exit: "
    done
}

@test "no help line is wider than a terminal" {
    for command in $(commands); do
        undis "$command" --help
        [ "$(printf '%s\n' "$output" | awk 'length > 120' | wc -l)" -eq 0 ]
    done
}

@test "undis version prints version and commit" {
    undis version
    exits 0
    prints '^undis [0-9]+\.[0-9]+\.[0-9]+( [0-9a-f]{7,}.*)?$'
    [ "$("$UNDIS" --version)" = "$output" ]
}

@test "undis zoo says which of the names given is no driver" {
    refuses 64 'called "nosuch"' zoo --dir "$UNDIS_BUILD_DIR/zoo" nosuch
}

@test "numbers that are none, or too large, are refused" {
    refuses 64 '--times' replay folder --times abc
    refuses 64 '"4294967297"' run --vps 4294967297 stack.yaml
    refuses 64 '"4294967297"' stats -s 4294967297
    refuses 64 '"0x"' capture -i A -w F -c 0x
}

@test "undis test without a driver asks for one" {
    refuses 64 'which driver' test
}

@test "undis test refuses what it does not know" {
    refuses 64 '"--frobnicate"' test "$drivers/pool-leak" --frobnicate 1
    refuses 64 '"--k"' test "$drivers/pool-leak" --k
    refuses 64 'a number' test "$drivers/pool-leak" --k many
    refuses 64 '"4"' test "$drivers/pool-leak" --faults 4
    refuses 64 '"99"' test "$drivers/pool-leak" --k 99
    refuses 64 '"telepathy"' test "$drivers/pool-leak" --strategy telepathy
    refuses 64 '"9"' test "$drivers/pool-leak" --vps 9
    refuses 64 '"nowhere"' test "$drivers/pool-leak" --src nowhere
    refuses 64 'no-such-scenario' test "$drivers/pool-leak" --only no-such-scenario
    set --
    for i in 1 2 3 4 5 6 7 8 9; do
        set -- "$@" "$drivers/pool-leak"
    done
    refuses 64 '8 drivers at most' test "$@"
}

@test "a folder that cannot be written is named before anything runs, and nothing else is told" {
    needs "$drivers/pool-leak/pool_leak.sys"
    for option in --out --write-scenario; do
        refuses 4 "/proc/none: .* cannot be written there .*name another with $option" \
            test "$drivers/pool-leak" $option /proc/none
        no prints 'not called|init-halt'
    done
}

@test "a command that misses its words shows the forms it has, and no more" {
    for command in adapter filter driver net trace; do
        undis $command
        exits 64
        complains "^undis $command: something is missing\$"
        complains "^usage: undis $command [a-z]+"
        [ "$(grep -vc "undis $command" <<<"$stderr")" -eq 0 ]
    done
}

@test "undis test --only list names the scenarios" {
    undis test --only list
    exits 0
    for scenario in init-halt write-while-disabled pause-restart-under-traffic filter-insert-remove; do
        prints "^$scenario +k<=[0-9] "
    done
    [ -z "$(printf '%s\n' "$output" | cut -d ' ' -f 1 | sort | uniq -d)" ]
}

@test "undis replay, ddi and zoo refuse what they do not know" {
    refuses 64 '"--frobnicate"' replay --frobnicate
    refuses 64 '"--frobnicate"' ddi --frobnicate
    refuses 64 '"--frobnicate"' zoo --frobnicate
    refuses 64 'a number from 1, not "0"' zoo --jobs 0
    undis replay
    exits 64
    undis ddi
    exits 64
}

@test "undis replay counts its --times" {
    undis replay folder --times 0
    exits 64
    undis replay folder --times many
    exits 64
}

@test "undis cc refuses what it does not know" {
    refuses 64 'no sources' cc
    refuses 64 '--frobnicate' cc --frobnicate
    refuses 64 'notes.txt' cc notes.txt -o x.sys
    echo 'int x;' >x.c
    refuses 64 '-o is missing' cc x.c
    refuses 64 '--pdb needs --cc clang' cc --pdb x.c -o x.sys
    refuses 4 'cannot read gone.c' cc gone.c -o x.sys
}

@test "--junit and --sarif: a case for each scenario, a result for each finding at its line" {
    needs "$zoo/pause-ignored"
    undis test "$zoo/pause-ignored" --only write-while-disabled --out out --junit j.xml --sarif s.json
    exits 1
    command -v python3 >/dev/null || skip "no python3"
    python3 - "$root" <<'END'
import json, sys, xml.etree.ElementTree as tree
suite = tree.parse("j.xml").getroot().find("testsuite")
assert (suite.get("name"), suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("npf", "1", "1", "0")
case = suite.find("testcase")
assert case.get("name") == "write-while-disabled"
assert case.find("failure").get("message") == "0x3B_npf!NPF_Write"
assert "undis replay out/" in case.find("failure").text
run = json.load(open("s.json"))["runs"][0]
assert [r["id"] for r in run["tool"]["driver"]["rules"]] == ["0x3B_npf!NPF_Write"]
place = run["results"][0]["locations"][0]["physicalLocation"]
line = open(place["artifactLocation"]["uri"]).read().splitlines()[place["region"]["startLine"] - 1]
assert "NdisFSendNetBufferLists" in line, line
assert run["results"][0]["fingerprints"]["bucket/v1"] and run["invocations"][0]["exitCode"] == 1
END
}

@test "a report that cannot be written is said, and a clean test is no success then" {
    needs "$UNDIS_BUILD_DIR/drivers/npf"
    undis test "$UNDIS_BUILD_DIR/drivers/npf" --only init-halt --out out --junit no/such/folder/j.xml
    exits 4
    complains 'no/such/folder/j\.xml: No such file'
    undis test "$root" --out out --junit j.xml
    exits 4
    grep -q '<error message=".*"/></testcase>' j.xml
}
