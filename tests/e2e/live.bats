#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# live.bats - undis run and the commands that talk to a running machine; nothing here needs rights or a network.

load common

npf=$UNDIS_BUILD_DIR/drivers/npf/npf.inf
miniport=$UNDIS_BUILD_DIR/drivers/netmini/netmini.inf
echo=$UNDIS_BUILD_DIR/tests/programs/npf_echo

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
}

teardown() {
    end_machines
}

# stack NAME LINE... - a stack file of that name: an adapter that receives what it sends, and more lines
stack() {
    local name=$1
    shift
    {
        echo "adapters:"
        echo "  - { name: Ethernet, miniport: $miniport, parameters: { Loopback: 1 } }"
        for line; do
            echo "$line"
        done
    } >"$name.yaml"
}

# up NAME [OPTION...] - runs it in the background
up() {
    local name=$1
    shift
    timeout 60 "$UNDIS" run "$name.yaml" --detach "$@" || {
        echo "it did not start: $?"
        return 1
    }
}

# device - npf's device at the first adapter
device() {
    printf '\\\\.\\NPF_%s' "$("$UNDIS" status --json | jq -r '.adapters[0].guid')"
}

@test "a machine comes up, tells about itself, and goes down with nothing left" {
    stack m "filters: [ $npf ]"
    up m
    undis status
    exits 0
    prints '^m +process [0-9]+'
    prints 'Ethernet +enabled'
    prints 'filter +npf +Running'
    undis stop
    exits 0
    undis status
    exits 4
    complains 'no machine is running'
    [ -z "$(ls undis/m 2>/dev/null)" ]
    grep -q 'nothing was left behind' undis/m.log
}

@test "an adapter is disabled and enabled, a filter leaves and joins" {
    stack m "filters: [ $npf ]"
    up m
    undis adapter disable Ethernet
    exits 0
    prints 'Ethernet +disabled'
    undis adapter enable ethernet
    prints 'npf +Running'
    undis filter remove npf
    exits 0
    no prints 'npf'
    undis filter insert npf Ethernet
    prints 'npf +Running'
    undis adapter list --json
    [ "$(printf '%s' "$output" | jq -r '.adapters[0].layers | map(.driver) | join(" ")')" = "netmini npf" ]
    refuses 4 'no adapter called "Wireless"' adapter disable Wireless
    refuses 4 'no driver called "nope"' filter insert nope
    undis adapter remove Ethernet
    exits 0
    prints 'Ethernet +removed'
    refuses 4 'was removed' adapter enable Ethernet
    undis stop
    exits 0
    grep -q 'nothing was left behind' undis/m.log
}

# memory - blocks of machine memory, and what the machine itself keeps
memory() {
    "$UNDIS" status --json | jq -c '.machine.memory | [.blocks, .bytes, .monitor_bytes]'
}

@test "adapters of either generation that come and go take no memory for good" {
    stack m "  - { name: Card5, miniport: $UNDIS_BUILD_DIR/drivers/vlan-card5 }" \
        "  - { name: Card5s, miniport: $UNDIS_BUILD_DIR/drivers/vlan-card5s }" "filters: [ $npf ]" \
        "protocols: [ $UNDIS_BUILD_DIR/drivers/ndisprot5 ]"
    up m
    for round in 1 2 3 4 5 6 7 8 9 10; do
        for card in Ethernet Card5 Card5s; do
            "$UNDIS" adapter disable "$card" >/dev/null
            "$UNDIS" adapter enable "$card" >/dev/null
        done
        [ $round -ne 2 ] || memory >first # spare NBLs and lists are there by then
    done
    memory | diff first -
    undis stop
    exits 0
}

@test "a program opens, writes, reads, waits and cancels by the names of Win32" {
    stack m "filters: [ $npf ]"
    up m
    run timeout 20 "$echo" "$(device)" 50 cancel
    exits 0
    prints '50 frames back'
    undis status --json
    [ "$(printf '%s' "$output" | jq .machine.memory.files)" -eq 0 ]
    undis stop
    exits 0
}

