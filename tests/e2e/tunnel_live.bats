#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# tunnel_live.bats - two machines, each with a virtual LAN card below a Linux interface, joined by undis-tunnel.
#
#     lan0 - hostif - vlan-card - undis-tunnel ==== undis-tunnel - vlan-card5 - hostif - lan0

load common

tunnel=$UNDIS_BUILD_DIR/undis-tunnel

# certificate NAME [CA] - NAME.pem and NAME.key, signed by CA or by itself
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -out "$1.csr" \
        -subj "/CN=$1" 2>/dev/null
    if [ -n "${2:-}" ]; then
        openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days 2 -out "$1.pem" 2>/dev/null
    else
        openssl req -x509 -key "$1.key" -days 2 -subj "/CN=$1" -out "$1.pem" 2>/dev/null
    fi
}

# machine NAME CARD ADDRESS
machine() {
    cat >"$1.yaml" <<END
adapters:
  - name: Card
    miniport: $UNDIS_BUILD_DIR/drivers/$2
    hostif: lan0
    parameters: { NetworkAddress: "02000000000$3" }
END
    timeout 20 "$UNDIS" run "$1.yaml" --detach --netns new
    on "$1" ip addr add "10.8.0.$3/24" dev lan0
    on "$1" ip link set lan0 up
}

on() { # MACHINE COMMAND...
    local name=$1
    shift
    nsenter -t "$(cat "undis/$name/lock")" -U -n --preserve-credentials timeout 60 "$@"
}

# end NAME OPTIONS... - a tunnel's end in the namespace of this test
end() {
    local name=$1
    shift
    nsenter -t "$space" -U -n --preserve-credentials "$tunnel" --ca ca.pem --cert "$name.pem" --key "$name.key" "$@" \
        2>"$name.log" 3>&- &
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
    for tool in unshare nsenter ip ping openssl; do
        command -v "$tool" >/dev/null || skip "$tool is not installed"
    done
    [ -x "$tunnel" ] || skip "undis-tunnel is not built"
    [ -w /dev/net/tun ] || skip "/dev/net/tun cannot be opened here"
    unshare -Urn true 2>/dev/null || skip "user and network namespaces cannot be made here"
    certificate ca
    certificate a ca
    certificate b ca
    certificate stranger
    machine ma vlan-card 1
    machine mb vlan-card5 2
    unshare -Urn sh -c 'ip link set lo up; echo $$ >space; exec sleep 600' 3>&- &
    while [ ! -s space ]; do sleep 0.1; done
    space=$(cat space)
    end a --listen 127.0.0.1:4433 --machine ma
    sleep 0.5
}

teardown() {
    [ -z "${space:-}" ] || kill "$space" 2>/dev/null || true
    for pid in $(jobs -p); do kill "$pid" 2>/dev/null || true; done
    for name in ma mb; do timeout 20 "$UNDIS" stop --name $name >/dev/null 2>&1 || true; done
    for pid in $(cat undis/*/lock 2>/dev/null); do kill -9 "$pid" 2>/dev/null || true; done
}

reaches() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        on ma ping -c 1 -W 1 10.8.0.2 >/dev/null && return 0
    done
    cat ./*.log
    return 1
}

@test "hosts behind two cards reach each other, while either card is disabled and enabled" {
    end b --connect 127.0.0.1:4433 --machine mb --device VlanCard5-0
    local peer=$!
    reaches
    on mb ping -c 3 -i 0.2 -W 2 -s 1400 10.8.0.1
    for m in ma mb; do
        timeout 20 "$UNDIS" adapter disable Card --name $m
        no on ma ping -c 1 -W 1 10.8.0.2
        timeout 20 "$UNDIS" adapter enable Card --name $m
        reaches
    done
    grep -q '^undis-tunnel: connected' a.log

    kill "$peer" # while it is connected
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        kill -0 "$peer" 2>/dev/null || break
        sleep 0.5
    done
    no kill -0 "$peer" 2>/dev/null
    grep -q 'told to stop' b.log
}

@test "a stranger's certificate and garbage get nothing, and the right one still does" {
    end stranger --connect 127.0.0.1:4433 --machine mb --device VlanCard5-0
    sleep 3
    no on ma ping -c 1 -W 1 10.8.0.2
    no grep -q '^undis-tunnel: connected' a.log
    grep -q 'handshake' a.log
    kill %% 2>/dev/null || kill "$(jobs -p | tail -1)"
    nsenter -t "$space" -U -n --preserve-credentials timeout 10 bash -c \
        'exec 9<>/dev/tcp/127.0.0.1/4433; head -c 5000 /dev/urandom >&9; sleep 0.5' || true
    end b --connect 127.0.0.1:4433 --machine mb --device VlanCard5-0
    reaches
}

# peer MODE - a peer of the listening end that is none, as peer.py has it
peer() {
    cat >peer.py <<'END'
import socket, ssl, struct, sys, time
mode = sys.argv[1]
s = socket.create_connection(("127.0.0.1", 4433))
if mode == "stalls":  # and never says hello
    time.sleep(8)
    sys.exit(s.recv(1) == b"")
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.check_hostname = False
c.load_verify_locations("ca.pem")
if mode != "nameless":
    c.load_cert_chain("b.pem", "b.key")
if mode == "old":
    c.maximum_version = ssl.TLSVersion.TLSv1_2
t = c.wrap_socket(s)
if mode == "lies":
    t.sendall(struct.pack(">H", int(sys.argv[2])) + bytes(64))
elif mode == "stops":  # in the middle of a frame
    t.sendall(struct.pack(">H", 60) + bytes(20))
    t.close()
    sys.exit()
t.settimeout(30)
start = time.monotonic()
try:
    while t.recv(4096):
        pass
except ssl.SSLError as e:
    print(e.reason)
except OSError as e:
    print(e)
print("ended after %d s" % (time.monotonic() - start))
END
    run nsenter -t "$space" -U -n --preserve-credentials timeout 40 python3 peer.py "$@"
    echo "$output"
}

heard() { # WORDS - what the listening end said of its last peer
    for _ in $(seq 30); do
        tail -1 a.log | grep -q "$1" && return 0
        sleep 0.1
    done
    cat a.log
    return 1
}

@test "peers that are no peers are sent away, and the next is served" {
    peer nameless
    heard 'handshake: .*certificate'
    peer old
    heard 'handshake: '
    peer stalls
    heard 'did not finish the handshake in 5 s'
    no grep -q '^undis-tunnel: connected' a.log
    end b --connect 127.0.0.1:4433 --machine mb --device VlanCard5-0
    reaches
}

@test "a peer that lies about lengths, stops in a frame or says nothing is left, and the next is served" {
    for length in 1 13 9019 65535; do
        peer lies $length
        prints 'ended after 0 s'
        heard 'sent what is no frame'
    done
    peer stops
    heard 'disconnected: '
    peer silent # takes what comes, and sends no sign of life
    prints 'ended after (19|20|21|22) s'
    heard 'nothing was heard of the other end for 20 s'
    [ "$(grep -c '^undis-tunnel: connected' a.log)" -eq 6 ]
    end b --connect 127.0.0.1:4433 --machine mb --device VlanCard5-0
    reaches
}
