#!/bin/sh
# SPDX-License-Identifier: MIT
# test_traffic.sh - pings through foreign drivers in a machine that runs; a program plays the host behind them.
#
#     UNDIS_REAL_DRIVERS=FOLDER test_traffic.sh
#
# Neo*.inf and Neo6*.inf below the folder are virtual LAN cards, SeLow*.inf and See*.sys protocols; others are left out.
# UNDIS_BUILD_DIR is the build. A leak at the end is told and is no failure of ours. Exit 0 when every ping came back
# and every machine ended by itself, 1 when not, 77 without a folder, without such drivers, or without namespaces.
set -u
if [ -z "${UNDIS_REAL_DRIVERS:-}" ]; then
    echo "skip  UNDIS_REAL_DRIVERS names no folder of drivers"
    exit 77
fi
for tool in unshare nsenter ip ping; do
    command -v $tool >/dev/null || { echo "skip  $tool is not installed"; exit 77; }
done
if ! unshare -Urn true 2>/dev/null || [ ! -w /dev/net/tun ]; then
    echo "skip  network namespaces and taps cannot be made here"
    exit 77
fi
build=${UNDIS_BUILD_DIR:-$(cd "$(dirname "$0")/../.." && pwd)/build}
pings=${UNDIS_REAL_PINGS:-200}
out=$(mktemp -d) || exit 1
export XDG_RUNTIME_DIR="$out"
trap 'for lock in "$out"/undis/*/lock; do [ -s "$lock" ] && kill "$(cat "$lock")"; done 2>/dev/null; rm -rf "$out"' EXIT
failed=0
seen=0

on() { # NAME COMMAND... - in the network namespace of that machine
    name=$1
    shift
    nsenter -t "$(cat "$out/undis/$name/lock")" -U -n --preserve-credentials "$@"
}

# ends NAME - takes the machine down: what it left behind, in words
ends() {
    timeout 40 "$build/undis" stop --name "$1" >/dev/null 2>&1
    if grep -q 'nothing was left behind' "$out/undis/$1.log"; then
        echo 'nothing left behind'
    elif grep -q '^FINDING' "$out/undis/$1.log"; then
        grep '^FINDING' "$out/undis/$1.log" | cut -d' ' -f2- | tr -s '\n ' ' '
    else
        echo "FAIL $(tail -1 "$out/undis/$1.log")"
    fi
}

# passes KIND LINUX_INTERFACE DRIVER STACK - one driver; STACK is its stack file
passes() {
    kind=$1 interface=$2 driver=$3
    seen=$((seen + 1))
    name=m$seen
    printf '%s\n' "$4" >"$out/$name.yaml"
    cd "$out" || exit 1
    if ! timeout 30 "$build/undis" run "$name.yaml" --netns new --detach </dev/null >"$name.up" 2>&1; then
        printf '%-28s FAIL  %s\n' "$driver" "$(tail -1 "$name.up")"
        failed=1
        return
    fi
    on $name ip addr add 10.9.0.1/24 dev $interface && on $name ip link set $interface up
    case $kind in
    neo) device="\\\\.\\$(device_of)" ;;
    selow) device=0 ;;
    see) device="\\\\.\\SEE_$(guid_of $name)" ;;
    esac
    timeout 90 "$build/tests/programs/guest_echo" $kind "$device" 10.9.0.9 "$pings" >"$name.echo" 2>&1 &
    echo=$!
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        grep -q ready "$name.echo" && break
        sleep 0.2
    done
    lost=$(on $name timeout 60 ping -q -c "$pings" -i 0.01 -s 1400 -w 40 10.9.0.9 2>&1 |
        sed -n 's/.* \([0-9.]*\)% packet loss.*/\1/p')
    wait $echo
    status=$?
    end=$(ends $name)
    case "$status $lost $end" in
    "0 0 FAIL"*) word=FAIL failed=1 ;;
    "0 0 "*) word=ok ;;
    *) word=FAIL failed=1 end="$end; $(tail -1 "$name.echo")" ;;
    esac
    printf '%-28s %-5s %s pings, %s%% lost; %s\n' "$driver" $word "$pings" "${lost:-all}" "$end"
}

# guid_of NAME - of the first adapter of that machine
guid_of() {
    "$build/undis" status --json --name "$1" | sed -n 's/.*"guid": *"\([^"]*\)".*/\1/p' | head -1
}

# device_of - the card's device, as the driver makes it from the hardware id of its INF
device_of() {
    id=$(sed -n 's/.*, *NeoAdapter_\([A-Za-z0-9]*\).*/\1/p' "$inf" | head -1)
    printf 'NEO_NEOADAPTER_%s_DEVICE' "$(printf %s "$id" | tr a-z A-Z)"
}

find "$UNDIS_REAL_DRIVERS" -iname 'neo*.inf' -o -iname 'selow*.inf' -o -iname 'see*.sys' | LC_ALL=C sort >"$out/list"
while read -r inf; do
    case $(basename "$inf" | tr A-Z a-z) in
    neo*) passes neo lan0 "$(basename "$inf")" "adapters: [ { name: Card, miniport: $inf, hostif: lan0 } ]" ;;
    *) passes "$(basename "$inf" | tr A-Z a-z | sed 's/^\(selow\|see\).*/\1/')" wan0 "$(basename "$inf")" \
        "adapters: [ { name: Ethernet, wire: \"tap:wan0\" } ]
protocols: [ $inf ]" ;;
    esac
done <"$out/list"
if [ "$seen" -eq 0 ]; then
    echo "skip  there is no driver with a program to it in $UNDIS_REAL_DRIVERS"
    exit 77
fi
exit $failed