@test "a program that dies with a read under way leaves nothing" {
    stack m "filters: [ $npf ]"
    up m
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        run timeout 20 "$echo" "$(device)" 2 kill
        exits 9
    done
    for i in 1 2 3 4 5 6 7 8 9 10; do
        [ "$("$UNDIS" status --json | jq '.machine.memory.files + .machine.memory.irps')" -eq 0 ] && break
        sleep 0.1
    done
    [ "$("$UNDIS" status --json | jq '.machine.memory.files + .machine.memory.irps')" -eq 0 ]
    undis stop
    exits 0
    grep -q 'nothing was left behind' undis/m.log
}

@test "two programs have 300 reads under way at once; the machine answers, and all are cancelled" {
    stack m "filters: [ $npf ]"
    up m
    mkfifo go
    for i in 1 2; do
        timeout 30 "$UNDIS_BUILD_DIR/tests/programs/overlapped_many" "$(device)" 150 wait <go >many.$i &
    done
    exec 5>go
    for i in $(seq 100); do
        [ "$(cat many.* | grep -c '150 reads under way')" -eq 2 ] && break
        sleep 0.1
    done
    [ "$("$UNDIS" status --json | jq '.machine.memory.irps')" -ge 300 ]
    undis adapter list
    exits 0
    exec 5>&-
    wait -n
    wait -n
    [ "$("$UNDIS" status --json | jq '.machine.memory.files + .machine.memory.irps')" -eq 0 ]
    undis stop
    exits 0
    grep -q 'nothing was left behind' undis/m.log
}

@test "a driver has 200 threads, and as many hold one resource" {
    needs "$drivers/many-threads/many_threads.sys"
    stack m "drivers: [ $drivers/many-threads/many_threads.sys ]"
    up m
    for _ in $(seq 100); do
        timeout 20 "$UNDIS_BUILD_DIR/tests/programs/read_once" '\\.\ManyThreads' >/dev/null && break
        sleep 0.1
    done
    timeout 20 "$UNDIS_BUILD_DIR/tests/programs/read_once" '\\.\ManyThreads'
    timeout 20 "$UNDIS_BUILD_DIR/tests/programs/write_once" '\\.\ManyThreads'
    undis stop
    exits 0
    grep -q 'nothing was left behind' undis/m.log
}

@test "a device that is not there is ERROR_FILE_NOT_FOUND, no machine at all ERROR_SERVICE_NOT_ACTIVE" {
    run "$echo" '\\.\NPF_nowhere' 1
    exits 1
    prints 'error 1062.*no machine is running'
    stack m
    up m
    run "$echo" '\\.\NPF_nowhere' 1
    exits 1
    prints 'error 2,'
    undis stop
}

@test "a capture has what passed, and only what the expression wants" {
    command -v tshark >/dev/null || skip "tshark is not installed"
    stack m "filters: [ $npf ]"
    up m
    timeout 20 "$UNDIS" capture -i Ethernet -w all.pcapng -c 3 2>all.err &
    timeout 20 "$UNDIS" capture -i Ethernet -w none.pcapng -c 1 ip 2>none.err &
    sleep 1
    run timeout 20 "$echo" "$(device)" 3
    exits 0
    wait %1
    grep -q '3 packets captured' all.err
    [ "$(tshark -r all.pcapng -T fields -e eth.type 2>/dev/null | sort | uniq -c | tr -s ' ')" = " 3 0x88b5" ]
    kill -INT "$(jobs -p %2)"
    wait %2 || true
    [ "$(tshark -r none.pcapng 2>/dev/null | wc -l)" -eq 0 ]
    undis stop
}

@test "stats measure what passes each layer, and what a second passes nothing" {
    stack m "filters: [ $npf ]"
    up m
    undis stats -s 0
    exits 0
    prints 'filter +npf +Running'
    (sleep 1 && "$echo" "$(device)" 30 >/dev/null) &
    undis stats -s 6
    exits 0
    wait
    prints 'sent down 30 packets, 6000 bytes in 30 batches'
    prints 'indicated up 30 packets, 6000 bytes'
    prints 'held: half under'
    refuses 4 'no adapter called' stats nowhere
    refuses 64 'seconds' stats -s 99
    undis stop
}

