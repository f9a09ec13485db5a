#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# bad_input.bats - files undis cannot use: one sentence that says what and what to do, exit 4, nothing left behind.

load common

# The driver that is damaged.
good=$drivers/pool-leak/pool_leak.sys

setup_file() {
    command -v x86_64-w64-mingw32-dlltool >/dev/null || return 0
    cd "$BATS_FILE_TMPDIR" || return 1
    x86_64-w64-mingw32-dlltool -m i386:x86-64 -d "$BATS_TEST_DIRNAME/lacking.def" -l lacking.a
    for case in called uncalled; do
        mkdir $case
        "$UNDIS" cc -O1 -D"$(echo $case | tr a-z A-Z)" "$BATS_TEST_DIRNAME/lacking.c" lacking.a -o $case/lacking.sys
    done
}

unusable() { # PATTERN FILE - for test and for ddi
    refuses 4 "$1" test "$2"
    [ ! -e findings ]
    refuses 4 "$1" ddi "$2"
}

@test "a file that is not there" {
    unusable 'no-such.sys: there is no such file' no-such.sys
}

@test "a folder without a driver" {
    mkdir empty
    unusable 'empty: holds no .inf' empty
}

@test "a folder with two INFs" {
    mkdir two
    touch two/a.inf two/b.inf
    unusable 'more than one .inf' two
}

@test "a file that is neither folder nor .inf nor .sys" {
    echo hello >notes.txt
    unusable 'notes.txt: neither' notes.txt
}

@test "an empty file called .sys" {
    : >empty.sys
    unusable ': empty.sys is no Windows image' empty.sys
}

@test "a text file called .sys" {
    for i in $(seq 200); do echo "this is not a driver, line $i"; done >text.sys
    unusable ': text.sys is no Windows image: .*MZ' text.sys
    mkdir folder
    mv text.sys folder
    unusable ': folder/text.sys is no Windows image' folder/text.sys
}

@test "a 32-bit driver" {
    needs "$good"
    cp "$good" old.sys
    pe=$(pe_offset old.sys)
    patch old.sys $((pe + 4)) '\x4c\x01'
    patch old.sys $((pe + 24)) '\x0b\x01'
    unusable ': old.sys .*(32-bit|x86)' old.sys
}

@test "an ARM64 driver" {
    needs "$good"
    cp "$good" arm.sys
    patch arm.sys $(($(pe_offset arm.sys) + 4)) '\x64\xaa'
    unusable ': arm.sys .*ARM64' arm.sys
}

@test "a truncated driver, wherever it ends" {
    needs "$good"
    size=$(stat -c %s "$good")
    for at in 1 2 60 64 100 200 400 1000 $((size / 2)); do
        head -c $at "$good" >cut.sys
        refuses 4 ': cut.sys is ' ddi cut.sys
        refuses 4 ': cut.sys is ' test cut.sys
    done
}

@test "a malformed INF: the message has the line" {
    printf '[Version]\nSignature = "$Windows NT$"\n[Manufacturer\n' >bad.inf
    unusable 'bad.inf, line 3: ' bad.inf
}

@test "an INF that names a section that is not there" {
    needs "$zoo/pause-ignored/npf.inf"
    sed 's/^AddReg .*= Install.Ndi/AddReg = Missing/' "$zoo/pause-ignored/npf.inf" >npf.inf
    unusable "npf.inf, line $(grep -n '= Missing' npf.inf | cut -d: -f1): .*Missing" npf.inf
}

@test "an INF whose driver file is not beside it" {
    needs "$zoo/pause-ignored/npf.inf"
    cp "$zoo/pause-ignored/npf.inf" .
    unusable 'npf.sys: .*the INF names it' npf.inf
}

@test "a binary file called .inf" {
    head -c 3000 "$UNDIS" >noise.inf
    unusable 'noise.inf, line' noise.inf
}

