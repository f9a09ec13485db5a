#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_writable.sh BUILD - what src/machine, src/nt and src/ndis write to outside the machine, and what they call.
#
# A mutable static is invisible to a snapshot, and a call into libc may keep state, allocate or read the host. So each
# variable and each outside function stands in a list beside this script, with the reason; nothing else is allowed,
# and what is gone leaves the list. Compilers differ in calls of what keeps no state, so these may be missing.
#   writable.txt   <folder/object file> <symbol> <reason>
#   outside.txt    <folder or folder/object file> <symbol> <reason>
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=${1:?usage: test_writable.sh BUILD}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for folder in machine nt ndis; do
    [ -e "$build/libundis_$folder.a" ] || { echo "libundis_$folder.a is not built" && exit 77; }
done
if nm "$build/libundis_machine.a" | grep -Eq ' U (__asan_|__ubsan_|__tsan_|__llvm_prf|__sanitizer_)'; then
    echo "an instrumented build has variables and calls of its own"
    exit 77
fi

# Function-local statics have a number that depends on the compiler: last.0, find.last
list() { # list WHAT FOLDER - lines "<object> <symbol> <type>"
    nm -A "$1" "$build/libundis_$2.a" | sed -n 's/^[^:]*:\([^:]*\)\.[cS]\.o:[0-9a-f ]* \([A-Za-z]\) \(.*\)$/\1 \3 \2/p'
}

for folder in machine nt ndis; do
    list --defined-only $folder |
        awk -v folder=$folder '$3 ~ /[bBdDcCsSgG]/ {
                 name = $2
                 sub(/\.[0-9]+$/, "", name)
                 sub(/^.*\./, "", name)
                 print folder "/" $1, name
             }'
done | LC_ALL=C sort -u >"$work/writable"

# What a folder may use: itself and the folders below it.
below="base host trace"
for folder in machine nt ndis; do
    below="$below $folder"
    for lower in $below; do
        nm --defined-only "$build/libundis_$lower.a" | awk 'NF == 3 { print $3 }'
    done | LC_ALL=C sort -u >"$work/known"
    list --undefined-only $folder |
        awk -v folder=$folder 'FILENAME == ARGV[1] { known[$1]; next } !($2 in known) { print folder "/" $1, $2 }' \
            "$work/known" -
done | LC_ALL=C sort -u >"$work/outside"

fail=0
# compare LIST FOUND WORDS - "<where> <symbol>" of FOUND stand in LIST, whose first column may also be a folder
compare() {
    awk -v words="$3" '
        FILENAME == ARGV[1] {
            if ($0 ~ /^#/ || NF == 0) next
            if (NF < 3) { print FILENAME ": no reason for " $1 " " $2; bad = 1 }
            allowed[$1 " " $2] = /keeps no state$/ ? "optional" : "needed"
            next
        }
        {
            folder = $1
            sub(/\/.*/, "", folder)
            if (($1 " " $2) in allowed) used[$1 " " $2]
            else if ((folder " " $2) in allowed) used[folder " " $2]
            else { print $1 " " words " " $2; bad = 1 }
        }
        END {
            for (key in allowed)
                if (!(key in used) && allowed[key] == "needed") {
                    print ARGV[1] ": " key " is not there any more"
                    bad = 1
                }
            exit bad
        }' "$1" "$2" || fail=1
}
compare "$here/writable.txt" "$work/writable" "has the variable"
compare "$here/outside.txt" "$work/outside" "calls"
exit $fail