@test "what cannot be captured is said in one sentence" {
    stack m
    up m
    refuses 4 'no adapter called' capture -i nowhere -w x.pcapng
    refuses 4 'is npf among its filters' capture -i Ethernet -w x.pcapng
    refuses 64 'with' capture -i Ethernet -c none -w x.pcapng
    undis stop
}

@test "tracing is switched on and off while it runs" {
    stack m "filters: [ $npf ]"
    up m
    undis trace on -w events.txt
    exits 0
    refuses 4 'is being written' trace on -w other.txt
    run timeout 20 "$echo" "$(device)" 2
    exits 0
    undis trace off
    exits 0
    prints 'events.txt: [0-9]+ events'
    grep -q ' IRP_DISPATCH ' events.txt
    undis trace off
    prints 'no trace'
    undis stop
}

@test "a leak at unload is a finding of the run" {
    stack m "drivers: [ $drivers/pool-leak/pool_leak.sys ]"
    timeout 60 "$UNDIS" run m.yaml >log 2>&1 &
    for i in 1 2 3 4 5 6 7 8 9 10; do
        "$UNDIS" stop >/dev/null 2>&1 && break
        sleep 0.2
    done
    wait %1 || status=$?
    [ "$status" -eq 1 ]
    grep -q 'PoolTracking-Leak' findings/live-*/analysis.txt
    grep -q 'sha256' findings/live-*/trace
    cmp m.yaml findings/live-*/stack.yaml
}

@test "a bugcheck ends the machine with a finding; who used it is told" {
    stack m "drivers: [ $drivers/bugcheck-itself/bugcheck_itself.sys ]"
    timeout 60 "$UNDIS" run m.yaml >log 2>&1 &
    for i in 1 2 3 4 5 6 7 8 9 10; do
        "$UNDIS" status >/dev/null 2>&1 && break
        sleep 0.2
    done
    run timeout 20 "$UNDIS_BUILD_DIR/tests/programs/write_once" '\\.\BugcheckItself'
    exits 1
    prints 'error 1167'
    wait %1 || status=$?
    [ "$status" -eq 1 ]
    grep -q '^FINDING' log
    [ -s "$(echo findings/live-*/dump)" ]
}

@test "the release that a stack names is what drivers and findings see; one that is not there is refused" {
    stack m "os: win7" "drivers: [ $drivers/bugcheck-itself/bugcheck_itself.sys ]"
    up m
    [ "$("$UNDIS" status --json | jq -r .machine.os)" = win7 ]
    run timeout 20 "$UNDIS_BUILD_DIR/tests/programs/write_once" '\\.\BugcheckItself'
    for i in 1 2 3 4 5 6 7 8 9 10; do
        [ -e undis/m ] || break
        sleep 0.2
    done
    grep -q 'OSNAME: .*Windows 6.1.7601' findings/live-*/analysis.txt
    stack n "os: win95"
    refuses 4 'n.yaml, line 3: there is no OS profile "win95"' run n.yaml
}

@test "a driver that does not let the machine end is a finding" {
    stack m "drivers: [ $drivers/waits-forever/waits_forever.sys ]"
    timeout 60 "$UNDIS" run m.yaml >log 2>&1 &
    for i in 1 2 3 4 5 6 7 8 9 10; do
        "$UNDIS" status >/dev/null 2>&1 && break
        sleep 0.2
    done
    run timeout 50 "$UNDIS" stop
    wait %1 || status=$?
    [ "$status" -eq 1 ]
    grep -q 'never ends' findings/live-*/analysis.txt
}

@test "one name, one machine; two names, two machines" {
    stack m
    up m
    refuses 4 'called m is running already' run m.yaml
    up m --name other
    refuses 4 'name one with --name: .*' status
    undis status --name other
    exits 0
    undis stop --name other
    undis stop --name m
    exits 0
}

