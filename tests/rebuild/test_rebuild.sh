#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_rebuild.sh BUILD - what undis says of a driver does not hang on its names, its compiler or its optimisation.
#
# Each driver of the zoo is copied with every file, service, device, function, type, variable and pool tag renamed
# (rename.pl), built at -O0 and -O2 by gcc, and by clang and lld-link with a PDB, and tested. The verdict must be the
# one its README states; where a bucket is stated, a finding must have it, with the function's new name. How many
# preemptions a bug needs is a property of the binary: a difference from the pinned build, in the same scenario, is
# shown, not failed. Exit status 77: skipped.
#
# By itself it takes the zoo's first shelf. REBUILD=all takes every driver, which lasts long; REBUILD="name ..." takes
# these.
set -u

build=$(cd "$1" && pwd) || exit 4
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
undis=$build/undis
[ -x "$undis" ] || { echo "there is no $undis"; exit 77; }
command -v perl >/dev/null || { echo "perl is not installed"; exit 77; }
command -v x86_64-w64-mingw32-gcc >/dev/null || { echo "x86_64-w64-mingw32-gcc is not installed"; exit 77; }
compilers=gcc
clang=
for name in clang-19 clang; do command -v $name >/dev/null && clang=$name; done
for name in lld-link-19 lld-link; do command -v $name >/dev/null && [ -n "$clang" ] && compilers="gcc clang"; done
work=$(mktemp -d) || exit 4
trap 'rm -rf "$work"' EXIT

field() { # README NAME - a value of its front matter
    sed -n '2,/^---/s/^'"$2"': *//p' "$1" | head -n 1
}

# A bucket with the names of the rebuilt driver: "0x3B_npf!NPF_Write", "HANG_IMAGE_npf.sys".
renamed() { # BUCKET MAP SERVICE
    case $1 in
    *_IMAGE_*) printf '%s\n' "${1%_IMAGE_*}_IMAGE_$3.sys" ;;
    *!*)
        module=$(sed -n "s/ $3\$//p" "$2") # what the service was called
        printf '%s_%s!%s\n' "${1%_"$module"!*}" "$3" "$(sed -n "s/^${1#*!} //p" "$2")"
        ;;
    esac
}

first_shelf="neighbour-blocking-pause neighbour-never-originates neighbour-rundown pause-check-race pause-from-dpc
 pause-from-dpc-fixed pause-ignored pause-never-cleared pause-pending-only"
taken=" $(echo ${REBUILD:-$first_shelf}) "

wrong=0
index=0
printf '%-28s %-6s %-4s %-8s %-30s %-2s %7s  %s\n' driver with opt verdict bucket k seconds ''
for folder in "$root"/zoo/*/; do
    driver=$(basename "$folder")
    case $taken in " all " | *" $driver "*) ;; *) continue ;; esac
    readme=$folder/README.md
    [ -e "$readme" ] && ls "$folder"/*.inf >/dev/null 2>&1 || continue
    verdict=$(field "$readme" verdict)
    bucket=$(field "$readme" bucket)
    k=$(field "$readme" preemptions)
    bound=1 # preemptions: what a finding needs, and at least one
    [ "${k:-0}" -gt 1 ] && bound=$k
    index=$((index + 1))
    service=drv$(printf '%02d' $index | tr 0-9 q-z)
    perl "$here/rename.pl" "$root/include/ddk" "$folder" "$work/$driver" "$service" || exit 1
    if grep -E '\b(Zoo|ZOO|Npf|NPF|Ka|KA)[A-Za-z_]*|"(npf|pause_|neighbour_)' "$work/$driver"/*.[ch] \
        "$work/$driver"/*.inf | head -n 3 | grep .; then
        echo "$driver: these names were not changed"
        wrong=$((wrong + 1))
    fi
    only= # of a failing one, the first scenario that shows it; pinned_k: there
    pinned_k=
    if [ "$verdict" = finding ]; then
        "$undis" test "$build/zoo/$driver" --first --json --out "$work/first" >"$work/json" 2>"$work/errors"
        only=$(sed -n 's/.*"scenario": "\(.*\)",*/--only \1/p' "$work/json" | head -n 1)
        pinned_k=$(sed -n 's/.*"preemptions": \([0-9]*\).*/\1/p' "$work/json" | head -n 1)
    fi
    want=$(renamed "$bucket" "$work/$driver/map" "$service")
    for compiler in $compilers; do
        for opt in -O0 -O2; do
            out=$work/$driver-$compiler$opt
            mkdir "$out"
            cp "$work/$driver/$service.inf" "$out/"
            pdb=
            [ $compiler = clang ] && pdb=--pdb
            if ! tr '\n' '\0' <"$work/$driver/cc.flags" | xargs -0 "$undis" cc --cc $compiler $pdb $opt \
                "$work/$driver"/*.c -o "$out/$service.sys" 2>"$out/errors"; then
                sed 's/^/    /' "$out/errors" | head -n 5
                printf '%-28s %-6s %-4s does not build\n' "$driver" $compiler $opt
                wrong=$((wrong + 1))
                continue
            fi
            "$undis" test "$out" --k "$bound" $only --json --out "$out/findings" >"$out/json" 2>"$out/errors"
            status=$?
            case $status in 0) got=clean ;; 1) got=finding ;; *) got="exit $status" ;; esac
            seen=$(sed -n 's/.*"bucket": "\(.*\)",*/\1/p' "$out/json")
            shown=${seen%%
*}
            [ -n "$want" ] && printf '%s\n' "$seen" | grep -qxF "$want" && shown=$want
            seen_k=$(grep -A9 -F "\"bucket\": \"$shown\"" "$out/json" | sed -n 's/.*"preemptions": \([0-9]*\).*/\1/p' |
                head -n 1)
            where=$(grep -A9 -F "\"bucket\": \"$shown\"" "$out/json" | sed -n 's/.*"where": "\(.*\)",*/\1/p' |
                head -n 1)
            seconds=$(sed -n 's/^  "cpu_seconds": \([0-9]*\.[0-9][0-9]\).*/\1/p' "$out/json" | head -n 1)
            note=ok
            if [ "$got" != "$verdict" ]; then
                note="WRONG: expected $verdict"
                [ -s "$out/errors" ] && note="$note ($(head -n 1 "$out/errors"))"
                wrong=$((wrong + 1))
            elif [ -n "$want" ] && [ "$shown" != "$want" ]; then
                note="WRONG: expected bucket $want"
                wrong=$((wrong + 1))
            elif [ -n "$pinned_k" ] && [ "$seen_k" != "$pinned_k" ]; then
                note="ok, k is $pinned_k in the pinned build: this binary has other points on the way to"
                note="$note $(basename "$where")"
            fi
            printf '%-28s %-6s %-4s %-8s %-30s %-2s %7s  %s\n' "$driver" $compiler $opt "$got" "${shown:--}" \
                "${seen_k:--}" "$seconds" "$note"
        done
    done
done
[ "$index" -gt 0 ] || { echo "the zoo is empty"; exit 1; }
[ "$compilers" = gcc ] && echo "not built with clang: clang or lld-link is not installed"
[ $wrong -eq 0 ] && exit 0
echo "$wrong not as expected"
exit 1
