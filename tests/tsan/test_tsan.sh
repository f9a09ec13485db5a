#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_tsan.sh BUILD - live machines under ThreadSanitizer: no report in the live tests and in machines on wires, a
# report when NDIS lacks a lock. Exploration has one thread and jumps between stacks unannounced; it is not run here.
set -u

build=$(cd "$1" && pwd) || exit 4
cd "$(dirname "$0")/../.." || exit 4
grep -q '^UNDIS_SANITIZE:.*=.*thread' "$build/CMakeCache.txt" || {
    echo "not a build with ThreadSanitizer (make tsan)"
    exit 77
}
reports=$(mktemp -d) || exit 4
trap 'rm -rf "$reports"' EXIT
export UNDIS_BUILD_DIR="$build" UNDIS="$build/undis" PATH="$build:$PATH"
export TSAN_OPTIONS="log_path=$reports/report exitcode=66"
failed=0

quiet() {
    name=$1
    shift
    timeout 600 "$@" >"$reports/out" 2>&1 || {
        tail -n 40 "$reports/out"
        echo "FAILED $name"
        failed=1
    }
    if ls "$reports"/report.* >/dev/null 2>&1; then
        cat "$reports"/report.*
        echo "FAILED $name: ThreadSanitizer reports"
        failed=1
        rm -f "$reports"/report.*
    fi
    grep -q '^1\.\.' "$reports/out" &&
        awk -v name="$name" '/^ok .*# skip/ { s++; next } /^ok / { p++ }
            END { print name ": " p + 0 " passed, " s + 0 " skipped" }' "$reports/out"
}

for test in outside failing stack heap dpc_waits; do
    quiet "test_live_$test" "$build/tests/test_live_$test"
done
quiet "tsan_locked" "$build/tests/tsan_locked"
if command -v bats >/dev/null 2>&1; then
    for file in live live_net card_live wire pcap_live; do
        quiet "$file.bats" bats --tap "tests/e2e/$file.bats"
    done
else
    echo "SKIPPED the .bats files: bats is not installed"
fi

# The list of bindings without its lock.
timeout 120 "$build/tests/tsan_unlocked" >"$reports/out" 2>&1
if ! grep -q 'data race' "$reports"/report.* 2>/dev/null ||
    ! grep -q 'NdisOpenAdapterEx\|binding_off_stack\|next_listener' "$reports"/report.*; then
    echo "FAILED tsan_unlocked: no report though receive.c takes no lock"
    failed=1
fi
exit $failed