@test "of several started at once under one name one runs, and it answers" {
    stack m
    for i in 1 2 3 4; do
        timeout 60 "$UNDIS" run m.yaml --detach >log.$i 2>&1 &
    done
    wait
    [ "$(cat log.* | grep -c 'runs as process')" -eq 1 ]
    [ "$(cat log.* | grep -c 'a machine called m is running already')" -eq 3 ]
    undis status
    exits 0
    undis stop
    exits 0
}

@test "what kill -9 leaves behind the next start cleans up" {
    stack m
    up m
    worker=$(pgrep -P "$(cat undis/m/lock)")
    kill -9 "$(cat undis/m/lock)"
    alive() { grep -q '^State:[[:space:]]*[^Z[:space:]]' "/proc/$1/status" 2>/dev/null; } # a zombie waits for init
    for i in 1 2 3 4 5 6 7 8 9 10; do
        alive "$worker" || break
        sleep 0.1
    done
    no alive "$worker"
    for i in 1 2 3 4 5 6 7 8 9 10; do
        "$UNDIS" status >/dev/null 2>&1 || break
        sleep 0.1
    done
    refuses 4 'no machine is running' status
    [ -e undis/m/socket ]
    up m
    undis status
    exits 0
    undis stop
}

@test "SIGTERM takes it down cleanly" {
    stack m "filters: [ $npf ]"
    timeout 60 "$UNDIS" run m.yaml >log 2>&1 &
    for i in 1 2 3 4 5 6 7 8 9 10; do
        "$UNDIS" status >/dev/null 2>&1 && break
        sleep 0.2
    done
    kill -TERM "$(cat undis/m/lock)"
    wait %1
    grep -q 'nothing was left behind' log
    [ ! -e undis/m ]
}

@test "a stack that cannot be is refused with file and line" {
    printf 'adapters:\n  - { name: E, miniport: %s }\nfilters:\n  - nowhere.inf\n' "$miniport" >m.yaml
    refuses 4 'm.yaml, line 4: nowhere.inf: there is no such file' run m.yaml
    printf 'adapters:\n  - { name: E, wire: "string:x" }\n' >m.yaml
    refuses 4 'E: ' run m.yaml
    printf 'adapters:\n  - { name: E, miniport: %s }\n' "$npf" >m.yaml
    refuses 4 'line 2: npf is a filter driver, not a miniport' run m.yaml
    printf 'adapters: x\n' >m.yaml
    refuses 4 'line 1: adapters must be a list' run m.yaml
    refuses 4 'cannot be read' run nowhere.yaml
    refuses 64 'which stack' run
    refuses 64 'vps' run m.yaml --vps 9
    [ -z "$(ls undis 2>/dev/null)" ]
}

@test "a driver that refuses to start ends it with what it returned" {
    needs "$drivers/entry-fails/entry_fails.sys"
    stack m "drivers: [ $drivers/entry-fails/entry_fails.sys ]"
    undis run m.yaml
    exits 1
    complains 'DriverEntry of entry_fails returned 0x'
}

@test "a program that stops reading is not read from either, and others go on" {
    grep -q '^UNDIS_SANITIZE:.*thread' "$UNDIS_BUILD_DIR/CMakeCache.txt" &&
        skip "ThreadSanitizer's own memory counts as resident"
    stack m "filters: [ $npf ]"
    up m
    worker=$(pgrep -P "$(cat undis/m/lock)")
    run python3 - "$XDG_RUNTIME_DIR/undis/m/socket" "$worker" "$UNDIS" <<'END'
import socket, struct, subprocess, sys, time
def resident():
    return int(next(l for l in open(f"/proc/{sys.argv[2]}/status") if l.startswith("VmRSS")).split()[1])
def request(op, number, path=b""):
    return struct.pack("<IHHQQQIIIIII256s", 0x31534e55, op, 0, number, 0, 0, 1, 0, 0, 0, 0, 0, path)
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
s.send(request(1, 1, b"deaf"))
s.recvmsg(100, 100)
before = resident()
s.setblocking(False)
sent = waited = 0
while waited < 100:
    try:
        s.send(request(2, 2 + sent, rb"\\.\nowhere"))
        sent += 1
        waited = 0
    except BlockingIOError:
        waited += 1
        time.sleep(0.01)
grown = resident() - before
assert sent < 5000, f"{sent} requests were read of one that reads no answer"
assert grown < 4096, f"{grown} KB more"
assert subprocess.run([sys.argv[3], "status"], stdout=subprocess.DEVNULL, timeout=10).returncode == 0
s.setblocking(True)
s.settimeout(10)
ids = {struct.unpack_from("<Q", s.recv(100), 8)[0] for _ in range(sent)}
assert ids == set(range(2, 2 + sent)), "each answer comes once it reads again"
END
    exits 0
    undis stop
    exits 0
    grep -q 'nothing was left behind' undis/m.log
}

