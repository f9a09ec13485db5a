#!/bin/sh
# SPDX-License-Identifier: MIT
# test_real.sh - the battery on every driver of a folder of drivers that are not ours, and a table of what came of it.
#
#     UNDIS_REAL_DRIVERS=FOLDER test_real.sh
#
# UNDIS is the program, UNDIS_REAL_TIME the seconds per scenario (default 2). Seconds are those of the wall, CPU those
# of the processor in the searches. Exit 0 when undis could judge every driver (a finding is no failure of ours: it is
# read against the driver's source), 1 when it could not, 77 without a folder.
set -u
if [ -z "${UNDIS_REAL_DRIVERS:-}" ]; then
    echo "skip  UNDIS_REAL_DRIVERS names no folder of drivers"
    exit 77
fi
if [ ! -d "$UNDIS_REAL_DRIVERS" ]; then
    echo "FAIL  $UNDIS_REAL_DRIVERS is no folder"
    exit 1
fi
undis=${UNDIS:-$(cd "$(dirname "$0")/../.." && pwd)/build/undis}
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
failed=0
seen=0
printf '%-32s %-12s %8s %8s %8s  %s\n' driver result findings seconds CPU 'what came of it'

# drivers - every INF but those that another beside them names with CopyINF, and images in folders without an INF
drivers() {
    find "$UNDIS_REAL_DRIVERS" -name '*.inf' | while read -r inf; do
        named=0
        for other in "$(dirname "$inf")"/*.inf; do
            tr -d '\000' <"$other" | grep -i '^ *copyinf' | grep -qi "$(basename "$inf")" && named=1
        done
        [ $named -eq 1 ] || echo "$inf"
    done
    find "$UNDIS_REAL_DRIVERS" -name '*.sys' | while read -r sys; do
        [ -n "$(find "$(dirname "$sys")" -maxdepth 1 -name '*.inf')" ] || echo "$sys"
    done
}

drivers | LC_ALL=C sort >"$out/list"
while read -r inf; do
    seen=$((seen + 1))
    begun=$(date +%s)
    "$undis" test "$inf" --time "${UNDIS_REAL_TIME:-2}" --out "$out/$seen" >"$out/text" 2>&1
    status=$?
    took=$(($(date +%s) - begun))
    findings=$(grep -c '^FINDING' "$out/text")
    cpu=$(sed -n 's/^[0-9]* findings\{0,1\}, .* (CPU \([0-9.]*\) s)$/\1/p' "$out/text")
    case $status in
    0) result=clean what= ;;
    1) result=findings what=$(grep '^FINDING' "$out/text" | cut -d' ' -f2- | sort -u | head -3 | tr -s '\n ' ' ') ;;
    2) result=budget what='the time ended first' ;;
    4) result=unsupported what=$(tail -1 "$out/text") ;;
    *) result="FAIL $status" what=$(tail -1 "$out/text") ;;
    esac
    [ "$status" -le 2 ] || failed=1
    printf '%-32s %-12s %8s %8s %8s  %s\n' "$(basename "$inf")" "$result" "$findings" "$took" "${cpu:--}" "$what"
done <"$out/list"
if [ "$seen" -eq 0 ]; then
    echo "FAIL  there is no driver in $UNDIS_REAL_DRIVERS"
    exit 1
fi
exit $failed
