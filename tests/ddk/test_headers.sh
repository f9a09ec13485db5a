#!/bin/sh
# SPDX-License-Identifier: MIT
# test_headers.sh - each header compiles alone, for each NDIS version, with each compiler; imports have prototypes.
#
# Exit 0, 1 on a failure, 77 when a compiler is missing and nothing failed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
ddk=$root/include/ddk
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
warn="-std=gnu11 -Wall -Wextra -Werror -fsyntax-only"
failed=0
skipped=0
clang=clang-19
command -v clang-19 >/dev/null 2>&1 || clang=clang

# try NAME COMPILER FLAGS... FILE - one compilation
try() {
    name=$1
    shift
    if ! "$@" 2>"$tmp/err"; then
        echo "FAIL  $name"
        head -20 "$tmp/err"
        failed=1
    fi
}

have() {
    command -v "$1" >/dev/null 2>&1 && return 0
    echo "skip  $1 is not installed"
    skipped=1
    return 1
}

# pshpack and poppack change the packing of whoever includes them: that is all they do
headers=$(cd "$ddk" && ls ./*.h | sed 's|^\./||' | grep -v pack)
for cc in gcc "$clang"; do
    have "$cc" || continue
    for h in $headers; do
        printf '#include <stdio.h>\n#include <string.h>\n#include "ddk/%s"\n' "$h" >"$tmp/h.c"
        try "$cc host $h" "$cc" $warn -I "$root/include" "$tmp/h.c"
    done
done
for cc in x86_64-w64-mingw32-gcc "$clang -target x86_64-pc-windows-msvc"; do
    have "${cc%% *}" || continue
    for h in $headers; do
        printf '#include <%s>\n' "$h" >"$tmp/h.c"
        try "$cc $h" $cc $warn -ffreestanding -I "$ddk" "$tmp/h.c"
    done
    for v in 60 61 620 630 640 650 660 680 689; do
        try "$cc NDIS$v" $cc $warn -ffreestanding -DNDIS$v=1 -I "$ddk" "$here/driver.c"
    done
    for v in NDIS40 NDIS50 NDIS51; do
        try "$cc $v" $cc $warn -ffreestanding -D$v=1 -D${v}_MINIPORT=1 -I "$ddk" "$here/driver5.c"
    done
    try "$cc debug" $cc $warn -ffreestanding -DDBG=1 -DNDIS630=1 -I "$ddk" "$here/driver.c"
done
if have x86_64-w64-mingw32-gcc; then
    "$here/check_imports.py" "$here/imports.txt" "$here/imports-lacking.txt" || failed=1
fi

[ $failed = 0 ] || exit 1
[ $skipped = 0 ] || exit 77
echo "ok    headers"