@test "the control socket survives nonsense and those who do not read" {
    stack m "filters: [ $npf ]"
    up m
    run python3 - "$XDG_RUNTIME_DIR/undis/m/socket" <<'END'
import os, socket, sys
def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(sys.argv[1])
    return s
for packet in [b"{", b"[]", b'{"do":"explode"}', b"x" * 300, b"UNS1" + os.urandom(308), b"UNS1", b"{" * 60000]:
    s = connect()
    s.send(packet)
    s.settimeout(5)
    try:
        s.recv(300000)
    except ConnectionError:
        pass
many = [connect() for _ in range(60)]
deaf = connect()
deaf.setblocking(False)
try:
    for _ in range(100000):
        deaf.send(b'{"do":"stats"}')
except (BlockingIOError, ConnectionError):
    pass
END
    exits 0
    undis status
    exits 0
    undis stop
    exits 0
    grep -q 'nothing was left behind' undis/m.log
}

@test "filters of one class change places, and of different ones they do not" {
    needs "$UNDIS_BUILD_DIR/zoo/power-request-held-fixed/power_request_held_fixed.sys"
    stack m "filters: [ $npf, $UNDIS_BUILD_DIR/zoo/power-request-held-fixed ]"
    up m
    undis net raise Ethernet npf
    exits 0
    order=$("$UNDIS" status --json | jq -r '[.adapters[0].layers[] | select(.kind == "filter").driver] | join(" ")')
    [ "$order" = "power_request_held_fixed npf" ]
    undis net raise Ethernet npf
    exits 4
    complains 'nothing for "npf" to go above'
    undis net lower Ethernet npf
    exits 0
    undis net raise Ethernet nothing
    exits 4
    undis stop
    exits 0
}

@test "a detached machine holds no pipe of who started it, and a start that fails is told there" {
    stack m "filters: [ $npf ]"
    timeout 20 "$UNDIS" run m.yaml --detach 3>&- 2>&1 | cat >said
    grep -q 'runs as process' said
    undis stop
    exits 0
    printf 'adapters:\n  - { name: E, wire: "tap:a/b" }\n' >bad.yaml
    refuses 4 '.' run bad.yaml --detach
}

@test "bindings of a protocol change places: it is told the list, and its Linkage has the same by then" {
    needs "$drivers/bind-order/bind_order.sys"
    stack m "  - { name: Other, miniport: $miniport }" "protocols: [ $drivers/bind-order/bind_order.sys ]"
    timeout 60 "$UNDIS" run m.yaml >log 2>&1 &
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        "$UNDIS" status >/dev/null 2>&1 && break
        sleep 0.2
    done
    undis net lower Other bind_order
    exits 4
    complains 'nothing for "bind_order" to go below'
    "$UNDIS" net lower Ethernet bind_order || true # the protocol stops the machine when it is told
    wait %1 || status=$?
    [ "$status" -eq 1 ]
    grep -q '^Arg1: 0*2\b' findings/live-*/analysis.txt # two names,
    grep -q '^Arg2: 0*1\b' findings/live-*/analysis.txt # the same as in the registry,
    grep -q '^Arg3: 0*1\b' findings/live-*/analysis.txt # the second adapter first
}
