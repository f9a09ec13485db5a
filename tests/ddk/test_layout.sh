#!/bin/sh
# SPDX-License-Identifier: MIT
# test_layout.sh - every compiler gives the layouts of tests/ddk/layout.txt, and mingw-w64's own DDK agrees.
#
# Exit 0 when all agree, 1 when one differs, 77 when a compiler is missing and the others agree.
# With --update the table is rewritten from the host compiler first.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
gen=$root/tools/gen-layout
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
mingw=x86_64-w64-mingw32-gcc
failed=0
skipped=0

find_clang() {
    for c in clang-19 clang; do command -v "$c" >/dev/null 2>&1 && { echo "$c"; return; }; done
    echo clang
}

# compare NAME FLAGS... - run gen-layout and compare its table with the committed one
compare() {
    name=$1 cc=$2 objcopy=$3
    shift 3
    for tool in "${cc%% *}" "$objcopy"; do
        if ! command -v "$tool" >/dev/null 2>&1; then
            echo "skip  $name: $tool is not installed"
            skipped=1
            return
        fi
    done
    if ! "$gen" --cc "$cc" --objcopy "$objcopy" "$@" >"$tmp/$name"; then
        echo "FAIL  $name: does not compile"
        failed=1
    elif ! diff -u "$here/layout.txt" "$tmp/$name" >"$tmp/diff"; then
        echo "FAIL  $name:"
        head -40 "$tmp/diff"
        failed=1
    else
        echo "ok    $name: $(wc -l <"$tmp/$name") entries"
    fi
}

# foreign NAME TEXT FLAGS - compare with another DDK's types where it has them
foreign() {
    if ! command -v "$mingw" >/dev/null 2>&1; then
        echo "skip  $1: $mingw is not installed"
        skipped=1
        return
    fi
    "$gen" --cc "$mingw" --objcopy x86_64-w64-mingw32-objcopy --foreign "$2" --foreign-flags "$3" >"$tmp/$1" || {
        echo "FAIL  $1: does not compile"
        failed=1
        return
    }
    if awk -F' *[|] *' '
        FILENAME == ARGV[1] { if ($0 !~ /^#/) excused[$1, $2 "|" $3] = 1; next }
        { n = split($0, w, / +/); key = w[1] " " w[2]; value = w[n] }
        FILENAME == ARGV[2] { ours[key] = value; next }
        { count++ }
        ours[key] != value && !((key, ours[key] "|" value) in excused) {
            print "      " key ": ours " ours[key] ", theirs " value; bad = 1
        }
        END { if (count == 0) bad = 1; print "      " count " entries compared"; exit bad }
    ' "$here/mingw-differs.txt" "$here/layout.txt" "$tmp/$1" >"$tmp/out"; then
        echo "ok    $1:$(tail -1 "$tmp/out" | tr -s ' ')"
    else
        echo "FAIL  $1:"
        cat "$tmp/out"
        failed=1
    fi
}

clang=$(find_clang)
[ "${1:-}" = --update ] && "$gen" --cc gcc --objcopy objcopy --host >"$here/layout.txt"

compare linux-gcc gcc objcopy --host
compare linux-clang "$clang" objcopy --host
compare mingw-gcc "$mingw" x86_64-w64-mingw32-objcopy
compare clang-msvc "$clang -target x86_64-pc-windows-msvc" x86_64-w64-mingw32-objcopy

sys=$(command -v "$mingw" >/dev/null 2>&1 && "$mingw" -print-sysroot 2>/dev/null)
ddk=
for d in "$sys/mingw/include/ddk" "$sys/include/ddk" /usr/x86_64-w64-mingw32/include/ddk /usr/share/mingw-w64/include/ddk; do
    [ -f "$d/wdm.h" ] && { ddk=$d; break; }
done
win10="-D_WIN32_WINNT=0x0A00 -DNTDDI_VERSION=0x0A000000"
foreign mingw-wdm '#include <ntifs.h>' "-isystem $ddk $win10"
foreign mingw-ntddndis '#include <winsock2.h>
#include <ws2ipdef.h>
#include <ntddndis.h>' "$win10 -DNDIS_SUPPORT_NDIS6=1 -DNDIS_SUPPORT_NDIS61=1 -DNDIS_SUPPORT_NDIS620=1 -DNDIS_SUPPORT_NDIS630=1"

# NDIS 5.x: their header defines a type of theirs twice and has a comma too few; both are got round, not corrected.
ndis5=$(
    echo '#include <ntddk.h>'
    names="_NDIS_REQUEST_TYPE NDIS_REQUEST_TYPE PNDIS_REQUEST_TYPE"
    for n in QueryInformation SetInformation QueryStatistics Open Close Send TransferData Reset Generic1 Generic2 \
        Generic3 Generic4; do names="$names NdisRequest$n"; done
    for n in $names; do echo "#define $n first_$n"; done
    echo '#include <ntddndis.h>'
    for n in $names; do echo "#undef $n"; done
    echo '#define NdisMWanIndicateReceiveComplete(handles) nothing(void)'
    echo '#include <ddk/ndis.h>'
)
foreign mingw-ndis5 "$ndis5" "-isystem $ddk -DNDIS51_MINIPORT=1 -DNDIS50=1 -DNDIS51=1"

[ $failed = 0 ] || exit 1
[ $skipped = 0 ] || exit 77