@test "a scenario whose buffers do not fit, or that loads a miniport twice, is refused" {
    needs "$drivers/pool-leak"
    printf '%s\n' 'actors:' '  - { name: w, kind: program, ops: [{ op: open, device: each, mode: overlapped },' \
        '      { op: write, len: 1000000 }, { op: ioctl, code: 1, in: 1000000 }] }' >big.yaml
    refuses 4 'KB for buffers' test "$drivers/pool-leak" --scenario big.yaml
    needs "$UNDIS_BUILD_DIR/drivers/netmini"
    printf '%s\n' 'actors:' '  - { name: a, kind: admin, ops: [load, unload, load] }' >twice.yaml
    refuses 4 'loaded once' test "$UNDIS_BUILD_DIR/drivers/netmini" --scenario twice.yaml
}

@test "a malformed scenario: the message has the line" {
    needs "$good"
    printf 'name: x\nvps: 2\nstack: { miniport: loop, adapters: 1, protocols: [test] }\nactors:\n' >bad.yaml
    printf '  - { name: a, kind: administrator, ops: [disable] }\n' >>bad.yaml
    refuses 4 'bad.yaml, line 5: .*administrator' test "$good" --scenario bad.yaml
    printf 'name: [x\n' >bad.yaml
    refuses 4 'bad.yaml, line [12]: ' test "$good" --scenario bad.yaml
    refuses 4 'gone.yaml' test "$good" --scenario gone.yaml
}

@test "a driver that imports what undis lacks loads, and runs while it does not call it" {
    needs "$BATS_FILE_TMPDIR/uncalled/lacking.sys"
    undis test "$BATS_FILE_TMPDIR/uncalled/lacking.sys" --only init-halt
    exits 0
}

@test "calling what undis lacks ends as unsupported, by name, and is no finding" {
    needs "$BATS_FILE_TMPDIR/called/lacking.sys"
    undis test "$BATS_FILE_TMPDIR/called/lacking.sys" --only init-halt
    exits 4
    printf '%s\n%s\n' "$output" "$stderr" | grep -q VfFailDeviceNode
    [ -z "$(ls findings 2>/dev/null | grep '^[0-9]')" ]
}

@test "undis ddi lists what is lacking" {
    needs "$BATS_FILE_TMPDIR/called/lacking.sys"
    undis ddi "$BATS_FILE_TMPDIR/called/lacking.sys"
    exits 1
    prints ' 1 lacking'
    prints 'lacking +ntoskrnl.exe!VfFailDeviceNode'
    undis ddi -v "$BATS_FILE_TMPDIR/called/lacking.sys"
    prints 'bound +ntoskrnl.exe!IoDeleteDevice'
}

@test "undis ddi of a driver that has everything" {
    needs "$good"
    undis ddi "$good"
    exits 0
    prints ' 0 lacking'
}

@test "replay of what is no finding" {
    refuses 4 'empty' replay empty
    mkdir folder
    echo nonsense >folder/trace
    refuses 4 'not a trace' replay folder
}

@test "an --out folder that cannot be written is said" {
    needs "$good"
    : >file
    undis test "$good" --only init-halt --out file/findings
    exits 4
    one_sentence 'undis test'
    complains 'file/findings'
}

# left [SESSION] - what is still running of a session
left() {
    ps -o pid=,args= -s "$1" | grep -v ' ps ' || true
}

@test "nothing is left behind: files only under --out, no process, no shared memory" {
    needs "$good"
    mkdir tmp
    touch before
    TMPDIR=$PWD/tmp setsid sh -c 'echo $$ >session; "$0" test "$1" --out out >log 2>&1' "$UNDIS" "$good" || true
    [ -s log ]
    [ "$(ls | tr '\n' ' ')" = "before log out session tmp " ]
    [ -z "$(ls -A tmp)" ]
    [ -z "$(left "$(cat session)")" ]
    [ -z "$(find /dev/shm -newer before -name '*undis*' 2>/dev/null)" ]
}

@test "a killed undis takes its worker with it" {
    needs "$drivers/deadlock-abba/deadlock_abba.sys"
    setsid sh -c 'echo $$ >session; exec "$0" test "$1" --strategy random --time 60 --only init-halt' "$UNDIS" \
        "$good" >log 2>&1 &
    for i in $(seq 100); do
        [ -s session ] && [ "$(left "$(cat session)" | wc -l)" -ge 2 ] && break
        sleep 0.05
    done
    kill -9 "$(cat session)"
    for i in $(seq 40); do
        [ -z "$(left "$(cat session)")" ] && break
        sleep 0.05
    done
    [ -z "$(left "$(cat session)")" ]
}
